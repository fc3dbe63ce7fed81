//! Numbers, and the little room that they take in values.

use std::fmt;

/// A number: integers are exact up to 127 bits, anything else is a double.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i128),
    /// A finite fraction.
    Float(f64),
}

/// A [`Number`] as values hold it: without alignment it takes no more room than a short text, and values are what most memory goes to.
#[derive(Clone, Copy)]
pub struct Packed(Bytes);

#[derive(Clone, Copy)]
enum Bytes {
    Int([u8; 16]),
    Float([u8; 8]),
}

impl Packed {
    /// The number.
    #[must_use]
    pub const fn get(self) -> Number {
        match self.0 {
            Bytes::Int(bytes) => Number::Int(i128::from_ne_bytes(bytes)),
            Bytes::Float(bytes) => Number::Float(f64::from_ne_bytes(bytes)),
        }
    }

    /// The whole number, when it is one.
    #[must_use]
    pub const fn as_int(self) -> Option<i128> {
        match self.get() {
            Number::Int(int) => Some(int),
            Number::Float(_) => None,
        }
    }

    /// As a double; large integers lose precision.
    #[must_use]
    pub const fn as_f64(self) -> f64 {
        self.get().as_f64()
    }
}

impl From<Number> for Packed {
    fn from(number: Number) -> Self {
        Self(match number {
            Number::Int(int) => Bytes::Int(int.to_ne_bytes()),
            Number::Float(float) => Bytes::Float(float.to_ne_bytes()),
        })
    }
}

impl From<f64> for Packed {
    fn from(float: f64) -> Self {
        Number::from(float).into()
    }
}

impl PartialEq for Packed {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
    }
}

impl fmt::Display for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}

impl Number {
    /// As a double; large integers lose precision.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the caller asks for a double")]
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    /// Reads a decimal literal (`12`, `-3`, `1.5`, `1e3`); a fraction that is whole becomes an integer.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(int) = text.parse::<i128>() {
            return Some(Self::Int(int));
        }
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        text.parse::<f64>().ok().filter(|float| float.is_finite()).map(Self::from)
    }
}

impl From<f64> for Number {
    fn from(float: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "guarded: whole and far inside the range of i128")]
        if float.fract() == 0.0 && float.abs() < 1e30 { Self::Int(float as i128) } else { Self::Float(float) }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(int) => fmt::Display::fmt(int, f),
            Self::Float(float) => fmt::Display::fmt(float, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Kind, Value};

    #[test]
    fn packing_keeps_numbers_as_they_are() {
        for number in [Number::Int(0), Number::Int(-7), Number::Int(i128::MAX), Number::Int(i128::MIN), Number::Float(-0.5)] {
            assert_eq!(Packed::from(number).get(), number);
        }
    }

    #[test]
    fn values_are_small() {
        assert_eq!((size_of::<Kind>(), size_of::<Value>()), (24, 48));
    }
}

//! Encodings: base64, URLs, JSON, YAML, CSV, character sets.

use std::fmt::Write as _;

use compact_str::CompactString;
use plimsoll_syntax::Value;
use plimsoll_syntax::value::{Map, Shape};

use super::Needs::{All, Nothing};
use super::{Call, Function, Outcome, entry, json, row, yaml};

pub(super) const TABLE: &[Function] = &[
    row("base64encode", 1, 1, All, Shape::String, |call| call.string(base64(call.text(0)?.as_bytes()))),
    row("base64decode", 1, 1, All, Shape::String, |call| {
        let bytes = bytes_of(&call.text(0)?).ok_or("this is not base64")?;
        call.string(String::from_utf8(bytes).map_err(|_| "what is decoded is not UTF-8")?)
    }),
    // Which bytes a compressor makes depends on the compressor.
    row("base64gzip", 1, 1, All, Shape::String, |call| call.later()),
    row("base64gunzip", 1, 1, All, Shape::String, |call| {
        let bytes = bytes_of(&call.text(0)?).ok_or("this is not base64")?;
        let text = super::gzip::unpack(&bytes).ok_or("this is not compressed by gzip")?;
        call.string(String::from_utf8(text).map_err(|_| "what is decoded is not UTF-8")?)
    }),
    row("urlencode", 1, 1, All, Shape::String, |call| call.string(urlencode(&call.text(0)?))),
    row("urldecode", 1, 1, All, Shape::String, |call| call.string(urldecode(&call.text(0)?).ok_or("this is no encoded text")?)),
    row("jsonencode", 1, 1, Nothing, Shape::String, json::jsonencode),
    row("jsondecode", 1, 1, Nothing, Shape::Any, json::jsondecode),
    row("yamlencode", 1, 1, Nothing, Shape::String, yaml::yamlencode),
    row("yamldecode", 1, 1, Nothing, Shape::Any, yaml::yamldecode),
    row("csvdecode", 1, 1, All, Shape::List, csvdecode),
    row("textencodebase64", 2, 2, All, Shape::String, |call| {
        let (text, set) = (call.text(0)?, call.text(1)?);
        let Some(set) = Charset::of(&set)? else { return call.later() };
        call.string(base64(&set.encode(&text).ok_or("the text has characters that this encoding lacks")?))
    }),
    row("textdecodebase64", 2, 2, All, Shape::String, |call| {
        let (text, set) = (call.text(0)?, call.text(1)?);
        let Some(set) = Charset::of(&set)? else { return call.later() };
        let bytes = bytes_of(&text).ok_or("this is not base64")?;
        call.string(set.decode(&bytes).ok_or("the bytes are not of this encoding")?)
    }),
];

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = (word >> (18 - 6 * at)) & 63;
            let known = ALPHABET.get(digit as usize).filter(|_| at <= chunk.len());
            text.push(char::from(*known.unwrap_or(&b'=')));
        }
    }
    text
}

/// The bytes behind base64 with its padding; line ends do not count.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let padding = digits.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return None;
    }
    let (mut word, mut bits, mut bytes) = (0_u32, 0, Vec::with_capacity(digits.len() / 4 * 3));
    for byte in &digits[..digits.len() - padding] {
        let digit = ALPHABET.iter().position(|known| known == byte)?;
        word = (word << 6 | u32::try_from(digit).ok()?) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(word >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

fn urlencode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn urldecode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &rest[2..];
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// <https://www.rfc-editor.org/rfc/rfc4180>, rows as objects of strings.
fn csvdecode(call: &Call<'_, '_>) -> Outcome {
    let mut rows = csv_rows(&call.text(0)?)?.into_iter();
    let header = rows.next().ok_or("there is no header line")?;
    if let Some(twice) = header.iter().enumerate().find_map(|(at, name)| header[..at].contains(name).then_some(name)) {
        return Err(format!("column {twice:?} occurs twice"));
    }
    let row = |row: Vec<CompactString>| {
        if row.len() != header.len() {
            return Err("a row has not as many fields as the header".to_owned());
        }
        let entries = header.iter().zip(row).map(|(name, field)| entry(name.clone(), Value::string(field, call.place))).collect();
        Ok(Value::map(Map { entries, ..Map::default() }, call.place))
    };
    call.list(rows.map(row).collect::<Result<_, _>>()?)
}

fn csv_rows(text: &str) -> Result<Vec<Vec<CompactString>>, String> {
    let mut rows = Vec::new();
    let mut row: Vec<CompactString> = Vec::new();
    let mut rest = text;
    loop {
        if row.is_empty() {
            // Empty lines are no rows.
            rest = rest.trim_start_matches(['\n']).trim_start_matches("\r\n");
            if rest.is_empty() {
                return Ok(rows);
            }
        }
        let mut field = CompactString::default();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (inner, after) = quoted.split_once('"').ok_or("a quoted field has no end")?;
                field.push_str(inner);
                match after.strip_prefix('"') {
                    Some(after) => {
                        field.push('"');
                        quoted = after;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
        } else {
            let end = rest.find([',', '\n']).unwrap_or(rest.len());
            let plain = rest[..end].trim_end_matches('\r');
            if plain.contains('"') {
                return Err("a field that is not quoted has a quote".to_owned());
            }
            field.push_str(plain);
            rest = &rest[end..];
        }
        row.push(field);
        let line_end = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'));
        if let Some(after) = rest.strip_prefix(',') {
            rest = after;
        } else if rest.is_empty() || line_end.is_some() {
            rows.push(std::mem::take(&mut row));
            rest = line_end.unwrap_or("");
        } else {
            return Err("there is text after a quoted field".to_owned());
        }
    }
}

/// Encodings that can be worked out here.
#[derive(Clone, Copy)]
enum Charset {
    Utf8,
    Utf16 { big: bool },
    Latin1,
    Ascii,
    Windows1252,
}

const CHARSETS: &[(&str, Charset)] = &[
    ("utf-8", Charset::Utf8),
    ("utf8", Charset::Utf8),
    ("utf-16le", Charset::Utf16 { big: false }),
    ("utf-16be", Charset::Utf16 { big: true }),
    ("iso-8859-1", Charset::Latin1),
    ("latin1", Charset::Latin1),
    ("us-ascii", Charset::Ascii),
    ("ascii", Charset::Ascii),
    ("windows-1252", Charset::Windows1252),
    ("cp1252", Charset::Windows1252),
];
/// How the names of other encodings begin: their tables are not kept here, so the result is not known.
const OTHERS: &[&str] = &[
    "utf-",
    "iso-8859-",
    "iso_8859",
    "iso-2022",
    "windows-",
    "ibm",
    "cp",
    "gb",
    "big5",
    "shift_jis",
    "shift-jis",
    "euc-",
    "koi8",
    "macintosh",
    "hz-gb",
    "tis-620",
    "latin",
];
/// What Windows-1252 has between 0x80 and 0x9f; the gaps are not used.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

impl Charset {
    /// `None`: one that exists, but not here.
    fn of(name: &str) -> Result<Option<Self>, String> {
        let lower = name.to_ascii_lowercase();
        match CHARSETS.iter().find(|(known, _)| *known == lower) {
            Some((_, set)) => Ok(Some(*set)),
            None if OTHERS.iter().any(|prefix| lower.starts_with(prefix)) => Ok(None),
            None => Err(format!("{name:?} is no encoding")),
        }
    }

    fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Utf16 { big } => {
                Some(text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect())
            }
            Self::Latin1 => text.chars().map(|c| u8::try_from(c).ok()).collect(),
            Self::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
            Self::Windows1252 => text
                .chars()
                .map(|c| match WINDOWS.chars().position(|known| known == c) {
                    Some(at) => u8::try_from(at + 0x80).ok(),
                    None => u8::try_from(c).ok().filter(|byte| !(0x80..0xa0).contains(byte)),
                })
                .collect(),
        }
    }

    fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
            Self::Utf16 { big } => {
                let unit = |pair: &[u8]| {
                    Some([*pair.first()?, *pair.get(1)?])
                        .map(|pair| if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
                };
                let units: Option<Vec<u16>> = bytes.chunks(2).map(unit).collect();
                String::from_utf16(&units?).ok()
            }
            Self::Latin1 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
            Self::Ascii => bytes.is_ascii().then(|| bytes.iter().map(|byte| char::from(*byte)).collect()),
            Self::Windows1252 => Some(
                bytes
                    .iter()
                    .map(|byte| match byte {
                        0x80..=0x9f => WINDOWS.chars().nth(usize::from(byte - 0x80)).unwrap_or('\u{fffd}'),
                        _ => char::from(*byte),
                    })
                    .collect(),
            ),
        }
    }
}

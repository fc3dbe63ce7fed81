//! Semantic versions and their constraints, as `Masterminds/semver` reads them.

use std::cmp::Ordering;
use std::fmt;

use super::{Function, plain};
use crate::object::Object;
use crate::value::{Data, Value};

pub(super) const TABLE: &[Function] = &[
    plain("semver", "s", |call| {
        let version = Version::parse(call.str(0)).ok_or_else(|| "Invalid Semantic Version".to_owned())?;
        Ok(Value::new(Data::Object(Object::Version(version.into()))))
    }),
    plain("semverCompare", "ss", |call| {
        let constraint = Constraint::parse(call.str(0)).ok_or_else(|| format!("improper constraint: {}", call.str(0)))?;
        let version = Version::parse(call.str(1)).ok_or_else(|| "Invalid Semantic Version".to_owned())?;
        Ok(Value::bool(constraint.allows(&version)))
    }),
];

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: [u64; 3],
    prerelease: String,
    metadata: String,
    original: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if self.metadata.is_empty() { Ok(()) } else { write!(f, "+{}", self.metadata) }
    }
}

impl Version {
    /// `v1.2.3-rc.1+build`, leniently: missing numbers are 0.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, metadata) = rest.split_once('+').map_or((rest, ""), |(rest, metadata)| (rest, metadata));
        let (core, prerelease) = rest.split_once('-').map_or((rest, ""), |(core, prerelease)| (core, prerelease));
        let word = |text: &str| {
            text.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        };
        if rest.contains('-') && !word(prerelease) || text.contains('+') && !word(metadata) {
            return None;
        }
        let mut numbers = [0; 3];
        let parts: Vec<&str> = core.split('.').collect();
        if parts.len() > 3 {
            return None;
        }
        for (number, part) in numbers.iter_mut().zip(parts) {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            *number = part.parse().ok()?;
        }
        Some(Self { numbers, prerelease: prerelease.to_owned(), metadata: metadata.to_owned(), original: text.to_owned() })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| prereleases(&self.prerelease, &other.prerelease))
    }

    /// A field or method.
    pub(crate) fn method(&self, name: &str, arguments: &[Value]) -> Option<Value> {
        let number = |at: usize| {
            Some(Value::new(Data::Long(i64::try_from(self.numbers.get(at).copied().unwrap_or(0)).unwrap_or(i64::MAX))))
        };
        let other = || match arguments.first().map(|value| &value.data) {
            Some(Data::Object(Object::Version(version))) => Some(self.compare(version)),
            _ => None,
        };
        match name {
            "Major" => number(0),
            "Minor" => number(1),
            "Patch" => number(2),
            "Prerelease" => Some(self.prerelease.as_str().into()),
            "Metadata" => Some(self.metadata.as_str().into()),
            "Original" => Some(self.original.as_str().into()),
            "String" => Some(self.to_string().into()),
            "Compare" => other().map(|order| Value::new(Data::Int(order as i64))),
            "LessThan" => other().map(|order| Value::bool(order == Ordering::Less)),
            "GreaterThan" => other().map(|order| Value::bool(order == Ordering::Greater)),
            "Equal" => other().map(|order| Value::bool(order == Ordering::Equal)),
            _ => None,
        }
    }
}

fn prereleases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let mut other = b.split('.');
    for part in a.split('.') {
        let Some(against) = other.next() else { return Ordering::Greater };
        let order = match (part.parse::<u64>(), against.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => part.cmp(against),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    if other.next().is_some() { Ordering::Less } else { Ordering::Equal }
}

/// Alternatives of conditions that all must hold.
#[derive(Debug)]
pub(crate) struct Constraint(Vec<Vec<Condition>>);

#[derive(Debug)]
struct Condition {
    operator: String,
    version: Version,
    /// How many numbers are given; the rest is anything.
    given: usize,
}

impl Constraint {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.split("||").map(|all| conditions(all.trim())).collect::<Option<Vec<_>>>().map(Self)
    }

    pub(crate) fn allows(&self, version: &Version) -> bool {
        // A pre-release only fits where one of the conditions asks for some.
        let of_prereleases = |all: &[Condition]| all.iter().any(|condition| !condition.version.prerelease.is_empty());
        let fits = |all: &Vec<Condition>| version.prerelease.is_empty() || of_prereleases(all);
        self.0.iter().any(|all| fits(all) && all.iter().all(|condition| condition.allows(version)))
    }
}

fn conditions(text: &str) -> Option<Vec<Condition>> {
    // `1.2 - 1.4`
    if let Some((low, high)) = text.split_once(" - ") {
        return Some(vec![condition(">=", low.trim())?, condition("<=", high.trim())?]);
    }
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', ',', '\t']);
        let mark = rest.len() - rest.trim_start_matches(['=', '!', '<', '>', '~', '^']).len();
        let (operator, after) = rest.split_at(mark);
        let after = after.trim_start();
        let end = after.find([' ', ',', '\t']).unwrap_or(after.len());
        if operator.is_empty() && end == 0 {
            return (!out.is_empty()).then_some(out);
        }
        out.push(condition(operator, &after[..end])?);
        rest = &after[end..];
    }
}

fn condition(operator: &str, text: &str) -> Option<Condition> {
    if !matches!(operator, "" | "=" | "!=" | ">" | "<" | ">=" | "=>" | "<=" | "=<" | "~" | "~>" | "^") {
        return None;
    }
    let plain = text.strip_prefix('v').unwrap_or(text);
    let core = plain.split(['-', '+']).next().unwrap_or("");
    let given = core.split('.').take_while(|part| !matches!(*part, "x" | "X" | "*")).count();
    let anything = core.split('.').any(|part| matches!(part, "x" | "X" | "*"));
    let known: String = if anything { core.split('.').take(given).collect::<Vec<_>>().join(".") } else { plain.to_owned() };
    let version = if known.is_empty() && anything { Version::parse("0.0.0")? } else { Version::parse(&known)? };
    Some(Condition { operator: operator.to_owned(), version, given })
}

impl Condition {
    fn allows(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        let same = |count: usize| version.numbers.iter().zip(&self.version.numbers).take(count).all(|(a, b)| a == b);
        let partial = self.given < 3;
        match self.operator.as_str() {
            ">" if partial => order == Ordering::Greater && !same(self.given),
            ">" => order == Ordering::Greater,
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" => order != Ordering::Greater || partial && same(self.given),
            "!=" if partial => !same(self.given),
            "!=" => order != Ordering::Equal,
            "~" | "~>" => order != Ordering::Less && same(self.given.min(2)),
            "^" => {
                let first = self.version.numbers.iter().take(self.given).position(|number| *number != 0);
                order != Ordering::Less && same(first.map_or(self.given, |first| first + 1))
            }
            _ if partial => order != Ordering::Less && same(self.given) || self.given == 0,
            _ => order == Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints() {
        let rows = [
            (">=1.19-0", "v1.20.0", true),
            (">=1.19-0", "1.19.0-gke.3", true),
            (">=1.19", "1.19.0-gke.3", false),
            ("<1.9-0", "v1.20.0", false),
            ("^1.2.3", "1.9.0", true),
            ("^0.2.3", "0.3.0", false),
            ("~1.2.3", "1.2.9", true),
            ("~1.2", "1.3.0", false),
            ("1.x", "1.4.0", true),
            ("1.2", "1.2.7", true),
            ("*", "3.0.0", true),
            (">1.2", "1.2.5", false),
            (">= 1.0, < 2.0", "1.5.0", true),
            (">=1.0 <2.0 || >=3.0", "3.1.0", true),
            ("1.2 - 1.4", "1.3.0", true),
            ("!=1.2.x", "1.2.3", false),
            ("=1.2.3", "1.2.3", true),
        ];
        for (constraint, version, expected) in rows {
            let allowed = Constraint::parse(constraint)
                .zip(Version::parse(version))
                .map(|(constraint, version)| constraint.allows(&version));
            assert_eq!(allowed, Some(expected), "{constraint} {version}");
        }
        assert!(Constraint::parse("nonsense").is_none());
    }
}

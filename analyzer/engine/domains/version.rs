//! Versions and constraints on them.

use std::cmp::Ordering;

/// Suffixes by which a vendor names its own build of a released version; they do not make it a pre-release.
const BUILDS: &[&str] = &["gke", "eks", "aks", "k3s", "rke2", "rancher", "ubuntu", "debian", "alpine", "slim", "r"];

/// A version: numbers, then what marks it as a pre-release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: Vec<u64>,
    before: Option<String>,
}

impl Version {
    /// `None`: it is not readable.
    pub(crate) fn read(text: &str) -> Option<Self> {
        parse(text)
    }

    /// Whether it is older than another one.
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        order(self, other) == Ordering::Less
    }
}

/// A constraint, read once for several versions: alternatives, of which one holds where all of its parts do.
pub(crate) struct Constraint(Vec<Vec<Part>>);

impl Constraint {
    /// `None`: it is not readable.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let parts = |alternative: &str| alternative.split(',').map(Part::read).collect::<Option<Vec<_>>>();
        text.split("||").map(parts).collect::<Option<_>>().map(Self)
    }

    /// Whether a version satisfies it.
    pub(crate) fn allows(&self, version: &Version) -> bool {
        self.0.iter().any(|parts| parts.iter().all(|part| part.allows(version)))
    }
}

/// Whether a version satisfies a constraint: alternatives with `||`, of parts with `,`, each `>= 1.2` or the like; `~> 1.2` is
/// Terraform's, `^` and `~` are npm's. Missing numbers are 0, a pre-release lies before its release. `None`: one is not readable.
#[must_use]
pub(crate) fn satisfies(version: &str, constraint: &str) -> Option<bool> {
    let version = parse(version)?;
    Constraint::read(constraint).map(|constraint| constraint.allows(&version))
}

/// Whether a version is older than another one; `None`: one is not readable.
#[must_use]
pub(crate) fn precedes(version: &str, other: &str) -> Option<bool> {
    Some(parse(version)?.precedes(&parse(other)?))
}

/// One comparison of a constraint.
struct Part {
    wanted: Version,
    /// Whether a version, in this order to the wanted one, is allowed.
    test: fn(Ordering, &Version, &Version) -> bool,
}

impl Part {
    fn read(part: &str) -> Option<Self> {
        let part = part.trim();
        let digits = part.find(|c: char| !"<>=!~^ ".contains(c))?;
        let (operator, wanted) = part.split_at(digits);
        let wanted = parse(wanted)?;
        let test: fn(Ordering, &Version, &Version) -> bool = match operator.trim() {
            "" | "=" | "==" => |order, _, _| order == Ordering::Equal,
            "!=" => |order, _, _| order != Ordering::Equal,
            ">" => |order, _, _| order == Ordering::Greater,
            ">=" => |order, _, _| order != Ordering::Less,
            "<" => |order, _, _| order == Ordering::Less,
            "<=" => |order, _, _| order != Ordering::Greater,
            // All numbers but the last one are fixed.
            "~>" => {
                |order, version, wanted| order != Ordering::Less && same(version, wanted, wanted.numbers.len().saturating_sub(1))
            }
            "~" => |order, version, wanted| order != Ordering::Less && same(version, wanted, wanted.numbers.len().min(2)),
            "^" => |order, version, wanted| {
                let zeros = wanted.numbers.iter().take_while(|number| **number == 0).count();
                order != Ordering::Less && same(version, wanted, (zeros + 1).min(wanted.numbers.len()))
            },
            _ => return None,
        };
        Some(Self { wanted, test })
    }

    fn allows(&self, version: &Version) -> bool {
        (self.test)(order(version, &self.wanted), version, &self.wanted)
    }
}

fn same(a: &Version, b: &Version, count: usize) -> bool {
    (0..count).all(|at| a.numbers.get(at).unwrap_or(&0) == b.numbers.get(at).unwrap_or(&0))
}

fn order(a: &Version, b: &Version) -> Ordering {
    for at in 0..a.numbers.len().max(b.numbers.len()) {
        let order = a.numbers.get(at).unwrap_or(&0).cmp(b.numbers.get(at).unwrap_or(&0));
        if order != Ordering::Equal {
            return order;
        }
    }
    match (&a.before, &b.before) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => order_before(a, b),
    }
}

/// Semantic Versioning 2.0.0, section 11: numbers before words, fewer parts before more.
fn order_before(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn parse(text: &str) -> Option<Version> {
    let text = text.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let text = text.split_once('+').map_or(text, |(version, _build)| version);
    let (release, suffix) = text.split_once('-').map_or((text, ""), |(release, suffix)| (release, suffix));
    let mut numbers = Vec::with_capacity(3);
    let mut before = None;
    for part in release.split('.') {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        if digits == 0 {
            // `1.x` stands for many versions; anything else (`8.0.mysql_aurora.3`) names what follows the version.
            if matches!(part, "x" | "X" | "*" | "") {
                return None;
            }
            break;
        }
        numbers.push(part[..digits].parse().ok()?);
        if digits < part.len() {
            before = Some(part[digits..].to_owned());
            break;
        }
    }
    if before.is_none() && !suffix.is_empty() && suffix.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let word: String = suffix.chars().take_while(char::is_ascii_alphabetic).collect();
        before = (!BUILDS.contains(&word.as_str())).then(|| suffix.to_owned());
    } else if before.is_none() && numbers.len() >= 3 && suffix.starts_with("0.") {
        before = Some(suffix.to_owned());
    }
    (!numbers.is_empty()).then_some(Version { numbers, before })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints() {
        let rows = [
            ("1.2.3", ">= 1.2, < 2", Some(true)),
            ("2.0", ">= 1.2, < 2", Some(false)),
            ("3.4", ">= 1.2, < 2 || ~> 3.1 || = 4", Some(true)),
            ("5.0", ">= 1.2, < 2 || ~> 3.1 || = 4", Some(false)),
            ("4", "~> 3.1 || = 4", Some(true)),
            ("4.0.0", "4", Some(true)),
            ("1.2", ">= 1.2.0", Some(true)),
            ("1.2.9", "~> 1.2.3", Some(true)),
            ("1.3.0", "~> 1.2.3", Some(false)),
            ("1.9", "~> 1.2", Some(true)),
            ("2.0", "~> 1.2", Some(false)),
            ("2.0", "~> 1", Some(true)),
            ("1.2.0-rc1", ">= 1.2.0", Some(false)),
            ("1.2.0-rc1", "< 1.2.0", Some(true)),
            ("1.2.0-rc.2", "> 1.2.0-rc.1", Some(true)),
            ("v1.27.3-gke.100", ">= 1.27.3", Some(true)),
            ("1.2.3+build", "= 1.2.3", Some(true)),
            ("8.0.mysql_aurora.3.02.0", ">= 8.0", Some(true)),
            ("10.14", ">= 10.11, < 10.14 || >= 11.6, < 11.9", Some(false)),
            ("11.7", ">= 10.11, < 10.14 || >= 11.6, < 11.9", Some(true)),
            ("1.4.9", "^1.2", Some(true)),
            ("0.3.0", "^0.2.1", Some(false)),
            ("1.3.0", "!= 1.3", Some(false)),
            ("latest", ">= 1", None),
            ("1.x", ">= 1", None),
            ("1.2", "about 3", None),
            ("", ">= 1", None),
        ];
        for (version, constraint, expected) in rows {
            assert_eq!(satisfies(version, constraint), expected, "{version} {constraint}");
        }
    }
}

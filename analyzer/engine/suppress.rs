//! Comments that allow a finding: ours, and those of other analyzers for rules that claim to be the same check.
//!
//! `# plimsoll: allow(rule, rule) reason="…" until=2027-01-31` stands at the end of a line, or alone above a block or statement;
//! `allow-file(…)` anywhere. Where comments do not survive, an annotation `plimsoll.dev/allow: rule, rule` allows for its object.

use std::ops::RangeInclusive;

use memchr::memmem;
use plimsoll_syntax::{LineIndex, Span};

/// A comment that allows something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suppression {
    /// Where it is written.
    pub(crate) span: Span,
    /// Our names of rules, or other analyzers' names as `suite:id`; `*` for all.
    pub(crate) names: Vec<String>,
    /// The lines it is about, from 1.
    pub(crate) lines: RangeInclusive<u32>,
    /// It is about the whole item that encloses it.
    pub(crate) of_item: bool,
    /// The last day on which it counts: year, month, day.
    pub(crate) until: Option<(u16, u8, u8)>,
    /// It is one of ours: worth a word when it has no effect.
    pub(crate) ours: bool,
}

impl Suppression {
    /// Whether it names the rule, by one of its names or peers.
    pub(crate) fn names_rule(&self, name: &str, aliases: &[&str], peers: &[&str]) -> bool {
        self.names.iter().any(|known| {
            let known = known.as_str();
            known == "*" || known == name || aliases.contains(&known) || peers.iter().any(|peer| same_peer(peer, known))
        })
    }
}

/// `trivy:AVD-AWS-0107`, `trivy:aws-0107` and `trivy:AWS-0107` are one check; a suite followed by `:*` is every check of it.
fn same_peer(peer: &str, written: &str) -> bool {
    let (Some((suite, id)), Some((written_suite, written_id))) = (peer.split_once(':'), written.split_once(':')) else {
        return false;
    };
    let plain = |id: &str| {
        let upper = id.to_ascii_uppercase();
        upper.strip_prefix("AVD-").map_or(upper.clone(), str::to_owned)
    };
    suite == written_suite && (written_id == "*" || plain(id) == plain(written_id))
}

/// What another analyzer's comment looks like: its marker, the suite, and what its names end with.
struct Dialect {
    marker: &'static str,
    suite: &'static str,
    /// About the item that encloses it, not the next line.
    of_item: bool,
}

const DIALECTS: &[Dialect] = &[
    Dialect { marker: "trivy:ignore:", suite: "trivy", of_item: false },
    Dialect { marker: "tfsec:ignore:", suite: "trivy", of_item: false },
    Dialect { marker: "checkov:skip=", suite: "checkov", of_item: true },
    Dialect { marker: "bridgecrew:skip=", suite: "checkov", of_item: true },
    Dialect { marker: "hadolint ignore=", suite: "hadolint", of_item: false },
    Dialect { marker: "hadolint global ignore=", suite: "hadolint", of_item: false },
    Dialect { marker: "check=skip=", suite: "buildkit", of_item: false },
    Dialect { marker: "nosemgrep", suite: "semgrep", of_item: false },
    Dialect { marker: "ignore-check.kube-linter.io/", suite: "kube-linter", of_item: true },
];

const OURS: &str = "plimsoll:";
const ANNOTATION: &str = "plimsoll.dev/allow";

/// Words of which every suppression has one.
const HINTS: [&str; 4] = ["plimsoll", "ignore", "skip=", "nosemgrep"];

/// Whether a text may hold a suppression: nearly all hold none, and are not looked at by lines.
pub(crate) fn may_hold(text: &str) -> bool {
    HINTS.iter().any(|hint| memmem::find(text.as_bytes(), hint.as_bytes()).is_some())
}

/// Every suppression in a text.
pub(crate) fn read(text: &str, lines: &LineIndex) -> Vec<Suppression> {
    let mut found = Vec::new();
    let hinted = HINTS.iter().flat_map(|hint| memmem::find_iter(text.as_bytes(), hint.as_bytes()));
    let mut numbers: Vec<u32> = hinted.map(|at| lines.line(Span::of(at, at).start)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let span = lines.line_span(number, text);
        let line = span.text(text);
        let scope = || extent(text, lines, number);
        if let Some(at) = comment(line, OURS) {
            found.extend(ours(&line[at..], span, at, scope(), lines.lines()));
        } else if let Some((at, names)) = annotation(line) {
            found.push(suppression(span, at, names, number..=number, true, true));
        }
        for dialect in DIALECTS {
            let Some(at) = line.find(dialect.marker) else { continue };
            let names = theirs(&line[at + dialect.marker.len()..], dialect);
            if !names.is_empty() {
                // BuildKit's directives stand at the very top, and hadolint says when it means the whole file.
                let top = |number| (1..number).all(|above| lines.line_span(above, text).text(text).trim_start().starts_with('#'));
                let whole_file = dialect.marker.contains(" global ") || (dialect.suite == "buildkit" && top(number));
                let about = if whole_file { 1..=lines.lines() } else { scope() };
                found.push(suppression(span, at, names, about, dialect.of_item, false));
            }
        }
    }
    found
}

fn suppression(line: Span, at: usize, names: Vec<String>, lines: RangeInclusive<u32>, of_item: bool, ours: bool) -> Suppression {
    let start = line.start + Span::of(0, at).end;
    Suppression { span: Span::new(start, line.end), names, lines, of_item, until: None, ours }
}

/// Where the marker begins, when it follows a comment sign.
fn comment(line: &str, marker: &str) -> Option<usize> {
    let at = line.find(marker)?;
    let before = line[..at].trim_end();
    ["#", "//", "/*", "<!--"].iter().any(|sign| before.ends_with(sign)).then_some(at)
}

fn ours(text: &str, line: Span, at: usize, scope: RangeInclusive<u32>, last: u32) -> Option<Suppression> {
    let rest = text.strip_prefix(OURS)?.trim_start();
    let (whole_file, rest) = match rest.strip_prefix("allow-file") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("allow")?),
    };
    let (names, rest) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    let names = words(names);
    let lines = if whole_file { 1..=last } else { scope };
    let until = rest.split_once("until=").and_then(|(_, date)| day(date));
    Some(Suppression { until, ..suppression(line, at, names, lines, false, true) })
}

fn words(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// `2027-01-31`
fn day(text: &str) -> Option<(u16, u8, u8)> {
    let mut parts = text.trim_start_matches('"').splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let rest = parts.next()?;
    let digits = rest.len() - rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    Some((year, month, rest[..digits].parse().ok()?))
}

fn annotation(line: &str) -> Option<(usize, Vec<String>)> {
    let at = line.find(ANNOTATION)?;
    let value = line[at + ANNOTATION.len()..].trim_start_matches(['"', '\'']).trim_start().strip_prefix([':', '='])?;
    Some((at, words(value.trim().trim_matches(['"', '\'', ',']))))
}

/// The names in another analyzer's comment.
fn theirs(rest: &str, dialect: &Dialect) -> Vec<String> {
    let name = |id: &str| format!("{}:{}", dialect.suite, if id.eq_ignore_ascii_case("all") { "*" } else { id });
    let is_id = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    match dialect.suite {
        "semgrep" => {
            let list = rest.trim_start_matches([':', '=', ' ']);
            let ids: Vec<String> = list
                .split(',')
                .map(|id| id.trim().rsplit('.').next().unwrap_or(""))
                .filter(|id| !id.is_empty())
                .map(name)
                .collect();
            if ids.is_empty() { vec![name("*")] } else { ids }
        }
        "hadolint" | "buildkit" => rest
            .split(';')
            .next()
            .unwrap_or("")
            .split(',')
            .map(|id| id.trim().trim_end_matches(|c| !is_id(c)))
            .filter(|id| !id.is_empty())
            .map(name)
            .collect(),
        _ => {
            let end = rest.find(|character| !is_id(character)).unwrap_or(rest.len());
            let id = &rest[..end];
            if id.is_empty() { Vec::new() } else { vec![name(id)] }
        }
    }
}

/// The lines that a comment on this line is about: the line itself, or, when nothing else stands on it, the statement below, with
/// everything that is indented deeper.
fn extent(text: &str, lines: &LineIndex, number: u32) -> RangeInclusive<u32> {
    let line = |number: u32| lines.line_span(number, text).text(text);
    let alone = ["#", "//", "/*", "{{/*", "{{- /*"].iter().any(|sign| line(number).trim_start().starts_with(sign));
    if !alone {
        return number..=number;
    }
    let is_comment = |text: &str| text.is_empty() || ["#", "//", "{{/*", "{{- /*"].iter().any(|sign| text.starts_with(sign));
    let Some(first) = (number + 1..=lines.lines()).find(|&below| !is_comment(line(below).trim())) else { return number..=number };
    let indent = |text: &str| text.len() - text.trim_start().len();
    let depth = indent(line(first));
    let mut last = first;
    for below in first + 1..=lines.lines() {
        let content = line(below);
        let trimmed = content.trim();
        let continued = line(below - 1).trim_end().ends_with(['\\', '`']);
        if trimmed.is_empty() && !continued {
            continue;
        }
        let closes = indent(content) == depth && trimmed.starts_with(['}', ']', ')']);
        if indent(content) > depth || continued || closes {
            last = below;
        } else {
            break;
        }
        if closes {
            break;
        }
    }
    first..=last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_suppresses_has_a_hint() {
        for marker in DIALECTS.iter().map(|dialect| dialect.marker).chain([OURS, ANNOTATION]) {
            assert!(may_hold(marker), "{marker}");
        }
    }

    fn of(text: &str) -> Vec<Suppression> {
        read(text, &LineIndex::new(text))
    }

    #[test]
    fn comments_are_about_lines() {
        let rows: &[(&str, &[&str], RangeInclusive<u32>)] = &[
            ("a = 1 # plimsoll: allow(x, y)\n", &["x", "y"], 1..=1),
            ("# plimsoll: allow(x) reason=\"later\"\nblock {\n  a = 1\n\n  b = 2\n}\nc = 1\n", &["x"], 2..=6),
            ("# plimsoll: allow(x)\nspec:\n  a: 1\n  b: 2\nother: 1\n", &["x"], 2..=4),
            ("# plimsoll: allow(x)\nRUN a \\\n && b\nRUN c\n", &["x"], 2..=3),
            ("{{- /* plimsoll: allow(x) */}}\nspec:\n  a: 1\nother: 1\n", &["x"], 2..=3),
            ("a\n# plimsoll: allow-file(x)\nb\n", &["x"], 1..=4),
            ("#trivy:ignore:AVD-AWS-0107\nblock {}\n", &["trivy:AVD-AWS-0107"], 2..=2),
            ("# hadolint ignore=DL3006,DL3008\nFROM x\n", &["hadolint:DL3006", "hadolint:DL3008"], 2..=2),
            ("# hadolint global ignore=DL3006\nFROM x\nRUN y\n", &["hadolint:DL3006"], 1..=4),
            ("# check=skip=FromAsCasing,all;error=true\nFROM x\n", &["buildkit:FromAsCasing", "buildkit:*"], 1..=3),
            ("FROM x\n# check=skip=MaintainerDeprecated\nMAINTAINER y\n", &["buildkit:MaintainerDeprecated"], 3..=3),
            ("x # nosemgrep\n", &["semgrep:*"], 1..=1),
        ];
        for (text, names, lines) in rows {
            let found = of(text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].names, *names, "{text}");
            assert_eq!(found[0].lines, *lines, "{text}");
        }
        assert!(of("message = \"plimsoll: allow(x)\"\n").is_empty());
    }

    #[test]
    fn they_may_end() {
        assert_eq!(of("a # plimsoll: allow(x) until=2027-01-31\n")[0].until, Some((2027, 1, 31)));
    }

    #[test]
    fn peers_have_spellings() {
        let found = of("#tfsec:ignore:aws-0107\nblock {}\n");
        assert!(found[0].names_rule("ssh", &[], &["trivy:AWS-0107"]));
        assert!(!found[0].names_rule("ssh", &[], &["trivy:AWS-0108"]));
    }
}

//! `.helmignore`: which files of a folder are no part of its chart, as Helm's `internal/ignore` has it.

use regex::Regex;

use crate::glob::{Dialect, glob};

/// The rules of a chart.
#[derive(Debug, Default)]
pub(super) struct Ignore(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    pattern: Regex,
    /// It is about the whole path, not the name alone.
    whole: bool,
    folders_only: bool,
    negated: bool,
}

impl Ignore {
    /// Rules that cannot be read are left out: Helm would refuse the chart, but what it holds is still worth a look.
    pub(super) fn parse(text: &str) -> Self {
        let lines = text.trim_start_matches(plimsoll_syntax::text::BOM).lines().map(str::trim);
        Self(lines.filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(rule).collect())
    }

    /// Whether a file is left out, by itself or with a folder above it.
    pub(super) fn covers(&self, path: &str) -> bool {
        !self.0.is_empty()
            && (path.match_indices('/').any(|(at, _)| self.is_ignored(path.get(..at).unwrap_or(""), true))
                || self.is_ignored(path, false))
    }

    fn is_ignored(&self, path: &str, is_folder: bool) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.0.iter().any(|rule| {
            let matches = rule.pattern.is_match(if rule.whole { path } else { name });
            if rule.negated {
                // What a negated rule does not name is out, whatever else is said.
                rule.folders_only && !is_folder || !matches
            } else {
                matches && (is_folder || !rule.folders_only)
            }
        })
    }
}

fn rule(line: &str) -> Option<Rule> {
    let (negated, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
    let (folders_only, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
    if line.contains("**") {
        return None;
    }
    let whole = line.contains('/');
    Some(Rule { pattern: glob(line.strip_prefix('/').unwrap_or(line), Dialect::Match)?, whole, folders_only, negated })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let rows = [
            ("*.swp", "templates/a.yaml.swp", true),
            ("*.swp", "templates/a.yaml", false),
            ("ci/", "ci/values.yaml", true),
            ("ci/", "templates/ci", false),
            ("templates/debug.yaml", "templates/debug.yaml", true),
            ("/debug.yaml", "templates/debug.yaml", false),
            ("debug.yaml", "templates/debug.yaml", true),
            ("templates/*.txt", "templates/a/b.txt", false),
            ("# a\n\n[ab].txt", "b.txt", true),
            ("!*.yaml", "a.txt", true),
            ("!*.yaml", "a.yaml", false),
        ];
        for (text, path, expected) in rows {
            assert_eq!(Ignore::parse(text).covers(path), expected, "{text} {path}");
        }
    }
}

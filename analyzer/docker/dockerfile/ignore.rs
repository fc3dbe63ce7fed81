//! `.dockerignore`: which files the builder never sees.
//!
//! After `moby/patternmatcher`; <https://docs.docker.com/build/concepts/context/#dockerignore-files>.

/// The patterns of a `.dockerignore`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    /// `!`: what it matches is sent after all.
    negated: bool,
    text: String,
}

impl Ignore {
    /// Reads the file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let patterns = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
            let (negated, rest) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest.trim()));
            Pattern { negated, text: clean(rest) }
        });
        Self { patterns: patterns.filter(|pattern| !pattern.text.is_empty()).collect() }
    }

    /// Whether nothing at this path of the build context reaches the builder; `None`: some of it may.
    pub(super) fn ignores(&self, path: &str) -> Option<bool> {
        let path = clean(path);
        let mut ignored = false;
        for pattern in &self.patterns {
            let parents = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
            if parents.chain([path.as_str()]).any(|path| fits(pattern.text.as_bytes(), path.as_bytes())) {
                ignored = !pattern.negated;
            }
        }
        // A later exception may lie below the path.
        let inside = |text: &str| path.is_empty() || text.starts_with(&format!("{path}/")) || text.contains("**");
        let exception = self.patterns.iter().any(|pattern| pattern.negated && inside(&pattern.text));
        if ignored && exception { None } else { Some(ignored) }
    }
}

/// The path without `./`, doubled and surrounding slashes; the root is empty.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// `*` and `?` within a name, `**` across them, `[a-z]`, and `\` before a character that means itself.
fn fits(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*', b'/', rest @ ..] => {
            let below = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
            std::iter::once(0).chain(below).any(|at| fits(rest, path.get(at..).unwrap_or(&[])))
        }
        [b'*', b'*', rest @ ..] => (0..=path.len()).any(|at| fits(rest, path.get(at..).unwrap_or(&[]))),
        [b'*', rest @ ..] => {
            let name = path.iter().take_while(|byte| **byte != b'/').count();
            (0..=name).any(|at| fits(rest, path.get(at..).unwrap_or(&[])))
        }
        [b'?', rest @ ..] => path.split_first().is_some_and(|(first, left)| *first != b'/' && fits(rest, left)),
        [b'[', rest @ ..] => match rest.iter().position(|byte| *byte == b']') {
            Some(end) => path.split_first().is_some_and(|(first, left)| {
                in_class(rest.get(..end).unwrap_or(&[]), *first) && fits(rest.get(end + 1..).unwrap_or(&[]), left)
            }),
            None => path.split_first().is_some_and(|(first, left)| *first == b'[' && fits(rest, left)),
        },
        [b'\\', byte, rest @ ..] | [byte, rest @ ..] => {
            path.split_first().is_some_and(|(first, left)| first == byte && fits(rest, left))
        }
    }
}

/// `a-z`, `^a`
fn in_class(class: &[u8], byte: u8) -> bool {
    let (negated, mut class) = match class {
        [b'^', rest @ ..] => (true, rest),
        class => (false, class),
    };
    let mut found = false;
    loop {
        class = match class {
            [] => return found != negated,
            [from, b'-', to, rest @ ..] => {
                found |= (*from..=*to).contains(&byte);
                rest
            }
            [one, rest @ ..] => {
                found |= *one == byte;
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let rows: &[(&str, &str, Option<bool>)] = &[
            ("node_modules", "node_modules", Some(true)),
            ("node_modules", "./node_modules/a/b", Some(true)),
            ("node_modules", "src/node_modules", Some(false)),
            ("**/node_modules", "src/node_modules", Some(true)),
            ("*.md", "README.md", Some(true)),
            ("*.md", "docs/a.md", Some(false)),
            ("**/*.md", "docs/a.md", Some(true)),
            ("*.md\n!README.md", "README.md", Some(false)),
            ("docs\n!docs/a.md", "docs", None),
            ("docs\n!docs/a.md", "docs/b.md", Some(true)),
            ("# x\n\n/target/", "target", Some(true)),
            ("a?c\n[a-c]x", "abc", Some(true)),
            ("[^a-c]x", "dx", Some(true)),
            ("[^a-c]x", "ax", Some(false)),
            (".*", ".", Some(false)),
            ("*", ".", Some(true)),
            ("**\n!Dockerfile", ".", None),
            ("", "a", Some(false)),
        ];
        for (text, path, expected) in rows {
            assert_eq!(Ignore::parse(text).ignores(path), *expected, "{text:?} {path}");
        }
    }
}

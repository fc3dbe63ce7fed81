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

/// `*` and `?` within a name, `**` across them, `[a-z]`, and `\` before a character that means itself. Time grows with the product
/// of both lengths, whatever the pattern.
fn fits(pattern: &[u8], path: &[u8]) -> bool {
    // Whether the pattern so far fits the first so many bytes.
    let mut fitting = vec![false; path.len() + 1];
    if let Some(first) = fitting.first_mut() {
        *first = true;
    }
    let one = |fitting: &[bool], test: &dyn Fn(u8) -> bool| -> Vec<bool> {
        let next = fitting.iter().zip(path).map(|(fits, byte)| *fits && test(*byte));
        std::iter::once(false).chain(next).collect()
    };
    let mut rest = pattern;
    loop {
        rest = match rest {
            [] => return fitting.last().copied().unwrap_or(false),
            [b'*', b'*', b'/', rest @ ..] => {
                let mut any = false;
                for (at, fits) in fitting.iter_mut().enumerate() {
                    let begins = at.checked_sub(1).and_then(|before| path.get(before)) == Some(&b'/');
                    let here = *fits;
                    *fits = here || (any && begins);
                    any |= here;
                }
                rest
            }
            [b'*', rest @ ..] => {
                let (across, rest) = rest.strip_prefix(b"*").map_or((false, rest), |rest| (true, rest));
                let mut any = false;
                for (at, fits) in fitting.iter_mut().enumerate() {
                    let slash = at.checked_sub(1).and_then(|before| path.get(before)) == Some(&b'/');
                    any = *fits || (any && (across || !slash));
                    *fits = any;
                }
                rest
            }
            [b'?', rest @ ..] => {
                fitting = one(&fitting, &|byte| byte != b'/');
                rest
            }
            [b'[', rest @ ..] if rest.contains(&b']') => {
                let end = rest.iter().position(|byte| *byte == b']').unwrap_or(0);
                let class = rest.get(..end).unwrap_or(&[]);
                fitting = one(&fitting, &|byte| in_class(class, byte));
                rest.get(end + 1..).unwrap_or(&[])
            }
            [b'\\', wanted, rest @ ..] | [wanted, rest @ ..] => {
                fitting = one(&fitting, &|byte| byte == *wanted);
                rest
            }
        };
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
            ("a/**/b", "a/x/y/b", Some(true)),
            ("a/**/b", "a/b", Some(true)),
            ("a**b", "a/x/b", Some(true)),
            ("*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Some(false)),
            ("", "a", Some(false)),
        ];
        for (text, path, expected) in rows {
            assert_eq!(Ignore::parse(text).ignores(path), *expected, "{text:?} {path}");
        }
    }
}

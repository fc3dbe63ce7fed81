//! Patterns of file paths as regular expressions.

use regex::Regex;

/// Who reads the pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Go's `filepath.Match`, in `.helmignore`: <https://pkg.go.dev/path/filepath#Match>
    Match,
    /// `github.com/gobwas/glob`, in `.Files.Glob`: `**` goes across folders, `{a,b}` is either, `[!a]` negates and `[^a]` does not.
    Gobwas,
}

/// The expression that matches the same paths; `None`: the pattern cannot be read.
pub(crate) fn glob(pattern: &str, dialect: Dialect) -> Option<Regex> {
    let wide = dialect == Dialect::Gobwas;
    let mut out = String::from("^");
    let mut open = 0_usize;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if wide && chars.peek() == Some(&'*') => {
                chars.next();
                out.push_str("(?s:.*)");
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' if wide => {
                open += 1;
                out.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            ',' if open > 0 => out.push('|'),
            '[' => {
                out.push('[');
                if wide && chars.peek() == Some(&'!') {
                    chars.next();
                    out.push('^');
                }
                for c in chars.by_ref() {
                    // To regular expressions more than these means something inside brackets.
                    if matches!(c, '[' | '&' | '~') || wide && matches!(c, '^' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '\\' => out.push_str(&regex::escape(&chars.next()?.to_string())),
            _ => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push('$');
    Regex::new(&out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        use Dialect::{Gobwas, Match};
        let rows = [
            (Gobwas, "*.conf", "a.conf", true),
            (Gobwas, "*.conf", "x/a.conf", false),
            (Gobwas, "**.conf", "x/a.conf", true),
            (Gobwas, "x/{a,b}.*", "x/b.txt", true),
            (Gobwas, "[!a].txt", "b.txt", true),
            (Gobwas, "[^a].txt", "a.txt", true),
            (Gobwas, "[\\d].txt", "7.txt", false),
            (Match, "[^a].txt", "a.txt", false),
            (Match, "[^a].txt", "b.txt", true),
            (Match, "x/{a,b}.*", "x/b.txt", false),
            (Match, "{a}", "{a}", true),
        ];
        for (dialect, pattern, path, expected) in rows {
            assert_eq!(glob(pattern, dialect).map(|glob| glob.is_match(path)), Some(expected), "{pattern} {path}");
        }
    }
}

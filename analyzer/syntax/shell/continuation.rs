//! Lines that go on.

use std::borrow::Cow;

/// How the text around a script continues lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuation {
    /// Plain shell.
    Shell,
    /// Inside a Dockerfile instruction: this escape character ends a continued line, and comment lines between are skipped.
    Dockerfile(char),
}

/// The text with continued lines joined by spaces, byte for byte.
pub(super) fn joined(text: &str, continuation: Continuation) -> Cow<'_, str> {
    let escape = match continuation {
        Continuation::Shell => '\\',
        Continuation::Dockerfile(escape) => escape,
    };
    if !text.contains(escape) {
        return Cow::Borrowed(text);
    }
    if continuation == Continuation::Shell {
        return Cow::Owned(text.replace("\\\r\n", "   ").replace("\\\n", "  "));
    }
    let mut out = String::with_capacity(text.len());
    let mut goes_on = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let blank = goes_on && (content.trim_start().starts_with('#') || content.trim().is_empty());
        let cut = content.trim_end_matches([' ', '\t']);
        if blank {
            out.extend(std::iter::repeat_n(' ', line.len()));
            continue;
        }
        match cut.strip_suffix(escape) {
            Some(kept) => {
                out.push_str(kept);
                out.extend(std::iter::repeat_n(' ', line.len() - kept.len()));
                goes_on = true;
            }
            None => {
                out.push_str(line);
                goes_on = false;
            }
        }
    }
    Cow::Owned(out)
}

//! The text that templates and labels stand for.

use std::borrow::Cow;

use compact_str::CompactString;

use super::tree::{ExprId, ExprKind, Part, TemplateKind, Tree};
use crate::text::Span;

impl Tree {
    /// The text of a literal part: escapes resolved as its template has them.
    #[must_use]
    pub fn unescape(&self, literal: Span, kind: TemplateKind) -> Cow<'_, str> {
        unescaped(self.text(literal), kind)
    }

    /// The text of a string without holes; `<<-` heredocs lose their least indentation.
    #[must_use]
    pub fn plain_string(&self, expr: ExprId) -> Option<CompactString> {
        let ExprKind::Template(kind, parts) = self[expr].kind else { return None };
        match (self.parts(parts), kind) {
            ([], _) => Some(CompactString::default()),
            ([Part::Literal(literal)], TemplateKind::Heredoc { flush: true }) => {
                let text = self.unescape(*literal, kind);
                let least = text.lines().filter(|line| !line.trim().is_empty()).map(indentation).min().unwrap_or(0);
                Some(text.split_inclusive('\n').map(|line| line.get(least.min(indentation(line))..).unwrap_or(line)).collect())
            }
            ([Part::Literal(literal)], _) => Some(self.unescape(*literal, kind).as_ref().into()),
            _ => None,
        }
    }

    /// A label without its quotes.
    #[must_use]
    pub fn label(&self, label: Span) -> Cow<'_, str> {
        let text = self.text(label);
        match text.strip_prefix('"') {
            Some(quoted) => unescaped(quoted.strip_suffix('"').unwrap_or(quoted), TemplateKind::Quoted),
            None => Cow::Borrowed(text),
        }
    }
}

fn unescaped(text: &str, kind: TemplateKind) -> Cow<'_, str> {
    // Nearly all are as they stand, and short: one look at each byte is quicker than three searches.
    if !text.bytes().any(|byte| matches!(byte, b'\\' | b'$' | b'%')) {
        return Cow::Borrowed(text);
    }
    let escapes = kind == TemplateKind::Quoted && text.contains('\\');
    if !escapes && !text.contains("$${") && !text.contains("%%{") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("$${") || rest.starts_with("%%{") {
            out.push_str(&rest[1..3]);
            rest = &rest[3..];
        } else if c == '\\' && escapes {
            rest = escape(rest, &mut out);
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Cow::Owned(out)
}

/// Leading spaces and tabs, in bytes.
fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// Resolves the escape at the head of `rest`; returns what follows it.
fn escape<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let mut chars = rest.chars();
    chars.next();
    let digits = match chars.next() {
        Some('n') => {
            out.push('\n');
            return chars.as_str();
        }
        Some('r') => {
            out.push('\r');
            return chars.as_str();
        }
        Some('t') => {
            out.push('\t');
            return chars.as_str();
        }
        Some('u') => 4,
        Some('U') => 8,
        Some(other) => {
            out.push(other);
            return chars.as_str();
        }
        None => return "",
    };
    let hex = chars.as_str();
    if let Some(c) = hex.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
        out.push(c);
        return &hex[digits..];
    }
    hex
}

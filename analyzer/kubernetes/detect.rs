//! Telling manifests from other YAML and JSON.

/// Whether the text looks like Kubernetes manifests: some document has `apiVersion` and `kind` at its top level. Reads the text
/// once, line by line, without parsing it; a Go template counts when its lines do.
#[must_use]
pub fn looks_like(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with(['{', '[']) && !text.trim_start().starts_with("{{") {
        return json(text);
    }
    let mut found = Found::default();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("---") {
            found = Found::default();
            // A document may begin on the line of its marker: `--- {apiVersion: v1, …}`.
            if rest.trim_start().starts_with('{') && json(line) {
                return true;
            }
            continue;
        }
        found.note(line);
        if found.both() {
            return true;
        }
    }
    false
}

#[derive(Default)]
struct Found {
    version: bool,
    kind: bool,
}

impl Found {
    fn note(&mut self, line: &str) {
        let line = line.strip_prefix(['"', '\'']).unwrap_or(line);
        let key = |name: &str| {
            let rest = line.strip_prefix(name).map(|rest| rest.strip_prefix(['"', '\'']).unwrap_or(rest).trim_start());
            // `kind:` without a value is no manifest's kind.
            rest.and_then(|rest| rest.strip_prefix(':'))
                .is_some_and(|value| value.starts_with([' ', '\t']) && !value.trim().is_empty() && !value.trim().starts_with('#'))
        };
        self.version |= key("apiVersion");
        self.kind |= key("kind");
    }

    const fn both(&self) -> bool {
        self.version && self.kind
    }
}

/// The same for JSON: both keys at the top level of some object or, in an array, of its elements.
fn json(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut found = Found::default();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let start = at + 1;
                at = start;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                let end = at.min(bytes.len());
                let is_key = || {
                    let next = bytes[(end + 1).min(bytes.len())..].iter().find(|byte| !byte.is_ascii_whitespace());
                    next == Some(&b':')
                };
                if depth == 1 {
                    match &bytes[start.min(end)..end] {
                        b"apiVersion" if is_key() => found.version = true,
                        b"kind" if is_key() => found.kind = true,
                        _ => {}
                    }
                }
                if found.both() {
                    return true;
                }
            }
            // A flow mapping of YAML, with bare keys.
            b'a' if depth == 1 && bytes[at..].starts_with(b"apiVersion:") => found.version = true,
            b'k' if depth == 1 && bytes[at..].starts_with(b"kind:") => found.kind = true,
            _ => {}
        }
        if found.both() {
            return true;
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::looks_like;

    #[test]
    fn manifests_have_a_version_and_a_kind() {
        let rows = [
            ("apiVersion: v1\nkind: Pod\n", true),
            ("\u{feff}# c\r\napiVersion: v1\r\nkind: Pod\r\n", true),
            ("kind: Pod\napiVersion: v1\n", true),
            ("\"apiVersion\": v1\n'kind': Pod\n", true),
            ("{{- if .Values.on }}\napiVersion: v1\nkind: Pod\n{{- end }}\n", true),
            ("{\"kind\": \"Pod\", \"apiVersion\": \"v1\"}", true),
            ("{\"metadata\": {\"kind\": \"Pod\"}, \"apiVersion\": \"v1\"}", false),
            ("{\"a\": \"kind\", \"apiVersion\": \"v1\"}", false),
            ("apiVersion: v2\nname: chart\n", false),
            ("a:\n  apiVersion: v1\n  kind: Pod\n", false),
            ("apiVersion: v1\n---\nkind: Pod\n", false),
            ("a: 1\n---\napiVersion: v1\nkind: Pod\n", true),
            ("apiVersion: v1\nkind:\n", false),
            ("services:\n  web:\n    image: a\n", false),
            ("", false),
            ("{\"a\\", false),
        ];
        for (text, expected) in rows {
            assert_eq!(looks_like(text), expected, "{text}");
        }
    }
}

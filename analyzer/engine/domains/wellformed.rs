//! Texts with a form of their own.

use std::sync::LazyLock;

use regex::Regex;

/// Forms that a regular expression describes, with their source.
const FORMS: &[(&str, &str)] = &[
    // Semantic Versioning 2.0.0, the expression of its own page; a leading `v` is not part of it.
    (
        "semver",
        r"^(0|[1-9][0-9]*)[.](0|[1-9][0-9]*)[.](0|[1-9][0-9]*)(-((0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)([.](0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*))?([+]([0-9a-zA-Z-]+([.][0-9a-zA-Z-]+)*))?$",
    ),
    // RFC 3986, absolute, with an authority.
    ("url", r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]+([/?#][^\s]*)?$"),
    // RFC 3339, section 5.6.
    (
        "rfc3339",
        r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
    ),
    // The HTML standard's valid e-mail address, with a dot in the domain.
    (
        "email",
        r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?([.][a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$",
    ),
    ("git-hash", r"^([0-9a-f]{40}|[0-9a-f]{64})$"),
    // RFC 1123.
    ("dns-label", r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"),
    ("uuid", r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"),
    // SPDX licence expressions: identifiers joined by operators. Whether the identifier is on the list is not asked.
    ("spdx", r"^[(]*[A-Za-z0-9][A-Za-z0-9.-]*[+]?[)]*( (AND|OR|WITH) [(]*[A-Za-z0-9][A-Za-z0-9.-]*[+]?[)]*)*$"),
];

static COMPILED: LazyLock<Vec<(&str, Option<Regex>)>> =
    LazyLock::new(|| FORMS.iter().map(|(name, expression)| (*name, Regex::new(expression).ok())).collect());

/// Fields of a cron line: the least and the greatest number, and the names that stand for numbers.
const CRON: &[(u32, u32, &[&str])] = &[
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    (0, 7, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];
const CRON_WORDS: &[&str] = &["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Whether a text has the form: `semver`, `url`, `rfc3339`, `email`, `git-hash`, `dns-label`, `port-name`, `uuid`, `cron`,
/// `spdx`. `None`: there is no such form.
#[must_use]
pub(crate) fn is(text: &str, form: &str) -> Option<bool> {
    match form {
        "cron" => Some(is_cron(text)),
        "port-name" => Some(is_port_name(text)),
        _ => {
            let (_, expression) = COMPILED.iter().find(|(name, _)| *name == form)?;
            expression.as_ref().map(|expression| expression.is_match(text))
        }
    }
}

/// RFC 6335: at most 15 lower-case letters, digits and single hyphens, with at least one letter.
fn is_port_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=15).contains(&text.len())
        && text.bytes().all(allowed)
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

/// As Kubernetes reads a CronJob's schedule: five fields, the usual words, `TZ=` before them.
fn is_cron(text: &str) -> bool {
    let text = text.trim();
    if CRON_WORDS.contains(&text) {
        return true;
    }
    if let Some(every) = text.strip_prefix("@every ") {
        return every.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    }
    let mut fields: Vec<&str> = text.split_whitespace().collect();
    if fields.first().is_some_and(|field| field.starts_with("TZ=") || field.starts_with("CRON_TZ=")) {
        fields.remove(0);
    }
    fields.len() == CRON.len()
        && fields.iter().zip(CRON).all(|(field, row)| field.split(',').all(|part| is_cron_part(part, *row)))
}

fn is_cron_part(part: &str, (least, greatest, names): (u32, u32, &[&str])) -> bool {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if step.is_some_and(|step| step.parse::<u32>().map_or(true, |step| step == 0)) {
        return false;
    }
    let number = |text: &str| {
        let lower = text.to_ascii_lowercase();
        let named = names.iter().position(|name| *name == lower).and_then(|at| u32::try_from(at).ok());
        let number = named.map(|at| at + least).or_else(|| text.parse().ok())?;
        (least..=greatest).contains(&number).then_some(number)
    };
    match range.split_once('-') {
        Some((from, to)) => matches!((number(from), number(to)), (Some(from), Some(to)) if from <= to),
        None => range == "*" || range == "?" || number(range).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let rows = [
            ("semver", "1.2.3-rc.1+b", true),
            ("semver", "v1.2.3", false),
            ("semver", "1.2", false),
            ("url", "https://example.com/a?b#c", true),
            ("url", "example.com", false),
            ("url", "https://", false),
            ("rfc3339", "2026-01-31T10:00:00Z", true),
            ("rfc3339", "2026-01-31", false),
            ("rfc3339", "2026-13-31T10:00:00+02:00", false),
            ("email", "a.b@example.org", true),
            ("email", "a.b", false),
            ("git-hash", "0123456789abcdef0123456789abcdef01234567", true),
            ("git-hash", "0123456", false),
            ("dns-label", "web-1", true),
            ("dns-label", "Web", false),
            ("dns-label", "-web", false),
            ("port-name", "http", true),
            ("port-name", "123", false),
            ("port-name", "a-very-long-port-name", false),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000", true),
            ("uuid", "123e4567", false),
            ("cron", "*/5 0-6 1,15 * mon-fri", true),
            ("cron", "@daily", true),
            ("cron", "CRON_TZ=UTC 0 3 * * *", true),
            ("cron", "60 * * * *", false),
            ("cron", "* * * *", false),
            ("cron", "*/0 * * * *", false),
            ("spdx", "MIT OR Apache-2.0", true),
            ("spdx", "see LICENSE", false),
        ];
        for (form, text, expected) in rows {
            assert_eq!(is(text, form), Some(expected), "{form} {text}");
        }
        assert_eq!(is("a", "poem"), None);
        assert!(COMPILED.iter().all(|(_, expression)| expression.is_some()));
    }
}

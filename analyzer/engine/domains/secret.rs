//! Credentials in text, and names that announce one.
//!
//! Two kinds of evidence count: the format of a vendor's credential, and a value that is given to a name which announces one, if
//! it looks like a value that somebody chose. References, paths, placeholders and names of settings are no credentials.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use compact_str::CompactString;
use regex::Regex;
use rustc_hash::FxHashSet;

use crate::domains::has;

mod formats;

/// Places of a value that may be a credential: the first group is the name, where there is one, the last that matched the value.
const ASSIGNMENTS: &[&str] = &[
    // `name=value`, `name: value`, `"name": "value"`; a colon needs a space or a quote, so that `image/token:v1` is none.
    r#"([A-Za-z_][A-Za-z0-9_.-]*)(?:["']\s*(?::|=>?)\s*|\s*=>?\s*|\s*:(?:\s+|(?:["'])))(?:\\?"([^"\n\\]+)|'([^'\n]+)'|([^\s"'`,;&|\\]+))"#,
    // `--password value`
    r#"--((?:[a-z]+-)*(?:password|passwd|token|secret|api-key))\s+(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'`;&|-][^\s"'`;&|]*))"#,
    // `scheme://user:value@host`
    r#"[A-Za-z][A-Za-z0-9+.-]*://()[^\s:/@'"]*:([^\s/@'"]+)@[A-Za-z0-9\[]"#,
    // `Authorization: Bearer value`
    r#"(?i:authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token))()\s+([A-Za-z0-9+/=._~-]{8,})"#,
    // `export NAME=value`: a shell variable gets a value, never the name of one.
    r#"\bexport\s+([A-Za-z_][A-Za-z0-9_]*)=(?:\\?"([^"\n\\]+)|'([^'\n]+)'|([^\s"'`,;&|\\]+))"#,
];

/// The assignments above that are judged in their own way.
const URL: usize = 2;
const EXPORT: usize = 4;
/// The other one besides URLs whose name announces nothing.
const AUTHORIZATION: usize = 3;
/// In bytes: `authorization:basic` with the shortest value that it takes.
const SHORTEST_AUTHORIZATION: usize = 28;

/// Parts of a value that make it a placeholder or a reference, in lower case.
const PLACEHOLDERS: &str = "example changeme change_me change-me changeit placeholder your xxx todo dummy redacted insert replace < > ${ $( {{ *** \
     ... %s secretsmanager keyvault vault: ssm: arn: op:// file: :// ( [ \u{2026}";

/// Values that stand for no value, in lower case.
const EMPTY: &str = "none null nil true false undefined required optional string password secret token";

/// Without one of these an assignment of the same index cannot match.
const NEEDED: [&[&str]; ASSIGNMENTS.len()] = [&["=", ":"], &["--"], &["://"], &["=", ":"], &["export"]];

/// A place of a value, by its index; made when a text may have one.
fn assignment(at: usize) -> Option<&'static Regex> {
    static MADE: [OnceLock<Option<Regex>>; ASSIGNMENTS.len()] = [const { OnceLock::new() }; ASSIGNMENTS.len()];
    MADE.get(at)?.get_or_init(|| Regex::new(ASSIGNMENTS.get(at)?).ok()).as_ref()
}

/// The bytes of the first credential in a text: of the earliest format or assignment that is found.
#[must_use]
pub(crate) fn find(text: &str) -> Option<Range<usize>> {
    // No credential is shorter.
    if text.len() < 8 {
        return None;
    }
    if let Some(range) = formats::find(text) {
        return Some(range);
    }
    if let Some(range) = aws_secret(text) {
        return Some(range);
    }
    let announced = has_stem(text);
    let counts = |at: usize| announced || at == URL || at == AUTHORIZATION && text.len() >= SHORTEST_AUTHORIZATION;
    let possible = NEEDED.iter().enumerate().filter(|(at, _)| counts(*at));
    let possible = possible.filter(|(_, needed)| needed.iter().any(|part| text.contains(part)));
    let assigned = possible.filter_map(|(at, _)| {
        assignment(at)?.captures_iter(text).find_map(|captures| {
            let named = captures.get(1)?;
            let value = (2..captures.len()).find_map(|group| captures.get(group))?;
            let counts = !matches!(at, 0 | EXPORT) || name(named.as_str());
            (counts && plausible(value.as_str(), at)).then(|| value.range())
        })
    });
    assigned.min_by_key(|range| range.start)
}

/// A text that is nothing but what AWS secret keys look like: 40 characters of base64, well mixed.
fn aws_secret(text: &str) -> Option<Range<usize>> {
    let trimmed = text.trim();
    if trimmed.len() != 40 {
        return None;
    }
    let count = |test: fn(&u8) -> bool| trimmed.bytes().filter(test).count();
    let mixed = count(u8::is_ascii_digit) >= 2 && count(u8::is_ascii_uppercase) >= 3 && count(u8::is_ascii_lowercase) >= 3;
    let base64 = trimmed.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+'));
    let start = text.len() - text.trim_start().len();
    (base64 && mixed && entropy(trimmed) > 4.2).then(|| start..start + trimmed.len())
}

/// Whether the value of an assignment, by its index, looks like a credential that somebody chose. A password inside a URL may be any
/// word, and one that a shell exports any in capitals and small letters.
fn plausible(value: &str, assignment: usize) -> bool {
    let value = value.trim();
    let lower = value.to_lowercase();
    let first = value.chars().next().unwrap_or(' ');
    if matches!(first, '$' | '%' | '@' | '~' | '`' | '{' | '!' | '*' | '-' | '.' | ':' | '=')
        || value.contains(char::is_whitespace)
    {
        return false;
    }
    if PLACEHOLDERS.split_ascii_whitespace().any(|part| lower.contains(part)) || has(EMPTY, &lower) || is_path(value) {
        return false;
    }
    if assignment == URL {
        return value.len() >= 3;
    }
    let letters = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let digits = value.bytes().any(|byte| byte.is_ascii_digit());
    let mixed = value.bytes().any(|byte| byte.is_ascii_lowercase()) && value.bytes().any(|byte| byte.is_ascii_uppercase());
    let chosen = assignment == EXPORT && value.len() >= 10 && mixed;
    let symbols = value.bytes().any(|byte| b"!@#$^&*+=?%~".contains(&byte));
    // `settings.TOKEN_V2`, `data.vault.x1`: names of code have parts.
    let code = value.split('.').count() > 1
        && value.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'));
    value.len() >= 6 && letters && (digits || symbols || chosen) && !code && entropy(value) > 2.0
}

/// A file's path: from the root or a known place, with lower-case parts.
fn is_path(value: &str) -> bool {
    let slashes = value.matches('/').count();
    let rooted = value.starts_with('/') && slashes >= 2 || value.starts_with("./") || value.starts_with("../");
    let file = [".txt", ".json", ".pem", ".key", ".env", ".yaml", ".yml", ".crt"].iter().any(|ending| value.ends_with(ending));
    file || rooted && !value.bytes().any(|byte| matches!(byte, b'+' | b'='))
}

/// Shannon's entropy, in bits for each byte.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length).map(|share| -share * share.log2()).sum()
}

/// Words that announce a credential.
static SECRET_WORDS: LazyLock<FxHashSet<&str>> =
    LazyLock::new(|| set("PASSWORD PASSWD PASSWORT PASS PASSPHRASE PWORD SECRET TOKEN CREDENTIAL CREDENTIALS APIKEY"));
/// Endings of a word that is written in one with what it is of: `dbpassword`.
const SECRET_ENDINGS: [&str; 10] = [
    "PASSWORD",
    "PASSWD",
    "APIKEY",
    "AUTHTOKEN",
    "ACCESSTOKEN",
    "CLIENTSECRET",
    "SECRETKEY",
    "PRIVATEKEY",
    "ACCESSKEY",
    "SECRETACCESSKEY",
];
/// What makes a `KEY` a credential.
static KEY_OF: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
    set("API PRIVATE ACCESS SECRET ENCRYPTION SIGNING MASTER AUTH DEPLOY LICENSE ACCOUNT STORAGE SHARED JWT SESSION HMAC AES \
     WEBHOOK ADMIN APP")
});
/// Words behind a credential's that make the name one of something about it.
static ABOUT: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
    set("FILE FILES PATH DIR DIRECTORY URL URI ENDPOINT NAME NAMES ID IDS ARN TTL EXPIRY EXPIRATION EXPIRES EXPIRE LIFETIME \
     TIMEOUT AGE LENGTH LEN SIZE COUNT LIMIT POLICY TYPE KIND ALGORITHM ALG FORMAT HEADER PREFIX SUFFIX FIELD COLUMN \
     SPEC USAGE ALIAS BITS PAIR RING ENABLED DISABLED REQUIRED ALLOWED ROTATION RESET PROVIDER ISSUER AUDIENCE VERSION VERSIONS STORE BACKEND MANAGER \
     ENGINE REF HINT LABEL REGION MOUNT SOURCE NAMESPACE HOST PORT SERVICE USER USERNAME HASH SCOPE SCOPES MODE STRENGTH \
     COMPLEXITY PERMISSIONS AUTHENTICATION STDIN PROMPT INTERVAL DURATION RETENTION CACHE PARAMETER THROUGH OPTIONS CONFIG \
     REVIEW REUSE HISTORY RECOVERY EXISTS CREATE LOCATION DRIVER PROPERTIES PROPERTY CLASS KEYS WINDOW CHECK VALIDATION \
     LAST CHARS CHARACTERS KEYREF")
});
/// Words before a credential's that make the name a switch, or a credential that is public or generated.
static NOT_OF: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
    set("PUBLIC DISABLE ENABLE ALLOW REQUIRE USE NO HAS IS SKIP RANDOM EMPTY GENERATE MAX MIN PROXY EXISTING HASHED MANAGE SHOW \
     RESET ROTATE IMAGE PULL TLS APPLICATION CSRF BY ONE")
});

/// Whether a text may have a name that announces a credential: most have nothing that such a word, or what makes it one, begins with.
fn has_stem(text: &str) -> bool {
    // This bit makes small letters of capitals, and letters of nothing else.
    let small = |part: &[u8]| <[u8; 3]>::try_from(part).map(|part| part.map(|byte| byte | 0x20));
    let is_stem = |part: [u8; 3]| matches!(&part, b"pas" | b"pwo" | b"sec" | b"tok" | b"cre" | b"key" | b"pwd");
    text.as_bytes().windows(3).any(|part| small(part).is_ok_and(is_stem))
}

fn set(words: &'static str) -> FxHashSet<&'static str> {
    words.split_ascii_whitespace().collect()
}

/// Whether a name announces a credential, word by word: `DB_PASSWORD`, `apiKey`, `client-secret`; not `PASSWORD_FILE`,
/// `TOKEN_URL`, `ACCESS_KEY_ID`, `PUBLIC_KEY`, `secretName`.
#[must_use]
pub(crate) fn name(name: &str) -> bool {
    if name.is_ascii() && !has_stem(name) {
        return false;
    }
    let words = words(name);
    let Some(at) = words.iter().rposition(|word| announces(word)).or_else(|| key_position(&words)) else { return false };
    let about = words[at + 1..].iter().any(|word| ABOUT.contains(word.as_str()) || word == "KEY" && words[at] != "SECRET");
    let not = words[..at].iter().any(|word| NOT_OF.contains(word.as_str()));
    // `pass` alone is more often the opposite of `fail`.
    !about && !not && words != ["PASS"]
}

fn announces(word: &str) -> bool {
    SECRET_WORDS.contains(word) || SECRET_ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// The `KEY` of `API_KEY`, the `PWD` of `DB_PWD`.
fn key_position(words: &[CompactString]) -> Option<usize> {
    (1..words.len()).rev().find(|&at| match words[at].as_str() {
        "KEY" => KEY_OF.contains(words[at - 1].as_str()),
        "PWD" => words[at - 1] != "OLD",
        _ => false,
    })
}

/// The words of a name in `snake_case`, `kebab-case`, `camelCase` or with dots, in upper case.
fn words(name: &str) -> Vec<CompactString> {
    let mut words: Vec<CompactString> = Vec::new();
    let mut before = ' ';
    let mut characters = name.chars().take(256).peekable();
    while let Some(character) = characters.next() {
        if !character.is_alphanumeric() {
            before = ' ';
            continue;
        }
        let begins = before == ' '
            || character.is_uppercase() && before.is_lowercase()
            // The last capital of `APIKey` begins its second word.
            || character.is_uppercase() && before.is_uppercase() && characters.peek().is_some_and(|next| next.is_lowercase());
        if begins {
            words.push(CompactString::default());
        }
        if let Some(word) = words.last_mut() {
            if character.is_ascii() {
                word.push(character.to_ascii_uppercase());
            } else {
                word.extend(character.to_uppercase());
            }
        }
        before = character;
    }
    words
}

#[cfg(test)]
mod tests;

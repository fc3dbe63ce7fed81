//! The formats of vendors' credentials. Nearly every text has none, and compiling an expression costs more than reading a file: each stands
//! beside the words without which it cannot match, all of these are looked for at once, and only what may be there is compiled.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

/// One of these words is part of whatever the format matches; without a word it has [`RUN`] characters of base64 in a row, and says that
/// they are a [`KEY`].
type Marks = &'static [&'static str];

/// Formats of credentials, from their vendors' documentation; the first group is what is secret.
const FORMATS: &[(Marks, &str)] = &[
    // AWS access key ids, and the secret that belongs to one.
    (&["AKIA", "ASIA", "ABIA", "ACCA"], r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})\b"),
    (&[], r#"(?i-u:secret_?(?:access_?)?key)["']?\s*[=:]\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#),
    // Private keys in PEM and OpenPGP armour, but not their outline in a document.
    (&["PRIVATE KEY"], r"(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s*(?:\\n)?[A-Za-z0-9+/=:,-][^<$.]{8})"),
    (&["AGE-SECRET-KEY-1"], r"\b(AGE-SECRET-KEY-1[0-9A-Z]{58})\b"),
    // Source forges and registries.
    (&["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"\b(gh[pousr]_[A-Za-z0-9]{36,255})\b"),
    (&["github_pat_"], r"\b(github_pat_[A-Za-z0-9_]{22,255})\b"),
    (
        &["glpat-", "glrt-", "gldt-", "glptt-", "glft-", "glsoat-", "glagent-", "glcbt-"],
        r"\b(gl(?:pat|rt|dt|ptt|ft|soat|agent|cbt)-[A-Za-z0-9_-]{20,})",
    ),
    (&["npm_"], r"\b(npm_[A-Za-z0-9]{36})"),
    (&["pypi-AgEIcHlwaS5vcmc"], r"\b(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,})"),
    (&["dckr_"], r"\b(dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,})"),
    (&["rubygems_"], r"\b(rubygems_[0-9a-f]{48})"),
    // Chat.
    (&["xox"], r"\b(xox[abeporst]-[A-Za-z0-9-]{10,})"),
    (&["xapp-"], r"\b(xapp-[0-9]-[A-Za-z0-9-]{10,})"),
    (
        &["https://hooks.slack.com/"],
        r"(https://hooks[.]slack[.]com/(?:services|workflows|triggers)/[A-Z0-9]{5,}/[A-Z0-9]{5,}/[A-Za-z0-9]{8,})",
    ),
    (&["com/api/webhooks/"], r"(https://discord(?:app)?[.]com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,})"),
    (&[":AA"], r"\b([0-9]{8,10}:AA[A-Za-z0-9_-]{33})\b"),
    // Clouds and their services.
    (&["AIza"], r"\b(AIza[0-9A-Za-z_-]{35})(?:[^0-9A-Za-z_-]|$)"),
    (&["GOCSPX-"], r"\b(GOCSPX-[A-Za-z0-9_-]{28})"),
    (&["ya29."], r"\b(ya29[.][0-9A-Za-z_-]{20,})"),
    (&[], r"(?i-u:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{42,86}={1,2})"),
    (&["doo_v1_", "dop_v1_", "dor_v1_"], r"\b(do[opr]_v1_[0-9a-f]{64})"),
    (&["dapi"], r"\b(dapi[0-9a-f]{32})"),
    (&["hvs."], r"\b(hvs[.][A-Za-z0-9_-]{24,})"),
    (&[".atlasv1."], r"\b([A-Za-z0-9]{14}[.]atlasv1[.][A-Za-z0-9_-]{60,})"),
    // Payment, mail, telephony, monitoring, models.
    (&["k_live_", "k_test_"], r"\b([rs]k_(?:live|test)_[A-Za-z0-9]{16,})\b"),
    (&["shpat_", "shpca_", "shppa_", "shpss_"], r"\b(shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})\b"),
    (&["SG."], r"\b(SG[.][A-Za-z0-9_-]{22}[.][A-Za-z0-9_-]{43})\b"),
    (&["key-"], r"\b(key-[0-9a-f]{32})\b"),
    (&["SK"], r"\b(SK[0-9a-f]{32})\b"),
    (&["NRAK-"], r"\b(NRAK-[A-Z0-9]{27})\b"),
    (&["T3BlbkFJ"], r"\b(sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,})"),
    (&["sk-ant-"], r"\b(sk-ant-[A-Za-z0-9_-]{32,})"),
    (&["hf_"], r"\b(hf_[A-Za-z]{34})"),
    // JSON Web Tokens (RFC 7519), signed.
    (&["eyJ"], r"\b(eyJ[A-Za-z0-9_-]{10,}[.]eyJ[A-Za-z0-9_-]{10,}[.][A-Za-z0-9_-]{10,})"),
];

/// In bytes: `xoxb-` and ten more. Private keys apart, no format matches within a shorter word.
const SHORTEST: usize = 15;
/// In bytes: the secret of an AWS access key, the shortest of the formats without a mark.
const RUN: usize = 40;

/// In any case: part of whatever a format without a mark matches.
const KEY: &[u8] = b"key";

/// Characters of a mark that are compared at once.
const AHEAD: usize = 3;

/// By place and byte: the formats, a bit each, that have a mark with this byte at this place. Of nearly every text nothing is left when
/// three bytes have been looked up.
static MARKED: [[u64; 256]; AHEAD] = {
    let mut table = [[0; 256]; AHEAD];
    let mut format = 0;
    while format < FORMATS.len() {
        let mut mark = 0;
        while mark < FORMATS[format].0.len() {
            let bytes = FORMATS[format].0[mark].as_bytes();
            let mut place = 0;
            while place < AHEAD {
                let mut byte = 0;
                while byte < 256 {
                    // A mark that ends before goes on with anything.
                    if place >= bytes.len() || bytes[place] as usize == byte {
                        table[place][byte] |= 1 << format;
                    }
                    byte += 1;
                }
                place += 1;
            }
            mark += 1;
        }
        format += 1;
    }
    table
};

/// The bytes of the first credential in a text that has its vendor's format.
pub(super) fn find(text: &str) -> Option<Range<usize>> {
    if text.len() < SHORTEST {
        return None;
    }
    let (word, run) = longest(text);
    if word < SHORTEST && memchr::memmem::find(text.as_bytes(), b"PRIVATE KEY").is_none() {
        return None;
    }
    let mut possible = marked(text.as_bytes());
    if run >= RUN && text.as_bytes().windows(KEY.len()).any(|word| word.eq_ignore_ascii_case(KEY)) {
        let unmarked = FORMATS.iter().enumerate().filter(|(_, (marks, _))| marks.is_empty());
        unmarked.for_each(|(at, _)| possible |= 1 << at);
    }
    let candidates = (0..FORMATS.len()).filter(|at| possible & (1 << at) != 0);
    candidates.filter_map(|at| Some(expression(at)?.captures(text)?.get(1)?.range())).min_by_key(|range| range.start)
}

/// The formats of which a mark is there, a bit each.
fn marked(text: &[u8]) -> u64 {
    let mut marked = 0;
    for (start, ahead) in text.windows(AHEAD).enumerate() {
        let agree = ahead.iter().zip(&MARKED).fold(u64::MAX, |left, (byte, table)| left & table[usize::from(*byte)]);
        let mut new = agree & !marked;
        while new != 0 {
            let at = new.trailing_zeros();
            let is_there = |mark: &&str| text[start..].starts_with(mark.as_bytes());
            marked |= u64::from(FORMATS[at as usize].0.iter().any(is_there)) << at;
            new &= new - 1;
        }
    }
    marked
}

/// The lengths in bytes of the longest word that a format may lie in, and of the longest run of base64.
fn longest(text: &str) -> (usize, usize) {
    let (mut longest, mut current) = ((0, 0), (0, 0));
    for byte in text.bytes() {
        let base64 = byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+');
        let part = base64 || matches!(byte, b'_' | b'-' | b'=' | b'.' | b':');
        current = (if part { current.0 + 1 } else { 0 }, if base64 { current.1 + 1 } else { 0 });
        longest = (longest.0.max(current.0), longest.1.max(current.1));
    }
    longest
}

/// A format, by its index; compiled when a text may have it.
fn expression(at: usize) -> Option<&'static Regex> {
    static MADE: [OnceLock<Option<Regex>>; FORMATS.len()] = [const { OnceLock::new() }; FORMATS.len()];
    MADE.get(at)?.get_or_init(|| Regex::new(FORMATS.get(at)?.1).ok()).as_ref()
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::{Class, Hir, HirKind};

    use super::*;

    /// A text that the expression matches; what it chooses depends on `choice`.
    fn example(hir: &Hir, choice: &mut usize, text: &mut String) {
        *choice = choice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = *choice >> 33;
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).unwrap()),
            HirKind::Class(Class::Unicode(class)) => {
                let ascii: Vec<char> = class.iter().flat_map(|range| range.start()..=range.end()).take(128).collect();
                text.push(ascii[chosen % ascii.len()]);
            }
            HirKind::Class(Class::Bytes(class)) => {
                let ascii: Vec<u8> = class.iter().flat_map(|range| range.start()..=range.end()).collect();
                text.push(char::from(ascii[chosen % ascii.len()]));
            }
            HirKind::Repetition(repetition) => {
                let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min + 2);
                for _ in 0..repetition.min + u32::try_from(chosen).unwrap() % (most - repetition.min + 1) {
                    example(&repetition.sub, choice, text);
                }
            }
            HirKind::Capture(capture) => example(&capture.sub, choice, text),
            HirKind::Concat(parts) => parts.iter().for_each(|part| example(part, choice, text)),
            HirKind::Alternation(arms) => example(&arms[chosen % arms.len()], choice, text),
        }
    }

    #[test]
    fn whatever_a_format_matches_is_found() {
        for (at, (_, pattern)) in FORMATS.iter().enumerate() {
            let hir = regex_syntax::parse(pattern).unwrap();
            for seed in 0..200 {
                let mut text = String::new();
                example(&hir, &mut (seed * FORMATS.len() + at), &mut text);
                let alone = expression(at).unwrap().is_match(&text);
                assert!(!alone || find(&text).is_some(), "{pattern} does not find {text}");
                assert!(alone || pattern.contains("\\b"), "{pattern} does not match {text}");
            }
        }
    }
}

//! The least TLS version that a setting accepts.

/// Versions that rules compare with; texts of this form sort by age.
const VERSIONS: &[&str] = &["1.0", "1.1", "1.2", "1.3"];

/// Named policies whose names do not say their version, in lower case: AWS load balancers (documentation of security policies
/// for Application and Classic Load Balancers), Azure Application Gateway (TLS policy overview). Those that accept SSL 3.0
/// count as TLS 1.0.
const NAMED: &[(&str, &str)] = &[
    ("elbsecuritypolicy-2011-08", "1.0"),
    ("elbsecuritypolicy-2014-01", "1.0"),
    ("elbsecuritypolicy-2014-10", "1.0"),
    ("elbsecuritypolicy-2015-02", "1.0"),
    ("elbsecuritypolicy-2015-03", "1.0"),
    ("elbsecuritypolicy-2015-05", "1.0"),
    ("elbsecuritypolicy-2016-08", "1.0"),
    ("elbsecuritypolicy-fs-2018-06", "1.0"),
    ("appgwsslpolicy20150501", "1.0"),
    ("appgwsslpolicy20170401", "1.1"),
    ("appgwsslpolicy20170401s", "1.2"),
    ("appgwsslpolicy20220101", "1.2"),
    ("appgwsslpolicy20220101s", "1.2"),
    ("tlsenforcementdisabled", "1.0"),
    ("sslv2", "1.0"),
    ("sslv3", "1.0"),
    ("ssl_3_0", "1.0"),
    ("ssl3", "1.0"),
    // The default of Google Cloud's SSL policies, and what API Gateway's edge policy accepts.
    ("securitypolicy_edge", "1.0"),
];

/// Reads `TLS1_2`, `1.2`, `TLSv1.2_2021`, `TLS_1_2`, `VersionTLS12`, `ELBSecurityPolicy-…` and the like; of several versions the
/// least. `None`: it names no version that is known here.
#[must_use]
pub(crate) fn least_version(text: &str) -> Option<&'static str> {
    let lower = text.trim().to_ascii_lowercase();
    if let Some((_, version)) = NAMED.iter().find(|(name, _)| *name == lower) {
        return Some(version);
    }
    if let Some(version) = VERSIONS.iter().find(|version| **version == lower || version.replace('.', "_") == lower) {
        return Some(version);
    }
    // A policy that names what it is for: `ELBSecurityPolicy-FS-1-2-2019-08`.
    if lower.starts_with("elbsecuritypolicy-") {
        let words: Vec<&str> = lower.split('-').collect();
        return words.windows(2).find(|pair| pair[0] == "1" && pair[1].len() == 1).and_then(|pair| minor(pair[1]));
    }
    let mut least: Option<&'static str> = None;
    for word in lower.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | ';' | '+' | '|')) {
        if let Some(version) = word_version(word) {
            least = Some(least.map_or(version, |least| least.min(version)));
        }
    }
    least
}

/// The version behind the first `tls` of a word.
fn word_version(word: &str) -> Option<&'static str> {
    let (_, after) = word.split_once("tls")?;
    let after = after.trim_start_matches(['v', '-', '_', ' ', '.']);
    let rest = after.strip_prefix('1')?;
    let separated = rest.trim_start_matches(['.', '_', '-']);
    let digits = separated.bytes().take_while(u8::is_ascii_digit).count();
    // `tls13-1-2-2021-06`: a policy that offers 1.3, and the least behind it.
    if rest.len() == separated.len()
        && digits == 1
        && let Some(least) = separated[1..].strip_prefix(['-', '_']).and_then(|policy| policy.strip_prefix(['1']))
        && let Some(least) = least.strip_prefix(['-', '_'])
        && least.as_bytes().get(1).is_none_or(|byte| !byte.is_ascii_digit())
    {
        return minor(least.get(..1)?);
    }
    match digits {
        1 => minor(&separated[..1]),
        // `TLSv1`, `TLSv1_2016`
        0 | 4 => Some("1.0"),
        _ => None,
    }
}

fn minor(digit: &str) -> Option<&'static str> {
    VERSIONS.get(digit.parse::<usize>().ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let rows = [
            ("TLS1_2", Some("1.2")),
            ("1.2", Some("1.2")),
            ("1_0", Some("1.0")),
            ("TLSv1.2_2021", Some("1.2")),
            ("TLSv1.3_2025", Some("1.3")),
            ("TLSv1_2016", Some("1.0")),
            ("TLSv1.1_2016", Some("1.1")),
            ("TLSv1", Some("1.0")),
            ("TLS_1_2", Some("1.2")),
            ("VersionTLS12", Some("1.2")),
            ("Tls13", Some("1.3")),
            ("TLS10", Some("1.0")),
            ("TLSEnforcementDisabled", Some("1.0")),
            ("SSLv3", Some("1.0")),
            ("TLSv1.2 TLSv1.3", Some("1.2")),
            ("TLSv1 TLSv1.1 TLSv1.2", Some("1.0")),
            ("Policy-Min-TLS-1-2-2019-07", Some("1.2")),
            ("Policy-Min-TLS-1-0-2019-07", Some("1.0")),
            ("Policy-Min-TLS-1-2-PFS-2023-10", Some("1.2")),
            ("ELBSecurityPolicy-2016-08", Some("1.0")),
            ("ELBSecurityPolicy-FS-2018-06", Some("1.0")),
            ("ELBSecurityPolicy-FS-1-1-2019-08", Some("1.1")),
            ("ELBSecurityPolicy-FS-1-2-Res-2020-10", Some("1.2")),
            ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", Some("1.2")),
            ("ELBSecurityPolicy-TLS-1-0-2015-04", Some("1.0")),
            ("ELBSecurityPolicy-TLS13-1-2-2021-06", Some("1.2")),
            ("ELBSecurityPolicy-TLS13-1-0-2021-06", Some("1.0")),
            ("ELBSecurityPolicy-TLS13-1-3-2021-06", Some("1.3")),
            ("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", Some("1.2")),
            ("SecurityPolicy_TLS13_1_2_2021_06", Some("1.2")),
            ("AppGwSslPolicy20170401S", Some("1.2")),
            ("AppGwSslPolicy20150501", Some("1.0")),
            ("ELBSecurityPolicy-2030-01", None),
            ("modern", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(least_version(text), expected, "{text}");
        }
    }
}

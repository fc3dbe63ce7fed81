//! Module sources: <https://opentofu.org/docs/language/modules/sources/>.

use plimsoll_syntax::Value;
use plimsoll_syntax::value::{Kind, Map, Shape};

use crate::lattice::{derived_value, first_unknown};

/// Where a module comes from.
struct Source<'s> {
    kind: &'static str,
    host: Option<&'s str>,
    reference: Option<&'s str>,
}

/// Prefixes that force a way of fetching.
const FORCED: &[(&str, &str)] =
    &[("git::", "git"), ("hg::", "hg"), ("s3::", "s3"), ("gcs::", "gcs"), ("git@", "git"), ("ssh://", "git")];
/// Hosts whose addresses mean git repositories without saying so.
const GIT_HOSTS: &[&str] = &["github.com", "bitbucket.org", "gitlab.com"];

/// Adds `source_kind`, `source_host` and `source_ref` to the fields of a module call.
pub(crate) fn describe(map: &mut Map) {
    let Some(source) = map.get("source").map(|entry| entry.value.clone()) else { return };
    let place = source.place;
    match (&source.kind, first_unknown(&source)) {
        (Kind::String(text), _) => {
            let read = read(text);
            let mut set = |name: &str, text: Option<&str>| {
                if let Some(text) = text {
                    map.set(name, Value::string(text, place));
                }
            };
            set("source_kind", Some(read.kind));
            set("source_host", read.host);
            set("source_ref", read.reference);
        }
        (_, Some(unknown)) => ["source_kind", "source_host", "source_ref"]
            .into_iter()
            .for_each(|name| map.set(name, derived_value(&unknown, Shape::String, place))),
        _ => {}
    }
}

fn read(text: &str) -> Source<'_> {
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let reference = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("ref=").or_else(|| pair.strip_prefix("rev=")))
        .filter(|reference| !reference.is_empty());
    let forced = FORCED.iter().find(|(prefix, _)| text.starts_with(prefix)).map(|(_, kind)| *kind);
    let host = host(address);
    let kind = match (forced, host) {
        (Some(kind), _) => kind,
        _ if text.starts_with('.') || text.starts_with('/') => "local",
        (None, Some(host)) if text.contains("://") && host.contains("amazonaws.com") => "s3",
        (None, Some(host)) if text.contains("://") && host.ends_with("googleapis.com") => "gcs",
        _ if text.starts_with("http://") || text.starts_with("https://") => "http",
        (None, Some(host)) if GIT_HOSTS.contains(&host) => "git",
        _ if is_registry(address) => "registry",
        _ => "other",
    };
    Source { kind, host: host.filter(|_| kind != "local"), reference }
}

/// The host of an address; of one without a scheme, its first part where that looks like a host.
fn host(address: &str) -> Option<&str> {
    let bare = address.rsplit_once("::").map_or(address, |(_, bare)| bare);
    let (has_scheme, rest) = bare.split_once("://").map_or((false, bare), |(_, rest)| (true, rest));
    let first = rest.split('/').next()?;
    let (user, host) = first.split_once('@').map_or((false, first), |(_, host)| (true, host));
    let name = host.split(':').next()?;
    ((has_scheme || user || (name.contains('.') && !name.starts_with('.'))) && !name.is_empty()).then_some(name)
}

/// `NAMESPACE/NAME/PROVIDER`, or the same behind a host.
pub(crate) fn is_registry(address: &str) -> bool {
    let parts: Vec<&str> = address.split("//").next().unwrap_or("").split('/').collect();
    let word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    match parts.as_slice() {
        [host, rest @ ..] if rest.len() == 3 => host.contains('.') && rest.iter().all(word),
        rest => rest.len() == 3 && rest.iter().all(word),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn sources() {
        for (text, kind, host, reference) in [
            ("./modules/vpc", "local", None, None),
            ("terraform-aws-modules/vpc/aws", "registry", None, None),
            ("app.example.com/acme/vpc/aws//modules/x", "registry", Some("app.example.com"), None),
            ("git::https://git.example.com/n.git?ref=v1", "git", Some("git.example.com"), Some("v1")),
            ("git@github.com:acme/n.git", "git", Some("github.com"), None),
            ("github.com/acme/n?ref=main", "git", Some("github.com"), Some("main")),
            ("hg::http://example.com/n?rev=1", "hg", Some("example.com"), Some("1")),
            ("https://example.com/n.zip", "http", Some("example.com"), None),
            ("s3::https://s3.amazonaws.com/b/n.zip", "s3", Some("s3.amazonaws.com"), None),
            ("acme/vpc", "other", None, None),
        ] {
            let source = read(text);
            assert_eq!((source.kind, source.host, source.reference), (kind, host, reference), "{text}");
        }
    }
}

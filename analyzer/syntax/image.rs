//! Container image references: `registry/repository:tag@digest`.
//!
//! The grammar is that of `distribution/reference` with Docker's familiar names: `nginx` is `docker.io/library/nginx`.

use compact_str::{CompactString, ToCompactString};

use crate::text::joined;

/// The registry of a reference that names none.
pub const DEFAULT_REGISTRY: &str = "docker.io";

/// An image reference, in full.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Image {
    /// Host, with its port where one is written: `docker.io`, `registry:5000`.
    pub registry: CompactString,
    /// The path under the registry: `library/nginx`.
    pub repository: CompactString,
    /// `registry/repository`: `docker.io/library/nginx`.
    pub name: CompactString,
    /// The tag, when one is written; no `latest` is made up.
    pub tag: Option<CompactString>,
    /// `sha256:…`
    pub digest: Option<CompactString>,
}

impl Image {
    /// The name as people write it: without what Docker adds by itself (`nginx`, `ghcr.io/a/b`).
    #[must_use]
    pub fn familiar(&self) -> &str {
        match self.registry.as_str() {
            DEFAULT_REGISTRY => self.repository.strip_prefix("library/").unwrap_or(&self.repository),
            _ => &self.name,
        }
    }
}

/// Reads a reference; `None` where the grammar refuses it (upper case in the repository, an empty part, a malformed digest).
#[must_use]
pub fn parse(reference: &str) -> Option<Image> {
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (reference, None),
    };
    // A colon after the last slash begins the tag; one before it is the registry's port.
    let path = rest.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match rest[path..].find(':') {
        Some(colon) => (&rest[..path + colon], Some(&rest[path + colon + 1..])),
        None => (rest, None),
    };
    if digest.is_some_and(|digest| !is_digest(digest)) || tag.is_some_and(|tag| !is_tag(tag)) || name.len() > 255 {
        return None;
    }
    let (registry, repository) = match name.split_once('/') {
        Some((first, rest)) if is_registry(first) => (first, rest.to_compact_string()),
        Some(_) => (DEFAULT_REGISTRY, name.to_compact_string()),
        None => (DEFAULT_REGISTRY, joined(["library/", name])),
    };
    let registry = if registry == "index.docker.io" { DEFAULT_REGISTRY } else { registry };
    let repository = match repository.contains('/') || registry != DEFAULT_REGISTRY {
        true => repository,
        false => joined(["library/", &repository]),
    };
    // A bare image id is not a name.
    let id = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if id || (registry != DEFAULT_REGISTRY && !is_host(registry)) || !repository.split('/').all(is_component) {
        return None;
    }
    Some(Image {
        registry: registry.into(),
        name: joined([registry, "/", &repository]),
        repository,
        tag: tag.map(Into::into),
        digest: digest.map(Into::into),
    })
}

/// Whether the first part of a name is a registry: it looks like a host, or cannot be a path.
fn is_registry(first: &str) -> bool {
    first == "localhost" || first.bytes().any(|byte| matches!(byte, b'.' | b':' | b'[' | b'A'..=b'Z'))
}

fn is_host(registry: &str) -> bool {
    let (host, port) = match registry.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (registry, None),
    };
    if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit())) {
        return false;
    }
    if let Some(address) = host.strip_prefix('[') {
        let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        return address.strip_suffix(']').is_some_and(|address| !address.is_empty() && address.bytes().all(hex));
    }
    host.split('.').all(|label| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    })
}

/// Lower-case letters and digits, separated by one `.`, one or two `_`, or any number of `-`.
fn is_component(component: &str) -> bool {
    let bytes = component.as_bytes();
    let is_word = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let separates = |between: &[u8]| matches!(between, b"" | b"." | b"_" | b"__") || between.iter().all(|byte| *byte == b'-');
    bytes.first().is_some_and(is_word) && bytes.last().is_some_and(is_word) && bytes.split(is_word).all(separates)
}

fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = tag.bytes();
    tag.len() <= 128 && bytes.next().is_some_and(word) && bytes.all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hash)) = digest.split_once(':') else { return false };
    let named = algorithm.split(['+', '.', '-', '_']).all(|part| {
        part.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    named && hash.len() >= 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_have_parts() {
        let hash = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let pinned = format!("nginx:1.27@{hash}");
        type Parts<'t> = (&'t str, &'t str, Option<&'t str>, Option<&'t str>);
        let rows: &[(&str, Option<Parts<'_>>)] = &[
            ("nginx", Some(("docker.io", "library/nginx", None, None))),
            ("nginx:1.27", Some(("docker.io", "library/nginx", Some("1.27"), None))),
            (&pinned, Some(("docker.io", "library/nginx", Some("1.27"), Some(hash)))),
            ("bitnami/redis", Some(("docker.io", "bitnami/redis", None, None))),
            ("docker.io/nginx:a", Some(("docker.io", "library/nginx", Some("a"), None))),
            ("index.docker.io/a/b", Some(("docker.io", "a/b", None, None))),
            ("localhost/a", Some(("localhost", "a", None, None))),
            ("registry:5000/a/b:1", Some(("registry:5000", "a/b", Some("1"), None))),
            ("[::1]:5000/a", Some(("[::1]:5000", "a", None, None))),
            ("ghcr.io/o/r__x/y-z", Some(("ghcr.io", "o/r__x/y-z", None, None))),
            ("Nginx", None),
            ("a/B", None),
            ("nginx:", None),
            ("nginx@sha256:12", None),
            ("a..b", None),
            ("-a", None),
            ("", None),
            ("a//b", None),
            ("${IMAGE}", None),
            ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", None),
        ];
        for (reference, expected) in rows {
            let image = parse(reference);
            let parts = image
                .as_ref()
                .map(|image| (image.registry.as_str(), image.repository.as_str(), image.tag.as_deref(), image.digest.as_deref()));
            assert_eq!(parts, *expected, "{reference}");
        }
        assert_eq!(parse("nginx").map(|image| image.familiar().to_owned()).as_deref(), Some("nginx"));
    }
}

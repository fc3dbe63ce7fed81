//! What is out of support, by the day of this release: no clock is asked.

use std::borrow::Cow;
use std::sync::LazyLock;

use plimsoll_syntax::image;
use rustc_hash::FxHashMap;

use super::version;

/// Rows of `retired.tsv` that end later than this day are not used yet.
const AS_OF: &str = "2026-06-30";

/// The tables, in one file: table, key, end, source.
static ROWS: &str = include_str!("retired.tsv");

/// A row of a table.
#[derive(Clone, Copy, Debug)]
struct Row<'a> {
    key: &'a str,
    /// A day (`2026-06-30`), or the Kubernetes version that dropped it.
    end: &'a str,
}

/// The rows that count, by table.
static TABLES: LazyLock<FxHashMap<&'static str, Vec<Row<'static>>>> = LazyLock::new(|| {
    let mut tables: FxHashMap<&str, Vec<Row<'static>>> = FxHashMap::default();
    for line in ROWS.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        if let (Some(table), Some(key), Some(end)) = (cells.next(), cells.next(), cells.next())
            && (!end.contains('-') || end <= AS_OF)
        {
            tables.entry(table).or_default().push(Row { key, end });
        }
    }
    tables
});

/// The versions that dropped an API, by its name: every object is asked for.
static APIS: LazyLock<FxHashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut apis: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    for row in rows("kubernetes-api") {
        apis.entry(row.key).or_default().push(row.end);
    }
    apis
});

/// Base images that are out of support.
#[derive(Debug, Default)]
struct Images {
    /// Versions by repository.
    versions: FxHashMap<&'static str, Vec<&'static str>>,
    /// What a word of any tag says the image is built on, as a name and a version: `16-bullseye`, `3.12-alpine3.16`.
    words: Vec<(&'static str, &'static str)>,
}

static IMAGES: LazyLock<Images> = LazyLock::new(|| {
    let mut images = Images::default();
    for (repository, version) in rows("base-image").filter_map(|row| row.key.split_once(':')) {
        match repository {
            "*" => images.words.push(version.split_at(letters(version))),
            _ => images.versions.entry(repository).or_default().push(version),
        }
    }
    images
});

fn rows(table: &str) -> std::slice::Iter<'static, Row<'static>> {
    TABLES.get(table).map_or(&[][..], Vec::as_slice).iter()
}

/// Whether the table lists the text as out of support.
///
/// Tables: `lambda-runtime` (`nodejs14.x`), `eks` (`1.21`), `rds-ca` (`rds-ca-2019`), `kubernetes-api`
/// (`apps/v1beta1/Deployment`, also `apps/v1beta1, Kind=Deployment`), `base-image` (an image reference). A table that does not
/// exist lists nothing. Of Kubernetes' APIs those are out of support that its version has dropped.
#[must_use]
pub(crate) fn is(text: &str, table: &str, kubernetes: &str) -> bool {
    let text = text.trim();
    match table {
        "base-image" => is_image(text),
        "kubernetes-api" => {
            let dropped = |end: &str| version::satisfies(kubernetes, &format!(">= {end}")).unwrap_or(true);
            APIS.get(&*gvk(text)).into_iter().flatten().any(|end| dropped(end))
        }
        _ => rows(table).any(|row| is_version(text, row.key)),
    }
}

/// The name of an API as the table has it: `apps/v1beta1/Deployment`.
fn gvk(text: &str) -> Cow<'_, str> {
    if !text.contains([',', ' ', '=']) && text.split('/').all(|part| !part.is_empty()) {
        return text.into();
    }
    let parts = text.split(['/', ',', ' ', '=']).filter(|part| !part.is_empty() && *part != "Kind");
    parts.collect::<Vec<_>>().join("/").into()
}

/// An image of Docker's official ones, wherever it is mirrored.
fn is_image(reference: &str) -> bool {
    let Some(image) = image::parse(reference) else { return false };
    let Some((_, name)) = image.name.rsplit_once("library/") else { return false };
    let tag = match (&image.tag, &image.digest) {
        (Some(tag), _) => tag.as_str(),
        (None, None) => "latest",
        (None, Some(_)) => return false,
    };
    let version = tag.split('-').next().unwrap_or("");
    IMAGES.versions.get(name).into_iter().flatten().any(|key| is_version(version, key))
        || tag.split('-').any(|part| IMAGES.words.iter().any(|word| is_variant(part, *word)))
}

/// How many small letters a word begins with.
fn letters(word: &str) -> usize {
    word.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(word.len())
}

fn is_variant(part: &str, (name, version): (&str, &str)) -> bool {
    match part.strip_prefix(name) {
        Some(rest) if version.is_empty() => rest.is_empty(),
        Some(rest) => !rest.is_empty() && is_version(rest, version),
        None => false,
    }
}

/// Whether a version is the key's, to the key's precision: `3.8.1` is `3.8`, and `<=3.9`; `3` is neither.
fn is_version(text: &str, key: &str) -> bool {
    let (older, key) = match key.strip_prefix("<=") {
        Some(key) => (true, key),
        None => (false, key),
    };
    let mut same = true;
    let mut parts = text.split('.');
    for wanted in key.split('.') {
        let Some(part) = parts.next() else { return false };
        if same && part != wanted {
            match (older, part.parse::<u32>(), wanted.parse::<u32>()) {
                (true, Ok(part), Ok(wanted)) if part < wanted => same = false,
                _ => return false,
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed() {
        let rows = [
            ("nodejs14.x", "lambda-runtime", true),
            ("nodejs22.x", "lambda-runtime", false),
            ("python3.1", "lambda-runtime", false),
            ("1.21", "eks", true),
            ("1.9", "eks", true),
            ("1.33", "eks", false),
            ("2.0", "eks", false),
            ("rds-ca-2019", "rds-ca", true),
            ("rds-ca-rsa2048-g1", "rds-ca", false),
            ("apps/v1beta1/Deployment", "kubernetes-api", true),
            ("extensions/v1beta1, Kind=Ingress", "kubernetes-api", true),
            ("policy/v1beta1 PodSecurityPolicy", "kubernetes-api", true),
            ("apps/v1/Deployment", "kubernetes-api", false),
            ("v1/Pod", "kubernetes-api", false),
            ("debian:9", "base-image", true),
            ("debian:stretch-slim", "base-image", true),
            ("debian:12", "base-image", false),
            ("ubuntu:16.04", "base-image", true),
            ("ubuntu:18.04", "base-image", true),
            ("ubuntu:22.04", "base-image", false),
            ("ubuntu:24.04", "base-image", false),
            ("alpine:3.9.6", "base-image", true),
            ("alpine:3.22", "base-image", false),
            ("alpine:3", "base-image", false),
            ("centos", "base-image", true),
            ("centos:7", "base-image", true),
            ("node:14-alpine", "base-image", true),
            ("node:22-stretch", "base-image", true),
            ("node:22-alpine3.15", "base-image", true),
            ("node:22-alpine", "base-image", false),
            ("python:2.7", "base-image", true),
            ("python:3", "base-image", false),
            ("python:3.6-slim", "base-image", true),
            ("public.ecr.aws/docker/library/node:14", "base-image", true),
            ("ghcr.io/me/node:14", "base-image", false),
            ("node:latest", "base-image", false),
            ("x", "no-table", false),
        ];
        for (text, table, expected) in rows {
            assert_eq!(is(text, table, "1.37.0"), expected, "{text} {table}");
        }
    }

    #[test]
    fn an_api_is_there_until_its_version() {
        let beta = "policy/v1beta1/PodSecurityPolicy";
        assert_eq!(["1.24", "1.25", "1.31"].map(|version| is(beta, "kubernetes-api", version)), [false, true, true]);
    }

    #[test]
    fn rows_are_whole() {
        for line in ROWS.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('\t').count(), 4, "{line}");
        }
    }
}

//! The versions that this release knows: a rule that is for some versions of a tool runs where the newest known one is among them.

use compact_str::CompactString;

use crate::domains::version;

/// The newest version of each tool that the schemas describe.
const NEWEST: &[(&str, &str)] = &[
    ("aws", "6.25.0"),
    ("azurerm", "4.55.0"),
    ("google", "6.50.0"),
    ("docker", "29.0.0"),
    ("kubernetes", "1.37.0"),
    ("terraform", "1.14.0"),
    ("opentofu", "1.12.6"),
];

/// The newest known version of a tool; empty for one that is not known.
pub(crate) fn newest(tool: &str) -> &'static str {
    NEWEST.iter().find(|(name, _)| *name == tool).map_or("", |(_, version)| version)
}

/// The minor version of Kubernetes 1 that is meant by `1.31`; the newest known where nothing is said.
pub(crate) fn kubernetes_minor(version: Option<&str>) -> u32 {
    let minor = |version: &str| version.split('.').nth(1)?.parse().ok();
    version.and_then(minor).or_else(|| minor(newest("kubernetes"))).unwrap_or_default()
}

/// Whether all constraints hold, for the version of Kubernetes that manifests are for and the newest of everything else; one about a
/// tool that is not known holds.
pub(crate) fn holds(constraints: &[(CompactString, CompactString)], kubernetes: &str) -> bool {
    constraints.iter().all(|(tool, constraint)| {
        let version = if tool == "kubernetes" { kubernetes } else { newest(tool) };
        version.is_empty() || version::satisfies(version, constraint).unwrap_or(true)
    })
}

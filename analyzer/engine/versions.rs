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

/// Whether all constraints hold; one about a tool that is not known holds.
pub(crate) fn holds(constraints: &[(CompactString, CompactString)]) -> bool {
    constraints.iter().all(|(tool, constraint)| {
        let newest = NEWEST.iter().find(|(name, _)| name == tool);
        newest.is_none_or(|(_, newest)| version::satisfies(newest, constraint).unwrap_or(true))
    })
}

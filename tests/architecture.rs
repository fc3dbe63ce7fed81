//! The order of the house: which crate may know which, as Cargo sees it.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Each crate with all that it may depend on, directly, of ours.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("plimsoll-syntax", &[]),
    ("plimsoll-terraform", &["plimsoll-syntax"]),
    ("plimsoll-kubernetes", &["plimsoll-syntax"]),
    ("plimsoll-docker", &["plimsoll-syntax"]),
    ("plimsoll-helm", &["plimsoll-syntax"]),
    ("plimsoll-kustomize", &["plimsoll-syntax"]),
    ("plimsoll-connectivity", &["plimsoll-syntax", "plimsoll-kubernetes"]),
    ("plimsoll-world", &["plimsoll-syntax", "plimsoll-kubernetes", "plimsoll-connectivity"]),
    ("plimsoll-rule-language", &["plimsoll-syntax"]),
    // Kubernetes for the API versions that relations name.
    ("plimsoll-rules", &["plimsoll-rule-language", "plimsoll-syntax", "plimsoll-kubernetes"]),
    (
        "plimsoll-engine",
        &[
            "plimsoll-syntax",
            "plimsoll-terraform",
            "plimsoll-kubernetes",
            "plimsoll-docker",
            "plimsoll-helm",
            "plimsoll-kustomize",
            "plimsoll-connectivity",
            "plimsoll-world",
            "plimsoll-rule-language",
            "plimsoll-rules",
        ],
    ),
    ("plimsoll-lsp", &["plimsoll-engine", "plimsoll-rules", "plimsoll-syntax"]),
    ("plimsoll", &["plimsoll-engine", "plimsoll-lsp", "plimsoll-rules", "plimsoll-rule-language", "plimsoll-syntax"]),
];

#[test]
fn knowledge_points_one_way() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(plimsoll_tests::workspace())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if name == "plimsoll-tests" {
            continue;
        }
        let (_, may) = MAY_KNOW.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("{name} is not in this test's list"));
        let ours: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .filter_map(|dependency| dependency["name"].as_str())
            .filter(|dependency| dependency.starts_with("plimsoll"))
            .collect();
        for known in ours {
            assert!(may.contains(&known), "{name} must not know {known}");
        }
    }
}

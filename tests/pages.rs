//! The examples of every built-in rule: bad ones are reported on their marked lines and nowhere else, good ones are not.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use camino::Utf8PathBuf;
use plimsoll_engine::pages;
use plimsoll_tests::{files_below, workspace};

/// Every page of the `rules` folder with its text.
fn all() -> Vec<(Utf8PathBuf, String)> {
    let root = workspace().join("rules");
    let read = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (Utf8PathBuf::from_path_buf(path).unwrap(), text)
    };
    files_below(&root, |name| name.ends_with(".md")).into_iter().map(read).collect()
}

#[test]
fn every_example_does_as_its_page_says() {
    let mut failures = Vec::new();
    for result in pages::test(&all()) {
        failures.extend(result.failures.iter().map(|failure| format!("{}:{}: {}", result.path, failure.line, failure.message)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_page_has_bad_and_good_examples() {
    for (path, text) in all() {
        for heading in ["\n## Bad\n", "\n## Good\n"] {
            let (_, section) = text.split_once(heading).unwrap_or(("", ""));
            let section = section.split("\n## ").next().unwrap_or("");
            assert!(section.contains("```"), "{path} has no example under{heading}");
        }
    }
}

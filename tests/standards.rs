//! Tables of standards in `docs` and the tags of rule pages say the same.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use plimsoll_tests::{files_below, workspace};

/// A table, the tag that its items are, and how many items each of its sections has: the benchmark's own contents.
const TABLES: &[(&str, &str, &[usize])] = &[("docs/cis-docker.md", "cis-docker", &[20, 18, 24, 12, 32, 2, 9])];

/// The pages by item, as their tags say it: `docker/runs-as-root.md`.
fn tagged(standard: &str) -> BTreeMap<String, BTreeSet<String>> {
    let root = workspace().join("rules");
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files_below(&root, |name| name.ends_with(".md")) {
        let text = fs::read_to_string(&path).unwrap();
        let Some((_, rest)) = text.split_once("```rule\n") else { continue };
        let header = rest.split("\n```").next().unwrap();
        let page = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        for tag in header.split('"').filter_map(|word| word.strip_prefix(standard)?.strip_prefix(':')) {
            all.entry(tag.to_owned()).or_default().insert(page.clone());
        }
    }
    all
}

/// The items of a table in order: number, pages, and what stands in their place where there are none.
fn rows(text: &str) -> Vec<(String, BTreeSet<String>, String)> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [item, _, seen] = cells.as_slice() else { return None };
        let pages = seen.split("](../rules/").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned());
        item.starts_with(|first: char| first.is_ascii_digit()).then(|| (item.to_string(), pages.collect(), seen.to_string()))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn tables_and_tags_agree() {
    for (path, standard, sections) in TABLES {
        let rows = rows(&fs::read_to_string(workspace().join(path)).unwrap());
        let mut tagged = tagged(standard);
        for (item, pages, seen) in &rows {
            let tags = tagged.remove(item).unwrap_or_default();
            assert_eq!(*pages, tags, "{path}: what the table says of {item}, and the pages with the tag {standard}:{item}");
            assert!(!pages.is_empty() || seen.starts_with("no: "), "{path}: {item} has neither a page nor a reason");
        }
        assert!(tagged.is_empty(), "{path} lacks items that pages have as tags: {tagged:?}");
        for (number, expected) in (1..).zip(*sections) {
            let prefix = format!("{number}.");
            let found: BTreeSet<&String> = rows.iter().map(|row| &row.0).filter(|item| item.starts_with(&prefix)).collect();
            assert_eq!(found.len(), *expected, "{path}: items of section {number}");
        }
    }
}

//! The committed scoreboard agrees with itself: each reason is one for a difference that there is.

use std::fs;

use plimsoll_tests::workspace;

#[test]
fn every_reason_is_of_a_difference() {
    let read = |name: &str| fs::read_to_string(workspace().join("snapshots").join(name)).unwrap();
    let (reasons, differences) = (read("reasons.tsv"), read("deviations.md"));
    for row in reasons.lines().filter(|row| !row.is_empty() && !row.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [key, whose, why] = columns.as_slice() else { panic!("not three columns: {row}") };
        assert!(["ours", "theirs", "by design"].contains(whose), "{key}: whose is `{whose}`?");
        let end = format!("| {whose} | {why} |");
        // One sample is written without its suite.
        let name = if key.contains(':') { *key } else { key.split_once('/').map_or(*key, |pair| pair.1) };
        let is_it = |line: &&str| line.contains(&format!("| {name} |")) && line.ends_with(&end);
        assert!(differences.lines().any(|line| is_it(&line)), "{key}: nothing differs there (any more)");
    }
}

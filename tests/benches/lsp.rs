//! The language server in a workspace of 10,000 files: how long after `didChange` the diagnostics of the edited file are there (goal: 99 of
//! 100 within 10 ms), and the last ones of other files about which that edit makes a difference (goal: 100 ms); after what time a client
//! knows that everything has been judged, the world included; the time to the first diagnostics (goal: 300 ms after `initialized`) and
//! the memory (goal: 300 MB).
//!
//! `cargo bench -p plimsoll-tests --bench lsp`; the program is `PLIMSOLL`, by default the release build, which must be there. `FILES` and
//! `EDITS` choose other sizes; `FOLDER` takes the files of a real repository instead, and edits the first of each kind in it.

#[path = "../lsp/client.rs"]
#[expect(dead_code, clippy::unwrap_used, clippy::panic, reason = "shared with the tests, which need more of it")]
mod client;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

use plimsoll_tests::generate::company;
use plimsoll_tests::measure::{check, milliseconds};
use plimsoll_tests::random::Random;
use plimsoll_tests::{files_below, workspace};
use serde_json::json;

use client::Client;

/// What is edited: by how their paths end.
const EDITED: &[&str] = &[
    "/compute.tf",
    "-queue/main.tf",
    "/terraform.tfvars",
    "/deployment.yaml",
    "/policy.yaml",
    "/namespace.yaml",
    "/Dockerfile",
    "/compose.yaml",
];

/// The same in a real repository.
const EDITED_THERE: &[&str] =
    &["main.tf", "variables.tf", ".tfvars", "Dockerfile", "deployment.yaml", "values.yaml", "compose.yml", ".yaml"];

fn main() {
    let program = env::var_os("PLIMSOLL").map_or_else(|| workspace().join("target/release/plimsoll"), PathBuf::from);
    let number = |name: &str, default: usize| env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (count, edits) = (number("FILES", 10_000), number("EDITS", 500));
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-lsp");
    let _ = fs::remove_dir_all(&root);
    let (files, kinds) = match env::var_os("FOLDER") {
        Some(folder) => (real(Path::new(&folder)), EDITED_THERE),
        None => (company::files(&mut Random::new(3), count), EDITED),
    };
    let count = files.len();
    for (path, text) in &files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&root)).unwrap_or_default();
        fs::write(path, text).unwrap_or_default();
    }
    let start = Instant::now();
    check(&program, &root);
    println!("{count} files; a cold check of the same takes {:.0} ms", milliseconds(start.elapsed()));

    let documents: Vec<(&str, &String)> = kinds
        .iter()
        .filter_map(|ending| files.iter().find(|(path, _)| path.ends_with(ending)))
        .map(|(path, text)| (path.as_str(), text))
        .collect();
    let Some((first, text)) = documents.first() else { return };
    let capabilities = json!({ "general": { "positionEncodings": ["utf-8"] }, "textDocument": { "publishDiagnostics": { "versionSupport": true } } });
    let mut client = Client::start(&program, &root, capabilities);
    let start = Instant::now();
    client.open(first, text);
    let uri = client.uri(first);
    client.wait(|client| client.published.contains_key(&uri), "the first diagnostics");
    println!("first diagnostics of an open file  {:>8.1} ms after `initialized` (goal: 300)", milliseconds(start.elapsed()));
    client.everything();
    println!("everything judged                  {:>8.1} ms, {} MB resident", milliseconds(start.elapsed()), resident(&client));
    for (path, text) in documents.iter().skip(1) {
        client.open(path, text);
    }
    client.everything();
    let mut measured: BTreeMap<&str, [Vec<Duration>; 3]> = BTreeMap::new();
    let mut random = Random::new(7);
    for number in 0..edits {
        let Some((path, text)) = documents.get(number % documents.len()) else { continue };
        let kind = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or("");
        let changed = edited(&mut random, text, number / documents.len());
        let start = Instant::now();
        let version = client.change(path, &[(None, &changed)]);
        let uri = client.uri(path);
        client
            .wait(|client| client.published.get(&uri).is_some_and(|(at, _)| *at == Some(version)), "the diagnostics of an edit");
        let own = start.elapsed();
        client.everything();
        let all = start.elapsed();
        let others = client.published_at.iter().filter(|(other, at)| **other != uri && **at > start);
        let others = others.map(|(_, at)| at.duration_since(start)).max();
        for kind in [kind, "together"] {
            let times = measured.entry(kind).or_default();
            times[0].push(own);
            times[1].extend(others);
            times[2].push(all);
        }
    }
    println!(
        "{edits} edits, ms              edited file: p50   p95   p99 | other files: p50   p95   p99 | everything: p50   p95   p99"
    );
    for (kind, times) in measured {
        row(kind, &times);
    }
    println!("{} MB resident afterwards", resident(&client));
    client.stop();
    let _ = fs::remove_dir_all(&root);
}

/// The files of a repository that are texts.
fn real(folder: &Path) -> Vec<(String, String)> {
    let texts = files_below(folder, |_| true).into_iter().filter_map(|path| {
        let text = fs::read_to_string(&path).ok()?;
        Some((path.strip_prefix(folder).ok()?.to_str()?.to_owned(), text))
    });
    texts.collect()
}

/// A letter is typed, a line is broken, a line is taken away, and it is mended again.
fn edited(random: &mut Random, text: &str, round: usize) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = random.below(lines.len());
    let (before, rest) = (lines.get(..at).unwrap_or_default().concat(), lines.get(at..).unwrap_or_default());
    let (line, after) = rest.split_first().map_or(("", String::new()), |(line, after)| (*line, after.concat()));
    match round % 4 {
        0 => format!("{before}{} x\n{after}", line.trim_end()),
        1 => format!("{before}{}\n{after}", line.trim_end().get(1..).unwrap_or("")),
        2 => format!("{before}{after}"),
        _ => text.to_owned(),
    }
}

fn row(kind: &str, times: &[Vec<Duration>; 3]) {
    let at = |times: &[Duration], percent: usize| {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        milliseconds(sorted.get(index).copied().unwrap_or_default())
    };
    let [own, others, all] =
        times.each_ref().map(|times| [50, 95, 99].map(|percent| format!("{:>5.1}", at(times, percent))).join(" "));
    println!("{kind:<18} {own:>34} | {others:>30} | {all:>29}   ({} had others)", times[1].len());
}

/// In megabytes; 0 where the system does not tell.
fn resident(client: &Client) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", client.server.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) / 1024
}

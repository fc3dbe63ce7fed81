//! A flood of edits, requests and cancellations, made up from a seed: in the end the server knows exactly what a fresh check finds.
//!
//! `PLIMSOLL_SEEDS=100` for a long run; `PLIMSOLL_SEED=17` for one seed alone.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::Client;
use crate::random::Random;
use crate::workspace::{POD, Workspace, program, pulling, pushed, watched};

const FEW: u64 = 4;
const BURSTS: usize = 12;

const FILES: [(&str, &str); 7] = [
    (
        "main.tf",
        "module \"a\" {\n  source = \"./m\"\n  owner  = var.owner\n}\nresource \"aws_sqs_queue\" \"x\" {\n  tags = { owner = local.o }\n}\nlocals { o = \"é😀\" }\n",
    ),
    ("variables.tf", "variable \"owner\" {\n  default = \"nobody\"\n}\n"),
    ("terraform.tfvars", "owner = \"team-a\"\n"),
    (
        "m/main.tf",
        "variable \"owner\" {}\nresource \"aws_sqs_queue\" \"q\" {\n  # plimsoll: allow(queue-without-owner) reason=\"later\"\n  tags = { owner = var.owner }\n}\n",
    ),
    ("pod.yaml", POD),
    (
        "deploy/pods.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: { name: é }\nspec:\n  containers:\n    - name: b\n      securityContext: { privileged: true }\n",
    ),
    ("compose.yaml", "services:\n  a:\n    image: a\n    privileged: true\n"),
];

/// What people type, and what they do not.
const SNIPPETS: [&str; 16] = [
    "\n",
    "{",
    "}",
    "\"",
    "# plimsoll: allow(queue-without-owner) reason=\"x\"\n",
    "resource \"aws_sqs_queue\" \"n\" {\n}\n",
    "privileged: true",
    "false",
    "é",
    "😀",
    "  ",
    "---\n",
    "team-",
    "source = \"./m\"\n",
    "\r\n",
    "var.owner",
];

#[test]
fn a_flood_ends_as_a_fresh_check() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = number("PLIMSOLL_SEED").map_or(0..number("PLIMSOLL_SEEDS").unwrap_or(FEW), |seed| seed..seed + 1);
    for seed in seeds {
        flood(seed);
    }
}

fn flood(seed: u64) {
    let mut random = Random::new(seed);
    let workspace = Workspace::new(&FILES);
    let mut capabilities = if random.percent(50) { pushed() } else { pulling() };
    capabilities["general"]["positionEncodings"] = json!([random.pick(&["utf-8", "utf-16", "utf-32"])]);
    let mut client = workspace.client_with(capabilities);
    let encoding = client.offer["capabilities"]["positionEncoding"].as_str().unwrap().to_owned();
    let mut texts: Vec<String> = FILES.iter().map(|(_, text)| (*text).to_owned()).collect();
    let mut open = [false; FILES.len()];
    let mut asked = Vec::new();
    for _ in 0..BURSTS {
        for _ in 0..=random.below(20) {
            let at = random.below(FILES.len());
            let (path, first) = FILES[at];
            if !open[at] {
                open[at] = true;
                client.open(path, &texts[at]);
            }
            match random.below(100) {
                0..80 => edit(&mut random, &mut client, path, &mut texts[at], first, &encoding),
                80..85 => {
                    workspace.write(path, &texts[at]);
                    client.close(path);
                    open[at] = false;
                }
                85..88 => watched(&mut client, &[(path, 2), ("plimsoll.toml", 2)]),
                _ => asked.push(ask(&mut random, &mut client, path)),
            }
        }
        if random.percent(30) {
            client.listen(std::time::Duration::from_millis(random.number() % 30));
        }
    }
    for id in asked {
        client.answer(id);
    }
    let everything = client.everything();
    for ((path, _), text) in FILES.iter().zip(&texts) {
        workspace.write(path, text);
    }
    let expected = fresh(&workspace, &texts, &encoding);
    let known: BTreeSet<String> =
        everything.iter().flat_map(|(uri, found)| found.iter().map(|found| told(&client, uri, found))).collect();
    assert_eq!(known, expected, "seed {seed}");
    if client.offer["capabilities"]["diagnosticProvider"].is_null() {
        let published = |client: &Client| {
            client
                .published
                .iter()
                .flat_map(|(uri, (_, found))| found.iter().map(|found| told(client, uri, found)))
                .collect::<BTreeSet<_>>()
        };
        client.wait(|client| published(client) == expected, &format!("the last word, seed {seed}"));
    }
    assert_eq!(client.stop(), Some(0), "seed {seed}");
}

/// One to three changes in one message.
fn edit(random: &mut Random, client: &mut Client, path: &str, text: &mut String, first: &str, encoding: &str) {
    if random.percent(10) {
        *text = first.to_owned();
        client.change(path, &[(None, first)]);
        return;
    }
    let mut changes = Vec::new();
    for _ in 0..=random.below(3) {
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let start = random.below(boundaries.len());
        let length = if random.percent(50) { 0 } else { random.below(12) };
        let (start, end) = (boundaries[start], boundaries[(start + length).min(boundaries.len() - 1)]);
        let (from, to) = (position(text, start, encoding), position(text, end, encoding));
        let new = if length > 0 && random.percent(50) { "" } else { random.pick(&SNIPPETS) };
        // A position between \r and \n is none.
        if [start, end].iter().any(|&at| text[..at].ends_with('\r') && text[at..].starts_with('\n')) {
            continue;
        }
        text.replace_range(start..end, new);
        changes.push((Some([from.0, from.1, to.0, to.1]), new));
    }
    if !changes.is_empty() {
        client.change(path, &changes);
    }
}

fn ask(random: &mut Random, client: &mut Client, path: &str) -> i64 {
    let uri = client.uri(path);
    let place = json!({ "line": random.below(8), "character": random.below(30) });
    let document = json!({ "uri": uri });
    let id = match random.below(3) {
        0 => client.ask("textDocument/hover", json!({ "textDocument": document, "position": place })),
        1 => client.ask(
            "textDocument/codeAction",
            json!({ "textDocument": document, "range": { "start": place, "end": place }, "context": { "diagnostics": [] } }),
        ),
        _ => client.ask("textDocument/diagnostic", json!({ "textDocument": document })),
    };
    if random.percent(40) {
        client.notify("$/cancelRequest", json!({ "id": id }));
    }
    id
}

/// Line and column of a byte, as the protocol counts them.
fn position(text: &str, at: usize, encoding: &str) -> (usize, usize) {
    let before = &text[..at];
    let ends =
        before.char_indices().filter(|&(at, letter)| letter == '\n' || letter == '\r' && !text[at + 1..].starts_with('\n'));
    let ends: Vec<usize> = ends.map(|(at, _)| at + 1).collect();
    let line = &before[ends.last().copied().unwrap_or(0)..];
    let column = match encoding {
        "utf-8" => line.len(),
        "utf-16" => line.encode_utf16().count(),
        _ => line.chars().count(),
    };
    (ends.len(), column)
}

fn told(client: &Client, uri: &str, found: &Value) -> String {
    let path = uri.strip_prefix(&format!("{}/", crate::client::uri(&client.root))).unwrap_or(uri);
    format!("{path} {}", crate::client::line(found))
}

/// What `plimsoll check` says about the same texts.
fn fresh(workspace: &Workspace, texts: &[String], encoding: &str) -> BTreeSet<String> {
    let output =
        Command::new(program()).args(["check", "--output-format", "json"]).current_dir(workspace.root()).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let shown = |found: &Value, code: &str, message: &str| {
        let path = found["path"].as_str().unwrap();
        let text = FILES.iter().zip(texts).find(|((known, _), _)| *known == path).map_or("", |(_, text)| text);
        let place = |end: &str| {
            let (line, column) = (number(&found[end]["line"]), number(&found[end]["column"]));
            let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            let at = text[start..].char_indices().nth(column - 1).map_or(text.len(), |(at, _)| start + at);
            let (line, column) = position(text, at, encoding);
            format!("{line}:{column}")
        };
        format!("{path} {}-{} {code} {message}", place("start"), place("end"))
    };
    let findings = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| shown(found, found["rule"].as_str().unwrap(), found["message"].as_str().unwrap()));
    let lost =
        report["incomplete"].as_array().unwrap().iter().map(|lost| {
            shown(lost, "incomplete", &format!("not understood, and not checked: {}", lost["reason"].as_str().unwrap()))
        });
    findings.chain(lost).collect()
}

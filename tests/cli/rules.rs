//! `plimsoll explain`, `plimsoll rules` and what belongs to one's own rules.

use snapbox::prelude::*;
use snapbox::{assert_data_eq, str};

use crate::workspace::{BAD_QUEUE, QUEUE_RULE, Workspace};

#[test]
fn a_rule_is_explained() {
    let ran = Workspace::new(&[]).run(&["explain", "queue-without-owner"]);
    assert_eq!((ran.status, &*ran.stderr), (0, ""));
    assert_data_eq!(
        ran.stdout,
        str![[r#"
Queue has no owner

rule      queue-without-owner
severity  medium
profile   recommended
group     custom
about     aws_sqs_queue
same as   checkov:CKV_HOUSE_1
tags      house:7

Messages that nobody collects page the platform team. Set `owner` to the team that reads
the queue.

Bad

    resource "aws_sqs_queue" "orders" { ◄ found
      name = "orders"
    }

Good

    resource "aws_sqs_queue" "orders" {
      tags = { owner = "team-shop" }
    }

Settings in plimsoll.toml

    [rules.queue-without-owner]
    pattern = "^team-"  # string; the default

To allow it at one place

    # plimsoll: allow(queue-without-owner) reason="…"

"#]]
        .raw()
    );
}

#[test]
fn a_misspelt_rule_is_suggested() {
    let ran = Workspace::new(&[]).run(&["explain", "queue-without-ownr"]);
    assert_eq!((ran.status, &*ran.stdout), (2, ""));
    assert_data_eq!(
        ran.stderr,
        str![[r#"
error: there is no rule `queue-without-ownr`
  help: did you mean `queue-without-owner`?

"#]]
        .raw()
    );
}

#[test]
fn the_list_has_what_programs_need() {
    let ran = Workspace::new(&[]).run(&["rules", "--output-format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let rules = list["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["rule"] == "queue-without-owner").unwrap();
    assert_eq!(
        *rule,
        serde_json::json!({
            "rule": "queue-without-owner", "severity": "medium", "title": "Queue has no owner", "peers": ["checkov:CKV_HOUSE_1"],
            "tags": ["house:7"], "views": ["aws_sqs_queue"], "profile": "recommended", "group": "custom"
        })
    );
    let text = Workspace::new(&[]).run(&["rules"]).stdout;
    assert!(text.contains("queue-without-owner") && text.contains("Queue has no owner"), "{text}");
}

#[test]
fn a_new_page_passes_its_own_test() {
    let workspace = Workspace::empty();
    let ran = workspace.run(&["rules", "new", "bucket-in-clear"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.stdout.starts_with(".plimsoll/rules/bucket-in-clear.md\n"), "{ran:?}");
    let ran = workspace.run(&["rules", "test"]);
    assert_eq!((ran.status, &*ran.stdout), (0, "1 passed, 0 failed (2 examples)\n"), "{ran:?}");
    assert_eq!(workspace.run(&["rules", "new", "bucket-in-clear"]).status, 2, "it is there already");
    for name in ["Bucket", "bucket--in", "../bucket", "-bucket", ""] {
        let ran = workspace.run(&["rules", "new", "--", name]);
        assert_eq!(ran.status, 2, "{name}: {ran:?}");
    }
}

#[test]
fn examples_that_fail_are_shown() {
    let workspace = Workspace::empty();
    workspace.write(
        "pages/queue-without-owner.md",
        QUEUE_RULE.1.replace("team-shop", "shop").replace("name = \"orders\"", "tags = { owner = \"team-a\" }"),
    );
    workspace.write("pages/other.md", QUEUE_RULE.1.replace("require", "requier"));
    let ran = workspace.run(&["rules", "test", "pages"]);
    assert_eq!((ran.status, &*ran.stderr), (1, ""));
    assert_data_eq!(
        ran.stdout,
        str![[r#"
error: the rule has neither `require` nor `forbid`
 --> pages/other.md:5:12
  |
5 | on       = aws_sqs_queue
  |            ^^^^^^^^^^^^^ `require` says what must hold, `forbid` what must not

error: a rule has no key `requier`
 --> pages/other.md:7:1
  |
7 | requier  = matches(tags["owner"], param.pattern)
  | ^^^^^^^ did you mean `require`?

error: expected a finding here; there was none
  --> pages/queue-without-owner.md:18
   |
18 | resource "aws_sqs_queue" "orders" { # finding
   |                                     ^^^^^^^^^

error: a good example is silent, but the rule says: aws_sqs_queue.orders has no owner
  --> pages/queue-without-owner.md:27
   |
27 |   tags = { owner = "shop" }
   |   ^^^^^^^^^^^^^^^^^^^^^^^^^

0 passed, 2 failed (2 examples)

"#]]
        .raw()
    );
    let ran = workspace.run(&["rules", "test"]);
    assert_eq!(ran.status, 2);
    assert_data_eq!(
        ran.stderr,
        str![[r#"
error: there is no .plimsoll/rules
  help: `plimsoll rules new NAME` writes the page of a new rule

"#]]
        .raw()
    );
}

#[test]
fn a_page_with_an_error_stops_the_run() {
    let workspace = Workspace::new(&[("queue.tf", BAD_QUEUE)]);
    workspace.write(".plimsoll/rules/broken.md", QUEUE_RULE.1.replace("matches", "macthes"));
    let ran = workspace.run(&["check"]);
    assert_eq!((ran.status, &*ran.stdout), (2, ""));
    assert!(ran.stderr.contains("--> .plimsoll/rules/broken.md:7:"), "{ran:?}");
    workspace.write("below/queue.tf", BAD_QUEUE);
    let ran = workspace.run_in("below", &["check"]);
    assert!(ran.stderr.contains("--> ../.plimsoll/rules/broken.md:7:"), "{ran:?}");
}

#[test]
fn completions_and_version_are_printed() {
    let workspace = Workspace::empty();
    let ran = workspace.run(&["completions", "bash"]);
    assert!(ran.status == 0 && ran.stdout.contains("_plimsoll()"), "{ran:?}");
    let ran = workspace.run(&["--version"]);
    assert_eq!(ran.stdout, format!("plimsoll {}\n", env!("CARGO_PKG_VERSION")));
    for arguments in [&["--help"][..], &["check", "--help"]] {
        let ran = workspace.run(arguments);
        assert!(ran.stdout.contains("Usage: plimsoll"), "{ran:?}");
    }
}

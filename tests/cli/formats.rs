//! What each output format prints, and the exit status, which is the same for all of them.

use snapbox::prelude::*;
use snapbox::{assert_data_eq, str};

use crate::workspace::{BAD_QUEUE, GOOD_QUEUE, PRIVILEGED_POD, Workspace};

fn workspace() -> Workspace {
    Workspace::new(&[
        ("infra/queue.tf", BAD_QUEUE),
        ("k8s, 100%/web.yaml", PRIVILEGED_POD),
        ("infra/owner.tf", "variable \"owner\" {}\nresource \"aws_sqs_queue\" \"new\" {\n  tags = { owner = var.owner }\n}\n"),
    ])
}

fn printed(format: &str, more: &[&str]) -> String {
    let mut arguments = vec!["check", "--quiet", "--select", "queue-without-owner,privileged-thing", "--output-format", format];
    arguments.extend_from_slice(more);
    let ran = workspace().run(&arguments);
    assert_eq!((ran.status, &*ran.stderr), (1, ""), "{ran:?}");
    ran.stdout
}

#[test]
fn full() {
    assert_data_eq!(
        printed("full", &["--undecided"]),
        str![[r#"
medium[queue-without-owner]: aws_sqs_queue.orders has no owner
   ╭─[infra/queue.tf:1:1]
 1 │ resource "aws_sqs_queue" "orders" {
   · ─────────────────────────────────
 2 │   name = "orders"
   ╰────
   = plimsoll explain queue-without-owner

high[privileged-thing]: web is privileged
    ╭─[k8s, 100%/web.yaml:9:9]
  8 │       securityContext:
  9 │         privileged: true
    ·         ────────────────
 10 │       image: registry.example/web:1.0.0
    ╰────
   = help: set `securityContext.privileged` to false
     - privileged: true
     + privileged: false
   = plimsoll explain privileged-thing

Not decided, because a value is not known:

infra/owner.tf:2:1: undecided[queue-without-owner] needs `var.owner`


"#]]
        .raw()
    );
}

#[test]
fn concise() {
    assert_data_eq!(
        printed("concise", &["--undecided"]),
        str![[r#"
infra/queue.tf:1:1: medium[queue-without-owner] aws_sqs_queue.orders has no owner
k8s, 100%/web.yaml:9:9: high[privileged-thing] web is privileged
infra/owner.tf:2:1: undecided[queue-without-owner] needs `var.owner`

"#]]
        .raw()
    );
}

#[test]
fn json() {
    assert_data_eq!(
        printed("json", &[]),
        str![[r#"
{
  "version": 1,
  "findings": [
    {
      "rule": "queue-without-owner",
      "severity": "medium",
      "message": "aws_sqs_queue.orders has no owner",
      "path": "infra/queue.tf",
      "start": {
        "line": 1,
        "column": 1
      },
      "end": {
        "line": 1,
        "column": 34
      },
      "item": {
        "name": "aws_sqs_queue.orders",
        "start": {
          "line": 1,
          "column": 1
        },
        "end": {
          "line": 3,
          "column": 2
        }
      },
      "related": [],
      "peers": [
        "checkov:CKV_HOUSE_1"
      ],
      "fix": null,
      "fingerprint": "54f5d48c1cf9ceb3"
    },
    {
      "rule": "privileged-thing",
      "severity": "high",
      "message": "web is privileged",
      "path": "k8s, 100%/web.yaml",
      "start": {
        "line": 9,
        "column": 9
      },
      "end": {
        "line": 9,
        "column": 25
      },
      "item": {
        "name": "Pod/web",
        "start": {
          "line": 1,
          "column": 1
        },
        "end": {
          "line": 10,
          "column": 40
        }
      },
      "related": [],
      "peers": [],
      "fix": {
        "message": "set `securityContext.privileged` to false",
        "safe": false,
        "edits": [
          {
            "start": {
              "line": 9,
              "column": 21
            },
            "end": {
              "line": 9,
              "column": 25
            },
            "text": "false"
          }
        ]
      },
      "fingerprint": "13d258e47e22b9a2"
    }
  ],
  "incomplete": [],
  "undecided": [
    {
      "rule": "queue-without-owner",
      "path": "infra/owner.tf",
      "start": {
        "line": 2,
        "column": 1
      },
      "end": {
        "line": 2,
        "column": 31
      },
      "missing": [
        "var.owner"
      ]
    }
  ]
}

"#]]
        .raw()
    );
}

#[test]
fn github() {
    assert_data_eq!(printed("github", &[]), str![[r#"
::warning file=infra/queue.tf,line=1,endLine=1,col=1,endColumn=34,title=plimsoll%3A queue-without-owner (medium)::aws_sqs_queue.orders has no owner
::error file=k8s%2C 100%25/web.yaml,line=9,endLine=9,col=9,endColumn=25,title=plimsoll%3A privileged-thing (high)::web is privileged

"#]].raw());
}

#[test]
fn statistics() {
    assert_data_eq!(
        printed("full", &["--statistics"]),
        str![[r#"
1  high      privileged-thing     Container is privileged
1  medium    queue-without-owner  Queue has no owner

"#]]
        .raw()
    );
}

#[test]
fn show_files() {
    assert_data_eq!(
        printed("full", &["--show-files"]),
        str![[r#"
terraform   infra/owner.tf
terraform   infra/queue.tf
kubernetes  k8s, 100%/web.yaml

"#]]
        .raw()
    );
}

#[test]
fn sarif_points_from_the_repository() {
    let workspace = workspace();
    workspace.write(".git/HEAD", "");
    let ran = workspace.run_in("infra", &["check", "--select", "queue-without-owner", "--output-format", "sarif"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    let log: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let at = |pointer: &str| log.pointer(&format!("/runs/0{pointer}")).cloned().unwrap_or_default();
    assert_eq!(at("/results/0/locations/0/physicalLocation/artifactLocation/uri"), "infra/queue.tf");
    assert_eq!(at("/results/0/ruleIndex"), 0);
    assert_eq!(at("/results/0/message/text"), "aws_sqs_queue.orders has no owner.");
    assert_eq!(at("/tool/driver/rules/0/id"), "queue-without-owner");
    assert_eq!(at("/tool/driver/rules/0/properties/security-severity"), "5.5");
    assert_eq!(at("/results/0/partialFingerprints/primaryLocationLineHash"), "d243aa44ba663322:1");
    assert_eq!(at("/invocations/0/executionSuccessful"), true);
}

#[test]
fn colours_only_when_wanted() {
    let colored = printed("concise", &["--color", "always"]);
    assert!(colored.contains("\u{1b}["), "{colored}");
    assert!(!printed("full", &[]).contains('\u{1b}'));
}

#[test]
fn the_summary_goes_to_standard_error() {
    let ran = workspace().check(&[]);
    assert!(ran.stderr.starts_with("Found 2 problems in 3 files: 1 high, 1 medium"), "{ran:?}");
    assert!(ran.stderr.contains("plimsoll explain privileged-thing"), "{ran:?}");
    let ran = Workspace::new(&[("queue.tf", GOOD_QUEUE)]).check(&[]);
    assert!(ran.stderr.starts_with("Nothing found in 1 file"), "{ran:?}");
    let ran = Workspace::new(&[]).check(&[]);
    assert!(ran.stderr.starts_with("No files to check"), "{ran:?}");
}

#[test]
fn threads_do_not_change_a_byte() {
    let workspace = workspace();
    for number in 0..40 {
        workspace.write(&format!("many/{number}/queue.tf"), BAD_QUEUE);
        workspace.write(&format!("many/{number}/web.yaml"), PRIVILEGED_POD);
    }
    for format in ["full", "json", "sarif"] {
        let arguments =
            ["check", "--quiet", "--undecided", "--output-format", format, "--select", "queue-without-owner,privileged-thing"];
        let one = workspace.run_with_threads(1, &arguments);
        assert!(one.stdout.contains("many/39/web.yaml"), "{one:?}");
        assert_eq!(one.stdout, workspace.run_with_threads(7, &arguments).stdout, "{format}");
    }
}

#[test]
fn an_output_file_takes_the_findings() {
    let workspace = workspace();
    let ran = workspace.check(&["--output-file", "out.txt"]);
    assert_eq!((ran.status, &*ran.stdout), (1, ""));
    let written = std::fs::read_to_string(workspace.path("out.txt")).unwrap();
    assert!(written.contains("medium[queue-without-owner]"), "{written}");
}

#[test]
fn the_exit_status_is_that_of_the_worst_finding() {
    // high and medium are there
    let rows: [(&[&str], i32); 10] = [
        (&[], 1),
        (&["--fail-on", "error"], 1),
        (&["--fail-on", "critical"], 0),
        (&["--ignore", "privileged-thing", "--fail-on", "error"], 0),
        (&["--ignore", "privileged-thing", "--fail-on", "medium"], 1),
        (&["--severity", "critical"], 0),
        (&["--exit-zero"], 0),
        (&["--select", "no-such-rule"], 2),
        (&["--output-format", "papyrus"], 2),
        (&["no/such/path"], 2),
    ];
    for (arguments, expected) in rows {
        for format in ["full", "concise", "json", "sarif", "github"] {
            let mut all = vec!["check", "--select", "queue-without-owner,privileged-thing"];
            if !arguments.contains(&"--output-format") {
                all.extend(["--output-format", format]);
            }
            all.extend_from_slice(arguments);
            let ran = workspace().run(&all);
            assert_eq!(ran.status, expected, "{all:?}: {ran:?}");
            if expected == 2 {
                assert_eq!(ran.stdout, "", "{all:?}");
                assert!(ran.stderr.starts_with("error"), "{all:?}: {ran:?}");
            }
        }
    }
}

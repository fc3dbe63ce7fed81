//! `plimsoll.toml`.

use snapbox::prelude::*;
use snapbox::{assert_data_eq, str};

use crate::workspace::{BAD_QUEUE, PRIVILEGED_POD, Workspace};

fn with(settings: &str) -> Workspace {
    Workspace::new(&[("a/queue.tf", BAD_QUEUE), ("web.yaml", PRIVILEGED_POD), ("plimsoll.toml", settings)])
}

const BOTH: &str = "select = [\"queue-without-owner\", \"privileged-thing\"]\n";

#[test]
fn settings_decide_what_is_reported() {
    let rows: [(&str, &[&str], &[&str], i32); 9] = [
        ("", &[], &["medium[queue", "high[priv"], 1),
        ("severity = \"high\"", &[], &["high[priv"], 1),
        ("fail-on = \"critical\"", &[], &["medium[queue", "high[priv"], 0),
        ("fail-on = \"critical\"", &["--fail-on", "note"], &["medium[queue", "high[priv"], 1),
        ("ignore = [\"privileged-thing\"]", &[], &["medium[queue"], 1),
        ("exclude = [\"a/\"]", &[], &["high[priv"], 1),
        ("[rules.queue-without-owner]\nseverity = \"critical\"", &[], &["critical[queue", "high[priv"], 1),
        ("[rules.queue-without-owner]\nenabled = false", &[], &["high[priv"], 1),
        ("[rules.queue-without-owner]\npattern = \"\"", &[], &["medium[queue", "high[priv"], 1),
    ];
    for (settings, arguments, expected, status) in rows {
        let mut all = vec!["check", "--output-format", "concise"];
        all.extend_from_slice(arguments);
        let ran = with(&format!("{BOTH}{settings}\n")).run(&all);
        let found: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!((found.len(), ran.status), (expected.len(), status), "{settings}: {ran:?}");
        for word in expected {
            assert!(ran.stdout.contains(word), "{settings}: {ran:?}");
        }
    }
}

#[test]
fn the_nearest_file_upwards_holds() {
    let workspace = with("select = [\"queue-without-owner\"]\n[rules.queue-without-owner]\nseverity = \"info\"\n");
    let concise = ["check", "--output-format", "concise"];
    assert!(workspace.run_in("a", &concise).stdout.starts_with("queue.tf:1:1: info["));
    workspace.write("a/plimsoll.toml", "select = [\"queue-without-owner\"]\n");
    assert!(workspace.run_in("a", &concise).stdout.starts_with("queue.tf:1:1: medium["));
    let given = workspace.run_in("a", &["check", "--output-format", "concise", "--config", "../plimsoll.toml"]);
    assert!(given.stdout.starts_with("queue.tf:1:1: info["), "{given:?}");
}

#[test]
fn isolated_runs_read_neither_settings_nor_own_rules() {
    let workspace = with("this is not TOML");
    assert_eq!(workspace.run(&["check"]).status, 2);
    let ran = workspace.run(&["check", "--isolated", "--select", "queue-without-owner"]);
    assert!(ran.stderr.contains("`queue-without-owner` is not a rule"), "{ran:?}");
    workspace.write(".plimsoll/rules/broken.md", "# Broken\n");
    assert_eq!(workspace.run(&["check", "--isolated", "--select", "unused-suppression"]).status, 0);
}

#[test]
fn what_is_excluded_can_be_named_unless_forced() {
    let workspace = with("exclude = [\"a/\"]\n");
    assert_eq!(workspace.check(&["a/queue.tf"]).status, 1);
    assert_eq!(workspace.check(&["a/queue.tf", "--force-exclude"]).status, 0);
}

#[test]
fn errors_in_settings_have_a_place() {
    let error = |settings: &str| {
        let ran = with(settings).run(&["check"]);
        assert_eq!((ran.status, &*ran.stdout), (2, ""), "{ran:?}");
        ran.stderr
    };
    assert_data_eq!(
        error("fial-on = \"error\"\n"),
        str![[r#"
error: `fial-on` is not a setting
 --> plimsoll.toml:1:1
  |
1 | fial-on = "error"
  | ^^^^^^^ did you mean `fail-on`?

"#]]
        .raw()
    );
    assert_data_eq!(
        error("select = [\"queue-without-owner\", \"privileged-think\"]\n"),
        str![[r#"
error: `privileged-think` is not a rule, group, profile or tag
 --> plimsoll.toml:1:34
  |
1 | select = ["queue-without-owner", "privileged-think"]
  |                                  ^^^^^^^^^^^^^^^^^^ did you mean `privileged-thing`?

"#]]
        .raw()
    );
    assert_data_eq!(
        error("[rules.queue-without-owner]\npatern = \"x\"\n"),
        str![[r#"
error: rule `queue-without-owner` has no parameter `patern`
 --> plimsoll.toml:2:1
  |
2 | patern = "x"
  | ^^^^^^ did you mean `pattern`?

"#]]
        .raw()
    );
    assert_data_eq!(
        error("[rules.queue-without-owner]\npattern = 7\n"),
        str![[r#"
error: parameter `pattern` of rule `queue-without-owner` must be a string
 --> plimsoll.toml:2:11
  |
2 | pattern = 7
  |           ^

"#]]
        .raw()
    );
    assert_data_eq!(
        error("[rules.queue-without-ownr]\nenabled = false\n"),
        str![[r#"
error: `queue-without-ownr` is not a rule
 --> plimsoll.toml:1:8
  |
1 | [rules.queue-without-ownr]
  |        ^^^^^^^^^^^^^^^^^^ did you mean `queue-without-owner`?

"#]]
        .raw()
    );
    assert_data_eq!(
        error("[rules\n"),
        str![[r#"
error: unclosed table, expected `]`
 --> plimsoll.toml:1:7
  |
1 | [rules
  |       ^

"#]]
        .raw()
    );
}

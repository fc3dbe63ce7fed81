//! `--fix`, `--unsafe-fixes`, `--diff`.

use std::fs;

use crate::workspace::Workspace;

const SAFE: &str = "# Keyword\n\n```rule\nseverity = low\nprofile = recommended\non = instruction.ADD\nforbid = true\nwhen = true\nfix = { keyword = \"COPY\" }\nsafe = true\nmessage = \"m\"\n```\n";
const UNSAFE: &str = "# Root\n\n```rule\nseverity = low\nprofile = recommended\non = stage.final\nforbid = user.name == \"root\"\nfix = { user = \"1000\" }\nmessage = \"m\"\n```\n";
const BEFORE: &str = "FROM scratch\nADD a /\nUSER root\n";

fn workspace() -> Workspace {
    let workspace = Workspace::new(&[("d/Dockerfile", BEFORE), ("plimsoll.toml", "select = [\"adds\", \"root\"]\n")]);
    workspace.write(".plimsoll/rules/adds.md", SAFE);
    workspace.write(".plimsoll/rules/root.md", UNSAFE);
    workspace
}

fn text(workspace: &Workspace) -> String {
    fs::read_to_string(workspace.path("d/Dockerfile")).unwrap_or_default()
}

#[test]
fn only_what_is_safe_is_mended_unless_asked_for() {
    let rows: [(&[&str], &str, i32); 3] = [
        (&["check", "d"], BEFORE, 1),
        (&["check", "d", "--fix"], "FROM scratch\nCOPY a /\nUSER root\n", 1),
        (&["check", "d", "--fix", "--unsafe-fixes"], "FROM scratch\nCOPY a /\nUSER 1000\n", 0),
    ];
    for (arguments, after, status) in rows {
        let workspace = workspace();
        let ran = workspace.run(arguments);
        assert_eq!((text(&workspace).as_str(), ran.status), (after, status), "{arguments:?} {ran:?}");
    }
}

#[test]
fn a_difference_is_shown_and_nothing_is_written() {
    let workspace = workspace();
    let ran = workspace.run(&["check", "--diff", "d"]);
    assert_eq!(
        ran.stdout,
        "--- a/d/Dockerfile\n+++ b/d/Dockerfile\n@@ -1,3 +1,3 @@\n FROM scratch\n-ADD a /\n+COPY a /\n USER root\n"
    );
    assert!(ran.stderr.contains("Would fix 1 problem in 1 file; 1 more with --unsafe-fixes"), "{ran:?}");
    assert_eq!(text(&workspace), BEFORE);
}

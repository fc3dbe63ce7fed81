//! Which files are read, and what happens to those that cannot be.

use crate::workspace::{BAD_QUEUE, GOOD_QUEUE, Workspace};

/// The paths of findings and of what was not read.
fn paths(stdout: &str) -> Vec<&str> {
    stdout.lines().filter_map(|line| line.split(':').next()).collect()
}

#[test]
fn ignored_and_hidden_files_are_not_read() {
    let workspace = Workspace::new(&[
        ("a.tf", BAD_QUEUE),
        ("git/b.tf", BAD_QUEUE),
        (".gitignore", "git/\n"),
        ("plain/c.tf", BAD_QUEUE),
        (".ignore", "plain/\n"),
        ("own/d.tf", BAD_QUEUE),
        (".plimsollignore", "own/*\n"),
        (".terraform/modules/e/e.tf", BAD_QUEUE),
        ("notes.txt", BAD_QUEUE),
    ]);
    assert_eq!(paths(&workspace.check(&[]).stdout), ["a.tf"]);
    // What is named is read, ignored or not.
    assert_eq!(paths(&workspace.check(&["git/b.tf"]).stdout), ["git/b.tf"]);
}

#[test]
fn a_file_is_judged_beside_its_neighbours() {
    let workspace = Workspace::new(&[
        ("infra/queue.tf", "resource \"aws_sqs_queue\" \"orders\" {\n  tags = { owner = var.owner }\n}\n"),
        ("infra/variables.tf", "variable \"owner\" {\n  default = \"nobody\"\n}\nresource \"aws_sqs_queue\" \"other\" {}\n"),
        ("elsewhere/queue.tf", BAD_QUEUE),
    ]);
    let ran = workspace.check(&["infra/queue.tf"]);
    assert_eq!(paths(&ran.stdout), ["infra/queue.tf"], "{ran:?}");
    assert!(ran.stderr.contains("in 1 file:"), "{ran:?}");
}

#[test]
fn modules_that_are_called_are_read_too() {
    let workspace = Workspace::new(&[
        (
            "env/main.tf",
            "module \"queue\" {\n  source = \"../modules/queue\"\n}\nresource \"aws_sqs_queue\" \"b\" {\n  tags = { owner = module.queue.owner }\n}\n",
        ),
        ("modules/queue/main.tf", "output \"owner\" {\n  value = \"nobody\"\n}\nresource \"aws_sqs_queue\" \"a\" {}\n"),
    ]);
    let ran = workspace.check(&["env"]);
    assert_eq!(paths(&ran.stdout), ["env/main.tf"], "{ran:?}");
}

#[test]
fn installed_modules_are_read_but_not_reported() {
    let workspace = Workspace::new(&[
        (
            "main.tf",
            "module \"queue\" {\n  source = \"acme/queue/aws\"\n}\nresource \"aws_sqs_queue\" \"b\" {\n  tags = { owner = module.queue.owner }\n}\n",
        ),
        (
            ".terraform/modules/queue/main.tf",
            "output \"owner\" {\n  value = \"nobody\"\n}\nresource \"aws_sqs_queue\" \"a\" {}\n",
        ),
        (
            ".terraform/modules/modules.json",
            r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"queue","Source":"x","Dir":".terraform/modules/queue"}]}"#,
        ),
    ]);
    let ran = workspace.check(&[]);
    assert_eq!(paths(&ran.stdout), ["main.tf"], "{ran:?}");
    assert!(ran.stdout.contains("aws_sqs_queue.b has no owner"), "{ran:?}");
}

#[test]
fn paths_are_relative_to_the_working_directory() {
    let workspace = Workspace::new(&[("a/x.tf", BAD_QUEUE), ("b/y.tf", BAD_QUEUE)]);
    let ran = workspace.run_in("a", &["check", "--output-format", "concise", "--select", "queue-without-owner", "..", "x.tf"]);
    assert_eq!(
        paths(&ran.stdout),
        ["../a/x.tf", "../b/y.tf"].map(|path| if path.starts_with("../a") { "x.tf" } else { path }),
        "{ran:?}"
    );
    let absolute = workspace.path("b").canonicalize().unwrap();
    let ran = workspace.check(&[absolute.to_str().unwrap()]);
    assert_eq!(paths(&ran.stdout), ["b/y.tf"], "{ran:?}");
}

#[test]
fn a_file_that_is_too_large_is_reported() {
    let workspace = Workspace::new(&[("a.tf", BAD_QUEUE), ("large.tf", &format!("{GOOD_QUEUE}# {}", "x".repeat(3_000)))]);
    let ran = workspace.check(&["--max-file-size", "2kB"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("large.tf:1:1: incomplete could not be read: larger than 2000 bytes"), "{ran:?}");
    assert!(ran.stderr.contains("Incomplete: 1 place was not understood"), "{ran:?}");
}

#[test]
fn what_cannot_be_read_is_never_clean() {
    let workspace = Workspace::new(&[("bytes.tf", "")]);
    workspace.write("bytes.tf", b"# \xff\xfe\n");
    let ran = workspace.check(&[]);
    assert_eq!((ran.status, paths(&ran.stdout)), (1, vec!["bytes.tf"]), "{ran:?}");
    assert_eq!(workspace.check(&["--fail-on", "warning"]).status, 1);
    assert_eq!(workspace.check(&["--fail-on", "medium"]).status, 1);
    assert_eq!(workspace.check(&["--fail-on", "error"]).status, 0);
}

#[test]
fn names_that_are_not_read_are_told_apart() {
    let ran = Workspace::new(&[("notes.txt", "")]).check(&["notes.txt"]);
    assert_eq!(ran.status, 0);
    assert!(ran.stderr.contains("note: notes.txt is of no kind that is checked"), "{ran:?}");
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_in_a_circle_end() {
        let workspace = Workspace::new(&[("a/x.tf", BAD_QUEUE)]);
        symlink(workspace.path("a"), workspace.path("a/again")).unwrap();
        symlink(workspace.path("loop.tf"), workspace.path("loop.tf")).unwrap();
        let ran = workspace.check(&[]);
        assert_eq!(paths(&ran.stdout), ["a/x.tf", "loop.tf"], "{ran:?}");
        assert!(ran.stdout.contains("loop.tf:1:1: incomplete could not be read:"), "{ran:?}");
    }

    #[test]
    fn a_link_within_the_workspace_is_a_file_of_its_folder() {
        let workspace = Workspace::new(&[("shared/x.tf", BAD_QUEUE), ("env/main.tf", "")]);
        symlink("../shared/x.tf", workspace.path("env/x.tf")).unwrap();
        assert_eq!(paths(&workspace.check(&[]).stdout), ["env/x.tf", "shared/x.tf"]);
        assert_eq!(paths(&workspace.check(&["env/x.tf"]).stdout), ["env/x.tf"]);
    }

    #[test]
    fn a_link_out_of_the_workspace_is_refused() {
        let outside = Workspace::new(&[("secret.tf", BAD_QUEUE), ("folder/y.tf", BAD_QUEUE)]);
        let workspace = Workspace::new(&[]);
        symlink(outside.path("secret.tf"), workspace.path("x.tf")).unwrap();
        symlink(outside.path("folder"), workspace.path("folder")).unwrap();
        let ran = workspace.check(&[]);
        assert_eq!((ran.status, paths(&ran.stdout)), (1, vec!["x.tf"]), "{ran:?}");
        assert!(ran.stdout.contains("a symbolic link to a place outside of the workspace"), "{ran:?}");
    }

    #[test]
    fn a_folder_without_permission_is_reported() {
        let workspace = Workspace::new(&[("a/x.tf", BAD_QUEUE), ("shut/y.tf", BAD_QUEUE)]);
        let mode = |mode| fs::set_permissions(workspace.path("shut"), fs::Permissions::from_mode(mode)).unwrap();
        mode(0o000);
        // Root may read everything.
        let is_root = fs::read_dir(workspace.path("shut")).is_ok();
        let ran = workspace.check(&[]);
        mode(0o755);
        if !is_root {
            assert!(ran.stdout.contains("shut:1:1: incomplete could not be read: permission denied"), "{ran:?}");
        }
        assert!(paths(&ran.stdout).contains(&"a/x.tf"), "{ran:?}");
    }

    #[test]
    fn names_that_are_not_text_are_reported() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let workspace = Workspace::new(&[]);
        let name = OsStr::from_bytes(b"\xff.tf");
        // Some file systems refuse such names.
        if fs::write(workspace.path("").join(name), BAD_QUEUE).is_ok() {
            let ran = workspace.check(&[]);
            assert!(ran.stdout.contains("incomplete could not be read: its name is not UTF-8"), "{ran:?}");
        }
    }

    #[test]
    fn pipes_are_not_waited_for() {
        let workspace = Workspace::new(&[("a.tf", BAD_QUEUE)]);
        let made = snapbox::cmd::Command::new("mkfifo").arg(workspace.path("pipe.tf")).output();
        if made.is_ok_and(|made| made.status.success()) {
            assert_eq!(paths(&workspace.check(&[]).stdout), ["a.tf"]);
        }
    }
}

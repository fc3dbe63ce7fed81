//! The program on what a disk may hold: files that are too large, links that lead in circles or away, folders that may not be entered.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use snapbox::cmd::Command;
use tempfile::TempDir;

/// Fires some rules.
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n    - name: a\n      image: a\n      securityContext:\n        \
                   privileged: true\n";

/// A folder with a pod, on which rules fire.
fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("plimsoll-").tempdir().unwrap();
    fs::write(folder.path().join("pod.yaml"), POD).unwrap();
    folder
}

struct Ran {
    status: i32,
    /// Paths with findings, sorted, each once.
    found: Vec<String>,
    /// `PATH: REASON`
    incomplete: Vec<String>,
}

fn check(folder: &Path, arguments: &[&str]) -> Ran {
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["check", "--isolated", "--output-format", "json"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("panicked"), "{errors}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"));
    let list = |name: &str| report[name].as_array().unwrap().clone();
    let mut found: Vec<String> = list("findings").iter().map(|one| one["path"].as_str().unwrap().to_owned()).collect();
    found.sort();
    found.dedup();
    let lost = list("incomplete");
    let incomplete = lost.iter().map(|one| format!("{}: {}", one["path"].as_str().unwrap(), one["reason"].as_str().unwrap()));
    Ran { status: output.status.code().unwrap(), found, incomplete: incomplete.collect() }
}

#[test]
fn a_file_above_the_limit_is_left_out_and_said() {
    let folder = folder();
    // Full of holes: it takes no room on the disk.
    for name in ["huge.tf", "huge.yaml", "Dockerfile"] {
        File::create(folder.path().join(name)).unwrap().set_len(50 << 20).unwrap();
    }
    let ran = check(folder.path(), &["--exit-zero"]);
    assert_eq!(ran.found, ["pod.yaml"]);
    assert_eq!(ran.incomplete.len(), 3, "{:?}", ran.incomplete);
    assert!(
        ran.incomplete.iter().all(|one| one.contains("larger than") && one.contains("--max-file-size")),
        "{:?}",
        ran.incomplete
    );
}

#[test]
fn a_file_above_the_limit_fails_a_run_that_finds_nothing() {
    let folder = tempfile::Builder::new().prefix("plimsoll-").tempdir().unwrap();
    fs::write(folder.path().join("main.tf"), "locals {\n  a = \"0123456789\"\n}\n").unwrap();
    assert_eq!(check(folder.path(), &["--max-file-size", "1000"]).status, 0);
    let ran = check(folder.path(), &["--max-file-size", "10"]);
    assert_eq!((ran.status, ran.incomplete.len()), (1, 1), "{:?}", ran.incomplete);
}

#[test]
fn links_in_a_circle_end() {
    let folder = folder();
    symlink(".", folder.path().join("here")).unwrap();
    symlink("second.tf", folder.path().join("first.tf")).unwrap();
    symlink("first.tf", folder.path().join("second.tf")).unwrap();
    fs::create_dir(folder.path().join("a")).unwrap();
    symlink("..", folder.path().join("a/up")).unwrap();
    let ran = check(folder.path(), &[]);
    assert_eq!(ran.found, ["pod.yaml"]);
    // A link to itself is no file; that it could not be read is said once for each.
    assert_eq!(ran.incomplete.len(), 2, "{:?}", ran.incomplete);
    assert!(ran.incomplete.iter().all(|one| one.contains("could not be read")), "{:?}", ran.incomplete);
}

#[test]
fn links_that_lead_away_are_not_followed() {
    let (folder, other) = (folder(), folder());
    symlink(other.path().join("pod.yaml"), folder.path().join("away.yaml")).unwrap();
    symlink(other.path(), folder.path().join("folder")).unwrap();
    symlink("nowhere.tf", folder.path().join("broken.tf")).unwrap();
    let ran = check(folder.path(), &[]);
    assert_eq!(ran.found, ["pod.yaml"]);
    let said = |path: &str| ran.incomplete.iter().any(|one| one.starts_with(path));
    assert!(said("away.yaml: ") && said("broken.tf: ") && ran.incomplete.len() == 2, "{:?}", ran.incomplete);
}

#[test]
fn what_may_not_be_entered_is_said() {
    let folder = folder();
    let (closed, file) = (folder.path().join("closed"), folder.path().join("closed.tf"));
    fs::create_dir(&closed).unwrap();
    fs::write(&file, "locals {}\n").unwrap();
    for path in [&closed, &file] {
        fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
    }
    if fs::read_dir(&closed).is_ok() {
        println!("skipped: nothing is closed to root");
    } else {
        let ran = check(folder.path(), &[]);
        assert_eq!(ran.found, ["pod.yaml"]);
        let said = |path: &str| ran.incomplete.iter().any(|one| one.starts_with(path) && one.contains("could not be read"));
        assert!(said("closed: ") && said("closed.tf: "), "{:?}", ran.incomplete);
    }
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = folder();
    // A socket with the name of a file that is read: opening it would fail, reading a pipe would never end.
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("main.tf")).unwrap();
    fs::create_dir(folder.path().join("folder.tf")).unwrap();
    let ran = check(folder.path(), &[]);
    assert_eq!(ran.found, ["pod.yaml"]);
}

#[test]
fn no_file_outside_is_read() {
    let folder = folder();
    fs::create_dir_all(folder.path().join("in/m")).unwrap();
    fs::write(folder.path().join("secret.txt"), "sesame-open-9371").unwrap();
    let text = "locals {\n  a = file(\"../../secret.txt\")\n}\nresource \"aws_instance\" \"a\" {\n  ami = local.a\n  user_data = local.a\n}\noutput \"a\" {\n  value = local.a\n}\n";
    fs::write(folder.path().join("in/m/main.tf"), text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["check", "--isolated", "--select", "all", "--output-format", "json"])
        .current_dir(folder.path().join("in"))
        .output()
        .unwrap();
    assert!(!String::from_utf8_lossy(&output.stdout).contains("sesame"), "the text of a file outside is shown");
}

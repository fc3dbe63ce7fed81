//! A folder with files, and the program run in it.
#![expect(clippy::unwrap_used, reason = "what the tests stand on may panic as they do")]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A queue that has an owner is fine, one that has none is not.
pub(crate) const QUEUE_RULE: (&str, &str) = (
    ".plimsoll/rules/queue-without-owner.md",
    r#"# Queue has no owner

```rule
severity = medium
on       = aws_sqs_queue
params   = { pattern = "^team-" }
require  = matches(tags["owner"], param.pattern)
message  = "${self} has no owner"
peers    = ["checkov:CKV_HOUSE_1"]
tags     = ["house:7"]
```

Messages that nobody collects page the platform team. Set `owner` to the team that reads the queue.

## Bad

```terraform
resource "aws_sqs_queue" "orders" { # finding
  name = "orders"
}
```

## Good

```terraform
resource "aws_sqs_queue" "orders" {
  tags = { owner = "team-shop" }
}
```
"#,
);

/// A privileged container.
pub(crate) const PRIVILEGED_RULE: (&str, &str) = (
    ".plimsoll/rules/privileged-thing.md",
    r#"# Container is privileged

```rule
severity = high
on       = container
forbid   = securityContext.privileged == true
message  = "${self} is privileged"
```

It can do on its node whatever root can.

## Bad

```yaml
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: registry.example/web:1.0.0
      securityContext:
        privileged: true # finding
```

## Good

```yaml
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: registry.example/web:1.0.0
```
"#,
);

/// Fires [`QUEUE_RULE`] on its first line.
pub(crate) const BAD_QUEUE: &str = "resource \"aws_sqs_queue\" \"orders\" {\n  name = \"orders\"\n}\n";

/// Fires nothing.
pub(crate) const GOOD_QUEUE: &str = "resource \"aws_sqs_queue\" \"orders\" {\n  tags = { owner = \"team-shop\" }\n}\n";

/// Fires [`PRIVILEGED_RULE`] on its ninth line, with a fix.
pub(crate) const PRIVILEGED_POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: web\n      \
                                         securityContext:\n        privileged: true\n      image: registry.example/web:1.0.0\n";

/// A folder with files.
pub(crate) struct Workspace(TempDir);

impl Workspace {
    /// With these files and the two rules.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let workspace = Self::empty();
        for (path, text) in [QUEUE_RULE, PRIVILEGED_RULE].iter().chain(files) {
            workspace.write(path, text);
        }
        workspace
    }

    /// Without any file.
    pub(crate) fn empty() -> Self {
        Self(tempfile::Builder::new().prefix("plimsoll-").tempdir().unwrap())
    }

    /// The place of a file.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_in("", arguments)
    }

    /// Runs the program in a folder below.
    pub(crate) fn run_in(&self, folder: &str, arguments: &[&str]) -> Ran {
        run(&self.path(folder), arguments, &[])
    }

    /// Runs the program in the folder with this many threads.
    pub(crate) fn run_with_threads(&self, threads: usize, arguments: &[&str]) -> Ran {
        run(&self.path(""), arguments, &[("RAYON_NUM_THREADS", &threads.to_string())])
    }

    /// Checks with the two rules only, one line per finding.
    pub(crate) fn check(&self, arguments: &[&str]) -> Ran {
        let mut all = vec!["check", "--output-format", "concise", "--select", "queue-without-owner,privileged-thing"];
        all.extend_from_slice(arguments);
        self.run(&all)
    }
}

/// What a run said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let program = env!("CARGO_BIN_EXE_plimsoll");
    let output =
        snapbox::cmd::Command::new(program).args(arguments).envs(variables.iter().copied()).current_dir(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { status: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

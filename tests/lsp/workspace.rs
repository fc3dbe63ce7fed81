//! A folder with files and rules of its own, so that no test depends on the rules of a release.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;

const SETTINGS: &str = "select = [\"custom\"]\n";

const OWNER: &str = r#"# Queue has no owner

```rule
severity = medium
on       = aws_sqs_queue
require  = matches(tags["owner"], "^team-")
message  = "${self} has no owner"
```

Messages that nobody collects page the platform team.

## Bad

```terraform
resource "aws_sqs_queue" "orders" { # finding
}
```

## Good

```terraform
resource "aws_sqs_queue" "orders" {
  tags = { owner = "team-shop" }
}
```
"#;

const PRIVILEGED: &str = r#"# Container is privileged

```rule
severity = high
on       = container
forbid   = securityContext.privileged == true
message  = "${self} is privileged"
safe     = true
```

It can do on its node whatever root can.

## Bad

```yaml
apiVersion: v1
kind: Pod
metadata: { name: a }
spec:
  containers:
    - name: a
      securityContext:
        privileged: true # finding
```

## Good

```yaml
apiVersion: v1
kind: Pod
metadata: { name: a }
spec:
  containers:
    - name: a
```
"#;

/// A queue without an owner.
pub(crate) const QUEUE: &str = "resource \"aws_sqs_queue\" \"orders\" {\n}\n";

/// A privileged container; the line of the finding is 7, from 0.
pub(crate) const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n    - securityContext:\n        privileged: true\n      name: b\n";

pub(crate) struct Workspace {
    folder: TempDir,
    root: PathBuf,
}

impl Workspace {
    /// Two rules, and these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let workspace = Self { folder, root };
        workspace.write("plimsoll.toml", SETTINGS);
        workspace.write(".plimsoll/rules/queue-without-owner.md", OWNER);
        workspace.write(".plimsoll/rules/privileged-thing.md", PRIVILEGED);
        for (path, text) in files {
            workspace.write(path, text);
        }
        workspace
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    pub(crate) fn root(&self) -> &Path {
        debug_assert!(self.folder.path().exists());
        &self.root
    }

    /// An editor that is sent diagnostics.
    pub(crate) fn client(&self) -> Client {
        self.client_with(pushed())
    }

    pub(crate) fn client_with(&self, capabilities: Value) -> Client {
        Client::start(program(), &self.root, capabilities)
    }
}

pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_plimsoll"))
}

/// What an editor can do that knows everything except asking for diagnostics.
pub(crate) fn pushed() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8", "utf-16", "utf-32"] },
        "window": { "showDocument": { "support": true } },
        "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true }, "workspaceFolders": true },
        "textDocument": {
            "publishDiagnostics": { "relatedInformation": true, "versionSupport": true, "codeDescriptionSupport": true, "dataSupport": true },
        },
    })
}

/// The same for one that asks.
pub(crate) fn pulling() -> Value {
    let mut all = pushed();
    all["textDocument"]["diagnostic"] = json!({ "relatedInformation": true, "dataSupport": true });
    all["workspace"]["diagnostics"] = json!({ "refreshSupport": true });
    all["workspace"]["workspaceEdit"] = json!({ "documentChanges": true });
    all
}

/// What a change of a file on the disk is called.
pub(crate) fn watched(client: &mut Client, changes: &[(&str, u32)]) {
    let changes: Vec<Value> = changes.iter().map(|(path, kind)| json!({ "uri": client.uri(path), "type": kind })).collect();
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
}

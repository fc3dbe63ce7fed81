//! Hover and code actions.

use serde_json::{Value, json};

use crate::client::{Client, range_of};
use crate::workspace::{POD, QUEUE, Workspace, pulling};

fn actions(client: &mut Client, path: &str, range: [usize; 4], only: Option<&str>) -> Vec<Value> {
    let uri = client.uri(path);
    let mut context = json!({ "diagnostics": client.published.get(&uri).map(|(_, found)| found.clone()).unwrap_or_default() });
    if let Some(only) = only {
        context["only"] = json!([only]);
    }
    let params = json!({ "textDocument": { "uri": uri }, "range": range_of(range), "context": context });
    client.request("textDocument/codeAction", params).as_array().cloned().unwrap_or_default()
}

/// Applies the action whose title begins so, as an editor does.
fn apply(client: &mut Client, path: &str, actions: &[Value], title: &str) -> i64 {
    let action = actions
        .iter()
        .find(|action| action["title"].as_str().unwrap().starts_with(title))
        .unwrap_or_else(|| panic!("no {title} in {actions:#?}"));
    let edits = action["edit"]["changes"][client.uri(path)].as_array().unwrap().clone();
    // The last one first: ranges are about the text before.
    let number = |edit: &Value, end: &str, name: &str| usize::try_from(edit["range"][end][name].as_u64().unwrap()).unwrap();
    let changes: Vec<(Option<[usize; 4]>, &str)> = edits
        .iter()
        .rev()
        .map(|edit| {
            let range = [
                number(edit, "start", "line"),
                number(edit, "start", "character"),
                number(edit, "end", "line"),
                number(edit, "end", "character"),
            ];
            (Some(range), edit["newText"].as_str().unwrap())
        })
        .collect();
    client.change(path, &changes)
}

#[test]
fn the_rule_is_explained_where_it_found_something() {
    let workspace = Workspace::new(&[("pod.yaml", POD)]);
    let mut client = workspace.client();
    client.open("pod.yaml", POD);
    let uri = client.uri("pod.yaml");
    let hover = client
        .request("textDocument/hover", json!({ "textDocument": { "uri": uri }, "position": { "line": 7, "character": 22 } }));
    let text = hover["contents"]["value"].as_str().unwrap();
    assert_eq!(hover["contents"]["kind"], "markdown");
    assert!(
        text.starts_with("**high**: b is privileged") && text.contains("# Container is privileged") && text.contains("## Good"),
        "{text}"
    );
    let hover = client
        .request("textDocument/hover", json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 0 } }));
    assert_eq!(hover, Value::Null);
}

#[test]
fn a_fix_mends() {
    let workspace = Workspace::new(&[("pod.yaml", POD)]);
    let mut client = workspace.client();
    client.open("pod.yaml", POD);
    client.expect("pod.yaml", Some(1), &["privileged-thing"]);
    let found = actions(&mut client, "pod.yaml", [7, 20, 7, 20], None);
    assert_eq!(found[0]["isPreferred"], true);
    assert_eq!(found[0]["diagnostics"].as_array().unwrap().len(), 1);
    let version = apply(&mut client, "pod.yaml", &found, "Set `securityContext.privileged` to false");
    client.expect("pod.yaml", Some(version), &[]);
}

#[test]
fn findings_are_allowed_with_a_reason() {
    let dockerfile = "FROM scratch\n";
    let workspace = Workspace::new(&[("Dockerfile", dockerfile)]);
    let mut client = workspace.client();
    for (path, text, line) in [("pod.yaml", POD, 7), ("main.tf", QUEUE, 0), ("crlf.tf", &QUEUE.replace('\n', "\r\n"), 0)] {
        client.open(path, text);
        client.wait(|client| client.lines(path).len() == 1, path);
        let found = actions(&mut client, path, [line, 8, line, 8], None);
        let version = apply(&mut client, path, &found, "Allow `");
        client.expect(path, Some(version), &[]);
        client.close(path);
    }
    // JSON has no comments.
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "b", "securityContext": {"privileged": true}}]}}"#;
    client.open("pod.json", pod);
    client.wait(|client| client.lines("pod.json").len() == 1, "the finding in JSON");
    let found = actions(&mut client, "pod.json", [0, 0, 0, 200], None);
    assert!(found.iter().all(|action| !action["title"].as_str().unwrap().starts_with("Allow")), "{found:#?}");
}

#[test]
fn pages_are_opened() {
    let workspace = Workspace::new(&[("pod.yaml", POD)]);
    workspace.write("plimsoll.toml", "select = [\"privileged-container\"]\n");
    let mut client = workspace.client();
    client.open("pod.yaml", POD);
    client.expect("pod.yaml", Some(1), &["privileged-container"]);
    let found = actions(&mut client, "pod.yaml", [7, 20, 7, 20], Some("quickfix"));
    let open = found.iter().find(|action| action["title"] == "Open the page of `privileged-container`").unwrap();
    client.request("workspace/executeCommand", open["command"].clone());
    assert!(client.heard.iter().any(|method| method == "window/showDocument"), "{:?}", client.heard);
}

#[test]
fn all_safe_fixes_at_once() {
    let pods = format!("{POD}---\n{}", POD.replace("name: a", "name: z"));
    let workspace = Workspace::new(&[("pods.yaml", &pods)]);
    let mut client = workspace.client();
    client.open("pods.yaml", &pods);
    client.expect("pods.yaml", Some(1), &["privileged-thing", "privileged-thing"]);
    for only in ["source", "source.fixAll", "source.fixAll.plimsoll"] {
        let found = actions(&mut client, "pods.yaml", [0, 0, 0, 0], Some(only));
        assert_eq!(found.iter().map(|action| &action["kind"]).collect::<Vec<_>>(), ["source.fixAll.plimsoll"], "{only}");
    }
    assert_eq!(actions(&mut client, "pods.yaml", [0, 0, 0, 0], Some("source.organizeImports")), Vec::<Value>::new());
    let found = actions(&mut client, "pods.yaml", [0, 0, 0, 0], Some("source.fixAll"));
    let version = apply(&mut client, "pods.yaml", &found, "Apply all");
    client.expect("pods.yaml", Some(version), &[]);
}

#[test]
fn edits_name_their_version_for_who_knows_versions() {
    let workspace = Workspace::new(&[("pod.yaml", POD)]);
    let mut client = workspace.client_with(pulling());
    client.open("pod.yaml", POD);
    let found = actions(&mut client, "pod.yaml", [7, 20, 7, 20], None);
    assert_eq!(found[0]["edit"]["documentChanges"][0]["textDocument"]["version"], 1, "{found:#?}");
}

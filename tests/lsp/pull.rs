//! Diagnostics that are asked for.

use serde_json::{Value, json};

use crate::client::line;
use crate::workspace::{POD, QUEUE, Workspace, pulling};

fn asked(client: &mut crate::client::Client, path: &str, previous: Option<&str>) -> Value {
    let uri = client.uri(path);
    client.request("textDocument/diagnostic", json!({ "textDocument": { "uri": uri }, "previousResultId": previous }))
}

#[test]
fn who_asks_is_answered_and_never_sent_anything() {
    let workspace = Workspace::new(&[("main.tf", QUEUE), ("pod.yaml", POD)]);
    let mut client = workspace.client_with(pulling());
    let offer = client.offer["capabilities"]["diagnosticProvider"].clone();
    assert_eq!((&offer["interFileDependencies"], &offer["workspaceDiagnostics"]), (&json!(true), &json!(true)));
    client.open("main.tf", QUEUE);
    let report = asked(&mut client, "main.tf", None);
    assert_eq!(report["kind"], "full");
    assert_eq!(
        report["items"].as_array().unwrap().iter().map(line).collect::<Vec<_>>(),
        ["0:0-0:33 queue-without-owner aws_sqs_queue.orders has no owner"]
    );
    let id = report["resultId"].as_str().unwrap().to_owned();
    assert_eq!(asked(&mut client, "main.tf", Some(&id)), json!({ "kind": "unchanged", "resultId": id }));
    client.change("main.tf", &[(None, "# gone\n")]);
    let report = asked(&mut client, "main.tf", Some(&id));
    assert_eq!((&report["kind"], &report["items"]), (&json!("full"), &json!([])));
    let everything = client.everything();
    assert_eq!(everything[&client.uri("pod.yaml")].len(), 1, "files that are not open");
    assert!(client.published.is_empty(), "{:?}", client.published);
}

#[test]
fn what_the_client_has_is_not_said_again() {
    let workspace = Workspace::new(&[("pod.yaml", POD), ("main.tf", QUEUE)]);
    let mut client = workspace.client_with(pulling());
    let report = client.request("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let previous: Vec<Value> =
        report["items"].as_array().unwrap().iter().map(|item| json!({ "uri": item["uri"], "value": item["resultId"] })).collect();
    assert_eq!(previous.len(), 2);
    client.open("pod.yaml", "a: 1\n");
    let report = client.request("workspace/diagnostic", json!({ "previousResultIds": previous }));
    let kinds: Vec<(&Value, usize)> = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["kind"], item["items"].as_array().map_or(9, Vec::len)))
        .collect();
    assert_eq!(kinds, [(&json!("unchanged"), 9), (&json!("full"), 0)], "in the order of their names");
}

#[test]
fn who_asks_is_told_when_to_ask_again() {
    let module = "variable \"owner\" {}\nresource \"aws_sqs_queue\" \"q\" {\n  tags = { owner = var.owner }\n}\n";
    let call = "module \"a\" {\n  source = \"./m\"\n  owner  = \"team-a\"\n}\n";
    let workspace = Workspace::new(&[("main.tf", call), ("m/main.tf", module)]);
    let mut client = workspace.client_with(pulling());
    client.open("main.tf", call);
    client.open("m/main.tf", module);
    assert_eq!(asked(&mut client, "m/main.tf", None)["items"], json!([]));
    client.everything();
    client.heard.clear();
    client.change("main.tf", &[(None, &call.replace("team-a", "nobody"))]);
    client
        .wait(|client| client.heard.iter().any(|method| method == "workspace/diagnostic/refresh"), "the wish to be asked again");
    assert_eq!(asked(&mut client, "m/main.tf", None)["items"].as_array().unwrap().len(), 1);
}

//! Diagnostics that are sent.

use serde_json::json;

use crate::workspace::{POD, QUEUE, Workspace, pushed, watched};

const OWNED: &str = "resource \"aws_sqs_queue\" \"orders\" {\n  tags = { owner = \"team-a\" }\n}\n";

#[test]
fn they_follow_the_typing() {
    let workspace = Workspace::new(&[("main.tf", "# nothing yet\n")]);
    let mut client = workspace.client();
    client.open("main.tf", QUEUE);
    client.expect("main.tf", Some(1), &["queue-without-owner"]);
    assert_eq!(client.lines("main.tf"), ["0:0-0:33 queue-without-owner aws_sqs_queue.orders has no owner"]);
    let version = client.change("main.tf", &[(Some([1, 0, 1, 0]), "  tags = { owner = \"team-a\" }\n")]);
    client.expect("main.tf", Some(version), &[]);
    // A broken block costs that block: what stands beside it keeps its findings.
    let broken = "resource \"aws_sqs_queue\" \"b\" {\n}\nresource \"aws_sqs_queue\" \"c\" {\n  tags = {\n";
    let version = client.change("main.tf", &[(Some([3, 0, 3, 0]), broken)]);
    client.wait(
        |client| client.published.get(&client.uri("main.tf")).is_some_and(|(at, _)| *at == Some(version)),
        "the broken text",
    );
    let lines = client.lines("main.tf");
    assert!(lines.contains(&"3:0-3:28 queue-without-owner aws_sqs_queue.b has no owner".to_owned()), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains(" incomplete ")), "{lines:?}");
    assert_eq!(client.stop(), Some(0));
}

#[test]
fn they_say_what_kind_where_and_why() {
    let workspace = Workspace::new(&[("pod.yaml", POD), ("main.tf", QUEUE)]);
    let mut client = workspace.client();
    // Files that are not open are reported, too.
    client.expect("pod.yaml", None, &["privileged-thing"]);
    client.expect("main.tf", None, &["queue-without-owner"]);
    let pod = client.published[&client.uri("pod.yaml")].clone();
    assert_eq!(pod.0, None, "no document, no version");
    assert_eq!(pod.1[0]["severity"], 1);
    assert_eq!(pod.1[0]["source"], "plimsoll");
    assert_eq!(pod.1[0]["data"]["fingerprint"].as_str().unwrap().len(), 16);
    assert_eq!(client.published[&client.uri("main.tf")].1[0]["severity"], 2);
}

#[test]
fn the_rules_of_a_release_have_links() {
    let workspace = Workspace::new(&[("pod.yaml", POD)]);
    workspace.write("plimsoll.toml", "select = [\"privileged-container\"]\n");
    let mut client = workspace.client();
    client.expect("pod.yaml", None, &["privileged-container"]);
    let found = client.published[&client.uri("pod.yaml")].1[0].clone();
    assert_eq!(found["codeDescription"]["href"], "https://plimsoll.dev/rules/privileged-container");
}

#[test]
fn places_that_belong_to_a_finding_are_told_to_who_can_show_them() {
    let module = "variable \"owner\" {}\nresource \"aws_sqs_queue\" \"q\" {\n  tags = { owner = var.owner }\n}\n";
    let call = "module \"a\" {\n  source = \"./m\"\n  owner  = \"nobody\"\n}\nmodule \"b\" {\n  source = \"./m\"\n  owner  = \"none\"\n}\n";
    let workspace = Workspace::new(&[("main.tf", call), ("m/main.tf", module)]);
    let mut client = workspace.client();
    client.expect("m/main.tf", None, &["queue-without-owner"]);
    let found = client.published[&client.uri("m/main.tf")].1[0].clone();
    let related = found["relatedInformation"].as_array().unwrap();
    assert!(
        !related.is_empty() && related.iter().all(|place| place["location"]["uri"].as_str().unwrap().starts_with("file:///")),
        "{found}"
    );
    let mut capabilities = pushed();
    capabilities["textDocument"]["publishDiagnostics"] = json!({});
    let mut client = workspace.client_with(capabilities);
    client.expect("m/main.tf", None, &["queue-without-owner"]);
    let found = client.published[&client.uri("m/main.tf")].1[0].clone();
    assert!(["relatedInformation", "codeDescription", "data"].iter().all(|key| found.get(key).is_none()), "{found}");
}

#[test]
fn an_edit_refreshes_what_depends_on_it() {
    let module = "variable \"owner\" {}\nresource \"aws_sqs_queue\" \"q\" {\n  tags = { owner = var.owner }\n}\n";
    let call = "variable \"owner\" {}\nmodule \"a\" {\n  source = \"./m\"\n  owner  = var.owner\n}\n";
    let workspace = Workspace::new(&[("main.tf", call), ("m/main.tf", module), ("terraform.tfvars", "owner = \"team-a\"\n")]);
    let mut client = workspace.client();
    client.everything();
    client.open("terraform.tfvars", "owner = \"team-a\"\n");
    client.expect("terraform.tfvars", Some(1), &[]);
    assert_eq!(client.lines("m/main.tf"), Vec::<String>::new());
    client.change("terraform.tfvars", &[(Some([0, 9, 0, 15]), "nobody")]);
    client.expect("m/main.tf", None, &["queue-without-owner"]);
    client.change("terraform.tfvars", &[(None, "owner = \"team-b\"\n")]);
    client.expect("m/main.tf", None, &[]);
    // A module that is edited moves the findings of its callers, and lines that have moved are said again.
    client.open("m/main.tf", &format!("\n\n{}", module.replace("var.owner }", "\"x\" }")));
    client.expect("m/main.tf", Some(1), &["queue-without-owner"]);
    assert!(client.lines("m/main.tf")[0].starts_with("4:"), "{:?}", client.lines("m/main.tf"));
}

#[test]
fn open_documents_go_before_the_disk() {
    let workspace = Workspace::new(&[("main.tf", QUEUE), ("new.yaml", "a: 1\n")]);
    let mut client = workspace.client();
    client.expect("main.tf", None, &["queue-without-owner"]);
    client.open("main.tf", OWNED);
    client.expect("main.tf", Some(1), &[]);
    // What the disk says while it is open does not count.
    watched(&mut client, &[("main.tf", 2)]);
    client.everything();
    assert_eq!(client.lines("main.tf"), Vec::<String>::new());
    client.close("main.tf");
    client.expect("main.tf", None, &["queue-without-owner"]);
    // A file that was never saved is checked while it is open.
    client.open("unsaved/pod.yaml", POD);
    client.expect("unsaved/pod.yaml", Some(1), &["privileged-thing"]);
    client.close("unsaved/pod.yaml");
    client.expect("unsaved/pod.yaml", None, &[]);
}

#[test]
fn the_disk_is_watched() {
    let workspace = Workspace::new(&[("main.tf", QUEUE), (".gitignore", "ignored/\n")]);
    let mut client = workspace.client();
    client.wait(|client| client.heard.iter().any(|method| method == "client/registerCapability"), "the wish to watch files");
    client.expect("main.tf", None, &["queue-without-owner"]);
    workspace.write("main.tf", OWNED);
    watched(&mut client, &[("main.tf", 2)]);
    client.expect("main.tf", None, &[]);
    workspace.write("k8s/pod.yaml", POD);
    workspace.write("ignored/pod.yaml", POD);
    watched(&mut client, &[("k8s/pod.yaml", 1), ("ignored/pod.yaml", 1)]);
    client.expect("k8s/pod.yaml", None, &["privileged-thing"]);
    client.everything();
    assert_eq!(client.lines("ignored/pod.yaml"), Vec::<String>::new(), "nobody looks at what is ignored");
    workspace.remove("k8s/pod.yaml");
    watched(&mut client, &[("k8s", 3)]);
    client.expect("k8s/pod.yaml", None, &[]);
}

#[test]
fn a_document_that_is_deleted_and_closed_is_silent() {
    let workspace = Workspace::new(&[("main.tf", QUEUE)]);
    let mut client = workspace.client();
    client.open("main.tf", QUEUE);
    client.expect("main.tf", Some(1), &["queue-without-owner"]);
    workspace.remove("main.tf");
    client.close("main.tf");
    client.expect("main.tf", None, &[]);
}

#[test]
fn settings_and_rules_are_read_again() {
    let workspace = Workspace::new(&[("main.tf", QUEUE), ("pod.yaml", POD)]);
    let mut client = workspace.client();
    client.expect("main.tf", None, &["queue-without-owner"]);
    workspace.write("plimsoll.toml", "select = [\"privileged-thing\"]\n");
    watched(&mut client, &[("plimsoll.toml", 2)]);
    client.expect("main.tf", None, &[]);
    client.expect("pod.yaml", None, &["privileged-thing"]);
    // What is wrong is shown where it stands, and the recommended rules go on.
    workspace.write("plimsoll.toml", "select = [\"privilegd-thing\"]\n");
    watched(&mut client, &[("plimsoll.toml", 2)]);
    client.wait(|client| !client.lines("plimsoll.toml").is_empty(), "the fault in the settings");
    assert_eq!(
        client.lines("plimsoll.toml"),
        ["0:10-0:27  `privilegd-thing` is not a rule, group, profile or tag; did you mean `privileged-thing`?"]
    );
    workspace.write("plimsoll.toml", "select = [\"custom\"]\n");
    client.open("plimsoll.toml", "select = [\"custom\"]\n");
    let uri = client.uri("plimsoll.toml");
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri } }));
    client.expect("plimsoll.toml", None, &[]);
    client.expect("main.tf", None, &["queue-without-owner"]);
}

#[test]
fn folders_come_and_go() {
    let (first, second) = (Workspace::new(&[("main.tf", QUEUE)]), Workspace::new(&[("pod.yaml", POD)]));
    let mut client = first.client();
    client.expect("main.tf", None, &["queue-without-owner"]);
    let folder = json!([{ "uri": crate::client::uri(second.root()), "name": "second" }]);
    client.notify("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": folder, "removed": [] } }));
    let pod = crate::client::uri(&second.root().join("pod.yaml"));
    client.wait(|client| client.published.get(&pod).is_some_and(|(_, found)| found.len() == 1), "the second folder");
    client.notify("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": [], "removed": folder } }));
    client
        .wait(|client| client.published.get(&pod).is_some_and(|(_, found)| found.is_empty()), "silence about the second folder");
    assert_eq!(client.lines("main.tf").len(), 1);
}

#[test]
fn a_file_without_a_folder_is_checked_beside_its_neighbours() {
    let workspace = Workspace::new(&[("main.tf", "variable \"owner\" { default = \"nobody\" }\n"), ("queue.tf", QUEUE)]);
    let elsewhere = Workspace::new(&[]);
    let mut client = elsewhere.client();
    client.root = workspace.root().to_owned();
    client.open("queue.tf", "resource \"aws_sqs_queue\" \"orders\" {\n  tags = { owner = var.owner }\n}\n");
    client.expect("queue.tf", Some(1), &["queue-without-owner"]);
    client.close("queue.tf");
    client.expect("queue.tf", None, &[]);
}

#[test]
fn columns_are_counted_as_agreed() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n    - { name: \"é😀\", securityContext: { privileged: true } }\n";
    let workspace = Workspace::new(&[]);
    for (encoding, start) in [("utf-8", 43), ("utf-16", 40), ("utf-32", 39)] {
        let mut capabilities = pushed();
        capabilities["general"]["positionEncodings"] = json!([encoding]);
        let mut client = workspace.client_with(capabilities);
        assert_eq!(client.offer["capabilities"]["positionEncoding"], encoding);
        client.open("pod.yaml", text);
        client.expect("pod.yaml", Some(1), &["privileged-thing"]);
        let line = client.lines("pod.yaml").remove(0);
        assert!(line.starts_with(&format!("5:{start}-5:{} ", start + 16)), "{encoding}: {line}");
        // A change behind them lands where it is meant.
        let version = client.change("pod.yaml", &[(Some([5, start + 12, 5, start + 16]), "false")]);
        client.expect("pod.yaml", Some(version), &[]);
    }
}

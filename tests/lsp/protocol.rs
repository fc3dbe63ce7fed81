//! What the protocol says about everything else.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::workspace::{QUEUE, Workspace, program, pulling};

fn hover(uri: &str) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 3 } })
}

#[test]
fn what_is_not_known_is_refused_and_the_server_goes_on() {
    let workspace = Workspace::new(&[("main.tf", QUEUE)]);
    let mut client = workspace.client();
    let id = client.ask("textDocument/moonPhase", json!({}));
    assert_eq!(client.answer(id)["error"]["code"], -32601);
    let id = client.ask("textDocument/hover", json!({ "textDocument": 7 }));
    assert_eq!(client.answer(id)["error"]["code"], -32602);
    client.notify("$/whatever", json!({}));
    client.notify("textDocument/willDance", json!({}));
    client.open("main.tf", QUEUE);
    client.expect("main.tf", Some(1), &["queue-without-owner"]);
    client.write(b"Content-Length: 9\r\n\r\n{\"broken\"");
    assert_eq!(client.answer(-1)["error"]["code"], -32700);
}

#[test]
fn what_is_no_file_is_ignored() {
    let workspace = Workspace::new(&[("main.tf", QUEUE)]);
    let mut client = workspace.client_with(pulling());
    for uri in [
        "untitled:Untitled-1",
        "git:/a/main.tf?%7B%7D",
        "file://server/share/main.tf",
        "file:///c%3A/work/main.tf",
        "file:///C:/work/main.tf",
    ] {
        let document = json!({ "uri": uri, "languageId": "terraform", "version": 1, "text": "# nothing\n" });
        client.notify("textDocument/didOpen", json!({ "textDocument": document }));
        client.notify(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": "" }] }),
        );
        assert_eq!(client.request("textDocument/hover", hover(uri)), Value::Null, "{uri}");
        let report = client.request("textDocument/diagnostic", json!({ "textDocument": { "uri": uri } }));
        assert_eq!(report["items"], json!([]), "{uri}");
        client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }
    // Changes and requests for documents that are not open.
    let uri = client.uri("other.tf");
    client.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": "" }] }),
    );
    assert_eq!(client.request("textDocument/hover", hover(&uri)), Value::Null);
    assert_eq!(client.stop(), Some(0));
}

#[test]
fn nothing_is_answered_before_the_greeting_or_after_the_goodbye() {
    let workspace = Workspace::new(&[]);
    let mut client = Client::unstarted(program(), workspace.root());
    let uri = client.uri("main.tf");
    let id = client.ask("textDocument/hover", hover(&uri));
    assert_eq!(client.answer(id)["error"]["code"], -32002);
    let mut client = workspace.client();
    client.request("shutdown", Value::Null);
    let id = client.ask("textDocument/hover", hover(&uri));
    assert_eq!(client.answer(id)["error"]["code"], -32600);
    client.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(client.server.wait().unwrap().code(), Some(0));
}

#[test]
fn exit_without_shutdown_is_an_error() {
    let workspace = Workspace::new(&[]);
    let mut client = workspace.client();
    client.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(client.server.wait().unwrap().code(), Some(1));
}

#[test]
fn the_server_ends_with_its_editor() {
    let workspace = Workspace::new(&[]);
    let mut editor = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
    let mut client = Client::unstarted(program(), workspace.root());
    client.request("initialize", json!({ "processId": editor.id(), "rootUri": null, "capabilities": {} }));
    client.notify("initialized", json!({}));
    editor.kill().unwrap();
    editor.wait().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while client.server.try_wait().unwrap().is_none() {
        assert!(Instant::now() < end, "the server outlives its editor");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn every_request_is_answered_whatever_comes_in_between() {
    let workspace = Workspace::new(&[("main.tf", QUEUE)]);
    let mut client = workspace.client_with(pulling());
    client.open("main.tf", QUEUE);
    client.everything();
    let uri = client.uri("main.tf");
    let mut asked = Vec::new();
    for number in 0..200 {
        // Odd texts have no finding.
        client.change("main.tf", &[(None, if number % 2 == 0 { QUEUE } else { "# nothing\n" })]);
        asked.push((number, client.ask("textDocument/diagnostic", json!({ "textDocument": { "uri": uri } }))));
        let id = client.ask("textDocument/hover", hover(&uri));
        client.notify("$/cancelRequest", json!({ "id": id }));
        asked.push((-1, id));
    }
    let (mut answered, mut cancelled) = (0, 0);
    for (number, id) in asked {
        let answer = client.answer(id);
        match (number, answer["error"]["code"].as_i64()) {
            // The answer is about exactly the text that was sent before.
            (0.., None) => {
                assert_eq!(answer["result"]["items"].as_array().unwrap().len(), usize::from(number % 2 == 0), "{number}");
                answered += 1;
            }
            (0.., Some(-32802)) => {
                assert_eq!(answer["error"]["data"]["retriggerRequest"], true);
                cancelled += 1;
            }
            (-1, None | Some(-32800 | -32801)) => {}
            other => panic!("{other:?}: {answer}"),
        }
    }
    println!("{answered} answered, {cancelled} cancelled by a newer edit");
    assert!(answered > 0, "the last one is answered at least");
}

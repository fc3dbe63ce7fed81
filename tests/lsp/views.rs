//! Lenses, values, links, and the editor's settings.

use serde_json::{Value, json};

use crate::client::{Client, range_of};
use crate::workspace::{POD, QUEUE, Workspace, program, pulling, pushed};

const MACHINE: &str = r#"resource "aws_instance" "web" {
  ami                    = "ami-1"
  instance_type          = var.size
  vpc_security_group_ids = [aws_security_group.web.id]
}

resource "aws_security_group" "web" {
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"#;
const VARIABLES: &str = "variable \"size\" {\n}\n";
const GIVEN: &str = "size = \"t3.micro\"\n";

fn machine() -> Workspace {
    Workspace::new(&[("main.tf", MACHINE), ("variables.tf", VARIABLES), ("terraform.tfvars", GIVEN)])
}

fn ask(client: &mut Client, method: &str, path: &str, line: usize, column: usize) -> Value {
    let uri = client.uri(path);
    let position = json!({ "line": line, "character": column });
    client.request(
        method,
        json!({ "textDocument": { "uri": uri }, "position": position, "context": { "includeDeclaration": true } }),
    )
}

fn of_document(client: &mut Client, method: &str, path: &str) -> Vec<Value> {
    let uri = client.uri(path);
    let range = range_of([0, 0, 99, 0]);
    let answer = client.request(method, json!({ "textDocument": { "uri": uri }, "range": range }));
    answer.as_array().cloned().unwrap_or_default()
}

/// Locations as `file:line`, from 0.
fn places(answer: &Value) -> Vec<String> {
    let all = answer.as_array().cloned().unwrap_or_default();
    let place = |location: &Value| {
        let file = location["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        format!("{file}:{}", location["range"]["start"]["line"])
    };
    let mut all: Vec<String> = all.iter().map(place).collect();
    all.sort();
    all
}

#[test]
fn lenses_tell_the_rung_and_who_reaches_it() {
    let workspace = machine();
    let mut client = workspace.client();
    client.open("main.tf", MACHINE);
    let lenses = of_document(&mut client, "textDocument/codeLens", "main.tf");
    assert_eq!(lenses.len(), 1, "{lenses:#?}");
    let command = &lenses[0]["command"];
    let title = command["title"].as_str().unwrap();
    assert!(title.starts_with("rung ") && title.ends_with(" · reachable from the internet on tcp/443"), "{title}");
    assert_eq!((&lenses[0]["range"]["start"]["line"], &command["command"]), (&json!(0), &json!("")), "no command was announced");
    // The wall goes up while it is typed.
    client.change("main.tf", &[(Some([11, 20, 11, 29]), "10.0.0.0/8")]);
    let lenses = of_document(&mut client, "textDocument/codeLens", "main.tf");
    let title = lenses[0]["command"]["title"].as_str().unwrap();
    assert!(title.starts_with("rung ") && !title.contains("reachable"), "{title}");
    // What is not known is said to be so.
    client.change("main.tf", &[(Some([11, 18, 11, 32]), "[var.allowed]")]);
    let lenses = of_document(&mut client, "textDocument/codeLens", "main.tf");
    assert!(lenses[0]["command"]["title"].as_str().unwrap().ends_with(" · undecided: var.allowed"), "{lenses:#?}");
}

#[test]
fn a_client_that_can_show_steps_is_given_them() {
    let workspace = machine();
    let options = json!({ "commands": ["plimsoll.showExposure"] });
    let mut client = Client::started(program(), workspace.root(), pushed(), options, &[]);
    client.open("main.tf", MACHINE);
    let lenses = of_document(&mut client, "textDocument/codeLens", "main.tf");
    let command = &lenses[0]["command"];
    assert_eq!(command["command"], "plimsoll.showExposure");
    let exposure = &command["arguments"][0]["exposures"][0];
    assert_eq!((&exposure["verdict"], &exposure["ports"]), (&json!("reachable"), &json!(["tcp/443"])));
    let steps = exposure["steps"].as_array().unwrap();
    let uri = client.uri("main.tf");
    assert!(steps.iter().any(|step| step["uri"] == uri && step["range"]["start"]["line"] == 7), "{steps:#?}");
    // No lenses when the settings say so.
    client.notify("workspace/didChangeConfiguration", json!({ "settings": { "plimsoll": { "codeLens": false } } }));
    assert!(of_document(&mut client, "textDocument/codeLens", "main.tf").is_empty());
}

#[test]
fn hover_tells_of_nodes_and_values() {
    let workspace = machine();
    let mut client = workspace.client();
    client.open("main.tf", MACHINE);
    let hover = ask(&mut client, "textDocument/hover", "main.tf", 0, 12);
    let text = hover["contents"]["value"].as_str().unwrap();
    for part in
        ["**aws_instance.web** (machine): rung ", "Isolation", "Reachable from the internet on tcp/443", "1. ", "[main.tf:8]("]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let hover = ask(&mut client, "textDocument/hover", "main.tf", 2, 30);
    let text = hover["contents"]["value"].as_str().unwrap();
    for part in ["`instance_type`", "\"t3.micro\"", "through `var.size` ([main.tf:3](", "[terraform.tfvars:1]("] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let literal = ask(&mut client, "textDocument/hover", "main.tf", 1, 30);
    assert_eq!(literal, Value::Null, "a literal says itself what it is");
    client.change("main.tf", &[(Some([2, 27, 2, 35]), "var.other")]);
    let hover = ask(&mut client, "textDocument/hover", "main.tf", 2, 30);
    assert!(hover["contents"]["value"].as_str().unwrap().contains("Not known: `var.other`: nobody declares it"), "{hover}");
}

#[test]
fn hints_are_off_until_they_are_asked_for() {
    let dockerfile = "FROM alpine:3.20 AS build\nUSER app\n";
    let workspace = machine();
    workspace.write("Dockerfile", dockerfile);
    let mut client = workspace.client();
    client.open("main.tf", MACHINE);
    client.open("Dockerfile", dockerfile);
    assert!(of_document(&mut client, "textDocument/inlayHint", "main.tf").is_empty());
    client
        .notify("workspace/didChangeConfiguration", json!({ "settings": { "plimsoll": { "inlayHints": { "enabled": true } } } }));
    let hints = of_document(&mut client, "textDocument/inlayHint", "main.tf");
    let shown: Vec<String> =
        hints.iter().map(|hint| format!("{} {}", hint["position"]["line"], hint["label"].as_str().unwrap())).collect();
    assert_eq!(shown, ["2 = \"t3.micro\""]);
    let hints = of_document(&mut client, "textDocument/inlayHint", "Dockerfile");
    assert_eq!(hints.iter().map(|hint| hint["label"].as_str().unwrap()).collect::<Vec<_>>(), ["user: app"]);
}

#[test]
fn variables_lead_to_what_sets_them_and_back() {
    let workspace = machine();
    workspace.write("app/main.tf", "module \"a\" {\n  source = \"../inner\"\n  image  = \"nginx\"\n}\n");
    workspace
        .write("inner/main.tf", "variable \"image\" {\n}\n\nresource \"docker_container\" \"a\" {\n  image = var.image\n}\n");
    let mut client = workspace.client();
    client.open("main.tf", MACHINE);
    let rows = [
        ("textDocument/definition", "main.tf", 2, 30, vec!["terraform.tfvars:0", "variables.tf:0"]),
        ("textDocument/definition", "terraform.tfvars", 0, 1, vec!["variables.tf:0"]),
        ("textDocument/references", "variables.tf", 0, 12, vec!["main.tf:2", "terraform.tfvars:0"]),
        ("textDocument/references", "terraform.tfvars", 0, 10, vec!["main.tf:2"]),
        ("textDocument/definition", "app/main.tf", 2, 3, vec!["main.tf:0"]),
        ("textDocument/definition", "inner/main.tf", 4, 13, vec!["main.tf:0", "main.tf:2"]),
        ("textDocument/definition", "main.tf", 9, 6, vec![]),
    ];
    let mut wrong = Vec::new();
    for (method, path, line, column, expected) in rows {
        let mut found = places(&ask(&mut client, method, path, line, column));
        found.dedup();
        if !expected.iter().all(|place| found.iter().any(|own| own == place)) || expected.is_empty() != found.is_empty() {
            wrong.push(format!("{method} {path}:{line}:{column}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn services_lead_to_pods_and_images_to_their_stage() {
    let service =
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector:\n    app: web\n  ports:\n    - port: 80\n";
    let pods = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      containers:\n        - name: web\n          image: shop/web\n";
    let compose = "services:\n  web:\n    image: shop/web\n    build:\n      context: ./web\n      target: run\n";
    let workspace = Workspace::new(&[
        ("service.yaml", service),
        ("pods.yaml", pods),
        ("compose.yaml", compose),
        ("web/Dockerfile", "FROM alpine AS build\nRUN true\nFROM alpine AS run\nUSER app\n"),
    ]);
    let mut client = workspace.client();
    client.open("service.yaml", service);
    let rows = [
        ("textDocument/definition", "service.yaml", 6, 6, "pods.yaml:1"),
        ("textDocument/references", "pods.yaml", 1, 3, "service.yaml:1"),
        ("textDocument/definition", "compose.yaml", 5, 15, "Dockerfile:2"),
        ("textDocument/definition", "pods.yaml", 15, 20, "Dockerfile:2"),
    ];
    let mut wrong = Vec::new();
    for (method, path, line, column, expected) in rows {
        let found = places(&ask(&mut client, method, path, line, column));
        if !found.iter().any(|own| own == expected) {
            wrong.push(format!("{method} {path}:{line}:{column}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn comments_lead_to_the_pages_of_their_rules() {
    let text = "# plimsoll: allow(privileged-ecs-container) reason=\"x\"\nresource \"aws_sqs_queue\" \"a\" {\n}\n";
    let workspace = Workspace::new(&[("main.tf", text)]);
    let mut client = workspace.client();
    client.open("main.tf", text);
    let links = of_document(&mut client, "textDocument/documentLink", "main.tf");
    assert_eq!(links.len(), 1, "{links:#?}");
    assert!(links[0]["target"].as_str().unwrap().contains("privileged-ecs-container"), "{links:#?}");
    assert_eq!(links[0]["range"], range_of([0, 18, 0, 42]));
    // A name that no rule has leads nowhere.
    client.change("main.tf", &[(Some([0, 18, 0, 42]), "no-such-rule")]);
    assert!(of_document(&mut client, "textDocument/documentLink", "main.tf").is_empty());
}

#[test]
fn the_editor_is_asked_for_settings_and_the_file_goes_before_them() {
    let workspace = Workspace::new(&[("main.tf", QUEUE)]);
    workspace.write("plimsoll.toml", "severity = \"info\"\n");
    let mut capabilities = pushed();
    capabilities["workspace"]["configuration"] = json!(true);
    let replies = [("workspace/configuration", json!([{ "select": ["custom"] }]))];
    let mut client = Client::started(program(), workspace.root(), capabilities.clone(), Value::Null, &replies);
    client.open("main.tf", QUEUE);
    client.expect("main.tf", None, &["queue-without-owner"]);
    let _ = client.stop();
    workspace.write("plimsoll.toml", "select = [\"privileged-thing\"]\n");
    let mut client = Client::started(program(), workspace.root(), capabilities, json!({ "select": ["custom"] }), &replies);
    client.open("main.tf", QUEUE);
    client.everything();
    assert!(client.lines("main.tf").is_empty(), "{:?}", client.lines("main.tf"));
}

#[test]
fn edits_of_actions_come_when_they_are_asked_for() {
    let workspace = Workspace::new(&[("pod.yaml", POD)]);
    let mut capabilities = pulling();
    capabilities["textDocument"]["codeAction"] = json!({ "dataSupport": true, "resolveSupport": { "properties": ["edit"] } });
    let mut client = workspace.client_with(capabilities);
    client.open("pod.yaml", POD);
    let uri = client.uri("pod.yaml");
    let params = json!({ "textDocument": { "uri": uri }, "range": range_of([7, 10, 7, 12]), "context": { "diagnostics": [] } });
    let actions = client.request("textDocument/codeAction", params).as_array().unwrap().clone();
    let allow = actions.iter().find(|action| action["title"].as_str().unwrap().starts_with("Allow")).unwrap();
    assert!(actions.iter().all(|action| action.get("edit").is_none()), "{actions:#?}");
    let resolved = client.request("codeAction/resolve", allow.clone());
    let edit = &resolved["edit"]["documentChanges"][0]["edits"][0];
    assert!(edit["newText"].as_str().unwrap().contains("plimsoll: allow(privileged-thing)"), "{resolved}");
}

#[test]
fn the_session_goes_on_after_a_broken_message() {
    let workspace = Workspace::new(&[("main.tf", QUEUE)]);
    let mut client = workspace.client();
    for (broken, code) in
        [("{\"broken\"", -32700), ("[", -32700), ("nothing at all", -32700), ("[]", -32600), ("{\"a\": 1}", -32600)]
    {
        client.write(format!("Content-Length: {}\r\n\r\n{broken}", broken.len()).as_bytes());
        assert_eq!(client.answer(-1)["error"]["code"], code, "{broken}");
    }
    client.open("main.tf", QUEUE);
    client.expect("main.tf", Some(1), &["queue-without-owner"]);
    assert_eq!(client.stop(), Some(0));
}

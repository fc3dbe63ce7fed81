//! What Terraform's root modules are given, plans, and `inspect`.

use crate::workspace::Workspace;

const QUEUE: &str = "variable \"owner\" {}\nresource \"aws_sqs_queue\" \"orders\" {\n  tags = var.owner == \"\" ? {} : { owner = var.owner }\n}\n";
const CONCISE: [&str; 5] = ["check", "--output-format", "concise", "--select", "queue-without-owner"];

fn lines(files: &[(&str, &str)], more: &[&str]) -> (usize, String) {
    let mut all = vec![("main.tf", QUEUE)];
    all.extend_from_slice(files);
    let ran = Workspace::new(&all).run(&[&CONCISE[..], more].concat());
    (ran.stdout.lines().count(), ran.stdout)
}

#[test]
fn variables_come_from_the_command_line() {
    let file = [("x.tfvars", "owner = \"\"\n")];
    let rows: [(&[&str], usize); 5] = [
        (&[], 0),
        (&["--var", "owner="], 1),
        (&["-var-file", "x.tfvars"], 1),
        (&["-var-file=x.tfvars", "-var", "owner=team-a"], 0),
        (&["-var", "owner=team-a", "-var-file=x.tfvars"], 1),
    ];
    for (arguments, expected) in rows {
        let (found, text) = lines(&file, arguments);
        assert_eq!(found, expected, "{arguments:?}: {text}");
    }
}

#[test]
fn a_finding_says_in_which_environment_it_holds() {
    let settings = "[environments.dev]\nvar-files = [\"dev.tfvars\"]\n[environments.prod]\nvar-files = [\"prod.tfvars\"]\n";
    let (found, text) =
        lines(&[("plimsoll.toml", settings), ("dev.tfvars", "owner = \"\"\n"), ("prod.tfvars", "owner = \"team-a\"\n")], &[]);
    assert_eq!((found, text.trim_end().ends_with("(in dev)")), (1, true), "{text}");
}

#[test]
fn a_plan_is_judged_where_its_source_stands() {
    let plan = r#"{"format_version": "1.2", "planned_values": {"root_module": {"resources": [
        {"address": "aws_sqs_queue.orders", "mode": "managed", "type": "aws_sqs_queue", "name": "orders", "values": {"tags": null}}]}}}"#;
    let (found, text) = lines(&[("plan.json", plan)], &["--plan", "plan.json"]);
    assert_eq!((found, text.starts_with("main.tf:2:1:")), (1, true), "{text}");
}

#[test]
fn inspect_shows_values_with_their_way() {
    let workspace = Workspace::new(&[("main.tf", QUEUE)]);
    let text = workspace.run(&["inspect", ".", "aws_sqs_queue.orders", "-var", "owner=team-a"]);
    assert!(text.stdout.contains("tags.owner") && text.stdout.contains("\"team-a\""), "{text:?}");
    let json = workspace.run(&["inspect", ".", "var.owner", "--output-format", "json"]);
    assert!(json.stdout.contains("\"address\": \"var.owner\""), "{json:?}");
    assert_eq!(workspace.run(&["inspect", ".", "nothing.here"]).status, 2);
}

#[test]
fn inspect_says_which_version_of_a_provider_was_taken() {
    let lock = "provider \"registry.opentofu.org/hashicorp/aws\" {\n  version = \"5.31.0\"\n}\n";
    let settings = "terraform {\n  required_version = \"< 1.9\"\n  required_providers {\n    google = \"~> 5.0\"\n  }\n}\nresource \"azurerm_public_ip\" \"a\" {}\n";
    let workspace = Workspace::new(&[("main.tf", QUEUE), ("versions.tf", settings), (".terraform.lock.hcl", lock)]);
    let expected = "root module .\naws 5.31.0 (lock)  .terraform.lock.hcl:2:13\nazurerm 4.55.0 (newest)\ngoogle 5.45.2 (constraint)  versions.tf:4:14\n\
                    opentofu 1.8.0 (constraint)  versions.tf:2:22\nterraform 1.8.0 (constraint)  versions.tf:2:22\n";
    let text = workspace.run(&["inspect", "."]).stdout;
    assert!(text.starts_with(expected), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&workspace.run(&["inspect", ".", "--output-format", "json"]).stdout).unwrap();
    assert_eq!(json[0]["versions"][0]["version"], "5.31.0");
    assert_eq!(json[0]["versions"][0]["from"], "lock");
    assert_eq!(json[0]["versions"][0]["place"]["line"], 2);
}

use std::sync::Arc;

use plimsoll_syntax::{Kind, Value};

use super::{Sources, load};

/// The project of these files, of which those with `compose` in their name are loaded in order.
fn loaded(files: &[(&str, &str)]) -> Result<Value, String> {
    let read = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| Arc::from(*text));
    let variable = |name: &str| (name == "USER").then(|| "ada".to_owned());
    let configs: Vec<&str> = files.iter().map(|(name, _)| *name).filter(|name| name.starts_with("compose")).collect();
    load(&configs, &Sources { read: &read, variable: &variable, project: "shop", directory: "/p" })
}

fn shown(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::String(text) => text.to_string(),
        Kind::List(list) => format!("[{}]", list.items.iter().map(shown).collect::<Vec<_>>().join(" ")),
        Kind::Map(map) => {
            let all: Vec<String> = map.entries.iter().map(|entry| format!("{}={}", entry.key, shown(&entry.value))).collect();
            format!("{{{}}}", all.join(" "))
        }
        _ => "?".to_owned(),
    }
}

fn at(project: &Value, path: &str) -> String {
    project.at(&path.split('/').collect::<Vec<_>>()).map_or_else(|| "-".to_owned(), shown)
}

#[test]
fn fields_of_a_project() {
    let rows = [
        (
            "ports: ['8000-8001:80-81']",
            "ports",
            "[{mode=ingress target=80 published=8000 protocol=tcp} {mode=ingress target=81 published=8001 protocol=tcp}]",
        ),
        ("environment: {A: 1, USER: }", "environment", "{A=1 USER=ada}"),
        ("mem_limit: 1g", "mem_limit", "1073741824"),
        ("stop_grace_period: 90s", "stop_grace_period", "1m30s"),
        ("privileged: false", "privileged", "-"),
        ("init: false", "init", "false"),
        ("ulimits: {nproc: 5, nofile: {soft: 1, hard: 2}}", "ulimits", "{nproc=5 nofile={soft=1 hard=2}}"),
        ("volumes: [./a:/b]", "volumes", "[{type=bind source=/p/a target=/b bind={}}]"),
        ("extra_hosts: {b: 1.2.3.4, a: '::1'}", "extra_hosts", "[a=::1 b=1.2.3.4]"),
        ("command: []", "command", "[]"),
        (
            "blkio_config: {weight: 300, device_read_bps: [{path: /a, rate: 1k}]}",
            "blkio_config",
            "{weight=300 device_read_bps=[{path=/a rate=1024}]}",
        ),
        ("build: {context: ., extra_hosts: ['a:1.2.3.4']}", "build/extra_hosts", "[a=1.2.3.4]"),
        ("env_file: [{path: x.env, required: false}]", "env_file", "[{path=/p/x.env required=false}]"),
        ("network_mode: host", "networks", "-"),
        ("image: a", "networks", "{default=null}"),
        ("image: a", "entrypoint", "null"),
    ];
    for (line, path, expected) in rows {
        let image = if line.starts_with("image") { "" } else { "    image: a\n" };
        let project = loaded(&[("compose.yaml", &format!("services:\n  web:\n{image}    {line}\n"))]).unwrap();
        assert_eq!(at(&project, &format!("services/web/{path}")), expected, "{line}");
    }
}

#[test]
fn later_files_lie_over_earlier_ones() {
    let base = "services:\n  web:\n    image: a\n    command: [x]\n    ports: ['80:80']\n    environment: {A: 1, B: 2}\n    cap_add: [B, A]\n";
    let rows = [
        ("    image: b\n", "image", "b"),
        ("    command: [y]\n", "command", "[y]"),
        ("    environment: {B: 3}\n", "environment", "{A=1 B=3}"),
        ("    environment: !reset {}\n", "environment", "-"),
        ("    environment:\n      A: !reset null\n", "environment", "{B=2}"),
        ("    environment: !override {C: 4}\n", "environment", "{C=4}"),
        ("    cap_add: [A, C]\n", "cap_add", "[B A C]"),
    ];
    for (over, path, expected) in rows {
        let over = format!("services:\n  web:\n{over}");
        let project = loaded(&[("compose.yaml", base), ("compose.override.yaml", &over)]).unwrap();
        assert_eq!(at(&project, &format!("services/web/{path}")), expected, "{over}");
    }
}

#[test]
fn other_files_are_read() {
    let files = [
        (
            "compose.yaml",
            "include: [db/part.yaml]\nservices:\n  web:\n    extends: {file: base/base.yaml, service: base}\n    env_file: [web.env]\n",
        ),
        ("db/part.yaml", "services:\n  db:\n    image: postgres\n    volumes: [./data:/data]\n"),
        ("base/base.yaml", "services:\n  base:\n    build: ./src\n    user: $USER\n"),
        ("web.env", "# a\nexport A=1\nB=\"$A-2\"\nC='$A'\nUSER\n"),
    ];
    let project = loaded(&files).unwrap();
    let rows = [
        ("services/db/volumes", "[{type=bind source=/p/db/data target=/data bind={}}]"),
        ("services/web/build", "{context=/p/base/src dockerfile=Dockerfile}"),
        ("services/web/user", "ada"),
        ("services/web/environment", "{A=1 B=1-2 C=$A USER=ada}"),
        ("networks/default/name", "shop_default"),
    ];
    for (path, expected) in rows {
        assert_eq!(at(&project, path), expected, "{path}");
    }
}

#[test]
fn what_is_refused() {
    let rows = [
        ("services:\n  web: {}\n", "neither an image nor a build"),
        ("services:\n  web: {image: a, networks: [x]}\n", "undefined network x"),
        ("services:\n  web: {image: a, volumes: ['v:/x', 'data:/y']}\n", "undefined volume"),
        ("services:\n  web: {image: a, depends_on: [b]}\n", "undefined service \"b\""),
        ("services:\n  a: {image: a, depends_on: [b]}\n  b: {image: a, links: [a]}\n", "cycle"),
        ("services:\n  web: {image: a, colour: red}\n", "'colour' not allowed"),
        ("services:\n  web: {image: a, privileged: maybe}\n", "must be a boolean"),
        ("services:\n  web: {image: [a]}\n", "must be a string"),
        ("services:\n  web: {image: a, network_mode: host, networks: [default]}\n", "mutually exclusive"),
        ("services:\n  web: {image: '${A:?}'}\n", "invalid interpolation"),
        ("services:\n  web: {image: a, env_file: [none.env]}\n", "not found"),
        ("services:\n  web: {extends: other}\n", "service not found"),
        ("services:\n  web: {extends: web, image: a}\n", "circular"),
        ("include: [compose.yaml]\n", "include cycle"),
        ("services: []\n", "must be a mapping"),
        ("services:\n  1: {image: a}\n", "non-string key"),
        ("- a\n", "must be a mapping"),
    ];
    for (text, expected) in rows {
        let error = loaded(&[("compose.yaml", text)]).err().unwrap_or_default();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

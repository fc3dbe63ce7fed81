use std::io;
use std::sync::Arc;

use camino::Utf8Path;
use plimsoll_rules::{RuleSet, load};

use super::{apply, diff};
use crate::{Engine, Files, Settings, Source};

struct Nothing;

impl Files for Nothing {
    fn read(&self, _path: &Utf8Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, _folder: &Utf8Path) -> Option<Vec<String>> {
        Some(Vec::new())
    }
}

/// The text after the fixes of a rule with this header, applied once.
fn fixed(header: &str, path: &str, text: &str) -> String {
    let page = format!("# Title\n\n```rule\nseverity = low\nmessage = \"m\"\n{header}\n```\n");
    let (_, info) = load(Utf8Path::new("rules/x/some-rule.md"), &page).unwrap();
    let settings = Settings { select: vec!["all".to_owned()], ..Settings::default() };
    let mut engine = Engine::new(Arc::new(Nothing), &RuleSet::of_rule(info), &settings).unwrap();
    engine.add(vec![Source::new(path, Ok(text.as_bytes().to_vec()))]);
    let report = engine.check(&|_, _| {});
    apply(text, report.findings.iter().filter_map(|finding| finding.fix.as_ref())).0
}

#[test]
fn fixes_are_written_in_the_syntax_of_the_file() {
    let read_only = "on = service\nrequire = read_only == true";
    let address = "on = service\neach = ports\nforbid = host_ip == null\nfix = { host_ip = \"127.0.0.1\" }";
    let icc = "on = daemon\nrequire = icc == false";
    let tokens = "on = aws_instance\nrequire = metadata_options.http_tokens == \"required\"";
    let flag = "on = command\nwhen = program == \"apt-get\"\nrequire = flag(argv, \"-y\") != null";
    let insecure = "on = command\nforbid = flag(argv, \"-k\", \"--insecure\") != null";
    let add = "on = instruction.ADD\nforbid = true\nwhen = true\nfix = { keyword = \"COPY\" }";
    let user = "on = stage.final\nforbid = alias == null\nfix = { user = \"1000\" }";
    let lists = "on = instruction.RUN\nrequire = any(commands, program == \"rm\")\nfix = { commands = [\"rm -r /x\"] }";
    let drop = "on = service\nrequire = contains(cap_drop, \"ALL\")";
    let keep = "on = service\nforbid = contains(cap_add, \"ALL\")";
    let version = "on = project\nforbid = version != null";
    let derived = "on = service\nforbid = container_name_taken_by != null";
    let compose = |service: &str| format!("services:\n  a:\n{service}");
    let rows: &[(&str, &str, String, String)] = &[
        (read_only, "compose.yaml", compose("    image: x # c\n"), compose("    image: x # c\n    read_only: true\n")),
        (read_only, "compose.yaml", compose("    read_only: no\n"), compose("    read_only: no\n")),
        (read_only, "compose.yaml", compose("    image: x\n    read_only: false\n"), compose("    image: x\n    read_only: true\n")),
        (read_only, "compose.yaml", "services: {a: {image: x}}\n".into(), "services: {a: {image: x, read_only: true}}\n".into()),
        (read_only, "compose.yaml", compose("    image: x\n    command: |\n      a\n\n"), compose("    image: x\n    command: |\n      a\n    read_only: true\n\n")),
        (read_only, "compose.yaml", compose("    image: x\n    read_only: ${RO}\n"), compose("    image: x\n    read_only: ${RO}\n")),
        (address, "compose.yaml", compose("    image: x\n    ports: ['1:2', 3:4]\n"), compose("    image: x\n    ports: ['127.0.0.1:1:2', \"127.0.0.1:3:4\"]\n")),
        (address, "compose.yaml", compose("    image: x\n    ports:\n      - target: 1\n"), compose("    image: x\n    ports:\n      - target: 1\n        host_ip: \"127.0.0.1\"\n")),
        (drop, "compose.yaml", compose("    image: x\n    cap_drop:\n      - A\n"), compose("    image: x\n    cap_drop:\n      - A\n      - ALL\n")),
        (drop, "compose.yaml", compose("    image: x\n"), compose("    image: x\n    cap_drop:\n      - ALL\n")),
        (keep, "compose.yaml", compose("    image: x\n    cap_add: [ALL, A]\n"), compose("    image: x\n    cap_add: [A]\n")),
        (version, "compose.yaml", format!("version: '3' # old\n{}", compose("    image: x\n")), compose("    image: x\n")),
        (
            derived,
            "compose.yaml",
            compose("    image: x\n    container_name: c\n  b:\n    image: x\n    container_name: c\n"),
            compose("    image: x\n    container_name: c\n  b:\n    image: x\n    container_name: c\n"),
        ),
        (icc, "daemon.json", "{}\n".into(), "{ \"icc\": false }\n".into()),
        (icc, "daemon.json", "{\n    \"debug\": true\n}\n".into(), "{\n    \"debug\": true,\n    \"icc\": false\n}\n".into()),
        (icc, "daemon.json", "{\"icc\": true}".into(), "{\"icc\": false}".into()),
        (tokens, "a.tf", "resource \"aws_instance\" \"a\" {}\n".into(), "resource \"aws_instance\" \"a\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}\n".into()),
        (
            tokens,
            "a.tf",
            "resource \"aws_instance\" \"a\" {\n  metadata_options {\n    http_endpoint = \"enabled\" # c\n  }\n}\n".into(),
            "resource \"aws_instance\" \"a\" {\n  metadata_options {\n    http_endpoint = \"enabled\" # c\n    http_tokens = \"required\"\n  }\n}\n".into(),
        ),
        (
            tokens,
            "a.tf",
            "resource \"aws_instance\" \"a\" {\n  metadata_options {\n    http_tokens = \"optional\"\n  }\n}\n".into(),
            "resource \"aws_instance\" \"a\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}\n".into(),
        ),
        (flag, "Dockerfile", "FROM a\nRUN x && apt-get install b\n".into(), "FROM a\nRUN x && apt-get install -y b\n".into()),
        (flag, "Dockerfile", "FROM a\nRUN [\"apt-get\", \"install\", \"b\"]\n".into(), "FROM a\nRUN [\"apt-get\", \"install\", \"-y\", \"b\"]\n".into()),
        (insecure, "a.sh", "curl -k https://a\ncurl --insecure -s b\ncurl -sk c\n".into(), "curl https://a\ncurl -s b\ncurl -sk c\n".into()),
        (add, "Dockerfile", "FROM a\nadd b c\nONBUILD ADD d e\n".into(), "FROM a\ncopy b c\nONBUILD COPY d e\n".into()),
        (user, "Dockerfile", "FROM scratch\nCOPY a /\n# runs\nCMD [\"/a\"]\n".into(), "FROM scratch\nCOPY a /\nUSER 1000\n# runs\nCMD [\"/a\"]\n".into()),
        (user, "Dockerfile", "FROM scratch\nCOPY a /".into(), "FROM scratch\nCOPY a /\nUSER 1000".into()),
        (lists, "Dockerfile", "FROM a\nRUN b \\\n  && c\n".into(), "FROM a\nRUN b \\\n  && c \\\n  && rm -r /x\n".into()),
        (lists, "Dockerfile", "FROM a\r\nRUN b \\\r\n  && c\r\n".into(), "FROM a\r\nRUN b \\\r\n  && c \\\r\n  && rm -r /x\r\n".into()),
        (lists, "Dockerfile", "FROM a\nRUN <<E\nb\nE\n".into(), "FROM a\nRUN <<E\nb\nE\n".into()),
    ];
    for (header, path, before, after) in rows {
        assert_eq!(fixed(header, path, before), *after, "{header}\n{before}");
    }
}

#[test]
fn differences_are_unified() {
    let before: String = (1..=20).map(|line| format!("{line}\n")).collect();
    let after = before.replace("\n3\n", "\nthree\n").replace("\n18\n", "\n");
    let shown = diff("a.txt", &before, &after);
    let heads: Vec<&str> = shown.lines().filter(|line| line.starts_with(['@', '-', '+'])).collect();
    assert_eq!(heads, ["--- a/a.txt", "+++ b/a.txt", "@@ -1,6 +1,6 @@", "-3", "+three", "@@ -15,6 +15,5 @@", "-18"]);
    assert_eq!(diff("a.txt", "x", "x\n"), "--- a/a.txt\n+++ b/a.txt\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+x\n");
    assert_eq!(diff("a.txt", &before, &before), "");
}

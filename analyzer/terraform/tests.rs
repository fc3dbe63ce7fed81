//! Small workspaces as texts, and what is planned for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::value::{Kind, Part, Reason};
use plimsoll_syntax::{FileId, Item, Value, hcl, yaml};

use crate::{
    Evaluated, Evaluation, FileRead, Module, ModuleFiles, NoteKind, SourceFile, SourceTree, Workspace, declarations, evaluate,
    evaluate_expression,
};

mod again;
mod given;
mod types;

/// Files by path.
struct Files(Vec<(&'static str, Arc<str>)>);

impl Workspace for Files {
    fn module(&self, dir: &str) -> Option<Arc<Module>> {
        let mut trees: BTreeMap<&str, (FileId, Arc<hcl::Tree>, yaml::Tree)> = BTreeMap::new();
        for (at, (path, text)) in self.0.iter().enumerate() {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            if parent == dir && (name.ends_with(".tf") || name.ends_with(".tf.json") || name.ends_with(".tfvars")) {
                let id = FileId(u32::try_from(at).unwrap());
                trees.insert(name, (id, Arc::new(hcl::parse(text)), yaml::parse(text)));
            }
        }
        let files: Vec<SourceFile<'_>> = trees
            .iter()
            .map(|(name, (file, tree, json))| {
                let tree = match name.rsplit_once('.') {
                    Some((_, "json")) => SourceTree::Json(json),
                    Some((_, "tfvars")) => SourceTree::Tfvars(tree),
                    _ => SourceTree::Hcl(tree),
                };
                SourceFile { name, file: *file, tree }
            })
            .collect();
        (!files.is_empty()).then(|| Arc::new(declarations(&ModuleFiles { dir, files })))
    }

    fn read(&self, path: &str) -> FileRead {
        let found = self.0.iter().position(|(known, _)| *known == path);
        found.map_or(FileRead::Missing, |at| FileRead::Text(self.0[at].1.clone(), FileId(u32::try_from(at).unwrap())))
    }
}

fn plan(files: &[(&'static str, &str)]) -> Evaluation {
    evaluate("", &Files(files.iter().map(|(path, text)| (*path, Arc::from(*text))).collect()))
}

fn item<'e>(evaluation: &'e Evaluation, name: &str) -> &'e Item {
    evaluation.items.iter().find(|item| item.name == name).unwrap_or_else(|| panic!("no item {name}"))
}

/// A value in few words: `?` is unknown, `{…}` in a string a hole, `|` a choice.
fn shown(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "null".into(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::String(text) => format!("{text:?}"),
        Kind::Template(parts) => {
            let part = |part: &Part| match part {
                Part::Known(text) => text.to_string(),
                Part::Hole(unknown) => format!("‹{}›", unknown.source),
            };
            format!("~{}~", parts.iter().map(part).collect::<String>())
        }
        Kind::List(list) => {
            let mut items: Vec<String> = list.items.iter().map(shown).collect();
            items.extend(list.tail.as_ref().map(|tail| format!("…{}", tail.source)));
            format!("[{}]", items.join(", "))
        }
        Kind::Map(map) => {
            let mut entries: Vec<String> =
                map.entries.iter().map(|entry| format!("{}={}", entry.key, shown(&entry.value))).collect();
            entries.extend(map.tail.as_ref().map(|tail| format!("…{}", tail.source)));
            format!("{{{}}}", entries.join(", "))
        }
        Kind::Unknown(unknown) => format!("?{}", unknown.source),
        Kind::Choice(choice) => choice.arms.iter().map(shown).collect::<Vec<_>>().join(" | "),
    }
}

fn field(evaluation: &Evaluation, name: &str, field: &str) -> String {
    item(evaluation, name).value.get(field).map_or_else(|| "absent".into(), shown)
}

/// The value of local `x`, beside variables `u` without a value and `b`, a bool without one.
fn local(expression: &str) -> String {
    let text = format!(
        "variable \"u\" {{}}\nvariable \"b\" {{ type = bool }}\nresource \"aws_vpc\" \"v\" {{ cidr_block = \"10.0.0.0/8\" }}\nlocals {{ x = {expression} }}\n"
    );
    field(&plan(&[("main.tf", &text)]), "local.x", "value")
}

fn expression(text: &str) -> Evaluated {
    evaluate_expression(
        text,
        false,
        "",
        Vec::<(CompactString, Value)>::new(),
        &Files(vec![("a.txt", "text\n".into()), ("t.tpl", "Hi ${name}%{ for p in ports ~}\n${p}\n%{ endfor ~}".into())]),
    )
}

#[test]
fn functions() {
    for (text, value) in [
        (r#"cidrsubnet("10.0.0.0/16", 8, 2)"#, r#""10.0.2.0/24""#),
        (r#"cidrhost("10.12.112.0/20", -1)"#, r#""10.12.127.255""#),
        (r#"cidrsubnets("10.1.0.0/16", 4, 8)"#, r#"["10.1.0.0/20", "10.1.16.0/24"]"#),
        (r#"cidrcontains("10.0.0.0/8", "10.1.0.0/16")"#, "true"),
        (r#"format("%s-%03d %5.1f|%-4s|%x %v", "a", 7, 1.25, "b", 255, [1, "x"])"#, r#""a-007   1.2|b   |ff [1,\"x\"]""#),
        (r#"format("%v", 1000000)"#, r#""1e+06""#),
        (r#"formatlist("%s:%s", ["a", "b"], "c")"#, r#"["a:c", "b:c"]"#),
        (r#"formatdate("EEE, DD MMM YYYY hh:mm:ss ZZZ", "2018-01-02T23:12:01-08:00")"#, r#""Tue, 02 Jan 2018 23:12:01 -0800""#),
        (r#"timeadd("2024-02-28T23:59:30Z", "1.5m")"#, r#""2024-02-29T00:01:00Z""#),
        (r#"jsonencode({b = "<&>", a = [1, null]})"#, r#""{\"a\":[1,null],\"b\":\"\\u003c\\u0026\\u003e\"}""#),
        (r#"jsondecode("{\"a\":[1,2.5,\"\\u00e9\"]}")"#, r#"{a=[1, 2.5, "é"]}"#),
        (r#"yamlencode({a = ["x", {b = 1}], c = "l\nm\n"})"#, r#""\"a\":\n- \"x\"\n- \"b\": 1\n\"c\": |\n  l\n  m\n""#),
        (r#"yamldecode("a: 017\nb: [yes, ~, x]\n")"#, r#"{a=17, b=[true, null, "x"]}"#),
        (r#"csvdecode("a,b\n1,\"2,\"\"3\"\n")"#, r#"[{a="1", b="2,\"3"}]"#),
        (r#"regex("(\\d+)(x)?", "a12")"#, r#"["12", null]"#),
        (r#"regexall("(?P<k>\\w)=", "a=b=")"#, r#"[{k="a"}, {k="b"}]"#),
        (r#"replace("abc", "/(b)/", "<$1>")"#, r#""a<b>c""#),
        (r#"substr("hello", -3, 2)"#, r#""ll""#),
        (r#"title("a-b c_d")"#, r#""A-B C_d""#),
        (r#"trimsuffix(trimprefix("xxaxx", "x"), "xx")"#, r#""xa""#),
        (r#"base64decode(base64encode("aé"))"#, r#""aé""#),
        (r#"base64gunzip("H4sIAAAAAAAA/ypJLS4BAAAA//8BAAD//wx+f9gEAAAA")"#, r#""test""#),
        (r#"textencodebase64("€", "windows-1252")"#, r#""gA==""#),
        (r#"urlencode("a b&☃")"#, r#""a+b%26%E2%98%83""#),
        (r#"uuidv5("dns", "tada")"#, r#""faa898db-9b9d-5b75-86a9-149e7bb8e3b8""#),
        (r#"md5("x")"#, r#""9dd4e461268c8034f5c8564e155c67a6""#),
        (r#"file("a.txt")"#, r#""text\n""#),
        (r#"templatefile("t.tpl", {name = "x", ports = [1, 2]})"#, r#""Hi x1\n2\n""#),
        (r#"try(file("missing"), "else")"#, r#""else""#),
        (r#"[1, "a"] == ["1", "a"]"#, "false"),
        (r#"tolist([{a = 1}, {a = "x"}])"#, r#"[{a="1"}, {a="x"}]"#),
    ] {
        let found = expression(text);
        assert_eq!((shown(&found.value), found.notes), (value.to_owned(), Vec::new()), "{text}");
    }
}

#[test]
fn what_terraform_refuses() {
    for text in [
        r#"cidrhost("10.0.0.0/30", 4)"#,
        r#"format("%s")"#,
        r#"formatdate("q", "2018-01-02T23:12:01Z")"#,
        r#"jsondecode("{")"#,
        r#"yamldecode("a: 1\n---\nb: 2\n")"#,
        r#"regex("(?=a)", "a")"#,
        r#"base64decode("!!")"#,
        r#"csvdecode("a\n1,2\n")"#,
        r#"file("missing")"#,
        r#"templatefile("t.tpl", {})"#,
        "tolist([1, true])",
        "concat(toset([1]), [2])",
        "true ? [1] : {a = 1}",
        "nothing",
    ] {
        assert_ne!(expression(text).notes, [], "{text}");
    }
}

#[test]
fn what_is_partly_known() {
    for (text, value) in [
        (r#""a-${var.u}""#, "~a-‹var.u›~"),
        (r#"upper("a-${var.u}")"#, "~A-‹var.u›~"),
        (r#"startswith("a-${var.u}", "b")"#, "false"),
        (r#"strcontains("ab-${var.u}", "b-")"#, "true"),
        (r#"join(",", ["a", var.u])"#, "~a,‹var.u›~"),
        (r#"format("%s/%s", "a", var.u)"#, "~a/‹var.u›~"),
        (r#"jsonencode({Action = "*", Resource = var.u})"#, r#"~{"Action":"*","Resource":‹var.u›}~"#),
        (r#"jsondecode(jsonencode({Action = "*", Resource = [var.u]}))"#, r#"{Action="*", Resource=[?var.u]}"#),
        (r#"jsondecode("{\"a\": \"x-${var.u}\"}")"#, "{a=~x-‹var.u›~}"),
        (r#"yamldecode("a: x-${var.u}\nb: 1\n")"#, "{a=~x-‹var.u›~, b=1}"),
        (r#"yamldecode(yamlencode({a = [var.u]}))"#, "{a=[?var.u]}"),
        (r#"jsonencode({a = var.b ? 1 : 2})"#, r#""{\"a\":1}" | "{\"a\":2}""#),
        (r#"var.b ? "0.0.0.0/0" : "10.0.0.0/8""#, r#""0.0.0.0/0" | "10.0.0.0/8""#),
        (r#"merge(var.u, {acl = "public-read"})"#, r#"{acl="public-read", …var.u}"#),
        (r#"concat(["a"], var.u)"#, r#"["a", …var.u]"#),
        (r#"contains(["a", var.u], "a")"#, "true"),
        ("aws_vpc.v.id", "?aws_vpc.v.id"),
        ("aws_vpc.v.id == aws_vpc.v.id", "true"),
        ("aws_vpc.v.cidr_block", r#""10.0.0.0/8""#),
        ("var.missing", "?var.missing"),
        ("[for x in var.u : x.name]", "?var.u"),
        ("var.b && false", "false"),
        (r#"templatestring(local.y, {})"#, "?local.y"),
    ] {
        assert_eq!(local(text), value, "{text}");
    }
}

#[test]
fn repetition() {
    let evaluation = plan(&[(
        "main.tf",
        r#"
variable "n" {}
resource "aws_eip" "two" { count = 2 }
resource "aws_eip" "each" {
  for_each = { a = 1, b = 2 }
  tags     = { Name = "${each.key}-${each.value}" }
}
resource "aws_eip" "open" {
  count = var.n
  tags  = { Name = "n${count.index}" }
}
resource "aws_eip" "none" { count = 0 }
resource "aws_eip" "off" {
  lifecycle { enabled = false }
}
resource "aws_security_group" "sg" {
  dynamic "ingress" {
    for_each = [22, 80]
    content { from_port = ingress.value }
  }
  ingress { from_port = 1 }
}
check "c" {
  data "aws_eip" "scoped" {}
}
"#,
    )]);
    let names: Vec<&str> = evaluation
        .items
        .iter()
        .filter(|item| item.views.iter().any(|view| view == "resource" || view == "data"))
        .map(|item| item.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "aws_eip.two[0]",
            "aws_eip.two[1]",
            "aws_eip.each[\"a\"]",
            "aws_eip.each[\"b\"]",
            "aws_eip.open",
            "aws_security_group.sg",
            "data.aws_eip.scoped"
        ]
    );
    assert_eq!(field(&evaluation, "aws_eip.each[\"b\"]", "tags"), r#"{Name="b-2"}"#);
    assert_eq!(field(&evaluation, "aws_eip.open", "tags"), "{Name=~n‹count.index›~}");
    assert_eq!(field(&evaluation, "aws_security_group.sg", "ingress"), "[{from_port=22}, {from_port=80}, {from_port=1}]");
}

#[test]
fn modules() {
    let evaluation = plan(&[
        (
            "main.tf",
            r#"
module "a" {
  source = "./m"
  port   = 22
}
module "b" {
  source   = "./m"
  for_each = toset(["x"])
  port     = 80
}
module "far" { source = "git::https://git.example.com/n.git?ref=v1" }
module "gone" { source = "./gone" }
module "kept" { source = "acme/net/aws" }
output "far" { value = module.far.id }
output "kept" { value = module.kept.id }
"#,
        ),
        (
            "m/main.tf",
            "variable \"port\" {}\nresource \"aws_x\" \"r\" { port = var.port }\nmodule \"self\" { source = \"../m\" }\n",
        ),
        (".terraform/modules/modules.json", r#"{"Modules":[{"Key":"kept","Source":"x","Dir":".terraform/modules/kept"}]}"#),
        (".terraform/modules/kept/main.tf", "output \"id\" { value = 1 }\n"),
    ]);
    assert_eq!(field(&evaluation, "module.a.aws_x.r", "port"), "22");
    assert_eq!(field(&evaluation, "module.b[\"x\"].aws_x.r", "port"), "80");
    assert_eq!(field(&evaluation, "output.far", "value"), "?module.far.id");
    assert_eq!(field(&evaluation, "output.kept", "value"), "1");
    assert_eq!(field(&evaluation, "module.far", "source_kind"), r#""git""#);
    assert_eq!(field(&evaluation, "module.far", "source_ref"), r#""v1""#);
    assert_eq!(field(&evaluation, "module.a", "source_kind"), r#""local""#);
    let kinds: Vec<NoteKind> = evaluation.notes.iter().map(|note| note.kind).collect();
    assert!(kinds.contains(&NoteKind::Cycle) && kinds.contains(&NoteKind::OpaqueModule), "{:?}", evaluation.notes);
    assert_eq!(*evaluation.called_dirs, [".terraform/modules/kept", "m"]);
}

#[test]
fn declarations_as_items() {
    let evaluation = plan(&[(
        "main.tf",
        r#"
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
  backend "s3" { bucket = "b" }
}
provider "aws" {
  alias  = "east"
  region = "us-east-1"
}
variable "used" {
  type    = list(string)
  default = ["a"]
  validation {
    condition     = length(var.used) > 0
    error_message = "none"
  }
}
variable "unused" {}
locals { both = var.used }
output "o" {
  value     = local.both
  sensitive = true
}
resource "aws_instance" "web" {
  depends_on = [google_thing.x]
  provider   = aws.east
  provisioner "local-exec" {
    command = "echo ${self.id}"
    when    = destroy
  }
}
resource "google_thing" "x" {}
"#,
    )]);
    for (name, key, value) in [
        ("aws_instance.web", "address", r#""aws_instance.web""#),
        ("aws_instance.web", "type", r#""aws_instance""#),
        ("aws_instance.web", "name", r#""web""#),
        ("aws_instance.web", "provider", r#""aws.east""#),
        ("aws_instance.web", "id", "?aws_instance.web.id"),
        ("aws_instance.web", "depends_on", r#"["google_thing.x"]"#),
        ("google_thing.x", "references", r#"["aws_instance.web"]"#),
        ("var.used", "type", r#""list(string)""#),
        ("var.used", "references", r#"["local.both"]"#),
        ("var.used", "validation", r#"[{condition=true, error_message="none"}]"#),
        ("var.unused", "references", "[]"),
        ("local.both", "references", r#"["output.o"]"#),
        ("output.o", "value", r#"["a"]"#),
        ("output.o", "sensitive", "true"),
        ("provider.aws.east", "region", r#""us-east-1""#),
        ("provider.aws", "version", r#""~> 5.0""#),
        ("provider.google", "version", "absent"),
        ("terraform", "required_providers", r#"{aws={source="hashicorp/aws", version="~> 5.0"}}"#),
        ("terraform", "backend", r#"[{bucket="b", type="s3"}]"#),
    ] {
        assert_eq!(field(&evaluation, name, key), value, "{name}.{key}");
    }
    let provisioner = evaluation.items.iter().find(|item| item.views.first().is_some_and(|view| view == "provisioner")).unwrap();
    assert_eq!(shown(provisioner.value.get("command").unwrap()), "~echo ‹self.id›~");
    assert_eq!(shown(provisioner.value.get("when").unwrap()), r#""destroy""#);
    assert_eq!(shown(provisioner.value.get("type").unwrap()), r#""local-exec""#);
    assert_eq!(provisioner.owner.as_ref().unwrap().name, "aws_instance.web");
    assert_eq!(evaluation.notes, []);
}

#[test]
fn json_and_settings() {
    let evaluation = plan(&[
        (
            "main.tf.json",
            r#"{"variable": {"a": {"default": "x"}}, "resource": {"aws_x": {"r": {"name": "${var.a}-${upper(\"b\")}", "n": -1}}}}"#,
        ),
        ("terraform.tfvars", "a = \"set\"\n"),
    ]);
    assert_eq!(field(&evaluation, "aws_x.r", "name"), r#""set-B""#);
    assert_eq!(field(&evaluation, "aws_x.r", "n"), "-1");
}

#[test]
fn files_stay_in_the_workspace() {
    let evaluation = plan(&[("main.tf", "locals {\n x = file(\"../secret\")\n y = file(\"/etc/passwd\")\n}\n")]);
    for name in ["local.x", "local.y"] {
        let value = item(&evaluation, name).value.get("value").unwrap();
        assert_eq!(value.as_unknown().unwrap().reason, Reason::File);
    }
    assert_eq!(evaluation.notes.iter().map(|note| note.kind).collect::<Vec<_>>(), [NoteKind::File; 2]);
}

#[test]
fn what_takes_too_long_is_said_once() {
    let text = "locals {\n  all = range(1000)\n  x = [for a in local.all : [for b in local.all : format(\"%d-%d\", a, b)]]\n  y = 1\n}\n";
    let evaluation = plan(&[("main.tf", text)]);
    let limits: Vec<_> = evaluation.notes.iter().filter(|note| note.message.contains("too long")).collect();
    assert_eq!(limits.len(), 1, "{limits:?}");
    let inner = text.find("format").unwrap()..text.find("]]").unwrap();
    assert!(inner.contains(&(limits[0].place.span.start as usize)), "{limits:?}");
}

#[test]
fn what_never_ends() {
    let deep = format!("locals {{ x = {}1{} }}", "[".repeat(2_000), "]".repeat(2_000));
    let chain: String = (0..2_000).map(|at| format!("locals {{ x{at} = local.x{} }}\n", at + 1)).collect();
    let wide: String = (0..40)
        .map(|at| format!("locals {{ y{at} = [local.y{0}, local.y{0}] }}\n", at + 1))
        .chain(["locals { y40 = 1 }\n".to_owned()])
        .collect();
    let tower: String = (1..3_000)
        .map(|at| format!("locals {{ x{at} = [local.x{}] }}\n", at - 1))
        .chain(["locals { x0 = 1 }\n".to_owned()])
        .collect();
    let cycle = "locals {\n a = local.b\n b = local.a\n}\nresource \"t\" \"r\" { count = length(t.r) }\n".to_owned();
    let calls: String = (0..6).map(|at| format!("module \"m{at}\" {{ source = \"./m\" }}\n")).collect();
    for text in [&deep, &chain, &wide, &tower, &cycle, &calls] {
        plan(&[
            ("main.tf", text),
            ("m/main.tf", &calls.replace("./m", "../n")),
            ("n/main.tf", &calls.replace("./m", "../o")),
            ("o/main.tf", &calls.replace("./m", "../m")),
        ]);
    }
}

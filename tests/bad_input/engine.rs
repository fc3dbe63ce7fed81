//! The engine on bad input: nothing panics, everything ends, what was not understood is said, and no file hides another.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use plimsoll_engine::{Engine, Files, Report, Settings, Source};
use plimsoll_rules::RuleSet;

/// No input of these may take longer, in a build without optimisation on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

/// Fires some rules, whatever lies beside it.
const BESIDE: (&str, &str) = (
    "beside/pod.yaml",
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: beside\nspec:\n  containers:\n    - name: a\n      image: a\n      securityContext:\n        privileged: true\n",
);

/// A disk with no file outside of what was added.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        assert!(!path.as_str().contains("..") && !path.is_absolute(), "{path} leaves the workspace");
        Err(io::ErrorKind::NotFound.into())
    }
}

fn report(files: &[(&str, &[u8])]) -> Report {
    let settings = Settings { select: vec!["all".to_owned()], ..Settings::default() };
    let mut engine = Engine::new(Arc::new(Disk), &RuleSet::builtin(), &settings).unwrap();
    let beside = (BESIDE.0, BESIDE.1.as_bytes());
    let all = files.iter().chain([&beside]);
    engine.add(all.map(|(path, bytes)| Source::new(*path, Ok(bytes.to_vec()))).collect());
    engine.check(&|_, _| {})
}

fn beside(report: &Report) -> Vec<String> {
    let here = report.findings.iter().filter(|finding| finding.path == BESIDE.0);
    here.map(|finding| finding.rule.to_string()).collect()
}

/// Why parts of the files were not understood; no rule fails, it ends in time, and the file beside is reported as if it were alone.
fn reasons(files: &[(&str, &[u8])]) -> Vec<String> {
    let alone = beside(&report(&[]));
    assert!(!alone.is_empty(), "the file beside is clean");
    let start = Instant::now();
    let report = report(files);
    let shown: Vec<_> = files.iter().map(|file| (file.0, String::from_utf8_lossy(&file.1[..file.1.len().min(60)]))).collect();
    assert!(start.elapsed() < LONGEST, "{shown:?} took {:?}", start.elapsed());
    assert!(report.failures.is_empty(), "{shown:?}: {:?}", report.failures);
    assert_eq!(beside(&report), alone, "{shown:?} changes what is said of the file beside");
    let mut reasons: Vec<String> = report.incomplete.into_iter().map(|lost| format!("{}: {}", lost.path, lost.reason)).collect();
    reasons.dedup();
    reasons
}

#[test]
fn what_is_odd_but_right_is_read() {
    for (path, text) in [
        ("main.tf", ""),
        ("pod.yaml", ""),
        ("compose.yaml", ""),
        ("main.tf", "\n\n"),
        ("main.tf", "\u{feff}locals {\r\n  a = 1\r\n}\r\n"),
        ("main.tf.json", "\u{feff}{\"locals\": {\"a\": 1}}"),
        ("pod.yaml", "\u{feff}apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: a\r\nspec: {}\r\n"),
        ("compose.yaml", "\u{feff}services:\r\n  a:\r\n    image: b:1\r\n"),
        ("Dockerfile", "\u{feff}FROM a\r\nRUN b \\\r\n  c\r\n"),
        ("daemon.json", "\u{feff}{\r\n}\r\n"),
        ("a.sh", "\u{feff}echo a\r\n"),
    ] {
        assert_eq!(reasons(&[(path, text.as_bytes())]), Vec::<String>::new(), "{path} {text:?}");
    }
}

#[test]
fn a_file_with_crlf_is_reported_as_with_lf() {
    let places = |text: &str| -> Vec<String> {
        let report = report(&[("a/pod.yaml", text.as_bytes())]);
        let here = report.findings.iter().filter(|finding| finding.path == "a/pod.yaml");
        here.map(|finding| format!("{} {:?} {}", finding.rule, finding.range.start, finding.message)).collect()
    };
    let plain = places(BESIDE.1);
    assert!(!plain.is_empty());
    assert_eq!(places(&BESIDE.1.replace('\n', "\r\n")), plain);
}

#[test]
fn what_cannot_be_read_is_said() {
    for (path, bytes) in [
        ("main.tf", &b"locals {\n  a = \"\xff\"\n}\n"[..]),
        ("main.tf", b"locals {\n  a = \0\n}\n"),
        ("main.tf", b"locals {\n  a = [\n"),
        ("main.tf", b"}"),
        ("main.tf", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("main.tf.json", b"{\"locals\": "),
        ("pod.yaml", b"apiVersion: v1\nkind: Pod\nmetadata: {name: \xc3\x28}\n"),
        ("pod.yaml", b"apiVersion: v1\nkind: Pod\nmetadata: {name: a\n"),
        ("pod.yaml", b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n bad: b\n"),
        ("compose.yaml", b"services: {a: {image: 'b}}\n"),
        ("Dockerfile", b"FROM a\xff\n"),
        ("daemon.json", b"{"),
    ] {
        let reasons = reasons(&[(path, bytes)]);
        assert!(
            reasons.iter().any(|reason| reason.starts_with(path)),
            "{path} {:?}: {reasons:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

/// A hundred thousand of each; `true`: so deep that it is said not to have been understood.
#[test]
fn deep_nesting_ends() {
    for (path, before, unit, said) in [
        ("main.tf", "locals {\n a = ", "[", true),
        ("main.tf", "locals {\n a = ", "(", true),
        ("main.tf", "locals {\n a = ", "{ a = ", true),
        ("main.tf", "locals {\n a = ", "\"${", true),
        ("main.tf", "", "a {\n", true),
        ("main.tf", "locals {\n a = 1", " + 1", true),
        ("main.tf", "locals {\n a = x", ".a", true),
        ("main.tf", "locals {\n a = ", "!", true),
        ("main.tf.json", "{\"locals\": {\"a\": ", "[", true),
        ("terraform.tfvars", "a = ", "[", true),
        ("plan.json", "{\"format_version\": \"1.2\", \"planned_values\": ", "{\"a\": ", true),
        ("pod.yaml", "apiVersion: v1\nkind: Pod\nspec: ", "[", true),
        ("pod.yaml", "apiVersion: v1\nkind: Pod\nspec: ", "{a: ", true),
        ("pod.yaml", "apiVersion: v1\nkind: Pod\nspec:\n", "- ", true),
        ("pod.json", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": ", "[", true),
        ("compose.yaml", "services: ", "{a: ", true),
        ("cloud.yaml", "#cloud-config\nruncmd: ", "[", false),
        ("Dockerfile", "FROM a\nRUN ", "$(", false),
        ("Dockerfile", "FROM a\nRUN ", "a && ", false),
        ("Dockerfile", "FROM a\nRUN ", "{ ", false),
        ("Dockerfile", "FROM a\nENV b ", "${c:-", false),
        ("Dockerfile", "FROM a\n", "ONBUILD ", false),
        ("Dockerfile", "FROM a\nCMD ", "[", false),
        ("daemon.json", "", "[", true),
        ("daemon.json", "", "{\"a\": ", true),
        ("a.sh", "", "$(", false),
        ("a.sh", "", "if ", false),
        ("a.service", "[Service]\nExecStart=", "a \\\n", false),
        ("chart/values.yaml", "a: ", "[", false),
    ] {
        let text = format!("{before}{}", unit.repeat(100_000));
        let reasons = reasons(&[(path, text.as_bytes())]);
        assert!(!said || !reasons.is_empty(), "nothing is said of {path}: {before:?} and {unit:?} repeated");
    }
}

#[test]
fn aliases_that_multiply_end() {
    let anchors = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |all, at| {
        let before = at - 1;
        format!("{all}a{at}: &a{at} [{}]\n", vec![format!("*a{before}"); 9].join(", "))
    });
    let pod = format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n{anchors}");
    let compose = format!("services: {{}}\nx-a:\n  {}", anchors.replace('\n', "\n  "));
    // What is the same is kept once, so nothing is lost.
    for (path, text) in [("bomb.yaml", &pod), ("compose.yaml", &compose)] {
        reasons(&[(path, text.as_bytes())]);
    }
    // An alias within what it stands for has no end.
    let itself = "apiVersion: v1\nkind: Pod\nmetadata: &a\n  name: a\n  labels: *a\n";
    assert!(!reasons(&[("itself.yaml", itself.as_bytes())]).is_empty());
}

#[test]
fn texts_that_double_end() {
    for start in ["\"xx\"", "var.unset", "\"x${var.unset}\""] {
        let doubled = (1..60).fold(format!("variable \"unset\" {{}}\nlocals {{\n  a0 = {start}\n"), |all, at| {
            let before = at - 1;
            format!("{all}  a{at} = \"${{local.a{before}}}${{local.a{before}}}\"\n")
        });
        reasons(&[("main.tf", format!("{doubled}{LAST}").as_bytes())]);
    }
}

#[test]
fn words_that_double_end() {
    for start in ["ENV a=xx", "ARG a", "ARG a=xx"] {
        let words = format!("FROM a\n{start}\n{}RUN $a\nUSER $a\n", "ENV a=$a$a\n".repeat(60));
        reasons(&[("Dockerfile", words.as_bytes())]);
    }
    for start in ["a=xx", "read a", "a=$1"] {
        let script = format!("{start}\n{}$a\n", "a=$a$a\n".repeat(60));
        reasons(&[("a.sh", script.as_bytes())]);
    }
    let names: String = (1..60).map(|at| format!("      A{at}: $A{}$A{}\n", at - 1, at - 1)).collect();
    let compose = format!("services:\n  a:\n    image: $A59\n    environment:\n{names}");
    reasons(&[("compose.yaml", compose.as_bytes())]);
}

/// What the last of the doubled values goes into.
const LAST: &str = "}\nresource \"aws_instance\" \"a\" {\n  ami = local.a59\n  user_data = jsonencode(local.a59)\n}\n";

#[test]
fn lists_that_double_end() {
    let doubled = (1..60).fold("locals {\n  a0 = [1]\n".to_owned(), |all, at| {
        let before = at - 1;
        format!("{all}  a{at} = [local.a{before}, local.a{before}]\n")
    });
    reasons(&[("main.tf", format!("{doubled}{LAST}").as_bytes())]);
}

#[test]
fn counts_without_measure_end() {
    for text in [
        "resource \"aws_instance\" \"a\" {\n  count = 1000000000\n}\n",
        "resource \"aws_instance\" \"a\" {\n  for_each = toset([for i in range(100000000) : tostring(i)])\n}\n",
        "locals {\n  a = join(\"\", [for i in range(100) : join(\"\", [for j in range(1000) : format(\"%01000d\", j)])])\n}\nresource \"aws_instance\" \"a\" {\n  ami = local.a\n}\n",
        "resource \"aws_instance\" \"a\" {\n  ami = format(\"%0999999999d\", 1)\n}\n",
        "resource \"aws_instance\" \"a\" {\n  ami = jsonencode(setproduct(range(1000), range(1000), range(1000)))\n}\n",
    ] {
        let start = Instant::now();
        reasons(&[("main.tf", text.as_bytes())]);
        println!("{text} {:?}", start.elapsed());
    }
}

#[test]
fn what_goes_in_a_circle_ends() {
    let files: &[&[(&str, &str)]] = &[
        &[("main.tf", "module \"a\" {\n  source = \"./\"\n}\n")],
        &[("m/main.tf", "module \"b\" {\n  source = \"../m\"\n}\n"), ("main.tf", "module \"m\" {\n  source = \"./m\"\n}\n")],
        &[("a/main.tf", "module \"b\" {\n  source = \"../b\"\n}\n"), ("b/main.tf", "module \"a\" {\n  source = \"../a\"\n}\n")],
        &[("main.tf", "locals {\n  a = local.b\n  b = local.a\n}\nresource \"aws_instance\" \"a\" {\n  ami = local.a\n}\n")],
        &[("main.tf", "resource \"aws_instance\" \"a\" {\n  ami = aws_instance.a.ami\n}\n")],
        &[("compose.yaml", "services:\n  a:\n    extends: {service: b}\n  b:\n    extends: {service: a}\n")],
        &[("compose.yaml", "include: [compose.yaml]\nservices: {}\n")],
        &[("Dockerfile", "FROM b AS a\nCOPY --from=a x y\nFROM a AS b\n")],
        &[("kustomization.yaml", "resources: [../k, .]\n")],
    ];
    for files in files {
        let bytes: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
        reasons(&bytes);
    }
}

#[test]
fn no_file_outside_is_read() {
    for text in [
        "locals {\n  a = file(\"../../etc/passwd\")\n}\n",
        "locals {\n  a = file(\"/etc/passwd\")\n}\n",
        "locals {\n  a = file(\"~/.ssh/id_rsa\")\n}\n",
        "locals {\n  a = templatefile(\"${path.module}/../../x\", {})\n}\n",
        "locals {\n  a = fileset(\"..\", \"../../*\")\n}\n",
        "module \"a\" {\n  source = \"../../x\"\n}\nlocals {\n  a = module.a.b\n}\n",
    ] {
        let text = format!("{text}resource \"aws_instance\" \"a\" {{\n  user_data = local.a\n}}\n");
        reasons(&[("m/main.tf", text.as_bytes())]);
    }
    reasons(&[("compose.yaml", b"services:\n  a:\n    env_file: ../../x\n    extends: {file: ../../y.yaml, service: b}\n")]);
    reasons(&[("m/kustomization.yaml", b"resources: [../../x.yaml, /etc/passwd]\n")]);
}

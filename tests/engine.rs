//! The engine on bad input, and twice on the same: nothing panics, what was not read is said, and the same input gives the same bytes.

use std::io;
use std::sync::Arc;

use camino::Utf8Path;
use plimsoll_engine::{Engine, Files, Report, Settings, Source};
use plimsoll_rules::RuleSet;
use plimsoll_tests::generate::project;
use plimsoll_tests::random::Random;

/// A disk with one file outside of what was added.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        assert!(!path.as_str().contains("..") && !path.is_absolute(), "{path} leaves the workspace");
        Err(io::ErrorKind::NotFound.into())
    }
}

fn check(files: &[(&str, Vec<u8>)]) -> Report {
    let settings = Settings { select: vec!["all".to_owned()], ..Settings::default() };
    let mut engine = Engine::new(Arc::new(Disk), &RuleSet::builtin(), &settings).unwrap();
    engine.add(files.iter().map(|(path, bytes)| Source { path: (*path).into(), content: Ok(bytes.clone()) }).collect());
    engine.check(&|_, _| {})
}

/// The reasons why parts of the files were not understood.
fn reasons(files: &[(&str, Vec<u8>)]) -> Vec<String> {
    let report = check(files);
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    report.incomplete.into_iter().map(|lost| lost.reason).collect()
}

#[test]
fn odd_bytes_are_read_or_reported() {
    let clean: &[(&str, &str)] = &[
        ("main.tf", ""),
        ("pod.yaml", ""),
        ("main.tf", "\u{feff}locals {\r\n  a = 1\r\n}\r\n"),
        ("pod.yaml", "\u{feff}apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: a\r\nspec: {}\r\n"),
        ("Dockerfile", "\u{feff}FROM a\r\nRUN b \\\r\n  c\r\n"),
    ];
    for (path, text) in clean {
        assert_eq!(reasons(&[(path, text.as_bytes().to_vec())]), Vec::<String>::new(), "{path} {text:?}");
    }
    for (path, bytes) in
        [("main.tf", &b"a = \"\xff\"\n"[..]), ("main.tf", b"a = \0\n"), ("Dockerfile", b"FROM a\xff\n"), ("main.tf", b"a = [")]
    {
        assert!(!reasons(&[(path, bytes.to_vec())]).is_empty(), "{path} {bytes:?}");
    }
}

#[test]
fn nesting_and_bombs_end() {
    let anchors = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |all, at| {
        let before = at - 1;
        format!("{all}a{at}: &a{at} [{}]\n", vec![format!("*a{before}"); 9].join(", "))
    });
    let pod = format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n{anchors}");
    check(&[("bomb.yaml", pod.into_bytes())]);
    for (path, before, unit) in [
        ("main.tf", "locals {\n a = ", "["),
        ("main.tf", "locals {\n a = 1", " + 1"),
        ("main.tf", "locals {\n a = x", ".a"),
        ("main.tf", "locals {\n a = ", "!"),
        ("pod.yaml", "apiVersion: v1\nkind: Pod\nspec: ", "["),
        ("compose.yaml", "services: ", "{a: "),
        ("Dockerfile", "FROM a\nRUN ", "$("),
        ("Dockerfile", "FROM a\n", "ONBUILD "),
        ("daemon.json", "", "["),
    ] {
        check(&[(path, format!("{before}{}", unit.repeat(100_000)).into_bytes())]);
    }
}

#[test]
fn a_module_that_includes_itself_ends() {
    let module = "module \"a\" {\n  source = \"./\"\n}\nmodule \"b\" {\n  source = \"../m\"\n}\n";
    check(&[("m/main.tf", module.as_bytes().to_vec()), ("main.tf", b"module \"m\" {\n  source = \"./m\"\n}\n".to_vec())]);
}

#[test]
fn no_file_outside_is_read() {
    let text = "locals {\n  a = file(\"../../etc/passwd\")\n  b = file(\"/etc/passwd\")\n  c = templatefile(\"${path.module}/../../x\", {})\n}\nresource \"aws_instance\" \"a\" {\n  user_data = local.a\n}\n";
    check(&[("m/main.tf", text.as_bytes().to_vec())]);
}

#[test]
fn the_order_of_files_and_the_number_of_threads_change_nothing() {
    let mut files = project::files(&mut Random::new(7), 120);
    let settings = Settings { select: vec!["all".to_owned()], ..Settings::default() };
    let run = |files: &[(String, String)], threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut engine = Engine::new(Arc::new(Disk), &RuleSet::builtin(), &settings).unwrap();
            engine.add(
                files.iter().map(|(path, text)| Source { path: path.into(), content: Ok(text.clone().into_bytes()) }).collect(),
            );
            let report = engine.check(&|_, _| {});
            format!("{:?}\n{:?}\n{:?}", report.findings, report.incomplete, report.undecided)
        })
    };
    let first = run(&files, 1);
    assert!(first.len() > 1000, "nothing was found");
    for (seed, threads) in [(1, 4), (2, 2), (3, 1)] {
        Random::new(seed).shuffle(&mut files);
        assert!(run(&files, threads) == first, "another report with {threads} threads and order {seed}");
    }
}

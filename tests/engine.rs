//! The engine twice on the same input: the same bytes come out, whatever the order of files and the number of threads.

use std::io;
use std::sync::Arc;

use camino::Utf8Path;
use plimsoll_engine::{Engine, Files, Settings, Source};
use plimsoll_rules::RuleSet;
use plimsoll_tests::generate::{company, project};
use plimsoll_tests::random::Random;

/// A disk with no file outside of what was added.
struct Disk;

impl Files for Disk {
    fn read(&self, _: &Utf8Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// What the check is timed on is a repository as people have it, not one that leaves the analyzer little to do.
#[test]
fn a_made_up_company_is_understood_and_mostly_decent() {
    let files = company::files(&mut Random::new(3), 200);
    let mut engine = Engine::new(Arc::new(Disk), &RuleSet::builtin(), &Settings::default()).unwrap();
    engine.add(files.iter().map(|(path, text)| Source::new(path, Ok(text.clone().into_bytes()))).collect());
    let report = engine.check(&|_, _| {});
    assert_eq!(report.incomplete, []);
    assert_eq!(report.files.len(), files.len());
    assert!((1..files.len() / 4).contains(&report.findings.len()), "{} findings", report.findings.len());
}

#[test]
fn the_order_of_files_and_the_number_of_threads_change_nothing() {
    let mut files = project::files(&mut Random::new(7), 120);
    let settings = Settings { select: vec!["all".to_owned()], ..Settings::default() };
    let run = |files: &[(String, String)], threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut engine = Engine::new(Arc::new(Disk), &RuleSet::builtin(), &settings).unwrap();
            engine.add(files.iter().map(|(path, text)| Source::new(path, Ok(text.clone().into_bytes()))).collect());
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

//! A whole check of a tree of 5,000 files beside reading and parsing the same files alone (goal: at most 3 times as long), and the start of
//! the program on one small file (goal: at most 15 ms of processor time): with criterion, and a table of what the goals are about.
//!
//! `cargo bench -p plimsoll-tests --bench check`; the program is `PLIMSOLL`, by default the release build, which must be there.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use std::{env, fs};

use criterion::Criterion;
use plimsoll_syntax::{dockerfile, hcl, yaml};
use plimsoll_tests::generate::company;
use plimsoll_tests::measure::{self, milliseconds};
use plimsoll_tests::random::Random;
use plimsoll_tests::{files_below, workspace};
use rayon::prelude::*;

const FILES: usize = 5_000;
const ROUNDS: usize = 21;
const STARTS: u32 = 40;

const SMALL: &str = "resource \"aws_instance\" \"a\" {\n  ami           = \"ami-1\"\n  instance_type = \"t3.micro\"\n\n  metadata_options {\n    http_tokens = \"required\"\n  }\n\n  \
                     root_block_device {\n    encrypted   = true\n    volume_size = 20\n  }\n\n  tags = {\n    Name  = \"a\"\n    Owner = \"b\"\n  }\n}\n";

fn main() {
    let program = env::var_os("PLIMSOLL").map_or_else(|| workspace().join("target/release/plimsoll"), PathBuf::from);
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-check");
    let _ = fs::remove_dir_all(&scratch);
    let tree = scratch.join("tree");
    let mut bytes = 0;
    for (path, text) in company::files(&mut Random::new(3), FILES) {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&tree)).unwrap_or_default();
        bytes += text.len();
        fs::write(path, text).unwrap_or_default();
    }
    let one = scratch.join("one");
    fs::create_dir_all(&one).unwrap_or_default();
    fs::write(one.join("main.tf"), SMALL).unwrap_or_default();

    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("5,000 files");
    group.bench_function("reading and parsing alone", |bencher| bencher.iter(|| parse_all(&tree)));
    group.bench_function("plimsoll check", |bencher| bencher.iter(|| measure::check(&program, &tree)));
    group.finish();
    criterion.bench_function("plimsoll check, one file of 20 lines", |bencher| bencher.iter(|| measure::check(&program, &one)));
    criterion.final_summary();
    if env::args().all(|argument| argument != "--test") {
        table(&program, &tree, &one, bytes);
    }
    let _ = fs::remove_dir_all(&scratch);
}

fn table(program: &Path, tree: &Path, one: &Path, bytes: usize) {
    println!("{FILES} files, {:.1} MB, {} threads", bytes_to_megabytes(bytes), rayon::current_num_threads());
    let started = Instant::now();
    let rounds =
        measure::by_turns(ROUNDS, || started.elapsed(), [&mut || parse_all(tree), &mut || measure::check(program, tree)]);
    let [read, check] = [0, 1].map(|which| measure::median(rounds.iter().map(|round| milliseconds(round[which]))));
    let ratio = measure::median(rounds.iter().map(|[read, check]| check.as_secs_f64() / read.as_secs_f64()));
    let processor = measure::processor_time(5, || measure::check(program, tree));
    println!("reading and parsing alone   {read:>8.1} ms   medians of {ROUNDS} rounds by turns");
    println!(
        "plimsoll check              {check:>8.1} ms   {ratio:.2} × (goal: at most 3)   {:.1} ms of processor time",
        milliseconds(processor)
    );
    let start = measure::processor_time(STARTS, || measure::check(program, one));
    println!("start, one file of 20 lines {:>8.1} ms of processor time (goal: at most 15)", milliseconds(start));
}

fn parse_all(tree: &Path) {
    files_below(tree, |_| true).par_iter().for_each(|path| {
        let text: Arc<str> = fs::read_to_string(path).unwrap_or_default().into();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("tf" | "tfvars") => drop(black_box(hcl::parse(&text))),
            Some("yaml") => drop(black_box(yaml::parse(&text))),
            _ => drop(black_box(dockerfile::parse(&text))),
        }
    });
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn bytes_to_megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

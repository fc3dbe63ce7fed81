//! The parsers beside others of their language, in one run on the same texts: bytes of source per second, with criterion, and a table of
//! the ratios.
//!
//! `cargo bench -p plimsoll-tests --bench syntax`; with `PLIMSOLL_BENCH_ON=FOLDER` on the files below a folder as well. `ok` says on how many
//! of the texts a parser reports no error: one that gives up early is not fast.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, path::PathBuf};

use criterion::{Criterion, Throughput};
use plimsoll_syntax::{dockerfile, hcl, yaml};
use plimsoll_tests::generate::{docker, hcl as made_hcl, yaml as made_yaml};
use plimsoll_tests::random::Random;
use plimsoll_tests::{files_below, workspace};

/// How long each parser is measured; the fastest round counts.
const LONG: Duration = Duration::from_millis(1500);

type Parse = fn(&Arc<str>) -> bool;

fn main() {
    let all = corpora();
    let mut criterion = Criterion::default().sample_size(20).measurement_time(LONG).configure_from_args();
    for Corpus { name, texts, parsers } in &all {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(size(texts) as u64));
        for (parser, parse) in *parsers {
            let count = || texts.iter().filter(|text| parse(black_box(text))).count();
            group.bench_function(*parser, |bencher| bencher.iter(count));
        }
        group.finish();
    }
    criterion.final_summary();
    // `cargo test` runs each once only.
    if env::args().all(|argument| argument != "--test") {
        println!("{:<28} {:<22} {:>8} {:>8} {:>12}", "texts", "parser", "MB/s", "ours is", "ok");
        all.iter().for_each(|corpus| compare(&corpus.name, &corpus.texts, corpus.parsers));
    }
}

/// Texts of one language, and who reads them.
struct Corpus {
    name: String,
    texts: Vec<Arc<str>>,
    parsers: &'static [(&'static str, Parse)],
}

fn corpora() -> Vec<Corpus> {
    let mut all = Vec::new();
    for (language, made, wanted, parsers) in languages() {
        all.push(Corpus { name: format!("{language}, made up"), texts: made, parsers });
        let folders = [Some(workspace().join("examples")), env::var_os("PLIMSOLL_BENCH_ON").map(PathBuf::from)];
        for folder in folders.into_iter().flatten() {
            let texts: Vec<Arc<str>> =
                files_below(&folder, wanted).iter().filter_map(|path| Some(fs::read_to_string(path).ok()?.into())).collect();
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if size(&texts) > 0 {
                all.push(Corpus { name: format!("{language}, {name}"), texts, parsers });
            }
        }
    }
    all
}

fn size(texts: &[Arc<str>]) -> usize {
    texts.iter().map(|text| text.len()).sum()
}

type Language = (&'static str, Vec<Arc<str>>, fn(&str) -> bool, &'static [(&'static str, Parse)]);

fn languages() -> [Language; 3] {
    let mut random = Random::new(11);
    let random = &mut random;
    let texts = |text: &mut dyn FnMut() -> String| (0..40).map(|_| text().into()).collect::<Vec<Arc<str>>>();
    [
        (
            "HCL",
            texts(&mut || made_hcl::file(random, 20_000)),
            |name| name.ends_with(".tf"),
            &[
                ("plimsoll", |text| hcl::parse(text).errors.is_empty()),
                ("hcl-edit", |text| hcl_edit::parser::parse_body(text).is_ok()),
                ("tree-sitter-hcl", tree_sitter_hcl),
            ],
        ),
        (
            "YAML",
            texts(&mut || made_yaml::manifests(random, 20_000)),
            |name| name.ends_with(".yaml") || name.ends_with(".yml"),
            &[
                ("plimsoll", |text| yaml::parse(text).errors.is_empty()),
                ("granit-parser, events", |text| granit_parser::Parser::new_from_str(text).all(|event| black_box(event).is_ok())),
            ],
        ),
        (
            "Dockerfile",
            texts(&mut || docker::dockerfile(random, 5_000)),
            |name| name.contains("Dockerfile"),
            &[
                ("plimsoll", |text| {
                    let tree = dockerfile::parse(text);
                    tree.errors.is_empty() && tree.refused.is_empty()
                }),
                ("parse-dockerfile", |text| black_box(parse_dockerfile::parse(text)).is_ok()),
            ],
        ),
    ]
}

fn tree_sitter_hcl(text: &Arc<str>) -> bool {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_hcl::LANGUAGE.into()).is_ok()
        && parser.parse(text.as_bytes(), None).is_some_and(|tree| !tree.root_node().has_error())
}

fn compare(name: &str, texts: &[Arc<str>], parsers: &[(&str, Parse)]) {
    let bytes = size(texts);
    let mut ours = 0.0;
    for (parser, parse) in parsers {
        let mut best = Duration::MAX;
        let mut good = 0;
        let start = Instant::now();
        while start.elapsed() < LONG {
            let round = Instant::now();
            good = texts.iter().filter(|text| black_box(parse(black_box(text)))).count();
            best = best.min(round.elapsed());
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = bytes as f64 / best.as_secs_f64() / 1e6;
        let ratio = if ours == 0.0 { String::new() } else { format!("{:.1} ×", ours / rate) };
        if ours == 0.0 {
            ours = rate;
        }
        println!("{name:<28} {parser:<22} {rate:>8.1} {ratio:>8} {good:>5} of {:>3}", texts.len());
    }
}

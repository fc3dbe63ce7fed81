//! The short half of fuzzing: damaged texts through every target, for some seconds each, without an instrumented build.
//!
//! `PLIMSOLL_FUZZ_SECONDS` says how long (2 for each target by default), `PLIMSOLL_FUZZ_SEED` where to begin. The input at hand lies in the
//! target folder's `tmp`, so that one which overflows the stack or is never done can be found too.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::panic::catch_unwind;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs};

use plimsoll_tests::generate::{docker, engines, hcl, page, project, yaml};
use plimsoll_tests::mutate::mutated;
use plimsoll_tests::random::Random;
use plimsoll_tests::targets::{NAMES, TARGETS, Target};
use plimsoll_tests::{chart, expression};
use plimsoll_tests::{files_below, workspace};

/// No input of at most 64 KiB may take longer, in a build without optimisation on a busy machine.
const LONGEST: Duration = Duration::from_secs(10);

#[test]
fn damaged_texts_do_no_harm() {
    let seconds = number("PLIMSOLL_FUZZ_SECONDS").unwrap_or(2);
    let seed = number("PLIMSOLL_FUZZ_SEED").unwrap_or(1);
    let only = env::var("PLIMSOLL_FUZZ_TARGET").ok();
    for (name, target) in TARGETS.iter().filter(|row| only.as_ref().is_none_or(|only| only == row.0)) {
        let (runs, slowest) = run(name, *target, seed, Duration::from_secs(seconds));
        println!("{name}: {runs} inputs, the slowest took {} ms", slowest.as_millis());
        assert!(runs > 0, "{name} was not tried");
    }
}

/// Inputs that once did harm; see `tests/fuzz/README.md`.
#[test]
fn kept_inputs_do_no_harm() {
    for (name, target) in TARGETS {
        for path in files_below(&workspace().join("tests/fuzz/kept").join(name), |_| true) {
            let input = fs::read(&path).unwrap();
            let start = Instant::now();
            assert!(catch_unwind(|| target(&input)).is_ok(), "{} does harm", path.display());
            assert!(start.elapsed() < LONGEST, "{} takes {:?}", path.display(), start.elapsed());
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

fn run(name: &str, target: Target, seed: u64, long: Duration) -> (usize, Duration) {
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
    let mut random = Random::new(seed);
    let (seeds, words) = seeds(name, &mut random);
    let start = Instant::now();
    let (mut runs, mut slowest) = (0, Duration::ZERO);
    while start.elapsed() < long {
        let one = &seeds[random.below(seeds.len())];
        let other = &seeds[random.below(seeds.len())];
        let input = mutated(&mut random, one, other, words);
        fs::write(&scratch, &input).unwrap();
        let began = Instant::now();
        let harmless = catch_unwind(|| target(&input)).is_ok();
        let took = began.elapsed();
        assert!(harmless, "{name} panics: see {}", scratch.display());
        assert!(took < LONGEST, "{name} takes {took:?}: see {}", scratch.display());
        slowest = slowest.max(took);
        runs += 1;
    }
    (runs, slowest)
}

type Words = &'static [&'static str];

/// Texts to damage: made up, and the repository's own.
fn seeds(name: &str, random: &mut Random) -> (Vec<Vec<u8>>, Words) {
    let lengths = (0..20).map(|at| 40 << (at % 6));
    let own = |wanted: fn(&str) -> bool| {
        files_below(&workspace().join("examples"), wanted).into_iter().filter_map(|path| fs::read(path).ok())
    };
    let whole = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let (made, own, words): (Vec<String>, Vec<Vec<u8>>, Words) = match name {
        "hcl" => {
            (lengths.map(|least| hcl::file(random, least)).collect(), own(|name| name.ends_with(".tf")).collect(), hcl::WORDS)
        }
        "yaml" => (
            lengths.map(|least| yaml::manifests(random, least)).collect(),
            own(|name| name.ends_with(".yaml")).collect(),
            yaml::WORDS,
        ),
        "dockerfile" => (
            lengths.map(|least| docker::dockerfile(random, least)).collect(),
            own(|name| name.contains("Dockerfile")).collect(),
            docker::WORDS,
        ),
        "shell" => (
            lengths.map(|least| docker::script(random, least)).collect(),
            own(|name| name.ends_with(".sh")).collect(),
            docker::SHELL_WORDS,
        ),
        "check" => return (any_kind(random), hcl::WORDS),
        "compose" => (whole(engines::COMPOSE), own(|name| name.contains("compose")).collect(), engines::COMPOSE_WORDS),
        "vagrant" => (whole(engines::VAGRANT), Vec::new(), engines::VAGRANT_WORDS),
        "engines" => (whole(engines::TOML), Vec::new(), engines::TOML_WORDS),
        "expression" => return ((0..60).map(|_| expression::seed(random)).collect(), expression::WORDS),
        "helm" => (chart::SEEDS.iter().map(|seed| (*seed).to_owned()).collect(), Vec::new(), chart::WORDS),
        _ => {
            let pages = files_below(&workspace().join("rules"), |name| name.ends_with(".md")).into_iter().take(200);
            ((0..20).map(|_| page::page(random)).collect(), pages.filter_map(|path| fs::read(path).ok()).collect(), page::WORDS)
        }
    };
    (made.into_iter().map(String::into_bytes).chain(own).collect(), words)
}

/// Files of every kind, each after the byte that gives it its name.
fn any_kind(random: &mut Random) -> Vec<Vec<u8>> {
    let named = |name: &str| {
        let name = match name {
            name if name.ends_with(".tf") => "main.tf",
            name if name.contains("Dockerfile") => "Dockerfile",
            name if name.contains("compose") => "compose.yaml",
            name if name.ends_with(".sh") => "a.sh",
            name if name.ends_with(".yaml") => "pod.yaml",
            other => other,
        };
        NAMES.iter().position(|known| *known == name).and_then(|at| u8::try_from(at).ok())
    };
    let made = project::files(random, 40).into_iter().map(|(path, text)| (path, text.into_bytes()));
    let own = files_below(&workspace().join("examples"), |_| true).into_iter();
    let own = own.filter_map(|path| Some((path.to_string_lossy().into_owned(), fs::read(&path).ok()?)));
    let with_name = |(path, text): (String, Vec<u8>)| {
        let name = path.rsplit('/').next().unwrap_or(&path);
        Some([&[named(name)?], text.as_slice()].concat())
    };
    let mut all: Vec<Vec<u8>> = made.chain(own).filter_map(with_name).collect();
    // And each text as every other kind.
    for at in 0..all.len() {
        let mut other = all[at].clone();
        other[0] = u8::try_from(random.below(NAMES.len())).unwrap();
        all.push(other);
    }
    all
}

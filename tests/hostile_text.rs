//! Texts that are made to hang a parser, to overflow its stack or to fill the memory: each is read, in time, in bounded memory.

use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use plimsoll_tests::generate::{docker, engines, hcl, page, yaml};
use plimsoll_tests::measure;
use plimsoll_tests::targets::TARGETS;
use plimsoll_tests::{chart, expression};

/// For each text, in a build without optimisation on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

/// The most memory that reading one of them may take, above what was in use before.
const MOST_MEMORY: u64 = 1 << 30;

/// A line of each format to stand before, between and after what is repeated.
const AROUND: &[(&str, &[&str], &[&str])] = &[
    ("hcl", &["", "a = ", "a = \"", "a = <<E\n", "a {\n", "a = {\n", "a = [", "a \""], hcl::WORDS),
    ("yaml", &["", "a: ", "a: \"", "- ", "a: {", "a: [", "a: |\n  ", "? "], yaml::WORDS),
    (
        "dockerfile",
        &["", "FROM a\nRUN ", "FROM a\nCOPY ", "FROM a\nENV ", "FROM a\nONBUILD ", "FROM a\nCMD [\"a\", ", "FROM a\nRUN <<E\n"],
        docker::WORDS,
    ),
    ("shell", &["", "a ", "a \"", "$(", "if ", "a <<E\n", "a <<E <<F $(b <<"], docker::SHELL_WORDS),
    (
        "page",
        &["", "# A\n```rule\n", "# A\n```rule\non = thing\nforbid = ", "# A\n```rule\non = thing\nmessage = \""],
        page::WORDS,
    ),
    ("compose", &["services:\n  a: ", "services:\n  a:\n    image: "], engines::COMPOSE_WORDS),
    ("vagrant", &["", "Vagrant.configure(\"2\") do |a|\n  a.vm.network \""], engines::VAGRANT_WORDS),
    ("engines", &["0", "1a = ", "2[["], engines::TOML_WORDS),
    ("helm", &["", "{{ ", "{{ \"", "{{ if ", "{{ define \"a\" }}{{ include \"a\" . }}", "\n=====\na: "], chart::WORDS),
    (
        "expression",
        &["000000000", "100000000", "000000000[", "000000000f(", "000000000[for x in a : ", "100000000${"],
        expression::WORDS,
    ),
];

/// Brackets and their like, which nest; and what else a parser may go wrong on, whatever the format.
const UNITS: &[&str] = &[
    "[",
    "{",
    "(",
    "{{",
    "${",
    "$(",
    "\"${",
    "<<",
    "`",
    "\"",
    "'",
    "- ",
    "? ",
    ": ",
    "a: ",
    "{a: ",
    "[a, ",
    "!",
    "&a ",
    "*a ",
    "|",
    "#",
    "\\",
    "\\\n",
    "\n",
    "\r",
    "\t",
    " ",
    "\0",
    "é",
    "(é",
    "{{}}",
    "$(a) ",
    "${a}",
    "a=b ",
    "=",
    "a=1\n",
    "a: 1\n",
    "a {\n",
    "a[",
    "f(",
    "a ? ",
    "a.",
    "a + ",
    "[*]",
    "[for x in ",
    "%{if a}",
    "\"a\",",
    "/*",
    "//",
];

/// How often a unit is repeated, whatever its length: brackets above all are to nest this deep. Without optimisation a tenth of it tells the
/// same: no parser may go a thousand levels down.
const TIMES: usize = if cfg!(debug_assertions) { 10_000 } else { 100_000 };

#[test]
fn repetition_is_read_in_time() {
    let only = std::env::var("PLIMSOLL_FUZZ_TARGET").ok();
    let mut slow = Vec::new();
    // A whole check of such texts is in `bad_input`.
    let parsers = TARGETS.iter().filter(|row| row.0 != "check");
    for (name, target) in parsers.filter(|row| only.as_ref().is_none_or(|only| only == row.0)) {
        let (_, befores, words) = AROUND.iter().find(|row| row.0 == *name).unwrap();
        for unit in UNITS.iter().chain(words.iter()) {
            for before in *befores {
                let text = format!("{before}{}", unit.repeat(TIMES.min(10 * TIMES / unit.len())));
                if std::env::var_os("PLIMSOLL_FUZZ_LOUD").is_some() {
                    println!("{name} {before:?} {unit:?}");
                }
                measure::forget_peak();
                let floor = measure::peak().unwrap_or(0);
                let start = Instant::now();
                let harmless = catch_unwind(|| target(text.as_bytes())).is_ok();
                let took = start.elapsed();
                let memory = measure::peak().unwrap_or(0).saturating_sub(floor);
                if took > LONGEST / 10 {
                    println!("{name} {before:?} {unit:?}: {took:?}, {} MiB", memory >> 20);
                }
                if !harmless || took > LONGEST || memory > MOST_MEMORY {
                    slow.push(format!(
                        "{name}: {before:?} and {unit:?} repeated: harmless {harmless}, {took:?}, {} MiB",
                        memory >> 20
                    ));
                }
            }
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

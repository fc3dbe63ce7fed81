//! Damages texts: the small in-process half of fuzzing, which needs no instrumented build and so runs everywhere.

use crate::random::Random;

/// Texts do not grow longer than this, in bytes.
pub const MAX_LENGTH: usize = 64 << 10;

/// What formats choke on, whatever the format.
const ANY: &[&str] = &[
    "\0",
    "\u{feff}",
    "\r\n",
    "\r",
    "\n",
    "\t",
    " ",
    "é",
    "\u{1f980}",
    "\u{2028}",
    "\\",
    "\"",
    "'",
    "`",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "<<",
    "${",
    "{{",
    "}}",
    "$(",
    "%{",
    "#",
    "//",
    "/*",
    "*/",
    ":",
    "-",
    "|",
    ">",
    "&",
    "*",
    "!",
    "?",
    "=",
    ",",
    ".",
    "\\\n",
    "999999999999999999999999",
    "1e999",
];

/// A damaged copy of `seed`: a few changes, each with words of the format or of none.
#[must_use]
pub fn mutated(random: &mut Random, seed: &[u8], other: &[u8], words: &[&str]) -> Vec<u8> {
    let mut text = seed.to_vec();
    for _ in 0..=random.below(8) {
        let at = random.below(text.len() + 1);
        let length = range(random, text.len() - at);
        match random.below(9) {
            0 => drop(text.drain(at..at + length)),
            1 | 2 => insert(&mut text, at, random.pick(words).as_bytes()),
            3 => insert(&mut text, at, random.pick(ANY).as_bytes()),
            4 => repeat(random, &mut text, at, length),
            5 => {
                let unit = if random.percent(50) { random.pick(ANY) } else { random.pick(words) };
                let times = 1 << random.below(13);
                insert(&mut text, at, unit.repeat(times).as_bytes());
            }
            6 => {
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            7 => {
                let from = random.below(other.len() + 1);
                let taken = range(random, other.len() - from);
                insert(&mut text, at, other.get(from..from + taken).unwrap_or(&[]));
            }
            _ => text.truncate(at),
        }
        text.truncate(MAX_LENGTH);
    }
    text
}

/// Mostly short, sometimes all there is.
fn range(random: &mut Random, left: usize) -> usize {
    let most = if random.percent(80) { left.min(40) } else { left };
    random.below(most + 1)
}

fn insert(text: &mut Vec<u8>, at: usize, new: &[u8]) {
    text.splice(at..at, new.iter().copied());
}

fn repeat(random: &mut Random, text: &mut Vec<u8>, at: usize, length: usize) {
    let unit = text.get(at..at + length).unwrap_or(&[]).to_vec();
    let most = MAX_LENGTH / unit.len().max(1);
    let times = (1 << random.below(12)).min(most);
    insert(text, at, &unit.repeat(times));
}

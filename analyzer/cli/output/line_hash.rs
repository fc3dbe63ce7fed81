//! The fingerprint of a line that code scanning matches results by, as GitHub's own action computes it.
//!
//! A rolling hash over the 100 UTF-16 code units from the line's start, without spaces and tabs
//! (<https://github.com/github/codeql-action/blob/main/src/fingerprints.ts>).

use std::collections::BTreeMap;

const BLOCK: usize = 100;
const FACTOR: u64 = 37;
const END: u16 = u16::MAX;

/// The hashes of all lines, in order.
pub(super) fn line_hashes(text: &str) -> Vec<String> {
    let mut state = State { window: [0; BLOCK], lines: [false; BLOCK], at: 0, hash: 0, seen: BTreeMap::new(), out: Vec::new() };
    let (mut line_start, mut after_return) = (true, false);
    for unit in text.encode_utf16().chain([END]) {
        let is_blank = unit == u16::from(b' ') || unit == u16::from(b'\t') || after_return && unit == u16::from(b'\n');
        after_return = false;
        if is_blank {
            continue;
        }
        after_return = unit == u16::from(b'\r');
        let unit = if after_return { u16::from(b'\n') } else { unit };
        state.emit();
        if line_start {
            state.mark();
        }
        line_start = unit == u16::from(b'\n');
        state.push(unit);
    }
    for _ in 0..BLOCK {
        state.emit();
        state.push(0);
    }
    state.out
}

struct State {
    window: [u16; BLOCK],
    /// Where in the window lines start.
    lines: [bool; BLOCK],
    at: usize,
    hash: u64,
    seen: BTreeMap<u64, usize>,
    out: Vec<String>,
}

impl State {
    fn mark(&mut self) {
        if let Some(line) = self.lines.get_mut(self.at) {
            *line = true;
        }
    }

    /// Gives the hash of the line whose first unit is about to leave the window.
    fn emit(&mut self) {
        let Some(line) = self.lines.get_mut(self.at) else { return };
        if std::mem::take(line) {
            let count = self.seen.entry(self.hash).or_default();
            *count += 1;
            self.out.push(format!("{:x}:{count}", self.hash));
        }
    }

    fn push(&mut self, unit: u16) {
        const FIRST: u64 = {
            let (mut power, mut n) = (1_u64, 0);
            while n < BLOCK {
                power = power.wrapping_mul(FACTOR);
                n += 1;
            }
            power
        };
        let Some(slot) = self.window.get_mut(self.at) else { return };
        let leaving = std::mem::replace(slot, unit);
        self.hash =
            self.hash.wrapping_mul(FACTOR).wrapping_add(u64::from(unit)).wrapping_sub(FIRST.wrapping_mul(u64::from(leaving)));
        self.at = (self.at + 1) % BLOCK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_action() {
        let four = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        let rows: [(&str, &[&str]); 3] =
            [("", &["c129715d7a2bc9a3:1"]), (" a\nb\n  \t\tc\n d", &four), (" a\r\nb\r\n  \t\tc\r\n d", &four)];
        for (text, expected) in rows {
            assert_eq!(line_hashes(text), expected, "{text:?}");
        }
    }

    #[test]
    fn equal_lines_are_numbered() {
        let text = "x\n".repeat(300);
        let hashes = line_hashes(&text);
        assert_eq!(hashes.len(), 301);
        assert!(hashes[100].ends_with(":101"), "{}", hashes[100]);
    }
}

//! Unpacks gzip: <https://www.rfc-editor.org/rfc/rfc1952> around <https://www.rfc-editor.org/rfc/rfc1951>.

/// More than this is not unpacked.
const MAX_SIZE: usize = 1 << 20;
/// Base lengths and extra bits of the codes from 257.
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// Base distances and extra bits.
const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1_025, 9),
    (1_537, 9),
    (2_049, 10),
    (3_073, 10),
    (4_097, 11),
    (6_145, 11),
    (8_193, 12),
    (12_289, 12),
    (16_385, 13),
    (24_577, 13),
];
/// The order in which the lengths of the code for lengths stand.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// What a gzip file holds; `None`: it is none, or too large.
pub(super) fn unpack(file: &[u8]) -> Option<Vec<u8>> {
    let [0x1f, 0x8b, 8, flags, ..] = *file else { return None };
    let mut at = 10;
    if flags & 4 != 0 {
        at += 2 + usize::from(u16::from_le_bytes([*file.get(at)?, *file.get(at + 1)?]));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += file.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    at += if flags & 2 == 0 { 0 } else { 2 };
    Bits { bytes: file.get(at..)?, at: 0 }.inflate()
}

struct Bits<'b> {
    bytes: &'b [u8],
    /// In bits.
    at: usize,
}

/// A Huffman code by the number of codes of each length, and its symbols in order.
struct Code {
    counts: [u16; 16],
    symbols: Vec<u16>,
}

impl Code {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; 16];
        let mut symbols: Vec<u16> = (0..u16::try_from(lengths.len()).unwrap_or(0))
            .filter(|at| lengths.get(usize::from(*at)).is_some_and(|length| *length > 0))
            .collect();
        symbols.sort_by_key(|at| lengths.get(usize::from(*at)).copied());
        for count in lengths.iter().filter(|length| **length > 0).map(|length| usize::from(*length)) {
            if let Some(count) = counts.get_mut(count) {
                *count += 1;
            }
        }
        Self { counts, symbols }
    }
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<u16> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (self.at % 8) & 1;
        self.at += 1;
        Some(u16::from(bit))
    }

    fn take(&mut self, count: u8) -> Option<u16> {
        (0..count).try_fold(0, |value, at| Some(value | self.bit()? << at))
    }

    fn symbol(&mut self, code: &Code) -> Option<u16> {
        let (mut word, mut first, mut index) = (0_i32, 0_i32, 0_i32);
        for count in code.counts.iter().skip(1) {
            word |= i32::from(self.bit()?);
            let count = i32::from(*count);
            if word - first < count {
                return code.symbols.get(usize::try_from(index + word - first).ok()?).copied();
            }
            index += count;
            first = (first + count) << 1;
            word <<= 1;
        }
        None
    }

    fn inflate(mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        loop {
            let last = self.bit()? == 1;
            match self.take(2)? {
                0 => {
                    self.at = self.at.div_ceil(8) * 8;
                    let length = self.take(16)?;
                    self.take(16)?;
                    let start = self.at / 8;
                    out.extend_from_slice(self.bytes.get(start..start + usize::from(length))?);
                    self.at += usize::from(length) * 8;
                }
                1 => {
                    let lengths: Vec<u8> = (0..288)
                        .map(|at| {
                            if !(144..=279).contains(&at) {
                                8
                            } else if at < 256 {
                                9
                            } else {
                                7
                            }
                        })
                        .collect();
                    self.block(&Code::new(&lengths), &Code::new(&[5; 30]), &mut out)?;
                }
                2 => {
                    let (literals, distances) = self.codes()?;
                    self.block(&literals, &distances, &mut out)?;
                }
                _ => return None,
            }
            if out.len() > MAX_SIZE {
                return None;
            }
            if last {
                return Some(out);
            }
        }
    }

    fn codes(&mut self) -> Option<(Code, Code)> {
        let literals = usize::from(self.take(5)?) + 257;
        let distances = usize::from(self.take(5)?) + 1;
        let count = usize::from(self.take(4)?) + 4;
        let mut lengths = [0; 19];
        for at in ORDER.iter().take(count) {
            *lengths.get_mut(*at)? = u8::try_from(self.take(3)?).ok()?;
        }
        let code = Code::new(&lengths);
        let mut all: Vec<u8> = Vec::with_capacity(literals + distances);
        while all.len() < literals + distances {
            let (value, times) = match self.symbol(&code)? {
                16 => (*all.last()?, self.take(2)? + 3),
                17 => (0, self.take(3)? + 3),
                18 => (0, self.take(7)? + 11),
                length => (u8::try_from(length).ok()?, 1),
            };
            all.extend(std::iter::repeat_n(value, usize::from(times)));
        }
        Some((Code::new(all.get(..literals)?), Code::new(all.get(literals..literals + distances)?)))
    }

    fn block(&mut self, literals: &Code, distances: &Code, out: &mut Vec<u8>) -> Option<()> {
        loop {
            match self.symbol(literals)? {
                256 => return Some(()),
                literal @ 0..256 => out.push(u8::try_from(literal).ok()?),
                symbol => {
                    let (base, extra) = *LENGTHS.get(usize::from(symbol - 257))?;
                    let length = base + self.take(extra)?;
                    let (base, extra) = *DISTANCES.get(usize::from(self.symbol(distances)?))?;
                    let distance = usize::from(base + self.take(extra)?);
                    for _ in 0..length {
                        out.push(*out.get(out.len().checked_sub(distance)?)?);
                    }
                }
            }
            if out.len() > MAX_SIZE {
                return None;
            }
        }
    }
}

//! What the next byte may depend on.
//!
//! In: the bytes so far. Out: one hash per context, and a number that selects mixer weights.
//! Not here: what a context predicts (`slots`, `mixer`).
//! Holds: a context is a function of earlier bytes alone; positions outside the history read zeros.
//! Source: orders as in prediction by partial matching; fields, columns and records as printed and packed tables have them.

use super::history::History;

/// Hashed contexts of one byte.
pub(super) const N_CONTEXTS: usize = 12;

const PHI: u64 = 0x9e37_79b9_7f4a_7c15;
const MIX: u64 = 0xd6e8_feb8_6659_fd93;

/// One number from two, with the number of the context.
#[inline(always)]
fn hash(context: u64, a: u64, b: u64) -> u64 {
    let mixed = (a.wrapping_mul(PHI) ^ b.wrapping_add(context.wrapping_mul(MIX))).wrapping_mul(MIX);
    (mixed ^ (mixed >> 32)).wrapping_mul(PHI)
}

/// The last `n` bytes (1 to 7) of `last`.
#[inline(always)]
fn order(last: u64, n: u32) -> u64 {
    last & ((1 << (8 * n)) - 1)
}

/// Kinds of text bytes: 0 digit, 1 letter, 2 field separator, 3 end of line, 4 sign, 5 point, 6 other, 7 not text.
static KINDS: [u8; 256] = {
    let mut kinds = [6u8; 256];
    let mut byte = 0usize;
    while byte < 256 {
        let c = byte as u8;
        if c.is_ascii_digit() {
            kinds[byte] = 0;
        } else if c.is_ascii_alphabetic() || c == b'_' {
            kinds[byte] = 1;
        } else if c == b'\n' || c == b'\r' {
            kinds[byte] = 3;
        } else if c == b' ' || c == b'\t' || c == b',' || c == b';' {
            kinds[byte] = 2;
        } else if c == b'-' || c == b'+' {
            kinds[byte] = 4;
        } else if c == b'.' {
            kinds[byte] = 5;
        } else if c < 32 || c > 126 {
            kinds[byte] = 7;
        }
        byte += 1;
    }
    kinds
};

/// The lines, fields and tokens of text.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// Start of the last line that began with a byte, plus one; zero if none did.
    line_starts: Vec<u32>,
    line_start: u32,
    class: u8,
    /// Position in the line above, aligned by field.
    above: u32,
    /// The line above exists.
    aligned: bool,
    field: u32,
    field_len: u32,
    field_hash: u32,
    last_field_hash: u32,
    token_hash: u32,
    last_token_hash: u32,
    /// All bytes of the field so far equal those above.
    same_as_above: bool,
}

impl Text {
    fn new() -> Text {
        Text {
            line_starts: vec![0; 256],
            line_start: 0,
            class: 0,
            above: 0,
            aligned: false,
            field: 0,
            field_len: 0,
            field_hash: 0,
            last_field_hash: 0,
            token_hash: 0,
            last_token_hash: 0,
            same_as_above: true,
        }
    }

    fn advance(&mut self, history: &History, byte: u8) {
        let here = history.len();
        let kind = KINDS[usize::from(byte)];
        let line_bytes = here.wrapping_sub(self.line_start);
        if line_bytes == 1 {
            // The first byte of a line names its class; the line above is the last one of that class.
            self.class = byte;
            let start = &mut self.line_starts[usize::from(byte)];
            self.aligned = *start != 0;
            self.above = start.wrapping_sub(1);
            *start = self.line_start.wrapping_add(1);
        }
        if self.aligned {
            let over = history.at(self.above);
            let over_kind = KINDS[usize::from(over)];
            self.same_as_above &= over == byte;
            if kind == 2 {
                // To the byte after the separator above.
                let mut steps = 0;
                while steps < 64 {
                    let over_kind = KINDS[usize::from(history.at(self.above))];
                    if over_kind == 3 {
                        break;
                    }
                    self.above = self.above.wrapping_add(1);
                    if over_kind == 2 {
                        break;
                    }
                    steps += 1;
                }
            } else if over_kind != 2 && over_kind != 3 {
                self.above = self.above.wrapping_add(1);
            }
        }
        if kind == 1 || kind == 0 || kind == 5 || kind == 4 {
            self.token_hash = (self.token_hash ^ u32::from(byte)).wrapping_mul(0x2f0b_4c47).rotate_left(11);
        } else if self.token_hash != 0 {
            self.last_token_hash = self.token_hash;
            self.token_hash = 0;
        }
        match kind {
            2 => {
                if self.field_len > 0 {
                    self.last_field_hash = self.field_hash;
                    self.field += 1;
                }
                self.field_hash = 0;
                self.field_len = 0;
                self.same_as_above = true;
            }
            3 => {
                self.last_field_hash = self.field_hash;
                self.field_hash = 0;
                self.field_len = 0;
                self.field = 0;
                self.line_start = here;
                self.class = 0;
                self.same_as_above = true;
                // Until the class is known, the line just ended stands above.
                self.aligned = false;
            }
            _ => {
                self.field_hash =
                    (self.field_hash ^ u32::from(byte)).wrapping_mul(0x5bd1_e995).rotate_left(13);
                self.field_len += 1;
            }
        }
    }
}

/// Which contexts are taken.
#[derive(Debug, Clone)]
enum Shape {
    Text(Box<Text>),
    Record { stride: u32, place: u32, table: bool },
}

/// The contexts of the next byte.
#[derive(Debug, Clone)]
pub(super) struct Contexts {
    shape: Shape,
    /// The last 8 bytes, the newest lowest.
    pub(super) last: u64,
    pub(super) hashes: [u64; N_CONTEXTS],
    /// Selects mixer weights, 0 to 31.
    pub(super) selector: u32,
}

impl Contexts {
    /// `stride` 0 stands for no records.
    pub(super) fn new(text: bool, stride: u16) -> Contexts {
        let shape = if text {
            Shape::Text(Box::new(Text::new()))
        } else {
            let table = stride > 0;
            Shape::Record { stride: if table { u32::from(stride) } else { 8 }, place: 0, table }
        };
        Contexts { shape, last: 0, hashes: [0; N_CONTEXTS], selector: 0 }
    }

    /// Moves on by the byte that `history` just took.
    pub(super) fn advance(&mut self, history: &History, byte: u8) {
        self.last = self.last << 8 | u64::from(byte);
        let last = self.last;
        match &mut self.shape {
            Shape::Text(text) => {
                text.advance(history, byte);
                let above = if text.aligned { u64::from(history.at(text.above)) } else { 256 };
                let next = if text.aligned { u64::from(history.at(text.above.wrapping_add(1))) } else { 0 };
                let place = u64::from(text.field) << 16 | u64::from(text.class) << 8;
                let field = u64::from(text.field_hash);
                let same = u64::from(text.same_as_above);
                let c1 = u64::from(byte);
                self.hashes = [
                    hash(0, order(last, 2), 0),
                    hash(1, order(last, 3), 0),
                    hash(2, order(last, 4), 0),
                    hash(3, order(last, 5), 0),
                    hash(4, order(last, 6), 0),
                    hash(5, last, 0),
                    hash(6, u64::from(text.token_hash), u64::from(text.last_token_hash)),
                    hash(7, field, place),
                    hash(8, above << 8 | next, place | c1),
                    hash(9, field, place << 16 | above << 1 | same),
                    hash(10, field, place << 32 | u64::from(text.last_field_hash)),
                    hash(11, above | u64::from(text.field_len) << 16, place << 1 | same),
                ];
                self.selector = text.field_len.min(15) * 2 + u32::from(text.aligned && same == 1);
            }
            Shape::Record { stride, place, table } => {
                *place += 1;
                if *place >= *stride {
                    *place = 0;
                }
                let at = u64::from(*place);
                let back = |distance: u32| u64::from(history.back(distance));
                let (c1, c2) = (last & 255, last >> 8 & 255);
                let above = back(*stride);
                let above2 = back(2 * *stride);
                let above_left = back(*stride + 1);
                self.hashes = [
                    hash(0, order(last, 2), 0),
                    hash(1, order(last, 3), 0),
                    hash(2, order(last, 4), 0),
                    hash(3, order(last, 6), 0),
                    hash(4, at, above),
                    hash(5, at, above << 8 | c1),
                    hash(6, at, above << 8 | above2),
                    hash(7, at, c1),
                    hash(8, at, c1 << 8 | c2),
                    hash(9, at, above << 16 | above_left << 8 | c1),
                    if *table { hash(10, at, 0) } else { hash(10, back(4), back(8) << 8 | at & 3) },
                    hash(11, back(4) << 8 | c1, 0),
                ];
                self.selector =
                    if *table && *stride > 32 { at as u32 * 32 / *stride } else { at as u32 & 31 };
            }
        }
    }
}

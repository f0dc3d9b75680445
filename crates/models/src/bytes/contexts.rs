//! What the next byte may depend on.
//!
//! In: the bytes so far. Out: one hash per context, a small direct context, and a number that selects mixer weights.
//! Not here: what a context predicts (`evidence`, `mixer`).
//! Holds: a context is a function of earlier bytes alone; positions outside the history read zeros.
//! Source: orders as in prediction by partial matching; fields, columns and records as printed and packed tables have them.
//! The set was chosen by leaving out one at a time; of twelve orders, tokens and fields, eight carried all but 0.2 %.

use super::history::History;
use super::text::Text;

/// Hashed contexts of one byte.
pub(super) const N_CONTEXTS: usize = 8;
/// Values of the direct context.
pub(super) const N_PLACES: usize = 1024;

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

/// A byte that may not exist.
#[inline(always)]
fn known(byte: Option<u8>) -> u64 {
    byte.map_or(256, u64::from)
}

/// Which contexts are taken.
#[derive(Debug, Clone)]
enum Shape {
    Text(Box<Text>),
    Numbers(Box<Text>),
    /// Records, or (`table` false) words of 8 bytes as headers have them.
    Record {
        stride: u32,
        place: u32,
        table: bool,
    },
}

/// The contexts of the next byte.
#[derive(Debug, Clone)]
pub(super) struct Contexts {
    shape: Shape,
    /// The last 8 bytes, the newest lowest.
    pub(super) last: u64,
    pub(super) hashes: [u64; N_CONTEXTS],
    /// Where in a line or record, below [`N_PLACES`].
    pub(super) place: usize,
    /// Selects mixer weights, 0 to 31.
    pub(super) selector: usize,
}

impl Contexts {
    fn new(shape: Shape) -> Contexts {
        Contexts { shape, last: 0, hashes: [0; N_CONTEXTS], place: 0, selector: 0 }
    }

    /// Lines of words.
    pub(super) fn text() -> Contexts {
        Contexts::new(Shape::Text(Box::new(Text::new())))
    }

    /// Lines of printed numbers.
    pub(super) fn numbers() -> Contexts {
        Contexts::new(Shape::Numbers(Box::new(Text::new())))
    }

    /// Binary, with or without records.
    pub(super) fn binary(stride: Option<u16>) -> Contexts {
        let table = stride.is_some();
        Contexts::new(Shape::Record { stride: stride.map_or(8, u32::from).max(1), place: 0, table })
    }

    /// Moves on by the byte that `history` just took.
    pub(super) fn advance(&mut self, history: &History, byte: u8) {
        self.last = self.last << 8 | u64::from(byte);
        let last = self.last;
        match &mut self.shape {
            Shape::Text(text) => {
                text.advance(history, byte);
                self.hashes = [
                    hash(0, order(last, 2), 0),
                    hash(1, order(last, 3), 0),
                    hash(2, order(last, 4), 0),
                    hash(3, order(last, 6), 0),
                    hash(4, u64::from(text.token_hash), u64::from(text.last_token_hash)),
                    0,
                    0,
                    0,
                ];
                let (field, above, after) = fields(text, history);
                self.hashes[5..].copy_from_slice(&[field, above, after]);
                (self.place, self.selector) = place_of(text);
            }
            Shape::Numbers(text) => {
                text.advance(history, byte);
                let [above, above2] = text.above(history).map(known);
                let place = u64::from(text.class) | u64::from(text.field) << 8;
                let len = u64::from(text.field_len);
                let (field, above_here, after) = fields(text, history);
                self.hashes = [
                    hash(0, order(last, 2), 0),
                    hash(1, order(last, 6), 0),
                    hash(2, len, place),
                    hash(3, len << 32 | above << 16 | above2, place << 3 | u64::from(text.trend)),
                    hash(4, u64::from(text.field_hash), place << 32 | u64::from(text.last_field_hash)),
                    field,
                    above_here,
                    after,
                ];
                (self.place, self.selector) = place_of(text);
            }
            Shape::Record { stride, place, table } => {
                *place += 1;
                if *place >= *stride {
                    *place = 0;
                }
                let at = u64::from(*place);
                let back = |distance: u32| u64::from(history.back(distance));
                let (c1, c2) = (last & 255, last >> 8 & 255);
                let (above, above2, above_left) = (back(*stride), back(2 * *stride), back(*stride + 1));
                self.hashes = [
                    hash(0, order(last, 2), 0),
                    hash(1, order(last, 3), 0),
                    hash(2, order(last, 5), 0),
                    hash(3, at, above),
                    hash(4, at, above << 8 | c1),
                    if *table {
                        hash(5, at, above << 8 | above2)
                    } else {
                        hash(5, at & 3, back(4) << 8 | c1)
                    },
                    hash(6, at, c1 << 8 | c2),
                    hash(7, at, above << 16 | above_left << 8 | c1),
                ];
                self.place = *place as usize & (N_PLACES - 1);
                self.selector =
                    if *stride > 32 { (at * 32 / u64::from(*stride)) as usize } else { at as usize };
            }
        }
    }
}

/// Three contexts that all text has: the field so far, what stands above, and that with its neighbours.
#[inline(always)]
fn fields(text: &Text, history: &History) -> (u64, u64, u64) {
    let [above, _] = text.above(history).map(known);
    let place = u64::from(text.class) | u64::from(text.field) << 8;
    let trend = place << 3 | u64::from(text.trend);
    (
        hash(8, u64::from(text.field_hash), place),
        hash(9, u64::from(text.field_len) << 16 | above, trend),
        hash(10, u64::from(history.back(1)) << 32 | above << 16 | known(text.after_above(history)), trend),
    )
}

/// The direct context of text and its weight selector.
#[inline(always)]
fn place_of(text: &Text) -> (usize, usize) {
    let place = u32::from(text.class).wrapping_mul(0x9e37)
        ^ text.field.wrapping_mul(0x85eb)
        ^ text.field_len.wrapping_mul(0x61);
    let selector = text.field_len.min(15) * 2 + u32::from(text.trend == 0);
    ((place.wrapping_mul(0x9e37_79b1) >> 22) as usize, selector as usize & 31)
}

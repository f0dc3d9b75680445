//! The match model: what followed the last time the same bytes were seen.
//!
//! In: the bytes so far. Out: an expected byte and how much to trust it.
//! Not here: mixing.
//! Holds: every match is verified against the history; a hash collision costs a missed match, no more.
//! Source: Lempel-Ziv 1977, used as a prediction.

use super::counter::Counter;
use super::history::History;
use super::{boxed, squash, stretch};
use hepz_entropy::Coder;

/// Lengths are counted this far back.
const MAX_LEN: u32 = 400;

/// Bits of a table entry that hold a position.
const POSITION: u32 = (1 << 26) - 1;

/// Marks that a byte was expected, so that zero is none.
const NOTED: u32 = 256;
/// Counters of trust.
const N_TRUST: usize = 256;

/// One match pointer.
#[derive(Debug, Clone)]
pub(super) struct MatchModel {
    table: Vec<u32>,
    min_len: u32,
    /// The history position whose byte is expected next; valid while `len > 0`.
    at: u32,
    /// Bytes agreed on so far.
    pub(super) len: u32,
    /// Bytes since the last failed expectation, up to 31.
    since_miss: u32,
    expected: u32,
    /// By length bucket, misses and expected bit.
    trust: Box<[Counter; N_TRUST]>,
    /// The nibble expected, with a leading one, while nothing spoke against it.
    nibble: u32,
    bucket: u32,
    row: u32,
    used: usize,
}

/// From this length on a repeat is so sure that one decision for a byte is enough.
pub(super) const WHOLE_LEN: u32 = 16;
/// Counters of one kind.
const LOG2_WHOLE: u32 = 16;
/// Kinds of counters.
const N_KINDS: usize = 4;
/// A byte is coded whole if it is expected at least this surely, in units of 2^-16.
const SURE: u32 = 65536 - 65536 / SURE_DIV;
const SURE_DIV: u32 = 32;

/// Whether the next byte of a long repeat is as expected.
#[derive(Debug, Clone)]
pub(super) struct WholeBytes {
    /// 22 bits of probability that it is, by kind of context.
    counters: Vec<u32>,
    slots: [usize; N_KINDS],
    inputs: [i32; N_KINDS],
    weights: [i32; N_KINDS],
    p: u32,
    /// The last times: 1 for as expected.
    last: u64,
}

impl Default for WholeBytes {
    fn default() -> WholeBytes {
        WholeBytes {
            counters: vec![4_000_000; N_KINDS << LOG2_WHOLE],
            slots: [0; N_KINDS],
            inputs: [0; N_KINDS],
            weights: [65536 / 3; N_KINDS],
            p: 0,
            last: u64::MAX,
        }
    }
}

impl WholeBytes {
    /// True if the expected byte is sure enough for one decision.
    #[inline(always)]
    pub(super) fn is_sure(&mut self, last: u64, expected: u8, len: u32) -> bool {
        let hash = |kind: u64, a: u64| {
            let mixed = (a ^ kind << 60).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (kind << LOG2_WHOLE | mixed >> (64 - LOG2_WHOLE)) as usize
        };
        let row = u64::from(MatchModel::bucket(len));
        self.slots = [
            (row << 8 | self.last & 255) as usize,
            hash(1, (last & 0xff_ffff) << 8 | u64::from(expected)),
            hash(2, last & 0xffff_ffff_ffff),
            hash(3, (last & 0xffff) << 16 | u64::from(expected) << 8 | self.last & 15),
        ];
        let mut odds = 0i64;
        for ((slot, input), weight) in self.slots.iter().zip(&mut self.inputs).zip(&self.weights) {
            *input = stretch((self.counters[*slot] >> 6) as u16);
            odds += i64::from(*input) * i64::from(*weight);
        }
        self.p = squash((odds >> 16).clamp(-4096, 4096) as i32).clamp(1, 65535);
        self.p >= SURE
    }

    /// Codes the decision: an encoder takes `agrees`, a decoder ignores it.
    #[inline(always)]
    pub(super) fn code(&mut self, coder: &mut impl Coder, agrees: bool) -> bool {
        coder.code(u32::from(agrees), self.p) & 1 == 1
    }

    #[inline(always)]
    pub(super) fn learn(&mut self, agrees: bool) {
        let error = (if agrees { 65535 } else { 0 }) - self.p as i32;
        for ((slot, input), weight) in self.slots.iter().zip(&self.inputs).zip(&mut self.weights) {
            *weight = (*weight + ((*input * (error >> 4)) >> 12)).clamp(0, 1 << 18);
            let counter = &mut self.counters[*slot];
            *counter =
                if agrees { *counter + ((4_194_303 - *counter) >> 5) } else { *counter - (*counter >> 4) };
        }
        self.last = self.last << 1 | u64::from(agrees);
    }
}

impl MatchModel {
    /// Expects nothing until the next byte.
    pub(super) fn give_up(&mut self) {
        self.len = 0;
        self.nibble = 0;
        self.bucket = 0;
    }

    pub(super) fn new(log2_entries: u32, min_len: u32) -> MatchModel {
        // Half trust at first; one agreement in `min_len` bytes says about 0.9.
        let mut trust = boxed(Counter::default());
        for (at, counter) in trust.iter_mut().enumerate() {
            let bucket = (at as u32 >> 1) & 15;
            let p = 65536 - 65536 / (6 + bucket * bucket * 2);
            let p = if at & 1 == 1 { p } else { 65536 - p };
            *counter = Counter::starting_at(p as u16, 4);
        }
        MatchModel {
            table: vec![0; 1 << log2_entries],
            min_len,
            at: 0,
            len: 0,
            since_miss: 31,
            expected: 0,
            trust,
            nibble: 0,
            bucket: 0,
            row: 0,
            used: 0,
        }
    }

    fn bucket(len: u32) -> u32 {
        match len {
            0 => 0,
            1..=7 => 1 + (len - 1) / 2,
            8..=15 => 5 + (len - 8) / 4,
            16..=31 => 7 + (len - 16) / 8,
            32..=63 => 9,
            64..=127 => 10,
            128..=255 => 11,
            256..=399 => 12,
            _ => 13,
        }
    }

    /// A number from 0 to 13 for selecting weights: how long the match is, 0 once something spoke against it.
    #[inline(always)]
    pub(super) fn length_bucket(&self) -> u32 {
        self.bucket
    }

    /// The byte expected next, if any.
    #[inline(always)]
    pub(super) fn expected(&self) -> Option<u8> {
        if self.len > 0 { Some(self.expected as u8) } else { None }
    }

    /// Expects a nibble, if what was coded of the byte so far agrees with the expected byte.
    #[inline(always)]
    pub(super) fn expect(&mut self, nibble: Option<u32>) {
        self.nibble = match nibble {
            Some(nibble) if self.len > 0 => 16 | nibble,
            _ => 0,
        };
        if self.nibble != 0 {
            let misses = match self.since_miss {
                0..=3 => 0,
                4..=7 => 1,
                8..=15 => 2,
                16..=30 => 3,
                _ => 4,
            };
            self.bucket = Self::bucket(self.len);
            self.row = misses * 32 + self.bucket * 2;
        }
    }

    /// Two inputs for the decision after the `n_bits` of a nibble in `place`, which has a leading one.
    #[inline(always)]
    pub(super) fn predict(&mut self, place: usize, n_bits: u32) -> (i16, i16) {
        if self.nibble >> (4 - n_bits) != place as u32 || self.nibble == 0 {
            self.nibble = 0;
            self.bucket = 0;
            return (0, 0);
        }
        let bit = (self.nibble >> (3 - n_bits)) & 1;
        self.used = (self.row + bit) as usize & (N_TRUST - 1);
        let p = self.trust[self.used].p();
        (stretch(p) as i16, ((i32::from(p) - 32768) >> 5) as i16)
    }

    /// 1 while a nibble is expected.
    #[inline(always)]
    pub(super) fn hint(&self) -> usize {
        usize::from(self.nibble != 0)
    }

    /// Learns one decision.
    #[inline(always)]
    pub(super) fn learn(&mut self, bit: u32) {
        if self.nibble != 0 {
            let counter = &mut self.trust[self.used & (N_TRUST - 1)];
            *counter = counter.after(bit, 500);
        }
    }

    /// Moves on by the byte that `history` just took. `hash` is of the last `min_len` bytes.
    pub(super) fn advance(&mut self, history: &History, byte: u32, hash: u32, look: bool) {
        let slot = hash as usize & (self.table.len() - 1);
        let here = history.len();
        let mark = hash & !POSITION;
        if self.len > 0 && self.expected & 255 == byte {
            self.len = (self.len + 1).min(MAX_LEN);
            self.at = self.at.wrapping_add(1);
            self.since_miss = (self.since_miss + 1).min(31);
        } else {
            if self.expected != 0 {
                self.since_miss = 0;
            } else {
                self.since_miss = (self.since_miss + 1).min(31);
            }
            self.len = 0;
            let entry = if look { self.table[slot] } else { here & POSITION | mark };
            // Positions modulo 2^26, the widest window; six bits of the hash spare most useless looks.
            self.at = here.wrapping_sub(here.wrapping_sub(entry) & POSITION);
            let near = here.wrapping_sub(self.at) < history.window() && self.at != here;
            if near && entry & !POSITION == mark {
                while self.len < MAX_LEN
                    && history.back(self.len + 1) == history.at(self.at.wrapping_sub(self.len + 1))
                {
                    self.len += 1;
                    if self.len >= here {
                        break;
                    }
                }
                if self.len < self.min_len {
                    self.len = 0;
                }
            }
        }
        self.table[slot] = here & POSITION | mark;
        self.expected = if self.len > 0 { NOTED | u32::from(history.at(self.at)) } else { 0 };
    }
}

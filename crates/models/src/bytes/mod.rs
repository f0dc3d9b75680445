//! Bytes: context mixing for skeletons, text and unknown files.
//!
//! In: bytes. Out: their price, by one walk for both directions ([`ByteModel::code`]).
//! Not here: the arithmetic of coding (`hepz-entropy`), where a stream begins and ends (`hepz-container`).
//! Holds: no floating point; equal bytes and an equal [`ByteConfig`] give equal code on every machine; decoding hostile
//! bytes gives some bytes, never a panic; memory is fixed by [`ByteConfig`], not by the length a header claims.
//! Source: the idea of PAQ (M. Mahoney, "Adaptive weighing of context models", 2005): counters in hashed contexts, a match
//! model, gated logistic mixing, secondary estimation. Departs: counters carry their own confidence into an adaptive map
//! instead of a table of bit histories.

mod alphabet;
mod config;
mod contexts;
mod counter;
mod history;
mod matches;
mod mixer;
mod refine;
mod slots;
mod state;
mod stride;

pub use config::{ByteConfig, ByteConfigError};
pub use stride::detect_stride;

use crate::logistic::LOGISTIC;
use alphabet::Alphabet;
use contexts::{Contexts, N_CONTEXTS};
use counter::Counter;
use hepz_entropy::{Coder, Decoder, Encoder};
use history::History;
use matches::MatchModel;
use mixer::{Inputs, Mixers, N_INPUTS, ONE};
use refine::Refinement;
use slots::{Slot, SlotAt, Slots};

/// Nodes of all trees of nibbles: 16 for the alphabet, 16 for the upper half of a byte, 16 * 16 for the lower half.
const N_NODES: usize = 512;

/// Prices bytes by what came before them.
#[derive(Debug, Clone)]
pub struct ByteModel {
    history: History,
    contexts: Contexts,
    slots: Slots,
    slot_at: [SlotAt; N_CONTEXTS],
    work: [Slot; N_CONTEXTS],
    /// What a state of a context is worth: the probability of a 1.
    worth: Box<[[u16; 256]; N_CONTEXTS]>,
    order0: Box<[Counter; N_NODES]>,
    order1: Box<[Counter; 256 * N_NODES]>,
    long: MatchModel,
    short: MatchModel,
    long_hash: u32,
    inputs: Inputs,
    mixers: Mixers,
    /// The bytes that one nibble codes, and where a byte is among them; none outside of printed numbers.
    alphabet: Option<Box<Alphabet>>,
    rate: i32,
    refinements: [Refinement; 2],
    /// Contexts that were known at the last nibble.
    n_known: u32,
    bits_coded: u32,
}

impl ByteModel {
    /// A fresh model.
    pub fn new(config: ByteConfig) -> ByteModel {
        let log2_bytes = u32::from(config.log2_table_bytes());
        let mut worth = [0u16; 256];
        for (state, p) in worth.iter_mut().enumerate() {
            let seen = state::seen(state as u8);
            let (zeros, ones) = (u32::from(seen.zeros) * 10 + 3, u32::from(seen.ones) * 10 + 3);
            *p = (65535 * ones / (zeros + ones)) as u16;
        }
        let mut initial = [0i16; N_INPUTS];
        for pair in initial[..2 * N_CONTEXTS].chunks_exact_mut(2) {
            pair[0] = ONE / 4;
            pair[1] = 0;
        }
        initial[24] = ONE / 8;
        initial[25] = ONE / 8;
        initial[27] = ONE / 4;
        initial[29] = ONE / 4;
        let history_bits = (log2_bytes + 1).clamp(16, 26);
        let text = config.is_text();
        ByteModel {
            history: History::new(history_bits),
            contexts: Contexts::new(text, config.record_stride().unwrap_or(0)),
            slots: Slots::new(log2_bytes),
            slot_at: [SlotAt::default(); N_CONTEXTS],
            work: [[0; 16]; N_CONTEXTS],
            worth: boxed(worth),
            order0: boxed(Counter::default()),
            order1: boxed(Counter::default()),
            long: MatchModel::new(log2_bytes.clamp(16, 24) - 4, if text { 14 } else { 12 }),
            short: MatchModel::new(log2_bytes.clamp(16, 24) - 4, if text { 6 } else { 4 }),
            long_hash: 0,
            inputs: Inputs([0; N_INPUTS]),
            mixers: Mixers::new(&initial),
            alphabet: config.extra_symbols().map(|extra| Box::new(Alphabet::new(extra))),
            rate: 255,
            refinements: [Refinement::new(4 * N_NODES), Refinement::new(1 << 12)],
            n_known: 0,
            bits_coded: 0,
        }
    }

    /// Codes one byte: an encoder takes `byte`, a decoder ignores it; both return the byte.
    #[inline]
    pub fn code(&mut self, coder: &mut impl Coder, byte: u8) -> u8 {
        let expected = [self.long.expected(), self.short.expected()];
        let mut agrees = [true; 2];
        let mut coded = None;
        if let Some(alphabet) = &self.alphabet {
            let rank = alphabet.rank(byte);
            let ranks = expected.map(|byte| byte.map(|byte| alphabet.rank(byte)));
            let rank = self.code_nibble(coder, rank, 0, ranks);
            agrees = ranks.map(|expected| expected == Some(rank));
            coded = self.alphabet.as_ref().and_then(|alphabet| alphabet.symbol(rank));
        }
        let byte = coded.unwrap_or_else(|| {
            let high = |byte: u8| u32::from(byte >> 4);
            let highs = [0, 1].map(|at| expected[at].filter(|_| agrees[at]).map(high));
            let above = self.code_nibble(coder, high(byte), 16, highs);
            let low = |byte: u8| u32::from(byte & 15);
            let lows = [0, 1].map(|at| expected[at].filter(|_| highs[at] == Some(above)).map(low));
            let below = self.code_nibble(coder, low(byte), 32 + 16 * above, lows);
            (above << 4 | below) as u8
        });
        self.advance(byte);
        byte
    }

    /// Codes four decisions. `base` numbers the nibble's tree; `expected` is what the match models think.
    #[inline(always)]
    fn code_nibble(
        &mut self,
        coder: &mut impl Coder,
        nibble: u32,
        base: u32,
        expected: [Option<u32>; 2],
    ) -> u32 {
        self.find_slots(base);
        self.long.expect(expected[0]);
        self.short.expect(expected[1]);
        let mut place = 1usize;
        for n_bits in 0..4 {
            let p = self.predict(base as usize, place, n_bits);
            let bit = coder.code((nibble >> (3 - n_bits)) & 1, p) & 1;
            self.learn(base as usize, place, bit);
            place = (place << 1 | bit as usize) & 31;
        }
        self.store_slots();
        place as u32 & 15
    }

    #[inline(always)]
    fn find_slots(&mut self, nibble: u32) {
        let mut lines = [0u32; N_CONTEXTS];
        let mut checks = [[0u8; 4]; N_CONTEXTS];
        for ((line, found), &hash) in lines.iter_mut().zip(&mut checks).zip(&self.contexts.hashes) {
            *line = self.slots.line((hash >> 32) as u32, nibble);
            *found = self.slots.checks(*line);
        }
        let mut n_known = 0;
        for at in 0..N_CONTEXTS {
            let check = (self.contexts.hashes[at] >> 16) as u8 ^ (nibble as u8).wrapping_mul(0x35);
            self.slot_at[at] = self.slots.find(lines[at], checks[at], check, &mut self.work[at]);
            n_known += u32::from(self.work[at][1] > 0);
        }
        self.n_known = n_known;
    }

    #[inline(always)]
    fn store_slots(&mut self) {
        for (at, slot) in self.slot_at.iter().zip(&self.work) {
            self.slots.store(*at, slot);
        }
    }

    #[inline(always)]
    fn predict(&mut self, base: usize, place: usize, n_bits: u32) -> u32 {
        let place = place & 15;
        let node = (base + place) & (N_NODES - 1);
        let inputs = &mut self.inputs.0;
        for at in 0..N_CONTEXTS {
            let state = usize::from(self.work[at][place]);
            let p = self.worth[at][state];
            let known = -i32::from(state > 0);
            inputs[2 * at] = (stretch(p) & known) as i16;
            inputs[2 * at + 1] = ((i32::from(p) - 32768) >> 5 & known) as i16;
        }
        inputs[24] = stretch(self.order0[node].p()) as i16;
        let order1 = (self.contexts.last as usize & 255) * N_NODES + node;
        inputs[25] = stretch(self.order1[order1].p()) as i16;
        (inputs[27], inputs[28]) = self.long.predict(place, n_bits);
        (inputs[29], inputs[30]) = self.short.predict(place, n_bits);
        inputs[31] = 256;

        let (long, short) = (self.long.length_bucket(), self.short.length_bucket());
        // A number for how far into the byte: 0 to 15.
        let depth = usize::from(base >= 16) * 4 + usize::from(base >= 32) * 4 + n_bits as usize;
        let sets = [
            (long * 16 + short) as usize,
            node,
            self.contexts.selector as usize * 16 + depth,
            self.n_known as usize * 16 + depth,
        ];
        let odds = self.mixers.mix(&self.inputs, sets, node);
        let mixed = squash(odds);
        let hinted = self.long.hint() * 2 + self.short.hint();
        let refined = self.refinements[0].refine(odds, hinted * N_NODES + node);
        let hashed = (self.contexts.last as u32 & 0xffff) << 9 | node as u32;
        let refined2 = self.refinements[1].refine(odds, (hashed.wrapping_mul(0x9e37_79b1) >> 20) as usize);
        ((2 * mixed + refined + refined2 + 2) >> 2).clamp(1, 65535)
    }

    #[inline(always)]
    fn learn(&mut self, base: usize, place: usize, bit: u32) {
        let place = place & 15;
        let node = (base + place) & (N_NODES - 1);
        let target = if bit != 0 { 65535 } else { 0 };
        let speed = if self.bits_coded < 2048 { 5 } else { 6 };
        for at in 0..N_CONTEXTS {
            let state = &mut self.work[at][place];
            let cell = &mut self.worth[at][usize::from(*state)];
            *state = state::next(*state, bit);
            *cell = (i32::from(*cell) + ((target - i32::from(*cell)) >> speed)) as u16;
        }
        self.order0[node].learn(bit, 255);
        let order1 = (self.contexts.last as usize & 255) * N_NODES + node;
        self.order1[order1].learn(bit, 255);
        self.long.learn(bit);
        self.short.learn(bit);
        self.mixers.learn(&self.inputs, bit, self.rate, 24);
        for refinement in &mut self.refinements {
            refinement.learn(bit, 6);
        }
        self.bits_coded = self.bits_coded.saturating_add(1);
    }

    #[inline(always)]
    fn advance(&mut self, byte: u8) {
        self.rate = (64 + (32768 / (self.bits_coded / 16 + 128)) as i32).min(255);
        self.history.push(byte);
        self.contexts.advance(&self.history, byte);
        self.long_hash = self.long_hash.wrapping_mul(0x2c91_b3a4).wrapping_add(u32::from(byte) + 1);
        let short = (self.contexts.last << 16).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let long = self.long_hash.wrapping_mul(0x9e37_79b1).rotate_right(8);
        self.long.advance(&self.history, u32::from(byte), long);
        self.short.advance(&self.history, u32::from(byte), short as u32);
    }
}

/// Log odds of a probability in units of 2^-16.
#[inline(always)]
fn stretch(p: u16) -> i32 {
    LOGISTIC.stretch(u32::from(p >> 4))
}

/// The probability, 1 to 65535, of log odds.
#[inline(always)]
fn squash(odds: i32) -> u32 {
    LOGISTIC.squash(odds)
}

/// An array on the heap that never lies on the stack.
fn boxed<T: Clone, const N: usize>(fresh: T) -> Box<[T; N]> {
    match vec![fresh; N].into_boxed_slice().try_into() {
        Ok(array) => array,
        Err(_) => unreachable!("the vector was made with N elements"),
    }
}

/// Codes `bytes`; their length and `config` are not in the result.
pub fn encode(bytes: &[u8], config: ByteConfig) -> Vec<u8> {
    let mut coder = Encoder::default();
    let mut model = ByteModel::new(config);
    for &byte in bytes {
        model.code(&mut coder, byte);
    }
    coder.finish()
}

/// Gives back `len` bytes. Any `coded` gives some bytes.
pub fn decode(coded: &[u8], len: usize, config: ByteConfig) -> Vec<u8> {
    let mut coder = Decoder::new(coded);
    let mut model = ByteModel::new(config);
    // A claimed length is not believed: what is decoded is what grows.
    let mut bytes = Vec::with_capacity(len.min(1 << 16));
    for _ in 0..len {
        bytes.push(model.code(&mut coder, 0));
    }
    bytes
}

#[cfg(test)]
mod tests;

//! Bytes: context mixing for skeletons, text and unknown files.
//!
//! In: bytes, and what a network thinks of each if there is one. Out: their price, by one walk for both directions ([`ByteModel::code`]).
//! Not here: the arithmetic of coding (`hepz-entropy`), where a stream begins and ends (`hepz-container`).
//! Holds: no floating point; equal bytes and an equal [`ByteConfig`] give equal code on every machine; decoding hostile
//! bytes gives some bytes, never a panic; memory is fixed by [`ByteConfig`], not by the length a header claims.
//! Source: the idea of PAQ (M. Mahoney, "Adaptive weighing of context models", 2005): bit histories in hashed
//! contexts, match models, gated logistic mixing, secondary estimation. Departs: printed numbers are coded over an alphabet
//! of sixteen, four decisions a byte instead of eight; the field above and how this one compares with it are contexts.
#![cfg_attr(not(test), deny(clippy::float_arithmetic))]

mod alone;
mod alphabet;
mod config;
mod contexts;
mod counter;
mod evidence;
mod forecast;
mod history;
mod matches;
mod mixer;
mod refine;
mod slots;
mod state;
mod stride;
mod text;

pub use alone::{decode_alone, encode_alone};
pub use config::{ByteConfig, ByteConfigError};
pub use forecast::Frequencies;
pub use stride::detect_stride;

use crate::logistic::LOGISTIC;
use alphabet::Alphabet;
use contexts::{Contexts, N_CONTEXTS, N_PLACES};
use counter::Counters;
use evidence::Evidence;
use forecast::Forecast;
use hepz_entropy::{Coder, Decoder, Encoder};
use history::History;
use matches::{MatchModel, WHOLE_LEN, WholeBytes};
use mixer::{Inputs, Mixers, N_INPUTS, ONE};
use refine::Refinement;

/// Nodes of all trees of nibbles: 16 for the alphabet, 16 for the upper half of a byte, 16 * 16 for the lower half.
const N_NODES: usize = 512;

/// Where the inputs of the match models begin.
const LONG: usize = 2 * N_CONTEXTS + 2;
const SHORT: usize = LONG + 2;
/// Where those of a network do.
const NETWORK: usize = SHORT + 2;
/// What a fresh model thinks of a network, which was trained when counters have seen nothing.
const NETWORK_WEIGHT: i16 = ONE / 8 * 5;

/// Prices bytes by what came before them.
#[derive(Debug, Clone)]
pub struct ByteModel {
    history: History,
    contexts: Contexts,
    evidence: Evidence,
    by_place: Counters<{ N_PLACES * N_NODES }>,
    order1: Counters<{ 256 * N_NODES }>,
    long: MatchModel,
    short: MatchModel,
    long_hash: u32,
    inputs: Inputs,
    mixers: Mixers<2>,
    /// What a network thinks of the next byte, if there is one.
    forecast: Option<Box<Forecast>>,
    /// The bytes that one nibble codes, and where a byte is among them; none outside of printed numbers.
    alphabet: Option<Box<Alphabet>>,
    rate: i32,
    refinements: [Refinement; 2],
    /// Bytes of long repeats in one decision each, if the configuration has that.
    whole: Option<Box<WholeBytes>>,
    /// Contexts that were known at the last nibble.
    n_known: u32,
    bits_coded: u32,
}

impl ByteModel {
    /// A fresh model.
    pub fn new(config: ByteConfig) -> ByteModel {
        let log2_bytes = u32::from(config.log2_table_bytes());
        let history_bits = (log2_bytes + 1).clamp(16, 26);
        let text = config.is_text();
        ByteModel {
            history: History::new(history_bits),
            contexts: match (config.is_text(), config.extra_symbols()) {
                (true, Some(_)) => Contexts::numbers(),
                (true, None) => Contexts::text(),
                (false, _) => Contexts::binary(config.record_stride()),
            },
            evidence: Evidence::new(log2_bytes),
            by_place: Counters::new(),
            order1: Counters::new(),
            long: MatchModel::new(log2_bytes.clamp(16, 24) - 5, if text { 14 } else { 12 }),
            short: MatchModel::new(log2_bytes.clamp(16, 24) - 7, if text { 6 } else { 4 }),
            long_hash: 0,
            inputs: Inputs([0; N_INPUTS]),
            mixers: Mixers::new(&initial_weights()),
            forecast: None,
            alphabet: config.extra_symbols().map(|extra| Box::new(Alphabet::new(extra))),
            rate: 255,
            refinements: [Refinement::new(4 * N_NODES), Refinement::new(1 << 12)],
            whole: config.codes_whole_bytes().then(Box::default),
            n_known: 0,
            bits_coded: 0,
        }
    }

    /// A fresh model that is told before each byte what a network thinks of it ([`ByteModel::code_foreseen`]).
    pub fn with_network(config: ByteConfig) -> ByteModel {
        let mut initial = initial_weights();
        initial[NETWORK] = NETWORK_WEIGHT;
        ByteModel { forecast: Some(Box::new(Forecast::new(&initial))), ..ByteModel::new(config) }
    }

    /// As [`ByteModel::code`], where a network thinks that the byte has these frequencies.
    pub fn code_foreseen(&mut self, coder: &mut impl Coder, byte: u8, frequencies: &Frequencies) -> u8 {
        if let Some(forecast) = &mut self.forecast {
            forecast.hear(frequencies, self.alphabet.as_deref());
        }
        self.code(coder, byte)
    }

    /// Codes one byte: an encoder takes `byte`, a decoder ignores it; both return the byte.
    #[inline]
    pub fn code(&mut self, coder: &mut impl Coder, byte: u8) -> u8 {
        let mut unsure = None;
        if let Some(whole) = &mut self.whole
            && self.long.len >= WHOLE_LEN
            && let Some(expected) = self.long.expected()
        {
            if whole.is_sure(self.contexts.last, expected, self.long.len) {
                let agrees = whole.code(coder, byte == expected);
                whole.learn(agrees);
                if agrees {
                    self.advance(expected);
                    return expected;
                }
                self.long.give_up();
            } else {
                unsure = Some(expected);
            }
        }
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
        if let (Some(whole), Some(expected)) = (&mut self.whole, unsure) {
            whole.learn(byte == expected);
        }
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
        self.n_known = self.evidence.fetch(&self.contexts.hashes, base);
        self.long.expect(expected[0]);
        self.short.expect(expected[1]);
        if let Some(forecast) = &mut self.forecast {
            forecast.open(base as usize);
        }
        let mut place = 1usize;
        for n_bits in 0..4 {
            let p = self.predict(base as usize, place, n_bits);
            let bit = coder.code((nibble >> (3 - n_bits)) & 1, p) & 1;
            self.learn(base as usize, place, bit);
            place = (place << 1 | bit as usize) & 31;
        }
        self.evidence.store();
        place as u32 & 15
    }

    #[inline(always)]
    fn predict(&mut self, base: usize, place: usize, n_bits: u32) -> u32 {
        let place = place & 15;
        let node = (base + place) & (N_NODES - 1);
        self.evidence.predict(place, &mut self.inputs);
        let inputs = &mut self.inputs.0;
        let by_place = self.contexts.place * N_NODES + node;
        inputs[2 * N_CONTEXTS] = stretch(self.by_place.get(by_place).p()) as i16;
        let order1 = (self.contexts.last as usize & 255) * N_NODES + node;
        inputs[2 * N_CONTEXTS + 1] = stretch(self.order1.get(order1).p()) as i16;
        (inputs[LONG], inputs[LONG + 1]) = self.long.predict(place, n_bits);
        (inputs[SHORT], inputs[SHORT + 1]) = self.short.predict(place, n_bits);

        let (long, short) = (self.long.length_bucket(), self.short.length_bucket());
        // A number for how far into the byte: 0 to 15.
        let depth = usize::from(base >= 16) * 4 + usize::from(base >= 32) * 4 + n_bits as usize;
        let sets = [self.contexts.selector * 16 + depth, (long.max(short) * 16 + self.n_known) as usize];
        let odds = match &mut self.forecast {
            None => self.mixers.mix(&self.inputs, sets, node),
            Some(forecast) => {
                (inputs[NETWORK], inputs[NETWORK + 1]) = forecast.predict(place);
                forecast.mix(&self.inputs, sets, depth, node)
            }
        };
        let mixed = squash(odds);
        let hinted = self.long.hint() * 2 + self.short.hint();
        let refined = self.refinements[0].refine(odds, hinted * N_NODES + node);
        let hashed = (self.contexts.last as u32 & 0xffff) << 9 | node as u32;
        let refined2 = self.refinements[1].refine(odds, (hashed.wrapping_mul(0x9e37_79b1) >> 20) as usize);
        let refined3 = self.forecast.as_mut().map_or(mixed, |forecast| forecast.refine(odds, node));
        ((mixed + refined + refined2 + refined3 + 2) >> 2).clamp(1, 65535)
    }

    #[inline(always)]
    fn learn(&mut self, base: usize, place: usize, bit: u32) {
        let place = place & 15;
        let node = (base + place) & (N_NODES - 1);
        self.evidence.learn(place, bit);
        let by_place = self.contexts.place * N_NODES + node;
        self.by_place.learn(by_place, bit, 1023);
        let order1 = (self.contexts.last as usize & 255) * N_NODES + node;
        self.order1.learn(order1, bit, 1023);
        self.long.learn(bit);
        self.short.learn(bit);
        match &mut self.forecast {
            None => self.mixers.learn(&self.inputs, bit, self.rate, 96),
            Some(forecast) => forecast.learn(&self.inputs, bit, self.rate, 96),
        }
        for refinement in &mut self.refinements {
            refinement.learn(bit, 5);
        }
        self.bits_coded = self.bits_coded.saturating_add(1);
    }

    #[inline(always)]
    fn advance(&mut self, byte: u8) {
        self.rate = (180 + (65536 / (self.bits_coded / 16 + 256)) as i32).min(255);
        self.history.push(byte);
        self.contexts.advance(&self.history, byte);
        self.long_hash = self.long_hash.wrapping_mul(0x2c91_b3a4).wrapping_add(u32::from(byte) + 1);
        let short = (self.contexts.last << 16).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let long = self.long_hash.wrapping_mul(0x9e37_79b1).rotate_right(8);
        self.short.advance(&self.history, u32::from(byte), short as u32, true);
        // What repeats at length repeats in short: without a short match there is no need to look.
        let worth_a_look = self.short.expected().is_some();
        self.long.advance(&self.history, u32::from(byte), long, worth_a_look);
    }
}

/// Weights of the first layer in a fresh model.
fn initial_weights() -> [i16; N_INPUTS] {
    let mut initial = [0i16; N_INPUTS];
    initial[..N_CONTEXTS].fill(ONE / 6);
    initial[2 * N_CONTEXTS..][..2].fill(ONE / 8);
    initial[LONG] = ONE / 5;
    initial[SHORT] = ONE / 5;
    initial
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

/// As [`encode`], where `foresee` says before each byte how frequent each value is, from the byte before (0 at the start).
pub fn encode_foreseen(
    bytes: &[u8],
    config: ByteConfig,
    mut foresee: impl FnMut(u8, &mut Frequencies),
) -> Vec<u8> {
    let mut coder = Encoder::default();
    let mut model = ByteModel::with_network(config);
    let (mut last, mut frequencies) = (0, [0; 256]);
    for &byte in bytes {
        foresee(last, &mut frequencies);
        last = model.code_foreseen(&mut coder, byte, &frequencies);
    }
    coder.finish()
}

/// Gives back `len` bytes of [`encode_foreseen`]. Any `coded` gives some bytes.
pub fn decode_foreseen(
    coded: &[u8],
    len: usize,
    config: ByteConfig,
    mut foresee: impl FnMut(u8, &mut Frequencies),
) -> Vec<u8> {
    let mut coder = Decoder::new(coded);
    let mut model = ByteModel::with_network(config);
    let (mut last, mut frequencies) = (0, [0; 256]);
    let mut bytes = Vec::with_capacity(len.min(1 << 16));
    for _ in 0..len {
        foresee(last, &mut frequencies);
        last = model.code_foreseen(&mut coder, 0, &frequencies);
        bytes.push(last);
    }
    bytes
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

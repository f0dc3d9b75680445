//! Symbols: small numbers under several contexts, and whole numbers of any size.
//!
//! In: contexts, as numbers of any kind. Out: symbols, coded.
//! Not here: what the symbols mean (`hepz`), whole columns at once (`path`).
//! Holds: one call for both directions; no floating point; memory is fixed at the start.
//! Source: as `path`.

use crate::counter::{Counter, Group, INITIAL_CONFIDENCE};
use crate::deep_symbol::{DeepSymbol, TREE_LOG2_GROUPS};
use crate::logistic::LOGISTIC;
use hepz_entropy::{Coder, RawBits};

const INITIAL_WEIGHT: i32 = 50_000;
const MIXER_RATE: i32 = 3;
const FINAL_CELLS: usize = 33;

/// A direction of coding the symbols of models.
pub trait SymbolCoder {
    /// Codes a symbol: encoding writes `truth` and returns it; decoding returns what it read.
    fn symbol<const N: usize>(&mut self, model: &mut Symbol<N>, contexts: &[u64; N], truth: u32) -> u32;
    /// Codes a symbol of a tree.
    fn tree(&mut self, model: &mut Tree, context: usize, truth: u32) -> u32;
    /// The same where two more numbers may say something; not every direction listens.
    #[inline(always)]
    fn tree_near(&mut self, model: &mut Tree, context: usize, _near: [u64; 2], truth: u32) -> u32 {
        self.tree(model, context, truth)
    }
}

impl<C: Coder> SymbolCoder for C {
    #[inline(always)]
    fn symbol<const N: usize>(&mut self, model: &mut Symbol<N>, contexts: &[u64; N], truth: u32) -> u32 {
        model.code(self, contexts, truth)
    }

    #[inline(always)]
    fn tree(&mut self, model: &mut Tree, context: usize, truth: u32) -> u32 {
        model.code(self, context, truth)
    }
}

/// A coder under which models of symbols are deep symbols (`deep_symbol`).
pub struct Deep<C>(pub C);

impl<C: Coder> SymbolCoder for Deep<C> {
    fn symbol<const N: usize>(&mut self, model: &mut Symbol<N>, contexts: &[u64; N], truth: u32) -> u32 {
        let (bits, log2_groups) = (model.bits(), model.log2_groups());
        let deep = model.deep.get_or_insert_with(|| Box::new(DeepSymbol::new(N, bits, log2_groups)));
        deep.code(&mut self.0, contexts, truth)
    }

    fn tree(&mut self, model: &mut Tree, context: usize, truth: u32) -> u32 {
        self.tree_near(model, context, [0; 2], truth)
    }

    fn tree_near(&mut self, model: &mut Tree, context: usize, near: [u64; 2], truth: u32) -> u32 {
        let bits = model.bits();
        let deep = model.deep.get_or_insert_with(|| Box::new(DeepSymbol::new(3, bits, TREE_LOG2_GROUPS)));
        let kind = context as u64;
        deep.code(&mut self.0, &[kind, near[0] << 16 | kind, near[1] << 16 | kind], truth)
    }
}

/// A model of symbols of `bits` bits, most significant first, under `N` contexts.
pub struct Symbol<const N: usize> {
    bits: u32,
    /// Its number among the models of a walk that does not learn; 0 for none yet.
    pub(crate) number: u32,
    /// `N` tables; empty until they are used.
    groups: Vec<Group>,
    /// Groups of one table, less 1; a power of two, less 1.
    mask: usize,
    /// `[depth][input][confidence]`, 1.0 is 2^16.
    weights: Vec<[[i32; 16]; N]>,
    /// `[depth]`.
    final_map: Vec<[u16; FINAL_CELLS]>,
    /// What level max uses in place of all this.
    pub(crate) deep: Option<Box<DeepSymbol>>,
}

impl<const N: usize> Symbol<N> {
    /// A model of symbols of `bits` bits with `2^log2_groups` groups of counters for each context.
    pub fn new(bits: u32, log2_groups: u32) -> Symbol<N> {
        let share = 6 + 3 * N as i32;
        let mut row = [0; 16];
        row.iter_mut().zip(INITIAL_CONFIDENCE).for_each(|(weight, c)| *weight = INITIAL_WEIGHT * c / share);
        let mut final_row = [0; FINAL_CELLS];
        for (cell, p) in final_row.iter_mut().enumerate() {
            *p = LOGISTIC.squash((cell as i32 - 16) * 128) as u16;
        }
        Symbol {
            bits,
            number: 0,
            groups: Vec::new(),
            mask: (1 << log2_groups) - 1,
            weights: vec![[row; N]; bits as usize],
            final_map: vec![final_row; bits as usize],
            deep: None,
        }
    }

    /// Bits of a symbol.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Groups of one context, as a power of two.
    pub(crate) fn log2_groups(&self) -> u32 {
        self.mask.trailing_ones()
    }

    /// Codes one symbol.
    #[inline]
    pub fn code<C: Coder>(&mut self, coder: &mut C, contexts: &[u64; N], truth: u32) -> u32 {
        if self.groups.is_empty() {
            self.groups = vec![Group([Counter::NEW; 16]); N * (self.mask + 1)];
        }
        let mut bases = [0u64; N];
        for (input, base) in bases.iter_mut().enumerate() {
            *base = contexts[input].wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        let mut at = [0usize; N];
        let mut log_odds = [0i32; N];
        let mut confidences = [0usize; N];
        let mut symbol = 0u32;
        let mut nibble = 1usize;
        for depth in 0..self.bits {
            if depth % 4 == 0 {
                nibble = 1;
                let node = u64::from(1 << depth | symbol).wrapping_mul(0xd6e8_feb8_6659_fd93);
                for input in 0..N {
                    let hash = (bases[input] ^ node).wrapping_mul(0xa076_1d64_78bd_642f);
                    at[input] = input * (self.mask + 1) + ((hash >> 40) as usize & self.mask);
                }
            }
            let weights = &mut self.weights[depth as usize];
            let mut sum = 0i64;
            for input in 0..N {
                let counter = self.groups[at[input]].0[nibble % 16];
                let confidence = usize::from(counter.of_count().confidence) % 16;
                confidences[input] = confidence;
                log_odds[input] = if confidence == 0 { 0 } else { LOGISTIC.stretch(counter.p12()) };
                sum += i64::from(weights[input][confidence]) * i64::from(log_odds[input]);
            }
            let odds = (sum >> 16) as i32;
            let mixed = LOGISTIC.squash(odds);
            let cell = odds.clamp(-2047, 2047) + 2048;
            let place = (cell >> 7) as usize;
            let part = (cell & 127) as u32;
            let map = &mut self.final_map[depth as usize];
            let mapped = (u32::from(map[place]) * (128 - part) + u32::from(map[place + 1]) * part) >> 7;
            let p1 = ((mixed + mapped) >> 1).clamp(1, 65535);
            let bit = coder.code(truth >> (self.bits - 1 - depth) & 1, p1);

            let nearer = place + usize::from(part >= 64);
            let cell = i32::from(map[nearer]);
            map[nearer] = (cell + (((bit << 16) as i32 - bit as i32 - cell) >> 6)) as u16;
            let error = ((bit << 16) as i32 - mixed as i32) * MIXER_RATE;
            for input in 0..N {
                weights[input][confidences[input]] += (log_odds[input] * error + (1 << 13)) >> 14;
                self.groups[at[input]].0[nibble % 16].learn(bit);
            }
            symbol = symbol << 1 | bit;
            nibble = nibble << 1 | bit as usize;
        }
        symbol
    }
}

/// A tree of adaptive decisions without mixing: cheap, for what is nearly noise.
pub struct Tree {
    counters: Vec<Counter>,
    bits: u32,
    /// As that of a [`Symbol`].
    pub(crate) number: u32,
    /// As that of a [`Symbol`].
    pub(crate) deep: Option<Box<DeepSymbol>>,
}

impl Tree {
    /// `contexts` trees for symbols of `bits` bits.
    pub fn new(contexts: usize, bits: u32) -> Tree {
        Tree { counters: vec![Counter::NEW; contexts << bits], bits, number: 0, deep: None }
    }

    /// Bits of a symbol.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Codes one symbol.
    #[inline]
    pub fn code<C: Coder>(&mut self, coder: &mut C, context: usize, truth: u32) -> u32 {
        let mut node = 1u32;
        for depth in 0..self.bits {
            let counter = &mut self.counters[context << self.bits | node as usize];
            let bit = coder.code(truth >> (self.bits - 1 - depth) & 1, counter.p16());
            counter.learn(bit);
            node = node << 1 | bit;
        }
        node - (1 << self.bits)
    }
}

/// A model of signed differences: how many bits, which sign, then the bits.
pub struct Difference {
    size: Symbol<2>,
    sign: Tree,
    top: Tree,
}

/// Bits below the highest that a [`Difference`] models.
const TOP_BITS: u32 = 2;

impl Difference {
    /// A model with so many kinds of differences.
    pub fn new(kinds: usize) -> Difference {
        Difference {
            size: Symbol::new(7, 8),
            sign: Tree::new(kinds, 1),
            top: Tree::new(kinds * 64, TOP_BITS),
        }
    }

    /// Codes a difference of the given kind; `near` is anything else that says how large it is.
    #[inline]
    pub fn code<C: SymbolCoder, R: RawBits>(
        &mut self,
        coder: &mut C,
        raw: &mut R,
        kind: usize,
        near: u64,
        truth: i64,
    ) -> i64 {
        let magnitude = truth.unsigned_abs();
        let contexts = [kind as u64, near << 8 | kind as u64];
        let size = coder.symbol(&mut self.size, &contexts, 64 - magnitude.leading_zeros()).min(64);
        if size == 0 {
            return 0;
        }
        let negative =
            coder.tree_near(&mut self.sign, kind, [near, u64::from(size)], u32::from(truth < 0)) == 1;
        let mut rest = size - 1;
        let mut magnitude_read = 1u64;
        if rest >= TOP_BITS {
            rest -= TOP_BITS;
            let top = (magnitude >> rest) as u32 & ((1 << TOP_BITS) - 1);
            let top = coder.tree_near(
                &mut self.top,
                kind * 64 + (size as usize - 1),
                [near, u64::from(negative)],
                top,
            );
            magnitude_read = 1 << TOP_BITS | u64::from(top);
        }
        let low = raw.raw(magnitude, rest);
        let magnitude = if rest >= 64 { low } else { magnitude_read << rest | low };
        let value = magnitude as i64;
        if negative { value.wrapping_neg() } else { value }
    }
}

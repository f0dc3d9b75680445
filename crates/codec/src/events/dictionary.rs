//! Dictionaries: whole numbers that recur, as small numbers in the order of first use.
//!
//! In: numbers. Out: the same, coded. Not here: contexts.
//! Holds: at most `2^bits - 1` entries; later numbers are spelled out each time.

use super::io::{Account, Io};
use hepz_entropy::RawBits;
use hepz_models::symbol::Symbol;
use std::collections::BTreeMap;

/// A dictionary with the model of its entries.
pub struct Dictionary<const N: usize> {
    numbers: Vec<i32>,
    of: BTreeMap<i32, u32>,
    model: Symbol<N>,
    bits: u32,
    last: (i32, u32),
}

impl<const N: usize> Dictionary<N> {
    pub fn new(bits: u32, log2_groups: u32) -> Dictionary<N> {
        Dictionary {
            numbers: Vec::new(),
            of: BTreeMap::new(),
            model: Symbol::new(bits, log2_groups),
            bits,
            last: (0, 0),
        }
    }

    /// The entry of a number, or the escape.
    pub fn entry(&mut self, number: i32) -> u32 {
        if self.last.0 != number || self.numbers.is_empty() {
            self.last = (number, self.of.get(&number).copied().unwrap_or((1 << self.bits) - 1));
        }
        self.last.1
    }

    #[inline]
    pub fn code<C: Account, R: RawBits>(
        &mut self,
        io: &mut Io<C, R>,
        contexts: [u64; N],
        truth: i32,
    ) -> (i32, u32) {
        let escape = (1u32 << self.bits) - 1;
        let known = if io.encoding { self.entry(truth) } else { 0 };
        let entry = io.symbol(&mut self.model, contexts, known);
        if let Some(&number) = self.numbers.get(entry as usize) {
            return (number, entry);
        }
        let number = io.raw(u64::from(truth as u32), 32) as u32 as i32;
        if (self.numbers.len() as u32) < escape && !self.of.contains_key(&number) {
            self.of.insert(number, self.numbers.len() as u32);
            self.numbers.push(number);
            self.last = (number, self.numbers.len() as u32 - 1);
        }
        (number, self.entry(number))
    }
}

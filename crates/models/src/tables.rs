//! Tables: symbols under static frequencies, one context each.
//!
//! In: symbols in the order of a walk, with the contexts that mixing would have. Out: bytes, and the symbols one at a time.
//! Not here: what the symbols mean (`hepz`), the mixing of contexts (`symbol`), whole columns at once (`histogram`).
//! Holds: nothing is learned while decoding; no floating point; any bytes decode to symbols of the tables in them.
//!
//! A walk that codes through [`SymbolCoder`] does not know whether its models learn. Here each model keeps of its contexts the
//! one that tells most, and a table of frequencies for each value of it that occurs often enough.

use crate::histogram::{n_log_n, put_count, read_count, rounded};
use crate::symbol::{Symbol, SymbolCoder, Tree};
use hepz_entropy::rans::{Ranked, SingleDecoder, SingleEncoder};
use hepz_entropy::{BitReader, BitWriter, RawBits};

/// Values of contexts fall into `2^12` buckets.
const BUCKET_BITS: u32 = 12;
/// A model has at most so many contexts.
const MOST_INPUTS: usize = 7;
/// Models of one walk, at most.
const MOST_MODELS: usize = 1 << 12;
/// Symbols that the choice of a context is made from.
const COMPARED: usize = 1 << 16;
/// An entry of a table costs about so many bits, a table as many again.
const ENTRY_BITS: u64 = 12;
/// One bit, in the units of prices.
const BIT: u64 = 1 << 16;
/// A context that tells nothing.
const NO_INPUT: usize = MOST_INPUTS;

#[inline(always)]
fn bucket(context: u64) -> u16 {
    let hash = context.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((hash ^ hash >> 29).wrapping_mul(0xa076_1d64_78bd_642f) >> (64 - BUCKET_BITS)) as u16
}

/// Gives a model its number when it is first used; encoder and decoder walk alike, so they count alike.
#[inline(always)]
fn number_of(number: &mut u32, next: impl FnOnce() -> u32) -> usize {
    if *number == 0 {
        *number = next() + 1;
    }
    (*number - 1) as usize
}

/// What one model coded.
#[derive(Debug, Default)]
struct Recorded {
    inputs: usize,
    /// `inputs` for each symbol.
    buckets: Vec<u16>,
    symbols: Vec<u16>,
}

impl Recorded {
    fn bucket(&self, at: usize, input: usize) -> u16 {
        if input == NO_INPUT { 0 } else { self.buckets[at * self.inputs + input] }
    }

    /// Bucket and symbol with their number, sorted, of the first `most` symbols.
    fn counts(&self, input: usize, most: usize) -> Vec<(u16, u16, u32)> {
        let n = self.symbols.len().min(most);
        let mut keys: Vec<u32> =
            (0..n).map(|at| u32::from(self.bucket(at, input)) << 16 | u32::from(self.symbols[at])).collect();
        keys.sort_unstable();
        keys.chunk_by(|a, b| a == b)
            .map(|run| ((run[0] >> 16) as u16, run[0] as u16, run.len() as u32))
            .collect()
    }

    /// The context that tells most, or none.
    fn best_input(&self) -> usize {
        let price = |input: usize| {
            let counts = self.counts(input, COMPARED);
            let tables = counts.chunk_by(|a, b| a.0 == b.0).map(|table| {
                let n: u64 = table.iter().map(|entry| u64::from(entry.2)).sum();
                let own: u64 = table.iter().map(|entry| n_log_n(u64::from(entry.2))).sum();
                n_log_n(n).saturating_sub(own) + (table.len() as u64 + 1) * ENTRY_BITS * BIT
            });
            tables.sum::<u64>()
        };
        let inputs = (0..self.inputs).chain([NO_INPUT]);
        inputs.min_by_key(|&input| (price(input), input)).unwrap_or(NO_INPUT)
    }
}

/// One model's tables.
struct Tables {
    input: usize,
    /// By bucket; those without have the common one.
    own: Vec<(u16, Vec<(u16, u32)>)>,
    common: Vec<(u16, u32)>,
}

impl Tables {
    fn new(recorded: &Recorded) -> Tables {
        let input = recorded.best_input();
        let counts = recorded.counts(input, usize::MAX);
        let all = sums(counts.iter().map(|&(_, symbol, count)| (symbol, count)));
        let total: u64 = all.iter().map(|entry| u64::from(entry.1)).sum();
        let mut own = Vec::new();
        let mut shared = Vec::new();
        for table in counts.chunk_by(|a, b| a.0 == b.0) {
            let entries: Vec<(u16, u32)> = table.iter().map(|&(_, symbol, count)| (symbol, count)).collect();
            if worth(&entries, &all, total) {
                own.push((table[0].0, rounded_entries(&entries)));
            } else {
                shared.extend(entries);
            }
        }
        Tables { input, own, common: rounded_entries(&sums(shared.into_iter())) }
    }

    fn write(&self, bits: &mut BitWriter) {
        bits.raw(self.input as u64, 3);
        put_entries(&self.common, bits);
        put_number(self.own.len() as u64, bits);
        let mut previous = 0;
        for (bucket, entries) in &self.own {
            put_number(u64::from(bucket - previous), bits);
            previous = *bucket;
            put_entries(entries, bits);
        }
    }

    fn read(bits: &mut BitReader<'_>) -> Option<Tables> {
        let input = bits.raw(0, 3) as usize;
        let common = read_entries(bits)?;
        let n = read_number(bits)?;
        if n > 1 << BUCKET_BITS {
            return None;
        }
        let mut own = Vec::new();
        let mut bucket = 0u64;
        for at in 0..n {
            let step = read_number(bits)?;
            bucket += step;
            if bucket >> BUCKET_BITS != 0 || at > 0 && step == 0 {
                return None;
            }
            own.push((bucket as u16, read_entries(bits)?));
        }
        Some(Tables { input, own, common })
    }

    /// Ready to code with.
    fn ready(&self) -> Ready {
        let mut tables = vec![Ranked::of_weights(&self.common).or_else(|| Ranked::of_weights(&[(0, 1)]))];
        let mut of_bucket = Vec::new();
        if !self.own.is_empty() {
            of_bucket.resize(1 << BUCKET_BITS, 0);
        }
        for (bucket, entries) in &self.own {
            of_bucket[usize::from(*bucket)] = tables.len() as u16;
            tables.push(Ranked::of_weights(entries).or_else(|| Ranked::of_weights(&[(0, 1)])));
        }
        Ready { input: self.input, tables: tables.into_iter().flatten().collect(), of_bucket }
    }
}

/// True if a table of its own saves more than it costs.
fn worth(entries: &[(u16, u32)], all: &[(u16, u32)], total: u64) -> bool {
    let n: u64 = entries.iter().map(|entry| u64::from(entry.1)).sum();
    let own: u64 = entries.iter().map(|entry| n_log_n(u64::from(entry.1))).sum();
    let own = n_log_n(n).saturating_sub(own) + (entries.len() as u64 + 1) * ENTRY_BITS * BIT;
    let shared: u64 = entries
        .iter()
        .map(|&(symbol, count)| {
            let at = all.binary_search_by_key(&symbol, |entry| entry.0);
            let frequency = at.map_or(1, |at| u64::from(all[at].1));
            u64::from(count) * (n_log_n(total) / total.max(1)).saturating_sub(n_log_n(frequency) / frequency)
        })
        .sum();
    own < shared
}

/// Counts by symbol, added up.
fn sums(entries: impl Iterator<Item = (u16, u32)>) -> Vec<(u16, u32)> {
    let mut entries: Vec<(u16, u32)> = entries.collect();
    entries.sort_unstable();
    let sum = |run: &[(u16, u32)]| (run[0].0, run.iter().map(|entry| entry.1).sum());
    entries.chunk_by(|a, b| a.0 == b.0).map(sum).collect()
}

fn rounded_entries(entries: &[(u16, u32)]) -> Vec<(u16, u32)> {
    entries.iter().map(|&(symbol, count)| (symbol, rounded(count))).collect()
}

/// Elias's gamma code of a number and one more.
fn put_number(number: u64, bits: &mut BitWriter) {
    let length = (number + 1).ilog2();
    bits.raw((1 << length) - 1, length + 1);
    bits.raw(number + 1, length);
}

fn read_number(bits: &mut BitReader<'_>) -> Option<u64> {
    let mut length = 0;
    while bits.raw(0, 1) == 1 {
        length += 1;
        if length > 16 {
            return None;
        }
    }
    Some((1 << length | bits.raw(0, length)) - 1)
}

fn put_entries(entries: &[(u16, u32)], bits: &mut BitWriter) {
    put_number(entries.len() as u64, bits);
    let mut previous = 0;
    for &(symbol, count) in entries {
        put_number(u64::from(symbol - previous), bits);
        previous = symbol;
        put_count(count, bits);
    }
}

fn read_entries(bits: &mut BitReader<'_>) -> Option<Vec<(u16, u32)>> {
    let n = read_number(bits)?;
    let mut entries = Vec::new();
    let mut symbol = 0u64;
    for at in 0..n {
        let step = read_number(bits)?;
        symbol += step;
        if symbol > u64::from(u16::MAX) || at > 0 && step == 0 {
            return None;
        }
        entries.push((symbol as u16, read_count(bits)));
    }
    Some(entries)
}

/// One model's tables, to code with.
#[derive(Debug)]
struct Ready {
    input: usize,
    tables: Vec<Ranked>,
    /// Empty if all have the common table.
    of_bucket: Vec<u16>,
}

impl Ready {
    #[inline(always)]
    fn table(&self, bucket: impl FnOnce() -> u16) -> &Ranked {
        let at = if self.of_bucket.is_empty() { 0 } else { self.of_bucket[usize::from(bucket())] };
        &self.tables[usize::from(at)]
    }
}

/// Takes down what a walk codes, to code it under the best tables when all is known.
#[derive(Debug, Default)]
pub struct Recorder {
    models: Vec<Recorded>,
    /// The model of each symbol.
    order: Vec<u16>,
}

impl Recorder {
    #[inline]
    fn record<const N: usize>(&mut self, number: &mut u32, contexts: &[u64; N], truth: u32) -> u32 {
        const { assert!(N <= MOST_INPUTS) };
        let models = &mut self.models;
        let number = number_of(number, || {
            models.push(Recorded { inputs: N, ..Recorded::default() });
            models.len() as u32 - 1
        });
        let model = &mut self.models[number];
        model.buckets.extend(contexts.iter().map(|&context| bucket(context)));
        model.symbols.push(truth as u16);
        self.order.push(number as u16);
        truth
    }

    /// Tables and the code of all symbols.
    pub fn finish(self) -> Vec<u8> {
        let tables: Vec<Tables> = self.models.iter().map(Tables::new).collect();
        let mut bits = BitWriter::default();
        put_number(tables.len() as u64, &mut bits);
        tables.iter().for_each(|tables| tables.write(&mut bits));
        let ready: Vec<Ready> = tables.iter().map(Tables::ready).collect();
        let mut next = vec![0usize; self.models.len()];
        let mut encoder = SingleEncoder::default();
        for &number in &self.order {
            let (model, ready) = (&self.models[usize::from(number)], &ready[usize::from(number)]);
            let at = next[usize::from(number)];
            next[usize::from(number)] += 1;
            encoder.push(model.symbols[at], ready.table(|| model.bucket(at, ready.input)));
        }
        let tables = bits.finish();
        let mut bytes = (tables.len() as u32).to_le_bytes().to_vec();
        bytes.extend_from_slice(&tables);
        bytes.extend_from_slice(&encoder.finish());
        bytes
    }
}

impl SymbolCoder for Recorder {
    #[inline]
    fn symbol<const N: usize>(&mut self, model: &mut Symbol<N>, contexts: &[u64; N], truth: u32) -> u32 {
        self.record(&mut model.number, contexts, truth)
    }

    #[inline]
    fn tree(&mut self, model: &mut Tree, context: usize, truth: u32) -> u32 {
        self.record(&mut model.number, &[context as u64], truth)
    }
}

/// Gives back what a [`Recorder`] took down, to a walk that asks in the same order.
#[derive(Debug)]
pub struct Player<'a> {
    models: Vec<Ready>,
    used: u32,
    decoder: SingleDecoder<'a>,
}

impl<'a> Player<'a> {
    /// The frequency of the last symbol, and the total.
    pub fn last_frequency(&self) -> (u32, u32) {
        self.decoder.last_frequency()
    }

    /// Of what [`Recorder::finish`] returned; `None` if no writer writes it.
    pub fn new(bytes: &'a [u8]) -> Option<Player<'a>> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (tables, coded) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let mut bits = BitReader::new(tables);
        let n = read_number(&mut bits)?;
        if n > MOST_MODELS as u64 {
            return None;
        }
        let models = (0..n).map(|_| Some(Tables::read(&mut bits)?.ready())).collect::<Option<_>>()?;
        Some(Player { models, used: 0, decoder: SingleDecoder::new(coded) })
    }

    #[inline(always)]
    fn play<const N: usize>(&mut self, number: &mut u32, contexts: &[u64; N]) -> u32 {
        let used = &mut self.used;
        let number = number_of(number, || {
            *used += 1;
            *used - 1
        });
        // A walk that uses more models than its writer did is not one that a writer wrote.
        let Some(ready) = self.models.get(number) else { return 0 };
        let table = ready.table(|| contexts.get(ready.input).map_or(0, |&context| bucket(context)));
        u32::from(self.decoder.symbol(table))
    }
}

impl SymbolCoder for Player<'_> {
    #[inline]
    fn symbol<const N: usize>(&mut self, model: &mut Symbol<N>, contexts: &[u64; N], _truth: u32) -> u32 {
        let symbol = self.play(&mut model.number, contexts);
        symbol & ((1 << model.bits()) - 1)
    }

    #[inline]
    fn tree(&mut self, model: &mut Tree, context: usize, _truth: u32) -> u32 {
        let symbol = self.play(&mut model.number, &[context as u64]);
        symbol & ((1 << model.bits()) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Codes symbols with three models of different kinds.
    fn walk<C: SymbolCoder>(coder: &mut C, truth: &[(u8, u16, u32)]) -> Vec<u32> {
        let (mut one, mut two, mut tree) = (Symbol::<2>::new(9, 8), Symbol::<1>::new(4, 6), Tree::new(8, 5));
        let mut previous = 0;
        truth
            .iter()
            .map(|&(model, context, symbol)| {
                let symbol = match model % 3 {
                    0 => coder.symbol(&mut one, &[u64::from(context), previous], symbol % 512),
                    1 => coder.symbol(&mut two, &[previous], symbol % 16),
                    _ => coder.tree(&mut tree, usize::from(context % 8), symbol % 32),
                };
                previous = u64::from(symbol);
                symbol
            })
            .collect()
    }

    proptest! {
        #[test]
        fn what_was_recorded_is_played(truth in prop::collection::vec((any::<u8>(), 0u16..6, prop_oneof![0u32..4, any::<u32>()]), 0..600)) {
            let mut recorder = Recorder::default();
            let symbols = walk(&mut recorder, &truth);
            let bytes = recorder.finish();
            let mut player = Player::new(&bytes).unwrap();
            let asked: Vec<(u8, u16, u32)> = truth.iter().map(|&(model, context, _)| (model, context, 0)).collect();
            prop_assert_eq!(walk(&mut player, &asked), symbols);
        }

        #[test]
        fn any_bytes_are_refused_or_played(bytes in prop::collection::vec(any::<u8>(), 0..200), asked in prop::collection::vec((any::<u8>(), 0u16..6), 0..50)) {
            let asked: Vec<(u8, u16, u32)> = asked.into_iter().map(|(model, context)| (model, context, 0)).collect();
            if let Some(mut player) = Player::new(&bytes) {
                walk(&mut player, &asked);
            }
            let mut front = vec![bytes.len() as u8, 0, 0, 0];
            front.extend_from_slice(&bytes);
            if let Some(mut player) = Player::new(&front) {
                walk(&mut player, &asked);
            }
        }
    }

    #[test]
    fn a_context_that_tells_is_used() {
        let truth: Vec<(u8, u16, u32)> =
            (0..9000u32).map(|at| (0, (at * 7 % 5) as u16, at * 7 % 5 * 40)).collect();
        let mut recorder = Recorder::default();
        walk(&mut recorder, &truth);
        assert!(recorder.finish().len() < 120);
    }
}

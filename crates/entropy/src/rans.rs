//! Interleaved rANS: symbols under static frequencies to bytes, and back, many at a time.
//!
//! In: symbols, and for each which [`Frequencies`] price it. Out: words of 16 bits.
//! Not here: where frequencies come from (`hepz-models`), bits below a symbol (`bits`).
//! Holds: no floating point; decoding any bytes gives symbols that have a frequency, never a panic.
//! Source: J. Duda, "Asymmetric numeral systems", 2013; F. Giesen, "Interleaved entropy coders", 2014.
//!
//! Up to eight states take turns: symbol `i` belongs to state `i % 8`. They share one string of words, so that a decoder
//! which is ahead in one state never waits for another; the processor works on several at once. Few symbols have fewer
//! states, as each takes four bytes.

/// States that take turns at most.
const MOST_STATES: usize = 8;
/// A state is at least this between two symbols.
const LEAST_STATE: u32 = 1 << 16;
/// Frequencies add up to at most `2^12`.
pub const MAX_LOG2_TOTAL: u32 = 12;

/// States for so many symbols.
fn states_for(symbols: usize) -> usize {
    match symbols {
        0..2048 => 1,
        2048..16_384 => 2,
        16_384..65_536 => 4,
        _ => MOST_STATES,
    }
}

/// Weights scaled so that they add up to `2^log2_total`; one above 0 stays above 0. `None` if none is, or too many are.
fn normalised(weights: &[u32], log2_total: u32) -> Option<Vec<u64>> {
    let present = weights.iter().filter(|&&w| w > 0).count();
    if present == 0 || present > 1 << log2_total || weights.len() > 1 << 16 {
        return None;
    }
    let total = 1u64 << log2_total;
    let sum: u64 = weights.iter().map(|&w| u64::from(w)).sum();
    let mut frequencies: Vec<u64> = weights
        .iter()
        .map(|&w| if w == 0 { 0 } else { ((u64::from(w) * total + sum / 2) / sum).max(1) })
        .collect();
    // What rounding left over goes to, or comes from, the largest, whom it costs least.
    loop {
        let now: u64 = frequencies.iter().sum();
        let largest = (0..frequencies.len()).max_by_key(|&at| (frequencies[at], std::cmp::Reverse(at)))?;
        if now <= total {
            frequencies[largest] += total - now;
            return Some(frequencies);
        }
        // Half of it at most, so that none vanishes.
        frequencies[largest] -= (now - total).min(frequencies[largest] / 2).max(1);
    }
}

/// What a symbol is worth in a table of `2^log2_total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    frequency: u16,
    /// Sum of the frequencies before it.
    first: u16,
}

/// Where a state points to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    symbol: u16,
    frequency: u16,
    /// Place among the slots of the symbol.
    place: u16,
}

/// How often each symbol occurs, in units of `2^-log2_total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frequencies {
    log2_total: u32,
    shares: Vec<Share>,
    slots: Vec<Slot>,
}

impl Frequencies {
    /// Frequencies in proportion to `weights`, whose sum is scaled to a power of two: at most `2^log2_total`, and 1 if only
    /// one symbol occurs. A symbol with a weight keeps a frequency. At most `2^log2_total` weights may be above 0.
    ///
    /// `None` if no weight is above 0, or too many are.
    pub fn of_weights(weights: &[u32], log2_total: u32) -> Option<Frequencies> {
        let present = weights.iter().filter(|&&w| w > 0).count();
        let log2_total = if present == 1 { 0 } else { log2_total.min(MAX_LOG2_TOTAL) };
        let frequencies = normalised(weights, log2_total)?;
        let mut table =
            Frequencies { log2_total, shares: Vec::with_capacity(weights.len()), slots: Vec::new() };
        for (symbol, &frequency) in frequencies.iter().enumerate() {
            let first = table.slots.len() as u16;
            table.shares.push(Share { frequency: frequency as u16, first });
            table.slots.extend((0..frequency).map(|place| Slot {
                symbol: symbol as u16,
                frequency: frequency as u16,
                place: place as u16,
            }));
        }
        Some(table)
    }

    /// A table in which symbol 0 is certain.
    pub fn of_one_symbol() -> Frequencies {
        let slot = Slot { symbol: 0, frequency: 1, place: 0 };
        Frequencies { log2_total: 0, shares: vec![Share { frequency: 1, first: 0 }], slots: vec![slot] }
    }

    /// True if one symbol is certain: no bytes tell all.
    pub fn is_of_one_symbol(&self) -> bool {
        self.log2_total == 0
    }

    /// The frequency of a symbol, and the total.
    pub fn of(&self, symbol: u16) -> (u32, u32) {
        let share = self.shares.get(usize::from(symbol)).copied().unwrap_or_default();
        (u32::from(share.frequency), 1 << self.log2_total)
    }
}

/// The tables that price symbols: one for all, or for each symbol the one that `which` names.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// At least one.
    pub tables: &'a [Frequencies],
    /// For each symbol the index of its table; empty for the first throughout. Indices beyond the tables mean the last.
    pub which: &'a [u8],
}

impl<'a> Tables<'a> {
    #[inline(always)]
    fn of(&self, at: usize) -> &'a Frequencies {
        match self.which.get(at) {
            Some(&which) => &self.tables[usize::from(which).min(self.tables.len() - 1)],
            None => &self.tables[0],
        }
    }
}

/// Codes `symbols`, each of which has a frequency in its table. Bytes: the states, then words, little-endian.
///
/// Cost: about 5 ns a symbol.
///
/// # Panics
/// If a symbol has no frequency.
pub fn encode(symbols: &[u16], tables: Tables<'_>) -> Vec<u8> {
    let n_states = states_for(symbols.len());
    let mut states = [LEAST_STATE; MOST_STATES];
    let mut words: Vec<u16> = Vec::with_capacity(symbols.len() / 2);
    for (at, &symbol) in symbols.iter().enumerate().rev() {
        let table = tables.of(at);
        let share = table.shares[usize::from(symbol)];
        push(&mut states[at % n_states], share, table.log2_total, &mut words);
    }
    to_bytes(&states[..n_states], &words)
}

#[inline(always)]
fn push(state: &mut u32, share: Share, log2_total: u32, words: &mut Vec<u16>) {
    let frequency = u32::from(share.frequency);
    assert!(frequency > 0, "a symbol without a frequency");
    // With the whole range for one symbol nothing needs to be written.
    let most = (u64::from(LEAST_STATE >> log2_total) * u64::from(frequency)) << 16;
    if u64::from(*state) >= most {
        words.push(*state as u16);
        *state >>= 16;
    }
    *state = ((*state / frequency) << log2_total) + *state % frequency + u32::from(share.first);
}

fn to_bytes(states: &[u32], words: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(words.len() * 2 + states.len() * 4);
    states.iter().for_each(|state| bytes.extend_from_slice(&state.to_le_bytes()));
    words.iter().rev().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
    bytes
}

fn from_bytes<const STATES: usize>(bytes: &[u8]) -> ([u32; STATES], Words<'_>) {
    let mut states = [LEAST_STATE; STATES];
    let mut rest = bytes;
    for state in &mut states {
        let (head, tail) = rest.split_at(rest.len().min(4));
        let mut four = [0; 4];
        four[..head.len()].copy_from_slice(head);
        // No writer's state is smaller than `LEAST_STATE`; a smaller one would still decode to something.
        *state = u32::from_le_bytes(four);
        rest = tail;
    }
    (states, Words { bytes: rest, at: 0 })
}

/// Decodes as many symbols as `symbols` has room for. Bytes that end early read as zeros.
///
/// Cost: about 2 ns a symbol.
pub fn decode(bytes: &[u8], tables: Tables<'_>, symbols: &mut [u16]) {
    match states_for(symbols.len()) {
        1 => decode_with::<1>(bytes, tables, symbols),
        2 => decode_with::<2>(bytes, tables, symbols),
        4 => decode_with::<4>(bytes, tables, symbols),
        _ => decode_with::<MOST_STATES>(bytes, tables, symbols),
    }
}

fn decode_with<const STATES: usize>(bytes: &[u8], tables: Tables<'_>, symbols: &mut [u16]) {
    let (mut states, mut words) = from_bytes::<STATES>(bytes);
    let mut groups = symbols.chunks_exact_mut(STATES);
    if let Tables { tables: [only], .. } | Tables { tables: [only, ..], which: [] } = tables {
        let (slots, log2_total) = (&only.slots[..], only.log2_total);
        for group in &mut groups {
            for (symbol, state) in group.iter_mut().zip(&mut states) {
                *symbol = step(state, slots, log2_total, &mut words);
            }
        }
        for (symbol, state) in groups.into_remainder().iter_mut().zip(&mut states) {
            *symbol = step(state, slots, log2_total, &mut words);
        }
    } else {
        let mut at = 0;
        for group in symbols.chunks_mut(STATES) {
            for (symbol, state) in group.iter_mut().zip(&mut states) {
                let table = tables.of(at);
                *symbol = step(state, &table.slots, table.log2_total, &mut words);
                at += 1;
            }
        }
    }
}

/// Words of 16 bits, zeros without end behind them.
#[derive(Debug)]
struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Words<'_> {
    /// The state, with a word more if it got too small.
    #[inline(always)]
    fn refill(&mut self, state: u32) -> u32 {
        // Without a branch: whether a word is due is as good as random.
        let due = state < LEAST_STATE;
        let word = match self.bytes.get(self.at..self.at + 2) {
            Some(two) => u16::from_le_bytes([two[0], two[1]]),
            None => 0,
        };
        self.at += usize::from(due) * 2;
        if due { state << 16 | u32::from(word) } else { state }
    }
}

#[inline(always)]
fn step(state: &mut u32, slots: &[Slot], log2_total: u32, words: &mut Words<'_>) -> u16 {
    let slot = slots[*state as usize & (slots.len() - 1)];
    let next = u32::from(slot.frequency).wrapping_mul(*state >> log2_total) + u32::from(slot.place);
    *state = words.refill(next);
    slot.symbol
}

/// Frequencies of few symbols, the likely ones first: for tables that are many, where [`Frequencies`] would fill the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    entries: Vec<RankedEntry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RankedEntry {
    symbol: u16,
    share: Share,
}

impl Ranked {
    /// Frequencies in proportion to the weights of symbols.
    ///
    /// `None` if no weight is above 0 or there are more than `2^12`.
    pub fn of_weights(weights: &[(u16, u32)]) -> Option<Ranked> {
        let mut weights: Vec<(u16, u32)> = weights.iter().copied().filter(|w| w.1 > 0).collect();
        weights.sort_by_key(|&(symbol, weight)| (std::cmp::Reverse(weight), symbol));
        let only: Vec<u32> = weights.iter().map(|w| w.1).collect();
        let mut first = 0;
        let entry = |(&(symbol, _), frequency): (&(u16, u32), u64)| {
            let share = Share { frequency: frequency as u16, first };
            first += frequency as u16;
            RankedEntry { symbol, share }
        };
        let frequencies = normalised(&only, MAX_LOG2_TOTAL)?;
        Some(Ranked { entries: weights.iter().zip(frequencies).map(entry).collect() })
    }
}

/// States of the coder of single symbols.
const SINGLE_STATES: usize = 2;

/// Collects symbols, each under a table of its own; they are coded when all are known, because rANS begins at the end.
#[derive(Debug, Default)]
pub struct SingleEncoder {
    shares: Vec<Share>,
}

impl SingleEncoder {
    /// Adds a symbol.
    ///
    /// # Panics
    /// If it has no frequency.
    pub fn push(&mut self, symbol: u16, table: &Ranked) {
        let entry = table.entries.iter().find(|entry| entry.symbol == symbol);
        self.shares.push(entry.expect("a symbol with a frequency").share);
    }

    /// The code of all symbols.
    pub fn finish(self) -> Vec<u8> {
        let mut states = [LEAST_STATE; SINGLE_STATES];
        let mut words: Vec<u16> = Vec::with_capacity(self.shares.len() / 4);
        for (at, share) in self.shares.iter().enumerate().rev() {
            push(&mut states[at % SINGLE_STATES], *share, MAX_LOG2_TOTAL, &mut words);
        }
        to_bytes(&states, &words)
    }
}

/// Decodes symbols one at a time, each under the table that the caller knows by then.
#[derive(Debug)]
pub struct SingleDecoder<'a> {
    states: [u32; SINGLE_STATES],
    words: Words<'a>,
    next: usize,
    last: u16,
}

impl<'a> SingleDecoder<'a> {
    /// A decoder of what [`SingleEncoder::finish`] returned.
    pub fn new(bytes: &'a [u8]) -> SingleDecoder<'a> {
        let (states, words) = from_bytes(bytes);
        SingleDecoder { states, words, next: 0, last: 0 }
    }

    /// The frequency of the last symbol, and the total.
    pub fn last_frequency(&self) -> (u32, u32) {
        (self.last.into(), 1 << MAX_LOG2_TOTAL)
    }

    /// The next symbol. Cost: about 6 ns.
    #[inline]
    pub fn symbol(&mut self, table: &Ranked) -> u16 {
        let state = &mut self.states[self.next % SINGLE_STATES];
        self.next += 1;
        let slot = (*state & ((1 << MAX_LOG2_TOTAL) - 1)) as u16;
        // The last entry ends where the slots end.
        let mut at = 0;
        while at + 1 < table.entries.len() && slot >= table.entries[at + 1].share.first {
            at += 1;
        }
        let RankedEntry { symbol, share } = table.entries[at];
        let place = u32::from(slot - share.first);
        let next = u32::from(share.frequency).wrapping_mul(*state >> MAX_LOG2_TOTAL) + place;
        *state = self.words.refill(next);
        self.last = share.frequency;
        symbol
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(symbols: &[u16], tables: Tables<'_>) -> usize {
        let bytes = encode(symbols, tables);
        let mut decoded = vec![0; symbols.len()];
        decode(&bytes, tables, &mut decoded);
        assert_eq!(decoded, symbols);
        bytes.len()
    }

    proptest! {
        #[test]
        fn symbols_come_back(weights in prop::collection::vec(prop_oneof![Just(0u32), 1u32..9, 1u32..90_000], 1..300), picks in prop::collection::vec(any::<u16>(), 0..500), log2 in 9u32..13) {
            let present: Vec<u16> = (0..weights.len()).filter(|&s| weights[s] > 0).map(|s| s as u16).collect();
            let Some(table) = Frequencies::of_weights(&weights, log2) else {
                prop_assert!(present.is_empty() || present.len() > 1 << log2);
                return Ok(());
            };
            let symbols: Vec<u16> = picks.iter().map(|&p| present[p as usize % present.len()]).collect();
            let reversed: Vec<u32> = weights.iter().map(|w| w % 7 + u32::from(*w > 0)).collect();
            let other = Frequencies::of_weights(&reversed, log2).unwrap();
            let which: Vec<u8> = picks.iter().map(|&p| (p >> 15) as u8).collect();
            back(&symbols, Tables { tables: std::slice::from_ref(&table), which: &[] });
            back(&symbols, Tables { tables: &[table, other], which: &which });
        }

        #[test]
        fn single_symbols_come_back(weights in prop::collection::vec((0u16..40, 0u32..3000), 1..40), picks in prop::collection::vec(any::<(bool, u16)>(), 0..400)) {
            let mut weights = weights;
            weights.sort_unstable();
            weights.dedup_by_key(|w| w.0);
            let certain = Ranked::of_weights(&[(7, 1)]).unwrap();
            let Some(table) = Ranked::of_weights(&weights) else { return Ok(()) };
            let symbols: Vec<u16> = weights.iter().filter(|w| w.1 > 0).map(|w| w.0).collect();
            let mut encoder = SingleEncoder::default();
            let truth: Vec<(bool, u16)> = picks
                .iter()
                .map(|&(one, pick)| (one, if one { 7 } else { symbols[usize::from(pick) % symbols.len()] }))
                .collect();
            truth.iter().for_each(|&(one, symbol)| encoder.push(symbol, if one { &certain } else { &table }));
            let bytes = encoder.finish();
            let mut decoder = SingleDecoder::new(&bytes);
            for (one, symbol) in truth {
                prop_assert_eq!(decoder.symbol(if one { &certain } else { &table }), symbol);
            }
        }

        #[test]
        fn any_bytes_decode_to_symbols_with_a_frequency(bytes in prop::collection::vec(any::<u8>(), 0..90), n in 0usize..99) {
            let table = Frequencies::of_weights(&[0, 5, 1, 0, 900], 9).unwrap();
            let mut symbols = vec![0; n];
            decode(&bytes, Tables { tables: std::slice::from_ref(&table), which: &[] }, &mut symbols);
            prop_assert!(symbols.iter().all(|&s| table.of(s).0 > 0));
        }
    }

    #[test]
    fn the_size_is_the_entropy() {
        // 3/4, 1/8, 1/8: 1.0613 bits.
        let symbols: Vec<u16> = (0..80_000).map(|at| [0, 0, 0, 1, 0, 0, 0, 2][at * 5 % 8]).collect();
        let table = Frequencies::of_weights(&[6, 1, 1], 12).unwrap();
        let bytes = back(&symbols, Tables { tables: &[table], which: &[] });
        assert!((10_610..10_660).contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_symbol_that_is_alone_costs_nothing() {
        let table = Frequencies::of_weights(&[0, 3], 12).unwrap();
        assert_eq!(back(&[1; 5000], Tables { tables: &[table], which: &[] }), 8);
    }

    #[test]
    fn a_rare_symbol_keeps_a_frequency() {
        let mut weights = vec![1u32; 600];
        weights[17] = 4_000_000;
        let table = Frequencies::of_weights(&weights, 10).unwrap();
        assert_eq!((0..600).map(|s| table.of(s).0).sum::<u32>(), 1024);
        assert!((0..600).all(|s| table.of(s).0 > 0));
    }
}

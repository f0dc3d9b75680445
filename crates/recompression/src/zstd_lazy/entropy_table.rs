//! Tables of finite-state entropy: shares of symbols, how they are written, how symbols are coded by them.
//!
//! In: counts of symbols. Out: [`Shares`] and the bytes that describe them; [`Table`], which codes symbols.
//! Not here: which symbols (`sequences`, `tree`).
//! Holds: shares add up to the table; every symbol that was counted has one.
//! Source: RFC 8878, 4.1; zstd 1.4.9, `fse_compress.c`.

use super::bits::Bits;

/// Logarithms of the shortest and the longest table.
const LEAST_LOG: u32 = 5;
const MOST_LOG: u32 = 12;

/// When rare symbols get the share "less than one" instead of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rare {
    /// zstd 1.4.4.
    Always,
    /// zstd 1.4.9: for 2,048 symbols and more.
    InLongBlocks,
}

impl Rare {
    fn share(self, n_symbols: usize) -> i32 {
        if self == Rare::Always || n_symbols >= 2_048 { -1 } else { 1 }
    }
}

/// Shares of symbols, of `1 << log` together; -1 is less than one, and takes one.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    pub(super) shares: Vec<i32>,
    pub(super) log: u32,
}

/// The longest table that pays for so many symbols: `spare` bits less than their number has.
pub(super) fn best_log(most_log: u32, n_symbols: usize, most_symbol: usize, spare: u32) -> u32 {
    let for_number = (n_symbols - 1).ilog2().saturating_sub(spare);
    let needed = (n_symbols.ilog2() + 1).min(most_symbol.max(1).ilog2() + 2);
    most_log.min(for_number).max(needed).clamp(LEAST_LOG, MOST_LOG)
}

impl Shares {
    /// Shares by counts, the last of which is not zero, and two of which are not.
    pub(super) fn of(counts: &[u32], log: u32, rare: Rare) -> Option<Shares> {
        /// How much a fraction has to be for the next whole share, by the share, in 2^-20.
        const ROUND_UP: [u64; 8] = [0, 473_195, 504_333, 520_860, 550_000, 700_000, 750_000, 830_000];
        let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        let rare = rare.share(total as usize);
        let scale = 62 - log;
        let step = (1u64 << 62) / total;
        let threshold = total >> log;
        let mut left = 1i32 << log;
        let (mut largest, mut largest_share) = (0, 0);
        let mut shares = vec![0; counts.len()];
        for (symbol, &count) in counts.iter().enumerate() {
            let count = u64::from(count);
            if count == 0 {
                continue;
            }
            if count <= threshold {
                shares[symbol] = rare;
                left -= 1;
                continue;
            }
            let mut share = (count * step) >> scale;
            if let Some(&round_up) = ROUND_UP.get(share as usize) {
                share += u64::from((count * step) - (share << scale) > (round_up << (scale - 20)));
            }
            if share as i32 > largest_share {
                (largest, largest_share) = (symbol, share as i32);
            }
            shares[symbol] = share as i32;
            left -= share as i32;
        }
        if -left >= shares[largest] >> 1 {
            shares = spread(counts, total, log, rare)?;
        } else {
            shares[largest] += left;
        }
        Some(Shares { shares, log })
    }

    /// What describes the shares.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Bits::default();
        bytes.put(self.log - LEAST_LOG, 4);
        let mut remaining = (1i32 << self.log) + 1;
        let mut threshold = 1i32 << self.log;
        let mut n_bits = self.log + 1;
        let (mut symbol, mut before_is_zero) = (0, false);
        while symbol < self.shares.len() && remaining > 1 {
            if before_is_zero {
                let start = symbol;
                while self.shares.get(symbol) == Some(&0) {
                    symbol += 1;
                }
                let mut zeros = symbol - start;
                while zeros >= 24 {
                    bytes.put(0xffff, 16);
                    zeros -= 24;
                }
                while zeros >= 3 {
                    bytes.put(3, 2);
                    zeros -= 3;
                }
                bytes.put(zeros as u32, 2);
            }
            let Some(&share) = self.shares.get(symbol) else { break };
            symbol += 1;
            let most = 2 * threshold - 1 - remaining;
            remaining -= share.abs();
            let mut number = share + 1;
            before_is_zero = share == 0;
            if number >= threshold {
                number += most;
            }
            bytes.put(number as u32, n_bits - u32::from(number < most));
            while remaining < threshold && threshold > 1 {
                n_bits -= 1;
                threshold >>= 1;
            }
        }
        bytes.pad()
    }
}

/// Shares where simple rounding gives away too many.
fn spread(counts: &[u32], mut total: u64, log: u32, rare: i32) -> Option<Vec<i32>> {
    const OPEN: i32 = -2;
    let threshold = total >> log;
    let mut one = (total * 3) >> (log + 1);
    let mut shares = vec![0; counts.len()];
    let mut given = 0;
    for (share, &count) in shares.iter_mut().zip(counts) {
        let count = u64::from(count);
        *share = match count {
            0 => continue,
            _ if count <= threshold => rare,
            _ if count <= one => 1,
            _ => {
                *share = OPEN;
                continue;
            }
        };
        given += 1;
        total -= count;
    }
    let mut left = (1i64 << log) - given;
    if left == 0 {
        return Some(shares);
    }
    if total / left as u64 > one {
        one = (total * 3) / (left as u64 * 2);
        for (share, &count) in shares.iter_mut().zip(counts) {
            if *share == OPEN && u64::from(count) <= one {
                *share = 1;
                given += 1;
                total -= u64::from(count);
            }
        }
        left = (1i64 << log) - given;
    }
    if given as usize == counts.len() {
        // The first of the most frequent takes all.
        let most = counts.iter().max()?;
        let first = counts.iter().position(|count| count == most)?;
        shares[first] += left as i32;
        return Some(shares);
    }
    if total == 0 {
        while left > 0 {
            for share in shares.iter_mut().filter(|share| **share > 0).take(left as usize) {
                *share += 1;
                left -= 1;
            }
            shares.iter().find(|&&share| share > 0)?;
        }
        return Some(shares);
    }
    let step_log = 62 - log;
    let middle = (1u64 << (step_log - 1)) - 1;
    let step = ((1u64 << step_log) * left as u64 + middle) / total;
    let mut sum = middle;
    for (share, &count) in shares.iter_mut().zip(counts) {
        if *share == OPEN {
            let end = sum + u64::from(count) * step;
            *share = ((end >> step_log) - (sum >> step_log)) as i32;
            if *share < 1 {
                return None;
            }
            sum = end;
        }
    }
    Some(shares)
}

/// How a symbol moves the state.
#[derive(Clone, Copy, Debug, Default)]
struct Move {
    bits_and_threshold: u32,
    find_state: i32,
}

/// A table that codes symbols.
#[derive(Clone, Debug)]
pub(super) struct Table {
    log: u32,
    states: Vec<u16>,
    moves: Vec<Move>,
}

impl Table {
    /// The table of shares.
    pub(super) fn of(shares: &Shares) -> Table {
        let Shares { shares, log } = shares;
        let size = 1usize << log;
        let mut symbols = vec![0; size];
        let mut starts = Vec::with_capacity(shares.len());
        let (mut start, mut high) = (0, size - 1);
        for (symbol, &share) in shares.iter().enumerate() {
            starts.push(start);
            start += share.unsigned_abs() as usize;
            if share == -1 {
                symbols[high] = symbol;
                high = high.wrapping_sub(1);
            }
        }
        let step = (size >> 1) + (size >> 3) + 3;
        let mut position = 0;
        for (symbol, &share) in shares.iter().enumerate() {
            for _ in 0..share.max(0) {
                symbols[position] = symbol;
                position = (position + step) & (size - 1);
                while position > high {
                    position = (position + step) & (size - 1);
                }
            }
        }
        let mut states = vec![0; size];
        for (state, &symbol) in symbols.iter().enumerate() {
            states[starts[symbol]] = (size + state) as u16;
            starts[symbol] += 1;
        }
        let mut total = 0;
        let moves = shares.iter().map(|&share| {
            let size = 1u32 << log;
            match share {
                0 => Move { bits_and_threshold: ((log + 1) << 16) - size, find_state: 0 },
                -1 | 1 => {
                    total += 1;
                    Move { bits_and_threshold: (log << 16) - size, find_state: total - 2 }
                }
                _ => {
                    let most_bits = log - (share as u32 - 1).ilog2();
                    let before = total;
                    total += share;
                    let bits_and_threshold = (most_bits << 16) - ((share as u32) << most_bits);
                    Move { bits_and_threshold, find_state: before - share }
                }
            }
        });
        let moves = moves.collect();
        Table { log: *log, states, moves }
    }

    /// The table of one symbol only.
    pub(super) fn of_one(symbol: usize) -> Table {
        Table { log: 0, states: vec![0; 2], moves: vec![Move::default(); symbol + 1] }
    }

    /// Bits that so many symbols take, about; `None` if the table lacks one of them.
    pub(super) fn cost(&self, counts: &[u32]) -> Option<usize> {
        const FRACTION: u32 = 8;
        if self.moves.len() < counts.len() {
            return None;
        }
        let mut cost = 0;
        for (&count, step) in counts.iter().zip(&self.moves) {
            if count == 0 {
                continue;
            }
            let least_bits = step.bits_and_threshold >> 16;
            let threshold = (least_bits + 1) << 16;
            let distance = threshold - (step.bits_and_threshold + (1 << self.log));
            let bits = ((least_bits + 1) << FRACTION) - ((distance << FRACTION) >> self.log);
            if bits >= (self.log + 1) << FRACTION {
                return None;
            }
            cost += count as usize * bits as usize;
        }
        Some(cost >> FRACTION)
    }
}

/// A state of the coder. Symbols are coded last first.
pub(super) struct State<'a> {
    table: &'a Table,
    value: u32,
}

impl<'a> State<'a> {
    /// The state after the last symbol, which costs nothing yet.
    pub(super) fn new(table: &'a Table, symbol: usize) -> State<'a> {
        let step = table.moves[symbol];
        let n_bits = (step.bits_and_threshold + (1 << 15)) >> 16;
        let value = (n_bits << 16).wrapping_sub(step.bits_and_threshold);
        let mut state = State { table, value };
        state.value = state.find(value >> n_bits, step);
        state
    }

    fn find(&self, value: u32, step: Move) -> u32 {
        u32::from(self.table.states[(value as i32 + step.find_state) as usize])
    }

    pub(super) fn put(&mut self, symbol: usize, into: &mut Bits) {
        let step = self.table.moves[symbol];
        let n_bits = self.value.wrapping_add(step.bits_and_threshold) >> 16;
        into.put(self.value, n_bits);
        self.value = self.find(self.value >> n_bits, step);
    }

    pub(super) fn finish(self, into: &mut Bits) {
        into.put(self.value, self.table.log);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn shares_fill_the_table_and_miss_nobody(
            counts in proptest::collection::vec(0u32..6, 0..50), large in proptest::collection::vec(1u32..9_000, 2..4),
            log in 5u32..10, always in any::<bool>(),
        ) {
            let counts = [counts, large].concat();
            let total: u32 = counts.iter().sum();
            let rare = if always { Rare::Always } else { Rare::InLongBlocks };
            let log = best_log(log, total as usize, counts.len() - 1, 2);
            let Some(shares) = Shares::of(&counts, log, rare) else { return Ok(()) };
            prop_assert_eq!(shares.shares.iter().map(|share| share.abs()).sum::<i32>(), 1 << log);
            for (&count, &share) in counts.iter().zip(&shares.shares) {
                prop_assert_eq!(count == 0, share == 0);
            }
            prop_assert!(!shares.to_bytes().is_empty());
            prop_assert!(Table::of(&shares).cost(&counts).is_some());
        }
    }
}

//! Histograms: the static model of path values, for columns that are read again and again.
//!
//! In: path values of one column in one chunk, with a class for those that are special. Out: for each value a symbol (its class,
//! or its bin) and the bits below it; the histogram itself, in a few bytes.
//! Not here: coding symbols (`hepz_entropy::rans`), models that learn (`path`).
//! Holds: bins are dyadic: each is what one prefix of the path leaves open, so that every path value lies in exactly one; no
//! floating point; reading believes nothing.
//! Source: pruning is the dynamic programme of L. Breiman et al., "Classification and Regression Trees", 1984, with code length
//! as cost; the idea of bins plus offsets is also that of pco (M. Loncaric, 2024).

use hepz_entropy::rans::{Frequencies, MAX_LOG2_TOTAL};
use hepz_entropy::{BitReader, BitWriter, RawBits};

/// A bin costs about so many bits: its place in the tree, its weight.
const BIN_BITS: u64 = 9;
/// Bins and classes together, at most.
const MOST_SYMBOLS: usize = 1024;
/// Bins are looked up by so many top bits.
const LOOKUP_BITS: u32 = 11;
/// One bit, in the units of prices.
const BIT: u64 = 1 << 16;

/// One bin: the values whose path begins like `base` and goes on freely for `open` bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// The smallest value.
    pub base: u64,
    /// Bits that are left open.
    pub open: u32,
}

/// Bins of path values of `bits` bits, after `classes` symbols that stand for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    bits: u32,
    classes: u32,
    bins: Vec<Bin>,
    /// For each value of the top bits the first bin that may hold it.
    lookup: Vec<u16>,
}

impl Histogram {
    /// The bins that suit path values, of which at most `most` are looked at. Special values have no part in them.
    pub fn fit(bits: u32, classes: u32, sample: &[u64], most: usize) -> Histogram {
        let stride = sample.len().div_ceil(most.max(1)).max(1);
        let mut sorted: Vec<u64> = sample.iter().copied().step_by(stride).collect();
        sorted.sort_unstable();
        let mut bins = Vec::new();
        let mut penalty = BIN_BITS * BIT;
        loop {
            bins.clear();
            let tree = prune(&sorted, 0, bits, penalty);
            tree.list(0, bits, &mut bins);
            if bins.len() + classes as usize <= MOST_SYMBOLS {
                break;
            }
            penalty *= 2;
        }
        Histogram::of_bins(bits, classes, bins)
    }

    fn of_bins(bits: u32, classes: u32, bins: Vec<Bin>) -> Histogram {
        let mut histogram = Histogram { bits, classes, bins, lookup: Vec::new() };
        let shift = bits - bits.min(LOOKUP_BITS);
        let mut bin = 0;
        for top in 0..1u64 << bits.min(LOOKUP_BITS) {
            let value = top << shift;
            while histogram.bins.get(bin + 1).is_some_and(|next| next.base <= value) {
                bin += 1;
            }
            histogram.lookup.push(bin as u16);
        }
        histogram
    }

    /// Number of symbols: classes, then bins.
    pub fn symbols(&self) -> usize {
        self.classes as usize + self.bins.len()
    }

    /// The bin of a symbol that is no class.
    #[inline(always)]
    pub fn bin(&self, symbol: u16) -> Option<Bin> {
        self.bins.get(usize::from(symbol).checked_sub(self.classes as usize)?).copied()
    }

    /// The symbol of a path value.
    #[inline]
    pub fn symbol_of(&self, value: u64) -> u16 {
        let shift = self.bits - self.bits.min(LOOKUP_BITS);
        let mut at = usize::from(self.lookup[(value >> shift) as usize]);
        // Steps, then halves: mostly the first bin is the one.
        for _ in 0..4 {
            match self.bins.get(at + 1) {
                Some(next) if next.base <= value => at += 1,
                _ => return (self.classes as usize + at) as u16,
            }
        }
        at += self.bins[at..].partition_point(|bin| bin.base <= value) - 1;
        (self.classes as usize + at) as u16
    }

    /// The length of the code of symbols that occur so often, where frequencies follow other counts, in bits.
    pub fn price_under(&self, counts: &[u32], frequencies: &[u32]) -> u64 {
        let all = log2(frequencies.iter().map(|&c| u64::from(c)).sum());
        let priced = counts.iter().zip(frequencies).enumerate().filter(|(_, (count, _))| **count > 0);
        let price = priced.map(|(symbol, (&count, &frequency))| {
            let open = self.bin(symbol as u16).map_or(0, |bin| bin.open);
            let own = all.saturating_sub(log2(u64::from(frequency)));
            u64::from(count) * (u64::from(open) * BIT + own)
        });
        price.sum::<u64>() / BIT
    }

    /// The length of the code of symbols that occur so often, with the bits below them and this histogram, in bits.
    pub fn price(&self, counts: &[u32]) -> u64 {
        let n: u64 = counts.iter().map(|&c| u64::from(c)).sum();
        let mut price = n_log_n(n);
        for (symbol, &count) in counts.iter().enumerate() {
            price -= n_log_n(u64::from(count)).min(price);
            let open = self.bin(symbol as u16).map_or(0, |bin| bin.open);
            price += u64::from(count) * u64::from(open) * BIT;
            price += if count > 0 { BIN_BITS * BIT } else { 4 * BIT };
        }
        price / BIT
    }
}

/// `n log2 n` in units of 2^-16 bits.
pub(crate) fn n_log_n(n: u64) -> u64 {
    n * log2(n)
}

/// `log2 n` in units of 2^-16 bits, 0 for 0.
fn log2(n: u64) -> u64 {
    if n < 2 {
        return 0;
    }
    // A table of the mantissa's top bits is near enough for a price.
    let whole = u64::from(n.ilog2());
    let mantissa = ((u128::from(n) << 64 >> whole) as u64) >> 57;
    whole * BIT + u64::from(LOG2[mantissa as usize])
}

/// `log2(1 + (k + 1/2) / 128)` in units of 2^-16, made from integers alone.
static LOG2: std::sync::LazyLock<[u32; 128]> = std::sync::LazyLock::new(|| {
    std::array::from_fn(|k| {
        // Binary digits of the logarithm: square, halve where it passes 2.
        let mut x = (1u64 << 32) + ((2 * k as u64 + 1) << 24);
        let mut log2 = 0;
        for _ in 0..16 {
            x = ((u128::from(x) * u128::from(x)) >> 32) as u64;
            log2 <<= 1;
            if x >= 2 << 32 {
                x >>= 1;
                log2 |= 1;
            }
        }
        log2
    })
});

/// A node of the tree of prefixes.
enum Node {
    Bin,
    Split(Box<[Node; 2]>),
}

impl Node {
    fn list(&self, base: u64, open: u32, bins: &mut Vec<Bin>) {
        match self {
            Node::Bin => bins.push(Bin { base, open }),
            Node::Split(halves) => {
                halves[0].list(base, open - 1, bins);
                halves[1].list(base | 1 << (open - 1), open - 1, bins);
            }
        }
    }
}

/// The cheapest tree below a prefix; `sorted` holds the values that begin with it.
fn prune(sorted: &[u64], base: u64, open: u32, penalty: u64) -> Node {
    best(sorted, base, open, penalty).0
}

/// The cheapest subtree, and what the values in it cost below the prefix.
fn best(sorted: &[u64], base: u64, open: u32, penalty: u64) -> (Node, u64) {
    let n = sorted.len() as u64;
    let plain = n * u64::from(open) * BIT;
    // Each split saves at most a bit of each value that passes it.
    if open == 0 || n * BIT <= penalty {
        return (Node::Bin, plain);
    }
    let middle = base | 1 << (open - 1);
    let at = sorted.partition_point(|&value| value < middle);
    let (low, low_cost) = best(&sorted[..at], base, open - 1, penalty);
    let (high, high_cost) = best(&sorted[at..], middle, open - 1, penalty);
    let choice = n_log_n(n).saturating_sub(n_log_n(at as u64) + n_log_n(n - at as u64));
    let split = low_cost + high_cost + choice + penalty;
    if split < plain { (Node::Split(Box::new([low, high])), split) } else { (Node::Bin, plain) }
}

/// Weights are kept to so many bits below their leading one.
const WEIGHT_BITS: u32 = 3;

/// A weight as it will be read back.
pub(crate) fn rounded(weight: u32) -> u32 {
    if weight < 1 << WEIGHT_BITS {
        return weight;
    }
    let drop = weight.ilog2() - WEIGHT_BITS;
    // Up to the nearest; a carry into the next power of two is a weight of that kind too.
    let up = u64::from(weight) + (1 << drop >> 1);
    (up >> drop << drop).min(u64::from(u32::MAX >> drop << drop)) as u32
}

/// Frequencies of symbols that were counted, as they will be read back; `None` if there are none.
pub fn frequencies(counts: &[u32]) -> Option<Frequencies> {
    let present = counts.iter().filter(|&&c| c > 0).count() as u32;
    let n: u64 = counts.iter().map(|&c| u64::from(c)).sum();
    let log2_total = (u64::from(present.max(1)) * 16).max(n / 2).max(1).ilog2().clamp(6, MAX_LOG2_TOTAL);
    let log2_total = log2_total.max(present.max(1).next_power_of_two().ilog2() + 1).min(MAX_LOG2_TOTAL);
    Frequencies::of_weights(counts, log2_total)
}

/// Rounds counts to what a reader will see.
pub fn round_counts(counts: &mut [u32]) {
    counts.iter_mut().for_each(|count| *count = rounded(*count));
}

/// Writes a histogram with rounded counts.
pub fn write(histogram: &Histogram, counts: &[u32], bits: &mut BitWriter) {
    // Depth of the bins in order says the tree.
    fn tree<'a>(open: u32, bins: &mut std::iter::Peekable<std::slice::Iter<'a, Bin>>, bits: &mut BitWriter) {
        let is_bin = bins.peek().is_none_or(|bin| bin.open >= open);
        if open > 0 {
            bits.raw(u64::from(!is_bin), 1);
        }
        if is_bin {
            bins.next();
        } else {
            tree(open - 1, bins, bits);
            tree(open - 1, bins, bits);
        }
    }
    tree(histogram.bits, &mut histogram.bins.iter().peekable(), bits);
    for &count in counts {
        put_count(count, bits);
    }
}

/// Writes a rounded count.
pub(crate) fn put_count(count: u32, bits: &mut BitWriter) {
    // Length of the number in four bits and an escape, then its top bits.
    let length = 32 - count.leading_zeros();
    bits.raw(u64::from(length.min(15)), 4);
    if length >= 15 {
        bits.raw(u64::from(length - 15), 5);
    }
    let kept = (length.max(1) - 1).min(WEIGHT_BITS);
    bits.raw(u64::from(count) >> (length.max(1) - 1 - kept), kept);
}

/// Reads what [`put_count`] wrote.
pub(crate) fn read_count(bits: &mut BitReader<'_>) -> u32 {
    let mut length = bits.raw(0, 4) as u32;
    if length == 15 {
        length = (15 + bits.raw(0, 5) as u32).min(32);
    }
    if length == 0 {
        return 0;
    }
    let kept = (length - 1).min(WEIGHT_BITS);
    ((1 << kept | bits.raw(0, kept)) << (length - 1 - kept)) as u32
}

/// Reads what [`write()`] wrote for path values of `bits` bits (at most 64) and `classes` classes; `None` if no writer writes it.
pub fn read(bits: u32, classes: u32, from: &mut BitReader<'_>) -> Option<(Histogram, Vec<u32>)> {
    let mut bins = Vec::new();
    // Prefixes that are still to be read, the next one last.
    let mut waiting = vec![(0u64, bits)];
    while let Some((base, open)) = waiting.pop() {
        if open > 0 && from.raw(0, 1) == 1 {
            waiting.push((base | 1 << (open - 1), open - 1));
            waiting.push((base, open - 1));
        } else {
            bins.push(Bin { base, open });
        }
        if bins.len() + waiting.len() + classes as usize > MOST_SYMBOLS {
            return None;
        }
    }
    let histogram = Histogram::of_bins(bits, classes, bins);
    let counts = (0..histogram.symbols()).map(|_| read_count(from)).collect();
    Some((histogram, counts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(histogram: &Histogram, values: &[u64]) -> Vec<u32> {
        let mut counts = vec![0; histogram.symbols()];
        values.iter().for_each(|&value| counts[usize::from(histogram.symbol_of(value))] += 1);
        counts
    }

    proptest! {
        #[test]
        fn every_value_lies_in_its_bin_and_the_histogram_comes_back(seed in prop::collection::vec(any::<u64>(), 0..400), bits in 0u32..65, centre in any::<u64>(), spread in 0u32..64, classes in 0u32..40) {
            let mask = if bits == 0 { 0 } else { u64::MAX >> (64 - bits) };
            let values: Vec<u64> = seed.iter().map(|s| centre.wrapping_add(s >> spread) & mask).collect();
            let histogram = Histogram::fit(bits, classes, &values, 1 << 15);
            for &value in values.iter().chain(&[0, mask, centre & mask]) {
                let bin = histogram.bin(histogram.symbol_of(value)).unwrap();
                prop_assert!(value >= bin.base && (bin.open == 64 || (value - bin.base) >> bin.open == 0));
            }
            let mut counts = counted(&histogram, &values);
            round_counts(&mut counts);
            let mut writer = BitWriter::default();
            write(&histogram, &counts, &mut writer);
            let bytes = writer.finish();
            let (again, counts_again) = read(bits, classes, &mut BitReader::new(&bytes)).unwrap();
            prop_assert_eq!(&again, &histogram);
            prop_assert_eq!(counts_again, counts);
        }

        #[test]
        fn any_bytes_are_a_histogram_or_none(bytes in prop::collection::vec(any::<u8>(), 0..300), bits in 0u32..65, classes in 0u32..300) {
            if let Some((histogram, counts)) = read(bits, classes, &mut BitReader::new(&bytes)) {
                prop_assert_eq!(counts.len(), histogram.symbols());
                let _ = frequencies(&counts);
            }
        }
    }

    #[test]
    fn a_spike_has_a_bin_of_its_own_and_noise_has_few() {
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            state >> 44
        };
        let values: Vec<u64> = (0..20_000).map(|at| if at % 3 == 0 { 777_777 } else { noise() }).collect();
        let histogram = Histogram::fit(20, 0, &values, 1 << 15);
        let bin = histogram.bin(histogram.symbol_of(777_777)).unwrap();
        assert_eq!(bin, Bin { base: 777_777, open: 0 });
        assert!(histogram.symbols() < 60, "{}", histogram.symbols());
        let price = histogram.price(&counted(&histogram, &values));
        // 2/3 of 20 bits and the entropy of one in three, 0.918 bits.
        assert!((285_000..287_500).contains(&price), "{price}");
    }

    #[test]
    fn counts_are_kept_to_a_sixteenth() {
        for count in (0..70_000u32).chain([1 << 31, u32::MAX]) {
            let kept = rounded(count);
            assert!(
                kept.abs_diff(count) <= count / 16 + u32::from(count > u32::MAX - (1 << 28)) * (1 << 28),
                "{count} {kept}"
            );
            let mut bits = BitWriter::default();
            put_count(kept, &mut bits);
            assert_eq!(read_count(&mut BitReader::new(&bits.finish())), kept);
        }
    }

    #[test]
    fn n_log_n_is_near() {
        for n in [2u64, 3, 5, 100, 12_345, 1 << 20, (1 << 40) + 12_345] {
            let exact = n as f64 * (n as f64).log2() * 65_536.0;
            assert!((n_log_n(n) as f64 - exact).abs() < n as f64 * 65_536.0 * 0.006, "{n}");
        }
    }
}

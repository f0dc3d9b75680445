//! Prices: about how many bits a column costs, with and without a relation.
//!
//! In: ranks of values and of predictions. Out: bits per value.
//! Not here: the coder's own prices; the planner measures with those.
//! Holds: estimates only decide what is worth trying; logarithms are ours, so that every machine decides alike.

use crate::order::{ordered, to_raw};
use crate::real;
use hepz_columns::Scalar;

/// Classes of a difference: sign and bit length, and one for rows without a prediction.
const CLASSES: usize = 130;

/// Entropy of counts, in bits for all of them together.
fn entropy_bits(counts: impl Iterator<Item = u32> + Clone) -> f64 {
    let total: u32 = counts.clone().sum();
    let total = f64::from(total);
    counts.filter(|&n| n > 0).map(|n| f64::from(n) * real::ln(total / f64::from(n))).sum::<f64>()
        * std::f64::consts::LOG2_E
}

/// The class of a difference and the bits that the class leaves open.
fn class_of(difference: i64) -> (usize, u32) {
    let length = 64 - difference.unsigned_abs().leading_zeros();
    (2 * length as usize + usize::from(difference < 0), length.saturating_sub(1))
}

/// Bits per value of a column by itself, from the ranks of some of its values on their grid.
pub(super) fn plain_bits(ranks: &mut [u64]) -> f64 {
    if ranks.is_empty() {
        return 0.0;
    }
    ranks.sort_unstable();
    let n = ranks.len() as f64;
    let runs = || ranks.chunk_by(|a, b| a == b).map(|run| run.len() as u32);
    let distinct = runs().count();
    // Differences from the middle: good for narrow ranges.
    let middle = ranks[ranks.len() / 2];
    let mut counts = [0u32; CLASSES];
    let mut open = 0.0;
    for &rank in ranks.iter() {
        let (class, bits) = class_of(rank.wrapping_sub(middle) as i64);
        counts[class] += 1;
        open += f64::from(bits);
    }
    let narrow = (entropy_bits(counts.iter().copied()) + open) / n;
    // Cells of a histogram over the rank: what a fair context-free coder pays for the leading bits.
    let span = ranks[ranks.len() - 1] - ranks[0];
    let shift = (64 - span.leading_zeros()).saturating_sub(9);
    let first = ranks[0];
    let cells =
        ranks.chunk_by(|a, b| (a - first) >> shift == (b - first) >> shift).map(|run| run.len() as u32);
    let occupied = cells.clone().count() as f64;
    // Each cell has to be learned; a sample of n rows says so only in part.
    let histogram = entropy_bits(cells) / n + f64::from(shift) + 0.5 * occupied / n;
    let mut best = narrow.min(histogram);
    if distinct * 3 < ranks.len() {
        best = best.min(entropy_bits(runs()) / n);
    }
    best
}

/// The rank of a pattern on the grid of patterns whose low `grid` bits are zero, to the nearest.
pub(super) fn grid_rank(raw: u64, scalar: Scalar, grid: u32) -> u64 {
    let rank = ordered(raw, scalar);
    if grid == 0 {
        return rank;
    }
    let half = 1u64 << (grid - 1);
    // Ranks of negative floats count down, so their grid lies at the upper ends of the cells.
    let negative = scalar.is_float() && rank >> (scalar.bits() - 1) == 0;
    if negative { rank.saturating_sub(half - 1) >> grid } else { rank.saturating_add(half) >> grid }
}

/// Collects differences and prices them.
pub(super) struct Residuals {
    counts: [u32; CLASSES],
    open: f64,
    rows: u32,
    missing: u32,
    near: u32,
    sizes: Vec<u64>,
}

/// The result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Price {
    pub bits: f64,
    pub rows_ok: f64,
    pub median: u64,
}

impl Residuals {
    pub fn new() -> Residuals {
        Residuals { counts: [0; CLASSES], open: 0.0, rows: 0, missing: 0, near: 0, sizes: Vec::new() }
    }

    /// One row: the rank of the value on its grid, and the prediction.
    pub fn add(&mut self, rank: u64, prediction: f64, scalar: Scalar, grid: u32) {
        self.rows += 1;
        let Some(raw) = to_raw(prediction, scalar) else {
            self.missing += 1;
            return;
        };
        let difference = rank.wrapping_sub(grid_rank(raw, scalar, grid)) as i64;
        let (class, bits) = class_of(difference);
        self.counts[class] += 1;
        self.open += f64::from(bits);
        self.near += u32::from(difference.unsigned_abs() <= 1 << 10);
        self.sizes.push(difference.unsigned_abs());
    }

    /// The price, if a value costs `plain` bits by itself.
    pub fn price(mut self, plain: f64) -> Price {
        if self.rows == 0 {
            return Price { bits: plain, rows_ok: 0.0, median: u64::MAX };
        }
        // A difference as long as the value itself is coded as if there were no prediction.
        let mut missing = self.missing;
        for length in 1..CLASSES / 2 {
            if length as f64 > plain {
                for class in [2 * length, 2 * length + 1] {
                    missing += self.counts[class];
                    self.open -= f64::from(self.counts[class]) * (length as f64 - 1.0);
                    self.counts[class] = 0;
                }
            }
        }
        let classes = entropy_bits(self.counts.iter().copied().chain([missing]));
        let bits = (classes + self.open + f64::from(missing) * plain) / f64::from(self.rows);
        let at = self.sizes.len() / 2;
        let median = if self.sizes.is_empty() { u64::MAX } else { *self.sizes.select_nth_unstable(at).1 };
        Price { bits, rows_ok: f64::from(self.near) / f64::from(self.rows), median }
    }
}

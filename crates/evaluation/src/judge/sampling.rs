//! Sampling: which rows the tests look at.
//!
//! In: a number of rows, a seed. Out: [`Sampling`].
//! Not here: the tests (`two_sample`, `joint`).
//! Holds: no row is drawn twice; the halves share no row, so original values of one and other values of the other are
//! independent if rows are.

use super::two_sample::{below, shuffle};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::BTreeSet;

/// Rows that tests look at, in random order.
#[derive(Clone, Debug)]
pub(crate) struct Sampling {
    /// Rows of which both values are taken.
    pub(crate) paired: Vec<usize>,
    /// Rows of which the original's value is taken, and rows of which the other's is.
    pub(crate) halves: [Vec<usize>; 2],
}

impl Sampling {
    /// At most `most` rows of each kind.
    pub(crate) fn new(rows: usize, most: usize, seed: u64) -> Sampling {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let wanted = most.saturating_mul(2).min(rows);
        let mut drawn: Vec<usize> = if wanted > rows / 2 {
            (0..rows).collect()
        } else {
            let mut drawn = BTreeSet::new();
            while drawn.len() < wanted {
                drawn.insert(below(rows, &mut random));
            }
            drawn.into_iter().collect()
        };
        shuffle(&mut drawn, &mut random);
        drawn.truncate(wanted);
        let half = wanted / 2;
        let paired = drawn.iter().copied().take(most).collect();
        let second = drawn.split_off(half);
        Sampling { paired, halves: [drawn, second] }
    }
}

/// The finite values of some rows.
pub(crate) fn finite(values: &[f64], rows: &[usize]) -> Vec<f64> {
    rows.iter().filter_map(|&row| values.get(row).copied()).filter(|value| value.is_finite()).collect()
}

/// The values of some rows in which both are finite.
pub(crate) fn finite_pairs(x: &[f64], y: &[f64], rows: &[usize]) -> [Vec<f64>; 2] {
    let pair = |&row: &usize| Some((*x.get(row)?, *y.get(row)?));
    let pairs = rows.iter().filter_map(pair).filter(|(x, y)| x.is_finite() && y.is_finite());
    let (x, y) = pairs.unzip();
    [x, y]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_share_no_row_and_cover_small_tables() {
        for (rows, most) in [(0, 5), (1, 5), (7, 5), (100, 5), (1000, 499), (1000, 5000)] {
            let found = Sampling::new(rows, most, 1);
            let all: BTreeSet<usize> = found.halves.iter().flatten().copied().collect();
            assert_eq!(all.len(), found.halves[0].len() + found.halves[1].len());
            assert_eq!(all.len(), rows.min(2 * most));
            assert!(all.iter().all(|&row| row < rows) && found.paired.len() == rows.min(most));
        }
    }
}

//! The pooled sample: values of both samples in one order, sorted once for all permutations.
//!
//! In: two samples. Out: [`Pooled`], and which of its values are of the second sample.
//! Not here: statistics.
//! Holds: equal values stand in one group, whichever sample they are of; shuffling is Fisher and Yates'.

use super::spread::darling_sd;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Values of both samples, ascending.
pub(crate) struct Pooled {
    /// The values.
    pub(crate) values: Vec<f64>,
    /// Where each run of equal values ends.
    pub(crate) ends: Vec<usize>,
    /// Standard deviation of the Anderson-Darling statistic for samples of these sizes.
    pub(crate) darling_sd: f64,
    /// Places of the two values of each row.
    pairs: Vec<(usize, usize)>,
}

impl Pooled {
    /// Of two samples, and which values are of the second.
    pub(crate) fn new(x: &[f64], y: &[f64]) -> (Pooled, Vec<bool>) {
        let all: Vec<f64> = x.iter().chain(y).copied().collect();
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|&a, &b| all[a].total_cmp(&all[b]));
        let values: Vec<f64> = order.iter().map(|&at| all[at]).collect();
        let in_second: Vec<bool> = order.iter().map(|&at| at >= x.len()).collect();
        let mut ends = Vec::new();
        for at in 1..=values.len() {
            // -0 and +0 are equal.
            if at == values.len() || values[at] != values[at - 1] {
                ends.push(at);
            }
        }
        let mut places = vec![0; all.len()];
        for (place, &at) in order.iter().enumerate() {
            places[at] = place;
        }
        let pairs = (0..x.len().min(y.len())).map(|row| (places[row], places[x.len() + row])).collect();
        let darling_sd = darling_sd([x.len(), y.len()]);
        (Pooled { values, ends, darling_sd, pairs }, in_second)
    }

    /// Exchanges the two values of each row with probability one half.
    pub(crate) fn swap_pairs(&self, observed: &[bool], labels: &mut [bool], random: &mut ChaCha8Rng) {
        labels.copy_from_slice(observed);
        let mut bits = 0;
        for (number, &(a, b)) in self.pairs.iter().enumerate() {
            if number % 64 == 0 {
                bits = random.next_u64();
            }
            if bits & 1 == 1 {
                labels.swap(a, b);
            }
            bits >>= 1;
        }
    }
}

/// A number below `n`, each as likely. Source: Lemire, arXiv:1805.10941, without the last rejection; for the sizes
/// here the difference to uniform is below 2^-40.
pub(crate) fn below(n: usize, random: &mut ChaCha8Rng) -> usize {
    ((u128::from(random.next_u64()) * n as u128) >> 64) as usize
}

/// Puts items in random order.
pub(crate) fn shuffle<T>(items: &mut [T], random: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last + 1, random));
    }
}

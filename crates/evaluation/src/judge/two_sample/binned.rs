//! Statistics of histograms: chi-square, Kullback-Leibler, Jensen-Shannon.
//!
//! In: the pooled sample and who is of the second. Out: counts in bins of equal content, and statistics of them.
//! Not here: statistics of ranks (`rank`).
//! Holds: bins depend on the pooled sample alone, so every permutation has the same; equal values share a bin.

use super::pooled::Pooled;

/// Bins at most.
const BINS: usize = 50;
/// Pooled values in a bin, at least: so that the law of chi-square holds.
const FEWEST: usize = 20;

/// Counts of both samples in bins of about equal content.
pub(crate) fn counts(pooled: &Pooled, in_second: &[bool]) -> Vec<[f64; 2]> {
    let n = in_second.len();
    let wanted = (n / BINS).max(FEWEST);
    let mut counts = Vec::new();
    let (mut from, mut next) = (0, wanted);
    for &end in &pooled.ends {
        if end < next && end < n {
            continue;
        }
        // What is left at the end joins the last bin if it is no bin of its own.
        if n - end < wanted && end < n {
            continue;
        }
        let second = in_second[from..end].iter().filter(|second| **second).count();
        counts.push([(end - from - second) as f64, second as f64]);
        from = end;
        next = end + wanted;
    }
    counts
}

fn totals(counts: &[[f64; 2]]) -> [f64; 2] {
    counts.iter().fold([0.0; 2], |sum, count| [sum[0] + count[0], sum[1] + count[1]])
}

/// Chi-square of homogeneity, as `scipy.stats.chi2_contingency` without correction; degrees of freedom: bins less
/// one.
pub(crate) fn chi_square(counts: &[[f64; 2]]) -> f64 {
    let [a, b] = totals(counts);
    let term = |count: &[f64; 2]| {
        let both = count[0] + count[1];
        let difference = count[0] * b - count[1] * a;
        if both == 0.0 { 0.0 } else { difference * difference / both }
    };
    counts.iter().map(term).sum::<f64>() / (a * b)
}

/// Shares with half a count added to each bin (Krichevsky and Trofimov), so that an empty bin is no infinity.
fn shares(counts: &[[f64; 2]]) -> impl Iterator<Item = [f64; 2]> {
    let [a, b] = totals(counts);
    let added = counts.len() as f64 / 2.0;
    counts.iter().map(move |count| [(count[0] + 0.5) / (a + added), (count[1] + 0.5) / (b + added)])
}

/// Divergence of the second sample from the first, in nats.
pub(crate) fn kullback_leibler(counts: &[[f64; 2]]) -> f64 {
    shares(counts).map(|[p, q]| p * (p / q).ln()).sum()
}

/// Jensen and Shannon's divergence, in nats: the square of `scipy.spatial.distance.jensenshannon`.
pub(crate) fn jensen_shannon(counts: &[[f64; 2]]) -> f64 {
    let term = |[p, q]: [f64; 2]| {
        let middle = (p + q) / 2.0;
        (p * (p / middle).ln() + q * (q / middle).ln()) / 2.0
    };
    shares(counts).map(term).sum()
}

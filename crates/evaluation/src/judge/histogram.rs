//! Histograms: the values of a column in both files, in the same bins.
//!
//! In: two columns of numbers. Out: a [`Histogram`].
//! Not here: drawing (`page`).
//! Holds: bins follow from the original alone and hold its middle 99 %; values outside are counted nowhere.

use super::residual::quantile;

/// Bins.
const BINS: usize = 60;
/// Share of the values that lie below the first bin, and above the last.
const OUTSIDE: f64 = 0.005;
/// Positive values that spread over more than this factor are shown on a logarithmic axis.
const WIDE: f64 = 50.0;

/// Counts in the same bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Edges of the bins, one more than bins.
    pub edges: Vec<f64>,
    /// True if they grow by factors.
    pub logarithmic: bool,
    /// Counts of the original and of the other.
    pub counts: [Vec<f64>; 2],
    /// Rows that came to another bin: those that left one and those that entered it.
    pub moved: Vec<f64>,
}

impl Histogram {
    /// Of two columns, paired by row; `None` if the original has no spread. `sample` stands for all of its values.
    pub(crate) fn of(x: &[f64], y: &[f64], mut sample: Vec<f64>) -> Option<Histogram> {
        sample.sort_by(f64::total_cmp);
        let (low, high) = (quantile(&sample, OUTSIDE), quantile(&sample, 1.0 - OUTSIDE));
        if !(high > low && (high - low).is_finite()) {
            return None;
        }
        let logarithmic = low > 0.0 && high / low > WIDE;
        let scale = |value: f64| if logarithmic { value.ln() } else { value };
        let (from, width) = (scale(low), (scale(high) - scale(low)) / BINS as f64);
        let bin = |value: f64| {
            let place = (scale(value) - from) / width;
            (place >= 0.0 && place < BINS as f64).then_some(place as usize)
        };
        let mut found = Histogram {
            edges: Vec::new(),
            logarithmic,
            counts: [vec![0.0; BINS], vec![0.0; BINS]],
            moved: vec![0.0; BINS],
        };
        for (&x, &y) in x.iter().zip(y) {
            let places = [bin(x), bin(y)];
            for (counts, place) in found.counts.iter_mut().zip(places) {
                if let Some(place) = place {
                    counts[place] += 1.0;
                }
            }
            if places[0] != places[1] {
                places.iter().flatten().for_each(|&place| found.moved[place] += 1.0);
            }
        }
        let edge = |at: usize| from + width * at as f64;
        found.edges = (0..=BINS).map(|at| if logarithmic { edge(at).exp() } else { edge(at) }).collect();
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_come_to_another_bin_are_counted_in_both() {
        let x: Vec<f64> = (0..6000).map(|row| 10.0 + f64::from(row) / 100.0).collect();
        let mut y = x.clone();
        // From 30.5 to a bin far away.
        y[2050] = 50.05;
        let found = Histogram::of(&x, &y, x.clone()).unwrap();
        assert!(!found.logarithmic && found.edges.len() == found.counts[0].len() + 1);
        assert_eq!(found.moved.iter().sum::<f64>(), 2.0);
        let of = |counts: &[f64]| counts.iter().sum::<f64>();
        assert_eq!(of(&found.counts[0]), of(&found.counts[1]));
        // The middle 99 %.
        assert!((of(&found.counts[0]) - 5940.0).abs() < 3.0);
        let far: Vec<f64> = x.iter().map(|x| x * x * x).collect();
        assert!(Histogram::of(&far, &far, far.clone()).unwrap().logarithmic);
        assert_eq!(Histogram::of(&[1.0; 9], &[1.0; 9], vec![1.0; 9]), None);
        assert_eq!(Histogram::of(&[], &[], Vec::new()), None);
    }
}

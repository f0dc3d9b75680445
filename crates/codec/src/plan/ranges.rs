//! Ranges: what the values of a base archive say about the originals.
//!
//! In: stored values and how they were reduced. Out: for each the patterns that it may stand for, as patterns, residuals or
//! path values.
//! Not here: pre-images themselves (`hepz-precision`), the walk that makes use of them (`hepz_models::deep`).
//! Holds: a range that is too wide costs bytes; one that is too narrow is noticed by the encoder, who then does without.

use super::column::Prediction;
use hepz_columns::Scalar;
use hepz_entropy::RawBits;
use hepz_precision::Reducer;
use hepz_transforms::order::{ordered, unordered};
use hepz_transforms::path_map::PathMap;

/// Wraps a difference of ranks to the width of the scalar, as the pattern of a signed integer.
#[inline]
pub fn residual(rank: u64, predicted: u64, scalar: Scalar) -> u64 {
    rank.wrapping_sub(predicted) & (u64::MAX >> (64 - scalar.bits()))
}

/// Between which patterns, in numeric order, each coded value lies; empty if nothing is known.
#[derive(Default)]
pub struct Ranges {
    ranges: Vec<(u64, u64)>,
    /// The ranges are those of residuals, not of the column's own patterns.
    of_residuals: bool,
}

/// The patterns that a stored one may stand for; `None` if it stands for itself.
pub fn range_of(reducer: &Reducer, stored: u64) -> Option<(u64, u64)> {
    let preimage = reducer.preimage(stored).filter(|preimage| preimage.count() > 1)?;
    let lowest = preimage.intervals().next()?.lowest;
    Some((lowest, preimage.intervals().last()?.highest))
}

impl Ranges {
    /// Lowest and highest pattern of each value.
    pub fn of_patterns(ranges: Vec<(u64, u64)>) -> Ranges {
        Ranges { ranges, of_residuals: false }
    }

    /// The ranges of what is left when a prediction is taken off.
    pub fn after(self, prediction: &Prediction, scalar: Scalar, predicted: &[u64]) -> Ranges {
        match prediction {
            Prediction::None | Prediction::Expected(..) | Prediction::Line(..) => self,
            Prediction::Residual(..) => {
                let less = |raw: u64, of: u64| residual(ordered(raw, scalar), ordered(of, scalar), scalar);
                let ranges = self.ranges.iter().zip(predicted);
                let ranges = ranges.map(|(&(from, to), &of)| (less(from, of), less(to, of))).collect();
                Ranges { ranges, of_residuals: true }
            }
            // The value before is not known yet.
            Prediction::Previous | Prediction::RunningSum(_) => Ranges::default(),
        }
    }

    /// Which atom of a map lies in each range, counted from 1; 0 if none does.
    pub fn atoms(&self, map: &PathMap) -> Vec<u16> {
        let rank = |raw: u64| ordered(raw, map.scalar);
        let atom = |&(from, to): &(u64, u64)| {
            let at = map.atoms.partition_point(|&atom| rank(atom) < rank(from));
            map.atoms
                .get(at)
                .filter(|&&atom| rank(atom) <= rank(to))
                .map_or(0, |_| u16::try_from(at + 1).unwrap_or(u16::MAX))
        };
        self.ranges.iter().map(atom).collect()
    }

    /// Between which path values each value with a path lies; `keep` says which have one.
    pub fn of_paths(&self, map: &PathMap, keep: &[bool]) -> Vec<(u64, u64)> {
        let kept = self.ranges.iter().zip(keep).filter(|&(_, &keep)| keep);
        kept.map(|(&(from, to), _)| map.covering(from, to)).collect()
    }

    /// Codes a value that is off the grid.
    pub fn escape<R: RawBits>(&self, at: usize, raw: &mut R, value: u64, scalar: Scalar) -> u64 {
        let Some(&(from, to)) = self.ranges.get(at).filter(|_| !self.of_residuals) else {
            return raw.raw(value, scalar.bits());
        };
        let first = ordered(from, scalar);
        let bits = 64 - ordered(to, scalar).wrapping_sub(first).leading_zeros();
        let place = raw.raw(ordered(value, scalar).wrapping_sub(first), bits);
        unordered(first.wrapping_add(place) & (u64::MAX >> (64 - scalar.bits())), scalar)
    }
}

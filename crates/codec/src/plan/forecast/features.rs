//! Features: columns as activations.
//!
//! In: the values of known columns. Out: activations in units of 2^-12, for each coded row.
//! Not here: which columns are worth it (`lesson`).
//! Holds: integers only; equal values give equal activations.

use super::MOST_ACTIVATIONS;
use crate::plan::column::{Input, Link, put_input, read_input};
use crate::plan::domain::Domain;
use crate::plan::known::Known;
use crate::plan::{ColumnId, PlanError};
use hepz_columns::Table;
use hepz_container::wire::{Cursor, put_varint};
use hepz_neural::fixed::ONE;
use hepz_transforms::order::ordered;

/// A column as one or more activations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// The column, and which of its rows.
    pub input: Input,
    /// How a value becomes activations.
    pub shape: Shape,
}

/// How a value becomes activations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One activation: ranks of the [`QUANTILES`] of a sample become their normal scores, ranks in between are interpolated.
    /// Ranks do not fall.
    Scores(Vec<u64>),
    /// One activation for each of these ranks, in rising order: 1 if the value has it, else 0.
    OneOf(Vec<u64>),
}

/// Quantiles at which a column's ranks are taken, in units of 2^-16.
pub const QUANTILES: [u32; 27] = [
    33, 131, 328, 655, 1311, 2621, 4588, 7209, 10_486, 14_418, 19_005, 23_593, 28_180, 32_768, 37_356,
    41_943, 46_531, 51_118, 55_050, 58_327, 60_948, 62_915, 64_225, 64_881, 65_208, 65_405, 65_503,
];

/// Their normal scores (the quantile function of the normal distribution), in units of 2^-12.
const SCORES: [i32; 27] = [
    -13_478, -11_789, -10_551, -9529, -8412, -7171, -6045, -5024, -4073, -3163, -2267, -1468, -722, 0, 722,
    1468, 2267, 3163, 4073, 5024, 6045, 7171, 8412, 9529, 10_551, 11_789, 13_478,
];

/// The score of a rank between those of the quantiles; outside it is that of the first or last.
fn score(ranks: &[u64], rank: u64) -> i16 {
    let at = ranks.partition_point(|&r| r <= rank);
    let score = match at {
        0 => SCORES[0],
        at if at >= SCORES.len() => SCORES[SCORES.len() - 1],
        at => {
            // The rank before is not greater and the one behind is greater: the width is not zero.
            let (low, high) = (ranks[at - 1], ranks[at]);
            let (from, to) = (SCORES[at - 1], SCORES[at]);
            let part = (u128::from(rank - low) << 16) / u128::from(high - low);
            from + (((to - from) as i64 * part as i64) >> 16) as i32
        }
    };
    score as i16
}

impl Feature {
    /// How many activations it is.
    pub fn activations(&self) -> usize {
        match &self.shape {
            Shape::Scores(_) => 1,
            Shape::OneOf(ranks) => ranks.len(),
        }
    }

    /// The stored form.
    pub fn write(&self, into: &mut Vec<u8>, from: ColumnId) {
        put_input(into, &self.input, from);
        match &self.shape {
            Shape::Scores(ranks) => {
                into.push(0);
                put_rising(into, ranks);
            }
            Shape::OneOf(ranks) => {
                into.push(1);
                put_rising(into, ranks);
            }
        }
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`PlanError`] if no writer of a known version produces it.
    pub fn read(
        bytes: &mut Cursor<'_>,
        from: ColumnId,
        tables: &[Table],
        links: &[Option<Link>],
    ) -> Result<Feature, PlanError> {
        let input = read_input(bytes, from, tables, links)?;
        let shape = match bytes.u8()? {
            0 => Shape::Scores(read_rising(bytes, QUANTILES.len())?),
            1 => Shape::OneOf(read_rising(bytes, MOST_ACTIVATIONS)?),
            _ => return Err(PlanError::TooNew),
        };
        let sound = match &shape {
            Shape::Scores(ranks) => ranks.len() == QUANTILES.len(),
            Shape::OneOf(ranks) => !ranks.is_empty(),
        };
        if sound {
            Ok(Feature { input, shape })
        } else {
            Err(PlanError::Corrupt("a feature of no activation"))
        }
    }
}

/// Writes numbers that do not fall.
pub fn put_rising(into: &mut Vec<u8>, numbers: &[u64]) {
    put_varint(into, numbers.len() as u64);
    let mut before = 0;
    for &number in numbers {
        put_varint(into, number - before);
        before = number;
    }
}

/// Reads them.
pub fn read_rising(bytes: &mut Cursor<'_>, most: usize) -> Result<Vec<u64>, PlanError> {
    let n = bytes.count(1)?;
    if n > most {
        return Err(PlanError::Corrupt("a network with too many bounds"));
    }
    let mut before = 0u64;
    (0..n)
        .map(|_| {
            before =
                before.checked_add(bytes.varint()?).ok_or(PlanError::Corrupt("bounds beyond all numbers"))?;
            Ok(before)
        })
        .collect()
}

/// The activations of all features for each coded row that `keep` keeps, `[row][activation]`; 0 where a row does not exist.
///
/// # Errors
/// [`PlanError::Corrupt`] if a column is not known.
pub fn activations(
    features: &[Feature],
    id: ColumnId,
    known: &Known<'_>,
    domain: &Domain,
    keep: &[bool],
) -> Result<Vec<i16>, PlanError> {
    let width: usize = features.iter().map(Feature::activations).sum();
    let kept = keep.iter().filter(|&&keep| keep).count();
    let mut all = vec![0i16; kept * width];
    let mut at = 0;
    for feature in features {
        let values = known.values(feature.input.id)?;
        let scalar = values.scalar();
        let map = known.row_map(&feature.input, id.table)?;
        let ranks = domain.gather(|row| {
            let row = map.as_ref().map_or(row, |map| map[row] as usize);
            (row < values.len()).then(|| ordered(values.raw(row), scalar))
        });
        let ranks = ranks.into_iter().zip(keep).filter_map(|(rank, &keep)| keep.then_some(rank));
        for (row, rank) in all.chunks_exact_mut(width).zip(ranks) {
            let Some(rank) = rank else { continue };
            match &feature.shape {
                Shape::Scores(ranks) => row[at] = score(ranks, rank),
                Shape::OneOf(ranks) => {
                    if let Ok(which) = ranks.binary_search(&rank) {
                        row[at + which] = ONE as i16;
                    }
                }
            }
        }
        at += feature.activations();
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_rise_with_the_rank() {
        let ranks: Vec<u64> = (0..27u64).map(|k| 1000 + k * k * 10).collect();
        let scores: Vec<i16> = (900..9000).map(|rank| score(&ranks, rank)).collect();
        assert!(scores.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!((scores[0], scores[8099]), (SCORES[0] as i16, SCORES[26] as i16));
        assert_eq!(score(&ranks, ranks[13]), 0);
        // A constant column has one score; nothing divides by zero.
        assert_eq!(score(&[5; 27], 5), SCORES[26] as i16);
    }

    #[test]
    fn rising_numbers_come_back() {
        let numbers = [0, 0, 7, u64::MAX];
        let mut bytes = Vec::new();
        put_rising(&mut bytes, &numbers);
        assert_eq!(read_rising(&mut Cursor::new(&bytes), 4).unwrap(), numbers);
        assert!(read_rising(&mut Cursor::new(&bytes), 3).is_err());
        assert!(read_rising(&mut Cursor::new(&bytes[..2]), 4).is_err());
    }
}

//! Buckets: values of a decoded column as small numbers that contexts can be made of.
//!
//! In: the values of one column in one chunk. Out: a bucket number for each, equally filled as far as values allow.
//! Not here: which columns are worth it (`dependence`).
//! Holds: buckets follow from the values alone, so the decoder finds the same ones and nothing is stored.

use hepz_columns::Values;
use hepz_transforms::order::ordered;

/// A column with at most so many distinct values has a bucket for each.
pub const MAX_EXACT: usize = 48;

/// Otherwise its values fall into so many buckets of equal count.
pub const QUANTILES: usize = 16;

/// Cuts are taken from at most so many values.
const CENSUS: usize = 2048;

/// The bucket of each row.
#[derive(Clone, Debug, Default)]
pub struct Buckets {
    /// A number below [`Buckets::cardinality`] for each row.
    pub of_row: Vec<u8>,
    /// Number of buckets, at least 1.
    pub cardinality: u32,
}

impl Buckets {
    /// Buckets of ranks (numbers whose order matters).
    pub fn of_ranks(ranks: &[u64]) -> Buckets {
        let stride = ranks.len().div_ceil(CENSUS).max(1);
        let mut census: Vec<u64> = ranks.iter().copied().step_by(stride).collect();
        census.sort_unstable();
        let mut cuts: Vec<u64> = Vec::with_capacity(MAX_EXACT);
        for &rank in &census {
            if cuts.last() != Some(&rank) {
                cuts.push(rank);
                if cuts.len() > MAX_EXACT {
                    break;
                }
            }
        }
        if cuts.len() > MAX_EXACT {
            cuts = (0..QUANTILES).map(|k| census[k * census.len() / QUANTILES]).collect();
            cuts.dedup();
        }
        // The first cut opens bucket 0.
        let cuts = cuts.get(1..).unwrap_or(&[]);
        let of_row = ranks.iter().map(|rank| cuts.partition_point(|cut| cut <= rank) as u8).collect();
        Buckets { of_row, cardinality: cuts.len() as u32 + 1 }
    }

    /// Buckets of a column's values.
    pub fn of_values(values: &Values) -> Buckets {
        let scalar = values.scalar();
        let mut ranks = values.to_raw();
        for rank in &mut ranks {
            *rank = ordered(*rank, scalar);
        }
        Buckets::of_ranks(&ranks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_told_apart_exactly() {
        let buckets = Buckets::of_ranks(&[7, 7, 9, 100, 9, 7]);
        assert_eq!(buckets.of_row, [0, 0, 1, 2, 1, 0]);
        assert_eq!(buckets.cardinality, 3);
    }

    #[test]
    fn many_values_fill_buckets_evenly() {
        let ranks: Vec<u64> = (0..16_000u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let buckets = Buckets::of_ranks(&ranks);
        assert_eq!(buckets.cardinality, 16);
        for bucket in 0..16 {
            let n = buckets.of_row.iter().filter(|&&b| b == bucket).count();
            assert!((700..1300).contains(&n), "{bucket}: {n}");
        }
    }

    #[test]
    fn no_rows_have_one_bucket() {
        assert_eq!(Buckets::of_ranks(&[]).cardinality, 1);
    }
}

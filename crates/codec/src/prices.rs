//! Prices: what each column costs that shares a stream with others.
//!
//! In: bits per column and chunk, as priced while coding. Out: one byte per such column, and shares of a stream.
//! Not here: columns with a stream of their own, whose cost the directories of the chunks tell exactly.
//! Holds: integers only, as the bytes are part of the archive.

use crate::plan::{ColumnId, Plan};
use hepz_columns::Table;

/// Bits of every column so far.
pub(crate) struct Prices(Vec<Vec<u64>>);

/// `log2` of the bytes, in eighths: 6 % wide steps up to 4 GiB.
fn quantised(bits: u64) -> u8 {
    let bytes = (bits.div_ceil(8) + 1).min(u64::from(u32::MAX));
    let exponent = bytes.ilog2();
    let eighths = (bytes << 3 >> exponent) & 7;
    (exponent << 3) as u8 | eighths as u8
}

/// The middle of a step, up to a common factor.
fn weight(quantised: u8) -> f64 {
    let (exponent, eighths) = (u32::from(quantised >> 3), f64::from(quantised & 7));
    (1u64 << exponent) as f64 * (8.5 + eighths)
}

/// The streams that more than one column shares, in order.
fn shared(plan: &Plan) -> impl Iterator<Item = (usize, Vec<ColumnId>)> {
    (0..plan.stream_count())
        .map(|stream| (stream, plan.stream_columns(stream)))
        .filter(|(_, columns)| columns.len() > 1)
}

impl Prices {
    /// Nothing priced yet.
    pub(crate) fn new(tables: &[Table]) -> Prices {
        Prices(tables.iter().map(|t| vec![0; t.columns.len()]).collect())
    }

    /// Adds the prices of one chunk.
    pub(crate) fn add(&mut self, column_bits: &[Vec<u64>]) {
        for (sums, bits) in self.0.iter_mut().zip(column_bits) {
            for (sum, &bits) in sums.iter_mut().zip(bits) {
                *sum = sum.saturating_add(bits);
            }
        }
    }

    /// One byte per column of every shared stream.
    pub(crate) fn to_bytes(&self, plan: &Plan) -> Vec<u8> {
        let price = |id: ColumnId| self.0.get(id.table as usize)?.get(id.column as usize).copied();
        shared(plan).flat_map(|(_, columns)| columns).map(|id| quantised(price(id).unwrap_or(0))).collect()
    }
}

/// For each shared stream, what share of its bytes each of its columns has; equal shares where nothing is stored.
pub(crate) fn shares(plan: &Plan, stored: &[u8]) -> Vec<(usize, Vec<(ColumnId, f64)>)> {
    let mut prices = stored.iter();
    shared(plan)
        .map(|(stream, columns)| {
            let weights: Vec<f64> =
                columns.iter().map(|_| prices.next().map_or(1.0, |&q| weight(q))).collect();
            let sum: f64 = weights.iter().sum();
            (stream, columns.into_iter().zip(weights.iter().map(|w| w / sum)).collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_survives_within_seven_percent() {
        for bits in [800, 4321, 99_999, 123_456_789, 8 << 31] {
            let found = weight(quantised(bits)) / weight(quantised(8 * 999)) * 1000.0;
            let error = found / (bits as f64 / 8.0) - 1.0;
            assert!(error.abs() < 0.13, "{bits} {error}");
        }
        assert!(quantised(0) < quantised(8));
        assert_eq!(quantised(u64::MAX), 255);
    }
}

//! Special values: zeros, infinities, NaN, and numbers that stand for something else, as -999 for "not measured".
//!
//! In: the patterns of a column. Out: those that are special, with how often they come.
//! Not here: what the others have in common (`grid`), special values of a contract (`hepz-precision`).
//! Holds: a value is special by what it is, or because it comes many times as often as the others do.

use hepz_columns::Scalar;
use hepz_transforms::order::to_number;

/// Special values of one column, at most.
const MOST: usize = 8;
/// A special value comes at least so many times.
const LEAST_COUNT: usize = 16;
/// It is at least one of so many values.
const LEAST_SHARE: usize = 200;
/// It comes so many times as often as the others on average.
const TIMES_AS_OFTEN: usize = 16;

/// The special patterns of a column and how often each comes, most frequent first. Patterns of NaN count as one each.
pub(super) fn find(scalar: Scalar, raws: &[u64]) -> Vec<(u64, usize)> {
    let mut sorted = raws.to_vec();
    sorted.sort_unstable();
    let counts = sorted.chunk_by(|a, b| a == b).filter_map(|run| Some((*run.first()?, run.len())));
    let (mut special, mut others): (Vec<_>, Vec<_>) = counts.partition(|&(raw, _)| by_nature(scalar, raw));
    others.sort_by_key(|&(raw, count)| (std::cmp::Reverse(count), raw));
    if others.len() == 1 && special.is_empty() {
        return others;
    }
    let mut left: usize = others.iter().map(|other| other.1).sum();
    for (taken, &(raw, count)) in others.iter().enumerate().take(MOST) {
        let (rest, kinds) = (left - count, others.len() - taken - 1);
        let often = count >= LEAST_COUNT && count * LEAST_SHARE >= raws.len();
        if !often || kinds == 0 || count * kinds < TIMES_AS_OFTEN * rest {
            break;
        }
        special.push((raw, count));
        left = rest;
    }
    special.sort_by_key(|&(raw, count)| (std::cmp::Reverse(count), raw));
    special
}

/// Zero, infinite, or no number.
fn by_nature(scalar: Scalar, raw: u64) -> bool {
    let number = to_number(raw, scalar);
    number == 0.0 || !number.is_finite()
}

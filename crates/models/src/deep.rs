//! The deep walk: prices the decisions of path values as `path` does, with more weights.
//!
//! In: path values of one column, what the decoder already knows beside each (lanes, expectations).
//! Out: the same values, coded. Not here: the walk of level default (`path`), how opinions are weighed (`ensemble`).
//! Holds: one walk for both directions; no floating point; memory is fixed before the first decision.

use crate::ensemble::{Ensemble, MOST, OUTSIDE_CLASSES, Outside, Slot};
use crate::forecast::Forecasts;
use crate::logistic::LOGISTIC;
use crate::path::{Expectation, Lane, PathShape};
use hepz_entropy::{Coder, RawBits};

/// At most so many lanes; more are ignored.
pub const MOST_LANES: usize = 16;

/// At most so many expectations; more are ignored.
const MOST_EXPECTATIONS: usize = 11;

/// Positions of an expectation in the current cell, as in `path`.
const POSITIONS: usize = 64;

/// Positions of two expectations together, each.
const COARSE: usize = 32;

/// Groups of 16 slots in one lane: at most `2^15`, which is 4 MiB.
const MAX_LOG2_GROUPS: u32 = 15;

/// Enough groups for what `n` values can touch, within the cap.
fn log2_groups(contexts: u64, depth: u32, n: usize) -> u32 {
    let mut touched = 0u64;
    for depth in (0..depth).step_by(4) {
        touched += contexts.saturating_mul(1 << depth.min(40)).min(n as u64);
    }
    (64 - (2 * touched).leading_zeros()).min(MAX_LOG2_GROUPS)
}

/// Codes `values`: encoding reads them, decoding overwrites them.
///
/// Cost: three to four times that of `path::walk`. Memory: at most 4 MiB for each lane.
pub fn walk<C: Coder, R: RawBits>(
    coder: &mut C,
    raw: &mut R,
    shape: PathShape,
    lanes: &[Lane<'_>],
    expectations: &[Expectation<'_>],
    values: &mut [u64],
) {
    walk_within(coder, raw, shape, lanes, expectations, &[], None, values);
}

/// As [`walk`], where the decoder knows that each value lies in a range, both ends included: what follows from that costs
/// nothing. Values without a range, and those of empty ranges, may be anything.
///
/// A decision between two halves of which the range covers shares `c0` and `c1` has the odds of the model times `c1 / c0`:
/// Bayes' rule, values being spread evenly in each half as far as is known.
#[allow(clippy::too_many_arguments)] // What is known of a value beforehand, each in its own way.
pub fn walk_within<C: Coder, R: RawBits>(
    coder: &mut C,
    raw: &mut R,
    shape: PathShape,
    lanes: &[Lane<'_>],
    expectations: &[Expectation<'_>],
    within: &[(u64, u64)],
    mut forecasts: Option<Forecasts<'_>>,
    values: &mut [u64],
) {
    let bits = shape.bits.min(64);
    let modelled = shape.modelled.min(bits);
    if bits == 0 || values.is_empty() {
        return;
    }
    let n = values.len();
    let lanes = &lanes[..lanes.len().min(MOST_LANES)];
    let expectations = &expectations[..expectations.len().min(MOST_EXPECTATIONS)];
    let (nl, ne) = (lanes.len(), expectations.len());
    let pair = ne >= 2;
    let inputs = nl + ne + usize::from(pair);
    let mut first = [0usize; MOST];
    let mut mask = [0usize; MOST];
    let mut slots = 16;
    for (input, lane) in lanes.iter().enumerate() {
        let own = lane.own.map_or(0, |own| own.bits.min(16));
        let log2 = log2_groups(u64::from(lane.cardinality.max(1)) << own, lane.depth.min(modelled), n);
        first[input] = slots;
        mask[input] = (1 << log2) - 1;
        slots += 16 << log2;
    }
    for (input, first) in first.iter_mut().enumerate().take(inputs).skip(nl) {
        *first = slots;
        let positions = if input == nl + ne { COARSE * COARSE } else { POSITIONS };
        slots += modelled.max(1) as usize * positions;
    }
    let mut slots = vec![Slot::NEW; slots];
    let depths = modelled.max(1) as usize;
    let listens = forecasts.is_some();
    let mut ensemble =
        Ensemble::new(inputs, listens, depths, [depths, 16 * OUTSIDE_CLASSES, 4 * COARSE], 2 * 256);
    for at in 0..n {
        let mut contexts = [0u64; MOST];
        for (lane, context) in lanes.iter().zip(&mut contexts) {
            let mut number = lane.given.get(at).map_or(0, |&given| u64::from(given));
            if let Some(own) = lane.own {
                let own_bits = own.bits.min(bits).min(16);
                let earlier = own.earlier.of(at, values);
                number = number << own_bits | earlier >> (bits - own_bits).min(63);
            }
            *context = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        let mut expected = [0u64; MOST_EXPECTATIONS];
        for (expectation, expected) in expectations.iter().zip(&mut expected) {
            *expected = match *expectation {
                Expectation::Given(given) => given.get(at).copied().unwrap_or(0),
                Expectation::Earlier(earlier) => earlier.of(at, values),
                Expectation::Made(guess) => guess.guess(at, &values[..at]),
            };
        }
        let truth = values[at];
        let range = within.get(at).copied().filter(|range| range.0 <= range.1);
        let mut reach = forecasts.as_mut().map(|forecasts| forecasts.begin(at));
        let mut prefix = 0u64;
        let mut nibble = 1usize;
        let mut group = [0usize; MOST];
        for depth in 0..modelled {
            if depth % 4 == 0 {
                nibble = 1;
                let node = (1u64 << depth | prefix).wrapping_mul(0xd6e8_feb8_6659_fd93);
                for lane in 0..nl {
                    let hash = (contexts[lane] ^ node).wrapping_mul(0xa076_1d64_78bd_642f);
                    group[lane] = first[lane] + ((hash >> 40) as usize & mask[lane]) * 16;
                }
            }
            for lane in 0..nl {
                ensemble.at[lane] = if lanes[lane].depth > depth { group[lane] + nibble } else { 0 };
            }
            let size = bits - depth;
            let low = if size >= 64 { 0 } else { prefix << size };
            let halves = Halves::of(range, low, size);
            let mut parts = None;
            if let (Some(forecasts), Some(whole)) = (&forecasts, reach) {
                let (opinion, both) = forecasts.split(whole, low + (1 << (size - 1)));
                ensemble.outside = opinion.map_or(Outside::default(), |opinion| Outside {
                    log_odds: LOGISTIC.stretch(opinion.p1 >> 4),
                    confidence: opinion.intervals.min(11) as u8,
                });
                parts = Some(both);
            }
            if let Halves::One(bit) = halves {
                reach = parts.map(|parts| parts[bit as usize]);
                prefix = prefix << 1 | u64::from(bit);
                nibble = nibble << 1 | bit as usize;
                continue;
            }
            let mut positions = [24usize; MOST_EXPECTATIONS];
            for e in 0..ne {
                let distance = expected[e].wrapping_sub(low) as i64;
                let sixteenths = if size >= 4 { distance >> (size - 4) } else { distance << (4 - size) };
                positions[e] = (sixteenths.clamp(-24, 39) + 24) as usize;
                ensemble.at[nl + e] = first[nl + e] + depth as usize * POSITIONS + positions[e];
            }
            if pair {
                let joint = (depth as usize * COARSE + positions[0] / 2) * COARSE + positions[1] / 2;
                ensemble.at[nl + ne] = first[nl + ne] + joint;
            }
            // Weights by depth; by what the last lane knows; by what is expected, or what the second lane knows.
            let top = |lane: usize| if nl > 1 { (contexts[lane] >> 60) as usize } else { 0 };
            let class = (depth * 4 / depths as u32) as usize;
            let beside = if ne > 0 { positions[0] / 2 } else { top(1) };
            let last = if listens { ensemble.outside.class() } else { top(nl.max(1) - 1) };
            let by_last = (depth as usize).min(15) * OUTSIDE_CLASSES + last;
            let selectors = [depth as usize, by_last, class * COARSE + beside];
            let cell =
                if depth < 8 { (1 << depth | prefix) as usize } else { 256 + ((prefix & 255) as usize) };
            let bit = ensemble.code(&mut slots, depth as usize, selectors, cell, |p1| {
                coder.code((truth >> (size - 1)) as u32 & 1, halves.given(p1))
            });
            reach = parts.map(|parts| parts[bit as usize & 1]);
            prefix = prefix << 1 | u64::from(bit);
            nibble = nibble << 1 | bit as usize;
        }
        let mut unmodelled = bits - modelled;
        // What no model knows is still bounded by the range, until the range is no bound any more.
        while unmodelled > 0 && range.is_some() {
            let low = if unmodelled >= 64 { 0 } else { prefix << unmodelled };
            let bit = match Halves::of(range, low, unmodelled) {
                Halves::Both => break,
                Halves::One(bit) => bit,
                shares @ Halves::Shares(..) => {
                    coder.code((truth >> (unmodelled - 1)) as u32 & 1, shares.given(1 << 15))
                }
            };
            prefix = prefix << 1 | u64::from(bit);
            unmodelled -= 1;
        }
        let low = raw.raw(truth, unmodelled);
        values[at] = if unmodelled >= 64 { low } else { prefix << unmodelled | low };
    }
}

/// What a range leaves of a decision.
#[derive(Clone, Copy)]
enum Halves {
    /// Both halves lie in it.
    Both,
    /// Only this one touches it.
    One(u32),
    /// Shares of the lower and the upper half that lie in it, in units of 2^-16, at least 1.
    Shares(u64, u64),
}

impl Halves {
    /// Of the cell of `size` bits (at least 1) that begins at `low`.
    #[inline(always)]
    fn of(range: Option<(u64, u64)>, low: u64, size: u32) -> Halves {
        let Some((first, last)) = range else { return Halves::Both };
        let half = 1u64 << (size - 1);
        let middle = low + half;
        let end = middle + (half - 1);
        if first <= low && last >= end {
            return Halves::Both;
        }
        if last < middle {
            return Halves::One(0);
        }
        if first >= middle {
            return Halves::One(1);
        }
        // Less than a whole half each, or exactly one: the numbers fit.
        let share =
            |first: u64, last: u64| ((u128::from(last - first) + 1) << 16 >> (size - 1)).max(1) as u64;
        Halves::Shares(share(first.max(low), middle - 1), share(middle, last.min(end)))
    }

    /// The probability of a 1, in units of 2^-16, where the model says `p1`.
    #[inline(always)]
    fn given(self, p1: u32) -> u32 {
        let Halves::Shares(c0, c1) = self else { return p1 };
        let (p1, p0) = (u64::from(p1) * c1, u64::from(65_536 - p1) * c0);
        ((p1 << 16) / (p0 + p1)).clamp(1, 65_535) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{Earlier, Own};
    use hepz_entropy::{BitReader, BitWriter, Decoder, Encoder};
    use proptest::prelude::*;

    fn coded(shape: PathShape, lanes: &[Lane<'_>], near: &[Expectation<'_>], values: &[u64]) -> usize {
        let (mut encoder, mut writer) = (Encoder::default(), BitWriter::default());
        let mut written = values.to_vec();
        walk(&mut encoder, &mut writer, shape, lanes, near, &mut written);
        assert_eq!(written, values);
        let (decisions, raw) = (encoder.finish(), writer.finish());
        let mut read = vec![0; values.len()];
        walk(&mut Decoder::new(&decisions), &mut BitReader::new(&raw), shape, lanes, near, &mut read);
        assert_eq!(read, values);
        decisions.len() + raw.len()
    }

    #[test]
    fn lanes_and_expectations_that_know_make_values_cheap() {
        let values: Vec<u64> = (0..4000u64).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48).collect();
        let shape = PathShape { bits: 16, modelled: 16 };
        let alone = coded(shape, &[], &[], &values);
        assert!(alone > 7900, "{alone}");
        let expected = coded(shape, &[], &[Expectation::Given(&values)], &values);
        assert!(expected < 300, "{expected}");
        let tops: Vec<u16> = values.iter().map(|value| (value >> 12) as u16).collect();
        let lane = Lane { given: &tops, cardinality: 16, own: None, depth: 64 };
        let known = coded(shape, &[lane], &[], &values);
        assert!(known < alone - 1700, "{known} {alone}");
    }

    #[test]
    fn a_range_makes_the_rest_cost_what_is_left() {
        let values: Vec<u64> = (0..8000u64).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).collect();
        let range = |width: u64| -> Vec<(u64, u64)> {
            let first = |(at, &value): (usize, &u64)| value.saturating_sub(at as u64 * 7919 % width);
            values.iter().enumerate().map(first).map(|first| (first, first + width - 1)).collect()
        };
        for (width, modelled, bits) in
            [(1u64, 24, 0.0f64), (8192, 0, 13.0), (1000, 24, 9.97), (1000, 12, 9.97)]
        {
            let shape = PathShape { bits: 24, modelled };
            let within = range(width);
            let (mut encoder, mut writer) = (Encoder::default(), BitWriter::default());
            walk_within(&mut encoder, &mut writer, shape, &[], &[], &within, None, &mut values.clone());
            let (decisions, raw) = (encoder.finish(), writer.finish());
            let mut read = vec![0; values.len()];
            let (mut decoder, mut reader) = (Decoder::new(&decisions), BitReader::new(&raw));
            walk_within(&mut decoder, &mut reader, shape, &[], &[], &within, None, &mut read);
            assert_eq!(read, values);
            let took = (decisions.len() + raw.len()) as f64 * 8.0 / values.len() as f64;
            assert!(took < bits + 0.15, "{took} bits for ranges of {width}, {modelled} modelled");
        }
    }

    #[test]
    fn damaged_codes_decode_to_something() {
        let shape = PathShape { bits: 40, modelled: 20 };
        for damage in 0..64u8 {
            let code: Vec<u8> = (0..40).map(|at| (at * 37) ^ damage).collect();
            let mut values = vec![0; 100];
            let lane = Lane { given: &[], cardinality: 1, own: None, depth: 64 };
            walk(&mut Decoder::new(&code), &mut BitReader::new(&code), shape, &[lane], &[], &mut values);
            assert!(values.iter().all(|&value| value >> 40 == 0));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_values_come_back_in_any_company(
            raw in prop::collection::vec(any::<u64>(), 0..200),
            bits in 0u32..=64,
            modelled in 0u32..=64,
            given in prop::collection::vec(0u16..40, 0..200),
            (lanes, near) in (0usize..20, 0usize..14),
        ) {
            let values: Vec<u64> = raw.iter().map(|r| if bits == 0 { 0 } else { r >> (64 - bits) }).collect();
            let places: Vec<u32> = (0..raw.len() as u32).map(|at| at.wrapping_sub(at % 3)).collect();
            let lane = |at: usize| Lane {
                given: if at.is_multiple_of(2) { &given } else { &[] },
                cardinality: 40,
                own: (at % 3 == 1).then_some(Own { earlier: Earlier::Back(at as u32), bits: at as u32 }),
                depth: at as u32 * 5,
            };
            let lanes: Vec<Lane<'_>> = (0..lanes).map(lane).collect();
            let near: Vec<Expectation<'_>> = (0..near)
                .map(|at| match at % 3 {
                    0 => Expectation::Given(&raw),
                    1 => Expectation::Earlier(Earlier::At(&places)),
                    _ => Expectation::Earlier(Earlier::Back(1)),
                })
                .collect();
            coded(PathShape { bits, modelled }, &lanes, &near, &values);
            let most = if bits == 0 { 0 } else { u64::MAX >> (64 - bits) };
            let within: Vec<(u64, u64)> = values
                .iter()
                .enumerate()
                .map(|(at, &v)| (v.saturating_sub(raw[at] >> 40), v.saturating_add(raw[at] & 0xffff).min(most)))
                .collect();
            let shape = PathShape { bits, modelled };
            let (mut encoder, mut writer) = (Encoder::default(), BitWriter::default());
            walk_within(&mut encoder, &mut writer, shape, &lanes, &near, &within, None, &mut values.clone());
            let (decisions, low) = (encoder.finish(), writer.finish());
            let mut read = vec![0; values.len()];
            let (mut decoder, mut reader) = (Decoder::new(&decisions), BitReader::new(&low));
            walk_within(&mut decoder, &mut reader, shape, &lanes, &near, &within, None, &mut read);
            prop_assert_eq!(read, values);
        }
    }
}

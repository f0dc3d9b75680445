//! A sorted list with fast look-up of everything near a value.
//!
//! In: (value, item) pairs. Out: the items within a tolerance.
//! Not here: what the items are (`products`, `sums`).
//! Holds: equal input gives equal order; NaN and infinite values are dropped.

/// The list, with an index of equal steps over its range.
pub(super) struct Ladder<T> {
    values: Vec<f64>,
    items: Vec<T>,
    starts: Vec<u32>,
    low: f64,
    per_step: f64,
}

impl<T: Copy + Ord> Ladder<T> {
    pub fn new(mut pairs: Vec<(f64, T)>) -> Ladder<T> {
        pairs.retain(|pair| pair.0.is_finite());
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let values: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
        let items: Vec<T> = pairs.iter().map(|pair| pair.1).collect();
        // Values of physics spread over decades; the middle 90 % of the list get the index.
        let n = values.len();
        let (low, high) = match (values.get(n / 20), values.get(n.saturating_sub(1 + n / 20))) {
            (Some(&low), Some(&high)) => (low, high),
            _ => (0.0, 0.0),
        };
        let steps = (2 * n).clamp(1, 1 << 16);
        let per_step = if high > low { steps as f64 / (high - low) } else { 0.0 };
        let mut ladder = Ladder { values, items, starts: Vec::with_capacity(steps + 1), low, per_step };
        let mut at = 0;
        for step in 0..steps {
            while at < n && ladder.step(ladder.values[at], steps) < step {
                at += 1;
            }
            ladder.starts.push(at as u32);
        }
        ladder
    }

    fn step(&self, value: f64, steps: usize) -> usize {
        // The cast saturates; NaN becomes 0.
        (((value - self.low) * self.per_step) as usize).min(steps - 1)
    }

    /// Every item whose value differs from `value` by at most `tolerance`, with its value.
    #[inline]
    pub fn near(&self, value: f64, tolerance: f64) -> impl Iterator<Item = (f64, T)> + '_ {
        let from = value - tolerance;
        let step = self.step(from, self.starts.len());
        let mut at = self.starts.get(step).map_or(0, |&at| at as usize);
        if step == 0 || step + 1 == self.starts.len() {
            // The ends of the index hold the tails of the list.
            at += self.values[at..].partition_point(|&x| x < from);
        }
        while self.values.get(at).is_some_and(|&x| x < from) {
            at += 1;
        }
        let to = value + tolerance;
        let wanted = self.values[at..].iter().take_while(move |&&x| x <= to);
        wanted.copied().zip(self.items[at..].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_ladder_finds_what_a_full_scan_finds(
            values in prop::collection::vec(prop_oneof![-1.0f64..1.0, -1.0e9f64..1.0e9, Just(0.0)], 0..80),
            pick in 0usize..80, offset in -0.1f64..0.1, tolerance in 0.0f64..0.2,
        ) {
            let value = values.get(pick).copied().unwrap_or(0.0) + offset;
            let ladder = Ladder::new(values.iter().copied().zip(0u32..).collect());
            let mut found: Vec<u32> = ladder.near(value, tolerance).map(|(_, item)| item).collect();
            found.sort_unstable();
            let (from, to) = (value - tolerance, value + tolerance);
            let scan: Vec<u32> = (0u32..).zip(&values).filter(|(_, x)| (from..=to).contains(*x)).map(|(i, _)| i).collect();
            prop_assert_eq!(found, scan);
        }
    }
}

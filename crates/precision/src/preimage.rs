//! Pre-images: all patterns that become one stored pattern.
//!
//! In: intervals of places in numeric order. Out: [`Preimage`], which answers whether a pattern is inside.
//! Not here: the intervals of each rule (`rule`, `quant`) and of each contract (`reduce`).
//! Holds: intervals are closed, not empty, disjoint and ascending; there is at least one.

use crate::pattern::Layout;

/// A closed run of patterns, in numeric order (negative numbers come first, -0 before +0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The numerically lowest pattern.
    pub lowest: u64,
    /// The numerically highest pattern.
    pub highest: u64,
}

/// The patterns that become one stored pattern. Nearly always one interval; NaN that is made quiet has two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preimage {
    layout: Layout,
    keys: Vec<(u64, u64)>,
}

impl Preimage {
    /// From closed intervals of keys, ascending and disjoint; `None` if there is none.
    pub(crate) fn new(layout: Layout, keys: Vec<(u64, u64)>) -> Option<Preimage> {
        (!keys.is_empty()).then_some(Preimage { layout, keys })
    }

    /// One interval of magnitudes, all with the sign of `raw`.
    pub(crate) fn magnitudes(layout: Layout, raw: u64, lowest: u64, highest: u64) -> Option<Preimage> {
        let sign = layout.sign(raw);
        let ends = [layout.key(sign | lowest), layout.key(sign | highest)];
        (lowest <= highest)
            .then(|| Preimage { layout, keys: vec![(ends[0].min(ends[1]), ends[0].max(ends[1]))] })
    }

    /// The intervals, ascending.
    pub fn intervals(&self) -> impl Iterator<Item = Interval> + '_ {
        let at = |key| self.layout.at_key(key);
        self.keys.iter().map(move |&(lowest, highest)| Interval { lowest: at(lowest), highest: at(highest) })
    }

    /// True if `raw` becomes the stored pattern.
    pub fn contains(&self, raw: u64) -> bool {
        let key = self.layout.key(raw);
        self.keys.iter().any(|&(lowest, highest)| (lowest..=highest).contains(&key))
    }

    /// How many patterns there are, at most `u64::MAX`.
    pub fn count(&self) -> u64 {
        self.keys
            .iter()
            .fold(0u64, |sum, &(lowest, highest)| sum.saturating_add((highest - lowest).saturating_add(1)))
    }

    /// Numbers the patterns from 0 in numeric order: the place of `raw`, or `None` if it is outside.
    /// A refinement codes this number; [`Preimage::nth`] gives the pattern back.
    pub fn place(&self, raw: u64) -> Option<u64> {
        let key = self.layout.key(raw);
        let mut before = 0u64;
        for &(lowest, highest) in &self.keys {
            if (lowest..=highest).contains(&key) {
                return before.checked_add(key - lowest);
            }
            before = before.checked_add(highest - lowest)?.checked_add(1)?;
        }
        None
    }

    /// The pattern at a place; the inverse of [`Preimage::place`].
    pub fn nth(&self, place: u64) -> Option<u64> {
        let mut rest = place;
        for &(lowest, highest) in &self.keys {
            if rest <= highest - lowest {
                return Some(self.layout.at_key(lowest + rest));
            }
            rest -= highest - lowest + 1;
        }
        None
    }

    /// Cuts single patterns out.
    pub(crate) fn without(mut self, raws: &[u64]) -> Option<Preimage> {
        for raw in raws {
            let hole = self.layout.key(*raw);
            let cut = |&(lowest, highest): &(u64, u64)| {
                if !(lowest..=highest).contains(&hole) {
                    return [Some((lowest, highest)), None];
                }
                let below = (lowest < hole).then(|| (lowest, hole - 1));
                let above = (hole < highest).then(|| (hole + 1, highest));
                [below, above]
            };
            self.keys = self.keys.iter().flat_map(cut).flatten().collect();
        }
        Preimage::new(self.layout, self.keys)
    }
}

/// The keys in `within` (closed) at which a rising function has the value `target`; `None` if there are none.
pub(crate) fn keys_with_value(
    within: (u64, u64),
    target: u64,
    rising: impl Fn(u64) -> u64,
) -> Option<(u64, u64)> {
    let (mut low, mut high) = within;
    // First key whose value is not below the target.
    while low < high {
        let middle = low + (high - low) / 2;
        if rising(middle) < target { low = middle + 1 } else { high = middle }
    }
    if rising(low) != target {
        return None;
    }
    let first = low;
    high = within.1;
    // Last key whose value is not above it.
    while low < high {
        let middle = high - (high - low) / 2;
        if rising(middle) > target { high = middle - 1 } else { low = middle }
    }
    Some((first, low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_number_the_patterns_of_all_intervals() {
        let layout = Layout::F16;
        let preimage = Preimage::new(layout, vec![(10, 12), (20, 20)]).unwrap();
        assert_eq!(preimage.count(), 4);
        for place in 0..4 {
            assert_eq!(preimage.place(preimage.nth(place).unwrap()), Some(place));
        }
        assert_eq!(preimage.nth(4), None);
        assert_eq!(preimage.place(layout.at_key(13)), None);
        let holed = preimage.without(&[layout.at_key(11), layout.at_key(20)]).unwrap();
        assert_eq!(holed.keys, [(10, 10), (12, 12)]);
    }

    #[test]
    fn a_value_between_steps_has_no_keys() {
        assert_eq!(keys_with_value((0, 99), 40, |key| key / 10 * 10), Some((40, 49)));
        assert_eq!(keys_with_value((0, 99), 45, |key| key / 10 * 10), None);
        assert_eq!(keys_with_value((0, 99), 90, |key| key / 10 * 10), Some((90, 99)));
        assert_eq!(keys_with_value((0, u64::MAX), 7, |key| key), Some((7, 7)));
    }
}

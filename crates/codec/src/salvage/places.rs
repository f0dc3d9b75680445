//! Places: ranges of an image that are lost.
//!
//! In: ranges, in any order. Out: sorted ranges that do not touch; which of them lie in a stretch.
//! Not here: why they are lost.
//! Holds: no range is empty.

use std::ops::Range;

/// Ranges, sorted, that neither touch nor overlap.
#[derive(Debug, Default)]
pub(super) struct Ranges(Vec<Range<u64>>);

impl Ranges {
    pub(super) fn new(mut ranges: Vec<Range<u64>>) -> Ranges {
        ranges.retain(|range| range.start < range.end);
        ranges.sort_by_key(|range| (range.start, range.end));
        let mut joined: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match joined.last_mut() {
                Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        Ranges(joined)
    }

    /// The parts that lie in `stretch`.
    pub(super) fn within(&self, stretch: Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let first = self.0.partition_point(|range| range.end <= stretch.start);
        let inside = self.0.get(first..).unwrap_or_default().iter();
        let (from, to) = (stretch.start, stretch.end);
        inside
            .take_while(move |range| range.start < to)
            .map(move |range| range.start.max(from)..range.end.min(to))
    }

    /// True if a part of `stretch` is lost.
    pub(super) fn touch(&self, stretch: Range<u64>) -> bool {
        self.within(stretch).next().is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Range<u64>> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_cut() {
        let ranges = Ranges::new(vec![8..9, 1..3, 3..5, 6..6, 4..5]);
        assert_eq!(ranges.iter().cloned().collect::<Vec<_>>(), [1..5, 8..9]);
        assert_eq!(ranges.within(2..9).collect::<Vec<_>>(), [2..5, 8..9]);
        assert!(ranges.touch(4..6) && !ranges.touch(5..8) && !ranges.touch(9..20));
    }
}

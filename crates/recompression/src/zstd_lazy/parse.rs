//! The lazy parse: which matches a block takes.
//!
//! In: a block and the distances that came before. Out: literals, sequences, the distances for the next block.
//! Not here: finding matches (`matches`), coding (`literals`, `sequences`).
//! Holds: literals and sequences together are the block.
//! Source: zstd 1.4.9, `ZSTD_compressBlock_lazy_generic` without dictionary.

use super::matches::{Finder, Match};
use super::parameters::Search;

/// Shortest match that is searched for.
const LEAST_MATCH: usize = 4;

/// The last two distances; the third that the format has is never used by this parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repeats(u32, u32);

impl Repeats {
    /// Before the first block.
    pub(super) const START: Repeats = Repeats(1, 4);
}

/// Literals, then a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) n_literals: usize,
    pub(super) match_length: usize,
    /// Distance plus two; zero is a repeated distance.
    pub(super) offset_code: u32,
}

/// A block, parsed.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) literals: Vec<u8>,
    pub(super) sequences: Vec<Sequence>,
}

/// What a match is worth: its length by so much a byte, less the logarithm of its distance.
fn worth(found: Match, by: i32) -> i32 {
    found.length as i32 * by - (found.offset_code + 1).ilog2() as i32
}

/// Parses `plain[from..end]`, seven bytes at least.
pub(super) fn parse(finder: &mut Finder<'_>, repeats: &mut Repeats, from: usize, end: usize) -> Parsed {
    let mut parsed = Parsed::default();
    let depth = match finder.parameters.search {
        Search::Greedy => 0,
        Search::Lazy => 1,
        Search::Lazier | Search::Tree => 2,
    };
    finder.skip_to(from);
    let Repeats(mut last, mut before_last) = *repeats;
    let mut anchor = from;
    // Nothing lies before the first byte.
    let mut at = if from == 0 { 1 } else { from };
    let farthest = finder.farthest(at as u32 + 1);
    let mut saved = 0;
    for distance in [&mut before_last, &mut last] {
        if *distance > farthest {
            saved = std::mem::replace(distance, 0);
        }
    }
    let repeated = |finder: &Finder<'_>, at: usize, distance: u32| {
        let before = at.checked_sub(distance as usize).filter(|_| distance > 0)?;
        (finder.word(at) == finder.word(before))
            .then(|| Match { length: finder.common(at, before, end), offset_code: 0 })
    };
    while at + 8 < end {
        let mut found = Match { length: 0, offset_code: 0 };
        let mut start = at + 1;
        if let Some(again) = repeated(finder, at + 1, last) {
            found = again;
        }
        if found.length == 0 || depth > 0 {
            let first = finder.best(at, end);
            if first.length > found.length {
                (found, start) = (first, at);
            }
            if found.length < LEAST_MATCH {
                at += ((at - anchor) >> 8) + 1;
                continue;
            }
        }
        // Each step ahead has to gain more than the one before.
        let mut ahead = if depth > 0 && at + 8 < end { 1 } else { 0 };
        while ahead > 0 {
            at += 1;
            let (by, lead) = if ahead == 1 { (3, 4) } else { (4, 7) };
            if found.offset_code > 0
                && let Some(again) = repeated(finder, at, last)
                && again.length as i32 * by > worth(found, by) + 1
            {
                (found, start) = (again, at);
            }
            let other = finder.best(at, end);
            if other.length >= LEAST_MATCH && worth(other, 4) > worth(found, 4) + lead {
                (found, start) = (other, at);
                ahead = if at + 8 < end { 1 } else { 0 };
            } else {
                ahead = if ahead == 1 && depth == 2 && at + 8 < end { 2 } else { 0 };
            }
        }
        if found.offset_code > 0 {
            let distance = found.offset_code - 2;
            while start > anchor
                && start > distance as usize
                && finder.plain[start - 1] == finder.plain[start - 1 - distance as usize]
            {
                start -= 1;
                found.length += 1;
            }
            (before_last, last) = (last, distance);
        }
        parsed.literals.extend_from_slice(&finder.plain[anchor..start]);
        parsed.push(start - anchor, found);
        anchor = start + found.length;
        at = anchor;
        while at + 8 <= end
            && let Some(again) = repeated(finder, at, before_last)
        {
            (before_last, last) = (last, before_last);
            parsed.push(0, again);
            at += again.length;
            anchor = at;
        }
    }
    let kept = |distance: u32| if distance > 0 { distance } else { saved };
    *repeats = Repeats(kept(last), kept(before_last));
    parsed.literals.extend_from_slice(&finder.plain[anchor..end]);
    parsed
}

impl Parsed {
    fn push(&mut self, n_literals: usize, found: Match) {
        let Match { length, offset_code } = found;
        self.sequences.push(Sequence { n_literals, match_length: length, offset_code });
    }
}

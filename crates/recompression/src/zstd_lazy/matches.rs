//! Finders of matches: chains of equal hashes, and binary trees that are sorted when they are looked at.
//!
//! In: plain bytes and a position. Out: the longest match there that is worth its distance.
//! Not here: which matches are taken (`parse`).
//! Holds: positions are one more than offsets, so that zero is nowhere; every index stays inside its table.
//! Source: zstd 1.4.9, `zstd_lazy.c`: `ZSTD_HcFindBestMatch`, `ZSTD_DUBT_findBestMatch`.

use super::Version;
use super::parameters::{Parameters, Search};

/// The first position.
const FIRST: u32 = 1;
/// In place of a larger child: the position is not sorted into the tree yet. Also a position, as in the original.
const UNSORTED: u32 = 1;
/// Distance that stands for no match; only its logarithm matters.
pub(super) const NOWHERE: u32 = 999_999_999;

/// A match: its length, and its distance plus two, as offsets are coded; zero is the last distance again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) length: usize,
    pub(super) offset_code: u32,
}

/// Tables over plain bytes.
pub(super) struct Finder<'a> {
    pub(super) plain: &'a [u8],
    pub(super) parameters: Parameters,
    heads: Vec<u32>,
    /// Chains: the position before with the same hash. Trees: pairs of children, and a place for what is thrown away.
    chain: Vec<u32>,
    next_to_insert: u32,
    version: Version,
}

impl<'a> Finder<'a> {
    pub(super) fn new(plain: &'a [u8], parameters: Parameters, version: Version) -> Finder<'a> {
        let heads = vec![0; 1 << parameters.hash_log];
        let chain = vec![0; (1 << parameters.chain_log) + 1];
        Finder { plain, parameters, heads, chain, next_to_insert: FIRST, version }
    }

    /// Before a block: after a very long match only the last positions are inserted.
    pub(super) fn skip_to(&mut self, at: usize) {
        let position = at as u32 + FIRST;
        if position > self.next_to_insert + 384 {
            self.next_to_insert = position - 192.min(position - self.next_to_insert - 384);
        }
    }

    pub(super) fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes([self.plain[at], self.plain[at + 1], self.plain[at + 2], self.plain[at + 3]])
    }

    /// How far back a distance of the block before may reach. 1.4.4 looked at the window only when it searched.
    pub(super) fn farthest(&self, position: u32) -> u32 {
        match self.version {
            Version::V1_4_4 => position - FIRST,
            Version::V1_4_9 => position - self.lowest(position),
        }
    }

    /// Bytes that are the same from `at` and from `before` on, up to `end`.
    pub(super) fn common(&self, at: usize, before: usize, end: usize) -> usize {
        let (here, there) = (&self.plain[at..end], &self.plain[before..]);
        here.iter().zip(there).take_while(|(a, b)| a == b).count()
    }

    fn hash(&self, at: usize) -> usize {
        let bits = self.parameters.hash_log;
        let long = || {
            let bytes: [u8; 8] = self.plain[at..at + 8].try_into().unwrap_or_default();
            u64::from_le_bytes(bytes)
        };
        match self.parameters.least_match {
            5 => ((long() << 24).wrapping_mul(889_523_592_379) >> (64 - bits)) as usize,
            6.. => ((long() << 16).wrapping_mul(227_718_039_650_203) >> (64 - bits)) as usize,
            _ => (self.word(at).wrapping_mul(2_654_435_761) >> (32 - bits)) as usize,
        }
    }

    /// The lowest position that a match may have.
    pub(super) fn lowest(&self, position: u32) -> u32 {
        let window = 1 << self.parameters.window_log;
        if position - FIRST > window { position - window } else { FIRST }
    }

    /// The best match at a position that is eight bytes before `end` at least.
    pub(super) fn best(&mut self, at: usize, end: usize) -> Match {
        let position = at as u32 + FIRST;
        if self.parameters.search != Search::Tree {
            return self.best_of_chain(at, position, end);
        }
        if position < self.next_to_insert {
            return Match { length: 0, offset_code: NOWHERE };
        }
        for inserted in self.next_to_insert..position {
            let hash = self.hash((inserted - FIRST) as usize);
            let node = self.node(inserted);
            self.chain[node] = self.heads[hash];
            self.chain[node + 1] = UNSORTED;
            self.heads[hash] = inserted;
        }
        self.next_to_insert = position;
        self.best_of_tree(at, position, end)
    }

    fn best_of_chain(&mut self, at: usize, position: u32, end: usize) -> Match {
        let size = 1u32 << self.parameters.chain_log;
        let mask = size - 1;
        for inserted in self.next_to_insert..position {
            let hash = self.hash((inserted - FIRST) as usize);
            self.chain[(inserted & mask) as usize] = self.heads[hash];
            self.heads[hash] = inserted;
        }
        self.next_to_insert = position;
        // 1.4.4 never found the first position of the window.
        let lowest = self.lowest(position) + u32::from(self.version == Version::V1_4_4);
        let oldest = position.saturating_sub(size);
        let mut candidate = self.heads[self.hash(at)];
        let mut best = Match { length: 3, offset_code: NOWHERE };
        for _ in 0..1u32 << self.parameters.search_log {
            if candidate < lowest {
                break;
            }
            let before = (candidate - FIRST) as usize;
            if self.plain[before + best.length] == self.plain[at + best.length] {
                let length = self.common(at, before, end);
                if length > best.length {
                    best = Match { length, offset_code: position - candidate + 2 };
                    if at + length == end {
                        break;
                    }
                }
            }
            if candidate <= oldest {
                break;
            }
            candidate = self.chain[(candidate & mask) as usize];
        }
        best
    }

    /// Where the children of a position are: the smaller, then the larger.
    fn node(&self, position: u32) -> usize {
        2 * (position & ((1 << (self.parameters.chain_log - 1)) - 1)) as usize
    }

    fn best_of_tree(&mut self, at: usize, position: u32, end: usize) -> Match {
        let hash = self.hash(at);
        let lowest = self.lowest(position);
        let mask = (1u32 << (self.parameters.chain_log - 1)) - 1;
        let oldest = position.saturating_sub(mask);
        let unsorted_until = oldest.max(lowest);
        let compares = 1u32 << self.parameters.search_log;

        // Unsorted candidates are stacked through their marks, then sorted in, oldest first.
        let (mut candidate, mut stacked, mut left) = (self.heads[hash], 0, compares);
        while candidate > unsorted_until && self.chain[self.node(candidate) + 1] == UNSORTED && left > 1 {
            let node = self.node(candidate);
            self.chain[node + 1] = stacked;
            stacked = candidate;
            candidate = self.chain[node];
            left -= 1;
        }
        if candidate > unsorted_until && self.chain[self.node(candidate) + 1] == UNSORTED {
            let node = self.node(candidate);
            self.chain[node] = 0;
            self.chain[node + 1] = 0;
        }
        while stacked != 0 {
            let after = self.chain[self.node(stacked) + 1];
            self.sort_in(stacked, end, left, unsorted_until);
            stacked = after;
            left += 1;
        }

        let mut best = Match { length: 0, offset_code: NOWHERE };
        let mut match_end = position + 8 + 1;
        let mut descent = Descent::new(self.node(position));
        candidate = self.heads[hash];
        self.heads[hash] = position;
        let nowhere = self.chain.len() - 1;
        for _ in 0..compares {
            if candidate <= lowest {
                break;
            }
            let before = (candidate - FIRST) as usize;
            let known = descent.known();
            let length = known + self.common(at + known, before + known, end);
            if length > best.length {
                match_end = match_end.max(candidate + length as u32);
                let dearer =
                    (position - candidate + 1).ilog2() as i32 - (best.offset_code + 1).ilog2() as i32;
                if 4 * (length - best.length) as i32 > dearer {
                    best = Match { length, offset_code: position - candidate + 2 };
                }
                if at + length == end {
                    break;
                }
            }
            let smaller = self.plain[before + length] < self.plain[at + length];
            candidate = descent.step(&mut self.chain, candidate, smaller, length, mask, oldest, nowhere);
            if candidate == 0 && descent.ended {
                break;
            }
        }
        descent.finish(&mut self.chain);
        self.next_to_insert = match_end - 8;
        best
    }

    /// Sorts a position into its tree; its chain link is where the sorted candidates begin.
    fn sort_in(&mut self, position: u32, end: usize, compares: u32, oldest: u32) {
        let at = (position - FIRST) as usize;
        let lowest = self.lowest(position);
        let mask = (1u32 << (self.parameters.chain_log - 1)) - 1;
        let nowhere = self.chain.len() - 1;
        let mut descent = Descent::new(self.node(position));
        let mut candidate = self.chain[descent.smaller];
        for _ in 0..compares {
            if candidate <= lowest {
                break;
            }
            let before = (candidate - FIRST) as usize;
            let known = descent.known();
            let length = known + self.common(at + known, before + known, end);
            // At the end nobody knows which is smaller.
            if at + length == end {
                break;
            }
            let smaller = self.plain[before + length] < self.plain[at + length];
            candidate = descent.step(&mut self.chain, candidate, smaller, length, mask, oldest, nowhere);
            if descent.ended {
                break;
            }
        }
        descent.finish(&mut self.chain);
    }
}

/// The way down a tree: where the next smaller and the next larger position will be hung.
struct Descent {
    smaller: usize,
    larger: usize,
    common_smaller: usize,
    common_larger: usize,
    ended: bool,
}

impl Descent {
    fn new(node: usize) -> Descent {
        Descent { smaller: node, larger: node + 1, common_smaller: 0, common_larger: 0, ended: false }
    }

    /// Bytes that all further candidates have in common with the position.
    fn known(&self) -> usize {
        self.common_smaller.min(self.common_larger)
    }

    /// Hangs a candidate and goes on to the next one.
    #[expect(clippy::too_many_arguments, reason = "the state of one loop")]
    fn step(
        &mut self,
        chain: &mut [u32],
        candidate: u32,
        is_smaller: bool,
        length: usize,
        mask: u32,
        oldest: u32,
        nowhere: usize,
    ) -> u32 {
        let node = 2 * (candidate & mask) as usize;
        let (place, common, child) = if is_smaller {
            (&mut self.smaller, &mut self.common_smaller, node + 1)
        } else {
            (&mut self.larger, &mut self.common_larger, node)
        };
        chain[*place] = candidate;
        *common = length;
        if candidate <= oldest {
            *place = nowhere;
            self.ended = true;
            return 0;
        }
        *place = child;
        chain[child]
    }

    fn finish(self, chain: &mut [u32]) {
        chain[self.larger] = 0;
        chain[self.smaller] = 0;
    }
}

//! Huffman trees of literals: code lengths by counts, and the bytes that describe them.
//!
//! In: counts of bytes. Out: [`Tree`], a code for each byte.
//! Not here: the streams (`literals`).
//! Holds: no code is longer than was asked for; codes are those of the original for any counts.
//! Source: RFC 8878, 4.2; zstd 1.4.9, `huf_compress.c`.

use super::bits::Bits;
use super::entropy_table::{Rare, Shares, State, Table, best_log};

/// Table that describes weights: at most so many bits.
const WEIGHTS_LOG: u32 = 6;

/// Codes of bytes.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// Bits of each byte's code, zero for none; up to the last byte that has one.
    pub(super) lengths: Vec<u8>,
    codes: Vec<u16>,
    longest: u32,
}

struct Leaf {
    symbol: usize,
    count: u32,
    bits: u32,
}

impl Tree {
    /// The tree of counts, two of which are not zero, the last one among them.
    pub(super) fn of(counts: &[u32], most_bits: u32) -> Tree {
        let mut leaves: Vec<Leaf> =
            counts.iter().enumerate().map(|(symbol, &count)| Leaf { symbol, count, bits: 0 }).collect();
        leaves.sort_by_key(|leaf| std::cmp::Reverse(leaf.count));
        leaves.truncate(counts.iter().filter(|&&count| count > 0).count());
        measure(&mut leaves);
        let longest = limit(&mut leaves, most_bits);

        let mut lengths = vec![0; counts.len()];
        let mut per_length = vec![0u32; longest as usize + 1];
        for leaf in &leaves {
            lengths[leaf.symbol] = leaf.bits as u8;
            per_length[leaf.bits as usize] += 1;
        }
        let mut next = vec![0u32; longest as usize + 1];
        let mut least = 0;
        for bits in (1..=longest as usize).rev() {
            next[bits] = least;
            least = (least + per_length[bits]) >> 1;
        }
        let codes = lengths.iter().map(|&bits| {
            let code = next[usize::from(bits)];
            next[usize::from(bits)] += 1;
            code as u16
        });
        let codes = codes.collect();
        Tree { lengths, codes, longest }
    }

    /// What describes the tree; `None` if it cannot be described.
    pub(super) fn to_bytes(&self, rare: Rare) -> Option<Vec<u8>> {
        let weight = |&bits: &u8| if bits == 0 { 0 } else { (self.longest + 1) as u8 - bits };
        // The last weight follows from the others.
        let weights: Vec<u8> = self.lengths[..self.lengths.len() - 1].iter().map(weight).collect();
        if let Some(coded) = coded_weights(&weights, rare)
            && coded.len() > 1
            && coded.len() < weights.len() / 2
        {
            return Some([&[coded.len() as u8], coded.as_slice()].concat());
        }
        if weights.len() > 128 {
            return None;
        }
        let mut bytes = vec![128 + (weights.len() - 1) as u8];
        bytes.extend(weights.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)));
        Some(bytes)
    }

    /// Bytes that so many of each byte take.
    pub(super) fn cost(&self, counts: &[u32]) -> usize {
        self.lengths
            .iter()
            .zip(counts)
            .map(|(&bits, &count)| usize::from(bits) * count as usize)
            .sum::<usize>()
            >> 3
    }

    /// True if every byte that was counted has a code.
    pub(super) fn has(&self, counts: &[u32]) -> bool {
        let length = |symbol: usize| self.lengths.get(symbol).copied().unwrap_or(0);
        counts.iter().enumerate().all(|(symbol, &count)| count == 0 || length(symbol) > 0)
    }

    /// The stream of bytes, last first.
    pub(super) fn stream(&self, plain: &[u8]) -> Vec<u8> {
        let mut stream = Bits::default();
        for &byte in plain.iter().rev() {
            let symbol = usize::from(byte);
            stream.put(u32::from(self.codes[symbol]), u32::from(self.lengths[symbol]));
        }
        stream.close()
    }
}

/// Weights by finite-state entropy with two states; `None` if that is no use.
fn coded_weights(weights: &[u8], rare: Rare) -> Option<Vec<u8>> {
    if weights.len() <= 2 {
        return None;
    }
    let mut counts = vec![0u32; usize::from(*weights.iter().max()?) + 1];
    for &weight in weights {
        counts[usize::from(weight)] += 1;
    }
    let most = *counts.iter().max()?;
    if most as usize == weights.len() || most == 1 {
        return None;
    }
    let log = best_log(WEIGHTS_LOG, weights.len(), counts.len() - 1, 2);
    let shares = Shares::of(&counts, log, rare)?;
    let table = Table::of(&shares);
    let mut stream = Bits::default();
    let mut rest = weights.iter().rev().map(|&weight| usize::from(weight));
    let (last, before) = (rest.next()?, rest.next()?);
    let is_odd = weights.len() % 2 == 1;
    let (mut one, mut two) = if is_odd {
        (State::new(&table, last), State::new(&table, before))
    } else {
        (State::new(&table, before), State::new(&table, last))
    };
    if is_odd {
        one.put(rest.next()?, &mut stream);
    }
    let mut is_two = true;
    for weight in rest {
        if is_two {
            two.put(weight, &mut stream)
        } else {
            one.put(weight, &mut stream)
        }
        is_two = !is_two;
    }
    two.finish(&mut stream);
    one.finish(&mut stream);
    Some([shares.to_bytes(), stream.close()].concat())
}

/// Code lengths of leaves that are sorted by falling counts.
fn measure(leaves: &mut [Leaf]) {
    const NONE_LEFT: u64 = 1 << 31;
    const NOT_YET: u64 = 1 << 30;
    let n = leaves.len();
    // Leaves, then inner nodes in the order in which they are made; parents by number of the inner node.
    let mut leaf_parents = vec![0; n];
    let mut counts: Vec<u64> = Vec::with_capacity(n);
    let mut parents = vec![0; n];
    let (mut low_leaf, mut low_node) = (n, 0);
    while counts.len() + 1 < n {
        let made = counts.len();
        let mut sum = 0;
        for _ in 0..2 {
            let leaf = low_leaf.checked_sub(1).map_or(NONE_LEFT, |leaf| u64::from(leaves[leaf].count));
            let node = if low_node < made { counts[low_node] } else { NOT_YET };
            if leaf < node {
                low_leaf -= 1;
                leaf_parents[low_leaf] = made;
                sum += leaf;
            } else {
                parents[low_node] = made;
                low_node += 1;
                sum += node;
            }
        }
        counts.push(sum);
    }
    let mut depths = vec![0u32; counts.len()];
    for node in (0..counts.len().saturating_sub(1)).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    for (leaf, &parent) in leaves.iter_mut().zip(&leaf_parents) {
        leaf.bits = depths[parent] + 1;
    }
}

/// Shortens codes to `most` bits and lengthens others for it, the cheapest first; the longest that is left.
fn limit(leaves: &mut [Leaf], most: u32) -> u32 {
    const NO_LEAF: usize = usize::MAX;
    let longest = leaves.last().map_or(0, |leaf| leaf.bits);
    if longest <= most {
        return longest;
    }
    let base = 1i64 << (longest - most);
    let mut debt = 0i64;
    let mut n = leaves.len() - 1;
    while leaves[n].bits > most {
        debt += base - (1 << (longest - leaves[n].bits));
        leaves[n].bits = most;
        n -= 1;
    }
    while leaves[n].bits == most {
        n -= 1;
    }
    debt >>= longest - most;
    // The last leaf that is so many bits shorter than the longest code.
    let mut last = vec![NO_LEAF; most as usize + 2];
    let mut bits = most;
    for at in (0..=n).rev() {
        if leaves[at].bits < bits {
            bits = leaves[at].bits;
            last[(most - bits) as usize] = at;
        }
    }
    while debt > 0 {
        let mut less = debt.ilog2() as usize + 1;
        less = less.min(last.len() - 1);
        while less > 1 {
            let (high, low) = (last[less], last[less - 1]);
            if high != NO_LEAF && (low == NO_LEAF || leaves[high].count <= 2 * leaves[low].count) {
                break;
            }
            less -= 1;
        }
        while less + 1 < last.len() && last[less] == NO_LEAF {
            less += 1;
        }
        let at = last[less];
        debt -= 1 << (less - 1);
        leaves[at].bits += 1;
        if last[less - 1] == NO_LEAF {
            last[less - 1] = at;
        }
        last[less] = match at.checked_sub(1) {
            Some(before) if leaves[before].bits == most - less as u32 => before,
            _ => NO_LEAF,
        };
    }
    while debt < 0 {
        if last[1] == NO_LEAF {
            while leaves[n].bits == most {
                n -= 1;
            }
            leaves[n + 1].bits -= 1;
            last[1] = n + 1;
        } else {
            leaves[last[1] + 1].bits -= 1;
            last[1] += 1;
        }
        debt += 1;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Lengths have to fill the code space exactly, whatever the counts.
    fn check(counts: &[u32]) {
        let total: usize = counts.iter().map(|&count| count as usize).sum();
        let last = counts.iter().rposition(|&count| count > 0).expect("some");
        let log = best_log(11, total, last, 1);
        let tree = Tree::of(&counts[..=last], log);
        assert!(tree.longest <= log);
        let space: u32 =
            tree.lengths.iter().filter(|&&bits| bits > 0).map(|&bits| 1 << (log - u32::from(bits))).sum();
        assert_eq!(space, 1 << log, "{counts:?}");
        assert!(tree.has(counts));
        for rare in [Rare::Always, Rare::InLongBlocks] {
            assert!(tree.to_bytes(rare).is_some() || last > 128);
        }
    }

    #[test]
    fn steep_counts_give_full_trees() {
        for n in 2..40 {
            let mut fibonacci = vec![1u32, 1];
            while fibonacci.len() < n {
                let sum = fibonacci.iter().rev().take(2).sum::<u32>().min(3_000);
                fibonacci.push(sum);
            }
            check(&fibonacci);
            fibonacci.reverse();
            check(&fibonacci);
            let powers: Vec<u32> = (0..n).map(|at| 1 << (at % 14)).collect();
            check(&powers);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_counts_give_full_trees(
            small in proptest::collection::vec(0u32..4, 0..250), large in proptest::collection::vec(1u32..20_000, 2..8),
            steep in 0u32..14,
        ) {
            let mut counts: Vec<u32> = small.iter().map(|&count| count << (count * steep / 3)).collect();
            counts.extend(large);
            check(&counts);
        }
    }
}

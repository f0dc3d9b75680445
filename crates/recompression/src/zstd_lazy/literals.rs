//! The literals of a block: raw, one byte repeated, or by a Huffman tree, new or that of the block before.
//!
//! In: literals and the tree before. Out: the literals section, and the tree for the next block.
//! Not here: trees (`tree`), sequences.
//! Holds: the section decodes to the literals.
//! Source: RFC 8878, 3.1.1.3.1; zstd 1.4.9, `ZSTD_compressLiterals`, `HUF_compress_internal`.

use super::entropy_table::{Rare, best_log};
use super::least_gain;
use super::tree::Tree;

/// The tree of the block before; it may lack codes of this block.
pub(super) type Huffman = Tree;

/// Literals that are not worth a trial.
const FEW: usize = 63;
/// The longest code.
const MOST_BITS: u32 = 11;

/// Kinds of sections.
mod kind {
    pub(super) const RAW: u64 = 0;
    pub(super) const RUN: u64 = 1;
    pub(super) const NEW_TREE: u64 = 2;
    pub(super) const SAME_TREE: u64 = 3;
}

/// What trying to code literals came to.
enum Tried {
    No,
    Run(u8),
    Coded { bytes: Vec<u8>, tree: Option<Tree> },
}

/// The section of `literals`.
pub(super) fn put(literals: &[u8], huffman: &mut Option<Huffman>, is_greedy: bool, rare: Rare) -> Vec<u8> {
    let tried = if literals.len() <= FEW {
        Tried::No
    } else {
        tried(literals, huffman.as_ref(), is_greedy && literals.len() <= 1_024, rare)
    };
    let n = literals.len() as u64;
    match tried {
        Tried::Run(byte) if literals.len() > 1 + least_gain(literals.len()) => {
            let mut section = plain_header(kind::RUN, n);
            section.push(byte);
            section
        }
        Tried::Coded { bytes, tree } if bytes.len() < literals.len() - least_gain(literals.len()) => {
            let kind = if tree.is_some() { kind::NEW_TREE } else { kind::SAME_TREE };
            let coded = bytes.len() as u64;
            let (streams, length) = match literals.len() {
                0..=255 => (0, 3),
                256..=1_023 => (1, 3),
                1_024..=16_383 => (2, 4),
                _ => (3, 5),
            };
            let bits = [0, 0, 0, 10, 14, 18][length];
            let header = kind | streams << 2 | n << 4 | coded << (4 + bits);
            let mut section = header.to_le_bytes()[..length].to_vec();
            section.extend_from_slice(&bytes);
            if tree.is_some() {
                *huffman = tree;
            }
            section
        }
        _ => {
            let mut section = plain_header(kind::RAW, n);
            section.extend_from_slice(literals);
            section
        }
    }
}

fn plain_header(kind: u64, n: u64) -> Vec<u8> {
    let (header, length) = match n {
        0..=31 => (kind | n << 3, 1),
        32..=4_095 => (kind | 1 << 2 | n << 4, 2),
        _ => (kind | 3 << 2 | n << 4, 3),
    };
    header.to_le_bytes()[..length].to_vec()
}

fn tried(literals: &[u8], before: Option<&Tree>, prefer_same: bool, rare: Rare) -> Tried {
    let mut counts = vec![0u32; 256];
    for &byte in literals {
        counts[usize::from(byte)] += 1;
    }
    counts.truncate(counts.iter().rposition(|&count| count > 0).map_or(0, |last| last + 1));
    let most = counts.iter().max().map_or(0, |&most| most as usize);
    if most == literals.len() {
        return Tried::Run(literals[0]);
    }
    if most <= (literals.len() >> 7) + 4 {
        return Tried::No;
    }
    let before = before.filter(|tree| tree.has(&counts));
    if let Some(tree) = before.filter(|_| prefer_same) {
        return coded(tree, literals, Vec::new(), None);
    }
    let log = best_log(MOST_BITS, literals.len(), counts.len() - 1, 1);
    let tree = Tree::of(&counts, log);
    let Some(header) = tree.to_bytes(rare) else { return Tried::No };
    if let Some(before) = before
        && (before.cost(&counts) <= header.len() + tree.cost(&counts) || header.len() + 12 >= literals.len())
    {
        return coded(before, literals, Vec::new(), None);
    }
    if header.len() + 12 >= literals.len() {
        return Tried::No;
    }
    coded(&tree, literals, header, Some(tree.clone()))
}

/// One stream, or four with their lengths in front.
fn coded(tree: &Tree, literals: &[u8], mut bytes: Vec<u8>, new: Option<Tree>) -> Tried {
    if literals.len() < 256 {
        bytes.extend(tree.stream(literals));
    } else {
        let streams: Vec<Vec<u8>> =
            literals.chunks(literals.len().div_ceil(4)).map(|piece| tree.stream(piece)).collect();
        for stream in streams.iter().take(3) {
            bytes.extend_from_slice(&(stream.len() as u16).to_le_bytes());
        }
        bytes.extend(streams.into_iter().flatten());
    }
    if bytes.len() >= literals.len() - 1 { Tried::No } else { Tried::Coded { bytes, tree: new } }
}

//! The bytes of printed numbers: fifteen of them cost four decisions instead of eight.
//!
//! In: a byte. Out: its rank, 0 to 14, or 15 for all others, which are then coded as two nibbles.
//! Not here: which two extra symbols pay (`config`).
//! Holds: rank and symbol are inverse; 15 is never a symbol.
//! Source: our own; a shallower tree means fewer decisions, fewer slots and half the time.

/// Rank of a byte that is not in the alphabet.
const ESCAPE: u8 = 15;

/// Digits, sign, point and end of line, then two that the configuration names.
const FIXED: [u8; 13] = *b"0123456789.-\n";

/// Fifteen symbols.
#[derive(Debug, Clone)]
pub(super) struct Alphabet {
    symbols: [u8; 15],
    ranks: [u8; 256],
}

impl Alphabet {
    pub(super) fn new(extra: [u8; 2]) -> Alphabet {
        let mut symbols = [0; 15];
        symbols[..13].copy_from_slice(&FIXED);
        symbols[13..].copy_from_slice(&extra);
        let mut ranks = [ESCAPE; 256];
        // An extra symbol that is there already keeps its lower rank.
        for (rank, &symbol) in symbols.iter().enumerate().rev() {
            ranks[usize::from(symbol)] = rank as u8;
        }
        Alphabet { symbols, ranks }
    }

    /// 0 to 14, or 15 if the byte is coded apart.
    #[inline(always)]
    pub(super) fn rank(&self, byte: u8) -> u32 {
        u32::from(self.ranks[usize::from(byte)])
    }

    /// The byte of a rank below 15.
    #[inline(always)]
    pub(super) fn symbol(&self, rank: u32) -> Option<u8> {
        self.symbols.get(rank as usize).copied()
    }

    /// Two symbols besides the fixed ones that are most frequent in `counts`, and how many bytes the alphabet covers.
    pub(super) fn choose(counts: &[u32; 256]) -> ([u8; 2], u32) {
        let mut extra = [b' ', b','];
        let mut order: Vec<u8> = (0..=255).filter(|byte| !FIXED.contains(byte)).collect();
        order.sort_by_key(|&byte| (std::cmp::Reverse(counts[usize::from(byte)]), byte));
        for (slot, &byte) in extra.iter_mut().zip(&order) {
            *slot = byte;
        }
        let covered = FIXED.iter().chain(&extra).map(|&byte| counts[usize::from(byte)]).sum();
        (extra, covered)
    }
}

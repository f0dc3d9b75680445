//! Hashed slots: the states of one context for four decisions, side by side.
//!
//! In: a hash. Out: 15 states, those of a nibble's tree.
//! Not here: what is hashed (`contexts`), what a state is (`state`).
//! Holds: a line of four slots is one cache line; a table of zeros is fresh.
//! Source: set-associative caches: the least seen of four slots gives way.

/// The states of a nibble's tree, at 1, 2 and 3, 4 to 7, 8 to 15; place 0 is not used.
pub(super) type Slot = [u8; 16];

#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Line {
    checks: [u8; 4],
    ways: [[u8; 15]; 4],
}

/// Where a slot lies.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SlotAt {
    line: u32,
    way: u32,
}

/// A table of slots.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    lines: Vec<Line>,
}

impl Slots {
    /// A fresh table of `2^log2_bytes` bytes, at least one page.
    pub(super) fn new(log2_bytes: u32) -> Slots {
        Slots { lines: vec![Line { checks: [0; 4], ways: [[0; 15]; 4] }; 1 << (log2_bytes.max(12) - 6)] }
    }

    /// The line a hash belongs to. `nibble` 0 is the first of a byte; the others stay within the same page.
    #[inline(always)]
    pub(super) fn line(&self, hash: u32, nibble: u32) -> u32 {
        let line = hash ^ (nibble.wrapping_mul(0x9e37_79b1) >> 26);
        line & (self.lines.len() as u32 - 1)
    }

    /// The checks of a line.
    #[inline(always)]
    pub(super) fn checks(&self, line: u32) -> u32 {
        u32::from_le_bytes(self.lines[line as usize].checks)
    }

    /// Copies the slot with `check` in `line`, whose checks are `checks`, or a cleared one in the place of the least seen.
    #[inline(always)]
    pub(super) fn find(&mut self, line: u32, checks: u32, check: u8, into: &mut Slot) -> SlotAt {
        let entry = &mut self.lines[line as usize];
        // The lowest zero byte of `differences` is found exactly; higher ones may be borrowed from.
        let differences = checks ^ (u32::from(check) * 0x0101_0101);
        let zeros = differences.wrapping_sub(0x0101_0101) & !differences & 0x8080_8080;
        if zeros != 0 {
            let way = (zeros.trailing_zeros() >> 3) & 3;
            into[1..].copy_from_slice(&entry.ways[way as usize]);
            return SlotAt { line, way };
        }
        let [a, b, c, d] = [0u32, 1, 2, 3].map(|way| u32::from(entry.ways[way as usize][0]) << 2 | way);
        let way = a.min(b).min(c.min(d)) & 3;
        entry.checks[way as usize] = check;
        *into = [0; 16];
        SlotAt { line, way }
    }

    /// Puts a slot back.
    #[inline(always)]
    pub(super) fn store(&mut self, at: SlotAt, slot: &Slot) {
        self.lines[at.line as usize].ways[(at.way & 3) as usize].copy_from_slice(&slot[1..]);
    }
}

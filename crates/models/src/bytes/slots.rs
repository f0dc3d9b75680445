//! Hashed slots: the states of one context for four decisions, side by side.
//!
//! In: a hash. Out: 15 states, those of a nibble's tree.
//! Not here: what is hashed (`contexts`), what a state is (`state`).
//! Holds: a line of four slots is one cache line; a table of zeros is fresh and costs no pages until touched.
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

    /// The checks of a line. Asked for all lines of a nibble first, so that their cache misses overlap.
    #[inline(always)]
    pub(super) fn checks(&self, line: u32) -> [u8; 4] {
        self.lines[line as usize].checks
    }

    /// Copies the slot with `check` in `line`, whose checks are `checks`, or a cleared one in the place of the least seen.
    #[inline(always)]
    pub(super) fn find(&mut self, line: u32, checks: [u8; 4], check: u8, into: &mut Slot) -> SlotAt {
        let entry = &mut self.lines[line as usize];
        let mut way = 4;
        for (at, &one) in checks.iter().enumerate() {
            if one == check {
                way = at;
            }
        }
        if way < 4 {
            into[1..].copy_from_slice(&entry.ways[way]);
            return SlotAt { line, way: way as u32 };
        }
        let mut least = 0;
        for at in 1..4 {
            if entry.ways[at][0] < entry.ways[least][0] {
                least = at;
            }
        }
        entry.checks[least] = check;
        *into = [0; 16];
        SlotAt { line, way: least as u32 }
    }

    /// Puts a slot back.
    #[inline(always)]
    pub(super) fn store(&mut self, at: SlotAt, slot: &Slot) {
        self.lines[at.line as usize].ways[(at.way & 3) as usize].copy_from_slice(&slot[1..]);
    }
}

//! The bytes coded so far, in a ring.
//!
//! In: bytes. Out: bytes at a distance or a position.
//! Not here: what is looked for (`matches`, `contexts`).
//! Holds: a position outside the window reads some byte, never outside the ring.
//! Source: a ring of a power of two bytes.

/// A ring of the last bytes. Before the first byte it holds zeros.
#[derive(Debug, Clone)]
pub(super) struct History {
    ring: Vec<u8>,
    len: u32,
}

impl History {
    pub(super) fn new(log2_bytes: u32) -> History {
        History { ring: vec![0; 1 << log2_bytes], len: 0 }
    }

    /// Bytes taken, modulo 2^32.
    #[inline(always)]
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// How far back bytes are kept.
    #[inline(always)]
    pub(super) fn window(&self) -> u32 {
        self.ring.len() as u32
    }

    /// Takes a byte.
    #[inline(always)]
    pub(super) fn push(&mut self, byte: u8) {
        let at = self.len as usize & (self.ring.len() - 1);
        self.ring[at] = byte;
        self.len = self.len.wrapping_add(1);
    }

    /// The byte at a position.
    #[inline(always)]
    pub(super) fn at(&self, position: u32) -> u8 {
        self.ring[position as usize & (self.ring.len() - 1)]
    }

    /// The byte `distance` back; 1 is the last one.
    #[inline(always)]
    pub(super) fn back(&self, distance: u32) -> u8 {
        self.at(self.len.wrapping_sub(distance))
    }
}

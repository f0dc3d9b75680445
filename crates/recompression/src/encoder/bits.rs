//! Bits of a deflate stream, least significant first.
//!
//! In: codes of up to 16 bits. Out: bytes.
//! Not here: what the codes mean (`block`).
//! Holds: bytes already handed out are never changed.
//! Source: RFC 1951, section 3.1.1.

/// Collects bits.
#[derive(Default)]
pub(super) struct Bits {
    pub(super) bytes: Vec<u8>,
    held: u64,
    n_held: u32,
    /// Bits that filled up the first byte that had to be whole.
    pub(super) first_filler: Option<u32>,
}

impl Bits {
    /// Appends the lowest `n` bits of `value`; the others have to be zero.
    pub(super) fn put(&mut self, value: u32, n: u32) {
        self.held |= u64::from(value) << self.n_held;
        self.n_held += n;
        while self.n_held >= 32 {
            self.bytes.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.n_held -= 32;
        }
    }

    /// Fills up the last byte with zeros.
    pub(super) fn align(&mut self) {
        self.first_filler.get_or_insert(self.n_held.wrapping_neg() % 8);
        while self.n_held > 0 {
            self.bytes.push(self.held as u8);
            self.held >>= 8;
            self.n_held = self.n_held.saturating_sub(8);
        }
    }
}

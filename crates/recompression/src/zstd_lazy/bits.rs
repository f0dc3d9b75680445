//! Bits of entropy-coded streams, lowest first, closed by a one.
//!
//! In: numbers and how many bits of each. Out: bytes.
//! Not here: what the bits mean.
//! Holds: nothing is lost; a stream is never empty.

/// A stream in the making.
#[derive(Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    held: u64,
    n_held: u32,
}

impl Bits {
    /// Appends the lowest `n` bits of a number, 32 at most.
    pub(super) fn put(&mut self, number: u32, n: u32) {
        self.held |= (u64::from(number) & ((1 << n) - 1)) << self.n_held;
        self.n_held += n;
        while self.n_held >= 8 {
            self.bytes.push(self.held as u8);
            self.held >>= 8;
            self.n_held -= 8;
        }
    }

    /// The bytes, closed by a one and zeros.
    pub(super) fn close(mut self) -> Vec<u8> {
        self.put(1, 1);
        if self.n_held > 0 {
            self.bytes.push(self.held as u8);
        }
        self.bytes
    }
}

impl Bits {
    /// The bytes, padded with zeros.
    pub(super) fn pad(mut self) -> Vec<u8> {
        if self.n_held > 0 {
            self.bytes.push(self.held as u8);
        }
        self.bytes
    }
}

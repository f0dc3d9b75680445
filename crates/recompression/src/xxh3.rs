//! The checksum behind pages and envelopes of RNTuple: XXH3 of 64 bits, little-endian.
//!
//! In: bytes. Out: their checksum as stored.
//! Not here: comparing and keeping it (`pipeline`).
//! Holds: the same on every machine; test vectors of xxHash 0.8.
//! Source: RNTuple binary format 1.0, "Page encoding"; seed 0.

use twox_hash::XxHash3_64;

/// The checksum of plain bytes as stored.
pub(crate) fn checksum(plain: &[u8]) -> [u8; 8] {
    XxHash3_64::oneshot(plain).to_le_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn checksums_are_those_of_the_reference() {
        assert_eq!(super::checksum(b""), 0x2d06_8005_38d3_94c2_u64.to_le_bytes());
        assert_eq!(super::checksum(b"abc"), 0x78af_5f94_892f_3950_u64.to_le_bytes());
    }
}

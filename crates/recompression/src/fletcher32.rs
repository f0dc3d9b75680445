//! HDF5's fletcher32 filter: four bytes of checksum at the end.
//!
//! In: bytes. Out: their checksum, as HDF5 computes it.
//! Not here: what happens to a checksum that is wrong (`pipeline` keeps it).
//! Holds: sums are folded every 360 words, so they fit 32 bits.
//! Source: HDF5 1.14, filter 3, `H5_checksum_fletcher32`: big-endian words, an odd last byte counts as a high byte.

/// Words that can be added to both sums before the second may pass 32 bits.
const WORDS_PER_FOLD: usize = 360;

/// The checksum in the byte order of the file.
pub(crate) fn checksum(bytes: &[u8]) -> [u8; 4] {
    let (words, odd) = bytes.as_chunks::<2>();
    let (mut sum, mut sum_of_sums) = (0u32, 0u32);
    for run in words.chunks(WORDS_PER_FOLD) {
        for &word in run {
            sum += u32::from(u16::from_be_bytes(word));
            sum_of_sums += sum;
        }
        (sum, sum_of_sums) = (fold(sum), fold(sum_of_sums));
    }
    if let [byte] = odd {
        sum += u32::from(*byte) << 8;
        sum_of_sums += sum;
        (sum, sum_of_sums) = (fold(sum), fold(sum_of_sums));
    }
    // The second fold brings a sum of exactly 2^16 into range.
    (fold(sum_of_sums) << 16 | fold(sum)).to_le_bytes()
}

fn fold(sum: u32) -> u32 {
    (sum & 0xffff) + (sum >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_of_ones_do_not_overflow() {
        // 0xffff is zero modulo 65535, and folding keeps it as 0xffff.
        assert_eq!(checksum(&[0xff; 100_000]), [0xff; 4]);
        assert_eq!(checksum(&[]), [0; 4]);
    }
}

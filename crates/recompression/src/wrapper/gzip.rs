//! Members of gzip files: a header, a deflate stream, checksum and length.
//!
//! In: the front of a member, or its text. Out: where the stream begins, what follows it.
//! Not here: the deflate stream (`deflate`).
//! Holds: lengths in the header are checked against the bytes that are there.
//! Source: RFC 1952.

use flate2::Crc;

/// Most bytes of a header: an extra field of 64 kB, a name and a comment.
pub(super) const HEADER_BYTES: u64 = 128 << 10;
/// CRC-32 and length of the text.
pub(super) const TRAILER_BYTES: u64 = 8;

/// Length of the header that `front` begins with; none if it is none or uses flags that have no meaning yet.
pub(super) fn header_bytes(front: &[u8]) -> Option<u64> {
    let (fixed, _) = front.split_first_chunk::<10>()?;
    let [0x1f, 0x8b, 8, flags, ..] = *fixed else { return None };
    if flags & 0xe0 != 0 {
        return None;
    }
    let mut at = 10;
    if flags & 4 != 0 {
        let (&length, _) = front.get(at..)?.split_first_chunk()?;
        at += 2 + usize::from(u16::from_le_bytes(length));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += front.get(at..)?.iter().position(|&byte| byte == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    (at <= front.len()).then_some(at as u64)
}

/// What follows the stream of a text.
pub(super) fn trailer(crc: &Crc) -> [u8; TRAILER_BYTES as usize] {
    let mut trailer = [0; TRAILER_BYTES as usize];
    trailer[..4].copy_from_slice(&crc.sum().to_le_bytes());
    trailer[4..].copy_from_slice(&crc.amount().to_le_bytes());
    trailer
}

#[cfg(test)]
mod tests {
    use super::header_bytes;

    #[test]
    fn a_header_ends_after_its_fields() {
        let fixed = |flags| vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
        assert_eq!(header_bytes(&fixed(0)), Some(10));
        assert_eq!(header_bytes(&[fixed(8), b"x.hepmc\0rest".to_vec()].concat()), Some(18));
        assert_eq!(header_bytes(&[fixed(4), vec![3, 0, 1, 2, 3, 9]].concat()), Some(15));
        assert_eq!(header_bytes(&[fixed(0x1e), b"\x01\0xname\0note\0..".to_vec()].concat()), Some(25));
    }

    #[test]
    fn a_header_that_is_cut_or_has_unknown_flags_is_none() {
        let fixed = |flags| vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
        assert_eq!(header_bytes(&fixed(0)[..9]), None);
        assert_eq!(header_bytes(&fixed(2)), None);
        assert_eq!(header_bytes(&fixed(4)), None);
        assert_eq!(header_bytes(&[fixed(4), vec![3, 0, 1]].concat()), None);
        assert_eq!(header_bytes(&[fixed(8), b"no end".to_vec()].concat()), None);
        assert_eq!(header_bytes(&fixed(0x20)), None);
    }
}

//! The zlib frame around a deflate stream: two bytes of header, four of adler32.
//!
//! In: a zlib stream. Out: [`Frame`], its deflate stream and what the header says of the level.
//! Not here: the deflate stream itself (`deflate`).
//! Holds: a frame put together again is the frame that was taken apart, with right or wrong checksum.
//! Source: RFC 1950.

use crate::encoder;
use std::ops::RangeInclusive;

/// Bytes of header and checksum.
const FRAME_BYTES: usize = 2 + 4;

/// A zlib stream, taken apart.
pub(crate) struct Frame<'a> {
    /// CMF and FLG, as they are: writers differ in the level they claim.
    pub(crate) header: [u8; 2],
    /// The deflate stream between header and checksum.
    pub(crate) stream: &'a [u8],
    /// The adler32 that is stored.
    pub(crate) checksum: [u8; 4],
}

/// Takes a zlib stream apart; `None` if it is not one, or needs a preset dictionary.
pub(crate) fn take_apart(stored: &[u8]) -> Option<Frame<'_>> {
    let (&header, rest) = stored.split_first_chunk()?;
    let (stream, &checksum) = rest.split_last_chunk()?;
    let [method, flags] = header;
    let is_deflate = method & 0x0f == 8 && u16::from_be_bytes(header) % 31 == 0;
    let preset_dictionary = flags & 0x20 != 0;
    (is_deflate && !preset_dictionary).then_some(Frame { header, stream, checksum })
}

/// The adler32 of plain bytes as stored.
pub(crate) fn checksum(plain: &[u8]) -> [u8; 4] {
    simd_adler32::adler32(&plain).to_be_bytes()
}

/// The header that zlib writes at a level, with a window of 32 KiB.
pub(crate) fn header(level: u8) -> Option<[u8; 2]> {
    [0x01, 0x5e, 0x9c, 0xda].map(|flags| [0x78, flags]).into_iter().find(|&h| levels(h).contains(&level))
}

/// The levels at which zlib writes this header.
pub(crate) fn levels(header: [u8; 2]) -> RangeInclusive<u8> {
    match header[1] >> 6 {
        0 => 1..=1,
        1 => 2..=5,
        2 => 6..=6,
        _ => 7..=9,
    }
}

/// A zlib stream of so many bytes, or of whatever length it gets.
pub(crate) fn stream_of(plain: &[u8], bytes: Option<usize>) -> Option<Vec<u8>> {
    let inner = match bytes {
        Some(bytes) => Some(bytes.checked_sub(FRAME_BYTES)?),
        None => None,
    };
    let (level, stream) = encoder::deflate_to(plain, inner)?;
    Some([header(level)?.as_slice(), &stream, &checksum(plain)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_with_a_bad_header_or_a_preset_dictionary_is_refused() {
        assert!(take_apart(&[0x78, 0x9c, 3, 0, 0, 0, 0, 1]).is_some());
        assert!(take_apart(&[0x78, 0x9d, 3, 0, 0, 0, 0, 1]).is_none());
        assert!(take_apart(&[0x78, 0xbb, 3, 0, 0, 0, 0, 1]).is_none());
        assert!(take_apart(&[0x78, 0x9c, 0, 0, 1]).is_none());
    }
}

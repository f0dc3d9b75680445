//! Payloads of a given length: plain bytes to blocks of zlib, whatever made the payload before.
//!
//! In: plain bytes and the length of their payload. Out: a payload of that length, cut into blocks as ROOT cuts them.
//! Not here: zlib streams of a given length (`zlib`).
//! Holds: sizes in the headers are those of the streams; every block but the last holds 16 MB.
//! Source: ROOT 6, `R__unzip`: the method is read from each block, so that one file may have several.

use super::frame::{Codec, HEADER_BYTES, Header, MOST_PLAIN_BYTES};
use crate::zlib;

/// A payload of so many bytes, or of whatever length it gets.
pub(crate) fn payload(plain: &[u8], bytes: Option<usize>) -> Option<Vec<u8>> {
    let blocks: Vec<&[u8]> = plain.chunks(MOST_PLAIN_BYTES).collect();
    let mut stored = Vec::new();
    if let (&[plain], Some(bytes)) = (blocks.as_slice(), bytes) {
        put(plain, zlib::stream_of(plain, Some(bytes.checked_sub(HEADER_BYTES)?))?, &mut stored)?;
        return Some(stored);
    }
    let own: Vec<Vec<u8>> = blocks.iter().map(|plain| zlib::stream_of(plain, None)).collect::<Option<_>>()?;
    // What is missing is shared out by the lengths of the streams; the last gets the rest.
    let own_bytes: usize = own.iter().map(|stream| HEADER_BYTES + stream.len()).sum();
    let mut missing = bytes.unwrap_or(own_bytes).checked_sub(own_bytes)?;
    let mut left: usize = own.iter().map(Vec::len).sum();
    for (plain, stream) in blocks.into_iter().zip(own) {
        let share = (missing as u128 * stream.len() as u128 / left.max(1) as u128) as usize;
        left -= stream.len();
        let share = if left > 0 { share / 5 * 5 } else { missing };
        missing -= share;
        let stream = if share > 0 { zlib::stream_of(plain, Some(stream.len() + share))? } else { stream };
        put(plain, stream, &mut stored)?;
    }
    Some(stored)
}

/// Appends a block with its header; `None` if a size does not fit its three bytes.
fn put(plain: &[u8], stream: Vec<u8>, stored: &mut Vec<u8>) -> Option<()> {
    let header = Header { codec: Codec::Zlib, method: Codec::Zlib.usual_method(), plain_bytes: plain.len() };
    stored.extend_from_slice(&header.to_bytes(stream.len())?);
    stored.extend_from_slice(&stream);
    Some(())
}

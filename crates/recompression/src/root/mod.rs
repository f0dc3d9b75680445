//! ROOT payloads: what keys, baskets and pages hold, cut into blocks that are compressed one by one.
//!
//! In: stored bytes and how many plain bytes they claim to be. Out: the plain bytes.
//! Not here: where payloads lie in a file (`hepz-formats`); payloads that are stored as they are.
//! Holds: no panic on any input; nothing is allocated beyond the claimed plain bytes and a constant.
//! Source: ROOT 6, `core/zip/src/RZip.cxx` and its neighbours: nine bytes of header, then one stream each.

pub(crate) mod blocks;
mod decoders;
mod encoders;
mod frame;
mod padding;
pub(crate) mod refit;
pub mod write;

use frame::Header;

/// Undoes the blocks of a payload. `None` if they are damaged, or are not exactly `plain_bytes` plain bytes.
pub fn plain(stored: &[u8], plain_bytes: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let mut rest = stored;
    while !rest.is_empty() {
        let (header, stream, after) = Header::split(rest)?;
        let left = plain_bytes.checked_sub(plain.len())?;
        // An empty block makes no progress, and nobody writes one.
        if header.plain_bytes == 0 || header.plain_bytes > left {
            return None;
        }
        let block = decoders::decode(header.codec, stream, header.plain_bytes)?.plain;
        if plain.is_empty() {
            plain = block;
        } else {
            plain.extend_from_slice(&block);
        }
        rest = after;
    }
    (plain.len() == plain_bytes).then_some(plain)
}

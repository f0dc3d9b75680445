//! Streams: the streams of one chunk in one section, each readable without the others.
//!
//! In: streams. Out: a section's payload: a directory, then the streams.
//! Not here: what a stream holds (`plan`), the checksum of the whole section (`hepz-container`).
//! Holds: a stream that is read alone is checked by the low 16 bits of its CRC-32C.

use hepz_container::wire::{Cursor, VARINT_MAX_BYTES, WireError, put_varint};
use std::ops::Range;

/// Longest entry of the directory: a length and a check.
pub(crate) const ENTRY_MAX_BYTES: usize = VARINT_MAX_BYTES + 2;

/// One entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where the stream lies in the payload.
    pub(crate) range: Range<u64>,
    check: u16,
}

impl Entry {
    /// True if `stream` is what was written.
    pub(crate) fn holds(&self, stream: &[u8]) -> bool {
        check(stream) == self.check
    }
}

fn check(stream: &[u8]) -> u16 {
    crc32c::crc32c(stream) as u16
}

/// The payload of a chunk's section.
pub(crate) fn write(streams: &[Vec<u8>]) -> Vec<u8> {
    let bytes: usize = streams.iter().map(|s| s.len() + 5).sum();
    let mut payload = Vec::with_capacity(bytes);
    for stream in streams {
        put_varint(&mut payload, stream.len() as u64);
        payload.extend_from_slice(&check(stream).to_le_bytes());
    }
    streams.iter().for_each(|stream| payload.extend_from_slice(stream));
    payload
}

/// The directory at the front of a payload of `payload_bytes`. `front` may end anywhere behind the directory.
pub(crate) fn directory(front: &[u8], count: usize, payload_bytes: u64) -> Result<Vec<Entry>, WireError> {
    let mut cursor = Cursor::new(front);
    let mut entries = Vec::with_capacity(count.min(front.len()));
    let mut free = 0u64;
    for _ in 0..count {
        let at = cursor.position();
        let end = free.checked_add(cursor.varint()?).ok_or(WireError::TooLarge { at })?;
        entries.push(Entry { range: free..end, check: cursor.u16()? });
        free = end;
    }
    let base = cursor.position() as u64;
    if free.checked_add(base) != Some(payload_bytes) {
        return Err(WireError::LeftOver { at: cursor.position() });
    }
    for entry in &mut entries {
        entry.range = entry.range.start + base..entry.range.end + base;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_is_found_and_checked() {
        let streams = vec![b"one".to_vec(), Vec::new(), vec![7; 300]];
        let payload = write(&streams);
        let entries = directory(&payload[..20], 3, payload.len() as u64).unwrap();
        for (entry, stream) in entries.iter().zip(&streams) {
            let range = entry.range.start as usize..entry.range.end as usize;
            assert_eq!(&payload[range], stream.as_slice());
            assert!(entry.holds(stream));
        }
        assert!(!entries[0].holds(b"two"));
        assert!(directory(&payload, 3, payload.len() as u64 - 1).is_err());
        assert!(directory(&payload[..5], 3, payload.len() as u64).is_err());
    }
}

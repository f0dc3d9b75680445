//! Directories, their lists of keys, and the list of free segments.
//!
//! In: their plain payloads, and where things went. Out: what they name; the payloads with the new places.
//! Not here: which records are directories (`old`).
//! Holds: payloads keep their length, but for the free segments, of which one is left.
//! Source: ROOT, TDirectoryFile::FillBuffer and WriteKeys, TKey::FillBuffer, TFree::FillBuffer.

use super::super::buffer::{Buffer, Odd};
use super::super::file::read_key;
use super::numbers::{put_big, put_signed};
use super::places::Places;

/// Versions of classes above this have places of 8 bytes.
const LARGE: u16 = 1000;

/// Places in a key: its own, then that of its directory.
const SEEKS_AT: usize = 18;

/// Last byte that a file may have whose places are numbers of 4 bytes.
pub(super) const SMALL_FILE_END: u64 = 2_000_000_000;

/// By what the last free segment grows where the file does (ROOT: TFree).
const GROWTH_BYTES: u64 = 1_000_000_000;

/// Something names a place where nothing is that can be there.
pub(super) const NAMES_NOTHING: &str = "it names a place where there is no record";

/// What a directory says of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    /// Offset of the length of the list of keys.
    at: usize,
    width: usize,
    pub(super) own: u64,
    pub(super) parent: u64,
    pub(super) keys: u64,
}

impl Directory {
    /// The directory that begins at byte `at` of a payload.
    pub(super) fn read(plain: &[u8], at: usize) -> Result<Directory, &'static str> {
        let read = || {
            let mut fields = Buffer::new(plain, 0);
            fields.jump(at)?;
            let width = if fields.u16()? > LARGE { 8 } else { 4 };
            // Dates and times of creation and change.
            fields.take(8)?;
            let at = fields.at();
            // Lengths of the list of keys, and of the key and names in front of the directory.
            fields.take(8)?;
            let (own, parent, keys) = (fields.uint(width)?, fields.uint(width)?, fields.uint(width)?);
            Ok(Directory { at, width, own, parent, keys })
        };
        read().map_err(|odd: Odd| odd.0)
    }

    /// Writes the new places.
    pub(super) fn patch(&self, plain: &mut [u8], places: &Places<'_>) -> Result<(), &'static str> {
        let seeks_at = self.at + 8;
        for (slot, old) in [self.own, self.parent, self.keys].into_iter().enumerate() {
            if old != 0 {
                let (_, placed) = places.record(old).ok_or(NAMES_NOTHING)?;
                put_signed(plain, seeks_at + slot * self.width, self.width, placed.at)?;
                if slot == 2 {
                    put_signed(plain, self.at, 4, placed.bytes)?;
                }
            }
        }
        Ok(())
    }
}

/// A copy of a key in a list of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyCopy {
    /// Offset in the list's payload.
    at: usize,
    width: usize,
    /// Place of the record.
    pub(super) record: u64,
    /// Place of its directory.
    directory: u64,
    /// Length of the record.
    pub(super) bytes: u64,
    pub(super) class: String,
    pub(super) name: String,
    pub(super) cycle: u16,
}

/// The keys of a list.
pub(super) fn keys(plain: &[u8]) -> Result<Vec<KeyCopy>, &'static str> {
    /// Fields of numbers, and three texts of no length.
    const LEAST_KEY_BYTES: usize = 29;
    let read = || {
        let mut fields = Buffer::new(plain, 0);
        let count = fields.count(LEAST_KEY_BYTES)?;
        let mut keys = Vec::with_capacity(count);
        for _ in 0..count {
            let at = fields.at();
            let bytes = fields.clone().u32()?.into();
            let (key, record) = read_key(&mut fields, 0)?;
            let width = key.seek_bytes.into();
            let (class, name, cycle) = (key.class, key.name, key.cycle);
            keys.push(KeyCopy { at, width, record, directory: key.directory, bytes, class, name, cycle });
        }
        Ok(keys)
    };
    read().map_err(|odd: Odd| odd.0)
}

impl KeyCopy {
    /// Writes the new places and length.
    pub(super) fn patch(&self, plain: &mut [u8], places: &Places<'_>) -> Result<(), &'static str> {
        let (_, placed) = places.record(self.record).ok_or(NAMES_NOTHING)?;
        let key = plain.get_mut(self.at..).unwrap_or_default();
        put_signed(key, 0, 4, placed.bytes)?;
        put_seeks(
            key,
            self.width,
            placed.at,
            places.record(self.directory).map(|(_, directory)| directory.at),
        )
    }
}

/// Writes the places in a key: its own, and, if there is a new one, that of its directory.
pub(super) fn put_seeks(
    key: &mut [u8],
    width: usize,
    own: u64,
    directory: Option<u64>,
) -> Result<(), &'static str> {
    put_signed(key, SEEKS_AT, width, own)?;
    let Some(directory) = directory else { return Ok(()) };
    match width {
        // The upper bits may hold the number of a process.
        8 => put_big(key, SEEKS_AT + width + 2, 6, directory),
        _ => put_signed(key, SEEKS_AT + width, width, directory),
    }
}

/// First and last byte of the free segments.
pub(super) fn free_segments(plain: &[u8]) -> Result<Vec<(u64, u64)>, &'static str> {
    /// A version and two places of 4 bytes.
    const LEAST_BYTES: usize = 10;
    let read = || {
        let mut fields = Buffer::new(plain, 0);
        let mut segments = Vec::new();
        while fields.left() >= LEAST_BYTES {
            let width = match fields.u16()? {
                // ROOT fills up with zeros.
                0 => break,
                version if version > LARGE => 8,
                _ => 4,
            };
            segments.push((fields.uint(width)?, fields.uint(width)?));
        }
        Ok(segments)
    };
    read().map_err(|odd: Odd| odd.0)
}

/// The list of the one segment that is free: from `end` on to `last`, or farther where the file has outgrown that.
/// Its length does not depend on `end`, but on whether places are `large`.
pub(super) fn one_free_segment(end: u64, last: u64, large: bool) -> Vec<u8> {
    let last = last.max(SMALL_FILE_END);
    let steps = end.saturating_add(1).saturating_sub(last).div_ceil(GROWTH_BYTES);
    let last = last.saturating_add(steps.saturating_mul(GROWTH_BYTES));
    match (u32::try_from(end), u32::try_from(last)) {
        (Ok(end), Ok(last)) if !large => {
            [&1u16.to_be_bytes()[..], &end.to_be_bytes(), &last.to_be_bytes()].concat()
        }
        _ => [&(LARGE + 1).to_be_bytes()[..], &end.to_be_bytes(), &last.to_be_bytes()].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_free_segment_is_one_that_reads_back() {
        for (end, last, now) in [
            (1_000, 2_000_000_000, 2_000_000_000),
            (1_000, 0, 2_000_000_000),
            (2_000_000_000, 2_000_000_000, 3_000_000_000),
            (2_500_000_000, 2_000_000_000, 3_000_000_000),
            (1_000, 5_000_000_000, 5_000_000_000),
        ] {
            assert_eq!(free_segments(&one_free_segment(end, last, true)), Ok(vec![(end, now)]));
        }
        assert_eq!(free_segments(&one_free_segment(1_000, 0, false)), Ok(vec![(1_000, 2_000_000_000)]));
        assert_eq!(one_free_segment(1_000, 0, false).len(), 10);
        assert_eq!(one_free_segment(1_000, 0, true).len(), 18);
        assert!(free_segments(&one_free_segment(1_000, 0, true)[..17]).is_err());
    }

    #[test]
    fn the_number_of_a_process_stays_in_the_key() {
        let mut key = [0xff; 34];
        assert_eq!(put_seeks(&mut key, 8, 300, Some(100)), Ok(()));
        assert_eq!(key[18..26], 300u64.to_be_bytes());
        assert_eq!(key[26..34], 0xffff_0000_0000_0064u64.to_be_bytes());
        assert_eq!(put_seeks(&mut key, 4, 1 << 31, None), Err(super::super::numbers::UNFIT));
    }

    #[test]
    fn lists_that_claim_more_keys_than_there_are_are_odd() {
        assert!(keys(&[0x7f, 0xff, 0xff, 0xff]).is_err());
        assert!(keys(&[0, 0, 0, 1]).is_err());
        assert_eq!(keys(&[0, 0, 0, 0]), Ok(vec![]));
        assert!(Directory::read(&[0; 20], 0).is_err());
        assert!(Directory::read(&[0; 20], 21).is_err());
    }
}

//! Where things went.
//!
//! In: records, and one by one their new places. Out: the new place and length of what was at an old one.
//! Not here: how places are chosen (`new`).

use super::super::file::Record;
use std::collections::BTreeMap;

/// Place and stored length of something in the new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// First byte.
    pub(super) at: u64,
    /// Bytes; those of its key are among them if it is a record.
    pub(super) bytes: u64,
}

/// What was placed so far.
pub(super) struct Places<'r> {
    pub(super) records: &'r [Record],
    placed: Vec<Option<Placed>>,
    pieces: BTreeMap<u64, Placed>,
}

impl<'r> Places<'r> {
    /// Nothing yet.
    pub(super) fn new(records: &'r [Record]) -> Places<'r> {
        Places { records, placed: vec![None; records.len()], pieces: BTreeMap::new() }
    }

    /// The record of that index is there now.
    pub(super) fn put(&mut self, index: usize, placed: Placed) {
        if let Some(slot) = self.placed.get_mut(index) {
            *slot = Some(placed);
        }
    }

    /// A page or an envelope that was at `old` is there now.
    pub(super) fn put_piece(&mut self, old: u64, placed: Placed) {
        self.pieces.insert(old, placed);
    }

    /// Where the record of that index is.
    pub(super) fn of(&self, index: usize) -> Option<Placed> {
        self.placed.get(index).copied().flatten()
    }

    /// The record whose key was at `old`, and where it is.
    pub(super) fn record(&self, old: u64) -> Option<(&'r Record, Placed)> {
        let index = index_of(self.records, old)?;
        Some((self.records.get(index)?, self.of(index)?))
    }

    /// Where the page or envelope that was at `old` is.
    pub(super) fn piece(&self, old: u64) -> Option<Placed> {
        self.pieces.get(&old).copied()
    }
}

/// Index of the record whose key is at `place`.
pub(super) fn index_of(records: &[Record], place: u64) -> Option<usize> {
    records.binary_search_by_key(&place, |record| record.at).ok()
}

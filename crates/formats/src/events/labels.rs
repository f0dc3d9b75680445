//! Labels: the few byte strings that say what the columns of a line do not.
//!
//! In: the rest of each line. Out: numbers into a table.
//! Not here: what a label says (`hepmc2`, `hepmc3`).
//! Holds: tables and labels stay small; what has no place in them gets the empty label, and its line becomes a patch.

use std::collections::BTreeMap;

/// Most labels of one chunk: a field with more different texts than that is no label.
const MOST_LABELS: usize = 4_096;
/// Longest label: every particle of a hostile file may print it.
pub(super) const LONGEST_LABEL: usize = 512;

/// Labels that have been met.
#[derive(Default)]
pub(super) struct Labels {
    table: Vec<Vec<u8>>,
    numbers: BTreeMap<Vec<u8>, u32>,
    last: u32,
}

impl Labels {
    /// The number of a label.
    #[inline]
    pub fn number(&mut self, label: &[u8]) -> u32 {
        if self.table.get(self.last as usize).is_some_and(|last| last == label) {
            return self.last;
        }
        self.find(label)
    }

    fn find(&mut self, label: &[u8]) -> u32 {
        if let Some(&number) = self.numbers.get(label) {
            self.last = number;
            return number;
        }
        if !label.is_empty() && (label.len() > LONGEST_LABEL || self.table.len() >= MOST_LABELS) {
            return self.find(b"");
        }
        let number = self.table.len() as u32;
        self.table.push(label.into());
        self.numbers.insert(label.into(), number);
        self.last = number;
        number
    }

    /// True for labels that have a number.
    pub fn is_known(&self, label: &[u8]) -> bool {
        self.text(self.last) == label || self.numbers.contains_key(label)
    }

    /// The label of a number.
    pub fn text(&self, number: u32) -> &[u8] {
        self.table.get(number as usize).map_or(b"", Vec::as_slice)
    }

    /// The table.
    pub fn table(&self) -> &[Vec<u8>] {
        &self.table
    }

    /// The table.
    pub fn into_table(self) -> Vec<Vec<u8>> {
        self.table
    }
}

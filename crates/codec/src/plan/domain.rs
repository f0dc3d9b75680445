//! Domains: which rows of a column are coded, and what becomes of the others.
//!
//! In: the first rows of runs, or a base that leaves some rows open. Out: a [`Domain`]; all rows, from those that were coded.
//! Not here: coding them (`coding`), what a base says about a value (`ranges`).
//! Holds: rows rise; a row that is not coded follows from its run or from the base.

use super::known::NO_ROW;
use super::ranges::{Ranges, range_of};
use hepz_columns::Values;
use hepz_precision::Reducer;

/// Everything about the coded rows that does not depend on the column's own values.
pub struct Domain {
    /// The coded rows of the table; `None` means all.
    pub(super) rows: Option<Vec<u32>>,
    len: usize,
    /// Rows at which runs begin, where rows are left out for another reason, too.
    starts: Option<Vec<u32>>,
}

impl Domain {
    /// The first rows of runs, or all of `rows`.
    pub fn new(runs: Option<Vec<u32>>, rows: usize) -> Domain {
        Domain { len: runs.as_ref().map_or(rows, Vec::len), rows: runs, starts: None }
    }

    /// The coded rows.
    pub fn rows(&self) -> Vec<usize> {
        self.gather(|row| row)
    }

    /// Number of coded rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The patterns of the coded rows.
    pub fn patterns(&self, values: &Values) -> Vec<u64> {
        match &self.rows {
            None => values.to_raw(),
            Some(rows) => rows.iter().map(|&row| values.raw(row as usize)).collect(),
        }
    }

    /// The values of `rows` rows, from those of the coded rows.
    pub fn spread(&self, values: Values, rows: usize) -> Values {
        let Some(starts) = &self.rows else { return values };
        let mut all = Vec::with_capacity(rows);
        for run in 0..values.len() {
            let end = starts.get(run + 1).map_or(rows, |&next| next as usize);
            all.resize(end, values.raw(run));
        }
        Values::from_raw(values.scalar(), &all)
    }

    pub fn gather<T: Copy>(&self, of_row: impl Fn(usize) -> T) -> Vec<T> {
        match &self.rows {
            None => (0..self.len).map(of_row).collect(),
            Some(rows) => rows.iter().map(|&row| of_row(row as usize)).collect(),
        }
    }
}

impl Domain {
    /// Only the rows of which a base leaves something open, and between which patterns each of them lies.
    pub fn within(self, base: &Values, reducer: &Reducer) -> (Domain, Ranges) {
        let mut rows = Vec::new();
        let mut ranges = Vec::new();
        let mut last = None;
        for row in self.rows() {
            let stored = base.raw(row);
            // Neighbours are often equal.
            let range = match last {
                Some((of, range)) if of == stored => range,
                _ => range_of(reducer, stored),
            };
            last = Some((stored, range));
            if let Some(range) = range {
                rows.push(row as u32);
                ranges.push(range);
            }
        }
        (Domain { len: rows.len(), rows: Some(rows), starts: self.rows }, Ranges::of_patterns(ranges))
    }

    /// All values of a column, from those of the coded rows and from a base that says the others.
    pub fn fill(&self, coded: &[u64], base: &Values) -> Values {
        let mut all: Vec<u64> = Vec::with_capacity(base.len());
        let mut coded = self.rows.iter().flatten().zip(coded).peekable();
        let mut starts = self.starts.iter().flatten().peekable();
        for row in 0..base.len() {
            let begins = self.starts.is_none() || starts.next_if(|&&start| start as usize == row).is_some();
            let own = coded.next_if(|(at, _)| **at as usize == row).map(|(_, &value)| value);
            all.push(match (own, all.last()) {
                (Some(own), _) => own,
                (None, Some(&before)) if !begins => before,
                _ => base.raw(row),
            });
        }
        Values::from_raw(base.scalar(), &all)
    }

    /// For each coded row the place of the coded row that `rows` names.
    pub fn places(&self, rows: &[u32]) -> Vec<u32> {
        let Some(coded) = &self.rows else { return rows.to_vec() };
        let mut place_of = vec![NO_ROW; rows.len()];
        coded.iter().enumerate().for_each(|(place, &row)| place_of[row as usize] = place as u32);
        let place = |row: usize| place_of.get(rows[row] as usize).copied().unwrap_or(NO_ROW);
        coded.iter().map(|&row| place(row as usize)).collect()
    }
}

//! Records: the lines of text that the last event of a kind had, from which the next one is predicted.
//!
//! In: shapes and numbers of lines. Out: the same, in order.
//! Not here: what differs from a prediction (`fold`, `unfold`).
//! Holds: reader and writer keep the same records; an event that could not be written leaves none.

/// Kinds of events: by the number of final particles, those from this number on together.
const KINDS: usize = 32;
/// A line is looked for among so many of the record.
const REACH: usize = 64;

/// Lines of one event.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Shape of each line; none for text that has no shape.
    shapes: Vec<Option<u8>>,
    /// Where the numbers of each line end.
    ends: Vec<usize>,
    numbers: Vec<u8>,
}

impl Record {
    pub fn clear(&mut self) {
        self.shapes.clear();
        self.ends.clear();
        self.numbers.clear();
    }

    pub fn push(&mut self, shape: Option<u8>, numbers: &[u8]) {
        self.shapes.push(shape);
        self.numbers.extend_from_slice(numbers);
        self.ends.push(self.numbers.len());
    }

    pub fn n_lines(&self) -> usize {
        self.shapes.len()
    }

    /// Shape and numbers of a line.
    pub fn line(&self, at: usize) -> (Option<u8>, &[u8]) {
        let start = if at > 0 { self.ends[at - 1] } else { 0 };
        (self.shapes[at], &self.numbers[start..self.ends[at]])
    }
}

/// A place in a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub record: &'a Record,
    pub at: usize,
}

impl<'a> Cursor<'a> {
    /// The next line of this shape: its place and its numbers. The cursor goes behind it, or stays if there is none.
    pub fn find(&mut self, shape: u8) -> Option<(usize, &'a [u8])> {
        let ahead = &self.record.shapes[self.at..];
        let gap = ahead.iter().take(REACH).position(|found| *found == Some(shape))?;
        let found = self.at + gap;
        self.at = found + 1;
        Some((found, self.record.line(found).1))
    }
}

/// The last event of each kind.
#[derive(Debug)]
pub(super) struct Memory {
    records: Vec<Record>,
}

impl Memory {
    pub fn new() -> Memory {
        Memory { records: vec![Record::default(); KINDS] }
    }

    /// The last event with so many final particles.
    pub fn last(&self, n_final: usize) -> &Record {
        &self.records[n_final.min(KINDS - 1)]
    }

    /// Puts a record in the place of the last one, which is given back.
    pub fn replace(&mut self, n_final: usize, record: Record) -> Record {
        std::mem::replace(&mut self.records[n_final.min(KINDS - 1)], record)
    }
}

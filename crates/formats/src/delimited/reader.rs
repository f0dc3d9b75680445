//! Reading: the text of a table to the image of its columns.
//!
//! In: a source and the description of its cells. Out: records, marks and text, piece by piece.
//! Not here: finding the description (`choice`), the way back (`writer`).
//! Holds: every cell is printed again and compared before it becomes a value; what comes out otherwise is kept as
//! text; memory is that of one line and one step.

use super::cell::{Content, Labels};
use super::table::TextTable;
use super::wire::Pen;
use crate::layout::Source;
use hepz_columns::Scalar;
use std::io;
use std::ops::Range;

/// Text that is read at a time.
const STEP_BYTES: usize = 1 << 20;
/// A longer line is in no table.
const LONGEST_LINE: usize = 4 << 20;

/// The parts of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Records of rows.
    Records,
    /// Which rows and cells are text.
    Marks,
    /// Lines and cells that are text.
    Text,
}

/// Takes pieces of the parts of an image, each in order.
pub type Sink<'a> = &'a mut dyn FnMut(Stream, &[u8]) -> io::Result<()>;

/// What is not yet handed on.
struct Fold<'t> {
    table: &'t mut TextTable,
    labels: Vec<Labels>,
    label_columns: Vec<usize>,
    scalars: Vec<Option<Scalar>>,
    cells: Vec<Range<usize>>,
    again: Vec<u8>,
    odd: Vec<u64>,
    records: Vec<u8>,
    marks: Pen,
    text: Vec<u8>,
    /// Rows since the last mark.
    plain_rows: u64,
    /// What a column had last: the value of cells that are text.
    last: Vec<u64>,
    lines: u64,
}

impl TextTable {
    /// Hands the image of `source` to `sink` and sets the lengths of its parts. False if it is no table after all; what
    /// was handed on is then to be thrown away.
    ///
    /// # Errors
    /// What the source or the sink says.
    pub fn fold(&mut self, source: &dyn Source, sink: Sink<'_>) -> io::Result<bool> {
        let columns = self.cells.len();
        (self.rows, self.is_open, self.marks_bytes, self.text_bytes) = (0, false, 0, 0);
        let scalars = self.cells.iter().map(super::cell::Cells::scalar).collect();
        let is_label = |cells: &super::cell::Cells| matches!(cells.content, Content::Label(_));
        let label_columns: Vec<usize> =
            self.cells.iter().enumerate().filter_map(|(at, cells)| is_label(cells).then_some(at)).collect();
        let mut fold = Fold {
            table: self,
            labels: std::iter::repeat_with(|| Labels::of(label_columns.len())).take(columns).collect(),
            label_columns,
            scalars,
            cells: Vec::new(),
            again: Vec::new(),
            odd: Vec::new(),
            records: Vec::new(),
            marks: Pen::default(),
            text: Vec::new(),
            plain_rows: 0,
            last: vec![0; columns],
            lines: 0,
        };
        let mut held: Vec<u8> = Vec::new();
        let mut at = 0;
        while at < source.len() {
            let step = (source.len() - at).min(STEP_BYTES as u64) as usize;
            let from = held.len();
            held.resize(from + step, 0);
            source.read_at(at, &mut held[from..])?;
            at += step as u64;
            let mut begin = 0;
            while let Some(end) = memchr::memchr(b'\n', &held[begin.max(from)..]) {
                let end = begin.max(from) + end + 1;
                fold.line(&held[begin..end]);
                begin = end;
            }
            if at == source.len() && begin < held.len() {
                fold.line(&held[begin..]);
                begin = held.len();
            }
            held.drain(..begin);
            if held.len() > LONGEST_LINE || fold.is_hopeless() {
                return Ok(false);
            }
            fold.hand_on(sink)?;
        }
        Ok(fold.table.rows > 0)
    }
}

impl Fold<'_> {
    /// Takes a line with its end.
    fn line(&mut self, line: &[u8]) {
        self.lines += 1;
        if !self.row(line) {
            self.marks.number(self.plain_rows << 1 | 1);
            self.plain_rows = 0;
            self.text.extend_from_slice(line);
        }
    }

    /// Takes a line as a row of the table; false if it is none.
    #[inline]
    fn row(&mut self, line: &[u8]) -> bool {
        let Fold { table, labels, label_columns, scalars, cells, again, odd, records, text, last, .. } = self;
        let columns = table.cells.len();
        let is_open = !line.ends_with(b"\n");
        let end = if is_open { &b""[..] } else { table.dialect.line_end() };
        let Some(body) = line.strip_suffix(end) else { return false };
        if !table.dialect.split(body, columns, cells) || cells.len() != columns {
            return false;
        }
        let (records_before, text_before) = (records.len(), text.len());
        odd.clear();
        for (at, (column, cell)) in table.cells.iter_mut().zip(cells.iter()).enumerate() {
            let cell = &body[cell.clone()];
            let raw = match column.content {
                Content::Free => None,
                _ => column.pattern(cell, &mut labels[at], again),
            };
            match raw {
                Some(raw) => last[at] = raw,
                None => {
                    if column.content != Content::Free {
                        odd.push(at as u64);
                    }
                    text.extend_from_slice(cell);
                    text.push(b'\n');
                }
            }
            if let Some(scalar) = scalars[at] {
                records.extend_from_slice(&last[at].to_le_bytes()[..scalar.bytes()]);
            }
        }
        // A line of which most is odd is a heading or a comment.
        let keep = odd.len() * 2 <= columns;
        label_columns.iter().for_each(|&at| labels[at].settle(keep, &mut table.cells[at]));
        if !keep {
            records.truncate(records_before);
            text.truncate(text_before);
            return false;
        }
        table.rows += 1;
        table.is_open = is_open;
        if odd.is_empty() {
            self.plain_rows += 1;
        } else {
            self.marks.number(self.plain_rows << 1);
            self.plain_rows = 0;
            self.marks.number(odd.len() as u64 - 1);
            odd.iter().for_each(|&at| self.marks.number(at));
        }
        true
    }

    /// Half of the lines are no rows.
    fn is_hopeless(&self) -> bool {
        self.lines > 1000 && self.table.rows * 2 < self.lines
    }

    fn hand_on(&mut self, sink: Sink<'_>) -> io::Result<()> {
        self.table.marks_bytes += self.marks.0.len() as u64;
        self.table.text_bytes += self.text.len() as u64;
        for (stream, bytes) in [
            (Stream::Records, &mut self.records),
            (Stream::Marks, &mut self.marks.0),
            (Stream::Text, &mut self.text),
        ] {
            if !bytes.is_empty() {
                sink(stream, bytes)?;
                bytes.clear();
            }
        }
        Ok(())
    }
}

//! Writing: the image of a table to its text.
//!
//! In: an image and its description. Out: the text, piece by piece.
//! Not here: making the image (`reader`).
//! Holds: memory is that of a few steps; an image that no reader makes gives an error or some text, and stops as
//! soon as its taker refuses.

use super::cell::{Cells, Content};
use super::dialect::Separator;
use super::table::TextTable;
use crate::layout::Source;
use std::io;

/// Bytes of each part that are held.
const STEP_BYTES: usize = 256 << 10;
/// Text that is handed on at a time.
const TEXT_BYTES: usize = 256 << 10;

/// Why an image does not become text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnfoldError<E> {
    /// The image cannot be read.
    #[error("the image of a text table cannot be read: {0}")]
    Read(io::Error),
    /// No reader makes such an image.
    #[error("{0}")]
    Corrupt(&'static str),
    /// The taker refused.
    #[error("the text was refused")]
    Take(E),
}

/// Takes text that is held and empties it.
type HandOn<'a, E> = &'a mut dyn FnMut(&mut Vec<u8>) -> Result<(), UnfoldError<E>>;

/// One part of an image, read forwards.
struct Feed<'a> {
    source: &'a dyn Source,
    at: u64,
    end: u64,
    held: Vec<u8>,
    used: usize,
}

impl<'a> Feed<'a> {
    fn new(source: &'a dyn Source, at: u64, bytes: u64) -> Feed<'a> {
        Feed { source, at, end: at + bytes, held: Vec::new(), used: 0 }
    }

    /// Reads the next step; false at the end.
    fn refill(&mut self) -> io::Result<bool> {
        if self.used < self.held.len() {
            return Ok(true);
        }
        let step = (self.end - self.at).min(STEP_BYTES as u64) as usize;
        self.held.resize(step, 0);
        self.used = 0;
        self.source.read_at(self.at, &mut self.held)?;
        self.at += step as u64;
        Ok(step > 0)
    }

    fn is_done(&self) -> bool {
        self.used == self.held.len() && self.at == self.end
    }

    fn number<E>(&mut self) -> Result<u64, UnfoldError<E>> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            if !self.refill().map_err(UnfoldError::Read)? {
                break;
            }
            let byte = self.held[self.used];
            self.used += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(UnfoldError::Corrupt("a mark of a text table is cut short"))
    }

    /// Appends a line without its end, in steps that `more` may refuse; false if the part ends before the line does.
    fn line<E>(&mut self, out: &mut Vec<u8>, more: HandOn<'_, E>) -> Result<bool, UnfoldError<E>> {
        while self.refill().map_err(UnfoldError::Read)? {
            let rest = &self.held[self.used..];
            if let Some(end) = memchr::memchr(b'\n', rest) {
                out.extend_from_slice(&rest[..end]);
                self.used += end + 1;
                return Ok(true);
            }
            out.extend_from_slice(rest);
            self.used = self.held.len();
            more(out)?;
        }
        Ok(false)
    }
}

impl TextTable {
    /// Hands the text of `image` to `take`, in order.
    ///
    /// # Errors
    /// [`UnfoldError`] for an image that is not of this table, and what reading and `take` say.
    pub fn unfold<E>(
        &self,
        image: &dyn Source,
        take: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), UnfoldError<E>> {
        let corrupt = |what| Err(UnfoldError::Corrupt(what));
        if self.image_bytes() != Some(image.len()) {
            return corrupt("the image of a text table has another length");
        }
        let row_bytes = self.row_bytes();
        let records_bytes = self.rows * row_bytes as u64;
        let mut marks = Feed::new(image, records_bytes, self.marks_bytes);
        let mut text = Feed::new(image, records_bytes + self.marks_bytes, self.text_bytes);
        let mut records: Vec<u8> = Vec::new();
        let mut records_used = 0;
        let mut out: Vec<u8> = Vec::new();
        let mut odd: Vec<bool> = vec![false; self.cells.len()];
        let mut hand_on = |out: &mut Vec<u8>| {
            take(out).map_err(UnfoldError::Take)?;
            out.clear();
            Ok(())
        };
        let mut row = 0;
        loop {
            // Rows up to the next mark are plain.
            let mark = if marks.is_done() { None } else { Some(marks.number()?) };
            let plain = mark.map_or(self.rows - row, |mark| mark >> 1);
            if plain > self.rows - row {
                return corrupt("a mark of a text table lies behind its end");
            }
            let (mut left, has_odd) = (plain, mark.is_some_and(|mark| mark & 1 == 0));
            if has_odd {
                if plain == self.rows - row {
                    return corrupt("a mark of a text table lies behind its end");
                }
                left += 1;
                for _ in 0..=marks.number()?.min(self.cells.len() as u64) {
                    let at = usize::try_from(marks.number()?).ok().and_then(|at| odd.get_mut(at));
                    *at.ok_or(UnfoldError::Corrupt("a text table has no such cell"))? = true;
                }
            }
            while left > 0 {
                if records_used == records.len() {
                    let step = (STEP_BYTES / row_bytes)
                        .max(1)
                        .min(usize::try_from(self.rows - row).unwrap_or(usize::MAX));
                    records.resize(step * row_bytes, 0);
                    image.read_at(row * row_bytes as u64, &mut records).map_err(UnfoldError::Read)?;
                    records_used = 0;
                }
                left -= 1;
                let record = &records[records_used..records_used + row_bytes];
                let marked = if has_odd && left == 0 { Some(&odd[..]) } else { None };
                self.put_row(record, marked, &mut text, &mut out, &mut hand_on)?;
                records_used += row_bytes;
                row += 1;
                if self.is_open && row == self.rows {
                    out.truncate(out.len() - self.dialect.line_end().len());
                }
                if out.len() >= TEXT_BYTES {
                    hand_on(&mut out)?;
                }
            }
            if has_odd {
                odd.fill(false);
            }
            match mark {
                None => break,
                Some(mark) if mark & 1 == 1 => {
                    if text.is_done() {
                        return corrupt("the text of a text table ends early");
                    }
                    if text.line(&mut out, &mut hand_on)? {
                        out.push(b'\n');
                    }
                    if out.len() >= TEXT_BYTES {
                        hand_on(&mut out)?;
                    }
                }
                Some(_) => {}
            }
        }
        if !text.is_done() {
            return corrupt("a text table has text that belongs nowhere");
        }
        hand_on(&mut out)
    }

    #[inline]
    fn put_row<E>(
        &self,
        mut record: &[u8],
        odd: Option<&[bool]>,
        text: &mut Feed<'_>,
        out: &mut Vec<u8>,
        hand_on: HandOn<'_, E>,
    ) -> Result<(), UnfoldError<E>> {
        for (at, cells) in self.cells.iter().enumerate() {
            if let (true, Separator::Byte(byte)) = (at > 0, self.dialect.separator) {
                out.push(byte);
            }
            let raw = raw(cells, &mut record);
            if cells.content == Content::Free || odd.is_some_and(|odd| odd.get(at) == Some(&true)) {
                if !text.line(out, hand_on)? {
                    return Err(UnfoldError::Corrupt("the text of a text table ends early"));
                }
            } else {
                cells.print(raw, out);
            }
        }
        out.extend_from_slice(self.dialect.line_end());
        Ok(())
    }
}

/// Takes the pattern of some cells off the front of a record.
#[inline]
fn raw(cells: &Cells, record: &mut &[u8]) -> u64 {
    let Some(scalar) = cells.scalar() else { return 0 };
    let mut raw = [0; 8];
    if let Some((value, rest)) = record.split_at_checked(scalar.bytes()) {
        raw[..value.len()].copy_from_slice(value);
        *record = rest;
    }
    u64::from_le_bytes(raw)
}

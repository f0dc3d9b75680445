//! Samples: lines from all over a text, and the dialect that they are in.
//!
//! In: a source. Out: a [`Sample`]: dialect, names, and the cells of some rows.
//! Not here: what the cells of a column are (`choice`).
//! Holds: the same source gives the same sample; a text that is no table of numbers gives none.

use super::dialect::{Dialect, Separator};
use super::notation::numeral;
use super::table::MOST_CELLS;
use crate::layout::Source;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

/// What is looked at from the beginning, and at each of so many other places.
const HEAD_BYTES: u64 = 64 << 10;
const BLOCK_BYTES: u64 = 4 << 10;
const BLOCKS: u64 = 63;
/// Lines that the separator is judged by.
const JUDGED_LINES: usize = 400;
/// Fewer rows are not worth a table.
const LEAST_ROWS: usize = 8;

/// Rows of a table of text.
pub(super) struct Sample {
    pub(super) dialect: Dialect,
    pub(super) names: Option<Vec<String>>,
    text: Vec<u8>,
    /// The cells of each row, in `text`.
    rows: Vec<Vec<Range<usize>>>,
}

impl Sample {
    /// The cells of one column.
    pub(super) fn column(&self, column: usize) -> Vec<&[u8]> {
        self.rows.iter().filter_map(|row| self.text.get(row.get(column)?.clone())).collect()
    }

    /// Number of columns.
    pub(super) fn columns(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// The sample of a source; none if that is no table of numbers.
    pub(super) fn of(source: &dyn Source) -> io::Result<Option<Sample>> {
        let head = read(source, 0, source.len().min(HEAD_BYTES))?;
        if !is_text(&head) {
            return Ok(None);
        }
        let lines = whole_lines(&head, head.len() as u64 == source.len());
        let Some((dialect, columns)) = dialect(&lines) else { return Ok(None) };
        let names = names(&lines, dialect, columns);
        let mut text = Vec::new();
        for line in lines {
            text.extend_from_slice(line);
        }
        let gap = source.len().saturating_sub(HEAD_BYTES) / BLOCKS;
        for block in 0..if gap > 0 { BLOCKS } else { 0 } {
            let from = (HEAD_BYTES + block * gap)
                .max(source.len().saturating_sub(gap) * u64::from(block + 1 == BLOCKS));
            let held = read(source, from, (source.len() - from).min(BLOCK_BYTES.min(gap)))?;
            // A block begins and ends anywhere in a line.
            let begin = memchr::memchr(b'\n', &held).map_or(held.len(), |at| at + 1);
            let end = memchr::memrchr(b'\n', &held).map_or(0, |at| at + 1);
            text.extend_from_slice(held.get(begin..end).unwrap_or_default());
        }
        let (mut rows, mut begin, mut n_lines) = (Vec::new(), 0, 0);
        let mut cells = Vec::new();
        for end in memchr::memchr_iter(b'\n', &text) {
            let line = text[begin..=end].strip_suffix(dialect.line_end());
            n_lines += 1;
            if let Some(line) = line
                && dialect.split(line, columns, &mut cells)
                && cells.len() == columns
                && !(rows.is_empty() && is_heading(line, &cells))
            {
                rows.push(cells.iter().map(|cell| begin + cell.start..begin + cell.end).collect());
            }
            begin = end + 1;
        }
        let enough = rows.len() >= LEAST_ROWS && rows.len() * 4 >= n_lines * 3;
        Ok(enough.then_some(Sample { dialect, names, text, rows }))
    }
}

fn read(source: &dyn Source, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let mut held = vec![0; bytes as usize];
    source.read_at(at, &mut held)?;
    Ok(held)
}

/// No byte that text does not have.
fn is_text(head: &[u8]) -> bool {
    head.iter().all(|&byte| byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r'))
}

/// Lines with their ends; the last one only if nothing follows.
fn whole_lines(text: &[u8], to_the_end: bool) -> Vec<&[u8]> {
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    lines.filter(|line| line.ends_with(b"\n") || to_the_end).collect()
}

/// A cell that holds a number, whatever stands around it.
fn is_number(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii();
    let bare = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell);
    numeral(bare).is_some()
}

fn is_heading(line: &[u8], cells: &[Range<usize>]) -> bool {
    cells.iter().all(|cell| !is_number(&line[cell.clone()]))
}

/// The dialect in which most cells are numbers, and the number of cells in a line.
fn dialect(lines: &[&[u8]]) -> Option<(Dialect, usize)> {
    let quotes = lines.iter().any(|line| line.contains(&b'"'));
    let with_cr = lines.iter().filter(|line| line.ends_with(b"\r\n")).count();
    let crlf = with_cr * 2 > lines.len();
    let stride = lines.len().div_ceil(JUDGED_LINES).max(1);
    let judged = lines.iter().step_by(stride).filter(|line| !line.starts_with(b"#"));
    let judged: Vec<&[u8]> =
        judged.map(|line| line.trim_ascii_end_of_line()).filter(|line| !line.is_empty()).collect();
    let mut best: Option<(u64, usize, Dialect)> = None;
    let bytes = [b',', b'\t', b';', b'|', b' ', b'*', b':'];
    for separator in bytes.map(Separator::Byte).into_iter().chain([Separator::Blanks]) {
        let dialect = Dialect { separator, quotes, crlf };
        let mut cells = Vec::new();
        // By number of cells: lines, and numbers in them.
        let mut counts: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        for line in &judged {
            if dialect.split(line, MOST_CELLS, &mut cells) {
                let count = counts.entry(cells.len()).or_default();
                count.0 += 1;
                count.1 += cells.iter().filter(|cell| is_number(&line[(*cell).clone()])).count() as u64;
            }
        }
        let most = counts.into_iter().max_by_key(|&(cells, (lines, _))| (lines, cells));
        let Some((cells, (n, numbers))) = most else { continue };
        // Thousandths of all cells that are numbers, if every line were like most.
        let score = numbers * 1000 / (judged.len() as u64 * cells.max(1) as u64).max(1);
        let usual = n * 4 >= judged.len() as u64 * 3;
        if usual && score >= 400 && best.is_none_or(|(other, _, _)| score > other) {
            best = Some((score, cells, dialect));
        }
    }
    best.map(|(_, cells, dialect)| (dialect, cells))
}

trait EndOfLine {
    fn trim_ascii_end_of_line(&self) -> &[u8];
}

impl EndOfLine for [u8] {
    fn trim_ascii_end_of_line(&self) -> &[u8] {
        let line = self.strip_suffix(b"\n").unwrap_or(self);
        line.strip_suffix(b"\r").unwrap_or(line)
    }
}

/// Names of the columns from a line of which no cell is a number, before the first row.
fn names(lines: &[&[u8]], dialect: Dialect, columns: usize) -> Option<Vec<String>> {
    let mut cells = Vec::new();
    let mut found: Option<Vec<String>> = None;
    for line in lines.iter().take(JUDGED_LINES) {
        let line = line.trim_ascii_end_of_line();
        let comment = line.strip_prefix(b"#").unwrap_or_default();
        for line in [line, comment, comment.trim_ascii_start()] {
            if !dialect.split(line, columns, &mut cells) || cells.len() != columns {
                continue;
            }
            if !is_heading(line, &cells) {
                return found;
            }
            let name = |cell: &Range<usize>| {
                let text = String::from_utf8_lossy(&line[cell.clone()]);
                text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '#'))
                    .to_owned()
            };
            let named: Vec<String> = cells.iter().map(name).collect();
            if named.iter().filter(|name| !name.is_empty()).count() * 2 > columns {
                found = Some(named);
            }
        }
    }
    found
}

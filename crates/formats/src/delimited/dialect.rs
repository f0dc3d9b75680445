//! Dialects: what stands between cells and between lines.
//!
//! In: a line. Out: its cells, which together with the separators are the line.
//! Not here: what a cell is (`cell`), finding the dialect of a file (`choice`).
//! Holds: joining the cells of a line gives the line.

use std::ops::Range;

/// What stands between two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// One byte.
    Byte(u8),
    /// Nothing: every cell begins with its own blanks.
    Blanks,
}

/// How lines are cut into cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between cells.
    pub separator: Separator,
    /// Cells may be quoted, and separators in them are none.
    pub quotes: bool,
    /// Lines end with CR and LF.
    pub crlf: bool,
}

impl Dialect {
    /// What ends a line.
    pub(super) fn line_end(self) -> &'static [u8] {
        if self.crlf { b"\r\n" } else { b"\n" }
    }

    /// The cells of a line (without its end); false if there are more than `most`.
    #[inline]
    pub(super) fn split(self, line: &[u8], most: usize, cells: &mut Vec<Range<usize>>) -> bool {
        cells.clear();
        match self.separator {
            Separator::Blanks => split_blanks(line, most, cells),
            Separator::Byte(byte) if self.quotes && memchr::memchr(b'"', line).is_some() => {
                split_quoted(line, byte, most, cells)
            }
            Separator::Byte(byte) => {
                let mut from = 0;
                for at in memchr::memchr_iter(byte, line) {
                    if cells.len() == most {
                        return false;
                    }
                    cells.push(from..at);
                    from = at + 1;
                }
                cells.push(from..line.len());
                cells.len() <= most
            }
        }
    }
}

fn split_blanks(line: &[u8], most: usize, cells: &mut Vec<Range<usize>>) -> bool {
    let mut from = 0;
    while from < line.len() {
        let rest = &line[from..];
        let Some(first) = rest.iter().position(|&byte| byte != b' ') else { break };
        let length = memchr::memchr(b' ', &rest[first..]).unwrap_or(rest.len() - first);
        if cells.len() == most {
            return false;
        }
        cells.push(from..from + first + length);
        from += first + length;
    }
    // Blanks at the end belong to the last cell.
    if let Some(last) = cells.last_mut() {
        last.end = line.len();
    }
    true
}

fn split_quoted(line: &[u8], separator: u8, most: usize, cells: &mut Vec<Range<usize>>) -> bool {
    let mut from = 0;
    loop {
        if cells.len() == most {
            return false;
        }
        let mut end = from;
        if line.get(from) == Some(&b'"') {
            // A doubled quote is two quoted parts side by side, which changes nothing here.
            while line.get(end) == Some(&b'"') {
                let Some(close) = memchr::memchr(b'"', &line[end + 1..]) else { return false };
                end += close + 2;
            }
            if line.get(end).is_some_and(|&byte| byte != separator) {
                return false;
            }
        } else {
            end = memchr::memchr(separator, &line[from..]).map_or(line.len(), |at| from + at);
        }
        cells.push(from..end);
        if end == line.len() {
            return true;
        }
        from = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(line: &str, separator: Separator) -> Option<Vec<&str>> {
        let dialect = Dialect { separator, quotes: true, crlf: false };
        let mut found = Vec::new();
        dialect
            .split(line.as_bytes(), 4, &mut found)
            .then(|| found.into_iter().map(|cell| &line[cell]).collect())
    }

    #[test]
    fn lines_are_cut_where_cells_end() {
        let comma = Separator::Byte(b',');
        assert_eq!(cells("1,,x", comma).unwrap(), ["1", "", "x"]);
        assert_eq!(cells("", comma).unwrap(), [""]);
        assert_eq!(cells("a,", comma).unwrap(), ["a", ""]);
        assert_eq!(cells("\"a,b\",\"c\"\"d\",e", comma).unwrap(), ["\"a,b\"", "\"c\"\"d\"", "e"]);
        assert_eq!(cells("1,2,3,4,5", comma), None);
        assert_eq!(cells("\"a,b", comma), None);
        assert_eq!(cells("\"a\"b,c", comma), None);
        assert_eq!(cells("  1.5 -2  x ", Separator::Blanks).unwrap(), ["  1.5", " -2", "  x "]);
        assert_eq!(cells("   ", Separator::Blanks).unwrap(), [] as [&str; 0]);
    }
}

//! Cells: tables of text, aligned.
//!
//! In: a heading and rows of text. Out: lines.
//! Not here: where the text comes from.
//! Holds: every column is as wide as its widest cell, counted in characters.

/// A table under construction.
pub struct Cells {
    rows: Vec<Vec<String>>,
    left: Vec<bool>,
}

impl Cells {
    /// A table with this heading; columns whose heading begins with `<` are flush left, the others flush right.
    pub fn new(heading: &[&str]) -> Cells {
        let left = heading.iter().map(|title| title.starts_with('<')).collect();
        let titles = heading.iter().map(|title| title.trim_start_matches('<').to_owned()).collect();
        Cells { rows: vec![titles], left }
    }

    /// Adds a row.
    pub fn add(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The lines.
    pub fn to_text(&self) -> String {
        let mut widths = vec![0; self.left.len()];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, &width), &left) in row.iter().zip(&widths).zip(&self.left) {
                let padding = " ".repeat(width - cell.chars().count());
                let separator = if line.is_empty() { "" } else { "  " };
                line += separator;
                line += &if left { format!("{cell}{padding}") } else { format!("{padding}{cell}") };
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut cells = Cells::new(&["<name", "bytes"]);
        cells.add(vec!["a".into(), "12345678".into()]);
        cells.add(vec!["η-long".into(), "1".into()]);
        assert_eq!(cells.to_text(), "name       bytes\na       12345678\nη-long         1\n");
    }
}

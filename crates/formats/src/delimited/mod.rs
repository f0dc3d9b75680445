//! Text tables: CSV, TSV and numbers between blanks, to columns and back.
//!
//! In: text, or the image of its columns. Out: the other; [`TextTable`] says how the text is printed.
//! Not here: how columns are coded (the codec), event records (`events`).
//! Holds: what was read is written again byte by byte: each cell is printed when it is read, and cells and lines that
//! come out otherwise are kept as they are.

mod cell;
mod choice;
mod dialect;
mod notation;
mod reader;
mod sample;
mod table;
mod wire;
mod writer;

pub use cell::{Cells, Content};
pub use dialect::{Dialect, Separator};
pub use notation::Notation;
pub use reader::{Sink, Stream};
pub use table::TextTable;
pub use wire::WireError;
pub use writer::UnfoldError;

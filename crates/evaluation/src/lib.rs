//! Evaluation: hepz beside other compressors.
//!
//! # What it is
//! A benchmark that measures sizes, speeds and memory of hepz and of the compressors that are used for such data,
//! on any file, and proves every round trip.
//!
//! # One page
//! [`run`] takes a file and measures every [`Rival`] that is [`present`] on its views: the file as it is
//! ([`View::File`]); of a ROOT file, the same file with its blocks opened ([`View::Content`]); and, where hepz
//! finds tables, their values row after row ([`View::Rows`]) and column after column ([`View::Columns`]). Each
//! direction runs in a process of its own, so that its peak memory is its own; [`measure`] is what happens in that
//! process. The results are [`Row`]s; `report` prints them, and [`to_html`] makes a page with charts of them.
//!
//! What the figures mean: *ratio* is the bytes of the view by those of the result; *MB/s* are millions of bytes of
//! the view per second of processor time on one thread (of wall time where hepz is given more); *memory* is what
//! the process held at most beyond its input, its output included. hepz in the views of tables is its archive of
//! the whole file, which holds the values and everything else. Programs (bsc, zli) are measured as a whole, with
//! their start and files.
//!
//! [`judge`] compares another version of a file with the original: residuals, tests of distributions, mass peaks
//! (docs/precision/judge.md). [`Budget`] finds the coarsest contracts that leave [`Observable`]s where they are
//! (docs/precision/budgets.md).
//!
//! # Where to look next
//! `rival` for who takes part, `measure` for how, `tables_view` and `content` for the views, `page` for the charts.

mod budget;
mod clock;
mod coders;
mod content;
mod error;
mod framed;
pub mod judge;
mod measure;
mod numeric;
mod observable;
mod packages;
mod page;
mod presence;
mod prices;
mod programs;
mod report;
mod rival;
mod run;
mod sample;
mod tables_view;

pub use budget::{
    Budget, BudgetError, ColumnBudget, Comparison, Effect, Estimate, ObservableBudget, PeakShift, Tolerance,
};
pub use error::EvaluationError;
pub use measure::{Measured, Side, Task, measure};
pub use observable::{Observable, ObservableError};
pub use page::{Page, to_html};
pub use presence::{Absent, Present, present};
pub use prices::{Price, Prices};
pub use report::{to_csv, to_json, to_text};
pub use rival::{Rival, View, chosen};
pub use run::{Bench, Row, Spawn, run};
pub use sample::small_table;

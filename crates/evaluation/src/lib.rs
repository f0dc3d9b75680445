//! Evaluation: hepz beside other compressors.
//!
//! # What it is
//! A benchmark that measures sizes, speeds and memory of hepz and of the compressors that are used for such data,
//! on any file, and proves every round trip.
//!
//! # One page
//! [`run`] takes files and, for each, every [`Rival`] in turn, on the file as it is ([`View::File`]) and, where hepz finds
//! tables, on their values column after column ([`View::Columns`]). Each direction runs in a process of its own, so that
//! its peak memory is its own; [`measure`] is what happens in that process. The results are [`Row`]s, and `report` prints
//! them.
//!
//! What the figures mean: *ratio* is the bytes of the view by those of the result; *MB/s* are millions of bytes of the view
//! per second of processor time on one thread (of wall time where hepz is given more); *memory* is what the process
//! held at most beyond its input, its output included. hepz in the columns' view is its archive of the whole file, which
//! holds the columns and everything else.
//!
//! # Where to look next
//! `rival` for who takes part, `measure` for how, `columns_view` for what is in the second view.

mod clock;
mod coders;
mod columns_view;
mod error;
mod measure;
mod numeric;
mod report;
mod rival;
mod run;
mod sample;

pub use error::EvaluationError;
pub use measure::{Measured, Side, Task, measure};
pub use report::{to_csv, to_json, to_text};
pub use rival::{Rival, View, chosen};
pub use run::{Bench, Row, Spawn, run};
pub use sample::small_table;

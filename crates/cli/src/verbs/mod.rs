//! Verbs: one module each.
//!
//! In: the arguments of a verb. Out: an exit code.
//! Not here: what more than one verb needs (the modules beside this one).
//! Holds: each opens with what its `--json` prints; those field names stay.

pub mod audit;
pub mod bench;
pub mod budget;
pub mod cat;
pub mod completions;
pub mod compress;
pub mod decompress;
pub mod diff;
pub mod distill;
pub mod evaluate;
pub mod explain;
pub mod help;
pub mod inspect;
pub mod list;
pub mod man;
pub mod merge;
pub mod round;
pub mod rules;
pub mod split;
pub mod test;
pub mod train;
pub mod verify;

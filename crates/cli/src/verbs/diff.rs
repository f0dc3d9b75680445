//! `hepz diff`: stub.
use crate::arguments::*;
/// Runs the verb.
pub fn run(_: &DiffArguments) -> u8 { 2 }

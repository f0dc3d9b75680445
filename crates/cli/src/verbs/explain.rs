//! `hepz explain`: stub.
use crate::arguments::*;
use crate::exit::Exit;
/// Runs the verb.
pub fn run(_: &ExplainArguments) -> Exit { Exit::Usage }

//! Fuzz: runs the fuzzers of the crate `fuzz`.
//!
//! In: seconds and perhaps a target. Out: a verdict; what was found lies under `fuzz/regressions/`.
//! Not here: targets and mutation (`fuzz`).
//! Holds: they are built with overflow checks and debug assertions, which the release build leaves out.

use crate::repository::cargo;
use crate::steps::{self, Tally};

/// Attacks every target, or one, for `seconds` each.
pub fn run(seconds: &str, target: Option<&str>) -> Result<(), String> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--profile", "checked", "--package", "hepz-fuzz", "--", seconds]);
    command.args(target);
    steps::run(&mut command, &mut Tally::default())
}

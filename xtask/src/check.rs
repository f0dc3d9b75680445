//! Check: the one command that continuous integration runs.
//!
//! In: the working tree. Out: a verdict, closed by `N passed, 0 failed`.
//! Not here: what takes hours (`slow`).

use crate::repository::cargo;
use crate::steps::{self, Tally, step};
use crate::{golden, imports, layers, tidy};

/// Runs every check and stops at the first that fails.
fn run_all(tally: &mut Tally) -> Result<(), String> {
    step("formatting", || steps::run(cargo().args(["fmt", "--all", "--", "--check"]), tally))?;
    step("layers: arrows between crates point down", layers::check)?;
    step("layers: no import circles inside a crate", imports::check)?;
    step("tidy: headers, names, sizes, documents", tidy::check)?;
    step("golden files", || golden::verify().map(|_| ()))?;
    step("lints", || {
        // With training, so that its verbs are seen, too; the tests below build the command as users do.
        let training = ["--features", "hepz-cli/train"];
        let mut clippy = cargo();
        clippy.args(["clippy", "--workspace", "--all-targets", "--release"]).args(training);
        steps::run(clippy.args(["--", "-D", "warnings"]), tally)
    })?;
    // Builds examples and runs unit tests, integration tests, doc tests and the replay of the fuzzers' finds.
    step("tests, doc tests, examples", || {
        steps::run(cargo().args(["test", "--workspace", "--release", "--no-fail-fast"]), tally)
    })?;
    step("documentation without broken links", || {
        let mut doc = cargo();
        doc.args(["doc", "--workspace", "--no-deps", "--release"]).env("RUSTDOCFLAGS", "-D warnings");
        steps::run(&mut doc, tally)
    })
}

/// `cargo xtask check`
pub fn run() -> Result<(), String> {
    let mut tally = Tally::default();
    let result = run_all(&mut tally);
    if std::env::var_os("HEPZ_CORPUS").is_none() {
        println!("skipped: tests on the corpus, as HEPZ_CORPUS names no folder");
    }
    // The failure first, so that the tally is the last line in either case.
    if let Err(message) = &result {
        println!("{message}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    result.map_err(|_| "the check failed".to_owned())
}

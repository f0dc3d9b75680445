//! Steps: one check after the other, each with its time, up to the first that fails.
//!
//! In: named closures and commands. Out: lines that a person and a log can read.
//! Not here: what the steps are (`check`, `slow`).

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Test results counted so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
}

impl Tally {
    /// Adds what a line of `cargo test` reports: `test result: ok. 5 passed; 0 failed; ...`.
    pub fn add_line(&mut self, line: &str) {
        let Some(rest) = line.trim().strip_prefix("test result:") else { return };
        let count =
            |part: &str, name: &str| part.trim().strip_suffix(name)?.rsplit(' ').next()?.parse::<u64>().ok();
        for part in rest.split(';') {
            self.passed += count(part, " passed").unwrap_or(0);
            self.failed += count(part, " failed").unwrap_or(0);
        }
    }
}

/// Runs a step and says how long it took.
pub fn step<T>(name: &str, run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    println!("== {name}");
    let start = Instant::now();
    let result = run();
    let seconds = start.elapsed().as_secs_f64();
    match result {
        Ok(value) => {
            println!("-- {name}: fine, {seconds:.1} s");
            Ok(value)
        }
        Err(message) => Err(format!("{message}\nFAILED at: {name} (after {seconds:.1} s)")),
    }
}

/// Runs a command with its output passed on; test results are added to `tally`.
pub fn run(command: &mut Command, tally: &mut Tally) -> Result<(), String> {
    let shown = format!("{command:?}");
    // Cargo's progress goes to its error stream, which is not captured.
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{shown}: {error}"))?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("{line}");
            tally.add_line(&line);
        }
    }
    let status = child.wait().map_err(|error| format!("{shown}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown}: {status}")) }
}

/// What a command prints.
pub fn output(command: &mut Command) -> Result<String, String> {
    let shown = format!("{command:?}");
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{shown}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{shown}: {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{shown}: prints what is not text"))
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn test_results_are_counted_from_every_binary() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 14 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test 3 passed; 4 failed ... ok",
        ] {
            tally.add_line(line);
        }
        assert_eq!((tally.passed, tally.failed), (16, 1));
    }
}

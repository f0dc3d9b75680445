//! One measurement, in a process of its own.
//!
//! In: a [`Task`]: rival, direction, files. Out: [`Measured`]: bytes, seconds, peak memory.
//! Not here: starting the process (`run`).
//! Holds: input is in memory before the clock starts; results are checked after it stops.

use crate::clock::{self, Clock};
use crate::columns_view::Shape;
use crate::rival::Takes;
use crate::{EvaluationError, Rival, coders, numeric};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A short task is repeated until it has taken this long in all, and its best time counts.
const ENOUGH_SECONDS: f64 = 0.3;
/// But not more often than this.
const MOST_REPEATS: u32 = 20;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From the original to the result.
    Compress,
    /// And back.
    Decompress,
}

/// What a measuring process is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Name of the rival.
    pub rival: String,
    /// Which way.
    pub side: Side,
    /// The original bytes.
    pub original: PathBuf,
    /// Types and lengths of the columns in them, if they are columns.
    pub shapes: Option<PathBuf>,
    /// The result: written by one side, read by the other.
    pub packed: PathBuf,
    /// Threads, for hepz.
    pub threads: usize,
    /// Run once only.
    pub once: bool,
}

/// What came of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Bytes of the result.
    pub packed_bytes: u64,
    /// Best time.
    pub seconds: f64,
    /// What seconds are of: `cpu` or `wall`.
    pub clock: String,
    /// Memory at most, beyond the input; `None` where the system does not count it.
    pub peak_bytes: Option<u64>,
}

impl Task {
    /// As one line.
    pub fn to_json(&self) -> String {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        json!({
            "rival": self.rival,
            "compress": self.side == Side::Compress,
            "original": path(&self.original),
            "shapes": self.shapes.as_deref().map(path),
            "packed": path(&self.packed),
            "threads": self.threads,
            "once": self.once,
        })
        .to_string()
    }

    /// From one line.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_json(line: &str) -> Result<Task, EvaluationError> {
        let value: Value = serde_json::from_str(line)?;
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let side = if value["compress"] == true { Side::Compress } else { Side::Decompress };
        Ok(Task {
            rival: text("rival"),
            side,
            original: text("original").into(),
            shapes: value["shapes"].as_str().map(PathBuf::from),
            packed: text("packed").into(),
            threads: value["threads"].as_u64().unwrap_or(1) as usize,
            once: value["once"] == true,
        })
    }
}

impl Measured {
    /// As one line.
    pub fn to_json(&self) -> String {
        json!({
            "packed_bytes": self.packed_bytes,
            "seconds": self.seconds,
            "clock": self.clock,
            "peak_bytes": self.peak_bytes,
        })
        .to_string()
    }

    /// From one line.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_json(line: &str) -> Result<Measured, EvaluationError> {
        let value: Value = serde_json::from_str(line)?;
        Ok(Measured {
            packed_bytes: value["packed_bytes"].as_u64().unwrap_or_default(),
            seconds: value["seconds"].as_f64().unwrap_or_default(),
            clock: value["clock"].as_str().unwrap_or_default().to_owned(),
            peak_bytes: value["peak_bytes"].as_u64(),
        })
    }
}

/// Does a task in this process, whose memory should be fresh.
///
/// # Errors
/// What the rival says, or that it did not give back what it was given.
pub fn measure(task: &Task) -> Result<Measured, EvaluationError> {
    let rival = Rival::from_name(&task.rival)
        .ok_or_else(|| EvaluationError::failed(&task.rival, "there is no such compressor"))?;
    let shapes = match &task.shapes {
        Some(path) => std::fs::read_to_string(path)?.lines().filter_map(Shape::from_line).collect(),
        None => Vec::new(),
    };
    let numeric = rival.takes == Takes::Columns;
    match task.side {
        Side::Compress => {
            let input = std::fs::read(&task.original)?;
            let (packed, measured) = timed(task, || {
                if numeric {
                    numeric::compress(&input, &shapes)
                } else {
                    coders::compress(rival.name, &input, task.threads)
                }
            })?;
            std::fs::write(&task.packed, &packed)?;
            Ok(Measured { packed_bytes: packed.len() as u64, ..measured })
        }
        Side::Decompress => {
            let packed = std::fs::read(&task.packed)?;
            let original_bytes =
                usize::try_from(std::fs::metadata(&task.original)?.len()).unwrap_or(usize::MAX);
            let (plain, measured) = timed(task, || {
                if numeric {
                    numeric::decompress(&packed, &shapes)
                } else {
                    coders::decompress(rival.name, &packed, original_bytes, task.threads)
                }
            })?;
            if plain != std::fs::read(&task.original)? {
                return Err(EvaluationError::RoundTrip { rival: task.rival.clone() });
            }
            Ok(Measured { packed_bytes: packed.len() as u64, ..measured })
        }
    }
}

fn timed(
    task: &Task,
    work: impl Fn() -> Result<Vec<u8>, EvaluationError>,
) -> Result<(Vec<u8>, Measured), EvaluationError> {
    let clock = Clock::for_threads(task.threads);
    let before = clock::memory();
    let (mut best, result) = clock.time(&work);
    let result = result?;
    let peak_bytes = before.zip(clock::memory()).map(|((held, _), (_, peak))| peak.saturating_sub(held));
    let (mut sum, mut repeats) = (best, 1);
    while !task.once && sum < ENOUGH_SECONDS && repeats < MOST_REPEATS {
        let (seconds, again) = clock.time(&work);
        again?;
        best = best.min(seconds);
        sum += seconds;
        repeats += 1;
    }
    let measured = Measured { packed_bytes: 0, seconds: best, clock: clock.name().to_owned(), peak_bytes };
    Ok((result, measured))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_and_results_come_back_from_their_lines() {
        let task = Task {
            rival: "pco".into(),
            side: Side::Decompress,
            original: "a b".into(),
            shapes: Some("shapes".into()),
            packed: "p".into(),
            threads: 3,
            once: true,
        };
        assert_eq!(Task::from_json(&task.to_json()).unwrap(), task);
        let measured = Measured { packed_bytes: 7, seconds: 0.25, clock: "cpu".into(), peak_bytes: None };
        assert_eq!(Measured::from_json(&measured.to_json()).unwrap(), measured);
    }

    #[test]
    fn a_wrong_round_trip_is_no_result() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("original"), b"what went in").unwrap();
        let mut task = Task {
            rival: "zstd-3".into(),
            side: Side::Compress,
            original: path("original"),
            shapes: None,
            packed: path("packed"),
            threads: 1,
            once: true,
        };
        measure(&task).unwrap();
        task.side = Side::Decompress;
        assert!(measure(&task).is_ok());
        std::fs::write(path("original"), b"what came in").unwrap();
        assert!(matches!(measure(&task), Err(EvaluationError::RoundTrip { .. })));
    }
}

//! One measurement, in a process of its own.
//!
//! In: a [`Task`]: rival, direction, files. Out: [`Measured`]: bytes, seconds, peak memory.
//! Not here: starting the process (`run`).
//! Holds: input is in memory before the clock starts; results are checked after it stops.

use crate::clock::{Clock, Spent, repeated};
use crate::rival::{By, Takes};
use crate::tables_view::Shape;
use crate::{EvaluationError, Rival, coders, numeric, packages, programs};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

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

/// One compressor, both ways.
trait Coder {
    /// Packs `task.original` into `task.packed`; what it took.
    fn compress(&self, task: &Task) -> Result<Spent, EvaluationError>;
    /// What `task.packed` holds, and what it took.
    fn decompress(&self, task: &Task) -> Result<(Vec<u8>, Spent), EvaluationError>;
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
    proved(task, &Known { rival, shapes })
}

/// Does a task with any coder; what comes back is compared with the original.
fn proved(task: &Task, coder: &dyn Coder) -> Result<Measured, EvaluationError> {
    let spent = match task.side {
        Side::Compress => coder.compress(task)?,
        Side::Decompress => {
            let (plain, spent) = coder.decompress(task)?;
            if plain != std::fs::read(&task.original)? {
                return Err(EvaluationError::RoundTrip { rival: task.rival.clone() });
            }
            spent
        }
    };
    Ok(Measured {
        packed_bytes: std::fs::metadata(&task.packed)?.len(),
        seconds: spent.seconds,
        clock: Clock::for_threads(task.threads).name().to_owned(),
        peak_bytes: spent.peak_bytes,
    })
}

/// One of the rivals, and the columns that it is given, if any.
struct Known {
    rival: Rival,
    shapes: Vec<Shape>,
}

impl Known {
    fn here(
        &self,
        task: &Task,
        work: impl Fn() -> Result<Vec<u8>, EvaluationError>,
    ) -> Result<(Vec<u8>, Spent), EvaluationError> {
        repeated(task.once, || Clock::for_threads(task.threads).spent(&work))
    }

    fn scratch(task: &Task) -> &Path {
        task.packed.parent().unwrap_or(Path::new("."))
    }
}

impl Coder for Known {
    fn compress(&self, task: &Task) -> Result<Spent, EvaluationError> {
        let rival = self.rival;
        if let By::Program(_) = rival.by {
            return programs::compress(rival, &task.original, &task.packed, task.once);
        }
        let input = std::fs::read(&task.original)?;
        let (packed, spent) = match (rival.by, rival.takes) {
            (By::Package(_), _) => {
                packages::compress(rival, &input, &self.shapes, Known::scratch(task), task.once)?
            }
            (_, Takes::Columns) => self.here(task, || numeric::compress(rival.name, &input, &self.shapes))?,
            _ => self.here(task, || coders::compress(rival, &input, task.threads))?,
        };
        std::fs::write(&task.packed, &packed)?;
        Ok(spent)
    }

    fn decompress(&self, task: &Task) -> Result<(Vec<u8>, Spent), EvaluationError> {
        let rival = self.rival;
        if let By::Program(_) = rival.by {
            let plain = Known::scratch(task).join("plain");
            let spent = programs::decompress(rival, &task.packed, &plain, task.once)?;
            let bytes = std::fs::read(&plain)?;
            std::fs::remove_file(plain)?;
            return Ok((bytes, spent));
        }
        let packed = std::fs::read(&task.packed)?;
        let original_bytes = usize::try_from(std::fs::metadata(&task.original)?.len()).unwrap_or(usize::MAX);
        match (rival.by, rival.takes) {
            (By::Package(_), _) => {
                packages::decompress(rival, &packed, &self.shapes, Known::scratch(task), task.once)
            }
            (_, Takes::Columns) => self.here(task, || numeric::decompress(rival.name, &packed, &self.shapes)),
            _ => self.here(task, || coders::decompress(rival, &packed, original_bytes, task.threads)),
        }
    }
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

    fn task(folder: &Path) -> Task {
        std::fs::write(folder.join("original"), b"what went in").unwrap();
        Task {
            rival: "zstd-3".into(),
            side: Side::Compress,
            original: folder.join("original"),
            shapes: None,
            packed: folder.join("packed"),
            threads: 1,
            once: true,
        }
    }

    /// Packs everything into nothing, and makes something up.
    struct Liar(&'static [u8]);

    impl Coder for Liar {
        fn compress(&self, task: &Task) -> Result<Spent, EvaluationError> {
            std::fs::write(&task.packed, b"")?;
            Ok(Spent::default())
        }

        fn decompress(&self, _: &Task) -> Result<(Vec<u8>, Spent), EvaluationError> {
            Ok((self.0.to_vec(), Spent::default()))
        }
    }

    #[test]
    fn a_coder_that_lies_has_no_result() {
        let folder = tempfile::tempdir().unwrap();
        let mut task = task(folder.path());
        assert_eq!(proved(&task, &Liar(b"")).unwrap().packed_bytes, 0);
        task.side = Side::Decompress;
        for lie in [&b"what went on"[..], b"what went i", b"what went in ", b""] {
            assert!(matches!(proved(&task, &Liar(lie)), Err(EvaluationError::RoundTrip { .. })), "{lie:?}");
        }
        assert!(proved(&task, &Liar(b"what went in")).is_ok());
    }

    #[test]
    fn a_wrong_round_trip_is_no_result() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut task = task(folder.path());
        measure(&task).unwrap();
        task.side = Side::Decompress;
        assert!(measure(&task).is_ok());
        std::fs::write(path("original"), b"what came in").unwrap();
        assert!(matches!(measure(&task), Err(EvaluationError::RoundTrip { .. })));
    }
}

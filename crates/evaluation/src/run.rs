//! The run: every file, view and rival, each direction in its own process.
//!
//! In: files, rivals, and how to start a measuring process. Out: [`Row`]s in a fixed order.
//! Not here: what the process does (`measure`).
//! Holds: a rival that fails does not stop the others; rows come file by file, view by view, in the order of rivals.

use crate::columns_view::{self, Shape};
use crate::{EvaluationError, Measured, Rival, Side, Task, View, coders};
use hepz::{Archive, Limits};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Starts a measuring process: a program that calls [`crate::measure`] on the task in its last argument.
pub type Spawn<'a> = &'a dyn Fn() -> Command;

/// What is to be measured.
pub struct Bench<'a> {
    /// The rivals, in order.
    pub rivals: Vec<Rival>,
    /// Threads of hepz.
    pub threads: usize,
    /// Run everything once only.
    pub once: bool,
    /// How a measuring process is started.
    pub spawn: Spawn<'a>,
}

/// One result.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// The file.
    pub file: String,
    /// What of it was compressed.
    pub view: View,
    /// Name of the rival.
    pub rival: &'static str,
    /// Its settings.
    pub settings: &'static str,
    /// Bytes of the view.
    pub view_bytes: u64,
    /// Bytes of the result.
    pub packed_bytes: u64,
    /// `view_bytes` by `packed_bytes`.
    pub ratio: f64,
    /// What times are of: `cpu` or `wall`.
    pub clock: String,
    /// Threads.
    pub threads: usize,
    /// Millions of bytes of the view per second.
    pub compress_mb_per_s: f64,
    /// And back.
    pub decompress_mb_per_s: f64,
    /// Memory at most, beyond the input.
    pub compress_peak_bytes: Option<u64>,
    /// And back.
    pub decompress_peak_bytes: Option<u64>,
}

/// Measures one file; `tell` gets each row as it is known, and each failure with the rival's name.
///
/// # Errors
/// If the file cannot be read or there is no room for temporary files.
pub fn run(
    bench: &Bench<'_>,
    file: &Path,
    tell: &mut dyn FnMut(Result<Row, EvaluationError>),
) -> Result<(), EvaluationError> {
    let scratch = tempfile::Builder::new().prefix("hepz-bench-").tempdir()?;
    let original = fs::canonicalize(file)?;
    let archive = scratch.path().join(Rival::HEPZ);
    let mut hepz_row = None;
    for &rival in bench.rivals.iter().filter(|rival| rival.takes(View::File)) {
        let packed = scratch.path().join(rival.name);
        let row = bench.both_ways(file, rival, View::File, &original, None, &packed);
        if rival.name == Rival::HEPZ {
            hepz_row = row.as_ref().ok().cloned();
        } else {
            let _ = fs::remove_file(&packed);
        }
        tell(row);
    }
    let columns = scratch.path().join("columns");
    let Some(shapes) = columns_of(&original, &archive, &columns)? else { return Ok(()) };
    let view_bytes = fs::metadata(&columns)?.len();
    for &rival in &bench.rivals {
        if rival.name == Rival::HEPZ {
            // The archive of the file holds the columns, and everything else.
            if let Some(row) = &hepz_row {
                tell(Ok(row.seen_as_columns(view_bytes)));
            }
        } else if rival.takes(View::Columns) {
            let packed = scratch.path().join(rival.name);
            tell(bench.both_ways(file, rival, View::Columns, &columns, Some(&shapes), &packed));
            let _ = fs::remove_file(&packed);
        }
    }
    Ok(())
}

/// Writes the columns' view to `columns` and their shapes beside it; `None` if the file has none.
fn columns_of(original: &Path, archive: &Path, columns: &Path) -> Result<Option<PathBuf>, EvaluationError> {
    if !archive.exists() {
        fs::write(archive, coders::compress(Rival::HEPZ, &fs::read(original)?, 0)?)?;
    }
    // A benchmark is run on files that are trusted.
    let mut limits = Limits::default();
    limits.memory_bytes = u64::MAX;
    let failed = |error| EvaluationError::failed(Rival::HEPZ, error);
    let archive = Archive::open_file(archive, limits).map_err(failed)?;
    let shapes = columns_view::write(&archive, &mut BufWriter::new(File::create(columns)?))?;
    if shapes.is_empty() {
        return Ok(None);
    }
    let path = columns.with_extension("shapes");
    fs::write(&path, shapes.into_iter().map(Shape::to_line).collect::<String>())?;
    Ok(Some(path))
}

impl Bench<'_> {
    fn both_ways(
        &self,
        file: &Path,
        rival: Rival,
        view: View,
        original: &Path,
        shapes: Option<&Path>,
        packed: &Path,
    ) -> Result<Row, EvaluationError> {
        let threads = if rival.name == Rival::HEPZ { self.threads } else { 1 };
        let mut task = Task {
            rival: rival.name.to_owned(),
            side: Side::Compress,
            original: original.to_owned(),
            shapes: shapes.map(Path::to_owned),
            packed: packed.to_owned(),
            threads,
            once: self.once,
        };
        let compressed = self.in_process(&task)?;
        task.side = Side::Decompress;
        let decompressed = self.in_process(&task)?;
        let view_bytes = fs::metadata(original)?.len();
        let speed = |measured: &Measured| view_bytes as f64 / 1e6 / measured.seconds.max(1e-9);
        Ok(Row {
            file: file.display().to_string(),
            view,
            rival: rival.name,
            settings: rival.settings,
            view_bytes,
            packed_bytes: compressed.packed_bytes,
            ratio: view_bytes as f64 / compressed.packed_bytes.max(1) as f64,
            clock: compressed.clock.clone(),
            threads,
            compress_mb_per_s: speed(&compressed),
            decompress_mb_per_s: speed(&decompressed),
            compress_peak_bytes: compressed.peak_bytes,
            decompress_peak_bytes: decompressed.peak_bytes,
        })
    }

    fn in_process(&self, task: &Task) -> Result<Measured, EvaluationError> {
        let mut command = (self.spawn)();
        let output = command.arg(task.to_json()).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("nothing").to_owned();
            return Err(EvaluationError::Process { rival: task.rival.clone(), what: last });
        }
        Measured::from_json(&String::from_utf8_lossy(&output.stdout))
    }
}

impl Row {
    /// The same archive and times, by the bytes of the columns.
    fn seen_as_columns(&self, view_bytes: u64) -> Row {
        let scale = view_bytes as f64 / self.view_bytes.max(1) as f64;
        Row {
            view: View::Columns,
            view_bytes,
            ratio: view_bytes as f64 / self.packed_bytes.max(1) as f64,
            compress_mb_per_s: self.compress_mb_per_s * scale,
            decompress_mb_per_s: self.decompress_mb_per_s * scale,
            ..self.clone()
        }
    }
}

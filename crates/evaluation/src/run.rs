//! The run: every file, view and rival, each direction in its own process.
//!
//! In: files, rivals, and how to start a measuring process. Out: [`Row`]s in a fixed order.
//! Not here: what the process does (`measure`).
//! Holds: a rival that fails does not stop the others; rows come file by file, view by view, in the order of rivals.

use crate::presence::Present;
use crate::prices::Prices;
use crate::rival::Takes;
use crate::tables_view::{self, Shape};
use crate::{EvaluationError, Measured, Rival, Side, Task, View, coders, content};
use hepz::{Archive, Level, Limits};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Starts a measuring process: a program that calls [`crate::measure`] on the task in its last argument.
pub type Spawn<'a> = &'a dyn Fn() -> Command;

/// What is to be measured.
pub struct Bench<'a> {
    /// The rivals, in order.
    pub rivals: Vec<Present>,
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
    /// Version of its library, package or program.
    pub version: String,
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

/// Measures one file; `tell` gets each row as it is known, and each failure with the rival's name. Gives what the
/// archive by hepz spends where, at the default level if that takes part.
///
/// # Errors
/// If the file cannot be read or there is no room for temporary files.
pub fn run(
    bench: &Bench<'_>,
    file: &Path,
    tell: &mut dyn FnMut(Result<Row, EvaluationError>),
) -> Result<Prices, EvaluationError> {
    let scratch = tempfile::Builder::new().prefix("hepz-bench-").tempdir()?;
    let original = fs::canonicalize(file)?;
    let mut of_file = bench.all(file, View::File, &original, None, scratch.path(), tell);
    let content = scratch.path().join("content");
    if content::write(&original, &content)? {
        bench.all(file, View::Content, &content, None, scratch.path(), tell);
    }
    fs::remove_file(&content)?;
    let archive = bench.archive(&original, scratch.path())?;
    let paths = [scratch.path().join("rows"), scratch.path().join("columns")];
    let Some(shapes) = views_of_tables(&archive, &paths)? else { return Prices::of(file, &archive) };
    // A single column has no rows of its own.
    let differ = fs::read(&paths[0])? != fs::read(&paths[1])?;
    for (view, path) in [(View::Rows, &paths[0]), (View::Columns, &paths[1])] {
        if view == View::Rows && !differ {
            continue;
        }
        let view_bytes = fs::metadata(path)?.len();
        // The archive of the file holds the values, and everything else.
        for row in &mut of_file {
            *row = row.seen_as(view, view_bytes);
            tell(Ok(row.clone()));
        }
        bench.all(file, view, path, Some(&shapes), scratch.path(), tell);
    }
    Prices::of(file, &archive)
}

/// Writes the views of the tables to `paths`, rows first, and the shapes of the columns beside them; `None` if the
/// file has no tables.
fn views_of_tables(archive: &Archive<'_>, paths: &[PathBuf; 2]) -> Result<Option<Shapes>, EvaluationError> {
    let mut sinks = [BufWriter::new(File::create(&paths[0])?), BufWriter::new(File::create(&paths[1])?)];
    let [rows, columns] = &mut sinks;
    let shapes = tables_view::write(archive, columns, rows)?;
    if shapes.is_empty() {
        return Ok(None);
    }
    let path = paths[1].with_extension("shapes");
    fs::write(&path, shapes.iter().map(|shape| shape.to_line()).collect::<String>())?;
    Ok(Some(Shapes { path, floats: shapes.iter().any(Shape::is_float) }))
}

/// The columns of a view.
struct Shapes {
    /// The file that lists them.
    path: PathBuf,
    /// One of them holds floating-point numbers.
    floats: bool,
}

impl Bench<'_> {
    /// Every rival that takes a view; the rows of hepz, whose archive at the best known level stays in `scratch`.
    fn all(
        &self,
        file: &Path,
        view: View,
        original: &Path,
        shapes: Option<&Shapes>,
        scratch: &Path,
        tell: &mut dyn FnMut(Result<Row, EvaluationError>),
    ) -> Vec<Row> {
        let mut of_hepz = Vec::new();
        for present in self.rivals.iter().filter(|present| present.rival.takes(view)) {
            if present.rival.takes == Takes::Floats && !shapes.is_some_and(|shapes| shapes.floats) {
                continue;
            }
            let packed = scratch.join(format!("{}.{}", present.rival.name, view.name()));
            let row = self.both_ways(file, present, view, original, shapes, &packed);
            if present.rival.is_hepz() && view == View::File {
                of_hepz.extend(row.as_ref().ok().cloned());
            } else {
                let _ = fs::remove_file(&packed);
            }
            tell(row);
        }
        of_hepz
    }

    /// The archive of the file: at the default level, else at another, else made now.
    fn archive(&self, original: &Path, scratch: &Path) -> Result<Archive<'static>, EvaluationError> {
        let made = |name: &str| scratch.join(format!("{name}.{}", View::File.name()));
        let hepz = self.rivals.iter().map(|present| present.rival).filter(Rival::is_hepz);
        let names = [Rival::HEPZ].into_iter().chain(hepz.map(|rival| rival.name));
        let path = match names.map(made).find(|path| path.exists()) {
            Some(path) => path,
            None => {
                let path = made(Rival::HEPZ);
                fs::write(&path, coders::hepz_archive(Level::Default, &fs::read(original)?, 0)?)?;
                path
            }
        };
        // A benchmark is run on files that are trusted.
        let mut limits = Limits::default();
        limits.memory_bytes = u64::MAX;
        Archive::open_file(path, limits).map_err(|error| EvaluationError::failed(Rival::HEPZ, error))
    }

    fn both_ways(
        &self,
        file: &Path,
        present: &Present,
        view: View,
        original: &Path,
        shapes: Option<&Shapes>,
        packed: &Path,
    ) -> Result<Row, EvaluationError> {
        let rival = present.rival;
        let threads = if rival.is_hepz() { self.threads } else { 1 };
        let mut task = Task {
            rival: rival.name.to_owned(),
            side: Side::Compress,
            original: original.to_owned(),
            shapes: shapes.map(|shapes| shapes.path.clone()),
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
            version: present.version.clone(),
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
    /// The same archive and times, by the bytes of another view.
    fn seen_as(&self, view: View, view_bytes: u64) -> Row {
        let scale = view_bytes as f64 / self.view_bytes.max(1) as f64;
        Row {
            view,
            view_bytes,
            ratio: view_bytes as f64 / self.packed_bytes.max(1) as f64,
            compress_mb_per_s: self.compress_mb_per_s * scale,
            decompress_mb_per_s: self.decompress_mb_per_s * scale,
            ..self.clone()
        }
    }
}

//! Sizes: how large the corpus becomes.
//!
//! In: the files below HEPZ_CORPUS and the `hepz` command. Out: `docs/sizes.tsv`, or rows that grew.
//! Not here: other compressors (`hepz-evaluation`).
//! Holds: each file is also decompressed and compared, so a row stands for a round trip.

use crate::repository::{cargo, root, target};
use crate::steps::{self, Tally};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const TABLE: &str = "docs/sizes.tsv";
const HEADING: &str = "file\tbytes\tarchive_bytes\tratio\tcompress_mb_per_s\tdecompress_mb_per_s";
/// A row may grow by this much, in thousandths, before `--check` speaks: smaller steps are noise of planning.
const TOLERANCE_PERMILLE: u64 = 5;

/// One file, measured.
struct Row {
    bytes: u64,
    archive_bytes: u64,
    compress_seconds: f64,
    decompress_seconds: f64,
}

impl Row {
    fn line(&self, file: &str) -> String {
        let ratio = self.bytes as f64 / self.archive_bytes.max(1) as f64;
        let speed = |seconds: f64| self.bytes as f64 / 1e6 / seconds.max(1e-9);
        let (compress, decompress) = (speed(self.compress_seconds), speed(self.decompress_seconds));
        format!("{file}\t{}\t{}\t{ratio:.3}\t{compress:.2}\t{decompress:.2}", self.bytes, self.archive_bytes)
    }
}

/// Files below `folder`, as sorted paths relative to it.
fn corpus(folder: &Path) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        let entries = std::fs::read_dir(&at).map_err(|error| format!("{}: {error}", at.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(relative) = path.strip_prefix(folder) {
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn timed(command: &mut Command) -> Result<f64, String> {
    let start = Instant::now();
    steps::output(command)?;
    Ok(start.elapsed().as_secs_f64())
}

fn measure(hepz: &Path, file: &Path, scratch: &Path) -> Result<Row, String> {
    let (archive, back) = (scratch.join("measured.hepz"), scratch.join("measured.back"));
    for left_over in [&archive, &back] {
        let _ = std::fs::remove_file(left_over);
    }
    let compress_seconds =
        timed(Command::new(hepz).args(["compress", "--quiet", "-o"]).arg(&archive).arg(file))?;
    let decompress_seconds =
        timed(Command::new(hepz).args(["decompress", "--quiet", "-o"]).arg(&back).arg(&archive))?;
    let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let original = read(file)?;
    if original != read(&back)? {
        return Err(format!("{}: does not come back as it was", file.display()));
    }
    let archive_bytes = read(&archive)?.len() as u64;
    Ok(Row { bytes: original.len() as u64, archive_bytes, compress_seconds, decompress_seconds })
}

fn measure_all() -> Result<BTreeMap<String, Row>, String> {
    let folder = std::env::var_os("HEPZ_CORPUS").ok_or("HEPZ_CORPUS names no folder; nothing to measure")?;
    let folder = PathBuf::from(folder);
    steps::run(
        cargo().args(["build", "--quiet", "--release", "--package", "hepz-cli"]),
        &mut Tally::default(),
    )?;
    let hepz = target().join("release").join(format!("hepz{}", std::env::consts::EXE_SUFFIX));
    let scratch = target().join("sizes");
    std::fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    let mut rows = BTreeMap::new();
    println!("{HEADING}");
    for file in corpus(&folder)? {
        let row = measure(&hepz, &folder.join(&file), &scratch)?;
        println!("{}", row.line(&file));
        rows.insert(file, row);
    }
    let total = |size: fn(&Row) -> u64| rows.values().map(size).sum::<u64>();
    let (bytes, archive_bytes) = (total(|row| row.bytes), total(|row| row.archive_bytes));
    println!("{} files, {bytes} bytes, {archive_bytes} in archives", rows.len());
    Ok(rows)
}

/// `cargo xtask sizes`
pub fn write() -> Result<(), String> {
    let rows = measure_all()?;
    let lines: String = rows.iter().map(|(file, row)| row.line(file) + "\n").collect();
    std::fs::write(root().join(TABLE), format!("{HEADING}\n{lines}"))
        .map_err(|error| format!("{TABLE}: {error}"))
}

/// File and archive bytes of each line of the table.
fn parse(table: &str) -> BTreeMap<String, u64> {
    let rows = table.lines().skip(1).filter_map(|line| {
        let mut fields = line.split('\t');
        let file = fields.next()?.to_owned();
        Some((file, fields.nth(1)?.parse().ok()?))
    });
    rows.collect()
}

/// True if `now` is larger than `before` by more than the tolerance.
fn grew(before: u64, now: u64) -> bool {
    u128::from(now) * 1000 > u128::from(before) * u128::from(1000 + TOLERANCE_PERMILLE)
}

/// `cargo xtask sizes --check`
pub fn compare() -> Result<(), String> {
    let table = std::fs::read_to_string(root().join(TABLE)).map_err(|error| format!("{TABLE}: {error}"))?;
    let before = parse(&table);
    let mut faults = Vec::new();
    for (file, row) in measure_all()? {
        match before.get(&file) {
            Some(&known) if grew(known, row.archive_bytes) => {
                faults.push(format!("{file}: grew from {known} to {} bytes", row.archive_bytes));
            }
            Some(_) => {}
            None => println!("{file} is not in {TABLE}"),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_grows_by_more_than_half_a_percent_is_found() {
        assert!(!grew(1000, 1005));
        assert!(grew(1000, 1006));
        assert!(!grew(1000, 1));
    }

    #[test]
    fn the_table_that_is_written_can_be_compared_with() {
        let row = Row { bytes: 10, archive_bytes: 5, compress_seconds: 1.0, decompress_seconds: 1.0 };
        let table = format!("{HEADING}\n{}\n", row.line("a/b.h5"));
        assert_eq!(parse(&table), BTreeMap::from([("a/b.h5".to_owned(), 5)]));
    }
}

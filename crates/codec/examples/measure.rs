//! Measures files: size, time both ways, and what the most expensive columns cost.
//!
//! `cargo run --release -p hepz --example measure -- FILE...`

use hepz::{Archive, CompressOptions, DecompressOptions, FileSource, Limits, Memory, Source};
use std::time::Instant;

/// Columns that are listed.
const LISTED: usize = 12;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let source = FileSource::open(&path)?;
        let bytes = source.len() as f64;
        let mut archive = Vec::new();
        let start = Instant::now();
        let report = hepz::compress(&source, &mut archive, &CompressOptions::new())?;
        let compress_seconds = start.elapsed().as_secs_f64();
        let opened = Archive::open(Box::new(Memory(&archive)), Limits::default())?;
        let start = Instant::now();
        hepz::verify(&opened, &source, &DecompressOptions::new())?;
        let decompress_seconds = start.elapsed().as_secs_f64();
        println!(
            "{path}: {} to {} bytes, {:.3} x, {} tables {:?}, {:.2} MB/s, back {:.2} MB/s",
            source.len(),
            archive.len(),
            bytes / archive.len() as f64,
            report.tables,
            report.format,
            bytes / compress_seconds / 1e6,
            bytes / decompress_seconds / 1e6
        );
        report.notes.iter().for_each(|note| println!("  {note}"));
        let inspection = opened.inspect()?;
        for section in &inspection.sections {
            println!("  {:10} {:6} {:10} bytes", section.kind, section.count, section.bytes);
        }
        let mut columns = inspection.columns;
        columns.sort_by(|a, b| b.archive_bytes.total_cmp(&a.archive_bytes));
        for column in columns.iter().take(LISTED) {
            println!(
                "  {:>12.0} bytes {:7.3} bits {}.{} {} {} {:?}",
                column.archive_bytes,
                column.bits_per_value,
                column.table,
                column.name,
                column.scalar,
                column.transform,
                column.contexts
            );
        }
    }
    Ok(())
}

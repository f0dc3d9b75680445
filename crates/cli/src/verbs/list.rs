//! `hepz list`: one line per archive.
//!
//! In: archives. Out: a table.
//! JSON: `file`, `name`, `original_bytes`, `archive_bytes`, `ratio`, `chunks`, `tables`, `columns`, `events`, `format`, `level`,
//! `wrapper`, `format_version`, `adler32`, `sha256`, `notes`.
//! Not here: what each column costs (`inspect`).
//! Holds: no value is decoded.

use crate::arguments::ListArguments;
use crate::cells::Cells;
use crate::console::{complain, for_each, print, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use hepz::Archive;
use serde_json::json;
use std::path::Path;

/// Runs the verb.
pub fn run(arguments: &ListArguments) -> Exit {
    let heading = [
        "<archive",
        "<original",
        "bytes",
        "in archive",
        "ratio",
        "chunks",
        "tables",
        "columns",
        "events",
        "<format",
        "version",
    ];
    let mut cells = Cells::new(&heading);
    let mut details = String::new();
    let mut listed = 0;
    let mut worst = for_each(&arguments.files, |file| {
        let archive = input::open_archive(file, arguments.memory.bytes)?;
        listed += 1;
        if arguments.talk.json {
            return print_json(file, &archive);
        }
        cells.add(row(file, &archive)?);
        if arguments.talk.verbose {
            details += &detail(file, &archive);
        }
        Ok(())
    });
    if listed > 0
        && !arguments.talk.json
        && let Err(failure) = print(&(cells.to_text() + &details))
    {
        complain(Path::new("list"), &failure);
        worst = worst.max(failure.exit);
    }
    worst
}

fn columns(archive: &Archive<'_>) -> usize {
    archive.tables().iter().map(|table| table.columns.len()).sum()
}

fn ratio(archive: &Archive<'_>) -> f64 {
    archive.header().original_bytes as f64 / archive.archive_bytes().max(1) as f64
}

fn row(file: &Path, archive: &Archive<'_>) -> Result<Vec<String>, Failure> {
    let header = archive.header();
    let (major, minor) = header.format_version;
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    Ok(vec![
        shown(file),
        or_dash(header.name.as_deref().unwrap_or("")),
        header.original_bytes.to_string(),
        archive.archive_bytes().to_string(),
        format!("{:.2}", ratio(archive)),
        archive.inspect()?.chunks.to_string(),
        archive.tables().len().to_string(),
        columns(archive).to_string(),
        archive.event_count()?.map_or("-".to_owned(), |events| events.to_string()),
        or_dash(&header.format),
        format!("{major}.{minor}"),
    ])
}

fn detail(file: &Path, archive: &Archive<'_>) -> String {
    let header = archive.header();
    let mut text = format!("\n{}\n  sha256   {}\n", shown(file), hex(&header.sha256));
    text += &format!("  adler32  {:08x}\n  level    {}\n", header.adler32, header.level);
    if let Some(wrapper) = archive.wrapper() {
        text += &format!("  wrapper  {wrapper}\n");
    }
    for note in &header.notes {
        text += &format!("  note     {note}\n");
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn print_json(file: &Path, archive: &Archive<'_>) -> Result<(), Failure> {
    let header = archive.header();
    let line = json!({
        "file": shown(file),
        "name": header.name,
        "original_bytes": header.original_bytes,
        "archive_bytes": archive.archive_bytes(),
        "ratio": ratio(archive),
        "chunks": archive.inspect()?.chunks,
        "tables": archive.tables().len(),
        "columns": columns(archive),
        "events": archive.event_count()?,
        "format": header.format,
        "level": header.level,
        "wrapper": archive.wrapper(),
        "format_version": format!("{}.{}", header.format_version.0, header.format_version.1),
        "adler32": format!("{:08x}", header.adler32),
        "sha256": hex(&header.sha256),
        "notes": header.notes,
    });
    print(&format!("{line}\n"))
}

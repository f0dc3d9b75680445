//! `hepz decompress`: archives to the files they were made of.
//!
//! In: archives or standard input. Out: the archive's name without `.hepz`, or standard output.
//! JSON: `file`, `output`, `original_bytes`, `archive_bytes`, `seconds`. With --salvage also `whole`, `written_bytes`, `end` (what
//! is wrong with the end of the archive, or null), `sections` (each `kind`, `number`, `at`), `rows` (each `table`, `from`,
//! `to`), `stretches` (each `at`, `bytes`, `exact`), `events` (those written, of an event record), `notes`; `original_bytes` may be null.
//! Not here: naming and renaming (`output`), decoding (`hepz`).
//! Holds: a file appears under its name only when its length, adler32 and SHA-256 are right.

use super::compress::SUFFIX;
use crate::arguments::DecompressArguments;
use crate::console::{for_each, is_standard, or_standard_input, print, remark, shown};
use crate::exit::{Exit, Failure};
use crate::output::{Destination, Staged};
use crate::progress::Bar;
use crate::{console, input};
use hepz::{DecompressOptions, Limits, Salvaged};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs the verb.
pub fn run(arguments: &DecompressArguments) -> Exit {
    let files = match or_standard_input(&arguments.files) {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    // Several archives may follow each other on standard output, as with zstd.
    let several = if arguments.target.goes_to_standard() { 1 } else { files.len() };
    if let Err(failure) = arguments.target.check_number(several) {
        console::complain(Path::new("decompress"), &failure);
        return failure.exit;
    }
    for_each(&files, |file| if arguments.salvage { salvage(file, arguments) } else { one(file, arguments) })
}

fn one(file: &Path, arguments: &DecompressArguments) -> Result<(), Failure> {
    let (target, talk) = (&arguments.target, arguments.talk);
    let start = Instant::now();
    let archive = input::open_archive(file, arguments.memory.bytes, &arguments.models.given)?;
    let destination =
        target.destination(file, |path| original_name(path, archive.header().name.as_deref()))?;
    let bar = Bar::new(&shown(file), talk);
    let mut options = DecompressOptions::new();
    options.threads = arguments.work.threads;
    options.progress = Some(&bar);
    let output = match &destination {
        Destination::Standard => {
            archive.decompress(&mut BufWriter::new(io::stdout().lock()), &options)?;
            Path::new("-")
        }
        Destination::File(name) => {
            let staged = Staged::beside(name)?;
            archive.decompress_to_file(staged.path(), &options)?;
            staged.publish((!is_standard(file)).then_some(file), target.force)?;
            name
        }
    };
    drop(bar);
    if target.rm && !is_standard(file) {
        fs::remove_file(file).map_err(|error| Failure::io("cannot remove it after decompressing", &error))?;
    }
    let name = shown(file);
    let (original, stored) = (archive.header().original_bytes, archive.archive_bytes());
    let seconds = start.elapsed().as_secs_f64();
    remark(talk, &format!("{name}: {stored} -> {original} bytes, {seconds:.1} s"));
    if talk.json {
        let line = json!({
            "file": name,
            "output": output.display().to_string(),
            "original_bytes": original,
            "archive_bytes": stored,
            "seconds": seconds,
        });
        print(&format!("{line}\n"))?;
    }
    Ok(())
}

/// Lost parts of one kind that are listed one by one.
const LISTED: usize = 20;

fn salvage(file: &Path, arguments: &DecompressArguments) -> Result<(), Failure> {
    let (target, start, name) = (&arguments.target, Instant::now(), shown(file));
    let source = input::open(file)?;
    let archive_bytes = hepz::Source::len(&source);
    let mut limits = Limits::default();
    limits.memory_bytes = arguments.memory.bytes;
    let mut options = DecompressOptions::new();
    options.threads = arguments.work.threads;
    options.models = input::read_models(&arguments.models.given)?;
    let save =
        |sink: &mut dyn Write| Ok::<_, Failure>(hepz::salvage(Box::new(source), limits, sink, &options)?);
    let (report, output) = match target.destination(file, |path| original_name(path, None))? {
        Destination::Standard => (save(&mut BufWriter::new(io::stdout().lock()))?, "-".to_owned()),
        Destination::File(path) => {
            let staged = Staged::beside(&path)?;
            let wrote = |error: io::Error| Failure::io("cannot write the output", &error);
            let report = save(&mut BufWriter::new(File::create_new(staged.path()).map_err(wrote)?))?;
            staged.publish((!is_standard(file)).then_some(file), target.force)?;
            (report, path.display().to_string())
        }
    };
    if arguments.talk.json {
        let mut line = salvaged_json(&report);
        let more = json!({
            "file": name, "output": output, "archive_bytes": archive_bytes, "seconds": start.elapsed().as_secs_f64(),
        });
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
        print(&format!("{line}\n"))?;
    }
    let written = report.written_bytes;
    if report.whole {
        remark(arguments.talk, &format!("{name}: the file is whole, {written} bytes"));
        return Ok(());
    }
    losses(&report).iter().for_each(|line| remark(arguments.talk, &format!("{name}: {line}")));
    let message = match (report.events, report.original_bytes) {
        (Some(events), _) => format!("damaged; {events} events were given back"),
        (None, Some(bytes)) => {
            format!("damaged; {written} of {bytes} bytes were written, lost ones as zeros")
        }
        (None, None) => format!("damaged; {written} bytes were written, lost ones as zeros"),
    };
    Err(Failure { exit: Exit::Salvaged, message })
}

/// What is lost, a line each.
fn losses(report: &Salvaged) -> Vec<String> {
    let mut lines: Vec<String> = report.end.iter().map(|end| format!("the end is lost: {end}")).collect();
    let sections = report.sections.iter().map(|section| {
        let place =
            section.at.map_or("missing".to_owned(), |at| format!("damaged, at byte {at} of the archive"));
        format!("{} {}: {place}", section.kind, section.number)
    });
    add_some(&mut lines, sections, "damaged sections");
    let rows = report.rows.iter().map(|lost| {
        let (from, to) = (lost.rows.start, lost.rows.end);
        format!("rows {from}..{to} of table {:?} are lost", lost.table)
    });
    add_some(&mut lines, rows, "stretches of rows");
    let stretches = report.stretches.iter().map(|lost| {
        let (from, to) = (lost.at, lost.at + lost.bytes);
        format!("bytes {from}..{to} of the output are lost{}", if lost.exact { "" } else { " (about there)" })
    });
    add_some(&mut lines, stretches, "stretches of bytes");
    lines.extend(report.notes.iter().cloned());
    lines
}

fn add_some(lines: &mut Vec<String>, found: impl ExactSizeIterator<Item = String>, what: &str) {
    let more = found.len().saturating_sub(LISTED);
    lines.extend(found.take(LISTED));
    lines.extend((more > 0).then(|| format!("and {more} more {what}; --json lists all")));
}

fn salvaged_json(report: &Salvaged) -> Value {
    let sections = report.sections.iter();
    let sections = sections.map(|lost| json!({"kind": lost.kind, "number": lost.number, "at": lost.at}));
    let rows = report.rows.iter();
    let rows = rows.map(|lost| json!({"table": lost.table, "from": lost.rows.start, "to": lost.rows.end}));
    let stretches = report.stretches.iter();
    let stretches = stretches.map(|lost| json!({"at": lost.at, "bytes": lost.bytes, "exact": lost.exact}));
    json!({
        "whole": report.whole,
        "original_bytes": report.original_bytes,
        "written_bytes": report.written_bytes,
        "end": report.end,
        "sections": sections.collect::<Vec<Value>>(),
        "rows": rows.collect::<Vec<Value>>(),
        "stretches": stretches.collect::<Vec<Value>>(),
        "events": report.events,
        "notes": report.notes,
    })
}

/// What the names of wrapped text end in, as `--content` may have dropped the wrapper.
const WRAPPER_SUFFIXES: [&str; 4] = ["gz", "zst", "xz", "bz2"];

/// The archive's name without its suffix, and without that of a wrapper if the name `stored` in the archive has none.
fn original_name(archive: &Path, stored: Option<&str>) -> Result<PathBuf, Failure> {
    if archive.extension().is_some_and(|extension| extension == SUFFIX) && archive.file_stem().is_some() {
        let original = archive.with_extension("");
        let suffix = original.extension().and_then(|suffix| suffix.to_str());
        let wrapped = suffix.is_some_and(|suffix| WRAPPER_SUFFIXES.contains(&suffix));
        let dropped = wrapped && stored.is_some_and(|stored| original.file_stem() == Some(stored.as_ref()));
        return Ok(if dropped { original.with_extension("") } else { original });
    }
    Err(Failure::usage("its name does not end in .hepz; say with -o what the output is to be called"))
}

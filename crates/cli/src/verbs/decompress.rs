//! `hepz decompress`: archives to the files they were made of.
//!
//! In: archives or standard input. Out: the archive's name without `.hepz`, or standard output.
//! JSON: `file`, `output`, `original_bytes`, `archive_bytes`, `seconds`.
//! Not here: naming and renaming (`output`), decoding (`hepz`).
//! Holds: a file appears under its name only when its length, adler32 and SHA-256 are right.

use super::compress::SUFFIX;
use crate::arguments::DecompressArguments;
use crate::console::{for_each, is_standard, or_standard_input, print, remark, shown};
use crate::exit::{Exit, Failure};
use crate::output::{Destination, Staged};
use crate::progress::Bar;
use crate::{console, input};
use hepz::DecompressOptions;
use serde_json::json;
use std::fs;
use std::io::{self, BufWriter};
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
    for_each(&files, |file| one(file, arguments))
}

fn one(file: &Path, arguments: &DecompressArguments) -> Result<(), Failure> {
    let (target, talk) = (&arguments.target, arguments.talk);
    let start = Instant::now();
    let archive = input::open_archive(file, arguments.memory.bytes)?;
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

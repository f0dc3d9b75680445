//! `hepz compress`: files to archives.
//!
//! In: files or standard input. Out: `FILE.hepz` for each, or standard output.
//! JSON: `file`, `output`, `original_bytes`, `archive_bytes`, `ratio`, `seconds`, `format`, `tables`, `columns`,
//! `opened_blocks`, `kept_blocks`, `content_only`, `verified`, `notes`, `rounding`, `networks` (each
//! `column`, `weight_bytes`, `saved_bytes`, `used`).
//! Not here: naming and renaming (`output`), compression (`hepz`).
//! Holds: an archive appears under its name only when it is whole and, unless `--no-verify`, proved.

use crate::arguments::{CompressArguments, ReadAs, Talk};
use crate::console::{for_each, is_standard, or_standard_input, print, remark, shown};
use crate::exit::{Exit, Failure};
use crate::output::{Destination, Staged};
use crate::progress::Bar;
use crate::trainer;
use crate::verbs::rules;
use crate::{console, input};
use hepz::{
    Archive, CompressError, CompressOptions, CompressReport, DecompressOptions, FileSource, Level, Limits,
    NetworkReport,
};
use hepz_formats::records::Arrangement;
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What an archive's name ends in.
pub const SUFFIX: &str = "hepz";

/// Runs the verb.
pub fn run(arguments: &CompressArguments) -> Exit {
    let files = match or_standard_input(&arguments.files) {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    if let Err(failure) = arguments.target.check_number(files.len()) {
        console::complain(Path::new("compress"), &failure);
        return failure.exit;
    }
    for_each(&files, |file| one(file, arguments))
}

fn one(file: &Path, arguments: &CompressArguments) -> Result<(), Failure> {
    let target = &arguments.target;
    let start = Instant::now();
    let destination = target.destination(file, |input| archive_name(input, target.force))?;
    let bar = Bar::new(&shown(file), arguments.talk);
    let mut options = CompressOptions::new();
    options.threads = arguments.work.threads;
    options.level = arguments.level;
    options.verify = !arguments.no_verify;
    options.progress = Some(&bar);
    options.content = arguments.content;
    let rules = rules::read(&arguments.rules)?;
    if rules.is_some() && target.rm {
        return Err(Failure::usage("--rm would lose what is rounded off; split keeps it in a refinement"));
    }
    options.precision = rules.as_ref();
    let trainer = trainer::of(arguments)?;
    options.trainer = trainer.as_deref();
    if !arguments.models.is_empty() && !arguments.model_only && arguments.level != Level::Max {
        return Err(Failure::usage("models are used at --level max, or alone with --model-only"));
    }
    options.models = input::read_models(&arguments.models)?;
    options.model_ref = arguments.model_ref;
    options.model_only = arguments.model_only;
    options.as_bytes = arguments.read_as == Some(ReadAs::Bytes);
    let arrangement = if arguments.columns { Arrangement::Columns } else { Arrangement::Rows };
    options.records = arguments.schema.clone().map(|schema| (schema, arrangement));
    let piped = is_standard(file) || !input::is_regular(file)?;
    if !piped {
        options.name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    }
    let (report, output) = match &destination {
        Destination::Standard => (to_standard_output(&input::open(file)?, &options)?, Path::new("-")),
        Destination::File(name) => {
            let staged = Staged::beside(name)?;
            let report = if piped {
                let failed = |error: io::Error| Failure::io("cannot write the archive", &error);
                let mut archive = File::options()
                    .read(true)
                    .write(true)
                    .create_new(true)
                    .open(staged.path())
                    .map_err(failed)?;
                write_archive(&input::open(file)?, &mut archive, &options)?
            } else {
                hepz::compress_to_file(file, staged.path(), &options)?
            };
            staged.publish((!piped).then_some(file), target.force)?;
            (report, name.as_path())
        }
    };
    drop(bar);
    if target.rm && !is_standard(file) {
        fs::remove_file(file).map_err(|error| Failure::io("cannot remove it after compressing", &error))?;
    }
    tell(file, output, &report, start.elapsed().as_secs_f64(), arguments)
}

/// The archive's name: the file's, and the suffix.
fn archive_name(file: &Path, force: bool) -> Result<PathBuf, Failure> {
    if file.extension().is_some_and(|extension| extension == SUFFIX) && !force {
        return Err(Failure::usage("it is named like an archive already; use -f to compress it again"));
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(SUFFIX);
    Ok(name.into())
}

/// Writes the archive to a temporary file, where it can be verified, and then to standard output.
fn to_standard_output(source: &FileSource, options: &CompressOptions<'_>) -> Result<CompressReport, Failure> {
    let failed = |error: io::Error| Failure::io("cannot write to standard output", &error);
    let mut out = BufWriter::new(io::stdout().lock());
    if !options.verify {
        return Ok(hepz::compress(source, &mut out, options)?);
    }
    let mut archive = tempfile::tempfile().map_err(failed)?;
    let report = write_archive(source, &mut archive, options)?;
    archive.rewind().and_then(|()| io::copy(&mut archive, &mut out)).map_err(failed)?;
    out.flush().map_err(failed)?;
    Ok(report)
}

fn write_archive(
    source: &FileSource,
    archive: &mut File,
    options: &CompressOptions<'_>,
) -> Result<CompressReport, Failure> {
    let mut sink = BufWriter::new(&mut *archive);
    let mut report = hepz::compress(source, &mut sink, options)?;
    drop(sink);
    if options.verify {
        let again = archive.try_clone().and_then(FileSource::new);
        let again = again.map_err(|error| Failure::io("cannot read the archive back", &error))?;
        let mut read = DecompressOptions::new();
        read.threads = options.threads;
        read.progress = options.progress;
        Archive::open_with(Box::new(again), Limits::default(), &options.models)
            .and_then(|archive| hepz::verify_written(&archive, source, &report, &read))
            .map_err(CompressError::Verify)?;
        report.verified = true;
    }
    Ok(report)
}

/// What came of networks: all together, and with `--verbose` each.
fn tell_networks(name: &str, report: &CompressReport, talk: Talk) {
    let used = report.networks.iter().filter(|network| network.used);
    let (n, saved, weights) = used.fold((0, 0, 0), |(n, saved, weights), network| {
        (n + 1, saved + network.saved_bytes, weights + network.weight_bytes)
    });
    let tried = report.networks.len();
    remark(
        talk,
        &format!(
            "{name}: networks of {n} of {tried} columns pay; by a sample they save about {saved} bytes, their weights take {weights}"
        ),
    );
    if talk.verbose {
        for NetworkReport { column, weight_bytes, saved_bytes, used, .. } in &report.networks {
            let verdict = if *used { "used" } else { "left out" };
            remark(
                talk,
                &format!(
                    "{name}: {column}: saves about {saved_bytes} bytes, weights {weight_bytes}: {verdict}"
                ),
            );
        }
    }
}

fn tell(
    file: &Path,
    output: &Path,
    report: &CompressReport,
    seconds: f64,
    arguments: &CompressArguments,
) -> Result<(), Failure> {
    let (name, talk) = (shown(file), arguments.talk);
    let (original, archive) = (report.original_bytes, report.archive_bytes);
    let ratio = original as f64 / archive.max(1) as f64;
    let asked = arguments.model_only || arguments.read_as.is_some();
    if report.format.is_empty() && !asked {
        remark(talk, &format!("hepz: {name}: note: its format is not known; it is stored as plain bytes"));
    }
    if let Some(rounding) = &report.rounding {
        rules::tell(&name, rounding, talk);
    }
    for note in &report.notes {
        remark(talk, &format!("hepz: {name}: note: {note}"));
    }
    remark(talk, &format!("{name}: {original} -> {archive} bytes ({ratio:.2}x), {seconds:.1} s"));
    if talk.verbose {
        let format = if report.format.is_empty() { "none" } else { &report.format };
        let proof = if report.verified { "verified" } else { "not verified" };
        remark(
            talk,
            &format!(
                "{name}: format {format}, {} tables, {} columns, {} blocks opened, {} kept as they are, {proof}",
                report.tables, report.columns, report.opened_blocks, report.kept_blocks
            ),
        );
    }
    if !report.networks.is_empty() {
        tell_networks(&name, report, talk);
    }
    if talk.json {
        let network = |network: &NetworkReport| {
            json!({
                "column": network.column,
                "weight_bytes": network.weight_bytes,
                "saved_bytes": network.saved_bytes,
                "used": network.used,
            })
        };
        let line = json!({
            "file": name,
            "output": output.display().to_string(),
            "original_bytes": original,
            "archive_bytes": archive,
            "ratio": ratio,
            "seconds": seconds,
            "format": report.format,
            "tables": report.tables,
            "columns": report.columns,
            "opened_blocks": report.opened_blocks,
            "kept_blocks": report.kept_blocks,
            "content_only": report.content_only,
            "verified": report.verified,
            "notes": report.notes,
            "rounding": report.rounding.as_ref().map(rules::json),
            "networks": report.networks.iter().map(network).collect::<Vec<_>>(),
        });
        print(&format!("{line}\n"))?;
    }
    Ok(())
}

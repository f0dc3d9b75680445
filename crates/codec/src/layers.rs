//! Layers: a file as a base of reduced precision and a refinement that gives the original back.
//!
//! In: a source and rules; or a base archive and its refinement. Out: two archives; or the original file.
//! Not here: rounding (`rounded`), coding a column over a base (`plan`).
//! Holds: what comes of merging is checked by length, adler32 and SHA-256; a refinement of another base is refused.

use crate::chunks::{Shelf, total_bytes};
use crate::compress::{Job, compress_rounded};
use crate::decompress::workers;
use crate::image::{Gaps, Image, Opened};
use crate::part::PartFile;
use crate::plan::{Base, Encoded, Plan, Sample};
use crate::precision::{Contracts, Refinement, Rounded, patches, rounded};
use crate::proof::verify_against;
use crate::sections::Kind;
use crate::spool::Spool;
use crate::workers::Workers;
use crate::written::Stamp;
use crate::{
    Archive, ArchiveError, CompressError, CompressOptions, CompressReport, DecompressOptions, FileSource,
    Level, Limits, RoundingReport, streams,
};
use hepz_formats::Source;
use hepz_precision::{Reducer, RulesFile};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

/// A refinement's own section may take this share of the memory limit.
const SHARE: u64 = 16;

/// What splitting made.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SplitReport {
    /// The base archive.
    pub base: CompressReport,
    /// Length of the refinement.
    pub refinement_bytes: u64,
    /// What was rounded.
    pub rounding: RoundingReport,
}

/// Writes a base archive of the file rounded by `rules`, and a refinement that [`merge`] makes the original of with it.
///
/// # Errors
/// As [`crate::compress`] with `options.precision`. On any error what was written is to be thrown away.
pub fn split(
    source: &dyn Source,
    rules: &RulesFile,
    base: &mut dyn Write,
    refinement: &mut dyn Write,
    options: &CompressOptions<'_>,
) -> Result<SplitReport, CompressError> {
    let workers = Workers::new(options.threads).map_err(|e| CompressError::Threads(e.to_string()))?;
    let in_flight = workers.in_flight();
    let (archive, spool, report) = workers.run(|| {
        let rounded = rounded(source, rules, options)?;
        let (archive, base) = compress_rounded(source, &rounded, options, in_flight)?;
        let spool = refine(source, &rounded, &archive, options, in_flight)?;
        let refinement_bytes = spool.len();
        Ok((archive, spool, SplitReport { base, refinement_bytes, rounding: rounded.report }))
    })?;
    archive.copy_to(base).map_err(CompressError::Write)?;
    spool.copy_to(refinement).map_err(CompressError::Write)?;
    Ok(report)
}

/// As [`split`], from a file to two files, which appear only when both are whole and, unless `options.verify` is off, give the
/// original back and the base keeps its contracts.
///
/// # Errors
/// On any error nothing is left behind.
pub fn split_to_files(
    from: impl AsRef<Path>,
    rules: &RulesFile,
    base: impl AsRef<Path>,
    refinement: impl AsRef<Path>,
    options: &CompressOptions<'_>,
) -> Result<SplitReport, CompressError> {
    let from = from.as_ref();
    let before = Stamp::of(from).map_err(CompressError::Read)?;
    let source = FileSource::open(from).map_err(CompressError::Read)?;
    let mut options = options.clone();
    if options.name.is_none() {
        options.name = from.file_name().map(|name| name.to_string_lossy().into_owned());
    }
    let parts = [base.as_ref(), refinement.as_ref()].map(PartFile::beside);
    let [base, refinement] = parts;
    let (base, refinement) = (base.map_err(CompressError::Write)?, refinement.map_err(CompressError::Write)?);
    let sink = |part: &PartFile| part.file().map(io::BufWriter::new).map_err(CompressError::Write);
    let mut report = split(&source, rules, &mut sink(&base)?, &mut sink(&refinement)?, &options)?;
    if options.verify {
        let read =
            DecompressOptions { threads: options.threads, progress: options.progress, ..Default::default() };
        let check = || {
            let archives =
                [&base, &refinement].map(|part| Archive::open_file(part.path(), Limits::default()));
            let [base, refinement] = archives;
            let base = base?;
            let mut compare = Compare { source: &source, at: 0 };
            merge(&base, &refinement?, &mut compare, &read)?;
            verify_against(&base, &source, &read)?.required()
        };
        check().map_err(|error| before.blame(from, error))?;
        report.base.verified = true;
    }
    let name = base.name().to_owned();
    base.keep().map_err(CompressError::Write)?;
    refinement.keep().map_err(|error| {
        // What is lost then is the refinement's name, so it is the only error that counts.
        let _ = std::fs::remove_file(name);
        CompressError::Write(error)
    })?;
    Ok(report)
}

/// Takes bytes only if they are those of a source.
struct Compare<'a> {
    source: &'a FileSource,
    at: u64,
}

impl Write for Compare<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut original = vec![0; bytes.len()];
        self.source.read_at(self.at, &mut original)?;
        self.at += bytes.len() as u64;
        if original == bytes { Ok(bytes.len()) } else { Err(io::Error::other("the content differs")) }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn reducers(
    contracts: &Contracts,
    base: &Archive<'_>,
) -> Result<BTreeMap<crate::ColumnId, Reducer>, ArchiveError> {
    let mut reducers = BTreeMap::new();
    for (&id, contract) in &contracts.of {
        let column = base.tables().get(id.table as usize).and_then(|t| t.columns.get(id.column as usize));
        let column =
            column.ok_or_else(|| ArchiveError::corrupt("contracts", 0, "a column that is not there"))?;
        let reducer = contract.on(column.scalar);
        let reducer = reducer.map_err(|error| ArchiveError::corrupt("contracts", 0, error.to_string()))?;
        reducers.insert(id, reducer);
    }
    Ok(reducers)
}

/// The refinement of the archive of a rounded file.
fn refine(
    source: &dyn Source,
    rounded: &Rounded,
    archive: &Spool,
    options: &CompressOptions<'_>,
    in_flight: usize,
) -> Result<Spool, CompressError> {
    let read_back = CompressError::Verify;
    let base =
        Archive::open(Box::new(crate::contents::Borrowed(archive)), Limits::default()).map_err(read_back)?;
    let layout = crate::recognised::layout(source, options)?;
    let format = layout.format;
    let opened = Image::open(source, layout, &|_| {}).map_err(CompressError::Read)?;
    let again = crate::recognised::layout(&rounded.file, options)?;
    let after = Image::open(&rounded.file, again, &|_| {}).map_err(CompressError::Read)?;
    let Opened { image, tables, runs, framed, recipes, .. } = opened;
    let not_rounded = || CompressError::NotRounded { format: format.to_owned() };
    let (Some(schema), Some(base_plan)) = (&base.schema, &base.plan) else { return Err(not_rounded()) };
    if schema.tables != tables || schema.runs != runs || schema.framed != framed {
        return Err(not_rounded());
    }
    let mut options = options.clone();
    if options.level == Level::Fast {
        options.level = Level::Default;
    }
    let engine = options.level.engine();
    let mut job = Job::new(source, format, &options, in_flight, options.level.chunk_bytes())?;
    job.notes.push("a refinement: it is read with its base".to_owned());
    let gaps = Gaps::new(&runs, &tables, image.len());
    let refinement = Refinement {
        base: base.sums,
        patches: patches(&image, &after.image, &gaps).map_err(CompressError::Read)?,
    };
    let own: Vec<Vec<u8>> = recipes
        .into_iter()
        .zip(&after.recipes)
        .map(|(own, of_base)| if own == *of_base { Vec::new() } else { own })
        .collect();
    let reducers = reducers(&rounded.contracts, &base).map_err(read_back)?;
    let coded: BTreeSet<crate::ColumnId> = reducers.keys().copied().collect();
    let shelf = Shelf::new(&runs, &tables);
    let cuts = &schema.cuts;
    let rows = cuts.sample(&tables, engine.sample_bytes());
    let values = shelf.gather(&image, &tables, &rows).map_err(CompressError::Read)?;
    let last_offsets = shelf.last_offsets(&image, &tables).map_err(CompressError::Read)?;
    let held = shelf.gather(&after.image, &tables, &rows).map_err(CompressError::Read)?;
    let stored = Plan::make_for(
        &tables,
        &Sample { values, last_offsets, original: None },
        engine,
        Some((&coded, &held)),
    )
    .to_bytes();
    let plan = Plan::from_bytes_for(&tables, &stored, engine, Some(&coded)).map_err(|_| not_rounded())?;

    let mut spool = Spool::new();
    let total = total_bytes(&tables);
    let mut sections = job.begin(&mut spool)?;
    sections.recipes(&own)?;
    sections.packed(Kind::Plan, &stored)?;
    let numbers: Vec<u64> = (0..cuts.chunks).collect();
    let mut done = 0;
    for batch in numbers.chunks(in_flight) {
        let code = |&chunk: &u64| -> Result<Encoded, CompressError> {
            let slice =
                shelf.gather(&image, &tables, &cuts.chunk(&tables, chunk)).map_err(CompressError::Read)?;
            let held = base.decode_chunk(base_plan, schema, chunk, None).map_err(read_back)?;
            Ok(plan.encode_over(&tables, &slice, Some(&Base { slice: &held, reducers: &reducers })))
        };
        let encoded: Vec<Result<Encoded, CompressError>> = batch.par_iter().map(code).collect();
        for (&chunk, encoded) in batch.iter().zip(encoded) {
            sections.plain(Kind::Chunk, chunk, &streams::write(&encoded?.streams))?;
            done += cuts.chunk_bytes(&tables, chunk);
        }
        job.advance(crate::Stage::Code, done, total);
    }
    sections.original()?;
    sections.packed(Kind::Refinement, &refinement.to_bytes())?;
    sections.finish()?;
    Ok(spool)
}

/// Writes the original of a base archive and its refinement, checked by its sums.
///
/// # Errors
/// [`ArchiveError::OtherBase`] if the two do not belong together, else what reading meets. On any error what was written so far
/// is to be thrown away.
pub fn merge(
    base: &Archive<'_>,
    refinement: &Archive<'_>,
    sink: &mut dyn Write,
    options: &DecompressOptions<'_>,
) -> Result<(), ArchiveError> {
    let other = |what| ArchiveError::OtherBase { what };
    let Some(layer) = &refinement.refinement else {
        return Err(other(match &base.refinement {
            Some(_) => "base and refinement are in the wrong order",
            None => "the second archive is no refinement",
        }));
    };
    let Some(contracts) = base.contracts()? else {
        return Err(other("the first archive is no base: it has no contracts"));
    };
    if layer.base != base.sums || contracts.original != refinement.sums {
        return Err(other("the refinement is of another base"));
    }
    let (Some(schema), Some(_)) = (&base.schema, &base.plan) else {
        return Err(other("the first archive is no base: it has no columns"));
    };
    let workers = workers(options)?;
    let reducers = reducers(&contracts, base)?;
    let coded: BTreeSet<crate::ColumnId> = reducers.keys().copied().collect();
    let corrupt = |section, what: &str| ArchiveError::corrupt(section, 0, what);
    let number =
        refinement.numbers(Kind::Plan).next().ok_or_else(|| corrupt("plan", "the section is missing"))?;
    let stored = refinement.unpacked(number, refinement.limits.memory_bytes / SHARE)?;
    let engine = refinement.header().level.engine();
    let plan = Plan::from_bytes_for(&schema.tables, &stored, engine, Some(&coded));
    let plan = plan.map_err(|error| ArchiveError::plan("plan", error))?;
    if refinement.chunks.len() as u64 != schema.cuts.chunks {
        return Err(corrupt("chunk", "another number of chunks than the base has"));
    }
    let mut image = Spool::of_bytes(schema.image_bytes);
    base.restore_with(schema, &mut image, &workers, options, &|chunk, held| {
        let number = refinement.chunks[chunk as usize];
        let payload = refinement.payload(number)?;
        let entries = streams::directory(&payload, plan.stream_count(), payload.len() as u64);
        let entries = entries.map_err(|error| corrupt("chunk", error.what()))?;
        let stream = |e: &streams::Entry| payload.get(e.range.start as usize..e.range.end as usize);
        let streams: Vec<Option<&[u8]>> = entries.iter().map(stream).collect();
        let over = Base { slice: &held, reducers: &reducers };
        let decoded = plan.decode_over(&schema.tables, &held.rows, &streams, None, Some(&over));
        decoded.map_err(|error| ArchiveError::plan("chunk", error))
    })?;
    let gaps = Gaps::new(&schema.runs, &schema.tables, schema.image_bytes);
    for patch in &layer.patches {
        if patch.from.checked_add(patch.bytes.len() as u64).is_none_or(|end| end > gaps.bytes()) {
            return Err(corrupt("refinement", "a patch has no place"));
        }
        gaps.visit(patch.from, patch.bytes.len(), |at, range| image.write_at(at, &patch.bytes[range]))
            .map_err(ArchiveError::Write)?;
    }
    let count = schema.framed.blocks.len();
    let recipes = base.recipes(count)?.into_iter().zip(refinement.recipes(count)?);
    let recipes: Vec<Vec<u8>> =
        recipes.map(|(of_base, own)| if own.is_empty() { of_base } else { own }).collect();
    let mut take = |bytes: &[u8]| sink.write_all(bytes).map_err(ArchiveError::Write);
    base.close_with(schema, &image, &workers, &mut take, options, &recipes, refinement.sums)?;
    sink.flush().map_err(ArchiveError::Write)
}

/// As [`merge`], into a file that appears only when it is whole.
///
/// # Errors
/// On any error nothing is left behind.
pub fn merge_to_file(
    base: &Archive<'_>,
    refinement: &Archive<'_>,
    path: impl AsRef<Path>,
    options: &DecompressOptions<'_>,
) -> Result<(), ArchiveError> {
    let part = PartFile::beside(path.as_ref()).map_err(ArchiveError::Write)?;
    let mut sink = io::BufWriter::new(part.file().map_err(ArchiveError::Write)?);
    merge(base, refinement, &mut sink, options)?;
    drop(sink);
    part.keep().map_err(ArchiveError::Write)
}

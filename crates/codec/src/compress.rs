//! Compressing: a file to an archive, written forwards.
//!
//! In: a [`Source`]. Out: an archive, and a [`CompressReport`].
//! Not here: which bytes are columns (`hepz-formats`), how columns are coded (`plan`), files and their names (`part`).
//! Holds: the archive depends on the input, the level and the schema, not on threads or time.

use crate::chunks::{Cuts, Shelf, total_bytes};
use crate::delimited::{self, Tabled};
use crate::events::text::{self, Chunks};
use crate::image::{Gaps, Image, Opened};
use crate::networks::{ByteNetwork, Carrier, Model};
use crate::options::Stage;
use crate::packing::{Aid, FRAME_BYTES, Stretch, pack, pack_alone, pack_stretches};
use crate::plan::lesson::{Outcome, Teaching};
use crate::plan::{Encoded, Engine, Plan, Sample, Slice};
use crate::precision::{Contracts, Rounded, RoundingReport, rounded};
use crate::prices::Prices;
use crate::schema::Schema;
use crate::sections::{Kind, NETWORKS_VERSION, PLAIN_VERSION};
use crate::spool::{Append, Spool};
use crate::streams;
use crate::sums::{STEP_BYTES, Sums};
use crate::workers::Workers;
use crate::wrapped::{self, Inside, Remake};
use crate::{CompressError, CompressOptions};
use hepz_columns::Table;
use hepz_container::wire::{put_bytes, put_varint};
use hepz_container::{WriteError, Writer, header};
use hepz_formats::delimited::TextTable;
use hepz_formats::events::EventFormat;
use hepz_formats::root::rewrite::{Compression, RewriteError, rewrite};
use hepz_formats::{Layout, Source};
use hepz_recompression::wrapper::Rewrap;
use rayon::prelude::*;
use std::io::{self, Write};
use std::sync::Arc;

/// A schema longer than this is not worth its tables, and readers refuse it.
const SCHEMA_BYTES: usize = 16 << 20;
/// A skeleton up to this length is packed together with the schema, as both hold the same names; opening an archive
/// decodes it.
const JOINT_BYTES: u64 = 256 << 10;
/// Recipes that are packed together.
const RECIPES_BYTES: usize = 4 << 20;
/// Columns of this share of what a quick zstd makes of the file are sure to be fewer than the byte model's, in
/// hundredths: of any bytes, and of text, where that model is at its best.
const SURE_OF_BYTES: u64 = 85;
const SURE_OF_TEXT: u64 = 55;
/// Bytes that a network alone packs into one piece.
const ALONE_BYTES: usize = 8 << 20;
/// Notes that an archive keeps, and characters of each.
const NOTES: usize = 32;
const NOTE_CHARACTERS: usize = 300;

/// What compressing did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CompressReport {
    /// Length of the file.
    pub original_bytes: u64,
    /// Length of the archive.
    pub archive_bytes: u64,
    /// The format that was recognised, empty if none.
    pub format: String,
    /// Number of tables that are coded as columns.
    pub tables: u64,
    /// Number of columns.
    pub columns: u64,
    /// Compressed blocks of the file that were opened.
    pub opened_blocks: u64,
    /// Compressed blocks that stay as they are, because they cannot be re-made exactly.
    pub kept_blocks: u64,
    /// The file cannot be made again, only its text, as `options.content` allowed.
    pub content_only: bool,
    /// What a user should know.
    pub notes: Vec<String>,
    /// What `options.precision` did.
    pub rounding: Option<RoundingReport>,
    /// What came of the networks that `options.trainer` fitted, one for each column that was worth a try.
    pub networks: Vec<NetworkReport>,
    /// The archive was read back and compared.
    pub verified: bool,
}

/// What came of one column's network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkReport {
    /// Table and column.
    pub column: String,
    /// Bytes that its weights take, about.
    pub weight_bytes: u64,
    /// Bytes that it saves in the whole file by a sample, about, without its weights.
    pub saved_bytes: i64,
    /// It pays, and is in the archive.
    pub used: bool,
}

impl NetworkReport {
    fn new(tables: &[Table], Outcome { id, weights, saves, used }: Outcome) -> NetworkReport {
        let table = &tables[id.table as usize];
        let column = format!("{}.{}", table.name, table.columns[id.column as usize].name);
        NetworkReport { column, weight_bytes: weights, saved_bytes: saves, used }
    }
}

/// Writes the archive of `source` to `sink`, forwards only. Does not verify: the sink cannot be read back.
///
/// # Errors
/// On any error what was written so far is to be thrown away.
pub fn compress(
    source: &dyn Source,
    sink: &mut dyn Write,
    options: &CompressOptions<'_>,
) -> Result<CompressReport, CompressError> {
    let workers = Workers::new(options.threads).map_err(|e| CompressError::Threads(e.to_string()))?;
    let (archive, report) = workers.run(|| {
        if let Some(rules) = options.precision {
            let rounded = rounded(source, rules, options)?;
            let (archive, mut report) = compress_rounded(source, &rounded, options, workers.in_flight())?;
            report.rounding = Some(rounded.report);
            return Ok((archive, report));
        }
        if options.model_only && !options.models.iter().any(|model| model.byte_network().is_some()) {
            return Err(CompressError::NoByteModel);
        }
        if options.as_bytes || options.model_only {
            let chunk_bytes = options.level.chunk_bytes();
            return Job::new(source, "", options, workers.in_flight(), chunk_bytes)?.generic(Vec::new());
        }
        let mut notes = Vec::new();
        if options.records.is_none() {
            if let Some(format) = text::recognise(source).map_err(CompressError::Read)? {
                let job = Job::new(
                    source,
                    format.name(),
                    options,
                    workers.in_flight(),
                    options.level.chunk_bytes(),
                )?;
                let events = job.events(&format, source, None)?;
                return job.or_generic(events);
            }
            match wrapped::look(source, options).map_err(CompressError::Read)? {
                Inside::Nothing => {}
                Inside::Kept(note) => notes.push(note),
                Inside::Text(text, format, remake) => {
                    return compress_wrapped(source, &text, &format, remake, options, workers.in_flight());
                }
            }
        }
        if let (Some(compression), None) = (options.content, &options.records) {
            match rewritten(source, compression).map_err(CompressError::Read)? {
                Rewritten::NotRoot => {}
                Rewritten::Kept(note) => notes.push(note),
                Rewritten::Anew(file) => {
                    let mut layout = crate::recognised::layout(&file, options)?;
                    layout.notes.push(format!("the same objects in a new file, compression {compression}"));
                    let (archive, report) = compress_layout(&file, layout, options, workers.in_flight())?;
                    let original_bytes = source.len();
                    return Ok((archive, CompressReport { original_bytes, content_only: true, ..report }));
                }
            }
        }
        if options.records.is_none()
            && let Some(Tabled { table, image }) = delimited::look(source).map_err(CompressError::Read)?
        {
            let mut job =
                Job::new(source, table.format(), options, workers.in_flight(), options.level.chunk_bytes())?;
            job.printed = Some((&table, &image));
            if let Ok(written) = job.columns(table.layout())? {
                return job.or_generic(written);
            }
        }
        let mut layout = crate::recognised::layout(source, options)?;
        layout.notes.extend(notes);
        compress_layout(source, layout, options, workers.in_flight())
    })?;
    archive.copy_to(sink).map_err(CompressError::Write)?;
    Ok(report)
}

/// The archive of a rounded file, with its contracts.
pub(crate) fn compress_rounded(
    source: &dyn Source,
    rounded: &Rounded,
    options: &CompressOptions<'_>,
    in_flight: usize,
) -> Result<(Spool, CompressReport), CompressError> {
    let mut layout = crate::recognised::layout(&rounded.file, options)?;
    let columns = rounded.contracts.of.len();
    layout
        .notes
        .push(format!("{columns} columns are rounded under contracts; the original was another file"));
    let mut job = Job::new(&rounded.file, layout.format, options, in_flight, options.level.chunk_bytes())?;
    job.rounded_from = Some((source, &rounded.contracts));
    job.columns(layout)?.map_err(|_| CompressError::NotRounded { format: job.format.to_owned() })
}

/// A ROOT file with its blocks compressed anew.
pub(crate) enum Rewritten {
    /// The file is none.
    NotRoot,
    /// Why it has to stay as it is.
    Kept(String),
    /// The new file.
    Anew(Spool),
}

/// Writes a ROOT file anew, with blocks that can be re-made.
pub(crate) fn rewritten(source: &dyn Source, compression: Compression) -> io::Result<Rewritten> {
    let mut file = Spool::new();
    match rewrite(source, compression, &mut Append(&mut file)) {
        Ok(_) => Ok(Rewritten::Anew(file)),
        Err(RewriteError::NotRoot) => Ok(Rewritten::NotRoot),
        Err(RewriteError::Read(error) | RewriteError::Write(error)) => Err(error),
        Err(why) => Ok(Rewritten::Kept(format!("kept byte for byte: {why}"))),
    }
}

/// The archive of a file whose text of event records lies in a wrapper.
fn compress_wrapped(
    source: &dyn Source,
    text: &Spool,
    format: &EventFormat,
    remake: Remake,
    options: &CompressOptions<'_>,
    in_flight: usize,
) -> Result<(Spool, CompressReport), CompressError> {
    match remake {
        Remake::Exactly(rewrap) => {
            let job = Job::new(source, format.name(), options, in_flight, options.level.chunk_bytes())?;
            let events = job.events(format, text, Some(&rewrap))?;
            job.or_generic(events)
        }
        Remake::Dropped(wrapper) => {
            let mut options = options.clone();
            options.name = options.name.map(|name| wrapped::inner_name(&name, wrapper));
            let mut job = Job::new(text, format.name(), &options, in_flight, options.level.chunk_bytes())?;
            job.notes.push(format!("only the text is kept; the {} around it was dropped", wrapper.name()));
            let events = job.events(format, text, None)?;
            let (archive, mut report) = job.or_generic(events)?;
            report.original_bytes = source.len();
            report.content_only = true;
            Ok((archive, report))
        }
    }
}

/// The archive of a file whose layout is known and validated: as columns, or as plain bytes where those are fewer.
pub(crate) fn compress_layout(
    source: &dyn Source,
    layout: Layout,
    options: &CompressOptions<'_>,
    in_flight: usize,
) -> Result<(Spool, CompressReport), CompressError> {
    let job = Job::new(source, layout.format, options, in_flight, options.level.chunk_bytes())?;
    if layout.tables.is_empty() && layout.blocks.is_empty() {
        return job.generic(layout.notes);
    }
    let mut notes = layout.notes.clone();
    match job.columns(layout)? {
        Ok(written) => job.or_generic(written),
        Err(why) => {
            notes.push(format!("read as plain bytes: {why}"));
            job.generic(notes)
        }
    }
}

/// Bytes that zstd might take of the file, from some pieces.
fn zstd_on_pieces(source: &dyn Source) -> Result<u64, CompressError> {
    const PIECES: u64 = 8;
    const PIECE_BYTES: u64 = 256 << 10;
    if source.len() < PIECES * PIECE_BYTES * 4 {
        return Ok(0);
    }
    let mut packed = 0;
    let mut piece = vec![0; PIECE_BYTES as usize];
    for number in 0..PIECES {
        let at = (source.len() - PIECE_BYTES) / (PIECES - 1) * number;
        source.read_at(at, &mut piece).map_err(CompressError::Read)?;
        packed += zstd::bulk::compress(&piece, 3).map_err(CompressError::Read)?.len() as u64;
    }
    Ok((u128::from(packed) * u128::from(source.len()) / u128::from(PIECES * PIECE_BYTES)) as u64)
}

/// True if the file takes more than `bytes` as one zstd frame of level 3.
fn zstd_exceeds(source: &dyn Source, bytes: u64) -> io::Result<bool> {
    struct Count(u64);
    impl Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut encoder = zstd::stream::write::Encoder::new(Count(0), 3)?;
    let mut buffer = vec![0; STEP_BYTES];
    let mut at = 0;
    while at < source.len() {
        let step = (source.len() - at).min(STEP_BYTES as u64) as usize;
        source.read_at(at, &mut buffer[..step])?;
        encoder.write_all(&buffer[..step])?;
        if encoder.get_ref().0 > bytes {
            return Ok(true);
        }
        at += step as u64;
    }
    Ok(encoder.finish()?.0 > bytes)
}

/// What is known before anything is written.
pub(crate) struct Job<'a> {
    source: &'a dyn Source,
    options: &'a CompressOptions<'a>,
    in_flight: usize,
    sums: Sums,
    format: &'static str,
    chunk_bytes: u64,
    /// Said of every archive that this job makes of event records.
    pub(crate) notes: Vec<String>,
    /// The image that is coded instead of the source, and how it is printed.
    printed: Option<(&'a TextTable, &'a Spool)>,
    /// The file that the source was rounded from, and what holds between them.
    rounded_from: Option<(&'a dyn Source, &'a Contracts)>,
}

type Sections<'a> = Writer<Append<'a>>;

impl<'a> Job<'a> {
    /// Reads the source once for its sums.
    pub(crate) fn new(
        source: &'a dyn Source,
        format: &'static str,
        options: &'a CompressOptions<'a>,
        in_flight: usize,
        chunk_bytes: u64,
    ) -> Result<Job<'a>, CompressError> {
        let sums = Sums::of(source).map_err(CompressError::Read)?;
        Ok(Job {
            source,
            options,
            in_flight,
            sums,
            format,
            chunk_bytes,
            notes: Vec::new(),
            printed: None,
            rounded_from: None,
        })
    }

    /// The first model of bytes among those that may be used.
    fn forecaster(&self) -> Option<(&'a Arc<Model>, &'a ByteNetwork)> {
        let used = self.options.model_only || self.engine() == Engine::Deep;
        let mut models = self.options.models.iter().filter(|_| used);
        models.find_map(|model| Some((model, model.byte_network()?)))
    }

    /// What codes columns and events.
    fn engine(&self) -> Engine {
        self.options.level.engine()
    }

    fn report(&self, notes: Vec<String>) -> CompressReport {
        CompressReport {
            original_bytes: self.source.len(),
            format: self.format.to_owned(),
            notes,
            ..CompressReport::default()
        }
    }

    /// What was written, or the archive without columns where that is smaller.
    fn or_generic(&self, written: (Spool, CompressReport)) -> Result<(Spool, CompressReport), CompressError> {
        let (archive, report) = written;
        let quick = self.engine() == Engine::Histograms;
        // Columns that save little against a quick zstd may lose to a slow one, which level fast does not use.
        let percent = match (quick, self.printed.is_some()) {
            (true, _) => 100,
            (false, true) => SURE_OF_TEXT,
            (false, false) => SURE_OF_BYTES,
        };
        let limit = archive.len() / percent * 100;
        // Where time counts, a look at some pieces does if the answer is plain.
        let plainly = quick && zstd_on_pieces(self.source)? > limit / 10 * 11;
        if plainly || zstd_exceeds(self.source, limit).map_err(CompressError::Read)? {
            return Ok((archive, report));
        }
        let generic = self.generic(report.notes.clone())?;
        Ok(if generic.0.len() < archive.len() { generic } else { (archive, report) })
    }

    /// The archive of the text of event records, which `rewrap` makes the file of.
    fn events(
        &self,
        format: &EventFormat,
        text: &dyn Source,
        rewrap: Option<&Rewrap>,
    ) -> Result<(Spool, CompressReport), CompressError> {
        let mut archive = Spool::new();
        let mut report = self.report(self.notes.clone());
        let mut sections = Writer::of_version(Append(&mut archive), PLAIN_VERSION).map_err(wrote)?;
        self.put_header(&mut sections, &report.notes)?;
        put(&mut sections, Kind::Original, 0, &self.sums.to_bytes())?;
        put(&mut sections, Kind::EventFormat, 0, &format.to_bytes())?;
        let mut chunks = Chunks::new(text, format);
        let (mut number, mut done) = (0, 0);
        loop {
            let mut batch = Vec::new();
            while batch.len() < self.in_flight
                && let Some(piece) = chunks.next().map_err(CompressError::Read)?
            {
                batch.push(piece);
            }
            if batch.is_empty() {
                break;
            }
            for (piece, payload) in batch.iter().zip(text::encode_all(format, &batch, self.engine())) {
                put(&mut sections, Kind::Events, number, &payload)?;
                number += 1;
                done += piece.len() as u64;
            }
            self.advance(Stage::Code, done, text.len());
        }
        if let Some(rewrap) = rewrap {
            put(&mut sections, Kind::Wrapper, 0, &pack(&rewrap.to_bytes(), self.engine()))?;
        }
        sections.finish().map_err(wrote)?;
        report.archive_bytes = archive.len();
        Ok((archive, report))
    }

    /// The archive without columns: every byte is skeleton.
    fn generic(&self, notes: Vec<String>) -> Result<(Spool, CompressReport), CompressError> {
        let mut archive = Spool::new();
        let mut report = self.report(notes);
        let mut sections = Writer::of_version(Append(&mut archive), PLAIN_VERSION).map_err(wrote)?;
        self.put_header(&mut sections, &report.notes)?;
        let image = Image::of(self.source);
        let gaps = Gaps::new(&[], &[], image.len());
        let mut carrier = Carrier::new(self.options.model_ref);
        self.put_skeleton(&mut sections, &mut carrier, &image, &gaps, 0)?;
        put(&mut sections, Kind::Original, 0, &self.sums.to_bytes())?;
        finish(sections, carrier.is_used())?;
        report.archive_bytes = archive.len();
        Ok((archive, report))
    }

    /// The archive with columns, or why there is none.
    pub(crate) fn columns(
        &self,
        layout: Layout,
    ) -> Result<Result<(Spool, CompressReport), &'static str>, CompressError> {
        let total = self.source.len();
        let coded = self.printed.map_or(self.source, |(_, image)| image);
        let opened = Image::open(coded, layout, &|done| self.advance(Stage::Open, done, total))
            .map_err(CompressError::Read)?;
        let Opened { image, tables, runs, framed, recipes, kept_blocks, notes, .. } = opened;
        if tables.is_empty() && framed.blocks.is_empty() {
            return Ok(Err("no table can be opened"));
        }
        let shelf = Shelf::new(&runs, &tables);
        let mut cuts = Cuts::even(&tables, self.chunk_bytes);
        crate::linked::link(&mut cuts, &image, &tables, &shelf).map_err(CompressError::Read)?;
        let gaps = Gaps::new(&runs, &tables, image.len());
        let schema = Schema { image_bytes: image.len(), tables, runs, framed, cuts };
        let stored_schema = schema.to_bytes();
        if stored_schema.len() > SCHEMA_BYTES {
            return Ok(Err("the schema is too long"));
        }
        let mut archive = Spool::new();
        let mut report = self.report(notes);
        let mut sections = Writer::of_version(Append(&mut archive), PLAIN_VERSION).map_err(wrote)?;
        self.put_header(&mut sections, &report.notes)?;
        let joint = if gaps.bytes() <= JOINT_BYTES { gaps.bytes() } else { 0 };
        let mut together = Vec::new();
        put_bytes(&mut together, &stored_schema);
        together.extend(skeleton(&image, &gaps, 0, joint as usize).map_err(CompressError::Read)?);
        put(&mut sections, Kind::Schema, 0, &pack(&together, self.engine()))?;
        put_recipes(&mut sections, &recipes, self.engine())?;
        let mut carrier = Carrier::new(self.options.model_ref);
        self.put_skeleton(&mut sections, &mut carrier, &image, &gaps, joint)?;
        if !schema.tables.is_empty() {
            match self.put_chunks(&mut sections, &image, &shelf, &schema)? {
                Some(networks) => report.networks = networks,
                None => return Ok(Err("the plan does not read back; please report this")),
            }
        }
        put(&mut sections, Kind::Original, 0, &self.sums.to_bytes())?;
        if let Some((table, _)) = self.printed {
            put(&mut sections, Kind::TextTable, 0, &pack(&table.to_bytes(), self.engine()))?;
        }
        if let Some((_, contracts)) = self.rounded_from {
            let stored = contracts.to_bytes(&schema.tables);
            put(&mut sections, Kind::Contracts, 0, &pack(&stored, self.engine()))?;
        }
        finish(sections, carrier.is_used() || report.networks.iter().any(|network| network.used))?;
        report.archive_bytes = archive.len();
        report.tables = schema.tables.len() as u64;
        report.columns = schema.tables.iter().map(|t| t.columns.len() as u64).sum();
        report.opened_blocks = schema.framed.blocks.len() as u64;
        report.kept_blocks = kept_blocks;
        Ok(Ok((archive, report)))
    }

    pub(crate) fn advance(&self, stage: Stage, done: u64, total: u64) {
        if let Some(progress) = self.options.progress {
            progress.advance(stage, done, total);
        }
    }

    /// Begins an archive of the source with its header.
    pub(crate) fn begin<'s>(&'s self, archive: &'s mut Spool) -> Result<Begun<'s, 'a>, CompressError> {
        let mut sections = Writer::of_version(Append(archive), PLAIN_VERSION).map_err(wrote)?;
        self.put_header(&mut sections, &self.notes)?;
        Ok(Begun { job: self, sections })
    }

    fn put_header(&self, sections: &mut Sections<'_>, notes: &[String]) -> Result<(), CompressError> {
        let mut header = vec![self.options.level.id()];
        put_bytes(&mut header, self.format.as_bytes());
        match &self.options.name {
            Some(name) => {
                header.push(1);
                put_bytes(&mut header, name.as_bytes());
            }
            None => header.push(0),
        }
        let notes = &notes[..notes.len().min(NOTES)];
        put_varint(&mut header, notes.len() as u64);
        for note in notes {
            let note: String = note.chars().take(NOTE_CHARACTERS).collect();
            put_bytes(&mut header, note.as_bytes());
        }
        put(sections, Kind::Header, 0, &header)
    }

    fn put_skeleton(
        &self,
        sections: &mut Sections<'_>,
        carrier: &mut Carrier,
        image: &Image<'_>,
        gaps: &Gaps,
        mut from: u64,
    ) -> Result<(), CompressError> {
        let forecaster = self.forecaster();
        while from < gaps.bytes() {
            let bytes = (gaps.bytes() - from).min(FRAME_BYTES as u64) as usize;
            let plain = skeleton(image, gaps, from, bytes).map_err(CompressError::Read)?;
            let pieces = match forecaster {
                Some((model, network)) if self.options.model_only => {
                    let aid = Aid { number: put_model(sections, carrier, model)?, network };
                    plain.chunks(ALONE_BYTES).map(|bytes| (bytes.len(), pack_alone(bytes, aid))).collect()
                }
                _ => {
                    let aid =
                        forecaster.map(|(model, network)| Aid { number: carrier.number(model), network });
                    let stretches = pack_stretches(&plain, self.engine(), aid);
                    let worth = forecaster.filter(|(model, _)| {
                        let saved: usize = stretches.iter().map(Stretch::saved).sum();
                        // What follows is as this, as far as is known.
                        let all = saved as u128 * u128::from(gaps.bytes() - from) / bytes.max(1) as u128;
                        saved > 0 && all > u128::from(carrier.cost(model))
                    });
                    if let Some((model, _)) = worth {
                        put_model(sections, carrier, model)?;
                    }
                    let chosen = |stretch: Stretch| {
                        stretch.foreseen.filter(|_| worth.is_some()).unwrap_or(stretch.plain)
                    };
                    stretches.into_iter().flat_map(chosen).collect::<Vec<_>>()
                }
            };
            for (bytes, packed) in pieces {
                put(sections, Kind::Skeleton, from, &packed)?;
                from += bytes as u64;
            }
            self.advance(Stage::Code, from, self.source.len());
        }
        Ok(())
    }

    /// Rows of the file that the source was rounded from, if it was.
    fn before_rounding(
        &self,
        shelf: &Shelf,
        schema: &Schema,
        rows: &[Vec<std::ops::Range<u64>>],
    ) -> Result<Option<Slice>, CompressError> {
        let Some((source, _)) = self.rounded_from else { return Ok(None) };
        let layout = crate::recognised::layout(source, self.options)?;
        let opened = Image::open(source, layout, &|_| {}).map_err(CompressError::Read)?;
        if opened.tables != schema.tables || opened.runs != schema.runs {
            return Ok(None);
        }
        shelf.gather(&opened.image, &schema.tables, rows).map(Some).map_err(CompressError::Read)
    }

    /// What came of networks; `None` if there is no plan that reads back.
    fn put_chunks(
        &self,
        sections: &mut Sections<'_>,
        image: &Image<'_>,
        shelf: &Shelf,
        schema: &Schema,
    ) -> Result<Option<Vec<NetworkReport>>, CompressError> {
        let (tables, cuts) = (&schema.tables, &schema.cuts);
        let total = total_bytes(tables);
        self.advance(Stage::Plan, 0, total);
        let engine = self.engine();
        let rows = cuts.sample(tables, engine.sample_bytes());
        let values = shelf.gather(image, tables, &rows).map_err(CompressError::Read)?;
        let last_offsets = shelf.last_offsets(image, tables).map_err(CompressError::Read)?;
        let original = self.before_rounding(shelf, schema, &rows)?;
        let sample = Sample { values, last_offsets, original };
        let mut networks = Vec::new();
        let stored_plan = match self.options.trainer {
            Some(trainer) if engine == Engine::Deep => {
                let (plan, outcomes) = Plan::make_taught(tables, &sample, Teaching { trainer, bytes: total });
                networks = outcomes.into_iter().map(|outcome| NetworkReport::new(tables, outcome)).collect();
                plan.to_bytes()
            }
            _ => Plan::make(tables, &sample, engine).to_bytes(),
        };
        // Chunks are coded by what the decoder will read.
        let Ok(plan) = Plan::from_bytes(tables, &stored_plan, engine) else { return Ok(None) };
        put(sections, Kind::Plan, 0, &pack(&stored_plan, engine))?;
        let mut prices = Prices::new(tables);
        let mut done = 0;
        let numbers: Vec<u64> = (0..cuts.chunks).collect();
        for batch in numbers.chunks(self.in_flight) {
            let code = |&chunk: &u64| -> io::Result<Encoded> {
                let slice = shelf.gather(image, tables, &cuts.chunk(tables, chunk))?;
                Ok(plan.encode(tables, &slice))
            };
            let coded: Vec<io::Result<Encoded>> = batch.par_iter().map(code).collect();
            for (&chunk, coded) in batch.iter().zip(coded) {
                let coded = coded.map_err(CompressError::Read)?;
                prices.add(&coded.column_bits);
                put(sections, Kind::Chunk, chunk, &streams::write(&coded.streams))?;
                done += cuts.chunk_bytes(tables, chunk);
            }
            self.advance(Stage::Code, done, total);
        }
        let prices = prices.to_bytes(&plan);
        if !prices.is_empty() {
            put(sections, Kind::Prices, 0, &pack(&prices, engine))?;
        }
        Ok(Some(networks))
    }
}

/// An archive that has its header; sections are put in the order of their kinds.
pub(crate) struct Begun<'s, 'a> {
    job: &'s Job<'a>,
    sections: Sections<'s>,
}

impl Begun<'_, '_> {
    pub(crate) fn recipes(&mut self, recipes: &[Vec<u8>]) -> Result<(), CompressError> {
        put_recipes(&mut self.sections, recipes, self.job.engine())
    }

    pub(crate) fn plain(&mut self, kind: Kind, tag: u64, payload: &[u8]) -> Result<(), CompressError> {
        put(&mut self.sections, kind, tag, payload)
    }

    pub(crate) fn packed(&mut self, kind: Kind, payload: &[u8]) -> Result<(), CompressError> {
        put(&mut self.sections, kind, 0, &pack(payload, self.job.engine()))
    }

    /// The sums of the source.
    pub(crate) fn original(&mut self) -> Result<(), CompressError> {
        put(&mut self.sections, Kind::Original, 0, &self.job.sums.to_bytes())
    }

    pub(crate) fn finish(self) -> Result<(), CompressError> {
        self.sections.finish().map(drop).map_err(wrote)
    }
}

/// Skeleton bytes `from..from + bytes`.
fn skeleton(image: &Image<'_>, gaps: &Gaps, from: u64, bytes: usize) -> io::Result<Vec<u8>> {
    let mut plain = vec![0; bytes];
    gaps.visit(from, bytes, |at, range| image.read_at(at, &mut plain[range]))?;
    Ok(plain)
}

fn put_recipes(
    sections: &mut Sections<'_>,
    recipes: &[Vec<u8>],
    engine: Engine,
) -> Result<(), CompressError> {
    let mut together = Vec::new();
    let mut first = 0;
    for (number, recipe) in recipes.iter().enumerate() {
        put_bytes(&mut together, recipe);
        if together.len() >= RECIPES_BYTES || number + 1 == recipes.len() {
            put(sections, Kind::Recipes, first, &pack(&together, engine))?;
            together.clear();
            first = number as u64 + 1;
        }
    }
    Ok(())
}

/// The number of a model in this archive; writes its section if nothing has used it yet.
pub(crate) fn put_model(
    sections: &mut Sections<'_>,
    carrier: &mut Carrier,
    model: &Arc<Model>,
) -> Result<u64, CompressError> {
    let (number, section) = carrier.use_model(model);
    if let Some(section) = section {
        put(sections, Kind::Model, number, &section)?;
    }
    Ok(number)
}

/// Ends an archive; one that uses models is of the version that knows them.
fn finish(sections: Sections<'_>, networks: bool) -> Result<(), CompressError> {
    let Append(archive) = sections.finish().map_err(wrote)?;
    if networks {
        archive.write_at(0, &header(NETWORKS_VERSION)).map_err(CompressError::Write)?;
    }
    Ok(())
}

fn put(sections: &mut Sections<'_>, kind: Kind, tag: u64, payload: &[u8]) -> Result<(), CompressError> {
    sections.section(kind.id(), tag, payload).map_err(wrote)
}

fn wrote(error: WriteError) -> CompressError {
    CompressError::Write(match error {
        WriteError::Io(error) => error,
        other => io::Error::other(other),
    })
}

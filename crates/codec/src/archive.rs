//! Archives: opening one, and what it says about itself.
//!
//! In: the bytes of an archive. Out: an [`Archive`] with its header and tables.
//! Not here: giving the file back (`decompress`), its columns (`read`), what each costs (`inspect`).
//! Holds: opening reads the index, header, schema and plan, and nothing else.

use crate::networks::{Carried, Model};
use crate::options::Level;
use crate::packing::{self, PackingError};
use crate::plan::Plan;
use crate::precision::{Contracts, ContractsFault, Refinement};
use crate::schema::Schema;
use crate::sections::{FRAMES_VERSION, Kind};
use crate::sums::Sums;
use crate::{ArchiveError, ColumnId, FileSource, Limits, Memory};
use hepz_columns::Table;
use hepz_container::wire::{Cursor, WireError};
use hepz_container::{Bytes, Damage, ReadError, Reader, Region, Section, remains};
use hepz_formats::Source;
use hepz_formats::delimited::TextTable;
use hepz_formats::events::EventFormat;
use hepz_precision::Contract;
use hepz_recompression::RecipeError;
use hepz_recompression::wrapper::Rewrap;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A schema may take this share of the memory limit: in memory it is up to thirty times longer than its bytes.
const SCHEMA_SHARE: u64 = 64;
/// A wrapper's recipe may take this share of the memory limit: in memory a stream of a few bytes is thirty times longer.
const WRAPPER_SHARE: u64 = 32;
/// The own section of a refinement may take this share of the memory limit.
const REFINEMENT_SHARE: u64 = 32;
/// Most sections: with the usual 16 MiB each, 16 TB.
const MOST_SECTIONS: u64 = 1 << 20;

/// What an archive says about the file it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The file's name when it was compressed.
    pub name: Option<String>,
    /// Its length.
    pub original_bytes: u64,
    /// Its adler32.
    pub adler32: u32,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Version of the archive format: major, minor.
    pub format_version: (u8, u8),
    /// The level that wrote it.
    pub level: Level,
    /// The file's format: `hdf5`, `npy`, `npz`, `records`; empty if none was recognised.
    pub format: String,
    /// What the writer had to say: "2 of 9 compressed blocks cannot be re-made".
    pub notes: Vec<String>,
}

/// What an archive lies on.
struct Medium<'a>(Box<dyn Source + 'a>);

impl Bytes for Medium<'_> {
    fn len(&self) -> u64 {
        self.0.len()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_at(at, into)
    }
}

/// An open archive.
pub struct Archive<'a> {
    reader: Reader<Medium<'a>>,
    pub(crate) limits: Limits,
    header: Header,
    /// None if the file has no columns and no opened blocks.
    pub(crate) schema: Option<Schema>,
    /// None if the file has no columns.
    pub(crate) plan: Option<Plan>,
    /// The first bytes of the skeleton, which were packed with the schema.
    pub(crate) skeleton: Vec<u8>,
    pub(crate) sums: Sums,
    /// Numbers of the chunks' sections, by chunk.
    pub(crate) chunks: Vec<usize>,
    /// None if the file is no event record.
    pub(crate) event_format: Option<EventFormat>,
    /// None if the file is not wrapped.
    pub(crate) rewrap: Option<Rewrap>,
    /// None if the file is no text table.
    pub(crate) text_table: Option<TextTable>,
    /// None if the archive says everything about its file.
    pub(crate) refinement: Option<Refinement>,
    /// Models that were given, for an archive that only names its own.
    given: Vec<Arc<Model>>,
    /// The models of the archive, once they were asked for.
    models: OnceLock<Vec<Arc<Model>>>,
}

impl<'a> Archive<'a> {
    /// Opens an archive on any medium.
    ///
    /// # Errors
    /// [`ArchiveError`] says whose move it is.
    pub fn open(medium: Box<dyn Source + 'a>, limits: Limits) -> Result<Archive<'a>, ArchiveError> {
        Archive::open_with(medium, limits, &[])
    }

    /// The same where models are at hand, for an archive that only names those that it needs. Others are ignored.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn open_with(
        medium: Box<dyn Source + 'a>,
        limits: Limits,
        models: &[Arc<Model>],
    ) -> Result<Archive<'a>, ArchiveError> {
        Archive::over(Medium(medium), limits, models)
    }

    /// Opens an archive in memory.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn from_bytes(bytes: &'a [u8], limits: Limits) -> Result<Archive<'a>, ArchiveError> {
        Archive::open(Box::new(Memory(bytes)), limits)
    }

    /// Opens an archive file.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn open_file(path: impl AsRef<Path>, limits: Limits) -> Result<Archive<'static>, ArchiveError> {
        let file = FileSource::open(path).map_err(ArchiveError::Io)?;
        Archive::open(Box::new(file), limits)
    }

    fn over(medium: Medium<'a>, limits: Limits, models: &[Arc<Model>]) -> Result<Archive<'a>, ArchiveError> {
        let reader = Reader::open(medium, allowed(limits)).map_err(|error| container_error(&[], error))?;
        check_order(reader.sections())?;
        let mut archive = Archive::blank(reader, limits);
        archive.given = models.to_vec();
        archive.read_front()?;
        archive.read_sums()?;
        archive.chunks = archive.numbers(Kind::Chunk).collect();
        let refinement = archive.numbers(Kind::Refinement).next();
        if let Some(number) = refinement {
            let stored = archive.unpacked(number, limits.memory_bytes / REFINEMENT_SHARE)?;
            let refinement = Refinement::from_bytes(&stored);
            archive.refinement = Some(refinement.map_err(|error| wire_error(Kind::Refinement, error))?);
            return Ok(archive);
        }
        archive.read_schema(Some(archive.chunks.len() as u64))?;
        archive.read_plan()?;
        archive.read_event_format()?;
        archive.read_wrapper()?;
        archive.text_table = archive.read_text_table()?;
        Ok(archive)
    }

    /// What is left of a damaged archive, of which nothing is read yet, and what is lost.
    pub(crate) fn of_remains(
        medium: Box<dyn Source + 'a>,
        limits: Limits,
    ) -> Result<(Archive<'a>, Damage), ArchiveError> {
        let remains = remains(Medium(medium), allowed(limits));
        let (reader, damage) = remains.map_err(|error| container_error(&[], error))?;
        Ok((Archive::blank(reader, limits), damage))
    }

    fn blank(reader: Reader<Medium<'a>>, limits: Limits) -> Archive<'a> {
        let version = reader.version();
        Archive {
            reader,
            limits,
            header: Header {
                name: None,
                original_bytes: 0,
                adler32: 0,
                sha256: [0; 32],
                format_version: (version.major, version.minor),
                level: Level::Default,
                format: String::new(),
                notes: Vec::new(),
            },
            schema: None,
            plan: None,
            skeleton: Vec::new(),
            sums: Sums { bytes: 0, adler32: 0, sha256: [0; 32] },
            chunks: Vec::new(),
            event_format: None,
            rewrap: None,
            text_table: None,
            refinement: None,
            given: Vec::new(),
            models: OnceLock::new(),
        }
    }

    pub(crate) fn read_front(&mut self) -> Result<(), ArchiveError> {
        let stored = self.required(Kind::Header)?;
        self.parse_header(&stored).map_err(|error| wire_error(Kind::Header, error))?
    }

    pub(crate) fn read_sums(&mut self) -> Result<(), ArchiveError> {
        let stored = self.required(Kind::Original)?;
        self.sums = Sums::from_bytes(&stored).map_err(|error| wire_error(Kind::Original, error))?;
        self.header.original_bytes = self.sums.bytes;
        self.header.adler32 = self.sums.adler32;
        self.header.sha256 = self.sums.sha256;
        if self.sums.bytes > self.limits.output_bytes {
            return Err(ArchiveError::OverLimit {
                limit: "output bytes",
                wanted: self.sums.bytes,
                allowed: self.limits.output_bytes,
            });
        }
        Ok(())
    }

    fn parse_header(&mut self, stored: &[u8]) -> Result<Result<(), ArchiveError>, WireError> {
        let mut cursor = Cursor::new(stored);
        let level = cursor.u8()?;
        let Some(level) = Level::from_id(level) else {
            return Ok(Err(ArchiveError::TooNew { what: format!("level {level}") }));
        };
        self.header.level = level;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.header.format = text(cursor.prefixed()?);
        self.header.name = match cursor.u8()? {
            0 => None,
            _ => Some(text(cursor.prefixed()?)),
        };
        for _ in 0..cursor.count(1)? {
            self.header.notes.push(text(cursor.prefixed()?));
        }
        cursor.finish().map(Ok)
    }

    /// Reads the tables and their places; `chunks` is the number of chunks, if it is known.
    pub(crate) fn read_schema(&mut self, chunks: Option<u64>) -> Result<(), ArchiveError> {
        let schema = self.numbers(Kind::Schema).next();
        if let Some(number) = schema {
            let most = self.limits.memory_bytes / SCHEMA_SHARE;
            let together = self.unpacked(number, most)?;
            let corrupt = |what: String| ArchiveError::corrupt("schema", self.at(number), what);
            let mut cursor = Cursor::new(&together);
            let stored = cursor.prefixed().map_err(|error| corrupt(error.what().into()))?;
            let has_frames = self.header.format_version >= (FRAMES_VERSION.major, FRAMES_VERSION.minor);
            let schema = Schema::from_bytes(stored, chunks, has_frames);
            let schema = schema.map_err(|error| corrupt(error.to_string()))?;
            self.skeleton = together[cursor.position()..].to_vec();
            self.schema = Some(schema);
        }
        Ok(())
    }

    pub(crate) fn read_plan(&mut self) -> Result<(), ArchiveError> {
        let has_tables = !self.tables().is_empty();
        let plan = self.numbers(Kind::Plan).next();
        if has_tables != plan.is_some() || has_tables == self.chunks.is_empty() {
            return Err(ArchiveError::corrupt("plan", 0, "tables, plan and chunks do not belong together"));
        }
        if let Some(number) = plan {
            let stored = self.unpacked(number, self.limits.memory_bytes / SCHEMA_SHARE)?;
            let plan = Plan::from_bytes(self.tables(), &stored, self.header.level.engine());
            self.plan = Some(plan.map_err(|error| ArchiveError::plan("plan", error))?);
        }
        Ok(())
    }

    pub(crate) fn read_event_format(&mut self) -> Result<(), ArchiveError> {
        let corrupt = |what: &str| ArchiveError::corrupt("event format", 0, what);
        let Some(number) = self.numbers(Kind::EventFormat).next() else {
            return match self.numbers(Kind::Events).next() {
                Some(_) => Err(corrupt("the section is missing")),
                None => Ok(()),
            };
        };
        if self.schema.is_some() || self.numbers(Kind::Skeleton).next().is_some() {
            return Err(corrupt("events and columns do not belong together"));
        }
        let format = EventFormat::from_bytes(&self.payload(number)?);
        self.event_format = Some(format.ok_or_else(|| corrupt("no format that this version knows"))?);
        Ok(())
    }

    pub(crate) fn read_wrapper(&mut self) -> Result<(), ArchiveError> {
        let Some(number) = self.numbers(Kind::Wrapper).next() else { return Ok(()) };
        if self.event_format.is_none() {
            return Err(ArchiveError::corrupt("wrapper", self.at(number), "it has no text"));
        }
        let stored = self.unpacked(number, self.limits.memory_bytes / WRAPPER_SHARE)?;
        let rewrap = Rewrap::from_bytes(&stored).map_err(|error| match error {
            RecipeError::TooNew { .. } => ArchiveError::TooNew { what: error.to_string() },
            _ => ArchiveError::corrupt("wrapper", self.at(number), error.to_string()),
        })?;
        self.rewrap = Some(rewrap);
        Ok(())
    }

    /// The models that the archive uses, by number: those that it carries, and those that it names from those that were given.
    ///
    /// # Errors
    /// [`ArchiveError::MissingModel`], [`ArchiveError::WrongModel`], and what reading the sections meets.
    pub fn models(&self) -> Result<&[Arc<Model>], ArchiveError> {
        if let Some(models) = self.models.get() {
            return Ok(models);
        }
        let mut models = Vec::new();
        for number in self.numbers(Kind::Model) {
            let at = self.at(number);
            if self.sections().get(number).is_none_or(|section| section.tag != models.len() as u64) {
                return Err(ArchiveError::corrupt("model", at, "a model is missing"));
            }
            models.push(Carried::from_bytes(&self.payload(number)?, at)?.resolve(&self.given, at)?);
        }
        Ok(self.models.get_or_init(|| models))
    }

    /// Identities of the models that the archive uses, by number, and whether it carries them.
    ///
    /// # Errors
    /// What reading the sections meets.
    pub fn model_ids(&self) -> Result<Vec<([u8; 32], bool)>, ArchiveError> {
        let carried = |number| Carried::from_bytes(&self.payload(number)?, self.at(number));
        self.numbers(Kind::Model).map(|number| carried(number).map(|c| (c.id, c.payload.is_some()))).collect()
    }

    /// Models that are at hand, for an archive of which nothing is decoded yet.
    pub(crate) fn give(&mut self, models: &[Arc<Model>]) {
        self.given = models.to_vec();
    }

    /// What the archive says about the file it holds.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Length of the archive.
    pub fn archive_bytes(&self) -> u64 {
        self.reader.file_bytes()
    }

    /// True if the archive is a refinement, which is read with its base ([`crate::merge`]).
    pub fn is_refinement(&self) -> bool {
        self.refinement.is_some()
    }

    /// What was promised of the columns of a rounded file: table, column, contract. None if the archive holds its file byte for byte.
    ///
    /// # Errors
    /// What reading the section meets.
    pub fn promises(&self) -> Result<Option<Vec<(ColumnId, Contract)>>, ArchiveError> {
        Ok(self.contracts()?.map(|contracts| contracts.of.into_iter().collect()))
    }

    pub(crate) fn contracts(&self) -> Result<Option<Contracts>, ArchiveError> {
        let Some(number) = self.numbers(Kind::Contracts).next() else { return Ok(None) };
        let stored = self.unpacked(number, self.limits.memory_bytes / SCHEMA_SHARE)?;
        let contracts = Contracts::from_bytes(&stored, self.tables());
        let corrupt =
            |error: ContractsFault| ArchiveError::corrupt("contracts", self.at(number), error.to_string());
        contracts.map(Some).map_err(corrupt)
    }

    /// The tables of the file.
    pub fn tables(&self) -> &[Table] {
        self.schema.as_ref().map_or(&[], |schema| &schema.tables)
    }

    /// Columns that a pattern names, in file order: `table`, `table.column` or `column`, with `*` for any run of
    /// characters and `?` for any one.
    pub fn find(&self, pattern: &str) -> Vec<ColumnId> {
        let mut found = Vec::new();
        for (table, t) in self.tables().iter().enumerate() {
            let whole = !t.name.is_empty() && crate::pattern::matches(pattern, &t.name);
            for (column, c) in t.columns.iter().enumerate() {
                let full = || format!("{}.{}", t.name, c.name);
                if whole
                    || crate::pattern::matches(pattern, &c.name)
                    || crate::pattern::matches(pattern, &full())
                {
                    found.push(ColumnId { table: table as u32, column: column as u32 });
                }
            }
        }
        found
    }

    pub(crate) fn sections(&self) -> &[Section] {
        self.reader.sections()
    }

    /// Numbers of the sections of one kind, in order.
    pub(crate) fn numbers(&self, kind: Kind) -> impl Iterator<Item = usize> {
        let of_kind =
            move |(number, section): (usize, &Section)| (section.kind == kind.id()).then_some(number);
        self.reader.sections().iter().enumerate().filter_map(of_kind)
    }

    /// Where a section begins in the archive.
    pub(crate) fn at(&self, number: usize) -> u64 {
        self.sections().get(number).map_or(0, |section| section.at)
    }

    /// A section's payload, whose checksum holds.
    pub(crate) fn payload(&self, number: usize) -> Result<Vec<u8>, ArchiveError> {
        self.reader.read(number).map_err(|error| container_error(self.sections(), error))
    }

    /// A part of a section's payload, unchecked.
    pub(crate) fn part(&self, number: usize, range: std::ops::Range<u64>) -> Result<Vec<u8>, ArchiveError> {
        self.reader.read_range(number, range).map_err(|error| container_error(self.sections(), error))
    }

    /// A section's unpacked payload.
    pub(crate) fn unpacked(&self, number: usize, most: u64) -> Result<Vec<u8>, ArchiveError> {
        let payload = self.payload(number)?;
        let models = if packing::needs_network(&payload) { self.models()? } else { &[] };
        let network = |number: u64| {
            usize::try_from(number).ok().and_then(|number| models.get(number)).and_then(|m| m.byte_network())
        };
        packing::unpack_with(&payload, most, &network).map_err(|error| match error {
            PackingError::TooNew(_) => ArchiveError::TooNew { what: error.to_string() },
            PackingError::TooLong { wanted, allowed } => {
                ArchiveError::OverLimit { limit: "bytes of a section", wanted, allowed }
            }
            _ => ArchiveError::corrupt(self.kind(number), self.at(number), error.to_string()),
        })
    }

    /// The name of a section's kind.
    pub(crate) fn kind(&self, number: usize) -> &'static str {
        kind_name(self.sections(), number as u64)
    }

    fn required(&self, kind: Kind) -> Result<Vec<u8>, ArchiveError> {
        let number = self.numbers(kind).next();
        let missing = || ArchiveError::corrupt(kind.name(), 0, "the section is missing");
        self.payload(number.ok_or_else(missing)?)
    }
}

fn allowed(limits: Limits) -> hepz_container::Limits {
    hepz_container::Limits { section_bytes: limits.memory_bytes, sections: MOST_SECTIONS }
}

/// Kinds appear in the order of their numbers; only some may appear more than once, and chunks and pieces in order.
fn check_order(sections: &[Section]) -> Result<(), ArchiveError> {
    let mut previous: Option<(Kind, u64)> = None;
    let (mut chunk, mut model) = (0, 0);
    for section in sections {
        let Some(kind) = Kind::from_id(section.kind) else {
            return Err(ArchiveError::TooNew { what: format!("section kind {}", section.kind) });
        };
        let corrupt = |what: &str| Err(ArchiveError::corrupt(kind.name(), section.at, what));
        // A model stands in front of what needs it.
        if kind == Kind::Model {
            if section.tag != model {
                return corrupt("a model is missing");
            }
            model += 1;
            continue;
        }
        let repeats = matches!(kind, Kind::Recipes | Kind::Skeleton | Kind::Chunk | Kind::Events);
        if previous
            .is_some_and(|(before, tag)| kind < before || kind == before && (!repeats || section.tag <= tag))
        {
            return corrupt("the section is out of order");
        }
        if kind == Kind::Chunk || kind == Kind::Events {
            if section.tag != chunk {
                return corrupt("a chunk is missing");
            }
            chunk += 1;
        } else if !repeats && section.tag != 0 {
            return corrupt("the section has a number that no writer gives");
        }
        previous = Some((kind, section.tag));
    }
    Ok(())
}

pub(crate) fn wire_error(kind: Kind, error: WireError) -> ArchiveError {
    ArchiveError::corrupt(kind.name(), error.at() as u64, error.what())
}

fn kind_name(sections: &[Section], number: u64) -> &'static str {
    let section = usize::try_from(number).ok().and_then(|number| sections.get(number));
    section.and_then(|section| Kind::from_id(section.kind)).map_or("unknown", Kind::name)
}

fn container_error(sections: &[Section], error: ReadError) -> ArchiveError {
    match error {
        ReadError::NotAnArchive => ArchiveError::NotAnArchive,
        ReadError::Truncated { wanted_bytes, had_bytes, .. } => {
            ArchiveError::Truncated { wanted_bytes, had_bytes }
        }
        ReadError::Corrupt { region, at_byte, what } => {
            let section = match region {
                Region::Header => "front",
                Region::Section(number) => kind_name(sections, number),
                Region::Index => "index",
                Region::Trailer => "trailer",
            };
            ArchiveError::corrupt(section, at_byte, what)
        }
        ReadError::OverLimit { limit, wanted, allowed } => ArchiveError::OverLimit { limit, wanted, allowed },
        ReadError::Io(error) => ArchiveError::Io(error),
        other => ArchiveError::TooNew { what: other.to_string() },
    }
}

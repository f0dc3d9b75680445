//! Contents: what a file or an archive holds, read the same way from both.
//!
//! In: an archive, or any file. Out: tables with their values, events one after the other, or plain bytes.
//! Not here: what is done with them (`diff`, `explain`).
//! Holds: a file is looked at as compressing would, and nothing of it is coded; memory is that of one step.

use crate::chunks::Shelf;
use crate::delimited::{self, Tabled};
use crate::events::text::{self, Chunks};
use crate::image::{Image, Opened};
use crate::spool::Spool;
use crate::sums::Sums;
use crate::wrapped;
use crate::{Archive, ArchiveError, ColumnId, CompressError, DecompressOptions, Limits};
use hepz_columns::{Table, Values};
use hepz_formats::delimited::TextTable;
use hepz_formats::events::EventFormat;
use hepz_formats::{Layout, Source};
use std::collections::VecDeque;
use std::io;
use std::ops::Range;

/// A source that somebody else owns.
pub(crate) struct Borrowed<'a>(pub(crate) &'a dyn Source);

impl Source for Borrowed<'_> {
    fn len(&self) -> u64 {
        self.0.len()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_at(at, into)
    }
}

/// A file's tables at their places.
pub(crate) struct Laid<'a> {
    pub(crate) image: Image<'a>,
    pub(crate) tables: Vec<Table>,
    pub(crate) shelf: Shelf,
    labels: Option<&'a TextTable>,
}

/// What there is.
pub(crate) enum Held<'a> {
    /// An archive.
    Archive(Box<Archive<'a>>),
    /// A file of tables, or of bytes if there are none.
    Tables(Laid<'a>),
    /// The text of an event record.
    Events(&'a dyn Source, EventFormat),
}

/// What a file or an archive holds.
pub(crate) struct Contents<'a> {
    pub(crate) held: Held<'a>,
    pub(crate) format: String,
    pub(crate) notes: Vec<String>,
    /// The file itself, of one that is no archive.
    source: &'a dyn Source,
}

/// Opens an archive or looks at a file, and hands it to `then`.
///
/// # Errors
/// What opening an archive meets; [`ArchiveError::IsRefinement`]; [`ArchiveError::Io`] for a file that cannot be read.
pub(crate) fn with_contents<R>(
    source: &dyn Source,
    limits: Limits,
    then: impl FnOnce(&Contents<'_>) -> Result<R, ArchiveError>,
) -> Result<R, ArchiveError> {
    match Archive::open(Box::new(Borrowed(source)), limits) {
        Ok(archive) if archive.is_refinement() => return Err(ArchiveError::IsRefinement),
        Ok(archive) => {
            let (format, notes) = (archive.header().format.clone(), archive.header().notes.clone());
            return then(&Contents { held: Held::Archive(Box::new(archive)), format, notes, source });
        }
        Err(ArchiveError::NotAnArchive | ArchiveError::Truncated { had_bytes: 0, .. }) => {}
        Err(error) => return Err(error),
    }
    let notes = Vec::new();
    if let Some(format) = text::recognise(source).map_err(ArchiveError::Io)? {
        let name = format.name().to_owned();
        return then(&Contents { held: Held::Events(source, format), format: name, notes, source });
    }
    if let Some(text) = wrapped::text_of(source).map_err(ArchiveError::Io)?
        && let Some(format) = text::recognise(&text).map_err(ArchiveError::Io)?
    {
        let name = format.name().to_owned();
        return then(&Contents { held: Held::Events(&text, format), format: name, notes, source });
    }
    if let Some(Tabled { table, image }) = delimited::look(source).map_err(ArchiveError::Io)? {
        return with_layout(&image, table.layout(), Some(&table), source, then);
    }
    let options = crate::CompressOptions::new();
    let layout = crate::recognised::layout(source, &options).map_err(|error| match error {
        CompressError::Read(error) => ArchiveError::Io(error),
        other => ArchiveError::Io(io::Error::other(other)),
    })?;
    with_layout(source, layout, None, source, then)
}

fn with_layout<'a, R>(
    coded: &'a dyn Source,
    layout: Layout,
    labels: Option<&'a TextTable>,
    source: &'a dyn Source,
    then: impl FnOnce(&Contents<'_>) -> Result<R, ArchiveError>,
) -> Result<R, ArchiveError> {
    let format = layout.format.to_owned();
    let opened = Image::open(coded, layout, &|_| {}).map_err(ArchiveError::Io)?;
    let Opened { image, tables, runs, notes, .. } = opened;
    let shelf = Shelf::new(&runs, &tables);
    let held = Held::Tables(Laid { image, tables, shelf, labels });
    then(&Contents { held, format, notes, source })
}

/// The tables of a file or an archive, whichever it is.
pub struct TableReader<'a>(&'a Contents<'a>);

/// Opens an archive, or looks at a file as compressing would, and lends its tables to `then`.
///
/// # Errors
/// What opening and reading meet, and what `then` gives.
pub fn with_tables<R>(
    source: &dyn Source,
    limits: Limits,
    then: impl FnOnce(&TableReader<'_>) -> Result<R, ArchiveError>,
) -> Result<R, ArchiveError> {
    with_contents(source, limits, |contents| then(&TableReader(contents)))
}

impl TableReader<'_> {
    /// The name of the format, empty if none was recognised.
    pub fn format(&self) -> &str {
        &self.0.format
    }

    /// The tables; none of event records and of files that no reader understands.
    pub fn tables(&self) -> &[Table] {
        self.0.tables()
    }

    /// Some rows of some columns of one table, in the order asked for.
    ///
    /// # Errors
    /// [`ArchiveError::NoSuchColumn`] for what is not there, else what reading meets.
    pub fn read(
        &self,
        table: usize,
        columns: &[usize],
        rows: Range<u64>,
    ) -> Result<Vec<Values>, ArchiveError> {
        let known = self.tables().get(table).filter(|known| {
            rows.start <= rows.end
                && rows.end <= known.rows
                && columns.iter().all(|&c| c < known.columns.len())
        });
        if known.is_none() {
            return Err(ArchiveError::NoSuchColumn { what: format!("columns {columns:?} of table {table}") });
        }
        match &self.0.held {
            Held::Archive(archive) => {
                let id = |&column: &usize| ColumnId { table: table as u32, column: column as u32 };
                archive.read(&columns.iter().map(id).collect::<Vec<_>>(), rows)
            }
            Held::Tables(laid) => {
                let (image, tables) = (&laid.image, &laid.tables);
                laid.shelf.gather_columns(image, tables, table, columns, &[rows]).map_err(ArchiveError::Io)
            }
            Held::Events(..) => Ok(Vec::new()),
        }
    }
}

impl Contents<'_> {
    /// The tables.
    pub(crate) fn tables(&self) -> &[Table] {
        match &self.held {
            Held::Archive(archive) => archive.tables(),
            Held::Tables(laid) => &laid.tables,
            Held::Events(..) => &[],
        }
    }

    /// Length and sums of the file.
    pub(crate) fn sums(&self) -> Result<Sums, ArchiveError> {
        match &self.held {
            Held::Archive(archive) => Ok(archive.sums),
            _ => Sums::of(self.source).map_err(ArchiveError::Io),
        }
    }

    /// Some rows of all columns of a table.
    pub(crate) fn read(&self, table: usize, rows: Range<u64>) -> Result<Vec<Values>, ArchiveError> {
        match &self.held {
            Held::Archive(archive) => {
                let columns = archive.tables().get(table).map_or(0, |table| table.columns.len());
                let id = |column: usize| ColumnId { table: table as u32, column: column as u32 };
                archive.read(&(0..columns).map(id).collect::<Vec<_>>(), rows)
            }
            Held::Tables(laid) => {
                laid.shelf.gather_table(&laid.image, &laid.tables, table, &[rows]).map_err(ArchiveError::Io)
            }
            Held::Events(..) => Ok(Vec::new()),
        }
    }

    /// What the values of a column of labels stand for.
    pub(crate) fn labels(&self, id: ColumnId) -> Option<Vec<String>> {
        match &self.held {
            Held::Archive(archive) => archive.labels(id),
            Held::Tables(laid) => {
                let labels = laid.labels?.labels(id.column as usize)?;
                Some(labels.iter().map(|(label, _)| String::from_utf8_lossy(label).into_owned()).collect())
            }
            Held::Events(..) => None,
        }
    }

    /// Hands the whole file to `take`.
    pub(crate) fn bytes(
        &self,
        take: &mut dyn FnMut(&[u8]) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        if let Held::Archive(archive) = &self.held {
            return archive.emit(take, &DecompressOptions::new());
        }
        let mut buffer = vec![0; crate::sums::STEP_BYTES];
        let mut at = 0;
        while at < self.source.len() {
            let step = (self.source.len() - at).min(buffer.len() as u64) as usize;
            self.source.read_at(at, &mut buffer[..step]).map_err(ArchiveError::Io)?;
            take(&buffer[..step])?;
            at += step as u64;
        }
        Ok(())
    }

    /// The whole file, to be read at any place.
    pub(crate) fn spooled(&self) -> Result<Spool, ArchiveError> {
        let mut spool = Spool::new();
        self.bytes(&mut |bytes| spool.write_at(spool.len(), bytes).map_err(ArchiveError::Write))?;
        Ok(spool)
    }

    /// The events, one after the other; none if it is no event record.
    pub(crate) fn events(&self) -> Option<EventTexts<'_>> {
        let chunks = match &self.held {
            Held::Archive(archive) => {
                let format = archive.event_format.as_ref()?;
                let numbers = archive.numbers(crate::sections::Kind::Events).collect();
                TextChunks::Archive(archive, format, numbers)
            }
            Held::Events(source, format) => TextChunks::File(Chunks::new(*source, format), format),
            Held::Tables(_) => return None,
        };
        Some(EventTexts { chunks, ready: VecDeque::new() })
    }
}

enum TextChunks<'a> {
    Archive(&'a Archive<'a>, &'a EventFormat, VecDeque<usize>),
    File(Chunks<'a>, &'a EventFormat),
}

/// Texts of events, in order. What stands before the first event and what is no event counts as one.
pub(crate) struct EventTexts<'a> {
    chunks: TextChunks<'a>,
    ready: VecDeque<(bool, Vec<u8>)>,
}

impl EventTexts<'_> {
    /// The next text, and whether it is an event; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(bool, Vec<u8>)>, ArchiveError> {
        while self.ready.is_empty() {
            let (text, places) = match &mut self.chunks {
                TextChunks::Archive(archive, format, numbers) => {
                    let Some(number) = numbers.pop_front() else { return Ok(None) };
                    let chunk = archive.events_of_chunk(format, number)?;
                    (chunk.text, chunk.places)
                }
                TextChunks::File(chunks, format) => {
                    let Some(text) = chunks.next().map_err(ArchiveError::Io)? else { return Ok(None) };
                    let mut again = Vec::with_capacity(text.len());
                    let places = format.write_events(&format.read(&text), &mut again).unwrap_or_default();
                    if again == text { (text, places) } else { (text, Vec::new()) }
                }
            };
            let mut done = 0;
            for place in places {
                let Some(event) = text.get(place.clone()) else { continue };
                if place.start > done {
                    self.ready.push_back((false, text.get(done..place.start).unwrap_or_default().to_vec()));
                }
                self.ready.push_back((true, event.to_vec()));
                done = place.end;
            }
            if done < text.len() {
                self.ready.push_back((false, text[done..].to_vec()));
            }
        }
        Ok(self.ready.pop_front())
    }
}

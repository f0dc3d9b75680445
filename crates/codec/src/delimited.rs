//! Text tables: a text that is a table goes in as the image of its columns, and is printed again.
//!
//! In: a source, or an open archive. Out: the image and its description; the text.
//! Not here: cells and lines (`hepz-formats`), how columns are coded (`plan`).
//! Holds: the image lies in a spool, so that memory is bounded; a text that does not come back whole is no table.

use crate::options::Stage;
use crate::sections::Kind;
use crate::spool::{Append, Spool};
use crate::sums::{RunningSums, STEP_BYTES};
use crate::{Archive, ArchiveError, ColumnId, DecompressOptions};
use hepz_formats::Source;
use hepz_formats::delimited::{Stream, TextTable, UnfoldError, WireError};
use std::io::{self, Write};

/// A description may take this share of the memory limit: in memory it is up to thirty times longer than its bytes.
const DESCRIPTION_SHARE: u64 = 64;

/// A text as an image of columns.
pub(crate) struct Tabled {
    pub(crate) table: TextTable,
    pub(crate) image: Spool,
}

/// The table that a source is, if it is one.
pub(crate) fn look(source: &dyn Source) -> io::Result<Option<Tabled>> {
    let Some(mut table) = TextTable::recognise(source)? else { return Ok(None) };
    let (mut image, mut marks, mut text) = (Spool::new(), Spool::new(), Spool::new());
    let is_table = table.fold(source, &mut |stream, bytes| {
        let spool = match stream {
            Stream::Records => &mut image,
            Stream::Marks => &mut marks,
            Stream::Text => &mut text,
        };
        Append(spool).write_all(bytes)
    })?;
    if !is_table || table.to_bytes().len() as u64 > source.len() / 2 {
        return Ok(None);
    }
    for part in [marks, text] {
        let mut buffer = vec![0; part.len().min(STEP_BYTES as u64) as usize];
        let mut at = 0;
        while at < part.len() {
            let step = (part.len() - at).min(STEP_BYTES as u64) as usize;
            part.read_at(at, &mut buffer[..step])?;
            Append(&mut image).write_all(&buffer[..step])?;
            at += step as u64;
        }
    }
    Ok(Some(Tabled { table, image }))
}

impl Archive<'_> {
    /// The description of the text that the image is printed as; none if the file is no text table.
    pub(crate) fn read_text_table(&self) -> Result<Option<TextTable>, ArchiveError> {
        let Some(number) = self.numbers(Kind::TextTable).next() else { return Ok(None) };
        let corrupt = |what: String| ArchiveError::corrupt("text table", self.at(number), what);
        let Some(schema) = &self.schema else { return Err(corrupt("it has no columns".into())) };
        let stored = self.unpacked(number, self.limits.memory_bytes / DESCRIPTION_SHARE)?;
        let table = TextTable::from_bytes(&stored).map_err(|error| match error {
            WireError::TooNew => ArchiveError::TooNew { what: error.to_string() },
            _ => corrupt(error.to_string()),
        })?;
        if !schema.framed.blocks.is_empty() || table.image_bytes() != Some(schema.image_bytes) {
            return Err(corrupt("it does not belong to the columns".into()));
        }
        Ok(Some(table))
    }

    /// What the values of a column of labels stand for, by number; none for columns of numbers.
    pub fn labels(&self, id: ColumnId) -> Option<Vec<String>> {
        let table = self.text_table.as_ref().filter(|_| id.table == 0)?;
        let labels = table.labels(id.column as usize)?;
        Some(labels.iter().map(|(label, _)| String::from_utf8_lossy(label).into_owned()).collect())
    }

    /// Prints the image and hands the text to `take`; checks its sums.
    pub(crate) fn print_table(
        &self,
        table: &TextTable,
        image: &Spool,
        take: &mut dyn FnMut(&[u8]) -> Result<(), ArchiveError>,
        options: &DecompressOptions<'_>,
    ) -> Result<(), ArchiveError> {
        let corrupt = |what: &str| ArchiveError::corrupt("text table", 0, what);
        let mut sums = RunningSums::new();
        let mut done = 0u64;
        let printed = table.unfold(image, &mut |bytes| {
            done += bytes.len() as u64;
            if done > self.sums.bytes {
                return Err(corrupt("the text is longer than it says"));
            }
            sums.update(bytes);
            if let Some(progress) = options.progress {
                progress.advance(Stage::Restore, done, self.sums.bytes);
            }
            take(bytes)
        });
        match printed {
            Ok(()) => sums.finish().check(self.sums),
            Err(UnfoldError::Read(error)) => Err(ArchiveError::Io(error)),
            Err(UnfoldError::Take(error)) => Err(error),
            Err(UnfoldError::Corrupt(what)) => Err(corrupt(what)),
            Err(_) => Err(corrupt("it cannot be printed")),
        }
    }
}

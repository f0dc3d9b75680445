//! Salvage: the file that a damaged archive still gives, and what is missing.
//!
//! In: an archive that is cut or damaged. Out: the file with zeros where bytes are lost, or the events that are left;
//! a [`Salvaged`] report.
//! Not here: finding whole sections (`hepz-container`), sound archives (`decompress`).
//! Holds: only parts whose checksum holds are used; what is given back is in its place as far as places are known, and
//! the report says where they are not.

mod columns;
mod events;
mod places;
#[cfg(test)]
mod tests;

use crate::sections::Kind;
use crate::sums::RunningSums;
use crate::{Archive, ArchiveError, DecompressOptions, Limits};
use hepz_container::{Damage, Section};
use hepz_formats::Source;
use std::io::Write;
use std::ops::Range;

/// What was given back of a damaged archive, and what is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// The file is whole: nothing was damaged, or nothing that it needs.
    pub whole: bool,
    /// The file's format, empty if none was recognised or the archive's header is lost.
    pub format: String,
    /// Length of the original file, if that is known.
    pub original_bytes: Option<u64>,
    /// Bytes that were written.
    pub written_bytes: u64,
    /// What is wrong with the end of the archive, which lists its sections; those behind the last found are lost.
    pub end: Option<String>,
    /// Damaged or missing sections.
    pub sections: Vec<LostSection>,
    /// Rows of tables that are zeros.
    pub rows: Vec<LostRows>,
    /// Stretches of the written file that are zeros or nowhere.
    pub stretches: Vec<LostStretch>,
    /// Of an event record: events that were written.
    pub events: Option<u64>,
    /// What else a user should know.
    pub notes: Vec<String>,
}

/// A section of the archive that is damaged or missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LostSection {
    /// What it held: `chunk`, `skeleton`, `events`.
    pub kind: &'static str,
    /// Its number among those of its kind, as the archive counts them.
    pub number: u64,
    /// Where it begins in the archive, if it is there.
    pub at: Option<u64>,
}

/// Rows of a table that are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LostRows {
    /// Name of the table.
    pub table: String,
    /// Its rows, the last one not included.
    pub rows: Range<u64>,
}

/// Bytes of the file that are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LostStretch {
    /// First byte, in the file that was written.
    pub at: u64,
    /// How many zeros stand for it.
    pub bytes: u64,
    /// True if place and length are those of the original.
    pub exact: bool,
}

/// Where the file goes, and what of it is known to be zeros.
struct Output<'a> {
    sink: &'a mut dyn Write,
    at: u64,
    sums: RunningSums,
    stretches: Vec<LostStretch>,
    /// Places agree with those of the original so far.
    exact: bool,
}

/// Zeros that are written at once.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

impl<'a> Output<'a> {
    fn new(sink: &'a mut dyn Write) -> Output<'a> {
        Output { sink, at: 0, sums: RunningSums::new(), stretches: Vec::new(), exact: true }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.sums.update(bytes);
        self.at += bytes.len() as u64;
        self.sink.write_all(bytes).map_err(ArchiveError::Write)
    }

    /// Notes that the next bytes are lost.
    fn lost(&mut self, bytes: u64, exact: bool) {
        let (at, exact) = (self.at, exact && self.exact);
        match self.stretches.last_mut() {
            Some(last) if last.at + last.bytes == at && last.exact == exact => last.bytes += bytes,
            _ => self.stretches.push(LostStretch { at, bytes, exact }),
        }
    }

    /// Zeros for bytes that are lost.
    fn zeros(&mut self, mut bytes: u64, exact: bool) -> Result<(), ArchiveError> {
        self.lost(bytes, exact);
        while bytes > 0 {
            let step = bytes.min(ZEROS.len() as u64);
            self.write(&ZEROS[..step as usize])?;
            bytes -= step;
        }
        Ok(())
    }
}

/// What is known while an archive is salvaged.
struct Rescue<'a> {
    archive: Archive<'a>,
    damage: Damage,
    /// The archive's sums of the file could be read.
    has_sums: bool,
    report: Salvaged,
}

/// Writes what a damaged archive still holds of the file. A sound archive gives the whole file.
///
/// # Errors
/// [`ArchiveError::Corrupt`] names the section without which nothing can be decoded; else what reading and writing meet.
pub fn salvage<'a>(
    medium: Box<dyn Source + 'a>,
    limits: Limits,
    sink: &mut dyn Write,
    options: &DecompressOptions<'_>,
) -> Result<Salvaged, ArchiveError> {
    let (mut archive, damage) = Archive::of_remains(medium, limits)?;
    archive.give(&options.models);
    let mut rescue = Rescue { archive, damage, has_sums: false, report: Salvaged::default() };
    rescue.begin()?;
    let mut output = Output::new(sink);
    if rescue.has(Kind::EventFormat) || rescue.has(Kind::Events) || rescue.is_lost(Kind::EventFormat) {
        rescue.events(&mut output)?;
    } else if rescue.has(Kind::Schema) || rescue.is_lost(Kind::Schema) || rescue.has(Kind::Plan) {
        rescue.columns(&mut output, options)?;
    } else {
        rescue.plain(&mut output)?;
    }
    output.sink.flush().map_err(ArchiveError::Write)?;
    let Rescue { archive, has_sums, mut report, .. } = rescue;
    report.written_bytes = output.at;
    report.original_bytes = has_sums.then_some(archive.sums.bytes);
    report.stretches = output.stretches;
    let sums = output.sums.finish();
    report.whole = has_sums && sums == archive.sums;
    let nothing_lost = report.rows.is_empty() && report.stretches.is_empty();
    if has_sums && !report.whole && nothing_lost && report.sections.is_empty() && report.end.is_none() {
        return Err(sums.check(archive.sums).err().unwrap_or(ArchiveError::NotAnArchive));
    }
    Ok(report)
}

impl Rescue<'_> {
    /// Reads what comes before all values.
    fn begin(&mut self) -> Result<(), ArchiveError> {
        if self.damage.front {
            self.note("the first bytes of the archive are damaged; its version was taken to be the newest");
        }
        self.report.end = self.damage.end.as_ref().map(|error| match error {
            hepz_container::ReadError::Truncated { .. } => "the archive is cut short".to_owned(),
            other => other.to_string(),
        });
        for section in &self.damage.sections {
            let Section { kind, tag, at, .. } = *section;
            let kind = Kind::from_id(kind).map_or("unknown", Kind::name);
            self.report.sections.push(LostSection { kind, number: tag, at: Some(at) });
        }
        let unknown = self.archive.sections().iter().find(|section| Kind::from_id(section.kind).is_none());
        if let Some(section) = unknown {
            return Err(ArchiveError::TooNew { what: format!("section kind {}", section.kind) });
        }
        if self.has(Kind::Header) {
            self.archive.read_front()?;
            self.report.format = self.archive.header().format.clone();
        }
        if self.has(Kind::Original) {
            self.archive.read_sums()?;
            self.has_sums = true;
        } else {
            self.note("the length and the checksums of the original are lost: nothing can be proved");
        }
        Ok(())
    }

    fn note(&mut self, note: impl Into<String>) {
        self.report.notes.push(note.into());
    }

    /// True if a whole section of this kind is there.
    fn has(&self, kind: Kind) -> bool {
        self.archive.numbers(kind).next().is_some()
    }

    /// True if a section of this kind is known to be damaged.
    fn is_lost(&self, kind: Kind) -> bool {
        self.damage.sections.iter().any(|section| section.kind == kind.id())
    }

    /// Refuses an archive without a section that everything rests on.
    fn require(&self, kind: Kind) -> Result<(), ArchiveError> {
        if self.has(kind) {
            return Ok(());
        }
        let lost = self.damage.sections.iter().find(|section| section.kind == kind.id());
        let state = if lost.is_some() { "damaged" } else { "missing" };
        let what = format!("the section is {state}, and nothing can be decoded without it");
        let at = lost.map_or(self.archive.archive_bytes(), |section| section.at);
        Err(ArchiveError::corrupt(kind.name(), at, what))
    }

    /// A file that was kept as plain bytes.
    fn plain(&mut self, output: &mut Output<'_>) -> Result<(), ArchiveError> {
        if !self.has(Kind::Skeleton) && self.archive.sums.bytes == 0 && !self.has_sums {
            let at_byte = self.archive.archive_bytes();
            return Err(ArchiveError::corrupt("skeleton", at_byte, "nothing of the file is left"));
        }
        let pieces: Vec<usize> = self.archive.numbers(Kind::Skeleton).collect();
        for number in pieces {
            let from = self.archive.sections().get(number).map_or(0, |section| section.tag);
            if from < output.at || self.has_sums && from > self.archive.sums.bytes {
                return Err(ArchiveError::corrupt(
                    "skeleton",
                    self.archive.at(number),
                    "a piece has no place",
                ));
            }
            output.zeros_up_to(from)?;
            let Some(piece) = self.piece(number)? else { continue };
            output.write(&piece)?;
        }
        if self.has_sums {
            output.zeros_up_to(self.archive.sums.bytes)?;
        } else {
            self.note("what followed the last byte is lost");
        }
        Ok(())
    }

    /// A piece of the skeleton; none if it cannot be unpacked.
    fn piece(&mut self, number: usize) -> Result<Option<Vec<u8>>, ArchiveError> {
        let most = (crate::packing::FRAME_BYTES as u64).min(self.archive.limits.memory_bytes);
        match self.archive.unpacked(number, most) {
            Ok(piece) => Ok(Some(piece)),
            Err(ArchiveError::Corrupt { .. }) => {
                self.lose(Kind::Skeleton, number);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Notes that a section whose checksum holds cannot be decoded.
    fn lose(&mut self, kind: Kind, number: usize) {
        let section = self.archive.sections().get(number);
        let (tag, at) = section.map_or((0, None), |section| (section.tag, Some(section.at)));
        self.report.sections.push(LostSection { kind: kind.name(), number: tag, at });
    }
}

impl Output<'_> {
    fn zeros_up_to(&mut self, at: u64) -> Result<(), ArchiveError> {
        match at.checked_sub(self.at) {
            Some(bytes) if bytes > 0 => self.zeros(bytes, true),
            _ => Ok(()),
        }
    }
}

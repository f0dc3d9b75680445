//! Writer: sections to an archive, forward only.
//!
//! In: payloads. Out: the bytes of an archive, into anything that takes bytes, a pipe included.
//! Not here: what payloads hold; putting the file under its final name (`hepz`).
//! Holds: an archive whose `finish` did not run is told from a whole one.

use crate::WriteError;
use crate::frame::{self, CHECKSUM_BYTES, HEADER_BYTES, INDEX, Section};
use crate::{FormatVersion, OLDEST_VERSION};
use std::io::Write;

/// Writes an archive. Without [`Writer::finish`] it is a truncated one.
#[derive(Debug)]
pub struct Writer<W> {
    sink: W,
    sections: Vec<Section>,
    at: u64,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    ///
    /// # Errors
    /// What the sink says.
    pub fn new(sink: W) -> Result<Writer<W>, WriteError> {
        Writer::of_version(sink, OLDEST_VERSION)
    }

    /// Writes the front of an archive that only readers of this version and later ones understand.
    ///
    /// # Errors
    /// What the sink says.
    pub fn of_version(mut sink: W, version: FormatVersion) -> Result<Writer<W>, WriteError> {
        sink.write_all(&frame::header(version))?;
        Ok(Writer { sink, sections: Vec::new(), at: HEADER_BYTES })
    }

    /// Appends a section. Two sections may share kind and tag; readers see both, in this order.
    ///
    /// # Errors
    /// [`WriteError::ReservedKind`] for kinds 0 and 255, before anything is written; else what the sink says.
    pub fn section(&mut self, kind: u8, tag: u64, payload: &[u8]) -> Result<(), WriteError> {
        if !Section::is_free_kind(kind) {
            return Err(WriteError::ReservedKind(kind));
        }
        let section = self.put(kind, tag, payload)?;
        self.sections.push(section);
        Ok(())
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.at
    }

    /// The sections written so far.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Writes index and trailer, flushes, and gives the sink back.
    ///
    /// # Errors
    /// What the sink says.
    pub fn finish(mut self) -> Result<W, WriteError> {
        let index_at = self.at;
        let payload = frame::index_payload(&self.sections);
        self.put(INDEX, 0, &payload)?;
        self.sink.write_all(&frame::trailer(index_at))?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn put(&mut self, kind: u8, tag: u64, payload: &[u8]) -> Result<Section, WriteError> {
        let section = Section { kind, tag, at: self.at, bytes: payload.len() as u64 };
        let head = section.head();
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&head), payload).to_le_bytes();
        debug_assert_eq!(checksum.len() as u64, CHECKSUM_BYTES);
        self.sink.write_all(&head)?;
        self.sink.write_all(payload)?;
        self.sink.write_all(&checksum)?;
        self.at = section.end();
        Ok(section)
    }
}

//! Reader: an archive to its sections, in any order.
//!
//! In: bytes from anywhere. Out: the list of sections, and payloads whose checksum holds.
//! Not here: what is wrong with a file whose end is not sound (`walk`).
//! Holds: nothing is allocated that the file does not hold or that the caller's limits do not allow.

use crate::error::corrupt;
use crate::frame::{
    self, CHECKSUM_BYTES, HEAD_MAX_BYTES, HEADER_BYTES, INDEX, IndexError, Section, TRAILER_BYTES,
};
use crate::walk;
use crate::{Bytes, FormatVersion, ReadError, Region};
use std::ops::Range;

/// What a caller is willing to spend on an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest payload that is read into memory, in bytes.
    pub section_bytes: u64,
    /// Most sections; each costs 32 bytes of memory.
    pub sections: u64,
}

impl Default for Limits {
    /// One gibibyte a section, as decoding one needs several times that; a million sections, 16 TB of usual ones.
    fn default() -> Limits {
        Limits { section_bytes: 1 << 30, sections: 1 << 20 }
    }
}

/// An open archive.
#[derive(Debug)]
pub struct Reader<B> {
    bytes: B,
    limits: Limits,
    version: FormatVersion,
    sections: Vec<Section>,
}

impl<B: Bytes> Reader<B> {
    /// Reads header, trailer and index. Payloads are not looked at, unless the end is not sound and the
    /// question is whether the file is cut or damaged.
    ///
    /// # Errors
    /// Every [`ReadError`].
    pub fn open(bytes: B, limits: Limits) -> Result<Reader<B>, ReadError> {
        let version = frame::check_header(&bytes)?;
        let sections = listed(&bytes, limits)?;
        Ok(Reader { bytes, limits, version, sections })
    }

    /// A reader of sections that were found in some other way than by the index.
    pub(crate) fn of_sections(
        bytes: B,
        limits: Limits,
        version: FormatVersion,
        sections: Vec<Section>,
    ) -> Reader<B> {
        Reader { bytes, limits, version, sections }
    }

    /// Version of the file.
    pub fn version(&self) -> FormatVersion {
        self.version
    }

    /// The sections in the order of the file, without the index.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Number of the first section of this kind and tag.
    pub fn find(&self, kind: u8, tag: u64) -> Option<usize> {
        self.sections.iter().position(|section| section.kind == kind && section.tag == tag)
    }

    /// Length of the archive.
    pub fn file_bytes(&self) -> u64 {
        self.bytes.len()
    }

    /// The payload of section `number`.
    ///
    /// # Errors
    /// [`ReadError::Corrupt`] if there is no such section or its checksum does not hold, [`ReadError::OverLimit`].
    pub fn read(&self, number: usize) -> Result<Vec<u8>, ReadError> {
        let (section, region) = self.section(number)?;
        let mut payload = allocate(section.bytes, self.limits)?;
        read_checked(&self.bytes, section, &mut payload, region)?;
        Ok(payload)
    }

    /// Bytes `range` of the payload of section `number`, **without looking at its checksum**: for sections whose parts
    /// have checksums of their own.
    ///
    /// # Errors
    /// [`ReadError::Corrupt`] if there is no such section or the range leaves it, [`ReadError::OverLimit`].
    pub fn read_range(&self, number: usize, range: Range<u64>) -> Result<Vec<u8>, ReadError> {
        let (section, region) = self.section(number)?;
        if range.start > range.end || range.end > section.bytes {
            return Err(corrupt(region, section.at, "a part lies outside its section"));
        }
        let mut part = allocate(range.end - range.start, self.limits)?;
        self.bytes.read_at(section.payload_at() + range.start, &mut part)?;
        Ok(part)
    }

    /// Checks every section, in constant memory.
    ///
    /// # Errors
    /// [`ReadError::Corrupt`] names the first section whose checksum does not hold.
    pub fn check(&self) -> Result<(), ReadError> {
        for (number, section) in self.sections.iter().enumerate() {
            if !walk::is_whole(&self.bytes, section)? {
                return Err(checksum_error(section, Region::Section(number as u64)));
            }
        }
        Ok(())
    }

    /// Gives the bytes back.
    pub fn into_inner(self) -> B {
        self.bytes
    }

    fn section(&self, number: usize) -> Result<(&Section, Region), ReadError> {
        let region = Region::Section(number as u64);
        let missing =
            ReadError::Corrupt { region, at_byte: self.bytes.len(), what: "the section is missing" };
        Ok((self.sections.get(number).ok_or(missing)?, region))
    }
}

/// The sections that the end of the file lists.
pub(crate) fn listed(bytes: &(impl Bytes + ?Sized), limits: Limits) -> Result<Vec<Section>, ReadError> {
    let no_end = || corrupt(Region::Trailer, bytes.len(), "the trailer is missing");
    let verdict = |claimed, error| walk::diagnose(bytes, claimed).unwrap_or(error);
    let Some(trailer_at) = bytes.len().checked_sub(TRAILER_BYTES) else {
        return Err(verdict(None, no_end()));
    };
    let mut last = [0; TRAILER_BYTES as usize];
    bytes.read_at(trailer_at, &mut last)?;
    let Some(index_at) = frame::index_at(&last).filter(|at| (HEADER_BYTES..trailer_at).contains(at)) else {
        return Err(verdict(None, no_end()));
    };
    match read_index(bytes, index_at, trailer_at, limits) {
        Err(error @ ReadError::Corrupt { .. }) => Err(verdict(Some(index_at), error)),
        result => result,
    }
}

fn read_index(
    bytes: &(impl Bytes + ?Sized),
    index_at: u64,
    trailer_at: u64,
    limits: Limits,
) -> Result<Vec<Section>, ReadError> {
    let damaged = |what| corrupt(Region::Index, index_at, what);
    let mut head = [0; HEAD_MAX_BYTES];
    let head = &mut head[..(trailer_at - index_at).min(HEAD_MAX_BYTES as u64) as usize];
    bytes.read_at(index_at, head)?;
    let index = Section::from_head(index_at, head).map_err(|error| damaged(error.what()))?;
    if index.kind != INDEX || index.tag != 0 || index.end() != trailer_at {
        return Err(damaged("the index does not reach from its place to the trailer"));
    }
    let mut payload = allocate(index.bytes, limits)?;
    read_checked(bytes, &index, &mut payload, Region::Index)?;
    frame::parse_index(&payload, index_at, limits.sections).map_err(|error| match error {
        IndexError::Corrupt(what) => damaged(what),
        IndexError::TooMany(wanted) => {
            ReadError::OverLimit { limit: "sections", wanted, allowed: limits.sections }
        }
    })
}

/// Room for `wanted` bytes that the file is known to hold.
fn allocate(wanted: u64, limits: Limits) -> Result<Vec<u8>, ReadError> {
    let limit = ReadError::OverLimit { limit: "bytes of a section", wanted, allowed: limits.section_bytes };
    match usize::try_from(wanted) {
        Ok(length) if wanted <= limits.section_bytes => Ok(vec![0; length]),
        _ => Err(limit),
    }
}

/// Fills `payload`, as long as the section says, and checks it together with the head.
fn read_checked(
    bytes: &(impl Bytes + ?Sized),
    section: &Section,
    payload: &mut [u8],
    region: Region,
) -> Result<(), ReadError> {
    let expected = section.head();
    let mut head = [0; HEAD_MAX_BYTES];
    let head = &mut head[..expected.len()];
    bytes.read_at(section.at, head)?;
    if *head != expected[..] {
        return Err(corrupt(region, section.at, "the head of the section is not what the index says"));
    }
    bytes.read_at(section.payload_at(), payload)?;
    let mut stored = [0; CHECKSUM_BYTES as usize];
    bytes.read_at(section.end() - CHECKSUM_BYTES, &mut stored)?;
    if stored != crc32c::crc32c_append(crc32c::crc32c(head), payload).to_le_bytes() {
        return Err(checksum_error(section, region));
    }
    Ok(())
}

fn checksum_error(section: &Section, region: Region) -> ReadError {
    corrupt(region, section.at, "the checksum of the section does not hold")
}

//! Walk: sections from the front of the file, without the index.
//!
//! In: bytes that may be cut or damaged. Out: a verdict: cut or damaged, and where.
//! Not here: reading a sound archive (`reader`), saving what is left (`salvage`).
//! Holds: each byte is read once, in constant memory.

use crate::error::corrupt;
use crate::frame::{self, CHECKSUM_BYTES, HEAD_MAX_BYTES, HEADER_BYTES, INDEX, Section, TRAILER_BYTES};
use crate::wire::WireError;
use crate::{Bytes, ReadError, Region};

/// Payloads that are only checked pass through a buffer of this size: large enough that calls do not count.
const BUFFER_BYTES: usize = 1 << 16;

/// The section that begins at `at`, as its head claims; it lies inside the file.
pub(crate) fn section_at(
    bytes: &(impl Bytes + ?Sized),
    at: u64,
    region: Region,
) -> Result<Section, ReadError> {
    let had_bytes = bytes.len();
    let mut head = [0; HEAD_MAX_BYTES];
    let head = &mut head[..had_bytes.saturating_sub(at).min(HEAD_MAX_BYTES as u64) as usize];
    bytes.read_at(at, head)?;
    match Section::from_head(at, head) {
        Ok(section) if section.end() <= had_bytes => Ok(section),
        Ok(section) => Err(ReadError::Truncated { region, wanted_bytes: section.end(), had_bytes }),
        Err(WireError::Ended { .. }) => {
            Err(ReadError::Truncated { region, wanted_bytes: had_bytes.saturating_add(1), had_bytes })
        }
        Err(error) => Err(ReadError::Corrupt { region, at_byte: at, what: error.what() }),
    }
}

/// True if the checksum of the section holds, head included.
pub(crate) fn is_whole(bytes: &(impl Bytes + ?Sized), section: &Section) -> Result<bool, ReadError> {
    let expected = section.head();
    let mut head = [0; HEAD_MAX_BYTES];
    let head = &mut head[..expected.len()];
    bytes.read_at(section.at, head)?;
    let mut checksum = crc32c::crc32c(head);
    let mut buffer = vec![0; section.bytes.min(BUFFER_BYTES as u64) as usize];
    let (mut at, end) = (section.payload_at(), section.end() - CHECKSUM_BYTES);
    while at < end {
        let part = &mut buffer[..(end - at).min(BUFFER_BYTES as u64) as usize];
        bytes.read_at(at, part)?;
        checksum = crc32c::crc32c_append(checksum, part);
        at += part.len() as u64;
    }
    let mut stored = [0; CHECKSUM_BYTES as usize];
    bytes.read_at(end, &mut stored)?;
    Ok(*head == expected[..] && stored == checksum.to_le_bytes())
}

/// The section that begins at `at`, if it is whole.
fn whole_section_at(bytes: &(impl Bytes + ?Sized), at: u64, region: Region) -> Result<Section, ReadError> {
    let section = section_at(bytes, at, region)?;
    if is_whole(bytes, &section)? {
        Ok(section)
    } else {
        Err(corrupt(region, at, "the checksum does not hold"))
    }
}

/// Says what is wrong with an archive whose end is not sound. `claimed` is where the end says that the index begins, if it
/// says anything; `None` is returned if the walk arrives there, so that the end may be believed. The end of an archive
/// that lies inside a cut one would claim another place.
pub(crate) fn diagnose(bytes: &(impl Bytes + ?Sized), claimed: Option<u64>) -> Option<ReadError> {
    let mut at = HEADER_BYTES;
    let mut number = 0;
    loop {
        let region = Region::Section(number);
        match whole_section_at(bytes, at, region) {
            // More than a trailer behind an index: something was glued on, and its end claims the same place.
            Ok(section) if section.kind == INDEX && bytes.len() - section.end() > TRAILER_BYTES => {
                return Some(diagnose_trailer(bytes, &section));
            }
            _ if claimed == Some(at) => return None,
            Ok(section) if section.kind == INDEX => return Some(diagnose_trailer(bytes, &section)),
            Ok(section) if section.kind == 0 => {
                return Some(corrupt(region, at, "a section has a reserved kind"));
            }
            Ok(section) => at = section.end(),
            Err(error) => return Some(error),
        }
        number += 1;
    }
}

fn diagnose_trailer(bytes: &(impl Bytes + ?Sized), index: &Section) -> ReadError {
    let trailer_at = index.end();
    let end = trailer_at + TRAILER_BYTES;
    let had_bytes = bytes.len();
    let mut last = [0; TRAILER_BYTES as usize];
    let last = &mut last[..had_bytes.saturating_sub(trailer_at).min(TRAILER_BYTES) as usize];
    if let Err(error) = bytes.read_at(trailer_at, last) {
        return error.into();
    }
    if !frame::trailer(index.at).starts_with(last) {
        return corrupt(Region::Trailer, trailer_at, "the trailer is damaged");
    }
    if had_bytes < end {
        return ReadError::Truncated { region: Region::Trailer, wanted_bytes: end, had_bytes };
    }
    corrupt(Region::Trailer, end, "bytes follow the end of the archive")
}

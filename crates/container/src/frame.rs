//! Frames: the bytes around a payload, at the front and at the end of the archive.
//!
//! In: kinds, tags, lengths, positions. Out: header, section heads, index payload, trailer, and back.
//! Not here: the order in which they are written and read (`writer`, `reader`, `walk`).
//! Holds: each of them has exactly one spelling, so comparing bytes is comparing meaning.

use crate::error::corrupt;
use crate::wire::{Cursor, VARINT_MAX_BYTES, WireError, put_varint, varint_bytes};
use crate::{Bytes, FormatVersion, ReadError, Region};

/// The first bytes of every archive. `HEPZ` reads forward in a hex dump. A transfer that keeps seven bits changes `E8`;
/// one that turns line ends around changes `0D 0A` or the lone `0A`.
pub const MAGIC: [u8; 8] = *b"HEPZ\xE8\x0D\x0A\x0A";
/// The last bytes of every archive.
pub const END_MAGIC: [u8; 4] = *b"zpeh";
/// The newest version that this crate reads and writes: since 0.2 archives may hold event records, since 0.6 networks.
pub const VERSION: FormatVersion = FormatVersion { major: 0, minor: 6 };
/// The oldest version that this crate reads, and the one it writes unless it is told otherwise: an archive names the
/// oldest version that can read it.
pub const OLDEST_VERSION: FormatVersion = FormatVersion { major: 0, minor: 1 };
/// Required features that this crate knows, one bit each; none yet.
pub const KNOWN_FEATURES: u16 = 0;
/// Kind of the index section.
pub const INDEX: u8 = 255;
/// Magic, version, features, checksum.
pub const HEADER_BYTES: u64 = 16;
/// Position of the index, checksum, end magic.
pub const TRAILER_BYTES: u64 = 16;
/// Checksum after each payload.
pub const CHECKSUM_BYTES: u64 = 4;
/// Longest head: kind, tag, length.
pub(crate) const HEAD_MAX_BYTES: usize = 1 + 2 * VARINT_MAX_BYTES;
/// Shortest entry of the index: kind, tag, length.
const ENTRY_MIN_BYTES: usize = 3;

/// A section: where it lies and what its writer called it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it holds; the crates above own the list. 0 and [`INDEX`] are reserved.
    pub kind: u8,
    /// A number for its users: which of several of a kind.
    pub tag: u64,
    /// First byte of the section in the file.
    pub at: u64,
    /// Length of the payload.
    pub bytes: u64,
}

impl Section {
    /// True for kinds that callers may use.
    pub fn is_free_kind(kind: u8) -> bool {
        kind != 0 && kind != INDEX
    }

    /// First byte of the payload in the file.
    pub fn payload_at(&self) -> u64 {
        self.at.saturating_add((1 + varint_bytes(self.tag) + varint_bytes(self.bytes)) as u64)
    }

    /// First byte after the section; saturates, so a length that overflows lies beyond every file.
    pub fn end(&self) -> u64 {
        self.payload_at().saturating_add(self.bytes).saturating_add(CHECKSUM_BYTES)
    }

    /// Kind, tag and length, as they stand in front of the payload.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(HEAD_MAX_BYTES);
        head.push(self.kind);
        put_varint(&mut head, self.tag);
        put_varint(&mut head, self.bytes);
        head
    }

    /// Reads kind, tag and length; the file may end inside them.
    pub(crate) fn from_head(at: u64, bytes: &[u8]) -> Result<Section, WireError> {
        let mut cursor = Cursor::new(bytes);
        Ok(Section { kind: cursor.u8()?, tag: cursor.varint()?, bytes: cursor.varint()?, at })
    }
}

/// The first 16 bytes of an archive of this version, for a writer that learns late what the archive needs.
pub fn header(version: FormatVersion) -> [u8; HEADER_BYTES as usize] {
    let mut header = [0; HEADER_BYTES as usize];
    header[..8].copy_from_slice(&MAGIC);
    header[8] = version.major;
    header[9] = version.minor;
    header[10..12].copy_from_slice(&0u16.to_le_bytes());
    let checksum = crc32c::crc32c(&header[..12]);
    header[12..].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// Checks the front of a file. The header has this shape in every version, so its checksum comes before the version.
pub(crate) fn check_header(bytes: &(impl Bytes + ?Sized)) -> Result<FormatVersion, ReadError> {
    let mut header = [0; HEADER_BYTES as usize];
    let had_bytes = bytes.len();
    let had = had_bytes.min(HEADER_BYTES) as usize;
    let front = &mut header[..had];
    bytes.read_at(0, front)?;
    let agree = front.iter().zip(MAGIC).take_while(|&(&byte, magic)| byte == magic).count();
    if agree < had.min(MAGIC.len()) {
        if agree < 4 {
            return Err(ReadError::NotAnArchive);
        }
        let what = "the magic shows a transfer that changed line ends or dropped bits";
        return Err(corrupt(Region::Header, agree as u64, what));
    }
    if had < header.len() {
        return Err(ReadError::Truncated { region: Region::Header, wanted_bytes: HEADER_BYTES, had_bytes });
    }
    if crc32c::crc32c(&header[..12]).to_le_bytes() != header[12..] {
        let what = "the checksum of the header does not hold";
        return Err(corrupt(Region::Header, 8, what));
    }
    let file = FormatVersion { major: header[8], minor: header[9] };
    let unknown_features = u16::from_le_bytes([header[10], header[11]]) & !KNOWN_FEATURES;
    if file > VERSION || unknown_features != 0 {
        return Err(ReadError::TooNew { file, reads_up_to: VERSION, unknown_features });
    }
    if file < OLDEST_VERSION {
        let what = "no writer ever had this version";
        return Err(corrupt(Region::Header, 8, what));
    }
    Ok(file)
}

/// The last 16 bytes of an archive whose index begins at `index_at`.
pub(crate) fn trailer(index_at: u64) -> [u8; TRAILER_BYTES as usize] {
    let mut trailer = [0; TRAILER_BYTES as usize];
    let position = index_at.to_le_bytes();
    trailer[..8].copy_from_slice(&position);
    trailer[8..12].copy_from_slice(&crc32c::crc32c(&position).to_le_bytes());
    trailer[12..].copy_from_slice(&END_MAGIC);
    trailer
}

/// Where the index begins, if these are the last bytes of an archive.
pub(crate) fn index_at(last: &[u8; TRAILER_BYTES as usize]) -> Option<u64> {
    let mut position = [0; 8];
    position.copy_from_slice(&last[..8]);
    let index_at = u64::from_le_bytes(position);
    (trailer(index_at) == *last).then_some(index_at)
}

/// The payload of the index: the number of sections, then kind, tag and length of each in the order of the file.
pub(crate) fn index_payload(sections: &[Section]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(2 + 8 * sections.len());
    put_varint(&mut payload, sections.len() as u64);
    for section in sections {
        payload.extend_from_slice(&section.head());
    }
    payload
}

/// Why an index is refused.
pub(crate) enum IndexError {
    /// It is not one that a writer makes.
    Corrupt(&'static str),
    /// It lists more sections than allowed.
    TooMany(u64),
}

impl From<WireError> for IndexError {
    fn from(error: WireError) -> IndexError {
        IndexError::Corrupt(error.what())
    }
}

/// Reads the payload of the index that begins at `index_at`: the sections fill the file up to there without a gap.
pub(crate) fn parse_index(
    payload: &[u8],
    index_at: u64,
    max_sections: u64,
) -> Result<Vec<Section>, IndexError> {
    let mut cursor = Cursor::new(payload);
    let count = cursor.count(ENTRY_MIN_BYTES)?;
    if count as u64 > max_sections {
        return Err(IndexError::TooMany(count as u64));
    }
    let mut sections = Vec::with_capacity(count);
    let mut at = HEADER_BYTES;
    for _ in 0..count {
        let kind = cursor.u8()?;
        let section = Section { kind, tag: cursor.varint()?, bytes: cursor.varint()?, at };
        if !Section::is_free_kind(kind) {
            return Err(IndexError::Corrupt("a section has a reserved kind"));
        }
        at = section.end();
        sections.push(section);
    }
    cursor.finish()?;
    if at != index_at {
        return Err(IndexError::Corrupt("the sections listed do not fill the file"));
    }
    Ok(sections)
}

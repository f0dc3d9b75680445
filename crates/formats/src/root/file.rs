//! The file: its header and its records, each a key and a payload.
//!
//! In: any file. Out: a [`File`] and its [`Record`]s in order, and the plain bytes of one of them.
//! Not here: what a payload holds (`tree`, `ntuple`).
//! Holds: records lie in the file and do not overlap; a payload is never longer than its compression allows.
//! Source: ROOT, TFile: "ROOT file layout", and TKey.

mod key;
mod walk;

use super::buffer::{Buffer, Odd};
use crate::Source;
use std::io;

pub use key::BasketKey;
pub(super) use key::read as read_key;

/// The first bytes of every file.
const SIGNATURE: [u8; 4] = *b"root";

/// Versions from here on have numbers of 8 bytes for places in the file.
const LARGE: u32 = 1_000_000;

/// No compression that ROOT knows makes more bytes of one.
const MOST_EXPANSION: u64 = 1 << 15;

/// Larger payloads are not opened.
const MOST_PLAIN_BYTES: u64 = 1 << 30;

/// What the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Place of the first record.
    pub begin: u64,
    /// End of the last record, or of the source if that comes first.
    pub end: u64,
    /// Version of ROOT as 62406 for 6.24/06, without the mark of a large file.
    pub version: u32,
    /// Numbers of places have 8 bytes in the header.
    pub large: bool,
    /// Compression: 100 times the algorithm, plus the level.
    pub compress: u32,
    /// Place of the list of free segments.
    pub seek_free: u64,
    /// Its length.
    pub nbytes_free: u32,
    /// Place of the description of classes.
    pub seek_info: u64,
    /// Its length, key included.
    pub nbytes_info: u32,
}

/// A key and the payload behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Place of the key.
    pub at: u64,
    /// Length of the key.
    pub key_bytes: u32,
    /// Length of the payload in the file.
    pub stored_bytes: u64,
    /// Length of the payload when opened; the same if it is not compressed.
    pub plain_bytes: u64,
    /// Version of the key; above 1000 with places of 8 bytes.
    pub key_version: u16,
    /// Distinguishes records of one name.
    pub cycle: u16,
    /// Date and time, as ROOT packs them.
    pub datime: u32,
    /// Class of the object in the payload.
    pub class: String,
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Width of the places in the key: 4 or 8.
    pub seek_bytes: u8,
    /// Place of the key of its directory.
    pub directory: u64,
    /// What a key of class `TBasket` says in addition.
    pub basket: Option<BasketKey>,
}

impl Record {
    /// Place of the payload.
    pub fn payload_at(&self) -> u64 {
        self.at.saturating_add(self.key_bytes.into())
    }

    /// True if the payload is compressed.
    pub fn is_compressed(&self) -> bool {
        self.stored_bytes != self.plain_bytes
    }
}

/// Reads the header; `None` if it is not ROOT's, or damaged.
///
/// # Errors
/// Only those of `source`.
pub fn open(source: &dyn Source) -> io::Result<Option<File>> {
    let mut bytes = [0; 64];
    let there = source.len().min(bytes.len() as u64) as usize;
    let bytes = bytes.get_mut(..there).unwrap_or_default();
    source.read_at(0, bytes)?;
    if !bytes.starts_with(&SIGNATURE) {
        return Ok(None);
    }
    Ok(header(bytes, source.len()).ok())
}

fn header(bytes: &[u8], length: u64) -> Result<File, Odd> {
    let mut fields = Buffer::new(bytes, 0);
    fields.take(SIGNATURE.len())?;
    let marked = fields.u32()?;
    let large = marked >= LARGE;
    let seek_bytes = if large { 8 } else { 4 };
    let begin = fields.u32()?.into();
    let end = fields.uint(seek_bytes)?;
    let seek_free = fields.uint(seek_bytes)?;
    let nbytes_free = fields.u32()?;
    // Number of free segments, length of the name in the root directory, width of places.
    fields.take(4 + 4 + 1)?;
    let compress = fields.u32()?;
    let seek_info = fields.uint(seek_bytes)?;
    let nbytes_info = fields.u32()?;
    if begin < fields.at() as u64 || begin > length || end < begin {
        return Err(Odd("the header names a first record outside the file"));
    }
    let version = if large { marked - LARGE } else { marked };
    let end = end.min(length);
    Ok(File { begin, end, version, large, compress, seek_free, nbytes_free, seek_info, nbytes_info })
}

/// Every record from the first on; where the chain is broken, it goes on with the next key that names its own place.
///
/// # Errors
/// Only those of `source`.
pub fn records(source: &dyn Source, file: &File) -> io::Result<Vec<Record>> {
    walk::records(source, file)
}

/// The plain bytes of a record; `None` if they cannot be had.
///
/// # Errors
/// Only those of `source`.
pub fn payload(source: &dyn Source, record: &Record) -> io::Result<Option<Vec<u8>>> {
    let limit = record.stored_bytes.saturating_mul(MOST_EXPANSION).min(MOST_PLAIN_BYTES);
    let inside = record.payload_at().checked_add(record.stored_bytes).is_some_and(|end| end <= source.len());
    let lengths = (usize::try_from(record.stored_bytes), usize::try_from(record.plain_bytes));
    let (true, (Ok(stored_bytes), Ok(plain_bytes))) = (inside && record.plain_bytes <= limit, lengths) else {
        return Ok(None);
    };
    let mut stored = vec![0; stored_bytes];
    source.read_at(record.payload_at(), &mut stored)?;
    if record.is_compressed() {
        return Ok(hepz_recompression::root::plain(&stored, plain_bytes));
    }
    Ok(Some(stored))
}

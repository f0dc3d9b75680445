//! RNTuples: the pages and envelopes that lie in blobs.
//!
//! In: the anchors of a file. Out: every [`Piece`] of the file that they lead to, by its place.
//! Not here: links inside envelopes (`envelopes`), which blobs the pieces fill (`old`).
//! Holds: an RNTuple of which anything was not understood is an error; so is a checksum that is wrong, since a right
//! one in the new file would hide the damage.

use super::super::file::Record;
use super::super::ntuple;
use super::envelopes::{self, CHECKSUM_BYTES, PageList};
use super::{Compression, Fault, RewriteError, refused};
use crate::Source;
use hepz_recompression::root;
use hepz_recompression::root::write::checksum;
use std::collections::BTreeMap;

/// Pieces that are larger are not opened.
const MOST_PLAIN_BYTES: u64 = 1 << 30;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Elements of a column.
    Page,
    /// Fields and columns.
    Header,
    /// Links to page lists.
    Footer,
    /// Links to pages.
    PageList,
}

/// A page or an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    /// First byte in the file.
    pub(super) at: u64,
    /// Length in the file, without a checksum.
    pub(super) stored_bytes: u64,
    /// Length of the plain content, the same if it is not compressed.
    pub(super) plain_bytes: u64,
    /// A checksum follows.
    pub(super) has_checksum: bool,
}

impl Piece {
    /// The byte after it and its checksum.
    pub(super) fn end(&self) -> u64 {
        let checksum_bytes = if self.has_checksum { CHECKSUM_BYTES as u64 } else { 0 };
        self.at.saturating_add(self.stored_bytes).saturating_add(checksum_bytes)
    }

    /// Its plain bytes.
    pub(super) fn plain(&self, source: &dyn Source) -> Result<Vec<u8>, Fault> {
        const TOO_LARGE: &str = "a page or envelope of the RNTuple is too large";
        if self.end() > source.len() || self.plain_bytes > MOST_PLAIN_BYTES {
            return Err(Fault::Odd("a page or envelope of the RNTuple leaves the file"));
        }
        let mut stored = vec![0; usize::try_from(self.end() - self.at).map_err(|_| TOO_LARGE)?];
        source.read_at(self.at, &mut stored)?;
        if self.has_checksum {
            let sum = stored.split_off(stored.len().saturating_sub(CHECKSUM_BYTES));
            if sum != checksum(&stored) {
                return Err(Fault::Odd("the checksum of a page of the RNTuple is wrong"));
            }
        }
        if self.stored_bytes == self.plain_bytes {
            return Ok(stored);
        }
        let plain_bytes = usize::try_from(self.plain_bytes).map_err(|_| TOO_LARGE)?;
        let plain = root::plain(&stored, plain_bytes);
        plain.ok_or(Fault::Odd("a page or envelope of the RNTuple cannot be decompressed"))
    }

    /// The bytes that stand for `plain` in the new file, and how many of them are not the checksum.
    pub(super) fn stored(&self, plain: Vec<u8>, compression: Compression) -> (Vec<u8>, u64) {
        let compressed = if self.is_compressed() { compression.payload(&plain) } else { None };
        let mut stored = compressed.unwrap_or(plain);
        let bytes = stored.len() as u64;
        if self.has_checksum {
            let sum = checksum(&stored);
            stored.extend_from_slice(&sum);
        }
        (stored, bytes)
    }

    /// True if it is compressed.
    pub(super) fn is_compressed(&self) -> bool {
        self.stored_bytes != self.plain_bytes
    }
}

/// Adds the pieces of the RNTuple whose anchor has the plain bytes `anchor`.
pub(super) fn pieces(
    source: &dyn Source,
    record: &Record,
    anchor: &[u8],
    into: &mut BTreeMap<u64, Piece>,
) -> Result<(), RewriteError> {
    let found = ntuple::read(source, anchor, &record.name).map_err(RewriteError::Read)?;
    let found = found.ok_or_else(|| refused(record, "an RNTuple from before the format was frozen"))?;
    if let Some(note) = found.notes.first() {
        return Err(refused(record, note));
    }
    add(source, anchor, &found, into).map_err(|fault| fault.of(record))
}

fn add(
    source: &dyn Source,
    anchor: &[u8],
    found: &ntuple::Ntuple,
    into: &mut BTreeMap<u64, Piece>,
) -> Result<(), Fault> {
    envelopes::anchor(anchor)?;
    let mut add = |piece: Piece| match into.insert(piece.at, piece) {
        Some(other) if other != piece => Err(Fault::Odd("two things of the RNTuple lie at one place")),
        _ => Ok(()),
    };
    // The reader lists header and footer first.
    let kinds = [Kind::Header, Kind::Footer].into_iter().chain(std::iter::repeat(Kind::PageList));
    for (&ntuple::Stored { at, stored_bytes, plain_bytes }, kind) in found.envelopes.iter().zip(kinds) {
        let envelope = Piece { kind, at, stored_bytes, plain_bytes, has_checksum: false };
        add(envelope)?;
        let plain = envelope.plain(source)?;
        let mut sealed = plain.clone();
        envelopes::seal(&mut sealed)?;
        if sealed != plain {
            return Err(Fault::Odd("the checksum of an envelope of the RNTuple is wrong"));
        }
        match kind {
            Kind::PageList => {}
            Kind::Footer => {
                envelopes::footer(&plain)?;
                continue;
            }
            Kind::Header | Kind::Page => continue,
        }
        for page in PageList::read(&plain)?.pages {
            let column = found.columns.get(page.column as usize);
            let bits = column.ok_or("a page list of the RNTuple has more columns than the schema")?.bits;
            let plain_bytes = u64::from(page.elements).saturating_mul(bits.into()).div_ceil(8);
            let (at, stored_bytes) = (page.link.place, page.link.bytes);
            if stored_bytes != 0 {
                add(Piece {
                    kind: Kind::Page,
                    at,
                    stored_bytes,
                    plain_bytes,
                    has_checksum: page.has_checksum,
                })?;
            }
        }
    }
    Ok(())
}

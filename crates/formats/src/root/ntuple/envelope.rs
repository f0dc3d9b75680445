//! Anchor and envelopes: the way from a `ROOT::RNTuple` object to the descriptions of what the RNTuple holds.
//!
//! In: the anchor's bytes, links to envelopes. Out: links to header and footer; envelopes, opened.
//! Not here: what stands in them (`schema`, `pages`); undoing the compression (`hepz-recompression`).
//! Holds: an envelope is opened only if it lies in the file and its plain length is plausible; all that are opened
//! together are bounded by the length of the file, so that links to the same envelope over and over come to an end.
//! Source: RNTuple Binary Format Specification 1.0.0.1, "Anchor schema", "Envelopes".

use super::bytes::{Fault, Fields, Stored};
use crate::Source;

/// Largest plain length of an envelope that is opened. A page of the data takes some 28 bytes in it: ten million
/// pages.
const MOST_PLAIN_BYTES: u64 = 1 << 28;

/// Plain bytes that one stored byte may stand for. A table of pages shrinks ten times in files seen, deflate can do
/// a thousand.
const MOST_RATIO: u64 = 1024;

/// Kinds of envelopes, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Kind {
    Header = 1,
    Footer = 2,
    PageList = 3,
}

/// What the anchor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) header: Stored,
    pub(super) footer: Stored,
}

impl Anchor {
    /// Reads an anchor as it stands in a ROOT file: byte count, class version, then the fields, all big-endian;
    /// `None` if it is none or of an epoch other than 1 (before the format was frozen, pages and envelopes were
    /// laid out differently).
    pub(super) fn read(bytes: &[u8]) -> Option<Anchor> {
        const BYTE_COUNT: u8 = 0x40;
        let (header, fields) = bytes.split_first_chunk::<6>()?;
        let (version, mut fields) = fields.split_first_chunk::<8>()?;
        if header[0] & BYTE_COUNT == 0 || version[..2] != [0, 1] {
            return None;
        }
        let mut next = || {
            let (number, rest) = fields.split_first_chunk::<8>()?;
            fields = rest;
            Some(u64::from_be_bytes(*number))
        };
        let mut link = || Some(Stored { at: next()?, stored_bytes: next()?, plain_bytes: next()? });
        Some(Anchor { header: link()?, footer: link()? })
    }
}

/// Opens envelopes of one file as long as their plain bytes are in proportion to it.
pub(super) struct Opener<'a> {
    source: &'a dyn Source,
    bytes_left: u64,
}

/// The plain bytes of an envelope.
pub(super) struct Envelope {
    plain: Vec<u8>,
    checksum: u64,
}

impl Envelope {
    /// What stands between preamble and checksum.
    pub(super) fn fields(&self) -> Fields<'_> {
        let end = self.plain.len().saturating_sub(8);
        Fields::new(self.plain.get(8..end).unwrap_or_default())
    }

    /// The checksum at the end, by which other envelopes refer to this one.
    pub(super) fn checksum(&self) -> u64 {
        self.checksum
    }
}

impl<'a> Opener<'a> {
    /// An opener of envelopes of `source`.
    pub(super) fn new(source: &'a dyn Source) -> Opener<'a> {
        // Sound envelopes are read once and describe more bytes than they have, even plain; small files have margin.
        Opener { source, bytes_left: source.len().saturating_mul(8).saturating_add(16 << 20) }
    }

    /// The envelope at `link`, which must be of kind `kind`. Checksums are not computed: what a damaged envelope
    /// says is held against the file like anything else.
    pub(super) fn open(&mut self, link: Stored, kind: Kind) -> Result<Envelope, Fault> {
        let Stored { at, stored_bytes, plain_bytes } = link;
        let lies_inside = at.checked_add(stored_bytes).is_some_and(|end| end <= self.source.len());
        if !lies_inside {
            return Err(Fault::Odd("an envelope leaves the file"));
        }
        let plausible = stored_bytes.saturating_mul(MOST_RATIO).min(MOST_PLAIN_BYTES);
        if plain_bytes > plausible || stored_bytes > plain_bytes {
            return Err(Fault::Odd("an envelope has an implausible length"));
        }
        let left = self.bytes_left.checked_sub(plain_bytes);
        self.bytes_left = left.ok_or(Fault::Odd("the envelopes are too large for the file"))?;
        let too_large = |_| Fault::Odd("an envelope has an implausible length");
        let mut stored = vec![0; usize::try_from(stored_bytes).map_err(too_large)?];
        self.source.read_at(at, &mut stored)?;
        let plain = if stored_bytes == plain_bytes {
            stored
        } else {
            let plain_bytes = usize::try_from(plain_bytes).map_err(too_large)?;
            let plain = hepz_recompression::root::plain(&stored, plain_bytes);
            plain.ok_or(Fault::Odd("an envelope cannot be decompressed"))?
        };
        Envelope::new(plain, kind)
    }
}

impl Envelope {
    fn new(plain: Vec<u8>, kind: Kind) -> Result<Envelope, Fault> {
        let preamble = Fields::new(&plain).u64()?;
        if preamble & 0xffff != kind as u64 {
            return Err(Fault::Odd("an envelope is of another kind than its link says"));
        }
        if plain.len() < 16 || preamble >> 16 != plain.len() as u64 {
            return Err(Fault::Odd("an envelope has another length than its link says"));
        }
        let checksum = plain.last_chunk().map(|bytes| u64::from_le_bytes(*bytes)).unwrap_or_default();
        Ok(Envelope { plain, checksum })
    }
}

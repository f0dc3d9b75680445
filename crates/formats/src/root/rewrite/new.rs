//! The new file: every record gets its place, then all is written.
//!
//! In: an [`Old`] file and the compression wanted. Out: the bytes of the new one.
//! Not here: what records hold (`old`), which bytes of them are places (`directories`, `trees`, `envelopes`).
//! Holds: a record that names others and is compressed comes after them, because its length follows from what it
//! says. What is made twice, because it was too much to keep, is made the same.

use super::super::file::{self, Record};
use super::directories::{self, SMALL_FILE_END};
use super::envelopes::{self, PageList};
use super::ntuples::{Kind, Piece};
use super::numbers::{put_big, put_signed};
use super::old::{Content, END_AT, Old, seek_bytes};
use super::places::{Placed, Places};
use super::{Compression, Fault, Report, RewriteError, refused};
use std::io;

/// Payloads that are kept from when they get their place until they are written; others are made twice.
const MOST_KEPT_BYTES: usize = 256 << 20;

/// A record of the new file is not longer than this: its length is a number of 31 bits, and it is made in memory.
const MOST_RECORD_BYTES: usize = 1 << 30;

/// A payload of the new file.
struct Made {
    bytes: Vec<u8>,
    /// Length that the key claims for the object.
    object_bytes: u64,
    /// Places of pieces in it: the old one, and offset and length in the payload.
    pieces: Vec<(u64, Placed)>,
}

/// A file with places.
pub(super) struct New<'a> {
    old: &'a Old<'a>,
    compression: Compression,
    places: Places<'a>,
    kept: Vec<Option<Made>>,
    kept_bytes: usize,
    /// Indices of the records in their new order.
    order: Vec<usize>,
    report: Report,
}

impl<'a> New<'a> {
    /// Gives every record its place.
    pub(super) fn place(old: &'a Old<'a>, compression: Compression) -> Result<New<'a>, RewriteError> {
        let mut new = New {
            old,
            compression,
            places: Places::new(&old.records),
            kept: old.records.iter().map(|_| None).collect(),
            kept_bytes: 0,
            order: Vec::with_capacity(old.records.len()),
            report: Report { records: old.records.len() as u64, bytes: old.file.begin, ..Report::default() },
        };
        let mut waiting: Vec<usize> = (0..old.records.len()).collect();
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut still = Vec::new();
            for index in waiting {
                if new.is_ready(index) { new.place_one(index)? } else { still.push(index) }
            }
            waiting = still;
            if let Some(record) = waiting.first().and_then(|&index| old.records.get(index)) {
                if waiting.len() == before {
                    return Err(refused(record, "what it names cannot come before it"));
                }
                new.report.moved += waiting.len() as u64;
            }
        }
        if !old.file.large && new.report.bytes > SMALL_FILE_END {
            return Err(RewriteError::TooLong);
        }
        Ok(new)
    }

    /// True if the length of a record does not depend on what has no place yet.
    fn is_ready(&self, index: usize) -> bool {
        self.old.needs.get(index).is_none_or(|needs| needs.iter().all(|&need| self.places.of(need).is_some()))
    }

    fn place_one(&mut self, index: usize) -> Result<(), RewriteError> {
        let old = self.old;
        let (Some(record), Some(content)) = (old.records.get(index), old.contents.get(index)) else {
            return Ok(());
        };
        let payload_bytes = match content {
            Content::Free { last } => directories::one_free_segment(0, *last, old.file.large).len() as u64,
            // What is not compressed keeps its length, whatever the places in it are.
            Content::Object
            | Content::Directory(_)
            | Content::Keys(_)
            | Content::Tree(_)
            | Content::Anchor
                if !record.is_compressed() =>
            {
                record.stored_bytes
            }
            _ => {
                let made = self.make(record, content).map_err(|fault| fault.of(record))?;
                let bytes = made.bytes.len() as u64;
                let payload_at = self.report.bytes.saturating_add(record.key_bytes.into());
                for &(place, piece) in &made.pieces {
                    let at = payload_at.saturating_add(piece.at);
                    self.places.put_piece(place, Placed { at, bytes: piece.bytes });
                }
                self.report.payloads += made.pieces.len().max(1) as u64;
                self.keep(index, made);
                bytes
            }
        };
        let bytes = payload_bytes.saturating_add(record.key_bytes.into());
        let at = self.report.bytes;
        self.places.put(index, Placed { at, bytes });
        self.order.push(index);
        self.report.bytes = at.saturating_add(bytes);
        if record.seek_bytes == 4 && self.report.bytes > SMALL_FILE_END {
            return Err(RewriteError::TooLong);
        }
        Ok(())
    }

    fn keep(&mut self, index: usize, made: Made) {
        let bytes = self.kept_bytes.saturating_add(made.bytes.len());
        if let Some(slot) = self.kept.get_mut(index).filter(|_| bytes <= MOST_KEPT_BYTES) {
            *slot = Some(made);
            self.kept_bytes = bytes;
        }
    }

    /// The payload of a record, with the places that are known.
    fn make(&self, record: &Record, content: &Content) -> Result<Made, Fault> {
        if let Content::Blob(pieces) = content {
            return self.blob(record, pieces);
        }
        if let Content::Free { last } = content {
            let bytes = directories::one_free_segment(self.report.bytes, *last, self.old.file.large);
            return Ok(Made { object_bytes: bytes.len() as u64, bytes, pieces: Vec::new() });
        }
        let plain = file::payload(self.old.source, record)?;
        let mut plain = plain.ok_or("it cannot be decompressed")?;
        match content {
            Content::Object | Content::Free { .. } | Content::Blob(_) => {}
            Content::Directory(directory) => directory.patch(&mut plain, &self.places)?,
            Content::Keys(keys) => {
                for key in keys {
                    key.patch(&mut plain, &self.places)?;
                }
            }
            Content::Tree(tree) => tree.patch(&mut plain, &self.places)?,
            Content::Anchor => {
                let links = envelopes::anchor(&plain)?;
                self.patch_links(&links, &mut plain)?;
                envelopes::seal_anchor(&mut plain)?;
            }
        }
        let object_bytes = plain.len() as u64;
        let compressed = if record.is_compressed() { self.compression.payload(&plain) } else { None };
        Ok(Made { bytes: compressed.unwrap_or(plain), object_bytes, pieces: Vec::new() })
    }

    fn blob(&self, record: &Record, old_pieces: &[Piece]) -> Result<Made, Fault> {
        let (mut bytes, mut pieces) = (Vec::new(), Vec::with_capacity(old_pieces.len()));
        for piece in old_pieces {
            let plain = self.patched(piece)?;
            let at = bytes.len() as u64;
            let (stored, length) = piece.stored(plain, self.compression);
            if stored.len() > MOST_RECORD_BYTES - bytes.len() {
                return Err(Fault::Odd("it would be too large"));
            }
            bytes.extend_from_slice(&stored);
            pieces.push((piece.at, Placed { at, bytes: length }));
        }
        // ROOT writes the plain length, whatever else is in a blob; other writers may mean the stored one.
        let plain_bytes = old_pieces.iter().map(|piece| piece.plain_bytes).sum::<u64>();
        let is_stored = record.plain_bytes == record.stored_bytes && record.plain_bytes != plain_bytes;
        let object_bytes = if is_stored { bytes.len() as u64 } else { record.plain_bytes };
        Ok(Made { bytes, object_bytes, pieces })
    }

    /// The plain bytes of a page or envelope with the new places.
    fn patched(&self, piece: &Piece) -> Result<Vec<u8>, Fault> {
        let mut plain = piece.plain(self.old.source)?;
        match piece.kind {
            Kind::Page | Kind::Header => return Ok(plain),
            Kind::Footer => {
                let links = envelopes::footer(&plain)?;
                self.patch_links(&links, &mut plain)?;
            }
            Kind::PageList => {
                let list = PageList::read(&plain)?;
                let links: Vec<_> = list.pages.iter().map(|page| page.link).collect();
                self.patch_links(&links, &mut plain)?;
                list.put_settings(&mut plain, self.compression.number())?;
            }
        }
        envelopes::seal(&mut plain)?;
        Ok(plain)
    }

    fn patch_links(&self, links: &[envelopes::Link], plain: &mut [u8]) -> Result<(), Fault> {
        for link in links.iter().filter(|link| link.bytes > 0) {
            let placed = self.places.piece(link.place).ok_or(directories::NAMES_NOTHING)?;
            link.patch(plain, placed)?;
        }
        Ok(())
    }

    /// Writes the file.
    pub(super) fn write(mut self, sink: &mut dyn io::Write) -> Result<Report, RewriteError> {
        sink.write_all(&self.header()?).map_err(RewriteError::Write)?;
        for index in std::mem::take(&mut self.order) {
            let (Some(record), Some(content)) = (self.old.records.get(index), self.old.contents.get(index))
            else {
                continue;
            };
            let kept = self.kept.get_mut(index).and_then(Option::take);
            let made = match kept {
                Some(made) => made,
                None => self.make(record, content).map_err(|fault| fault.of(record))?,
            };
            let key = self.key(index, record, &made).map_err(|fault| fault.of(record))?;
            sink.write_all(&key).map_err(RewriteError::Write)?;
            sink.write_all(&made.bytes).map_err(RewriteError::Write)?;
        }
        Ok(self.report)
    }

    /// The header of the file.
    fn header(&self) -> Result<Vec<u8>, RewriteError> {
        let file = &self.old.file;
        let width = seek_bytes(file);
        let mut header = self.old.header.clone();
        let missing = || RewriteError::Unknown { at: file.seek_free };
        let (_, free) = self.places.record(file.seek_free).ok_or_else(missing)?;
        let info = self.places.record(file.seek_info).map(|(_, placed)| placed);
        let mut at = END_AT;
        let mut put = |width: usize, number: Option<u64>| {
            let outcome = number.map_or(Ok(()), |number| put_signed(&mut header, at, width, number));
            at += width;
            outcome.map_err(|_| RewriteError::TooLong)
        };
        put(width, Some(self.report.bytes))?;
        put(width, Some(free.at))?;
        put(4, Some(free.bytes))?;
        put(4, Some(1))?;
        // Length of the names in front of the file's directory; width of places.
        put(4, None)?;
        put(1, None)?;
        put(4, Some(self.compression.number().into()))?;
        put(width, info.map(|info| info.at))?;
        put(4, info.map(|info| info.bytes))?;
        Ok(header)
    }

    /// The key of a record.
    fn key(&self, index: usize, record: &Record, made: &Made) -> Result<Vec<u8>, Fault> {
        let mut key = vec![0; record.key_bytes as usize];
        self.old.source.read_at(record.at, &mut key)?;
        let placed = self.places.of(index).ok_or(directories::NAMES_NOTHING)?;
        let bytes = made.bytes.len() as u64 + u64::from(record.key_bytes);
        if bytes != placed.bytes {
            return Err(Fault::Odd("it has changed while it was read"));
        }
        put_signed(&mut key, 0, 4, bytes)?;
        put_big(&mut key, OBJECT_BYTES_AT, 4, made.object_bytes)?;
        let directory = self.places.record(record.directory).map(|(_, directory)| directory.at);
        directories::put_seeks(&mut key, record.seek_bytes.into(), placed.at, directory)?;
        Ok(key)
    }
}

/// Where a key says how long its object is.
const OBJECT_BYTES_AT: usize = 6;

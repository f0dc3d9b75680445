//! The old file: what each of its records holds, and that it has nothing else.
//!
//! In: a file. Out: an [`Old`]: every record with its [`Content`], and the records that it names.
//! Not here: new places (`new`).
//! Holds: every byte from the first record on belongs to a record or a gap; every basket to a tree, every page and
//! envelope to a blob, and every blob is full of them; every list of keys names records that are there.

use super::super::buffer::Buffer;
use super::super::file::{self, File, Record};
use super::super::streamer::Infos;
use super::directories::{self, Directory, KeyCopy, NAMES_NOTHING};
use super::envelopes;
use super::ntuples::{self, Kind, Piece};
use super::numbers::big;
use super::places::index_of;
use super::trees::{self, Tree};
use super::{Fault, RewriteError, refused};
use crate::Source;
use crate::root::ANCHOR;
use std::collections::{BTreeMap, BTreeSet};

/// Headers of files are 100 bytes, or some more.
const MOST_HEADER_BYTES: u64 = 1 << 16;

/// Class of records that an RNTuple fills as it likes.
const BLOB: &str = "RBlob";

/// What of a record changes, besides its key and its compression.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing.
    Object,
    /// Places of a directory.
    Directory(Directory),
    /// Keys of a directory.
    Keys(Vec<KeyCopy>),
    /// Free segments; the last ends here.
    Free { last: u64 },
    /// Places of baskets.
    Tree(Tree),
    /// Pages and envelopes, which fill it.
    Blob(Vec<Piece>),
    /// Links to envelopes.
    Anchor,
}

/// A file that can be rewritten.
pub(super) struct Old<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) file: File,
    /// The header.
    pub(super) header: Vec<u8>,
    pub(super) records: Vec<Record>,
    /// What each record holds.
    pub(super) contents: Vec<Content>,
    /// Indices of the records that each has to come after.
    pub(super) needs: Vec<BTreeSet<usize>>,
}

/// Reads all of a file that names places.
pub(super) fn read(source: &dyn Source) -> Result<Old<'_>, RewriteError> {
    let file = file::open(source).map_err(RewriteError::Read)?.ok_or(RewriteError::NotRoot)?;
    if file.begin > MOST_HEADER_BYTES {
        return Err(RewriteError::NotRoot);
    }
    let mut header = vec![0; usize::try_from(file.begin).map_err(|_| RewriteError::NotRoot)?];
    source.read_at(0, &mut header).map_err(RewriteError::Read)?;
    let says = big(&header, END_AT, seek_bytes(&file)).unwrap_or_default();
    if says != source.len() {
        return Err(RewriteError::Length { says, has: source.len() });
    }
    let records = file::records(source, &file).map_err(RewriteError::Read)?;
    let mut reading = Reading {
        source,
        file: &file,
        records: &records,
        contents: records.iter().map(|_| None).collect(),
        needs: vec![BTreeSet::new(); records.len()],
    };
    reading.free()?;
    reading.directories()?;
    reading.objects()?;
    let (contents, needs) = (reading.contents, reading.needs);
    let contents = contents.into_iter().map(|content| content.unwrap_or(Content::Object)).collect();
    Ok(Old { source, header, records, contents, needs, file })
}

/// Where the header says where the file ends; what follows has places of 4 or 8 bytes.
pub(super) const END_AT: usize = 12;

/// Bytes of a place in the header.
pub(super) fn seek_bytes(file: &File) -> usize {
    if file.large { 8 } else { 4 }
}

/// The reading while it goes on.
struct Reading<'a> {
    source: &'a dyn Source,
    file: &'a File,
    records: &'a [Record],
    /// What is known of each record.
    contents: Vec<Option<Content>>,
    needs: Vec<BTreeSet<usize>>,
}

impl<'a> Reading<'a> {
    /// The record whose key is at `place`, if nothing is known of it.
    fn unknown(&self, place: u64) -> Option<(usize, &'a Record)> {
        let index = index_of(self.records, place)?;
        let is_known = self.contents.get(index).is_none_or(Option::is_some);
        self.records.get(index).filter(|_| !is_known).map(|record| (index, record))
    }

    fn know(&mut self, index: usize, content: Content) {
        if let Some(slot) = self.contents.get_mut(index) {
            *slot = Some(content);
        }
    }

    fn payload(&self, record: &Record) -> Result<Vec<u8>, RewriteError> {
        let plain = file::payload(self.source, record).map_err(RewriteError::Read)?;
        plain.ok_or_else(|| refused(record, "it cannot be decompressed"))
    }

    /// The payload of a record that ROOT never compresses.
    fn open_payload(&self, record: &Record) -> Result<Vec<u8>, RewriteError> {
        if record.is_compressed() {
            return Err(refused(record, "a record of a directory is compressed"));
        }
        self.payload(record)
    }

    /// The free segments, and that they and the gaps are all that lies between the records.
    fn free(&mut self) -> Result<(), RewriteError> {
        let unclosed = RewriteError::Unknown { at: self.file.seek_free };
        let (index, record) = self.unknown(self.file.seek_free).ok_or(unclosed)?;
        let plain = self.open_payload(record)?;
        let segments = directories::free_segments(&plain).map_err(|why| refused(record, why))?;
        let last = segments.last().map_or(0, |&(_, last)| last);
        self.know(index, Content::Free { last });

        let free: BTreeMap<u64, u64> = segments.into_iter().collect();
        let mut at = self.file.begin;
        let ends = self.records.iter().map(|record| (record.at, record.payload_at() + record.stored_bytes));
        for (next, end) in ends.chain([(self.source.len(), self.source.len())]) {
            while at < next {
                let gap = match free.get(&at) {
                    Some(last) => last.saturating_add(1),
                    None => at.saturating_add(self.gap(at)?),
                };
                if gap <= at || gap > next {
                    return Err(RewriteError::Unknown { at });
                }
                at = gap;
            }
            at = end;
        }
        Ok(())
    }

    /// Length of the gap that begins at `at`, which is at least 1.
    fn gap(&self, at: u64) -> Result<u64, RewriteError> {
        let mut length = [0; 4];
        let read = self.source.read_at(at, &mut length);
        match i32::from_be_bytes(length) {
            length if read.is_ok() && length < 0 => Ok(length.unsigned_abs().into()),
            _ => Err(RewriteError::Unknown { at }),
        }
    }

    /// All directories from the file's own down, and their lists of keys.
    fn directories(&mut self) -> Result<(), RewriteError> {
        // The name in front of the file's own directory is what the header counts; that in its payload is the same.
        let mut waiting = vec![self.file.begin];
        while let Some(place) = waiting.pop() {
            let (index, record) = self.unknown(place).ok_or(RewriteError::Unknown { at: place })?;
            let plain = self.open_payload(record)?;
            let odd = |why: &'static str| refused(record, why);
            let at = if place == self.file.begin { after_names(&plain).map_err(odd)? } else { 0 };
            let directory = Directory::read(&plain, at).map_err(odd)?;
            if directory.own != place {
                return Err(odd("the directory names another place as its own"));
            }
            self.know(index, Content::Directory(directory));
            if directory.keys == 0 {
                continue;
            }
            let (index, list) = self.unknown(directory.keys).ok_or_else(|| odd(NAMES_NOTHING))?;
            let keys = directories::keys(&self.open_payload(list)?).map_err(|why| refused(list, why))?;
            self.know(index, Content::Keys(Vec::new()));
            for key in &keys {
                let record = index_of(self.records, key.record).and_then(|index| self.records.get(index));
                let same = record.is_some_and(|record| {
                    record.payload_at() + record.stored_bytes == record.at + key.bytes
                        && (&record.class, &record.name, record.cycle) == (&key.class, &key.name, key.cycle)
                });
                if !same {
                    return Err(refused(list, format!("{} {:?} is not where it says", key.class, key.name)));
                }
                if key.class.starts_with("TDirectory") {
                    waiting.push(key.record);
                }
            }
            self.know(index, Content::Keys(keys));
        }
        Ok(())
    }

    /// All other records.
    fn objects(&mut self) -> Result<(), RewriteError> {
        let infos = match self.unknown(self.file.seek_info) {
            Some((index, record)) => {
                self.know(index, Content::Object);
                Infos::read(&self.payload(record)?, record.key_bytes)
            }
            None => Infos::default(),
        };
        let mut pieces = BTreeMap::new();
        let mut baskets = BTreeSet::new();
        for (index, record) in self.records.iter().enumerate() {
            if self.contents.get(index).is_none_or(Option::is_some) || record.class == BLOB {
                continue;
            }
            let content = if record.class == ANCHOR {
                let anchor = self.payload(record)?;
                ntuples::pieces(self.source, record, &anchor, &mut pieces)?;
                Content::Anchor
            } else if trees::is_tree(&record.class, &infos) {
                let plain = self.payload(record)?;
                let odd = |why: &'static str| refused(record, why);
                let tree = Tree::read(&plain, record.key_bytes, &record.class, &infos).map_err(odd)?;
                let named = tree.baskets(&plain, self.records).map_err(odd)?;
                baskets.extend(named.iter().copied());
                self.need(index, named);
                Content::Tree(tree)
            } else if is_of_a_directory(&record.class) || record.class.ends_with("::RNTuple") {
                return Err(refused(record, "nothing says what it is for"));
            } else {
                Content::Object
            };
            self.know(index, content);
        }
        let basket_of_none =
            |(index, record): &(usize, &Record)| record.basket.is_some() && !baskets.contains(index);
        if let Some((_, record)) = self.records.iter().enumerate().find(basket_of_none) {
            return Err(refused(record, "no tree that is understood names this basket"));
        }
        self.blobs(&pieces)?;
        self.links(&pieces)
    }

    fn need(&mut self, index: usize, named: impl IntoIterator<Item = usize>) {
        if let Some(needs) = self.needs.get_mut(index) {
            needs.extend(named);
        }
    }

    /// The blobs, which pieces fill.
    fn blobs(&mut self, pieces: &BTreeMap<u64, Piece>) -> Result<(), RewriteError> {
        let mut used = 0;
        for (index, record) in self.records.iter().enumerate().filter(|(_, record)| record.class == BLOB) {
            let end = record.payload_at().saturating_add(record.stored_bytes);
            let mut at = record.payload_at();
            let inside: Vec<Piece> = pieces.range(at..end).map(|(_, piece)| *piece).collect();
            for piece in &inside {
                if piece.at != at || piece.end() > end || (piece.kind != Kind::Page && inside.len() > 1) {
                    return Err(RewriteError::Unknown { at });
                }
                at = piece.end();
            }
            if at != end {
                return Err(RewriteError::Unknown { at });
            }
            used += inside.len();
            self.know(index, Content::Blob(inside));
        }
        // Pieces that lie in no blob.
        if used != pieces.len() {
            let blobs = |piece: &&Piece| self.blob(piece.at).is_none();
            let at = pieces.values().find(blobs).map_or(0, |piece| piece.at);
            return Err(RewriteError::Unknown { at });
        }
        Ok(())
    }

    /// Index of the blob that `place` lies in.
    fn blob(&self, place: u64) -> Option<usize> {
        let index = self.records.partition_point(|record| record.at <= place).checked_sub(1)?;
        let record = self.records.get(index)?;
        let inside = record.payload_at() <= place && place < record.payload_at() + record.stored_bytes;
        (inside && record.class == BLOB).then_some(index)
    }

    /// What anchors and envelopes name has to come before them.
    fn links(&mut self, pieces: &BTreeMap<u64, Piece>) -> Result<(), RewriteError> {
        for (index, record) in self.records.iter().enumerate() {
            let links = match self.contents.get(index) {
                Some(Some(Content::Anchor)) => {
                    envelopes::anchor(&self.payload(record)?).map(Vec::from).map_err(Fault::from)
                }
                Some(Some(Content::Blob(inside))) => match inside.first() {
                    Some(piece) if matches!(piece.kind, Kind::Footer | Kind::PageList) => {
                        self.links_of(piece)
                    }
                    _ => continue,
                },
                _ => continue,
            };
            let mut named = BTreeSet::new();
            for link in links.map_err(|fault| fault.of(record))? {
                let known = link.bytes == 0 || pieces.contains_key(&link.place);
                match self.blob(link.place) {
                    Some(blob) if known => named.extend([blob]),
                    None if link.bytes == 0 => {}
                    _ => return Err(refused(record, NAMES_NOTHING)),
                }
            }
            self.need(index, named);
        }
        Ok(())
    }

    fn links_of(&self, piece: &Piece) -> Result<Vec<envelopes::Link>, Fault> {
        let plain = piece.plain(self.source)?;
        Ok(match piece.kind {
            Kind::PageList => envelopes::PageList::read(&plain)?.pages.iter().map(|page| page.link).collect(),
            _ => envelopes::footer(&plain)?,
        })
    }
}

/// Classes of records that belong to directories, and are known by then.
fn is_of_a_directory(class: &str) -> bool {
    class == "TFile" || class.starts_with("TDirectory")
}

/// Where the directory of the file begins: behind its name and title.
fn after_names(plain: &[u8]) -> Result<usize, &'static str> {
    let mut fields = Buffer::new(plain, 0);
    fields.text().and_then(|_| fields.text()).map_err(|odd| odd.0)?;
    Ok(fields.at())
}

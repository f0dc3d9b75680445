//! RNTuple: where its pages lie and what they hold.
//!
//! In: a file and the plain bytes of a `ROOT::RNTuple` object, the anchor. Out: an [`Ntuple`]: fields, columns with
//! their encodings, pages.
//! Not here: finding anchors in a ROOT file; the payload of a page is never touched.
//! Holds: what is damaged is left out, with a note; every page lies in the file; work and memory are bounded by
//! the length of the file. Checksums are not computed.
//! Source: RNTuple Binary Format Specification 1.0.0.1 (root-project/root, `tree/ntuple/doc`). Epoch 1 only.
//!
//! An RNTuple is found from its anchor: *header* (fields and columns) and *footer* (fields and columns that came
//! later, cluster groups), for each cluster group a *page list* (entries of every cluster; for every cluster and
//! column its pages).
//!
//! What the elements of a column are rows of follows from the fields: of entries, or of the items that an *index
//! column* counts. Element `n` of an index column is the number of items of all rows up to and including `n`,
//! counted from the beginning of its cluster.

mod bytes;
mod encoding;
mod envelope;
mod pages;
mod schema;
#[cfg(test)]
mod tests;

pub use bytes::Stored;
pub use encoding::Encoding;
pub use pages::{Cluster, Page};
pub use schema::{Column, Field, Role};

use crate::Source;
use bytes::{Fault, Fields};
use envelope::{Anchor, Kind, Opener};
use pages::PageLists;
use schema::Schema;
use std::io;

/// Notes that are kept; an RNTuple with more oddities than that is not described better by more of them.
const MOST_NOTES: usize = 20;

/// One RNTuple of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ntuple {
    /// Its name.
    pub name: String,
    /// Number of entries.
    pub entries: u64,
    /// The clusters, in the order in which pages refer to them.
    pub clusters: Vec<Cluster>,
    /// The fields; parents come before their parts.
    pub fields: Vec<Field>,
    /// The columns.
    pub columns: Vec<Column>,
    /// Header, footer, page lists, as far as they were read.
    pub envelopes: Vec<Stored>,
    /// What a user should know: "column jets._0.pt: a page leaves the file".
    pub notes: Vec<String>,
}

/// Reads the RNTuple whose anchor has the plain bytes `anchor`; `None` if that is no anchor of epoch 1. An RNTuple
/// that is damaged or newer than this reader has no fields and columns, and a note.
///
/// # Errors
/// Only those of `source`.
pub fn read(source: &dyn Source, anchor: &[u8], name: &str) -> io::Result<Option<Ntuple>> {
    let Some(anchor) = Anchor::read(anchor) else { return Ok(None) };
    let mut ntuple = Ntuple { name: name.to_owned(), ..Ntuple::default() };
    match ntuple.fill(source, anchor) {
        Ok(()) => {}
        Err(Fault::Odd(why)) => {
            let notes = vec![why.to_owned()];
            ntuple = Ntuple { name: ntuple.name, envelopes: ntuple.envelopes, notes, ..Ntuple::default() };
        }
        Err(Fault::Io(error)) => return Err(error),
    }
    Ok(Some(ntuple))
}

impl Ntuple {
    fn fill(&mut self, source: &dyn Source, anchor: Anchor) -> Result<(), Fault> {
        let mut opener = Opener::new(source);
        let header = opener.open(anchor.header, Kind::Header)?;
        self.envelopes.push(anchor.header);
        let footer = opener.open(anchor.footer, Kind::Footer)?;
        self.envelopes.push(anchor.footer);

        let mut schema = Schema::default();
        let mut fields = header.fields();
        check_features(&mut fields)?;
        let _name_description_writer = (fields.text()?, fields.text()?, fields.text()?);
        schema.extend(&mut fields)?;

        let mut fields = footer.fields();
        check_features(&mut fields)?;
        if fields.u64()? != header.checksum() {
            return Err(Fault::Odd("the footer belongs to another header"));
        }
        let mut extension = fields.record()?;
        // A record frame without content stands for no extension.
        if !extension.is_empty() {
            schema.extend(&mut extension)?;
        }
        schema.find_rows();

        let mut lists = PageLists::new(source.len(), schema.columns.iter().map(|column| column.bits));
        let (groups, mut fields) = fields.list()?;
        for _ in 0..groups {
            let mut group = fields.record()?;
            let _first_entry_and_span = (group.u64()?, group.u64()?);
            let _clusters = group.u32()?;
            let link = group.link()?.ok_or(Fault::Odd("a page list lies outside the file"))?;
            let list = opener.open(link, Kind::PageList)?;
            self.envelopes.push(link);
            lists.extend(list.fields(), header.checksum())?;
        }
        self.clusters = std::mem::take(&mut lists.clusters);
        let ends = self.clusters.iter().map(|c| c.first_entry.saturating_add(c.entries));
        self.entries = ends.max().unwrap_or(0);
        self.fields = schema.fields;
        self.columns = schema.columns;
        self.place_pages(lists);
        Ok(())
    }

    fn place_pages(&mut self, lists: PageLists) {
        let mut odd = 0;
        for (column, pages) in self.columns.iter_mut().zip(lists.finish(&self.envelopes)) {
            match pages {
                Ok(pages) => column.pages = pages,
                Err(why) => {
                    let field = self.fields.get(column.field as usize).map_or("", |field| &field.name);
                    if odd < MOST_NOTES {
                        self.notes.push(format!("column {field}: {why}"));
                    }
                    odd += 1;
                }
            }
        }
        if odd > MOST_NOTES {
            self.notes.push(format!("{} more columns are damaged", odd - MOST_NOTES));
        }
    }
}

/// Passes over feature flags; one that is set is a change of the format that this reader does not know.
fn check_features(fields: &mut Fields<'_>) -> Result<(), Fault> {
    const MORE: u64 = 1 << 63;
    loop {
        let flags = fields.u64()?;
        if flags & !MORE != 0 {
            return Err(Fault::Odd("the format has a feature that this reader does not know"));
        }
        if flags & MORE == 0 {
            return Ok(());
        }
    }
}

//! Page lists of an RNTuple: where the pages of every column lie.
//!
//! In: page list envelopes, the bits of every column. Out: [`Cluster`]s, and the [`Page`]s of every column.
//! Not here: what a page's bytes mean (`encoding`).
//! Holds: every page lies in the file with its checksum, is not longer stored than plain, and follows the one
//! before it in its column; a column with a page of which that is not so loses all its pages. No byte of the file
//! belongs to two pages that are not marked as shared.
//! Source: RNTuple Binary Format Specification 1.0.0.1, "Page List Envelope".

use super::bytes::{Fault, Fields, Stored};

/// A run of elements of one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// First byte in the file.
    pub at: u64,
    /// Length in the file, without the checksum; equal to `plain_bytes` if it is not compressed.
    pub stored_bytes: u64,
    /// Length of the encoded elements: their bits, in whole bytes.
    pub plain_bytes: u64,
    /// True if eight bytes of checksum (XXH3 of the stored bytes, little-endian) follow.
    pub has_checksum: bool,
    /// Number of elements, at least 1.
    pub elements: u64,
    /// The cluster that it belongs to; what index columns count begins anew with each.
    pub cluster: u32,
    /// Number of its first element, counted over the whole column.
    pub first_element: u64,
    /// True if a page before it (in the order of columns, then of elements) or an envelope has bytes in common with
    /// it. Writers store equal pages once.
    pub shared: bool,
}

/// A range of entries whose pages were written together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Number of the first entry.
    pub first_entry: u64,
    /// Number of entries.
    pub entries: u64,
}

impl Page {
    /// The byte after the page and its checksum.
    fn end(&self) -> u64 {
        self.at.saturating_add(self.stored_bytes).saturating_add(if self.has_checksum { 8 } else { 0 })
    }
}

/// The pages of one column while they are gathered.
struct Pages {
    bits: u64,
    pages: Vec<Page>,
    next_element: u64,
    odd: Option<&'static str>,
}

/// Column and number of a page in it.
type PageId = (usize, usize);

/// What all page lists of an RNTuple say.
pub(super) struct PageLists {
    file_bytes: u64,
    pub(super) clusters: Vec<Cluster>,
    columns: Vec<Pages>,
}

impl PageLists {
    /// Nothing yet, for columns whose elements have so many bits.
    pub(super) fn new(file_bytes: u64, bits: impl Iterator<Item = u32>) -> PageLists {
        let empty = |bits: u32| Pages { bits: bits.into(), pages: Vec::new(), next_element: 0, odd: None };
        PageLists { file_bytes, clusters: Vec::new(), columns: bits.map(empty).collect() }
    }

    /// Adds the page list of the next cluster group. Columns that came later than it are missing at its end.
    pub(super) fn extend(&mut self, mut list: Fields<'_>, header_checksum: u64) -> Result<(), Fault> {
        const SHARDED: u64 = 1;
        if list.u64()? != header_checksum {
            return Err(Fault::Odd("a page list belongs to another header"));
        }
        let first = self.clusters.len();
        let (items, mut summaries) = list.list()?;
        for _ in 0..items {
            let mut summary = summaries.record()?;
            let first_entry = summary.u64()?;
            let entries_and_flags = summary.u64()?;
            if entries_and_flags >> 56 & SHARDED != 0 {
                return Err(Fault::Odd("a cluster is sharded"));
            }
            self.clusters.push(Cluster { first_entry, entries: entries_and_flags & (u64::MAX >> 8) });
        }
        let (items, mut clusters) = list.list()?;
        if items as usize != self.clusters.len() - first {
            return Err(Fault::Odd("page list and cluster summaries differ in number"));
        }
        for cluster in first..self.clusters.len() {
            let cluster = u32::try_from(cluster).map_err(|_| Fault::Odd("too many clusters"))?;
            let (items, mut columns) = clusters.list()?;
            if items as usize > self.columns.len() {
                return Err(Fault::Odd("a page list has more columns than the schema"));
            }
            for column in self.columns.iter_mut().take(items as usize) {
                column.extend(&mut columns, cluster, self.file_bytes)?;
            }
        }
        Ok(())
    }

    /// The pages of every column, or why it has none; `taken` are runs of the file that hold no pages.
    pub(super) fn finish(mut self, taken: &[Stored]) -> Vec<Result<Vec<Page>, &'static str>> {
        // First byte, page (none for runs without pages, which come first), byte after it.
        let mut owners: Vec<(u64, Option<PageId>, u64)> = Vec::new();
        owners.extend(taken.iter().map(|run| (run.at, None, run.at.saturating_add(run.stored_bytes))));
        for (c, column) in self.columns.iter().enumerate().filter(|(_, column)| column.odd.is_none()) {
            owners
                .extend(column.pages.iter().enumerate().map(|(p, page)| (page.at, Some((c, p)), page.end())));
        }
        owners.sort_unstable();
        let mut free_from = 0;
        for (at, owner, end) in owners {
            let page = owner.and_then(|(c, p)| self.columns.get_mut(c)?.pages.get_mut(p));
            if let Some(page) = page.filter(|_| at < free_from) {
                page.shared = true;
            }
            free_from = free_from.max(end);
        }
        self.columns.into_iter().map(|column| column.odd.map_or(Ok(column.pages), Err)).collect()
    }
}

impl Pages {
    /// Adds the pages of one cluster.
    fn extend(&mut self, columns: &mut Fields<'_>, cluster: u32, file_bytes: u64) -> Result<(), Fault> {
        let (items, mut list) = columns.list()?;
        let mut found = Vec::new();
        for _ in 0..items {
            let elements_and_checksum = list.i32()?;
            found.push((elements_and_checksum, list.locator()?));
        }
        let Ok(mut first_element) = u64::try_from(list.i64()?) else {
            // Suppressed: another representation has the elements of this cluster.
            self.odd = self.odd.or((items > 0).then_some("a suppressed column has pages"));
            return Ok(());
        };
        for (elements_and_checksum, locator) in found {
            let has_checksum = elements_and_checksum < 0;
            let elements = u64::from(elements_and_checksum.unsigned_abs());
            if elements == 0 {
                continue;
            }
            let Some(locator) = locator else {
                self.odd = Some("a page lies outside the file");
                return Ok(());
            };
            let plain_bytes = elements.saturating_mul(self.bits).div_ceil(8);
            let (at, stored_bytes) = (locator.at, locator.bytes);
            let page = Page {
                at,
                stored_bytes,
                plain_bytes,
                has_checksum,
                elements,
                cluster,
                first_element,
                shared: false,
            };
            let next_element = first_element.checked_add(elements);
            if page.end() > file_bytes {
                self.odd = Some("a page leaves the file");
            } else if stored_bytes == 0 || stored_bytes > plain_bytes {
                self.odd = Some("a page has an impossible length");
            } else if first_element < self.next_element || next_element.is_none() {
                self.odd = Some("pages are out of order");
            }
            first_element = next_element.unwrap_or(u64::MAX);
            self.next_element = first_element;
            self.pages.push(page);
        }
        Ok(())
    }
}

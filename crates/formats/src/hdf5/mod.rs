//! HDF5: the datasets of a file as tables, without the HDF5 library.
//!
//! In: any file. Out: a [`Layout`] with a table for each dataset of plain records; `None` if the file is not HDF5.
//! Not here: reading values, the payload of a chunk is never touched; joining datasets of one length (`crate::alongside`).
//! Holds: what is damaged or unknown is left out and stays skeleton; all work is bounded by the length of the file.
//! Source: HDF5 File Format Specification, version 3.0 (superblocks 0 to 3).
//!
//! | dataset | becomes |
//! |---|---|
//! | contiguous, compact | one extent in the file |
//! | chunked, no filter (or all skipped) | extents in the file |
//! | chunked; gzip, shuffle, fletcher32 | a [`Block`](crate::Block) per chunk and extents in it |
//! | other filters, external, virtual, variable-length, references | skeleton |
//!
//! A row is one element of the dataset. Compounds are flattened (`outer.inner`), arrays too (`x[0]`, `x[1]`, ...);
//! bytes that are no number (text, opaque data, heap references inside a compound) are byte columns.

mod access;
mod attribute;
mod btree;
mod chunks;
mod dataset;
mod datatype;
mod group;
mod heap;
mod index_array;
mod message;
mod object;
mod placing;
mod superblock;

use crate::{Layout, Place, Source};
use access::{Fault, File, reason};
use dataset::{Outcome, TableParts};
use std::collections::BTreeSet;
use std::io;

/// Longest path that is followed; a bound for groups that contain themselves under ever longer names.
const MOST_PATH_BYTES: usize = 4096;

/// Notes that are kept; a file with more oddities than that is not described better by more of them.
const MOST_NOTES: usize = 20;

/// Finds the tables of an HDF5 file; `None` if it is none.
///
/// # Errors
/// Only those of `source`. A damaged file gives a layout with fewer tables and a note.
pub fn layout(source: &dyn Source) -> Result<Option<Layout>, io::Error> {
    let Some(base) = superblock::find(source)? else { return Ok(None) };
    let mut tree = Tree::default();
    match reason(superblock::open(source, base))? {
        Ok((file, root)) => tree.walk(&file, root)?,
        Err(why) => tree.note("", why),
    }
    Ok(Some(tree.into_layout(source.len())))
}

/// What was found while walking the groups.
#[derive(Default)]
struct Tree {
    layout: Layout,
    notes_left_out: usize,
}

impl Tree {
    fn note(&mut self, path: &str, why: &str) {
        if self.layout.notes.len() < MOST_NOTES {
            let of = if path.is_empty() { "the file" } else { path };
            self.layout.notes.push(format!("{of}: kept as plain bytes: {why}"));
        } else {
            self.notes_left_out += 1;
        }
    }

    /// Visits every object once, by its first path in the order of links.
    fn walk(&mut self, file: &File<'_>, root: u64) -> io::Result<()> {
        let mut seen = BTreeSet::new();
        let mut ahead = vec![(String::new(), root)];
        while let Some((path, address)) = ahead.pop() {
            if !seen.insert(address) {
                continue;
            }
            let links = reason(self.visit(file, &path, address))?;
            match links {
                Ok(links) => ahead.extend(links.into_iter().rev()),
                Err(why) => self.note(&path, why),
            }
        }
        Ok(())
    }

    /// Takes a dataset in; gives the paths and addresses that a group leads to.
    fn visit(&mut self, file: &File<'_>, path: &str, address: u64) -> Result<Vec<(String, u64)>, Fault> {
        let messages = object::messages(file, address)?;
        match dataset::read(file, path, &messages)? {
            Outcome::Table(parts) => self.add(*parts),
            Outcome::Passed => {}
            Outcome::Skeleton(why) => self.note(path, &why),
            Outcome::NoDataset => {
                let slash = if path.is_empty() { "" } else { "/" };
                let links = group::links(file, &messages)?.into_iter();
                let paths = links.map(|link| (format!("{path}{slash}{}", link.name), link.address));
                return Ok(paths.filter(|(path, _)| path.len() <= MOST_PATH_BYTES).collect());
            }
        }
        Ok(Vec::new())
    }

    fn add(&mut self, parts: TableParts) {
        let (Ok(table), Ok(first_block)) =
            (u32::try_from(self.layout.tables.len()), u32::try_from(self.layout.blocks.len()))
        else {
            return;
        };
        self.layout.tables.push(parts.table);
        self.layout.blocks.extend(parts.blocks);
        self.layout.extents.extend(parts.extents.into_iter().map(|mut extent| {
            extent.table = table;
            if let Place::Block { block, .. } = &mut extent.place {
                *block += first_block;
            }
            extent
        }));
    }

    /// Puts the blocks in order and checks the whole; without the check's consent the file is opaque.
    fn into_layout(mut self, file_bytes: u64) -> Layout {
        if self.notes_left_out > 0 {
            self.layout.notes.push(format!("{} more objects kept as plain bytes", self.notes_left_out));
        }
        let mut layout = self.layout;
        layout.format = "hdf5";
        let mut order: Vec<usize> = (0..layout.blocks.len()).collect();
        order.sort_by_key(|&block| layout.blocks[block].at);
        let mut rank = vec![0u32; order.len()];
        for (now, &before) in order.iter().enumerate() {
            rank[before] = now as u32;
        }
        layout.blocks.sort_by_key(|block| block.at);
        for extent in &mut layout.extents {
            if let Place::Block { block, .. } = &mut extent.place {
                *block = rank[*block as usize];
            }
        }
        match layout.validate(file_bytes) {
            Ok(()) => layout,
            Err(error) => {
                let note = format!("the file contradicts itself and is kept as plain bytes: {error}");
                Layout { format: "hdf5", notes: vec![note], ..Layout::opaque() }
            }
        }
    }
}

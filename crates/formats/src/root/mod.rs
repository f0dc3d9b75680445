//! ROOT files: TTree and RNTuple.
//!
//! In: a file that begins with `root`. Out: its layout: where the pages and baskets of every branch lie, and which
//! columns they hold.
//! Not here: undoing ROOT's compression (`hepz-recompression`), coding columns (`hepz`).
//! Holds: nothing read from the file is believed before it was held against the file's length.
//!
//! `file` finds the records, `tree` and `ntuple` say what the records of a tree and the pages of an RNTuple hold, `placing` makes
//! tables, frames and extents of it. Everything else of a file is opened, so that its bytes can be modelled, and left as it is.

mod buffer;
pub mod file;
pub mod ntuple;
mod placing;
pub mod rewrite;
mod streamer;
pub mod tree;
mod types;

use crate::{Layout, Source};
use hepz_recompression::Step;
use placing::Placing;
use std::collections::BTreeSet;
use std::io;

/// Class of the object that says where an RNTuple lies.
const ANCHOR: &str = "ROOT::RNTuple";

/// The layout of a ROOT file; `None` if it is none.
///
/// # Errors
/// Whatever reading says.
pub fn layout(source: &dyn Source) -> io::Result<Option<Layout>> {
    let Some(file) = file::open(source)? else { return Ok(None) };
    let records = file::records(source, &file)?;
    let hint = u16::try_from(file.compress).unwrap_or(0);
    let (trees, notes) = tree::trees(source, &file, &records)?;
    let mut blocks = Vec::new();
    let mut ntuples = Vec::new();
    for record in &records {
        if record.class == ANCHOR
            && let Some(anchor) = file::payload(source, record)?
            && let Some(ntuple) = ntuple::read(source, &anchor, &record.name)?
        {
            blocks.extend(placing::ntuple_blocks(&ntuple, hint));
            ntuples.push(ntuple);
        }
    }
    // Records that are not compressed are blocks where frames may lie in them.
    for (index, record) in records.iter().enumerate() {
        let framed = record.basket.is_some() || trees.iter().any(|tree| tree.record == index);
        let pipeline = match record.is_compressed() {
            true => vec![Step::RootBlocks { hint }],
            false if framed => Vec::new(),
            false => continue,
        };
        let bytes = (record.stored_bytes, record.plain_bytes);
        blocks.push(placing::block(record.payload_at(), bytes.0, bytes.1, pipeline));
    }
    let mut placing = Placing::new(blocks);
    placing.notes.extend(notes);
    let mut taken = BTreeSet::new();
    // The last cycle of a tree comes first: baskets that cycles share are its.
    for tree in trees.iter().rev() {
        placing::place_tree(&mut placing, source, &records, tree, &mut taken)?;
    }
    for ntuple in &ntuples {
        placing.notes.extend(ntuple.notes.iter().cloned());
        placing::place_ntuple(&mut placing, source, ntuple)?;
    }
    Ok(Some(placing.finish()))
}

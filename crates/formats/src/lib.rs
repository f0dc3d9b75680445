//! Formats: files to columns and skeleton, and back.
//!
//! # What it is
//! Readers that say *where the numbers of a file lie*. They copy nothing: a [`Layout`] lists tables, the extents of
//! the file that hold their records, and the compressed blocks that have to be opened first. Every byte outside
//! an extent is *skeleton*. Skeleton + columns give back the file, byte for byte, because the layout is a
//! partition of its bytes.
//!
//! # One page
//! 1. [`recognise`] asks each format whether it knows the file and returns its [`Layout`]; a file that no
//!    format knows, or that is odd, has a layout without tables: all skeleton.
//! 2. The codec opens the [`Block`]s. One that cannot be re-made exactly stays as it is, and its extents are dropped.
//! 3. Arrays that lie side by side in one group are the columns of one table (`alongside`).
//! 4. [`Layout::validate`] is what the codec trusts: extents do not overlap and tables are sound. A reader with a bug
//!    can cost bytes, never data.
//!
//! Text of event records has no layout, because its numbers are printed: `events` reads it into columns of numbers, graph and
//! skeleton, and writes the same text from them. What it cannot write again it keeps as it is.
//!
//! # Where to look next
//! `hdf5`, `numpy`, `records` (raw binary with a schema): one module per format. `layout` for the contract. `events` for
//! event records, with a module for each of their formats.

mod alongside;
pub mod delimited;
pub mod events;
pub mod frame;
pub mod hdf5;
pub mod layout;
pub mod numpy;
pub mod records;
pub mod root;
mod zip;

pub use layout::{Block, Content, ContentCheck, Extent, Frame, Layout, LayoutError, Part, Place, Source};

use std::io;

/// The layout of a file whose format is found out from its bytes: ROOT, HDF5, `.npy`, `.npz`, or none.
///
/// Arrays of an HDF5 group or an `.npz` that lie side by side (`px`, `py`, `pz`, each of one dimension and as long as
/// the others) are the columns of one table. A file that no format knows, or whose layout is not sound, is all
/// skeleton; in the second case a note says why.
///
/// # Errors
/// Whatever reading says.
pub fn recognise(source: &dyn Source) -> io::Result<Layout> {
    let mut layout = recognise_apart(source)?;
    if matches!(layout.format, "npz" | "hdf5") {
        alongside::join(&mut layout);
        return Ok(checked(layout, source));
    }
    Ok(layout)
}

/// As [`recognise`], but each array is a table of its own, as in archives from before arrays were joined.
///
/// # Errors
/// Whatever reading says.
pub fn recognise_apart(source: &dyn Source) -> io::Result<Layout> {
    let mut found = numpy::layout(source)?;
    if found.is_none() {
        found = root::layout(source)?;
    }
    if found.is_none() {
        found = hdf5::layout(source)?;
    }
    Ok(found.map_or_else(Layout::opaque, |layout| checked(layout, source)))
}

/// A layout that can be trusted.
fn checked(mut layout: Layout, source: &dyn Source) -> Layout {
    match layout.validate(source.len()) {
        Ok(()) => layout,
        Err(error) => Layout { notes: vec![format!("read as plain bytes: {error}")], ..Layout::opaque() },
    }
}

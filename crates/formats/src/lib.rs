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
//! 3. [`Layout::validate`] is what the codec trusts: extents do not overlap and tables are sound. A reader with a bug
//!    can cost bytes, never data.
//!
//! # Where to look next
//! `hdf5`, `numpy`, `records` (raw binary with a schema): one module per format. `layout` for the contract.

pub mod layout;

pub use layout::{Block, Extent, Layout, LayoutError, Part, Place, Source};

//! Recompression: re-making foreign compressed blocks exactly.
//!
//! # What it is
//! A file format stores a block as a *pipeline* of steps over plain bytes (shuffle, deflate, checksum). This crate undoes
//! the pipeline and records what it takes to run it again to the same bytes.
//!
//! # One page
//! [`open`] gives the plain bytes and a [`Recipe`]; [`close`] gives back the stored bytes. `open` proves every step by
//! closing it once; where that fails it returns `None` and the block stays as it is. A deflate stream by zlib costs a
//! recipe of a few bytes, whatever its length; one by another encoder some hundredths of its length. [`refit`] puts
//! other plain bytes in the place of a block, at the same stored length. [`wrapper`] does the same as `open` and `close` for
//! whole files that are one compressed stream.
//!
//! # Where to look next
//! `hepz-formats` names pipelines; `hepz` stores recipes. One module per step: `shuffle`,
//! `fletcher32`, `deflate` (with zlib's `encoder`), `zlib`, `integers`, `xxh3`, [`root`] (with
//! the encoders of `zstd_lazy`). `refit` runs them forwards to a given length.

mod deflate;
mod encoder;
mod fletcher32;
mod integers;
mod parameters;
mod pipeline;
mod recipe;
mod refit;
pub mod root;
mod shuffle;
pub mod wrapper;
mod xxh3;
mod zlib;
mod zstd_lazy;

pub use pipeline::{Opened, close, open};
pub use recipe::{Recipe, RecipeError};
pub use refit::refit;

/// One step from plain to stored bytes, as a format names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// HDF5 shuffle: byte 0 of all elements, then byte 1, ...; a rest shorter than one element stays at the end.
    Shuffle {
        /// Bytes of one element.
        element_bytes: u32,
    },
    /// A raw deflate stream (zip members).
    Deflate,
    /// A zlib stream: two bytes of header, deflate, adler32 (HDF5 gzip filter).
    Zlib,
    /// HDF5 fletcher32: four bytes of checksum at the end.
    Fletcher32,
    /// Blocks of ROOT: nine bytes of header and a stream each ([`root`]).
    RootBlocks {
        /// The file's compression setting, a hundred times the algorithm and the level; 0 if unknown. Not in the recipe:
        /// it only says what is tried first.
        hint: u16,
    },
    /// Eight bytes of little-endian XXH3 at the end (pages and envelopes of RNTuple).
    Xxh3,
    /// Plain: little-endian two's complement; stored: zigzag. A rest shorter than one element stays as it is.
    ZigZag {
        /// Bytes of one element, 1 to 8.
        element_bytes: u32,
    },
    /// Plain: little-endian values; stored: the first one, then differences, wrapping.
    Delta {
        /// Bytes of one element, 1 to 8.
        element_bytes: u32,
    },
    /// Plain: one byte each for up to 8 bits, else four, little-endian; stored: so many bits each, lowest first, zeros up
    /// to a whole byte. Steps between the plain bytes and this one have to keep the length.
    Packed {
        /// Bits of one element, 1 to 32.
        bits: u32,
    },
}

/// The steps from plain to stored bytes, first step first.
pub type Pipeline = Vec<Step>;

//! Container: sections, index, checksums, versions, limits.
//!
//! # What it is
//! The frame of an archive. A [`Writer`] puts payloads one after the other and an index behind them; a [`Reader`]
//! gives back any of them, or says what is wrong with the file and whose move it is ([`ReadError`]). What payloads
//! hold is not known here: kinds and tags are numbers. [`wire`] spells the small numbers inside payloads.
//!
//! # One page
//! ```
//! use hepz_container::{Limits, Reader, Writer};
//! let mut writer = Writer::new(Vec::new())?;
//! writer.section(7, 0, b"columns")?;
//! writer.section(7, 1, b"more columns")?;
//! let archive = writer.finish()?;
//!
//! let reader = Reader::open(&archive, Limits::default())?;
//! let number = reader.find(7, 1).ok_or("no such section")?;
//! assert_eq!(reader.read(number)?, b"more columns");
//! assert_eq!(reader.read_range(number, 5..8)?, b"col");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look next
//! The format, byte by byte, is below. [`salvage`] saves what is left of a damaged archive.
//!
#![doc = include_str!("../FORMAT.md")]
#![deny(clippy::host_endian_bytes)]

mod bytes;
mod error;
mod frame;
mod reader;
mod salvage;
mod walk;
pub mod wire;
mod writer;

pub use bytes::Bytes;
pub use error::{FormatVersion, ReadError, Region, WriteError};
pub use frame::{
    CHECKSUM_BYTES, END_MAGIC, HEADER_BYTES, INDEX, KNOWN_FEATURES, MAGIC, OLDEST_VERSION, Section,
    TRAILER_BYTES, VERSION, header,
};
pub use reader::{Limits, Reader};
pub use salvage::{Damage, remains, salvage};
pub use writer::Writer;

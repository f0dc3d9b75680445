//! Messages of a dataset: its shape, where its elements are stored, what filters they went through.
//!
//! In: bodies of messages. Out: [`Shape`], [`Storing`], [`Filter`]s.
//! Not here: datatypes (`datatype`), indexes of chunks (`chunks`).
//! Holds: lengths are taken as claims; whoever uses them compares them with the file.
//! Source: HDF5 File Format Specification, IV.A.2.b, IV.A.2.i, IV.A.2.l.

use super::access::{Fault, File};
use super::object::Message;

/// Dimensions; HDF5 allows no more.
const MOST_DIMENSIONS: u8 = 32;

/// The dimensions of a dataset. A scalar has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Current lengths.
    pub now: Vec<u64>,
    /// Lengths it may grow to; `None` is without limit.
    pub most: Vec<Option<u64>>,
}

impl Shape {
    /// Number of elements.
    pub(super) fn elements(&self) -> Result<u64, Fault> {
        product(self.now.iter().copied())
    }
}

/// A product that does not overflow.
pub(super) fn product(mut factors: impl Iterator<Item = u64>) -> Result<u64, Fault> {
    factors.try_fold(1u64, u64::checked_mul).ok_or(Fault::Odd("a shape is too large"))
}

/// Reads a dataspace; `None` if it is one without elements by kind.
pub(super) fn shape(file: &File<'_>, data: &[u8]) -> Result<Option<Shape>, Fault> {
    let mut fields = file.fields(data);
    let (version, rank, flags) = (fields.u8()?, fields.u8()?, fields.u8()?);
    if rank > MOST_DIMENSIONS {
        return Err(Fault::Odd("a dataset has too many dimensions"));
    }
    match version {
        1 => fields.skip(5)?,
        2 => {
            if fields.u8()? == 2 {
                return Ok(None);
            }
        }
        _ => return Err(Fault::Odd("a dataspace is of an unknown version")),
    }
    let mut now = Vec::new();
    for _ in 0..rank {
        now.push(fields.length()?);
    }
    let unlimited = u64::MAX >> (64 - 8 * file.length_bytes());
    let mut most = Vec::new();
    for &length in &now {
        let limit = if flags & 1 != 0 { fields.length()? } else { length };
        most.push(Some(limit).filter(|&limit| limit != unlimited));
    }
    Ok(Some(Shape { now, most }))
}

/// Where the elements of a dataset are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Storing {
    /// In one run at this address.
    Run { address: u64, bytes: Option<u64> },
    /// In chunks.
    Chunks(Chunking),
    /// In no file, or in another one.
    Absent,
}

/// How a dataset is cut into chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunking {
    /// Lengths of a chunk in elements.
    pub chunk: Vec<u64>,
    /// Length of an element, where the layout says it.
    pub element_bytes: u64,
    pub index: Index,
    /// What the index says about it; `None` if there are no chunks yet.
    pub address: Option<u64>,
    /// Chunks that stick out over the edge are stored without filters.
    pub edges_unfiltered: bool,
}

/// How the chunks are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Index {
    BtreeV1,
    /// The address is that of the only chunk.
    Single {
        /// Stored length and mask of skipped filters, if it is filtered.
        filtered: Option<(u64, u32)>,
    },
    /// The chunks lie one after another.
    Implicit,
    FixedArray,
    ExtensibleArray,
    BtreeV2,
}

/// Reads a data layout message.
pub(super) fn storing(file: &File<'_>, message: &Message) -> Result<Storing, Fault> {
    match message.data.first() {
        Some(1 | 2) => storing_v1(file, message),
        Some(3..=5) => storing_v3(file, message),
        _ => Err(Fault::Odd("a data layout is of an unknown version")),
    }
}

fn storing_v1(file: &File<'_>, message: &Message) -> Result<Storing, Fault> {
    let mut fields = file.fields(&message.data);
    fields.skip(1)?;
    let (rank, class) = (fields.u8()?, fields.u8()?);
    fields.skip(5)?;
    let address = if class == 0 { None } else { fields.address()? };
    let mut lengths = Vec::new();
    for _ in 0..rank {
        lengths.push(u64::from(fields.u32()?));
    }
    match class {
        0 => {
            let bytes = fields.u32()?.into();
            Ok(Storing::Run { address: message.address + fields.position() as u64, bytes: Some(bytes) })
        }
        1 => Ok(address.map_or(Storing::Absent, |address| Storing::Run { address, bytes: None })),
        2 => chunked_v1(lengths, address),
        _ => Err(Fault::Odd("a data layout is of an unknown class")),
    }
}

/// The last length is that of an element.
fn chunked_v1(mut chunk: Vec<u64>, address: Option<u64>) -> Result<Storing, Fault> {
    let element_bytes = chunk.pop().ok_or(Fault::Odd("chunks have no dimensions"))?;
    let index = Index::BtreeV1;
    Ok(Storing::Chunks(Chunking { chunk, element_bytes, index, address, edges_unfiltered: false }))
}

fn storing_v3(file: &File<'_>, message: &Message) -> Result<Storing, Fault> {
    let mut fields = file.fields(&message.data);
    let (version, class) = (fields.u8()?, fields.u8()?);
    match class {
        0 => {
            let bytes = fields.u16()?.into();
            Ok(Storing::Run { address: message.address + fields.position() as u64, bytes: Some(bytes) })
        }
        1 => {
            let (address, bytes) = (fields.address()?, fields.length()?);
            Ok(address.map_or(Storing::Absent, |address| Storing::Run { address, bytes: Some(bytes) }))
        }
        2 if version == 3 => {
            let rank = fields.u8()?;
            let address = fields.address()?;
            let mut lengths = Vec::new();
            for _ in 0..rank {
                lengths.push(u64::from(fields.u32()?));
            }
            chunked_v1(lengths, address)
        }
        2 => chunked_v4(file, &message.data),
        3 => Ok(Storing::Absent),
        _ => Err(Fault::Odd("a data layout is of an unknown class")),
    }
}

fn chunked_v4(file: &File<'_>, data: &[u8]) -> Result<Storing, Fault> {
    let mut fields = file.fields(data);
    fields.skip(2)?;
    let (flags, rank, length_bytes) = (fields.u8()?, fields.u8()?, fields.u8()?);
    let mut chunk = Vec::new();
    for _ in 0..rank {
        chunk.push(fields.uint(length_bytes.into())?);
    }
    let element_bytes = chunk.pop().ok_or(Fault::Odd("chunks have no dimensions"))?;
    let index = match fields.u8()? {
        1 if flags & 2 != 0 => Index::Single { filtered: Some((fields.length()?, fields.u32()?)) },
        1 => Index::Single { filtered: None },
        2 => Index::Implicit,
        3 => {
            fields.skip(1)?;
            Index::FixedArray
        }
        4 => {
            fields.skip(5)?;
            Index::ExtensibleArray
        }
        5 => {
            fields.skip(6)?;
            Index::BtreeV2
        }
        _ => return Err(Fault::Odd("chunks have an unknown index")),
    };
    let address = fields.address()?;
    Ok(Storing::Chunks(Chunking { chunk, element_bytes, index, address, edges_unfiltered: flags & 1 != 0 }))
}

/// One step of a filter pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub id: u16,
    pub name: String,
    pub parameters: Vec<u32>,
}

/// Reads a filter pipeline message: first filter first, as applied when writing.
pub(super) fn filters(file: &File<'_>, data: &[u8]) -> Result<Vec<Filter>, Fault> {
    let mut fields = file.fields(data);
    let (version, count) = (fields.u8()?, fields.u8()?);
    match version {
        1 => fields.skip(6)?,
        2 => {}
        _ => return Err(Fault::Odd("a filter pipeline is of an unknown version")),
    }
    let mut found = Vec::new();
    for _ in 0..count {
        let id = fields.u16()?;
        let named = version == 1 || id >= 256;
        let name_bytes = if named { usize::from(fields.u16()?) } else { 0 };
        fields.skip(2)?;
        let n_parameters = fields.u16()?;
        let start = fields.position();
        let name = fields.take(name_bytes)?;
        if version == 1 {
            fields.pad(start, 8)?;
        }
        let name = name.split(|&b| b == 0).next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        let mut parameters = Vec::new();
        for _ in 0..n_parameters {
            parameters.push(fields.u32()?);
        }
        fields.skip(if version == 1 && n_parameters % 2 == 1 { 4 } else { 0 })?;
        found.push(Filter { id, name, parameters });
    }
    Ok(found)
}

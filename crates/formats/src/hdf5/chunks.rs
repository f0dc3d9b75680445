//! Chunks of a dataset: where each is stored, whatever index says so.
//!
//! In: how a dataset is cut. Out: its chunks, in C order of their places in the grid of chunks.
//! Not here: which rows a chunk holds (`placing`), the two kinds of index arrays (`index_array`).
//! Holds: work is bounded by what the file stores, not by the shape that it claims; no chunk data are read.
//! Source: HDF5 File Format Specification, III.A.1, IV.A.2.i, VII.

use super::access::{Fault, File};
use super::message::{Chunking, Index, Shape, product};
use super::{btree, index_array};

/// A chunk that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Its place in the grid of chunks.
    pub grid: Vec<u64>,
    pub address: u64,
    /// Stored length.
    pub bytes: u64,
    /// Bit `n` is set if filter `n` was skipped.
    pub skipped: u32,
}

/// The chunks that are stored and hold at least one element of the dataset, in C order.
pub(super) fn stored(
    file: &File<'_>,
    how: &Chunking,
    shape: &Shape,
    filtered: bool,
) -> Result<Vec<Chunk>, Fault> {
    let rank = how.chunk.len();
    if rank == 0 || rank != shape.now.len() || how.chunk.contains(&0) {
        return Err(Fault::Odd("chunks do not fit their dataset"));
    }
    let Some(address) = how.address else { return Ok(Vec::new()) };
    let plain_bytes = product(how.chunk.iter().copied().chain([how.element_bytes]))?;
    let mut chunks = match how.index {
        Index::BtreeV1 => by_btree_v1(file, address, how)?,
        Index::BtreeV2 => by_btree_v2(file, address, rank, filtered, plain_bytes)?,
        Index::Single { filtered } => {
            let (bytes, skipped) = filtered.unwrap_or((plain_bytes, 0));
            vec![Chunk { grid: vec![0; rank], address, bytes, skipped }]
        }
        Index::Implicit => implicit(file, address, how, shape, plain_bytes)?,
        Index::FixedArray => {
            from_elements(index_array::fixed(file, address)?, &grid(how, shape), None, plain_bytes)?
        }
        Index::ExtensibleArray => {
            let growing = shape.most.iter().position(Option::is_none);
            let growing =
                growing.ok_or(Fault::Odd("chunks have an index that can grow, but the dataset cannot"))?;
            from_elements(
                index_array::extensible(file, address)?,
                &grid(how, shape),
                Some(growing),
                plain_bytes,
            )?
        }
    };
    // Chunks beyond the edge are left over from a larger shape.
    let inside = |at: u64, chunk: u64, length: u64| at.checked_mul(chunk).is_some_and(|first| first < length);
    chunks.retain(|c| (0..rank).all(|d| inside(c.grid[d], how.chunk[d], shape.now[d])));
    chunks.sort_by(|a, b| a.grid.cmp(&b.grid));
    if chunks.windows(2).any(|pair| pair[0].grid == pair[1].grid) {
        return Err(Fault::Odd("a chunk is stored twice"));
    }
    for chunk in &chunks {
        file.place(chunk.address, chunk.bytes)?;
    }
    Ok(chunks)
}

fn by_btree_v1(file: &File<'_>, address: u64, how: &Chunking) -> Result<Vec<Chunk>, Fault> {
    let mut chunks = Vec::new();
    for entry in btree::version_1(file, address, 1, 8 + 8 * (how.chunk.len() + 1))?.iter() {
        let mut fields = file.fields(entry);
        let (bytes, skipped) = (fields.u32()?.into(), fields.u32()?);
        let mut grid = Vec::with_capacity(how.chunk.len());
        for &length in &how.chunk {
            let first = fields.uint(8)?;
            if first % length != 0 {
                return Err(Fault::Odd("a chunk is not at a multiple of its length"));
            }
            grid.push(first / length);
        }
        fields.skip(8)?;
        if let Some(address) = fields.address()? {
            chunks.push(Chunk { grid, address, bytes, skipped });
        }
    }
    Ok(chunks)
}

fn by_btree_v2(
    file: &File<'_>,
    address: u64,
    rank: usize,
    filtered: bool,
    plain_bytes: u64,
) -> Result<Vec<Chunk>, Fault> {
    let records = btree::version_2(file, address)?;
    // Type 10 holds chunks without filters, type 11 with; a length as wide as the record leaves room for.
    let fixed_bytes = file.offset_bytes() + 8 * rank + if filtered { 4 } else { 0 };
    let length_bytes = records.record_bytes().checked_sub(fixed_bytes);
    let length_bytes =
        length_bytes.filter(|&bytes| if filtered { (1..=8).contains(&bytes) } else { bytes == 0 });
    let length_bytes = length_bytes.ok_or(Fault::Odd("an index of chunks has impossible records"))?;
    if records.tree_type != if filtered { 11 } else { 10 } {
        return Err(Fault::Odd("chunks have an unknown index"));
    }
    let mut chunks = Vec::new();
    for record in records.iter() {
        let mut fields = file.fields(record);
        let address = fields.address()?;
        let bytes = if filtered { fields.uint(length_bytes)? } else { plain_bytes };
        let skipped = if filtered { fields.u32()? } else { 0 };
        let mut grid = Vec::with_capacity(rank);
        for _ in 0..rank {
            grid.push(fields.uint(8)?);
        }
        if let Some(address) = address {
            chunks.push(Chunk { grid, address, bytes, skipped });
        }
    }
    Ok(chunks)
}

/// Lengths of the grid of chunks when the dataset is as large as it may become; `None` where it has no limit.
fn grid(how: &Chunking, shape: &Shape) -> Vec<Option<u64>> {
    how.chunk.iter().zip(&shape.most).map(|(&chunk, most)| most.map(|most| most.div_ceil(chunk))).collect()
}

/// The place in the grid of chunk number `number`. The `growing` dimension, if any, counts slowest.
fn place_in_grid(number: u64, grid: &[Option<u64>], growing: Option<usize>) -> Option<Vec<u64>> {
    let mut place = vec![0; grid.len()];
    let mut left = number;
    for (d, length) in grid.iter().enumerate().rev() {
        if Some(d) == growing {
            continue;
        }
        let length = length.filter(|&length| length > 0)?;
        place[d] = left % length;
        left /= length;
    }
    match growing {
        Some(d) => place[d] = left,
        None if left > 0 => return None,
        None => {}
    }
    Some(place)
}

fn from_elements(
    elements: Vec<index_array::Element>,
    grid: &[Option<u64>],
    growing: Option<usize>,
    plain_bytes: u64,
) -> Result<Vec<Chunk>, Fault> {
    let mut chunks = Vec::new();
    for element in elements {
        let grid = place_in_grid(element.number, grid, growing);
        let grid = grid.ok_or(Fault::Odd("an index has more chunks than its dataset"))?;
        let (bytes, skipped) = element.filtered.unwrap_or((plain_bytes, 0));
        chunks.push(Chunk { grid, address: element.address, bytes, skipped });
    }
    Ok(chunks)
}

fn implicit(
    file: &File<'_>,
    address: u64,
    how: &Chunking,
    shape: &Shape,
    plain_bytes: u64,
) -> Result<Vec<Chunk>, Fault> {
    let grid = grid(how, shape);
    let count = product(grid.iter().map(|length| length.unwrap_or(u64::MAX)))?;
    // All of them are stored, so the file bounds their number.
    file.place(address, product([count, plain_bytes].into_iter())?)?;
    let mut chunks = Vec::new();
    for number in 0..count {
        let grid = place_in_grid(number, &grid, None).ok_or(Fault::Odd("chunks do not fit their dataset"))?;
        chunks.push(Chunk { grid, address: address + number * plain_bytes, bytes: plain_bytes, skipped: 0 });
    }
    Ok(chunks)
}

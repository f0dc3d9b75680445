//! Placing: which rows of a table each run of the file, or of a chunk's plain content, holds.
//!
//! In: a dataset's shape and its chunks or its one run. Out: the extents and blocks of its table.
//! Not here: how chunks are found (`chunks`), what a record is (`datatype`).
//! Holds: rows keep their logical numbers where that costs few extents; else they are numbered as they lie, padding
//! included, which costs one extent per chunk.

use super::access::{Fault, File};
use super::chunks::Chunk;
use super::message::{Chunking, Filter, product};
use crate::{Block, Extent, Part, Place};
use hepz_columns::RowOrder;
use hepz_recompression::{Pipeline, Step};

/// Records in a row below which a table is numbered as it lies. An extent takes a few bytes of the archive, so this
/// keeps their price under a tenth of a byte per record.
const LEAST_RUN: u64 = 64;

/// Extents for [`LEAST_RUN`] records, at most; edges of the dataset may cut runs shorter than elsewhere.
const MOST_CUTS: u64 = 4;

/// Stored bytes that must stand behind an extent, on average, or naming it costs more than it helps.
const LEAST_STORED: u64 = 16;

/// Deflate makes at most 1032 bytes of one, and HDF5 stores no empty streams.
const MOST_EXPANSION: u64 = 1032;

/// The rows of one table and where they are.
#[derive(Debug, Default)]
pub(super) struct Placed {
    pub rows: u64,
    pub inner: Vec<u64>,
    pub storage_order: bool,
    /// Blocks; extents name them by their index here.
    pub blocks: Vec<Block>,
    /// Extents of table 0.
    pub extents: Vec<Extent>,
}

impl Placed {
    /// The numbering of the rows.
    pub(super) fn row_order(&self) -> RowOrder {
        if self.storage_order { RowOrder::Storage } else { RowOrder::Logical }
    }
}

/// A dataset in one run from byte `at` on.
pub(super) fn run(at: u64, shape: &[u64], rows: u64) -> Placed {
    let place = Place::File(at);
    let extents = vec![Extent { place, table: 0, part: Part::Records, first_row: 0, rows }];
    Placed { rows, inner: inner(shape), extents, ..Placed::default() }
}

fn inner(shape: &[u64]) -> Vec<u64> {
    shape.get(1..).unwrap_or_default().to_vec()
}

/// A dataset in chunks, which are in C order and of which there is at least one.
pub(super) fn chunks(
    file: &File<'_>,
    shape: &[u64],
    how: &Chunking,
    filters: &[Filter],
    chunks: &[Chunk],
) -> Result<Placed, Fault> {
    let chunk_rows = product(how.chunk.iter().copied())?;
    let plain_bytes = product([chunk_rows, how.element_bytes].into_iter())?;
    let mut placed = Placed::default();
    let mut places = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let edge = how.edges_unfiltered
            && chunk
                .grid
                .iter()
                .zip(&how.chunk)
                .zip(shape)
                .any(|((g, c), s)| g.saturating_add(1).saturating_mul(*c) > *s);
        let pipeline = if edge { Vec::new() } else { pipeline(filters, chunk.skipped)? };
        places.push(place(file, chunk, pipeline, plain_bytes, &mut placed.blocks)?);
    }
    let grid = shape.iter().zip(&how.chunk).map(|(&length, &chunk)| length.div_ceil(chunk));
    let complete = product(grid)? == chunks.len() as u64;
    let element = how.element_bytes;
    if complete && runs_are_long(shape, &how.chunk, chunks)? {
        placed.rows = product(shape.iter().copied())?;
        placed.inner = inner(shape);
        for (chunk, &place) in chunks.iter().zip(&places) {
            logical(shape, &how.chunk, &chunk.grid, place, element, &mut placed.extents)?;
        }
        placed.extents.sort_by_key(|extent| extent.first_row);
    } else {
        placed.storage_order = true;
        placed.rows = product([chunk_rows, chunks.len() as u64].into_iter())?;
        for (number, &place) in places.iter().enumerate() {
            let first_row = number as u64 * chunk_rows;
            placed.extents.push(Extent { place, table: 0, part: Part::Records, first_row, rows: chunk_rows });
        }
    }
    merge(&mut placed.extents, element);
    Ok(placed)
}

/// The steps that a chunk went through.
fn pipeline(filters: &[Filter], skipped: u32) -> Result<Pipeline, Fault> {
    let mut steps = Vec::new();
    for (number, filter) in filters.iter().enumerate() {
        if skipped.checked_shr(number as u32).is_some_and(|bits| bits & 1 != 0) {
            continue;
        }
        match (filter.id, filter.parameters.first()) {
            (1, _) => steps.push(Step::Zlib),
            // Elements of one byte stay where they are.
            (2, Some(0 | 1)) => {}
            (2, Some(&element_bytes)) => steps.push(Step::Shuffle { element_bytes }),
            (3, _) => steps.push(Step::Fletcher32),
            _ => return Err(Fault::Odd("its filters are not known here")),
        }
    }
    Ok(steps)
}

/// Where the plain records of a chunk begin.
fn place(
    file: &File<'_>,
    chunk: &Chunk,
    pipeline: Pipeline,
    plain_bytes: u64,
    blocks: &mut Vec<Block>,
) -> Result<Place, Fault> {
    const LENGTH: Fault = Fault::Odd("a chunk has an impossible length");
    let at = file.place(chunk.address, chunk.bytes)?;
    if pipeline.is_empty() {
        return if chunk.bytes == plain_bytes { Ok(Place::File(at)) } else { Err(LENGTH) };
    }
    let deflated = pipeline.iter().filter(|&&step| step == Step::Zlib).count();
    let checksums = 4 * pipeline.iter().filter(|&&step| step == Step::Fletcher32).count() as u64;
    let possible = match deflated {
        0 => plain_bytes.checked_add(checksums) == Some(chunk.bytes),
        1 => plain_bytes <= chunk.bytes.saturating_mul(MOST_EXPANSION),
        // Deflated twice: nobody does, and nothing would bound the plain length.
        _ => false,
    };
    if !possible || chunk.bytes == 0 {
        return Err(LENGTH);
    }
    let block = u32::try_from(blocks.len()).map_err(|_| Fault::Odd("there are too many chunks"))?;
    blocks.push(Block { at, bytes: chunk.bytes, plain_bytes, pipeline });
    Ok(Place::Block { block, at: 0 })
}

/// The dimension from which on a chunk's records are in one run, and the records of a run.
///
/// `held` is the part of the chunk that the dataset fills.
fn run_of(shape: &[u64], chunk: &[u64], held: &[u64]) -> (usize, u64) {
    let mut d = shape.len() - 1;
    let mut run = held[d];
    while d > 0 && held[d] == chunk[d] && held[d] == shape[d] {
        d -= 1;
        run = run.saturating_mul(held[d]);
    }
    (d, run)
}

/// The part of a chunk that the dataset fills.
fn held(shape: &[u64], chunk: &[u64], grid: &[u64]) -> Vec<u64> {
    let left = |d: usize| shape[d].saturating_sub(grid[d].saturating_mul(chunk[d]));
    (0..shape.len()).map(|d| chunk[d].min(left(d))).collect()
}

fn runs_are_long(shape: &[u64], chunk: &[u64], chunks: &[Chunk]) -> Result<bool, Fault> {
    let typical: Vec<u64> = shape.iter().zip(chunk).map(|(&length, &chunk)| length.min(chunk)).collect();
    let (d, run) = run_of(shape, chunk, &typical);
    if d > 0 && run < LEAST_RUN {
        return Ok(false);
    }
    let mut runs = 0u64;
    for c in chunks {
        let held = held(shape, chunk, &c.grid);
        let (d, _) = run_of(shape, chunk, &held);
        runs = runs.saturating_add(product(held[..d].iter().copied())?);
    }
    let rows = product(shape.iter().copied())?;
    let stored = chunks.iter().fold(0u64, |sum, c| sum.saturating_add(c.bytes));
    Ok(runs <= (rows / LEAST_RUN * MOST_CUTS).min(stored / LEAST_STORED) + chunks.len() as u64)
}

/// The extents of a chunk whose rows keep their logical numbers; padding is in none of them.
fn logical(
    shape: &[u64],
    chunk: &[u64],
    grid: &[u64],
    place: Place,
    element_bytes: u64,
    extents: &mut Vec<Extent>,
) -> Result<(), Fault> {
    let held = held(shape, chunk, grid);
    let (split, rows) = run_of(shape, chunk, &held);
    let mut outer = vec![0u64; split];
    loop {
        // Positions of the run's first record in the dataset and in the chunk, both in C order.
        let (mut first_row, mut in_chunk) = (0u64, 0u64);
        for d in 0..shape.len() {
            let at = outer.get(d).copied().unwrap_or(0);
            first_row = first_row * shape[d] + grid[d] * chunk[d] + at;
            in_chunk = in_chunk * chunk[d] + at;
        }
        let place = place.after(in_chunk * element_bytes);
        extents.push(Extent { place, table: 0, part: Part::Records, first_row, rows });
        let Some(d) = (0..split).rev().find(|&d| outer[d] + 1 < held[d]) else { return Ok(()) };
        outer[d] += 1;
        outer[d + 1..].fill(0);
    }
}

/// Joins extents, sorted by row, that go on where the one before ends.
fn merge(extents: &mut Vec<Extent>, element_bytes: u64) {
    extents.dedup_by(|next, before| {
        let end = before.place.after(before.rows * element_bytes);
        let joins = next.place == end && next.first_row == before.first_row + before.rows;
        before.rows += if joins { next.rows } else { 0 };
        joins
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;
    use crate::hdf5::message::Index;
    use proptest::prelude::*;

    /// A file of which only the length matters.
    struct Nothing(u64);

    impl Source for Nothing {
        fn len(&self) -> u64 {
            self.0
        }
        fn read_at(&self, _: u64, _: &mut [u8]) -> std::io::Result<()> {
            Err(std::io::ErrorKind::Unsupported.into())
        }
    }

    /// Every place of a grid, in C order.
    fn all_places(lengths: &[u64]) -> Vec<Vec<u64>> {
        lengths.iter().fold(vec![Vec::new()], |places, &length| {
            let longer = |place: Vec<u64>| {
                (0..length).map(move |at| place.iter().copied().chain([at]).collect::<Vec<u64>>())
            };
            places.into_iter().flat_map(longer).collect()
        })
    }

    fn position(place: &[u64], lengths: &[u64]) -> u64 {
        place.iter().zip(lengths).fold(0, |sum, (at, length)| sum * length + at)
    }

    fn shape_and_chunk() -> impl Strategy<Value = (Vec<u64>, Vec<u64>)> {
        // Inner lengths above `LEAST_RUN`, so that logical numbering happens with cut rows too.
        let line = (1..400u64, 1..90u64).prop_map(|(s, c)| (vec![s], vec![c]));
        let plane =
            (1..9u64, 1..300u64, 1..5u64, 1..310u64).prop_map(|(a, b, c, d)| (vec![a, b], vec![c, d]));
        let cube = ((1..5u64, 1..5u64, 1..140u64), (1..4u64, 1..6u64, 1..150u64))
            .prop_map(|((a, b, c), (d, e, f))| (vec![a, b, c], vec![d, e, f]));
        prop_oneof![line, plane, cube]
    }

    proptest! {
        #[test]
        fn each_record_is_where_its_chunk_has_it(
            (shape, chunk) in shape_and_chunk(),
            element_bytes in 1..9u64,
            filtered: bool,
            drop_one: bool,
        ) {
            let lengths: Vec<u64> = shape.iter().zip(&chunk).map(|(s, c)| s.div_ceil(*c)).collect();
            let chunk_rows: u64 = chunk.iter().product();
            let bytes = chunk_rows * element_bytes;
            // Chunks lie in reverse order, so that no two of them join.
            let grids = all_places(&lengths);
            let count = grids.len() as u64;
            let mut stored: Vec<Chunk> = (0..count).rev().zip(grids)
                .map(|(n, grid)| Chunk { grid, address: n * bytes, bytes, skipped: 0 })
                .collect();
            if drop_one && stored.len() > 1 {
                stored.pop();
            }
            let filters = if filtered { vec![Filter { id: 1, name: String::new(), parameters: vec![] }] } else { vec![] };
            let source = Nothing(count * bytes);
            let file = File::new(&source, 0, 8, 8);
            let how = Chunking {
                chunk: chunk.clone(), element_bytes, index: Index::BtreeV1, address: None, edges_unfiltered: false,
            };
            let placed = chunks(&file, &shape, &how, &filters, &stored).unwrap();
            prop_assert!(placed.storage_order || !(drop_one && count > 1));
            let mut rows = std::collections::BTreeMap::new();
            for extent in &placed.extents {
                for row in 0..extent.rows {
                    let at = match extent.place {
                        Place::File(at) => at,
                        Place::Block { block, at } => placed.blocks[block as usize].at + at,
                        Place::Frame { .. } | Place::Structure(_) => unreachable!("HDF5 has no frames"),
                    };
                    prop_assert_eq!(rows.insert(extent.first_row + row, at + row * element_bytes), None);
                }
            }
            prop_assert_eq!(rows.len() as u64, placed.rows);
            for (number, c) in stored.iter().enumerate() {
                for within in all_places(&chunk) {
                    let at = c.address + position(&within, &chunk) * element_bytes;
                    let whole: Vec<u64> = (0..shape.len()).map(|d| c.grid[d] * chunk[d] + within[d]).collect();
                    let inside = whole.iter().zip(&shape).all(|(at, length)| at < length);
                    if placed.storage_order {
                        prop_assert_eq!(rows[&(number as u64 * chunk_rows + position(&within, &chunk))], at);
                    } else if inside {
                        prop_assert_eq!(rows[&position(&whole, &shape)], at);
                    }
                }
            }
        }
    }
}

//! The plain image: a file with every compressed block that can be re-made replaced by its plain content.
//!
//! In: a source and its layout. Out: an [`Image`] to read from, the tables that lie in it, and recipes.
//! Not here: opening and closing one block (`hepz-recompression`), how recipes are stored (`schema`).
//! Holds: a block is opened only if closing it again was proved to give the stored bytes.
//!
//! Positions in the image are *image addresses*. Where no block is open they are positions of the file.

use crate::frames::{Kept, LayoutOffsets, Unframed, unframe};
use crate::places::{Framed, OpenBlock, OpenFrame, Run};
use crate::spool::Spool;
use hepz_columns::Table;
use hepz_formats::{Layout, Place, Source};
use hepz_recompression as recompression;
use rayon::prelude::*;
use std::io;

/// Stored and plain bytes of the blocks that are opened at the same time: with what a pipeline needs beside, a few
/// hundred megabytes.
const BATCH_BYTES: u64 = 32 << 20;
/// Longest plain content that is opened. Both directions hold it in memory several times over.
const LARGEST_PLAIN_BYTES: u64 = 512 << 20;

/// A piece of the image that lies in one place.
#[derive(Clone, Copy, Debug)]
struct Segment {
    at: u64,
    bytes: u64,
    /// Where its bytes, or the block that it is the content of, begin in the file.
    file_at: u64,
    /// Where it lies in the spool, if it is the plain content of a block.
    spooled_at: Option<u64>,
}

/// The plain image of a file.
pub(crate) struct Image<'a> {
    source: &'a dyn Source,
    spool: Spool,
    segments: Vec<Segment>,
}

/// An image with what lies in it.
pub(crate) struct Opened<'a> {
    pub(crate) image: Image<'a>,
    pub(crate) tables: Vec<Table>,
    /// By rising address.
    pub(crate) runs: Vec<Run>,
    /// Opened blocks and frames.
    pub(crate) framed: Framed,
    /// For each opened block its number in the layout.
    pub(crate) numbers: Vec<usize>,
    /// Addresses of sums over content ([`Layout::checks`]), four bytes each.
    pub(crate) sums_at: Vec<u64>,
    /// One per block.
    pub(crate) recipes: Vec<Vec<u8>>,
    /// Blocks that stay as they are.
    pub(crate) kept_blocks: u64,
    pub(crate) notes: Vec<String>,
}

impl<'a> Opened<'a> {
    /// A file without blocks, of which is known what lies where.
    pub(crate) fn as_is(source: &'a dyn Source, tables: Vec<Table>, runs: Vec<Run>) -> Opened<'a> {
        Opened {
            image: Image::of(source),
            tables,
            runs,
            framed: Framed::default(),
            numbers: Vec::new(),
            sums_at: Vec::new(),
            recipes: Vec::new(),
            kept_blocks: 0,
            notes: Vec::new(),
        }
    }
}

impl<'a> Image<'a> {
    /// The image of a file without open blocks.
    pub(crate) fn of(source: &'a dyn Source) -> Image<'a> {
        let mut image = Image { source, spool: Spool::new(), segments: Vec::new() };
        image.push(source.len(), 0, None);
        image
    }

    fn push(&mut self, bytes: u64, file_at: u64, spooled_at: Option<u64>) {
        if bytes > 0 {
            self.segments.push(Segment { at: self.len(), bytes, file_at, spooled_at });
        }
    }

    /// The file that it is the image of.
    pub(crate) fn source(&self) -> &'a dyn Source {
        self.source
    }

    /// Length of the image.
    pub(crate) fn len(&self) -> u64 {
        self.segments.last().map_or(0, |s| s.at + s.bytes)
    }

    /// Image address of a byte of the file that lies in no open block.
    fn address(&self, file_at: u64) -> Option<u64> {
        let after = self.segments.partition_point(|s| s.file_at <= file_at);
        let s = self.segments.get(after.checked_sub(1)?)?;
        let inside = file_at - s.file_at;
        (s.spooled_at.is_none() && inside < s.bytes).then_some(s.at + inside)
    }

    /// Opens the blocks and frames of `layout`, which was validated, and finds the address of everything in it.
    /// `advance` is told how many bytes of the file have been passed.
    pub(crate) fn open(
        source: &'a dyn Source,
        mut layout: Layout,
        advance: &dyn Fn(u64),
    ) -> io::Result<Opened<'a>> {
        let mut image = Image { source, spool: Spool::new(), segments: Vec::new() };
        let mut blocks_at = Vec::with_capacity(layout.blocks.len());
        let mut frames_at = vec![None; layout.frames.len()];
        let (mut blocks, mut frames, mut recipes) = (Vec::new(), Vec::new(), Vec::new());
        let mut passed = 0;
        let mut first = 0;
        let offsets = LayoutOffsets::of(&layout);
        while first < layout.blocks.len() {
            let mut last = first;
            let mut bytes = 0;
            while last < layout.blocks.len() && (last == first || bytes < BATCH_BYTES) {
                bytes += layout.blocks[last].bytes + layout.blocks[last].plain_bytes;
                last += 1;
            }
            let open = |block: usize| -> io::Result<Option<Unframed>> {
                let Some(open) = open_block(source, &layout.blocks[block])? else { return Ok(None) };
                let from = layout.frames.partition_point(|f| (f.block as usize) < block);
                let to = layout.frames.partition_point(|f| f.block as usize <= block);
                Ok(Some(unframe(open, &layout, from..to, &offsets)))
            };
            let results: Vec<io::Result<Option<Unframed>>> =
                (first..last).into_par_iter().map(open).collect();
            for (block, result) in layout.blocks[first..last].iter().zip(results) {
                let Some(open) = result? else {
                    blocks_at.push(None);
                    continue;
                };
                image.push(block.at - passed, passed, None);
                passed = block.at + block.bytes;
                let at = image.len();
                let spooled_at = image.spool.len();
                image.spool.write_at(spooled_at, &open.content)?;
                image.push(open.content.len() as u64, block.at, Some(spooled_at));
                for &(index, inside) in &open.frames {
                    let f = &layout.frames[index];
                    let (block, at) = (blocks.len() as u32, at + inside);
                    let (content_bytes, shape, rows) = (f.content_bytes, f.shape, f.rows);
                    frames_at[index] = Some(at);
                    frames.push(OpenFrame { block, at, content_bytes, shape, rows });
                }
                blocks.push(OpenBlock { at, plain_bytes: open.content.len() as u64 });
                recipes.push(open.recipe.clone());
                blocks_at.push(Some((at, open.without_content())));
            }
            first = last;
            advance(layout.blocks[last - 1].at);
        }
        image.push(source.len() - passed, passed, None);
        let kept_blocks = blocks_at.iter().filter(|at| at.is_none()).count() as u64;
        let mut notes = std::mem::take(&mut layout.notes);
        if kept_blocks > 0 {
            notes.push(format!(
                "{kept_blocks} of {} compressed blocks cannot be re-made exactly and stay as they are",
                blocks_at.len()
            ));
        }

        let kept = Kept::new(&layout, &frames, |place| match place {
            Place::Block { block, .. } => blocks_at[block as usize].is_some(),
            Place::Frame { frame, .. } => frames_at[frame as usize].is_some(),
            Place::File(_) | Place::Structure(_) => true,
        });
        notes.extend(kept.notes(&layout));
        let mut runs = Vec::with_capacity(layout.extents.len());
        let mut structure_bytes = 0;
        for extent in &layout.extents {
            let Some((table, part)) = kept.part(extent.table, extent.part) else { continue };
            let bytes = extent.rows * extent.bytes_per_row(&layout.tables[extent.table as usize]);
            let at = match extent.place {
                Place::File(at) => image.address(at),
                Place::Block { block, at } => {
                    blocks_at[block as usize].as_ref().map(|(start, open)| start + open.moved(at))
                }
                Place::Frame { frame, at } => frames_at[frame as usize].map(|start: u64| start + at),
                Place::Structure(at) => {
                    let held =
                        layout.structure.get(at as usize..).and_then(|held| held.get(..bytes as usize));
                    let (image_at, spooled_at) = (image.len(), image.spool.len());
                    image.spool.write_at(spooled_at, held.ok_or(io::ErrorKind::InvalidData)?)?;
                    image.push(bytes, source.len() + structure_bytes, Some(spooled_at));
                    structure_bytes += bytes;
                    Some(image_at)
                }
            };
            // An extent of the file never touches a block, so it has an address.
            let at = at.ok_or_else(|| io::Error::other("an extent of the layout lies nowhere"))?;
            runs.push(Run { at, table, part, first_row: extent.first_row, rows: extent.rows });
        }
        runs.sort_by_key(|run| run.at);
        let shapes = layout.shapes.iter().map(|shape| shape.renumbered(|table| kept.table(table))).collect();
        let tables = kept.into_tables(std::mem::take(&mut layout.tables));
        let framed = Framed { structure_bytes, blocks, shapes, frames };
        let is_open = |(number, at): (usize, &Option<_>)| at.is_some().then_some(number);
        let numbers = blocks_at.iter().enumerate().filter_map(is_open).collect();
        let sums = layout.checks.iter().flat_map(|check| &check.crc32_at);
        let sums_at = sums.filter_map(|&at| image.address(at)).collect();
        Ok(Opened { image, tables, runs, framed, numbers, sums_at, recipes, kept_blocks, notes })
    }

    /// Fills `into` from an image address.
    pub(crate) fn read_at(&self, mut at: u64, mut into: &mut [u8]) -> io::Result<()> {
        let mut segment = self.segments.partition_point(|s| s.at + s.bytes <= at);
        while !into.is_empty() {
            let s = self.segments.get(segment).ok_or(io::ErrorKind::UnexpectedEof)?;
            let inside = at - s.at;
            let here = ((s.bytes - inside).min(into.len() as u64)) as usize;
            let (now, rest) = into.split_at_mut(here);
            match s.spooled_at {
                Some(spooled_at) => self.spool.read_at(spooled_at + inside, now)?,
                None => self.source.read_at(s.file_at + inside, now)?,
            }
            into = rest;
            at += here as u64;
            segment += 1;
        }
        Ok(())
    }
}

fn open_block(source: &dyn Source, block: &hepz_formats::Block) -> io::Result<Option<recompression::Opened>> {
    let sizes = (usize::try_from(block.bytes), usize::try_from(block.plain_bytes));
    let (Ok(bytes), Ok(plain_bytes)) = sizes else { return Ok(None) };
    if block.plain_bytes > LARGEST_PLAIN_BYTES || block.bytes > LARGEST_PLAIN_BYTES {
        return Ok(None);
    }
    let mut stored = vec![0; bytes];
    source.read_at(block.at, &mut stored)?;
    Ok(recompression::open(&block.pipeline, &stored, plain_bytes))
}

/// The bytes of an image that no run covers, numbered from 0: the skeleton.
pub(crate) struct Gaps {
    /// Address, length, number of the first byte.
    gaps: Vec<(u64, u64, u64)>,
    bytes: u64,
}

impl Gaps {
    /// The gaps that `runs`, by rising address and not overlapping, leave in an image of `image_bytes`.
    pub(crate) fn new(runs: &[Run], tables: &[Table], image_bytes: u64) -> Gaps {
        let mut gaps = Gaps { gaps: Vec::new(), bytes: 0 };
        let mut free = 0;
        for run in runs {
            gaps.push(free, run.at);
            free = run.at + run.rows * run.row_bytes(tables);
        }
        gaps.push(free, image_bytes);
        gaps
    }

    fn push(&mut self, from: u64, to: u64) {
        if to > from {
            self.gaps.push((from, to - from, self.bytes));
            self.bytes += to - from;
        }
    }

    /// Number of skeleton bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of the skeleton byte at an address, if one is there.
    pub(crate) fn number(&self, address: u64) -> Option<u64> {
        let after = self.gaps.partition_point(|&(at, _, _)| at <= address);
        let &(at, bytes, first) = self.gaps.get(after.checked_sub(1)?)?;
        (address - at < bytes).then_some(first + (address - at))
    }

    /// Calls `visit` with image address and range of `0..bytes` for each run of skeleton bytes in `from..from + bytes`.
    pub(crate) fn visit<E>(
        &self,
        from: u64,
        bytes: usize,
        mut visit: impl FnMut(u64, std::ops::Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut done = 0;
        let mut gap = self.gaps.partition_point(|&(_, length, first)| first + length <= from);
        while done < bytes {
            let Some(&(at, length, first)) = self.gaps.get(gap) else { break };
            let inside = from + done as u64 - first;
            let here = (length - inside).min((bytes - done) as u64) as usize;
            visit(at + inside, done..done + here)?;
            done += here;
            gap += 1;
        }
        Ok(())
    }
}

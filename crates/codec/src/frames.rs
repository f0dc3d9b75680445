//! Frames in an image: taking values out of their frames, and putting the frames around them again.
//!
//! In: the plain content of an opened block, frames and offsets of its layout. Out: the content without frames; and back.
//! Not here: the frames themselves (`hepz-formats`), opening blocks (`image`).
//! Holds: a frame is taken off only if putting it on again was proved to give the same bytes; where that fails, the
//! values inside stay as they are, and their columns are dropped.

use crate::places::{Framed, OpenBlock, OpenFrame, Run};
use crate::spool::Spool;
use crate::{ArchiveError, Limits};
use hepz_columns::Table;
use hepz_formats::frame::{self, Shape};
use hepz_formats::{Layout, Part, Place};
use hepz_recompression::{self as recompression, Recipe};
use std::ops::{Range, RangeInclusive};

/// An opened block without its frames.
pub(crate) struct Unframed {
    pub(crate) content: Vec<u8>,
    pub(crate) recipe: Recipe,
    /// Index of a frame of the layout, where its content begins.
    pub(crate) frames: Vec<(usize, u64)>,
    /// Behind each frame: byte of the block, byte of the content.
    moved: Vec<(u64, u64)>,
}

impl Unframed {
    /// What is needed when the content lies elsewhere.
    pub(crate) fn without_content(self) -> Unframed {
        Unframed { content: Vec::new(), recipe: Vec::new(), ..self }
    }

    /// Where byte `at` of the block, which lies in no frame, is in the content.
    pub(crate) fn moved(&self, at: u64) -> u64 {
        let before = self.moved.partition_point(|&(plain, _)| plain <= at);
        match before.checked_sub(1).map(|last| self.moved[last]) {
            Some((plain, content)) => content + (at - plain),
            None => at,
        }
    }
}

/// The offsets in the structure of a layout.
pub(crate) struct LayoutOffsets<'a> {
    structure: &'a [u8],
    /// By table: where its offsets begin in the structure, bytes of each.
    places: Vec<Option<(usize, usize)>>,
}

impl<'a> LayoutOffsets<'a> {
    pub(crate) fn of(layout: &'a Layout) -> LayoutOffsets<'a> {
        let mut places = vec![None; layout.tables.len()];
        for extent in &layout.extents {
            let table = &layout.tables[extent.table as usize];
            if let (Place::Structure(at), [column], 0) = (extent.place, &table.columns[..], extent.first_row)
            {
                places[extent.table as usize] =
                    usize::try_from(at).ok().map(|at| (at, column.scalar.bytes()));
            }
        }
        LayoutOffsets { structure: &layout.structure, places }
    }

    fn read(&self, table: u32, rows: RangeInclusive<u64>) -> Option<Vec<u64>> {
        let (at, width) = (*self.places.get(table as usize)?)?;
        let from = at.checked_add(usize::try_from(*rows.start()).ok()?.checked_mul(width)?)?;
        let to = at.checked_add(usize::try_from(rows.end().checked_add(1)?).ok()?.checked_mul(width)?)?;
        Some(self.structure.get(from..to)?.chunks_exact(width).map(number).collect())
    }
}

/// A little-endian number of up to eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Takes the frames off an opened block, those whose proof holds.
pub(crate) fn unframe(
    opened: recompression::Opened,
    layout: &Layout,
    frames: Range<usize>,
    offsets: &LayoutOffsets<'_>,
) -> Unframed {
    let plain = opened.plain;
    if frames.is_empty() {
        return Unframed { content: plain, recipe: opened.recipe, frames: Vec::new(), moved: Vec::new() };
    }
    let mut out = Unframed {
        content: Vec::with_capacity(plain.len()),
        recipe: opened.recipe,
        frames: Vec::new(),
        moved: Vec::new(),
    };
    let mut done = 0;
    for index in frames {
        let f = &layout.frames[index];
        // The layout was validated: frames lie inside the block, in order.
        let (at, end) = (f.at as usize, (f.at + f.bytes) as usize);
        let shape = &layout.shapes[f.shape as usize];
        let Some(content) = proved(shape, &plain[at..end], f, offsets) else { continue };
        out.content.extend_from_slice(&plain[done..at]);
        out.frames.push((index, out.content.len() as u64));
        out.content.extend_from_slice(&content);
        out.moved.push((f.at + f.bytes, out.content.len() as u64));
        done = end;
    }
    out.content.extend_from_slice(&plain[done..]);
    out
}

fn proved(
    shape: &Shape,
    framed: &[u8],
    f: &hepz_formats::Frame,
    offsets: &LayoutOffsets<'_>,
) -> Option<Vec<u8>> {
    let read = |table: u32, rows: RangeInclusive<u64>| offsets.read(table, rows);
    let counts: Option<Vec<u32>> = match shape {
        Shape::Entries { levels, .. } if !levels.is_empty() => {
            let rising = read(levels[0].offsets, f.rows.first..=f.rows.first + f.rows.count)?;
            Some(rising.windows(2).map(|w| w[1].wrapping_sub(w[0]) as u32).collect())
        }
        _ => None,
    };
    let unfolded = frame::unfold(shape, framed, f.rows, counts.as_deref())?;
    let back = frame::fold(shape, &unfolded.content, f.rows, &read, framed.len() as u64).ok()?;
    (back == framed && unfolded.content.len() as u64 == f.content_bytes).then_some(unfolded.content)
}

/// Which tables and columns of a layout lie wholly in bytes that are open.
pub(crate) struct Kept {
    /// By table and column: the number that the column gets.
    columns: Vec<Vec<Option<u32>>>,
    /// By table: the number that the table gets.
    tables: Vec<Option<u32>>,
}

impl Kept {
    /// `open` says whether a place can be read, `frames` which frames are in use.
    pub(crate) fn new(layout: &Layout, frames: &[OpenFrame], open: impl Fn(Place) -> bool) -> Kept {
        let mut lost: Vec<Vec<bool>> = layout.tables.iter().map(|t| vec![false; t.columns.len()]).collect();
        for extent in layout.extents.iter().filter(|extent| !open(extent.place)) {
            match extent.part {
                Part::Records => lost[extent.table as usize].fill(true),
                Part::Column(column) => lost[extent.table as usize][column as usize] = true,
            }
        }
        // Records lie in one piece, so a column of them cannot go alone.
        for extent in layout.extents.iter().filter(|extent| extent.part == Part::Records) {
            let lost = &mut lost[extent.table as usize];
            if lost.contains(&true) {
                lost.fill(true);
            }
        }
        // Offsets are kept for the frames that need them, and for nothing else.
        let mut needed = vec![false; layout.tables.len()];
        for frame in frames {
            for table in layout.shapes[frame.shape as usize].tables() {
                needed[table as usize] = true;
            }
        }
        for table in layout.shapes.iter().flat_map(Shape::tables) {
            if !needed[table as usize] {
                lost[table as usize].fill(true);
            }
        }
        let mut tables = 0;
        let mut kept = Kept { columns: Vec::new(), tables: Vec::new() };
        for (table, lost) in layout.tables.iter().zip(&lost) {
            let mut next = 0;
            let number = |&lost: &bool| {
                let keep = !lost && table.rows > 0;
                next += u32::from(keep);
                keep.then(|| next - 1)
            };
            let columns: Vec<Option<u32>> = lost.iter().map(number).collect();
            let any = next > 0;
            kept.columns.push(columns);
            kept.tables.push(any.then_some(tables));
            tables += u32::from(any);
        }
        kept
    }

    /// The number that a table gets; 0 for one that no frame in use names.
    pub(crate) fn table(&self, table: u32) -> u32 {
        self.tables.get(table as usize).copied().flatten().unwrap_or(0)
    }

    /// Table and part of an extent, as they are numbered now.
    pub(crate) fn part(&self, table: u32, part: Part) -> Option<(u32, Part)> {
        let number = (*self.tables.get(table as usize)?)?;
        match part {
            Part::Records => Some((number, part)),
            Part::Column(column) => {
                let column = (*self.columns.get(table as usize)?.get(column as usize)?)?;
                Some((number, Part::Column(column)))
            }
        }
    }

    /// What was dropped, in words.
    pub(crate) fn notes(&self, layout: &Layout) -> Vec<String> {
        let structure: Vec<u32> = layout.shapes.iter().flat_map(Shape::tables).collect();
        let mut notes = Vec::new();
        for (index, table) in layout.tables.iter().enumerate() {
            let lost = self.columns[index].iter().filter(|column| column.is_none()).count();
            if lost == 0 || table.rows == 0 || structure.contains(&(index as u32)) {
                continue;
            }
            notes.push(match self.tables[index] {
                None => format!("table {:?} lies in such blocks and is kept as plain bytes", table.name),
                Some(_) => {
                    let all = table.columns.len();
                    format!("{lost} of {all} columns of table {:?} are kept as plain bytes", table.name)
                }
            });
        }
        notes
    }

    /// The tables that are left.
    pub(crate) fn into_tables(self, tables: Vec<Table>) -> Vec<Table> {
        let mut kept = Vec::new();
        for (index, mut table) in tables.into_iter().enumerate() {
            if self.tables[index].is_none() {
                continue;
            }
            if self.columns[index].contains(&None) {
                let mut keep = self.columns[index].iter().map(Option::is_some);
                table.columns.retain(|_| keep.next().unwrap_or(true));
                table.row_bytes = 0;
                for column in &mut table.columns {
                    column.offset = table.row_bytes;
                    table.row_bytes += column.scalar.bytes() as u32;
                }
            }
            kept.push(table);
        }
        kept
    }
}

/// What putting frames on again needs of an archive.
pub(crate) struct Reframing<'a> {
    image: &'a Spool,
    tables: &'a [Table],
    shapes: &'a [Shape],
    frames: &'a [OpenFrame],
    limits: Limits,
    /// By table: image address of offsets, bytes of each.
    places: Vec<Option<(u64, u64)>>,
}

impl<'a> Reframing<'a> {
    pub(crate) fn new(
        image: &'a Spool,
        tables: &'a [Table],
        runs: &[Run],
        framed: &'a Framed,
        limits: Limits,
    ) -> Reframing<'a> {
        let mut places = vec![None; tables.len()];
        for table in framed.shapes.iter().flat_map(Shape::tables) {
            let run = |run: &&Run| run.table == table && run.first_row == 0;
            let whole = runs.iter().rev().find(run);
            if let (Some(place), Some(run)) = (places.get_mut(table as usize), whole) {
                *place = Some((run.at, run.row_bytes(tables)));
            }
        }
        let Framed { shapes, frames, .. } = framed;
        Reframing { image, tables, shapes, frames, limits, places }
    }

    /// The plain content of a block: its part of the image with the frames around.
    pub(crate) fn content(&self, number: usize, block: OpenBlock) -> Result<Vec<u8>, ArchiveError> {
        let mut held = vec![0; block.plain_bytes as usize];
        self.image.read_at(block.at, &mut held).map_err(ArchiveError::Io)?;
        let from = self.frames.partition_point(|f| (f.block as usize) < number);
        let to = self.frames.partition_point(|f| f.block as usize <= number);
        if from == to {
            return Ok(held);
        }
        let unsound = |what: String| ArchiveError::corrupt("schema", 0, what);
        let most = self.limits.memory_bytes / 4;
        let mut plain = Vec::with_capacity(held.len());
        let mut done = 0;
        for f in &self.frames[from..to] {
            let inside = f.at.checked_sub(block.at).and_then(|at| usize::try_from(at).ok());
            let content =
                inside.and_then(|at| Some((at, at.checked_add(usize::try_from(f.content_bytes).ok()?)?)));
            let content = content.filter(|&(at, end)| done <= at && end <= held.len());
            let (at, end) = content.ok_or_else(|| unsound("a frame leaves its block".into()))?;
            plain.extend_from_slice(&held[done..at]);
            let shape = self.shapes.get(f.shape as usize);
            let shape = shape.ok_or_else(|| unsound("a frame without a shape".into()))?;
            let read = |table: u32, rows: RangeInclusive<u64>| self.offsets(table, rows);
            let framed = frame::fold(shape, &held[at..end], f.rows, &read, most)
                .map_err(|error| unsound(error.to_string()))?;
            plain.extend_from_slice(&framed);
            if plain.len() as u64 > most {
                let wanted = plain.len() as u64;
                return Err(ArchiveError::OverLimit { limit: "memory for one block", wanted, allowed: most });
            }
            done = end;
        }
        plain.extend_from_slice(&held[done..]);
        Ok(plain)
    }

    fn offsets(&self, table: u32, rows: RangeInclusive<u64>) -> Option<Vec<u64>> {
        let (at, width) = (*self.places.get(table as usize)?)?;
        let count = rows.end().checked_sub(*rows.start())?.checked_add(1)?;
        if *rows.end() >= self.tables.get(table as usize)?.rows {
            return None;
        }
        let bytes = count.checked_mul(width).filter(|&bytes| bytes <= self.limits.memory_bytes / 4)?;
        let mut held = vec![0; usize::try_from(bytes).ok()?];
        self.image.read_at(at + rows.start() * width, &mut held).ok()?;
        Some(held.chunks_exact(width as usize).map(number).collect())
    }
}

//! The part of a schema that says how values are framed inside opened blocks (since format 0.3).
//!
//! In: blocks, shapes and frames of an image. Out: bytes, number array by number array, and back.
//! Not here: tables and runs (`schema`), what a shape means (`hepz-formats`).
//! Holds: frames that are read lie inside their blocks, in order; everything that follows from runs is stored as the
//! difference from it, so that a regular file costs zeros.

use super::{SchemaFault, unsound};
use crate::places::{Framed, OpenBlock, OpenFrame, Run};
use hepz_columns::Table;
use hepz_container::wire::{Cursor, put_bytes, put_signed, put_varint};
use hepz_formats::frame::{Count, Level, MOST_GROUP, Rows, Shape, TableEnd};

/// Lists of lists of lists: deeper ones are kept as bytes.
const MOST_LEVELS: usize = 8;
/// A frame takes at least so many bytes.
const FRAME_BYTES: usize = 7;
/// Bytes of one item, at most.
const MOST_ITEM_BYTES: usize = 1 << 16;

impl Framed {
    pub(super) fn put(&self, into: &mut Vec<u8>, tables: &[Table], runs: &[Run]) {
        put_varint(into, self.structure_bytes);
        put_varint(into, self.shapes.len() as u64);
        self.shapes.iter().for_each(|shape| put_shape(into, shape));
        put_varint(into, self.blocks.len() as u64);
        let gaps = gaps(&self.blocks);
        gaps.iter().for_each(|&gap| put_varint(into, gap));
        let mut frames = self.frames.iter().peekable();
        for block in 0..self.blocks.len() {
            let mut count = 0;
            while frames.next_if(|f| f.block as usize == block).is_some() {
                count += 1;
            }
            put_varint(into, count);
        }
        let mut previous = 0;
        for f in &self.frames {
            put_signed(into, i64::from(f.shape) - previous);
            previous = i64::from(f.shape);
        }
        let mut rows = Rows::default();
        for f in &self.frames {
            put_signed(into, f.rows.first.wrapping_sub(rows.first) as i64);
            rows = f.rows;
        }
        rows = Rows::default();
        for f in &self.frames {
            put_signed(into, f.rows.count.wrapping_sub(rows.count) as i64);
            rows = f.rows;
        }
        for f in &self.frames {
            put_signed(into, f.rows.base.wrapping_sub(f.rows.first) as i64);
        }
        for f in &self.frames {
            let gap = gaps.get(f.block as usize).copied().unwrap_or(0);
            put_signed(into, u64::from(f.rows.table_from).wrapping_sub(gap) as i64);
        }
        let mut free = Free::default();
        for f in &self.frames {
            put_varint(into, f.at - free.before(f, &self.blocks));
            free.after(f);
        }
        for f in &self.frames {
            put_signed(into, f.content_bytes.wrapping_sub(chain(runs, tables, f.at)) as i64);
        }
        let mut frames = self.frames.iter().peekable();
        for (number, block) in self.blocks.iter().enumerate() {
            let mut expected = None;
            while let Some(f) = frames.next_if(|f| f.block as usize == number) {
                expected = Some(f.at - block.at + f.content_bytes);
            }
            let expected = expected.unwrap_or_else(|| chain(runs, tables, block.at));
            put_signed(into, block.plain_bytes.wrapping_sub(expected) as i64);
        }
    }

    pub(super) fn take(
        cursor: &mut Cursor<'_>,
        tables: &[Table],
        runs: &[Run],
    ) -> Result<Framed, SchemaFault> {
        let mut framed = Framed { structure_bytes: cursor.varint()?, ..Framed::default() };
        for _ in 0..cursor.count(1)? {
            framed.shapes.push(take_shape(cursor, tables)?);
        }
        let count = cursor.count(2)?;
        let mut gaps = Vec::with_capacity(count);
        for _ in 0..count {
            gaps.push(cursor.varint()?);
        }
        for block in 0..count {
            let inside = cursor.count(FRAME_BYTES)?;
            if framed.frames.len() + inside > cursor.remaining() / FRAME_BYTES {
                return Err(unsound("more frames than there can be"));
            }
            framed.frames.extend(std::iter::repeat_n(
                OpenFrame { block: block as u32, at: 0, content_bytes: 0, shape: 0, rows: Rows::default() },
                inside,
            ));
        }
        let mut shape = 0i64;
        for f in &mut framed.frames {
            shape = shape.wrapping_add(cursor.signed()?);
            let number = u32::try_from(shape).ok().filter(|&s| (s as usize) < framed.shapes.len());
            f.shape = number.ok_or_else(|| unsound("a frame without a shape"))?;
        }
        let mut previous = 0u64;
        for f in &mut framed.frames {
            previous = previous.wrapping_add(cursor.signed()? as u64);
            f.rows.first = previous;
        }
        let mut previous = 0u64;
        for f in &mut framed.frames {
            previous = previous.wrapping_add(cursor.signed()? as u64);
            f.rows.count = previous;
        }
        for f in &mut framed.frames {
            f.rows.base = f.rows.first.wrapping_add(cursor.signed()? as u64);
        }
        for f in &mut framed.frames {
            let from = gaps[f.block as usize].wrapping_add(cursor.signed()? as u64);
            f.rows.table_from =
                u32::try_from(from).map_err(|_| unsound("a table of a frame begins nowhere"))?;
        }
        let mut frame_gaps = Vec::with_capacity(framed.frames.len());
        for _ in &framed.frames {
            frame_gaps.push(cursor.varint()?);
        }
        let mut contents = Vec::with_capacity(framed.frames.len());
        for _ in &framed.frames {
            contents.push(cursor.signed()?);
        }
        let far = || unsound("a block or frame leaves the image");
        let (mut frame, mut free) = (0, 0u64);
        for (number, &gap) in gaps.iter().enumerate() {
            let at = free.checked_add(gap).ok_or_else(far)?;
            let mut inside = at;
            let mut expected = None;
            while let Some(f) = framed.frames.get_mut(frame).filter(|f| f.block as usize == number) {
                f.at = inside.checked_add(frame_gaps[frame]).ok_or_else(far)?;
                f.content_bytes = chain(runs, tables, f.at).wrapping_add(contents[frame] as u64);
                inside = f.at.checked_add(f.content_bytes).ok_or_else(far)?;
                expected = Some(inside - at);
                frame += 1;
            }
            let expected = expected.unwrap_or_else(|| chain(runs, tables, at));
            let plain_bytes = expected.wrapping_add(cursor.signed()? as u64);
            free = at.checked_add(plain_bytes).filter(|&end| end >= inside).ok_or_else(far)?;
            framed.blocks.push(OpenBlock { at, plain_bytes });
        }
        Ok(framed)
    }
}

/// Bytes between each block and the one before.
fn gaps(blocks: &[OpenBlock]) -> Vec<u64> {
    let mut free = 0;
    let gap = |block: &OpenBlock| {
        let gap = block.at - free;
        free = block.at + block.plain_bytes;
        gap
    };
    blocks.iter().map(gap).collect()
}

/// Where the next frame may begin.
#[derive(Default)]
struct Free {
    block: Option<u32>,
    at: u64,
}

impl Free {
    fn before(&self, f: &OpenFrame, blocks: &[OpenBlock]) -> u64 {
        if self.block == Some(f.block) { self.at } else { blocks.get(f.block as usize).map_or(0, |b| b.at) }
    }

    fn after(&mut self, f: &OpenFrame) {
        (self.block, self.at) = (Some(f.block), f.at + f.content_bytes);
    }
}

/// Bytes of the runs that begin at an address and follow each other with the same rows: the fields of one item.
fn chain(runs: &[Run], tables: &[Table], at: u64) -> u64 {
    let first = runs.partition_point(|run| run.at < at);
    let mut end = at;
    let mut rows = None;
    for run in &runs[first..] {
        let these = (run.table, run.first_row, run.rows);
        if run.at != end || rows.is_some_and(|rows| rows != these) {
            break;
        }
        rows = Some(these);
        end += run.rows * run.row_bytes(tables);
    }
    end - at
}

const ENTRIES: u8 = 0;
const SAME: u8 = 1;
const ENDS: u8 = 2;
/// Added to a kind: a table follows the entries, and ends with zero.
const TABLE_ZERO: u8 = 0x10;
/// Added to a kind: a table follows the entries, and ends with where the last ends.
const TABLE_LAST: u8 = 0x40;
/// Added to a kind: items of a list lie field by field.
const BY_FIELD: u8 = 0x20;
/// Added to how a list counts: it has a header.
const WITH_HEADER: u8 = 0x10;

fn table_flag(table: Option<TableEnd>) -> u8 {
    match table {
        None => 0,
        Some(TableEnd::Zero) => TABLE_ZERO,
        Some(TableEnd::Last) => TABLE_LAST,
    }
}

fn put_shape(into: &mut Vec<u8>, shape: &Shape) {
    match shape {
        Shape::Entries { levels, fields, group, by_field, table } => {
            into.push(ENTRIES | table_flag(*table) | if *by_field { BY_FIELD } else { 0 });
            put_varint(into, levels.len() as u64);
            for level in levels {
                let count = match level.count {
                    Count::Elsewhere => 0,
                    Count::Number => 1,
                    Count::Text => 2,
                };
                into.push(count | if level.header.is_some() { WITH_HEADER } else { 0 });
                if let Some(header) = &level.header {
                    put_bytes(into, header);
                }
                put_varint(into, u64::from(level.offsets));
            }
            put_bytes(into, fields);
            put_varint(into, u64::from(*group));
        }
        Shape::Same { table } => into.push(SAME | table_flag(*table)),
        Shape::Ends { width, offsets } => {
            into.push(ENDS);
            into.push(*width);
            put_varint(into, u64::from(*offsets));
        }
    }
}

fn take_shape(cursor: &mut Cursor<'_>, tables: &[Table]) -> Result<Shape, SchemaFault> {
    let offsets = |cursor: &mut Cursor<'_>| -> Result<u32, SchemaFault> {
        let table = cursor.varint()?;
        // Tables of offsets have one column of integers; those that no frame uses any more have number 0.
        if table < tables.len().max(1) as u64 {
            Ok(table as u32)
        } else {
            Err(unsound("a frame of no table"))
        }
    };
    let kind = cursor.u8()?;
    let table = match kind & (TABLE_ZERO | TABLE_LAST) {
        0 => None,
        TABLE_ZERO => Some(TableEnd::Zero),
        TABLE_LAST => Some(TableEnd::Last),
        _ => return Err(unsound("a frame with two tables")),
    };
    let by_field = kind & BY_FIELD != 0;
    match kind & !(TABLE_ZERO | TABLE_LAST | BY_FIELD) {
        ENTRIES => {
            let count = cursor.count(2)?;
            if count > MOST_LEVELS {
                return Err(unsound("a frame of too many levels"));
            }
            let mut levels = Vec::with_capacity(count);
            for _ in 0..count {
                let how = cursor.u8()?;
                let count = match how & !WITH_HEADER {
                    0 => Count::Elsewhere,
                    1 => Count::Number,
                    2 => Count::Text,
                    _ => return Err(unsound("a frame that counts in an unknown way")),
                };
                let has_header = how & WITH_HEADER != 0;
                let header = if has_header { Some(cursor.prefixed()?.to_vec()) } else { None };
                levels.push(Level { header, count, offsets: offsets(cursor)? });
            }
            let fields = cursor.prefixed()?.to_vec();
            if fields.is_empty() || fields.len() > MOST_ITEM_BYTES || fields.contains(&0) {
                return Err(unsound("a frame without items"));
            }
            let group = cursor.varint()?;
            if group == 0 || group > u64::from(MOST_GROUP) {
                return Err(unsound("a frame of too large groups"));
            }
            Ok(Shape::Entries { levels, fields, group: group as u32, by_field, table })
        }
        SAME if !by_field => Ok(Shape::Same { table }),
        ENDS if table.is_none() && !by_field => {
            let width = cursor.u8()?;
            if !matches!(width, 4 | 8) {
                return Err(unsound("a frame of odd numbers"));
            }
            Ok(Shape::Ends { width, offsets: offsets(cursor)? })
        }
        _ => Err(unsound("an unknown shape")),
    }
}

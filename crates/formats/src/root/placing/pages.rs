//! Pages: which pages of an RNTuple are values of which column.
//!
//! In: an [`Ntuple`] and the values of its index columns. Out: frames, extents and columns of a [`Placing`].
//! Not here: where pages lie and how they are encoded (`ntuple`).
//! Holds: an index column is a frame around nothing: its numbers follow from the offsets of its collection.

use super::names;
use super::{Placing, block};
use crate::frame::{Rows, Shape};
use crate::root::ntuple::{Column, Encoding, Ntuple, Page};
use crate::{Block, Extent, Frame, Part, Place, Source};
use hepz_columns::ByteOrder;
use hepz_recompression::{self as recompression, Step};
use std::io;

/// Rows before a late column, at most: they are in no page that could be held against them.
const MOST_LATE: u64 = 1 << 26;

/// The blocks of an RNTuple: its pages, whose encodings are undone, and its envelopes.
pub(in crate::root) fn blocks(ntuple: &Ntuple, hint: u16) -> Vec<Block> {
    let mut blocks = Vec::new();
    for stored in ntuple.envelopes.iter().filter(|stored| stored.stored_bytes != stored.plain_bytes) {
        let pipeline = vec![Step::RootBlocks { hint }];
        blocks.push(block(stored.at, stored.stored_bytes, stored.plain_bytes, pipeline));
    }
    for column in &ntuple.columns {
        for page in column.pages.iter().filter(|page| !page.shared) {
            let mut pipeline = column.encoding.steps().unwrap_or_default();
            if page.stored_bytes != page.plain_bytes {
                pipeline.push(Step::RootBlocks { hint });
            }
            let mut bytes = page.stored_bytes;
            if page.has_checksum {
                pipeline.push(Step::Xxh3);
                bytes = bytes.saturating_add(8);
            }
            blocks.push(block(page.at, bytes, content_bytes(column, page), pipeline));
        }
    }
    blocks
}

/// Length of a page whose encoding is undone.
fn content_bytes(column: &Column, page: &Page) -> u64 {
    match column.encoding.scalar().filter(|_| column.encoding.steps().is_some()) {
        Some(scalar) => page.elements.saturating_mul(scalar.bytes() as u64),
        None => page.plain_bytes,
    }
}

/// Places all columns of an RNTuple.
pub(in crate::root) fn place_ntuple(
    placing: &mut Placing,
    source: &dyn Source,
    ntuple: &Ntuple,
) -> io::Result<()> {
    let entries = placing.entries(&ntuple.name, ntuple.entries);
    // By column: the collection whose items an index column counts, and the table that has the lists.
    let mut items: Vec<Option<(usize, usize)>> = vec![None; ntuple.columns.len()];
    let mut done = vec![false; ntuple.columns.len()];
    loop {
        let mut advanced = false;
        for (number, column) in ntuple.columns.iter().enumerate() {
            if done[number] || !column.encoding.is_index() {
                continue;
            }
            let rows_table = match column.parent_collection {
                None => entries,
                Some(parent) => match items.get(parent as usize).copied().flatten() {
                    Some((collection, _)) => placing.items(collection),
                    None => continue,
                },
            };
            done[number] = true;
            advanced = true;
            let collection = place_index(placing, source, ntuple, column, rows_table)?;
            items[number] = collection.map(|collection| (collection, rows_table));
        }
        if !advanced {
            break;
        }
    }
    for column in ntuple.columns.iter().filter(|column| !column.encoding.is_index()) {
        placing.left.all += 1;
        let placed = match column.parent_collection {
            None => place_values(placing, ntuple, column, entries, 1),
            Some(parent) => {
                items.get(parent as usize).copied().flatten().is_some_and(|(collection, lists)| {
                    let array = placing.array(collection).map(u64::from);
                    array.is_some_and(|array| place_values(placing, ntuple, column, lists, array))
                        || place_values(placing, ntuple, column, placing.items(collection), 1)
                })
            }
        };
        if !placed {
            placing.left.add(name(ntuple, column));
        }
    }
    Ok(())
}

/// True if the pages hold all elements of a table with `rows` rows. Rows before a late column are not missing.
fn is_whole(column: &Column, rows: u64, each: u64) -> bool {
    let mut next = column.first_element;
    let follow = column.pages.iter().all(|page| {
        let follows = page.first_element == next && page.elements > 0;
        next = page.first_element.saturating_add(page.elements);
        follows
    });
    follow && !column.conditional && each > 0 && rows.checked_mul(each) == Some(next)
}

fn name<'a>(ntuple: &'a Ntuple, column: &Column) -> &'a str {
    ntuple.fields.get(column.field as usize).map_or("", |field| &field.name)
}

fn place_index(
    placing: &mut Placing,
    source: &dyn Source,
    ntuple: &Ntuple,
    column: &Column,
    rows_table: usize,
) -> io::Result<Option<usize>> {
    let rows = placing.tables[rows_table].rows;
    if !is_whole(column, rows, 1) || column.items_per_row != 1 {
        return Ok(None);
    }
    let width: u8 = if matches!(column.encoding, Encoding::Index32 | Encoding::SplitIndex32) { 4 } else { 8 };
    // A late column has no items in the rows before it.
    if column.first_element > MOST_LATE {
        return Ok(None);
    }
    let mut counts = vec![0; column.first_element as usize];
    let (mut cluster, mut end) = (None, 0u64);
    for page in &column.pages {
        let Some(ends) = ends(source, column, page, width)? else { return Ok(None) };
        if cluster != Some(page.cluster) {
            (cluster, end) = (Some(page.cluster), 0);
        }
        for next in ends {
            let count = next.checked_sub(end).and_then(|count| u32::try_from(count).ok());
            let Some(count) = count else { return Ok(None) };
            counts.push(count);
            end = next;
        }
    }
    let top = name(ntuple, column).split('.').next_back().unwrap_or("");
    let collection = placing.collection(rows_table, counts, top);
    let offsets = placing.collections[collection].offsets as u32;
    let shape = placing.shape(Shape::Ends { width, offsets });
    let mut base = 0;
    let mut cluster = None;
    for page in &column.pages {
        if cluster != Some(page.cluster) {
            (cluster, base) = (Some(page.cluster), page.first_element);
        }
        // The column that has a shared page has the same offsets.
        let Some(block) = placing.block(page.at).filter(|_| !page.shared) else { continue };
        let rows = Rows { first: page.first_element, count: page.elements, base, table_from: 0 };
        let bytes = content_bytes(column, page);
        placing.frames.push(Frame { block, at: 0, bytes, content_bytes: 0, shape, rows });
    }
    Ok(Some(collection))
}

/// The numbers of one page of an index column.
fn ends(source: &dyn Source, column: &Column, page: &Page, width: u8) -> io::Result<Option<Vec<u64>>> {
    let sizes = (usize::try_from(page.stored_bytes), usize::try_from(page.plain_bytes));
    let (Ok(stored_bytes), Ok(plain_bytes)) = sizes else { return Ok(None) };
    let mut stored = vec![0; stored_bytes];
    source.read_at(page.at, &mut stored)?;
    let encoded = if stored_bytes == plain_bytes {
        Some(stored)
    } else {
        recompression::root::plain(&stored, plain_bytes)
    };
    let steps = column.encoding.steps().unwrap_or_default();
    let plain = encoded.and_then(|encoded| Some(recompression::open(&steps, &encoded, plain_bytes)?.plain));
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    Ok(plain.map(|plain| plain.chunks_exact(width.into()).map(number).collect()))
}

/// Places a column as `array` times its items for each row of a table; false if that cannot be.
fn place_values(
    placing: &mut Placing,
    ntuple: &Ntuple,
    column: &Column,
    rows_table: usize,
    array: u64,
) -> bool {
    // Text and streamed objects are left to the model of bytes.
    let is_text = matches!(column.encoding, Encoding::Char | Encoding::Byte);
    let (Some(scalar), false) = (column.encoding.scalar(), is_text) else { return false };
    let Some(repeat) = column.items_per_row.checked_mul(array) else { return false };
    let rows = placing.tables[rows_table].rows;
    let own = column.first_element == 0 && column.pages.iter().all(|page| !page.shared);
    let whole = own && is_whole(column, rows, repeat);
    let rows_fit =
        column.pages.iter().all(|p| p.elements % repeat.max(1) == 0 && p.first_element % repeat.max(1) == 0);
    if !whole || !rows_fit || repeat > 512 || rows == 0 {
        return false;
    }
    let places: Option<Vec<Place>> = column
        .pages
        .iter()
        .map(|page| Some(Place::Block { block: placing.block(page.at)?, at: 0 }))
        .collect();
    let Some(places) = places.filter(|_| placing.has_room(rows_table, repeat as usize)) else {
        return false;
    };
    let base = placing.names.column(name(ntuple, column));
    let columns: Vec<u32> = (0..repeat as u32)
        .map(|item| {
            let name = names::item(&base, item, repeat as u32);
            placing.column(rows_table, name, scalar, ByteOrder::Little)
        })
        .collect();
    let shape = (repeat > 1).then(|| {
        let fields = vec![scalar.bytes() as u8; repeat as usize];
        placing.shape(Shape::Entries { levels: Vec::new(), fields, group: 1, by_field: false, table: None })
    });
    for (page, place) in column.pages.iter().zip(places) {
        let (first_row, rows) = (page.first_element / repeat, page.elements / repeat);
        let bytes = rows * scalar.bytes() as u64;
        let frame = placing.frames.len() as u32;
        let place = match (shape, place) {
            (Some(shape), Place::Block { block, at }) => {
                let held = Rows { first: first_row, count: rows, base: first_row, table_from: 0 };
                let all = bytes * repeat;
                placing.frames.push(Frame { block, at, bytes: all, content_bytes: all, shape, rows: held });
                Place::Frame { frame, at: 0 }
            }
            (_, place) => place,
        };
        for (item, &column) in columns.iter().enumerate() {
            let (place, table) = (place.after(item as u64 * bytes), rows_table as u32);
            placing.extents.push(Extent { place, table, part: Part::Column(column), first_row, rows });
        }
    }
    true
}

//! Placing: the layout of a ROOT file, put together from what its trees and RNTuples say.
//!
//! In: blocks (payloads and pages), branches with their counts. Out: a [`Layout`].
//! Not here: reading trees (`tree`), RNTuples (`ntuple`).
//! Holds: lists with the same numbers of items in the same rows are one table, whatever they are called; its offsets
//! stand right before it. Names of tables say what belongs to what (`names`).

mod branches;
mod names;
mod pages;

use crate::frame::Shape;
use crate::{Block, Extent, Frame, Layout, Part, Place};
use hepz_columns::{ByteOrder, Column, RowOrder, Scalar, Table};
use hepz_recompression::Pipeline;
use names::{Left, Names};
use std::collections::BTreeMap;

pub(super) use branches::place_tree;
pub(super) use pages::{blocks as ntuple_blocks, place_ntuple};

/// More columns than this make plans that cost more than they save.
const MOST_COLUMNS: usize = 1 << 20;

/// Lists of one length up to this are arrays, with a column for each item.
const LONGEST_ARRAY: u32 = 64;

/// Lists of one table's rows, and the table of their items.
struct Collection {
    /// Items of each list.
    counts: Vec<u32>,
    /// Number in `tables` of the offsets; that of the items follows.
    offsets: usize,
    /// The number of items of every list, if it is the same.
    each: Option<u32>,
}

/// A layout in the making.
#[derive(Default)]
pub(super) struct Placing {
    blocks: Vec<Block>,
    tables: Vec<Table>,
    names: Names,
    /// Branches without columns, of all trees.
    left: Left,
    collections: Vec<Collection>,
    /// By parent, hash of the counts: candidates among the collections.
    by_counts: BTreeMap<(usize, u64), Vec<usize>>,
    shapes: Vec<Shape>,
    by_shape: BTreeMap<Shape, u32>,
    frames: Vec<Frame>,
    structure: Vec<u8>,
    extents: Vec<Extent>,
    pub(super) notes: Vec<String>,
    columns: usize,
}

impl Placing {
    /// A placing over these blocks, in any order; of blocks that overlap the first stays.
    pub(super) fn new(mut blocks: Vec<Block>) -> Placing {
        blocks.sort_by_key(|block| block.at);
        let mut free = 0;
        blocks.retain(|block| {
            let fits = block.bytes > 0 && block.at >= free;
            free = if fits { block.at.saturating_add(block.bytes) } else { free };
            fits
        });
        Placing { blocks, ..Placing::default() }
    }

    /// The block that begins at a place of the file.
    fn block(&self, at: u64) -> Option<u32> {
        self.blocks.binary_search_by_key(&at, |block| block.at).ok().map(|block| block as u32)
    }

    /// A new table of the entries of a tree or RNTuple.
    fn entries(&mut self, path: &str, rows: u64) -> usize {
        let name = self.names.tree(path);
        self.table(name, rows)
    }

    /// A new table.
    fn table(&mut self, name: String, rows: u64) -> usize {
        self.tables.push(Table {
            name,
            rows,
            inner: Vec::new(),
            row_order: RowOrder::Logical,
            row_bytes: 0,
            columns: Vec::new(),
        });
        self.tables.len() - 1
    }

    /// The collection of rows of `parent` with these counts; one called `name` (of that parent) if there is none yet.
    fn collection(&mut self, parent: usize, counts: Vec<u32>, name: &str) -> usize {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        counts.hash(&mut hasher);
        let key = (parent, hasher.finish());
        let known = self.by_counts.get(&key).into_iter().flatten();
        if let Some(&same) = known.clone().find(|&&c| self.collections[c].counts == counts) {
            return same;
        }
        let items: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        let rows = counts.len() as u64 + 1;
        let parent = self.tables.get(parent).map_or("", |table| &table.name);
        let name = self.names.collection(parent, name);
        let offsets = self.table(names::offsets(&name), rows);
        self.table(name, items);
        let width = if u32::try_from(items).is_ok() { 4 } else { 8 };
        let scalar = if width == 4 { Scalar::U32 } else { Scalar::U64 };
        self.column(offsets, "offsets".into(), scalar, ByteOrder::Little);
        let place = Place::Structure(self.structure.len() as u64);
        let mut offset = 0u64;
        self.structure.extend_from_slice(&offset.to_le_bytes()[..width]);
        for &count in &counts {
            offset += u64::from(count);
            self.structure.extend_from_slice(&offset.to_le_bytes()[..width]);
        }
        self.extents.push(Extent { place, table: offsets as u32, part: Part::Records, first_row: 0, rows });
        let each = counts.first().copied().filter(|first| counts.iter().all(|count| count == first));
        self.collections.push(Collection { counts, offsets, each });
        let number = self.collections.len() - 1;
        self.by_counts.entry(key).or_default().push(number);
        number
    }

    /// Items of each list where lists are short arrays: they are columns of the table that has the lists.
    fn array(&self, collection: usize) -> Option<u32> {
        self.collections[collection].each.filter(|each| (2..=LONGEST_ARRAY).contains(each))
    }

    /// The table of the items of a collection.
    fn items(&self, collection: usize) -> usize {
        self.collections[collection].offsets + 1
    }

    /// A new column at the end of a table's record; its number.
    fn column(&mut self, table: usize, name: String, scalar: Scalar, order: ByteOrder) -> u32 {
        let table = &mut self.tables[table];
        let offset = table.row_bytes;
        table.columns.push(Column { name, unit: String::new(), scalar, order, offset });
        table.row_bytes += scalar.bytes() as u32;
        self.columns += 1;
        table.columns.len() as u32 - 1
    }

    /// True if a table has room for so many columns more.
    fn has_room(&self, table: usize, columns: usize) -> bool {
        self.columns + columns <= MOST_COLUMNS
            && self.tables[table].row_bytes as usize + 8 * columns < 1 << 28
    }

    fn shape(&mut self, shape: Shape) -> u32 {
        let next = self.shapes.len() as u32;
        *self.by_shape.entry(shape).or_insert_with_key(|shape| {
            self.shapes.push(shape.clone());
            next
        })
    }

    /// The layout; empty tables and those without columns are left out by whoever opens it.
    pub(super) fn finish(mut self) -> Layout {
        self.notes.extend(self.left.note());
        let mut layout = Layout {
            format: "root",
            tables: self.tables,
            blocks: self.blocks,
            shapes: self.shapes,
            frames: self.frames,
            structure: self.structure,
            extents: self.extents,
            notes: self.notes,
            ..Layout::default()
        };
        // Frames are numbered by place; extents follow.
        let mut order: Vec<u32> = (0..layout.frames.len() as u32).collect();
        order.sort_by_key(|&f| (layout.frames[f as usize].block, layout.frames[f as usize].at));
        let mut number = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            number[old as usize] = new as u32;
        }
        layout.frames = order.iter().map(|&old| layout.frames[old as usize]).collect();
        for extent in &mut layout.extents {
            if let Place::Frame { frame, at } = extent.place {
                extent.place = Place::Frame { frame: number[frame as usize], at };
            }
        }
        layout
    }
}

/// A block with its pipeline; one that is stored as it is has none.
pub(super) fn block(at: u64, bytes: u64, plain_bytes: u64, pipeline: Pipeline) -> Block {
    Block { at, bytes, plain_bytes, pipeline }
}

//! Schema of an RNTuple: its fields and columns, and which collection the rows of a column are items of.
//!
//! In: the schema descriptions of header and footer. Out: [`Field`]s and [`Column`]s without pages.
//! Not here: where the pages lie (`pages`).
//! Holds: a field's parent comes before it, so there are no circles; every column names a field that exists; names
//! together are bounded.
//! Source: RNTuple Binary Format Specification 1.0.0.1, "Header Envelope", "Schema Extension Record Frame".

use super::bytes::{Fault, Fields};
use super::encoding::Encoding;
use super::pages::Page;

/// Longest path of a field; a bound for fields in fields in fields.
const MOST_PATH_BYTES: usize = 4096;

/// Bytes of all paths together: a million fields of ordinary depth.
const MOST_BYTES_OF_PATHS: usize = 1 << 26;

/// What a field is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A value, or (with a repeat) a fixed array.
    Leaf,
    /// A collection; its items are the rows of its children.
    Collection,
    /// A record of its children.
    Record,
    /// One of its children at a time.
    Variant,
    /// Bytes that ROOT's streamer wrote.
    Streamer,
    /// A role that this reader does not know.
    Unknown(u16),
}

/// One field of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Dotted path from the top, such as `jets._0.pt`.
    pub name: String,
    /// Type as the writer names it; empty for untyped collections and records.
    pub type_name: String,
    /// Field that this one is a part of; `None` at the top.
    pub parent: Option<u32>,
    /// What it is made of.
    pub role: Role,
    /// Items of a fixed array or bitset per row of the parent; 1 if it is none.
    pub repeat: u64,
    /// The field that this one only presents in another way; such a field has no columns of its own.
    pub projected_from: Option<u32>,
}

/// One physical column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The field that it belongs to.
    pub field: u32,
    /// How its elements are stored.
    pub encoding: Encoding,
    /// Bits of one stored element.
    pub bits: u32,
    /// A field may have several representations, one of which has pages in any one cluster; 0 if there is only one.
    pub representation: u16,
    /// Its pages, by rising element; none if the column is suppressed everywhere, or damaged (then there is a note).
    pub pages: Vec<Page>,
    /// A column that was added late has no pages for the elements before this one, which are zero. Like everything
    /// in pages it counts from the first element of the first cluster.
    pub first_element: u64,
    /// The index column whose items this column's rows are: that of the nearest enclosing collection (of its
    /// representation 0), or for the characters of a text and bytes of a streamed object the index column beside
    /// it. `None`: entries.
    pub parent_collection: Option<u32>,
    /// Elements per row of `parent_collection`, or per entry: more than 1 for fixed arrays and bitsets.
    pub items_per_row: u64,
    /// True if not every row has elements, because a variant (or a collection whose index is not known) stands
    /// between: the two numbers above are then no count of the elements.
    pub conditional: bool,
}

/// Fields and columns, in the order in which they are referred to.
#[derive(Default)]
pub(super) struct Schema {
    pub(super) fields: Vec<Field>,
    pub(super) columns: Vec<Column>,
    bytes_of_paths: usize,
}

/// How many elements a column has for each row of which collection.
#[derive(Clone, Copy)]
struct Rows {
    collection: Option<u32>,
    items: u64,
    conditional: bool,
}

impl Schema {
    /// Adds the fields and columns of a schema description: the end of a header, or the extension in a footer.
    /// Alias columns have no pages and are passed over, as are type informations.
    pub(super) fn extend(&mut self, description: &mut Fields<'_>) -> Result<(), Fault> {
        let (items, mut fields) = description.list()?;
        for _ in 0..items {
            self.add_field(fields.record()?)?;
        }
        let (items, mut columns) = description.list()?;
        for _ in 0..items {
            self.add_column(columns.record()?)?;
        }
        Ok(())
    }

    fn add_field(&mut self, mut record: Fields<'_>) -> Result<(), Fault> {
        const REPEATS: u16 = 1;
        const PROJECTED: u16 = 2;
        let _field_and_type_version = record.u64()?;
        let id = u32::try_from(self.fields.len()).map_err(|_| Fault::Odd("too many fields"))?;
        let parent_id = record.u32()?;
        let role = match record.u16()? {
            0 => Role::Leaf,
            1 => Role::Collection,
            2 => Role::Record,
            3 => Role::Variant,
            4 => Role::Streamer,
            other => Role::Unknown(other),
        };
        let flags = record.u16()?;
        let own_name = record.text()?;
        let type_name = record.text()?;
        let _alias_and_description = (record.text()?, record.text()?);
        let repeat = if flags & REPEATS != 0 { record.u64()? } else { 1 };
        let projected_from = if flags & PROJECTED != 0 { Some(record.u32()?) } else { None };

        let parent = Some(parent_id).filter(|&parent| parent != id);
        let name = match parent {
            None => own_name,
            Some(parent) => {
                let above = self.fields.get(parent as usize);
                let above = above.ok_or(Fault::Odd("a field comes before the one that it is a part of"))?;
                format!("{}.{own_name}", above.name)
            }
        };
        self.bytes_of_paths = self.bytes_of_paths.saturating_add(name.len());
        if name.len() > MOST_PATH_BYTES || self.bytes_of_paths > MOST_BYTES_OF_PATHS {
            return Err(Fault::Odd("the names of the fields are too long"));
        }
        self.fields.push(Field { name, type_name, parent, role, repeat, projected_from });
        Ok(())
    }

    fn add_column(&mut self, mut record: Fields<'_>) -> Result<(), Fault> {
        const DEFERRED: u16 = 1;
        const HAS_RANGE: u16 = 2;
        let kind = record.u16()?;
        let bits = record.u16()?;
        let field = record.u32()?;
        let flags = record.u16()?;
        let representation = record.u16()?;
        // Negative: deferred and suppressed in the cluster where it begins.
        let first_element = if flags & DEFERRED != 0 { record.i64()?.unsigned_abs() } else { 0 };
        let range = if flags & HAS_RANGE != 0 {
            Some((f64::from_bits(record.u64()?), f64::from_bits(record.u64()?)))
        } else {
            None
        };
        if field as usize >= self.fields.len() {
            return Err(Fault::Odd("a column belongs to no field"));
        }
        self.columns.push(Column {
            field,
            encoding: Encoding::new(kind, bits, range),
            bits: bits.into(),
            representation,
            pages: Vec::new(),
            first_element,
            parent_collection: None,
            items_per_row: 1,
            conditional: false,
        });
        Ok(())
    }

    /// Finds for every column what its rows are. To be called when all fields and columns are there.
    pub(super) fn find_rows(&mut self) {
        let index_of_field = self.index_of_field();
        // What the rows of a field are, and what those of its children; parents come first.
        let mut own: Vec<Rows> = Vec::with_capacity(self.fields.len());
        let mut of_children: Vec<Rows> = Vec::with_capacity(self.fields.len());
        let top = Rows { collection: None, items: 1, conditional: false };
        for (field, index) in self.fields.iter().zip(&index_of_field) {
            let above = field.parent.and_then(|parent| of_children.get(parent as usize)).unwrap_or(&top);
            let here = Rows { items: above.items.saturating_mul(field.repeat), ..*above };
            own.push(here);
            of_children.push(match field.role {
                Role::Collection => Rows { collection: *index, items: 1, conditional: index.is_none() },
                Role::Leaf | Role::Record | Role::Streamer => here,
                Role::Variant | Role::Unknown(_) => Rows { conditional: true, ..here },
            });
        }
        // The first column of a field and representation; those that follow are items of it if it is an index.
        let mut first: Option<(u32, u16, Option<u32>)> = None;
        for (id, column) in (0u32..).zip(&mut self.columns) {
            let beside = match first {
                Some((field, representation, index))
                    if (field, representation) == (column.field, column.representation) =>
                {
                    index
                }
                _ => {
                    first = Some((
                        column.field,
                        column.representation,
                        Some(id).filter(|_| column.encoding.is_index()),
                    ));
                    None
                }
            };
            let rows = match (beside, own.get(column.field as usize)) {
                (Some(_), _) => Rows { collection: beside, items: 1, conditional: false },
                (None, rows) => *rows.unwrap_or(&top),
            };
            column.parent_collection = rows.collection;
            column.items_per_row = rows.items;
            column.conditional = rows.conditional;
        }
    }

    /// For every field, the first of its columns that is an index.
    fn index_of_field(&self) -> Vec<Option<u32>> {
        let mut index_of_field = vec![None; self.fields.len()];
        for (id, column) in (0u32..).zip(&self.columns).filter(|(_, column)| column.encoding.is_index()) {
            if let Some(index) = index_of_field.get_mut(column.field as usize) {
                index.get_or_insert(id);
            }
        }
        index_of_field
    }
}

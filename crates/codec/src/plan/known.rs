//! Known: the columns of one chunk as far as they are coded, and how their rows belong together.
//!
//! In: tables, links, columns in coding order. Out: their values, buckets, owners of rows, rows that an index names.
//! Not here: coding a column (`coding`), finding links (`links`).
//! Holds: what is derived is derived once; whatever offsets and indices say, every row has some owner or none.

use super::buckets::Buckets;
use super::input::{Input, Link, RowMap};
use super::{ColumnId, Engine, PlanError, Slice};
use hepz_columns::{Scalar, Table, Values};
use hepz_precision::Reducer;
use hepz_transforms::order::ordered;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The columns of one chunk as far as they are known.
pub struct Known<'a> {
    tables: &'a [Table],
    links: &'a [Option<Link>],
    rows: &'a [usize],
    /// `[table][column]`.
    columns: Vec<Vec<KnownColumn>>,
    owners: Vec<OnceLock<Owners>>,
    /// Paths are walked by [`hepz_models::deep::walk`].
    pub deep: bool,
    /// What a base archive says about every value.
    pub base: Option<&'a Base<'a>>,
}

/// The values of a base archive, and which originals each of them may stand for.
pub struct Base<'a> {
    /// All columns of the chunk.
    pub slice: &'a Slice,
    /// The columns that were reduced; the others are what they were.
    pub reducers: &'a BTreeMap<ColumnId, Reducer>,
}

#[derive(Default)]
struct KnownColumn {
    values: OnceLock<Values>,
    buckets: OnceLock<Buckets>,
    /// The rows that the column names in one table, if it is an index column.
    named: OnceLock<(u32, Vec<u32>)>,
}

/// For each row of a linked table the row that owns it and its place among the rows of that owner.
pub struct Owners {
    /// The owner of each row.
    pub of_row: Vec<u32>,
    /// The place of each row among those of its owner.
    pub place: Vec<u16>,
}

impl<'a> Known<'a> {
    /// Nothing known yet of a chunk with `rows[table]` rows.
    pub fn new(tables: &'a [Table], links: &'a [Option<Link>], rows: &'a [usize]) -> Known<'a> {
        Known {
            tables,
            links,
            rows,
            columns: tables
                .iter()
                .map(|t| t.columns.iter().map(|_| KnownColumn::default()).collect())
                .collect(),
            owners: tables.iter().map(|_| OnceLock::new()).collect(),
            deep: false,
            base: None,
        }
    }

    /// The same over a base: columns that were not reduced are known.
    pub fn over(self, base: &'a Base<'a>) -> Known<'a> {
        for (table, columns) in base.slice.columns.iter().enumerate().take(self.columns.len()) {
            for (column, values) in columns.iter().enumerate().take(self.columns[table].len()) {
                let id = ColumnId { table: table as u32, column: column as u32 };
                if let Some(values) = values
                    && !base.reducers.contains_key(&id)
                {
                    self.set(id, values.clone());
                }
            }
        }
        Known { base: Some(base), ..self }
    }

    /// The values that the base has of a reduced column, and how it was reduced.
    pub fn reduced(&self, id: ColumnId) -> Option<(&'a Values, &'a Reducer)> {
        let base = self.base?;
        let reducer = base.reducers.get(&id)?;
        let values = base.slice.columns.get(id.table as usize)?.get(id.column as usize)?.as_ref()?;
        (values.len() == self.rows_of(id.table)).then_some((values, reducer))
    }

    /// The same, walked as the engine says.
    pub fn under(self, engine: Engine) -> Known<'a> {
        Known { deep: engine == Engine::Deep, ..self }
    }

    /// Adds a column.
    pub fn set(&self, id: ColumnId, values: Values) {
        let _ = self.columns[id.table as usize][id.column as usize].values.set(values);
    }

    /// A column, if known.
    pub fn get(&self, id: ColumnId) -> Option<&Values> {
        self.columns[id.table as usize][id.column as usize].values.get()
    }

    /// Takes all columns out.
    pub fn into_values(self) -> Vec<Vec<Option<Values>>> {
        self.columns.into_iter().map(|t| t.into_iter().map(|c| c.values.into_inner()).collect()).collect()
    }

    /// Type of a column's values.
    pub fn scalar(&self, id: ColumnId) -> Scalar {
        self.tables[id.table as usize].columns[id.column as usize].scalar
    }

    /// A column that has to be known.
    pub fn values(&self, id: ColumnId) -> Result<&Values, PlanError> {
        let missing = PlanError::Corrupt("a column needs one that is not known");
        self.get(id).filter(|values| values.len() == self.rows[id.table as usize]).ok_or(missing)
    }

    /// The column that an input reads, or its values in the base.
    pub fn input_values(&self, input: &Input) -> Result<&Values, PlanError> {
        if input.map != RowMap::Base {
            return self.values(input.id);
        }
        let of_base = self.base.and_then(|base| {
            base.slice.columns.get(input.id.table as usize)?.get(input.id.column as usize)?.as_ref()
        });
        let missing = PlanError::Corrupt("a column needs a base that is not there");
        of_base.filter(|values| values.len() == self.rows[input.id.table as usize]).ok_or(missing)
    }

    /// The buckets of a column.
    pub fn buckets(&self, id: ColumnId) -> Result<&Buckets, PlanError> {
        let values = self.values(id)?;
        Ok(self.columns[id.table as usize][id.column as usize]
            .buckets
            .get_or_init(|| Buckets::of_values(values)))
    }

    /// Number of rows of a table.
    pub fn rows_of(&self, table: u32) -> usize {
        self.rows[table as usize]
    }

    /// For each row of a linked table its place among the rows of its owner.
    pub fn places(&self, table: u32) -> Option<&[u16]> {
        Some(&self.owners(table).ok()??.place)
    }

    /// For each row of a linked table the row that owns it.
    pub fn owner_of_rows(&self, table: u32) -> Option<&[u32]> {
        Some(&self.owners(table).ok()??.of_row)
    }

    pub fn owners(&self, table: u32) -> Result<Option<&Owners>, PlanError> {
        let rows = self.rows[table as usize];
        let Some(link) = self.links[table as usize] else { return Ok(None) };
        let parent_rows = match link {
            Link::Every { parent, .. } | Link::Offsets { parent, .. } => self.rows[parent as usize],
        };
        if parent_rows == 0 {
            return Ok(None);
        }
        let offsets = match link {
            Link::Every { .. } => None,
            Link::Offsets { offsets, .. } => Some(self.values(offsets)?),
        };
        Ok(Some(self.owners[table as usize].get_or_init(|| match (link, offsets) {
            (Link::Offsets { .. }, Some(offsets)) => Owners::by_offsets(&offsets.to_raw(), rows, parent_rows),
            (Link::Every { rows: every, .. }, _) => Owners::by_count(every, rows, parent_rows),
            (Link::Offsets { .. }, None) => Owners::by_count(1, rows, parent_rows),
        })))
    }

    /// Row numbers of `input` as seen from each row of `table`, [`NO_ROW`] for none; `None` if they are the same.
    pub fn row_map(&self, input: &Input, table: u32) -> Result<Option<Cow<'_, [u32]>>, PlanError> {
        match input.map {
            RowMap::Same | RowMap::Base => Ok(None),
            RowMap::Parent => match self.owners(table)? {
                Some(owners) => Ok(Some(Cow::Borrowed(&owners.of_row))),
                None => Ok(Some(Cow::Owned(vec![NO_ROW; self.rows_of(table)]))),
            },
            RowMap::Named(index) => Ok(Some(self.named_rows(table, index, input.id.table)?)),
            RowMap::Above(above) => Ok(Some(Cow::Owned(rows_above(self.rows_of(table), above)))),
            RowMap::Below(below) => Ok(Some(Cow::Owned(rows_below(self.rows_of(table), below)))),
        }
    }

    /// The rows of `target` that the column `index` of `table` names, counted from the first row of the same owner.
    pub fn named_rows(&self, table: u32, index: u32, target: u32) -> Result<Cow<'_, [u32]>, PlanError> {
        let named = &self.columns[table as usize][index as usize].named;
        if named.get().is_none() {
            let rows = self.find_named_rows(table, index, target)?;
            let _ = named.set((target, rows));
        }
        match named.get() {
            Some((known, rows)) if *known == target => Ok(Cow::Borrowed(rows)),
            _ => Ok(Cow::Owned(self.find_named_rows(table, index, target)?)),
        }
    }

    /// The same, without keeping them.
    pub fn find_named_rows(&self, table: u32, index: u32, target: u32) -> Result<Vec<u32>, PlanError> {
        let index = self.values(ColumnId { table, column: index })?;
        let (Some(from), Some(to)) = (self.owners(table)?, self.owners(target)?) else {
            return Ok(vec![NO_ROW; self.rows_of(table)]);
        };
        // First row and number of rows of each owner in the target.
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for (row, &owner) in to.of_row.iter().enumerate() {
            if ranges.len() <= owner as usize {
                ranges.resize(owner as usize + 1, (row as u32, 0));
            }
            let range = &mut ranges[owner as usize];
            if range.1 == 0 {
                range.0 = row as u32;
            }
            range.1 += 1;
        }
        let scalar = index.scalar();
        let negative = ordered(0, scalar);
        Ok((0..index.len())
            .map(|row| {
                let number = ordered(index.raw(row), scalar).checked_sub(negative);
                let range = ranges.get(from.of_row[row] as usize);
                match (number, range) {
                    (Some(number), Some(&(first, n))) if number < u64::from(n) => first + number as u32,
                    _ => NO_ROW,
                }
            })
            .collect())
    }
}

/// Stands for a row that does not exist.
pub const NO_ROW: u32 = u32::MAX;

impl Owners {
    fn by_count(every: u64, rows: usize, parent_rows: usize) -> Owners {
        let last = parent_rows as u64 - 1;
        Owners {
            of_row: (0..rows as u64).map(|row| (row / every).min(last) as u32).collect(),
            place: (0..rows as u64).map(|row| (row % every).min(65_535) as u16).collect(),
        }
    }

    /// Row 0 of the chunk is where the first offset points; whatever the offsets say, each row gets some owner.
    fn by_offsets(offsets: &[u64], rows: usize, parent_rows: usize) -> Owners {
        let mut owners = Owners { of_row: Vec::with_capacity(rows), place: Vec::with_capacity(rows) };
        let base = offsets.first().copied().unwrap_or(0);
        let (mut owner, mut place) = (0usize, 0u16);
        for row in 0..rows as u64 {
            while owner + 1 < parent_rows
                && offsets.get(owner + 1).is_some_and(|&end| end.wrapping_sub(base) <= row)
            {
                owner += 1;
                place = 0;
            }
            owners.of_row.push(owner as u32);
            owners.place.push(place);
            place = place.saturating_add(1);
        }
        owners
    }
}

/// For each row the one so many rows before.
pub fn rows_above(rows: usize, above: u32) -> Vec<u32> {
    (0..rows as u32).map(|row| row.checked_sub(above).unwrap_or(NO_ROW)).collect()
}

/// For each row the one so many rows behind.
pub fn rows_below(rows: usize, below: u32) -> Vec<u32> {
    let rows = rows as u32;
    (0..rows).map(|row| row.checked_add(below).filter(|&row| row < rows).unwrap_or(NO_ROW)).collect()
}

//! Datasets: from the messages of an object to a table and the places of its rows.
//!
//! In: messages. Out: [`TableParts`], or why there is no table.
//! Not here: the walk over groups (`mod`), each message's own fields (`message`, `datatype`).
//! Holds: a table that is returned covers its records; columns have names of their own.

use super::access::{Fault, File};
use super::attribute;
use super::chunks::{self, Chunk};
use super::datatype::{self, MOST_COLUMNS, Shape as Made, Type};
use super::message::{self, Filter, Shape, Storing};
use super::object::{self, Message, kind};
use super::placing;
use crate::{Block, Extent};
use hepz_columns::Table;
use std::collections::BTreeSet;

/// Datasets smaller than this stay skeleton: naming them would cost more.
const LEAST_BYTES: u64 = 64;

/// Text or opaque elements longer than this are not records of numbers.
const LONGEST_TEXT: u32 = 64;

/// Elements of an array that is itself a dataset's element up to which they become columns; more become rows.
const MOST_ARRAY_COLUMNS: u32 = 64;

/// A table; its blocks and extents are numbered as if it were the only one.
pub(super) struct TableParts {
    pub table: Table,
    pub blocks: Vec<Block>,
    pub extents: Vec<Extent>,
}

/// What an object is to us.
pub(super) enum Outcome {
    Table(Box<TableParts>),
    /// A dataset that is left out and that nobody will miss: empty or tiny.
    Passed,
    /// A dataset that is left out, and why.
    Skeleton(String),
    NoDataset,
}

/// Reads the object with these messages.
pub(super) fn read(file: &File<'_>, path: &str, messages: &[Message]) -> Result<Outcome, Fault> {
    let Some(storing) = object::first(file, messages, kind::DATA_LAYOUT)? else {
        return Ok(Outcome::NoDataset);
    };
    let (Some(space), Some(datatype)) =
        (object::first(file, messages, kind::DATASPACE)?, object::first(file, messages, kind::DATATYPE)?)
    else {
        return Ok(Outcome::Skeleton("it has no shape or no type".into()));
    };
    let Some(shape) = message::shape(file, &space.data)? else { return Ok(Outcome::Passed) };
    let of = datatype::read(&mut file.fields(&datatype.data))?;
    let elements = shape.elements()?;
    let bytes = elements.checked_mul(of.bytes.into()).ok_or(Fault::Odd("a shape is too large"))?;
    if bytes < LEAST_BYTES {
        return Ok(Outcome::Passed);
    }
    if messages.iter().any(|message| message.kind == kind::EXTERNAL_FILES) {
        return Ok(Outcome::Skeleton("its data are in another file".into()));
    }
    match of.shape {
        Made::Elsewhere => {
            return Ok(Outcome::Skeleton("its values are references or of variable length".into()));
        }
        Made::Bytes if of.bytes > LONGEST_TEXT => {
            return Ok(Outcome::Skeleton(format!("its elements are texts of {} bytes", of.bytes)));
        }
        _ => {}
    }
    let filters = match object::first(file, messages, kind::FILTERS)? {
        Some(message) => message::filters(file, &message.data)?,
        None => Vec::new(),
    };
    if let Some(filter) = filters.iter().find(|filter| !is_known(filter)) {
        let name = if filter.name.is_empty() { format!("number {}", filter.id) } else { filter.name.clone() };
        return Ok(Outcome::Skeleton(format!("its filter {name} is not known here")));
    }
    let dataset = Dataset { of, shape, storing: message::storing(file, &storing)?, filters };
    let mut outcome = dataset.place(file, path)?;
    if let Outcome::Table(parts) = &mut outcome
        && let [column] = &mut parts.table.columns[..]
    {
        column.unit = attribute::unit(file, messages)?;
    }
    Ok(outcome)
}

fn is_known(filter: &Filter) -> bool {
    matches!((filter.id, filter.parameters.len()), (1 | 3, _) | (2, 1..))
}

/// A dataset of plain records.
struct Dataset {
    of: Type,
    shape: Shape,
    storing: Storing,
    filters: Vec<Filter>,
}

impl Dataset {
    fn place(mut self, file: &File<'_>, path: &str) -> Result<Outcome, Fault> {
        let rows = self.shape.elements()?;
        let bytes = rows.checked_mul(self.of.bytes.into()).ok_or(Fault::Odd("a shape is too large"))?;
        let mut stored = Vec::new();
        match &self.storing {
            Storing::Absent => return Ok(Outcome::Passed),
            Storing::Run { bytes: Some(stored), .. } if *stored < bytes => {
                return Err(Fault::Odd("fewer bytes are stored than its shape needs"));
            }
            Storing::Run { .. } if !self.filters.is_empty() => {
                return Err(Fault::Odd("it is filtered without being in chunks"));
            }
            Storing::Run { .. } => {}
            Storing::Chunks(how) => {
                if how.element_bytes != u64::from(self.of.bytes) {
                    return Err(Fault::Odd("chunks do not fit their dataset"));
                }
                stored = chunks::stored(file, how, &self.shape, !self.filters.is_empty())?;
                if stored.is_empty() {
                    return Ok(Outcome::Passed);
                }
            }
        }
        self.unfold_long_arrays(&mut stored);
        let placed = match &self.storing {
            Storing::Chunks(how) => placing::chunks(file, &self.shape.now, how, &self.filters, &stored)?,
            Storing::Run { address, .. } => {
                placing::run(file.place(*address, bytes)?, &self.shape.now, self.shape.elements()?)
            }
            Storing::Absent => return Ok(Outcome::Passed),
        };
        let row_order = placed.row_order();
        let mut table = Table {
            name: path.into(),
            rows: placed.rows,
            inner: placed.inner,
            row_order,
            row_bytes: self.of.bytes,
            columns: self.of.columns(path.rsplit('/').next().unwrap_or(path))?,
        };
        cover(&mut table)?;
        Ok(Outcome::Table(Box::new(TableParts { table, blocks: placed.blocks, extents: placed.extents })))
    }

    /// Makes an element that is one long array, such as a waveform, an inner dimension: its values are one column.
    fn unfold_long_arrays(&mut self, stored: &mut [Chunk]) {
        while let Made::Array { element, count } = &self.of.shape {
            if *count <= MOST_ARRAY_COLUMNS {
                return;
            }
            let (element, count) = (Type::clone(element), u64::from(*count));
            self.shape.now.push(count);
            self.shape.most.push(Some(count));
            if let Storing::Chunks(how) = &mut self.storing {
                how.chunk.push(count);
                how.element_bytes = element.bytes.into();
            }
            for chunk in &mut *stored {
                chunk.grid.push(0);
            }
            self.of = element;
        }
    }
}

/// Makes the columns cover the record, each under a name of its own.
fn cover(table: &mut Table) -> Result<(), Fault> {
    let covered = table.columns.iter().map(|column| column.scalar.bytes() as u64).sum::<u64>();
    let gaps = u64::from(table.row_bytes).saturating_sub(covered);
    if gaps + table.columns.len() as u64 > MOST_COLUMNS as u64 {
        return Err(Fault::Odd("a record has too many columns"));
    }
    table.cover_gaps();
    table.validate().map_err(|_| Fault::Odd("members of a record overlap"))?;
    let mut names = BTreeSet::new();
    for column in &mut table.columns {
        let (first, mut copy) = (column.name.clone(), 2);
        while !names.insert(column.name.clone()) {
            column.name = format!("{first}#{copy}");
            copy += 1;
        }
    }
    Ok(())
}

//! Raw binary records, described by a schema that the user gives.
//!
//! In: a [`Schema`] such as `pt:f4,eta:f4,hits:u2[3],_:u1[2]` and a file. Out: its [`Layout`].
//! Not here: formats that describe themselves (`hdf5`, `numpy`).
//! Holds: an error names the column and what is allowed; a rest shorter than a record stays in the skeleton.

use crate::{Extent, Layout, Part, Place, Source};
use hepz_columns::{ByteOrder, Column, RowOrder, Scalar, Table};
use std::collections::BTreeSet;
use std::str::FromStr;

/// Columns of a record, elements of arrays counted one by one.
const MOST_COLUMNS: usize = 4_096;

/// What one record looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    row_bytes: u32,
    columns: Vec<Column>,
}

/// In what order the values of a file lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// Record after record.
    Rows,
    /// Column after column, each as long as there are records; elements of arrays are columns of their own.
    Columns,
}

/// Why a text is no schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaTextError {
    /// There are no columns.
    #[error("the schema names no columns; write name:type, separated by commas, as in pt:f4,eta:f4,n:i4")]
    Empty,
    /// A column has no name or no type.
    #[error("column {position} of the schema is `{found}`; write name:type, as in pt:f4 or hits:u2[3]")]
    NotAColumn {
        /// Position in the schema, from 1.
        position: usize,
        /// What is there.
        found: String,
    },
    /// Two columns have the same name.
    #[error("two columns of the schema are named `{name}`; only _ (padding) may come twice")]
    NameTwice {
        /// The name.
        name: String,
    },
    /// The type of a column is not known.
    #[error(
        "column `{name}` has the type `{found}`; known are {} with < (little-endian, as without) or > (big-endian) \
         in front",
        known_types()
    )]
    UnknownType {
        /// The column.
        name: String,
        /// The type it was given.
        found: String,
    },
    /// The number of elements of a column is not one.
    #[error("column `{name}` has `[{found}]` elements; write a number from 1 to {MOST_COLUMNS}")]
    Elements {
        /// The column.
        name: String,
        /// What is there.
        found: String,
    },
    /// The record has too many columns.
    #[error(
        "the record has more than {MOST_COLUMNS} columns at column `{name}`, elements of arrays counted one by one"
    )]
    TooManyColumns {
        /// The column.
        name: String,
    },
}

fn known_types() -> String {
    Scalar::ALL.map(Scalar::name).join(" ")
}

impl FromStr for Schema {
    type Err = SchemaTextError;

    fn from_str(text: &str) -> Result<Schema, SchemaTextError> {
        if text.trim().is_empty() {
            return Err(SchemaTextError::Empty);
        }
        let mut columns = Vec::new();
        let mut names = BTreeSet::new();
        let (mut offset, mut n_columns) = (0u32, 0usize);
        for (position, entry) in text.split(',').enumerate() {
            let parts = entry.rsplit_once(':').map(|(name, of)| (name.trim(), of.trim()));
            let Some((name, of)) = parts.filter(|(name, of)| !name.is_empty() && !of.is_empty()) else {
                return Err(SchemaTextError::NotAColumn { position: position + 1, found: entry.into() });
            };
            let padding = name == "_";
            if !padding && !names.insert(name) {
                return Err(SchemaTextError::NameTwice { name: name.into() });
            }
            let (of, elements) = elements(name, of)?;
            let (scalar, order) = scalar(name, of)?;
            // Padding is covered byte by byte.
            n_columns += elements.unwrap_or(1) * if padding { scalar.bytes() } else { 1 };
            if n_columns > MOST_COLUMNS {
                return Err(SchemaTextError::TooManyColumns { name: name.into() });
            }
            for element in 0..elements.unwrap_or(1) {
                let name = match elements {
                    Some(_) => format!("{name}[{element}]"),
                    None => name.into(),
                };
                if !padding {
                    columns.push(Column { name, unit: String::new(), scalar, order, offset });
                }
                offset += scalar.bytes() as u32;
            }
        }
        Ok(Schema { row_bytes: offset, columns })
    }
}

/// Splits `f4[3]` into `f4` and 3.
fn elements<'a>(name: &str, of: &'a str) -> Result<(&'a str, Option<usize>), SchemaTextError> {
    let Some((of, rest)) = of.split_once('[') else { return Ok((of, None)) };
    let found = rest.strip_suffix(']').unwrap_or(rest);
    match found.trim().parse() {
        Ok(n) if rest.ends_with(']') && (1..=MOST_COLUMNS).contains(&n) => Ok((of.trim(), Some(n))),
        _ => Err(SchemaTextError::Elements { name: name.into(), found: found.into() }),
    }
}

fn scalar(name: &str, of: &str) -> Result<(Scalar, ByteOrder), SchemaTextError> {
    let (order, short) = match of.split_at_checked(1) {
        Some((">", short)) => (ByteOrder::Big, short),
        Some(("<", short)) => (ByteOrder::Little, short),
        _ => (ByteOrder::Little, of),
    };
    let known = Scalar::from_name(short).map(|scalar| (scalar, order));
    known.ok_or_else(|| SchemaTextError::UnknownType { name: name.into(), found: of.into() })
}

impl Schema {
    /// Length of one record in bytes.
    pub fn row_bytes(&self) -> u32 {
        self.row_bytes
    }

    /// The columns that have a name, in the order of the record.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn table(&self, rows: u64) -> Table {
        let mut table = Table {
            name: String::new(),
            rows,
            inner: Vec::new(),
            row_order: RowOrder::Logical,
            row_bytes: self.row_bytes,
            columns: self.columns.clone(),
        };
        table.cover_gaps();
        table
    }
}

/// The layout of a file of such records. Only its length is looked at.
pub fn layout(source: &dyn Source, schema: &Schema, arrangement: Arrangement) -> Layout {
    let mut layout = Layout { format: "records", ..Layout::default() };
    let row_bytes = u64::from(schema.row_bytes);
    let (Some(rows), Some(rest)) = (source.len().checked_div(row_bytes), source.len().checked_rem(row_bytes))
    else {
        return layout;
    };
    if rest > 0 {
        layout.notes.push(format!(
            "the file is no whole number of records of {row_bytes} bytes: its last {rest} bytes stay as they are"
        ));
    }
    if rows == 0 {
        return layout;
    }
    let table = schema.table(rows);
    let extent = |at, part| Extent { place: Place::File(at), table: 0, part, first_row: 0, rows };
    match arrangement {
        Arrangement::Rows => layout.extents.push(extent(0, Part::Records)),
        Arrangement::Columns => {
            let mut at = 0;
            for (column, of) in (0u32..).zip(&table.columns) {
                layout.extents.push(extent(at, Part::Column(column)));
                at += rows * of.scalar.bytes() as u64;
            }
        }
    }
    layout.tables.push(table);
    layout
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn schema(text: &str) -> Schema {
        text.parse().expect("a schema")
    }

    #[test]
    fn a_schema_names_arrays_padding_and_byte_order() {
        let schema = schema("pt:f4, hits : >u2[2] ,_:u1[3],_:u1,ok:bool");
        let columns: Vec<_> =
            schema.columns().iter().map(|c| (c.name.as_str(), c.scalar, c.order, c.offset)).collect();
        let (little, big) = (ByteOrder::Little, ByteOrder::Big);
        let wanted = [
            ("pt", Scalar::F32, little, 0),
            ("hits[0]", Scalar::U16, big, 4),
            ("hits[1]", Scalar::U16, big, 6),
            ("ok", Scalar::Bool, little, 12),
        ];
        assert_eq!(columns, wanted);
        assert_eq!(schema.row_bytes(), 13);
    }

    #[test]
    fn a_bad_schema_is_told_what_is_allowed() {
        for (text, told) in [
            ("", "write name:type"),
            ("pt:f4,eta", "column 2 of the schema is `eta`"),
            ("pt:", "column 1 of the schema is `pt:`"),
            ("pt:f3", "column `pt` has the type `f3`; known are bool i1 i2"),
            ("pt:f4[0]", "column `pt` has `[0]` elements; write a number from 1 to 4096"),
            ("pt:f4[2", "column `pt` has `[2]` elements"),
            ("a:f4,a:f4", "two columns of the schema are named `a`"),
            ("a:f4[4096],b:i1", "more than 4096 columns at column `b`"),
        ] {
            let error = text.parse::<Schema>().expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn a_rest_shorter_than_a_record_is_noted() {
        for arrangement in [Arrangement::Rows, Arrangement::Columns] {
            let file = Held(vec![0u8; 31]);
            let mut layout = layout(&file, &schema("a:f4,_:u1,b:i2"), arrangement);
            assert_eq!(layout.tables[0].rows, 4);
            assert_eq!(layout.notes.len(), 1);
            assert_eq!(layout.validate(31), Ok(()));
        }
    }

    proptest! {
        #[test]
        fn every_schema_gives_a_sound_layout(
            parts in proptest::collection::vec((0usize..12, 0usize..5, any::<bool>()), 1..12),
            bytes in 0usize..3_000,
            columns in any::<bool>(),
        ) {
            let entry = |(n, &(scalar, elements, padding)): (usize, &(usize, usize, bool))| {
                let name = if padding { "_".into() } else { format!("c{n}") };
                let array = if elements > 0 { format!("[{elements}]") } else { String::new() };
                format!("{name}:{}{array}", Scalar::ALL[scalar].name())
            };
            let text: Vec<String> = parts.iter().enumerate().map(entry).collect();
            let schema: Schema = text.join(",").parse().expect("a schema");
            let arrangement = if columns { Arrangement::Columns } else { Arrangement::Rows };
            let file = vec![0u8; bytes];
            let mut layout = layout(&Held(file), &schema, arrangement);
            prop_assert_eq!(layout.validate(bytes as u64), Ok(()));
            let held: u64 = layout.extents.iter().map(|e| e.rows * e.bytes_per_row(&layout.tables[0])).sum();
            prop_assert_eq!(held, bytes as u64 / u64::from(schema.row_bytes()) * u64::from(schema.row_bytes()));
        }
    }

    struct Held(Vec<u8>);

    impl Source for Held {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, at: u64, into: &mut [u8]) -> std::io::Result<()> {
            self.0.as_slice().read_at(at, into)
        }
    }
}

//! Parquet output: columns with lists, row group by row group.
//!
//! In: names and types, then rows. Out: a file that Arrow reads with the types that the archive has.
//! Not here: which columns and rows (`verbs::cat`).
//! Holds: memory is that of one row group; floats keep their bits; equal values give equal bytes.
//! Source: the Parquet format, `LogicalTypes.md`, and "Dremel made simple with Parquet" for levels.
//!
//! Every field is required. A list is the usual group of three (`NAME`, `list`, `element`); arrays of fixed length are
//! lists, too. Of a column of labels the labels are written, not their numbers.

use hepz::Values;
use hepz_columns::Scalar;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type as types;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Values that are handed on at a time.
const BATCH: usize = 1 << 16;

/// A column.
pub struct Field {
    /// Its name.
    pub name: String,
    /// Type of the innermost values.
    pub scalar: Scalar,
    /// Lists in lists, arrays included.
    pub depth: usize,
    /// What the values stand for, of a column of labels.
    pub labels: Option<Vec<String>>,
}

/// One depth of lists.
#[derive(Clone, Copy)]
pub enum Lists<'a> {
    /// Where each begins, and where the last ends.
    Jagged(&'a [u64]),
    /// All of this length.
    Fixed(u64),
}

impl Lists<'_> {
    /// The items of list `index`; none if there is no such list.
    fn items(self, index: u64) -> Range<u64> {
        match self {
            Lists::Fixed(length) => {
                index.saturating_mul(length)..index.saturating_add(1).saturating_mul(length)
            }
            Lists::Jagged(offsets) => {
                let at = |index: u64| usize::try_from(index).ok().and_then(|at| offsets.get(at)).copied();
                at(index).unwrap_or(0)..at(index.saturating_add(1)).unwrap_or(0)
            }
        }
    }
}

/// What a column has in some rows.
pub struct Column<'a> {
    /// From the outside in.
    pub lists: Vec<Lists<'a>>,
    /// The innermost values.
    pub values: &'a Values,
}

/// What was written and not yet handed on.
#[derive(Clone, Default)]
struct Pending(Arc<Mutex<Vec<u8>>>);

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pending {
    fn hand_on(&self, sink: &mut dyn Write) -> Result<()> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(sink.write_all(&bytes)?)
    }
}

/// A Parquet file, written forwards.
pub struct ParquetWriter<'a> {
    sink: &'a mut dyn Write,
    pending: Pending,
    file: SerializedFileWriter<Pending>,
    fields: Vec<Field>,
}

impl<'a> ParquetWriter<'a> {
    /// A file with these columns, and notes about it.
    ///
    /// # Errors
    /// What the sink says.
    pub fn new(
        sink: &'a mut dyn Write,
        fields: Vec<Field>,
        notes: Vec<(String, String)>,
    ) -> Result<ParquetWriter<'a>> {
        let schema = fields.iter().map(|field| Ok(Arc::new(field_type(field)?))).collect::<Result<_>>()?;
        let schema = Type::group_type_builder("schema").with_fields(schema).build()?;
        let notes: Vec<KeyValue> = notes.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("hepz {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata((!notes.is_empty()).then_some(notes));
        let pending = Pending::default();
        let file =
            SerializedFileWriter::new(pending.clone(), Arc::new(schema), Arc::new(properties.build()))?;
        Ok(ParquetWriter { sink, pending, file, fields })
    }

    /// Adds rows `rows` of what the columns have, as one row group.
    ///
    /// # Errors
    /// What the sink says; lists that name values which are not there.
    pub fn add(&mut self, columns: &[Column<'_>], rows: Range<u64>) -> Result<()> {
        let mut group = self.file.next_row_group()?;
        for (field, column) in self.fields.iter().zip(columns) {
            let missing = || ParquetError::General("a column is missing".to_owned());
            let mut writer = group.next_column()?.ok_or_else(missing)?;
            add_column(&mut writer, field, column, rows.clone())?;
            writer.close()?;
            self.pending.hand_on(self.sink)?;
        }
        group.close()?;
        self.pending.hand_on(self.sink)
    }

    /// Writes the directory.
    ///
    /// # Errors
    /// What the sink says.
    pub fn finish(self) -> Result<()> {
        self.file.close()?;
        self.pending.hand_on(self.sink)
    }
}

/// The type of a field.
fn field_type(field: &Field) -> Result<Type> {
    let name = if field.depth == 0 { field.name.as_str() } else { "element" };
    let mut inner = value_type(name, field)?;
    for depth in (0..field.depth).rev() {
        let list = Type::group_type_builder("list")
            .with_repetition(Repetition::REPEATED)
            .with_fields(vec![TypePtr::from(inner)])
            .build()?;
        let name = if depth == 0 { field.name.as_str() } else { "element" };
        inner = Type::group_type_builder(name)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(Some(LogicalType::List))
            .with_fields(vec![TypePtr::from(list)])
            .build()?;
    }
    Ok(inner)
}

fn value_type(name: &str, field: &Field) -> Result<Type> {
    let integer = |bit_width, is_signed| Some(LogicalType::integer(bit_width, is_signed));
    let (physical, logical) = match field.scalar {
        _ if field.labels.is_some() => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Scalar::Bool => (Physical::BOOLEAN, None),
        Scalar::I8 => (Physical::INT32, integer(8, true)),
        Scalar::I16 => (Physical::INT32, integer(16, true)),
        Scalar::I32 => (Physical::INT32, integer(32, true)),
        Scalar::I64 => (Physical::INT64, integer(64, true)),
        Scalar::U8 => (Physical::INT32, integer(8, false)),
        Scalar::U16 => (Physical::INT32, integer(16, false)),
        Scalar::U32 => (Physical::INT32, integer(32, false)),
        Scalar::U64 => (Physical::INT64, integer(64, false)),
        Scalar::F16 => (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16)),
        Scalar::F32 => (Physical::FLOAT, None),
        Scalar::F64 => (Physical::DOUBLE, None),
    };
    let length = if field.scalar == Scalar::F16 { 2 } else { 0 };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(logical)
        .with_length(length)
        .build()
}

/// Levels of some rows, and the values that they stand before.
#[derive(Default)]
struct Levels {
    definition: Vec<i16>,
    repetition: Vec<i16>,
    /// The first value; all that follow it are there, too.
    first: Option<u64>,
    values: u64,
}

impl Levels {
    /// Adds list `index` of one depth, or a value.
    fn add(&mut self, lists: &[Lists<'_>], depth: usize, index: u64, repetition: i16) {
        let Some(list) = lists.get(depth) else {
            self.definition.push(depth as i16);
            self.repetition.push(repetition);
            self.first.get_or_insert(index);
            self.values += 1;
            return;
        };
        let items = list.items(index);
        if items.is_empty() {
            self.definition.push(depth as i16);
            self.repetition.push(repetition);
        }
        for item in items.clone() {
            let repetition = if item == items.start { repetition } else { depth as i16 + 1 };
            self.add(lists, depth + 1, item, repetition);
        }
    }

    fn clear(&mut self) {
        self.definition.clear();
        self.repetition.clear();
        (self.first, self.values) = (None, 0);
    }
}

/// Adds some rows of one column, some values at a time.
fn add_column(
    writer: &mut SerializedColumnWriter<'_>,
    field: &Field,
    column: &Column<'_>,
    rows: Range<u64>,
) -> Result<()> {
    let mut levels = Levels::default();
    let mut row = rows.start;
    while row < rows.end {
        levels.clear();
        if column.lists.is_empty() {
            let step = (rows.end - row).min(BATCH as u64);
            (levels.first, levels.values) = (Some(row), step);
            row += step;
        } else {
            while row < rows.end && levels.definition.len() < BATCH {
                levels.add(&column.lists, 0, row, 0);
                row += 1;
            }
        }
        add_values(writer, field, column.values, &levels)?;
    }
    Ok(())
}

fn add_values(
    writer: &mut SerializedColumnWriter<'_>,
    field: &Field,
    values: &Values,
    levels: &Levels,
) -> Result<()> {
    let missing = || ParquetError::General("lists name values that are not there".to_owned());
    let first = usize::try_from(levels.first.unwrap_or(0)).map_err(|_| missing())?;
    let end = usize::try_from(levels.values).ok().and_then(|count| first.checked_add(count));
    let end = end.filter(|&end| end <= values.len()).ok_or_else(missing)?;
    let raw = (first..end).map(|row| values.raw(row));
    /// Writes what an iterator of values gives.
    macro_rules! put {
        ($type:ty, $values:expr) => {{
            let batch: Vec<_> = $values.collect();
            let nested = !levels.definition.is_empty();
            let definition = nested.then_some(levels.definition.as_slice());
            let repetition = nested.then_some(levels.repetition.as_slice());
            writer.typed::<$type>().write_batch(&batch, definition, repetition)?;
        }};
    }
    if let Some(labels) = &field.labels {
        let label = |number: u64| usize::try_from(number).ok().and_then(|number| labels.get(number));
        put!(
            types::ByteArrayType,
            raw.map(|number| types::ByteArray::from(label(number).map_or("", String::as_str)))
        );
        return Ok(());
    }
    match field.scalar {
        Scalar::Bool => put!(types::BoolType, raw.map(|raw| raw != 0)),
        Scalar::I8 => put!(types::Int32Type, raw.map(|raw| i32::from(raw as u8 as i8))),
        Scalar::I16 => put!(types::Int32Type, raw.map(|raw| i32::from(raw as u16 as i16))),
        Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::I32 => {
            put!(types::Int32Type, raw.map(|raw| raw as u32 as i32))
        }
        Scalar::I64 | Scalar::U64 => put!(types::Int64Type, raw.map(|raw| raw as i64)),
        Scalar::F16 => put!(
            types::FixedLenByteArrayType,
            raw.map(|raw| types::FixedLenByteArray::from((raw as u16).to_le_bytes().to_vec()))
        ),
        Scalar::F32 => put!(types::FloatType, raw.map(|raw| f32::from_bits(raw as u32))),
        Scalar::F64 => put!(types::DoubleType, raw.map(f64::from_bits)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_lists_in_lists_are_those_of_the_paper() {
        // [[a, b], []], [], [[c]]
        let (outer, inner) = ([0, 2, 2, 3], [0, 2, 2, 3]);
        let lists = [Lists::Jagged(&outer), Lists::Jagged(&inner)];
        let mut levels = Levels::default();
        (0..3).for_each(|row| levels.add(&lists, 0, row, 0));
        assert_eq!(levels.definition, [2, 2, 1, 0, 2]);
        assert_eq!(levels.repetition, [0, 2, 1, 0, 0]);
        assert_eq!((levels.first, levels.values), (Some(0), 3));
    }

    #[test]
    fn lists_that_name_missing_values_are_refused() {
        let values = Values::from_raw(Scalar::F32, &[1, 2]);
        let field = Field { name: "x".into(), scalar: Scalar::F32, depth: 1, labels: None };
        let mut sink = Vec::new();
        let mut writer = ParquetWriter::new(&mut sink, vec![field], Vec::new()).unwrap();
        let column = |offsets| Column { lists: vec![Lists::Jagged(offsets)], values: &values };
        assert!(writer.add(&[column(&[0, 3])], 0..1).is_err());
    }
}

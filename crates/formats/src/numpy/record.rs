//! Records of NumPy: from a dtype as headers spell it to columns.
//!
//! In: the `descr` of a header. Out: [`Record`]: its length and its columns.
//! Not here: how many there are and where they lie (`header`, `mod`).
//! Holds: columns cover the record exactly once; their number is limited.
//! Source: NumPy manual, "Array interface" (type strings) and "Structured arrays".

use super::literal::Literal;
use hepz_columns::{ByteOrder, Column, RowOrder, Scalar, Table};
use std::collections::BTreeSet;

/// Columns of one record; more would cost more to name than they save.
const MOST_COLUMNS: usize = 4_096;

/// Elements of a sub-array, or characters of a string, that become columns of their own.
const MOST_ELEMENTS: u64 = 64;

/// Bytes of a longer sub-array, string or unknown type that become columns of bytes.
const MOST_OPAQUE_BYTES: u64 = 256;

/// Structures within structures.
const MOST_DEPTH: u32 = 32;

/// Bytes of a record that columns can cover.
const MOST_BYTES: u64 = 8 * MOST_COLUMNS as u64;

/// Why an array stays in the skeleton.
pub(super) type Refusal = &'static str;

/// The shape of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub bytes: u32,
    pub columns: Vec<Column>,
    /// Sub-arrays of the whole record: NumPy adds their dimensions to those of the array.
    pub inner: Vec<u64>,
}

/// A type, before it is laid out.
enum Type {
    Number(Scalar, ByteOrder, &'static str),
    Complex(Scalar, ByteOrder),
    /// Characters of one scalar each.
    Text(Scalar, ByteOrder, u64),
    /// Bytes of which nothing is known.
    Opaque(u64),
    Structure(Vec<Field>),
}

struct Field {
    name: String,
    of: Type,
    /// Elements; `None` if the field is not a sub-array.
    elements: Option<u64>,
}

impl Record {
    /// Lays out the record that `descr` describes; `name` is what a column is called that is the whole record.
    pub(super) fn of(descr: &Literal, name: &str) -> Result<Record, Refusal> {
        // A sub-array as a whole, as in `('<f4', (3,))`.
        let (descr, inner) = match descr {
            Literal::Sequence(pair) if matches!(pair.first(), Some(Literal::Text(_))) => {
                let [base, shape] = pair.as_slice() else { return Err("its dtype is odd") };
                (base, shape.numbers().ok_or("its dtype is odd")?)
            }
            _ => (descr, Vec::new()),
        };
        let whole = read_type(descr, 0)?;
        let bytes =
            whole.bytes().filter(|&bytes| bytes <= MOST_BYTES).ok_or("its records are too long")? as u32;
        if bytes == 0 {
            return Err("its records have no bytes");
        }
        let mut columns = Vec::new();
        let has_parts = matches!(whole, Type::Structure(_) | Type::Complex(..));
        whole.flatten(if has_parts { "" } else { name }, 0, &mut columns)?;
        let mut table = Table {
            name: String::new(),
            rows: 0,
            inner: Vec::new(),
            row_order: RowOrder::Logical,
            row_bytes: bytes,
            columns,
        };
        let covered: u64 = table.columns.iter().map(|column| column.scalar.bytes() as u64).sum();
        let gaps = u64::from(bytes).saturating_sub(covered);
        if gaps > MOST_COLUMNS as u64 - table.columns.len() as u64 {
            return Err("its records have too many columns");
        }
        table.cover_gaps();
        name_once(&mut table.columns);
        Ok(Record { bytes, columns: table.columns, inner })
    }
}

/// Adds a number to names that come twice: `a.b` may be a field, or `b` of `a`.
fn name_once(columns: &mut [Column]) {
    let mut seen = BTreeSet::new();
    for column in columns {
        let mut copy = 2;
        let first = column.name.clone();
        while !seen.insert(column.name.clone()) {
            column.name = format!("{first}#{copy}");
            copy += 1;
        }
    }
}

fn read_type(descr: &Literal, depth: u32) -> Result<Type, Refusal> {
    if depth > MOST_DEPTH {
        return Err("its dtype is nested too deeply");
    }
    match descr {
        Literal::Text(text) => simple(text),
        Literal::Sequence(fields) => {
            fields.iter().map(|field| read_field(field, depth)).collect::<Result<_, _>>().map(Type::Structure)
        }
        _ => Err("its dtype is odd"),
    }
}

/// A field: name or (title, name), type, and shape if it is a sub-array.
fn read_field(field: &Literal, depth: u32) -> Result<Field, Refusal> {
    const ODD: Refusal = "a field of its dtype is odd";
    let Literal::Sequence(parts) = field else { return Err(ODD) };
    let (name, descr, shape) = match parts.as_slice() {
        [name, descr] => (name, descr, None),
        [name, descr, shape] => (name, descr, Some(shape)),
        _ => return Err(ODD),
    };
    let name = match name {
        Literal::Text(name) => name,
        Literal::Sequence(titled) => match titled.as_slice() {
            [_, Literal::Text(name)] => name,
            _ => return Err(ODD),
        },
        _ => return Err(ODD),
    };
    let elements = match shape {
        None => None,
        Some(Literal::Number(n)) => Some(*n),
        Some(shape) => {
            let dimensions = shape.numbers().ok_or(ODD)?;
            Some(dimensions.iter().try_fold(1u64, |product, &n| product.checked_mul(n)).ok_or(ODD)?)
        }
    };
    Ok(Field { name: name.clone(), of: read_type(descr, depth + 1)?, elements })
}

/// A type string: byte order, kind, bytes (characters for `U`), and a unit for times.
fn simple(text: &str) -> Result<Type, Refusal> {
    const UNKNOWN: Refusal = "its dtype is not known";
    let (order, rest) = match text.split_at_checked(1) {
        Some((">", rest)) => (ByteOrder::Big, rest),
        Some(("<" | "=" | "|", rest)) => (ByteOrder::Little, rest),
        _ => (ByteOrder::Little, text),
    };
    let (kind, rest) = rest.split_at_checked(1).ok_or(UNKNOWN)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (length, unit) = rest.split_at_checked(digits).ok_or(UNKNOWN)?;
    let length: Option<u64> = length.parse().ok();
    let number = |scalar| Ok(Type::Number(scalar, order, ""));
    match (kind, length) {
        ("?", None) | ("b", Some(1)) => number(Scalar::Bool),
        ("i", Some(1)) => number(Scalar::I8),
        ("i", Some(2)) => number(Scalar::I16),
        ("i", Some(4)) => number(Scalar::I32),
        ("i", Some(8)) => number(Scalar::I64),
        ("u", Some(1)) => number(Scalar::U8),
        ("u", Some(2)) => number(Scalar::U16),
        ("u", Some(4)) => number(Scalar::U32),
        ("u", Some(8)) => number(Scalar::U64),
        ("f", Some(2)) => number(Scalar::F16),
        ("f", Some(4)) => number(Scalar::F32),
        ("f", Some(8)) => number(Scalar::F64),
        ("c", Some(8)) => Ok(Type::Complex(Scalar::F32, order)),
        ("c", Some(16)) => Ok(Type::Complex(Scalar::F64, order)),
        ("m" | "M", Some(8)) => Ok(Type::Number(Scalar::I64, order, time_unit(unit))),
        ("S" | "a", Some(n)) => Ok(Type::Text(Scalar::U8, order, n)),
        ("U", Some(n)) => Ok(Type::Text(Scalar::U32, order, n)),
        ("V" | "f" | "c", Some(n)) => Ok(Type::Opaque(n)),
        ("O", _) => Err("it holds Python objects"),
        _ => Err(UNKNOWN),
    }
}

/// The unit of a time, as `[ns]` spells it; empty where it is a multiple such as `[25us]`.
fn time_unit(spelled: &str) -> &'static str {
    const UNITS: [&str; 13] = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"];
    let spelled = spelled.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or("");
    UNITS.into_iter().find(|&unit| unit == spelled).unwrap_or("")
}

impl Type {
    fn bytes(&self) -> Option<u64> {
        match self {
            Type::Number(scalar, ..) => Some(scalar.bytes() as u64),
            Type::Complex(part, _) => Some(2 * part.bytes() as u64),
            Type::Text(character, _, n) => n.checked_mul(character.bytes() as u64),
            Type::Opaque(n) => Some(*n),
            Type::Structure(fields) => {
                fields.iter().try_fold(0u64, |sum, field| sum.checked_add(field.bytes()?))
            }
        }
    }

    /// Appends the columns of this type at `offset`. Bytes that stay uncovered become padding.
    fn flatten(&self, name: &str, offset: u64, columns: &mut Vec<Column>) -> Result<(), Refusal> {
        match self {
            // Nothing to name; without this, empty structures within arrays of arrays could take for ever.
            _ if self.bytes() == Some(0) => Ok(()),
            Type::Number(scalar, order, unit) => push(name.into(), *scalar, *order, unit, offset, columns),
            Type::Complex(part, order) => {
                let width = part.bytes() as u64;
                push(join(name, "re"), *part, *order, "", offset, columns)?;
                push(join(name, "im"), *part, *order, "", offset + width, columns)
            }
            Type::Text(character, order, n) if *n <= MOST_ELEMENTS => {
                let width = character.bytes() as u64;
                (0..*n).try_for_each(|at| {
                    push(format!("{name}[{at}]"), *character, *order, "", offset + at * width, columns)
                })
            }
            Type::Text(..) | Type::Opaque(_) => push_bytes(name, self.bytes(), offset, columns),
            Type::Structure(fields) => {
                let mut at = offset;
                for field in fields {
                    let bytes = field.bytes().ok_or("its records are too long")?;
                    // A field without a name is padding.
                    if !field.name.is_empty() {
                        field.flatten(&join(name, &field.name), at, columns)?;
                    } else if bytes > MOST_OPAQUE_BYTES {
                        return Err("its records have too much padding");
                    }
                    at = at.checked_add(bytes).ok_or("its records are too long")?;
                }
                Ok(())
            }
        }
    }
}

impl Field {
    fn bytes(&self) -> Option<u64> {
        self.of.bytes()?.checked_mul(self.elements.unwrap_or(1))
    }

    fn flatten(&self, name: &str, offset: u64, columns: &mut Vec<Column>) -> Result<(), Refusal> {
        match self.elements {
            None => self.of.flatten(name, offset, columns),
            Some(n) if n <= MOST_ELEMENTS => {
                let width = self.of.bytes().ok_or("its records are too long")?;
                (0..n).try_for_each(|at| {
                    self.of.flatten(&format!("{name}[{at}]"), offset + at * width, columns)
                })
            }
            Some(_) => push_bytes(name, self.bytes(), offset, columns),
        }
    }
}

fn push_bytes(name: &str, bytes: Option<u64>, offset: u64, columns: &mut Vec<Column>) -> Result<(), Refusal> {
    let bytes =
        bytes.filter(|&bytes| bytes <= MOST_OPAQUE_BYTES).ok_or("a field of its dtype is too long")?;
    (0..bytes).try_for_each(|at| {
        push(format!("{name}[{at}]"), Scalar::U8, ByteOrder::Little, "", offset + at, columns)
    })
}

fn push(
    name: String,
    scalar: Scalar,
    order: ByteOrder,
    unit: &str,
    offset: u64,
    columns: &mut Vec<Column>,
) -> Result<(), Refusal> {
    if columns.len() >= MOST_COLUMNS {
        return Err("its records have too many columns");
    }
    let offset = u32::try_from(offset).map_err(|_| "its records are too long")?;
    columns.push(Column { name, unit: unit.into(), scalar, order, offset });
    Ok(())
}

fn join(outer: &str, inner: &str) -> String {
    if outer.is_empty() { inner.into() } else { format!("{outer}.{inner}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(descr: &str) -> Result<Record, Refusal> {
        Record::of(&Literal::parse(descr).expect("a literal"), "value")
    }

    fn names(descr: &str) -> Vec<String> {
        record(descr).expect("a record").columns.into_iter().map(|column| column.name).collect()
    }

    #[test]
    fn nested_fields_are_joined_and_arrays_numbered() {
        let descr =
            "[('a', [('b', '<f4'), ('c', '>i2', (2,))]), ('', '|V2'), (('title', 'z'), '<c8'), ('s', 'S2')]";
        let wanted = ["a.b", "a.c[0]", "a.c[1]", "<pad 8>", "<pad 9>", "z.re", "z.im", "s[0]", "s[1]"];
        assert_eq!(names(descr), wanted);
        assert_eq!(record(descr).map(|r| r.bytes), Ok(20));
    }

    #[test]
    fn a_whole_record_has_a_name() {
        assert_eq!(names("'<f8'"), ["value"]);
        assert_eq!(names("'>c16'"), ["re", "im"]);
        assert_eq!(names("'<U2'"), ["value[0]", "value[1]"]);
    }

    #[test]
    fn names_that_come_twice_are_told_apart() {
        assert_eq!(names("[('a.b', '<f4'), ('a', [('b', '<f4')])]"), ["a.b", "a.b#2"]);
    }

    #[test]
    fn long_arrays_become_bytes_or_are_refused() {
        assert_eq!(names("[('x', '|u1', (65,)), ('y', '<f4', (3, 2))]").len(), 65 + 6);
        assert!(record("[('x', '<f4', (64,))]").is_ok());
        assert!(record("[('x', '<f4', (65,))]").is_err(), "260 bytes");
    }

    #[test]
    fn odd_types_are_refused() {
        let deep = format!("{}'<f4'{}", "[('a', ".repeat(40), ")]".repeat(40));
        let hollow = format!("{}[]{}", "[('a', ".repeat(20), ", (64,))]".repeat(20));
        for descr in [
            "'|O'",
            "'<i3'",
            "''",
            "'<'",
            "'|V0'",
            "[]",
            "[('x', '<f4', (1000000000000, 1000000000000))]",
            "[('x', '|V300')]",
            "[('x', '<f4', (9000,))]",
            "[1]",
            "(1, 2)",
            &hollow,
            &deep,
        ] {
            assert!(record(descr).is_err(), "{descr}");
        }
    }
}

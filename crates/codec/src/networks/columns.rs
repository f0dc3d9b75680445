//! Columns of weights: numbers of one width, coded as hepz codes any column.
//!
//! In: values of one or several columns. Out: bytes, and back.
//! Not here: which numbers they are (`hepz_neural::wire`), how columns are coded (`crate::plan`).
//! Holds: the number of values is not believed before it is held against the bytes that code them.

use super::ModelError;
use crate::engine::Engine;
use crate::packing::{pack, stored, unpack};
use crate::plan::{Plan, PlanError, Sample, Slice};
use crate::streams;
use hepz_columns::{ByteOrder, Column, RowOrder, Scalar, Table, Values};
use hepz_container::wire::{Cursor, put_bytes};

/// Bytes of one column at most.
const MOST_BYTES: u64 = 256 << 20;
/// A column is at most so many times longer than its code, and `SLACK_BYTES`: a bound for who reads a hostile file.
const MOST_RATIO: u64 = 4096;
const SLACK_BYTES: u64 = 64 << 10;

/// How columns are coded: the first byte.
const AS_COLUMNS: u8 = 0;
const AS_BYTES: u8 = 1;

/// Tables of one column each.
fn tables(scalar: Scalar, rows: &[usize]) -> Vec<Table> {
    let table = |&rows: &usize| Table {
        name: String::new(),
        rows: rows as u64,
        inner: Vec::new(),
        row_order: RowOrder::Logical,
        row_bytes: scalar.bytes() as u32,
        columns: vec![Column {
            name: String::new(),
            unit: String::new(),
            scalar,
            order: ByteOrder::Little,
            offset: 0,
        }],
    };
    rows.iter().map(table).collect()
}

/// True if no reader refuses so long a column.
fn allowed(plain_bytes: u64, coded_bytes: u64) -> bool {
    plain_bytes <= MOST_BYTES && plain_bytes <= coded_bytes.saturating_mul(MOST_RATIO) + SLACK_BYTES
}

/// The code of columns of one type.
pub(super) fn encode(scalar: Scalar, columns: Vec<Values>) -> Vec<u8> {
    let rows: Vec<usize> = columns.iter().map(Values::len).collect();
    let plain: Vec<u8> = columns.iter().flat_map(|values| values.as_bytes().to_vec()).collect();
    let tables = tables(scalar, &rows);
    let slice = Slice { rows, columns: columns.into_iter().map(|values| vec![Some(values)]).collect() };
    let plan = Plan::make(&tables, &Sample::whole(&slice), Engine::Mixing);
    let mut coded = vec![AS_COLUMNS];
    put_bytes(&mut coded, &plan.to_bytes());
    coded.extend(streams::write(&plan.encode(&tables, &slice).streams));
    let as_bytes = |packed: Vec<u8>| [vec![AS_BYTES], packed].concat();
    let packed = as_bytes(pack(&plain, Engine::Mixing));
    let best = if packed.len() < coded.len() { packed } else { coded };
    if allowed(plain.len() as u64, best.len() as u64) { best } else { as_bytes(stored(&plain)) }
}

/// The columns of so many rows each.
pub(super) fn decode(scalar: Scalar, rows: &[usize], coded: &[u8]) -> Result<Vec<Values>, ModelError> {
    let all = rows.iter().try_fold(0u64, |sum, &rows| sum.checked_add(rows as u64));
    let plain = all.and_then(|rows| rows.checked_mul(scalar.bytes() as u64));
    let plain = plain.filter(|&bytes| allowed(bytes, coded.len() as u64));
    let plain = plain.ok_or_else(|| ModelError::damaged("more numbers than its bytes can hold"))?;
    let mut cursor = Cursor::new(coded);
    match cursor.u8()? {
        AS_COLUMNS => {
            let tables = tables(scalar, rows);
            let plan = cursor.prefixed()?;
            let plan = Plan::from_bytes(&tables, plan, Engine::Mixing).map_err(from_plan)?;
            let payload = cursor.bytes(cursor.remaining())?;
            let entries = streams::directory(payload, plan.stream_count(), payload.len() as u64)?;
            let stream =
                |entry: &streams::Entry| payload.get(entry.range.start as usize..entry.range.end as usize);
            let streams: Vec<Option<&[u8]>> = entries.iter().map(stream).collect();
            let slice = plan.decode(&tables, rows, &streams, None).map_err(from_plan)?;
            let values: Option<Vec<Values>> =
                slice.columns.into_iter().map(|mut table| table.pop().flatten()).collect();
            let values = values.filter(|values| values.iter().map(Values::len).eq(rows.iter().copied()));
            values.ok_or_else(|| ModelError::damaged("a column is missing"))
        }
        AS_BYTES => {
            let bytes = unpack(cursor.bytes(cursor.remaining())?, plain)?;
            if bytes.len() as u64 != plain {
                return Err(ModelError::damaged("columns have another length than announced"));
            }
            let mut rest = bytes.as_slice();
            let mut take = |&rows: &usize| {
                let (column, behind) = rest.split_at_checked(rows * scalar.bytes())?;
                rest = behind;
                Values::from_bytes(scalar, column.to_vec())
            };
            let values: Option<Vec<Values>> = rows.iter().map(&mut take).collect();
            values.ok_or_else(|| ModelError::damaged("a column is missing"))
        }
        other => Err(ModelError::TooNew { what: format!("columns coded by method {other}") }),
    }
}

fn from_plan(error: PlanError) -> ModelError {
    match error {
        PlanError::TooNew => ModelError::TooNew { what: error.to_string() },
        _ => ModelError::damaged(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_and_long_constant_ones_within_the_bound() {
        for rows in [vec![], vec![0], vec![5, 0, 3000], vec![1 << 20]] {
            let columns: Vec<Values> = rows
                .iter()
                .map(|&rows| {
                    let raw: Vec<u64> =
                        (0..rows as u64).map(|at| if rows > 4000 { 0 } else { (at * at) & 0xff }).collect();
                    Values::from_raw(Scalar::I8, &raw)
                })
                .collect();
            let coded = encode(Scalar::I8, columns.clone());
            assert_eq!(decode(Scalar::I8, &rows, &coded).unwrap(), columns);
            for cut in 0..coded.len().min(50) {
                let _ = decode(Scalar::I8, &rows, &coded[..cut]);
            }
        }
        assert!(decode(Scalar::I32, &[1 << 30], &[AS_COLUMNS, 0]).is_err());
        assert!(decode(Scalar::I32, &[usize::MAX, usize::MAX], &[AS_COLUMNS, 0]).is_err());
    }
}

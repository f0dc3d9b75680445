//! The plan: how each column is coded, decided once per file and stored.
//!
//! In: tables and a sample of their values. Out: streams of one chunk, and back.
//! Not here: how chunks are cut (`chunks`), how streams are framed (`sections`).
//! Holds: decoding obeys the stored plan and never plans.

use hepz_columns::{Table, Values};

/// A column of the file: table and column index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId {
    /// Index of the table.
    pub table: u32,
    /// Index of the column in its table.
    pub column: u32,
}

/// The values of one chunk.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Slice {
    /// Rows of each table in this chunk.
    pub rows: Vec<usize>,
    /// `[table][column]`; in decoding, columns that were not asked for are `None`.
    pub columns: Vec<Vec<Option<Values>>>,
}

/// Why a plan or its streams cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No writer produces this.
    #[error("{0}")]
    Corrupt(&'static str),
    /// Written by a later version.
    #[error("the plan was written by a later version")]
    TooNew,
}

/// The streams of one chunk.
#[derive(Clone, Debug, Default)]
pub struct Encoded {
    /// One per stream of the plan.
    pub streams: Vec<Vec<u8>>,
    /// `[table][column]` price in bits, for `inspect`.
    pub column_bits: Vec<Vec<u64>>,
}

/// How a column is coded, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnDescription {
    /// What is done to the values before they are modelled.
    pub transform: String,
    /// Columns and rows that the model looks at.
    pub contexts: Vec<String>,
}

/// How each column is coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    columns: Vec<ColumnId>,
}

fn all_columns(tables: &[Table]) -> Vec<ColumnId> {
    let mut all = Vec::new();
    for (table, t) in tables.iter().enumerate() {
        all.extend((0..t.columns.len() as u32).map(|column| ColumnId { table: table as u32, column }));
    }
    all
}

impl Plan {
    /// Decides from a sample of up to 64 MB.
    pub fn make(tables: &[Table], _sample: &Slice) -> Plan {
        Plan { columns: all_columns(tables) }
    }

    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        vec![0]
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`PlanError`] if no writer of a known version produces `bytes`.
    pub fn from_bytes(tables: &[Table], bytes: &[u8]) -> Result<Plan, PlanError> {
        match bytes {
            [0] => Ok(Plan { columns: all_columns(tables) }),
            _ => Err(PlanError::Corrupt("unknown plan")),
        }
    }

    /// Number of streams in every chunk.
    pub fn stream_count(&self) -> usize {
        self.columns.len()
    }

    /// The columns that a stream carries.
    pub fn stream_columns(&self, stream: usize) -> Vec<ColumnId> {
        self.columns.get(stream).copied().into_iter().collect()
    }

    /// The streams that decoding `columns` touches, in rising order.
    pub fn streams_for(&self, columns: &[ColumnId]) -> Vec<usize> {
        let mut streams: Vec<usize> =
            columns.iter().filter_map(|id| self.columns.binary_search(id).ok()).collect();
        streams.sort_unstable();
        streams.dedup();
        streams
    }

    /// Codes one chunk.
    pub fn encode(&self, _tables: &[Table], slice: &Slice) -> Encoded {
        let mut encoded = Encoded::default();
        for columns in &slice.columns {
            let mut bits = Vec::with_capacity(columns.len());
            for values in columns {
                let bytes = values.as_ref().map(|v| v.as_bytes().to_vec()).unwrap_or_default();
                bits.push(8 * bytes.len() as u64);
                encoded.streams.push(bytes);
            }
            encoded.column_bits.push(bits);
        }
        encoded
    }

    /// Decodes the `wanted` columns of one chunk (all if `None`).
    ///
    /// # Errors
    /// [`PlanError`] if a stream that is needed is missing or no writer produces it.
    pub fn decode(
        &self,
        tables: &[Table],
        rows: &[usize],
        streams: &[Option<&[u8]>],
        wanted: Option<&[ColumnId]>,
    ) -> Result<Slice, PlanError> {
        let mut slice = Slice {
            rows: rows.to_vec(),
            columns: tables.iter().map(|t| vec![None; t.columns.len()]).collect(),
        };
        for (stream, id) in self.columns.iter().enumerate() {
            if wanted.is_some_and(|wanted| !wanted.contains(id)) {
                continue;
            }
            let bytes = streams.get(stream).copied().flatten().ok_or(PlanError::Corrupt("no stream"))?;
            let (table, column) = (id.table as usize, id.column as usize);
            let scalar = tables[table].columns[column].scalar;
            let width = scalar.bytes();
            if bytes.len() != rows[table] * width {
                return Err(PlanError::Corrupt("stream length"));
            }
            let raw: Vec<u64> = bytes
                .chunks_exact(width)
                .map(|b| b.iter().rev().fold(0, |pattern, &b| pattern << 8 | u64::from(b)))
                .collect();
            slice.columns[table][column] = Some(Values::from_raw(scalar, &raw));
        }
        Ok(slice)
    }

    /// How a column is coded, in words.
    pub fn describe(&self, _id: ColumnId) -> ColumnDescription {
        ColumnDescription { transform: "stored".into(), contexts: Vec::new() }
    }
}

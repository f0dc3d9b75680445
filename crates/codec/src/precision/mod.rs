//! Precision: rounded files, what was promised of them, and what makes the originals of them again.
//!
//! In: sources and rules. Out: rounded files; contracts and refinements as archives keep them.
//! Not here: rules and contracts (`hepz-precision`), writing and reading two layers (`layers`), proving contracts (`proof`), coding
//! columns over a base (`plan`), handing out what was rounded (`written`).
//! Holds: a lossy archive is the lossless archive of a rounded file (`docs/decisions/0009-precision.md`).

mod refinement;
mod rounded;

pub(crate) use refinement::{Patch, Refinement, patches};
pub(crate) use rounded::{Rounded, rounded};
pub use rounded::{RoundedColumn, RoundingReport};

use crate::ColumnId;
use crate::sums::Sums;
use hepz_columns::Table;
use hepz_container::wire::{Cursor, WireError, put_bytes, put_varint};
use hepz_precision::Contract;
use std::collections::BTreeMap;

/// What holds between a rounded file and the one that it was made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Contracts {
    /// Length and sums of the file that was rounded.
    pub(crate) original: Sums,
    /// The columns that were rounded.
    pub(crate) of: BTreeMap<ColumnId, Contract>,
}

/// Why a section of contracts cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContractsFault {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("{0}")]
    Contract(#[from] hepz_precision::WireError),
    #[error("a column has a contract that is not there")]
    NoContract,
}

impl Contracts {
    pub(crate) fn to_bytes(&self, tables: &[Table]) -> Vec<u8> {
        let mut into = Vec::new();
        put_bytes(&mut into, &self.original.to_bytes());
        let mut known: Vec<Vec<u8>> = self.of.values().map(Contract::to_bytes).collect();
        known.sort_unstable();
        known.dedup();
        put_varint(&mut into, known.len() as u64);
        known.iter().for_each(|contract| put_bytes(&mut into, contract));
        for (table, t) in tables.iter().enumerate() {
            for column in 0..t.columns.len() as u32 {
                let contract = self.of.get(&ColumnId { table: table as u32, column });
                let number = contract.and_then(|contract| known.binary_search(&contract.to_bytes()).ok());
                put_varint(&mut into, number.map_or(0, |number| number as u64 + 1));
            }
        }
        into
    }

    pub(crate) fn from_bytes(bytes: &[u8], tables: &[Table]) -> Result<Contracts, ContractsFault> {
        let mut cursor = Cursor::new(bytes);
        let original = Sums::from_bytes(cursor.prefixed()?)?;
        let count = cursor.count(1)?;
        let mut known = Vec::with_capacity(count.min(cursor.remaining()));
        for _ in 0..count {
            known.push(Contract::from_bytes(cursor.prefixed()?)?);
        }
        let mut of = BTreeMap::new();
        for (table, t) in tables.iter().enumerate() {
            for column in 0..t.columns.len() as u32 {
                let number = cursor.size()?;
                if let Some(number) = number.checked_sub(1) {
                    let contract = known.get(number).cloned().ok_or(ContractsFault::NoContract)?;
                    of.insert(ColumnId { table: table as u32, column }, contract);
                }
            }
        }
        cursor.finish()?;
        Ok(Contracts { original, of })
    }
}

//! Kinds: how many columns of each type a file has, and what they take before and after numbers are made coarser.
//!
//! In: a file or an archive, a rule for what is coarser. Out: a [`Census`].
//! Not here: the contracts (`hepz-precision`), printing (`hepz-cli`).
//! Holds: both sizes are those of columns coded at level fast, each with a plan of its own; of an archive its own size is
//! told as well.

use super::rows::Rows;
use crate::contents::{Held, with_contents};
use crate::plan::{ColumnId, Engine, Plan, Sample, Slice};
use crate::{ArchiveError, Limits, entries};
use hepz_columns::{Column, Scalar, Table, Values};
use hepz_formats::Source;
use hepz_precision::{Contract, ContractError, Promise, RulesFile};

/// Bytes of values that plans are made from.
const SAMPLE_BYTES: u64 = 4 << 20;

/// What is made coarser.
#[derive(Clone, Debug)]
pub enum Coarser {
    /// Every float column keeps so many bits of the mantissa.
    KeptBits(u32),
    /// What a rules file says.
    Rules(RulesFile),
}

/// Columns of one type.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct KindCount {
    /// The type.
    pub scalar: Scalar,
    /// Branches whose values have it; arrays and lists count once.
    pub branches: u64,
    /// Columns; each member of an array is one.
    pub columns: u64,
    /// Bytes of their values.
    pub plain_bytes: u64,
    /// Bytes in the archive, of an archive.
    pub archive_bytes: Option<f64>,
    /// Bytes coded at level fast.
    pub before_bytes: f64,
    /// The same, made coarser.
    pub after_bytes: f64,
}

/// Columns of each type.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Census {
    /// Types that occur, in the order of [`Scalar::ALL`].
    pub kinds: Vec<KindCount>,
    /// Values that are not what they were.
    pub changed_values: u64,
}

/// Counts columns and bytes by type.
///
/// # Errors
/// What reading meets.
pub fn census(source: &dyn Source, coarser: &Coarser, limits: Limits) -> Result<Census, ArchiveError> {
    with_contents(source, limits, |contents| {
        let Some(rows) = Rows::of(contents)? else { return Ok(Census::default()) };
        let tables = rows.tables();
        let archive = match &contents.held {
            Held::Archive(archive) => Some(archive.inspect()?),
            _ => None,
        };
        let sample = rows.sample(SAMPLE_BYTES)?;
        let contracts = contracts(tables, &sample.values, coarser)
            .map_err(|error| ArchiveError::Io(std::io::Error::other(error)))?;
        let coarse = Sample {
            values: reduced(&sample.values, &contracts).0,
            last_offsets: sample.last_offsets.clone(),
            original: Some(sample.values.clone()),
        };
        let before = Plan::make(tables, &sample, Engine::Histograms);
        let after = Plan::make(tables, &coarse, Engine::Histograms);
        let mut bits: Vec<Vec<[u64; 2]>> = tables.iter().map(|t| vec![[0; 2]; t.columns.len()]).collect();
        let mut found = Census::default();
        for chunk in 0..rows.chunks() {
            let slice = rows.chunk(chunk)?;
            let (coarse, changed) = reduced(&slice, &contracts);
            found.changed_values += changed;
            for (which, (plan, slice)) in [(&before, &slice), (&after, &coarse)].into_iter().enumerate() {
                let encoded = plan.encode(tables, slice);
                for (sums, own) in bits.iter_mut().zip(&encoded.column_bits) {
                    sums.iter_mut().zip(own).for_each(|(sum, bits)| sum[which] += bits);
                }
            }
        }
        let trees = entries::trees(tables);
        let first =
            |id: &ColumnId| Some(tables.get(id.table as usize)?.columns.get(id.column as usize)?.scalar);
        let branches: Vec<Scalar> = trees
            .iter()
            .flat_map(|tree| &tree.branches)
            .filter_map(|branch| branch.columns.first().and_then(first))
            .collect();
        for scalar in Scalar::ALL {
            let mut kind = KindCount {
                scalar,
                branches: branches.iter().filter(|&&branch| branch == scalar).count() as u64,
                columns: 0,
                plain_bytes: 0,
                archive_bytes: archive.as_ref().map(|_| 0.0),
                before_bytes: 0.0,
                after_bytes: 0.0,
            };
            let mut stored = archive.iter().flat_map(|archive| &archive.columns);
            for (table, bits) in tables.iter().zip(&bits) {
                for (column, bits) in table.columns.iter().zip(bits) {
                    let stored = stored.next().map(|column| column.archive_bytes);
                    if column.scalar != scalar {
                        continue;
                    }
                    kind.columns += 1;
                    kind.plain_bytes += table.rows.saturating_mul(scalar.bytes() as u64);
                    kind.archive_bytes = kind.archive_bytes.map(|sum| sum + stored.unwrap_or(0.0));
                    kind.before_bytes += bits[0] as f64 / 8.0;
                    kind.after_bytes += bits[1] as f64 / 8.0;
                }
            }
            if kind.columns > 0 {
                found.kinds.push(kind);
            }
        }
        Ok(found)
    })
}

/// `[table][column]`: what each column is promised. Ranges and live bits are those of the sample.
fn contracts(
    tables: &[Table],
    sample: &Slice,
    coarser: &Coarser,
) -> Result<Vec<Vec<Option<Contract>>>, ContractError> {
    let mut all = Vec::with_capacity(tables.len());
    for (table, values) in tables.iter().zip(&sample.columns) {
        let mut own = Vec::with_capacity(table.columns.len());
        for (column, values) in table.columns.iter().zip(values) {
            let contract = match coarser {
                _ if !column.scalar.is_float() => None,
                Coarser::KeptBits(kept) => Some(Contract::new(Promise::KeptBits { kept: *kept }, &[])?),
                Coarser::Rules(rules) => chosen(rules, table, column, values.as_ref()),
            };
            own.push(contract);
        }
        all.push(own);
    }
    Ok(all)
}

/// What the rules say of a column.
fn chosen(rules: &RulesFile, table: &Table, column: &Column, values: Option<&Values>) -> Option<Contract> {
    let names = [format!("{}.{}", table.name, column.name), format!("{}/{}", table.name, column.name)];
    let choice = rules.choose(&[&names[0], &names[1], &column.name], column.scalar)?;
    let live = |raw: u64| column.scalar.mantissa_bits().unwrap_or(0).saturating_sub(raw.trailing_zeros());
    let values = values?;
    let enough = |most: u32| (0..values.len()).any(|row| live(values.raw(row)) > most);
    let contract = &choice.contract;
    choice.live_bits_above.is_none_or(enough).then(|| match contract.promise() {
        Promise::RangeRelative { range: None, .. } => contract.resolved(contract.extent(values)),
        _ => contract.clone(),
    })
}

/// The same rows, made coarser, and how many values changed.
fn reduced(slice: &Slice, contracts: &[Vec<Option<Contract>>]) -> (Slice, u64) {
    let mut changed = 0;
    let mut one = |values: &Option<Values>, contract: &Option<Contract>| match (values, contract) {
        (Some(values), Some(contract)) => {
            let reduced = contract.reduce(values);
            changed += reduced.n_changed;
            Some(reduced.values)
        }
        (values, _) => values.clone(),
    };
    let mut columns = Vec::with_capacity(slice.columns.len());
    for (values, contracts) in slice.columns.iter().zip(contracts) {
        columns.push(values.iter().zip(contracts).map(|(values, contract)| one(values, contract)).collect());
    }
    (Slice { rows: slice.rows.clone(), columns }, changed)
}

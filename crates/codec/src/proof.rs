//! Proof: an archive of a rounded file against the original, value by value.
//!
//! In: an open archive or a rounded file, the original. Out: a [`Proof`]: for each column whether its contract is kept.
//! Not here: what a contract allows (`hepz-precision`), archives without contracts (`verify`).
//! Holds: every value of every column is compared, and every byte outside columns.

use crate::chunks::Shelf;
use crate::image::{Gaps, Image, Opened};
use crate::precision::{Contracts, Patch, Rounded, patches};
use crate::schema::Schema;
use crate::spool::Spool;
use crate::{Archive, ArchiveError, ColumnId, CompressError, CompressOptions, DecompressOptions, verify};
use hepz_formats::Source;
use hepz_precision::{Contract, Violations, check};
use std::io;

/// Rows that are compared at a time.
const STEP_ROWS: u64 = 1 << 18;

/// Name of the format of files whose layout the user says.
const RECORDS: &str = "records";

/// What was found of one column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ColumnProof {
    /// Name of the table.
    pub table: String,
    /// Name of the column.
    pub column: String,
    /// What was promised.
    pub contract: Contract,
    /// What breaks it.
    pub violations: Violations,
}

/// Whether an archive keeps what it promises.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Proof {
    /// The columns with a contract; none if the archive holds the file byte for byte.
    pub columns: Vec<ColumnProof>,
    /// Columns that have to be, and are, what they were.
    pub exact_columns: u64,
    /// Columns that have to be what they were and are not: table, column.
    pub changed_columns: Vec<(String, String)>,
    /// Bytes outside columns that differ, sums over content left out.
    pub other_bytes: u64,
}

impl Proof {
    /// True if everything is as promised.
    pub fn holds(&self) -> bool {
        self.columns.iter().all(|column| column.violations.is_empty())
            && self.changed_columns.is_empty()
            && self.other_bytes == 0
    }

    /// An error that names the first thing that does not hold, if anything does not.
    pub(crate) fn required(&self) -> Result<(), ArchiveError> {
        let broken = self.columns.iter().find(|column| !column.violations.is_empty());
        let what = if let Some(ColumnProof { table, column, contract, .. }) = broken {
            format!("{table}.{column}: {contract}")
        } else if let Some((table, column)) = self.changed_columns.first() {
            format!("{table}.{column}: exact")
        } else if self.other_bytes > 0 {
            "bytes outside columns: exact".to_owned()
        } else {
            return Ok(());
        };
        Err(ArchiveError::ContractBroken { what })
    }
}

/// Compares an archive with the file that it was made of: byte for byte, or as its contracts allow.
///
/// # Errors
/// [`ArchiveError::VerifyFailed`] if it is not the archive of this file at all, else what reading meets. A broken contract is no
/// error but a [`Proof`] that does not hold.
pub fn verify_against(
    archive: &Archive<'_>,
    original: &dyn Source,
    options: &DecompressOptions<'_>,
) -> Result<Proof, ArchiveError> {
    let Some(contracts) = archive.contracts()? else {
        verify(archive, original, options)?;
        return Ok(Proof::default());
    };
    let mut file = Spool::new();
    archive.emit(&mut |bytes| file.write_at(file.len(), bytes).map_err(ArchiveError::Write), options)?;
    let Some(schema) = archive.schema.as_ref().filter(|_| original.len() == file.len()) else {
        return Err(ArchiveError::VerifyFailed { what: "its layout" });
    };
    let (before, after) = (opened(original, archive, schema)?, opened(&file, archive, schema)?);
    // Contracts go by the places of columns in the archive's tables.
    let fits = before.tables == schema.tables && before.runs == schema.runs && before.framed == schema.framed;
    if !fits {
        return Err(ArchiveError::VerifyFailed { what: "its layout" });
    }
    compared(&before, &after, &contracts)
}

/// Refuses a rounded file that breaks its contracts.
pub(crate) fn prove_rounded(
    source: &dyn Source,
    rounded: &Rounded,
    options: &CompressOptions<'_>,
) -> Result<(), CompressError> {
    let open = |source| -> Result<Opened<'_>, CompressError> {
        let layout = crate::recognised::layout(source, options)?;
        Image::open(source, layout, &|_| {}).map_err(CompressError::Read)
    };
    let (before, after) = (open(source)?, open(&rounded.file)?);
    let proof = compared(&before, &after, &rounded.contracts);
    proof.and_then(|proof| proof.required()).map_err(CompressError::Verify)
}

/// Compares every value and every other byte of a file with those of the file that it was made of.
fn compared(before: &Opened<'_>, after: &Opened<'_>, contracts: &Contracts) -> Result<Proof, ArchiveError> {
    let fits = before.tables == after.tables && before.runs == after.runs && before.framed == after.framed;
    if !fits || before.image.len() != after.image.len() {
        return Err(ArchiveError::VerifyFailed { what: "its layout" });
    }
    let mut proof = Proof::default();
    let shelf = Shelf::new(&before.runs, &before.tables);
    let gaps = Gaps::new(&before.runs, &before.tables, before.image.len());
    let differing = patches(&before.image, &after.image, &gaps).map_err(ArchiveError::Io)?;
    let mut sums: Vec<u64> = before.sums_at.iter().filter_map(|&at| gaps.number(at)).collect();
    sums.sort_unstable();
    let is_sum = |number: u64| {
        let after = sums.partition_point(|&sum| sum <= number);
        after.checked_sub(1).and_then(|at| sums.get(at)).is_some_and(|sum| number - sum < 4)
    };
    let differs = |patch: &Patch| {
        let numbers = patch.from..patch.from + patch.bytes.len() as u64;
        numbers.filter(|&number| !is_sum(number)).count() as u64
    };
    proof.other_bytes = differing.iter().map(differs).sum();
    for (table, t) in before.tables.iter().enumerate() {
        for (column, c) in t.columns.iter().enumerate() {
            let id = ColumnId { table: table as u32, column: column as u32 };
            let names = (t.name.clone(), c.name.clone());
            let exact = Contract::exact();
            let contract = contracts.of.get(&id);
            let mut found = Violations::default();
            for from in (0..t.rows).step_by(STEP_ROWS as usize) {
                let rows = from..t.rows.min(from + STEP_ROWS);
                let read = |image: &Image<'_>| -> io::Result<_> {
                    let rows = std::slice::from_ref(&rows);
                    let read = shelf.gather_columns(image, &before.tables, table, &[column], rows)?;
                    read.into_iter().next().ok_or_else(|| io::Error::other("a column was not read"))
                };
                let (a, b) = (read(&before.image), read(&after.image));
                let (a, b) = (a.map_err(ArchiveError::Io)?, b.map_err(ArchiveError::Io)?);
                let step = check(contract.unwrap_or(&exact), &a, &b);
                add(&mut found, from, step.map_err(|error| ArchiveError::Io(io::Error::other(error)))?);
            }
            match contract {
                Some(contract) => proof.columns.push(ColumnProof {
                    table: names.0,
                    column: names.1,
                    contract: contract.clone(),
                    violations: found,
                }),
                None if found.is_empty() => proof.exact_columns += 1,
                None => proof.changed_columns.push(names),
            }
        }
    }
    Ok(proof)
}

/// Adds what was found in rows from `from` on.
fn add(found: &mut Violations, from: u64, step: Violations) {
    found.rows += step.rows;
    found.n_violated += step.n_violated;
    found.n_unpaired += step.n_unpaired;
    found.other_type |= step.other_type;
    let room = Violations::EXAMPLES.saturating_sub(found.examples.len());
    found.examples.extend(step.examples.into_iter().take(room).map(|mut example| {
        example.row += from;
        example
    }));
}

/// A file opened as the archive has it.
fn opened<'a>(
    source: &'a dyn Source,
    archive: &Archive<'_>,
    schema: &Schema,
) -> Result<Opened<'a>, ArchiveError> {
    // Records have no layout of their own: it was said, and the archive says it again.
    if archive.header().format == RECORDS {
        return Ok(Opened::as_is(source, schema.tables.clone(), schema.runs.clone()));
    }
    let layout = crate::recognised::layout(source, &CompressOptions::new());
    let layout = layout.map_err(|error| ArchiveError::Io(io::Error::other(error)))?;
    let opened = Image::open(source, layout, &|_| {}).map_err(ArchiveError::Io)?;
    if opened.tables == schema.tables {
        return Ok(opened);
    }
    // Older archives have each array of a group as a table of its own.
    let apart = hepz_formats::recognise_apart(source).map_err(ArchiveError::Io)?;
    Image::open(source, apart, &|_| {}).map_err(ArchiveError::Io)
}

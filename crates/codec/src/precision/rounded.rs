//! Rounding in place: a file with coarser values at the same positions.
//!
//! In: a source and a rules file. Out: the rounded file, and the contract of each column.
//! Not here: rules and contracts (`hepz-precision`), writing one block with other content (`hepz-recompression`).
//! Holds: the rounded file has the length of the source, and the same layout; every value keeps its contract, because what
//! cannot be written at its place stays as it is.

use super::Contracts;
use crate::chunks::Shelf;
use crate::frames::Reframing;
use crate::image::{Image, Opened};
use crate::options::Stage;
use crate::spool::Spool;
use crate::{ColumnId, CompressError, CompressOptions, Limits};
use hepz_columns::{Scalar, Values};
use hepz_formats::{Block, Content, ContentCheck, Source};
use hepz_precision::{Choice, Contract, Promise, RulesFile};
use hepz_recompression::refit;
use rayon::prelude::*;
use std::io;
use std::ops::Range;

/// Rows that are rounded at a time.
const STEP_ROWS: u64 = 1 << 18;
/// Plain content of blocks that are written side by side.
const BATCH_BYTES: u64 = 32 << 20;
const COPY_BYTES: usize = 1 << 20;

/// What became of a column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RoundedColumn {
    /// Name of the table.
    pub table: String,
    /// Name of the column.
    pub column: String,
    /// What holds for each of its values.
    pub contract: Contract,
    /// Number of values.
    pub values: u64,
    /// Values that are not what they were.
    pub changed: u64,
    /// Values that stay because rounding would have broken the contract.
    pub exceptions: u64,
}

/// What rounding did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RoundingReport {
    /// The columns that a rule matched.
    pub columns: Vec<RoundedColumn>,
    /// Compressed blocks that were written anew.
    pub rewritten_blocks: u64,
    /// Compressed blocks that stay as they were, values and all, because the new content does not fit into their place.
    pub exact_blocks: u64,
}

/// A rounded file.
pub(crate) struct Rounded {
    pub(crate) file: Spool,
    pub(crate) contracts: Contracts,
    pub(crate) report: RoundingReport,
}

/// Rounds a file as the rules say.
pub(crate) fn rounded(
    source: &dyn Source,
    rules: &RulesFile,
    options: &CompressOptions<'_>,
) -> Result<Rounded, CompressError> {
    let layout = crate::recognised::layout(source, options)?;
    if layout.tables.is_empty() {
        return Err(CompressError::NotRounded { format: layout.format.to_owned() });
    }
    let stored: Vec<Block> = layout.blocks.clone();
    let checks = layout.checks.clone();
    let opened = Image::open(source, layout, &|_| {}).map_err(CompressError::Read)?;
    let shelf = Shelf::new(&opened.runs, &opened.tables);
    let mut image = copy_of(&opened.image).map_err(CompressError::Read)?;
    let mut contracts = Contracts::default();
    let mut report = RoundingReport::default();
    let progress = |done: usize| {
        if let Some(progress) = options.progress {
            progress.advance(Stage::Code, done as u64, opened.tables.len() as u64);
        }
    };
    for (table, t) in opened.tables.iter().enumerate() {
        progress(table);
        for (column, c) in t.columns.iter().enumerate().filter(|(_, c)| c.scalar.is_float()) {
            let full = format!("{}.{}", t.name, c.name);
            let Some(choice) = rules.choose(&[&full, &c.name], c.scalar) else { continue };
            let place = Column { opened: &opened, shelf: &shelf, table, column };
            let Some(contract) = place.contract(choice).map_err(CompressError::Read)? else { continue };
            let rounded = place.round(&contract, &mut image).map_err(CompressError::Read)?;
            contracts.of.insert(ColumnId { table: table as u32, column: column as u32 }, contract);
            report.columns.push(rounded);
        }
    }
    if contracts.of.is_empty() {
        return Err(CompressError::NothingToRound);
    }
    contracts.original = crate::sums::Sums::of(source).map_err(CompressError::Read)?;
    let mut file = file_of(&opened, &stored, &mut image, &mut report).map_err(CompressError::Read)?;
    for check in &checks {
        sum_again(check, &opened, &image, &mut file).map_err(CompressError::Read)?;
    }
    Ok(Rounded { file, contracts, report })
}

fn copy_of(image: &Image<'_>) -> io::Result<Spool> {
    let mut copy = Spool::new();
    let mut buffer = vec![0; COPY_BYTES];
    while copy.len() < image.len() {
        let step = (image.len() - copy.len()).min(COPY_BYTES as u64) as usize;
        image.read_at(copy.len(), &mut buffer[..step])?;
        copy.write_at(copy.len(), &buffer[..step])?;
    }
    Ok(copy)
}

/// A column at its place.
struct Column<'a> {
    opened: &'a Opened<'a>,
    shelf: &'a Shelf,
    table: usize,
    column: usize,
}

impl Column<'_> {
    fn rows(&self) -> impl Iterator<Item = Range<u64>> {
        let rows = self.opened.tables[self.table].rows;
        (0..rows.div_ceil(STEP_ROWS)).map(move |step| step * STEP_ROWS..rows.min((step + 1) * STEP_ROWS))
    }

    fn values(&self, rows: Range<u64>) -> io::Result<Values> {
        let Opened { image, tables, .. } = self.opened;
        let read = self.shelf.gather_columns(image, tables, self.table, &[self.column], &[rows])?;
        read.into_iter().next().ok_or_else(|| io::Error::other("a column was not read"))
    }

    /// The contract with all that it needs to know of the column; none if the column stays exact.
    fn contract(&self, choice: &Choice) -> io::Result<Option<Contract>> {
        let contract = &choice.contract;
        if contract.promise() == Promise::Exact {
            return Ok(None);
        }
        if let Some(most) = choice.live_bits_above {
            let mut enough = false;
            for rows in self.rows() {
                let values = self.values(rows)?;
                enough = (0..values.len()).any(|row| live_bits(values.scalar(), values.raw(row)) > most);
                if enough {
                    break;
                }
            }
            if !enough {
                return Ok(None);
            }
        }
        let mut extent: Option<(f64, f64)> = None;
        if matches!(contract.promise(), Promise::RangeRelative { range: None, .. }) {
            for rows in self.rows() {
                let of_step = contract.extent(&self.values(rows)?);
                extent = match (extent, of_step) {
                    (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                    (a, b) => a.or(b),
                };
            }
        }
        Ok(Some(contract.resolved(extent)))
    }

    fn round(&self, contract: &Contract, image: &mut Spool) -> io::Result<RoundedColumn> {
        let tables = &self.opened.tables;
        let (table, column) = (&tables[self.table], &tables[self.table].columns[self.column]);
        let reducer = contract.on(column.scalar).map_err(io::Error::other)?;
        let mut report = RoundedColumn {
            table: table.name.clone(),
            column: column.name.clone(),
            contract: contract.clone(),
            values: table.rows,
            changed: 0,
            exceptions: 0,
        };
        for rows in self.rows() {
            let reduced = reducer.reduce_all(&self.values(rows.clone())?);
            report.changed += reduced.n_changed;
            report.exceptions += reduced.n_exceptions;
            if reduced.n_changed > 0 {
                self.shelf.scatter_column(image, tables, self.table, self.column, rows, &reduced.values)?;
            }
        }
        Ok(report)
    }
}

/// Mantissa bits above the trailing zeros of a finite number that is not zero.
pub(crate) fn live_bits(scalar: Scalar, raw: u64) -> u32 {
    let mantissa_bits = match scalar {
        Scalar::F16 => 10,
        Scalar::F32 => 23,
        Scalar::F64 => 52,
        _ => return 0,
    };
    let mantissa = raw & ((1 << mantissa_bits) - 1);
    let exponent = raw >> mantissa_bits & ((1 << (scalar.bits() - 1 - mantissa_bits)) - 1);
    let finite = exponent + 1 < 1 << (scalar.bits() - 1 - mantissa_bits);
    if mantissa == 0 || !finite { 0 } else { mantissa_bits - mantissa.trailing_zeros() }
}

/// The file of a rounded image. Blocks whose new content does not fit get their old one, in the image, too.
fn file_of(
    opened: &Opened<'_>,
    stored: &[Block],
    image: &mut Spool,
    report: &mut RoundingReport,
) -> io::Result<Spool> {
    let Opened { image: original, tables, runs, framed, numbers, .. } = opened;
    let mut file = Spool::new();
    let mut at = 0;
    let mut next = 0;
    while next < framed.blocks.len() {
        let mut last = next;
        let mut bytes = 0;
        while last < framed.blocks.len() && (last == next || bytes < BATCH_BYTES) {
            bytes += framed.blocks[last].plain_bytes;
            last += 1;
        }
        let frames = Reframing::new(image, tables, runs, framed, Limits::default());
        let write = |index: usize| -> io::Result<Anew> {
            let (place, block) = (framed.blocks[index], &stored[numbers[index]]);
            let held = |read: &dyn Fn(&mut [u8]) -> io::Result<()>| -> io::Result<Vec<u8>> {
                let mut held = vec![0; place.plain_bytes as usize];
                read(&mut held).map(|()| held)
            };
            let before = held(&|into| original.read_at(place.at, into))?;
            if before == held(&|into| image.read_at(place.at, into))? {
                return Ok(Anew::Same);
            }
            let content = frames.content(index, place).map_err(io::Error::other)?;
            let written = refit(&block.pipeline, &content, block.bytes as usize);
            Ok(written.map_or(Anew::TooLong(before), Anew::Written))
        };
        let written: Vec<io::Result<Anew>> = (next..last).into_par_iter().map(write).collect();
        for (index, written) in (next..last).zip(written) {
            let (place, block) = (framed.blocks[index], &stored[numbers[index]]);
            copy(image, at, place.at, &mut file)?;
            at = place.at + place.plain_bytes;
            match written? {
                Anew::Written(bytes) => {
                    report.rewritten_blocks += 1;
                    file.write_at(file.len(), &bytes)?;
                    continue;
                }
                Anew::Same => {}
                Anew::TooLong(before) => {
                    report.exact_blocks += 1;
                    image.write_at(place.at, &before)?;
                }
            }
            let mut bytes = vec![0; block.bytes as usize];
            original.source().read_at(block.at, &mut bytes)?;
            file.write_at(file.len(), &bytes)?;
        }
        next = last;
    }
    copy(image, at, original.len() - framed.structure_bytes, &mut file)?;
    Ok(file)
}

/// Writes a sum over content to its places in the rounded file.
fn sum_again(check: &ContentCheck, opened: &Opened<'_>, image: &Spool, file: &mut Spool) -> io::Result<()> {
    let mut sum = crc32fast::Hasher::new();
    match check.content {
        Content::File { at, bytes } => {
            let mut buffer = vec![0; bytes.min(COPY_BYTES as u64) as usize];
            let mut done = 0;
            while done < bytes {
                let step = (bytes - done).min(COPY_BYTES as u64) as usize;
                file.read_at(at + done, &mut buffer[..step])?;
                sum.update(&buffer[..step]);
                done += step as u64;
            }
        }
        Content::Block(block) => {
            // A block that is not open was not changed.
            let Some(index) = opened.numbers.iter().position(|&number| number == block as usize) else {
                return Ok(());
            };
            let Opened { tables, runs, framed, .. } = opened;
            let frames = Reframing::new(image, tables, runs, framed, Limits::default());
            sum.update(&frames.content(index, framed.blocks[index]).map_err(io::Error::other)?);
        }
    }
    let sum = sum.finalize().to_le_bytes();
    check.crc32_at.iter().try_for_each(|&at| file.write_at(at, &sum))
}

/// What became of a block.
enum Anew {
    /// Its content is what it was.
    Same,
    /// Its new bytes.
    Written(Vec<u8>),
    /// Nothing; its old content.
    TooLong(Vec<u8>),
}

fn copy(image: &Spool, mut at: u64, end: u64, file: &mut Spool) -> io::Result<()> {
    let mut buffer = vec![0; end.saturating_sub(at).min(COPY_BYTES as u64) as usize];
    while at < end {
        let step = (end - at).min(COPY_BYTES as u64) as usize;
        image.read_at(at, &mut buffer[..step])?;
        file.write_at(file.len(), &buffer[..step])?;
        at += step as u64;
    }
    Ok(())
}

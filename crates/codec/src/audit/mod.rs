//! Audit: which bits of float columns are worth their place, what dropping some would save, and what would come back.
//!
//! In: a file of any format or an archive. Out: an [`Audit`] of plain structs; [`census()`] counts columns and bytes by type.
//! Not here: printing (`hepz-cli`), rounding (`hepz-precision`), search for relations (`crate::plan`, whose findings are used).
//! Holds: nothing is written; what is claimed was measured on values of the file, and noise is called noise.

mod copies;
mod counts;
mod findings;
mod grid;
mod kinds;
mod planes;
mod points;
mod rows;
mod specials;
mod step;
#[cfg(test)]
mod tests;

pub use findings::{Audit, AuditOptions, AuditedColumn, AuditedRelation, BitClass, Plane, Truncation};
pub use kinds::{Census, Coarser, KindCount, census};

use crate::contents::with_contents;
use crate::plan::foretold::{Basis, Foretold, Guess};
use crate::plan::{ColumnId, Plan};
use crate::{ArchiveError, Limits, pattern};
use hepz_columns::Table;
use hepz_formats::Source;
use hepz_transforms::order::to_number;
use planes::{Measured, of_basis};
use rayon::prelude::*;
use rows::Rows;
use std::collections::BTreeMap;

/// Bytes of values that are looked at: a few seconds.
const AUDITED_BYTES: u64 = 8 << 20;
/// Rows of one column whose bits are priced: shares are right to half a hundredth.
const PRICED_ROWS: usize = 1 << 15;
/// Neighbouring rows that are priced together.
const RUN_ROWS: usize = 256;
/// Columns with fewer values that are not special say nothing.
const LEAST_ROWS: usize = 24;
/// A column that is alike is a copy if so many hundredths of its values are the same beyond chance.
const COPY_SHARE: f64 = 0.05;
/// A relation is named if it gives this share of the values exactly.
const NAMED_SHARE: f64 = 0.1;
/// A formula is named as well if formulas tell so many bits of the mantissa.
const NAMED_BITS: f64 = 0.5;
/// Contexts of other columns.
const CONTEXTS: usize = 2;

/// Looks at every float column of a file or an archive.
///
/// # Errors
/// What reading meets.
pub fn audit(source: &dyn Source, options: &AuditOptions, limits: Limits) -> Result<Audit, ArchiveError> {
    with_contents(source, limits, |contents| {
        let archive = match &contents.held {
            crate::contents::Held::Archive(archive) => Some(archive),
            _ => None,
        };
        let mut found = Audit {
            format: contents.format.clone(),
            original_bytes: archive.map_or(source.len(), |archive| archive.header().original_bytes),
            archive_bytes: archive.map(|archive| archive.archive_bytes()),
            tables: contents.tables().to_vec(),
            ..Audit::default()
        };
        let Some(rows) = Rows::of(contents)? else { return Ok(found) };
        let tables = rows.tables();
        let sample = rows.sample(AUDITED_BYTES)?;
        let bytes = |(table, &rows): (&Table, &usize)| u64::from(table.row_bytes) * rows as u64;
        found.audited_bytes = tables.iter().zip(&sample.values.rows).map(bytes).sum();
        let plan = Plan::make(tables, &sample, options.level.engine());
        let foretold = plan.foretold(tables, &sample.values);
        let keepers = copies::find(&sample.values, &foretold);
        let ids = wanted(tables, options);
        let one = |&id: &ColumnId| column(id, tables, &foretold, &keepers, options);
        found.columns = ids.par_iter().filter_map(one).collect();
        if let Some(archive) = archive {
            let inspection = archive.inspect()?;
            let places = tables.iter().enumerate().flat_map(|(table, t)| {
                let id = move |column| ColumnId { table: table as u32, column };
                (0..t.columns.len() as u32).map(id)
            });
            let bits: BTreeMap<ColumnId, f64> =
                places.zip(&inspection.columns).map(|(id, column)| (id, column.bits_per_value)).collect();
            for column in &mut found.columns {
                column.archive_bits = bits.get(&column.id).copied();
            }
        }
        Ok(found)
    })
}

/// The float columns that are asked for.
fn wanted(tables: &[Table], options: &AuditOptions) -> Vec<ColumnId> {
    let mut ids = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        for (at, column) in table.columns.iter().enumerate() {
            let full = format!("{}/{}", table.name, column.name);
            let named = |glob: &String| pattern::matches(glob, &column.name) || pattern::matches(glob, &full);
            if column.scalar.is_float() && (options.columns.is_empty() || options.columns.iter().any(named)) {
                ids.push(ColumnId { table: index as u32, column: at as u32 });
            }
        }
    }
    ids
}

/// Audits one column.
fn column(
    id: ColumnId,
    tables: &[Table],
    foretold: &Foretold<'_>,
    keepers: &BTreeMap<ColumnId, ColumnId>,
    options: &AuditOptions,
) -> Option<AuditedColumn> {
    let table = tables.get(id.table as usize)?;
    let named = table.columns.get(id.column as usize)?;
    let scalar = named.scalar;
    let raws = foretold.values(id)?.to_raw();
    let counted = specials::find(scalar, &raws);
    let share = |count: usize| count as f64 / raws.len().max(1) as f64;
    let constant = match &counted[..] {
        [(raw, count)] if *count == raws.len() => Some(to_number(*raw, scalar)),
        _ => None,
    };
    let mut found = AuditedColumn {
        id,
        table: table.name.clone(),
        name: named.name.clone(),
        scalar,
        rows: table.rows,
        audited_rows: raws.len() as u64,
        archive_bits: None,
        specials: counted.iter().map(|&(raw, count)| (to_number(raw, scalar), share(count))).collect(),
        constant,
        grids: Vec::new(),
        relations: Vec::new(),
        planes: Vec::new(),
        truncations: Vec::new(),
    };
    let is_special = |raw: u64| counted.iter().any(|special| special.0 == raw);
    let regular: Vec<usize> = (0..raws.len()).filter(|&row| !is_special(raws[row])).collect();
    if regular.len() < LEAST_ROWS {
        return Some(found);
    }
    let values: Vec<u64> = regular.iter().map(|&row| raws[row]).collect();
    let (and, or) = values.iter().fold((u64::MAX, 0), |(and, or), raw| (and & raw, or | raw));
    let fixed = !(and ^ or) & (u64::MAX >> (64 - scalar.bits()));
    let grid = grid::find(scalar, &values, fixed);
    found.grids.extend(grid.as_ref().map(grid::Grid::words));
    found.grids.extend(grid::ancestor(scalar, &values, or, grid.as_ref()));
    let (guesses, relations) = guesses(id, &raws, &regular, foretold, keepers);
    let priced = thinned(regular.len());
    let at = |kept: &[Option<u64>]| -> Vec<Option<u64>> {
        priced.iter().map(|&place| kept.get(*regular.get(place)?).copied().flatten()).collect()
    };
    let of = |basis| -> planes::Guesses { of_basis(&guesses, basis).iter().map(|raws| at(raws)).collect() };
    let before: Vec<Option<u64>> =
        (0..raws.len()).map(|row| row.checked_sub(1).map(|before| raws[before])).collect();
    let mut alike = of(Basis::Alike);
    alike.push(at(&before));
    let contexts = foretold.contexts(id, CONTEXTS);
    let contexts: Vec<Vec<u8>> = contexts
        .iter()
        .map(|buckets| {
            let bucket = |&place: &usize| regular.get(place).and_then(|&row| buckets.get(row)).copied();
            priced.iter().map(|place| bucket(place).unwrap_or(u8::MAX)).collect()
        })
        .collect();
    let values: Vec<u64> = priced.iter().map(|&place| values[place]).collect();
    let measured = Measured {
        scalar,
        raws: &values,
        fixed,
        grid: grid.as_ref(),
        copies: &of(Basis::Copy),
        formulas: &of(Basis::Formula),
        alike: &alike,
        contexts: &contexts,
    };
    (found.planes, found.truncations) = planes::measure(&measured, &options.kept_bits);
    let all = share(regular.len()) * table.rows as f64;
    for truncation in &mut found.truncations {
        truncation.saved_bytes = truncation.saved_bits * all / 8.0;
    }
    let told = found.mantissa_bits()[BitClass::Derivable as usize];
    found.relations = relations;
    found.relations.retain(|relation| {
        let derivable = relation.class == BitClass::Derivable;
        relation.exact >= NAMED_SHARE || derivable && told >= NAMED_BITS
    });
    // Two answers of one equation have the same words.
    found.relations.dedup_by(|a, b| a.words == b.words);
    Some(found)
}

/// A basis and what is guessed for each row.
type Guessed = (Basis, Vec<Option<u64>>);

/// All guesses at a column, and those that tell where its values come from.
fn guesses(
    id: ColumnId,
    raws: &[u64],
    regular: &[usize],
    foretold: &Foretold<'_>,
    keepers: &BTreeMap<ColumnId, ColumnId>,
) -> (Vec<Guessed>, Vec<AuditedRelation>) {
    let mut all: Vec<Guess> = foretold.guesses(id);
    // What keeps the values of others is not told by them.
    all.retain(|guess| !guess.sources.iter().any(|source| keepers.get(source) == Some(&id)));
    let exact = |guess: &Guess| {
        let same = regular.iter().filter(|&&row| guess.raws.get(row) == Some(&Some(raws[row])));
        same.count() as f64 / regular.len().max(1) as f64
    };
    let keeper = keepers.get(&id).filter(|_| !all.iter().any(|guess| exact(guess) > 0.99));
    if let Some(&keeper) = keeper
        && let Some(raws) = copies::raws(foretold, id, keeper)
    {
        let words = format!("a copy of {}", foretold.full_name(keeper));
        all.push(Guess { basis: Basis::Copy, words, sources: vec![keeper], raws });
    }
    let mut relations = Vec::new();
    for guess in &mut all {
        let exact = exact(guess);
        if guess.basis == Basis::Alike && exact - by_chance(raws, regular, &guess.raws) >= COPY_SHARE {
            guess.basis = Basis::Copy;
        }
        let class = match guess.basis {
            Basis::Copy => BitClass::Duplicate,
            Basis::Formula => BitClass::Derivable,
            Basis::Alike => continue,
        };
        let mut off: Vec<u64> = regular
            .iter()
            .filter_map(|&row| Some(guess.raws.get(row).copied().flatten()?.abs_diff(raws[row])))
            .collect();
        off.sort_unstable();
        let median_ulp = off.get(off.len() / 2).copied().unwrap_or(u64::MAX);
        let (words, sources) = (guess.words.clone(), guess.sources.clone());
        relations.push(AuditedRelation { class, words, sources, exact, median_ulp });
    }
    (all.into_iter().map(|guess| (guess.basis, guess.raws)).collect(), relations)
}

/// How many values would be guessed by the guesses at other rows.
fn by_chance(raws: &[u64], regular: &[usize], guessed: &[Option<u64>]) -> f64 {
    let n = regular.len();
    let other = |at: usize| regular.get((at + n / 2 + 1) % n.max(1)).copied();
    let same = regular.iter().enumerate().filter(|&(at, &row)| {
        other(at).and_then(|other| guessed.get(other).copied().flatten()) == Some(raws[row])
    });
    same.count() as f64 / n.max(1) as f64
}

/// Which of so many rows are priced: runs at equal distances.
fn thinned(rows: usize) -> Vec<usize> {
    if rows <= PRICED_ROWS {
        return (0..rows).collect();
    }
    let runs = PRICED_ROWS / RUN_ROWS;
    let first = |run: usize| (rows - RUN_ROWS) / (runs - 1) * run;
    (0..runs).flat_map(|run| first(run)..first(run) + RUN_ROWS).collect()
}

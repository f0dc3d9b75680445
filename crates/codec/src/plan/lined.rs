//! Lined columns: which columns have their values on lines.
//!
//! In: drafts of all columns, a sample. Out: drafts that expect values on lines where that pays.
//! Not here: the lines (`lines`), formulas of one row (`related`).
//! Holds: no circles; equal samples give equal drafts.

use super::ColumnId;
use super::column::{Prediction, Rows};
use super::dependence::{BIT, n_log_n};
use super::draft::{Draft, judged_rows};
use super::input::{Input, Link, RowMap};
use super::known::Known;
use super::lines::Lines;
use hepz_columns::{Scalar, Table};
use hepz_models::path::Guess;
use hepz_transforms::order::to_number;
use hepz_transforms::path_map::{PathMap, Place};
use std::collections::{BTreeMap, BTreeSet};

/// Integers whose runs are so long on average, in sixteenths, may be sensors.
const RUN_ROWS_16: std::ops::Range<usize> = 48..3200;
/// Ordinates and abscissas lie near each other in the file.
const NEIGHBOURS: u32 = 3;
/// A column that costs fewer bits a value is no ordinate.
const LEAST_BITS: i64 = 8;
/// Lines are used if the column then costs less than so many hundredths.
const SHARE: i64 = 92;
/// Columns of a table in which lines are looked for: beyond, pairs are too many.
const MOST_COLUMNS: usize = 64;

/// Replaces drafts by better ones that expect values on lines.
pub fn use_lines(
    tables: &[Table],
    links: &[Option<Link>],
    known: &Known<'_>,
    drafts: &mut BTreeMap<ColumnId, Draft>,
) {
    for (table, t) in tables.iter().enumerate() {
        let rows = judged_rows(known.rows_of(table as u32));
        if rows.len() < 256 || t.columns.len() > MOST_COLUMNS {
            continue;
        }
        let id = |column: usize| ColumnId { table: table as u32, column: column as u32 };
        let ids: Vec<ColumnId> = (0..t.columns.len()).map(id).filter(|id| known.get(*id).is_some()).collect();
        let numbers = |id: &ColumnId| -> Vec<u64> {
            known.get(*id).map(|values| rows.iter().map(|&row| values.raw(row)).collect()).unwrap_or_default()
        };
        let scalar = |id: &ColumnId| t.columns[id.column as usize].scalar;
        let keys = ids.iter().filter(|id| !scalar(id).is_float());
        let keys: Vec<(ColumnId, Vec<u64>)> = keys
            .map(|id| (*id, numbers(id)))
            .filter(|(_, key)| {
                let runs = key.windows(2).filter(|pair| pair[0] != pair[1]).count() + 1;
                RUN_ROWS_16.contains(&(key.len() * 16 / runs))
            })
            .collect();
        let floats = ids.iter().filter(|id| matches!(scalar(id), Scalar::F32 | Scalar::F64));
        let floats: Vec<(ColumnId, Vec<u64>)> = floats.map(|id| (*id, numbers(id))).collect();
        let mut worth: Vec<(i64, ColumnId, ColumnId, ColumnId, i64)> = Vec::new();
        for (ordinate, values) in &floats {
            let draft = &drafts[ordinate];
            let plain = draft.plain_cost / known.rows_of(table as u32).max(1) as i64;
            if draft.plan.prediction != Prediction::None
                || draft.plan.rows != Rows::All
                || plain < LEAST_BITS * BIT
            {
                continue;
            }
            for (abscissa, across) in &floats {
                if abscissa == ordinate || abscissa.column.abs_diff(ordinate.column) > NEIGHBOURS {
                    continue;
                }
                for (key, run) in &keys {
                    let across = across.iter().map(|&raw| to_number(raw, scalar(abscissa))).collect();
                    let cost = cost(&draft.plan.map, values, across, run, plain);
                    if cost * 100 < plain * SHARE {
                        worth.push((plain - cost, *ordinate, *abscissa, *key, cost));
                    }
                }
            }
        }
        worth.sort_by_key(|&(saved, ordinate, abscissa, key, _)| {
            (std::cmp::Reverse(saved), std::cmp::Reverse(ordinate), abscissa, key)
        });
        for (_, ordinate, abscissa, key, cost) in worth {
            let same = |id| Input { id, map: RowMap::Same };
            let free = drafts[&ordinate].plan.prediction == Prediction::None
                && !rests_on(ordinate, [abscissa, key], links, drafts);
            if let (true, Some(draft)) = (free, drafts.get_mut(&ordinate)) {
                draft.plan.prediction = Prediction::Line(same(abscissa), same(key));
                draft.plan.modelled = draft.plan.map.bits;
                draft.plain_cost = cost * known.rows_of(table as u32) as i64;
            }
        }
    }
}

/// True if one of `inputs` cannot be decoded before `id`.
fn rests_on(
    id: ColumnId,
    inputs: [ColumnId; 2],
    links: &[Option<Link>],
    drafts: &BTreeMap<ColumnId, Draft>,
) -> bool {
    let mut open = inputs.to_vec();
    let mut seen: BTreeSet<ColumnId> = open.iter().copied().collect();
    while let Some(next) = open.pop() {
        if next == id {
            return true;
        }
        let needs = drafts.get(&next).map(|draft| draft.plan.needs(links, next)).unwrap_or_default();
        open.extend(needs.into_iter().filter(|need| seen.insert(*need)));
    }
    false
}

/// What a value costs where lines say near which it lies, in units of [`BIT`]; values off the lines cost `plain`.
fn cost(map: &PathMap, values: &[u64], across: Vec<f64>, run: &[u64], plain: i64) -> i64 {
    let mut kept = (Vec::new(), Vec::new(), Vec::new());
    for ((&raw, x), &run) in values.iter().zip(across).zip(run) {
        if let Place::Rest(path) = map.split(raw) {
            kept.0.push(path);
            kept.1.push(x);
            kept.2.push(run);
        }
    }
    let (paths, across, run) = kept;
    let lines = Lines::new(map, across, run);
    let mut sizes = [0u64; 65];
    let mut unguessed = values.len() as i64 - paths.len() as i64;
    for (at, &path) in paths.iter().enumerate() {
        match lines.guess(at, &paths) {
            0 => unguessed += 1,
            guess => sizes[64 - guess.abs_diff(path).leading_zeros() as usize] += 1,
        }
    }
    let n: u64 = sizes.iter().sum();
    let mut cost = n_log_n(n) - sizes.iter().map(|&n| n_log_n(n)).sum::<i64>() + unguessed * plain;
    for (&n, bits) in sizes.iter().zip(0..) {
        cost += n as i64 * (bits * BIT).min(plain);
    }
    cost / values.len().max(1) as i64
}

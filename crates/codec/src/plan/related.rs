//! Relations: which formulas the plan uses.
//!
//! In: drafts of all columns, a sample. Out: drafts that code residuals where a formula predicts the column.
//! Not here: finding formulas (`hepz-transforms`).
//! Holds: no circles; a formula is used only if the column costs less with it.

use super::ColumnId;
use super::coding::{Known, patterns};
use super::column::Link;
use super::column::{Input, Prediction, RowMap};
use super::dependence::BIT;
use super::draft::{Draft, MAX_CLOSURE, draft_of, judged_rows};
use hepz_columns::Table;
use hepz_transforms::relations::{Budget, Candidate, Sample, SampleColumn, search};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// About a twentieth of a second.
const BUDGET: Budget = Budget { steps: 500_000, per_target: 8 };

/// Columns that cost fewer bits a value than this are no targets.
const TARGET_BITS: i64 = 3;

/// Residuals of more bits than this are coded as values near the prediction: there the contexts still see the value.
const RESIDUAL_BITS: f32 = 10.0;

/// Replaces drafts by better ones that use relations.
pub fn use_relations(
    tables: &[Table],
    links: &[Option<Link>],
    known: &Known<'_>,
    drafts: &mut BTreeMap<ColumnId, Draft>,
) {
    let found: Vec<Vec<(ColumnId, Candidate, Vec<ColumnId>)>> = (0..tables.len())
        .into_par_iter()
        .map(|table| search_table(table as u32, tables, known, drafts))
        .collect();
    for found in found {
        for (id, draft) in pick(found, known, tables, links, drafts) {
            drafts.insert(id, draft);
        }
    }
}

fn search_table(
    table: u32,
    tables: &[Table],
    known: &Known<'_>,
    drafts: &BTreeMap<ColumnId, Draft>,
) -> Vec<(ColumnId, Candidate, Vec<ColumnId>)> {
    let rows = judged_rows(known.rows_of(table));
    let columns = &tables[table as usize].columns;
    if rows.len() < 32 || columns.len() < 2 {
        return Vec::new();
    }
    let mut ids = Vec::new();
    let mut sample = Sample::default();
    let mut targets = 0;
    for (column, c) in columns.iter().enumerate() {
        let id = ColumnId { table, column: column as u32 };
        let Some(values) = known.get(id) else { continue };
        let draft = &drafts[&id];
        if draft.distinct <= 4 || !matches!(draft.plan.prediction, Prediction::None | Prediction::Previous) {
            continue;
        }
        targets += usize::from(draft.plain_cost > known.rows_of(table) as i64 * TARGET_BITS * BIT);
        let raw = rows.iter().map(|&row| values.raw(row)).collect();
        ids.push(id);
        sample.columns.push(SampleColumn::from_raw(c.scalar, raw));
    }
    if targets == 0 || ids.len() < 2 {
        return Vec::new();
    }
    search(&sample, &BUDGET)
        .into_iter()
        .map(|candidate| {
            let inputs = candidate.inputs.iter().map(|&input| ids[input]).collect();
            (ids[candidate.target], candidate, inputs)
        })
        .collect()
}

/// Picks the relations that save most, without circles, and measures each before it is used.
fn pick(
    mut found: Vec<(ColumnId, Candidate, Vec<ColumnId>)>,
    known: &Known<'_>,
    tables: &[Table],
    links: &[Option<Link>],
    drafts: &BTreeMap<ColumnId, Draft>,
) -> BTreeMap<ColumnId, Draft> {
    // Thousandths of a bit a value, so that the order does not hang on a rounding.
    let gain = |c: &Candidate| ((c.plain_bits - c.bits_left) * 1000.0) as i64;
    found.retain(|(_, candidate, _)| gain(candidate) > 500);
    // Of two columns that predict each other the later one is predicted.
    found.sort_by_key(|(id, candidate, inputs)| {
        (std::cmp::Reverse(gain(candidate)), std::cmp::Reverse(*id), inputs.clone())
    });
    let mut picked: BTreeMap<ColumnId, Draft> = BTreeMap::new();
    let mut behind: BTreeMap<ColumnId, BTreeSet<ColumnId>> = BTreeMap::new();
    for (id, candidate, inputs) in found {
        let mut closure: BTreeSet<ColumnId> = inputs.iter().copied().collect();
        for input in &inputs {
            closure.extend(behind.get(input).into_iter().flatten().copied());
        }
        let used_by_others = behind.values().any(|set| set.contains(&id));
        let too_deep = closure.len() + 2 > MAX_CLOSURE;
        if picked.contains_key(&id)
            || closure.contains(&id)
            || used_by_others && closes_circle(id, &closure, &behind)
            || too_deep
            || rests_on(id, &inputs, links, |id| picked.get(&id).or_else(|| drafts.get(&id)))
        {
            continue;
        }
        let old = &drafts[&id];
        let scalar = tables[id.table as usize].columns[id.column as usize].scalar;
        let inputs: Vec<Input> = inputs.into_iter().map(|id| Input { id, map: RowMap::Same }).collect();
        let formula = candidate.formula;
        let draft = if candidate.bits_left <= RESIDUAL_BITS {
            let prediction = Prediction::Residual(formula, inputs);
            let Ok(seen) = patterns(&prediction, old.plan.rows, id, known) else { continue };
            let draft = draft_of(id, scalar, prediction, old.plan.rows, &seen);
            if draft.plain_cost * 100 >= old.plain_cost * 98 {
                continue;
            }
            draft
        } else {
            if !matches!(old.plan.prediction, Prediction::None) {
                continue;
            }
            let mut plan = old.plan.clone();
            plan.prediction = Prediction::Expected(formula, inputs);
            plan.modelled = plan.map.bits;
            let saved = gain_bits(candidate.plain_bits, candidate.bits_left, known.rows_of(id.table));
            Draft {
                id,
                plan,
                plain_cost: (old.plain_cost - saved).max(old.plain_cost / 20),
                distinct: old.distinct,
            }
        };
        // Whoever is predicted from this column now also rests on what it rests on.
        for set in behind.values_mut() {
            if set.contains(&id) {
                set.extend(closure.iter().copied());
            }
        }
        behind.insert(id, closure);
        picked.insert(id, draft);
    }
    picked
}

fn gain_bits(plain: f32, left: f32, rows: usize) -> i64 {
    ((plain - left) * 16.0) as i64 * rows as i64 * (BIT / 16)
}

/// True if one of `inputs` cannot be decoded before `id`: rows that repeat with another column rest on it as predictions do.
fn rests_on<'a>(
    id: ColumnId,
    inputs: &[ColumnId],
    links: &[Option<Link>],
    draft: impl Fn(ColumnId) -> Option<&'a Draft>,
) -> bool {
    let mut open: Vec<ColumnId> = inputs.to_vec();
    let mut seen: BTreeSet<ColumnId> = open.iter().copied().collect();
    while let Some(next) = open.pop() {
        if next == id {
            return true;
        }
        let Some(draft) = draft(next) else { continue };
        open.extend(draft.plan.needs(links, next).into_iter().filter(|need| seen.insert(*need)));
    }
    false
}

/// True if a column that is already predicted from `id` lies behind it, or the closures would grow too large.
fn closes_circle(
    id: ColumnId,
    closure: &BTreeSet<ColumnId>,
    behind: &BTreeMap<ColumnId, BTreeSet<ColumnId>>,
) -> bool {
    behind.iter().any(|(other, set)| {
        set.contains(&id) && (closure.contains(other) || set.union(closure).count() + 2 > MAX_CLOSURE)
    })
}

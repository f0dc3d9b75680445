//! Foreseen: what the base says about a column through columns that come later.
//!
//! In: a sample of originals and the same rows of their base. Out: plans with expectations from values of the base.
//! Not here: finding formulas (`hepz-transforms`), relations to columns that come earlier (`related`).
//! Holds: a column that a formula predicts from others costs the base some bits, because rounding broke the formula; the same bits
//! tell the refinement where the others lie, so they are not paid twice.

use super::column::{ColumnPlan, MOST_FURTHER, Prediction};
use super::draft::judged_rows;
use super::input::{Input, RowMap};
use super::{ColumnId, Slice};
use hepz_columns::Values;
use hepz_transforms::order::{ordered, to_number, to_raw};
use hepz_transforms::relations::{Budget, Candidate, Formula, MOST_INPUTS, Sample, SampleColumn, search};
use std::collections::BTreeMap;

/// As for relations.
const BUDGET: Budget = Budget { steps: 500_000, per_target: 8 };

/// Decisions that are modelled below the median distance of a prediction.
const BELOW: u32 = 4;

/// Adds expectations from the base to columns that no formula predicts.
pub fn use_base(
    original: &Slice,
    base: &Slice,
    order: &[ColumnId],
    plans: &mut BTreeMap<ColumnId, ColumnPlan>,
) {
    let place: BTreeMap<ColumnId, usize> = order.iter().enumerate().map(|(at, &id)| (id, at)).collect();
    for (table, columns) in original.columns.iter().enumerate() {
        let of_table = |id: &ColumnId| id.table as usize == table;
        if columns.len() < 2 || !order.iter().any(of_table) {
            continue;
        }
        let rows = judged_rows(original.rows[table]);
        let mut ids = Vec::new();
        let mut sample = Sample::default();
        for (column, values) in columns.iter().enumerate() {
            let Some(values) = values.as_ref().filter(|values| values.scalar().is_float()) else { continue };
            ids.push(ColumnId { table: table as u32, column: column as u32 });
            let raw = rows.iter().map(|&row| values.raw(row)).collect();
            sample.columns.push(SampleColumn::from_raw(values.scalar(), raw));
        }
        let of = |slice: &'_ Slice, id: ColumnId| -> Option<Vec<u64>> {
            let values: &Values = slice.columns.get(table)?.get(id.column as usize)?.as_ref()?;
            Some(rows.iter().map(|&row| values.raw(row)).collect())
        };
        let mut found: Vec<(u64, ColumnId, Formula, Vec<Input>)> = Vec::new();
        for Candidate { target, inputs, formula, .. } in search(&sample, &BUDGET) {
            let id = ids[target];
            let own = place.get(&id).filter(|_| plans.get(&id).is_some_and(open));
            let Some(&own) = own else { continue };
            let input = |&input: &usize| {
                let later = place.get(&ids[input]).is_some_and(|&at| at > own);
                Input { id: ids[input], map: if later { RowMap::Base } else { RowMap::Same } }
            };
            let inputs: Vec<Input> = inputs.iter().map(input).collect();
            if inputs.iter().all(|input| input.map == RowMap::Same) {
                continue;
            }
            let read = |input: &Input| {
                let slice = if input.map == RowMap::Base { base } else { original };
                let scalar = sample.columns[ids.binary_search(&input.id).ok()?].scalar;
                let raw = of(slice, input.id)?;
                Some(raw.into_iter().map(|raw| to_number(raw, scalar)).collect::<Vec<f64>>())
            };
            let columns: Option<Vec<Vec<f64>>> = inputs.iter().map(read).collect();
            let (Some(columns), Some(stored)) = (columns, of(base, id)) else { continue };
            if let Some(left) = miss(&formula, &columns, &sample.columns[target], &stored) {
                found.push((left, id, formula, inputs));
            }
        }
        found.sort_by_key(|(left, id, _, _)| (*id, *left));
        for (left, id, formula, inputs) in found {
            let Some(plan) = plans.get_mut(&id) else { continue };
            // Decisions down to the size of what the formula leaves open.
            let open_bits = (64 - left.leading_zeros()).saturating_sub(BELOW);
            plan.modelled = plan.modelled.max(plan.map.bits.saturating_sub(open_bits));
            if plan.prediction == Prediction::None {
                plan.prediction = Prediction::Expected(formula, inputs);
            } else if plan.further.len() < MOST_FURTHER {
                plan.further.push((formula, inputs));
            }
        }
    }
}

/// True for columns that are coded as they are.
fn open(plan: &ColumnPlan) -> bool {
    plan.prediction == Prediction::None
}

/// The median distance of predictions and values, if it is not much more than that of the stored values: two bounds are narrower
/// than each.
fn miss(formula: &Formula, columns: &[Vec<f64>], truth: &SampleColumn, stored: &[u64]) -> Option<u64> {
    let scalar = truth.scalar;
    let (mut of_formula, mut of_base) = (Vec::new(), Vec::new());
    for (row, (&raw, &stored)) in truth.raw.iter().zip(stored).enumerate() {
        if raw == stored {
            continue;
        }
        let mut inputs = [0.0; MOST_INPUTS];
        inputs.iter_mut().zip(columns).for_each(|(input, column)| *input = column[row]);
        let value = ordered(raw, scalar);
        let predicted = to_raw(formula.predict(&inputs[..columns.len()]), scalar);
        of_formula.push(predicted.map_or(u64::MAX, |predicted| ordered(predicted, scalar).abs_diff(value)));
        of_base.push(ordered(stored, scalar).abs_diff(value));
    }
    let median = |mut distances: Vec<u64>| {
        let at = distances.len() / 2;
        (distances.len() >= 32).then(|| *distances.select_nth_unstable(at).1)
    };
    let (of_formula, of_base) = (median(of_formula)?, median(of_base)?);
    (of_formula / 3 < of_base / 2).then_some(of_formula)
}

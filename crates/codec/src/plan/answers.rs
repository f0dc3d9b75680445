//! Expected values: what a column costs when formulas say near which values it lies.
//!
//! In: a draft, one formula or several answers of an equation. Out: the draft with them.
//! Not here: which formulas are tried (`related`).
//! Holds: integers decide; a sample of rows is looked at, not all.

use super::ColumnId;
use super::coding::Known;
use super::column::{Input, Prediction, RowMap};
use super::dependence::{BIT, log2, n_log_n};
use super::draft::{Draft, judged_rows};
use hepz_transforms::order::{to_number, to_raw};
use hepz_transforms::path_map::Place;
use hepz_transforms::relations::{Formula, MOST_INPUTS};

/// The draft with the values that the formulas expect, all from the same inputs.
pub fn expected(old: &Draft, formulas: &[Formula], inputs: &[ColumnId], plain_cost: i64) -> Draft {
    let mut plan = old.plan.clone();
    let named: Vec<Input> = inputs.iter().map(|&id| Input { id, map: RowMap::Same }).collect();
    if let [first, further @ ..] = formulas {
        plan.prediction = Prediction::Expected(first.clone(), named.clone());
        plan.further = further.iter().map(|formula| (formula.clone(), named.clone())).collect();
    }
    plan.modelled = plan.map.bits;
    Draft { id: old.id, plan, plain_cost, distinct: old.distinct }
}

/// The same with what it costs, if the column is coded as it is; `None` if it cannot be told.
pub fn near(old: &Draft, known: &Known<'_>, formulas: &[Formula], inputs: &[ColumnId]) -> Option<Draft> {
    if old.plan.prediction != Prediction::None || formulas.is_empty() || inputs.len() > MOST_INPUTS {
        return None;
    }
    let rows = judged_rows(known.rows_of(old.id.table));
    let target = known.get(old.id)?;
    let columns = inputs.iter().map(|&id| known.get(id)).collect::<Option<Vec<_>>>()?;
    let map = &old.plan.map;
    // How many values lie how many bits away from the nearest answer.
    let mut sizes = [0u64; 66];
    for &row in &rows {
        let Place::Rest(path) = map.split(target.raw(row)) else { continue };
        let mut numbers = [0.0; MOST_INPUTS];
        for (number, column) in numbers.iter_mut().zip(&columns) {
            *number = to_number(column.raw(row), column.scalar());
        }
        let distance = |formula: &Formula| {
            let answer = to_raw(formula.predict(numbers.get(..inputs.len())?), map.scalar)?;
            Some(map.nearest(answer).abs_diff(path))
        };
        let nearest = formulas.iter().filter_map(distance).min();
        let size = nearest.map_or(64, |distance| 64 - distance.leading_zeros()).min(map.bits);
        sizes[size as usize] += 1;
    }
    let seen: u64 = sizes.iter().sum();
    let mut cost = n_log_n(seen) - sizes.iter().map(|&n| n_log_n(n)).sum::<i64>();
    // A sign and the bits below the highest.
    cost += sizes.iter().zip(0..).map(|(&n, bits)| n as i64 * bits * BIT).sum::<i64>();
    cost += seen as i64 * log2(formulas.len() as u64);
    let plain = old.plain_cost / known.rows_of(old.id.table).max(1) as i64 * rows.len() as i64;
    // Special values and escapes cost what they cost.
    cost += plain / rows.len().max(1) as i64 * (rows.len() as i64 - seen as i64);
    let cost = cost.min(plain);
    let all = cost / rows.len().max(1) as i64 * known.rows_of(old.id.table) as i64;
    Some(expected(old, formulas, inputs, all))
}

//! Drafts: how each column would be coded without contexts.
//!
//! In: one column of a sample. Out: its map, its depth, and what it costs.
//! Not here: relations (`related`), contexts (`planner`).
//! Holds: integers decide.

use super::ColumnId;
use super::coding::patterns;
use super::column::{ColumnPlan, LaneKind, LanePlan, Prediction, Rows, residual_scalar};
use super::dependence::{BIT, gain_by_depth, log2, n_log_n};
use super::input::Input;
use super::known::Known;
use hepz_columns::{Scalar, Table};
use hepz_transforms::path_map::{PathMap, Place};

/// Dependence is judged on at most so many rows of a table, in runs of [`RUN_ROWS`].
const JUDGED_ROWS: usize = 2048;
const RUN_ROWS: usize = 256;

/// Decoding a column touches at most so many others.
pub const MAX_CLOSURE: usize = 8;

/// What is known of a column before its contexts are chosen.
pub struct Draft {
    /// The column.
    pub id: ColumnId,
    /// Its plan so far.
    pub plan: ColumnPlan,
    /// Bits of all its coded values without contexts, in units of [`BIT`].
    pub plain_cost: i64,
    /// Distinct values seen, up to a few.
    pub distinct: usize,
}

/// The cheapest way to code a column by itself.
pub fn draft(id: ColumnId, tables: &[Table], known: &Known<'_>, rows: Rows, sum: Option<Input>) -> Draft {
    let scalar = tables[id.table as usize].columns[id.column as usize].scalar;
    let predictions = match sum {
        Some(input) => vec![Prediction::RunningSum(input)],
        None => vec![Prediction::None, Prediction::Previous],
    };
    let mut best: Option<Draft> = None;
    for prediction in predictions {
        let differenced = prediction == Prediction::Previous;
        // Differences of floats lose the exponent, and few bits need none.
        if differenced
            && (scalar.is_float() || best.as_ref().is_none_or(|best: &Draft| best.plan.map.bits < 4))
        {
            continue;
        }
        let seen = patterns(&prediction, rows, id, known).unwrap_or_default();
        if differenced && !worth_differencing(&seen, scalar, best.as_ref()) {
            continue;
        }
        let draft = draft_of(id, scalar, prediction, rows, &seen);
        if best.as_ref().is_none_or(|best| draft.plain_cost < best.plain_cost) {
            best = Some(draft);
        }
    }
    best.unwrap_or_else(|| draft_of(id, scalar, Prediction::None, Rows::All, &[]))
}

/// Differences of integers are tried if they are shorter than the values by two bits and more.
fn worth_differencing(differences: &[u64], scalar: Scalar, plain: Option<&Draft>) -> bool {
    let Some(plain) = plain else { return false };
    if differences.len() < 16 {
        return false;
    }
    let residual = residual_scalar(scalar);
    let shift = 64 - residual.bits();
    let size = |&d: &u64| {
        let signed = ((d << shift) as i64) >> shift;
        u64::from(64 - signed.unsigned_abs().leading_zeros())
    };
    let mean = differences.iter().map(size).sum::<u64>() / differences.len() as u64;
    mean + 2 <= u64::from(plain.plan.map.bits)
}

/// Map, depth and cost without contexts.
pub fn draft_of(id: ColumnId, scalar: Scalar, prediction: Prediction, rows: Rows, seen: &[u64]) -> Draft {
    let map = PathMap::fit(prediction.pattern_scalar(scalar), seen);
    let (modelled, plain_cost, distinct) = measure(&map, seen);
    let plan = ColumnPlan {
        rows,
        prediction,
        further: Vec::new(),
        map,
        modelled,
        lanes: vec![LanePlan { kind: LaneKind::Path, depth: 64 }],
        near_previous: false,
        fits: Vec::new(),
        network: None,
        near: Vec::new(),
    };
    Draft { id, plan, plain_cost, distinct }
}

/// Decisions worth modelling, cost of all values without contexts, number of distinct values (at most 65).
fn measure(map: &PathMap, seen: &[u64]) -> (u32, i64, usize) {
    let mut paths = Vec::with_capacity(seen.len());
    let mut classes = vec![0u64; map.atoms.len() + 2];
    for &pattern in seen {
        match map.split(pattern) {
            Place::Atom(atom) => classes[atom as usize] += 1,
            Place::Rest(path) => {
                classes[map.atoms.len()] += 1;
                paths.push(path);
            }
            Place::Escape => classes[map.atoms.len() + 1] += 1,
        }
    }
    let n = seen.len() as u64;
    let occupied = classes.iter().filter(|&&c| c > 0).count();
    let mut cost = n_log_n(n) - classes.iter().map(|&c| n_log_n(c)).sum::<i64>();
    cost += (occupied as i64 - 1).max(0) * log2(n.max(1)) / 2;
    cost += classes[map.atoms.len() + 1] as i64 * i64::from(map.scalar.bits()) * BIT;
    let all = paths.len() as u64;
    let stride = paths.len().div_ceil(JUDGED_ROWS).max(1);
    let mut paths: Vec<u64> = paths.into_iter().step_by(stride).collect();
    paths.sort_unstable();
    let gains = gain_by_depth(&paths, map.bits);
    // From the deepest decision up: stop where all that follow gain nothing together.
    let mut modelled = 0;
    let (mut tail, mut best_tail) = (0i64, 0i64);
    for depth in (0..gains.len()).rev() {
        tail += gains[depth];
        // A decision takes time: it must save a two-hundredth of a bit.
        tail -= paths.len() as i64 * BIT / 200;
        if tail > best_tail + 12 * BIT && modelled == 0 {
            modelled = depth as u32 + 1;
        }
        best_tail = best_tail.min(tail);
    }
    if modelled > 0 {
        // More values than were judged reach a little deeper.
        modelled = (modelled + stride.ilog2().div_ceil(3)).min(map.bits);
    }
    let gain: i64 = gains.iter().take(modelled as usize).sum::<i64>() * stride as i64;
    cost += all as i64 * i64::from(map.bits) * BIT - gain.max(0);
    let mut distinct = paths;
    distinct.dedup();
    let distinct = (distinct.len() + occupied).saturating_sub(1).min(65);
    (modelled, cost.max(0), distinct)
}

/// The rows that are judged: a few runs, so that neighbours stay neighbours.
pub fn judged_rows(n: usize) -> Vec<usize> {
    if n <= JUDGED_ROWS {
        return (0..n).collect();
    }
    let runs = JUDGED_ROWS / RUN_ROWS;
    (0..runs)
        .flat_map(|run| {
            let first = (n - RUN_ROWS) / (runs - 1) * run;
            first..first + RUN_ROWS
        })
        .collect()
}

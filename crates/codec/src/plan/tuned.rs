//! Tuned plans: what is tried out on a sample, and kept where it pays.
//!
//! In: a plan and what it was chosen from. Out: a plan that codes the sample in fewer bits.
//! Not here: what a fit is (`fit`), how it is made (`fitting`), which contexts are likely (`survey`).
//! Holds: integers decide; the number of trials depends on the sample alone.

use super::ColumnId;
use super::coding::{code_column, runs_of};
use super::column::{ColumnPlan, LaneKind, LanePlan, Prediction};
use super::dependence::{BIT, log2};
use super::domain::Domain;
use super::fit::Fit;
use super::fitting::{self, Candidate};
use super::input::{Input, Link, RowMap};
use super::judged::{Closures, Judged};
use super::known::Known;
use hepz_columns::Table;
use hepz_entropy::{Coder, RawBits};
use hepz_models::deep::MOST_LANES;
use hepz_transforms::order::to_number;
use hepz_transforms::path_map::Place;
use std::collections::{BTreeMap, BTreeSet};

/// What plans are tried out on.
#[derive(Clone, Copy)]
pub struct Trials<'a> {
    /// The values of a few megabytes.
    pub known: &'a Known<'a>,
    /// Price of all columns without contexts, in units of [`BIT`].
    pub total: i64,
}

/// What is known about a column when its plan is tried out.
pub struct About<'a> {
    /// Columns that say something.
    pub judged: &'a BTreeMap<ColumnId, Judged>,
    /// Tables of the file.
    pub tables: &'a [Table],
    /// The whole sample.
    pub known: &'a Known<'a>,
    /// How tables belong together.
    pub links: &'a [Option<Link>],
    /// Place of each column in coding order.
    pub place: &'a BTreeMap<ColumnId, usize>,
    /// What the column costs without contexts, in units of [`BIT`].
    pub plain_cost: i64,
}

/// A column that is a smaller share of all than one in so many is left as it is.
const LEAST_SHARE: i64 = 4000;

/// A column that is the whole would be coded so many times; others in proportion, within [`MOST_TRIALS`].
const TRIALS_OF_ALL: i64 = 300;
const MOST_TRIALS: i64 = 10;

/// Rows that a fit is made from.
const FIT_ROWS: usize = 4096;

/// Columns that a fit is made from.
const FIT_CANDIDATES: usize = 48;

/// Values of fewer bits are not fitted.
const LEAST_FITTED_BITS: u32 = 6;

/// Decisions that are modelled where a fit expects the value: noise begins below.
const FITTED_DEPTH: u32 = 20;

/// Adds up what decisions and raw bits would cost, in units of 2^-16 bits.
#[derive(Default)]
struct Price(i64);

impl Coder for Price {
    #[inline(always)]
    fn code(&mut self, bit: u32, p1: u32) -> u32 {
        self.0 += i64::from(super::PRICE[(if bit != 0 { p1 } else { 65_536 - p1 } >> 6) as usize]);
        bit
    }
}

impl RawBits for Price {
    #[inline]
    fn raw(&mut self, value: u64, count: u32) -> u64 {
        self.0 += i64::from(count) * BIT;
        if count >= 64 { value } else { value & ((1 << count) - 1) }
    }
}

/// What the plan costs on the sample, with its stored form.
pub(super) fn price(plan: &ColumnPlan, id: ColumnId, known: &Known<'_>) -> Option<i64> {
    let (mut decisions, mut raw) = (Price::default(), Price::default());
    code_column(plan, id, known, &mut decisions, &mut raw, Some(known.get(id)?)).ok()?;
    let mut stored = Vec::new();
    plan.write(&mut stored, id);
    Some(decisions.0 + raw.0 + stored.len() as i64 * 8 * BIT)
}

impl Trials<'_> {
    /// Tries fits and contexts, and keeps what pays.
    pub fn tune(
        &self,
        about: &About<'_>,
        id: ColumnId,
        candidates: &[ColumnId],
        (closures, closure): (&Closures, &mut BTreeSet<ColumnId>),
        plan: &mut ColumnPlan,
    ) {
        let Some(mut best) = price(plan, id, self.known) else { return };
        let plain = about.plain_cost;
        if plain < self.total / LEAST_SHARE {
            return;
        }
        let mut left = (plain * TRIALS_OF_ALL / self.total.max(1)).min(MOST_TRIALS);
        let keep = |tried: ColumnPlan, plan: &mut ColumnPlan, best: &mut i64| {
            let Some(cost) = price(&tried, id, self.known) else { return false };
            let better = cost + 8 * BIT < *best;
            if better {
                (*plan, *best) = (tried, cost);
            }
            better
        };
        let mut fits = fits_of(about, id, candidates, (closures, closure), plan);
        // The one that leaves the smaller errors first.
        for (fit, touched) in fits.drain(..) {
            let mut tried = plan.clone();
            tried.modelled = tried.modelled.max(FITTED_DEPTH.min(tried.map.bits));
            tried.fits.push(fit);
            if keep(tried, plan, &mut best) {
                *closure = touched;
            }
            left -= 1;
        }
        if left <= 0 {
            return;
        }
        let own = |back, bits| LanePlan { kind: LaneKind::Own { back, bits }, depth: 64 };
        let bits = plan.map.bits;
        let mut wanted = vec![own(1, bits.min(8)), own(2, bits.min(8)), own(1, bits.min(14))];
        wanted.push(LanePlan { kind: LaneKind::Position, depth: 16 });
        let mut others: Vec<(i64, ColumnId)> = Vec::new();
        if let Some(judged) = about.judged.get(&id) {
            let mut joint = Vec::new();
            for &candidate in candidates {
                let other = &about.judged[&candidate];
                let gain = judged.target.information(&other.context, other.cardinality as usize, &mut joint);
                others.push((gain, candidate));
            }
        }
        others.sort_by_key(|&(gain, id)| (std::cmp::Reverse(gain), id));
        for &(_, other) in others.iter().filter(|&&(gain, _)| gain > 0).take(6) {
            wanted.push(LanePlan { kind: LaneKind::One(Input { id: other, map: RowMap::Same }), depth: 64 });
        }
        for lane in wanted {
            if left <= 0 || plan.lanes.len() >= MOST_LANES {
                break;
            }
            let alike = |other: &LanePlan| other.kind == lane.kind;
            if plan.lanes.iter().any(alike) {
                continue;
            }
            let mut touched = closure.clone();
            if let LaneKind::One(input) = &lane.kind {
                let Some(with) = closures.with(closure, input.id) else { continue };
                touched = with;
            }
            let mut tried = plan.clone();
            tried.lanes.push(lane);
            if keep(tried, plan, &mut best) {
                *closure = touched;
            }
            left -= 1;
        }
        let mut at = plan.lanes.len();
        while at > 1 && left > 0 {
            at -= 1;
            let mut tried = plan.clone();
            tried.lanes.remove(at);
            keep(tried, plan, &mut best);
            left -= 1;
        }
    }
}

/// A fit with its inputs, and what decoding would touch with it.
type Touching = ((Fit, Vec<Input>), BTreeSet<ColumnId>);

/// Fits of the number and of the logarithm of its magnitude, with what decoding would touch; the nearest first.
fn fits_of(
    about: &About<'_>,
    id: ColumnId,
    candidates: &[ColumnId],
    (closures, closure): (&Closures, &BTreeSet<ColumnId>),
    plan: &ColumnPlan,
) -> Vec<Touching> {
    let known = about.known;
    let Some(values) = known.get(id) else { return Vec::new() };
    if !plan.prediction.keeps_values()
        || plan.map.bits < LEAST_FITTED_BITS
        || matches!(plan.prediction, Prediction::Line(..))
    {
        return Vec::new();
    }
    let Ok(runs) = runs_of(plan, id, known) else { return Vec::new() };
    let domain = Domain::new(runs, values.len());
    let rows: Vec<usize> = domain
        .rows()
        .into_iter()
        .filter(|&row| matches!(plan.map.split(values.raw(row)), Place::Rest(_)))
        .collect();
    let rows: Vec<usize> = rows.iter().copied().step_by(rows.len().div_ceil(FIT_ROWS).max(1)).collect();
    let scalar = values.scalar();
    let numbers: Vec<f64> = rows.iter().map(|&row| to_number(values.raw(row), scalar)).collect();
    let mut inputs: Vec<Input> = candidates.iter().map(|&id| Input { id, map: RowMap::Same }).collect();
    // The nearest in the file first, if there are too many.
    inputs.sort_by_key(|input| (input.id.column.abs_diff(id.column), input.id.column));
    inputs.truncate(FIT_CANDIDATES);
    if let Some(Link::Every { parent, .. } | Link::Offsets { parent, .. }) = about.links[id.table as usize] {
        let columns = about.tables[parent as usize].columns.len() as u32;
        let above = (0..columns.min(FIT_CANDIDATES as u32)).map(|column| ColumnId { table: parent, column });
        let earlier = above.filter(|other| other.table != id.table && about.place[other] < about.place[&id]);
        inputs.extend(earlier.map(|id| Input { id, map: RowMap::Parent }));
    }
    let gathered = inputs.iter().filter_map(|&input| {
        let other = known.get(input.id)?;
        let map = known.row_map(&input, id.table).ok()?;
        let of = |row: usize| {
            let row = map.as_ref().map_or(row, |map| map[row] as usize);
            if row < other.len() { to_number(other.raw(row), other.scalar()) } else { 0.0 }
        };
        Some(Candidate { input, numbers: rows.iter().map(|&row| of(row)).collect() })
    });
    let gathered: Vec<Candidate> = gathered.collect();
    let mut allowed = |chosen: &[Input], input: Input| {
        let with = |closure: Option<BTreeSet<ColumnId>>, id| closures.with(&closure?, id);
        chosen.iter().map(|input| input.id).chain([input.id]).fold(Some(closure.clone()), with).is_some()
    };
    let mut fits: Vec<(i64, Fit, Vec<Input>)> = Vec::new();
    for logarithm in [false, true] {
        if logarithm && !scalar.is_float() {
            continue;
        }
        let Some((fit, chosen)) = fitting::fit(&numbers, logarithm, &gathered, &mut allowed) else {
            continue;
        };
        let mut at = vec![0.0; fit.terms.len()];
        let of_term: Vec<&Candidate> =
            chosen.iter().filter_map(|input| gathered.iter().find(|c| c.input == *input)).collect();
        let mut errors = 0;
        for (row, &number) in numbers.iter().enumerate() {
            at.iter_mut().zip(&of_term).for_each(|(x, candidate)| *x = candidate.numbers[row]);
            let expected = fit.expect(&at);
            let truth = if logarithm { number.abs() } else { number };
            let whole = |x: f64| (x * 65536.0) as i64;
            // In units of the number itself: both kinds of fits are compared where they are used.
            let error = whole(truth).abs_diff(whole(expected));
            errors += log2(error.max(1));
        }
        fits.push((errors, fit, chosen));
    }
    fits.sort_by_key(|&(errors, ..)| errors);
    let touched = |inputs: &[Input]| {
        let with = |closure: Option<BTreeSet<ColumnId>>, id| closures.with(&closure?, id);
        inputs.iter().map(|input| input.id).fold(Some(closure.clone()), with)
    };
    let with_touched = |(_, fit, inputs): (i64, Fit, Vec<Input>)| {
        let touched = touched(&inputs)?;
        Some(((fit, inputs), touched))
    };
    fits.into_iter().filter_map(with_touched).collect()
}

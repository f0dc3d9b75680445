//! Relations: which formulas the plan uses.
//!
//! In: drafts of all columns, a sample. Out: drafts that code residuals where a formula predicts the column.
//! Not here: finding formulas (`hepz-transforms`).
//! Holds: no circles; a formula is used only if the column costs less with it.

use super::ColumnId;
use super::Slice;
use super::answers::{expected, near};
use super::coding::{patterns, run_starts};
use super::column::{Prediction, Rows};
use super::dependence::BIT;
use super::draft::{Draft, MAX_CLOSURE, draft, draft_of, judged_rows};
use super::input::Link;
use super::input::{Input, RowMap};
use super::known::Known;
use hepz_columns::{Scalar, Table};
use hepz_transforms::relations::{Budget, Candidate, Formula, Sample, SampleColumn, System, search, systems};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// About a twentieth of a second.
const BUDGET: Budget = Budget { steps: 500_000, per_target: 8 };

/// Columns that cost fewer bits a value than this are no targets.
const TARGET_BITS: i64 = 3;

/// Residuals of more bits than this are coded as values near the prediction: there the contexts still see the value.
const RESIDUAL_BITS: f32 = 10.0;

/// A component that follows from a mass rests on all others of its system: eight, and energies on these in turn.
const SYSTEM_CLOSURE: usize = 14;

/// Bits per value that a prediction must save, to be worth another key of runs.
const KEY_BITS: i64 = 6;

/// A system is used if a component then costs less than so many hundredths: two answers are never quite sure.
const SYSTEM_SHARE: i64 = 94;

/// Replaces drafts by better ones that use relations. Of columns that were rounded, `original` has the values before: relations
/// are plain to see there.
pub fn use_relations(
    tables: &[Table],
    links: &[Option<Link>],
    known: &Known<'_>,
    original: Option<&Slice>,
    drafts: &mut BTreeMap<ColumnId, Draft>,
) {
    let found: Vec<Found> = (0..tables.len())
        .into_par_iter()
        .map(|table| search_table(table as u32, tables, known, original, drafts))
        .collect();
    for found in found {
        change_keys(&found, tables, known, drafts);
        for (id, draft) in pick(found, known, tables, links, drafts) {
            drafts.insert(id, draft);
        }
    }
}

/// What the searches found in one table.
#[derive(Default)]
struct Found {
    candidates: Vec<(ColumnId, Candidate, Vec<ColumnId>)>,
    systems: Vec<(ColumnId, System, Vec<ColumnId>)>,
}

fn search_table(
    table: u32,
    tables: &[Table],
    known: &Known<'_>,
    original: Option<&Slice>,
    drafts: &BTreeMap<ColumnId, Draft>,
) -> Found {
    let rows = judged_rows(known.rows_of(table));
    let columns = &tables[table as usize].columns;
    if rows.len() < 32 || columns.len() < 2 {
        return Found::default();
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
    if targets == 0 && original.is_none() || ids.len() < 2 {
        return Found::default();
    }
    let name = |inputs: &[usize]| inputs.iter().map(|&input| ids[input]).collect();
    let mut candidates = search(&sample, &BUDGET);
    let mut systems_found = systems(&sample);
    if let Some(original) = original {
        let before = |id: &ColumnId| {
            let values = original.columns.get(table as usize)?.get(id.column as usize)?.as_ref()?;
            let raw = rows.iter().map(|&row| values.raw(row)).collect();
            Some(SampleColumn::from_raw(values.scalar(), raw))
        };
        let columns: Option<Vec<SampleColumn>> = ids.iter().map(before).collect();
        let before = Sample { columns: columns.unwrap_or_default() };
        for found in search(&before, &BUDGET) {
            let grid_bits = zero_bits(&sample.columns[found.target]);
            let plain_bits = (found.plain_bits - grid_bits as f32).max(found.bits_left);
            candidates.push(Candidate { plain_bits, grid_bits, ..found });
        }
        systems_found.extend(systems(&before));
    }
    Found {
        candidates: candidates
            .into_iter()
            .map(|found| (ids[found.target], name(&found.inputs), found))
            .map(swap)
            .collect(),
        systems: systems_found
            .into_iter()
            .map(|found| (ids[found.target], name(&found.inputs), found))
            .map(swap)
            .collect(),
    }
}

/// Low mantissa bits that are zero in all values of a column of floats.
fn zero_bits(column: &SampleColumn) -> u32 {
    let Some(mantissa) = column.scalar.mantissa_bits() else { return 0 };
    let set = column.raw.iter().fold(1 << mantissa, |all: u64, raw| all | raw);
    set.trailing_zeros()
}

fn swap<A, B, C>((a, b, c): (A, B, C)) -> (A, C, B) {
    (a, c, b)
}

/// A column whose runs tell when others repeat is decoded before them. If it could be predicted from one of them that
/// repeats exactly when it does, that one takes its place.
fn change_keys(found: &Found, tables: &[Table], known: &Known<'_>, drafts: &mut BTreeMap<ColumnId, Draft>) {
    let mut best: BTreeMap<ColumnId, (i64, ColumnId)> = BTreeMap::new();
    for (id, candidate, inputs) in &found.candidates {
        let gain = (candidate.plain_bits - candidate.bits_left) as i64;
        let follows = |&&input: &&ColumnId| {
            let table = input.table == id.table;
            table && drafts.get(&input).is_some_and(|draft| draft.plan.rows == Rows::RunsOf(id.column))
        };
        let Some(&key) = inputs.iter().filter(follows).min() else { continue };
        if gain >= KEY_BITS && best.get(id).is_none_or(|best| gain > best.0) {
            best.insert(*id, (gain, key));
        }
    }
    for (id, (_, key)) in best {
        let runs = |id| known.get(id).map(|values| run_starts(values).len());
        let plain = |id| drafts.get(&id).is_some_and(|draft: &Draft| draft.plan.rows == Rows::All);
        // The key of the others has to repeat wherever they do, and with as many runs it is this one.
        if !plain(id) || plain(key) || runs(id) != runs(key) {
            continue;
        }
        for (_, other) in drafts.range_mut(of_table(id.table)) {
            if other.plan.rows == Rows::RunsOf(id.column) {
                other.plan.rows = Rows::RunsOf(key.column);
            }
        }
        drafts.insert(key, draft(key, tables, known, Rows::All, None));
        drafts.insert(id, draft(id, tables, known, Rows::RunsOf(key.column), None));
    }
}

fn of_table(table: u32) -> std::ops::RangeInclusive<ColumnId> {
    ColumnId { table, column: 0 }..=ColumnId { table, column: u32::MAX }
}

/// What is picked so far.
struct Picker<'a> {
    known: &'a Known<'a>,
    tables: &'a [Table],
    links: &'a [Option<Link>],
    drafts: &'a BTreeMap<ColumnId, Draft>,
    picked: BTreeMap<ColumnId, Draft>,
    /// What each picked column rests on, whatever lies between.
    behind: BTreeMap<ColumnId, BTreeSet<ColumnId>>,
}

/// Picks the relations that save most, without circles, and measures each before it is used.
fn pick(
    found: Found,
    known: &Known<'_>,
    tables: &[Table],
    links: &[Option<Link>],
    drafts: &BTreeMap<ColumnId, Draft>,
) -> BTreeMap<ColumnId, Draft> {
    let Found { candidates: mut found, systems } = found;
    // Thousandths of a bit a value, so that the order does not hang on a rounding.
    let gain = |c: &Candidate| ((c.plain_bits - c.bits_left) * 1000.0) as i64;
    found.retain(|(_, candidate, _)| gain(candidate) > 500);
    // Of two columns that predict each other the later one is predicted.
    found.sort_by_key(|(id, candidate, inputs)| {
        (std::cmp::Reverse(gain(candidate)), std::cmp::Reverse(*id), inputs.clone())
    });
    let mut picker =
        Picker { known, tables, links, drafts, picked: BTreeMap::new(), behind: BTreeMap::new() };
    for (id, candidate, inputs) in found {
        let most = if inputs.len() > MAX_CLOSURE - 2 { SYSTEM_CLOSURE } else { MAX_CLOSURE };
        let Some(closure) = picker.closure(id, &inputs, most) else { continue };
        if let Some(draft) = picker.draft(id, candidate, inputs) {
            picker.insert(draft, closure);
        }
    }
    picker.use_systems(systems);
    picker.picked
}

impl Picker<'_> {
    /// What `id` would rest on, if it can be predicted from `inputs` and touches at most `most` columns with itself and
    /// one that is predicted from it.
    fn closure(&self, id: ColumnId, inputs: &[ColumnId], most: usize) -> Option<BTreeSet<ColumnId>> {
        if self.picked.contains_key(&id) {
            return None;
        }
        let mut closure: BTreeSet<ColumnId> = inputs.iter().copied().collect();
        for input in inputs {
            closure.extend(self.behind.get(input).into_iter().flatten().copied());
        }
        // True if a column that is already predicted from `id` lies behind it, or the closures would grow too large.
        let closes_circle = self.behind.iter().any(|(other, set)| {
            let grown = || set.union(&closure).count();
            set.contains(&id) && (closure.contains(other) || grown() > set.len() && grown() + 2 > most)
        });
        let draft = |id| self.picked.get(&id).or_else(|| self.drafts.get(&id));
        let sound = !closure.contains(&id)
            && !closes_circle
            && closure.len() + 2 <= most
            && !rests_on(id, inputs, self.links, draft);
        sound.then_some(closure)
    }

    /// The draft with a relation, if the column costs less with it.
    fn draft(&self, id: ColumnId, candidate: Candidate, inputs: Vec<ColumnId>) -> Option<Draft> {
        let old = &self.drafts[&id];
        let scalar = self.tables[id.table as usize].columns[id.column as usize].scalar;
        let formula = on_grid(candidate.formula, candidate.grid_bits, scalar);
        // Differences of decimals are no decimals: these are written as values that lie near. So may those that were rounded: what
        // rounding did to the inputs may throw a prediction far off, even to the other sign.
        let apart = old.plan.map.grid.is_decimal() || matches!(formula, Formula::Rounded { .. });
        let values = apart && old.plan.prediction == Prediction::None;
        let near = if values { near(old, self.known, std::slice::from_ref(&formula), &inputs) } else { None };
        if candidate.bits_left <= RESIDUAL_BITS {
            let named = inputs.iter().map(|&id| Input { id, map: RowMap::Same }).collect();
            let prediction = Prediction::Residual(formula, named);
            let seen = patterns(&prediction, old.plan.rows, id, self.known).ok()?;
            let draft = draft_of(id, scalar, prediction, old.plan.rows, &seen);
            let draft = match near {
                // What is merely alike serves as a context as well, and asks nothing of the order.
                Some(near) if near.plain_cost * 8 < draft.plain_cost.min(old.plain_cost / 2) * 7 => near,
                _ => draft,
            };
            return (draft.plain_cost * 100 < old.plain_cost * 98).then_some(draft);
        }
        if !matches!(old.plan.prediction, Prediction::None) {
            return None;
        }
        let saved = gain_bits(candidate.plain_bits, candidate.bits_left, self.known.rows_of(id.table));
        let cost = (old.plain_cost - saved).max(old.plain_cost / 20);
        Some(expected(old, &[formula], &inputs, cost))
    }

    fn insert(&mut self, draft: Draft, closure: BTreeSet<ColumnId>) {
        let id = draft.id;
        // Whoever is predicted from this column now also rests on what it rests on.
        for set in self.behind.values_mut() {
            if set.contains(&id) {
                set.extend(closure.iter().copied());
            }
        }
        self.behind.insert(id, closure);
        self.picked.insert(id, draft);
    }

    /// Of every system the component that saves most.
    fn use_systems(&mut self, systems: Vec<(ColumnId, System, Vec<ColumnId>)>) {
        let mut worth: Vec<(i64, ColumnId, Vec<ColumnId>, Draft)> = Vec::new();
        for (id, system, inputs) in systems {
            let old = &self.drafts[&id];
            let Some(draft) = near(old, self.known, &system.formulas, &inputs) else { continue };
            if draft.plain_cost * 100 < old.plain_cost * SYSTEM_SHARE {
                worth.push((old.plain_cost - draft.plain_cost, id, inputs, draft));
            }
        }
        worth.sort_by_key(|(saved, id, inputs, _)| {
            (std::cmp::Reverse(*saved), std::cmp::Reverse(*id), inputs.clone())
        });
        for (_, id, inputs, draft) in worth {
            if let Some(closure) = self.closure(id, &inputs, SYSTEM_CLOSURE) {
                self.insert(draft, closure);
            }
        }
    }
}

/// The formula, rounded to the grid that its column lies on.
fn on_grid(formula: Formula, grid_bits: u32, scalar: Scalar) -> Formula {
    match scalar.mantissa_bits().and_then(|bits| bits.checked_sub(grid_bits)) {
        Some(kept @ 1..=51) if grid_bits > 0 => {
            Formula::Rounded { kept: kept as u8, formula: Box::new(formula) }
        }
        _ => formula,
    }
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

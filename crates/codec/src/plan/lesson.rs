//! Lessons: what a network is fitted to, and whether it pays.
//!
//! In: a plan without networks, the sample it was made from, who fits. Out: the same plan with a network for each column where
//! one saves more than its weights take.
//! Not here: fitting (`hepz-training`, through [`Trainer`]), prices of other parts of a plan (`tuned`).
//! Holds: what is compared is what the walk would write, weights included; a column without a network is coded as ever.

use super::activations::{QUANTILES, activations};
use super::coding::paths_of;
use super::column::ColumnPlan;
use super::dependence::{BIT, Target, n_log_n};
use super::forecast::{Feature, Forecaster, MOST_ACTIVATIONS, Shape};
use super::input::{Input, Link, RowMap};
use super::known::Known;
use super::planner::{Decision, bytes_of, known_of, shortened};
use super::tuned::price;
use super::{ColumnId, Engine, Slice};
use hepz_columns::Table;
use hepz_neural::value::ValueNetwork;
use hepz_neural::wire::Numbers;
use hepz_transforms::order::ordered;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a network is fitted to: outcomes of rows, and what is known of each row before.
#[derive(Clone, Debug, Default)]
pub struct Lesson {
    /// Table and column, for messages.
    pub name: String,
    /// Activations of a row.
    pub inputs: usize,
    /// Outcomes; each occurs.
    pub outcomes: usize,
    /// `[row][input]`, in units of 2^-12.
    pub features: Vec<i16>,
    /// The outcome of each row.
    pub targets: Vec<u16>,
    /// Widths of hidden layers that the gain to be expected can carry.
    pub hidden: Vec<usize>,
    /// Share of all work that this lesson is worth, in units of 1/1024.
    pub share: u32,
}

/// Fits networks.
pub trait Trainer: Sync {
    /// A network of `lesson.inputs` inputs and `lesson.outcomes` outcomes, or none.
    fn fit(&self, lesson: &Lesson) -> Option<ValueNetwork>;
}

/// Who fits networks for a plan, and for how much data.
#[derive(Clone, Copy)]
pub struct Teaching<'a> {
    /// Who fits.
    pub trainer: &'a dyn Trainer,
    /// Bytes of all values, of which the sample has a part.
    pub bytes: u64,
}

/// What came of a column's network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The column.
    pub id: ColumnId,
    /// Bytes of its weights, about.
    pub weights: u64,
    /// Bytes that it saves in the whole file by the sample, about, without its weights; less than nothing if it does not.
    pub saves: i64,
    /// It pays, and is used.
    pub used: bool,
}

/// Columns that are a smaller share of all than one in so many get no network.
const LEAST_SHARE: u64 = 300;

/// Rows that a network is fitted to, at least and at most.
const LEAST_ROWS: usize = 2000;
const MOST_ROWS: usize = 1 << 20;

/// Columns that a network looks at, at most.
const MOST_COLUMNS: usize = 48;

/// Rows that features and dependence are judged by.
const JUDGED_ROWS: usize = 1 << 15;

/// Bytes of values that networks are tried out on.
const TRIAL_BYTES: u64 = 12 << 20;

/// Gives columns networks where that pays.
pub fn learn(
    tables: &[Table],
    sample: &Slice,
    teaching: Teaching<'_>,
    decision: &mut Decision,
) -> Vec<Outcome> {
    let links = decision.links.clone();
    let known = known_of(tables, &links, sample).under(Engine::Deep);
    let trial_sample = shortened(tables, &links, sample, TRIAL_BYTES);
    let trial_sample = trial_sample.as_ref().unwrap_or(sample);
    let trial = known_of(tables, &links, trial_sample).under(Engine::Deep);
    let total: u64 = decision.bytes.values().sum();
    let place: BTreeMap<ColumnId, usize> =
        decision.order.iter().enumerate().map(|(at, &id)| (id, at)).collect();
    let (sampled, tried) = (bytes_of(tables, sample).max(1), bytes_of(tables, trial_sample).max(1));
    let worth: Vec<ColumnId> = decision
        .order
        .iter()
        .copied()
        .filter(|id| decision.bytes.get(id).is_some_and(|&bytes| bytes * LEAST_SHARE >= total))
        .collect();
    let all: u64 = worth.iter().map(|id| decision.bytes[id]).sum();
    let taught = |&id: &ColumnId| -> Option<(ColumnId, Outcome, ColumnPlan)> {
        let plan = &decision.columns[&id];
        let in_file =
            u128::from(decision.bytes[&id]) * u128::from(teaching.bytes.max(sampled)) / u128::from(sampled);
        let share = (decision.bytes[&id] * 1024 / all.max(1)) as u32;
        let school = School { tables, links: &links, known: &known, place: &place };
        let (forecaster, weights) = school.teach(id, plan, in_file as u64, share, teaching.trainer)?;
        let with = ColumnPlan { network: Some(Arc::new(forecaster)), ..plan.clone() };
        let gain = price(plan, id, &trial)? - price(&with, id, &trial)?;
        let gain = i128::from(gain / BIT / 8) * i128::from(teaching.bytes.max(tried)) / i128::from(tried);
        let saves = gain as i64;
        // A little more than the weights: what is left is not known better.
        let used = saves > weights as i64 + weights as i64 / 16;
        Some((id, Outcome { id, weights, saves, used }, with))
    };
    let results: Vec<(ColumnId, Outcome, ColumnPlan)> = worth.par_iter().filter_map(taught).collect();
    let mut outcomes = Vec::with_capacity(results.len());
    for (id, outcome, plan) in results {
        if outcome.used {
            decision.columns.insert(id, plan);
        }
        outcomes.push(outcome);
    }
    outcomes
}

/// What is needed to make a lesson.
struct School<'a> {
    tables: &'a [Table],
    links: &'a [Option<Link>],
    known: &'a Known<'a>,
    place: &'a BTreeMap<ColumnId, usize>,
}

impl School<'_> {
    /// A fitted network for column `id`, and the bytes of its weights, about.
    fn teach(
        &self,
        id: ColumnId,
        plan: &ColumnPlan,
        in_file: u64,
        share: u32,
        trainer: &dyn Trainer,
    ) -> Option<(Forecaster, u64)> {
        let (domain, keep, paths) = paths_of(plan, id, self.known).ok()?;
        if paths.len() < LEAST_ROWS || plan.map.bits < 2 {
            return None;
        }
        // Weights of about a sixteenth of what the column takes may be won back.
        let affordable = in_file / 16;
        let (most_outcomes, hidden) = match affordable {
            0..1200 => return None,
            1200..4000 => (32, vec![32]),
            4000..12_000 => (48, vec![32, 24]),
            12_000..30_000 => (96, vec![48, 32]),
            _ => (192, vec![64, 48]),
        };
        let bounds = bounds_of(&paths, most_outcomes);
        if bounds.len() < 3 {
            return None;
        }
        let targets: Vec<u16> =
            paths.iter().map(|path| (bounds.partition_point(|bound| bound <= path) - 1) as u16).collect();
        let features = self.features(id, &domain.rows(), &keep, &targets, bounds.len() - 1);
        if features.is_empty() {
            return None;
        }
        let inputs = features.iter().map(Feature::activations).sum();
        let mut rows = activations(&features, id, self.known, &domain, &keep).ok()?;
        let mut targets = targets;
        targets.truncate(MOST_ROWS);
        rows.truncate(MOST_ROWS * inputs);
        let table = &self.tables[id.table as usize];
        let lesson = Lesson {
            name: format!("{}.{}", table.name, table.columns[id.column as usize].name),
            inputs,
            outcomes: bounds.len() - 1,
            features: rows,
            targets,
            hidden,
            share,
        };
        let network = trainer.fit(&lesson)?;
        if network.inputs() != inputs || network.outcomes() != lesson.outcomes {
            return None;
        }
        let mut numbers = Numbers::default();
        network.write(&mut numbers);
        let mut description = Vec::new();
        let forecaster = Forecaster { features, bounds, network };
        forecaster.write(&mut description, &mut Numbers::default(), id);
        let weights = stored_bytes(&numbers) + description.len() as u64 * 3 / 4;
        Some((forecaster, weights))
    }

    /// What a network of column `id` may look at: columns that come before it, those that say most first.
    fn features(
        &self,
        id: ColumnId,
        rows: &[usize],
        keep: &[bool],
        targets: &[u16],
        outcomes: usize,
    ) -> Vec<Feature> {
        let stride = rows.len().div_ceil(JUDGED_ROWS).max(1);
        let kept: Vec<usize> =
            rows.iter().zip(keep).filter_map(|(&row, &keep)| keep.then_some(row)).collect();
        let judged: Vec<usize> = kept.iter().copied().step_by(stride).collect();
        let coarse = |target: u16| (usize::from(target) * 16.min(outcomes) / outcomes) as u8;
        let buckets = targets.iter().step_by(stride).map(|&target| coarse(target)).collect();
        let target = Target::new(buckets, 16.min(outcomes) as u32);
        let mut candidates: Vec<Input> = Vec::new();
        let parent = match self.links[id.table as usize] {
            Some(Link::Every { parent, .. } | Link::Offsets { parent, .. }) => Some(parent),
            None => None,
        };
        let before: BTreeSet<ColumnId> =
            self.place.iter().filter(|(_, at)| **at < self.place[&id]).map(|(&id, _)| id).collect();
        for &other in &before {
            if other.table == id.table {
                candidates.push(Input { id: other, map: RowMap::Same });
            } else if Some(other.table) == parent {
                candidates.push(Input { id: other, map: RowMap::Parent });
            }
        }
        if let Some(Link::Offsets { offsets, .. }) = self.links[id.table as usize]
            && !before.contains(&offsets)
        {
            candidates.retain(|input| input.map == RowMap::Same);
        }
        let mut joint = Vec::new();
        let mut scored: Vec<(i64, Input)> = Vec::new();
        for input in candidates {
            let (Ok(buckets), Ok(map)) = (self.known.buckets(input.id), self.known.row_map(&input, id.table))
            else {
                continue;
            };
            let bucket = |&row: &usize| {
                let row = map.as_ref().map_or(row, |map| map[row] as usize);
                buckets.of_row.get(row).map_or(0, |&bucket| u16::from(bucket))
            };
            let contexts: Vec<u16> = judged.iter().map(bucket).collect();
            if contexts.iter().all(|&context| context == contexts[0]) {
                continue;
            }
            scored.push((target.information(&contexts, buckets.cardinality as usize, &mut joint), input));
        }
        scored.sort_by_key(|&(information, input)| (std::cmp::Reverse(information), input));
        scored.truncate(MOST_COLUMNS);
        let mut features: Vec<Feature> = Vec::new();
        for (_, input) in scored {
            features.extend(self.shapes(input));
        }
        let mut total = 0;
        features.retain(|feature| {
            total += feature.activations();
            total <= MOST_ACTIVATIONS / 4
        });
        features
    }

    /// How the values of a column become activations.
    fn shapes(&self, input: Input) -> Vec<Feature> {
        let Ok(values) = self.known.values(input.id) else { return Vec::new() };
        let scalar = values.scalar();
        let stride = values.len().div_ceil(JUDGED_ROWS).max(1);
        let mut ranks: Vec<u64> =
            (0..values.len()).step_by(stride).map(|row| ordered(values.raw(row), scalar)).collect();
        ranks.sort_unstable();
        let mut counts: Vec<(usize, u64)> = Vec::new();
        for run in ranks.chunk_by(|a, b| a == b) {
            counts.push((run.len(), run[0]));
        }
        let mut features = Vec::new();
        let few = counts.len() <= 24;
        let frequent = |&&(n, _): &&(usize, u64)| n * if few { 1000 } else { 50 } >= ranks.len();
        let mut frequent: Vec<(usize, u64)> = counts.iter().filter(frequent).copied().collect();
        frequent.sort_by_key(|&(n, rank)| (std::cmp::Reverse(n), rank));
        frequent.truncate(if few { 24 } else { 12 });
        let mut which: Vec<u64> = frequent.iter().map(|&(_, rank)| rank).collect();
        which.sort_unstable();
        if counts.len() > 4 {
            let others: Vec<u64> =
                ranks.iter().copied().filter(|rank| few || which.binary_search(rank).is_err()).collect();
            if let Some(last) = others.len().checked_sub(1) {
                let knots = QUANTILES.iter().map(|&q| others[(q as usize * last) >> 16]).collect();
                features.push(Feature { input, shape: Shape::Scores(knots) });
            }
        }
        if !which.is_empty() && (counts.len() > 1) {
            features.push(Feature { input, shape: Shape::OneOf(which) });
        }
        features
    }
}

/// Bytes that the numbers of a network take when they are stored, about: weights by their frequencies, the others in full.
fn stored_bytes(numbers: &Numbers) -> u64 {
    let mut counts = [0u64; 256];
    numbers.small.iter().for_each(|&weight| counts[usize::from(weight as u8)] += 1);
    let sum: i64 = counts.iter().map(|&n| n_log_n(n)).sum();
    let bits = (n_log_n(numbers.small.len() as u64) - sum) / BIT;
    bits as u64 / 8 + 5 * numbers.wide.len() as u64 / 2
}

/// Intervals of path values that are about equally frequent, at most `most`: their first values, and one behind the last.
fn bounds_of(paths: &[u64], most: usize) -> Vec<u64> {
    let mut sorted = paths.to_vec();
    sorted.sort_unstable();
    let Some(&last) = sorted.last() else { return Vec::new() };
    let mut distinct = sorted.clone();
    distinct.dedup();
    let mut bounds: Vec<u64> = if distinct.len() <= most {
        distinct
    } else {
        (0..most).map(|k| sorted[k * sorted.len() / most]).collect()
    };
    bounds.dedup();
    match last.checked_add(1) {
        Some(end) => bounds.push(end),
        None => return Vec::new(),
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_cut_into_equal_parts_and_every_value_has_an_interval() {
        let paths: Vec<u64> = (0..10_000u64).map(|at| at * at % 100_003).collect();
        let bounds = bounds_of(&paths, 64);
        assert_eq!(bounds.len(), 65);
        assert!(paths.iter().all(|path| (bounds[0]..bounds[64]).contains(path)));
        let in_first = paths.iter().filter(|&&path| path < bounds[1]).count();
        assert!((100..220).contains(&in_first), "{in_first}");
        assert_eq!(bounds_of(&[3, 9, 9, 3], 64), [3, 9, 10]);
        assert!(bounds_of(&[u64::MAX, 0], 8).is_empty());
    }
}

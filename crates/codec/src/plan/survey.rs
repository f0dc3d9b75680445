//! The survey: chooses contexts and guesses for the columns of one table.
//!
//! In: judged columns in coding order. Out: a plan for each, and what it is thought to cost.
//! Not here: drafts, order and judging (`planner`, `judged`).
//! Holds: a column is asked only if it is coded earlier, and touches at most so many others.

use super::ColumnId;
use super::column::{ColumnPlan, LaneKind, LanePlan, Prediction, Rows};
use super::dependence::{BIT, log2};
use super::draft::{Draft, judged_rows};
use super::indices::Index;
use super::input::{Input, Link, RowMap};
use super::judged::{COARSE, Closures, Judged};
use super::known::Known;
use super::tuned::{About, Trials};
use hepz_columns::{Scalar, Table};
use hepz_transforms::order::ordered;
use std::collections::{BTreeMap, BTreeSet};

/// What is known when contexts are chosen for the columns of one table.
pub struct Survey<'a> {
    pub judged: &'a BTreeMap<ColumnId, Judged>,
    pub tables: &'a [Table],
    pub known: &'a Known<'a>,
    pub drafts: &'a BTreeMap<ColumnId, Draft>,
    pub links: &'a [Option<Link>],
    pub indices: &'a [Index],
    pub place: &'a BTreeMap<ColumnId, usize>,
    /// What plans are tried out on, if they are.
    pub trials: Option<Trials<'a>>,
}

impl Survey<'_> {
    pub fn choose(&self, ids: &[ColumnId], closures: &mut Closures) -> Vec<(ColumnId, ColumnPlan, i64)> {
        let mut richest: Vec<ColumnId> = self.judged.keys().copied().collect();
        richest.sort_by_key(|id| (std::cmp::Reverse(self.judged[id].target.entropy), *id));
        let richest: BTreeSet<ColumnId> = richest.into_iter().take(RICHEST).collect();
        let mut chosen = Vec::with_capacity(ids.len());
        let mut earlier: Vec<ColumnId> = Vec::new();
        for &id in ids {
            let draft = &self.drafts[&id];
            let mut plan = draft.plan.clone();
            let mut closure = BTreeSet::new();
            for need in plan.needs(self.links, id) {
                if !closures.structure.contains(&need) {
                    closure.insert(need);
                }
                closure.extend(closures.of.get(&need).into_iter().flatten().copied());
            }
            let mut cost = draft.plain_cost;
            if let Some(own) = self.judged.get(&id) {
                let position = self
                    .known
                    .places(id.table)
                    .map(|places| judged_rows(places.len()).iter().map(|&row| places[row].min(47)).collect());
                let mut chooser = Chooser {
                    id,
                    richest: &richest,
                    own,
                    survey: self,
                    closures,
                    closure,
                    earlier: &earlier,
                    joint: Vec::new(),
                };
                let mut saved = chooser.named(&mut plan);
                saved += chooser.contexts(&mut plan, position);
                if matches!(plan.prediction, Prediction::None) {
                    saved += chooser.above(&mut plan);
                    chooser.near(&mut plan);
                }
                let candidates = chooser.candidates();
                closure = chooser.closure;
                // What contexts know lies deeper than what the values alone show.
                let guessed = plan.near_previous || !plan.near.is_empty();
                let deeper = match plan.lanes.len() {
                    _ if guessed => 20,
                    0 | 1 => 0,
                    _ => 10,
                };
                plan.modelled = plan.modelled.max(deeper.min(plan.map.bits));
                if let Some(trials) = &self.trials {
                    let about = About {
                        judged: self.judged,
                        tables: self.tables,
                        known: self.known,
                        links: self.links,
                        place: self.place,
                        plain_cost: draft.plain_cost,
                    };
                    trials.tune(&about, id, &candidates, (&*closures, &mut closure), &mut plan);
                }
                let scale = self.known.rows_of(id.table) as i64 / own.ranks.len().max(1) as i64;
                cost = (cost - saved * scale.max(1)).max(cost / 20);
            }
            closures.of.insert(id, closure);
            if self.judged.contains_key(&id) {
                earlier.push(id);
            }
            chosen.push((id, plan, cost));
        }
        chosen
    }
}

/// Chooses the contexts of one column.
struct Chooser<'a> {
    id: ColumnId,
    richest: &'a BTreeSet<ColumnId>,
    own: &'a Judged,
    survey: &'a Survey<'a>,
    closures: &'a Closures,
    closure: BTreeSet<ColumnId>,
    earlier: &'a [ColumnId],
    joint: Vec<u32>,
}

/// Of very many columns so many neighbours in the file, and so many of the highest entropy, are asked.
const NEIGHBOURS: u32 = 48;
const RICHEST: usize = 24;

/// Guesses at a value: at most so many (the stored plan has two bits for the number).
const MAX_NEAR: usize = 3;

/// Values of fewer bits come back by chance.
const LEAST_ABOVE_BITS: u32 = 16;

/// Rows above that are asked whether their values come back.
const FARTHEST_ABOVE: u32 = 4;

/// Contexts made of other columns: at most so many are chosen.
const MAX_COLUMNS: usize = 2;

impl Chooser<'_> {
    /// The earlier columns that are asked: neighbours in the file, and those that say most about anything.
    fn candidates(&self) -> Vec<ColumnId> {
        let all = self.earlier.len() <= NEIGHBOURS as usize + RICHEST;
        let asked = |id: &&ColumnId| {
            all || id.column.abs_diff(self.id.column) <= NEIGHBOURS || self.richest.contains(id)
        };
        self.earlier.iter().filter(asked).copied().collect()
    }

    fn scalar(&self, id: ColumnId) -> Scalar {
        self.survey.tables[id.table as usize].columns[id.column as usize].scalar
    }

    /// Contexts and guesses from rows that index columns name; returns about how many bits they save.
    fn named(&mut self, plan: &mut ColumnPlan) -> i64 {
        let n = self.own.ranks.len() as i64;
        let rows = judged_rows(self.survey.known.rows_of(self.id.table));
        let plain = matches!(plan.prediction, Prediction::None) && plan.rows == Rows::All;
        let mut saved = 0;
        let (survey, table) = (self.survey, self.id.table);
        let mut guesses = Vec::new();
        for index in survey.indices.iter().filter(|index| index.id.table == table) {
            let earlier = self.survey.place[&index.id] < self.survey.place[&self.id];
            if !plain || index.id == self.id || !earlier {
                continue;
            }
            if index.target == self.id.table {
                // The value of this column in the named row, as a context.
                let buckets = match self.survey.known.buckets(self.id) {
                    Ok(buckets) => buckets,
                    Err(_) => continue,
                };
                let cardinality = buckets.cardinality as usize + 1;
                let contexts = rows.iter().map(|&row| {
                    buckets
                        .of_row
                        .get(index.rows[row] as usize)
                        .map_or(cardinality as u16 - 1, |&b| u16::from(b))
                });
                let contexts: Vec<u16> = contexts.collect();
                let gain = self.own.target.information(&contexts, cardinality, &mut self.joint);
                if gain > 64 * BIT + n * BIT / 8 {
                    saved += gain / 2;
                    let bits = plan.map.bits.min(if plan.map.bits <= 16 { 16 } else { 8 });
                    plan.lanes.push(LanePlan {
                        kind: LaneKind::Earlier { index: index.id.column, bits },
                        depth: 64,
                    });
                }
            }
            guesses.extend(self.nearest_named(plan, index, &rows));
        }
        guesses.sort_by_key(|&(gain, input)| (std::cmp::Reverse(gain), input));
        for (gain, input) in guesses {
            let own = input.id == self.id;
            let closure =
                if own { Some(self.closure.clone()) } else { self.closures.with(&self.closure, input.id) };
            let Some(closure) = closure.filter(|_| plan.near.len() < MAX_NEAR) else { continue };
            self.closure = closure;
            plan.near.push(input);
            saved += gain / 2;
        }
        saved
    }

    /// The column of the named row that is nearest to this one, if any is near, and about how many bits that saves.
    fn nearest_named(&self, plan: &ColumnPlan, index: &Index, rows: &[usize]) -> Option<(i64, Input)> {
        let scalar = self.scalar(self.id);
        if plan.map.bits < 8 {
            return None;
        }
        let n = rows.len();
        let probes: Vec<usize> = (0..n).filter(|&at| index.rows[rows[at]] != super::known::NO_ROW).collect();
        let probes: Vec<usize> = probes.iter().copied().step_by(probes.len().div_ceil(256).max(1)).collect();
        if probes.len() < 32 {
            return None;
        }
        let ranks = &self.own.ranks;
        let size = |a: u64, b: u64| i64::from(64 - a.abs_diff(b).leading_zeros());
        let count = probes.len() as i64;
        let shuffled: i64 = probes.iter().map(|&at| size(ranks[at], ranks[(at + n / 2 + 1) % n])).sum();
        let other = |at: usize| probes[(at + probes.len() / 2) % probes.len()];
        let mut best: Option<(i64, ColumnId)> = None;
        for column in 0..self.survey.tables[index.target as usize].columns.len() as u32 {
            let id = ColumnId { table: index.target, column };
            let own = id == self.id;
            if self.scalar(id) != scalar || !own && self.survey.place[&id] >= self.survey.place[&self.id] {
                continue;
            }
            let Some(values) = self.survey.known.get(id) else { continue };
            let rank = |at: usize| ordered(values.raw(index.rows[rows[at]] as usize), scalar);
            let distance: i64 = probes.iter().map(|&at| size(ranks[at], rank(at))).sum();
            if shuffled - distance < count * 3 / 2 {
                continue;
            }
            // Near its own named row, not just near any: values of one kind often lie close together.
            let elsewhere: i64 = (0..probes.len()).map(|at| size(ranks[probes[at]], rank(other(at)))).sum();
            let gain = shuffled.min(elsewhere) - distance;
            if gain >= count * 3 / 2 && best.is_none_or(|best| gain > best.0) {
                best = Some((gain, id));
            }
        }
        let (gain, id) = best?;
        let named = rows.iter().filter(|&&row| index.rows[row] != super::known::NO_ROW).count() as i64;
        Some((gain * named / count * BIT, Input { id, map: RowMap::Named(index.id.column) }))
    }

    /// Adds lanes to the plan; returns about how much they save on the judged rows.
    fn contexts(&mut self, plan: &mut ColumnPlan, position: Option<Vec<u16>>) -> i64 {
        let n = self.own.ranks.len() as i64;
        let least = 32 * BIT + n * BIT / 100;
        let depth = |cardinality: u32| {
            let n = n.max(1) as u64 * 8;
            (log2(n / u64::from(cardinality).max(1) + 1) / BIT) as u32 + 5
        };
        let mut saved = 0;
        if let Some(own) = &self.own.own {
            let gain = self.own.target.information(own, COARSE as usize, &mut self.joint);
            if gain > least {
                saved += gain / 2;
                plan.lanes.push(LanePlan {
                    kind: LaneKind::Own { back: 1, bits: plan.map.bits.min(6) },
                    depth: depth(64),
                });
                if plan.map.bits > 6 && plan.map.bits <= 16 {
                    let kind = LaneKind::Own { back: 1, bits: plan.map.bits };
                    plan.lanes.push(LanePlan { kind, depth: 64 });
                }
            }
        }
        if let Some(position) = position.filter(|position| position.len() == n as usize) {
            let gain = self.own.target.information(&position, 48, &mut self.joint);
            if gain > least {
                saved += gain / 2;
                plan.lanes.push(LanePlan { kind: LaneKind::Position, depth: depth(16) });
            }
        }
        let mut picked: Vec<ColumnId> = Vec::new();
        // Gain of each candidate given what is picked; starts alone.
        let mut candidates: Vec<(i64, ColumnId)> = Vec::new();
        for candidate in self.candidates() {
            let other = &self.survey.judged[&candidate];
            let gain =
                self.own.target.information(&other.context, other.cardinality as usize, &mut self.joint);
            if gain > least {
                candidates.push((gain, candidate));
            }
        }
        candidates.sort_by_key(|&(gain, id)| (std::cmp::Reverse(gain), id));
        candidates.truncate(12);
        while picked.len() < MAX_COLUMNS {
            let mut best: Option<(i64, ColumnId, BTreeSet<ColumnId>)> = None;
            for &(alone, candidate) in &candidates {
                if picked.contains(&candidate) || best.as_ref().is_some_and(|b| b.0 >= alone) {
                    continue;
                }
                let Some(closure) = self.closures.with(&self.closure, candidate) else { continue };
                let gain = match picked.first() {
                    None => alone,
                    Some(_) => self.gain_beside(candidate, &picked).min(alone),
                };
                let growth = (closure.len() - self.closure.len()) as i64;
                let score = gain * 8 / (8 + 6 * (growth - 1).max(0));
                if gain > least && best.as_ref().is_none_or(|b| score > b.0) {
                    best = Some((score, candidate, closure));
                }
            }
            let Some((gain, candidate, closure)) = best else { break };
            self.closure = closure;
            saved += gain;
            let input = |id| Input { id, map: RowMap::Same };
            let cardinality = self.survey.judged[&candidate].buckets;
            plan.lanes.push(LanePlan { kind: LaneKind::One(input(candidate)), depth: depth(cardinality) });
            if let Some(&last) = picked.last() {
                let joint = cardinality * self.survey.judged[&last].buckets;
                plan.lanes.push(LanePlan {
                    kind: LaneKind::Two(input(last), input(candidate)),
                    depth: depth(joint),
                });
            }
            picked.push(candidate);
        }
        plan.lanes.truncate(hepz_models::path::MAX_INPUTS - 3);
        saved
    }

    /// What a candidate adds to the worst-placed of those already picked.
    fn gain_beside(&mut self, candidate: ColumnId, picked: &[ColumnId]) -> i64 {
        let other = &self.survey.judged[&candidate];
        let mut least = i64::MAX;
        for id in picked {
            let first = &self.survey.judged[id];
            let pair =
                first.context.iter().zip(&other.context).map(|(&a, &b)| a * other.cardinality as u16 + b);
            let pair: Vec<u16> = pair.collect();
            let alone =
                self.own.target.information(&first.context, first.cardinality as usize, &mut self.joint);
            let both = self.own.target.information(
                &pair,
                (first.cardinality * other.cardinality) as usize,
                &mut self.joint,
            );
            least = least.min(both - alone);
        }
        least
    }

    /// Columns of which many values come back some rows later or earlier; returns about how many bits that saves.
    fn above(&mut self, plan: &mut ColumnPlan) -> i64 {
        let mut rows = judged_rows(self.survey.known.rows_of(self.id.table));
        let scalar = self.scalar(self.id);
        let Some(own) = self.survey.known.get(self.id) else { return 0 };
        if let Rows::RunsOf(column) = plan.rows {
            let id = ColumnId { table: self.id.table, column };
            let Some(runs) = self.survey.known.get(id) else { return 0 };
            rows.retain(|&row| row == 0 || runs.raw(row) != runs.raw(row - 1));
        }
        if plan.map.bits < LEAST_ABOVE_BITS || rows.len() < 64 {
            return 0;
        }
        let step = rows.len().div_ceil(256);
        // Not every eighth row: events are often written as two rows or four.
        let turn = if step.is_multiple_of(4) { 4 } else { step.min(2) };
        let probe = |at: usize| rows.get(at + at / step % turn).copied();
        let probes: Vec<usize> = (0..rows.len()).step_by(step).filter_map(probe).collect();
        let count = probes.len();
        let mut found: Vec<(Input, Vec<bool>)> = Vec::new();
        for id in self.candidates().into_iter().chain([self.id]) {
            let Some(values) = self.survey.known.get(id).filter(|_| self.scalar(id) == scalar) else {
                continue;
            };
            // A column is known as a whole before this one: its rows below are as good as those above.
            let below = (1..=FARTHEST_ABOVE).filter(|_| id != self.id).map(RowMap::Below);
            for map in (1..=FARTHEST_ABOVE).map(RowMap::Above).chain(below) {
                let back = |row: usize| {
                    let row = match map {
                        RowMap::Below(below) => row.checked_add(below as usize),
                        RowMap::Above(above) => row.checked_sub(above as usize),
                        _ => None,
                    };
                    row.filter(|&row| row < values.len()).map(|row| values.raw(row))
                };
                let same: Vec<bool> = probes.iter().map(|&row| back(row) == Some(own.raw(row))).collect();
                let hits = same.iter().filter(|&&same| same).count();
                // A value that is everywhere comes back everywhere.
                let chance = (0..count)
                    .filter(|&at| back(probes[(at + count / 2) % count]) == Some(own.raw(probes[at])))
                    .count();
                if hits * 8 > count && chance * 4 < hits {
                    found.push((Input { id, map }, same));
                }
            }
        }
        let mut covered = vec![false; count];
        let mut saved = 0;
        while plan.near.len() < MAX_NEAR {
            let news = |same: &[bool]| {
                same.iter().zip(&covered).filter(|&(&same, &covered)| same && !covered).count()
            };
            let best = found.iter().max_by_key(|(input, same)| (news(same), std::cmp::Reverse(*input)));
            let Some((input, same)) = best.filter(|(_, same)| news(same) * 16 > count) else { break };
            let (input, same) = (*input, same.clone());
            found.retain(|(other, _)| *other != input);
            let own = input.id == self.id;
            let closure =
                if own { Some(self.closure.clone()) } else { self.closures.with(&self.closure, input.id) };
            let Some(closure) = closure else { continue };
            self.closure = closure;
            plan.near.push(input);
            // What comes back comes back to the last bit.
            plan.modelled = plan.map.bits;
            let news = news(&same) as i64;
            saved += news * rows.len() as i64 / count as i64 * i64::from(plan.map.bits) / 2 * BIT;
            covered.iter_mut().zip(&same).for_each(|(covered, &same)| *covered |= same);
        }
        saved
    }

    /// Columns (or the previous row) whose value is a good guess at this one.
    fn near(&mut self, plan: &mut ColumnPlan) {
        let scalar = self.scalar(self.id);
        if plan.map.bits < 8 {
            return;
        }
        let ranks = &self.own.ranks;
        let n = ranks.len();
        let probes: Vec<usize> = (1..n).step_by((n / 256).max(1)).collect();
        let size = |a: u64, b: u64| i64::from(64 - a.abs_diff(b).leading_zeros());
        let shuffled: i64 = probes.iter().map(|&row| size(ranks[row], ranks[(row + n / 2 + 1) % n])).sum();
        let count = probes.len().max(1) as i64;
        if plan.rows == Rows::All {
            let previous: i64 = probes.iter().map(|&row| size(ranks[row], ranks[row - 1])).sum();
            plan.near_previous = (shuffled - previous) * 4 > count * 3;
        }
        let mut guesses: Vec<(i64, ColumnId)> = Vec::new();
        for &candidate in self.earlier {
            let same = self.scalar(candidate) == scalar;
            if !same {
                continue;
            }
            let other = &self.survey.judged[&candidate].ranks;
            let distance: i64 = probes.iter().map(|&row| size(ranks[row], other[row])).sum();
            if shuffled - distance > count {
                guesses.push((distance, candidate));
            }
        }
        guesses.sort_unstable();
        for (_, candidate) in guesses {
            if plan.near.len() >= MAX_NEAR {
                break;
            }
            if let Some(closure) = self.closures.with(&self.closure, candidate) {
                self.closure = closure;
                plan.near.push(Input { id: candidate, map: RowMap::Same });
            }
        }
    }
}

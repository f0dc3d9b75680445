//! The planner: decides how each column is coded, from a sample.
//!
//! In: tables and a sample of their values. Out: a plan for each column, and the coding order.
//! Not here: coding itself (`coding`), measures of dependence (`dependence`).
//! Holds: integers decide; equal samples give equal plans on every machine with any number of threads.

use super::buckets::Buckets;
use super::coding::{Known, patterns, run_starts};
use super::column::{ColumnPlan, Input, LaneKind, LanePlan, Link, Prediction, RowMap, Rows, residual_scalar};
use super::dependence::{BIT, Target, log2};
use super::draft::{Draft, MAX_CLOSURE, draft, judged_rows};
use super::indices::{Index, find_indices};
use super::links::find_links;
use super::{ColumnId, Slice};
use hepz_columns::{Scalar, Table, Values};
use hepz_transforms::order::ordered;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What the planner decided.
pub struct Decision {
    /// How tables belong together.
    pub links: Vec<Option<Link>>,
    /// Every column, in coding order.
    pub order: Vec<ColumnId>,
    /// The plan of each column.
    pub columns: BTreeMap<ColumnId, ColumnPlan>,
    /// About how many bytes each column takes in the sample.
    pub bytes: BTreeMap<ColumnId, u64>,
}

/// Decides.
pub fn decide(tables: &[Table], sample: &Slice) -> Decision {
    let links = find_links(tables, sample);
    let known = Known::new(tables, &links, &sample.rows);
    let mut ids = Vec::new();
    for (table, columns) in sample.columns.iter().enumerate() {
        for (column, values) in columns.iter().enumerate() {
            let id = ColumnId { table: table as u32, column: column as u32 };
            if let Some(values) = values {
                known.set(id, values.clone());
            }
            ids.push(id);
        }
    }
    let runs = find_runs(sample);
    let sums = find_running_sums(tables, sample, &links);
    let drafts: Vec<Draft> = ids
        .par_iter()
        .map(|&id| {
            let rows = runs.get(&id).map_or(Rows::All, |&column| Rows::RunsOf(column));
            draft(id, tables, &known, rows, sums.get(&id).copied())
        })
        .collect();
    let mut drafts: BTreeMap<ColumnId, Draft> = drafts.into_iter().map(|draft| (draft.id, draft)).collect();
    super::related::use_relations(tables, &links, &known, &mut drafts);
    let indices = find_indices(tables, &links, &known);
    let order = coding_order(&drafts, &links, &indices);
    let mut per_table: Vec<Vec<ColumnId>> = vec![Vec::new(); tables.len()];
    order.iter().for_each(|id| per_table[id.table as usize].push(*id));
    let judged: Vec<BTreeMap<ColumnId, Judged>> = per_table
        .par_iter()
        .enumerate()
        .map(|(table, ids)| judge(table, ids, tables, &known, &drafts))
        .collect();
    let place: BTreeMap<ColumnId, usize> = order.iter().enumerate().map(|(at, &id)| (id, at)).collect();
    let mut closures = Closures::new(&links, &indices, &drafts);
    let mut columns = BTreeMap::new();
    let mut bytes = BTreeMap::new();
    // In coding order, because closures grow with what was chosen before.
    for (ids, judged) in per_table.iter().zip(&judged) {
        let survey = Survey {
            judged,
            tables,
            known: &known,
            drafts: &drafts,
            links: &links,
            indices: &indices,
            place: &place,
        };
        for (id, plan, cost) in survey.choose(ids, &mut closures) {
            bytes.insert(id, (cost / BIT / 8) as u64);
            columns.insert(id, plan);
        }
    }
    Decision { links, order, columns, bytes }
}

/// Columns that repeat wherever another column of their table repeats: event values, written for each object.
fn find_runs(sample: &Slice) -> BTreeMap<ColumnId, u32> {
    let mut found = BTreeMap::new();
    for (table, columns) in sample.columns.iter().enumerate() {
        let n = sample.rows[table];
        if n < 16 {
            continue;
        }
        let repeats: Vec<Option<(Vec<u64>, usize)>> = columns
            .par_iter()
            .map(|values| {
                let starts = run_starts(values.as_ref()?);
                let repeated = n - starts.len();
                // Nearly constant columns cost nothing anyway, and make poor keys; so do columns of which only a
                // default value repeats.
                if repeated * 8 < n || starts.len() < 4 || !many_values_repeat(values.as_ref()?, &starts) {
                    return None;
                }
                let mut bits = vec![u64::MAX; n.div_ceil(64)];
                starts.iter().for_each(|&row| bits[row as usize / 64] &= !(1 << (row % 64)));
                Some((bits, repeated))
            })
            .collect();
        for (column, repeat) in repeats.iter().enumerate() {
            let Some((bits, repeated)) = repeat else { continue };
            let key = repeats.iter().enumerate().filter_map(|(key, candidate)| {
                let (key_bits, key_repeated) = candidate.as_ref()?;
                let earlier = *key_repeated < *repeated || *key_repeated == *repeated && key < column;
                let within = || key_bits.iter().zip(bits).all(|(key, own)| key & !own == 0);
                (key != column && earlier && within()).then_some((*key_repeated, std::cmp::Reverse(key)))
            });
            if let Some((_, std::cmp::Reverse(key))) = key.max() {
                found.insert(ColumnId { table: table as u32, column: column as u32 }, key as u32);
            }
        }
    }
    found
}

/// Offsets whose steps are the counts that another table has as a column.
fn find_running_sums(tables: &[Table], sample: &Slice, links: &[Option<Link>]) -> BTreeMap<ColumnId, Input> {
    let mut found: BTreeMap<ColumnId, Input> = BTreeMap::new();
    for (table, columns) in sample.columns.iter().enumerate() {
        let n = sample.rows[table];
        if n < 8 || columns.len() != 1 {
            continue;
        }
        let Some(offsets) = &columns[0] else { continue };
        if offsets.scalar().is_float() || offsets.scalar().bytes() < 4 {
            continue;
        }
        let offsets = offsets.to_raw();
        if offsets.windows(2).any(|w| w[1] < w[0]) || offsets[0] == offsets[n - 1] {
            continue;
        }
        let steps: Vec<u64> = offsets.windows(2).map(|w| w[1] - w[0]).collect();
        let same = tables.iter().enumerate().filter(|&(t, _)| t != table && sample.rows[t] == n - 1);
        let counts = same.flat_map(|(t, _)| {
            let columns = sample.columns[t].iter().enumerate();
            columns
                .filter_map(move |(c, v)| Some((ColumnId { table: t as u32, column: c as u32 }, v.as_ref()?)))
        });
        let own = ColumnId { table: table as u32, column: 0 };
        // The rows of a table may rest on offsets, and these on counts of another table: never in a circle.
        let free = |id: ColumnId| {
            let mut at = id.table;
            for _ in 0..=tables.len() {
                let Some(Link::Offsets { offsets, .. }) = links[at as usize] else { return true };
                match found.get(&offsets) {
                    _ if offsets == own => return false,
                    Some(input) => at = input.id.table,
                    None => return true,
                }
            }
            false
        };
        let source = counts
            .filter(|(id, v)| !v.scalar().is_float() && free(*id))
            .find(|(_, counts)| steps.iter().enumerate().all(|(row, &step)| counts.raw(row) == step));
        if let Some((id, _)) = source {
            found.insert(own, Input { id, map: RowMap::Same });
        }
    }
    found
}

/// True if at least half of the repeats are of other values than the one that repeats most.
fn many_values_repeat(values: &Values, starts: &[u32]) -> bool {
    let mut repeats: BTreeMap<u64, usize> = BTreeMap::new();
    let ends = starts.iter().skip(1).copied().chain([values.len() as u32]);
    for (&start, end) in starts.iter().zip(ends) {
        if end > start + 1 {
            *repeats.entry(values.raw(start as usize)).or_default() += (end - start - 1) as usize;
        }
    }
    let most = repeats.values().copied().max().unwrap_or(0);
    most * 2 <= values.len() - starts.len()
}

/// Columns in an order in which each comes after those it is predicted from; simple columns first, because they make
/// good contexts.
fn coding_order(
    drafts: &BTreeMap<ColumnId, Draft>,
    links: &[Option<Link>],
    indices: &[Index],
) -> Vec<ColumnId> {
    let indices: BTreeSet<ColumnId> = indices.iter().map(|index| index.id).collect();
    let mut waiting: BTreeMap<(u8, ColumnId), Vec<ColumnId>> = BTreeMap::new();
    let owners: BTreeSet<ColumnId> = links
        .iter()
        .flatten()
        .filter_map(|link| if let Link::Offsets { offsets, .. } = link { Some(*offsets) } else { None })
        .collect();
    let parents: BTreeSet<u32> = links
        .iter()
        .flatten()
        .map(|link| match link {
            Link::Every { parent, .. } | Link::Offsets { parent, .. } => *parent,
        })
        .collect();
    for (&id, draft) in drafts {
        let rank = if parents.contains(&id.table) {
            u8::from(draft.distinct > 64)
        } else if owners.contains(&id) {
            2
        } else {
            3 + u8::from(draft.distinct > 64 && !indices.contains(&id))
        };
        let mut needs = draft.plan.needs(links, id);
        // Contexts chosen later may need the owners of the rows.
        if let Some(Link::Offsets { offsets, .. }) = links[id.table as usize] {
            needs.push(offsets);
        }
        waiting.insert((rank, id), needs);
    }
    let mut order = Vec::with_capacity(drafts.len());
    let mut done = BTreeSet::new();
    while !waiting.is_empty() {
        let ready: Vec<(u8, ColumnId)> = waiting
            .iter()
            .filter(|(_, needs)| needs.iter().all(|n| done.contains(n)))
            .map(|(&key, _)| key)
            .collect();
        // Relations are free of circles by construction; without this line a mistake there would never end.
        let ready = if ready.is_empty() { waiting.keys().copied().collect() } else { ready };
        let simplest = ready[0].0;
        for key in ready.into_iter().filter(|key| key.0 == simplest) {
            waiting.remove(&key);
            done.insert(key.1);
            order.push(key.1);
        }
    }
    order
}

/// What the judged rows of a column look like: as a target, and as a context.
struct Judged {
    target: Target,
    /// Buckets as a context, for the judged rows of its own table, coarse enough to judge by.
    context: Vec<u16>,
    cardinality: u32,
    /// Number of buckets that coding will use.
    buckets: u32,
    /// Ranks at the judged rows, for nearness.
    ranks: Vec<u64>,
    own: Option<Vec<u16>>,
}

/// Dependence is judged on at most so many buckets: enough to see it, few enough to be quick.
const COARSE: u32 = 16;

fn coarse(buckets: &[u8], cardinality: u32) -> (Vec<u16>, u32) {
    // Fewer rows fill fewer buckets.
    let kept = cardinality.min(if buckets.len() < 2048 { COARSE * 3 / 4 } else { COARSE });
    (buckets.iter().map(|&b| (u32::from(b) * kept / cardinality) as u16).collect(), kept)
}

/// Only a column that costs more than this without contexts is worth contexts.
const WORTH: i64 = 40 * BIT;

fn judge(
    table: usize,
    ids: &[ColumnId],
    tables: &[Table],
    known: &Known<'_>,
    drafts: &BTreeMap<ColumnId, Draft>,
) -> BTreeMap<ColumnId, Judged> {
    let rows = judged_rows(known.rows_of(table as u32));
    ids.par_iter()
        .filter_map(|&id| {
            let draft = &drafts[&id];
            if draft.plain_cost <= WORTH {
                return None;
            }
            let scalar = tables[table].columns[id.column as usize].scalar;
            let values = known.get(id)?;
            let buckets = known.buckets(id).ok()?;
            let fine: Vec<u8> = rows.iter().map(|&row| buckets.of_row[row]).collect();
            let (context, cardinality) = coarse(&fine, buckets.cardinality);
            let ranks: Vec<u64> = rows.iter().map(|&row| ordered(values.raw(row), scalar)).collect();
            // The target is what is coded: values or residuals; coded rows alone would be fairer, all are simpler.
            let (target, target_cardinality) = match draft.plan.prediction {
                Prediction::None | Prediction::Expected(..) => (fine, buckets.cardinality),
                _ => {
                    let all = patterns(&draft.plan.prediction, Rows::All, id, known).ok()?;
                    let residual = residual_scalar(scalar);
                    let seen: Vec<u64> = rows.iter().map(|&row| ordered(all[row], residual)).collect();
                    let buckets = Buckets::of_ranks(&seen);
                    (buckets.of_row, buckets.cardinality)
                }
            };
            let (target, target_cardinality) = coarse(&target, target_cardinality);
            let own = (draft.plan.rows == Rows::All).then(|| {
                let mut own = vec![0u16; target.len()];
                own[1..].copy_from_slice(&target[..target.len() - 1]);
                own
            });
            let judged = Judged {
                target: Target::new(target.iter().map(|&b| b as u8).collect(), target_cardinality),
                context,
                cardinality,
                buckets: buckets.cardinality,
                ranks,
                own,
            };
            Some((id, judged))
        })
        .collect()
}

/// What decoding each column touches beside it. Structure (offsets, indices, and what they rest on) does not count: it
/// is small and says where rows lie.
struct Closures {
    of: BTreeMap<ColumnId, BTreeSet<ColumnId>>,
    structure: BTreeSet<ColumnId>,
}

impl Closures {
    fn new(links: &[Option<Link>], indices: &[Index], drafts: &BTreeMap<ColumnId, Draft>) -> Closures {
        let mut structure: BTreeSet<ColumnId> = indices.iter().map(|index| index.id).collect();
        for link in links.iter().flatten() {
            if let Link::Offsets { offsets, .. } = link {
                structure.insert(*offsets);
                if let Prediction::RunningSum(input) = &drafts[offsets].plan.prediction {
                    structure.insert(input.id);
                }
            }
        }
        Closures { of: BTreeMap::new(), structure }
    }

    /// `closure` with `id` and all that it touches, if that is not too much.
    fn with(&self, closure: &BTreeSet<ColumnId>, id: ColumnId) -> Option<BTreeSet<ColumnId>> {
        let mut closure = closure.clone();
        if !self.structure.contains(&id) {
            closure.insert(id);
        }
        closure.extend(self.of.get(&id).into_iter().flatten().copied());
        (closure.len() <= MAX_CLOSURE).then_some(closure)
    }
}

/// What is known when contexts are chosen for the columns of one table.
struct Survey<'a> {
    judged: &'a BTreeMap<ColumnId, Judged>,
    tables: &'a [Table],
    known: &'a Known<'a>,
    drafts: &'a BTreeMap<ColumnId, Draft>,
    links: &'a [Option<Link>],
    indices: &'a [Index],
    place: &'a BTreeMap<ColumnId, usize>,
}

impl Survey<'_> {
    fn choose(&self, ids: &[ColumnId], closures: &mut Closures) -> Vec<(ColumnId, ColumnPlan, i64)> {
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
                closure = chooser.closure;
                // What contexts know lies deeper than what the values alone show.
                let guessed = plan.near_previous || !plan.near.is_empty();
                let deeper = match plan.lanes.len() {
                    _ if guessed => 20,
                    0 | 1 => 0,
                    _ => 10,
                };
                plan.modelled = plan.modelled.max(deeper.min(plan.map.bits));
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
        let probes: Vec<usize> = (0..n).filter(|&at| index.rows[rows[at]] != super::coding::NO_ROW).collect();
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
        let named = rows.iter().filter(|&&row| index.rows[row] != super::coding::NO_ROW).count() as i64;
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

    /// Columns of which many values come back some rows later; returns about how many bits that saves.
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
        let probes: Vec<usize> = rows.iter().copied().step_by(rows.len().div_ceil(256)).collect();
        let count = probes.len();
        let mut found: Vec<(Input, Vec<bool>)> = Vec::new();
        for id in self.candidates().into_iter().chain([self.id]) {
            let Some(values) = self.survey.known.get(id).filter(|_| self.scalar(id) == scalar) else {
                continue;
            };
            for above in 1..=FARTHEST_ABOVE {
                let back = |row: usize| row.checked_sub(above as usize).map(|row| values.raw(row));
                let same: Vec<bool> = probes.iter().map(|&row| back(row) == Some(own.raw(row))).collect();
                let hits = same.iter().filter(|&&same| same).count();
                // A value that is everywhere comes back everywhere.
                let chance = (0..count)
                    .filter(|&at| back(probes[(at + count / 2) % count]) == Some(own.raw(probes[at])))
                    .count();
                if hits * 8 > count && chance * 4 < hits {
                    found.push((Input { id, map: RowMap::Above(above) }, same));
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

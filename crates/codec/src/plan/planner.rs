//! The planner: decides how each column is coded, from a sample.
//!
//! In: tables and a sample of their values. Out: a plan for each column, and the coding order.
//! Not here: coding itself (`coding`), measures of dependence (`dependence`).
//! Holds: integers decide; equal samples give equal plans on every machine with any number of threads.

use super::coding::run_starts;
use super::column::{ColumnPlan, Rows};
use super::dependence::BIT;
use super::draft::{Draft, draft};
use super::indices::{Index, find_indices};
use super::input::{Input, Link, RowMap};
use super::judged::{Closures, Judged, judge};
use super::known::Known;
use super::links::find_links;
use super::survey::Survey;
use super::tuned::Trials;
use super::{ColumnId, Engine, Sample, Slice, histograms};
use hepz_columns::{Table, Values};
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
pub fn decide(tables: &[Table], sample: &Sample, engine: Engine) -> Decision {
    let original = sample.original.as_ref();
    let links = find_links(tables, sample);
    let shorter = match engine {
        Engine::Mixing | Engine::Deep => None,
        Engine::Histograms => shortened(tables, &links, &sample.values, engine.sample_bytes()),
    };
    let short_original = match engine {
        Engine::Mixing | Engine::Deep => None,
        Engine::Histograms => {
            original.and_then(|original| shortened(tables, &links, original, engine.sample_bytes()))
        }
    };
    let original = short_original.as_ref().or(original);
    let sample = shorter.as_ref().unwrap_or(&sample.values);
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
    super::related::use_relations(tables, &links, &known, original, &mut drafts);
    if engine != Engine::Histograms {
        super::lined::use_lines(tables, &links, &known, &mut drafts);
    }
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
    let trial_sample = (engine == Engine::Deep)
        .then(|| shortened(tables, &links, sample, TRIAL_BYTES).unwrap_or_else(|| sample.clone()));
    let trials = trial_sample.as_ref().map(|sample| known_of(tables, &links, sample).under(engine));
    let total = drafts.values().map(|draft| draft.plain_cost).sum();
    let mut closures = Closures::new(&links, &indices, &drafts);
    if engine == Engine::Deep {
        closures.most = DEEP_CLOSURE;
    }
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
            trials: trials.as_ref().map(|known| Trials { known, total }),
        };
        for (id, plan, cost) in survey.choose(ids, &mut closures) {
            bytes.insert(id, (cost / BIT / 8) as u64);
            columns.insert(id, plan);
        }
    }
    if engine == Engine::Histograms {
        columns =
            columns.into_par_iter().map(|(id, plan)| (id, histograms::choose(&plan, id, &known))).collect();
    }
    Decision { links, order, columns, bytes }
}

/// Plans are tried out on about so many bytes of values.
const TRIAL_BYTES: u64 = 2 << 20;

/// Decoding a column of [`Engine::Deep`] touches at most so many others: archives of level max are read whole.
const DEEP_CLOSURE: usize = 48;

/// All values of a sample, known.
pub(super) fn known_of<'a>(tables: &'a [Table], links: &'a [Option<Link>], sample: &'a Slice) -> Known<'a> {
    let known = Known::new(tables, links, &sample.rows);
    for (table, columns) in sample.columns.iter().enumerate() {
        for (column, values) in columns.iter().enumerate() {
            if let Some(values) = values {
                known.set(ColumnId { table: table as u32, column: column as u32 }, values.clone());
            }
        }
    }
    known
}

/// Bytes of all rows.
pub(super) fn bytes_of(tables: &[Table], sample: &Slice) -> u64 {
    tables.iter().zip(&sample.rows).map(|(t, &rows)| u64::from(t.row_bytes) * rows as u64).sum()
}

/// The first rows of every table, so that they are not much more than `most` bytes and belong together; `None` if they are
/// not more anyway.
pub(super) fn shortened(
    tables: &[Table],
    links: &[Option<Link>],
    sample: &Slice,
    most: u64,
) -> Option<Slice> {
    let bytes = bytes_of(tables, sample);
    if bytes <= most {
        return None;
    }
    let share = |rows: usize| (rows as u64 * most / bytes).max(1).min(rows as u64) as usize;
    let mut rows: Vec<usize> =
        (0..tables.len()).map(|table| kept_rows(table, tables.len(), links, sample, &share)).collect();
    // Offsets keep one row more than their owners.
    for link in links.iter().flatten() {
        if let Link::Offsets { parent, offsets } = link {
            let offsets = offsets.table as usize;
            rows[offsets] = (rows[*parent as usize] + 1).min(sample.rows[offsets]);
        }
    }
    let first = |values: &Values, rows: usize| {
        let bytes = values.as_bytes()[..rows * values.scalar().bytes()].to_vec();
        Values::from_bytes(values.scalar(), bytes)
    };
    let columns = sample
        .columns
        .iter()
        .zip(&rows)
        .map(|(columns, &rows)| columns.iter().map(|values| first(values.as_ref()?, rows)).collect());
    Some(Slice { columns: columns.collect(), rows })
}

/// How many first rows of a table belong to the share of its owners that is kept.
fn kept_rows(
    table: usize,
    depth: usize,
    links: &[Option<Link>],
    sample: &Slice,
    share: &dyn Fn(usize) -> usize,
) -> usize {
    let rows = sample.rows[table];
    let (parent, per_owner, offsets) = match links[table] {
        Some(Link::Every { parent, rows }) if parent as usize != table => (parent, rows, None),
        Some(Link::Offsets { parent, offsets }) => (parent, 1, Some(offsets)),
        _ => return share(rows),
    };
    if depth == 0 {
        return share(rows);
    }
    let owners = kept_rows(parent as usize, depth - 1, links, sample, share);
    let ends = offsets.and_then(|id| sample.columns[id.table as usize].get(id.column as usize)?.as_ref());
    let kept = match ends {
        Some(ends) if ends.len() > owners => ends.raw(owners).saturating_sub(ends.raw(0)),
        Some(_) => rows as u64,
        None => (owners as u64).saturating_mul(per_owner),
    };
    kept.min(rows as u64) as usize
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
        let same =
            tables.iter().enumerate().filter(|&(t, _)| t != table && (n - 1..=n).contains(&sample.rows[t]));
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

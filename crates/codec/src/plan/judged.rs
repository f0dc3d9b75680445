//! Judged columns: what a sample says about each column as a target and as a context.
//!
//! In: drafts and a sample. Out: [`Judged`] for each column that is worth contexts; [`Closures`] of what decoding touches.
//! Not here: which contexts are chosen (`survey`).
//! Holds: integers decide.

use super::ColumnId;
use super::buckets::Buckets;
use super::coding::patterns;
use super::column::{Prediction, Rows, residual_scalar};
use super::dependence::{BIT, Target};
use super::draft::{Draft, MAX_CLOSURE, judged_rows};
use super::indices::Index;
use super::input::Link;
use super::known::Known;
use hepz_columns::Table;
use hepz_transforms::order::ordered;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What the judged rows of a column look like: as a target, and as a context.
pub struct Judged {
    pub target: Target,
    /// Buckets as a context, for the judged rows of its own table, coarse enough to judge by.
    pub context: Vec<u16>,
    pub cardinality: u32,
    /// Number of buckets that coding will use.
    pub buckets: u32,
    /// Ranks at the judged rows, for nearness.
    pub ranks: Vec<u64>,
    pub own: Option<Vec<u16>>,
}

/// Dependence is judged on at most so many buckets: enough to see it, few enough to be quick.
pub const COARSE: u32 = 16;

pub fn coarse(buckets: &[u8], cardinality: u32) -> (Vec<u16>, u32) {
    // Fewer rows fill fewer buckets.
    let kept = cardinality.min(if buckets.len() < 2048 { COARSE * 3 / 4 } else { COARSE });
    (buckets.iter().map(|&b| (u32::from(b) * kept / cardinality) as u16).collect(), kept)
}

/// Only a column that costs more than this without contexts is worth contexts.
pub const WORTH: i64 = 40 * BIT;

pub fn judge(
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
                Prediction::None | Prediction::Expected(..) | Prediction::Line(..) => {
                    (fine, buckets.cardinality)
                }
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
pub struct Closures {
    pub of: BTreeMap<ColumnId, BTreeSet<ColumnId>>,
    pub structure: BTreeSet<ColumnId>,
    /// Decoding a column touches at most so many others.
    pub most: usize,
}

impl Closures {
    pub fn new(links: &[Option<Link>], indices: &[Index], drafts: &BTreeMap<ColumnId, Draft>) -> Closures {
        let mut structure: BTreeSet<ColumnId> = indices.iter().map(|index| index.id).collect();
        for link in links.iter().flatten() {
            if let Link::Offsets { offsets, .. } = link {
                structure.insert(*offsets);
                if let Prediction::RunningSum(input) = &drafts[offsets].plan.prediction {
                    structure.insert(input.id);
                }
            }
        }
        Closures { of: BTreeMap::new(), structure, most: MAX_CLOSURE }
    }

    /// `closure` with `id` and all that it touches, if that is not too much.
    pub fn with(&self, closure: &BTreeSet<ColumnId>, id: ColumnId) -> Option<BTreeSet<ColumnId>> {
        let mut closure = closure.clone();
        if !self.structure.contains(&id) {
            closure.insert(id);
        }
        closure.extend(self.of.get(&id).into_iter().flatten().copied());
        (closure.len() <= self.most).then_some(closure)
    }
}

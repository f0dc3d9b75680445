//! Copies: columns whose values stand in another column as well, be it of another table or type.
//!
//! In: the values of all columns. Out: for a copy the column that keeps the values, and what that says.
//! Not here: copies within a table and formulas, which the planner finds (`crate::plan`).
//! Holds: equal fingerprints are compared value by value; the widest of several copies keeps the values.

use super::counts::mixed;
use crate::plan::foretold::Foretold;
use crate::plan::{ColumnId, Slice};
use hepz_columns::Values;
use hepz_transforms::order::{to_number, to_raw};
use std::collections::BTreeMap;

/// Fewer rows may agree by chance.
const LEAST_ROWS: usize = 32;
/// Fewer different values may agree by chance.
const LEAST_DISTINCT: usize = 16;

/// For each copy the column that keeps its values.
pub(super) fn find(slice: &Slice, foretold: &Foretold<'_>) -> BTreeMap<ColumnId, ColumnId> {
    let mut alike: BTreeMap<(usize, u64), Vec<ColumnId>> = BTreeMap::new();
    for (table, columns) in slice.columns.iter().enumerate() {
        for (column, values) in columns.iter().enumerate() {
            let Some(values) = values else { continue };
            if let Some(print) = fingerprint(values) {
                let id = ColumnId { table: table as u32, column: column as u32 };
                alike.entry((values.len(), print)).or_default().push(id);
            }
        }
    }
    let mut keeper_of = BTreeMap::new();
    for ids in alike.values().filter(|ids| ids.len() > 1) {
        let width = |id: &ColumnId| foretold.values(*id).map_or(0, |values| values.scalar().bytes());
        let Some(&keeper) = ids.iter().min_by_key(|id| (std::cmp::Reverse(width(id)), **id)) else {
            continue;
        };
        let copies = ids.iter().filter(|&&id| id != keeper && raws(foretold, id, keeper).is_some());
        keeper_of.extend(copies.map(|&id| (id, keeper)));
    }
    keeper_of
}

/// The values of a column as the keeper has them; `None` if they differ.
pub(super) fn raws(foretold: &Foretold<'_>, id: ColumnId, keeper: ColumnId) -> Option<Vec<Option<u64>>> {
    let (own, kept) = (foretold.values(id)?, foretold.values(keeper)?);
    let from_kept = |row| {
        let raw = kept.raw(row);
        if own.scalar() == kept.scalar() {
            Some(raw)
        } else {
            to_raw(to_number(raw, kept.scalar()), own.scalar())
        }
    };
    let raws: Vec<Option<u64>> = (0..own.len().min(kept.len())).map(from_kept).collect();
    let same = raws.iter().enumerate().filter(|&(row, &raw)| raw == Some(own.raw(row))).count();
    (same * 100 >= own.len() * 99).then_some(raws)
}

/// The same for columns of floats with the same numbers, up to the precision of the narrowest.
fn fingerprint(values: &Values) -> Option<u64> {
    let scalar = values.scalar();
    if !scalar.is_float() || values.len() < LEAST_ROWS {
        return None;
    }
    let mut print = values.len() as u64;
    let mut distinct: Vec<u64> = Vec::with_capacity(LEAST_DISTINCT);
    for row in 0..values.len() {
        let raw = values.raw(row);
        let narrow = u64::from((to_number(raw, scalar) as f32).to_bits());
        print = mixed(print, narrow).rotate_left(7);
        if distinct.len() < LEAST_DISTINCT && !distinct.contains(&narrow) {
            distinct.push(narrow);
        }
    }
    (distinct.len() == LEAST_DISTINCT).then_some(print)
}

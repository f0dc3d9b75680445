//! Links: which rows of one table belong to which row of another.
//!
//! In: tables and a sample of their values. Out: at most one link per table.
//! Not here: what is done with it (`coding`).
//! Holds: structure alone decides (row counts, monotone offsets), never names.

use super::input::Link;
use super::{ColumnId, Sample};
use hepz_columns::Table;

/// Finds the links of all tables.
pub fn find_links(tables: &[Table], sample: &Sample) -> Vec<Option<Link>> {
    let mut links: Vec<Option<Link>> = vec![None; tables.len()];
    for (table, t) in tables.iter().enumerate() {
        let every = t.inner.iter().product::<u64>();
        if every > 1 && every < 1 << 32 {
            let rows = t.rows / every;
            let parent = tables
                .iter()
                .enumerate()
                .position(|(p, other)| p != table && other.rows == rows && other.inner.is_empty());
            links[table] = Some(Link::Every { parent: parent.unwrap_or(table) as u32, rows: every });
        }
    }
    let rows = &sample.values.rows;
    for (at, t) in tables.iter().enumerate() {
        if t.columns.len() != 1 || rows[at] == 0 || t.rows < 2 {
            continue;
        }
        let (Some(Some(offsets)), Some(&Some(last))) =
            (sample.values.columns[at].first(), sample.last_offsets.get(at))
        else {
            continue;
        };
        let whole = rows[at] as u64 == t.rows;
        if offsets.scalar().is_float() || offsets.scalar().bytes() < 4 || whole && offsets.raw(0) != 0 {
            continue;
        }
        let raw = offsets.to_raw();
        let here = raw[raw.len() - 1] - raw[0].min(raw[raw.len() - 1]);
        if last == 0 || raw.windows(2).any(|w| w[1] < w[0]) {
            continue;
        }
        // Of a part of the file the rows have to belong together: it is cut before owners.
        let fits = |parent: usize, child: usize| {
            (rows[parent]..=rows[parent] + 1).contains(&rows[at]) && here <= rows[child] as u64
        };
        let owners = t.rows - 1;
        let parent = tables
            .iter()
            .enumerate()
            .filter(|&(p, other)| p != at && other.rows == owners && other.columns.len() > 1)
            .max_by_key(|&(p, other)| (other.columns.len(), std::cmp::Reverse(p)));
        let Some((parent, _)) = parent else { continue };
        // Of several tables with that many rows, the one that lies next to the offsets.
        let child = tables
            .iter()
            .enumerate()
            .filter(|&(c, other)| {
                c != at && c != parent && other.rows == last && links[c].is_none() && fits(parent, c)
            })
            .min_by_key(|&(c, _)| (c.abs_diff(at), c));
        if let Some((child, _)) = child {
            let offsets = ColumnId { table: at as u32, column: 0 };
            links[child] = Some(Link::Offsets { parent: parent as u32, offsets });
        }
    }
    links
}

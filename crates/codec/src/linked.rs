//! Linked tables: jagged collections, cut where their events are cut.
//!
//! In: even cuts, and offsets columns by their values. Out: cuts at the same events.
//! Not here: following offsets row by row (`plan`).
//! Holds: structure alone decides, never names; a column that merely looks like offsets moves borders and harms nothing.
//!
//! An offsets column stands alone in its table, has one row more than its owner, begins with 0 and ends with the number
//! of rows of another table, which it links. Only its values at the borders are looked at.

use crate::chunks::{CHUNK_BYTES, Cut, Cuts, Shelf, share};
use crate::image::Image;
use hepz_columns::Table;
use std::io;

/// Links that follow each other: events own jets, jets own tracks, tracks own hits.
const LONGEST_CHAIN: usize = 4;
/// A chunk may grow to so many times its usual length before even cuts are better.
const MOST_UNEVEN: u64 = 3;

/// Moves the borders of linked tables to those of their owners.
pub(crate) fn link(cuts: &mut Cuts, image: &Image<'_>, tables: &[Table], shelf: &Shelf) -> io::Result<()> {
    if cuts.chunks < 2 {
        return Ok(());
    }
    let links = offsets_columns(image, tables, shelf)?;
    let even = cuts.clone();
    for _ in 0..LONGEST_CHAIN {
        let before = cuts.clone();
        for &(at, rows_linked) in &links {
            let borders = owner_borders(cuts, tables, at);
            let ranges: Vec<_> = borders.iter().map(|&border| border..border + 1).collect();
            let values = shelf.gather_table(image, tables, at, &ranges)?;
            let offsets = values.first().map(|v| v.to_raw()).unwrap_or_default();
            if !offsets.is_sorted() || offsets.last().is_some_and(|&last| last > rows_linked) {
                continue;
            }
            for (child, other) in tables.iter().enumerate() {
                // Of several offsets that end with the same number, the nearest belong to a table.
                let candidates = links.iter().filter(|link| link.1 == rows_linked);
                let nearest = candidates.min_by_key(|link| link.0.abs_diff(child));
                if child != at && other.rows == rows_linked && nearest == Some(&(at, rows_linked)) {
                    cuts.tables[child] = Cut::Before(offsets.clone());
                    cuts.tables[at] = Cut::Before(borders.clone());
                }
            }
        }
        if *cuts == before {
            break;
        }
    }
    if (0..cuts.chunks).any(|chunk| cuts.chunk_bytes(tables, chunk) > MOST_UNEVEN * CHUNK_BYTES) {
        *cuts = even;
    }
    Ok(())
}

/// Tables that are offsets columns, and how many rows they link.
fn offsets_columns(image: &Image<'_>, tables: &[Table], shelf: &Shelf) -> io::Result<Vec<(usize, u64)>> {
    let mut links = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let [column] = &table.columns[..] else { continue };
        if column.scalar.is_float() || column.scalar.bytes() < 4 || table.rows < 2 {
            continue;
        }
        let ends = [0..1, table.rows - 1..table.rows];
        let values = shelf.gather_table(image, tables, at, &ends)?;
        let raw = values.first().map(|v| v.to_raw()).unwrap_or_default();
        if let [0, last] = raw[..]
            && tables.iter().enumerate().any(|(child, other)| child != at && other.rows == last)
        {
            links.push((at, last));
        }
    }
    Ok(links)
}

/// Where the rows that the offsets at `at` belong to are cut.
fn owner_borders(cuts: &Cuts, tables: &[Table], at: usize) -> Vec<u64> {
    let rows = tables[at].rows - 1;
    let owners = tables.iter().enumerate().filter(|&(other, t)| other != at && t.rows == rows);
    let owner = owners.min_by_key(|&(other, t)| (t.columns.len() == 1, other.abs_diff(at)));
    (1..cuts.chunks)
        .map(|chunk| match owner {
            Some((owner, _)) => cuts.border(tables, owner, chunk),
            None => share(rows, 1, chunk, cuts.chunks),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;
    use crate::places::Run;
    use crate::round_trips::table;
    use hepz_columns::Scalar;
    use hepz_formats::Part;

    #[test]
    fn a_collection_is_cut_where_its_events_are() {
        let events = 100_000u64;
        let counts: Vec<u32> = (0..events as u32).map(|event| event % 7).collect();
        let tracks: u32 = counts.iter().sum();
        let tables = [
            table("events", events, &[Scalar::F32, Scalar::F32]),
            table("offsets", events + 1, &[Scalar::U32]),
            table("tracks", tracks.into(), &[Scalar::F64]),
        ];
        let mut file = vec![0; 8 * events as usize];
        let mut offset = 0u32;
        file.extend_from_slice(&offset.to_le_bytes());
        for count in counts {
            offset += count;
            file.extend_from_slice(&offset.to_le_bytes());
        }
        let mut runs = Vec::new();
        let mut at = 0;
        for (number, t) in tables.iter().enumerate() {
            runs.push(Run { at, table: number as u32, part: Part::Records, first_row: 0, rows: t.rows });
            at += t.rows * u64::from(t.row_bytes);
        }
        file.resize(at as usize, 0);
        let shelf = Shelf::new(&runs, &tables);
        let source = Memory(&file);
        let image = Image::of(&source);
        let mut cuts = Cuts::even(&tables, 256 << 10);
        assert!(cuts.chunks > 10);
        link(&mut cuts, &image, &tables, &shelf).unwrap();
        for chunk in 0..=cuts.chunks {
            let event = cuts.border(&tables, 0, chunk);
            assert_eq!(event, events * chunk / cuts.chunks);
            if chunk < cuts.chunks {
                assert_eq!(cuts.border(&tables, 1, chunk), event);
            }
            let row = std::iter::once(event..event + 1).collect::<Vec<_>>();
            let offsets = shelf.gather_table(&image, &tables, 1, &row).unwrap();
            assert_eq!(cuts.border(&tables, 2, chunk), offsets[0].raw(0));
        }
    }
}

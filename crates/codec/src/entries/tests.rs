//! Tests of trees: tables made here, with names and offsets that fit or do not.

use super::*;
use crate::compress::Job;
use crate::round_trips::table;
use crate::{CompressOptions, Limits, Memory};
use hepz_formats::{Extent, Layout, Part, Place};

fn named(mut table: Table, columns: &[&str]) -> Table {
    for (column, name) in table.columns.iter_mut().zip(columns) {
        column.name = (*name).to_owned();
    }
    table
}

/// 6,000 entries in folder `dir`; each has a number, two numbers, `entry % 4` jets, and each jet `jet % 3` hits.
fn tables() -> Vec<Table> {
    let jets = jets(6000);
    let hits = hits(jets);
    vec![
        named(table("dir/T", 6000, &[Scalar::U32, Scalar::U16, Scalar::U16]), &["n", "pair[0]", "pair[1]"]),
        table("dir/T/Jet.offsets", 6001, &[Scalar::U32]),
        named(table("dir/T/Jet", jets, &[Scalar::U32]), &["Jet_pt"]),
        table("dir/T/Jet/Hit.offsets", jets + 1, &[Scalar::U64]),
        named(table("dir/T/Jet/Hit", hits, &[Scalar::U32, Scalar::U32]), &["Hit_x[0]", "Hit_x[1]"]),
    ]
}

fn jets(entries: u64) -> u64 {
    (0..entries).map(|entry| entry % 4).sum()
}

fn hits(jets: u64) -> u64 {
    (0..jets).map(|jet| jet % 3).sum()
}

/// The value of each row, column by column.
fn value(table: usize, column: usize, row: u64) -> u64 {
    match table {
        1 => jets(row),
        3 => hits(row),
        _ => row * 10 + column as u64,
    }
}

/// An archive of such tables in chunks of some KiB.
fn archive(tables: Vec<Table>) -> Vec<u8> {
    let (mut file, mut extents) = (Vec::new(), Vec::new());
    for (number, t) in tables.iter().enumerate() {
        let sums: Vec<u64> = match number {
            1 | 3 => (0..t.rows)
                .scan(0, |sum, row| {
                    let here = *sum;
                    *sum += row % if number == 1 { 4 } else { 3 };
                    Some(here)
                })
                .collect(),
            _ => Vec::new(),
        };
        for (column, c) in t.columns.iter().enumerate() {
            let place = Place::File(file.len() as u64);
            let part = Part::Column(column as u32);
            extents.push(Extent { place, table: number as u32, part, first_row: 0, rows: t.rows });
            for row in 0..t.rows {
                let number = sums.get(row as usize).copied().unwrap_or_else(|| value(number, column, row));
                let mut bytes = number.to_le_bytes()[..c.scalar.bytes()].to_vec();
                if c.order == ByteOrder::Big {
                    bytes.reverse();
                }
                file.extend(bytes);
            }
        }
    }
    let mut layout = Layout { format: "root", tables, extents, ..Layout::default() };
    layout.validate(file.len() as u64).unwrap();
    let (source, options) = (Memory(&file), CompressOptions::new());
    let job = Job::new(&source, "root", &options, 1, 16 << 10).unwrap();
    let (spool, _) = job.columns(layout).unwrap().unwrap();
    let mut archive = vec![0; spool.len() as usize];
    spool.read_at(0, &mut archive).unwrap();
    archive
}

#[test]
fn names_make_trees_of_tables() {
    let trees = trees(&tables());
    let [tree] = &trees[..] else { panic!("{trees:?}") };
    assert_eq!((tree.name.as_str(), tree.entries), ("dir/T", 6000));
    let said: Vec<(&str, &str, usize)> =
        tree.branches.iter().map(|b| (b.name.as_str(), b.type_name.as_str(), b.depth)).collect();
    let want = [
        ("n", "uint32_t", 0),
        ("pair", "uint16_t[2]", 0),
        ("Jet_pt", "vector<uint32_t>", 1),
        ("Hit_x", "vector<vector<uint32_t[2]>>", 2),
    ];
    assert_eq!(said, want);
    assert_eq!(tree.find("*t").len(), 1);
    assert_eq!(tree.near("jet_phi", 3), ["Jet_pt"]);
}

#[test]
fn members_of_arrays_are_found_between_others() {
    let columns = ["x[0]", "y[0]", "x[1]", "y[2]", "z[0]", "x[7]"];
    let some = trees(&[named(table("T", 5, &[Scalar::F32; 6]), &columns)]);
    let said: Vec<(&str, &str)> =
        some[0].branches.iter().map(|b| (b.name.as_str(), b.type_name.as_str())).collect();
    let alone = ["y[0]", "y[2]", "z[0]", "x[7]"].map(|name| (name, "float"));
    assert_eq!(said, [&[("x", "float[2]")][..], &alone].concat());
}

#[test]
fn a_tree_or_collection_without_columns_is_found_by_those_below() {
    let mut some = tables();
    some.remove(2);
    some.remove(0);
    let trees = trees(&some);
    let [tree] = &trees[..] else { panic!("{trees:?}") };
    assert_eq!((tree.name.as_str(), tree.entries, tree.branches.len()), ("dir/T", 6000, 1));
    assert_eq!(tree.branches[0].offsets.len(), 2);
}

#[test]
fn tables_whose_rows_contradict_their_names_stand_for_themselves() {
    let mut some = tables();
    some[1].rows = 5000;
    let names: Vec<String> = trees(&some).into_iter().map(|tree| tree.name).collect();
    // With the jets their hits go.
    assert_eq!(names, ["dir/T", "dir/T/Jet.offsets", "dir/T/Jet", "dir/T/Jet/Hit.offsets", "dir/T/Jet/Hit"]);
    let deep: Vec<Table> =
        (1..40).map(|depth| table(&format!("T{}.offsets", "/x".repeat(depth)), 2, &[Scalar::U32])).collect();
    assert!(trees(&deep).len() > 10);
}

#[test]
fn entries_are_those_that_were_stored_in_any_range() {
    let archive = archive(tables());
    let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
    assert!(archive.inspect().unwrap().chunks > 3);
    for entries in [0..6000, 17..19, 5999..6000, 2000..4000, 4..4, 8..9, 6000..6000] {
        let read = |branch: &str| archive.read_entries("dir/T", branch, entries.clone()).unwrap();
        let pair = read("pair");
        let want = |row: u64| [(row * 10 + 1) & 0xffff, (row * 10 + 2) & 0xffff];
        assert_eq!(pair.values.to_raw(), entries.clone().flat_map(want).collect::<Vec<u64>>());
        assert_eq!((pair.per_item, pair.offsets.len()), (2, 0));
        let first = jets(entries.start);
        let jet_offsets: Vec<u64> = (entries.start..=entries.end).map(|e| jets(e) - first).collect();
        let jet = read("Jet_pt");
        assert_eq!(jet.offsets, std::slice::from_ref(&jet_offsets));
        let last = jets(entries.end);
        assert_eq!(jet.values.to_raw(), (first..last).map(|jet| jet * 10).collect::<Vec<u64>>());
        let hit = read("Hit_x");
        assert_eq!(hit.offsets[0], jet_offsets);
        assert_eq!(hit.offsets[1], (first..=last).map(|jet| hits(jet) - hits(first)).collect::<Vec<u64>>());
        let rows = hits(first)..hits(last);
        assert_eq!(hit.values.to_raw(), rows.flat_map(|row| [row * 10, row * 10 + 1]).collect::<Vec<u64>>());
    }
    let trees = archive.trees();
    let all: Vec<&BranchView> = trees[0].branches.iter().rev().collect();
    let read = archive.read_branches(&all, 100..200).unwrap();
    for (branch, read) in all.iter().zip(read) {
        assert_eq!(read, archive.read_entries("dir/T", &branch.name, 100..200).unwrap());
    }
}

#[test]
fn what_is_not_there_is_an_error() {
    let archive = archive(tables());
    let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
    for (tree, branch, entries) in [
        ("T", "n", 0..1),
        ("dir/T", "m", 0..1),
        ("dir/T", "n", 0..6001),
        ("dir/T", "Jet_pt", 6000..6001),
        ("dir/T", "Jet_pt", u64::MAX..u64::MAX),
        #[expect(clippy::reversed_empty_ranges)]
        ("dir/T", "Hit_x", 5..4),
    ] {
        let read = archive.read_entries(tree, branch, entries.clone());
        assert!(
            matches!(read, Err(ArchiveError::NoSuchColumn { .. })),
            "{tree} {branch} {entries:?}: {read:?}"
        );
    }
}

#[test]
fn offsets_that_fall_or_lead_nowhere_are_damage() {
    // Numbers that are no offsets, under the name of some.
    let mut some = tables();
    some.swap(1, 3);
    some[1].name = "dir/T/Hit".into();
    some[1].rows = 300;
    some[3] = table("dir/T/Hit.offsets", 6001, &[Scalar::U32]);
    let archive = archive(some);
    let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
    let read = archive.read_entries("dir/T", "c0", 5000..6000);
    assert!(matches!(read, Err(ArchiveError::Corrupt { .. })), "{read:?}");
}

//! Arrays side by side: the columns of one table that a file keeps as arrays of their own.
//!
//! In: a layout with one table for each array. Out: the same bytes in the same extents, with arrays of one group and
//! one length as columns of one table.
//! Not here: finding arrays (`numpy`, `hdf5`); which rows of two tables belong together (links, in `hepz`).
//! Holds: shapes decide, values are not looked at. Where no column is a float every array stays a table of its own:
//! such a set may be offsets, and a link by offsets needs a table of one column.

use crate::{Layout, Part};
use hepz_columns::{RowOrder, Table};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of one table; a group of more arrays than that is left as it is.
const MOST_COLUMNS: usize = 4_096;

/// Rows below which equal lengths are no evidence: scalars are not parallel.
const LEAST_ROWS: u64 = 2;

/// Tables of arrays that lie side by side, by rising index.
type Set = Vec<usize>;

/// Makes one table of arrays side by side: of one dimension, one number per row, one group, one length, at least two,
/// and at least one of them of floats. It stands where the first of them stood; its columns have the last names of
/// the arrays.
///
/// A table is named by its group. Where a group has several such tables the beginning that the names of its columns
/// share (`Jet` of `Jet_pt`, `Jet_eta`) is added, and a number where a name is taken.
pub(crate) fn join(layout: &mut Layout) {
    let sets = sets(&layout.tables);
    // A frame says of which tables its values are, so these keep their numbers.
    if sets.is_empty() || !layout.shapes.is_empty() {
        return;
    }
    let names = names(&layout.tables, &sets);
    // By table: the set that it goes into and the column that it becomes.
    let mut becomes: Vec<Option<(usize, u32)>> = vec![None; layout.tables.len()];
    for (number, set) in sets.iter().enumerate() {
        for (column, &member) in set.iter().enumerate() {
            becomes[member] = Some((number, column as u32));
        }
    }
    let mut joined: Vec<Option<u32>> = vec![None; sets.len()];
    let mut tables: Vec<Table> = Vec::new();
    let mut places: Vec<(u32, Option<u32>)> = Vec::with_capacity(layout.tables.len());
    for (table, becomes) in std::mem::take(&mut layout.tables).into_iter().zip(becomes) {
        let Some((set, column)) = becomes else {
            places.push((tables.len() as u32, None));
            tables.push(table);
            continue;
        };
        let at = *joined[set].get_or_insert(tables.len() as u32);
        places.push((at, Some(column)));
        if at as usize == tables.len() {
            tables.push(Table { name: names[set].clone(), ..table });
            continue;
        }
        let whole = &mut tables[at as usize];
        for mut column in table.columns {
            column.offset = whole.row_bytes;
            whole.row_bytes += column.scalar.bytes() as u32;
            whole.columns.push(column);
        }
    }
    layout.tables = tables;
    for extent in &mut layout.extents {
        if let Some(&(table, column)) = places.get(extent.table as usize) {
            extent.table = table;
            extent.part = column.map_or(extent.part, Part::Column);
        }
    }
}

/// Group and last name of an array; the group is the text before the last slash.
fn parted(name: &str) -> (Option<&str>, &str) {
    name.rsplit_once('/').map_or((None, name), |(group, last)| (Some(group), last))
}

/// True for an array of one dimension whose one column is the array itself: no field of a structure, no character of
/// a text.
fn is_plain(table: &Table) -> bool {
    let (_, last) = parted(&table.name);
    table.inner.is_empty()
        && table.row_order == RowOrder::Logical
        && table.rows >= LEAST_ROWS
        && matches!(&table.columns[..], [column] if column.name == last && !last.is_empty())
}

/// The sets of some tables, in the order of their first members.
fn sets(tables: &[Table]) -> Vec<Set> {
    let mut by_shape: BTreeMap<(Option<&str>, u64), Vec<usize>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (index, table) in tables.iter().enumerate() {
        // Of two arrays with one name, which a sound file does not have, the second stays alone.
        if seen.insert(table.name.as_str()) && is_plain(table) {
            by_shape.entry((parted(&table.name).0, table.rows)).or_default().push(index);
        }
    }
    let is_float = |&index: &usize| tables[index].columns.iter().any(|column| column.scalar.is_float());
    let pays = |set: &Set| (2..=MOST_COLUMNS).contains(&set.len()) && set.iter().any(is_float);
    let mut sets: Vec<Set> = by_shape.into_values().filter(pays).collect();
    sets.sort_unstable();
    sets
}

/// A name for each set, unlike any other table's.
fn names(tables: &[Table], sets: &[Set]) -> Vec<String> {
    let group_of = |set: &Set| set.first().and_then(|&first| parted(&tables[first].name).0);
    let mut sets_of: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for set in sets {
        *sets_of.entry(group_of(set)).or_default() += 1;
    }
    let members: BTreeSet<usize> = sets.iter().flatten().copied().collect();
    let apart = tables.iter().enumerate().filter(|(index, _)| !members.contains(index));
    let mut taken: BTreeSet<String> = apart.map(|(_, table)| table.name.clone()).collect();
    let name = |set: &Set| {
        let group = group_of(set);
        let alone = sets_of.get(&group) == Some(&1);
        let beginning = if alone { "" } else { shared_beginning(tables, set) };
        let first = match (group.unwrap_or(""), beginning) {
            (group, "") => group.to_owned(),
            ("", beginning) => beginning.to_owned(),
            (group, beginning) => format!("{group}/{beginning}"),
        };
        let (mut name, mut copy) = (first.clone(), 2);
        while !taken.insert(name.clone()) {
            name = format!("{first}#{copy}");
            copy += 1;
        }
        name
    };
    sets.iter().map(name).collect()
}

/// What the last names of a set begin with, up to an underscore or a dot.
fn shared_beginning<'a>(tables: &'a [Table], set: &Set) -> &'a str {
    let mut lasts = set.iter().map(|&index| parted(&tables[index].name).1);
    let first = lasts.next().unwrap_or("");
    let shared = lasts.fold(first, |shared, last| {
        let same = shared.char_indices().zip(last.chars()).find(|((_, a), b)| a != b);
        let end = same.map_or(shared.len().min(last.len()), |((at, _), _)| at);
        shared.get(..end).unwrap_or("")
    });
    shared.rfind(['_', '.']).and_then(|at| shared.get(..at)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Extent, Place};
    use hepz_columns::{ByteOrder, Column, Scalar};
    use proptest::prelude::*;

    /// A layout of arrays in one file, one behind the other, each `(name, type, rows)`.
    fn layout(arrays: &[(&str, Scalar, u64)]) -> Layout {
        let mut layout = Layout::default();
        let mut at = 0;
        for &(name, scalar, rows) in arrays {
            let column = Column {
                name: parted(name).1.into(),
                unit: "GeV".into(),
                scalar,
                order: ByteOrder::Big,
                offset: 0,
            };
            if rows > 0 {
                let table = layout.tables.len() as u32;
                let place = Place::File(at);
                layout.extents.push(Extent { place, table, part: Part::Records, first_row: 0, rows });
            }
            at += rows * scalar.bytes() as u64;
            layout.tables.push(Table {
                name: name.into(),
                rows,
                inner: Vec::new(),
                row_order: RowOrder::Logical,
                row_bytes: scalar.bytes() as u32,
                columns: vec![column],
            });
        }
        layout
    }

    /// Names of tables with those of their columns, in order.
    fn joined(layout: &Layout) -> Vec<String> {
        let mut layout = layout.clone();
        join(&mut layout);
        assert_eq!(layout.validate(1 << 40), Ok(()));
        let columns = |t: &Table| t.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(",");
        layout.tables.iter().map(|t| format!("{}:{}", t.name, columns(t))).collect()
    }

    use Scalar::{F32, F64, I32, I64, U8};

    #[test]
    fn arrays_of_one_length_are_columns() {
        let found = layout(&[("px", F32, 5), ("n", I32, 5), ("other", F32, 4), ("e", F64, 5)]);
        assert_eq!(joined(&found), [":px,n,e", "other:other"]);
    }

    #[test]
    fn arrays_without_a_float_stay_apart() {
        let found = layout(&[("offsets", I64, 5), ("counts", I32, 5), ("x", F32, 9), ("flag", U8, 9)]);
        assert_eq!(joined(&found), ["offsets:offsets", "counts:counts", ":x,flag"]);
    }

    #[test]
    fn groups_stay_apart_and_name_their_tables() {
        let found = layout(&[("jets/pt", F32, 5), ("pt", F32, 5), ("jets/eta", F32, 5), ("eta", F32, 5)]);
        assert_eq!(joined(&found), ["jets:pt,eta", ":pt,eta"]);
        let found = layout(&[("/x", F32, 5), ("x", F32, 5), ("/y", F32, 5), ("y", F32, 5)]);
        assert_eq!(joined(&found), [":x,y", "#2:x,y"]);
        let found = layout(&[("jets", F32, 9), ("jets/pt", F32, 5), ("jets/eta", F32, 5)]);
        assert_eq!(joined(&found), ["jets:jets", "jets#2:pt,eta"]);
    }

    #[test]
    fn tables_of_one_group_are_told_apart_by_what_their_columns_share() {
        let found = layout(&[
            ("Jet_pt", F32, 5),
            ("met", F32, 3),
            ("Jet_eta", F32, 5),
            ("Mu_p_t", F32, 4),
            ("run", I32, 3),
            ("Mu_p_z", F32, 4),
        ]);
        assert_eq!(joined(&found), ["Jet:Jet_pt,Jet_eta", ":met,run", "Mu_p:Mu_p_t,Mu_p_z"]);
        let found = layout(&[("g/é_ä", F32, 5), ("g/é_ö", F32, 5), ("g/a", F32, 4), ("g/b", F32, 4)]);
        assert_eq!(joined(&found), ["g/é:é_ä,é_ö", "g:a,b"]);
    }

    #[test]
    fn scalars_fields_and_arrays_of_more_dimensions_stay_apart() {
        let mut found = layout(&[
            ("a", F32, 1),
            ("b", F32, 1),
            ("c", F32, 0),
            ("d", F32, 0),
            ("x/", F32, 6),
            ("y/", F32, 6),
        ]);
        for (name, change) in [
            ("inner", (|t: &mut Table| t.inner = vec![2]) as fn(&mut Table)),
            ("order", |t: &mut Table| t.row_order = RowOrder::Storage),
            ("field", |t: &mut Table| t.columns[0].name = "of_a_structure".into()),
        ] {
            let mut one = layout(&[("", F32, 6)]).tables.remove(0);
            (one.name, one.columns[0].name) = (name.into(), name.into());
            change(&mut one);
            let (table, place) =
                (found.tables.len() as u32, Place::File(1000 + 24 * found.tables.len() as u64));
            found.extents.push(Extent { place, table, part: Part::Records, first_row: 0, rows: 6 });
            found.tables.push(one);
        }
        let before = found.clone();
        join(&mut found);
        assert_eq!(found, before);
    }

    #[test]
    fn a_group_of_more_arrays_than_a_table_has_columns_is_left() {
        let names: Vec<String> = (0..=MOST_COLUMNS).map(|n| format!("x{n}")).collect();
        let arrays: Vec<(&str, Scalar, u64)> = names.iter().map(|name| (name.as_str(), F32, 2)).collect();
        assert_eq!(joined(&layout(&arrays)).len(), MOST_COLUMNS + 1);
        assert_eq!(joined(&layout(&arrays[1..])).len(), 1);
    }

    proptest! {
        /// Every number stays where it is: the same bytes, type, order and unit, under the same last name.
        #[test]
        fn no_number_moves(
            arrays in prop::collection::vec(("(|/|a/|b/)(|x|y_|y_z|y.w|#2)", 0..4u8, 0..4u64), 0..12),
        ) {
            let arrays: Vec<(&str, Scalar, u64)> = arrays
                .iter()
                .map(|(name, scalar, rows)| (name.as_str(), [F32, F64, I32, U8][usize::from(*scalar)], *rows))
                .collect();
            let before = layout(&arrays);
            let mut after = before.clone();
            join(&mut after);
            prop_assert_eq!(after.validate(1 << 20), Ok(()));
            prop_assert_eq!(after.extents.len(), before.extents.len());
            for (old, new) in before.extents.iter().zip(&after.extents) {
                prop_assert_eq!((old.place, old.first_row, old.rows), (new.place, new.first_row, new.rows));
                let column = |layout: &Layout, extent: &Extent| {
                    let at = if let Part::Column(column) = extent.part { column as usize } else { 0 };
                    let column = &layout.tables[extent.table as usize].columns[at];
                    (column.name.clone(), column.unit.clone(), column.scalar, column.order)
                };
                prop_assert_eq!(column(&before, old), column(&after, new));
            }
            let unlike = |tables: &[Table]| {
                tables.iter().map(|t| t.name.clone()).collect::<BTreeSet<_>>().len() == tables.len()
            };
            prop_assert!(!unlike(&before.tables) || unlike(&after.tables));
            for table in &after.tables {
                let names: BTreeSet<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
                prop_assert_eq!(names.len(), table.columns.len());
            }
        }
    }
}

//! `hepz cat --tree`: entries of a tree, with the lists that they have.
//!
//! In: an archive, a tree, patterns of branches, a range of entries. Out: CSV with a line per entry, or NumPy arrays.
//! CSV: a list is `[1.5,2.0]`, a list of lists `[[1],[],[2,3]]`, an array of fixed length as a list; a field with a
//! comma is quoted.
//! NumPy: for branch `x` an array `x` of all items, one after the other (of arrays of fixed length: a row each); if
//! it has lists, `x.offsets` says where that of each entry begins, and where the last ends; `x.offsets2` the same of
//! the lists inside.
//! Not here: finding chunks and rows (`hepz`).
//! Holds: as [`super`].

use super::{put, quoted, wrote};
use crate::arguments::{CatArguments, CatFormat};
use crate::exit::Failure;
use crate::npz::{NpzWriter, npy_header};
use crate::numbers::put_value;
use hepz::{Archive, BranchView, Jagged, TreeView, Values};
use hepz_columns::Scalar;
use std::collections::BTreeSet;
use std::io::Write;
use std::ops::Range;

/// Trees and branches that an error names.
const NAMED: usize = 8;

/// Writes entries of the tree called `name`.
///
/// # Errors
/// For what is not in the archive, else what reading and writing meet.
pub(super) fn cat(archive: &Archive<'_>, name: &str, arguments: &CatArguments) -> Result<(), Failure> {
    let trees = archive.trees();
    let tree = trees.iter().find(|tree| tree.name == name).ok_or_else(|| no_tree(&trees, name))?;
    let branches = choose(tree, &arguments.columns)?;
    let asked = arguments.rows.clone().unwrap_or(None..None);
    let entries = asked.start.unwrap_or(0)..asked.end.unwrap_or(tree.entries);
    if entries.start > entries.end || entries.end > tree.entries {
        let (from, to, has) = (entries.start, entries.end, tree.entries);
        return Err(Failure::usage(format!(
            "entries {from}..{to} are not in tree {name:?}, which has {has}"
        )));
    }
    match arguments.to {
        CatFormat::Csv => put(arguments, false, |sink| csv(archive, &branches, entries, arguments, sink)),
        CatFormat::Npz => put(arguments, true, |sink| npz(archive, &branches, entries, arguments, sink)),
        #[cfg(feature = "parquet")]
        CatFormat::Parquet => put(arguments, true, |sink| {
            let bytes = entry_bytes(archive, &branches);
            super::parquet::entries(archive, &branches, entries, bytes, arguments, sink)
        }),
        CatFormat::Npy => match &branches[..] {
            [branch] if branch.depth == 0 => put(arguments, true, |sink| {
                for read in archive.read_branches(&branches, entries)? {
                    sink.write_all(&npy_header(read.values.scalar(), &shape(&read)))
                        .map_err(|e| wrote(&e))?;
                    sink.write_all(read.values.as_bytes()).map_err(|e| wrote(&e))?;
                }
                Ok(())
            }),
            _ => Err(Failure::usage("--to npy holds one branch without lists; use --to npz")),
        },
    }
}

/// No tree of this name; those that there are.
pub(crate) fn no_tree(trees: &[TreeView], name: &str) -> Failure {
    let names: Vec<&str> = trees.iter().take(NAMED).map(|tree| tree.name.as_str()).collect();
    let more = if trees.len() > NAMED { ", ..." } else { "" };
    let has = match names.len() {
        0 => "it has none".to_owned(),
        _ => format!("it has {}{more}", names.join(", ")),
    };
    Failure::usage(format!("it has no tree {name}; {has}"))
}

/// The branches that the patterns name, each once, in the order of the patterns.
fn choose<'a>(tree: &'a TreeView, patterns: &[String]) -> Result<Vec<&'a BranchView>, Failure> {
    let all = ["*".to_owned()];
    let mut chosen: Vec<&BranchView> = Vec::new();
    let mut seen = BTreeSet::new();
    for pattern in if patterns.is_empty() { &all } else { patterns } {
        let found = tree.find(pattern);
        if found.is_empty() {
            let near = tree.near(pattern, NAMED).join(", ");
            let near = if near.is_empty() { String::new() } else { format!("; it has {near}") };
            let name = &tree.name;
            let message =
                format!("tree {name} has no branch {pattern}{near}; hepz list --tree {name} lists all");
            return Err(Failure::usage(message));
        }
        chosen.extend(found.into_iter().filter(|branch| seen.insert(branch.columns.clone())));
    }
    Ok(chosen)
}

/// Bytes of all values that a branch has in the whole tree.
fn bytes(archive: &Archive<'_>, branch: &BranchView) -> u64 {
    let bytes = branch.columns.iter().filter_map(|id| {
        let table = archive.tables().get(id.table as usize)?;
        Some(table.rows.saturating_mul(table.columns.get(id.column as usize)?.scalar.bytes() as u64))
    });
    bytes.fold(0, u64::saturating_add)
}

fn csv(
    archive: &Archive<'_>,
    branches: &[&BranchView],
    entries: Range<u64>,
    arguments: &CatArguments,
    sink: &mut dyn Write,
) -> Result<(), Failure> {
    let names: Vec<String> = branches.iter().map(|branch| quoted(&branch.name)).collect();
    let mut text = names.join(",") + "\n";
    let step =
        (super::STEP_BYTES.min(arguments.memory.bytes / 4) / entry_bytes(archive, branches).max(1)).max(1);
    let mut from = entries.start;
    while from < entries.end {
        let to = entries.end.min(from.saturating_add(step));
        let read = archive.read_branches(branches, from..to)?;
        let mut field = String::new();
        for entry in 0..(to - from) as usize {
            for (number, jagged) in read.iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                field.clear();
                put_items(&mut field, jagged, 0, entry);
                text += &quoted(&field);
            }
            text.push('\n');
            if text.len() >= super::TEXT_BYTES {
                sink.write_all(text.as_bytes()).map_err(|e| wrote(&e))?;
                text.clear();
            }
        }
        from = to;
    }
    sink.write_all(text.as_bytes()).map_err(|e| wrote(&e))
}

/// Bytes of an entry, on average: nobody knows yet how many items the entries asked for have.
fn entry_bytes(archive: &Archive<'_>, branches: &[&BranchView]) -> u64 {
    let all: u64 = branches.iter().map(|branch| bytes(archive, branch)).fold(0, u64::saturating_add);
    all / branches.iter().map(|branch| entries_of(archive, branch)).max().unwrap_or(1).max(1)
}

/// Entries of the tree of a branch.
fn entries_of(archive: &Archive<'_>, branch: &BranchView) -> u64 {
    let first = branch.offsets.first().or(branch.columns.first());
    first.and_then(|id| archive.tables().get(id.table as usize)).map_or(0, |table| table.rows)
}

/// One list, array or value, and all in it.
fn put_items(text: &mut String, jagged: &Jagged, depth: usize, index: usize) {
    let per_item = jagged.per_item;
    let (items, inside) = match jagged.offsets.get(depth) {
        Some(offsets) => {
            let ends = (offsets.get(index), offsets.get(index + 1));
            let (Some(&from), Some(&to)) = ends else { return };
            (from as usize..to as usize, depth + 1)
        }
        None if per_item == 1 => {
            if index < jagged.values.len() {
                put_value(text, &jagged.values, index);
            }
            return;
        }
        None => (index * per_item..(index + 1) * per_item, depth),
    };
    text.push('[');
    for item in items.clone() {
        if item > items.start {
            text.push(',');
        }
        if inside > depth {
            put_items(text, jagged, inside, item);
        } else if item < jagged.values.len() {
            put_value(text, &jagged.values, item);
        }
    }
    text.push(']');
}

/// One dimension, or two for arrays of fixed length.
fn shape(jagged: &Jagged) -> Vec<u64> {
    let items = (jagged.values.len() / jagged.per_item.max(1)) as u64;
    if jagged.per_item > 1 { vec![items, jagged.per_item as u64] } else { vec![items] }
}

fn npz(
    archive: &Archive<'_>,
    branches: &[&BranchView],
    entries: Range<u64>,
    arguments: &CatArguments,
    sink: &mut dyn Write,
) -> Result<(), Failure> {
    let mut npz = NpzWriter::new(sink);
    let mut names = BTreeSet::new();
    let mut add = |name: &str, shape: &[u64], values: &Values| {
        if !names.insert(name.to_owned()) {
            return Err(Failure::usage(format!("two arrays would be called {name}; choose --columns")));
        }
        npz.add(name, shape, values).map_err(|e| wrote(&e))
    };
    // Branches that share offsets are read together, which decodes what they share once.
    let mut left = branches;
    while let Some((first, rest)) = left.split_first() {
        let mut held = bytes(archive, first);
        let more = rest.iter().take_while(|branch| {
            held = held.saturating_add(bytes(archive, branch));
            branch.offsets == first.offsets && held <= super::STEP_BYTES.min(arguments.memory.bytes / 4)
        });
        let (batch, behind) = left.split_at(1 + more.count());
        left = behind;
        for (branch, read) in batch.iter().zip(archive.read_branches(batch, entries.clone())?) {
            add(&branch.name, &shape(&read), &read.values)?;
            for (depth, offsets) in read.offsets.iter().enumerate() {
                let number = if depth == 0 { String::new() } else { (depth + 1).to_string() };
                let name = format!("{}.offsets{number}", branch.name);
                add(&name, &[offsets.len() as u64], &Values::from_raw(Scalar::U64, offsets))?;
            }
        }
    }
    npz.finish().map(|_| ()).map_err(|e| wrote(&e))
}

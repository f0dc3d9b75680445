//! Entries: the tables of an archive as trees with branches, and the lists that an entry has in a branch.
//!
//! In: an open [`Archive`], names, a range of entries. Out: [`TreeView`]s, and values with their offsets.
//! Not here: decoding chunks (`decompress`), giving names (`hepz-formats`).
//! Holds: names alone say which table is whose (`FORMAT.md`, "Names of linked tables"), and rows must agree with
//! that; offsets and items of other entries are not read.

#[cfg(test)]
mod tests;

use crate::{Archive, ArchiveError, ColumnId};
use hepz_columns::{ByteOrder, Column, Scalar, Table, Values};
use std::collections::BTreeMap;
use std::ops::Range;

/// What the name of a table of offsets has behind that of its items.
const OFFSETS: &str = ".offsets";
/// Lists of lists of lists: a table deeper than this stands for itself.
const MOST_DEPTH: usize = 8;

/// Tables that belong together: rows of one, and lists that these have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeView {
    /// Path of the tree, RNTuple or table.
    pub name: String,
    /// Number of entries.
    pub entries: u64,
    /// What there is for each entry.
    pub branches: Vec<BranchView>,
}

/// A column with one value, one array or one list for each entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BranchView {
    /// Its name.
    pub name: String,
    /// Its columns, more than one for arrays of fixed length.
    pub columns: Vec<ColumnId>,
    /// As C++ would say it: `float`, `float[3]`, `vector<float>`, `vector<vector<int32_t>>`.
    pub type_name: String,
    /// Lists in lists: 0 for one value or array each entry.
    pub depth: usize,
    /// The offsets of each depth, outermost first.
    pub offsets: Vec<ColumnId>,
}

/// What a branch holds for some entries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Jagged {
    /// For each depth where each list begins, and where the last ends, counted from the first that was asked for.
    pub offsets: Vec<Vec<u64>>,
    /// Values in each innermost item: more than 1 for arrays of fixed length.
    pub per_item: usize,
    /// The values of all innermost items, one item after the other.
    pub values: Values,
}

/// The trees of some tables, in their order. Every table is in one, be it alone.
pub fn trees(tables: &[Table]) -> Vec<TreeView> {
    let names = Names::of(tables);
    let mut trees: Vec<TreeView> = Vec::new();
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, table) in tables.iter().enumerate() {
        if names.is_offsets(tables, index) {
            continue;
        }
        let alone = || (table.name.as_str(), Vec::new());
        let rows = |chain: &[usize]| match chain.first().and_then(|&first| tables.get(first)) {
            Some(offsets) => offsets.rows.saturating_sub(1),
            None => table.rows,
        };
        let (name, chain) = names.chain(tables, index).unwrap_or_else(alone);
        // Collections of a tree without a table must agree on its entries.
        let agrees = |tree: &usize| trees.get(*tree).is_none_or(|tree| tree.entries == rows(&chain));
        let (name, chain) = if by_name.get(name).is_none_or(agrees) { (name, chain) } else { alone() };
        let entries = rows(&chain);
        let tree = *by_name.entry(name).or_insert(trees.len());
        if tree == trees.len() {
            trees.push(TreeView { name: name.to_owned(), entries, branches: Vec::new() });
        }
        let offsets: Vec<ColumnId> = chain.iter().map(|&t| ColumnId { table: t as u32, column: 0 }).collect();
        if let Some(tree) = trees.get_mut(tree) {
            tree.branches.extend(branches(index, table, &offsets));
        }
    }
    trees
}

/// Tables by name; of several with one name the first.
struct Names<'a>(BTreeMap<&'a str, usize>);

impl<'a> Names<'a> {
    fn of(tables: &'a [Table]) -> Names<'a> {
        let mut names = BTreeMap::new();
        for (index, table) in tables.iter().enumerate() {
            names.entry(table.name.as_str()).or_insert(index);
        }
        Names(names)
    }

    /// The offsets of a collection.
    fn offsets(&self, tables: &[Table], collection: &str) -> Option<usize> {
        let index = *self.0.get(format!("{collection}{OFFSETS}").as_str())?;
        let table = tables.get(index)?;
        let fits = matches!(&table.columns[..], [c] if matches!(c.scalar, Scalar::U32 | Scalar::U64));
        (fits && table.rows > 0).then_some(index)
    }

    /// The tree that a collection or table belongs to, and the offsets on the way to it, outermost first. None if
    /// rows say that it belongs to no other.
    fn walk(&self, tables: &[Table], name: &'a str) -> Option<(&'a str, Vec<usize>)> {
        let (mut name, mut chain) = (name, Vec::new());
        let mut below: Option<u64> = None;
        loop {
            // The rows of a collection without columns are known from nothing but the offsets below it.
            let rows = self.0.get(name).and_then(|&index| tables.get(index)).map(|table| table.rows);
            if let (Some(rows), Some(below)) = (rows, below)
                && rows != below
            {
                return None;
            }
            let Some(offsets) = self.offsets(tables, name) else { break };
            if chain.len() == MOST_DEPTH {
                return None;
            }
            chain.push(offsets);
            below = tables.get(offsets).map(|table| table.rows - 1);
            name = name.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        chain.reverse();
        Some((name, chain))
    }

    /// As [`Names::walk`], for a table.
    fn chain(&self, tables: &'a [Table], index: usize) -> Option<(&'a str, Vec<usize>)> {
        let table = tables.get(index)?;
        if self.0.get(table.name.as_str()) != Some(&index) {
            return None;
        }
        self.walk(tables, &table.name)
    }

    /// True for a table of offsets of a collection that belongs to a tree.
    fn is_offsets(&self, tables: &'a [Table], index: usize) -> bool {
        let Some(table) = tables.get(index) else { return false };
        let Some(collection) = table.name.strip_suffix(OFFSETS) else { return false };
        self.offsets(tables, collection) == Some(index) && self.walk(tables, collection).is_some()
    }
}

/// The branches of one table: columns `x[0]`, `x[1]`, ... of one type are one, also with others between them.
fn branches(index: usize, table: &Table, offsets: &[ColumnId]) -> Vec<BranchView> {
    let mut branches: Vec<BranchView> = Vec::new();
    // By array: its branch, and the type of its members.
    let mut arrays: BTreeMap<&str, (usize, Scalar)> = BTreeMap::new();
    for (number, column) in table.columns.iter().enumerate() {
        let id = ColumnId { table: index as u32, column: number as u32 };
        let member = member(&column.name);
        if let Some((base, number)) = member
            && let Some(&(branch, scalar)) = arrays.get(base)
            && let Some(branch) = branches.get_mut(branch)
            && scalar == column.scalar
            && number == branch.columns.len()
        {
            base.clone_into(&mut branch.name);
            branch.columns.push(id);
            branch.type_name = type_name(scalar, branch.columns.len(), offsets.len());
            continue;
        }
        if let Some((base, 0)) = member {
            arrays.insert(base, (branches.len(), column.scalar));
        }
        branches.push(BranchView {
            name: column.name.clone(),
            columns: vec![id],
            type_name: type_name(column.scalar, 1, offsets.len()),
            depth: offsets.len(),
            offsets: offsets.to_vec(),
        });
    }
    branches
}

/// Array and number of a column that is a member of one.
fn member(column: &str) -> Option<(&str, usize)> {
    let (base, number) = column.strip_suffix(']')?.rsplit_once('[')?;
    Some((base, number.parse().ok()?))
}

fn type_name(scalar: Scalar, per_item: usize, depth: usize) -> String {
    let item = match scalar {
        Scalar::Bool => "bool",
        Scalar::I8 => "int8_t",
        Scalar::I16 => "int16_t",
        Scalar::I32 => "int32_t",
        Scalar::I64 => "int64_t",
        Scalar::U8 => "uint8_t",
        Scalar::U16 => "uint16_t",
        Scalar::U32 => "uint32_t",
        Scalar::U64 => "uint64_t",
        Scalar::F16 => "half",
        Scalar::F32 => "float",
        Scalar::F64 => "double",
    };
    let item = if per_item > 1 { format!("{item}[{per_item}]") } else { item.to_owned() };
    format!("{}{item}{}", "vector<".repeat(depth), ">".repeat(depth))
}

impl TreeView {
    /// The branches that a pattern names: `*` stands for any run of characters, `?` for any one.
    pub fn find(&self, pattern: &str) -> Vec<&BranchView> {
        self.branches.iter().filter(|branch| crate::pattern::matches(pattern, &branch.name)).collect()
    }

    /// Names of branches that begin or end like `name`, most alike first, at most `most`.
    pub fn near(&self, name: &str, most: usize) -> Vec<&str> {
        let lower = name.to_lowercase();
        let alike = |branch: &str| {
            let other = branch.to_lowercase();
            let same = lower.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
            let from_end = lower.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b).count();
            (same.max(from_end), std::cmp::Reverse(other.chars().count()))
        };
        let mut near: Vec<_> = self.branches.iter().map(|b| (alike(&b.name), b.name.as_str())).collect();
        near.retain(|((same, _), _)| *same >= 2);
        near.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        near.into_iter().take(most).map(|(_, name)| name).collect()
    }
}

/// Rows and offsets that entries have at the end of a chain of offsets.
#[derive(Clone)]
struct Reached {
    rows: Range<u64>,
    offsets: Vec<Vec<u64>>,
}

impl Archive<'_> {
    /// The trees of the archive. A table that belongs to no tree is one of its own.
    pub fn trees(&self) -> Vec<TreeView> {
        trees(self.tables())
    }

    /// What some entries have in one branch; only the chunks and streams needed are touched.
    ///
    /// # Errors
    /// [`ArchiveError::NoSuchColumn`] for trees, branches and entries that are not there, else what reading meets.
    pub fn read_entries(
        &self,
        tree: &str,
        branch: &str,
        entries: Range<u64>,
    ) -> Result<Jagged, ArchiveError> {
        let missing = |what: String| ArchiveError::NoSuchColumn { what };
        let trees = self.trees();
        let found = trees.iter().find(|t| t.name == tree).ok_or_else(|| missing(format!("tree {tree:?}")))?;
        let branch = found
            .branches
            .iter()
            .find(|b| b.name == branch)
            .ok_or_else(|| missing(format!("branch {branch:?} of tree {tree:?}")))?;
        let mut read = self.read_branches(&[branch], entries)?;
        read.pop().ok_or_else(|| missing(format!("branch {:?}", branch.name)))
    }

    /// What some entries have in some branches of one tree, in the order of these. Offsets that branches share are
    /// read once.
    ///
    /// # Errors
    /// As [`Archive::read_entries`].
    pub fn read_branches(
        &self,
        branches: &[&BranchView],
        entries: Range<u64>,
    ) -> Result<Vec<Jagged>, ArchiveError> {
        let mut reached: BTreeMap<&[ColumnId], Reached> = BTreeMap::new();
        let mut columns: BTreeMap<&[ColumnId], Vec<ColumnId>> = BTreeMap::new();
        for branch in branches {
            columns.entry(&branch.offsets).or_default().extend(&branch.columns);
        }
        let mut values: BTreeMap<ColumnId, Values> = BTreeMap::new();
        for (chain, mut ids) in columns {
            ids.sort_unstable();
            ids.dedup();
            let table = ids.first().map(|id| id.table);
            let rows = self.reach(chain, table, &entries, &mut reached)?.rows;
            let read = self.read(&ids, rows)?;
            values.extend(ids.into_iter().zip(read));
        }
        let mut jagged = Vec::with_capacity(branches.len());
        for branch in branches {
            let parts: Vec<&Values> = branch.columns.iter().filter_map(|id| values.get(id)).collect();
            let offsets = reached.get(&branch.offsets[..]).map(|reached| reached.offsets.clone());
            let whole = interleaved(&parts).filter(|_| parts.len() == branch.columns.len());
            let (Some(offsets), Some(values)) = (offsets, whole) else {
                return Err(ArchiveError::NoSuchColumn { what: format!("branch {:?}", branch.name) });
            };
            jagged.push(Jagged { offsets, per_item: branch.columns.len(), values });
        }
        Ok(jagged)
    }

    /// Follows a chain of offsets to the rows of `table`, remembering every step.
    fn reach<'c>(
        &self,
        chain: &'c [ColumnId],
        table: Option<u32>,
        entries: &Range<u64>,
        reached: &mut BTreeMap<&'c [ColumnId], Reached>,
    ) -> Result<Reached, ArchiveError> {
        let mut here = Reached { rows: entries.clone(), offsets: Vec::new() };
        for depth in 0..=chain.len() {
            let prefix = chain.get(..depth).unwrap_or_default();
            if let Some(known) = reached.get(prefix) {
                here = known.clone();
                continue;
            }
            if let Some(&last) = prefix.last() {
                here = self.follow(here, last)?;
            }
            reached.insert(prefix, here.clone());
        }
        let rows = table.and_then(|table| self.tables().get(table as usize)).map_or(0, |table| table.rows);
        if !chain.is_empty() && here.rows.end > rows {
            return Err(ArchiveError::corrupt("chunk", 0, "offsets lead behind the end of their table"));
        }
        Ok(here)
    }

    /// From rows to the items that these have.
    fn follow(&self, from: Reached, offsets: ColumnId) -> Result<Reached, ArchiveError> {
        let Reached { rows, offsets: mut all } = from;
        let missing = || ArchiveError::NoSuchColumn { what: format!("rows {} to {}", rows.start, rows.end) };
        let end = rows.end.checked_add(1).filter(|_| rows.start <= rows.end).ok_or_else(missing)?;
        let read = self.read(&[offsets], rows.start..end)?;
        let mut raw = read.first().map(Values::to_raw).unwrap_or_default();
        let (Some(&first), Some(&last)) = (raw.first(), raw.last()) else { return Err(missing()) };
        if !raw.is_sorted() {
            return Err(ArchiveError::corrupt("chunk", 0, "offsets fall"));
        }
        raw.iter_mut().for_each(|offset| *offset -= first);
        all.push(raw);
        Ok(Reached { rows: first..last, offsets: all })
    }
}

/// The values of the columns of an array, item by item.
fn interleaved(parts: &[&Values]) -> Option<Values> {
    let (first, rest) = parts.split_first()?;
    if rest.is_empty() {
        return Some((*first).clone());
    }
    let (scalar, width) = (first.scalar(), first.scalar().bytes());
    if rest.iter().any(|part| part.scalar() != scalar || part.len() != first.len()) {
        return None;
    }
    let mut records = vec![0; first.len().checked_mul(width)?.checked_mul(parts.len())?];
    for (number, part) in parts.iter().enumerate() {
        part.scatter(0, &packed(scalar, number * width), &mut records, width * parts.len());
    }
    let mut values = Values::with_capacity(scalar, first.len() * parts.len());
    values.gather(&packed(scalar, 0), &records, width);
    Some(values)
}

/// A column as [`Values`] keeps it, at a place of a record.
fn packed(scalar: Scalar, offset: usize) -> Column {
    let order = ByteOrder::Little;
    Column { name: String::new(), unit: String::new(), scalar, order, offset: offset as u32 }
}

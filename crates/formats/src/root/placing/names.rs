//! Names: what tables and columns are called, so that what belongs to what can be told from the names alone.
//!
//! In: what trees, branches and fields are called. Out: names of tables and columns.
//! Not here: the rule in full, and who reads it (`hepz`: FORMAT.md, "Names of linked tables").
//! Holds: no name is given twice; a collection is its parent's name, a slash, and a name without one; no tree ends in
//! `.offsets`.

use std::collections::BTreeMap;

/// What the table of offsets has behind the name of its collection.
const OFFSETS: &str = ".offsets";

/// Longer names are cut.
const MOST_NAME_BYTES: usize = 512;

/// A note names at most so many branches, and has at most so many bytes of their names.
const MOST_NAMED: usize = 5;
const MOST_NAMED_BYTES: usize = 150;

/// Names that were given, and what number the next that would be the same gets.
type Given = BTreeMap<String, u64>;

/// All names of a layout.
#[derive(Default)]
pub(super) struct Names {
    /// Of trees and collections.
    tables: Given,
    /// Of the columns of the tree that is being placed, arrays without their numbers.
    columns: Given,
}

impl Names {
    /// The name of a tree; that of columns begin anew.
    pub(super) fn tree(&mut self, path: &str) -> String {
        self.columns.clear();
        unique(cut(path), &mut self.tables)
    }

    /// The name of a collection of a table's rows.
    pub(super) fn collection(&mut self, parent: &str, own: &str) -> String {
        let own = cut(own).replace('/', ".");
        unique(&format!("{parent}/{own}"), &mut self.tables)
    }

    /// The name of a column, or of an array of them.
    pub(super) fn column(&mut self, base: &str) -> String {
        unique(cut(base), &mut self.columns)
    }
}

/// The name of the offsets of a collection.
pub(super) fn offsets(collection: &str) -> String {
    format!("{collection}{OFFSETS}")
}

/// The name of one of `repeat` columns.
pub(super) fn item(base: &str, item: u32, repeat: u32) -> String {
    if repeat > 1 { format!("{base}[{item}]") } else { base.to_owned() }
}

/// The name itself, or with a number behind it, if it was given before or means something else.
fn unique(name: &str, given: &mut Given) -> String {
    let mut number = given.get(name).copied().unwrap_or(1);
    let mut free = name.to_owned();
    while given.contains_key(&free) || free.ends_with(OFFSETS) {
        number += 1;
        free = format!("{name}#{number}");
    }
    if number > 1 {
        given.insert(name.to_owned(), number);
    }
    given.entry(free.clone()).or_insert(1);
    free
}

/// The beginning of a name that is too long.
fn cut(name: &str) -> &str {
    let end = (0..=name.len().min(MOST_NAME_BYTES)).rev().find(|&end| name.is_char_boundary(end));
    name.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Branches, and those of them that became no columns.
#[derive(Default)]
pub(super) struct Left {
    /// Branches with data.
    pub(super) all: usize,
    number: usize,
    named: Vec<String>,
}

impl Left {
    /// Counts a branch that became no column.
    pub(super) fn add(&mut self, branch: &str) {
        self.number += 1;
        let bytes: usize = self.named.iter().map(|name| name.len() + 2).sum();
        if self.named.len() < MOST_NAMED && bytes + branch.len() <= MOST_NAMED_BYTES {
            self.named.push(branch.to_owned());
        }
    }

    /// What a user should know; nothing if all became columns.
    pub(super) fn note(&self) -> Option<String> {
        let named = self.named.join(", ");
        let more = if self.named.len() < self.number { ", ..." } else { "" };
        let Left { all, number, .. } = self;
        let note = format!("{number} of {all} branches hold no numbers or are kept as bytes: {named}{more}");
        (self.number > 0).then_some(note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_once_and_say_what_belongs_to_what() {
        let mut names = Names::default();
        assert_eq!(names.tree("dir/Events"), "dir/Events");
        assert_eq!(names.collection("dir/Events", "Jet"), "dir/Events/Jet");
        assert_eq!(names.collection("dir/Events", "Jet"), "dir/Events/Jet#2");
        assert_eq!(names.collection("dir/Events/Jet", "a/b"), "dir/Events/Jet/a.b");
        // A tree in a folder that is called as another tree.
        assert_eq!(names.tree("dir/Events/Jet"), "dir/Events/Jet#3");
        assert_eq!(names.tree("x.offsets"), "x.offsets#2");
        assert_eq!(names.collection("x", "y.offsets"), "x/y.offsets#2");
    }

    #[test]
    fn columns_have_names_of_their_own_in_each_tree() {
        let mut names = Names::default();
        names.tree("a");
        assert_eq!([names.column("x"), names.column("x"), names.column("y")], ["x", "x#2", "y"]);
        names.tree("b");
        assert_eq!(names.column("x"), "x");
        assert_eq!([item("x", 0, 1), item("x", 2, 3)], ["x", "x[2]"]);
    }

    #[test]
    fn a_note_is_short_whatever_the_names_are() {
        let mut left = Left { all: 9, ..Left::default() };
        assert_eq!(left.note(), None);
        left.add("text");
        let said = "1 of 9 branches hold no numbers or are kept as bytes: text";
        assert_eq!(left.note().as_deref(), Some(said));
        for _ in 0..9 {
            left.add(&"long".repeat(20));
        }
        let note = left.note().unwrap_or_default();
        assert!(note.ends_with(", ...") && note.len() < 300, "{note}");
    }
}

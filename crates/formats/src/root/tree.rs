//! Trees: their branches, where the baskets of each lie, and what an entry consists of.
//!
//! In: the records of a file. Out: its [`Tree`]s.
//! Not here: the bytes of baskets, whose grammar is a claim until it was held against them.
//! Holds: every basket lies in a record, or inside that of its tree; a tree that is odd is left out with a note.
//! Source: ROOT, TTree, TBranch, TBranchElement, TLeaf and TBasket.

mod baskets;
mod branches;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use super::file::{self, File, Record};
use super::streamer::Infos;
use super::streamer::object::Reader;
use crate::Source;
use std::io;

pub use super::types::{Entry, Field, Nesting};

/// Classes that are trees.
const CLASSES: [&str; 3] = ["TTree", "TNtuple", "TNtupleD"];

/// Directories in directories, at most.
const MOST_DIRECTORIES: usize = 64;

/// Longer paths are cut.
const MOST_PATH_BYTES: usize = 4096;

/// A tree.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Its name.
    pub name: String,
    /// Path of its directory, empty for that of the file.
    pub directory: String,
    /// Distinguishes trees of one name; the highest is the last.
    pub cycle: u16,
    /// Number of entries.
    pub entries: u64,
    /// Index into the records: its own.
    pub record: usize,
    /// Branches, a parent before its children.
    pub branches: Vec<Branch>,
}

/// A branch.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    /// Its name; with the names of its parents in front where that alone is not the only one.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Index of the branch that it is a part of.
    pub parent: Option<u32>,
    /// Class of its objects; empty for lists of leaves.
    pub class: String,
    /// Number of entries.
    pub entries: u64,
    /// What an entry may be, likeliest first; nothing if not understood.
    pub entry: Vec<Entry>,
    /// The branch with the number of items of each entry.
    pub count: Option<u32>,
    /// Baskets, by first entry.
    pub baskets: Vec<Basket>,
    /// Where what is said about the baskets lies.
    pub fields_at: BranchFields,
}

/// Places in the plain bytes of the tree's record, of numbers that are big-endian.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchFields {
    /// `fBasketBytes`: lengths of baskets, their keys included.
    pub basket_bytes: Option<Numbers>,
    /// `fBasketEntry`: their first entries.
    pub basket_entry: Option<Numbers>,
    /// `fBasketSeek`: their places in the file.
    pub basket_seek: Option<Numbers>,
    /// `fEntries`.
    pub entries: Option<u64>,
    /// `fEntryNumber`.
    pub entry_number: Option<u64>,
    /// `fTotBytes`: plain bytes of all baskets with keys.
    pub tot_bytes: Option<u64>,
    /// `fZipBytes`: stored bytes of all baskets with keys.
    pub zip_bytes: Option<u64>,
    /// `fWriteBasket`: number of baskets that were written, a number of 4 bytes.
    pub write_basket: Option<u64>,
}

/// Numbers one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// First byte.
    pub at: u64,
    /// How many.
    pub count: u64,
    /// Bytes of each.
    pub width: u8,
}

/// Entries that lie together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// The first entry.
    pub first_entry: u64,
    /// Number of entries.
    pub entries: u64,
    /// Length of the key; entry offsets count from its beginning.
    pub key_bytes: u32,
    /// Length of the data.
    pub data_bytes: u64,
    /// Bytes of entry offsets and displacements: behind the data in a record, elsewhere where embedded.
    pub tail_bytes: u64,
    /// The data are where.
    pub place: BasketPlace,
}

/// Where a basket's data lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasketPlace {
    /// At the beginning of the payload of a record of this index.
    Record(usize),
    /// Inside the plain bytes of the tree's record.
    Embedded {
        /// First byte of the data.
        at: u64,
        /// First byte of the number of entry offsets, if there are any.
        offsets_at: Option<u64>,
    },
}

/// All trees of a file, by record, and what a user should know of those that were left out.
///
/// # Errors
/// Only those of `source`.
pub fn trees(source: &dyn Source, file: &File, records: &[Record]) -> io::Result<(Vec<Tree>, Vec<String>)> {
    let (mut trees, mut notes) = (Vec::new(), Vec::new());
    if !records.iter().any(is_tree) {
        return Ok((trees, notes));
    }
    let infos = match at(records, file.seek_info).and_then(|index| records.get(index)) {
        Some(record) => {
            let plain = file::payload(source, record)?.unwrap_or_default();
            Infos::read(&plain, record.key_bytes)
        }
        None => Infos::default(),
    };
    for (index, record) in records.iter().enumerate().filter(|(_, record)| is_tree(record)) {
        let tree = match file::payload(source, record)? {
            Some(plain) => tree(&plain, records, index, record, &infos),
            None => Err("its compression is not known here"),
        };
        match tree {
            Ok(tree) => trees.push(Tree { directory: directory(records, file, record), ..tree }),
            Err(why) => notes.push(format!("tree {};{}: {why}", record.name, record.cycle)),
        }
    }
    Ok((trees, notes))
}

fn is_tree(record: &Record) -> bool {
    CLASSES.contains(&record.class.as_str())
}

/// Index of the record whose key is at `place`.
fn at(records: &[Record], place: u64) -> Option<usize> {
    records.binary_search_by_key(&place, |record| record.at).ok()
}

/// Names of the directories of a record, from the file's down.
fn directory(records: &[Record], file: &File, record: &Record) -> String {
    let mut names = Vec::new();
    let mut place = record.directory;
    let mut bytes = 0;
    while place != file.begin && names.len() < MOST_DIRECTORIES {
        let Some(parent) = at(records, place).and_then(|index| records.get(index)) else { break };
        bytes += parent.name.len();
        if bytes > MOST_PATH_BYTES {
            break;
        }
        names.push(parent.name.as_str());
        place = parent.directory;
    }
    names.reverse();
    names.join("/")
}

fn tree(
    plain: &[u8],
    records: &[Record],
    index: usize,
    record: &Record,
    infos: &Infos,
) -> Result<Tree, &'static str> {
    let object = Reader::new(plain, record.key_bytes, infos).object(&record.class).map_err(|odd| odd.0)?;
    let entries = object.int("fEntries").ok_or("it has no entries")?;
    let branches = branches::all(&object, plain, records, infos);
    Ok(Tree {
        name: record.name.clone(),
        directory: String::new(),
        cycle: record.cycle,
        entries: entries.max(0) as u64,
        record: index,
        branches,
    })
}

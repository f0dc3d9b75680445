//! Branches: the objects of a tree made one list.
//!
//! In: the object of a tree. Out: its [`Branch`]es.
//! Not here: their baskets (`baskets`), what their entries are (`types`).
//! Holds: a parent stands before its children; a branch that is odd is left out with all in it.

use super::super::file::Record;
use super::super::streamer::Infos;
use super::super::streamer::object::{Object, Value};
use super::super::types::{self, Description, Leaf};
use super::{Branch, BranchFields, Numbers, baskets};
use std::collections::{BTreeMap, BTreeSet};

/// More branches than any tree has.
const MOST_BRANCHES: usize = 1 << 20;

/// Names are repeated up to this length in those of other branches.
const MOST_NAME_BYTES: usize = 512;

/// A branch and its object.
struct Found<'a> {
    object: &'a Object,
    parent: Option<u32>,
}

/// All branches of a tree.
pub(super) fn all(tree: &Object, plain: &[u8], records: &[Record], infos: &Infos) -> Vec<Branch> {
    let mut found = Vec::new();
    collect(tree, None, &mut found);
    let (branch_of, leaf_of) = tags(&found);
    let mut names = BTreeSet::new();
    let mut branches: Vec<Branch> = Vec::with_capacity(found.len());
    for Found { object, parent } in &found {
        let own = object.text("fName").unwrap_or_default();
        let around = parent.and_then(|parent| branches.get(parent as usize));
        let name = unique(own, around.map_or("", |branch| branch.name.as_str()), &mut names);
        let leaves: Vec<&Object> = object.many("fLeaves").iter().filter_map(as_object).collect();
        let counted = leaves.iter().filter_map(|leaf| referred(leaf, "fLeafCount", &leaf_of));
        let count = referred(object, "fBranchCount", &branch_of).or(counted.min());
        let description = describe(object, leaves, count.is_some());
        let (entry, class) = types::entry(&description, infos);
        branches.push(Branch {
            name,
            title: object.text("fTitle").unwrap_or_default().into(),
            parent: *parent,
            class,
            entries: object.int("fEntries").unwrap_or(0).max(0) as u64,
            entry,
            count,
            baskets: baskets::of(object, plain, records),
            fields_at: fields(object),
        });
    }
    branches
}

/// A name that no branch of the tree has yet: its own, that with its parent's, or that with a number.
fn unique(own: &str, parent: &str, names: &mut BTreeSet<String>) -> String {
    let path = [own.to_string(), format!("{}/{own}", shortened(parent))];
    let numbered = (names.len()..).map(|number| format!("{}#{number}", shortened(own)));
    let name = path.into_iter().chain(numbered).find(|name| !names.contains(name)).unwrap_or_default();
    names.insert(name.clone());
    name
}

/// The first bytes of a name that is too long to be repeated.
fn shortened(name: &str) -> &str {
    let end = (0..=name.len().min(MOST_NAME_BYTES)).rev().find(|&end| name.is_char_boundary(end));
    name.get(..end.unwrap_or(0)).unwrap_or_default()
}

fn as_object(value: &Value) -> Option<&Object> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// Branches in the order of the tree; the reader has limited their depth.
fn collect<'a>(of: &'a Object, parent: Option<u32>, found: &mut Vec<Found<'a>>) {
    for object in of.many("fBranches").iter().filter_map(as_object) {
        if found.len() >= MOST_BRANCHES {
            return;
        }
        let index = found.len() as u32;
        found.push(Found { object, parent });
        collect(object, Some(index), found);
    }
}

/// Which branch a tag refers to: its own, and those of its leaves.
fn tags(found: &[Found<'_>]) -> (BTreeMap<u64, u32>, BTreeMap<u64, u32>) {
    let (mut branch_of, mut leaf_of) = (BTreeMap::new(), BTreeMap::new());
    for (index, found) in found.iter().enumerate() {
        branch_of.insert(found.object.tag, index as u32);
        for leaf in found.object.many("fLeaves").iter().filter_map(as_object) {
            leaf_of.insert(leaf.tag, index as u32);
        }
    }
    (branch_of, leaf_of)
}

/// The branch that a member refers to.
fn referred(object: &Object, name: &str, of: &BTreeMap<u64, u32>) -> Option<u32> {
    match &object.member(name)?.value {
        Value::Reference(tag) => of.get(tag).copied(),
        Value::Object(object) => of.get(&object.tag).copied(),
        _ => None,
    }
}

fn describe<'a>(object: &'a Object, leaves: Vec<&'a Object>, counted: bool) -> Description<'a> {
    let leaves = leaves.into_iter().map(|leaf| Leaf {
        class: &leaf.class,
        name: leaf.text("fName").unwrap_or_default(),
        title: leaf.text("fTitle").unwrap_or_default(),
        length: leaf.int("fLen").and_then(|length| u32::try_from(length).ok()).unwrap_or(0),
        unsigned: leaf.int("fIsUnsigned").is_some_and(|unsigned| unsigned != 0),
        // A count that is not null, even where it is not found.
        counted: leaf.member("fLeafCount").is_some_and(|member| !matches!(member.value, Value::Null)),
    });
    let number = |name: &str| object.int(name).and_then(|number| i32::try_from(number).ok());
    Description {
        is_element: &*object.class == "TBranchElement",
        is_plain: &*object.class == "TBranch",
        leaves: leaves.collect(),
        counted,
        kind: number("fType").unwrap_or(-1),
        streamer_kind: number("fStreamerType").unwrap_or(-1),
        id: number("fID").unwrap_or(-1),
        class: object.text("fClassName").unwrap_or_default(),
        class_version: number("fClassVersion").unwrap_or(-1),
        class_checksum: object.int("fCheckSum").unwrap_or(0) as u32,
        second_count: object.member("fBranchCount2").is_some_and(|m| !matches!(m.value, Value::Null)),
        has_branches: !object.many("fBranches").is_empty(),
    }
}

fn fields(object: &Object) -> BranchFields {
    let numbers = |name: &str| {
        let member = object.member(name)?;
        match member.value {
            Value::Numbers { count, width } => Some(Numbers { at: member.at, count, width }),
            _ => None,
        }
    };
    let at = |name: &str| object.member(name).map(|member| member.at);
    BranchFields {
        basket_bytes: numbers("fBasketBytes"),
        basket_entry: numbers("fBasketEntry"),
        basket_seek: numbers("fBasketSeek"),
        entries: at("fEntries"),
        entry_number: at("fEntryNumber"),
        tot_bytes: at("fTotBytes"),
        zip_bytes: at("fZipBytes"),
        write_basket: at("fWriteBasket"),
    }
}

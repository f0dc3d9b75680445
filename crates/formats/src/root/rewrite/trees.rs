//! Trees: the places and stored lengths of baskets that their branches name.
//!
//! In: the plain payload of a tree, and where things went. Out: the baskets that it names; the payload with the new
//! places and lengths.
//! Not here: what the branches hold (`tree`).
//! Holds: every branch that can be reached is looked at, whatever it holds; one that is not understood is an error.
//! The payload keeps its length.
//! Source: ROOT, TTree, TBranch.

use super::super::file::Record;
use super::super::streamer::Infos;
use super::super::streamer::object::{Object, Reader, Value};
use super::super::tree::Numbers;
use super::directories::NAMES_NOTHING;
use super::numbers::{big, put_signed};
use super::places::{Places, index_of};

/// Classes that are derived from each other, at most.
const MOST_BASES: usize = 8;

/// A branch cannot be patched.
const ODD_BRANCH: &str = "it has a branch that is not understood";

/// Where a tree says something of its baskets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    branches: Vec<Branch>,
    /// `fZipBytes` of the tree.
    zip: Option<Sum>,
}

/// Where a branch says it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Branch {
    /// `fBasketSeek`.
    seeks: Numbers,
    /// `fBasketBytes`.
    bytes: Option<Numbers>,
    /// `fWriteBasket`: baskets that were written.
    written: u64,
    /// `fZipBytes`.
    zip: Option<Sum>,
}

/// A sum of stored lengths, a number of 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sum {
    at: usize,
    is_real: bool,
}

/// True if `class` is a tree, or is derived from one.
pub(super) fn is_tree(class: &str, infos: &Infos) -> bool {
    const TREE: &str = "TTree";
    let mut class = class.to_string();
    for _ in 0..MOST_BASES {
        if class == TREE {
            return true;
        }
        // The first base is the one that says what a thing is.
        let first = infos.newest(&class).and_then(|info| info.elements.first());
        let Some(base) = first.filter(|element| element.type_name == "BASE") else { return false };
        class = base.name.to_string();
    }
    false
}

impl Tree {
    /// The tree of `class` with the payload `plain`, behind a key of `key_bytes` bytes.
    pub(super) fn read(
        plain: &[u8],
        key_bytes: u32,
        class: &str,
        infos: &Infos,
    ) -> Result<Tree, &'static str> {
        let object = Reader::new(plain, key_bytes, infos).object(class).map_err(|odd| odd.0)?;
        let mut tree = Tree { branches: Vec::new(), zip: Sum::of(&object, plain) };
        tree.collect(&object, plain)?;
        Ok(tree)
    }

    /// The branches in an object; the reader has limited their depth.
    fn collect(&mut self, object: &Object, plain: &[u8]) -> Result<(), &'static str> {
        for name in ["fBranches", "fBranchRef"] {
            let Some(member) = object.member(name) else { continue };
            let one = std::slice::from_ref(&member.value);
            let values = if let Value::Many(values) = &member.value { values } else { one };
            for value in values {
                match value {
                    Value::Object(branch) => {
                        self.branches.push(Branch::read(branch, plain)?);
                        self.collect(branch, plain)?;
                    }
                    Value::Null | Value::Reference(_) => {}
                    _ => return Err(ODD_BRANCH),
                }
            }
        }
        Ok(())
    }

    /// Indices of the records of its baskets.
    pub(super) fn baskets(&self, plain: &[u8], records: &[Record]) -> Result<Vec<usize>, &'static str> {
        let mut found = Vec::new();
        for branch in &self.branches {
            for slot in 0..branch.seeks.count {
                let seek = number(plain, branch.seeks, slot).ok_or(ODD_BRANCH)?;
                let index = index_of(records, seek);
                let basket = index.filter(|&index| records.get(index).is_some_and(|at| at.basket.is_some()));
                match basket {
                    Some(index) => found.push(index),
                    // What stands behind the last basket that was written means nothing.
                    None if seek == 0 || slot >= branch.written => {}
                    None => return Err(NAMES_NOTHING),
                }
            }
        }
        Ok(found)
    }

    /// Writes the new places and lengths.
    pub(super) fn patch(&self, plain: &mut [u8], places: &Places<'_>) -> Result<(), &'static str> {
        let (mut old_sum, mut new_sum) = (0u64, 0u64);
        for branch in &self.branches {
            let (mut old_bytes, mut new_bytes) = (0u64, 0u64);
            for slot in 0..branch.seeks.count {
                let seek = number(plain, branch.seeks, slot).ok_or(ODD_BRANCH)?;
                let there = places.record(seek).filter(|(record, _)| record.basket.is_some());
                let Some((record, placed)) = there else { continue };
                put_number(plain, branch.seeks, slot, placed.at)?;
                if let Some(lengths) = branch.bytes
                    && number(plain, lengths, slot).is_some_and(|old| old != 0)
                {
                    put_number(plain, lengths, slot, placed.bytes)?;
                }
                if slot < branch.written {
                    old_bytes = old_bytes.saturating_add(record.stored_bytes + u64::from(record.key_bytes));
                    new_bytes = new_bytes.saturating_add(placed.bytes);
                }
            }
            if let Some(sum) = branch.zip {
                sum.patch(plain, old_bytes, new_bytes)?;
            }
            old_sum = old_sum.saturating_add(old_bytes);
            new_sum = new_sum.saturating_add(new_bytes);
        }
        self.zip.map_or(Ok(()), |sum| sum.patch(plain, old_sum, new_sum))
    }
}

impl Branch {
    fn read(object: &Object, plain: &[u8]) -> Result<Branch, &'static str> {
        let numbers = |name: &str| {
            let member = object.member(name)?;
            match member.value {
                Value::Numbers { count, width } => Some(Numbers { at: member.at, count, width }),
                _ => None,
            }
        };
        if object.text("fFileName") != Some("") {
            return Err("it has baskets in another file");
        }
        let written = object.int("fWriteBasket").ok_or(ODD_BRANCH)?;
        Ok(Branch {
            seeks: numbers("fBasketSeek").ok_or(ODD_BRANCH)?,
            bytes: numbers("fBasketBytes"),
            written: u64::try_from(written).map_err(|_| ODD_BRANCH)?,
            zip: Sum::of(object, plain),
        })
    }
}

impl Sum {
    /// The sum of an object; `None` if it is not there, or not a number of 8 bytes.
    fn of(object: &Object, plain: &[u8]) -> Option<Sum> {
        let member = object.member("fZipBytes")?;
        let at = usize::try_from(member.at).ok()?;
        let there = big(plain, at, 8)?;
        match member.value {
            Value::Int(value) if value as u64 == there => Some(Sum { at, is_real: false }),
            // Trees of old count bytes in floating point.
            Value::Real(value) if value.to_bits() == there => Some(Sum { at, is_real: true }),
            _ => None,
        }
    }

    /// Takes `old` bytes from the sum and adds `new`; a sum without the old bytes stays as it is.
    fn patch(self, plain: &mut [u8], old: u64, new: u64) -> Result<(), &'static str> {
        let there = big(plain, self.at, 8).unwrap_or_default();
        let sum = if self.is_real { f64::from_bits(there) as u64 } else { there };
        let Some(sum) = sum.checked_sub(old).and_then(|others| others.checked_add(new)) else {
            return Ok(());
        };
        let sum = if self.is_real { (sum as f64).to_bits() } else { sum };
        put_signed(plain, self.at, 8, sum)
    }
}

fn place(numbers: Numbers, slot: u64) -> Option<usize> {
    usize::try_from(numbers.at.checked_add(slot.checked_mul(numbers.width.into())?)?).ok()
}

fn number(plain: &[u8], numbers: Numbers, slot: u64) -> Option<u64> {
    big(plain, place(numbers, slot)?, numbers.width.into())
}

fn put_number(plain: &mut [u8], numbers: Numbers, slot: u64, number: u64) -> Result<(), &'static str> {
    put_signed(plain, place(numbers, slot).ok_or(ODD_BRANCH)?, numbers.width.into(), number)
}

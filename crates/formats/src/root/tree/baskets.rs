//! Baskets of a branch: those in records, and those inside the tree.
//!
//! In: the object of a branch. Out: its [`Basket`]s.
//! Not here: the bytes of baskets.
//! Holds: a basket's data and offsets lie inside its record; baskets that contradict themselves are left out.

use super::super::file::Record;
use super::super::streamer::object::{self, Object, Value};
use super::{Basket, BasketPlace, at};

/// The baskets of a branch, by first entry.
pub(super) fn of(branch: &Object, plain: &[u8], records: &[Record]) -> Vec<Basket> {
    let seeks = numbers(branch, plain, "fBasketSeek");
    let firsts = numbers(branch, plain, "fBasketEntry");
    let embedded = branch.many("fBaskets");
    let written = branch.int("fWriteBasket").unwrap_or(0).max(0) as u64;
    // The basket in work is the one after the last that was written.
    let slots = written.saturating_add(1).min(seeks.len().max(embedded.len()) as u64) as usize;
    let entries = branch.int("fEntries").unwrap_or(0).max(0) as u64;
    let in_file = |slot: usize| seeks.get(slot).copied().filter(|&seek| seek != 0 && (slot as u64) < written);
    let mut baskets: Vec<Basket> = Vec::new();
    let mut next_entry = 0;
    let mut add = |basket: Option<Basket>, next_entry: &mut u64| {
        if let Some(basket) = basket {
            *next_entry = basket.first_entry.saturating_add(basket.entries);
            baskets.push(basket);
        }
    };
    for slot in 0..slots {
        if let Some(seek) = in_file(slot) {
            let first_entry = firsts.get(slot).copied().unwrap_or(next_entry);
            let index = at(records, seek);
            add(index.and_then(|index| in_record(index, records.get(index)?, first_entry)), &mut next_entry);
        } else if let Some(found) = embedded.get(slot).and_then(with_data) {
            add(inside(found, next_entry), &mut next_entry);
        }
    }
    // Those that are not in the slot of their number, as long as entries are missing.
    for found in embedded.iter().enumerate().filter(|&(slot, _)| slot >= slots || in_file(slot).is_some()) {
        if let Some(found) = with_data(found.1).filter(|_| next_entry < entries) {
            add(inside(found, next_entry), &mut next_entry);
        }
    }
    baskets
}

/// A basket inside the tree that holds entries.
fn with_data(value: &Value) -> Option<&object::Basket> {
    match value {
        Value::Basket(basket) if basket.data_at.is_some() && basket.basket.entries > 0 => Some(basket),
        _ => None,
    }
}

/// Numbers of the record that are places or entries.
fn numbers(branch: &Object, plain: &[u8], name: &str) -> Vec<u64> {
    let Some(member) = branch.member(name) else { return Vec::new() };
    let Value::Numbers { count, width } = member.value else { return Vec::new() };
    let from = usize::try_from(member.at).ok().and_then(|at| plain.get(at..));
    let bytes = count.checked_mul(width.into()).and_then(|bytes| usize::try_from(bytes).ok());
    let run = from.zip(bytes).and_then(|(from, bytes)| from.get(..bytes)).unwrap_or_default();
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
    run.chunks_exact(width.max(1).into()).map(number).collect()
}

fn in_record(index: usize, record: &Record, first_entry: u64) -> Option<Basket> {
    let key = record.basket?;
    let data_bytes = u64::from(key.last).checked_sub(record.key_bytes.into())?;
    let tail_bytes = record.plain_bytes.checked_sub(data_bytes)?;
    Some(Basket {
        first_entry,
        entries: key.entries.into(),
        key_bytes: record.key_bytes,
        data_bytes,
        tail_bytes,
        place: BasketPlace::Record(index),
    })
}

fn inside(found: &object::Basket, first_entry: u64) -> Option<Basket> {
    let data_bytes = u64::from(found.basket.last).checked_sub(found.key.key_bytes.into())?;
    let place = BasketPlace::Embedded { at: found.data_at?, offsets_at: found.offsets.map(|(at, _)| at) };
    Some(Basket {
        first_entry,
        entries: found.basket.entries.into(),
        key_bytes: found.key.key_bytes,
        data_bytes,
        tail_bytes: found.offsets.map_or(0, |(_, bytes)| bytes),
        place,
    })
}

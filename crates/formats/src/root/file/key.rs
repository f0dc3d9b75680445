//! Keys: what stands before each payload.
//!
//! In: the first bytes of a record. Out: a [`Record`], which may claim to leave the file, or that there is a gap.
//! Not here: where keys lie (`walk`).
//! Source: ROOT, TKey::Streamer and TBasket::Streamer.

use super::super::buffer::{Buffer, Odd};
use super::Record;

/// Bytes of a key before its places.
pub(super) const PREFIX_BYTES: usize = 18;

/// Versions above this have places of 8 bytes.
const LARGE: u16 = 1000;

/// What the key of a basket says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasketKey {
    /// Size of the buffer in memory.
    pub buffer_bytes: u32,
    /// Room for entries in memory; the length of an entry where all are equal.
    pub entry_room: u32,
    /// Bits about what is left out; 1: entry offsets, which can be made again.
    pub io_bits: u8,
    /// Entries.
    pub entries: u32,
    /// End of the data, counted from the beginning of the key.
    pub last: u32,
    /// What follows the key where the basket lies in a tree.
    pub flag: u8,
    /// Offset of the field `fVersion` from the beginning of the key.
    pub at: u32,
}

/// What begins at a place where a record may begin.
pub(super) enum Found {
    /// So many bytes that hold nothing.
    Gap(u64),
    /// A record of which these are the lengths of all and of the key.
    Key { bytes: u64, key_bytes: u32 },
}

/// Looks at the first [`PREFIX_BYTES`] bytes of a record.
pub(super) fn look(prefix: &[u8]) -> Result<Found, Odd> {
    let mut fields = Buffer::new(prefix, 0);
    let bytes = fields.i32()?;
    if bytes < 0 {
        return Ok(Found::Gap(bytes.unsigned_abs().into()));
    }
    let (bytes, version) = (bytes.unsigned_abs(), fields.u16()?);
    // Length of the object, date and time.
    fields.take(8)?;
    let key_bytes = u32::from(fields.u16()?);
    let seeks = if version > LARGE { 16 } else { 8 };
    // Three texts of at least one byte follow.
    let least = PREFIX_BYTES as u32 + seeks + 3;
    if key_bytes < least || key_bytes > bytes || version == 0 {
        return Err(Odd("a record has a key of an impossible length"));
    }
    Ok(Found::Key { bytes: bytes.into(), key_bytes })
}

/// Reads a key, which may be longer than what is named in it; also gives the place that the key names as its own.
pub(in crate::root) fn read(fields: &mut Buffer<'_>, at: u64) -> Result<(Record, u64), Odd> {
    let start = fields.at();
    let (bytes, key_version) = (fields.u32()?, fields.u16()?);
    let plain_bytes = fields.u32()?.into();
    let datime = fields.u32()?;
    let key_bytes = u32::from(fields.u16()?);
    let cycle = fields.u16()?;
    let seek_bytes = if key_version > LARGE { 8 } else { 4 };
    let own = fields.uint(seek_bytes)?;
    // The upper bits of a wide place may hold the number of a process.
    let directory = fields.uint(seek_bytes)? & ((1 << 48) - 1);
    let (class, name, title) = (fields.text()?, fields.text()?, fields.text()?);
    let basket = if class == "TBasket" { Some(basket(fields, start)?) } else { None };
    let stored_bytes = u64::from(bytes).saturating_sub(key_bytes.into());
    let seek_bytes = seek_bytes as u8;
    let record = Record {
        at,
        key_bytes,
        stored_bytes,
        plain_bytes,
        key_version,
        cycle,
        datime,
        class,
        name,
        title,
        seek_bytes,
        directory,
        basket,
    };
    Ok((record, own))
}

fn basket(fields: &mut Buffer<'_>, start: usize) -> Result<BasketKey, Odd> {
    let at = u32::try_from(fields.at() - start).map_err(|_| Odd("a key is too long"))?;
    let _version = fields.u16()?;
    let buffer_bytes = fields.u32()?;
    let mut entry_room = fields.i32()?;
    let mut io_bits = 0;
    if entry_room < 0 {
        entry_room = entry_room.checked_neg().ok_or(Odd("a basket has no room"))?;
        io_bits = fields.u8()?;
    }
    let (entries, last, flag) = (fields.i32()?, fields.i32()?, fields.u8()?);
    if entries < 0 || last < 0 {
        return Err(Odd("a basket holds less than nothing"));
    }
    let (entry_room, entries, last) = (entry_room as u32, entries as u32, last as u32);
    Ok(BasketKey { buffer_bytes, entry_room, io_bits, entries, last, flag, at })
}

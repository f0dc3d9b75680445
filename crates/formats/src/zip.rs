//! Zip archives: which members they have and where their bytes lie.
//!
//! In: a file. Out: its [`Member`]s from the central directory, by rising position; [`data_at`] checks a local header,
//! [`crc32_at`] says where the sum over a member stands.
//! Not here: what the members hold (`numpy`), inflating them (`hepz-recompression`).
//! Holds: sizes come from the central directory, so data descriptors need not be read; nothing claimed leaves the file.
//! Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.9, 4.3.12, 4.3.14 to 4.3.16, 4.5.3.

use crate::Source;
use std::io;

/// How every member begins.
pub(crate) const MEMBER_MAGIC: &[u8; 4] = b"PK\x03\x04";

const DIRECTORY_MAGIC: &[u8; 4] = b"PK\x01\x02";
const END_MAGIC: &[u8; 4] = b"PK\x05\x06";
const END_64_MAGIC: &[u8; 4] = b"PK\x06\x06";
const LOCATOR_64_MAGIC: &[u8; 4] = b"PK\x06\x07";
const DESCRIPTOR_MAGIC: &[u8; 4] = b"PK\x07\x08";

/// Where the CRC-32 stands in an entry of the directory and in a local header.
const DIRECTORY_CRC_AT: u64 = 16;
const HEADER_CRC_AT: u64 = 14;
/// The flag of members whose sum and sizes follow their data.
const DESCRIPTOR_FLAG: u16 = 8;

/// Bytes of the end record without its comment, and the longest comment.
const END_BYTES: u64 = 22;
const MOST_COMMENT_BYTES: u64 = 65_535;

/// Plain bytes that one deflated byte can make at most.
const MOST_DEFLATE_RATIO: u64 = 1_032;

/// How a member is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// As it is.
    Stored,
    /// A raw deflate stream.
    Deflated,
    /// Something else, or encrypted.
    Other,
}

/// A member of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub name: String,
    pub method: Method,
    pub stored_bytes: u64,
    pub plain_bytes: u64,
    header_at: u64,
    /// Where its entry in the directory begins.
    entry_at: u64,
    crc32: u32,
    has_descriptor: bool,
}

/// The members, by rising position; `None` if the file is no sound zip archive.
pub(crate) fn members(source: &dyn Source) -> io::Result<Option<Vec<Member>>> {
    let Some((at, bytes)) = directory(source)? else { return Ok(None) };
    let end = at.checked_add(bytes).filter(|&end| end <= source.len());
    let Some(length) = end.and_then(|_| usize::try_from(bytes).ok()) else { return Ok(None) };
    let mut directory = vec![0; length];
    source.read_at(at, &mut directory)?;
    let mut fields = Fields { rest: &directory };
    let mut members = Vec::new();
    while !fields.rest.is_empty() {
        let entry_at = at + (length - fields.rest.len()) as u64;
        let Some(member) = entry(&mut fields, entry_at) else { return Ok(None) };
        members.push(member);
    }
    members.sort_by_key(|member| member.header_at);
    Ok(Some(members))
}

/// Where the data of a member begin; `None` if its local header is odd or its data leave the file.
pub(crate) fn data_at(source: &dyn Source, member: &Member) -> io::Result<Option<u64>> {
    const HEADER_BYTES: u64 = 30;
    let inside = |end: Option<u64>| end.filter(|&end| end <= source.len());
    if inside(member.header_at.checked_add(HEADER_BYTES)).is_none() {
        return Ok(None);
    }
    let mut header = [0; HEADER_BYTES as usize];
    source.read_at(member.header_at, &mut header)?;
    let mut fields = Fields { rest: &header };
    let skip = || -> Option<u64> {
        fields.magic(MEMBER_MAGIC)?;
        fields.take(22)?;
        Some(HEADER_BYTES + u64::from(fields.u16()?) + u64::from(fields.u16()?))
    }();
    let data_at = skip.and_then(|skip| member.header_at.checked_add(skip));
    let plausible = match member.method {
        Method::Stored => member.plain_bytes == member.stored_bytes,
        _ => member.plain_bytes / MOST_DEFLATE_RATIO <= member.stored_bytes,
    };
    let ends = inside(data_at.and_then(|at| at.checked_add(member.stored_bytes)));
    Ok(data_at.filter(|_| ends.is_some() && plausible))
}

/// Where the CRC-32 of a member stands whose data begin at `data_at`: in the directory, and in the local header and
/// behind the data where they agree.
pub(crate) fn crc32_at(source: &dyn Source, member: &Member, data_at: u64) -> io::Result<Vec<u64>> {
    let mut places = vec![member.entry_at.saturating_add(DIRECTORY_CRC_AT)];
    let data_end = data_at.saturating_add(member.stored_bytes);
    let four_at = |at: u64| -> io::Result<Option<[u8; 4]>> {
        let mut four = [0; 4];
        let inside = at.checked_add(4).is_some_and(|end| end <= source.len());
        if inside { source.read_at(at, &mut four).map(|()| Some(four)) } else { Ok(None) }
    };
    let mut beside = vec![member.header_at.saturating_add(HEADER_CRC_AT)];
    if member.has_descriptor {
        // Its magic may be missing.
        let begins = four_at(data_end)? == Some(*DESCRIPTOR_MAGIC);
        beside.push(if begins { data_end.saturating_add(4) } else { data_end });
    }
    for at in beside {
        if four_at(at)?.map(u32::from_le_bytes) == Some(member.crc32) {
            places.push(at);
        }
    }
    Ok(places)
}

/// Position and length of the central directory.
fn directory(source: &dyn Source) -> io::Result<Option<(u64, u64)>> {
    let tail_at = source.len().saturating_sub(END_BYTES + MOST_COMMENT_BYTES);
    let mut tail = vec![0; (source.len() - tail_at) as usize];
    source.read_at(tail_at, &mut tail)?;
    // The last end record whose comment ends with the file.
    let end = (0..tail.len().saturating_sub(END_BYTES as usize - 1)).rev().find_map(|at| {
        let mut fields = Fields { rest: tail.get(at..)? };
        fields.magic(END_MAGIC)?;
        fields.take(8)?;
        let (bytes, directory_at) = (fields.u32()?, fields.u32()?);
        let comment = fields.u16()?;
        (usize::from(comment) == fields.rest.len()).then_some((at, bytes, directory_at))
    });
    let Some((end_at, bytes, at)) = end else { return Ok(None) };
    if at != u32::MAX && bytes != u32::MAX {
        return Ok(Some((u64::from(at), u64::from(bytes))));
    }
    directory_64(source, tail_at + end_at as u64)
}

/// The same from the zip64 end record, which a locator before the end record at `end_at` names.
fn directory_64(source: &dyn Source, end_at: u64) -> io::Result<Option<(u64, u64)>> {
    let Some(locator_at) = end_at.checked_sub(20) else { return Ok(None) };
    let mut locator = [0; 20];
    source.read_at(locator_at, &mut locator)?;
    let mut fields = Fields { rest: &locator };
    let end_64_at = fields.magic(LOCATOR_64_MAGIC).and_then(|()| fields.take(4)).and_then(|_| fields.u64());
    let Some(end_64_at) = end_64_at.filter(|at| at.checked_add(56).is_some_and(|end| end <= source.len()))
    else {
        return Ok(None);
    };
    let mut end_64 = [0; 56];
    source.read_at(end_64_at, &mut end_64)?;
    let mut fields = Fields { rest: &end_64 };
    let found = fields.magic(END_64_MAGIC).and_then(|()| fields.take(36)).and_then(|_| {
        let bytes = fields.u64()?;
        Some((fields.u64()?, bytes))
    });
    Ok(found)
}

/// One entry of the central directory.
fn entry(fields: &mut Fields<'_>, entry_at: u64) -> Option<Member> {
    fields.magic(DIRECTORY_MAGIC)?;
    fields.take(4)?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    fields.take(4)?;
    let crc32 = fields.u32()?;
    let (stored, plain) = (fields.u32()?, fields.u32()?);
    let (name_bytes, extra_bytes, comment_bytes) = (fields.u16()?, fields.u16()?, fields.u16()?);
    fields.take(8)?;
    let header_at = fields.u32()?;
    let name = String::from_utf8_lossy(fields.take(usize::from(name_bytes))?).into_owned();
    let extra = fields.take(usize::from(extra_bytes))?;
    fields.take(usize::from(comment_bytes))?;
    // The zip64 field holds those of the three that do not fit 32 bits, in this order.
    let mut wide = Fields { rest: zip64_field(extra).unwrap_or_default() };
    let mut whole = |short: u32| if short == u32::MAX { wide.u64() } else { Some(u64::from(short)) };
    let plain_bytes = whole(plain)?;
    let stored_bytes = whole(stored)?;
    let header_at = whole(header_at)?;
    let encrypted = flags & 0x2041 != 0;
    let method = match method {
        _ if encrypted => Method::Other,
        0 => Method::Stored,
        8 => Method::Deflated,
        _ => Method::Other,
    };
    let has_descriptor = flags & DESCRIPTOR_FLAG != 0;
    Some(Member { name, method, stored_bytes, plain_bytes, header_at, entry_at, crc32, has_descriptor })
}

fn zip64_field(extra: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields { rest: extra };
    loop {
        let (id, bytes) = (fields.u16()?, fields.u16()?);
        let field = fields.take(usize::from(bytes))?;
        if id == 1 {
            return Some(field);
        }
    }
}

/// Little-endian fields from the front of a slice.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (&taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(taken)
    }

    fn magic(&mut self, magic: &[u8; 4]) -> Option<()> {
        (&self.array::<4>()? == magic).then_some(())
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

//! Object headers: the messages that describe a group, a dataset or a committed datatype.
//!
//! In: the address of a header. Out: its messages, those of continuation blocks included.
//! Not here: what the messages say (`message`, `datatype`, `group`).
//! Holds: headers of version 1 and 2; shared messages are followed once; every block is read at most once.
//! Source: HDF5 File Format Specification, IV.A.

use super::access::{Fault, Fields, File};
use std::collections::BTreeSet;

/// What a message is about.
pub(super) mod kind {
    pub const DATASPACE: u16 = 0x01;
    pub const LINK_INFO: u16 = 0x02;
    pub const DATATYPE: u16 = 0x03;
    pub const LINK: u16 = 0x06;
    pub const EXTERNAL_FILES: u16 = 0x07;
    pub const DATA_LAYOUT: u16 = 0x08;
    pub const FILTERS: u16 = 0x0b;
    pub const ATTRIBUTE: u16 = 0x0c;
    pub const CONTINUATION: u16 = 0x10;
    pub const SYMBOL_TABLE: u16 = 0x11;
    pub const ATTRIBUTE_INFO: u16 = 0x15;
}

/// The message is not here but in another object (or in a heap).
const SHARED: u8 = 0x02;

/// More messages than any real header has; a bound for hostile ones.
const MOST_MESSAGES: usize = 1 << 17;

/// One message of an object header.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// One of [`kind`], or one that we do not read.
    pub kind: u16,
    flags: u8,
    /// Address of `data`.
    pub address: u64,
    /// The body.
    pub data: Vec<u8>,
}

/// All messages of the object whose header is at `address`.
pub(super) fn messages(file: &File<'_>, address: u64) -> Result<Vec<Message>, Fault> {
    let start = file.read_up_to(address, 64)?;
    let mut fields = file.fields(&start);
    let mut found = Vec::new();
    let (first, form) =
        if start.starts_with(b"OHDR") { prefix_v2(&mut fields)? } else { prefix_v1(&mut fields)? };
    let mut blocks = vec![(address + fields.position() as u64, first)];
    let mut seen = BTreeSet::new();
    while let Some((at, bytes)) = blocks.pop() {
        if !seen.insert(at) {
            continue;
        }
        let block = file.read(at, bytes)?;
        let mut fields = file.fields(&block);
        if let Form::V2 { .. } = form
            && seen.len() > 1
        {
            fields.expect(b"OCHK")?;
        }
        read_block(file, &mut fields, at, form, &mut found, &mut blocks)?;
    }
    Ok(found)
}

/// The two ways to write a message.
#[derive(Clone, Copy)]
enum Form {
    V1,
    V2 { creation_order: bool },
}

fn prefix_v1(fields: &mut Fields<'_>) -> Result<(u64, Form), Fault> {
    if fields.u8()? != 1 {
        return Err(Fault::Odd("an object header is of an unknown version"));
    }
    fields.skip(7)?;
    let bytes = fields.u32()?;
    fields.skip(4)?;
    Ok((bytes.into(), Form::V1))
}

fn prefix_v2(fields: &mut Fields<'_>) -> Result<(u64, Form), Fault> {
    fields.expect(b"OHDR")?;
    if fields.u8()? != 2 {
        return Err(Fault::Odd("an object header is of an unknown version"));
    }
    let flags = fields.u8()?;
    let times = if flags & 0x20 != 0 { 16 } else { 0 };
    let attribute_limits = if flags & 0x10 != 0 { 4 } else { 0 };
    fields.skip(times + attribute_limits)?;
    // The checksum after the messages is not counted in the size of the first block, but it is in that of a continuation;
    // adding it here lets `read_block` treat both alike.
    let bytes = fields.uint(1 << (flags & 3))?.checked_add(4).ok_or(Fault::Odd("a length is too large"))?;
    Ok((bytes, Form::V2 { creation_order: flags & 4 != 0 }))
}

fn read_block(
    file: &File<'_>,
    fields: &mut Fields<'_>,
    block_address: u64,
    form: Form,
    found: &mut Vec<Message>,
    blocks: &mut Vec<(u64, u64)>,
) -> Result<(), Fault> {
    let (prefix_bytes, tail_bytes) = match form {
        Form::V1 => (8, 0),
        Form::V2 { creation_order } => (if creation_order { 6 } else { 4 }, 4),
    };
    while fields.rest().len() >= prefix_bytes + tail_bytes {
        let (kind, bytes, flags) = match form {
            Form::V1 => {
                let read = (fields.u16()?, fields.u16()?, fields.u8()?);
                fields.skip(3)?;
                read
            }
            Form::V2 { creation_order } => {
                let read = (fields.u8()?.into(), fields.u16()?, fields.u8()?);
                fields.skip(if creation_order { 2 } else { 0 })?;
                read
            }
        };
        let address = block_address + fields.position() as u64;
        let data = fields.take(bytes.into())?;
        if kind == kind::CONTINUATION {
            let mut next = file.fields(data);
            let at = next.address()?.ok_or(Fault::Odd("a header goes on nowhere"))?;
            blocks.push((at, next.length()?));
        } else if found.len() < MOST_MESSAGES {
            found.push(Message { kind, flags, address, data: data.to_vec() });
        }
    }
    Ok(())
}

/// The first message of `wanted`, followed to where it is if it is shared.
pub(super) fn first(file: &File<'_>, messages: &[Message], wanted: u16) -> Result<Option<Message>, Fault> {
    let Some(message) = messages.iter().find(|message| message.kind == wanted) else { return Ok(None) };
    follow(file, message).map(Some)
}

/// `message` itself, or the one it refers to.
pub(super) fn follow(file: &File<'_>, message: &Message) -> Result<Message, Fault> {
    if message.flags & SHARED == 0 {
        return Ok(message.clone());
    }
    let at = shared_address(&mut file.fields(&message.data))?;
    let elsewhere = messages(file, at)?;
    let found = elsewhere.into_iter().find(|other| other.kind == message.kind && other.flags & SHARED == 0);
    found.ok_or(Fault::Odd("a shared message refers to nothing"))
}

/// The object that a shared message refers to.
pub(super) fn shared_address(fields: &mut Fields<'_>) -> Result<u64, Fault> {
    match (fields.u8()?, fields.u8()?) {
        (1, _) => fields.skip(6)?,
        (2, _) | (3, 2) => {}
        _ => return Err(Fault::Odd("a description is kept in the heap of shared messages")),
    }
    fields.address()?.ok_or(Fault::Odd("a shared message refers to nothing"))
}

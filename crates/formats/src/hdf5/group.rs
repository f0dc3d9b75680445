//! Groups: names and the objects they lead to.
//!
//! In: the messages of a group. Out: its hard links, by name.
//! Not here: soft and external links (they store nothing here), attributes.
//! Holds: old groups (symbol table), new ones (link messages) and large new ones (fractal heap and B-tree).
//! Source: HDF5 File Format Specification, IV.A.2.r, IV.A.2.c, IV.A.2.g.

use super::access::{Fault, File};
use super::heap::FractalHeap;
use super::object::{Message, kind};
use super::{btree, heap};

/// A name and the address of an object header.
pub(super) struct Link {
    pub name: String,
    pub address: u64,
}

/// All hard links of the group, or none if the object is not a group.
pub(super) fn links(file: &File<'_>, messages: &[Message]) -> Result<Vec<Link>, Fault> {
    let mut found = Vec::new();
    for message in messages {
        match message.kind {
            kind::SYMBOL_TABLE => symbol_table(file, &message.data, &mut found)?,
            kind::LINK => found.extend(link(file, &message.data)?),
            kind::LINK_INFO => dense(file, &message.data, &mut found)?,
            _ => {}
        }
    }
    // By name, as readers list them: link messages are in the order of creation, a tree's in that of hashes.
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn symbol_table(file: &File<'_>, data: &[u8], found: &mut Vec<Link>) -> Result<(), Fault> {
    let mut fields = file.fields(data);
    let tree = fields.address()?.ok_or(Fault::Odd("a group has no tree"))?;
    let names = heap::local_names(file, fields.address()?.ok_or(Fault::Odd("a group has no names"))?)?;
    // The key of a group's tree is a place among the names, as wide as a length.
    let key_bytes = file.length_bytes();
    for entry in btree::version_1(file, tree, 0, key_bytes)?.iter() {
        let mut fields = file.fields(entry);
        fields.skip(key_bytes)?;
        let node = fields.address()?.ok_or(Fault::Odd("a group has a node nowhere"))?;
        symbols(file, node, &names, found)?;
    }
    Ok(())
}

/// What the entry of a symbol table says when it is a soft link.
const SOFT: u32 = 2;

fn symbols(file: &File<'_>, node: u64, names: &[u8], found: &mut Vec<Link>) -> Result<(), Fault> {
    let prefix = file.read(node, 8)?;
    let mut fields = file.fields(&prefix);
    fields.expect(b"SNOD")?;
    fields.skip(2)?;
    let symbols = u64::from(fields.u16()?);
    let symbol_bytes = 2 * file.offset_bytes() as u64 + 24;
    let bytes = file.read(node.saturating_add(8), symbols * symbol_bytes)?;
    let mut fields = file.fields(&bytes);
    for _ in 0..symbols {
        let name_at = fields.uint(file.offset_bytes())?;
        let address = fields.address()?;
        let cached = fields.u32()?;
        fields.skip(20)?;
        let name = usize::try_from(name_at).ok().and_then(|at| names.get(at..)).unwrap_or_default();
        let name = file.fields(name).text()?;
        if let (Some(address), false) = (address, cached == SOFT) {
            found.push(Link { name: String::from_utf8_lossy(name).into_owned(), address });
        }
    }
    Ok(())
}

/// A link message; `None` if it is not a hard link.
fn link(file: &File<'_>, data: &[u8]) -> Result<Option<Link>, Fault> {
    let mut fields = file.fields(data);
    if fields.u8()? != 1 {
        return Err(Fault::Odd("a link is of an unknown version"));
    }
    let flags = fields.u8()?;
    let hard = flags & 0x08 == 0 || fields.u8()? == 0;
    fields.skip(if flags & 0x04 != 0 { 8 } else { 0 })?;
    fields.skip(if flags & 0x10 != 0 { 1 } else { 0 })?;
    let name_bytes = fields.uint(1 << (flags & 3))?;
    let name = fields.take(usize::try_from(name_bytes).unwrap_or(usize::MAX))?;
    let name = String::from_utf8_lossy(name).into_owned();
    Ok(if hard { fields.address()?.map(|address| Link { name, address }) } else { None })
}

/// Links that do not fit the header: a tree of names over a heap of link messages.
fn dense(file: &File<'_>, data: &[u8], found: &mut Vec<Link>) -> Result<(), Fault> {
    let mut fields = file.fields(data);
    fields.skip(1)?;
    let flags = fields.u8()?;
    fields.skip(if flags & 1 != 0 { 8 } else { 0 })?;
    let (Some(heap), Some(tree)) = (fields.address()?, fields.address()?) else { return Ok(()) };
    let heap = FractalHeap::open(file, heap)?;
    let records = btree::version_2(file, tree)?;
    // Type 5 is the index by name: a hash, then the id of the link in the heap.
    if records.tree_type != 5 {
        return Err(Fault::Odd("a group has an unknown index"));
    }
    for record in records.iter() {
        let message = heap.object(file, record.get(4..).unwrap_or_default())?;
        found.extend(link(file, &message)?);
    }
    Ok(())
}

//! B-trees: the old kind over groups and chunks, the new kind over links and chunks.
//!
//! In: the address of a tree. Out: the entries of its leaves, as raw bytes.
//! Not here: what an entry says (`group`, `chunks`).
//! Holds: every node is visited once, levels fall from parent to child, so damaged trees end too.
//! Source: HDF5 File Format Specification, III.A.

use super::access::{Fault, File, bytes_for};
use std::collections::BTreeSet;

/// Entries of equal length, one after another.
pub(super) struct Records {
    /// Type number of the tree (version 2 only).
    pub tree_type: u8,
    bytes: Vec<u8>,
    record_bytes: usize,
}

impl Records {
    /// The entries.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks_exact(self.record_bytes)
    }

    /// Length of one entry.
    pub(super) fn record_bytes(&self) -> usize {
        self.record_bytes
    }
}

/// The leaf entries of a version 1 tree: each is a key of `key_bytes` bytes and an address.
pub(super) fn version_1(
    file: &File<'_>,
    root: u64,
    tree_type: u8,
    key_bytes: usize,
) -> Result<Records, Fault> {
    let record_bytes = key_bytes + file.offset_bytes();
    let mut records = Records { tree_type, bytes: Vec::new(), record_bytes };
    let mut seen = BTreeSet::new();
    let mut nodes = vec![(root, None::<u8>)];
    while let Some((address, expected_level)) = nodes.pop() {
        if !seen.insert(address) {
            return Err(Fault::Odd("a tree has a node twice"));
        }
        let prefix_bytes = 8 + 2 * file.offset_bytes() as u64;
        let prefix = file.read(address, prefix_bytes)?;
        let mut fields = file.fields(&prefix);
        fields.expect(b"TREE")?;
        let (found_type, level, entries) = (fields.u8()?, fields.u8()?, fields.u16()?);
        if found_type != tree_type || expected_level.is_some_and(|expected| level != expected) {
            return Err(Fault::Odd("a tree has a node of the wrong kind"));
        }
        let bytes = u64::from(entries) * record_bytes as u64;
        let node = file.read(address.saturating_add(prefix_bytes), bytes)?;
        if level == 0 {
            records.bytes.extend_from_slice(&node);
            continue;
        }
        let mut fields = file.fields(&node);
        let mut children = Vec::new();
        for _ in 0..entries {
            fields.skip(key_bytes)?;
            children.push(fields.address()?.ok_or(Fault::Odd("a tree has a child nowhere"))?);
        }
        nodes.extend(children.into_iter().rev().map(|child| (child, Some(level - 1))));
    }
    Ok(records)
}

/// Signature, version, type and checksum of a node.
const NODE_OVERHEAD: u64 = 10;

/// All entries of a version 2 tree, in key order within each node.
pub(super) fn version_2(file: &File<'_>, header: u64) -> Result<Records, Fault> {
    let bytes = file.read_up_to(header, 64)?;
    let mut fields = file.fields(&bytes);
    fields.expect(b"BTHD")?;
    fields.skip(1)?;
    let tree_type = fields.u8()?;
    let (node_bytes, record_bytes, depth) =
        (u64::from(fields.u32()?), u64::from(fields.u16()?), fields.u16()?);
    fields.skip(2)?;
    let root = fields.address()?;
    let root_entries = fields.u16()?;
    let mut records = Records { tree_type, bytes: Vec::new(), record_bytes: (record_bytes as usize).max(1) };
    let Some(root) = root else { return Ok(records) };
    let count_bytes =
        match node_bytes.checked_sub(NODE_OVERHEAD).and_then(|room| room.checked_div(record_bytes)) {
            Some(most @ 1..) => Widths::new(file, node_bytes, record_bytes, depth, most)?,
            _ => return Err(Fault::Odd("a tree has nodes without room")),
        };
    let mut seen = BTreeSet::new();
    let mut nodes = vec![(root, u64::from(root_entries), usize::from(depth))];
    while let Some((address, entries, level)) = nodes.pop() {
        if !seen.insert(address) {
            return Err(Fault::Odd("a tree has a node twice"));
        }
        let keys_bytes = entries.saturating_mul(record_bytes);
        let pointer_bytes = if level == 0 { 0 } else { count_bytes.pointer(file, level) as u64 };
        let pointers_bytes = entries.saturating_add(1).saturating_mul(pointer_bytes);
        let node = file.read(address, keys_bytes.saturating_add(pointers_bytes).saturating_add(6))?;
        let mut fields = file.fields(&node);
        fields.expect(if level == 0 { b"BTLF" } else { b"BTIN" })?;
        fields.skip(2)?;
        records.bytes.extend_from_slice(fields.take(keys_bytes as usize)?);
        for _ in 0..if level == 0 { 0 } else { entries + 1 } {
            let child = fields.address()?.ok_or(Fault::Odd("a tree has a child nowhere"))?;
            let child_entries = fields.uint(count_bytes.entries)?;
            fields.skip(count_bytes.below.get(level - 1).copied().unwrap_or(0))?;
            nodes.push((child, child_entries, level - 1));
        }
    }
    Ok(records)
}

/// Widths of the counts that stand beside the address of a child.
struct Widths {
    /// Of the number of entries in the child.
    entries: usize,
    /// Of the number of entries in and below a child at this level; leaves have none.
    below: Vec<usize>,
}

impl Widths {
    fn new(
        file: &File<'_>,
        node_bytes: u64,
        record_bytes: u64,
        depth: u16,
        most: u64,
    ) -> Result<Widths, Fault> {
        // A tree of 2^64 entries with two children a node has 64 levels.
        if depth > 64 {
            return Err(Fault::Odd("a tree is too deep"));
        }
        let mut widths = Widths { entries: bytes_for(most), below: vec![0] };
        let mut most_below = most;
        for level in 1..=usize::from(depth) {
            let pointer = widths.pointer(file, level) as u64;
            let room = node_bytes.checked_sub(NODE_OVERHEAD + pointer);
            let most_here = room.map(|room| room / (record_bytes + pointer)).filter(|&most| most > 0);
            let most_here = most_here.ok_or(Fault::Odd("a tree has nodes without room"))?;
            most_below = most_below.saturating_mul(most_here + 1).saturating_add(most_here);
            widths.below.push(bytes_for(most_below));
        }
        Ok(widths)
    }

    /// Bytes of the pointer to a child in a node at `level`.
    fn pointer(&self, file: &File<'_>, level: usize) -> usize {
        file.offset_bytes() + self.entries + self.below.get(level - 1).copied().unwrap_or(0)
    }
}

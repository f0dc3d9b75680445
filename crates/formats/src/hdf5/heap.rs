//! Heaps: where groups keep names and links.
//!
//! In: addresses of a local or a fractal heap. Out: the bytes of one object.
//! Not here: objects too large for a fractal heap's blocks ("huge"), filtered heaps: no links are kept so.
//! Holds: an object is found by arithmetic and one path of blocks; depth is bounded by the row counts.
//! Source: HDF5 File Format Specification, III.D, III.G.

use super::access::{Fault, File};

/// The data segment of a local heap: names, each ended by a zero.
pub(super) fn local_names(file: &File<'_>, address: u64) -> Result<Vec<u8>, Fault> {
    let bytes = file.read_up_to(address, 64)?;
    let mut fields = file.fields(&bytes);
    fields.expect(b"HEAP")?;
    fields.skip(4)?;
    let segment_bytes = fields.length()?;
    fields.length()?;
    let segment = fields.address()?.ok_or(Fault::Odd("a group has no names"))?;
    file.read(segment, segment_bytes)
}

/// A fractal heap: rows of blocks whose sizes double.
pub(super) struct FractalHeap {
    /// Width in bytes of a place in the heap.
    place_bytes: usize,
    /// Width in bytes of an object's length.
    length_bytes: usize,
    /// Blocks in a row.
    width: u64,
    first_block_bytes: u64,
    most_direct_bytes: u64,
    root: Option<u64>,
    /// Rows of the root block; 0 if it holds objects itself.
    root_rows: u64,
}

impl FractalHeap {
    /// Reads the header at `address`.
    pub(super) fn open(file: &File<'_>, address: u64) -> Result<FractalHeap, Fault> {
        let bytes = file.read_up_to(address, 256)?;
        let mut fields = file.fields(&bytes);
        fields.expect(b"FRHP")?;
        fields.skip(3)?;
        let filter_bytes = fields.u16()?;
        fields.u8()?;
        let most_managed_bytes = u64::from(fields.u32()?);
        fields.length()?;
        fields.address()?;
        fields.length()?;
        fields.address()?;
        for _ in 0..8 {
            fields.length()?;
        }
        let width = u64::from(fields.u16()?);
        let (first_block_bytes, most_direct_bytes) = (fields.length()?, fields.length()?);
        let place_bits = fields.u16()?;
        fields.skip(2)?;
        let root = fields.address()?;
        let root_rows = u64::from(fields.u16()?);
        if filter_bytes != 0 {
            return Err(Fault::Odd("links are kept in a filtered heap"));
        }
        let powers = first_block_bytes.is_power_of_two() && most_direct_bytes.is_power_of_two();
        if !powers
            || !width.is_power_of_two()
            || most_direct_bytes < first_block_bytes
            || most_managed_bytes == 0
        {
            return Err(Fault::Odd("a heap has impossible sizes"));
        }
        let by_block = most_direct_bytes.ilog2().div_ceil(8);
        let by_object = most_managed_bytes.ilog2().div_ceil(8);
        Ok(FractalHeap {
            place_bytes: usize::from(place_bits.div_ceil(8)),
            length_bytes: by_block.min(by_object) as usize,
            width,
            first_block_bytes,
            most_direct_bytes,
            root,
            root_rows,
        })
    }

    /// The object with this id.
    pub(super) fn object(&self, file: &File<'_>, id: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut fields = file.fields(id);
        match fields.u8()? >> 4 & 3 {
            0 => {
                let place = fields.uint(self.place_bytes)?;
                let bytes = fields.uint(self.length_bytes)?;
                let address = self.address(file, place)?;
                file.read(address, bytes)
            }
            _ => Err(Fault::Odd("an object of a heap is kept in a way that this reader does not know")),
        }
    }

    /// Size of the blocks in a row: the first two rows are alike, then they double.
    fn block_bytes(&self, row: u64) -> Option<u64> {
        u32::try_from(row.saturating_sub(1))
            .ok()
            .and_then(|r| self.first_block_bytes.checked_mul(1u64.checked_shl(r)?))
    }

    /// The address of place `wanted` of the heap's own space.
    fn address(&self, file: &File<'_>, wanted: u64) -> Result<u64, Fault> {
        const LOST: Fault = Fault::Odd("an object is outside its heap");
        let mut block = self.root.ok_or(LOST)?;
        let mut rows = self.root_rows;
        let mut within = wanted;
        while rows > 0 {
            // Find the row, then the block in it.
            let mut before = 0u64;
            let mut row = 0;
            let size = loop {
                let size = self.block_bytes(row).filter(|_| row < rows).ok_or(LOST)?;
                let row_bytes = size.checked_mul(self.width).ok_or(LOST)?;
                if within - before < row_bytes {
                    break size;
                }
                before += row_bytes;
                row += 1;
            };
            let index = row * self.width + (within - before) / size;
            within = (within - before) % size;
            block = self.child(file, block, index)?;
            let direct = size <= self.most_direct_bytes;
            // An indirect block of this size has as many rows as it takes to cover it; fewer than its parent.
            let inner = size.ilog2().saturating_sub(self.first_block_bytes.ilog2() + self.width.ilog2());
            rows = if direct { 0 } else { (u64::from(inner) + 1).min(rows.saturating_sub(1)) };
        }
        block.checked_add(within).ok_or(LOST)
    }

    /// Entry `index` of the indirect block at `block`.
    fn child(&self, file: &File<'_>, block: u64, index: u64) -> Result<u64, Fault> {
        let prefix = file.read(block, 4)?;
        file.fields(&prefix).expect(b"FHIB")?;
        let entries = 5 + (file.offset_bytes() + self.place_bytes) as u64;
        let at = index
            .checked_mul(file.offset_bytes() as u64)
            .and_then(|skip| block.checked_add(entries)?.checked_add(skip));
        let entry = file.read(at.ok_or(Fault::Odd("a heap leaves the file"))?, file.offset_bytes() as u64)?;
        file.fields(&entry).address()?.ok_or(Fault::Odd("an object is in a block that does not exist"))
    }
}

//! Index arrays: chunk addresses by number, in an array of fixed length or in one that grows.
//!
//! In: the address of a fixed or an extensible array. Out: the elements that are set.
//! Not here: which place in the grid a number stands for (`chunks`).
//! Holds: only what the file stores is walked; a claimed number of elements costs nothing.
//! Source: HDF5 File Format Specification, VII.C, VII.D.

use super::access::{Fault, File};

/// One chunk of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// Number of the chunk.
    pub number: u64,
    pub address: u64,
    /// Stored length and mask of skipped filters, if the dataset is filtered.
    pub filtered: Option<(u64, u32)>,
}

/// What both kinds of array say first.
struct Header {
    filtered: bool,
    element_bytes: u64,
}

/// Bytes of the checksum that closes every block and page.
const CHECKSUM_BYTES: u64 = 4;

impl Header {
    fn new(file: &File<'_>, client: u8, element_bytes: u8) -> Result<Header, Fault> {
        let element_bytes = u64::from(element_bytes);
        let length_bytes = element_bytes.checked_sub(file.offset_bytes() as u64);
        match (client, length_bytes) {
            (0, Some(0)) => Ok(Header { filtered: false, element_bytes }),
            (1, Some(5..=12)) => Ok(Header { filtered: true, element_bytes }),
            _ => Err(Fault::Odd("an index of chunks has impossible elements")),
        }
    }

    /// Reads `count` elements at `address`; the first has number `first`.
    fn elements(
        &self,
        file: &File<'_>,
        address: u64,
        first: u64,
        count: u64,
        found: &mut Vec<Element>,
    ) -> Result<(), Fault> {
        let bytes = file.read(address, count.saturating_mul(self.element_bytes))?;
        let mut fields = file.fields(&bytes);
        for number in first..first.saturating_add(count) {
            let address = fields.address()?;
            let length_bytes = self.element_bytes as usize - file.offset_bytes();
            let filtered =
                if self.filtered { Some((fields.uint(length_bytes - 4)?, fields.u32()?)) } else { None };
            if let Some(address) = address {
                found.push(Element { number, address, filtered });
            }
        }
        Ok(())
    }
}

/// Bit `index` of a bit map, most significant bit of a byte first.
fn bit(map: &[u8], index: u64) -> bool {
    usize::try_from(index / 8)
        .ok()
        .and_then(|at| map.get(at))
        .is_some_and(|byte| byte << (index % 8) & 0x80 != 0)
}

/// The sum of two parts of an address.
fn beyond(address: u64, bytes: u64) -> Result<u64, Fault> {
    address.checked_add(bytes).ok_or(Fault::Odd("an address leaves the file"))
}

/// The elements of the fixed array whose header is at `address`.
pub(super) fn fixed(file: &File<'_>, address: u64) -> Result<Vec<Element>, Fault> {
    let bytes = file.read_up_to(address, 64)?;
    let mut fields = file.fields(&bytes);
    fields.expect(b"FAHD")?;
    fields.skip(1)?;
    let header = Header::new(file, fields.u8()?, fields.u8()?)?;
    let page_bits = fields.u8()?;
    let count = fields.length()?;
    let mut found = Vec::new();
    let Some(block) = fields.address()? else { return Ok(found) };
    file.fields(&file.read(block, 4)?).expect(b"FADB")?;
    let prefix_bytes = 6 + file.offset_bytes() as u64;
    let page =
        1u64.checked_shl(page_bits.into()).ok_or(Fault::Odd("an index of chunks has impossible pages"))?;
    if count <= page {
        header.elements(file, beyond(block, prefix_bytes)?, 0, count, &mut found)?;
        return Ok(found);
    }
    let pages = count.div_ceil(page);
    let map = file.read(beyond(block, prefix_bytes)?, pages.div_ceil(8))?;
    let mut at = beyond(block, prefix_bytes + map.len() as u64 + CHECKSUM_BYTES)?;
    for number in 0..pages {
        let first = number * page;
        let in_page = page.min(count - first);
        if bit(&map, number) {
            header.elements(file, at, first, in_page, &mut found)?;
        }
        at = beyond(at, in_page.saturating_mul(header.element_bytes).saturating_add(CHECKSUM_BYTES))?;
    }
    Ok(found)
}

/// How an extensible array is divided: super blocks of data blocks of elements, each larger than the last.
struct Growth {
    /// Elements in the index block itself.
    in_index_block: u64,
    /// Elements of the smallest data block.
    first_block: u64,
    /// Elements of a page.
    page: u64,
    /// Bytes of a block before its contents: signature, version, client, header's address, place in the array.
    prefix_bytes: u64,
    /// Super blocks there can be.
    super_blocks: u32,
    /// Super blocks whose data blocks the index block itself names.
    in_index: u32,
    /// One past the last element that was ever set.
    end: u64,
}

impl Growth {
    /// Data blocks in super block `number`, and the elements of each.
    fn super_block(&self, number: u32) -> Result<(u64, u64), Fault> {
        let blocks = 1u64.checked_shl(number / 2);
        let elements =
            1u64.checked_shl(number.div_ceil(2)).and_then(|larger| self.first_block.checked_mul(larger));
        blocks.zip(elements).ok_or(Fault::Odd("an index of chunks is too large"))
    }
}

/// The elements of the extensible array whose header is at `address`.
pub(super) fn extensible(file: &File<'_>, address: u64) -> Result<Vec<Element>, Fault> {
    let bytes = file.read_up_to(address, 128)?;
    let mut fields = file.fields(&bytes);
    fields.expect(b"EAHD")?;
    fields.skip(1)?;
    let header = Header::new(file, fields.u8()?, fields.u8()?)?;
    let (place_bits, in_index_block, first_block) = (fields.u8()?, fields.u8()?, fields.u8()?);
    let (least_pointers, page_bits) = (fields.u8()?, fields.u8()?);
    for _ in 0..4 {
        fields.length()?;
    }
    let end = fields.length()?;
    fields.length()?;
    let Some(index_block) = fields.address()? else { return Ok(Vec::new()) };
    let powers = first_block.is_power_of_two() && least_pointers.is_power_of_two();
    if !powers || place_bits > 64 || page_bits >= 64 || u32::from(place_bits) < first_block.ilog2() {
        return Err(Fault::Odd("an index of chunks has impossible sizes"));
    }
    let growth = Growth {
        in_index_block: in_index_block.into(),
        first_block: first_block.into(),
        page: 1 << page_bits,
        prefix_bytes: 6 + file.offset_bytes() as u64 + u64::from(place_bits).div_ceil(8),
        super_blocks: 1 + u32::from(place_bits) - first_block.ilog2(),
        in_index: 2 * least_pointers.ilog2(),
        end,
    };
    let mut walk = Walk { file, header, growth, found: Vec::new() };
    walk.index_block(index_block)?;
    Ok(walk.found)
}

/// The address stored at `at`, which moves past it.
fn address_at(file: &File<'_>, at: &mut u64) -> Result<Option<u64>, Fault> {
    let bytes = file.read(*at, file.offset_bytes() as u64)?;
    *at = beyond(*at, bytes.len() as u64)?;
    file.fields(&bytes).address()
}

/// A walk over the blocks of an extensible array.
struct Walk<'a> {
    file: &'a File<'a>,
    header: Header,
    growth: Growth,
    found: Vec<Element>,
}

impl Walk<'_> {
    fn index_block(&mut self, address: u64) -> Result<(), Fault> {
        self.file.fields(&self.file.read(address, 4)?).expect(b"EAIB")?;
        let mut at = beyond(address, 6 + self.file.offset_bytes() as u64)?;
        let in_index_block = self.growth.in_index_block;
        self.header.elements(self.file, at, 0, in_index_block, &mut self.found)?;
        at = beyond(at, in_index_block * self.header.element_bytes)?;
        let mut first = in_index_block;
        for number in 0..self.growth.super_blocks {
            let (blocks, elements) = self.growth.super_block(number)?;
            if first >= self.growth.end {
                break;
            }
            if number < self.growth.in_index {
                for block in 0..blocks {
                    let address = address_at(self.file, &mut at)?;
                    let first = first.saturating_add(block.saturating_mul(elements));
                    self.data_block(address, first, elements, None)?;
                }
            } else if let Some(address) = address_at(self.file, &mut at)? {
                self.super_block(address, first, blocks, elements)?;
            }
            first = first.saturating_add(blocks.saturating_mul(elements));
        }
        Ok(())
    }

    fn super_block(&mut self, address: u64, first: u64, blocks: u64, elements: u64) -> Result<(), Fault> {
        self.file.fields(&self.file.read(address, 4)?).expect(b"EASB")?;
        let mut at = beyond(address, self.growth.prefix_bytes)?;
        // There is room for a bit map per data block, yet the bits of all blocks follow each other without gaps.
        let pages = if elements > self.growth.page { elements / self.growth.page } else { 0 };
        let map = self.file.read(at, blocks.saturating_mul(pages.div_ceil(8)))?;
        at = beyond(at, map.len() as u64)?;
        for block in 0..blocks {
            let first = first.saturating_add(block.saturating_mul(elements));
            if first >= self.growth.end {
                break;
            }
            let address = address_at(self.file, &mut at)?;
            self.data_block(address, first, elements, Some((&map, block * pages)))?;
        }
        Ok(())
    }

    /// `pages` is the map of pages in use and the bit of the block's first page.
    fn data_block(
        &mut self,
        address: Option<u64>,
        first: u64,
        elements: u64,
        pages: Option<(&[u8], u64)>,
    ) -> Result<(), Fault> {
        let Some(address) = address else { return Ok(()) };
        self.file.fields(&self.file.read(address, 4)?).expect(b"EADB")?;
        let mut at = beyond(address, self.growth.prefix_bytes)?;
        let page = self.growth.page;
        if elements <= page {
            return self.header.elements(self.file, at, first, elements, &mut self.found);
        }
        at = beyond(at, CHECKSUM_BYTES)?;
        for number in 0..elements / page {
            let first = first.saturating_add(number * page);
            if first >= self.growth.end {
                break;
            }
            if pages.is_none_or(|(map, skip)| bit(map, skip + number)) {
                self.header.elements(self.file, at, first, page, &mut self.found)?;
            }
            let page_bytes = page.saturating_mul(self.header.element_bytes).saturating_add(CHECKSUM_BYTES);
            at = beyond(at, page_bytes)?;
        }
        Ok(())
    }
}

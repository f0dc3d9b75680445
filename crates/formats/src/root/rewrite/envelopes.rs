//! Links in the envelopes of an RNTuple: where they stand, what they name, and writing others in their place.
//!
//! In: the plain bytes of an anchor, a footer or a page list. Out: their [`Link`]s; the bytes with other links and
//! the right checksum.
//! Not here: what columns mean (`ntuple`), which bytes of the file are what (`ntuples`).
//! Holds: nothing is read outside the bytes; envelopes keep their length.
//! Source: RNTuple Binary Format Specification 1.0.0.1, "Anchor schema", "Locators and Envelope Links", "Footer
//! Envelope", "Page List Envelope".

use super::numbers::{UNFIT, big, put, put_big, put_little_u32, put_little_u64};
use super::places::Placed;
use hepz_recompression::root::write::checksum;

/// Length of a checksum.
pub(super) const CHECKSUM_BYTES: usize = 8;

/// An envelope contradicts itself.
const ENDS_EARLY: &str = "an envelope of the RNTuple ends early";

/// Place and length of something, as an envelope or an anchor says them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    form: Form,
    /// Offset of the place.
    seek_at: usize,
    /// Offset of the stored length.
    bytes_at: usize,
    /// The place.
    pub(super) place: u64,
    /// The stored length, without a checksum of a page.
    pub(super) bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Length of 4 bytes, place of 8, little-endian.
    Short,
    /// Both of 8 bytes, little-endian.
    Long,
    /// Both of 8 bytes, big-endian.
    Anchor,
}

impl Link {
    /// Writes another place and length.
    pub(super) fn patch(&self, bytes: &mut [u8], to: Placed) -> Result<(), &'static str> {
        match self.form {
            Form::Short => {
                // Read as signed; a negative one is the mark of the other form.
                let length = i32::try_from(to.bytes).map_err(|_| UNFIT)?;
                put_little_u32(bytes, self.bytes_at, length as u32)?;
                put_little_u64(bytes, self.seek_at, to.at)
            }
            Form::Long => {
                put_little_u64(bytes, self.bytes_at, to.bytes)?;
                put_little_u64(bytes, self.seek_at, to.at)
            }
            Form::Anchor => {
                put_big(bytes, self.bytes_at, 8, to.bytes)?;
                put_big(bytes, self.seek_at, 8, to.at)
            }
        }
    }
}

/// A page, as a page list names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageLink {
    /// Number of its column.
    pub(super) column: u32,
    /// Number of its elements.
    pub(super) elements: u32,
    /// A checksum follows the page.
    pub(super) has_checksum: bool,
    /// Where it is.
    pub(super) link: Link,
}

/// What a page list says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageList {
    pub(super) pages: Vec<PageLink>,
    /// Offsets of the compression settings of columns, for what they are worth.
    settings_at: Vec<usize>,
}

impl PageList {
    /// Reads a page list.
    pub(super) fn read(plain: &[u8]) -> Result<PageList, &'static str> {
        let mut list = PageList::default();
        let mut fields = Fields::of_envelope(plain)?;
        // Checksum of the header, then summaries of the clusters.
        fields.take(8)?;
        fields.frame()?;
        let (clusters, mut fields) = fields.list()?;
        for _ in 0..clusters {
            let (columns, mut fields) = fields.list()?;
            for column in 0..columns {
                let (pages, mut fields) = fields.list()?;
                for _ in 0..pages {
                    let elements = fields.i32()?;
                    let (has_checksum, elements) = (elements < 0, elements.unsigned_abs());
                    let link = fields.locator()?;
                    list.pages.push(PageLink { column, elements, has_checksum, link });
                }
                // Columns that another representation stands for have a negative first element and no setting.
                if fields.i64()? >= 0 {
                    list.settings_at.push(fields.at);
                }
            }
        }
        Ok(list)
    }

    /// Writes the compression setting to columns that had one.
    pub(super) fn put_settings(&self, plain: &mut [u8], setting: u32) -> Result<(), &'static str> {
        for &at in &self.settings_at {
            if big(plain, at, 4).is_some_and(|old| old != 0) {
                put_little_u32(plain, at, setting)?;
            }
        }
        Ok(())
    }
}

/// Links to page lists in a footer.
pub(super) fn footer(plain: &[u8]) -> Result<Vec<Link>, &'static str> {
    const MORE_FEATURES: i64 = i64::MIN;
    let mut fields = Fields::of_envelope(plain)?;
    while fields.i64()? & MORE_FEATURES != 0 {}
    // Checksum of the header, then what came to the schema later.
    fields.take(8)?;
    fields.frame()?;
    let (groups, mut inside) = fields.list()?;
    let mut links = Vec::new();
    for _ in 0..groups {
        let mut group = inside.frame()?;
        // First entry, number of entries, number of clusters, plain length of the page list.
        group.take(8 + 8 + 4 + 8)?;
        links.push(group.locator()?);
    }
    // What later versions put behind them names places, too.
    while fields.at < fields.end {
        if fields.list()?.0 > 0 {
            return Err("it has parts that are newer than this program");
        }
    }
    Ok(links)
}

/// Links of an anchor to header and footer.
pub(super) fn anchor(plain: &[u8]) -> Result<[Link; 2], &'static str> {
    /// Behind the version of the format, which is four numbers of two bytes.
    const LINKS_AT: usize = ANCHOR_CHECKED_AT + 8;
    let mut sealed = plain.to_vec();
    seal_anchor(&mut sealed)?;
    if sealed != plain {
        return Err("the checksum of the RNTuple's anchor is wrong");
    }
    // Place, stored length and plain length.
    let link = |at: usize| -> Result<Link, &'static str> {
        let place = big(plain, at, 8).ok_or(ENDS_EARLY)?;
        let bytes = big(plain, at + 8, 8).ok_or(ENDS_EARLY)?;
        Ok(Link { form: Form::Anchor, seek_at: at, bytes_at: at + 8, place, bytes })
    };
    Ok([link(LINKS_AT)?, link(LINKS_AT + 24)?])
}

/// Bytes of an anchor before those that its checksum is of: byte count and version of the class.
const ANCHOR_CHECKED_AT: usize = 6;

/// Writes the right checksum at the end of an anchor.
pub(super) fn seal_anchor(plain: &mut [u8]) -> Result<(), &'static str> {
    let end = plain.len().saturating_sub(CHECKSUM_BYTES);
    let mut sum = checksum(plain.get(ANCHOR_CHECKED_AT..end).ok_or(ENDS_EARLY)?);
    // Like all of the anchor it is big-endian.
    sum.reverse();
    put(plain, end, &sum)
}

/// Writes the right checksum at the end of an envelope.
pub(super) fn seal(plain: &mut [u8]) -> Result<(), &'static str> {
    let end = plain.len().saturating_sub(CHECKSUM_BYTES);
    let sum = checksum(plain.get(..end).ok_or(ENDS_EARLY)?);
    put(plain, end, &sum)
}

/// Little-endian fields of an envelope, by their offsets in it.
#[derive(Clone)]
struct Fields<'b> {
    bytes: &'b [u8],
    at: usize,
    end: usize,
}

impl<'b> Fields<'b> {
    /// What stands between preamble and checksum.
    fn of_envelope(bytes: &'b [u8]) -> Result<Fields<'b>, &'static str> {
        let end = bytes.len().checked_sub(CHECKSUM_BYTES).filter(|&end| end >= 8).ok_or(ENDS_EARLY)?;
        Ok(Fields { bytes, at: 8, end })
    }

    fn take(&mut self, n: usize) -> Result<&'b [u8], &'static str> {
        let end = self.at.checked_add(n).filter(|&end| end <= self.end).ok_or(ENDS_EARLY)?;
        let taken = self.bytes.get(self.at..end).ok_or(ENDS_EARLY)?;
        self.at = end;
        Ok(taken)
    }

    fn i32(&mut self) -> Result<i32, &'static str> {
        let field = self.take(4)?.first_chunk().ok_or(ENDS_EARLY)?;
        Ok(i32::from_le_bytes(*field))
    }

    fn i64(&mut self) -> Result<i64, &'static str> {
        let field = self.take(8)?.first_chunk().ok_or(ENDS_EARLY)?;
        Ok(i64::from_le_bytes(*field))
    }

    /// The inside of a frame of either kind; these fields go on behind it.
    fn frame(&mut self) -> Result<Fields<'b>, &'static str> {
        let from = self.at;
        let bytes = usize::try_from(self.i64()?.unsigned_abs()).map_err(|_| ENDS_EARLY)?;
        let inside =
            Fields { bytes: self.bytes, at: self.at, end: from.checked_add(bytes).ok_or(ENDS_EARLY)? };
        // At least its own length: what is read takes bytes, so loops over frames come to an end.
        if inside.end < inside.at || inside.end > self.end {
            return Err(ENDS_EARLY);
        }
        self.at = inside.end;
        Ok(inside)
    }

    /// Number of items and inside of a list frame.
    fn list(&mut self) -> Result<(u32, Fields<'b>), &'static str> {
        let mut inside = self.frame()?;
        let items = inside.i32()? as u32;
        Ok((items, inside))
    }

    fn locator(&mut self) -> Result<Link, &'static str> {
        let bytes_at = self.at;
        let head = self.i32()?;
        if let Ok(bytes) = u64::try_from(head) {
            let seek_at = self.at;
            let place = self.i64()? as u64;
            return Ok(Link { form: Form::Short, seek_at, bytes_at, place, bytes });
        }
        // As in `ntuple`: length of the locator, reserved byte and kind, negated together.
        const LONG: u32 = 1 << 24 | (4 + 16);
        if head.unsigned_abs() != LONG {
            return Err("something lies at a place of a kind that is not known");
        }
        let bytes_at = self.at;
        let bytes = self.i64()? as u64;
        let seek_at = self.at;
        let place = self.i64()? as u64;
        Ok(Link { form: Form::Long, seek_at, bytes_at, place, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: &[u8]) -> Vec<u8> {
        [&(bytes.len() as i64 + 8).to_le_bytes()[..], bytes].concat()
    }

    fn list(items: &[Vec<u8>]) -> Vec<u8> {
        let bytes = items.concat();
        let length = -(bytes.len() as i64 + 12);
        [&length.to_le_bytes()[..], &(items.len() as u32).to_le_bytes(), &bytes].concat()
    }

    fn envelope(fields: &[u8]) -> Vec<u8> {
        let mut plain = [&[0; 8][..], fields, &[0; 8]].concat();
        seal(&mut plain).expect("an envelope");
        plain
    }

    fn short(place: u64, bytes: i32) -> Vec<u8> {
        [&bytes.to_le_bytes()[..], &place.to_le_bytes()].concat()
    }

    fn long(place: u64, bytes: u64) -> Vec<u8> {
        let head = -(1i32 << 24 | 20);
        [&head.to_le_bytes()[..], &bytes.to_le_bytes(), &place.to_le_bytes()].concat()
    }

    /// Two clusters; the second column of the first is suppressed, its page in the second has no checksum.
    fn page_list(first: [Vec<u8>; 2], setting: u32) -> Vec<u8> {
        let [a, b] = first;
        let page = |elements: i32, locator: Vec<u8>| [elements.to_le_bytes().to_vec(), locator].concat();
        let column = |pages: Vec<u8>, n: u32, first: i64, more: &[u8]| {
            let length = -(pages.len() as i64 + 12 + 8 + more.len() as i64);
            [&length.to_le_bytes()[..], &n.to_le_bytes(), &pages, &first.to_le_bytes(), more].concat()
        };
        let used = setting.to_le_bytes();
        let clusters = [
            list(&[column(page(-8, a), 1, 0, &used), column(Vec::new(), 0, -1, &[])]),
            list(&[column(Vec::new(), 0, 8, &0u32.to_le_bytes()), column(page(5, b), 1, 0, &used)]),
        ];
        let summaries = list(&[frame(&[1; 16]), frame(&[2; 16])]);
        envelope(&[vec![7; 8], summaries, list(&clusters)].concat())
    }

    #[test]
    fn pages_get_other_places_and_settings_and_the_envelope_its_checksum() {
        let mut plain = page_list([short(1_000, 60), long(2_000, 70)], 505);
        let read = PageList::read(&plain).expect("a page list");
        let found: Vec<_> = read
            .pages
            .iter()
            .map(|p| (p.column, p.elements, p.has_checksum, p.link.place, p.link.bytes))
            .collect();
        assert_eq!(found, [(0, 8, true, 1_000, 60), (1, 5, false, 2_000, 70)]);
        for (page, at) in read.pages.iter().zip([3_000, 1 << 40]) {
            page.link.patch(&mut plain, Placed { at, bytes: 80 }).expect("room");
        }
        read.put_settings(&mut plain, 101).expect("room");
        seal(&mut plain).expect("an envelope");
        assert_eq!(plain, page_list([short(3_000, 80), long(1 << 40, 80)], 101));
        let too_long = Placed { at: 0, bytes: 1 << 31 };
        assert_eq!(read.pages[0].link.patch(&mut plain, too_long), Err(UNFIT));
    }

    #[test]
    fn footers_lead_to_page_lists_and_nothing_newer() {
        let group = |locator: Vec<u8>| frame(&[vec![0; 28], locator].concat());
        let groups = list(&[group(short(1, 2)), group(long(3, 4))]);
        let plain = [&[0; 8][..], &[7; 8], &frame(&[]), &groups].concat();
        let links = footer(&envelope(&plain)).expect("a footer");
        assert_eq!(links.iter().map(|link| (link.place, link.bytes)).collect::<Vec<_>>(), [(1, 2), (3, 4)]);
        let with = |more: Vec<u8>| footer(&envelope(&[plain.clone(), more].concat()));
        assert!(with(list(&[])).is_ok());
        assert!(with(list(&[frame(&[])])).is_err());
    }

    #[test]
    fn every_prefix_and_flipped_bit_is_an_error_or_harmless() {
        let plain = page_list([short(1_000, 60), long(2_000, 70)], 505);
        for length in 0..plain.len() {
            let cut = plain.get(..length).expect("a prefix");
            assert!(PageList::read(cut).is_err() || length + 8 > plain.len(), "{length}");
            let _may_be_a_footer = footer(cut);
            let _is_no_anchor = anchor(cut);
        }
        for bit in 0..8 * plain.len() {
            let mut damaged = plain.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let _may_be_read = PageList::read(&damaged);
        }
    }

    #[test]
    fn anchors_name_header_and_footer() {
        let mut plain = vec![0x40, 0, 0, 66, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0];
        for number in [10u64, 11, 12, 20, 21, 22, 1 << 30, 0] {
            plain.extend(number.to_be_bytes());
        }
        assert!(anchor(&plain).is_err(), "the checksum is wrong");
        seal_anchor(&mut plain).expect("an anchor");
        let links = anchor(&plain).expect("an anchor");
        assert_eq!(links.map(|link| (link.place, link.bytes)), [(10, 11), (20, 21)]);
        links[1].patch(&mut plain, Placed { at: 30, bytes: 31 }).expect("room");
        seal_anchor(&mut plain).expect("an anchor");
        assert_eq!(anchor(&plain).map(|links| (links[1].place, links[1].bytes)), Ok((30, 31)));
    }
}

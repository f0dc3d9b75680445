//! Frames: bytes around values that follow from how many values there are.
//!
//! In: framed bytes as a file holds them: lengths, byte counts, tables of offsets, and items between them. Out: the
//! items alone, field by field, and how many there are; and back.
//! Not here: which bytes of a file are framed how (one module for each format), storing shapes (`hepz`).
//! Holds: [`fold`] never panics and never makes more bytes than it was allowed to, whatever offsets it is given.

/// Marks a byte count of ROOT's streamers.
const BYTE_COUNT: u32 = 0x4000_0000;
/// A text this long or longer has its length in four bytes more.
const LONG_TEXT: u64 = 255;
/// Items that are split as one, at most.
pub const MOST_GROUP: u32 = 1 << 10;

/// How a list says how many items it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// Not at all: their number is known from elsewhere.
    Elsewhere,
    /// In four bytes, big-endian.
    Number,
    /// In one byte, or 255 and four bytes, big-endian.
    Text,
}

/// Lists of one depth: the rows of an offsets table, which says how many items each holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level {
    /// A byte count (4 bytes, big-endian, marked) of what follows, and these bytes (version, checksum).
    pub header: Option<Vec<u8>>,
    /// The number of items.
    pub count: Count,
    /// The table of offsets, one row more than there are lists.
    pub offsets: u32,
}

/// The last number of a table of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableEnd {
    /// Zero, as ROOT writes it.
    Zero,
    /// Where the last entry ends, as uproot writes it.
    Last,
}

/// How values are framed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Entries one after the other: lists, lists of lists, ..., items.
    Entries {
        /// From the outside in; none if each entry is one item.
        levels: Vec<Level>,
        /// Bytes of each field of an item. Content holds field by field.
        fields: Vec<u8>,
        /// So many items that follow each other are split as if they were fields of one: lists of one length are arrays. At least 1.
        group: u32,
        /// The items of one list lie field by field.
        by_field: bool,
        /// A table at the end: number of entries plus one, where each begins counted from [`Rows::table_from`], one more.
        /// Big-endian, four bytes each.
        table: Option<TableEnd>,
    },
    /// Entries that are all the same bytes; content is one of them.
    Same {
        /// As in `Entries`.
        table: Option<TableEnd>,
    },
    /// Offsets themselves: for each row where it ends, counted from where row `base_row` of the frame begins. Little-endian.
    Ends {
        /// Bytes of each: 4 or 8.
        width: u8,
        /// The table of offsets.
        offsets: u32,
    },
}

/// Rows that a frame holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// First row of the outermost level.
    pub first: u64,
    /// Number of rows.
    pub count: u64,
    /// For [`Shape::Ends`]: offsets count from this row; else the first row.
    pub base: u64,
    /// What the table of entries counts from.
    pub table_from: u32,
}

/// What unfolding finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfolded {
    /// The items, field by field.
    pub content: Vec<u8>,
    /// For each level how many items each list has.
    pub counts: Vec<Vec<u32>>,
    /// For each level with headers the bytes of the first.
    pub headers: Vec<Option<Vec<u8>>>,
}

/// Why a frame cannot be made of what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Offsets fall, or leave their table.
    #[error("offsets of a frame do not rise")]
    Offsets,
    /// There are more or fewer items than offsets say.
    #[error("a frame has another number of items than its offsets say")]
    Items,
    /// More bytes would come out than may.
    #[error("a frame is too long")]
    TooLong,
}

/// Reads offsets `rows` of a table (both ends included); `None` if they are not there.
pub type ReadOffsets<'a> = &'a dyn Fn(u32, std::ops::RangeInclusive<u64>) -> Option<Vec<u64>>;

impl Shape {
    /// Tables of offsets that folding needs.
    pub fn tables(&self) -> Vec<u32> {
        match self {
            Shape::Entries { levels, .. } => levels.iter().map(|level| level.offsets).collect(),
            Shape::Same { .. } => Vec::new(),
            Shape::Ends { offsets, .. } => vec![*offsets],
        }
    }

    /// The same shape with other numbers of tables.
    pub fn renumbered(&self, number: impl Fn(u32) -> u32) -> Shape {
        let mut shape = self.clone();
        match &mut shape {
            Shape::Entries { levels, .. } => {
                levels.iter_mut().for_each(|level| level.offsets = number(level.offsets));
            }
            Shape::Same { .. } => {}
            Shape::Ends { offsets, .. } => *offsets = number(*offsets),
        }
        shape
    }
}

/// Big-endian number at `at`.
fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Splits data from the table at their end: data, where each entry begins and the last ends.
fn split_table(framed: &[u8], rows: usize, from: u32, end: TableEnd) -> Option<(&[u8], Vec<usize>)> {
    let table_bytes = rows.checked_add(2)?.checked_mul(4)?;
    let data_bytes = framed.len().checked_sub(table_bytes)?;
    let (data, table) = framed.split_at(data_bytes);
    let mut begins = Vec::with_capacity(rows + 1);
    for row in 0..rows {
        begins.push(be32(table, 4 + 4 * row)?.checked_sub(from)? as usize);
    }
    begins.push(data_bytes);
    let sound = begins.first() == Some(&0) && begins.is_sorted();
    let last = match end {
        TableEnd::Zero => 0,
        TableEnd::Last => from.checked_add(u32::try_from(data_bytes).ok()?)?,
    };
    let framing = be32(table, 0)? as usize == rows + 1 && be32(table, table_bytes - 4)? == last;
    (sound && framing).then_some((data, begins))
}

/// Takes items out of framed bytes. `counts` are the outermost level's where nothing in the bytes says them.
///
/// `None` if the bytes have another shape. What is returned was not proved: [`fold`] may give other bytes.
pub fn unfold(shape: &Shape, framed: &[u8], held: Rows, counts: Option<&[u32]>) -> Option<Unfolded> {
    let rows = usize::try_from(held.count).ok()?;
    match shape {
        Shape::Ends { .. } => Some(Unfolded::default()),
        Shape::Same { table } => {
            let data = match table {
                Some(end) => split_table(framed, rows, held.table_from, *end)?.0,
                None => framed,
            };
            let bytes =
                data.len().checked_div(rows).filter(|&bytes| bytes > 0 && bytes * rows == data.len())?;
            let first = data.get(..bytes)?;
            let same = data.chunks_exact(bytes).all(|entry| entry == first);
            same.then(|| Unfolded { content: first.to_vec(), ..Unfolded::default() })
        }
        Shape::Entries { levels, fields, group, by_field, table } => {
            let item_bytes: usize = fields.iter().map(|&bytes| usize::from(bytes)).sum();
            let table = match table {
                Some(end) => Some(split_table(framed, rows, held.table_from, *end)?),
                None => None,
            };
            let data = table.as_ref().map_or(framed, |(data, _)| data);
            let mut found = vec![Vec::new(); levels.len()];
            let list_fields = if *by_field { &fields[..] } else { &[] };
            let mut parser = Parser {
                data,
                at: 0,
                item_bytes,
                list_fields,
                items: Vec::new(),
                counts: &mut found,
                headers: vec![None; levels.len()],
            };
            for row in 0..rows {
                let known = match (&table, counts) {
                    (_, Some(counts)) => Some(*counts.get(row)?),
                    (Some((_, begins)), None) => {
                        let bytes = begins.get(row + 1)?.checked_sub(*begins.get(row)?)?;
                        u32::try_from(bytes.checked_div(item_bytes)?).ok()
                    }
                    (None, None) => None,
                };
                parser.list(levels, 0, known)?;
                if table.as_ref().is_some_and(|(_, begins)| begins.get(row + 1) != Some(&parser.at)) {
                    return None;
                }
            }
            if parser.at != data.len() {
                return None;
            }
            let (items, headers) = (parser.items, parser.headers);
            let content = split(&items, &grouped(fields, *group));
            Some(Unfolded { content, counts: found, headers })
        }
    }
}

struct Parser<'a> {
    data: &'a [u8],
    at: usize,
    item_bytes: usize,
    /// Fields of items that lie field by field in each list; empty if they lie item by item.
    list_fields: &'a [u8],
    items: Vec<u8>,
    counts: &'a mut [Vec<u32>],
    headers: Vec<Option<Vec<u8>>>,
}

impl Parser<'_> {
    fn list(&mut self, levels: &[Level], depth: usize, known: Option<u32>) -> Option<()> {
        let Some(level) = levels.get(depth) else { return self.take(1) };
        if let Some(header) = &level.header {
            self.number()?;
            let end = self.at.checked_add(header.len())?;
            let seen = self.data.get(self.at..end)?;
            self.headers.get_mut(depth)?.get_or_insert_with(|| seen.to_vec());
            self.at = end;
        }
        let count = match level.count {
            Count::Elsewhere => known?,
            Count::Number => self.number()?,
            Count::Text => {
                let short = *self.data.get(self.at)?;
                self.at += 1;
                if short == u8::MAX { self.number()? } else { u32::from(short) }
            }
        };
        self.counts.get_mut(depth)?.push(count);
        if depth + 1 == levels.len() {
            return self.take(count as usize);
        }
        (0..count).try_for_each(|_| self.list(levels, depth + 1, None))
    }

    fn number(&mut self) -> Option<u32> {
        let number = be32(self.data, self.at)?;
        self.at += 4;
        Some(number)
    }

    fn take(&mut self, items: usize) -> Option<()> {
        let end = self.at.checked_add(items.checked_mul(self.item_bytes)?)?;
        let list = self.data.get(self.at..end)?;
        match self.list_fields.len() {
            0 | 1 => self.items.extend_from_slice(list),
            _ => self.items.extend_from_slice(&join(list, self.list_fields)),
        }
        self.at = end;
        Some(())
    }
}

/// Fields of items that are split together.
fn grouped(fields: &[u8], group: u32) -> Vec<u8> {
    fields.repeat(group.clamp(1, MOST_GROUP) as usize)
}

/// Items to fields: all values of the first field, then all of the second, ... A rest shorter than an item stays at the end.
fn split(items: &[u8], fields: &[u8]) -> Vec<u8> {
    let item_bytes: usize = fields.iter().map(|&bytes| usize::from(bytes)).sum();
    if fields.len() < 2 || item_bytes == 0 {
        return items.to_vec();
    }
    let (whole, rest) = items.split_at(items.len() / item_bytes * item_bytes);
    let mut content = Vec::with_capacity(items.len());
    let mut at = 0;
    for &width in fields {
        let width = usize::from(width);
        for item in whole.chunks_exact(item_bytes) {
            content.extend_from_slice(&item[at..at + width]);
        }
        at += width;
    }
    content.extend_from_slice(rest);
    content
}

/// Fields to items; the inverse of [`split`].
fn join(content: &[u8], fields: &[u8]) -> Vec<u8> {
    let item_bytes: usize = fields.iter().map(|&bytes| usize::from(bytes)).sum();
    if fields.len() < 2 || item_bytes == 0 {
        return content.to_vec();
    }
    let count = content.len() / item_bytes;
    let mut items = content.to_vec();
    let (mut from, mut at) = (0, 0);
    for &width in fields {
        let width = usize::from(width);
        let values = content[from..from + width * count].chunks_exact(width.max(1));
        for (item, value) in items.chunks_exact_mut(item_bytes).zip(values) {
            item[at..at + width].copy_from_slice(value);
        }
        from += width * count;
        at += width;
    }
    items
}

/// Makes framed bytes of content, at most `most_bytes` of them.
///
/// # Errors
/// [`FoldError`] if offsets and content do not belong together.
pub fn fold(
    shape: &Shape,
    content: &[u8],
    rows: Rows,
    offsets: ReadOffsets<'_>,
    most_bytes: u64,
) -> Result<Vec<u8>, FoldError> {
    let count = usize::try_from(rows.count).map_err(|_| FoldError::TooLong)?;
    let last = rows.first.checked_add(rows.count).ok_or(FoldError::Offsets)?;
    let most = usize::try_from(most_bytes).unwrap_or(usize::MAX);
    // What comes before a table leaves room for it.
    let has_table = matches!(shape, Shape::Entries { table: Some(_), .. } | Shape::Same { table: Some(_) });
    let table_bytes = if has_table { count.checked_add(2).and_then(|n| n.checked_mul(4)) } else { Some(0) };
    let most = table_bytes.and_then(|bytes| most.checked_sub(bytes)).ok_or(FoldError::TooLong)?;
    match shape {
        Shape::Same { table } => {
            let bytes = content.len().checked_mul(count).filter(|&n| n <= most).ok_or(FoldError::TooLong)?;
            let mut framed = Vec::with_capacity(bytes);
            (0..bytes.checked_div(content.len()).unwrap_or(0))
                .for_each(|_| framed.extend_from_slice(content));
            if let Some(end) = table {
                let begins: Vec<usize> = (0..count).map(|row| row * content.len()).collect();
                put_table(&mut framed, &begins, rows.table_from, *end);
            }
            Ok(framed)
        }
        Shape::Ends { width, offsets: table } => {
            let base = offsets(*table, rows.base..=rows.base).ok_or(FoldError::Offsets)?;
            let base = *base.first().ok_or(FoldError::Offsets)?;
            let bytes = count.checked_mul(usize::from(*width)).filter(|&n| n <= most);
            let mut framed = Vec::with_capacity(bytes.ok_or(FoldError::TooLong)?);
            if count > 0 {
                for end in offsets(*table, rows.first + 1..=last).ok_or(FoldError::Offsets)? {
                    let end = end.wrapping_sub(base).to_le_bytes();
                    framed.extend_from_slice(&end[..usize::from(*width).min(8)]);
                }
            }
            Ok(framed)
        }
        Shape::Entries { levels, fields, group, by_field, table } => {
            let item_bytes: usize = fields.iter().map(|&bytes| usize::from(bytes)).sum();
            let mut lists = Vec::with_capacity(levels.len());
            let (mut first, mut end) = (rows.first, last);
            for level in levels {
                let rising = offsets(level.offsets, first..=end).ok_or(FoldError::Offsets)?;
                if !rising.is_sorted() {
                    return Err(FoldError::Offsets);
                }
                (first, end) = match (rising.first(), rising.last()) {
                    (Some(&first), Some(&end)) => (first, end),
                    _ => return Err(FoldError::Offsets),
                };
                lists.push(rising);
            }
            let items = usize::try_from(end - first).map_err(|_| FoldError::Items)?;
            if items.checked_mul(item_bytes) != Some(content.len()) {
                return Err(FoldError::Items);
            }
            let items = join(content, &grouped(fields, *group));
            let list_fields = if *by_field { &fields[..] } else { &[] };
            let framed = Vec::with_capacity(content.len());
            let mut writer = Writer { framed, most, items: &items, item_bytes, list_fields };
            let mut begins = Vec::with_capacity(if has_table { count } else { 0 });
            for row in 0..count {
                begins.push(writer.framed.len());
                writer.list(levels, &lists, 0, row)?;
            }
            let mut framed = writer.framed;
            if let Some(end) = table {
                put_table(&mut framed, &begins, rows.table_from, *end);
            }
            Ok(framed)
        }
    }
}

fn put_table(framed: &mut Vec<u8>, begins: &[usize], from: u32, end: TableEnd) {
    let last = match end {
        TableEnd::Zero => 0,
        TableEnd::Last => (framed.len() as u32).wrapping_add(from),
    };
    framed.extend_from_slice(&(begins.len() as u32).wrapping_add(1).to_be_bytes());
    for &begin in begins {
        framed.extend_from_slice(&(begin as u32).wrapping_add(from).to_be_bytes());
    }
    framed.extend_from_slice(&last.to_be_bytes());
}

struct Writer<'a> {
    framed: Vec<u8>,
    most: usize,
    items: &'a [u8],
    item_bytes: usize,
    list_fields: &'a [u8],
}

impl Writer<'_> {
    /// Writes list `row` of level `depth`, counted from the first row of the frame.
    fn list(
        &mut self,
        levels: &[Level],
        lists: &[Vec<u64>],
        depth: usize,
        row: usize,
    ) -> Result<(), FoldError> {
        let (Some(level), Some(rising)) = (levels.get(depth), lists.get(depth)) else {
            return self.items(row, row + 1);
        };
        let at = |row: usize| usize::try_from(rising.get(row)?.checked_sub(*rising.first()?)?).ok();
        let (from, to) = match (at(row), at(row + 1)) {
            (Some(from), Some(to)) => (from, to),
            _ => return Err(FoldError::Offsets),
        };
        let count = to - from;
        let begin = self.framed.len();
        if let Some(header) = &level.header {
            self.framed.extend_from_slice(&[0; 4]);
            self.framed.extend_from_slice(header);
        }
        match level.count {
            Count::Elsewhere => {}
            Count::Number => self.framed.extend_from_slice(&(count as u32).to_be_bytes()),
            Count::Text if (count as u64) < LONG_TEXT => self.framed.push(count as u8),
            Count::Text => {
                self.framed.push(u8::MAX);
                self.framed.extend_from_slice(&(count as u32).to_be_bytes());
            }
        }
        if self.framed.len() > self.most {
            return Err(FoldError::TooLong);
        }
        if depth + 1 == levels.len() {
            self.items(from, to)?;
        } else {
            (from..to).try_for_each(|child| self.list(levels, lists, depth + 1, child))?;
        }
        if level.header.is_some() {
            let bytes = (self.framed.len() - begin - 4) as u32 | BYTE_COUNT;
            if let Some(place) = self.framed.get_mut(begin..begin + 4) {
                place.copy_from_slice(&bytes.to_be_bytes());
            }
        }
        Ok(())
    }

    fn items(&mut self, from: usize, to: usize) -> Result<(), FoldError> {
        let range = from.checked_mul(self.item_bytes).zip(to.checked_mul(self.item_bytes));
        let items = range.and_then(|(from, to)| self.items.get(from..to)).ok_or(FoldError::Items)?;
        if items.len() > self.most.saturating_sub(self.framed.len()) {
            return Err(FoldError::TooLong);
        }
        match self.list_fields.len() {
            0 | 1 => self.framed.extend_from_slice(items),
            _ => self.framed.extend_from_slice(&split(items, self.list_fields)),
        }
        Ok(())
    }
}

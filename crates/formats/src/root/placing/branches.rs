//! Branches: which bytes of a tree's baskets are values of which column.
//!
//! In: a [`Tree`] and the bytes of its baskets. Out: frames, extents and columns of a [`Placing`].
//! Not here: what classes say about an entry (`types`); here their claims are held against the bytes.
//! Holds: a branch becomes columns only if every basket obeys one grammar; else as much framing is taken off as is sure.

use super::Placing;
use crate::frame::{Count, Level, Rows, Shape, TableEnd, Unfolded, unfold};
use crate::root::file::{self, Record};
use crate::root::tree::{Basket, BasketPlace, Branch, Entry, Field, Nesting, Tree};
use crate::{Extent, Frame, Part, Place, Source};
use hepz_columns::{ByteOrder, Scalar};
use std::collections::BTreeSet;
use std::io;

/// Bytes of one branch, at most; a longer one would take too much memory.
const MOST_BRANCH_BYTES: u64 = 1 << 31;

/// What one branch is being placed with.
struct Site<'a> {
    source: &'a dyn Source,
    records: &'a [Record],
    tree: &'a Tree,
    /// The plain bytes of the tree's own record, where embedded baskets lie.
    object: &'a [u8],
    /// The table with one row for each entry.
    entries: usize,
}

/// A basket with its bytes.
struct Opened<'a> {
    basket: &'a Basket,
    /// Data, then the table of entries if there is one behind them.
    framed: Vec<u8>,
    /// Where the bytes lie.
    block: u32,
    at: u64,
}

/// A grammar that all baskets obey.
struct Parsed {
    levels: Vec<Level>,
    entry: Option<Entry>,
    by_field: bool,
    table: Option<TableEnd>,
    baskets: Vec<Unfolded>,
}

/// Places all branches of a tree. `taken` are records that another tree's branches have; trees of several cycles share them.
pub(in crate::root) fn place_tree(
    placing: &mut Placing,
    source: &dyn Source,
    records: &[Record],
    tree: &Tree,
    taken: &mut BTreeSet<usize>,
) -> io::Result<()> {
    let Some(record) = records.get(tree.record) else { return Ok(()) };
    let object = file::payload(source, record)?.unwrap_or_default();
    let path = if tree.directory.is_empty() {
        tree.name.clone()
    } else {
        format!("{}/{}", tree.directory, tree.name)
    };
    let is_last = !records
        .iter()
        .any(|r| r.name == record.name && r.directory == record.directory && r.cycle > tree.cycle);
    let path = if is_last { path } else { format!("{path};{}", tree.cycle) };
    let entries = placing.entries(&path, tree.entries);
    let site = Site { source, records, tree, object: &object, entries };
    for branch in tree.branches.iter().filter(|branch| !branch.baskets.is_empty()) {
        let used = |basket: &Basket| match basket.place {
            BasketPlace::Record(record) => taken.contains(&record),
            BasketPlace::Embedded { .. } => false,
        };
        // What a later cycle has is not kept as bytes.
        if branch.baskets.iter().any(used) {
            continue;
        }
        placing.left.all += 1;
        if !is_whole(branch, tree) {
            placing.left.add(&branch.name);
            continue;
        }
        for basket in &branch.baskets {
            if let BasketPlace::Record(record) = basket.place {
                taken.insert(record);
            }
        }
        let columns = placing.columns;
        site.place(placing, branch)?;
        if placing.columns == columns {
            placing.left.add(&branch.name);
        }
    }
    Ok(())
}

/// True if the baskets hold all entries of the tree.
fn is_whole(branch: &Branch, tree: &Tree) -> bool {
    let mut next = 0;
    let follow = branch.baskets.iter().all(|basket| {
        let follows = basket.first_entry == next && basket.entries > 0;
        next = basket.first_entry.saturating_add(basket.entries);
        follows
    });
    follow && next == tree.entries
}

impl Site<'_> {
    fn place(&self, placing: &mut Placing, branch: &Branch) -> io::Result<()> {
        let bytes: u64 = branch
            .baskets
            .iter()
            .map(|b| b.data_bytes.saturating_add(b.tail_bytes))
            .fold(0, u64::saturating_add);
        if bytes > MOST_BRANCH_BYTES {
            return Ok(());
        }
        if self.place_plain(placing, branch) {
            return Ok(());
        }
        let Some(opened) = self.open(placing, branch)? else { return Ok(()) };
        let Some(parsed) = self.parse(branch, &opened)? else { return Ok(()) };
        self.put(placing, branch, &opened, parsed);
        Ok(())
    }

    /// Numbers side by side, one for each entry: their bytes need not be looked at.
    fn place_plain(&self, placing: &mut Placing, branch: &Branch) -> bool {
        let [entry, ..] = &branch.entry[..] else { return false };
        let ([], [field]) = (&entry.nesting[..], &entry.fields[..]) else { return false };
        let width = field.scalar.bytes() as u64;
        let fits = |b: &Basket| b.tail_bytes == 0 && b.entries.checked_mul(width) == Some(b.data_bytes);
        if field.repeat != 1 || !branch.baskets.iter().all(fits) || !placing.has_room(self.entries, 1) {
            return false;
        }
        let places: Option<Vec<Place>> =
            branch.baskets.iter().map(|basket| self.place_of(placing, basket)).collect();
        let Some(places) = places else { return false };
        let name = placing.names.column(column_base(&branch.name));
        let column = placing.column(self.entries, name, field.scalar, ByteOrder::Big);
        for (basket, place) in branch.baskets.iter().zip(places) {
            placing.extents.push(Extent {
                place,
                table: self.entries as u32,
                part: Part::Column(column),
                first_row: basket.first_entry,
                rows: basket.entries,
            });
        }
        true
    }

    fn place_of(&self, placing: &Placing, basket: &Basket) -> Option<Place> {
        let (record, at) = match basket.place {
            BasketPlace::Record(record) => (record, 0),
            BasketPlace::Embedded { at, .. } => (self.tree.record, at),
        };
        let block = placing.block(self.records.get(record)?.payload_at())?;
        Some(Place::Block { block, at })
    }

    fn open<'a>(&self, placing: &Placing, branch: &'a Branch) -> io::Result<Option<Vec<Opened<'a>>>> {
        let mut opened = Vec::with_capacity(branch.baskets.len());
        for basket in &branch.baskets {
            let Some(Place::Block { block, at }) = self.place_of(placing, basket) else { return Ok(None) };
            let framed = match basket.place {
                BasketPlace::Record(record) => {
                    let Some(record) = self.records.get(record) else { return Ok(None) };
                    let Some(plain) = file::payload(self.source, record)? else { return Ok(None) };
                    plain
                }
                BasketPlace::Embedded { at, .. } => {
                    let from = usize::try_from(at).ok().and_then(|at| self.object.get(at..));
                    let data = from.and_then(|from| from.get(..usize::try_from(basket.data_bytes).ok()?));
                    let Some(data) = data else { return Ok(None) };
                    data.to_vec()
                }
            };
            if framed.is_empty() {
                return Ok(None);
            }
            opened.push(Opened { basket, framed, block, at });
        }
        Ok(Some(opened))
    }

    /// Holds grammars against the bytes; the first that all baskets obey.
    fn parse(&self, branch: &Branch, opened: &[Opened<'_>]) -> io::Result<Option<Parsed>> {
        let behind = |o: &Opened<'_>| {
            let in_record = matches!(o.basket.place, BasketPlace::Record(_)) && o.basket.tail_bytes > 0;
            let end = if o.framed.ends_with(&[0; 4]) { TableEnd::Zero } else { TableEnd::Last };
            in_record.then_some(end)
        };
        let table = opened.first().and_then(behind);
        if opened.iter().any(|o| behind(o) != table) {
            return Ok(None);
        }
        let mut counts = None;
        for entry in &branch.entry {
            let needs_counts =
                table.is_none() && matches!(entry.nesting.first(), Some(Nesting::Counted { .. }));
            if needs_counts && counts.is_none() {
                counts = Some(self.counts(branch)?);
            }
            let counts = counts.as_ref().and_then(Option::as_deref).filter(|_| needs_counts);
            if let Some(parsed) = parse(entry, opened, table, counts) {
                return Ok(Some(parsed));
            }
        }
        let same = Shape::Same { table };
        let unfolded: Option<Vec<Unfolded>> =
            opened.iter().map(|o| unfold(&same, &o.framed, rows(o.basket), None)).collect();
        if let Some(baskets) = unfolded {
            return Ok(Some(Parsed { levels: Vec::new(), entry: None, by_field: false, table, baskets }));
        }
        // Entries of some length: what says where they begin can be left out.
        let field = Field { name: String::new(), scalar: Scalar::U8, repeat: 1, constant: false };
        let bytes = Entry {
            nesting: vec![Nesting::Counted { header_bytes: 0 }],
            fields: vec![field],
            ..Entry::default()
        };
        let parsed = table.and_then(|_| parse(&bytes, opened, table, None));
        Ok(parsed.map(|parsed| Parsed { entry: None, ..parsed }))
    }

    /// The values of the branch with the numbers of items.
    fn counts(&self, branch: &Branch) -> io::Result<Option<Vec<u32>>> {
        let count = branch.count.and_then(|count| self.tree.branches.get(count as usize));
        let Some(count) = count.filter(|count| is_whole(count, self.tree)) else { return Ok(None) };
        let Some([field]) = count.entry.first().map(|entry| &entry.fields[..]) else { return Ok(None) };
        let width = field.scalar.bytes();
        let mut counts = Vec::new();
        for basket in &count.baskets {
            let plain = match basket.place {
                BasketPlace::Record(record) => match self.records.get(record) {
                    Some(record) => file::payload(self.source, record)?.unwrap_or_default(),
                    None => return Ok(None),
                },
                BasketPlace::Embedded { at, .. } => {
                    let from = usize::try_from(at).ok().and_then(|at| self.object.get(at..));
                    from.unwrap_or_default().to_vec()
                }
            };
            let bytes = usize::try_from(basket.data_bytes).ok().and_then(|bytes| plain.get(..bytes));
            let Some(bytes) = bytes.filter(|b| b.len() as u64 == basket.entries.saturating_mul(width as u64))
            else {
                return Ok(None);
            };
            for value in bytes.chunks_exact(width) {
                let value = value.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
                let Ok(value) = u32::try_from(value) else { return Ok(None) };
                counts.push(value);
            }
        }
        Ok(Some(counts))
    }

    fn put(&self, placing: &mut Placing, branch: &Branch, opened: &[Opened<'_>], parsed: Parsed) {
        let Parsed { mut levels, entry, by_field, table, baskets } = parsed;
        let mut rows_table = self.entries;
        let mut group = 1;
        let is_text = entry.as_ref().is_some_and(|e| matches!(e.nesting.last(), Some(Nesting::Text { .. })));
        let depths = levels.len();
        for (depth, level) in levels.iter_mut().enumerate() {
            let counts: Vec<u32> =
                baskets.iter().flat_map(|b| b.counts.get(depth).into_iter().flatten().copied()).collect();
            let name = if depth == 0 { collection_name(&branch.name) } else { column_base(&branch.name) };
            let collection = placing.collection(rows_table, counts, name);
            level.offsets = placing.collections[collection].offsets as u32;
            match placing.array(collection).filter(|_| depth + 1 == depths && !is_text && entry.is_some()) {
                Some(each) => group = each,
                None => rows_table = placing.items(collection),
            }
        }
        let field_list = entry.as_ref().map_or(&[][..], |entry| &entry.fields);
        let widths: Vec<u8> = match &entry {
            Some(_) => field_list
                .iter()
                .flat_map(|f| std::iter::repeat_n(f.scalar.bytes() as u8, f.repeat as usize))
                .collect(),
            None => vec![1],
        };
        // Text, and what is not understood, is left to the model of bytes.
        let mut columns = Vec::new();
        let wanted = entry.is_some() && !is_text && placing.tables[rows_table].rows > 0;
        if wanted && placing.has_room(rows_table, widths.len() * group as usize) {
            let bases: Vec<String> = field_list
                .iter()
                .map(|field| placing.names.column(&field_name(&branch.name, field)))
                .collect();
            for place in 0..group {
                for (field, base) in field_list.iter().zip(&bases) {
                    for item in 0..field.repeat {
                        let is_array = group > 1 || field.repeat > 1;
                        let number = place * field.repeat + item;
                        let name = if is_array { format!("{base}[{number}]") } else { base.clone() };
                        columns.push(placing.column(rows_table, name, field.scalar, ByteOrder::Big));
                    }
                }
            }
        }
        let shape = match (&entry, levels.is_empty()) {
            (None, true) => Shape::Same { table },
            _ => Shape::Entries { levels, fields: widths.clone(), group, by_field, table },
        };
        let item_bytes: u64 = widths.iter().map(|&width| u64::from(width)).sum::<u64>() * u64::from(group);
        let widths = widths.repeat(group as usize);
        let shape = placing.shape(shape);
        let mut first_row = 0;
        for (opened, unfolded) in opened.iter().zip(baskets) {
            let content_bytes = unfolded.content.len() as u64;
            let frame = placing.frames.len() as u32;
            placing.frames.push(Frame {
                block: opened.block,
                at: opened.at,
                bytes: opened.framed.len() as u64,
                content_bytes,
                shape,
                rows: rows(opened.basket),
            });
            let items = content_bytes / item_bytes.max(1);
            let mut at = 0;
            for (&column, &width) in columns.iter().zip(&widths) {
                if items > 0 {
                    let (place, table) = (Place::Frame { frame, at }, rows_table as u32);
                    let part = Part::Column(column);
                    placing.extents.push(Extent { place, table, part, first_row, rows: items });
                }
                at += items * u64::from(width);
            }
            first_row += items;
        }
    }
}

fn rows(basket: &Basket) -> Rows {
    Rows {
        first: basket.first_entry,
        count: basket.entries,
        base: basket.first_entry,
        table_from: basket.key_bytes,
    }
}

/// Holds one grammar against the bytes.
fn parse(
    entry: &Entry,
    opened: &[Opened<'_>],
    table: Option<TableEnd>,
    counts: Option<&[u32]>,
) -> Option<Parsed> {
    let mut levels = Vec::with_capacity(entry.nesting.len());
    for nesting in &entry.nesting {
        let (header_bytes, count) = match *nesting {
            Nesting::Counted { header_bytes } => (header_bytes, Count::Elsewhere),
            Nesting::Vector { header_bytes } => (header_bytes, Count::Number),
            Nesting::Text { header_bytes } => (header_bytes, Count::Text),
        };
        let header = match header_bytes {
            0 => None,
            _ => Some(vec![0; usize::from(header_bytes).checked_sub(4)?]),
        };
        levels.push(Level { header, count, offsets: 0 });
    }
    let mut fields = Vec::new();
    for field in &entry.fields {
        fields.extend(std::iter::repeat_n(field.scalar.bytes() as u8, field.repeat as usize));
    }
    if fields.is_empty() {
        return None;
    }
    let shape = Shape::Entries { levels, fields, group: 1, by_field: entry.by_field, table };
    let mut baskets = Vec::with_capacity(opened.len());
    for o in opened {
        let held = rows(o.basket);
        let from = usize::try_from(held.first).ok()?;
        let here = match counts {
            Some(counts) => Some(counts.get(from..from.checked_add(usize::try_from(held.count).ok()?)?)?),
            None => None,
        };
        baskets.push(unfold(&shape, &o.framed, held, here)?);
    }
    let Shape::Entries { mut levels, by_field, table, .. } = shape else { return None };
    for (depth, level) in levels.iter_mut().enumerate() {
        if level.header.is_some() {
            let mut seen = baskets.iter().filter_map(|b| b.headers.get(depth)?.clone());
            level.header = seen.next().or(level.header.take());
        }
    }
    Some(Parsed { levels, entry: Some(entry.clone()), by_field, table, baskets })
}

/// What a collection is called: `Jet` of `Jet_pt`, `Jets` of `Jets.fPt`.
fn collection_name(branch: &str) -> &str {
    let branch = branch.trim_start_matches('/');
    let end = branch.find(['.', '_', '[', '/']).filter(|&end| end > 0);
    branch.get(..end.unwrap_or(branch.len())).unwrap_or(branch)
}

/// What a branch is called without the lengths of arrays: `Jets.fPt` of `Jets.fPt[3]`.
fn column_base(branch: &str) -> &str {
    branch.split('[').next().unwrap_or(branch).trim_end_matches('.')
}

fn field_name(branch: &str, field: &Field) -> String {
    let base = column_base(branch);
    if field.name.is_empty() { base.to_owned() } else { format!("{base}.{}", field.name) }
}

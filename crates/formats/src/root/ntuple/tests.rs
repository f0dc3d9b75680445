//! Tests of the RNTuple reader: small RNTuples made here, damage, and the real file.

mod corpus;
mod writer;

use super::*;
use hepz_columns::Scalar;
use hepz_recompression::Step;
use writer::{Group, Writer, column, field, locator, page, pages, suppressed};

const INDEX: u16 = 0x1b;
const REAL32: u16 = 0x18;
const CHAR: u16 = 0x02;
const BIT: u16 = 0x00;
const SWITCH: u16 = 0x10;
const INT32: u16 = 0x13;

struct Bytes<'b>(&'b [u8]);

impl Source for Bytes<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_at(at, into)
    }
}

fn open(file: &[u8], anchor: &[u8]) -> Option<Ntuple> {
    read(&Bytes(file), anchor, "events").unwrap()
}

/// Steps undone one by one, the plain way; `n` elements come out of packed ones.
fn undo(steps: &[Step], stored: &[u8], n: usize) -> Vec<u8> {
    steps.iter().rev().fold(stored.to_vec(), |bytes, step| match *step {
        Step::Shuffle { element_bytes } => {
            let n = bytes.len() / element_bytes as usize;
            (0..bytes.len())
                .map(|i| bytes[i % element_bytes as usize * n + i / element_bytes as usize])
                .collect()
        }
        Step::ZigZag { element_bytes } => {
            map(&bytes, element_bytes as usize, |x| if x % 2 == 0 { x / 2 } else { !(x / 2) })
        }
        Step::Delta { element_bytes } => {
            let mut sum = 0u64;
            map(&bytes, element_bytes as usize, |x| {
                sum = sum.wrapping_add(x);
                sum
            })
        }
        Step::Packed { bits } => {
            let bit = |at: usize| u64::from(bytes[at / 8] >> (at % 8) & 1);
            let number = |i: usize| (0..bits as usize).map(|b| bit(i * bits as usize + b) << b).sum::<u64>();
            let width = if bits <= 8 { 1 } else { 4 };
            (0..n).flat_map(|i| number(i).to_le_bytes().into_iter().take(width)).collect()
        }
        other => panic!("{other:?}"),
    })
}

fn map(bytes: &[u8], width: usize, mut each: impl FnMut(u64) -> u64) -> Vec<u8> {
    bytes.chunks(width).flat_map(|chunk| each(number(chunk)).to_le_bytes().into_iter().take(width)).collect()
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |x, &byte| x << 8 | u64::from(byte))
}

fn read_all(writer: &Writer) -> Ntuple {
    let (file, anchor) = writer.file();
    open(&file, &anchor).unwrap()
}

/// Two entries with a vector of records, a text, a fixed array, a variant and a bitset.
fn rich() -> Writer {
    let mut w = Writer::new(
        vec![
            field(0, 1, 0, "jets", "std::vector<Jet>", &[]),
            field(1, 0, 0, "title", "std::string", &[]),
            field(2, 0, 1, "cov", "std::array<float,3>", &3u64.to_le_bytes()),
            field(3, 3, 0, "either", "std::variant<float,std::vector<float>>", &[]),
            field(4, 0, 1, "flags", "std::bitset<12>", &12u64.to_le_bytes()),
            field(0, 2, 4, "_0", "Jet", &[1, 2, 3, 4]),
            field(2, 0, 0, "_0", "float", &[]),
            field(3, 0, 0, "_0", "float", &[]),
            field(3, 1, 0, "_1", "std::vector<float>", &[]),
            field(5, 0, 0, "pt", "float", &[]),
            field(5, 0, 1, "names", "std::array<std::string,2>", &2u64.to_le_bytes()),
            field(8, 0, 0, "_0", "float", &[]),
            field(10, 0, 0, "_0", "std::string", &[]),
            field(13, 1, 2, "n_jets", "std::vector<Jet>", &0u32.to_le_bytes()),
        ],
        vec![
            column(INDEX, 64, 0, 0, 0, &[]),
            column(INDEX, 64, 1, 0, 0, &[]),
            column(CHAR, 8, 1, 0, 0, &[]),
            column(SWITCH, 96, 3, 0, 0, &[]),
            column(BIT, 1, 4, 0, 0, &[]),
            column(REAL32, 32, 6, 0, 0, &[]),
            column(REAL32, 32, 7, 0, 0, &[]),
            column(INDEX, 64, 8, 0, 0, &[]),
            column(REAL32, 32, 9, 0, 0, &[]),
            column(REAL32, 32, 11, 0, 0, &[]),
            column(INDEX, 64, 12, 0, 0, &[]),
            column(CHAR, 8, 12, 0, 0, &[]),
        ],
    );
    let sizes = [(2, 16), (2, 16), (5, 5), (2, 24), (24, 3), (6, 24), (1, 4), (1, 8), (3, 12), (2, 8)];
    let mut at = 0;
    let mut columns = Vec::new();
    for (elements, bytes) in sizes.into_iter().chain([(6, 48), (9, 9)]) {
        columns.push(pages(&[page(elements, &locator(at, bytes))], 0));
        at += u64::from(bytes);
    }
    w.groups = vec![Group { clusters: vec![(0, 2)], columns: vec![columns] }];
    w
}

#[test]
fn a_column_knows_its_field_and_the_rows_that_it_counts_by() {
    let n = read_all(&rich());
    assert_eq!((n.entries, n.clusters.len(), n.notes.len()), (2, 1, 0), "{:?}", n.notes);
    let rows: Vec<_> = n
        .columns
        .iter()
        .map(|c| {
            let name = n.fields[c.field as usize].name.as_str();
            (name, c.parent_collection, c.items_per_row, c.conditional, c.pages[0].elements)
        })
        .collect();
    let expected = [
        ("jets", None, 1, false, 2),
        ("title", None, 1, false, 2),
        ("title", Some(1), 1, false, 5),
        ("either", None, 1, false, 2),
        ("flags", None, 12, false, 24),
        ("cov._0", None, 3, false, 6),
        ("either._0", None, 1, true, 1),
        ("either._1", None, 1, true, 1),
        ("jets._0.pt", Some(0), 1, false, 3),
        ("either._1._0", Some(7), 1, false, 2),
        ("jets._0.names._0", Some(0), 2, false, 6),
        ("jets._0.names._0", Some(10), 1, false, 9),
    ];
    assert_eq!(rows, expected);
    assert_eq!(n.fields[13].projected_from, Some(0));
    assert_eq!((n.fields[3].role, n.fields[10].parent), (Role::Variant, Some(5)));
    assert_eq!(n.envelopes.len(), 3);
}

#[test]
fn pages_carry_on_over_clusters_and_cluster_groups_and_late_columns_begin_late() {
    let mut w = Writer::new(vec![field(0, 0, 0, "x", "float", &[])], vec![column(REAL32, 32, 0, 0, 0, &[])]);
    w.late_fields = vec![field(1, 0, 0, "y", "std::int32_t", &[])];
    w.late_columns = vec![column(INT32, 32, 1, 1, 0, &5i64.to_le_bytes())];
    let x = |at, elements: i32, first| {
        pages(&[page(-elements, &locator(at, 4 * elements.unsigned_abs()))], first)
    };
    w.groups = vec![
        Group { clusters: vec![(0, 2), (2, 3)], columns: vec![vec![x(0, 2, 0)], vec![x(20, 3, 2)]] },
        Group { clusters: vec![(5, 4)], columns: vec![vec![x(40, 4, 5), x(70, 4, 5)]] },
    ];
    let n = read_all(&w);
    assert_eq!((n.entries, n.clusters[2]), (9, Cluster { first_entry: 5, entries: 4 }));
    let spans = |c: usize| n.columns[c].pages.iter().map(|p| (p.first_element, p.elements, p.cluster));
    assert_eq!(spans(0).collect::<Vec<_>>(), [(0, 2, 0), (2, 3, 1), (5, 4, 2)]);
    assert_eq!(spans(1).collect::<Vec<_>>(), [(5, 4, 2)]);
    assert_eq!((n.columns[0].first_element, n.columns[1].first_element), (0, 5));
    assert!(
        n.columns[0].pages.iter().all(|p| p.has_checksum && !p.shared && p.plain_bytes == 4 * p.elements)
    );
}

#[test]
fn of_two_representations_each_cluster_has_one() {
    let mut w = Writer::new(
        vec![field(0, 0, 0, "x", "double", &[])],
        vec![column(0x19, 64, 0, 0, 0, &[]), column(REAL32, 32, 0, 0, 1, &[])],
    );
    let first = vec![pages(&[page(3, &locator(0, 24))], 0), suppressed()];
    let second = vec![suppressed(), pages(&[page(2, &locator(24, 8))], 3)];
    w.groups = vec![Group { clusters: vec![(0, 3), (3, 2)], columns: vec![first, second] }];
    let n = read_all(&w);
    assert!(n.notes.is_empty(), "{:?}", n.notes);
    let [wide, narrow] = n.columns.as_slice() else { panic!() };
    assert_eq!((wide.pages.len(), narrow.pages.len()), (1, 1));
    assert_eq!((narrow.representation, narrow.pages[0].first_element, narrow.pages[0].cluster), (1, 3, 1));
}

#[test]
fn a_page_in_a_place_already_taken_is_shared_and_large_locators_are_read() {
    let mut w = Writer::new(
        vec![field(0, 0, 0, "x", "float", &[]), field(1, 0, 0, "y", "float", &[])],
        vec![column(REAL32, 32, 0, 0, 0, &[]), column(REAL32, 32, 1, 0, 0, &[])],
    );
    let x = pages(&[page(4, &writer::large_locator(0, 16)), page(4, &locator(16, 16))], 0);
    let y = pages(&[page(4, &locator(0, 16)), page(4, &locator(32, 16)), page(4, &locator(40, 16))], 0);
    w.groups = vec![Group { clusters: vec![(0, 12)], columns: vec![vec![x, y]] }];
    let n = read_all(&w);
    let shared = |c: usize| n.columns[c].pages.iter().map(|p| p.shared).collect::<Vec<_>>();
    assert_eq!((shared(0), shared(1)), (vec![false, false], vec![true, false, true]));
    assert_eq!((n.columns[0].pages[0].at, n.columns[0].pages[0].stored_bytes), (0, 16));
}

#[test]
fn a_damaged_page_costs_its_column_and_no_other() {
    let reasons = [
        (page(4, &locator(4000, 16)), "a page leaves the file"),
        (page(4, &locator(u64::MAX - 3, 16)), "a page leaves the file"),
        (page(4, &locator(0, 17)), "a page has an impossible length"),
        (page(4, &locator(0, 0)), "a page has an impossible length"),
        (page(4, &writer::odd_locator()), "a page lies outside the file"),
    ];
    for (damaged, why) in reasons {
        let mut w = rich();
        w.filler_bytes = 200;
        w.groups[0].columns[0][8] = pages(&[damaged], 0);
        let n = read_all(&w);
        assert_eq!(n.notes, [format!("column jets._0.pt: {why}")]);
        let with_pages = n.columns.iter().filter(|c| !c.pages.is_empty()).count();
        assert_eq!(with_pages, n.columns.len() - 1);
    }
    let mut w = rich();
    w.groups[0].columns[0][8] = pages(&[page(2, &locator(0, 8)), page(1, &locator(8, 4))], i64::MAX - 1);
    assert!(read_all(&w).notes.is_empty());
    w.groups[0].clusters.push((2, 0));
    let again = w.groups[0].columns[0].clone();
    w.groups[0].columns.push(again);
    assert!(read_all(&w).notes.iter().any(|note| note.ends_with("pages are out of order")));
}

#[test]
fn what_is_newer_or_contradicts_itself_has_no_columns_and_a_note() {
    type Damage = fn(&mut Writer);
    let broken: [(Damage, &str); 7] = [
        (|w| w.features = 1, "the format has a feature that this reader does not know"),
        (|w| w.header_checksum_in_footer = 8, "the footer belongs to another header"),
        (|w| w.cluster_flags = 1, "a cluster is sharded"),
        (
            |w| w.fields[9] = field(10, 0, 0, "pt", "float", &[]),
            "a field comes before the one that it is a part of",
        ),
        (|w| w.columns[0] = column(INDEX, 64, 14, 0, 0, &[]), "a column belongs to no field"),
        (|w| w.groups[0].clusters.push((2, 2)), "page list and cluster summaries differ in number"),
        (|w| drop(w.columns.pop()), "a page list has more columns than the schema"),
    ];
    for (damage, why) in broken {
        let mut w = rich();
        damage(&mut w);
        let n = read_all(&w);
        assert_eq!(n.notes, [why]);
        assert!(n.columns.is_empty() && n.fields.is_empty() && n.entries == 0);
    }
}

#[test]
fn other_epochs_and_other_objects_are_not_read() {
    let (file, anchor) = rich().file();
    for (at, byte) in [(0, 0), (7, 0), (7, 2), (6, 1)] {
        let mut other = anchor.clone();
        other[at] = byte;
        assert_eq!(open(&file, &other), None);
    }
    for cut in 0..62 {
        assert_eq!(open(&file, &anchor[..cut]), None);
    }
}

/// What a caller relies on, whatever the file says.
fn is_sound(n: &Ntuple, file_bytes: u64) {
    for column in &n.columns {
        assert!((column.field as usize) < n.fields.len());
        assert!(column.parent_collection.is_none_or(|c| n.columns[c as usize].encoding.is_index()));
        let mut next = 0;
        for page in &column.pages {
            let end = page.at + page.stored_bytes + if page.has_checksum { 8 } else { 0 };
            assert!(end <= file_bytes && 0 < page.stored_bytes && page.stored_bytes <= page.plain_bytes);
            assert!(page.first_element >= next && (page.cluster as usize) < n.clusters.len());
            next = page.first_element + page.elements;
        }
    }
    assert!(n.fields.iter().zip(0..).all(|(f, id)| f.parent.is_none_or(|parent| parent < id)));
}

#[test]
fn every_changed_byte_and_every_cut_is_survived() {
    let mut w = rich();
    w.filler_bytes = 200;
    let (file, anchor) = w.file();
    for at in 200..file.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff, file[at] ^ 1, file[at] ^ 0x20] {
            let mut other = file.clone();
            other[at] = byte;
            is_sound(&open(&other, &anchor).unwrap(), other.len() as u64);
        }
        let cut = &file[..at];
        is_sound(&open(cut, &anchor).unwrap(), at as u64);
    }
    for at in 0..anchor.len() {
        let mut other = anchor.clone();
        other[at] ^= 0xff;
        if let Some(n) = open(&file, &other) {
            is_sound(&n, file.len() as u64);
        }
    }
}

#[test]
fn a_kilobyte_that_claims_terabytes_is_refused_at_once() {
    let (file, anchor) = rich().file();
    let mut other = anchor.clone();
    other[30..38].copy_from_slice(&(1u64 << 40).to_be_bytes());
    let n = open(&file, &other).unwrap();
    assert_eq!(n.notes, ["an envelope has an implausible length"]);

    let mut w = rich();
    w.groups[0].columns[0][8] = pages(&vec![page(1, &locator(0, 4)); 1000], 0);
    // The same 16 kB of page list, again and again: a gigabyte.
    w.repeat_group = 1 << 16;
    assert_eq!(read_all(&w).notes, ["the envelopes are too large for the file"]);
}

#[test]
fn every_encoding_has_the_bits_of_its_scalar_and_unknown_ones_none() {
    for kind in 0..0x20 {
        let fits =
            |bits: &u16| !matches!(Encoding::new(kind, *bits, Some((-1.0, 1.0))), Encoding::Unknown { .. });
        let bits: Vec<u16> = (0..200).filter(fits).collect();
        let encoding = |bits: &u16| Encoding::new(kind, *bits, Some((-1.0, 1.0)));
        match kind {
            0x1c => assert_eq!((bits.len(), bits[0]), (22, 10)),
            0x1d => assert_eq!((bits.len(), bits[0]), (32, 1)),
            0x1e.. => assert!(bits.is_empty()),
            _ => {
                assert_eq!(bits.len(), 1, "type {kind}");
                let bytes = encoding(&bits[0]).scalar().map(|scalar: Scalar| scalar.bytes());
                let expected = if kind == SWITCH { None } else { Some(usize::from(bits[0]).div_ceil(8)) };
                assert_eq!(bytes, expected, "type {kind}");
            }
        }
        for bits in &bits {
            let bytes = encoding(bits).element_bytes().unwrap();
            let is_packed = matches!(encoding(bits).steps().unwrap()[..], [Step::Packed { .. }]);
            assert!(if is_packed { 8 * bytes >= u32::from(*bits) } else { 8 * bytes == u32::from(*bits) });
        }
    }
    assert_eq!(Encoding::new(0x1d, 8, None), Encoding::Unknown { kind: 0x1d });
    assert_eq!(Encoding::new(0x1d, 8, None).steps(), None);
}

#[test]
fn pages_of_the_specification_open_to_their_elements() {
    let zeros = |bytes: &[u8], n: usize| [bytes, &vec![0; n]].concat();
    let little = |values: &[i64], width: usize| -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(width)).collect()
    };
    let pages = [
        (0x00, 1, vec![0x19, 0x01], little(&[1, 0, 0, 1, 1, 0, 0, 0, 1], 1)),
        (0x10, 96, zeros(&[5, 0, 0, 0, 0, 0, 0, 0, 2], 3), zeros(&[5, 0, 0, 0, 0, 0, 0, 0, 2], 3)),
        (0x11, 16, vec![2, 3, 0xff, 0, 0, 0xff], little(&[1, -2, -0x8000], 2)),
        (0x13, 32, zeros(&[2, 3, 6], 9), little(&[1, -2, 3], 4)),
        (0x18, 32, vec![1, 5, 2, 6, 3, 7, 4, 8], vec![1, 2, 3, 4, 5, 6, 7, 8]),
        (0x1a, 32, zeros(&[2, 0, 3], 9), little(&[2, 2, 5], 4)),
        (0x1b, 64, zeros(&[2, 0, 3], 21), little(&[2, 2, 5], 8)),
        (0x1c, 12, vec![0xbc, 0x3a, 0x12], little(&[0xabc, 0x123], 4)),
        (0x1d, 5, vec![0x4a, 0x7c, 0x00], little(&[10, 2, 31], 1)),
    ];
    for (kind, bits, stored, plain) in pages {
        let encoding = Encoding::new(kind, bits, Some((0.0, 1.0)));
        let steps = encoding.steps().unwrap();
        let n = plain.len() / encoding.element_bytes().unwrap() as usize;
        assert_eq!(undo(&steps, &stored, n), plain, "type {kind}");
    }
}

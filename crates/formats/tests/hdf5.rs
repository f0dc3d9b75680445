//! HDF5 layouts against what libhdf5 says about the same files (`tests/hdf5/generate.py` writes both).

use flate2::read::ZlibDecoder;
use hepz_columns::{RowOrder, Table, Values};
use hepz_formats::{Block, Extent, Layout, Part, Place, Source, hdf5};
use hepz_recompression::Step;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hdf5")
}

fn fixtures() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "h5"));
    paths.sort();
    assert!(paths.len() >= 20, "the fixtures are missing");
    paths
}

/// Files with deeper structures (`generate.py --large FOLDER`), if `HEPZ_HDF5_LARGE` names their folder.
fn large_files() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("HEPZ_HDF5_LARGE") else {
        eprintln!("skipped: HEPZ_HDF5_LARGE is not set");
        return Vec::new();
    };
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "h5"))
        .collect()
}

fn layout_of(bytes: &[u8]) -> Option<Layout> {
    hdf5::layout(&Counted::new(bytes)).unwrap()
}

/// Undoes a block's pipeline without any of the code under test.
fn plain(file: &[u8], block: &Block) -> Vec<u8> {
    let mut bytes = file[block.at as usize..][..block.bytes as usize].to_vec();
    for step in block.pipeline.iter().rev() {
        bytes = match *step {
            Step::Zlib => {
                let mut out = Vec::new();
                ZlibDecoder::new(&bytes[..]).read_to_end(&mut out).unwrap();
                out
            }
            Step::Fletcher32 => bytes[..bytes.len() - 4].to_vec(),
            Step::Shuffle { element_bytes } => {
                let width = element_bytes as usize;
                let elements = bytes.len() / width;
                let mut out = bytes.clone();
                for element in 0..elements {
                    for byte in 0..width {
                        out[element * width + byte] = bytes[byte * elements + element];
                    }
                }
                out
            }
            other => panic!("HDF5 has no {other:?}"),
        };
    }
    assert_eq!(bytes.len() as u64, block.plain_bytes);
    bytes
}

/// The whole records of a table, row by row.
fn records(file: &[u8], layout: &Layout, table: usize) -> Vec<u8> {
    let row_bytes = layout.tables[table].row_bytes as usize;
    let mut extents: Vec<&Extent> = layout.extents.iter().filter(|e| e.table as usize == table).collect();
    extents.sort_by_key(|e| e.first_row);
    let mut out = Vec::new();
    let mut open = BTreeMap::new();
    for extent in extents {
        assert_eq!(extent.part, Part::Records);
        let bytes = extent.rows as usize * row_bytes;
        match extent.place {
            Place::File(at) => out.extend_from_slice(&file[at as usize..][..bytes]),
            Place::Block { block, at } => {
                let content =
                    open.entry(block).or_insert_with(|| plain(file, &layout.blocks[block as usize]));
                out.extend_from_slice(&content[at as usize..][..bytes]);
            }
            Place::Frame { .. } | Place::Structure(_) => panic!("HDF5 has no frames"),
        }
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// A table in the words of an `.expected` file.
fn describe(file: &[u8], layout: &Layout, number: usize) -> (String, String) {
    let table: &Table = &layout.tables[number];
    let records = records(file, layout, number);
    let order = match table.row_order {
        RowOrder::Logical => "logical",
        RowOrder::Storage => "storage",
    };
    let inner: Vec<String> = table.inner.iter().map(u64::to_string).collect();
    let inner = if inner.is_empty() { "-".into() } else { inner.join(",") };
    let mut text = format!("table {} {order} {inner} {}\n", table.rows, table.name);
    for column in &table.columns {
        let mut values = Values::with_capacity(column.scalar, table.rows as usize);
        values.gather(column, &records, table.row_bytes as usize);
        let hash = hex(&Sha256::digest(values.as_bytes())[..8]);
        let endian = if column.order == hepz_columns::ByteOrder::Big { "big" } else { "little" };
        let unit = if column.unit.is_empty() { "-" } else { &column.unit };
        writeln!(text, "column {} {endian} {hash} {unit} {}", column.scalar.name(), column.name).unwrap();
    }
    (table.name.clone(), text)
}

fn expected(path: &Path) -> BTreeMap<String, String> {
    let mut tables = BTreeMap::new();
    let mut name = String::new();
    for line in std::fs::read_to_string(path.with_extension("expected")).unwrap().lines() {
        if line.starts_with("table ") {
            name = line.splitn(5, ' ').nth(4).unwrap().to_string();
        }
        if !line.starts_with("absent ") {
            let text: &mut String = tables.entry(name.clone()).or_default();
            writeln!(text, "{line}").unwrap();
        }
    }
    tables
}

#[test]
fn every_dataset_has_the_rows_columns_and_values_that_libhdf5_reads() {
    let mut tables = 0;
    let mut wrong = String::new();
    for path in fixtures().into_iter().chain(large_files()) {
        let file = std::fs::read(&path).unwrap();
        let layout = layout_of(&file).unwrap();
        assert_eq!(layout.format, "hdf5");
        let found: BTreeMap<_, _> =
            (0..layout.tables.len()).map(|table| describe(&file, &layout, table)).collect();
        let wanted = expected(&path);
        for name in wanted.keys().chain(found.keys().filter(|name| !wanted.contains_key(*name))) {
            let (wanted, found) = (wanted.get(name), found.get(name));
            if wanted != found {
                let none = String::from("(nothing)\n");
                let (wanted, found) = (wanted.unwrap_or(&none), found.unwrap_or(&none));
                write!(wrong, "{}: {name}\nwanted {wanted}found {found}", path.display()).unwrap();
            }
        }
        if !wrong.is_empty() {
            writeln!(wrong, "notes {:#?}", layout.notes).unwrap();
        }
        tables += found.len();
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(tables > 190, "only {tables} tables in all fixtures");
}

/// Bytes as a [`Source`] that counts what is read.
struct Counted<'a> {
    bytes: &'a [u8],
    read: AtomicU64,
}

impl Counted<'_> {
    fn new(bytes: &[u8]) -> Counted<'_> {
        Counted { bytes, read: AtomicU64::new(0) }
    }
}

impl Source for Counted<'_> {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> std::io::Result<()> {
        self.read.fetch_add(into.len() as u64, Ordering::Relaxed);
        self.bytes.read_at(at, into)
    }
}

#[test]
fn a_file_of_another_format_has_no_hdf5_layout() {
    assert_eq!(layout_of(b""), None);
    assert_eq!(layout_of(&[0x89; 5000]), None);
    assert_eq!(layout_of(b"\x89HDF\r\n\x1a"), None);
}

#[test]
fn a_superblock_without_a_file_behind_it_is_opaque() {
    let mut file = std::fs::read(folder().join("types_latest.h5")).unwrap();
    file.truncate(60);
    let layout = layout_of(&file).unwrap();
    assert!(layout.tables.is_empty() && layout.notes.len() == 1, "{layout:?}");
}

/// A small generator of repeatable numbers (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// The layout of a damaged file is sound, and costs no more reading than its length allows.
fn check_damaged(bytes: &[u8]) {
    let source = Counted::new(bytes);
    let start = Instant::now();
    let Some(mut layout) = hdf5::layout(&source).unwrap() else { return };
    layout.validate(bytes.len() as u64).unwrap();
    let read = source.read.load(Ordering::Relaxed);
    assert!(read <= 8 * bytes.len() as u64 + (17 << 20), "{read} bytes read of {}", bytes.len());
    assert!(start.elapsed() < Duration::from_secs(2), "took {:?}", start.elapsed());
    let held = layout.extents.len() * size_of::<Extent>() + layout.blocks.len() * size_of::<Block>();
    assert!(held <= 64 * bytes.len() + 65536, "{held} bytes of layout for {} of file", bytes.len());
}

#[test]
fn flipped_bits_and_wild_bytes_never_panic_and_give_sound_layouts() {
    let mut numbers = Numbers(1);
    for path in fixtures() {
        let whole = std::fs::read(&path).unwrap();
        // Metadata are dense near structures that have signatures and addresses; any byte may be hit.
        for round in 0..600 {
            let mut file = whole.clone();
            for _ in 0..=numbers.below(3) {
                let at = numbers.below(file.len());
                match round % 4 {
                    0 => file[at] ^= 1 << numbers.below(8),
                    1 => file[at] = [0, 1, 0x7f, 0x80, 0xff][numbers.below(5)],
                    2 => {
                        // An address or a length: eight bytes that are huge, or point somewhere in the file.
                        let at = at.min(file.len() - 8);
                        let value = [u64::MAX, u64::MAX - 1, 1 << 62, numbers.next() % file.len() as u64]
                            [numbers.below(4)];
                        file[at..at + 8].copy_from_slice(&value.to_le_bytes());
                    }
                    _ => {
                        // A structure in the wrong place.
                        let (from, length) = (numbers.below(file.len()), 8 * (1 + numbers.below(8)));
                        let length = length.min(file.len() - from).min(file.len() - at);
                        file.copy_within(from..from + length, at);
                    }
                }
            }
            check_damaged(&file);
        }
    }
}

#[test]
fn every_bit_of_the_first_structures_may_be_flipped() {
    for name in ["brief_v18.h5", "brief_v114.h5", "types_earliest.h5"] {
        let whole = std::fs::read(folder().join(name)).unwrap();
        for bit in 0..8 * whole.len().min(4000) {
            let mut file = whole.clone();
            file[bit / 8] ^= 1 << (bit % 8);
            check_damaged(&file);
        }
    }
}

#[test]
fn truncated_files_give_sound_layouts() {
    for path in fixtures() {
        let whole = std::fs::read(&path).unwrap();
        for length in (0..whole.len()).step_by(97) {
            check_damaged(&whole[..length]);
        }
    }
}

#[test]
fn what_cannot_be_read_is_said_in_a_note() {
    let file = std::fs::read(folder().join("chunked_latest.h5")).unwrap();
    let notes = layout_of(&file).unwrap().notes.join("\n");
    assert!(notes.contains("left_lzf") && notes.contains("lzf"), "{notes}");
    assert!(notes.contains("left_scaled"), "{notes}");
    assert!(!notes.contains("not_written"), "an empty dataset is no oddity: {notes}");
}

#[test]
fn a_group_cannot_make_its_names_grow_for_ever() {
    // The fixture has a link from a deep group back to the root; each object is met once.
    let file = std::fs::read(folder().join("groups_latest.h5")).unwrap();
    let layout = layout_of(&file).unwrap();
    let mut names: Vec<&str> = layout.tables.iter().map(|t| t.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), layout.tables.len());
    assert!(layout.tables.iter().all(|t| !t.name.contains("back_to_root") && t.name != "second_name"));
}

#[test]
fn neighbouring_chunks_share_one_extent() {
    let file = std::fs::read(folder().join("chunked_latest.h5")).unwrap();
    let layout = layout_of(&file).unwrap();
    let table = layout.tables.iter().position(|t| t.name == "implicit").unwrap();
    assert_eq!(layout.extents.iter().filter(|e| e.table as usize == table).count(), 1);
}

#[test]
fn the_corpus_files_are_read_whole_and_without_touching_their_payload() {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS").map(PathBuf::from) else {
        eprintln!("skipped: HEPZ_CORPUS is not set");
        return;
    };
    let mut files = 0;
    for entry in std::fs::read_dir(corpus.join("hdf5")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "h5") {
            continue;
        }
        let file = std::fs::read(&path).unwrap();
        let source = Counted::new(&file);
        let start = Instant::now();
        let layout = hdf5::layout(&source).unwrap().unwrap();
        let took = start.elapsed();
        let covered: u64 = layout.tables.iter().map(|t| t.rows * u64::from(t.row_bytes)).sum();
        let read = source.read.load(Ordering::Relaxed);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for table in &layout.tables {
            let (rows, columns) = (table.rows, table.columns.len());
            println!("{name}: {} rows {rows} inner {:?} columns {columns}", table.name, table.inner);
        }
        println!("{name}: {covered} of {} bytes in tables, {read} bytes read, {took:?}", file.len());
        assert!(layout.notes.is_empty(), "{:?}", layout.notes);
        assert!(read * 20 < file.len() as u64 + 100_000);
        let shapes: Vec<_> = layout.tables.iter().map(|t| (&t.name[..], t.rows, &t.inner[..])).collect();
        let wanted: &[(&str, u64, &[u64])] = match &name[..] {
            "atlas_ftag_schema_mock.h5" => &[("jets", 1000, &[]), ("tracks", 40_000, &[40])],
            "pythia_ftaglike_jets.h5" => &[("jets", 30_000, &[])],
            "pythia_ftaglike_tracks.h5" => &[("jets", 1500, &[]), ("tracks", 60_000, &[40])],
            _ => continue,
        };
        assert_eq!(shapes, wanted);
        assert!(covered * 100 > file.len() as u64 * 99, "{name}: only {covered} bytes in tables");
        files += 1;
    }
    assert_eq!(files, 3);
}

#[test]
fn large_files_are_laid_out_in_a_moment() {
    for path in large_files() {
        let file = std::fs::read(&path).unwrap();
        let source = Counted::new(&file);
        let start = Instant::now();
        let layout = hdf5::layout(&source).unwrap().unwrap();
        let (took, read) = (start.elapsed(), source.read.load(Ordering::Relaxed));
        let counts = (layout.tables.len(), layout.extents.len(), layout.blocks.len());
        println!("{}: {} bytes, {read} read, {counts:?}, {took:?}", path.display(), file.len());
        assert!(took < Duration::from_secs(5));
    }
}

#[test]
fn reading_a_file_of_many_chunks_touches_no_payload() {
    let file = std::fs::read(folder().join("many_chunks_latest.h5")).unwrap();
    let whole = Counted::new(&file);
    let layout = hdf5::layout(&whole).unwrap().unwrap();
    let metadata =
        file.len() as u64 - layout.tables.iter().map(|t| t.rows * u64::from(t.row_bytes)).sum::<u64>();
    let read = whole.read.load(Ordering::Relaxed);
    assert!(read < metadata + 4096, "{read} bytes read, of {metadata} that are not data");
}

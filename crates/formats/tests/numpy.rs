//! NumPy files: the fixtures of `numpy/generate.py` against NumPy's own listing, mutations, and the corpus.

use flate2::Crc;
use flate2::read::DeflateDecoder;
use hepz_columns::{RowOrder, Values};
use hepz_formats::{Content, ContentCheck, Layout, LayoutError, Part, Place, Source, recognise};
use hepz_recompression::Step;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A file in memory.
struct Held(Vec<u8>);

impl Source for Held {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.as_slice().read_at(at, into)
    }
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numpy");
    let entries =
        std::fs::read_dir(folder).expect("the fixtures").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "npy" || e == "npz")).collect();
    files.sort();
    assert!(files.len() > 30, "{} fixtures", files.len());
    files
}

/// The plain content of each block, by another inflater than the one under test.
fn contents(layout: &Layout, file: &[u8]) -> Vec<Vec<u8>> {
    let content = |block: &hepz_formats::Block| {
        assert_eq!(block.pipeline, [Step::Deflate]);
        let mut plain = Vec::new();
        let stored = &file[block.at as usize..][..block.bytes as usize];
        DeflateDecoder::new(stored).read_to_end(&mut plain).expect("a deflate stream");
        assert_eq!(plain.len() as u64, block.plain_bytes);
        plain
    };
    layout.blocks.iter().map(content).collect()
}

/// The values of every column of a table.
fn values(layout: &Layout, table: usize, file: &[u8], blocks: &[Vec<u8>]) -> Vec<Values> {
    let of = &layout.tables[table];
    let mut columns: Vec<Values> = of.columns.iter().map(|c| Values::with_capacity(c.scalar, 0)).collect();
    for extent in layout.extents.iter().filter(|extent| extent.table as usize == table) {
        assert_eq!(extent.part, Part::Records);
        let (held, at) = match extent.place {
            Place::File(at) => (file, at),
            Place::Block { block, at } => (blocks[block as usize].as_slice(), at),
            Place::Frame { .. } | Place::Structure(_) => unreachable!("NumPy has no frames"),
        };
        let records = &held[at as usize..][..(extent.rows * u64::from(of.row_bytes)) as usize];
        for (values, column) in columns.iter_mut().zip(&of.columns) {
            values.gather(column, records, of.row_bytes as usize);
        }
    }
    columns
}

/// A layout in the form of the listings.
fn listing(layout: &Layout, file: &[u8]) -> String {
    let mut lines = vec![format!("format {}", layout.format)];
    if !layout.notes.is_empty() {
        lines.push(format!("notes {}", layout.notes.len()));
    }
    let blocks = contents(layout, file);
    for (table, of) in layout.tables.iter().enumerate() {
        let inner: Vec<String> = of.inner.iter().map(u64::to_string).collect();
        let order = if of.row_order == RowOrder::Storage { "storage" } else { "logical" };
        lines.push(format!("table {}|{}|{}|{order}", of.name, of.rows, inner.join(",")));
        let values = values(layout, table, file, &blocks);
        let mut columns: Vec<String> = (of.columns.iter().zip(values))
            .map(|(column, values)| {
                let sum: String =
                    Sha256::digest(values.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
                format!("column {}|{}|{sum}", column.name, column.scalar.name())
            })
            .collect();
        columns.sort();
        lines.append(&mut columns);
    }
    lines.join("\n") + "\n"
}

/// The lines of a listing, so that columns compare in any order.
fn sorted(listing: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = listing.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn every_fixture_is_read_as_numpy_reads_it() {
    for path in fixtures() {
        let file = Held(std::fs::read(&path).expect("a fixture"));
        let expected = std::fs::read_to_string(format!("{}.expected", path.display())).expect("its listing");
        let layout = recognise(&file).expect("memory reads");
        let found = listing(&layout, &file.0);
        assert_eq!(sorted(&found), sorted(&expected), "{}: {:?}", path.display(), layout.notes);
    }
}

/// The content that a sum is over.
fn summed<'a>(check: &ContentCheck, file: &'a [u8], blocks: &'a [Vec<u8>]) -> &'a [u8] {
    match check.content {
        Content::File { at, bytes } => &file[at as usize..][..bytes as usize],
        Content::Block(block) => &blocks[block as usize],
    }
}

#[test]
fn sums_over_members_stand_where_the_layout_says() {
    let (mut n_zips, mut n_places) = (0, 0);
    for path in fixtures() {
        let file = Held(std::fs::read(&path).expect("a fixture"));
        let layout = recognise(&file).expect("memory reads");
        if layout.format != "npz" {
            assert_eq!(layout.checks, []);
            continue;
        }
        n_zips += 1;
        assert_eq!(layout.checks.len(), layout.tables.len(), "{}", path.display());
        let blocks = contents(&layout, &file.0);
        for check in &layout.checks {
            let mut crc = Crc::new();
            crc.update(summed(check, &file.0, &blocks));
            // The local header of a member with a descriptor says nothing.
            assert_eq!(check.crc32_at.len(), 2, "{}: {check:?}", path.display());
            for &at in &check.crc32_at {
                assert_eq!(file.0[at as usize..][..4], crc.sum().to_le_bytes(), "{}: {at}", path.display());
                n_places += 1;
            }
        }
    }
    assert!(n_zips >= 4 && n_places >= 16, "{n_zips} zips, {n_places} places");
}

#[test]
fn sums_outside_the_file_or_in_content_are_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numpy/savez_compressed.npz");
    let file = Held(std::fs::read(path).expect("a fixture"));
    let layout = recognise(&file).expect("memory reads");
    let block = layout.blocks[0].at;
    let with = |content: Content, at: u64| {
        let mut changed = layout.clone();
        changed.checks[1] = ContentCheck { content, crc32_at: vec![at] };
        changed.validate(file.len())
    };
    let refused = Err(LayoutError::Check { check: 1 });
    let whole = Content::File { at: 0, bytes: file.len() };
    assert_eq!(with(whole, file.len() - 4), Ok(()));
    assert_eq!(with(whole, block - 4), Ok(()));
    for at in [file.len() - 3, u64::MAX, block - 3, block, block + layout.blocks[0].bytes - 1] {
        assert_eq!(with(whole, at), refused, "{at}");
    }
    assert_eq!(with(Content::Block(layout.blocks.len() as u32), 0), refused);
    for (at, bytes) in [(1, file.len()), (u64::MAX, 1), (1, u64::MAX)] {
        assert_eq!(with(Content::File { at, bytes }, 0), refused);
    }
    // The same in a zip whose members are stored: an extent of the file is content too.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numpy/savez.npz");
    let file = Held(std::fs::read(path).expect("a fixture"));
    let mut layout = recognise(&file).expect("memory reads");
    let Place::File(at) = layout.extents[0].place else { panic!("an extent of the file") };
    layout.checks[0].crc32_at = vec![at - 4];
    assert_eq!(layout.validate(file.len()), Ok(()));
    layout.checks[0].crc32_at = vec![at - 3];
    assert_eq!(layout.validate(file.len()), Err(LayoutError::Check { check: 0 }));
}

#[test]
fn changed_files_are_read_or_left_and_never_panic() {
    let mut state = 1u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for path in fixtures() {
        let file = std::fs::read(&path).expect("a fixture");
        let read = |changed: Vec<u8>| {
            let changed = Held(changed);
            // `recognise` validates; an unsound layout would come back opaque, with this note.
            let layout = recognise(&changed).expect("memory reads");
            let unsound = layout.format.is_empty() && !layout.notes.is_empty();
            assert!(!unsound, "{}: {:?}", path.display(), layout.notes);
        };
        for _ in 0..60 {
            read(file[..random(file.len())].to_vec());
        }
        // Headers and directories lie at both ends.
        for at in (0..file.len().min(150)).chain(file.len().saturating_sub(400)..file.len()) {
            for value in [0, 0xff, b'9', file[at] ^ 1, file[at] ^ 0x80] {
                let mut changed = file.clone();
                changed[at] = value;
                read(changed);
            }
        }
        for _ in 0..200 {
            let mut changed = file.clone();
            for _ in 0..1 + random(6) {
                let at = random(changed.len());
                changed[at] = random(256) as u8;
            }
            read(changed);
        }
    }
}

#[test]
fn files_of_the_corpus_are_read_whole() {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS") else {
        return println!("skipped: HEPZ_CORPUS is not set");
    };
    let arrays = Path::new(&corpus).join("arrays");
    let mut n_files = 0;
    for entry in std::fs::read_dir(&arrays).expect("arrays of the corpus") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "npz") {
            continue;
        }
        n_files += 1;
        let file = std::fs::read(&path).expect("a file of the corpus");
        let members = file.windows(4).filter(|window| window == b"PK\x01\x02").count();
        let held = Held(file);
        let layout = recognise(&held).expect("memory reads");
        let placed: u64 =
            layout.extents.iter().map(|e| e.rows * e.bytes_per_row(&layout.tables[e.table as usize])).sum();
        println!(
            "{}: {} tables, {} blocks, {placed} of {} bytes in columns, notes {:?}",
            path.display(),
            layout.tables.len(),
            layout.blocks.len(),
            held.len(),
            layout.notes
        );
        assert_eq!((layout.tables.len(), layout.notes.len()), (members, 0), "{}", path.display());
        if path.ends_with("cms_nanoaodv5_columns.npz") {
            assert!(placed * 100 > held.len() * 95);
        }
        let blocks = contents(&layout, &held.0);
        for (block, plain) in layout.blocks.iter().zip(&blocks) {
            let stored = &held.0[block.at as usize..][..block.bytes as usize];
            let opened = hepz_recompression::open(&block.pipeline, stored, plain.len());
            let recipe = opened.map(|opened| {
                assert!(opened.plain == *plain);
                opened.recipe.len()
            });
            println!("  block of {} plain, {} stored bytes: recipe {recipe:?}", plain.len(), stored.len());
        }
    }
    assert!(n_files > 0, "no npz in {}", arrays.display());
}

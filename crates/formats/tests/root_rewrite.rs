//! Rewritten ROOT files: the same records with the same content, and blocks that are re-made, every one.
//!
//! In: the folder that `HEPZ_CORPUS` names; with `HEPZ_REWRITTEN` the new files are left in that folder for other
//! readers.
//! Not here: parts of the rewriting (unit tests of the modules).

use hepz_formats::layout::{Block, Source};
use hepz_formats::root::file::{self, File, Record};
use hepz_formats::root::rewrite::{Compression, RewriteError, rewrite};
use hepz_formats::root::tree::{self, BasketPlace, Numbers, Tree};
use hepz_formats::root::{layout, ntuple};
use hepz_recompression::{Step, open};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Names and bytes of the ROOT files of the corpus, sorted; none without one.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS") else {
        println!("HEPZ_CORPUS is not set: skipping real files");
        return Vec::new();
    };
    let entries = std::fs::read_dir(PathBuf::from(corpus).join("root"));
    let mut paths: Vec<PathBuf> =
        entries.map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    paths.sort();
    let named = paths.iter().map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name, std::fs::read(path).expect("a readable file"))
    });
    named.collect()
}

/// A file in memory.
#[derive(Clone, Copy)]
struct Memory<'b>(&'b [u8]);

impl Source for Memory<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> std::io::Result<()> {
        self.0.read_at(at, into)
    }
}

fn rewritten(bytes: &[u8], compression: &str) -> Result<Vec<u8>, RewriteError> {
    let mut new = Vec::new();
    let compression = compression.parse().expect("a compression");
    let report = rewrite(&Memory(bytes), compression, &mut new)?;
    assert_eq!(report.bytes, new.len() as u64);
    Ok(new)
}

/// What tells records from each other.
type Key = (String, String, u16, u32);

fn key(record: &Record) -> Key {
    (record.class.clone(), record.name.clone(), record.cycle, record.datime)
}

/// A file as our own reader sees it.
struct Read<'b> {
    source: Memory<'b>,
    file: File,
    records: Vec<Record>,
    trees: Vec<Tree>,
}

impl Read<'_> {
    fn new(bytes: &[u8]) -> Read<'_> {
        let source = Memory(bytes);
        let file = file::open(&source).expect("bytes").expect("a ROOT file");
        let records = file::records(&source, &file).expect("bytes");
        let (trees, notes) = tree::trees(&source, &file, &records).expect("bytes");
        assert_eq!(notes, Vec::<String>::new());
        Read { source, file, records, trees }
    }

    fn plain(&self, record: &Record) -> Vec<u8> {
        file::payload(&self.source, record).expect("bytes").expect("a payload that opens")
    }

    fn record(&self, at: u64) -> Option<&Record> {
        self.records.iter().find(|record| record.at == at)
    }

    /// What has names, and what it holds, but for the places in trees, and directories and anchors, which are nothing
    /// else; `sums` are the places of `fZipBytes` in trees.
    fn named(&self, sums: &BTreeMap<Key, usize>) -> BTreeMap<Key, Vec<u8>> {
        let mut found = BTreeMap::new();
        for (index, record) in self.records.iter().enumerate() {
            if record.basket.is_some() || ["RBlob", "TFile", "TDirectory"].contains(&record.class.as_str()) {
                continue;
            }
            let mut plain = if record.class == "ROOT::RNTuple" { Vec::new() } else { self.plain(record) };
            for tree in self.trees.iter().filter(|tree| tree.record == index) {
                let fields = tree.branches.iter().map(|branch| &branch.fields_at);
                for fields in fields {
                    let zip = fields.zip_bytes.map(|at| Numbers { at, count: 1, width: 8 });
                    for numbers in [fields.basket_seek, fields.basket_bytes, zip].into_iter().flatten() {
                        let bytes = numbers.count as usize * usize::from(numbers.width);
                        plain[numbers.at as usize..][..bytes].fill(0);
                    }
                }
                if let Some(&at) = sums.get(&key(record)) {
                    assert_eq!(
                        plain[at..at + 8],
                        self.zip_bytes(tree).to_be_bytes(),
                        "fZipBytes of {}",
                        tree.name
                    );
                    plain[at..at + 8].fill(0);
                }
            }
            assert_eq!(found.insert(key(record), plain), None, "two records of one name");
        }
        found
    }

    /// Where the trees say how many bytes their baskets take: behind as many bytes as they have plain.
    fn sums(&self) -> BTreeMap<Key, usize> {
        let found = self.trees.iter().filter_map(|tree| {
            let record = &self.records[tree.record];
            let sum = Some(self.zip_bytes(tree)).filter(|&sum| sum > 0)?.to_be_bytes();
            let at = self.plain(record).windows(8).position(|window| window == sum)?;
            Some((key(record), at))
        });
        found.collect()
    }

    /// `fZipBytes` of a tree: what its baskets take.
    fn zip_bytes(&self, tree: &Tree) -> u64 {
        let baskets = tree.branches.iter().flat_map(|branch| &branch.baskets);
        let stored = baskets.filter_map(|basket| match basket.place {
            BasketPlace::Record(index) => self.records.get(index),
            BasketPlace::Embedded { .. } => None,
        });
        stored.map(|record| record.stored_bytes + u64::from(record.key_bytes)).sum()
    }

    /// Names of branches and baskets in their order, with entries and plain bytes.
    fn baskets(&self) -> Vec<(String, u64, u64, Vec<u8>)> {
        let mut found = Vec::new();
        for tree in &self.trees {
            for branch in &tree.branches {
                for basket in &branch.baskets {
                    let BasketPlace::Record(index) = basket.place else { continue };
                    let plain = self.plain(&self.records[index]);
                    let name = format!("{}/{};{}/{}", tree.directory, tree.name, tree.cycle, branch.name);
                    found.push((name, basket.first_entry, basket.entries, plain));
                }
            }
        }
        // Trees may have changed places.
        found.sort();
        found
    }

    /// Plain bytes of the pages of all RNTuples, by name, column and order.
    fn pages(&self) -> Vec<(String, usize, u64, Vec<u8>)> {
        let mut found = Vec::new();
        for record in self.records.iter().filter(|record| record.class == "ROOT::RNTuple") {
            let anchor = self.plain(record);
            let read = ntuple::read(&self.source, &anchor, &record.name).expect("bytes").expect("an RNTuple");
            assert_eq!(read.notes, Vec::<String>::new());
            for (column, description) in read.columns.iter().enumerate() {
                for page in &description.pages {
                    let stored = &self.source.0[page.at as usize..][..page.stored_bytes as usize];
                    let plain = match page.stored_bytes == page.plain_bytes {
                        true => stored.to_vec(),
                        false => hepz_recompression::root::plain(stored, page.plain_bytes as usize)
                            .expect("a page that opens"),
                    };
                    found.push((record.name.clone(), column, page.first_element, plain));
                }
            }
        }
        found
    }

    /// Every directory names its list of keys, and each key of it a record with the same key.
    fn check_directories(&self) {
        let end = self.records.iter().map(|record| record.payload_at() + record.stored_bytes).max();
        assert_eq!(end, Some(self.file.end), "the file ends with its last record");
        assert_eq!(self.file.end, self.source.0.len() as u64);
        let mut at = self.file.begin;
        for record in &self.records {
            assert_eq!(record.at, at, "no gaps");
            at = record.payload_at() + record.stored_bytes;
            let of_file = record.directory == 0 || record.directory == record.at;
            assert!(of_file || self.record(record.directory).is_some(), "{record:?} has no directory");
        }
        let free = self.record(self.file.seek_free).expect("free segments");
        assert_eq!(u64::from(self.file.nbytes_free), free.stored_bytes + u64::from(free.key_bytes));
        if self.file.seek_info > 0 {
            let info = self.record(self.file.seek_info).expect("descriptions of classes");
            assert_eq!(u64::from(self.file.nbytes_info), info.stored_bytes + u64::from(info.key_bytes));
        }
    }
}

/// Compressed blocks of a file, and how many of them are re-made. Others may be too short for a recipe.
fn remade(bytes: &[u8]) -> (usize, usize) {
    let is_compressed =
        |block: &&Block| block.pipeline.iter().any(|step| matches!(step, Step::RootBlocks { .. }));
    let layout = layout(&Memory(bytes)).expect("bytes").expect("a ROOT file");
    let (mut made, mut all) = (0, 0);
    for block in layout.blocks.iter().filter(is_compressed) {
        all += 1;
        let mut stored = vec![0; block.bytes as usize];
        bytes.read_at(block.at, &mut stored).expect("a block in the file");
        if open(&block.pipeline, &stored, block.plain_bytes as usize).is_some() {
            made += 1;
        } else {
            println!(
                "  {:?} of {} bytes, {} plain, stays closed",
                block.pipeline, block.bytes, block.plain_bytes
            );
        }
    }
    (made, all)
}

#[test]
fn rewritten_files_hold_the_same_and_all_their_blocks_are_remade() {
    let corpus = corpus();
    let mut same = 0;
    for (name, bytes) in &corpus {
        let old = Read::new(bytes);
        let sums = old.sums();
        let (named, baskets, pages) = (old.named(&sums), old.baskets(), old.pages());
        for compression in ["none", "zlib:1", "lz4:1", "zstd:5"] {
            let from = std::time::Instant::now();
            let made = rewritten(bytes, compression).unwrap_or_else(|error| panic!("{name}: {error}"));
            let seconds = from.elapsed().as_secs_f64();
            if let Some(folder) = std::env::var_os("HEPZ_REWRITTEN") {
                let folder = PathBuf::from(folder).join(compression);
                std::fs::create_dir_all(&folder).expect("a folder");
                std::fs::write(folder.join(name), &made).expect("a folder");
            }
            let new = Read::new(&made);
            assert_eq!(new.records.len(), old.records.len(), "{name} {compression}");
            assert_eq!(new.file.compress, compression.parse::<Compression>().map_or(0, Compression::number));
            new.check_directories();
            assert!(new.named(&sums) == named, "{name} {compression}: objects");
            assert!(new.baskets() == baskets, "{name} {compression}: baskets");
            assert!(new.pages() == pages, "{name} {compression}: pages");
            let (made_again, blocks) = remade(&made);
            assert_eq!(made_again, blocks, "{name} {compression}");
            let again = rewritten(&made, compression).expect("a file that was rewritten before");
            assert!(again == made, "{name} {compression}: a rewritten file stays as it is");
            // ROOT itself wrote these at the same level, and left no gaps.
            if old.file.compress == new.file.compress && bytes.len() == made.len() {
                assert!(made == *bytes, "{name} {compression}: ROOT would have written the same file");
                same += 1;
            }
            println!(
                "{name} {compression}: {} to {} bytes, {blocks} blocks, {seconds:.2} s",
                bytes.len(),
                made.len()
            );
        }
    }
    assert!(corpus.is_empty() || same > 0, "some of the files are what ROOT writes with zlib:1");
}

/// Numbers that look random, the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

#[test]
fn damaged_files_are_refused_or_rewritten_and_never_a_panic() {
    /// Of each file; `HEPZ_MUTATIONS` names another number.
    const MUTATIONS: usize = 3;
    /// Larger files take too long.
    const MOST_BYTES: usize = 4 << 20;
    let wanted = std::env::var("HEPZ_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(MUTATIONS);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (name, bytes) in corpus() {
        // What says something is in sight where nothing is compressed.
        let plain = rewritten(&bytes, "none").expect("a sound file");
        let mut outcomes = [0; 2];
        for sound in [&bytes, &plain].into_iter().filter(|sound| sound.len() < MOST_BYTES) {
            let read = Read::new(sound);
            // Trees and directories, anchors and envelopes; the first bytes of other records are keys.
            let says = ["TTree", "TFile", "TDirectory", "ROOT::RNTuple", "RBlob", "TList"];
            for _ in 0..wanted {
                let mut damaged = (*sound).clone();
                for _ in 0..=random.below(3) {
                    let record = &read.records[random.below(read.records.len())];
                    let inside = if says.contains(&record.class.as_str()) { record.stored_bytes } else { 0 };
                    let bytes = u64::from(record.key_bytes) + inside;
                    let at = match random.below(8) {
                        0 => random.below(100),
                        _ => record.at as usize + random.below(bytes as usize),
                    };
                    damaged[at] = match random.below(3) {
                        0 => random.below(256) as u8,
                        1 => [0, 0xff, 0x7f, 0x80][random.below(4)],
                        _ => damaged[at] ^ 1 << random.below(8),
                    };
                }
                if random.below(16) == 0 {
                    damaged.truncate(random.below(damaged.len()));
                }
                outcomes[usize::from(rewritten(&damaged, "lz4:1").is_err())] += 1;
            }
        }
        println!("{name}: {} rewritten, {} refused", outcomes[0], outcomes[1]);
    }
}

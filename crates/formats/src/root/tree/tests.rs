//! Trees of a small file and of real ones, sound and damaged.

use super::super::file::{self, File, Record};
use super::*;
use hepz_columns::Scalar;

/// Bytes in memory.
struct Memory<'a>(&'a [u8]);

impl Source for Memory<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_at(at, into)
    }
}

type Read = (File, Vec<Record>, Vec<Tree>, Vec<String>);

fn read(bytes: &[u8]) -> Option<Read> {
    let source = Memory(bytes);
    let file = file::open(&source).expect("memory")?;
    let records = file::records(&source, &file).expect("memory");
    let (trees, notes) = trees(&source, &file, &records).expect("memory");
    Some((file, records, trees, notes))
}

/// Everything lies where it can lie.
fn check(bytes: &[u8]) {
    let Some((_, records, trees, _)) = read(bytes) else { return };
    let mut end = 0;
    for record in &records {
        assert!(record.at >= end);
        end = record.payload_at() + record.stored_bytes;
    }
    assert!(end <= bytes.len() as u64);
    for tree in &trees {
        let own = records[tree.record].plain_bytes;
        for (index, branch) in tree.branches.iter().enumerate() {
            assert!(branch.parent.is_none_or(|parent| (parent as usize) < index));
            assert!(branch.count.is_none_or(|count| (count as usize) < tree.branches.len()));
            for basket in &branch.baskets {
                let (at, bytes) = match basket.place {
                    BasketPlace::Record(record) => (0, records[record].plain_bytes),
                    BasketPlace::Embedded { at, .. } => (at, own),
                };
                assert!(at + basket.data_bytes <= bytes);
            }
        }
    }
}

#[test]
fn a_tree_says_where_its_baskets_lie_and_what_they_hold() {
    let (bytes, basket_at) = sample::file();
    let (file, records, trees, notes) = read(&bytes).expect("a ROOT file");
    assert_eq!((file.begin, file.compress, file.version), (100, 101, 61_000));
    let classes: Vec<&str> = records.iter().map(|record| record.class.as_str()).collect();
    assert_eq!(classes, ["TFile", "TDirectory", "TBasket", "TTree", "TList"]);
    assert_eq!(notes, Vec::<String>::new());
    let [tree] = &trees[..] else { panic!("{} trees", trees.len()) };
    assert_eq!((tree.name.as_str(), tree.directory.as_str(), tree.entries), ("events", "inside", 5));
    let [first, second] = &tree.branches[..] else { panic!("{} branches", tree.branches.len()) };
    assert_eq!((first.name.as_str(), second.name.as_str()), ("a", "/a"));
    let [written, inside] = &first.baskets[..] else { panic!("{:?}", first.baskets) };
    assert_eq!(written.place, BasketPlace::Record(2));
    assert_eq!(records[2].at, basket_at as u64);
    assert_eq!((written.first_entry, written.entries, written.data_bytes, written.tail_bytes), (0, 3, 24, 0));
    let BasketPlace::Embedded { at, offsets_at: None } = inside.place else { panic!("{inside:?}") };
    let at = (records[tree.record].payload_at() + at) as usize;
    assert_eq!((inside.first_entry, inside.entries, &bytes[at..at + 16]), (3, 2, &[7; 16][..]));
    assert_ne!(bytes[at - 1], 7);
    assert_eq!(second.baskets.len(), 1);
    let field = Field { name: String::new(), scalar: Scalar::F32, repeat: 2, constant: false };
    assert_eq!(first.entry, [Entry { fields: vec![field], ..Entry::default() }]);
    let seeks = first.fields_at.basket_seek.expect("places of baskets");
    let at = (records[tree.record].payload_at() + seeks.at) as usize;
    assert_eq!((seeks.count, seeks.width), (2, 8));
    assert_eq!(bytes[at..at + 8], (basket_at as u64).to_be_bytes());
}

#[test]
fn every_prefix_and_every_damaged_byte_is_survived() {
    let (bytes, _) = sample::file();
    for length in 0..bytes.len() {
        check(&bytes[..length]);
    }
    for at in 0..bytes.len() {
        for damage in [0x01, 0x40, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= damage;
            check(&bytes);
        }
    }
}

#[test]
fn after_a_broken_record_the_walk_goes_on_at_the_next_key() {
    let (mut bytes, basket_at) = sample::file();
    bytes[basket_at..basket_at + 4].copy_from_slice(&[0x7f; 4]);
    let (_, records, trees, _) = read(&bytes).expect("a ROOT file");
    assert!(records.iter().all(|record| record.class != "TBasket"));
    assert_eq!((trees.len(), trees[0].branches[0].baskets.len()), (1, 1));
}

#[test]
fn real_files_have_trees_of_which_most_is_understood() {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS") else {
        eprintln!("skipped: HEPZ_CORPUS is not set");
        return;
    };
    let folder = std::path::Path::new(&corpus).join("root");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("root/").map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    for path in paths {
        let bytes = std::fs::read(&path).expect("a file");
        let (_, records, trees, notes) = read(&bytes).unwrap_or_else(|| panic!("{path:?} is no ROOT file"));
        check(&bytes);
        assert_eq!(notes, Vec::<String>::new(), "{path:?}");
        let branches =
            || trees.iter().flat_map(|tree| &tree.branches).filter(|branch| !branch.baskets.is_empty());
        let understood = branches().filter(|branch| !branch.entry.is_empty()).count();
        assert!(
            understood * 100 >= branches().count() * 95,
            "{path:?}: {understood} of {}",
            branches().count()
        );
        for tree in &trees {
            for branch in tree.branches.iter().filter(|branch| !branch.baskets.is_empty()) {
                let entries: u64 = branch.baskets.iter().map(|basket| basket.entries).sum();
                assert_eq!(entries, branch.entries, "{path:?} {}", branch.name);
            }
        }
        // A flipped bit in what trees are read from.
        let trees = records.iter().filter(|record| record.class.starts_with('T') && record.basket.is_none());
        for (number, record) in trees.take(8).enumerate() {
            let mut bytes = bytes.clone();
            let at = record.at + (number as u64 * 7919) % (u64::from(record.key_bytes) + record.stored_bytes);
            bytes[at as usize] ^= 1 << (number % 8);
            check(&bytes);
        }
    }
}

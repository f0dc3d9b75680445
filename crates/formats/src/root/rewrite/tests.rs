//! Tests of the rewriting on a small file: what moves, what is refused, and damage.

mod sample;

use super::*;
use crate::root::tree;
use crate::root::{file, layout};
use sample::{Sample, sample};

struct Bytes<'b>(&'b [u8]);

impl Source for Bytes<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_at(at, into)
    }
}

fn rewritten(bytes: &[u8], compression: &str) -> Result<(Vec<u8>, Report), RewriteError> {
    let mut new = Vec::new();
    let compression = compression.parse().expect("a compression");
    let report = rewrite(&Bytes(bytes), compression, &mut new)?;
    Ok((new, report))
}

/// Plain payloads of the baskets of the tree, by first entry, and where the records of a file are.
fn baskets(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<Record>) {
    let source = Bytes(bytes);
    let read = file::open(&source).expect("bytes").expect("a ROOT file");
    let records = file::records(&source, &read).expect("bytes");
    let (trees, notes) = tree::trees(&source, &read, &records).expect("bytes");
    assert_eq!(notes, Vec::<String>::new());
    let mut plain = Vec::new();
    for basket in trees.iter().flat_map(|tree| &tree.branches).flat_map(|branch| &branch.baskets) {
        let tree::BasketPlace::Record(index) = basket.place else { panic!("a basket inside its tree") };
        plain.push(file::payload(&source, &records[index]).expect("bytes").expect("a basket that opens"));
    }
    (plain, records)
}

#[test]
fn a_tree_before_its_baskets_comes_after_them_and_still_names_them() {
    for large in [false, true] {
        let sound = sample(Sample { large, ..Sample::default() });
        let (old, old_records) = baskets(&sound);
        assert_eq!(old, [vec![1; 400], vec![2; 300]]);
        for compression in ["none", "zlib:1", "lzma:1", "lz4:9", "zstd:9"] {
            let (new, report) = rewritten(&sound, compression).expect("a sound file");
            assert_eq!(
                (report.records, report.moved, report.bytes),
                (9, 1, new.len() as u64),
                "{compression}"
            );
            let (plain, records) = baskets(&new);
            assert_eq!(plain, old, "{compression}");
            let place =
                |records: &[Record], class: &str| records.iter().rposition(|record| record.class == class);
            assert!(place(&old_records, "TTree") < place(&old_records, "TBasket"));
            assert!(place(&records, "TTree") > place(&records, "TBasket"), "{compression}");
            // The gap is gone, and everything names what is there: or it could not be read again.
            let (again, report) = rewritten(&new, compression).expect("a file that was rewritten");
            assert_eq!((again == new, report.moved), (true, 0), "{compression}");
            assert!(layout(&Bytes(&new)).expect("bytes").expect("ROOT").validate(new.len() as u64).is_ok());
        }
    }
}

#[test]
fn sums_of_stored_lengths_follow_the_baskets() {
    let sound = sample(Sample::default());
    for compression in ["none", "zstd:1"] {
        let (new, _) = rewritten(&sound, compression).expect("a sound file");
        let (_, records) = baskets(&new);
        let length = |record: &&Record| record.stored_bytes + u64::from(record.key_bytes);
        let stored: Vec<u64> =
            records.iter().filter(|record| record.basket.is_some()).map(|record| length(&record)).collect();
        let tree = records.iter().find(|record| record.class == "TTree").expect("the tree");
        let plain = file::payload(&Bytes(&new), tree).expect("bytes").expect("a payload that opens");
        let sum = stored.iter().sum::<u64>().to_be_bytes();
        let sums = plain.windows(8).filter(|window| *window == sum).count();
        assert_eq!(sums, 2, "of the tree and of its branch");
        for length in stored {
            let length = (length as u32).to_be_bytes();
            assert!(plain.windows(4).any(|window| window == length), "{compression}");
        }
    }
}

#[test]
fn what_is_not_compressed_stays_so() {
    let sound = sample(Sample { is_compressed: false, ..Sample::default() });
    let (new, report) = rewritten(&sound, "zlib:9").expect("a sound file");
    assert_eq!(report.payloads, 0);
    assert_eq!(new.len(), sound.len() - sample::GAP_BYTES - 10, "the gap and its free segment are gone");
    assert_eq!(baskets(&new).0, baskets(&sound).0);
}

#[test]
fn files_with_something_unknown_are_refused() {
    let refused = |sample_of: Sample| match rewritten(&sample(sample_of), "none") {
        Err(RewriteError::Record { class, why, .. }) => format!("{class}: {why}"),
        Err(other) => format!("{other:?}"),
        Ok(_) => "rewritten".to_string(),
    };
    let sound = Sample::default();
    assert_eq!(refused(sound), "rewritten");
    assert_eq!(refused(Sample { gap_is_free: false, ..sound }), "rewritten");
    assert_eq!(refused(Sample { gap_is_marked: false, ..sound }), "rewritten");
    let unknown = refused(Sample { gap_is_marked: false, gap_is_free: false, ..sound });
    assert!(unknown.starts_with("Unknown"), "{unknown}");
    let of_none = refused(Sample { n_named: 1, ..sound });
    assert_eq!(of_none, "TBasket: no tree that is understood names this basket");
    let elsewhere = refused(Sample { file_name: "other.root", ..sound });
    assert_eq!(elsewhere, "TTree: it has baskets in another file");
    let other = refused(Sample { listed_cycle: 2, ..sound });
    assert_eq!(other, "TFile: TTree \"events\" is not where it says");
    let stale = refused(Sample { directory_is_listed: false, ..sound });
    assert_eq!(stale, "TDirectoryFile: nothing says what it is for");
    let before = refused(Sample { n_named: 2, wrong_seek: 1, ..sound });
    assert_eq!(before, "TTree: it names a place where there is no record");
}

#[test]
fn files_of_another_length_than_they_say_are_refused() {
    let sound = sample(Sample::default());
    for length in 0..sound.len() {
        let cut = rewritten(sound.get(..length).expect("a prefix"), "none");
        assert!(matches!(cut, Err(RewriteError::NotRoot | RewriteError::Length { .. })), "{length}: {cut:?}");
    }
    let longer = [&sound[..], &[0]].concat();
    assert!(matches!(rewritten(&longer, "none"), Err(RewriteError::Length { .. })));
    assert!(matches!(rewritten(b"rootless", "none"), Err(RewriteError::NotRoot)));
}

#[test]
fn flipped_bits_are_refused_or_harmless() {
    for is_compressed in [false, true] {
        let sound = sample(Sample { is_compressed, ..Sample::default() });
        let (mut done, mut refused) = (0, 0);
        for at in 0..sound.len() {
            for bit in 0..8 {
                let mut damaged = sound.clone();
                damaged[at] ^= 1 << bit;
                match rewritten(&damaged, "lz4:1") {
                    Ok(_) => done += 1,
                    Err(_) => refused += 1,
                }
            }
        }
        // Names, dates and data are free; places and lengths are not.
        assert!(done > 1_000 && refused > 1_000, "{done} {refused}");
    }
}

#[test]
fn a_medium_that_is_full_is_an_error_of_writing() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let sound = sample(Sample::default());
    let outcome = rewrite(&Bytes(&sound), Compression::default(), &mut Full);
    assert!(matches!(outcome, Err(RewriteError::Write(_))));
}

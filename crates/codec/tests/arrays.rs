//! Arrays of an `.npz`, through the library: those side by side are one table, and every file comes back.
//!
//! In: generated zips of arrays, stored and deflated. Out: archives in memory, rounded files, layers.
//! Not here: which arrays are joined and how the table is named (`hepz-formats`, `alongside`).

use flate2::Compression;
use flate2::write::DeflateEncoder;
use hepz::{Archive, CompressOptions, DecompressOptions, Level, Limits, Memory};
use hepz_precision::{Contract, Promise, RulesFile};
use proptest::prelude::*;
use std::io::Write;

/// One array: name, NumPy's type, values, and whether its member is deflated.
#[derive(Clone, Debug)]
struct Array {
    name: String,
    descr: &'static str,
    bytes: Vec<u8>,
    deflated: bool,
}

impl Array {
    fn of_f64(name: &str, values: impl Iterator<Item = f64>) -> Array {
        let bytes = values.flat_map(f64::to_le_bytes).collect();
        Array { name: name.into(), descr: "<f8", bytes, deflated: false }
    }

    fn npy(&self) -> Vec<u8> {
        let width: usize = self.descr[2..].parse().unwrap();
        let rows = self.bytes.len() / width;
        let dict = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({rows},), }}", self.descr);
        let padded = (10 + dict.len() + 1).next_multiple_of(64) - 10;
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend_from_slice(&(padded as u16).to_le_bytes());
        file.extend_from_slice(format!("{dict:<width$}\n", width = padded - 1).as_bytes());
        [file, self.bytes[..rows * width].to_vec()].concat()
    }
}

/// A zip of arrays, as `numpy.savez` and `numpy.savez_compressed` write it.
fn npz(arrays: &[Array]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for array in arrays {
        let (plain, name) = (array.npy(), format!("{}.npy", array.name));
        let mut stored = plain.clone();
        if array.deflated {
            let mut deflate = DeflateEncoder::new(Vec::new(), Compression::new(6));
            deflate.write_all(&plain).unwrap();
            stored = deflate.finish().unwrap();
        }
        let mut fields = vec![20, 0, 0, 0, 8 * u8::from(array.deflated), 0, 0, 0, 33, 0];
        let crc32 = crc32fast::hash(&plain);
        for number in [crc32, stored.len() as u32, plain.len() as u32, name.len() as u32] {
            fields.extend_from_slice(&number.to_le_bytes());
        }
        let at = file.len() as u32;
        file.extend_from_slice(&[b"PK\x03\x04", &fields[..], name.as_bytes(), &stored].concat());
        directory
            .extend_from_slice(&[b"PK\x01\x02\x14\x00", &fields[..], &[0; 10], &at.to_le_bytes()].concat());
        directory.extend_from_slice(name.as_bytes());
    }
    let (at, count) = (file.len() as u32, (arrays.len() as u16).to_le_bytes());
    file.extend_from_slice(&directory);
    file.extend_from_slice(&[b"PK\x05\x06\0\0\0\0", &count[..], &count].concat());
    file.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    file.extend_from_slice(&at.to_le_bytes());
    file.extend_from_slice(&[0, 0]);
    file
}

fn options(level: Level, threads: usize) -> CompressOptions<'static> {
    let mut options = CompressOptions::new();
    (options.level, options.threads) = (level, threads);
    options
}

/// The archive of a file that was proved to come back.
fn archive(file: &[u8], options: &CompressOptions<'_>) -> Vec<u8> {
    let mut archive = Vec::new();
    hepz::compress(&Memory(file), &mut archive, options).unwrap();
    hepz::verify(&open(&archive), &Memory(file), &DecompressOptions::new()).unwrap();
    archive
}

fn open(archive: &[u8]) -> Archive<'_> {
    Archive::from_bytes(archive, Limits::default()).unwrap()
}

fn numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    }
}

/// Momenta and the energy of a muon that follows from them, as arrays. Generated.
fn muons(n: usize, deflated: bool) -> Vec<Array> {
    let mut next = numbers(9);
    let p: Vec<[f64; 3]> = (0..n).map(|_| [90.0 * next(), 90.0 * next(), 400.0 * next()]).collect();
    let energy = |p: &[f64; 3]| (p[0] * p[0] + p[1] * p[1] + p[2] * p[2] + 0.105_658 * 0.105_658).sqrt();
    let mut arrays: Vec<Array> =
        (0..3).map(|k| Array::of_f64(["px", "py", "pz"][k], p.iter().map(|p| p[k]))).collect();
    arrays.push(Array::of_f64("e", p.iter().map(energy)));
    arrays.iter_mut().for_each(|array| array.deflated = deflated);
    arrays
}

#[test]
fn energies_follow_from_momenta_in_other_arrays() {
    let arrays = muons(2000, false);
    let file = npz(&arrays);
    let stored = archive(&file, &options(Level::Default, 1));
    let opened = open(&stored);
    let [table] = opened.tables() else { panic!("{:?}", opened.tables()) };
    assert_eq!((table.name.as_str(), table.rows), ("", 2000));
    assert!(stored.len() < 2000 * 8 * 7 / 2, "{} bytes: the energies are not foretold", stored.len());
    for array in &arrays {
        let [id] = opened.find(&array.name)[..] else { panic!("{}", array.name) };
        let read = opened.read(&[id], 5..1990).unwrap();
        assert_eq!(read[0].as_bytes(), &array.bytes[5 * 8..1990 * 8]);
    }
}

#[test]
fn rounded_arrays_keep_their_contracts_and_layers_merge() {
    for deflated in [false, true] {
        let file = npz(&muons(900, deflated));
        let text = "[[column]]\nmatch = 'p?'\nkept_bits = 9\n";
        let rules = RulesFile::parse(text).unwrap();
        let (mut base, mut refinement) = (Vec::new(), Vec::new());
        let options = options(Level::Default, 1);
        let report = hepz::split(&Memory(&file), &rules, &mut base, &mut refinement, &options).unwrap();
        let columns: Vec<&str> = report.rounding.columns.iter().map(|c| c.column.as_str()).collect();
        assert_eq!(columns, ["px", "py", "pz"]);
        let mut whole = Vec::new();
        hepz::merge(&open(&base), &open(&refinement), &mut whole, &DecompressOptions::new()).unwrap();
        assert!(whole == file, "deflated: {deflated}");
        let proof = hepz::verify_against(&open(&base), &Memory(&file), &DecompressOptions::new()).unwrap();
        assert!(proof.holds() && proof.columns.len() == 3, "deflated: {deflated}");
    }
}

#[test]
fn an_array_that_cannot_be_opened_leaves_the_others_in_their_table() {
    let mut arrays = muons(900, true);
    arrays[1].deflated = false;
    let mut file = npz(&arrays);
    // The last block of the third deflate stream gets the reserved type.
    let found = file.windows(4).rposition(|four| four == b"PK\x03\x04").unwrap();
    let data_at = found + 30 + "e.npy".len();
    file[data_at + 200..data_at + 220].fill(0xff);
    let stored = archive(&file, &options(Level::Default, 1));
    let opened = open(&stored);
    let names: Vec<&str> = opened.tables()[0].columns.iter().map(|c| c.name.as_str()).collect();
    assert!(names.contains(&"py") && !names.contains(&"e"), "{names:?}");
}

fn array() -> impl Strategy<Value = Array> {
    let descr = prop::sample::select(vec!["<f4", ">f4", "<f8", "<f2", "<i4", ">i8", "|u1", "|b1"]);
    // Few lengths, so that arrays meet others of theirs; both smooth values and noise.
    let bytes = (prop::sample::select(vec![0usize, 1, 2, 40, 300]), any::<u64>(), any::<bool>());
    (prop::sample::select(vec!["", "g/"]), 0..1000u32, descr, bytes, any::<bool>()).prop_map(
        |(group, number, descr, (rows, seed, smooth), deflated)| {
            let mut next = numbers(seed);
            let width: usize = descr[2..].parse().unwrap();
            let noise = |_| next().to_bits() as u8 & if smooth { 3 } else { 255 };
            let mut bytes: Vec<u8> = (0..rows * width).map(noise).collect();
            if descr == "|b1" {
                bytes.iter_mut().for_each(|byte| *byte &= 1);
            }
            Array { name: format!("{group}x_{number}"), descr, bytes, deflated }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_arrays_come_back(arrays in prop::collection::vec(array(), 1..9), of: prop::sample::Index) {
        let file = npz(&arrays);
        for level in [Level::Fast, Level::Default] {
            let one = archive(&file, &options(level, 1));
            prop_assert!(one == archive(&file, &options(level, 3)), "threads change bytes");
            let opened = open(&one);
            let names: std::collections::BTreeSet<&str> = arrays.iter().map(|a| a.name.as_str()).collect();
            if names.len() < arrays.len() {
                continue;
            }
            // One of them, by its name.
            let array = &arrays[of.index(arrays.len())];
            let last = array.name.rsplit('/').next().unwrap_or("");
            for id in opened.find(last).into_iter().chain(opened.find(&array.name)) {
                let table = &opened.tables()[id.table as usize];
                let grouped = table.name.starts_with('g');
                if grouped == array.name.starts_with('g') && array.descr.starts_with('<') {
                    let read = opened.read(&[id], 0..table.rows).unwrap();
                    prop_assert!(read[0].as_bytes() == &array.bytes[..], "{}", array.name);
                }
            }
        }
    }

    #[test]
    fn rounded_arrays_come_back_from_layers(arrays in prop::collection::vec(array(), 1..6)) {
        let file = npz(&arrays);
        let rules = RulesFile::single("*", Contract::new(Promise::KeptBits { kept: 5 }, &[]).unwrap());
        let (mut base, mut refinement, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        let options = options(Level::Default, 1);
        if hepz::split(&Memory(&file), &rules, &mut base, &mut refinement, &options).is_ok() {
            hepz::merge(&open(&base), &open(&refinement), &mut whole, &DecompressOptions::new()).unwrap();
            prop_assert!(whole == file);
            let proof = hepz::verify_against(&open(&base), &Memory(&file), &DecompressOptions::new());
            prop_assert!(proof.unwrap().holds());
        }
    }
}

//! Golden archives: what a version wrote is what every later version reads, and what this version writes on every machine.
//!
//! In: `golden/*/*.hepz` and the inputs below, which are made here and never change. Out: verdicts.
//! Not here: the container's own golden file (`hepz-container`).
//! Holds: the same bytes in debug and release, with any number of threads, on any processor.
//!
//! `HEPZ_WRITE_GOLDEN=DIR cargo test -p hepz --test golden` writes the archives into a folder, from which
//! `cargo xtask golden --add` takes a new one.

use hepz::{Archive, CompressOptions, DecompressOptions, Level, Limits, Memory};
use hepz_precision::{Contract, Promise, RulesFile};
use std::path::Path;

mod shower;
mod waves;

fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

/// A NumPy file of jets: relations, event values, sentinels, flags, truncated mantissas. Generated.
fn jets() -> Vec<u8> {
    let fields = "[('pt','<f4'),('eta','<f4'),('absEta','<f4'),('scaled','<f4'),('event','<i8'),('weight','<f8'),('n','<u2'),('flag','|b1'),('tag','<f4'),('cut','<f4')]";
    let rows = 1500;
    let dict = format!("{{'descr': {fields}, 'fortran_order': False, 'shape': ({rows},), }}");
    let padded = (10 + dict.len() + 1).next_multiple_of(64) - 10;
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend_from_slice(&(padded as u16).to_le_bytes());
    file.extend_from_slice(format!("{dict:<width$}\n", width = padded - 1).as_bytes());
    let mut random = numbers(2024);
    let mut next = |below: u64| random.next().unwrap_or(0) % below;
    let (mut event, mut weight) = (4_000_000_000u64, 0.25f64);
    for _ in 0..rows {
        if next(3) == 0 {
            event += 1 + next(2);
            weight = next(1 << 30) as f64 / 1024.0;
        }
        let pt = 20_000.0 + next(1 << 24) as f32 / 64.0;
        let eta = next(1 << 22) as f32 / 838_860.8 - 2.5;
        file.extend_from_slice(&pt.to_le_bytes());
        file.extend_from_slice(&eta.to_le_bytes());
        file.extend_from_slice(&eta.abs().to_le_bytes());
        file.extend_from_slice(&(pt * 1.25).to_le_bytes());
        file.extend_from_slice(&event.to_le_bytes());
        file.extend_from_slice(&weight.to_le_bytes());
        file.extend_from_slice(&(next(9) as u16 * next(9) as u16).to_le_bytes());
        file.push(u8::from(next(20) == 0));
        let tag = if next(2) == 0 { f32::from_bits(0x7fc0_0001) } else { pt / 3.0 + next(100) as f32 };
        file.extend_from_slice(&tag.to_le_bytes());
        file.extend_from_slice(&(f32::from_bits(pt.to_bits() & !0xfff)).to_le_bytes());
    }
    file
}

fn text() -> Vec<u8> {
    let mut random = numbers(7);
    let line = |at| format!("{at} {:.6e} {}\n", (random.next().unwrap_or(0) % 100_000) as f64 / 7.0, at % 13);
    (0..400).map(line).collect::<String>().into_bytes()
}

/// Tracks in a line of text each, with a cell that is missing now and then.
fn table() -> Vec<u8> {
    let mut random = numbers(2027);
    let mut next = move |below: u64| random.next().unwrap_or(0) % below;
    let line = |at: u64| {
        let (px, py) = (next(90_000) as f64 / 1000.0 - 45.0, next(90_000) as f64 / 1000.0 - 45.0);
        let kind = ["electron", "muon", "pion"][next(3) as usize];
        let missing = next(50) == 0;
        let score = if missing { String::new() } else { format!("{:.6}", next(1_000_000) as f64 / 1e6) };
        format!("{at},{kind},{px:.3},{py:.3},{:.4},{score}\r\n", (px * px + py * py).sqrt())
    };
    format!("id,kind,px,py,pt,score\r\n{}", (0..600).map(line).collect::<String>()).into_bytes()
}

fn noise() -> Vec<u8> {
    numbers(99).take(500).flat_map(u64::to_le_bytes).collect()
}

/// The version whose archives this program writes.
const WRITTEN: &str = "v0.6";

/// What golden archives hold: the first version that has one of it, its name, the bytes.
fn inputs() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    vec![
        ("v0.1", "jets", jets()),
        ("v0.1", "text", text()),
        ("v0.1", "noise", noise()),
        ("v0.1", "empty", Vec::new()),
        ("v0.1", "hdf5-chunks", include_bytes!("../../formats/tests/hdf5/chunked_latest.h5").to_vec()),
        ("v0.1", "hdf5-records", include_bytes!("../../formats/tests/hdf5/records_earliest.h5").to_vec()),
        ("v0.2", "hepmc3", shower::hepmc3(2026, 6).into_bytes()),
        ("v0.2", "hepmc2", shower::hepmc2(2026, 6).into_bytes()),
        ("v0.2", "lhe", shower::lhe(2026, 40).into_bytes()),
        ("v0.3", "root-tree", include_bytes!("../../formats/tests/root/tree.root").to_vec()),
        ("v0.3", "root-ntuple", include_bytes!("../../formats/tests/root/ntuple.root").to_vec()),
        ("v0.4", "jets-fast", jets()),
        ("v0.4", "jets-max", jets()),
        ("v0.4", "hepmc3-fast", shower::hepmc3(2026, 6).into_bytes()),
        ("v0.4", "hepmc3-max", shower::hepmc3(2026, 6).into_bytes()),
        ("v0.4", "root-tree-fast", include_bytes!("../../formats/tests/root/tree.root").to_vec()),
        ("v0.4", "table-csv", table()),
        ("v0.4", "table-csv-fast", table()),
    ]
}

/// The level that a name ends in.
fn level(name: &str) -> Level {
    let named = |level: &Level| name.ends_with(&format!("-{}", level.name()));
    Level::ALL.into_iter().find(named).unwrap_or_default()
}

fn compress(input: &[u8], name: &str, threads: usize) -> Vec<u8> {
    let mut options = CompressOptions::new();
    options.level = level(name);
    options.threads = threads;
    options.name = Some(name.to_owned());
    let mut archive = Vec::new();
    hepz::compress(&Memory(input), &mut archive, &options).expect("memory does not fail");
    archive
}

fn golden(name: &str) -> Vec<u8> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(format!("{name}.hepz"));
    std::fs::read(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()))
}

#[test]
fn archives_of_every_version_still_decode_to_the_recorded_bytes() {
    for (since, name, input) in inputs() {
        let mut versions = vec![since];
        versions.extend((since != WRITTEN).then_some(WRITTEN));
        for version in versions {
            let golden = golden(&format!("{version}/{name}"));
            let archive = Archive::from_bytes(&golden, Limits::default()).expect(name);
            let mut back = Vec::new();
            archive.decompress(&mut back, &DecompressOptions::new()).expect(name);
            assert!(back == input, "{version}/{name}: other bytes than were written");
        }
    }
}

#[test]
fn this_version_writes_the_recorded_archives_with_any_number_of_threads() {
    for (_, name, input) in inputs() {
        let archive = compress(&input, name, 1);
        if let Some(folder) = std::env::var_os("HEPZ_WRITE_GOLDEN") {
            let place = Path::new(&folder).join(format!("{name}.hepz"));
            std::fs::write(&place, &archive).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
            continue;
        }
        assert!(
            archive == golden(&format!("{WRITTEN}/{name}")),
            "{name}: another archive; a change of bytes needs a new format version"
        );
        for threads in [2, 8] {
            assert!(
                compress(&input, name, threads) == archive,
                "{name}: {threads} threads write another archive"
            );
        }
    }
}

#[test]
fn networks_of_columns_still_decode_to_the_recorded_bytes() {
    // Made by the test `a_network_fitted_to_the_file_pays_and_the_file_comes_back` of hepz-training.
    let golden = golden("v0.6/waves-networks");
    let archive = Archive::from_bytes(&golden, Limits::default()).expect("an archive");
    let mut back = Vec::new();
    archive.decompress(&mut back, &DecompressOptions::new()).expect("a network that is known");
    assert!(back == waves::table(24_000, 5), "other bytes than were written");
}

/// Layers of a file, each with any number of threads.
fn split(input: &[u8], name: &str, threads: usize) -> [Vec<u8>; 2] {
    let mut options = CompressOptions::new();
    options.threads = threads;
    options.name = Some(name.to_owned());
    let contract = Contract::new(Promise::KeptBits { kept: 9 }, &[]).expect("9 bits");
    let rules = RulesFile::single("*", contract);
    let (mut base, mut refinement) = (Vec::new(), Vec::new());
    hepz::split(&Memory(input), &rules, &mut base, &mut refinement, &options).expect("memory does not fail");
    [base, refinement]
}

/// What golden layers hold: the first version that has them, their name, the bytes.
fn layered() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    vec![
        ("v0.5", "jets", jets()),
        ("v0.5", "root-tree", include_bytes!("../../formats/tests/root/tree.root").to_vec()),
    ]
}

#[test]
fn layers_of_every_version_still_merge_to_the_recorded_bytes() {
    for (since, name, input) in layered() {
        let mut versions = vec![since];
        versions.extend((since != WRITTEN).then_some(WRITTEN));
        for version in versions {
            let layers = ["base", "refinement"].map(|layer| golden(&format!("{version}/{name}-{layer}")));
            let [base, refinement] =
                layers.each_ref().map(|layer| Archive::from_bytes(layer, Limits::default()).expect(name));
            let mut back = Vec::new();
            hepz::merge(&base, &refinement, &mut back, &DecompressOptions::new()).expect(name);
            assert!(back == input, "{version}/{name}: other bytes than were split");
        }
    }
}

#[test]
fn this_version_writes_the_recorded_layers_with_any_number_of_threads() {
    for (_, name, input) in layered() {
        let layers = split(&input, name, 1);
        for (layer, bytes) in ["base", "refinement"].iter().zip(&layers) {
            if let Some(folder) = std::env::var_os("HEPZ_WRITE_GOLDEN") {
                let place = Path::new(&folder).join(format!("{name}-{layer}.hepz"));
                std::fs::write(&place, bytes).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
                continue;
            }
            assert!(
                *bytes == golden(&format!("{WRITTEN}/{name}-{layer}")),
                "{name}-{layer}: another archive; a change of bytes needs a new format version"
            );
        }
        for threads in [2, 8] {
            assert!(split(&input, name, threads) == layers, "{name}: {threads} threads write other layers");
        }
    }
}

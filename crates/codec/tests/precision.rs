//! Precision: rounded files, contracts and two layers, through the library.
//!
//! In: generated NumPy files, the small HDF5 and ROOT files of the formats' tests. Out: verdicts.
//! Not here: rules and contracts by themselves (`hepz-precision`), the command (`hepz-cli`).

use hepz::{Archive, ArchiveError, CompressError, CompressOptions, DecompressOptions, Level, Limits, Memory};
use hepz_formats::records::Arrangement;
use hepz_precision::{Contract, Promise, RulesFile};
use proptest::prelude::*;

fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

/// A structured array: momenta with relations, a decimal grid, sentinels, odd patterns, integers, doubles. Generated.
fn file(rows: usize, seed: u64) -> Vec<u8> {
    let fields =
        "[('px','<f4'),('py','<f4'),('pt','<f4'),('cents','<f4'),('n','<i4'),('odd','<f4'),('x','<f8')]";
    let dict = format!("{{'descr': {fields}, 'fortran_order': False, 'shape': ({rows},), }}");
    let padded = (10 + dict.len() + 1).next_multiple_of(64) - 10;
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend_from_slice(&(padded as u16).to_le_bytes());
    file.extend_from_slice(format!("{dict:<width$}\n", width = padded - 1).as_bytes());
    let mut next = numbers(seed);
    let odd = [
        0x7f80_0000,
        0xff80_0000,
        0x7f80_0001,
        0x7fc0_1234,
        0x8000_0000,
        1,
        0x007f_ffff,
        0x7f7f_ffff,
        0xc479_c000,
    ];
    for _ in 0..rows {
        let px = next(1 << 26) as f32 / 1024.0 - 32_000.0;
        let py = next(1 << 26) as f32 / 1024.0 - 32_000.0;
        let pt = (f64::from(px) * f64::from(px) + f64::from(py) * f64::from(py)).sqrt() as f32;
        for value in [px, py, pt, next(1_000_000) as f32 / 100.0] {
            file.extend_from_slice(&value.to_le_bytes());
        }
        file.extend_from_slice(&(next(40) as u32).to_le_bytes());
        let value = if next(3) == 0 { odd[next(9) as usize] } else { next(1 << 32) as u32 };
        file.extend_from_slice(&value.to_le_bytes());
        file.extend_from_slice(&f64::from_bits(next(1 << 62)).to_le_bytes());
    }
    file
}

fn kept(kept: u32) -> RulesFile {
    RulesFile::single("*", Contract::new(Promise::KeptBits { kept }, &[-999.0]).unwrap())
}

fn options(level: Level) -> CompressOptions<'static> {
    let mut options = CompressOptions::new();
    options.level = level;
    options
}

fn layers(file: &[u8], rules: &RulesFile, level: Level) -> (Vec<u8>, Vec<u8>) {
    let (mut base, mut refinement) = (Vec::new(), Vec::new());
    hepz::split(&Memory(file), rules, &mut base, &mut refinement, &options(level)).unwrap();
    (base, refinement)
}

fn merged(base: &[u8], refinement: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let base = Archive::from_bytes(base, Limits::default())?;
    let refinement = Archive::from_bytes(refinement, Limits::default())?;
    let mut back = Vec::new();
    hepz::merge(&base, &refinement, &mut back, &DecompressOptions::new())?;
    Ok(back)
}

fn rounded(file: &[u8], rules: &RulesFile) -> Vec<u8> {
    let mut out = Vec::new();
    hepz::round(&Memory(file), rules, &mut out, &CompressOptions::new()).unwrap();
    out
}

#[test]
fn a_lossy_archive_holds_the_rounded_file_and_keeps_its_contracts() {
    let file = file(3000, 5);
    let rules = kept(10);
    let expected = rounded(&file, &rules);
    assert!(expected.len() == file.len() && expected != file);
    assert_eq!(rounded(&expected, &rules), expected, "rounding twice is rounding once");
    for level in Level::ALL {
        let mut options = options(level);
        options.precision = Some(&rules);
        let mut archive = Vec::new();
        let report = hepz::compress(&Memory(&file), &mut archive, &options).unwrap();
        assert_eq!(report.rounding.unwrap().columns.len(), 6);
        let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
        let mut back = Vec::new();
        archive.decompress(&mut back, &DecompressOptions::new()).unwrap();
        assert!(back == expected, "{level:?}");
        let prove =
            |file: &[u8]| hepz::verify_against(&archive, &Memory(file), &DecompressOptions::new()).unwrap();
        let proof = prove(&file);
        assert!(proof.holds() && proof.columns.len() == 6 && proof.exact_columns == 1, "{level:?}");
        // The same archive is no proof of a file with one other value, one other integer, or another header.
        let row = file.len() - 32;
        for (at, what) in [(row + 3, "a float"), (row + 16, "an integer"), (70, "the header")] {
            let mut other = file.clone();
            other[at] ^= 0x20;
            let holds = hepz::verify_against(&archive, &Memory(&other), &DecompressOptions::new());
            assert!(holds.is_err() || !holds.unwrap().holds(), "{what} at {level:?}");
        }
    }
}

#[test]
fn base_and_refinement_give_the_original_back_at_every_level_with_any_number_of_threads() {
    let file = file(5000, 6);
    for (rules, name) in [(kept(10), "k = 10"), (kept(0), "k = 0"), (kept(23), "k = 23")] {
        let lossless = {
            let mut archive = Vec::new();
            hepz::compress(&Memory(&file), &mut archive, &CompressOptions::new()).unwrap();
            archive.len()
        };
        for level in Level::ALL {
            let (base, refinement) = layers(&file, &rules, level);
            assert!(merged(&base, &refinement).unwrap() == file, "{name} {level:?}");
            if level == Level::Default && name == "k = 10" {
                let both = base.len() + refinement.len();
                assert!(both < lossless * 106 / 100, "{both} of {lossless}");
                let mut options = options(level);
                options.threads = 3;
                let (mut again, mut refined) = (Vec::new(), Vec::new());
                hepz::split(&Memory(&file), &rules, &mut again, &mut refined, &options).unwrap();
                assert!(again == base && refined == refinement, "threads change bytes");
            }
        }
    }
}

#[test]
fn compressed_blocks_are_rounded_at_their_places() {
    let files: [(&str, &[u8]); 4] = [
        ("chunked_latest.h5", include_bytes!("../../formats/tests/hdf5/chunked_latest.h5")),
        ("records_earliest.h5", include_bytes!("../../formats/tests/hdf5/records_earliest.h5")),
        ("tree.root", include_bytes!("../../formats/tests/root/tree.root")),
        ("ntuple.root", include_bytes!("../../formats/tests/root/ntuple.root")),
    ];
    for (name, file) in files {
        let rules = kept(5);
        let out = rounded(file, &rules);
        assert_eq!(out.len(), file.len(), "{name}");
        assert!(out != file, "{name}");
        let (base, refinement) = layers(file, &rules, Level::Default);
        assert!(merged(&base, &refinement).unwrap() == file, "{name}");
        let archive = Archive::from_bytes(&base, Limits::default()).unwrap();
        let proof = hepz::verify_against(&archive, &Memory(file), &DecompressOptions::new()).unwrap();
        assert!(proof.holds() && !proof.columns.is_empty(), "{name}");
    }
}

#[test]
fn records_whose_layout_was_said_are_proved_as_well() {
    let (npy, rules) = (file(400, 4), kept(6));
    let records = &npy[npy.len() - 400 * 32..];
    let schema = "px:f4,py:f4,pt:f4,cents:f4,n:i4,odd:f4,x:f8".parse().unwrap();
    let mut options = options(Level::Default);
    options.records = Some((schema, Arrangement::Rows));
    options.precision = Some(&rules);
    let mut archive = Vec::new();
    let report = hepz::compress(&Memory(records), &mut archive, &options).unwrap();
    let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
    hepz::verify_written(&archive, &Memory(records), &report, &DecompressOptions::new()).unwrap();
    let mut other = records.to_vec();
    other[16] ^= 1;
    let error = hepz::verify_written(&archive, &Memory(&other), &report, &DecompressOptions::new());
    assert!(
        matches!(&error, Err(ArchiveError::ContractBroken { what }) if what.contains("n: exact")),
        "{error:?}"
    );
}

#[test]
fn layers_that_do_not_belong_together_are_refused_by_name() {
    let (one, two) = (file(500, 7), file(500, 8));
    let (base, refinement) = layers(&one, &kept(8), Level::Default);
    let (other_base, other_refinement) = layers(&two, &kept(8), Level::Default);
    let is_other =
        |result: Result<Vec<u8>, ArchiveError>| matches!(result, Err(ArchiveError::OtherBase { .. }));
    assert!(is_other(merged(&base, &other_refinement)));
    assert!(is_other(merged(&other_base, &refinement)));
    assert!(is_other(merged(&refinement, &base)));
    assert!(is_other(merged(&base, &base)));
    // The same file, other contracts.
    let (finer, _) = layers(&one, &kept(9), Level::Default);
    assert!(is_other(merged(&finer, &refinement)));
    let archive = Archive::from_bytes(&refinement, Limits::default()).unwrap();
    assert!(archive.is_refinement());
    let alone = archive.decompress(&mut Vec::new(), &DecompressOptions::new());
    assert!(matches!(alone, Err(ArchiveError::IsRefinement)));
}

#[test]
fn damage_to_a_refinement_is_an_error() {
    let file = file(100, 9);
    let (base, refinement) = layers(&file, &kept(10), Level::Default);
    let base = Archive::from_bytes(&base, Limits::default()).unwrap();
    let is_refused = |refinement: &[u8]| {
        let opened = Archive::from_bytes(refinement, Limits::default());
        opened.and_then(|own| hepz::merge(&base, &own, &mut Vec::new(), &DecompressOptions::new())).is_err()
    };
    assert!(!is_refused(&refinement));
    for end in (0..refinement.len()).step_by(7) {
        assert!(is_refused(&refinement[..end]), "cut at {end}");
    }
    for at in 0..refinement.len() {
        let mut damaged = refinement.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(is_refused(&damaged), "byte {at}");
    }
}

#[test]
fn files_without_columns_of_floats_and_rules_that_match_nothing_are_refused() {
    let text = b"a text\nwithout numbers in it\n".repeat(9);
    let mut options = CompressOptions::new();
    let rules = kept(10);
    options.precision = Some(&rules);
    let refused = hepz::compress(&Memory(&text), &mut Vec::new(), &options);
    assert!(matches!(refused, Err(CompressError::NotRounded { .. })));
    let rules = RulesFile::parse("[[column]]\nmatch = 'nothing'\nkept_bits = 3\n").unwrap();
    options.precision = Some(&rules);
    let refused = hepz::compress(&Memory(&file(100, 1)), &mut Vec::new(), &options);
    assert!(matches!(refused, Err(CompressError::NothingToRound)));
}

fn promise() -> impl Strategy<Value = Promise> {
    prop_oneof![
        (0u32..=52).prop_map(|kept| Promise::KeptBits { kept }),
        (1e-6f64..1e4).prop_map(|bound| Promise::Absolute { bound }),
        (1e-6f64..0.5).prop_map(|fraction| Promise::Relative { fraction }),
        (1e-6f64..0.5).prop_map(|fraction| Promise::RangeRelative { fraction, range: None }),
        (1u32..=15).prop_map(|digits| Promise::Digits { digits }),
        (-3i32..=6).prop_map(|decimals| Promise::Decimals { decimals }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_contract_is_kept_and_undone(promise in promise(), seed in any::<u64>(), rows in 1usize..400, specials in any::<bool>()) {
        let specials: &[f64] = if specials { &[-999.0, 0.0, 1234.5] } else { &[] };
        let rules = RulesFile::single("*", Contract::new(promise, specials).unwrap());
        let file = file(rows, seed);
        let (base, refinement) = layers(&file, &rules, Level::Default);
        prop_assert!(merged(&base, &refinement).unwrap() == file);
        let archive = Archive::from_bytes(&base, Limits::default()).unwrap();
        let proof = hepz::verify_against(&archive, &Memory(&file), &DecompressOptions::new()).unwrap();
        prop_assert!(proof.holds());
    }
}

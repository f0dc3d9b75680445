//! Archives with byte networks: they come back, small where the network knows the file, and never without the right model.
//!
//! In: files and networks made here. Out: none. Not here: trained networks (`hepz-training`).

mod knowing;

use hepz::networks::Model;
use hepz::{Archive, ArchiveError, CompressOptions, DecompressOptions, Level, Limits, Memory};
use hepz_container::{FormatVersion, Reader, Writer};
use hepz_neural::bytes::gru::Gru;
use hepz_neural::matrix::Matrix;
use knowing::{file, knowing, model, random};
use std::slice::from_ref;
use std::sync::Arc;

/// Networks that know nothing: all zeros, all maxima, noise.
fn ignorant() -> Vec<Arc<Model>> {
    let with = |number: &mut dyn FnMut() -> i32| {
        let mut matrix = |outputs: usize| {
            let weights = (0..outputs * 8).map(|_| (number() % 128) as i8).collect();
            let multipliers = (0..outputs).map(|_| number().unsigned_abs() as i32 & 0x7f_ffff).collect();
            let biases = (0..outputs).map(|_| number() % (1 << 15)).collect();
            Matrix::new(8, weights, multipliers, biases).unwrap()
        };
        let (recurrent, inputs, logits) = (vec![matrix(24), matrix(24)], vec![matrix(24)], matrix(256));
        let embedding = (0..256 * 24).map(|_| number() as i16).collect();
        model(Gru::new(embedding, inputs, recurrent, logits).unwrap())
    };
    let mut noise = random(3);
    vec![with(&mut || 0), with(&mut || i32::MAX), with(&mut || noise() as i32)]
}

fn options(models: &[Arc<Model>]) -> CompressOptions<'static> {
    let mut options = CompressOptions::new();
    options.level = Level::Max;
    options.models = models.to_vec();
    options
}

fn compressed(file: &[u8], options: &CompressOptions<'_>) -> Vec<u8> {
    let mut archive = Vec::new();
    hepz::compress(&Memory(file), &mut archive, options).unwrap();
    archive
}

/// The file, with the models at hand.
fn restored(archive: &[u8], models: &[Arc<Model>]) -> Result<Vec<u8>, ArchiveError> {
    let archive = Archive::open_with(Box::new(Memory(archive)), Limits::default(), models)?;
    let mut back = Vec::new();
    let result = archive.decompress(&mut back, &DecompressOptions::new());
    // Whatever is wrong with a model is noticed before the first byte.
    assert!(result.is_ok() || back.is_empty());
    result.map(|()| back)
}

#[test]
fn a_network_that_knows_the_file_is_used_and_shown() {
    let model = knowing(9);
    let file = file(1, &model, 60_000);
    let plain = compressed(&file, &options(&[]));
    let with = compressed(&file, &options(from_ref(&model)));
    assert!(with.len() + model.payload().len() / 2 < plain.len(), "{} {}", with.len(), plain.len());
    assert_eq!(restored(&with, &[]).unwrap(), file);
    let archive = Archive::from_bytes(&with, Limits::default()).unwrap();
    assert_eq!(archive.header().format_version, (0, 6));
    assert_eq!(archive.models().unwrap()[0].id(), model.id());
    let inspection = archive.inspect().unwrap();
    let [shown] = inspection.models.as_slice() else { panic!("{:?}", inspection.models) };
    assert_eq!((shown.id, shown.embedded, shown.kind), (model.id(), true, "bytes"));
    let gain = (plain.len() + shown.bytes as usize - with.len()) as u64;
    assert!(shown.saved_bytes.abs_diff(gain) < 100, "{} {gain}", shown.saved_bytes);
    // Elsewhere it is not looked at.
    let mut other = options(&[model]);
    other.level = Level::Default;
    assert_eq!(compressed(&file, &other), compressed(&file, &CompressOptions::new()));
}

#[test]
fn an_archive_that_names_its_model_wants_that_one() {
    let (model, other) = (knowing(9), knowing(10));
    let file = file(2, &model, 60_000);
    let mut by_reference = options(from_ref(&model));
    by_reference.model_ref = true;
    let archive = compressed(&file, &by_reference);
    assert!(archive.len() + model.payload().len() / 2 < compressed(&file, &options(from_ref(&model))).len());
    assert_eq!(restored(&archive, &[other.clone(), model.clone()]).unwrap(), file);
    let wanted = hepz::networks::id_text(&model.id());
    assert!(
        matches!(restored(&archive, &[]), Err(ArchiveError::MissingModel { wanted: id }) if id == wanted)
    );
    assert!(
        matches!(restored(&archive, &[other]), Err(ArchiveError::WrongModel { wanted: id }) if id == wanted)
    );
    let opened = Archive::from_bytes(&archive, Limits::default()).unwrap();
    assert!(opened.test(&DecompressOptions::new()).is_err());
    assert_eq!(opened.inspect().unwrap().models[0].kind, "");
}

#[test]
fn tampered_weights_are_refused_before_any_output() {
    let model = knowing(9);
    let file = file(3, &model, 60_000);
    let archive = compressed(&file, &options(from_ref(&model)));
    let reader = Reader::open(&archive[..], hepz_container::Limits::default()).unwrap();
    let section = reader.sections().iter().position(|section| section.kind == 15).unwrap();
    let length = reader.read(section).unwrap().len();
    for at in [0, 1, 32, 33, length / 2, length - 1] {
        let mut writer = Writer::of_version(Vec::new(), FormatVersion { major: 0, minor: 6 }).unwrap();
        for (number, head) in reader.sections().iter().enumerate() {
            let mut payload = reader.read(number).unwrap();
            if number == section {
                payload[at] ^= 4;
            }
            writer.section(head.kind, head.tag, &payload).unwrap();
        }
        let patched = writer.finish().unwrap();
        let error = restored(&patched, &[]).unwrap_err();
        assert!(matches!(error, ArchiveError::Corrupt { .. } | ArchiveError::TooNew { .. }), "{error}");
    }
}

#[test]
fn a_network_of_other_data_costs_nothing_and_changes_nothing() {
    let mut random = random(5);
    let noise: Vec<u8> = (0..60_000).map(|_| random() as u8).collect();
    let text: Vec<u8> = (0..3000).flat_map(|n| format!("{n} {}\n", n * n % 1013).into_bytes()).collect();
    let mut models = ignorant();
    models.push(knowing(10));
    for file in [Vec::new(), noise, text, file(6, &knowing(9), 50_000)] {
        let plain = compressed(&file, &options(&[]));
        for model in &models {
            assert_eq!(compressed(&file, &options(from_ref(model))), plain);
        }
    }
}

#[test]
fn a_network_alone_codes_anything_back() {
    let model = knowing(9);
    let long = file(4, &model, 70_000);
    let mut models = ignorant();
    models.push(model.clone());
    for model in &models {
        let mut alone = options(from_ref(model));
        alone.level = Level::Default;
        alone.model_only = true;
        for len in [0, 1, 5000, long.len()] {
            let archive = compressed(&long[..len], &alone);
            assert_eq!(restored(&archive, &[]).unwrap(), &long[..len]);
        }
        let threads = [1, 3].map(|threads| {
            alone.threads = threads;
            compressed(&long, &alone)
        });
        assert_eq!(threads[0], threads[1]);
    }
    let mut alone = options(&[model]);
    (alone.model_only, alone.model_ref) = (true, true);
    assert!(compressed(&long, &alone).len() < long.len() / 4 * 3);
    alone.models.clear();
    let result = hepz::compress(&Memory(&long), &mut Vec::new(), &alone);
    assert!(matches!(result, Err(hepz::CompressError::NoByteModel)));
}

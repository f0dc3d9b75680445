//! Networks: attacks on model files, and on archives that need models.
//!
//! In: any bytes as a model file or its payload; patches to an archive with networks. Out: none; panics if a promise is broken.
//! Not here: archives without networks (`codec`).

use crate::codec::{Sections, limits, one_thread, patched, read_everything, sections_of};
use crate::readers::Memory;
use hepz::networks::{ByteNetwork, MODEL_MAGIC, Model, Networks};
use hepz::{CompressOptions, Level, compress};
use hepz_container::{FormatVersion, Writer};
use hepz_neural::bytes::gru::Gru;
use hepz_neural::kernel::Kernel;
use hepz_neural::matrix::Matrix;
use hepz_neural::wire::Numbers;
use sha2::{Digest, Sha256};
use std::sync::{Arc, OnceLock};

/// Kind of the sections that hold models.
const MODEL: u8 = 15;
/// A larger network takes more than the moment that an attack may take.
const MOST_PARAMETERS: usize = 1 << 16;

/// A network of width 8 that means nothing.
fn network() -> ByteNetwork {
    let mut state = 1u64;
    let mut number = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as i32
    };
    let mut matrix = |outputs: usize| {
        let weights = (0..outputs * 8).map(|_| (number() % 127) as i8).collect();
        Matrix::new(8, weights, vec![5000; outputs], vec![7; outputs]).expect("sides agree")
    };
    let (recurrent, logits) = (matrix(24), matrix(256));
    let embedding = (0..256 * 24).map(|at| at as i16 % 4096).collect();
    ByteNetwork::Gru(Gru::new(embedding, Vec::new(), vec![recurrent], logits).expect("sides agree"))
}

fn models() -> Vec<Model> {
    let numbers = Numbers { small: vec![3; 50], medium: vec![1, 2], wide: vec![-9] };
    let values = Networks::Values(vec![("one".to_owned(), numbers), (String::new(), Numbers::default())]);
    let values = Model::new("kind = \"values\"\n", values);
    vec![
        Model::new("kind = \"bytes\"\n", Networks::Bytes(network())),
        values.clone().with_checkpoint(vec![("w".to_owned(), vec![0.5, -0.0, f32::NAN])]),
        values,
    ]
}

/// Model files and payloads.
pub fn model_seeds() -> Vec<Vec<u8>> {
    models().iter().flat_map(|model| [model.to_bytes(), model.payload().to_vec()]).collect()
}

/// Any bytes as a model file, and as a payload under its sum.
pub fn model_file(data: &[u8]) {
    let mut summed = MODEL_MAGIC.to_vec();
    summed.extend_from_slice(&(data.len() as u64).to_le_bytes());
    summed.extend_from_slice(data);
    summed.extend_from_slice(&Sha256::digest(data));
    for file in [data, &summed] {
        let Ok(model) = Model::read(file) else { continue };
        if let Some(network) = model.byte_network().filter(|n| n.parameters() < MOST_PARAMETERS) {
            let (mut streams, mut frequencies) = (network.streams(2), vec![0; 512]);
            for last in 0..20 {
                network.step(Kernel::best(), &mut streams, &[last, 255 - last], &mut frequencies);
            }
            assert_eq!(frequencies.iter().map(|&n| u64::from(n)).sum::<u64>(), 2 << 24);
        }
        let again = Model::new(model.description(), model.networks().clone());
        let back = Model::read(&again.to_bytes()).expect("a model just written is read");
        assert!(back.networks() == model.networks(), "networks come back changed");
    }
}

/// Archives under a network alone and with one that means nothing beside the counters, by reference and whole.
fn archives() -> &'static [(FormatVersion, Sections)] {
    static ARCHIVES: OnceLock<Vec<(FormatVersion, Sections)>> = OnceLock::new();
    ARCHIVES.get_or_init(|| {
        let model = Arc::new(Model::new("", Networks::Bytes(network())));
        let text = b"1 2 3 4\n2 3 4 5\n".repeat(20);
        let archive = |model_ref: bool| {
            let mut options = CompressOptions::new();
            (options.threads, options.level, options.model_only) = (1, Level::Max, true);
            (options.models, options.model_ref) = (vec![model.clone()], model_ref);
            let mut archive = Vec::new();
            compress(&Memory(&text), &mut archive, &options).expect("compressing from and to memory");
            sections_of(&archive).expect("an archive just written opens")
        };
        let (version, mut mixed) = archive(false);
        let alone = mixed.clone();
        // The same model with counters; what comes out is noise, as the code is.
        for (_, payload) in mixed.iter_mut().filter(|(section, _)| section.kind == 4) {
            *payload = [&[3, 100, 0, 50, 1, 14, 0, 0][..], &payload[10..40]].concat();
        }
        vec![(version, alone), (version, mixed), archive(true)]
    })
}

/// Patches: see [`decode_networks`].
pub fn patch_seeds() -> Vec<Vec<u8>> {
    let numbers = 0..archives().len() as u8;
    numbers.map(|number| vec![number, 1, 40, 0, 0x01, 2, 5, 0, 0x80, 3, 2, 0, 0xFF]).collect()
}

/// As `decode_patched`, where the identity of a model that was patched is made right again.
pub fn decode_networks(data: &[u8]) {
    let [number, patches @ ..] = data else { return };
    let (version, sections) = &archives()[usize::from(*number) % archives().len()];
    let mut sections = sections.clone();
    patched(&mut sections, patches);
    for (_, payload) in sections.iter_mut().filter(|(section, _)| section.kind == MODEL) {
        if let Some((front, weights)) = payload.split_at_mut_checked(33) {
            front[1..].copy_from_slice(&Sha256::digest(weights));
        }
    }
    let mut writer = Writer::of_version(Vec::new(), *version).expect("a vector takes every byte");
    for (section, payload) in &sections {
        writer.section(section.kind, section.tag, payload).expect("the kinds were read from an archive");
    }
    let archive = writer.finish().expect("a vector takes every byte");
    read_everything(&archive);
    let model = Arc::new(Model::new("", Networks::Bytes(network())));
    if let Ok(archive) = hepz::Archive::open_with(Box::new(hepz::Memory(&archive)), limits(), &[model]) {
        let _ = archive.decompress(&mut std::io::sink(), &one_thread());
    }
}

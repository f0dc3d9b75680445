//! Model files: a trained network with where it comes from.
//!
//! In: what a run gave. Out: a [`Model`].
//! Not here: the file's layout and compression (`hepz`).
//! Holds: the description names data by their sums, so that nobody has to believe which they were.

use hepz::networks::{Model, Networks, Provenance, TrainingFile};

use crate::config::Config;
use crate::data::FileNote;
use crate::run::Trained;

/// The model of a trained network of bytes.
pub fn model(trained: &Trained, config: &Config, files: &[FileNote]) -> Model {
    let file =
        |file: &FileNote| TrainingFile { name: file.name.clone(), sha256: file.sha256, bytes: file.bytes };
    let provenance = Provenance {
        architecture: trained.network.describe(),
        trainer: concat!("hepz train ", env!("CARGO_PKG_VERSION")).to_owned(),
        seeds: vec![config.training.seed],
        steps: trained.steps,
        bits_per_byte: Some(trained.integer_bits),
        data: files.iter().map(file).collect(),
        ..Provenance::default()
    };
    Model::new(provenance.to_toml("bytes"), Networks::Bytes(trained.network.clone()))
}

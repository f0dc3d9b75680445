//! Networks in files and archives: where weights live, and under which name.
//!
//! In: trained networks. Out: a [`Model`], its file, its place in an archive.
//! Not here: running networks (`hepz-neural`), training them (`hepz-training`), what the plan does with them (`crate::plan`).
//! Holds: a model is known by the SHA-256 of its payload; what does not have that sum is never used.
//!
//! # Writing
//! [`CompressOptions::models`](crate::CompressOptions) are the models that may be used. A part of the codec that uses one asks
//! `Carrier::use_model` for its number before it writes what refers to it; the archive then has a section `model` with that number,
//! in front of the first section that needs it. Numbers count from 0 in the order of first use.
//!
//! # Reading
//! `Archive::models` gives all models of the archive by number, embedded ones from the archive, referenced ones from those that were
//! handed to [`Archive::open_with`](crate::Archive::open_with); it fails with `MissingModel` or `WrongModel`. Nothing is written before.

mod columns;
mod error;
mod file;
mod payload;
mod provenance;
mod section;

pub use error::ModelError;
pub use file::MODEL_MAGIC;
pub use payload::MODEL_VERSION;
pub use provenance::{Provenance, TrainingFile};
pub(crate) use section::Carried;
pub(crate) use section::Carrier;

pub use hepz_neural::bytes::ByteNetwork;
use hepz_neural::wire::Numbers;

/// What the networks of a model forecast.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Networks {
    /// The next byte.
    Bytes(ByteNetwork),
    /// Columns of tables: for each network a text that says of which and from which, and its numbers. Both are the business of
    /// the plan.
    Values(Vec<(String, Numbers)>),
}

impl Networks {
    /// `bytes` or `values`, as descriptions and `inspect` say it.
    pub fn kind(&self) -> &'static str {
        match self {
            Networks::Bytes(_) => "bytes",
            Networks::Values(_) => "values",
        }
    }
}

/// Networks with a description and an identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    description: String,
    networks: Networks,
    checkpoint: Vec<(String, Vec<f32>)>,
    payload: Vec<u8>,
    id: [u8; 32],
}

impl Model {
    /// A model; `description` is TOML (see [`Provenance`]).
    pub fn new(description: impl Into<String>, networks: Networks) -> Model {
        let description = description.into();
        let payload = payload::write(&description, &networks);
        let id = file::sum(&payload);
        Model { description, networks, checkpoint: Vec::new(), payload, id }
    }

    /// The same with the weights as they were trained, by name, from which training may go on. They are part of the file, not of
    /// the identity, and no archive carries them.
    #[must_use]
    pub fn with_checkpoint(self, checkpoint: Vec<(String, Vec<f32>)>) -> Model {
        Model { checkpoint, ..self }
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// [`ModelError`] says whose move it is.
    pub fn read(file: &[u8]) -> Result<Model, ModelError> {
        let (payload, checkpoint) = file::read(file)?;
        let model = Model::from_payload(payload.to_vec())?;
        Ok(match checkpoint {
            Some(checkpoint) => model.with_checkpoint(payload::read_checkpoint(checkpoint)?),
            None => model,
        })
    }

    pub(crate) fn from_payload(payload: Vec<u8>) -> Result<Model, ModelError> {
        let (description, networks) = payload::read(&payload)?;
        let id = file::sum(&payload);
        Ok(Model { description, networks, checkpoint: Vec::new(), payload, id })
    }

    /// The model file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let checkpoint = (!self.checkpoint.is_empty()).then(|| payload::write_checkpoint(&self.checkpoint));
        file::write(&self.payload, checkpoint.as_deref())
    }

    /// SHA-256 of the payload: description and networks in their stored form.
    pub fn id(&self) -> [u8; 32] {
        self.id
    }

    /// Architecture and provenance, TOML.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The networks.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    /// The network of a byte model.
    pub fn byte_network(&self) -> Option<&ByteNetwork> {
        match &self.networks {
            Networks::Bytes(network) => Some(network),
            Networks::Values(_) => None,
        }
    }

    /// `bytes` or `values`.
    pub fn kind(&self) -> &'static str {
        self.networks.kind()
    }

    /// The weights as they were trained, empty if the file has none.
    pub fn checkpoint(&self) -> &[(String, Vec<f32>)] {
        &self.checkpoint
    }

    /// What an archive carries: description and networks, compressed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// The first half of an identity in hexadecimal digits is enough to tell models apart; this is all of it.
pub fn id_text(id: &[u8; 32]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;

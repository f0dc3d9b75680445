//! Sections: models in archives, whole or by reference.
//!
//! In: models that are used. Out: payloads of sections `model`, and from them the models again.
//! Not here: payloads of models (`payload`), where sections lie (`hepz-container`).
//! Holds: an embedded model has the sum that stands beside it; a referenced one is the one that was used, or an error.

use super::{Model, file, id_text};
use crate::ArchiveError;
use hepz_container::wire::Cursor;
use std::sync::Arc;

/// The first byte of a section.
const EMBEDDED: u8 = 0;
const REFERENCED: u8 = 1;

/// The models that an archive uses, while it is written.
#[derive(Debug, Default)]
pub(crate) struct Carrier {
    by_reference: bool,
    used: Vec<Arc<Model>>,
}

impl Carrier {
    /// None used yet; models are embedded, or only named.
    pub(crate) fn new(by_reference: bool) -> Carrier {
        Carrier { by_reference, used: Vec::new() }
    }

    /// True if the archive has a section `model`.
    pub(crate) fn is_used(&self) -> bool {
        !self.used.is_empty()
    }

    /// The number that a model has, or would have if it were used next.
    pub(crate) fn number(&self, model: &Model) -> u64 {
        self.used.iter().position(|used| used.id() == model.id()).unwrap_or(self.used.len()) as u64
    }

    /// Bytes that using a model adds to the archive, about.
    pub(crate) fn cost(&self, model: &Model) -> u64 {
        let known = self.used.iter().any(|used| used.id() == model.id());
        if known || self.by_reference { 64 } else { model.payload().len() as u64 + 64 }
    }

    /// The number of a model in this archive; if it is new, also the payload of its section, which has to be written at once.
    pub(crate) fn use_model(&mut self, model: &Arc<Model>) -> (u64, Option<Vec<u8>>) {
        if let Some(number) = self.used.iter().position(|used| used.id() == model.id()) {
            return (number as u64, None);
        }
        let number = self.used.len() as u64;
        self.used.push(model.clone());
        let mut section = vec![if self.by_reference { REFERENCED } else { EMBEDDED }];
        section.extend_from_slice(&model.id());
        if !self.by_reference {
            section.extend_from_slice(model.payload());
        }
        (number, Some(section))
    }
}

/// What a section `model` holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Carried {
    /// The model's identity.
    pub(crate) id: [u8; 32],
    /// Its payload, if it is embedded.
    pub(crate) payload: Option<Vec<u8>>,
}

impl Carried {
    /// Reads a section; `at` is its place in the archive.
    pub(crate) fn from_bytes(section: &[u8], at: u64) -> Result<Carried, ArchiveError> {
        let corrupt = |what: &str| ArchiveError::corrupt("model", at, what);
        let mut cursor = Cursor::new(section);
        let mut id = [0; 32];
        let form = cursor.u8().map_err(|error| corrupt(error.what()))?;
        id.copy_from_slice(cursor.bytes(32).map_err(|error| corrupt(error.what()))?);
        let payload = section.get(cursor.position()..).unwrap_or_default();
        match form {
            EMBEDDED if file::sum(payload) != id => Err(corrupt("the SHA-256 of the weights does not hold")),
            EMBEDDED => Ok(Carried { id, payload: Some(payload.to_vec()) }),
            REFERENCED if payload.is_empty() => Ok(Carried { id, payload: None }),
            REFERENCED => Err(corrupt("bytes are left over")),
            other => Err(ArchiveError::TooNew { what: format!("a model stored in form {other}") }),
        }
    }

    /// The model, embedded or among those that were given.
    pub(crate) fn resolve(self, given: &[Arc<Model>], at: u64) -> Result<Arc<Model>, ArchiveError> {
        match self.payload {
            Some(payload) => Model::from_payload(payload).map(Arc::new).map_err(|error| match error {
                super::ModelError::TooNew { what } => ArchiveError::TooNew { what },
                other => ArchiveError::corrupt("model", at, other.to_string()),
            }),
            None => match given.iter().find(|model| model.id() == self.id) {
                Some(model) => Ok(model.clone()),
                None if given.is_empty() => Err(ArchiveError::MissingModel { wanted: id_text(&self.id) }),
                None => Err(ArchiveError::WrongModel { wanted: id_text(&self.id) }),
            },
        }
    }
}

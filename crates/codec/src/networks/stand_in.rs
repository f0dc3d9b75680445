//! A place for byte networks until `hepz_neural` has them.
//!
//! In: numbers. Out: the same. Not here: anything else.

use hepz_neural::wire::{Numbers, Reader, WireError};

/// Numbers of a byte network.
#[derive(Clone, Debug, PartialEq)]
pub struct ByteNetwork(Numbers);

impl ByteNetwork {
    /// The stored form.
    pub fn write(&self, into: &mut Numbers) {
        *into = self.0.clone();
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// None yet.
    pub fn read(_from: &mut Reader<'_>) -> Result<ByteNetwork, WireError> {
        Err(WireError::Invalid("byte networks are not there yet"))
    }
}

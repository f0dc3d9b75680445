//! Checkpoints: all that a run needs to go on as if nothing had happened.
//!
//! In: weights, moments of the optimiser, the state of the run. Out: a file, and back.
//! Not here: model files (`hepz`): a checkpoint is in floating point and of no use to a decoder.
//! Holds: the file under its name is always whole: it is written beside, flushed, and renamed.
//!
//! Layout: `hepz training 1\n`, then four parts, each a length of 8 bytes (little endian) and its bytes: state
//! (TOML), weights, optimiser, best weights (the framework's format); then CRC-32C of all before, 4 bytes.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 16] = b"hepz training 1\n";

/// What a run knows besides weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// Steps done.
    pub steps: u64,
    /// Seconds that they took, with all judging.
    pub seconds: f64,
    /// Share of the run that was skipped because nothing improved any more.
    pub skipped: f64,
    /// Weights are rounded.
    pub quantised: bool,
    /// Judgements so far: the run is cut into equal parts.
    pub judged: u32,
    /// Judgements since the best.
    pub since_best: u32,
    /// The best bits per byte of this part, rounded or not; none yet.
    pub best_bits: Option<f64>,
    /// The best bits per byte without rounding; none yet.
    pub float_bits: Option<f64>,
    /// The configuration, as text.
    pub config: String,
    /// The sum of the data.
    pub data: String,
}

/// A checkpoint as it is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// The state of the run.
    pub state: RunState,
    /// Weights.
    pub module: Vec<u8>,
    /// Moments.
    pub optimiser: Vec<u8>,
    /// The best weights; empty if there are none yet.
    pub best: Vec<u8>,
}

/// Why a run cannot go on from a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It cannot be read or written.
    #[error("checkpoint: {0}")]
    Io(#[from] io::Error),
    /// It is none, or damaged.
    #[error("the checkpoint is {0}")]
    Damaged(&'static str),
    /// It is of another run.
    #[error("the checkpoint is of another {0}; train anew without --resume, or give what it was")]
    Other(&'static str),
}

impl Checkpoint {
    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let state = toml::to_string(&self.state).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        for part in [state.as_bytes(), &self.module, &self.optimiser, &self.best] {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let damaged = CheckpointError::Damaged;
        let rest = bytes.strip_prefix(MAGIC).ok_or(damaged("none of this version"))?;
        let (body, sum) = rest.split_last_chunk::<4>().ok_or(damaged("cut"))?;
        if crc32c::crc32c(&bytes[..bytes.len() - 4]) != u32::from_le_bytes(*sum) {
            return Err(damaged("damaged"));
        }
        let mut left = body;
        let mut part = || {
            let (length, rest) = left.split_first_chunk::<8>()?;
            let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
            let (part, rest) = rest.split_at_checked(length)?;
            left = rest;
            Some(part.to_vec())
        };
        let mut next = || part().ok_or(damaged("cut"));
        let (state, module, optimiser, best) = (next()?, next()?, next()?, next()?);
        let state = String::from_utf8(state).map_err(|_| damaged("damaged"))?;
        let state = toml::from_str(&state).map_err(|_| damaged("of another version"))?;
        Ok(Checkpoint { state, module, optimiser, best })
    }

    /// Replaces the file `path` in one step.
    ///
    /// # Errors
    /// What the system says; the old file is still there.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let mut file = File::create(&beside)?;
        file.write_all(&self.to_bytes())?;
        file.sync_all()?;
        drop(file);
        std::fs::rename(&beside, path)?;
        Ok(())
    }

    /// Reads the file `path`.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn load(path: &Path) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::from_bytes(&std::fs::read(path)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_comes_back_and_each_prefix_and_flipped_byte_is_refused() {
        let state =
            RunState { steps: 7, best_bits: Some(1.5), config: "a = \"b\"\n".into(), ..RunState::default() };
        let checkpoint =
            Checkpoint { state, module: vec![1, 2, 3], optimiser: vec![4; 40], best: Vec::new() };
        let bytes = checkpoint.to_bytes();
        assert_eq!(Checkpoint::from_bytes(&bytes).unwrap(), checkpoint);
        for end in 0..bytes.len() {
            assert!(Checkpoint::from_bytes(&bytes[..end]).is_err());
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert!(Checkpoint::from_bytes(&flipped).is_err());
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        checkpoint.save(&path).unwrap();
        checkpoint.save(&path).unwrap();
        assert_eq!(Checkpoint::load(&path).unwrap(), checkpoint);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

//! Architectures of byte networks, as configurations name them.
//!
//! In: TOML. Out: checked numbers.
//! Not here: networks (`gru`, `mamba`, `transformer`).
//! Holds: what [`ByteArchitecture::check`] passes can be built and run in integers.

use hepz_neural::bytes::WIDTH_STEP;
use serde::{Deserialize, Serialize};

/// Families of byte networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ByteKind {
    /// Gated recurrent units: the fastest on a CPU.
    Gru,
    /// Selective state space.
    Mamba,
    /// Attention over segments, with a compressive memory.
    Transformer,
}

/// A byte network's sizes. What a family does not have is ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByteArchitecture {
    /// The family.
    pub kind: ByteKind,
    /// Activations between layers.
    pub width: usize,
    /// Layers.
    #[serde(default = "one")]
    pub layers: usize,
    /// Numbers of state for each channel (`mamba`).
    #[serde(default = "default_state")]
    pub state: usize,
    /// Heads (`mamba`, `transformer`).
    #[serde(default = "default_heads")]
    pub heads: usize,
    /// Bytes of a segment of attention (`transformer`).
    #[serde(default = "default_segment")]
    pub segment: usize,
    /// Slots of the compressive memory, 0 for none (`transformer`).
    #[serde(default)]
    pub memory: usize,
    /// Bytes of a record, 0 if there are no records (`transformer`).
    #[serde(default)]
    pub record: usize,
    /// Activations inside a feed-forward layer, 0 for twice the width (`transformer`).
    #[serde(default)]
    pub feed: usize,
}

fn one() -> usize {
    1
}

fn default_state() -> usize {
    16
}

fn default_heads() -> usize {
    4
}

fn default_segment() -> usize {
    64
}

/// Why there is no such network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// A number is not in its range.
    #[error("{key}: {is} is outside {least} to {most}")]
    Range {
        /// The key.
        key: &'static str,
        /// What it is.
        is: usize,
        /// The least it may be.
        least: usize,
        /// The most it may be.
        most: usize,
    },
    /// The width is no multiple of [`WIDTH_STEP`].
    #[error("width: {0} is no multiple of {WIDTH_STEP}")]
    Width(usize),
    /// Heads do not divide the channels.
    #[error("heads: {heads} does not divide {channels} channels")]
    Heads {
        /// Heads.
        heads: usize,
        /// Channels.
        channels: usize,
    },
}

impl ByteArchitecture {
    /// A family with a width and layers; the rest as if nothing was said.
    pub fn new(kind: ByteKind, width: usize, layers: usize) -> ByteArchitecture {
        ByteArchitecture {
            kind,
            width,
            layers,
            state: default_state(),
            heads: default_heads(),
            segment: default_segment(),
            memory: 0,
            record: 0,
            feed: 0,
        }
    }

    /// Activations inside a feed-forward layer.
    pub fn feed_forward(&self) -> usize {
        if self.feed > 0 { self.feed } else { 2 * self.width }
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// [`ArchitectureError`] names the key.
    pub fn check(&self) -> Result<(), ArchitectureError> {
        let ranges = [
            ("width", self.width, 8, 512),
            ("layers", self.layers, 1, 8),
            ("state", self.state, 4, 32),
            ("heads", self.heads, 1, 32),
            ("segment", self.segment, 16, 1024),
            ("memory", self.memory, 0, 256),
            ("record", self.record, 0, 4096),
            ("feed", self.feed, 0, 2048),
        ];
        for (key, is, least, most) in ranges {
            if !(least..=most).contains(&is) {
                return Err(ArchitectureError::Range { key, is, least, most });
            }
        }
        if !self.width.is_multiple_of(WIDTH_STEP) {
            return Err(ArchitectureError::Width(self.width));
        }
        let channels = match self.kind {
            ByteKind::Gru => return Ok(()),
            ByteKind::Mamba => 2 * self.width,
            ByteKind::Transformer => self.width,
        };
        if channels.is_multiple_of(self.heads) {
            Ok(())
        } else {
            Err(ArchitectureError::Heads { heads: self.heads, channels })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_has_a_default_and_errors_name_the_key() {
        let read = |text: &str| toml::from_str::<ByteArchitecture>(text);
        let mamba = read("kind = 'mamba'\nwidth = 64").expect("two keys are enough");
        assert_eq!(mamba, ByteArchitecture::new(ByteKind::Mamba, 64, 1));
        assert!(
            read("kind = 'mamba'\nwidth = 64\nwidht = 3")
                .is_err_and(|error| error.to_string().contains("widht"))
        );
        let check = |change: fn(&mut ByteArchitecture)| {
            let mut changed = mamba.clone();
            change(&mut changed);
            changed.check().map_err(|error| error.to_string())
        };
        assert_eq!(check(|_| ()), Ok(()));
        assert_eq!(check(|changed| changed.layers = 9), Err("layers: 9 is outside 1 to 8".to_owned()));
        assert_eq!(check(|changed| changed.width = 20), Err("width: 20 is no multiple of 8".to_owned()));
        assert_eq!(
            check(|changed| changed.heads = 5),
            Err("heads: 5 does not divide 128 channels".to_owned())
        );
    }
}

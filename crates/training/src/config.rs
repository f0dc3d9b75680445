//! Configurations: what is trained, and how.
//!
//! In: TOML, or the name of a preset. Out: checked settings.
//! Not here: data (`data`), the loop (`run`).
//! Holds: what is not said has the value that its field documents; an error names the key.

use burn::tensor::FloatDType;
use serde::{Deserialize, Serialize};

use crate::bytes::ByteArchitecture;
use crate::schedule::Schedule;

/// What a network is to forecast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// The next byte of files.
    #[default]
    Bytes,
}

/// A configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the network forecasts.
    #[serde(default)]
    pub task: Task,
    /// The network.
    pub network: ByteArchitecture,
    /// The run.
    #[serde(default)]
    pub training: Training,
    /// Where it runs.
    #[serde(default)]
    pub device: Placement,
}

/// How long, how fast and on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// Streams side by side in a step [64].
    pub streams: usize,
    /// Bytes of each stream in a step; gradients reach back so far [256].
    pub length: usize,
    /// Steps after which a stream begins anew at another place; state is kept in between [16].
    pub carry: usize,
    /// Steps whose gradients are added before weights change [1].
    pub accumulate: usize,
    /// Lengths of attention segments are drawn anew for each window, from half of the network's to all of it [false].
    pub random_segments: bool,
    /// The greatest learning rate [0.002].
    pub learning_rate: f64,
    /// Decoupled weight decay [0.01].
    pub weight_decay: f64,
    /// Greatest norm of the gradient of all weights together [1.0].
    pub clip: f64,
    /// Share of the run in which the learning rate rises [0.03].
    pub warm_up: f64,
    /// Share of the greatest learning rate that is left at the end [0.02].
    pub rate_floor: f64,
    /// From which share of the run weights are rounded to 8 bits [0.85].
    pub quantise_from: f64,
    /// Length of the run in steps; 0 if minutes say it [0].
    pub steps: u64,
    /// Length of the run in minutes, if no steps are given; time before a resumption counts [60].
    pub minutes: f64,
    /// Share of a single file, at its end, that judges; with several files the last one judges [0.05].
    pub validation: f64,
    /// So many bytes judge during training, at most [1 MiB].
    pub validation_bytes: usize,
    /// How often the network is judged in a run [40].
    pub evaluations: u32,
    /// Judgements without progress after which training ends: first what comes before rounding, then all [12].
    pub patience: u32,
    /// Minutes between checkpoints [5].
    pub checkpoint_minutes: f64,
    /// Of initial weights and the order of the data [1].
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Training {
        Training {
            streams: 64,
            length: 256,
            carry: 16,
            accumulate: 1,
            random_segments: false,
            learning_rate: 2e-3,
            weight_decay: 0.01,
            clip: 1.0,
            warm_up: 0.03,
            rate_floor: 0.02,
            quantise_from: 0.85,
            steps: 0,
            minutes: 60.0,
            validation: 0.05,
            validation_bytes: 1 << 20,
            evaluations: 40,
            patience: 12,
            checkpoint_minutes: 5.0,
            seed: 1,
        }
    }
}

/// Where training runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Placement {
    /// On what [auto].
    pub kind: DeviceKind,
    /// Numbers of weights and activations while training [f32].
    pub precision: Precision,
    /// Activations are computed again instead of kept, where that is cheap: less memory, more time [false].
    pub checkpointing: bool,
}

/// Kinds of devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// A GPU if this build and this machine have one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU, or an error.
    Gpu,
}

impl std::str::FromStr for DeviceKind {
    type Err = String;

    fn from_str(text: &str) -> Result<DeviceKind, String> {
        match text {
            "auto" => Ok(DeviceKind::Auto),
            "cpu" => Ok(DeviceKind::Cpu),
            "gpu" => Ok(DeviceKind::Gpu),
            other => Err(format!("{other:?} is none of auto, cpu, gpu")),
        }
    }
}

/// Numbers in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits with the exponent of 32; on devices that compute with them.
    Bf16,
}

impl Precision {
    /// As the framework calls it.
    pub fn dtype(self) -> FloatDType {
        match self {
            Precision::F32 => FloatDType::F32,
            Precision::Bf16 => FloatDType::BF16,
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is no TOML, or a key is unknown, missing or of another type.
    #[error("{0}")]
    Toml(String),
    /// A number is out of its range.
    #[error("{key}: {is} is not within {least} to {most}")]
    Range {
        /// The key.
        key: &'static str,
        /// What it is.
        is: f64,
        /// The least it may be.
        least: f64,
        /// The most it may be.
        most: f64,
    },
    /// The network.
    #[error("network.{0}")]
    Network(String),
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// [`ConfigError`] names the key.
    pub fn from_toml(text: &str) -> Result<Config, ConfigError> {
        let config: Config = toml::from_str(text).map_err(|error| ConfigError::Toml(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// The configuration as text, with every value.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// [`ConfigError`] names the key.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.network.check().map_err(|error| ConfigError::Network(error.to_string()))?;
        let t = &self.training;
        let ranges = [
            ("training.streams", t.streams as f64, 1.0, 65_536.0),
            ("training.length", t.length as f64, 8.0, 65_536.0),
            ("training.carry", t.carry as f64, 1.0, 65_536.0),
            ("training.accumulate", t.accumulate as f64, 1.0, 65_536.0),
            ("training.learning_rate", t.learning_rate, 1e-9, 1.0),
            ("training.weight_decay", t.weight_decay, 0.0, 10.0),
            ("training.clip", t.clip, 1e-6, 1e9),
            ("training.warm_up", t.warm_up, 0.0, 0.9),
            ("training.rate_floor", t.rate_floor, 0.0, 1.0),
            ("training.quantise_from", t.quantise_from, 0.0, 1.0),
            ("training.minutes", t.minutes, 1e-6, 1e7),
            ("training.validation", t.validation, 0.0, 0.9),
            ("training.validation_bytes", t.validation_bytes as f64, 1024.0, 1e12),
            ("training.evaluations", f64::from(t.evaluations), 1.0, 100_000.0),
            ("training.patience", f64::from(t.patience), 1.0, 1e9),
            ("training.checkpoint_minutes", t.checkpoint_minutes, 0.0, 1e7),
        ];
        for (key, is, least, most) in ranges {
            if !(least..=most).contains(&is) {
                return Err(ConfigError::Range { key, is, least, most });
            }
        }
        Ok(())
    }

    /// Rates over the run.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            warm_up: self.training.warm_up,
            floor: self.training.rate_floor,
            quantise_from: self.training.quantise_from,
        }
    }

    /// Bytes of a step.
    pub fn step_bytes(&self) -> u64 {
        self.training.streams as u64 * self.training.length as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[network]\nkind = \"gru\"\nwidth = 64\n";

    #[test]
    fn what_is_not_said_has_its_documented_value_and_text_comes_back() {
        let config = Config::from_toml(LEAST).unwrap();
        assert_eq!(config.training, Training::default());
        assert_eq!(Config::from_toml(&config.to_toml()).unwrap(), config);
    }

    #[test]
    fn errors_name_the_key() {
        let wrong = [
            ("[training]\nlearning_rate = 2.0", "training.learning_rate"),
            ("[training]\nlerning_rate = 0.1", "lerning_rate"),
            ("[training]\nstreams = \"many\"", "streams"),
            ("[device]\nprecision = \"f8\"", "precision"),
            ("[training]\nclip = nan", "training.clip"),
        ];
        for (more, key) in wrong {
            let error = Config::from_toml(&format!("{LEAST}{more}\n")).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
        let error = Config::from_toml("[network]\nkind = \"gru\"\nwidth = 100000\n").unwrap_err().to_string();
        assert!(error.contains("network.width"), "{error}");
    }
}

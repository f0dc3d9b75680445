//! Estimates: what a run will take, from a few steps of it.
//!
//! In: a configuration, a corpus, a device. Out: memory and time.
//! Not here: the run itself (`run`).
//! Holds: the steps are those of the run, on its data; nothing is written.

use crate::config::Config;
use crate::data::Corpus;
use crate::device::Place;
use crate::run::{Run, RunError};

use burn::module::Module;

/// What a run takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Trained numbers.
    pub parameters: usize,
    /// Bytes for weights, gradients and two moments of each.
    pub weight_bytes: u64,
    /// Greatest memory of the process so far, with data and a few steps; not known on every system, and without the
    /// memory of a GPU.
    pub peak_bytes: Option<u64>,
    /// Seconds of a step.
    pub step_seconds: f64,
    /// Training bytes a second.
    pub bytes_per_second: f64,
    /// Steps of the run.
    pub steps: u64,
    /// Minutes of the run, without judging.
    pub minutes: f64,
    /// Times that the training data are seen.
    pub passes: f64,
}

/// Steps that are timed, after as many that are not.
const TIMED: usize = 3;

/// Bytes of a number, its gradient and its two moments.
const NUMBER_BYTES: u64 = 16;

/// Takes a few steps of the run and says what all of it will take.
///
/// # Errors
/// [`RunError`] as a run.
pub fn estimate(config: &Config, corpus: Corpus, place: Place) -> Result<Estimate, RunError> {
    let training_bytes = corpus.training_bytes() as f64;
    let mut short = config.clone();
    short.training.carry = TIMED.min(config.training.carry);
    short.training.steps = 1_000_000;
    let mut run = Run::new(short, corpus, place)?;
    let parameters = run.module().num_params();
    run.window()?;
    let timed = run.window()?;
    let step_seconds = run.step_bytes() as f64 / timed.bytes_per_second.max(1e-9);
    let steps = match config.training.steps {
        0 => (60.0 * config.training.minutes / step_seconds) as u64,
        steps => steps,
    };
    Ok(Estimate {
        parameters,
        weight_bytes: parameters as u64 * NUMBER_BYTES,
        peak_bytes: peak(),
        step_seconds,
        bytes_per_second: timed.bytes_per_second,
        steps,
        minutes: steps as f64 * step_seconds / 60.0,
        passes: steps as f64 * run.step_bytes() as f64 / training_bytes.max(1.0),
    })
}

/// The greatest resident memory of this process, where the system says it (Linux).
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeviceKind, Placement};
    use crate::device;

    #[test]
    fn an_estimate_counts_weights_and_steps() {
        let text =
            "[network]\nkind = \"gru\"\nwidth = 16\n[training]\nstreams = 8\nlength = 16\nsteps = 50\n";
        let config = Config::from_toml(text).unwrap();
        let corpus = Corpus::new(vec![("a".into(), b"some words ".repeat(4000))], 0.2, 0).unwrap();
        let place = device::choose(Placement { kind: DeviceKind::Cpu, ..Placement::default() }).unwrap();
        let passes = 50.0 * 128.0 / corpus.training_bytes() as f64;
        let found = estimate(&config, corpus, place).unwrap();
        assert_eq!(found.steps, 50);
        assert!(found.parameters > 3 * 16 * 256 && found.weight_bytes == 16 * found.parameters as u64);
        assert!(found.step_seconds > 0.0 && (found.passes - passes).abs() < 1e-9, "{found:?}");
    }
}

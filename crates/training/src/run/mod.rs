//! A run: from random weights, or a checkpoint, to a network of bytes in integers.
//!
//! In: a configuration, a corpus, a device. Out: a [`Trained`] network; on the way steps and judgements for whoever
//! watches.
//! Not here: networks (`bytes`), what is shown (`hepz-cli`).
//! Holds: a run by steps that is killed and resumed gives the weights of one that was not; what judges is never
//! trained on.
//!
//! The run goes window by window: `carry` steps in which streams go on where they were, state included, without
//! gradients across steps. Judging, checkpoints and stopping happen between windows, so that no state of streams has
//! to be kept.

mod checkpoint;
mod clip;

pub use checkpoint::{Checkpoint, CheckpointError, RunState};

use std::path::PathBuf;
use std::time::Instant;

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Tensor};
use hepz_neural::bytes::ByteNetwork;

use crate::bytes::export::{ExportError, float_bits, integer_bits};
use crate::bytes::{ArchitectureError, ByteBatch, ByteModule, ByteState};
use crate::config::Config;
use crate::data::{Corpus, Windows};
use crate::device::Place;
use crate::random::Random;
use crate::tensorboard::Board;

/// Judged in so many streams side by side, each of at least [`LEAST_STREAM`] bytes.
const JUDGED_STREAMS: usize = 64;

/// A shorter stream would judge the start more than the rest.
const LEAST_STREAM: usize = 4096;

/// What happened in a window of steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stepped {
    /// Steps done in all.
    pub steps: u64,
    /// Share of the run.
    pub progress: f64,
    /// Mean bits per byte of the training data in these steps.
    pub bits_per_byte: f64,
    /// The learning rate of the last step.
    pub rate: f64,
    /// Mean norm of gradients before they were clipped.
    pub norm: f64,
    /// Training bytes for each second.
    pub bytes_per_second: f64,
    /// Seconds so far.
    pub seconds: f64,
}

/// What the validation bytes said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Steps done in all.
    pub steps: u64,
    /// Bits per byte.
    pub bits_per_byte: f64,
    /// The best so far, with rounded weights if these are rounded.
    pub best: f64,
    /// Weights were rounded to 8 bits.
    pub quantised: bool,
    /// Seconds so far.
    pub seconds: f64,
}

/// Whoever watches a run.
pub trait Watch {
    /// After a window of steps.
    fn stepped(&mut self, _stepped: &Stepped) {}
    /// After a judgement.
    fn judged(&mut self, _judged: &Judged) {}
    /// Whether to stop now; a checkpoint is written before.
    fn stop(&mut self) -> bool {
        false
    }
}

/// Nobody.
impl Watch for () {}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The integers.
    pub network: ByteNetwork,
    /// Steps done.
    pub steps: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Best bits per byte of validation in floating point.
    pub float_bits: f64,
    /// Bits per byte of the integers on the same bytes.
    pub integer_bits: f64,
}

/// Why a run ended without a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The network.
    #[error("network.{0}")]
    Architecture(#[from] ArchitectureError),
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The framework cannot store or load weights.
    #[error("weights: {0}")]
    Weights(String),
    /// The loss is no number any more.
    #[error("training diverged at step {0}: lower training.learning_rate or training.clip")]
    Diverged(u64),
    /// Event files cannot be written.
    #[error("events: {0}")]
    Events(std::io::Error),
    /// It was stopped; the checkpoint has all.
    #[error("stopped at step {0}; --resume goes on from there")]
    Stopped(u64),
    /// Integers.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// A run.
pub struct Run {
    config: Config,
    place: Place,
    corpus: Corpus,
    windows: Windows,
    /// Bytes of each stream in a step; a multiple of the segment.
    length: usize,
    /// Steps of a window: as the configuration says, or fewer if data are few.
    carry: usize,
    module: ByteModule,
    optimiser: ModuleOptimizer,
    best: Option<ByteModule>,
    state: RunState,
    checkpoint: Option<PathBuf>,
    board: Option<Board>,
    since: Instant,
    saved_at: f64,
}

impl Run {
    /// From random weights.
    ///
    /// # Errors
    /// [`RunError`] if no network is like this.
    pub fn new(config: Config, corpus: Corpus, place: Place) -> Result<Run, RunError> {
        place.device.seed(config.training.seed);
        let module = ByteModule::new(&config.network, &place.device)?;
        let length = module.piece(config.training.length);
        let streams = config.training.streams * config.training.accumulate;
        let bytes = corpus.training_bytes() as usize;
        let longest = bytes / streams.max(1) / length;
        let carry = config.training.carry.min(longest.max(1));
        let (seed, record) = (config.training.seed, module.record());
        let windows = Windows::new(&corpus.training, carry * length, record, seed);
        let optimiser = AdamWConfig::new()
            .with_beta_2(0.99)
            .with_epsilon(1e-8)
            .with_weight_decay(config.training.weight_decay as f32)
            .init();
        let state = RunState { config: config.to_toml(), data: corpus.sum(), ..RunState::default() };
        Ok(Run {
            config,
            place,
            corpus,
            windows,
            length,
            carry,
            module,
            optimiser,
            best: None,
            state,
            checkpoint: None,
            board: None,
            since: Instant::now(),
            saved_at: 0.0,
        })
    }

    /// The same, with checkpoints in `path`.
    #[must_use]
    pub fn with_checkpoint(self, path: PathBuf) -> Run {
        Run { checkpoint: Some(path), ..self }
    }

    /// The same, with event files.
    #[must_use]
    pub fn with_board(self, board: Board) -> Run {
        Run { board: Some(board), ..self }
    }

    /// From where another run of the same configuration and data stood; how long it is to be may differ.
    ///
    /// # Errors
    /// [`RunError::Checkpoint`] if it was another configuration or data.
    pub fn resumed(mut self, checkpoint: &Checkpoint) -> Result<Run, RunError> {
        let stored =
            Config::from_toml(&checkpoint.state.config).map_err(|_| CheckpointError::Damaged("damaged"))?;
        let mut timeless = stored.clone();
        timeless.training.steps = self.config.training.steps;
        timeless.training.minutes = self.config.training.minutes;
        timeless.device = self.config.device;
        if timeless != self.config {
            return Err(CheckpointError::Other("configuration").into());
        }
        if checkpoint.state.data != self.state.data {
            return Err(CheckpointError::Other("data").into());
        }
        let config = self.state.config;
        self.module = loaded(self.module, &checkpoint.module)?.quantised(checkpoint.state.quantised);
        if !checkpoint.best.is_empty() {
            self.best = Some(loaded(self.module.clone(), &checkpoint.best)?);
        }
        let moments = Bytes::from_bytes_vec(checkpoint.optimiser.clone());
        self.optimiser =
            self.optimiser.from_bytes(moments).map_err(|error| RunError::Weights(error.to_string()))?;
        self.state = RunState { config, ..checkpoint.state.clone() };
        self.saved_at = self.state.seconds;
        self.since = Instant::now();
        Ok(self)
    }

    /// All that is needed to go on.
    ///
    /// # Errors
    /// [`RunError::Weights`].
    pub fn to_checkpoint(&self) -> Result<Checkpoint, RunError> {
        let optimiser = self.optimiser.into_bytes().map_err(|error| RunError::Weights(error.to_string()))?;
        let best = self.best.as_ref().map_or(Ok(Vec::new()), stored)?;
        let module = stored(&self.module)?;
        Ok(Checkpoint { state: self.state.clone(), module, optimiser: optimiser.to_vec(), best })
    }

    /// The module as it is now.
    pub fn module(&self) -> &ByteModule {
        &self.module
    }

    /// Its state.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// Bytes of a step.
    pub fn step_bytes(&self) -> u64 {
        (self.config.training.streams * self.config.training.accumulate * self.length) as u64
    }

    /// Share of the run that is done.
    pub fn progress(&self) -> f64 {
        let training = &self.config.training;
        let done = if training.steps > 0 {
            self.state.steps as f64 / training.steps as f64
        } else {
            self.seconds() / (60.0 * training.minutes)
        };
        done + self.state.skipped
    }

    fn seconds(&self) -> f64 {
        self.state.seconds + self.since.elapsed().as_secs_f64()
    }

    /// The clock, put into the state.
    fn tick(&mut self) -> f64 {
        self.state.seconds = self.seconds();
        self.since = Instant::now();
        self.state.seconds
    }

    /// Trains to the end.
    ///
    /// # Errors
    /// [`RunError`]; a checkpoint, if one was asked for, is written before [`RunError::Stopped`].
    pub fn train(&mut self, watch: &mut dyn Watch) -> Result<Trained, RunError> {
        self.since = Instant::now();
        loop {
            let progress = self.progress();
            let slot = (progress.min(1.0) * f64::from(self.config.training.evaluations)) as u32;
            if self.state.steps > 0 && (slot > self.state.judged || progress >= 1.0) {
                self.state.judged = slot;
                self.judge(watch)?;
            }
            let progress = self.progress();
            if progress >= 1.0 {
                break;
            }
            if !self.state.quantised && self.config.schedule().quantised(progress) {
                self.quantise();
            }
            let stepped = self.window()?;
            self.log(
                stepped.steps,
                &[
                    ("training/bits_per_byte", stepped.bits_per_byte),
                    ("training/learning_rate", stepped.rate),
                    ("training/gradient_norm", stepped.norm),
                    ("training/bytes_per_second", stepped.bytes_per_second),
                ],
            )?;
            watch.stepped(&stepped);
            let stop = watch.stop();
            let now = self.tick();
            if stop || now - self.saved_at > 60.0 * self.config.training.checkpoint_minutes {
                self.save()?;
            }
            if stop {
                return Err(RunError::Stopped(self.state.steps));
            }
        }
        self.save()?;
        self.finish()
    }

    fn save(&mut self) -> Result<(), RunError> {
        self.saved_at = self.tick();
        if let Some(path) = &self.checkpoint {
            self.to_checkpoint()?.save(path)?;
        }
        Ok(())
    }

    fn log(&mut self, step: u64, values: &[(&str, f64)]) -> Result<(), RunError> {
        self.board.as_mut().map_or(Ok(()), |board| board.scalars(step, values)).map_err(RunError::Events)
    }

    /// From here on weights are rounded: from the best so far, whose bits no longer count.
    fn quantise(&mut self) {
        if let Some(best) = self.best.take() {
            self.module = best;
        }
        self.module = self.module.clone().quantised(true);
        self.state.quantised = true;
        self.state.best_bits = None;
        self.state.since_best = 0;
    }

    /// The bytes that judge, and in how many streams.
    pub fn judging(&self) -> (&[u8], usize) {
        let bytes = &self.corpus.validation;
        let bytes = &bytes[..bytes.len().min(self.config.training.validation_bytes)];
        let streams = (bytes.len() / LEAST_STREAM).clamp(1, JUDGED_STREAMS);
        let record = self.module.record().max(1);
        // Streams begin with a record.
        let length = (bytes.len() / streams / record * record).max(1).min(bytes.len());
        (&bytes[..length * streams], streams)
    }

    fn judge(&mut self, watch: &mut dyn Watch) -> Result<(), RunError> {
        let (bytes, streams) = self.judging();
        let bits = float_bits(&self.module, bytes, streams);
        if !bits.is_finite() {
            return Err(RunError::Diverged(self.state.steps));
        }
        let state = &mut self.state;
        if state.best_bits.is_none_or(|best| bits < best) {
            state.best_bits = Some(bits);
            state.since_best = 0;
            self.best = Some(self.module.clone());
        } else {
            state.since_best += 1;
        }
        if !state.quantised {
            state.float_bits = Some(state.float_bits.map_or(bits, |best| best.min(bits)));
        }
        if state.since_best >= self.config.training.patience {
            // Nothing improves any more: on to rounded weights, or to the end.
            let wanted = if state.quantised { 1.0 } else { self.config.training.quantise_from };
            self.state.skipped += (wanted - self.progress()).max(0.0);
            self.state.since_best = 0;
        }
        let seconds = self.tick();
        let (steps, best) = (self.state.steps, self.state.best_bits.unwrap_or(bits));
        self.log(steps, &[("validation/bits_per_byte", bits), ("validation/best", best)])?;
        watch.judged(&Judged { steps, bits_per_byte: bits, best, quantised: self.state.quantised, seconds });
        Ok(())
    }

    /// One window of steps.
    pub(crate) fn window(&mut self) -> Result<Stepped, RunError> {
        let start = Instant::now();
        let training = self.config.training.clone();
        let block = self.state.steps / self.carry as u64;
        let places = self.windows.block(block, training.streams * training.accumulate);
        let segment = self.segment(block);
        let record = self.module.record() as u64;
        let mut states = vec![ByteState::Start; training.accumulate];
        let (mut losses, mut norms) = (Vec::new(), Vec::new());
        let mut rate = 0.0;
        let mut done = 0u64;
        for step in 0..self.carry {
            if training.steps > 0 && self.state.steps >= training.steps {
                break;
            }
            let mut accumulated = GradientsAccumulator::new();
            let at = step * self.length;
            for (state, places) in states.iter_mut().zip(places.chunks(training.streams)) {
                let stream = |&(file, start): &(usize, usize)| {
                    let file = &self.corpus.training[file];
                    &file[(start + at).min(file.len())..(start + at + self.length).min(file.len())]
                };
                let last = |&(file, start): &(usize, usize)| match at {
                    0 => 0,
                    at => self.corpus.training[file].get(start + at - 1).copied().unwrap_or(0),
                };
                let streams: Vec<&[u8]> = places.iter().map(stream).collect();
                let before: Vec<u8> = places.iter().map(last).collect();
                let positions = vec![at as u64; streams.len()];
                let mut batch = ByteBatch::new(&streams, &before, &positions, record, &self.place.device);
                batch.segment = segment;
                let (loss, next) = self.module.loss(&batch, std::mem::take(state));
                *state = next;
                losses.push(loss.clone().detach());
                let gradients = GradientsParams::from_grads(loss.backward(), &self.module);
                accumulated.accumulate(&self.module, gradients);
            }
            let share = 1.0 / training.accumulate as f64;
            let (gradients, norm) = clip::clipped(&self.module, accumulated.grads(), share, training.clip);
            norms.extend(norm);
            rate = training.learning_rate * self.config.schedule().rate(self.progress());
            self.module = self.optimiser.step(rate, self.module.clone(), gradients);
            self.state.steps += 1;
            done += 1;
        }
        let bits_per_byte = mean(losses) / std::f64::consts::LN_2;
        if !bits_per_byte.is_finite() {
            return Err(RunError::Diverged(self.state.steps));
        }
        Ok(Stepped {
            steps: self.state.steps,
            progress: self.progress(),
            bits_per_byte,
            rate,
            norm: mean(norms),
            bytes_per_second: (done * self.step_bytes()) as f64 / start.elapsed().as_secs_f64().max(1e-9),
            seconds: self.seconds(),
        })
    }

    /// The segment of attention in a window: the network's, a half or a quarter of it.
    fn segment(&self, block: u64) -> Option<usize> {
        let segment = self.config.network.segment;
        let drawn = segment >> Random::new(self.config.training.seed ^ block.rotate_left(32)).below(3);
        (self.config.training.random_segments && self.length.is_multiple_of(drawn.max(1))).then_some(drawn)
    }

    /// The integers of the best weights, and what they cost.
    fn finish(&mut self) -> Result<Trained, RunError> {
        let module = self.best.clone().unwrap_or_else(|| self.module.clone());
        let network = module.export()?;
        let (bytes, streams) = self.judging();
        let float = float_bits(&module.quantised(false), bytes, streams);
        let integer_bits = integer_bits(&network, bytes, streams);
        let float_bits = self.state.float_bits.map_or(float, |best| best.min(float));
        let (steps, seconds) = (self.state.steps, self.tick());
        Ok(Trained { network, steps, seconds, float_bits, integer_bits })
    }
}

fn mean(values: Vec<Tensor<1>>) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    f64::from(Tensor::cat(values, 0).mean().into_scalar::<f32>())
}

fn stored(module: &ByteModule) -> Result<Vec<u8>, RunError> {
    let bytes = module.clone().into_record().into_bytes();
    Ok(bytes.map_err(|error| RunError::Weights(error.to_string()))?.to_vec())
}

fn loaded(module: ByteModule, bytes: &[u8]) -> Result<ByteModule, RunError> {
    let wrong = |error: burn::store::RecordError| RunError::Weights(error.to_string());
    let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes.to_vec())).map_err(wrong)?;
    module.try_load_record(record).map_err(wrong)
}

#[cfg(test)]
mod tests;

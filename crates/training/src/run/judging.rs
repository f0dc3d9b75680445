//! Judging: what the validation bytes say during a run and at its end.
//!
//! In: a run. Out: bits per byte, the best weights, in the end integers.
//! Not here: steps (`steps`).
//! Holds: rounded weights are only compared with rounded ones.

use super::{Judged, Run, RunError, Trained, Watch};
use crate::bytes::export::{float_bits, integer_bits};

/// Judged in so many streams side by side, each of at least [`LEAST_STREAM`] bytes.
const JUDGED_STREAMS: usize = 64;

/// A shorter stream would judge the start more than the rest.
const LEAST_STREAM: usize = 4096;

impl Run {
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

    pub(super) fn judge(&mut self, watch: &mut dyn Watch) -> Result<(), RunError> {
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

    /// The integers of the best weights, and what they cost.
    pub(super) fn finish(&mut self) -> Result<Trained, RunError> {
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

//! Steps: one window of training.
//!
//! In: a run. Out: the same run, some steps further.
//! Not here: when to judge and to stop (the module above).
//! Holds: what a window sees follows from its number and the seed.

use std::time::Instant;

use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;

use super::{Run, RunError, Stepped, clip};
use crate::bytes::{ByteBatch, ByteState};
use crate::random::Random;

impl Run {
    /// One window of steps.
    pub(crate) fn window(&mut self) -> Result<Stepped, RunError> {
        let start = Instant::now();
        let training = self.config.training.clone();
        let block = self.state.steps / self.carry as u64;
        let places = self.windows.block(block, training.streams * training.accumulate);
        let segment = self.segment(block);
        let record = self.module.record() as u64;
        let mut states = vec![ByteState::Start; training.accumulate];
        let mut taught: Vec<_> = match &self.teacher {
            Some(teacher) => {
                places.chunks(training.streams).map(|p| teacher.network.streams(p.len())).collect()
            }
            None => Vec::new(),
        };
        let (mut losses, mut norms) = (Vec::new(), Vec::new());
        let mut rate = 0.0;
        let mut done = 0u64;
        for step in 0..self.carry {
            if training.steps > 0 && self.state.steps >= training.steps {
                break;
            }
            let mut accumulated = GradientsAccumulator::new();
            let at = step * self.length;
            for (group, (state, places)) in states.iter_mut().zip(places.chunks(training.streams)).enumerate()
            {
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
                let here = std::mem::take(state);
                let (loss, price, next) = match &self.teacher {
                    Some(teacher) => {
                        teacher.loss(&self.module, &batch, here, (&mut taught[group], &streams, &before))
                    }
                    None => {
                        let (loss, next) = self.module.loss(&batch, here);
                        (loss.clone(), loss.detach(), next)
                    }
                };
                *state = next;
                losses.push(price);
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
}

fn mean(values: Vec<Tensor<1>>) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    f64::from(Tensor::cat(values, 0).mean().into_scalar::<f32>())
}

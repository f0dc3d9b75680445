//! Teachers: a trained network in integers whose forecasts another one learns.
//!
//! In: streams of bytes. Out: the logarithms of the teacher's frequencies, as logits.
//! Not here: the loss (`bytes::loss`).
//! Holds: the teacher sees what a decoder would have seen: the bytes before, from the start of the stream on.
//! Source: G. Hinton, O. Vinyals, J. Dean, arXiv 1503.02531.

use burn::tensor::{Device, Tensor, TensorData};
use hepz_neural::bytes::{BYTES, ByteNetwork, Streams};
use hepz_neural::kernel::Kernel;
use hepz_neural::softmax::TOTAL;

use crate::bytes::loss::{cross_entropy, distillation};
use crate::bytes::{ByteBatch, ByteModule, ByteState};

/// A teacher and how much it counts.
#[derive(Clone, Debug)]
pub struct Teacher {
    /// The integers.
    pub network: ByteNetwork,
    /// Share of the loss that is distance to the teacher; the rest is the price of the bytes themselves.
    pub weight: f64,
    /// Both forecasts are softened by this.
    pub temperature: f64,
}

impl Teacher {
    /// Logits, `[stream * time][256]`, for `streams` that go on from where `state` is.
    fn logits(&self, state: &mut Streams, streams: &[&[u8]], before: &[u8], device: &Device) -> Tensor<2> {
        let time = streams.first().map_or(0, |stream| stream.len());
        let mut last = before.to_vec();
        let mut frequencies = vec![0; streams.len() * BYTES];
        let mut logits = vec![0f32; streams.len() * time * BYTES];
        let kernel = Kernel::best();
        for at in 0..time {
            self.network.step(kernel, state, &last, &mut frequencies);
            for (stream, frequencies) in frequencies.chunks(BYTES).enumerate() {
                let row = &mut logits[(stream * time + at) * BYTES..][..BYTES];
                row.iter_mut()
                    .zip(frequencies)
                    .for_each(|(logit, &f)| *logit = (f as f32 / TOTAL as f32).ln());
            }
            for (last, stream) in last.iter_mut().zip(streams) {
                *last = stream.get(at).copied().unwrap_or(0);
            }
        }
        Tensor::from_data(TensorData::new(logits, [streams.len() * time, BYTES]), device)
    }

    /// The loss of `module` in nats, what the bytes themselves cost it, and its state.
    pub(super) fn loss(
        &self,
        module: &ByteModule,
        batch: &ByteBatch,
        state: ByteState,
        own: (&mut Streams, &[&[u8]], &[u8]),
    ) -> (Tensor<1>, Tensor<1>, ByteState) {
        let (logits, state) = module.logits(batch, state);
        let [streams, time, values] = logits.dims();
        let rows = logits.reshape([streams * time, values]);
        let taught = self.logits(own.0, own.1, own.2, &rows.device());
        let price = cross_entropy(rows.clone(), batch.next.clone().reshape([streams * time]));
        let distance = distillation(rows, taught, self.temperature);
        (distance * self.weight + price.clone() * (1.0 - self.weight), price.detach(), state.detached())
    }
}

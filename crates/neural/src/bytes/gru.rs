//! Gated recurrent units over bytes.
//!
//! In: the last byte of each stream. Out: the state of the last layer, from which the logits are made.
//! Not here: logits and frequencies ([`ByteNetwork`](super::ByteNetwork)).
//! Holds: states stay within -1 and 1 whatever the weights.
//! Source: Cho et al., arXiv 1406.1078, in the form of cuDNN (the reset gate behind the product).
//!
//! For each layer, `d` wide, with `h` from the step before (zero at the start of a stream):
//!
//! | name | shape | unit | meaning |
//! |---|---|---|---|
//! | `b` | | | the last byte |
//! | `x` | `[3][d]` | 2^-12 | `embedding[b]` in layer 1, `input * h_below` in others; biases included |
//! | `g` | `[3][d]` | 2^-12 | `recurrent * h`, biases included |
//! | `r`, `z` | `[d]` | 2^-15 | `sigmoid(x_r + g_r)`, `sigmoid(x_z + g_z)`: reset and update |
//! | `n` | `[d]` | 2^-15 | `tanh(x_n + r g_n)`: candidate |
//! | `h` | `[d]` | 2^-15 | `n + z (h - n)` |
//!
//! The three parts of `x` and `g` come in the order `r`, `z`, `n`. Sums before a function saturate at -8 and 8, `r
//! g_n` and `z (h - n)` are rounded once each, to the nearest with halves upwards. `h` has 15 bits so that a state
//! with an update gate near 1 can move slowly. Matrices that read `h` (`recurrent`, `input`, `logits`) have the
//! eighth of the multiplier that inputs in units of 2^-12 would need.
//! Cost: `3 d d` multiplications for a layer (twice that for all but the first), `256 d` for logits.

use super::{BYTES, MOST_LAYERS, sides_fit, width_fits};
use crate::kernel::{self, Kernel};
use crate::matrix::Matrix;
use crate::tables::{SIGMOID, TANH};
use crate::wire::{Numbers, Reader, WireError};

/// A stack of gated recurrent units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gru {
    /// `[256][3][d]`, activations.
    embedding: Vec<i16>,
    /// One for each layer but the first, from the state below: `d` to `3 d`.
    inputs: Vec<Matrix>,
    /// One for each layer, from its own state: `d` to `3 d`.
    recurrent: Vec<Matrix>,
    /// From the state of the last layer: `d` to 256.
    logits: Matrix,
}

/// States of streams.
#[derive(Clone, Debug)]
pub struct State {
    /// `[layer][stream][d]`, units of 2^-15.
    hidden: Vec<Vec<i16>>,
    /// `[stream][3][d]`: `x` of a layer.
    x: Vec<i16>,
    /// `[stream][3][d]`: `g` of a layer.
    g: Vec<i16>,
}

impl State {
    pub(super) fn hidden(&self) -> &[i16] {
        self.hidden.last().map_or(&[], Vec::as_slice)
    }

    pub(super) fn truncate(&mut self, n: usize, width: usize) {
        self.hidden.iter_mut().for_each(|hidden| hidden.truncate(n * width));
        self.x.truncate(n * 3 * width);
        self.g.truncate(n * 3 * width);
    }
}

impl Gru {
    /// `recurrent` is a matrix for each layer (`d` to `3 d`), `inputs` one for each layer but the first (`d` to `3
    /// d`), `embedding` is `[256][3][d]`, `logits` leads from `d` to 256. `None` if sides do not fit together, `d`
    /// is no multiple of 8 from 8 to 512, or there are no or more than 8 layers.
    pub fn new(
        embedding: Vec<i16>,
        inputs: Vec<Matrix>,
        recurrent: Vec<Matrix>,
        logits: Matrix,
    ) -> Option<Gru> {
        let width = logits.inputs();
        let fits = width_fits(width)
            && sides_fit(&logits, width, BYTES)
            && embedding.len() == BYTES * 3 * width
            && (1..=MOST_LAYERS).contains(&recurrent.len())
            && inputs.len() + 1 == recurrent.len()
            && inputs.iter().chain(&recurrent).all(|matrix| sides_fit(matrix, width, 3 * width));
        fits.then_some(Gru { embedding, inputs, recurrent, logits })
    }

    /// Logits of the next byte from the state of the last layer.
    pub fn logits(&self) -> &Matrix {
        &self.logits
    }

    pub(super) fn describe(&self) -> String {
        format!("gru of {} x {}", self.recurrent.len(), self.logits.inputs())
    }

    /// Bytes that a stream takes.
    pub(super) fn stream_bytes(&self) -> usize {
        self.recurrent.len() * 2 * self.logits.inputs()
    }

    pub(super) fn state(&self, n: usize) -> State {
        let width = self.logits.inputs();
        State {
            hidden: vec![vec![0; n * width]; self.recurrent.len()],
            x: vec![0; n * 3 * width],
            g: vec![0; n * 3 * width],
        }
    }

    pub(super) fn step(&self, kernel: Kernel, state: &mut State, last: &[u8]) {
        let width = self.logits.inputs();
        let State { hidden, x, g } = state;
        for (x, &byte) in x.chunks_exact_mut(3 * width).zip(last) {
            x.copy_from_slice(&self.embedding[usize::from(byte) * 3 * width..][..3 * width]);
        }
        for (layer, recurrent) in self.recurrent.iter().enumerate() {
            if layer > 0 {
                self.inputs[layer - 1].apply(kernel, &hidden[layer - 1], x);
            }
            recurrent.apply(kernel, &hidden[layer], g);
            let streams = x.chunks_exact_mut(3 * width).zip(g.chunks_exact(3 * width));
            for ((x, g), h) in streams.zip(hidden[layer].chunks_exact_mut(width)) {
                let ((gates, candidate), (into_gates, into_candidate)) =
                    (x.split_at_mut(2 * width), g.split_at(2 * width));
                kernel::add(kernel, into_gates, gates);
                kernel::curved(kernel, &SIGMOID, gates);
                let (r, z) = gates.split_at(width);
                kernel::reset(kernel, r, into_candidate, candidate);
                kernel::curved(kernel, &TANH, candidate);
                kernel::updated(kernel, z, candidate, h);
            }
        }
    }

    pub(super) fn write(&self, into: &mut Numbers) {
        into.size(self.logits.inputs());
        into.size(self.recurrent.len());
        into.medium.extend_from_slice(&self.embedding);
        self.inputs.iter().chain(&self.recurrent).for_each(|matrix| matrix.write(into));
        self.logits.write(into);
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Gru, WireError> {
        let (width, layers) = (from.size(super::MOST_WIDTH)?, from.size(MOST_LAYERS)?);
        let embedding = from.medium(BYTES * 3 * width)?.to_vec();
        let inputs = (1..layers).map(|_| Matrix::read(from)).collect::<Result<_, _>>()?;
        let recurrent = (0..layers).map(|_| Matrix::read(from)).collect::<Result<_, _>>()?;
        let logits = Matrix::read(from)?;
        Gru::new(embedding, inputs, recurrent, logits)
            .ok_or(WireError::Invalid("a gru that no writer writes"))
    }
}

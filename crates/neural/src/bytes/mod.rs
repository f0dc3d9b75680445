//! Byte networks: how likely each value of the next byte is, from the bytes before it, for many streams in step.
//!
//! In: the last byte of each stream. Out: 256 frequencies for each stream, which add up to
//! [`TOTAL`](crate::softmax::TOTAL).
//! Not here: where streams start and how bytes are coded (`hepz-models`, `hepz`), where weights come from
//! (`hepz-training`).
//! Holds: streams do not depend on each other; frequencies are the same with any kernel and any number of streams.
//!
//! Units, in all three families: an activation is an `i16` in units of 2^-12, saturating at -8 and 8; what has
//! another unit says so. A matrix maps units as its multipliers say: from inputs in units of 2^-p to activations, a
//! real weight is `integer weight * multiplier / 2^24 * 2^(p - 12)`. `rms(x)` is [`rms`](crate::rms).

mod attention;
pub mod gru;
pub mod mamba;
pub mod transformer;

use crate::kernel::Kernel;
use crate::matrix::Matrix;
use crate::softmax;
use crate::wire::{Numbers, Reader, WireError};
use gru::Gru;
use mamba::Mamba;
use transformer::Transformer;

/// Values of a byte.
pub const BYTES: usize = 256;

/// Width of a network: a multiple of [`WIDTH_STEP`] from 8 to 512.
pub const MOST_WIDTH: usize = 512;

/// Widths are multiples of this, so that vectors of instructions are full.
pub const WIDTH_STEP: usize = 8;

/// Layers at most.
pub const MOST_LAYERS: usize = 8;

/// Forecasts bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByteNetwork {
    /// Gated recurrent units: the fastest on a processor.
    Gru(Gru),
    /// Selective state spaces.
    Mamba(Mamba),
    /// Attention over a window, and a memory of what was worth keeping.
    Transformer(Transformer),
}

/// What a network remembers of `n` streams, all of the same length so far.
#[derive(Clone, Debug)]
pub struct Streams {
    n: usize,
    state: State,
    /// `[stream][256]`, reused from step to step.
    logits: Vec<i32>,
}

#[derive(Clone, Debug)]
enum State {
    Gru(gru::State),
    Mamba(mamba::State),
    Transformer(transformer::State),
}

impl Streams {
    /// Streams.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there is no stream.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Keeps the first `n` streams, as where the others have come to their ends; of fewer, all.
    pub fn truncate(&mut self, n: usize) {
        let width = self.state.hidden().len().checked_div(self.n).unwrap_or(0);
        self.n = self.n.min(n);
        match &mut self.state {
            State::Gru(state) => state.truncate(self.n, width),
            State::Mamba(state) => state.truncate(self.n, width),
            State::Transformer(state) => state.truncate(self.n, width),
        }
        self.logits.truncate(self.n * BYTES);
    }
}

impl ByteNetwork {
    /// Width: activations of [`ByteNetwork::hidden`] for each stream.
    pub fn width(&self) -> usize {
        self.logits().inputs()
    }

    fn logits(&self) -> &Matrix {
        match self {
            ByteNetwork::Gru(network) => network.logits(),
            ByteNetwork::Mamba(network) => network.logits(),
            ByteNetwork::Transformer(network) => network.logits(),
        }
    }

    /// Bytes in a record, for a network that knows the position in it; 0 for others.
    pub fn record(&self) -> u32 {
        match self {
            ByteNetwork::Transformer(network) => network.shape().record as u32,
            _ => 0,
        }
    }

    /// Family and shape in a few words.
    pub fn describe(&self) -> String {
        match self {
            ByteNetwork::Gru(network) => network.describe(),
            ByteNetwork::Mamba(network) => network.describe(),
            ByteNetwork::Transformer(network) => network.describe(),
        }
    }

    /// Stored numbers: weights, tables, scales and biases.
    pub fn parameters(&self) -> usize {
        let mut numbers = Numbers::default();
        self.write(&mut numbers);
        numbers.small.len() + numbers.medium.len() + numbers.wide.len()
    }

    /// Bytes of memory that what is remembered of one stream takes, so that streams in step can be limited.
    pub fn stream_bytes(&self) -> usize {
        match self {
            ByteNetwork::Gru(network) => network.stream_bytes(),
            ByteNetwork::Mamba(network) => network.stream_bytes(),
            ByteNetwork::Transformer(network) => network.stream_bytes(),
        }
    }

    /// `n` streams of which nothing was seen.
    pub fn streams(&self, n: usize) -> Streams {
        let state = match self {
            ByteNetwork::Gru(network) => State::Gru(network.state(n)),
            ByteNetwork::Mamba(network) => State::Mamba(network.state(n)),
            ByteNetwork::Transformer(network) => State::Transformer(network.state(n)),
        };
        Streams { n, state, logits: vec![0; n * BYTES] }
    }

    /// One byte further: `last` is the byte that each stream had last, 0 if it has just begun; `frequencies`,
    /// `[stream][256]`, is how likely each value of its next byte is, in units of 1 /
    /// [`TOTAL`](crate::softmax::TOTAL).
    ///
    /// # Panics
    /// If `last` has not one byte, or `frequencies` not 256 numbers, for each stream, or if the streams are another
    /// network's.
    pub fn step(&self, kernel: Kernel, streams: &mut Streams, last: &[u8], frequencies: &mut [u32]) {
        assert_eq!(
            (last.len(), frequencies.len()),
            (streams.n, streams.n * BYTES),
            "one byte for each stream"
        );
        match (self, &mut streams.state) {
            (ByteNetwork::Gru(network), State::Gru(state)) => network.step(kernel, state, last),
            (ByteNetwork::Mamba(network), State::Mamba(state)) => network.step(kernel, state, last),
            (ByteNetwork::Transformer(network), State::Transformer(state)) => {
                network.step(kernel, state, last)
            }
            _ => panic!("streams of another network"),
        }
        let Streams { state, logits, .. } = streams;
        self.logits().apply_logits(kernel, state.hidden(), logits);
        softmax::frequencies_of_many(kernel, BYTES, logits, frequencies);
    }

    /// What the last layer said at the last step, `[stream][width]`: the inputs of the logits. Units of 2^-15 for a
    /// [`Gru`], of 2^-12 for others; zero before the first step.
    pub fn hidden<'a>(&self, streams: &'a Streams) -> &'a [i16] {
        streams.state.hidden()
    }

    /// The stored form: the number of the family, then the network.
    pub fn write(&self, into: &mut Numbers) {
        match self {
            ByteNetwork::Gru(network) => {
                into.size(0);
                network.write(into);
            }
            ByteNetwork::Mamba(network) => {
                into.size(1);
                network.write(into);
            }
            ByteNetwork::Transformer(network) => {
                into.size(2);
                network.write(into);
            }
        }
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`WireError`] if it is cut or no writer writes it.
    pub fn read(from: &mut Reader<'_>) -> Result<ByteNetwork, WireError> {
        match from.size(2)? {
            0 => Ok(ByteNetwork::Gru(Gru::read(from)?)),
            1 => Ok(ByteNetwork::Mamba(Mamba::read(from)?)),
            _ => Ok(ByteNetwork::Transformer(Transformer::read(from)?)),
        }
    }
}

impl State {
    fn hidden(&self) -> &[i16] {
        match self {
            State::Gru(state) => state.hidden(),
            State::Mamba(state) => state.hidden(),
            State::Transformer(state) => state.hidden(),
        }
    }
}

/// Whether `width` is one that a byte network may have.
fn width_fits(width: usize) -> bool {
    (8..=MOST_WIDTH).contains(&width) && width.is_multiple_of(WIDTH_STEP)
}

/// Whether `matrix` has these sides.
fn sides_fit(matrix: &Matrix, inputs: usize, outputs: usize) -> bool {
    matrix.inputs() == inputs && matrix.outputs() == outputs
}

//! From floating point to integers: a trained module becomes the network that prices bytes.
//!
//! In: a module. Out: an integer network; what the same bytes cost with both.
//! Not here: training that knows of the rounding (`dense`), where models are stored (`hepz`).
//! Holds: weights are rounded as `dense::rounded` does; the loss by rounding is measured, not believed.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use hepz_neural::bytes::gru::Gru;
use hepz_neural::bytes::mamba::{MOST_DECAY, Mamba, MambaLayer};
use hepz_neural::bytes::transformer::{Transformer, TransformerLayer, TransformerShape};
use hepz_neural::bytes::{BYTES, ByteNetwork};
use hepz_neural::fixed::FRACTION;
use hepz_neural::kernel::Kernel;
use hepz_neural::matrix::Matrix;
use hepz_neural::softmax::TOTAL;

use super::dense::Dense;
use super::{ByteBatch, ByteModule, ByteNet, ByteState, gru, mamba, transformer};
use crate::quantise;

/// Fraction bits of decays.
const DECAY_FRACTION: i32 = 16;

/// The module's sizes are none that an integer network has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no integer network has these sizes")]
pub struct ExportError;

impl ByteModule {
    /// The integer network with the weights of this module.
    ///
    /// # Errors
    /// [`ExportError`] if the module was not made by [`ByteModule::new`].
    pub fn export(&self) -> Result<ByteNetwork, ExportError> {
        let network = match &self.net {
            ByteNet::Gru(net) => of_gru(net).map(ByteNetwork::Gru),
            ByteNet::Mamba(net) => of_mamba(net).map(ByteNetwork::Mamba),
            ByteNet::Transformer(net) => of_transformer(net).map(ByteNetwork::Transformer),
        };
        network.ok_or(ExportError)
    }
}

/// Bits for each byte of `bytes`, cut into `streams` of equal length, with the module in floating point (its weights
/// rounded or not, as it is set) and with the integer network.
pub fn compare(module: &ByteModule, network: &ByteNetwork, bytes: &[u8], streams: usize) -> (f64, f64) {
    (float_bits(module, bytes, streams), integer_bits(network, bytes, streams))
}

/// Bytes that the floating-point module takes at once from each stream, about.
const PIECE: usize = 256;

/// Bits for each byte with the module; `bytes` is cut into `streams` of equal length.
pub fn float_bits(module: &ByteModule, bytes: &[u8], streams: usize) -> f64 {
    let module = module.valid();
    let device = module.device();
    let streams: Vec<&[u8]> = bytes.chunks_exact((bytes.len() / streams.max(1)).max(1)).collect();
    let length = streams.first().map_or(0, |stream| stream.len());
    let (mut state, mut nats) = (ByteState::Start, 0.0);
    let most = module.piece(PIECE);
    for at in (0..length).step_by(most) {
        let piece = most.min(length - at);
        let pieces: Vec<&[u8]> = streams.iter().map(|stream| &stream[at..at + piece]).collect();
        let before: Vec<u8> = streams.iter().map(|stream| if at > 0 { stream[at - 1] } else { 0 }).collect();
        let positions = vec![at as u64; streams.len()];
        let batch = ByteBatch::new(&pieces, &before, &positions, module.record() as u64, &device);
        let (loss, next) = module.loss(&batch, state);
        state = next;
        nats += f64::from(loss.into_scalar::<f32>()) * piece as f64;
    }
    nats / std::f64::consts::LN_2 / length.max(1) as f64
}

/// Bits for each byte with the integer network; `bytes` is cut into `streams` of equal length.
pub fn integer_bits(network: &ByteNetwork, bytes: &[u8], streams: usize) -> f64 {
    let streams: Vec<&[u8]> = bytes.chunks_exact((bytes.len() / streams.max(1)).max(1)).collect();
    let length = streams.first().map_or(0, |stream| stream.len());
    let kernel = Kernel::best();
    let mut state = network.streams(streams.len());
    let mut last = vec![0u8; streams.len()];
    let mut frequencies = vec![0u32; streams.len() * BYTES];
    let mut bits = 0.0;
    for at in 0..length {
        network.step(kernel, &mut state, &last, &mut frequencies);
        for ((last, stream), frequencies) in last.iter_mut().zip(&streams).zip(frequencies.chunks(BYTES)) {
            *last = stream[at];
            bits -= (f64::from(frequencies[usize::from(*last)]) / f64::from(TOTAL)).log2();
        }
    }
    bits / (length * streams.len()).max(1) as f64
}

fn numbers_of<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn numbers<const D: usize>(parameter: &Param<Tensor<D>>) -> Vec<f32> {
    numbers_of(parameter.val())
}

/// In units of `2^-fraction`, saturated to 16 bits.
fn fixed(numbers: impl IntoIterator<Item = f32>, fraction: u32) -> Vec<i16> {
    let scale = f64::from(1u32 << fraction);
    numbers.into_iter().map(|number| (f64::from(number) * scale).round() as i16).collect()
}

fn activations<const D: usize>(parameter: &Param<Tensor<D>>) -> Vec<i16> {
    fixed(numbers(parameter), FRACTION)
}

/// Rows of tables side by side: `[row][a, b]` of `[row][a]` and `[row][b]`.
fn beside(a: &Param<Tensor<2>>, b: &Param<Tensor<2>>) -> Vec<i16> {
    let (widths, a, b) = ([a.dims()[1], b.dims()[1]], activations(a), activations(b));
    a.chunks(widths[0]).zip(b.chunks(widths[1])).flat_map(|(a, b)| a.iter().chain(b)).copied().collect()
}

/// One matrix of the outputs of all `parts`, for inputs in units of 2^-(12 + `finer`).
fn matrix(parts: &[&Dense], finer: u32) -> Option<Matrix> {
    let inputs = parts.first()?.weight.dims()[0];
    let (mut weights, mut multipliers, mut biases) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        let [_, outputs] = part.weight.dims();
        let by_input = numbers(&part.weight);
        for output in 0..outputs {
            let row: Vec<f32> = by_input.iter().skip(output).step_by(outputs).copied().collect();
            let multiplier = (quantise::multiplier(&row) as u32).div_ceil(1 << finer) as i32;
            weights.extend(quantise::integers(&row, multiplier << finer));
            multipliers.push(multiplier);
        }
        match &part.bias {
            Some(bias) => biases.extend(numbers(bias).into_iter().map(quantise::bias)),
            None => biases.resize(biases.len() + outputs, 0),
        }
    }
    Matrix::new(inputs, weights, multipliers, biases)
}

/// States of gated units have 15 bits behind the point, three more than activations.
const STATE_FINER: u32 = 3;

fn of_gru(net: &gru::GruModule) -> Option<Gru> {
    let recurrent = net
        .layers
        .iter()
        .map(|layer| matrix(&[&layer.gates, &layer.candidate], STATE_FINER))
        .collect::<Option<_>>()?;
    let inputs = net.layers.iter().filter_map(|layer| layer.input.as_ref());
    let inputs = inputs.map(|(gates, new)| matrix(&[gates, new], STATE_FINER)).collect::<Option<_>>()?;
    let embedding = beside(&net.gate_table, &net.candidate_table);
    Gru::new(embedding, inputs, recurrent, matrix(&[&net.output], STATE_FINER)?)
}

fn of_mamba(net: &mamba::MambaModule) -> Option<Mamba> {
    let layer = |layer: &mamba::MambaLayer| {
        let decay = |decay: f32| (f64::from(decay) * 2f64.powi(DECAY_FRACTION)).round() as i32;
        Some(MambaLayer {
            project: matrix(&[&layer.gate, &layer.value, &layer.keys, &layer.step], 0)?,
            taps: beside(&layer.value_taps, &layer.key_taps),
            tap_biases: [activations(&layer.value_tap_bias), activations(&layer.key_tap_bias)].concat(),
            decays: numbers_of(layer.decay()).into_iter().map(|a| decay(a).clamp(1, MOST_DECAY)).collect(),
            through: activations(&layer.through),
            join: matrix(&[&layer.join], 0)?,
        })
    };
    let states = net.layers.first()?.key_taps.dims()[1] / 2;
    let layers = net.layers.iter().map(layer).collect::<Option<_>>()?;
    Mamba::new(activations(&net.table), states, layers, matrix(&[&net.output], 0)?)
}

/// Biases by distance have 10 bits behind the point.
const BIAS_FRACTION: u32 = 10;

fn of_transformer(net: &transformer::TransformerModule) -> Option<Transformer> {
    let width = net.table.dims()[1];
    let record = net.positions.as_ref().map_or(0, |positions| positions.dims()[0]);
    let shape = TransformerShape { width, heads: net.heads, segment: net.segment, slots: net.slots, record };
    let layer = |layer: &transformer::TransformerLayer| {
        let attend: Vec<&Dense> =
            [&layer.query, &layer.key, &layer.value].into_iter().chain(&layer.mark).collect();
        Some(TransformerLayer {
            attend: matrix(&attend, 0)?,
            biases: fixed(numbers(&layer.biases), BIAS_FRACTION),
            gates: layer.gates.as_ref().map(activations).unwrap_or_default(),
            join: matrix(&[&layer.join], 0)?,
            widen: matrix(&[&layer.gate, &layer.widen], 0)?,
            narrow: matrix(&[&layer.narrow], 0)?,
        })
    };
    let layers = net.layers.iter().map(layer).collect::<Option<_>>()?;
    let positions = net.positions.as_ref().map(activations).unwrap_or_default();
    Transformer::new(shape, activations(&net.table), positions, layers, matrix(&[&net.output], 0)?)
}

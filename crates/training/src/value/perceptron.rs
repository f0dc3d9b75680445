//! The perceptron behind a value network, in floating point, with its gradient.
//!
//! In: rows of activations, outcomes. Out: bits, gradients. Not here: steps and schedules (`fit`), rounding
//! (`quantise`).
//! Holds: what the integers compute but for rounding: rectified, at most 8; the gradient is that of the mean cross
//! entropy (the tests compare it with the framework's).
//!
//! Products of matrices are the framework's; what lies between them is written here in single passes, because on the
//! CPU the framework's graph of small operations costs more than the arithmetic.

use burn::tensor::{Device, Tensor, TensorData};
use hepz_neural::matrix::Matrix;
use hepz_neural::value::ValueNetwork;

use crate::quantise;
use crate::random::Random;

/// Hidden activations end here, as 16 bits of units of 2^-12 do.
const GREATEST_ACTIVATION: f32 = 32_767.0 / 4096.0;

/// One matrix with its biases.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Columns.
    pub inputs: usize,
    /// Rows.
    pub outputs: usize,
    /// `[output][input]`.
    pub weights: Vec<f32>,
    /// `[output]`.
    pub biases: Vec<f32>,
}

impl Layer {
    fn zeros(inputs: usize, outputs: usize) -> Layer {
        Layer { inputs, outputs, weights: vec![0.0; inputs * outputs], biases: vec![0.0; outputs] }
    }

    /// The layer that the integers will have, as floating point.
    fn rounded(&self) -> Layer {
        let mut rounded = self.clone();
        quantise::rounded(&self.weights, self.inputs, &mut rounded.weights);
        rounded
    }
}

/// Layers with rectifiers between; logits out.
#[derive(Clone, Debug, PartialEq)]
pub struct Perceptron {
    /// From the first.
    pub layers: Vec<Layer>,
}

impl Perceptron {
    /// Random hidden layers (He's deviation, sqrt(2 / inputs); arXiv 1502.01852, equation 10) and a last layer that
    /// says how frequent each outcome is.
    pub fn new(widths: &[usize], counts: &[u64], random: &mut Random) -> Perceptron {
        let mut layers: Vec<Layer> = widths.windows(2).map(|pair| Layer::zeros(pair[0], pair[1])).collect();
        let last = layers.len().saturating_sub(1);
        for (at, layer) in layers.iter_mut().enumerate() {
            // Small last weights: the start is the marginal distribution, and gradients still reach below.
            let scale = if at == last { 0.1 } else { 1.0 };
            let deviation = scale * (2.0 / layer.inputs as f32).sqrt();
            layer.weights.iter_mut().for_each(|w| *w = deviation * random.normal());
        }
        if let Some(last) = layers.last_mut() {
            let logs: Vec<f32> = counts.iter().map(|&count| (count as f32 + 0.5).ln()).collect();
            let mean = logs.iter().sum::<f32>() / logs.len().max(1) as f32;
            last.biases.iter_mut().zip(&logs).for_each(|(bias, log)| *bias = log - mean);
        }
        Perceptron { layers }
    }

    /// Moves every weight towards zero by `step`, and no further.
    pub fn shrink(&mut self, step: f32) {
        for weight in self.layers.iter_mut().flat_map(|layer| &mut layer.weights) {
            *weight = weight.signum() * (weight.abs() - step).max(0.0);
        }
    }

    /// With the weights that the integers will have.
    pub fn rounded(&self) -> Perceptron {
        Perceptron { layers: self.layers.iter().map(Layer::rounded).collect() }
    }

    /// The integers. `None` if [`ValueNetwork`] does not have such widths.
    pub fn export(&self) -> Option<ValueNetwork> {
        let matrix = |layer: &Layer| {
            let rows = || layer.weights.chunks(layer.inputs);
            let multipliers: Vec<i32> = rows().map(quantise::multiplier).collect();
            let weights = rows().zip(&multipliers).flat_map(|(row, &m)| quantise::integers(row, m)).collect();
            let biases = layer.biases.iter().map(|&bias| quantise::bias(bias)).collect();
            Matrix::new(layer.inputs, weights, multipliers, biases)
        };
        ValueNetwork::new(self.layers.iter().map(matrix).collect::<Option<_>>()?)
    }

    /// Activations of each layer, from the inputs `[row][input]` on, and the logits `[row][outcome]`.
    fn forward(&self, device: &Device, inputs: Vec<f32>) -> (Vec<Tensor<2>>, Vec<f32>) {
        let rows = inputs.len() / self.layers.first().map_or(1, |layer| layer.inputs);
        let mut activations = Vec::with_capacity(self.layers.len());
        let mut here = inputs;
        for (at, layer) in self.layers.iter().enumerate() {
            let x = matrix(device, here, rows, layer.inputs);
            let w = matrix(device, layer.weights.clone(), layer.outputs, layer.inputs);
            here = values(x.clone().matmul(w.transpose()));
            activations.push(x);
            let greatest = if at + 1 == self.layers.len() { None } else { Some(GREATEST_ACTIVATION) };
            for row in here.chunks_exact_mut(layer.outputs) {
                match greatest {
                    None => row.iter_mut().zip(&layer.biases).for_each(|(z, b)| *z += b),
                    // Not `clamp`: a branch on NaN would keep the loop from being vectorised.
                    Some(g) => {
                        row.iter_mut().zip(&layer.biases).for_each(|(z, b)| *z = (*z + b).max(0.0).min(g))
                    }
                }
            }
        }
        (activations, here)
    }

    /// Bits of `targets`, summed over rows.
    pub fn bits(&self, device: &Device, inputs: Vec<f32>, targets: &[u16]) -> f64 {
        let (_, mut logits) = self.forward(device, inputs);
        softmax_errors(&mut logits, targets)
    }

    /// The gradient of the mean cross entropy in nats, in the shape of the layers, and the bits of `targets`, summed.
    pub fn gradient(&self, device: &Device, inputs: Vec<f32>, targets: &[u16]) -> (Vec<Layer>, f64) {
        let rows = targets.len();
        let (mut activations, mut errors) = self.forward(device, inputs);
        let bits = softmax_errors(&mut errors, targets);
        let share = 1.0 / rows.max(1) as f32;
        errors.iter_mut().for_each(|error| *error *= share);
        let mut gradients = Vec::with_capacity(self.layers.len());
        for (at, layer) in self.layers.iter().enumerate().rev() {
            let mut biases = vec![0.0; layer.outputs];
            for row in errors.chunks_exact(layer.outputs) {
                biases.iter_mut().zip(row).for_each(|(b, error)| *b += error);
            }
            let error = matrix(device, errors, rows, layer.outputs);
            let Some(x) = activations.pop() else { break };
            let weights = values(error.clone().transpose().matmul(x.clone()));
            gradients.push(Layer { inputs: layer.inputs, outputs: layer.outputs, weights, biases });
            if at == 0 {
                break;
            }
            let w = matrix(device, layer.weights.clone(), layer.outputs, layer.inputs);
            errors = values(error.matmul(w));
            for (error, x) in errors.iter_mut().zip(values(x)) {
                let passes = x > 0.0 && x < GREATEST_ACTIVATION;
                *error = if passes { *error } else { 0.0 };
            }
        }
        gradients.reverse();
        (gradients, bits)
    }
}

fn matrix(device: &Device, values: Vec<f32>, rows: usize, columns: usize) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

/// The values of a tensor; without a copy where nobody else holds it.
fn values(tensor: Tensor<2>) -> Vec<f32> {
    tensor.try_into_vec_as::<f32>().expect("a matrix of floating-point numbers")
}

/// `e^x` within 1e-5 of it, for `x` from -87 to 0; plain arithmetic, so that loops over it are vectorised.
#[inline(always)]
fn exponential(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer in the low bits.
    const SHIFT: f32 = 12_582_912.0;
    let exponent = x.max(-87.0) * std::f32::consts::LOG2_E;
    let shifted = exponent + SHIFT;
    let rest = (exponent - (shifted - SHIFT)) * std::f32::consts::LN_2;
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    let series =
        1.0 + rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0 + rest * (1.0 / 120.0)))));
    power * series
}

/// Replaces logits by softmax minus the indicator of the target; gives the bits of the targets, summed.
fn softmax_errors(logits: &mut [f32], targets: &[u16]) -> f64 {
    let outcomes = logits.len() / targets.len().max(1);
    let mut bits = 0.0;
    for (row, &target) in logits.chunks_exact_mut(outcomes.max(1)).zip(targets) {
        let greatest = row.iter().fold(f32::MIN, |a, &b| if b > a { b } else { a });
        let target = usize::from(target).min(outcomes - 1);
        let wanted = row[target] - greatest;
        row.iter_mut().for_each(|logit| *logit = exponential(*logit - greatest));
        // Eight sums, so that their order does not forbid vectors.
        let mut sums = [0f32; 8];
        let groups = row.chunks_exact(8);
        let rest: f32 = groups.remainder().iter().sum();
        groups.for_each(|group| sums.iter_mut().zip(group).for_each(|(sum, e)| *sum += e));
        let sum = sums.iter().sum::<f32>() + rest;
        let share = 1.0 / sum;
        row.iter_mut().for_each(|e| *e *= share);
        row[target] -= 1.0;
        bits += f64::from(sum).log2() - f64::from(wanted) * std::f64::consts::LOG2_E;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::activation::log_softmax;

    #[test]
    fn the_exponential_is_near_the_real_one() {
        for at in 0..87_000 {
            let x = -(at as f32) * 1e-3;
            assert!((exponential(x) / x.exp() - 1.0).abs() < 1e-5, "{x}");
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_framework() {
        let mut random = Random::new(5);
        let network = Perceptron::new(&[3, 7, 5, 4], &[1, 2, 3, 4], &mut random);
        let inputs: Vec<f32> = (0..3 * 40).map(|_| random.normal()).collect();
        let targets: Vec<u16> = (0..40).map(|_| random.below(4) as u16).collect();
        let (gradients, bits) = network.gradient(&Device::flex(), inputs.clone(), &targets);

        let device = Device::flex().autodiff();
        let mut x = matrix(&device, inputs, 40, 3);
        let mut tensors = Vec::new();
        for (at, layer) in network.layers.iter().enumerate() {
            let w = matrix(&device, layer.weights.clone(), layer.outputs, layer.inputs).require_grad();
            let b = matrix(&device, layer.biases.clone(), 1, layer.outputs).require_grad();
            x = x.matmul(w.clone().transpose()) + b.clone();
            if at < 2 {
                x = x.clamp(0.0, GREATEST_ACTIVATION);
            }
            tensors.push((w, b));
        }
        let indicator =
            targets.iter().flat_map(|&t| (0..4).map(move |at| f32::from(u8::from(at == t)))).collect();
        let loss = (log_softmax(x, 1) * matrix(&device, indicator, 40, 4)).sum().neg() / 40.0;
        let nats: f64 = loss.clone().into_scalar::<f32>().into();
        assert!((bits / 40.0 * std::f64::consts::LN_2 - nats).abs() < 1e-5);
        let found = loss.backward();
        for (own, (w, b)) in gradients.iter().zip(tensors) {
            let same = |own: &[f32], theirs: Vec<f32>| {
                assert_eq!(own.len(), theirs.len());
                own.iter().zip(theirs).for_each(|(a, b)| assert!((a - b).abs() < 1e-5, "{a} {b}"));
            };
            same(&own.weights, values(w.grad(&found).unwrap()));
            same(&own.biases, values(b.grad(&found).unwrap()));
        }
    }
}

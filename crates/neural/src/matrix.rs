//! Matrices: 8-bit weights with a scale and a bias for each output.
//!
//! In: activations of one or many streams. Out: activations, or logits.
//! Not here: instructions (`kernel`), rounding (`fixed`).
//! Holds: the number of streams in step changes no result.

use crate::fixed::{LOGIT_LIMIT, saturated, scaled};
use crate::kernel::Kernel;
use crate::wire::{Numbers, Reader, WireError};

/// Inputs and outputs of a matrix, each at most.
pub const MOST: usize = 4096;

/// `outputs = weights * inputs * multiplier / 2^24 + bias`, for each stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    inputs: usize,
    outputs: usize,
    /// `[output][input]`, -127 to 127.
    weights: Vec<i8>,
    /// One for each output, in units of 2^-24; not negative.
    multipliers: Vec<i32>,
    /// One for each output, in units of activations.
    biases: Vec<i32>,
}

impl Matrix {
    /// A matrix of `inputs` columns; `weights` is `[output][input]`. `None` if the lengths do not agree, a side is 0 or over
    /// [`MOST`], a weight is -128 or a multiplier is negative.
    pub fn new(inputs: usize, weights: Vec<i8>, multipliers: Vec<i32>, biases: Vec<i32>) -> Option<Matrix> {
        let outputs = multipliers.len();
        let sides = (1..=MOST).contains(&inputs) && (1..=MOST).contains(&outputs);
        let lengths = weights.len() == inputs * outputs && biases.len() == outputs;
        let ranges = !weights.contains(&i8::MIN) && multipliers.iter().all(|&m| m >= 0);
        (sides && lengths && ranges).then_some(Matrix { inputs, outputs, weights, multipliers, biases })
    }

    /// Columns.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Rows.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The weights, `[output][input]`.
    pub fn weights(&self) -> &[i8] {
        &self.weights
    }

    /// Activations for each stream: `inputs` is `[stream][input]`, `outputs` is `[stream][output]`.
    pub fn apply(&self, kernel: Kernel, inputs: &[i16], outputs: &mut [i16]) {
        self.each(kernel, inputs, |at, value| outputs[at] = saturated(value));
    }

    /// The same, below zero replaced by zero.
    pub fn apply_rectified(&self, kernel: Kernel, inputs: &[i16], outputs: &mut [i16]) {
        self.each(kernel, inputs, |at, value| outputs[at] = saturated(value.max(0)));
    }

    /// The same with a wider range, for [`softmax`](crate::softmax).
    pub fn apply_logits(&self, kernel: Kernel, inputs: &[i16], outputs: &mut [i32]) {
        self.each(kernel, inputs, |at, value| outputs[at] = value.clamp(-LOGIT_LIMIT, LOGIT_LIMIT) as i32);
    }

    #[inline(always)]
    fn each(&self, _kernel: Kernel, inputs: &[i16], mut put: impl FnMut(usize, i64)) {
        for (stream, inputs) in inputs.chunks_exact(self.inputs).enumerate() {
            for (output, weights) in self.weights.chunks_exact(self.inputs).enumerate() {
                let products = weights.iter().zip(inputs).map(|(&w, &x)| i32::from(w) * i32::from(x));
                let sum = products.fold(0i32, i32::wrapping_add);
                put(
                    stream * self.outputs + output,
                    scaled(sum, self.multipliers[output], self.biases[output]),
                );
            }
        }
    }

    /// The stored form: sides, multipliers, biases, weights.
    pub fn write(&self, into: &mut Numbers) {
        into.size(self.inputs);
        into.size(self.outputs);
        into.wide.extend_from_slice(&self.multipliers);
        into.wide.extend_from_slice(&self.biases);
        into.small.extend_from_slice(&self.weights);
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`WireError`] if it is cut or no writer writes it.
    pub fn read(from: &mut Reader<'_>) -> Result<Matrix, WireError> {
        let (inputs, outputs) = (from.size(MOST)?, from.size(MOST)?);
        let multipliers = from.wide(outputs)?.to_vec();
        let biases = from.wide(outputs)?.to_vec();
        let weights = from.small(inputs * outputs)?.to_vec();
        Matrix::new(inputs, weights, multipliers, biases)
            .ok_or(WireError::Invalid("a matrix that no writer writes"))
    }
}

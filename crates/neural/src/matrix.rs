//! Matrices: 8-bit weights with a scale and a bias for each output.
//!
//! In: activations of one or many streams. Out: activations, or logits.
//! Not here: instructions (`kernel`), rounding (`fixed`).
//! Holds: the number of streams in step changes no result.

use crate::fixed::{BIAS_LIMIT, MOST_MULTIPLIER};
use crate::kernel::{self, Kernel, Weights};
use crate::wire::{Numbers, Reader, WireError};

/// Inputs and outputs of a matrix, each at most.
pub const MOST: usize = 4096;

/// `outputs = weights * inputs * multiplier / 2^24 + bias`, for each stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    weights: Weights,
}

impl Matrix {
    /// A matrix of `inputs` columns; `weights` is `[output][input]`. `None` if the lengths do not agree, a side is 0
    /// or over [`MOST`], a weight is -128, or a multiplier or bias is outside [`MOST_MULTIPLIER`] and
    /// [`BIAS_LIMIT`].
    pub fn new(inputs: usize, weights: Vec<i8>, multipliers: Vec<i32>, biases: Vec<i32>) -> Option<Matrix> {
        let outputs = multipliers.len();
        let sides = (1..=MOST).contains(&inputs) && (1..=MOST).contains(&outputs);
        let lengths = weights.len() == inputs * outputs && biases.len() == outputs;
        let ranges = !weights.contains(&i8::MIN)
            && multipliers.iter().all(|m| (0..=MOST_MULTIPLIER).contains(m))
            && biases.iter().all(|bias| bias.unsigned_abs() < BIAS_LIMIT.unsigned_abs());
        (sides && lengths && ranges)
            .then(|| Matrix { weights: Weights::new(inputs, weights, multipliers, biases) })
    }

    /// Columns.
    pub fn inputs(&self) -> usize {
        self.weights.inputs
    }

    /// Rows.
    pub fn outputs(&self) -> usize {
        self.weights.outputs
    }

    /// The weights, `[output][input]`.
    pub fn weights(&self) -> &[i8] {
        &self.weights.plain
    }

    /// Activations for each stream: `inputs` is `[stream][input]`, `outputs` is `[stream][output]`.
    pub fn apply(&self, kernel: Kernel, inputs: &[i16], outputs: &mut [i16]) {
        kernel::activations(kernel, &self.weights, i16::MIN, inputs, outputs);
    }

    /// The same, below zero replaced by zero.
    pub fn apply_rectified(&self, kernel: Kernel, inputs: &[i16], outputs: &mut [i16]) {
        kernel::activations(kernel, &self.weights, 0, inputs, outputs);
    }

    /// The same with a wider range, for [`softmax`](crate::softmax).
    pub fn apply_logits(&self, kernel: Kernel, inputs: &[i16], outputs: &mut [i32]) {
        kernel::logits(kernel, &self.weights, inputs, outputs);
    }

    /// The stored form: sides, multipliers, biases, weights.
    pub fn write(&self, into: &mut Numbers) {
        into.size(self.weights.inputs);
        into.size(self.weights.outputs);
        into.wide.extend_from_slice(&self.weights.multipliers);
        into.wide.extend_from_slice(&self.weights.biases);
        into.small.extend_from_slice(&self.weights.plain);
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

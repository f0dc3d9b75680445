//! Value networks: from other columns of a row to how likely each of a few intervals of the value is.
//!
//! In: activations of many rows. Out: frequencies of the intervals for each row.
//! Not here: how columns become activations and values intervals (`hepz`), who trains (`hepz-training`).
//! Holds: rows do not depend on each other, so any grouping gives the same numbers.

use crate::kernel::Kernel;
use crate::matrix::Matrix;
use crate::softmax::{self, MOST_OUTCOMES};
use crate::wire::{Numbers, Reader, WireError};

/// Layers at most.
pub const MOST_LAYERS: usize = 8;

/// Rows that are run together.
const ROWS: usize = 64;

/// Matrices one after the other, rectified in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueNetwork {
    layers: Vec<Matrix>,
}

impl ValueNetwork {
    /// Layers whose sides fit together: at least one, at most [`MOST_LAYERS`], at least 2 and at most
    /// [`MOST_OUTCOMES`] outputs of the last.
    pub fn new(layers: Vec<Matrix>) -> Option<ValueNetwork> {
        let fit = layers.windows(2).all(|pair| pair[0].outputs() == pair[1].inputs());
        let last = layers.last().map_or(0, Matrix::outputs);
        (fit && layers.len() <= MOST_LAYERS && (2..=MOST_OUTCOMES).contains(&last))
            .then_some(ValueNetwork { layers })
    }

    /// Activations of a row.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs()
    }

    /// Outcomes.
    pub fn outcomes(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs()
    }

    /// The layers.
    pub fn layers(&self) -> &[Matrix] {
        &self.layers
    }

    /// Weights of all layers.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.weights().len()).sum()
    }

    /// The frequencies of the outcomes: `inputs` is `[row][input]`, the result `[row][outcome]`.
    pub fn forecast(&self, kernel: Kernel, inputs: &[i16]) -> Vec<u32> {
        let mut frequencies = vec![0; inputs.len() / self.inputs() * self.outcomes()];
        self.forecast_into(kernel, inputs, &mut frequencies);
        frequencies
    }

    /// The same into a slice, for as many rows as both slices have.
    pub fn forecast_into(&self, kernel: Kernel, inputs: &[i16], frequencies: &mut [u32]) {
        let outcomes = self.outcomes();
        let rows = (inputs.len() / self.inputs()).min(frequencies.len() / outcomes);
        let (inputs, frequencies) = (&inputs[..rows * self.inputs()], &mut frequencies[..rows * outcomes]);
        let widest = self.layers.iter().map(Matrix::outputs).max().unwrap_or(0);
        let mut here = vec![0i16; ROWS * widest];
        let mut next = vec![0i16; ROWS * widest];
        let mut logits = vec![0i32; ROWS * outcomes];
        let (last, hidden) = self.layers.split_last().expect("a network has a layer");
        let batches = inputs.chunks(ROWS * self.inputs()).zip(frequencies.chunks_mut(ROWS * outcomes));
        for (inputs, frequencies) in batches {
            let rows = frequencies.len() / outcomes;
            let mut width = self.inputs();
            for (at, layer) in hidden.iter().enumerate() {
                let from = if at == 0 { &inputs[..rows * width] } else { &here[..rows * width] };
                width = layer.outputs();
                layer.apply_rectified(kernel, from, &mut next[..rows * width]);
                std::mem::swap(&mut here, &mut next);
            }
            let from = if hidden.is_empty() { &inputs[..rows * width] } else { &here[..rows * width] };
            last.apply_logits(kernel, from, &mut logits[..rows * outcomes]);
            softmax::frequencies_of_many(kernel, outcomes, &logits[..rows * outcomes], frequencies);
        }
    }

    /// The stored form.
    pub fn write(&self, into: &mut Numbers) {
        into.size(self.layers.len());
        self.layers.iter().for_each(|layer| layer.write(into));
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`WireError`] if it is cut or no writer writes it.
    pub fn read(from: &mut Reader<'_>) -> Result<ValueNetwork, WireError> {
        let layers = from.size(MOST_LAYERS)?;
        let layers = (0..layers).map(|_| Matrix::read(from)).collect::<Result<_, _>>()?;
        ValueNetwork::new(layers).ok_or(WireError::Invalid("layers that do not fit together"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(inputs: usize, outputs: usize, seed: i64) -> Matrix {
        let number = |at: usize| ((at as i64 * 7919 + seed * 104_729) * 2_654_435_761) >> 7;
        let weights = (0..inputs * outputs).map(|at| (number(at) % 127) as i8).collect();
        let multipliers = (0..outputs).map(|at| (number(at) % 200_000).unsigned_abs() as i32).collect();
        let biases = (0..outputs).map(|at| (number(at) % 4096) as i32).collect();
        Matrix::new(inputs, weights, multipliers, biases).unwrap()
    }

    #[test]
    fn rows_do_not_depend_on_each_other_and_networks_come_back() {
        let network = ValueNetwork::new(vec![matrix(5, 24, 1), matrix(24, 16, 2), matrix(16, 9, 3)]).unwrap();
        let inputs: Vec<i16> = (0..5 * 200i32).map(|at| (at * 1301 % 8192 - 4096) as i16).collect();
        let together = network.forecast(Kernel::best(), &inputs);
        for (row, inputs) in inputs.chunks(5).enumerate() {
            assert_eq!(network.forecast(Kernel::Scalar, inputs), together[row * 9..][..9]);
        }
        let mut numbers = Numbers::default();
        network.write(&mut numbers);
        let mut reader = numbers.reader();
        assert_eq!(ValueNetwork::read(&mut reader).unwrap(), network);
        reader.finish().unwrap();
        for cut in 0..numbers.wide.len() {
            let cut = Numbers { wide: numbers.wide[..cut].to_vec(), ..numbers.clone() };
            assert!(ValueNetwork::read(&mut cut.reader()).is_err());
        }
    }
}

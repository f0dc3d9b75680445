//! The gated recurrent network of bytes, in floating point.
//!
//! In: bytes before. Out: logits of the next ones, and the states behind them.
//! Not here: the same network in integers (`hepz_neural::bytes::gru`).
//! Holds: the equations there; its one table is two here, and biases that only add up are one bias.
//! Source: K. Cho et al., arXiv 1406.1078; the reset gate behind the product, as in cuDNN.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, activation};

use super::dense::{Dense, Pass, limited, uniform};

/// Layers of gated units over a table of bytes. `d` is the width.
#[derive(Module, Debug)]
pub struct GruModule {
    /// What a byte gives to the reset and the update gate of the first layer: `[256][2d]`.
    pub gate_table: Param<Tensor<2>>,
    /// What it gives to the candidate: `[256][d]`.
    pub candidate_table: Param<Tensor<2>>,
    /// From the lowest.
    pub layers: Vec<GruLayer>,
    /// Logits of the highest layer.
    pub output: Dense,
}

/// One layer.
#[derive(Module, Debug)]
pub struct GruLayer {
    /// From the layer below to gates (`2d`) and candidate (`d`), for all but the lowest layer.
    pub input: Option<(Dense, Dense)>,
    /// From the own state to the gates; without a bias, as `x` has one.
    pub gates: Dense,
    /// From the own state to the candidate.
    pub candidate: Dense,
}

/// States of the layers, each `[stream][d]`.
pub type GruState = Vec<Tensor<2>>;

impl GruModule {
    /// Random weights.
    pub fn new(width: usize, layers: usize, device: &Device) -> GruModule {
        let layer = |at: usize| GruLayer {
            input: (at > 0).then(|| {
                (Dense::new(width, 2 * width, true, device), Dense::new(width, width, true, device))
            }),
            gates: Dense::new(width, 2 * width, false, device),
            candidate: Dense::new(width, width, true, device),
        };
        GruModule {
            // Smaller tables learn much more slowly (0.1 and 0.5: 0.3 bits a byte behind after a megabyte of HepMC).
            gate_table: uniform([256, 2 * width], 0.5, device),
            candidate_table: uniform([256, width], 1.0, device),
            layers: (0..layers).map(layer).collect(),
            output: Dense::new(width, 256, true, device),
        }
    }

    /// Logits of the bytes after `before` (`[stream][time]`) as `[time * stream][256]`, and the states at the end.
    pub fn forward(
        &self,
        before: Tensor<2, Int>,
        state: Option<GruState>,
        quantised: bool,
    ) -> (Tensor<2>, GruState) {
        let [streams, time] = before.dims();
        let width = self.candidate_table.dims()[1];
        let device = before.device();
        let mut state =
            state.unwrap_or_else(|| vec![Tensor::zeros([streams, width], &device); self.layers.len()]);
        let gate_table = limited(self.gate_table.val(), quantised);
        let candidate_table = limited(self.candidate_table.val(), quantised);
        let passes: Vec<LayerPass> = self.layers.iter().map(|layer| layer.pass(quantised)).collect();
        let before = before.transpose();
        let mut hidden = Vec::with_capacity(time);
        for at in 0..time {
            let byte = before.clone().narrow(0, at, 1).reshape([streams]);
            let mut gates = gate_table.clone().select(0, byte.clone());
            let mut candidate = candidate_table.clone().select(0, byte);
            for (pass, own) in passes.iter().zip(&mut state) {
                if let Some((to_gates, to_candidate)) = &pass.input {
                    gates = limited(to_gates.forward(candidate.clone()), quantised);
                    candidate = limited(to_candidate.forward(candidate), quantised);
                }
                *own = pass.step(gates.clone(), candidate, own.clone(), quantised);
                candidate = own.clone();
            }
            hidden.extend(state.last().cloned());
        }
        (self.output.forward(Tensor::cat(hidden, 0), quantised), state)
    }
}

/// A layer during one pass.
struct LayerPass {
    input: Option<(Pass, Pass)>,
    gates: Pass,
    candidate: Pass,
}

impl GruLayer {
    fn pass(&self, quantised: bool) -> LayerPass {
        LayerPass {
            input: self.input.as_ref().map(|(gates, new)| (gates.pass(quantised), new.pass(quantised))),
            gates: self.gates.pass(quantised),
            candidate: self.candidate.pass(quantised),
        }
    }
}

impl LayerPass {
    /// The next state, `[stream][d]`. `gates` and `candidate` are the `x` of the equations.
    fn step(&self, gates: Tensor<2>, candidate: Tensor<2>, state: Tensor<2>, quantised: bool) -> Tensor<2> {
        let [streams, width] = state.dims();
        let gates = activation::sigmoid(gates + self.gates.forward(state.clone()));
        let reset = gates.clone().slice([0..streams, 0..width]);
        let update = gates.slice([0..streams, width..2 * width]);
        let own = limited(self.candidate.forward(state.clone()), quantised);
        let new = (candidate + reset * own).tanh();
        new.clone() + update * (state - new)
    }
}

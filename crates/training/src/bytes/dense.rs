//! Dense layers, and what quantisation to 8 bits does to their weights, as training sees it.
//!
//! In: rows of activations. Out: rows of activations.
//! Not here: weights as integers (`export`), the integer matrix (`hepz_neural::matrix`).
//! Holds: the rounding of [`rounded`] is that of `export`, so what is trained is what is run.
//! Source: straight-through estimator: Y. Bengio et al., arXiv 1308.3432.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor};
use hepz_neural::fixed::MULTIPLIER_FRACTION;

/// Activations saturate at 8, as they do in integers.
pub const ACTIVATION_LIMIT: f32 = 8.0;

/// The greatest absolute value of an integer weight.
pub const GREATEST_WEIGHT: f64 = 127.0;

/// `rows * weight + bias`.
#[derive(Module, Debug)]
pub struct Dense {
    /// `[input][output]`.
    pub weight: Param<Tensor<2>>,
    /// `[output]`.
    pub bias: Option<Param<Tensor<1>>>,
}

/// A parameter of `shape`, uniform between `-limit` and `limit`.
pub fn uniform<const D: usize>(shape: [usize; D], limit: f64, device: &Device) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::random(shape, Distribution::Uniform(-limit, limit), device))
}

impl Dense {
    /// Weights uniform within `1 / sqrt(inputs)`, biases 0.
    pub fn new(inputs: usize, outputs: usize, bias: bool, device: &Device) -> Dense {
        let limit = 1.0 / (inputs as f64).sqrt();
        Dense {
            weight: uniform([inputs, outputs], limit, device),
            bias: bias.then(|| Param::from_tensor(Tensor::zeros([outputs], device))),
        }
    }

    /// The weights, `[input][output]`; `quantised`: as they are after rounding.
    pub fn weights(&self, quantised: bool) -> Tensor<2> {
        if quantised { rounded(self.weight.val()) } else { self.weight.val() }
    }

    /// The layer as one pass uses it: rounded once, whatever the number of steps.
    pub fn pass(&self, quantised: bool) -> Pass {
        Pass { weight: self.weights(quantised), bias: self.bias.as_ref().map(|bias| bias.val().unsqueeze()) }
    }

    /// `rows` (`[row][input]`) to `[row][output]`.
    pub fn forward(&self, rows: Tensor<2>, quantised: bool) -> Tensor<2> {
        self.pass(quantised).forward(rows)
    }
}

/// A layer during one pass.
#[derive(Clone, Debug)]
pub struct Pass {
    weight: Tensor<2>,
    bias: Option<Tensor<2>>,
}

impl Pass {
    /// As [`Dense::forward`].
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let product = rows.matmul(self.weight.clone());
        match &self.bias {
            Some(bias) => product + bias.clone(),
            None => product,
        }
    }
}

/// `weight` (`[input][output]`) rounded to 8 bits for each output; the gradient passes as if it were not.
pub fn rounded(weight: Tensor<2>) -> Tensor<2> {
    let scale = f64::from(1u32 << MULTIPLIER_FRACTION);
    let plain = weight.clone().detach();
    let greatest = plain.clone().abs().max_dim(0).clamp_min(1e-6);
    let multiplier = (greatest * (scale / GREATEST_WEIGHT)).ceil() / scale;
    let near = (plain.clone() / multiplier.clone()).round() * multiplier;
    weight + (near - plain)
}

/// Within the limits of activations, always: for what is normalised next, whose size nothing else holds. Without
/// this a network learns to live far outside of them and is another one in integers (a mamba of 61 thousand numbers
/// that had learned three megabytes of HepMC text differed by 0.7 bits a byte).
pub fn saturated<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.clamp(-ACTIVATION_LIMIT, ACTIVATION_LIMIT)
}

/// Within the limits of activations if `quantised`; for what hardly ever reaches them, because limits cost time.
pub fn limited<const D: usize>(tensor: Tensor<D>, quantised: bool) -> Tensor<D> {
    if quantised { tensor.clamp(-ACTIVATION_LIMIT, ACTIVATION_LIMIT) } else { tensor }
}

//! Root mean square normalisation.
//!
//! In: rows. Out: rows of mean square 1. Not here: gains (they are in the matrix behind).
//! Holds: the constant of `hepz_neural::rms`.
//! Source: B. Zhang and R. Sennrich, arXiv 1910.07467.

use burn::tensor::Tensor;

/// Added to the mean square: one unit of activations.
const LEAST: f64 = 1.0 / 4096.0;

/// `x / sqrt(mean(x^2) + 2^-12)` along the last dimension.
pub fn rms<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    let mean = tensor.clone().square().mean_dim(D - 1);
    tensor * (mean + LEAST).sqrt().recip()
}

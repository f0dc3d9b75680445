//! Losses on forecasts of the next byte: cross entropy, and distance to a teacher.
//!
//! In: logits, and what came or what a teacher said. Out: nats for each byte.
//! Not here: logits (`gru`, `mamba`, `transformer`).
//! Holds: gradients are those of the loss; they are written down, not traced, which saves memory and time.

use burn::tensor::{IndexingUpdateOp, Int, Tensor, activation};

/// A loss whose gradient is known: `value`, with `gradient` for `logits`.
///
/// `sum(logits * gradient)` has that gradient; the rest only puts the number right.
fn with_gradient(logits: Tensor<2>, gradient: Tensor<2>, value: Tensor<1>) -> Tensor<1> {
    let linear = (logits * gradient).sum();
    linear.clone() + (value - linear.detach())
}

/// Mean cross entropy in nats: `logits` is `[row][256]`, `next` what came, `[row]`.
pub fn cross_entropy(logits: Tensor<2>, next: Tensor<1, Int>) -> Tensor<1> {
    let [rows, _] = logits.dims();
    let chances = activation::softmax(logits.clone().detach(), 1);
    let next = next.reshape([rows, 1]);
    let value = chances.clone().gather(1, next.clone()).clamp_min(1e-30).log().mean().neg();
    let minus = Tensor::full([rows, 1], -1.0, &chances.device());
    let gradient = chances.scatter(1, next, minus, IndexingUpdateOp::Add) / rows as f64;
    with_gradient(logits, gradient, value)
}

/// Mean Kullback-Leibler divergence of `logits` from the teacher's, in nats, both `[row][256]` and softened by
/// `temperature` (1 leaves them as they are).
///
/// The gradient is scaled by the square of `temperature`, so that it keeps its size.
/// Source: G. Hinton et al., "Distilling the knowledge in a neural network", arXiv 1503.02531, section 2.
pub fn distillation(logits: Tensor<2>, teacher: Tensor<2>, temperature: f64) -> Tensor<1> {
    let [rows, _] = logits.dims();
    let teacher = activation::log_softmax(teacher.detach() / temperature, 1);
    let student = activation::log_softmax(logits.clone().detach() / temperature, 1);
    let chances = teacher.clone().exp();
    let gradient = (student.clone().exp() - chances.clone()) * (temperature / rows as f64);
    let value = (chances * (teacher - student)).sum() * (temperature * temperature / rows as f64);
    with_gradient(logits, gradient, value)
}

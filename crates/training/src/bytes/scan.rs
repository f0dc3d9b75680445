//! The selective scan in chunks: matrix products inside a chunk, a recurrence of states between chunks.
//!
//! In: decays, what is written, and its keys and queries. Out: what is read, and the state at the end.
//! Not here: where these come from (`mamba`).
//! Holds: the result is that of the loop `S = a S + b w^T`, `y = c S` whatever the length of a chunk.
//! Source: T. Dao and A. Gu, arXiv 2405.21060, section 6 (state space duality).

use burn::tensor::{Bool, Tensor};

/// What a scan works on. `B` streams of `T` steps, `H` heads, `N` numbers of state for each of `C` channels; a head
/// has `C / H` neighbouring channels.
#[derive(Clone, Debug)]
pub struct Scan {
    /// `log a`, not positive: `[B][T][H]`.
    pub log_decay: Tensor<3>,
    /// `w`: `[B][T][C]`.
    pub written: Tensor<3>,
    /// `b`: `[B][T][N]`.
    pub key: Tensor<3>,
    /// `c`: `[B][T][N]`.
    pub query: Tensor<3>,
    /// `S` before the first step, `[B][N][C]`.
    pub start: Tensor<3>,
}

impl Scan {
    /// `y`, `[B][T][C]`, and `S` after the last step (without history). Chunks have at most `chunk` steps.
    pub fn run(self, chunk: usize) -> (Tensor<3>, Tensor<3>) {
        let Scan { log_decay, written, key, query, start } = self;
        let [streams, time, heads] = log_decay.dims();
        let [_, states, channels] = start.dims();
        let per_head = channels / heads;
        let steps = (1..=chunk.min(time)).rev().find(|steps| time.is_multiple_of(*steps)).unwrap_or(1);
        let chunks = time / steps;
        let both = streams * chunks;

        // Inside chunks: what step j wrote is read by step i >= j as if by attention.
        let log_decay = log_decay.reshape([both, steps, heads]).swap_dims(1, 2);
        let sums = cumulative(log_decay);
        let key = key.reshape([both, steps, states]);
        let query = query.reshape([both, steps, states]);
        let lower = Tensor::<2, Bool>::tril_mask([steps, steps], 0, &key.device());
        let read = query.clone().matmul(key.clone().swap_dims(1, 2));
        let read = read.mask_fill(lower.unsqueeze::<3>().expand([both, steps, steps]), 0.0);
        let weights = survivors(sums.clone()) * read.unsqueeze_dim::<4>(1);
        let written = written.reshape([both, steps, heads, per_head]);
        let inside = weights.matmul(written.clone().swap_dims(1, 2)).swap_dims(1, 2);

        // What each chunk leaves behind, and with it the state in which each chunk begins.
        let last = sums.clone().slice([0..both, 0..heads, steps - 1..steps]);
        let to_end = (last.clone() - sums.clone()).exp().swap_dims(1, 2).unsqueeze_dim::<4>(3);
        let left = key.swap_dims(1, 2).matmul((written * to_end).reshape([both, steps, channels]));
        let left = Tensor::cat(
            vec![start.unsqueeze_dim::<4>(1), left.reshape([streams, chunks, states, channels])],
            1,
        );
        let left = left.reshape([streams, chunks + 1, states, heads, per_head]).permute([0, 3, 1, 2, 4]);
        let zero = Tensor::zeros([streams, 1, heads], &left.device());
        let whole = Tensor::cat(vec![zero, last.reshape([streams, chunks, heads])], 1).swap_dims(1, 2);
        let between = lower_only(survivors(cumulative(whole)));
        let begun = between.matmul(left.reshape([streams, heads, chunks + 1, states * per_head]));
        let begun = begun.reshape([streams, heads, chunks + 1, states, per_head]).permute([0, 2, 3, 1, 4]);
        let begun = begun.reshape([streams, chunks + 1, states, channels]);
        let end = begun.clone().detach().slice([0..streams, chunks..chunks + 1]);
        let begun = begun.slice([0..streams, 0..chunks]).reshape([both, states, channels]);

        let across = query.matmul(begun).reshape([both, steps, heads, per_head]);
        let y = inside + across * sums.exp().swap_dims(1, 2).unsqueeze_dim::<4>(3);
        (y.reshape([streams, time, channels]), end.reshape([streams, states, channels]))
    }
}

/// Cumulative sums along the last dimension, by a product with a triangle of ones.
fn cumulative(tensor: Tensor<3>) -> Tensor<3> {
    let [_, _, steps] = tensor.dims();
    let ones = Tensor::<2>::ones([steps, steps], &tensor.device()).triu(0);
    tensor.matmul(ones.unsqueeze())
}

/// `exp(sums[i] - sums[j])` at `[.., i, j]`, where `j <= i`; 1 elsewhere, so that nothing overflows.
fn survivors(sums: Tensor<3>) -> Tensor<4> {
    (sums.clone().unsqueeze_dim::<4>(3) - sums.unsqueeze_dim::<4>(2)).clamp_max(0.0).exp()
}

/// The lower triangle; zero elsewhere.
fn lower_only(tensor: Tensor<4>) -> Tensor<4> {
    let [a, b, steps, _] = tensor.dims();
    let lower = Tensor::<2, Bool>::tril_mask([steps, steps], 0, &tensor.device());
    tensor.mask_fill(lower.unsqueeze::<4>().expand([a, b, steps, steps]), 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution, TensorData};

    const SIDES: [usize; 5] = [2, 12, 2, 3, 4]; // B, T, H, N, C

    fn random(shape: [usize; 3], least: f64, most: f64, device: &Device) -> Tensor<3> {
        Tensor::random(shape, Distribution::Uniform(least, most), device)
    }

    fn example(device: &Device) -> Scan {
        let [b, t, h, n, c] = SIDES;
        device.seed(5);
        Scan {
            log_decay: random([b, t, h], -2.0, -0.01, device),
            written: random([b, t, c], -1.0, 1.0, device),
            key: random([b, t, n], -1.0, 1.0, device),
            query: random([b, t, n], -1.0, 1.0, device),
            start: random([b, n, c], -1.0, 1.0, device),
        }
    }

    fn numbers<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
        tensor.clone().into_data().iter::<f32>().collect()
    }

    /// The definition, step by step.
    fn loop_of(scan: &Scan) -> (Vec<f32>, Vec<f32>) {
        let [b, t, h, n, c] = SIDES;
        let (decay, w) = (numbers(&scan.log_decay), numbers(&scan.written));
        let (key, query, mut s) = (numbers(&scan.key), numbers(&scan.query), numbers(&scan.start));
        let mut y = vec![0f32; b * t * c];
        for (b, t) in (0..b).flat_map(|b| (0..t).map(move |t| (b, b * t_of() + t))) {
            for channel in 0..c {
                let a = decay[t * h + channel / (c / h)].exp();
                for n_at in 0..n {
                    let s = &mut s[(b * n + n_at) * c + channel];
                    *s = a * *s + key[t * n + n_at] * w[t * c + channel];
                    y[t * c + channel] += query[t * n + n_at] * *s;
                }
            }
        }
        (y, s)
    }

    fn t_of() -> usize {
        SIDES[1]
    }

    #[test]
    fn chunks_of_any_length_give_what_the_loop_gives() {
        let device = Device::flex();
        let scan = example(&device);
        let (y, end) = loop_of(&scan);
        for chunk in [1, 3, 4, 5, 12, 64] {
            let (own_y, own_end) = scan.clone().run(chunk);
            for (own, wanted) in numbers(&own_y).iter().zip(&y).chain(numbers(&own_end).iter().zip(&end)) {
                assert!((own - wanted).abs() < 1e-4, "chunk {chunk}: {own} {wanted}");
            }
        }
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let device = Device::flex().autodiff();
        let scan = example(&device);
        let target = random([SIDES[0], SIDES[1], SIDES[4]], -1.0, 1.0, &device);
        let loss = |scan: Scan| (scan.run(4).0 * target.clone()).sum();
        let inputs = |scan: &Scan| {
            let Scan { log_decay, written, key, query, .. } = scan.clone();
            [log_decay, written, key, query]
        };
        let of = |[log_decay, written, key, query]: [Tensor<3>; 4]| Scan {
            log_decay,
            written,
            key,
            query,
            start: scan.start.clone(),
        };
        let tracked = inputs(&scan).map(Tensor::require_grad);
        let gradients = loss(of(tracked.clone())).backward();
        for (input, tracked) in tracked.iter().enumerate() {
            let own = numbers(&tracked.grad(&gradients).expect("has a gradient"));
            for at in (0..own.len()).step_by(5) {
                let moved = |by: f32| {
                    let mut inputs = inputs(&scan);
                    let mut values = numbers(&inputs[input]);
                    values[at] += by;
                    let shape = inputs[input].dims();
                    inputs[input] = Tensor::from_data(TensorData::new(values, shape), &device);
                    loss(of(inputs)).into_scalar::<f32>()
                };
                let difference = (moved(0.01) - moved(-0.01)) / 0.02;
                assert!((own[at] - difference).abs() < 0.02 + 0.02 * difference.abs(), "{input} {at}");
            }
        }
    }
}

//! The selective state space network of bytes, in floating point.
//!
//! In: bytes before. Out: logits of the next ones, and the states behind them.
//! Not here: the scan (`scan`), the same network in integers (`hepz_neural::bytes::mamba`).
//! Holds: the equations there; its one matrix `project` is four here, because slices of traced tensors are slow.
//! Source: A. Gu and T. Dao, arXiv 2312.00752 and 2405.21060.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::dense::{Dense, limited, saturated, uniform};
use super::normalise::rms;
use super::scan::Scan;

/// Steps before the present that the convolution sees.
pub const PAST: usize = 3;

/// Steps of a chunk of the scan: of 16, 32 and 64 the fastest.
const CHUNK: usize = 32;

/// What is written in one step is within these limits, as in integers.
const WRITTEN_LIMIT: f32 = 2.0;

/// Steps are below this, as in integers.
const STEP_LIMIT: f32 = 4.0 - 1.0 / 4096.0;

/// Layers of selective state spaces over a table of bytes. `d` is the width, `2d` the inner width.
#[derive(Module, Debug)]
pub struct MambaModule {
    /// `[256][d]`.
    pub table: Param<Tensor<2>>,
    /// From the lowest.
    pub layers: Vec<MambaLayer>,
    /// Logits.
    pub output: Dense,
}

/// One layer, `N` numbers of state for each of `2d` channels, `H` heads.
#[derive(Module, Debug)]
pub struct MambaLayer {
    /// To `z`, `2d`.
    pub gate: Dense,
    /// To `v`, `2d`.
    pub value: Dense,
    /// To `B` and `C`, `2N`.
    pub keys: Dense,
    /// To `t`, `H`.
    pub step: Dense,
    /// Taps of `v`, the present first: `[4][2d]`.
    pub value_taps: Param<Tensor<2>>,
    /// `[2d]`.
    pub value_tap_bias: Param<Tensor<1>>,
    /// Taps of `B` and `C`: `[4][2N]`.
    pub key_taps: Param<Tensor<2>>,
    /// `[2N]`.
    pub key_tap_bias: Param<Tensor<1>>,
    /// `log A`, `[H]`.
    pub log_decay: Param<Tensor<1>>,
    /// `K`, `[2d]`.
    pub through: Param<Tensor<1>>,
    /// `2d` to `d`.
    pub join: Dense,
}

/// What a layer remembers.
#[derive(Clone, Debug)]
pub struct MambaState {
    /// The last inputs of the convolution of `v`: `[stream][3][2d]`.
    pub values: Tensor<3>,
    /// Those of `B` and `C`: `[stream][3][2N]`.
    pub keys: Tensor<3>,
    /// `S`: `[stream][N][2d]`.
    pub states: Tensor<3>,
}

impl MambaModule {
    /// Random weights.
    pub fn new(width: usize, layers: usize, states: usize, heads: usize, device: &Device) -> MambaModule {
        MambaModule {
            table: uniform([256, width], 1.0, device),
            layers: (0..layers).map(|_| MambaLayer::new(width, states, heads, device)).collect(),
            output: Dense::new(width, 256, true, device),
        }
    }

    /// Logits of the bytes after `before` (`[stream][time]`) as `[stream * time][256]`, and the states at the end.
    pub fn forward(
        &self,
        before: Tensor<2, Int>,
        state: Option<Vec<MambaState>>,
        quantised: bool,
    ) -> (Tensor<2>, Vec<MambaState>) {
        let [streams, time] = before.dims();
        let mut x = limited(self.table.val(), quantised).select(0, before.reshape([streams * time]));
        let mut states = state.unwrap_or_default();
        for (at, layer) in self.layers.iter().enumerate() {
            let state = states.get(at).cloned().unwrap_or_else(|| layer.start(streams));
            let (added, state) = layer.forward(rms(x.clone()), state, quantised);
            x = saturated(x + added);
            match states.get_mut(at) {
                Some(own) => *own = state,
                None => states.push(state),
            }
        }
        (self.output.forward(rms(x), quantised), states)
    }
}

impl MambaLayer {
    fn new(width: usize, states: usize, heads: usize, device: &Device) -> MambaLayer {
        let inner = 2 * width;
        // Of each head so many steps stay in mind: from a few bytes to some thousand.
        let spread = |at: usize| at as f64 / heads.saturating_sub(1).max(1) as f64;
        let decays: Vec<f32> = (0..heads).map(|at| (4.0 * 0.003f64.powf(spread(at))).ln() as f32).collect();
        // softplus(-2) is 0.13: what is written is small beside what is there.
        let mut step = Dense::new(width, heads, true, device);
        step.bias = Some(Param::from_tensor(Tensor::full([heads], -2.0, device)));
        MambaLayer {
            gate: Dense::new(width, inner, true, device),
            value: Dense::new(width, inner, true, device),
            keys: Dense::new(width, 2 * states, true, device),
            step,
            value_taps: uniform([PAST + 1, inner], 0.5, device),
            value_tap_bias: Param::from_tensor(Tensor::zeros([inner], device)),
            key_taps: uniform([PAST + 1, 2 * states], 0.5, device),
            key_tap_bias: Param::from_tensor(Tensor::zeros([2 * states], device)),
            log_decay: Param::from_tensor(Tensor::from_data(TensorData::new(decays, [heads]), device)),
            through: Param::from_tensor(Tensor::ones([inner], device)),
            join: Dense::new(inner, width, true, device),
        }
    }

    fn start(&self, streams: usize) -> MambaState {
        let (inner, keys) = (self.value_taps.dims()[1], self.key_taps.dims()[1]);
        let device = &self.value_taps.val().device();
        MambaState {
            values: Tensor::zeros([streams, PAST, inner], device),
            keys: Tensor::zeros([streams, PAST, keys], device),
            states: Tensor::zeros([streams, keys / 2, inner], device),
        }
    }

    /// `u` is `[stream * time][d]`, as is what is added to the residual.
    fn forward(&self, u: Tensor<2>, state: MambaState, quantised: bool) -> (Tensor<2>, MambaState) {
        let [streams, states, inner] = state.states.dims();
        let [rows, _] = u.dims();
        let (time, heads) = (rows / streams, self.log_decay.dims()[0]);
        let flat = |tensor: Tensor<3>| tensor.reshape([rows, inner]);
        let project = |dense: &Dense| limited(dense.forward(u.clone(), quantised), quantised);

        let taps = (self.value_taps.val(), self.value_tap_bias.val());
        let (v, values) = convolved(project(&self.value).reshape([streams, time, inner]), state.values, taps);
        let taps = (self.key_taps.val(), self.key_tap_bias.val());
        let (keys, past) =
            convolved(project(&self.keys).reshape([streams, time, 2 * states]), state.keys, taps);
        let (key, query) = (
            keys.clone().slice([0..streams, 0..time, 0..states]),
            keys.slice([0..streams, 0..time, states..2 * states]),
        );

        let step = activation::softplus(project(&self.step), 1.0).clamp_max(STEP_LIMIT);
        let rate = self.log_decay.val().exp().neg().unsqueeze::<2>();
        let log_decay = (step.clone() * rate).reshape([streams, time, heads]);
        let by_head = v.clone().reshape([rows, heads, inner / heads]);
        let written = (by_head * step.unsqueeze_dim::<3>(2)).reshape([streams, time, inner]);
        let written = written.clamp(-WRITTEN_LIMIT, WRITTEN_LIMIT);
        let (y, end) = Scan { log_decay, written, key, query, start: state.states }.run(CHUNK);

        let y = saturated(flat(y) + flat(v) * self.through.val().unsqueeze());
        let y = saturated(y * activation::silu(project(&self.gate)));
        (self.join.forward(rms(y), quantised), MambaState { values, keys: past, states: end })
    }
}

/// `silu` of the causal convolution of each channel, `[stream][time][channel]`, and the last inputs, without history.
fn convolved(now: Tensor<3>, past: Tensor<3>, taps: (Tensor<2>, Tensor<1>)) -> (Tensor<3>, Tensor<3>) {
    let [streams, time, channels] = now.dims();
    let all = Tensor::cat(vec![past, now], 1);
    let last = all.clone().detach().slice([0..streams, time..time + PAST, 0..channels]);
    let mut sum: Tensor<3> = taps.1.unsqueeze();
    for back in 0..=PAST {
        let seen = all.clone().slice([0..streams, PAST - back..PAST - back + time, 0..channels]);
        sum = seen * taps.0.clone().slice([back..back + 1, 0..channels]).unsqueeze::<3>() + sum;
    }
    (activation::silu(sum), last)
}

//! Selective state spaces over bytes.
//!
//! In: the last byte of each stream. Out: `rms` of the residual behind the last layer, from which the logits are
//! made.
//! Not here: logits and frequencies ([`ByteNetwork`](super::ByteNetwork)).
//! Holds: a state forgets at every step (its decay is at most `1 - 2^-15`) and saturates, so it is bounded however
//! long a stream is and whatever the weights.
//! Source: Dao and Gu, arXiv 2405.21060 (one decay for each head); Gu and Dao, arXiv 2312.00752 (convolution, gate).
//!
//! Width `d`, inner width `2 d`, `N` numbers of state for each inner channel, `H` heads of `2 d / H` neighbouring
//! channels. `x = embedding[b]`, `b` the last byte; then for each layer:
//!
//! | name | shape | unit | meaning |
//! |---|---|---|---|
//! | `u` | `[d]` | 2^-12 | `rms(x)` |
//! | `z, v, B, C, t` | `[2d], [2d], [N], [N], [H]` | 2^-12 | `project * u`, in this order |
//! | `v, B, C` | `[2d + 2N]` | 2^-12 | `silu(conv(v, B, C))`, causal, a filter for each channel |
//! | `D` | `[H]` | 2^-14 | `softplus(t)`, less than 4 |
//! | `f` | `[H]` | 2^-15 | `1 - exp(-D A)`, from 2^-15 to `1 - 2^-15`: what is forgotten |
//! | `w` | `[2d]` | 2^-14 | `D v`, rounded, within -2 and 2 |
//! | `S` | `[N][2d]` | 2^-26 | `S - f S + w B`, within -16 and 16 |
//! | `y` | `[2d]` | 2^-12 | `S C + K v`, saturated |
//! | `y` | `[2d]` | 2^-12 | `y silu(z)`, rounded, saturated |
//! | `x` | `[d]` | 2^-12 | `x + join * rms(y)`, saturated |
//!
//! `conv` is `taps . (now, 1, 2, 3 steps before) + tap_biases`: the products are summed (an `i32` of units of 2^-24,
//! which wraps), rounded once, biased, saturated. `f S` and `S C` take `S` in units of 2^-11, rounded down; `S C` is
//! summed over `N` (an `i32` of units of 2^-23, which wraps) and rounded once, `K v` is rounded by itself. Logits
//! are `logits * rms(x)`. The gain of an `rms` is folded into the matrix behind it.
//! Cost of a layer: `d (4d + 2N + H) + 2 d d` multiplications by weights and `6 d N` for the state.

use super::{BYTES, MOST_LAYERS, MOST_WIDTH, sides_fit, width_fits};
use crate::kernel::{self, Kernel};
use crate::matrix::Matrix;
use crate::tables;
use crate::wire::{Numbers, Reader, WireError};

/// Taps of the convolution.
pub const TAPS: usize = 4;

/// Numbers of state for each inner channel, at most; at least 4.
pub const MOST_STATES: usize = 32;

/// Decay rates are from 1 to this, in units of 2^-16: at most 64.
pub const MOST_DECAY: i32 = 64 << 16;

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MambaLayer {
    /// `d` to `4 d + 2 N + H`: `z, v, B, C, t`.
    pub project: Matrix,
    /// `[4][2 d + 2 N]`, units of 2^-12; the taps of the present first, then of 1, 2, 3 steps before.
    pub taps: Vec<i16>,
    /// `[2 d + 2 N]`, units of 2^-12.
    pub tap_biases: Vec<i16>,
    /// `A`, one for each of `H` heads, units of 2^-16, from 1 to [`MOST_DECAY`].
    pub decays: Vec<i32>,
    /// `K`, `[2 d]`, units of 2^-12: what goes past the state.
    pub through: Vec<i16>,
    /// `2 d` to `d`.
    pub join: Matrix,
}

/// A stack of selective state spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mamba {
    states: usize,
    embedding: Vec<i16>,
    layers: Vec<MambaLayer>,
    logits: Matrix,
}

/// States of streams, and room for one step.
#[derive(Clone, Debug)]
pub struct State {
    /// Steps so far.
    steps: u64,
    /// For each layer, `[stream][4][2 d + 2 N]`: what the convolution has seen, a ring by step.
    recent: Vec<Vec<i16>>,
    /// For each layer, `[stream][N][2 d]`, units of 2^-26.
    states: Vec<Vec<i32>>,
    /// `[stream][d]`: the residual.
    x: Vec<i16>,
    /// `[stream][d]`: `rms(x)`.
    u: Vec<i16>,
    /// `[stream][4 d + 2 N + H]`.
    projected: Vec<i16>,
    /// `[stream][2 d]`.
    y: Vec<i16>,
    /// Of one stream: `[2 d + 2 N]`, `[2 d]`, `[2 d]`, `[2 d]`.
    mixed: Vec<i16>,
    forgotten: Vec<i16>,
    written: Vec<i16>,
    gated: Vec<i16>,
}

impl State {
    pub(super) fn hidden(&self) -> &[i16] {
        &self.u
    }

    pub(super) fn truncate(&mut self, n: usize, width: usize) {
        let of = self.x.len() / width.max(1);
        self.recent.iter_mut().for_each(|recent| recent.truncate(recent.len() / of.max(1) * n));
        self.states.iter_mut().for_each(|states| states.truncate(states.len() / of.max(1) * n));
        self.x.truncate(n * width);
        self.u.truncate(n * width);
        self.y.truncate(n * 2 * width);
    }
}

impl MambaLayer {
    fn fits(&self, width: usize, states: usize) -> bool {
        let (inner, heads) = (2 * width, self.decays.len());
        heads > 0
            && inner.is_multiple_of(heads)
            && sides_fit(&self.project, width, 2 * inner + 2 * states + heads)
            && sides_fit(&self.join, inner, width)
            && self.taps.len() == TAPS * (inner + 2 * states)
            && self.tap_biases.len() == inner + 2 * states
            && self.through.len() == inner
            && self.decays.iter().all(|decay| (1..=MOST_DECAY).contains(decay))
    }

    /// One step of one stream behind the projection: `projected` to `y`, before the last `rms`.
    fn advance(&self, kernel: Kernel, state: OneStream<'_>) {
        let OneStream { projected, phase, recent, states, mixed, forgotten, written, gated, y } = state;
        let (inner, heads) = (y.len(), self.decays.len());
        let channels = mixed.len();
        let n = (channels - inner) / 2;
        let (z, rest) = projected.split_at(inner);
        let (seen, t) = rest.split_at(channels);
        recent[phase * channels..][..channels].copy_from_slice(seen);
        let past = |back: usize| &recent[(phase + TAPS - back) % TAPS * channels..][..channels];
        kernel::convolve(kernel, &self.taps, &self.tap_biases, [past(0), past(1), past(2), past(3)], mixed);
        kernel::silu(kernel, mixed);
        let (v, bc) = mixed.split_at(inner);
        let (b, c) = bc.split_at(n);
        let per_head = inner / heads;
        for (head, (&t, &decay)) in t.iter().zip(&self.decays).enumerate() {
            let step = tables::softplus(t);
            let own = head * per_head..(head + 1) * per_head;
            forgotten[own.clone()].fill(tables::forgotten(step, decay));
            kernel::stepped(kernel, step, &v[own.clone()], &mut written[own]);
        }
        kernel::scan(kernel, [forgotten, written, v, &self.through], [b, c], states, y);
        gated.copy_from_slice(z);
        kernel::silu(kernel, gated);
        kernel::gate(kernel, gated, y);
    }
}

/// What one step of one stream works on.
struct OneStream<'a> {
    projected: &'a [i16],
    phase: usize,
    recent: &'a mut [i16],
    states: &'a mut [i32],
    mixed: &'a mut [i16],
    forgotten: &'a mut [i16],
    written: &'a mut [i16],
    gated: &'a mut [i16],
    y: &'a mut [i16],
}

impl Mamba {
    /// `embedding` is `[256][d]`, activations; `states` is `N`, from 4 to [`MOST_STATES`]; `logits` leads from `d`
    /// to 256. `None` if sides and lengths do not fit together, heads do not divide `2 d`, a decay is not from 1 to
    /// [`MOST_DECAY`], `d` is no multiple of 8 from 8 to 512, or there are no or more than 8 layers.
    pub fn new(embedding: Vec<i16>, states: usize, layers: Vec<MambaLayer>, logits: Matrix) -> Option<Mamba> {
        let width = logits.inputs();
        let fits = width_fits(width)
            && sides_fit(&logits, width, BYTES)
            && embedding.len() == BYTES * width
            && (4..=MOST_STATES).contains(&states)
            && (1..=MOST_LAYERS).contains(&layers.len())
            && layers.iter().all(|layer| layer.fits(width, states));
        fits.then_some(Mamba { states, embedding, layers, logits })
    }

    /// Logits of the next byte from the normalised residual.
    pub fn logits(&self) -> &Matrix {
        &self.logits
    }

    pub(super) fn describe(&self) -> String {
        let heads = self.layers.first().map_or(0, |layer| layer.decays.len());
        format!(
            "mamba of {} x {}, {} states, {heads} heads",
            self.layers.len(),
            self.logits.inputs(),
            self.states
        )
    }

    /// Bytes that a stream takes.
    pub(super) fn stream_bytes(&self) -> usize {
        let inner = 2 * self.logits.inputs();
        self.layers.len() * (4 * self.states * inner + 2 * TAPS * (inner + 2 * self.states))
    }

    pub(super) fn state(&self, n: usize) -> State {
        let width = self.logits.inputs();
        let (inner, channels) = (2 * width, 2 * width + 2 * self.states);
        let heads = self.layers.iter().map(|layer| layer.decays.len()).max().unwrap_or(0);
        State {
            steps: 0,
            recent: vec![vec![0; n * TAPS * channels]; self.layers.len()],
            states: vec![vec![0; n * self.states * inner]; self.layers.len()],
            x: vec![0; n * width],
            u: vec![0; n * width],
            projected: vec![0; n * (inner + channels + heads)],
            y: vec![0; n * inner],
            mixed: vec![0; channels],
            forgotten: vec![0; inner],
            written: vec![0; inner],
            gated: vec![0; inner],
        }
    }

    pub(super) fn step(&self, kernel: Kernel, state: &mut State, last: &[u8]) {
        let width = self.logits.inputs();
        let (inner, channels) = (2 * width, 2 * width + 2 * self.states);
        let State { steps, recent, states, x, u, projected, y, mixed, forgotten, written, gated } = state;
        let phase = (*steps % TAPS as u64) as usize;
        *steps += 1;
        for (x, &byte) in x.chunks_exact_mut(width).zip(last) {
            x.copy_from_slice(&self.embedding[usize::from(byte) * width..][..width]);
        }
        for (at, layer) in self.layers.iter().enumerate() {
            kernel::normalise(kernel, width, x, u);
            let outputs = layer.project.outputs();
            let projected = &mut projected[..last.len() * outputs];
            layer.project.apply(kernel, u, projected);
            let streams = recent[at]
                .chunks_exact_mut(TAPS * channels)
                .zip(states[at].chunks_exact_mut(self.states * inner))
                .zip(projected.chunks_exact(outputs))
                .zip(y.chunks_exact_mut(inner));
            for (((recent, states), projected), y) in streams {
                let (mixed, forgotten, written, gated) =
                    (&mut mixed[..], &mut forgotten[..], &mut written[..], &mut gated[..]);
                layer.advance(
                    kernel,
                    OneStream { projected, phase, recent, states, mixed, forgotten, written, gated, y },
                );
                gated.copy_from_slice(y);
                kernel::normalise(kernel, inner, gated, y);
            }
            layer.join.apply(kernel, y, u);
            kernel::add(kernel, u, x);
        }
        kernel::normalise(kernel, width, x, u);
    }

    pub(super) fn write(&self, into: &mut Numbers) {
        into.size(self.logits.inputs());
        into.size(self.states);
        into.size(self.layers.len());
        into.medium.extend_from_slice(&self.embedding);
        for layer in &self.layers {
            into.size(layer.decays.len());
            layer.project.write(into);
            into.medium.extend_from_slice(&layer.taps);
            into.medium.extend_from_slice(&layer.tap_biases);
            into.wide.extend_from_slice(&layer.decays);
            into.medium.extend_from_slice(&layer.through);
            layer.join.write(into);
        }
        self.logits.write(into);
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Mamba, WireError> {
        let (width, states) = (from.size(MOST_WIDTH)?, from.size(MOST_STATES)?);
        let layers = from.size(MOST_LAYERS)?;
        let embedding = from.medium(BYTES * width)?.to_vec();
        let (inner, channels) = (2 * width, 2 * width + 2 * states);
        let layer = |from: &mut Reader<'_>| {
            let heads = from.size(inner)?;
            Ok(MambaLayer {
                project: Matrix::read(from)?,
                taps: from.medium(TAPS * channels)?.to_vec(),
                tap_biases: from.medium(channels)?.to_vec(),
                decays: from.wide(heads)?.to_vec(),
                through: from.medium(inner)?.to_vec(),
                join: Matrix::read(from)?,
            })
        };
        let layers = (0..layers).map(|_| layer(from)).collect::<Result<_, _>>()?;
        let logits = Matrix::read(from)?;
        Mamba::new(embedding, states, layers, logits)
            .ok_or(WireError::Invalid("a mamba that no writer writes"))
    }
}

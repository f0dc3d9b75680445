//! The transformer of bytes, in floating point.
//!
//! In: bytes before and positions in the record. Out: logits of the next ones, and what is remembered.
//! Not here: attention (`attention`), the same network in integers (`hepz_neural::bytes::transformer`).
//! Holds: the equations there; the factor `1 / sqrt(d / H)` is in the weights of the queries from the start.
//! Source: as there.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::ByteArchitecture;
use super::attention::{Memory, Piece, Steps};
use super::dense::{Dense, limited, saturated, uniform};
use super::normalise::rms;

/// Layers of attention over segments, and of gated feed-forward, over a table of bytes. `d` is the width.
#[derive(Module, Debug)]
pub struct TransformerModule {
    /// `[256][d]`.
    pub table: Param<Tensor<2>>,
    /// By position in the record, `[R][d]`; none without records.
    pub positions: Option<Param<Tensor<2>>>,
    /// From the lowest.
    pub layers: Vec<TransformerLayer>,
    /// Logits.
    pub output: Dense,
    /// Heads.
    pub heads: usize,
    /// Steps of a segment.
    pub segment: usize,
    /// Slots of memory.
    pub slots: usize,
}

/// One layer.
#[derive(Module, Debug)]
pub struct TransformerLayer {
    /// To `q`.
    pub query: Dense,
    /// To `k`.
    pub key: Dense,
    /// To `v`.
    pub value: Dense,
    /// To `e`; none without memory.
    pub mark: Option<Dense>,
    /// What distance says, `[H][2S]`.
    pub biases: Param<Tensor<2>>,
    /// How much of memory, before the sigmoid: `[H]`; none without memory.
    pub gates: Option<Param<Tensor<1>>>,
    /// `d` to `d`.
    pub join: Dense,
    /// `d` to `F`, through `silu`.
    pub gate: Dense,
    /// `d` to `F`.
    pub widen: Dense,
    /// `F` to `d`.
    pub narrow: Dense,
}

/// What is remembered of streams.
#[derive(Clone, Debug)]
pub struct TransformerState {
    /// Steps of a segment.
    segment: usize,
    /// For each layer the last segment, and memory.
    layers: Vec<(Steps, Option<Memory>)>,
}

impl TransformerModule {
    /// Random weights.
    pub fn new(architecture: &ByteArchitecture, device: &Device) -> TransformerModule {
        let ByteArchitecture { width, layers, record, heads, segment, memory, .. } = *architecture;
        TransformerModule {
            table: uniform([256, width], 1.0, device),
            positions: (record > 0).then(|| uniform([record, width], 0.1, device)),
            layers: (0..layers).map(|_| TransformerLayer::new(architecture, device)).collect(),
            output: Dense::new(width, 256, true, device),
            heads,
            segment,
            slots: memory,
        }
    }

    /// Logits of the bytes after `before` (`[stream][time]`) as `[stream * time][256]`, and what is remembered.
    ///
    /// `segment` replaces the module's if it is shorter. If `time` is no multiple of it, nothing is remembered.
    pub fn forward(
        &self,
        before: Tensor<2, Int>,
        phase: Option<Tensor<2, Int>>,
        segment: Option<usize>,
        state: Option<TransformerState>,
        quantised: bool,
    ) -> (Tensor<2>, Option<TransformerState>) {
        let [streams, time] = before.dims();
        let steps = segment.unwrap_or(self.segment).clamp(1, self.segment);
        let segments = time.div_ceil(steps);
        let piece = Piece { streams, segments, steps, heads: self.heads };
        let rows = streams * segments * steps;
        let padded = |bytes: Tensor<2, Int>| {
            let rest = Tensor::zeros([streams, segments * steps - time], &bytes.device());
            let bytes = if segments * steps > time { Tensor::cat(vec![bytes, rest], 1) } else { bytes };
            bytes.reshape([rows])
        };
        let mut x = limited(self.table.val(), quantised).select(0, padded(before));
        if let (Some(positions), Some(phase)) = (&self.positions, phase) {
            x = saturated(x + positions.val().select(0, padded(phase)));
        }
        let mut old = state
            .filter(|state| state.segment == steps)
            .map_or_else(Vec::new, |state| state.layers)
            .into_iter();
        let mut layers = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let (next, state) = layer.forward(x, &piece, old.next(), self.slots, quantised);
            x = next;
            layers.push(state);
        }
        let mut logits = self.output.forward(rms(x), quantised);
        if segments * steps == time {
            return (logits, Some(TransformerState { segment: steps, layers }));
        }
        logits = logits
            .reshape([streams, segments * steps, 256])
            .narrow(1, 0, time)
            .reshape([streams * time, 256]);
        (logits, None)
    }
}

/// Biases that fall with distance, for each head more slowly: `[head][distance]`, a quarter a step to a 256th.
///
/// Source: O. Press et al., arXiv 2108.12409.
fn slopes(heads: usize, distances: usize, device: &Device) -> Tensor<2> {
    let slope = |head: usize| 2f32.powf(-2.0 - 6.0 * head as f32 / heads.saturating_sub(1).max(1) as f32);
    let biases =
        (0..heads).flat_map(|head| (0..distances).map(move |at| (-slope(head) * at as f32).max(-16.0)));
    Tensor::from_data(TensorData::new(biases.collect::<Vec<_>>(), [heads, distances]), device)
}

impl TransformerLayer {
    fn new(architecture: &ByteArchitecture, device: &Device) -> TransformerLayer {
        let ByteArchitecture { width, heads, segment, memory, .. } = *architecture;
        let feed = architecture.feed_forward();
        let query = Dense::new(width, width, true, device);
        let factor = (heads as f64 / width as f64).sqrt();
        TransformerLayer {
            query: Dense { weight: uniform([width, width], factor / (width as f64).sqrt(), device), ..query },
            key: Dense::new(width, width, true, device),
            value: Dense::new(width, width, true, device),
            mark: (memory > 0).then(|| Dense::new(width, 1, true, device)),
            biases: Param::from_tensor(slopes(heads, 2 * segment, device)),
            gates: (memory > 0).then(|| Param::from_tensor(Tensor::full([heads], -1.0, device))),
            join: Dense::new(width, width, true, device),
            gate: Dense::new(width, feed, true, device),
            widen: Dense::new(width, feed, true, device),
            narrow: Dense::new(feed, width, true, device),
        }
    }

    /// The residual behind the layer, and what it remembers.
    fn forward(
        &self,
        x: Tensor<2>,
        piece: &Piece,
        state: Option<(Steps, Option<Memory>)>,
        slots: usize,
        quantised: bool,
    ) -> (Tensor<2>, (Steps, Option<Memory>)) {
        let [rows, width] = x.dims();
        let Piece { streams, steps, .. } = *piece;
        let time = rows / streams;
        let u = rms(x.clone());
        let project = |dense: &Dense| {
            limited(dense.forward(u.clone(), quantised), quantised).reshape([streams, time, width])
        };
        let (queries, keys, values) = (project(&self.query), project(&self.key), project(&self.value));
        let mark = self.mark.as_ref().map(|mark| limited(mark.forward(u.clone(), quantised), quantised));
        let gated =
            mark.clone().map(|mark| values.clone() * activation::sigmoid(mark).reshape([streams, time, 1]));
        let marks = mark.map(|mark| mark.reshape([streams, time]));
        let own = Steps { keys, values, gated, marks };
        let (before, memory) = state.map_or((None, None), |(before, memory)| (Some(before), memory));

        let mut taken = piece.window(queries.clone(), before.as_ref(), &own, self.biases.val());
        let mut kept = None;
        if let Some(gates) = &self.gates {
            let memory = memory.unwrap_or_else(|| Memory::empty(streams, slots, width, &x.device()));
            let gate = activation::sigmoid(gates.val());
            let (share, more, memory) = piece.memory(queries, before.as_ref(), &own, memory, gate);
            taken = taken.clone() + share * (more - taken);
            kept = Some(memory.detached());
        }
        let joined = limited(self.join.forward(piece.rows(taken), quantised), quantised);
        let x = saturated(x + joined);

        let u = rms(x.clone());
        let gate = activation::silu(limited(self.gate.forward(u.clone(), quantised), quantised));
        let wide = saturated(gate * limited(self.widen.forward(u, quantised), quantised));
        let x = saturated(x + limited(self.narrow.forward(wide, quantised), quantised));
        (x, (own.last(steps), kept))
    }
}

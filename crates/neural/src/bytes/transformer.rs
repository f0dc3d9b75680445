//! Attention over bytes: a window of two segments, and a memory of keys and values that were worth keeping.
//!
//! In: the last byte of each stream. Out: `rms` of the residual behind the last layer, from which the logits are
//! made.
//! Not here: attention of one head (`attention`), logits and frequencies ([`ByteNetwork`](super::ByteNetwork)).
//! Holds: work and memory for a byte are bounded by segment and slots however long a stream is.
//! Source: Vaswani et al., arXiv 1706.03762; Zhang and Sennrich, arXiv 1910.07467 (rms); Shazeer, arXiv 2002.05202
//! (gated feed-forward); Rae et al., arXiv 1911.05507 (compressive memory).
//!
//! Width `d`, `H` heads of `d / H` neighbouring channels, segments of `S` bytes, `M` slots, records of `R` bytes.
//! The first step of a stream has `i = 0` and forecasts its byte 0; step `i` is given byte `i - 1` as `b` (0 at the
//! start). `x = embedding[b] + positions[i mod R]` (the position of the byte that is forecast; without records no
//! second term), saturated. Then for each layer:
//!
//! | name | shape | unit | meaning |
//! |---|---|---|---|
//! | `u` | `[d]` | 2^-12 | `rms(x)` |
//! | `q, k, v, e` | `[d], [d], [d], [1]` | 2^-12 | `attend * u`, in this order; `e` only with memory |
//! | scores | `[H][window]` | 2^-12 | `q k_j + biases[head][i - j]` |
//! | `p` | `[H][window]` | 2^-15 | softmax of the scores of a head |
//! | `o` | `[d]` | 2^-12 | `sum_j p_j v_j` of each head, rounded |
//! | `o` | `[d]` | 2^-12 | `o + g (o_m - o)`, `g = sigmoid(gates[head])`, where memory is not empty |
//! | `x` | `[d]` | 2^-12 | `x + join * o`, saturated |
//! | `f, g` | `[F], [F]` | 2^-12 | `widen * rms(x)` |
//! | `x` | `[d]` | 2^-12 | `x + narrow * (silu(f) g)`, product and sum saturated |
//!
//! The window of a score is this segment up to step `i` itself and the whole segment before. The rows of `q` hold the
//! factor `1 / sqrt(d / H)`; `q` is rounded to units of 2^-10, and `q k_j` is an `i32` of units of 2^-22, which
//! wraps. `o_m` is the same softmax over `q k_m` of the slots of memory, without a bias; `g` is in
//! units of 2^-15. Logits are `logits * rms(x)`. The gain of an `rms` is folded into the matrix behind it.
//!
//! Memory: segment `s` holds steps `s S` to `s S + S - 1`. When segment `s` begins, each step of segment `s - 2`, in
//! order, offers `k`, `sigmoid(e) v` (rounded) and `e` to the memory of its layer: into a free slot while there is
//! one, else into the slot of the least `e` (the first of them if several) if its own is greater. Heads share a
//! slot's `e`; `k` and `v` are whole (`d` numbers).
//! Cost of a layer: `d (3d + 1) + d d + 3 d F` multiplications by weights, and up to `2 d (2 S + M)` for attention.

use super::attention::{Past, Room};
use super::{BYTES, MOST_LAYERS, MOST_WIDTH, sides_fit, width_fits};
use crate::kernel::{self, Kernel};
use crate::matrix::Matrix;
use crate::wire::{Numbers, Reader, WireError};

/// Steps in a segment at most; at least 16.
pub const MOST_SEGMENT: usize = 1024;

/// Slots of memory at most; 0 is none.
pub const MOST_SLOTS: usize = 256;

/// Bytes in a record at most; 0 is none.
pub const MOST_RECORD: usize = 4096;

/// Numbers that fix the shape of a transformer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransformerShape {
    /// Width, a multiple of 8 from 8 to 512.
    pub width: usize,
    /// Heads: a divisor of the width.
    pub heads: usize,
    /// Steps in a segment, 16 to [`MOST_SEGMENT`].
    pub segment: usize,
    /// Slots of memory in each layer, 0 to [`MOST_SLOTS`].
    pub slots: usize,
    /// Bytes in a record, 0 to [`MOST_RECORD`].
    pub record: usize,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransformerLayer {
    /// `d` to `3 d` without memory, `3 d + 1` with: `q, k, v, e`.
    pub attend: Matrix,
    /// `[H][2 S]`, units of 2^-10, by distance: 0 is the step itself.
    pub biases: Vec<i16>,
    /// `[H]` with memory, units of 2^-12, empty without: how much each head takes from memory, before the sigmoid.
    pub gates: Vec<i16>,
    /// `d` to `d`.
    pub join: Matrix,
    /// `d` to `2 F`: `f, g`.
    pub widen: Matrix,
    /// `F` to `d`.
    pub narrow: Matrix,
}

/// A stack of attention and gated feed-forward layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transformer {
    shape: TransformerShape,
    /// `[256][d]`, activations.
    embedding: Vec<i16>,
    /// `[R][d]`, activations.
    positions: Vec<i16>,
    layers: Vec<TransformerLayer>,
    logits: Matrix,
}

/// Pasts of streams, and room for one step.
#[derive(Clone, Debug)]
pub struct State {
    /// Steps so far.
    steps: u64,
    /// For each layer, one for each stream.
    pasts: Vec<Vec<Past>>,
    /// `[stream][d]`: the residual.
    x: Vec<i16>,
    /// `[stream][d]`: `rms(x)`.
    u: Vec<i16>,
    /// `[stream][3 d + 1]`, then `[stream][2 F]`.
    wide: Vec<i16>,
    /// `[stream][d]`, then `[stream][F]`.
    narrow: Vec<i16>,
    /// Scores and weights of one stream.
    room: Room,
}

impl State {
    pub(super) fn hidden(&self) -> &[i16] {
        &self.u
    }

    pub(super) fn truncate(&mut self, n: usize, width: usize) {
        self.pasts.iter_mut().for_each(|pasts| pasts.truncate(n));
        self.x.truncate(n * width);
        self.u.truncate(n * width);
    }
}

impl TransformerShape {
    fn fits(&self) -> bool {
        width_fits(self.width)
            && self.heads > 0
            && self.width.is_multiple_of(self.heads)
            && (16..=MOST_SEGMENT).contains(&self.segment)
            && self.slots <= MOST_SLOTS
            && self.record <= MOST_RECORD
    }
}

impl TransformerLayer {
    fn fits(&self, shape: &TransformerShape) -> bool {
        let (width, memory) = (shape.width, usize::from(shape.slots > 0));
        sides_fit(&self.attend, width, 3 * width + memory)
            && self.biases.len() == shape.heads * 2 * shape.segment
            && self.gates.len() == shape.heads * memory
            && sides_fit(&self.join, width, width)
            && sides_fit(&self.widen, width, 2 * self.narrow.inputs())
            && self.narrow.outputs() == width
    }
}

impl Transformer {
    /// `embedding` is `[256][d]` and `positions` `[R][d]`, activations; `logits` leads from `d` to 256. `None` if
    /// sides and lengths do not fit the shape, the shape is not allowed, or there are no or more than 8 layers.
    pub fn new(
        shape: TransformerShape,
        embedding: Vec<i16>,
        positions: Vec<i16>,
        layers: Vec<TransformerLayer>,
        logits: Matrix,
    ) -> Option<Transformer> {
        let fits = shape.fits()
            && sides_fit(&logits, shape.width, BYTES)
            && embedding.len() == BYTES * shape.width
            && positions.len() == shape.record * shape.width
            && (1..=MOST_LAYERS).contains(&layers.len())
            && layers.iter().all(|layer| layer.fits(&shape));
        fits.then_some(Transformer { shape, embedding, positions, layers, logits })
    }

    /// Logits of the next byte from the normalised residual.
    pub fn logits(&self) -> &Matrix {
        &self.logits
    }

    /// Width, heads, segment, slots and record.
    pub fn shape(&self) -> TransformerShape {
        self.shape
    }

    pub(super) fn describe(&self) -> String {
        let TransformerShape { width, heads, segment, slots, record } = self.shape;
        let mut words =
            format!("transformer of {} x {width}, {heads} heads, segments of {segment}", self.layers.len());
        if slots > 0 {
            words += &format!(", {slots} slots");
        }
        if record > 0 {
            words += &format!(", records of {record}");
        }
        words
    }

    /// Bytes that a stream takes.
    pub(super) fn stream_bytes(&self) -> usize {
        let TransformerShape { width, segment, slots, .. } = self.shape;
        self.layers.len() * (2 * segment + slots) * (4 * width + 2)
    }

    pub(super) fn state(&self, n: usize) -> State {
        let TransformerShape { width, heads, segment, slots, .. } = self.shape;
        let feed = self.layers.iter().map(|layer| layer.narrow.inputs()).max().unwrap_or(0);
        State {
            steps: 0,
            pasts: vec![vec![Past::new(width, segment, slots); n]; self.layers.len()],
            x: vec![0; n * width],
            u: vec![0; n * width],
            wide: vec![0; n * (3 * width + 1).max(2 * feed)],
            narrow: vec![0; n * width.max(feed)],
            room: Room::new(width / heads, segment, slots),
        }
    }

    pub(super) fn step(&self, kernel: Kernel, state: &mut State, last: &[u8]) {
        let TransformerShape { width, heads, record, .. } = self.shape;
        let (n, step) = (last.len(), state.steps);
        let State { pasts, x, u, wide, narrow, room, .. } = state;
        state.steps += 1;
        for (x, &byte) in x.chunks_exact_mut(width).zip(last) {
            x.copy_from_slice(&self.embedding[usize::from(byte) * width..][..width]);
            if record > 0 {
                let position = (step % record as u64) as usize;
                kernel::add(kernel, &self.positions[position * width..][..width], x);
            }
        }
        for (layer, pasts) in self.layers.iter().zip(pasts) {
            kernel::normalise(kernel, width, x, u);
            let outputs = layer.attend.outputs();
            layer.attend.apply(kernel, u, &mut wide[..n * outputs]);
            for ((past, wide), o) in
                pasts.iter_mut().zip(wide.chunks_exact_mut(outputs)).zip(narrow.chunks_exact_mut(width))
            {
                let (q, rest) = wide.split_at_mut(width);
                let (k, rest) = rest.split_at(width);
                let (v, e) = rest.split_at(width);
                past.push(k, v, e.first().copied().unwrap_or(0));
                past.attend(kernel, heads, q, [&layer.biases, &layer.gates], room, o);
            }
            layer.join.apply(kernel, &narrow[..n * width], u);
            kernel::add(kernel, u, x);
            kernel::normalise(kernel, width, x, u);
            let feed = layer.narrow.inputs();
            layer.widen.apply(kernel, u, &mut wide[..n * 2 * feed]);
            for (wide, narrow) in wide.chunks_exact_mut(2 * feed).zip(narrow.chunks_exact_mut(feed)) {
                let (f, g) = wide.split_at_mut(feed);
                kernel::silu(kernel, f);
                kernel::gate(kernel, f, g);
                narrow.copy_from_slice(g);
            }
            layer.narrow.apply(kernel, &narrow[..n * feed], u);
            kernel::add(kernel, u, x);
        }
        kernel::normalise(kernel, width, x, u);
    }

    pub(super) fn write(&self, into: &mut Numbers) {
        let TransformerShape { width, heads, segment, slots, record } = self.shape;
        for size in [width, heads, segment, slots, record, self.layers.len()] {
            into.size(size);
        }
        into.medium.extend_from_slice(&self.embedding);
        into.medium.extend_from_slice(&self.positions);
        for layer in &self.layers {
            layer.attend.write(into);
            into.medium.extend_from_slice(&layer.biases);
            into.medium.extend_from_slice(&layer.gates);
            layer.join.write(into);
            layer.widen.write(into);
            layer.narrow.write(into);
        }
        self.logits.write(into);
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Transformer, WireError> {
        let shape = TransformerShape {
            width: from.size(MOST_WIDTH)?,
            heads: from.size(MOST_WIDTH)?,
            segment: from.size(MOST_SEGMENT)?,
            slots: from.size(MOST_SLOTS)?,
            record: from.size(MOST_RECORD)?,
        };
        let layers = from.size(MOST_LAYERS)?;
        let embedding = from.medium(BYTES * shape.width)?.to_vec();
        let positions = from.medium(shape.record * shape.width)?.to_vec();
        let gates = if shape.slots > 0 { shape.heads } else { 0 };
        let layer = |from: &mut Reader<'_>| {
            Ok(TransformerLayer {
                attend: Matrix::read(from)?,
                biases: from.medium(shape.heads * 2 * shape.segment)?.to_vec(),
                gates: from.medium(gates)?.to_vec(),
                join: Matrix::read(from)?,
                widen: Matrix::read(from)?,
                narrow: Matrix::read(from)?,
            })
        };
        let layers = (0..layers).map(|_| layer(from)).collect::<Result<_, _>>()?;
        let logits = Matrix::read(from)?;
        Transformer::new(shape, embedding, positions, layers, logits)
            .ok_or(WireError::Invalid("a transformer that no writer writes"))
    }
}

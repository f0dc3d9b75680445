//! Attention over segments and over a memory of what was worth keeping, many segments at once.
//!
//! In: queries, keys, values and marks of the steps of a piece of each stream. Out: what heads take, what is kept.
//! Not here: the layer around it (`transformer`).
//! Holds: memory is that of `hepz_neural::bytes::transformer`: of all steps that are two segments old and older the
//! ones with the greatest marks.
//! Source: J. Rae et al., arXiv 1911.05507; marks learn through the gate of the values that are kept, so choosing
//! itself needs no gradient (straight-through).

use burn::tensor::{Device, Tensor, TensorData};

/// The mark of an empty slot, and the score of what must not be seen.
const NEVER: f32 = -1e9;

/// Sides of a piece: streams, segments of each, steps of a segment, heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Streams.
    pub streams: usize,
    /// Segments.
    pub segments: usize,
    /// Steps of a segment.
    pub steps: usize,
    /// Heads.
    pub heads: usize,
}

/// Keys and values that were kept, `M` slots.
#[derive(Clone, Debug)]
pub struct Memory {
    keys: Tensor<3>,
    values: Tensor<3>,
    /// Without history: `[stream][M]`.
    marks: Tensor<2>,
    /// Steps that were offered so far.
    offered: usize,
}

/// Keys, values (for the memory: gated) and marks of steps, each `[stream][step][..]`.
#[derive(Clone, Debug)]
pub struct Steps {
    /// `[stream][step][d]`.
    pub keys: Tensor<3>,
    /// `[stream][step][d]`.
    pub values: Tensor<3>,
    /// `[stream][step][d]`; none without memory.
    pub gated: Option<Tensor<3>>,
    /// `[stream][step]`; none without memory.
    pub marks: Option<Tensor<2>>,
}

impl Steps {
    fn range(&self, from: usize, steps: usize) -> Steps {
        Steps {
            keys: self.keys.clone().narrow(1, from, steps),
            values: self.values.clone().narrow(1, from, steps),
            gated: self.gated.clone().map(|gated| gated.narrow(1, from, steps)),
            marks: self.marks.clone().map(|marks| marks.narrow(1, from, steps)),
        }
    }

    /// The last `steps` of them, without history.
    pub fn last(&self, steps: usize) -> Steps {
        let [_, all, _] = self.keys.dims();
        let Steps { keys, values, gated, marks } = self.range(all - steps, steps);
        Steps {
            keys: keys.detach(),
            values: values.detach(),
            gated: gated.map(Tensor::detach),
            marks: marks.map(Tensor::detach),
        }
    }
}

impl Memory {
    /// `slots` empty ones.
    pub fn empty(streams: usize, slots: usize, width: usize, device: &Device) -> Memory {
        Memory {
            keys: Tensor::zeros([streams, slots, width], device),
            values: Tensor::zeros([streams, slots, width], device),
            marks: Tensor::full([streams, slots], NEVER, device),
            offered: 0,
        }
    }

    /// The same without history.
    pub fn detached(self) -> Memory {
        Memory { keys: self.keys.detach(), values: self.values.detach(), ..self }
    }

    /// The memory after `steps` competed for its slots.
    fn offer(self, steps: &Steps) -> Memory {
        let (Some(gated), Some(marks)) = (&steps.gated, &steps.marks) else { return self };
        let [streams, slots, width] = self.keys.dims();
        let marks = Tensor::cat(vec![self.marks, marks.clone().detach()], 1);
        let (marks, chosen) = marks.topk_with_indices(slots, 1);
        let chosen = chosen.unsqueeze_dim::<3>(2).expand([streams, slots, width]);
        Memory {
            keys: Tensor::cat(vec![self.keys, steps.keys.clone()], 1).gather(1, chosen.clone()),
            values: Tensor::cat(vec![self.values, gated.clone()], 1).gather(1, chosen),
            marks,
            offered: self.offered + steps.keys.dims()[1],
        }
    }
}

impl Piece {
    /// What the heads take from this segment so far and the one before, `[stream * segment][head][step][d / heads]`.
    ///
    /// `queries`: `[stream][step][d]`; `before`: the segment before the piece, if there is one; `biases`:
    /// `[head][distance]`.
    pub fn window(
        &self,
        queries: Tensor<3>,
        before: Option<&Steps>,
        own: &Steps,
        biases: Tensor<2>,
    ) -> Tensor<4> {
        let Piece { streams, segments, steps, .. } = *self;
        let device = queries.device();
        let width = queries.dims()[2];
        let both = |own: &Tensor<3>, before: Option<&Tensor<3>>| {
            let first = before.cloned().unwrap_or_else(|| Tensor::zeros([streams, steps, width], &device));
            let old = match segments {
                1 => first,
                _ => Tensor::cat(vec![first, own.clone().narrow(1, 0, (segments - 1) * steps)], 1),
            };
            let shape = [streams * segments, steps, width];
            self.by_head(Tensor::cat(vec![old.reshape(shape), own.clone().reshape(shape)], 1))
        };
        let keys = both(&own.keys, before.map(|before| &before.keys));
        let values = both(&own.values, before.map(|before| &before.values));
        let mut scores =
            self.by_head(self.by_segment(queries)).matmul(keys.swap_dims(2, 3)) + self.by_distance(biases);
        if before.is_none() {
            let seen = |segment: usize, at: usize| if segment == 0 && at < steps { NEVER } else { 0.0 };
            let mask = (0..streams * segments)
                .flat_map(|segment| (0..2 * steps).map(move |at| seen(segment % segments, at)))
                .collect();
            let mask = TensorData::new::<f32, _>(mask, [streams * segments, 1, 1, 2 * steps]);
            scores = scores + Tensor::from_data(mask, &device);
        }
        taken(scores, values)
    }

    /// What the heads take from memory, in the form of [`Piece::window`], after the share that counts: 0 where memory
    /// is still empty, else the head's `gate` (`[heads]`). Last, the memory after the piece.
    pub fn memory(
        &self,
        queries: Tensor<3>,
        before: Option<&Steps>,
        own: &Steps,
        memory: Memory,
        gate: Tensor<1>,
    ) -> (Tensor<4>, Tensor<4>, Memory) {
        let Piece { streams, segments, steps, heads } = *self;
        let [_, slots, width] = memory.keys.dims();
        let device = queries.device();
        let (mut keys, mut values, mut marks, mut begun) = (vec![], vec![], vec![], vec![]);
        let mut memory = memory;
        for segment in 0..=segments {
            // What is two segments old when this one begins.
            memory = match segment {
                0 => memory,
                1 => before.map_or(memory.clone(), |before| memory.offer(before)),
                _ => memory.offer(&own.range((segment - 2) * steps, steps)),
            };
            if segment < segments {
                keys.push(memory.keys.clone());
                values.push(memory.values.clone());
                marks.push(memory.marks.clone());
                begun.push(f32::from(u8::from(memory.offered > 0)));
            }
        }
        let shape = [streams * segments, slots, width];
        let stacked = |tensors: Vec<Tensor<3>>| self.by_head(Tensor::stack::<4>(tensors, 1).reshape(shape));
        let (keys, values) = (stacked(keys), stacked(values));
        let marks: Tensor<3> = Tensor::stack(marks, 1);
        let empty = marks.lower_elem(NEVER / 2.0).float() * NEVER;
        let scores = self.by_head(self.by_segment(queries)).matmul(keys.swap_dims(2, 3))
            + empty.reshape([streams * segments, 1, 1, slots]);
        let begun =
            Tensor::<1>::from_data(TensorData::new(begun.repeat(streams), [streams * segments]), &device);
        let share = begun.reshape([streams * segments, 1, 1, 1]) * gate.reshape([1, heads, 1, 1]);
        (share, taken(scores, values), memory)
    }

    /// `[stream * segment][head][step][d / heads]` as rows `[stream * step][d]`.
    pub fn rows(&self, taken: Tensor<4>) -> Tensor<2> {
        let Piece { streams, segments, steps, heads } = *self;
        let per_head = taken.dims()[3];
        taken.swap_dims(1, 2).reshape([streams * segments * steps, heads * per_head])
    }

    fn by_segment(&self, rows: Tensor<3>) -> Tensor<3> {
        let width = rows.dims()[2];
        rows.reshape([self.streams * self.segments, self.steps, width])
    }

    /// `[..][step][d]` to `[..][head][step][d / heads]`.
    fn by_head(&self, tensor: Tensor<3>) -> Tensor<4> {
        let [segments, steps, width] = tensor.dims();
        tensor.reshape([segments, steps, self.heads, width / self.heads]).swap_dims(1, 2)
    }

    /// `[head][distance]` as scores of a window: `[1][head][step][2 steps]`, [`NEVER`] for what comes later.
    fn by_distance(&self, biases: Tensor<2>) -> Tensor<4> {
        let (steps, device) = (self.steps, biases.device());
        let pairs =
            (0..steps).flat_map(|step| (0..2 * steps).map(move |at| (step + steps) as i64 - at as i64));
        let pairs: Vec<i64> = pairs.collect();
        let mask: Vec<f32> = pairs.iter().map(|&distance| if distance < 0 { NEVER } else { 0.0 }).collect();
        let n = pairs.len();
        let distances = pairs.into_iter().map(|distance| distance.max(0)).collect();
        let distances = Tensor::from_data(TensorData::new::<i64, _>(distances, [n]), &device);
        let mask = Tensor::<1>::from_data(TensorData::new(mask, [n]), &device);
        (biases.select(1, distances) + mask.unsqueeze::<2>()).reshape([1, self.heads, steps, 2 * steps])
    }
}

/// Softmax of `scores` (`[..][step][other]`), and its means of `values` (`[..][other][channel]`).
fn taken(scores: Tensor<4>, values: Tensor<4>) -> Tensor<4> {
    let greatest = scores.clone().detach().max_dim(3);
    let weights = (scores - greatest).exp();
    let sum = weights.clone().sum_dim(3);
    weights.matmul(values) / sum
}

//! Weights in the order in which vectors of instructions read them, and the walk over them.
//!
//! In: `[output][input]` 8-bit weights. Out: pairs of 16-bit weights, 16 outputs side by side; sums tile by tile.
//! Not here: instructions of a tile (`avx2`, `avx512`, `neon`).
//! Holds: weights of a tile are read once for all its streams; padding is zero and adds nothing.

/// Outputs side by side.
pub const LANES: usize = 16;

/// Blocks of [`LANES`] outputs in a tile, at most.
pub const BLOCKS: usize = 6;

/// Streams in a tile, at most.
pub const STREAMS: usize = 8;

/// Sums of a tile: `[stream][output]`.
pub type Sums = [[i32; BLOCKS * LANES]; STREAMS];

/// A matrix of weights, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    inputs: usize,
    outputs: usize,
    /// `[block][pair of inputs][16 outputs][2]`, with zeros where there is no output or input.
    weights: Vec<i16>,
    /// `[output]`, padded with zeros to whole blocks.
    multipliers: Vec<i32>,
    /// `[output]`, padded with zeros to whole blocks.
    biases: Vec<i32>,
}

/// A part of the walk: some blocks of outputs for some streams.
pub struct Part<'a> {
    /// Weights of the blocks.
    pub weights: &'a [i16],
    /// Activations of the streams, `[stream][input]`.
    pub rows: &'a [i16],
    /// Inputs.
    pub inputs: usize,
}

impl Packed {
    /// Packs `[output][input]` weights with a multiplier and a bias for each output.
    pub fn new(inputs: usize, weights: &[i8], multipliers: &[i32], biases: &[i32]) -> Packed {
        let outputs = multipliers.len();
        let (blocks, pairs) = (outputs.div_ceil(LANES), inputs.div_ceil(2));
        let mut packed = vec![0i16; blocks * pairs * LANES * 2];
        for (output, weights) in weights.chunks_exact(inputs).enumerate() {
            let block = output / LANES * pairs * LANES * 2;
            for (input, &weight) in weights.iter().enumerate() {
                packed[block + (input / 2 * LANES + output % LANES) * 2 + input % 2] = i16::from(weight);
            }
        }
        let padded = |of: &[i32]| of.iter().copied().chain(std::iter::repeat(0)).take(blocks * LANES).collect();
        Packed { inputs, outputs, weights: packed, multipliers: padded(multipliers), biases: padded(biases) }
    }

    /// Calls `tile` for parts of at most `most` (blocks, streams), then `put` with its sums, multipliers, biases and a row of
    /// outputs, for each stream.
    #[inline(always)]
    pub fn walk<T>(
        &self,
        inputs: &[i16],
        outputs: &mut [T],
        most: impl Fn(usize) -> (usize, usize),
        mut tile: impl FnMut(usize, usize, Part<'_>, &mut Sums),
        mut put: impl FnMut(&[i32], &[i32], &[i32], &mut [T]),
    ) {
        let streams = (inputs.len() / self.inputs).min(outputs.len() / self.outputs);
        let (most_blocks, _) = most(streams);
        let block = self.inputs.div_ceil(2) * LANES * 2;
        let mut sums = [[0i32; BLOCKS * LANES]; STREAMS];
        for (at, weights) in self.weights.chunks(most_blocks * block).enumerate() {
            let first = at * most_blocks * LANES;
            let blocks = weights.len() / block;
            let width = (blocks * LANES).min(self.outputs - first);
            let (multipliers, biases) = (&self.multipliers[first..][..width], &self.biases[first..][..width]);
            let mut done = 0;
            while done < streams {
                let (_, together) = most(streams - done);
                let rows = &inputs[done * self.inputs..(done + together) * self.inputs];
                tile(blocks, together, Part { weights, rows, inputs: self.inputs }, &mut sums);
                for (stream, sums) in sums[..together].iter().enumerate() {
                    let outputs = &mut outputs[(done + stream) * self.outputs + first..][..width];
                    put(&sums[..width], multipliers, biases, outputs);
                }
                done += together;
            }
        }
    }
}

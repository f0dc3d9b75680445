//! Weights as they are stored and in the order in which vectors of instructions read them, and the walk over them.
//!
//! In: `[output][input]` 8-bit weights. Out: pairs of 16-bit weights, 16 outputs side by side; sums, tile by tile.
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

/// A matrix of weights, plain and packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    pub inputs: usize,
    pub outputs: usize,
    /// `[output][input]`.
    pub plain: Vec<i8>,
    /// `[block][pair of inputs][16 outputs][2]`, with zeros where there is no output or input.
    packed: Vec<i16>,
    /// `[output]`.
    pub multipliers: Vec<i32>,
    /// `[output]`.
    pub biases: Vec<i32>,
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

impl Weights {
    /// Packs `[output][input]` weights with a multiplier and a bias for each output.
    pub fn new(inputs: usize, plain: Vec<i8>, multipliers: Vec<i32>, biases: Vec<i32>) -> Weights {
        let outputs = multipliers.len();
        let (blocks, pairs) = (outputs.div_ceil(LANES), inputs.div_ceil(2));
        let mut packed = vec![0i16; blocks * pairs * LANES * 2];
        for (output, weights) in plain.chunks_exact(inputs).enumerate() {
            let block = output / LANES * pairs * LANES * 2;
            for (input, &weight) in weights.iter().enumerate() {
                packed[block + (input / 2 * LANES + output % LANES) * 2 + input % 2] = i16::from(weight);
            }
        }
        Weights { inputs, outputs, plain, packed, multipliers, biases }
    }

    /// The sum of one output for one row of inputs: the specification of the sums.
    #[inline(always)]
    pub fn sum(&self, output: usize, row: &[i16]) -> i32 {
        let weights = &self.plain[output * self.inputs..][..self.inputs];
        let products = weights.iter().zip(row).map(|(&w, &x)| i32::from(w) * i32::from(x));
        products.fold(0i32, i32::wrapping_add)
    }

    /// Calls `tile` for parts of at most `most(streams)` (blocks, streams), then `put` with the sums of a stream,
    /// multipliers, biases and where its outputs go.
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
        for (at, weights) in self.packed.chunks(most_blocks * block).enumerate() {
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

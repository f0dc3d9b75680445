//! Networks with seeded weights, of a size as trained ones have.
//!
//! In: a seed and a shape. Out: networks. Not here: tests (`agreement`, `golden`, `wire`), speed (`examples/speed`).
#![allow(dead_code, reason = "each test uses some of it")]

use hepz_neural::bytes::ByteNetwork;
use hepz_neural::bytes::gru::Gru;
use hepz_neural::bytes::mamba::{Mamba, MambaLayer};
use hepz_neural::bytes::transformer::{Transformer, TransformerLayer, TransformerShape};
use hepz_neural::matrix::Matrix;
use hepz_neural::value::ValueNetwork;

/// A generator of numbers (Steele et al., SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From `-most` to `most`.
    pub fn within(&mut self, most: i64) -> i64 {
        (self.next() >> 2) as i64 % (2 * most + 1) - most
    }

    pub fn activations(&mut self, n: usize, most: i64) -> Vec<i16> {
        (0..n).map(|_| self.within(most) as i16).collect()
    }

    /// Activations of size 1 become activations of about `size`; `unit` is what inputs of size 1 are.
    pub fn matrix(&mut self, inputs: usize, outputs: usize, size: f64, unit: f64) -> Matrix {
        let weights = (0..inputs * outputs).map(|_| self.within(127) as i8).collect();
        let scale = size * 4096.0 / unit / (73.0 * (inputs as f64).sqrt()) * f64::from(1 << 24);
        let multipliers =
            (0..outputs).map(|_| (scale * (1.0 + self.within(500) as f64 / 1000.0)) as i32).collect();
        let biases = (0..outputs).map(|_| self.within(800) as i32).collect();
        Matrix::new(inputs, weights, multipliers, biases).unwrap()
    }
}

pub fn gru(seed: u64, width: usize, layers: usize) -> ByteNetwork {
    let random = &mut Random(seed);
    let embedding = random.activations(256 * 3 * width, 9000);
    let inputs = (1..layers).map(|_| random.matrix(width, 3 * width, 2.0, 16_384.0)).collect();
    let recurrent = (0..layers).map(|_| random.matrix(width, 3 * width, 2.0, 16_384.0)).collect();
    ByteNetwork::Gru(
        Gru::new(embedding, inputs, recurrent, random.matrix(width, 256, 3.0, 16_384.0)).unwrap(),
    )
}

pub fn mamba(seed: u64, width: usize, layers: usize, states: usize, heads: usize) -> ByteNetwork {
    let random = &mut Random(seed);
    let embedding = random.activations(256 * width, 9000);
    let (inner, channels) = (2 * width, 2 * width + 2 * states);
    let layers = (0..layers)
        .map(|_| MambaLayer {
            project: random.matrix(width, inner + channels + heads, 1.5, 4096.0),
            taps: random.activations(4 * channels, 5000),
            tap_biases: random.activations(channels, 500),
            decays: (0..heads).map(|_| 1 + (random.next() % (4 << 16)) as i32).collect(),
            through: random.activations(inner, 5000),
            join: random.matrix(inner, width, 0.7, 4096.0),
        })
        .collect();
    ByteNetwork::Mamba(Mamba::new(embedding, states, layers, random.matrix(width, 256, 3.0, 4096.0)).unwrap())
}

pub fn transformer(seed: u64, layers: usize, feed: usize, shape: TransformerShape) -> ByteNetwork {
    let random = &mut Random(seed);
    let TransformerShape { width, heads, segment, slots, record } = shape;
    let embedding = random.activations(256 * width, 9000);
    let positions = random.activations(record * width, 3000);
    let memory = usize::from(slots > 0);
    let layers = (0..layers)
        .map(|_| TransformerLayer {
            attend: random.matrix(width, 3 * width + memory, 1.0, 4096.0),
            biases: random.activations(heads * 2 * segment, 2000),
            gates: random.activations(heads * memory, 5000),
            join: random.matrix(width, width, 0.7, 4096.0),
            widen: random.matrix(width, 2 * feed, 1.5, 4096.0),
            narrow: random.matrix(feed, width, 0.7, 4096.0),
        })
        .collect();
    let logits = random.matrix(width, 256, 3.0, 4096.0);
    ByteNetwork::Transformer(Transformer::new(shape, embedding, positions, layers, logits).unwrap())
}

pub fn value(seed: u64, sides: &[usize]) -> ValueNetwork {
    let random = &mut Random(seed);
    let layers = sides.windows(2).map(|pair| random.matrix(pair[0], pair[1], 1.5, 4096.0)).collect();
    ValueNetwork::new(layers).unwrap()
}

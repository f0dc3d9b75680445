//! A byte network that knows something, made by hand, and bytes as it expects them.
//!
//! In: seeds. Out: models, files. Not here: trained networks (`hepz-training`).

use hepz::networks::{ByteNetwork, Model, Networks};
use hepz_neural::bytes::gru::Gru;
use hepz_neural::kernel::Kernel;
use hepz_neural::matrix::Matrix;
use hepz_neural::softmax::TOTAL;
use std::sync::Arc;

const WIDTH: usize = 32;

/// Numbers of 31 bits.
pub fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}

/// Bytes as a network expects them.
pub fn file(seed: u64, of: &Model, len: usize) -> Vec<u8> {
    let (mut random, network) = (random(seed), of.byte_network().unwrap());
    let (mut streams, mut last, mut frequencies) = (network.streams(1), 0, vec![0; 256]);
    let mut draw = || {
        network.step(Kernel::best(), &mut streams, &[last], &mut frequencies);
        let mut left = random() as u32 % TOTAL;
        let drawn = frequencies.iter().position(|&n| {
            let found = left < n;
            left = left.saturating_sub(n);
            found
        });
        last = drawn.unwrap_or(0) as u8;
        last
    };
    (0..len).map(|_| draw()).collect()
}

/// A model without a description worth reading.
pub fn model(network: Gru) -> Arc<Model> {
    Arc::new(Model::new("kind = \"bytes\"\n", Networks::Bytes(ByteNetwork::Gru(network))))
}

/// A network with an opinion of its own of what follows each byte: its state is a code of the last byte.
pub fn knowing(of: u64) -> Arc<Model> {
    let mut random = random(of);
    let mut bit = || random().is_multiple_of(2);
    // Reset 0, update 0, candidate 1 or -1.
    let embedding: Vec<i16> =
        (0..256 * 3 * WIDTH).map(|at| if at / WIDTH % 3 < 2 || bit() { -32_768 } else { 32_767 }).collect();
    let weights = (0..256 * WIDTH).map(|_| if bit() { 100 } else { -100 }).collect();
    // Logits are spread by 2, which leaves about five bits a byte.
    let multiplier = ((2i64 << 12 << 24) * 181 / (1024 * 100 * (1 << 15))) as i32;
    let logits = Matrix::new(WIDTH, weights, vec![multiplier; 256], vec![0; 256]).unwrap();
    let silent =
        Matrix::new(WIDTH, vec![0; 3 * WIDTH * WIDTH], vec![0; 3 * WIDTH], vec![0; 3 * WIDTH]).unwrap();
    model(Gru::new(embedding, Vec::new(), vec![silent], logits).unwrap())
}

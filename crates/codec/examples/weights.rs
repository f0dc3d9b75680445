//! What stored weights cost: `cargo run --release -p hepz --example weights -- [MODEL...]`.
//!
//! In: model files; without any, generated normal numbers stand for weights. Out: bytes of the integers and of the checkpoint as hepz stores
//! them, beside raw, their entropy of order 0, zstd, and split exponents under a Huffman code (the way of ZipNN, arXiv 2411.05239).
//! Not here: whether a model is any good.

use hepz::networks::{ByteNetwork, Model, Networks};
use hepz_neural::bytes::gru::Gru;
use hepz_neural::matrix::Matrix;
use hepz_neural::wire::Numbers;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

fn counts(bytes: impl Iterator<Item = u8>) -> [u64; 256] {
    let mut counts = [0; 256];
    bytes.for_each(|byte| counts[usize::from(byte)] += 1);
    counts
}

/// Bytes at the entropy of order 0.
fn entropy(counts: &[u64; 256]) -> u64 {
    let all: u64 = counts.iter().sum();
    let bits = |n: u64| n as f64 * (all as f64 / n as f64).log2();
    (counts.iter().filter(|&&n| n > 0).map(|&n| bits(n)).sum::<f64>() / 8.0).ceil() as u64
}

/// Bytes under a Huffman code, with a byte for the length of each of 256 codes.
fn huffman(counts: &[u64; 256]) -> u64 {
    let mut heap: BinaryHeap<Reverse<u64>> = counts.iter().filter(|&&n| n > 0).map(|&n| Reverse(n)).collect();
    let mut bits = 0;
    while let (Some(Reverse(a)), Some(Reverse(b))) = (heap.pop(), heap.pop()) {
        bits += a + b;
        heap.push(Reverse(a + b));
    }
    bits / 8 + 257
}

fn zstd_bytes(bytes: &[u8]) -> u64 {
    zstd::bulk::compress(bytes, 19).map_or(0, |packed| packed.len() as u64)
}

/// Exponents (with the sign in the mantissa's place) under a Huffman code, the three bytes of sign and mantissa raw or under one of their own.
fn split_exponents(floats: &[f32]) -> u64 {
    let rotated = |float: &f32| float.to_bits().rotate_left(1).to_le_bytes();
    let plane = |at: usize| counts(floats.iter().map(|float| rotated(float)[at]));
    (0..4).map(|at| huffman(&plane(at)).min(floats.len() as u64)).sum()
}

fn floats(model: &Model) {
    let floats: Vec<f32> = model.checkpoint().iter().flat_map(|(_, column)| column.clone()).collect();
    if floats.is_empty() {
        return;
    }
    let raw: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
    let without = Model::new(model.description(), model.networks().clone()).to_bytes().len();
    println!(
        "  {} floats: raw {}, zstd -19 {}, split exponents {}, hepz {}",
        floats.len(),
        raw.len(),
        zstd_bytes(&raw),
        split_exponents(&floats),
        model.to_bytes().len() - without
    );
}

fn integers(model: &Model) {
    let mut all = Numbers::default();
    match model.networks() {
        Networks::Bytes(network) => network.write(&mut all),
        Networks::Values(networks) => networks.iter().for_each(|(_, numbers)| {
            all.small.extend(&numbers.small);
            all.medium.extend(&numbers.medium);
            all.wide.extend(&numbers.wide);
        }),
        _ => {}
    }
    let small: Vec<u8> = all.small.iter().map(|&n| n as u8).collect();
    let raw = small.len() + 2 * all.medium.len() + 4 * all.wide.len();
    let alone = |small: Vec<i8>, medium: Vec<i16>| {
        let numbers = Numbers { small, medium, wide: Vec::new() };
        Model::new("", Networks::Values(vec![(String::new(), numbers)])).payload().len()
    };
    let empty = alone(Vec::new(), Vec::new());
    println!(
        "  {} weights: entropy of order 0 {}, zstd -19 {}, hepz {}",
        small.len(),
        entropy(&counts(small.iter().copied())),
        zstd_bytes(&small),
        alone(all.small.clone(), Vec::new()) - empty
    );
    println!(
        "  {} activations of 16 bits: hepz {}",
        all.medium.len(),
        alone(Vec::new(), all.medium.clone()) - empty
    );
    println!("  all integers: raw {raw}, payload {}", model.payload().len());
}

/// Normal numbers by the sum of twelve uniform ones.
fn normal(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        ((0..12).map(|_| uniform()).sum::<f64>() - 6.0) as f32
    }
}

/// A network of width 96 with normal weights, and twice the number of floats as a checkpoint, of four scales.
fn generated() -> Option<Model> {
    let (width, mut normal) = (96, normal(1));
    let mut matrix = |outputs: usize| {
        let weights = (0..outputs * width).map(|_| (normal() * 36.0).clamp(-127.0, 127.0) as i8).collect();
        let multipliers = (0..outputs).map(|_| 1000 + (normal() * 100.0) as i32).collect();
        Matrix::new(width, weights, multipliers, (0..outputs).map(|_| (normal() * 300.0) as i32).collect())
    };
    let (recurrent, logits) = (matrix(3 * width)?, matrix(256)?);
    let embedding = (0..256 * 3 * width).map(|_| (normal() * 2000.0) as i16).collect();
    let network = Gru::new(embedding, Vec::new(), vec![recurrent], logits)?;
    let column =
        |scale: f32, normal: &mut dyn FnMut() -> f32| (0..50_000).map(|_| normal() * scale).collect();
    let checkpoint = [0.02f32, 0.1, 0.5, 1.0].map(|scale| (scale.to_string(), column(scale, &mut normal)));
    Some(Model::new("", Networks::Bytes(ByteNetwork::Gru(network))).with_checkpoint(checkpoint.to_vec()))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let mut models = Vec::new();
    for file in &files {
        models.push((file.clone(), Model::read(&std::fs::read(file)?)?));
    }
    if files.is_empty() {
        models.extend(generated().map(|model| ("generated".to_owned(), model)));
    }
    for (name, model) in &models {
        println!("{name}: {}", model.kind());
        integers(model);
        floats(model);
    }
    Ok(())
}

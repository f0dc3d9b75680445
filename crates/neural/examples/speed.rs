//! How fast networks of about 60,000 weights are, for each kernel that this processor has:
//! `cargo run --release -p hepz-neural --example speed`, or with words behind ` -- ` that choose: `gru`, `mamba`,
//! `transformer`, `value`, names of kernels, numbers of streams.
//!
//! Weights are seeded random numbers, bytes are what the seeded network itself forecasts: speed does not depend on
//! either.
//! Bytes are coded and decoded as eight decisions each; both directions are timed, one thread. Value networks are
//! only run.
//! Pieces of 2048 bytes or rows are timed; a tenth of them were at least as fast as what is printed, so that other
//! work on the machine counts little.

#[path = "../tests/seeded/mod.rs"]
mod seeded;

use hepz_entropy::{Coder, Decoder, Encoder, PROBABILITY_BITS};
use hepz_neural::bytes::ByteNetwork;
use hepz_neural::bytes::transformer::TransformerShape;
use hepz_neural::kernel::Kernel;
use std::time::{Duration, Instant};

/// Codes a byte as decisions, the highest bit first, from the frequencies of its 256 values.
fn code(coder: &mut impl Coder, frequencies: &[u32], byte: u8) -> u8 {
    let (mut low, mut total) = (0usize, frequencies.iter().sum::<u32>());
    for bit in (0..8).rev() {
        let ones: u32 = frequencies[low + (1 << bit)..low + (2 << bit)].iter().sum();
        let p1 = ((u64::from(ones) << PROBABILITY_BITS) / u64::from(total)) as u32;
        let one = coder.code(u32::from(byte) >> bit & 1, p1.clamp(1, (1 << PROBABILITY_BITS) - 1));
        total = if one == 1 { ones } else { total - ones };
        low += (one as usize) << bit;
    }
    low as u8
}

/// Steps `network` over `bytes`, `[step][stream]`, and codes them; what came out, in MB/s.
fn run(
    network: &ByteNetwork,
    kernel: Kernel,
    bytes: &mut [u8],
    coders: &mut [impl Coder],
    code_them: bool,
) -> f64 {
    let n = coders.len();
    let mut streams = network.streams(n);
    let mut last = vec![0u8; n];
    let mut frequencies = vec![0u32; n * 256];
    let mut pieces = Vec::new();
    let mut begin = Instant::now();
    for (step, bytes) in bytes.chunks_exact_mut(n).enumerate() {
        network.step(kernel, &mut streams, &last, &mut frequencies);
        if code_them {
            for ((byte, frequencies), coder) in
                bytes.iter_mut().zip(frequencies.chunks_exact(256)).zip(coders.iter_mut())
            {
                *byte = code(coder, frequencies, *byte);
            }
        }
        last.copy_from_slice(bytes);
        if ((step + 1) * n).is_multiple_of(PIECE) {
            pieces.push(begin.elapsed());
            begin = Instant::now();
        }
    }
    PIECE as f64 / undisturbed(pieces) / 1e6
}

/// Bytes, or rows, that are timed together.
const PIECE: usize = 2048;

/// Seconds that a piece takes when nothing else wants the processor: a tenth of all pieces are as fast.
fn undisturbed(mut pieces: Vec<Duration>) -> f64 {
    pieces.sort_unstable();
    pieces[pieces.len() / 10].as_secs_f64()
}

/// Whether the words of the command line allow `this` of these `kinds`: one of them, or none of the kind.
fn chosen(words: &[String], kinds: &[&str], this: &str) -> bool {
    !words.iter().any(|word| kinds.contains(&word.as_str())) || words.iter().any(|word| word == this)
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let families = |this: &str| chosen(&words, &["gru", "mamba", "transformer", "value"], this);
    let kernels = |kernel: Kernel| chosen(&words, &["scalar", "avx2", "avx512", "neon"], kernel.name());
    let streams = |n: usize| chosen(&words, &["1", "8", "64", "256"], &n.to_string());
    let shape = TransformerShape { width: 48, heads: 3, segment: 64, slots: 32, record: 0 };
    let networks =
        [seeded::gru(1, 96, 1), seeded::mamba(2, 56, 2, 8, 4), seeded::transformer(3, 2, 96, shape)];
    for network in
        networks.iter().filter(|network| families(network.describe().split(' ').next().unwrap_or("")))
    {
        println!("{}, {} numbers", network.describe(), network.parameters());
        for kernel in Kernel::available().into_iter().filter(|&kernel| kernels(kernel)) {
            for n in [1usize, 8, 64, 256].into_iter().filter(|&n| streams(n)) {
                let steps = if kernel == Kernel::Scalar { 16_384 } else { 131_072 } / n;
                let mut random = seeded::Random(5);
                let mut bytes: Vec<u8> = (0..n * steps).map(|_| (random.next() % 64) as u8).collect();
                let mut encoders: Vec<Encoder> = (0..n).map(|_| Encoder::default()).collect();
                let alone = run(network, kernel, &mut bytes, &mut encoders, false);
                let encoded = run(network, kernel, &mut bytes, &mut encoders, true);
                let coded: Vec<Vec<u8>> = encoders.into_iter().map(Encoder::finish).collect();
                let mut decoders: Vec<Decoder<'_>> = coded.iter().map(|coded| Decoder::new(coded)).collect();
                let mut back = vec![0u8; bytes.len()];
                let decoded = run(network, kernel, &mut back, &mut decoders, true);
                assert_eq!(back, bytes, "decoded bytes are others");
                let name = kernel.name();
                println!(
                    "  {name:7} {n:4} streams: network {alone:7.3}, encode {encoded:7.3}, decode {decoded:7.3} MB/s"
                );
            }
        }
    }
    if !families("value") {
        return;
    }
    let network = seeded::value(4, &[40, 64, 64, 64]);
    println!("value network 40-64-64-64, {} weights", network.parameters());
    for kernel in Kernel::available().into_iter().filter(|&kernel| kernels(kernel)) {
        let rows = if kernel == Kernel::Scalar { 20_000 } else { 200_000 };
        let inputs = seeded::Random(6).activations(40 * PIECE, 8000);
        let mut frequencies = vec![0; 64 * PIECE];
        let timed = |_| {
            let begin = Instant::now();
            network.forecast_into(kernel, &inputs, &mut frequencies);
            begin.elapsed()
        };
        let seconds = undisturbed((0..rows / PIECE).map(timed).collect());
        println!("  {:7} {:8.3} million rows/s", kernel.name(), PIECE as f64 / seconds / 1e6);
    }
}

//! How fast byte networks train, how well, and what rounding costs.
//!
//! `RAYON_NUM_THREADS=1 HEPZ_BYTES=FILE HEPZ_STEPS=500 cargo run --release -p hepz-training --example bytes_speed`.
//! Without a file the text is generated here. `HEPZ_KIND` (`gru`, `mamba`, `transformer`) and `HEPZ_SHAPE`
//! (`streams,bytes`, such as `64,128`) choose one of several.

use std::time::Instant;

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::Device;
use hepz_training::bytes::{ByteArchitecture, ByteBatch, ByteKind, ByteModule, ByteState, compare};

/// Bytes at the end that are not trained on.
const HELD_OUT: usize = 1 << 17;

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Events of particles with made-up momenta, a little like HepMC.
fn generated(n: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut digits = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 40
    };
    let mut line = |n: u64| format!("P {} {} 211 {:.8e} {} 1\n", n, n / 3, digits() as f64, digits() % 90);
    (1..).flat_map(|n| line(n).into_bytes()).take(n).collect()
}

fn main() {
    let bytes =
        setting("HEPZ_BYTES").map_or_else(|| generated(4 << 20), |path| std::fs::read(path).expect("a file"));
    let steps: usize = setting("HEPZ_STEPS").map_or(20, |steps| steps.parse().expect("a number"));
    let architectures = [
        ByteArchitecture::new(ByteKind::Gru, 96, 1),
        ByteArchitecture::new(ByteKind::Mamba, 64, 1),
        ByteArchitecture { segment: 64, ..ByteArchitecture::new(ByteKind::Transformer, 64, 1) },
        ByteArchitecture { segment: 64, memory: 32, ..ByteArchitecture::new(ByteKind::Transformer, 64, 1) },
    ];
    let kind = setting("HEPZ_KIND");
    let shape: Option<Vec<usize>> = setting("HEPZ_SHAPE")
        .map(|shape| shape.split(',').map(|side| side.parse().expect("streams,bytes")).collect());
    for architecture in architectures {
        if kind.as_ref().is_some_and(|kind| *kind != format!("{:?}", architecture.kind).to_lowercase()) {
            continue;
        }
        match &shape {
            Some(shape) => measure(&architecture, &bytes, shape[0], shape[1], steps),
            None => [[32, 128], [64, 128], [128, 128], [64, 256]]
                .iter()
                .for_each(|&[streams, time]| measure(&architecture, &bytes, streams, time, steps)),
        }
    }
}

fn measure(architecture: &ByteArchitecture, bytes: &[u8], streams: usize, time: usize, steps: usize) {
    let (train, held_out) = bytes.split_at(bytes.len() - HELD_OUT);
    let device = Device::flex().autodiff();
    device.seed(1);
    let mut module = ByteModule::new(architecture, &device).expect("sizes are fine");
    let mut optimiser = AdamWConfig::new().init();
    let (mut state, mut at) = (ByteState::Start, 0);
    let part = train.len() / streams;
    let (start, mut nats) = (Instant::now(), Vec::new());
    for step in 0..steps {
        if at + time > part {
            (state, at) = (ByteState::Start, 0);
        }
        let pieces: Vec<&[u8]> = (0..streams).map(|stream| &train[stream * part + at..][..time]).collect();
        let before: Vec<u8> =
            (0..streams).map(|stream| if at > 0 { train[stream * part + at - 1] } else { 0 }).collect();
        let batch = ByteBatch::new(&pieces, &before, &vec![at as u64; streams], 0, &module.device());
        at += time;
        // Rounded in the last fifth, the rate falling in a cosine.
        module = module.quantised(step >= steps - steps / 5);
        let (loss, next) = module.loss(&batch, state);
        state = next;
        nats.push(f64::from(loss.clone().into_scalar::<f32>()));
        let gradients = GradientsParams::from_grads(loss.backward(), &module);
        let rate = 0.003 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos());
        module = optimiser.step(rate, module, gradients);
    }
    let seconds = start.elapsed().as_secs_f64();
    let last = &nats[steps - steps.div_ceil(10)..];
    let trained = last.iter().sum::<f64>() / last.len() as f64 / std::f64::consts::LN_2;
    let network = module.export().expect("sizes are fine");
    let (float, integer) = compare(&module.clone().quantised(false), &network, held_out, 64);
    println!(
        "{:?} {} numbers, {streams} x {time} bytes: {:.0} kB/s; bits per byte {trained:.4} in the last tenth, held \
         out {float:.4}, in integers {integer:.4} ({:+.2} %)",
        architecture.kind,
        module.num_params(),
        (steps * streams * time) as f64 / seconds / 1e3,
        100.0 * (integer / float - 1.0),
    );
}

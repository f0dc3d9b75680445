//! Byte networks in floating point beside the same networks in integers, and a little training.

use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};
use hepz_neural::bytes::BYTES;
use hepz_neural::kernel::Kernel;
use hepz_neural::softmax::TOTAL;
use hepz_training::bytes::{ByteArchitecture, ByteBatch, ByteKind, ByteModule, ByteState, compare, loss};

fn architectures() -> Vec<ByteArchitecture> {
    vec![
        ByteArchitecture::new(ByteKind::Gru, 16, 2),
        ByteArchitecture { state: 8, heads: 2, ..ByteArchitecture::new(ByteKind::Mamba, 16, 2) },
        ByteArchitecture { heads: 2, segment: 16, ..ByteArchitecture::new(ByteKind::Transformer, 16, 2) },
        ByteArchitecture {
            heads: 2,
            segment: 16,
            memory: 24,
            record: 10,
            ..ByteArchitecture::new(ByteKind::Transformer, 16, 1)
        },
    ]
}

fn module(architecture: &ByteArchitecture, seed: u64) -> ByteModule {
    let device = Device::flex().autodiff();
    device.seed(seed);
    ByteModule::new(architecture, &device).expect("sizes are fine")
}

/// Text of numbers that is easy to forecast, but not at once.
fn text(n: usize) -> Vec<u8> {
    (0u32..).flat_map(|n| format!("V {} {} 0.{}\n", n % 7, n * n % 10, n % 3).into_bytes()).take(n).collect()
}

/// Bytes without any order.
fn noise(n: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..n).map(|_| byte()).collect()
}

fn batch(streams: &[&[u8]], architecture: &ByteArchitecture, module: &ByteModule) -> ByteBatch {
    ByteBatch::new(streams, &[], &[], architecture.record as u64, &module.device())
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

#[test]
fn forecasts_are_those_of_the_integer_network() {
    for architecture in architectures() {
        let module = module(&architecture, 3).valid_and_quantised();
        let network = module.export().expect("sizes are fine");
        let (time, bytes) = (150, [noise(150), text(150)]);
        let streams = [&bytes[0][..], &bytes[1][..]];
        let (logits, _) = module.logits(&batch(&streams, &architecture, &module), ByteState::Start);
        let own = numbers(burn::tensor::activation::log_softmax(logits, 2));
        let (mut state, mut last) = (network.streams(2), [0u8; 2]);
        let mut frequencies = [0u32; 2 * BYTES];
        let mut worst = 0f32;
        for at in 0..time {
            network.step(Kernel::best(), &mut state, &last, &mut frequencies);
            for stream in 0..2 {
                for byte in 0..BYTES {
                    let own = own[(stream * time + at) * BYTES + byte];
                    let integer = (frequencies[stream * BYTES + byte] as f32 / TOTAL as f32).ln();
                    worst = worst.max((own - integer).abs());
                }
                last[stream] = streams[stream][at];
            }
        }
        // Logits are within some units of 2^-12 of each other, exponentials within 2^-8.
        assert!(worst < 0.02, "{:?}: {worst}", architecture.kind);
    }
}

/// The module without gradients, its weights rounded.
trait Quantised {
    fn valid_and_quantised(&self) -> ByteModule;
}

impl Quantised for ByteModule {
    fn valid_and_quantised(&self) -> ByteModule {
        burn::module::Module::valid(self).quantised(true)
    }
}

#[test]
fn a_stream_in_pieces_gives_what_it_gives_at_once() {
    let bytes = text(96);
    for architecture in architectures() {
        let module = module(&architecture, 4).quantised(false);
        let (whole, _) = module.logits(&batch(&[&bytes], &architecture, &module), ByteState::Start);
        let whole = numbers(whole);
        let (mut state, mut at) = (ByteState::Start, 0);
        for piece in [32, 16, 48] {
            let before = [if at > 0 { bytes[at - 1] } else { 0 }];
            let streams = [&bytes[at..at + piece]];
            let record = architecture.record as u64;
            let batch = ByteBatch::new(&streams, &before, &[at as u64], record, &module.device());
            let (logits, next) = module.logits(&batch, state);
            for (own, wanted) in numbers(logits).iter().zip(&whole[at * BYTES..]) {
                assert!((own - wanted).abs() < 1e-3, "{:?} at {at}: {own} {wanted}", architecture.kind);
            }
            state = next.detached();
            at += piece;
        }
    }
}

#[test]
fn a_student_is_nearest_to_a_teacher_that_it_equals() {
    let bytes = text(48);
    for architecture in architectures() {
        let (teacher, student) = (module(&architecture, 1), module(&architecture, 2));
        let batch = batch(&[&bytes, &bytes[1..]], &architecture, &teacher);
        let (logits, _) = teacher.logits(&batch, ByteState::Start);
        let of = |student: &ByteModule| {
            let (loss, _) = student.distillation(&batch, ByteState::Start, logits.clone(), 1.0);
            loss.into_scalar::<f32>()
        };
        let (itself, other) = (of(&teacher), of(&student));
        assert!(itself.abs() < 1e-4 && other > 1e-3, "{:?}: {itself} {other}", architecture.kind);
    }
}

#[test]
fn training_lowers_the_loss_and_rounding_costs_little() {
    let bytes = text(40_000);
    let (train, held_out) = bytes.split_at(32_000);
    for architecture in architectures() {
        let mut module = module(&architecture, 1);
        let mut optimiser = AdamWConfig::new().init();
        let mut state = ByteState::Start;
        let mut losses = Vec::new();
        let (streams, time) = (16, 48);
        for step in 0..40 {
            // Rounded in the second half.
            module = module.quantised(step >= 20);
            let at = |stream: usize| stream * (train.len() / streams) + step * time;
            let pieces: Vec<&[u8]> = (0..streams).map(|stream| &train[at(stream)..][..time]).collect();
            let before: Vec<u8> =
                (0..streams).map(|stream| if step > 0 { train[at(stream) - 1] } else { 0 }).collect();
            let positions: Vec<u64> = (0..streams).map(|stream| at(stream) as u64).collect();
            let record = architecture.record as u64;
            let batch = ByteBatch::new(&pieces, &before, &positions, record, &module.device());
            let (loss, next) = module.loss(&batch, state);
            state = next;
            losses.push(loss.clone().into_scalar::<f32>());
            let gradients = GradientsParams::from_grads(loss.backward(), &module);
            module = optimiser.step(0.01, module, gradients);
        }
        assert!(losses[39] < 0.6 * losses[0], "{:?}: {losses:?}", architecture.kind);
        let network = module.export().expect("sizes are fine");
        let (float, integer) = compare(&module.quantised(false), &network, held_out, 8);
        assert!(integer < 1.005 * float, "{:?}: {float} {integer}", architecture.kind);
    }
}

#[test]
fn written_gradients_are_those_of_finite_differences() {
    let device = Device::flex().autodiff();
    let values: Vec<f32> = noise(512).iter().map(|&byte| f32::from(byte) / 64.0).collect();
    let teacher: Vec<f32> = noise(1024)[512..].iter().map(|&byte| f32::from(byte) / 100.0).collect();
    let tensor = |values: &[f32]| Tensor::<2>::from_data(TensorData::new(values.to_vec(), [2, 256]), &device);
    let next = Tensor::from_data(TensorData::new(vec![7i64, 250], [2]), &device);
    let losses: [&dyn Fn(Tensor<2>) -> Tensor<1>; 2] =
        [&|logits| loss::cross_entropy(logits, next.clone()), &|logits| {
            loss::distillation(logits, tensor(&teacher), 2.0)
        }];
    for (which, loss) in losses.iter().enumerate() {
        let logits = tensor(&values).require_grad();
        let gradients = loss(logits.clone()).backward();
        let own = numbers(logits.grad(&gradients).expect("has a gradient"));
        for at in [0usize, 7, 100, 255, 256, 506, 511] {
            let moved = |by: f32| {
                let mut values = values.clone();
                values[at] += by;
                loss(tensor(&values)).into_scalar::<f32>()
            };
            let difference = (moved(0.05) - moved(-0.05)) / 0.1;
            assert!((own[at] - difference).abs() < 1e-4, "{which} {at}: {} {difference}", own[at]);
        }
    }
}

//! Whole networks: kernels, numbers of streams and schedules give the same integers.
//!
//! In: seeded networks. Out: nothing. Not here: single operations (`kernel`), the stored form (`wire`).

mod seeded;

use hepz_neural::bytes::ByteNetwork;
use hepz_neural::bytes::transformer::TransformerShape;
use hepz_neural::kernel::Kernel;
use hepz_neural::softmax::{FLOOR, TOTAL};
use seeded::Random;

fn networks() -> Vec<ByteNetwork> {
    let shape = TransformerShape { width: 24, heads: 3, segment: 16, slots: 9, record: 5 };
    let plain = TransformerShape { width: 16, heads: 16, segment: 19, slots: 0, record: 0 };
    vec![
        seeded::gru(1, 8, 1),
        seeded::gru(2, 40, 3),
        seeded::mamba(3, 8, 1, 4, 1),
        seeded::mamba(4, 24, 2, 7, 3),
        seeded::transformer(5, 2, 20, shape),
        seeded::transformer(6, 1, 8, plain),
    ]
}

/// Frequencies of `[stream][byte]`, `[step][stream][256]`.
fn run(network: &ByteNetwork, kernel: Kernel, bytes: &[Vec<u8>]) -> Vec<Vec<u32>> {
    let mut streams = network.streams(bytes.len());
    let mut forecasts = Vec::new();
    for step in 0..bytes[0].len() {
        let last: Vec<u8> = bytes.iter().map(|bytes| bytes[step]).collect();
        let mut frequencies = vec![0; bytes.len() * 256];
        network.step(kernel, &mut streams, &last, &mut frequencies);
        forecasts.push(frequencies);
    }
    forecasts
}

fn bytes(streams: usize, steps: usize) -> Vec<Vec<u8>> {
    let random = &mut Random(9);
    (0..streams).map(|_| (0..steps).map(|_| random.next() as u8).collect()).collect()
}

#[test]
fn every_kernel_and_every_number_of_streams_gives_the_same_frequencies() {
    let bytes = bytes(11, 70);
    for network in networks() {
        let expected = run(&network, Kernel::Scalar, &bytes);
        for kernel in Kernel::available() {
            assert_eq!(
                run(&network, kernel, &bytes),
                expected,
                "{} by {}",
                network.describe(),
                kernel.name()
            );
            for (stream, bytes) in bytes.iter().enumerate() {
                let alone = run(&network, kernel, std::slice::from_ref(bytes));
                for (alone, together) in alone.iter().zip(&expected) {
                    assert_eq!(alone[..], together[stream * 256..][..256], "{}", network.describe());
                }
            }
        }
    }
}

#[test]
fn streams_that_end_do_not_change_the_others() {
    let bytes = bytes(5, 60);
    for network in networks() {
        let expected = run(&network, Kernel::best(), &bytes);
        let mut streams = network.streams(5);
        for (step, expected) in expected.iter().enumerate() {
            // A stream ends every 13 steps.
            let n = 5 - step / 13;
            streams.truncate(n);
            let last: Vec<u8> = bytes[..n].iter().map(|bytes| bytes[step]).collect();
            let mut frequencies = vec![0; n * 256];
            network.step(Kernel::best(), &mut streams, &last, &mut frequencies);
            assert_eq!(frequencies, expected[..n * 256], "{}", network.describe());
            assert_eq!(network.hidden(&streams).len(), n * network.width());
        }
        assert!(network.stream_bytes() > 0);
    }
}

#[test]
fn what_was_seen_long_ago_still_matters_only_where_it_is_remembered() {
    let mut pair = bytes(1, 90);
    pair.push(pair[0].clone());
    pair[1][3] ^= 1;
    for network in networks() {
        let forecasts = run(&network, Kernel::best(), &pair);
        let differ = |step: usize| forecasts[step][..256] != forecasts[step][256..];
        assert!(!differ(2) && differ(3), "{}", network.describe());
        // Without memory a window of two segments of 19 steps, seen through one layer, has an end.
        if network.describe().starts_with("transformer of 1") {
            assert!((38..90).all(|step| !differ(step)), "{}", network.describe());
        }
    }
}

#[test]
fn frequencies_add_up_and_none_is_below_the_floor() {
    for network in networks() {
        for frequencies in run(&network, Kernel::best(), &bytes(3, 60)).iter().flat_map(|all| all.chunks(256))
        {
            assert_eq!(frequencies.iter().sum::<u32>(), TOTAL, "{}", network.describe());
            assert!(frequencies.iter().all(|&frequency| frequency >= FLOOR));
        }
        assert_eq!(network.hidden(&network.streams(3)).len(), 3 * network.width());
    }
}

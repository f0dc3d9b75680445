//! The stored form of byte networks: it comes back, and what no writer writes is an error or a network that runs.
//!
//! In: seeded networks, damaged numbers. Out: nothing. Not here: bytes of a file (`hepz`).

mod seeded;

use hepz_neural::bytes::ByteNetwork;
use hepz_neural::bytes::transformer::TransformerShape;
use hepz_neural::kernel::Kernel;
use hepz_neural::softmax::{FLOOR, TOTAL};
use hepz_neural::wire::{Numbers, WireError};
use proptest::prelude::*;

fn networks() -> Vec<ByteNetwork> {
    let shape = TransformerShape { width: 8, heads: 2, segment: 16, slots: 3, record: 2 };
    vec![seeded::gru(1, 8, 2), seeded::mamba(2, 8, 2, 4, 2), seeded::transformer(3, 2, 5, shape)]
}

fn numbers(network: &ByteNetwork) -> Numbers {
    let mut numbers = Numbers::default();
    network.write(&mut numbers);
    numbers
}

fn read(numbers: &Numbers) -> Result<ByteNetwork, WireError> {
    let mut reader = numbers.reader();
    let network = ByteNetwork::read(&mut reader)?;
    reader.finish()?;
    Ok(network)
}

/// Steps all kernels over two streams long enough for two segments to pass, and checks that anything can be coded.
fn runs(network: &ByteNetwork) {
    let kernels = Kernel::available();
    let mut expected = vec![0; 512];
    let mut own = vec![0; 512];
    let mut streams: Vec<_> = kernels.iter().map(|_| network.streams(2)).collect();
    for step in 0..50u8 {
        let last = [step.wrapping_mul(37), 255 - step];
        for (&kernel, streams) in kernels.iter().zip(&mut streams) {
            network.step(kernel, streams, &last, &mut own);
            if kernel == Kernel::Scalar {
                expected.copy_from_slice(&own);
            }
            assert_eq!(own, expected, "{} by {}", network.describe(), kernel.name());
        }
        for frequencies in expected.chunks(256) {
            assert_eq!(frequencies.iter().sum::<u32>(), TOTAL);
            assert!(frequencies.iter().all(|&frequency| frequency >= FLOOR));
        }
    }
}

#[test]
fn networks_come_back_and_run_as_before() {
    for network in networks() {
        let numbers = numbers(&network);
        assert_eq!(read(&numbers).unwrap(), network);
        assert_eq!(network.parameters(), numbers.small.len() + numbers.medium.len() + numbers.wide.len());
        runs(&network);
    }
}

#[test]
fn every_cut_is_an_error() {
    for network in networks() {
        let whole = numbers(&network);
        for cut in 0..whole.wide.len() {
            assert!(read(&Numbers { wide: whole.wide[..cut].to_vec(), ..whole.clone() }).is_err());
        }
        for cut in (0..whole.small.len()).step_by(97) {
            assert!(read(&Numbers { small: whole.small[..cut].to_vec(), ..whole.clone() }).is_err());
        }
        for cut in (0..whole.medium.len()).step_by(97) {
            assert!(read(&Numbers { medium: whole.medium[..cut].to_vec(), ..whole.clone() }).is_err());
        }
    }
}

#[test]
fn a_number_too_many_is_an_error() {
    for network in networks() {
        let mut numbers = numbers(&network);
        numbers.small.push(0);
        assert_eq!(read(&numbers), Err(WireError::Invalid("numbers behind the network")));
    }
}

#[test]
fn zeros_maxima_and_noise_still_code_everything() {
    for network in networks() {
        let start = numbers(&network);
        let sides = |wide: &i32| (0..=256).contains(wide);
        for (small, medium, wide) in [
            (0, 0, 0),
            (127, i16::MAX, 1 << 22),
            (-127, i16::MIN, 1 << 22),
            (127, i16::MIN, 1),
            (-127, i16::MAX, (1 << 22) - 1),
        ] {
            let mut extreme = start.clone();
            extreme.small.fill(small);
            extreme.medium.fill(medium);
            // What looks like a side or a size stays.
            extreme.wide.iter_mut().filter(|wide| !sides(wide)).for_each(|number| *number = wide.max(1));
            runs(&read(&extreme).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn damaged_numbers_are_errors_or_networks_that_run(
        family in 0usize..3,
        damage in prop::collection::vec((any::<u16>(), any::<i32>(), 0u8..32), 1..6),
        sizes in 0u8..4,
    ) {
        let mut numbers = numbers(&networks()[family]);
        for (at, with, shift) in damage {
            let at = usize::from(at);
            let n = numbers.wide.len();
            // Mostly scales and biases, which leave a network; else anything, which mostly does not.
            let place = &mut numbers.wide[at % n];
            if sizes == 0 {
                *place = with >> shift;
            } else if *place > 256 {
                *place = with.unsigned_abs() as i32 >> 9;
            }
            let n = numbers.medium.len();
            numbers.medium[at % n] = with as i16;
            let n = numbers.small.len();
            numbers.small[at % n] = with as i8;
        }
        if let Ok(network) = read(&numbers) {
            runs(&network);
        }
    }

    #[test]
    fn any_numbers_are_read_without_a_panic(
        small in prop::collection::vec(any::<i8>(), 0..300),
        medium in prop::collection::vec(any::<i16>(), 0..300),
        wide in prop::collection::vec(prop_oneof![0i32..40, any::<i32>()], 0..60),
    ) {
        let numbers = Numbers { small, medium, wide };
        prop_assert!(read(&numbers).is_err());
    }
}

//! Frozen integers: a seeded network of each family gives what it gave when it was written down.
//!
//! In: seeded networks. Out: nothing. Not here: kernels against each other (`agreement`).
//! A difference means that archives with networks of before are decoded wrongly: never change a number here, but the
//! format.

mod seeded;

use hepz_neural::bytes::ByteNetwork;
use hepz_neural::bytes::transformer::TransformerShape;
use hepz_neural::kernel::Kernel;
use seeded::Random;

/// FNV-1a over the bytes of numbers, the low ones first.
fn hash(numbers: &[u32], mut hash: u64) -> u64 {
    for byte in numbers.iter().flat_map(|number| number.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    hash
}

const START: u64 = 0xCBF2_9CE4_8422_2325;

/// Over the frequencies of three streams of 100 bytes.
fn of_bytes(network: &ByteNetwork) -> u64 {
    let random = &mut Random(77);
    let mut streams = network.streams(3);
    let (mut last, mut frequencies) = ([0u8; 3], vec![0; 3 * 256]);
    (0..100).fold(START, |so_far, _| {
        network.step(Kernel::best(), &mut streams, &last, &mut frequencies);
        last = [(); 3].map(|()| random.next() as u8);
        hash(&frequencies, so_far)
    })
}

#[test]
fn frequencies_of_seeded_networks_are_the_recorded_ones() {
    let shape = TransformerShape { width: 32, heads: 2, segment: 16, slots: 8, record: 12 };
    let found = [
        of_bytes(&seeded::gru(11, 32, 2)),
        of_bytes(&seeded::mamba(12, 32, 2, 8, 4)),
        of_bytes(&seeded::transformer(13, 2, 40, shape)),
        hash(
            &seeded::value(14, &[20, 32, 32, 48])
                .forecast(Kernel::best(), &Random(78).activations(20 * 100, 9000)),
            START,
        ),
    ];
    let recorded = ["917911c36ab2fa70", "7e2251948bd32dd6", "f4904a6320fbe067", "ec1b14116b6efaff"];
    assert_eq!(found.map(|found| format!("{found:016x}")), recorded);
}

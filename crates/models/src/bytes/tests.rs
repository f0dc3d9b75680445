//! Promises of the byte model as a whole.

use super::*;
use proptest::prelude::*;

/// xorshift64: a fixed stream of test numbers.
pub(super) fn numbers(mut state: u64) -> impl Iterator<Item = u64> {
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

fn noise(len: usize) -> Vec<u8> {
    numbers(88_172_645).map(|n| (n >> 24) as u8).take(len).collect()
}

/// Lines of printed numbers, as generators write them.
fn table(lines: usize) -> Vec<u8> {
    let mut noise = numbers(99);
    let mut next = || noise.next().unwrap_or(0) >> 20;
    (0..lines)
        .flat_map(|line| {
            let (x, y) = (next() % 1_000_000, next() % 100);
            format!("P {line} {}.{x:06}e+0{} -{}.{y:02}\n", next() % 10, next() % 3, next() % 7).into_bytes()
        })
        .collect()
}

/// Records of a counter, a slowly changing number and noise.
fn records(rows: u32) -> Vec<u8> {
    let mut noise = numbers(5);
    (0..rows)
        .flat_map(|row| {
            let mut record = row.to_le_bytes().to_vec();
            record.extend_from_slice(&(row / 7 * 3).to_be_bytes());
            record.extend_from_slice(&noise.next().unwrap_or(0).to_le_bytes()[..3]);
            record
        })
        .collect()
}

fn configs() -> Vec<ByteConfig> {
    vec![
        ByteConfig::binary(14, None),
        ByteConfig::binary(16, Some(11)),
        ByteConfig::binary(14, Some(u16::MAX)),
        ByteConfig::binary(14, Some(1)),
        ByteConfig::text(15),
        ByteConfig::numbers(14, *b" e"),
        // Extra symbols that are there already, and twice the same.
        ByteConfig::numbers(14, *b"0\n"),
        ByteConfig::numbers(14, [0, 0]),
        ByteConfig::binary(16, Some(11)).with_whole_bytes(),
        ByteConfig::text(15).with_whole_bytes(),
        ByteConfig::numbers(14, *b" e").with_whole_bytes(),
    ]
}

fn assert_round_trip(bytes: &[u8], config: ByteConfig) -> usize {
    let coded = encode(bytes, config);
    assert_eq!(decode(&coded, bytes.len(), config), bytes, "{config:?}");
    coded.len()
}

#[test]
fn every_kind_of_bytes_comes_back_under_every_config() {
    let all: Vec<u8> = (0..=255).collect();
    let repeated = b"the same line again and again\n".repeat(300);
    for config in configs() {
        for bytes in
            [&[][..], &[0], &[255], &[10; 5000], &all, &repeated, &table(300), &records(700), &noise(5000)]
        {
            assert_round_trip(bytes, config);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_come_back_under_any_config(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        narrow in prop::collection::vec(prop::sample::select(b"0123456789 .-\ne\xff".to_vec()), 0..600),
        stored in any::<[u8; 4]>(),
    ) {
        let config = ByteConfig::from_bytes([stored[0] % 3, 14 + stored[1] % 4, stored[2], stored[3]])
            .unwrap_or(ByteConfig::text(14));
        assert_round_trip(&bytes, config);
        assert_round_trip(&narrow, config);
    }

    #[test]
    fn hostile_code_gives_bytes_and_never_a_panic(coded in prop::collection::vec(any::<u8>(), 0..400), which in 0usize..8) {
        let configs = configs();
        let config = configs[which % configs.len()];
        prop_assert_eq!(decode(&coded, 2000, config).len(), 2000);
    }

    #[test]
    fn a_stored_config_comes_back_or_is_refused(stored in any::<[u8; 4]>()) {
        if let Ok(config) = ByteConfig::from_bytes(stored) {
            prop_assert_eq!(config.to_bytes(), stored);
        }
    }
}

#[test]
fn unknown_configs_are_refused_by_field() {
    let refused = |bytes| ByteConfig::from_bytes(bytes).err();
    assert_eq!(refused([3, 20, 0, 0]), Some(ByteConfigError::UnknownShape { shape: 3 }));
    assert_eq!(refused([0, 27, 0, 0]), Some(ByteConfigError::TableSize { log2_table_bytes: 27 }));
    assert_eq!(refused([1, 13, 0, 0]), Some(ByteConfigError::TableSize { log2_table_bytes: 13 }));
    assert_eq!(refused([1, 20, 0, 1]), Some(ByteConfigError::TextDetail { detail: [0, 1] }));
    for config in configs() {
        assert_eq!(ByteConfig::from_bytes(config.to_bytes()), Ok(config));
    }
}

/// Everything that decides a later price.
fn fingerprint(model: &ByteModel) -> String {
    format!("{model:?}")
}

#[test]
fn encoder_and_decoder_end_in_the_same_state() {
    let plain = [ByteConfig::binary(14, Some(11)), ByteConfig::numbers(14, *b" e")];
    for config in plain.into_iter().chain(plain.map(ByteConfig::with_whole_bytes)) {
        let bytes = if config.is_text() { table(60) } else { records(200) }.repeat(3);
        let (mut encoder, mut encoding) = (Encoder::default(), ByteModel::new(config));
        for &byte in &bytes {
            assert_eq!(encoding.code(&mut encoder, byte), byte);
        }
        let coded = encoder.finish();
        let (mut decoder, mut decoding) = (Decoder::new(&coded), ByteModel::new(config));
        for &byte in &bytes {
            // What a decoder is given as the byte must not matter.
            assert_eq!(decoding.code(&mut decoder, !byte), byte);
        }
        assert!(fingerprint(&encoding) == fingerprint(&decoding), "{config:?}");
    }
}

#[test]
fn a_model_that_has_seen_other_bytes_still_agrees_with_its_twin() {
    // Swapped contexts cannot hide behind fresh tables.
    let config = ByteConfig::binary(14, Some(11));
    let mut model = ByteModel::new(config);
    let mut sink = Encoder::default();
    for &byte in noise(3000).iter().chain(&records(300)) {
        model.code(&mut sink, byte);
    }
    let mut twin = model.clone();
    let bytes = records(500);
    let mut encoder = Encoder::default();
    for &byte in &bytes {
        model.code(&mut encoder, byte);
    }
    let coded = encoder.finish();
    let mut decoder = Decoder::new(&coded);
    for &byte in &bytes {
        assert_eq!(twin.code(&mut decoder, 0), byte);
    }
}

#[test]
fn noise_costs_less_than_one_percent_more_than_itself() {
    let bytes = noise(200_000);
    let config = ByteConfig::for_sample(&bytes, bytes.len());
    assert_eq!(config.record_stride(), None);
    let coded = assert_round_trip(&bytes, config);
    assert!(coded <= bytes.len() + bytes.len() / 100, "{coded}");
}

#[test]
fn what_repeats_costs_under_a_hundredth_of_a_bit_a_byte() {
    let line = noise(500);
    let bytes = line.repeat(2000);
    for config in [ByteConfig::binary(20, None), ByteConfig::text(20)] {
        let once = encode(&bytes[..1000], config).len();
        let coded = encode(&bytes, config).len();
        assert!((coded - once) * 8 * 100 < bytes.len(), "{} bytes for {}", coded - once, bytes.len());
    }
}

#[test]
fn whole_bytes_are_fewer_decisions_and_no_more_code() {
    // Records that are mostly alike, with a number that counts: the end of each repeat can be seen coming.
    let bytes: Vec<u8> = (0..3000u32)
        .flat_map(|n| [b"a header of forty bytes that never changes".as_slice(), &n.to_be_bytes()].concat())
        .collect();
    let plain = ByteConfig::for_sample(&bytes, bytes.len());
    let whole = plain.with_whole_bytes();
    let mut model = ByteModel::new(whole);
    let mut coder = Encoder::default();
    for &byte in &bytes {
        model.code(&mut coder, byte);
    }
    assert!(model.bits_coded < bytes.len() as u32 * 4, "{} decisions", model.bits_coded);
    let (plain, whole) = (assert_round_trip(&bytes, plain), assert_round_trip(&bytes, whole));
    assert!(whole <= plain + 32, "{whole} {plain}");
}

#[test]
fn samples_choose_their_shape() {
    assert_eq!(ByteConfig::for_sample(&table(500), 20_000).extra_symbols(), Some(*b" +"));
    assert_eq!(ByteConfig::for_sample(&records(3000), 33_000).record_stride(), Some(11));
    let prose = b"A plan is made when compressing, and is stored. ".repeat(20);
    let config = ByteConfig::for_sample(&prose, prose.len());
    assert!(config.is_text() && config.extra_symbols().is_none());
    assert!(!ByteConfig::for_sample(&[], 0).is_text());
    assert!(ByteConfig::for_sample(&prose, 2000).log2_table_bytes() <= 18);
}

/// FNV-1a, 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn fixed_bytes_have_the_recorded_code() {
    // A change here makes archives unreadable: it needs a new shape in `ByteConfig`, not a new number.
    let inputs = [table(400), records(900), noise(2000), b"one line\nand another line\n".repeat(40)];
    let seen: Vec<(usize, u64)> = [
        (0, ByteConfig::numbers(16, *b" e")),
        (0, ByteConfig::text(16)),
        (1, ByteConfig::binary(17, Some(11))),
        (1, ByteConfig::binary(17, None)),
        (2, ByteConfig::binary(14, None)),
        (3, ByteConfig::text(14)),
        (3, ByteConfig::numbers(14, *b"en")),
    ]
    .into_iter()
    .map(|(which, config): (usize, ByteConfig)| {
        let coded = encode(&inputs[which], config);
        (coded.len(), fnv(&coded))
    })
    .collect();
    let recorded = [
        (1899, 14_220_341_137_556_416_686),
        (2025, 6_974_286_261_666_878_522),
        (3567, 16_240_984_505_847_896_004),
        (4340, 733_727_378_605_495_423),
        (2006, 873_836_515_652_289_005),
        (27, 13_295_297_001_962_159_896),
        (30, 1_459_694_102_152_638_985),
    ];
    assert_eq!(seen, recorded);
}

#[test]
fn detected_shapes_pay() {
    let bytes = records(20_000);
    let known = encode(&bytes, ByteConfig::for_sample(&bytes, bytes.len())).len();
    let unknown = encode(&bytes, ByteConfig::binary(22, None)).len();
    assert!(known * 10 < unknown * 9, "{known} {unknown}");
}

/// What stands for a network: from the last byte to frequencies of the next.
type Oracle<'a> = Box<dyn FnMut(u8, &mut Frequencies) + 'a>;

/// Networks of all kinds: constant, at both ends of what a number holds, one that knows the bytes, and noise.
fn oracles(bytes: &[u8]) -> Vec<Oracle<'_>> {
    let mut at = 0;
    let mut seeds = numbers(3);
    vec![
        Box::new(|_, told| told.fill(0)),
        Box::new(|_, told| told.fill(u32::MAX)),
        Box::new(|_, told| told.fill(1 << 16)),
        Box::new(move |_, told| {
            told.fill(16);
            told[usize::from(bytes.get(at).copied().unwrap_or(0))] += (1 << 24) - 16 * 256;
            at += 1;
        }),
        Box::new(move |last, told| {
            for n in told.iter_mut() {
                *n = (seeds.next().unwrap_or(0) >> 40) as u32 & u32::from(last) << 16;
            }
        }),
    ]
}

#[test]
fn bytes_come_back_whatever_a_network_thinks_of_them() {
    for bytes in [Vec::new(), noise(700), table(60), records(150)] {
        for config in configs() {
            for (mut encoder, mut decoder) in oracles(&bytes).into_iter().zip(oracles(&bytes)) {
                let coded = encode_foreseen(&bytes, config, &mut encoder);
                assert_eq!(decode_foreseen(&coded, bytes.len(), config, &mut decoder), bytes, "{config:?}");
            }
        }
    }
}

#[test]
fn a_network_that_knows_is_believed_and_one_that_does_not_costs_little() {
    let bytes = table(3000);
    for config in [ByteConfig::numbers(18, *b" e"), ByteConfig::text(18)] {
        let plain = encode(&bytes, config).len();
        let costs: Vec<usize> = oracles(&bytes)
            .into_iter()
            .map(|mut oracle| encode_foreseen(&bytes, config, &mut oracle).len())
            .collect();
        // 24 bits of a network say at best that other decisions are one in 2,000.
        assert!(costs[3] < plain / 10, "{plain} {costs:?}");
        for misleading in [0, 1, 2, 4] {
            assert!(costs[misleading] < plain + plain / 50, "{plain} {costs:?}");
        }
    }
}

#[test]
fn streams_of_a_network_alone_come_back_and_do_not_depend_on_each_other() {
    // Frequencies that depend on the last byte of a stream alone.
    let foresee = |last: &[u8], told: &mut [u32]| {
        for (stream, &last) in last.iter().enumerate() {
            for (byte, n) in told[stream * 256..][..256].iter_mut().enumerate() {
                *n = if byte as u8 == last.wrapping_add(1) { 1 << 22 } else { 1 << 14 };
            }
        }
    };
    let bytes: Vec<u8> = (0..5000u32).map(|at| (at * 7 / 6) as u8).collect();
    for (len, stream_bytes) in [(0, 10), (1, 1), (5000, 999), (5000, 1000), (5000, 0), (10, usize::MAX)] {
        let coded = encode_alone(&bytes[..len], stream_bytes, foresee);
        let slices: Vec<&[u8]> = coded.iter().map(Vec::as_slice).collect();
        assert_eq!(decode_alone(&slices, len, stream_bytes, foresee), bytes[..len]);
        if let Some(second) = bytes[..len].chunks(stream_bytes.max(1)).nth(1) {
            assert_eq!(encode_alone(second, stream_bytes, foresee)[0], coded[1]);
        }
        // What is missing decodes to something.
        assert_eq!(decode_alone(&[], len, stream_bytes, foresee).len(), len);
    }
    assert!(encode_alone(&bytes, 5000, foresee)[0].len() < 2000);
}

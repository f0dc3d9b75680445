//! Refitting: other plain bytes at exactly the stored length, which readers take and `open` takes apart again.

use flate2::{Decompress, FlushDecompress, Status};
use hepz_recompression::{RecipeError, Step, close, open, refit, root};
use proptest::prelude::*;

const BLOCKS: Step = Step::RootBlocks { hint: 0 };

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
}

/// Floats of a falling spectrum, of so many mantissa bits.
fn floats(seed: u64, n: usize, mantissa_bits: u32) -> Vec<u8> {
    let mut random = Random(seed);
    let mask = u32::MAX << (23 - mantissa_bits);
    let mut value = || (20.0 / (1.0 + random.next() as f32 / 1e9)).to_bits() & mask;
    (0..n).flat_map(|_| value().to_be_bytes()).collect()
}

fn noise(seed: u64, n: usize, spread: u32) -> Vec<u8> {
    let mut random = Random(seed);
    (0..n).map(|_| (random.next() >> 5 & 0xffff) % spread).map(|value| value as u8).collect()
}

/// What zlib's own decoder makes of a deflate stream that fills `stream`.
fn inflate(stream: &[u8], header: bool, plain_bytes: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(plain_bytes + 1);
    let mut inflater = Decompress::new(header);
    let status = inflater.decompress_vec(stream, &mut plain, FlushDecompress::Finish).ok()?;
    (status == Status::StreamEnd && inflater.total_in() == stream.len() as u64).then_some(plain)
}

/// Pipelines as formats name them.
fn pipelines() -> Vec<Vec<Step>> {
    let shuffle = Step::Shuffle { element_bytes: 4 };
    vec![
        vec![Step::Deflate],
        vec![Step::Zlib],
        vec![BLOCKS],
        vec![shuffle, Step::Zlib],
        vec![shuffle, Step::Zlib, Step::Fletcher32],
        vec![Step::ZigZag { element_bytes: 4 }, shuffle, BLOCKS, Step::Xxh3],
        vec![Step::Delta { element_bytes: 8 }, BLOCKS],
        vec![Step::Packed { bits: 32 }, BLOCKS],
        vec![shuffle, Step::RootBlocks { hint: 505 }, Step::Xxh3],
        vec![Step::Zlib, Step::Deflate],
    ]
}

/// The shortest stored length that a block can be refitted to.
fn shortest(pipeline: &[Step], plain: &[u8]) -> usize {
    let fits = |bytes: &usize| refit(pipeline, plain, *bytes).is_some();
    let some = (16..).step_by(16).find(fits).expect("some length");
    (some - 16..=some).find(fits).expect("some length")
}

fn check(pipeline: &[Step], plain: &[u8], stored_bytes: usize) {
    let stored = refit(pipeline, plain, stored_bytes).unwrap_or_else(|| {
        panic!("{pipeline:?}: {} bytes in {stored_bytes}", plain.len());
    });
    assert_eq!(stored.len(), stored_bytes);
    let opened = open(pipeline, &stored, plain.len()).unwrap_or_else(|| panic!("{pipeline:?} stays closed"));
    assert!(opened.plain == plain);
    let n_blocks = plain.len() / 0xff_ffff + 1;
    assert!(opened.recipe.len() <= 10 * n_blocks + 2 * pipeline.len(), "{:?}", opened.recipe);
    assert!(close(plain, &opened.recipe).as_ref() == Ok(&stored));
    match pipeline {
        [Step::Deflate] => assert!(inflate(&stored, false, plain.len()).as_deref() == Some(plain)),
        [Step::Zlib] => assert!(inflate(&stored, true, plain.len()).as_deref() == Some(plain)),
        [Step::RootBlocks { .. }] => assert!(root::plain(&stored, plain.len()).as_deref() == Some(plain)),
        _ => {}
    }
}

#[test]
fn every_pipeline_reaches_every_length_from_five_bytes_more_on() {
    for pipeline in pipelines() {
        for plain in [floats(1, 60, 10), noise(2, 72, 256), noise(3, 64, 3)] {
            let least = shortest(&pipeline, &plain);
            let reached = (1..5).filter(|more| refit(&pipeline, &plain, least + more).is_some()).count();
            println!("{pipeline:?}, {} bytes: {least} at least, {reached} of 4 short gaps", plain.len());
            // The shortest level may itself be padded, so gaps are counted from there.
            (9..200).chain([0]).for_each(|more| check(&pipeline, &plain, least + more));
        }
    }
}

#[test]
fn rounded_floats_fit_where_whole_ones_were() {
    for (n, pipeline) in pipelines().into_iter().enumerate() {
        for n_floats in [20, 300, 9_000] {
            let (whole, rounded) = (floats(7, n_floats, 23), floats(7, n_floats, 10));
            check(&pipeline, &rounded, whole.len() * 9 / 10 + 20 + n);
            if n_floats < 1_000 {
                check(&pipeline, &rounded, shortest(&pipeline, &whole));
            }
        }
    }
}

#[test]
fn what_does_not_compress_fits_only_where_there_is_room() {
    let plain = noise(5, 40_000, 256);
    for pipeline in pipelines() {
        assert_eq!(refit(&pipeline, &plain, plain.len() - 1_000), None);
        check(&pipeline, &plain, plain.len() + 100);
    }
    for bytes in 0..8 {
        assert_eq!(refit(&[Step::Zlib], &plain, bytes), None);
        assert_eq!(refit(&[BLOCKS, Step::Xxh3], b"", bytes), None);
    }
}

#[test]
fn blocks_without_a_stream_are_written_again_at_their_own_length_only() {
    let plain = floats(3, 50, 10);
    for pipeline in [vec![], vec![Step::Shuffle { element_bytes: 4 }]] {
        assert_eq!(refit(&pipeline, &plain, 200).map(|stored| stored.len()), Some(200));
        assert_eq!(refit(&pipeline, &plain, 201), None);
    }
    check(&[Step::Shuffle { element_bytes: 4 }, Step::Xxh3], &plain, 208);
    assert_eq!(refit(&[Step::Packed { bits: 3 }], &[9], 1), None, "a value of more bits");
    assert_eq!(refit(&[Step::Delta { element_bytes: 9 }], &plain, 200), None);
    assert_eq!(refit(&[Step::Zlib; 33], &plain, 900), None);
}

#[test]
fn files_of_zstd_keep_it_and_xz_is_the_last_resort() {
    let plain = floats(4, 5_000, 10);
    let tag = |hint: u16, plain: &[u8], bytes| {
        check(&[Step::RootBlocks { hint }], plain, bytes);
        refit(&[Step::RootBlocks { hint }], plain, bytes).map(|stored| [stored[0], stored[1]])
    };
    assert_eq!(tag(505, &plain, 14_000), Some(*b"ZS"));
    assert_eq!(tag(209, &plain, 14_000), Some(*b"ZL"));
    assert_eq!(tag(0, &plain, 14_000), Some(*b"ZL"));
    // What has a period of four bytes is shorter in xz than in the others.
    let plain = floats(4, 20_000, 14);
    let shortest = root::write::payload(&plain, root::write::Algorithm::Lzma, 9).expect("it shrinks").len();
    for hint in [209, 505, 101, 0] {
        assert_eq!(tag(hint, &plain, shortest + 60), Some(*b"XZ"), "{hint}");
    }
}

#[test]
fn padding_of_xz_and_zstd_is_told_from_other_bytes() {
    let plain = floats(4, 500, 8);
    for (hint, bytes) in [(505, 1_600), (505, 1_601)] {
        let step = [Step::RootBlocks { hint }];
        let mut stored = refit(&step, &plain, bytes).expect("room enough");
        let recipe = open(&step, &stored, plain.len()).expect("ours").recipe;
        assert!(recipe.len() <= 8, "{recipe:?}");
        // Padding that holds something is not ours.
        *stored.last_mut().expect("not empty") = 1;
        assert!(open(&step, &stored, plain.len()).is_none_or(|opened| opened.recipe != recipe));
        let padding_at = recipe.len() - 2;
        let with = |padding: &[u8]| close(&plain, &[&recipe[..padding_at], padding].concat());
        assert_eq!(with(&[0xff, 0xff, 0xff, 0x07]), Err(RecipeError::OtherPlain));
        assert!(matches!(with(&[0xff, 0xff, 0xff, 0xff, 0x07]), Err(RecipeError::Corrupt { .. })));
        assert!(matches!(with(&[7]), Err(RecipeError::Corrupt { .. })));
        assert_eq!(with(&[]), Err(RecipeError::Truncated));
    }
}

#[test]
fn a_payload_of_several_blocks_is_cut_and_padded_where_root_cuts_it() {
    let mut plain = floats(9, 1 << 20, 6).repeat(4);
    plain.extend_from_slice(&floats(10, 100_000, 6));
    for stored_bytes in [9_000_000, 9_000_001, 9_000_003] {
        check(&[BLOCKS], &plain, stored_bytes);
    }
    check(&[Step::RootBlocks { hint: 501 }], &plain, 9_000_001);
}

#[test]
fn a_recipe_of_a_few_bytes_asks_for_no_more_padding_than_the_plain_bytes_are_worth() {
    let plain = [7; 100];
    let stored = refit(&[Step::Zlib], &plain, 300).expect("room enough");
    let recipe = open(&[Step::Zlib], &stored, plain.len()).expect("ours").recipe;
    assert_eq!(recipe.first(), Some(&3), "padding came with version 3");
    // Version, steps, zlib, its header, padding: fixed, stored, fixed blocks, level.
    assert_eq!((recipe.get(5), recipe.len()), (Some(&0x10), 10), "{recipe:?}");
    for counts in [[0xff, 0xff, 0xff, 0xff, 0x0f].as_slice(), &[0xff, 0x01]] {
        let many = [&recipe[..7], counts, &recipe[8..]].concat();
        assert_eq!(close(&plain, &many), Err(RecipeError::OtherPlain));
    }
    // Thirty-two steps together have no more than one.
    let most = [&[2u8, 0x10, 0, 0xc8, 1, 0, 6][..]; 32].concat();
    assert_eq!(close(&plain, &[&[3, 32], most.as_slice()].concat()), Err(RecipeError::OtherPlain));
    assert!(close(&plain, &[&[3, 1], &most[..7]].concat()).is_ok());
    for end in 5..recipe.len() {
        assert_eq!(close(&plain, &recipe[..end]), Err(RecipeError::Truncated));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn what_is_refitted_comes_back(
        seed in any::<u64>(), n in 1usize..700, bits in 0u32..24, which in 0usize..10, more in 0usize..200,
        spread in 1u32..300, floating in any::<bool>(),
    ) {
        let plain = if floating { floats(seed, n, bits) } else { noise(seed, 4 * n, spread) };
        let pipeline = &pipelines()[which];
        let stored_bytes = 4 * n * (seed % 5) as usize / 4 + more;
        if let Some(stored) = refit(pipeline, &plain, stored_bytes) {
            prop_assert_eq!(stored.len(), stored_bytes);
            let opened = open(pipeline, &stored, plain.len());
            let opened = opened.expect("what is made here opens");
            prop_assert_eq!(&opened.plain, &plain);
            prop_assert!(opened.recipe.len() < 32);
            prop_assert_eq!(close(&plain, &opened.recipe), Ok(stored));
        }
    }

    #[test]
    fn arbitrary_recipes_with_padding_never_panic(tail in proptest::collection::vec(any::<u8>(), 0..12)) {
        let plain = [1, 2, 3];
        for front in [&[3, 1, 2, 0x10][..], &[3, 1, 3, 0x78, 0x9c, 0x10], &[3, 1, 5, 1, 0x78, 0x9c, 0x10]] {
            if let Ok(stored) = close(&plain, &[front, &tail].concat()) {
                prop_assert!(stored.len() < 2_000);
            }
        }
    }
}

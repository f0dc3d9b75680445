//! Round trips of pipelines, and what hostile bytes may do.

use flate2::{Compress, Compression, FlushCompress};
use hepz_recompression::{RecipeError, Step, close, open};
use proptest::prelude::*;

/// Columns of numbers as physics has them: some noise, some repetition, some zeros.
fn records(seed: u64, rows: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    };
    let mut bytes = Vec::with_capacity(rows * 16);
    for row in 0..rows {
        bytes.extend_from_slice(&((random() % 10_000) as f32 / 64.0).to_le_bytes());
        bytes.extend_from_slice(&(random() % 3).to_le_bytes());
        bytes.extend_from_slice(&(row as u64 / 7).to_le_bytes());
    }
    bytes
}

fn deflate(plain: &[u8], level: u32, zlib: bool) -> Vec<u8> {
    let mut squeeze = Compress::new(Compression::new(level), zlib);
    let mut stored = Vec::with_capacity(plain.len() + plain.len() / 8 + 1_000);
    squeeze.compress_vec(plain, &mut stored, FlushCompress::Finish).expect("room enough");
    stored
}

fn shuffle(plain: &[u8], width: usize) -> Vec<u8> {
    let whole = plain.len() / width * width;
    let mut stored: Vec<u8> =
        (0..width).flat_map(|b| plain[..whole].iter().skip(b).step_by(width)).copied().collect();
    stored.extend_from_slice(&plain[whole..]);
    stored
}

#[test]
fn streams_of_many_sizes_and_levels_come_back() {
    let (mut opened_streams, mut all) = (0, 0);
    for rows in [1, 3, 10, 100, 1_000, 20_000] {
        let plain = records(rows as u64, rows);
        for level in 0..=9 {
            for (step, zlib) in [(Step::Deflate, false), (Step::Zlib, true)] {
                let stored = deflate(&plain, level, zlib);
                all += 1;
                let Some(opened) = open(&[step], &stored, plain.len()) else { continue };
                opened_streams += 1;
                assert_eq!(opened.plain, plain, "level {level}, {rows} rows");
                assert_eq!(close(&opened.plain, &opened.recipe), Ok(stored), "level {level}, {rows} rows");
            }
        }
    }
    println!("{opened_streams} of {all} streams opened");
    assert!(opened_streams * 10 > all * 6, "{opened_streams} of {all} streams opened");
}

#[test]
fn a_stream_of_several_pieces_comes_back() {
    let plain = records(5, 1_200_000);
    let stored = deflate(&plain, 2, true);
    let opened = open(&[Step::Zlib], &stored, plain.len()).expect("an encoder with short chains");
    assert!(opened.plain == plain);
    assert!(close(&plain, &opened.recipe).as_ref() == Ok(&stored));
    assert_eq!(close(&plain[..9 << 20], &opened.recipe), Err(RecipeError::OtherPlain));
}

#[test]
fn wrong_checksums_are_kept() {
    let plain = records(3, 500);
    let mut stored = deflate(&shuffle(&plain, 16), 6, true);
    *stored.last_mut().expect("not empty") ^= 1;
    stored.extend_from_slice(b"sums");
    let pipeline = [Step::Shuffle { element_bytes: 16 }, Step::Zlib, Step::Fletcher32];
    let opened = open(&pipeline, &stored, plain.len()).expect("only the checksums are wrong");
    assert_eq!(opened.plain, plain);
    assert_eq!(close(&opened.plain, &opened.recipe), Ok(stored));
}

#[test]
fn a_stream_of_another_length_than_claimed_stays_closed() {
    let plain = records(3, 500);
    let stored = deflate(&plain, 6, true);
    for claimed in [0, 1, plain.len() - 1, plain.len() + 1, usize::MAX] {
        assert_eq!(open(&[Step::Zlib], &stored, claimed), None);
    }
    let mut followed = stored.clone();
    followed.push(0);
    assert_eq!(open(&[Step::Zlib], &followed, plain.len()), None);
    assert_eq!(open(&[Step::Zlib], &stored[..stored.len() - 1], plain.len()), None);
    assert_eq!(open(&[Step::Zlib], &[], 0), None);
    assert_eq!(open(&[Step::Fletcher32], b"abc", 0), None);
}

#[test]
fn recipes_of_later_versions_are_told_from_corrupt_ones() {
    assert_eq!(close(b"", &[]), Err(RecipeError::Truncated));
    assert_eq!(close(b"", &[4, 0]), Err(RecipeError::TooNew { version: 4, knows: 3 }));
    assert!(matches!(close(b"", &[1, 1, 15]), Err(RecipeError::Corrupt { .. })));
    assert!(matches!(close(b"", &[1, 200]), Err(RecipeError::Corrupt { .. })));
    assert!(matches!(close(b"", &[1, 0, 0]), Err(RecipeError::Corrupt { .. })));
}

/// Recipes of every kind, with the plain bytes they belong to.
fn sound_recipes() -> Vec<(Vec<u8>, Vec<u8>)> {
    let plain = records(11, 300);
    let mut recipes = Vec::new();
    for level in [0, 1, 3, 6, 9] {
        for width in [1, 16] {
            let mut stored = deflate(&shuffle(&plain, width), level, true);
            stored.extend_from_slice(&[1, 2, 3, 4]);
            let pipeline = [Step::Shuffle { element_bytes: width as u32 }, Step::Zlib, Step::Fletcher32];
            recipes.extend(open(&pipeline, &stored, plain.len()).map(|opened| (opened.plain, opened.recipe)));
        }
    }
    assert!(recipes.len() > 3);
    assert!(recipes.iter().any(|(_, recipe)| recipe.len() > 60), "one with corrections");
    recipes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn pipelines_come_back(
        seed in any::<u64>(), rows in 1usize..400, level in 1u32..10, width in 1usize..20,
        cut in 0usize..16, zlib in any::<bool>(), sum in any::<bool>(),
    ) {
        let mut plain = records(seed, rows);
        plain.truncate(plain.len() - cut);
        let mut pipeline = vec![Step::Shuffle { element_bytes: width as u32 }];
        pipeline.push(if zlib { Step::Zlib } else { Step::Deflate });
        let mut stored = deflate(&shuffle(&plain, width), level, zlib);
        if sum {
            pipeline.push(Step::Fletcher32);
            stored.extend_from_slice(&(seed as u32).to_le_bytes());
        }
        if let Some(opened) = open(&pipeline, &stored, plain.len()) {
            prop_assert_eq!(&opened.plain, &plain);
            prop_assert_eq!(close(&opened.plain, &opened.recipe), Ok(stored));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), plain_bytes in 0usize..5_000,
    ) {
        for step in [Step::Deflate, Step::Zlib, Step::Fletcher32, Step::Shuffle { element_bytes: 3 }] {
            open(&[step], &bytes, plain_bytes);
            open(&[step, Step::Deflate], &bytes, plain_bytes);
        }
        let _ = close(&bytes, &bytes);
    }
}

#[test]
fn changed_recipes_end_and_never_panic() {
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for (plain, recipe) in sound_recipes() {
        for end in 0..recipe.len() {
            let _ = close(&plain, &recipe[..end]);
        }
        for at in 0..recipe.len() {
            for value in [0, 0xff, recipe[at] ^ 1, recipe[at] ^ 0x80, recipe[at].wrapping_add(1)] {
                let mut changed = recipe.clone();
                changed[at] = value;
                if let Ok(stored) = close(&plain, &changed) {
                    assert!(stored.len() < 20 * plain.len(), "{} bytes", stored.len());
                }
            }
        }
        for _ in 0..300 {
            let mut changed = recipe.clone();
            for _ in 0..1 + random() % 8 {
                let at = random() % changed.len();
                changed[at] = random() as u8;
            }
            let _ = close(&plain, &changed);
            let shorter = random() % (plain.len() + 1);
            let _ = close(&plain[..shorter], &recipe);
        }
    }
}

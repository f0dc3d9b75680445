//! Blocks of ROOT: pinned encoders make the recorded bytes, for ever; blocks come back; hostile ones do no harm.
//!
//! `golden/root_blocks.txt` has a line for each setting: recipe, length and FNV-1a of the payload. Lines are recorded once
//! (`HEPZ_GOLDEN_ADD=1`) and never rewritten.

use hepz_recompression::{RecipeError, Step, close, open, root};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::PathBuf;

const BLOCKS: Step = Step::RootBlocks { hint: 0 };
/// Numbers of codecs in recipes.
const ZLIB: u8 = 1;
const OLD: u8 = 2;
const XZ: u8 = 3;
const LZ4: u8 = 4;
const ZSTD: u8 = 5;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
}

/// A basket of big-endian floats, counts and steps: literals, short matches, long ones.
fn basket(bytes: usize) -> Vec<u8> {
    let mut random = Random(bytes as u64 | 1);
    let mut made = Vec::new();
    for row in 0u32.. {
        if made.len() >= bytes {
            break;
        }
        made.extend_from_slice(&((random.next() % 5_000) as f32 / 32.0).to_be_bytes());
        made.extend_from_slice(&(random.next() % 3).to_be_bytes());
        made.extend_from_slice(&(row / 5).to_be_bytes());
        if random.next().is_multiple_of(4) && made.len() > 200 {
            let at = made.len() - 30 - random.next() as usize % 150;
            made.extend_from_within(at..at + 28);
        }
    }
    made.truncate(bytes);
    made
}

/// Every setting that a recipe may name: a name and the bytes behind the codec's number.
fn settings() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for level in 1..=9 {
        let flags = match level {
            1 => 0x01,
            2..=5 => 0x5e,
            6 => 0x9c,
            _ => 0xda,
        };
        all.push((format!("zlib {level}"), vec![ZLIB, 0x78, flags, level]));
        all.push((format!("old {level}"), vec![OLD, level]));
    }
    for (kind, dictionary) in ["quarter", "whole", "preset"].iter().enumerate() {
        all.extend(
            (0..=9)
                .map(|preset| (format!("xz {preset} {dictionary}"), vec![XZ, 1, preset | (kind as u8) << 4])),
        );
    }
    all.extend((0..=12).map(|level| (format!("lz4 {level}"), vec![LZ4, 1, level])));
    all.extend((1..=22).map(|level| (format!("zstd {level}"), vec![ZSTD, 1, level])));
    for (version, name) in [(2, "1.4.9"), (3, "1.4.4")] {
        all.extend((5..=10).map(|level| (format!("zstd {name} {level}"), vec![ZSTD, version, level])));
    }
    all
}

fn recipe(block: &[u8]) -> Vec<u8> {
    [&[2, 1, 5], block].concat()
}

#[test]
fn pinned_encoders_make_the_recorded_payloads() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/root_blocks.txt");
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    let mut lines = String::new();
    for plain_bytes in [3_000, 40_000, 140_000] {
        let plain = basket(plain_bytes);
        for (name, block) in settings() {
            let stored = close(&plain, &recipe(&block)).expect(&name);
            assert_eq!(root::plain(&stored, plain_bytes).as_ref(), Some(&plain), "{name}");
            let fnv = stored.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            });
            let _ = writeln!(lines, "{name} {plain_bytes}: {} {fnv:016x}", stored.len());
        }
    }
    if std::env::var_os("HEPZ_GOLDEN_ADD").is_some() {
        let new: String =
            lines.lines().skip(recorded.lines().count()).map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, format!("{recorded}{new}")).expect("golden folder");
    }
    let recorded = std::fs::read_to_string(&path).expect("recorded lines");
    for (made, line) in lines.lines().zip(recorded.lines()) {
        assert_eq!(made, line);
    }
    assert_eq!(lines.lines().count(), recorded.lines().count());
}

#[test]
fn every_setting_is_found_again_with_a_short_recipe_and_any_hint() {
    let plain = basket(8_000);
    for (name, block) in settings() {
        let stored = close(&plain, &recipe(&block)).expect(&name);
        // Levels that ROOT cannot ask for are not looked for.
        let asked = match block[..] {
            [LZ4, _, level] => level == 0 || (4..=9).contains(&level),
            [ZSTD, _, level] => level % 2 == 0 && level <= 18,
            _ => true,
        };
        for hint in [0, 204, 505, u16::MAX] {
            let Some(opened) = open(&[Step::RootBlocks { hint }], &stored, plain.len()) else {
                assert!(!asked, "{name}, hint {hint}");
                continue;
            };
            assert!(opened.plain == plain, "{name}");
            assert!(opened.recipe.len() <= 8, "{name}: {:?}", opened.recipe);
            assert!(close(&plain, &opened.recipe).as_ref() == Ok(&stored), "{name}");
        }
    }
}

#[test]
fn a_payload_of_several_blocks_comes_back() {
    const FULL: usize = 0xff_ffff;
    let mut plain = vec![7; FULL + 20_000];
    plain.splice(FULL - 10_000..FULL + 10_000, basket(20_000));
    let block = [LZ4, 1, 0];
    let stored = close(&plain, &[&recipe(&block)[..], &block].concat()).expect("two blocks");
    assert!(root::plain(&stored, plain.len()).is_some_and(|back| back == plain));
    let opened = open(&[BLOCKS], &stored, plain.len()).expect("two blocks");
    assert!(opened.plain == plain);
    assert!(close(&plain, &opened.recipe).as_ref() == Ok(&stored));
    // A block too few or too many in the recipe.
    assert_eq!(close(&plain, &recipe(&block)), Err(RecipeError::Truncated));
    assert!(matches!(close(&plain[..9], &opened.recipe), Err(RecipeError::Corrupt { .. })));
    // Blocks that are not cut as ROOT cuts them decode but stay closed.
    let short = close(&plain[..500], &recipe(&block)).expect("one block");
    let two = [&short[..], &short].concat();
    assert!(root::plain(&two, 1_000).is_some());
    assert_eq!(open(&[BLOCKS], &two, 1_000), None);
}

#[test]
fn wrong_checksums_and_methods_are_kept() {
    let plain = basket(5_000);
    for (block, checksum_at) in [(&[ZLIB, 0x78, 0x01, 6][..], None), (&[LZ4, 1, 4], Some(9))] {
        let mut stored = close(&plain, &recipe(block)).expect("a sound recipe");
        let at = checksum_at.unwrap_or(stored.len() - 4);
        stored[at] ^= 0x55;
        stored[2] = 99;
        let opened = open(&[BLOCKS], &stored, plain.len()).expect("only checksum and method are odd");
        assert_eq!(close(&plain, &opened.recipe), Ok(stored));
    }
}

/// A page of RNTuple with every step that there is.
fn pages() -> Vec<(Vec<Step>, Vec<u8>)> {
    let (zigzag, delta) = (Step::ZigZag { element_bytes: 4 }, Step::Delta { element_bytes: 8 });
    let shuffle = |element_bytes| Step::Shuffle { element_bytes };
    let small: Vec<u8> = basket(3_000).iter().map(|byte| byte & 1).collect();
    let twelve = basket(6_000).chunks(2).flat_map(|pair| [pair[0], pair[1] & 0xf, 0, 0]).collect();
    let mut pages = vec![
        (vec![shuffle(4), BLOCKS, Step::Xxh3], basket(8_000)),
        (vec![zigzag, shuffle(4), BLOCKS, Step::Xxh3], basket(8_000)),
        (vec![delta, shuffle(8), BLOCKS], basket(8_000)),
        (vec![Step::Packed { bits: 1 }, BLOCKS, Step::Xxh3], small),
        (vec![Step::Packed { bits: 12 }, Step::Xxh3], twelve),
        (vec![Step::Xxh3], basket(1)),
    ];
    pages.push((vec![zigzag], Vec::new()));
    pages
}

/// Makes stored bytes of a page by a recipe written by hand.
fn page_recipe(steps: &[Step]) -> Vec<u8> {
    let mut recipe = vec![2, steps.len() as u8];
    for step in steps {
        match *step {
            Step::Shuffle { element_bytes } => recipe.extend([1, element_bytes as u8]),
            Step::RootBlocks { .. } => recipe.extend([5, ZSTD, 1, 10]),
            Step::Xxh3 => recipe.push(6),
            Step::ZigZag { element_bytes } => recipe.extend([7, element_bytes as u8]),
            Step::Delta { element_bytes } => recipe.extend([8, element_bytes as u8]),
            Step::Packed { bits } => recipe.extend([9, bits as u8]),
            Step::Deflate | Step::Zlib | Step::Fletcher32 => panic!("no step of a page"),
        }
    }
    recipe
}

#[test]
fn pages_of_every_encoding_come_back() {
    for (steps, plain) in pages() {
        let wanted = page_recipe(&steps);
        let mut stored = close(&plain, &wanted).expect("a sound recipe");
        if stored.len() < 2 * wanted.len() {
            // Too short to be worth a recipe.
            assert_eq!(open(&steps, &stored, plain.len()), None);
            continue;
        }
        let opened = open(&steps, &stored, plain.len()).expect("a sound page");
        assert!(opened.plain == plain && opened.recipe == wanted, "{steps:?}: {:?}", opened.recipe);
        if steps.last() == Some(&Step::Xxh3) && stored.len() > 60 {
            *stored.last_mut().expect("a checksum") ^= 1;
            let opened = open(&steps, &stored, plain.len()).expect("only the checksum is wrong");
            assert_eq!(close(&plain, &opened.recipe), Ok(stored));
        }
    }
}

#[test]
fn changed_payloads_and_recipes_end_and_never_panic() {
    let plain = basket(2_000);
    let mut random = Random(3);
    let blocks: [&[u8]; 5] = [&[ZLIB, 0x78, 1, 6], &[OLD, 6], &[XZ, 1, 4], &[LZ4, 1, 4], &[ZSTD, 1, 10]];
    for block in blocks {
        let recipe = recipe(block);
        let stored = close(&plain, &recipe).expect("a sound recipe");
        for _ in 0..300 {
            let mut changed = stored.clone();
            for _ in 0..1 + random.next() % 4 {
                // Most changes hit the headers.
                let within = if random.next().is_multiple_of(2) { 30 } else { stored.len() };
                let at = random.next() as usize % within;
                changed[at] = random.next() as u8;
            }
            changed.truncate(
                stored.len() - if random.next().is_multiple_of(4) { random.next() as usize % 300 } else { 0 },
            );
            let claimed = if random.next().is_multiple_of(2) { plain.len() } else { random.next() as usize };
            let _ = root::plain(&changed, claimed);
            if let Some(opened) = open(&[BLOCKS], &changed, plain.len()) {
                assert!(close(&opened.plain, &opened.recipe) == Ok(changed));
            }
        }
        for at in 0..recipe.len() {
            for value in 0..=255 {
                let mut changed = recipe.clone();
                changed[at] = value;
                if let Ok(stored) = close(&plain, &changed) {
                    assert!(stored.len() < 3 * plain.len(), "{} bytes", stored.len());
                }
            }
            assert!(close(&plain, &recipe[..at]).is_err());
        }
    }
}

#[test]
fn a_header_that_claims_much_is_refused_without_it() {
    for tag in [b"ZL\x08", b"CS\x08", b"XZ\x00", b"L4\x01", b"ZS\x01"] {
        let claim = [tag, &[20, 0, 0, 0xff, 0xff, 0xff][..], &[0; 20]].concat();
        let many: Vec<u8> = std::iter::repeat_n(claim, 1_000).flatten().collect();
        assert_eq!(root::plain(&many, 0xff_ffff * 1_000), None);
        assert_eq!(open(&[BLOCKS], &many, 0xff_ffff * 1_000), None);
    }
    assert_eq!(root::plain(&[], 1), None);
    assert_eq!(root::plain(b"ZL\x08", 0), None);
    assert_eq!(open(&[BLOCKS], &[], 0), None);
}

proptest! {
    #[test]
    fn arbitrary_steps_on_arbitrary_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), plain_bytes in 0usize..5_000, n in any::<u32>(),
    ) {
        for n in [n, n % 40] {
            for step in [
                BLOCKS, Step::Xxh3, Step::ZigZag { element_bytes: n }, Step::Delta { element_bytes: n },
                Step::Packed { bits: n },
            ] {
                open(&[step], &bytes, plain_bytes);
                open(&[step, Step::Xxh3], &bytes, plain_bytes);
            }
        }
        root::plain(&bytes, plain_bytes);
        let _ = close(&bytes, &bytes);
        for id in 5..=9 {
            let _ = close(&bytes, &[&[2, 1, id], &bytes[..]].concat());
        }
    }

    #[test]
    fn frames_of_zstd_1_4_decode(
        alphabet in 1u32..256, run in 1usize..40, seed in any::<u64>(), bytes in 1usize..5_000, level in 5u8..13,
        version in 2u8..4,
    ) {
        let mut random = Random(seed);
        let mut plain = Vec::new();
        while plain.len() < bytes {
            if random.next().is_multiple_of(3) && plain.len() > run {
                let at = random.next() as usize % (plain.len() - run);
                plain.extend_from_within(at..at + run);
            } else {
                // Low numbers are more frequent.
                plain.push((random.next() % alphabet * (random.next() % alphabet) / alphabet) as u8);
            }
        }
        if let Ok(stored) = close(&plain, &recipe(&[ZSTD, version, level])) {
            prop_assert_eq!(root::plain(&stored, plain.len()), Some(plain));
        } else {
            prop_assert!(level > 10);
        }
    }

    #[test]
    fn integers_of_pages_come_back(
        bytes in proptest::collection::vec(any::<u8>(), 60..300), width in 1u32..9, zigzag in any::<bool>(),
    ) {
        let first = if zigzag { Step::ZigZag { element_bytes: width } } else { Step::Delta { element_bytes: width } };
        let pipeline = [first, Step::Shuffle { element_bytes: width }, Step::Xxh3];
        let stored = close(&bytes, &page_recipe(&pipeline)).expect("a sound recipe");
        let opened = open(&pipeline, &stored, bytes.len()).expect("a sound page");
        prop_assert_eq!(opened.plain, bytes);
    }
}

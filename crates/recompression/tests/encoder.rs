//! zlib's encoder at every level, on plain bytes that slide the window, need stored blocks and stretch Huffman codes.
//!
//! `golden/make_golden.py` makes the same plain bytes and recorded length and adler32 of what zlib makes of them.

use hepz_recompression::{Step, close, open};

/// The generator of `golden/make_golden.py`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
}

fn noise(n: usize, random: &mut Random) -> Vec<u8> {
    (0..n).map(|_| random.next() as u8).collect()
}

fn plain(kind: &str, n: usize) -> Vec<u8> {
    let mut random = Random(n as u64 | 1);
    let mut made = match kind {
        "noise" => noise(n, &mut random),
        "geometric" => (0..n).map(|_| (random.next() | 1 << 24).trailing_zeros() as u8).collect(),
        "repeats" => {
            let mut made = noise(32_900, &mut random);
            while made.len() < n {
                let length = 1 + random.next() as usize % 90;
                if random.next() % 10 < 7 {
                    let at = made.len() - 32_000 - random.next() as usize % 900;
                    made.extend_from_within(at..at + length);
                } else {
                    made.extend(noise(length, &mut random));
                }
            }
            made
        }
        "steps" => {
            let mut made = Vec::new();
            let mut row = 0u32;
            while made.len() < n {
                made.extend_from_slice(&((random.next() % 1_000) as u16).to_le_bytes());
                made.extend([(random.next() % 3) as u8, (row / 7) as u8]);
                row += 1;
            }
            made
        }
        _ => panic!("kind {kind}"),
    };
    made.truncate(n);
    made
}

#[test]
fn every_level_makes_the_stream_that_zlib_recorded() {
    let mut n_streams = 0;
    for line in include_str!("../golden/streams.txt").lines().skip(1) {
        let fields: Vec<&str> = line.split(' ').collect();
        let [kind, bytes, level, wanted_bytes, wanted_sum] = fields[..] else { panic!("{line}") };
        let number = |text: &str| text.parse::<u32>().expect("a number");
        let plain = plain(kind, number(bytes) as usize);
        let recipe = [1, 1, 2, number(level) as u8];
        let stored = close(&plain, &recipe).expect("a sound recipe");
        let found = (stored.len() as u32, simd_adler32::adler32(&stored.as_slice()));
        assert_eq!(found, (number(wanted_bytes), number(wanted_sum)), "{line}");
        // The other way round, the recipe is found again: the level, or a lower one that makes the same.
        let opened = open(&[Step::Deflate], &stored, plain.len()).expect("zlib made it");
        assert_eq!(opened.recipe.len(), recipe.len(), "{line}");
        assert!(opened.plain == plain, "{line}");
        n_streams += 1;
    }
    assert_eq!(n_streams, 45);
}

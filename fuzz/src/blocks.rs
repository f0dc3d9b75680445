//! Blocks: attacks on opening, closing and refitting compressed blocks, and on the model of plain bytes.
//!
//! In: any bytes. Out: none; panics if a block comes back other than it was.
//! Not here: where blocks lie in a file (`readers`).

use flate2::Compression;
use flate2::write::{DeflateEncoder, ZlibEncoder};
use hepz_models::bytes::{ByteConfig, decode, encode};
use hepz_recompression::root::write::{Algorithm, payload};
use hepz_recompression::{Step, close, open, refit};
use std::io::Write;

/// Largest plain content that a block here may claim.
const MOST_PLAIN_BYTES: usize = 1 << 16;

/// Longest plain content that is refitted: where one encoder does not get there, others are tried.
const MOST_REFITTED_BYTES: usize = 1 << 12;

/// What the blocks of the seeds hold: numbers that drift, so that streams have matches and literals.
fn plain() -> Vec<u8> {
    (0..400u32).flat_map(|n| (n * n / 7 % 500 + 1000).to_le_bytes()).collect()
}

fn pipeline(choice: u8) -> Vec<Step> {
    match choice % 10 {
        0 => vec![Step::Deflate],
        1 => vec![Step::Zlib],
        2 => vec![Step::Shuffle { element_bytes: 4 }, Step::Zlib],
        3 => vec![Step::Shuffle { element_bytes: 0 }, Step::Deflate, Step::Fletcher32],
        4 => vec![Step::Fletcher32],
        5 => vec![Step::RootBlocks { hint: 101 }],
        6 => vec![Step::RootBlocks { hint: 505 }, Step::Xxh3],
        7 => vec![Step::ZigZag { element_bytes: 4 }, Step::Shuffle { element_bytes: 4 }, Step::Xxh3],
        8 => vec![
            Step::Delta { element_bytes: 8 },
            Step::Shuffle { element_bytes: 8 },
            Step::RootBlocks { hint: 0 },
        ],
        _ => vec![Step::Packed { bits: 13 }, Step::Xxh3],
    }
}

/// Blocks, each behind a byte that chooses the pipeline and two that say the plain length.
pub fn block_seeds() -> Vec<Vec<u8>> {
    let plain = plain();
    let mut seeds = Vec::new();
    for level in [1, 6, 9] {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(level));
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::new(level));
        let written = zlib.write_all(&plain).and_then(|()| deflate.write_all(&plain));
        let (Ok(()), Ok(zlib), Ok(deflate)) = (written, zlib.finish(), deflate.finish()) else { continue };
        seeds.extend([(0, deflate), (1, zlib.clone()), (2, zlib)]);
    }
    // The sum of these two words is the words themselves and their double.
    seeds.push((4, [&[1, 2, 3, 4][..], &[4, 6, 5, 8]].concat()));
    // Pages as they are and as ROOT compresses them; the sum is missing, or wrong, and kept.
    let blocks = [
        (5, Algorithm::Zlib, 1),
        (5, Algorithm::Lz4, 4),
        (5, Algorithm::Lzma, 1),
        (5, Algorithm::Zstd, 5),
        (6, Algorithm::Zstd, 5),
        (6, Algorithm::Lz4, 9),
        (8, Algorithm::Zlib, 6),
    ];
    for (choice, algorithm, level) in blocks {
        let Some(mut stored) = payload(&plain, algorithm, level) else { continue };
        stored.extend_from_slice(if choice == 6 { &[0x5a; 8] } else { &[] });
        seeds.push((choice, stored));
    }
    seeds.push((7, [&plain[..], &[0; 8]].concat()));
    seeds.push((9, vec![0x35; 400 * 13 / 8 + 8]));
    // Padded to a length that no writer meant: empty blocks of deflate, of xz, skipped frames of zstd.
    for (choice, more) in [(0, 5), (1, 77), (2, 300), (3, 33), (5, 200), (6, 40), (6, 999), (8, 64)] {
        let shorter = (plain.len() / 4..).step_by(8);
        let fit = shorter.take(plain.len()).find(|&bytes| refit(&pipeline(choice), &plain, bytes).is_some());
        let padded = fit.and_then(|bytes| refit(&pipeline(choice), &plain, bytes + more));
        seeds.extend(padded.map(|stored| (choice, stored)));
    }
    let length = |choice| if choice == 4 { 4 } else { plain.len() as u16 }.to_le_bytes();
    seeds.into_iter().map(|(choice, stored)| [&[choice][..], &length(choice), &stored].concat()).collect()
}

/// Opens a block; what opens closes to the same bytes.
pub fn block_open(data: &[u8]) {
    let [choice, low, high, stored @ ..] = data else { return };
    let plain_bytes = usize::from(u16::from_le_bytes([*low, *high]));
    let Some(opened) = open(&pipeline(*choice), stored, plain_bytes) else { return };
    assert_eq!(opened.plain.len(), plain_bytes, "a block of another length than claimed");
    let closed = close(&opened.plain, &opened.recipe).expect("what was opened closes");
    assert!(closed == stored, "a block closes to other bytes");
}

/// Plain bytes, each behind a byte that chooses the pipeline and two that say the stored length.
pub fn refit_seeds() -> Vec<Vec<u8>> {
    let plain = plain();
    let seed = |choice: u8, content: &[u8], stored_bytes: usize| {
        [&[choice][..], &(stored_bytes as u16).to_le_bytes(), content].concat()
    };
    let lengths = |choice: u8| {
        let content = &plain[..plain.len() >> (2 * (choice % 3))];
        [
            content.len() * 3 / 4,
            content.len(),
            content.len() + 8,
            content.len() + 300,
            2 * content.len() + 1000,
        ]
        .map(|stored_bytes| seed(choice, content, stored_bytes))
    };
    let few = [seed(1, &[], 40), seed(6, &[7; 3], 60), seed(5, &[], 500), seed(9, &[0; 64], 90)];
    (0..10).flat_map(lengths).chain(few).collect()
}

/// Plain bytes in the place of a block: the length is met, and what was made opens and closes.
pub fn block_refit(data: &[u8]) {
    let [choice, low, high, plain @ ..] = data else { return };
    let (steps, stored_bytes) = (pipeline(*choice), usize::from(u16::from_le_bytes([*low, *high])));
    let plain = &plain[..plain.len().min(MOST_REFITTED_BYTES)];
    let Some(stored) = refit(&steps, plain, stored_bytes) else { return };
    assert_eq!(stored.len(), stored_bytes, "a refitted block of another length");
    let opened = open(&steps, &stored, plain.len());
    // The recipe of a very short block may be longer than half of it.
    assert!(opened.is_some() || stored_bytes < 64, "a refitted block stays closed");
    if let Some(opened) = opened {
        assert!(opened.plain == plain, "a refitted block opens to other bytes");
        assert!(close(plain, &opened.recipe).as_ref() == Ok(&stored), "a refitted block closes to others");
    }
}

/// Recipes of the blocks above, each behind its plain content and two bytes that say how long that is.
pub fn recipe_seeds() -> Vec<Vec<u8>> {
    let seeds = block_seeds();
    let blocks = seeds.iter().filter_map(|seed| seed.split_first_chunk::<3>());
    let opened = blocks.filter_map(|([choice, low, high], stored)| {
        let opened = open(&pipeline(*choice), stored, usize::from(u16::from_le_bytes([*low, *high])))?;
        Some([&[*low, *high], &opened.plain[..], &opened.recipe].concat())
    });
    opened.collect()
}

/// Closes with a hostile recipe: bytes or an error.
pub fn block_close(data: &[u8]) {
    let [low, high, rest @ ..] = data else { return };
    let (plain, recipe) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes([*low, *high]))));
    let _ = close(plain, recipe);
}

/// A configuration in four bytes, then content.
pub fn model_seeds() -> Vec<Vec<u8>> {
    let text: &[u8] = b"pt,eta,phi\n25.5,0.1,3.0\n27.5,0.2,3.1\n26.5,0.1,3.0\n";
    let configs = [ByteConfig::binary(12, None), ByteConfig::binary(14, Some(12)), ByteConfig::text(12)];
    configs.map(|config| [&config.to_bytes()[..], text].concat()).to_vec()
}

/// Coded bytes come back; any bytes decode to something.
pub fn model_bytes(data: &[u8]) {
    let Some((config, content)) = data.split_first_chunk::<4>() else { return };
    let Ok(config) = ByteConfig::from_bytes(*config) else { return };
    if config.log2_table_bytes() > 20 {
        return;
    }
    let content = &content[..content.len().min(MOST_PLAIN_BYTES)];
    assert!(decode(&encode(content, config), content.len(), config) == content, "bytes come back changed");
    let _ = decode(content, 300, config);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_blocks_of_every_stream_are_among_the_recipes() {
        let seeds = recipe_seeds();
        let recipe = |seed: &Vec<u8>| {
            let plain_bytes = usize::from(u16::from_le_bytes([seed[0], seed[1]]));
            seed[2 + plain_bytes..].to_vec()
        };
        let padded: Vec<Vec<u8>> = seeds.iter().map(recipe).filter(|recipe| recipe[0] == 3).collect();
        assert_eq!(padded.len(), 8, "{padded:?}");
    }
}

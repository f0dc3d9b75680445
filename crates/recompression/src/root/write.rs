//! Payloads as ROOT compresses them: plain bytes to blocks.
//!
//! In: plain bytes, an algorithm and a level of ROOT. Out: the payload, where it is shorter than the plain bytes.
//! Not here: opening payloads (`blocks`), keys and places in a file (`hepz-formats`).
//! Holds: `Step::RootBlocks` with the hint `100 * algorithm + level` re-makes every payload made here, with the first
//! settings that it tries.
//! Source: ROOT 6, `R__zipMultipleAlgorithm`; its setting of zstd is twice the level, its dictionary of LZMA a
//! quarter.

use super::blocks::lz4_checksum;
use super::encoders::{Dictionary, Settings};
use super::frame::{Codec, Header, MOST_PLAIN_BYTES};
use crate::{encoder, xxh3, zlib};

/// What makes a block, with ROOT's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// zlib.
    Zlib = 1,
    /// LZMA in an xz stream.
    Lzma = 2,
    /// LZ4.
    Lz4 = 4,
    /// zstd 1.5.7.
    Zstd = 5,
}

/// The payload of `plain` in blocks of at most 16 MB, at a level of ROOT from 1 to 9. `None` if it would not be
/// shorter than the plain bytes, which are then stored as they are, or if there is no such level.
pub fn payload(plain: &[u8], algorithm: Algorithm, level: u8) -> Option<Vec<u8>> {
    let mut stored = Vec::new();
    for plain in plain.chunks(MOST_PLAIN_BYTES) {
        let (codec, stream) = stream(plain, algorithm, level)?;
        let header = Header { codec, method: codec.usual_method(), plain_bytes: plain.len() };
        stored.extend_from_slice(&header.to_bytes(stream.len())?);
        stored.extend_from_slice(&stream);
    }
    (stored.len() < plain.len()).then_some(stored)
}

/// The XXH3 of bytes as an RNTuple stores it behind pages and envelopes, little-endian.
pub fn checksum(bytes: &[u8]) -> [u8; 8] {
    xxh3::checksum(bytes)
}

fn stream(plain: &[u8], algorithm: Algorithm, level: u8) -> Option<(Codec, Vec<u8>)> {
    if !(1..=9).contains(&level) {
        return None;
    }
    // What is tried first where a file claims this level.
    let likeliest = |codec| Settings::candidates(codec, &[], plain.len(), level).into_iter().next();
    Some(match algorithm {
        Algorithm::Zlib => (Codec::Zlib, zlib_stream(plain, level)?),
        Algorithm::Lzma => {
            let settings = Settings::Xz { preset: level, dictionary: Dictionary::Quarter };
            (Codec::Xz, settings.encode(plain)?)
        }
        Algorithm::Lz4 => {
            let block = likeliest(Codec::Lz4)?.encode(plain)?;
            (Codec::Lz4, [lz4_checksum(&block).as_slice(), &block].concat())
        }
        Algorithm::Zstd => (Codec::Zstd, likeliest(Codec::Zstd)?.encode(plain)?),
    })
}

fn zlib_stream(plain: &[u8], level: u8) -> Option<Vec<u8>> {
    let mut stream = zlib::header(level)?.to_vec();
    encoder::deflate(plain, level, &mut |made| {
        stream.extend_from_slice(made);
        true
    })?;
    stream.extend_from_slice(&zlib::checksum(plain));
    Some(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Step, close, open};

    /// Text that every level makes something else of.
    fn text(bytes: usize) -> Vec<u8> {
        let mut state = 1u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8 % 23
        };
        (0..bytes).map(|n| if n % 7 < 4 { (n / 50) as u8 } else { byte() }).collect()
    }

    #[test]
    fn payloads_of_every_level_open_and_come_back_with_recipes_of_a_few_bytes() {
        for bytes in [300, 5_000, 150_000] {
            let plain = text(bytes);
            for algorithm in [Algorithm::Zlib, Algorithm::Lzma, Algorithm::Lz4, Algorithm::Zstd] {
                for level in 1..=9 {
                    let stored = payload(&plain, algorithm, level).expect("text shrinks");
                    let hint = 100 * algorithm as u16 + u16::from(level);
                    let opened = open(&[Step::RootBlocks { hint }], &stored, plain.len());
                    let opened = opened.unwrap_or_else(|| panic!("{algorithm:?} {level} stays closed"));
                    assert_eq!(opened.plain, plain, "{algorithm:?} {level}");
                    assert!(opened.recipe.len() <= 8, "{algorithm:?} {level}: {}", opened.recipe.len());
                    assert_eq!(close(&plain, &opened.recipe), Ok(stored), "{algorithm:?} {level}");
                }
            }
        }
    }

    #[test]
    fn a_payload_of_more_than_a_block_is_cut_where_root_cuts_it() {
        let plain = vec![7; MOST_PLAIN_BYTES + 1_000];
        let stored = payload(&plain, Algorithm::Lz4, 1).expect("zeros shrink");
        let opened = open(&[Step::RootBlocks { hint: 401 }], &stored, plain.len()).expect("two blocks");
        assert_eq!(opened.plain, plain);
        let (first, _, rest) = Header::split(&stored).expect("a header");
        assert_eq!(first.plain_bytes, MOST_PLAIN_BYTES);
        assert_eq!(Header::split(rest).map(|(second, _, _)| second.plain_bytes), Some(1_000));
    }

    #[test]
    fn what_does_not_shrink_and_levels_that_are_none_are_refused() {
        assert_eq!(payload(b"abc", Algorithm::Zlib, 1), None);
        assert_eq!(payload(b"", Algorithm::Zlib, 1), None);
        assert_eq!(payload(&text(5_000), Algorithm::Zstd, 0), None);
        assert_eq!(payload(&text(5_000), Algorithm::Zlib, 10), None);
    }
}

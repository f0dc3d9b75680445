//! Pinned encoders of the streams in blocks of ROOT, as ROOT calls them.
//!
//! In: settings and plain bytes. Out: the stream that ROOT would have stored; settings that it may have used.
//! Not here: deflate (`crate::deflate`), headers (`frame`).
//! Holds: an encoder that a recipe may name never changes a byte: versions are pinned exactly, golden hashes watch them.
//! Source: ROOT 6, `ZipLZMA.c`, `ZipLZ4.cxx`, `ZipZSTD.cxx`.

use super::frame::Codec;
use crate::recipe::{Recipe, RecipeError, RecipeReader};
use liblzma::stream::{Action, Check, Filters, LzmaOptions, Status, Stream};
use lz4::block::CompressionMode;

/// Encoders by version; a new version gets a new number and the old one stays.
mod version {
    /// liblzma 5.8; the dictionary is no longer than the plain bytes.
    pub(super) const XZ: u8 = 1;
    /// LZ4 1.10.0.
    pub(super) const LZ4: u8 = 1;
    /// zstd 1.5.7.
    pub(super) const ZSTD: u8 = 1;
}

/// Shortest dictionary of LZMA.
const LEAST_DICTIONARY_BYTES: usize = 4_096;
/// Presets of xz by how often files have them; with a short dictionary 7 and 8 are 9.
const XZ_PRESETS: [u8; 10] = [9, 1, 4, 5, 6, 3, 2, 0, 7, 8];
/// Levels of LZ4: 0 is the fast encoder, which ROOT uses up to its level 3; then those of the thorough one.
const LZ4_LEVELS: [u8; 8] = [4, 0, 9, 5, 6, 7, 8, 12];
/// Levels of zstd: twice ROOT's.
const ZSTD_LEVELS: [u8; 11] = [10, 2, 4, 6, 8, 12, 14, 16, 18, 5, 1];

/// What an encoder was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settings {
    Xz { preset: u8 },
    Lz4 { level: u8 },
    Zstd { level: u8 },
}

impl Settings {
    pub(super) fn put(self, into: &mut Recipe) {
        into.extend_from_slice(&match self {
            Settings::Xz { preset } => [version::XZ, preset],
            Settings::Lz4 { level } => [version::LZ4, level],
            Settings::Zstd { level } => [version::ZSTD, level],
        });
    }

    pub(super) fn read(codec: Codec, reader: &mut RecipeReader<'_>) -> Result<Settings, RecipeError> {
        let (version, number) = (reader.byte()?, reader.byte()?);
        match (codec, version) {
            (Codec::Xz, version::XZ) if number <= 9 => Ok(Settings::Xz { preset: number }),
            (Codec::Lz4, version::LZ4) if number <= 12 => Ok(Settings::Lz4 { level: number }),
            (Codec::Zstd, version::ZSTD) if (1..=22).contains(&number) => {
                Ok(Settings::Zstd { level: number })
            }
            (_, version) if version > 1 => Err(RecipeError::TooNew { version, knows: 1 }),
            _ => Err(RecipeError::Corrupt { what: "settings of an encoder of ROOT" }),
        }
    }

    /// What may have made a stream, in order of likelihood, where the file claims ROOT's `level` (0: unknown).
    pub(super) fn candidates(codec: Codec, level: u8) -> Vec<Settings> {
        let (settings, claimed, usual): (fn(u8) -> Settings, u8, &[u8]) = match codec {
            Codec::Xz => (|preset| Settings::Xz { preset }, level, &XZ_PRESETS),
            Codec::Lz4 => (|level| Settings::Lz4 { level }, if level < 4 { 0 } else { level }, &LZ4_LEVELS),
            Codec::Zstd => (|level| Settings::Zstd { level }, 2 * level, &ZSTD_LEVELS),
            Codec::Zlib | Codec::Deflate => return Vec::new(),
        };
        let first = (level > 0 && level <= 9).then_some(claimed);
        let others = usual.iter().copied().filter(|&number| Some(number) != first);
        first.into_iter().chain(others).map(settings).collect()
    }

    /// Makes the stream of a block. `None` if the encoder cannot be had.
    pub(super) fn encode(self, plain: &[u8]) -> Option<Vec<u8>> {
        match self {
            Settings::Xz { preset } => xz(plain, preset),
            Settings::Lz4 { level } => {
                let mode = match level {
                    0 => CompressionMode::DEFAULT,
                    level => CompressionMode::HIGHCOMPRESSION(i32::from(level)),
                };
                lz4::block::compress(plain, Some(mode), false).ok()
            }
            Settings::Zstd { level } => zstd::bulk::compress(plain, i32::from(level)).ok(),
        }
    }
}

fn xz(plain: &[u8], preset: u8) -> Option<Vec<u8>> {
    let mut options = LzmaOptions::new_preset(u32::from(preset)).ok()?;
    let dictionary_bytes = plain.len().max(LEAST_DICTIONARY_BYTES);
    if dictionary_bytes < preset_dictionary_bytes(preset) {
        options.dict_size(u32::try_from(dictionary_bytes).ok()?);
    }
    let mut stream = Stream::new_stream_encoder(Filters::new().lzma2(&options), Check::Crc32).ok()?;
    let mut made = Vec::with_capacity(plain.len() / 3 + 256);
    loop {
        let at = usize::try_from(stream.total_in()).ok()?;
        let status = stream.process_vec(plain.get(at..)?, &mut made, Action::Finish).ok()?;
        match status {
            Status::StreamEnd => return Some(made),
            _ => made.reserve(made.len() + 4_096),
        }
    }
}

/// The dictionary of a preset (xz(1)).
fn preset_dictionary_bytes(preset: u8) -> usize {
    const LOG2: [u8; 10] = [18, 20, 21, 22, 22, 23, 23, 24, 25, 26];
    LOG2.get(usize::from(preset)).map_or(0, |&log2| 1 << log2)
}

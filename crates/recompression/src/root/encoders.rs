//! Pinned encoders of the streams in blocks of ROOT, as ROOT calls them.
//!
//! In: settings and plain bytes. Out: the stream that ROOT would have stored; settings that it may have used.
//! Not here: deflate (`crate::deflate`), headers (`frame`).
//! Holds: an encoder that a recipe may name never changes a byte: versions are pinned exactly, golden hashes watch them.
//! Source: ROOT 6, `ZipLZMA.c`, `ZipLZ4.cxx`, `ZipZSTD.cxx`.

use super::frame::Codec;
use crate::recipe::{Recipe, RecipeError, RecipeReader};
use crate::zstd_lazy::{Version, encode};
use liblzma::stream::{Action, Check, Filters, LzmaOptions, Status, Stream};
use lz4::block::CompressionMode;

/// Encoders by version; a new version gets a new number and the old one stays.
mod version {
    /// liblzma 5.8.
    pub(super) const XZ: u8 = 1;
    /// LZ4 1.10.0.
    pub(super) const LZ4: u8 = 1;
    /// zstd 1.5.7, 1.4.9 and 1.4.4; those of 1.4 search lazily only (`crate::zstd_lazy`).
    pub(super) const ZSTD_1_5_7: u8 = 1;
    pub(super) const ZSTD_1_4_9: u8 = 2;
    pub(super) const ZSTD_1_4_4: u8 = 3;
}

/// Shortest dictionary of LZMA.
const LEAST_DICTIONARY_BYTES: usize = 4_096;
/// Where the header of the first block of an xz stream names the dictionary.
const XZ_DICTIONARY_AT: usize = 16;
/// Presets of xz by how often files have them; with a short dictionary 6, 7 and 8 are 9.
const XZ_PRESETS: [u8; 10] = [4, 9, 1, 5, 6, 3, 2, 0, 7, 8];
/// Levels of LZ4: 0 is the fast encoder, which ROOT uses up to its level 3; then those of the thorough one.
const LZ4_LEVELS: [u8; 8] = [4, 0, 9, 5, 6, 7, 8, 12];
/// Levels of zstd: twice ROOT's.
const ZSTD_LEVELS: [u8; 11] = [10, 2, 4, 6, 8, 12, 14, 16, 18, 5, 1];

/// Blocks that are tried with no level but the one that the file claims.
const LONG_BYTES: usize = 64 << 10;

/// How the dictionary of LZMA follows from the preset and the plain bytes; with the numbers of recipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dictionary {
    /// A quarter of the plain bytes, if the preset's is longer (ROOT 6).
    Quarter = 0,
    /// The plain bytes, if the preset's is longer.
    Whole = 1,
    /// The preset's.
    Preset = 2,
}

/// What an encoder was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settings {
    Xz { preset: u8, dictionary: Dictionary },
    Lz4 { level: u8 },
    Zstd { version: u8, level: u8 },
}

impl Settings {
    pub(super) fn put(self, into: &mut Recipe) {
        into.extend_from_slice(&match self {
            Settings::Xz { preset, dictionary } => [version::XZ, preset | (dictionary as u8) << 4],
            Settings::Lz4 { level } => [version::LZ4, level],
            Settings::Zstd { version, level } => [version, level],
        });
    }

    pub(super) fn read(codec: Codec, reader: &mut RecipeReader<'_>) -> Result<Settings, RecipeError> {
        let (version, number) = (reader.byte()?, reader.byte()?);
        let corrupt = RecipeError::Corrupt { what: "settings of an encoder of ROOT" };
        match (codec, version) {
            (Codec::Xz, version::XZ) if number & 0x0f <= 9 => {
                let dictionary = Dictionary::ALL.into_iter().find(|&known| known as u8 == number >> 4);
                dictionary.map(|dictionary| Settings::Xz { preset: number & 0x0f, dictionary }).ok_or(corrupt)
            }
            (Codec::Lz4, version::LZ4) if number <= 12 => Ok(Settings::Lz4 { level: number }),
            (Codec::Zstd, version::ZSTD_1_5_7..=version::ZSTD_1_4_4) if (1..=22).contains(&number) => {
                Ok(Settings::Zstd { version, level: number })
            }
            (Codec::Zstd, version) if version > version::ZSTD_1_4_4 => {
                Err(RecipeError::TooNew { version, knows: version::ZSTD_1_4_4 })
            }
            (Codec::Xz | Codec::Lz4, version) if version > 1 => {
                Err(RecipeError::TooNew { version, knows: 1 })
            }
            _ => Err(corrupt),
        }
    }

    /// What may have made `stream` of so many bytes, in order of likelihood, where the file claims ROOT's `level` (0:
    /// unknown).
    pub(super) fn candidates(codec: Codec, stream: &[u8], plain_bytes: usize, level: u8) -> Vec<Settings> {
        let claimed = (level > 0).then_some(level);
        let with = |first: Option<u8>, usual: &[u8]| {
            // Files merged of others may have blocks of several levels; a long trial for that is not worth its time.
            let usual = if first.is_some() && plain_bytes > LONG_BYTES { &[] } else { usual };
            let others = usual.iter().copied().filter(|&number| Some(number) != first);
            first.into_iter().chain(others).collect::<Vec<u8>>()
        };
        match codec {
            Codec::Xz => {
                let presets = with(claimed, &XZ_PRESETS);
                let all = presets.into_iter().flat_map(|preset| {
                    Dictionary::ALL.map(|dictionary| {
                        (Settings::Xz { preset, dictionary }, dictionary.bytes(preset, plain_bytes))
                    })
                });
                let told = stream.get(XZ_DICTIONARY_AT).copied();
                all.filter(|&(_, bytes)| told == Some(xz_dictionary_byte(bytes)))
                    .map(|(settings, _)| settings)
                    .collect()
            }
            Codec::Lz4 => {
                let first = claimed.map(|level| if level < 4 { 0 } else { level });
                with(first, &LZ4_LEVELS).into_iter().map(|level| Settings::Lz4 { level }).collect()
            }
            Codec::Zstd => {
                let first = claimed.map(|level| 2 * level);
                let levels = with(first, &ZSTD_LEVELS);
                let versions = [version::ZSTD_1_5_7, version::ZSTD_1_4_9, version::ZSTD_1_4_4];
                let settings = |level| versions.map(|version| Settings::Zstd { version, level });
                levels.into_iter().flat_map(settings).collect()
            }
            Codec::Zlib | Codec::Deflate => Vec::new(),
        }
    }

    /// Makes the stream of a block. `None` if the encoder cannot be had.
    pub(super) fn encode(self, plain: &[u8]) -> Option<Vec<u8>> {
        match self {
            Settings::Xz { preset, dictionary } => xz(plain, preset, dictionary),
            Settings::Lz4 { level } => {
                let mode = match level {
                    0 => CompressionMode::DEFAULT,
                    level => CompressionMode::HIGHCOMPRESSION(i32::from(level)),
                };
                lz4::block::compress(plain, Some(mode), false).ok()
            }
            Settings::Zstd { version: version::ZSTD_1_4_9, level } => encode(plain, level, Version::V1_4_9),
            Settings::Zstd { version: version::ZSTD_1_4_4, level } => encode(plain, level, Version::V1_4_4),
            Settings::Zstd { level, .. } => zstd::bulk::compress(plain, i32::from(level)).ok(),
        }
    }
}

fn xz(plain: &[u8], preset: u8, dictionary: Dictionary) -> Option<Vec<u8>> {
    let mut options = LzmaOptions::new_preset(u32::from(preset)).ok()?;
    options.dict_size(u32::try_from(dictionary.bytes(preset, plain.len())).ok()?);
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

impl Dictionary {
    const ALL: [Dictionary; 3] = [Dictionary::Quarter, Dictionary::Whole, Dictionary::Preset];

    fn bytes(self, preset: u8, plain_bytes: usize) -> usize {
        /// Of presets 0 to 9 (xz(1)).
        const LOG2: [u8; 10] = [18, 20, 21, 22, 22, 23, 23, 24, 25, 26];
        let most = LOG2.get(usize::from(preset)).map_or(0, |&log2| 1 << log2);
        let wanted = match self {
            Dictionary::Quarter => plain_bytes / 4,
            Dictionary::Whole => plain_bytes,
            Dictionary::Preset => most,
        };
        wanted.max(LEAST_DICTIONARY_BYTES).min(most)
    }
}

/// The byte that stands for a dictionary: the next power of two, or half as much again (The .xz File Format, 5.3.1).
fn xz_dictionary_byte(bytes: usize) -> u8 {
    let fits = |&byte: &u8| (2 | u64::from(byte & 1)) << (byte / 2 + 11) >= bytes as u64;
    (0..40).find(fits).unwrap_or(40)
}

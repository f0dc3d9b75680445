//! Pinned encoders of zstd, xz and bzip2: what they were told, and running them again.
//!
//! In: settings and a text. Out: the stream that this version of the encoder makes of them; settings that a stream may have
//! been made by.
//! Not here: gzip (`deflate`), the recipe's other bytes (`rewrap`).
//! Holds: an encoder that a recipe may name never changes a byte: versions are pinned exactly, golden hashes watch them;
//! the bytes do not depend on threads.

use super::{Bytes, RewrapError, STEP_BYTES, Wrapper};
use crate::recipe::{Recipe, RecipeError, RecipeReader, put_number};
use bzip2::{Compress, Compression};
use liblzma::stream::{Check, MtStreamBuilder, PRESET_EXTREME, Status, Stream};
use zstd::stream::raw::{CParameter, Encoder as RawZstd, InBuffer, Operation, OutBuffer};

/// Encoders by version; a new version gets a new number and the old one stays.
mod version {
    /// zstd 1.5.7.
    pub(super) const ZSTD: u8 = 1;
    /// liblzma 5.8.
    pub(super) const XZ: u8 = 1;
    /// libbz2-rs 0.2, which makes the bytes of bzip2 1.0.8.
    pub(super) const BZIP2: u8 = 1;
}

/// Levels of zstd, by how often files have them.
const ZSTD_LEVELS: [i8; 27] =
    [3, 19, 1, 22, 9, 10, 15, 6, 5, 12, 18, 4, 2, 7, 8, 11, 13, 14, 16, 17, 20, 21, -1, -2, -3, -4, -5];
/// zstd with workers keeps some jobs in memory; beyond this level they are too long.
const MOST_LEVEL_WITH_WORKERS: i8 = 19;
/// A trial that agrees with less than its header and the start of a block will not with workers either.
const SIMILAR_BYTES: u64 = 40;
/// Presets of xz, by how often files have them; twice each, second with `-e`.
const XZ_PRESETS: [u8; 10] = [6, 9, 3, 1, 0, 2, 4, 5, 7, 8];
/// Work factor of bzip2: 0 stands for its default, which the command uses.
const WORK_FACTOR: u32 = 0;

/// What an encoder was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settings {
    Zstd { level: i8, checksum: bool, content_size: bool, workers: bool },
    Xz { preset: u8, extreme: bool, check: u8, block_bytes: u64 },
    Bzip2 { level: u8 },
}

/// What one step of an encoder did.
struct Step {
    read: usize,
    made: usize,
    ended: bool,
}

/// An encoder at work.
enum Running {
    Zstd(RawZstd<'static>),
    Xz(Stream),
    Bzip2(Compress),
}

impl Settings {
    pub(super) fn put(self, into: &mut Recipe) {
        match self {
            Settings::Zstd { level, checksum, content_size, workers } => {
                let flags = u8::from(checksum) | u8::from(content_size) << 1 | u8::from(workers) << 2;
                into.extend_from_slice(&[version::ZSTD, level as u8, flags]);
            }
            Settings::Xz { preset, extreme, check, block_bytes } => {
                into.extend_from_slice(&[version::XZ, preset | u8::from(extreme) << 4, check]);
                put_number(into, block_bytes);
            }
            Settings::Bzip2 { level } => into.extend_from_slice(&[version::BZIP2, level]),
        }
    }

    pub(super) fn read(wrapper: Wrapper, reader: &mut RecipeReader<'_>) -> Result<Settings, RecipeError> {
        let corrupt = RecipeError::Corrupt { what: "settings of the wrapper's encoder" };
        let (version, first) = (reader.byte()?, reader.byte()?);
        let settings = match (wrapper, version) {
            (Wrapper::Zstd, version::ZSTD) => {
                let flags = reader.byte()?;
                let [checksum, content_size, workers] = [1, 2, 4].map(|flag| flags & flag != 0);
                let level = first as i8;
                if flags > 7 || !ZSTD_LEVELS.contains(&level) || workers && level > MOST_LEVEL_WITH_WORKERS {
                    return Err(corrupt);
                }
                Settings::Zstd { level, checksum, content_size, workers }
            }
            (Wrapper::Xz, version::XZ) => {
                let check = reader.byte()?;
                let (preset, extreme) = (first & 0xf, first & 0x10 != 0);
                if first > 0x1f || preset > 9 || check_of(check).is_none() {
                    return Err(corrupt);
                }
                Settings::Xz { preset, extreme, check, block_bytes: reader.number()? }
            }
            (Wrapper::Bzip2, version::BZIP2) if (1..=9).contains(&first) => Settings::Bzip2 { level: first },
            (_, version) if version > 1 => return Err(RecipeError::TooNew { version, knows: 1 }),
            _ => return Err(corrupt),
        };
        Ok(settings)
    }

    /// What may have made a stream that begins with `front` and holds `text_bytes`, in order of likelihood.
    pub(super) fn candidates(wrapper: Wrapper, front: &[u8], text_bytes: u64) -> Vec<Settings> {
        let found = match wrapper {
            Wrapper::Gzip => None,
            Wrapper::Zstd => zstd_candidates(front),
            Wrapper::Xz => xz_candidates(front, text_bytes),
            Wrapper::Bzip2 => front
                .get(3)
                .and_then(|&digit| digit.checked_sub(b'0'))
                .and_then(|level| (1..=9).contains(&level).then(|| vec![Settings::Bzip2 { level }])),
        };
        found.unwrap_or_default()
    }

    /// False if this need not be tried after a trial that began as the stream does for so many bytes.
    pub(super) fn worth_a_trial(self, trials: &[(Settings, u64)]) -> bool {
        let Settings::Zstd { level, workers: true, .. } = self else { return true };
        trials.iter().any(|&(trial, same)| {
            matches!(trial, Settings::Zstd { level: tried, .. } if tried == level) && same >= SIMILAR_BYTES
        })
    }

    /// Memory that the encoder takes at most.
    pub(super) fn memory_bytes(self) -> u64 {
        match self {
            // By the tables of 1.5.7 for long texts: window, hash and chain tables.
            Settings::Zstd { level, workers, .. } => {
                let encoder = match level {
                    22 => 900 << 20,
                    21 => 500 << 20,
                    20 => 280 << 20,
                    _ => 140 << 20,
                };
                encoder + if workers { 320 << 20 } else { 0 }
            }
            // Match finders take 11.5 times the dictionary.
            Settings::Xz { preset, block_bytes, .. } => {
                (dictionary_bytes(preset) * 12 + (8 << 20)).saturating_add(block_bytes.saturating_mul(3))
            }
            Settings::Bzip2 { .. } => 8 << 20,
        }
    }

    fn start(self, text_bytes: u64) -> Option<Running> {
        match self {
            Settings::Zstd { level, checksum, content_size, workers } => {
                let mut encoder = RawZstd::new(i32::from(level)).ok()?;
                encoder.set_parameter(CParameter::ChecksumFlag(checksum)).ok()?;
                encoder.set_parameter(CParameter::ContentSizeFlag(content_size)).ok()?;
                if workers {
                    encoder.set_parameter(CParameter::NbWorkers(1)).ok()?;
                }
                if content_size {
                    encoder.set_pledged_src_size(Some(text_bytes)).ok()?;
                }
                Some(Running::Zstd(encoder))
            }
            Settings::Xz { preset, extreme, check, block_bytes } => {
                let preset = u32::from(preset) | if extreme { PRESET_EXTREME } else { 0 };
                let check = check_of(check)?;
                let stream = if block_bytes == 0 {
                    Stream::new_easy_encoder(preset, check)
                } else {
                    let mut builder = MtStreamBuilder::new();
                    builder.threads(1).preset(preset).check(check).block_size(block_bytes);
                    builder.encoder()
                };
                stream.ok().map(Running::Xz)
            }
            Settings::Bzip2 { level } => {
                Some(Running::Bzip2(Compress::new(Compression::new(u32::from(level)), WORK_FACTOR)))
            }
        }
    }

    /// Makes the stream of `text[at..at + bytes]`.
    pub(super) fn run(
        self,
        text: Bytes<'_>,
        mut at: u64,
        bytes: u64,
        sink: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(), RewrapError> {
        let broken = RecipeError::Corrupt { what: "the wrapper's encoder does not take the settings" };
        let mut running = self.start(bytes).ok_or(broken)?;
        let mut made = vec![0; STEP_BYTES];
        let end = at + bytes;
        loop {
            let piece = text.part(at, (end - at).min(STEP_BYTES as u64)).map_err(RewrapError::Read)?;
            at += piece.len() as u64;
            let mut rest = piece.as_slice();
            loop {
                let step = running.step(rest, at == end, &mut made).ok_or(broken)?;
                rest = rest.get(step.read..).ok_or(broken)?;
                if step.made > 0 && !sink(&made[..step.made]) {
                    return Err(RewrapError::Stopped);
                }
                if step.ended {
                    return Ok(());
                }
                if rest.is_empty() && at < end {
                    break;
                }
                if step.read == 0 && step.made == 0 {
                    return Err(broken.into());
                }
            }
        }
    }
}

impl Running {
    /// Encodes some bytes; none if the encoder breaks down.
    fn step(&mut self, input: &[u8], last: bool, into: &mut [u8]) -> Option<Step> {
        match self {
            Running::Zstd(encoder) => {
                let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(into));
                encoder.run(&mut from, &mut to).ok()?;
                let mut ended = false;
                if last && from.pos() == input.len() && to.pos() < to.capacity() {
                    ended = encoder.finish(&mut to, true).ok()? == 0;
                }
                Some(Step { read: from.pos(), made: to.pos(), ended })
            }
            Running::Xz(stream) => {
                use liblzma::stream::Action;
                let before = (stream.total_in(), stream.total_out());
                let action = if last { Action::Finish } else { Action::Run };
                let status = stream.process(input, into, action).ok()?;
                let read = (stream.total_in() - before.0) as usize;
                let made = (stream.total_out() - before.1) as usize;
                Some(Step { read, made, ended: status == Status::StreamEnd })
            }
            Running::Bzip2(encoder) => {
                use bzip2::{Action, Status};
                let before = (encoder.total_in(), encoder.total_out());
                let action = if last { Action::Finish } else { Action::Run };
                let status = encoder.compress(input, into, action).ok()?;
                let read = (encoder.total_in() - before.0) as usize;
                let made = (encoder.total_out() - before.1) as usize;
                Some(Step { read, made, ended: status == Status::StreamEnd })
            }
        }
    }
}

/// The frame header says whether there are a checksum and a length; nothing about the level.
fn zstd_candidates(front: &[u8]) -> Option<Vec<Settings>> {
    let descriptor = *front.get(4)?;
    let checksum = descriptor & 4 != 0;
    let content_size = descriptor & 0xe0 != 0;
    if descriptor & 0x1b != 0 {
        return None;
    }
    let with = |workers: bool| {
        let most = if workers { MOST_LEVEL_WITH_WORKERS } else { i8::MAX };
        let levels = ZSTD_LEVELS.into_iter().filter(move |&level| level <= most);
        levels.map(move |level| Settings::Zstd { level, checksum, content_size, workers })
    };
    Some(with(false).chain(with(true)).collect())
}

/// The headers of stream and first block say the check, the dictionary and, if threads wrote it, the length of a block.
fn xz_candidates(front: &[u8], text_bytes: u64) -> Option<Vec<Settings>> {
    let &[0, check] = front.get(6..8)? else { return None };
    check_of(check)?;
    let presets = |fits: &dyn Fn(u8) -> bool, block: &dyn Fn(u8) -> u64| {
        let both = XZ_PRESETS.into_iter().filter(|&preset| fits(preset));
        let both = both.flat_map(|preset| [(preset, false), (preset, true)]);
        both.map(|(preset, extreme)| Settings::Xz { preset, extreme, check, block_bytes: block(preset) })
            .collect()
    };
    if front.get(12) == Some(&0) {
        // No block at all: any preset makes it.
        return Some(presets(&|preset| preset == 6, &|_| 0));
    }
    let flags = *front.get(13)?;
    let mut fields = RecipeReader::new(front.get(14..)?);
    let first_block_bytes = match flags {
        0 => None,
        0xc0 => {
            fields.number().ok()?;
            Some(fields.number().ok()?)
        }
        _ => return None,
    };
    let Ok([0x21, 1, dictionary]) = fields.array() else { return None };
    let fits = |preset| dictionary_bytes(preset) == dictionary_of(dictionary);
    let block = |preset| match first_block_bytes {
        None => 0,
        Some(bytes) if bytes < text_bytes => bytes,
        Some(bytes) => (3 * dictionary_bytes(preset)).max(1 << 20).max(bytes),
    };
    Some(presets(&fits, &block))
}

fn check_of(id: u8) -> Option<Check> {
    match id {
        0 => Some(Check::None),
        1 => Some(Check::Crc32),
        4 => Some(Check::Crc64),
        10 => Some(Check::Sha256),
        _ => None,
    }
}

/// The dictionary of a preset (xz(1)).
fn dictionary_bytes(preset: u8) -> u64 {
    const LOG2: [u8; 10] = [18, 20, 21, 22, 22, 23, 23, 24, 25, 26];
    LOG2.get(usize::from(preset)).map_or(0, |&log2| 1 << log2)
}

/// The dictionary that a byte of the block header stands for (The .xz File Format, 5.3.1).
fn dictionary_of(byte: u8) -> u64 {
    if byte > 40 { u64::MAX } else { (2 | u64::from(byte & 1)) << (byte / 2 + 11) }
}

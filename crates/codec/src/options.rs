//! What a caller may choose: level, threads, limits, progress.
//!
//! In: nothing. Out: [`CompressOptions`], [`DecompressOptions`], [`Limits`], [`Progress`].
//! Not here: what is done with them.
//! Holds: no option but the level, the record schema, `content`, `precision`, networks and `as_bytes` changes a byte of the
//! archive.

use crate::chunks::CHUNK_BYTES;
use crate::engine::Engine;
use crate::networks::Model;
use crate::plan::lesson::Trainer;
use hepz_formats::records::{Arrangement, Schema};
use hepz_formats::root::rewrite::Compression;
use hepz_precision::RulesFile;
use std::sync::Arc;

/// How much effort goes into each byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    /// For files that are read again and again: static histograms, several times faster back.
    Fast,
    /// For archives: context mixing on the decision path with cross-column contexts and relations.
    #[default]
    Default,
    /// For cold storage: as the default with fitted expectations, several weights for each context and plans that are tried
    /// out; many times slower to write, several times to read, and a column needs more others.
    Max,
}

impl Level {
    /// All levels, fastest first.
    pub const ALL: [Level; 3] = [Level::Fast, Level::Default, Level::Max];

    /// The wire number.
    pub(crate) fn id(self) -> u8 {
        match self {
            Level::Default => 1,
            Level::Fast => 2,
            Level::Max => 3,
        }
    }

    /// The level of a wire number.
    pub(crate) fn from_id(id: u8) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.id() == id)
    }

    /// The level's name, as the command spells it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Fast => "fast",
            Level::Default => "default",
            Level::Max => "max",
        }
    }

    /// Table bytes of one chunk, about. What is read again and again is read in parts, and its arrays stay in the cache.
    pub(crate) fn chunk_bytes(self) -> u64 {
        match self {
            Level::Fast => CHUNK_BYTES / 4,
            Level::Default | Level::Max => CHUNK_BYTES,
        }
    }

    /// What codes columns at this level.
    pub(crate) fn engine(self) -> Engine {
        match self {
            Level::Fast => Engine::Histograms,
            Level::Default => Engine::Mixing,
            Level::Max => Engine::Deep,
        }
    }
}

impl std::str::FromStr for Level {
    type Err = String;

    fn from_str(name: &str) -> Result<Level, String> {
        let found = Level::ALL.into_iter().find(|level| level.name() == name);
        found.ok_or_else(|| format!("no level {name}: {} are known", Level::ALL.map(Level::name).join(", ")))
    }
}

/// What a long call is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Opening compressed blocks of the file.
    Open,
    /// Looking at a sample and deciding how to code it.
    Plan,
    /// Coding or decoding values and bytes.
    Code,
    /// Writing the file out and checking its sum.
    Restore,
}

/// Told how far a call has come; `done` and `total` are bytes of the original file, as near as is known.
pub trait Progress: Sync {
    /// Called now and then, from the calling thread.
    fn advance(&self, stage: Stage, done: u64, total: u64);
}

/// What a caller may choose when compressing.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct CompressOptions<'a> {
    /// Effort.
    pub level: Level,
    /// Threads; 0 for one per core. The archive does not depend on it.
    pub threads: usize,
    /// The file's name, to be stored.
    pub name: Option<String>,
    /// A schema for raw binary records; without it the format is recognised.
    pub records: Option<(Schema, Arrangement)>,
    /// The content is enough, not the file byte for byte: of a ROOT file the same objects in blocks that are compressed
    /// like this; of event records inside gzip, zstd, xz or bzip2 that cannot be made again their text.
    pub content: Option<Compression>,
    /// Columns are rounded as these rules say, in a file of the same layout, which is what the archive then holds.
    pub precision: Option<&'a RulesFile>,
    /// At level max, who fits networks to the file's own columns; one is kept where it saves more than its weights take, and is
    /// part of the archive.
    pub trainer: Option<&'a dyn Trainer>,
    /// Models that may be used at level max, where they pay.
    pub models: Vec<Arc<Model>>,
    /// The archive only names the models that it uses; who reads it has to give them.
    pub model_ref: bool,
    /// The file is coded by the first model of bytes alone, without counters and whatever it costs. For comparison.
    pub model_only: bool,
    /// The file is taken as plain bytes, whatever its format.
    pub as_bytes: bool,
    /// Read the archive back and compare before reporting success ([`crate::compress_to_file`] only).
    pub verify: bool,
    /// Who is told how far it has come.
    pub progress: Option<&'a dyn Progress>,
}

impl CompressOptions<'_> {
    /// The defaults: level default, all cores, verification on.
    pub fn new() -> Self {
        CompressOptions { verify: true, ..Default::default() }
    }
}

/// What a caller may choose when reading an archive back.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct DecompressOptions<'a> {
    /// Threads; 0 for one per core.
    pub threads: usize,
    /// Models that a damaged archive may name ([`crate::salvage`] only; else see [`crate::Archive::open_with`]).
    pub models: Vec<Arc<Model>>,
    /// Who is told how far it has come.
    pub progress: Option<&'a dyn Progress>,
}

impl DecompressOptions<'_> {
    /// The defaults: all cores, silent.
    pub fn new() -> Self {
        DecompressOptions::default()
    }
}

/// What an archive may ask of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Memory for one chunk, one section or the schema, in bytes.
    pub memory_bytes: u64,
    /// Size of the file that comes out, in bytes.
    pub output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { memory_bytes: 1 << 30, output_bytes: u64::MAX }
    }
}

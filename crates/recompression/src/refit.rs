//! Refitting: other plain bytes in the place of a block, at exactly its stored length.
//!
//! In: a pipeline, plain bytes, the stored length. Out: stored bytes that every reader of the format takes.
//! Not here: streams of a given length (`encoder`), what the plain bytes are and where the block lies (`hepz`).
//! Holds: [`crate::open`] takes what is made here apart again, with a recipe of a few bytes; checksums are made anew;
//! the same arguments give the same bytes.

use crate::pipeline::MOST_STEPS;
use crate::{Step, encoder, fletcher32, integers, root, shuffle, xxh3, zlib};

/// Runs `pipeline` on `plain` so that the stored bytes are exactly `stored_bytes`; `None` if no way to get there is
/// known. As a rule these are plain bytes that take the place of others of the same length and compress better.
///
/// Streams are deflated and, where they are too short, padded with empty blocks. Blocks of ROOT become zstd where that
/// is the file's setting, else zlib; where that does not fit, another of zlib, zstd and xz.
pub fn refit(pipeline: &[Step], plain: &[u8], stored_bytes: usize) -> Option<Vec<u8>> {
    if pipeline.len() > MOST_STEPS {
        return None;
    }
    // The last step that can make its output longer makes up for what is missing.
    let last = pipeline
        .iter()
        .rposition(|step| matches!(step, Step::Deflate | Step::Zlib | Step::RootBlocks { .. }));
    let mut stored = None::<Vec<u8>>;
    for (n, &step) in pipeline.iter().enumerate() {
        let behind = pipeline.iter().skip(n + 1).map(|step| match step {
            Step::Fletcher32 => 4,
            Step::Xxh3 => 8,
            _ => 0,
        });
        let bytes = if last == Some(n) { Some(stored_bytes.checked_sub(behind.sum())?) } else { None };
        stored = Some(run(step, stored.as_deref().unwrap_or(plain), bytes)?);
    }
    let stored = stored.unwrap_or_else(|| plain.to_vec());
    (stored.len() == stored_bytes).then_some(stored)
}

/// Runs a step; `bytes` is the length that its output has to have, if it matters.
fn run(step: Step, plain: &[u8], bytes: Option<usize>) -> Option<Vec<u8>> {
    match step {
        Step::Shuffle { element_bytes } => Some(shuffle::forward(plain, element_bytes)),
        Step::Fletcher32 => Some([plain, &fletcher32::checksum(plain)].concat()),
        Step::Xxh3 => Some([plain, &xxh3::checksum(plain)].concat()),
        Step::ZigZag { element_bytes } => integers::zigzag(plain, element_bytes),
        Step::Delta { element_bytes } => integers::delta(plain, element_bytes),
        Step::Packed { bits } => integers::pack(plain, bits),
        Step::Deflate => encoder::deflate_to(plain, bytes).map(|(_, stream)| stream),
        Step::Zlib => zlib::stream_of(plain, bytes),
        Step::RootBlocks { hint } => root::refit::payload(plain, bytes, hint),
    }
}

//! The encoder of zstd 1.4, where it searches lazily: levels 5 to 12, which ROOT's levels 3 to 6 are.
//!
//! In: plain bytes, a level and a version. Out: the frame that `ZSTD_compressCCtx` of that version makes of them.
//! Not here: other levels; zstd 1.5, which searches and codes differently (the pinned library).
//! Holds: the bytes made for given plain bytes, level and version never change; no panic on any input; memory is some ten
//! times the plain bytes at most.
//! Source: RFC 8878; the algorithm of zstd 1.4.4 and 1.4.9, written anew; tested against files that they made.

mod bits;
mod entropy_table;
mod literals;
mod matches;
mod parameters;
mod parse;
mod sequences;
mod tree;

use entropy_table::Rare;
use literals::Huffman;
use matches::Finder;
use parameters::Parameters;
use parse::{Repeats, parse};
use sequences::Tables;

/// Longest block.
const BLOCK_BYTES: usize = 128 << 10;
/// Blocks that are not worth a trial.
const TINY_BYTES: usize = 7;
/// A compressed block shorter than this may be one byte repeated.
const SHORT_BYTES: usize = 25;

/// Versions that make different bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 1.4.4 and its neighbours.
    V1_4_4,
    /// 1.4.9 and its neighbours.
    V1_4_9,
}

/// What a block hands to the next one.
#[derive(Clone)]
struct State {
    repeats: Repeats,
    huffman: Option<Huffman>,
    tables: Tables,
}

/// Makes the frame of `plain`; `None` for levels whose search is not written here, and for nothing or more than 16 MB.
pub(crate) fn encode(plain: &[u8], level: u8, version: Version) -> Option<Vec<u8>> {
    if plain.is_empty() || plain.len() > 1 << 24 {
        return None;
    }
    let parameters = Parameters::of(level, plain.len())?;
    let rare = match version {
        Version::V1_4_4 => Rare::Always,
        Version::V1_4_9 => Rare::InLongBlocks,
    };
    let mut frame = header(plain.len(), parameters.window_log);
    let mut finder = Finder::new(plain, parameters, version);
    let mut state = State { repeats: Repeats::START, huffman: None, tables: Tables::default() };
    let block_bytes = BLOCK_BYTES.min(1 << parameters.window_log);
    let mut at = 0;
    while at < plain.len() {
        let end = (at + block_bytes).min(plain.len());
        let block = &plain[at..end];
        let mut next = state.clone();
        let made = coded(&mut finder, &mut next, at, end, parameters, rare);
        let is_run = at > 0
            && made.as_ref().map_or(0, Vec::len) < SHORT_BYTES
            && block.len() >= TINY_BYTES
            && block.iter().all(|byte| Some(byte) == block.first());
        let last = u32::from(end == plain.len());
        let mut put = |kind: u32, size: usize, bytes: &[u8]| {
            let header = last | kind << 1 | (size as u32) << 3;
            frame.extend_from_slice(&header.to_le_bytes()[..3]);
            frame.extend_from_slice(bytes);
        };
        match made {
            _ if is_run => put(1, block.len(), &block[..1]),
            Some(made) => {
                put(2, made.len(), &made);
                state = next;
            }
            None => put(0, block.len(), block),
        }
        at = end;
    }
    Some(frame)
}

/// The content of a compressed block; `None` if it is not shorter than the plain bytes by enough.
fn coded(
    finder: &mut Finder<'_>,
    state: &mut State,
    at: usize,
    end: usize,
    parameters: Parameters,
    rare: Rare,
) -> Option<Vec<u8>> {
    let block_bytes = end - at;
    if block_bytes < TINY_BYTES {
        return None;
    }
    let parsed = parse(finder, &mut state.repeats, at, end);
    let mut made = literals::put(&parsed.literals, &mut state.huffman, parameters.is_greedy(), rare);
    sequences::put(&parsed.sequences, &mut state.tables, parameters.is_greedy(), rare, &mut made)?;
    (made.len() < block_bytes - least_gain(block_bytes)).then_some(made)
}

/// What compression has to save.
fn least_gain(bytes: usize) -> usize {
    (bytes >> 6) + 2
}

/// The frame's header: magic number, window, length of the content.
fn header(plain_bytes: usize, window_log: u32) -> Vec<u8> {
    let single = 1usize << window_log >= plain_bytes;
    let length_code = u8::from(plain_bytes >= 256) + u8::from(plain_bytes >= 65_536 + 256);
    let mut header = vec![0x28, 0xb5, 0x2f, 0xfd, u8::from(single) << 5 | length_code << 6];
    if !single {
        header.push(((window_log - 10) << 3) as u8);
    }
    match length_code {
        0 if single => header.push(plain_bytes as u8),
        0 => {}
        1 => header.extend_from_slice(&((plain_bytes - 256) as u16).to_le_bytes()),
        _ => header.extend_from_slice(&(plain_bytes as u32).to_le_bytes()),
    }
    header
}

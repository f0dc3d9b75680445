//! Deflate streams: to plain bytes and what it takes to deflate them to the same stream again.
//!
//! In: a deflate stream. Out: [`Inflated`]: plain bytes and a proved recipe; [`close`] makes the stream again. A recipe
//! is "zlib at this level", perhaps behind empty blocks, or the parameters of another encoder and corrections to what
//! it would have done.
//! Not here: zlib's own encoder (`encoder`), models of others (preflate-rs), the zlib frame (`zlib`).
//! Holds: no panic leaves this module; memory beyond the plain bytes is bounded by the length of a piece; hostile
//! corrections end: they cannot make a block without progress unless they spend bits on it.
//! Source: RFC 1951; preflate-rs 0.7.6.

use crate::encoder::{self, Padding};
use crate::parameters::Parameters;
use crate::recipe::{Recipe, RecipeError, RecipeReader, put_bytes, put_number};
use cabac::CabacReader;
use cabac::vp8::{VP8Context, VP8Reader};
use flate2::{Decompress, FlushDecompress, Status};
use preflate_rs::{CodecCorrection, PreflateConfig, PreflateStreamProcessor, RecreateStreamProcessor};
use std::io::Cursor;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most plain bytes of a piece; a stream is cut at block borders. preflate-rs keeps some ten times a piece in memory, a
/// piece costs a few bytes of recipe, and a long block (16,383 matches of 258) has to fit.
const PIECE_BYTES: usize = 8 << 20;

/// Plain bytes that one stored byte can make at most: 258 for two bits, and a block header.
const MOST_PER_BYTE: usize = 1_032;

/// Corrections that are refused, although preflate-rs writes them. They name sizes, so a hostile recipe could ask with
/// them for gigabytes or for blocks without end; zlib and its kin never need them.
const REFUSED: [CodecCorrection; 4] = [
    CodecCorrection::TokenCount,
    CodecCorrection::EndOfChunk,
    CodecCorrection::LiteralCountCorrection,
    CodecCorrection::DistanceCountCorrection,
];

/// Levels of zlib in the order in which they are tried, by how often files have them. A wrong one costs one block.
const LEVELS: [u8; 9] = [6, 4, 9, 1, 5, 2, 3, 7, 8];

/// What a recipe begins with in place of a level where a stream begins with empty blocks; their numbers and the level
/// follow. Came with version 3 of recipes.
const PADDED: u8 = 0x10;

/// A deflate stream, taken apart.
pub(crate) struct Inflated {
    /// Its content.
    pub(crate) plain: Vec<u8>,
    /// A recipe that was proved: [`close`] made the stream again.
    pub(crate) recipe: Recipe,
    /// The recipe has padding in it.
    pub(crate) padded: bool,
}

/// A run of whole blocks of the stream.
struct Piece {
    plain_bytes: usize,
    corrections: Vec<u8>,
}

/// Takes apart a stream that fills `stored` and holds at most `most_plain_bytes`; zlib's header names `levels`.
pub(crate) fn open(stored: &[u8], most_plain_bytes: usize, levels: RangeInclusive<u8>) -> Option<Inflated> {
    open_likely(stored, most_plain_bytes, levels, 0)
}

/// The same; `first` is the level that the file claims, 0 if it claims none.
pub(crate) fn open_likely(
    stored: &[u8],
    most_plain_bytes: usize,
    levels: RangeInclusive<u8>,
    first: u8,
) -> Option<Inflated> {
    let most_plain_bytes = most_plain_bytes.min(stored.len().saturating_mul(MOST_PER_BYTE));
    let plain = inflate(stored, most_plain_bytes)?;
    let others = LEVELS.into_iter().filter(|&level| level != first);
    let mut likely = [first].into_iter().chain(others).filter(|level| levels.contains(level));
    let padding = Padding::of(stored);
    let padded = !padding.is_empty();
    let mut recipe = Recipe::new();
    if padded {
        recipe.push(PADDED);
        for blocks in [padding.fixed, padding.stored, padding.fixed_after] {
            put_number(&mut recipe, blocks.into());
        }
    }
    let with = |level| [recipe.as_slice(), &[level]].concat();
    match likely.find(|&level| deflates_to(&plain, &with(level), stored)) {
        Some(level) => Some(Inflated { plain, recipe: with(level), padded }),
        None => {
            drop(plain);
            estimated(stored, most_plain_bytes)
        }
    }
}

/// Inflates a stream that fills `stored` and holds at most `most_plain_bytes`.
pub(crate) fn inflate(stored: &[u8], most_plain_bytes: usize) -> Option<Vec<u8>> {
    let mut inflater = Decompress::new(false);
    let mut plain = Vec::new();
    loop {
        // Grows with what is there, not with what is claimed; the byte more than allowed tells that there is more.
        plain
            .reserve(plain.len().max(stored.len().saturating_mul(4)).min(most_plain_bytes + 1 - plain.len()));
        let at = usize::try_from(inflater.total_in()).ok()?;
        let made = plain.len();
        let status = inflater.decompress_vec(stored.get(at..)?, &mut plain, FlushDecompress::None).ok()?;
        let all_read = inflater.total_in() == stored.len() as u64;
        if plain.len() > most_plain_bytes {
            return None;
        }
        match status {
            Status::StreamEnd => return all_read.then_some(plain),
            _ if plain.len() == made && all_read => return None,
            _ => {}
        }
    }
}

/// Lets preflate-rs estimate the encoder.
fn estimated(stored: &[u8], most_plain_bytes: usize) -> Option<Inflated> {
    let mut processor = PreflateStreamProcessor::new(&PreflateConfig {
        max_chain_length: 4_096,
        plain_text_limit: PIECE_BYTES.min(most_plain_bytes),
        verify_compression: false,
    });
    let (mut plain, mut pieces, mut at) = (Vec::new(), Vec::new(), 0);
    let mut parameters = None;
    while !processor.is_done() {
        let rest = stored.get(at..)?;
        // preflate-rs indexes and asserts its way through odd streams; the hook still prints what it met.
        let piece = catch_unwind(AssertUnwindSafe(|| processor.decompress(rest))).ok()?.ok()?;
        let mut corrections = piece.corrections;
        if let Some(estimate) = &piece.parameters {
            let (first, inner) = Parameters::unwrap_first(estimate, &corrections)?;
            (parameters, corrections) = (Some(first), inner);
        }
        let text = processor.plain_text().text();
        // A piece that consumes nothing can only be followed by another.
        if text.len() > most_plain_bytes - plain.len() || (piece.compressed_size == 0 && !processor.is_done())
        {
            return None;
        }
        plain.extend_from_slice(text);
        // The reader takes zeros after the end.
        corrections.truncate(corrections.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1));
        pieces.push(Piece { plain_bytes: text.len(), corrections });
        at += piece.compressed_size;
        processor.shrink_to_dictionary();
    }
    if at != stored.len() {
        return None;
    }
    let parameters = parameters?;
    let recipe = with_corrections(&parameters, &pieces);
    deflates_to(&plain, &recipe, stored).then_some(Inflated { plain, recipe, padded: false })
}

/// The proof: `plain` deflates to exactly `stream`. Stops at the first piece that differs.
fn deflates_to(plain: &[u8], recipe: &[u8], stream: &[u8]) -> bool {
    let mut rest = stream;
    let mut reader = RecipeReader::over(recipe, plain);
    let closed = close(plain, &mut reader, &mut |made| match rest.strip_prefix(made) {
        Some(after) => {
            rest = after;
            true
        }
        None => false,
    });
    closed.is_ok() && rest.is_empty() && reader.finish().is_ok()
}

fn with_corrections(parameters: &Parameters, pieces: &[Piece]) -> Recipe {
    let mut recipe = vec![0];
    parameters.put(&mut recipe);
    put_number(&mut recipe, pieces.len() as u64);
    for (n, piece) in pieces.iter().enumerate() {
        put_bytes(&mut recipe, &piece.corrections);
        if n + 1 < pieces.len() {
            put_number(&mut recipe, piece.plain_bytes as u64);
        }
    }
    recipe
}

/// Makes the stream of `plain` again and hands it piece by piece to `sink`, until that returns false.
pub(crate) fn close(
    plain: &[u8],
    recipe: &mut RecipeReader<'_>,
    sink: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(), RecipeError> {
    match recipe.byte()? {
        0 => corrected(plain, recipe, sink),
        PADDED => {
            let mut blocks = || recipe.number_up_to(u32::MAX, "empty blocks");
            let padding = Padding { fixed: blocks()?, stored: blocks()?, fixed_after: blocks()? };
            recipe.pad(padding.bytes())?;
            let made = encoder::deflate_after(padding, plain, recipe.byte()?, sink);
            made.map(|_| ()).ok_or(RecipeError::Corrupt { what: "level of zlib" })
        }
        level => encoder::deflate(plain, level, sink).ok_or(RecipeError::Corrupt { what: "level of zlib" }),
    }
}

/// The same with the parameters of an encoder and corrections to what it would do.
fn corrected(
    plain: &[u8],
    recipe: &mut RecipeReader<'_>,
    sink: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(), RecipeError> {
    let parameters = Parameters::read(recipe)?;
    let n_pieces = recipe.number()?;
    let mut rest = plain;
    let mut processor = RecreateStreamProcessor::new();
    for n in 1..=n_pieces {
        let corrections = recipe.bytes()?;
        let piece = if n == n_pieces {
            rest
        } else {
            let length = usize::try_from(recipe.number()?).map_err(|_| RecipeError::OtherPlain)?;
            let (piece, after) = rest.split_at_checked(length).ok_or(RecipeError::OtherPlain)?;
            rest = after;
            piece
        };
        check(corrections)?;
        let first = (n == 1).then(|| parameters.wrap_first(corrections));
        let corrections = first.as_deref().unwrap_or(corrections);
        // Wrong corrections lead preflate-rs out of its tables: it relies on the panics of indexing.
        let made =
            catch_unwind(AssertUnwindSafe(|| processor.recompress(&mut Cursor::new(piece), corrections)));
        let (stream, _) = made.ok().and_then(Result::ok).ok_or(RecipeError::OtherPlain)?;
        if !sink(&stream) {
            break;
        }
    }
    Ok(())
}

/// Refuses corrections of the [`REFUSED`] kinds: the stream opens with one bit for each kind, set if it occurs.
fn check(corrections: &[u8]) -> Result<(), RecipeError> {
    let corrupt = |_| RecipeError::Corrupt { what: "deflate corrections" };
    let mut reader = VP8Reader::new(Cursor::new(corrections)).map_err(corrupt)?;
    let mut context = VP8Context::default();
    for kind in 0..CodecCorrection::MAX as usize {
        let occurs = reader.get(&mut context).map_err(corrupt)?;
        if occurs && REFUSED.iter().any(|&refused| refused as usize == kind) {
            return Err(RecipeError::Corrupt { what: "a deflate correction that names a size" });
        }
    }
    Ok(())
}

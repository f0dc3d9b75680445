//! Deflate streams: to plain bytes and what it takes to deflate them to the same stream again.
//!
//! In: a deflate stream. Out: [`Inflated`]: plain bytes and candidates for its recipe, shortest first; [`close`] makes
//! the stream again. A recipe is one byte for "zlib at this level", or the parameters of the encoder and corrections.
//! Not here: modelling encoders (preflate-rs), the zlib frame (`zlib`), which candidate is right (`pipeline` proves it).
//! Holds: no panic leaves this module; memory beyond the plain bytes is bounded by the length of a piece; hostile
//! corrections end: they cannot make a block without progress unless they spend bits on it.
//! Source: RFC 1951; preflate-rs 0.7.6.

use crate::parameters::Parameters;
use crate::recipe::{Recipe, RecipeError, RecipeReader, put_bytes, put_number};
use cabac::CabacReader;
use cabac::vp8::{VP8Context, VP8Reader};
use preflate_rs::{CodecCorrection, PreflateConfig, PreflateStreamProcessor, RecreateStreamProcessor};
use std::io::Cursor;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most plain bytes of a piece; a stream is cut at block borders. preflate-rs keeps some ten times a piece in memory, a
/// piece costs a few bytes of recipe, and the longest block of zlib (16,383 matches of 258) has to fit.
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

/// How many levels of zlib are tried before the corrections are taken.
const MOST_LEVELS_TRIED: usize = 4;

/// A deflate stream, taken apart.
pub(crate) struct Inflated {
    /// Its content.
    pub(crate) plain: Vec<u8>,
    /// Candidates for its recipe, shortest first.
    pub(crate) candidates: Vec<Recipe>,
}

/// A run of whole blocks of the stream.
struct Piece {
    plain_bytes: usize,
    corrections: Vec<u8>,
}

/// Takes apart a stream that fills `stored` and holds at most `most_plain_bytes`; zlib's header names `levels`.
pub(crate) fn open(stored: &[u8], most_plain_bytes: usize, levels: RangeInclusive<u8>) -> Option<Inflated> {
    // preflate-rs indexes and asserts its way through odd streams.
    catch_unwind(AssertUnwindSafe(|| open_or_panic(stored, most_plain_bytes, levels))).ok()?
}

fn open_or_panic(stored: &[u8], most_plain_bytes: usize, levels: RangeInclusive<u8>) -> Option<Inflated> {
    let most_plain_bytes = most_plain_bytes.min(stored.len().saturating_mul(MOST_PER_BYTE));
    let mut processor = PreflateStreamProcessor::new(&PreflateConfig {
        max_chain_length: 4_096,
        plain_text_limit: PIECE_BYTES.min(most_plain_bytes),
        verify_compression: false,
    });
    let (mut plain, mut pieces, mut at) = (Vec::new(), Vec::new(), 0);
    let mut parameters = None;
    while !processor.is_done() {
        let piece = processor.decompress(stored.get(at..)?).ok()?;
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
    let block_types = parameters.block_types();
    let likely = parameters.zlib_levels(levels).into_iter().take(MOST_LEVELS_TRIED);
    let mut candidates: Vec<Recipe> = likely.map(|level| of_level(level, block_types, &pieces)).collect();
    candidates.push(with_corrections(&parameters, &pieces));
    Some(Inflated { plain, candidates })
}

/// The recipe of a stream that zlib makes at `level`, without corrections.
fn of_level(level: u8, block_types: u8, pieces: &[Piece]) -> Recipe {
    let mut recipe = vec![level | block_types << 4];
    put_pieces(&mut recipe, pieces, |_| &[]);
    recipe
}

fn with_corrections(parameters: &Parameters, pieces: &[Piece]) -> Recipe {
    let mut recipe = vec![0];
    parameters.put(&mut recipe);
    put_pieces(&mut recipe, pieces, |piece| &piece.corrections);
    recipe
}

fn put_pieces(recipe: &mut Recipe, pieces: &[Piece], corrections: impl Fn(&Piece) -> &[u8]) {
    put_number(recipe, pieces.len() as u64);
    for (n, piece) in pieces.iter().enumerate() {
        put_bytes(recipe, corrections(piece));
        if n + 1 < pieces.len() {
            put_number(recipe, piece.plain_bytes as u64);
        }
    }
}

/// Makes the stream of `plain` again and hands it piece by piece to `sink`, until that returns false.
pub(crate) fn close(
    plain: &[u8],
    recipe: &mut RecipeReader<'_>,
    sink: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(), RecipeError> {
    let profile = recipe.byte()?;
    let parameters = match profile {
        0 => Parameters::read(recipe)?,
        _ => Parameters::of_zlib(profile & 0x0f, profile >> 4)
            .ok_or(RecipeError::Corrupt { what: "level of zlib" })?,
    };
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

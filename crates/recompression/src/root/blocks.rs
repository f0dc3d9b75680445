//! The step of a pipeline that makes ROOT's blocks: a payload to plain bytes and what makes the same payload again.
//!
//! In: a payload and the file's compression setting. Out: plain bytes and a proved recipe; [`close`] makes the payload.
//! Not here: encoders and decoders of the streams.
//! Holds: sizes are not in the recipe: all blocks but the last are full, as ROOT cuts them; other payloads stay closed.

use super::decoders::{self, Decoded, LZ4_CHECKSUM_BYTES};
use super::encoders::Settings;
use super::frame::{Codec, Header, MOST_PLAIN_BYTES};
use super::padding::padding;
use crate::deflate::{self, Inflated};
use crate::recipe::{Recipe, RecipeError, RecipeReader, put_number};
use crate::zlib;
use twox_hash::XxHash64;

/// Flags beside the number of a codec: a checksum that is not the right one follows; an unusual method byte.
const CHECKSUM_KEPT: u8 = 0x10;
const METHOD_KEPT: u8 = 0x20;
/// Padding follows the stream; its length comes after the settings. Came with version 3 of recipes, for xz and zstd.
const PADDED: u8 = 0x40;

const LONG_PADDING: &str = "padding of a block of ROOT";

/// Undoes the blocks of `stored`. `hint` is the file's compression setting: a hundred times the algorithm, and the level.
pub(crate) fn open(stored: &[u8], most_bytes: usize, hint: u16) -> Option<Inflated> {
    let (mut plain, mut recipe, mut padded) = (Vec::new(), Recipe::new(), false);
    let mut rest = stored;
    while !rest.is_empty() {
        let (header, stream, after) = Header::split(rest)?;
        let full = header.plain_bytes == MOST_PLAIN_BYTES;
        if header.plain_bytes == 0
            || header.plain_bytes > most_bytes - plain.len()
            || (!full && !after.is_empty())
        {
            return None;
        }
        let block = open_block(header, stream, header.codec.level_of(hint), &mut recipe, &mut padded)?;
        plain.extend_from_slice(&block);
        rest = after;
    }
    // No payload is empty.
    (!stored.is_empty()).then_some(Inflated { plain, recipe, padded })
}

/// Undoes one block and appends to the recipe what makes it again; what its bytes are is proved here.
fn open_block(
    header: Header,
    stream: &[u8],
    level: u8,
    recipe: &mut Recipe,
    padded: &mut bool,
) -> Option<Vec<u8>> {
    let Header { codec, method, plain_bytes } = header;
    let kept = if method == codec.usual_method() { 0 } else { METHOD_KEPT };
    let mut front = |flags: u8, checksum: &[u8]| {
        recipe.push(codec.id() | kept | flags);
        recipe.extend_from_slice(if kept == 0 { &[] } else { std::slice::from_ref(&method) });
        recipe.extend_from_slice(checksum);
    };
    let wrong = |flag: bool| if flag { CHECKSUM_KEPT } else { 0 };
    let found = |plain: &[u8], stream: &[u8]| {
        let mut likely = Settings::candidates(codec, stream, plain_bytes, level).into_iter();
        likely.find(|settings| settings.encode(plain).is_some_and(|made| made == stream))
    };
    match codec {
        Codec::Zlib => {
            let frame = zlib::take_apart(stream)?;
            let inflated =
                deflate::open_likely(frame.stream, plain_bytes, zlib::levels(frame.header), level)?;
            let is_wrong = frame.checksum != zlib::checksum(&inflated.plain);
            front(wrong(is_wrong), if is_wrong { &frame.checksum } else { &[] });
            recipe.extend_from_slice(&frame.header);
            recipe.extend_from_slice(&inflated.recipe);
            *padded |= inflated.padded;
            (inflated.plain.len() == plain_bytes).then_some(inflated.plain)
        }
        Codec::Deflate => {
            let inflated = deflate::open_likely(stream, plain_bytes, 1..=9, level)?;
            front(0, &[]);
            recipe.extend_from_slice(&inflated.recipe);
            *padded |= inflated.padded;
            (inflated.plain.len() == plain_bytes).then_some(inflated.plain)
        }
        Codec::Xz | Codec::Zstd => {
            let Decoded { plain, stream_bytes } = decoders::decode(codec, stream, plain_bytes)?;
            let (stream, padding) = stream.split_at_checked(stream_bytes)?;
            let settings = found(&plain, stream)?;
            front(if padding.is_empty() { 0 } else { PADDED }, &[]);
            settings.put(recipe);
            if !padding.is_empty() {
                put_number(recipe, padding.len() as u64);
                *padded = true;
            }
            Some(plain)
        }
        Codec::Lz4 => {
            let plain = decoders::decode(codec, stream, plain_bytes)?.plain;
            let (checksum, block) = stream.split_first_chunk::<LZ4_CHECKSUM_BYTES>()?;
            let settings = found(&plain, block)?;
            let is_wrong = *checksum != lz4_checksum(block);
            front(wrong(is_wrong), if is_wrong { checksum } else { &[] });
            settings.put(recipe);
            Some(plain)
        }
    }
}

/// Makes the payload of `plain` again.
pub(crate) fn close(plain: &[u8], recipe: &mut RecipeReader<'_>) -> Result<Vec<u8>, RecipeError> {
    let mut stored = Vec::new();
    for block in plain.chunks(MOST_PLAIN_BYTES) {
        close_block(block, recipe, &mut stored)?;
    }
    Ok(stored)
}

fn close_block(plain: &[u8], recipe: &mut RecipeReader<'_>, stored: &mut Vec<u8>) -> Result<(), RecipeError> {
    let byte = recipe.byte()?;
    let codec =
        Codec::from_id(byte & 0x0f).ok_or(RecipeError::Corrupt { what: "codec of a block of ROOT" })?;
    let checksum_kept = byte & CHECKSUM_KEPT != 0;
    let padded = byte & PADDED != 0;
    if byte & !(0x0f | CHECKSUM_KEPT | METHOD_KEPT | PADDED) != 0
        || (checksum_kept && !matches!(codec, Codec::Zlib | Codec::Lz4))
        || (padded && !matches!(codec, Codec::Xz | Codec::Zstd))
    {
        return Err(RecipeError::Corrupt { what: "flags of a block of ROOT" });
    }
    let method = if byte & METHOD_KEPT == 0 { codec.usual_method() } else { recipe.byte()? };
    let mut stream = Vec::new();
    match codec {
        Codec::Zlib => {
            let checksum = if checksum_kept { recipe.array()? } else { zlib::checksum(plain) };
            stream.extend_from_slice(&recipe.array::<2>()?);
            deflated(plain, recipe, &mut stream)?;
            stream.extend_from_slice(&checksum);
        }
        Codec::Deflate => deflated(plain, recipe, &mut stream)?,
        Codec::Xz | Codec::Zstd => {
            stream = pinned(codec, plain, recipe)?;
            if padded {
                let bytes = recipe.number_up_to(MOST_PLAIN_BYTES as u32, LONG_PADDING)? as usize;
                recipe.pad(bytes)?;
                let corrupt = RecipeError::Corrupt { what: LONG_PADDING };
                stream.extend_from_slice(&padding(codec, bytes).ok_or(corrupt)?);
            }
        }
        Codec::Lz4 => {
            let checksum = if checksum_kept { Some(recipe.array()?) } else { None };
            let block = pinned(codec, plain, recipe)?;
            stream.extend_from_slice(&checksum.unwrap_or_else(|| lz4_checksum(&block)));
            stream.extend_from_slice(&block);
        }
    }
    let header = Header { codec, method, plain_bytes: plain.len() };
    // Corrections of another block may make a stream longer than three bytes can say.
    stored.extend_from_slice(&header.to_bytes(stream.len()).ok_or(RecipeError::OtherPlain)?);
    stored.extend_from_slice(&stream);
    Ok(())
}

fn pinned(codec: Codec, plain: &[u8], recipe: &mut RecipeReader<'_>) -> Result<Vec<u8>, RecipeError> {
    let settings = Settings::read(codec, recipe)?;
    settings
        .encode(plain)
        .ok_or(RecipeError::Corrupt { what: "an encoder of ROOT does not take the settings" })
}

fn deflated(plain: &[u8], recipe: &mut RecipeReader<'_>, into: &mut Vec<u8>) -> Result<(), RecipeError> {
    deflate::close(plain, recipe, &mut |made| {
        into.extend_from_slice(made);
        true
    })
}

/// What ROOT puts in front of an LZ4 block: its XXH64, as a number that is written big-endian.
pub(super) fn lz4_checksum(block: &[u8]) -> [u8; LZ4_CHECKSUM_BYTES] {
    XxHash64::oneshot(0, block).to_be_bytes()
}

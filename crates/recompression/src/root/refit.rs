//! Payloads of a given length: plain bytes to blocks by whatever encoder gets there.
//!
//! In: plain bytes, the length of their payload, the compression setting of the file. Out: a payload of that length, cut
//! into blocks as ROOT cuts them.
//! Not here: zlib streams of a given length (`crate::zlib`), padding behind others (`padding`).
//! Holds: sizes in the headers are those of the streams; every block but the last holds 16 MB.
//! Source: ROOT 6, `R__unzip`: the method is read from each block, so that one file may have several.

use super::encoders::{Dictionary, Settings};
use super::frame::{Codec, HEADER_BYTES, Header, MOST_PLAIN_BYTES};
use super::padding::padding;
use crate::recipe::MORE_PADDING_BYTES;
use crate::zlib;

/// The algorithm of a setting that stands for zstd.
const ZSTD_SETTING: u16 = 5;
/// Preset of xz where the file claims none.
const XZ_PRESET: u8 = 9;

/// A payload of so many bytes, or of whatever length it gets. `hint` is the file's compression setting.
pub(crate) fn payload(plain: &[u8], bytes: Option<usize>, hint: u16) -> Option<Vec<u8>> {
    // zstd stays zstd; xz is slow for writers and readers, and the last resort.
    let codecs = match hint / 100 {
        ZSTD_SETTING => [Codec::Zstd, Codec::Zlib, Codec::Xz],
        _ => [Codec::Zlib, Codec::Zstd, Codec::Xz],
    };
    codecs.into_iter().find_map(|codec| payload_of(codec, plain, bytes, hint))
}

/// The same, all blocks by one encoder.
fn payload_of(codec: Codec, plain: &[u8], bytes: Option<usize>, hint: u16) -> Option<Vec<u8>> {
    let blocks: Vec<&[u8]> = plain.chunks(MOST_PLAIN_BYTES).collect();
    let mut stored = Vec::new();
    if let (&[plain], Some(bytes)) = (blocks.as_slice(), bytes) {
        let stream = stream(codec, plain, Some(bytes.checked_sub(HEADER_BYTES)?), hint)?;
        put(codec, plain, stream, &mut stored)?;
        return Some(stored);
    }
    let own = blocks.iter().map(|plain| stream(codec, plain, None, hint));
    let own: Vec<Vec<u8>> = own.collect::<Option<_>>()?;
    // What is missing is shared out by the lengths of the streams, in steps that all paddings can do; the last gets the
    // rest.
    let own_bytes: usize = own.iter().map(|stream| HEADER_BYTES + stream.len()).sum();
    let mut missing = bytes.unwrap_or(own_bytes).checked_sub(own_bytes)?;
    let mut left: usize = own.iter().map(Vec::len).sum();
    for (plain, own) in blocks.into_iter().zip(own) {
        const STEP: usize = 1_000;
        let share = (missing as u128 * own.len() as u128 / left.max(1) as u128) as usize;
        left -= own.len();
        let share = if left > 0 { share / STEP * STEP } else { missing };
        missing -= share;
        let stream = if share > 0 { stream(codec, plain, Some(own.len() + share), hint)? } else { own };
        put(codec, plain, stream, &mut stored)?;
    }
    Some(stored)
}

/// A stream of so many bytes.
fn stream(codec: Codec, plain: &[u8], bytes: Option<usize>, hint: u16) -> Option<Vec<u8>> {
    let level = codec.level_of(hint);
    let settings = match codec {
        Codec::Zlib => return zlib::stream_of(plain, bytes),
        Codec::Xz => {
            let preset = if level > 0 { level } else { XZ_PRESET };
            Settings::Xz { preset, dictionary: Dictionary::Quarter }
        }
        _ => Settings::candidates(codec, &[], plain.len(), level).into_iter().next()?,
    };
    let mut stream = settings.encode(plain)?;
    let missing = bytes.unwrap_or(stream.len()).checked_sub(stream.len())?;
    if missing > 0 {
        // Recipes may not ask for more.
        let allowed = missing <= plain.len().saturating_add(MORE_PADDING_BYTES);
        stream.extend_from_slice(&padding(codec, missing).filter(|_| allowed)?);
    }
    Some(stream)
}

/// Appends a block with its header; `None` if a size does not fit its three bytes.
fn put(codec: Codec, plain: &[u8], stream: Vec<u8>, stored: &mut Vec<u8>) -> Option<()> {
    let header = Header { codec, method: codec.usual_method(), plain_bytes: plain.len() };
    stored.extend_from_slice(&header.to_bytes(stream.len())?);
    stored.extend_from_slice(&stream);
    Some(())
}

//! A network alone: bytes coded under its frequencies and nothing else, many streams in step.
//!
//! In: bytes, cut into streams of equal length; what a network thinks of each stream's next byte. Out: one code for each stream.
//! Not here: counters (`mod`), the network (`hepz-neural`), where streams lie in an archive (`hepz`).
//! Holds: streams do not depend on each other; hostile codes give some bytes, never a panic.
//! Source: decisions from the top bit down, each with the share of its frequencies; the literature codes whole bytes by the same
//! frequencies, at the same price but for rounding to 2^-16.

use super::forecast::{Frequencies, share};
use hepz_entropy::{Coder, Decoder, Encoder};

/// Codes streams of `stream_bytes` each (the last may be shorter; at least 1). `foresee` takes the last byte of each stream, 0 at
/// the start, and gives `[stream][256]` frequencies.
pub fn encode_alone(
    bytes: &[u8],
    stream_bytes: usize,
    foresee: impl FnMut(&[u8], &mut [u32]),
) -> Vec<Vec<u8>> {
    let stream_bytes = stream_bytes.max(1);
    let streams = 0..bytes.len().div_ceil(stream_bytes);
    let mut coders: Vec<Encoder> = streams.map(|_| Encoder::default()).collect();
    walk(&mut coders, &mut bytes.to_vec(), stream_bytes, foresee);
    coders.into_iter().map(Encoder::finish).collect()
}

/// Gives back `len` bytes of [`encode_alone`]; there is a code for each stream, or what is missing decodes as zeros do.
pub fn decode_alone(
    coded: &[&[u8]],
    len: usize,
    stream_bytes: usize,
    foresee: impl FnMut(&[u8], &mut [u32]),
) -> Vec<u8> {
    let stream_bytes = stream_bytes.max(1);
    let streams = 0..len.div_ceil(stream_bytes);
    let mut coders: Vec<Decoder<'_>> =
        streams.map(|stream| Decoder::new(coded.get(stream).copied().unwrap_or_default())).collect();
    let mut bytes = vec![0; len];
    walk(&mut coders, &mut bytes, stream_bytes, foresee);
    bytes
}

/// The one walk of both directions: an encoder reads `bytes`, a decoder overwrites them.
fn walk<C: Coder>(
    coders: &mut [C],
    bytes: &mut [u8],
    stream_bytes: usize,
    mut foresee: impl FnMut(&[u8], &mut [u32]),
) {
    let mut last = vec![0u8; coders.len()];
    let mut frequencies = vec![0u32; 256 * coders.len()];
    for at in 0..stream_bytes.min(bytes.len()) {
        foresee(&last, &mut frequencies);
        let places = bytes.iter_mut().skip(at).step_by(stream_bytes);
        let told = frequencies.as_chunks::<256>().0;
        // A stream that has ended goes on with zeros.
        last.fill(0);
        for (((coder, byte), last), told) in coders.iter_mut().zip(places).zip(&mut last).zip(told) {
            *byte = code_byte(coder, *byte, told);
            *last = *byte;
        }
    }
}

/// Codes one byte from its top bit down.
fn code_byte(coder: &mut impl Coder, byte: u8, frequencies: &Frequencies) -> u8 {
    let mut range: &[u32] = frequencies;
    let mut all = sum(range);
    let mut coded = 0;
    for shift in (0..8).rev() {
        let (below, above) = range.split_at(range.len() / 2);
        let part = sum(above);
        let bit = coder.code(u32::from(byte >> shift) & 1, share(part, all)) & 1;
        (range, all) = if bit == 1 { (above, part) } else { (below, all.wrapping_sub(part)) };
        coded = coded << 1 | bit as u8;
    }
    coded
}

/// Frequencies of a network add up to 2^24; others may wrap, in both directions alike.
fn sum(frequencies: &[u32]) -> u32 {
    frequencies.iter().fold(0, |sum, &n| sum.wrapping_add(n))
}

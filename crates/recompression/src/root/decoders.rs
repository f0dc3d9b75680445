//! Decoders of the streams that blocks of ROOT hold.
//!
//! In: a stream and the plain bytes that its header claims. Out: exactly so many plain bytes, or `None`.
//! Not here: headers (`frame`), encoders.
//! Holds: memory is the claimed plain bytes (16 MB at most) and a constant; bytes behind a stream are refused.

use super::frame::Codec;
use crate::{deflate, zlib};
use liblzma::stream::{Action, Status, Stream};

/// Memory of a decoder of xz: the largest dictionary of its presets and some more.
const XZ_MEMORY_BYTES: u64 = (64 << 20) + (8 << 20);
/// Bytes of the checksum in front of an LZ4 block.
pub(super) const LZ4_CHECKSUM_BYTES: usize = 8;

/// Decodes one stream.
pub(super) fn decode(codec: Codec, stream: &[u8], plain_bytes: usize) -> Option<Vec<u8>> {
    let plain = match codec {
        Codec::Zlib => deflate::inflate(zlib::take_apart(stream)?.stream, plain_bytes)?,
        Codec::Deflate => deflate::inflate(stream, plain_bytes)?,
        Codec::Xz => xz(stream, plain_bytes)?,
        Codec::Lz4 => {
            let (_, block) = stream.split_first_chunk::<LZ4_CHECKSUM_BYTES>()?;
            lz4::block::decompress(block, Some(i32::try_from(plain_bytes).ok()?)).ok()?
        }
        Codec::Zstd => zstd::bulk::decompress(stream, plain_bytes).ok()?,
    };
    (plain.len() == plain_bytes).then_some(plain)
}

fn xz(stream: &[u8], plain_bytes: usize) -> Option<Vec<u8>> {
    let mut decoder = Stream::new_stream_decoder(XZ_MEMORY_BYTES, 0).ok()?;
    let mut plain = vec![0; plain_bytes];
    // One call reads all and fills all; more would be for streams that are cut or too long.
    let status = decoder.process(stream, &mut plain, Action::Finish).ok()?;
    let whole = decoder.total_in() == stream.len() as u64 && decoder.total_out() == plain_bytes as u64;
    (whole && status == Status::StreamEnd).then_some(plain)
}

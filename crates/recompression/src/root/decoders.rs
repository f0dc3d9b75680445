//! Decoders of the streams that blocks of ROOT hold.
//!
//! In: a stream and the plain bytes that its header claims. Out: exactly so many plain bytes, or `None`.
//! Not here: headers (`frame`), encoders.
//! Holds: memory is the claimed plain bytes (16 MB at most) and a constant; bytes behind a stream are refused, but for padding.

use super::frame::Codec;
use super::padding::padding;
use crate::{deflate, zlib};
use liblzma::stream::{Action, Status, Stream};

/// Memory of a decoder of xz: the largest dictionary of its presets and some more.
const XZ_MEMORY_BYTES: u64 = (64 << 20) + (8 << 20);
/// Bytes of the checksum in front of an LZ4 block.
pub(super) const LZ4_CHECKSUM_BYTES: usize = 8;

/// A stream, decoded.
pub(super) struct Decoded {
    pub(super) plain: Vec<u8>,
    /// Length of the stream without the padding behind it.
    pub(super) stream_bytes: usize,
}

/// Decodes one stream.
pub(super) fn decode(codec: Codec, stream: &[u8], plain_bytes: usize) -> Option<Decoded> {
    let whole = |plain| Decoded { plain, stream_bytes: stream.len() };
    let decoded = match codec {
        Codec::Zlib => whole(deflate::inflate(zlib::take_apart(stream)?.stream, plain_bytes)?),
        Codec::Deflate => whole(deflate::inflate(stream, plain_bytes)?),
        Codec::Xz => xz(stream, plain_bytes)?,
        Codec::Lz4 => {
            let (_, block) = stream.split_first_chunk::<LZ4_CHECKSUM_BYTES>()?;
            whole(lz4::block::decompress(block, Some(i32::try_from(plain_bytes).ok()?)).ok()?)
        }
        Codec::Zstd => {
            let first = zstd::zstd_safe::find_frame_compressed_size(stream).ok()?;
            let padded = is_padding(codec, stream.get(first..)?);
            let stream_bytes = if padded { first } else { stream.len() };
            let plain = zstd::bulk::decompress(stream.get(..stream_bytes)?, plain_bytes).ok()?;
            Decoded { plain, stream_bytes }
        }
    };
    (decoded.plain.len() == plain_bytes).then_some(decoded)
}

/// True for the padding that is made here.
fn is_padding(codec: Codec, rest: &[u8]) -> bool {
    rest.is_empty() || padding(codec, rest.len()).is_some_and(|made| made == rest)
}

fn xz(stream: &[u8], plain_bytes: usize) -> Option<Decoded> {
    let mut decoder = Stream::new_stream_decoder(XZ_MEMORY_BYTES, 0).ok()?;
    let mut plain = vec![0; plain_bytes];
    // One call reads all and fills all; more would be for streams that are cut or too long.
    let status = decoder.process(stream, &mut plain, Action::Finish).ok()?;
    let stream_bytes = usize::try_from(decoder.total_in()).ok()?;
    let whole = decoder.total_out() == plain_bytes as u64 && status == Status::StreamEnd;
    (whole && is_padding(Codec::Xz, stream.get(stream_bytes..)?)).then_some(Decoded { plain, stream_bytes })
}

//! Decoders of wrappers, one stream at a time, step by step.
//!
//! In: some bytes of a stream. Out: some of its text, and where it ends.
//! Not here: streams that follow each other (`wrapper`).
//! Holds: memory is that of the decoders' windows, which are limited.

use super::{MEMORY_BYTES, Wrapper, gzip};
use flate2::{Crc, Decompress, FlushDecompress, Status};
use zstd::stream::raw::Operation;

/// What one step did.
pub(super) struct Step {
    /// Bytes of the stream that were used.
    pub(super) read: usize,
    /// Bytes of text that were made.
    pub(super) made: usize,
    /// The stream is over.
    pub(super) ended: bool,
}

/// A decoder of one stream.
pub(super) enum Decoder {
    Gzip(Decompress, Crc),
    Zstd(zstd::stream::raw::Decoder<'static>),
    Xz(liblzma::stream::Stream),
    Bzip2(bzip2::Decompress),
}

impl Decoder {
    /// A decoder for a stream of this kind.
    pub(super) fn new(wrapper: Wrapper) -> Option<Decoder> {
        Some(match wrapper {
            Wrapper::Gzip => Decoder::Gzip(Decompress::new(false), Crc::new()),
            Wrapper::Zstd => Decoder::Zstd(zstd::stream::raw::Decoder::new().ok()?),
            Wrapper::Xz => Decoder::Xz(liblzma::stream::Stream::new_stream_decoder(MEMORY_BYTES, 0).ok()?),
            Wrapper::Bzip2 => Decoder::Bzip2(bzip2::Decompress::new(false)),
        })
    }

    /// Decodes some bytes, none at the end of the file; none if they are no part of such a stream.
    pub(super) fn step(&mut self, input: &[u8], text: &mut [u8]) -> Option<Step> {
        match self {
            Decoder::Gzip(inflater, crc) => {
                let before = (inflater.total_in(), inflater.total_out());
                let status = inflater.decompress(input, text, FlushDecompress::None).ok()?;
                let (read, made) = (inflater.total_in() - before.0, inflater.total_out() - before.1);
                crc.update(text.get(..made as usize)?);
                let ended = status == Status::StreamEnd;
                Some(Step { read: read as usize, made: made as usize, ended })
            }
            Decoder::Zstd(decoder) => {
                let status = decoder.run_on_buffers(input, text).ok()?;
                let (read, made) = (status.bytes_read, status.bytes_written);
                Some(Step { read, made, ended: status.remaining == 0 })
            }
            Decoder::Xz(decoder) => {
                use liblzma::stream::{Action, Error, Status};
                let before = (decoder.total_in(), decoder.total_out());
                let ended = match decoder.process(input, text, Action::Run) {
                    Ok(status) => status == Status::StreamEnd,
                    // No progress: the caller sees that nothing was read or made.
                    Err(Error::NoCheck) => false,
                    Err(_) => return None,
                };
                let (read, made) = (decoder.total_in() - before.0, decoder.total_out() - before.1);
                Some(Step { read: read as usize, made: made as usize, ended })
            }
            Decoder::Bzip2(decoder) => {
                let before = (decoder.total_in(), decoder.total_out());
                let ended = decoder.decompress(input, text).ok()? == bzip2::Status::StreamEnd;
                let (read, made) = (decoder.total_in() - before.0, decoder.total_out() - before.1);
                Some(Step { read: read as usize, made: made as usize, ended })
            }
        }
    }

    /// What has to follow the stream of a gzip member.
    pub(super) fn gzip_trailer(&self) -> Option<[u8; gzip::TRAILER_BYTES as usize]> {
        match self {
            Decoder::Gzip(_, crc) => Some(gzip::trailer(crc)),
            _ => None,
        }
    }
}

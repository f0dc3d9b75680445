//! Decoders of wrappers, one stream at a time, step by step.
//!
//! In: some bytes of a stream. Out: some of its text, and where it ends.
//! Not here: streams that follow each other (`wrapper`).
//! Holds: memory is that of the decoders' windows, which are limited.

use super::{Wrapper, gzip};
use flate2::{Crc, Decompress, FlushDecompress, Status};

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
}

impl Decoder {
    /// A decoder for a stream of this kind.
    pub(super) fn new(wrapper: Wrapper) -> Option<Decoder> {
        Some(match wrapper {
            Wrapper::Gzip => Decoder::Gzip(Decompress::new(false), Crc::new()),
        })
    }

    /// Decodes some bytes; none if they are no part of such a stream.
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
        }
    }

    /// What has to follow the stream of a gzip member.
    pub(super) fn gzip_trailer(&self) -> Option<[u8; gzip::TRAILER_BYTES as usize]> {
        match self {
            Decoder::Gzip(_, crc) => Some(gzip::trailer(crc)),
        }
    }
}

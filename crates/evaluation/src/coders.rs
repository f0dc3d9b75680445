//! Coders: the compressors of bytes, called through their libraries.
//!
//! In: a rival's name and bytes. Out: bytes.
//! Not here: columns of numbers (`numeric`), times (`measure`).
//! Holds: one thread each, but for hepz where it is given more.

use crate::EvaluationError;
use crate::rival::Rival;
use hepz::{Archive, CompressOptions, DecompressOptions, Limits, Memory};
use liblzma::stream::{Check, Filters, LzmaOptions, Stream};
use std::io::{self, Read, Write};

/// xz preset 9 with the flag for extreme.
const XZ_9_EXTREME: u32 = 9 | 1 << 31;

/// Compresses bytes.
pub(crate) fn compress(rival: &str, input: &[u8], threads: usize) -> Result<Vec<u8>, EvaluationError> {
    let failed = |error: io::Error| EvaluationError::failed(rival, error);
    match rival {
        Rival::HEPZ => {
            let mut options = CompressOptions::new();
            options.threads = threads;
            let mut archive = Vec::new();
            hepz::compress(&Memory(input), &mut archive, &options)
                .map_err(|error| EvaluationError::failed(rival, error))?;
            Ok(archive)
        }
        "gzip-9" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(9));
            encoder.write_all(input).and_then(|()| encoder.finish()).map_err(failed)
        }
        "bzip2-9" => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(9));
            encoder.write_all(input).and_then(|()| encoder.finish()).map_err(failed)
        }
        "xz-6" | "xz-9e" | "xz-lc0lp2pb2" => {
            let stream = xz(rival).map_err(|error| EvaluationError::failed(rival, error))?;
            let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
            encoder.write_all(input).and_then(|()| encoder.finish()).map_err(failed)
        }
        "zstd-3" => zstd::bulk::compress(input, 3).map_err(failed),
        "zstd-19" => zstd::bulk::compress(input, 19).map_err(failed),
        _ => Err(EvaluationError::failed(rival, "it does not compress plain bytes")),
    }
}

fn xz(rival: &str) -> Result<Stream, liblzma::stream::Error> {
    match rival {
        "xz-6" => Stream::new_easy_encoder(6, Check::Crc64),
        "xz-9e" => Stream::new_easy_encoder(XZ_9_EXTREME, Check::Crc64),
        // Four-byte numbers: the position in the number matters, the previous byte does not.
        _ => {
            let mut options = LzmaOptions::new_preset(XZ_9_EXTREME)?;
            options.literal_context_bits(0).literal_position_bits(2).position_bits(2);
            Stream::new_stream_encoder(Filters::new().lzma2(&options), Check::Crc64)
        }
    }
}

/// Gives back what [`compress`] was given, `original_bytes` long.
pub(crate) fn decompress(
    rival: &str,
    packed: &[u8],
    original_bytes: usize,
    threads: usize,
) -> Result<Vec<u8>, EvaluationError> {
    let failed = |error: io::Error| EvaluationError::failed(rival, error);
    let mut plain = Vec::with_capacity(original_bytes);
    match rival {
        Rival::HEPZ => {
            let mut options = DecompressOptions::new();
            options.threads = threads;
            Archive::from_bytes(packed, Limits::default())
                .and_then(|archive| archive.decompress(&mut plain, &options))
                .map_err(|error| EvaluationError::failed(rival, error))?;
        }
        "gzip-9" => {
            flate2::read::GzDecoder::new(packed).read_to_end(&mut plain).map_err(failed)?;
        }
        "bzip2-9" => {
            bzip2::read::BzDecoder::new(packed).read_to_end(&mut plain).map_err(failed)?;
        }
        "xz-6" | "xz-9e" | "xz-lc0lp2pb2" => {
            liblzma::read::XzDecoder::new(packed).read_to_end(&mut plain).map_err(failed)?;
        }
        "zstd-3" | "zstd-19" => plain = zstd::bulk::decompress(packed, original_bytes).map_err(failed)?,
        _ => return Err(EvaluationError::failed(rival, "it does not compress plain bytes")),
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rival::View;

    #[test]
    fn every_rival_gives_back_the_file_it_was_given() {
        let text: Vec<u8> = (0..5000u32).flat_map(|i| format!("{} ", i * i % 977).into_bytes()).collect();
        for input in [&text[..], &text[..1], &[]] {
            for rival in Rival::ALL.into_iter().filter(|rival| rival.takes(View::File)) {
                let packed = compress(rival.name, input, 1).unwrap();
                assert_eq!(decompress(rival.name, &packed, input.len(), 1).unwrap(), input, "{}", rival.name);
                assert!(input.len() < 1000 || packed.len() < input.len() * 2 / 3, "{}", rival.name);
            }
        }
    }
}

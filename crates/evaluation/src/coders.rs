//! Coders: the compressors of bytes, called through their libraries.
//!
//! In: a rival and bytes. Out: bytes.
//! Not here: columns of numbers (`numeric`), other programs (`programs`), times (`measure`).
//! Holds: one thread each, but for hepz where it is given more.

use crate::EvaluationError;
use crate::rival::{By, Rival};
use hepz::{Archive, CompressOptions, DecompressOptions, Level, Limits, Memory};
use liblzma::stream::{Check, Filters, LzmaOptions, Stream};
use std::io::{self, Read, Write};
use zstd::zstd_safe::CParameter;

/// xz preset 9 with the flag for extreme.
pub(crate) const XZ_9_EXTREME: u32 = 9 | 1 << 31;
/// zstd's window at `--long`, as a power of two.
const ZSTD_LONG_WINDOW: u32 = 27;
/// brotli's largest window that every reader takes, as a power of two.
const BROTLI_WINDOW: i32 = 24;

/// Compresses bytes.
pub(crate) fn compress(rival: Rival, input: &[u8], threads: usize) -> Result<Vec<u8>, EvaluationError> {
    if let By::Hepz(level) = rival.by {
        return hepz_archive(level, input, threads);
    }
    by_library(rival.name, input).map_err(|error| EvaluationError::failed(rival.name, error))
}

/// The archive of `input` by hepz.
pub(crate) fn hepz_archive(level: Level, input: &[u8], threads: usize) -> Result<Vec<u8>, EvaluationError> {
    let mut options = CompressOptions::new();
    options.level = level;
    options.threads = threads;
    let mut archive = Vec::new();
    hepz::compress(&Memory(input), &mut archive, &options)
        .map_err(|error| EvaluationError::failed(Rival::HEPZ, error))?;
    Ok(archive)
}

fn by_library(name: &str, input: &[u8]) -> io::Result<Vec<u8>> {
    match name {
        "gzip-9" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(9));
            encoder.write_all(input)?;
            encoder.finish()
        }
        "zlib-9" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(9));
            encoder.write_all(input)?;
            encoder.finish()
        }
        "bzip2-9" => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(9));
            encoder.write_all(input)?;
            encoder.finish()
        }
        "xz-6" | "xz-9e" | "xz-lc0lp2pb2" => {
            let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), xz(name)?);
            encoder.write_all(input)?;
            encoder.finish()
        }
        "zstd-1" => zstd::bulk::compress(input, 1),
        "zstd-3" => zstd::bulk::compress(input, 3),
        "zstd-7" => zstd::bulk::compress(input, 7),
        "zstd-19" => zstd::bulk::compress(input, 19),
        "zstd-22-long" => {
            let mut compressor = zstd::bulk::Compressor::new(22)?;
            compressor.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
            compressor.set_parameter(CParameter::WindowLog(ZSTD_LONG_WINDOW))?;
            compressor.compress(input)
        }
        "lz4" => lz4(1, input),
        "lz4-12" => lz4(12, input),
        "brotli-1" => brotli(1, input),
        "brotli-11" => brotli(11, input),
        _ => Err(io::Error::other("it does not compress plain bytes")),
    }
}

fn xz(name: &str) -> io::Result<Stream> {
    Ok(match name {
        "xz-6" => Stream::new_easy_encoder(6, Check::Crc64)?,
        "xz-9e" => Stream::new_easy_encoder(XZ_9_EXTREME, Check::Crc64)?,
        _ => Stream::new_stream_encoder(Filters::new().lzma2(&xz_for_numbers()?), Check::Crc64)?,
    })
}

/// For four-byte numbers: the position in the number matters, the previous byte does not.
pub(crate) fn xz_for_numbers() -> io::Result<LzmaOptions> {
    let mut options = LzmaOptions::new_preset(XZ_9_EXTREME)?;
    options.literal_context_bits(0).literal_position_bits(2).position_bits(2);
    Ok(options)
}

/// As the command `lz4` does it.
fn lz4(level: u32, input: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = lz4::EncoderBuilder::new()
        .level(level)
        .block_size(lz4::BlockSize::Max4MB)
        .block_mode(lz4::BlockMode::Linked)
        .content_size(input.len() as u64)
        .build(Vec::new())?;
    encoder.write_all(input)?;
    let (packed, done) = encoder.finish();
    done.map(|()| packed)
}

fn brotli(quality: i32, input: &[u8]) -> io::Result<Vec<u8>> {
    let params = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: BROTLI_WINDOW,
        size_hint: input.len(),
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &*input, &mut packed, &params)?;
    Ok(packed)
}

/// Gives back what [`compress`] was given, `original_bytes` long.
pub(crate) fn decompress(
    rival: Rival,
    packed: &[u8],
    original_bytes: usize,
    threads: usize,
) -> Result<Vec<u8>, EvaluationError> {
    let failed = |error: io::Error| EvaluationError::failed(rival.name, error);
    let mut plain = Vec::with_capacity(original_bytes);
    if rival.is_hepz() {
        let mut options = DecompressOptions::new();
        options.threads = threads;
        Archive::from_bytes(packed, Limits::default())
            .and_then(|archive| archive.decompress(&mut plain, &options))
            .map_err(|error| EvaluationError::failed(rival.name, error))?;
        return Ok(plain);
    }
    match rival.name.split('-').next().unwrap_or_default() {
        "gzip" => flate2::read::GzDecoder::new(packed).read_to_end(&mut plain).map(drop),
        "zlib" => flate2::read::ZlibDecoder::new(packed).read_to_end(&mut plain).map(drop),
        "bzip2" => bzip2::read::BzDecoder::new(packed).read_to_end(&mut plain).map(drop),
        "xz" => liblzma::read::XzDecoder::new(packed).read_to_end(&mut plain).map(drop),
        "zstd" => zstd::bulk::decompress(packed, original_bytes).map(|bytes| plain = bytes),
        "lz4" => lz4::Decoder::new(packed).and_then(|mut decoder| decoder.read_to_end(&mut plain)).map(drop),
        "brotli" => brotli::BrotliDecompress(&mut &*packed, &mut plain),
        _ => Err(io::Error::other("it does not compress plain bytes")),
    }
    .map_err(failed)?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rival::Takes;

    #[test]
    fn every_rival_gives_back_the_file_it_was_given() {
        let text: Vec<u8> = (0..5000u32).flat_map(|i| format!("{} ", i * i % 977).into_bytes()).collect();
        let here = |rival: &Rival| {
            matches!(rival.by, By::Hepz(_) | By::Crate(_))
                && matches!(rival.takes, Takes::Bytes | Takes::File)
        };
        let mut n_rivals = 0;
        for rival in Rival::all().into_iter().filter(here) {
            for input in [&text[..], &text[..1], &[]] {
                let packed = compress(rival, input, 1).unwrap();
                assert_eq!(decompress(rival, &packed, input.len(), 1).unwrap(), input, "{}", rival.name);
                assert!(input.len() < 1000 || packed.len() < input.len() * 2 / 3, "{}", rival.name);
            }
            n_rivals += 1;
        }
        assert!(n_rivals >= 16, "{n_rivals}");
    }
}

//! Baselines: what general compressors and hepz make of the validation bytes.
//!
//! In: bytes. Out: bits for each of them.
//! Not here: careful measurements (`hepz bench`).
//! Holds: the same bytes that judge the network. Compressors start with nothing, so that few bytes flatter the
//! network; weights are not counted here.

use std::io::{self, Write};

use hepz::{CompressOptions, Memory};

/// A compressor and what it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// Compressor and effort.
    pub name: &'static str,
    /// Compressed bits for each byte.
    pub bits_per_byte: f64,
}

fn zlib(bytes: &[u8]) -> io::Result<usize> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn zstd_19(bytes: &[u8]) -> io::Result<usize> {
    Ok(zstd::bulk::compress(bytes, 19)?.len())
}

fn lzma(bytes: &[u8]) -> io::Result<usize> {
    // Preset 9, extreme, as `xz -9e`.
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 9 | 1 << 31);
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn hepz_default(bytes: &[u8]) -> io::Result<usize> {
    let mut archive = Vec::new();
    hepz::compress(&Memory(bytes), &mut archive, &CompressOptions::new()).map_err(io::Error::other)?;
    Ok(archive.len())
}

/// All of them; one that fails is left out.
pub fn baselines(bytes: &[u8]) -> Vec<Baseline> {
    type Compressor = fn(&[u8]) -> io::Result<usize>;
    let all: [(&'static str, Compressor); 4] =
        [("zlib -9", zlib), ("zstd -19", zstd_19), ("xz -9e", lzma), ("hepz default", hepz_default)];
    let measured = |(name, compressor): (&'static str, Compressor)| {
        let size = compressor(bytes).ok()?;
        Some(Baseline { name, bits_per_byte: 8.0 * size as f64 / bytes.len().max(1) as f64 })
    };
    all.into_iter().filter_map(measured).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_compressors_answer_and_none_expands_text_of_few_letters() {
        let mut random = crate::random::Random::new(3);
        let text: Vec<u8> = (0..20_000).map(|_| b"abcd"[random.below(4)]).collect();
        let found = baselines(&text);
        assert_eq!(found.len(), 4);
        for baseline in found {
            assert!((1.99..3.2).contains(&baseline.bits_per_byte), "{baseline:?}");
        }
    }
}

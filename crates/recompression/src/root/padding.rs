//! Bytes behind a stream of xz or zstd that hold nothing, so that a block gets a length that is given.
//!
//! In: how many bytes. Out: streams of xz with an empty block each, or a frame of zstd that decoders skip.
//! Not here: the streams in front; zlib, which is padded inside (`crate::encoder`); LZ4, which cannot be.
//! Holds: for so many bytes it is always the same padding; decoders of whole streams (ROOT) stop in front of it, those
//! of streams that follow each other (uproot) read nothing in it.
//! Source: The .xz File Format 1.2, sections 2 to 4; RFC 8878, section 3.1.2.

use super::frame::Codec;
use flate2::Crc;

/// How a frame begins that is skipped; its length follows in four bytes.
const SKIPPED_MAGIC: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];
const SKIPPED_HEADER_BYTES: usize = 8;

/// Header and footer of a stream of xz.
const XZ_ENDS_BYTES: usize = 12 + 12;
const XZ_MAGIC: &[u8; 6] = b"\xfd7zXZ\0";
const XZ_FOOTER_MAGIC: &[u8; 2] = b"YZ";
/// The check is a CRC-32.
const XZ_FLAGS: [u8; 2] = [0, 1];
/// One filter, LZMA2, with a dictionary of 4 KiB.
const XZ_FILTER: [u8; 4] = [0, 0x21, 1, 0];
/// A header of a block has 12 to 1,024 bytes, in steps of four; up to 120 its length takes one byte in the index.
const XZ_LEAST_HEADER: usize = 12;
const XZ_SHORT_HEADER: usize = 120;
const XZ_MOST_HEADER: usize = 1_024;
/// An empty LZMA2 stream, filled up to four bytes; the check of nothing.
const XZ_EMPTY: [u8; 8] = [0; 8];

/// So many bytes of padding; `None` if there are none such.
pub(super) fn padding(codec: Codec, bytes: usize) -> Option<Vec<u8>> {
    match codec {
        Codec::Zstd => {
            let inner = bytes.checked_sub(SKIPPED_HEADER_BYTES)?;
            let length = u32::try_from(inner).ok()?.to_le_bytes();
            Some([SKIPPED_MAGIC.as_slice(), &length, &vec![0; inner]].concat())
        }
        Codec::Xz => xz(bytes),
        Codec::Zlib | Codec::Deflate | Codec::Lz4 => None,
    }
}

fn xz(mut bytes: usize) -> Option<Vec<u8>> {
    let mut made = Vec::with_capacity(bytes);
    while bytes > 0 {
        // The rest after a long stream is never too short for another, and no length but these two is left out.
        let header = match bytes {
            _ if bytes > xz_bytes(XZ_MOST_HEADER) => XZ_MOST_HEADER / 2,
            _ if bytes == xz_bytes(XZ_SHORT_HEADER) + 4 => XZ_LEAST_HEADER,
            _ if bytes > xz_bytes(XZ_SHORT_HEADER) => {
                bytes.checked_sub(xz_bytes(XZ_MOST_HEADER) - XZ_MOST_HEADER)?
            }
            _ => bytes.checked_sub(xz_bytes(XZ_LEAST_HEADER) - XZ_LEAST_HEADER)?,
        };
        if header < XZ_LEAST_HEADER || !header.is_multiple_of(4) {
            return None;
        }
        bytes -= xz_bytes(header);
        put_xz(header, &mut made);
    }
    Some(made)
}

/// Length of a stream whose block has a header of so many bytes.
fn xz_bytes(header: usize) -> usize {
    XZ_ENDS_BYTES + header + XZ_EMPTY.len() + if header <= XZ_SHORT_HEADER { 8 } else { 12 }
}

fn put_xz(header_bytes: usize, made: &mut Vec<u8>) {
    let sum = |bytes: &[u8]| {
        let mut crc = Crc::new();
        crc.update(bytes);
        crc.sum().to_le_bytes()
    };
    let mut header = vec![(header_bytes / 4 - 1) as u8];
    header.extend_from_slice(&XZ_FILTER);
    header.resize(header_bytes - 4, 0);
    // One record: the block without what fills it up, and no plain bytes.
    let mut index = vec![0, 1];
    let unpadded = header_bytes + 1 + 4;
    if unpadded < 0x80 {
        index.push(unpadded as u8);
    } else {
        index.extend_from_slice(&[unpadded as u8 | 0x80, (unpadded >> 7) as u8]);
    }
    index.push(0);
    index.resize(index.len().next_multiple_of(4), 0);
    let backward = (index.len() / 4) as u32;
    let footer = [backward.to_le_bytes().as_slice(), &XZ_FLAGS].concat();
    for part in [XZ_MAGIC.as_slice(), &XZ_FLAGS, &sum(&XZ_FLAGS), &header, &sum(&header), &XZ_EMPTY] {
        made.extend_from_slice(part);
    }
    for part in [index.as_slice(), &sum(&index), &sum(&footer), &footer, XZ_FOOTER_MAGIC] {
        made.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn every_length_is_padding_that_decoders_read_nothing_in() {
        let plain = [3; 500];
        let xz_stream = liblzma::encode_all(&plain[..], 6).expect("xz");
        let zstd_stream = zstd::bulk::compress(&plain, 5).expect("zstd");
        let mut unreached = Vec::new();
        for bytes in (4..5_000).step_by(4) {
            let Some(made) = padding(Codec::Xz, bytes) else {
                unreached.push(bytes);
                continue;
            };
            assert_eq!(made.len(), bytes);
            let whole = [&xz_stream[..], &made].concat();
            let mut decoder = liblzma::read::XzDecoder::new_multi_decoder(whole.as_slice());
            let mut read = Vec::new();
            assert!(decoder.read_to_end(&mut read).is_ok(), "{bytes}");
            assert_eq!(read, plain);
        }
        assert_eq!(unreached, (4..52).step_by(4).collect::<Vec<_>>());
        assert_eq!(padding(Codec::Xz, 54), None);
        for bytes in 8..300 {
            let made = padding(Codec::Zstd, bytes).expect("any length");
            assert_eq!(made.len(), bytes);
            let whole = [&zstd_stream[..], &made].concat();
            assert_eq!(zstd::bulk::decompress(&whole, 600).expect("frames"), plain);
        }
        assert_eq!(padding(Codec::Zstd, 7), None);
        assert_eq!(padding(Codec::Lz4, 80), None);
    }
}

//! The nine bytes in front of each block of a payload.
//!
//! In: the rest of a payload. Out: [`Header`], the compressed stream behind it, and what follows.
//! Not here: the streams (`decoders`).
//! Holds: sizes lie inside what is there; a header put together again is the header that was taken apart.
//! Source: ROOT 6, `R__zip`: two letters, a method, three bytes of compressed and three of plain size, little-endian.

/// Length of a header.
pub(super) const HEADER_BYTES: usize = 9;
/// Plain bytes of a block at most: what three bytes can say. A longer payload has several blocks.
#[expect(dead_code, reason = "for encoders")]
pub(super) const MOST_PLAIN_BYTES: usize = 0xff_ffff;

/// Who compressed a block, by the two letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// `ZL`: a zlib stream.
    Zlib,
    /// `CS`: raw deflate, by ROOT before 2005.
    Deflate,
    /// `XZ`: an xz stream.
    Xz,
    /// `L4`: eight bytes of checksum and an LZ4 block.
    Lz4,
    /// `ZS`: a zstd frame.
    Zstd,
}

impl Codec {
    const TAGS: [(Codec, [u8; 2]); 5] = [
        (Codec::Zlib, *b"ZL"),
        (Codec::Deflate, *b"CS"),
        (Codec::Xz, *b"XZ"),
        (Codec::Lz4, *b"L4"),
        (Codec::Zstd, *b"ZS"),
    ];

    fn of(tag: [u8; 2]) -> Option<Codec> {
        Codec::TAGS.into_iter().find(|&(_, known)| known == tag).map(|(codec, _)| codec)
    }
}

/// What the header of a block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) codec: Codec,
    /// The third byte: 8 for deflate, the major version of the library for LZ4 and zstd.
    pub(super) method: u8,
    pub(super) plain_bytes: usize,
}

impl Header {
    /// The first header of `rest`, the stream behind it, and what follows that; `None` if they are not there.
    pub(super) fn split(rest: &[u8]) -> Option<(Header, &[u8], &[u8])> {
        let (&[a, b, method, s0, s1, s2, p0, p1, p2], behind) = rest.split_first_chunk::<HEADER_BYTES>()?;
        let size = |bytes: [u8; 3]| bytes.iter().rev().fold(0, |size, &byte| size << 8 | usize::from(byte));
        let codec = Codec::of([a, b])?;
        let (stream, after) = behind.split_at_checked(size([s0, s1, s2]))?;
        Some((Header { codec, method, plain_bytes: size([p0, p1, p2]) }, stream, after))
    }
}

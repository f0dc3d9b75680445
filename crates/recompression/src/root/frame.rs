//! The nine bytes in front of each block of a payload.
//!
//! In: the rest of a payload. Out: [`Header`], the compressed stream behind it, and what follows.
//! Not here: the streams (`decoders`).
//! Holds: sizes lie inside what is there; a header put together again is the header that was taken apart.
//! Source: ROOT 6, `R__zip`: two letters, a method, three bytes of compressed and three of plain size, little-endian.

/// Length of a header.
pub(super) const HEADER_BYTES: usize = 9;
/// Plain bytes of a block at most: what three bytes can say. A longer payload has several blocks.
pub(super) const MOST_PLAIN_BYTES: usize = 0xff_ffff;

/// Who compressed a block, by the two letters; with the numbers of recipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// `ZL`: a zlib stream.
    Zlib = 1,
    /// `CS`: raw deflate, by ROOT before 2005.
    Deflate = 2,
    /// `XZ`: an xz stream.
    Xz = 3,
    /// `L4`: eight bytes of checksum and an LZ4 block.
    Lz4 = 4,
    /// `ZS`: a zstd frame.
    Zstd = 5,
}

impl Codec {
    const ALL: [Codec; 5] = [Codec::Zlib, Codec::Deflate, Codec::Xz, Codec::Lz4, Codec::Zstd];

    fn tag(self) -> [u8; 2] {
        match self {
            Codec::Zlib => *b"ZL",
            Codec::Deflate => *b"CS",
            Codec::Xz => *b"XZ",
            Codec::Lz4 => *b"L4",
            Codec::Zstd => *b"ZS",
        }
    }

    /// The third byte of a header as ROOT writes it.
    pub(super) fn usual_method(self) -> u8 {
        match self {
            Codec::Zlib | Codec::Deflate => 8,
            Codec::Xz => 0,
            Codec::Lz4 | Codec::Zstd => 1,
        }
    }

    /// The level that a compression setting claims for this codec, 1 to 9; 0 if none.
    pub(super) fn level_of(self, setting: u16) -> u8 {
        let algorithm = match self {
            Codec::Zlib => 1,
            Codec::Xz => 2,
            Codec::Deflate => 3,
            Codec::Lz4 => 4,
            Codec::Zstd => 5,
        };
        // Algorithm 0 stands for the default, which changed with time.
        let level = if setting / 100 == 0 || setting / 100 == algorithm { setting % 100 } else { 0 };
        if level > 9 { 0 } else { level as u8 }
    }

    /// Its number in recipes.
    pub(super) fn id(self) -> u8 {
        self as u8
    }

    pub(super) fn from_id(id: u8) -> Option<Codec> {
        Codec::ALL.into_iter().find(|codec| codec.id() == id)
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
        let codec = Codec::ALL.into_iter().find(|codec| codec.tag() == [a, b])?;
        let (stream, after) = behind.split_at_checked(size([s0, s1, s2]))?;
        Some((Header { codec, method, plain_bytes: size([p0, p1, p2]) }, stream, after))
    }

    /// The header of a stream of so many bytes; `None` if a size does not fit.
    pub(super) fn to_bytes(self, stream_bytes: usize) -> Option<[u8; HEADER_BYTES]> {
        let size = |bytes: usize| match u32::try_from(bytes).ok()?.to_le_bytes() {
            [a, b, c, 0] => Some([a, b, c]),
            _ => None,
        };
        let ([a, b], [s0, s1, s2], [p0, p1, p2]) =
            (self.codec.tag(), size(stream_bytes)?, size(self.plain_bytes)?);
        Some([a, b, self.method, s0, s1, s2, p0, p1, p2])
    }
}

//! Wrappers: whole files that are one gzip, zstd, xz or bzip2 stream, or several one after the other.
//!
//! In: the bytes of such a file. Out: the text inside, and a [`Rewrap`]: what it takes to make the same file of it again.
//! Not here: blocks inside files (`pipeline`), what the text is.
//! Holds: a [`Rewrap`] that [`find`] returns was proved on the whole file; an encoder that it names never changes a byte
//! (golden hashes in the tests); streams that lie end with an error; nothing is allocated that a stream claims.

mod decoder;
mod encoders;
mod gzip;
mod rewrap;

pub use rewrap::Rewrap;

use crate::recipe::RecipeError;
use decoder::{Decoder, Step};
use std::io;

/// Bytes that are read or made at once.
const STEP_BYTES: usize = 256 << 10;
/// Streams that follow each other in one file: parallel writers end one every 64 kB to 900 kB.
const MOST_PARTS: usize = 1 << 20;
/// Memory that making a file again may take: what a reader of archives allows if nobody says otherwise.
pub const MEMORY_BYTES: u64 = 1 << 30;

/// Reads at a position.
pub type ReadAt<'a> = &'a dyn Fn(u64, &mut [u8]) -> io::Result<()>;

/// Bytes that lie somewhere.
#[derive(Clone, Copy)]
pub struct Bytes<'a> {
    /// How many.
    pub len: u64,
    /// Fills a buffer from a position; past the end is an error.
    pub read_at: ReadAt<'a>,
}

impl Bytes<'_> {
    /// Reads a part that the caller knows to be there and to be short enough.
    fn part(&self, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
        let end = at.checked_add(bytes).filter(|&end| end <= self.len);
        let bytes = end.and(usize::try_from(bytes).ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut part = vec![0; bytes];
        (self.read_at)(at, &mut part)?;
        Ok(part)
    }
}

/// The kinds of wrapper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wrapper {
    /// gzip (RFC 1952).
    Gzip = 1,
    /// zstd (RFC 8878).
    Zstd = 2,
    /// xz.
    Xz = 3,
    /// bzip2.
    Bzip2 = 4,
}

impl Wrapper {
    /// Every kind.
    pub const ALL: [Wrapper; 4] = [Wrapper::Gzip, Wrapper::Zstd, Wrapper::Xz, Wrapper::Bzip2];

    /// The kind of a file, by its first bytes.
    pub fn recognise(head: &[u8]) -> Option<Wrapper> {
        Wrapper::ALL.into_iter().find(|wrapper| head.starts_with(wrapper.magic()))
    }

    fn magic(self) -> &'static [u8] {
        match self {
            Wrapper::Gzip => &[0x1f, 0x8b, 8],
            Wrapper::Zstd => &[0x28, 0xb5, 0x2f, 0xfd],
            Wrapper::Xz => b"\xfd7zXZ\0",
            Wrapper::Bzip2 => b"BZh",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Wrapper::Gzip => "gzip",
            Wrapper::Zstd => "zstd",
            Wrapper::Xz => "xz",
            Wrapper::Bzip2 => "bzip2",
        }
    }

    /// What names of such files end in.
    pub fn suffix(self) -> &'static str {
        match self {
            Wrapper::Gzip => "gz",
            Wrapper::Zstd => "zst",
            Wrapper::Xz => "xz",
            Wrapper::Bzip2 => "bz2",
        }
    }

    fn from_id(id: u8) -> Option<Wrapper> {
        Wrapper::ALL.into_iter().find(|&wrapper| wrapper as u8 == id)
    }
}

/// Why a wrapper gives no text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnwrapError {
    /// It is cut short, damaged, or followed by other bytes.
    #[error("{what}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
    },
    /// The text is longer than the caller allowed.
    #[error("the text inside is over {allowed} bytes")]
    TooLong {
        /// What was allowed.
        allowed: u64,
    },
    /// The file could not be read.
    #[error("{0}")]
    Read(io::Error),
    /// The text could not be written.
    #[error("{0}")]
    Write(io::Error),
}

/// One stream of a file, whole.
#[derive(Clone, Copy, Debug)]
struct Part {
    stored_at: u64,
    stored_bytes: u64,
    /// Bytes of it before the compressed stream (gzip).
    header_bytes: u64,
    text_bytes: u64,
}

/// The streams that a file consists of.
#[derive(Debug)]
pub struct Parts {
    wrapper: Wrapper,
    parts: Vec<Part>,
}

/// The beginning of the text, `most_bytes` at most; shorter where the file ends or is damaged.
///
/// # Errors
/// What reading meets.
pub fn head(wrapper: Wrapper, stored: Bytes<'_>, most_bytes: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut sink = |text: &[u8]| {
        head.extend_from_slice(&text[..text.len().min(most_bytes - head.len())]);
        if head.len() < most_bytes { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    };
    match unwrap(wrapper, stored, u64::MAX, &mut sink) {
        Err(UnwrapError::Read(error)) => Err(error),
        _ => Ok(head),
    }
}

/// Hands the text to `sink`, piece by piece, and says which streams it lies in. Checksums are compared.
///
/// # Errors
/// [`UnwrapError`]; what was handed on is then the beginning of a text, or damaged.
pub fn unwrap(
    wrapper: Wrapper,
    stored: Bytes<'_>,
    most_text_bytes: u64,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<Parts, UnwrapError> {
    let damaged = |what| UnwrapError::Damaged { what };
    let mut parts: Vec<Part> = Vec::new();
    let mut window = Window { stored, from: 0, held: Vec::new() };
    let mut made = vec![0; STEP_BYTES];
    let (mut at, mut text_at) = (0, 0);
    while at < stored.len || parts.is_empty() {
        if parts.len() == MOST_PARTS {
            return Err(damaged("it consists of too many streams"));
        }
        let mut part = Part { stored_at: at, stored_bytes: 0, header_bytes: 0, text_bytes: 0 };
        let mut decoder = Decoder::new(wrapper).ok_or(damaged("no decoder can be had"))?;
        if wrapper == Wrapper::Gzip {
            let front = stored.part(at, (stored.len - at).min(gzip::HEADER_BYTES));
            let front = front.map_err(UnwrapError::Read)?;
            part.header_bytes = gzip::header_bytes(&front).ok_or(damaged("it is followed by other bytes"))?;
            at += part.header_bytes;
        }
        loop {
            let input = window.at(at).map_err(UnwrapError::Read)?;
            let Some(Step { read, made: n, ended }) = decoder.step(input, &mut made) else {
                return Err(damaged("it is damaged or followed by other bytes"));
            };
            at += read as u64;
            part.text_bytes += n as u64;
            text_at += n as u64;
            if text_at > most_text_bytes {
                return Err(UnwrapError::TooLong { allowed: most_text_bytes });
            }
            if n > 0 {
                sink(&made[..n]).map_err(UnwrapError::Write)?;
            }
            if ended {
                break;
            }
            if read == 0 && n == 0 {
                return Err(damaged("it is cut short"));
            }
        }
        if let Some(trailer) = decoder.gzip_trailer() {
            let there = stored.len.checked_sub(at).filter(|&left| left >= gzip::TRAILER_BYTES);
            there.ok_or(damaged("it is cut short"))?;
            let stands = stored.part(at, gzip::TRAILER_BYTES).map_err(UnwrapError::Read)?;
            if stands != trailer {
                return Err(damaged("its checksum does not hold"));
            }
            at += gzip::TRAILER_BYTES;
        }
        part.stored_bytes = at - part.stored_at;
        parts.push(part);
    }
    Ok(Parts { wrapper, parts })
}

/// Looks for what makes `stored` of `text` again, which [`unwrap`] took out of it.
///
/// # Errors
/// [`FindError::Unknown`] if no encoder that is known makes the same bytes.
pub fn find(parts: &Parts, stored: Bytes<'_>, text: Bytes<'_>) -> Result<Rewrap, FindError> {
    Rewrap::find(parts, stored, text)
}

/// Why a file cannot be made again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// Nobody who is known here makes these bytes.
    #[error("the encoder that made it is not known")]
    Unknown,
    /// It would take too much memory.
    #[error("making it again takes {wanted} bytes of memory, over {allowed}")]
    Memory {
        /// What it would take.
        wanted: u64,
        /// What is allowed.
        allowed: u64,
    },
    /// The file or its text could not be read.
    #[error("{0}")]
    Read(io::Error),
}

/// Why a file was not made again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RewrapError {
    /// The recipe cannot be carried out.
    #[error("{0}")]
    Recipe(#[from] RecipeError),
    /// The text could not be read.
    #[error("{0}")]
    Read(#[source] io::Error),
    /// The sink wanted no more.
    #[error("the sink refused the bytes")]
    Stopped,
}

/// A file, read forwards.
struct Window<'a> {
    stored: Bytes<'a>,
    from: u64,
    held: Vec<u8>,
}

impl Window<'_> {
    /// Some bytes from a position; none at the end.
    fn at(&mut self, at: u64) -> io::Result<&[u8]> {
        let end = self.from + self.held.len() as u64;
        if at < self.from || at >= end {
            self.held = self.stored.part(at, self.stored.len.saturating_sub(at).min(STEP_BYTES as u64))?;
            self.from = at;
        }
        Ok(self.held.get((at - self.from) as usize..).unwrap_or_default())
    }
}

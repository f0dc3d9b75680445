//! How blocks are to be compressed.
//!
//! In: a text such as `zlib:1`, or nothing. Out: a [`Compression`].
//! Not here: compressing (`hepz-recompression`).

use hepz_recompression::root::write::{self, Algorithm};
use std::fmt;
use std::str::FromStr;

/// An algorithm and a level of ROOT, or that blocks are to be stored as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compression {
    with: Option<(Algorithm, u8)>,
}

/// A text that names no compression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no compression: none, or zlib, lzma, lz4 or zstd with a level from 1 to 9, as in zlib:1"
)]
pub struct CompressionError {
    text: String,
}

/// Names of algorithms, and the levels that ROOT takes where none is named.
const ALGORITHMS: [(&str, Algorithm, u8); 4] = [
    ("zlib", Algorithm::Zlib, 1),
    ("lzma", Algorithm::Lzma, 7),
    ("lz4", Algorithm::Lz4, 4),
    ("zstd", Algorithm::Zstd, 5),
];

impl Compression {
    /// Blocks are not compressed.
    pub const NONE: Compression = Compression { with: None };

    /// An algorithm at a level from 1 to 9; `None` if there is no such level.
    pub fn new(algorithm: Algorithm, level: u8) -> Option<Compression> {
        (1..=9).contains(&level).then_some(Compression { with: Some((algorithm, level)) })
    }

    /// ROOT's number: a hundred times the algorithm, plus the level; 0 for none.
    pub fn number(self) -> u32 {
        self.with.map_or(0, |(algorithm, level)| 100 * algorithm as u32 + u32::from(level))
    }

    /// The compression with this number of ROOT's; `None` if there is none.
    pub fn from_number(number: u32) -> Option<Compression> {
        if number == 0 {
            return Some(Compression::NONE);
        }
        let known = ALGORITHMS.iter().find(|(_, algorithm, _)| *algorithm as u32 == number / 100);
        Compression::new(known?.1, u8::try_from(number % 100).ok()?)
    }

    /// The payload of `plain`; `None` if the plain bytes are to be stored as they are.
    pub(super) fn payload(self, plain: &[u8]) -> Option<Vec<u8>> {
        let (algorithm, level) = self.with?;
        write::payload(plain, algorithm, level)
    }
}

/// The fastest that ROOT has had from the beginning.
impl Default for Compression {
    fn default() -> Compression {
        Compression { with: Some((Algorithm::Zlib, 1)) }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.with.and_then(|(algorithm, level)| {
            let known = ALGORITHMS.iter().find(|known| known.1 == algorithm)?;
            Some((known.0, level))
        });
        match named {
            Some((name, level)) => write!(f, "{name}:{level}"),
            None => f.write_str("none"),
        }
    }
}

impl FromStr for Compression {
    type Err = CompressionError;

    fn from_str(text: &str) -> Result<Compression, CompressionError> {
        if text == "none" {
            return Ok(Compression::NONE);
        }
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level)),
            None => (text, None),
        };
        let known = ALGORITHMS.iter().find(|known| known.0 == name);
        let found = known.and_then(|&(_, algorithm, usual)| {
            let level = match level {
                // A sign or a zero in front would be another text for the same.
                Some(level) if level.len() == 1 => level.parse().ok()?,
                Some(_) => return None,
                None => usual,
            };
            Compression::new(algorithm, level)
        });
        found.ok_or_else(|| CompressionError { text: text.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compression_is_the_text_that_names_it() {
        for (name, algorithm, _) in ALGORITHMS {
            for level in 1..=9 {
                let text = format!("{name}:{level}");
                let parsed: Compression = text.parse().expect("a compression");
                assert_eq!(Some(parsed), Compression::new(algorithm, level));
                assert_eq!(parsed.to_string(), text);
            }
        }
        assert_eq!("none".parse(), Ok(Compression::NONE));
        assert_eq!(Compression::NONE.to_string(), "none");
    }

    #[test]
    fn numbers_are_those_of_root() {
        let number = |text: &str| text.parse().map(Compression::number);
        assert_eq!(number("zlib"), Ok(101));
        assert_eq!(number("lzma"), Ok(207));
        assert_eq!(number("lz4"), Ok(404));
        assert_eq!(number("zstd"), Ok(505));
        assert_eq!(number("none"), Ok(0));
        assert_eq!(Compression::default().number(), 101);
        for number in [0, 101, 207, 404, 509] {
            assert_eq!(Compression::from_number(number).map(Compression::number), Some(number));
        }
        assert_eq!([1, 100, 110, 301, 901].map(Compression::from_number), [None; 5]);
    }

    #[test]
    fn texts_that_name_none_are_errors() {
        for text in ["", "zlib:", "zlib:0", "zlib:10", "zlib:+1", "gzip:1", "none:1", "ZLIB:1", "zlib:1:1"] {
            assert!(text.parse::<Compression>().is_err(), "{text}");
        }
    }
}

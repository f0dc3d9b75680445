//! Deflate streams of a length that is given.
//!
//! In: plain bytes, a length. Out: a stream of exactly that length and the level that made it.
//! Not here: the empty blocks that make up for what is missing (`padding`).
//! Holds: the encoder behind the padding makes what it makes without it.

use super::matches;
use super::padding::Padding;
use crate::recipe::MORE_PADDING_BYTES;

/// Levels of zlib in the order in which they are tried: the fastest, as the length is given and as a rule there is room,
/// the usual one, the smallest, and the others, which differ by some bytes.
const LEVELS: [u8; 9] = [1, 6, 9, 4, 5, 7, 8, 3, 2];
/// So many are tried on a stream that is too long by more than a 16th.
const PROMISING_LEVELS: usize = 3;

/// A deflate stream of so many bytes and the level that made it; `None` if no level fits.
pub(crate) fn deflate_to(plain: &[u8], bytes: Option<usize>) -> Option<(u8, Vec<u8>)> {
    let mut least_excess = usize::MAX;
    for (tried, level) in LEVELS.into_iter().enumerate() {
        if tried >= PROMISING_LEVELS && least_excess > bytes.unwrap_or(0) / 16 {
            break;
        }
        match at_level(plain, level, bytes)? {
            Fit::Stream(stream) => return Some((level, stream)),
            Fit::Longer { shortest } => least_excess = least_excess.min(shortest - bytes.unwrap_or(0)),
            Fit::Unreached => least_excess = 0,
        }
    }
    None
}

/// What became of a length.
enum Fit {
    /// The stream has it.
    Stream(Vec<u8>),
    /// The stream is longer even without padding.
    Longer {
        /// So long.
        shortest: usize,
    },
    /// No padding makes up for the few bytes that are missing, or recipes do not allow so many.
    Unreached,
}

/// Deflates `plain` at `level` to a stream of exactly `bytes`, or of whatever length it gets; `None` if the level is
/// none.
fn at_level(plain: &[u8], level: u8, bytes: Option<usize>) -> Option<Fit> {
    let run = |padding: Padding| {
        let mut stream = Vec::new();
        let filler = matches::deflate_after(padding, plain, level, &mut |made| {
            stream.extend_from_slice(made);
            true
        })?;
        Some((stream, filler))
    };
    let (stream, filler) = run(Padding::default())?;
    let shortest = stream.len();
    let Some(bytes) = bytes else { return Some(Fit::Stream(stream)) };
    if bytes < shortest {
        return Some(Fit::Longer { shortest });
    }
    let none = Some(Fit::Unreached);
    // More than recipes may ask for.
    let most = plain.len().saturating_add(MORE_PADDING_BYTES);
    let padding = Padding::adding(bytes - shortest, filler).filter(|padding| padding.bytes() <= most);
    let Some(padding) = padding else { return none };
    let stream = match padding.whole_bytes() {
        _ if padding.is_empty() => stream,
        Some(front) => [front, stream].concat(),
        None => run(padding)?.0,
    };
    if stream.len() == bytes { Some(Fit::Stream(stream)) } else { none }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress, Status};

    fn inflate(stream: &[u8], most: usize) -> Option<Vec<u8>> {
        let mut plain = Vec::with_capacity(most + 1);
        let mut inflater = Decompress::new(false);
        let status = inflater.decompress_vec(stream, &mut plain, FlushDecompress::Finish).ok()?;
        (status == Status::StreamEnd && inflater.total_in() == stream.len() as u64).then_some(plain)
    }

    #[test]
    fn every_length_from_five_bytes_more_on_is_reached_and_seen_again() {
        let noise = |n: u32| n.wrapping_mul(2_654_435_761).wrapping_add(n << 7) >> 11;
        let mut by_chance = [0; 5];
        for size in [0usize, 1, 2, 3, 4, 5, 7, 40, 300, 5_000] {
            for spread in [3, 256] {
                let plain: Vec<u8> = (0..size as u32).map(|n| (noise(n) % spread) as u8).collect();
                let Some(Fit::Stream(own)) = at_level(&plain, 6, None) else { panic!("no stream") };
                assert!(Padding::of(&own).is_empty());
                for more in 0..200 {
                    let wanted = own.len() + more;
                    match at_level(&plain, 6, Some(wanted)).expect("a level") {
                        Fit::Stream(stream) => {
                            assert_eq!(stream.len(), wanted);
                            assert_eq!(inflate(&stream, size).as_ref(), Some(&plain));
                            let padding = Padding::of(&stream);
                            assert_eq!(padding.is_empty(), more == 0);
                            assert!(padding.bytes() <= more + 2, "{padding:?} for {more}");
                            by_chance[more.min(4)] += usize::from(more < 5);
                        }
                        _ => assert!((1..5).contains(&more), "{size}: {more} bytes more"),
                    }
                }
                assert!(matches!(at_level(&plain, 6, own.len().checked_sub(1)), Some(Fit::Longer { .. })));
            }
        }
        assert!(by_chance[1..].iter().all(|&reached| reached > 3), "{by_chance:?}");
    }
}

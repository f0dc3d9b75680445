//! The deflate encoder of classic zlib, level by level, bit by bit.
//!
//! In: plain bytes and a level from 1 to 9. Out: the stream that `deflate` of zlib makes of them in one `Z_FINISH`, with
//! 32 KiB window, default memory and default strategy.
//! Not here: level 0, other strategies, other encoders (`deflate` corrects those), the zlib frame (`zlib`).
//! Holds: the bytes made for given plain bytes and level never change; no panic on any input; memory does not grow
//! with the input beyond one block.
//! Source: the algorithm of zlib 1.2.5 to 1.3.1 (`deflate.c`, `trees.c`), written anew; tested against zlib itself.

mod bits;
mod block;
mod fitted;
mod huffman;
mod matches;
mod padding;

pub(crate) use fitted::deflate_to;
pub(crate) use matches::{deflate, deflate_after};
pub(crate) use padding::Padding;

/// Shortest and longest match.
const MIN_MATCH: usize = 3;
const MAX_MATCH: usize = 258;

/// A literal or a match, as a block codes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Literal(u8),
    Match {
        /// 3 to 258.
        length: u16,
        /// 1 to 32,768.
        distance: u16,
    },
}

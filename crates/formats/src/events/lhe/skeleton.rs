//! The skeleton of Les Houches events: lines of text, and lines that begin with another byte and say something else.
//!
//! In: what a reader found beside the columns. Out: one line for each; and back.
//! Not here: what the numbers of a shaped line are (`guess`), how lines of particles look (`line`).
//! Holds: every line of a skeleton ends with a line feed; text that could be taken for anything else is marked.

use super::super::EventError;
use super::super::fields::{Fields, push_integer};

/// One line of a skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op<'a> {
    /// A line that ends like those of particles.
    Text(&'a [u8]),
    /// A line as it is, whatever it ends with.
    Raw(&'a [u8]),
    /// A line that has a shape, and its numbers as far as they are not guessed.
    Shaped(u8, &'a [u8]),
    /// An event begins. Its lines follow, and those that do not are the ones that are guessed.
    Event,
    /// An event without particles begins with this line as it is; nothing is guessed.
    Bare(&'a [u8]),
    /// The second line of an event as it is, with the number of particles.
    Info(&'a [u8]),
    /// The line of a particle looks otherwise: its place in the event, a blank, the line.
    Patch(&'a [u8]),
    /// A particle has other mothers: its place, a blank, the first, a blank, the last.
    Mothers(&'a [u8]),
    /// What stands behind a particle's mass: its place, a blank, the text.
    Label(&'a [u8]),
    /// So many lines are as guessed.
    Guessed(u64),
    /// The event has no more lines.
    End,
    /// The last line has no line feed.
    Unended,
}

// What the first byte of a line says. Those below 16 are none of text, and none is a line feed (10).
const RAW: u8 = 0;
const EVENT: u8 = 1;
const PATCH: u8 = 2;
const MOTHERS: u8 = 3;
const BARE: u8 = 4;
const INFO: u8 = 5;
const LABEL: u8 = 6;
const GUESSED: u8 = 7;
const END: u8 = 8;
const UNENDED: u8 = 11;
const LAST_KIND: u8 = 15;
/// The first of the shapes.
const SHAPE: u8 = 128;

/// So many shapes can be named.
pub(super) const MOST_SHAPES: usize = 128;

/// True for text that needs no mark.
pub(super) fn is_plain(text: &[u8]) -> bool {
    text.first().is_none_or(|&first| first > LAST_KIND && first < SHAPE)
}

/// Appends one line. Text has to be plain.
pub(super) fn push(op: Op<'_>, out: &mut Vec<u8>) {
    let (kind, text) = match op {
        Op::Text(text) => {
            out.extend_from_slice(text);
            out.push(b'\n');
            return;
        }
        Op::Guessed(count) => {
            out.push(GUESSED);
            push_integer(count as i64, out);
            out.push(b'\n');
            return;
        }
        Op::Raw(text) => (RAW, text),
        Op::Shaped(shape, text) => (SHAPE | shape, text),
        Op::Event => (EVENT, &b""[..]),
        Op::Bare(text) => (BARE, text),
        Op::Info(text) => (INFO, text),
        Op::Patch(text) => (PATCH, text),
        Op::Mothers(text) => (MOTHERS, text),
        Op::Label(text) => (LABEL, text),
        Op::End => (END, &b""[..]),
        Op::Unended => (UNENDED, &b""[..]),
    };
    out.push(kind);
    out.extend_from_slice(text);
    out.push(b'\n');
}

/// The line at `at`, which is moved behind it; `None` at the end.
pub(super) fn next<'a>(skeleton: &'a [u8], at: &mut usize) -> Result<Option<Op<'a>>, EventError> {
    let rest = skeleton.get(*at..).unwrap_or(b"");
    if rest.is_empty() {
        return Ok(None);
    }
    let wrong = |what| EventError::Skeleton { at_byte: *at as u64, what };
    let length = memchr::memchr(b'\n', rest).ok_or(wrong("the last line has no end"))?;
    let line = &rest[..length];
    let op = match line.split_first() {
        Some((&kind, text)) if kind >= SHAPE => Op::Shaped(kind - SHAPE, text),
        Some((&kind, text)) if kind <= LAST_KIND => match kind {
            RAW => Op::Raw(text),
            EVENT if text.is_empty() => Op::Event,
            BARE => Op::Bare(text),
            INFO => Op::Info(text),
            PATCH => Op::Patch(text),
            MOTHERS => Op::Mothers(text),
            LABEL => Op::Label(text),
            GUESSED => {
                let mut fields = Fields::new(text);
                let count = fields.integer().filter(|_| fields.rest.is_empty());
                let count = count.and_then(|count| count.try_into().ok());
                Op::Guessed(count.ok_or(wrong("a number of lines that is none"))?)
            }
            END if text.is_empty() => Op::End,
            UNENDED if text.is_empty() => Op::Unended,
            _ => return Err(wrong("a line of unknown kind")),
        },
        _ => Op::Text(line),
    };
    *at += length + 1;
    Ok(Some(op))
}

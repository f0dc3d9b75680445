//! The skeleton of Les Houches events: lines of text, and lines that begin with a byte below 16 and say something else.
//!
//! In: what a reader found beside the columns. Out: one line for each; and back.
//! Not here: how lines of particles look (`line`).
//! Holds: every line of a skeleton ends with a line feed; text that could be taken for anything else is marked.

use super::super::EventError;

/// One line of a skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op<'a> {
    /// A line that ends like those of particles.
    Text(&'a [u8]),
    /// A line as it is, whatever it ends with.
    Raw(&'a [u8]),
    /// An event begins with the usual line. Its second line follows, without the number of particles.
    Event(&'a [u8]),
    /// An event begins with this line as it is.
    Tag(&'a [u8]),
    /// The second line of an event that began with a tag, without the number of particles; lines of particles follow.
    Info(&'a [u8]),
    /// The same, as it is.
    InfoText(&'a [u8]),
    /// The line of a particle looks otherwise: its place in the event, a blank, the line.
    Patch(&'a [u8]),
    /// A particle has other mothers: its place, a blank, the first, a blank, the last.
    Mothers(&'a [u8]),
    /// The last line has no line feed.
    Unended,
}

// What the first byte of a line says. All are below 16, and none is a line feed (10).
const RAW: u8 = 0;
const EVENT: u8 = 1;
const PATCH: u8 = 2;
const MOTHERS: u8 = 3;
const TAG: u8 = 4;
const INFO: u8 = 5;
const INFO_TEXT: u8 = 6;
const UNENDED: u8 = 11;
const LAST_KIND: u8 = 15;

/// True for text that needs no mark.
pub(super) fn is_plain(text: &[u8]) -> bool {
    text.first().is_none_or(|&first| first > LAST_KIND)
}

/// Appends one line. Text has to be plain.
pub(super) fn push(op: Op<'_>, out: &mut Vec<u8>) {
    let (kind, text) = match op {
        Op::Text(text) => {
            out.extend_from_slice(text);
            out.push(b'\n');
            return;
        }
        Op::Raw(text) => (RAW, text),
        Op::Event(text) => (EVENT, text),
        Op::Tag(text) => (TAG, text),
        Op::Info(text) => (INFO, text),
        Op::InfoText(text) => (INFO_TEXT, text),
        Op::Patch(text) => (PATCH, text),
        Op::Mothers(text) => (MOTHERS, text),
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
        Some((&kind, text)) if kind <= LAST_KIND => match kind {
            RAW => Op::Raw(text),
            EVENT => Op::Event(text),
            TAG => Op::Tag(text),
            INFO => Op::Info(text),
            INFO_TEXT => Op::InfoText(text),
            PATCH => Op::Patch(text),
            MOTHERS => Op::Mothers(text),
            UNENDED if text.is_empty() => Op::Unended,
            _ => return Err(wrong("a line of unknown kind")),
        },
        _ => Op::Text(line),
    };
    *at += length + 1;
    Ok(Some(op))
}

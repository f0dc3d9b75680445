//! The skeleton of event records: text lines, and lines that begin with a byte below 16 and say what goes between them.
//!
//! In: what a reader found beside the columns. Out: one line for each; and back.
//! Not here: how lines of particles and vertices look (`hepmc2`, `hepmc3`).
//! Holds: every line of a skeleton ends with a line feed; text that could be taken for anything else is escaped.

use super::EventError;
use super::fields::{Fields, push_integer};

/// Kinds of lines that are made from columns. Each has its own order, and a place in it up to which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// Particles and vertices.
    Graph,
    /// Colour flow, in formats that have lines of its own for it.
    Colour,
    /// Anticolour flow, likewise.
    Anticolour,
}

/// One line of a skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op<'a> {
    /// A line as it is.
    Text(&'a [u8]),
    /// The first line of an event; fields that columns know are `*`.
    First(&'a [u8]),
    /// The first line of an event, as it is.
    FirstText(&'a [u8]),
    /// So many lines of a stream follow, or all that are left.
    Lines(Stream, Option<u64>),
    /// The next line of the graph looks otherwise.
    Instead(&'a [u8]),
    /// So many vertices are printed now, though no particle asks for them.
    Early(u64),
    /// Exceptions from consecutive barcodes of particles.
    ParticleCodes(&'a [u8]),
    /// Exceptions from consecutive barcodes of vertices.
    VertexCodes(&'a [u8]),
    /// The last line has no line feed.
    Unended,
}

// What the first byte of a line says. All are below 16, and none is a line feed (10).
const ESCAPE: u8 = 0;
const GRAPH: u8 = 1;
const INSTEAD: u8 = 2;
const COLOUR: u8 = 3;
const ANTICOLOUR: u8 = 4;
const FIRST: u8 = 5;
const FIRST_TEXT: u8 = 6;
const EARLY: u8 = 7;
const PARTICLE_CODES: u8 = 8;
const VERTEX_CODES: u8 = 9;
const UNENDED: u8 = 11;
const LAST_KIND: u8 = 15;

fn line(kind: u8, text: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(text);
    out.push(b'\n');
}

/// Appends one line.
pub(super) fn push(op: Op<'_>, out: &mut Vec<u8>) {
    match op {
        Op::Text(text) if text.first().is_some_and(|&first| first <= LAST_KIND) => line(ESCAPE, text, out),
        Op::Text(text) => {
            out.extend_from_slice(text);
            out.push(b'\n');
        }
        Op::First(text) => line(FIRST, text, out),
        Op::FirstText(text) => line(FIRST_TEXT, text, out),
        Op::Lines(stream, count) => {
            out.push(match stream {
                Stream::Graph => GRAPH,
                Stream::Colour => COLOUR,
                Stream::Anticolour => ANTICOLOUR,
            });
            if let Some(count) = count {
                push_integer(count as i64, out);
            }
            out.push(b'\n');
        }
        Op::Instead(text) => line(INSTEAD, text, out),
        Op::Early(count) => {
            out.push(EARLY);
            push_integer(count as i64, out);
            out.push(b'\n');
        }
        Op::ParticleCodes(text) => line(PARTICLE_CODES, text, out),
        Op::VertexCodes(text) => line(VERTEX_CODES, text, out),
        Op::Unended => line(UNENDED, b"", out),
    }
}

fn count(text: &[u8]) -> Option<u64> {
    let mut fields = Fields::new(text);
    let count = fields.integer()?;
    if fields.rest.is_empty() { count.try_into().ok() } else { None }
}

/// The line at `at`, which is moved behind it; `None` at the end.
pub(super) fn next<'a>(skeleton: &'a [u8], at: &mut usize) -> Result<Option<Op<'a>>, EventError> {
    let rest = skeleton.get(*at..).unwrap_or(b"");
    if rest.is_empty() {
        return Ok(None);
    }
    let wrong = |what| EventError::Skeleton { at_byte: *at as u64, what };
    let length = memchr::memchr(b'\n', rest).ok_or(wrong("the last line has no end"))?;
    let text = &rest[..length];
    let op = match text.split_first() {
        Some((&kind, text)) if kind <= LAST_KIND => {
            let lines = |stream| match text {
                b"" => Ok(Op::Lines(stream, None)),
                text => match count(text) {
                    Some(count) => Ok(Op::Lines(stream, Some(count))),
                    None => Err(wrong("a number of lines that is none")),
                },
            };
            match kind {
                ESCAPE => Op::Text(text),
                GRAPH => lines(Stream::Graph)?,
                INSTEAD => Op::Instead(text),
                COLOUR => lines(Stream::Colour)?,
                ANTICOLOUR => lines(Stream::Anticolour)?,
                FIRST => Op::First(text),
                FIRST_TEXT => Op::FirstText(text),
                EARLY => Op::Early(count(text).ok_or(wrong("a number of vertices that is none"))?),
                PARTICLE_CODES => Op::ParticleCodes(text),
                VERTEX_CODES => Op::VertexCodes(text),
                UNENDED if text.is_empty() => Op::Unended,
                _ => return Err(wrong("a line of unknown kind")),
            }
        }
        _ => Op::Text(text),
    };
    *at += length + 1;
    Ok(Some(op))
}

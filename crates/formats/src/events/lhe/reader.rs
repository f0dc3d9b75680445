//! Reading: text of Les Houches events to columns and skeleton.
//!
//! In: any bytes. Out: events that write the same bytes.
//! Not here: how a line looks (`line`), what the lines of a skeleton are (`skeleton`).
//! Holds: each event is written again and compared. Lines of particles that come out otherwise become patches; an event that
//! still differs has no particles, and all of its lines stay text.

use super::super::dialect::{Draft, Particle};
use super::super::fields::push_integer;
use super::line::{self, Line};
use super::mothers::Pairs;
use super::skeleton::{self, Op};
use super::writer::Writer;
use super::{Lhe, codes, next_event};
use hepz_columns::events::Events;

/// What a particle's line needs beside the columns.
enum Patch {
    /// Its text.
    Line,
    /// Its mothers.
    Mothers(i64, i64),
}

struct Reader<'a> {
    lhe: &'a Lhe,
    draft: Draft,
    pairs: Pairs,
    skeleton: Vec<u8>,
    writer: Writer<'a>,
    written: Vec<u8>,
    /// Mothers that the particles of the event name.
    mothers: Vec<(i64, i64)>,
    patches: Vec<(usize, Patch)>,
}

/// The next line of a text, without its line feed; `at` is moved behind it.
#[inline]
fn next_line<'t>(text: &'t [u8], at: &mut usize) -> Option<&'t [u8]> {
    let rest = text.get(*at..).filter(|rest| !rest.is_empty())?;
    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    *at += length + 1;
    Some(&rest[..length])
}

/// Reads any text.
pub(crate) fn read(lhe: &Lhe, text: &[u8]) -> Events {
    let mut reader = Reader {
        lhe,
        draft: Draft::new(codes()),
        pairs: Pairs::default(),
        skeleton: Vec::new(),
        writer: Writer::new(lhe),
        written: Vec::new(),
        mothers: Vec::new(),
        patches: Vec::new(),
    };
    let unended = text.last().is_some_and(|&last| last != b'\n');
    let mut at = next_event(text, 0).unwrap_or(text.len());
    reader.texts(&text[..at]);
    while at < text.len() {
        let end = next_event(text, at + 1).unwrap_or(text.len());
        match unended && end == text.len() {
            true => reader.event(&[&text[at..], b"\n"].concat()),
            false => reader.event(&text[at..end]),
        }
        at = end;
    }
    if unended {
        skeleton::push(Op::Unended, &mut reader.skeleton);
    }
    let mut events = reader.draft.events;
    events.labels = reader.draft.labels.into_table();
    events.skeleton = reader.skeleton;
    events
}

impl Reader<'_> {
    /// Lines that stay as they are.
    fn texts(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some(line) = next_line(text, &mut at) {
            match self.lhe.trimmed(line).filter(|line| skeleton::is_plain(line)) {
                Some(line) => skeleton::push(Op::Text(line), &mut self.skeleton),
                None => skeleton::push(Op::Raw(line), &mut self.skeleton),
            }
        }
    }

    /// Reads one event; its text ends with a line feed.
    fn event(&mut self, text: &[u8]) {
        let start = self.skeleton.len();
        self.draft.begin(true);
        self.pairs.clear();
        self.patches.clear();
        let rest = self.particles(text);
        let done = rest.is_some_and(|rest| {
            self.commit(text, rest) || {
                self.skeleton.truncate(start);
                self.find_patches(text) && self.commit(text, rest)
            }
        });
        if !done {
            self.skeleton.truncate(start);
            self.draft.undo();
            let mut at = 0;
            skeleton::push(Op::Tag(next_line(text, &mut at).unwrap_or(b"")), &mut self.skeleton);
            self.texts(&text[at..]);
        }
        let (p, v) = (self.draft.first_particle, self.draft.first_vertex);
        let events = &mut self.draft.events;
        events.particles.push((events.species.len() - p) as u32);
        events.vertices.push((events.vertex_status.len() - v) as u32);
    }

    /// Puts particles into columns; where the text behind them begins.
    fn particles(&mut self, text: &[u8]) -> Option<usize> {
        self.mothers.clear();
        let mut at = 0;
        next_line(text, &mut at)?;
        let info = next_line(text, &mut at)?;
        let (_, number) = line::next_field(&mut { info })?;
        let announced: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
        for _ in 0..announced {
            let mut behind = at;
            let Some(line) = next_line(text, &mut behind) else { break };
            if matches!(line.first(), Some(b'<' | b'#')) {
                break;
            }
            let line = self.lhe.trimmed(line).unwrap_or(line);
            let Some((tokens, label)) = line::cut(line) else { break };
            // What is no number has a place among the particles all the same, and the line becomes a patch.
            let line = line::read(self.lhe, &tokens, label).unwrap_or_default();
            self.add(&line);
            at = behind;
        }
        Some(at)
    }

    fn add(&mut self, line: &Line<'_>) {
        let production = self.pairs.vertex(line.mothers, &mut self.draft);
        self.mothers.push(line.mothers);
        let code = self.draft.particle_codes.expected();
        let &Line { species, status, momentum, mass, flow, label, .. } = line;
        let particle = Particle { species, status, production, momentum, mass, flow, label };
        self.draft.push_particle(code, &particle);
    }

    /// Writes the skeleton of the event, then the event from it; false if that is not the text.
    fn commit(&mut self, text: &[u8], rest: usize) -> bool {
        let start = self.skeleton.len();
        self.write_skeleton(text);
        self.texts(&text[rest..]);
        self.written.clear();
        let columns = (&self.draft.events, self.draft.labels.table());
        let mut at = start;
        let done =
            self.writer.event(columns, places(&self.draft), &self.skeleton, &mut at, &mut self.written);
        done.is_ok() && self.written == text
    }

    /// The skeleton up to the particles, with their patches.
    fn write_skeleton(&mut self, text: &[u8]) {
        let mut at = 0;
        let tag = next_line(text, &mut at).unwrap_or(b"");
        let info = next_line(text, &mut at).unwrap_or(b"");
        let n_particles = self.draft.events.species.len() - self.draft.first_particle;
        let mut number = Vec::new();
        self.lhe.template.put_number(n_particles, &mut Vec::new(), &mut number);
        let folded = self.lhe.trimmed(info).and_then(|info| info.strip_prefix(number.as_slice()));
        let folded = folded.filter(|rest| !rest.first().is_some_and(u8::is_ascii_digit));
        let out = &mut self.skeleton;
        match folded {
            Some(info) if self.lhe.trimmed(tag) == Some(super::TAG) => skeleton::push(Op::Event(info), out),
            Some(info) => {
                skeleton::push(Op::Tag(tag), out);
                skeleton::push(Op::Info(info), out);
            }
            None => {
                skeleton::push(Op::Tag(tag), out);
                skeleton::push(Op::InfoText(info), out);
            }
        }
        if self.patches.is_empty() {
            return;
        }
        let mut patches = self.patches.iter().peekable();
        let mut patch = Vec::new();
        for particle in 0..n_particles {
            let Some(line) = next_line(text, &mut at) else { break };
            let Some((_, found)) = patches.next_if(|(place, _)| *place == particle) else { continue };
            patch.clear();
            push_integer(particle as i64, &mut patch);
            patch.push(b' ');
            match *found {
                Patch::Line => {
                    patch.extend_from_slice(line);
                    skeleton::push(Op::Patch(&patch), out);
                }
                Patch::Mothers(first, last) => {
                    push_integer(first, &mut patch);
                    patch.push(b' ');
                    push_integer(last, &mut patch);
                    skeleton::push(Op::Mothers(&patch), out);
                }
            }
        }
    }

    /// Finds the lines of particles that come out otherwise; false if there are none.
    fn find_patches(&mut self, text: &[u8]) -> bool {
        let columns = (&self.draft.events, self.draft.labels.table());
        let places = places(&self.draft);
        self.writer.start(columns.0, &places);
        let mut at = 0;
        next_line(text, &mut at);
        next_line(text, &mut at);
        for (number, particle) in places.0.enumerate() {
            let start = at;
            next_line(text, &mut at);
            let wanted = &text[start..at];
            self.written.clear();
            self.writer.particle(columns, particle, None, &mut self.written);
            if self.written == wanted {
                continue;
            }
            let (first, last) = self.mothers[number];
            self.written.clear();
            self.writer.particle(columns, particle, Some((first, last)), &mut self.written);
            let patch = if self.written == wanted { Patch::Mothers(first, last) } else { Patch::Line };
            self.patches.push((number, patch));
        }
        !self.patches.is_empty()
    }
}

/// Places of the event at hand in the columns.
fn places(draft: &Draft) -> super::writer::Places {
    (draft.first_particle..draft.events.species.len(), draft.first_vertex..draft.events.vertex_status.len())
}

//! Reading: text of Les Houches events to columns and skeleton.
//!
//! In: any bytes. Out: events that write the same bytes.
//! Not here: how a line looks (`line`), what the lines of a skeleton are (`skeleton`).
//! Holds: each event is written again and compared. Lines of particles that come out otherwise become patches; an event that
//! still differs has no particles, and all of its lines stay text.

use super::super::dialect::{Draft, Particle};
use super::super::fields::push_integer;
use super::fold::Folder;
use super::kinematics::{Context, Places};
use super::line::{self, Line};
use super::mothers::Pairs;
use super::skeleton::{self, Op};
use super::writer::{Writer, n_final};
use super::{Lhe, codes, next_event};
use hepz_columns::events::Events;

/// Labels of particles from this many on, shapes included, are patches.
const MOST_LABELS: usize = 512;

/// What a particle's line needs beside the columns.
enum Patch {
    /// Its text.
    Line,
    /// Its mothers.
    Mothers(i64, i64),
    /// What stands behind so many bytes.
    Label(usize),
}

struct Reader<'a> {
    lhe: &'a Lhe,
    draft: Draft,
    pairs: Pairs,
    skeleton: Vec<u8>,
    folder: Folder,
    /// What the skeleton says about the event's lines of text.
    folded: Vec<u8>,
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
        folder: Folder::default(),
        folded: Vec::new(),
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
        self.draft.begin(true);
        self.pairs.clear();
        self.patches.clear();
        let rest = self.particles(text);
        let done = rest.is_some_and(|rest| {
            self.fold(text, rest);
            self.commit(text) || (self.find_patches(text) && self.commit(text))
        });
        if !done {
            self.draft.undo();
            let mut at = 0;
            skeleton::push(Op::Bare(next_line(text, &mut at).unwrap_or(b"")), &mut self.skeleton);
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
        let labels = &self.draft.labels;
        let known = labels.table().len() < MOST_LABELS || labels.is_known(label);
        let label = if known { label } else { b"" };
        let particle = Particle { species, status, production, momentum, mass, flow, label };
        self.draft.push_particle(code, &particle);
    }

    /// Folds the lines of text of the event; those behind the particles begin at `rest`.
    fn fold(&mut self, text: &[u8], rest: usize) {
        let mut at = 0;
        let tag = next_line(text, &mut at).unwrap_or(b"");
        let info = next_line(text, &mut at).unwrap_or(b"");
        let places = places(&self.draft);
        let mut number = Vec::new();
        self.lhe.template.put_number(places.0.len(), &mut Vec::new(), &mut number);
        let folded = self.lhe.trimmed(info).and_then(|info| info.strip_prefix(number.as_slice()));
        let folded = folded.filter(|rest| !rest.first().is_some_and(u8::is_ascii_digit));
        let usual = |line| self.lhe.trimmed(line).map_or(Op::Raw(line), Op::Text);
        let mut at = rest;
        let others = std::iter::from_fn(|| next_line(text, &mut at).map(usual));
        let ops = [usual(tag), folded.map_or(Op::Info(info), Op::Text)].into_iter().chain(others);
        let last = self.writer.last(n_final(&self.draft.events, &places));
        let context = Context::new(self.lhe, &self.draft.events, places);
        self.folded.clear();
        self.folder.fold(&context, &mut self.draft.labels, last, ops, &mut self.folded);
    }

    /// Writes the skeleton of the event, then the event from it; takes the skeleton back and is false if that is not the
    /// text.
    fn commit(&mut self, text: &[u8]) -> bool {
        let (start, spent) = (self.skeleton.len(), self.writer.spent());
        skeleton::push(Op::Event, &mut self.skeleton);
        self.write_patches(text);
        self.skeleton.extend_from_slice(&self.folded);
        self.written.clear();
        let columns = ((&self.draft.events, self.draft.labels.table()), self.folder.shapes.as_slice());
        let mut at = start;
        let done =
            self.writer.event(columns, places(&self.draft), &self.skeleton, &mut at, &mut self.written);
        let same = done.is_ok() && self.written == text;
        if same {
            self.writer.commit();
        } else {
            self.writer.set_spent(spent);
            self.skeleton.truncate(start);
        }
        same
    }

    /// What lines of particles need beside the columns.
    fn write_patches(&mut self, text: &[u8]) {
        let out = &mut self.skeleton;
        let mut at = 0;
        next_line(text, &mut at);
        next_line(text, &mut at);
        let mut patches = self.patches.iter().peekable();
        let mut patch = Vec::new();
        let mut place = 0;
        while patches.peek().is_some() {
            let Some(line) = next_line(text, &mut at) else { break };
            if let Some((_, found)) = patches.next_if(|(found, _)| *found == place) {
                patch.clear();
                push_integer(place as i64, &mut patch);
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
                    Patch::Label(from) => {
                        let line = self.lhe.trimmed(line).unwrap_or(line);
                        patch.extend_from_slice(line.get(from..).unwrap_or(b""));
                        skeleton::push(Op::Label(&patch), out);
                    }
                }
            }
            place += 1;
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
            let length = self.written.len() - self.lhe.line_end.len();
            if columns.1[columns.0.label[particle] as usize].is_empty()
                && wanted.starts_with(&self.written[..length])
                && wanted.ends_with(self.lhe.line_end)
            {
                self.patches.push((number, Patch::Label(length)));
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
fn places(draft: &Draft) -> Places {
    (draft.first_particle..draft.events.species.len(), draft.first_vertex..draft.events.vertex_status.len())
}

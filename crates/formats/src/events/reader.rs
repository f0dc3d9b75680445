//! Reading: text of event records to columns and skeleton.
//!
//! In: any bytes. Out: events that write the same bytes.
//! Not here: how a line looks (`hepmc2`, `hepmc3`), what the lines of a skeleton are (`skeleton`).
//! Holds: each event is written again and compared. Lines that come out otherwise become patches; an event that still
//! differs has no particles, and all of its lines stay text.

use super::dialect::{Dialect, Draft, Line};
use super::first_line::{self, Facts};
use super::graph::{Links, View};
use super::skeleton::{self, Op, Stream};
use super::walk::Walk;
use super::writer::{Writer, write_node};
use hepz_columns::events::{Events, NONE};

/// What became of a line, or stands before it.
#[derive(Clone, Copy)]
enum Item {
    /// It stays text.
    Text(usize, usize),
    /// It comes from the columns.
    Lines(Stream, usize, usize),
    /// It is one of the graph, but printed otherwise.
    Instead(usize, usize),
    /// So many vertices are printed before a particle asks for them.
    Early(u64),
}

/// Reads events one after another.
struct Reader<'a, D> {
    dialect: &'a D,
    line_end: &'static [u8],
    draft: Draft,
    skeleton: Vec<u8>,
    items: Vec<Item>,
    writer: Writer<'a, D>,
    written: Vec<u8>,
}

/// Lines of a text: their places, without line feeds.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let end = start + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        at = end + 1;
        Some((start, end))
    })
}

/// Where the next event begins, at `from` or behind it; events begin lines.
pub(super) fn next_event<D: Dialect>(text: &[u8], from: usize) -> Option<usize> {
    if from == 0 && text.starts_with(D::EVENT) {
        return Some(0);
    }
    let mut from = from;
    loop {
        let at = from + memchr::memmem::find(text.get(from..)?, D::EVENT)?;
        if at > 0 && text[at - 1] == b'\n' {
            return Some(at);
        }
        from = at + 1;
    }
}

/// End of the last whole event.
pub(super) fn cut<D: Dialect>(text: &[u8]) -> Option<usize> {
    let mut end = text.len();
    let last = loop {
        let at = memchr::memmem::rfind(&text[..end], D::EVENT)?;
        if at == 0 {
            return None;
        }
        if text[at - 1] == b'\n' {
            break at;
        }
        // The next one to be found begins before this one.
        end = at + D::EVENT.len() - 1;
    };
    (next_event::<D>(text, 0)? < last).then_some(last)
}

/// Reads any text.
pub(super) fn read<D: Dialect>(dialect: &D, line_end: &'static [u8], text: &[u8]) -> Events {
    let mut reader = Reader {
        dialect,
        line_end,
        draft: Draft::new(dialect.codes()),
        skeleton: Vec::new(),
        items: Vec::new(),
        writer: Writer::new(dialect, line_end),
        written: Vec::new(),
    };
    let unended = text.last().is_some_and(|&last| last != b'\n');
    let mut at = next_event::<D>(text, 0).unwrap_or(text.len());
    for (start, end) in lines(&text[..at]) {
        skeleton::push(Op::Text(&text[start..end]), &mut reader.skeleton);
    }
    while at < text.len() {
        let end = next_event::<D>(text, at + 1).unwrap_or(text.len());
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

impl<D: Dialect> Reader<'_, D> {
    /// Reads one event; its text ends with a line feed.
    fn event(&mut self, text: &[u8]) {
        let start = self.skeleton.len();
        for takes_flows in [true, false] {
            self.draft.begin(takes_flows);
            self.scan(text);
            self.dialect.finish(&mut self.draft);
            self.reject_flows();
            if self.commit(text) || self.commit_patched(text) {
                let (p, v) = (self.draft.first_particle, self.draft.first_vertex);
                let events = &mut self.draft.events;
                events.particles.push((events.species.len() - p) as u32);
                events.vertices.push((events.vertex_status.len() - v) as u32);
                return;
            }
            self.skeleton.truncate(start);
            self.draft.undo();
        }
        self.draft.events.particles.push(0);
        self.draft.events.vertices.push(0);
        for (start, end) in lines(text) {
            let line = &text[start..end];
            if start == 0 {
                skeleton::push(Op::FirstText(line), &mut self.skeleton);
                let number = first_line::number::<D>(line).map_or(self.writer.number(), |number| number + 1);
                self.writer.set_number(number);
            } else {
                skeleton::push(Op::Text(line), &mut self.skeleton);
            }
        }
    }

    /// A line without the end that lines of columns have.
    fn trimmed<'t>(&self, line: &'t [u8]) -> &'t [u8] {
        let end = &self.line_end[..self.line_end.len() - 1];
        line.strip_suffix(end).unwrap_or(line)
    }

    /// Sorts the lines of an event.
    fn scan(&mut self, text: &[u8]) {
        self.items.clear();
        // Vertices that a walk over the particles so far would have printed, and where the last of these stands.
        let (mut n_walked, mut last_particle) = (0, 0);
        for (start, end) in lines(text).skip(1) {
            let line = self.trimmed(&text[start..end]);
            let n_before = self.draft.n_vertices();
            let mut found = self.dialect.read(line, &mut self.draft);
            if found == Line::Text
                && let Some(repaired) = self.dialect.repaired(line)
            {
                found = self.dialect.read(&repaired, &mut self.draft);
            }
            self.items.push(match found {
                Line::Text => Item::Text(start, end),
                Line::Flow(stream) => Item::Lines(stream, start, end),
                Line::Vertex | Line::Particle(_) => Item::Lines(Stream::Graph, start, end),
            });
            if let Line::Particle(host) = found {
                let needed = n_walked.max(if host == NONE { 0 } else { host as usize + 1 });
                if n_before > needed {
                    self.items.insert(last_particle, Item::Early((n_before - n_walked) as u64));
                }
                n_walked = needed.max(n_before);
                last_particle = self.items.len();
            }
        }
    }

    /// Turns lines of flows that cannot be in columns into text.
    fn reject_flows(&mut self) {
        for (rejected, flows) in self.draft.rejected.iter().zip([Stream::Colour, Stream::Anticolour]) {
            if rejected.is_empty() {
                continue;
            }
            let of_stream = |item: &&mut Item| matches!(item, Item::Lines(stream, ..) if *stream == flows);
            let mut rejected = rejected.iter().peekable();
            for (line, item) in self.items.iter_mut().filter(of_stream).enumerate() {
                if let (Some(_), Item::Lines(_, start, end)) = (rejected.next_if(|at| **at == line), &item) {
                    *item = Item::Text(*start, *end);
                }
            }
        }
    }

    /// Writes the skeleton of the event.
    fn write_skeleton(&mut self, text: &[u8]) {
        let out = &mut self.skeleton;
        let draft = &self.draft;
        let mut exceptions = Vec::new();
        draft.particle_codes.write_exceptions(&mut exceptions);
        if !exceptions.is_empty() {
            skeleton::push(Op::ParticleCodes(&exceptions), out);
            exceptions.clear();
        }
        draft.vertex_codes.write_exceptions(&mut exceptions);
        if !exceptions.is_empty() {
            skeleton::push(Op::VertexCodes(&exceptions), out);
        }
        let first = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len())];
        let facts = Facts {
            number: self.writer.number(),
            status: &draft.events.status[draft.first_particle..],
            n_vertices: draft.n_vertices(),
            particle_codes: &draft.particle_codes,
        };
        let mut folded = Vec::new();
        let end = &self.line_end[..self.line_end.len() - 1];
        let plain =
            first.strip_suffix(end).is_some_and(|line| first_line::fold::<D>(line, &facts, &mut folded));
        skeleton::push(if plain { Op::First(&folded) } else { Op::FirstText(first) }, out);

        // Lines of each stream that are still to come; the last run says no number.
        let place = |stream: Stream| stream as usize;
        let mut left = [0u64; 3];
        for item in &self.items {
            match item {
                Item::Lines(stream, ..) => left[place(*stream)] += 1,
                Item::Instead(..) => left[place(Stream::Graph)] += 1,
                _ => {}
            }
        }
        let mut run = None;
        let close = |run: &mut Option<(Stream, u64)>, left: &mut [u64; 3], out: &mut Vec<u8>| {
            if let Some((stream, count)) = run.take() {
                left[place(stream)] -= count;
                let rest = left[place(stream)] == 0;
                skeleton::push(Op::Lines(stream, if rest { None } else { Some(count) }), out);
            }
        };
        for item in &self.items {
            match (*item, &mut run) {
                (Item::Lines(stream, ..), Some((running, count))) if stream == *running => *count += 1,
                (Item::Lines(stream, ..), _) => {
                    close(&mut run, &mut left, out);
                    run = Some((stream, 1));
                }
                (item, _) => {
                    close(&mut run, &mut left, out);
                    match item {
                        Item::Instead(start, end) => {
                            left[place(Stream::Graph)] -= 1;
                            skeleton::push(Op::Instead(&text[start..end]), out);
                        }
                        Item::Early(count) => skeleton::push(Op::Early(count), out),
                        Item::Text(start, end) => skeleton::push(Op::Text(&text[start..end]), out),
                        Item::Lines(..) => {}
                    }
                }
            }
        }
        close(&mut run, &mut left, out);
    }

    /// Writes the skeleton, then the event from it; false if that is not the text.
    fn commit(&mut self, text: &[u8]) -> bool {
        let (start, number) = (self.skeleton.len(), self.writer.number());
        self.write_skeleton(text);
        self.written.clear();
        let draft = &self.draft;
        let places = (
            draft.first_particle..draft.events.species.len(),
            draft.first_vertex..draft.events.vertex_status.len(),
        );
        let columns = (&draft.events, draft.labels.table());
        let mut at = start;
        let done = self.writer.event(columns, places, &self.skeleton, &mut at, &mut self.written);
        let same = done.is_ok() && self.written == text;
        if !same {
            self.writer.set_number(number);
            self.skeleton.truncate(start);
        }
        same
    }

    /// Makes patches of the lines that come out otherwise, then the same.
    fn commit_patched(&mut self, text: &[u8]) -> bool {
        let draft = &self.draft;
        let places = (
            draft.first_particle..draft.events.species.len(),
            draft.first_vertex..draft.events.vertex_status.len(),
        );
        let mut links = Links::default();
        let codes = [&draft.particle_codes, &draft.vertex_codes];
        let view = View::new((&draft.events, draft.labels.table()), places, codes, &mut links);
        let mut walk = Walk::default();
        for item in &mut self.items {
            match *item {
                Item::Early(count) if !walk.early(count, &view) => return false,
                Item::Lines(Stream::Graph, start, end) => {
                    let Some(node) = walk.next(self.dialect, &view) else { return false };
                    self.written.clear();
                    write_node(self.dialect, &view, node, &mut self.written);
                    self.written.extend_from_slice(self.line_end);
                    if self.written != text[start..=end] {
                        *item = Item::Instead(start, end);
                    }
                }
                _ => {}
            }
        }
        walk.next(self.dialect, &view).is_none() && self.commit(text)
    }
}

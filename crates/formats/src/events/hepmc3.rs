//! HepMC3 Asciiv3: lines of particles, vertices and colour flow.
//!
//! In: a line, or the columns of an event. Out: columns, or a line.
//! Not here: the lines around them, which stay text (`reader`).
//! Holds: the laws of [`Dialect`]. A vertex with one incoming particle and nothing to tell has no line: particles name
//! the incoming particle instead. Labels of vertices begin with `+` where such a vertex has a line all the same, with `-`
//! where one that should have a line has none, with `=` where only text follows.
//! Source: A. Buckley et al., "The HepMC3 event record library", arXiv:1912.08005, section 4; `WriterAscii.cc` of HepMC3.

use super::codes::Codes;
use super::dialect::{Dialect, Draft, Known, Line, NO_FLOWS, Particle};
use super::fields::{Fields, push_integer};
use super::graph::View;
use super::number::NumberFormat;
use super::skeleton::Stream;
use super::spacing;
use super::tree;
use hepz_columns::events::{Events, NO_FLOW, NONE};

/// How a file prints its lines.
pub(super) struct HepMc3 {
    pub momentum: NumberFormat,
    pub energy: NumberFormat,
    pub mass: NumberFormat,
    pub position: NumberFormat,
    pub first_code: i64,
    /// True if vertices are numbered as in a tree, not in the order of their lines.
    pub trees: bool,
}

const FLOWS: [&[u8]; 2] = [b" flow1 ", b" flow2 "];

impl HepMc3 {
    /// Formats of px, py, pz, E.
    fn momenta(&self) -> [&NumberFormat; 4] {
        [&self.momentum, &self.momentum, &self.momentum, &self.energy]
    }

    fn read_particle(&self, line: &[u8], draft: &mut Draft) -> Option<Line> {
        let mut fields = Fields::new(line);
        fields.text(b"P ")?;
        let code = fields.integer()?;
        fields.byte(b' ')?;
        let parent = fields.integer()?;
        fields.byte(b' ')?;
        let species = fields.short_integer()?;
        fields.byte(b' ')?;
        let momentum = fields.four(self.momenta())?;
        fields.byte(b' ')?;
        let mass = fields.number(&self.mass)?;
        fields.byte(b' ')?;
        let status = fields.short_integer()?;
        let label = fields.rest;
        let production = match parent {
            0 => NONE,
            ..0 => draft.vertex_codes.find(parent, |vertex| draft.shown[vertex]).unwrap_or(NONE),
            _ => match draft.particle_codes.find(parent, |_| true) {
                Some(parent) => hidden_vertex(parent, draft),
                None => NONE,
            },
        };
        let particle = Particle { species, status, production, momentum, mass, flow: NO_FLOWS, label };
        draft.push_particle(code, &particle);
        Some(Line::Particle(production))
    }

    fn read_vertex(&self, line: &[u8], draft: &mut Draft) -> Option<Line> {
        let mut fields = Fields::new(line);
        fields.text(b"V ")?;
        let code = fields.integer()?;
        fields.byte(b' ')?;
        let status = fields.short_integer()?;
        fields.text(b" [")?;
        let mut ahead = fields;
        while ahead.byte(b']').is_none() {
            ahead.integer()?;
            if ahead.byte(b',').is_none() && ahead.rest.first() != Some(&b']') {
                return None;
            }
        }
        let mut position = None;
        let mut behind = ahead;
        if behind.text(b" @ ").is_some()
            && let Some(four) = behind.four([&self.position; 4])
        {
            (position, ahead) = (Some(four), behind);
        }
        let vertex = draft.n_vertices() as u32;
        while let Some(particle) = fields.integer() {
            match draft.particle_codes.find(particle, |_| true) {
                Some(particle) => set_end(particle, vertex, draft),
                None => draft.awaited.push((particle, vertex)),
            }
            fields.byte(b',');
        }
        let label;
        let label = match ahead.rest {
            b"" => b"",
            rest => {
                label = [b"=", rest].concat();
                label.as_slice()
            }
        };
        draft.push_vertex(Some(code), status, position, label);
        draft.shown.push(true);
        Some(Line::Vertex)
    }

    fn read_flow(&self, line: &[u8], draft: &mut Draft) -> Option<Line> {
        let mut fields = Fields::new(line);
        fields.text(b"A ")?;
        let code = fields.integer()?;
        let which = FLOWS.iter().position(|name| fields.text(name).is_some())?;
        let flow = fields.short_integer().filter(|&flow| flow != NO_FLOW)?;
        if !fields.rest.is_empty() || code <= 0 || !draft.takes_flows {
            return None;
        }
        draft.flows[which].push((code, flow));
        Some(Line::Flow([Stream::Colour, Stream::Anticolour][which]))
    }
}

/// Has a particle, counted within the event, go into a vertex unless it goes into another.
fn set_end(particle: u32, vertex: u32, draft: &mut Draft) {
    let end = &mut draft.events.end[draft.first_particle + particle as usize];
    if *end == NONE {
        *end = vertex;
    }
}

/// The vertex that a particle, counted within the event, goes into; made if there is none.
fn hidden_vertex(particle: u32, draft: &mut Draft) -> u32 {
    let at = draft.first_particle + particle as usize;
    if draft.events.end[at] == NONE {
        draft.events.end[at] = draft.n_vertices() as u32;
        draft.push_vertex(None, 0, None, b"");
        draft.shown.push(false);
    }
    draft.events.end[at]
}

/// True for vertices of which HepMC3 prints no line.
#[inline]
fn tells_nothing(events: &Events, vertex: usize, n_incoming: usize) -> bool {
    n_incoming == 1 && events.vertex_status[vertex] == 0 && !events.placed[vertex]
}

impl Dialect for HepMc3 {
    const EVENT: &'static [u8] = b"E ";

    const KNOWN: &'static [(usize, Known)] =
        &[(1, Known::Number), (2, Known::Vertices), (3, Known::Particles)];

    const FLOW_LINES: bool = true;

    fn codes(&self) -> [Codes; 2] {
        [Codes::new(self.first_code, 1), Codes::new(-1, -1)]
    }

    #[inline]
    fn read(&self, line: &[u8], draft: &mut Draft) -> Line {
        let found = match line.first() {
            Some(b'P') => self.read_particle(line, draft),
            Some(b'V') => self.read_vertex(line, draft),
            Some(b'A') => self.read_flow(line, draft),
            _ => None,
        };
        found.unwrap_or(Line::Text)
    }

    fn finish(&self, draft: &mut Draft) {
        for (particle, vertex) in std::mem::take(&mut draft.awaited) {
            if let Some(particle) = draft.particle_codes.find(particle, |_| true) {
                set_end(particle, vertex, draft);
            }
        }
        for (which, flows) in draft.flows.iter().enumerate() {
            let mut least = 0;
            for (line, &(code, flow)) in flows.iter().enumerate() {
                match draft.particle_codes.find(code, |_| true).filter(|&particle| particle >= least) {
                    Some(particle) => {
                        least = particle + 1;
                        draft.events.flow[which][draft.first_particle + particle as usize] = flow;
                    }
                    None => draft.rejected[which].push(line),
                }
            }
        }
        let production = &draft.events.production[draft.first_particle..];
        let end = &draft.events.end[draft.first_particle..];
        if let Some(numbers) = self.vertex_numbers(production, end, draft.n_vertices()) {
            draft.vertex_codes.renumber(numbers, &draft.shown);
        }
        let mut n_incoming = vec![0usize; draft.n_vertices()];
        for &end in draft.events.end[draft.first_particle..].iter().filter(|end| **end != NONE) {
            n_incoming[end as usize] += 1;
        }
        for (vertex, (&shown, n_incoming)) in draft.shown.iter().zip(n_incoming).enumerate() {
            let at = draft.first_vertex + vertex;
            if tells_nothing(&draft.events, at, n_incoming) == shown {
                let label = draft.labels.text(draft.events.vertex_label[at]);
                let mark = if shown { b"+" } else { b"-" };
                let label = [mark, label.get(1..).unwrap_or(b"")].concat();
                draft.events.vertex_label[at] = draft.labels.number(&label);
            }
        }
    }

    fn vertex_numbers(&self, production: &[u32], end: &[u32], n_vertices: usize) -> Option<Vec<u32>> {
        self.trees.then(|| tree::numbers(production, end, n_vertices))
    }

    fn repaired(&self, line: &[u8]) -> Option<Vec<u8>> {
        match line.first() {
            Some(b'P') => spacing::repaired(line, b"wiii****i"),
            Some(b'V') => spacing::repaired(line, b"wii"),
            _ => None,
        }
    }

    #[inline]
    fn host(&self, events: &Events, particle: usize) -> u32 {
        events.production[particle]
    }

    #[inline]
    fn hidden(&self, view: &View<'_>, vertex: usize) -> bool {
        let at = view.vertices.start + vertex;
        match view.label(view.events.vertex_label[at]).first() {
            Some(b'+') => false,
            Some(b'-') => true,
            _ => tells_nothing(view.events, at, view.links.incoming(vertex).len()),
        }
    }

    #[inline]
    fn write_particle(&self, view: &View<'_>, particle: usize, out: &mut Vec<u8>) {
        let (events, at) = (view.events, view.particles.start + particle);
        out.extend_from_slice(b"P ");
        push_integer(view.particle_codes.get(particle), out);
        out.push(b' ');
        let parent = match events.production[at] {
            NONE => 0,
            vertex if self.hidden(view, vertex as usize) => {
                let parent = view.links.incoming(vertex as usize).first();
                parent.map_or(0, |&parent| view.particle_codes.get(parent as usize))
            }
            vertex => view.vertex_codes.get(vertex as usize),
        };
        push_integer(parent, out);
        out.push(b' ');
        push_integer(events.species[at].into(), out);
        for (column, format) in events.momentum.iter().zip(self.momenta()) {
            out.push(b' ');
            format.print(column[at], out);
        }
        out.push(b' ');
        self.mass.print(events.mass[at], out);
        out.push(b' ');
        push_integer(events.status[at].into(), out);
        out.extend_from_slice(view.label(events.label[at]));
    }

    fn write_vertex(&self, view: &View<'_>, vertex: usize, out: &mut Vec<u8>) {
        let (events, at) = (view.events, view.vertices.start + vertex);
        out.extend_from_slice(b"V ");
        push_integer(view.vertex_codes.get(vertex), out);
        out.push(b' ');
        push_integer(events.vertex_status[at].into(), out);
        out.extend_from_slice(b" [");
        for (at, &particle) in view.links.incoming(vertex).iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_integer(view.particle_codes.get(particle as usize), out);
        }
        out.push(b']');
        if events.placed[at] {
            out.extend_from_slice(b" @");
            for column in &events.position {
                out.push(b' ');
                self.position.print(column[at], out);
            }
        }
        out.extend_from_slice(view.label(events.vertex_label[at]).get(1..).unwrap_or(b""));
    }

    fn write_flow(&self, view: &View<'_>, particle: usize, which: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(b"A ");
        push_integer(view.particle_codes.get(particle), out);
        out.extend_from_slice(FLOWS[which]);
        push_integer(view.events.flow[which][view.particles.start + particle].into(), out);
    }
}

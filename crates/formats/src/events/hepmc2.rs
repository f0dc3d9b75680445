//! HepMC2 IO_GenEvent: lines of particles and vertices.
//!
//! In: a line, or the columns of an event. Out: columns, or a line.
//! Not here: the lines around them, which stay text (`reader`).
//! Holds: the laws of [`Dialect`].
//! Source: HepMC 2 user manual, section 6; `IO_GenEvent.cc` and `StreamHelpers.cc` of HepMC 2.06.

use super::codes::Codes;
use super::dialect::{Dialect, Draft, Known, Line, NO_FLOWS, Particle};
use super::fields::{Fields, push_integer};
use super::graph::View;
use super::number::NumberFormat;
use super::spacing;
use hepz_columns::events::{Events, NO_FLOW, NONE};

/// How a file prints its lines.
pub(super) struct HepMc2 {
    pub momentum: NumberFormat,
    pub energy: NumberFormat,
    pub mass: NumberFormat,
    pub position: NumberFormat,
    pub first_code: i64,
}

/// A position that is not known.
const NOWHERE: &[u8] = b"0 0 0 0";

impl HepMc2 {
    /// Formats of px, py, pz, E.
    fn momenta(&self) -> [&NumberFormat; 4] {
        [&self.momentum, &self.momentum, &self.momentum, &self.energy]
    }

    fn read_vertex(&self, line: &[u8], draft: &mut Draft) -> Option<Line> {
        let mut fields = Fields::new(line);
        fields.text(b"V ")?;
        let code = fields.integer()?;
        fields.byte(b' ')?;
        let status = fields.short_integer()?;
        fields.byte(b' ')?;
        let position = match fields.rest.strip_prefix(NOWHERE) {
            Some(rest) if rest.first() == Some(&b' ') => {
                fields.rest = rest;
                None
            }
            _ => Some(fields.four([&self.position; 4])?),
        };
        fields.byte(b' ')?;
        let orphans = fields.integer()?;
        fields.byte(b' ')?;
        fields.integer()?;
        fields.byte(b' ')?;
        draft.orphans = orphans;
        draft.push_vertex(Some(code), status, position, fields.rest);
        Some(Line::Vertex)
    }

    fn read_particle(&self, line: &[u8], draft: &mut Draft) -> Option<Line> {
        let vertex = draft.n_vertices().checked_sub(1)? as u32;
        let mut fields = Fields::new(line);
        fields.text(b"P ")?;
        let code = fields.integer()?;
        fields.byte(b' ')?;
        let species = fields.short_integer()?;
        fields.byte(b' ')?;
        let momentum = fields.four(self.momenta())?;
        fields.byte(b' ')?;
        let mass = fields.number(&self.mass)?;
        fields.byte(b' ')?;
        let status = fields.short_integer()?;
        fields.byte(b' ')?;
        let polarisation = fields.rest;
        fields.word()?;
        fields.byte(b' ')?;
        fields.word()?;
        let polarisation = &polarisation[..polarisation.len() - fields.rest.len()];
        fields.byte(b' ')?;
        let end = fields.integer()?;
        fields.byte(b' ')?;
        fields.integer()?;
        let mut flow = NO_FLOWS;
        for (index, flow) in [b" 1 ", b" 2 "].into_iter().zip(&mut flow) {
            let mut ahead = fields;
            if ahead.text(index).is_some()
                && let Some(value) = ahead.short_integer()
                && matches!(ahead.rest.first(), None | Some(b' '))
            {
                (*flow, fields) = (value, ahead);
            }
        }
        // An incoming particle that comes from no vertex stands under the one that it goes into.
        let orphan = draft.orphans > 0 && draft.vertex_codes.get(vertex as usize) == end;
        draft.orphans -= 1;
        let production = if orphan { NONE } else { vertex };
        let label;
        let label = if fields.rest.is_empty() {
            polarisation
        } else {
            label = [polarisation, fields.rest].concat();
            &label
        };
        draft.push_particle(code, &Particle { species, status, production, momentum, mass, flow, label });
        draft.ends.push(end);
        Some(Line::Particle(vertex))
    }
}

impl Dialect for HepMc2 {
    const EVENT: &'static [u8] = b"E ";

    const KNOWN: &'static [(usize, Known)] =
        &[(1, Known::Number), (8, Known::Vertices), (9, Known::Beam(0)), (10, Known::Beam(1))];

    const FLOW_LINES: bool = false;

    fn codes(&self) -> [Codes; 2] {
        [Codes::new(self.first_code, 1), Codes::new(-1, -1)]
    }

    #[inline]
    fn read(&self, line: &[u8], draft: &mut Draft) -> Line {
        let found = match line.first() {
            Some(b'P') => self.read_particle(line, draft),
            Some(b'V') => self.read_vertex(line, draft),
            _ => None,
        };
        found.unwrap_or(Line::Text)
    }

    fn finish(&self, draft: &mut Draft) {
        let ends = draft.events.end[draft.first_particle..].iter_mut();
        for (end, &code) in ends.zip(&draft.ends) {
            if code != 0 {
                *end = draft.vertex_codes.find(code, |_| true).unwrap_or(NONE);
            }
        }
    }

    fn vertex_numbers(&self, _: &[u32], _: &[u32], _: usize) -> Option<Vec<u32>> {
        None
    }

    fn repaired(&self, line: &[u8]) -> Option<Vec<u8>> {
        match line.first() {
            Some(b'P') => spacing::repaired(line, b"wii****i**ii"),
            Some(b'V') => spacing::repaired(line, b"wii****iii"),
            _ => None,
        }
    }

    #[inline]
    fn host(&self, events: &Events, particle: usize) -> u32 {
        match events.production[particle] {
            NONE => events.end[particle],
            vertex => vertex,
        }
    }

    #[inline]
    fn hidden(&self, _: &View<'_>, _: usize) -> bool {
        false
    }

    #[inline]
    fn write_particle(&self, view: &View<'_>, particle: usize, out: &mut Vec<u8>) {
        let (events, at) = (view.events, view.particles.start + particle);
        out.extend_from_slice(b"P ");
        push_integer(view.particle_codes.get(particle), out);
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
        out.push(b' ');
        // Polarisation, and behind it flows other than the first two.
        let label = view.label(events.label[at]);
        let others = label.iter().enumerate().filter(|(_, byte)| **byte == b' ').nth(1);
        let (polarisation, others) = label.split_at(others.map_or(label.len(), |(at, _)| at));
        out.extend_from_slice(polarisation);
        out.push(b' ');
        push_integer(end_code(view, events.end[at]), out);
        out.push(b' ');
        let flow = events.flow.each_ref().map(|column| column[at]);
        let n_others = others.iter().filter(|byte| **byte == b' ').count() / 2;
        let n_flows = flow.iter().filter(|flow| **flow != NO_FLOW).count() + n_others;
        push_integer(n_flows as i64, out);
        for (index, flow) in [b" 1 ", b" 2 "].into_iter().zip(flow) {
            if flow != NO_FLOW {
                out.extend_from_slice(index);
                push_integer(flow.into(), out);
            }
        }
        out.extend_from_slice(others);
    }

    fn write_vertex(&self, view: &View<'_>, vertex: usize, out: &mut Vec<u8>) {
        let (events, at) = (view.events, view.vertices.start + vertex);
        out.extend_from_slice(b"V ");
        push_integer(view.vertex_codes.get(vertex), out);
        out.push(b' ');
        push_integer(events.vertex_status[at].into(), out);
        out.push(b' ');
        if events.placed[at] {
            for column in &events.position {
                self.position.print(column[at], out);
                out.push(b' ');
            }
        } else {
            out.extend_from_slice(NOWHERE);
            out.push(b' ');
        }
        push_integer(view.links.n_orphans[vertex].into(), out);
        out.push(b' ');
        push_integer(view.links.n_outgoing[vertex].into(), out);
        out.push(b' ');
        out.extend_from_slice(view.label(events.vertex_label[at]));
    }

    fn write_flow(&self, _: &View<'_>, _: usize, _: usize, _: &mut Vec<u8>) {}
}

/// Barcode of the vertex that a particle goes into; 0 if none.
#[inline]
fn end_code(view: &View<'_>, end: u32) -> i64 {
    if end == NONE { 0 } else { view.vertex_codes.get(end as usize) }
}

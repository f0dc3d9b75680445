//! What a format of event records has to say about its lines; all else is the same for all of them.
//!
//! In: lines of one event, one after another, or its columns. Out: columns, or lines.
//! Not here: the order of lines and what is odd about them (`reader`, `writer`).
//! Holds: the laws of [`Dialect`].

use super::codes::Codes;
use super::graph::View;
use super::labels::Labels;
use super::skeleton::Stream;
use hepz_columns::events::{Events, NO_FLOW, NONE};

/// A format of event records.
///
/// 1. A line that is no [`Line::Text`] adds exactly what it says to the draft; text adds nothing.
/// 2. What is written depends on the columns of the event, its barcodes and nothing else.
/// 3. Nothing panics, neither on odd lines nor on odd columns.
pub(super) trait Dialect {
    /// How the first line of an event begins.
    const EVENT: &'static [u8];

    /// Fields of an event's first line, counted between single blanks, that follow from columns; rising.
    const KNOWN: &'static [(usize, Known)];

    /// True if flows have lines of their own.
    const FLOW_LINES: bool;

    /// Barcodes of particles and of vertices, where nothing is said.
    fn codes(&self) -> [Codes; 2];

    /// Takes a line, without its end.
    fn read(&self, line: &[u8], draft: &mut Draft) -> Line;

    /// Takes the end of an event.
    fn finish(&self, draft: &mut Draft);

    /// Numbers of an event's vertices, by which barcodes are expected; `None` if they are consecutive.
    fn vertex_numbers(&self, production: &[u32], end: &[u32], n_vertices: usize) -> Option<Vec<u32>>;

    /// The same line with single blanks and plain integers, if that may help to read it.
    fn repaired(&self, line: &[u8]) -> Option<Vec<u8>>;

    /// The vertex under whose line a particle stands; [`NONE`] if it needs none.
    fn host(&self, events: &Events, particle: usize) -> u32;

    /// True for vertices without a line.
    fn hidden(&self, view: &View<'_>, vertex: usize) -> bool;

    /// Prints the line of a particle, counted within the event, without its end.
    fn write_particle(&self, view: &View<'_>, particle: usize, out: &mut Vec<u8>);

    /// Prints the line of a vertex.
    fn write_vertex(&self, view: &View<'_>, vertex: usize, out: &mut Vec<u8>);

    /// Prints the line of a particle's flow, 0 or 1.
    fn write_flow(&self, view: &View<'_>, particle: usize, which: usize, out: &mut Vec<u8>);
}

/// What the first line of an event says and columns know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// One more than the number of the event before.
    Number,
    /// The number of particles.
    Particles,
    /// The number of vertices.
    Vertices,
    /// The barcode of the first (0) or second (1) beam particle.
    Beam(usize),
}

/// What a line was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing that goes into columns.
    Text,
    /// A particle, under the line of this vertex.
    Particle(u32),
    /// A vertex.
    Vertex,
    /// A particle's flow.
    Flow(Stream),
}

/// Columns under construction, and what the event at hand needs until it ends.
pub(super) struct Draft {
    pub events: Events,
    pub labels: Labels,
    /// Where the event's particles and vertices begin in the columns.
    pub first_particle: usize,
    pub first_vertex: usize,
    pub particle_codes: Codes,
    pub vertex_codes: Codes,
    /// Barcodes of the vertices that the event's particles go into, where the format says them beside the particle.
    pub ends: Vec<i64>,
    /// Barcodes of particles that stand behind the vertex that they go into, and that vertex.
    pub awaited: Vec<(i64, u32)>,
    /// Whether each vertex of the event has a line, where there are others.
    pub shown: Vec<bool>,
    /// Barcode and flow of each line, where flows have lines of their own.
    pub flows: [Vec<(i64, i32)>; 2],
    /// Which of these lines, counted from 0, stay text because no particle has the barcode or is in order.
    pub rejected: [Vec<usize>; 2],
    /// False if lines of flows are to be text.
    pub takes_flows: bool,
    /// Incoming particles of the last vertex that are still to come, where they stand under it.
    pub orphans: i64,
}

impl Draft {
    /// Nothing yet, with the barcodes of a format.
    pub fn new([particle_codes, vertex_codes]: [Codes; 2]) -> Draft {
        Draft {
            events: Events::default(),
            labels: Labels::default(),
            first_particle: 0,
            first_vertex: 0,
            particle_codes,
            vertex_codes,
            ends: Vec::new(),
            awaited: Vec::new(),
            shown: Vec::new(),
            flows: Default::default(),
            rejected: Default::default(),
            takes_flows: true,
            orphans: 0,
        }
    }

    /// Begins an event.
    pub fn begin(&mut self, takes_flows: bool) {
        self.first_particle = self.events.species.len();
        self.first_vertex = self.events.vertex_status.len();
        self.particle_codes.clear();
        self.vertex_codes.clear();
        self.ends.clear();
        self.awaited.clear();
        self.shown.clear();
        self.flows.iter_mut().for_each(Vec::clear);
        self.rejected.iter_mut().for_each(Vec::clear);
        self.takes_flows = takes_flows;
        self.orphans = 0;
    }

    /// Vertices of the event so far.
    pub fn n_vertices(&self) -> usize {
        self.events.vertex_status.len() - self.first_vertex
    }

    /// Takes the event's particles and vertices back.
    pub fn undo(&mut self) {
        let (p, v) = (self.first_particle, self.first_vertex);
        let events = &mut self.events;
        events.species.truncate(p);
        events.status.truncate(p);
        events.production.truncate(p);
        events.end.truncate(p);
        events.momentum.iter_mut().for_each(|column| column.truncate(p));
        events.mass.truncate(p);
        events.flow.iter_mut().for_each(|column| column.truncate(p));
        events.label.truncate(p);
        events.vertex_status.truncate(v);
        events.position.iter_mut().for_each(|column| column.truncate(v));
        events.placed.truncate(v);
        events.vertex_label.truncate(v);
        self.particle_codes.clear();
        self.vertex_codes.clear();
    }

    /// Adds a vertex, with its barcode or the expected one.
    pub fn push_vertex(&mut self, code: Option<i64>, status: i32, position: Option<[u64; 4]>, label: &[u8]) {
        self.vertex_codes.push(code.unwrap_or(self.vertex_codes.expected()));
        let label = self.labels.number(label);
        let events = &mut self.events;
        events.vertex_status.push(status);
        events.placed.push(position.is_some());
        for (column, pattern) in events.position.iter_mut().zip(position.unwrap_or_default()) {
            column.push(pattern);
        }
        events.vertex_label.push(label);
    }

    /// Adds a particle.
    pub fn push_particle(&mut self, code: i64, particle: &Particle<'_>) {
        self.particle_codes.push(code);
        let label = self.labels.number(particle.label);
        let events = &mut self.events;
        events.species.push(particle.species);
        events.status.push(particle.status);
        events.production.push(particle.production);
        events.end.push(NONE);
        for (column, pattern) in events.momentum.iter_mut().zip(particle.momentum) {
            column.push(pattern);
        }
        events.mass.push(particle.mass);
        for (column, flow) in events.flow.iter_mut().zip(particle.flow) {
            column.push(flow);
        }
        events.label.push(label);
    }
}

/// A particle as its line says it.
pub(super) struct Particle<'a> {
    pub species: i32,
    pub status: i32,
    pub production: u32,
    pub momentum: [u64; 4],
    pub mass: u64,
    pub flow: [i32; 2],
    pub label: &'a [u8],
}

/// No flow.
pub(super) const NO_FLOWS: [i32; 2] = [NO_FLOW; 2];

//! The graph of one event: who meets whom.
//!
//! In: columns and barcodes of one event. Out: incoming particles of each vertex, and numbers of others.
//! Not here: the order of lines (`walk`), their text (`hepmc2`, `hepmc3`).
//! Holds: no panic for any columns that `Events::validate` accepts.

use super::codes::Codes;
use hepz_columns::events::{Events, NONE};
use std::ops::Range;

/// What meets at each vertex of an event.
#[derive(Default)]
pub(super) struct Links {
    /// Where the incoming particles of each vertex begin in `incoming`; one more at the end.
    starts: Vec<u32>,
    incoming: Vec<u32>,
    /// Outgoing particles of each vertex.
    pub n_outgoing: Vec<u32>,
    /// Incoming particles of each vertex that come from none.
    pub n_orphans: Vec<u32>,
}

impl Links {
    /// Particles that go into a vertex, in their order.
    pub fn incoming(&self, vertex: usize) -> &[u32] {
        &self.incoming[self.starts[vertex] as usize..self.starts[vertex + 1] as usize]
    }

    /// Links of the event with these particles and so many vertices.
    fn set(&mut self, events: &Events, particles: Range<usize>, n_vertices: usize) {
        for counts in [&mut self.starts, &mut self.n_outgoing, &mut self.n_orphans] {
            counts.clear();
            counts.resize(n_vertices + 1, 0);
        }
        let (production, end) = (&events.production[particles.clone()], &events.end[particles]);
        for (&from, &to) in production.iter().zip(end) {
            if to != NONE {
                self.starts[to as usize] += 1;
                self.n_orphans[to as usize] += u32::from(from == NONE);
            }
            if from != NONE {
                self.n_outgoing[from as usize] += 1;
            }
        }
        // Sums up to and with each vertex; filling from the back turns them into beginnings.
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
        self.incoming.clear();
        self.incoming.resize(sum as usize, 0);
        for (particle, &to) in end.iter().enumerate().rev() {
            if to != NONE {
                let place = &mut self.starts[to as usize];
                *place -= 1;
                self.incoming[*place as usize] = particle as u32;
            }
        }
    }
}

/// One event to be printed.
pub(super) struct View<'a> {
    pub events: &'a Events,
    /// What labels stand for.
    pub labels: &'a [Vec<u8>],
    /// Places of the event's particles and vertices in the columns.
    pub particles: Range<usize>,
    pub vertices: Range<usize>,
    pub particle_codes: &'a Codes,
    pub vertex_codes: &'a Codes,
    pub links: &'a Links,
}

impl<'a> View<'a> {
    /// The event that has these places in the columns.
    pub fn new(
        (events, labels): (&'a Events, &'a [Vec<u8>]),
        (particles, vertices): (Range<usize>, Range<usize>),
        [particle_codes, vertex_codes]: [&'a Codes; 2],
        links: &'a mut Links,
    ) -> View<'a> {
        links.set(events, particles.clone(), vertices.len());
        View { events, labels, particles, vertices, particle_codes, vertex_codes, links }
    }

    /// The text of a label.
    pub fn label(&self, number: u32) -> &'a [u8] {
        &self.labels[number as usize]
    }
}

/// A line of a graph; numbers count within the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A particle.
    Particle(usize),
    /// A vertex.
    Vertex(usize),
}

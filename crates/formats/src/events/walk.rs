//! The order of lines: where a format prints particles and vertices of an event.
//!
//! In: one event. Out: its lines, one after another.
//! Not here: the text of a line (`hepmc2`, `hepmc3`), lines that are elsewhere (`reader` marks them, `writer` obeys).
//! Holds: a walk ends for any columns that `Events::validate` accepts.

use super::dialect::Dialect;
use super::graph::{Node, View};
use hepz_columns::events::NONE;

/// The way through the lines of a graph: particles in order, each vertex before the first particle that belongs to it,
/// and before all vertices after it.
#[derive(Default)]
pub(super) struct Walk {
    particle: usize,
    vertex: usize,
    early: usize,
}

impl Walk {
    /// The next line.
    #[inline]
    pub fn next(&mut self, dialect: &impl Dialect, view: &View<'_>) -> Option<Node> {
        loop {
            let (n_particles, n_vertices) = (view.particles.len(), view.vertices.len());
            let needed = if self.particle < n_particles {
                match dialect.host(view.events, view.particles.start + self.particle) {
                    NONE => 0,
                    host => host as usize + 1,
                }
            } else {
                n_vertices
            };
            if self.vertex < needed.max(self.early) {
                self.vertex += 1;
                if !dialect.hidden(view, self.vertex - 1) {
                    return Some(Node::Vertex(self.vertex - 1));
                }
            } else if self.particle < n_particles {
                self.particle += 1;
                return Some(Node::Particle(self.particle - 1));
            } else {
                return None;
            }
        }
    }

    /// Has so many vertices printed before the next particle; false if there are not so many.
    pub fn early(&mut self, count: u64, view: &View<'_>) -> bool {
        let left = view.vertices.len() - self.vertex;
        if count > left as u64 {
            return false;
        }
        self.early = self.vertex + count as usize;
        true
    }
}

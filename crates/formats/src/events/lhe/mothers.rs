//! Mothers: pairs of line numbers to vertices, and back.
//!
//! In: the first and last mother of each particle, or index columns. Out: the other.
//! Not here: mothers that follow no rule (`reader` keeps them as patches).
//! Holds: each pair is a vertex, in the order in which they appear; its mothers go into no other.

use super::super::dialect::Draft;
use hepz_columns::events::{Events, NONE};
use std::collections::BTreeMap;
use std::ops::Range;

/// Most mothers of one vertex.
const MOST_MOTHERS: usize = 256;

/// The pairs of one event.
#[derive(Default)]
pub(super) struct Pairs {
    vertices: BTreeMap<(usize, usize), u32>,
    last: Option<((usize, usize), u32)>,
}

impl Pairs {
    /// Forgets all, for the next event.
    pub fn clear(&mut self) {
        self.vertices.clear();
        self.last = None;
    }

    /// The vertex of the next particle, whose line names these mothers; made if it is new. [`NONE`] if it has none.
    #[inline]
    pub fn vertex(&mut self, (first, last): (i64, i64), draft: &mut Draft) -> u32 {
        let n_before = draft.events.species.len() - draft.first_particle;
        let last = if last == 0 { first } else { last };
        let (Ok(first), Ok(last)) = (usize::try_from(first), usize::try_from(last)) else { return NONE };
        if first == 0 || first > last || last > n_before || last - first >= MOST_MOTHERS {
            return NONE;
        }
        let pair = (first, last);
        if let Some((known, vertex)) = self.last
            && known == pair
        {
            return vertex;
        }
        if let Some(&vertex) = self.vertices.get(&pair) {
            self.last = Some((pair, vertex));
            return vertex;
        }
        let vertex = draft.n_vertices() as u32;
        let start = draft.first_particle;
        let ends = &mut draft.events.end[start + first - 1..start + last];
        if ends.iter().any(|&end| end != NONE) {
            return NONE;
        }
        ends.fill(vertex);
        draft.push_vertex(None, 0, None, b"");
        self.vertices.insert(pair, vertex);
        self.last = Some((pair, vertex));
        vertex
    }
}

/// First and last mother of each vertex of one event, counted from 1; zeros for vertices that nothing goes into.
pub(super) fn of_vertices(
    events: &Events,
    particles: Range<usize>,
    n_vertices: usize,
    mothers: &mut Vec<(u32, u32)>,
) {
    mothers.clear();
    mothers.resize(n_vertices, (0, 0));
    for (number, &end) in (1..).zip(&events.end[particles]) {
        if end != NONE {
            let pair = &mut mothers[end as usize];
            if pair.0 == 0 {
                pair.0 = number;
            }
            pair.1 = number;
        }
    }
}

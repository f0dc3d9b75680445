//! Particles: events as a table, one row for each particle.
//!
//! In: events, their lattices. Out: columns of numbers.
//! Not here: reading chunks (`text`).
//! Holds: numbers are what the text says, as doubles.

use super::chunk::lattices;
use hepz_columns::events::{Events, NO_FLOW, NONE};
use hepz_columns::{Scalar, Values};
use hepz_formats::events::EventFormat;
use hepz_transforms::laws::lattice::Ranks;
use std::ops::Range;

/// Names and types of the columns.
const COLUMNS: [(&str, Scalar); 13] = [
    ("event", Scalar::U64),
    ("particle", Scalar::U32),
    ("pdg_id", Scalar::I32),
    ("status", Scalar::I32),
    ("px", Scalar::F64),
    ("py", Scalar::F64),
    ("pz", Scalar::F64),
    ("e", Scalar::F64),
    ("m", Scalar::F64),
    ("production_vertex", Scalar::I32),
    ("end_vertex", Scalar::I32),
    ("flow1", Scalar::I32),
    ("flow2", Scalar::I32),
];

/// Particles of some events, in the units of the file. Events, particles and vertices count from 0; a vertex or flow that is not
/// there is -1.
#[derive(Clone, Debug)]
pub struct Particles {
    ranks: [Ranks; 4],
    columns: [Vec<u64>; COLUMNS.len()],
}

impl Particles {
    pub(crate) fn new(format: &EventFormat) -> Particles {
        Particles { ranks: lattices(format).map(Ranks::new), columns: Default::default() }
    }

    /// Adds the events `wanted` of a chunk whose first one is `first`.
    pub(crate) fn add(&mut self, events: &Events, first: u64, wanted: Range<u64>) {
        let mut at = 0;
        for (number, &n) in (first..).zip(&events.particles) {
            let particles = at..at + n as usize;
            at = particles.end;
            if !wanted.contains(&number) {
                continue;
            }
            for (place, p) in particles.enumerate() {
                let index = |index: u32| if index == NONE { u64::MAX } else { u64::from(index) };
                let flow = |flow: i32| if flow == NO_FLOW { u64::MAX } else { flow as u64 };
                let number_of = |kind: usize, pattern: u64| {
                    self.ranks[kind].value(self.ranks[kind].rank(pattern)).to_bits()
                };
                let row = [
                    number,
                    place as u64,
                    events.species[p] as u64,
                    events.status[p] as u64,
                    number_of(0, events.momentum[0][p]),
                    number_of(0, events.momentum[1][p]),
                    number_of(0, events.momentum[2][p]),
                    number_of(1, events.momentum[3][p]),
                    number_of(2, events.mass[p]),
                    index(events.production[p]),
                    index(events.end[p]),
                    flow(events.flow[0][p]),
                    flow(events.flow[1][p]),
                ];
                self.columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
            }
        }
    }

    /// Number of particles.
    pub fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names and values.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, Values)> {
        COLUMNS.iter().zip(&self.columns).map(|(&(name, scalar), raw)| (name, Values::from_raw(scalar, raw)))
    }
}

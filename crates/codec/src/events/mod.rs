//! Events: event graphs coded row by row, with the laws of physics as predictors.
//!
//! In: [`Events`] and the lattices of their numbers. Out: two byte strings (decisions, raw bits), or the events again.
//! Not here: text (`hepz-formats`), laws (`hepz_transforms::laws`), symbols (`hepz_models::symbol`).
//! Holds: one walk for both directions; a law that does not hold costs bytes only; nothing is believed that a code claims.
//!
//! Each event is walked three times: the graph with species, status and colour (`graph`, `colour`), then masses and momenta
//! (`momenta`), then vertex positions (`positions`). What is coded later sees all that was coded before.

mod choice;
pub(crate) mod chunk;
mod colour;
mod dictionary;
mod graph;
mod io;
mod known;
mod masses;
mod momenta;
mod numbers;
mod particles;
mod positions;
mod systems;
pub(crate) mod text;

use crate::plan::Engine;
use hepz_columns::events::{Events, Lattice, NONE};
use hepz_entropy::{BitReader, BitWriter, Decoder, Encoder, RawBits};
use hepz_models::symbol::Deep;
use hepz_models::tables::{Player, Recorder};
use hepz_transforms::laws::lattice::Ranks;
use io::{Account, Io, Metered, MeteredPlayer, Plain};
pub use io::{LAWS, Law, Prices};
pub use particles::Particles;
pub use text::{EventsInspection, LawInspection};

/// Lattices of momenta, energies, masses and positions.
pub type Lattices = [Lattice; 4];

/// Decisions and raw bits of a chunk.
pub struct Coded {
    /// Code of the decisions.
    pub decisions: Vec<u8>,
    /// What no model prices.
    pub raw: Vec<u8>,
}

/// The events that are encoded. What is coded is read from here and contexts are read from what is known already, so that an
/// encoder cannot see more than a decoder will.
#[derive(Clone, Copy)]
struct Truth<'a>(Option<&'a Events>);

impl Truth<'_> {
    /// A value to encode; anything when decoding.
    #[inline]
    fn of<T: Copy + Default>(self, column: impl Fn(&Events) -> &Vec<T>, at: usize) -> T {
        self.0.map_or(T::default(), |events| column(events)[at])
    }
}

/// Everything that learns.
struct Models {
    graph: graph::Models,
    colour: colour::Models,
    momenta: momenta::Models,
    positions: positions::Models,
    counts: hepz_models::symbol::Difference,
}

impl Models {
    fn new() -> Models {
        Models {
            graph: graph::Models::new(),
            colour: colour::Models::new(),
            momenta: momenta::Models::new(),
            positions: positions::Models::new(),
            counts: hepz_models::symbol::Difference::new(2),
        }
    }
}

/// Where an event lies in the columns, and its graph as lists.
#[derive(Default)]
struct Event {
    first_particle: usize,
    first_vertex: usize,
    /// Incoming and outgoing particles of each vertex, as numbers within the event.
    incoming: Vec<Vec<u32>>,
    outgoing: Vec<Vec<u32>>,
    particles: usize,
}

impl Event {
    fn start(&mut self, first_particle: usize, first_vertex: usize, particles: usize, vertices: usize) {
        (self.first_particle, self.first_vertex, self.particles) = (first_particle, first_vertex, particles);
        self.incoming.iter_mut().take(vertices).for_each(Vec::clear);
        self.outgoing.iter_mut().take(vertices).for_each(Vec::clear);
        self.incoming.resize(vertices, Vec::new());
        self.outgoing.resize(vertices, Vec::new());
    }
}

/// Codes events. Labels and skeleton are the caller's.
pub fn encode(events: &Events, lattices: Lattices, engine: Engine) -> Coded {
    fn coded<C: Account>(
        coder: C,
        events: &Events,
        lattices: Lattices,
        code: impl Fn(C) -> Vec<u8>,
    ) -> Coded {
        let mut io = Io::new(coder, BitWriter::default(), true);
        let mut known = Events::with_counts(events.particles.len());
        walk(&mut io, Truth(Some(events)), &mut known, lattices, usize::MAX);
        let (decisions, raw, _) = io.finish();
        Coded { decisions: code(decisions), raw: raw.finish() }
    }
    match engine {
        Engine::Mixing => coded(Plain(Encoder::default()), events, lattices, |coder| coder.0.finish()),
        Engine::Deep => coded(Deep(Plain(Encoder::default())), events, lattices, |coder| coder.0.0.finish()),
        Engine::Histograms => coded(Recorder::default(), events, lattices, Recorder::finish),
    }
}

/// Decodes `n_events` events with at most `most` particles and as many vertices; `None` if a count exceeds that, or no
/// writer writes such tables.
pub fn decode(
    coded: &Coded,
    lattices: Lattices,
    engine: Engine,
    n_events: usize,
    most: usize,
) -> Option<Events> {
    let raw = BitReader::new(&coded.raw);
    match engine {
        Engine::Mixing => {
            let coder = Plain(Decoder::new(&coded.decisions));
            decode_with(&mut Io::new(coder, raw, false), lattices, n_events, most)
        }
        Engine::Deep => {
            let coder = Deep(Plain(Decoder::new(&coded.decisions)));
            decode_with(&mut Io::new(coder, raw, false), lattices, n_events, most)
        }
        Engine::Histograms => {
            let coder = Player::new(&coded.decisions)?;
            decode_with(&mut Io::new(coder, raw, false), lattices, n_events, most)
        }
    }
}

/// Decodes, to say how many bits each [`Law`] takes.
pub fn account(
    coded: &Coded,
    lattices: Lattices,
    engine: Engine,
    n_events: usize,
    most: usize,
) -> Option<(Events, Prices)> {
    fn accounted<C: Account>(
        coder: C,
        coded: &Coded,
        lattices: Lattices,
        n_events: usize,
        most: usize,
    ) -> Option<(Events, Prices)> {
        let mut io = Io::new(coder, BitReader::new(&coded.raw), false);
        let events = decode_with(&mut io, lattices, n_events, most)?;
        Some((events, io.finish().2))
    }
    match engine {
        Engine::Mixing => {
            let coder = Metered { coder: Decoder::new(&coded.decisions), spent: 0.0 };
            accounted(coder, coded, lattices, n_events, most)
        }
        Engine::Deep => {
            let coder = Metered { coder: Decoder::new(&coded.decisions), spent: 0.0 };
            accounted(Deep(coder), coded, lattices, n_events, most)
        }
        Engine::Histograms => {
            let coder = MeteredPlayer { player: Player::new(&coded.decisions)?, spent: 0.0 };
            accounted(coder, coded, lattices, n_events, most)
        }
    }
}

fn decode_with<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    lattices: Lattices,
    n_events: usize,
    most: usize,
) -> Option<Events> {
    if n_events > most {
        return None;
    }
    let mut events = Events::with_counts(n_events);
    walk(io, Truth(None), &mut events, lattices, most).then_some(events)
}

fn walk<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    truth: Truth<'_>,
    events: &mut Events,
    lattices: Lattices,
    most: usize,
) -> bool {
    let ranks = lattices.map(Ranks::new);
    let mut models = Models::new();
    let mut event = Event::default();
    let (mut first_particle, mut first_vertex) = (0, 0);
    let mut previous = [0i64; 2];
    for number in 0..events.particles.len() {
        io.law(Law::Graph);
        let mut counts = [truth.of(|e| &e.particles, number), truth.of(|e| &e.vertices, number)];
        for (kind, count) in counts.iter_mut().enumerate() {
            let step = io.difference(&mut models.counts, kind, 0, i64::from(*count) - previous[kind]);
            let Ok(read) = u32::try_from(previous[kind].wrapping_add(step)) else { return false };
            (*count, previous[kind]) = (read, i64::from(read));
        }
        let [particles, vertices] = counts;
        (events.particles[number], events.vertices[number]) = (particles, vertices);
        let (end_particle, end_vertex) =
            (first_particle + particles as usize, first_vertex + vertices as usize);
        if end_particle > most || end_vertex > most {
            return false;
        }
        grow(events, end_particle, end_vertex);
        event.start(first_particle, first_vertex, particles as usize, vertices as usize);
        graph::walk(io, (&mut models.graph, &mut models.colour), truth, events, &mut event);
        momenta::walk(io, &mut models.momenta, truth, events, &event, &ranks);
        positions::walk(io, &mut models.positions, truth, events, &event, &ranks);
        (first_particle, first_vertex) = (end_particle, end_vertex);
    }
    true
}

fn grow(events: &mut Events, particles: usize, vertices: usize) {
    events.species.resize(particles, 0);
    events.status.resize(particles, 0);
    events.production.resize(particles, NONE);
    events.end.resize(particles, NONE);
    events.momentum.iter_mut().for_each(|column| column.resize(particles, 0));
    events.mass.resize(particles, 0);
    events.flow.iter_mut().for_each(|column| column.resize(particles, 0));
    events.label.resize(particles, 0);
    events.vertex_status.resize(vertices, 0);
    events.position.iter_mut().for_each(|column| column.resize(vertices, 0));
    events.placed.resize(vertices, false);
    events.vertex_label.resize(vertices, 0);
}

//! Graph: particles, vertices, and who comes from where.
//!
//! In: species, status and index columns of one event. Out: the same, coded, with lists of incoming and outgoing particles.
//! Not here: numbers (`momenta`, `positions`), colour (`colour`).
//! Holds: any index columns come back, whatever order the file has them in.
//!
//! Particles are coded in the order of the file. A vertex is opened by its first outgoing particle; its incoming ones are
//! picked then from those that are still *open*: generators write vertices depth first or breadth first, so the newest or the oldest
//! open particle is likely.

use super::colour;
use super::dictionary::Dictionary;
use super::io::{Account, Io, Law};
use super::{Event, Truth};
use hepz_columns::events::{Events, NONE};
use hepz_entropy::RawBits;
use hepz_models::symbol::{Difference, Symbol};

pub struct Models {
    species: Dictionary<5>,
    status: Dictionary<5>,
    vertex_status: Dictionary<2>,
    label: Dictionary<4>,
    vertex_label: Dictionary<2>,
    production: Symbol<4>,
    end: Symbol<3>,
    more: Symbol<3>,
    pick: Symbol<4>,
    numbers: Difference,
}

impl Models {
    pub fn new() -> Models {
        Models {
            species: Dictionary::new(9, 12),
            status: Dictionary::new(6, 11),
            vertex_status: Dictionary::new(6, 6),
            label: Dictionary::new(6, 9),
            vertex_label: Dictionary::new(6, 6),
            production: Symbol::new(2, 11),
            end: Symbol::new(2, 10),
            more: Symbol::new(1, 9),
            pick: Symbol::new(2, 10),
            numbers: Difference::new(4),
        }
    }
}

/// Which vertex a particle comes from.
const SAME: u32 = 0;
const NEXT: u32 = 1;
const NOWHERE: u32 = 2;
const OTHER: u32 = 3;

/// Whether it goes into one.
const FINAL: u32 = 0;
const OPEN: u32 = 1;
const STARTED: u32 = 2;

/// What the last few particles were, as entries of dictionaries.
#[derive(Clone, Copy, Default)]
struct Kind {
    species: u64,
    status: u64,
}

struct State {
    kinds: Vec<Kind>,
    /// Particles that go into a vertex that has not been opened, oldest first.
    open: Vec<u32>,
    /// Vertices that have their incoming particles.
    opened: Vec<bool>,
    /// The particle picked last.
    picked: u32,
    /// How the last few were picked.
    history: u64,
}

pub fn walk<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    (models, colours): (&mut Models, &mut colour::Models),
    truth: Truth<'_>,
    events: &mut Events,
    event: &mut Event,
) {
    let base = event.first_particle;
    let vertices = event.incoming.len();
    let mut state = State {
        kinds: Vec::with_capacity(event.particles),
        open: Vec::new(),
        opened: vec![false; vertices],
        picked: NONE,
        history: 0,
    };
    colours.start();
    let mut current = NONE;
    let mut last_vertex = NONE;
    let mut production_kind = 0u64;
    for p in 0..event.particles {
        io.law(Law::Graph);
        // Which vertex it comes from.
        let at = base + p;
        let from = truth.of(|e| &e.production, at);
        let next = last_vertex.wrapping_add(1);
        let kind = match from {
            _ if from == current => SAME,
            NONE => NOWHERE,
            _ if from == next => NEXT,
            _ => OTHER,
        };
        let siblings = if current == NONE { 0 } else { event.outgoing[current as usize].len() as u64 };
        let mother = mother(&state, event, current);
        let n_in = if current == NONE { 0 } else { event.incoming[current as usize].len().min(3) as u64 };
        let before = |back: usize| p.checked_sub(back).map_or(Kind::default(), |at| state.kinds[at]);
        let (last, last_but_one) = (before(1), before(2));
        let contexts = [
            mother.species << 20 | last.species << 8 | siblings.min(15) << 4 | n_in,
            mother.status << 20 | last.status << 8 | siblings.min(15) << 4 | n_in,
            siblings.min(63) << 8 | n_in << 4 | production_kind,
            (mother.species << 20 | last.species << 10 | last_but_one.species) << 8 | siblings.min(15) << 4,
        ];
        let kind = io.symbol(&mut models.production, contexts, kind);
        production_kind = production_kind << 2 & 15 | u64::from(kind);
        let vertex = match kind {
            SAME => current,
            NEXT => next,
            NOWHERE => NONE,
            _ => {
                let step = i64::from(from as i32) - i64::from(last_vertex as i32);
                let step = io.difference(&mut models.numbers, 0, 0, step);
                i64::from(last_vertex as i32).wrapping_add(step) as u32
            }
        };
        let vertex = if (vertex as usize) < vertices { vertex } else { NONE };
        events.production[base + p] = vertex;
        if vertex != NONE && !state.opened[vertex as usize] {
            open_vertex(io, models, truth, events, event, &mut state, vertex);
        }
        if vertex != NONE && (last_vertex == NONE || vertex > last_vertex) {
            last_vertex = vertex;
        }
        current = vertex;

        // What it is.
        let parent = self::mother(&state, event, vertex);
        let (siblings, n_in, second) = if vertex == NONE {
            (0, 0, 0)
        } else {
            let incoming = &event.incoming[vertex as usize];
            let second = incoming.get(1).map_or(0, |&q| state.kinds[q as usize].species + 1);
            (event.outgoing[vertex as usize].len() as u64, incoming.len().min(3) as u64, second)
        };
        let sibling = |back: usize| {
            let place =
                if vertex == NONE { None } else { event.outgoing[vertex as usize].iter().rev().nth(back) };
            place.map_or(Kind { species: 511, status: 63 }, |&q| state.kinds[q as usize])
        };
        let (one, two) = (sibling(0), sibling(1));
        io.law(Law::Species);
        let contexts = [
            (parent.species << 20 | one.species << 10 | two.species) << 8 | siblings.min(7) << 2 | n_in,
            parent.species << 20 | parent.status << 8 | siblings.min(7) << 2 | n_in,
            one.species << 20 | one.status << 8 | n_in,
            parent.status << 20 | one.species << 8 | n_in << 4 | siblings.min(3),
            (parent.species << 10 | second) << 16 | siblings.min(15) << 4 | n_in,
        ];
        let (species, species_entry) = models.species.code(io, contexts, truth.of(|e| &e.species, at));
        events.species[base + p] = species;
        io.law(Law::Status);
        let e = u64::from(species_entry);
        let contexts = [
            (parent.species << 10 | e) << 10 | parent.status,
            (parent.status << 10 | one.status) << 10 | e,
            (one.status << 10 | siblings.min(7)) << 10 | n_in << 8 | parent.status,
            (e << 10 | parent.status) << 10 | last.status,
            (e << 10 | one.species) << 12 | n_in << 8 | siblings.min(3),
        ];
        let (status, status_entry) = models.status.code(io, contexts, truth.of(|e| &e.status, at));
        events.status[base + p] = status;
        let own = Kind { species: e, status: u64::from(status_entry) };
        state.kinds.push(own);

        // Where it goes.
        io.law(Law::Graph);
        let into = truth.of(|e| &e.end, at);
        let kind = match into {
            NONE => FINAL,
            _ if state.opened.get(into as usize) == Some(&true) => STARTED,
            _ => OPEN,
        };
        let contexts = [
            own.status << 12 | own.species,
            (own.status << 10 | parent.status) << 10 | one.status,
            (own.status << 12 | own.species) << 10 | parent.species,
        ];
        // A vertex sees the particle only when all of it is known.
        let mut into_started = NONE;
        match io.symbol(&mut models.end, contexts, kind) {
            FINAL => events.end[base + p] = NONE,
            OPEN => state.open.push(p as u32),
            _ => {
                let started = io.difference(&mut models.numbers, 1, 0, i64::from(into)) as u64;
                let sound = started < vertices as u64;
                events.end[base + p] = if sound { started as u32 } else { NONE };
                into_started = if sound { started as u32 } else { NONE };
            }
        }
        let label = truth.of(|e| &e.label, at) as i32;
        let beside = |q: Option<usize>| {
            q.map_or((0, 511), |q| (u64::from(events.label[base + q]), state.kinds[q].species))
        };
        let of_vertex = |list: &[Vec<u32>], last: bool| {
            let list = list.get(vertex as usize)?;
            (if last { list.last() } else { list.first() }).map(|&q| q as usize)
        };
        let before = beside(p.checked_sub(1));
        let sibling = beside(of_vertex(&event.outgoing, true));
        let above = beside(of_vertex(&event.incoming, false));
        let kind = own.status << 10 | own.species;
        let contexts = [
            kind,
            kind << 20 | before.1 << 8 | before.0,
            kind << 20 | sibling.1 << 8 | sibling.0,
            kind << 8 | above.0,
        ];
        let (label, _) = models.label.code(io, contexts, label);
        events.label[base + p] = label as u32;
        io.law(Law::Colour);
        colours.walk(
            io,
            truth,
            events,
            event,
            base,
            p,
            vertex,
            (own.species, own.status, parent.species, parent.status),
        );
        if vertex != NONE {
            event.outgoing[vertex as usize].push(p as u32);
        }
        if into_started != NONE {
            event.incoming[into_started as usize].push(p as u32);
        }
    }
    io.law(Law::Graph);
    for vertex in 0..vertices as u32 {
        if !state.opened[vertex as usize] {
            open_vertex(io, models, truth, events, event, &mut state, vertex);
        }
    }
}

/// The first incoming particle of a vertex.
fn mother(state: &State, event: &Event, vertex: u32) -> Kind {
    let none = Kind { species: 511, status: 63 };
    if vertex == NONE {
        return none;
    }
    event.incoming[vertex as usize].first().map_or(none, |&q| state.kinds[q as usize])
}

fn open_vertex<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    models: &mut Models,
    truth: Truth<'_>,
    events: &mut Events,
    event: &mut Event,
    state: &mut State,
    vertex: u32,
) {
    io.law(Law::Graph);
    let base = event.first_particle;
    state.opened[vertex as usize] = true;
    // Encoding, its incoming particles as places in the open list, from the oldest.
    let mut wanted = state
        .open
        .iter()
        .filter(|&&p| io.encoding && truth.of(|e| &e.end, base + p as usize) == vertex)
        .copied()
        .collect::<Vec<u32>>()
        .into_iter();
    let mut count = 0u64;
    loop {
        let next = wanted.next();
        let newest = state.open.last().map_or(Kind::default(), |&p| state.kinds[p as usize]);
        let picked = if state.picked == NONE { Kind::default() } else { state.kinds[state.picked as usize] };
        if state.open.is_empty() {
            break;
        }
        let contexts = [
            count.min(31) << 32 | if count == 0 { newest.status } else { picked.status },
            count.min(3) << 32 | picked.status << 20 | newest.status << 10 | newest.species,
            count.min(3) << 40 | picked.species << 20 | picked.status << 8 | state.history & 15,
        ];
        if io.symbol(&mut models.more, contexts, u32::from(next.is_some())) == 0 {
            break;
        }
        let alike = |p: &u32| count == 0 || state.kinds[*p as usize].status == picked.status;
        let behind = state.open.partition_point(|&p| state.picked != NONE && p <= state.picked);
        let following = state.open[behind..].iter().position(alike).map_or(0, |at| behind + at);
        let last = state.open.len() - 1;
        let candidates = [last, following, 0];
        let place = next.map_or(0, |p| state.open.partition_point(|&q| q < p));
        let kind = candidates.iter().position(|&c| c == place).unwrap_or(3) as u32;
        let of = |place: usize| state.kinds[state.open[place] as usize];
        let (a, b) = (of(last), of(following));
        let same = u64::from(last == following);
        let contexts = [
            count.min(3) << 40 | a.status << 20 | b.status << 8 | same,
            state.history & 0xfff | count.min(1) << 20 | same << 21,
            count.min(3) << 40 | a.species << 20 | a.status << 8 | same,
            count.min(3) << 50 | a.status << 30 | b.status << 20 | picked.status << 8 | state.history & 15,
        ];
        let kind = io.symbol(&mut models.pick, contexts, kind);
        state.history = state.history << 2 | u64::from(kind);
        let place = match candidates.get(kind as usize) {
            Some(&place) => place,
            None => {
                let back = io.difference(&mut models.numbers, 2, 0, (last - place) as i64) as u64;
                last - back.min(last as u64) as usize
            }
        };
        let p = state.open.remove(place);
        events.end[base + p as usize] = vertex;
        event.incoming[vertex as usize].push(p);
        state.picked = p;
        count += 1;
    }
    let at = event.first_vertex + vertex as usize;
    let mother = mother(state, event, vertex);
    events.vertex_status[at] =
        models.vertex_status.code(io, [mother.status, count.min(3)], truth.of(|e| &e.vertex_status, at)).0;
    let label = truth.of(|e| &e.vertex_label, at) as i32;
    events.vertex_label[at] = models.vertex_label.code(io, [mother.status, count.min(3)], label).0 as u32;
}

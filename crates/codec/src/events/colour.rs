//! Colour: flow lines that go through vertices.
//!
//! In: colour and anticolour of a particle. Out: the same, coded.
//! Not here: who comes from where (`graph`).
//! Holds: any numbers come back.
//!
//! A line that goes into a vertex comes out of it, or ends on a new partner: the lines that are still to be matched are
//! tried first, then those of the relatives. Source: Les Houches Accord (hep-ph/0109068), colour flow.

use super::io::{Account, Io};
use super::{Event, Truth};
use hepz_columns::events::{Events, NO_FLOW, NONE};
use hepz_entropy::RawBits;
use hepz_models::symbol::{Difference, Symbol};

pub struct Models {
    symbols: Symbol<5>,
    new: Difference,
    /// The largest line of the event.
    largest: i32,
}

const ZERO: u32 = 0;
const ABSENT: u32 = 1;
const SUCCESSOR: u32 = 2;
/// Candidates follow.
const FIRST: u32 = 3;
const SPELLED: u32 = 15;
const CANDIDATES: usize = (SPELLED - FIRST) as usize;

impl Models {
    pub fn new() -> Models {
        Models { symbols: Symbol::new(4, 12), new: Difference::new(2), largest: 0 }
    }

    pub fn start(&mut self) {
        self.largest = 100;
    }

    #[allow(clippy::too_many_arguments)]
    pub fn walk<C: Account, R: RawBits>(
        &mut self,
        io: &mut Io<C, R>,
        truth: Truth<'_>,
        events: &mut Events,
        event: &Event,
        base: usize,
        p: usize,
        vertex: u32,
        kind: (u64, u64, u64, u64),
    ) {
        let (species, status, mother, mother_status) = kind;
        let mut first = 0u64;
        for slot in 0..2 {
            let mut candidates = [0i32; CANDIDATES];
            let mut n = 0;
            let mut unmatched = 0u64;
            let mut siblings = 0u64;
            let mut incoming = 0u64;
            if vertex != NONE {
                let (into, out) = (&event.incoming[vertex as usize], &event.outgoing[vertex as usize]);
                siblings = out.len() as u64;
                incoming = into.len() as u64;
                let flow = |q: &u32, slot: usize| events.flow[slot][base + *q as usize];
                let mut add = |line: i32| {
                    if line > 0 && n < CANDIDATES && !candidates[..n].contains(&line) {
                        candidates[n] = line;
                        n += 1;
                    }
                };
                // Lines that come in and are not out yet, then lines that siblings opened.
                let recent = || out.iter().rev().take(8);
                for q in into.iter().take(4) {
                    let line = flow(q, slot);
                    if !recent().any(|r| flow(r, slot) == line) {
                        add(line);
                    }
                }
                for q in recent() {
                    let line = flow(q, 1 - slot);
                    let matched = recent().any(|r| flow(r, slot) == line)
                        || into.iter().take(4).any(|r| flow(r, 1 - slot) == line);
                    if !matched {
                        add(line);
                    }
                }
                unmatched = n as u64;
                let mut add = |line: i32| {
                    if line > 0 && n < CANDIDATES && !candidates[..n].contains(&line) {
                        candidates[n] = line;
                        n += 1;
                    }
                };
                for q in into.iter().take(4) {
                    add(flow(q, slot));
                    add(flow(q, 1 - slot));
                }
                for q in out.iter().rev().take(2) {
                    add(flow(q, 1 - slot));
                    add(flow(q, slot));
                }
            }
            let truth = truth.of(|e| &e.flow[slot], base + p);
            let symbol = match truth {
                0 => ZERO,
                NO_FLOW => ABSENT,
                _ => match candidates[..n].iter().position(|&c| c == truth) {
                    Some(at) => FIRST + at as u32,
                    None if truth == self.largest.wrapping_add(1) => SUCCESSOR,
                    None => SPELLED,
                },
            };
            let s = slot as u64;
            let class = unmatched.min(7) << 5 | s << 4 | first;
            let contexts = [
                (species << 10 | status) << 10 | class,
                (mother << 20 | species << 10 | siblings.min(3)) << 10 | class,
                (mother_status << 20 | status << 10 | siblings.min(3)) << 10 | class,
                (incoming.min(3) << 10 | n as u64) << 10 | class,
                (status << 10 | siblings.min(7)) << 20 | incoming.min(3) << 10 | class,
            ];
            let symbol = io.symbol(&mut self.symbols, contexts, symbol);
            let line = match symbol {
                ZERO => 0,
                ABSENT => NO_FLOW,
                SUCCESSOR => self.largest.wrapping_add(1),
                SPELLED => {
                    let from = self.largest;
                    let step = i64::from(truth).wrapping_sub(i64::from(from));
                    let step = io.difference(&mut self.new, slot, 0, step);
                    i64::from(from).wrapping_add(step) as i32
                }
                at => candidates[(at - FIRST) as usize % CANDIDATES],
            };
            events.flow[slot][base + p] = line;
            self.largest = self.largest.max(line);
            first = u64::from(symbol);
        }
    }
}

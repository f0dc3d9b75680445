//! Ensembles: opinions of many counters on one decision, weighed by several sets of weights.
//!
//! In: slots of counters, selectors of weights. Out: a probability; everything that took part learns.
//! Not here: which contexts pick the slots (`deep`, `symbol`).
//! Holds: no floating point; nothing is allocated for a decision.
//! Source: M. Mahoney's PAQ8 (two layers of mixing, 2005).

use crate::counter::{CONFIDENCES, Counter, INITIAL_CONFIDENCE};
use crate::logistic::LOGISTIC;

/// Counters of one decision in one context: one that remembers all, one that remembers the last few.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    slow: Counter,
    fast: u16,
}

impl Slot {
    pub(crate) const NEW: Slot = Slot { slow: Counter::NEW, fast: 1 << 15 };
}

/// At most so many inputs take part.
pub(crate) const MOST: usize = 32;

/// Sets of weights.
pub(crate) const SETS: usize = 3;

/// Opinions of one slot.
const VOICES: usize = 2;

const CELLS: usize = 33;

/// What something else than a counter says about a decision.
#[derive(Clone, Copy, Default)]
pub(crate) struct Outside {
    /// Log odds of a 1; nothing where the confidence is 0.
    pub(crate) log_odds: i32,
    /// The class of weights, below [`CONFIDENCES`].
    pub(crate) confidence: u8,
}

/// Log odds of something else than a counter fall into so many classes.
pub(crate) const OUTSIDE_CLASSES: usize = 16;

impl Outside {
    /// The class of its log odds.
    pub(crate) fn class(self) -> usize {
        ((self.log_odds + 2048) >> 8) as usize & (OUTSIDE_CLASSES - 1)
    }
}

/// The initial weight of what is not a counter: it was fitted beforehand.
const INITIAL_OUTSIDE: i32 = 30_000;

/// Weights of one input: for each confidence and voice.
type Row = [[i32; VOICES]; CONFIDENCES];

/// What was said about the current decision.
pub(crate) struct Ensemble {
    inputs: usize,
    /// Inputs that are counters; one more is what [`Ensemble::outside`] says.
    counted: usize,
    /// What something else than a counter says, if this ensemble listens to it.
    pub(crate) outside: Outside,
    /// `[set][selector * inputs + input]`.
    weights: [Vec<Row>; SETS],
    /// `[depth][set]`.
    second: Vec<[i32; SETS]>,
    /// Decisions seen at each depth.
    seen: Vec<u32>,
    maps: [Vec<u16>; 2],
    pub(crate) at: [usize; MOST],
    log_odds: [[i32; VOICES]; MOST],
    confidences: [u8; MOST],
}

/// The initial weights of all slow voices at full confidence sum to about 1.0 of these units.
const INITIAL_WEIGHT: i32 = 40_000;

/// The fast voice moves to what it sees by one in `2^FAST`.
const FAST: u32 = 4;

/// Error times log odds times this, in units of 2^-17, is added to a weight; at first more.
const RATE: i32 = 5;
const FIRST_RATE: i32 = 2000;

/// The same for the second layer, in units of 2^-18.
const SECOND_RATE: i32 = 2;

impl Ensemble {
    /// Of `counted` counters and, if it `listens`, what comes from outside.
    pub(crate) fn new(
        counted: usize,
        listens: bool,
        depths: usize,
        selectors: [usize; SETS],
        cells: usize,
    ) -> Ensemble {
        let inputs = counted + usize::from(listens);
        let share = 6 + 3 * counted as i32;
        let mut row: Row = [[0; VOICES]; CONFIDENCES];
        for (weight, c) in row.iter_mut().zip(INITIAL_CONFIDENCE) {
            weight[0] = INITIAL_WEIGHT * c / share;
        }
        let map = |n: usize| {
            (0..n * CELLS).map(|at| LOGISTIC.squash(((at % CELLS) as i32 - 16) * 128) as u16).collect()
        };
        let mut rows = vec![row; inputs];
        if listens {
            rows[counted] = [[INITIAL_OUTSIDE, 0]; CONFIDENCES];
        }
        Ensemble {
            inputs,
            counted,
            outside: Outside::default(),
            weights: selectors.map(|n| rows.iter().copied().cycle().take(n * inputs).collect()),
            second: vec![[65536 / SETS as i32; SETS]; depths],
            seen: vec![0; depths],
            maps: [map(depths), map(cells)],
            at: [0; MOST],
            log_odds: [[0; VOICES]; MOST],
            confidences: [0; MOST],
        }
    }

    /// Codes one decision: `code` gets the probability of a 1 and says what it is; `self.at` picks slots.
    #[inline(always)]
    pub(crate) fn code(
        &mut self,
        slots: &mut [Slot],
        depth: usize,
        selectors: [usize; SETS],
        cell: usize,
        code: impl FnOnce(u32) -> u32,
    ) -> u32 {
        let n = self.inputs;
        for input in 0..self.counted {
            let slot = slots[self.at[input]];
            let confidence = slot.slow.of_count().confidence;
            self.confidences[input] = confidence as u8;
            self.log_odds[input] = if confidence == 0 {
                [0; VOICES]
            } else {
                [LOGISTIC.stretch(slot.slow.p12()), LOGISTIC.stretch(u32::from(slot.fast) >> 4)]
            };
        }
        if self.counted < n {
            let Outside { log_odds, confidence } = self.outside;
            self.confidences[self.counted] = confidence;
            self.log_odds[self.counted] = if confidence == 0 {
                [0; VOICES]
            } else {
                [log_odds, LOGISTIC.squash(log_odds) as i32 / 32 - 1024]
            };
        }
        let mut odds = [0i32; SETS];
        for set in 0..SETS {
            let rows = &self.weights[set][selectors[set] * n..][..n];
            let mut sum = 0i64;
            for input in 0..n {
                let weights = &rows[input][usize::from(self.confidences[input])];
                for (&weight, odds) in weights.iter().zip(self.log_odds[input]) {
                    sum += i64::from(weight) * i64::from(odds);
                }
            }
            odds[set] = (sum >> 16).clamp(-2047, 2047) as i32;
        }
        let second = &mut self.second[depth];
        let sum: i64 = (0..SETS).map(|set| i64::from(second[set]) * i64::from(odds[set])).sum();
        let whole = (sum >> 16).clamp(-2047, 2047) as i32;
        let mixed = LOGISTIC.squash(whole);
        let place = ((whole + 2048) >> 7) as usize;
        let part = ((whole + 2048) & 127) as u32;
        let places = [depth * CELLS + place, cell * CELLS + place];
        let read =
            |map: &[u16], at: usize| (u32::from(map[at]) * (128 - part) + u32::from(map[at + 1]) * part) >> 7;
        let mapped = [read(&self.maps[0], places[0]), read(&self.maps[1], places[1])];
        let p1 = ((2 * mixed + mapped[0] + mapped[1]) >> 2).clamp(1, 65535);
        let bit = code(p1);

        for (map, place) in self.maps.iter_mut().zip(places) {
            let nearer = &mut map[place + usize::from(part >= 64)];
            let value = i32::from(*nearer);
            *nearer = (value + (((bit << 16) as i32 - bit as i32 - value) >> 6)) as u16;
        }
        let target = (bit << 16) as i32;
        let error = (target - mixed as i32) * SECOND_RATE;
        for set in 0..SETS {
            second[set] += (odds[set] * error + (1 << 17)) >> 18;
        }
        let seen = self.seen[depth];
        self.seen[depth] = (seen + 1).min(1 << 20);
        let rate = RATE + FIRST_RATE / (seen as i32 + 64);
        for set in 0..SETS {
            let error = (target - LOGISTIC.squash(odds[set]) as i32) * rate;
            let rows = &mut self.weights[set][selectors[set] * n..][..n];
            for input in 0..n {
                let weights = &mut rows[input][usize::from(self.confidences[input])];
                for (weight, odds) in weights.iter_mut().zip(self.log_odds[input]) {
                    let step = i64::from(odds) * i64::from(error);
                    *weight = weight.saturating_add(((step + (1 << 16)) >> 17) as i32);
                }
            }
        }
        for input in 0..self.counted {
            let slot = &mut slots[self.at[input]];
            slot.slow.learn(bit);
            let fast = i32::from(slot.fast);
            slot.fast = (fast + (((bit * 65535) as i32 - fast) >> FAST)) as u16;
        }
        slots[0] = Slot::NEW;
        bit
    }
}

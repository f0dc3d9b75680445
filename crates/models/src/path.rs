//! The path model: prices the decisions by which a number is written, most significant first.
//!
//! In: path values of one column, what the decoder already knows beside each (lanes, expectations).
//! Out: the same values, coded. Not here: how a column becomes path values (`hepz-transforms`), which lanes to use (`hepz`).
//! Holds: one walk for both directions; no floating point; memory is fixed before the first decision.
//! Source: the mixing is that of M. Mahoney, "Adaptive weighing of context models for lossless data compression", 2005;
//! new here: weights chosen by how often a context was seen, and contexts that measure the distance to an expectation.

use crate::counter::{Counter, Group, INITIAL_CONFIDENCE};
use crate::logistic::LOGISTIC;
use hepz_entropy::{Coder, RawBits};

/// How a path value is cut into decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathShape {
    /// Bits of a path value, 0 to 64.
    pub bits: u32,
    /// How many of them, from the top, are modelled; the rest is stored raw.
    pub modelled: u32,
}

/// What picks a counter beside the decisions so far: one small number for each value.
#[derive(Clone, Copy, Debug)]
pub struct Lane<'a> {
    /// For each value a number below `cardinality`; empty means 0 throughout.
    pub given: &'a [u16],
    /// Bound on `given`, at least 1.
    pub cardinality: u32,
    /// Adds the top bits of an earlier path value.
    pub own: Option<Own<'a>>,
    /// Decisions at this depth and beyond do without the lane.
    pub depth: u32,
}

/// The top bits of an earlier path value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own<'a> {
    /// Which value.
    pub earlier: Earlier<'a>,
    /// How many bits, at most 16.
    pub bits: u32,
}

/// Names a value that was coded before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier<'a> {
    /// The value so many places before.
    Back(u32),
    /// For each value the place of an earlier one; a place that is not earlier means none.
    At(&'a [u32]),
}

impl Earlier<'_> {
    /// The earlier value, or 0 if there is none.
    #[inline(always)]
    pub(crate) fn of(self, at: usize, values: &[u64]) -> u64 {
        match self {
            Earlier::Back(back) => at.checked_sub(back as usize).map_or(0, |earlier| values[earlier]),
            Earlier::At(places) => {
                let place = places.get(at).map_or(usize::MAX, |&place| place as usize);
                if place < at { values[place] } else { 0 }
            }
        }
    }
}

/// A path value near which the value is expected.
#[derive(Clone, Copy, Debug)]
pub enum Expectation<'a> {
    /// One for each value.
    Given(&'a [u64]),
    /// A value that was coded before.
    Earlier(Earlier<'a>),
    /// Made from the values that were coded before.
    Made(&'a dyn Guess),
}

/// Says near which path value the next one is expected.
pub trait Guess: std::fmt::Debug {
    /// The expectation for the value at `at`; asked once for each value, in order. Only the values before `at` may be
    /// looked at: the decoder does not know the others.
    fn guess(&self, at: usize, values: &[u64]) -> u64;
}

/// At most so many lanes and expectations together; more are ignored.
pub const MAX_INPUTS: usize = 12;

/// The initial weights of all inputs at full confidence sum to about 1.3 of these units; see `initial_weight`.
const INITIAL_WEIGHT: i32 = 50_000;

/// Decisions are divided into so many classes by depth; each has weights of its own.
const DEPTH_CLASSES: u32 = 4;

/// Error times input times this, in units of 2^-14, is added to a weight.
const MIXER_RATE: i32 = 2;

/// Groups of 16 counters: at most `2^13` in one lane, which is 512 KiB and stays in a second-level cache.
const MAX_LOG2_GROUPS: u32 = 13;

/// Positions of an expectation in the current cell: 24 before, 16 inside, 24 behind, in sixteenths of the cell.
const POSITIONS: usize = 64;

/// Cells of the final probability map, per depth.
const FINAL_CELLS: usize = 33;

/// The counter of an input that does not take part: never learned, it has no opinion.
const IDLE: usize = 0;

thread_local! {
    /// The counters of the last walk, for their memory.
    static SCRATCH: std::cell::Cell<Vec<Group>> = const { std::cell::Cell::new(Vec::new()) };
}

/// Rows of inputs and of confidences are as long as the next power of two: their places need no check.
type Weights = [[[i32; 16]; 16]; DEPTH_CLASSES as usize];

struct Walk<'a> {
    shape: PathShape,
    lanes: Vec<Lane<'a>>,
    expectations: &'a [Expectation<'a>],
    counters: Vec<Group>,
    /// First counter of each input.
    first: [usize; MAX_INPUTS],
    /// Groups of each lane, less 1; a power of two, less 1.
    group_mask: [usize; MAX_INPUTS],
    /// `[depth class][input][confidence]`, 1.0 is 2^16.
    weights: Weights,
    final_map: Vec<u16>,
    /// Lanes that still take part at each depth.
    active: [u8; 65],
    /// Class of each depth.
    depth_class: [u8; 65],
}

impl<'a> Walk<'a> {
    fn new(shape: PathShape, lanes: &[Lane<'a>], expectations: &'a [Expectation<'a>], n: usize) -> Walk<'a> {
        let mut lanes: Vec<Lane<'a>> = lanes.iter().take(MAX_INPUTS).copied().collect();
        // Deep lanes first, so that those which take part are always the first few.
        lanes.sort_by_key(|lane| std::cmp::Reverse(lane.depth));
        let expectations = &expectations[..expectations.len().min(MAX_INPUTS - lanes.len())];
        let inputs = lanes.len() + expectations.len();
        let mut walk = Walk {
            shape,
            expectations,
            counters: Vec::new(),
            first: [0; MAX_INPUTS],
            group_mask: [0; MAX_INPUTS],
            weights: [[[0; 16]; 16]; DEPTH_CLASSES as usize],
            final_map: Vec::with_capacity((shape.modelled as usize + 1) * FINAL_CELLS),
            active: [0; 65],
            depth_class: [0; 65],
            lanes,
        };
        // The first group is that of the idle counter.
        let mut counters = 16;
        for (input, lane) in walk.lanes.iter().enumerate() {
            let log2 = log2_groups(lane, shape, n);
            walk.first[input] = counters;
            walk.group_mask[input] = (1 << log2) - 1;
            counters += 16 << log2;
        }
        for input in walk.lanes.len()..inputs {
            walk.first[input] = counters;
            counters += shape.modelled as usize * POSITIONS;
        }
        // Megabytes for every column: from the system each time, they would cost as much as filling them.
        walk.counters = SCRATCH.take();
        walk.counters.clear();
        walk.counters.resize(counters.div_ceil(16), Group([Counter::NEW; 16]));
        for depth in 0..65 {
            walk.active[depth as usize] = walk.lanes.iter().filter(|lane| lane.depth > depth).count() as u8;
            let class = depth.min(shape.modelled.saturating_sub(1)) * DEPTH_CLASSES / shape.modelled.max(1);
            walk.depth_class[depth as usize] = class as u8;
        }
        let share = 6 + 3 * inputs as i32;
        let mut initial = [0; 16];
        initial
            .iter_mut()
            .zip(INITIAL_CONFIDENCE)
            .for_each(|(weight, c)| *weight = INITIAL_WEIGHT * c / share);
        walk.weights = [[initial; 16]; DEPTH_CLASSES as usize];
        for _ in 0..=shape.modelled {
            walk.final_map.extend((0..FINAL_CELLS as i32).map(|c| LOGISTIC.squash((c - 16) * 128) as u16));
        }
        walk
    }

    /// Codes one value with `N` inputs: as a constant, the compiler keeps what pricing and learning share in place.
    #[inline(always)]
    fn code_value<C: Coder, const N: usize>(
        &mut self,
        coder: &mut C,
        truth: u64,
        contexts: &[u64; N],
        expected: &[u64; N],
    ) -> u64 {
        let PathShape { bits, modelled } = self.shape;
        let n_lanes = self.lanes.len().min(N);
        let counters = &mut self.counters[..];
        let mut group = [0usize; N];
        let mut slots = [IDLE; N];
        let mut all_log_odds = [0i32; N];
        let mut confidences = [0usize; N];
        let mut prefix = 0u64;
        let mut nibble = 1usize;
        for depth in 0..modelled {
            let active = usize::from(self.active[depth as usize]).min(n_lanes);
            if depth % 4 == 0 {
                nibble = 1;
                let node = (1u64 << depth | prefix).wrapping_mul(0xd6e8_feb8_6659_fd93);
                for lane in 0..active {
                    let hash = (contexts[lane] ^ node).wrapping_mul(0xa076_1d64_78bd_642f);
                    group[lane] = self.first[lane] + ((hash >> 40) as usize & self.group_mask[lane]) * 16;
                }
            }
            for lane in 0..n_lanes {
                slots[lane] = if lane < active { group[lane] + nibble } else { IDLE };
            }
            let size = bits - depth;
            let low = if size >= 64 { 0 } else { prefix << size };
            for e in n_lanes..N {
                let distance = expected[e].wrapping_sub(low) as i64;
                let sixteenths = if size >= 4 { distance >> (size - 4) } else { distance << (4 - size) };
                let position = (sixteenths.clamp(-24, 39) + 24) as usize;
                slots[e] = self.first[e] + depth as usize * POSITIONS + position;
            }
            let weights = &mut self.weights[usize::from(self.depth_class[depth as usize]) % 4];
            let mut sum = 0i64;
            for input in 0..N {
                let counter = counters[slots[input] / 16].0[slots[input] % 16];
                let confidence = usize::from(counter.of_count().confidence) % 16;
                let log_odds = if confidence == 0 { 0 } else { LOGISTIC.stretch(counter.p12()) };
                confidences[input] = confidence;
                all_log_odds[input] = log_odds;
                sum += i64::from(weights[input % 16][confidence]) * i64::from(log_odds);
            }
            let odds = (sum >> 16) as i32;
            let mixed = LOGISTIC.squash(odds);
            let cell = odds.clamp(-2047, 2047) + 2048;
            let at = depth as usize * FINAL_CELLS + (cell >> 7) as usize;
            let part = (cell & 127) as u32;
            let mapped = (u32::from(self.final_map[at]) * (128 - part)
                + u32::from(self.final_map[at + 1]) * part)
                >> 7;
            let p1 = ((mixed + mapped) >> 1).clamp(1, 65535);
            let bit = coder.code((truth >> (size - 1)) as u32 & 1, p1);

            let nearer = at + usize::from(part >= 64);
            let cell = i32::from(self.final_map[nearer]);
            self.final_map[nearer] = (cell + (((bit << 16) as i32 - bit as i32 - cell) >> 6)) as u16;
            let error = ((bit << 16) as i32 - mixed as i32) * MIXER_RATE;
            for input in 0..N {
                let weight = &mut weights[input % 16][confidences[input]];
                *weight += (all_log_odds[input] * error + (1 << 13)) >> 14;
                counters[slots[input] / 16].0[slots[input] % 16].learn(bit);
            }
            counters[IDLE].0[0] = Counter::NEW;
            prefix = prefix << 1 | u64::from(bit);
            nibble = nibble << 1 | bit as usize;
        }
        prefix
    }

    /// Codes `values` with `N` inputs.
    fn run<C: Coder, R: RawBits, const N: usize>(
        &mut self,
        coder: &mut C,
        raw: &mut R,
        values: &mut [u64],
        unmodelled: u32,
    ) {
        let bits = self.shape.bits;
        let mut contexts = [0u64; N];
        let mut expected = [0u64; N];
        for at in 0..values.len() {
            for (lane, context) in self.lanes.iter().zip(&mut contexts) {
                let mut number = lane.given.get(at).map_or(0, |&given| u64::from(given));
                if let Some(own) = lane.own {
                    let own_bits = own.bits.min(bits).min(16);
                    let earlier = own.earlier.of(at, values);
                    number = number << own_bits | earlier >> (bits - own_bits).min(63);
                }
                *context = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            }
            for (expectation, expected) in self.expectations.iter().zip(&mut expected[self.lanes.len()..]) {
                *expected = match *expectation {
                    Expectation::Given(given) => given.get(at).copied().unwrap_or(0),
                    Expectation::Earlier(earlier) => earlier.of(at, values),
                    Expectation::Made(guess) => guess.guess(at, &values[..at]),
                };
            }
            let top = self.code_value::<C, N>(coder, values[at], &contexts, &expected);
            let low = raw.raw(values[at], unmodelled);
            values[at] = if unmodelled >= 64 { low } else { top << unmodelled | low };
        }
    }
}

/// Enough groups for what `n` values can touch, within the cap.
fn log2_groups(lane: &Lane<'_>, shape: PathShape, n: usize) -> u32 {
    let own = lane.own.map_or(0, |own| own.bits.min(16));
    let contexts = u64::from(lane.cardinality.max(1)) << own;
    let mut touched = 0u64;
    for depth in (0..lane.depth.min(shape.modelled)).step_by(4) {
        touched += contexts.saturating_mul(1 << depth.min(40)).min(n as u64);
    }
    (64 - touched.leading_zeros()).min(MAX_LOG2_GROUPS)
}

/// Codes `values`: encoding reads them, decoding overwrites them.
///
/// Cost: 30 to 60 ns for a modelled decision with six inputs. Memory: at most 0.5 MiB for each lane.
pub fn walk<C: Coder, R: RawBits>(
    coder: &mut C,
    raw: &mut R,
    shape: PathShape,
    lanes: &[Lane<'_>],
    expectations: &[Expectation<'_>],
    values: &mut [u64],
) {
    let bits = shape.bits.min(64);
    let shape = PathShape { bits, modelled: shape.modelled.min(bits) };
    if bits == 0 || values.is_empty() {
        return;
    }
    let mut walk = Walk::new(shape, lanes, expectations, values.len());
    let raw_bits = bits - shape.modelled;
    match walk.lanes.len() + walk.expectations.len() {
        0 => walk.run::<C, R, 0>(coder, raw, values, raw_bits),
        1 => walk.run::<C, R, 1>(coder, raw, values, raw_bits),
        2 => walk.run::<C, R, 2>(coder, raw, values, raw_bits),
        3 => walk.run::<C, R, 3>(coder, raw, values, raw_bits),
        4 => walk.run::<C, R, 4>(coder, raw, values, raw_bits),
        5 => walk.run::<C, R, 5>(coder, raw, values, raw_bits),
        6 => walk.run::<C, R, 6>(coder, raw, values, raw_bits),
        7 => walk.run::<C, R, 7>(coder, raw, values, raw_bits),
        8 => walk.run::<C, R, 8>(coder, raw, values, raw_bits),
        9 => walk.run::<C, R, 9>(coder, raw, values, raw_bits),
        10 => walk.run::<C, R, 10>(coder, raw, values, raw_bits),
        11 => walk.run::<C, R, 11>(coder, raw, values, raw_bits),
        _ => walk.run::<C, R, MAX_INPUTS>(coder, raw, values, raw_bits),
    }
    SCRATCH.set(std::mem::take(&mut walk.counters));
}

//! Lines: points of one run of rows lie on a straight line, as hits on a flat sensor do.
//!
//! In: the abscissa of each row, which rows make a run, and the ordinates so far.
//! Out: where the next ordinate is expected.
//! Not here: which columns have lines (`lined`), formulas of one row (`hepz-transforms`).
//! Holds: only `+ - * /` and comparisons of floats in the order written; what is expected depends on earlier rows
//! alone.

use hepz_models::path::Guess;
use hepz_transforms::order::{to_number, to_raw};
use hepz_transforms::path_map::PathMap;
use std::cell::RefCell;

/// Lines of earlier runs that are remembered: a few turns around a barrel of sensors.
const REMEMBERED: usize = 512;
/// A point is on a line if it is off by less than so many steps of the grid.
const STEPS_OFF: f64 = 24.0;
/// Expectations that are off by more than all but so many bits of a path say nothing.
const SURE_BITS: i32 = 7;

/// Lines are looked for in the order in which they came before: so many runs may have been without points.
const SKIPPED: usize = 6;

/// A line through two points, and how far the second lies from the first.
#[derive(Clone, Copy, Debug)]
struct Line {
    x: f64,
    y: f64,
    slope: f64,
    width: f64,
}

impl Line {
    fn at(self, x: f64) -> f64 {
        self.y + self.slope * (x - self.x)
    }
}

#[derive(Debug, Default)]
struct State {
    /// Values that are taken in.
    taken: usize,
    points: usize,
    /// The points of this run that lie farthest to either side.
    low: (f64, f64),
    high: (f64, f64),
    /// A line of an earlier run on which all points of this one lie.
    matched: Option<usize>,
    /// What the next run is likely to match.
    likely: usize,
    earlier: Vec<Line>,
    /// Where the next line goes among the earlier ones.
    next: usize,
    /// What was expected last: a path value.
    expected: Option<u64>,
    /// Bits by which expectations were off lately, in sixteenths.
    off: i32,
}

/// Expects each value of a column on the line of its run.
#[derive(Debug)]
pub struct Lines<'a> {
    map: &'a PathMap,
    /// For each value with a path.
    across: Vec<f64>,
    /// Changes where a run ends.
    run: Vec<u64>,
    state: RefCell<State>,
}

impl<'a> Lines<'a> {
    /// For values at these abscissas, in these runs.
    pub fn new(map: &'a PathMap, across: Vec<f64>, run: Vec<u64>) -> Lines<'a> {
        Lines { map, across, run, state: RefCell::default() }
    }

    fn number(&self, path: u64) -> f64 {
        to_number(self.map.join(path), self.map.scalar)
    }

    /// Takes in the value at `at`.
    fn take(&self, state: &mut State, at: usize, path: u64) {
        if let Some(expected) = state.expected.take() {
            let bits = 64 - expected.abs_diff(path).leading_zeros() as i32;
            state.off += bits - state.off / 16;
        }
        if at > 0 && self.run.get(at) != self.run.get(at - 1) {
            state.finish();
        }
        let (x, y) = (self.across.get(at).copied().unwrap_or(0.0), self.number(path));
        if state.points == 0 || x < state.low.0 {
            state.low = (x, y);
        }
        if state.points == 0 || x > state.high.0 {
            state.high = (x, y);
        }
        state.points += 1;
        let step = (self.number(path.saturating_add(1)) - y).abs();
        let is_on = |line: &Line, (x, y): (f64, f64)| {
            (line.at(x) - y).abs() <= STEPS_OFF * step * (1.0 + line.slope.abs())
        };
        let first = if state.points == 1 { state.following(x) } else { None };
        let likely = state.matched.or(first);
        state.matched = likely.filter(|&at| state.earlier.get(at).is_some_and(|line| is_on(line, (x, y))));
        if state.matched.is_none() && state.points <= 2 && self.is_useful(state) {
            let ends = [state.low, state.high];
            let off = |line: &Line| ends.map(|(x, y)| (line.at(x) - y).abs()).into_iter().fold(0.0, f64::max);
            let on = state.earlier.iter().enumerate();
            let on = on.filter(|(_, line)| ends.iter().all(|&end| is_on(line, end)));
            state.matched = on.min_by(|a, b| off(a.1).total_cmp(&off(b.1))).map(|(at, _)| at);
        }
    }

    fn is_useful(&self, state: &State) -> bool {
        state.off < 16 * (self.map.bits as i32 - SURE_BITS)
    }

    /// Where the value at `at` is expected, if anywhere.
    fn expect(&self, state: &State, at: usize) -> Option<f64> {
        let x = *self.across.get(at)?;
        if state.points == 0 || self.run.get(at) != self.run.get(at.checked_sub(1)?) {
            let next = state.earlier.get(state.following(x)?)?;
            return Some(next.at(x));
        }
        match state.matched.and_then(|at| state.earlier.get(at)) {
            Some(line) => Some(line.at(x)),
            None => Some(state.line()?.at(x)),
        }
    }
}

impl State {
    /// The line through the outermost points.
    fn line(&self) -> Option<Line> {
        let ((x, y), (right, top)) = (self.low, self.high);
        (right > x).then(|| Line { x, y, slope: (top - y) / (right - x), width: right - x })
    }

    /// Of the lines that once followed the last matched one, that in whose middle `x` lies most.
    fn following(&self, x: f64) -> Option<usize> {
        let begin = match self.matched.filter(|_| self.points > 0) {
            Some(matched) => matched + 1,
            None => self.likely,
        };
        let aside = |line: &Line| (x - line.x - 0.5 * line.width).abs() / line.width;
        let ahead = (begin..begin + SKIPPED).map(|at| at % REMEMBERED);
        let found = ahead.filter_map(|at| Some((at, aside(self.earlier.get(at)?))));
        // The first of several in whose range it lies.
        let mut best: Option<(usize, f64)> = None;
        for (at, aside) in found {
            if best.is_none_or(|(_, other)| other > 1.0 && aside < other) {
                best = Some((at, aside));
            }
        }
        best.filter(|&(_, aside)| aside <= 3.0).map(|(at, _)| at)
    }

    /// Ends a run and remembers its line.
    fn finish(&mut self) {
        // A line that came before grows more certain with every point that lies farther out.
        let before = self.matched.and_then(|at| self.earlier.get(at)).copied();
        if let Some(line) = before {
            let ends = [(line.x, line.y), (line.x + line.width, line.y + line.slope * line.width)];
            for (x, y) in ends {
                if x < self.low.0 {
                    self.low = (x, y);
                }
                if x > self.high.0 {
                    self.high = (x, y);
                }
            }
        }
        if (self.points >= 3 || before.is_some())
            && let Some(line) = self.line()
        {
            match self.earlier.get_mut(self.next) {
                Some(place) => *place = line,
                None => self.earlier.push(line),
            }
            self.next = (self.next + 1) % REMEMBERED;
        }
        if let Some(matched) = self.matched.take() {
            self.likely = matched + 1;
        }
        self.points = 0;
    }
}

impl Guess for Lines<'_> {
    fn guess(&self, at: usize, values: &[u64]) -> u64 {
        let state = &mut *self.state.borrow_mut();
        while state.taken < at {
            let path = values.get(state.taken).copied().unwrap_or(0);
            self.take(state, state.taken, path);
            state.taken += 1;
        }
        let expected = self.expect(state, at).and_then(|y| to_raw(y, self.map.scalar));
        state.expected = expected.map(|raw| self.map.nearest(raw));
        if self.is_useful(state) { state.expected.unwrap_or(0) } else { 0 }
    }
}

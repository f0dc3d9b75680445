//! Formulas: a column of a row from other columns of the same row.
//!
//! In: numbers of up to [`MOST_INPUTS`] columns. Out: a prediction in f64; NaN if there is none.
//! Not here: bytes (`wire`), finding formulas (`search`), rounding to a column's type (`order`).
//! Holds: only the operations of `real`, in the order written: equal inputs give equal bits on every machine;
//! a subnormal operand or result, and any infinity, means no prediction, and no prediction is [`real::NAN`].

use super::{Decay, Function, Pair, Smooth};
use crate::real;

/// The most columns that a formula reads.
pub const MOST_INPUTS: usize = 8;

/// The most terms of a sum.
pub const MOST_TERMS: usize = 6;

/// A constant factor, kept the way round in which it is a short number: `1 / 0.35` is not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gain {
    /// Multiply by this.
    Times(f64),
    /// Divide by this.
    Over(f64),
}

impl Gain {
    /// No factor.
    pub const ONE: Gain = Gain::Times(1.0);

    /// Applies the factor.
    #[inline]
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Gain::Times(k) => x * k,
            Gain::Over(k) => x / k,
        }
    }

    /// The constant as it is written.
    pub fn constant(self) -> f64 {
        match self {
            Gain::Times(k) | Gain::Over(k) => k,
        }
    }
}

/// An angle or rapidity from two components `a` and `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `atan2(a, b)`: azimuth from py and px, polar angle from pt and pz.
    Atan2,
    /// `asinh(a / b)`: pseudorapidity from pz and pt.
    Asinh,
    /// `atanh(a / b)` as `ln((b + a) / (b - a)) / 2`: rapidity from pz and energy.
    Atanh,
    /// `acos(a / b)`: polar angle from pz and p.
    Acos,
}

impl Direction {
    /// Every direction; the position is the wire number.
    pub const ALL: [Direction; 4] = [Direction::Atan2, Direction::Asinh, Direction::Atanh, Direction::Acos];

    fn at(self, a: f64, b: f64) -> f64 {
        match self {
            Direction::Atan2 => real::atan2(a, b),
            Direction::Asinh => real::asinh(a / b),
            Direction::Atanh => 0.5 * real::ln((b + a) / (b - a)),
            Direction::Acos => real::acos(a / b),
        }
    }
}

/// A formula. Inputs are named a, b, c, ... in the order in which they are given.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// a
    Copy,
    /// |a|
    Abs,
    /// -a
    Negate,
    /// k a
    Scale {
        /// k
        gain: Gain,
    },
    /// a + k
    Shift {
        /// k
        shift: f64,
    },
    /// k a + m
    Affine {
        /// k
        gain: Gain,
        /// m
        shift: f64,
    },
    /// ± a ± b ...: two to six terms, added in order.
    Sum {
        /// Number of inputs, 2 to 6.
        inputs: u8,
        /// Bit i is set if input i is subtracted.
        minus: u8,
    },
    /// total - a - b ...: what is left for this column.
    Complement {
        /// What all columns of the group add up to.
        total: f64,
        /// Number of inputs, 1 to 6.
        inputs: u8,
    },
    /// k (a b)
    Product {
        /// k
        gain: Gain,
    },
    /// k (a / b)
    Quotient {
        /// k
        gain: Gain,
    },
    /// k sqrt(± a² ± b² ...): two to four terms, added in order.
    Hypot {
        /// k
        gain: Gain,
        /// Number of inputs, 2 to 4.
        inputs: u8,
        /// Bit i is set if the square of input i is subtracted.
        minus: u8,
    },
    /// k f(a)
    Unary {
        /// f
        function: Function,
        /// k
        gain: Gain,
    },
    /// k (a f(b)): px, py, pz, p, flight lengths.
    Times {
        /// f
        function: Function,
        /// k
        gain: Gain,
    },
    /// k (a / f(b)): pt from p.
    Per {
        /// f
        function: Function,
        /// k
        gain: Gain,
    },
    /// k (f(b) / a): charge over momentum.
    Over {
        /// f
        function: Function,
        /// k
        gain: Gain,
    },
    /// sqrt((a cosh b)² + c²), energy from pt, pseudorapidity and mass; or sqrt(c² - (a cosh b)²), mass from energy.
    Shell {
        /// Whether the momentum is subtracted from c² (mass) and not added to it (energy).
        mass: bool,
    },
    /// An angle or rapidity of the components a and b.
    Direction(Direction),
    /// a - b, brought into -pi to pi.
    AngleDifference,
    /// a s(a, |b|), or a s(a): a calibration, s being a sum of smooth curves.
    SmoothFactor(Box<Smooth>),
    /// sqrt(m² ± a² ± b² ...): one to four terms, added in order. The energy from three components and a constant mass.
    MassShell {
        /// m², of either sign.
        square: f64,
        /// Number of inputs, 1 to 4.
        inputs: u8,
        /// Bit i is set if the square of input i is subtracted.
        minus: u8,
    },
    /// The invariant mass of two particles.
    PairMass(Pair),
    /// One component of a momentum, from the mass of the decay that it belongs to.
    Component(Decay),
    /// Another formula, rounded to a significand of few bits: where the column lies on such a grid.
    Rounded {
        /// Bits behind the leading one, 1 to 51.
        kept: u8,
        /// The other formula, which is not rounded itself.
        formula: Box<Formula>,
    },
}

/// The nearest number with `kept` bits behind the leading one, of two equally near ones the even one.
fn rounded(x: f64, kept: u8) -> f64 {
    let drop = 52 - u32::from(kept.min(51));
    let bits = x.to_bits();
    let half = (1u64 << (drop - 1)) - 1 + (bits >> drop & 1);
    // A carry into the exponent is right; beyond the largest number it gives infinity, which is no prediction.
    f64::from_bits((bits + half) >> drop << drop)
}

/// The sum of `inputs` with the signs in `minus`.
#[inline]
fn signed_sum(terms: &[f64], minus: u8, term: impl Fn(f64) -> f64) -> f64 {
    let mut sum = 0.0;
    for (at, &x) in terms.iter().enumerate() {
        if minus >> at & 1 == 0 {
            sum += term(x);
        } else {
            sum -= term(x);
        }
    }
    sum
}

impl Formula {
    /// Number of columns that the formula reads: 1 to [`MOST_INPUTS`].
    pub fn arity(&self) -> usize {
        match self {
            Formula::Copy
            | Formula::Abs
            | Formula::Negate
            | Formula::Scale { .. }
            | Formula::Shift { .. }
            | Formula::Affine { .. }
            | Formula::Unary { .. } => 1,
            Formula::Sum { inputs, .. }
            | Formula::Complement { inputs, .. }
            | Formula::Hypot { inputs, .. }
            | Formula::MassShell { inputs, .. } => usize::from(*inputs),
            Formula::Product { .. }
            | Formula::Quotient { .. }
            | Formula::Times { .. }
            | Formula::Per { .. }
            | Formula::Over { .. }
            | Formula::Direction(_)
            | Formula::AngleDifference => 2,
            Formula::Shell { .. } => 3,
            Formula::SmoothFactor(smooth) => smooth.arity(),
            Formula::PairMass(pair) => pair.arity(),
            Formula::Component(decay) => decay.arity(),
            Formula::Rounded { formula, .. } => formula.arity(),
        }
    }

    /// The formula without rounding.
    pub fn unrounded(&self) -> &Formula {
        match self {
            Formula::Rounded { formula, .. } => formula,
            other => other,
        }
    }

    /// The prediction for one row; NaN if there is none or the number of inputs is not [`Formula::arity`].
    pub fn predict(&self, inputs: &[f64]) -> f64 {
        if inputs.len() != self.arity() || inputs.iter().any(|x| x.is_subnormal()) {
            return real::NAN;
        }
        let value = self.value(inputs);
        if value.is_normal() || value == 0.0 { value } else { real::NAN }
    }

    /// The predictions for all rows: `inputs` are columns of at least `out.len()` rows. A row that some input lacks,
    /// and every row if the number of inputs is wrong, gets NaN.
    pub fn predict_all(&self, inputs: &[&[f64]], out: &mut [f64]) {
        let mut row_inputs = [0.0; MOST_INPUTS];
        let Some(row_inputs) = row_inputs.get_mut(..inputs.len()) else {
            out.fill(real::NAN);
            return;
        };
        let rows = inputs.iter().map(|column| column.len()).min().unwrap_or(0).min(out.len());
        let (whole, rest) = out.split_at_mut(rows);
        rest.fill(real::NAN);
        for (row, place) in whole.iter_mut().enumerate() {
            for (x, column) in row_inputs.iter_mut().zip(inputs) {
                *x = column[row];
            }
            *place = self.predict(row_inputs);
        }
    }

    fn value(&self, inputs: &[f64]) -> f64 {
        match (self, inputs) {
            (Formula::Copy, &[a]) => a,
            (Formula::Abs, &[a]) => a.abs(),
            (Formula::Negate, &[a]) => -a,
            (Formula::Scale { gain }, &[a]) => gain.apply(a),
            (Formula::Shift { shift }, &[a]) => a + shift,
            (Formula::Affine { gain, shift }, &[a]) => gain.apply(a) + shift,
            (Formula::Sum { minus, .. }, terms) => signed_sum(terms, *minus, |x| x),
            (Formula::Complement { total, .. }, terms) => terms.iter().fold(*total, |rest, x| rest - x),
            (Formula::Product { gain }, &[a, b]) => gain.apply(a * b),
            (Formula::Quotient { gain }, &[a, b]) => gain.apply(a / b),
            (Formula::Hypot { gain, minus, .. }, terms) => {
                gain.apply(real::sqrt(signed_sum(terms, *minus, |x| x * x)))
            }
            (Formula::Unary { function, gain }, &[a]) => gain.apply(function.at(a)),
            (Formula::Times { function, gain }, &[a, b]) => gain.apply(a * function.at(b)),
            (Formula::Per { function, gain }, &[a, b]) => gain.apply(a / function.at(b)),
            (Formula::Over { function, gain }, &[a, b]) => gain.apply(function.at(b) / a),
            (Formula::Shell { mass }, &[a, b, c]) => {
                let p = a * real::cosh(b);
                if *mass { real::sqrt(c * c - p * p) } else { real::sqrt(p * p + c * c) }
            }
            (Formula::Direction(direction), &[a, b]) => direction.at(a, b),
            (Formula::AngleDifference, &[a, b]) => {
                let turn = 2.0 * std::f64::consts::PI;
                let difference = a - b;
                if difference > std::f64::consts::PI {
                    difference - turn
                } else if difference < -std::f64::consts::PI {
                    difference + turn
                } else {
                    difference
                }
            }
            (Formula::SmoothFactor(smooth), terms) => smooth.at(terms),
            (Formula::MassShell { square, minus, .. }, terms) => {
                real::sqrt(square + signed_sum(terms, *minus, |x| x * x))
            }
            (Formula::PairMass(pair), terms) => pair.mass(terms),
            (Formula::Component(decay), terms) => decay.component(terms),
            (Formula::Rounded { kept, formula }, terms) => {
                let value = formula.value(terms);
                if value.is_finite() { rounded(value, *kept) } else { real::NAN }
            }
            _ => real::NAN,
        }
    }
}

//! Formula: an expression as a list of steps, its value and its gradient.
//!
//! In: steps, each of which uses earlier ones; a row of columns. Out: the value of the last step, its derivatives.
//! Not here: text (`parse`), four-vectors, which are made of these steps (`four_vectors`).
//! Holds: a step refers to earlier steps only, so one walk forwards gives values and one backwards all derivatives.
//! Source: reverse mode of automatic differentiation, Griewank and Walther, Evaluating Derivatives, section 3.2.

use std::f64::consts::{PI, TAU};

/// A step that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step(usize);

/// A function of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Negative,
    Sqrt,
    Abs,
    Exp,
    Ln,
    Sin,
    Cos,
    Tan,
    Sinh,
    Cosh,
    Tanh,
    /// An angle brought to the range from -pi to pi.
    Wrapped,
}

/// A function of two arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Plus,
    Minus,
    Times,
    Over,
    Power,
    Atan2,
    Min,
    Max,
    Hypot,
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Number(f64),
    Column(usize),
    Of(Unary, Step),
    OfTwo(Binary, Step, Step),
}

/// Steps, the last of which is the result.
#[derive(Clone, Debug, Default)]
pub(super) struct Formula {
    steps: Vec<Operation>,
}

impl Formula {
    fn push(&mut self, operation: Operation) -> Step {
        self.steps.push(operation);
        Step(self.steps.len() - 1)
    }

    pub(super) fn number(&mut self, value: f64) -> Step {
        self.push(Operation::Number(value))
    }

    pub(super) fn column(&mut self, column: usize) -> Step {
        self.push(Operation::Column(column))
    }

    pub(super) fn of(&mut self, function: Unary, argument: Step) -> Step {
        self.push(Operation::Of(function, argument))
    }

    pub(super) fn of_two(&mut self, function: Binary, left: Step, right: Step) -> Step {
        self.push(Operation::OfTwo(function, left, right))
    }

    /// The value of every step.
    fn walk(&self, row: &[f64], values: &mut Vec<f64>) {
        values.clear();
        for operation in &self.steps {
            let value = match *operation {
                Operation::Number(value) => value,
                Operation::Column(column) => row.get(column).copied().unwrap_or(f64::NAN),
                Operation::Of(function, a) => function.value(values[a.0]),
                Operation::OfTwo(function, a, b) => function.value(values[a.0], values[b.0]),
            };
            values.push(value);
        }
    }

    /// The result for one row; NaN if it is not finite. `work` is used again and again.
    pub(super) fn value(&self, row: &[f64], work: &mut Vec<f64>) -> f64 {
        self.walk(row, work);
        work.last().copied().filter(|value| value.is_finite()).unwrap_or(f64::NAN)
    }

    /// The derivative of the result by each column.
    pub(super) fn gradient(&self, row: &[f64]) -> Vec<f64> {
        let mut values = Vec::with_capacity(self.steps.len());
        self.walk(row, &mut values);
        // What the result changes by when a step does.
        let mut weights = vec![0.0; self.steps.len()];
        if let Some(last) = weights.last_mut() {
            *last = 1.0;
        }
        let mut gradient = vec![0.0; row.len()];
        for (at, operation) in self.steps.iter().enumerate().rev() {
            let weight = weights[at];
            // A zero weight times an infinite derivative: `sqrt(x)*y` at 0, 0 says nothing about the other branch.
            if weight == 0.0 {
                continue;
            }
            match *operation {
                Operation::Number(_) => {}
                Operation::Column(column) => {
                    if let Some(sum) = gradient.get_mut(column) {
                        *sum += weight;
                    }
                }
                Operation::Of(function, a) => {
                    weights[a.0] += weight * function.derivative(values[a.0], values[at]);
                }
                Operation::OfTwo(function, a, b) => {
                    let (by_a, by_b) = function.derivatives(values[a.0], values[b.0], values[at]);
                    weights[a.0] += weight * by_a;
                    weights[b.0] += weight * by_b;
                }
            }
        }
        gradient
    }
}

impl Unary {
    fn value(self, x: f64) -> f64 {
        match self {
            Unary::Negative => -x,
            Unary::Sqrt => x.sqrt(),
            Unary::Abs => x.abs(),
            Unary::Exp => x.exp(),
            Unary::Ln => x.ln(),
            Unary::Sin => x.sin(),
            Unary::Cos => x.cos(),
            Unary::Tan => x.tan(),
            Unary::Sinh => x.sinh(),
            Unary::Cosh => x.cosh(),
            Unary::Tanh => x.tanh(),
            Unary::Wrapped if x.abs() <= PI => x,
            Unary::Wrapped => x - TAU * (x / TAU).round(),
        }
    }

    /// At `x`, where the value is `y`.
    fn derivative(self, x: f64, y: f64) -> f64 {
        match self {
            Unary::Negative => -1.0,
            Unary::Sqrt => 0.5 / y,
            Unary::Abs if x < 0.0 => -1.0,
            Unary::Abs | Unary::Wrapped => 1.0,
            Unary::Exp => y,
            Unary::Ln => 1.0 / x,
            Unary::Sin => x.cos(),
            Unary::Cos => -x.sin(),
            Unary::Tan => 1.0 + y * y,
            Unary::Sinh => x.cosh(),
            Unary::Cosh => x.sinh(),
            Unary::Tanh => 1.0 - y * y,
        }
    }
}

impl Binary {
    fn value(self, a: f64, b: f64) -> f64 {
        match self {
            Binary::Plus => a + b,
            Binary::Minus => a - b,
            Binary::Times => a * b,
            Binary::Over => a / b,
            Binary::Power => a.powf(b),
            Binary::Atan2 => a.atan2(b),
            // `f64::min` would drop NaN.
            Binary::Min | Binary::Max if a.is_nan() || b.is_nan() => f64::NAN,
            Binary::Min => a.min(b),
            Binary::Max => a.max(b),
            Binary::Hypot => a.hypot(b),
        }
    }

    /// By each argument at `a` and `b`, where the value is `y`.
    fn derivatives(self, a: f64, b: f64, y: f64) -> (f64, f64) {
        match self {
            Binary::Plus => (1.0, 1.0),
            Binary::Minus => (1.0, -1.0),
            Binary::Times => (b, a),
            Binary::Over => (1.0 / b, -y / b),
            // The logarithm of a negative base matters only if the exponent is no constant.
            Binary::Power => (b * a.powf(b - 1.0), y * a.ln()),
            Binary::Atan2 => {
                let square = a * a + b * b;
                (b / square, -a / square)
            }
            Binary::Min if a <= b => (1.0, 0.0),
            Binary::Max if a >= b => (1.0, 0.0),
            Binary::Min | Binary::Max => (0.0, 1.0),
            Binary::Hypot => (a / y, b / y),
        }
    }
}

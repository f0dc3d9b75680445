//! Functions of one number that a formula may name.
//!
//! In: f64. Out: f64, the same bits everywhere.
//! Not here: the arithmetic (`real`), formulas of several columns (`formula`).
//! Holds: wire numbers are the positions in [`Function::ALL`]; rows are appended, never moved.

use crate::real;

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// e to the power of x.
    Exp,
    /// Natural logarithm.
    Ln,
    /// Sine.
    Sin,
    /// Cosine.
    Cos,
    /// Tangent.
    Tan,
    /// Hyperbolic sine: pz / pt from pseudorapidity.
    Sinh,
    /// Hyperbolic cosine: p / pt from pseudorapidity.
    Cosh,
    /// Hyperbolic tangent: cos(theta) from pseudorapidity.
    Tanh,
    /// Inverse hyperbolic sine.
    Asinh,
    /// Arctangent.
    Atan,
    /// Arccosine.
    Acos,
    /// Square root.
    Sqrt,
    /// x times x.
    Square,
    /// 1 / x.
    Reciprocal,
    /// Polar angle from pseudorapidity: `2 atan(exp(-x))`.
    PolarAngle,
    /// Pseudorapidity from polar angle: `-ln(tan(x / 2))`.
    Pseudorapidity,
}

impl Function {
    /// Every function; the position is the wire number.
    pub const ALL: [Function; 16] = [
        Function::Exp,
        Function::Ln,
        Function::Sin,
        Function::Cos,
        Function::Tan,
        Function::Sinh,
        Function::Cosh,
        Function::Tanh,
        Function::Asinh,
        Function::Atan,
        Function::Acos,
        Function::Sqrt,
        Function::Square,
        Function::Reciprocal,
        Function::PolarAngle,
        Function::Pseudorapidity,
    ];

    /// The wire number.
    pub fn id(self) -> u8 {
        self as u8
    }

    /// The function of a wire number.
    pub fn from_id(id: u8) -> Option<Function> {
        Function::ALL.get(usize::from(id)).copied()
    }

    /// The value at `x`; NaN where the function is undefined.
    pub fn at(self, x: f64) -> f64 {
        match self {
            Function::Exp => real::exp(x),
            Function::Ln => real::ln(x),
            Function::Sin => real::sin(x),
            Function::Cos => real::cos(x),
            Function::Tan => real::tan(x),
            Function::Sinh => real::sinh(x),
            Function::Cosh => real::cosh(x),
            Function::Tanh => real::tanh(x),
            Function::Asinh => real::asinh(x),
            Function::Atan => real::atan(x),
            Function::Acos => real::acos(x),
            Function::Sqrt => real::sqrt(x),
            Function::Square => x * x,
            Function::Reciprocal => 1.0 / x,
            Function::PolarAngle => 2.0 * real::atan(real::exp(-x)),
            Function::Pseudorapidity => -real::ln(real::tan(0.5 * x)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_numbers_are_positions() {
        for (at, function) in Function::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(function.id()), at);
            assert_eq!(Function::from_id(function.id()), Some(function));
        }
        assert_eq!(Function::from_id(16), None);
    }

    #[test]
    fn polar_angle_and_pseudorapidity_are_inverse() {
        for x in [-4.5, -1.0, 0.0, 0.3, 2.5] {
            let back = Function::Pseudorapidity.at(Function::PolarAngle.at(x));
            assert!((back - x).abs() < 1.0e-13, "{x} {back}");
        }
    }
}

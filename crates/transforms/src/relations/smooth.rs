//! Smooth curves: calibration factors as sums of cubic splines.
//!
//! In: knots and coefficients. Out: the factor for one row.
//! Not here: fitting (`fit`), bytes (`wire`).
//! Holds: only `+ - * /` in the order written; outside the knots a curve goes on as a straight line.
//! Source: de Boor, "A Practical Guide to Splines", 1978: clamped cubic B-splines, made into one polynomial per interval.

use super::FormulaError;
use crate::real;

/// The most intervals of one curve.
pub const MOST_INTERVALS: usize = 40;

/// A cubic spline. It holds what is stored (knots, coefficients) and, made from it, one cubic per interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    knots: Vec<f64>,
    coefficients: Vec<f64>,
    pieces: Vec<[f64; 4]>,
    /// Value and slope at the last knot.
    end: [f64; 2],
}

/// The values at `x` of the B-splines of a degree up to 3 that do not vanish in the interval which starts at
/// `padded[at]`. `padded` has the first and the last knot four times.
pub(super) fn basis(padded: &[f64], at: usize, x: f64, degree: usize) -> [f64; 4] {
    let mut values = [1.0, 0.0, 0.0, 0.0];
    for d in 1..=degree {
        let mut carried = 0.0;
        for r in 0..d {
            let (right, left) = (padded[at + r + 1], padded[at + 1 + r - d]);
            let share = values[r] / (right - left);
            values[r] = carried + (right - x) * share;
            carried = (x - left) * share;
        }
        values[d] = carried;
    }
    values
}

/// The knots, with the first and the last four times.
pub(super) fn pad(knots: &[f64]) -> Vec<f64> {
    let first = knots.iter().take(1).cycle().take(3);
    let last = knots.iter().rev().take(1).cycle().take(3);
    first.chain(knots).chain(last).copied().collect()
}

/// The interval of `knots` in which `x` lies; the first or last if it lies outside.
#[inline]
pub(super) fn interval(knots: &[f64], x: f64) -> usize {
    knots.partition_point(|&knot| knot <= x).saturating_sub(1).min(knots.len().saturating_sub(2))
}

impl Curve {
    /// A curve from its strictly rising knots and `knots.len() + 2` coefficients.
    ///
    /// # Errors
    /// [`FormulaError::Knots`] if the knots do not rise or the numbers of either do not fit;
    /// [`FormulaError::Constant`] if a coefficient is not finite.
    pub fn new(knots: Vec<f64>, coefficients: Vec<f64>) -> Result<Curve, FormulaError> {
        let intervals = knots.len().wrapping_sub(1);
        let rising = knots.windows(2).all(|pair| pair[0] < pair[1]) && knots.iter().all(|x| x.is_finite());
        if !(1..=MOST_INTERVALS).contains(&intervals) || coefficients.len() != knots.len() + 2 || !rising {
            return Err(FormulaError::Knots);
        }
        if coefficients.iter().any(|c| !c.is_finite()) {
            return Err(FormulaError::Constant);
        }
        let padded = pad(&knots);
        let pieces: Vec<[f64; 4]> = (0..intervals).map(|i| piece(&padded, i + 3, &coefficients)).collect();
        let end = match (pieces.last(), &knots[..]) {
            (Some(&[c0, c1, c2, c3]), [.., from, to]) => {
                let u = to - from;
                [c0 + u * (c1 + u * (c2 + u * c3)), c1 + u * (2.0 * c2 + u * (3.0 * c3))]
            }
            _ => return Err(FormulaError::Knots),
        };
        Ok(Curve { knots, coefficients, pieces, end })
    }

    /// The knots.
    pub fn knots(&self) -> &[f64] {
        &self.knots
    }

    /// The coefficients of the B-splines: two more than there are knots.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The value at `x`.
    #[inline]
    pub fn at(&self, x: f64) -> f64 {
        let i = interval(&self.knots, x);
        match (self.pieces.get(i), self.knots.get(i), self.knots.last()) {
            (Some(&[c0, c1, c2, c3]), Some(from), Some(last)) => {
                if x > *last {
                    return self.end[0] + (x - last) * self.end[1];
                }
                let u = x - from;
                if u < 0.0 { c0 + u * c1 } else { c0 + u * (c1 + u * (c2 + u * c3)) }
            }
            _ => real::NAN,
        }
    }
}

/// The cubic in `x - padded[at]` of the interval that starts there: value and derivatives at its start.
fn piece(padded: &[f64], at: usize, coefficients: &[f64]) -> [f64; 4] {
    let start = padded[at];
    let mut rest = [0.0; 4];
    rest.copy_from_slice(&coefficients[at - 3..=at]);
    let mut cubic = [0.0; 4];
    let mut factorial = 1.0;
    for (order, place) in cubic.iter_mut().enumerate() {
        let degree = 3 - order;
        let values = basis(padded, at, start, degree);
        let mut sum = 0.0;
        for (c, value) in rest.iter().zip(values).take(degree + 1) {
            sum += c * value;
        }
        *place = sum / factorial;
        factorial *= (order + 1) as f64;
        // Coefficients of the derivative: differences over the support that the two B-splines share.
        for j in 0..degree {
            let width = padded[at + j + 1] - padded[at + j + 1 - degree];
            rest[j] = degree as f64 * (rest[j + 1] - rest[j]) / width;
        }
    }
    cubic
}

/// A factor `base + first(a) + second(|b|)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Smooth {
    /// Whether constants are stored as f64; else they are f32 already.
    pub(super) wide: bool,
    pub(super) base: f64,
    pub(super) first: Curve,
    pub(super) second: Option<Curve>,
}

impl Smooth {
    /// A factor from its curves. Unless `wide`, knots and coefficients are rounded to f32 first, as they are stored.
    ///
    /// # Errors
    /// As [`Curve::new`]; rounding may make two knots one.
    pub fn new(wide: bool, base: f64, first: Curve, second: Option<Curve>) -> Result<Smooth, FormulaError> {
        if !base.is_finite() {
            return Err(FormulaError::Constant);
        }
        let store = |curve: Curve| {
            if wide {
                return Ok(curve);
            }
            let narrow = |xs: &[f64]| xs.iter().map(|&x| f64::from(x as f32)).collect();
            Curve::new(narrow(&curve.knots), narrow(&curve.coefficients))
        };
        Ok(Smooth { wide, base, first: store(first)?, second: second.map(store).transpose()? })
    }

    /// Number of columns that the factor reads.
    pub fn arity(&self) -> usize {
        1 + usize::from(self.second.is_some())
    }

    /// `a` times the factor.
    pub(super) fn at(&self, inputs: &[f64]) -> f64 {
        match (inputs, &self.second) {
            (&[a], None) => a * (self.base + self.first.at(a)),
            (&[a, b], Some(second)) => a * (self.base + self.first.at(a) + second.at(b.abs())),
            _ => real::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_equal_the_b_splines(shape in prop::collection::vec((0.01f64..5.0, -1.0f64..1.0), 4..30), share in 0.0f64..1.0) {
            let knots: Vec<f64> = shape.iter().scan(-3.0, |sum, s| { *sum += s.0; Some(*sum) }).collect();
            let mut coefficients: Vec<f64> = shape.iter().map(|s| s.1).collect();
            coefficients.extend([0.5, -0.5]);
            let curve = Curve::new(knots.clone(), coefficients.clone()).unwrap();
            let x = knots[0] + share * (knots.last().unwrap() - knots[0]);
            let i = interval(&knots, x);
            let values = basis(&pad(&knots), i + 3, x, 3);
            let direct: f64 = values.iter().zip(&coefficients[i..]).map(|(v, c)| v * c).sum();
            prop_assert!((direct - curve.at(x)).abs() < 1.0e-9, "{} {}", direct, curve.at(x));
            prop_assert!((values.iter().sum::<f64>() - 1.0).abs() < 1.0e-12);
        }
    }

    #[test]
    fn a_curve_goes_on_as_a_straight_line() {
        let curve = Curve::new(vec![0.0, 1.0, 2.0], vec![0.0, 0.5, -1.0, 2.0, 1.0]).unwrap();
        for (x, step) in [(2.0, 1.0), (0.0, -1.0)] {
            let (near, middle, far) = (curve.at(x), curve.at(x + step), curve.at(x + 2.0 * step));
            assert!((near - 2.0 * middle + far).abs() < 1.0e-12);
        }
        assert!((curve.at(2.0 + 1.0e-9) - curve.at(2.0 - 1.0e-9)).abs() < 1.0e-7);
    }

    #[test]
    fn odd_knots_are_an_error() {
        assert_eq!(Curve::new(vec![0.0, 0.0], vec![0.0; 4]), Err(FormulaError::Knots));
        assert_eq!(Curve::new(vec![0.0, f64::NAN], vec![0.0; 4]), Err(FormulaError::Knots));
        assert_eq!(Curve::new(vec![0.0], vec![0.0; 3]), Err(FormulaError::Knots));
        assert_eq!(Curve::new(vec![], vec![0.0; 2]), Err(FormulaError::Knots));
        assert_eq!(Curve::new(vec![0.0, 1.0], vec![0.0; 3]), Err(FormulaError::Knots));
        assert_eq!(Curve::new(vec![0.0, 1.0], vec![f64::INFINITY; 4]), Err(FormulaError::Constant));
    }
}

//! Four-vectors: invariant masses, made of plain steps.
//!
//! In: transverse momenta, pseudorapidities, azimuths, masses. Out: steps of a formula.
//! Not here: values and derivatives, which those of the steps give (`formula`).
//! Holds: nearly parallel and nearly massless particles lose no digits, because large terms that cancel were
//! cancelled on paper.

use super::formula::{Binary, Formula, Step, Unary};

/// Builds formulas as they are written.
struct Writer<'a>(&'a mut Formula);

impl Writer<'_> {
    fn plus(&mut self, a: Step, b: Step) -> Step {
        self.0.of_two(Binary::Plus, a, b)
    }

    fn times(&mut self, a: Step, b: Step) -> Step {
        self.0.of_two(Binary::Times, a, b)
    }

    fn square(&mut self, a: Step) -> Step {
        self.times(a, a)
    }

    fn of(&mut self, function: Unary, a: Step) -> Step {
        self.0.of(function, a)
    }

    /// `cosh(eta1 - eta2) - cos(phi1 - phi2) = 2 sinh^2(.../2) + 2 sin^2(.../2)`, without the cancelling of the left.
    fn opening(&mut self, first: [Step; 3], second: [Step; 3]) -> Step {
        let half = self.0.number(0.5);
        let mut part = |function, at: usize| {
            let difference = self.0.of_two(Binary::Minus, first[at], second[at]);
            let halved = self.times(difference, half);
            let value = self.of(function, halved);
            self.square(value)
        };
        let (eta, phi) = (part(Unary::Sinh, 1), part(Unary::Sin, 2));
        let sum = self.plus(eta, phi);
        self.plus(sum, sum)
    }
}

/// The mass of two massless particles, each pt, eta, phi: `m^2 = 2 pt1 pt2 (cosh(eta1-eta2) - cos(phi1-phi2))`.
pub(super) fn massless(formula: &mut Formula, first: [Step; 3], second: [Step; 3]) -> Step {
    let mut writer = Writer(formula);
    let opening = writer.opening(first, second);
    let product = writer.times(first[0], second[0]);
    let half_square = writer.times(product, opening);
    let square = writer.plus(half_square, half_square);
    writer.of(Unary::Sqrt, square)
}

/// The mass of two particles, each pt, eta, phi, m.
///
/// With `|p| = pt cosh(eta)` and `E^2 = p^2 + m^2` the square is
/// `m1^2 + m2^2 + 2 (E1 E2 - |p1||p2|) + 2 pt1 pt2 (cosh - cos)`, and the first parenthesis is
/// `(m1^2 p2^2 + m2^2 p1^2 + m1^2 m2^2) / (E1 E2 + |p1||p2|)`.
pub(super) fn massive(formula: &mut Formula, first: [Step; 4], second: [Step; 4]) -> Step {
    let mut writer = Writer(formula);
    let mut of_one = |[pt, eta, _, mass]: [Step; 4]| {
        let cosh = writer.of(Unary::Cosh, eta);
        let p = writer.times(pt, cosh);
        let p_square = writer.square(p);
        let m_square = writer.square(mass);
        let e_square = writer.plus(p_square, m_square);
        let e = writer.of(Unary::Sqrt, e_square);
        (p, p_square, m_square, e, e_square)
    };
    let (p1, _, m1_square, e1, e1_square) = of_one(first);
    let (p2, p2_square, m2_square, e2, _) = of_one(second);
    // m1^2 p2^2 + m2^2 (p1^2 + m1^2)
    let (left, right) = (writer.times(m1_square, p2_square), writer.times(m2_square, e1_square));
    let above = writer.plus(left, right);
    let (energies, momenta) = (writer.times(e1, e2), writer.times(p1, p2));
    let below = writer.plus(energies, momenta);
    let excess = writer.0.of_two(Binary::Over, above, below);
    let [pt1, eta1, phi1, _] = first;
    let [pt2, eta2, phi2, _] = second;
    let opening = writer.opening([pt1, eta1, phi1], [pt2, eta2, phi2]);
    let product = writer.times(pt1, pt2);
    let angular = writer.times(product, opening);
    let half = writer.plus(excess, angular);
    let both = writer.plus(half, half);
    let masses = writer.plus(m1_square, m2_square);
    let square = writer.plus(masses, both);
    writer.of(Unary::Sqrt, square)
}

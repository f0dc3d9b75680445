//! Invariant masses: the mass of a pair, and one component of a momentum from the mass of the system it belongs to.
//!
//! In: components of momenta, energies, masses. Out: a mass, or one component.
//! Not here: which columns are momenta and which mass they share (`search::masses`, `search::invariants`).
//! Holds: only the operations of `real`, in the order written; a negative discriminant gives the vertex of the parabola.
//! Source: Particle Data Group, *Review of Particle Physics*, "Kinematics": `M² = (ΣE)² - |Σp|²` (eq. 49.2 of 2022), and
//! `E = sqrt(|p|² + m²)` for every particle on its mass shell. The second answer follows from the first by solving for pz.

use super::FormulaError;
use crate::real;

/// What is known of each of two particles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pair {
    /// Energy and three components: `M² = (E1 + E2)² - |p1 + p2|²`. Eight inputs: E, px, py, pz of each.
    Cartesian,
    /// Transverse momentum, pseudorapidity and azimuth, and masses that are constants. Six inputs: pt, eta, phi of each.
    /// Without masses `M² = 2 pt1 pt2 (cosh(eta1 - eta2) - cos(phi1 - phi2))`.
    Collider {
        /// The mass of each, in the unit of the momenta.
        masses: [f64; 2],
    },
    /// The same with columns of masses. Eight inputs: pt, eta, phi, m of each.
    Massive,
}

impl Pair {
    /// Number of inputs.
    pub fn arity(&self) -> usize {
        match self {
            Pair::Cartesian | Pair::Massive => 8,
            Pair::Collider { .. } => 6,
        }
    }

    /// The mass of the pair.
    pub(super) fn mass(&self, inputs: &[f64]) -> f64 {
        match (self, inputs) {
            (Pair::Cartesian, &[e1, x1, y1, z1, e2, x2, y2, z2]) => {
                let (e, x, y, z) = (e1 + e2, x1 + x2, y1 + y2, z1 + z2);
                real::sqrt(e * e - x * x - y * y - z * z)
            }
            (Pair::Collider { masses: [m1, m2] }, &[pt1, eta1, phi1, pt2, eta2, phi2]) => {
                if *m1 == 0.0 && *m2 == 0.0 {
                    let opening = real::cosh(eta1 - eta2) - real::cos(phi1 - phi2);
                    real::sqrt(2.0 * pt1 * pt2 * opening)
                } else {
                    massive([pt1, eta1, phi1, *m1], [pt2, eta2, phi2, *m2])
                }
            }
            (Pair::Massive, &[pt1, eta1, phi1, m1, pt2, eta2, phi2, m2]) => {
                massive([pt1, eta1, phi1, m1], [pt2, eta2, phi2, m2])
            }
            _ => real::NAN,
        }
    }
}

/// `M² = m1² + m2² + 2 (E1 E2 - p1 · p2)`.
fn massive([pt1, eta1, phi1, m1]: [f64; 4], [pt2, eta2, phi2, m2]: [f64; 4]) -> f64 {
    let (p1, p2) = (pt1 * real::cosh(eta1), pt2 * real::cosh(eta2));
    let (e1, e2) = (real::sqrt(m1 * m1 + p1 * p1), real::sqrt(m2 * m2 + p2 * p2));
    let across = pt1 * pt2 * real::cos(phi1 - phi2);
    let along = pt1 * real::sinh(eta1) * (pt2 * real::sinh(eta2));
    real::sqrt(m1 * m1 + m2 * m2 + 2.0 * (e1 * e2 - across - along))
}

/// The last component of the last daughter's momentum, from the mass of a decay into two or three.
///
/// With `Q` the sum of the other momenta, `m_Q` their mass and `A = (M² - m_Q² - m²) / 2 + Q_x x + Q_y y` the equation
/// `E_Q E - Q_z z = A` is of the second degree in `z`: `z = (A Q_z ± E_Q sqrt(A² - mt_Q² mt²)) / mt_Q²`, where
/// `mt_Q² = E_Q² - Q_z²` and `mt² = m² + x² + y²`. Any of the three axes may be the one that is called z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    mass: f64,
    /// Masses of two or three daughters; that of the last comes last.
    daughters: [f64; 3],
    n: u8,
    upper: bool,
}

impl Decay {
    /// The decay of `mass` to two or three `daughters`; `upper` says which of the two answers.
    ///
    /// # Errors
    /// [`FormulaError::Shape`] for another number of daughters, [`FormulaError::Constant`] for a mass that is no number of
    /// at least zero.
    pub fn new(mass: f64, daughters: &[f64], upper: bool) -> Result<Decay, FormulaError> {
        if !(2..=3).contains(&daughters.len()) {
            return Err(FormulaError::Shape);
        }
        let sound = |m: f64| m.is_finite() && (m.is_normal() || m.to_bits() == 0) && m >= 0.0;
        if !daughters.iter().chain([&mass]).all(|&m| sound(m)) {
            return Err(FormulaError::Constant);
        }
        let mut list = [0.0; 3];
        list.iter_mut().zip(daughters).for_each(|(place, &m)| *place = m);
        Ok(Decay { mass, daughters: list, n: daughters.len() as u8, upper })
    }

    /// The mass of what decays.
    pub fn mass(&self) -> f64 {
        self.mass
    }

    /// The masses of the daughters.
    pub fn daughters(&self) -> &[f64] {
        if self.n == 2 { &self.daughters[..2] } else { &self.daughters }
    }

    /// Whether this is the answer with the plus sign.
    pub fn upper(&self) -> bool {
        self.upper
    }

    /// The other answer.
    pub fn other(self) -> Decay {
        Decay { upper: !self.upper, ..self }
    }

    /// Three components of each daughter but the last, two of the last.
    pub fn arity(&self) -> usize {
        3 * usize::from(self.n) - 1
    }

    pub(super) fn component(&self, inputs: &[f64]) -> f64 {
        let (x, y, z, energy, square, mt2);
        let [m1, m2, m3] = self.daughters;
        let m = match *inputs {
            [x1, y1, z1, x2, y2] => {
                (x, y, z) = (x1, y1, z1);
                square = m1 * m1;
                energy = real::sqrt(square + (x1 * x1 + y1 * y1 + z1 * z1));
                mt2 = m2 * m2 + x2 * x2 + y2 * y2;
                (m2, x2, y2)
            }
            [x1, y1, z1, x2, y2, z2, x3, y3] => {
                (x, y, z) = (x1 + x2, y1 + y2, z1 + z2);
                let e1 = real::sqrt(m1 * m1 + (x1 * x1 + y1 * y1 + z1 * z1));
                let e2 = real::sqrt(m2 * m2 + (x2 * x2 + y2 * y2 + z2 * z2));
                energy = e1 + e2;
                square = m1 * m1 + m2 * m2 + 2.0 * (e1 * e2 - (x1 * x2 + y1 * y2 + z1 * z2));
                mt2 = m3 * m3 + x3 * x3 + y3 * y3;
                (m3, x3, y3)
            }
            _ => return real::NAN,
        };
        let (m, x_last, y_last) = m;
        let a = 0.5 * (self.mass * self.mass - square - m * m) + (x * x_last + y * y_last);
        let mt2_rest = square + x * x + y * y;
        let discriminant = a * a - mt2_rest * mt2;
        // A mass that is too small for these transverse momenta: the nearest z is that of the vertex.
        let root = if discriminant > 0.0 { energy * real::sqrt(discriminant) } else { 0.0 };
        (if self.upper { a * z + root } else { a * z - root }) / mt2_rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn energy(m: f64, p: [f64; 3]) -> f64 {
        (m * m + p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt()
    }

    fn system_mass(parts: &[(f64, [f64; 3])]) -> f64 {
        let e: f64 = parts.iter().map(|&(m, p)| energy(m, p)).sum();
        let p2: f64 = (0..3).map(|axis| parts.iter().map(|(_, p)| p[axis]).sum::<f64>().powi(2)).sum();
        (e * e - p2).sqrt()
    }

    fn momentum() -> impl Strategy<Value = [f64; 3]> {
        [-50.0f64..50.0, -50.0f64..50.0, -200.0f64..200.0]
    }

    proptest! {
        #[test]
        fn one_of_two_answers_is_the_component(
            p in prop::collection::vec((0.1f64..5.0, momentum()), 2..=3), axis in 0usize..3,
        ) {
            let mass = system_mass(&p);
            let masses: Vec<f64> = p.iter().map(|(m, _)| *m).collect();
            let mut inputs: Vec<f64> = p.iter().flat_map(|(_, p)| (1..=3).map(|at| p[(axis + at) % 3])).collect();
            let wanted = inputs.pop().unwrap();
            let decay = Decay::new(mass, &masses, true).unwrap();
            prop_assert_eq!(decay.arity(), inputs.len());
            let (upper, lower) = (decay.component(&inputs), decay.other().component(&inputs));
            let off = (upper - wanted).abs().min((lower - wanted).abs());
            // Where the answers lie close together both are badly known.
            let slack = 1.0e-6 * (1.0 + wanted.abs()) + 1.0e-4 * (upper - lower).abs().recip().min(1.0e3);
            prop_assert!(off < slack, "{} {} {}", wanted, upper, lower);
        }

        #[test]
        fn pair_masses_agree_in_all_coordinates(
            m in [0.0f64..2.0, 0.0f64..2.0], pt in [1.0f64..90.0, 1.0f64..90.0],
            eta in [-3.0f64..0.0, 0.5f64..3.0], phi in [-3.1f64..3.1, -3.1f64..3.1],
        ) {
            let p = |at: usize| [pt[at] * phi[at].cos(), pt[at] * phi[at].sin(), pt[at] * eta[at].sinh()];
            let wanted = system_mass(&[(m[0], p(0)), (m[1], p(1))]);
            let ([x1, y1, z1], [x2, y2, z2]) = (p(0), p(1));
            let (e1, e2) = (energy(m[0], p(0)), energy(m[1], p(1)));
            let close = |x: f64| (x - wanted).abs() < 1.0e-6 * (wanted + pt[0] + pt[1]);
            prop_assert!(close(Pair::Cartesian.mass(&[e1, x1, y1, z1, e2, x2, y2, z2])));
            prop_assert!(close(Pair::Massive.mass(&[pt[0], eta[0], phi[0], m[0], pt[1], eta[1], phi[1], m[1]])));
            let collider = [pt[0], eta[0], phi[0], pt[1], eta[1], phi[1]];
            let same = Pair::Collider { masses: m };
            prop_assert!(close(same.mass(&collider)));
            let massless = system_mass(&[(0.0, p(0)), (0.0, p(1))]);
            let found = Pair::Collider { masses: [0.0; 2] }.mass(&collider);
            prop_assert!((found - massless).abs() < 1.0e-6 * (massless + pt[0] + pt[1]));
        }
    }

    #[test]
    fn a_mass_that_cannot_be_gives_the_vertex() {
        let decay = Decay::new(0.5, &[1.0, 1.0], true).unwrap();
        let inputs = [3.0, 0.0, 4.0, -3.0, 1.0];
        assert_eq!(decay.component(&inputs), decay.other().component(&inputs));
        assert!(decay.component(&inputs).is_finite());
    }

    #[test]
    fn odd_masses_are_errors_and_odd_inputs_no_panic() {
        for odd in [f64::NAN, f64::INFINITY, -1.0, -0.0, 5.0e-324] {
            assert_eq!(Decay::new(odd, &[1.0, 1.0], true), Err(FormulaError::Constant));
            assert_eq!(Decay::new(5.0, &[1.0, odd], true), Err(FormulaError::Constant));
        }
        assert_eq!(Decay::new(5.0, &[1.0], true), Err(FormulaError::Shape));
        assert_eq!(Decay::new(5.0, &[1.0; 4], true), Err(FormulaError::Shape));
        let massless = Decay::new(0.0, &[0.0, 0.0], false).unwrap();
        assert!(massless.component(&[0.0; 5]).is_nan());
        for odd in [f64::NAN, f64::INFINITY, 1.0e300, 0.0] {
            let _ = massless.component(&[odd; 5]);
            let _ = massless.component(&[odd; 3]);
            let _ = Pair::Cartesian.mass(&[odd; 8]);
            let _ = Pair::Massive.mass(&[odd; 7]);
        }
    }
}

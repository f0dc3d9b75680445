//! Decays into two bodies of known masses: two free numbers instead of six.
//!
//! In: total four-momentum, three masses. Out: where px may lie, then py, then the two places of pz.
//! Not here: the other body, which follows from conservation (`kinematics`).
//! Holds: IEEE operations as written; a decay that cannot be is `None`.
//!
//! In the rest frame the momentum has a fixed length k and any direction u. In the frame of the file it is c + k A u with
//! A A^T = 1 + P P^T / M^2, an ellipsoid around c = P K / M^2, K = (M^2 + m1^2 - m2^2) / 2. With L the lower triangular root of A A^T the
//! components follow one after another, p = c + k L u: a decay without spin has the first component of u uniform in
//! -1 to 1, and the others are points of a circle. Source: Particle Data Group, "Kinematics", section on two-body decays.

use super::kinematics::Momentum;

/// The ellipsoid of the first body's momentum.
#[derive(Clone, Copy, Debug)]
pub struct Decay {
    center: [f64; 3],
    /// `k L`, lower triangle: xx, yx, yy, zx, zy, zz.
    root: [f64; 6],
}

impl Decay {
    /// A total of invariant mass `mass` that becomes `first` and `second`.
    pub fn new(total: Momentum, mass: f64, first: f64, second: f64) -> Option<Decay> {
        let square = mass * mass;
        let half = (square + first * first.abs() - second * second.abs()) / 2.0;
        let k_square = half * half / square - first * first.abs();
        if !(square > 0.0 && k_square > 0.0 && k_square.is_finite()) {
            return None;
        }
        let [x, y, z, _] = total;
        let center = [x * half / square, y * half / square, z * half / square];
        let k = k_square.sqrt();
        let xx = (1.0 + x * x / square).sqrt();
        let yx = x * y / square / xx;
        let zx = x * z / square / xx;
        // yy^2 = 1 + y^2 / M^2 - yx^2 and so on, without the cancellation.
        let perpendicular = square + x * x;
        let yy = (1.0 + y * y / perpendicular).sqrt();
        let zy = y * z / perpendicular / yy;
        let zz = (1.0 + z * z / (perpendicular + y * y)).sqrt();
        let root = [xx * k, yx * k, yy * k, zx * k, zy * k, zz * k];
        let sound = center.iter().chain(&root).all(|v| v.is_finite());
        sound.then_some(Decay { center, root })
    }

    /// Where px may lie.
    pub fn px(&self) -> (f64, f64) {
        (self.center[0] - self.root[0], self.center[0] + self.root[0])
    }

    /// Where py may lie once px is known.
    pub fn py(&self, px: f64) -> (f64, f64) {
        let u = (px - self.center[0]) / self.root[0];
        let center = self.center[1] + self.root[1] * u;
        let radius = self.root[2] * (1.0 - u * u).max(0.0).sqrt();
        (center - radius, center + radius)
    }

    /// The two places of pz, and how far it moves for a relative error of px and py of 2^-24.
    pub fn pz(&self, px: f64, py: f64) -> (f64, f64, f64) {
        let u = (px - self.center[0]) / self.root[0];
        let v = (py - self.center[1] - self.root[1] * u) / self.root[2];
        let rest = (1.0 - u * u - v * v).max(0.0);
        let w = rest.sqrt();
        let center = self.center[2] + self.root[3] * u + self.root[4] * v;
        let radius = self.root[5] * w;
        let unit = 6e-8;
        let error = unit
            * ((px.abs() + self.center[0].abs()) / self.root[0]
                + (py.abs() + self.center[1].abs()) / self.root[2]);
        let steep = error / if w * w > error { w } else { error.sqrt() };
        let spread = self.root[5] * steep
            + error * (self.root[3].abs() + self.root[4].abs())
            + unit * self.center[2].abs();
        (center - radius, center + radius, spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::kinematics::{energy, mass, subtract};

    #[test]
    fn every_point_of_the_ellipsoid_is_a_decay() {
        let total = [3.0, -40.0, 17.0, energy([3.0, -40.0, 17.0, 0.0], 5.3)];
        let decay = Decay::new(total, 5.3, 1.8, 0.5).unwrap();
        for i in 0..=10 {
            for j in 0..=10 {
                let (low, high) = decay.px();
                let px = low + (high - low) * f64::from(i) / 10.0;
                let (low, high) = decay.py(px);
                let py = low + (high - low) * f64::from(j) / 10.0;
                let (one, other, _) = decay.pz(px, py);
                for pz in [one, other] {
                    let first = [px, py, pz, 0.0];
                    let first = [px, py, pz, energy(first, 1.8)];
                    assert!((mass(subtract(total, first)) - 0.5).abs() < 1e-5, "{i} {j}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_decay_is_none() {
        let total = [0.0, 0.0, 1.0, 2.0];
        assert!(Decay::new(total, 1.0, 0.8, 0.5).is_none());
        assert!(Decay::new(total, 0.0, 0.0, 0.0).is_none());
        assert!(Decay::new([f64::NAN; 4], 1.0, 0.1, 0.1).is_none());
    }
}

//! Kinematics: four-momenta, the mass shell, and Lorentz transformations from examples.
//!
//! In: four-momenta (px, py, pz, E), in the file's unit. Out: predictions.
//! Not here: decays (`decay`).
//! Holds: IEEE operations as written; what has no answer is `None`.

/// px, py, pz, E.
pub type Momentum = [f64; 4];

/// The sum.
#[inline]
pub fn add(a: Momentum, b: Momentum) -> Momentum {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
}

/// The difference.
#[inline]
pub fn subtract(a: Momentum, b: Momentum) -> Momentum {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]]
}

/// Minkowski product, (+, -, -, -).
#[inline]
pub fn product(a: Momentum, b: Momentum) -> f64 {
    a[3] * b[3] - (a[0] * b[0] + a[1] * b[1] + a[2] * b[2])
}

/// Energy on the mass shell; generators print the mass of spacelike momenta as negative.
#[inline]
pub fn energy(p: Momentum, mass: f64) -> f64 {
    (p[0] * p[0] + p[1] * p[1] + p[2] * p[2] + mass * mass.abs()).sqrt()
}

/// Mass of a four-momentum, negative if it is spacelike.
#[inline]
pub fn mass(p: Momentum) -> f64 {
    let square = (p[3] - p[2]) * (p[3] + p[2]) - (p[0] * p[0] + p[1] * p[1]);
    if square < 0.0 { -(-square).sqrt() } else { square.sqrt() }
}

/// A linear map of four-momenta.
#[derive(Clone, Copy, Debug)]
pub struct Transformation([[f64; 4]; 4]);

impl Transformation {
    /// The image.
    #[inline]
    pub fn apply(&self, p: Momentum) -> Momentum {
        self.0.map(|row| row[0] * p[0] + row[1] * p[1] + row[2] * p[2] + row[3] * p[3])
    }

    /// The Lorentz transformation that takes three momenta to three others. The fourth direction is the one orthogonal to
    /// all three. `None` if the three are nearly dependent, or if products change by more than `tolerance` of those of the energies,
    /// so that there is none.
    pub fn of_three(from: [Momentum; 3], to: [Momentum; 3], tolerance: f64) -> Option<Transformation> {
        for i in 0..3 {
            for j in 0..i {
                let (before, after) = (product(from[i], from[j]), product(to[i], to[j]));
                let scale = from[i][3] * from[j][3] + to[i][3] * to[j][3];
                if (before - after).abs() > tolerance * scale {
                    return None;
                }
            }
        }
        // The normals are scaled alike, to about the size of a momentum.
        let size = (from[0][3] + from[1][3] + from[2][3]) / (from[0][3] * from[1][3] * from[2][3]);
        let with_normal = |p: [Momentum; 3]| [p[0], p[1], p[2], normal(p[0], p[1], p[2]).map(|n| n * size)];
        let (a, b) = (with_normal(from), with_normal(to));
        let inverse = inverse(a)?;
        // Rows of `a` and `b` are vectors: the map M has M a_k = b_k, so M^T = a^-1 b.
        let mut map = [[0.0; 4]; 4];
        for (i, row) in map.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                *cell = inverse[j][0] * b[0][i]
                    + inverse[j][1] * b[1][i]
                    + inverse[j][2] * b[2][i]
                    + inverse[j][3] * b[3][i];
            }
        }
        Some(Transformation(map))
    }
}

fn determinant(r: [f64; 3], s: [f64; 3], t: [f64; 3]) -> f64 {
    r[0] * (s[1] * t[2] - s[2] * t[1]) - r[1] * (s[0] * t[2] - s[2] * t[0])
        + r[2] * (s[0] * t[1] - s[1] * t[0])
}

/// The vector orthogonal to three others, by cofactors; index raised.
fn normal(a: Momentum, b: Momentum, c: Momentum) -> Momentum {
    let minor = |i: usize, j: usize, k: usize| {
        determinant([a[i], a[j], a[k]], [b[i], b[j], b[k]], [c[i], c[j], c[k]])
    };
    [-minor(1, 2, 3), minor(0, 2, 3), -minor(0, 1, 3), -minor(0, 1, 2)]
}

/// Gauss and Jordan with row pivots; `None` if the matrix is nearly singular.
fn inverse(mut m: [[f64; 4]; 4]) -> Option<[[f64; 4]; 4]> {
    let mut inverse = [[0.0; 4]; 4];
    for (i, row) in inverse.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    let largest = m.iter().flatten().fold(0.0f64, |a, &b| a.max(b.abs()));
    for column in 0..4 {
        let mut pivot = column;
        for row in column + 1..4 {
            if m[row][column].abs() > m[pivot][column].abs() {
                pivot = row;
            }
        }
        if m[pivot][column].abs() <= 1e-12 * largest || m[pivot][column].is_nan() {
            return None;
        }
        m.swap(column, pivot);
        inverse.swap(column, pivot);
        let factor = 1.0 / m[column][column];
        for j in 0..4 {
            m[column][j] *= factor;
            inverse[column][j] *= factor;
        }
        for row in 0..4 {
            if row != column {
                let factor = m[row][column];
                for j in 0..4 {
                    m[row][j] -= factor * m[column][j];
                    inverse[row][j] -= factor * inverse[column][j];
                }
            }
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boosted(p: Momentum, beta: f64, axis: usize) -> Momentum {
        let gamma = 1.0 / (1.0 - beta * beta).sqrt();
        let mut q = p;
        q[axis] = gamma * (p[axis] + beta * p[3]);
        q[3] = gamma * (p[3] + beta * p[axis]);
        q
    }

    fn momentum(x: f64, y: f64, z: f64, m: f64) -> Momentum {
        let p = [x, y, z, 0.0];
        [x, y, z, energy(p, m)]
    }

    #[test]
    fn three_examples_give_the_transformation() {
        let from =
            [momentum(1.0, 2.0, 3.0, 0.0), momentum(-4.0, 0.5, 7.0, 0.3), momentum(2.0, -2.5, -1.0, 0.14)];
        let move_all = |p| boosted(boosted(p, 0.4, 2), -0.3, 0);
        let map = Transformation::of_three(from, from.map(move_all), 1e-6).unwrap();
        let p = momentum(-3.0, 9.0, 20.0, 1.5);
        let (got, want) = (map.apply(p), move_all(p));
        for c in 0..4 {
            assert!((got[c] - want[c]).abs() < 1e-9 * want[3], "{got:?} {want:?}");
        }
    }

    #[test]
    fn what_is_no_transformation_is_none() {
        let a = momentum(1.0, 2.0, 3.0, 0.0);
        let b = momentum(-4.0, 0.5, 7.0, 0.3);
        let c = momentum(2.0, -2.5, -1.0, 0.14);
        assert!(Transformation::of_three([a, b, c], [b, c, a], 1e-6).is_none());
        assert!(Transformation::of_three([a, a, b], [a, a, b], 1e-6).is_none());
        assert!(Transformation::of_three([[0.0; 4]; 3], [[f64::NAN; 4]; 3], 1e-6).is_none());
    }

    #[test]
    fn mass_and_energy_undo_each_other() {
        for m in [0.0, 0.5, -0.7, 80.4] {
            let p = [3.0, -4.0, 5.0, 0.0];
            let p = [p[0], p[1], p[2], energy(p, m)];
            assert!((mass(p) - m).abs() < 1e-7, "{m} {}", mass(p));
        }
    }
}

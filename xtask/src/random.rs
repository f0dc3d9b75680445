//! Random: numbers for generated tables.
//!
//! In: a seed. Out: numbers, the same on every run (up to the math library of the system).
//! Not here: what they stand for (`events`, `higgs`, `electrons`).
//! Holds: uniform numbers are never 0 and never 1, so that their logarithms are finite.
//! Source: splitmix64, Steele, Lea and Flood 2014; normal numbers by Box and Muller.

/// Random numbers, by splitmix64.
pub struct Random(pub u64);

impl Random {
    /// Between 0 and 1, neither of them.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64 + f64::EPSILON / 4.0
    }

    /// Mean 0, width 1.
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

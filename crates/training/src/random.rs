//! Pseudo-random numbers of a seed.
//!
//! In: a seed. Out: a stream of numbers. Not here: the framework's own generator (initial weights of byte networks).
//! Holds: the same seed gives the same numbers on every machine; the state is two words, so a checkpoint carries it.
//! Source: xoroshiro128++ (Blackman, Vigna, arXiv 1805.01407), seeded by SplitMix64 (Steele, Lea, Flood, OOPSLA
//! 2014).

/// A generator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    state: [u64; 2],
}

impl Random {
    /// Of a seed.
    pub fn new(seed: u64) -> Random {
        let mut at = seed;
        let mut next = || {
            at = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (at ^ (at >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        Random { state: [next(), next()] }
    }

    /// Where the stream stands, for a checkpoint.
    pub fn state(&self) -> [u64; 2] {
        self.state
    }

    /// From where a stream stood.
    pub fn resumed(state: [u64; 2]) -> Random {
        Random { state }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let [a, mut b] = self.state;
        let result = a.wrapping_add(b).rotate_left(17).wrapping_add(a);
        b ^= a;
        self.state = [a.rotate_left(49) ^ b ^ (b << 21), b.rotate_left(28)];
        result
    }

    /// A number below `n`; 0 if `n` is 0. The bias is below `n / 2^64`.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Uniform in `[0, 1)`.
    pub fn uniform(&mut self) -> f32 {
        (self.bits() >> 40) as f32 * (1.0 / (1u64 << 24) as f32)
    }

    /// Normal of mean 0 and deviation 1, by Box and Muller's method.
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.uniform()).cos()
    }

    /// Shuffles, each order equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_stream_goes_on_where_it_stood_and_moments_are_normal() {
        let mut random = Random::new(7);
        let drawn: Vec<f64> = (0..100_000).map(|_| f64::from(random.normal())).collect();
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        let square = drawn.iter().map(|x| x * x).sum::<f64>() / drawn.len() as f64;
        assert!(mean.abs() < 0.02 && (square - 1.0).abs() < 0.02, "{mean} {square}");
        let mut resumed = Random::resumed(random.state());
        assert_eq!(resumed.bits(), random.bits());
        let mut order: Vec<usize> = (0..100).collect();
        random.shuffle(&mut order);
        assert_ne!(order, (0..100).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }
}

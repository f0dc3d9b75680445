//! Dependence: how many bits one column says about another.
//!
//! In: bucket numbers of a sample. Out: information in units of 2^-16 bits, less what learning it costs.
//! Not here: what to do with it (`planner`).
//! Holds: integers throughout, so that every machine makes the same plan.

use std::sync::LazyLock;

/// One bit of information.
pub const BIT: i64 = 1 << 16;

/// A context has to be learned: each cell of a table that is not empty costs about so much.
const CELL: i64 = BIT * 5 / 4;

const TABLE: usize = 8192;

/// `n * log2(n)` for small `n`, in units of 2^-16 bits.
static N_LOG_N: LazyLock<Vec<i64>> =
    LazyLock::new(|| (0..TABLE as u64).map(|n| if n == 0 { 0 } else { n as i64 * log2(n) }).collect());

/// `log2(n)` for `n >= 1`, in units of 2^-16, rounded down.
pub fn log2(n: u64) -> i64 {
    let whole = n.max(1).ilog2();
    // Mantissa in [1, 2) with 31 fractional bits; squaring it yields one binary digit of the logarithm at a time.
    let mut mantissa = if whole >= 31 { n >> (whole - 31) } else { n << (31 - whole) };
    let mut log = i64::from(whole);
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 31;
        log <<= 1;
        if mantissa >= 1 << 32 {
            mantissa >>= 1;
            log += 1;
        }
    }
    log
}

/// `n * log2(n)`.
pub fn n_log_n(n: u64) -> i64 {
    match N_LOG_N.get(n as usize) {
        Some(&value) => value,
        None => n as i64 * log2(n),
    }
}

/// What a target looks like to all candidates.
pub struct Target {
    buckets: Vec<u8>,
    cardinality: usize,
    /// `n log n - sum of m log m` over its buckets: its entropy times n.
    pub entropy: i64,
    occupied: i64,
}

impl Target {
    /// A target of these buckets.
    pub fn new(buckets: Vec<u8>, cardinality: u32) -> Target {
        let mut counts = [0u64; 256];
        buckets.iter().for_each(|&b| counts[usize::from(b)] += 1);
        let sum: i64 = counts.iter().map(|&n| n_log_n(n)).sum();
        Target {
            entropy: n_log_n(buckets.len() as u64) - sum,
            occupied: counts.iter().filter(|&&n| n > 0).count() as i64,
            cardinality: cardinality as usize,
            buckets,
        }
    }

    /// What the contexts say about the target, less what learning it costs; may be negative.
    pub fn information(&self, contexts: &[u16], cardinality: usize, joint: &mut Vec<u32>) -> i64 {
        let small: &[i64] = &N_LOG_N;
        let n_log_n = |n: u32| small.get(n as usize).copied().unwrap_or_else(|| n_log_n(u64::from(n)));
        joint.clear();
        // Two tables by turns: one would wait for itself where many rows in a row fall into one cell.
        let cells = cardinality * self.cardinality;
        joint.resize(2 * cells, 0);
        let (even, odd) = joint.split_at_mut(cells);
        let cell = |context: u16, bucket: u8| usize::from(context) * self.cardinality + usize::from(bucket);
        let (contexts, buckets) = (contexts.as_chunks::<2>(), self.buckets.as_chunks::<2>());
        for (context, bucket) in contexts.0.iter().zip(buckets.0) {
            even[cell(context[0], bucket[0])] += 1;
            odd[cell(context[1], bucket[1])] += 1;
        }
        for (&context, &bucket) in contexts.1.iter().zip(buckets.1) {
            even[cell(context, bucket)] += 1;
        }
        even.iter_mut().zip(odd).for_each(|(even, odd)| *even += *odd);
        let mut within = 0i64;
        let mut occupied = 0i64;
        for row in joint[..cells].chunks_exact(self.cardinality) {
            let mut total = 0u32;
            for &n in row {
                if n > 0 {
                    within -= n_log_n(n);
                    occupied += 1;
                    total += n;
                }
            }
            within += n_log_n(total);
        }
        self.entropy - within - (occupied - self.occupied).max(0) * CELL
    }
}

/// Gain of modelling each decision of sorted paths, by depth: bits saved against storing it raw.
pub fn gain_by_depth(sorted: &[u64], bits: u32) -> Vec<i64> {
    let mut gains = vec![0i64; bits as usize];
    let mut open = vec![(0usize, sorted.len(), 0u32)];
    while let Some((from, to, depth)) = open.pop() {
        let n = (to - from) as u64;
        if depth >= bits || n < 2 {
            continue;
        }
        let bit = 1u64 << (bits - 1 - depth);
        let middle = from + sorted[from..to].partition_point(|path| path & bit == 0);
        let (zeros, ones) = ((middle - from) as u64, (to - middle) as u64);
        // The code length of an adaptive bit (Krichevsky and Trofimov), to within a fraction of a bit.
        let cost = n_log_n(n) - n_log_n(zeros) - n_log_n(ones) + log2(n) / 2 + BIT;
        gains[depth as usize] += n as i64 * BIT - cost.min(n as i64 * BIT + log2(n));
        open.push((from, middle, depth + 1));
        open.push((middle, to, depth + 1));
    }
    gains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_agree_with_floating_point() {
        for n in (1..5000).chain([1 << 20, (1 << 40) + 12345, u64::MAX]) {
            let ideal = (n as f64).log2() * 65536.0;
            assert!((log2(n) as f64 - ideal).abs() < 24.0, "{n}: {} {ideal}", log2(n));
        }
    }

    #[test]
    fn a_copy_says_all_and_noise_says_nothing() {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u16 % 16
        };
        let first: Vec<u16> = (0..2000).map(|_| next()).collect();
        let second: Vec<u16> = (0..2000).map(|_| next()).collect();
        let target = Target::new(first.iter().map(|&b| b as u8).collect(), 16);
        let mut joint = Vec::new();
        assert!(target.information(&first, 16, &mut joint) > 7900 * BIT);
        assert!(target.information(&second, 16, &mut joint) < 0);
    }

    #[test]
    fn noise_has_no_gain_at_depth_and_zeros_have_all() {
        let mut paths: Vec<u64> =
            (0..4096u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 34 << 10).collect();
        paths.sort_unstable();
        let gains = gain_by_depth(&paths, 40);
        assert!(gains[12..30].iter().sum::<i64>() < 16 * BIT, "{gains:?}");
        assert!(gains[30..].iter().sum::<i64>() > 0 || gains[30] <= 0);
    }
}

//! Counters: how often a decision was 1 in one context.
//!
//! In: a decision. Out: its probability.
//! Not here: contexts that are hashed, whose evidence is a bit history (`state`).
//! Holds: a counter of all zero bits is fresh, so that fresh tables are zero pages; nothing wraps.
//! Source: running means whose rate falls with the count, down to a floor (exponential forgetting).

use super::boxed;

/// A probability of 22 bits and a count of 10, for contexts that are seen often. Zero means one half and nothing seen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counter(u32);

/// `2^15 / (n + 1.5)`.
static HALF_RATES: [u16; 1024] = {
    let mut table = [0u16; 1024];
    let mut n = 0;
    while n < 1024 {
        table[n] = (65_536 / (2 * n as u32 + 3)) as u16;
        n += 1;
    }
    table
};

impl Counter {
    /// A counter that starts at `p` (units of 2^-16) as if it had been seen `seen` times.
    pub(super) fn starting_at(p: u16, seen: u32) -> Counter {
        Counter(((u32::from(p) << 16) ^ 0x8000_0000) & !1023 | seen)
    }

    /// Probability of a 1 in units of 2^-16.
    #[inline(always)]
    pub(super) fn p(self) -> u16 {
        ((self.0 ^ 0x8000_0000) >> 16) as u16
    }

    /// After `bit`; forgets as if no more than `limit` (at most 1023) sightings were kept.
    #[inline(always)]
    pub(super) fn after(self, bit: u32, limit: u32) -> Counter {
        let p = (self.0 ^ 0x8000_0000) >> 10;
        let seen = self.0 & 1023;
        // 16 bits of error times 15 of rate fit 31.
        let target = (bit.wrapping_neg() & 0xffff) as i32;
        let step = ((target - (p >> 6) as i32) * i32::from(HALF_RATES[seen as usize])) >> 9;
        let p = p.wrapping_add_signed(step);
        Counter((p << 10) ^ 0x8000_0000 | (seen + u32::from(seen < limit)))
    }
}

/// Counters of a direct context: plain numbers, because the allocator then hands out zero pages as they are touched.
#[derive(Debug, Clone)]
pub(super) struct Counters<const N: usize>(Box<[u32; N]>);

impl<const N: usize> Counters<N> {
    /// Fresh counters.
    pub(super) fn new() -> Counters<N> {
        Counters(boxed(0))
    }

    /// The counter in context `at`.
    #[inline(always)]
    pub(super) fn get(&self, at: usize) -> Counter {
        Counter(self.0[at % N])
    }

    /// As [`Counter::after`], in place.
    #[inline(always)]
    pub(super) fn learn(&mut self, at: usize, bit: u32, limit: u32) {
        self.0[at % N] = self.get(at).after(bit, limit).0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_never_wrap_and_follow_a_constant() {
        for bit in [0, 1] {
            let mut counter = Counter::default();
            assert_eq!(counter.p(), 32768);
            for _ in 0..5000 {
                let before = counter.p();
                counter = counter.after(bit, 1023);
                assert!(if bit == 1 { counter.p() >= before } else { counter.p() <= before });
            }
            assert!(if bit == 1 { counter.p() > 65450 } else { counter.p() < 90 });
        }
    }

    #[test]
    fn a_counter_starts_where_it_is_told() {
        assert_eq!(Counter::starting_at(1234, 4).p(), 1234);
        assert_eq!(Counter::starting_at(65535, 0).p(), 65535);
    }
}

//! Counters: adaptive probabilities of one decision, with how often they were asked.
//!
//! In: decisions. Out: probabilities and confidence. Not here: who mixes them (`path`, `symbol`).
//! Holds: no floating point; four decisions in a row share a line of the cache.

/// Counts fall into so many classes; each input has a weight for each.
pub(crate) const CONFIDENCES: usize = 12;

/// The weight of a counter grows with its count: initial weights, relative.
pub(crate) const INITIAL_CONFIDENCE: [i32; CONFIDENCES] = [0, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14];

/// A probability of 22 bits above a count of 10.
#[derive(Clone, Copy)]
pub(crate) struct Counter(u32);

impl Counter {
    pub(crate) const NEW: Counter = Counter(1 << 31);
    const MAX_COUNT: u32 = 1020;

    #[inline(always)]
    pub(crate) fn p12(self) -> u32 {
        self.0 >> 20
    }

    /// The probability for the coder.
    #[inline(always)]
    pub(crate) fn p16(self) -> u32 {
        (self.0 >> 16).clamp(1, 65535)
    }

    #[inline(always)]
    pub(crate) fn of_count(self) -> OfCount {
        COUNTS[(self.0 & 1023) as usize]
    }

    #[inline(always)]
    pub(crate) fn learn(&mut self, bit: u32) {
        let count = self.0 & 1023;
        let p = i64::from(self.0 >> 10);
        let target = i64::from(bit << 22) - i64::from(bit);
        let step = ((target - p) * i64::from(self.of_count().rate)) >> 16;
        self.0 = ((p + step) as u32) << 10 | (count + u32::from(count < Counter::MAX_COUNT));
    }
}

/// The counters of four decisions in a row lie in one line of the cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Group(pub(crate) [Counter; 16]);

/// What depends on a count alone.
#[derive(Clone, Copy)]
pub(crate) struct OfCount {
    /// `1 / (count + 2)` in units of 2^-16.
    rate: u16,
    pub(crate) confidence: u16,
}

static COUNTS: [OfCount; 1024] = {
    let mut table = [OfCount { rate: 0, confidence: 0 }; 1024];
    let mut n = 0;
    while n < 1024 {
        table[n].rate = (65536 / (n as u32 + 2)) as u16;
        table[n].confidence = match n {
            0..=4 => n as u16,
            5..=6 => 5,
            7..=10 => 6,
            11..=18 => 7,
            19..=40 => 8,
            41..=120 => 9,
            121..=400 => 10,
            _ => 11,
        };
        n += 1;
    }
    table
};

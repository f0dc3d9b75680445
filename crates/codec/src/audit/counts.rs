//! Counts: how often a bit was set in a context, and what it costs therefore.
//!
//! In: contexts as numbers, bits. Out: the probability of each bit from what came before.
//! Not here: the models that archives are coded with (`hepz-models`), which are better and slower.
//! Holds: a bit is priced before it is counted.
//! Source: R. Krichevsky and V. Trofimov, "The performance of universal encoding", 1981: half a count for each bit.

/// log2 of the number of places.
const PLACES_BITS: u32 = 17;
/// From here on old bits count half.
const MOST: u16 = 60_000;

/// Adaptive probabilities of bits in contexts.
pub(super) struct Counts(Vec<[u16; 2]>);

/// Mixes two numbers into one.
#[inline]
pub(super) fn mixed(a: u64, b: u64) -> u64 {
    let product = (a ^ b.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 29
}

impl Counts {
    pub(super) fn new() -> Counts {
        Counts(vec![[0; 2]; 1 << PLACES_BITS])
    }

    /// The probability that the counts give this bit in this context; it is counted afterwards.
    #[inline]
    pub(super) fn take(&mut self, context: u64, bit: bool) -> f64 {
        let at = context.wrapping_mul(0xd6e8_feb8_6659_fd93) >> (64 - PLACES_BITS);
        let Some(counts) = self.0.get_mut(at as usize) else { return 0.5 };
        let (own, all) = (counts[usize::from(bit)], f64::from(counts[0]) + f64::from(counts[1]));
        if own >= MOST {
            counts.iter_mut().for_each(|count| *count /= 2);
        }
        counts[usize::from(bit)] += 1;
        (f64::from(own) + 0.5) / (all + 1.0)
    }
}

//! Refinement: a final map from a probability and a small context to a better probability.
//!
//! In: log odds and a context. Out: a probability.
//! Not here: the mix that is refined (`mixer`).
//! Holds: fresh, it is the identity, within the rounding of its 33 knots.
//! Source: secondary symbol estimation, with linear interpolation between knots in the logistic domain.

use super::squash;

const N_KNOTS: usize = 33;
/// Log odds between two knots.
const KNOT: i32 = 128;
/// Knots reach this far to both sides.
const REACH: i32 = KNOT * (N_KNOTS as i32 - 1) / 2 - 1;

/// A map per context.
#[derive(Debug, Clone)]
pub(super) struct Refinement {
    knots: Vec<[u16; N_KNOTS]>,
    context: usize,
    knot: usize,
}

impl Refinement {
    /// `n_contexts` is a power of two.
    pub(super) fn new(n_contexts: usize) -> Refinement {
        let mut knots = [0u16; N_KNOTS];
        for (at, knot) in knots.iter_mut().enumerate() {
            *knot = squash((at as i32 - N_KNOTS as i32 / 2) * KNOT) as u16;
        }
        Refinement { knots: vec![knots; n_contexts], context: 0, knot: 0 }
    }

    /// The refined probability, 0 to 65535.
    #[inline(always)]
    pub(super) fn refine(&mut self, odds: i32, context: usize) -> u32 {
        self.context = context & (self.knots.len() - 1);
        let at = odds.clamp(-REACH, REACH) + KNOT * (N_KNOTS as i32 / 2);
        let (knot, part) = ((at / KNOT) as usize, (at % KNOT) as u32);
        let knots = &self.knots[self.context];
        let (low, high) = (u32::from(knots[knot]), u32::from(knots[knot + 1]));
        self.knot = knot + usize::from(part > KNOT as u32 / 2);
        (low * (KNOT as u32 - part) + high * part) / KNOT as u32
    }

    /// Moves the nearer knot towards `bit`.
    #[inline(always)]
    pub(super) fn learn(&mut self, bit: u32, shift: u32) {
        let knot = &mut self.knots[self.context][self.knot];
        let target = if bit != 0 { 65535 } else { 0 };
        *knot = (i32::from(*knot) + ((target - i32::from(*knot)) >> shift)) as u16;
    }
}

//! Numbers: what no law predicts, on any lattice.
//!
//! In: ranks, contexts. Out: ranks. Not here: which contexts (`momenta`, `positions`).
//! Holds: every rank comes back; an interval that the truth leaves is the caller's mistake, and costs nothing else.

use super::io::{Account, Io};
use hepz_entropy::RawBits;
use hepz_models::symbol::{Symbol, Tree};
use hepz_transforms::laws::lattice::Ranks;

/// The binary exponent of a number; -1023 for zero.
#[inline]
pub fn exponent(value: f64) -> i32 {
    (value.to_bits() >> 52 & 0x7ff) as i32 - 1023
}

/// The exponent of `value` against that of the larger number `of`, from 0 (no more than 2^-30 of it) to 31.
#[inline]
pub fn relative(value: f64, of: i32) -> u64 {
    (exponent(value) - of + 28).clamp(0, 31) as u64
}

/// A model of numbers by exponent, sign and the top of the mantissa.
pub struct Free {
    exponent: Symbol<5>,
    sign: Symbol<3>,
    top: Tree,
    top_bits: u32,
}

/// Symbols of exponents.
const ZERO: u32 = 0;
const MINUS_ZERO: u32 = 1;
const LOWEST: u32 = 2;
const SPELLED: u32 = 127;
/// The exponent of symbol `LOWEST` against the reference.
const DEEPEST: i32 = -90;

/// First rank of the binade of `exponent`.
fn binade(ranks: &Ranks, exponent: i32) -> i64 {
    let bound = f64::from_bits(((exponent + 1023) as u64) << 52);
    let rank = ranks.nearest(bound);
    if ranks.value(rank) < bound { rank + 1 } else { rank }
}

impl Free {
    /// A model with so many kinds of numbers, of whose mantissas the upper `top_bits` are modelled.
    pub fn new(kinds: usize, top_bits: u32, log2_groups: u32) -> Free {
        Free {
            exponent: Symbol::new(7, log2_groups),
            sign: Symbol::new(1, 9),
            top: Tree::new(kinds, top_bits),
            top_bits,
        }
    }

    /// Codes a number of about the exponent `reference`. `contexts` are for the exponent; `signs` for the sign, to which the exponent
    /// is added; `kind` is that of the mantissa.
    #[allow(clippy::too_many_arguments)]
    pub fn code<C: Account, R: RawBits>(
        &mut self,
        io: &mut Io<C, R>,
        ranks: &Ranks,
        reference: i32,
        contexts: [u64; 5],
        signs: [u64; 3],
        kind: usize,
        truth: i64,
    ) -> i64 {
        let magnitude = if truth < 0 { !truth } else { truth };
        let own = exponent(ranks.value(magnitude));
        let step = own - reference - DEEPEST;
        let whole = |exponent: i32| {
            (-1000..1000).contains(&exponent).then(|| (binade(ranks, exponent), binade(ranks, exponent + 1)))
        };
        let inside =
            |range: Option<(i64, i64)>| range.is_some_and(|(low, high)| (low..high).contains(&magnitude));
        let symbol = match truth {
            0 => ZERO,
            -1 => MINUS_ZERO,
            _ if (0..(SPELLED - LOWEST) as i32).contains(&step) && inside(whole(own)) => LOWEST + step as u32,
            _ => SPELLED,
        };
        let symbol = io.symbol(&mut self.exponent, contexts, symbol);
        match symbol {
            ZERO => return 0,
            MINUS_ZERO => return -1,
            SPELLED => return io.raw(truth as u64, 64) as i64,
            _ => {}
        }
        let own = reference + DEEPEST + (symbol - LOWEST) as i32;
        let signs = signs.map(|context| context << 7 | u64::from(symbol));
        let negative = io.symbol(&mut self.sign, signs, u32::from(truth < 0)) == 1;
        let Some((low, high)) = whole(own).filter(|(low, high)| low < high) else { return 0 };
        let n = high.wrapping_sub(low) as u64;
        let at = magnitude.wrapping_sub(low) as u64;
        let part = n >> self.top_bits;
        let at = if part < 8 {
            io.uniform(n, at)
        } else {
            let last = (1 << self.top_bits) - 1;
            let top = u64::from(io.tree_near(
                &mut self.top,
                kind,
                [u64::from(symbol), contexts[1]],
                (at / part).min(last) as u32,
            ));
            let width = if top == last { n - last * part } else { part };
            top * part + io.uniform(width, at.wrapping_sub(top * part))
        };
        let magnitude = low.wrapping_add(at as i64);
        if negative { !magnitude } else { magnitude }
    }
}

/// Levels of an interval that are modelled.
pub const LEVELS: u32 = 5;

/// Codes a rank between those of `low` and `high`: halves the interval, first by a model, then evenly.
pub fn interval<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    model: &mut Tree,
    kind: usize,
    ranks: &Ranks,
    (mut low, mut high): (f64, f64),
    truth: i64,
) -> i64 {
    let (mut first, mut last) = (ranks.nearest(low), ranks.nearest(high));
    let mut halves = 0u32;
    // The halves that the truth lies in, as far as they are modelled.
    let mut path = 0u32;
    let (mut a, mut b) = (low, high);
    for _ in 0..LEVELS {
        let middle = (a + b) * 0.5;
        let upper = truth >= ranks.nearest(middle);
        path = path << 1 | u32::from(upper);
        if upper { a = middle } else { b = middle }
    }
    let path = io.tree(model, kind, path);
    for level in 0..LEVELS + 40 {
        let modelled = level < LEVELS;
        // Where all numbers of the interval are about equally dense, ranks are as good as values.
        if !modelled
            && (low > 0.0 && high < 2.0 * low
                || high < 0.0 && low > 2.0 * high
                || last.wrapping_sub(first) < 16)
        {
            break;
        }
        let middle = (low + high) * 0.5;
        let rank = ranks.nearest(middle);
        let upper = if modelled {
            path >> (LEVELS - 1 - level) & 1 == 1
        } else {
            io.raw(u64::from(truth >= rank), 1) == 1
        };
        halves += 1;
        if upper {
            (low, first) = (middle, rank.max(first));
        } else {
            (high, last) = (middle, rank.saturating_sub(1).min(last));
        }
    }
    debug_assert!(halves >= LEVELS);
    if last < first {
        return first;
    }
    let n = (last.wrapping_sub(first) as u64).saturating_add(1);
    first.wrapping_add(io.uniform(n, truth.wrapping_sub(first) as u64) as i64)
}

/// True if [`interval`] can code `truth`.
pub fn in_interval(ranks: &Ranks, (low, high): (f64, f64), truth: i64) -> bool {
    low.is_finite() && high.is_finite() && ranks.nearest(low) <= truth && truth <= ranks.nearest(high)
}

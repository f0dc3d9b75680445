//! Real32Quant: a linear grid over a stated range.
//!
//! In: number of bits, range, a pattern. Out: the pattern that a reader gets back, and which patterns give it.
//! Not here: rules that drop mantissa bits (`rule`).
//! Holds: the sums are in binary64, in the order and with the roundings of the origin, without fused multiply-add.
//! Source: ROOT, `tree/ntuple/src/RColumnElement.hxx`, QuantizeReals and UnquantizeReals.

use crate::pattern::{Layout, narrow};
use crate::preimage::{Preimage, keys_with_value};

/// A grid of `2^bits` values from `min` to `max`, both ends included.
///
/// Bound: half a step, `(max - min) / (2 (2^bits - 1))`, plus the rounding of the column's type and a few units of
/// binary64. The first and last cell have half the width of the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quant {
    layout: Layout,
    min: f64,
    max: f64,
    /// Index of the last value of the grid: `2^bits - 1`.
    last: f64,
}

impl Quant {
    /// The grid, or why the origin would refuse it.
    pub(crate) fn new(layout: Layout, bits: u32, min: f64, max: f64) -> Result<Quant, &'static str> {
        if !(1..=32).contains(&bits) {
            return Err("Real32Quant keeps 1 to 32 bits");
        }
        // The origin casts the ends to the type of the column.
        let cast = |x: f64| if layout == Layout::F64 { x } else { f64::from(x as f32) };
        let (min, max) = (cast(min), cast(max));
        let normal =
            |x: f64| x == 0.0 || (x.is_normal() && (layout == Layout::F64 || (x as f32).is_normal()));
        if !normal(min) || !normal(max) {
            return Err(
                "an end of the range of Real32Quant is neither zero nor a normal number of the column's type",
            );
        }
        let usable = min < max && (max - min).is_finite();
        let last = ((1u64 << bits) - 1) as f64;
        usable
            .then_some(Quant { layout, min, max, last })
            .ok_or("the range of Real32Quant is empty or infinite")
    }

    /// The pattern that is read back; `None` outside the range, where the origin refuses to write.
    pub(crate) fn round(&self, raw: u64) -> Option<u64> {
        let x = self.layout.to_f64(raw);
        if !(self.min <= x && x <= self.max) {
            return None;
        }
        let up = self.last / (self.max - self.min);
        let index = (0.5 + (x - self.min) * up) as u32;
        let down = (self.max - self.min) / self.last;
        let back = f64::from(index) * down + self.min;
        let back = if self.max < back { self.max } else { back };
        Some(narrow(Layout::F64, self.layout, back.to_bits()))
    }

    /// Which patterns become `raw`. Every step of [`Quant::round`] is a rising function, so the cell is found by
    /// bisection.
    pub(crate) fn preimage(&self, raw: u64) -> Option<Preimage> {
        let layout = self.layout;
        let end = |x: f64, zero: f64| narrow(Layout::F64, layout, if x == 0.0 { zero } else { x }.to_bits());
        let within = (layout.key(end(self.min, -0.0)), layout.key(end(self.max, 0.0)));
        let target = layout.key(raw);
        let rising = |key| self.round(layout.at_key(key)).map_or(0, |back| layout.key(back));
        Preimage::new(layout, keys_with_value(within, target, rising).into_iter().collect())
    }
}

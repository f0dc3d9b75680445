//! Patterns: the bits of an IEEE 754 number as integers.
//!
//! In: a float scalar, a bit pattern. Out: its parts, its place among all patterns, its nearest pattern in another
//! width.
//! Not here: which bits a rule drops (`rule`), what a contract allows (`contract`).
//! Holds: integers only, so every machine agrees; any pattern is legal input; bits above the width are ignored.
//! Source: IEEE 754-2019, section 3.4 (layout), 4.3.1 (ties to even), 5.10 (total order).

use hepz_columns::Scalar;

/// How the bits of a binary float are laid out: sign, `exponent` bits, `mantissa` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    mantissa: u32,
    exponent: u32,
}

impl Layout {
    /// binary16.
    pub const F16: Layout = Layout { mantissa: 10, exponent: 5 };
    /// binary32.
    pub const F32: Layout = Layout { mantissa: 23, exponent: 8 };
    /// binary64.
    pub const F64: Layout = Layout { mantissa: 52, exponent: 11 };

    /// The layout of a float scalar; `None` for integers.
    pub fn of(scalar: Scalar) -> Option<Layout> {
        match scalar {
            Scalar::F16 => Some(Layout::F16),
            Scalar::F32 => Some(Layout::F32),
            Scalar::F64 => Some(Layout::F64),
            _ => None,
        }
    }

    /// Stored mantissa bits.
    #[inline]
    pub fn mantissa(self) -> u32 {
        self.mantissa
    }

    /// The sign bit; all patterns of magnitude are below it.
    #[inline]
    pub fn sign_bit(self) -> u64 {
        1 << (self.mantissa + self.exponent)
    }

    /// The pattern without its sign.
    #[inline]
    pub fn magnitude(self, raw: u64) -> u64 {
        raw & (self.sign_bit() - 1)
    }

    /// The sign alone, in its place.
    #[inline]
    pub fn sign(self, raw: u64) -> u64 {
        raw & self.sign_bit()
    }

    /// Positive infinity; larger magnitudes are NaN.
    #[inline]
    pub fn infinity(self) -> u64 {
        ((1 << self.exponent) - 1) << self.mantissa
    }

    /// True for infinities and NaN.
    #[inline]
    pub fn is_special(self, raw: u64) -> bool {
        self.magnitude(raw) >= self.infinity()
    }

    /// True for NaN.
    #[inline]
    pub fn is_nan(self, raw: u64) -> bool {
        self.magnitude(raw) > self.infinity()
    }

    /// The lowest `bits` bits, all ones; at most the mantissa.
    #[inline]
    pub fn low(self, bits: u32) -> u64 {
        (1 << bits.min(self.mantissa)) - 1
    }

    /// Place of the pattern in numeric order: NaN with sign, -infinity, ..., -0, +0, ..., infinity, NaN.
    #[inline]
    pub fn key(self, raw: u64) -> u64 {
        let sign = self.sign_bit();
        let magnitude = self.magnitude(raw);
        if raw & sign == 0 { sign | magnitude } else { sign - 1 - magnitude }
    }

    /// The pattern at a place; the inverse of [`Layout::key`].
    #[inline]
    pub fn at_key(self, key: u64) -> u64 {
        let sign = self.sign_bit();
        let place = key & (sign - 1);
        if key & sign == 0 { sign | (sign - 1 - place) } else { place }
    }

    /// The magnitude as `whole * 2^exponent`, for finite patterns.
    #[inline]
    pub fn parts(self, raw: u64) -> (u64, i32) {
        let magnitude = self.magnitude(raw);
        let biased = magnitude >> self.mantissa;
        let fraction = magnitude & self.low(self.mantissa);
        let whole = if biased == 0 { fraction } else { fraction | 1 << self.mantissa };
        (whole, self.unit(biased.max(1)))
    }

    /// Exponent of the unit in the last place of numbers with this biased exponent (at least 1).
    fn unit(self, biased: u64) -> i32 {
        let bias = (1i32 << (self.exponent - 1)) - 1;
        biased as i32 - bias - self.mantissa as i32
    }

    /// The pattern of `2^exponent`; `None` if it is no finite number of this layout.
    pub fn power_of_two(self, exponent: i32) -> Option<u64> {
        let steps = i64::from(exponent) - i64::from(self.unit(1));
        let mantissa = i64::from(self.mantissa);
        match steps {
            _ if steps < 0 => None,
            _ if steps < mantissa => Some(1 << steps),
            _ => {
                let pattern = u64::try_from(steps - mantissa + 1).ok()?.checked_shl(self.mantissa)?;
                (steps - mantissa + 1 < 1 << self.exponent && pattern < self.infinity()).then_some(pattern)
            }
        }
    }

    /// The number as a binary64; exact, and NaN keeps sign and payload.
    #[inline]
    pub fn to_f64(self, raw: u64) -> f64 {
        match self {
            Layout::F64 => f64::from_bits(raw),
            // The processor widens numbers exactly; what it does with the payload of NaN is its own affair.
            Layout::F32 if !self.is_nan(raw) => f64::from(f32::from_bits(raw as u32)),
            _ => f64::from_bits(widen(self, Layout::F64, raw)),
        }
    }
}

/// `magnitude` rounded to a multiple of `2^drop`, ties to even. `drop` is below 63 and a carry may reach the
/// exponent, which is right: the next pattern after a mantissa of all ones is the next power of two.
#[inline]
pub fn half_even(magnitude: u64, drop: u32) -> u64 {
    if drop == 0 {
        return magnitude;
    }
    let odd = magnitude >> drop & 1;
    (magnitude + (1 << (drop - 1)) - 1 + odd) >> drop << drop
}

/// The nearest pattern of a narrower layout, ties to even. Too large becomes infinity; NaN becomes quiet and keeps
/// the top of its payload, as the conversion instructions of x86 and Arm do.
pub fn narrow(from: Layout, to: Layout, raw: u64) -> u64 {
    let sign = if from.sign(raw) == 0 { 0 } else { to.sign_bit() };
    let magnitude = from.magnitude(raw);
    let drop = from.mantissa.saturating_sub(to.mantissa);
    if magnitude >= from.infinity() {
        let payload = (magnitude & from.low(from.mantissa)) >> drop;
        let quiet = if magnitude > from.infinity() { 1 << (to.mantissa - 1) } else { 0 };
        return sign | to.infinity() | quiet | payload;
    }
    let (whole, exponent) = from.parts(raw);
    let below = i64::from(to.unit(1)) - i64::from(exponent);
    if below > i64::from(from.mantissa) + 2 {
        return sign;
    }
    let normal_at = from.power_of_two(to.unit(1) + to.mantissa as i32).unwrap_or(0);
    let rounded = if magnitude < normal_at {
        // Subnormal in the narrow layout: whole units of its last place.
        half_even(whole, below.max(0) as u32) >> below.max(0)
    } else {
        let bias = ((1u64 << (from.exponent - 1)) - (1u64 << (to.exponent - 1))) << from.mantissa;
        half_even(magnitude - bias, drop) >> drop
    };
    sign | rounded.min(to.infinity())
}

/// The same number in a wider layout; NaN keeps sign and payload.
pub fn widen(from: Layout, to: Layout, raw: u64) -> u64 {
    let sign = if from.sign(raw) == 0 { 0 } else { to.sign_bit() };
    let magnitude = from.magnitude(raw);
    let shift = to.mantissa.saturating_sub(from.mantissa);
    if shift == 0 {
        return sign | magnitude;
    }
    if magnitude >= from.infinity() {
        return sign | to.infinity() | (magnitude & from.low(from.mantissa)) << shift;
    }
    let (whole, exponent) = from.parts(raw);
    let Some(top) = whole.checked_ilog2() else { return sign };
    // Every number of the narrow layout is normal in the wide one.
    let power = to.power_of_two(exponent + top as i32).unwrap_or(0);
    sign | (power + ((whole - (1 << top)) << (to.mantissa - top)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_numeric_order_and_come_back() {
        for layout in [Layout::F16, Layout::F32, Layout::F64] {
            let samples =
                [0, 1, layout.low(5), layout.infinity() - 1, layout.infinity(), layout.infinity() + 1];
            for raw in samples.into_iter().flat_map(|raw| [raw, raw | layout.sign_bit()]) {
                assert_eq!(layout.at_key(layout.key(raw)), raw);
            }
        }
        let values = [-f32::INFINITY, -1.5, -1e-45, -0.0, 0.0, 1e-45, 2.0, f32::MAX, f32::INFINITY];
        let keys = values.map(|value| Layout::F32.key(u64::from(value.to_bits())));
        assert!(keys.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn conversions_agree_with_the_processor() {
        let mut state = 1u64;
        for _ in 0..2_000_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mixed = state ^ state >> 29;
            let wide = f64::from_bits(mixed);
            let near = f64::from_bits((mixed & !(0x7ff << 52)) | (850 + mixed % 340) << 52);
            for x in [wide, near].into_iter().filter(|x| !x.is_nan()) {
                let narrowed = narrow(Layout::F64, Layout::F32, x.to_bits());
                assert_eq!(narrowed, u64::from((x as f32).to_bits()), "{x:e}");
            }
            let single = f32::from_bits(mixed as u32);
            if !single.is_nan() {
                let widened = widen(Layout::F32, Layout::F64, u64::from(single.to_bits()));
                assert_eq!(widened, f64::from(single).to_bits());
            }
        }
    }

    #[test]
    fn every_half_survives_both_wider_layouts() {
        for raw in 0..1u64 << 16 {
            for wide in [Layout::F32, Layout::F64] {
                let back = narrow(wide, Layout::F16, widen(Layout::F16, wide, raw));
                let quiet = if Layout::F16.is_nan(raw) { raw | 0x200 } else { raw };
                assert_eq!(back, quiet);
            }
        }
    }

    #[test]
    fn powers_of_two_end_where_the_layout_ends() {
        assert_eq!(Layout::F32.power_of_two(-150), None);
        assert_eq!(Layout::F32.power_of_two(-149), Some(1));
        assert_eq!(Layout::F32.power_of_two(-126), Some(0x0080_0000));
        assert_eq!(Layout::F32.power_of_two(127), Some(0x7f00_0000));
        assert_eq!(Layout::F32.power_of_two(128), None);
        assert_eq!(Layout::F64.power_of_two(i32::MAX), None);
        assert_eq!(Layout::F64.power_of_two(0), Some(1f64.to_bits()));
    }
}

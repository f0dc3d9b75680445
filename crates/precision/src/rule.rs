//! Rules: how experiments and tools drop bits of a number, exactly as they do it.
//!
//! In: a rule, the type of a column, a bit pattern. Out: the pattern that is left, and which patterns leave it.
//! Not here: bounds that a user asks for (`contract`), columns (`reduce`).
//! Holds: integers only but for Real32Quant; every pattern is legal input; `round` never panics.
//! Source: each rule names its origin; `docs/precision/rules.md` has the table of bounds and test vectors.

use hepz_columns::Scalar;

use crate::pattern::{Layout, half_even, narrow, widen};
use crate::preimage::{Preimage, keys_with_value};
use crate::quant::Quant;

/// A rounding rule and its parameters. `kept` counts mantissa bits, without the leading one that is not stored.
///
/// In the bounds `e` is `floor(log2 |x|)` (at least the smallest normal exponent), `k` is `kept` and `w = 2^(e-k)`
/// the distance of neighbouring kept values. They hold for finite numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// ATLAS `CxxUtils::FloatCompressor`: nearest, ties away from zero; a number too close to infinity to be rounded
    /// up is cut; infinities and NaN stay. `kept` acts as one of 5 to 23. binary32 only. Error at most `w/2`, in the
    /// last half cell below infinity less than `w`. Idempotent.
    Atlas {
        /// Mantissa bits that stay.
        kept: u32,
    },
    /// CMS `MiniFloatConverter::reduceMantissaToNbits`: the low bits become zero. binary32 only. Error below `w`,
    /// always towards zero. A NaN whose payload is in the dropped bits becomes infinity. Idempotent.
    CmsTruncate {
        /// Mantissa bits that stay.
        kept: u32,
    },
    /// CMS `MiniFloatConverter::reduceMantissaToNbitsRounding`: nearest, ties away from zero, but the exponent never
    /// changes: the last two cells of each binade are cut. binary32 only. Error at most `w/2`, in those two cells less than
    /// `w`. They lie at the end of the binade, so the relative error of normal numbers stays below
    /// `2^-(k+1) / (1 - 2^-(k+1))`, a little more than other rules promise. NaN may become infinity. Idempotent.
    CmsRound {
        /// Mantissa bits that stay.
        kept: u32,
    },
    /// RNTuple `Real32Trunc`: the top `width` bits of a binary32 stay; a binary64 is first rounded to binary32. Error
    /// below `w` with `k = width - 9`, towards zero. NaN of a binary32 may become infinity. Idempotent.
    Real32Trunc {
        /// Bits on storage: 10 to 31, of which 9 are sign and exponent.
        width: u32,
    },
    /// RNTuple `Real32Quant`: a linear grid; see [`Quant`]. Values outside the range are refused. Idempotent while
    /// the step is large against the last place of the column's type.
    Real32Quant {
        /// Bits on storage, 1 to 32.
        bits: u32,
        /// First value of the grid.
        min: f64,
        /// Last value of the grid.
        max: f64,
    },
    /// RNTuple `Real16`: to binary16, ties to even, and back; a binary64 passes through binary32. From 65520 on it
    /// becomes infinity. Error at most `w/2` with `k = 10` from `2^-14` up, at most `2^-25` below. NaN becomes quiet.
    /// Idempotent.
    Real16,
    /// Blosc2 `trunc_prec`: the low bits become zero; a negative number counts dropped bits. Error below `w`, towards
    /// zero. NaN may become infinity. Idempotent.
    Blosc2 {
        /// Mantissa bits that stay, or minus those that go.
        precision: i32,
    },
    /// Nearest, ties to even, without a guard: the largest numbers become infinity. NaN stays. Error at most `w/2`.
    /// Idempotent.
    HalfEven {
        /// Mantissa bits that stay.
        kept: u32,
    },
    /// Bit grooming (NCO, netCDF-C without a missing value): rows 0, 2, ... have the low bits zeroed, rows 1, 3, ...
    /// have them set, but for the pattern 0. Error below `w`, unbiased in the mean of many rows. Infinity in an odd
    /// row becomes NaN, and NaN in an even row may become infinity. Idempotent if no row changes its parity.
    BitGroom {
        /// Mantissa bits that stay.
        kept: u32,
    },
    /// hepz's own: nearest, ties to even; a number too close to infinity to be rounded up is cut; infinities and NaN
    /// with their payload, zeros with their sign and subnormals stay what they are. Error at most `w/2`, in the last
    /// half cell below infinity less than `w`. Idempotent.
    Nearest {
        /// Mantissa bits that stay.
        kept: u32,
    },
}

/// Why a rule does not fit a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The origin has no such rule for this type.
    #[error("the rule is not defined for columns of type {}", .scalar.name())]
    Undefined {
        /// Type of the column.
        scalar: Scalar,
    },
    /// A parameter is outside what the origin accepts.
    #[error("{what}")]
    Parameter {
        /// The range that it must keep.
        what: &'static str,
    },
}

/// A rule made ready for one type of column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounder {
    layout: Layout,
    /// Low bits that go.
    drop: u32,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Keep,
    Cut,
    Atlas,
    CmsRound,
    HalfEven {
        guarded: bool,
    },
    Groom,
    /// Through narrower layouts, cut there, and back.
    Through(&'static [Layout]),
    Quant(Quant),
}

impl Rule {
    /// Makes the rule ready for columns of `scalar`.
    ///
    /// # Errors
    /// [`RuleError`] if the origin does not define the rule for this type, or refuses the parameter.
    pub fn on(self, scalar: Scalar) -> Result<Rounder, RuleError> {
        let undefined = RuleError::Undefined { scalar };
        let layout = Layout::of(scalar).ok_or(undefined)?;
        let only = |allowed: &[Layout]| if allowed.contains(&layout) { Ok(()) } else { Err(undefined) };
        let parameter = |what| RuleError::Parameter { what };
        let mantissa = layout.mantissa();
        let of_mantissa = |kept: u32| {
            mantissa.checked_sub(kept).ok_or(parameter("more mantissa bits are to be kept than the type has"))
        };
        let wide = [Layout::F32, Layout::F64];
        let (drop, step) = match self {
            Rule::Atlas { kept } => {
                only(&[Layout::F32])?;
                (23 - kept.clamp(5, 23), Step::Atlas)
            }
            Rule::CmsTruncate { kept } => {
                only(&[Layout::F32])?;
                (of_mantissa(kept)?, Step::Cut)
            }
            Rule::CmsRound { kept } => {
                only(&[Layout::F32])?;
                (of_mantissa(kept)?, Step::CmsRound)
            }
            Rule::Real32Trunc { width } => {
                only(&wide)?;
                if !(10..=31).contains(&width) {
                    return Err(parameter("Real32Trunc keeps 10 to 31 bits"));
                }
                let single = layout == Layout::F32;
                (32 - width, if single { Step::Cut } else { Step::Through(&[Layout::F32]) })
            }
            Rule::Real32Quant { bits, min, max } => {
                only(&wide)?;
                let quant = Quant::new(layout, bits, min, max).map_err(parameter)?;
                return Ok(Rounder { layout, drop: 0, step: Step::Quant(quant) });
            }
            Rule::Real16 => {
                only(&wide)?;
                let through: &[Layout] =
                    if layout == Layout::F32 { &[Layout::F16] } else { &[Layout::F32, Layout::F16] };
                return Ok(Rounder { layout, drop: 0, step: Step::Through(through) });
            }
            Rule::Blosc2 { precision } => {
                only(&wide)?;
                let size = precision.unsigned_abs();
                let drop = if precision < 0 { Some(size) } else { mantissa.checked_sub(size) };
                let drop = drop.filter(|&drop| drop < mantissa);
                (
                    drop.ok_or(parameter("trunc_prec keeps at least one mantissa bit and at most all"))?,
                    Step::Cut,
                )
            }
            Rule::HalfEven { kept } => (of_mantissa(kept)?, Step::HalfEven { guarded: false }),
            Rule::BitGroom { kept } => {
                only(&wide)?;
                (of_mantissa(kept)?, Step::Groom)
            }
            Rule::Nearest { kept } => (of_mantissa(kept)?, Step::HalfEven { guarded: true }),
        };
        Ok(Rounder { layout, drop, step: if drop == 0 { Step::Keep } else { step } })
    }
}

impl Rounder {
    /// The layout of the patterns.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The pattern that is left of `raw`, which stands in `row` (bit grooming alternates; the other rules do not
    /// look). `None` if the origin refuses the value.
    #[inline]
    pub fn round(&self, raw: u64, row: u64) -> Option<u64> {
        let layout = self.layout;
        let low = layout.low(self.drop);
        let magnitude = layout.magnitude(raw);
        let sign = layout.sign(raw);
        let rounded = match &self.step {
            Step::Keep => magnitude,
            Step::Cut => magnitude & !low,
            Step::Atlas if magnitude >= layout.infinity() => magnitude,
            Step::Atlas => {
                let half = 1u64 << (self.drop - 1);
                let up = if magnitude < ((layout.infinity() - 1) ^ half) { half } else { 0 };
                (magnitude + up) & !low
            }
            Step::CmsRound if raw >> (self.drop - 1) & 1 == 0 => magnitude & !low,
            Step::CmsRound => {
                let kept = layout.mantissa() - self.drop;
                let top = (magnitude & layout.low(layout.mantissa())) >> self.drop;
                // The origin computes this limit in 32 bits, so it is huge where no bit is kept.
                let limit = (1u32 << kept).wrapping_sub(2);
                let top = if top < u64::from(limit) { top + 1 } else { top };
                (magnitude & !layout.low(layout.mantissa())) | top << self.drop
            }
            Step::HalfEven { .. } if magnitude >= layout.infinity() => magnitude,
            Step::HalfEven { guarded } => {
                let nearest = half_even(magnitude, self.drop);
                if *guarded && nearest >= layout.infinity() { magnitude & !low } else { nearest }
            }
            Step::Groom if row.is_multiple_of(2) => magnitude & !low,
            Step::Groom if sign | magnitude == 0 => 0,
            Step::Groom => magnitude | low,
            Step::Through(through) => {
                let (mut from, mut pattern) = (layout, magnitude);
                for &to in *through {
                    pattern = narrow(from, to, pattern);
                    from = to;
                }
                widen(from, layout, pattern & !from.low(self.drop))
            }
            Step::Quant(quant) => return quant.round(raw),
        };
        Some(sign | rounded)
    }

    /// All patterns that become `stored` in this row; `None` if none does.
    pub fn preimage(&self, stored: u64, row: u64) -> Option<Preimage> {
        let layout = self.layout;
        let low = layout.low(self.drop);
        let magnitude = layout.magnitude(stored);
        let sign = layout.sign(stored);
        let stored = sign | magnitude;
        let one = |lowest: u64, highest: u64| Preimage::magnitudes(layout, sign, lowest, highest);
        let on_grid = magnitude & low == 0;
        let half = (low + 1) >> 1;
        let end = layout.infinity();
        match &self.step {
            Step::Keep => one(magnitude, magnitude),
            Step::Cut => on_grid.then(|| one(magnitude, magnitude | low))?,
            Step::Atlas | Step::HalfEven { .. } if magnitude > end => one(magnitude, magnitude),
            Step::Atlas if magnitude == end => one(magnitude, magnitude),
            Step::Atlas if !on_grid => None,
            Step::Atlas => {
                let last = magnitude | low == end - 1;
                one(magnitude.saturating_sub(half), if last { end - 1 } else { magnitude + half - 1 })
            }
            Step::CmsRound => on_grid.then(|| self.cms_preimage(stored))?,
            Step::HalfEven { guarded } => {
                if !on_grid || (*guarded && magnitude == end) {
                    return (magnitude == end).then(|| one(end, end))?;
                }
                // A tie belongs to the even neighbour.
                let odd = magnitude >> self.drop & 1;
                let lowest = magnitude.saturating_sub(half - odd);
                let last = *guarded && magnitude | low == end - 1;
                let highest = if magnitude == end {
                    end
                } else if last {
                    end - 1
                } else {
                    magnitude + half - odd
                };
                one(lowest, highest)
            }
            Step::Groom if row.is_multiple_of(2) => on_grid.then(|| one(magnitude, magnitude | low))?,
            Step::Groom if stored == 0 => one(0, 0),
            Step::Groom if magnitude & low != low => None,
            // The pattern 0 stays, so it does not become the first of the odd rows.
            Step::Groom => one((magnitude & !low).max(u64::from(sign == 0)), magnitude),
            Step::Through(_) if magnitude > end => self.quiet_preimage(stored),
            Step::Through(_) => {
                let ends = [layout.key(sign), layout.key(sign | end)];
                let within = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                let rising = |key| self.round(layout.at_key(key), 0).map_or(0, |back| layout.key(back));
                Preimage::new(
                    layout,
                    keys_with_value(within, layout.key(stored), rising).into_iter().collect(),
                )
            }
            Step::Quant(quant) => quant.preimage(stored),
        }
    }

    /// CMS rounding: bisection inside the binade, which no number leaves (but for `kept` 0, where it may reach the
    /// next).
    fn cms_preimage(&self, stored: u64) -> Option<Preimage> {
        let layout = self.layout;
        let (sign, magnitude) = (layout.sign(stored), layout.magnitude(stored));
        let reach = layout.low(layout.mantissa()) + 1;
        let within = (magnitude.saturating_sub(reach), (magnitude + reach).min(layout.sign_bit() - 1));
        let rising =
            |magnitude| self.round(sign | magnitude, 0).map_or(0, |rounded| layout.magnitude(rounded));
        let (lowest, highest) = keys_with_value(within, magnitude, rising)?;
        Preimage::magnitudes(layout, sign, lowest, highest)
    }

    /// NaN that passed through narrower layouts: the top of the payload stays, and the quiet bit is set.
    fn quiet_preimage(&self, stored: u64) -> Option<Preimage> {
        let Step::Through(through) = &self.step else { return None };
        let layout = self.layout;
        let narrowest = through.last()?;
        let low = layout.low(layout.mantissa() - (narrowest.mantissa() - self.drop));
        let quiet = 1u64 << (layout.mantissa() - 1);
        let magnitude = layout.magnitude(stored);
        if magnitude & quiet == 0 || magnitude & low != 0 {
            return None;
        }
        let signalling = magnitude ^ quiet;
        let runs = [(signalling.max(layout.infinity() + 1), signalling | low), (magnitude, magnitude | low)];
        let mut keys = runs.map(|(lowest, highest)| {
            let ends = [lowest, highest].map(|end| layout.key(layout.sign(stored) | end));
            (ends[0].min(ends[1]), ends[0].max(ends[1]))
        });
        keys.sort_unstable();
        Preimage::new(layout, keys.to_vec())
    }
}

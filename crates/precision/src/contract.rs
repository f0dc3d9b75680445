//! Contracts: what a user is promised about every value of a column.
//!
//! In: a promise and the values that must stay what they are. Out: a [`Contract`] whose numbers make sense.
//! Not here: how values are made coarser (`steps`, `reduce`), how the promise is proved (`check`), bytes (`wire`).
//! Holds: a bound is finite and positive; special values are finite, ascending and different. [`Contract::new`] is
//! the one way in.

use hepz_columns::Values;

use crate::pattern::Layout;

/// What holds for every finite value `x` of a float column and the `y` that is stored for it. Integers, infinities
/// and NaN are always stored as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Promise {
    /// `y` is `x`.
    Exact,
    /// `|y - x| <= 2^(e-k-1)` with `e = floor(log2 |x|)`, at least the smallest normal exponent: half the distance of
    /// neighbouring values with `k` mantissa bits. For normal `x` this is at most `2^-(k+1) |x|`.
    KeptBits {
        /// Mantissa bits, without the leading one: 0 to 52.
        kept: u32,
    },
    /// `|y - x| <= bound`.
    Absolute {
        /// In the unit of the column.
        bound: f64,
    },
    /// `|y - x| <= fraction * |x|`; in particular zero stays zero and signs stay.
    Relative {
        /// From 2^-52 to 1/2.
        fraction: f64,
    },
    /// `|y - x| <= fraction * (max - min)` over the finite values of the column that are not special.
    RangeRelative {
        /// From 2^-52 to 1/2.
        fraction: f64,
        /// `max - min`, once it is known ([`Contract::resolved`]).
        range: Option<f64>,
    },
    /// `|y - x|` is at most half a unit of the last of so many significant decimal digits of `x`.
    Digits {
        /// 1 to 15.
        digits: u32,
    },
    /// `|y - x| <= 0.5 * 10^-decimals`.
    Decimals {
        /// Digits after the point; negative numbers count digits before it. -290 to 290.
        decimals: i32,
    },
}

/// A promise, and values that stay what they are and that no other value becomes (-999 for "not measured", say).
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    promise: Promise,
    specials: Vec<f64>,
}

/// Why numbers make no contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// More mantissa bits than any type has.
    #[error("kept mantissa bits are 0 to 52")]
    KeptBits,
    /// An absolute bound that bounds nothing.
    #[error("an absolute bound is a positive finite number")]
    Bound,
    /// A relative bound outside its range.
    #[error("a relative bound is a number from 2.3e-16 to 0.5")]
    Fraction,
    /// A range that is no length.
    #[error("a range is a finite number and not negative")]
    Range,
    /// Too few or too many digits.
    #[error("significant digits are 1 to 15, decimals -290 to 290")]
    Digits,
    /// Special values that are not finite, or too many.
    #[error("special values are at most {SPECIALS_MAX} finite numbers")]
    Specials,
    /// The range of the column is not known yet.
    #[error("the range of the column is not known: resolve the contract first")]
    Unresolved,
}

/// Most special values of one contract; each is compared with every value.
pub const SPECIALS_MAX: usize = 64;
/// Smallest relative bound: below it no type of number gets coarser.
const SMALLEST_FRACTION: f64 = f64::EPSILON;

impl Contract {
    /// A promise with special values. They are sorted; doubles and the sign of zero go.
    ///
    /// # Errors
    /// [`ContractError`] if a number is outside its range.
    pub fn new(promise: Promise, specials: &[f64]) -> Result<Contract, ContractError> {
        let fits = |ok: bool, error| if ok { Ok(()) } else { Err(error) };
        let fraction_fits = |x: f64| fits((SMALLEST_FRACTION..=0.5).contains(&x), ContractError::Fraction);
        match promise {
            Promise::Exact => {}
            Promise::KeptBits { kept } => fits(kept <= 52, ContractError::KeptBits)?,
            Promise::Absolute { bound } => fits(bound > 0.0 && bound.is_finite(), ContractError::Bound)?,
            Promise::Relative { fraction } => fraction_fits(fraction)?,
            Promise::RangeRelative { fraction, range } => {
                fraction_fits(fraction)?;
                let length = |x: f64| x.is_finite() && x.is_sign_positive();
                fits(range.is_none_or(length), ContractError::Range)?;
            }
            Promise::Digits { digits } => fits((1..=15).contains(&digits), ContractError::Digits)?,
            Promise::Decimals { decimals } => fits((-290..=290).contains(&decimals), ContractError::Digits)?,
        }
        fits(specials.iter().all(|x| x.is_finite()), ContractError::Specials)?;
        // Adding zero turns -0 into +0 and nothing else.
        let mut specials: Vec<f64> = specials.iter().map(|x| x + 0.0).collect();
        specials.sort_by(f64::total_cmp);
        specials.dedup();
        fits(specials.len() <= SPECIALS_MAX, ContractError::Specials)?;
        Ok(Contract { promise, specials })
    }

    /// Every value as it is.
    pub fn exact() -> Contract {
        Contract { promise: Promise::Exact, specials: Vec::new() }
    }

    /// What is promised.
    pub fn promise(&self) -> Promise {
        self.promise
    }

    /// Values that stay what they are, ascending.
    pub fn specials(&self) -> &[f64] {
        &self.specials
    }

    /// Smallest and largest finite value that is not special, as binary64; `None` if there is none. The parts of a
    /// column are joined by taking the smaller minimum and the larger maximum.
    pub fn extent(&self, values: &Values) -> Option<(f64, f64)> {
        let layout = Layout::of(values.scalar())?;
        let specials = self.specials_in(layout);
        let mut extent: Option<(f64, f64)> = None;
        for row in 0..values.len() {
            let raw = values.raw(row);
            if layout.is_special(raw) || is_listed(&specials, layout, raw) {
                continue;
            }
            let x = layout.to_f64(raw);
            extent = Some(extent.map_or((x, x), |(min, max)| (min.min(x), max.max(x))));
        }
        extent
    }

    /// The contract with the extent of its column filled in, where it needs one; other contracts stay as they are.
    pub fn resolved(&self, extent: Option<(f64, f64)>) -> Contract {
        let mut contract = self.clone();
        if let Promise::RangeRelative { fraction, range: None } = self.promise {
            let (min, max) = extent.unwrap_or((0.0, 0.0));
            // Halves, because the difference of the largest numbers is infinite; down, because the promise is about
            // the true one.
            let half = (max * 0.5 - min * 0.5).next_down().max(0.0);
            let range = if half > f64::MAX * 0.5 { f64::MAX } else { half * 2.0 };
            contract.promise = Promise::RangeRelative { fraction, range: Some(range) };
        }
        contract
    }

    /// The special values as patterns of a layout, without sign if they are zero.
    pub(crate) fn specials_in(&self, layout: Layout) -> Vec<u64> {
        self.specials
            .iter()
            .map(|x| crate::pattern::narrow(Layout::F64, layout, x.to_bits()))
            .filter(|&raw| !layout.is_special(raw))
            .collect()
    }
}

/// True if `raw` is one of the special patterns; both zeros are the special value zero.
pub(crate) fn is_listed(specials: &[u64], layout: Layout, raw: u64) -> bool {
    specials
        .iter()
        .any(|&special| special == raw || (layout.magnitude(special) == 0 && layout.magnitude(raw) == 0))
}

impl std::fmt::Display for Contract {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.promise {
            Promise::Exact => write!(out, "exact")?,
            Promise::KeptBits { kept } => write!(out, "{kept} mantissa bits, nearest")?,
            Promise::Absolute { bound } => write!(out, "within {bound:e}")?,
            Promise::Relative { fraction } => write!(out, "within {fraction:e} of the value")?,
            Promise::RangeRelative { fraction, range: None } => {
                write!(out, "within {fraction:e} of the range")?
            }
            Promise::RangeRelative { fraction, range: Some(range) } => {
                write!(out, "within {fraction:e} of the range {range:e}")?
            }
            Promise::Digits { digits } => write!(out, "{digits} significant digits")?,
            Promise::Decimals { decimals } => write!(out, "{decimals} decimals")?,
        }
        for (at, special) in self.specials.iter().enumerate() {
            write!(out, "{}{special}", if at == 0 { ", keeping " } else { " and " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hepz_columns::Scalar;

    #[test]
    fn numbers_that_promise_nothing_are_refused() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Contract::new(Promise::Absolute { bound: bad }, &[]).is_err());
            assert!(Contract::new(Promise::Relative { fraction: bad }, &[]).is_err());
        }
        assert!(Contract::new(Promise::KeptBits { kept: 53 }, &[]).is_err());
        assert!(Contract::new(Promise::Digits { digits: 0 }, &[]).is_err());
        assert!(Contract::new(Promise::Exact, &[f64::NAN]).is_err());
        assert!(Contract::new(Promise::Exact, &[1.0; 1000]).is_ok());
    }

    #[test]
    fn special_values_do_not_widen_the_range() {
        let raw: Vec<u64> =
            [-999f32, 1.0, 3.0, f32::NAN, f32::INFINITY].map(|x| u64::from(x.to_bits())).to_vec();
        let values = Values::from_raw(Scalar::F32, &raw);
        let promise = Promise::RangeRelative { fraction: 0.1, range: None };
        let contract = Contract::new(promise, &[-999.0]).unwrap();
        assert_eq!(contract.extent(&values), Some((1.0, 3.0)));
        let resolved = contract.resolved(contract.extent(&values));
        let Promise::RangeRelative { range: Some(range), .. } = resolved.promise() else { panic!() };
        assert!((1.999..=2.0).contains(&range));
        let widest = contract.resolved(Some((-f64::MAX, f64::MAX)));
        assert_eq!(widest.promise(), Promise::RangeRelative { fraction: 0.1, range: Some(f64::MAX) });
    }
}

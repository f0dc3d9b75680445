//! Grids: the contracts among which a budget chooses.
//!
//! In: what a column is like. Out: the next finer or coarser grid, its contract, its line in a rules file.
//! Not here: how many steps are taken (`allocation`).
//! Holds: one step finer divides the variance of the error by four; the finest grid is no grid.

use super::sensitivity::Sensitivity;
use hepz_precision::{Contract, Promise};

/// How the values of a column are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grid {
    /// So many mantissa bits: a step in proportion to the value.
    Kept(u32),
    /// Multiples of two to this power: the same step everywhere.
    Step(i32),
    /// As they are.
    Exact,
}

/// Mantissa bits of the coarsest grid: first order means nothing below.
const FEWEST_BITS: u32 = 2;

/// In doubt the step follows the value: what is kept is then worth as much in files with other spectra. Below this
/// many bits a value there is doubt, because a spectrum that lies about a power of two can gain as much by chance.
const DOUBT_BITS: f64 = 0.25;

/// True if the step should follow the value: where this costs fewer bits for the same variance. A value on a grid
/// costs a constant less `log2(step)`; the step of kept bits is `e - k`.
fn is_relative(column: &Sensitivity) -> bool {
    // The observable that gains most decides.
    let gain = |(relative, absolute): (&f64, &f64)| {
        if *absolute > 0.0 {
            0.5 * (relative / absolute).log2() - column.mean_exponent
        } else {
            f64::INFINITY
        }
    };
    column.relative.iter().zip(&column.absolute).map(gain).fold(f64::INFINITY, f64::min) <= DOUBT_BITS
}

impl Grid {
    /// The grid that a budget begins with.
    pub(super) fn coarsest(column: &Sensitivity) -> Grid {
        let matters = column.absolute.iter().any(|&part| part > 0.0);
        if column.mantissa_bits == 0 || !matters {
            Grid::Exact
        } else if is_relative(column) {
            Grid::Kept(FEWEST_BITS)
        } else {
            Grid::Step(column.highest_exponent - FEWEST_BITS as i32)
        }
    }

    /// What is promised.
    pub(super) fn contract(self) -> Contract {
        let promise = match self {
            Grid::Kept(kept) => Promise::KeptBits { kept },
            // The grid of an absolute contract is the largest power of two up to twice the bound.
            Grid::Step(exponent) => Promise::Absolute { bound: 2f64.powi(exponent - 1) },
            Grid::Exact => Promise::Exact,
        };
        Contract::new(promise, &[]).unwrap_or_else(|_| Contract::exact())
    }

    /// One bit more.
    pub(super) fn finer(self, column: &Sensitivity) -> Grid {
        match self {
            Grid::Kept(kept) if kept + 1 < column.mantissa_bits => Grid::Kept(kept + 1),
            // Below the last place of the smallest exponent seen nothing is rounded any more.
            Grid::Step(exponent) if exponent > column.lowest_exponent - column.mantissa_bits as i32 + 1 => {
                Grid::Step(exponent - 1)
            }
            _ => Grid::Exact,
        }
    }

    /// One bit less; `None` at the coarsest.
    pub(super) fn coarser(self, column: &Sensitivity) -> Option<Grid> {
        let coarser = match self {
            Grid::Kept(kept) => Grid::Kept(kept.checked_sub(1)?),
            Grid::Step(exponent) => Grid::Step(exponent + 1),
            Grid::Exact => return None,
        };
        (self != Grid::coarsest(column)).then_some(coarser)
    }

    /// Mantissa bits that values of the column keep in the mean.
    pub(super) fn kept_bits(self, column: &Sensitivity) -> f64 {
        let all = f64::from(column.mantissa_bits);
        match self {
            Grid::Kept(kept) => f64::from(kept),
            Grid::Step(exponent) => (column.mean_exponent - f64::from(exponent)).clamp(0.0, all),
            Grid::Exact => all,
        }
    }

    /// Variance that rounding one column adds to an observable, to first order.
    pub(super) fn added(self, column: &Sensitivity, observable: usize) -> f64 {
        let of = |parts: &[f64]| parts.get(observable).copied().unwrap_or(0.0);
        match self {
            Grid::Kept(kept) => of(&column.relative) * 4f64.powi(-(kept as i32)),
            Grid::Step(exponent) => of(&column.absolute) * 4f64.powi(exponent),
            Grid::Exact => 0.0,
        }
    }
}

/// The line of a rules file.
pub(super) fn rule(contract: &Contract) -> String {
    match contract.promise() {
        Promise::KeptBits { kept } => format!("kept_bits = {kept}\n"),
        Promise::Absolute { bound } => format!("absolute = {bound:?}\n"),
        _ => "exact = true\n".to_owned(),
    }
}

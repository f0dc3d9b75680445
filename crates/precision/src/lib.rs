//! Precision: rounding rules with their pre-images, contracts on the error of a column.
//!
//! # What it is
//! The one place that knows how numbers lose bits: [`Rule`]s, which are bit for bit those of experiments and tools,
//! and [`Contract`]s, which promise a bound and are proved for every value. Both say which originals a stored value
//! may have come from ([`Preimage`]), so that what was dropped can be coded on its own, guessed, or checked.
//!
//! # One page
//! * [`Rule::on`] makes a rule ready for a type; [`Rounder::round`] applies it to a bit pattern,
//!   [`Rounder::preimage`] turns it round.
//! * [`Contract::new`] takes a [`Promise`] and special values; [`Contract::reduce`] gives the coarser column,
//!   [`check()`] proves it against the original. [`Contract::to_bytes`] is what an archive keeps.
//! * [`RulesFile`] gives each column of a file its contract.
//!
//! ```
//! use hepz_columns::{Scalar, Values};
//! use hepz_precision::{Contract, Promise, check};
//!
//! let raw: Vec<u64> = (0..1000).map(|i| u64::from((0.37f32 * i as f32).to_bits())).collect();
//! let original = Values::from_raw(Scalar::F32, &raw);
//! let contract = Contract::new(Promise::Relative { fraction: 1e-3 }, &[-999.0]).unwrap();
//! let reduced = contract.reduce(&original);
//! assert!(check(&contract, &original, &reduced.values).unwrap().is_empty());
//! ```
//!
//! A reduced column is an ordinary column whose low mantissa bits are zero; the lossless engines code it, and
//! exceptions are simply values that still have theirs.
//!
//! # Where to look next
//! `rule.rs` for the rules and their sources, `steps.rs` for the grids of contracts, `docs/precision/rules.md` for
//! bounds and vectors.

mod check;
mod contract;
mod pattern;
mod preimage;
mod quant;
mod reduce;
mod rule;
mod rules_file;
mod steps;
mod wire;

pub use check::{Violation, Violations, check};
pub use contract::{Contract, ContractError, Promise, SPECIALS_MAX};
pub use pattern::{Layout, half_even, narrow, widen};
pub use preimage::{Interval, Preimage};
pub use quant::Quant;
pub use reduce::{Reduced, Reducer};
pub use rule::{Rounder, Rule, RuleError};
pub use rules_file::{Choice, RulesError, RulesFile};
pub use wire::WireError;

//! Models: prices of decisions.
//!
//! # What it is
//! Two models of the same kind, context mixing in integers: [`path`] for the values of a column, [`bytes`] for skeletons,
//! text and unknown files. Both learn while they code, so nothing is stored but the code. For speed there is [`histogram`],
//! which is made beforehand and stored.
//!
//! # One page
//! A decision is predicted by several counters, each picked by a context; a mixer weighs their opinions in the domain of
//! log odds ([`logistic`]); a final map corrects what is left; the coder gets one integer probability and the counters and
//! weights learn what the decision was. Encoding and decoding are the same walk with another `hepz_entropy::Coder`. Every constant
//! and table here is part of the format: another value decodes old archives to other bytes.
//!
//! # Where to look next
//! `path` and `histogram` for columns, `bytes/mod.rs` for bytes; `hepz` decides which contexts a column gets.
#![cfg_attr(not(test), deny(clippy::float_arithmetic))]

pub mod bytes;
mod counter;
pub mod deep;
mod deep_symbol;
mod ensemble;
pub mod forecast;
pub mod histogram;
pub mod logistic;
pub mod path;
pub mod symbol;
pub mod tables;

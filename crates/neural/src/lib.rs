//! Integer inference: networks that give the same numbers on every machine.
//!
//! # What it is
//! Networks whose weights are 8-bit integers and whose activations are 16-bit integers, run with integer sums,
//! integer multiplications and tables: no floating point, so a forecast is the same on every processor, with any
//! number of streams in step and any instruction set. A network never touches a value: it says how likely each of a
//! few outcomes is.
//!
//! # One page
//! An activation is an `i16` in units of 2^-12 ([`fixed`], the one rounding rule). A [`Matrix`](matrix::Matrix) takes
//! activations to activations; [`Kernel`](kernel::Kernel) says with which instructions, all with the same result.
//! [`value::ValueNetwork`] forecasts values of one column from other columns of its row, many rows at once;
//! [`bytes::ByteNetwork`] forecasts the next byte of many streams in step from the bytes before; [`softmax`] turns
//! last activations into integer frequencies, none of them zero.
//!
//! # Where to look next
//! `hepz-models` for how forecasts are mixed with counters; `hepz-training` for where weights come from.
#![cfg_attr(not(test), deny(clippy::float_arithmetic))]

pub mod bytes;
pub mod fixed;
pub mod kernel;
pub mod matrix;
pub mod rms;
pub mod softmax;
pub mod tables;
pub mod value;
pub mod wire;

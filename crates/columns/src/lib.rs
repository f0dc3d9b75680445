//! Columns: typed numbers with names, as raw bit patterns.
//!
//! # What it is
//! The vocabulary that every other crate speaks: what a number is ([`Scalar`]), what a record looks like
//! ([`Table`], [`Column`]) and how the values of a column lie in memory ([`Values`]).
//!
//! # One page
//! A [`Table`] is `rows` records of `row_bytes` bytes. A [`Column`] is one scalar at a fixed offset of that record, so
//! the columns of a table cover every byte of its record exactly once ([`Table::validate`]); padding is a column of
//! bytes like any other. Values are **bit patterns**: NaN payloads, -0.0 and subnormals survive because nothing
//! here ever does arithmetic on a float.
//!
//! # Where to look next
//! `hepz-formats` finds tables in files; `hepz-transforms` rearranges columns; `hepz` codes them.

pub mod events;
mod scalar;
mod table;
mod values;

pub use scalar::{ByteOrder, Scalar};
pub use table::{Column, RowOrder, SchemaError, Table};
pub use values::Values;

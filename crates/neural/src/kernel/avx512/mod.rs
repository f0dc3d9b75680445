//! AVX-512 with BW, VL, DQ and VNNI.
//!
//! In: vectors of integers. Out: the same, as `operations` says. Not here: when it may be used (`Kernel`).
//! Holds: the integers of the scalar kernel.

mod attention;
mod products;
mod vectors;

use super::{compiled, operations};
pub use attention::{scores, weighted};
pub use products::{activations, logits};
pub use vectors::{curved, frequencies, scan, shares, silu};

operations::all!(compiled, "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni");

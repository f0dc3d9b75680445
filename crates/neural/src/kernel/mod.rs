//! Kernels: which instructions compute.
//!
//! In: 8-bit weights, 16-bit activations, 32-bit sums. Out: the same.
//! Not here: what the operations are for (`matrix`, `softmax`, `bytes`).
//! Holds: every kernel gives the integers of [`Kernel::Scalar`], bit for bit: addition that wraps does not depend on
//! order, and every rounding is written once, in `operations`. Which kernel runs is never part of an archive.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod operations;
mod packed;

use crate::tables::Curve;
pub(crate) use operations::{SCORES, VALUES};
pub(crate) use packed::Weights;
use std::sync::OnceLock;

/// The environment variable that forces a kernel, for tests: `scalar`, `avx2`, `avx512` or `neon`. A name that is
/// unknown, or that this processor cannot run, is not heeded.
pub const FORCED: &str = "HEPZ_KERNEL";

/// A set of instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernel {
    /// Plain Rust: the specification.
    Scalar,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2(Present),
    /// AVX-512 with BW, VL, DQ and VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512(Present),
    /// NEON.
    #[cfg(target_arch = "aarch64")]
    Neon(Present),
}

/// Says that this processor has the instructions: only [`Kernel::available`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present(());

impl Kernel {
    /// All that this processor has, the slowest first.
    pub fn available() -> Vec<Kernel> {
        #[allow(unused_mut, reason = "some processors have only the first")]
        let mut all = vec![Kernel::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") {
                all.push(Kernel::Avx2(Present(())));
                if has!("avx512f")
                    && has!("avx512bw")
                    && has!("avx512vl")
                    && has!("avx512dq")
                    && has!("avx512vnni")
                {
                    all.push(Kernel::Avx512(Present(())));
                }
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            all.push(Kernel::Neon(Present(())));
        }
        all
    }

    /// The fastest that this processor has, or what [`FORCED`] says; read once.
    pub fn best() -> Kernel {
        static BEST: OnceLock<Kernel> = OnceLock::new();
        *BEST.get_or_init(|| {
            let available = Kernel::available();
            let forced = std::env::var(FORCED).unwrap_or_default();
            let wanted = available.iter().find(|kernel| kernel.name() == forced);
            *wanted.or(available.last()).unwrap_or(&Kernel::Scalar)
        })
    }

    /// `scalar`, `avx2`, `avx512` or `neon`.
    pub fn name(self) -> &'static str {
        match self {
            Kernel::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon(_) => "neon",
        }
    }
}

/// Operations in the module of a kernel, compiled with its instructions.
macro_rules! compiled {
    ($features:literal; $($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[target_feature(enable = $features)]
        pub fn $name($($argument: $type),*) {
            crate::kernel::operations::$name($($argument),*);
        }
    )*};
}
use compiled;

/// The operations of matrices in the module of a kernel, which has `most`, `any_tile`, `activated` and `ranged`.
macro_rules! compiled_matrices {
    ($features:literal) => {
        #[target_feature(enable = $features)]
        pub fn activations(
            weights: &crate::kernel::Weights,
            lowest: i16,
            inputs: &[i16],
            outputs: &mut [i16],
        ) {
            let tile = |blocks: usize, streams: usize, part: Part<'_>, sums: &mut Sums| {
                any_tile(blocks, streams, part, sums);
            };
            weights.walk(inputs, outputs, most, tile, |sums, multipliers, biases, into| {
                activated(lowest, sums, multipliers, biases, into);
            });
        }
        #[target_feature(enable = $features)]
        pub fn logits(weights: &crate::kernel::Weights, inputs: &[i16], outputs: &mut [i32]) {
            let tile = |blocks: usize, streams: usize, part: Part<'_>, sums: &mut Sums| {
                any_tile(blocks, streams, part, sums);
            };
            weights.walk(inputs, outputs, most, tile, |sums, multipliers, biases, into| {
                ranged(sums, multipliers, biases, into);
            });
        }
    };
}
use compiled_matrices;

/// Functions that take a kernel first and run an operation with its instructions.
macro_rules! dispatched {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*);)*) => {$(
        $(#[$doc])*
        #[inline]
        #[allow(unsafe_code, reason = "a value of Present says that the processor has the instructions")]
        pub(crate) fn $name(kernel: Kernel, $($argument: $type),*) {
            match kernel {
                Kernel::Scalar => operations::$name($($argument),*),
                // SAFETY, here and below: `Present` is made only where the instructions were found.
                #[cfg(target_arch = "x86_64")]
                Kernel::Avx2(_) => unsafe { avx2::$name($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                Kernel::Avx512(_) => unsafe { avx512::$name($($argument),*) },
                #[cfg(target_arch = "aarch64")]
                Kernel::Neon(_) => unsafe { neon::$name($($argument),*) },
            }
        }
    )*};
}

operations::all!(dispatched);
operations::matrices!(dispatched);
operations::special!(dispatched);
operations::curves!(dispatched);

#[cfg(test)]
mod tests;

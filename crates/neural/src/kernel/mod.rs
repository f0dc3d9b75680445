//! Kernels: which instructions compute.
//!
//! In: 8-bit weights, 16-bit activations, 32-bit sums. Out: the same.
//! Not here: what the operations are for (`matrix`, `softmax`, `bytes`).
//! Holds: every kernel gives the integers of [`Kernel::Scalar`], bit for bit: addition that wraps does not depend on order, and
//! every rounding is written once, in `operations`.

mod operations;

/// A set of instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// Plain Rust: the specification.
    Scalar,
}

impl Kernel {
    /// The fastest that this processor has.
    pub fn best() -> Kernel {
        Kernel::Scalar
    }
}

/// For each operation, a function that takes the kernel first.
macro_rules! dispatched {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*);)*) => {$(
        $(#[$doc])*
        #[inline]
        pub(crate) fn $name(kernel: Kernel, $($argument: $type),*) {
            match kernel {
                Kernel::Scalar => operations::$name($($argument),*),
            }
        }
    )*};
}

operations::all!(dispatched);

#[cfg(test)]
mod tests;

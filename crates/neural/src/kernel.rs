//! Kernels: which instructions compute sums of products.
//!
//! In: 8-bit weights, 16-bit activations. Out: 32-bit sums that wrap.
//! Not here: scales and biases (`matrix`).
//! Holds: every kernel gives the sums of [`Kernel::Scalar`], bit for bit: addition that wraps does not depend on order.

/// A way to compute sums of products.
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

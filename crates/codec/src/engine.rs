//! The engine: what prices values, by level.
//!
//! In: nothing. Out: [`Engine`].
//! Not here: levels (`options`), how columns (`plan`), events (`events`) and other bytes (`packing`) are coded by each.
//! Holds: the engine follows from the level that the header names.

/// What prices the paths of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Context mixing, decision by decision.
    Mixing,
    /// Context mixing with more weights, fitted expectations, and contexts that were tried.
    Deep,
    /// Static histograms, many values at a time.
    Histograms,
}

impl Engine {
    /// Bytes of values that a plan is made from, at most.
    pub(crate) fn sample_bytes(self) -> u64 {
        match self {
            Engine::Mixing | Engine::Deep => 64 << 20,
            Engine::Histograms => 4 << 20,
        }
    }
}

//! What can be wrong with a formula that is read or made.
//!
//! In: nothing. Out: [`FormulaError`].
//! Not here: who finds it (`wire`, `smooth`).
//! Holds: small; the level that knows the column adds which one.

/// Why bytes are not a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormulaError {
    /// The bytes end within the formula.
    #[error("the formula ends early")]
    Truncated,
    /// A newer writer, or no writer at all.
    #[error("formula number {0} is not known")]
    UnknownFormula(u8),
    /// A newer writer, or no writer at all.
    #[error("function number {0} is not known")]
    UnknownFunction(u8),
    /// A number of inputs, a sign or a flag that no writer produces.
    #[error("the shape of the formula is impossible")]
    Shape,
    /// A constant that is not finite.
    #[error("a constant of the formula is not finite")]
    Constant,
    /// Knots that do not rise, or too many.
    #[error("the knots of the curve do not rise or do not fit the coefficients")]
    Knots,
}

//! Errors: why a text is no observable.
//!
//! In: what the parser met. Out: [`ObservableError`].
//! Not here: parsing (`parse`).
//! Holds: every error knows its place.

/// Why a text is no observable. Places are characters of the text, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObservableError {
    /// Something else should stand here.
    #[error("character {at}: {wanted} is expected, not {found}")]
    Expected {
        /// The place.
        at: usize,
        /// What should be there.
        wanted: &'static str,
        /// What is there.
        found: String,
    },
    /// Digits that are no number.
    #[error("character {at}: {text} is no number")]
    Number {
        /// The place.
        at: usize,
        /// What stands there.
        text: String,
    },
    /// A name in backticks that never ends, or is empty.
    #[error("character {at}: a name in backticks ends with a second backtick and is not empty")]
    Backtick {
        /// The place of the first backtick.
        at: usize,
    },
    /// A function that there is not.
    #[error("character {at}: there is no function {name}; there are {known}")]
    NoSuchFunction {
        /// The place of the name.
        at: usize,
        /// The name.
        name: String,
        /// All names.
        known: String,
    },
    /// Too many arguments, or too few.
    #[error("character {at}: {name} takes {takes}, not {given}")]
    Arguments {
        /// The place of the name.
        at: usize,
        /// The function.
        name: String,
        /// How many it takes, in words.
        takes: &'static str,
        /// How many there are.
        given: usize,
    },
    /// Parentheses in parentheses without end.
    #[error("character {at}: nested too deeply")]
    TooDeep {
        /// The place.
        at: usize,
    },
    /// The same number for every row.
    #[error("character {at}: an observable depends on a column, and there is no column here")]
    NoColumn {
        /// Where the expression begins.
        at: usize,
    },
}

impl ObservableError {
    /// The place, in characters from 1.
    pub fn at(&self) -> usize {
        match self {
            ObservableError::Expected { at, .. }
            | ObservableError::Number { at, .. }
            | ObservableError::Backtick { at }
            | ObservableError::NoSuchFunction { at, .. }
            | ObservableError::Arguments { at, .. }
            | ObservableError::TooDeep { at }
            | ObservableError::NoColumn { at } => *at,
        }
    }
}

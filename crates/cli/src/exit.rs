//! Exit codes, and failures that become them.
//!
//! In: errors of the library and the system. Out: a code and one line.
//! Not here: printing (`console`).
//! Holds: a code never changes its meaning; `hepz help exit-codes` prints this table.

use hepz::networks::ModelError;
use hepz::{ArchiveError, CompressError};
use std::io;

/// How the command ends. With several files, the highest code of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Ok = 0,
    /// A file could not be read or written.
    Io = 1,
    /// The command was not understood, or cannot be applied to these files.
    Usage = 2,
    /// An archive ends early.
    Truncated = 3,
    /// An archive is damaged.
    Corrupt = 4,
    /// An archive was written by a later version.
    TooNew = 5,
    /// An archive asks for more than is allowed.
    OverLimit = 6,
    /// An archive needs other model weights.
    WrongModel = 7,
    /// What was written does not read back as the original, or an archive is not what `verify` compares it with.
    VerifyFailed = 8,
    /// The file is no archive of hepz.
    NotAnArchive = 9,
    /// A damaged archive was salvaged, and something is missing.
    Salvaged = 10,
}

/// The codes, what they mean and whose move it is.
pub const TABLE: [(Exit, &str, &str); 11] = [
    (Exit::Ok, "everything was done", ""),
    (Exit::Io, "a file could not be read or written", "look at the path, permissions and space"),
    (Exit::Usage, "the command was not understood or does not fit the files", "see hepz help"),
    (Exit::Truncated, "an archive ends early", "fetch it again, or wait for its writer"),
    (Exit::Corrupt, "an archive is damaged", "restore it from another copy"),
    (Exit::TooNew, "an archive was written by a later version", "upgrade hepz"),
    (
        Exit::OverLimit,
        "an archive asks for more than is allowed",
        "raise the limit (--memory) if you trust it",
    ),
    (
        Exit::WrongModel,
        "an archive needs other model weights",
        "give the file of the one that it names (--model)",
    ),
    (
        Exit::VerifyFailed,
        "what was written does not read back as the original, or verify finds a difference",
        "report it; nothing was kept (verify: look whether it is the right original)",
    ),
    (Exit::NotAnArchive, "the file is no archive of hepz", "look at its name"),
    (
        Exit::Salvaged,
        "decompress --salvage: something of the file is lost",
        "see what; restore the archive from another copy if there is one",
    ),
];

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    fn advice(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }
}

/// Why one file was not done.
#[derive(Debug)]
pub struct Failure {
    /// The code.
    pub exit: Exit,
    /// One line; empty if there is nobody to read it.
    pub message: String,
}

impl Failure {
    /// The command does not fit the file.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Usage, message: message.into() }
    }

    /// The system refused.
    pub fn io(what: &str, error: &io::Error) -> Failure {
        // Whoever read our output has what was wanted; a message would only disturb.
        let nobody = error.kind() == io::ErrorKind::BrokenPipe;
        Failure { exit: Exit::Io, message: if nobody { String::new() } else { format!("{what}: {error}") } }
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Failure {
        let exit = match &error {
            ArchiveError::NotAnArchive => Exit::NotAnArchive,
            ArchiveError::Truncated { .. } => Exit::Truncated,
            ArchiveError::Corrupt { .. } => Exit::Corrupt,
            ArchiveError::TooNew { .. } => Exit::TooNew,
            ArchiveError::OverLimit { .. } => Exit::OverLimit,
            ArchiveError::MissingModel { .. } | ArchiveError::WrongModel { .. } => Exit::WrongModel,
            ArchiveError::VerifyFailed { .. } | ArchiveError::ContractBroken { .. } => Exit::VerifyFailed,
            ArchiveError::NoSuchColumn { .. }
            | ArchiveError::IsRefinement
            | ArchiveError::OtherBase { .. } => Exit::Usage,
            ArchiveError::Io(error) => return Failure::io("cannot read the archive", error),
            ArchiveError::Write(error) => return Failure::io("cannot write the output", error),
            _ => Exit::Io,
        };
        // These errors do not say whose move it is; the others do.
        let message = match exit {
            Exit::Truncated | Exit::Corrupt | Exit::WrongModel | Exit::NotAnArchive => {
                format!("{error}; {}", exit.advice())
            }
            _ => error.to_string(),
        };
        Failure { exit, message }
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Failure {
        let exit = match &error {
            ModelError::NotAModel => Exit::Usage,
            ModelError::Truncated { .. } => Exit::Truncated,
            ModelError::TooNew { .. } => Exit::TooNew,
            _ => Exit::Corrupt,
        };
        Failure { exit, message: error.to_string() }
    }
}

impl From<CompressError> for Failure {
    fn from(error: CompressError) -> Failure {
        let exit = match &error {
            CompressError::Read(error) => return Failure::io("cannot read the input", error),
            CompressError::Write(error) => return Failure::io("cannot write the archive", error),
            CompressError::Layout(_)
            | CompressError::NotRounded { .. }
            | CompressError::NothingToRound
            | CompressError::NoByteModel => Exit::Usage,
            CompressError::Verify(_) => Exit::VerifyFailed,
            _ => Exit::Io,
        };
        Failure { exit, message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_row_in_order() {
        let codes: Vec<u8> = TABLE.iter().map(|row| row.0.code()).collect();
        assert_eq!(codes, (0..11).collect::<Vec<u8>>());
    }
}

//! Sections: the kinds of section that an archive holds, each number written once.
//!
//! In: nothing. Out: [`Kind`].
//! Not here: how sections are framed (`hepz-container`), what each holds (its own module; `FORMAT.md`).
//! Holds: numbers never change meaning; rows are appended.

use hepz_container::FormatVersion;

/// The first version whose schema has frames.
pub(crate) const FRAMES_VERSION: FormatVersion = FormatVersion { major: 0, minor: 3 };

/// What is written unless an archive needs more.
pub(crate) const PLAIN_VERSION: FormatVersion = FormatVersion { major: 0, minor: 5 };

/// The first version that may have networks; written where there are any.
pub(crate) const NETWORKS_VERSION: FormatVersion = FormatVersion { major: 0, minor: 6 };

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Name, level, format: first.
    Header = 1,
    /// Tables, runs, opened blocks, chunk borders.
    Schema = 2,
    /// What it takes to close opened blocks again; tag = first block.
    Recipes = 3,
    /// Bytes outside every column; tag = position among all such bytes.
    Skeleton = 4,
    /// How each column is coded.
    Plan = 5,
    /// Streams of one chunk; tag = its number.
    Chunk = 6,
    /// What columns that share a stream cost.
    Prices = 7,
    /// Length and sums of the original file.
    Original = 8,
    /// Which format of event records the file is.
    EventFormat = 9,
    /// Some events; tag = number of the chunk.
    Events = 10,
    /// What makes the file of its text again.
    Wrapper = 11,
    /// How the columns are printed as the text that the file is.
    TextTable = 12,
    /// What holds between the file and the one that it was rounded from.
    Contracts = 13,
    /// Of which base archive this is the refinement, and what else differs.
    Refinement = 14,
    /// Networks, or which ones; tag = number of the model, from 0. In front of what needs it, so anywhere.
    Model = 15,
}

impl Kind {
    /// Every kind, by number.
    pub(crate) const ALL: [Kind; 15] = [
        Kind::Header,
        Kind::Schema,
        Kind::Recipes,
        Kind::Skeleton,
        Kind::Plan,
        Kind::Chunk,
        Kind::Prices,
        Kind::Original,
        Kind::EventFormat,
        Kind::Events,
        Kind::Wrapper,
        Kind::TextTable,
        Kind::Contracts,
        Kind::Refinement,
        Kind::Model,
    ];

    /// The wire number.
    pub(crate) fn id(self) -> u8 {
        self as u8
    }

    /// The name that `inspect` and errors use.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Header => "header",
            Kind::Schema => "schema",
            Kind::Plan => "plan",
            Kind::Recipes => "recipes",
            Kind::Skeleton => "skeleton",
            Kind::Chunk => "chunk",
            Kind::Prices => "prices",
            Kind::Original => "original",
            Kind::EventFormat => "event format",
            Kind::Events => "events",
            Kind::Wrapper => "wrapper",
            Kind::TextTable => "text table",
            Kind::Contracts => "contracts",
            Kind::Refinement => "refinement",
            Kind::Model => "model",
        }
    }

    /// The kind of a wire number.
    pub(crate) fn from_id(id: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn the_specification_lists_every_kind_with_its_number() {
        let specification = include_str!("../FORMAT.md");
        for kind in Kind::ALL {
            let row = format!("| {} | `{}` |", kind.id(), kind.name());
            assert!(specification.contains(&row), "FORMAT.md lacks the row {row}");
        }
    }
}

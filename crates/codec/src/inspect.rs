//! Inspection: what each column of an archive costs, and how it is coded.
//!
//! In: an open archive. Out: an [`Inspection`] of plain structs.
//! Not here: printing it (`hepz-cli`).
//! Holds: the sizes of all sections and the frame around them add up to the archive.

/// What an archive is made of.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Inspection {
    /// Length of the original file.
    pub original_bytes: u64,
    /// Length of the archive.
    pub archive_bytes: u64,
    /// Number of chunks.
    pub chunks: u64,
    /// Every column, in file order.
    pub columns: Vec<ColumnInspection>,
    /// Every kind of section, in the order of their numbers; the last row, `frame`, is what holds them together.
    pub sections: Vec<SectionInspection>,
}

/// What one column costs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ColumnInspection {
    /// Name of its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Its unit, empty if the file does not say.
    pub unit: String,
    /// Its type: `f4`, `i8`, `bool`.
    pub scalar: &'static str,
    /// Number of values.
    pub rows: u64,
    /// Bytes in the original file, uncompressed.
    pub raw_bytes: u64,
    /// Bytes in the archive; for columns that share a stream, as priced when written.
    pub archive_bytes: f64,
    /// Archive bits per value.
    pub bits_per_value: f64,
    /// What is done to the values before they are modelled.
    pub transform: String,
    /// What the model looks at.
    pub contexts: Vec<String>,
}

/// What one kind of section costs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SectionInspection {
    /// The kind's name.
    pub kind: &'static str,
    /// Number of such sections.
    pub count: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
}

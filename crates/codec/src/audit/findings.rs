//! Findings: what an audit says, in plain structs.
//!
//! In: nothing. Out: [`Audit`] and what it consists of, [`AuditOptions`].
//! Not here: how it is found (`planes`, `grid`, `copies`), columns by type (`kinds`).
//! Holds: shares of a plane add up to one.

use crate::Level;
use crate::plan::ColumnId;
use hepz_columns::{Scalar, Table};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditOptions {
    /// Names or patterns (`*`, `?`) of columns, with or without their table in front; all if empty.
    pub columns: Vec<String>,
    /// Mantissa bits to be kept, for each of which truncation is judged.
    pub kept_bits: Vec<u32>,
    /// Level whose planner looks for relations.
    pub level: Level,
}

impl Default for AuditOptions {
    fn default() -> AuditOptions {
        AuditOptions { columns: Vec::new(), kept_bits: vec![7, 10, 13], level: Level::Default }
    }
}

/// How a bit can be known before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BitClass {
    /// The same in all values: a hidden grid of powers of two, an earlier truncation, a sign that never changes.
    Fixed,
    /// Told by the upper bits of the value, because only numbers of a grid occur.
    Grid,
    /// Stands elsewhere: in another column, or another row.
    Duplicate,
    /// Told by a formula over other columns.
    Derivable,
    /// More likely one way than the other, by upper bits or other columns.
    Predictable,
    /// As likely set as not.
    Noise,
}

/// One bit plane of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plane {
    /// Share of its bits in each [`BitClass`], in that order; the sum is 1. Of predictable bits the share counts that is told.
    pub shares: [f64; 6],
    /// What a bit costs, in bits: measured on rows that were not learnt from.
    pub price: f64,
}

/// What dropping the lower bits of the mantissa would do.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Truncation {
    /// Bits of the mantissa that stay.
    pub kept_bits: u32,
    /// Bits that go, of each value.
    pub dropped_bits: f64,
    /// What these cost now, of each value.
    pub saved_bits: f64,
    /// The same, of all values of the column, in bytes.
    pub saved_bytes: f64,
    /// Of the bits that go, those that follow from what stays in the column itself.
    pub recoverable_bits: f64,
    /// The same with other columns, while these keep all their bits.
    pub recoverable_with_sources_bits: f64,
}

/// A relation that gives bits of a column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuditedRelation {
    /// Whether it gives values that stand elsewhere, or computes them.
    pub class: BitClass,
    /// In words.
    pub words: String,
    /// The columns that it needs.
    pub sources: Vec<ColumnId>,
    /// Share of the values that it gives to the last bit.
    pub exact: f64,
    /// Units in the last place by which half of the values are off at most.
    pub median_ulp: u64,
}

/// What was found in a column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuditedColumn {
    /// The column.
    pub id: ColumnId,
    /// Name of its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Its type.
    pub scalar: Scalar,
    /// Number of values.
    pub rows: u64,
    /// Values that were looked at; shares of bits are those of the values that are not special.
    pub audited_rows: u64,
    /// Bits per value in the archive, of an archive.
    pub archive_bits: Option<f64>,
    /// Special values and the share of each.
    pub specials: Vec<(f64, f64)>,
    /// All values are this one.
    pub constant: Option<f64>,
    /// Which numbers occur, in words; the widest claim first.
    pub grids: Vec<String>,
    /// What gives its bits.
    pub relations: Vec<AuditedRelation>,
    /// Bit planes from the sign down; none if too few values are not special.
    pub planes: Vec<Plane>,
    /// Judged truncations.
    pub truncations: Vec<Truncation>,
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Audit {
    /// The file's format, empty if none was recognised.
    pub format: String,
    /// Length of the file.
    pub original_bytes: u64,
    /// Length of the archive, if that is what was audited.
    pub archive_bytes: Option<u64>,
    /// Bytes of values that were looked at.
    pub audited_bytes: u64,
    /// The tables of the file.
    pub tables: Vec<Table>,
    /// Every float column that was asked for.
    pub columns: Vec<AuditedColumn>,
}

impl AuditedColumn {
    /// The planes of the mantissa.
    pub fn mantissa(&self) -> &[Plane] {
        let bits = self.scalar.mantissa_bits().unwrap_or(0) as usize;
        self.planes.get(self.planes.len().saturating_sub(bits)..).unwrap_or_default()
    }

    /// Bits of the mantissa in each class, of each value.
    pub fn mantissa_bits(&self) -> [f64; 6] {
        let mut sums = [0.0; 6];
        for plane in self.mantissa() {
            sums.iter_mut().zip(plane.shares).for_each(|(sum, share)| *sum += share);
        }
        sums
    }

    /// Bits of the mantissa that are not the same in all values.
    pub fn live_bits(&self) -> u32 {
        self.mantissa().iter().filter(|plane| plane.class() != BitClass::Fixed).count() as u32
    }
}

impl BitClass {
    /// All classes, surest first.
    pub const ALL: [BitClass; 6] = [
        BitClass::Fixed,
        BitClass::Grid,
        BitClass::Duplicate,
        BitClass::Derivable,
        BitClass::Predictable,
        BitClass::Noise,
    ];

    /// As JSON calls it.
    pub fn name(self) -> &'static str {
        match self {
            BitClass::Fixed => "fixed",
            BitClass::Grid => "grid",
            BitClass::Duplicate => "duplicate",
            BitClass::Derivable => "derivable",
            BitClass::Predictable => "predictable",
            BitClass::Noise => "noise",
        }
    }

    /// One character for a plane.
    pub fn letter(self) -> char {
        match self {
            BitClass::Fixed => '0',
            BitClass::Grid => 'g',
            BitClass::Duplicate => 'c',
            BitClass::Derivable => 'd',
            BitClass::Predictable => 'p',
            BitClass::Noise => 'n',
        }
    }
}

impl Plane {
    /// The class that most of its bits have; the surest of equals.
    pub fn class(&self) -> BitClass {
        let mut best = (0.0, BitClass::Fixed);
        for (class, share) in BitClass::ALL.into_iter().zip(self.shares) {
            if share > best.0 {
                best = (share, class);
            }
        }
        best.1
    }
}

//! What a byte model is told: its memory and what the bytes look like.
//!
//! In: bytes to look at, or four stored bytes. Out: [`ByteConfig`].
//! Not here: the search for records (`stride`).
//! Holds: four bytes on disk; a decoder refuses what it does not know instead of guessing.
//! Source: our own; this is the one place where the four bytes are defined.

use super::alphabet::Alphabet;
use super::stride::{detect_stride, looks_like_text};

/// Tables are at least this large.
const MIN_LOG2: u8 = 14;
/// Tables are at most this large.
const MAX_LOG2: u8 = 26;
/// What the first stored byte may be.
const BINARY: u8 = 0;
const TEXT: u8 = 1;
const NUMBERS: u8 = 2;
/// Added to it: bytes of long repeats are one decision each.
const WHOLE_BYTES: u8 = 0x80;

/// What the bytes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    Binary { record_stride: u16 },
    Text,
    Numbers { extra_symbols: [u8; 2] },
}

/// What a byte model is told.
///
/// Four bytes on disk: shape (0 binary, 1 text, 2 printed numbers; 128 more if bytes of long repeats are one decision each), log2 of the table's bytes, and two bytes that are the
/// record stride (little-endian, 0 for none) of binary, zero for text, and two symbols for printed numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByteConfig {
    log2_table_bytes: u8,
    shape: Shape,
    whole_bytes: bool,
}

/// Four bytes that name no byte model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteConfigError {
    /// The shape is of a later version. Upgrade.
    UnknownShape {
        /// The stored number.
        shape: u8,
    },
    /// The table would be larger or smaller than any writer asks for.
    TableSize {
        /// The stored logarithm.
        log2_table_bytes: u8,
    },
    /// Plain text has no detail.
    TextDetail {
        /// The stored bytes.
        detail: [u8; 2],
    },
}

impl std::fmt::Display for ByteConfigError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ByteConfigError::UnknownShape { shape } => {
                write!(
                    out,
                    "shape of a byte model: {shape} is not 0 (binary), 1 (text) or 2 (printed numbers)"
                )
            }
            ByteConfigError::TableSize { log2_table_bytes } => {
                write!(
                    out,
                    "log2 of a byte model's table: {log2_table_bytes} is outside {MIN_LOG2} to {MAX_LOG2}"
                )
            }
            ByteConfigError::TextDetail { detail } => {
                write!(out, "detail of a byte model of text: {detail:?} is not zero")
            }
        }
    }
}

impl std::error::Error for ByteConfigError {}

impl ByteConfig {
    /// A model with `2^log2_table_bytes` bytes of table (14 to 26; others are moved to the nearer end).
    pub fn binary(log2_table_bytes: u8, record_stride: Option<u16>) -> ByteConfig {
        ByteConfig::new(log2_table_bytes, Shape::Binary { record_stride: record_stride.unwrap_or(0) })
    }

    /// A model for lines, fields and tokens.
    pub fn text(log2_table_bytes: u8) -> ByteConfig {
        ByteConfig::new(log2_table_bytes, Shape::Text)
    }

    /// A model for text that is mostly digits, signs, points, ends of lines and the two symbols given.
    pub fn numbers(log2_table_bytes: u8, extra_symbols: [u8; 2]) -> ByteConfig {
        ByteConfig::new(log2_table_bytes, Shape::Numbers { extra_symbols })
    }

    fn new(log2_table_bytes: u8, shape: Shape) -> ByteConfig {
        ByteConfig { log2_table_bytes: log2_table_bytes.clamp(MIN_LOG2, MAX_LOG2), shape, whole_bytes: false }
    }

    /// The same with bytes of long repeats in one decision each: several times faster where much repeats.
    #[must_use]
    pub fn with_whole_bytes(self) -> ByteConfig {
        ByteConfig { whole_bytes: true, ..self }
    }

    pub(super) fn codes_whole_bytes(self) -> bool {
        self.whole_bytes
    }

    /// Looks at all or the beginning of what will be coded; `len` bytes will be.
    pub fn for_sample(sample: &[u8], len: usize) -> ByteConfig {
        // A byte meets 12 to 24 slots of 16 bytes, of which about half are new.
        let wanted_bytes = len.saturating_mul(128).max(1);
        let log2 = (usize::BITS - (wanted_bytes - 1).leading_zeros()).min(24) as u8;
        if !looks_like_text(sample) {
            return ByteConfig::binary(log2, detect_stride(sample));
        }
        let mut counts = [0u32; 256];
        for &byte in sample {
            let count = &mut counts[usize::from(byte)];
            *count = count.saturating_add(1);
        }
        let (extra_symbols, covered) = Alphabet::choose(&counts);
        // An escape makes twelve decisions of eight, a symbol four.
        if covered as usize >= sample.len() / 4 * 3 {
            ByteConfig::numbers(log2, extra_symbols)
        } else {
            ByteConfig::text(log2)
        }
    }

    /// As stored.
    pub fn to_bytes(self) -> [u8; 4] {
        let (shape, [low, high]) = match self.shape {
            Shape::Binary { record_stride } => (BINARY, record_stride.to_le_bytes()),
            Shape::Text => (TEXT, [0, 0]),
            Shape::Numbers { extra_symbols } => (NUMBERS, extra_symbols),
        };
        [shape | if self.whole_bytes { WHOLE_BYTES } else { 0 }, self.log2_table_bytes, low, high]
    }

    /// From what [`Self::to_bytes`] gave.
    ///
    /// # Errors
    /// [`ByteConfigError`] names the field that no writer of this version stores.
    pub fn from_bytes(bytes: [u8; 4]) -> Result<ByteConfig, ByteConfigError> {
        let [shape, log2_table_bytes, low, high] = bytes;
        let whole_bytes = shape & WHOLE_BYTES != 0;
        if !(MIN_LOG2..=MAX_LOG2).contains(&log2_table_bytes) {
            return Err(ByteConfigError::TableSize { log2_table_bytes });
        }
        let shape = match (shape & !WHOLE_BYTES, [low, high]) {
            (BINARY, detail) => Shape::Binary { record_stride: u16::from_le_bytes(detail) },
            (TEXT, [0, 0]) => Shape::Text,
            (TEXT, detail) => return Err(ByteConfigError::TextDetail { detail }),
            (NUMBERS, extra_symbols) => Shape::Numbers { extra_symbols },
            _ => return Err(ByteConfigError::UnknownShape { shape: bytes[0] }),
        };
        Ok(ByteConfig { log2_table_bytes, shape, whole_bytes })
    }

    /// Logarithm of the table's bytes.
    pub fn log2_table_bytes(self) -> u8 {
        self.log2_table_bytes
    }

    /// Bytes from one record to the next, if the bytes are a table of records.
    pub fn record_stride(self) -> Option<u16> {
        match self.shape {
            Shape::Binary { record_stride } if record_stride > 0 => Some(record_stride),
            _ => None,
        }
    }

    /// The bytes are lines of fields.
    pub fn is_text(self) -> bool {
        !matches!(self.shape, Shape::Binary { .. })
    }

    pub(super) fn extra_symbols(self) -> Option<[u8; 2]> {
        match self.shape {
            Shape::Numbers { extra_symbols } => Some(extra_symbols),
            _ => None,
        }
    }
}

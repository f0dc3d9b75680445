//! Prices: where the bytes of an archive by hepz go.
//!
//! In: an open archive. Out: [`Prices`]: its columns, or its sections if it has no columns.
//! Not here: how prices are known (`hepz`), the chart (`page`).
//! Holds: dearest first; equal prices keep the order of the file.

use crate::{EvaluationError, Rival};
use hepz::Archive;
use std::path::Path;

/// Where the bytes of an archive go.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Prices {
    /// The file.
    pub file: String,
    /// Length of the archive.
    pub archive_bytes: u64,
    /// What is listed: `columns` or `sections`.
    pub of: &'static str,
    /// Everything that is listed, dearest first.
    pub items: Vec<Price>,
}

/// What one column or section costs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Price {
    /// Its name; of a column, with its table.
    pub name: String,
    /// Bytes in the archive.
    pub archive_bytes: f64,
    /// Archive bits per value, of a column.
    pub bits_per_value: Option<f64>,
    /// How a column is coded.
    pub transform: String,
}

impl Prices {
    /// Of an archive.
    pub(crate) fn of(file: &Path, archive: &Archive<'_>) -> Result<Prices, EvaluationError> {
        let inspection = archive.inspect().map_err(|error| EvaluationError::failed(Rival::HEPZ, error))?;
        let columns = inspection.columns.into_iter().map(|column| Price {
            name: format!("{}/{}", column.table, column.name),
            archive_bytes: column.archive_bytes,
            bits_per_value: Some(column.bits_per_value).filter(|bits| bits.is_finite()),
            transform: column.transform,
        });
        let mut of = "columns";
        let mut items: Vec<Price> = columns.collect();
        if items.is_empty() {
            of = "sections";
            let sections = inspection.sections.into_iter().map(|section| Price {
                name: section.kind.to_owned(),
                archive_bytes: section.bytes as f64,
                bits_per_value: None,
                transform: String::new(),
            });
            items.extend(sections);
        }
        items.sort_by(|a, b| b.archive_bytes.total_cmp(&a.archive_bytes));
        Ok(Prices { file: file.display().to_string(), archive_bytes: inspection.archive_bytes, of, items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hepz::{CompressOptions, Limits, Memory};

    fn prices(file: &[u8]) -> Prices {
        let mut archive = Vec::new();
        hepz::compress(&Memory(file), &mut archive, &CompressOptions::new()).unwrap();
        let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
        Prices::of(Path::new("f"), &archive).unwrap()
    }

    #[test]
    fn columns_are_listed_dearest_first_and_sections_where_there_are_none() {
        let of_table = prices(&crate::small_table());
        assert_eq!((of_table.of, of_table.items.len()), ("columns", 4));
        assert!(of_table.items.windows(2).all(|pair| pair[0].archive_bytes >= pair[1].archive_bytes));
        assert!(
            of_table.items.iter().map(|item| item.archive_bytes).sum::<f64>()
                <= of_table.archive_bytes as f64
        );
        assert_eq!(prices(b"no columns here").of, "sections");
    }
}

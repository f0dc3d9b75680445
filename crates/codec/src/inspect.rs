//! Inspection: what each column of an archive costs, and how it is coded.
//!
//! In: an open archive. Out: an [`Inspection`] of plain structs.
//! Not here: printing it (`hepz-cli`).
//! Holds: the sizes of all sections and the frame around them add up to the archive.

use crate::packing;
use crate::prices::shares;
use crate::sections::Kind;
use crate::{Archive, ArchiveError, ColumnId, streams};

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
    /// Every model that the archive uses, by number.
    pub models: Vec<ModelInspection>,
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
    /// What was promised of its values, if they were rounded.
    pub contract: Option<String>,
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

/// What one model costs and saves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelInspection {
    /// Its identity.
    pub id: [u8; 32],
    /// True if the archive carries it, false if it only names it.
    pub embedded: bool,
    /// `bytes` or `values`; empty if it is not at hand.
    pub kind: &'static str,
    /// Its description, empty if it is not at hand.
    pub description: String,
    /// Bytes of its section.
    pub bytes: u64,
    /// What it saved in sections of bytes against counters alone, as counted when written; its own bytes are not taken off.
    pub saved_bytes: u64,
}

/// A packed payload says within so many bytes what a network saved.
const FRONT_BYTES: u64 = 32;

impl Archive<'_> {
    fn model_inspections(&self) -> Result<Vec<ModelInspection>, ArchiveError> {
        let known = self.models().unwrap_or_default();
        let mut inspections = Vec::new();
        for (at, (id, embedded)) in self.model_ids()?.into_iter().enumerate() {
            let section = self.numbers(Kind::Model).nth(at).and_then(|number| self.sections().get(number));
            let model = known.get(at);
            inspections.push(ModelInspection {
                id,
                embedded,
                kind: model.map_or("", |model| model.kind()),
                description: model.map_or_else(String::new, |model| model.description().to_owned()),
                bytes: section.map_or(0, |section| section.bytes),
                saved_bytes: 0,
            });
        }
        if inspections.is_empty() {
            return Ok(inspections);
        }
        for number in self.numbers(Kind::Skeleton) {
            let bytes = self.sections().get(number).map_or(0, |section| section.bytes);
            let front = self.part(number, 0..bytes.min(FRONT_BYTES))?;
            let Some((model, saved)) = packing::saved_by_network(&front, bytes) else { continue };
            let model = usize::try_from(model).ok().and_then(|model| inspections.get_mut(model));
            if let Some(model) = model {
                model.saved_bytes = model.saved_bytes.saturating_add(saved);
            }
        }
        Ok(inspections)
    }

    /// What each column and each kind of section costs.
    ///
    /// # Errors
    /// What reading the chunks' directories meets.
    pub fn inspect(&self) -> Result<Inspection, ArchiveError> {
        let column_bytes = self.column_bytes()?;
        let contracts = self.contracts()?.unwrap_or_default();
        let mut columns = Vec::new();
        for (table, (t, bytes)) in self.tables().iter().zip(&column_bytes).enumerate() {
            for (column, (c, &archive_bytes)) in t.columns.iter().zip(bytes).enumerate() {
                let id = ColumnId { table: table as u32, column: column as u32 };
                let description =
                    self.plan.as_ref().map(|plan| plan.describe(self.tables(), id)).unwrap_or_default();
                columns.push(ColumnInspection {
                    table: t.name.clone(),
                    name: c.name.clone(),
                    unit: c.unit.clone(),
                    scalar: c.scalar.name(),
                    rows: t.rows,
                    raw_bytes: t.rows * c.scalar.bytes() as u64,
                    archive_bytes,
                    bits_per_value: 8.0 * archive_bytes / t.rows as f64,
                    transform: description.transform,
                    contract: contracts.of.get(&id).map(ToString::to_string),
                    contexts: description.contexts,
                });
            }
        }
        let mut sections: Vec<SectionInspection> = Kind::ALL
            .into_iter()
            .map(|kind| SectionInspection {
                kind: kind.name(),
                count: self.numbers(kind).count() as u64,
                bytes: self
                    .numbers(kind)
                    .filter_map(|number| self.sections().get(number))
                    .map(|s| s.bytes)
                    .sum(),
            })
            .filter(|row| row.count > 0)
            .collect();
        let payloads: u64 = sections.iter().map(|row| row.bytes).sum();
        let frame = self.archive_bytes().saturating_sub(payloads);
        sections.push(SectionInspection { kind: "frame", count: 1, bytes: frame });
        Ok(Inspection {
            original_bytes: self.header().original_bytes,
            archive_bytes: self.archive_bytes(),
            chunks: self.chunks.len() as u64,
            columns,
            sections,
            models: self.model_inspections()?,
        })
    }

    /// Archive bytes of every column, with its share of the directories.
    fn column_bytes(&self) -> Result<Vec<Vec<f64>>, ArchiveError> {
        let mut bytes: Vec<Vec<f64>> = self.tables().iter().map(|t| vec![0.0; t.columns.len()]).collect();
        let Some(plan) = &self.plan else { return Ok(bytes) };
        let count = plan.stream_count();
        let mut stream_bytes = vec![0u64; count];
        for &number in &self.chunks {
            let payload_bytes = self.sections().get(number).map_or(0, |section| section.bytes);
            let front = (count.saturating_mul(streams::ENTRY_MAX_BYTES) as u64).min(payload_bytes);
            let front = self.part(number, 0..front)?;
            let entries = streams::directory(&front, count, payload_bytes)
                .map_err(|error| ArchiveError::corrupt("chunk", self.at(number), error.what()))?;
            for (sum, entry) in stream_bytes.iter_mut().zip(entries) {
                *sum += entry.range.end - entry.range.start;
            }
        }
        let mut add = |id: ColumnId, more: f64| {
            if let Some(sum) = bytes.get_mut(id.table as usize).and_then(|t| t.get_mut(id.column as usize)) {
                *sum += more;
            }
        };
        let prices = match self.numbers(Kind::Prices).next() {
            Some(number) => self.unpacked(number, self.limits.memory_bytes)?,
            None => Vec::new(),
        };
        for (stream, &total) in stream_bytes.iter().enumerate() {
            if let [only] = plan.stream_columns(stream)[..] {
                add(only, total as f64);
            }
        }
        for (stream, columns) in shares(plan, &prices) {
            let total = stream_bytes.get(stream).copied().unwrap_or(0) as f64;
            columns.into_iter().for_each(|(id, share)| add(id, total * share));
        }
        Ok(bytes)
    }
}

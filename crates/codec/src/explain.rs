//! Explanations: what was found in a file, and what costs most.
//!
//! In: an archive, or any file, of which a plan is made and a sample is priced. Out: an [`Explanation`] of plain structs.
//! Not here: printing it (`hepz-cli`), what the plan says in words (`plan::facts`).
//! Holds: nothing is written; of a file prices are those of a sample, of an archive what its streams take.

use crate::chunks::{CHUNK_BYTES, Cuts, total_bytes};
use crate::contents::{Contents, Held, Laid, with_contents};
use crate::events::EventsInspection;
use crate::plan::{ColumnFacts, ColumnId, Plan, Sample, TableLink};
use crate::{Archive, ArchiveError, CompressOptions, Level, Limits, Memory, SectionInspection};
use hepz_columns::{Table, Values};
use hepz_formats::Source;

/// Bytes of a file whose columns are priced: enough for models to learn, a few seconds.
const PRICED_BYTES: u64 = 8 << 20;

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The file's format, empty if none was recognised.
    pub format: String,
    /// Length of the file.
    pub original_bytes: u64,
    /// Length of the archive, if that is what was explained.
    pub archive_bytes: Option<u64>,
    /// For a file: how many bytes of its values were coded for the prices.
    pub priced_bytes: Option<u64>,
    /// The tables.
    pub tables: Vec<ExplainedTable>,
    /// How rows of tables belong together.
    pub links: Vec<TableLink>,
    /// What an archive consists of.
    pub sections: Vec<SectionInspection>,
    /// Of an event record: what each law costs, of all events or of the first ones.
    pub events: Option<EventsInspection>,
    /// Bytes of the file that lie outside all columns, its compressed blocks opened; none for event records.
    pub other_bytes: Option<u64>,
    /// What the writer or reader had to say.
    pub notes: Vec<String>,
}

/// What was found in a table.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ExplainedTable {
    /// Its name.
    pub name: String,
    /// Number of rows.
    pub rows: u64,
    /// Its columns.
    pub columns: Vec<ExplainedColumn>,
}

/// What was found in a column.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ExplainedColumn {
    /// Its name.
    pub name: String,
    /// Its unit, empty if the file does not say.
    pub unit: String,
    /// Its type.
    pub scalar: &'static str,
    /// Its values are labels, by number.
    pub labels: Option<u64>,
    /// Archive bits per value.
    pub bits_per_value: f64,
    /// Archive bytes of the whole column.
    pub archive_bytes: f64,
    /// What the plan knows.
    pub facts: ColumnFacts,
}

/// Looks at a file or an archive and says what there is.
///
/// # Errors
/// What reading meets.
pub fn explain(source: &dyn Source, level: Level, limits: Limits) -> Result<Explanation, ArchiveError> {
    with_contents(source, limits, |contents| match &contents.held {
        Held::Archive(archive) => of_archive(archive),
        Held::Tables(laid) => of_tables(source.len(), laid, contents, level),
        Held::Events(text, _) => of_events(source.len(), *text, contents, level),
    })
}

fn of_archive(archive: &Archive<'_>) -> Result<Explanation, ArchiveError> {
    let inspection = archive.inspect()?;
    let mut costs = inspection.columns.iter().map(|column| column.archive_bytes);
    let labels = |id| archive.labels(id);
    let tables = archive.tables();
    let tables = explained(tables, archive.plan.as_ref(), &labels, &mut |_| costs.next().unwrap_or(0.0));
    let other_bytes =
        archive.schema.as_ref().map(|schema| schema.image_bytes.saturating_sub(total_bytes(&schema.tables)));
    let plain = archive.event_format.is_none().then_some(archive.sums.bytes);
    Ok(Explanation {
        format: archive.header().format.clone(),
        original_bytes: archive.sums.bytes,
        archive_bytes: Some(archive.archive_bytes()),
        tables,
        links: archive.plan.as_ref().map(Plan::table_links).unwrap_or_default(),
        sections: inspection.sections,
        events: archive.inspect_events()?,
        other_bytes: other_bytes.or(plain),
        notes: archive.header().notes.clone(),
        ..Explanation::default()
    })
}

fn of_tables(
    original_bytes: u64,
    laid: &Laid<'_>,
    contents: &Contents<'_>,
    level: Level,
) -> Result<Explanation, ArchiveError> {
    let tables = &laid.tables;
    let mut found = Explanation {
        format: contents.format.clone(),
        original_bytes,
        other_bytes: Some(laid.image.len().saturating_sub(total_bytes(tables))),
        notes: contents.notes.clone(),
        ..Explanation::default()
    };
    if tables.is_empty() {
        return Ok(found);
    }
    let engine = level.engine();
    let mut cuts = Cuts::even(tables, CHUNK_BYTES);
    crate::linked::link(&mut cuts, &laid.image, tables, &laid.shelf).map_err(ArchiveError::Io)?;
    let gather =
        |most| laid.shelf.gather(&laid.image, tables, &cuts.sample(tables, most)).map_err(ArchiveError::Io);
    let values = gather(engine.sample_bytes())?;
    let last_offsets = laid.shelf.last_offsets(&laid.image, tables).map_err(ArchiveError::Io)?;
    let plan = Plan::make(tables, &Sample { values, last_offsets, original: None }, engine);
    let priced = gather(PRICED_BYTES)?;
    let encoded = plan.encode(tables, &priced);
    let values = priced.columns.iter().flatten().flatten();
    found.priced_bytes = Some(values.map(|values| values.as_bytes().len() as u64).sum());
    let mut cost = |id: ColumnId| {
        let (table, column) = (id.table as usize, id.column as usize);
        let bits = encoded.column_bits.get(table).and_then(|table| table.get(column)).copied().unwrap_or(0);
        let held =
            priced.columns.get(table).and_then(|table| table.get(column)?.as_ref()).map_or(0, Values::len);
        let rows = tables.get(table).map_or(0, |table| table.rows);
        if held == 0 { 0.0 } else { bits as f64 / 8.0 * (rows as f64 / held as f64) }
    };
    let labels = |id| contents.labels(id);
    found.tables = explained(tables, Some(&plan), &labels, &mut cost);
    found.links = plan.table_links();
    Ok(found)
}

/// Of the first chunk of events.
fn of_events(
    original_bytes: u64,
    text: &dyn Source,
    contents: &Contents<'_>,
    level: Level,
) -> Result<Explanation, ArchiveError> {
    let Held::Events(_, format) = &contents.held else { return Ok(Explanation::default()) };
    let mut chunks = crate::events::text::Chunks::new(text, format);
    let first = chunks.next().map_err(ArchiveError::Io)?.unwrap_or_default();
    let mut options = CompressOptions::new();
    options.level = level;
    let mut archive = Vec::new();
    crate::compress(&Memory(&first), &mut archive, &options)
        .map_err(|error| ArchiveError::Io(std::io::Error::other(error)))?;
    let archive = Archive::from_bytes(&archive, Limits::default())?;
    Ok(Explanation {
        original_bytes,
        format: contents.format.clone(),
        priced_bytes: Some(first.len() as u64),
        events: archive.inspect_events()?,
        notes: contents.notes.clone(),
        ..Explanation::default()
    })
}

fn explained(
    tables: &[Table],
    plan: Option<&Plan>,
    labels: &dyn Fn(ColumnId) -> Option<Vec<String>>,
    cost: &mut dyn FnMut(ColumnId) -> f64,
) -> Vec<ExplainedTable> {
    let mut found = Vec::with_capacity(tables.len());
    for (index, table) in tables.iter().enumerate() {
        let columns = table.columns.iter().enumerate().map(|(at, column)| {
            let id = ColumnId { table: index as u32, column: at as u32 };
            let archive_bytes = cost(id);
            ExplainedColumn {
                name: column.name.clone(),
                unit: column.unit.clone(),
                scalar: column.scalar.name(),
                labels: labels(id).map(|labels| labels.len() as u64),
                bits_per_value: if table.rows == 0 { 0.0 } else { 8.0 * archive_bytes / table.rows as f64 },
                archive_bytes,
                facts: plan.map(|plan| plan.facts(tables, id)).unwrap_or_default(),
            }
        });
        found.push(ExplainedTable { name: table.name.clone(), rows: table.rows, columns: columns.collect() });
    }
    found
}

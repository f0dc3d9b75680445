//! `hepz inspect`: what each column costs, and how it is coded.
//!
//! In: archives. Out: a table of columns (with contexts if `-v`) and one of sections for each.
//! JSON: `file`, `original_bytes`, `archive_bytes`, `ratio`, `chunks`, `columns` (each `table`, `name`, `unit`, `type`,
//! `rows`, `raw_bytes`, `archive_bytes`, `bits_per_value`, `transform`, `contract`, `contexts`), `sections` (each `kind`, `count`,
//! `bytes`), `models` (each `id`, `kind`, `embedded`, `bytes`, `saved_bytes`), `laws` (each `law`, `bytes`, `numbers`, `saved_bytes`; null without --laws).
//! Of a model file: `file`, `model` (its identity), `kind`, `payload_bytes`, `networks`, `parameters` (null for value networks),
//! `checkpoint_columns`, `description`.
//! Not here: the figures themselves (`hepz`).
//! Holds: the sections add up to the archive.

use crate::arguments::InspectArguments;
use crate::cells::Cells;
use crate::console::{for_each, is_standard, print, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use hepz::Inspection;
use hepz::events::EventsInspection;
use hepz::networks::{MODEL_MAGIC, Model, Networks, id_text};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Runs the verb.
pub fn run(arguments: &InspectArguments) -> Exit {
    for_each(&arguments.files, |file| {
        if let Some(model) = model_file(file)? {
            return if arguments.talk.json {
                model_json(file, &model)
            } else {
                print(&model_text(file, &model))
            };
        }
        let archive = input::open_archive(file, arguments.memory.bytes, &arguments.models.given)?;
        let mut inspection = archive.inspect()?;
        if arguments.sort {
            // Stable, so columns of equal cost stay in the order of the file.
            inspection.columns.sort_by(|a, b| b.archive_bytes.total_cmp(&a.archive_bytes));
            inspection.sections.sort_by_key(|section| std::cmp::Reverse(section.bytes));
        }
        let events = if arguments.laws { archive.inspect_events()? } else { None };
        if arguments.laws && events.is_none() {
            return Err(Failure::usage("--laws is about event records (HepMC, LHE), and it holds none"));
        }
        if arguments.talk.json {
            print_json(file, &inspection, events.as_ref())
        } else {
            let laws = events.map_or(String::new(), |events| laws(&events));
            print(&(text(file, &inspection, arguments.talk.verbose) + &laws))
        }
    })
}

fn ratio(inspection: &Inspection) -> f64 {
    inspection.original_bytes as f64 / inspection.archive_bytes.max(1) as f64
}

fn text(file: &Path, inspection: &Inspection, verbose: bool) -> String {
    let (original, archive) = (inspection.original_bytes, inspection.archive_bytes);
    let mut text = format!(
        "{}: {original} -> {archive} bytes ({:.2}x), {} chunks\n",
        shown(file),
        ratio(inspection),
        inspection.chunks
    );
    if !inspection.columns.is_empty() {
        text.push('\n');
        text += &columns(inspection, verbose);
    }
    let mut cells = Cells::new(&["<section", "count", "bytes", "share"]);
    for section in &inspection.sections {
        let share = 100.0 * section.bytes as f64 / archive.max(1) as f64;
        let row = [section.kind.to_owned(), section.count.to_string(), section.bytes.to_string()];
        cells.add(row.into_iter().chain([format!("{share:.1} %")]).collect());
    }
    text.push('\n');
    text + &cells.to_text() + &models(inspection)
}

/// The table of models, if there are any.
fn models(inspection: &Inspection) -> String {
    if inspection.models.is_empty() {
        return String::new();
    }
    let mut cells = Cells::new(&["<model", "<kind", "bytes", "bytes saved", "<where"]);
    for model in &inspection.models {
        cells.add(vec![
            id_text(&model.id),
            if model.kind.is_empty() { "not at hand".to_owned() } else { model.kind.to_owned() },
            model.bytes.to_string(),
            model.saved_bytes.to_string(),
            if model.embedded { "in the archive" } else { "named only" }.to_owned(),
        ]);
    }
    format!("\n{}", cells.to_text())
}

/// The model, if the file is one. Pipes are taken for archives.
fn model_file(file: &Path) -> Result<Option<Model>, Failure> {
    if is_standard(file) || !input::is_regular(file)? {
        return Ok(None);
    }
    let failed = |error: io::Error| Failure::io("cannot read", &error);
    let mut front = Vec::new();
    let opened = File::open(file).map_err(failed)?;
    opened.take(MODEL_MAGIC.len() as u64).read_to_end(&mut front).map_err(failed)?;
    if front != MODEL_MAGIC {
        return Ok(None);
    }
    Ok(Some(Model::read(&fs::read(file).map_err(failed)?)?))
}

/// What a model's networks are, a line each.
fn networks(model: &Model) -> Vec<String> {
    match model.networks() {
        Networks::Bytes(network) => vec![network.describe()],
        Networks::Values(networks) => networks.iter().map(|(what, _)| what.clone()).collect(),
        _ => Vec::new(),
    }
}

fn model_text(file: &Path, model: &Model) -> String {
    let mut text = format!("{}: model {} of {}\n", shown(file), id_text(&model.id()), model.kind());
    text += &format!("{} bytes in an archive", model.payload().len());
    if let Some(network) = model.byte_network() {
        text += &format!(", {} weights", network.parameters());
    }
    if !model.checkpoint().is_empty() {
        let values: usize = model.checkpoint().iter().map(|(_, column)| column.len()).sum();
        text += &format!(", a checkpoint of {values} floats");
    }
    text.push_str("\n\n");
    for line in networks(model) {
        text += &format!("{line}\n");
    }
    format!("{text}\n{}", model.description())
}

fn model_json(file: &Path, model: &Model) -> Result<(), Failure> {
    let line = json!({
        "file": shown(file),
        "model": id_text(&model.id()),
        "kind": model.kind(),
        "payload_bytes": model.payload().len(),
        "networks": networks(model),
        "parameters": model.byte_network().map(|network| network.parameters()),
        "checkpoint_columns": model.checkpoint().len(),
        "description": model.description(),
    });
    print(&format!("{line}\n"))
}

/// The table of columns; contexts, which make long lines, only if asked for, and units and contracts only if there are any.
fn columns(inspection: &Inspection, verbose: bool) -> String {
    let units = inspection.columns.iter().any(|column| !column.unit.is_empty());
    let mut heading = vec!["<table", "<column", "<type", "values", "bytes", "in archive", "bits/value"];
    heading.extend(units.then_some("<unit"));
    let contracts = inspection.columns.iter().any(|column| column.contract.is_some());
    heading.extend(contracts.then_some("<contract"));
    heading.push("<transform");
    heading.extend(verbose.then_some("<contexts"));
    let mut cells = Cells::new(&heading);
    for column in &inspection.columns {
        // An empty column has no bits per value.
        let bits = if column.rows == 0 { "-".to_owned() } else { format!("{:.3}", column.bits_per_value) };
        let mut row = vec![
            column.table.clone(),
            column.name.clone(),
            column.scalar.to_owned(),
            column.rows.to_string(),
            column.raw_bytes.to_string(),
            format!("{:.0}", column.archive_bytes),
            bits,
        ];
        row.extend(units.then(|| column.unit.clone()));
        row.extend(contracts.then(|| column.contract.clone().unwrap_or_else(|| "exact".to_owned())));
        row.push(column.transform.clone());
        row.extend(verbose.then(|| column.contexts.join(", ")));
        cells.add(row);
    }
    cells.to_text()
}

/// The table of laws.
fn laws(events: &EventsInspection) -> String {
    let mut cells = Cells::new(&["<law", "bytes", "bits/particle", "share", "numbers", "bytes saved"]);
    let total = events.skeleton_bytes + events.laws.iter().map(|law| law.bytes).sum::<f64>();
    let particles = events.particles.max(1) as f64;
    let or_dash = |number: Option<f64>| number.map_or("-".to_owned(), |number| format!("{number:.0}"));
    let rows = events.laws.iter().map(|law| {
        let numbers = (law.numbers > 0).then_some(law.numbers as f64);
        (law.law.name(), law.bytes, or_dash(numbers), or_dash(law.saved))
    });
    let skeleton = ("skeleton", events.skeleton_bytes, "-".to_owned(), "-".to_owned());
    for (name, bytes, numbers, saved) in rows.chain([skeleton]) {
        cells.add(vec![
            name.to_owned(),
            format!("{bytes:.0}"),
            format!("{:.2}", 8.0 * bytes / particles),
            format!("{:.1} %", 100.0 * bytes / total.max(1.0)),
            numbers,
            saved,
        ]);
    }
    let EventsInspection { events, particles, vertices, .. } = events;
    format!("\n{events} events, {particles} particles, {vertices} vertices\n\n{}", cells.to_text())
}

fn print_json(
    file: &Path,
    inspection: &Inspection,
    events: Option<&EventsInspection>,
) -> Result<(), Failure> {
    let columns: Vec<Value> = inspection
        .columns
        .iter()
        .map(|column| {
            json!({
                "table": column.table,
                "name": column.name,
                "unit": column.unit,
                "type": column.scalar,
                "rows": column.rows,
                "raw_bytes": column.raw_bytes,
                "archive_bytes": column.archive_bytes,
                "bits_per_value": if column.rows == 0 { Value::Null } else { json!(column.bits_per_value) },
                "transform": column.transform,
                "contract": column.contract,
                "contexts": column.contexts,
            })
        })
        .collect();
    let sections: Vec<Value> = inspection
        .sections
        .iter()
        .map(|section| json!({"kind": section.kind, "count": section.count, "bytes": section.bytes}))
        .collect();
    let models: Vec<Value> = inspection
        .models
        .iter()
        .map(|model| {
            json!({
                "id": id_text(&model.id),
                "kind": if model.kind.is_empty() { Value::Null } else { json!(model.kind) },
                "embedded": model.embedded,
                "bytes": model.bytes,
                "saved_bytes": model.saved_bytes,
            })
        })
        .collect();
    let line = json!({
        "file": shown(file),
        "original_bytes": inspection.original_bytes,
        "archive_bytes": inspection.archive_bytes,
        "ratio": ratio(inspection),
        "chunks": inspection.chunks,
        "columns": columns,
        "sections": sections,
        "models": models,
        "laws": events.map(|events| {
            events.laws.iter().map(|law| json!({
                "law": law.law.name(), "bytes": law.bytes, "numbers": law.numbers, "saved_bytes": law.saved,
            })).collect::<Vec<Value>>()
        }),
    });
    print(&format!("{line}\n"))
}

//! `hepz explain`: what was found in a file, in words.
//!
//! In: archives, or files of any format. Out: tables and how they belong together, relations, copies, grids, constants, what
//! costs most and why.
//! JSON: `file`, `format`, `original_bytes`, `archive_bytes`, `priced_bytes`, `tables` (each `table`, `rows`, `columns`, each
//! of these `column`, `unit`, `type`, `labels`, `bits_per_value`, `archive_bytes`, `facts` (each `kind`, `words`),
//! `varying_bits`, `modelled_bits`, `contexts`), `links` (each `table`, `owner`, `rows`, `offsets`), `sections`, `events`,
//! `laws`, `other_bytes`, `notes`.
//! Not here: finding (`hepz`), the size of everything (`inspect`).
//! Holds: nothing is written.

use crate::arguments::ExplainArguments;
use crate::cells::Cells;
use crate::console::{for_each, print, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use hepz::plan::Fact;
use hepz::{ExplainedColumn, ExplainedTable, Explanation, Limits};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Columns that are named in a list of many.
const NAMED: usize = 12;
/// Columns that cost most.
const COSTLY: usize = 10;

/// Runs the verb.
pub fn run(arguments: &ExplainArguments) -> Exit {
    for_each(&arguments.files, |file| one(file, arguments))
}

fn one(file: &Path, arguments: &ExplainArguments) -> Result<(), Failure> {
    let source = input::open(file)?;
    let mut limits = Limits::default();
    limits.memory_bytes = arguments.memory.bytes;
    let found = hepz::explain(&source, arguments.level, limits)?;
    if arguments.talk.json {
        print(&format!("{}\n", to_json(file, &found)))
    } else {
        print(&to_text(file, &found, arguments.talk.verbose))
    }
}

/// A column with the table that it is in.
type Placed<'a> = (&'a ExplainedTable, &'a ExplainedColumn);

/// Text under headings.
struct Page<'a> {
    found: &'a Explanation,
    all: bool,
    text: String,
}

fn to_text(file: &Path, found: &Explanation, all: bool) -> String {
    let mut page = Page { found, all, text: String::new() };
    let bytes = found.original_bytes;
    let format = if found.format.is_empty() { "of no format that hepz knows" } else { &found.format };
    let size = match found.archive_bytes {
        Some(archive) => {
            let ratio = bytes as f64 / archive.max(1) as f64;
            format!("{bytes} bytes, {archive} in the archive ({ratio:.2} times fewer)")
        }
        None => format!("{bytes} bytes"),
    };
    page.line(&format!("{}: {format}, {size}", shown(file)));
    if let Some(priced) = found.priced_bytes {
        page.line(&format!("prices are those of a sample of {priced} bytes"));
    }
    page.tables();
    page.events();
    page.relations();
    page.groups();
    page.grids();
    page.costs();
    page.rest();
    page.text
}

impl<'a> Page<'a> {
    fn line(&mut self, line: &str) {
        self.text += line.trim_end();
        self.text.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.text += &format!("\n{heading}\n");
    }

    fn columns(&self) -> impl Iterator<Item = Placed<'a>> + use<'a> {
        self.found.tables.iter().flat_map(|table| table.columns.iter().map(move |column| (table, column)))
    }

    fn name(&self, (table, column): Placed<'_>) -> String {
        if self.found.tables.len() < 2 || table.name.is_empty() || table.name == column.name {
            column.name.clone()
        } else {
            format!("{}/{}", table.name, column.name)
        }
    }

    /// Names with a comma between; of many only some.
    fn names(&self, columns: &[Placed<'_>]) -> String {
        let most = if self.all { usize::MAX } else { NAMED };
        let mut text =
            columns.iter().take(most).map(|&column| self.name(column)).collect::<Vec<_>>().join(", ");
        if columns.len() > most {
            text += &format!(" and {} more", columns.len() - most);
        }
        text
    }

    fn tables(&mut self) {
        let found = self.found;
        if found.tables.is_empty() {
            if found.events.is_none() {
                self.line("no tables: it is kept as bytes");
            }
            return;
        }
        self.heading(&format!("Tables ({})", found.tables.len()));
        let most = if self.all { usize::MAX } else { 2 * NAMED };
        // Offsets only say where the lists of another table begin.
        let said =
            |table: &ExplainedTable| self.all || !table.name.ends_with(".offsets") || table.columns.len() > 1;
        let said: Vec<_> = found.tables.iter().enumerate().filter(|(_, table)| said(table)).collect();
        for &(index, table) in said.iter().take(most) {
            let name = if table.name.is_empty() { "the table" } else { &table.name };
            let owner = |owner: usize| match found.tables.get(owner) {
                Some(other) if owner != index && other.name.is_empty() => "row of the table".to_owned(),
                Some(other) if owner != index => format!("row of {}", other.name),
                _ => "outer row".to_owned(),
            };
            let link = found.links.iter().find(|link| link.table == index);
            let link = link.map(|link| match link.rows {
                Some(rows) => format!(", {rows} to each {}", owner(link.owner)),
                None => format!(", lists of each {}", owner(link.owner)),
            });
            let (rows, columns) = (table.rows, table.columns.len());
            let s = if columns == 1 { "" } else { "s" };
            self.line(&format!("  {name}: {rows} rows, {columns} column{s}{}", link.unwrap_or_default()));
        }
        if said.len() > most {
            self.line(&format!("  and {} more; -v lists all", said.len() - most));
        }
    }

    fn events(&mut self) {
        let Some(events) = &self.found.events else { return };
        self.heading(&format!(
            "Events ({}, with {} particles and {} vertices)",
            events.events, events.particles, events.vertices
        ));
        let mut laws: Vec<_> = events.laws.iter().filter(|law| law.bytes >= 0.5).collect();
        laws.sort_by(|a, b| b.bytes.total_cmp(&a.bytes));
        let mut cells = Cells::new(&["<  what", "bytes", "bits/particle", "numbers", "bytes saved"]);
        let or_dash = |number: Option<f64>| number.map_or("-".to_owned(), |number| format!("{number:.0}"));
        for law in laws {
            cells.add(vec![
                format!("  {}", law.law.name()),
                format!("{:.0}", law.bytes),
                format!("{:.2}", 8.0 * law.bytes / events.particles.max(1) as f64),
                if law.numbers > 0 { law.numbers.to_string() } else { "-".to_owned() },
                or_dash(law.saved),
            ]);
        }
        self.text += &cells.to_text();
        self.line(&format!(
            "  text that is no number of a particle or vertex: {:.0} bytes",
            events.skeleton_bytes
        ));
    }

    /// A heading and a line for each column with such a fact.
    fn each(&mut self, heading: &str, wanted: impl Fn(&Fact) -> bool) {
        let mut lines = Vec::new();
        for placed in self.columns() {
            for fact in placed.1.facts.facts.iter().filter(|fact| wanted(fact)) {
                let is = if matches!(fact, Fact::Relation { exact: true, .. }) { "" } else { "is " };
                let (name, bits) = (self.name(placed), placed.1.bits_per_value);
                lines.push(format!("  {name} {is}{fact}; {bits:.2} bits a value are left"));
            }
        }
        if lines.is_empty() {
            return;
        }
        self.heading(&format!("{heading} ({})", lines.len()));
        let most = if self.all { usize::MAX } else { 3 * NAMED };
        lines.iter().take(most).for_each(|line| self.line(line));
        if lines.len() > most {
            self.line(&format!("  and {} more; -v lists all", lines.len() - most));
        }
    }

    fn relations(&mut self) {
        self.each("Relations that give the value", |fact| matches!(fact, Fact::Relation { exact: true, .. }));
        self.each("Relations that come near", |fact| {
            matches!(fact, Fact::Relation { exact: false, .. } | Fact::Line { .. })
        });
        self.each("Copies", |fact| matches!(fact, Fact::Copy { .. }));
        self.each("Running sums", |fact| matches!(fact, Fact::RunningSum { .. }));
    }

    /// Columns by what they have in common: `key` gives a heading of its own to each group.
    fn grouped(&mut self, heading: &str, key: impl Fn(&Fact) -> Option<String>) {
        let mut groups: BTreeMap<String, Vec<Placed<'a>>> = BTreeMap::new();
        for placed in self.columns() {
            for key in placed.1.facts.facts.iter().filter_map(&key) {
                groups.entry(key).or_default().push(placed);
            }
        }
        if groups.is_empty() {
            return;
        }
        self.heading(heading);
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(key, columns)| (std::cmp::Reverse(columns.len()), key.clone()));
        let most = if self.all { usize::MAX } else { 2 * NAMED };
        let more = groups.len().saturating_sub(most);
        for (key, columns) in groups.into_iter().take(most) {
            self.line(&format!("  {key}: {}", self.names(&columns)));
        }
        if more > 0 {
            self.line(&format!("  and {more} more; -v lists all"));
        }
    }

    fn groups(&mut self) {
        self.grouped("Columns that repeat", |fact| {
            matches!(fact, Fact::Repeats { .. }).then(|| fact.to_string())
        });
        self.grouped("Constants", |fact| matches!(fact, Fact::Constant { .. }).then(|| fact.to_string()));
        self.grouped("Special values", |fact| match fact {
            Fact::SpecialValues { .. } => Some(fact.to_string()),
            _ => None,
        });
    }

    fn grids(&mut self) {
        self.grouped("Grids", |fact| match fact {
            Fact::ZeroBits(_) | Fact::Decimals(_) | Fact::SignificantDigits(_) | Fact::Multiples(_) => {
                Some(fact.to_string())
            }
            _ => None,
        });
    }

    fn costs(&mut self) {
        let mut columns: Vec<Placed<'a>> = self.columns().filter(|(_, c)| c.archive_bytes >= 0.5).collect();
        let total: f64 = columns.iter().map(|(_, column)| column.archive_bytes).sum();
        if columns.is_empty() {
            return;
        }
        columns.sort_by(|a, b| b.1.archive_bytes.total_cmp(&a.1.archive_bytes));
        self.heading("What costs most");
        let mut cells = Cells::new(&["<  column", "bytes", "share", "bits/value", "<why"]);
        for &placed in columns.iter().take(if self.all { usize::MAX } else { COSTLY }) {
            let column = placed.1;
            cells.add(vec![
                format!("  {}", self.name(placed)),
                format!("{:.0}", column.archive_bytes),
                format!("{:.1} %", 100.0 * column.archive_bytes / total),
                format!("{:.2}", column.bits_per_value),
                why(column),
            ]);
        }
        self.text += &cells.to_text();
    }

    fn rest(&mut self) {
        let found = self.found;
        let packed: u64 = found
            .sections
            .iter()
            .filter(|section| ["skeleton", "recipes", "schema"].contains(&section.kind))
            .map(|section| section.bytes)
            .sum();
        match (found.other_bytes, found.archive_bytes) {
            (Some(bytes), Some(_)) => {
                self.heading("Kept as bytes");
                self.line(&format!(
                    "  {bytes} bytes outside the columns, which take {packed} in the archive"
                ));
            }
            (Some(bytes), None) => {
                self.heading("Kept as bytes");
                self.line(&format!("  {bytes} bytes outside the columns"));
            }
            _ => {}
        }
        for note in &found.notes {
            self.line(&format!("  note: {note}"));
        }
    }
}

/// Why a column costs what it costs.
fn why(column: &ExplainedColumn) -> String {
    let facts = &column.facts;
    let varying = facts.varying_bits;
    let mut parts = Vec::new();
    if varying > 0 {
        // Special values cost beyond the bits of the others.
        let share = (100.0 * column.bits_per_value / f64::from(varying)).min(100.0);
        parts.push(format!("{share:.0} % of {varying} varying bits cannot be told beforehand"));
    }
    match facts.contexts.len() {
        0 => parts.push("no other column helps".to_owned()),
        n => {
            let some = facts.contexts.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            parts.push(format!("helped by {some}{}", if n > 3 { ", ..." } else { "" }));
        }
    }
    parts.join("; ")
}

fn to_json(file: &Path, found: &Explanation) -> Value {
    let column = |column: &ExplainedColumn| {
        let facts = column.facts.facts.iter();
        json!({
            "column": column.name, "unit": column.unit, "type": column.scalar, "labels": column.labels,
            "bits_per_value": column.bits_per_value, "archive_bytes": column.archive_bytes,
            "facts": facts.map(|fact| json!({"kind": fact.kind(), "words": fact.to_string()})).collect::<Vec<Value>>(),
            "varying_bits": column.facts.varying_bits, "modelled_bits": column.facts.modelled_bits,
            "contexts": column.facts.contexts,
        })
    };
    let table_name = |index: usize| found.tables.get(index).map(|table| table.name.as_str());
    let tables = found.tables.iter().map(|table| {
        let columns: Vec<Value> = table.columns.iter().map(column).collect();
        json!({"table": table.name, "rows": table.rows, "columns": columns})
    });
    let links = found.links.iter().map(|link| {
        json!({
            "table": table_name(link.table), "owner": table_name(link.owner), "rows": link.rows,
            "offsets": link.offsets.and_then(|id| table_name(id.table as usize)),
        })
    });
    let sections = found.sections.iter();
    let sections =
        sections.map(|section| json!({"kind": section.kind, "count": section.count, "bytes": section.bytes}));
    let laws = found.events.as_ref().map(|events| {
        let laws = events.laws.iter();
        let laws = laws.map(|law| {
            json!({"law": law.law.name(), "bytes": law.bytes, "numbers": law.numbers, "saved_bytes": law.saved})
        });
        laws.collect::<Vec<Value>>()
    });
    json!({
        "file": shown(file), "format": found.format, "original_bytes": found.original_bytes,
        "archive_bytes": found.archive_bytes, "priced_bytes": found.priced_bytes,
        "tables": tables.collect::<Vec<Value>>(), "links": links.collect::<Vec<Value>>(),
        "sections": sections.collect::<Vec<Value>>(),
        "events": found.events.as_ref().map(|events| events.events), "laws": laws,
        "other_bytes": found.other_bytes, "notes": found.notes,
    })
}

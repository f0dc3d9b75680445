//! `hepz diff`: what differs between two files or archives.
//!
//! In: two archives or files of any format. Out: a line for each table, column and stretch of events that differs.
//! JSON: `a`, `b`, `identical`, `equal`, `formats`, `bytes`, `tables` (each `table`, `only_in`, `rows`, `columns`, each of
//! these `column`, `only_in`, `types`, `values`, `first_row`, `largest_absolute`, `largest_relative`), `equal_tables`,
//! `events` (`events`, `differing`, `first`, `around`, or null), `first_byte`, `notes`.
//! Not here: comparing (`hepz`).
//! Holds: ends with 0 if the contents are equal, with 1 if they differ, with 2 and more if they cannot be compared.

use crate::arguments::DiffArguments;
use crate::cells::Cells;
use crate::console::{complain, is_standard, print, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use hepz::{ColumnDifference, Difference, Limits, Side};
use serde_json::{Value, json};

/// Ends a comparison that found a difference.
const DIFFERENT: u8 = 1;

/// Columns that are named in a list of many.
const NAMED: usize = 12;

/// Runs the verb.
pub fn run(arguments: &DiffArguments) -> u8 {
    match compare(arguments) {
        Ok(true) => Exit::Ok.code(),
        Ok(false) => DIFFERENT,
        // 1 has a meaning of its own here.
        Err(exit) => exit.max(Exit::Usage).code(),
    }
}

fn compare(arguments: &DiffArguments) -> Result<bool, Exit> {
    let (a, b) = (arguments.a.as_path(), arguments.b.as_path());
    let fail = |file, failure: Failure| {
        complain(file, &failure);
        failure.exit
    };
    if is_standard(a) && is_standard(b) {
        return Err(fail(a, Failure::usage("only one of the two can be standard input")));
    }
    let source_a = input::open(a).map_err(|failure| fail(a, failure))?;
    let source_b = input::open(b).map_err(|failure| fail(b, failure))?;
    let mut limits = Limits::default();
    limits.memory_bytes = arguments.memory.bytes;
    let found = hepz::diff(&source_a, &source_b, limits).map_err(|error| {
        let mut failure = Failure::from(error);
        // Which of the two it is, opening them says.
        let broken =
            |file| input::open_archive(file, arguments.memory.bytes, &[]).err().map(|other| other.exit);
        let file = if broken(b) == Some(failure.exit) && broken(a) != Some(failure.exit) { b } else { a };
        failure.message = format!("cannot be compared: {}", failure.message);
        fail(file, failure)
    })?;
    let text = if arguments.talk.json {
        format!("{}\n", to_json(arguments, &found))
    } else if arguments.talk.quiet {
        String::new()
    } else {
        to_text(arguments, &found)
    };
    print(&text).map_err(|failure| fail(a, failure))?;
    Ok(found.equal)
}

fn name(arguments: &DiffArguments, side: Side) -> String {
    match side {
        Side::A => shown(&arguments.a),
        Side::B => shown(&arguments.b),
    }
}

fn to_text(arguments: &DiffArguments, found: &Difference) -> String {
    let mut text = String::new();
    let mut line = |words: String| text += &(words + "\n");
    if found.identical {
        if arguments.talk.verbose {
            line("identical, byte for byte".to_owned());
        }
        return text;
    }
    let [format_a, format_b] = &found.formats;
    if format_a != format_b {
        line(format!("formats: {} and {}", or_bytes(format_a), or_bytes(format_b)));
    }
    if let Some(events) = &found.events {
        let [a, b] = events.events;
        if a != b {
            line(format!("events: {a} and {b}"));
        }
        if let Some(first) = events.first {
            let n = events.differing;
            let differ = if n == 1 {
                "1 event differs: event".to_owned()
            } else {
                format!("{n} events differ, the first is event")
            };
            line(format!("{differ} {first}"));
        }
        if events.around {
            line("the text outside the events differs".to_owned());
        }
    }
    if let Some(first) = found.first_byte {
        let [a, b] = found.bytes;
        line(format!("bytes differ from byte {first} on; lengths are {a} and {b}"));
    }
    let mut cells = Cells::new(&["<column", "<types", "values", "first row", "largest", "relative"]);
    let mut with_values = 0;
    for table in &found.tables {
        let shown_name =
            if table.name.is_empty() { "the table".to_owned() } else { format!("table {}", table.name) };
        if let Some(side) = table.only_in {
            line(format!("{shown_name}: only in {}", name(arguments, side)));
            continue;
        }
        let [rows_a, rows_b] = table.rows;
        if rows_a != rows_b {
            line(format!("{shown_name}: {rows_a} and {rows_b} rows; those that both have are compared"));
        }
        for side in [Side::A, Side::B] {
            let only = table.columns.iter().filter(|column| column.only_in == Some(side));
            let only: Vec<&str> = only.map(|column| column.name.as_str()).collect();
            if !only.is_empty() {
                let most = if arguments.talk.verbose { usize::MAX } else { NAMED };
                let more = if only.len() > most {
                    format!(" and {} more", only.len() - most)
                } else {
                    String::new()
                };
                let some = only.iter().take(most).copied().collect::<Vec<_>>().join(", ");
                line(format!("{shown_name}: only in {}: {some}{more}", name(arguments, side)));
            }
        }
        for column in table.columns.iter().filter(|column| column.only_in.is_none()) {
            let full = match table.name.as_str() {
                "" => column.name.clone(),
                table => format!("{table}/{}", column.name),
            };
            with_values += 1;
            cells.add(row(full, column));
        }
    }
    if with_values > 0 {
        text += &cells.to_text();
    }
    if arguments.talk.verbose || found.equal {
        found.notes.iter().for_each(|note| text += &format!("{note}\n"));
    }
    if arguments.talk.verbose && found.equal_tables > 0 {
        text += &format!("{} tables are equal\n", found.equal_tables);
    }
    text
}

fn or_bytes(format: &str) -> &str {
    if format.is_empty() { "bytes" } else { format }
}

fn row(name: String, column: &ColumnDifference) -> Vec<String> {
    let size = |number: f64| if number > 0.0 { format!("{number:.3e}") } else { "-".to_owned() };
    vec![
        name,
        column.types.map_or("-".to_owned(), |[a, b]| format!("{a} and {b}")),
        column.values.to_string(),
        column.first_row.map_or("-".to_owned(), |row| row.to_string()),
        size(column.largest_absolute),
        size(column.largest_relative),
    ]
}

fn to_json(arguments: &DiffArguments, found: &Difference) -> Value {
    let side = |side: Option<Side>| side.map(|side| if side == Side::A { "a" } else { "b" });
    let column = |column: &ColumnDifference| {
        json!({
            "column": column.name, "only_in": side(column.only_in), "types": column.types, "values": column.values,
            "first_row": column.first_row, "largest_absolute": column.largest_absolute,
            "largest_relative": column.largest_relative,
        })
    };
    let tables = found.tables.iter().map(|table| {
        json!({
            "table": table.name, "only_in": side(table.only_in), "rows": table.rows,
            "columns": table.columns.iter().map(column).collect::<Vec<Value>>(),
        })
    });
    let events = found.events.as_ref().map(|events| {
        json!({
            "events": events.events, "differing": events.differing, "first": events.first, "around": events.around,
        })
    });
    json!({
        "a": shown(&arguments.a), "b": shown(&arguments.b), "identical": found.identical, "equal": found.equal,
        "formats": found.formats, "bytes": found.bytes, "tables": tables.collect::<Vec<Value>>(),
        "equal_tables": found.equal_tables, "events": events, "first_byte": found.first_byte, "notes": found.notes,
    })
}

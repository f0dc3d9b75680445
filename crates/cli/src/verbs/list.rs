//! `hepz list`: one line per archive.
//!
//! In: archives, or ROOT files. Out: a table; with --tree the branches of a tree.
//! JSON: `file`, `name`, `original_bytes`, `archive_bytes`, `ratio`, `chunks`, `tables`, `columns`, `events`,
//! `format`, `level`, `wrapper`, `format_version`, `adler32`, `sha256`, `notes`, `trees` (each `name`, `entries`,
//! `branches`, each of these `name`, `type`; null but for ROOT files; with --tree only that one). Of a ROOT file
//! itself `archive_bytes`, `ratio`, `chunks`, `level`, `format_version`, `adler32`, `sha256` are null.
//! Not here: what each column costs (`inspect`).
//! Holds: no value is decoded.

use crate::arguments::ListArguments;
use crate::cells::Cells;
use crate::console::{complain, for_each, print, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::verbs::cat::entries::no_tree;
use hepz::{Archive, FileSource, Source, TreeView};
use hepz_columns::Table;
use serde_json::{Value, json};
use std::path::Path;

/// The format that has trees.
const ROOT: &str = "root";

/// What is listed.
enum Listed {
    Archive(Box<Archive<'static>>),
    /// A ROOT file: its length, tables and notes.
    Root(u64, Vec<Table>, Vec<String>),
}

/// Runs the verb.
pub fn run(arguments: &ListArguments) -> Exit {
    let heading = [
        "<archive",
        "<original",
        "bytes",
        "in archive",
        "ratio",
        "chunks",
        "tables",
        "columns",
        "events",
        "<format",
        "version",
        "<trees",
    ];
    let mut cells = Cells::new(&heading);
    let mut details = String::new();
    let mut listed = 0;
    let mut worst = for_each(&arguments.files, |file| {
        let found = open(file, arguments)?;
        listed += 1;
        let mut trees = found.trees();
        if let Some(name) = &arguments.tree {
            let missing = no_tree(&trees, name);
            trees.retain(|tree| tree.name == *name);
            if trees.is_empty() {
                return Err(missing);
            }
        }
        if arguments.talk.json {
            let trees = (found.is_root() || arguments.tree.is_some()).then_some(trees);
            return print_json(file, &found, trees.as_deref());
        }
        if arguments.tree.is_some() {
            return print(&branches(&trees, ""));
        }
        cells.add(row(file, &found)?);
        if arguments.talk.verbose {
            details += &detail(file, &found);
        }
        Ok(())
    });
    if listed > 0
        && !arguments.talk.json
        && arguments.tree.is_none()
        && let Err(failure) = print(&(cells.to_text() + &details))
    {
        complain(Path::new("list"), &failure);
        worst = worst.max(failure.exit);
    }
    worst
}

fn open(file: &Path, arguments: &ListArguments) -> Result<Listed, Failure> {
    let failure = match input::open_archive(file, arguments.memory.bytes, &arguments.models.given) {
        Ok(archive) => return Ok(Listed::Archive(Box::new(archive))),
        Err(failure) => failure,
    };
    // What came through a pipe is gone.
    if failure.exit != Exit::NotAnArchive || !input::is_regular(file)? {
        return Err(failure);
    }
    let source = FileSource::open(file).map_err(|error| Failure::io("cannot read", &error))?;
    let layout = hepz_formats::recognise(&source).map_err(|error| Failure::io("cannot read", &error))?;
    if layout.format != ROOT {
        return Err(failure);
    }
    let mut tables = layout.tables;
    // As in an archive, where offsets stand only before items.
    tables.retain(|table| table.rows > 0 && !table.columns.is_empty());
    Ok(Listed::Root(source.len(), tables, layout.notes))
}

impl Listed {
    fn tables(&self) -> &[Table] {
        match self {
            Listed::Archive(archive) => archive.tables(),
            Listed::Root(_, tables, _) => tables,
        }
    }

    fn is_root(&self) -> bool {
        match self {
            Listed::Archive(archive) => archive.header().format == ROOT,
            Listed::Root(..) => true,
        }
    }

    fn trees(&self) -> Vec<TreeView> {
        hepz::trees(self.tables())
    }

    fn columns(&self) -> usize {
        self.tables().iter().map(|table| table.columns.len()).sum()
    }
}

fn ratio(archive: &Archive<'_>) -> f64 {
    archive.header().original_bytes as f64 / archive.archive_bytes().max(1) as f64
}

fn row(file: &Path, found: &Listed) -> Result<Vec<String>, Failure> {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let (tables, columns) = (found.tables().len().to_string(), found.columns().to_string());
    let trees = if found.is_root() { short(&found.trees()) } else { "-".to_owned() };
    let archive = match found {
        Listed::Archive(archive) => archive,
        Listed::Root(bytes, ..) => {
            let mut row = vec!["-".to_owned(); 12];
            let known = [(0, shown(file)), (2, bytes.to_string()), (6, tables), (7, columns)];
            for (at, cell) in known.into_iter().chain([(9, ROOT.to_owned()), (11, trees)]) {
                row[at] = cell;
            }
            return Ok(row);
        }
    };
    let header = archive.header();
    let (major, minor) = header.format_version;
    Ok(vec![
        shown(file),
        or_dash(header.name.as_deref().unwrap_or("")),
        header.original_bytes.to_string(),
        archive.archive_bytes().to_string(),
        format!("{:.2}", ratio(archive)),
        archive.inspect()?.chunks.to_string(),
        tables,
        columns,
        archive.event_count()?.map_or("-".to_owned(), |events| events.to_string()),
        or_dash(&header.format),
        format!("{major}.{minor}"),
        trees,
    ])
}

/// Trees and their entries, as many as fit a line.
fn short(trees: &[TreeView]) -> String {
    const SHOWN: usize = 3;
    let mut trees: Vec<&TreeView> = trees.iter().collect();
    // The largest first; of equal ones as they stand in the file.
    trees.sort_by_key(|tree| std::cmp::Reverse(tree.entries));
    let some = trees.iter().take(SHOWN).map(|tree| format!("{} ({})", tree.name, tree.entries));
    let mut text = some.collect::<Vec<String>>().join(", ");
    if trees.len() > SHOWN {
        text += &format!(", {} more", trees.len() - SHOWN);
    }
    if text.is_empty() { "-".to_owned() } else { text }
}

/// Each branch with its type, a line each.
fn branches(trees: &[TreeView], margin: &str) -> String {
    let mut text = String::new();
    for tree in trees {
        let mut cells = Cells::new(&["<branch", "<type"]);
        for branch in &tree.branches {
            cells.add(vec![branch.name.clone(), branch.type_name.clone()]);
        }
        let (name, entries, count) = (&tree.name, tree.entries, tree.branches.len());
        text += &format!("{margin}tree {name}: {entries} entries, {count} branches\n");
        for line in cells.to_text().lines() {
            text += &format!("{margin}  {line}\n");
        }
    }
    text
}

fn detail(file: &Path, found: &Listed) -> String {
    let mut text = format!("\n{}\n", shown(file));
    let notes = match found {
        Listed::Archive(archive) => {
            let header = archive.header();
            text += &format!("  sha256   {}\n", hex(&header.sha256));
            text += &format!("  adler32  {:08x}\n  level    {}\n", header.adler32, header.level.name());
            if let Some(wrapper) = archive.wrapper() {
                text += &format!("  wrapper  {wrapper}\n");
            }
            &header.notes
        }
        Listed::Root(_, _, notes) => notes,
    };
    for note in notes {
        text += &format!("  note     {note}\n");
    }
    if found.is_root() {
        text += &branches(&found.trees(), "  ");
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn print_json(file: &Path, found: &Listed, trees: Option<&[TreeView]>) -> Result<(), Failure> {
    let trees: Option<Vec<Value>> = trees.map(|trees| trees.iter().map(tree_json).collect());
    let (tables, columns) = (found.tables().len(), found.columns());
    let archive = match found {
        Listed::Archive(archive) => archive,
        Listed::Root(bytes, _, notes) => {
            let none = Value::Null;
            let line = json!({
                "file": shown(file), "name": none, "original_bytes": bytes, "archive_bytes": none, "ratio": none,
                "chunks": none, "tables": tables, "columns": columns, "events": none, "format": ROOT, "level": none,
                "wrapper": none, "format_version": none, "adler32": none, "sha256": none, "notes": notes,
                "trees": trees,
            });
            return print(&format!("{line}\n"));
        }
    };
    let header = archive.header();
    let line = json!({
        "file": shown(file),
        "name": header.name,
        "original_bytes": header.original_bytes,
        "archive_bytes": archive.archive_bytes(),
        "ratio": ratio(archive),
        "chunks": archive.inspect()?.chunks,
        "tables": tables,
        "columns": columns,
        "events": archive.event_count()?,
        "format": header.format,
        "level": header.level.name(),
        "wrapper": archive.wrapper(),
        "format_version": format!("{}.{}", header.format_version.0, header.format_version.1),
        "adler32": format!("{:08x}", header.adler32),
        "sha256": hex(&header.sha256),
        "notes": header.notes,
        "trees": trees,
    });
    print(&format!("{line}\n"))
}

fn tree_json(tree: &TreeView) -> Value {
    let branches = tree.branches.iter().map(|branch| json!({"name": branch.name, "type": branch.type_name}));
    json!({"name": tree.name, "entries": tree.entries, "branches": branches.collect::<Vec<Value>>()})
}

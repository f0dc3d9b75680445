//! Tidy: what a reader expects of every file.
//!
//! In: the text of the tree. Out: every place that breaks a rule; long files are listed as information.
//! Not here: formatting and lints (cargo), arrows (`layers`, `imports`).

use crate::repository::{code, files_below, root, text};

/// A module that needs more lines of code than this should say why it is one module.
const LONG_FILE_LINES: usize = 400;
/// `lib.rs` is a face, not a body.
const LIB_LINES: usize = 200;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "helpers", "common", "manager", "misc"];
/// Extensions of files that are read as text.
const TEXTS: [&str; 9] = ["rs", "md", "toml", "py", "sh", "yml", "yaml", "tsv", "expected"];

/// Words that may not stay in code. Written in two halves, so that this file does not hold them.
fn unfinished() -> [String; 3] {
    [["to", "do!("], ["unimpl", "emented!("], ["#[ig", "nore"]].map(|halves| halves.concat())
}

/// Beginnings of paths that exist on one machine only.
fn machine_paths() -> [String; 5] {
    [["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"], ["/Us", "ers/"], ["C:\\Us", "ers"]]
        .map(|halves| halves.concat())
}

/// Lines of code: neither blank nor comment, and before the tests.
fn lines_of_code(text: &str) -> usize {
    let body = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    body.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//")).count()
}

/// What is wrong with one file of code.
fn faults_of_code(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
    if header.is_empty() {
        faults.push(format!("{path}: does not begin with a `//!` header"));
    }
    let face = path.ends_with("lib.rs") || path.ends_with("main.rs");
    // A module that holds tests only does not say so itself; its parent does.
    let tests = path.contains("/tests/") || (text.contains("#[test]") && !text.contains("#[cfg(test)]"));
    let module = path.contains("/src/") && !face && !tests;
    if module && !header.is_empty() {
        for part in ["In:", "Not here:"] {
            if !header.iter().any(|line| line.contains(part)) {
                faults.push(format!("{path}: the header does not say `{part}`"));
            }
        }
    }
    if path.starts_with("crates/") && path.ends_with("src/lib.rs") {
        for heading in ["# What it is", "# One page", "# Where to look next"] {
            if !header.iter().any(|line| line.contains(heading)) {
                faults.push(format!("{path}: the heading `{heading}` is missing"));
            }
        }
        let lines = text.lines().count();
        if lines >= LIB_LINES {
            faults.push(format!("{path}: {lines} lines; a lib.rs stays under {LIB_LINES}"));
        }
    }
    for (number, line) in text.lines().enumerate() {
        for word in unfinished() {
            if line.contains(&word) {
                faults.push(format!("{path}:{}: `{word}` is unfinished work", number + 1));
            }
        }
    }
    faults
}

/// Paths of one machine in a text.
fn faults_of_text(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for start in machine_paths() {
            for (at, _) in line.match_indices(&start) {
                let before = line[..at].chars().next_back();
                if before.is_none_or(|c| !(c.is_alphanumeric() || ".-_}~".contains(c))) {
                    faults.push(format!("{path}:{}: `{start}` exists on one machine only", number + 1));
                }
            }
        }
    }
    faults
}

/// Empty names in a path.
fn faults_of_name(path: &str) -> Vec<String> {
    let parts = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    let empty = parts.filter(|part| EMPTY_NAMES.contains(part));
    empty.map(|part| format!("{path}: `{part}` says nothing about what is inside")).collect()
}

/// Paths that a document names in backquotes: with a slash, or ending like a file of this repository.
fn paths_named(document: &str) -> Vec<&str> {
    let quoted = document.split('`').skip(1).step_by(2);
    let plain = quoted.filter(|path| !path.contains([' ', '*', '<', '(', ':', '$', '\n']));
    let named = plain.filter(|path| {
        path.contains('/')
            || path
                .rsplit_once('.')
                .is_some_and(|(stem, end)| !stem.is_empty() && ["rs", "md", "toml", "tsv"].contains(&end))
    });
    named.collect()
}

/// Looks at the whole tree.
pub fn check() -> Result<(), String> {
    let mut faults = Vec::new();
    for (path, text) in code() {
        faults.extend(faults_of_code(&path, &text));
        let lines = lines_of_code(&text);
        if lines > LONG_FILE_LINES && path.contains("/src/") {
            println!("   for information: {path} has {lines} lines of code");
        }
    }
    for path in files_below("") {
        faults.extend(faults_of_name(&path));
        let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
        let script = !path.contains('.') || path.starts_with(".ci/");
        if (TEXTS.contains(&ending) || script)
            && let Some(text) = text(&path)
        {
            faults.extend(faults_of_text(&path, &text));
        }
    }
    let architecture = text("ARCHITECTURE.md").ok_or("ARCHITECTURE.md is missing")?;
    for path in paths_named(&architecture) {
        if !root().join(path).exists() {
            faults.push(format!("ARCHITECTURE.md names {path}, which does not exist"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_without_a_header_is_found() {
        assert_eq!(faults_of_code("crates/x/src/a.rs", "use b;").len(), 1);
        assert_eq!(faults_of_code("crates/x/src/a.rs", "//! A thing.\n").len(), 2);
        assert!(faults_of_code("crates/x/src/a.rs", "//! A.\n//! In: b.\n//! Not here: c.\n").is_empty());
    }

    #[test]
    fn unfinished_work_is_found() {
        let text = format!("//! A test.\nfn f() {{ {}) }}\n", unfinished()[0]);
        assert_eq!(faults_of_code("crates/x/tests/a.rs", &text).len(), 1);
    }

    #[test]
    fn paths_of_one_machine_are_found_and_addresses_are_not() {
        let path = machine_paths()[0].clone();
        assert_eq!(faults_of_text("a.md", &format!("see {path}main")).len(), 1);
        assert!(faults_of_text("a.md", &format!("see https://a.org{path}main")).is_empty());
    }

    #[test]
    fn empty_names_are_found_in_folders_and_files() {
        assert_eq!(faults_of_name("crates/common/src/utils.rs").len(), 2);
        assert!(faults_of_name("crates/columns/src/utility_of_bits.rs").is_empty());
    }

    #[test]
    fn a_document_names_files_by_slash_or_ending() {
        let named = paths_named("`a/b.rs` and `c.md`, `cargo x`, `Table`, `d::e`, `.rs`");
        assert_eq!(named, ["a/b.rs", "c.md"]);
    }
}

//! Repository: where the files are.
//!
//! In: the place of this crate. Out: paths and texts, in sorted order.
//! Not here: what is checked in them (`tidy`, `imports`, `layers`).

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}

/// The program that runs cargo: the one that runs this.
pub fn cargo() -> std::process::Command {
    let mut command = std::process::Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(root());
    command
}

/// Every file below `folder` (relative to the root), relative to the root and sorted; hidden folders, build folders and
/// links are passed over.
pub fn files_below(folder: &str) -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                if !(name == ".git" || name.starts_with("target") || name == "node_modules") {
                    folders.push(entry.path());
                }
            } else if kind.is_file()
                && let Ok(path) = entry.path().strip_prefix(&root)
            {
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// The text of a file, relative to the root; `None` if it is not text.
pub fn text(path: &str) -> Option<String> {
    std::fs::read_to_string(root().join(path)).ok()
}

/// Files of Rust code: path and text.
pub fn code() -> Vec<(String, String)> {
    let all = ["crates", "xtask", "fuzz"].into_iter().flat_map(files_below);
    let rust = all.filter(|path| path.ends_with(".rs"));
    rust.filter_map(|path| text(&path).map(|text| (path, text))).collect()
}

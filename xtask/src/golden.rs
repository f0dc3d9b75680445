//! Golden: files that released versions wrote, and that never change again.
//!
//! In: `golden/` and its list of hashes. Out: a verdict; with `--add`, one more file.
//! Not here: what they decode to (tests of the crates that write them).
//! Holds: no command rewrites a golden file.

use crate::repository::{files_below, root};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The list: one line `hash  path` for each file, as `sha256sum` writes it.
const LIST: &str = "golden/SHA256SUMS";

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn recorded() -> BTreeMap<String, String> {
    let list = std::fs::read_to_string(root().join(LIST)).unwrap_or_default();
    list.lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(hash, path)| (path.to_owned(), hash.to_owned()))
        .collect()
}

/// Compares every golden file with its hash and returns how many there are.
pub fn verify() -> Result<usize, String> {
    let mut recorded = recorded();
    let mut faults = Vec::new();
    let mut count = 0;
    for path in files_below("golden").into_iter().filter(|path| path != LIST) {
        let bytes = std::fs::read(root().join(&path)).map_err(|error| format!("{path}: {error}"))?;
        match recorded.remove(path.trim_start_matches("golden/")) {
            Some(known) if known == hash(&bytes) => count += 1,
            Some(_) => faults.push(format!("{path} has changed; golden files never do")),
            None => faults.push(format!("{path} is not recorded; use `cargo xtask golden --add`")),
        }
    }
    faults.extend(recorded.keys().map(|path| format!("golden/{path} is recorded and gone")));
    if faults.is_empty() { Ok(count) } else { Err(faults.join("\n")) }
}

/// Copies `file` to `golden/NAME` and records it. A file that already lies there and is not recorded is recorded as it is.
pub fn add(name: &str, file: &str) -> Result<(), String> {
    let mut recorded = recorded();
    let place = root().join("golden").join(name);
    let plain = name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if !plain || name.contains('\\') {
        return Err(format!("{name}: a name is a path below golden/"));
    }
    if recorded.contains_key(name) {
        return Err(format!("golden/{name} exists; golden files never change, choose another name"));
    }
    let bytes = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    if place.exists() && std::fs::read(&place).ok().as_ref() != Some(&bytes) {
        return Err(format!("golden/{name} exists with other content; choose another name"));
    }
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    std::fs::write(&place, &bytes).map_err(|error| format!("{}: {error}", place.display()))?;
    recorded.insert(name.to_owned(), hash(&bytes));
    let list: String = recorded.iter().map(|(path, hash)| format!("{hash}  {path}\n")).collect();
    std::fs::write(root().join(LIST), list).map_err(|error| format!("{LIST}: {error}"))?;
    println!("golden/{name}: recorded");
    Ok(())
}

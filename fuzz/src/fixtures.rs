//! Fixtures: the small files that the formats' own tests are made of, as seeds.
//!
//! In: `crates/formats/tests/`. Out: their bytes, in the order of their names.
//! Not here: what is in them.

use std::path::Path;

/// Files below `crates/formats/tests/<folder>` with this ending, of at most `most` bytes.
pub fn files(folder: &str, ending: &str, most: usize) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/formats/tests").join(folder);
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    paths.sort();
    let files = paths.iter().filter_map(|path| std::fs::read(path).ok());
    files.filter(|bytes| bytes.len() <= most).collect()
}

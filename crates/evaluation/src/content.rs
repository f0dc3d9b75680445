//! The content view: a ROOT file with its blocks opened.
//!
//! In: a file. Out: the same keys, objects and data, none of them compressed.
//! Not here: how a file is rewritten (`hepz-formats`).
//! Holds: what cannot be rewritten, and what would come out as it is, has no such view.

use crate::EvaluationError;
use hepz::{Compression, FileSource};
use hepz_formats::root::rewrite::rewrite;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes the content of `original` to `content`; `false` if there is no such view of it.
pub(crate) fn write(original: &Path, content: &Path) -> Result<bool, EvaluationError> {
    let source = FileSource::open(original)?;
    let mut sink = BufWriter::new(File::create(content)?);
    // Whatever stands against it: the other views remain.
    if rewrite(&source, Compression::NONE, &mut sink).is_err() {
        return Ok(false);
    }
    sink.flush()?;
    Ok(fs::metadata(content)?.len() > fs::metadata(original)?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_root_has_no_content_view() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("table.npy");
        fs::write(&file, crate::small_table()).unwrap();
        assert!(!write(&file, &folder.path().join("content")).unwrap());
    }
}

//! Round trips of the corpus: every file comes back, and none costs more than zstd at its slowest.
//!
//! In: the folder that `HEPZ_CORPUS` names. Out: archives in memory, compared.
//! Not here: ratios worth publishing (`hepz-evaluation`).

use hepz::{Archive, CompressOptions, DecompressOptions, FileSource, Limits, Source};
use std::path::{Path, PathBuf};

/// Longest file that is tried: the suite is to take minutes.
const LONGEST_BYTES: u64 = 4 << 20;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

#[test]
fn every_corpus_file_comes_back_and_costs_at_most_a_percent_more_than_zstd() {
    let Ok(folder) = std::env::var("HEPZ_CORPUS") else {
        println!("skipped: HEPZ_CORPUS names no folder with the corpus");
        return;
    };
    let mut paths = Vec::new();
    files(Path::new(&folder), &mut paths);
    for path in paths {
        let source = FileSource::open(&path).unwrap();
        if source.len() > LONGEST_BYTES {
            println!("skipped for its length: {}", path.display());
            continue;
        }
        let mut file = vec![0; source.len() as usize];
        source.read_at(0, &mut file).unwrap();
        let mut archive = Vec::new();
        let report = hepz::compress(&source, &mut archive, &CompressOptions::new()).unwrap();
        let opened = Archive::from_bytes(&archive, Limits::default()).unwrap();
        hepz::verify(&opened, &source, &DecompressOptions::new()).unwrap();
        let zstd = zstd::bulk::compress(&file, 19).unwrap().len();
        println!(
            "{:9} {:9} zstd-19 {:9} {:5} {} tables {:?}",
            file.len(),
            archive.len(),
            zstd,
            report.format,
            report.tables,
            path.file_name().unwrap_or_default()
        );
        assert!(archive.len() <= zstd + zstd / 100 + 200, "{}", path.display());
    }
}

//! Tables of text through the codec: the text comes back, its columns can be read, and damage is an error.

use hepz::{Archive, ArchiveError, CompressOptions, DecompressOptions, Limits, Memory, compress};
use proptest::prelude::*;
use std::fmt::Write;

fn archive_of(text: &[u8], threads: usize) -> Vec<u8> {
    let mut options = CompressOptions::new();
    options.threads = threads;
    let mut archive = Vec::new();
    compress(&Memory(text), &mut archive, &options).unwrap();
    archive
}

fn text_of(archive: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let mut limits = Limits::default();
    (limits.memory_bytes, limits.output_bytes) = (64 << 20, 1 << 24);
    let mut text = Vec::new();
    Archive::from_bytes(archive, limits)?.decompress(&mut text, &DecompressOptions::new())?;
    Ok(text)
}

/// Momenta with their transverse parts, a label, missing values, odd cells, comments, and no end of the last line.
fn sample(rows: usize) -> String {
    let mut text = "event,px,py,pt,kind,weight\n".to_owned();
    let mut state = 7u64;
    for row in 0..rows {
        let mut draw = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f64 / (1 << 24) as f64
        };
        let (px, py) = (100.0 * draw() - 50.0, 100.0 * draw() - 50.0);
        let (px, py) = ((px * 1e4).round() / 1e4, (py * 1e4).round() / 1e4);
        let kind = ["mu", "e", "tau"][(draw() * 3.0) as usize];
        let weight = if row % 7 == 3 { String::new() } else { format!("{:.3}", draw()) };
        if row % 100 == 50 {
            writeln!(text, "# run {row}").unwrap();
        }
        let odd = if row % 90 == 5 { "+" } else { "" };
        writeln!(text, "{row},{px:.4},{py:.4},{odd}{:.4},{kind},{weight}", (px * px + py * py).sqrt())
            .unwrap();
    }
    text.pop();
    text
}

#[test]
fn a_table_of_text_returns_and_its_columns_can_be_read() {
    let text = sample(4000);
    let stored = archive_of(text.as_bytes(), 1);
    assert!(stored == archive_of(text.as_bytes(), 4), "threads change the archive");
    assert!(text_of(&stored).unwrap() == text.as_bytes());
    let archive = Archive::from_bytes(&stored, Limits::default()).unwrap();
    assert_eq!((archive.header().format.as_str(), archive.tables()[0].rows), ("csv", 4000));
    let ids = archive.find("event");
    let events = archive.read(&ids, 1000..1003).unwrap();
    assert_eq!(events[0].to_raw(), [1000, 1001, 1002]);
    let kinds = archive.labels(archive.find("kind")[0]).unwrap();
    assert_eq!(kinds.len(), 3);
    assert!(archive.labels(ids[0]).is_none());
    // What follows from other columns costs little: pt is hypot(px, py), to the last digit or near it.
    let inspection = archive.inspect().unwrap();
    let bits =
        |name: &str| inspection.columns.iter().find(|column| column.name == name).unwrap().bits_per_value;
    let least = bits("px").min(bits("py")).min(bits("pt"));
    assert!(least < 6.0, "px {} py {} pt {}", bits("px"), bits("py"), bits("pt"));
}

#[test]
fn points_of_flat_sensors_are_expected_on_their_lines() {
    let mut text = "x\ty\tsensor\n".to_owned();
    let mut state = 3u64;
    for sensor in 0..1200u32 {
        let angle = f64::from(sensor % 40) * std::f64::consts::TAU / 40.0 + 0.02;
        for _ in 0..5 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let along = (state >> 40) as f64 / (1 << 24) as f64 * 20.0 - 10.0;
            let (sin, cos) = angle.sin_cos();
            let (x, y) = (70.0 * cos - along * sin, 70.0 * sin + along * cos);
            writeln!(text, "{x:.4}\t{y:.4}\t{}", sensor + 1).unwrap();
        }
    }
    let stored = archive_of(text.as_bytes(), 1);
    assert!(text_of(&stored).unwrap() == text.as_bytes());
    let archive = Archive::from_bytes(&stored, Limits::default()).unwrap();
    let columns = archive.inspect().unwrap().columns;
    assert!(
        columns.iter().any(|column| column.transform.contains("on a line") && column.bits_per_value < 9.0),
        "{columns:?}"
    );
}

#[test]
fn every_prefix_of_an_archive_is_refused() {
    let stored = archive_of(sample(600).as_bytes(), 1);
    for length in (0..stored.len()).step_by(7) {
        assert!(text_of(&stored[..length]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn a_flipped_bit_is_an_error_or_changes_nothing(at in any::<usize>(), bit in 0u8..8) {
        static TEXT: std::sync::LazyLock<(String, Vec<u8>)> = std::sync::LazyLock::new(|| {
            let text = sample(600);
            let stored = archive_of(text.as_bytes(), 1);
            (text, stored)
        });
        let (text, stored) = &*TEXT;
        let mut damaged = stored.clone();
        let at = at % damaged.len();
        damaged[at] ^= 1 << bit;
        if let Ok(back) = text_of(&damaged) {
            prop_assert!(back == text.as_bytes());
        }
    }
}

#[test]
fn real_tables_return() {
    let Some(folder) = std::env::var_os("HEPZ_CORPUS") else {
        println!("skipped: HEPZ_CORPUS is not set");
        return;
    };
    for (name, most) in [("trackml_hits.csv", 610_000), ("cms_zmumu_run2011a.csv", 260_000)] {
        let text = std::fs::read(std::path::Path::new(&folder).join("text").join(name)).unwrap();
        let stored = archive_of(&text, 0);
        assert!(stored.len() <= most, "{name}: {}", stored.len());
        assert!(text_of(&stored).unwrap() == text, "{name}");
    }
}

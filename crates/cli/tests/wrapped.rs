//! Tests of event records inside gzip, zstd, xz and bzip2: files, names, notes, exit codes.
//!
//! In: toy showers in wrappers. Out: the same files, or their text where that was asked for.
//! Not here: encoders and levels (`hepz-recompression`), archives in memory (`hepz`).
//! Holds: each test has a folder of its own.

mod scene;
#[path = "../../codec/tests/shower/mod.rs"]
mod shower;

use scene::Scene;
use std::fs;
use std::io::Write;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::GzBuilder::new()
        .filename("shower.hepmc")
        .mtime(1_700_000_000)
        .write(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn xz(text: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(9));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A bzip2 file that no encoder makes: blocks of level 1 under a header of level 9.
fn odd(text: &[u8]) -> Vec<u8> {
    assert!(text.len() > 100_000, "one block is the same at every level");
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(1));
    encoder.write_all(text).unwrap();
    let mut file = encoder.finish().unwrap();
    file[3] = b'9';
    file
}

#[test]
fn wrapped_event_records_come_back_byte_for_byte() {
    let text = shower::hepmc3(8, 30);
    let plain_bytes = {
        let scene = Scene::new();
        scene.write("x.hepmc3", text.as_bytes());
        scene.run(&["compress", "x.hepmc3"]).ends_with(0);
        scene.read("x.hepmc3.hepz").len()
    };
    for (name, file, wrapper) in [
        ("x.hepmc3.gz", gzip(text.as_bytes()), "gzip"),
        ("x.hepmc3.zst", zstd(text.as_bytes()), "zstd"),
        ("x.hepmc3.xz", xz(text.as_bytes()), "xz"),
        ("x.hepmc3.bz2", bzip2(text.as_bytes()), "bzip2"),
    ] {
        let scene = Scene::new();
        scene.write(name, &file);
        let archive = format!("{name}.hepz");
        let said = scene.run(&["compress", "--rm", name]).ends_with(0).stderr();
        assert!(!said.contains("note"), "{said}");
        assert!(scene.read(&archive).len() < plain_bytes + 5_000, "{wrapper}");
        scene.run(&["test", &archive]).ends_with(0);
        assert!(scene.run(&["list", "-v", &archive]).ends_with(0).text().contains(wrapper));
        let events = scene.run(&["cat", "--events", "2..4", &archive]).ends_with(0).text();
        assert_eq!(events.matches("\nE ").count(), 2);
        scene.run(&["decompress", &archive]).ends_with(0);
        assert!(scene.read(name) == file, "{name}");
    }
}

#[test]
fn a_wrapper_that_cannot_be_made_again_is_kept_with_a_note_or_dropped_with_content() {
    let text = shower::hepmc3(9, 60);
    let file = odd(text.as_bytes());
    let scene = Scene::new();
    scene.write("x.hepmc3.bz2", &file);
    scene.run(&["compress", "x.hepmc3.bz2"]).ends_with(0).says("stored as it is").says("--content");
    fs::remove_file(scene.path("x.hepmc3.bz2")).unwrap();
    scene.run(&["decompress", "x.hepmc3.bz2.hepz"]).ends_with(0);
    assert!(scene.read("x.hepmc3.bz2") == file);

    scene.run(&["compress", "-f", "--content", "x.hepmc3.bz2"]).ends_with(0).says("only the text is kept");
    let listed = scene.run(&["list", "-v", "x.hepmc3.bz2.hepz"]).ends_with(0).text();
    assert!(listed.contains("only the text is kept"), "{listed}");
    scene.run(&["decompress", "x.hepmc3.bz2.hepz"]).ends_with(0);
    assert!(scene.read("x.hepmc3") == text.as_bytes(), "the text comes out under its own name");
    assert!(scene.read("x.hepmc3.bz2") == file);
    let piped = scene.run_with(&["compress", "-q", "--content"], &file).ends_with(0).stdout();
    assert!(scene.run_with(&["-d", "-q"], &piped).ends_with(0).stdout() == text.as_bytes());
}

#[test]
fn content_changes_nothing_without_a_wrapper() {
    let scene = Scene::new();
    scene.write("notes.txt", &b"nothing of interest\n".repeat(50));
    scene.write("x.hepmc3", shower::hepmc3(9, 5).as_bytes());
    for name in ["notes.txt", "x.hepmc3"] {
        let without = scene.run(&["compress", "-cq", name]).ends_with(0).stdout();
        assert!(scene.run(&["compress", "-cq", "--content", name]).ends_with(0).stdout() == without);
    }
}

//! Golden archives: what each released version wrote still reads the same.
//!
//! In: `golden/v*/container.hepz` and the listing beside it. Out: none.
//! Not here: archives with columns in them (`hepz`).

use hepz_container::{Limits, Reader, Writer};
use std::fmt::Write;

fn listing(bytes: &[u8]) -> String {
    let reader = Reader::open(bytes, Limits::default()).unwrap();
    let mut text = format!("format {}\n", reader.version());
    for (number, section) in reader.sections().iter().enumerate() {
        let payload = reader.read(number).unwrap();
        let hex: String = payload.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(text, "kind {} tag {} at {} payload <{hex}>", section.kind, section.tag, section.at)
            .unwrap();
    }
    text
}

#[test]
fn the_container_of_format_0_1_still_reads_as_recorded() {
    let archive = include_bytes!("../../../golden/v0.1/container.hepz");
    assert_eq!(listing(archive), include_str!("../../../golden/v0.1/container.expected"));
}

#[test]
fn the_container_of_format_0_1_is_still_written_to_the_same_bytes() {
    let mut writer = Writer::new(Vec::new()).unwrap();
    writer.section(1, 0, b"").unwrap();
    writer.section(2, 127, b"one byte of tag, one of length").unwrap();
    writer.section(2, 128, &[0x5A; 200]).unwrap();
    writer.section(254, u64::MAX, &(0..=255).collect::<Vec<u8>>()).unwrap();
    let written = writer.finish().unwrap();
    if let Some(path) = std::env::var_os("HEPZ_WRITE_GOLDEN_CONTAINER") {
        std::fs::write(path, &written).unwrap();
    }
    assert_eq!(written, include_bytes!("../../../golden/v0.1/container.hepz"));
}

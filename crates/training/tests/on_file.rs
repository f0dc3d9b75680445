//! From a table to an archive with a network that was fitted to it, and back.

#[path = "../../codec/tests/waves/mod.rs"]
mod waves;

use hepz::{
    Archive, CompressOptions, CompressReport, DecompressOptions, Level, Limits, Memory, Trainer, compress,
    records,
};
use hepz_training::on_file::OnFile;
use std::time::Duration;

fn archive_of(bytes: &[u8], trainer: Option<&dyn Trainer>) -> (Vec<u8>, CompressReport) {
    let mut options = CompressOptions::new();
    options.level = Level::Max;
    options.trainer = trainer;
    options.name = Some("waves".to_owned());
    options.records = Some(("a:f4,b:f4,c:f4,y:f4".parse().unwrap(), records::Arrangement::Rows));
    let mut archive = Vec::new();
    let report = compress(&Memory(bytes), &mut archive, &options).unwrap();
    (archive, report)
}

fn restored(archive: &[u8]) -> Vec<u8> {
    let archive = Archive::open(Box::new(Memory(archive)), Limits::default()).unwrap();
    let mut bytes = Vec::new();
    archive.decompress(&mut bytes, &DecompressOptions::default()).unwrap();
    bytes
}

#[test]
fn a_network_fitted_to_the_file_pays_and_the_file_comes_back() {
    let bytes = waves::table(24_000, 5);
    let (plain, _) = archive_of(&bytes, None);
    let trainer = OnFile::new(Duration::from_secs(40), 2);
    let (archive, report) = archive_of(&bytes, Some(&trainer));
    println!("{} bytes with networks, {} without: {:?}", archive.len(), plain.len(), report.networks);
    trainer.reports().iter().for_each(|(name, report)| println!("{name}: {report:?}"));
    let used: Vec<&str> = report
        .networks
        .iter()
        .filter(|network| network.used)
        .map(|network| network.column.as_str())
        .collect();
    assert_eq!(
        used,
        [".y"],
        "of independent columns and a sum of their waves, the sum is what can be forecast"
    );
    assert!(archive.len() * 100 < plain.len() * 99, "{} {}", archive.len(), plain.len());
    assert!(restored(&archive) == bytes);
    if let Some(folder) = std::env::var_os("HEPZ_WRITE_GOLDEN") {
        std::fs::write(std::path::Path::new(&folder).join("waves-networks.hepz"), &archive).unwrap();
    }
}

//! Tests of both directions together, on files made here with layouts made here.

use crate::compress::{Job, compress_layout};
use crate::packing::{stored, unpack};
use crate::{
    Archive, ArchiveError, ColumnId, CompressOptions, DecompressOptions, Level, Limits, Memory, compress,
    compress_to_file, verify,
};
use hepz_columns::{ByteOrder, Column, RowOrder, Scalar, Table};
use hepz_formats::{Block, Extent, Layout, Part, Place};
use hepz_recompression::Step;
use proptest::prelude::*;

pub(crate) fn table(name: &str, rows: u64, scalars: &[Scalar]) -> Table {
    let mut offset = 0;
    let mut columns = Vec::new();
    for (number, &scalar) in scalars.iter().enumerate() {
        let order = if number % 2 == 0 { ByteOrder::Little } else { ByteOrder::Big };
        columns.push(Column { name: format!("c{number}"), unit: "GeV".into(), scalar, order, offset });
        offset += scalar.bytes() as u32;
    }
    Table {
        name: name.into(),
        rows,
        inner: Vec::new(),
        row_order: RowOrder::Logical,
        row_bytes: offset,
        columns,
    }
}

fn pseudo_random(bytes: usize) -> Vec<u8> {
    let mut state = 7u64;
    (0..bytes)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 56) as u8
        })
        .collect()
}

/// Two tables: one of records in two extents, one of columns, with skeleton before, between and behind.
fn small_file(rows: u64) -> (Vec<u8>, Layout) {
    let tables = vec![
        table("jets", rows, &[Scalar::F32, Scalar::I16, Scalar::U8]),
        table("tracks", 2 * rows, &[Scalar::F64, Scalar::I32]),
    ];
    let half = rows / 2;
    let mut file = b"a head of some kind".to_vec();
    let mut extents = Vec::new();
    let mut add = |file: &mut Vec<u8>, table: u32, part: Part, first_row: u64, rows: u64, width: u64| {
        if rows > 0 {
            extents.push(Extent { place: Place::File(file.len() as u64), table, part, first_row, rows });
        }
        let numbers = (0..rows * width).map(|at| (at / width % 251) as u8 ^ (at % width) as u8);
        file.extend(numbers);
        file.extend_from_slice(b"between");
    };
    add(&mut file, 0, Part::Records, half, rows - half, 7);
    add(&mut file, 1, Part::Column(1), 0, 2 * rows, 4);
    add(&mut file, 0, Part::Records, 0, half, 7);
    add(&mut file, 1, Part::Column(0), 0, 2 * rows, 8);
    let mut layout = Layout { format: "records", tables, extents, ..Layout::default() };
    layout.notes.push("made by a test".into());
    layout.validate(file.len() as u64).unwrap();
    (file, layout)
}

/// An archive with columns even where plain bytes would be fewer, in chunks of 64 KiB.
fn archive_of(file: &[u8], layout: &Layout, in_flight: usize) -> Vec<u8> {
    archive_of_level(file, layout, in_flight, Level::Default)
}

fn archive_of_level(file: &[u8], layout: &Layout, in_flight: usize, level: Level) -> Vec<u8> {
    let options = CompressOptions { name: Some("some.bin".into()), level, ..CompressOptions::new() };
    let (spool, report) = Job::new(&Memory(file), layout.format, &options, in_flight, 64 << 10)
        .unwrap()
        .columns(layout.clone())
        .unwrap()
        .unwrap();
    let mut archive = vec![0; spool.len() as usize];
    spool.read_at(0, &mut archive).unwrap();
    assert_eq!(report.archive_bytes, archive.len() as u64);
    archive
}

fn restored(archive: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let mut file = Vec::new();
    Archive::from_bytes(archive, Limits::default())?
        .decompress(&mut file, &DecompressOptions { threads: 1, ..Default::default() })?;
    Ok(file)
}

fn generic(file: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    compress(&Memory(file), &mut archive, &CompressOptions::new()).unwrap();
    archive
}

#[test]
fn records_columns_and_skeleton_come_back() {
    for rows in [1, 2, 3, 500, 20_000] {
        let (file, layout) = small_file(rows);
        for level in Level::ALL {
            let archive = archive_of_level(&file, &layout, 2, level);
            assert_eq!(restored(&archive).unwrap(), file);
        }
        let archive = archive_of(&file, &layout, 2);
        let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
        verify(&archive, &Memory(&file), &DecompressOptions::new()).unwrap();
        archive.test(&DecompressOptions::new()).unwrap();
        assert_eq!(archive.header().name.as_deref(), Some("some.bin"));
        assert_eq!(archive.header().original_bytes, file.len() as u64);
        assert_eq!(archive.tables(), layout.tables);
        assert_eq!(archive.header().format, "records");
        assert_eq!(archive.header().notes, ["made by a test"]);
    }
}

#[test]
fn files_without_columns_come_back_and_cost_little() {
    let random = pseudo_random(100_000);
    for file in [&b""[..], b"x", b"some text", &[0; 70_000], &random] {
        let archive = generic(file);
        assert_eq!(restored(&archive).unwrap(), file);
        assert!(archive.len() < file.len() + 200, "{} {}", archive.len(), file.len());
    }
}

#[test]
fn the_archive_does_not_depend_on_the_number_of_threads() {
    let (file, layout) = small_file(20_000);
    assert!(crate::chunks::Cuts::even(&layout.tables, 64 << 10).chunks > 2);
    for level in Level::ALL {
        let archives = [1, 2, 8].map(|threads| {
            let workers = crate::workers::Workers::new(threads).unwrap();
            workers.run(|| archive_of_level(&file, &layout, workers.in_flight(), level))
        });
        assert!(archives[0] == archives[1] && archives[0] == archives[2]);
        for threads in [1, 8] {
            let mut back = Vec::new();
            let options = DecompressOptions { threads, ..Default::default() };
            let archive = Archive::from_bytes(&archives[0], Limits::default()).unwrap();
            archive.decompress(&mut back, &options).unwrap();
            assert!(back == file);
        }
    }
}

#[test]
fn a_partial_read_gives_what_the_file_holds() {
    let rows = 30_000;
    let (file, layout) = small_file(rows);
    let archive = archive_of(&file, &layout, 2);
    let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
    assert!(archive.inspect().unwrap().chunks > 1);
    let c0 = ColumnId { table: 0, column: 0 };
    let c1 = ColumnId { table: 0, column: 1 };
    let whole = archive.read(&[c0, c1], 0..rows).unwrap();
    // Records of rows `half..` stand first in the file, the others after both tables' second parts.
    let at = |row: u64| {
        let half = rows / 2;
        let extent = layout
            .extents
            .iter()
            .find(|e| e.table == 0 && (e.first_row..e.first_row + e.rows).contains(&row));
        let extent = extent.unwrap();
        let Place::File(at) = extent.place else { panic!("{half}") };
        (at + (row - extent.first_row) * 7) as usize
    };
    for row in [0, 1, rows / 2 - 1, rows / 2, rows - 1] {
        let record = &file[at(row)..][..7];
        assert_eq!(
            whole[0].raw(row as usize),
            u64::from(u32::from_le_bytes(record[..4].try_into().unwrap()))
        );
        assert_eq!(whole[1].raw(row as usize), u64::from(u16::from_be_bytes([record[4], record[5]])));
    }
    for range in [0..0, 0..1, 5..77, 12_000..19_000, rows - 1..rows] {
        let part = archive.read(&[c1, c0, c1], range.clone()).unwrap();
        let wanted = &whole[1].to_raw()[range.start as usize..range.end as usize];
        assert_eq!(part[0].to_raw(), wanted);
        assert_eq!(part[2].to_raw(), wanted);
        assert_eq!(part[1].to_raw(), whole[0].to_raw()[range.start as usize..range.end as usize]);
    }
    assert!(matches!(archive.read(&[c0], 0..rows + 1), Err(ArchiveError::NoSuchColumn { .. })));
    let none = ColumnId { table: 2, column: 0 };
    assert!(matches!(archive.read(&[none], 0..1), Err(ArchiveError::NoSuchColumn { .. })));
}

#[test]
fn columns_are_found_by_name() {
    let (file, layout) = small_file(1000);
    let archive = archive_of(&file, &layout, 1);
    let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
    let id = |table, column| ColumnId { table, column };
    assert_eq!(archive.find("jets.c1"), [id(0, 1)]);
    assert_eq!(archive.find("tracks"), [id(1, 0), id(1, 1)]);
    assert_eq!(archive.find("c1"), [id(0, 1), id(1, 1)]);
    assert_eq!(archive.find("j*.c?"), [id(0, 0), id(0, 1), id(0, 2)]);
    assert_eq!(archive.find("nothing"), []);
}

#[test]
fn inspection_adds_up_to_the_archive() {
    let (file, layout) = small_file(5000);
    let bytes = archive_of(&file, &layout, 1);
    let archive = Archive::from_bytes(&bytes, Limits::default()).unwrap();
    let inspection = archive.inspect().unwrap();
    let sections: u64 = inspection.sections.iter().map(|row| row.bytes).sum();
    assert_eq!(sections, bytes.len() as u64);
    let chunk_bytes = inspection.sections.iter().find(|row| row.kind == "chunk").unwrap().bytes as f64;
    let columns: f64 = inspection.columns.iter().map(|column| column.archive_bytes).sum();
    assert!(columns > 0.0 && columns <= chunk_bytes && columns > chunk_bytes * 0.8 - 50.0);
    assert_eq!(inspection.columns.len(), 5);
}

#[test]
fn every_prefix_is_truncated_and_every_flipped_bit_an_error() {
    let (file, layout) = small_file(300);
    for archive in
        [archive_of(&file, &layout, 1), generic(b"some text, some more text, some text"), generic(b"")]
    {
        for cut in 0..archive.len() {
            let error = restored(&archive[..cut]).unwrap_err();
            assert!(matches!(error, ArchiveError::Truncated { .. }), "{cut}: {error}");
        }
        for bit in 0..8 * archive.len() {
            let mut damaged = archive.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Ok(back) = restored(&damaged) {
                let found = Archive::from_bytes(&damaged, Limits::default()).unwrap();
                let kind = found.sections().iter().rfind(|s| s.at <= bit as u64 / 8);
                panic!("bit {bit} of {}, {kind:?}, equal {}", archive.len(), back == file);
            }
        }
    }
}

/// A file with two zlib blocks and a block that is none.
fn file_with_blocks() -> (Vec<u8>, Layout) {
    let tables = vec![
        table("jets", 4000, &[Scalar::F32, Scalar::I16]),
        table("tracks", 500, &[Scalar::U32]),
        table("odd", 10, &[Scalar::U8]),
    ];
    let plain: Vec<u8> = (0..24_000u32).map(|at| (at / 6 % 201) as u8 ^ (at % 6) as u8).collect();
    let mut file = b"head".to_vec();
    let mut layout = Layout { format: "hdf5", tables, ..Layout::default() };
    let mut add = |table: u32, part: &[u8], stored: &[u8], rows: (u64, u64), pipeline: Vec<Step>| {
        let block = layout.blocks.len() as u32;
        let (at, bytes) = (file.len() as u64, stored.len() as u64);
        layout.blocks.push(Block { at, bytes, plain_bytes: part.len() as u64, pipeline });
        file.extend_from_slice(stored);
        file.extend_from_slice(b"between");
        let place = Place::Block { block, at: 0 };
        layout.extents.push(Extent { place, table, part: Part::Records, first_row: rows.0, rows: rows.1 });
    };
    let shuffled = shuffle(&plain[12_000..], 6);
    add(0, &plain[..12_000], &zlib(&plain[..12_000]), (0, 2000), vec![Step::Zlib]);
    let both = vec![Step::Shuffle { element_bytes: 6 }, Step::Zlib];
    add(0, &plain[12_000..], &zlib(&shuffled), (2000, 2000), both);
    add(1, &plain[..2000], &zlib(&plain[..2000]), (0, 500), vec![Step::Zlib]);
    add(2, &plain[..10], b"this is no zlib stream", (0, 10), vec![Step::Zlib]);
    layout.validate(file.len() as u64).unwrap();
    (file, layout)
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn shuffle(bytes: &[u8], element_bytes: usize) -> Vec<u8> {
    let elements = bytes.len() / element_bytes;
    (0..bytes.len()).map(|at| bytes[at % elements * element_bytes + at / elements]).collect()
}

#[test]
fn compressed_blocks_are_opened_and_come_back_as_they_were() {
    let (file, layout) = file_with_blocks();
    let archive = archive_of(&file, &layout, 2);
    let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
    let names: Vec<&str> = archive.tables().iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["jets", "tracks"]);
    assert!(archive.header().notes.iter().any(|note| note.contains("1 of 4 compressed blocks")));
    verify(&archive, &Memory(&file), &DecompressOptions::new()).unwrap();
    let id = ColumnId { table: 0, column: 0 };
    let values = archive.read(&[id], 1999..2002).unwrap();
    let at = |row: u32| (0..4).map(move |b| ((row * 6 + b) / 6 % 201) as u8 ^ b as u8);
    let wanted = (1999..2002).flat_map(at).collect::<Vec<u8>>();
    assert_eq!(values[0].as_bytes(), wanted);
}

#[test]
fn files_appear_only_when_they_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let names = || {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let (file, _) = file_with_blocks();
    std::fs::write(path("a.bin"), &file).unwrap();
    let report = compress_to_file(path("a.bin"), path("a.hepz"), &CompressOptions::new()).unwrap();
    assert!(report.verified);
    let archive = Archive::open_file(path("a.hepz"), Limits::default()).unwrap();
    assert_eq!(archive.header().name.as_deref(), Some("a.bin"));
    archive.decompress_to_file(path("b.bin"), &DecompressOptions::new()).unwrap();
    assert_eq!(std::fs::read(path("b.bin")).unwrap(), file);
    assert_eq!(names(), ["a.bin", "a.hepz", "b.bin"]);

    let mut damaged = std::fs::read(path("a.hepz")).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(path("c.hepz"), &damaged).unwrap();
    let opened = Archive::open_file(path("c.hepz"), Limits::default());
    let result = opened.and_then(|a| a.decompress_to_file(path("c.bin"), &DecompressOptions::new()));
    assert!(result.is_err());
    assert!(compress_to_file(path("none"), path("d.hepz"), &CompressOptions::new()).is_err());
    assert_eq!(names(), ["a.bin", "a.hepz", "b.bin", "c.hepz"]);

    let (file, layout) = small_file(3000);
    std::fs::write(path("e.hepz"), archive_of(&file, &layout, 1)).unwrap();
    let archive = Archive::open_file(path("e.hepz"), Limits::default()).unwrap();
    archive.decompress_to_file(path("e.bin"), &DecompressOptions::new()).unwrap();
    assert_eq!(std::fs::read(path("e.bin")).unwrap(), file);
}

#[test]
fn an_archive_does_not_verify_against_another_file() {
    let (mut file, layout) = small_file(300);
    let archive = archive_of(&file, &layout, 1);
    let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
    file[50] ^= 1;
    let error = verify(&archive, &Memory(&file), &DecompressOptions::new()).unwrap_err();
    assert!(matches!(error, ArchiveError::VerifyFailed { .. }));
}

#[test]
fn limits_are_kept() {
    let (file, layout) = small_file(20_000);
    let archive = archive_of(&file, &layout, 1);
    let limits = Limits { output_bytes: 1000, ..Limits::default() };
    assert!(matches!(Archive::from_bytes(&archive, limits), Err(ArchiveError::OverLimit { .. })));
    let limits = Limits { memory_bytes: 100_000, ..Limits::default() };
    let found = Archive::from_bytes(&archive, limits).and_then(|a| a.test(&DecompressOptions::new()));
    assert!(matches!(found, Err(ArchiveError::OverLimit { .. })));
}

#[test]
fn columns_that_cost_more_than_plain_bytes_are_not_kept() {
    let (file, mut layout) = small_file(3000);
    let options = CompressOptions::new();
    let length = |layout: Layout| compress_layout(&Memory(&file), layout, &options, 1).unwrap().0.len();
    let with_columns = length(layout.clone());
    layout.tables.clear();
    layout.extents.clear();
    assert!(with_columns <= length(layout));
}

/// The archive with one byte of one payload changed and every checksum made to hold again.
fn patched(archive: &[u8], section: usize, at: usize, mask: u8) -> Vec<u8> {
    let reader = hepz_container::Reader::open(archive, hepz_container::Limits::default()).unwrap();
    let mut writer = hepz_container::Writer::of_version(Vec::new(), reader.version()).unwrap();
    let chosen = section % reader.sections().len();
    for (number, section) in reader.sections().iter().enumerate() {
        let mut payload = reader.read(number).unwrap();
        if number == chosen && !payload.is_empty() {
            // Half of the changes are made inside what is packed, which then is stored.
            let plain =
                unpack(&payload, 1 << 20).ok().filter(|plain| at.is_multiple_of(2) && !plain.is_empty());
            if let Some(mut plain) = plain {
                let at = at / 2 % plain.len();
                plain[at] ^= mask;
                payload = stored(&plain);
            } else {
                let at = at % payload.len();
                payload[at] ^= mask;
            }
        }
        writer.section(section.kind, section.tag, &payload).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn patched_archives_give_an_error_or_the_file_and_never_a_panic() {
    let limits = Limits { memory_bytes: 4 << 20, output_bytes: 4 << 20 };
    for (file, layout) in [small_file(40), file_with_blocks()] {
        let archive = archive_of(&file, &layout, 1);
        let sections = Archive::from_bytes(&archive, limits).unwrap().sections().len();
        for number in 0..400 {
            let mask = 1 << (number / sections % 8);
            let damaged = patched(&archive, number, number * 7919 / sections, mask);
            let Ok(opened) = Archive::from_bytes(&damaged, limits) else { continue };
            let mut back = Vec::new();
            let one = DecompressOptions { threads: 1, ..Default::default() };
            if opened.decompress(&mut back, &one).is_ok() {
                assert!(back == file, "{number}");
            }
            let _ = opened.inspect();
            let first = ColumnId { table: 0, column: 0 };
            let _ = opened.read(&[first], 0..opened.tables().first().map_or(0, |t| t.rows.min(1000)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_bytes_come_back(file in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_eq!(restored(&generic(&file)).unwrap(), file);
    }
}

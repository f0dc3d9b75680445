//! Tests of salvage: each section damaged in turn, cuts at many places.

use super::*;
use crate::compress::Job;
use crate::round_trips::table;
use crate::{CompressOptions, Memory, compress};
use hepz_columns::Scalar;
use hepz_container::Writer;
use hepz_formats::{Extent, Layout, Part, Place};

fn saved(archive: &[u8]) -> Result<(Vec<u8>, Salvaged), ArchiveError> {
    let mut file = Vec::new();
    let options = DecompressOptions { threads: 1, ..Default::default() };
    let report = salvage(Box::new(Memory(archive)), Limits::default(), &mut file, &options)?;
    assert_eq!(report.written_bytes, file.len() as u64);
    Ok((file, report))
}

/// Records with bytes before and behind, in several chunks.
fn columns() -> (Vec<u8>, Vec<u8>) {
    let rows = 20_000u64;
    let tables = vec![table("jets", rows, &[Scalar::F32, Scalar::I16, Scalar::U8])];
    let mut file = b"before".to_vec();
    let extent =
        Extent { place: Place::File(file.len() as u64), table: 0, part: Part::Records, first_row: 0, rows };
    // No byte of the rows is zero, so that each lost one shows.
    file.extend((0..rows * 7).map(|at| 1 + (at / 7 % 13) as u8 + (at % 7) as u8));
    file.extend_from_slice(b"behind");
    let mut layout = Layout { format: "records", tables, extents: vec![extent], ..Layout::default() };
    layout.validate(file.len() as u64).unwrap();
    let options = CompressOptions::new();
    let source = Memory(&file);
    let job = Job::new(&source, "records", &options, 1, 32 << 10).unwrap();
    let (spool, _) = job.columns(layout).unwrap().unwrap();
    let mut archive = vec![0; spool.len() as usize];
    spool.read_at(0, &mut archive).unwrap();
    (file, archive)
}

/// A table in compressed blocks that touch, with bytes before and behind, in several chunks.
fn blocks() -> (Vec<u8>, Vec<u8>) {
    use std::io::Write;
    let (rows, per_block) = (40_000u64, 1000u64);
    let tables = vec![table("jets", rows, &[Scalar::F32, Scalar::I16])];
    let mut layout = Layout { format: "hdf5", tables, ..Layout::default() };
    let mut file = b"before".to_vec();
    for block in 0..rows / per_block {
        let plain: Vec<u8> =
            (0..per_block * 6).map(|at| (at / 6 * (block + 3) % 251) as u8 ^ (at % 6) as u8).collect();
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
        encoder.write_all(&plain).unwrap();
        let stored = encoder.finish().unwrap();
        layout.blocks.push(hepz_formats::Block {
            at: file.len() as u64,
            bytes: stored.len() as u64,
            plain_bytes: plain.len() as u64,
            pipeline: vec![hepz_recompression::Step::Zlib],
        });
        layout.extents.push(Extent {
            place: Place::Block { block: block as u32, at: 0 },
            table: 0,
            part: Part::Records,
            first_row: block * per_block,
            rows: per_block,
        });
        file.extend_from_slice(&stored);
    }
    file.extend_from_slice(b"behind");
    layout.validate(file.len() as u64).unwrap();
    let (source, options) = (Memory(&file), CompressOptions::new());
    let job = Job::new(&source, "hdf5", &options, 1, 64 << 10).unwrap();
    let (spool, report) = job.columns(layout).unwrap().unwrap();
    assert_eq!(report.kept_blocks, 0);
    let mut archive = vec![0; spool.len() as usize];
    spool.read_at(0, &mut archive).unwrap();
    (file, archive)
}

#[test]
fn a_damaged_chunk_costs_its_compressed_blocks_and_the_others_stay_in_place() {
    let (file, archive) = blocks();
    let chunks: Vec<_> = sections(&archive).into_iter().filter(|s| s.0 == Kind::Chunk.id()).collect();
    assert!(chunks.len() > 2);
    for &(_, _, at, end) in &chunks {
        let mut damaged = archive.clone();
        damaged[(at + end) / 2] ^= 4;
        let (back, report) = saved(&damaged).unwrap();
        let [lost] = &report.stretches[..] else { panic!("{:?}", report.stretches) };
        assert!(lost.exact && lost.bytes < file.len() as u64 / 2);
        assert!(back == blanked(&file, &report));
    }
    // Of several stretches only the first and the last byte are known to be in their places.
    let mut damaged = archive.clone();
    for chunk in [&chunks[0], &chunks[2]] {
        damaged[(chunk.2 + chunk.3) / 2] ^= 4;
    }
    let (back, report) = saved(&damaged).unwrap();
    assert_eq!(back.len(), file.len());
    assert!(report.stretches.iter().any(|lost| !lost.exact));
    assert!(back.starts_with(b"before") && back.ends_with(b"behind"));
}

/// Every section of a sound archive: kind, tag, first byte, end.
fn sections(archive: &[u8]) -> Vec<(u8, u64, usize, usize)> {
    let (archive, damage) = Archive::of_remains(Box::new(Memory(archive)), Limits::default()).unwrap();
    assert!(damage.is_none());
    let all = archive.sections().iter();
    all.map(|section| (section.kind, section.tag, section.at as usize, section.end() as usize)).collect()
}

/// The original with zeros where the report says that bytes are lost.
fn blanked(file: &[u8], report: &Salvaged) -> Vec<u8> {
    let mut blanked = file.to_vec();
    for lost in &report.stretches {
        assert!(lost.exact);
        blanked[lost.at as usize..(lost.at + lost.bytes) as usize].fill(0);
    }
    blanked
}

#[test]
fn a_damaged_chunk_costs_its_rows_and_no_others() {
    let (file, archive) = columns();
    let chunks: Vec<_> = sections(&archive).into_iter().filter(|s| s.0 == Kind::Chunk.id()).collect();
    assert!(chunks.len() > 3);
    for &(_, tag, at, end) in &chunks {
        let mut damaged = archive.clone();
        damaged[(at + end) / 2] ^= 4;
        let (back, report) = saved(&damaged).unwrap();
        assert!(!report.whole);
        assert_eq!(report.sections.len(), 1);
        assert_eq!((report.sections[0].kind, report.sections[0].number), ("chunk", tag));
        let [rows] = &report.rows[..] else { panic!("{:?}", report.rows) };
        assert_eq!(back, blanked(&file, &report));
        let lost: u64 = report.stretches.iter().map(|lost| lost.bytes).sum();
        assert_eq!(lost, 7 * (rows.rows.end - rows.rows.start));
        assert!(lost > 0 && lost <= 40 << 10);
    }
}

#[test]
fn each_damaged_section_is_named_or_harmless() {
    let (file, archive) = columns();
    for (kind, _, at, end) in sections(&archive) {
        let mut damaged = archive.clone();
        damaged[(at + end) / 2] ^= 1;
        let kind = Kind::from_id(kind).unwrap();
        match saved(&damaged) {
            Ok((back, report)) => {
                assert!(!matches!(kind, Kind::Header | Kind::Schema | Kind::Plan), "{}", kind.name());
                assert_eq!(report.sections[0].kind, kind.name());
                assert_eq!(back, blanked(&file, &report), "{}", kind.name());
                assert_eq!(report.whole, kind == Kind::Prices);
            }
            Err(ArchiveError::Corrupt { section, what, .. }) => {
                assert!(matches!(kind, Kind::Header | Kind::Schema | Kind::Plan), "{section}: {what}");
                assert_eq!(section, kind.name());
                assert!(what.contains("nothing can be decoded without it"), "{what}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_cut_archive_gives_all_rows_before_the_cut() {
    let (file, archive) = columns();
    let sections = sections(&archive);
    let plan_end = sections.iter().find(|s| s.0 == Kind::Plan.id()).unwrap().3;
    for cut in (0..archive.len()).step_by(97) {
        let whole_chunks = sections.iter().filter(|s| s.0 == Kind::Chunk.id() && s.3 <= cut).count();
        match saved(&archive[..cut]) {
            Ok((back, report)) => {
                assert!(cut >= plan_end);
                assert!(report.end.is_some());
                assert_eq!(back.len(), file.len());
                let from = back.iter().zip(&file).position(|(a, b)| a != b).unwrap_or(file.len());
                assert!(from >= whole_chunks * (20 << 10), "{cut} {from} {whole_chunks}");
                assert_eq!(back, blanked(&file, &report));
            }
            Err(ArchiveError::Truncated { .. } | ArchiveError::NotAnArchive) => assert!(cut < 16),
            Err(ArchiveError::Corrupt { .. }) => assert!(cut < plan_end, "{cut}"),
            Err(other) => panic!("{cut}: {other}"),
        }
    }
    assert!(saved(&archive).unwrap().1.whole);
}

#[test]
fn plain_bytes_come_back_up_to_what_is_damaged() {
    let mut state = 1u64;
    let mut random = |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8 | 1
    };
    let file: Vec<u8> = (0..100_000).map(&mut random).collect();
    let mut archive = Vec::new();
    compress(&Memory(&file), &mut archive, &CompressOptions::new()).unwrap();
    for (kind, _, at, end) in sections(&archive) {
        let mut damaged = archive.clone();
        damaged[(at + end) / 2] ^= 1;
        let (back, report) = saved(&damaged).unwrap();
        match Kind::from_id(kind).unwrap() {
            Kind::Header => assert!(report.whole && back == file),
            Kind::Original => assert!(!report.whole && report.original_bytes.is_none() && back == file),
            _ => assert!(!report.whole && back == blanked(&file, &report)),
        }
    }
}

#[test]
fn events_of_good_chunks_follow_each_other_between_first_and_last_lines() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden/v0.2/hepmc3.hepz");
    let golden = std::fs::read(golden).unwrap();
    let (mut text, options) = (Vec::new(), DecompressOptions::new());
    let archive = Archive::from_bytes(&golden, Limits::default()).unwrap();
    archive.decompress(&mut text, &options).unwrap();
    let format = archive.event_format.clone().unwrap();
    let number = archive.numbers(Kind::Events).next().unwrap();
    let places = archive.events_of_chunk(&format, number).unwrap().places;
    assert!(places.len() > 3);
    // The same events, one chunk for the first, one for the second, one for the others.
    let cuts = [0, places[1].start, places[2].start, text.len()];
    let pieces: Vec<Vec<u8>> = cuts.windows(2).map(|cut| text[cut[0]..cut[1]].to_vec()).collect();
    let mut writer = Writer::of_version(Vec::new(), hepz_container::VERSION).unwrap();
    for kind in [Kind::Header, Kind::Original, Kind::EventFormat] {
        let number = archive.numbers(kind).next().unwrap();
        writer.section(kind.id(), 0, &archive.payload(number).unwrap()).unwrap();
    }
    let engine = archive.header().level.engine();
    for (tag, payload) in (0..).zip(crate::events::text::encode_all(&format, &pieces, engine)) {
        writer.section(Kind::Events.id(), tag, &payload).unwrap();
    }
    let three = writer.finish().unwrap();
    let (back, report) = saved(&three).unwrap();
    assert!(back == text && report.whole);
    let chunks: Vec<_> = sections(&three).into_iter().filter(|s| s.0 == Kind::Events.id()).collect();
    for lost in 0..3 {
        let mut damaged = three.clone();
        damaged[(chunks[lost].2 + chunks[lost].3) / 2] ^= 1;
        let (back, report) = saved(&damaged).unwrap();
        let mut wanted = match lost {
            0 => format.start_lines().to_vec(),
            _ => Vec::new(),
        };
        (0..3).filter(|&piece| piece != lost).for_each(|piece| wanted.extend_from_slice(&pieces[piece]));
        if lost == 2 {
            wanted.extend_from_slice(format.end_line());
        }
        assert!(back == wanted, "{lost}");
        assert!(!report.whole && !report.sections.is_empty());
        let events = [places.len() - 1, places.len() - 1, 2][lost];
        assert_eq!(report.events, Some(events as u64));
        // What comes out is an event record again.
        let mut again = Vec::new();
        compress(&Memory(&back), &mut again, &CompressOptions::new()).unwrap();
        let again = Archive::from_bytes(&again, Limits::default()).unwrap();
        assert_eq!(again.event_count().unwrap(), Some(events as u64));
    }
    let (back, report) = saved(&three[..chunks[1].3]).unwrap();
    assert!(back.starts_with(&text[..cuts[2]]) && back.ends_with(format.end_line()));
    assert_eq!(report.events, Some(2));
}

#[test]
fn any_damage_gives_a_report_or_an_error_and_never_a_panic() {
    let (file, archive) = columns();
    let mut state = 3u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for _ in 0..300 {
        let mut damaged = archive.clone();
        for _ in 0..1 + random(4) {
            let at = random(damaged.len());
            damaged[at] ^= 1 << random(8);
        }
        damaged.truncate(archive.len() - random(2) * random(archive.len()));
        if let Ok((back, report)) = saved(&damaged) {
            assert!(back.len() == file.len() && back == blanked(&file, &report));
        }
    }
}

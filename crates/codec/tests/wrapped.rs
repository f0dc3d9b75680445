//! Event records inside gzip, zstd, xz and bzip2, through the whole codec.
//!
//! In: a toy shower in wrappers of many kinds, and damaged ones. Out: verdicts.
//! Not here: the event path (`events`), the encoders alone (`hepz-recompression`).
//! Holds: a file comes back byte for byte, or its text where the caller allowed that.

mod shower;

use flate2::{Compress, Compression, Crc, FlushCompress};
use hepz::{Archive, ArchiveError, CompressOptions, CompressReport, DecompressOptions, Limits, Memory};
use hepz_recompression::wrapper::{Bytes, Rewrap};

fn compress(file: &[u8], content: bool) -> (Vec<u8>, CompressReport) {
    let mut archive = Vec::new();
    let mut options = CompressOptions::new();
    options.threads = 1;
    options.content = content.then(Default::default);
    options.name = Some("x.hepmc.gz".to_owned());
    let report = hepz::compress(&Memory(file), &mut archive, &options).unwrap();
    (archive, report)
}

fn restored(archive: &[u8], limits: Limits) -> Result<Vec<u8>, ArchiveError> {
    let mut back = Vec::new();
    let mut options = DecompressOptions::new();
    options.threads = 1;
    Archive::from_bytes(archive, limits)?.decompress(&mut back, &options)?;
    Ok(back)
}

/// The archive of a wrapped text, which comes back and costs little more than that of the text.
fn round_trip(text: &[u8], file: &[u8], what: &str) -> Vec<u8> {
    let (plain, _) = compress(text, false);
    let (archive, report) = compress(file, false);
    assert!(restored(&archive, Limits::default()).unwrap() == file, "{what}");
    assert!(report.format.starts_with("HepMC") && report.notes.is_empty(), "{what}: {:?}", report.notes);
    let more = archive.len() - plain.len();
    println!("{what}: {} bytes, archive {} + {more}", file.len(), plain.len());
    assert!(more < 200 + file.len() / 10, "{what}: {more} bytes for the wrapper");
    archive
}

/// The file is stored as it is, and says why.
fn kept(file: &[u8], what: &str) -> String {
    let (archive, report) = compress(file, false);
    assert!(restored(&archive, Limits::default()).unwrap() == file, "{what}");
    assert_eq!((report.format.as_str(), report.notes.len()), ("", 1), "{what}: {:?}", report.notes);
    let opened = Archive::from_bytes(&archive, Limits::default()).unwrap();
    assert_eq!(opened.header().notes, report.notes, "{what}");
    report.notes[0].clone()
}

/// What zlib makes of a text at a level.
fn zlib(text: &[u8], level: u8) -> Vec<u8> {
    hepz_recompression::close(text, &[1, 1, 2, level]).unwrap()
}

/// A gzip member around a deflate stream of a text.
fn gzip(header: &[u8], stream: &[u8], text: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(text);
    [header, stream, &crc.sum().to_le_bytes(), &crc.amount().to_le_bytes()].concat()
}

const PLAIN_HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
const NAMED_HEADER: &[u8] = b"\x1f\x8b\x08\x08\x12\x34\x56\x66\x02\x03shower.hepmc\0";

#[test]
fn gzip_of_any_level_comes_back() {
    let text = shower::hepmc3(3, 25);
    let text = text.as_bytes();
    for level in 1..=9 {
        let header = if level % 2 == 0 { PLAIN_HEADER } else { NAMED_HEADER };
        let file = gzip(header, &zlib(text, level), text);
        let archive = round_trip(text, &file, &format!("zlib level {level}"));
        let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
        assert_eq!(archive.wrapper(), Some("gzip"));
        assert_eq!(archive.event_count().unwrap(), Some(25));
        let mut events = Vec::new();
        archive.write_events(3..5, &mut events).unwrap();
        assert!(String::from_utf8(events).unwrap().contains("\nE 4 "));
        hepz::verify(&archive, &Memory(&file), &DecompressOptions::new()).unwrap();
    }
    // Another encoder of the same format.
    for level in [6, 9] {
        let mut stream = Vec::with_capacity(text.len());
        let mut encoder = Compress::new(Compression::new(level), false);
        encoder.compress_vec(text, &mut stream, FlushCompress::Finish).unwrap();
        round_trip(text, &gzip(PLAIN_HEADER, &stream, text), &format!("zlib-rs level {level}"));
    }
}

#[test]
fn gzip_members_that_follow_each_other_come_back() {
    let text = shower::hepmc2(8, 25);
    let text = text.as_bytes();
    let mut file = Vec::new();
    for (number, piece) in text.chunks(20_000).enumerate() {
        file.extend(gzip(PLAIN_HEADER, &zlib(piece, 1 + number as u8 % 9), piece));
    }
    file.extend(gzip(NAMED_HEADER, &zlib(b"", 6), b""));
    round_trip(text, &file, "members");
}

#[test]
fn zstd_xz_and_bzip2_of_many_levels_come_back() {
    let text = shower::hepmc3(3, 25);
    let text = text.as_bytes();
    let settings: [(u8, &[u8]); 12] = [
        (2, &[1, 3, 3]),
        (2, &[1, 3, 0]),
        (2, &[1, 19, 1]),
        (2, &[1, 0xfb, 2]),
        (2, &[1, 22, 3]),
        (3, &[1, 6, 4, 0]),
        (3, &[1, 0x19, 4, 0]),
        (3, &[1, 0, 1, 0]),
        (3, &[1, 6, 10, 0x80, 0x80, 0x80, 0x0c]),
        (3, &[1, 2, 0, 0x80, 0x80, 1]),
        (4, &[1, 9]),
        (4, &[1, 1]),
    ];
    for (wrapper, settings) in settings {
        let file = pinned(wrapper, settings, text);
        let archive = round_trip(text, &file, &format!("wrapper {wrapper} {settings:?}"));
        let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
        assert_eq!(archive.wrapper(), Some(["zstd", "xz", "bzip2"][usize::from(wrapper) - 2]));
        hepz::verify(&archive, &Memory(&file), &DecompressOptions::new()).unwrap();
        round_trip(&text.repeat(2), &file.repeat(2), "twice");
    }
}

#[test]
fn damaged_streams_of_every_wrapper_come_back_as_they_are() {
    let text = shower::hepmc2(5, 20);
    for (number, file) in samples(text.as_bytes()).into_iter().enumerate() {
        let mut damaged = file.clone();
        damaged[file.len() * 3 / 4] ^= 4;
        for file in [&damaged, &file[..file.len() - 3], &[&file, b"tail".as_slice()].concat()] {
            // Where not even the first block can be read there is nothing to say, so there may be no note.
            let (archive, report) = compress(file, true);
            assert!(!report.content_only && report.format.is_empty(), "wrapper {number}");
            assert!(restored(&archive, Limits::default()).unwrap() == *file, "wrapper {number}");
        }
    }
}

#[test]
fn a_wrapper_that_asks_for_much_memory_is_refused_by_a_reader_with_little() {
    let text = shower::hepmc3(5, 5);
    let (archive, _) = compress(&pinned(3, &[1, 9, 4, 0], text.as_bytes()), false);
    let mut limits = Limits::default();
    limits.memory_bytes = 256 << 20;
    assert!(matches!(restored(&archive, limits), Err(ArchiveError::OverLimit { .. })));
}

#[test]
fn a_wrapper_that_is_damaged_is_stored_as_it_is() {
    let text = shower::hepmc3(5, 20);
    let text = text.as_bytes();
    let file = gzip(NAMED_HEADER, &zlib(text, 6), text);
    for (at, what) in [(3, "flags"), (file.len() / 2, "the stream"), (file.len() - 8, "the checksum")] {
        let mut damaged = file.clone();
        damaged[at] ^= 0x20;
        // With odd flags not even the text is found.
        if what == "flags" {
            let (archive, report) = compress(&damaged, true);
            assert_eq!(report.notes, [""; 0]);
            assert!(restored(&archive, Limits::default()).unwrap() == damaged);
        } else {
            kept(&damaged, what);
        }
    }
    assert!(kept(&file[..file.len() - 1], "cut").contains("cut short"));
    assert!(kept(&file[..file.len() / 2], "cut").contains("cut short"));
    let followed = [&file, b"and more".as_slice()].concat();
    assert!(kept(&followed, "followed").contains("followed by other bytes"));
    // What is damaged is never reduced to its text.
    let (archive, report) = compress(&followed, true);
    assert!(!report.content_only && restored(&archive, Limits::default()).unwrap() == followed);
}

/// A deflate stream that no encoder makes: each 700 bytes in a stored block, with a block of no bytes before it.
fn odd_stream(text: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    let block = |last: bool, bytes: &[u8], stream: &mut Vec<u8>| {
        stream.push(u8::from(last) | 0xa8);
        stream.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
        stream.extend_from_slice(&(!(bytes.len() as u16)).to_le_bytes());
        stream.extend_from_slice(bytes);
    };
    text.chunks(3).for_each(|piece| block(false, piece, &mut stream));
    block(true, b"", &mut stream);
    stream
}

#[test]
fn a_wrapper_that_cannot_be_made_again_is_kept_or_with_content_dropped() {
    let text = shower::hepmc3(6, 20);
    let text = text.as_bytes();
    let file = gzip(NAMED_HEADER, &odd_stream(text), text);
    assert!(kept(&file, "odd").contains("--content"));
    let (archive, report) = compress(&file, true);
    assert!(report.content_only && report.original_bytes == file.len() as u64);
    assert!(restored(&archive, Limits::default()).unwrap() == text);
    let opened = Archive::from_bytes(&archive, Limits::default()).unwrap();
    assert_eq!((opened.wrapper(), opened.header().name.as_deref()), (None, Some("x.hepmc")));
    assert!(opened.header().notes[0].contains("gzip"), "{:?}", opened.header().notes);
    hepz::verify_content(&opened, &Memory(&file), &DecompressOptions::new()).unwrap();
    assert!(hepz::verify(&opened, &Memory(&file), &DecompressOptions::new()).is_err());
}

#[test]
fn content_changes_nothing_where_nothing_has_to_be_dropped() {
    let text = shower::hepmc3(4, 20);
    let text = text.as_bytes();
    for file in [text.to_vec(), gzip(NAMED_HEADER, &zlib(text, 6), text), b"other bytes".to_vec()] {
        assert!(compress(&file, true).0 == compress(&file, false).0);
    }
}

#[test]
fn a_wrapper_of_something_else_is_no_event_record() {
    let text = b"nothing of interest\n".repeat(500);
    let (archive, report) = compress(&gzip(NAMED_HEADER, &zlib(&text, 6), &text), true);
    assert_eq!((report.format.as_str(), report.notes.len()), ("", 0));
    assert!(restored(&archive, Limits::default()).is_ok());
}

#[test]
fn a_text_that_is_far_longer_than_its_file_is_left_inside() {
    let mut text = shower::hepmc3(4, 20).into_bytes();
    text.resize(70 << 20, b'\n');
    let file = gzip(PLAIN_HEADER, &zlib(&text, 6), &text);
    assert!(kept(&file, "bomb").contains("is over"));
}

/// The archive with one byte of its wrapper's recipe changed, or the recipe cut, and every checksum made to hold again.
fn patched(archive: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let reader = hepz_container::Reader::open(archive, hepz_container::Limits::default()).unwrap();
    let mut writer = hepz_container::Writer::of_version(Vec::new(), reader.version()).unwrap();
    for (number, section) in reader.sections().iter().enumerate() {
        let mut payload = reader.read(number).unwrap();
        if section.kind == 11 {
            change(&mut payload);
        }
        writer.section(section.kind, section.tag, &payload).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn a_changed_recipe_gives_an_error_and_never_a_panic() {
    let text = shower::hepmc3(2, 20);
    let text = text.as_bytes();
    let limits = Limits::default();
    for file in samples(text) {
        let (archive, _) = compress(&file, false);
        let mut payload = Vec::new();
        let reader =
            hepz_container::Reader::open(archive.as_slice(), hepz_container::Limits::default()).unwrap();
        for (number, section) in reader.sections().iter().enumerate() {
            if section.kind == 11 {
                payload = reader.read(number).unwrap();
            }
        }
        assert!(!payload.is_empty());
        for at in 0..payload.len().min(60) {
            for mask in [1, 0x10, 0x80, 0xff] {
                let damaged = patched(&archive, |payload| payload[at] ^= mask);
                if let Ok(back) = restored(&damaged, limits) {
                    assert!(back == file, "byte {at}");
                }
            }
            let cut = patched(&archive, |payload| payload.truncate(at));
            assert!(restored(&cut, limits).is_err(), "cut at {at}");
        }
    }
}

/// What a pinned encoder makes of a text: 2 zstd, 3 xz, 4 bzip2, with settings as in a recipe.
fn pinned(wrapper: u8, settings: &[u8], text: &[u8]) -> Vec<u8> {
    let length = [text.len() as u8 | 0x80, (text.len() >> 7) as u8 | 0x80, (text.len() >> 14) as u8];
    let recipe = [&[1, wrapper, 1], length.as_slice(), settings].concat();
    let read_at = |at: u64, into: &mut [u8]| {
        into.copy_from_slice(&text[at as usize..][..into.len()]);
        Ok(())
    };
    let mut made = Vec::new();
    let mut sink = |piece: &[u8]| {
        made.extend_from_slice(piece);
        true
    };
    let text = Bytes { len: text.len() as u64, read_at: &read_at };
    Rewrap::from_bytes(&recipe).unwrap().run(text, &mut sink).unwrap();
    made
}

/// One file of each kind of wrapper.
fn samples(text: &[u8]) -> Vec<Vec<u8>> {
    vec![
        gzip(NAMED_HEADER, &zlib(text, 6), text),
        pinned(2, &[1, 3, 3], text),
        pinned(3, &[1, 6, 4, 0], text),
        pinned(4, &[1, 9], text),
    ]
}

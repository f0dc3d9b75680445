//! Archives that are whole, cut, damaged, or something else.
//!
//! In: archives written here. Out: none; the promises of `ReadError` and `salvage`.
//! Not here: memory (`memory`), archives of released versions (`golden`).

use hepz_container::{
    HEADER_BYTES, Limits, ReadError, Reader, Region, TRAILER_BYTES, VERSION, Writer, salvage,
};
use proptest::prelude::*;

type Error = Box<dyn std::error::Error>;

fn archive(sections: &[(u8, u64, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    for (kind, tag, payload) in sections {
        writer.section(*kind, *tag, payload).unwrap();
        assert_eq!(writer.sections().last().unwrap().end(), writer.written());
    }
    writer.finish().unwrap()
}

/// Sections of every shape: empty, long heads, and one that is itself an archive.
fn sample() -> Vec<u8> {
    let inner = archive(&[(1, 0, b"inner".to_vec())]);
    let long: Vec<u8> = (0..300u32).map(|i| ((i * i) >> 3) as u8).collect();
    archive(&[
        (1, 0, vec![]),
        (254, u64::MAX, b"a large tag".to_vec()),
        (3, 1, inner),
        (3, 2, long),
        (9, 0, vec![0; 20]),
    ])
}

fn read_all(bytes: &[u8]) -> Result<Vec<Vec<u8>>, ReadError> {
    let reader = Reader::open(bytes, Limits::default())?;
    let read: Result<Vec<_>, _> = (0..reader.sections().len()).map(|number| reader.read(number)).collect();
    assert_eq!(read.is_ok(), reader.check().is_ok(), "`read` and `check` disagree");
    read
}

#[test]
fn every_proper_prefix_is_truncated_and_nothing_else() {
    let whole = sample();
    assert_eq!(read_all(&whole).unwrap().len(), 5);
    for length in 0..whole.len() {
        match read_all(&whole[..length]) {
            Err(ReadError::Truncated { wanted_bytes, had_bytes, .. }) => {
                assert_eq!(had_bytes, length as u64);
                assert!(wanted_bytes > had_bytes && wanted_bytes <= whole.len() as u64, "at {length}");
            }
            other => panic!("a prefix of {length} bytes gives {other:?}"),
        }
    }
}

#[test]
fn every_flipped_bit_is_found_and_placed_at_or_before_its_byte() {
    let whole = sample();
    for bit in 0..8 * whole.len() {
        let mut patched = whole.clone();
        patched[bit / 8] ^= 1 << (bit % 8);
        match read_all(&patched) {
            Err(ReadError::Corrupt { at_byte, .. }) => {
                assert!(at_byte <= bit as u64 / 8, "bit {bit}: {at_byte}")
            }
            Err(ReadError::NotAnArchive) => assert!(bit < 32, "bit {bit}"),
            other => panic!("bit {bit} gives {other:?}"),
        }
    }
}

#[test]
fn bytes_after_the_end_are_corrupt() {
    let whole = sample();
    for junk in [&[0u8][..], &[0xFF; 16], &[0; 4096], &whole, &whole[whole.len() - 16..], &whole[..17]] {
        let joined = [&whole, junk].concat();
        match read_all(&joined) {
            Err(ReadError::Corrupt { region: Region::Trailer, at_byte, .. }) => {
                assert_eq!(at_byte, whole.len() as u64)
            }
            other => panic!("{} bytes of junk give {other:?}", junk.len()),
        }
        assert_eq!(salvage(&joined, Limits::default()).count(), 5);
    }
}

#[test]
fn another_kind_of_file_is_not_an_archive() {
    for foreign in [&b"%PDF-1.7"[..], b"PK\x03\x04", b"h", b"HEPX", &[0; 100], b"hepz\xE8\x0D\x0A\x0A"] {
        assert!(matches!(read_all(foreign), Err(ReadError::NotAnArchive)), "{foreign:?}");
    }
}

#[test]
fn a_transfer_that_changed_line_ends_or_dropped_bits_is_noticed() {
    let whole = sample();
    let seven_bits: Vec<u8> = whole.iter().map(|byte| byte & 0x7F).collect();
    let to_unix = [&whole[..5], &whole[6..]].concat();
    let to_dos = [&whole[..7], b"\r", &whole[7..]].concat();
    for changed in [seven_bits, to_unix, to_dos] {
        let error = read_all(&changed).unwrap_err();
        assert!(matches!(error, ReadError::Corrupt { region: Region::Header, .. }), "{error}");
        assert!(error.to_string().contains("line ends"), "{error}");
    }
}

#[test]
fn later_versions_and_unknown_features_are_too_new_even_if_the_rest_is_unreadable() {
    for (place, value) in [(8, 1u8), (9, VERSION.minor + 1), (10, 1), (11, 0x80)] {
        let mut patched = sample();
        patched.truncate(60);
        patched[place] = value;
        let checksum = crc32c::crc32c(&patched[..12]).to_le_bytes();
        patched[12..16].copy_from_slice(&checksum);
        let error = read_all(&patched).unwrap_err();
        assert!(matches!(error, ReadError::TooNew { .. }), "byte {place}: {error}");
    }
}

#[test]
fn sections_above_the_limit_are_over_limit_before_they_are_read() -> Result<(), Error> {
    let whole = sample();
    let small = Limits { section_bytes: 100, ..Limits::default() };
    let reader = Reader::open(&whole, small)?;
    assert!(matches!(reader.read(3), Err(ReadError::OverLimit { wanted: 300, allowed: 100, .. })));
    assert_eq!(reader.read_range(3, 7..9)?, [49 >> 3, 64 >> 3]);
    assert!(matches!(reader.read_range(3, 0..101), Err(ReadError::OverLimit { .. })));
    let few = Limits { sections: 4, ..Limits::default() };
    assert!(matches!(Reader::open(&whole, few), Err(ReadError::OverLimit { wanted: 5, .. })));
    Ok(())
}

#[test]
#[allow(clippy::reversed_empty_ranges)]
fn a_part_outside_its_section_is_corrupt() -> Result<(), Error> {
    let whole = sample();
    let reader = Reader::open(&whole, Limits::default())?;
    assert_eq!(reader.read_range(3, 300..300)?, b"");
    for range in [0..301, 301..301, 5..4, 0..u64::MAX] {
        assert!(matches!(reader.read_range(3, range), Err(ReadError::Corrupt { .. })));
    }
    assert!(matches!(reader.read(5), Err(ReadError::Corrupt { .. })));
    Ok(())
}

#[test]
fn a_cut_archive_gives_back_every_section_before_the_cut() -> Result<(), Error> {
    let whole = sample();
    let reader = Reader::open(&whole, Limits::default())?;
    for length in 0..=whole.len() {
        let before = reader.sections().iter().filter(|section| section.end() <= length as u64).count();
        let saved: Vec<_> = salvage(&whole[..length], Limits::default()).collect();
        assert_eq!(saved.len(), before, "cut to {length}");
        for (number, (section, payload)) in saved.into_iter().enumerate() {
            assert_eq!((section, payload), (reader.sections()[number], reader.read(number)?));
        }
    }
    Ok(())
}

#[test]
fn a_flipped_bit_costs_one_section_at_most() {
    let whole = sample();
    for bit in 0..8 * whole.len() {
        let mut patched = whole.clone();
        patched[bit / 8] ^= 1 << (bit % 8);
        let saved = salvage(&patched, Limits::default()).count();
        assert!(saved >= 4, "bit {bit} costs {} sections", 5 - saved);
    }
}

#[test]
fn an_empty_archive_costs_40_bytes_and_a_small_section_7_and_3_in_the_index() {
    let bytes = archive(&[]);
    assert_eq!(bytes.len() as u64, HEADER_BYTES + 8 + TRAILER_BYTES);
    assert_eq!(archive(&[(1, 0, vec![5; 100])]).len(), bytes.len() + 100 + 7 + 3);
}

#[test]
fn reserved_kinds_are_refused_and_leave_the_archive_as_it_was() {
    let mut writer = Writer::new(Vec::new()).unwrap();
    assert!(writer.section(0, 0, b"x").is_err());
    assert!(writer.section(255, 0, b"x").is_err());
    assert_eq!(writer.finish().unwrap(), archive(&[]));
}

proptest! {
    #[test]
    fn sections_come_back_as_they_were_written(
        sections in proptest::collection::vec((1u8..255, any::<u64>(), proptest::collection::vec(any::<u8>(), 0..400)), 0..20),
    ) {
        let bytes = archive(&sections);
        let reader = Reader::open(&bytes, Limits::default()).unwrap();
        prop_assert_eq!(reader.sections().len(), sections.len());
        for (number, (kind, tag, payload)) in sections.iter().enumerate() {
            let section = reader.sections()[number];
            prop_assert_eq!((section.kind, section.tag, section.bytes), (*kind, *tag, payload.len() as u64));
            prop_assert_eq!(&reader.read(number).unwrap(), payload);
        }
        prop_assert_eq!(salvage(&bytes, Limits::default()).count(), sections.len());
    }

    #[test]
    fn patched_archives_and_any_bytes_give_errors_and_never_a_panic(
        patches in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        junk in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut patched = sample();
        for (place, value) in patches {
            let place = place.index(patched.len());
            patched[place] = value;
        }
        let _ = read_all(&patched);
        patched.truncate(cut.index(patched.len()));
        prop_assert!(read_all(&patched).is_err());
        let _ = salvage(&patched, Limits::default()).count();
        prop_assert!(read_all(&[&sample()[..16], &junk].concat()).is_err());
    }
}

//! Container: attacks on the frame of archives, whatever the sections hold.
//!
//! In: any bytes. Out: none; panics if a promise of `hepz-container` is broken.
//! Not here: what sections hold.

use hepz_container::wire::Cursor;
use hepz_container::{Limits, ReadError, Reader, Writer, salvage};

/// Small archives: empty, several sections, one inside another.
pub fn seeds() -> Vec<Vec<u8>> {
    let write = |sections: &[(u8, u64, &[u8])]| {
        let mut writer = Writer::new(Vec::new()).ok()?;
        for &(kind, tag, payload) in sections {
            writer.section(kind, tag, payload).ok()?;
        }
        writer.finish().ok()
    };
    let empty = write(&[]);
    let inner = write(&[(7, 0, b"inner")]).unwrap_or_default();
    let outer = write(&[(1, 0, &[]), (2, 300, &[0x80; 200]), (3, u64::MAX, &inner), (4, 0, &[0; 40])]);
    [empty, Some(inner), outer].into_iter().flatten().collect()
}

/// Reads everything there is; an archive that reads without an error has one spelling only, no prefix of it reads, and salvage
/// finds all of it.
pub fn container_only(data: &[u8]) {
    let limits = Limits { section_bytes: 1 << 20, sections: 1 << 10 };
    let saved = salvage(data, limits).count();
    let mut cursor = Cursor::new(data);
    while cursor.varint().is_ok() && cursor.prefixed().is_ok() {}
    let reader = match Reader::open(data, limits) {
        Ok(reader) => reader,
        Err(ReadError::Io(error)) => panic!("reading a slice cannot fail: {error}"),
        Err(_) => return,
    };
    let payloads: Result<Vec<_>, _> =
        (0..reader.sections().len()).map(|number| reader.read(number)).collect();
    assert_eq!(payloads.is_ok(), reader.check().is_ok(), "`read` and `check` disagree");
    let Ok(payloads) = payloads else { return };
    assert_eq!(saved, payloads.len(), "salvage loses sections of a sound archive");
    let mut writer = Writer::of_version(Vec::new(), reader.version()).expect("a vector takes every byte");
    for (section, payload) in reader.sections().iter().zip(&payloads) {
        writer.section(section.kind, section.tag, payload).expect("the kinds were read from an archive");
    }
    assert!(writer.finish().expect("a vector takes every byte") == data, "an archive with two spellings");
    for length in [0, data.len() / 2, data.len() - 1] {
        let cut = Reader::open(&data[..length], limits);
        assert!(
            matches!(cut, Err(ReadError::Truncated { .. })),
            "a prefix of {length} bytes is not truncated"
        );
    }
}

//! Codec: attacks on whole archives.
//!
//! In: any bytes, as an archive, as patches to an archive, or as a file. Out: none; panics if a promise is broken.
//! Not here: the frame of archives (`container`), what finds the numbers of a file (`readers`).

use crate::readers::{Memory, hdf5_seeds, numpy_seeds};
use hepz::{Archive, CompressOptions, DecompressOptions, Limits, compress};
use hepz_container::{Limits as FrameLimits, Reader, Section, Writer};
use std::sync::OnceLock;

/// Seeds whose archives are attacked stay below this, so that one attack takes milliseconds.
const MOST_SEED_BYTES: usize = 1 << 14;

/// The sections of an archive.
type Sections = Vec<(Section, Vec<u8>)>;

fn compressed(file: &[u8]) -> Vec<u8> {
    let mut options = CompressOptions::new();
    options.threads = 1;
    let mut archive = Vec::new();
    compress(&Memory(file), &mut archive, &options).expect("compressing from and to memory");
    archive
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.memory_bytes = 1 << 26;
    limits.output_bytes = 1 << 21;
    limits
}

fn one_thread() -> DecompressOptions<'static> {
    let mut options = DecompressOptions::new();
    options.threads = 1;
    options
}

/// Everything that a reader of an archive may ask; errors are fine.
fn read_everything(archive: &[u8]) {
    let Ok(archive) = Archive::from_bytes(archive, limits()) else { return };
    let _ = archive.test(&one_thread());
    let _ = archive.inspect();
    for id in archive.find("*").into_iter().take(3) {
        let rows = archive.tables().get(id.table as usize).map_or(0, |table| table.rows);
        let _ = archive.read(&[id], rows / 2..rows.min(rows / 2 + 10));
    }
}

/// Files of every kind, small.
pub fn file_seeds() -> Vec<Vec<u8>> {
    let mut files = vec![vec![], vec![0], vec![0x55; 1000], b"# a text\n1.0 2.0\n1.5 2.5\n".repeat(20)];
    files.extend(numpy_seeds());
    files.extend(hdf5_seeds());
    files.retain(|file| file.len() <= MOST_SEED_BYTES);
    files
}

/// A file comes back as it was.
pub fn round_trip(data: &[u8]) {
    let archive = compressed(data);
    let archive = Archive::from_bytes(&archive, Limits::default()).expect("an archive just written opens");
    let mut back = Vec::new();
    archive.decompress(&mut back, &one_thread()).expect("an archive just written decompresses");
    assert!(back == data, "a file comes back changed");
}

/// Archives of some of the files.
fn archives() -> &'static [Vec<u8>] {
    static ARCHIVES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    ARCHIVES.get_or_init(|| file_seeds().iter().map(|file| compressed(file)).collect())
}

/// Whole archives.
pub fn archive_seeds() -> Vec<Vec<u8>> {
    archives().to_vec()
}

/// Any bytes as an archive.
pub fn decode_arbitrary(data: &[u8]) {
    read_everything(data);
}

/// Patches: see [`decode_patched`].
pub fn patch_seeds() -> Vec<Vec<u8>> {
    let numbers = 0..archives().len() as u8;
    numbers.map(|number| vec![number, 1, 0, 0, 0x01, 2, 5, 0, 0x80, 3, 2, 0, 0xFF]).collect()
}

fn sections() -> &'static [Sections] {
    static SECTIONS: OnceLock<Vec<Sections>> = OnceLock::new();
    let read = |archive: &Vec<u8>| {
        let reader = Reader::open(archive, FrameLimits::default()).ok()?;
        let numbered = reader.sections().iter().enumerate();
        numbered.map(|(number, section)| Some((*section, reader.read(number).ok()?))).collect()
    };
    SECTIONS.get_or_init(|| archives().iter().filter_map(read).collect())
}

/// Compress, then patch behind the checksums: the productive one. The first byte chooses the archive; then each four bytes are
/// a section, a place in its payload (16 bits), and what happens there: the byte is changed, or (section from 128 up) the payload is cut.
pub fn decode_patched(data: &[u8]) {
    let [number, patches @ ..] = data else { return };
    let Some(mut patched) = sections().get(usize::from(*number) % sections().len().max(1)).cloned() else {
        return;
    };
    for patch in patches.as_chunks::<4>().0 {
        let count = patched.len().max(1);
        let Some((_, payload)) = patched.get_mut(usize::from(patch[0] & 0x7F) % count) else { continue };
        let place = usize::from(u16::from_le_bytes([patch[1], patch[2]])) % payload.len().max(1);
        if patch[0] >= 0x80 {
            payload.truncate(place);
        } else if let Some(byte) = payload.get_mut(place) {
            *byte ^= patch[3];
        }
    }
    let mut writer = Writer::new(Vec::new()).expect("a vector takes every byte");
    for (section, payload) in &patched {
        writer.section(section.kind, section.tag, payload).expect("the kinds were read from an archive");
    }
    read_everything(&writer.finish().expect("a vector takes every byte"));
}

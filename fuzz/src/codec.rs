//! Codec: attacks on whole archives.
//!
//! In: any bytes, as an archive, as patches to an archive, or as a file. Out: none; panics if a promise is broken.
//! Not here: the frame of archives (`container`), what finds the numbers of a file (`readers`).

use crate::fixtures;
use crate::readers::{Memory, hdf5_seeds, numpy_seeds};
use hepz::events::Coded;
use hepz::plan::Engine;
use hepz::{Archive, CompressOptions, DecompressOptions, Level, Limits, compress};
use hepz_columns::events::Lattice;
use hepz_container::{FormatVersion, Limits as FrameLimits, Reader, Section, Writer};
use hepz_formats::events::EventFormat;
use std::sync::OnceLock;

#[path = "../../crates/codec/tests/shower/mod.rs"]
mod shower;

/// Seeds whose archives are attacked stay below this, so that one attack takes milliseconds.
const MOST_SEED_BYTES: usize = 1 << 14;

/// The sections of an archive.
pub(crate) type Sections = Vec<(Section, Vec<u8>)>;

pub(crate) fn compressed(file: &[u8], level: Level) -> Vec<u8> {
    let mut options = CompressOptions::new();
    options.threads = 1;
    options.level = level;
    let mut archive = Vec::new();
    compress(&Memory(file), &mut archive, &options).expect("compressing from and to memory");
    archive
}

pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.memory_bytes = 1 << 26;
    limits.output_bytes = 1 << 21;
    limits
}

pub(crate) fn one_thread() -> DecompressOptions<'static> {
    let mut options = DecompressOptions::new();
    options.threads = 1;
    options
}

/// Everything that a reader of an archive may ask; errors are fine. The file, if it gives one.
pub(crate) fn read_everything(archive: &[u8]) -> Option<Vec<u8>> {
    let medium = Box::new(hepz::Memory(archive));
    let _ = hepz::salvage(medium, limits(), &mut std::io::sink(), &one_thread());
    let archive = Archive::from_bytes(archive, limits()).ok()?;
    let mut back = Vec::new();
    let whole = archive.decompress(&mut back, &one_thread());
    let _ = archive.inspect();
    let _ = archive.inspect_events();
    if let Ok(Some(events)) = archive.event_count() {
        let some = events / 2..events.min(events / 2 + 2);
        let _ = archive.write_events(some.clone(), &mut std::io::sink());
        let _ = archive.read_particles(some);
    }
    for id in archive.find("*").into_iter().take(3) {
        let rows = archive.tables().get(id.table as usize).map_or(0, |table| table.rows);
        let _ = archive.read(&[id], rows / 2..rows.min(rows / 2 + 10));
    }
    whole.is_ok().then_some(back)
}

/// Files of every kind, small.
pub fn file_seeds() -> Vec<Vec<u8>> {
    let mut files = vec![vec![], vec![0], vec![0x55; 1000], b"# a text\n1.0 2.0\n1.5 2.5\n".repeat(20)];
    files.extend(numpy_seeds());
    files.extend(hdf5_seeds());
    files.extend(fixtures::files("root", "root", MOST_SEED_BYTES));
    files.push(shower::hepmc3(1, 1).into_bytes());
    files.push(shower::hepmc2(2, 1).into_bytes());
    files.extend(crate::readers::delimited_seeds());
    files.retain(|file| file.len() <= MOST_SEED_BYTES);
    files
}

/// A file comes back as it was.
pub fn round_trip(data: &[u8]) {
    let archive = compressed(data, Level::ALL[data.len() % Level::ALL.len()]);
    let archive = Archive::from_bytes(&archive, Limits::default()).expect("an archive just written opens");
    let mut back = Vec::new();
    archive.decompress(&mut back, &one_thread()).expect("an archive just written decompresses");
    assert!(back == data, "a file comes back changed");
}

/// Archives of some of the files.
fn archives() -> &'static [Vec<u8>] {
    static ARCHIVES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let both = |file: &Vec<u8>| [Level::Default, Level::Fast].map(|level| compressed(file, level));
    ARCHIVES.get_or_init(|| file_seeds().iter().flat_map(both).collect())
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

/// Version and sections of an archive.
pub(crate) fn sections_of(archive: &[u8]) -> Option<(FormatVersion, Sections)> {
    let reader = Reader::open(archive, FrameLimits::default()).ok()?;
    let numbered = reader.sections().iter().enumerate();
    let sections: Option<Sections> =
        numbered.map(|(number, section)| Some((*section, reader.read(number).ok()?))).collect();
    Some((reader.version(), sections?))
}

fn sections() -> &'static [(FormatVersion, Sections)] {
    static SECTIONS: OnceLock<Vec<(FormatVersion, Sections)>> = OnceLock::new();
    SECTIONS.get_or_init(|| archives().iter().filter_map(|archive| sections_of(archive)).collect())
}

/// Each four bytes are a section, a place in its payload (16 bits), and what happens there: the byte is changed, or (section from
/// 128 up) the payload is cut.
pub(crate) fn patched(sections: &mut Sections, patches: &[u8]) {
    for patch in patches.as_chunks::<4>().0 {
        let count = sections.len().max(1);
        let Some((_, payload)) = sections.get_mut(usize::from(patch[0] & 0x7F) % count) else { continue };
        let place = usize::from(u16::from_le_bytes([patch[1], patch[2]])) % payload.len().max(1);
        if patch[0] >= 0x80 {
            payload.truncate(place);
        } else if let Some(byte) = payload.get_mut(place) {
            *byte ^= patch[3];
        }
    }
}

/// Compress, then patch behind the checksums: the productive one. The first byte chooses the archive; then `patched`.
pub fn decode_patched(data: &[u8]) {
    let [number, patches @ ..] = data else { return };
    let all = self::sections();
    let Some((version, mut sections)) = all.get(usize::from(*number) % all.len().max(1)).cloned() else {
        return;
    };
    patched(&mut sections, patches);
    // Of the archive's own version, or the schema is read by another's rules and nothing behind it is reached.
    let mut writer = Writer::of_version(Vec::new(), version).expect("a vector takes every byte");
    for (section, payload) in &sections {
        writer.section(section.kind, section.tag, payload).expect("the kinds were read from an archive");
    }
    read_everything(&writer.finish().expect("a vector takes every byte"));
}

/// Any bytes as the code of some events: lattices, number of events, length of the decisions, decisions, raw bits.
pub fn decode_events(data: &[u8]) {
    let Some((&[events, cut, lattices @ ..], code)) = data.split_first_chunk::<6>() else { return };
    let lattices = lattices.map(|id| Lattice::from_id(id % 65).unwrap_or(Lattice::Binary64));
    let (decisions, raw) = code.split_at(code.len() * usize::from(cut) / 256);
    let coded = Coded { decisions: decisions.to_vec(), raw: raw.to_vec() };
    let engine = if events < 128 { Engine::Mixing } else { Engine::Histograms };
    let events = events % 128;
    if let Some(events) = hepz::events::decode(&coded, lattices, engine, events.into(), 2000) {
        // What was decoded is coded and comes back: labels are the caller's.
        let again = hepz::events::encode(&events, lattices, engine);
        let back = hepz::events::decode(&again, lattices, engine, events.particles.len(), 2000);
        assert!(back == Some(events), "events come back changed");
    }
}

/// Codes of toy events, and noise.
pub fn event_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![vec![3, 128, 64, 64, 64, 64, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]];
    for text in [shower::hepmc3(5, 1), shower::hepmc2(6, 1)] {
        let format = EventFormat::recognise(text.as_bytes()).expect("a toy shower is an event record");
        let events = format.read(text.as_bytes());
        for (engine, count) in [(Engine::Mixing, 1), (Engine::Histograms, 129)] {
            let coded = hepz::events::encode(&events, [Lattice::Binary64; 4], engine);
            let all = coded.decisions.len() + coded.raw.len();
            let mut seed = vec![count, (coded.decisions.len() * 256 / all) as u8, 64, 64, 64, 64];
            seed.extend(coded.decisions);
            seed.extend(coded.raw);
            seeds.push(seed);
        }
    }
    seeds
}

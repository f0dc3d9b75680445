//! ROOT: attacks on what finds the values of ROOT files, and on the frames that archives of them hold.
//!
//! In: any bytes, as a file, as patches to the packed sections of an archive, or as a frame. Out: none; panics if a promise is broken.
//! Not here: compressed blocks (`blocks`), archives of other formats (`codec`).

use crate::codec::{Sections, compressed, read_everything, round_trip, sections_of};
use crate::fixtures;
use crate::readers::Memory;
use hepz_container::wire::{Cursor, put_varint};
use hepz_container::{FormatVersion, Section, Writer};
use hepz_formats::frame::{Count, Level, Rows, Shape, TableEnd, fold, unfold};
use hepz_formats::root;
use hepz_models::bytes::{ByteConfig, decode};
use std::ops::RangeInclusive;
use std::sync::OnceLock;

#[path = "../../crates/formats/src/root/tree/sample.rs"]
mod sample;

/// Files up to this length are archived as well, which takes some hundredths of a second.
const SHORT_BYTES: usize = 1 << 13;
/// Nothing that is packed in the archives here is longer.
const MOST_UNPACKED_BYTES: usize = 1 << 18;
/// Kinds of sections that hold something packed: schema, recipes, skeleton, plan, contracts, refinement.
const PACKED_KINDS: [u8; 6] = [2, 3, 4, 5, 13, 14];

/// Trees, one of them with nothing compressed, and an RNTuple.
pub fn seeds() -> Vec<Vec<u8>> {
    let files = fixtures::files("root", "root", 1 << 16);
    let opened = files.iter().filter_map(|file| {
        let mut plain = Vec::new();
        root::rewrite::rewrite(&Memory(file), "none".parse().ok()?, &mut plain).ok()?;
        Some(plain)
    });
    let opened: Vec<_> = opened.collect();
    [vec![sample::file().0], files, opened].concat()
}

/// Any bytes as a ROOT file.
pub fn root_layout(data: &[u8]) {
    let Some(mut layout) = root::layout(&Memory(data)).expect("reading within a slice cannot fail") else {
        return;
    };
    if let Err(error) = layout.validate(data.len() as u64) {
        panic!("a ROOT file gave a layout that does not validate: {error}");
    }
    if data.len() <= SHORT_BYTES {
        round_trip(data);
    }
}

/// What is packed in a section: archives may hold it stored as well. `None` for zstd, which is not for so few bytes.
fn unpacked(payload: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(payload);
    let (method, bytes) = (cursor.u8().ok()?, usize::try_from(cursor.varint().ok()?).ok()?);
    let rest = payload.get(cursor.position()..)?;
    match method {
        0 => Some(rest.to_vec()),
        2 if bytes <= MOST_UNPACKED_BYTES => {
            let (config, code) = rest.split_first_chunk::<4>()?;
            Some(decode(code, bytes, ByteConfig::from_bytes(*config).ok()?))
        }
        _ => None,
    }
}

/// Unpacks what is packed in sections; says where that was.
pub(crate) fn unpack(sections: &mut Sections) -> Vec<bool> {
    let of_section = |(section, payload): &mut (Section, Vec<u8>)| {
        let plain = unpacked(payload).filter(|_| PACKED_KINDS.contains(&section.kind));
        plain.map(|plain| *payload = plain).is_some()
    };
    sections.iter_mut().map(of_section).collect()
}

/// The archive of such sections, where what was packed is stored.
pub(crate) fn pack_stored(version: FormatVersion, sections: &Sections, is_packed: &[bool]) -> Vec<u8> {
    let mut writer = Writer::of_version(Vec::new(), version).expect("a vector takes every byte");
    for ((section, payload), is_packed) in sections.iter().zip(is_packed) {
        let mut stored = Vec::new();
        if *is_packed {
            stored.push(0);
            put_varint(&mut stored, payload.len() as u64);
        }
        stored.extend_from_slice(payload);
        writer.section(section.kind, section.tag, &stored).expect("the kinds were read from an archive");
    }
    writer.finish().expect("a vector takes every byte")
}

/// A file, and the sections of its archive, what is packed in them unpacked.
struct Opened {
    file: Vec<u8>,
    version: FormatVersion,
    sections: Sections,
    is_packed: Vec<bool>,
}

fn archives() -> &'static [Opened] {
    static ARCHIVES: OnceLock<Vec<Opened>> = OnceLock::new();
    let open = |file: Vec<u8>| {
        let (version, mut sections) = sections_of(&compressed(&file, hepz::Level::Default))?;
        let is_packed = unpack(&mut sections);
        Some(Opened { file, version, sections, is_packed })
    };
    ARCHIVES.get_or_init(|| seeds().into_iter().filter_map(open).collect())
}

/// Patches: see [`framed_schema`].
pub fn framed_seeds() -> Vec<Vec<u8>> {
    let all = 0..archives().len() as u8;
    all.flat_map(|number| [vec![number], vec![number, 1, 40, 1, 0x01, 1, 80, 2, 0x81, 3, 2, 0, 0xFF]])
        .collect()
}

/// Patches inside what an archive of a ROOT file holds packed. The first byte chooses the archive; then each four bytes are a
/// section, a place in its plain content (16 bits), and what is added to the byte there, or (section from 128 up) how many
/// bytes are gone.
pub fn framed_schema(data: &[u8]) {
    let [number, patches @ ..] = data else { return };
    let Some(archive) = archives().get(usize::from(*number) % archives().len().max(1)) else { return };
    let mut sections = archive.sections.clone();
    for patch in patches.as_chunks::<4>().0 {
        let count = sections.len().max(1);
        let Some((_, payload)) = sections.get_mut(usize::from(patch[0] & 0x7F) % count) else { continue };
        let place = usize::from(u16::from_le_bytes([patch[1], patch[2]])) % payload.len().max(1);
        if patch[0] >= 0x80 {
            payload.drain(place..payload.len().min(place + usize::from(patch[3])));
        } else if let Some(byte) = payload.get_mut(place) {
            *byte = byte.wrapping_add(patch[3]);
        }
    }
    let back = read_everything(&pack_stored(archive.version, &sections, &archive.is_packed));
    assert!(back.is_some() || !patches.is_empty(), "an archive that is only unpacked is refused");
    assert!(back.is_none_or(|back| back == archive.file), "a damaged archive gives another file");
}

/// A shape of three bytes, and one byte for each of its fields.
fn shape_of([kind, counts, more]: [u8; 3]) -> Shape {
    let table = [None, Some(TableEnd::Zero), Some(TableEnd::Last)][usize::from(kind >> 4) % 3];
    let level = |number: u8| Level {
        header: (u16::from(counts) >> (2 * number + 1) & 1 == 1).then(|| vec![0, 9]),
        count: [Count::Elsewhere, Count::Number, Count::Text]
            [usize::from(u16::from(counts) >> (2 * number) & 3) % 3],
        offsets: number.into(),
    };
    match kind & 7 {
        0 => Shape::Same { table },
        1 => Shape::Ends { width: if more % 2 == 0 { 4 } else { 8 }, offsets: 0 },
        levels => Shape::Entries {
            levels: (0..levels - 2).map(level).collect(),
            fields: [&[1][..], &[4], &[8, 2], &[4, 4, 1]][usize::from(more) % 4].to_vec(),
            group: 1 + u32::from(more >> 2) % 5,
            by_field: more >= 0x80,
            table,
        },
    }
}

/// Entries of some shapes, each behind the seven bytes that [`frame_fold`] reads.
pub fn frame_seeds() -> Vec<Vec<u8>> {
    let lists = [[0, 0, 0, 2], [7; 4], [8; 4], [0, 0, 0, 1], [9; 4]].concat();
    let tabled = [&[5; 12][..], &[0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 13, 0, 0, 0, 0]].concat();
    let texts = b"\x03abc\x00\x02de".to_vec();
    let seeds = [
        ([3, 1, 1, 2, 0, 0, 9], lists),
        ([0x12, 0, 1, 2, 0, 0, 9], tabled.clone()),
        ([0x13, 0, 1, 2, 0, 0, 9], tabled),
        ([3, 2, 0, 3, 0, 0, 9], texts),
        ([0, 0, 0, 4, 0, 0, 9], vec![3; 16]),
        ([1, 0, 1, 4, 1, 0, 9], vec![0, 1, 1, 5]),
    ];
    seeds.map(|(head, content)| [&head[..], &content].concat()).to_vec()
}

/// A frame is taken off and put on again; content and offsets that do not belong together give an error.
pub fn frame_fold(data: &[u8]) {
    let Some((&[kind, counts, more, count, first, base, from], content)) = data.split_first_chunk::<7>()
    else {
        return;
    };
    let shape = shape_of([kind, counts, more]);
    let rows = Rows { first: first.into(), count: count.into(), base: base.into(), table_from: from.into() };
    // Hostile offsets: sums of the content's own bytes, most of them rising.
    let noise = content.iter().copied().chain(std::iter::repeat(0));
    let sums: Vec<u64> =
        noise.zip(0..512).map(|(noise, row)| u64::from(noise) + row * u64::from(counts >> 6)).collect();
    let read = |_: u32, rows: RangeInclusive<u64>| {
        let (first, last) = (usize::try_from(*rows.start()).ok()?, usize::try_from(*rows.end()).ok()?);
        Some(sums.get(first..=last)?.to_vec())
    };
    let most = 32 * u64::from(from);
    if let Ok(framed) = fold(&shape, content, rows, &read, most) {
        assert!(framed.len() as u64 <= most, "a frame of {} bytes, {most} allowed", framed.len());
    }
    let outermost: Option<Vec<u32>> =
        (counts & 0x20 != 0).then(|| content.iter().map(|&byte| u32::from(byte % 8)).collect());
    let Some(unfolded) = unfold(&shape, content, rows, outermost.as_deref()) else { return };
    // The offsets that the counts of each level give, from its first list on.
    let ends: Vec<Vec<u64>> = unfolded
        .counts
        .iter()
        .map(|counts| {
            let mut end = 0;
            let ends = counts.iter().map(|&count| {
                end += u64::from(count);
                end
            });
            [0].into_iter().chain(ends).collect()
        })
        .collect();
    let rows = Rows { first: 0, base: 0, ..rows };
    let read = |table: u32, rows: RangeInclusive<u64>| {
        let (first, last) = (usize::try_from(*rows.start()).ok()?, usize::try_from(*rows.end()).ok()?);
        Some(ends.get(table as usize)?.get(first..=last)?.to_vec())
    };
    let _ = fold(&shape, &unfolded.content, rows, &read, content.len() as u64)
        .map(|framed| assert!(framed.len() <= content.len(), "a frame longer than allowed"));
}

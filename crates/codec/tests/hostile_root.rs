//! Damaged ROOT files come back byte for byte, and damaged archives of them give an error or the file.
//!
//! In: small files of the formats' own tests, plain and compressed; with `HEPZ_MUTATIONS` also those below `HEPZ_CORPUS`.
//! Out: verdicts.
//! Not here: mutations without an end (`hepz-fuzz`), what a layout says of a damaged file (`hepz-formats`).
//! Holds: no panic, the file's own bytes or an error, whatever the file says of itself.
//!
//! `HEPZ_MUTATIONS=100000 HEPZ_CORPUS=DIR cargo test -p hepz --profile checked --test hostile_root` takes hours and prints counts.

#[path = "../../formats/src/root/tree/sample.rs"]
mod sample;

use hepz::{Archive, CompressOptions, DecompressOptions, Limits, Memory};
use hepz_container::wire::{Cursor, put_varint};
use hepz_container::{Limits as FrameLimits, Reader, Writer};
use hepz_models::bytes::{ByteConfig, decode};
use std::path::Path;
use std::time::{Duration, Instant};

/// Mutations of each small file, where nothing else is asked for.
const FEW: usize = 50;
/// Mutations of the smallest file, which take a moment.
const MANY: usize = 600;
/// Corpus files up to this length are attacked.
const LONGEST_BYTES: usize = 300_000;
/// Files up to this length are archived after every mutation.
const SHORT_BYTES: usize = 10_000;
/// No damaged file of these lengths is worth more time, however busy the machine is.
const SLOW: Duration = Duration::from_secs(300);

/// Kinds of sections that hold something packed: schema, recipes, skeleton, plan.
const PACKED_KINDS: [u8; 4] = [2, 3, 4, 5];
/// Nothing that is packed here is longer.
const MOST_UNPACKED_BYTES: usize = 1 << 20;

/// How many mutations are asked for.
fn mutations() -> Option<usize> {
    let text = std::env::var("HEPZ_MUTATIONS").ok()?;
    Some(text.parse().expect("HEPZ_MUTATIONS is a number"))
}

struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.bits() % end.max(1) as u64) as usize
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The tree with nothing compressed: then mutations reach branches and values. An RNTuple's envelopes are plain as they are.
fn small_files() -> Vec<(&'static str, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/root");
    let [tree, ntuple] = ["tree.root", "ntuple.root"].map(|name| read(&folder.join(name)));
    let mut plain = Vec::new();
    let none = "none".parse().expect("a compression");
    let written = hepz_formats::root::rewrite::rewrite(&Memory(&tree), none, &mut plain);
    assert!(written.is_ok_and(|report| report.payloads > 0), "the tree cannot be rewritten");
    vec![("sample", sample::file().0), ("tree", tree), ("plain tree", plain), ("ntuple", ntuple)]
}

fn compressed(file: &[u8]) -> Vec<u8> {
    let mut options = CompressOptions::new();
    options.threads = 1;
    let mut archive = Vec::new();
    hepz::compress(&Memory(file), &mut archive, &options).expect("memory can be read and written");
    archive
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.memory_bytes = 1 << 26;
    limits.output_bytes = 1 << 22;
    limits
}

fn restored(archive: &[u8], limits: Limits) -> Option<Vec<u8>> {
    let mut options = DecompressOptions::new();
    options.threads = 1;
    let mut back = Vec::new();
    Archive::from_bytes(archive, limits).ok()?.decompress(&mut back, &options).ok()?;
    Some(back)
}

/// Begins of texts and numbers of a ROOT file that say where something lies or how long it is: four bytes in front of, or
/// some way behind, the name of a class.
fn places_that_matter(file: &[u8]) -> Vec<usize> {
    let names: [&[u8]; 7] =
        [b"TTree", b"TBasket", b"TBranch", b"TLeaf", b"TObjArray", b"ROOT::RNTuple", b"TFile"];
    let mut places: Vec<usize> = (0..64).collect();
    for name in names {
        for (at, _) in file.windows(name.len()).enumerate().filter(|(_, window)| *window == name) {
            places.extend(at.saturating_sub(40)..(at + 80).min(file.len()));
        }
    }
    places
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in file.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

/// Numbers at which readers break, as a length or a count.
const EDGES: [u32; 9] =
    [0, 1, 0x7fff_ffff, 0xffff_ffff, 0x8000_0000, 0x4000_0000, 0x7fff, 0x00ff_ffff, 0x4000_0002];

/// One to three changes; what they were, in words.
fn mutated(file: &[u8], places: &[usize], random: &mut Random) -> (Vec<u8>, String) {
    let mut changed = file.to_vec();
    let mut what = Vec::new();
    for _ in 0..=random.below(3) {
        let anywhere = random.below(changed.len());
        let at = match random.below(3) {
            0 => anywhere,
            _ => places.get(random.below(places.len())).copied().unwrap_or(anywhere),
        };
        let kind = random.below(12);
        match kind {
            0 | 1 => {
                let mask = 1 << random.below(8);
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= mask;
                }
            }
            2 if random.below(4) == 0 => changed.truncate(anywhere),
            2 | 3 => put(&mut changed, at, &(EDGES[random.below(EDGES.len())]).to_be_bytes()),
            4 => put(&mut changed, at, &u64::from(EDGES[random.below(EDGES.len())]).to_be_bytes()),
            // The next word, or the word some way off, in its stead.
            5 => {
                let other = at + 4 * (1 + random.below(8));
                let words: Option<([u8; 4], [u8; 4])> = changed
                    .get(at..at + 4)
                    .zip(changed.get(other..other + 4))
                    .map(|(a, b)| ([a[0], a[1], a[2], a[3]], [b[0], b[1], b[2], b[3]]));
                if let Some((a, b)) = words {
                    put(&mut changed, at, &b);
                    put(&mut changed, other, &a);
                }
            }
            // A place that points at itself, or at another record: circles.
            6 => put(&mut changed, at, &(at as u32).to_be_bytes()),
            7 => put(&mut changed, at, &(at.saturating_sub(random.below(64)) as u32).to_be_bytes()),
            8 => {
                let other = places.get(random.below(places.len())).copied().unwrap_or(0);
                put(&mut changed, at, &(other as u64).to_be_bytes());
            }
            9 => {
                let other = places.get(random.below(places.len())).copied().unwrap_or(0);
                let run: Vec<u8> = file.iter().skip(other).take(random.below(96)).copied().collect();
                put(&mut changed, at, &run);
            }
            // A number a little too large or too small.
            10 => {
                if let Some(byte) = changed.get_mut(at) {
                    *byte = byte.wrapping_add([1, 2, 255, 254][random.below(4)]);
                }
            }
            _ => {
                let run = [0, 0xff, random.bits() as u8][random.below(3)];
                put(&mut changed, at, &vec![run; random.below(24)]);
            }
        }
        what.push(format!("{kind} at {at}"));
    }
    (changed, what.join(", "))
}

/// What damaged files were archived as.
#[derive(Default, Debug)]
struct Counts {
    files: usize,
    only_layouts: usize,
    as_root: usize,
    with_tables: usize,
    slowest: Duration,
}

fn comes_back(name: &str, what: &str, file: &[u8], counts: &mut Counts) {
    let begin = Instant::now();
    let mut options = CompressOptions::new();
    options.threads = 1;
    let mut archive = Vec::new();
    let report =
        hepz::compress(&Memory(file), &mut archive, &options).expect("memory can be read and written");
    let back = restored(&archive, Limits::default());
    assert!(back.is_some_and(|back| back == file), "{name}: {what}: comes back changed");
    let taken = begin.elapsed();
    assert!(taken < SLOW, "{name}: {what}: {taken:?}");
    if taken > SLOW / 30 {
        println!("slow: {name}: {what}: {taken:?}, {:?}", report.notes);
    }
    counts.files += 1;
    counts.as_root += usize::from(report.format == "root");
    counts.with_tables += usize::from(report.tables > 0);
    counts.slowest = counts.slowest.max(taken);
}

fn layout_is_sound(name: &str, what: &str, file: &[u8]) {
    let begin = Instant::now();
    let layout = hepz_formats::root::layout(&Memory(file)).expect("memory can be read");
    if let Some(mut layout) = layout {
        let sound = layout.validate(file.len() as u64);
        assert!(sound.is_ok(), "{name}: {what}: {sound:?}");
    }
    assert!(begin.elapsed() < SLOW, "{name}: {what}: {:?}", begin.elapsed());
}

#[test]
fn damaged_files_come_back() {
    for (name, file) in small_files() {
        let places = places_that_matter(&file);
        let (mut random, mut counts) = (Random(2026), Counts::default());
        comes_back(name, "sound", &file, &mut counts);
        // The sample's few values are not worth columns.
        let has_tables = usize::from(name != "sample");
        assert_eq!((counts.as_root, counts.with_tables), (1, has_tables), "{name} is not understood");
        for _ in 0..if name == "sample" { MANY } else { FEW } {
            let (damaged, what) = mutated(&file, &places, &mut random);
            comes_back(name, &what, &damaged, &mut counts);
        }
        println!("{name}: {} bytes, {counts:?}", file.len());
        assert!(counts.as_root > FEW / 2, "{name}: nothing is left of the damaged files: {counts:?}");
        assert!(counts.with_tables >= has_tables * FEW / 4, "{name}: no columns are left: {counts:?}");
    }
}

/// The archive with one section changed behind its checksum.
fn patched(archive: &[u8], number: usize, payload: &[u8]) -> Vec<u8> {
    let reader = Reader::open(archive, FrameLimits::default()).expect("an archive just written opens");
    let mut writer = Writer::of_version(Vec::new(), reader.version()).expect("a vector takes every byte");
    for (index, section) in reader.sections().iter().enumerate() {
        let kept = reader.read(index).expect("a section just written");
        let payload = if index == number { payload } else { &kept };
        writer.section(section.kind, section.tag, payload).expect("the kinds were read from an archive");
    }
    writer.finish().expect("a vector takes every byte")
}

/// What is packed in a section: archives may hold it stored as well.
fn unpacked(payload: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(payload);
    let (method, bytes) = (cursor.u8().ok()?, usize::try_from(cursor.varint().ok()?).ok()?);
    if bytes > MOST_UNPACKED_BYTES {
        return None;
    }
    let rest = payload.get(cursor.position()..)?;
    match method {
        0 => Some(rest.to_vec()),
        1 => zstd::bulk::decompress(rest, bytes).ok(),
        2 => {
            let (config, code) = rest.split_first_chunk::<4>()?;
            Some(decode(code, bytes, ByteConfig::from_bytes(*config).ok()?))
        }
        _ => None,
    }
}

fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0];
    put_varint(&mut packed, bytes.len() as u64);
    [packed, bytes.to_vec()].concat()
}

/// Tries an archive whose section `number` is what `payload` says; true if it gives the file.
fn refused_or_sound(name: &str, what: &str, file: &[u8], damaged: &[u8]) -> bool {
    let back = restored(damaged, limits());
    let sound = back.is_some();
    assert!(back.is_none_or(|back| back == file), "{name}: {what}: another file");
    sound
}

#[test]
fn damaged_archives_give_an_error_or_the_file() {
    for (name, file) in small_files().into_iter().filter(|(name, _)| !name.contains("plain")) {
        let archive = compressed(&file);
        assert!(refused_or_sound(name, "sound", &file, &archive));
        for at in (0..archive.len()).step_by(if mutations().is_some() { 1 } else { 97 }) {
            let mut damaged = archive.clone();
            damaged[at] ^= 1 << (at % 8);
            refused_or_sound(name, &format!("byte {at}"), &file, &damaged);
        }
    }
}

#[test]
fn archives_that_lie_behind_their_checksums_give_an_error_or_the_file() {
    let tries = if mutations().is_some() { 20_000 } else { 60 };
    for (name, file) in small_files().into_iter().filter(|(name, _)| !name.contains("plain")) {
        let archive = compressed(&file);
        let reader = Reader::open(&archive, FrameLimits::default()).expect("an archive just written opens");
        let mut random = Random(7);
        for (number, section) in reader.sections().iter().enumerate() {
            let payload = reader.read(number).expect("a section just written");
            let is_packed = PACKED_KINDS.contains(&section.kind);
            let plain = if is_packed { unpacked(&payload).expect("a packed section") } else { payload };
            let packed = |plain: Vec<u8>| if is_packed { stored(&plain) } else { plain };
            let sound = patched(&archive, number, &packed(plain.clone()));
            assert!(
                refused_or_sound(name, "stored", &file, &sound),
                "{name}: section {number} is not understood"
            );
            let mut sound = 0;
            for attempt in 0..tries {
                let mut damaged = plain.clone();
                // The first tries go through the section from its begin to its end.
                for change in 0..=random.below(2) {
                    let at =
                        if change == 0 { attempt * plain.len() / tries } else { random.below(plain.len()) };
                    let value = [random.bits() as u8, 0, 1, 0x7f, 0x80, 0xff][random.below(6)];
                    match random.below(12) {
                        0 => damaged.truncate(at),
                        1 => damaged.insert(at.min(damaged.len()), value),
                        2 => put(&mut damaged, at, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
                        3 if at < damaged.len() => drop(damaged.remove(at)),
                        4..=7 => put(&mut damaged, at, &[value]),
                        _ => {
                            if let Some(byte) = damaged.get_mut(at) {
                                *byte = byte.wrapping_add([1, 2, 254, 255][random.below(4)]);
                            }
                        }
                    }
                }
                let what = format!("section {number}, attempt {attempt}");
                let damaged = patched(&archive, number, &packed(damaged));
                sound += usize::from(refused_or_sound(name, &what, &file, &damaged));
            }
            println!(
                "{name}: section {number} of {} bytes, {tries} damaged, {sound} give the file",
                plain.len()
            );
        }
    }
}

#[test]
fn many_damaged_files_come_back() {
    let (Some(mutations), Ok(corpus)) = (mutations(), std::env::var("HEPZ_CORPUS")) else {
        println!("skipped: HEPZ_MUTATIONS says no number, or HEPZ_CORPUS no folder");
        return;
    };
    let mut paths: Vec<_> = std::fs::read_dir(Path::new(&corpus).join("root"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    paths.sort();
    let mut files: Vec<_> = small_files().into_iter().map(|(name, file)| (name.to_owned(), file)).collect();
    for path in paths {
        let mut file = read(&path);
        if path.extension().is_some_and(|ending| ending == "root") {
            file.truncate(LONGEST_BYTES);
            files.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), file));
        }
    }
    let seed = std::env::var("HEPZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let (mut random, mut counts) = (Random(seed), Counts::default());
    let places: Vec<_> = files.iter().map(|(_, file)| places_that_matter(file)).collect();
    for number in 0..mutations {
        let (name, file) = &files[number % files.len()];
        let (damaged, what) = mutated(file, &places[number % files.len()], &mut random);
        let what = format!("seed {seed}, number {number}: {what}");
        // Long ones are archived now and then: that takes a hundred times as long as finding where things lie.
        if file.len() <= SHORT_BYTES || random.below(20) == 0 {
            comes_back(name, &what, &damaged, &mut counts);
        } else {
            layout_is_sound(name, &what, &damaged);
            counts.only_layouts += 1;
        }
        if number % 1000 == 999 {
            println!("{} of {mutations}: {counts:?}", number + 1);
        }
    }
    println!("{} files: {counts:?}", files.len());
}

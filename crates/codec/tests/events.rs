//! Event records: text of generators through the whole codec.
//!
//! In: a toy shower, the corpus where there is one, and damaged copies of both. Out: verdicts.
//! Not here: the text formats alone (`hepz-formats`).
//! Holds: a broken law costs bytes, never a byte of the file.

mod shower;

use hepz::{Archive, ArchiveError, CompressOptions, DecompressOptions, Level, Limits, Memory};
use shower::Random;

fn compress(text: &[u8], threads: usize, level: Level) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut options = CompressOptions::new();
    options.level = level;
    options.threads = threads;
    hepz::compress(&Memory(text), &mut archive, &options).unwrap();
    archive
}

fn restored(archive: &[u8]) -> Vec<u8> {
    let mut back = Vec::new();
    let archive = Archive::from_bytes(archive, Limits::default()).unwrap();
    archive.decompress(&mut back, &DecompressOptions::new()).unwrap();
    back
}

fn round_trip(text: &[u8], level: Level) -> usize {
    let archive = compress(text, 1, level);
    assert!(restored(&archive) == text, "{}", String::from_utf8_lossy(&text[..text.len().min(2000)]));
    archive.len()
}

#[test]
fn showers_come_back_and_their_laws_pay() {
    for text in [shower::hepmc3(3, 60), shower::hepmc2(3, 60), shower::lhe(3, 200)] {
        for level in Level::ALL {
            let bytes = round_trip(text.as_bytes(), level);
            let quick = zstd::bulk::compress(text.as_bytes(), 19).unwrap().len();
            assert!(bytes * 2 < quick, "{level:?}: {bytes} of {}, zstd {quick}", text.len());
        }
    }
}

#[test]
fn any_number_of_threads_writes_the_same() {
    let text = shower::hepmc3(9, 30);
    for level in Level::ALL {
        let one = compress(text.as_bytes(), 1, level);
        assert!([2, 8].into_iter().all(|threads| compress(text.as_bytes(), threads, level) == one));
    }
}

#[test]
fn changed_digits_swapped_and_dropped_lines_come_back() {
    let mut random = Random(77);
    for text in [shower::hepmc3(5, 4), shower::hepmc2(5, 4), shower::lhe(5, 12)] {
        for _ in 0..400 {
            let mut lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
            for _ in 0..1 + random.below(3) {
                let (a, b) =
                    (random.below(lines.len() as u64) as usize, random.below(lines.len() as u64) as usize);
                match random.below(5) {
                    0 => lines.swap(a, b),
                    1 => drop(lines.remove(a.min(lines.len() - 1))),
                    2 => lines[a].truncate(b % 40),
                    3 => lines[a].push(b" \t\r0-ev["[b % 8]),
                    _ if !lines[a].is_empty() => {
                        let place = b % lines[a].len();
                        lines[a][place] = b"0123456789-+.eEnVPA @"[random.below(21) as usize];
                    }
                    _ => {}
                }
            }
            let mut damaged = lines.join(&b'\n');
            damaged.truncate(damaged.len() - random.below(40) as usize);
            round_trip(&damaged, Level::ALL[random.below(3) as usize]);
        }
    }
}

#[test]
fn events_are_read_by_their_numbers() {
    let text = shower::hepmc3(21, 12);
    let archive = compress(text.as_bytes(), 1, Level::Default);
    let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
    assert_eq!(archive.event_count().unwrap(), Some(12));
    assert_eq!(archive.header().format, "HepMC3 Asciiv3");
    let of = |range| {
        let mut some = Vec::new();
        archive.write_events(range, &mut some).map(|()| String::from_utf8(some).unwrap())
    };
    assert_eq!(of(0..12).unwrap(), text);
    let some = of(3..5).unwrap();
    let begins = |event: usize| text.match_indices("\nE ").nth(event).unwrap().0 + 1;
    let events = &text[begins(3)..begins(5)];
    assert_eq!(some, format!("{}{events}HepMC::Asciiv3-END_EVENT_LISTING\n\n", &text[..begins(0)]));
    assert!(matches!(of(5..13), Err(ArchiveError::NoSuchColumn { .. })));
    let particles = archive.read_particles(3..5).unwrap();
    assert_eq!(particles.len(), events.matches("\nP ").count());
    let (names, columns): (Vec<_>, Vec<_>) = particles.columns().unzip();
    let first = events.lines().find(|line| line.starts_with("P ")).unwrap();
    let pz: f64 = first.split(' ').nth(6).unwrap().parse().unwrap();
    assert_eq!((names[0], columns[0].raw(0)), ("event", 3));
    assert_eq!((names[6], f64::from_bits(columns[6].raw(0))), ("pz", pz));
}

#[test]
fn what_the_laws_cost_adds_up() {
    let text = shower::hepmc2(31, 20);
    for (level, beside) in [(Level::Default, 300.0), (Level::Fast, 2000.0)] {
        let bytes = compress(text.as_bytes(), 1, level);
        let archive = Archive::from_bytes(&bytes, Limits::default()).unwrap();
        let inspection = archive.inspect_events().unwrap().unwrap();
        let sum = inspection.skeleton_bytes + inspection.laws.iter().map(|law| law.bytes).sum::<f64>();
        assert_eq!((inspection.events, inspection.vertices > 0), (20, true));
        // At `fast` the tables are accounted to no law.
        assert!((sum - bytes.len() as f64).abs() < beside, "{sum} of {}", bytes.len());
    }
}

#[test]
fn damaged_archives_give_an_error_or_the_file() {
    let text = shower::hepmc3(40, 3);
    let archives = Level::ALL.map(|level| compress(text.as_bytes(), 1, level));
    let mut random = Random(4);
    for turn in 0..900 {
        let archive = &archives[turn % archives.len()];
        let mut damaged = archive.clone();
        let at = random.below(damaged.len() as u64) as usize;
        damaged[at] ^= 1 << random.below(8);
        let mut back = Vec::new();
        let read = Archive::from_bytes(&damaged, Limits::default())
            .and_then(|archive| archive.decompress(&mut back, &DecompressOptions::new()));
        assert!(read.is_err() || back == text.as_bytes());
    }
}

/// Every event record of the corpus, whole, and a part of each with a line that was changed.
#[test]
fn the_corpus_comes_back() {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS") else {
        println!("skipped: HEPZ_CORPUS is not set");
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(std::path::Path::new(&corpus).join("hepmc"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut random = Random(123);
    for file in files {
        let text = std::fs::read(&file).unwrap();
        let bytes = round_trip(&text, Level::Default);
        println!("{}: {} -> {bytes}", file.display(), text.len());
        let mut part = text[..text.len().min(400_000)].to_vec();
        for _ in 0..20 {
            let at = random.below(part.len() as u64) as usize;
            part[at] = b"0123456789 \n"[random.below(12) as usize];
        }
        round_trip(&part, Level::Default);
    }
}

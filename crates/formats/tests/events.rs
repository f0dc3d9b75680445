//! Event records of the corpus: every file comes back, nearly all of it through columns.
//!
//! In: the folder that `HEPZ_CORPUS` names. Out: a summary of each file.
//! Not here: odd input (unit tests of the module).

use hepz_formats::events::EventFormat;
use std::path::Path;
use std::time::Instant;

/// Lines of a skeleton that begin with this byte replace a line.
const PATCH: u8 = 2;
/// Text that is read at once.
const CHUNK_BYTES: usize = 4 << 20;
/// One line in so many may need a patch.
const LINES_PER_PATCH: usize = 1_000;

#[test]
fn every_event_record_of_the_corpus_comes_back_through_columns() {
    let Ok(folder) = std::env::var("HEPZ_CORPUS") else {
        println!("skipped: HEPZ_CORPUS names no folder with the corpus");
        return;
    };
    let Ok(entries) = std::fs::read_dir(Path::new(&folder).join("hepmc")) else { return };
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    println!("     bytes events particles skeleton codes patches (bytes) raw labels read write MB/s");
    for path in paths {
        let file = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(format) = EventFormat::recognise(&file[..file.len().min(4 << 20)]) else {
            println!("not known: {name}");
            continue;
        };
        assert_eq!(EventFormat::from_bytes(&format.to_bytes()).as_ref(), Some(&format));
        let (mut reading, mut writing) = (0.0, 0.0);
        let (mut n_events, mut n_particles, mut n_raw, mut n_labels) = (0, 0, 0, 0);
        let (mut skeleton_bytes, mut patch_bytes, mut n_patches, mut code_bytes) = (0, 0, 0, 0);
        let mut at = 0;
        while at < file.len() {
            let rest = &file[at..];
            let whole = match rest.len() > CHUNK_BYTES {
                true => format.cut(&rest[..CHUNK_BYTES]).unwrap_or(rest.len()),
                false => rest.len(),
            };
            let text = &rest[..whole];
            let start = Instant::now();
            let events = format.read(text);
            reading += start.elapsed().as_secs_f64();
            assert!(events.validate());
            let mut back = Vec::with_capacity(text.len());
            let start = Instant::now();
            let places = format.write_events(&events, &mut back).unwrap();
            writing += start.elapsed().as_secs_f64();
            assert!(back == text, "{name} differs");
            assert!(places.iter().all(|place| back[place.clone()].starts_with(b"E ")));
            assert_eq!(places.last().map(|place| place.end), Some(text.len()));
            n_events += events.particles.len();
            n_particles += events.n_particles();
            n_raw += events.particles.iter().filter(|n| **n == 0).count();
            n_labels += events.labels.len();
            skeleton_bytes += events.skeleton.len();
            for line in events.skeleton.split(|&byte| byte == b'\n') {
                match line.first() {
                    Some(&PATCH) => (n_patches, patch_bytes) = (n_patches + 1, patch_bytes + line.len()),
                    Some(8 | 9) => code_bytes += line.len(),
                    _ => {}
                }
            }
            at += whole;
        }
        let speed = |seconds: f64| file.len() as f64 / seconds / 1e6;
        println!(
            "{:10} {n_events:6} {n_particles:9} {skeleton_bytes:8} {code_bytes:5} {n_patches:7} {patch_bytes:7} {n_raw:3} {n_labels:6} {:4.0} {:5.0} {name} {:?} {:?} {:?}",
            file.len(),
            speed(reading),
            speed(writing),
            format.momentum(),
            format.mass(),
            format.position(),
        );
        assert_eq!(n_raw, 0, "{name}");
        assert!(n_patches * LINES_PER_PATCH <= n_particles, "{name}");
    }
}

//! Les Houches events of the corpus: every file comes back, nearly all of it through columns.
//!
//! In: the folder that `HEPZ_CORPUS` names. Out: a summary of each file.
//! Not here: odd input (unit tests of the module).

use hepz_formats::events::EventFormat;
use std::path::Path;
use std::time::Instant;

/// Lines of a skeleton that begin with these bytes replace a line, its mothers or its label.
const PATCHES: [u8; 3] = [2, 3, 6];
/// Text that is read at once.
const CHUNK_BYTES: usize = 4 << 20;
/// One line in so many may need a patch.
const LINES_PER_PATCH: usize = 1_000;

#[test]
fn every_les_houches_file_of_the_corpus_comes_back_through_columns() {
    let Ok(folder) = std::env::var("HEPZ_CORPUS") else {
        println!("skipped: HEPZ_CORPUS names no folder with the corpus");
        return;
    };
    let Ok(entries) = std::fs::read_dir(Path::new(&folder).join("text")) else { return };
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "lhe"));
    paths.sort();
    println!("     bytes events particles vertices skeleton patches raw labels read write MB/s");
    for path in paths {
        let file = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let format = EventFormat::recognise(&file[..file.len().min(4 << 20)]).unwrap();
        assert_eq!(EventFormat::from_bytes(&format.to_bytes()).as_ref(), Some(&format));
        let (mut reading, mut writing) = (0.0, 0.0);
        let (mut n_events, mut n_particles, mut n_vertices) = (0, 0, 0);
        let (mut skeleton, mut n_patches, mut n_raw, mut n_labels) = (Vec::new(), 0, 0, 0);
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
            assert!(places.iter().all(|place| back[place.clone()].starts_with(b"<event")));
            assert_eq!(places.last().map(|place| place.end), Some(text.len()));
            n_events += events.particles.len();
            n_particles += events.n_particles();
            n_vertices += events.n_vertices();
            n_raw += events.particles.iter().filter(|n| **n == 0).count();
            n_labels += events.labels.len();
            let lines = events.skeleton.split(|&byte| byte == b'\n');
            n_patches += lines.filter(|line| line.first().is_some_and(|kind| PATCHES.contains(kind))).count();
            skeleton.extend_from_slice(&events.skeleton);
            at += whole;
        }
        let speed = |seconds: f64| file.len() as f64 / seconds / 1e6;
        println!(
            "{:10} {n_events:6} {n_particles:9} {n_vertices:8} {:8} {n_patches:7} {n_raw:3} {n_labels:6} {:4.0} {:5.0} {name} {:?} {:?} {:?}",
            file.len(),
            skeleton.len(),
            speed(reading),
            speed(writing),
            format.momentum(),
            format.energy(),
            format.mass(),
        );
        assert_eq!(n_raw, 0, "{name}");
        assert!(n_patches * LINES_PER_PATCH <= n_particles, "{name}");
        if let Ok(folder) = std::env::var("HEPZ_SKELETONS") {
            std::fs::write(Path::new(&folder).join(format!("{name}.skeleton")), skeleton).unwrap();
        }
    }
}

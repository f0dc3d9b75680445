//! Replay: what the fuzzers once found, and a few thousand inputs more.
//!
//! In: `fuzz/regressions/<target>/`. Out: none; a broken promise panics.
//! Not here: the search (`cargo xtask fuzz`).

use hepz_fuzz::TARGETS;
use hepz_fuzz::mutation::{Random, mutated};
use std::time::{Duration, Instant};

/// Mutations tried on every check, and the time after which a slow target has had enough.
const INPUTS: usize = 4000;
const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn what_was_found_once_stays_repaired() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    for target in TARGETS {
        let Ok(entries) = std::fs::read_dir(folder.join(target.name)) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            println!("{}: {}", target.name, path.display());
            (target.attack)(&std::fs::read(path).unwrap());
        }
    }
}

#[test]
fn seeds_and_their_mutations_break_no_promise() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for (number, seed) in seeds.iter().enumerate() {
            println!("{}: seed {number}, {} bytes", target.name, seed.len());
            (target.attack)(seed);
        }
        let (mut random, begin) = (Random::new(1), Instant::now());
        for _ in 0..INPUTS {
            (target.attack)(&mutated(&seeds, &mut random));
            if begin.elapsed() > PATIENCE {
                break;
            }
        }
    }
}

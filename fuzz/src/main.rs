//! Runs the fuzzers: `hepz-fuzz SECONDS [TARGET]`.
//!
//! In: seconds for each target. Out: inputs that broke a promise, under `fuzz/regressions/`.
//! Not here: targets and mutation (the library).

use hepz_fuzz::mutation::{Random, mutated};
use hepz_fuzz::{TARGETS, Target, target};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// An input that takes longer than this breaks a promise too: no input of a few kilobytes is worth it.
const SLOW: Duration = Duration::from_secs(5);

fn regressions(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions").join(target.name)
}

/// A name for an input: FNV-1a of its bytes.
fn name(input: &[u8]) -> String {
    let hash = input.iter().fold(0xCBF2_9CE4_8422_2325u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    format!("{hash:016x}")
}

/// Attacks until the time is over or a promise breaks; says how many inputs it took.
fn attack(target: &Target, time: Duration) -> std::io::Result<Result<u64, PathBuf>> {
    let folder = regressions(target);
    std::fs::create_dir_all(&folder)?;
    let seeds = (target.seeds)();
    // Another place on every run, printed, so that long campaigns do not repeat short ones.
    let start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seed = start.as_nanos() as u64;
    println!("{}: {} seeds, random numbers from {seed:#x}", target.name, seeds.len());
    let mut random = Random::new(seed);
    // If the process dies (stack, memory), this file holds the reason. It stays open: making one for each input would take a
    // hundred times longer than the attack.
    let current = folder.join("current");
    let mut record = std::fs::File::create(&current)?;
    let begin = Instant::now();
    let mut count = 0;
    while begin.elapsed() < time {
        let input = mutated(&seeds, &mut random);
        record.seek(SeekFrom::Start(0))?;
        record.write_all(&input)?;
        record.set_len(input.len() as u64)?;
        let started = Instant::now();
        let outcome = std::panic::catch_unwind(|| (target.attack)(&input));
        if outcome.is_err() || started.elapsed() > SLOW {
            let kept = folder.join(name(&input));
            std::fs::rename(&current, &kept)?;
            return Ok(Err(kept));
        }
        count += 1;
    }
    std::fs::remove_file(current)?;
    if std::fs::read_dir(&folder)?.next().is_none() {
        std::fs::remove_dir(&folder)?;
    }
    Ok(Ok(count))
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse::<u64>().ok());
    let one = arguments.next();
    let targets: Vec<&Target> = match one.as_deref() {
        None => TARGETS.iter().collect(),
        Some(name) => target(name).into_iter().collect(),
    };
    let (Some(seconds), false) = (seconds, targets.is_empty()) else {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("usage: hepz-fuzz SECONDS [TARGET]; targets: {}", names.join(", "));
        return ExitCode::FAILURE;
    };
    let mut broken = false;
    for target in targets {
        match attack(target, Duration::from_secs(seconds)) {
            Ok(Ok(count)) => println!("{}: {count} inputs, no promise broken", target.name),
            Ok(Err(kept)) => {
                println!("{}: BROKEN, the input is in {}", target.name, kept.display());
                broken = true;
            }
            Err(error) => {
                println!("{}: {error}", target.name);
                broken = true;
            }
        }
    }
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

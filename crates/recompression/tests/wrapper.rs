//! Wrappers: pinned encoders make the recorded bytes, for ever; streams are found, made again, and refused where damaged.
//!
//! `golden/wrappers.txt` has a line for each setting: recipe, length, FNV-1a of the stream. Lines are recorded once
//! (`HEPZ_GOLDEN_ADD=1`) and never rewritten. With `HEPZ_WRAPPERS_OUT` naming a folder the text and all streams are written
//! there, to be compared with what tools make: xz 5.4.1 and bzip2 1.0.8 made the same at every level when they were recorded.

use hepz_recompression::wrapper::{self, Bytes, Rewrap, UnwrapError, Wrapper};
use std::fmt::Write;
use std::path::PathBuf;

/// Text like that of an event record: longer than a block of zstd, a block of bzip2 at level 5, a job of zstd's workers.
const TEXT_BYTES: usize = 600_000;

fn text() -> Vec<u8> {
    let mut state = 20_261_121u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut text = String::new();
    for line in 1.. {
        let (id, status) = ([22, 211, 321, 21][random(4) as usize], 1 + random(2));
        let _ = write!(text, "P {line} -{} {id}", line / 3);
        for _ in 0..4 {
            let _ = write!(text, " {}.{:09}e+0{}", 1 + random(9), random(1_000_000_000), random(3));
        }
        let _ = writeln!(text, " {status}");
        if text.len() >= TEXT_BYTES {
            break;
        }
    }
    text.truncate(TEXT_BYTES);
    text.into_bytes()
}

fn bytes<R>(held: &[u8], then: impl FnOnce(Bytes<'_>) -> R) -> R {
    let read_at = |at: u64, into: &mut [u8]| {
        let part = usize::try_from(at).ok().and_then(|at| held.get(at..)?.get(..into.len()));
        into.copy_from_slice(part.ok_or(std::io::ErrorKind::UnexpectedEof)?);
        Ok(())
    };
    then(Bytes { len: held.len() as u64, read_at: &read_at })
}

fn run(recipe: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut made = Vec::new();
    let rewrap = Rewrap::from_bytes(recipe).ok()?;
    bytes(text, |text| {
        rewrap.run(text, &mut |piece| {
            made.extend_from_slice(piece);
            true
        })
    })
    .ok()?;
    Some(made)
}

fn unwrap(stored: &[u8]) -> Result<(Vec<u8>, wrapper::Parts), UnwrapError> {
    let mut text = Vec::new();
    let mut sink = |piece: &[u8]| {
        text.extend_from_slice(piece);
        Ok(())
    };
    let wrapper = Wrapper::recognise(stored).ok_or(UnwrapError::Damaged { what: "unknown" })?;
    let parts = bytes(stored, |stored| wrapper::unwrap(wrapper, stored, 1 << 30, &mut sink))?;
    Ok((text, parts))
}

/// Opens a file and says what makes it again.
fn found(stored: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (text, parts) = unwrap(stored).ok()?;
    let rewrap = bytes(stored, |stored| bytes(&text, |text| wrapper::find(&parts, stored, text))).ok()?;
    let recipe = rewrap.to_bytes();
    assert_eq!(Rewrap::from_bytes(&recipe).as_ref(), Ok(&rewrap));
    assert!(run(&recipe, &text).is_some_and(|made| made == stored));
    Some((text, recipe))
}

/// A recipe of streams of so many bytes of text, by one encoder.
fn recipe(wrapper: u8, streams: &[usize], settings: &[u8]) -> Vec<u8> {
    let mut recipe = vec![1, wrapper, streams.len() as u8];
    for &stream in streams {
        recipe.extend([stream as u8 | 0x80, (stream >> 7) as u8 | 0x80, (stream >> 14) as u8]);
        recipe.extend_from_slice(settings);
    }
    recipe
}

/// Every setting that is watched: name and what a recipe says of it.
fn settings() -> Vec<(String, u8, Vec<u8>)> {
    let mut all = Vec::new();
    for level in (-5i8..=22).filter(|&level| level != 0) {
        all.push((format!("zstd level {level}"), 2, vec![1, level as u8, 3]));
    }
    for (flags, name) in [(0, "bare"), (1, "checksum"), (2, "length"), (5, "workers"), (7, "workers, length")]
    {
        all.push((format!("zstd level 3 {name}"), 2, vec![1, 3, flags]));
    }
    all.push(("zstd level 19 workers, length".to_owned(), 2, vec![1, 19, 7]));
    for preset in 0..10 {
        all.push((format!("xz preset {preset}"), 3, vec![1, preset, 4, 0]));
        all.push((format!("xz preset {preset} extreme"), 3, vec![1, preset | 0x10, 4, 0]));
    }
    for check in [0, 1, 10] {
        all.push((format!("xz preset 6 check {check}"), 3, vec![1, 6, check, 0]));
    }
    // Blocks of 24 MiB, as `xz -6 -T2` makes them, and of 131,072 bytes.
    all.push(("xz preset 6 threads".to_owned(), 3, vec![1, 6, 4, 0x80, 0x80, 0x80, 0x0c]));
    all.push(("xz preset 6 blocks".to_owned(), 3, vec![1, 6, 4, 0x80, 0x80, 0x08]));
    for level in 1..10 {
        all.push((format!("bzip2 level {level}"), 4, vec![1, level]));
    }
    all
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn pinned_encoders_make_the_recorded_bytes_and_are_found() {
    let text = text();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/wrappers.txt");
    let mut golden = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some(folder) = std::env::var_os("HEPZ_WRAPPERS_OUT") {
        std::fs::write(PathBuf::from(folder).join("text"), &text).unwrap();
    }
    for (name, wrapper, settings) in settings() {
        let recipe = recipe(wrapper, &[text.len()], &settings);
        let made = run(&recipe, &text).expect(&name);
        let line = format!("{name}: {} {:016x}\n", made.len(), fnv(&made));
        if std::env::var_os("HEPZ_GOLDEN_ADD").is_some() && !golden.contains(&format!("{name}: ")) {
            golden += &line;
            std::fs::write(&path, &golden).unwrap();
        }
        assert!(golden.contains(&line), "{line} is not what was recorded");
        if let Some(folder) = std::env::var_os("HEPZ_WRAPPERS_OUT") {
            std::fs::write(PathBuf::from(folder).join(&name), &made).unwrap();
        }
        // Another setting may make the same bytes; what is found has made these.
        let (back, _) = found(&made).unwrap_or_else(|| panic!("{name} is not found"));
        assert!(back == text, "{name}");
    }
}

#[test]
fn streams_that_follow_each_other_are_made_again() {
    let text = &text()[..150_000];
    for (wrapper, settings) in [(2, vec![1, 3, 3]), (3, vec![1, 6, 4, 0]), (4, vec![1, 9])] {
        let file = run(&recipe(wrapper, &[60_000, 0, 50_000, 40_000], &settings), text).unwrap();
        let (back, recipe) = found(&file).unwrap_or_else(|| panic!("wrapper {wrapper}"));
        assert!(back == text && recipe.len() < 40);
        // Two encoders, one after the other.
        let others: &[u8] = if wrapper == 4 { &[1, 2] } else { &[1, 1, 1, 0] };
        let others = &others[..settings.len()];
        let other = run(&self::recipe(wrapper, &[text.len()], others), text).unwrap();
        assert!(found(&[file, other].concat()).is_some(), "wrapper {wrapper}");
    }
}

#[test]
fn damaged_files_are_refused_and_give_no_panic() {
    let text = &text()[..20_000];
    for (wrapper, settings) in [(2, vec![1, 3, 3]), (3, vec![1, 1, 4, 0]), (4, vec![1, 9])] {
        let file = run(&recipe(wrapper, &[text.len()], &settings), text).unwrap();
        for cut in (0..40).chain((40..file.len()).step_by(97)).chain(file.len() - 20..file.len()) {
            assert!(unwrap(&file[..cut]).is_err(), "wrapper {wrapper} cut at {cut}");
        }
        for tail in [b"\0\0\0\0".as_slice(), b"BZ", b"rest", &file[..9]] {
            assert!(unwrap(&[&file, tail].concat()).is_err(), "wrapper {wrapper} followed");
        }
        for at in (0..40.min(file.len())).chain((40..file.len()).step_by(61)) {
            let mut damaged = file.clone();
            damaged[at] ^= 0x10;
            if let Some((back, _)) = found(&damaged) {
                assert!(back == text, "wrapper {wrapper}, byte {at}");
            }
        }
    }
}

#[test]
fn a_text_may_not_grow_beyond_what_is_allowed() {
    let zeros = vec![0; 1 << 20];
    for (wrapper, settings) in [(2, vec![1, 3, 3]), (3, vec![1, 1, 4, 0]), (4, vec![1, 9])] {
        let file = run(&recipe(wrapper, &[zeros.len()], &settings), &zeros).unwrap();
        let kind = Wrapper::recognise(&file).unwrap();
        let found = bytes(&file, |file| wrapper::unwrap(kind, file, 600_000, &mut |_| Ok(())));
        assert!(matches!(found, Err(UnwrapError::TooLong { allowed: 600_000 })), "wrapper {wrapper}");
    }
}

#[test]
fn recipes_that_nobody_writes_are_refused() {
    let text = &text()[..1000];
    let with = |wrapper, settings: &[u8]| recipe(wrapper, &[text.len()], settings);
    assert!(run(&with(2, &[1, 3, 3]), text).is_some());
    assert!(run(&with(2, &[1, 3, 3]), &text[1..]).is_none());
    for (wrapper, settings) in [
        (2, vec![1, 0, 3]),
        (2, vec![1, 23, 3]),
        (2, vec![1, 22, 7]),
        (2, vec![1, 3, 8]),
        (2, vec![2, 3, 3]),
        (3, vec![1, 10, 4, 0]),
        (3, vec![1, 0x26, 4, 0]),
        (3, vec![1, 6, 2, 0]),
        (4, vec![1, 0]),
        (4, vec![1, 10]),
        (5, vec![1, 6]),
        (0, vec![]),
    ] {
        assert!(Rewrap::from_bytes(&with(wrapper, &settings)).is_err(), "{wrapper} {settings:?}");
    }
    let whole = with(3, &[1, 6, 4, 0]);
    assert!((0..whole.len()).all(|cut| Rewrap::from_bytes(&whole[..cut]).is_err()));
    // Lengths that claim everything cost nothing.
    let claims = [&[1, 3, 1], [0xff; 9].as_slice(), &[1, 1, 6, 4], &[0xff; 9], &[1]].concat();
    let claims = Rewrap::from_bytes(&claims).unwrap();
    assert_eq!(claims.memory_bytes(), u64::MAX);
}

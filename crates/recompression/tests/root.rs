//! Payloads of ROOT files: what opens comes back, on blocks made here and on the files of a corpus.

use hepz_recompression::{Step, close, open, refit, root};
use std::path::PathBuf;

/// The compressed payloads of keys of a ROOT file, with their plain lengths: keys follow each other from byte 100 on.
fn payloads(file: &[u8]) -> Vec<(&[u8], usize)> {
    let be = |at: usize, bytes: usize| {
        let field = file.get(at..at + bytes)?;
        Some(field.iter().fold(0u64, |number, &byte| number << 8 | u64::from(byte)))
    };
    let (mut at, mut found) = (100, Vec::new());
    while let (Some(key), Some(plain), Some(header), Some(version)) =
        (be(at, 4), be(at + 6, 4), be(at + 14, 2), be(at + 4, 2))
    {
        let signed = key as u32 as i32;
        if signed <= 0 {
            // A gap of so many bytes.
            at += signed.unsigned_abs().max(1) as usize;
            continue;
        }
        let (key, plain, header) = (key as usize, plain as usize, header as usize);
        let payload = file.get(at + header..at + key).unwrap_or_default();
        let class_at = at + if version > 1_000 { 34 } else { 26 };
        if file.get(class_at..class_at + 6) == Some(b"\x05RBlob") {
            // Pages follow that no key announces.
            found.extend(blocks(file.get(at..).unwrap_or_default()));
            break;
        } else if payload.len() < plain {
            found.push((payload, plain));
        }
        at += key;
    }
    found
}

/// The zstd blocks among the pages and envelopes that a blob of an RNTuple holds.
fn blocks(blob: &[u8]) -> Vec<(&[u8], usize)> {
    let mut found = Vec::new();
    for at in 0..blob.len() {
        if let Some(&[b'Z', b'S', 1, a, b, c, d, e, f, 0x28, 0xb5, 0x2f, 0xfd]) =
            blob.get(at..at + 13).and_then(<[u8]>::first_chunk)
            && let Some(block) = blob.get(at..at + 9 + u32::from_le_bytes([a, b, c, 0]) as usize)
        {
            found.push((block, u32::from_le_bytes([d, e, f, 0]) as usize));
        }
    }
    found
}

/// The ROOT files of the corpus, sorted; none without one.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS") else {
        println!("HEPZ_CORPUS is not set: skipping real files");
        return Vec::new();
    };
    let folder = PathBuf::from(corpus).join("root");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    paths.sort();
    let named = paths.iter().map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name, std::fs::read(path).expect("a readable file"))
    });
    named.collect()
}

#[test]
fn payloads_of_real_files_decode() {
    for (name, file) in corpus() {
        let payloads = payloads(&file);
        let decoded = payloads.iter().filter(|(stored, plain)| root::plain(stored, *plain).is_some()).count();
        println!("{name}: {decoded} of {} payloads", payloads.len());
        assert_eq!(decoded, payloads.len(), "{name}");
    }
}

#[test]
fn payloads_of_real_files_come_back() {
    for (name, file) in corpus() {
        let from = std::time::Instant::now();
        let hint = compression(&file);
        let mut tags = std::collections::BTreeMap::<_, [usize; 2]>::new();
        let mut recipes = Vec::new();
        for (stored, plain_bytes) in payloads(&file) {
            let tag = String::from_utf8_lossy(&stored[..3.min(stored.len())]).into_owned();
            let counts = tags.entry(tag).or_default();
            let Some(opened) = open(&[Step::RootBlocks { hint }], stored, plain_bytes) else {
                counts[1] += 1;
                continue;
            };
            counts[0] += 1;
            assert_eq!(close(&opened.plain, &opened.recipe).as_deref(), Ok(stored), "{name}");
            recipes.extend_from_slice(&opened.recipe);
        }
        let seconds = from.elapsed().as_secs_f64();
        println!(
            "{name} ({hint}): [opened, kept] {tags:?}, {} bytes of recipes, {seconds:.2} s",
            recipes.len()
        );
        if let Some(folder) = std::env::var_os("HEPZ_RECIPES") {
            std::fs::write(PathBuf::from(folder).join(&name), &recipes).expect("a folder");
        }
    }
}

#[test]
fn payloads_of_real_files_can_hold_coarser_content_in_their_place() {
    for (name, file) in corpus() {
        let step = [Step::RootBlocks { hint: compression(&file) }];
        let (mut n, mut n_fit, mut recipe_bytes) = (0, 0, 0);
        for (stored, plain_bytes) in payloads(&file) {
            let Some(mut plain) = root::plain(stored, plain_bytes) else { continue };
            plain.iter_mut().skip(3).step_by(4).for_each(|byte| *byte = 0);
            plain.iter_mut().skip(2).step_by(4).for_each(|byte| *byte &= 0xe0);
            n += 1;
            let Some(made) = refit(&step, &plain, stored.len()) else { continue };
            n_fit += 1;
            assert_eq!(made.len(), stored.len(), "{name}");
            assert_eq!(root::plain(&made, plain_bytes).as_ref(), Some(&plain), "{name}");
            let opened = open(&step, &made, plain_bytes).expect("what is made here opens");
            assert_eq!(close(&opened.plain, &opened.recipe), Ok(made), "{name}");
            recipe_bytes += opened.recipe.len();
        }
        println!("{name}: {n_fit} of {n} payloads, {recipe_bytes} bytes of recipes");
        // Not all are floats, and of small numbers the mask makes larger ones.
        assert!(n_fit * 4 >= n * 3, "{name}: {n_fit} of {n} payloads");
        assert!(recipe_bytes <= 16 * n_fit, "{name}: {recipe_bytes} bytes of recipes");
    }
}

/// The file's compression setting.
fn compression(file: &[u8]) -> u16 {
    let be = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"));
    // Positions of eight bytes from version 1000000 on.
    be(if be(4) >= 1_000_000 { 41 } else { 33 }) as u16
}

//! Layers: attacks on base archives and their refinements.
//!
//! In: patches to the two archives of a small file; any bytes as a file to be rounded. Out: none; panics if a promise
//! of `hepz::merge` or `hepz::round` is broken.
//! Not here: archives that stand alone (`codec`), rules and contracts (`precision`).

use crate::codec::{Sections, limits, one_thread, read_everything, sections_of};
use crate::fixtures;
use crate::readers::Memory;
use crate::root::{pack_stored, unpack};
use hepz::{Archive, CompressOptions, Level};
use hepz_container::FormatVersion;
use hepz_precision::{Contract, Promise, RulesFile};
use std::sync::OnceLock;

/// Files whose two archives are attacked stay below this, so that one attack takes milliseconds.
const MOST_SEED_BYTES: usize = 1 << 13;
/// Rows of the generated file.
const ROWS: u16 = 160;
/// Kinds of sections: sums of the file; what names the sums of the other archive's file, in front.
const ORIGINAL: u8 = 8;
const CONTRACTS: u8 = 13;
const REFINEMENT: u8 = 14;
/// Seeds of the generated file, so that every other attack is on it.
const MORE_SEEDS: usize = 60;
/// In the first byte of a patch: it is for the refinement, not the base.
const OF_REFINEMENT: u8 = 0x40;
/// In the first byte of a patch: bytes go.
const CUTS: u8 = 0x80;

/// An archive, what is packed in its sections unpacked.
struct Layer {
    version: FormatVersion,
    sections: Sections,
    is_packed: Vec<bool>,
}

/// A file and its two archives.
struct Pair {
    file: Vec<u8>,
    base: Layer,
    refinement: Layer,
}

/// A structured array of related floats (the last is a sum), sentinels, integers, halves and doubles. Generated.
fn numbers() -> Vec<u8> {
    let names = [("px", "f4"), ("py", "f4"), ("pt", "f4"), ("n", "i2"), ("h", "f2"), ("x", "f8")];
    let terms = [("a", "f4"), ("b", "f4"), ("sum", "f4")];
    let fields: String =
        names.iter().chain(&terms).map(|(name, kind)| format!("('{name}','<{kind}'),")).collect();
    let dict = format!("{{'descr': [{fields}], 'fortran_order': False, 'shape': ({ROWS},), }}");
    let padded = (10 + dict.len() + 1).next_multiple_of(64) - 10;
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((padded as u16).to_le_bytes());
    file.extend(format!("{dict:<width$}\n", width = padded - 1).bytes());
    for row in 0..ROWS {
        let px = f32::from(row * row % 977) / 7.0 - 60.0;
        let py = if row % 5 == 0 { -999.0 } else { f32::from(row * 31 % 211) / 3.0 };
        file.extend([px, py, (px * px + py * py).sqrt()].map(f32::to_le_bytes).concat());
        file.extend((row / 3).to_le_bytes());
        file.extend((0x3c00 + row * 37 % 0x4000).to_le_bytes());
        file.extend((f64::from(row) * 0.1).to_le_bytes());
        let (a, b) = (f32::from(row * 119 % 1021) / 1.7 + 300.0, f32::from(row * 31 % 211) / 30.0);
        file.extend([a, b, a + b].map(f32::to_le_bytes).concat());
    }
    file
}

fn rounded_files() -> Vec<Vec<u8>> {
    let mut files = vec![numbers()];
    for (folder, ending) in [("numpy", "npy"), ("hdf5", "h5"), ("root", "root")] {
        files.extend(fixtures::files(folder, ending, MOST_SEED_BYTES));
    }
    files
}

/// Which of the rules is about the range of a column.
const OF_RANGE: usize = 2;

fn rules() -> Vec<RulesFile> {
    let promises = [
        Promise::KeptBits { kept: 6 },
        Promise::Absolute { bound: 0.01 },
        Promise::RangeRelative { fraction: 1e-3, range: None },
    ];
    let contracts = promises.iter().filter_map(|&promise| Contract::new(promise, &[-999.0]).ok());
    contracts.map(|contract| RulesFile::single("*", contract)).collect()
}

fn layer(archive: &[u8]) -> Option<Layer> {
    let (version, mut sections) = sections_of(archive)?;
    let is_packed = unpack(&mut sections);
    Some(Layer { version, sections, is_packed })
}

fn pairs() -> &'static [Pair] {
    static PAIRS: OnceLock<Vec<Pair>> = OnceLock::new();
    let split = |file: &[u8], rules: &RulesFile, level: Level| {
        let mut options = CompressOptions::new();
        (options.threads, options.level) = (1, level);
        let (mut base, mut refinement) = (Vec::new(), Vec::new());
        hepz::split(&Memory(file), rules, &mut base, &mut refinement, &options).ok()?;
        Some(Pair { file: file.to_vec(), base: layer(&base)?, refinement: layer(&refinement)? })
    };
    PAIRS.get_or_init(|| {
        let files = rounded_files();
        let mut pairs = Vec::new();
        let rules = rules();
        for (number, file) in files.iter().enumerate() {
            for (level, rules) in Level::ALL.into_iter().zip(rules.iter().cycle().skip(number)) {
                pairs.extend(split(file, rules, level));
            }
        }
        assert!(pairs.len() <= usize::from(u8::MAX), "a byte chooses one of {} pairs", pairs.len());
        pairs
    })
}

/// Patches: see [`merge`].
pub fn seeds() -> Vec<Vec<u8>> {
    let both = |number: u8| {
        let base = [0x01, 40, 0, 1, 0x03, 9, 0, 2, CUTS | 0x02, 3, 0, 1];
        let refinement = [0x42, 3, 0, 1, 0x43, 30, 0, 0x80, CUTS | 0x44, 2, 0, 5];
        // A single one gets further: level, plan, streams, patches of the refinement.
        let single = [[0x40, 0, 0, 1], [0x41, 4, 0, 1], [0x42, 7, 0, 1], [0x43, 20, 0, 9], [0x44, 44, 0, 1]];
        let one = single[usize::from(number) % single.len()];
        let all = [&[][..], &base, &refinement, &one, &[0x00, 0, 0, 1]];
        all.map(|patches| [&[number], patches].concat())
    };
    // The generated file, at three levels, has what the small ones do not have: formulas over values of the base.
    let generated = (0..3).cycle().take(MORE_SEEDS);
    (0..pairs().len() as u8).chain(generated).flat_map(both).collect()
}

/// The sections with their patches.
fn patched(layer: &Layer, patches: &[[u8; 4]]) -> Sections {
    let mut sections = layer.sections.clone();
    for &[of, low, high, change] in patches {
        let count = sections.len().max(1);
        let number = usize::from(of & !(CUTS | OF_REFINEMENT));
        let Some((_, payload)) = sections.get_mut(number % count) else { continue };
        let place = usize::from(u16::from_le_bytes([low, high])) % payload.len().max(1);
        if of & CUTS != 0 {
            payload.drain(place..payload.len().min(place + usize::from(change)));
        } else if let Some(byte) = payload.get_mut(place) {
            *byte = byte.wrapping_add(change);
        }
    }
    sections
}

/// Has a section name the sums of the other archive's file again, whatever they are now: else merging ends there.
fn link(sections: &mut Sections, kind: u8, other: &Sections) {
    let sums = other.iter().find(|(section, _)| section.kind == ORIGINAL).map(|(_, sums)| sums);
    let names = sections.iter_mut().find(|(section, _)| section.kind == kind).map(|(_, names)| names);
    let (Some(sums), Some((&mut length, rest))) = (sums, names.and_then(|names| names.split_first_mut()))
    else {
        return;
    };
    if let Some(named) = rest.get_mut(..sums.len()).filter(|_| usize::from(length) == sums.len()) {
        named.copy_from_slice(sums);
    }
}

/// Patches inside a base and its refinement. The first byte chooses the pair; then each four bytes are a section, a
/// place in its plain content (16 bits), and what is added to the byte there, or (section from 128 up) how many bytes
/// are gone. Sections that have the bit 64 are the refinement's.
pub fn merge(data: &[u8]) {
    let [number, patches @ ..] = data else { return };
    let Some(pair) = pairs().get(usize::from(*number) % pairs().len().max(1)) else { return };
    let (of_refinement, of_base): (Vec<[u8; 4]>, Vec<[u8; 4]>) =
        patches.as_chunks::<4>().0.iter().partition(|patch| patch[0] & OF_REFINEMENT != 0);
    let (mut base, mut refinement) =
        (patched(&pair.base, &of_base), patched(&pair.refinement, &of_refinement));
    link(&mut base, CONTRACTS, &refinement);
    link(&mut refinement, REFINEMENT, &base);
    let base = pack_stored(pair.base.version, &base, &pair.base.is_packed);
    let refinement = pack_stored(pair.refinement.version, &refinement, &pair.refinement.is_packed);
    let back = merged(&base, &refinement);
    assert!(back.is_some() || !patches.is_empty(), "archives that are only unpacked are refused");
    assert!(back.is_none_or(|back| back == pair.file), "damaged archives give another file");
    let alone = read_everything(&refinement);
    assert!(alone.is_none() || !of_refinement.is_empty(), "a refinement gives a file without its base");
    if !of_base.is_empty() || patches.is_empty() {
        read_everything(&base);
        prove(&base, &pair.file, patches.is_empty());
    }
}

/// The file that two archives give, if they give one.
fn merged(base: &[u8], refinement: &[u8]) -> Option<Vec<u8>> {
    let swapped = Archive::from_bytes(refinement, limits()).ok();
    let base = Archive::from_bytes(base, limits()).ok()?;
    let refinement = swapped?;
    let mut back = Vec::new();
    let whole = hepz::merge(&base, &refinement, &mut back, &one_thread()).is_ok();
    assert!(hepz::merge(&base, &base, &mut std::io::sink(), &one_thread()).is_err(), "a base of itself");
    let _ = hepz::merge(&refinement, &base, &mut std::io::sink(), &one_thread());
    whole.then_some(back)
}

/// A base against the original: a proof or an error, and a proof that holds if nothing was patched.
fn prove(base: &[u8], file: &[u8], is_whole: bool) {
    let Ok(archive) = Archive::from_bytes(base, limits()) else { return };
    let _ = archive.promises();
    let proof = hepz::verify_against(&archive, &Memory(file), &one_thread());
    assert!(!is_whole || proof.is_ok_and(|proof| proof.holds()), "a base breaks its contracts");
}

/// Files of every format that can be rounded, and what cannot.
pub fn file_seeds() -> Vec<Vec<u8>> {
    let mut files = rounded_files();
    files.push(b"# a text\n1.0 2.0\n1.5 2.5\n".repeat(20));
    files
}

/// A file, rounded: as long as it was, the same when rounded again; its two archives give it back, and the base keeps
/// what it promises.
pub fn round(data: &[u8]) {
    if data.len() > 2 * MOST_SEED_BYTES {
        return;
    }
    let rules = rules();
    let choice = data.len() % rules.len();
    let mut options = CompressOptions::new();
    (options.threads, options.level) = (1, Level::ALL[data.len() / 3 % Level::ALL.len()]);
    let rounded = |file: &[u8]| {
        let mut out = Vec::new();
        hepz::round(&Memory(file), &rules[choice], &mut out, &options).ok().map(|_| out)
    };
    let Some(once) = rounded(data) else { return };
    assert_eq!(once.len(), data.len(), "a rounded file of another length");
    // A range that is that of the column may be another one after rounding.
    if choice != OF_RANGE {
        assert!(rounded(&once).as_ref() == Some(&once), "rounding twice is not rounding once");
    }
    let (mut base, mut refinement) = (Vec::new(), Vec::new());
    hepz::split(&Memory(data), &rules[choice], &mut base, &mut refinement, &options)
        .expect("what can be rounded can be split");
    assert!(merged(&base, &refinement).as_deref() == Some(data), "base and refinement give another file");
    assert!(read_everything(&base).as_ref() == Some(&once), "a base holds another file than was rounded");
    prove(&base, data, true);
}

#[cfg(test)]
mod tests {
    use super::*;
    use hepz::ColumnId;
    use hepz::plan::{Engine, Plan};
    use std::collections::BTreeSet;

    #[test]
    fn files_of_every_format_that_can_be_rounded_have_layers() {
        for magic in [&b"\x93NUMPY"[..], b"\x89HDF", b"root"] {
            let levels = pairs().iter().filter(|pair| pair.file.starts_with(magic)).count();
            assert!(levels >= 3, "{levels} pairs of {}", magic.escape_ascii());
        }
    }
    #[test]
    fn the_generated_file_has_formulas_over_values_of_the_base() {
        let pair = &pairs()[0];
        let base = pack_stored(pair.base.version, &pair.base.sections, &pair.base.is_packed);
        let base = Archive::from_bytes(&base, limits()).unwrap();
        let coded: BTreeSet<ColumnId> =
            base.promises().unwrap().unwrap().into_iter().map(|(id, _)| id).collect();
        let mut sections = pair.refinement.sections.iter().zip(&pair.refinement.is_packed);
        let ((_, stored), is_packed) = sections.find(|((section, _), _)| section.kind == 5).unwrap();
        assert!(is_packed);
        let plan = Plan::from_bytes_for(base.tables(), stored, Engine::Mixing, Some(&coded)).unwrap();
        let described: Vec<String> =
            coded.iter().map(|&id| format!("{:?}", plan.describe(base.tables(), id))).collect();
        assert!(described.iter().any(|words| words.contains("of the base")), "{described:#?}");
    }
}

//! Precision: attacks on rules files and on contracts.
//!
//! In: any bytes, as the text of a rules file, or as a contract and patterns of numbers. Out: none; panics if a
//! promise of `hepz-precision` is broken.
//! Not here: archives of rounded files (`layers`).

use hepz_columns::{Scalar, Values};
use hepz_precision::{Contract, Layout, Preimage, Promise, Reducer, RulesFile, check};

/// Types of columns that contracts are for, and two that stay what they are.
const SCALARS: [Scalar; 5] = [Scalar::F16, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::U8];
/// Patterns of one attack.
const MOST_PATTERNS: usize = 24;
/// Names of columns that a rules file is asked about, besides what its own text has between quotes.
const NAMES: [&str; 5] = ["", "pt", "Electron_pt", "[0].x*?", "\u{3b7}\u{0}\u{10ffff}"];

/// Rules files with every key.
pub fn rules_seeds() -> Vec<Vec<u8>> {
    let texts = [
        "[[column]]\nmatch = [\"*_pt\", \"*_mass\"]\nkept_bits = 10\nkeep = [-999.0, 0]\n",
        "# angles\n[[column]]\nmatch = '*_phi'\nabsolute = 1e-4\ntype = \"float32\"\nlive_bits_above = 12\n",
        "column = [{match = \"x\", relative = 0.001}, {match = \"y?\", range_relative = 1e-5}]\n",
        "[[column]]\nmatch = \"a*b*c*d*e*f\"\ndigits = 4\n\n[[column]]\nmatch = \"*\"\ndecimals = -2\n",
        "[[column]]\r\nmatch = \"*\"\r\nexact = true\r\ntype = \"float16\"\r\n",
    ];
    // Depths that would need a deep stack, and a pattern with many ways to fail.
    let deep = [
        format!("column = {}{}", "[".repeat(20_000), "]".repeat(20_000)),
        format!("column = {}1{}", "{a=".repeat(10_000), "}".repeat(10_000)),
        format!("{}column = 1", "a.".repeat(20_000)),
        format!("[[column]]\nmatch = [\"{}b\", \"{}\"]\nexact = true\n", "*a".repeat(99), "a".repeat(250)),
    ];
    texts.map(String::from).into_iter().chain(deep).map(String::into_bytes).collect()
}

/// Any text as a rules file: what is read chooses; what is refused names a line of the text.
pub fn rules(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let rules = match RulesFile::parse(&text) {
        Ok(rules) => rules,
        Err(error) => {
            let said = error.to_string();
            let line = said.strip_prefix("line ").and_then(|rest| rest.split(':').next());
            let line: Option<usize> = line.and_then(|number| number.parse().ok());
            let lines = 1 + text.bytes().filter(|&byte| byte == b'\n').count();
            assert!(line.is_some_and(|line| (1..=lines).contains(&line)), "{said}: of {lines} lines");
            return;
        }
    };
    let own = text.split(['"', '\'']).filter(|name| name.len() < 256).take(16);
    for name in NAMES.into_iter().chain(own) {
        if let Some(contract) = rules.contract(name) {
            spelled_once(contract);
        }
        for scalar in SCALARS {
            if let Some(choice) = rules.choose(&[name, "pt"], scalar) {
                spelled_once(&choice.contract);
            }
        }
    }
}

/// A contract has words, and bytes that give it back.
fn spelled_once(contract: &Contract) -> Vec<u8> {
    let bytes = contract.to_bytes();
    assert!(!contract.to_string().is_empty(), "a contract without words");
    assert_eq!(Contract::from_bytes(&bytes).as_ref(), Ok(contract), "a contract comes back changed");
    bytes
}

/// Contracts of every promise, each behind the two bytes of its length and in front of patterns.
pub fn contract_seeds() -> Vec<Vec<u8>> {
    let promises = [
        Promise::Exact,
        Promise::KeptBits { kept: 0 },
        Promise::KeptBits { kept: 10 },
        Promise::Absolute { bound: 1e-3 },
        Promise::Absolute { bound: 1e300 },
        Promise::Relative { fraction: 1e-3 },
        Promise::Relative { fraction: 0.5 },
        Promise::RangeRelative { fraction: 1e-4, range: None },
        Promise::RangeRelative { fraction: 1e-4, range: Some(17.5) },
        Promise::Digits { digits: 3 },
        Promise::Digits { digits: 15 },
        Promise::Decimals { decimals: 2 },
        Promise::Decimals { decimals: -30 },
    ];
    let numbers = [0.0, -0.0, 1.0, -999.0, 1.5, 0.1, 123.456, 1e-310, 6.1e-5, f64::MAX, f64::INFINITY];
    let halves = [0x3c00u16, 0x3c01, 0x03ff, 0x7bff, 0x7c01, 0xfbff, 0x8001, 0x5640];
    let patterns = [
        numbers.map(f64::to_le_bytes).concat(),
        numbers.map(|x| u64::from((x as f32).to_bits()).to_le_bytes()).concat(),
        halves.map(|half| u64::from(half).to_le_bytes()).concat(),
    ];
    let mut seeds = Vec::new();
    for promise in promises {
        for specials in [&[][..], &[-999.0, 0.0, 1.5]] {
            let contract = Contract::new(promise, specials).map(|contract| contract.to_bytes());
            let Ok(contract) = contract else { continue };
            let length = (contract.len() as u16).to_le_bytes();
            seeds.extend(patterns.iter().map(|patterns| [&length[..], &contract, patterns].concat()));
        }
    }
    seeds
}

/// A contract and patterns: it has one spelling, and what it stores keeps it.
pub fn contracts(data: &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let (contract, patterns) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes(*length))));
    let Ok(contract) = Contract::from_bytes(contract).inspect(|parsed| {
        assert!(spelled_once(parsed) == contract, "a contract with two spellings");
    }) else {
        return;
    };
    let patterns = patterns.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
    let patterns: Vec<u64> = patterns.take(MOST_PATTERNS).collect();
    for scalar in SCALARS {
        let raws: Vec<u64> = patterns.iter().map(|raw| raw & (u64::MAX >> (64 - scalar.bits()))).collect();
        column(&contract, scalar, &raws);
    }
}

/// The contract on a column.
fn column(contract: &Contract, scalar: Scalar, raws: &[u64]) {
    let values = Values::from_raw(scalar, raws);
    let reduced = contract.reduce(&values);
    let proof = check(contract, &values, &reduced.values).expect("a contract that was read");
    assert!(proof.is_empty(), "{contract}: a reduced column breaks it: {:?}", proof.examples);
    let resolved = contract.resolved(contract.extent(&values));
    spelled_once(&resolved);
    let reducer = resolved.on(scalar).expect("a resolved contract");
    let again = reducer.reduce_all(&reduced.values);
    assert!(again.values == reduced.values && again.n_changed == 0, "{contract}: reduced twice");
    for (row, &raw) in raws.iter().enumerate() {
        assert_eq!(reducer.reduce(raw), reduced.values.raw(row), "{contract}: a value alone");
        reduced_value(&reducer, contract, scalar, raw);
        for &other in raws {
            let _ = (reducer.allows(raw, other), reducer.preimage(raw ^ other));
        }
    }
}

fn reduced_value(reducer: &Reducer, contract: &Contract, scalar: Scalar, raw: u64) {
    let stored = reducer.reduce(raw);
    assert!(reducer.allows(raw, stored), "{contract}: {raw:#x} as {stored:#x}");
    let Some(layout) = Layout::of(scalar) else {
        assert!(stored == raw && reducer.preimage(stored).is_none(), "{contract}: an integer changed");
        return;
    };
    let Some(preimage) = reducer.preimage(stored) else {
        panic!("{contract}: {stored:#x} is stored for {raw:#x} and has no pre-image");
    };
    assert!(preimage.contains(raw) && preimage.contains(stored), "{contract}: {raw:#x} as {stored:#x}");
    let place = preimage.place(raw).expect("a pattern inside has a place");
    assert_eq!(preimage.nth(place), Some(raw), "{contract}: place {place}");
    assert_eq!(preimage.nth(preimage.count()), None, "{contract}: beyond the last place");
    whole(reducer, contract, layout, stored, &preimage);
}

/// Everything at the borders of a pre-image is stored as it says, and nothing beyond.
fn whole(reducer: &Reducer, contract: &Contract, layout: Layout, stored: u64, preimage: &Preimage) {
    let last = 2 * layout.sign_bit().wrapping_sub(1) + 1;
    for interval in preimage.intervals() {
        let (lowest, highest) = (layout.key(interval.lowest), layout.key(interval.highest));
        assert!(lowest <= highest, "{contract}: an interval of {stored:#x} that is empty");
        for key in [Some(lowest), Some(highest), lowest.checked_sub(1), highest.checked_add(1)] {
            let Some(key) = key.filter(|&key| key <= last) else { continue };
            let raw = layout.at_key(key);
            let is_stored = reducer.reduce(raw) == stored;
            assert_eq!(preimage.contains(raw), is_stored, "{contract}: {raw:#x} and {stored:#x}");
        }
    }
}

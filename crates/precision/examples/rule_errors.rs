//! Errors of the rules on log-uniform values, as a table: `cargo run --release -p hepz-precision --example rule_errors`.
//!
//! In: nothing; 2^20 values evenly in the logarithm over 13 binades from 128. Out: the table of `docs/precision/rules.md`.

use hepz_columns::{Scalar, Values};
use hepz_precision::{Contract, Promise, Rule};

const N_VALUES: u32 = 1 << 20;

fn main() {
    let logarithm = |at: u32| 7.0 + 13.0 * (f64::from(at) + 0.5) / f64::from(N_VALUES);
    let raws: Vec<u64> = (0..N_VALUES).map(|at| u64::from((logarithm(at).exp2() as f32).to_bits())).collect();
    let rules = [
        Rule::Atlas { kept: 7 },
        Rule::CmsRound { kept: 7 },
        Rule::CmsTruncate { kept: 7 },
        Rule::Real32Trunc { width: 16 },
        Rule::Blosc2 { precision: 7 },
        Rule::HalfEven { kept: 7 },
        Rule::BitGroom { kept: 7 },
        Rule::Nearest { kept: 7 },
    ];
    println!("| rule | relative bias | ln-MSE | largest relative error, in 2^-8 |\n|---|---|---|---|");
    for rule in rules {
        let Ok(rounder) = rule.on(Scalar::F32) else { continue };
        let (mut bias, mut square, mut largest) = (0.0, 0.0, 0.0f64);
        for (row, &raw) in raws.iter().enumerate() {
            let x = f64::from(f32::from_bits(raw as u32));
            let stored = rounder.round(raw, row as u64).unwrap_or(raw);
            let y = f64::from(f32::from_bits(stored as u32));
            bias += (y - x) / x;
            square += (y / x).ln().powi(2);
            largest = largest.max(((y - x) / x).abs());
        }
        let n = f64::from(N_VALUES);
        println!("| {rule:?} | {:+.1e} | {:.3e} | {:.3} |", bias / n, square / n, largest * 256.0);
    }
    let values = Values::from_raw(Scalar::F32, &raws);
    println!("\n| contract | million values a second | different values |\n|---|---|---|");
    let promises = [
        Promise::KeptBits { kept: 7 },
        Promise::Absolute { bound: 0.05 },
        Promise::Relative { fraction: 1.0 / 257.0 },
        Promise::Digits { digits: 3 },
    ];
    for promise in promises {
        let Ok(contract) = Contract::new(promise, &[]) else { continue };
        let started = std::time::Instant::now();
        let mut stored = contract.reduce(&values).values.to_raw();
        let speed = f64::from(N_VALUES) / started.elapsed().as_secs_f64() / 1e6;
        stored.dedup();
        println!("| {contract} | {speed:.0} | {} |", stored.len());
    }
}

//! The figures of `docs/precision/report.md` that need no other compressor.
//!
//! In: generated files, `precision_figures HIGGS.npy ELECTRONS.npy` (`cargo xtask report` makes both). Out: tables.
//! Not here: sizes beside other compressors (`xtask/src/precision_rivals.py`).

use hepz::{FileSource, Limits, with_tables};
use hepz_columns::{Scalar, Values};
use hepz_evaluation::{Comparison, Observable};
use hepz_precision::{Rounder, Rule};
use std::error::Error;

const MASS: &str = "m_gg = mass(pt1,eta1,phi1, pt2,eta2,phi2)";
/// All of the generated peak, which is 125 GeV and 1.7 GeV wide.
const WINDOW_GEV: (f64, f64) = (110.0, 140.0);

/// Every column of the only table of a file.
fn columns(file: &str) -> Result<Vec<(String, Values)>, Box<dyn Error>> {
    let source = FileSource::open(file)?;
    let columns = with_tables(&source, Limits::default(), |reader| {
        let table = &reader.tables()[0];
        let all: Vec<usize> = (0..table.columns.len()).collect();
        let names = table.columns.iter().map(|column| column.name.clone());
        Ok(names.zip(reader.read(0, &all, 0..table.rows)?).collect())
    })?;
    Ok(columns)
}

fn float(raw: u64) -> f64 {
    f64::from(f32::from_bits(raw as u32))
}

fn doubles(values: &Values) -> Vec<f64> {
    (0..values.len()).map(|row| float(values.raw(row))).collect()
}

fn rounder(rule: Rule) -> Result<Rounder, Box<dyn Error>> {
    Ok(rule.on(Scalar::F32)?)
}

fn rounded(rounder: &Rounder, values: &Values) -> Vec<f64> {
    (0..values.len())
        .map(|row| float(rounder.round(values.raw(row), row as u64).unwrap_or_default()))
        .collect()
}

/// Uniform between 0 and 1, from a counter: the fractions of multiples of the golden ratio.
fn spread(at: usize) -> f64 {
    (at as f64 * 0.618_033_988_749_894_9).fract()
}

/// Cell width at a value.
fn cell(x: f64, kept: u32) -> f64 {
    2f64.powi(x.abs().log2().floor() as i32 - kept as i32)
}

/// Mean square of `ln y/x`.
fn square(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (sum, n) = pairs.fold((0.0, 0.0), |(sum, n), (x, y)| (sum + (y / x).ln().powi(2), n + 1.0));
    sum / n
}

fn logarithms(electrons: &[(String, Values)]) -> Result<(), Box<dyn Error>> {
    let raw: Vec<u64> =
        (0..1_000_000).map(|at| u64::from((2f64.powf(7.0 + 13.0 * spread(at)) as f32).to_bits())).collect();
    let log_uniform = ("log-uniform".to_owned(), Values::from_raw(Scalar::F32, &raw));
    println!("Mean square of ln(stored/original); log-uniform mantissas: 2^-2k/12 * 3/(8 ln 2)\n");
    println!(
        "| column | k | log-uniform theory | theory of these values | nearest | ATLAS | cut | sampled in the cell |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, values) in std::iter::once(&log_uniform).chain(electrons) {
        let original = doubles(values);
        for kept in [5, 7, 10] {
            let general = 4f64.powi(-(kept as i32)) / 12.0 * 3.0 / (8.0 * 2f64.ln());
            let own = original.iter().map(|&x| cell(x, kept).powi(2) / (12.0 * x * x)).sum::<f64>();
            let nearest = rounded(&rounder(Rule::Nearest { kept })?, values);
            let atlas = rounded(&rounder(Rule::Atlas { kept })?, values);
            let cut = rounded(&rounder(Rule::CmsTruncate { kept })?, values);
            // What a perfect generator of the lost bits would write: a value from anywhere in the cell.
            let sampled = nearest
                .iter()
                .enumerate()
                .map(|(at, &y)| y + (spread(at ^ 0x5555) - 0.5) * cell(original[at], kept));
            let of = |stored: &[f64]| square(original.iter().copied().zip(stored.iter().copied()));
            println!(
                "| {name} | {kept} | {general:.4e} | {:.4e} | {:.4e} | {:.4e} | {:.4e} | {:.4e} |",
                own / original.len() as f64,
                of(&nearest),
                of(&atlas),
                of(&cut),
                square(original.iter().copied().zip(sampled)),
            );
        }
    }
    Ok(())
}

fn peak(photons: &[(String, Values)]) -> Result<(), Box<dyn Error>> {
    let mass = Observable::parse(MASS)?;
    let of =
        |columns: &[Vec<f64>]| mass.evaluate(&columns.iter().map(Vec::as_slice).collect::<Vec<&[f64]>>());
    let original: Vec<Vec<f64>> = photons.iter().map(|(_, values)| doubles(values)).collect();
    let before = of(&original);
    let rows = before.len() as u64;
    println!(
        "\nPeak of {rows} generated decays, all six columns with k bits; MeV and per cent, with errors\n"
    );
    println!("| rule | k | shift of the mean | shift of the fit | width, measured | width, fitted | rms |");
    println!("|---|---|---|---|---|---|---|");
    type Make = fn(u32) -> Rule;
    let nearest: Make = |kept| Rule::Nearest { kept };
    let cut: Make = |kept| Rule::CmsTruncate { kept };
    for (name, rule) in [("nearest", nearest), ("cut", cut)] {
        for kept in [6, 7, 8, 9, 10, 12, 14] {
            let rounder = rounder(rule(kept))?;
            let stored: Vec<Vec<f64>> = photons.iter().map(|(_, values)| rounded(&rounder, values)).collect();
            let mut comparison = Comparison::new(WINDOW_GEV, rows);
            comparison.add(0, &before, &of(&stored));
            let effect = comparison.effect();
            let fit = comparison.peak().ok_or("no peak")?;
            println!(
                "| {name} | {kept} | {:+.2} ± {:.2} | {:+.2} ± {:.2} | {:+.4} ± {:.4} | {:+.4} ± {:.4} | {:.1} |",
                1e3 * effect.bias.value,
                1e3 * effect.bias.error,
                1e3 * fit.shift.value,
                1e3 * fit.shift.error,
                1e2 * effect.growth.value,
                1e2 * effect.growth.error,
                1e2 * fit.growth.value,
                1e2 * fit.growth.error,
                1e3 * effect.rms,
            );
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let [higgs, electrons] = files.as_slice() else {
        return Err("usage: precision_figures HIGGS.npy ELECTRONS.npy (cargo xtask report makes both)".into());
    };
    logarithms(&columns(electrons)?)?;
    peak(&columns(higgs)?)
}

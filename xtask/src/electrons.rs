//! Electrons: generated spectra, as analysis files have them.
//!
//! In: random numbers. Out: pt (MeV), eta and phi of an electron, and the pt of one from a W or Z, as float32.
//! Not here: a prediction. What matters is how the mantissas are spread.
//! Holds: no value is special; the same electrons on every run.
//!
//! `pt` falls as a power from a few GeV, with an efficiency that sets in slowly around 7 GeV: its mantissas are nearly
//! log-uniform, because it runs over many powers of two without an edge. `pt_boson` peaks near half of the mass of W and
//! Z, well inside one power of two: its mantissas are not.

use crate::random::Random;
use std::f64::consts::TAU;

/// Name and NumPy type of each column.
pub const COLUMNS: [(&str, &str); 4] = [("pt", "<f4"), ("eta", "<f4"), ("phi", "<f4"), ("pt_boson", "<f4")];
/// The same electrons on every run.
pub const SEED: u64 = 511;

/// One electron, in the order of [`COLUMNS`].
pub fn electron(random: &mut Random) -> [f32; 4] {
    let pt_mev = falling(random);
    let eta = loop {
        let eta = 1.3 * random.normal();
        if eta.abs() < 2.47 {
            break eta;
        }
    };
    let phi = TAU * (random.uniform() - 0.5);
    [pt_mev, eta, phi, from_boson(random)].map(|x| x as f32)
}

/// An electron of a W or a Z: half of the mass times the sine of the angle, and a share of the boson's momentum.
fn from_boson(random: &mut Random) -> f64 {
    let mass_mev = if random.uniform() < 0.8 { 80_400.0 } else { 91_200.0 };
    let cosine = 2.0 * random.uniform() - 1.0;
    let boson_mev = 18_000.0 * (random.uniform().powf(-1.0 / 1.1) - 1.0).sqrt();
    let own = mass_mev / 2.0 * (1.0 - cosine * cosine).sqrt();
    let angle = TAU * random.uniform();
    let pt = (own + boson_mev / 2.0 * angle.cos()).hypot(boson_mev / 2.0 * angle.sin());
    (pt * (1.0 + 0.02 * random.normal())).max(1000.0)
}

/// An electron of a spectrum that falls with the power -2.6, kept with an efficiency that rises around 7 GeV.
fn falling(random: &mut Random) -> f64 {
    loop {
        let pt = 2000.0 * random.uniform().powf(-1.0 / 1.6);
        let efficiency = 1.0 / (1.0 + (pt / 7000.0).powi(-4));
        if pt < 3e6 && random.uniform() < efficiency {
            return pt;
        }
    }
}

/// `cargo xtask electrons ROWS FILE`
pub fn write(rows: &str, file: &str) -> Result<(), String> {
    let mut random = Random(SEED);
    crate::records::write(file, &COLUMNS, rows, || {
        electron(&mut random).iter().flat_map(|x| x.to_le_bytes()).collect()
    })
}

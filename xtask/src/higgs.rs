//! Higgs: generated decays of a Higgs boson to two photons.
//!
//! In: random numbers. Out: pt (GeV), eta and phi of both photons, as float32.
//! Not here: background, jets, vertices: a peak of 1.7 GeV is what rounding has to leave where it is.
//! Holds: the mass of the two photons is 125 GeV with a Gaussian resolution of 1.7 GeV; every photon passes the cuts.
//!
//! A toy with the shapes of the LHC, not a prediction: the boson's transverse momentum falls as a power above a scale
//! of 18 GeV, its rapidity is Gaussian of width 1.1, it decays isotropically; the resolution of the detector is in the
//! mass. Cuts on pt and eta are those that ATLAS uses for this channel (arXiv 2308.07216): pt above 0.35 and
//! 0.25 of the mass, |eta| below 2.37 without 1.37 to 1.52.

use crate::random::Random;
use std::f64::consts::TAU;

/// Name and NumPy type of each column.
pub const COLUMNS: [(&str, &str); 6] =
    [("pt1", "<f4"), ("eta1", "<f4"), ("phi1", "<f4"), ("pt2", "<f4"), ("eta2", "<f4"), ("phi2", "<f4")];
/// Where the peak is.
pub const MASS_GEV: f64 = 125.0;
/// Its width.
pub const RESOLUTION_GEV: f64 = 1.7;
/// The same photons on every run.
pub const SEED: u64 = 125;

/// Both photons of one decay, in the order of [`COLUMNS`]; the first has the larger pt.
pub fn decay(random: &mut Random) -> [f32; 6] {
    loop {
        let mass_gev = MASS_GEV + RESOLUTION_GEV * random.normal();
        let pt_gev = 18.0 * (random.uniform().powf(-1.0 / 1.1) - 1.0).sqrt();
        let rapidity = 1.1 * random.normal();
        let (phi, cosine, azimuth) =
            (TAU * random.uniform(), 2.0 * random.uniform() - 1.0, TAU * random.uniform());
        let sine = (1.0 - cosine * cosine).sqrt();
        let half = mass_gev / 2.0;
        // One photon in the frame of the boson, the other opposite; x along the boson's transverse momentum.
        let at_rest = [half * sine * azimuth.cos(), half * sine * azimuth.sin(), half * cosine];
        let transverse_mass = mass_gev.hypot(pt_gev);
        let photon = |sign: f64| {
            let [x, y, z] = at_rest.map(|p| sign * p);
            // First along x with gamma = transverse mass / mass, then along z by the rapidity.
            let energy = (half * transverse_mass + x * pt_gev) / mass_gev;
            let x = (x * transverse_mass + half * pt_gev) / mass_gev;
            let z = z * rapidity.cosh() + energy * rapidity.sinh();
            let pt = x.hypot(y);
            let turned = y.atan2(x) + phi;
            [pt, (z / pt).asinh(), turned - TAU * (turned / TAU).round()]
        };
        let mut photons = [photon(1.0), photon(-1.0)];
        photons.sort_by(|a, b| b[0].total_cmp(&a[0]));
        let inside = |eta: f64| eta.abs() < 2.37 && !(1.37..1.52).contains(&eta.abs());
        let [[pt1, eta1, phi1], [pt2, eta2, phi2]] = photons;
        if pt1 > 0.35 * mass_gev && pt2 > 0.25 * mass_gev && inside(eta1) && inside(eta2) {
            return [pt1, eta1, phi1, pt2, eta2, phi2].map(|x| x as f32);
        }
    }
}

/// `cargo xtask higgs ROWS FILE`
pub fn write(rows: &str, file: &str) -> Result<(), String> {
    let mut random = Random(SEED);
    crate::records::write(file, &COLUMNS, rows, || {
        decay(&mut random).iter().flat_map(|x| x.to_le_bytes()).collect()
    })
}

//! Energies on the mass shell of a particle, and masses of pairs.
//!
//! In: the probe. Out: guesses to the judge.
//! Not here: components that follow from a mass (`decays`); energies and masses without constants (`sums`, `groups`).
//! Holds: a dozen rows decide whether a guess is made.

use super::super::formula::Formula;
use super::super::invariant::Pair;
use super::judge::{Guess, Inputs, Judge, Open};
use super::momenta::{MASSES_GEV, UNITS, vectors};
use super::probe::COARSEST;

/// Particles in collider coordinates that are looked at in one table.
const MOST_PARTICLES: usize = 12;

/// A particle: its columns, E, px, py, pz or pt, eta, phi and maybe a mass.
type Particle = Vec<usize>;

/// Finds energies and masses of pairs.
pub(super) fn search(judge: &mut Judge<'_>, columns: &[usize]) {
    let columns: Vec<usize> = columns
        .iter()
        .copied()
        .filter(|&c| judge.facts[c].is_float() && judge.facts[c].usable && judge.facts[c].eps <= COARSEST)
        .collect();
    let momenta = vectors(&columns, |_| true, |c| judge.probe.values[c].clone());
    let mut particles: Vec<Particle> = Vec::new();
    for &p in &momenta {
        for &target in columns.iter().filter(|c| !p.contains(c)) {
            if !judge.spend(2) {
                return;
            }
            if let Some(square) = shell(judge, target, p) {
                particles.push(vec![target, p[0], p[1], p[2]]);
                if square != 0.0 {
                    let formula = Formula::MassShell { square, inputs: 3, minus: 0 };
                    judge.keep_once(Guess { target, inputs: Inputs::new(&p), formula, open: Open::Nothing });
                }
            }
        }
    }
    particles.truncate(MOST_PARTICLES);
    pairs(judge, &columns, &particles, |_| vec![Pair::Cartesian]);
    let collider = collider_particles(judge, &columns);
    let (massive, bare): (Vec<Particle>, Vec<Particle>) = collider.into_iter().partition(|p| p.len() == 4);
    pairs(judge, &columns, &massive, |_| vec![Pair::Massive]);
    let bare: Vec<Particle> = bare.into_iter().chain(massive.iter().map(|p| p[..3].to_vec())).collect();
    pairs(judge, &columns, &bare, |size| {
        // Equal particles, in the unit in which their momenta are larger than their masses.
        let masses = UNITS.iter().flat_map(|unit| MASSES_GEV.iter().map(move |m| m * unit));
        let mut masses: Vec<f64> = masses.filter(|&m| m < size).collect();
        masses.sort_unstable_by(f64::total_cmp);
        masses.dedup();
        masses.into_iter().map(|m| Pair::Collider { masses: [m; 2] }).collect()
    });
}

/// The constant by which the square of `target` exceeds that of the momentum, if it is one: 0 for less than can be seen.
fn shell(judge: &Judge<'_>, target: usize, p: [usize; 3]) -> Option<f64> {
    let values = |c: usize| &judge.probe.values[c];
    let eps = p.iter().map(|&c| judge.facts[c].eps).fold(judge.facts[target].eps, f64::max);
    let mut squares: Vec<(f64, f64)> = Vec::new();
    for (row, &e) in values(target).iter().enumerate() {
        let [x, y, z] = p.map(|c| values(c)[row]);
        let p2 = x * x + y * y + z * z;
        if p2.is_nan() || e.is_nan() {
            continue;
        }
        // Text rounds more coarsely than the type does, so look for a constant and not for what the type allows.
        let slack = e * e * eps.max(1.0e-14);
        if e <= 0.0 || e * e - p2 < -64.0 * slack {
            return None;
        }
        squares.push((slack, e * e - p2));
        // Twice the momentum is no energy of a particle that a table keeps beside others.
        if squares.len() == 8 && squares.iter().all(|s| s.1 > 4.0 * p2) {
            return None;
        }
    }
    if squares.len() < 16 {
        return None;
    }
    // The smallest energies know the mass best.
    squares.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    squares.truncate(squares.len().div_ceil(2));
    let slack = squares[squares.len() / 2].0;
    let mut sorted: Vec<f64> = squares.iter().map(|s| s.1).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (low, middle, high) =
        (sorted[sorted.len() / 4], sorted[sorted.len() / 2], sorted[sorted.len() * 3 / 4]);
    if high - low > 0.05 * middle.abs() + 16.0 * slack {
        // No constant, but the energy of something.
        return Some(0.0);
    }
    if middle <= 8.0 * slack {
        return Some(0.0);
    }
    let known = UNITS.iter().flat_map(|unit| MASSES_GEV.iter().map(move |m| m * unit * (m * unit)));
    let near = 2.0 * (high - low) + 1.0e-9 * middle;
    let best = known.filter(|m2| (m2 - middle).abs() <= near);
    Some(best.min_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs())).unwrap_or(middle))
}

/// Neighbouring columns that look like pt, eta and phi, in any order, and a mass if one follows or lies among them.
fn collider_particles(judge: &Judge<'_>, columns: &[usize]) -> Vec<Particle> {
    let pi = std::f64::consts::PI + 1.0e-3;
    let fact = |c: usize| &judge.facts[c];
    let is_pt = |c: usize| fact(c).least >= 0.0 && fact(c).most > 2.0 * pi;
    let is_angle = |c: usize, most: f64| fact(c).least < 0.0 && fact(c).most > 0.0 && fact(c).size() <= most;
    // Azimuths fill the circle.
    let is_phi = |c: usize| is_angle(c, pi) && fact(c).size() > 3.0;
    let is_eta = |c: usize| is_angle(c, 12.0) && fact(c).size() > 1.0;
    let is_mass = |c: usize| fact(c).least >= -0.001 * fact(c).most;
    let mut found: Vec<Particle> = Vec::new();
    for window in columns.windows(3).chain(columns.windows(4)) {
        let Some(&pt) = window.iter().find(|&&c| is_pt(c)) else { continue };
        let Some(&phi) = window.iter().rev().find(|&&c| c != pt && is_phi(c)) else { continue };
        let Some(&eta) = window.iter().find(|&&c| c != pt && c != phi && is_eta(c)) else { continue };
        let mut particle = vec![pt, eta, phi];
        if let Some(&mass) = window.iter().find(|&&c| !particle.contains(&c)) {
            if !is_mass(mass) {
                continue;
            }
            particle.push(mass);
        }
        found.push(particle);
    }
    found.truncate(MOST_PARTICLES);
    found
}

/// Offers the mass of every pair as every column that could be it.
fn pairs(judge: &mut Judge<'_>, columns: &[usize], particles: &[Particle], kinds: impl Fn(f64) -> Vec<Pair>) {
    let targets: Vec<usize> = columns
        .iter()
        .copied()
        .filter(|&c| judge.facts[c].least >= 0.0 && judge.facts[c].plain > 4.0)
        .collect();
    for (at, first) in particles.iter().enumerate() {
        for second in &particles[at + 1..] {
            if second.iter().any(|c| first.contains(c)) {
                continue;
            }
            let inputs: Vec<usize> = first.iter().chain(second).copied().collect();
            let size = judge.facts[first[0]].size();
            for pair in kinds(size) {
                let formula = Formula::PairMass(pair);
                for &target in targets.iter().filter(|target| !inputs.contains(target)) {
                    if !judge.spend(4) {
                        return;
                    }
                    let inputs = Inputs::new(&inputs);
                    judge.offer(Guess { target, inputs, formula: formula.clone(), open: Open::Nothing });
                }
            }
        }
    }
}

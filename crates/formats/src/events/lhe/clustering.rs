//! Clustering of a hard event to the simplest process, as MadGraph does it for MLM matching.
//!
//! In: the lines of an event, and which clusterings its text records. Out: the likeliest next one, and its scale.
//! Not here: the text (`fold`, `unfold`).
//! Holds: only IEEE operations as written; any input gives numbers, if not the right ones.
//! Source: J. Alwall et al., "Comparative study of various algorithms for the merging of parton showers and matrix elements",
//! arXiv:0706.2569, section 2.2; measures as in S. Catani et al., Nucl. Phys. B406 (1993) 187, with cosh(eta) and cos(phi)
//! written as quotients of momenta. Preference for the beam in whose direction a jet goes, order of beams, and the measure of
//! jets with resonances: as found in files.

use super::kinematics::{
    Parton, Vector, boosted, difference, product, rotated, sum, transverse_mass2, transverse2,
};
use hepz_columns::events::NONE;

const BEAM: i32 = -1;
const FINAL: i32 = 1;
const GLUON: i32 = 21;
const PHOTON: i32 = 22;
const Z: i32 = 23;
const W: i32 = 24;
const W_MINUS: i32 = -W;
const HIGGS: i32 = 25;
const HEAVIEST_JET: i32 = 5;
/// Most particles that are clustered: candidates grow with their square.
const MOST: usize = 16;
/// Unlikely clusterings cost so much more, and what has the same cost is printed with it.
const PREFERENCE: f64 = 1.0 + 1e-6;
/// Energy squared that has to be left for a boost.
const LEAST_ENERGY2: f64 = 100.0;
/// Measure of what cannot be measured.
const FAR: f64 = 1e37;
/// The order in which processes are written: beams that have it the other way round were exchanged.
const ORDER: [i32; 11] = [GLUON, 2, 4, 1, 3, 5, -2, -4, -1, -3, -5];

/// Something that is still to be clustered.
#[derive(Clone, Debug)]
struct Leg {
    /// Line in the event, from 1, of its first particle.
    line: usize,
    species: i32,
    momentum: Vector,
    mass2: f64,
    /// Jets that went into it.
    jets: Vec<usize>,
}

/// A clustering that may come next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub first: usize,
    pub second: usize,
    /// The other beam, or -1.
    pub other: i32,
    /// Its scale; none for the last one.
    pub scale: Option<f64>,
    species: i32,
}

/// The scales at which a jet was clustered.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub scales: Vec<f64>,
    /// The first of them with a beam.
    pub with_beam: Option<usize>,
    /// True if the first was with something that is no jet.
    pub with_other: bool,
}

/// An event on its way.
#[derive(Clone, Debug)]
pub(super) struct Clustering {
    legs: Vec<Leg>,
    /// Pairs of lines that a resonance goes into, and its species.
    resonances: Vec<(usize, usize, i32)>,
    exchanged: bool,
    pub jets: Vec<History>,
    candidates: Vec<Candidate>,
}

fn is_quark(species: i32) -> bool {
    (1..=6).contains(&species.abs())
}

fn is_jet(species: i32) -> bool {
    species == GLUON || is_quark(species) && species.abs() <= HEAVIEST_JET
}

fn conjugate(species: i32) -> i32 {
    if (GLUON..=Z).contains(&species) || species == HIGGS { species } else { -species }
}

/// The other quark of a generation.
fn partner(quark: i32) -> i32 {
    let size = quark.abs();
    quark.signum() * if size % 2 == 0 { size - 1 } else { size + 1 }
}

/// What two outgoing particles come from; `None` if from nothing.
fn combined(a: i32, b: i32) -> Option<i32> {
    let (a, b) = if is_quark(a) || !is_quark(b) { (a, b) } else { (b, a) };
    let neighbours = (a > 0) != (b > 0) && (a.abs() - 1) / 2 == (b.abs() - 1) / 2 && a.abs() != b.abs();
    let charged = |positive: i32| if positive % 2 == 0 { W } else { W_MINUS };
    match (a, b) {
        (GLUON, GLUON) => Some(GLUON),
        (_, GLUON | PHOTON | Z | HIGGS) if is_quark(a) => Some(a),
        // A quark turns into its partner, whose number is odd if its own is even.
        (_, W) if is_quark(a) && (a > 0) == (a % 2 != 0) => Some(partner(a)),
        (_, W_MINUS) if is_quark(a) && (a > 0) == (a % 2 == 0) => Some(partner(a)),
        _ if is_quark(a) && a == -b => Some(GLUON),
        _ if (11..=16).contains(&a.abs()) && a == -b => Some(Z),
        _ if (11..=16).contains(&a.abs()) && neighbours || is_quark(a) && is_quark(b) && neighbours => {
            Some(charged(a.max(b)))
        }
        _ => None,
    }
}

/// The measure of two jets: transverse momentum of one with respect to the other.
fn durham2(a: &Leg, b: &Leg) -> f64 {
    let (p, q) = (a.momentum, b.momentum);
    let (p2, q2) = (transverse2(p), transverse2(q));
    let sizes = (p2 + p[2] * p[2]).sqrt() * (q2 + q[2] * q[2]).sqrt();
    // cosh of the difference of pseudorapidities, minus cosine of that of azimuths, times both transverse momenta.
    let angle = (sizes - p[2] * q[2]) - (p[0] * q[0] + p[1] * q[1]);
    a.mass2.max(b.mass2) + p2.min(q2) * 2.0 * angle / (p2 * q2).sqrt()
}

impl Clustering {
    /// An event before its first clustering; `None` if it has not two beams or too many particles.
    pub fn new(partons: &[Parton]) -> Option<Clustering> {
        let mut legs = Vec::new();
        let mut jets = Vec::new();
        for (line, parton) in (1..).zip(partons) {
            let mut leg = Leg {
                line,
                species: parton.species,
                momentum: parton.momentum,
                mass2: parton.mass * parton.mass,
                jets: Vec::new(),
            };
            match parton.status {
                BEAM if line <= 2 => {}
                FINAL if legs.len() >= 2 => {
                    if is_jet(parton.species) {
                        leg.jets.push(jets.len());
                        jets.push(History::default());
                    }
                }
                BEAM | FINAL => return None,
                _ => continue,
            }
            legs.push(leg);
        }
        if !(3..=MOST).contains(&legs.len()) {
            return None;
        }
        let total = sum(legs[0].momentum, legs[1].momentum);
        for leg in &mut legs {
            leg.momentum = boosted(leg.momentum, total);
        }
        let place = |species: i32| ORDER.iter().position(|&found| found == species);
        let mut clustering = Clustering {
            exchanged: place(legs[0].species) > place(legs[1].species),
            resonances: resonances(partons),
            legs,
            jets,
            candidates: Vec::new(),
        };
        clustering.rank();
        Some(clustering)
    }

    /// The clusterings that may come next, the likeliest first.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    fn candidate(&self, first: usize, second: usize) -> Option<Candidate> {
        let (a, b) = (&self.legs[first], &self.legs[second]);
        let (other, species, scale2);
        if first < 2 {
            other = 2 - first as i32;
            species = combined(a.species, conjugate(b.species))?;
            let along = (a.momentum[2] >= 0.0) == (b.momentum[2] >= 0.0);
            scale2 = transverse_mass2(b.momentum) * if along { 1.0 } else { PREFERENCE };
        } else {
            other = -1;
            let resonance = self.resonances.iter().find(|pair| (pair.0, pair.1) == (a.line, b.line));
            species = resonance.map_or_else(|| combined(a.species, b.species), |pair| Some(pair.2))?;
            scale2 = match (resonance, a.mass2 > 0.0 && a.jets.is_empty(), b.mass2 > 0.0 && b.jets.is_empty())
            {
                (Some(_), ..) => {
                    let total = sum(a.momentum, b.momentum);
                    product(total, total)
                }
                (None, true, false) => transverse_mass2(b.momentum) * PREFERENCE,
                (None, false, true) => transverse_mass2(a.momentum) * PREFERENCE,
                _ => durham2(a, b),
            };
        }
        let others = || {
            let places = (0..self.legs.len()).filter(|&place| place != first && place != second);
            places.map(|place| self.legs[place].species).chain([species])
        };
        // Gluons alone make nothing that has no colour, except the Higgs boson.
        if !others().any(is_quark) && others().any(|species| species != GLUON && species != HIGGS) {
            return None;
        }
        let scale = if scale2.is_finite() { scale2.max(0.0) } else { FAR };
        Some(Candidate { first: a.line, second: b.line, other, scale: Some(scale.sqrt()), species })
    }

    fn rank(&mut self) {
        self.candidates.clear();
        let n = self.legs.len();
        if n == 3 {
            let first = usize::from(self.exchanged);
            let (line, other) = (self.legs[2].line, 2 - first as i32);
            let last = Candidate { first: first + 1, second: line, other, scale: None, species: 0 };
            self.candidates.push(last);
            return;
        }
        for second in 2..n {
            for first in 0..second {
                let found = self.candidate(first, second);
                self.candidates.extend(found);
            }
        }
        // Of equal scales the one with earlier lines comes first: sorting is stable.
        self.candidates.sort_by(|a, b| a.scale.unwrap_or(FAR).total_cmp(&b.scale.unwrap_or(FAR)));
    }

    /// Joins two legs. Nothing is likely any more if that cannot be.
    pub fn join(&mut self, first: usize, second: usize) {
        let found =
            self.candidates.iter().find(|found| (found.first, found.second) == (first, second)).copied();
        self.candidates.clear();
        let place = |line: usize| self.legs.iter().position(|leg| leg.line == line);
        let (Some(found), Some(at), Some(behind)) = (found, place(first), place(second)) else { return };
        let Some(scale) = found.scale else { return };
        let with_other = (at >= 2) && (self.legs[at].jets.is_empty() || self.legs[behind].jets.is_empty());
        for &jet in self.legs[at].jets.iter().chain(&self.legs[behind].jets) {
            let history = &mut self.jets[jet];
            if at < 2 && history.with_beam.is_none() {
                history.with_beam = Some(history.scales.len());
            }
            history.with_other |= with_other && history.scales.is_empty();
            history.scales.push(scale);
        }
        let removed = self.legs.remove(behind);
        let leg = &mut self.legs[at];
        leg.species = found.species;
        if at >= 2 {
            leg.momentum = sum(leg.momentum, removed.momentum);
            leg.jets.extend(removed.jets);
            let resonance = self.resonances.iter().any(|pair| (pair.0, pair.1) == (first, second));
            leg.mass2 = if resonance { scale * scale } else { leg.mass2.max(removed.mass2) };
        } else {
            leg.momentum = difference(leg.momentum, removed.momentum);
            let beam = leg.momentum;
            let rest = sum(beam, self.legs[1 - at].momentum);
            if product(rest, rest) > LEAST_ENERGY2 && self.legs.len() > 3 {
                let axis = boosted(beam, rest);
                for leg in &mut self.legs {
                    leg.momentum = rotated(boosted(leg.momentum, rest), axis);
                }
            }
        }
        self.rank();
    }
}

/// Pairs of lines that come from one resonance, and its species.
fn resonances(partons: &[Parton]) -> Vec<(usize, usize, i32)> {
    let mut pairs = Vec::new();
    let mut children: Vec<(u32, Vec<usize>)> = Vec::new();
    for (line, parton) in (1..).zip(partons) {
        match children.iter_mut().find(|(vertex, _)| *vertex == parton.production) {
            Some((_, lines)) => lines.push(line),
            None => children.push((parton.production, vec![line])),
        }
    }
    for (vertex, lines) in children {
        let mut parents = partons.iter().filter(|parton| vertex != NONE && parton.end == vertex);
        if let (&[first, second], Some(parent), None) = (lines.as_slice(), parents.next(), parents.next())
            && parent.status != BEAM
        {
            pairs.push((first, second, parent.species));
        }
    }
    pairs
}

#[cfg(test)]
mod tests;

//! Momenta of one event, and what follows from them with the four operations and roots.
//!
//! In: columns. Out: numbers in f64.
//! Not here: which number a line prints (`fold`, `unfold`).
//! Holds: only IEEE operations as written, so every machine finds the same.

use super::super::decimal;
use super::Lhe;
use hepz_columns::events::{Decimal, Events, Lattice};
use std::cell::OnceCell;
use std::ops::Range;

/// Places of an event's particles and vertices in the columns.
pub(super) type Places = (Range<usize>, Range<usize>);

/// x, y, z, energy.
pub(super) type Vector = [f64; 4];

/// A line of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parton {
    pub momentum: Vector,
    pub mass: f64,
    pub species: i32,
    pub status: i32,
    /// Vertex that it comes from.
    pub production: u32,
    /// Vertex that it goes into.
    pub end: u32,
}

/// The value of a pattern.
fn value(lattice: Lattice, pattern: u64) -> f64 {
    match lattice {
        Lattice::Binary64 => f64::from_bits(pattern),
        Lattice::Binary32 => f32::from_bits(pattern as u32).into(),
        Lattice::Decimal(digits) => {
            let Decimal { negative, exponent, mantissa } = Decimal::of(pattern);
            let power = exponent + 1 - i32::from(digits);
            let size = decimal::to_binary64(mantissa, power)
                .or_else(|| format!("{mantissa}e{power}").parse().ok())
                .unwrap_or(f64::NAN);
            if negative { -size } else { size }
        }
    }
}

/// The columns of one event.
pub(super) struct Context<'a> {
    pub lhe: &'a Lhe,
    events: &'a Events,
    places: Places,
    partons: OnceCell<Vec<Parton>>,
}

impl<'a> Context<'a> {
    pub fn new(lhe: &'a Lhe, events: &'a Events, places: Places) -> Context<'a> {
        Context { lhe, events, places, partons: OnceCell::new() }
    }

    /// The lines of particles.
    pub fn partons(&self) -> &[Parton] {
        self.partons.get_or_init(|| {
            let [momentum, energy, mass] = self.lhe.formats.map(|format| format.lattice);
            let lattices = [momentum, momentum, momentum, energy];
            let events = self.events;
            let parton = |at: usize| Parton {
                momentum: [0, 1, 2, 3].map(|axis| value(lattices[axis], events.momentum[axis][at])),
                mass: value(mass, events.mass[at]),
                species: events.species[at],
                status: events.status[at],
                production: events.production[at],
                end: events.end[at],
            };
            self.places.0.clone().map(parton).collect()
        })
    }
}

pub(super) fn sum(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
}

pub(super) fn difference(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]]
}

/// The Minkowski product.
pub(super) fn product(a: Vector, b: Vector) -> f64 {
    a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2]
}

/// Transverse momentum squared.
pub(super) fn transverse2(a: Vector) -> f64 {
    a[0] * a[0] + a[1] * a[1]
}

/// Transverse mass squared: mass and transverse momentum, squared and added.
pub(super) fn transverse_mass2(a: Vector) -> f64 {
    (a[3] - a[2]) * (a[3] + a[2])
}

/// The vector in the frame where `rest`, which is timelike, is at rest.
pub(super) fn boosted(a: Vector, rest: Vector) -> Vector {
    let mass = product(rest, rest).sqrt();
    let energy = product(a, rest) / mass;
    let share = (energy + a[3]) / (rest[3] + mass);
    [a[0] - rest[0] * share, a[1] - rest[1] * share, a[2] - rest[2] * share, energy]
}

/// The vector after the rotation that takes `axis` to the z axis, in the plane of both.
pub(super) fn rotated(a: Vector, axis: Vector) -> Vector {
    let length = (axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]).sqrt();
    let (x, y, cosine) = (axis[0] / length, axis[1] / length, axis[2] / length);
    // The normal of that plane is (y, -x, 0), as long as the sine.
    let sine2 = x * x + y * y;
    if sine2 < 1e-30 {
        return a;
    }
    let share = (y * a[0] - x * a[1]) / sine2;
    let (along_x, along_y) = (y * share, -x * share);
    let (in_x, in_y) = (a[0] - along_x, a[1] - along_y);
    [
        along_x + cosine * in_x - x * a[2],
        along_y + cosine * in_y - y * a[2],
        cosine * a[2] + (y * in_y + x * in_x),
        a[3],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boosts_and_rotations_keep_products() {
        let (a, b, rest) = ([3.0, -4.0, 5.0, 9.0], [-1.0, 2.0, 7.0, 11.0], [0.5, 1.0, -2.0, 7.0]);
        let close = |x: f64, y: f64| assert!((x - y).abs() < 1e-9, "{x} {y}");
        close(product(boosted(a, rest), boosted(b, rest)), product(a, b));
        close(product(rotated(a, rest), rotated(b, rest)), product(a, b));
        let still = boosted(rest, rest);
        still[..3].iter().for_each(|&momentum| close(momentum, 0.0));
        let along = rotated(rest, rest);
        close(along[0], 0.0);
        close(along[1], 0.0);
        close(along[2], (0.25f64 + 1.0 + 4.0).sqrt());
    }
}

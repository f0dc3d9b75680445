//! The first line of an event: counts and barcodes in it follow from the columns and become `*` in the skeleton.
//!
//! In: a line and the event, or what the skeleton says. Out: the other.
//! Not here: which fields follow from what ([`Dialect::KNOWN`]).
//! Holds: a line is only folded if unfolding gives it back.

use super::codes::Codes;
use super::dialect::{Dialect, Known};
use super::fields::{Fields, push_integer};

/// Status of a beam particle in HepMC.
const BEAM: i32 = 4;

/// What the columns know of an event.
pub(super) struct Facts<'a> {
    /// The number that it should have.
    pub number: i64,
    /// Status of its particles.
    pub status: &'a [i32],
    pub n_vertices: usize,
    pub particle_codes: &'a Codes,
}

impl Facts<'_> {
    fn value(&self, known: Known) -> i64 {
        match known {
            Known::Number => self.number,
            Known::Particles => self.status.len() as i64,
            Known::Vertices => self.n_vertices as i64,
            Known::Beam(which) => {
                let mut beams = self.status.iter().enumerate().filter(|(_, status)| **status == BEAM);
                beams.nth(which).map_or(0, |(at, _)| self.particle_codes.get(at))
            }
        }
    }
}

/// The number of an event whose first line is given, if it says one.
pub(super) fn number<D: Dialect>(line: &[u8]) -> Option<i64> {
    let (field, _) = D::KNOWN.iter().find(|(_, known)| *known == Known::Number)?;
    let field = line.split(|&byte| byte == b' ').nth(*field)?;
    Fields::new(field).integer()
}

/// Rewrites the known fields of a line.
fn rewrite<D: Dialect>(line: &[u8], out: &mut Vec<u8>, mut each: impl FnMut(Known, &[u8], &mut Vec<u8>)) {
    let mut known = D::KNOWN.iter().peekable();
    for (at, field) in line.split(|&byte| byte == b' ').enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        match known.next_if(|(place, _)| *place == at) {
            Some(&(_, known)) => each(known, field, out),
            None => out.extend_from_slice(field),
        }
    }
}

/// Puts `*` for what is known. False if the line has to stay as it is.
pub(super) fn fold<D: Dialect>(line: &[u8], facts: &Facts<'_>, out: &mut Vec<u8>) -> bool {
    let mut plain = true;
    let mut text = Vec::new();
    rewrite::<D>(line, out, |known, field, out| {
        text.clear();
        push_integer(facts.value(known), &mut text);
        plain &= field != b"*";
        out.extend_from_slice(if field == text { b"*" } else { field });
    });
    plain
}

/// Puts what is known for `*`.
pub(super) fn unfold<D: Dialect>(line: &[u8], facts: &Facts<'_>, out: &mut Vec<u8>) {
    rewrite::<D>(line, out, |known, field, out| match field {
        b"*" => push_integer(facts.value(known), out),
        _ => out.extend_from_slice(field),
    });
}

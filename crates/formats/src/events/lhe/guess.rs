//! Guesses: what laws and the last event say about the numbers of a line.
//!
//! In: the clustering so far, the columns, the numbers of the last event. Out: numbers as text.
//! Not here: whether a line follows a guess (`fold`, `unfold`).
//! Holds: guesses depend on columns, the guessed line's shape and what was said before it.

use super::clustering::{Candidate, History};
use super::kinematics::{Context, product, sum, transverse2};
use super::shape::{Shape, Slot};
use std::cell::OnceCell;

/// Slots of a line of scales before those of the jets.
pub(super) const SCALES_BEFORE: usize = 2;
/// Lines that a reference can name.
const MOST_LINES: usize = 26;
/// Pairs of lines that are tried.
const MOST_PAIRS: usize = 120;
/// Shorter numbers may be found by chance.
const LEAST_DIGITS: usize = 5;

/// How a number is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// It is as guessed.
    Guessed,
    /// It is the first number of the line.
    First,
    /// It is the scale of a jet's nth clustering.
    Scale(usize),
    /// It is the transverse momentum of the event's nth particle.
    Transverse(usize),
    /// It is the mass of the sum of two.
    Mass(usize, usize),
    /// It is the nth number of the event's second line.
    Info(usize),
    /// It is this.
    Literal(&'a [u8]),
}

impl<'a> Said<'a> {
    /// What the next number of a line is, whose rest is given; `None` for no number.
    pub fn next(rest: &mut &'a [u8]) -> Option<Said<'a>> {
        let Some((&kind, behind)) = rest.split_first() else { return Some(Said::Guessed) };
        let place = |byte: Option<&u8>| byte.and_then(|byte| byte.checked_sub(b'A')).map(usize::from);
        let (said, behind) = match kind {
            b'=' => (Said::Guessed, behind),
            b'^' => (Said::First, behind),
            b's' => (Said::Scale(place(behind.first())?), &behind[1..]),
            b'p' => (Said::Transverse(place(behind.first())?), &behind[1..]),
            b'i' => (Said::Info(place(behind.first())?), &behind[1..]),
            b'm' => (Said::Mass(place(behind.first())?, place(behind.get(1))?), &behind[2..]),
            _ => {
                let length = rest.iter().position(|&byte| byte == b' ')?;
                (Said::Literal(&rest[..length]), &rest[length + 1..])
            }
        };
        *rest = behind;
        Some(said)
    }

    /// Appends it to a line.
    pub fn push(self, out: &mut Vec<u8>) {
        let place = |number: usize| b'A' + number as u8;
        match self {
            Said::Guessed => out.push(b'='),
            Said::First => out.push(b'^'),
            Said::Scale(n) => out.extend([b's', place(n)]),
            Said::Transverse(n) => out.extend([b'p', place(n)]),
            Said::Info(n) => out.extend([b'i', place(n)]),
            Said::Mass(n, m) => out.extend([b'm', place(n), place(m)]),
            Said::Literal(text) => {
                out.extend_from_slice(text);
                out.push(b' ');
            }
        }
    }
}

/// Numbers of a line, with a blank behind each, one after another.
pub(super) fn numbers(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b' ').filter(|number| !number.is_empty())
}

/// The guess for a recorded clustering, with a blank behind each number.
pub(super) fn clustering(shape: &Shape, found: &Candidate, last: &[u8], out: &mut Vec<u8>) {
    let mut last = numbers(last);
    let before = last.next().unwrap_or(b"0");
    match found.scale {
        Some(scale) => shape.slots[0].print(scale, out),
        None => out.extend_from_slice(before),
    }
    let partner = i64::from(found.other);
    for number in [found.first as i64, found.second as i64, partner] {
        out.push(b' ');
        super::super::fields::push_integer(number, out);
    }
    out.push(b' ');
    out.extend_from_slice(last.nth(3).unwrap_or(b"-1"));
    out.push(b' ');
}

/// The guess for the scale of a jet: that of the first clustering with a beam, or the first one; the line's first number for
/// jets that were clustered with something else, or not at all.
pub(super) fn jet(history: Option<&History>) -> Said<'static> {
    match history {
        Some(history) if !history.with_other && !history.scales.is_empty() => {
            Said::Scale(history.with_beam.unwrap_or(0))
        }
        _ => Said::First,
    }
}

/// What a number of a line of one event can refer to.
pub(super) struct Facts<'a> {
    context: &'a Context<'a>,
    /// Numbers of the event's second line.
    info: &'a [u8],
    /// All that has a value.
    all: OnceCell<Vec<(f64, Said<'static>)>>,
}

impl<'a> Facts<'a> {
    pub fn new(context: &'a Context<'a>, info: &'a [u8]) -> Facts<'a> {
        Facts { context, info, all: OnceCell::new() }
    }

    fn transverse(&self, n: usize) -> Option<f64> {
        Some(transverse2(self.context.partons().get(n)?.momentum).sqrt())
    }

    fn mass(&self, n: usize, m: usize) -> Option<f64> {
        let partons = self.context.partons();
        let total = sum(partons.get(n)?.momentum, partons.get(m)?.momentum);
        Some(product(total, total).max(0.0).sqrt())
    }

    fn info(&self, n: usize) -> Option<f64> {
        std::str::from_utf8(numbers(self.info).nth(n)?).ok()?.parse().ok()
    }

    /// The value that is meant, if it is one of these.
    pub fn value(&self, said: Said<'_>) -> Option<f64> {
        match said {
            Said::Transverse(n) => self.transverse(n),
            Said::Mass(n, m) => self.mass(n, m),
            Said::Info(n) => self.info(n),
            _ => None,
        }
    }

    fn all(&self) -> &[(f64, Said<'static>)] {
        self.all.get_or_init(|| {
            let n = self.context.partons().len().min(MOST_LINES);
            let infos = numbers(self.info).count().min(MOST_LINES);
            let pairs = (1..n).flat_map(|m| (0..m).map(move |n| Said::Mass(n, m)));
            (0..infos)
                .map(Said::Info)
                .chain((0..n).map(Said::Transverse))
                .chain(pairs.take(MOST_PAIRS))
                .filter_map(|said| Some((self.value(said)?, said)))
                .collect()
        })
    }

    /// How a number can be said that no guess gives.
    pub fn find<'t>(&self, slot: &Slot, number: &'t [u8], scratch: &mut Vec<u8>) -> Said<'t> {
        let literal = Said::Literal(number);
        let n_digits = number.iter().filter(|byte| byte.is_ascii_digit()).count();
        if !slot.is_real() || n_digits < LEAST_DIGITS {
            return literal;
        }
        let value = std::str::from_utf8(number).ok().and_then(|number| number.parse::<f64>().ok());
        let Some(value) = value.filter(|value| *value != 0.0) else { return literal };
        // Numbers of so many digits are nearer to what they print.
        let near = value.abs() * 2e-3;
        let mut found = self.all().iter().filter(|(known, _)| (known - value).abs() <= near);
        let found = found.find(|(known, _)| {
            scratch.clear();
            slot.print(*known, scratch);
            scratch == number
        });
        found.map_or(literal, |(_, said)| *said)
    }
}

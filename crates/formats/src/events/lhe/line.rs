//! Lines of particles: thirteen fields, each padded with blanks to a width that the file has.
//!
//! In: a line, or a particle of the columns. Out: the other.
//! Not here: how widths are found (`head`), what mothers mean (`mothers`).
//! Holds: what is printed depends on columns and template only.
//! Source: J. Alwall et al., "A standard format for Les Houches Event Files", hep-ph/0609017.

use super::super::fields::push_integer;
use super::Lhe;
use hepz_columns::events::{Events, NO_FLOW};

/// Fields that columns hold: species to mass. The rest of the line is a label.
pub(super) const FIELDS: usize = 11;

/// How a field is padded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    /// Least number of blanks before it.
    pub blanks: u8,
    /// Least width, blanks included.
    pub width: u8,
}

impl Field {
    /// Appends a field.
    #[inline]
    pub fn put(self, token: &[u8], out: &mut Vec<u8>) {
        const BLANKS: [u8; 64] = [b' '; 64];
        let blanks = usize::from(self.width).saturating_sub(token.len()).max(self.blanks.into());
        out.extend_from_slice(&BLANKS[..blanks.min(BLANKS.len())]);
        out.extend_from_slice(token);
    }
}

/// The next field of a line that is cut at blanks: number of blanks, and the field; `rest` is moved behind it.
#[inline]
pub(super) fn next_field<'a>(rest: &mut &'a [u8]) -> Option<(usize, &'a [u8])> {
    let blanks = rest.iter().position(|&byte| byte != b' ')?;
    let behind = &rest[blanks..];
    let length = behind.iter().position(|&byte| byte == b' ').unwrap_or(behind.len());
    *rest = &behind[length..];
    Some((blanks, &behind[..length]))
}

/// A particle as its line says it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line<'a> {
    pub species: i32,
    pub status: i32,
    pub mothers: (i64, i64),
    pub flow: [i32; 2],
    pub momentum: [u64; 4],
    pub mass: u64,
    pub label: &'a [u8],
}

fn integer(token: &[u8]) -> Option<i64> {
    if token.len() > 11 {
        return None;
    }
    std::str::from_utf8(token).ok()?.parse().ok()
}

fn short(token: &[u8]) -> Option<i32> {
    integer(token)?.try_into().ok()
}

/// Cuts a line into its fields and the rest; `None` if there are fewer.
#[inline]
pub(super) fn cut(line: &[u8]) -> Option<([&[u8]; FIELDS], &[u8])> {
    let mut rest = line;
    let mut tokens = [&b""[..]; FIELDS];
    for token in &mut tokens {
        *token = next_field(&mut rest)?.1;
    }
    Some((tokens, rest))
}

/// Reads a line that was cut; `None` if a field is no number.
#[inline]
pub(super) fn read<'a>(lhe: &Lhe, tokens: &[&[u8]; FIELDS], label: &'a [u8]) -> Option<Line<'a>> {
    let [species, status, first, last, colour, anticolour, x, y, z, energy, mass] = *tokens;
    let flow = [short(colour)?, short(anticolour)?];
    if flow.contains(&NO_FLOW) {
        return None;
    }
    let [momentum_printed, energy_printed, mass_printed] = lhe.printed();
    Some(Line {
        species: short(species)?,
        status: short(status)?,
        mothers: (integer(first)?, integer(last)?),
        flow,
        momentum: [
            momentum_printed.scan(x)?,
            momentum_printed.scan(y)?,
            momentum_printed.scan(z)?,
            energy_printed.scan(energy)?,
        ],
        mass: mass_printed.scan(mass)?,
        label,
    })
}

/// Prints the line of a particle that has these mothers, without its end.
#[inline]
pub(super) fn write(
    lhe: &Lhe,
    (events, labels): (&Events, &[Vec<u8>]),
    at: usize,
    mothers: (i64, i64),
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    let fields = &lhe.template.fields;
    let whole = [
        events.species[at].into(),
        events.status[at].into(),
        mothers.0,
        mothers.1,
        events.flow[0][at].into(),
        events.flow[1][at].into(),
    ];
    for (field, number) in fields.iter().zip(whole) {
        scratch.clear();
        push_integer(number, scratch);
        field.put(scratch, out);
    }
    let [momentum, energy, mass] = lhe.printed();
    let numbers = [
        (&momentum, events.momentum[0][at]),
        (&momentum, events.momentum[1][at]),
        (&momentum, events.momentum[2][at]),
        (&energy, events.momentum[3][at]),
        (&mass, events.mass[at]),
    ];
    for (field, (printed, pattern)) in fields[6..].iter().zip(numbers) {
        scratch.clear();
        printed.print(pattern, scratch);
        field.put(scratch, out);
    }
    out.extend_from_slice(&labels[events.label[at] as usize]);
}

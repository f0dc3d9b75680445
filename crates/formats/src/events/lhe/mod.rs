//! Les Houches event files: hard events, with what generators add to them.
//!
//! In: text, or columns and skeleton. Out: the other.
//! Not here: the other formats of event records (`events`).
//! Holds: what was read is written again byte by byte, whatever it was.
//! Source: J. Alwall et al., "A standard format for Les Houches Event Files", hep-ph/0609017; J. R. Andersen et al.,
//! arXiv:1405.1067, section 4 (version 3).

mod clustering;
mod fold;
mod guess;
mod head;
mod kinematics;
mod line;
mod mothers;
mod number;
mod reader;
mod record;
#[cfg(test)]
mod samples;
mod shape;
mod skeleton;
#[cfg(test)]
mod tests;
mod unfold;
mod writer;

pub(super) use head::recognise;
pub(super) use reader::read;
pub(super) use writer::write;

use super::codes::Codes;
use super::fields::push_integer;
use super::number::NumberFormat;
use line::{FIELDS, Field};
use number::{Dress, Printed};

/// How an event begins; a closing bracket or a blank follows.
const EVENT: &[u8] = b"<event";

/// How a file lays out its lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Template {
    /// The number of particles.
    number: Field,
    fields: [Field; FIELDS],
    /// Dress of momenta, energies and masses.
    dress: [Dress; 3],
    /// True if the second of two equal mothers is printed as 0.
    single_zero: bool,
}

/// How one file prints events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lhe {
    pub template: Template,
    /// Momenta, energies, masses.
    pub formats: [NumberFormat; 3],
    pub line_end: &'static [u8],
}

/// Bytes of a template's wire form.
const TEMPLATE_BYTES: usize = 2 * (FIELDS + 1) + 4;

impl Template {
    /// The wire form.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.single_zero)];
        bytes.extend(self.dress.map(Dress::to_byte));
        for field in [&[self.number], &self.fields[..]].concat() {
            bytes.extend([field.blanks, field.width]);
        }
        bytes
    }

    /// The template of a wire form; `None` if it is none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Template> {
        let bytes: &[u8; TEMPLATE_BYTES] = bytes.try_into().ok()?;
        let mut template = Template { single_zero: bytes[0] == 1, ..Template::default() };
        for (dress, &byte) in template.dress.iter_mut().zip(&bytes[1..4]) {
            *dress = Dress::from_byte(byte)?;
        }
        let mut fields = bytes[4..].chunks_exact(2).map(|pair| Field { blanks: pair[0], width: pair[1] });
        template.number = fields.next()?;
        for (field, read) in template.fields.iter_mut().zip(fields) {
            *field = read;
        }
        let sound = template.fields.iter().all(|field| field.is_sound()) && template.number.is_sound();
        (bytes[0] < 2 && sound).then_some(template)
    }

    /// Appends the number of particles.
    fn put_number(&self, n_particles: usize, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
        scratch.clear();
        push_integer(n_particles as i64, scratch);
        self.number.put(scratch, out);
    }
}

impl Lhe {
    fn printed(&self) -> [Printed; 3] {
        let mut kinds = self.formats.iter().zip(self.template.dress);
        [(); 3].map(|()| {
            // There are three of each.
            let (&format, dress) = kinds.next().unwrap_or((&self.formats[0], Dress::default()));
            Printed { dress, format }
        })
    }

    /// A line without the end that lines of particles have; `None` if it ends otherwise.
    #[inline]
    fn trimmed<'t>(&self, line: &'t [u8]) -> Option<&'t [u8]> {
        line.strip_suffix(&self.line_end[..self.line_end.len() - 1])
    }
}

/// Barcodes, which these events do not have.
fn codes() -> [Codes; 2] {
    [Codes::new(1, 1), Codes::new(1, 1)]
}

/// True if an event begins at `at`, where [`EVENT`] stands.
fn begins(text: &[u8], at: usize) -> bool {
    (at == 0 || text[at - 1] == b'\n')
        && text.get(at + EVENT.len()).is_some_and(|byte| *byte == b'>' || byte.is_ascii_whitespace())
}

/// Where the next event begins, at `from` or behind it; events begin lines.
fn next_event(text: &[u8], from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let at = from + memchr::memmem::find(text.get(from..)?, EVENT)?;
        if begins(text, at) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// End of the last whole event: an event is whole where the next one begins.
pub(super) fn cut(text: &[u8]) -> Option<usize> {
    let mut end = text.len();
    let last = loop {
        let at = memchr::memmem::rfind(&text[..end], EVENT)?;
        if at > 0 && begins(text, at) {
            break at;
        }
        // The next one to be found begins before this one.
        end = at + EVENT.len() - 1;
    };
    (next_event(text, 0)? < last).then_some(last)
}

//! Event records: text of generators to columns and back.
//!
//! In: text, or [`Events`]. Out: the other; [`EventFormat`] says how the text is printed.
//! Not here: how columns are coded (the codec).
//! Holds: what was read is written again byte by byte, whatever it was: each event is compared when it is read, lines
//! that come out otherwise are kept as they are, and so are events that do.

mod codes;
pub(crate) mod decimal;
mod dialect;
mod fields;
mod first_line;
mod graph;
mod hepmc2;
mod hepmc3;
mod labels;
mod lhe;
mod number;
mod printing;
mod reader;
mod skeleton;
mod spacing;
mod style;
mod tree;
mod walk;
mod writer;

#[cfg(test)]
mod number_tests;
#[cfg(test)]
mod odd_tests;
#[cfg(test)]
mod samples;

use hepmc2::HepMc2;
use hepmc3::HepMc3;
use hepz_columns::events::{Events, Lattice};
use number::NumberFormat;
use std::ops::Range;

/// A header says within so many bytes what a file is.
const HEADER_BYTES: usize = 1 << 16;
/// So much text says how vertices are numbered.
const NUMBERING_BYTES: usize = 1 << 20;

/// Why events cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The skeleton says what no reader writes.
    #[error("the skeleton of events has {what} at byte {at_byte}; restore the archive from another copy")]
    Skeleton {
        /// Where in the skeleton.
        at_byte: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A label is longer than a reader makes them.
    #[error("a label of events is longer than any reader makes them; restore the archive from another copy")]
    LongLabel,
}

/// The formats of event records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    HepMc2,
    HepMc3,
    Lhe(lhe::Template),
}

/// A format of event records, and how one file prints its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFormat {
    kind: Kind,
    /// True if lines end with carriage return and line feed.
    carriage_returns: bool,
    /// Barcode of an event's first particle.
    first_code: u32,
    /// True if vertices are numbered as in a tree (HepMC3 only).
    trees: bool,
    momentum: NumberFormat,
    energy: NumberFormat,
    mass: NumberFormat,
    position: NumberFormat,
}

impl EventFormat {
    /// Looks at the beginning of a file, some megabytes at most; `None` if it is no event record that is known.
    pub fn recognise(head: &[u8]) -> Option<EventFormat> {
        if let Some(lhe) = lhe::recognise(head) {
            let [momentum, energy, mass] = lhe.formats;
            return Some(EventFormat {
                kind: Kind::Lhe(lhe.template),
                carriage_returns: lhe.line_end.len() > 1,
                first_code: 1,
                trees: false,
                momentum,
                energy,
                mass,
                position: momentum,
            });
        }
        let header = &head[..head.len().min(HEADER_BYTES)];
        let mut lines = header.split(|&byte| byte == b'\n');
        let (kind, line) = lines.find_map(|line| match line.trim_ascii_end() {
            b"HepMC::Asciiv3-START_EVENT_LISTING" => Some((Kind::HepMc3, line)),
            b"HepMC::IO_GenEvent-START_EVENT_LISTING" => Some((Kind::HepMc2, line)),
            _ => None,
        })?;
        let carriage_returns = line.ends_with(b"\r");
        let (mut momenta, mut energies) = (Vec::new(), Vec::new());
        let (mut masses, mut positions) = (Vec::new(), Vec::new());
        let mut first_code = None;
        let mut lines = head.split(|&byte| byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            // The last line may be cut.
            if lines.peek().is_none() {
                break;
            }
            let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
            match (kind, fields.next()) {
                (_, Some(b"P")) => {
                    let code = fields.next().and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
                    first_code = first_code.or(code);
                    let mut numbers = fields.skip(if kind == Kind::HepMc2 { 1 } else { 2 });
                    momenta.extend(numbers.by_ref().take(3));
                    energies.extend(numbers.next());
                    masses.extend(numbers.next());
                }
                (Kind::HepMc2, Some(b"V")) => {
                    let numbers: Vec<&[u8]> = fields.skip(2).take(4).collect();
                    if numbers != [b"0"; 4] {
                        positions.extend(numbers);
                    }
                }
                (Kind::HepMc3, Some(b"V")) => {
                    positions.extend(fields.skip_while(|field| *field != b"@").skip(1).take(4))
                }
                _ => {}
            }
        }
        let lines = EventFormat {
            kind,
            carriage_returns,
            first_code: first_code.unwrap_or(1),
            trees: false,
            momentum: style::recognise(&momenta),
            energy: style::recognise(&energies),
            mass: style::recognise(&masses),
            position: style::recognise(&positions),
        };
        if kind == Kind::HepMc2 {
            return Some(lines);
        }
        // Both numberings are tried; what does not follow from them is in the skeleton.
        let trees = EventFormat { trees: true, ..lines.clone() };
        let head = &head[..head.len().min(NUMBERING_BYTES)];
        let skeleton_bytes = |format: &EventFormat| format.read(head).skeleton.len();
        Some(if skeleton_bytes(&trees) < skeleton_bytes(&lines) { trees } else { lines })
    }

    /// The wire form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let kind = match self.kind {
            Kind::HepMc2 => 2,
            Kind::HepMc3 => 3,
            Kind::Lhe(_) => 4,
        };
        let flags = u8::from(self.carriage_returns) | u8::from(self.trees) << 1;
        let mut bytes = vec![kind, flags];
        bytes.extend_from_slice(&self.first_code.to_le_bytes());
        for format in [self.momentum, self.energy, self.mass, self.position] {
            bytes.extend_from_slice(&format.to_bytes());
        }
        if let Kind::Lhe(template) = self.kind {
            bytes.extend_from_slice(&template.to_bytes());
        }
        bytes
    }

    /// The format of a wire form; `None` if it is none.
    pub fn from_bytes(bytes: &[u8]) -> Option<EventFormat> {
        let (&[kind, flags], rest) = bytes.split_first_chunk()?;
        let (&first_code, rest) = rest.split_first_chunk()?;
        let (&momentum, rest) = rest.split_first_chunk()?;
        let (&energy, rest) = rest.split_first_chunk()?;
        let (&mass, rest) = rest.split_first_chunk()?;
        let (&position, rest) = rest.split_first_chunk()?;
        let kind = match kind {
            2 if rest.is_empty() => Kind::HepMc2,
            3 if rest.is_empty() => Kind::HepMc3,
            4 => Kind::Lhe(lhe::Template::from_bytes(rest)?),
            _ => return None,
        };
        let trees = flags & 2 != 0;
        if flags > 3 || trees && kind != Kind::HepMc3 {
            return None;
        }
        Some(EventFormat {
            kind,
            carriage_returns: flags & 1 != 0,
            trees,
            first_code: u32::from_le_bytes(first_code),
            momentum: NumberFormat::from_bytes(momentum)?,
            energy: NumberFormat::from_bytes(energy)?,
            mass: NumberFormat::from_bytes(mass)?,
            position: NumberFormat::from_bytes(position)?,
        })
    }

    /// What the format is called.
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::HepMc2 => "HepMC2 IO_GenEvent",
            Kind::HepMc3 => "HepMC3 Asciiv3",
            Kind::Lhe(_) => "Les Houches events",
        }
    }

    /// The line that ends a listing.
    pub fn end_line(&self) -> &'static [u8] {
        match self.kind {
            Kind::HepMc2 => b"HepMC::IO_GenEvent-END_EVENT_LISTING\n\n",
            Kind::HepMc3 => b"HepMC::Asciiv3-END_EVENT_LISTING\n\n",
            Kind::Lhe(_) => b"</LesHouchesEvents>\n",
        }
    }

    /// The lines that a listing begins with, for one whose own are lost: no names of weights, no beams.
    pub fn start_lines(&self) -> &'static [u8] {
        match self.kind {
            Kind::HepMc2 => b"HepMC::Version 2.06.09\nHepMC::IO_GenEvent-START_EVENT_LISTING\n",
            Kind::HepMc3 => b"HepMC::Version 3.02.00\nHepMC::Asciiv3-START_EVENT_LISTING\n",
            Kind::Lhe(_) => b"<LesHouchesEvents version=\"3.0\">\n<init>\n</init>\n",
        }
    }

    /// The lattice of energies.
    pub fn energy(&self) -> Lattice {
        self.energy.lattice
    }

    /// The lattice of momenta.
    pub fn momentum(&self) -> Lattice {
        self.momentum.lattice
    }

    /// The lattice of masses.
    pub fn mass(&self) -> Lattice {
        self.mass.lattice
    }

    /// The lattice of positions.
    pub fn position(&self) -> Lattice {
        self.position.lattice
    }

    /// End of the last whole event in `text`, if any: an event is whole where the next one begins.
    pub fn cut(&self, text: &[u8]) -> Option<usize> {
        match self.kind {
            Kind::HepMc2 => reader::cut::<HepMc2>(text),
            Kind::HepMc3 => reader::cut::<HepMc3>(text),
            Kind::Lhe(_) => lhe::cut(text),
        }
    }

    /// Reads any bytes; what is odd goes into the skeleton.
    pub fn read(&self, text: &[u8]) -> Events {
        match self.kind {
            Kind::HepMc2 => reader::read(&self.hepmc2(), self.line_end(), text),
            Kind::HepMc3 => reader::read(&self.hepmc3(), self.line_end(), text),
            Kind::Lhe(template) => lhe::read(&self.lhe(template), text),
        }
    }

    /// Appends the text of all events, and what stands before the first, to `out`.
    ///
    /// # Errors
    /// If no reader writes such events.
    pub fn write(&self, events: &Events, out: &mut Vec<u8>) -> Result<(), EventError> {
        self.write_events(events, out).map(drop)
    }

    /// The same, and the place of each event in `out`. Places touch; before the first may be text that belongs to none.
    ///
    /// # Errors
    /// If no reader writes such events.
    pub fn write_events(&self, events: &Events, out: &mut Vec<u8>) -> Result<Vec<Range<usize>>, EventError> {
        match self.kind {
            Kind::HepMc2 => writer::write(&self.hepmc2(), self.line_end(), events, out),
            Kind::HepMc3 => writer::write(&self.hepmc3(), self.line_end(), events, out),
            Kind::Lhe(template) => lhe::write(&self.lhe(template), events, out),
        }
    }

    fn line_end(&self) -> &'static [u8] {
        if self.carriage_returns { b"\r\n" } else { b"\n" }
    }

    fn lhe(&self, template: lhe::Template) -> lhe::Lhe {
        lhe::Lhe { template, formats: [self.momentum, self.energy, self.mass], line_end: self.line_end() }
    }

    fn hepmc2(&self) -> HepMc2 {
        let EventFormat { momentum, energy, mass, position, .. } = *self;
        HepMc2 { momentum, energy, mass, position, first_code: self.first_code.into() }
    }

    fn hepmc3(&self) -> HepMc3 {
        let EventFormat { momentum, energy, mass, position, .. } = *self;
        HepMc3 { momentum, energy, mass, position, first_code: self.first_code.into(), trees: self.trees }
    }
}

//! Writing: columns and skeleton to the text of Les Houches events.
//!
//! In: events that are sound, and their skeleton line by line. Out: text, event by event.
//! Not here: how a line looks (`line`), what the lines of a skeleton are (`skeleton`).
//! Holds: a skeleton that asks for particles that there are not, or leaves some, gives an error. Output is at most so much
//! longer than columns and skeleton as labels are long, and those have a limit.

use super::super::EventError;
use super::super::fields::Fields;
use super::super::labels::LONGEST_LABEL;
use super::Lhe;
use super::skeleton::{self, Op};
use super::{line, mothers};
use hepz_columns::events::{Events, NONE};
use std::ops::Range;

/// Places of an event's particles and vertices in the columns.
pub(super) type Places = (Range<usize>, Range<usize>);

/// Writes events one after another.
pub(super) struct Writer<'a> {
    lhe: &'a Lhe,
    mothers: Vec<(u32, u32)>,
    scratch: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub fn new(lhe: &'a Lhe) -> Writer<'a> {
        Writer { lhe, mothers: Vec::new(), scratch: Vec::new() }
    }

    /// Looks up who the mothers are in an event; before [`Writer::particle`].
    pub fn start(&mut self, events: &Events, places: &Places) {
        mothers::of_vertices(events, places.0.clone(), places.1.len(), &mut self.mothers);
    }

    /// Writes the line of a particle, with other mothers than its vertex has if they are given.
    #[inline]
    pub fn particle(
        &mut self,
        columns: (&Events, &[Vec<u8>]),
        at: usize,
        others: Option<(i64, i64)>,
        out: &mut Vec<u8>,
    ) {
        let mothers = others.unwrap_or_else(|| match columns.0.production[at] {
            NONE => (0, 0),
            vertex => match self.mothers[vertex as usize] {
                (first, last) if first == last && self.lhe.template.single_zero => (first.into(), 0),
                (first, last) => (first.into(), last.into()),
            },
        });
        line::write(self.lhe, columns, at, mothers, &mut self.scratch, out);
        out.extend_from_slice(self.lhe.line_end);
    }

    /// Writes the number of particles, as far as it stands in the second line of an event.
    fn number(&mut self, n_particles: usize, out: &mut Vec<u8>) {
        self.lhe.template.put_number(n_particles, &mut self.scratch, out);
    }

    /// Writes the lines of `skeleton` from `at` to the next event, or the end.
    pub fn event(
        &mut self,
        columns: (&Events, &[Vec<u8>]),
        places: Places,
        skeleton: &[u8],
        at: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), EventError> {
        let event_at = *at as u64;
        let wrong = |what| EventError::Skeleton { at_byte: event_at, what };
        let line_end = self.lhe.line_end;
        let n_particles = places.0.len();
        let mut informed = true;
        match skeleton::next(skeleton, at)? {
            Some(Op::Event(info)) => {
                out.extend_from_slice(super::TAG);
                out.extend_from_slice(line_end);
                self.number(n_particles, out);
                out.extend_from_slice(info);
                out.extend_from_slice(line_end);
            }
            Some(Op::Tag(tag)) => {
                out.extend_from_slice(tag);
                out.push(b'\n');
                let mut behind = *at;
                match skeleton::next(skeleton, &mut behind)? {
                    Some(Op::Info(info)) => {
                        self.number(n_particles, out);
                        out.extend_from_slice(info);
                        out.extend_from_slice(line_end);
                        *at = behind;
                    }
                    Some(Op::InfoText(info)) => {
                        out.extend_from_slice(info);
                        out.push(b'\n');
                        *at = behind;
                    }
                    _ => informed = false,
                }
            }
            _ => return Err(wrong("an event without a first line")),
        }
        if informed {
            self.particles(columns, &places, skeleton, at, out)?;
        } else if n_particles > 0 {
            return Err(wrong("an event without a place for its particles"));
        }
        texts(self.lhe, skeleton, at, out)
    }

    fn particles(
        &mut self,
        columns: (&Events, &[Vec<u8>]),
        places: &Places,
        skeleton: &[u8],
        at: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), EventError> {
        self.start(columns.0, places);
        let mut left = places.0.clone();
        loop {
            let wrong = EventError::Skeleton { at_byte: *at as u64, what: "a patch that fits nowhere" };
            let mut behind = *at;
            let (text, whole) = match skeleton::next(skeleton, &mut behind)? {
                Some(Op::Patch(text)) => (text, true),
                Some(Op::Mothers(text)) => (text, false),
                _ => break,
            };
            let mut fields = Fields::new(text);
            let place =
                fields.integer().and_then(|place| places.0.start.checked_add(usize::try_from(place).ok()?));
            let place = place.filter(|place| left.contains(place)).ok_or(wrong.clone())?;
            fields.byte(b' ').ok_or(wrong.clone())?;
            for particle in left.start..place {
                self.particle(columns, particle, None, out);
            }
            if whole {
                out.extend_from_slice(fields.rest);
                out.push(b'\n');
            } else {
                let mut pair = || {
                    let first = fields.integer()?;
                    fields.byte(b' ')?;
                    let last = fields.integer()?;
                    fields.rest.is_empty().then_some((first, last))
                };
                let pair = pair().ok_or(wrong)?;
                self.particle(columns, place, Some(pair), out);
            }
            left.start = place + 1;
            *at = behind;
        }
        for particle in left {
            self.particle(columns, particle, None, out);
        }
        Ok(())
    }
}

/// Writes text lines up to the next event, or the end.
fn texts(lhe: &Lhe, skeleton: &[u8], at: &mut usize, out: &mut Vec<u8>) -> Result<(), EventError> {
    let start = *at;
    loop {
        let op_at = *at as u64;
        let wrong = |what| EventError::Skeleton { at_byte: op_at, what };
        let mut behind = *at;
        match skeleton::next(skeleton, &mut behind)? {
            None | Some(Op::Event(_) | Op::Tag(_)) => return Ok(()),
            Some(Op::Text(text)) => {
                out.extend_from_slice(text);
                out.extend_from_slice(lhe.line_end);
            }
            Some(Op::Raw(text)) => {
                out.extend_from_slice(text);
                out.push(b'\n');
            }
            Some(Op::Unended) if behind == skeleton.len() && (start > 0 || op_at > 0) => _ = out.pop(),
            Some(_) => return Err(wrong("a line that belongs elsewhere")),
        }
        *at = behind;
    }
}

/// Writes all events; gives the place of each in `out`.
pub(crate) fn write(lhe: &Lhe, events: &Events, out: &mut Vec<u8>) -> Result<Vec<Range<usize>>, EventError> {
    if events.labels.iter().any(|label| label.len() > LONGEST_LABEL) {
        return Err(EventError::LongLabel);
    }
    let skeleton = events.skeleton.as_slice();
    let mut at = 0;
    texts(lhe, skeleton, &mut at, out)?;
    let mut writer = Writer::new(lhe);
    let mut ranges = Vec::with_capacity(events.particles.len());
    let (mut particle, mut vertex) = (0, 0);
    for (&n_particles, &n_vertices) in events.particles.iter().zip(&events.vertices) {
        let start = out.len();
        let places = (particle..particle + n_particles as usize, vertex..vertex + n_vertices as usize);
        (particle, vertex) = (places.0.end, places.1.end);
        writer.event((events, &events.labels), places, skeleton, &mut at, out)?;
        ranges.push(start..out.len());
    }
    match at == skeleton.len() {
        true => Ok(ranges),
        false => Err(EventError::Skeleton { at_byte: at as u64, what: "more events than there are" }),
    }
}

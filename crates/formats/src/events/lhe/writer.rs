//! Writing: columns and skeleton to the text of Les Houches events.
//!
//! In: events that are sound, and their skeleton line by line. Out: text, event by event.
//! Not here: how a line looks (`line`, `shape`), what a skeleton says about lines of text (`unfold`).
//! Holds: a skeleton that asks for particles that there are not, or leaves some, gives an error. Guessed lines make output
//! longer than what it is made from, but at most [`LARGEST_FACTOR`] times.

use super::super::EventError;
use super::super::fields::Fields;
use super::super::labels::LONGEST_LABEL;
use super::Lhe;
use super::kinematics::{Context, Places};
use super::record::{Memory, Record};
use super::shape::{Shape, shapes};
use super::skeleton::{self, Op};
use super::unfold::Unfolder;
use super::{line, mothers};
use hepz_columns::events::{Events, NONE};
use std::ops::Range;

/// Status of a final particle.
const FINAL: i32 = 1;
/// What each event, particle and vertex counts beside the bytes of the skeleton.
const LEAST_BYTES: usize = 8;
/// Text may be so many times as long as what it is made from.
const LARGEST_FACTOR: u64 = 64;

/// Writes events one after another.
pub(super) struct Writer<'a> {
    lhe: &'a Lhe,
    memory: Memory,
    unfolder: Unfolder,
    /// The kind of the event at hand, and whether it will be remembered.
    pending: Option<usize>,
    spare: Record,
    mothers: Vec<(u32, u32)>,
    scratch: Vec<u8>,
    /// Bytes that were written, and that may have been.
    written: u64,
    allowed: u64,
}

/// Number of final particles of an event, which says which event it is like.
pub(super) fn n_final(events: &Events, places: &Places) -> usize {
    events.status[places.0.clone()].iter().filter(|status| **status == FINAL).count()
}

impl<'a> Writer<'a> {
    pub fn new(lhe: &'a Lhe) -> Writer<'a> {
        Writer {
            lhe,
            memory: Memory::new(),
            unfolder: Unfolder::default(),
            pending: None,
            spare: Record::default(),
            mothers: Vec::new(),
            scratch: Vec::new(),
            written: 0,
            allowed: 0,
        }
    }

    /// The last event that is remembered with so many final particles.
    pub fn last(&self, n_final: usize) -> &Record {
        self.memory.last(n_final)
    }

    /// Bytes that were written, and that may have been.
    pub fn spent(&self) -> (u64, u64) {
        (self.written, self.allowed)
    }

    /// Forgets bytes of an event that was not to be.
    pub fn set_spent(&mut self, (written, allowed): (u64, u64)) {
        (self.written, self.allowed) = (written, allowed);
    }

    /// Remembers the event that was written last.
    pub fn commit(&mut self) {
        if let Some(n_final) = self.pending.take() {
            self.unfolder.record(&mut self.spare);
            self.spare = self.memory.replace(n_final, std::mem::take(&mut self.spare));
        }
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

    /// Writes the lines of `skeleton` from `at` to the next event, or the end. [`Writer::commit`] has to follow.
    pub fn event(
        &mut self,
        (columns, shapes): ((&Events, &[Vec<u8>]), &[Shape]),
        places: Places,
        skeleton: &[u8],
        at: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), EventError> {
        let (event_at, start) = (*at, out.len());
        let wrong = |what| EventError::Skeleton { at_byte: event_at as u64, what };
        self.pending = None;
        let n_lines = 1 + places.0.len() + places.1.len();
        match skeleton::next(skeleton, at)? {
            Some(Op::Event) => self.guessed_event((columns, shapes), places, skeleton, at, out)?,
            Some(Op::Bare(tag)) if places.0.is_empty() => {
                out.extend_from_slice(tag);
                out.push(b'\n');
                texts(self.lhe, skeleton, at, out)?;
            }
            _ => return Err(wrong("an event without a first line")),
        }
        self.written += (out.len() - start) as u64;
        self.allowed += (n_lines * LEAST_BYTES + *at - event_at) as u64 * LARGEST_FACTOR;
        if self.written > self.allowed {
            return Err(wrong("more text than a reader makes guesses for"));
        }
        Ok(())
    }

    fn guessed_event(
        &mut self,
        (columns, shapes): ((&Events, &[Vec<u8>]), &[Shape]),
        places: Places,
        skeleton: &[u8],
        at: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), EventError> {
        let mut patches_at = *at;
        let mut behind = *at;
        while let Some(Op::Patch(_) | Op::Mothers(_) | Op::Label(_)) = skeleton::next(skeleton, &mut behind)?
        {
            *at = behind;
        }
        let kind = n_final(columns.0, &places);
        let context = Context::new(self.lhe, columns.0, places.clone());
        self.unfolder.read(&context, shapes, self.memory.last(kind), skeleton, at)?;
        if self.unfolder.n_lines() < 2 {
            let what = "an event without a place for its particles";
            return Err(EventError::Skeleton { at_byte: *at as u64, what });
        }
        self.unfolder.print(self.lhe, shapes, skeleton, 0, out);
        if !self.unfolder.has_whole_info() {
            self.lhe.template.put_number(places.0.len(), &mut self.scratch, out);
        }
        self.unfolder.print(self.lhe, shapes, skeleton, 1, out);
        self.particles(columns, &places, skeleton, &mut patches_at, out)?;
        for line in 2..self.unfolder.n_lines() {
            self.unfolder.print(self.lhe, shapes, skeleton, line, out);
        }
        self.pending = Some(kind);
        Ok(())
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
            let op = skeleton::next(skeleton, at)?;
            let Some(Op::Patch(text) | Op::Mothers(text) | Op::Label(text)) = op else { break };
            let mut fields = Fields::new(text);
            let place =
                fields.integer().and_then(|place| places.0.start.checked_add(usize::try_from(place).ok()?));
            let place = place.filter(|place| left.contains(place)).ok_or(wrong.clone())?;
            fields.byte(b' ').ok_or(wrong.clone())?;
            for particle in left.start..place {
                self.particle(columns, particle, None, out);
            }
            match op {
                Some(Op::Patch(_)) => {
                    out.extend_from_slice(fields.rest);
                    out.push(b'\n');
                }
                Some(Op::Label(_)) => {
                    self.particle(columns, place, None, out);
                    out.truncate(out.len() - self.lhe.line_end.len());
                    out.extend_from_slice(fields.rest);
                    out.extend_from_slice(self.lhe.line_end);
                }
                _ => {
                    let mut pair = || {
                        let first = fields.integer()?;
                        fields.byte(b' ')?;
                        let last = fields.integer()?;
                        fields.rest.is_empty().then_some((first, last))
                    };
                    let pair = pair().ok_or(wrong)?;
                    self.particle(columns, place, Some(pair), out);
                }
            }
            left.start = place + 1;
        }
        for particle in left {
            self.particle(columns, particle, None, out);
        }
        Ok(())
    }
}

/// Writes text lines up to the next event, or the end.
fn texts(lhe: &Lhe, skeleton: &[u8], at: &mut usize, out: &mut Vec<u8>) -> Result<(), EventError> {
    loop {
        let op_at = *at as u64;
        let mut behind = *at;
        match skeleton::next(skeleton, &mut behind)? {
            None | Some(Op::Event | Op::Bare(_) | Op::Unended) => return Ok(()),
            Some(Op::Text(text)) => {
                out.extend_from_slice(text);
                out.extend_from_slice(lhe.line_end);
            }
            Some(Op::Raw(text)) => {
                out.extend_from_slice(text);
                out.push(b'\n');
            }
            Some(_) => {
                return Err(EventError::Skeleton { at_byte: op_at, what: "a line that belongs elsewhere" });
            }
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
    let shapes = shapes(&events.labels);
    let (mut at, start) = (0, out.len());
    texts(lhe, skeleton, &mut at, out)?;
    let mut writer = Writer::new(lhe);
    let mut ranges: Vec<Range<usize>> = Vec::with_capacity(events.particles.len());
    let (mut particle, mut vertex) = (0, 0);
    for (&n_particles, &n_vertices) in events.particles.iter().zip(&events.vertices) {
        let start = out.len();
        let places = (particle..particle + n_particles as usize, vertex..vertex + n_vertices as usize);
        (particle, vertex) = (places.0.end, places.1.end);
        writer.event(((events, &events.labels), &shapes), places, skeleton, &mut at, out)?;
        writer.commit();
        ranges.push(start..out.len());
    }
    let mut behind = at;
    if skeleton::next(skeleton, &mut behind)? == Some(Op::Unended) && out.len() > start {
        at = behind;
        out.pop();
        if let Some(last) = ranges.last_mut() {
            last.end = out.len();
        }
    }
    match at == skeleton.len() {
        true => Ok(ranges),
        false => Err(EventError::Skeleton { at_byte: at as u64, what: "more events than there are" }),
    }
}

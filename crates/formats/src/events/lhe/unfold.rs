//! Unfolding: what a skeleton says of an event's lines of text to the lines.
//!
//! In: lines of a skeleton, columns, the last event of the kind. Out: lines, and the record of them.
//! Not here: lines of particles (`writer`), the way there (`fold`).
//! Holds: lines that refer to what there is not give an error.

use super::super::EventError;
use super::clustering::Clustering;
use super::guess::{self, Facts, SCALES_BEFORE, Said};
use super::kinematics::Context;
use super::record::{Cursor, Record};
use super::shape::{Role, Shape};
use super::skeleton::{self, Op};
use super::{Lhe, guess::numbers};
use std::ops::Range;

/// A line of text.
#[derive(Clone, Debug)]
enum Line {
    /// Text of the skeleton, and whether it ends as it does there.
    Text(Range<usize>, bool),
    /// A shape, and its numbers among those of the event.
    Shaped(u8, Range<usize>),
}

/// A line whose numbers follow from later lines.
struct Deferred {
    line: usize,
    shape: u8,
    body: Range<usize>,
    /// Its place in the last event.
    last: Option<usize>,
}

/// Lines of one event after another.
#[derive(Default)]
pub(super) struct Unfolder {
    lines: Vec<Line>,
    numbers: Vec<u8>,
    deferred: Vec<Deferred>,
    clustering: Option<Option<Clustering>>,
    guess: Vec<u8>,
}

/// The first two lines that a recorded clustering names.
pub(super) fn joined(text: &[u8]) -> Option<(usize, usize)> {
    let mut words = numbers(text).skip(1).map(|word| std::str::from_utf8(word).ok()?.parse().ok());
    Some((words.next()??, words.next()??))
}

impl Unfolder {
    /// Reads the lines of an event, from behind the line that begins it to the next one.
    pub fn read(
        &mut self,
        context: &Context<'_>,
        shapes: &[Shape],
        last: &Record,
        skeleton: &[u8],
        at: &mut usize,
    ) -> Result<(), EventError> {
        self.lines.clear();
        self.numbers.clear();
        self.deferred.clear();
        self.clustering = None;
        let mut cursor = Cursor { record: last, at: 0 };
        loop {
            let op_at = *at;
            let wrong = |what| EventError::Skeleton { at_byte: op_at as u64, what };
            let bad = || wrong("a line whose numbers follow from nothing");
            let mut behind = *at;
            let op = skeleton::next(skeleton, &mut behind)?;
            let text = || op_at..behind - 1;
            match op {
                Some(Op::Text(_)) => self.lines.push(Line::Text(text(), false)),
                Some(Op::Raw(_)) => self.lines.push(Line::Text(op_at + 1..behind - 1, true)),
                Some(Op::Info(_)) if self.lines.len() == 1 => {
                    self.lines.push(Line::Text(op_at + 1..behind - 1, true));
                }
                Some(Op::Shaped(shape, _)) => {
                    let found = cursor.find(shape).map(|(place, _)| place);
                    let body = op_at + 1..behind - 1;
                    self.shaped(context, shapes, (shape, body, found), last, skeleton).ok_or_else(bad)?;
                }
                Some(Op::Guessed(count)) => {
                    for _ in 0..count {
                        self.guessed(context, shapes, &mut cursor).ok_or_else(bad)?;
                    }
                }
                Some(Op::End) => {
                    *at = behind;
                    break;
                }
                None | Some(Op::Event | Op::Bare(_) | Op::Unended) => {
                    while cursor.at < last.n_lines() {
                        self.guessed(context, shapes, &mut cursor).ok_or_else(bad)?;
                    }
                    break;
                }
                Some(Op::Patch(_) | Op::Mothers(_) | Op::Label(_) | Op::Info(_)) => {
                    return Err(wrong("a line that belongs elsewhere"));
                }
            }
            *at = behind;
        }
        for Deferred { line, shape, body, last: place } in std::mem::take(&mut self.deferred) {
            let resolved = self.scales(context, shapes, (shape, &skeleton[body], place), last);
            let wrong = EventError::Skeleton { at_byte: *at as u64, what: "scales that follow from nothing" };
            self.lines[line] = Line::Shaped(shape, resolved.ok_or(wrong)?);
        }
        Ok(())
    }

    /// The next line as it was.
    fn guessed(&mut self, context: &Context<'_>, shapes: &[Shape], cursor: &mut Cursor<'_>) -> Option<()> {
        let place = cursor.at;
        if place >= cursor.record.n_lines() {
            return None;
        }
        cursor.at += 1;
        let shape = cursor.record.line(place).0?;
        self.shaped(context, shapes, (shape, 0..0, Some(place)), cursor.record, b"")
    }

    /// A line of a shape; what is said about its numbers is at `body` in the skeleton.
    fn shaped(
        &mut self,
        context: &Context<'_>,
        shapes: &[Shape],
        (number, body, place): (u8, Range<usize>, Option<usize>),
        last: &Record,
        skeleton: &[u8],
    ) -> Option<()> {
        let shape = shapes.get(usize::from(number))?;
        let last = place.map(|place| last.line(place).1);
        match shape.role {
            Role::Scales => {
                self.deferred.push(Deferred { line: self.lines.len(), shape: number, body, last: place });
                self.lines.push(Line::Text(0..0, false));
                return Some(());
            }
            Role::Clustering => {
                let mut rest = &skeleton[body];
                let mut rank = 0;
                if let [b'r', place, behind @ ..] = rest {
                    rank = usize::from(place.checked_sub(b'A')?);
                    rest = behind;
                }
                let clustering = self.clustering.get_or_insert_with(|| Clustering::new(context.partons()));
                let found =
                    clustering.as_ref().and_then(|clustering| clustering.candidates().get(rank).copied());
                self.guess.clear();
                if let Some(found) = found {
                    guess::clustering(shape, &found, last.unwrap_or(b""), &mut self.guess);
                }
                let last =
                    if found.is_some() { Some(std::mem::take(&mut self.guess)) } else { last.map(Vec::from) };
                let start = self.numbers.len();
                self.resolve(context, shape, rest, last.as_deref())?;
                self.guess = last.unwrap_or_default();
                let range = start..self.numbers.len();
                if let (Some(pair), Some(Some(clustering))) =
                    (joined(&self.numbers[range.clone()]), &mut self.clustering)
                {
                    clustering.join(pair.0, pair.1);
                }
                self.lines.push(Line::Shaped(number, range));
            }
            Role::Plain => {
                let start = self.numbers.len();
                self.resolve(context, shape, &skeleton[body], last)?;
                self.lines.push(Line::Shaped(number, start..self.numbers.len()));
            }
        }
        Some(())
    }

    /// Numbers of the event's second line.
    fn info(&self) -> Range<usize> {
        match self.lines.get(1) {
            Some(Line::Shaped(_, range)) => range.clone(),
            _ => 0..0,
        }
    }

    /// Appends the numbers of a line.
    fn resolve(
        &mut self,
        context: &Context<'_>,
        shape: &Shape,
        mut body: &[u8],
        last: Option<&[u8]>,
    ) -> Option<()> {
        let start = self.numbers.len();
        let mut last = last.map(numbers);
        for slot in &shape.slots {
            let guess = last.as_mut().and_then(Iterator::next);
            match Said::next(&mut body)? {
                Said::Guessed => self.numbers.extend_from_slice(guess?),
                Said::Literal(text) => self.numbers.extend_from_slice(text),
                Said::First => {
                    let first = start..start + numbers(&self.numbers[start..]).next()?.len();
                    self.numbers.extend_from_within(first);
                }
                said => {
                    let facts = Facts::new(context, &self.numbers[self.info()]);
                    let value = facts.value(said)?;
                    slot.print(value, &mut self.numbers);
                }
            }
            self.numbers.push(b' ');
        }
        body.is_empty().then_some(())
    }

    /// Appends the numbers of a line of scales.
    fn scales(
        &mut self,
        context: &Context<'_>,
        shapes: &[Shape],
        (number, mut body, place): (u8, &[u8], Option<usize>),
        last: &Record,
    ) -> Option<Range<usize>> {
        let shape = &shapes[usize::from(number)];
        let start = self.numbers.len();
        let mut last = place.map(|place| numbers(last.line(place).1));
        for (at, slot) in shape.slots.iter().enumerate() {
            let guess = last.as_mut().and_then(Iterator::next);
            let clustering = self.clustering.get_or_insert_with(|| Clustering::new(context.partons()));
            let jet = at.checked_sub(SCALES_BEFORE);
            let history = clustering.as_ref().zip(jet).and_then(|(clustering, jet)| clustering.jets.get(jet));
            let said = match (Said::next(&mut body)?, jet) {
                (Said::Guessed, Some(_)) => guess::jet(history),
                (said, _) => said,
            };
            match said {
                Said::Guessed => self.numbers.extend_from_slice(guess?),
                Said::Literal(text) => self.numbers.extend_from_slice(text),
                Said::First => {
                    let first = start..start + numbers(&self.numbers[start..]).next()?.len();
                    self.numbers.extend_from_within(first);
                }
                Said::Scale(n) => slot.print(*history?.scales.get(n)?, &mut self.numbers),
                said => {
                    let facts = Facts::new(context, &self.numbers[self.info()]);
                    slot.print(facts.value(said)?, &mut self.numbers);
                }
            }
            self.numbers.push(b' ');
        }
        body.is_empty().then_some(start..self.numbers.len())
    }

    pub fn n_lines(&self) -> usize {
        self.lines.len()
    }

    /// True if the event's second line is as it was, with its number of particles.
    pub fn has_whole_info(&self) -> bool {
        matches!(self.lines.get(1), Some(Line::Text(_, true)))
    }

    /// Appends a line with its end.
    pub fn print(&self, lhe: &Lhe, shapes: &[Shape], skeleton: &[u8], line: usize, out: &mut Vec<u8>) {
        match &self.lines[line] {
            Line::Text(range, true) => {
                out.extend_from_slice(&skeleton[range.clone()]);
                out.push(b'\n');
                return;
            }
            Line::Text(range, false) => out.extend_from_slice(&skeleton[range.clone()]),
            Line::Shaped(shape, range) => {
                shapes[usize::from(*shape)].print(&self.numbers[range.clone()], out);
            }
        }
        out.extend_from_slice(lhe.line_end);
    }

    /// Puts the lines into a record.
    pub fn record(&self, record: &mut Record) {
        record.clear();
        for line in &self.lines {
            match line {
                Line::Text(..) => record.push(None, b""),
                Line::Shaped(shape, range) => record.push(Some(*shape), &self.numbers[range.clone()]),
            }
        }
    }
}

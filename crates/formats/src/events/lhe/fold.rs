//! Folding: the lines of text of an event to what a skeleton has to say about them.
//!
//! In: lines, columns, the last event of the kind. Out: lines of a skeleton.
//! Not here: lines of particles (`reader`), the way back (`unfold`).
//! Holds: unfolding gives the lines back.

use super::super::labels::Labels;
use super::clustering::{Candidate, Clustering, History};
use super::guess::{self, Facts, SCALES_BEFORE, Said, numbers};
use super::kinematics::Context;
use super::record::{Cursor, Record};
use super::shape::{Role, Shape, cut};
use super::skeleton::{self, MOST_SHAPES, Op};
use super::unfold::joined;
use std::collections::BTreeMap;
use std::ops::Range;

/// Clusterings with a lower rank are named by it.
const MOST_RANKS: usize = 64;
/// Hits and attempts are halved from so many attempts on.
const MOST_ATTEMPTS: u16 = 256;
/// Guesses of a number that was guessed less often than this, in quarters, are not used.
const LEAST_HITS: u16 = 3;
/// A guess is used so often before it has to show that it is good.
const FIRST_ATTEMPTS: u16 = 4;

/// A line of text.
struct Line<'t> {
    op: Op<'t>,
    shape: Option<u8>,
    numbers: Range<usize>,
}

/// Folds the lines of one event after another.
#[derive(Default)]
pub(super) struct Folder {
    pub shapes: Vec<Shape>,
    known: BTreeMap<Vec<u8>, u8>,
    /// How often the last event had the number of a slot, and of how many.
    hits: Vec<Vec<(u16, u16)>>,
    numbers: Vec<u8>,
    label: Vec<u8>,
    scratch: Vec<u8>,
}

/// What the recorded clusterings of an event say.
#[derive(Default)]
struct Recorded {
    /// Of each of them, the rank of the candidate that it was, and the candidate; the likeliest if it was none.
    candidates: Vec<Option<(usize, Candidate)>>,
    jets: Vec<History>,
}

impl Folder {
    /// The shape of a line, made if there is room for it; its numbers are appended.
    fn shape(&mut self, line: &[u8], labels: &mut Labels) -> Option<u8> {
        let start = self.numbers.len();
        if !cut(line, &mut self.label, &mut self.numbers) {
            self.numbers.truncate(start);
            return None;
        }
        if let Some(&known) = self.known.get(&self.label) {
            return Some(known);
        }
        let room = self.shapes.len() < MOST_SHAPES;
        let shape = Shape::from_label(&self.label).filter(|_| room);
        let (Some(shape), true) = (shape, room) else {
            self.numbers.truncate(start);
            return None;
        };
        let label = labels.number(&self.label);
        if labels.text(label) != self.label {
            self.numbers.truncate(start);
            return None;
        }
        let number = self.shapes.len() as u8;
        self.hits.push(vec![(0, 0); shape.slots.len()]);
        self.shapes.push(shape);
        self.known.insert(self.label.clone(), number);
        Some(number)
    }

    /// Folds lines; those that end as usual are text without a mark, and only these have shapes.
    pub fn fold<'t>(
        &mut self,
        context: &Context<'_>,
        labels: &mut Labels,
        last: &Record,
        ops: impl Iterator<Item = Op<'t>>,
        out: &mut Vec<u8>,
    ) {
        self.numbers.clear();
        let mut lines = Vec::new();
        for op in ops {
            let start = self.numbers.len();
            let shape = if let Op::Text(text) = op { self.shape(text, labels) } else { None };
            lines.push(Line { op, shape, numbers: start..self.numbers.len() });
        }
        let recorded = self.recorded(context, &lines);
        let mut cursor = Cursor { record: last, at: 0 };
        let mut n_guessed = 0;
        let mut body = Vec::new();
        let mut candidates = recorded.candidates.iter();
        let info = lines.get(1).map_or(Vec::new(), |line| self.numbers[line.numbers.clone()].to_vec());
        let (no_facts, facts) = (Facts::new(context, b""), Facts::new(context, &info));
        for (at, line) in lines.iter().enumerate() {
            let flush = |n_guessed: &mut u64, out: &mut Vec<u8>| {
                if *n_guessed > 0 {
                    skeleton::push(Op::Guessed(std::mem::take(n_guessed)), out);
                }
            };
            let Some(number) = line.shape else {
                flush(&mut n_guessed, out);
                match line.op {
                    Op::Text(text) if !skeleton::is_plain(text) => {
                        let raw = [text, &context.lhe.line_end[..context.lhe.line_end.len() - 1]].concat();
                        skeleton::push(Op::Raw(&raw), out);
                    }
                    op => skeleton::push(op, out),
                }
                continue;
            };
            let mut ahead = cursor;
            let found = ahead.find(number);
            // The second line is not known before itself.
            let facts = if at > 1 { &facts } else { &no_facts };
            body.clear();
            let last = found.map(|(_, numbers)| numbers);
            match self.shapes[usize::from(number)].role {
                Role::Plain => self.plain(facts, (line, number), last, &mut body),
                Role::Clustering => {
                    let candidate = candidates.next().and_then(Option::as_ref);
                    self.clustering((line, number), last, candidate, &mut body);
                }
                Role::Scales => self.scales(facts, (line, number), last, &recorded.jets, &mut body),
            }
            let kept = body.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
            if kept == 0 && found.is_some_and(|(place, _)| place == cursor.at) {
                n_guessed += 1;
            } else {
                flush(&mut n_guessed, out);
                skeleton::push(Op::Shaped(number, &body[..kept]), out);
            }
            if found.is_some() {
                cursor = ahead;
            }
        }
        // Lines that are guessed up to the end of the last event need not be mentioned.
        if cursor.at < last.n_lines() {
            if n_guessed > 0 {
                skeleton::push(Op::Guessed(n_guessed), out);
            }
            skeleton::push(Op::End, out);
        }
    }

    /// Follows the recorded clusterings.
    fn recorded(&self, context: &Context<'_>, lines: &[Line<'_>]) -> Recorded {
        let role = |line: &Line<'_>| line.shape.map(|shape| self.shapes[usize::from(shape)].role);
        if !lines.iter().any(|line| role(line).is_some_and(|role| role != Role::Plain)) {
            return Recorded::default();
        }
        let Some(mut clustering) = Clustering::new(context.partons()) else { return Recorded::default() };
        let mut candidates = Vec::new();
        for line in lines.iter().filter(|line| role(line) == Some(Role::Clustering)) {
            let pair = joined(&self.numbers[line.numbers.clone()]);
            let mut ranked = clustering.candidates().iter().copied().enumerate().take(MOST_RANKS);
            let likeliest = ranked.clone().next();
            candidates
                .push(ranked.find(|(_, found)| Some((found.first, found.second)) == pair).or(likeliest));
            if let Some(pair) = pair {
                clustering.join(pair.0, pair.1);
            }
        }
        Recorded { candidates, jets: clustering.jets }
    }

    /// What is said about the numbers of a line that no law knows.
    fn plain(
        &mut self,
        facts: &Facts<'_>,
        (line, number): (&Line<'_>, u8),
        last: Option<&[u8]>,
        body: &mut Vec<u8>,
    ) {
        let shape = &self.shapes[usize::from(number)];
        let hits = &mut self.hits[usize::from(number)];
        let mut last = last.map(numbers);
        for ((found, slot), (hits, attempts)) in
            numbers(&self.numbers[line.numbers.clone()]).zip(&shape.slots).zip(hits)
        {
            let hit = last.as_mut().and_then(Iterator::next) == Some(found);
            let trusted = *attempts < FIRST_ATTEMPTS || *hits * 4 >= *attempts * LEAST_HITS;
            if last.is_some() {
                *hits += u16::from(hit);
                *attempts += 1;
                if *attempts >= MOST_ATTEMPTS {
                    (*hits, *attempts) = (*hits / 2, *attempts / 2);
                }
            }
            if hit && trusted {
                Said::Guessed.push(body);
                continue;
            }
            let said = if slot.is_real() {
                facts.find(slot, found, &mut self.scratch)
            } else {
                Said::Literal(found)
            };
            said.push(body);
        }
    }

    /// What is said about the numbers of a recorded clustering.
    fn clustering(
        &mut self,
        (line, number): (&Line<'_>, u8),
        last: Option<&[u8]>,
        candidate: Option<&(usize, Candidate)>,
        body: &mut Vec<u8>,
    ) {
        let shape = &self.shapes[usize::from(number)];
        self.scratch.clear();
        match candidate {
            Some((rank, candidate)) => {
                if *rank > 0 {
                    body.extend([b'r', b'A' + *rank as u8]);
                }
                guess::clustering(shape, candidate, last.unwrap_or(b""), &mut self.scratch);
            }
            None => self.scratch.extend_from_slice(last.unwrap_or(b"")),
        }
        let mut guesses = numbers(&self.scratch);
        for found in numbers(&self.numbers[line.numbers.clone()]) {
            let said = if guesses.next() == Some(found) { Said::Guessed } else { Said::Literal(found) };
            said.push(body);
        }
    }

    /// What is said about the scales of jets.
    fn scales(
        &mut self,
        facts: &Facts<'_>,
        (line, number): (&Line<'_>, u8),
        last: Option<&[u8]>,
        jets: &[History],
        body: &mut Vec<u8>,
    ) {
        let shape = &self.shapes[usize::from(number)];
        let mut last = last.map(numbers);
        let found = &self.numbers[line.numbers.clone()];
        let first = numbers(found).next();
        for (at, (found, slot)) in numbers(found).zip(&shape.slots).enumerate() {
            let hit = last.as_mut().and_then(Iterator::next) == Some(found);
            let Some(jet) = at.checked_sub(SCALES_BEFORE) else {
                if hit { Said::Guessed } else { Said::Literal(found) }.push(body);
                continue;
            };
            let history = jets.get(jet);
            let scales = history.map_or(&[][..], |history| &history.scales);
            let mut same = |said: &Said<'_>| match said {
                Said::Scale(n) => {
                    self.scratch.clear();
                    slot.print(scales[*n], &mut self.scratch);
                    self.scratch == found
                }
                _ => first == Some(found),
            };
            let guess = guess::jet(history);
            let said = if same(&guess) {
                Said::Guessed
            } else {
                let others = (0..scales.len()).map(Said::Scale).chain([Said::First]);
                let said = { others }.find(&mut same);
                said.unwrap_or_else(|| facts.find(slot, found, &mut self.scratch))
            };
            said.push(body);
        }
    }
}

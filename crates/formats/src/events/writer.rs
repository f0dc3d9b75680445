//! Writing: columns and skeleton to the text of event records.
//!
//! In: events that are sound, and their skeleton line by line. Out: text, event by event.
//! Not here: how a line looks (`hepmc2`, `hepmc3`), what the lines of a skeleton are (`skeleton`).
//! Holds: a skeleton that asks for lines that there are not, or leaves some, gives an error. Output is at most so much longer
//! than columns and skeleton as labels are long, and those have a limit.

use super::EventError;
use super::codes::Codes;
use super::dialect::Dialect;
use super::first_line::{self, Facts};
use super::graph::{Links, Node, View};
use super::labels::LONGEST_LABEL;
use super::skeleton::{self, Op, Stream};
use super::walk::Walk;
use hepz_columns::events::{Events, NO_FLOW};
use std::ops::Range;

/// Writes events one after another.
pub(super) struct Writer<'a, D> {
    dialect: &'a D,
    /// End of lines that columns give.
    line_end: &'static [u8],
    codes: [Codes; 2],
    links: Links,
    /// The number that the next event should have.
    number: i64,
}

/// Places of an event in the columns.
pub(super) type Places = (Range<usize>, Range<usize>);

impl<'a, D: Dialect> Writer<'a, D> {
    /// A writer before the first event.
    pub fn new(dialect: &'a D, line_end: &'static [u8]) -> Writer<'a, D> {
        Writer { dialect, line_end, codes: dialect.codes(), links: Links::default(), number: 0 }
    }

    /// The number that the next event should have.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// Goes back to a number.
    pub fn set_number(&mut self, number: i64) {
        self.number = number;
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
        let (events, n_vertices) = (columns.0, places.1.len());
        let (production, end) = (&events.production[places.0.clone()], &events.end[places.0.clone()]);
        self.codes.iter_mut().for_each(Codes::clear);
        if let Some(numbers) = self.dialect.vertex_numbers(production, end, n_vertices) {
            self.codes[1].set_usual(numbers);
        }
        self.codes[0].extend(places.0.len());
        self.codes[1].extend(n_vertices);
        let start = out.len();
        loop {
            let op = skeleton::next(skeleton, at)?.ok_or(wrong("an event without a first line"))?;
            let facts = Facts {
                number: self.number,
                status: &columns.0.status[places.0.clone()],
                n_vertices: places.1.len(),
                particle_codes: &self.codes[0],
            };
            let exceptions = match op {
                Op::ParticleCodes(text) => self.codes[0].read_exceptions(places.0.len(), text),
                Op::VertexCodes(text) => self.codes[1].read_exceptions(places.1.len(), text),
                Op::First(line) => {
                    first_line::unfold::<D>(line, &facts, out);
                    self.number =
                        first_line::number::<D>(&out[start..]).map_or(self.number, |number| number + 1);
                    out.extend_from_slice(self.line_end);
                    break;
                }
                Op::FirstText(line) => {
                    out.extend_from_slice(line);
                    self.number = first_line::number::<D>(line).map_or(self.number, |number| number + 1);
                    out.push(b'\n');
                    break;
                }
                _ => return Err(wrong("an event without a first line")),
            };
            exceptions.ok_or(wrong("barcodes that are none"))?;
        }
        let view = View::new(columns, places, [&self.codes[0], &self.codes[1]], &mut self.links);
        let mut lines = Lines {
            dialect: self.dialect,
            line_end: self.line_end,
            view,
            walk: Walk::default(),
            flows: [0; 2],
        };
        lines.write(skeleton, at, out)
    }
}

/// The lines of one event.
struct Lines<'a, D> {
    dialect: &'a D,
    line_end: &'static [u8],
    view: View<'a>,
    walk: Walk,
    /// Particles whose flows were written.
    flows: [usize; 2],
}

impl<D: Dialect> Lines<'_, D> {
    fn write(&mut self, skeleton: &[u8], at: &mut usize, out: &mut Vec<u8>) -> Result<(), EventError> {
        loop {
            let op_at = *at as u64;
            let wrong = |what| EventError::Skeleton { at_byte: op_at, what };
            let mut behind = *at;
            match skeleton::next(skeleton, &mut behind)? {
                None | Some(Op::First(_) | Op::FirstText(_) | Op::ParticleCodes(_) | Op::VertexCodes(_)) => {
                    break;
                }
                Some(Op::Text(text)) => {
                    out.extend_from_slice(text);
                    out.push(b'\n');
                }
                Some(Op::Lines(stream, count)) => {
                    let mut left = count.unwrap_or(u64::MAX);
                    while left > 0 && self.line(stream, out) {
                        left -= 1;
                    }
                    if count.is_some() && left > 0 {
                        return Err(wrong("more lines than the event has"));
                    }
                }
                Some(Op::Instead(text)) => {
                    self.walk.next(self.dialect, &self.view).ok_or(wrong("more lines than the event has"))?;
                    out.extend_from_slice(text);
                    out.push(b'\n');
                }
                Some(Op::Early(count)) => {
                    if !self.walk.early(count, &self.view) {
                        return Err(wrong("more vertices than the event has"));
                    }
                }
                Some(Op::Unended) => {
                    out.pop();
                    if behind != skeleton.len() {
                        return Err(wrong("a line without end before the last"));
                    }
                }
            }
            *at = behind;
        }
        let left = self.walk.next(self.dialect, &self.view).is_some()
            || self.next_flow(0).is_some()
            || self.next_flow(1).is_some();
        match left {
            true => Err(EventError::Skeleton { at_byte: *at as u64, what: "lines of the event are missing" }),
            false => Ok(()),
        }
    }

    /// Writes the next line of a stream; false if there is none.
    #[inline]
    fn line(&mut self, stream: Stream, out: &mut Vec<u8>) -> bool {
        let which = match stream {
            Stream::Graph => {
                let Some(node) = self.walk.next(self.dialect, &self.view) else { return false };
                write_node(self.dialect, &self.view, node, out);
                out.extend_from_slice(self.line_end);
                return true;
            }
            Stream::Colour => 0,
            Stream::Anticolour => 1,
        };
        let Some(particle) = self.next_flow(which) else { return false };
        self.flows[which] = particle + 1;
        self.dialect.write_flow(&self.view, particle, which, out);
        out.extend_from_slice(self.line_end);
        true
    }

    /// The next particle whose flow has a line.
    fn next_flow(&self, which: usize) -> Option<usize> {
        if !D::FLOW_LINES {
            return None;
        }
        let from = self.view.particles.start + self.flows[which];
        let flows = &self.view.events.flow[which][from..self.view.particles.end];
        Some(self.flows[which] + flows.iter().position(|&flow| flow != NO_FLOW)?)
    }
}

/// Prints one line of a graph, without its end.
#[inline]
pub(super) fn write_node(dialect: &impl Dialect, view: &View<'_>, node: Node, out: &mut Vec<u8>) {
    match node {
        Node::Particle(particle) => dialect.write_particle(view, particle, out),
        Node::Vertex(vertex) => dialect.write_vertex(view, vertex, out),
    }
}

/// Writes all events; gives the place of each in `out`.
pub(super) fn write<D: Dialect>(
    dialect: &D,
    line_end: &'static [u8],
    events: &Events,
    out: &mut Vec<u8>,
) -> Result<Vec<Range<usize>>, EventError> {
    if events.labels.iter().any(|label| label.len() > LONGEST_LABEL) {
        return Err(EventError::LongLabel);
    }
    let skeleton = events.skeleton.as_slice();
    let mut at = 0;
    // Text before the first event.
    loop {
        let op_at = at as u64;
        let mut behind = at;
        match skeleton::next(skeleton, &mut behind)? {
            Some(Op::Text(text)) => {
                out.extend_from_slice(text);
                out.push(b'\n');
            }
            Some(Op::Unended) if at > 0 && behind == skeleton.len() => _ = out.pop(),
            None | Some(Op::First(_) | Op::FirstText(_) | Op::ParticleCodes(_) | Op::VertexCodes(_)) => break,
            Some(_) => {
                return Err(EventError::Skeleton {
                    at_byte: op_at,
                    what: "lines of an event before the first",
                });
            }
        }
        at = behind;
    }
    let mut writer = Writer::new(dialect, line_end);
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

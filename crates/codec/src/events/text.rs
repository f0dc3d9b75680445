//! Text of event records: a file in chunks of whole events, and events by their numbers.
//!
//! In: a source or an open archive. Out: sections, or text.
//! Not here: what a chunk holds (`chunk`).
//! Holds: chunk borders depend on the text alone; memory is that of a few chunks.

use super::chunk::{ChunkError, FRONT_BYTES, Front, account_chunk, decode_chunk, encode_chunk, front};
use super::particles::Particles;
use super::{Law, Prices};
use crate::plan::Engine;
use crate::sections::Kind;
use crate::{Archive, ArchiveError};
use hepz_container::wire::Cursor;
use hepz_formats::Source;
use hepz_formats::events::EventFormat;
use rayon::prelude::*;
use std::io::{self, Write};
use std::ops::Range;

/// Text of one chunk; an event that is longer makes a longer one, up to [`LONGEST_BYTES`].
const CHUNK_BYTES: usize = 16 << 20;
const LONGEST_BYTES: usize = 64 << 20;
/// What recognition looks at first, and if that says nothing.
const HEAD_BYTES: [u64; 2] = [1 << 20, 4 << 20];
/// A chunk in work takes about this many times its text.
const CHUNK_FACTOR: u64 = 8;

/// The format of a source that is the text of event records.
pub(crate) fn recognise(source: &dyn Source) -> io::Result<Option<EventFormat>> {
    for bytes in HEAD_BYTES {
        let mut head = vec![0; source.len().min(bytes) as usize];
        source.read_at(0, &mut head)?;
        let format = EventFormat::recognise(&head);
        if format.is_some() || source.len() <= bytes {
            return Ok(format);
        }
    }
    Ok(None)
}

/// Cuts a source into chunks of whole events.
pub(crate) struct Chunks<'a> {
    source: &'a dyn Source,
    format: &'a EventFormat,
    at: u64,
}

impl<'a> Chunks<'a> {
    pub(crate) fn new(source: &'a dyn Source, format: &'a EventFormat) -> Chunks<'a> {
        Chunks { source, format, at: 0 }
    }

    /// The text of the next chunk; none at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let left = self.source.len() - self.at;
        if left == 0 {
            return Ok(None);
        }
        let mut text = Vec::new();
        loop {
            let from = text.len();
            let more = (left - from as u64).min(CHUNK_BYTES as u64) as usize;
            text.resize(from + more, 0);
            self.source.read_at(self.at + from as u64, &mut text[from..])?;
            if text.len() as u64 == left {
                break;
            }
            if let Some(cut) = self.format.cut(&text).filter(|&cut| cut > 0) {
                text.truncate(cut);
                break;
            }
            if text.len() >= LONGEST_BYTES {
                break;
            }
        }
        self.at += text.len() as u64;
        Ok(Some(text))
    }
}

/// What one chunk gives.
pub(crate) struct ChunkText {
    pub(crate) text: Vec<u8>,
    /// Place of each event in it.
    pub(crate) places: Vec<Range<usize>>,
}

/// The payloads of some chunks.
pub(crate) fn encode_all(format: &EventFormat, texts: &[Vec<u8>], engine: Engine) -> Vec<Vec<u8>> {
    texts.par_iter().map(|text| encode_chunk(format, text, engine)).collect()
}

/// What one law costs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LawInspection {
    /// What it is about.
    pub law: Law,
    /// Archive bytes of the decisions and raw bits that it prices.
    pub bytes: f64,
    /// Numbers that follow it.
    pub numbers: u64,
    /// Bytes that it saves: what its numbers would cost at the mean price of momenta that no law predicts, less `bytes`. Not for laws
    /// that predict no numbers.
    pub saved: Option<f64>,
}

/// What an archive of event records is made of.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EventsInspection {
    /// Number of events.
    pub events: u64,
    /// Number of particles.
    pub particles: u64,
    /// Number of vertices.
    pub vertices: u64,
    /// What each law costs, in the order of [`Law::ALL`].
    pub laws: Vec<LawInspection>,
    /// Archive bytes of everything that is no particle or vertex.
    pub skeleton_bytes: f64,
}

impl Archive<'_> {
    /// Number of events, if the file is the text of event records.
    ///
    /// # Errors
    /// What reading the chunks' first bytes meets.
    pub fn event_count(&self) -> Result<Option<u64>, ArchiveError> {
        if self.event_format.is_none() {
            return Ok(None);
        }
        let mut events = 0u64;
        for number in self.numbers(Kind::Events) {
            events = events.saturating_add(self.event_front(number)?.events);
        }
        Ok(Some(events))
    }

    /// The events of each chunk: steps in which reading them decodes nothing twice.
    ///
    /// # Errors
    /// What reading the chunks' first bytes meets.
    pub fn event_chunks(&self) -> Result<Vec<Range<u64>>, ArchiveError> {
        let mut chunks = Vec::new();
        let mut first = 0u64;
        for number in self.numbers(Kind::Events) {
            let end = first.saturating_add(self.event_front(number)?.events);
            chunks.push(first..end);
            first = end;
        }
        Ok(chunks)
    }

    fn event_front(&self, number: usize) -> Result<Front, ArchiveError> {
        let bytes = self.sections().get(number).map_or(0, |section| section.bytes);
        let start = self.part(number, 0..bytes.min(FRONT_BYTES))?;
        front(&mut Cursor::new(&start)).map_err(|error| self.event_error(number, error))
    }

    fn event_error(&self, number: usize, error: ChunkError) -> ArchiveError {
        match error {
            ChunkError::TooNew(_) => ArchiveError::TooNew { what: error.to_string() },
            ChunkError::Packing(crate::packing::PackingError::TooNew(_)) => {
                ArchiveError::TooNew { what: error.to_string() }
            }
            _ => ArchiveError::corrupt("events", self.at(number), error.to_string()),
        }
    }

    /// Memory for one chunk, or why it may not be had.
    fn event_memory(&self, number: usize) -> Result<u64, ArchiveError> {
        let wanted = self.event_front(number)?.text_bytes.saturating_mul(CHUNK_FACTOR);
        let allowed = self.limits.memory_bytes;
        if wanted > allowed {
            return Err(ArchiveError::OverLimit { limit: "memory for one chunk", wanted, allowed });
        }
        Ok(wanted)
    }

    /// The text of one chunk, and the places of its events.
    pub(crate) fn events_of_chunk(
        &self,
        format: &EventFormat,
        number: usize,
    ) -> Result<ChunkText, ArchiveError> {
        self.event_memory(number)?;
        let text = decode_chunk(format, &self.payload(number)?);
        let text = text.map_err(|error| self.event_error(number, error))?;
        Ok(ChunkText { text: text.text, places: text.places })
    }

    /// Hands the text to `take`, chunk by chunk.
    pub(crate) fn event_text(
        &self,
        format: &EventFormat,
        workers: &crate::workers::Workers,
        take: &mut dyn FnMut(&[u8]) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let numbers: Vec<usize> = self.numbers(Kind::Events).collect();
        let mut largest = 1;
        for &number in &numbers {
            largest = self.event_memory(number)?.max(largest);
        }
        let in_flight = ((self.limits.memory_bytes / largest) as usize).clamp(1, workers.in_flight());
        for batch in numbers.chunks(in_flight) {
            let decode = |&number: &usize| -> Result<Vec<u8>, ArchiveError> {
                let text = decode_chunk(format, &self.payload(number)?);
                Ok(text.map_err(|error| self.event_error(number, error))?.text)
            };
            let texts: Vec<Result<Vec<u8>, ArchiveError>> =
                workers.run(|| batch.par_iter().map(decode).collect());
            for text in texts {
                take(&text?)?;
            }
        }
        Ok(())
    }

    /// Writes some events as a file of the same format: what stands before the first event of the file, the events, and the
    /// line that ends a listing.
    ///
    /// # Errors
    /// [`ArchiveError::NoSuchColumn`] if the file has no such events, else what reading meets.
    pub fn write_events(&self, events: Range<u64>, sink: &mut dyn Write) -> Result<(), ArchiveError> {
        let format = self.check_events(&events)?;
        let mut write = |bytes: &[u8]| sink.write_all(bytes).map_err(ArchiveError::Write);
        let mut first = 0u64;
        for (place, number) in self.numbers(Kind::Events).enumerate() {
            let n = self.event_front(number)?.events;
            let wanted = events.start.max(first)..events.end.min(first + n);
            if place == 0 || wanted.start < wanted.end {
                self.event_memory(number)?;
                let text = decode_chunk(format, &self.payload(number)?);
                let text = text.map_err(|error| self.event_error(number, error))?;
                if place == 0 {
                    let front = text.places.first().map_or(text.text.len(), |place| place.start);
                    write(&text.text[..front])?;
                }
                for event in wanted {
                    write(&text.text[text.places[(event - first) as usize].clone()])?;
                }
            }
            first += n;
        }
        if events.end < first {
            write(format.end_line())?;
        }
        Ok(())
    }

    /// The particles of some events, as columns.
    ///
    /// # Errors
    /// [`ArchiveError::NoSuchColumn`] if the file has no such events, else what reading meets.
    pub fn read_particles(&self, events: Range<u64>) -> Result<Particles, ArchiveError> {
        let format = self.check_events(&events)?;
        let mut particles = Particles::new(format);
        let mut first = 0u64;
        for number in self.numbers(Kind::Events) {
            let n = self.event_front(number)?.events;
            let wanted = events.start.max(first)..events.end.min(first + n);
            if wanted.start < wanted.end {
                self.event_memory(number)?;
                let (chunk, _) = account_chunk(format, &self.payload(number)?)
                    .map_err(|error| self.event_error(number, error))?;
                particles.add(&chunk, first, wanted);
            }
            first += n;
        }
        Ok(particles)
    }

    /// The format, if the file has these events.
    fn check_events(&self, events: &Range<u64>) -> Result<&EventFormat, ArchiveError> {
        let missing = |what: String| ArchiveError::NoSuchColumn { what };
        let count = self.event_count()?;
        let (Some(format), Some(count)) = (&self.event_format, count) else {
            return Err(missing("the file is no event record".to_owned()));
        };
        if events.start > events.end || events.end > count {
            return Err(missing(format!("events {}..{} of {count}", events.start, events.end)));
        }
        Ok(format)
    }

    /// What each law costs, if the file is the text of event records. Decodes everything.
    ///
    /// # Errors
    /// What reading meets.
    pub fn inspect_events(&self) -> Result<Option<EventsInspection>, ArchiveError> {
        let Some(format) = &self.event_format else { return Ok(None) };
        let mut found =
            EventsInspection { events: 0, particles: 0, vertices: 0, laws: Vec::new(), skeleton_bytes: 0.0 };
        let mut prices = Prices::default();
        for number in self.numbers(Kind::Events) {
            self.event_memory(number)?;
            let payload = self.payload(number)?;
            let (events, spent) =
                account_chunk(format, &payload).map_err(|error| self.event_error(number, error))?;
            found.events += events.particles.len() as u64;
            found.particles += events.n_particles() as u64;
            found.vertices += events.n_vertices() as u64;
            let laws: f64 = spent.bits.iter().sum();
            prices.add(&spent);
            found.skeleton_bytes += (payload.len() as f64 - laws / 8.0).max(0.0);
        }
        let of = |law: Law| (prices.bits[law as usize] / 8.0, prices.numbers[law as usize]);
        let (free_bytes, free_numbers) = of(Law::Free);
        let mean = if free_numbers > 0 { free_bytes / free_numbers as f64 } else { 8.0 };
        found.laws = Law::ALL
            .into_iter()
            .map(|law| {
                let (bytes, numbers) = of(law);
                let saved = (law != Law::Free && numbers > 0).then_some(numbers as f64 * mean - bytes);
                LawInspection { law, bytes, numbers, saved }
            })
            .collect();
        Ok(Some(found))
    }
}

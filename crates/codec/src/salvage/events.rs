//! Salvage of event records: the events of good chunks, one after the other.
//!
//! In: chunks that are whole. Out: their text, with the first and last lines that a reader expects.
//! Not here: decoding a chunk (`events`).
//! Holds: every event that is given back is the original's, byte for byte.

use super::{LostSection, Output, Rescue};
use crate::ArchiveError;
use crate::events::text::ChunkText;
use crate::sections::Kind;

/// Bytes at the end of the text that are looked at for the line that ends a listing.
const TAIL_BYTES: usize = 256;

impl Rescue<'_> {
    /// Writes all events that are left.
    pub(super) fn events(&mut self, output: &mut Output<'_>) -> Result<(), ArchiveError> {
        self.require(Kind::EventFormat)?;
        self.archive.read_event_format()?;
        if self.has(Kind::Wrapper) || self.is_lost(Kind::Wrapper) {
            match self.archive.read_wrapper() {
                Ok(()) if self.damage.is_none() && self.archive.wrapper().is_some() => {
                    return self.whole(output);
                }
                _ => self
                    .note("the events are given as text: the compressed file around them is not made again"),
            }
        }
        let Some(format) = self.archive.event_format.clone() else { return Ok(()) };
        let (mut expected, mut events, mut tail) = (0, 0, Vec::new());
        let numbers: Vec<usize> = self.archive.numbers(Kind::Events).collect();
        for number in numbers {
            let tag = self.archive.sections().get(number).map_or(0, |section| section.tag);
            let text = match self.archive.events_of_chunk(&format, number) {
                Ok(text) => text,
                Err(ArchiveError::Corrupt { .. }) => {
                    self.lose(Kind::Events, number);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if tag > expected {
                self.gap(expected, tag, events, output);
            }
            if tag > 0 && output.at == 0 {
                output.write(format.start_lines())?;
                self.note("the lines before the first event are lost; the shortest that a reader accepts stand there");
            }
            expected = tag + 1;
            let ChunkText { text, places } = text;
            output.write(&text)?;
            events += places.len() as u64;
            tail.extend_from_slice(&text[text.len().saturating_sub(TAIL_BYTES)..]);
            tail.drain(..tail.len().saturating_sub(TAIL_BYTES));
        }
        let last = self.damage.sections.iter().filter(|section| section.kind == Kind::Events.id());
        let last = last.map(|section| section.tag + 1).max().unwrap_or(0);
        if last > expected {
            self.gap(expected, last, events, output);
        }
        let end = format.end_line().trim_ascii();
        let cut = self.damage.end.is_some() || last > expected;
        if cut && !tail.windows(end.len()).any(|window| window == end) {
            if output.at == 0 {
                output.write(format.start_lines())?;
            }
            output.write(format.end_line())?;
            if self.damage.end.is_some() && last <= expected {
                self.note(format!("events after the first {events} are lost with the end of the archive"));
            }
        }
        self.report.events = Some(events);
        Ok(())
    }

    /// Notes chunks that are lost.
    fn gap(&mut self, from: u64, to: u64, events: u64, output: &mut Output<'_>) {
        let known: Vec<u64> = self.damage.sections.iter().map(|section| section.tag).collect();
        for number in (from..to).filter(|number| !known.contains(number)).take(1 << 10) {
            self.report.sections.push(LostSection { kind: Kind::Events.name(), number, at: None });
        }
        output.lost(0, false);
        output.exact = false;
        let chunks = to - from;
        self.note(format!(
            "the events of {chunks} chunks are lost after the first {events} events that are left"
        ));
    }

    /// The file, of an archive in which nothing is damaged.
    fn whole(&mut self, output: &mut Output<'_>) -> Result<(), ArchiveError> {
        self.report.events = self.archive.event_count()?;
        self.archive.emit(&mut |bytes| output.write(bytes), &crate::DecompressOptions::new())
    }
}

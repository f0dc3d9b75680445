//! Wrapped text: event records inside gzip, zstd, xz or bzip2.
//!
//! In: a source, or an archive of such a file. Out: the text and what makes the file of it again; the file.
//! Not here: the encoders (`hepz-recompression`), the text (`events`).
//! Holds: text lies in a spool, bounded by the length of the file; a wrapper is dropped only where the caller allows it.

use crate::options::CompressOptions;
use crate::spool::{Append, Spool};
use crate::{Archive, ArchiveError};
use hepz_formats::Source;
use hepz_formats::events::EventFormat;
use hepz_recompression::wrapper::{self, Bytes, FindError, Rewrap, UnwrapError, Wrapper};
use std::io::{self, Write};

/// What recognition looks at, as for plain text.
const HEAD_BYTES: usize = 4 << 20;
/// Text may be this many times longer than the file: four times what event records reach. The rest are bombs.
const MOST_RATIO: u64 = 64;
/// Text of this length is allowed whatever the length of the file: it fits in memory.
const ANY_TEXT_BYTES: u64 = 64 << 20;

/// What a source holds.
pub(crate) enum Inside {
    /// No event record in a wrapper.
    Nothing,
    /// One that cannot be taken out: a sentence about it.
    Kept(String),
    /// Its text, its format, and what makes the file again.
    Text(Spool, EventFormat, Remake),
}

/// What becomes of the wrapper.
pub(crate) enum Remake {
    /// It is made again.
    Exactly(Rewrap),
    /// It is dropped, as the caller allowed.
    Dropped(Wrapper),
}

/// Takes the text of an event record out of its wrapper.
pub(crate) fn look(source: &dyn Source, options: &CompressOptions<'_>) -> io::Result<Inside> {
    let read_at = |at: u64, into: &mut [u8]| source.read_at(at, into);
    let stored = Bytes { len: source.len(), read_at: &read_at };
    let mut magic = [0; 8];
    let magic = &mut magic[..source.len().min(8) as usize];
    source.read_at(0, magic)?;
    let Some(wrapper) = Wrapper::recognise(magic) else { return Ok(Inside::Nothing) };
    let Some(format) = EventFormat::recognise(&wrapper::head(wrapper, stored, HEAD_BYTES)?) else {
        return Ok(Inside::Nothing);
    };
    let name = wrapper.name();
    let kept = |why: &dyn std::fmt::Display| {
        Ok(Inside::Kept(format!("the event record inside {name} is stored as it is: {why}")))
    };
    let mut text = Spool::new();
    let parts = match unwrapped(wrapper, stored, &mut text) {
        Ok(parts) => parts,
        Err(UnwrapError::Read(error)) => return Err(error),
        Err(why) => return kept(&why),
    };
    let read_text = |at: u64, into: &mut [u8]| text.read_at(at, into);
    let found = wrapper::find(&parts, stored, Bytes { len: text.len(), read_at: &read_text });
    let remake = match found {
        Ok(rewrap) => Remake::Exactly(rewrap),
        Err(FindError::Read(error)) => return Err(error),
        Err(_) if options.content.is_some() => Remake::Dropped(wrapper),
        Err(why) => return kept(&format!("{why}; --content keeps only its text")),
    };
    Ok(Inside::Text(text, format, remake))
}

fn unwrapped(wrapper: Wrapper, stored: Bytes<'_>, text: &mut Spool) -> Result<wrapper::Parts, UnwrapError> {
    let mut text = Append(text);
    wrapper::unwrap(wrapper, stored, most_text_bytes(stored.len), &mut |piece| text.write_all(piece))
}

fn most_text_bytes(stored_bytes: u64) -> u64 {
    stored_bytes.saturating_mul(MOST_RATIO).max(ANY_TEXT_BYTES)
}

/// The text inside a file whose wrapper was dropped; none if there is no wrapper that can be undone.
pub(crate) fn text_of(source: &dyn Source) -> io::Result<Option<Spool>> {
    let mut magic = vec![0; source.len().min(8) as usize];
    source.read_at(0, &mut magic)?;
    let read_at = |at: u64, into: &mut [u8]| source.read_at(at, into);
    let stored = Bytes { len: source.len(), read_at: &read_at };
    let Some(wrapper) = Wrapper::recognise(&magic) else { return Ok(None) };
    let mut text = Spool::new();
    match unwrapped(wrapper, stored, &mut text) {
        Ok(_) => Ok(Some(text)),
        Err(UnwrapError::Read(error) | UnwrapError::Write(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// A file's name without the suffix of its wrapper.
pub(crate) fn inner_name(name: &str, wrapper: Wrapper) -> String {
    let inner = name.strip_suffix(wrapper.suffix()).and_then(|name| name.strip_suffix('.'));
    inner.filter(|inner| !inner.is_empty()).unwrap_or(name).to_owned()
}

impl Archive<'_> {
    /// The wrapper that the file has around its text: `gzip`, `zstd`, `xz`, `bzip2`.
    pub fn wrapper(&self) -> Option<&'static str> {
        self.rewrap.as_ref().map(|rewrap| rewrap.wrapper().name())
    }

    /// Refuses a wrapper that asks for more than allowed, or for a text that no writer takes out.
    pub(crate) fn check_wrapper(&self, rewrap: &Rewrap) -> Result<u64, ArchiveError> {
        let text_bytes = rewrap.text_bytes().filter(|&bytes| bytes <= most_text_bytes(self.sums.bytes));
        let text_bytes = text_bytes
            .ok_or_else(|| ArchiveError::corrupt("wrapper", 0, "the text is longer than any writer's"))?;
        let (wanted, allowed) = (rewrap.memory_bytes(), self.limits.memory_bytes);
        if wanted > allowed {
            return Err(ArchiveError::OverLimit { limit: "memory for the wrapper", wanted, allowed });
        }
        Ok(text_bytes)
    }

    /// Wraps the text again and hands the file to `take`, which is to check its sums.
    pub(crate) fn wrap(
        &self,
        rewrap: &Rewrap,
        text: &Spool,
        take: &mut dyn FnMut(&[u8]) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let corrupt = |what: &str| ArchiveError::corrupt("wrapper", 0, what);
        let mut left = self.sums.bytes;
        let mut refused = None;
        let mut sink = |bytes: &[u8]| {
            let taken = match left.checked_sub(bytes.len() as u64) {
                Some(rest) => {
                    left = rest;
                    take(bytes)
                }
                None => Err(corrupt("the wrapper is longer than the file")),
            };
            taken.map_err(|error| refused = Some(error)).is_ok()
        };
        let read_at = |at: u64, into: &mut [u8]| text.read_at(at, into);
        let made = rewrap.run(Bytes { len: text.len(), read_at: &read_at }, &mut sink);
        match (refused, made) {
            (Some(error), _) => Err(error),
            (None, Err(wrapper::RewrapError::Read(error))) => Err(ArchiveError::Io(error)),
            (None, Err(error)) => Err(corrupt(&error.to_string())),
            (None, Ok(())) => Ok(()),
        }
    }
}

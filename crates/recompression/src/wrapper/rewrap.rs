//! Re-making wrappers: which encoder made each stream of a file, and running it again.
//!
//! In: streams and their text, or a recipe. Out: a proved [`Rewrap`]; the file.
//! Not here: decoding (`decoder`), zlib's encoder (`encoder`).
//! Holds: the recipe names the encoder; memory is known before an encoder starts.

use super::encoders::Settings;
use super::{Bytes, FindError, MEMORY_BYTES, Part, Parts, RewrapError, Wrapper, gzip};
use crate::deflate;
use crate::recipe::{RecipeError, RecipeReader, put_bytes, put_number};

/// The version of recipes that this program writes and reads.
const VERSION: u8 = 1;
/// Memory of preflate-rs and of buffers, beyond the text of a gzip member.
const GZIP_BYTES: u64 = 96 << 20;
/// What is looked at for settings: the headers of an xz stream and its first block, the longest there are.
const FRONT_BYTES: u64 = 64;

/// What it takes to make a file of its text again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrap {
    wrapper: Wrapper,
    streams: Vec<Stream>,
}

/// One stream of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stream {
    text_bytes: u64,
    encoder: Encoder,
}

/// Who made a stream, and how it was told to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Encoder {
    Pinned(Settings),
    Gzip { header: Vec<u8>, deflate: Vec<u8>, trailer: [u8; gzip::TRAILER_BYTES as usize] },
}

/// Takes the bytes of the file; false for no more.
type Sink<'a> = &'a mut dyn FnMut(&[u8]) -> bool;

impl Rewrap {
    pub(super) fn find(parts: &Parts, stored: Bytes<'_>, text: Bytes<'_>) -> Result<Rewrap, FindError> {
        let mut streams: Vec<Stream> = Vec::with_capacity(parts.parts.len());
        let mut at = 0;
        for part in &parts.parts {
            let encoder = match parts.wrapper {
                Wrapper::Gzip => Encoder::find_gzip(part, stored)?,
                wrapper => {
                    let before = streams.last().map(|stream| &stream.encoder);
                    Encoder::find_pinned(wrapper, part, stored, text, at, before)?
                }
            };
            at += part.text_bytes;
            streams.push(Stream { text_bytes: part.text_bytes, encoder });
        }
        Ok(Rewrap { wrapper: parts.wrapper, streams })
    }

    /// The kind of wrapper.
    pub fn wrapper(&self) -> Wrapper {
        self.wrapper
    }

    /// Length of the text, if it fits a number.
    pub fn text_bytes(&self) -> Option<u64> {
        self.streams.iter().try_fold(0u64, |sum, stream| sum.checked_add(stream.text_bytes))
    }

    /// Memory that [`Rewrap::run`] takes at most.
    pub fn memory_bytes(&self) -> u64 {
        self.streams.iter().map(|stream| stream.encoder.memory_bytes(stream.text_bytes)).max().unwrap_or(0)
    }

    /// Makes the file of its text and hands it to `sink`, until that returns false.
    ///
    /// # Errors
    /// [`RewrapError`]. A text that was changed is not always noticed: that is what checksums of the archive are for.
    pub fn run(&self, text: Bytes<'_>, sink: Sink<'_>) -> Result<(), RewrapError> {
        if self.text_bytes() != Some(text.len) {
            return Err(RecipeError::OtherPlain.into());
        }
        let mut at = 0;
        for stream in &self.streams {
            stream.encoder.run(text, at, stream.text_bytes, sink)?;
            at += stream.text_bytes;
        }
        Ok(())
    }

    /// The wire form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.wrapper as u8];
        put_number(&mut bytes, self.streams.len() as u64);
        for stream in &self.streams {
            put_number(&mut bytes, stream.text_bytes);
            match &stream.encoder {
                Encoder::Gzip { header, deflate, trailer } => {
                    put_bytes(&mut bytes, header);
                    put_bytes(&mut bytes, deflate);
                    bytes.extend_from_slice(trailer);
                }
                Encoder::Pinned(settings) => settings.put(&mut bytes),
            }
        }
        bytes
    }

    /// Reads the wire form.
    ///
    /// # Errors
    /// [`RecipeError`] if it is cut, corrupt, or of a later version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Rewrap, RecipeError> {
        let mut reader = RecipeReader::new(bytes);
        match reader.byte()? {
            0 => return Err(RecipeError::Corrupt { what: "version 0" }),
            VERSION => {}
            version => return Err(RecipeError::TooNew { version, knows: VERSION }),
        }
        let wrapper = Wrapper::from_id(reader.byte()?).ok_or(RecipeError::Corrupt { what: "wrapper" })?;
        let n_streams = reader.number()?;
        let mut streams = Vec::new();
        for _ in 0..n_streams {
            let text_bytes = reader.number()?;
            let encoder = match wrapper {
                Wrapper::Gzip => Encoder::Gzip {
                    header: reader.bytes()?.to_vec(),
                    deflate: reader.bytes()?.to_vec(),
                    trailer: reader.array()?,
                },
                wrapper => Encoder::Pinned(Settings::read(wrapper, &mut reader)?),
            };
            streams.push(Stream { text_bytes, encoder });
        }
        reader.finish()?;
        Ok(Rewrap { wrapper, streams })
    }
}

impl Encoder {
    /// The encoder of one gzip member, proved on all of it.
    fn find_gzip(part: &Part, stored: Bytes<'_>) -> Result<Encoder, FindError> {
        let (wanted, allowed) = (part.text_bytes.saturating_add(GZIP_BYTES), MEMORY_BYTES);
        let text_bytes = usize::try_from(part.text_bytes).ok().filter(|_| wanted <= allowed);
        let text_bytes = text_bytes.ok_or(FindError::Memory { wanted, allowed })?;
        let held = stored.part(part.stored_at, part.stored_bytes).map_err(FindError::Read)?;
        let (header, rest) = held.split_at_checked(part.header_bytes as usize).ok_or(FindError::Unknown)?;
        let (stream, &trailer) = rest.split_last_chunk().ok_or(FindError::Unknown)?;
        let inflated = deflate::open(stream, text_bytes, 1..=9).ok_or(FindError::Unknown)?;
        if inflated.recipe.len() > stream.len() / 2 {
            return Err(FindError::Unknown);
        }
        Ok(Encoder::Gzip { header: header.to_vec(), deflate: inflated.recipe, trailer })
    }

    /// The settings of a pinned encoder that make a stream, proved on all of it. Streams of a file are usually made alike.
    fn find_pinned(
        wrapper: Wrapper,
        part: &Part,
        stored: Bytes<'_>,
        text: Bytes<'_>,
        text_at: u64,
        before: Option<&Encoder>,
    ) -> Result<Encoder, FindError> {
        let front =
            stored.part(part.stored_at, part.stored_bytes.min(FRONT_BYTES)).map_err(FindError::Read)?;
        let mut candidates = Settings::candidates(wrapper, &front, part.text_bytes);
        if let Some(&Encoder::Pinned(settings)) = before
            && candidates.contains(&settings)
        {
            candidates.insert(0, settings);
        }
        let mut trials = Vec::new();
        let mut least = None;
        for settings in candidates {
            if settings.memory_bytes() > MEMORY_BYTES {
                least = least.or(Some(settings.memory_bytes()));
                continue;
            }
            if !settings.worth_a_trial(&trials) {
                continue;
            }
            let mut at = part.stored_at;
            let mut failed = None;
            let end = part.stored_at + part.stored_bytes;
            let run = settings.run(text, text_at, part.text_bytes, &mut |made| {
                let there = (end - at).min(made.len() as u64);
                match stored.part(at, there) {
                    Ok(stands) => {
                        at += stands.iter().zip(made).take_while(|(a, b)| a == b).count() as u64;
                        stands == made
                    }
                    Err(error) => {
                        failed = Some(error);
                        false
                    }
                }
            });
            match (run, failed) {
                (_, Some(error)) | (Err(RewrapError::Read(error)), None) => {
                    return Err(FindError::Read(error));
                }
                (Ok(()), None) if at == end => return Ok(Encoder::Pinned(settings)),
                _ => trials.push((settings, at - part.stored_at)),
            }
        }
        Err(match least {
            Some(wanted) if trials.is_empty() => FindError::Memory { wanted, allowed: MEMORY_BYTES },
            _ => FindError::Unknown,
        })
    }

    fn memory_bytes(&self, text_bytes: u64) -> u64 {
        match self {
            Encoder::Gzip { .. } => text_bytes.saturating_add(GZIP_BYTES),
            Encoder::Pinned(settings) => settings.memory_bytes(),
        }
    }

    /// Makes the stream of `text[at..at + bytes]`.
    fn run(&self, text: Bytes<'_>, at: u64, bytes: u64, sink: Sink<'_>) -> Result<(), RewrapError> {
        match self {
            Encoder::Gzip { header, deflate, trailer } => {
                let plain = text.part(at, bytes).map_err(RewrapError::Read)?;
                let mut going = sink(header);
                let mut reader = RecipeReader::over(deflate, &plain);
                if going {
                    deflate::close(&plain, &mut reader, &mut |made| {
                        going = sink(made);
                        going
                    })?;
                }
                if !(going && sink(trailer)) {
                    return Err(RewrapError::Stopped);
                }
                Ok(reader.finish()?)
            }
            Encoder::Pinned(settings) => settings.run(text, at, bytes, sink),
        }
    }
}

//! Chunks: the text of some events as the payload of a section, and back.
//!
//! In: text, its [`EventFormat`]. Out: a payload that says how much text and how many events it holds.
//! Not here: where a file is cut (`text`).
//! Holds: what the reader of the format does not understand is in the skeleton; text that would take more memory than its
//! length allows is packed as bytes.

use super::{Coded, Lattices, Prices, account, decode, encode};
use crate::packing::{PackingError, pack_pieces, unpack};
use crate::plan::Engine;
use hepz_columns::events::Events;
use hepz_container::wire::{Cursor, WireError, put_bytes, put_varint};
use hepz_formats::events::{EventError, EventFormat};
use hepz_transforms::laws::lattice::Ranks;
use std::ops::Range;

/// No particle or vertex takes fewer bytes of text.
const LEAST_BYTES: usize = 8;
/// Ways to hold text.
const BYTES: u8 = 0;
const EVENTS: u8 = 1;
/// Events whose symbols have static tables.
const TABLED: u8 = 2;
/// Events whose symbols have ensembles.
const DEEP: u8 = 3;

/// Why a chunk cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChunkError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error(transparent)]
    Packing(#[from] PackingError),
    #[error(transparent)]
    Event(#[from] EventError),
    #[error("the events are held in a way ({0}) of a later version")]
    TooNew(u8),
    #[error("{0}")]
    Corrupt(&'static str),
}

/// The text of a chunk.
pub(crate) struct Text {
    pub text: Vec<u8>,
    /// Place of each event in it.
    pub places: Vec<Range<usize>>,
}

/// What the front of a payload says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Front {
    way: u8,
    pub text_bytes: u64,
    pub events: u64,
}

/// Longest front.
pub(crate) const FRONT_BYTES: u64 = 21;

/// Reads the front of a payload.
pub(crate) fn front(cursor: &mut Cursor<'_>) -> Result<Front, ChunkError> {
    let way = cursor.u8()?;
    if way > DEEP {
        return Err(ChunkError::TooNew(way));
    }
    Ok(Front { way, text_bytes: cursor.varint()?, events: cursor.varint()? })
}

pub(crate) fn lattices(format: &EventFormat) -> Lattices {
    [format.momentum(), format.energy(), format.mass(), format.position()]
}

/// The payload of some text.
pub(crate) fn encode_chunk(format: &EventFormat, text: &[u8], engine: Engine) -> Vec<u8> {
    let events = format.read(text);
    let most = text.len() / LEAST_BYTES;
    let fits = events.n_particles() <= most
        && events.n_vertices() <= most
        && events.particles.len() <= most
        && on_lattices(&events, lattices(format));
    let mut payload = vec![match engine {
        _ if !fits => BYTES,
        Engine::Mixing => EVENTS,
        Engine::Deep => DEEP,
        Engine::Histograms => TABLED,
    }];
    put_varint(&mut payload, text.len() as u64);
    if !fits {
        put_varint(&mut payload, 0);
        put_pieces(&mut payload, text, engine);
        return payload;
    }
    put_varint(&mut payload, events.particles.len() as u64);
    put_varint(&mut payload, events.labels.len() as u64);
    let mut rest = Vec::with_capacity(events.skeleton.len() + 64);
    events.labels.iter().for_each(|label| put_bytes(&mut rest, label));
    rest.extend_from_slice(&events.skeleton);
    put_pieces(&mut payload, &rest, engine);
    let coded = encode(&events, lattices(format), engine);
    put_bytes(&mut payload, &coded.raw);
    payload.extend_from_slice(&coded.decisions);
    payload
}

/// True if every number is one of its lattice, as the reader of a format promises: another would come back changed.
fn on_lattices(events: &Events, lattices: Lattices) -> bool {
    let [momentum, energy, mass, position] = lattices.map(Ranks::new);
    let sound = |ranks: Ranks, column: &[u64]| column.iter().all(|&p| ranks.pattern(ranks.rank(p)) == p);
    let [px, py, pz, e] = &events.momentum;
    [px, py, pz].into_iter().all(|column| sound(momentum, column))
        && sound(energy, e)
        && sound(mass, &events.mass)
        && events.position.iter().all(|column| sound(position, column))
}

fn put_pieces(payload: &mut Vec<u8>, bytes: &[u8], engine: Engine) {
    let pieces = pack_pieces(bytes, engine);
    put_varint(payload, pieces.len() as u64);
    pieces.iter().for_each(|(_, packed)| put_bytes(payload, packed));
}

fn read_pieces(cursor: &mut Cursor<'_>, most: u64) -> Result<Vec<u8>, ChunkError> {
    let mut bytes = Vec::new();
    for _ in 0..cursor.count(1)? {
        bytes.extend_from_slice(&unpack(cursor.prefixed()?, most - (bytes.len() as u64).min(most))?);
    }
    Ok(bytes)
}

/// The events behind the front of a payload, with what each law takes if asked for.
fn events_of(
    format: &EventFormat,
    cursor: &mut Cursor<'_>,
    front: Front,
    metered: bool,
) -> Result<(Events, Prices), ChunkError> {
    let most = (front.text_bytes / LEAST_BYTES as u64) as usize;
    let labels = cursor.varint()?;
    // A skeleton may say more than the text it stands for, but not much.
    let rest = read_pieces(cursor, front.text_bytes.saturating_mul(2) + (1 << 16))?;
    let raw = cursor.prefixed()?.to_vec();
    let decisions = cursor.bytes(cursor.remaining())?.to_vec();
    let coded = Coded { decisions, raw };
    let n_events = usize::try_from(front.events).map_err(|_| ChunkError::Corrupt("too many events"))?;
    let engine = match front.way {
        TABLED => Engine::Histograms,
        DEEP => Engine::Deep,
        _ => Engine::Mixing,
    };
    let too_many = ChunkError::Corrupt("more events or particles than its text can hold");
    let (mut events, bits) = if metered {
        account(&coded, lattices(format), engine, n_events, most).ok_or(too_many)?
    } else {
        (decode(&coded, lattices(format), engine, n_events, most).ok_or(too_many)?, Prices::default())
    };
    let mut words = Cursor::new(&rest);
    for _ in 0..labels {
        events.labels.push(words.prefixed()?.to_vec());
    }
    events.skeleton = rest[words.position()..].to_vec();
    if !events.validate() {
        return Err(ChunkError::Corrupt("index columns name what is not there"));
    }
    Ok((events, bits))
}

/// The text of a payload.
pub(crate) fn decode_chunk(format: &EventFormat, payload: &[u8]) -> Result<Text, ChunkError> {
    let mut cursor = Cursor::new(payload);
    let front = front(&mut cursor)?;
    let bytes = usize::try_from(front.text_bytes).map_err(|_| ChunkError::Corrupt("too much text"))?;
    let mut text = Text { text: Vec::new(), places: Vec::new() };
    if front.way == BYTES {
        text.text = read_pieces(&mut cursor, front.text_bytes)?;
    } else {
        let (events, _) = events_of(format, &mut cursor, front, false)?;
        text.text.reserve(bytes);
        text.places = format.write_events(&events, &mut text.text)?;
    }
    if text.text.len() != bytes || text.places.len() as u64 != front.events {
        return Err(ChunkError::Corrupt("the text has another length than announced"));
    }
    Ok(text)
}

/// The events of a payload, and what each law takes.
pub(crate) fn account_chunk(format: &EventFormat, payload: &[u8]) -> Result<(Events, Prices), ChunkError> {
    let mut cursor = Cursor::new(payload);
    let front = front(&mut cursor)?;
    if front.way == BYTES {
        return Ok((Events::default(), Prices::default()));
    }
    events_of(format, &mut cursor, front, true)
}

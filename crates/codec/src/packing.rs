//! Packing: byte strings that are no columns, each by the method that suits it.
//!
//! In: bytes, and a network where there is one. Out: a packed form that says how it was packed: stored, zstd, the byte model, or a
//! network with it or alone.
//! Not here: columns (`plan`), framing (`sections`), models in archives (`networks`).
//! Holds: the packed form is never more than 11 bytes longer than the bytes; unpacking believes no length.

mod foreseen;

use crate::engine::Engine;
pub(crate) use foreseen::{Aid, Networks};
use hepz_container::wire::{Cursor, WireError, put_varint};
use hepz_models::bytes::{ByteConfig, decode, encode};
use rayon::prelude::*;
use std::io::Read;
use zstd::stream::raw::CParameter;

/// Bytes that one zstd frame covers; also the largest window that a decoder has to hold.
pub(crate) const FRAME_BYTES: usize = 64 << 20;
/// Bytes that one byte model codes: pieces are coded side by side.
const MODEL_PIECE_BYTES: usize = 16 << 20;
/// Bytes that are looked at together to tell text from other bytes.
const WINDOW_BYTES: usize = 32 << 10;
/// Shorter stretches of another kind are not worth a model of their own.
const LEAST_STRETCH_BYTES: usize = 1 << 20;
/// Fewer bytes decode in a moment by any method, so the smallest wins.
const SMALL_BYTES: usize = 1 << 20;
/// zstd's default window at level 19; shorter inputs need no other.
const ZSTD_WINDOW_LOG: u32 = 23;
const ZSTD_LEVEL: i32 = 19;
/// Where time counts, the byte model has at most so many bytes: they decode in milliseconds.
const MODELLED_BYTES: usize = 4 << 10;
/// zstd's level where time counts.
const QUICK_LEVEL: i32 = 3;

/// How bytes are packed: the first byte of the packed form.
const STORED: u8 = 0;
const ZSTD: u8 = 1;
const MODEL: u8 = 2;
const FORESEEN: u8 = 3;
const ALONE: u8 = 4;

/// Why bytes cannot be unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PackingError {
    /// The first bytes are not sound.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A method of a later version.
    #[error("bytes are packed by method {0}")]
    TooNew(u8),
    /// The byte model's description is of a later version or no writer's.
    #[error("byte model: {0}")]
    Model(String),
    /// A network that is not there.
    #[error("bytes are packed by model {0}, which is not there")]
    NoNetwork(u64),
    /// More bytes than may be here.
    #[error("{wanted} bytes are packed where {allowed} may be")]
    TooLong {
        /// Bytes that are announced.
        wanted: u64,
        /// Bytes that may be.
        allowed: u64,
    },
    /// A zstd frame is damaged.
    #[error("a zstd frame is damaged")]
    Zstd,
    /// The content has another length than announced.
    #[error("packed bytes have another length than announced")]
    Length,
}

fn head(method: u8, bytes: usize) -> Vec<u8> {
    let mut packed = vec![method];
    put_varint(&mut packed, bytes as u64);
    packed
}

pub(crate) fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut packed = head(STORED, bytes.len());
    packed.extend_from_slice(bytes);
    packed
}

/// One zstd frame; none if zstd fails, which then costs bytes and no data.
fn by_zstd(bytes: &[u8], level: i32, long: bool) -> Option<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(level).ok()?;
    let window_log = usize::BITS - bytes.len().saturating_sub(1).leading_zeros();
    if long {
        compressor.set_parameter(CParameter::EnableLongDistanceMatching(true)).ok()?;
    }
    if window_log > ZSTD_WINDOW_LOG {
        compressor.set_parameter(CParameter::WindowLog(window_log.min(FRAME_BYTES.ilog2()))).ok()?;
    }
    let mut packed = head(ZSTD, bytes.len());
    packed.extend_from_slice(&compressor.compress(bytes).ok()?);
    Some(packed)
}

fn by_model(bytes: &[u8]) -> Vec<u8> {
    let config = ByteConfig::for_sample(bytes, bytes.len()).with_whole_bytes();
    let mut packed = head(MODEL, bytes.len());
    packed.extend_from_slice(&config.to_bytes());
    packed.extend_from_slice(&encode(bytes, config));
    packed
}

/// Packs a short byte string: the smallest of what there is, or of what is fast.
pub(crate) fn pack(bytes: &[u8], engine: Engine) -> Vec<u8> {
    if engine == Engine::Histograms && bytes.len() > MODELLED_BYTES {
        return by_zstd(bytes, ZSTD_LEVEL, false)
            .filter(|z| z.len() < bytes.len())
            .unwrap_or_else(|| stored(bytes));
    }
    let mut best = stored(bytes);
    if !bytes.is_empty() {
        let modelled = by_model(bytes);
        if modelled.len() < best.len() {
            best = modelled;
        }
    }
    // Level 19 takes twenty times as long as level 3 and saves a fifth.
    let near = |quick: Vec<u8>| quick.len() * 3 / 4 < best.len();
    if bytes.len() > 256 && by_zstd(bytes, 3, false).is_some_and(near) {
        best = by_zstd(bytes, ZSTD_LEVEL, false).filter(|z| z.len() < best.len()).unwrap_or(best);
    }
    best
}

/// Packs a byte string so that it is unpacked fast: zstd, or stored.
pub(crate) fn pack_quickly(bytes: &[u8]) -> Vec<u8> {
    by_zstd(bytes, QUICK_LEVEL, false).filter(|z| z.len() < bytes.len()).unwrap_or_else(|| stored(bytes))
}

/// Number of bytes, packed form.
pub(crate) type Piece = (usize, Vec<u8>);

/// Packs up to [`FRAME_BYTES`] bytes of any kind into one piece or several.
///
/// The byte model has to save 3 % against zstd, as zstd decodes a hundred times faster.
pub(crate) fn pack_pieces(bytes: &[u8], engine: Engine) -> Vec<Piece> {
    pack_stretches(bytes, engine, None).into_iter().flat_map(|stretch| stretch.plain).collect()
}

/// Bytes of one kind, packed.
pub(crate) struct Stretch {
    /// Without a network.
    pub(crate) plain: Vec<Piece>,
    /// With it, where that saves at least 1 %.
    pub(crate) foreseen: Option<Vec<Piece>>,
}

fn packed_bytes(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.1.len()).sum()
}

impl Stretch {
    /// Bytes that the network saves.
    pub(crate) fn saved(&self) -> usize {
        let with = self.foreseen.as_ref().map(|pieces| packed_bytes(pieces));
        with.map_or(0, |with| packed_bytes(&self.plain).saturating_sub(with))
    }
}

/// As [`pack_pieces`], also with a network if there is one.
pub(crate) fn pack_stretches(bytes: &[u8], engine: Engine, aid: Option<Aid<'_>>) -> Vec<Stretch> {
    if engine == Engine::Histograms {
        let packed = if bytes.len() <= SMALL_BYTES { pack(bytes, engine) } else { pack_quickly(bytes) };
        return vec![Stretch { plain: vec![(bytes.len(), packed)], foreseen: None }];
    }
    let pack = |bytes: &[u8]| {
        let (plain, modelled) = pack_stretch(bytes);
        let foreseen = aid.and_then(|aid| foresee_stretch(bytes, &plain, modelled, aid));
        Stretch { plain, foreseen }
    };
    stretches(bytes).into_par_iter().map(pack).collect()
}

/// Packs bytes by a network alone.
pub(crate) fn pack_alone(bytes: &[u8], aid: Aid<'_>) -> Vec<u8> {
    let mut packed = head(ALONE, bytes.len());
    foreseen::put_alone(&mut packed, bytes, aid);
    packed
}

/// Counters without the shortcut for repeats, as the network has to be asked for each byte all the same.
fn config_foreseen(bytes: &[u8]) -> ByteConfig {
    ByteConfig::for_sample(bytes, bytes.len())
}

/// The pieces with a network; none if that saves less than 1 %.
fn foresee_stretch(
    bytes: &[u8],
    plain: &[Piece],
    modelled: Vec<Vec<u8>>,
    aid: Aid<'_>,
) -> Option<Vec<Piece>> {
    if modelled.is_empty() || !sample_is_foreseen(bytes, aid) {
        return None;
    }
    let pieces: Vec<Piece> = bytes
        .par_chunks(MODEL_PIECE_BYTES)
        .zip(modelled)
        .map(|(bytes, modelled)| {
            let mut packed = head(FORESEEN, bytes.len());
            foreseen::put_mixed(&mut packed, bytes, config_foreseen(bytes), aid, modelled.len());
            (bytes.len(), if packed.len() < modelled.len() { packed } else { modelled })
        })
        .collect();
    (packed_bytes(&pieces) < packed_bytes(plain) / 100 * 99).then_some(pieces)
}

/// True if a network saves 1 % on four short pieces. What follows is coded both ways, so this only has to spare time.
fn sample_is_foreseen(bytes: &[u8], aid: Aid<'_>) -> bool {
    const PIECE: usize = 32 << 10;
    if bytes.len() < 4 * PIECE {
        return true;
    }
    let gaps = (bytes.len() - PIECE) / 3;
    let costs = |piece: usize| {
        let bytes = &bytes[piece * gaps..][..PIECE];
        let config = config_foreseen(bytes);
        (encode(bytes, config).len(), foreseen::mixed(bytes, config, aid.network).len())
    };
    let costs: Vec<(usize, usize)> = (0..4).into_par_iter().map(costs).collect();
    let sum = |of: fn(&(usize, usize)) -> usize| costs.iter().map(of).sum::<usize>();
    sum(|cost| cost.1) < sum(|cost| cost.0) / 100 * 99
}

/// Cuts bytes where long text begins or ends, as one model suits only one of them.
fn stretches(bytes: &[u8]) -> Vec<&[u8]> {
    let is_text = |window: &[u8]| {
        let printed = window.iter().filter(|&&b| matches!(b, b'\t' | b'\n' | b'\r' | b' '..=b'~')).count();
        printed * 16 >= window.len() * 15
    };
    let mut cuts = vec![0];
    let (mut kind, mut since) = (None, 0);
    // Another kind counts once it has lasted for a stretch.
    for (number, window) in bytes.chunks(WINDOW_BYTES).enumerate() {
        let at = number * WINDOW_BYTES;
        let now = is_text(window);
        match kind {
            None => kind = Some(now),
            Some(before) if before == now => since = at + window.len(),
            Some(_) if at + window.len() - since >= LEAST_STRETCH_BYTES => {
                if since - cuts[cuts.len() - 1] >= LEAST_STRETCH_BYTES {
                    cuts.push(since);
                }
                kind = Some(now);
                since = at + window.len();
            }
            Some(_) => {}
        }
    }
    cuts.push(bytes.len());
    cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect()
}

/// The pieces, and what the byte model makes of them if it was asked.
fn pack_stretch(bytes: &[u8]) -> (Vec<Piece>, Vec<Vec<u8>>) {
    let single = |packed| vec![(bytes.len(), packed)];
    if bytes.len() > SMALL_BYTES {
        let quick =
            by_zstd(bytes, 3, true).filter(|z| z.len() < bytes.len()).unwrap_or_else(|| stored(bytes));
        if quick.len() > bytes.len() / 100 * 99 && !sample_compresses(bytes) {
            return (single(quick), Vec::new());
        }
    }
    let pieces = || -> Vec<Vec<u8>> { bytes.par_chunks(MODEL_PIECE_BYTES).map(by_model).collect() };
    let (modelled, zstd) = rayon::join(pieces, || by_zstd(bytes, ZSTD_LEVEL, false));
    let modelled_bytes: usize = modelled.iter().map(Vec::len).sum();
    let other = zstd.filter(|z| z.len() < bytes.len()).unwrap_or_else(|| stored(bytes));
    let worth = if bytes.len() <= SMALL_BYTES { other.len() } else { other.len() / 100 * 97 };
    if modelled_bytes < worth {
        (bytes.chunks(MODEL_PIECE_BYTES).map(<[u8]>::len).zip(modelled.iter().cloned()).collect(), modelled)
    } else {
        (single(other), modelled)
    }
}

/// True if the byte model saves 1.5 % on four short pieces: what zstd sees as noise may be binary numbers.
fn sample_compresses(bytes: &[u8]) -> bool {
    const PIECE: usize = 64 << 10;
    let gaps = (bytes.len() - PIECE) / 3;
    let sampled = |piece: usize| {
        let bytes = &bytes[piece * gaps..][..PIECE];
        by_model(bytes).len() < PIECE / 1000 * 985
    };
    (0..4).into_par_iter().any(sampled)
}

/// True if a network is needed to unpack this.
pub(crate) fn needs_network(packed: &[u8]) -> bool {
    matches!(packed.first(), Some(&(FORESEEN | ALONE)))
}

/// What a network saved in a packed payload of this length that begins like this: number of the model, bytes.
pub(crate) fn saved_by_network(front: &[u8], packed_bytes: u64) -> Option<(u64, u64)> {
    let mut cursor = Cursor::new(front);
    if cursor.u8().ok()? != FORESEEN {
        return None;
    }
    cursor.varint().ok()?;
    let (number, plain_bytes) = foreseen::mixed_front(&mut cursor).ok()?;
    Some((number, plain_bytes.saturating_sub(packed_bytes)))
}

/// Gives back packed bytes, at most `allowed` of them, where no network is needed.
pub(crate) fn unpack(packed: &[u8], allowed: u64) -> Result<Vec<u8>, PackingError> {
    unpack_with(packed, allowed, &|_| None)
}

/// Gives back packed bytes, at most `allowed` of them.
pub(crate) fn unpack_with(
    packed: &[u8],
    allowed: u64,
    networks: Networks<'_>,
) -> Result<Vec<u8>, PackingError> {
    let mut cursor = Cursor::new(packed);
    let method = cursor.u8()?;
    let wanted = cursor.varint()?;
    if method > ALONE {
        return Err(PackingError::TooNew(method));
    }
    let too_long = PackingError::TooLong { wanted, allowed };
    let length = usize::try_from(wanted).ok().filter(|_| wanted <= allowed).ok_or(too_long)?;
    if method == FORESEEN {
        return foreseen::take_mixed(cursor, length, networks);
    }
    if method == ALONE {
        return foreseen::take_alone(cursor, length, networks);
    }
    if method == MODEL {
        let config = ByteConfig::from_bytes(cursor.u32()?.to_le_bytes())
            .map_err(|e| PackingError::Model(e.to_string()))?;
        return Ok(decode(cursor.bytes(cursor.remaining())?, length, config));
    }
    let content = cursor.bytes(cursor.remaining())?;
    let bytes = if method == ZSTD { from_zstd(content, wanted)? } else { content.to_vec() };
    if bytes.len() == length { Ok(bytes) } else { Err(PackingError::Length) }
}

fn from_zstd(mut frame: &[u8], wanted: u64) -> Result<Vec<u8>, PackingError> {
    let decoder =
        ruzstd::decoding::StreamingDecoder::new_with_max_window_size(&mut frame, FRAME_BYTES as u64)
            .map_err(|_| PackingError::Zstd)?;
    let mut bytes = Vec::new();
    // One more than wanted, so that a longer content is seen without decoding all of it.
    decoder.take(wanted.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| PackingError::Zstd)?;
    if frame.is_empty() { Ok(bytes) } else { Err(PackingError::Length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1u64;
        let mut draw = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 56) as u8
        };
        (0..bytes).map(|_| draw()).collect()
    }

    fn back(pieces: &[(usize, Vec<u8>)]) -> Vec<u8> {
        pieces.iter().flat_map(|(bytes, packed)| unpack(packed, *bytes as u64).unwrap()).collect()
    }

    #[test]
    fn noise_costs_a_head_and_no_more() {
        let bytes = noise(3 << 20);
        let pieces = pack_pieces(&bytes, Engine::Mixing);
        let packed: usize = pieces.iter().map(|p| p.1.len()).sum();
        assert!(packed <= bytes.len() + 11, "{packed}");
        assert_eq!(back(&pieces), bytes);
    }

    #[test]
    fn a_repetition_far_away_is_found() {
        let mut bytes = noise(3 << 20);
        bytes.extend_from_within(..300 << 10);
        let pieces = pack_pieces(&bytes, Engine::Mixing);
        let packed: usize = pieces.iter().map(|p| p.1.len()).sum();
        assert!(packed < (3 << 20) + 4096, "{packed}");
        assert_eq!(back(&pieces), bytes);
    }

    #[test]
    fn each_method_gives_back_what_it_packed() {
        for bytes in [&b""[..], b"x", &[7; 3000], b"HDF5 header of some kind, HDF5 header of some kind"] {
            for packed in [
                stored(bytes),
                by_zstd(bytes, 19, false).unwrap(),
                by_model(bytes),
                pack(bytes, Engine::Mixing),
                pack(bytes, Engine::Histograms),
            ] {
                assert_eq!(unpack(&packed, bytes.len() as u64).unwrap(), bytes);
                if !bytes.is_empty() {
                    assert!(unpack(&packed, bytes.len() as u64 - 1).is_err());
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn damaged_forms_are_refused_or_give_bytes(flip in 0usize..400, mask in 1u8.., cut in 0usize..50) {
            for mut packed in [pack(&[5; 99], Engine::Mixing), by_zstd(&[5; 999], 19, false).unwrap(), by_model(b"some text, some more text")] {
                let at = flip % packed.len();
                packed[at] ^= mask;
                packed.truncate(packed.len().saturating_sub(cut));
                let _ = unpack(&packed, 4096);
            }
        }
    }
}

//! Bytes under a network: with the counters of the byte model, or alone.
//!
//! In: bytes and a network. Out: the packed form behind its head, and back.
//! Not here: whether a network pays (`packing`), counters and decisions (`hepz-models`), models in archives (`crate::networks`).
//! Holds: streams in step are bounded, whatever a packed form says; the number of streams in step changes no byte.

use super::PackingError;
use hepz_container::wire::{Cursor, put_bytes, put_varint};
use hepz_models::bytes::{
    ByteConfig, Frequencies, decode_alone, decode_foreseen, encode_alone, encode_foreseen,
};
use hepz_neural::bytes::{ByteNetwork, Streams};
use hepz_neural::kernel::Kernel;
use rayon::prelude::*;

/// Streams that go in step: enough to fill the widest kernels, and their states stay in the cache.
const IN_STEP: usize = 64;
/// Weights of networks that so many streams take in step; of larger ones fewer do, as states grow with networks.
const FULL_STEP_PARAMETERS: usize = 1 << 18;
const LEAST_IN_STEP: usize = 8;
/// Bytes of a stream of a network alone; the first few hundred of each cost more.
const STREAM_BYTES: usize = 128 << 10;
/// Shorter streams cost too much.
const LEAST_STREAM_BYTES: usize = 4 << 10;

/// A network that may be used, and the number of its model in the archive.
#[derive(Clone, Copy)]
pub(crate) struct Aid<'a> {
    /// The model's number.
    pub(crate) number: u64,
    /// Its network.
    pub(crate) network: &'a ByteNetwork,
}

/// Finds the network of a model.
pub(crate) type Networks<'a> = &'a (dyn Fn(u64) -> Option<&'a ByteNetwork> + Sync);

/// Streams of a network that go in step.
fn in_step(network: &ByteNetwork) -> usize {
    (IN_STEP * FULL_STEP_PARAMETERS / network.parameters().max(1)).clamp(LEAST_IN_STEP, IN_STEP)
}

/// One stream of a network that goes on byte by byte.
struct Single<'a> {
    network: &'a ByteNetwork,
    kernel: Kernel,
    streams: Streams,
}

impl<'a> Single<'a> {
    fn new(network: &'a ByteNetwork) -> Single<'a> {
        Single { network, kernel: Kernel::best(), streams: network.streams(1) }
    }

    fn step(&mut self, last: u8, frequencies: &mut Frequencies) {
        self.network.step(self.kernel, &mut self.streams, &[last], frequencies);
    }
}

/// Counters and network together, without what says so.
pub(super) fn mixed(bytes: &[u8], config: ByteConfig, network: &ByteNetwork) -> Vec<u8> {
    let mut single = Single::new(network);
    encode_foreseen(bytes, config, |last, frequencies| single.step(last, frequencies))
}

/// Counters and network together: number of the model, bytes that counters take alone, configuration, code.
pub(super) fn put_mixed(
    packed: &mut Vec<u8>,
    bytes: &[u8],
    config: ByteConfig,
    aid: Aid<'_>,
    plain_bytes: usize,
) {
    put_varint(packed, aid.number);
    put_varint(packed, plain_bytes as u64);
    packed.extend_from_slice(&config.to_bytes());
    packed.extend_from_slice(&mixed(bytes, config, aid.network));
}

/// Number of the model, and bytes that counters take alone.
pub(super) fn mixed_front(cursor: &mut Cursor<'_>) -> Result<(u64, u64), PackingError> {
    Ok((cursor.varint()?, cursor.varint()?))
}

/// Gives back `length` bytes of [`put_mixed`].
pub(super) fn take_mixed(
    mut cursor: Cursor<'_>,
    length: usize,
    networks: Networks<'_>,
) -> Result<Vec<u8>, PackingError> {
    let (number, _) = mixed_front(&mut cursor)?;
    let network = networks(number).ok_or(PackingError::NoNetwork(number))?;
    let config = ByteConfig::from_bytes(cursor.u32()?.to_le_bytes())
        .map_err(|error| PackingError::Model(error.to_string()))?;
    let mut single = Single::new(network);
    let code = cursor.bytes(cursor.remaining())?;
    Ok(decode_foreseen(code, length, config, |last, frequencies| single.step(last, frequencies)))
}

/// A network alone: number of the model, bytes of a stream, the code of each stream.
pub(super) fn put_alone(packed: &mut Vec<u8>, bytes: &[u8], aid: Aid<'_>) {
    let stream_bytes = bytes.len().div_ceil(IN_STEP).clamp(LEAST_STREAM_BYTES, STREAM_BYTES);
    put_varint(packed, aid.number);
    put_varint(packed, stream_bytes as u64);
    let groups: Vec<Vec<Vec<u8>>> = bytes
        .par_chunks(in_step(aid.network) * stream_bytes)
        .map(|group| {
            let (kernel, n) = (Kernel::best(), group.len().div_ceil(stream_bytes));
            let mut streams = aid.network.streams(n);
            encode_alone(group, stream_bytes, |last, frequencies| {
                aid.network.step(kernel, &mut streams, last, frequencies);
            })
        })
        .collect();
    groups.iter().flatten().for_each(|code| put_bytes(packed, code));
}

/// Gives back `length` bytes of [`put_alone`].
pub(super) fn take_alone(
    mut cursor: Cursor<'_>,
    length: usize,
    networks: Networks<'_>,
) -> Result<Vec<u8>, PackingError> {
    let number = cursor.varint()?;
    let network = networks(number).ok_or(PackingError::NoNetwork(number))?;
    let stream_bytes = cursor.size()?.max(1);
    let n = length.div_ceil(stream_bytes);
    // Each stream has at least the length of its code.
    if n > cursor.remaining() {
        return Err(PackingError::Length);
    }
    let codes = (0..n).map(|_| cursor.prefixed()).collect::<Result<Vec<&[u8]>, _>>()?;
    cursor.finish()?;
    let in_step = in_step(network);
    let groups: Vec<Vec<u8>> = codes
        .par_chunks(in_step)
        .enumerate()
        .map(|(group, codes)| {
            let from = group.saturating_mul(in_step).saturating_mul(stream_bytes);
            let length = length.saturating_sub(from).min(codes.len().saturating_mul(stream_bytes));
            let kernel = Kernel::best();
            let mut streams = network.streams(codes.len());
            decode_alone(codes, length, stream_bytes, |last, frequencies| {
                network.step(kernel, &mut streams, last, frequencies);
            })
        })
        .collect();
    Ok(groups.concat())
}

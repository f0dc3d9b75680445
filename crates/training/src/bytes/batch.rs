//! Batches: streams of bytes side by side, as a training step sees them.
//!
//! In: bytes. Out: tensors of what came before, what comes next, and positions in the record.
//! Not here: which bytes (the loop).
//! Holds: a byte is never among those before itself.

use burn::tensor::{Device, Int, Tensor, TensorData};

/// Streams of equal length.
#[derive(Clone, Debug)]
pub struct ByteBatch {
    /// The bytes before, `[stream][time]`; 0 at the start of a stream.
    pub before: Tensor<2, Int>,
    /// The bytes to forecast, `[stream][time]`.
    pub next: Tensor<2, Int>,
    /// Positions of the bytes to forecast in their record, `[stream][time]`; none if there are no records.
    pub phase: Option<Tensor<2, Int>>,
    /// Bytes of a segment of attention in this batch; none as the architecture says. Streams start with a segment.
    pub segment: Option<usize>,
}

impl ByteBatch {
    /// A batch of `streams`, all as long as the first (longer ones are cut, shorter ones filled with 0).
    ///
    /// `before` is the byte before each stream (0 at its start), `positions` where in its file each stream is, for
    /// its place in records of `record` bytes (0: no records).
    pub fn new(
        streams: &[&[u8]],
        before: &[u8],
        positions: &[u64],
        record: u64,
        device: &Device,
    ) -> ByteBatch {
        let time = streams.first().map_or(0, |stream| stream.len());
        let shape = [streams.len(), time];
        let mut last = Vec::with_capacity(streams.len() * time);
        let mut next = Vec::with_capacity(streams.len() * time);
        let mut phase = Vec::new();
        for (at, stream) in streams.iter().enumerate() {
            let mut byte = before.get(at).copied().unwrap_or(0);
            let position = positions.get(at).copied().unwrap_or(0);
            for time in 0..time {
                last.push(i64::from(byte));
                byte = stream.get(time).copied().unwrap_or(0);
                next.push(i64::from(byte));
                if let Some(place) = position.wrapping_add(time as u64).checked_rem(record) {
                    phase.push(place as i64);
                }
            }
        }
        let tensor = |numbers: Vec<i64>| Tensor::from_data(TensorData::new(numbers, shape), device);
        ByteBatch {
            before: tensor(last),
            next: tensor(next),
            phase: (record > 0).then(|| tensor(phase)),
            segment: None,
        }
    }
}

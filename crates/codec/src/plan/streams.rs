//! Streams: which columns share a coder.
//!
//! In: the coding order, what each column needs and about how many bytes it takes. Out: streams.
//! Not here: how a column is coded (`coding`).
//! Holds: what a stream needs lies in streams before it, so streams can be decoded in order, and those without a path
//! between them at the same time.

use super::ColumnId;
use std::collections::BTreeMap;

/// A stream of a few bytes is not worth its frame: columns below this share one.
const SMALL_BYTES: u64 = 400;

/// But not more than this together, so that reading one of them stays cheap.
const SHARED_BYTES: u64 = 2000;

/// Cuts the coding order into streams; each lists its columns in coding order.
pub fn pack(
    order: &[ColumnId],
    needs: &BTreeMap<ColumnId, Vec<ColumnId>>,
    bytes: &BTreeMap<ColumnId, u64>,
) -> Vec<Vec<ColumnId>> {
    let place: BTreeMap<ColumnId, usize> = order.iter().enumerate().map(|(at, &id)| (id, at)).collect();
    let mut streams: Vec<(usize, Vec<ColumnId>)> = Vec::new();
    // The open shared stream of each table: index of the stream and bytes so far.
    let mut open: BTreeMap<u32, (usize, u64)> = BTreeMap::new();
    for (at, &id) in order.iter().enumerate() {
        let size = bytes.get(&id).copied().unwrap_or(0);
        if size >= SMALL_BYTES {
            streams.push((at, vec![id]));
            continue;
        }
        let joined = open.get_mut(&id.table).filter(|(stream, total)| {
            let (first, members) = &streams[*stream];
            // Whatever is needed from outside must come before the whole stream.
            let outside = needs.get(&id).into_iter().flatten().filter(|n| !members.contains(n));
            total.saturating_add(size) <= SHARED_BYTES
                && outside.into_iter().all(|n| place.get(n).is_some_and(|p| p < first))
        });
        match joined {
            Some((stream, total)) => {
                *total += size;
                streams[*stream].1.push(id);
            }
            None => {
                open.insert(id.table, (streams.len(), size));
                streams.push((at, vec![id]));
            }
        }
    }
    // By the place of the first column; stable, so columns keep their order.
    streams.sort_by_key(|(first, _)| *first);
    streams.into_iter().map(|(_, columns)| columns).collect()
}

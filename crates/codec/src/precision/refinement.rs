//! Refinements: what one says beside its plan and streams.
//!
//! In: the images of an original and of its rounded file. Out: [`Refinement`], as bytes and back.
//! Not here: splitting and merging (`layers`).
//! Holds: patches are in order and do not overlap; whether they have a place is for `layers` to check.

use crate::image::{Gaps, Image};
use crate::sums::Sums;
use hepz_container::wire::{Cursor, WireError, put_bytes, put_varint};
use std::io;

/// Skeleton bytes that are compared at a time.
const STEP_BYTES: usize = 1 << 20;

/// Skeleton bytes of the original where those of the rounded file differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    /// Number of the first byte among all skeleton bytes.
    pub(crate) from: u64,
    /// The original's bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Of which base an archive is the refinement, and what else differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refinement {
    /// Length and sums of the base's file.
    pub(crate) base: Sums,
    /// Where the skeletons differ.
    pub(crate) patches: Vec<Patch>,
}

impl Refinement {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut into = Vec::new();
        put_bytes(&mut into, &self.base.to_bytes());
        put_varint(&mut into, self.patches.len() as u64);
        let mut end = 0;
        for patch in &self.patches {
            put_varint(&mut into, patch.from - end);
            put_bytes(&mut into, &patch.bytes);
            end = patch.from + patch.bytes.len() as u64;
        }
        into
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Refinement, WireError> {
        let mut cursor = Cursor::new(bytes);
        let base = Sums::from_bytes(cursor.prefixed()?)?;
        let count = cursor.count(2)?;
        let mut patches = Vec::with_capacity(count.min(cursor.remaining()));
        let mut end = 0u64;
        for _ in 0..count {
            let from = end.saturating_add(cursor.varint()?);
            let bytes = cursor.prefixed()?.to_vec();
            end = from.saturating_add(bytes.len() as u64);
            patches.push(Patch { from, bytes });
        }
        cursor.finish()?;
        Ok(Refinement { base, patches })
    }
}

/// Where the skeletons of two images with the same gaps differ; the bytes are those of `a`.
pub(crate) fn patches(a: &Image<'_>, b: &Image<'_>, gaps: &Gaps) -> io::Result<Vec<Patch>> {
    let mut found: Vec<Patch> = Vec::new();
    let (mut of_a, mut of_b) = (vec![0; STEP_BYTES], vec![0; STEP_BYTES]);
    let mut from = 0;
    while from < gaps.bytes() {
        let step = (gaps.bytes() - from).min(STEP_BYTES as u64) as usize;
        gaps.visit(from, step, |at, range| {
            a.read_at(at, &mut of_a[range.clone()])?;
            b.read_at(at, &mut of_b[range])
        })?;
        for (place, (&a, &b)) in of_a[..step].iter().zip(&of_b[..step]).enumerate() {
            let at = from + place as u64;
            match found.last_mut() {
                _ if a == b => {}
                Some(last) if last.from + last.bytes.len() as u64 == at => last.bytes.push(a),
                _ => found.push(Patch { from: at, bytes: vec![a] }),
            }
        }
        from += step as u64;
    }
    Ok(found)
}

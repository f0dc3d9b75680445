//! What attention looks back at: keys and values of two segments, and of the slots of memory.
//!
//! In: keys, values and scores of keeping, step by step. Out: what the heads take from them.
//! Not here: the layer around it ([`transformer`](super::transformer), where the equations are).
//! Holds: a segment enters memory exactly when its place is needed again.

use crate::kernel::{self, Kernel, SCORES, VALUES};
use crate::tables;

/// What one layer remembers of one stream.
#[derive(Clone, Debug)]
pub(super) struct Past {
    width: usize,
    segment: usize,
    slots: usize,
    /// Steps so far.
    steps: u64,
    /// `[parity of the segment][d][S]`: by channel, so that scores of many steps are one vector. Here and below:
    /// with room behind, so that vectors may reach over the last.
    keys: Vec<i16>,
    /// `[parity of the segment][S][d]`.
    values: Vec<i16>,
    /// `[parity of the segment][S]`: `e`.
    marks: Vec<i16>,
    /// `[d][M]`.
    slot_keys: Vec<i16>,
    /// `[M][d]`.
    slot_values: Vec<i16>,
    /// `e` of the slots in use.
    slot_marks: Vec<i16>,
}

/// Room for the scores of one head.
#[derive(Clone, Debug)]
pub(super) struct Room {
    scores: Vec<i32>,
    weights: Vec<i16>,
    sums: Vec<i32>,
    from_memory: Vec<i16>,
}

impl Room {
    /// For heads of `per_head` channels.
    pub fn new(per_head: usize, segment: usize, slots: usize) -> Room {
        let most = (2 * segment).max(slots);
        Room {
            scores: vec![0; most + SCORES],
            weights: vec![0; most],
            sums: vec![0; per_head.next_multiple_of(VALUES)],
            from_memory: vec![0; per_head],
        }
    }
}

impl Past {
    pub fn new(width: usize, segment: usize, slots: usize) -> Past {
        Past {
            width,
            segment,
            slots,
            steps: 0,
            keys: vec![0; 2 * width * segment + SCORES],
            values: vec![0; 2 * segment * width + VALUES],
            marks: vec![0; 2 * segment],
            slot_keys: vec![0; width * slots + SCORES],
            slot_values: vec![0; slots * width + VALUES],
            slot_marks: Vec::with_capacity(slots),
        }
    }

    /// Appends a step; at the start of a segment the one two before it is offered to memory first.
    pub fn push(&mut self, k: &[i16], v: &[i16], mark: i16) {
        let (parity, at) = self.place(self.steps);
        if at == 0 && self.steps >= 2 * self.segment as u64 {
            for at in 0..self.segment {
                self.offer(parity, at);
            }
        }
        let keys = &mut self.keys[parity * self.width * self.segment..][..self.width * self.segment];
        for (keys, &k) in keys.chunks_exact_mut(self.segment).zip(k) {
            keys[at] = k;
        }
        let step = parity * self.segment + at;
        self.values[step * self.width..][..self.width].copy_from_slice(v);
        self.marks[step] = mark;
        self.steps += 1;
    }

    /// Parity of the segment of a step, and its place in it.
    fn place(&self, step: u64) -> (usize, usize) {
        let segment = self.segment as u64;
        ((step / segment % 2) as usize, (step % segment) as usize)
    }

    fn offer(&mut self, parity: usize, at: usize) {
        let (width, segment, slots) = (self.width, self.segment, self.slots);
        let mark = self.marks[parity * segment + at];
        let slot = if self.slot_marks.len() < slots {
            self.slot_marks.push(mark);
            self.slot_marks.len() - 1
        } else {
            // The first of the least.
            let least = (0..slots).min_by_key(|&slot| self.slot_marks[slot]);
            match least {
                Some(slot) if mark > self.slot_marks[slot] => slot,
                _ => return,
            }
        };
        self.slot_marks[slot] = mark;
        let share = i32::from(tables::sigmoid(mark));
        let values = &self.values[(parity * segment + at) * width..][..width];
        for (slot, &value) in self.slot_values[slot * width..][..width].iter_mut().zip(values) {
            *slot = ((i32::from(value) * share + (1 << 14)) >> 15) as i16;
        }
        for channel in 0..width {
            self.slot_keys[channel * slots + slot] = self.keys[(parity * width + channel) * segment + at];
        }
    }

    /// What all heads take at the last step: `q` (units of 2^-12; spoilt), tables of biases by distance and of
    /// gates, to `o`.
    pub fn attend(
        &self,
        kernel: Kernel,
        heads: usize,
        q: &mut [i16],
        [biases, gates]: [&[i16]; 2],
        room: &mut Room,
        o: &mut [i16],
    ) {
        let (width, segment, slots) = (self.width, self.segment, self.slots);
        let per_head = width / heads;
        let (parity, at) = self.place(self.steps - 1);
        let before = if self.steps > segment as u64 { segment } else { 0 };
        let (seen, kept) = (before + at + 1, self.slot_marks.len());
        let Room { scores, weights, sums, from_memory } = room;
        // Units of 2^-10, so that the sum over a head wraps far from any score that is meant.
        q.iter_mut().for_each(|q| *q = ((i32::from(*q) + 2) >> 2) as i16);
        for (head, (q, o)) in q.chunks_exact(per_head).zip(o.chunks_exact_mut(per_head)).enumerate() {
            let first = head * per_head;
            let half = parity * width * segment;
            let other = width * segment - half;
            let blocks = |n: usize| n.next_multiple_of(SCORES);
            // The second writes over what the first has computed behind its last.
            kernel::scores(
                kernel,
                q,
                &self.keys[other + first * segment..],
                segment,
                &mut scores[..blocks(before)],
            );
            let new = &mut scores[before..][..blocks(at + 1)];
            kernel::scores(kernel, q, &self.keys[half + first * segment..], segment, new);
            kernel::biased(kernel, &biases[head * 2 * segment..][..seen], &mut scores[..seen]);
            kernel::shares(kernel, &mut scores[..seen], &mut weights[..seen]);
            sums.fill(0);
            let (old, new) = weights[..seen].split_at(before);
            kernel::weighted(kernel, old, &self.values[other + first..], width, sums);
            kernel::weighted(kernel, new, &self.values[half + first..], width, sums);
            rounded(sums, o);
            if kept == 0 {
                continue;
            }
            kernel::scores(kernel, q, &self.slot_keys[first * slots..], slots, &mut scores[..blocks(kept)]);
            kernel::biased(kernel, &[], &mut scores[..kept]);
            kernel::shares(kernel, &mut scores[..kept], &mut weights[..kept]);
            sums.fill(0);
            kernel::weighted(kernel, &weights[..kept], &self.slot_values[first..], width, sums);
            rounded(sums, from_memory);
            let gate = i32::from(tables::sigmoid(gates[head]));
            for (o, &m) in o.iter_mut().zip(from_memory.iter()) {
                let more = (gate * (i32::from(m) - i32::from(*o)) + (1 << 14)) >> 15;
                *o = (i32::from(*o) + more) as i16;
            }
        }
    }
}

/// Sums in units of 2^-27 to activations.
fn rounded(sums: &[i32], into: &mut [i16]) {
    for (into, &sum) in into.iter_mut().zip(sums) {
        *into = ((sum + (1 << 14)) >> 15).clamp(-32_768, 32_767) as i16;
    }
}

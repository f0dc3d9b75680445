//! Evidence: what the hashed contexts have seen, and what that is worth.
//!
//! In: hashes once a nibble, then decisions. Out: two mixer inputs per context.
//! Not here: what is hashed (`contexts`), how inputs are weighed (`mixer`).
//! Holds: a context that has seen nothing says nothing.
//! Source: bit histories priced by adaptive maps, one per context ("indirect" contexts of PAQ6).

use super::contexts::N_CONTEXTS;
use super::mixer::Inputs;
use super::slots::{Slot, SlotAt, Slots};
use super::{boxed, state, stretch};

/// A price moves by `2^-SPEED` of its error.
const SPEED: u32 = 6;

/// Bit histories of all contexts.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    slots: Slots,
    slot_at: [SlotAt; N_CONTEXTS],
    /// The slots of this nibble.
    work: [Slot; N_CONTEXTS],
    /// What a state of a context is worth: the probability of a 1 in units of 2^-16.
    worth: Box<[[u16; 256]; N_CONTEXTS]>,
    /// Of the decision at hand: states, and what they are worth.
    states: [u8; N_CONTEXTS],
    prices: [u16; N_CONTEXTS],
}

impl Evidence {
    /// Nothing seen, in a table of `2^log2_bytes` bytes.
    pub(super) fn new(log2_bytes: u32) -> Evidence {
        let mut worth = [0u16; 256];
        for (state, p) in worth.iter_mut().enumerate() {
            // The first sighting of a context makes its repetition four times as likely as not.
            let seen = state::seen(state as u8);
            let (zeros, ones) = (u32::from(seen.zeros) * 10 + 3, u32::from(seen.ones) * 10 + 3);
            *p = (65535 * ones / (zeros + ones)) as u16;
        }
        Evidence {
            slots: Slots::new(log2_bytes),
            slot_at: [SlotAt::default(); N_CONTEXTS],
            work: [[0; 16]; N_CONTEXTS],
            worth: boxed(worth),
            states: [0; N_CONTEXTS],
            prices: [0; N_CONTEXTS],
        }
    }

    /// Fetches the slots of a nibble's tree; returns how many contexts were met before.
    #[inline(always)]
    pub(super) fn fetch(&mut self, hashes: &[u64; N_CONTEXTS], tree: u32) -> u32 {
        // All checks first: the cache misses then overlap.
        let mut lines = [0u32; N_CONTEXTS];
        let mut checks = [0u32; N_CONTEXTS];
        for at in 0..N_CONTEXTS {
            lines[at] = self.slots.line((hashes[at] >> 32) as u32, tree);
            checks[at] = self.slots.checks(lines[at]);
        }
        let mut n_met = 0;
        for at in 0..N_CONTEXTS {
            let check = (hashes[at] >> 16) as u8 ^ (tree as u8).wrapping_mul(0x35);
            self.slot_at[at] = self.slots.find(lines[at], checks[at], check, &mut self.work[at]);
            n_met += u32::from(self.work[at][1] > 0);
        }
        n_met
    }

    /// Puts the slots back.
    #[inline(always)]
    pub(super) fn store(&mut self) {
        for (at, slot) in self.slot_at.iter().zip(&self.work) {
            self.slots.store(*at, slot);
        }
    }

    /// Fills the first `2 * N_CONTEXTS` inputs.
    #[inline(always)]
    pub(super) fn predict(&mut self, place: usize, inputs: &mut Inputs) {
        for at in 0..N_CONTEXTS {
            let state = self.work[at][place & 15];
            let p = self.worth[at][usize::from(state)];
            self.states[at] = state;
            self.prices[at] = p;
            inputs.0[at] = stretch(p) as i16;
        }
        for at in 0..N_CONTEXTS {
            inputs.0[N_CONTEXTS + at] = (self.prices[at] ^ 0x8000) as i16 >> 5;
        }
    }

    /// Learns the decision at `place`; what it is worth moves by `2^-SPEED` of the error.
    #[inline(always)]
    pub(super) fn learn(&mut self, place: usize, bit: u32) {
        // Seen from the side of the bit, the price of the other side decays.
        let side = (bit.wrapping_neg() & 0xffff) as u16;
        let mut prices = [0u16; N_CONTEXTS];
        for (new, &old) in prices.iter_mut().zip(&self.prices) {
            let other = old ^ side;
            *new = (other - (other >> SPEED)) ^ side;
        }
        let next = state::next(bit);
        for (at, &price) in prices.iter().enumerate() {
            let state = usize::from(self.states[at]);
            self.worth[at][state] = price;
            // A context that has seen nothing says nothing.
            self.worth[at][0] = 0x8000;
            self.work[at][place & 15] = next[state];
        }
    }
}

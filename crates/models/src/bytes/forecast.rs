//! Forecasts: what a network thinks of the next byte, decision by decision.
//!
//! In: frequencies of the 256 values of a byte. Out: for each decision two mixer inputs, a weight set and a refinement.
//! Not here: the network (`hepz-neural`), which decisions make a byte (`mod`).
//! Holds: any frequencies will do, all zeros too; sums fit 32 bits for what networks give, and saturate for what they do not.
//! Source: our own: the share of a decision's two sides, as in "lstm-compress" (B. Knoll); the network's certainty selects a weight set.

use super::alphabet::Alphabet;
use super::mixer::{Inputs, Mixers, N_INPUTS};
use super::refine::Refinement;
use super::{N_NODES, stretch};

/// How frequent a network thinks that each value of a byte is.
pub type Frequencies = [u32; 256];

/// Log odds of a network within one bucket of certainty.
const BUCKET: i32 = 160;
/// Buckets of certainty: 16 to either side of even odds.
const N_BUCKETS: usize = 32;

/// What a network thinks of the byte at hand.
#[derive(Debug, Clone)]
pub(super) struct Forecast {
    /// Of bytes that are coded as two nibbles.
    bytes: Frequencies,
    /// Of ranks in the alphabet; the last is that of all other bytes.
    ranks: [u32; 16],
    /// Frequencies on the tree of a nibble: node `n` is above `2 n` and `2 n + 1`, leaves begin at 16.
    tree: [u32; 32],
    bucket: usize,
    mixers: Mixers<3>,
    refinement: Refinement,
}

impl Forecast {
    /// Nothing heard yet.
    pub(super) fn new(initial: &[i16; N_INPUTS]) -> Forecast {
        Forecast {
            bytes: [0; 256],
            ranks: [0; 16],
            tree: [0; 32],
            bucket: 0,
            mixers: Mixers::new(initial),
            refinement: Refinement::new(N_BUCKETS * N_NODES),
        }
    }

    /// Takes the frequencies of the next byte.
    pub(super) fn hear(&mut self, frequencies: &Frequencies, alphabet: Option<&Alphabet>) {
        self.bytes = *frequencies;
        let Some(alphabet) = alphabet else { return };
        self.ranks = [0; 16];
        for (byte, frequency) in self.bytes.iter_mut().enumerate() {
            let rank = alphabet.rank(byte as u8) as usize & 15;
            self.ranks[rank] = self.ranks[rank].saturating_add(*frequency);
            // A byte that has a rank is never coded as two nibbles.
            if rank != 15 {
                *frequency = 0;
            }
        }
    }

    /// Makes the tree of the nibble whose nodes begin at `base`: the ranks at 0, the upper half of a byte at 16, the lower
    /// halves behind.
    #[inline(always)]
    pub(super) fn open(&mut self, base: usize) {
        match base {
            0 => self.tree[16..].copy_from_slice(&self.ranks),
            16 => {
                for (sum, row) in self.tree[16..].iter_mut().zip(self.bytes.chunks_exact(16)) {
                    *sum = row.iter().fold(0, |sum, &n| sum.saturating_add(n));
                }
            }
            _ => {
                let row = self.bytes.chunks_exact(16).nth((base / 16).saturating_sub(2));
                self.tree[16..].copy_from_slice(row.unwrap_or(&[0; 16]));
            }
        }
        for node in (1..16).rev() {
            self.tree[node] = self.tree[2 * node].saturating_add(self.tree[2 * node + 1]);
        }
    }

    /// Inputs of the decision at `place`: log odds, and distance from even odds.
    #[inline(always)]
    pub(super) fn predict(&mut self, place: usize) -> (i16, i16) {
        let place = place & 15;
        let p = share(self.tree[2 * place + 1], self.tree[place]);
        let odds = stretch(p as u16);
        self.bucket = ((odds / BUCKET + N_BUCKETS as i32 / 2) as usize).min(N_BUCKETS - 1);
        (odds as i16, (p as u16 ^ 0x8000) as i16 >> 5)
    }

    /// Log odds of all inputs; as the model's own mixers, and one whose weights are chosen by the network's certainty.
    #[inline(always)]
    pub(super) fn mix(&mut self, inputs: &Inputs, sets: [usize; 2], depth: usize, node: usize) -> i32 {
        self.mixers.mix(inputs, [sets[0], sets[1], depth * N_BUCKETS + self.bucket], node)
    }

    /// The probability of these log odds in the light of the network's certainty.
    #[inline(always)]
    pub(super) fn refine(&mut self, odds: i32, node: usize) -> u32 {
        self.refinement.refine(odds, self.bucket * N_NODES + node)
    }

    /// Learns the decision.
    #[inline(always)]
    pub(super) fn learn(&mut self, inputs: &Inputs, bit: u32, rate: i32, rate_second: i32) {
        self.mixers.learn(inputs, bit, rate, rate_second);
        self.refinement.learn(bit, 5);
    }
}

/// The share of a part in units of 2^-16, from 1 to 65535; a half if there is nothing.
#[inline(always)]
pub(super) fn share(part: u32, all: u32) -> u32 {
    match all {
        0 => 1 << 15,
        _ => ((u64::from(part) << 16) / u64::from(all)).clamp(1, 65535) as u32,
    }
}

//! Choice: which law a momentum follows.
//!
//! In: what is known, the truth. Out: the law that takes the fewest bits.
//! Not here: how the choice and the rest are coded (`momenta`).
//! Holds: only the encoder measures; a wrong measure costs bytes.

use super::known::{Choice, Known, Subject, along, axis, emitted, recoilers};
use super::numbers::{exponent, in_interval};
use hepz_transforms::laws::decay::Decay;
use hepz_transforms::laws::kinematics::{Momentum, Transformation, add, mass};
use hepz_transforms::laws::lattice::Ranks;

/// A law that misses by more bits than this is none.
const MISS: u32 = 44;

/// What a particle could be, if one goes in.
pub struct Ways {
    /// The mother's four-momentum, or that of the beam of the last event.
    pub same: Option<[i64; 4]>,
    /// The mother's momentum, if the particle is the only one that goes out.
    pub scaled: Option<Momentum>,
    /// How its system moves.
    pub motion: Option<Transformation>,
}

/// The law, and which of several imbalances or recoilers it takes.
pub fn choose(on: &Ranks, known: &Known, subject: &Subject<'_>, ways: &Ways) -> (Choice, usize) {
    let left = subject.outgoing.len().saturating_sub(subject.place);
    let (mut choice, mut entry) = (Choice::Free, 0);
    let truth = &subject.truth;
    let mut least = 3 * size(on.nearest(1.5) - on.nearest(1.0)) + 6;
    let mut offer = |bits: u32, offered: Choice, at: usize| {
        if bits < least {
            (least, choice, entry) = (bits, offered, at);
        }
    };
    if ways.same == Some(*truth) {
        offer(0, Choice::Same, 0);
    } else {
        if subject.whole && left == 1 {
            offer(miss(on, &subject.rest, truth) + 1, Choice::Balance, 0);
        }
        if let Some(parent) = ways.scaled {
            if let Some(map) = ways.motion {
                offer(miss(on, &map.apply(parent), truth) + 1, Choice::Boost, 0);
            }
            for (at, &imbalance) in known.ledger.iter().rev().enumerate() {
                offer(miss(on, &add(parent, imbalance), truth) + 6, Choice::Ledger, at);
            }
            let c = axis(&parent);
            if in_interval(on, (parent[c].min(0.0), parent[c].max(0.0)), truth[c]) {
                let bits = miss(on, &along(&parent, c, on.value(truth[c])), truth);
                offer(bits + size(on.nearest(1.5) - on.nearest(1.0)) + 3, Choice::Scale, 0);
            }
        }
        if subject.whole && left == 1 && subject.incoming.len() == 1 && subject.outgoing.len() > 1 {
            for (at, recoiler) in recoilers(known, subject.p).enumerate().take(32) {
                if let Some(predicted) = emitted(subject.rest, known.momenta[recoiler], subject.mass) {
                    offer(miss(on, &predicted, truth) + 6, Choice::Emission, at);
                }
            }
        }
        if known.recoils.binary_search_by_key(&(subject.p as u32), |recoil| recoil.0).is_ok() {
            let whole = size(on.nearest(1.5) - on.nearest(1.0));
            for (at, imbalance) in known.ledger.iter().rev().enumerate() {
                let c = axis(imbalance);
                let predicted = along(imbalance, c, on.value(truth[c]));
                offer(miss(on, &predicted, truth).saturating_add(whole + 9), Choice::Against, at);
            }
        }
        if subject.whole && left == 2 {
            if let Some(bits) =
                decay_of(subject, known, subject.rest, false).and_then(|decay| decay_bits(on, &decay, truth))
            {
                offer(bits + 2, Choice::Decay, 0);
            }
            if subject.incoming.len() == 1 {
                for (at, &imbalance) in known.ledger.iter().rev().enumerate() {
                    let total = add(subject.rest, imbalance);
                    if let Some(bits) =
                        decay_of(subject, known, total, true).and_then(|decay| decay_bits(on, &decay, truth))
                    {
                        offer(bits + 7, Choice::LedgerDecay, at);
                    }
                }
            }
        }
    }
    (choice, entry)
}

/// Bits of a difference.
pub fn size(difference: i64) -> u32 {
    64 - difference.unsigned_abs().leading_zeros()
}

/// Bits that the three components miss a prediction by.
fn miss(on: &Ranks, predicted: &Momentum, truth: &[i64; 4]) -> u32 {
    let mut sum = 0;
    for c in 0..3 {
        let bits = size(on.nearest(predicted[c]).wrapping_sub(truth[c]));
        if bits > MISS {
            return 1000;
        }
        sum += bits;
    }
    sum
}

/// The two bodies that are left of `total`.
pub fn decay_of(subject: &Subject<'_>, known: &Known, total: Momentum, borrowed: bool) -> Option<Decay> {
    let second = *subject.outgoing.get(subject.place + 1)? as usize;
    let of = match subject.mother {
        Some(mother) if subject.incoming.len() == 1 && subject.place == 0 && !borrowed => {
            known.masses[mother]
        }
        _ => mass(total),
    };
    Decay::new(total, of, subject.mass, *known.masses.get(second)?)
}

/// Bits that a decay takes: the two free components, the miss of the third.
fn decay_bits(on: &Ranks, decay: &Decay, truth: &[i64; 4]) -> Option<u32> {
    let range = decay.px();
    if !in_interval(on, range, truth[0]) {
        return None;
    }
    let px = on.value(truth[0]);
    let range_y = decay.py(px);
    if !in_interval(on, range_y, truth[1]) {
        return None;
    }
    let (low, high, _) = decay.pz(px, on.value(truth[1]));
    let one = size(on.nearest(low).wrapping_sub(truth[2]));
    let other = size(on.nearest(high).wrapping_sub(truth[2]));
    let least = one.min(other);
    let spread = |(a, b): (f64, f64), rank: i64| {
        let step = (on.value(rank + 1) - on.value(rank)).abs();
        exponent((b - a) / step).clamp(0, 64) as u32
    };
    (least <= MISS).then(|| spread(range, truth[0]) + spread(range_y, truth[1]) + least + 1)
}

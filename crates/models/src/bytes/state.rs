//! Bit histories: what one context saw, in a byte.
//!
//! In: a decision. Out: the next state. State 0 has seen nothing; a higher state has seen more, or as much.
//! Not here: the price of a state, which each context learns (`mod`).
//! Holds: the table is computed at compile time; its test pins it, because it decides what bytes mean on disk.
//! Source: pairs of bounded counts, the older evidence fading when contradicted, as in PAQ6; bounds and fading are our own.

/// The larger count stays within this, by the smaller one.
const LIMITS: [u8; 7] = [40, 32, 16, 10, 8, 7, 6];
/// States with both kinds of decisions and at most so many in all also know the last one.
const N_WITH_LAST: u8 = 8;

/// What a state stands for.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) zeros: u8,
    pub(super) ones: u8,
    last: u8,
}

/// What is left of a count that was contradicted.
const fn fade(count: u8) -> u8 {
    match count {
        0..=2 => count,
        3 => 2,
        4..=5 => 3,
        6..=8 => 4,
        9..=14 => 5,
        _ => 6,
    }
}

const fn knows_last(zeros: u8, ones: u8) -> bool {
    zeros > 0 && ones > 0 && zeros + ones <= N_WITH_LAST
}

const fn allowed(zeros: u8, ones: u8) -> bool {
    let (low, high) = if zeros < ones { (zeros, ones) } else { (ones, zeros) };
    (low as usize) < LIMITS.len() && high <= LIMITS[low as usize]
}

/// All states in the order of their totals, and how many there are.
const fn states() -> ([Seen; 256], usize) {
    let mut states = [Seen { zeros: 0, ones: 0, last: 0 }; 256];
    let (mut n, mut total) = (0, 0);
    while total <= 2 * LIMITS[0] {
        let mut ones = 0;
        while ones <= total {
            let zeros = total - ones;
            if allowed(zeros, ones) {
                let mut last = 0;
                while last <= knows_last(zeros, ones) as u8 {
                    states[n] = Seen { zeros, ones, last };
                    n += 1;
                    last += 1;
                }
            }
            ones += 1;
        }
        total += 1;
    }
    (states, n)
}

const fn find(wanted: Seen) -> u8 {
    let (states, n) = states_once();
    let mut at = 0;
    while at < n {
        let state = states[at];
        if state.zeros == wanted.zeros
            && state.ones == wanted.ones
            && (state.last == wanted.last || !knows_last(state.zeros, state.ones))
        {
            return at as u8;
        }
        at += 1;
    }
    0
}

const STATES: ([Seen; 256], usize) = states();

const fn states_once() -> (&'static [Seen; 256], usize) {
    (&STATES.0, STATES.1)
}

const fn next_table() -> [[u8; 256]; 2] {
    let mut table = [[0u8; 256]; 2];
    let mut at = 0;
    while at < STATES.1 {
        let mut bit = 0;
        while bit < 2 {
            let seen = STATES.0[at];
            let (mut same, mut other) =
                if bit == 1 { (seen.ones, seen.zeros) } else { (seen.zeros, seen.ones) };
            other = fade(other);
            same += 1;
            while !if bit == 1 { allowed(other, same) } else { allowed(same, other) } {
                same -= 1;
            }
            let (zeros, ones) = if bit == 1 { (other, same) } else { (same, other) };
            table[bit][at] = find(Seen { zeros, ones, last: bit as u8 });
            bit += 1;
        }
        at += 1;
    }
    table
}

static NEXT: [[u8; 256]; 2] = next_table();

/// The state after one more decision, by the state before.
#[inline(always)]
pub(super) fn next(bit: u32) -> &'static [u8; 256] {
    &NEXT[(bit & 1) as usize]
}

/// The counts of a state.
pub(super) fn seen(state: u8) -> Seen {
    STATES.0[usize::from(state)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_found_again_and_none_is_lost() {
        assert_eq!(STATES.1, 231);
        for state in 0..STATES.1 {
            for bit in 0..2 {
                let next = next(bit)[state];
                assert!(next > 0 && usize::from(next) < STATES.1, "{state} {bit}");
            }
        }
    }
}

//! Logistic tables: probabilities to log odds, and back, in integers.
//!
//! In: probabilities of 12 or 16 bits, log odds in units of 1/256. Out: each other.
//! Not here: who weighs the log odds (`path`, `bytes`).
//! Holds: no floating point; the tables come from integer recurrences, so every machine has the same.
//! Source: M. Mahoney, "Adaptive weighing of context models for lossless data compression", 2005, section 3.

/// Log odds are in units of 1/256 and lie within plus or minus this.
pub const LOG_ODDS_LIMIT: i32 = 3071;

/// `exp(-1 / 256) * 2^62`, rounded down.
const EXP_STEP: u128 = 4_593_706_758_521_714_574;

/// Probabilities of log odds, and log odds of probabilities.
pub struct Logistic {
    squash: [u16; 2 * (LOG_ODDS_LIMIT as usize + 1)],
    stretch: [i16; 4096],
}

impl Logistic {
    const fn new() -> Logistic {
        let mut squash = [0u16; 2 * (LOG_ODDS_LIMIT as usize + 1)];
        // exp(-x / 256) for x = 0, 1, ... in units of 2^-62.
        let mut exp: u128 = 1 << 62;
        let mut x = 0;
        while x <= LOG_ODDS_LIMIT as usize {
            // p = 1 / (1 + exp(-x)), in units of 2^-16, rounded to nearest.
            let one = 1u128 << 62;
            let mut p = ((one << 16) + (one + exp) / 2) / (one + exp);
            if p > 65535 {
                p = 65535;
            }
            let center = LOG_ODDS_LIMIT as usize + 1;
            squash[center + x] = p as u16;
            squash[center - x] = (65536 - p) as u16;
            exp = (exp * EXP_STEP) >> 62;
            x += 1;
        }
        squash[0] = squash[1];
        // The log odds whose probability lies nearest from below to the middle of each cell of 2^-12.
        let mut stretch = [0i16; 4096];
        let mut at = 1;
        let mut cell = 0;
        while cell < 2048 {
            let middle = cell as u32 * 16 + 8;
            while at < squash.len() - 1 && (squash[at] as u32) < middle {
                at += 1;
            }
            stretch[cell] = (at as i32 - (LOG_ODDS_LIMIT + 1)) as i16;
            // Odd by construction: at the ends many log odds share a probability.
            stretch[4095 - cell] = -stretch[cell];
            cell += 1;
        }
        Logistic { squash, stretch }
    }

    /// The probability, in units of 2^-16 and from 1 to 65535, of log odds in units of 1/256.
    #[inline(always)]
    pub fn squash(&self, log_odds: i32) -> u32 {
        let at = log_odds.clamp(-LOG_ODDS_LIMIT, LOG_ODDS_LIMIT) + LOG_ODDS_LIMIT + 1;
        u32::from(self.squash[at as usize])
    }

    /// The log odds, in units of 1/256, of a probability in units of 2^-12 (0 to 4095).
    #[inline(always)]
    pub fn stretch(&self, p12: u32) -> i32 {
        i32::from(self.stretch[(p12 & 4095) as usize])
    }
}

/// The tables.
pub static LOGISTIC: Logistic = Logistic::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_the_logistic_function_to_half_a_unit() {
        for x in -LOG_ODDS_LIMIT..=LOG_ODDS_LIMIT {
            let ideal = 65536.0 / (1.0 + (-f64::from(x) / 256.0).exp());
            let p = f64::from(LOGISTIC.squash(x));
            assert!((p - ideal.clamp(1.0, 65535.0)).abs() <= 0.51, "{x}: {p} {ideal}");
        }
    }

    #[test]
    fn stretch_is_the_inverse_of_squash_and_odd() {
        for p in 0..4096u32 {
            let x = LOGISTIC.stretch(p);
            // One step of log odds moves the probability by at most a 1,024th, where it is a half.
            assert!(LOGISTIC.squash(x).abs_diff(p * 16 + 8) <= 64, "{p}");
            assert_eq!(x + LOGISTIC.stretch(4095 - p), 0, "{p}");
        }
    }
}

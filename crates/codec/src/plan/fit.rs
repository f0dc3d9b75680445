//! Fits: what other columns say about a number, as a sum of bent lines.
//!
//! In: numbers of other columns, coefficients from the plan. Out: an expected value for each row.
//! Not here: who fits (`fitting`), how near the value is to what is expected (`hepz_models`).
//! Holds: only `+ - *` and our own logarithm and exponential; a fit that is wrong costs bytes only.
//!
//! Detectors smear what physics relates: an uncertainty goes with the momentum, a decay length with its projection,
//! but only to some percent. A sum of logarithms says a product, its bends say the rest.

use super::PlanError;
use hepz_container::wire::Cursor;
use hepz_transforms::real;

/// Terms of a fit, at most: one for each column.
pub const MOST_TERMS: usize = 4;

/// Bends of a fit, at most.
pub const MOST_BENDS: usize = 12;

/// How the number of an input enters the sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// Its logarithm, not itself.
    pub logarithm: bool,
    /// What it is multiplied with, where only some terms are summed.
    pub share: f32,
    /// What it is multiplied with.
    pub slope: f32,
}

/// Where a sum of some terms, each with its share, exceeds a bound, the slope changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bend {
    /// One bit for each term that is summed.
    pub terms: u8,
    /// The bound.
    pub from: f32,
    /// How much the slope changes.
    pub slope: f32,
}

/// A fitted expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The logarithm of the magnitude is fitted, not the number.
    pub logarithm: bool,
    /// Signs that a magnitude may have: positive, negative.
    pub signs: [bool; 2],
    /// Value where all terms are 0.
    pub constant: f32,
    /// Terms, one for each column.
    pub terms: Vec<Term>,
    /// Bends.
    pub bends: Vec<Bend>,
}

/// The number as a fit sees it: anything becomes something finite.
pub fn seen(number: f64, logarithm: bool) -> f64 {
    let magnitude = if number < 0.0 { -number } else { number };
    if logarithm {
        if magnitude.is_finite() && magnitude > 1e-30 { real::ln(magnitude) } else { -69.0 }
    } else if magnitude < 1e15 {
        number
    } else {
        0.0
    }
}

/// The sum of the terms that `terms` names, with their shares.
pub fn shared(seen: &[f64], shares: &[f64], terms: u8) -> f64 {
    let mut sum = 0.0;
    for (at, (&value, &share)) in seen.iter().zip(shares).enumerate() {
        if terms >> at & 1 == 1 {
            sum += value * share;
        }
    }
    sum
}

impl Fit {
    /// What is expected where the inputs have these numbers; the magnitude if logarithms are fitted.
    pub fn expect(&self, numbers: &[f64]) -> f64 {
        let mut inputs = [0.0; MOST_TERMS];
        let mut shares = [0.0; MOST_TERMS];
        let mut sum = f64::from(self.constant);
        for (at, (term, &number)) in self.terms.iter().zip(numbers).enumerate().take(MOST_TERMS) {
            inputs[at] = seen(number, term.logarithm);
            shares[at] = f64::from(term.share);
            sum += f64::from(term.slope) * inputs[at];
        }
        for bend in &self.bends {
            let over = shared(&inputs, &shares, bend.terms) - f64::from(bend.from);
            if over > 0.0 {
                sum += f64::from(bend.slope) * over;
            }
        }
        if self.logarithm { real::exp(sum.clamp(-600.0, 600.0)) } else { sum }
    }

    /// Appends the stored form.
    pub fn write(&self, into: &mut Vec<u8>) {
        into.push(u8::from(self.logarithm) | (self.terms.len() as u8) << 1 | (self.bends.len() as u8) << 4);
        let put = |into: &mut Vec<u8>, number: f32| into.extend_from_slice(&number.to_le_bytes());
        put(into, self.constant);
        let logarithms =
            self.terms.iter().enumerate().map(|(at, term)| u8::from(term.logarithm) << at).sum::<u8>();
        into.push(logarithms << 2 | u8::from(self.signs[1]) << 1 | u8::from(self.signs[0]));
        for term in &self.terms {
            put(into, term.share);
            put(into, term.slope);
        }
        for bend in &self.bends {
            into.push(bend.terms);
            put(into, bend.from);
            put(into, bend.slope);
        }
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`PlanError`] if no writer writes it.
    pub fn read(bytes: &mut Cursor<'_>) -> Result<Fit, PlanError> {
        let head = bytes.u8()?;
        let (n_terms, n_bends) = (usize::from(head >> 1 & 7), usize::from(head >> 4));
        if !(1..=MOST_TERMS).contains(&n_terms) || n_bends > MOST_BENDS {
            return Err(PlanError::Corrupt("a fit that no writer writes"));
        }
        let number = |bytes: &mut Cursor<'_>| -> Result<f32, PlanError> {
            let number = f32::from_le_bytes(bytes.bytes(4)?.try_into().unwrap_or_default());
            if number.is_finite() { Ok(number) } else { Err(PlanError::Corrupt("a fit without a number")) }
        };
        let constant = number(bytes)?;
        let how = bytes.u8()?;
        let mut terms = Vec::with_capacity(n_terms);
        for at in 0..n_terms {
            let logarithm = how >> (at + 2) & 1 == 1;
            terms.push(Term { logarithm, share: number(bytes)?, slope: number(bytes)? });
        }
        let mut bends = Vec::with_capacity(n_bends);
        for _ in 0..n_bends {
            bends.push(Bend { terms: bytes.u8()?, from: number(bytes)?, slope: number(bytes)? });
        }
        let signs = [how & 1 == 1, how & 2 == 2];
        Ok(Fit { logarithm: head & 1 == 1, signs, constant, terms, bends })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product_with_a_bend() -> Fit {
        let terms = vec![
            Term { logarithm: true, share: 1.0, slope: 1.0 },
            Term { logarithm: true, share: -1.0, slope: -1.0 },
        ];
        let bends = vec![Bend { terms: 3, from: 0.0, slope: 1.0 }];
        Fit { logarithm: true, signs: [true, true], constant: 0.0, terms, bends }
    }

    #[test]
    fn a_sum_of_logarithms_is_a_quotient_and_a_bend_squares_it() {
        let fit = product_with_a_bend();
        assert!((fit.expect(&[1.0, 2.0]) - 0.5).abs() < 1e-12);
        assert!((fit.expect(&[6.0, -2.0]) - 9.0).abs() < 1e-12);
        for odd in [f64::NAN, f64::INFINITY, 0.0, f64::MIN_POSITIVE, -1e308] {
            assert!(fit.expect(&[odd, odd]).is_finite() && fit.expect(&[odd, 1.0]).is_finite());
        }
    }

    #[test]
    fn a_fit_reads_what_it_wrote_and_refuses_the_rest() {
        let fit = product_with_a_bend();
        let mut bytes = Vec::new();
        fit.write(&mut bytes);
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(Fit::read(&mut cursor).expect("it reads"), fit);
        assert_eq!(cursor.remaining(), 0);
        for end in 0..bytes.len() {
            assert!(Fit::read(&mut Cursor::new(&bytes[..end])).is_err());
        }
        bytes[1..5].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(Fit::read(&mut Cursor::new(&bytes)).is_err());
    }
}

//! Check: is a stored column what its contract promises?
//!
//! In: a contract, the original values, the stored values. Out: [`Violations`], empty if the promise is kept.
//! Not here: how stored values came about (`reduce`); this holds for those of any program.
//! Holds: every row is compared, exactly.

use hepz_columns::Values;

use crate::contract::{Contract, ContractError};

/// A row that breaks its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The row.
    pub row: u64,
    /// The pattern that was there.
    pub original: u64,
    /// The pattern that is stored.
    pub stored: u64,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    /// Rows compared.
    pub rows: u64,
    /// Rows that break the contract.
    pub n_violated: u64,
    /// Rows that only one of the columns has; every one of them is a violation of its own.
    pub n_unpaired: u64,
    /// The types differ, so no row could be compared.
    pub other_type: bool,
    /// The first of the rows that break the contract, at most [`Violations::EXAMPLES`].
    pub examples: Vec<Violation>,
}

impl Violations {
    /// How many examples are kept.
    pub const EXAMPLES: usize = 8;

    /// True if the contract is kept.
    pub fn is_empty(&self) -> bool {
        self.n_violated == 0 && self.n_unpaired == 0 && !self.other_type
    }
}

/// Compares two columns under a contract. A range that is not known is that of `original`.
///
/// # Errors
/// [`ContractError`] never for contracts that [`Contract::new`] made.
pub fn check(contract: &Contract, original: &Values, stored: &Values) -> Result<Violations, ContractError> {
    let mut found = Violations::default();
    if original.scalar() != stored.scalar() {
        found.other_type = true;
        return Ok(found);
    }
    let reducer = contract.resolved(contract.extent(original)).on(original.scalar())?;
    let rows = original.len().min(stored.len());
    found.rows = rows as u64;
    found.n_unpaired = original.len().abs_diff(stored.len()) as u64;
    for row in 0..rows {
        let (original, stored) = (original.raw(row), stored.raw(row));
        if !reducer.allows(original, stored) {
            found.n_violated += 1;
            if found.examples.len() < Violations::EXAMPLES {
                found.examples.push(Violation { row: row as u64, original, stored });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Promise;
    use hepz_columns::Scalar;

    fn singles(values: &[f32]) -> Values {
        let raw: Vec<u64> = values.iter().map(|x| u64::from(x.to_bits())).collect();
        Values::from_raw(Scalar::F32, &raw)
    }

    fn violated(promise: Promise, specials: &[f64], original: f32, stored: f32) -> bool {
        let contract = Contract::new(promise, specials).unwrap();
        !check(&contract, &singles(&[original]), &singles(&[stored])).unwrap().is_empty()
    }

    #[test]
    fn a_value_beyond_its_bound_is_found() {
        let absolute = Promise::Absolute { bound: 0.5 };
        assert!(!violated(absolute, &[], 1.0, 1.5));
        assert!(violated(absolute, &[], 1.0, f32::from_bits(1.5f32.to_bits() + 1)));
        let relative = Promise::Relative { fraction: 0.25 };
        assert!(!violated(relative, &[], 4.0, 5.0));
        assert!(!violated(relative, &[], -4.0, -3.0));
        assert!(violated(relative, &[], 4.0, f32::from_bits(5f32.to_bits() + 1)));
        assert!(violated(relative, &[], 4.0, f32::from_bits(3f32.to_bits() - 1)));
        assert!(violated(relative, &[], 1e-45, 0.0));
        assert!(violated(relative, &[], 4.0, -4.0));
        let bits = Promise::KeptBits { kept: 7 };
        assert!(!violated(bits, &[], 1.0, 1.0 + 1.0 / 256.0));
        assert!(violated(bits, &[], 1.0, 1.0 + 1.0 / 255.0));
        assert!(!violated(bits, &[], 2.0, 2.0 - 1.0 / 128.0));
        assert!(violated(bits, &[], 2.0, 2.0 - 1.0 / 126.0));
        let digits = Promise::Digits { digits: 2 };
        assert!(!violated(digits, &[], 99.0, 99.4));
        assert!(violated(digits, &[], 99.0, 99.6));
        assert!(!violated(digits, &[], 101.0, 105.9));
    }

    #[test]
    fn what_must_stay_must_stay() {
        let absolute = Promise::Absolute { bound: 10.0 };
        assert!(violated(absolute, &[], f32::NAN, 1.0));
        assert!(violated(absolute, &[], f32::INFINITY, f32::MAX));
        assert!(violated(absolute, &[], f32::MAX, f32::INFINITY));
        assert!(violated(absolute, &[], f32::from_bits(0x7f80_0001), f32::NAN));
        assert!(violated(absolute, &[-999.0], -999.0, -998.0));
        assert!(violated(absolute, &[-999.0], -998.0, -999.0), "a value became the special one");
        assert!(!violated(absolute, &[-999.0], -998.0, -997.0));
        assert!(violated(Promise::Exact, &[], 0.0, -0.0));
    }

    #[test]
    fn columns_of_other_length_or_type_are_no_match() {
        let contract = Contract::exact();
        assert_eq!(check(&contract, &singles(&[1.0; 3]), &singles(&[1.0])).unwrap().n_unpaired, 2);
        let doubles = Values::from_raw(Scalar::F64, &[0]);
        assert!(check(&contract, &singles(&[0.0]), &doubles).unwrap().other_type);
        let integers = |x| Values::from_raw(Scalar::I32, &[x]);
        let loose = Contract::new(Promise::Absolute { bound: 1e9 }, &[]).unwrap();
        assert_eq!(check(&loose, &integers(1), &integers(2)).unwrap().n_violated, 1);
    }
}

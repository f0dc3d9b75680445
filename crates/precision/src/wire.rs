//! Wire: contracts as bytes in an archive.
//!
//! In: a contract. Out: bytes with exactly one spelling, and the contract back.
//! Not here: where in an archive they stand (`hepz`).
//! Holds: numbers are little-endian; wire numbers are appended, never reused; what no writer makes is refused, and
//! nothing is allocated because a count claims it.

use crate::contract::{Contract, ContractError, Promise, SPECIALS_MAX};

/// Why bytes are no contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes end inside the contract.
    #[error("the contract ends early")]
    Ended,
    /// A kind of promise that this version does not know.
    #[error("the promise has the unknown number {id}")]
    UnknownPromise {
        /// Its wire number.
        id: u8,
    },
    /// The numbers make no contract.
    #[error("the contract is not sound: {0}")]
    Contract(#[from] ContractError),
    /// The same contract has another spelling, or bytes are left over.
    #[error("the contract is not spelled as a writer spells it")]
    NotCanonical,
}

/// Takes numbers from the front of bytes.
struct Front<'a>(&'a [u8]);

impl Front<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(WireError::Ended)?;
        self.0 = rest;
        Ok(*first)
    }

    fn byte(&mut self) -> Result<u8, WireError> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<f64, WireError> {
        self.take().map(f64::from_le_bytes)
    }
}

impl Contract {
    /// The bytes of the contract: number of the promise, its parameters, number of special values, the special
    /// values.
    ///
    /// | number | promise | parameters |
    /// |---|---|---|
    /// | 0 | exact | - |
    /// | 1 | kept bits | u8 |
    /// | 2 | absolute | f64 bound |
    /// | 3 | relative | f64 fraction |
    /// | 4 | of the range | f64 fraction; u8 1 and f64 range, or u8 0 |
    /// | 5 | significant digits | u8 |
    /// | 6 | decimals | i16 |
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.promise() {
            Promise::Exact => bytes.push(0),
            Promise::KeptBits { kept } => bytes.extend([1, kept as u8]),
            Promise::Absolute { bound } => {
                bytes.push(2);
                bytes.extend(bound.to_le_bytes());
            }
            Promise::Relative { fraction } => {
                bytes.push(3);
                bytes.extend(fraction.to_le_bytes());
            }
            Promise::RangeRelative { fraction, range } => {
                bytes.push(4);
                bytes.extend(fraction.to_le_bytes());
                bytes.push(u8::from(range.is_some()));
                bytes.extend(range.iter().flat_map(|range| range.to_le_bytes()));
            }
            Promise::Digits { digits } => bytes.extend([5, digits as u8]),
            Promise::Decimals { decimals } => {
                bytes.push(6);
                bytes.extend((decimals as i16).to_le_bytes());
            }
        }
        bytes.push(self.specials().len() as u8);
        bytes.extend(self.specials().iter().flat_map(|special| special.to_le_bytes()));
        bytes
    }

    /// The contract of exactly these bytes.
    ///
    /// # Errors
    /// [`WireError`] for bytes that [`Contract::to_bytes`] does not make.
    pub fn from_bytes(bytes: &[u8]) -> Result<Contract, WireError> {
        let mut front = Front(bytes);
        let promise = match front.byte()? {
            0 => Promise::Exact,
            1 => Promise::KeptBits { kept: front.byte()?.into() },
            2 => Promise::Absolute { bound: front.number()? },
            3 => Promise::Relative { fraction: front.number()? },
            4 => {
                let fraction = front.number()?;
                let known = front.byte()? != 0;
                let range = if known { Some(front.number()?) } else { None };
                Promise::RangeRelative { fraction, range }
            }
            5 => Promise::Digits { digits: front.byte()?.into() },
            6 => Promise::Decimals { decimals: i16::from_le_bytes(front.take()?).into() },
            id => return Err(WireError::UnknownPromise { id }),
        };
        let specials = usize::from(front.byte()?);
        if specials > SPECIALS_MAX {
            return Err(ContractError::Specials.into());
        }
        let specials = (0..specials).map(|_| front.number()).collect::<Result<Vec<f64>, WireError>>()?;
        let contract = Contract::new(promise, &specials)?;
        if contract.to_bytes() == bytes { Ok(contract) } else { Err(WireError::NotCanonical) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn contracts() -> Vec<Contract> {
        let promises = [
            Promise::Exact,
            Promise::KeptBits { kept: 10 },
            Promise::Absolute { bound: 1e-3 },
            Promise::Relative { fraction: 0.01 },
            Promise::RangeRelative { fraction: 1e-4, range: None },
            Promise::RangeRelative { fraction: 1e-4, range: Some(17.5) },
            Promise::Digits { digits: 4 },
            Promise::Decimals { decimals: -3 },
        ];
        let specials: [&[f64]; 3] = [&[], &[0.0], &[-999.0, 1e30]];
        promises.into_iter().flat_map(|p| specials.map(|s| Contract::new(p, s).unwrap())).collect()
    }

    #[test]
    fn every_contract_comes_back_and_every_prefix_is_refused() {
        for contract in contracts() {
            let bytes = contract.to_bytes();
            assert_eq!(Contract::from_bytes(&bytes), Ok(contract));
            for end in 0..bytes.len() {
                assert_eq!(Contract::from_bytes(&bytes[..end]), Err(WireError::Ended));
            }
            let longer = [bytes.as_slice(), &[0]].concat();
            assert_eq!(Contract::from_bytes(&longer), Err(WireError::NotCanonical));
        }
    }

    #[test]
    fn a_flipped_bit_gives_an_error_or_the_contract_that_has_these_bytes() {
        for contract in contracts() {
            let bytes = contract.to_bytes();
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                if let Ok(other) = Contract::from_bytes(&flipped) {
                    assert_eq!(other.to_bytes(), flipped);
                    assert_ne!(other, contract);
                }
            }
        }
        assert_eq!(Contract::from_bytes(&[7, 0]), Err(WireError::UnknownPromise { id: 7 }));
        // Special values that do not rise: 1 and 1.
        let doubled = [vec![0, 2], 1f64.to_le_bytes().to_vec(), 1f64.to_le_bytes().to_vec()].concat();
        assert_eq!(Contract::from_bytes(&doubled), Err(WireError::NotCanonical));
    }
}

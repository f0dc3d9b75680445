//! Forecasters: which network looks at which columns, and what its outcomes stand for.
//!
//! In: what was fitted, or bytes. Out: each other.
//! Not here: activations (`activations`), fitting (`lesson`), arithmetic (`hepz-neural`), mixing (`hepz-models`).
//! Holds: reading checks every index and side.

use super::input::{Input, Link, RowMap, put_input, read_input};
use super::{ColumnId, PlanError};
use hepz_columns::Table;
use hepz_container::wire::{Cursor, put_varint};
use hepz_neural::softmax::MOST_OUTCOMES;
use hepz_neural::value::ValueNetwork;
use hepz_neural::wire::{Numbers, Reader};

/// Features of one network at most, and activations.
const MOST_FEATURES: usize = 256;
pub const MOST_ACTIVATIONS: usize = 512;

/// Ranks of [`Shape::Scores`].
pub const SCORED_RANKS: usize = 27;

/// A column as one or more activations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// The column, and which of its rows.
    pub input: Input,
    /// How a value becomes activations.
    pub shape: Shape,
}

/// How a value becomes activations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One activation: ranks of some quantiles of a sample become their normal scores, ranks in between are interpolated.
    /// Ranks do not fall.
    Scores(Vec<u64>),
    /// One activation for each of these ranks, in rising order: 1 if the value has it, else 0.
    OneOf(Vec<u64>),
}

/// A network that forecasts one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecaster {
    /// What it looks at.
    pub features: Vec<Feature>,
    /// First path value of each interval, rising, and one behind the last.
    pub bounds: Vec<u64>,
    /// From activations to frequencies of the intervals.
    pub network: ValueNetwork,
}

impl Forecaster {
    /// The columns it looks at.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.features.iter().map(|feature| &feature.input)
    }

    /// The stored form; integers of the network go to `numbers`.
    pub fn write(&self, into: &mut Vec<u8>, numbers: &mut Numbers, from: ColumnId) {
        put_varint(into, self.features.len() as u64);
        for feature in &self.features {
            feature.write(into, from);
        }
        put_rising(into, &self.bounds);
        self.network.write(numbers);
    }

    /// Reads what it looks at and its bounds.
    ///
    /// # Errors
    /// [`PlanError`] if no writer of a known version produces it.
    pub fn read_description(
        bytes: &mut Cursor<'_>,
        from: ColumnId,
        tables: &[Table],
        links: &[Option<Link>],
    ) -> Result<(Vec<Feature>, Vec<u64>), PlanError> {
        let n = bytes.count(1)?;
        if n > MOST_FEATURES {
            return Err(PlanError::Corrupt("a network that looks at too much"));
        }
        let features: Vec<Feature> =
            (0..n).map(|_| Feature::read(bytes, from, tables, links)).collect::<Result<_, _>>()?;
        if features.iter().any(|f| f.input.id == from || f.input.map == RowMap::Base) {
            return Err(PlanError::Corrupt("a network that looks at its own column"));
        }
        Ok((features, read_rising(bytes, MOST_OUTCOMES + 1)?))
    }

    /// Reads the network.
    ///
    /// # Errors
    /// [`PlanError`] if no writer of a known version produces it, or if it does not fit.
    pub fn read(
        features: Vec<Feature>,
        bounds: Vec<u64>,
        numbers: &mut Reader<'_>,
    ) -> Result<Forecaster, PlanError> {
        let network =
            ValueNetwork::read(numbers).map_err(|_| PlanError::Corrupt("a network that no writer writes"))?;
        let activations: usize = features.iter().map(Feature::activations).sum();
        let rising = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        if activations != network.inputs() || bounds.len() != network.outcomes() + 1 || !rising {
            return Err(PlanError::Corrupt("a network that does not fit its column"));
        }
        Ok(Forecaster { features, bounds, network })
    }
}

impl Feature {
    /// How many activations it is.
    pub fn activations(&self) -> usize {
        match &self.shape {
            Shape::Scores(_) => 1,
            Shape::OneOf(ranks) => ranks.len(),
        }
    }

    /// The stored form.
    pub fn write(&self, into: &mut Vec<u8>, from: ColumnId) {
        put_input(into, &self.input, from);
        match &self.shape {
            Shape::Scores(ranks) => {
                into.push(0);
                put_rising(into, ranks);
            }
            Shape::OneOf(ranks) => {
                into.push(1);
                put_rising(into, ranks);
            }
        }
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`PlanError`] if no writer of a known version produces it.
    pub fn read(
        bytes: &mut Cursor<'_>,
        from: ColumnId,
        tables: &[Table],
        links: &[Option<Link>],
    ) -> Result<Feature, PlanError> {
        let input = read_input(bytes, from, tables, links)?;
        let shape = match bytes.u8()? {
            0 => Shape::Scores(read_rising(bytes, SCORED_RANKS)?),
            1 => Shape::OneOf(read_rising(bytes, MOST_ACTIVATIONS)?),
            _ => return Err(PlanError::TooNew),
        };
        let sound = match &shape {
            Shape::Scores(ranks) => ranks.len() == SCORED_RANKS,
            Shape::OneOf(ranks) => !ranks.is_empty(),
        };
        if sound {
            Ok(Feature { input, shape })
        } else {
            Err(PlanError::Corrupt("a feature of no activation"))
        }
    }
}

/// Writes numbers that do not fall.
pub fn put_rising(into: &mut Vec<u8>, numbers: &[u64]) {
    put_varint(into, numbers.len() as u64);
    let mut before = 0;
    for &number in numbers {
        put_varint(into, number - before);
        before = number;
    }
}

/// Reads them.
pub fn read_rising(bytes: &mut Cursor<'_>, most: usize) -> Result<Vec<u64>, PlanError> {
    let n = bytes.count(1)?;
    if n > most {
        return Err(PlanError::Corrupt("a network with too many bounds"));
    }
    let mut before = 0u64;
    (0..n)
        .map(|_| {
            before =
                before.checked_add(bytes.varint()?).ok_or(PlanError::Corrupt("bounds beyond all numbers"))?;
            Ok(before)
        })
        .collect()
}

/// Writes the integers of networks.
pub fn put_numbers(into: &mut Vec<u8>, numbers: &Numbers) {
    put_varint(into, numbers.small.len() as u64);
    put_varint(into, numbers.medium.len() as u64);
    put_varint(into, numbers.wide.len() as u64);
    into.extend(numbers.small.iter().map(|&number| number as u8));
    let mut put = |number: i32| put_varint(into, u64::from(((number << 1) ^ (number >> 31)) as u32));
    numbers.medium.iter().for_each(|&number| put(i32::from(number)));
    numbers.wide.iter().for_each(|&number| put(number));
}

/// Reads the integers of networks.
///
/// # Errors
/// [`PlanError`] if they are cut or too wide.
pub fn read_numbers(bytes: &mut Cursor<'_>) -> Result<Numbers, PlanError> {
    let [small, medium, wide] = [bytes.count(1)?, bytes.count(1)?, bytes.count(1)?];
    let small = bytes.bytes(small)?.iter().map(|&byte| byte as i8).collect();
    let mut number = || -> Result<i32, PlanError> {
        let zigzag =
            u32::try_from(bytes.varint()?).map_err(|_| PlanError::Corrupt("a number that is too wide"))?;
        Ok((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
    };
    let narrow =
        |number: i32| i16::try_from(number).map_err(|_| PlanError::Corrupt("a number that is too wide"));
    let medium = (0..medium).map(|_| narrow(number()?)).collect::<Result<_, _>>()?;
    let wide = (0..wide).map(|_| number()).collect::<Result<_, _>>()?;
    Ok(Numbers { small, medium, wide })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rising_numbers_come_back() {
        let numbers = [0, 0, 7, u64::MAX];
        let mut bytes = Vec::new();
        put_rising(&mut bytes, &numbers);
        assert_eq!(read_rising(&mut Cursor::new(&bytes), 4).unwrap(), numbers);
        assert!(read_rising(&mut Cursor::new(&bytes), 3).is_err());
        assert!(read_rising(&mut Cursor::new(&bytes[..2]), 4).is_err());
    }
}

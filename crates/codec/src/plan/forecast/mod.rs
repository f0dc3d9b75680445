//! Forecasts of columns: which network looks at which columns, and what its outcomes stand for.
//!
//! In: the columns known so far. Out: activations of each coded row, bounds of the intervals; the stored form of both.
//! Not here: the network's arithmetic (`hepz-neural`), how its opinion is mixed (`hepz-models`), fitting (`lesson`).
//! Holds: activations are integers that follow from the columns alone; reading checks every index and side.

mod features;
pub mod lesson;

pub use features::Feature;

use super::column::{Input, Link, RowMap};
use super::domain::Domain;
use super::known::Known;
use super::{ColumnId, PlanError};
use hepz_columns::Table;
use hepz_container::wire::{Cursor, put_varint};
use hepz_models::forecast::Forecasts;
use hepz_neural::kernel::Kernel;
use hepz_neural::softmax::MOST_OUTCOMES;
use hepz_neural::value::ValueNetwork;
use hepz_neural::wire::{Numbers, Reader};

/// Features of one network at most, and activations.
const MOST_FEATURES: usize = 256;
const MOST_ACTIVATIONS: usize = 512;

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

/// Activations of the values with a path, and what is needed to make forecasts of them.
pub struct Prepared<'a> {
    forecaster: &'a Forecaster,
    activations: Vec<i16>,
}

impl Forecaster {
    /// Looks at the columns for each coded row that `keep` keeps.
    ///
    /// # Errors
    /// [`PlanError::Corrupt`] if a column is not known.
    pub fn prepare(
        &self,
        id: ColumnId,
        known: &Known<'_>,
        domain: &Domain,
        keep: &[bool],
    ) -> Result<Prepared<'_>, PlanError> {
        Ok(Prepared {
            forecaster: self,
            activations: features::activations(&self.features, id, known, domain, keep)?,
        })
    }

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
        features::put_rising(into, &self.bounds);
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
        Ok((features, features::read_rising(bytes, MOST_OUTCOMES + 1)?))
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

impl Prepared<'_> {
    /// Ready for the walk.
    pub fn forecasts(&self) -> Option<Forecasts<'_>> {
        let Forecaster { network, bounds, .. } = self.forecaster;
        Forecasts::new(network, Kernel::best(), &self.activations, bounds)
    }
}

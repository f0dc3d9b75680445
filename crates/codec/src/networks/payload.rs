//! Payloads: networks and their description as one byte string, whose SHA-256 is the model's identity.
//!
//! In: a description and [`Networks`]; or float columns of a checkpoint. Out: bytes, and back.
//! Not here: what lies around them (`file`), how columns are coded (`columns`).
//! Holds: equal networks under equal descriptions give equal bytes; what was read is what was written, to the last number.

use super::{ByteNetwork, ModelError, Networks, columns};
use crate::engine::Engine;
use crate::packing::{pack, unpack};
use hepz_columns::{Scalar, Values};
use hepz_container::FormatVersion;
use hepz_container::wire::{Cursor, put_bytes, put_varint};
use hepz_neural::wire::Numbers;

/// The newest version of model files.
pub const MODEL_VERSION: FormatVersion = FormatVersion { major: 0, minor: 1 };
/// A description is at most so long.
const DESCRIPTION_BYTES: u64 = 1 << 20;
/// Networks of one model, or columns of a checkpoint, at most.
const MOST_PARTS: usize = 1 << 16;

/// Kinds of networks.
const OF_BYTES: u8 = 0;
const OF_VALUES: u8 = 1;

fn version(into: &mut Vec<u8>) {
    into.extend([MODEL_VERSION.major, MODEL_VERSION.minor]);
}

fn check_version(cursor: &mut Cursor<'_>) -> Result<(), ModelError> {
    let version = FormatVersion { major: cursor.u8()?, minor: cursor.u8()? };
    if version > MODEL_VERSION {
        return Err(ModelError::TooNew {
            what: format!("version {version}, read are versions up to {MODEL_VERSION}"),
        });
    }
    Ok(())
}

/// The name of each network, and their numbers one after the other, by width.
struct Parts {
    names: Vec<(String, [usize; 3])>,
    numbers: Numbers,
}

impl Parts {
    fn of<'a>(networks: impl Iterator<Item = (&'a str, &'a Numbers)>) -> Parts {
        let mut parts = Parts { names: Vec::new(), numbers: Numbers::default() };
        for (name, numbers) in networks {
            let lengths = [numbers.small.len(), numbers.medium.len(), numbers.wide.len()];
            parts.names.push((name.to_owned(), lengths));
            parts.numbers.small.extend_from_slice(&numbers.small);
            parts.numbers.medium.extend_from_slice(&numbers.medium);
            parts.numbers.wide.extend_from_slice(&numbers.wide);
        }
        parts
    }

    fn split(self) -> Result<Vec<(String, Numbers)>, ModelError> {
        let mut reader = self.numbers.reader();
        let mut networks = Vec::with_capacity(self.names.len());
        for (name, [small, medium, wide]) in self.names {
            let numbers = Numbers {
                small: reader.small(small)?.to_vec(),
                medium: reader.medium(medium)?.to_vec(),
                wide: reader.wide(wide)?.to_vec(),
            };
            networks.push((name, numbers));
        }
        reader.finish()?;
        Ok(networks)
    }
}

/// The payload.
pub(super) fn write(description: &str, networks: &Networks) -> Vec<u8> {
    let mut bytes = Vec::new();
    version(&mut bytes);
    put_bytes(&mut bytes, &pack(description.as_bytes(), Engine::Mixing));
    let (kind, parts) = match networks {
        Networks::Bytes(network) => {
            let mut numbers = Numbers::default();
            network.write(&mut numbers);
            (OF_BYTES, Parts::of([("", &numbers)].into_iter()))
        }
        Networks::Values(networks) => {
            (OF_VALUES, Parts::of(networks.iter().map(|(name, numbers)| (name.as_str(), numbers))))
        }
    };
    bytes.push(kind);
    let mut names = Vec::new();
    put_varint(&mut names, parts.names.len() as u64);
    for (name, lengths) in &parts.names {
        put_bytes(&mut names, name.as_bytes());
        lengths.iter().for_each(|&length| put_varint(&mut names, length as u64));
    }
    put_bytes(&mut bytes, &pack(&names, Engine::Mixing));
    let Numbers { small, medium, wide } = &parts.numbers;
    let small = small.iter().map(|&n| n as u8).collect();
    let medium = medium.iter().flat_map(|n| n.to_le_bytes()).collect();
    let wide = wide.iter().flat_map(|n| n.to_le_bytes()).collect();
    for (scalar, column) in [(Scalar::I8, small), (Scalar::I16, medium), (Scalar::I32, wide)] {
        let values = Values::from_bytes(scalar, column).expect("whole numbers were written");
        put_bytes(&mut bytes, &columns::encode(scalar, vec![values]));
    }
    bytes
}

/// Description and networks of a payload.
pub(super) fn read(payload: &[u8]) -> Result<(String, Networks), ModelError> {
    let mut cursor = Cursor::new(payload);
    check_version(&mut cursor)?;
    let description = unpack(cursor.prefixed()?, DESCRIPTION_BYTES)?;
    let description =
        String::from_utf8(description).map_err(|_| ModelError::damaged("the description is no text"))?;
    let kind = cursor.u8()?;
    let names = names(&unpack(cursor.prefixed()?, DESCRIPTION_BYTES)?)?;
    let total = |width: usize| names.iter().try_fold(0usize, |sum, (_, n)| sum.checked_add(n[width]));
    let mut column = |scalar: Scalar, width: usize| -> Result<Vec<u8>, ModelError> {
        let rows = total(width).ok_or_else(|| ModelError::damaged("lengths that no model has"))?;
        let mut columns = columns::decode(scalar, &[rows], cursor.prefixed()?)?;
        Ok(columns.pop().map(|values| values.as_bytes().to_vec()).unwrap_or_default())
    };
    let (small, medium, wide) = (column(Scalar::I8, 0)?, column(Scalar::I16, 1)?, column(Scalar::I32, 2)?);
    cursor.finish()?;
    let numbers = Numbers {
        small: small.into_iter().map(|n| n as i8).collect(),
        medium: medium.as_chunks().0.iter().map(|&n| i16::from_le_bytes(n)).collect(),
        wide: wide.as_chunks().0.iter().map(|&n| i32::from_le_bytes(n)).collect(),
    };
    let networks = Parts { names, numbers }.split()?;
    let networks = match kind {
        OF_BYTES => {
            let [(_, numbers)] = networks.as_slice() else {
                return Err(ModelError::damaged("a byte model has one network"));
            };
            let mut reader = numbers.reader();
            let network = ByteNetwork::read(&mut reader)?;
            reader.finish()?;
            Networks::Bytes(network)
        }
        OF_VALUES => Networks::Values(networks),
        other => return Err(ModelError::TooNew { what: format!("networks of kind {other}") }),
    };
    Ok((description, networks))
}

fn names(bytes: &[u8]) -> Result<Vec<(String, [usize; 3])>, ModelError> {
    let mut cursor = Cursor::new(bytes);
    let count = cursor.count(4)?;
    if count > MOST_PARTS {
        return Err(ModelError::damaged("more networks than a model has"));
    }
    let mut names = Vec::with_capacity(count);
    for _ in 0..count {
        let name = text(cursor.prefixed()?)?;
        names.push((name, [cursor.size()?, cursor.size()?, cursor.size()?]));
    }
    cursor.finish()?;
    Ok(names)
}

fn text(bytes: &[u8]) -> Result<String, ModelError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| ModelError::damaged("a name is no text"))
}

/// The stored form of a checkpoint.
pub(super) fn write_checkpoint(checkpoint: &[(String, Vec<f32>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    version(&mut bytes);
    put_varint(&mut bytes, checkpoint.len() as u64);
    let mut values = Vec::with_capacity(checkpoint.len());
    for (name, column) in checkpoint {
        put_bytes(&mut bytes, name.as_bytes());
        put_varint(&mut bytes, column.len() as u64);
        let raw = column.iter().flat_map(|n| n.to_bits().to_le_bytes()).collect();
        values.push(Values::from_bytes(Scalar::F32, raw).expect("whole numbers were written"));
    }
    bytes.extend(columns::encode(Scalar::F32, values));
    bytes
}

/// The columns of a checkpoint.
pub(super) fn read_checkpoint(bytes: &[u8]) -> Result<Vec<(String, Vec<f32>)>, ModelError> {
    let mut cursor = Cursor::new(bytes);
    check_version(&mut cursor)?;
    let count = cursor.count(2)?;
    if count > MOST_PARTS {
        return Err(ModelError::damaged("more columns than a checkpoint has"));
    }
    let (mut names, mut rows) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for _ in 0..count {
        names.push(text(cursor.prefixed()?)?);
        rows.push(cursor.size()?);
    }
    let columns = columns::decode(Scalar::F32, &rows, cursor.bytes(cursor.remaining())?)?;
    let floats = |values: Values| {
        values.as_bytes().as_chunks().0.iter().map(|&raw| f32::from_bits(u32::from_le_bytes(raw))).collect()
    };
    Ok(names.into_iter().zip(columns.into_iter().map(floats)).collect())
}

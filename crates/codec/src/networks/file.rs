//! Model files: what lies around a payload.
//!
//! In: a payload, and a checkpoint if there is one. Out: the file, and back.
//! Not here: what payloads hold (`payload`).
//! Holds: any proper prefix of a file is reported as truncated; a payload is handed out only under its SHA-256.

use super::ModelError;
use sha2::{Digest, Sha256};

/// The first bytes of every model file; built like those of an archive.
pub const MODEL_MAGIC: [u8; 8] = *b"HEPM\xE8\x0D\x0A\x0A";
/// A length and a SHA-256 around each block.
const LENGTH_BYTES: usize = 8;
const SUM_BYTES: usize = 32;

/// SHA-256.
pub(super) fn sum(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The file.
pub(super) fn write(payload: &[u8], checkpoint: Option<&[u8]>) -> Vec<u8> {
    let mut file = MODEL_MAGIC.to_vec();
    for block in [payload].into_iter().chain(checkpoint) {
        file.extend_from_slice(&(block.len() as u64).to_le_bytes());
        file.extend_from_slice(block);
        file.extend_from_slice(&sum(block));
    }
    file
}

/// The payload and the checkpoint of a file.
pub(super) fn read(file: &[u8]) -> Result<(&[u8], Option<&[u8]>), ModelError> {
    let front = file.get(..MODEL_MAGIC.len()).unwrap_or(file);
    if !MODEL_MAGIC.starts_with(front) {
        return Err(ModelError::NotAModel);
    }
    let mut at = MODEL_MAGIC.len();
    let payload = block(file, &mut at, "weights")?;
    let checkpoint = if at < file.len() { Some(block(file, &mut at, "checkpoint")?) } else { None };
    if at < file.len() {
        return Err(ModelError::damaged("bytes are left over"));
    }
    Ok((payload, checkpoint))
}

fn block<'a>(file: &'a [u8], at: &mut usize, name: &str) -> Result<&'a [u8], ModelError> {
    let had_bytes = file.len() as u64;
    let part = |from: usize, bytes: u64| {
        let wanted_bytes = (from as u64).saturating_add(bytes);
        let end = usize::try_from(wanted_bytes).ok();
        let found = end.and_then(|end| file.get(from..end));
        found.ok_or(ModelError::Truncated { wanted_bytes, had_bytes })
    };
    let mut length = [0; LENGTH_BYTES];
    length.copy_from_slice(part(*at, LENGTH_BYTES as u64)?);
    let from = *at + LENGTH_BYTES;
    let content = part(from, u64::from_le_bytes(length))?;
    let stated = part(from + content.len(), SUM_BYTES as u64)?;
    if sum(content) != stated {
        return Err(ModelError::damaged(format!("the SHA-256 of the {name} does not hold")));
    }
    *at = from + content.len() + SUM_BYTES;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_truncated_and_flips_are_damage() {
        for checkpoint in [None, Some(&b"floats"[..])] {
            let file = write(b"some payload", checkpoint);
            assert_eq!(read(&file).unwrap(), (&b"some payload"[..], checkpoint));
            for cut in 0..file.len() {
                match read(&file[..cut]) {
                    // A file without its checkpoint is whole.
                    Ok((_, None)) => assert!(checkpoint.is_some() && cut == 60),
                    Err(ModelError::Truncated { .. }) => {}
                    other => panic!("{cut}: {other:?}"),
                }
            }
            for at in 0..file.len() {
                let mut flipped = file.clone();
                flipped[at] ^= 0x10;
                assert!(read(&flipped).is_err(), "{at}");
            }
            assert!(read(&[file, vec![0]].concat()).is_err());
        }
        assert_eq!(read(b"HEPZ"), Err(ModelError::NotAModel));
    }
}

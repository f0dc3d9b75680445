//! Sums: length, adler32 and SHA-256 of the original file.
//!
//! In: bytes, in order. Out: [`Sums`].
//! Not here: checksums of sections (`hepz-container`).
//! Holds: adler32 is what experiments' catalogues keep, SHA-256 is what proves equality.

use crate::ArchiveError;
use hepz_container::wire::{Cursor, put_varint};
use hepz_formats::Source;
use sha2::{Digest, Sha256};
use std::io;

/// Bytes that are read at once.
pub(crate) const STEP_BYTES: usize = 1 << 20;

/// Length and sums of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) bytes: u64,
    pub(crate) adler32: u32,
    pub(crate) sha256: [u8; 32],
}

impl Sums {
    /// Sums of a whole source.
    pub(crate) fn of(source: &dyn Source) -> io::Result<Sums> {
        let mut running = RunningSums::new();
        let mut buffer = vec![0; STEP_BYTES];
        let mut at = 0;
        while at < source.len() {
            let step = (source.len() - at).min(STEP_BYTES as u64) as usize;
            source.read_at(at, &mut buffer[..step])?;
            running.update(&buffer[..step]);
            at += step as u64;
        }
        Ok(running.finish())
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut into = Vec::with_capacity(46);
        put_varint(&mut into, self.bytes);
        into.extend_from_slice(&self.adler32.to_le_bytes());
        into.extend_from_slice(&self.sha256);
        into
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Sums, hepz_container::wire::WireError> {
        let mut cursor = Cursor::new(bytes);
        let mut sums = Sums { bytes: cursor.varint()?, adler32: cursor.u32()?, sha256: [0; 32] };
        sums.sha256.copy_from_slice(cursor.bytes(32)?);
        cursor.finish()?;
        Ok(sums)
    }

    /// Compares what came out with what the archive says.
    pub(crate) fn check(self, stated: Sums) -> Result<(), ArchiveError> {
        let what = if self.bytes != stated.bytes {
            "the length of the restored file"
        } else if self.adler32 != stated.adler32 {
            "the adler32 of the restored file"
        } else if self.sha256 != stated.sha256 {
            "the SHA-256 of the restored file"
        } else {
            return Ok(());
        };
        Err(ArchiveError::corrupt("original", 0, format!("{what} is not what the archive states")))
    }
}

/// Sums of bytes that are still coming.
pub(crate) struct RunningSums {
    bytes: u64,
    adler32: simd_adler32::Adler32,
    sha256: Sha256,
}

impl RunningSums {
    pub(crate) fn new() -> RunningSums {
        RunningSums { bytes: 0, adler32: simd_adler32::Adler32::new(), sha256: Sha256::new() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.adler32.write(bytes);
        self.sha256.update(bytes);
    }

    pub(crate) fn finish(self) -> Sums {
        Sums { bytes: self.bytes, adler32: self.adler32.finish(), sha256: self.sha256.finalize().into() }
    }
}

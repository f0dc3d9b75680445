//! The superblock: where an HDF5 file begins, how wide its numbers are, where its root group is.
//!
//! In: any file. Out: a [`File`] and the address of the root group's object header, or that it is not HDF5.
//! Not here: the superblock extension (nothing in it changes where data lie).
//! Holds: versions 0 to 3, at byte 0 or after a user block of 512, 1024, 2048, ... bytes.
//! Source: HDF5 File Format Specification, II.A.

use super::access::{Fault, File};
use crate::Source;
use std::io;

/// The first bytes of every superblock.
const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The place of the superblock, if there is one.
pub(super) fn find(source: &dyn Source) -> io::Result<Option<u64>> {
    let mut at = 0u64;
    while at.checked_add(SIGNATURE.len() as u64).is_some_and(|end| end <= source.len()) {
        let mut found = [0; SIGNATURE.len()];
        source.read_at(at, &mut found)?;
        if found == SIGNATURE {
            return Ok(Some(at));
        }
        at = if at == 0 { 512 } else { at * 2 };
    }
    Ok(None)
}

/// Reads the superblock at byte `base`.
pub(super) fn open(source: &dyn Source, base: u64) -> Result<(File<'_>, u64), Fault> {
    // Widths are not known yet; they do not matter for the fields that say them.
    let narrow = File::new(source, base, 8, 8);
    let bytes = narrow.read_up_to(0, 128)?;
    let mut fields = narrow.fields(&bytes);
    fields.expect(&SIGNATURE)?;
    let version = fields.u8()?;
    let (offset_bytes, length_bytes) = match version {
        0 | 1 => {
            fields.skip(4)?;
            (fields.u8()?, fields.u8()?)
        }
        2 | 3 => (fields.u8()?, fields.u8()?),
        _ => return Err(Fault::Odd("the superblock is of a version that this reader does not know")),
    };
    if ![2, 4, 8].contains(&offset_bytes) || ![2, 4, 8].contains(&length_bytes) {
        return Err(Fault::Odd("the superblock names a width of addresses that is not in use"));
    }
    let position = fields.position();
    let file = File::new(source, base, offset_bytes, length_bytes);
    let mut fields = file.fields(&bytes);
    fields.skip(position)?;
    // The base address that is written here is not used: if a user block was put before the file later, it is wrong,
    // and the library too then takes the place of the superblock.
    if version < 2 {
        fields.skip(if version == 0 { 9 } else { 13 })?;
        for _ in 0..5 {
            // Base, free space, end of file, driver information, then the root entry's name.
            fields.address()?;
        }
    } else {
        fields.skip(1)?;
        for _ in 0..3 {
            // Base, extension, end of file.
            fields.address()?;
        }
    }
    let root = fields.address()?.ok_or(Fault::Odd("the file has no root group"))?;
    Ok((file, root))
}

//! Readers: attacks on what finds the numbers of a file.
//!
//! In: any bytes. Out: none; panics if a reader panics, or if `recognise` gives a layout that does not validate.
//! Not here: what is done with layouts (`codec`).

use crate::fixtures;
use hepz_formats::records::{Arrangement, Schema};
use hepz_formats::{Source, hdf5, numpy, recognise};
use std::io;

/// Bytes in memory as a file.
pub(crate) struct Memory<'a>(pub(crate) &'a [u8]);

impl Source for Memory<'_> {
    fn len(&self) -> u64 {
        Source::len(self.0)
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_at(at, into)
    }
}

/// Small HDF5 files of every kind that the reader knows.
pub fn hdf5_seeds() -> Vec<Vec<u8>> {
    fixtures::files("hdf5", "h5", 1 << 16)
}

/// Small `.npy` and `.npz` files.
pub fn numpy_seeds() -> Vec<Vec<u8>> {
    [fixtures::files("numpy", "npy", 1 << 16), fixtures::files("numpy", "npz", 1 << 16)].concat()
}

/// Schemas, each followed by a line end and some records.
pub fn records_seeds() -> Vec<Vec<u8>> {
    let schemas = ["pt:f4,eta:f4,n:i4", "x:f4[3],flag:bool,_:u1[3]", "energy:>f8,id:>u2", "a:f2"];
    schemas.map(|schema| [schema.as_bytes(), b"\n", &[7; 200]].concat()).to_vec()
}

fn recognised(data: &[u8]) {
    let mut layout = recognise(&Memory(data)).expect("reading within a slice cannot fail");
    if let Err(error) = layout.validate(data.len() as u64) {
        panic!("`recognise` gave a layout that does not validate: {error}");
    }
}

/// HDF5.
pub fn reader_hdf5(data: &[u8]) {
    hdf5::layout(&Memory(data)).expect("reading within a slice cannot fail");
    recognised(data);
}

/// NumPy's `.npy` and `.npz`.
pub fn reader_numpy(data: &[u8]) {
    numpy::layout(&Memory(data)).expect("reading within a slice cannot fail");
    recognised(data);
}

/// A schema in the first line, records behind it.
pub fn reader_records(data: &[u8]) {
    let (line, records) = match data.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    let Ok(schema) = String::from_utf8_lossy(line).parse::<Schema>() else { return };
    for arrangement in [Arrangement::Rows, Arrangement::Columns] {
        let mut layout = hepz_formats::records::layout(&Memory(records), &schema, arrangement);
        if let Err(error) = layout.validate(records.len() as u64) {
            panic!("records gave a layout that does not validate: {error}");
        }
    }
}

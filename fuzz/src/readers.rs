//! Readers: attacks on what finds the numbers of a file.
//!
//! In: any bytes. Out: none; panics if a reader panics, or if `recognise` gives a layout that does not validate.
//! Not here: what is done with layouts (`codec`).

use crate::fixtures;
use hepz_formats::delimited::{Stream, TextTable};
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

/// Tables of text as programs print them.
pub fn delimited_seeds() -> Vec<Vec<u8>> {
    let rows = |row: &dyn Fn(i32) -> String| (0..24).map(row).collect::<String>().into_bytes();
    vec![
        rows(&|at| format!("{at},{:.3},{},mu\n", f64::from(at) / 7.0, f64::from(at) * 0.1)),
        rows(&|at| format!("\"{at}\";{:.6e};{}\r\n", f64::from(at), if at % 5 == 0 { "nan" } else { "1.5" })),
        rows(&|at| format!("{at:6}{:10.4}{:10.4}\n", f64::from(at) * 1.5, f64::from(-at))),
        [b"# x y\n".to_vec(), rows(&|at| format!("{at} {}\n", f64::from(at) / 3.0))].concat(),
    ]
}

/// Any text: what is taken for a table comes back, also when its description was stored.
pub fn reader_delimited(data: &[u8]) {
    let source = Memory(data);
    let read = "reading within a slice cannot fail";
    let Some(mut table) = TextTable::recognise(&source).expect(read) else { return };
    let mut parts = [const { Vec::new() }; 3];
    let mut sink = |stream: Stream, bytes: &[u8]| {
        parts[stream as usize].extend_from_slice(bytes);
        Ok(())
    };
    if !table.fold(&source, &mut sink).expect(read) {
        return;
    }
    let stored = TextTable::from_bytes(&table.to_bytes()).expect("a description just written can be read");
    let mut text = Vec::new();
    let mut take = |bytes: &[u8]| -> Result<(), ()> {
        text.extend_from_slice(bytes);
        Ok(())
    };
    stored.unfold(&Memory(&parts.concat()), &mut take).expect("an image just made can be printed");
    assert!(text == data, "a table of text came back changed");
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

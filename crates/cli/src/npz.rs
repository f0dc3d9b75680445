//! NumPy output: `.npy` arrays, and a zip of them, stored.
//!
//! In: names and values. Out: bytes that `numpy.load` reads, bit for bit the values of the archive.
//! Not here: reading NumPy files (`hepz-formats`).
//! Holds: equal values give equal bytes; no times or names of machines are written.
//! Source: NEP 1; PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 to 4.3.16 and 4.5.3 (zip64).

use hepz::Values;
use hepz_columns::Scalar;
use std::io::{self, Write};

/// What the header of an array is padded to, so that data are aligned.
const ALIGNMENT: usize = 64;
/// Version of zip needed to extract: 4.5, for zip64.
const ZIP_VERSION: u16 = 45;
/// 1 January 1980, the earliest date of a zip entry.
const ZIP_DATE: u16 = 0x21;
/// Flag: the name is UTF-8.
const UTF8: u16 = 1 << 11;
/// Stands for a number that is in the zip64 record.
const ELSEWHERE: u32 = u32::MAX;

/// The dtype of a scalar; values are little-endian, as [`Values`] holds them.
fn dtype(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool => "|b1",
        Scalar::I8 => "|i1",
        Scalar::I16 => "<i2",
        Scalar::I32 => "<i4",
        Scalar::I64 => "<i8",
        Scalar::U8 => "|u1",
        Scalar::U16 => "<u2",
        Scalar::U32 => "<u4",
        Scalar::U64 => "<u8",
        Scalar::F16 => "<f2",
        Scalar::F32 => "<f4",
        Scalar::F64 => "<f8",
    }
}

/// The header of an array of this type and shape.
pub fn npy_header(scalar: Scalar, shape: &[u64]) -> Vec<u8> {
    let lengths: String = shape.iter().map(|length| format!("{length},")).collect();
    let mut text =
        format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({lengths}), }}", dtype(scalar))
            .into_bytes();
    const FRONT: usize = 10;
    let whole = (FRONT + text.len() + 1).next_multiple_of(ALIGNMENT);
    text.resize(whole - FRONT - 1, b' ');
    text.push(b'\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend_from_slice(&(text.len() as u16).to_le_bytes());
    header.extend_from_slice(&text);
    header
}

/// An entry that was written.
struct Entry {
    name: String,
    at: u64,
    bytes: u64,
    checksum: u32,
}

/// A zip of arrays, written forwards.
pub struct NpzWriter<W> {
    sink: W,
    at: u64,
    entries: Vec<Entry>,
}

impl<W: Write> NpzWriter<W> {
    /// An empty zip.
    pub fn new(sink: W) -> NpzWriter<W> {
        NpzWriter { sink, at: 0, entries: Vec::new() }
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.sink.write_all(bytes)
    }

    /// Adds an array.
    ///
    /// # Errors
    /// What the sink says, or a name longer than a zip can hold.
    pub fn add(&mut self, name: &str, shape: &[u64], values: &Values) -> io::Result<()> {
        let header = npy_header(values.scalar(), shape);
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&header);
        hasher.update(values.as_bytes());
        let entry = Entry {
            name: format!("{name}.npy"),
            at: self.at,
            bytes: (header.len() + values.as_bytes().len()) as u64,
            checksum: hasher.finalize(),
        };
        // The local header always has its lengths in the zip64 record: one way for all sizes.
        let mut local = b"PK\x03\x04".to_vec();
        local.extend(entry.common(20)?);
        local.extend_from_slice(entry.name.as_bytes());
        local.extend(record(&[entry.bytes, entry.bytes]));
        self.put(&local)?;
        self.put(&header)?;
        self.put(values.as_bytes())?;
        self.entries.push(entry);
        Ok(())
    }

    /// Writes the directory.
    ///
    /// # Errors
    /// What the sink says.
    pub fn finish(mut self) -> io::Result<W> {
        let directory_at = self.at;
        let entries = std::mem::take(&mut self.entries);
        for entry in &entries {
            let mut central = b"PK\x01\x02".to_vec();
            central.extend_from_slice(&ZIP_VERSION.to_le_bytes());
            central.extend(entry.common(28)?);
            // No comment, first disk, no attributes; the place is in the zip64 record.
            central.extend_from_slice(&[0; 10]);
            central.extend_from_slice(&ELSEWHERE.to_le_bytes());
            central.extend_from_slice(entry.name.as_bytes());
            central.extend(record(&[entry.bytes, entry.bytes, entry.at]));
            self.put(&central)?;
        }
        let (end_at, count) = (self.at, entries.len() as u64);
        let mut end = b"PK\x06\x06".to_vec();
        end.extend_from_slice(&44u64.to_le_bytes());
        end.extend_from_slice(&ZIP_VERSION.to_le_bytes());
        end.extend_from_slice(&ZIP_VERSION.to_le_bytes());
        end.extend_from_slice(&[0; 8]);
        for number in [count, count, end_at - directory_at, directory_at] {
            end.extend_from_slice(&number.to_le_bytes());
        }
        end.extend_from_slice(b"PK\x06\x07\0\0\0\0");
        end.extend_from_slice(&end_at.to_le_bytes());
        end.extend_from_slice(&1u32.to_le_bytes());
        end.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        end.extend_from_slice(&[0xff; 12]);
        end.extend_from_slice(&[0; 2]);
        self.put(&end)?;
        self.sink.flush()?;
        Ok(self.sink)
    }
}

impl Entry {
    /// What local and central headers share, from the version to the length of the extra field.
    fn common(&self, extra_bytes: u16) -> io::Result<Vec<u8>> {
        let name_bytes = u16::try_from(self.name.len()).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, "a column's name is longer than 65,535 bytes")
        })?;
        let mut common = Vec::new();
        // Method 0: stored. Time: midnight.
        for number in [ZIP_VERSION, UTF8, 0, 0, ZIP_DATE] {
            common.extend_from_slice(&number.to_le_bytes());
        }
        for number in [self.checksum, ELSEWHERE, ELSEWHERE] {
            common.extend_from_slice(&number.to_le_bytes());
        }
        common.extend_from_slice(&name_bytes.to_le_bytes());
        common.extend_from_slice(&extra_bytes.to_le_bytes());
        Ok(common)
    }
}

/// A zip64 record of these numbers.
fn record(numbers: &[u64]) -> Vec<u8> {
    let mut record = 1u16.to_le_bytes().to_vec();
    record.extend_from_slice(&(8 * numbers.len() as u16).to_le_bytes());
    numbers.iter().for_each(|number| record.extend_from_slice(&number.to_le_bytes()));
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use hepz::Memory;

    #[test]
    fn the_zip_reads_as_the_arrays_that_were_put_in() {
        let mut npz = NpzWriter::new(Vec::new());
        npz.add("jets/pt", &[2, 2], &Values::from_raw(Scalar::F32, &[1, 2, 3, 4])).unwrap();
        npz.add("n", &[3], &Values::from_raw(Scalar::I8, &[7, 8, 9])).unwrap();
        let file = npz.finish().unwrap();
        let layout = hepz_formats::recognise(&Memory(&file)).unwrap();
        assert_eq!(layout.notes, Vec::<String>::new());
        let found: Vec<_> =
            layout.tables.iter().map(|t| (t.name.as_str(), t.rows, t.columns[0].scalar)).collect();
        assert_eq!(found, [("jets/pt", 4, Scalar::F32), ("n", 3, Scalar::I8)]);
        assert_eq!(layout.tables[0].inner, [2]);
    }

    #[test]
    fn headers_are_aligned() {
        for shape in [&[][..], &[5][..], &[1_000_000, 40, 3][..]] {
            assert_eq!(npy_header(Scalar::F64, shape).len() % ALIGNMENT, 0);
        }
    }
}

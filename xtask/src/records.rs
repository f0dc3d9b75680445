//! Records: generated tables as NumPy writes them.
//!
//! In: names and types of columns, records. Out: a `.npy` file.
//! Not here: what the records hold (`events`, `higgs`, `electrons`).
//! Source: the `.npy` format, version 1.0.

use std::io::{BufWriter, Write};

/// The header: magic, version 1.0, a Python dictionary padded to a multiple of 64 bytes.
pub fn header(columns: &[(&str, &str)], rows: u64) -> Vec<u8> {
    let fields: Vec<String> = columns.iter().map(|(name, kind)| format!("('{name}', '{kind}')")).collect();
    let mut text =
        format!("{{'descr': [{}], 'fortran_order': False, 'shape': ({rows},), }}", fields.join(", "));
    while !(10 + text.len() + 1).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.bytes());
    header
}

/// Writes a table of `rows` records, each of which `next` makes.
pub fn write(
    file: &str,
    columns: &[(&str, &str)],
    rows: &str,
    mut next: impl FnMut() -> Vec<u8>,
) -> Result<(), String> {
    let rows: u64 = rows.parse().map_err(|_| format!("{rows}: not a number of rows"))?;
    let fail = |error: std::io::Error| format!("{file}: {error}");
    let mut sink = BufWriter::new(std::fs::File::create(file).map_err(fail)?);
    sink.write_all(&header(columns, rows)).map_err(fail)?;
    for _ in 0..rows {
        sink.write_all(&next()).map_err(fail)?;
    }
    sink.flush().map_err(fail)
}

//! A small file to try the benchmark on.
//!
//! In: nothing. Out: a `.npy` table.
//! Not here: figures worth quoting.
//! Holds: the same bytes every time.

/// Rows of the table.
const ROWS: u32 = 4000;

/// A structured array of event number, a falling spectrum, an angle and a flag, as a `.npy` file.
pub fn small_table() -> Vec<u8> {
    let descr = "[('event', '<i8'), ('pt', '<f4'), ('phi', '<f8'), ('good', '|b1')]";
    let mut header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({ROWS},), }}");
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend_from_slice(&(header.len() as u16).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    let mut state = 1u64;
    for row in 0..ROWS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Uniform between 0 and 1, never 0.
        let uniform = ((state >> 40) as f32 + 1.0) / 16_777_217.0;
        file.extend_from_slice(&i64::from(row / 3).to_le_bytes());
        file.extend_from_slice(&(20.0 / uniform.sqrt()).to_le_bytes());
        file.extend_from_slice(&(f64::from(uniform) * 6.25 - 3.125).to_le_bytes());
        file.push(u8::from(uniform > 0.25));
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use hepz::Memory;

    #[test]
    fn it_is_a_table_of_four_columns() {
        let layout = hepz_formats::recognise(&Memory(&small_table())).unwrap();
        assert_eq!(layout.tables.len(), 1);
        assert_eq!(layout.tables[0].columns.len(), 4);
        assert_eq!(layout.tables[0].rows, u64::from(ROWS));
    }
}

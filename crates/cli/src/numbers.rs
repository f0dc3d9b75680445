//! Numbers as text: values of columns, exact.
//!
//! In: values as the archive holds them. Out: decimal text.
//! Not here: CSV (`verbs::cat`).
//! Holds: finite floats read back as the same bits, and have the fewest digits for that (halves: as floats).

use hepz::Values;
use hepz_columns::Scalar;
use std::fmt::Write;

/// Appends the value of `row`, which has to be there.
pub fn put_value(text: &mut String, values: &Values, row: usize) {
    let raw = values.raw(row);
    // Writing to a string cannot fail.
    let _ = match values.scalar() {
        Scalar::Bool | Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 => write!(text, "{raw}"),
        Scalar::I8 => write!(text, "{}", raw as u8 as i8),
        Scalar::I16 => write!(text, "{}", raw as u16 as i16),
        Scalar::I32 => write!(text, "{}", raw as u32 as i32),
        Scalar::I64 => write!(text, "{}", raw as i64),
        // Widened to a float a half has a few digits more than it needs, which still read back as the same half.
        Scalar::F16 => write!(text, "{:?}", half::f16::from_bits(raw as u16).to_f32()),
        Scalar::F32 => write!(text, "{:?}", f32::from_bits(raw as u32)),
        Scalar::F64 => write!(text, "{:?}", f64::from_bits(raw)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(scalar: Scalar, raw: u64) -> String {
        let mut text = String::new();
        put_value(&mut text, &Values::from_raw(scalar, &[raw]), 0);
        text
    }

    #[test]
    fn floats_read_back_as_the_same_bits() {
        for raw in [0x3dcc_cccd_u32, 0x0000_0001, 0x7f7f_ffff, 0x8000_0000, 0xc2f6_e979] {
            let back: f32 = shown(Scalar::F32, raw.into()).parse().unwrap();
            assert_eq!(back.to_bits(), raw);
        }
        assert_eq!(shown(Scalar::F32, 0x3dcc_cccd), "0.1");
        assert_eq!(shown(Scalar::F64, 0.1f64.to_bits()), "0.1");
        assert_eq!(shown(Scalar::F16, 0x3e00), "1.5");
    }

    #[test]
    fn integers_have_their_sign() {
        assert_eq!(shown(Scalar::I16, 0xffff), "-1");
        assert_eq!(shown(Scalar::U16, 0xffff), "65535");
        assert_eq!(shown(Scalar::I64, u64::MAX), "-1");
    }
}

//! Numbers as files print them: kinds of print, special values, and every lattice.
//!
//! In: made texts and patterns. Out: failed promises.
//! Not here: odd lines (`odd_tests`), conversions (`decimal`).

use super::Kind;
use super::number::{NumberFormat, Style};
use super::samples::{
    Print, assert_clean, come_back, hepmc2, hepmc3, n_particles, recognised, samples, scientific, sixteen,
};
use hepz_columns::events::{Decimal, Lattice};
use proptest::prelude::*;

#[test]
fn ten_kinds_of_print_are_recognised() {
    let kinds: [(Print, Lattice); 12] = [
        (|value| scientific(value, 4), Lattice::Decimal(5)),
        (|value| scientific(value, 8), Lattice::Decimal(9)),
        (|value| scientific(value, 14), Lattice::Decimal(15)),
        (|value| scientific(value, 15), Lattice::Binary64),
        (sixteen, Lattice::Binary64),
        (|value| scientific(value, 17), Lattice::Binary64),
        (|value| scientific(value, 22), Lattice::Binary64),
        (|value| scientific((value as f32).into(), 8), Lattice::Binary32),
        (|value| scientific((value as f32).into(), 16), Lattice::Binary32),
        (|value| format!("{value:.9}"), Lattice::Binary64),
        (|value| format!("{value:.3}"), Lattice::Binary32),
        (
            |value| {
                let mut text = Vec::new();
                let lattice = Lattice::Binary64;
                NumberFormat { style: Style::Shortest, short_zero: false, lattice }
                    .print(value.to_bits(), &mut text);
                String::from_utf8(text).unwrap()
            },
            Lattice::Binary64,
        ),
    ];
    for (print, lattice) in kinds {
        for text in [hepmc2(9, print), hepmc3(9, print)] {
            assert_clean(&text);
            assert_eq!(recognised(&text).position(), lattice, "{}", print(1.0 / 3.0));
        }
    }
}

#[test]
fn special_numbers_cost_their_line_or_nothing() {
    for text in samples() {
        let format = recognised(&text);
        let lines: Vec<&str> = text.lines().collect();
        let place = lines.iter().position(|line| line.starts_with("P ")).unwrap();
        let field = if format.kind == Kind::HepMc2 { 5 } else { 6 };
        let numbers = [
            ("-0.0000000000000000e+00", 0),
            ("0.0000000000000000e+00", 0),
            ("0", 1),
            ("inf", 0),
            ("-inf", 0),
            ("nan", 0),
            ("-nan", 0),
            ("NaN", 1),
            ("1.0000000000000000e+100", 0),
            ("1.0000000000000000e+0100", 1),
            ("1.7976931348623157e+308", 0),
            ("1.8976931348623157e+308", 1),
            ("4.9406564584124654e-324", 0),
            ("2.2250738585072014e-308", 0),
            ("2.2250738585072009e-308", 0),
            ("1.0000000000000000e-400", 1),
            ("0.1000000000000000e+01", 1),
            ("0.0000000000000000e-00", 1),
            ("0x1p3", 1),
            ("", 1),
        ];
        for (number, patches) in numbers {
            let mut fields: Vec<&str> = lines[place].split(' ').collect();
            fields[field] = number;
            let line = fields.join(" ");
            let mut odd = lines.clone();
            odd[place] = &line;
            let (events, n_patches, n_raw) = come_back(&format, (odd.join("\n") + "\n").as_bytes());
            let n_odd = n_patches + n_particles(&text) - events.n_particles();
            assert!(n_odd >= patches && n_odd <= patches * 4 && n_raw == 0, "{number}: {n_odd}");
        }
    }
}

#[test]
fn short_zeros_and_long_zeros_come_back() {
    let zeros: Print = |value| if value < 0.0 { String::from("0") } else { sixteen(value) };
    for text in [hepmc2(9, zeros), hepmc3(9, zeros)] {
        assert_clean(&text);
        let long = text.replacen(" 0 ", " 0.0000000000000000e+00 ", 400);
        come_back(&recognised(&text), long.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn printed_numbers_come_back_on_every_lattice(
        pattern in any::<u64>(),
        style in 0..4u8,
        digits in 1..=20u8,
    ) {
        let style = match style {
            0 => Style::Scientific(digits),
            1 => Style::Fixed(digits),
            2 => Style::General(digits),
            _ => Style::Shortest,
        };
        for lattice in [Lattice::Binary64, Lattice::Binary32] {
            let format = NumberFormat { style, short_zero: false, lattice };
            let mut text = Vec::new();
            format.print(pattern, &mut text);
            let (found, length) = format.scan(&text).unwrap();
            prop_assert_eq!(length, text.len());
            // What was printed from a number is the print of the number next to it.
            let mut again = Vec::new();
            format.print(found, &mut again);
            let value = match lattice {
                Lattice::Binary64 => f64::from_bits(pattern),
                _ => f32::from_bits(pattern as u32).into(),
            };
            if !value.is_nan() {
                prop_assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(text).unwrap());
            }
        }
        if (1..=14).contains(&digits) {
            let format = NumberFormat {
                style: Style::Scientific(digits),
                short_zero: false,
                lattice: Lattice::Decimal(digits + 1),
            };
            let most = 10u64.pow(u32::from(digits));
            let number = Decimal {
                negative: pattern >> 63 == 1,
                exponent: (pattern >> 53 & 511) as i32 - 256,
                mantissa: most + pattern % (most * 9),
            };
            let mut text = Vec::new();
            format.print(number.pattern().unwrap(), &mut text);
            prop_assert_eq!(format.scan(&text), Some((number.pattern().unwrap(), text.len())));
            prop_assert_eq!(std::str::from_utf8(&text).unwrap().len(), text.len());
        }
    }
}

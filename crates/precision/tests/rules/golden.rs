//! Vectors that were computed from the text of the origins, by other programs.

use hepz_columns::Scalar;
use hepz_precision::Rule;

fn rounded(rule: Rule, scalar: Scalar, row: u64, raw: u64) -> Option<u64> {
    rule.on(scalar).unwrap().round(raw, row)
}

/// Seven bits of a binary32: input, ATLAS, CMS rounding, cut (CMS, Real32Trunc, Blosc2), ties to even without a
/// guard, hepz.
const SEVEN_BITS: [[u64; 6]; 9] = [
    [0x7f80_0001, 0x7f80_0001, 0x7f80_0000, 0x7f80_0000, 0x7f80_0001, 0x7f80_0001],
    [0x7fc1_2345, 0x7fc1_2345, 0x7fc1_0000, 0x7fc1_0000, 0x7fc1_2345, 0x7fc1_2345],
    [0x7f7f_ffff, 0x7f7f_0000, 0x7f7f_0000, 0x7f7f_0000, 0x7f80_0000, 0x7f7f_0000],
    [0x0000_0001, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000],
    [0x007f_ffff, 0x0080_0000, 0x007f_0000, 0x007f_0000, 0x0080_0000, 0x0080_0000],
    [0x0000_8000, 0x0001_0000, 0x0001_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000],
    [0x3f80_8000, 0x3f81_0000, 0x3f81_0000, 0x3f80_0000, 0x3f80_0000, 0x3f80_0000],
    [0x3fff_ffff, 0x4000_0000, 0x3fff_0000, 0x3fff_0000, 0x4000_0000, 0x4000_0000],
    [0xbfff_ffff, 0xc000_0000, 0xbfff_0000, 0xbfff_0000, 0xc000_0000, 0xc000_0000],
];

#[test]
fn seven_bits_give_the_recorded_patterns() {
    for [input, atlas, cms, cut, even, own] in SEVEN_BITS {
        let of = |rule| rounded(rule, Scalar::F32, 0, input);
        assert_eq!(of(Rule::Atlas { kept: 7 }), Some(atlas), "ATLAS, {input:#x}");
        assert_eq!(of(Rule::CmsRound { kept: 7 }), Some(cms), "CMS, {input:#x}");
        let cuts =
            [Rule::CmsTruncate { kept: 7 }, Rule::Real32Trunc { width: 16 }, Rule::Blosc2 { precision: 7 }];
        for rule in cuts.into_iter().chain([Rule::Blosc2 { precision: -16 }, Rule::BitGroom { kept: 7 }]) {
            assert_eq!(of(rule), Some(cut), "{rule:?}, {input:#x}");
        }
        assert_eq!(of(Rule::HalfEven { kept: 7 }), Some(even), "even, {input:#x}");
        assert_eq!(of(Rule::Nearest { kept: 7 }), Some(own), "hepz, {input:#x}");
    }
}

#[test]
fn atlas_keeps_five_bits_at_least_and_all_of_23() {
    for (asked, acts_as) in [(0, 5), (4, 5), (5, 5), (23, 23), (99, 23)] {
        let of = |kept| rounded(Rule::Atlas { kept }, Scalar::F32, 0, 0x3fa5_a5a5);
        assert_eq!(of(asked), of(acts_as));
    }
    assert_eq!(rounded(Rule::Atlas { kept: 23 }, Scalar::F32, 0, 0x3fa5_a5a5), Some(0x3fa5_a5a5));
    assert_eq!(rounded(Rule::Atlas { kept: 5 }, Scalar::F32, 0, 0x3fa5_a5a5), Some(0x3fa4_0000));
}

#[test]
fn cms_without_mantissa_bits_sets_the_last_bit_of_the_exponent() {
    let of = |raw| rounded(Rule::CmsRound { kept: 0 }, Scalar::F32, 0, raw);
    assert_eq!(of(0x4040_0000), Some(0x4080_0000), "3 becomes 4");
    assert_eq!(of(0x3fc0_0000), Some(0x3f80_0000), "1.5 becomes 1, because its exponent is odd already");
}

/// binary32 to binary16 and back, as NumPy and the F16C instructions do it.
const HALVES: [[u64; 2]; 12] = [
    [0x3f80_1000, 0x3f80_0000],
    [0x3f80_3000, 0x3f80_4000],
    [0x477f_efff, 0x477f_e000],
    [0x477f_f000, 0x7f80_0000],
    [0xc77f_f000, 0xff80_0000],
    [0x3300_0000, 0x0000_0000],
    [0x3300_0001, 0x3380_0000],
    [0xb300_0000, 0x8000_0000],
    [0x387f_e000, 0x3880_0000],
    [0x387f_dfff, 0x387f_c000],
    [0x7f80_0001, 0x7fc0_0000],
    [0x7fc1_2345, 0x7fc1_2000],
];

#[test]
fn halves_give_the_recorded_patterns() {
    for [input, back] in HALVES {
        assert_eq!(rounded(Rule::Real16, Scalar::F32, 0, input), Some(back), "{input:#x}");
    }
    // Through binary32 the tie is made first: 1 + 2^-11 + 2^-40 becomes 1, not 1 + 2^-10.
    let twice = (1.0 + 2f64.powi(-11) + 2f64.powi(-40)).to_bits();
    assert_eq!(rounded(Rule::Real16, Scalar::F64, 0, twice), Some(1f64.to_bits()));
}

#[test]
fn grids_give_the_recorded_values() {
    let of = |bits, min, max, x: f32| {
        let raw = rounded(Rule::Real32Quant { bits, min, max }, Scalar::F32, 0, u64::from(x.to_bits()));
        raw.map(|raw| f32::from_bits(raw as u32))
    };
    assert_eq!(of(1, 0.0, 1.0, 0.49999), Some(0.0));
    assert_eq!(of(1, 0.0, 1.0, 0.5), Some(1.0));
    assert_eq!(of(2, -3.0, 3.0, -1.9), Some(-1.0));
    assert_eq!(of(2, -3.0, 3.0, -2.1), Some(-3.0));
    assert_eq!(of(8, 0.0, 255.0, 17.4999), Some(17.0));
    assert_eq!(of(32, -1.0, 1.0, 1.0), Some(1.0));
    for outside in [f32::NAN, 1.000_001, -0.000_001, f32::INFINITY] {
        assert_eq!(of(8, 0.0, 1.0, outside), None);
    }
    assert_eq!(of(8, 0.0, 1.0, -0.0), Some(0.0));
    // Here the last value of the grid would be a little beyond the end of the range.
    let ends = Rule::Real32Quant { bits: 3, min: -4.08, max: 0.11 };
    assert_eq!(rounded(ends, Scalar::F64, 0, 0.11f64.to_bits()), Some(0.11f64.to_bits()));
}

#[test]
fn odd_rows_are_set_and_only_the_pattern_zero_is_spared() {
    let of = |row, raw| rounded(Rule::BitGroom { kept: 7 }, Scalar::F32, row, raw);
    assert_eq!(of(1, 0), Some(0));
    assert_eq!(of(1, 0x8000_0000), Some(0x8000_ffff));
    assert_eq!(of(1, 0x3f80_1234), Some(0x3f80_ffff));
    assert_eq!(of(2, 0x3f80_1234), Some(0x3f80_0000));
    assert_eq!(of(1, 0x7f80_0000), Some(0x7f80_ffff), "infinity becomes NaN");
}

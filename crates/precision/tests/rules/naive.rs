//! A twin of the rules that divides by the cell and rounds in binary64, where a binary32 leaves room for it.

use crate::Patterns;
use hepz_columns::Scalar;
use hepz_precision::{Layout, Rule};

/// The cell of `x`: distance of neighbouring values with `kept` bits. Subnormals have that of the smallest normal
/// binade.
fn cell(x: f32, kept: u32) -> f64 {
    let exponent = i32::from((x.to_bits() >> 23) as u8).max(1) - 127;
    2f64.powi(exponent - kept as i32)
}

fn naive(rule: Rule, row: u64, x: f32) -> f64 {
    let wide = f64::from(x);
    let on_cell = |kept, round: fn(f64) -> f64| round(wide / cell(x, kept)) * cell(x, kept);
    let guarded = |kept, round| {
        let rounded: f64 = on_cell(kept, round);
        if rounded.abs() > f64::from(f32::MAX) { on_cell(kept, f64::trunc) } else { rounded }
    };
    match rule {
        Rule::Atlas { kept } => guarded(kept.clamp(5, 23), f64::round),
        Rule::CmsTruncate { kept } => on_cell(kept, f64::trunc),
        Rule::CmsRound { kept } => {
            // Counted in cells from the begin of the binade, the last two are cut.
            let cells = (wide / cell(x, kept)).trunc().abs() as u64 & ((1 << kept) - 1);
            let last = cells + 2 >= 1 << kept;
            on_cell(kept, if last { f64::trunc } else { f64::round })
        }
        Rule::Real32Trunc { width } => on_cell(width - 9, f64::trunc),
        Rule::Blosc2 { precision } => {
            on_cell(if precision < 0 { (23 + precision) as u32 } else { precision as u32 }, f64::trunc)
        }
        Rule::HalfEven { kept } => {
            let rounded = on_cell(kept, f64::round_ties_even);
            if rounded.abs() > f64::from(f32::MAX) { f64::INFINITY.copysign(rounded) } else { rounded }
        }
        Rule::Nearest { kept } => guarded(kept, f64::round_ties_even),
        Rule::BitGroom { kept } if row == 0 || x.to_bits() == 0 => on_cell(kept, f64::trunc),
        Rule::BitGroom { kept } => {
            let (cell, last) = (cell(x, kept), cell(x, 23));
            ((wide / cell).trunc().abs() * cell + cell - last).copysign(wide)
        }
        _ => f64::NAN,
    }
}

#[test]
fn rules_agree_with_rounding_in_binary64() {
    let mut patterns = Patterns(7);
    for (rule, scalar, rounder) in crate::rounders() {
        // Without mantissa bits the even one of two patterns is the one with the even exponent, which cells cannot
        // tell.
        let patterned = matches!(
            rule,
            Rule::CmsRound { kept: 0 } | Rule::HalfEven { kept: 0 } | Rule::Nearest { kept: 0 }
        );
        let skipped = patterned || matches!(rule, Rule::Real32Quant { .. } | Rule::Real16);
        if scalar != Scalar::F32 || skipped {
            continue;
        }
        for at in 0..20_000 {
            let x = f32::from_bits(patterns.pattern(Layout::F32) as u32);
            if !x.is_finite() {
                continue;
            }
            let rounded = rounder.round(u64::from(x.to_bits()), at % 2).unwrap();
            let expected = naive(rule, at % 2, x);
            let rounded = f64::from(f32::from_bits(rounded as u32));
            assert!(
                rounded == expected && rounded.is_sign_negative() == expected.is_sign_negative(),
                "{rule:?} of {x:e} in row {at}: {rounded:e}, not {expected:e}"
            );
        }
    }
}

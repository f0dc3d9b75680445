//! Rules against their origins: golden vectors, a naive twin in binary64, and pre-images over all patterns.

mod all_patterns;
mod golden;
mod naive;

use hepz_columns::Scalar;
use hepz_precision::{Layout, Rounder, Rule};

/// Every rule on every type that it is defined for, with the edges of its parameters.
pub fn rounders() -> Vec<(Rule, Scalar, Rounder)> {
    let mut rules = vec![Rule::Real16];
    for kept in [0, 1, 2, 5, 7, 10, 13, 22, 23, 40, 52] {
        rules.extend([Rule::Atlas { kept }, Rule::CmsTruncate { kept }, Rule::CmsRound { kept }]);
        rules.extend([Rule::HalfEven { kept }, Rule::BitGroom { kept }, Rule::Nearest { kept }]);
    }
    rules.extend([10, 16, 24, 31].map(|width| Rule::Real32Trunc { width }));
    rules.extend([1, 7, 23, 51, -1, -13, -22, -51].map(|precision| Rule::Blosc2 { precision }));
    for (min, max) in [(-4.0, 4.0), (0.0, 1e3), (-1e-30, 2e-30), (-3.2, 0.0), (100.0, 101.0), (-1e38, 1e38)] {
        rules.extend([1, 8, 16, 24, 32].map(|bits| Rule::Real32Quant { bits, min, max }));
    }
    let on = |rule: Rule, scalar: Scalar| rule.on(scalar).ok().map(|rounder| (rule, scalar, rounder));
    let floats = [Scalar::F16, Scalar::F32, Scalar::F64];
    rules.iter().flat_map(|&rule| floats.map(|scalar| on(rule, scalar))).flatten().collect()
}

/// A stream of patterns with the same numbers on every machine.
pub struct Patterns(pub u64);

impl Patterns {
    /// Any 64 bits (Steele, Lea and Flood, SplitMix, 2014).
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A pattern of any kind: uniform bits, long runs of equal low bits (ties and carries), near zero, one, the
    /// largest, infinity.
    pub fn pattern(&mut self, layout: Layout) -> u64 {
        let width = layout.sign_bit() | (layout.sign_bit() - 1);
        let raw = self.bits() & width;
        let kind = self.bits();
        let low = layout.low((kind >> 8) as u32 % (layout.mantissa() + 1));
        let near = (kind >> 16 & 3).wrapping_sub(1);
        let sign = layout.sign(raw);
        let around = |magnitude: u64| sign | magnitude.wrapping_add(near) & (layout.sign_bit() - 1);
        let one = layout.power_of_two(0).unwrap_or(0);
        match kind % 8 {
            0 | 1 => raw,
            2 => raw & !low,
            3 => (raw | low).wrapping_add(near) & width,
            4 => (raw & !low | (low + 1) >> 1).wrapping_add(near) & width,
            5 => around(
                [0, layout.infinity(), layout.infinity() - 1, layout.infinity() - low]
                    [(kind >> 32) as usize % 4],
            ),
            6 => sign | (one + (raw & layout.low(layout.mantissa() - 1)) * 8) & (layout.sign_bit() - 1),
            _ => sign | layout.magnitude(raw) >> ((kind >> 40) as u32 % 64).min(layout.mantissa() + 3),
        }
    }
}

/// What must hold around one pattern.
fn holds_at(rounder: &Rounder, raw: u64, row: u64) {
    let layout = rounder.layout();
    if let Some(stored) = rounder.round(raw, row) {
        let preimage = rounder.preimage(stored, row).expect("what is stored has a pre-image");
        assert!(preimage.contains(raw), "{raw:#x} becomes {stored:#x}, {preimage:x?}");
        let place = preimage.place(raw).unwrap();
        assert_eq!(preimage.nth(place), Some(raw));
        for interval in preimage.intervals() {
            assert_eq!(rounder.round(interval.lowest, row), Some(stored), "{interval:x?}");
            assert_eq!(rounder.round(interval.highest, row), Some(stored), "{interval:x?}");
            let (below, above) = (layout.key(interval.lowest), layout.key(interval.highest));
            let neighbours = [below.checked_sub(1), above.checked_add(1)].into_iter().flatten();
            for neighbour in neighbours.filter(|&key| key < layout.sign_bit() << 1) {
                let neighbour = layout.at_key(neighbour);
                let becomes = rounder.round(neighbour, row) == Some(stored);
                assert_eq!(becomes, preimage.contains(neighbour), "{neighbour:#x}, {interval:x?}");
            }
        }
    }
    // Any pattern as a stored one.
    match rounder.preimage(raw, row) {
        Some(preimage) => {
            let mut intervals = preimage.intervals();
            assert!(intervals.all(|one| rounder.round(one.lowest, row) == Some(raw)), "{raw:#x}");
        }
        None => assert_ne!(rounder.round(raw, row), Some(raw), "{raw:#x}"),
    }
}

#[test]
fn preimages_hold_exactly_what_becomes_the_stored_value() {
    let mut patterns = Patterns(1);
    for (rule, scalar, rounder) in rounders() {
        for at in 0..6000 {
            let raw = patterns.pattern(rounder.layout());
            let held = std::panic::catch_unwind(|| holds_at(&rounder, raw, at % 2));
            assert!(held.is_ok(), "{rule:?} on {scalar:?} at {raw:#x}, row {at}");
        }
    }
}

#[test]
fn values_inside_the_range_of_a_grid_have_preimages_too() {
    let mut patterns = Patterns(2);
    for (rule, scalar, rounder) in rounders() {
        let Rule::Real32Quant { min, max, .. } = rule else { continue };
        let layout = rounder.layout();
        for _ in 0..3000 {
            let x = min + (max - min) * (patterns.bits() >> 11) as f64 / (1u64 << 53) as f64;
            let raw = hepz_precision::narrow(Layout::F64, layout, x.to_bits());
            let held = std::panic::catch_unwind(|| holds_at(&rounder, raw, 0));
            assert!(held.is_ok(), "{rule:?} on {scalar:?} at {raw:#x}");
        }
    }
}

#[test]
fn rounding_twice_is_rounding_once() {
    let mut patterns = Patterns(3);
    for (rule, scalar, rounder) in rounders() {
        // A grid finer than the type's last place need not find its own values again; binary32 has 24 bits.
        if matches!(rule, Rule::Real32Quant { bits: 24.., .. } | Rule::Real32Quant { min: 100.0, .. }) {
            continue;
        }
        // With no mantissa bit kept, CMS's carry sets the exponent's last bit, and such a value has no bit to round
        // up again.
        for row in 0..2000 {
            let raw = patterns.pattern(rounder.layout());
            if let Some(once) = rounder.round(raw, row) {
                assert_eq!(rounder.round(once, row), Some(once), "{rule:?} on {scalar:?}, {raw:#x}");
            }
        }
    }
}

#[test]
fn rules_refuse_what_their_origin_refuses() {
    let refused = [
        (Rule::Atlas { kept: 7 }, Scalar::F64),
        (Rule::CmsRound { kept: 24 }, Scalar::F32),
        (Rule::Real32Trunc { width: 9 }, Scalar::F32),
        (Rule::Real32Trunc { width: 32 }, Scalar::F32),
        (Rule::Real32Quant { bits: 33, min: 0.0, max: 1.0 }, Scalar::F32),
        (Rule::Real32Quant { bits: 8, min: 1.0, max: 1.0 }, Scalar::F32),
        (Rule::Real32Quant { bits: 8, min: 1e-40, max: 1.0 }, Scalar::F32),
        (Rule::Real32Quant { bits: 8, min: f64::NAN, max: 1.0 }, Scalar::F64),
        (Rule::Real32Quant { bits: 8, min: -f64::MAX, max: f64::MAX }, Scalar::F64),
        (Rule::Blosc2 { precision: 0 }, Scalar::F32),
        (Rule::Blosc2 { precision: -23 }, Scalar::F32),
        (Rule::Blosc2 { precision: i32::MIN }, Scalar::F64),
        (Rule::Blosc2 { precision: 24 }, Scalar::F32),
        (Rule::Nearest { kept: 11 }, Scalar::F16),
        (Rule::Nearest { kept: 0 }, Scalar::I32),
    ];
    for (rule, scalar) in refused {
        assert!(rule.on(scalar).is_err(), "{rule:?} on {scalar:?}");
    }
}

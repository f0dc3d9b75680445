//! Contracts: no value leaves its bound, as seen by arithmetic that shares nothing with the library's.
//!
//! 10^7 values by default, 10^9 with `HEPZ_ALL=1`.

mod exact;
mod values;

use exact::Dyadic;
use hepz_columns::{Scalar, Values};
use hepz_precision::{Contract, Layout, Promise, check};
use values::Stream;

const FLOATS: [Scalar; 3] = [Scalar::F16, Scalar::F32, Scalar::F64];

fn promises() -> Vec<Promise> {
    let mut promises = vec![Promise::Exact];
    promises.extend([0, 1, 7, 10, 13, 22, 52].map(|kept| Promise::KeptBits { kept }));
    promises.extend([1e-3, 0.5, 1.0, 3.0, 1e-40, 1e30, 1e300].map(|bound| Promise::Absolute { bound }));
    promises
        .extend([0.5, 0.1, 1e-3, 2f64.powi(-8), 1e-6, 3e-16].map(|fraction| Promise::Relative { fraction }));
    promises.extend(
        [0.0, 1e-3, 17.5, 2000.0, f64::MAX]
            .map(|range| Promise::RangeRelative { fraction: 1e-4, range: Some(range) }),
    );
    promises.extend([1, 2, 4, 7, 15].map(|digits| Promise::Digits { digits }));
    promises.extend([-290, -30, -2, 0, 1, 3, 12, 290].map(|decimals| Promise::Decimals { decimals }));
    promises
}

fn contracts() -> Vec<Contract> {
    let specials: [&[f64]; 3] = [&[], &[-999.0, 0.0], &[1.0, 1.5, 100.25, 65504.0]];
    let both = promises().into_iter().flat_map(|promise| specials.map(|specials| (promise, specials)));
    both.map(|(promise, specials)| Contract::new(promise, specials).unwrap()).collect()
}

/// The promise in exact arithmetic: is twice the error at most twice the bound?
fn keeps_exactly(promise: Promise, layout: Layout, original: u64, stored: u64) -> bool {
    let (x, y) = (Dyadic::of(layout, original), Dyadic::of(layout, stored));
    let error = x.distance(&y);
    match promise {
        Promise::Exact => original == stored,
        Promise::KeptBits { kept } => {
            // Half of 2^(e-k), where e is that of x.
            let (_, unit) = layout.parts(original);
            let mantissa = layout.mantissa() as i32;
            let top = x.floor_log2().map_or(unit + mantissa, |top| top.max(unit + mantissa));
            error <= Dyadic::power(top - (kept.min(layout.mantissa())) as i32 - 1)
                && (kept < layout.mantissa() || original == stored)
        }
        Promise::Absolute { bound } => error <= Dyadic::of(Layout::F64, bound.to_bits()),
        Promise::Relative { fraction } => {
            error <= x.magnitude().times(&Dyadic::of(Layout::F64, fraction.to_bits()))
        }
        Promise::RangeRelative { fraction, range } => {
            let range = Dyadic::of(Layout::F64, range.unwrap().to_bits());
            error <= range.times(&Dyadic::of(Layout::F64, fraction.to_bits()))
        }
        Promise::Decimals { decimals } => error.within_half_unit(-decimals),
        Promise::Digits { digits } => match x.floor_log10() {
            Some(decade) => error.within_half_unit(decade + 1 - digits as i32),
            None => error == x,
        },
        _ => false,
    }
}

fn stays(contract: &Contract, layout: Layout, raw: u64) -> bool {
    let x = layout.to_f64(raw);
    !x.is_finite() || contract.specials().contains(&x)
}

#[test]
fn every_stored_value_keeps_its_contract_in_exact_arithmetic() {
    for contract in contracts() {
        for scalar in FLOATS {
            let layout = Layout::of(scalar).unwrap();
            let reducer = contract.on(scalar).unwrap();
            for raw in Stream::new(11, layout).take(600) {
                let stored = reducer.reduce(raw);
                let kept = if stays(&contract, layout, raw) {
                    raw == stored
                } else {
                    let free = !stays(&contract, layout, stored);
                    free && keeps_exactly(contract.promise(), layout, raw, stored)
                };
                assert!(kept, "{contract} on {scalar:?}: {raw:#x} became {stored:#x}");
                assert!(reducer.allows(raw, stored));
            }
        }
    }
}

#[test]
fn the_check_decides_as_exact_arithmetic_does() {
    // Bounds in binary64 that stand below the true decimal or range bound may refuse what is less than two places
    // away from it.
    for promise in promises() {
        let contract = Contract::new(promise, &[]).unwrap();
        let mut found = [0u64; 2];
        for scalar in FLOATS {
            let layout = Layout::of(scalar).unwrap();
            let reducer = contract.on(scalar).unwrap();
            let mut stream = Stream::new(12, layout);
            for _ in 0..1500 {
                let (original, stored) = stream.pair(&reducer);
                if layout.is_special(original) || layout.is_special(stored) {
                    assert_eq!(reducer.allows(original, stored), original == stored);
                    continue;
                }
                let exactly = keeps_exactly(promise, layout, original, stored);
                let allowed = reducer.allows(original, stored);
                found[usize::from(allowed)] += 1;
                assert!(exactly || !allowed, "{contract} allows {original:#x} to become {stored:#x}");
                let sign_matters = layout.sign(original) != layout.sign(stored);
                let close = matches!(
                    promise,
                    Promise::RangeRelative { .. } | Promise::Decimals { .. } | Promise::Digits { .. }
                );
                if exactly && !close && !sign_matters {
                    assert!(allowed, "{contract} refuses {original:#x} to become {stored:#x}");
                }
            }
        }
        let trivial = matches!(promise, Promise::Absolute { bound: 1e300 })
            || matches!(promise, Promise::Decimals { decimals: -290 })
            || matches!(promise, Promise::RangeRelative { range: Some(f64::MAX), .. });
        assert!(found[1] > 0 && (found[0] > 0 || trivial), "{contract}: {found:?}");
    }
}

/// An error of a binary16 or binary32 is exact in binary64 for all but far-away pairs, so this is quick and nearly
/// exact.
fn keeps_nearly(promise: Promise, layout: Layout, original: u64, stored: u64) -> bool {
    let (x, y) = (layout.to_f64(original), layout.to_f64(stored));
    let error = (y - x).abs();
    let slack = 1.0 + 1e-15;
    let ten = |exponent: i32| 10f64.powi(exponent);
    match promise {
        Promise::Exact => original == stored,
        Promise::KeptBits { kept } => {
            let (_, unit) = layout.parts(original);
            let half = Layout::F64.power_of_two(unit + layout.mantissa() as i32 - kept as i32 - 1);
            error <= half.map_or(0.0, f64::from_bits)
        }
        Promise::Absolute { bound } => error <= bound,
        Promise::Relative { fraction } => error <= fraction * x.abs() * slack,
        Promise::RangeRelative { fraction, range } => error <= fraction * range.unwrap_or(0.0) * slack,
        Promise::Decimals { decimals } => error <= 0.5 * ten(-decimals) * slack,
        Promise::Digits { digits } => {
            let decade = x.abs().log10().floor();
            let tolerant = if (decade - x.abs().log10() + 1.0) < 1e-9 { decade + 1.0 } else { decade };
            x == y || error <= 0.5 * ten(tolerant as i32 + 1 - digits as i32) * slack
        }
        _ => false,
    }
}

#[test]
fn no_violation_in_ten_million_values() {
    let all = std::env::var_os("HEPZ_ALL").is_some();
    let contracts = contracts();
    let wanted: usize = if all { 1_000_000_000 } else { 10_000_000 };
    let each = wanted.div_ceil(contracts.len() * FLOATS.len());
    let (next, values, exceptions) = (
        std::sync::atomic::AtomicUsize::new(0),
        std::sync::atomic::AtomicU64::new(0),
        std::sync::atomic::AtomicU64::new(0),
    );
    let ordering = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(contract) = contracts.get(next.fetch_add(1, ordering)) {
                    for scalar in FLOATS {
                        let layout = Layout::of(scalar).unwrap();
                        let mut stream =
                            Stream::new(contract.to_bytes().iter().map(|&b| u64::from(b)).sum(), layout);
                        let mut left = each;
                        while left > 0 {
                            let raw: Vec<u64> = stream.by_ref().take(left.min(1 << 16)).collect();
                            left -= raw.len();
                            let original = Values::from_raw(scalar, &raw);
                            let reduced = contract.reduce(&original);
                            assert!(check(contract, &original, &reduced.values).unwrap().is_empty());
                            for (row, &raw) in raw.iter().enumerate() {
                                let stored = reduced.values.raw(row);
                                let kept = if stays(contract, layout, raw) {
                                    raw == stored
                                } else {
                                    keeps_nearly(contract.promise(), layout, raw, stored)
                                };
                                assert!(kept, "{contract} on {scalar:?}: {raw:#x} became {stored:#x}");
                            }
                            values.fetch_add(raw.len() as u64, ordering);
                            exceptions.fetch_add(reduced.n_exceptions, ordering);
                        }
                    }
                }
            });
        }
    });
    println!("{values:?} values, {exceptions:?} exceptions, 0 violations");
    assert!(values.into_inner() >= wanted as u64);
}

#[test]
fn without_special_values_only_the_largest_numbers_are_exceptions() {
    for promise in promises() {
        let contract = Contract::new(promise, &[]).unwrap();
        for scalar in FLOATS {
            let layout = Layout::of(scalar).unwrap();
            // Below half of the largest number no rounding to nearest can overflow, if the step is no larger.
            let raws: Vec<u64> = Stream::new(13, layout)
                .filter(|&raw| {
                    layout.magnitude(raw) < layout.infinity() - 2 * (layout.low(layout.mantissa()) + 1)
                })
                .take(20_000)
                .collect();
            let reduced = contract.reduce(&Values::from_raw(scalar, &raws));
            assert_eq!(reduced.n_exceptions, 0, "{contract} on {scalar:?}");
        }
    }
}

#[test]
fn reducing_twice_is_reducing_once_and_order_is_kept() {
    for contract in contracts() {
        for scalar in FLOATS {
            let layout = Layout::of(scalar).unwrap();
            let reducer = contract.on(scalar).unwrap();
            let mut pairs: Vec<(u64, u64)> = Vec::new();
            for raw in Stream::new(14, layout).take(3000) {
                let stored = reducer.reduce(raw);
                assert_eq!(reducer.reduce(stored), stored, "{contract} on {scalar:?}: {raw:#x}");
                pairs.push((layout.key(raw), layout.key(stored)));
            }
            pairs.sort_unstable();
            if contract.specials().is_empty() {
                assert!(pairs.is_sorted_by_key(|pair| pair.1), "{contract} on {scalar:?}");
            }
        }
    }
}

#[test]
fn preimages_of_contracts_hold_exactly_what_is_stored_as_the_value() {
    for contract in contracts() {
        for scalar in FLOATS {
            let layout = Layout::of(scalar).unwrap();
            let reducer = contract.on(scalar).unwrap();
            for raw in Stream::new(15, layout).take(400) {
                let stored = reducer.reduce(raw);
                let preimage = reducer.preimage(stored).expect("what is stored has a pre-image");
                let place = preimage.place(raw);
                assert_eq!(place.and_then(|place| preimage.nth(place)), Some(raw), "{contract}: {raw:#x}");
                for interval in preimage.intervals() {
                    let ends = [layout.key(interval.lowest), layout.key(interval.highest)];
                    let around = [ends[0].checked_sub(1), ends[1].checked_add(1)].into_iter().flatten();
                    for key in ends.into_iter().chain(around).filter(|&key| key < layout.sign_bit() << 1) {
                        let neighbour = layout.at_key(key);
                        let becomes = reducer.reduce(neighbour) == stored;
                        assert_eq!(
                            becomes,
                            preimage.contains(neighbour),
                            "{contract} on {scalar:?}: {raw:#x}, {neighbour:#x}"
                        );
                    }
                }
                if reducer.preimage(raw).is_none() {
                    assert_ne!(stored, raw);
                }
            }
        }
    }
}

#[test]
fn a_relative_bound_needs_no_more_significands_than_it_must() {
    // 1/257: 128 values in each binade, so seven mantissa bits.
    let contract = Contract::new(Promise::Relative { fraction: 1.0 / 257.0 }, &[]).unwrap();
    let reducer = contract.on(Scalar::F32).unwrap();
    let one = u64::from(1f32.to_bits());
    let mut stored: Vec<u64> = (0..1 << 23).map(|place| reducer.reduce(one + place)).collect();
    stored.dedup();
    assert_eq!(stored.len(), 129, "both ends of the binade");
    assert!(stored.iter().all(|raw| raw.trailing_zeros() >= 16));
}

#[test]
fn an_absolute_bound_leaves_multiples_of_a_power_of_two() {
    let contract = Contract::new(Promise::Absolute { bound: 1e-3 }, &[]).unwrap();
    let reducer = contract.on(Scalar::F64).unwrap();
    for raw in Stream::new(16, Layout::F64).take(10_000) {
        let x = f64::from_bits(reducer.reduce(raw));
        if x.is_finite() && x.abs() < 1e12 {
            assert_eq!(x * 512.0, (x * 512.0).round(), "2^-9 is the largest power of two up to 2e-3");
        }
    }
}

#[test]
fn ties_go_to_the_even_multiple() {
    let contract = Contract::new(Promise::Absolute { bound: 0.5 }, &[]).unwrap();
    for (scalar, layout) in FLOATS.map(|scalar| (scalar, Layout::of(scalar).unwrap())) {
        let reducer = contract.on(scalar).unwrap();
        for (x, y) in [(0.5f64, 0.0f64), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (-3.5, -4.0), (0.5625, 1.0)] {
            let raw = hepz_precision::narrow(Layout::F64, layout, x.to_bits());
            assert_eq!(layout.to_f64(reducer.reduce(raw)).to_bits(), y.to_bits(), "{x} on {scalar:?}");
        }
    }
}

#[test]
fn integers_stay() {
    let contract = Contract::new(Promise::Absolute { bound: 1e9 }, &[]).unwrap();
    for scalar in Scalar::ALL.into_iter().filter(|scalar| !scalar.is_float()) {
        let values = Values::from_raw(scalar, &[0, 1, 77, u64::MAX]);
        assert_eq!(contract.reduce(&values).values, values);
    }
}

#[test]
fn seven_bits_of_log_uniform_values_have_the_error_that_theory_says() {
    // E[(ln y - ln x)^2] = 2^-2k / 12 * 3 / (8 ln 2) for a log-uniform mantissa; 2.752e-6 for k = 7.
    for kept in [5u32, 7, 10] {
        let contract = Contract::new(Promise::KeptBits { kept }, &[]).unwrap();
        let reducer = contract.on(Scalar::F32).unwrap();
        let (n, mut sum) = (1_000_000u32, 0.0);
        for at in 0..n {
            // A whole number of binades, evenly in the logarithm.
            let x = (8.0 * std::f64::consts::LN_2 * (f64::from(at) + 0.5) / f64::from(n)).exp() as f32;
            let y = f32::from_bits(reducer.reduce(u64::from(x.to_bits())) as u32);
            let residual = f64::from(y).ln() - f64::from(x).ln();
            sum += residual * residual;
        }
        let theory = 2f64.powi(-2 * kept as i32) / 12.0 * 3.0 / (8.0 * std::f64::consts::LN_2);
        let mean = sum / f64::from(n);
        println!("k = {kept}: ln-MSE {mean:.4e}, theory {theory:.4e}");
        assert!((mean / theory - 1.0).abs() < 0.01, "{mean:e} against {theory:e}");
    }
}

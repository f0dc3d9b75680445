//! Walks through patterns in numeric order: where the rounded value changes, one pre-image ends and the next begins.
//!
//! By default in windows around what is special; with `HEPZ_ALL=1` through all 2^32 patterns (minutes for each core).

use hepz_columns::Scalar;
use hepz_precision::{Layout, Preimage, Rounder, Rule};

/// One of every family first, so that a run that is cut short has seen them all.
fn rules() -> Vec<Rule> {
    let mut rules = vec![Rule::Nearest { kept: 7 }, Rule::Atlas { kept: 7 }, Rule::CmsRound { kept: 7 }];
    rules.extend([Rule::HalfEven { kept: 7 }, Rule::BitGroom { kept: 7 }, Rule::Real32Trunc { width: 16 }]);
    rules.extend([8, 16].map(|bits| Rule::Real32Quant { bits, min: -4.0, max: 4.0 }));
    rules.extend([Rule::Real16, Rule::Nearest { kept: 10 }, Rule::Nearest { kept: 13 }]);
    rules.extend([5, 10, 15].map(|kept| Rule::Atlas { kept }));
    rules.extend([0, 1, 10].map(|kept| Rule::CmsRound { kept }));
    rules.extend([
        Rule::CmsTruncate { kept: 10 },
        Rule::Real32Trunc { width: 10 },
        Rule::Blosc2 { precision: 12 },
    ]);
    rules.extend([Rule::HalfEven { kept: 0 }, Rule::HalfEven { kept: 10 }, Rule::BitGroom { kept: 10 }]);
    rules.extend([Rule::Nearest { kept: 0 }, Rule::Real32Quant { bits: 20, min: 0.0, max: 1e4 }]);
    rules
}

/// One interval of the pre-image must begin at `first` and end at `last`.
fn has_run(preimage: Option<&Preimage>, layout: Layout, first: Option<u64>, last: Option<u64>) -> bool {
    preimage.is_some_and(|preimage| {
        preimage.intervals().any(|interval| {
            first.is_none_or(|key| layout.key(interval.lowest) == key)
                && last.is_none_or(|key| layout.key(interval.highest) == key)
        })
    })
}

/// Checks every run of equal rounded values in a window of keys; returns how many runs there are.
fn walk(rounder: &Rounder, row: u64, window: std::ops::RangeInclusive<u64>) -> u64 {
    let layout = rounder.layout();
    let (mut runs, mut begin) = (0, None);
    let mut current = rounder.round(layout.at_key(*window.start()), row);
    let whole = *window.start() == 0;
    if whole {
        begin = Some(0);
    }
    let mut check = |stored: Option<u64>, first: Option<u64>, last: Option<u64>| {
        let Some(stored) = stored else { return };
        runs += 1;
        let preimage = rounder.preimage(stored, row);
        assert!(
            has_run(preimage.as_ref(), layout, first, last),
            "{stored:#x}: keys {first:x?} to {last:x?}, {preimage:x?}"
        );
    };
    // Half open, because the compiler makes more of it; keys have at most 33 bits here.
    for key in window.start() + 1..window.end() + 1 {
        let rounded = rounder.round(layout.at_key(key), row);
        if rounded != current {
            check(current, begin, Some(key - 1));
            (current, begin) = (rounded, Some(key));
        }
    }
    let end = *window.end() == (layout.sign_bit() << 1) - 1;
    check(current, begin, end.then_some(*window.end()));
    runs
}

/// Keys around everything that is special.
fn windows(layout: Layout) -> Vec<std::ops::RangeInclusive<u64>> {
    let last = (layout.sign_bit() << 1) - 1;
    let one = |x: f32| layout.key(u64::from(x.to_bits()));
    let centres =
        [0.0, -0.0, 1.0, -2.0, 4.0, f32::MIN_POSITIVE, f32::MAX, f32::MIN, 6e-8, 6.1e-5, 65520.0, 1e4];
    let mut keys: Vec<u64> = centres.map(one).to_vec();
    keys.extend([0, last, one(f32::NAN), last - one(f32::NAN), one(3.999), one(-4.0), one(1e-3)]);
    keys.iter().map(|key| key.saturating_sub(1 << 17)..=(key + (1 << 17)).min(last)).collect()
}

#[test]
fn runs_of_equal_values_are_the_preimages() {
    let all = std::env::var_os("HEPZ_ALL").is_some();
    let layout = Layout::F32;
    let windows = if all { vec![0..=u64::from(u32::MAX)] } else { windows(layout) };
    let jobs: Vec<(Rule, u64)> = rules()
        .into_iter()
        .flat_map(|rule| {
            if matches!(rule, Rule::BitGroom { .. }) { vec![(rule, 0), (rule, 1)] } else { vec![(rule, 0)] }
        })
        .collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((rule, row)) =
                    jobs.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    let started = std::time::Instant::now();
                    let rounder = rule.on(Scalar::F32).unwrap();
                    let runs: u64 = windows.iter().map(|window| walk(&rounder, *row, window.clone())).sum();
                    assert!(runs > 2);
                    if all {
                        println!("{rule:?} row {row}: {runs} stored values, {:.1?}", started.elapsed());
                    }
                }
            });
        }
    });
}

#[test]
fn all_halves_are_in_the_preimage_of_what_they_become() {
    for kept in 0..=10 {
        for rule in [Rule::Nearest { kept }, Rule::HalfEven { kept }] {
            let rounder = rule.on(Scalar::F16).unwrap();
            assert!(walk(&rounder, 0, 0..=(1 << 16) - 1) > 32);
        }
    }
}

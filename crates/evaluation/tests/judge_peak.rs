//! Peaks that the judge fits: generated ones come out where they were put, and errors are those of pairs.
//!
//! In: generated rows. Out: agreement within errors.
//! Not here: observables made of columns (`crates/cli/tests/evaluate.rs`).
//! Holds: seeds are fixed.

mod numbers;

use hepz_evaluation::judge::{PeakJudgement, PeakOptions, PeakShape, judge_peak};
use numbers::Numbers;

fn options(shape: PeakShape, window: Option<(f64, f64)>) -> PeakOptions {
    PeakOptions { window, shape, replicas: 40, seed: 5 }
}

/// A peak at 125 with width 1.7, and the same moved by `shift` with an error of `rms` of its own.
fn moved(seed: u64, rows: usize, shift: f64, rms: f64, shape: PeakShape) -> PeakJudgement {
    let mut numbers = Numbers(seed);
    let x: Vec<f64> = (0..rows).map(|_| 125.0 + 1.7 * numbers.normal()).collect();
    let y: Vec<f64> = x.iter().map(|x| x + shift + rms * numbers.normal()).collect();
    judge_peak(&x, &y, &options(shape, None)).unwrap()
}

#[test]
fn a_shift_a_hundredth_of_the_error_of_a_fit_is_measured_in_pairs() {
    for shape in [PeakShape::Gaussian, PeakShape::CrystalBall] {
        let found = moved(1, 100_000, 0.005, 0.1, shape);
        let [original, _] = found.peaks.unwrap();
        assert!((original.mean - 125.0).abs() < 4.0 * original.mean_error, "{original:?}");
        assert!((original.width - 1.7).abs() < 4.0 * original.width_error, "{original:?}");
        // One sample: 1.7 / sqrt(1e5), and a little more since the window cuts the tails.
        assert!((0.005..0.008).contains(&original.mean_error), "{original:?}");
        assert!(original.chi_square < 1.4 * original.freedom as f64, "{original:?}");
        assert!(found.n_replicas >= 38, "{}", found.n_replicas);
        assert!(found.shift_error < 0.1 * original.mean_error, "{} {original:?}", found.shift_error);
        assert!(
            (found.shift - 0.005).abs() < 4.0 * found.shift_error,
            "{} {}",
            found.shift,
            found.shift_error
        );
        assert!((found.core_shift - 0.005).abs() < 4.0 * found.core_shift_error);
        // sqrt(1 + (0.1 / 1.7)^2) - 1.
        assert!((found.core_width_growth - 0.00173).abs() < 5e-5, "{}", found.core_width_growth);
        assert!((found.width_growth - 0.00173).abs() < 4.0 * found.width_growth_error);
    }
}

#[test]
fn bootstrap_errors_are_the_spread_over_samples() {
    let found: Vec<PeakJudgement> =
        (0..24).map(|seed| moved(seed + 10, 4000, 0.0, 0.2, PeakShape::Gaussian)).collect();
    let spread = |of: fn(&PeakJudgement) -> f64| {
        (found.iter().map(|found| of(found).powi(2)).sum::<f64>() / found.len() as f64).sqrt()
    };
    let mean = |of: fn(&PeakJudgement) -> f64| found.iter().map(of).sum::<f64>() / found.len() as f64;
    let ratio = spread(|found| found.shift) / mean(|found| found.shift_error);
    // A spread of 24 samples is known to 14 %.
    assert!((0.6..1.5).contains(&ratio), "{ratio}");
    let ratio = spread(|found| found.core_shift) / mean(|found| found.core_shift_error);
    assert!((0.6..1.5).contains(&ratio), "{ratio}");
}

#[test]
fn a_peak_is_found_over_a_background() {
    let mut numbers = Numbers(77);
    let row = |numbers: &mut Numbers| match numbers.uniform() < 0.3 {
        true => 91.2 + 2.5 * numbers.normal(),
        false => 60.0 - 40.0 * (1.0 - numbers.uniform()).ln(),
    };
    let x: Vec<f64> = (0..100_000).map(|_| row(&mut numbers)).collect();
    let found = judge_peak(&x, &x, &options(PeakShape::Gaussian, Some((70.0, 110.0)))).unwrap();
    let [original, other] = found.peaks.unwrap();
    assert!((original.mean - 91.2).abs() < 4.0 * original.mean_error, "{original:?}");
    assert!((original.width - 2.5).abs() < 4.0 * original.width_error, "{original:?}");
    assert!((found.shift, found.core_shift, found.core_rms) == (other.mean - original.mean, 0.0, 0.0));
    // The same counts, so the same fit, but for the place it started from.
    assert!(found.shift.abs() < 1e-5, "{}", found.shift);
}

#[test]
fn too_few_rows_are_no_peak_and_strange_numbers_no_panic() {
    let settings = options(PeakShape::Gaussian, None);
    assert!(judge_peak(&[], &[], &settings).is_none());
    assert!(judge_peak(&[1.0; 1000], &[1.0; 1000], &settings).is_none());
    assert!(judge_peak(&[f64::NAN; 1000], &[1.0; 1000], &settings).is_none());
    for window in [(0.0, 0.0), (1.0, -1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        assert!(
            judge_peak(&[0.5; 1000], &[0.5; 1000], &options(PeakShape::CrystalBall, Some(window))).is_none()
        );
    }
    // All in one bin, flat, two spikes, huge numbers: a fit or none.
    let flat: Vec<f64> = (0..1000).map(f64::from).collect();
    let spikes: Vec<f64> = (0..1000).map(|row| f64::from(row % 2) + 1e-9 * f64::from(row)).collect();
    let huge: Vec<f64> = flat.iter().map(|x| x * 1e305).collect();
    for shape in [PeakShape::Gaussian, PeakShape::CrystalBall] {
        for values in [&flat, &spikes, &huge] {
            let _ = judge_peak(values, values, &options(shape, None));
        }
        let _ = judge_peak(&[0.5; 1000], &[0.25; 1000], &options(shape, Some((0.0, 1.0))));
    }
}

//! The search on tables with known relations, on noise, and on real files.
//!
//! In: made tables. Out: failed promises.
//! Not here: the formulas themselves (`formula_tests`).
//! Holds: tables are made by a fixed sequence, so a failure comes again.

use super::*;
use crate::order::{ordered, to_raw};
use hepz_columns::Scalar;

const ROWS: usize = 1500;

/// A fixed sequence of numbers in 0 to 1 (PCG's multiplier; high bits only).
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ self.0 >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }

    fn column(&mut self, make: impl Fn(&mut Sequence) -> f64) -> Vec<f64> {
        (0..ROWS).map(|_| make(self)).collect()
    }

    /// Falls like a spectrum of momenta.
    fn pt(&mut self) -> Vec<f64> {
        self.column(|s| 20.0 / (s.next() + 0.001).sqrt())
    }

    fn between(&mut self, least: f64, most: f64) -> Vec<f64> {
        self.column(|s| least + (most - least) * s.next())
    }
}

fn store(scalar: Scalar, values: &[f64]) -> SampleColumn {
    let raw = values.iter().map(|&x| match scalar {
        Scalar::F32 => u64::from((x as f32).to_bits()),
        Scalar::F64 => x.to_bits(),
        _ => to_raw(x, scalar).unwrap(),
    });
    SampleColumn::from_raw(scalar, raw.collect())
}

/// What a formula makes of the values as stored.
fn made(sample: &Sample, scalar: Scalar, inputs: &[usize], f: impl Fn(&[f64]) -> f64) -> SampleColumn {
    let value = |row| f(&inputs.iter().map(|&c| sample.columns[c].values[row]).collect::<Vec<f64>>());
    store(scalar, &(0..ROWS).map(value).collect::<Vec<f64>>())
}

/// Columns: 0 pt, 1 eta, 2 phi, 3 mass, 4 and 5 noise of similar kinds, 6 small integers, 7 charge.
fn base(scalar: Scalar, seed: u64) -> Sample {
    let mut s = Sequence(seed);
    let columns = vec![
        store(scalar, &s.pt()),
        store(scalar, &s.between(-2.5, 2.5)),
        store(scalar, &s.between(-std::f64::consts::PI, std::f64::consts::PI)),
        store(scalar, &s.column(|s| 1.0 + 9.0 * s.next())),
        store(scalar, &s.pt()),
        store(scalar, &s.between(-3.0, 3.0)),
        store(Scalar::I32, &s.column(|s| (s.next() * 40.0).floor())),
        store(Scalar::I8, &s.column(|s| if s.next() < 0.5 { -1.0 } else { 1.0 })),
    ];
    Sample { columns }
}

fn best(sample: &Sample, target: usize) -> Option<Candidate> {
    search(sample, &Budget::default()).into_iter().find(|candidate| candidate.target == target)
}

/// The search finds the relation for column 8, and its residuals are as small as rounding allows.
fn must_find(inputs: &[usize], f: impl Fn(&[f64]) -> f64, wanted: impl Fn(&Formula) -> bool) {
    for scalar in [Scalar::F32, Scalar::F64] {
        let mut sample = base(scalar, 7);
        let column = made(&sample, scalar, inputs, &f);
        sample.columns.push(column);
        let found = best(&sample, 8).unwrap_or_else(|| panic!("{inputs:?} not found in {scalar:?}"));
        assert!(wanted(&found.formula), "{found:?}");
        assert!(found.bits_left < 3.0, "{found:?}");
        let mut sorted = found.inputs.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, inputs);
        check_residuals(&sample, &found);
    }
}

/// Computes the residuals anew, as a codec would, and compares with what the candidate claims.
fn check_residuals(sample: &Sample, candidate: &Candidate) {
    let column = &sample.columns[candidate.target];
    let inputs: Vec<&[f64]> = candidate.inputs.iter().map(|&c| &sample.columns[c].values[..]).collect();
    let mut predictions = vec![0.0; ROWS];
    candidate.formula.predict_all(&inputs, &mut predictions);
    let mut sizes: Vec<u64> = predictions
        .iter()
        .zip(&column.raw)
        .filter_map(|(&p, &raw)| {
            let difference =
                ordered(raw, column.scalar).wrapping_sub(ordered(to_raw(p, column.scalar)?, column.scalar));
            Some((difference as i64).unsigned_abs())
        })
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes[sizes.len() / 2], candidate.median_ulp, "{candidate:?}");
    let near = sizes.iter().filter(|&&size| size <= 1 << 10).count() as f32 / sizes.len() as f32;
    assert!(near >= candidate.rows_ok - 0.01, "{near} {candidate:?}");
}

#[test]
fn formulas_of_one_column_are_found() {
    must_find(&[1], |x| x[0].abs(), |f| matches!(f, Formula::Abs));
    must_find(&[1], |x| -x[0], |f| matches!(f, Formula::Negate));
    must_find(&[0], |x| 1000.0 * x[0], |f| *f == Formula::Scale { gain: Gain::Times(1000.0) });
    must_find(&[0], |x| x[0] / 0.35, |f| *f == Formula::Scale { gain: Gain::Over(0.35) });
    must_find(&[0], |x| x[0] + 12.5, |f| *f == Formula::Shift { shift: 12.5 });
    must_find(&[0], |x| 1.25 * x[0] - 7.0, |f| matches!(f, Formula::Affine { .. }));
    must_find(&[1], |x| x[0].tanh(), |f| matches!(f, Formula::Unary { function: Function::Tanh, .. }));
    must_find(&[0], |x| 3.0 * x[0].ln(), |f| matches!(f, Formula::Unary { function: Function::Ln, .. }));
    must_find(
        &[1],
        |x| 2.0 * (-x[0]).exp().atan(),
        |f| matches!(f, Formula::Unary { function: Function::PolarAngle, .. }),
    );
}

#[test]
fn components_and_products_are_found() {
    must_find(
        &[0, 2],
        |x| x[0] * x[1].cos(),
        |f| matches!(f, Formula::Times { function: Function::Cos, .. }),
    );
    must_find(
        &[0, 2],
        |x| x[0] * x[1].sin(),
        |f| matches!(f, Formula::Times { function: Function::Sin, .. }),
    );
    must_find(
        &[0, 1],
        |x| x[0] * x[1].sinh(),
        |f| matches!(f, Formula::Times { function: Function::Sinh, .. }),
    );
    must_find(
        &[0, 1],
        |x| x[0] * x[1].cosh() / 0.35,
        |f| *f == Formula::Times { function: Function::Cosh, gain: Gain::Over(0.35) },
    );
    must_find(&[0, 3], |x| 0.5 * x[0] * x[1], |f| *f == Formula::Product { gain: Gain::Times(0.5) });
    must_find(&[0, 3], |x| x[0] / x[1], |f| matches!(f, Formula::Quotient { .. }));
    must_find(&[0, 7], |x| 0.3 * x[1] / x[0], |f| matches!(f, Formula::Quotient { .. }));
}

#[test]
fn sums_and_roots_are_found() {
    must_find(&[0, 4], |x| x[0] + x[1], |f| *f == Formula::Sum { inputs: 2, minus: 0 });
    must_find(&[1, 5], |x| x[0] - x[1], |f| matches!(f, Formula::Sum { inputs: 2, minus: 2 }));
    must_find(&[0, 3, 4], |x| x[0] + x[1] - x[2], |f| matches!(f, Formula::Sum { inputs: 3, minus: 4 }));
    must_find(&[0, 4], |x| x[0].hypot(x[1]), |f| matches!(f, Formula::Hypot { inputs: 2, minus: 0, .. }));
    must_find(
        &[0, 3, 4],
        |x| (x[0] * x[0] + x[1] * x[1] + x[2] * x[2]).sqrt(),
        |f| matches!(f, Formula::Hypot { inputs: 3, minus: 0, .. }),
    );
    must_find(
        &[0, 1, 3, 4],
        |x| (x[0] * x[0] + x[1] * x[1] + x[2] * x[2] + x[3] * x[3]).sqrt(),
        |f| matches!(f, Formula::Hypot { inputs: 4, minus: 0, .. }),
    );
    must_find(
        &[0, 1, 3],
        |x| ((x[0] * x[1].cosh()).powi(2) + x[2] * x[2]).sqrt(),
        |f| *f == Formula::Shell { mass: false },
    );
}

#[test]
fn angles_and_rapidities_are_found() {
    for scalar in [Scalar::F32, Scalar::F64] {
        let mut sample = base(scalar, 11);
        let px = made(&sample, scalar, &[0, 2], |x| x[0] * x[1].cos());
        let py = made(&sample, scalar, &[0, 2], |x| x[0] * x[1].sin());
        sample.columns.extend([px, py]);
        let found = search(&sample, &Budget::default());
        let of = |target: usize, inputs: &[usize]| {
            let found = found.iter().find(|c| c.target == target && c.inputs == inputs);
            found.unwrap_or_else(|| panic!("{target} from {inputs:?}")).clone()
        };
        assert_eq!(of(2, &[9, 8]).formula, Formula::Direction(Direction::Atan2));
        assert!(matches!(of(0, &[8, 9]).formula, Formula::Hypot { inputs: 2, minus: 0, .. }));
        let mut sample = base(scalar, 12);
        let turn = made(&sample, scalar, &[2, 5], |x| Formula::AngleDifference.predict(x));
        sample.columns.push(turn);
        assert_eq!(best(&sample, 8).map(|c| c.formula), Some(Formula::AngleDifference));
    }
}

#[test]
fn integers_add_up() {
    let mut s = Sequence(5);
    let mut sample = base(Scalar::F32, 3);
    sample.columns.push(store(Scalar::U16, &s.column(|s| (s.next() * 900.0).floor())));
    let sum = made(&sample, Scalar::I32, &[6, 8], |x| x[0] + x[1]);
    let product = made(&sample, Scalar::I64, &[6, 8], |x| x[0] * x[1]);
    sample.columns.extend([sum, product]);
    let sum = best(&sample, 9).unwrap();
    assert_eq!((sum.formula, sum.bits_left), (Formula::Sum { inputs: 2, minus: 0 }, 0.0));
    let product = best(&sample, 10).unwrap();
    assert_eq!(product.bits_left, 0.0, "{product:?}");
}

#[test]
fn every_member_of_a_group_that_adds_to_one_is_a_target() {
    for n in 3..=6 {
        let mut sample = base(Scalar::F32, 20 + n as u64);
        let mut s = Sequence(99);
        let shares: Vec<Vec<f64>> = (0..ROWS)
            .map(|_| {
                let parts: Vec<f64> = (0..n).map(|_| (4.0 * s.next()).exp()).collect();
                let total: f64 = parts.iter().sum();
                parts.iter().map(|part| part / total).collect()
            })
            .collect();
        for member in 0..n {
            sample
                .columns
                .push(store(Scalar::F32, &shares.iter().map(|row| row[member]).collect::<Vec<f64>>()));
        }
        let found = search(&sample, &Budget::default());
        for target in 8..8 + n {
            let found =
                found.iter().find(|c| c.target == target).unwrap_or_else(|| panic!("{target} of {n}"));
            assert_eq!(found.formula, Formula::Complement { total: 1.0, inputs: n as u8 - 1 });
            assert!(found.bits_left < found.plain_bits - 12.0, "{found:?}");
        }
    }
}

#[test]
fn a_smooth_calibration_is_found_to_a_few_units() {
    let mut sample = base(Scalar::F32, 31);
    let scale = |x: &[f64]| x[0] * (1.0 + 0.06 * (-x[0] / 60.0).exp() + 0.01 * x[1].abs());
    let column = made(&sample, Scalar::F32, &[0, 1], scale);
    sample.columns.push(column);
    let found = best(&sample, 8).unwrap();
    assert!(matches!(found.formula, Formula::SmoothFactor(_)), "{found:?}");
    assert_eq!(found.inputs, [0, 1]);
    assert!(found.bits_left < 4.0, "{} bits", found.bits_left);
    let mut bytes = Vec::new();
    found.formula.write(&mut bytes);
    assert!(bytes.len() < 1024, "{} bytes", bytes.len());
}

#[test]
fn copies_point_at_the_first_of_their_kind() {
    let mut sample = base(Scalar::F32, 41);
    let copies: Vec<SampleColumn> = [0, 6, 0].map(|c: usize| sample.columns[c].clone()).into();
    sample.columns.extend(copies);
    let found = search(&sample, &Budget::default());
    let list: Vec<_> = found.iter().map(|c| (c.target, c.inputs.clone(), c.formula.clone())).collect();
    let copy = |target, input| (target, vec![input], Formula::Copy);
    assert_eq!(list, [copy(8, 0), copy(9, 6), copy(10, 0)]);
    assert!(found.iter().all(|c| c.bits_left == 0.0));
}

#[test]
fn nothing_is_found_in_noise() {
    for seed in 0..4 {
        for scalar in [Scalar::F32, Scalar::F64] {
            let mut sample = base(scalar, seed);
            let more = base(scalar, seed + 100);
            sample.columns.extend(more.columns);
            let mut s = Sequence(seed + 200);
            for n in 0..12 {
                let shape = |s: &mut Sequence| (s.next() - 0.5) * 10f64.powi(n - 4) + f64::from(n % 3);
                sample.columns.push(store(scalar, &s.column(shape)));
            }
            assert_eq!(search(&sample, &Budget::default()), [], "seed {seed}, {scalar:?}");
        }
    }
}

#[test]
fn defaults_and_missing_rows_do_not_hide_a_relation() {
    for default in [f64::NAN, -999.0, 0.0] {
        let mut sample = base(Scalar::F32, 51);
        let mut s = Sequence(52);
        let missing: Vec<bool> = (0..ROWS).map(|_| s.next() < 0.7).collect();
        let gaps = |column: &SampleColumn| {
            let values = column.values.iter().zip(&missing).map(|(&x, &gap)| if gap { default } else { x });
            store(Scalar::F32, &values.collect::<Vec<f64>>())
        };
        let whole = made(&sample, Scalar::F32, &[0, 1], |x| x[0] * x[1].cosh());
        let column = gaps(&whole);
        sample.columns.push(column);
        sample.columns[0] = gaps(&sample.columns[0].clone());
        let found = best(&sample, 8).unwrap_or_else(|| panic!("default {default}"));
        assert!(matches!(found.formula, Formula::Times { function: Function::Cosh, .. }), "{found:?}");
        assert!(found.rows_ok > 0.99 && found.bits_left < 2.0, "{found:?}");
    }
}

#[test]
fn very_large_and_small_numbers_are_searched() {
    for scale in [1.0e-30, 1.0e30, 1.0e-200, 1.0e150] {
        let mut sample = base(Scalar::F64, 61);
        for c in [0, 4] {
            let column = made(&sample, Scalar::F64, &[c], |x| x[0] * scale);
            sample.columns[c] = column;
        }
        let sum = made(&sample, Scalar::F64, &[0, 4], |x| x[0] + x[1]);
        let pz = made(&sample, Scalar::F64, &[0, 1], |x| x[0] * x[1].sinh());
        sample.columns.extend([sum, pz]);
        assert_eq!(best(&sample, 8).unwrap().formula, Formula::Sum { inputs: 2, minus: 0 }, "{scale}");
        let pz = best(&sample, 9).unwrap().formula;
        assert!(matches!(pz, Formula::Times { function: Function::Sinh, .. }), "{scale} {pz:?}");
    }
}

#[test]
fn odd_samples_give_no_candidates_and_no_panic() {
    let budget = Budget::default();
    assert_eq!(search(&Sample::default(), &budget), []);
    for scalar in Scalar::ALL {
        for rows in [0, 1, 5, 40] {
            for pattern in [0, u64::MAX, 0x7fc0_0000_7fc0_0000, 0x3ff0_0000_3f80_3c00] {
                let column = SampleColumn::from_raw(scalar, vec![pattern; rows]);
                assert_eq!(search(&Sample { columns: vec![column.clone(), column] }, &budget), []);
            }
        }
    }
    // Columns of different lengths are the caller's mistake, not a crash.
    let mut sample = base(Scalar::F32, 1);
    sample.columns[3] = SampleColumn::from_raw(Scalar::F32, vec![0x3f80_0000; 40]);
    sample.columns[4].raw.truncate(100);
    assert_eq!(search(&sample, &budget), []);
}

#[test]
fn equal_samples_give_equal_candidates_and_a_small_budget_gives_fewer() {
    let mut sample = base(Scalar::F32, 71);
    let p = made(&sample, Scalar::F32, &[0, 1], |x| x[0] * x[1].cosh());
    let px = made(&sample, Scalar::F32, &[0, 2], |x| x[0] * x[1].cos());
    sample.columns.extend([p, px]);
    let all = search(&sample, &Budget::default());
    assert_eq!(all, search(&sample, &Budget::default()));
    let none = search(&sample, &Budget { steps: 0, ..Budget::default() });
    assert!(none.len() < all.len());
}

/// Particles of a HepMC file: pid, px, py, pz, energy, mass, status.
#[test]
fn the_mass_shell_of_real_particles_is_found() {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS") else {
        println!("skipped: HEPZ_CORPUS is not set");
        return;
    };
    let path = std::path::Path::new(&corpus).join("hepmc/pythia_zmumu_s1003.hepmc3");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {}", path.display());
        return;
    };
    let rows: Vec<Vec<f64>> = text
        .lines()
        .filter(|line| line.starts_with("P "))
        .step_by(11)
        .take(ROWS)
        .map(|line| line.split(' ').skip(3).map(|word| word.parse().unwrap()).collect())
        .collect();
    assert_eq!(rows.len(), ROWS);
    let columns =
        (0..7).map(|c| store(Scalar::F64, &rows.iter().map(|row| row[c]).collect::<Vec<f64>>())).collect();
    let found = best(&Sample { columns }, 4).unwrap();
    assert!(matches!(found.formula, Formula::Hypot { inputs: 4, minus: 0, .. }), "{found:?}");
    assert!(found.bits_left < 4.0 && found.plain_bits > 50.0, "{found:?}");
}

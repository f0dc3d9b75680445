//! Formulas: evaluation and bytes.
//!
//! In: formulas of every kind. Out: failed promises.
//! Not here: the search (`search_tests`).
//! Holds: [`any_formula`] covers every wire number (test `every_wire_number_is_covered`).

use super::*;
use crate::real;
use proptest::prelude::*;

fn any_gain() -> impl Strategy<Value = Gain> {
    prop_oneof![(-1.0e3f64..1.0e3).prop_map(Gain::Times), (0.1f64..1.0e3).prop_map(Gain::Over)]
}

fn any_curve() -> impl Strategy<Value = Curve> {
    prop::collection::vec((0.25f64..4.0, -0.5f64..0.5), 2..=MOST_INTERVALS + 1).prop_map(|steps| {
        let knots = steps.iter().scan(-8.0, |sum, step| {
            *sum += step.0;
            Some(*sum)
        });
        let coefficients = steps.iter().map(|step| step.1).chain([0.25, -0.25]).collect();
        Curve::new(knots.collect(), coefficients).unwrap()
    })
}

fn unrounded() -> impl Strategy<Value = Formula> {
    let function = (0..Function::ALL.len()).prop_map(|at| Function::ALL[at]);
    let beside = (0u8..3, function.clone(), any_gain()).prop_map(|(kind, function, gain)| match kind {
        0 => Formula::Times { function, gain },
        1 => Formula::Per { function, gain },
        _ => Formula::Over { function, gain },
    });
    let smooth = (any::<bool>(), 0.5f64..2.0, any_curve(), prop::option::of(any_curve())).prop_map(
        |(wide, base, first, second)| {
            Formula::SmoothFactor(Box::new(Smooth::new(wide, base, first, second).unwrap()))
        },
    );
    prop_oneof![
        Just(Formula::Copy),
        Just(Formula::Abs),
        Just(Formula::Negate),
        Just(Formula::AngleDifference),
        any_gain().prop_map(|gain| Formula::Scale { gain }),
        any::<i32>().prop_map(|shift| Formula::Shift { shift: f64::from(shift) / 64.0 }),
        (any_gain(), -9.0f64..9.0).prop_map(|(gain, shift)| Formula::Affine { gain, shift }),
        (2u8..=6, any::<u8>())
            .prop_map(|(n, minus)| Formula::Sum { inputs: n, minus: minus & ((1 << n) - 1) }),
        (1u8..=6, 0.0f64..100.0).prop_map(|(inputs, total)| Formula::Complement { total, inputs }),
        any_gain().prop_map(|gain| Formula::Product { gain }),
        any_gain().prop_map(|gain| Formula::Quotient { gain }),
        (2u8..=4, any::<u8>(), any_gain()).prop_map(|(n, minus, gain)| Formula::Hypot {
            gain,
            inputs: n,
            minus: minus & ((1 << n) - 1)
        }),
        (function, any_gain()).prop_map(|(function, gain)| Formula::Unary { function, gain }),
        beside,
        any::<bool>().prop_map(|mass| Formula::Shell { mass }),
        (0..4usize).prop_map(|at| Formula::Direction(Direction::ALL[at])),
        smooth,
        (any::<f32>(), 1u8..=4, any::<u8>()).prop_filter_map("a number", |(square, n, minus)| {
            let minus = minus & ((1 << n) - 1);
            square.is_finite().then_some(Formula::MassShell { square: f64::from(square), inputs: n, minus })
        }),
        prop_oneof![
            Just(Pair::Cartesian),
            [0.0f64..2.0, 0.0f64..2.0].prop_map(|masses| Pair::Collider { masses }),
            Just(Pair::Collider { masses: [0.0; 2] }),
            Just(Pair::Massive),
        ]
        .prop_map(Formula::PairMass),
        (0.5f64..100.0, prop::collection::vec(prop_oneof![Just(0.0), 0.1f64..2.0], 2..=3), any::<bool>())
            .prop_map(|(mass, daughters, upper)| Formula::Component(
                Decay::new(mass, &daughters, upper).unwrap()
            )),
    ]
}

fn any_formula() -> impl Strategy<Value = Formula> {
    (unrounded(), prop::option::weighted(0.1, 1u8..=51)).prop_map(|(formula, kept)| match kept {
        Some(kept) => Formula::Rounded { kept, formula: Box::new(formula) },
        None => formula,
    })
}

fn bytes_of(formula: &Formula) -> Vec<u8> {
    let mut bytes = Vec::new();
    formula.write(&mut bytes);
    bytes
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -20.0f64..20.0, 2 => any::<f64>(), 1 => Just(0.0), 1 => Just(f64::NAN), 1 => Just(5.0e-324)]
}

proptest! {
    #[test]
    fn a_formula_comes_back_from_its_bytes(formula in any_formula(), rest: [u8; 3]) {
        let mut bytes = bytes_of(&formula);
        let length = bytes.len();
        bytes.extend(rest);
        prop_assert_eq!(Formula::read(&bytes), Ok((formula, length)));
    }

    #[test]
    fn every_prefix_of_a_formula_is_truncated(formula in any_formula()) {
        let bytes = bytes_of(&formula);
        for length in 0..bytes.len() {
            prop_assert_eq!(Formula::read(&bytes[..length]), Err(FormulaError::Truncated));
        }
    }

    #[test]
    fn hostile_bytes_give_a_formula_or_an_error(id in 0u8..27, mut bytes in prop::collection::vec(any::<u8>(), 0..900), inputs in prop::collection::vec(any_number(), 8)) {
        bytes.insert(0, id);
        if let Ok((formula, length)) = Formula::read(&bytes) {
            prop_assert_eq!(&bytes_of(&formula)[..], &bytes[..length]);
            let value = formula.predict(&inputs[..formula.arity()]);
            prop_assert!(value.is_normal() || value == 0.0 || value.to_bits() == real::NAN.to_bits());
        }
    }

    #[test]
    fn flipped_bits_of_a_formula_never_panic(formula in any_formula(), at: prop::sample::Index, bit in 0u8..8) {
        let mut bytes = bytes_of(&formula);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok((formula, _)) = Formula::read(&bytes) {
            let _ = formula.predict(&vec![1.5; formula.arity()]);
        }
    }

    #[test]
    fn batch_equals_single_bit_for_bit(formula in any_formula(), rows in prop::collection::vec(prop::collection::vec(any_number(), 8), 1..20)) {
        let columns: Vec<Vec<f64>> = (0..formula.arity()).map(|at| rows.iter().map(|row| row[at]).collect()).collect();
        let slices: Vec<&[f64]> = columns.iter().map(|column| &column[..]).collect();
        let mut out = vec![1.0; rows.len() + 2];
        formula.predict_all(&slices, &mut out);
        for (row, value) in rows.iter().zip(&out) {
            prop_assert_eq!(value.to_bits(), formula.predict(&row[..formula.arity()]).to_bits());
        }
        // Rows that the inputs lack.
        prop_assert!(out[rows.len()..].iter().all(|value| value.to_bits() == real::NAN.to_bits()));
    }

    #[test]
    fn predictions_are_ordinary_numbers_or_the_one_nan(formula in any_formula(), inputs in prop::collection::vec(any_number(), 8)) {
        let value = formula.predict(&inputs[..formula.arity()]);
        prop_assert!(value.is_normal() || value == 0.0 || value.to_bits() == real::NAN.to_bits(), "{}", value);
    }
}

#[test]
fn every_wire_number_is_covered() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3000 {
        seen.insert(bytes_of(&any_formula().new_tree(&mut runner).unwrap().current())[0]);
    }
    assert_eq!(seen, (0..=22).collect());
    assert_eq!(Formula::read(&[23]), Err(FormulaError::UnknownFormula(23)));
    // Rounded twice, and to no bits.
    assert_eq!(Formula::read(&[22, 10, 22, 10, 0]), Err(FormulaError::Shape));
    assert_eq!(Formula::read(&[22, 0, 0]), Err(FormulaError::Shape));
    assert_eq!(Formula::read(&[22, 52, 0]), Err(FormulaError::Shape));
    assert_eq!(Formula::read(&[11, 16]), Err(FormulaError::UnknownFunction(16)));
}

#[test]
fn formulas_compute_what_their_names_say() {
    let near = |formula: Formula, inputs: &[f64], wanted: f64| {
        let value = formula.predict(inputs);
        assert!((value - wanted).abs() <= 1.0e-14 * wanted.abs().max(1.0), "{formula:?} {value} {wanted}");
    };
    let gain = Gain::ONE;
    near(Formula::Affine { gain: Gain::Over(2.0), shift: 1.0 }, &[3.0], 2.5);
    near(Formula::Sum { inputs: 3, minus: 0b010 }, &[1.0, 2.0, 4.0], 3.0);
    near(Formula::Complement { total: 1.0, inputs: 2 }, &[0.25, 0.5], 0.25);
    near(Formula::Quotient { gain: Gain::Times(3.0) }, &[1.0, 4.0], 0.75);
    near(Formula::Hypot { gain, inputs: 4, minus: 0 }, &[1.0, 2.0, 2.0, 4.0], 5.0);
    near(Formula::Hypot { gain, inputs: 2, minus: 2 }, &[5.0, 3.0], 4.0);
    near(
        Formula::Times { function: Function::Cosh, gain: Gain::Over(0.35) },
        &[2.0, 1.5],
        2.0 * 1.5f64.cosh() / 0.35,
    );
    near(Formula::Per { function: Function::Sin, gain }, &[2.0, 1.5], 2.0 / 1.5f64.sin());
    near(Formula::Over { function: Function::Sin, gain }, &[2.0, 1.5], 1.5f64.sin() / 2.0);
    near(Formula::Shell { mass: false }, &[3.0, 0.0, 4.0], 5.0);
    near(Formula::Shell { mass: true }, &[3.0, 0.0, 5.0], 4.0);
    near(Formula::Direction(Direction::Atan2), &[1.0, -1.0], 1.0f64.atan2(-1.0));
    near(Formula::Direction(Direction::Asinh), &[3.0, 2.0], 1.5f64.asinh());
    near(Formula::Direction(Direction::Atanh), &[3.0, 4.0], 0.75f64.atanh());
    near(Formula::Direction(Direction::Acos), &[-3.0, 4.0], (-0.75f64).acos());
    near(Formula::AngleDifference, &[3.0, -3.0], 6.0 - 2.0 * std::f64::consts::PI);
    near(Formula::MassShell { square: 16.0, inputs: 2, minus: 0 }, &[0.0, 3.0], 5.0);
    near(Formula::MassShell { square: -9.0, inputs: 1, minus: 0 }, &[5.0], 4.0);
    near(Formula::PairMass(Pair::Cartesian), &[5.0, 3.0, 0.0, 0.0, 5.0, -3.0, 0.0, 0.0], 10.0);
    near(
        Formula::PairMass(Pair::Collider { masses: [0.0; 2] }),
        &[10.0, 1.0, 0.5, 10.0, 1.0, 0.5 + std::f64::consts::PI],
        20.0,
    );
    let rounded = |kept| Formula::Rounded { kept, formula: Box::new(Formula::Copy) };
    near(rounded(3), &[1.3125], 1.25);
    near(rounded(3), &[-1.1875], -1.25);
    near(rounded(1), &[1.99], 2.0);
    assert!(rounded(10).predict(&[f64::MAX]).is_nan());
    let two = Decay::new(10.0, &[4.0, 4.0], true).unwrap();
    near(Formula::Component(two), &[0.0, 0.0, -3.0, 0.0, 0.0], 3.0);
    assert!(Formula::Copy.predict(&[1.0, 2.0]).is_nan());
    assert!(Formula::Copy.predict(&[]).is_nan());
    let many: Vec<&[f64]> = vec![&[1.0]; 9];
    let mut out = [0.0];
    Formula::Sum { inputs: 6, minus: 0 }.predict_all(&many, &mut out);
    assert!(out[0].is_nan());
}

//! What rounding does to spectra and to a peak, on generated particles.

use hepz::{Limits, Memory, with_tables};
use hepz_columns::{Scalar, Values};
use hepz_evaluation::{Budget, BudgetError, Comparison, Observable, Tolerance};
use hepz_precision::{Contract, Promise, RulesFile, check};

// The generators of `cargo xtask higgs` and `cargo xtask electrons`.
#[allow(dead_code)]
#[path = "../../../xtask/src/electrons.rs"]
mod electrons;
#[allow(dead_code)]
#[path = "../../../xtask/src/higgs.rs"]
mod higgs;
#[path = "../../../xtask/src/random.rs"]
mod random;
#[allow(dead_code)]
#[path = "../../../xtask/src/records.rs"]
mod records;

use random::Random;

const EVENTS: usize = 100_000;
const MASS: &str = "m_gg = mass(pt1,eta1,phi1, pt2,eta2,phi2)";

fn singles(values: &[f32]) -> Values {
    Values::from_raw(Scalar::F32, &values.iter().map(|x| u64::from(x.to_bits())).collect::<Vec<u64>>())
}

fn doubles(values: &Values) -> Vec<f64> {
    (0..values.len()).map(|row| f64::from(f32::from_bits(values.raw(row) as u32))).collect()
}

fn reduced(promise: Promise, values: &[f32]) -> Vec<f64> {
    let (contract, values) = (Contract::new(promise, &[]).unwrap(), singles(values));
    let reduced = contract.reduce(&values).values;
    assert!(check(&contract, &values, &reduced).unwrap().is_empty());
    doubles(&reduced)
}

fn photons(n: usize) -> Vec<Vec<f32>> {
    let mut random = Random(higgs::SEED);
    let mut columns = vec![Vec::new(); 6];
    for _ in 0..n {
        for (column, x) in columns.iter_mut().zip(higgs::decay(&mut random)) {
            column.push(x);
        }
    }
    columns
}

/// The same photons as a `.npy` file.
fn photon_file(n: usize) -> Vec<u8> {
    let mut file = records::header(&higgs::COLUMNS, n as u64);
    let columns = photons(n);
    for row in 0..n {
        file.extend(columns.iter().flat_map(|column| column[row].to_le_bytes()));
    }
    file
}

fn find(file: &[u8], tolerances: &[Tolerance]) -> Result<Budget, BudgetError> {
    let mut found = None;
    with_tables(&Memory(file), Limits::default(), |reader| {
        found = Some(Budget::find(reader, tolerances, true));
        Ok(())
    })
    .unwrap();
    found.unwrap()
}

fn tolerance(text: &str, bias: f64, width: f64) -> Tolerance {
    Tolerance { observable: Observable::parse(text).unwrap(), bias, width, within: None }
}

/// Mean square of the logarithm of what is stored by what was there, and what theory says of these values: an error
/// that is uniform in a cell.
fn square_of_logarithm(values: &[f32], kept: u32) -> (f64, f64) {
    let stored = reduced(Promise::KeptBits { kept }, values);
    let n = values.len() as f64;
    let (mut measured, mut theory) = (0.0, 0.0);
    for (&x, y) in values.iter().zip(stored) {
        let x = f64::from(x);
        measured += (y / x).ln().powi(2);
        let cell = 2f64.powi(x.abs().log2().floor() as i32 - kept as i32);
        theory += cell * cell / 12.0 / (x * x);
    }
    (measured / n, theory / n)
}

#[test]
fn seven_bits_of_log_uniform_values_and_of_electrons_cost_what_theory_says() {
    let mut random = Random(7);
    // A whole number of powers of two.
    let log_uniform: Vec<f32> =
        (0..4 * EVENTS).map(|_| 2f64.powf(7.0 + 13.0 * random.uniform()) as f32).collect();
    let mut random = Random(electrons::SEED);
    let spectra: Vec<[f32; 4]> = (0..4 * EVENTS).map(|_| electrons::electron(&mut random)).collect();
    let expected = 2f64.powi(-14) / 12.0 * 3.0 / (8.0 * 2f64.ln());
    assert!((expected / 2.752e-6 - 1.0).abs() < 1e-3);
    let falling: Vec<f32> = spectra.iter().map(|electron| electron[0]).collect();
    for values in [&log_uniform, &falling] {
        let (measured, _) = square_of_logarithm(values, 7);
        assert!((measured / expected - 1.0).abs() < 0.01, "{measured:e}, not {expected:e}");
    }
    // Of every column, whatever its mantissas, the error is that of a uniform one in a cell.
    for column in 0..4 {
        let values: Vec<f32> = spectra.iter().map(|electron| electron[column]).collect();
        for kept in [5, 7, 10] {
            let (measured, theory) = square_of_logarithm(&values, kept);
            assert!(
                (measured / theory - 1.0).abs() < 0.015,
                "column {column}, {kept}: {measured:e}, {theory:e}"
            );
        }
    }
}

#[test]
fn eight_bits_leave_the_higgs_where_it_is_and_cutting_does_not() {
    let columns = photons(EVENTS);
    let mass = Observable::parse(MASS).unwrap();
    assert_eq!(mass.columns(), higgs::COLUMNS.map(|(name, _)| name));
    let evaluate =
        |columns: &[Vec<f64>]| mass.evaluate(&columns.iter().map(Vec::as_slice).collect::<Vec<&[f64]>>());
    let original: Vec<Vec<f64>> =
        columns.iter().map(|column| column.iter().map(|&x| f64::from(x)).collect()).collect();
    let rounded: Vec<Vec<f64>> =
        columns.iter().map(|column| reduced(Promise::KeptBits { kept: 8 }, column)).collect();
    let cut: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| column.iter().map(|x| f64::from(f32::from_bits(x.to_bits() >> 15 << 15))).collect())
        .collect();
    // All of the peak: a window that cuts it off costs the fit precision, and there is no background to keep out.
    let window = (higgs::MASS_GEV - 15.0, higgs::MASS_GEV + 15.0);
    let before = evaluate(&original);
    let peak = |columns: &[Vec<f64>]| {
        let mut comparison = Comparison::new(window, EVENTS as u64);
        comparison.add(0, &before, &evaluate(columns));
        comparison.peak().unwrap()
    };
    let rounded = peak(&rounded);
    assert!((rounded.mean - higgs::MASS_GEV).abs() < 0.03, "{rounded:?}");
    assert!((rounded.width / higgs::RESOLUTION_GEV - 1.0).abs() < 0.02, "{rounded:?}");
    assert!(rounded.shift.value.abs() < 1e-3 && rounded.shift.error < 1e-3, "{rounded:?}");
    assert!(rounded.growth.value < 0.003, "{rounded:?}");
    // First order says 0.13 %.
    assert!((rounded.growth.value - 0.0013).abs() < 4.0 * rounded.growth.error, "{rounded:?}");
    let cut = peak(&cut);
    assert!(cut.shift.value < -0.15, "{cut:?}");
}

#[test]
fn a_budget_is_kept_without_waste() {
    let file = photon_file(EVENTS);
    let (bias, width) = (0.001, 0.003);
    let budget = find(&file, &[tolerance(MASS, bias, width)]).unwrap();
    let observable = &budget.observables[0];
    let effect = &observable.effect;
    assert!(effect.bias.value.abs() <= bias && effect.growth.value.abs() <= width && effect.lost == 0);
    assert!((observable.expected_growth - effect.growth.value).abs() < 5.0 * effect.growth.error);
    assert_eq!(budget.rows, EVENTS as u64);
    let shares: f64 = budget.columns.iter().map(|column| column.shares[0]).sum();
    assert!((shares - 1.0).abs() < 1e-9);
    // Momenta scale the mass and angles do not.
    for column in &budget.columns {
        let relative = matches!(column.contract.promise(), Promise::KeptBits { .. });
        assert_eq!(relative, column.column.starts_with("pt"), "{:?}", budget.columns);
        assert!(column.kept_bits < 10.0 && column.kept_bits > 4.0, "{column:?}");
    }
    // A bit less everywhere is four times the variance.
    assert!(observable.expected_growth > width / 4.0, "{observable:?}");
    // Dither leaves the mean where it is, too.
    let dithered = observable.dithered.as_ref().unwrap();
    assert!(dithered.bias.value.abs() < 4.0 * dithered.bias.error);
    assert!((dithered.growth.value / effect.growth.value - 1.0).abs() < 0.5);
}

#[test]
fn the_rules_of_a_budget_are_read_back_as_its_contracts() {
    let file = photon_file(20_000);
    let both = [tolerance(MASS, 0.01, 0.01), tolerance("dphi = abs(dphi(phi1, phi2))", 0.001, 0.001)];
    let budget = find(&file, &both).unwrap();
    assert_eq!(budget.observables.len(), 2);
    let rules = RulesFile::parse(&budget.to_toml()).unwrap();
    for column in &budget.columns {
        assert_eq!(rules.contract(&column.column), Some(&column.contract), "{}", budget.to_toml());
    }
    // The second observable asks more of the angles than the first alone does.
    let alone = find(&file, &both[..1]).unwrap();
    let bits = |budget: &Budget, name: &str| {
        budget.columns.iter().find(|column| column.column == name).map(|column| column.kept_bits).unwrap()
    };
    assert!(bits(&budget, "phi1") >= bits(&alone, "phi1"));
    // Tighter tolerances never cost fewer bits.
    let tight = find(&file, &[tolerance(MASS, 0.0001, 0.0001)]).unwrap();
    for column in &alone.columns {
        assert!(bits(&tight, &column.column) > column.kept_bits);
    }
}

#[test]
fn what_cannot_be_found_is_named() {
    let file = photon_file(100);
    let error = find(&file, &[tolerance("x = pt1*pt3", 1.0, 1.0)]).unwrap_err();
    assert!(matches!(&error, BudgetError::NoSuchColumn { name, .. } if name == "pt3"), "{error}");
    let error = find(&file, &[tolerance("x = sqrt(-pt1)", 1.0, 1.0)]).unwrap_err();
    assert!(matches!(&error, BudgetError::NoValues { rows: 0, .. }), "{error}");
    let error = find(&file, &[tolerance("x = 3 + 0*pt1", 1.0, 1.0)]).unwrap_err();
    assert!(matches!(&error, BudgetError::NoWidth { .. }), "{error}");
    let error = find(&file, &[tolerance(MASS, 0.0, 1.0)]).unwrap_err();
    assert!(matches!(&error, BudgetError::Tolerance { .. }), "{error}");
}

#[test]
fn what_first_order_misses_is_found_by_measuring() {
    // Near the threshold of the root its derivative is large for few rows, and rounding takes some rows below it.
    let file = photon_file(50_000);
    let budget = find(&file, &[tolerance("q = sqrt(pt1 - 45)", 0.0005, 0.0005)]).unwrap();
    let effect = &budget.observables[0].effect;
    assert!(effect.lost == 0 && effect.bias.value.abs() <= 0.0005 && effect.growth.value.abs() <= 0.0005);
    assert!(budget.added_bits > 0);
}

#[test]
fn items_of_lists_are_those_of_their_entry() {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS") else {
        println!("skipped: HEPZ_CORPUS is not set");
        return;
    };
    let file = std::fs::read(std::path::Path::new(&corpus).join("root/cms_nanoaodv5_1000ev.root")).unwrap();
    // The second muon of every event that has one, read another way.
    let mut second = Vec::new();
    with_tables(&Memory(&file), Limits::default(), |reader| {
        let table = |name: &str| reader.tables().iter().position(|table| table.name == name).unwrap();
        let (offsets, muons) = (table("Events/Muon.offsets"), table("Events/Muon"));
        let pt = reader.tables()[muons].columns.iter().position(|column| column.name == "Muon_pt").unwrap();
        let pt = doubles(&reader.read(muons, &[pt], 0..reader.tables()[muons].rows)?[0]);
        let offsets = reader.read(offsets, &[0], 0..reader.tables()[offsets].rows)?[0].to_raw();
        let lists = offsets.windows(2).map(|ends| &pt[ends[0] as usize..ends[1] as usize]);
        second.extend(lists.filter_map(|list| list.get(1).copied()));
        Ok(())
    })
    .unwrap();
    let all = Some((0.0, 1e6));
    let with = |text: &str, width: f64| Tolerance { within: all, ..tolerance(text, 100.0, width) };
    let found = find(&file, &[with("x = `Muon_pt[1]`", 0.1)]).unwrap();
    let effect = &found.observables[0].effect;
    assert_eq!(effect.rows, second.len() as u64);
    let mean = second.iter().sum::<f64>() / second.len() as f64;
    assert!((effect.mean / mean - 1.0).abs() < 1e-9, "{effect:?}, {mean}");
    // Both muons have the contract of their column.
    let text = "m = mass(`Muon_pt[0]`,`Muon_eta[0]`,`Muon_phi[0]`, `Muon_pt[1]`,`Muon_eta[1]`,`Muon_phi[1]`)";
    let found = find(&file, &[with(text, 0.01)]).unwrap();
    let names: Vec<&str> = found.columns.iter().map(|column| column.column.as_str()).collect();
    assert_eq!(names, ["Events/Muon.Muon_pt", "Events/Muon.Muon_eta", "Events/Muon.Muon_phi"]);
    assert!(found.observables[0].effect.growth.value.abs() <= 0.01);
}

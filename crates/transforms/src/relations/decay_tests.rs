//! Decays and pairs: what the search finds in momenta of made events, and that it finds nothing where nothing is.
//!
//! In: decays by two-body steps, in several units, types and orders. Out: failed promises.
//! Not here: the formulas themselves (`invariant`), other relations (`search_tests`).
//! Holds: tables are made by a fixed sequence, so a failure comes again.

use super::*;
use hepz_columns::Scalar;
use std::f64::consts::TAU;

const ROWS: usize = 1200;

/// A fixed sequence of numbers in 0 to 1.
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ self.0 >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.next()).ln()).sqrt() * (TAU * self.next()).cos()
    }

    fn direction(&mut self) -> [f64; 3] {
        let (c, phi) = (2.0 * self.next() - 1.0, TAU * self.next());
        let s = (1.0 - c * c).sqrt();
        [s * phi.cos(), s * phi.sin(), c]
    }

    /// A momentum that falls like those of produced particles.
    fn produced(&mut self, scale: f64) -> [f64; 3] {
        let pt = scale * -(1.0 - self.next()).ln();
        let (phi, eta) = (TAU * self.next(), 3.0 * self.next() - 1.5);
        [pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()]
    }
}

fn energy(m: f64, p: [f64; 3]) -> f64 {
    (m * m + p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt()
}

/// Two daughters of a particle of mass `m` and momentum `p`.
fn two(s: &mut Sequence, m: f64, p: [f64; 3], daughters: [f64; 2]) -> [[f64; 3]; 2] {
    let [a, b] = daughters;
    let k = ((m * m - (a + b).powi(2)) * (m * m - (a - b).powi(2))).max(0.0).sqrt() / (2.0 * m);
    let n = s.direction();
    let e = energy(m, p);
    [(a, k), (b, -k)].map(|(mass, k)| {
        let q = n.map(|x| k * x);
        let dot = p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
        let along = dot / (m * (e + m)) + energy(mass, q) / m;
        [q[0] + p[0] * along, q[1] + p[1] * along, q[2] + p[2] * along]
    })
}

/// Three daughters, by two steps.
fn three(s: &mut Sequence, m: f64, p: [f64; 3], [a, b, c]: [f64; 3]) -> [[f64; 3]; 3] {
    let inner = b + c + (m - a - b - c) * s.next();
    let [first, system] = two(s, m, p, [a, inner]);
    let [second, third] = two(s, inner, system, [b, c]);
    [first, second, third]
}

/// Columns of numbers, rounded to the type.
fn store(scalar: Scalar, columns: &[Vec<f64>]) -> Sample {
    let raw = |x: f64| if scalar == Scalar::F32 { u64::from((x as f32).to_bits()) } else { x.to_bits() };
    let column = |values: &Vec<f64>| SampleColumn::from_raw(scalar, values.iter().map(|&x| raw(x)).collect());
    Sample { columns: columns.iter().map(column).collect() }
}

/// A table of events, each a list of numbers.
fn table(scalar: Scalar, mut event: impl FnMut() -> Vec<f64>) -> Sample {
    let rows: Vec<Vec<f64>> = (0..ROWS).map(|_| event()).collect();
    let columns: Vec<Vec<f64>> =
        (0..rows[0].len()).map(|c| rows.iter().map(|row| row[c]).collect()).collect();
    store(scalar, &columns)
}

/// Median distance of a target from the nearer answer.
fn median_off(sample: &Sample, system: &System) -> f64 {
    let mut off: Vec<f64> = (0..ROWS)
        .map(|row| {
            let inputs: Vec<f64> = system.inputs.iter().map(|&c| sample.columns[c].values[row]).collect();
            let value = sample.columns[system.target].values[row];
            system.formulas.iter().map(|f| (f.predict(&inputs) - value).abs()).fold(f64::INFINITY, f64::min)
        })
        .collect();
    off.sort_unstable_by(f64::total_cmp);
    off[ROWS / 2]
}

fn mass_of(system: &System) -> f64 {
    match &system.formulas[0] {
        Formula::Component(decay) => decay.mass(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn decays_to_three_are_found_in_any_unit_type_and_order() {
    let (kaon, pion) = (0.493_677, 0.139_570_39);
    for (scalar, unit, order, mass, masses) in [
        (Scalar::F64, 1.0, [0, 1, 2], 1.869_66, [kaon, pion, pion]),
        (Scalar::F32, 1.0, [2, 0, 1], 1.869_66, [kaon, pion, pion]),
        (Scalar::F64, 1000.0, [1, 2, 0], 5.279_25, [kaon, kaon, kaon]),
        (Scalar::F32, 1000.0, [0, 2, 1], 2.286_46, [0.938_272, kaon, pion]),
    ] {
        let mut s = Sequence(11);
        let sample = table(scalar, || {
            let p = s.produced(8.0);
            let daughters = three(&mut s, mass, p, masses);
            // Columns that are no momenta stand between, energies among them.
            let mut row = vec![s.next() * 100.0];
            for at in order {
                row.extend([energy(masses[at], daughters[at]) * unit, s.next()]);
                row.extend(daughters[at].map(|x| x * unit));
            }
            row
        });
        let found = systems(&sample);
        let of_three: Vec<&System> = found.iter().filter(|system| system.inputs.len() == 8).collect();
        assert_eq!(of_three.len(), 9, "{scalar:?} {unit}: every component of every daughter");
        for system in of_three {
            let wanted = mass * unit;
            assert!((mass_of(system) - wanted).abs() < 2.0e-4 * wanted, "{} {wanted}", mass_of(system));
            let off = median_off(&sample, system);
            assert!(off < 0.01 * unit, "{off} {system:?}");
        }
    }
}

#[test]
fn a_wide_and_smeared_resonance_is_found() {
    let muon = 0.105_658_375_5;
    let mut s = Sequence(23);
    let sample = table(Scalar::F64, || {
        let width = 1.2476 * (TAU / 2.0 * (s.next() - 0.5)).tan();
        let (m, p) = ((91.1876 + width).clamp(60.0, 120.0), s.produced(12.0));
        let daughters = two(&mut s, m, p, [muon; 2]);
        daughters
            .iter()
            .flat_map(|p| {
                let smear = 1.0 + 0.01 * s.normal();
                p.map(|x| (x * smear * 1.0e4).round() / 1.0e4)
            })
            .collect()
    });
    let found = systems(&sample);
    assert_eq!(found.len(), 6);
    assert!(found.iter().all(|system| (mass_of(system) - 91.2).abs() < 0.8), "{}", mass_of(&found[0]));
}

#[test]
fn nothing_is_found_in_momenta_that_do_not_belong_together_and_in_noise() {
    for seed in 0..6 {
        let mut s = Sequence(100 + seed);
        let unrelated = table(Scalar::F64, || (0..4).flat_map(|_| s.produced(10.0)).collect());
        assert_eq!(systems(&unrelated), []);
        let noise = table(Scalar::F32, || (0..9).map(|_| s.normal()).collect());
        assert_eq!(systems(&noise), []);
        let invariants = |f: &Formula| matches!(f, Formula::PairMass(_) | Formula::MassShell { .. });
        for sample in [unrelated, noise] {
            assert!(search(&sample, &Budget::default()).iter().all(|found| !invariants(&found.formula)));
        }
    }
    assert_eq!(systems(&Sample::default()), []);
    let gaps = vec![vec![f64::NAN; 400], vec![f64::INFINITY; 400], vec![0.0; 400], vec![-1.0e300; 400]];
    assert_eq!(systems(&store(Scalar::F64, &gaps)), []);
}

/// The best candidate for a column.
fn best(sample: &Sample, target: usize) -> Candidate {
    let found = search(sample, &Budget::default()).into_iter().find(|candidate| candidate.target == target);
    found.unwrap_or_else(|| panic!("nothing for column {target}"))
}

#[test]
fn energies_on_the_shell_and_masses_of_pairs_are_found() {
    for (unit, particle) in [(1.0, 0.105_658_375_5), (1000.0, 0.493_677), (1.0, 0.7)] {
        let mut s = Sequence(31);
        let sample = table(Scalar::F64, || {
            let p = [s.produced(5.0), s.produced(9.0)].map(|p| p.map(|x| (x * unit * 1.0e6).round() / 1.0e6));
            let m = particle * unit;
            let e = p.map(|p| energy(m, p));
            let sum: f64 = (0..3).map(|axis| (p[0][axis] + p[1][axis]).powi(2)).sum();
            let mass = ((e[0] + e[1]).powi(2) - sum).sqrt();
            [&[mass, e[0]][..], &p[0], &[e[1]], &p[1]].concat()
        });
        for (target, inputs) in [(1, [2, 3, 4]), (5, [6, 7, 8])] {
            let shell = best(&sample, target);
            assert!(matches!(shell.formula, Formula::MassShell { .. }), "{shell:?}");
            assert_eq!(shell.inputs, inputs);
            assert!(shell.bits_left < 4.0, "{shell:?}");
        }
        let pair = best(&sample, 0);
        assert_eq!(pair.formula, Formula::PairMass(Pair::Cartesian));
        assert!(pair.bits_left < 8.0, "{pair:?}");
    }
}

#[test]
fn masses_of_pairs_are_found_in_collider_coordinates() {
    for masses in [None, Some(0.0), Some(0.105_658_375_5)] {
        for scalar in [Scalar::F32, Scalar::F64] {
            let mut s = Sequence(47);
            let mut sample = table(scalar, || {
                let mut row = Vec::new();
                for _ in 0..2 {
                    let pt = 5.0 - 20.0 * (1.0 - s.next()).ln();
                    row.extend([pt, 5.0 * s.next() - 2.5, TAU * (s.next() - 0.5)]);
                    row.extend(masses.is_none().then(|| 2.0 + 8.0 * s.next()));
                }
                row
            });
            let per = 3 + usize::from(masses.is_none());
            let values: Vec<f64> = (0..ROWS)
                .map(|row| {
                    let p: Vec<f64> = sample.columns.iter().map(|c| c.values[row]).collect();
                    let (mut e, mut sum) = (0.0, [0.0; 3]);
                    for p in p.chunks(per) {
                        let own = [p[0] * p[2].cos(), p[0] * p[2].sin(), p[0] * p[1].sinh()];
                        e += energy(p.get(3).copied().or(masses).unwrap_or(0.0), own);
                        sum.iter_mut().zip(own).for_each(|(sum, x)| *sum += x);
                    }
                    (e * e - sum.iter().map(|x| x * x).sum::<f64>()).sqrt()
                })
                .collect();
            sample.columns.extend(store(scalar, &[values]).columns);
            let found = best(&sample, 2 * per);
            let wanted = masses.map_or(Pair::Massive, |m| Pair::Collider { masses: [m; 2] });
            // The muon's mass is less than single precision sees.
            let unseen =
                scalar == Scalar::F32 && matches!(found.formula, Formula::PairMass(Pair::Collider { .. }));
            assert!(found.formula == Formula::PairMass(wanted) || unseen, "{scalar:?} {found:?}");
            assert!(found.median_ulp < 1 << 12, "{found:?}");
        }
    }
}

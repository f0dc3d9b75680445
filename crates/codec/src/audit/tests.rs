//! Tests of the audit: tables with planted grids and relations, noise, damaged numbers, real files.
//!
//! In: tables made by a fixed sequence. Out: failed promises.
//! Not here: printing (`hepz-cli`), how good the planner's search is beyond what was planted (`hepz-transforms`).
//! Holds: what is planted is found for several seeds, and nothing is said of noise.

use super::*;
use crate::{CompressOptions, FileSource, Memory};
use hepz_columns::Scalar;
use hepz_precision::RulesFile;
use std::collections::BTreeSet;

const ROWS: usize = 4000;

/// A fixed sequence (PCG's multiplier; high bits only).
struct Sequence(u64);

impl Sequence {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 ^ self.0 >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Numbers with random signs and mantissas, and exponents from 2^-4 to 2^3.
    fn noise(&mut self) -> Vec<f32> {
        let one = |s: &mut Sequence| {
            let (bits, exponent) = (s.bits() >> 32, 123 + (s.bits() >> 61));
            f32::from_bits(bits as u32 & 0x807f_ffff | (exponent as u32) << 23)
        };
        (0..ROWS).map(|_| one(self)).collect()
    }

    fn made(&mut self, make: impl Fn(&mut Sequence) -> f64) -> Vec<f32> {
        (0..ROWS).map(|_| make(self) as f32).collect()
    }
}

/// Named columns of floats, as a structured NumPy array.
#[derive(Default)]
struct Made {
    fields: Vec<(String, &'static str)>,
    columns: Vec<Vec<Vec<u8>>>,
}

impl Made {
    fn single(&mut self, name: &str, values: &[f32]) {
        self.fields.push((name.to_owned(), "<f4"));
        self.columns.push(values.iter().map(|x| x.to_le_bytes().to_vec()).collect());
    }

    fn double(&mut self, name: &str, values: &[f64]) {
        self.fields.push((name.to_owned(), "<f8"));
        self.columns.push(values.iter().map(|x| x.to_le_bytes().to_vec()).collect());
    }

    fn npy(&self) -> Vec<u8> {
        let fields: Vec<String> =
            self.fields.iter().map(|(name, kind)| format!("('{name}', '{kind}')")).collect();
        let rows = self.columns[0].len();
        let mut header =
            format!("{{'descr': [{}], 'fortran_order': False, 'shape': ({rows},), }}", fields.join(", "));
        while (header.len() + 11) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend_from_slice(&(header.len() as u16).to_le_bytes());
        file.extend_from_slice(header.as_bytes());
        for row in 0..rows {
            self.columns.iter().for_each(|column| file.extend_from_slice(&column[row]));
        }
        file
    }
}

/// Every kind of grid, every kind of relation, and noise.
fn planted(seed: u64) -> Made {
    let s = &mut Sequence(seed);
    let mut made = Made::default();
    made.single("noise", &s.noise());
    made.single("decimal", &s.made(|s| ((s.next() * 60_000.0).floor() - 20_000.0) / 100.0));
    made.double("decimal8", &(0..ROWS).map(|_| (s.next() * 1e6).floor() / 1000.0).collect::<Vec<f64>>());
    made.single("digits", &s.made(|s| format!("{:.4e}", 1e-3 * 1e6f64.powf(s.next())).parse().unwrap()));
    made.single("two", &s.made(|s| (s.next() * 30_000.0 - 15_000.0).floor() / 128.0));
    made.single("step", &s.made(|s| (s.next() * 4000.0).floor() * f64::from(0.0371f32)));
    made.single("quant", &s.made(|s| -3.2 + (s.next() * 4096.0).floor() * (6.4 / 4095.0)));
    let fine = |_| -7.25 + (s.next() * 256.0).floor() * (14.5 / 255.0);
    made.double("quant8", &(0..ROWS).map(fine).collect::<Vec<f64>>());
    made.single("integer", &s.made(|s| (s.next() * 90_000.0).floor() - 700.0));
    let cut = |x: &f32| f32::from_bits((x * 1e5).to_bits() & 0xffff_e000);
    made.single("cut", &s.noise().iter().map(cut).collect::<Vec<f32>>());
    let half = |x: f64| (x * 4096.0 * 4096.0).floor() / (4096.0 * 4096.0);
    let half = |x: f64| if x < 1.0 / 16384.0 { half(x) } else { f64::from(cut(&(1e-5 * x as f32))) };
    made.single("half", &s.made(|s| half(1e-5 * 1e8f64.powf(s.next()))));
    let list: Vec<f32> = s.noise().into_iter().take(40).collect();
    made.single("list", &s.made(|s| f64::from(list[(s.next() * 40.0) as usize])));
    let base = s.noise();
    made.single("base", &base);
    made.single("copy", &base);
    let base = s.noise();
    made.single("unscaled", &base);
    made.single("scaled", &base.iter().map(|x| x * 1000.0).collect::<Vec<f32>>());
    let (px, py) = (s.noise(), s.noise());
    made.single("px", &px);
    made.single("py", &py);
    let hypot = |(x, y): (&f32, &f32)| (f64::from(*x).powi(2) + f64::from(*y).powi(2)).sqrt() as f32;
    made.single("pt", &px.iter().zip(&py).map(hypot).collect::<Vec<f32>>());
    let p = s.made(|s| 20.0 / (s.next() + 0.001).sqrt());
    let m = s.made(|s| 1.0 + 9.0 * s.next());
    made.single("p", &p);
    made.single("m", &m);
    made.single("e", &p.iter().zip(&m).map(hypot).collect::<Vec<f32>>());
    let wide: Vec<f64> = s.noise().iter().map(|&x| f64::from(x) + s.next() * 1e-7).collect();
    made.double("wide", &wide);
    made.single("narrow", &wide.iter().map(|&x| x as f32).collect::<Vec<f32>>());
    let mut sentinel = s.noise();
    sentinel.iter_mut().step_by(9).for_each(|x| *x = -999.0);
    made.single("sentinel", &sentinel);
    made
}

fn audited(file: &[u8]) -> Audit {
    audit(&Memory(file), &AuditOptions::default(), Limits::default()).unwrap()
}

fn of<'a>(audit: &'a Audit, name: &str) -> &'a AuditedColumn {
    audit.columns.iter().find(|column| column.name == name).unwrap()
}

fn name_of(audit: &Audit, id: ColumnId) -> String {
    audit.tables[id.table as usize].columns[id.column as usize].name.clone()
}

/// The column of a relation that these columns are in, if they are all and one of them is given by the others.
fn given<'a>(audit: &'a Audit, names: &[&str]) -> Option<(&'a AuditedColumn, &'a AuditedRelation)> {
    let wanted: BTreeSet<String> = names.iter().map(|&name| name.to_owned()).collect();
    let relations = audit.columns.iter().flat_map(|column| column.relations.iter().map(move |r| (column, r)));
    relations.into_iter().find(|(column, relation)| {
        let mut found: BTreeSet<String> = relation.sources.iter().map(|&id| name_of(audit, id)).collect();
        found.insert(column.name.clone());
        found == wanted
    })
}

/// All relations, in words.
fn relations(audit: &Audit) -> Vec<String> {
    let of = |column: &AuditedColumn| {
        let name = column.name.clone();
        column.relations.iter().map(move |relation| format!("{name}: {}", relation.words)).collect::<Vec<_>>()
    };
    audit.columns.iter().flat_map(of).collect()
}

#[test]
fn planted_grids_and_relations_are_found_and_noise_is_noise() {
    for seed in [3, 71, 20_261] {
        let audit = audited(&planted(seed).npy());
        let grids = [
            ("decimal", "decimals of 2 places"),
            ("decimal8", "decimals of 3 places"),
            ("digits", "decimals of 5 digits"),
            ("two", "multiples of 2^-7"),
            ("step", "multiples of 0.0371"),
            ("integer", "integers"),
            ("cut", "cut to 10 bits of the mantissa"),
            ("half", "float16 values: 10 bits of the mantissa are used"),
            ("list", "one of 40 values"),
        ];
        for (name, words) in grids {
            let column = of(&audit, name);
            assert!(column.grids.iter().any(|grid| grid == words), "{seed} {name} {:?}", column.grids);
        }
        for (name, words) in [("quant", "steps of 0.0015628815 from -3.2"), ("quant8", "steps of 0.0568627")]
        {
            let grids = &of(&audit, name).grids;
            assert!(grids.iter().any(|grid| grid.starts_with(words)), "{seed} {name} {grids:?}");
        }
        for (names, exact) in [
            (&["base", "copy"][..], 1.0),
            (&["unscaled", "scaled"], 0.99),
            (&["px", "py", "pt"], 0.5),
            (&["p", "m", "e"], 0.5),
            (&["wide", "narrow"], 1.0),
        ] {
            let Some((column, relation)) = given(&audit, names) else {
                panic!("{seed} {names:?} are not in {:?}", relations(&audit))
            };
            assert!(relation.exact >= exact, "{seed} {relation:?}");
            let told = column.mantissa_bits();
            let told = told[BitClass::Duplicate as usize] + told[BitClass::Derivable as usize];
            assert!(told > 18.0, "{seed} {names:?} {told}");
            let truncation = column.truncations[1];
            assert!(truncation.recoverable_bits < 0.1, "{truncation:?}");
            assert!(
                truncation.recoverable_with_sources_bits > 0.6 * truncation.dropped_bits,
                "{truncation:?}"
            );
        }
        assert_eq!(given(&audit, &["base", "copy"]).unwrap().1.class, BitClass::Duplicate);
        assert_eq!(given(&audit, &["px", "py", "pt"]).unwrap().1.class, BitClass::Derivable);
        let sentinel = of(&audit, "sentinel");
        assert_eq!(sentinel.specials.len(), 1);
        assert_eq!(sentinel.specials[0].0, -999.0);
        for name in ["noise", "sentinel"] {
            let noise = of(&audit, name);
            assert_eq!((&noise.grids, &noise.relations), (&Vec::new(), &Vec::new()), "{seed} {name}");
            let bits = noise.mantissa_bits();
            assert_eq!(&bits[..4], &[0.0; 4], "{seed} {name}");
            assert!(bits[BitClass::Noise as usize] > 22.9, "{seed} {name} {bits:?}");
            for truncation in &noise.truncations {
                assert_eq!(truncation.recoverable_with_sources_bits, 0.0);
                assert!(
                    (truncation.saved_bits / truncation.dropped_bits - 1.0).abs() < 0.03,
                    "{truncation:?}"
                );
            }
        }
        // The last bits of a grid follow from the others, and all of them only from enough others.
        let decimal = of(&audit, "decimal").truncations[2];
        assert!(decimal.recoverable_bits < decimal.dropped_bits - 1.0, "{decimal:?}");
        let list = of(&audit, "list").truncations[2];
        assert!(list.recoverable_bits > list.dropped_bits - 0.5, "{list:?}");
        let cut = of(&audit, "cut").truncations[1];
        assert_eq!((cut.saved_bits, cut.recoverable_bits), (0.0, cut.dropped_bits));
    }
}

#[test]
fn shares_of_a_plane_add_up() {
    let audit = audited(&planted(8).npy());
    for column in &audit.columns {
        for plane in &column.planes {
            assert!((plane.shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{} {plane:?}", column.name);
            assert!((0.0..=1.0).contains(&plane.price), "{} {plane:?}", column.name);
        }
        for truncation in &column.truncations {
            let (alone, with) = (truncation.recoverable_bits, truncation.recoverable_with_sources_bits);
            assert!(alone <= with && with <= truncation.dropped_bits, "{} {truncation:?}", column.name);
        }
    }
}

#[test]
fn a_file_and_its_archive_have_the_same_bits() {
    let file = planted(5).npy();
    let mut archive = Vec::new();
    crate::compress(&Memory(&file), &mut archive, &CompressOptions::new()).unwrap();
    let (of_file, mut of_archive) = (audited(&file), audited(&archive));
    assert!(of_archive.columns.iter().all(|column| column.archive_bits.is_some()));
    of_archive.columns.iter_mut().for_each(|column| column.archive_bits = None);
    assert_eq!(of_file.columns, of_archive.columns);
    assert_eq!(of_archive.archive_bytes, Some(archive.len() as u64));
    let coarser = Coarser::KeptBits(10);
    let census = |file: &[u8]| super::census(&Memory(file), &coarser, Limits::default()).unwrap();
    let (of_file, of_archive) = (census(&file), census(&archive));
    assert_eq!(of_file.changed_values, of_archive.changed_values);
    for (a, b) in of_file.kinds.iter().zip(&of_archive.kinds) {
        assert_eq!(
            (a.plain_bytes, a.before_bytes, a.after_bytes),
            (b.plain_bytes, b.before_bytes, b.after_bytes)
        );
        assert!(b.archive_bytes.is_some_and(|bytes| bytes > 0.0));
    }
}

#[test]
fn only_the_columns_asked_for_are_audited() {
    let file = planted(5).npy();
    let options = AuditOptions { columns: vec!["p?".into()], kept_bits: vec![3], ..AuditOptions::default() };
    let audit = audit(&Memory(&file), &options, Limits::default()).unwrap();
    let names: Vec<&str> = audit.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["px", "py", "pt"]);
    assert_eq!(audit.columns[0].truncations[0].kept_bits, 3);
}

#[test]
fn the_census_counts_each_type_and_rules_name_what_gets_coarser() {
    let file = planted(5).npy();
    let census = |coarser| super::census(&Memory(&file), &coarser, Limits::default()).unwrap();
    let by_bits = census(Coarser::KeptBits(7));
    let counts: Vec<_> =
        by_bits.kinds.iter().map(|k| (k.scalar, k.branches, k.columns, k.plain_bytes)).collect();
    assert_eq!(counts, [(Scalar::F32, 22, 22, 22 * 16_000), (Scalar::F64, 3, 3, 3 * 32_000)]);
    let single = by_bits.kinds[0];
    assert!(single.after_bytes < 0.7 * single.before_bytes, "{single:?}");
    let rules = RulesFile::parse("[[column]]\nmatch = 'wide'\nkept_bits = 10\n").unwrap();
    let by_rules = census(Coarser::Rules(rules));
    assert!(by_rules.kinds[1].after_bytes < by_rules.kinds[1].before_bytes);
    assert!(by_rules.changed_values > 3900 && by_rules.changed_values <= 4000);
}

#[test]
fn strange_numbers_and_short_columns_are_audited() {
    let s = &mut Sequence(1);
    for rows in [1, 2, 23, 24, 25, 63, 64, 65, 130, 400] {
        let mut made = Made::default();
        let raw: Vec<u64> = (0..rows).map(|_| s.bits()).collect();
        made.double("any", &raw.iter().map(|&raw| f64::from_bits(raw)).collect::<Vec<f64>>());
        made.single("any4", &raw.iter().map(|&raw| f32::from_bits(raw as u32)).collect::<Vec<f32>>());
        let tiny = |&raw: &u64| f64::from_bits(raw >> 12);
        made.double("tiny", &raw.iter().map(tiny).collect::<Vec<f64>>());
        let huge = |&raw: &u64| f64::from_bits(raw >> 12 | 0x7fe << 52);
        made.double("huge", &raw.iter().map(huge).collect::<Vec<f64>>());
        made.double("same", &vec![2.5; rows]);
        made.single("nan", &vec![f32::NAN; rows]);
        made.single(
            "ends",
            &(0..rows).map(|r| [f32::INFINITY, -0.0, 1e-45, f32::MAX][r % 4]).collect::<Vec<_>>(),
        );
        let audit = audited(&made.npy());
        assert_eq!(audit.columns.len(), 7);
        assert_eq!(of(&audit, "same").constant, Some(2.5));
        assert!(of(&audit, "nan").constant.is_some_and(f64::is_nan));
    }
    let nothing = audited(b"no table at all");
    assert!(nothing.columns.is_empty());
}

#[test]
fn relations_and_grids_of_tagging_tables_are_found() {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS") else {
        eprintln!("skipped: HEPZ_CORPUS is not set");
        return;
    };
    let folder = std::path::Path::new(&corpus).join("hdf5");
    let open = |name: &str| {
        let source = FileSource::open(folder.join(name)).unwrap();
        audit(&source, &AuditOptions::default(), Limits::default()).unwrap()
    };
    let jets: [&[&str]; 7] = [
        &["eta", "eta_btagJes"],
        &["absEta_btagJes", "eta_btagJes"],
        &["pt", "eta", "mass", "energy"],
        &["pt", "eta", "pt_btagJes"],
        &["eta", "SV1_Lxy", "SV1_significance3d"],
        &["DL1dv01_pb", "DL1dv01_pc", "DL1dv01_pu"],
        &["GN2v01_pb", "GN2v01_pc", "GN2v01_pu", "GN2v01_ptau"],
    ];
    for (file, relations) in
        [("pythia_ftaglike_jets.h5", &[][..]), ("pythia_ftaglike_tracks.h5", &[&["dr", "deta", "dphi"][..]])]
    {
        let audit = open(file);
        for names in jets.iter().chain(relations) {
            assert!(given(&audit, names).is_some(), "{file} {names:?}");
        }
        for name in
            ["actualInteractionsPerCrossing", "averageInteractionsPerCrossing", "primaryVertexDetectorZ"]
        {
            let column = of(&audit, name);
            assert!(
                column.relations.iter().any(|r| r.class == BitClass::Duplicate && r.exact > 0.7),
                "{column:?}"
            );
        }
        assert!(of(&audit, "JvtScore").grids.iter().any(|grid| grid == "decimals of 2 places"));
        assert!(
            of(&audit, "actualInteractionsPerCrossing")
                .grids
                .iter()
                .any(|grid| grid == "steps of 1 from 15.5")
        );
        // Made with random numbers of its own.
        for name in ["DL1dv01_pb", "SV1_L3d"] {
            let bits = of(&audit, name).mantissa_bits();
            assert!(bits[BitClass::Noise as usize] > 22.0, "{file} {name} {bits:?}");
        }
    }
}

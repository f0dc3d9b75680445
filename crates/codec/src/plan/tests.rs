//! Promises of the plan, on generated tables: every pattern comes back, whatever was planned from whatever sample.
//!
//! In: tables with the structures that the planner looks for. Out: nothing but verdicts.
//! Not here: files and archives (`round_trips`).
//! Holds: seeds are fixed.

use super::*;
use hepz_columns::{ByteOrder, Column, RowOrder, Scalar};
use proptest::prelude::*;

/// A table of these columns, each with its patterns.
fn table(name: &str, inner: &[u64], columns: Vec<(Scalar, Vec<u64>)>) -> (Table, Vec<Option<Values>>) {
    let mut t = Table {
        name: name.into(),
        rows: columns.first().map_or(0, |c| c.1.len() as u64),
        inner: inner.to_vec(),
        row_order: RowOrder::Logical,
        row_bytes: 0,
        columns: Vec::new(),
    };
    let mut values = Vec::new();
    for (at, (scalar, raw)) in columns.into_iter().enumerate() {
        let (unit, order, offset) = (String::new(), ByteOrder::Little, t.row_bytes);
        t.columns.push(Column { name: format!("c{at}"), unit, scalar, order, offset });
        t.row_bytes += scalar.bytes() as u32;
        values.push(Some(Values::from_raw(scalar, &raw)));
    }
    (t, values)
}

fn slice(parts: Vec<(Table, Vec<Option<Values>>)>) -> (Vec<Table>, Slice) {
    let (tables, columns): (Vec<Table>, Vec<_>) = parts.into_iter().unzip();
    (tables.clone(), Slice { rows: tables.iter().map(|t| t.rows as usize).collect(), columns })
}

fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    })
}

/// Events with objects: offsets, event values, objects with relations, sentinels, flags and noise.
fn events(seed: u64, n: usize) -> (Vec<Table>, Slice) {
    let mut random = numbers(seed);
    let mut next = |below: u64| random.next().unwrap_or(0) % below.max(1);
    let counts: Vec<u64> = (0..n).map(|_| next(6)).collect();
    let mut offsets = vec![0u64];
    counts.iter().for_each(|c| offsets.push(offsets[offsets.len() - 1] + c));
    let total = offsets[n] as usize;
    let float = |x: f32| u64::from(x.to_bits());
    let flags: Vec<u64> = (0..n).map(|_| u64::from(next(50) == 0)).collect();
    let run: Vec<u64> = (0..n as u64).map(|e| 300_000 + e / 7).collect();
    let pt: Vec<f32> = (0..total).map(|_| 20.0 + next(1 << 20) as f32 * 0.000_3).collect();
    let eta: Vec<f32> = (0..total).map(|_| next(1 << 20) as f32 * 4.7e-6 - 2.5).collect();
    let scaled: Vec<u64> = pt.iter().map(|&x| float(x * 1.5)).collect();
    let size: Vec<u64> = eta.iter().map(|x| float(x.abs())).collect();
    let tagged: Vec<u64> = pt
        .iter()
        .map(|&x| if next(3) > 0 { float(f32::NAN) } else { float(x * 0.7 + next(64) as f32) })
        .collect();
    let event_value: Vec<u64> = counts
        .iter()
        .enumerate()
        .flat_map(|(e, &c)| std::iter::repeat_n(float(e as f32 * 1.1), c as usize))
        .collect();
    slice(vec![
        table("events", &[], vec![(Scalar::U32, counts), (Scalar::Bool, flags), (Scalar::U64, run)]),
        table(
            "objects",
            &[],
            vec![
                (Scalar::F32, pt.into_iter().map(float).collect()),
                (Scalar::F32, eta.into_iter().map(float).collect()),
                (Scalar::F32, scaled),
                (Scalar::F32, size),
                (Scalar::F32, tagged),
                (Scalar::F32, event_value),
                (Scalar::U16, (0..total).map(|_| next(1 << 16)).collect()),
            ],
        ),
        table("objects_offsets", &[], vec![(Scalar::U32, offsets)]),
    ])
}

/// All engines.
const ENGINES: [Engine; 3] = [Engine::Mixing, Engine::Deep, Engine::Histograms];

fn comes_back(plan: &Plan, tables: &[Table], slice: &Slice) -> Vec<Vec<u8>> {
    let coded = plan.encode(tables, slice).streams;
    let streams: Vec<Option<&[u8]>> = coded.iter().map(|s| Some(&s[..])).collect();
    let stored = Plan::from_bytes(tables, &plan.to_bytes(), plan.engine).expect("a plan reads what it wrote");
    assert_eq!(&stored, plan);
    let back = stored.decode(tables, &slice.rows, &streams, None).expect("what was coded decodes");
    assert_eq!(&back, slice);
    coded
}

#[test]
fn events_with_objects_come_back_and_their_structure_is_found() {
    let (tables, slice) = events(1, 700);
    let plan = Plan::make(&tables, &Sample::whole(&slice), Engine::Mixing);
    comes_back(&plan, &tables, &slice);
    let words = |table, column| plan.describe(&tables, ColumnId { table, column }).transform;
    assert!(words(2, 0).starts_with("running sum of c0"), "{}", words(2, 0));
    assert!(words(1, 2).starts_with("residual of"), "{}", words(1, 2));
    assert!(words(1, 3).starts_with("residual of"), "{}", words(1, 3));
    assert!(words(1, 4).contains("special"), "{}", words(1, 4));
    assert!(words(0, 2).starts_with("delta"), "{}", words(0, 2));
}

#[test]
fn a_plan_made_from_one_sample_codes_any_other_values() {
    for engine in ENGINES {
        let (tables, sample) = events(2, 400);
        let plan = Plan::make(&tables, &Sample::whole(&sample), engine);
        for seed in 0..4 {
            let mut random = numbers(seed + 77);
            let rows: Vec<usize> = tables.iter().map(|_| random.next().unwrap_or(0) as usize % 300).collect();
            let columns = tables
                .iter()
                .zip(&rows)
                .map(|(t, &rows)| {
                    let column = |c: &Column| {
                        let raw: Vec<u64> = random.by_ref().take(rows).collect();
                        Some(Values::from_raw(c.scalar, &raw))
                    };
                    t.columns.iter().map(column).collect()
                })
                .collect();
            comes_back(&plan, &tables, &Slice { rows, columns });
        }
    }
}

#[test]
fn grids_without_a_parent_table_come_back() {
    for engine in ENGINES {
        let grid = |n: u64| {
            (0..n).map(|row| (1.5 + (row % 50) as f64 * 0.25 + (row / 50) as f64).to_bits()).collect()
        };
        let (tables, slice) = slice(vec![table("grid", &[50, 50], vec![(Scalar::F64, grid(7500))])]);
        comes_back(&Plan::make(&tables, &Sample::whole(&slice), engine), &tables, &slice);
    }
}

#[test]
fn streams_do_not_depend_on_the_number_of_threads() {
    for engine in ENGINES {
        let (tables, slice) = events(3, 500);
        let coded: Vec<(Vec<u8>, Vec<Vec<u8>>)> = [1, 2, 8]
            .into_iter()
            .map(|threads| {
                let pool =
                    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
                pool.install(|| {
                    let plan = Plan::make(&tables, &Sample::whole(&slice), engine);
                    (plan.to_bytes(), comes_back(&plan, &tables, &slice))
                })
            })
            .collect();
        assert!(coded.windows(2).all(|w| w[0] == w[1]));
    }
}

#[test]
fn one_column_decodes_from_at_most_eight_others_and_the_small_ones_beside_them() {
    for engine in ENGINES {
        let (tables, slice) = events(4, 900);
        let plan = Plan::make(&tables, &Sample::whole(&slice), engine);
        let coded = plan.encode(&tables, &slice).streams;
        for (table, t) in tables.iter().enumerate() {
            for column in 0..t.columns.len() {
                let id = ColumnId { table: table as u32, column: column as u32 };
                let touched = plan.streams_for(&[id]);
                assert!(touched.len() <= 9 || engine == Engine::Deep, "{id:?} {touched:?}");
                let mut streams: Vec<Option<&[u8]>> = vec![None; coded.len()];
                touched.iter().for_each(|&s| streams[s] = Some(&coded[s]));
                let back =
                    plan.decode(&tables, &slice.rows, &streams, Some(&[id])).expect("its streams suffice");
                assert_eq!(back.columns[table][column], slice.columns[table][column]);
            }
        }
    }
}

#[test]
fn damaged_plans_and_streams_are_refused_or_decode_to_something() {
    for engine in ENGINES {
        let (tables, slice) = events(5, 60);
        let plan = Plan::make(&tables, &Sample::whole(&slice), engine);
        let bytes = plan.to_bytes();
        let coded = plan.encode(&tables, &slice).streams;
        let streams: Vec<Option<&[u8]>> = coded.iter().map(|s| Some(&s[..])).collect();
        for at in 0..bytes.len() {
            for flip in [1u8, 16, 128, 255] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                if let Ok(plan) = Plan::from_bytes(&tables, &damaged, engine) {
                    let _ = plan.decode(&tables, &slice.rows, &streams, None);
                }
            }
            assert!(Plan::from_bytes(&tables, &bytes[..at], engine).is_err(), "prefix of {at} bytes");
        }
        for (stream, good) in coded.iter().enumerate() {
            for at in 0..good.len().min(40) {
                let mut damaged = good.clone();
                damaged[at] ^= 0x55;
                let mut streams = streams.clone();
                streams[stream] = Some(&damaged);
                let _ = plan.decode(&tables, &slice.rows, &streams, None);
            }
        }
    }
}

#[test]
fn rows_that_an_index_names_predict_and_hostile_indices_do_not_matter() {
    let mut random = numbers(9);
    let mut next = |below: u64| random.next().unwrap_or(0) % below.max(1);
    let (mut offsets, mut mother, mut value, mut matched) = (vec![0u64], Vec::new(), Vec::new(), Vec::new());
    let events = 300;
    for _ in 0..events {
        let first = value.len();
        for place in 0..20u64 {
            let named = if place == 0 { -1i64 } else { next(place) as i64 };
            mother.push(named as u64 & 0xffff_ffff);
            let near = if named < 0 { 1.0e3 + next(1 << 22) as f32 } else { value[first + named as usize] };
            value.push(near * (1.0 + next(1000) as f32 * 1.0e-6));
        }
        (0..6).for_each(|_| matched.push(next(20)));
        offsets.push(value.len() as u64);
    }
    let copies: Vec<u64> = matched
        .iter()
        .enumerate()
        .map(|(row, &named)| u64::from((value[row / 6 * 20 + named as usize] * 1.0003).to_bits()))
        .collect();
    let values: Vec<u64> = value.iter().map(|v| u64::from(v.to_bits())).collect();
    let other_offsets = (0..=events as u64).map(|e| 6 * e).collect();
    let flat = |below: u64| (0..events as u64).map(|e| e * e % below).collect();
    let (tables, mut slice) = slice(vec![
        table("events", &[], vec![(Scalar::U32, flat(71)), (Scalar::U32, flat(1013))]),
        table("particles", &[], vec![(Scalar::I32, mother), (Scalar::F32, values)]),
        table("particles_offsets", &[], vec![(Scalar::U32, offsets)]),
        table("jets", &[], vec![(Scalar::I32, matched), (Scalar::F32, copies)]),
        table("jets_offsets", &[], vec![(Scalar::U32, other_offsets)]),
    ]);
    let plan = Plan::make(&tables, &Sample::whole(&slice), Engine::Mixing);
    comes_back(&plan, &tables, &slice);
    let contexts = |table, column| plan.describe(&tables, ColumnId { table, column }).contexts.join("; ");
    assert!(
        contexts(1, 1).contains("near c1 at c0"),
        "{:?}",
        plan.describe(&tables, ColumnId { table: 1, column: 1 })
    );
    assert!(contexts(3, 1).contains("near c1 at c0"), "{}", contexts(3, 1));
    // Indices that name no row, later rows, or anything at all; offsets that fall.
    for (table, values) in [(1, -7i32 as u32 as u64), (3, u64::from(u32::MAX >> 1)), (2, 5), (4, u64::MAX)] {
        let rows = slice.rows[table];
        let scalar = tables[table].columns[0].scalar;
        let raw: Vec<u64> = (0..rows as u64).map(|row| values.wrapping_sub(row % 3) & 0xffff_ffff).collect();
        slice.columns[table][0] = Some(Values::from_raw(scalar, &raw));
        comes_back(&plan, &tables, &slice);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_patterns_of_any_type_come_back(raw in prop::collection::vec(any::<u64>(), 0..200), narrow in 0u32..64) {
        let columns = Scalar::ALL.into_iter().map(|scalar| {
            let mask = u64::MAX >> (64 - scalar.bits());
            (scalar, raw.iter().map(|r| (r >> narrow) & mask).collect())
        });
        let (tables, slice) = slice(vec![table("t", &[], columns.collect())]);
        comes_back(&Plan::make(&tables, &Sample::whole(&slice), Engine::Mixing), &tables, &slice);
    }
}

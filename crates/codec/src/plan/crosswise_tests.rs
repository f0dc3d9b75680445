//! Rows that repeat crosswise: values of one column that stand in rows above or below in another.
//!
//! In: events of two particles, written twice with the particles exchanged. Out: failed promises.
//! Not here: other structures (`tests`).
//! Holds: seeds are fixed.

use super::*;
use hepz_columns::{ByteOrder, Column, RowOrder, Scalar};

/// Two columns of noise: a, b; b, a; for each event. Then a column of other noise.
fn exchanged(events: u64) -> (Vec<Table>, Slice) {
    let noise = |n: u64| {
        let mixed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (1.0 + (mixed >> 11) as f64 / (1u64 << 53) as f64).to_bits()
    };
    let mut columns = [Vec::new(), Vec::new(), Vec::new()];
    for event in 0..events {
        let (a, b) = (noise(4 * event), noise(4 * event + 1));
        columns[0].extend([a, b]);
        columns[1].extend([b, a]);
        columns[2].extend([noise(4 * event + 2), noise(4 * event + 3)]);
    }
    let rows = 2 * events;
    let column = |at: usize| Column {
        name: format!("c{at}"),
        unit: String::new(),
        scalar: Scalar::F64,
        order: ByteOrder::Little,
        offset: at as u32 * 8,
    };
    let table = Table {
        name: "events".into(),
        rows,
        inner: Vec::new(),
        row_order: RowOrder::Logical,
        row_bytes: 24,
        columns: (0..3).map(column).collect(),
    };
    let values = columns.iter().map(|raw| Some(Values::from_raw(Scalar::F64, raw))).collect();
    (vec![table], Slice { rows: vec![rows as usize], columns: vec![values] })
}

#[test]
fn what_stands_below_in_an_earlier_column_is_found_there() {
    let (tables, slice) = exchanged(1000);
    let plan = Plan::make(&tables, &Sample::whole(&slice), Engine::Mixing);
    let contexts = plan.describe(&tables, ColumnId { table: 0, column: 1 }).contexts;
    assert!(contexts.contains(&"near c0 1 above".to_string()), "{contexts:?}");
    assert!(contexts.contains(&"near c0 1 below".to_string()), "{contexts:?}");
    let coded = plan.encode(&tables, &slice);
    let [first, second, third] = coded.column_bits[0][..] else { panic!("three columns") };
    assert!(second * 4 < first && second * 4 < third, "{first} {second} {third}");
    let streams: Vec<Option<&[u8]>> = coded.streams.iter().map(|s| Some(&s[..])).collect();
    let stored = Plan::from_bytes(&tables, &plan.to_bytes(), Engine::Mixing).unwrap();
    assert_eq!(stored, plan);
    assert_eq!(stored.decode(&tables, &slice.rows, &streams, None).unwrap(), slice);
    // A chunk of one row has nothing above and nothing below.
    let first_row =
        |values: &Option<Values>| Some(Values::from_raw(Scalar::F64, &[values.as_ref().unwrap().raw(0)]));
    let columns = vec![slice.columns[0].iter().map(first_row).collect()];
    let short = Slice { rows: vec![1], columns };
    let coded = plan.encode(&tables, &short).streams;
    let streams: Vec<Option<&[u8]>> = coded.iter().map(|s| Some(&s[..])).collect();
    assert_eq!(stored.decode(&tables, &short.rows, &streams, None).unwrap(), short);
}

#[test]
fn a_column_has_no_rows_below_of_itself() {
    let (tables, _) = exchanged(1);
    let own = ColumnId { table: 0, column: 1 };
    for (id, sound) in [(ColumnId { table: 0, column: 0 }, true), (own, false)] {
        for rows in [1, crate::plan::input::MOST_ABOVE] {
            let plan = ColumnPlan {
                rows: Rows::All,
                prediction: Prediction::None,
                further: Vec::new(),
                map: hepz_transforms::path_map::PathMap::plain(Scalar::F64),
                modelled: 0,
                lanes: Vec::new(),
                near_previous: false,
                fits: Vec::new(),
                network: None,
                near: vec![input::Input { id, map: RowMap::Below(rows) }],
            };
            let mut bytes = Vec::new();
            plan.write(&mut bytes, own);
            let read = ColumnPlan::read(&mut Cursor::new(&bytes), own, &tables, &[None]);
            assert_eq!(read.ok().filter(|_| sound), sound.then_some(plan));
        }
    }
}

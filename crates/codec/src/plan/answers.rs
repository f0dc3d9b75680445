//! Expected values: what a column costs when formulas say near which values it lies.
//!
//! In: a draft, one formula or several answers of an equation. Out: the draft with them.
//! Not here: which formulas are tried (`related`).
//! Holds: integers decide; a sample of rows is looked at, not all.

use super::ColumnId;
use super::column::Prediction;
use super::dependence::{BIT, log2, n_log_n};
use super::draft::{Draft, judged_rows};
use super::input::{Input, RowMap};
use super::known::Known;
use hepz_transforms::order::{to_number, to_raw};
use hepz_transforms::path_map::Place;
use hepz_transforms::relations::{Formula, MOST_INPUTS};

/// The draft with the values that the formulas expect, all from the same inputs.
pub fn expected(old: &Draft, formulas: &[Formula], inputs: &[ColumnId], plain_cost: i64) -> Draft {
    let mut plan = old.plan.clone();
    let named: Vec<Input> = inputs.iter().map(|&id| Input { id, map: RowMap::Same }).collect();
    if let [first, further @ ..] = formulas {
        plan.prediction = Prediction::Expected(first.clone(), named.clone());
        plan.further = further.iter().map(|formula| (formula.clone(), named.clone())).collect();
    }
    plan.modelled = plan.map.bits;
    Draft { id: old.id, plan, plain_cost, distinct: old.distinct }
}

/// The same with what it costs, if the column is coded as it is; `None` if it cannot be told.
pub fn near(old: &Draft, known: &Known<'_>, formulas: &[Formula], inputs: &[ColumnId]) -> Option<Draft> {
    if old.plan.prediction != Prediction::None || formulas.is_empty() || inputs.len() > MOST_INPUTS {
        return None;
    }
    let rows = judged_rows(known.rows_of(old.id.table));
    let target = known.get(old.id)?;
    let columns = inputs.iter().map(|&id| known.get(id)).collect::<Option<Vec<_>>>()?;
    let map = &old.plan.map;
    // How many values lie how many bits away from the nearest answer.
    let mut sizes = [0u64; 66];
    for &row in &rows {
        let Place::Rest(path) = map.split(target.raw(row)) else { continue };
        let mut numbers = [0.0; MOST_INPUTS];
        for (number, column) in numbers.iter_mut().zip(&columns) {
            *number = to_number(column.raw(row), column.scalar());
        }
        let distance = |formula: &Formula| {
            let answer = to_raw(formula.predict(numbers.get(..inputs.len())?), map.scalar)?;
            Some(map.nearest(answer).abs_diff(path))
        };
        let nearest = formulas.iter().filter_map(distance).min();
        let size = nearest.map_or(64, |distance| 64 - distance.leading_zeros()).min(map.bits);
        sizes[size as usize] += 1;
    }
    let seen: u64 = sizes.iter().sum();
    let mut cost = n_log_n(seen) - sizes.iter().map(|&n| n_log_n(n)).sum::<i64>();
    // A sign and the bits below the highest.
    cost += sizes.iter().zip(0..).map(|(&n, bits)| n as i64 * bits * BIT).sum::<i64>();
    cost += seen as i64 * log2(formulas.len() as u64);
    let plain = old.plain_cost / known.rows_of(old.id.table).max(1) as i64 * rows.len() as i64;
    // Special values and escapes cost what they cost.
    cost += plain / rows.len().max(1) as i64 * (rows.len() as i64 - seen as i64);
    let cost = cost.min(plain);
    let all = cost / rows.len().max(1) as i64 * known.rows_of(old.id.table) as i64;
    Some(expected(old, formulas, inputs, all))
}

#[cfg(test)]
mod tests {
    use super::super::column::{ColumnPlan, MOST_FURTHER};
    use super::super::{Engine, Plan, PlanError, Sample, Slice};
    use super::*;
    use hepz_columns::{ByteOrder, Column, RowOrder, Scalar, Table, Values};
    use hepz_container::wire::Cursor;
    use hepz_transforms::relations::{Decay, Gain};

    /// Numbers in 0 to 1, the same each time.
    fn fractions(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    /// Momenta of two kaons from a phi, in MeV with two decimals, and a column that has nothing to do with them.
    fn kaon_pairs(rows: usize) -> (Vec<Table>, Slice) {
        let (kaon, mass): (f64, f64) = (493.677, 1019.461);
        let mut next = fractions(5);
        let mut columns: Vec<Vec<u64>> = vec![Vec::new(); 7];
        for _ in 0..rows {
            let mut direction = || {
                let (c, phi) = (2.0 * next() - 1.0, std::f64::consts::TAU * next());
                let s = (1.0 - c * c).sqrt();
                ([s * phi.cos(), s * phi.sin(), c], next())
            };
            let k = (mass * mass / 4.0 - kaon * kaon).sqrt();
            let ((n, _), (flight, share)) = (direction(), direction());
            let p = flight.map(|x| x * 9000.0 * share);
            let q = n.map(|x| x * k);
            let e = (mass * mass + p.iter().map(|x| x * x).sum::<f64>()).sqrt();
            for (at, sign) in [(0, 1.0), (3, -1.0)] {
                let dot = sign * (p[0] * q[0] + p[1] * q[1] + p[2] * q[2]);
                let along = dot / (mass * (e + mass)) + 0.5;
                for axis in 0..3 {
                    let x = sign * q[axis] + p[axis] * along;
                    columns[at + axis].push(((x * 100.0).round() / 100.0).to_bits());
                }
            }
            columns[6].push(next().to_bits());
        }
        let mut table = Table {
            name: "pairs".into(),
            rows: rows as u64,
            inner: Vec::new(),
            row_order: RowOrder::Logical,
            row_bytes: 0,
            columns: Vec::new(),
        };
        let mut values = Vec::new();
        for (at, raw) in columns.iter().enumerate() {
            let (name, unit, offset) = (format!("c{at}"), String::new(), table.row_bytes);
            table.columns.push(Column { name, unit, scalar: Scalar::F64, order: ByteOrder::Little, offset });
            table.row_bytes += 8;
            values.push(Some(Values::from_raw(Scalar::F64, raw)));
        }
        (vec![table], Slice { rows: vec![rows], columns: vec![values] })
    }

    #[test]
    fn a_component_that_a_mass_gives_is_found_and_comes_back() {
        let (tables, slice) = kaon_pairs(3000);
        for engine in [Engine::Mixing, Engine::Histograms] {
            let plan = Plan::make(&tables, &Sample::whole(&slice), engine);
            let coded = plan.encode(&tables, &slice);
            let streams: Vec<Option<&[u8]>> = coded.streams.iter().map(|s| Some(&s[..])).collect();
            let stored = Plan::from_bytes(&tables, &plan.to_bytes(), engine).unwrap();
            assert_eq!(stored, plan);
            assert_eq!(stored.decode(&tables, &slice.rows, &streams, None).unwrap(), slice);
            if engine == Engine::Mixing {
                let ids = (0..6).map(|column| ColumnId { table: 0, column });
                let solved =
                    ids.filter(|&id| plan.describe(&tables, id).transform.contains("or component of"));
                let solved: Vec<ColumnId> = solved.collect();
                assert_eq!(solved.len(), 1);
                let bits = coded.column_bits[0][solved[0].column as usize];
                assert!(bits < 3000 * 10, "{bits}");
            }
        }
    }

    #[test]
    fn every_prefix_and_flipped_bit_of_a_plan_with_two_answers_is_read_or_refused() {
        let (tables, slice) = kaon_pairs(1500);
        let plan = Plan::make(&tables, &Sample::whole(&slice), Engine::Mixing);
        let bytes = plan.to_bytes();
        for length in 0..bytes.len() {
            assert!(Plan::from_bytes(&tables, &bytes[..length], Engine::Mixing).is_err());
        }
        let coded = plan.encode(&tables, &slice).streams;
        let streams: Vec<Option<&[u8]>> = coded.iter().map(|s| Some(&s[..])).collect();
        for at in 0..bytes.len() * 8 {
            let mut odd = bytes.clone();
            odd[at / 8] ^= 1 << (at % 8);
            if let (Ok(plan), 0) = (Plan::from_bytes(&tables, &odd, Engine::Mixing), at % 7) {
                let _ = plan.decode(&tables, &[40], &streams, None);
            }
        }
    }

    #[test]
    fn further_answers_stand_beside_values_only_and_are_few() {
        let (tables, _) = kaon_pairs(1);
        let id = ColumnId { table: 0, column: 6 };
        let input = |column| Input { id: ColumnId { table: 0, column }, map: RowMap::Same };
        let decay = Decay::new(5.0, &[1.0, 1.0], true).unwrap();
        let answer = |decay| (Formula::Component(decay), (0..5).map(input).collect::<Vec<_>>());
        let plan = |prediction, answers: usize| ColumnPlan {
            rows: super::super::column::Rows::All,
            prediction,
            further: vec![answer(decay); answers],
            map: hepz_transforms::path_map::PathMap::plain(Scalar::F64),
            modelled: 0,
            lanes: Vec::new(),
            near_previous: false,
            fits: Vec::new(),
            network: None,
            near: vec![input(2)],
        };
        let read = |plan: &ColumnPlan| {
            let mut bytes = Vec::new();
            plan.write(&mut bytes, id);
            ColumnPlan::read(&mut Cursor::new(&bytes), id, &tables, &[None])
        };
        let (formula, inputs) = answer(decay.other());
        let scale = Formula::Scale { gain: Gain::ONE };
        for answers in 0..=MOST_FURTHER {
            for prediction in [Prediction::None, Prediction::Expected(formula.clone(), inputs.clone())] {
                let plan = plan(prediction, answers);
                assert_eq!(read(&plan).as_ref(), Ok(&plan));
            }
        }
        let too_many = plan(Prediction::None, MOST_FURTHER + 1);
        assert!(matches!(read(&too_many), Err(PlanError::Corrupt(_))));
        let mut differences = plan(Prediction::Residual(scale, vec![input(0)]), 1);
        differences.map = hepz_transforms::path_map::PathMap::plain(Scalar::I64);
        assert!(matches!(read(&differences), Err(PlanError::Corrupt(_))));
    }
}

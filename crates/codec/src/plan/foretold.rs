//! Foretold: what a plan says of each value of a column before it is seen.
//!
//! In: a plan, the values of some rows of all tables. Out: [`Guess`]es with the columns that they rest on, and contexts.
//! Not here: coding by them (`coding`), how good they are (`crate::audit`).
//! Holds: only what the plan has is told; nothing is searched.

use super::coding::{predict, run_starts};
use super::column::{ColumnPlan, LaneKind, Prediction, Rows};
use super::domain::Domain;
use super::input::{Input, RowMap};
use super::known::{Known, NO_ROW};
use super::{ColumnId, Fact, Plan, Slice};
use hepz_columns::{Table, Values};
use hepz_transforms::relations::Formula;

/// What a guess rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// The value stands elsewhere.
    Copy,
    /// A formula over other columns.
    Formula,
    /// A column whose values are alike.
    Alike,
}

/// One guess at each value of a column.
pub(crate) struct Guess {
    pub(crate) basis: Basis,
    /// In words, as `= sqrt(px² + py²)`.
    pub(crate) words: String,
    /// The columns that it needs, without its own.
    pub(crate) sources: Vec<ColumnId>,
    /// The pattern for each row, if there is one.
    pub(crate) raws: Vec<Option<u64>>,
}

/// A plan beside the values of some rows.
pub(crate) struct Foretold<'a> {
    plan: &'a Plan,
    tables: &'a [Table],
    known: Known<'a>,
}

impl Plan {
    /// What the plan says of these rows.
    pub(crate) fn foretold<'a>(&'a self, tables: &'a [Table], slice: &'a Slice) -> Foretold<'a> {
        let known = Known::new(tables, &self.links, &slice.rows);
        for (table, columns) in slice.columns.iter().enumerate() {
            for (column, values) in columns.iter().enumerate() {
                if let Some(values) = values {
                    known.set(ColumnId { table: table as u32, column: column as u32 }, values.clone());
                }
            }
        }
        Foretold { plan: self, tables, known }
    }
}

impl Foretold<'_> {
    /// The values of a column.
    pub(crate) fn values(&self, id: ColumnId) -> Option<&Values> {
        self.known.get(id)
    }

    /// The name of a column.
    fn name(&self, id: ColumnId) -> &str {
        let table = self.tables.get(id.table as usize);
        table.and_then(|table| table.columns.get(id.column as usize)).map_or("?", |column| &column.name)
    }

    /// The name of a column with that of its table.
    pub(crate) fn full_name(&self, id: ColumnId) -> String {
        let table = self.tables.get(id.table as usize).map_or("", |table| &table.name);
        if table.is_empty() { self.name(id).to_owned() } else { format!("{table}/{}", self.name(id)) }
    }

    /// All guesses at the values of a column, copies first.
    pub(crate) fn guesses(&self, id: ColumnId) -> Vec<Guess> {
        let Some(plan) = self.plan.columns.get(&id) else { return Vec::new() };
        let mut guesses: Vec<Guess> = self.repeats(plan, id).into_iter().collect();
        guesses.extend(self.formulas(plan, id));
        guesses.extend(plan.near.iter().filter_map(|near| self.near(near, id)));
        guesses
    }

    /// The value of the row before, where another column repeats as well.
    fn repeats(&self, plan: &ColumnPlan, id: ColumnId) -> Option<Guess> {
        let Rows::RunsOf(column) = plan.rows else { return None };
        let with = ColumnId { table: id.table, column };
        let (values, runs) = (self.known.get(id)?, self.known.get(with)?);
        let mut raws: Vec<Option<u64>> =
            (0..values.len()).map(|row| row.checked_sub(1).map(|before| values.raw(before))).collect();
        for start in run_starts(runs) {
            if let Some(raw) = raws.get_mut(start as usize) {
                *raw = None;
            }
        }
        let words = format!("repeats wherever {} does", self.name(with));
        Some(Guess { basis: Basis::Copy, words, sources: vec![with], raws })
    }

    fn formulas(&self, plan: &ColumnPlan, id: ColumnId) -> Vec<Guess> {
        let first = match &plan.prediction {
            Prediction::Residual(formula, inputs) | Prediction::Expected(formula, inputs) => {
                Some((formula.clone(), inputs.clone()))
            }
            _ => None,
        };
        let rows = self.known.rows_of(id.table);
        let scalar = self.known.scalar(id);
        // The facts tell them in the same order.
        let facts = self.plan.facts(self.tables, id).facts;
        let mut words = facts.iter().filter(|fact| matches!(fact, Fact::Copy { .. } | Fact::Relation { .. }));
        let mut guesses = Vec::new();
        for (formula, inputs) in first.into_iter().chain(plan.further.iter().cloned()) {
            let words = words.next().map(Fact::to_string).unwrap_or_default();
            let basis = if matches!(formula, Formula::Copy) { Basis::Copy } else { Basis::Formula };
            let sources = sources(&inputs, id);
            let one = ColumnPlan {
                prediction: Prediction::Expected(formula, inputs),
                rows: Rows::All,
                ..plan.clone()
            };
            let Ok(raws) = predict(&one, id, &self.known, scalar, &Domain::new(None, rows)) else { continue };
            guesses.push(Guess { basis, words, sources, raws: raws.into_iter().map(Some).collect() });
        }
        guesses
    }

    fn near(&self, input: &Input, id: ColumnId) -> Option<Guess> {
        let values =
            self.known.get(input.id).filter(|_| self.known.scalar(input.id) == self.known.scalar(id))?;
        let map = self.known.row_map(input, id.table).ok()?;
        let rows = self.known.rows_of(id.table);
        let at = |row: usize| {
            let row = match &map {
                None => row,
                Some(map) => map.get(row).filter(|&&row| row != NO_ROW).map(|&row| row as usize)?,
            };
            (row < values.len()).then(|| (row, values.raw(row)))
        };
        // Of its own values a column knows only earlier ones.
        let known = |row: usize| at(row).filter(|&(other, _)| input.id != id || other < row);
        let raws: Vec<Option<u64>> = (0..rows).map(|row| known(row).map(|found| found.1)).collect();
        let name = self.name(input.id);
        let words = match input.map {
            RowMap::Same => format!("the same as {name}"),
            RowMap::Base => format!("the same as {name} of the base"),
            RowMap::Parent => format!("the same as {name} of its owner"),
            RowMap::Above(above) => format!("the same as {name} {above} rows above"),
            RowMap::Below(below) => format!("the same as {name} {below} rows below"),
            RowMap::Named(column) => {
                format!(
                    "the same as {name} of the row in {}",
                    self.name(ColumnId { table: id.table, column })
                )
            }
        };
        Some(Guess { basis: Basis::Alike, words, sources: sources(std::slice::from_ref(input), id), raws })
    }

    /// Buckets of other columns that the plan takes for contexts, at most so many, for each row.
    pub(crate) fn contexts(&self, id: ColumnId, most: usize) -> Vec<Vec<u8>> {
        let Some(plan) = self.plan.columns.get(&id) else { return Vec::new() };
        let inputs = plan.lanes.iter().filter_map(|lane| match &lane.kind {
            LaneKind::One(input) => Some(input),
            _ => None,
        });
        let of = |input: &Input| {
            let buckets = self.known.buckets(input.id).ok()?;
            let map = self.known.row_map(input, id.table).ok()?;
            let at = |row: usize| {
                let row = map.as_ref().map_or(Some(row), |map| map.get(row).map(|&row| row as usize));
                row.and_then(|row| buckets.of_row.get(row).copied()).unwrap_or(u8::MAX)
            };
            Some((0..self.known.rows_of(id.table)).map(at).collect())
        };
        inputs.filter_map(of).take(most).collect()
    }
}

fn sources(inputs: &[Input], id: ColumnId) -> Vec<ColumnId> {
    let mut sources: Vec<ColumnId> =
        inputs.iter().map(|input| input.id).filter(|&other| other != id).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

//! The plan: how each column is coded, decided once per file and stored.
//!
//! In: tables and a sample of their values. Out: streams of one chunk, and back.
//! Not here: how chunks are cut (`chunks`), how streams are framed (`sections`).
//! Holds: decoding obeys the stored plan and never plans.
#![doc = include_str!("spec.md")]

mod answers;
mod buckets;
mod coding;
mod column;
#[cfg(test)]
mod crosswise_tests;
mod dependence;
mod domain;
mod draft;
mod facts;
mod fit;
mod fitting;
pub(crate) mod forecast;
mod foreseen;
pub(crate) mod foretold;
mod histograms;
mod indices;
mod judged;
mod known;
mod lined;
mod lines;
mod links;
mod planner;
mod ranges;
mod related;
mod streams;
mod survey;
#[cfg(test)]
mod tests;
mod tuned;

pub use facts::{ColumnFacts, Fact, TableLink};

pub use crate::engine::Engine;
use coding::code_column;
use column::{ColumnPlan, LaneKind, Link, Prediction, RowMap, Rows};
use forecast::Forecaster;
use forecast::lesson::{Outcome, Teaching};
use hepz_columns::{Table, Values};
use hepz_container::wire::{Cursor, put_bytes, put_varint};
use hepz_entropy::{BitReader, BitWriter, Coder, Decoder, Encoder};
use hepz_neural::wire::Numbers;
use hepz_transforms::path_map::Grid;
use hepz_transforms::relations::Formula;
pub use known::Base;
use known::Known;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A column of the file: table and column index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId {
    /// Index of the table.
    pub table: u32,
    /// Index of the column in its table.
    pub column: u32,
}

/// The values of one chunk.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Slice {
    /// Rows of each table in this chunk.
    pub rows: Vec<usize>,
    /// `[table][column]`; in decoding, columns that were not asked for are `None`.
    pub columns: Vec<Vec<Option<Values>>>,
}

/// What a plan is made from.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Values of some rows.
    pub values: Slice,
    /// `[table]`: the last value of the whole table, if it may be offsets.
    pub last_offsets: Vec<Option<u64>>,
    /// The same rows before they were rounded, where they were. Only to find relations.
    pub original: Option<Slice>,
}

impl Sample {
    /// All values there are.
    pub fn whole(values: &Slice) -> Sample {
        let last = |columns: &Vec<Option<Values>>| {
            let only = columns.first()?.as_ref().filter(|values| columns.len() == 1 && !values.is_empty())?;
            Some(only.raw(only.len() - 1))
        };
        Sample {
            last_offsets: values.columns.iter().map(last).collect(),
            values: values.clone(),
            original: None,
        }
    }
}

/// Why a plan or its streams cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No writer produces this.
    #[error("{0}")]
    Corrupt(&'static str),
    /// Written by a later version.
    #[error("the plan was written by a later version")]
    TooNew,
}

/// The streams of one chunk.
#[derive(Clone, Debug, Default)]
pub struct Encoded {
    /// One per stream of the plan.
    pub streams: Vec<Vec<u8>>,
    /// `[table][column]` price in bits, for `inspect`.
    pub column_bits: Vec<Vec<u64>>,
}

/// How a column is coded, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnDescription {
    /// What is done to the values before they are modelled.
    pub transform: String,
    /// Columns and rows that the model looks at.
    pub contexts: Vec<String>,
}

/// How each column is coded.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    engine: Engine,
    links: Vec<Option<Link>>,
    columns: BTreeMap<ColumnId, ColumnPlan>,
    /// The columns of each stream, in coding order.
    streams: Vec<Vec<ColumnId>>,
    /// The streams that each stream needs, in rising order.
    needs: Vec<Vec<usize>>,
    stream_of: BTreeMap<ColumnId, usize>,
}

impl Plan {
    /// Decides.
    pub fn make(tables: &[Table], sample: &Sample, engine: Engine) -> Plan {
        Plan::make_for(tables, sample, engine, None)
    }

    /// Decides how `coded` columns are coded over a base, the same rows of which are the slice; all columns without a base if
    /// `None`.
    pub fn make_for(
        tables: &[Table],
        sample: &Sample,
        engine: Engine,
        coded: Option<(&BTreeSet<ColumnId>, &Slice)>,
    ) -> Plan {
        Plan::assembled(planner::decide(tables, sample, engine), sample, engine, coded)
    }

    /// Decides for level max, with networks where they pay: what came of each is the second answer.
    pub fn make_taught(tables: &[Table], sample: &Sample, teaching: Teaching<'_>) -> (Plan, Vec<Outcome>) {
        let mut decision = planner::decide(tables, sample, Engine::Deep);
        let outcomes = forecast::lesson::learn(tables, &sample.values, teaching, &mut decision);
        (Plan::assembled(decision, sample, Engine::Deep, None), outcomes)
    }

    fn assembled(
        mut decision: planner::Decision,
        sample: &Sample,
        engine: Engine,
        coded: Option<(&BTreeSet<ColumnId>, &Slice)>,
    ) -> Plan {
        if let Some((coded, base)) = coded {
            decision.order.retain(|id| coded.contains(id));
            decision.columns.retain(|id, _| coded.contains(id));
            foreseen::use_base(&sample.values, base, &decision.order, &mut decision.columns);
        }
        let coded = coded.map(|(coded, _)| coded);
        let links = decision.links;
        let is_coded = |id: &ColumnId| coded.is_none_or(|coded| coded.contains(id));
        let needs_of = |(&id, plan): (&ColumnId, &ColumnPlan)| {
            (id, plan.needs(&links, id).into_iter().filter(is_coded).collect())
        };
        let needs: BTreeMap<ColumnId, Vec<ColumnId>> = decision.columns.iter().map(needs_of).collect();
        let streams = streams::pack(&decision.order, &needs, &decision.bytes);
        Plan::assemble(engine, links, decision.columns, streams, coded.is_some())
            .expect("the planner orders columns by what they need")
    }

    /// Checks that streams need only earlier streams. In a plan for some columns only, the others are known.
    fn assemble(
        engine: Engine,
        links: Vec<Option<Link>>,
        columns: BTreeMap<ColumnId, ColumnPlan>,
        streams: Vec<Vec<ColumnId>>,
        others_known: bool,
    ) -> Result<Plan, PlanError> {
        let mut stream_of = BTreeMap::new();
        let mut needs = Vec::with_capacity(streams.len());
        for (stream, members) in streams.iter().enumerate() {
            let mut needed = BTreeSet::new();
            for id in members {
                let plan = columns.get(id).ok_or(PlanError::Corrupt("a stream of an unknown column"))?;
                for need in plan.needs(&links, *id) {
                    match stream_of.get(&need) {
                        Some(&earlier) if earlier == stream => {}
                        Some(&earlier) => {
                            needed.insert(earlier);
                        }
                        None if others_known && !columns.contains_key(&need) => {}
                        None => return Err(PlanError::Corrupt("a column needs a later one")),
                    }
                }
                if stream_of.insert(*id, stream).is_some() {
                    return Err(PlanError::Corrupt("a column in two streams"));
                }
            }
            needs.push(needed.into_iter().collect());
        }
        if stream_of.len() != columns.len() {
            return Err(PlanError::Corrupt("a column in no stream"));
        }
        Ok(Plan { engine, links, columns, streams, needs, stream_of })
    }

    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        column::put_links(&mut bytes, &self.links);
        // Streams as column ids in coding order; most ids follow the one before.
        put_varint(&mut bytes, self.streams.len() as u64);
        let mut expected = ColumnId { table: 0, column: 0 };
        for stream in &self.streams {
            put_varint(&mut bytes, stream.len() as u64);
            for &id in stream {
                let table = u64::from(id.table.wrapping_sub(expected.table));
                let step = i64::from(id.column) - i64::from(expected.column);
                if table == 0 {
                    let zigzag = ((step << 1) ^ (step >> 63)) as u64;
                    put_varint(&mut bytes, zigzag << 1);
                } else {
                    put_varint(&mut bytes, u64::from(id.table) << 1 | 1);
                    put_varint(&mut bytes, u64::from(id.column));
                }
                expected = ColumnId { table: id.table, column: id.column + 1 };
            }
        }
        let mut plans: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for (&id, plan) in &self.columns {
            let mut own = Vec::new();
            plan.write(&mut own, id);
            // Equal plans (flags that never fire, by the hundred) are written once.
            match plans.get(&own) {
                Some(&at) => put_varint(&mut bytes, at as u64 + 1),
                None => {
                    bytes.push(0);
                    put_bytes(&mut bytes, &own);
                    plans.insert(own, plans.len());
                }
            }
        }
        self.put_networks(&mut bytes);
        bytes
    }

    /// Networks come last: a plan without one ends before.
    fn put_networks(&self, into: &mut Vec<u8>) {
        let networks = || self.columns.iter().filter_map(|(&id, plan)| Some((id, plan.network.as_ref()?)));
        if networks().next().is_none() {
            return;
        }
        put_varint(into, networks().count() as u64);
        let mut numbers = Numbers::default();
        for (id, network) in networks() {
            put_varint(into, u64::from(id.table));
            put_varint(into, u64::from(id.column));
            network.write(into, &mut numbers, id);
        }
        forecast::put_numbers(into, &numbers);
    }

    fn read_networks(
        cursor: &mut Cursor<'_>,
        tables: &[Table],
        links: &[Option<Link>],
        columns: &mut BTreeMap<ColumnId, ColumnPlan>,
    ) -> Result<(), PlanError> {
        let n = cursor.count(1)?;
        // The numbers lie behind everything else.
        let mut described = Vec::with_capacity(n.min(columns.len()));
        for _ in 0..n {
            let (table, column) = (cursor.varint()?, cursor.varint()?);
            let id = ColumnId {
                table: u32::try_from(table).map_err(|_| PlanError::Corrupt("a network of no column"))?,
                column: u32::try_from(column).map_err(|_| PlanError::Corrupt("a network of no column"))?,
            };
            if !columns.contains_key(&id) {
                return Err(PlanError::Corrupt("a network of no column"));
            }
            described.push((id, Forecaster::read_description(cursor, id, tables, links)?));
        }
        let numbers = forecast::read_numbers(cursor)?;
        let mut numbers = numbers.reader();
        for (id, (features, bounds)) in described {
            let network = Forecaster::read(features, bounds, &mut numbers)?;
            if let Some(plan) = columns.get_mut(&id) {
                plan.network = Some(Arc::new(network));
            }
        }
        numbers.finish().map_err(|_| PlanError::Corrupt("numbers behind the networks"))
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`PlanError`] if no writer of a known version produces `bytes`.
    pub fn from_bytes(tables: &[Table], bytes: &[u8], engine: Engine) -> Result<Plan, PlanError> {
        Plan::from_bytes_for(tables, bytes, engine, None)
    }

    /// As [`Plan::from_bytes`], of a plan for `coded` columns only.
    ///
    /// # Errors
    /// As there.
    pub fn from_bytes_for(
        tables: &[Table],
        bytes: &[u8],
        engine: Engine,
        coded: Option<&BTreeSet<ColumnId>>,
    ) -> Result<Plan, PlanError> {
        let mut cursor = Cursor::new(bytes);
        let links = column::read_links(&mut cursor, tables)?;
        let total: usize = tables.iter().map(|t| t.columns.len()).sum();
        let n_streams = cursor.count(1)?;
        let mut streams = Vec::with_capacity(n_streams.min(total));
        let mut expected = ColumnId { table: 0, column: 0 };
        for _ in 0..n_streams {
            let n = cursor.count(1)?;
            let mut stream = Vec::with_capacity(n.min(total));
            for _ in 0..n {
                let code = cursor.varint()?;
                let (table, column) = if code & 1 == 0 {
                    let zigzag = code >> 1;
                    let step = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
                    (u64::from(expected.table), i64::from(expected.column).wrapping_add(step) as u64)
                } else {
                    (code >> 1, cursor.varint()?)
                };
                let known = usize::try_from(table).ok().and_then(|t| tables.get(t));
                if known.is_none_or(|t| column >= t.columns.len() as u64) {
                    return Err(PlanError::Corrupt("a stream of an unknown column"));
                }
                let id = ColumnId { table: table as u32, column: column as u32 };
                expected = ColumnId { table: id.table, column: id.column + 1 };
                stream.push(id);
            }
            streams.push(stream);
        }
        let mut columns = BTreeMap::new();
        let mut written: Vec<&[u8]> = Vec::new();
        for (table, t) in tables.iter().enumerate() {
            for column in 0..t.columns.len() as u32 {
                let id = ColumnId { table: table as u32, column };
                if coded.is_some_and(|coded| !coded.contains(&id)) {
                    continue;
                }
                let own = match cursor.size()? {
                    0 => {
                        let own = cursor.prefixed()?;
                        written.push(own);
                        own
                    }
                    at => {
                        written.get(at - 1).copied().ok_or(PlanError::Corrupt("a plan like none before"))?
                    }
                };
                let mut own = Cursor::new(own);
                columns.insert(id, ColumnPlan::read(&mut own, id, tables, &links)?);
                own.finish()?;
            }
        }
        if cursor.remaining() > 0 {
            Plan::read_networks(&mut cursor, tables, &links, &mut columns)?;
        }
        cursor.finish()?;
        Plan::assemble(engine, links, columns, streams, coded.is_some())
    }

    /// Number of streams in every chunk.
    pub fn stream_count(&self) -> usize {
        self.streams.len()
    }

    /// The columns that a stream carries.
    pub fn stream_columns(&self, stream: usize) -> Vec<ColumnId> {
        self.streams.get(stream).cloned().unwrap_or_default()
    }

    /// The streams that decoding `columns` touches, in rising order.
    pub fn streams_for(&self, columns: &[ColumnId]) -> Vec<usize> {
        let mut touched = BTreeSet::new();
        let mut open: Vec<usize> = columns.iter().filter_map(|id| self.stream_of.get(id).copied()).collect();
        while let Some(stream) = open.pop() {
            if touched.insert(stream) {
                open.extend(&self.needs[stream]);
            }
        }
        touched.into_iter().collect()
    }

    /// Codes one chunk.
    pub fn encode(&self, tables: &[Table], slice: &Slice) -> Encoded {
        self.encode_over(tables, slice, None)
    }

    /// As [`Plan::encode`], for a decoder that has the base.
    pub fn encode_over(&self, tables: &[Table], slice: &Slice, base: Option<&Base<'_>>) -> Encoded {
        let mut known = Known::new(tables, &self.links, &slice.rows).under(self.engine);
        known.base = base;
        for (table, columns) in slice.columns.iter().enumerate() {
            for (column, values) in columns.iter().enumerate() {
                if let Some(values) = values {
                    known.set(ColumnId { table: table as u32, column: column as u32 }, values.clone());
                }
            }
        }
        let coded: Vec<(Vec<u8>, Prices)> =
            self.streams.par_iter().map(|stream| self.encode_stream(stream, &known)).collect();
        let mut encoded = Encoded {
            streams: Vec::with_capacity(coded.len()),
            column_bits: tables.iter().map(|t| vec![0; t.columns.len()]).collect(),
        };
        for (bytes, prices) in coded {
            encoded.streams.push(bytes);
            for (id, bits) in prices {
                encoded.column_bits[id.table as usize][id.column as usize] = bits;
            }
        }
        encoded
    }

    fn encode_stream(&self, stream: &[ColumnId], known: &Known<'_>) -> (Vec<u8>, Prices) {
        match self.engine {
            Engine::Mixing | Engine::Deep => self.encode_mixing(stream, known),
            Engine::Histograms => self.encode_histograms(stream, known),
        }
    }

    fn encode_histograms(&self, stream: &[ColumnId], known: &Known<'_>) -> (Vec<u8>, Prices) {
        let mut bytes = Vec::new();
        let mut prices = Vec::with_capacity(stream.len());
        for &id in stream {
            let before = bytes.len();
            histograms::encode_column(&self.columns[&id], id, known, &mut bytes)
                .expect("the plan needs only columns of the chunk");
            prices.push((id, (bytes.len() - before) as u64 * 8));
        }
        if bytes.iter().all(|&byte| byte == 0) && bytes.len() == stream.len() {
            bytes.clear();
        }
        (bytes, prices)
    }

    fn encode_mixing(&self, stream: &[ColumnId], known: &Known<'_>) -> (Vec<u8>, Prices) {
        let mut coder = Priced { encoder: Encoder::default(), price: 0 };
        let mut raw = Counted { writer: BitWriter::default(), bits: 0 };
        let mut prices = Vec::with_capacity(stream.len());
        for &id in stream {
            let before = coder.bits() + raw.bits;
            let truth = known.get(id).expect("encoding knows every column");
            code_column(&self.columns[&id], id, known, &mut coder, &mut raw, Some(truth))
                .expect("the plan needs only columns of the chunk");
            prices.push((id, coder.bits() + raw.bits - before));
        }
        let (decisions, bits) = (coder.encoder.finish(), raw.writer.finish());
        let mut bytes = Vec::with_capacity(decisions.len() + bits.len() + 4);
        if decisions.is_empty() && bits.is_empty() {
            return (bytes, prices);
        }
        put_varint(&mut bytes, decisions.len() as u64);
        bytes.extend_from_slice(&decisions);
        bytes.extend_from_slice(&bits);
        (bytes, prices)
    }

    fn decode_stream(&self, stream: usize, bytes: &[u8], known: &Known<'_>) -> Result<(), PlanError> {
        if self.engine == Engine::Histograms {
            let mut cursor = Cursor::new(bytes);
            for &id in &self.streams[stream] {
                known.set(id, histograms::decode_column(&self.columns[&id], id, known, &mut cursor)?);
            }
            return Ok(cursor.finish()?);
        }
        let (decisions, bits) = if bytes.is_empty() {
            (bytes, bytes)
        } else {
            let mut cursor = Cursor::new(bytes);
            let decisions = cursor.prefixed()?;
            let rest = cursor.remaining();
            (decisions, cursor.bytes(rest)?)
        };
        let mut coder = Decoder::new(decisions);
        let mut raw = BitReader::new(bits);
        for &id in &self.streams[stream] {
            let values = code_column(&self.columns[&id], id, known, &mut coder, &mut raw, None)?;
            known.set(id, values);
        }
        Ok(())
    }

    /// Decodes the `wanted` columns of one chunk (all if `None`).
    ///
    /// # Errors
    /// [`PlanError`] if a stream that is needed is missing or no writer produces it.
    pub fn decode(
        &self,
        tables: &[Table],
        rows: &[usize],
        streams: &[Option<&[u8]>],
        wanted: Option<&[ColumnId]>,
    ) -> Result<Slice, PlanError> {
        self.decode_over(tables, rows, streams, wanted, None)
    }

    /// As [`Plan::decode`], over a base.
    ///
    /// # Errors
    /// As there.
    pub fn decode_over(
        &self,
        tables: &[Table],
        rows: &[usize],
        streams: &[Option<&[u8]>],
        wanted: Option<&[ColumnId]>,
        base: Option<&Base<'_>>,
    ) -> Result<Slice, PlanError> {
        let touched = match wanted {
            Some(columns) => self.streams_for(columns),
            None => (0..self.streams.len()).collect(),
        };
        let mut known = Known::new(tables, &self.links, rows).under(self.engine);
        if let Some(base) = base {
            known = known.over(base);
        }
        // Streams by the number of steps that must come before them; those of one step are decoded at the same time.
        let mut step = vec![0usize; self.streams.len()];
        let mut steps: Vec<Vec<usize>> = Vec::new();
        for &stream in &touched {
            step[stream] = self.needs[stream].iter().map(|&need| step[need] + 1).max().unwrap_or(0);
            if steps.len() <= step[stream] {
                steps.resize(step[stream] + 1, Vec::new());
            }
            steps[step[stream]].push(stream);
        }
        for together in steps {
            together.into_par_iter().try_for_each(|stream| {
                let bytes = streams.get(stream).copied().flatten().ok_or(PlanError::Corrupt("no stream"))?;
                self.decode_stream(stream, bytes, &known)
            })?;
        }
        let mut columns = known.into_values();
        if let Some(wanted) = wanted {
            let wanted: BTreeSet<&ColumnId> = wanted.iter().collect();
            for (table, columns) in columns.iter_mut().enumerate() {
                for (column, values) in columns.iter_mut().enumerate() {
                    if !wanted.contains(&ColumnId { table: table as u32, column: column as u32 }) {
                        *values = None;
                    }
                }
            }
        }
        Ok(Slice { rows: rows.to_vec(), columns })
    }

    /// How a column is coded, in words.
    pub fn describe(&self, tables: &[Table], id: ColumnId) -> ColumnDescription {
        let Some(plan) = self.columns.get(&id) else { return ColumnDescription::default() };
        let name = |id: ColumnId| {
            let table = tables.get(id.table as usize);
            table.and_then(|t| t.columns.get(id.column as usize)).map_or("?", |c| c.name.as_str()).to_string()
        };
        let input = |input: &column::Input| match input.map {
            RowMap::Same => name(input.id),
            RowMap::Base => format!("{} of the base", name(input.id)),
            RowMap::Parent => format!("owner's {}", name(input.id)),
            RowMap::Above(rows) => format!("{} {rows} above", name(input.id)),
            RowMap::Below(rows) => format!("{} {rows} below", name(input.id)),
            RowMap::Named(index) => {
                format!("{} at {}", name(input.id), name(ColumnId { table: id.table, column: index }))
            }
        };
        let mut parts = Vec::new();
        if let Rows::RunsOf(column) = plan.rows {
            parts.push(format!("once per {}", name(ColumnId { table: id.table, column })));
        }
        match &plan.prediction {
            Prediction::None => {}
            Prediction::Previous => parts.push("delta".to_string()),
            Prediction::Line(across, run) => {
                parts.push(format!("on a line across {} in each {}", input(across), input(run)));
            }
            Prediction::RunningSum(counts) => parts.push(format!("running sum of {}", input(counts))),
            Prediction::Residual(formula, inputs) | Prediction::Expected(formula, inputs) => {
                let inputs: Vec<String> = inputs.iter().map(input).collect();
                let how =
                    if matches!(plan.prediction, Prediction::Residual(..)) { "residual of" } else { "near" };
                parts.push(format!("{how} {} of {}", formula_name(formula), inputs.join(", ")));
            }
        }
        for (formula, inputs) in &plan.further {
            let inputs: Vec<String> = inputs.iter().map(input).collect();
            parts.push(format!("or {} of {}", formula_name(formula), inputs.join(", ")));
        }
        let map = &plan.map;
        if map.bits == 0 && map.atoms.len() <= 1 {
            parts.push("constant".to_string());
        } else if !map.atoms.is_empty() {
            parts.push(format!("{} special values", map.atoms.len()));
        }
        match map.grid {
            Grid::ZeroBits(bits) if bits > 0 && map.bits > 0 => parts.push(format!("{bits} zero bits")),
            Grid::Decimal(digits) if map.bits > 0 => parts.push(format!("{digits} decimals")),
            Grid::Significant(digits) if map.bits > 0 => parts.push(format!("{digits} significant digits")),
            Grid::Multiple(factor) if factor > 1 => parts.push(format!("multiples of {factor}")),
            _ => {}
        }
        if map.bits > 0 {
            parts.push(format!("{} of {} bits modelled", plan.modelled, map.bits));
        }
        let mut contexts: Vec<String> = Vec::new();
        for lane in &plan.lanes {
            match &lane.kind {
                LaneKind::Path => {}
                LaneKind::Own { back, .. } => contexts.push(format!("{back} before")),
                LaneKind::Earlier { index, .. } => {
                    let index = ColumnId { table: id.table, column: *index };
                    contexts.push(format!("own at {}", name(index)));
                }
                LaneKind::One(a) => contexts.push(input(a)),
                LaneKind::Two(a, b) => contexts.push(format!("{} x {}", input(a), input(b))),
                LaneKind::Position => contexts.push("position".to_string()),
            }
        }
        for (_, inputs) in &plan.fits {
            let inputs: Vec<String> = inputs.iter().map(input).collect();
            contexts.push(format!("fit of {}", inputs.join(", ")));
        }
        contexts.extend(plan.network.iter().map(|network| {
            let (columns, weights) =
                (network.inputs().collect::<BTreeSet<_>>().len(), network.network.parameters());
            format!("network of {columns} columns, {weights} weights")
        }));
        contexts.extend(plan.near.iter().map(|near| format!("near {}", input(near))));
        if plan.near_previous {
            contexts.push("near previous".to_string());
        }
        ColumnDescription { transform: parts.join(", "), contexts }
    }
}

/// What each column of a stream costs, in bits.
type Prices = Vec<(ColumnId, u64)>;

/// The variant of a formula, without its parameters.
fn formula_name(formula: &Formula) -> String {
    let text = format!("{:?}", formula.unrounded());
    let end = text.find([' ', '(', '{']).unwrap_or(text.len());
    text[..end].to_lowercase()
}

/// An encoder that adds up what decisions cost.
struct Priced {
    encoder: Encoder,
    /// In units of 2^-16 bits.
    price: u64,
}

impl Priced {
    fn bits(&self) -> u64 {
        self.price >> 16
    }
}

impl Coder for Priced {
    #[inline(always)]
    fn code(&mut self, bit: u32, p1: u32) -> u32 {
        self.price += u64::from(PRICE[(if bit != 0 { p1 } else { 65_536 - p1 } >> 6) as usize]);
        self.encoder.code(bit, p1)
    }
}

/// Price of a decision by its probability in units of 2^-10, in units of 2^-16 bits.
static PRICE: std::sync::LazyLock<Vec<u32>> = std::sync::LazyLock::new(|| {
    (0..=1024u64).map(|p| ((16 << 16) - dependence::log2(p * 64 + 32).min(16 << 16)) as u32).collect()
});

/// A bit writer that counts.
struct Counted {
    writer: BitWriter,
    bits: u64,
}

impl hepz_entropy::RawBits for Counted {
    #[inline]
    fn raw(&mut self, value: u64, count: u32) -> u64 {
        self.bits += u64::from(count);
        self.writer.raw(value, count)
    }
}

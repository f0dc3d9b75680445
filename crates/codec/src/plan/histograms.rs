//! The engine of level `fast`: columns by static histograms and rANS, each chunk by itself.
//!
//! In: the column's plan, the columns known so far, a byte string. Out: the column's values, coded or decoded.
//! Not here: bins and their search (`hepz_models::histogram`), what predicts a value (`coding`).
//! Holds: nothing is learned while decoding; a chunk that breaks the plan is stored in another way, never refused.
//!
//! A plan for this engine is one for the other, with less in it: at most one expectation, from which the difference is
//! coded, and at most one context, which picks the histogram. No modelled decisions mean that the values are bytes for zstd.

use super::coding::{
    Near, Prepared, expectations, from_patterns, predict, prepare, repeats_within, runs_of, to_patterns,
};
use super::column::{ColumnPlan, LaneKind, LanePlan, Prediction};
use super::domain::Domain;
use super::known::Known;
use super::{ColumnId, PlanError};
use crate::packing;
use hepz_columns::Values;
use hepz_container::wire::{Cursor, put_bytes};
use hepz_entropy::rans::{self, Frequencies, Tables};
use hepz_entropy::{BitReader, BitWriter, RawBits};
use hepz_models::histogram::{self, Histogram};
use hepz_transforms::path_map::{HAS_PATH, PathMap};

/// How a column of one chunk is stored: the low bits of its first byte.
const CONSTANT_PATH: u8 = 0;
const HISTOGRAMS: u8 = 1;
const STORED: u8 = 2;
const PACKED: u8 = 3;
/// Bit of the first byte: the chunk does not keep the planned runs.
const ALL_ROWS: u8 = 8;

/// Histograms of one column at most.
const MOST_TABLES: u32 = 64;
/// Values that bins are decided from, at most.
const FITTED: usize = 1 << 14;

/// Appends the column `id`, all of whose values are known.
pub fn encode_column(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    into: &mut Vec<u8>,
) -> Result<(), PlanError> {
    let truth = known.values(id)?;
    let runs = runs_of(plan, id, known)?;
    let kept = runs.as_ref().is_none_or(|starts| repeats_within(starts, truth));
    let domain = Domain::new(runs.filter(|_| kept), truth.len());
    let head = if kept { 0 } else { ALL_ROWS };
    let begin = into.len();
    if plan.modelled > 0 || plan.map.bits == 0 {
        into.push(head | HISTOGRAMS);
        encode_values(plan, id, known, truth, &domain, into)?;
        if into.len() == begin + 1 {
            into[begin] = head | CONSTANT_PATH;
            return Ok(());
        }
    } else {
        into.push(head | PACKED);
        let coded = Values::from_raw(truth.scalar(), &domain.patterns(truth));
        put_bytes(into, &packing::pack_quickly(coded.as_bytes()));
    }
    if into.len() - begin > truth.as_bytes().len() + 1 {
        into.truncate(begin);
        into.push(ALL_ROWS | STORED);
        into.extend_from_slice(truth.as_bytes());
    }
    Ok(())
}

/// Decodes the column `id`.
///
/// # Errors
/// [`PlanError`] if no writer writes such bytes.
pub fn decode_column(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    from: &mut Cursor<'_>,
) -> Result<Values, PlanError> {
    let scalar = known.scalar(id);
    let rows = known.rows_of(id.table);
    // A stream of columns that are all as planned is empty.
    let head = if from.remaining() == 0 { CONSTANT_PATH } else { from.u8()? };
    let runs = if head & ALL_ROWS == 0 { runs_of(plan, id, known)? } else { None };
    let domain = Domain::new(runs, rows);
    let values = match head & !ALL_ROWS {
        CONSTANT_PATH | HISTOGRAMS => {
            let mut values = decode_values(plan, id, known, &domain, head & 7 == CONSTANT_PATH, from)?;
            let predicted = predict(plan, id, known, scalar, &domain)?;
            from_patterns(&plan.prediction, scalar, &predicted, &mut values);
            Values::from_raw(scalar, &values)
        }
        STORED => from_bytes(scalar, from.bytes(rows * scalar.bytes())?.to_vec())?,
        PACKED => {
            let bytes = packing::unpack(from.prefixed()?, (domain.len() * scalar.bytes()) as u64);
            from_bytes(scalar, bytes.map_err(|_| PlanError::Corrupt("packed values are damaged"))?)?
        }
        _ => return Err(PlanError::TooNew),
    };
    if values.len() != domain.len() {
        return Err(PlanError::Corrupt("another number of values than rows"));
    }
    Ok(domain.spread(values, rows))
}

fn from_bytes(scalar: hepz_columns::Scalar, bytes: Vec<u8>) -> Result<Values, PlanError> {
    Values::from_bytes(scalar, bytes).ok_or(PlanError::Corrupt("a part of a value"))
}

/// The only context of a plan, for each coded row the number of its histogram.
struct Context {
    of_row: Vec<u8>,
    cardinality: u32,
}

impl Context {
    fn of(plan: &ColumnPlan, id: ColumnId, known: &Known<'_>, domain: &Domain) -> Result<Context, PlanError> {
        let none = Context { of_row: Vec::new(), cardinality: 1 };
        let prepared = prepare(plan, id, known, domain)?;
        Ok(match prepared.into_iter().next() {
            Some(Prepared { given, cardinality, .. }) if !given.is_empty() && cardinality <= MOST_TABLES => {
                Context { of_row: given.into_iter().map(|given| given as u8).collect(), cardinality }
            }
            _ => none,
        })
    }
}

/// The first expectation of a plan, for each value with a path.
fn expected(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    domain: &Domain,
    predicted: &[u64],
    keep: &[bool],
) -> Result<Option<Near>, PlanError> {
    Ok(expectations(plan, id, known, domain, predicted, keep)?.into_iter().next())
}

/// Half of all path values: differences around it rather than around zero need no sign.
fn half(bits: u32) -> u64 {
    if bits == 0 { 0 } else { 1 << (bits - 1) }
}

fn mask(bits: u32) -> u64 {
    if bits == 0 { 0 } else { u64::MAX >> (64 - bits) }
}

/// The values that `expected` points to, and the differences from them.
fn to_differences(expected: &Near, bits: u32, paths: &mut [u64]) {
    let (half, mask) = (half(bits), mask(bits));
    let difference = |path: u64, expected: u64| path.wrapping_sub(expected).wrapping_add(half) & mask;
    match expected {
        Near::Paths(expected) => {
            paths.iter_mut().zip(expected).for_each(|(path, &expected)| *path = difference(*path, expected));
        }
        Near::Previous => {
            let mut previous = 0;
            for path in paths {
                let own = *path;
                *path = difference(own, previous);
                previous = own;
            }
        }
        Near::Own(places) => {
            for at in (0..paths.len()).rev() {
                let place = places.get(at).map_or(usize::MAX, |&place| place as usize);
                paths[at] = difference(paths[at], if place < at { paths[place] } else { 0 });
            }
        }
    }
}

fn from_differences(expected: &Near, bits: u32, paths: &mut [u64]) {
    let (half, mask) = (half(bits), mask(bits));
    let value = |difference: u64, expected: u64| difference.wrapping_sub(half).wrapping_add(expected) & mask;
    match expected {
        Near::Paths(expected) => {
            paths.iter_mut().zip(expected).for_each(|(path, &expected)| *path = value(*path, expected));
        }
        Near::Previous => {
            let mut previous = 0;
            for path in paths {
                previous = value(*path, previous);
                *path = previous;
            }
        }
        Near::Own(places) => {
            for at in 0..paths.len() {
                let place = places.get(at).map_or(usize::MAX, |&place| place as usize);
                paths[at] = value(paths[at], if place < at { paths[place] } else { 0 });
            }
        }
    }
}

/// Appends nothing if all values have the path of no bits.
fn encode_values(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    truth: &Values,
    domain: &Domain,
    into: &mut Vec<u8>,
) -> Result<(), PlanError> {
    let map = &plan.map;
    let mut values = domain.patterns(truth);
    let predicted = predict(plan, id, known, known.scalar(id), domain)?;
    to_patterns(&plan.prediction, known.scalar(id), &predicted, &mut values);
    let (mut paths, mut escapes) = (Vec::new(), Vec::new());
    let symbols = map.split_all(&values, &mut paths, &mut escapes);
    drop(values);
    if map.bits == 0 && paths.len() == symbols.len() {
        return Ok(());
    }
    let keep: Vec<bool> = symbols.iter().map(|&symbol| symbol == HAS_PATH).collect();
    if let Some(expected) = expected(plan, id, known, domain, &predicted, &keep)? {
        to_differences(&expected, map.bits, &mut paths);
    }
    let context = Context::of(plan, id, known, domain)?;
    encode_symbols(map, &context, &symbols, &paths, into);
    let width = map.scalar.bytes();
    escapes.iter().for_each(|escape| into.extend_from_slice(&escape.to_le_bytes()[..width]));
    Ok(())
}

/// A histogram for some rows of a column.
struct Table {
    histogram: Histogram,
    counts: Vec<u32>,
}

impl Table {
    fn new(map: &PathMap, paths: &[u64], most: usize) -> Table {
        let histogram = Histogram::fit(map.bits, map.rest_class() as u32 + 1, paths, most);
        Table { counts: vec![0; histogram.symbols()], histogram }
    }

    /// The symbols of rows, which are counted.
    fn count(&mut self, classes: &[u16], paths: &[u64]) -> Vec<u16> {
        let mut next = paths.iter();
        let symbol = |&class: &u16| {
            let symbol = if class == HAS_PATH {
                self.histogram.symbol_of(*next.next().expect("a path for each that has one"))
            } else {
                class
            };
            self.counts[usize::from(symbol)] += 1;
            symbol
        };
        classes.iter().map(symbol).collect()
    }
}

/// How the rows of a column are coded.
struct Tabled {
    /// The common table, then those of the contexts that are worth one.
    tables: Vec<Table>,
    /// For each row its table; empty for the common one throughout.
    which: Vec<u8>,
    /// For each context whether it has a table.
    own: Vec<bool>,
    symbols: Vec<u16>,
}

impl Tabled {
    fn new(map: &PathMap, context: &Context, classes: &[u16], paths: &[u64]) -> Tabled {
        let mut common = Table::new(map, paths, FITTED);
        let mut symbols = common.count(classes, paths);
        let n = context.cardinality as usize;
        if context.of_row.is_empty() {
            return Tabled { tables: vec![common], which: Vec::new(), own: Vec::new(), symbols };
        }
        let mut shared = vec![vec![0u32; common.counts.len()]; n];
        let mut classes_of: Vec<Vec<u16>> = vec![Vec::new(); n];
        let mut paths_of: Vec<Vec<u64>> = vec![Vec::new(); n];
        let mut next = paths.iter();
        for ((&class, &symbol), &given) in classes.iter().zip(&symbols).zip(&context.of_row) {
            let given = usize::from(given);
            shared[given][usize::from(symbol)] += 1;
            classes_of[given].push(class);
            if class == HAS_PATH {
                paths_of[given].extend(next.next());
            }
        }
        let mut tables = Vec::new();
        let mut table_of = vec![0u8; n];
        let mut own_symbols = vec![Vec::new().into_iter(); n];
        let whole = common.counts.clone();
        for given in (0..n).filter(|&given| !classes_of[given].is_empty()) {
            let mut table = Table::new(map, &paths_of[given], FITTED / 4);
            let symbols = table.count(&classes_of[given], &paths_of[given]);
            let own = table.histogram.price(&table.counts);
            if own < common.histogram.price_under(&shared[given], &whole) {
                tables.push(table);
                table_of[given] = tables.len() as u8;
                own_symbols[given] = symbols.into_iter();
                // The common histogram counts only those that use it.
                common.counts.iter_mut().zip(&shared[given]).for_each(|(all, own)| *all -= own);
            }
        }
        for (symbol, &given) in symbols.iter_mut().zip(&context.of_row) {
            *symbol = own_symbols[usize::from(given)].next().unwrap_or(*symbol);
        }
        tables.insert(0, common);
        let which = context.of_row.iter().map(|&given| table_of[usize::from(given)]).collect();
        Tabled { tables, which, own: table_of.iter().map(|&table| table > 0).collect(), symbols }
    }
}

fn encode_symbols(map: &PathMap, context: &Context, classes: &[u16], paths: &[u64], into: &mut Vec<u8>) {
    let Tabled { tables, which, own, symbols } = Tabled::new(map, context, classes, paths);
    let mut bits = BitWriter::default();
    own.iter().for_each(|&own| {
        bits.raw(u64::from(own), 1);
    });
    let mut frequencies = Vec::with_capacity(tables.len());
    for table in &tables {
        let mut counts = table.counts.clone();
        histogram::round_counts(&mut counts);
        histogram::write(&table.histogram, &counts, &mut bits);
        frequencies.push(frequencies_of(&counts));
    }
    let mut next = paths.iter();
    for (at, (&symbol, &class)) in symbols.iter().zip(classes).enumerate() {
        if class == HAS_PATH {
            let table = &tables[which.get(at).map_or(0, |&which| usize::from(which))];
            let open = table.histogram.bin(symbol).map_or(0, |bin| bin.open);
            bits.raw(next.next().copied().unwrap_or(0), open);
        }
    }
    let alone = frequencies.iter().all(Frequencies::is_of_one_symbol);
    let tables = Tables { tables: &frequencies, which: &which };
    put_bytes(into, &if alone { Vec::new() } else { rans::encode(&symbols, tables) });
    put_bytes(into, &bits.finish());
}

/// Frequencies of rounded counts; of a table for no rows any will do.
fn frequencies_of(counts: &[u32]) -> Frequencies {
    histogram::frequencies(counts).unwrap_or_else(Frequencies::of_one_symbol)
}

fn decode_values(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    domain: &Domain,
    constant: bool,
    from: &mut Cursor<'_>,
) -> Result<Vec<u64>, PlanError> {
    let map = &plan.map;
    let n = domain.len();
    if constant {
        return Ok(vec![map.join(0); n]);
    }
    let (coded, below) = (from.prefixed()?, from.prefixed()?);
    let mut bits = BitReader::new(below);
    let context = Context::of(plan, id, known, domain)?;
    let classes = map.rest_class() as u32 + 1;
    let mut table_of = vec![0u8; context.cardinality as usize];
    let mut n_tables = 1u8;
    if !context.of_row.is_empty() {
        for table in &mut table_of {
            if bits.raw(0, 1) == 1 {
                *table = n_tables;
                n_tables += 1;
            }
        }
    }
    let mut histograms = Vec::new();
    let mut frequencies = Vec::new();
    for _ in 0..n_tables {
        let (histogram, counts) =
            histogram::read(map.bits, classes, &mut bits).ok_or(PlanError::Corrupt("a histogram"))?;
        histograms.push(histogram);
        frequencies.push(frequencies_of(&counts));
    }
    let which: Vec<u8> =
        context.of_row.iter().map(|&given| table_of.get(usize::from(given)).copied().unwrap_or(0)).collect();
    let mut symbols = vec![0u16; n];
    rans::decode(coded, Tables { tables: &frequencies, which: &which }, &mut symbols);
    let mut values = Vec::with_capacity(n);
    if let [histogram] = &histograms[..] {
        values.extend(symbols.iter().map(|&symbol| match histogram.bin(symbol) {
            Some(bin) => bin.base | bits.raw(0, bin.open),
            None => 0,
        }));
    } else {
        values.extend(symbols.iter().zip(&which).map(|(&symbol, &which)| {
            match histograms[usize::from(which)].bin(symbol) {
                Some(bin) => bin.base | bits.raw(0, bin.open),
                None => 0,
            }
        }));
    }
    let has_path = |symbol: &u16| u32::from(*symbol) >= classes;
    let whole = symbols.iter().all(has_path);
    let keep: Vec<bool> = symbols.iter().map(has_path).collect();
    let predicted = match plan.prediction {
        Prediction::Expected(..) => predict(plan, id, known, known.scalar(id), domain)?,
        _ => Vec::new(),
    };
    let mut paths = if whole {
        values
    } else {
        values.iter().zip(&keep).filter(|&(_, &keep)| keep).map(|(&value, _)| value).collect()
    };
    if let Some(expected) = expected(plan, id, known, domain, &predicted, &keep)? {
        from_differences(&expected, map.bits, &mut paths);
    }
    map.join_all(&mut paths);
    if whole {
        return Ok(paths);
    }
    let mut next = paths.into_iter();
    let mut escapes = Vec::new();
    let escape = map.rest_class() as u16;
    for _ in symbols.iter().filter(|&&symbol| symbol == escape) {
        let mut pattern = [0; 8];
        let width = map.scalar.bytes();
        pattern[..width].copy_from_slice(from.bytes(width)?);
        escapes.push(u64::from_le_bytes(pattern));
    }
    let mut escapes = escapes.into_iter();
    let value = |symbol: &u16| match map.atoms.get(usize::from(*symbol)) {
        Some(&atom) => atom,
        None if *symbol == escape => escapes.next().unwrap_or(0),
        None => next.next().unwrap_or(0),
    };
    Ok(symbols.iter().map(value).collect())
}

/// Keeps of a plan what pays in this engine.
pub fn choose(plan: &ColumnPlan, id: ColumnId, known: &Known<'_>) -> ColumnPlan {
    let mut base = plan.clone();
    base.modelled = base.map.bits;
    base.lanes.clear();
    base.near.clear();
    base.further.clear();
    base.near_previous = false;
    if base.map.bits == 0 && base.map.atoms.len() < 2 {
        return base;
    }
    let price = |plan: &ColumnPlan| {
        let mut bytes = Vec::new();
        match encode_column(plan, id, known, &mut bytes) {
            Ok(()) => bytes.len(),
            Err(_) => usize::MAX,
        }
    };
    let mut best = (price(&base), base.clone());
    let consider = |candidate: ColumnPlan, best: &mut (usize, ColumnPlan)| {
        let bytes = price(&candidate);
        // One in a hundred is not worth the time.
        if bytes + bytes / 100 < best.0 {
            *best = (bytes, candidate);
        }
    };
    if let Prediction::Expected(..) = base.prediction {
        consider(ColumnPlan { prediction: Prediction::None, ..base.clone() }, &mut best);
    }
    if matches!(base.prediction, Prediction::None) && base.map.bits > 1 {
        consider(ColumnPlan { near_previous: true, ..base.clone() }, &mut best);
    }
    if !matches!(base.prediction, Prediction::Expected(..)) {
        for &near in &plan.near {
            consider(ColumnPlan { near: vec![near], ..base.clone() }, &mut best);
        }
    }
    let chosen = best.1.clone();
    for lane in &plan.lanes {
        if matches!(lane.kind, LaneKind::One(_) | LaneKind::Two(..) | LaneKind::Position) {
            let lanes = vec![LanePlan { depth: 64, ..*lane }];
            consider(ColumnPlan { lanes, ..chosen.clone() }, &mut best);
        }
    }
    if base.map.bits > 0 {
        consider(ColumnPlan { modelled: 0, lanes: Vec::new(), ..chosen }, &mut best);
    }
    best.1
}

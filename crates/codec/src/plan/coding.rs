//! Coding one column of one chunk, in either direction.
//!
//! In: the column's plan, the columns known so far, a coder. Out: the column's values, coded or decoded.
//! Not here: which columns share a coder (`streams`), what the plan says (`column`).
//! Holds: one function for both directions; encoding differs only in that it knows the truth beforehand.

use super::column::{ColumnPlan, Input, LaneKind, Prediction, RowMap, Rows};
use super::domain::Domain;
use super::fit::Fit;
use super::known::{Known, NO_ROW, rows_above};
use super::lines::Lines;
use super::ranges::{Ranges, range_of, residual};
use super::{ColumnId, PlanError};
use hepz_columns::{Scalar, Values};
use hepz_entropy::{Coder, RawBits};
use hepz_models::deep;
use hepz_models::path::{Earlier, Expectation, Lane, Own, PathShape, walk};
use hepz_transforms::order::{ordered, to_number, to_raw, unordered};
use hepz_transforms::path_map::Place;
use hepz_transforms::relations::Formula;
use hepz_transforms::with_constant_scalar;
use std::borrow::Cow;

/// Probability, in units of 2^-16, that a chunk keeps to what the plan found in the sample.
const AS_PLANNED: u32 = 65_000;

/// A context, gathered for the coded rows.
pub struct Prepared {
    /// For each coded row a number below `cardinality`; empty means 0 throughout.
    pub given: Vec<u16>,
    /// Bound on `given`.
    pub cardinality: u32,
    own: Option<(OwnSource, u32)>,
    depth: u32,
}

/// Where the own earlier value of a context lies.
enum OwnSource {
    Back(u32),
    /// Places among the coded values.
    At(Vec<u32>),
}

/// Rows at which a run of equal values begins.
pub fn run_starts(values: &Values) -> Vec<u32> {
    let width = values.scalar().bytes();
    let bytes = values.as_bytes();
    let mut starts = Vec::new();
    for row in 0..values.len() {
        if row == 0 || bytes[row * width..][..width] != bytes[(row - 1) * width..][..width] {
            starts.push(row as u32);
        }
    }
    starts
}

/// Codes the column `id`. `truth` holds all its values when encoding.
///
/// # Errors
/// [`PlanError::Corrupt`] if the plan needs what is not known.
pub fn code_column<C: Coder, R: RawBits>(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    coder: &mut C,
    raw: &mut R,
    truth: Option<&Values>,
) -> Result<Values, PlanError> {
    let scalar = known.scalar(id);
    let n_rows = known.rows_of(id.table);
    let domain = code_domain(plan, id, known, coder, truth, n_rows)?;
    let (domain, ranges) = match known.reduced(id) {
        Some((base, reducer)) => domain.within(base, reducer),
        None => (domain, Ranges::default()),
    };
    let mut values: Vec<u64> = match truth {
        Some(truth) => domain.patterns(truth),
        None => vec![0; domain.len()],
    };
    let predicted = predict(plan, id, known, scalar, &domain)?;
    if truth.is_some() {
        to_patterns(&plan.prediction, scalar, &predicted, &mut values);
    }
    let ranges = ranges.after(&plan.prediction, scalar, &predicted);
    code_patterns(plan, id, known, coder, raw, truth.is_some(), &domain, &predicted, &ranges, &mut values)?;
    if truth.is_none() {
        from_patterns(&plan.prediction, scalar, &predicted, &mut values);
    }
    Ok(match truth {
        Some(truth) => truth.clone(),
        None => match known.reduced(id) {
            Some((base, _)) => domain.fill(&values, base),
            None => domain.spread(Values::from_raw(scalar, &values), n_rows),
        },
    })
}

/// The rows at which the planned runs begin, if any are planned.
pub fn runs_of(plan: &ColumnPlan, id: ColumnId, known: &Known<'_>) -> Result<Option<Vec<u32>>, PlanError> {
    match plan.rows {
        Rows::All => Ok(None),
        Rows::RunsOf(column) => Ok(Some(run_starts(known.values(ColumnId { table: id.table, column })?))),
    }
}

/// True if values repeat from each start to the next.
pub fn repeats_within(starts: &[u32], values: &Values) -> bool {
    let mut next = starts.iter().peekable();
    (0..values.len()).all(|row| {
        next.next_if(|&&start| start as usize == row).is_some() || values.raw(row) == values.raw(row - 1)
    })
}

/// Decides which rows are coded; a chunk that breaks the planned runs says so.
fn code_domain<C: Coder>(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    coder: &mut C,
    truth: Option<&Values>,
    n_rows: usize,
) -> Result<Domain, PlanError> {
    let runs = runs_of(plan, id, known)?.filter(|starts| {
        let kept = truth.is_none_or(|truth| repeats_within(starts, truth));
        coder.code(u32::from(kept), AS_PLANNED) == 1
    });
    Ok(Domain::new(runs, n_rows))
}

/// What a formula predicts for each coded row: a pattern, or the pattern of zero where it predicts nothing.
pub fn predict(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    scalar: Scalar,
    domain: &Domain,
) -> Result<Vec<u64>, PlanError> {
    match &plan.prediction {
        Prediction::None | Prediction::Previous | Prediction::Line(..) => Ok(Vec::new()),
        Prediction::RunningSum(input) => {
            let counts =
                known.get(input.id).ok_or(PlanError::Corrupt("a column needs one that is not known"))?;
            Ok(domain.gather(|row| if row > 0 && row <= counts.len() { counts.raw(row - 1) } else { 0 }))
        }
        Prediction::Residual(formula, inputs) | Prediction::Expected(formula, inputs) => {
            evaluate(formula, inputs, id, known, scalar, domain)
        }
    }
}

/// The numbers of each input for the coded rows; zero where there is none.
fn numbers(
    inputs: &[Input],
    id: ColumnId,
    known: &Known<'_>,
    domain: &Domain,
) -> Result<Vec<Vec<f64>>, PlanError> {
    let mut columns = Vec::with_capacity(inputs.len());
    for input in inputs {
        let values = known.input_values(input)?;
        let kind = values.scalar();
        let map = known.row_map(input, id.table)?;
        columns.push(match (&map, &domain.rows) {
            (None, None) => {
                let mut patterns = values.to_raw();
                patterns.truncate(domain.len());
                with_constant_scalar!(kind, kind => patterns.iter().map(|&raw| to_number(raw, kind)).collect())
            }
            _ => domain.gather(|row| {
                let row = map.as_ref().map_or(row, |map| map[row] as usize);
                if row < values.len() { to_number(values.raw(row), kind) } else { 0.0 }
            }),
        });
    }
    Ok(columns)
}

/// What one formula gives for each coded row, as [`predict`].
fn evaluate(
    formula: &Formula,
    inputs: &[Input],
    id: ColumnId,
    known: &Known<'_>,
    scalar: Scalar,
    domain: &Domain,
) -> Result<Vec<u64>, PlanError> {
    let columns = numbers(inputs, id, known, domain)?;
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let mut predicted = vec![0.0; domain.len()];
    formula.predict_all(&columns, &mut predicted);
    let pattern = with_constant_scalar!(scalar, scalar => {
        predicted.into_iter().map(|p| to_raw(p, scalar).unwrap_or(0)).collect()
    });
    Ok(pattern)
}

/// Takes what is predicted off the patterns.
pub fn to_patterns(prediction: &Prediction, scalar: Scalar, predicted: &[u64], values: &mut [u64]) {
    match prediction {
        Prediction::None | Prediction::Expected(..) | Prediction::Line(..) => {}
        Prediction::Previous | Prediction::RunningSum(_) => {
            let mut previous = ordered(0, scalar);
            for (at, value) in values.iter_mut().enumerate() {
                let rank = ordered(*value, scalar);
                let step = predicted.get(at).copied().unwrap_or(0);
                *value = residual(rank, previous + step.min(u64::MAX - previous), scalar);
                previous = rank;
            }
        }
        Prediction::Residual(..) => {
            with_constant_scalar!(scalar, scalar => {
                for (value, &predicted) in values.iter_mut().zip(predicted) {
                    *value = residual(ordered(*value, scalar), ordered(predicted, scalar), scalar);
                }
            });
        }
    }
}

/// Puts it on again.
pub fn from_patterns(prediction: &Prediction, scalar: Scalar, predicted: &[u64], values: &mut [u64]) {
    match prediction {
        Prediction::None | Prediction::Expected(..) | Prediction::Line(..) => {}
        Prediction::Previous | Prediction::RunningSum(_) => {
            let mut previous = ordered(0, scalar);
            for (at, value) in values.iter_mut().enumerate() {
                let step = predicted.get(at).copied().unwrap_or(0);
                let rank = value.wrapping_add(previous + step.min(u64::MAX - previous));
                previous = rank & (u64::MAX >> (64 - scalar.bits()));
                *value = unordered(previous, scalar);
            }
        }
        Prediction::Residual(..) => {
            with_constant_scalar!(scalar, scalar => {
                for (value, &predicted) in values.iter_mut().zip(predicted) {
                    *value = unordered(value.wrapping_add(ordered(predicted, scalar)), scalar);
                }
            });
        }
    }
}

/// The contexts of a column, for each coded row.
pub fn prepare(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    domain: &Domain,
) -> Result<Vec<Prepared>, PlanError> {
    let bucket_of = |input: &Input| -> Result<(Vec<u16>, u32), PlanError> {
        let buckets = known.buckets(input.id)?;
        let map = known.row_map(input, id.table)?;
        let none = buckets.cardinality as u16;
        let of_row = |row: usize| {
            let row = map.as_ref().map_or(row, |map| map[row] as usize);
            buckets.of_row.get(row).map_or(none, |&bucket| u16::from(bucket))
        };
        Ok((domain.gather(of_row), buckets.cardinality + u32::from(map.is_some())))
    };
    let mut prepared = Vec::with_capacity(plan.lanes.len());
    for lane in &plan.lanes {
        let (given, cardinality, own) = match &lane.kind {
            LaneKind::Path => (Vec::new(), 1, None),
            LaneKind::Own { back, bits } => {
                let own = Some((OwnSource::Back(*back), *bits));
                match known.owners(id.table)? {
                    Some(owners) => (domain.gather(|row| owners.place[row].min(1)), 2, own),
                    None => (Vec::new(), 1, own),
                }
            }
            LaneKind::Earlier { index, bits } => {
                let places = domain.places(&known.named_rows(id.table, *index, id.table)?);
                (Vec::new(), 1, Some((OwnSource::At(places), *bits)))
            }
            LaneKind::One(a) => {
                let (given, cardinality) = bucket_of(a)?;
                (given, cardinality, None)
            }
            LaneKind::Two(a, b) => {
                let ((mut given, n), (second, m)) = (bucket_of(a)?, bucket_of(b)?);
                for (first, second) in given.iter_mut().zip(second) {
                    *first = *first * m as u16 + second;
                }
                (given, n * m, None)
            }
            LaneKind::Position => match known.owners(id.table)? {
                Some(owners) => (domain.gather(|row| owners.place[row].min(47)), 48, None),
                None => (Vec::new(), 1, None),
            },
        };
        prepared.push(Prepared { given, cardinality, own, depth: lane.depth });
    }
    Ok(prepared)
}

fn lanes(prepared: &[Prepared], whole_depth: bool) -> Vec<Lane<'_>> {
    prepared
        .iter()
        .map(|p| {
            let own = p.own.as_ref().map(|(source, bits)| Own { earlier: source.as_earlier(), bits: *bits });
            let depth = if whole_depth { 64 } else { p.depth };
            Lane { given: &p.given, cardinality: p.cardinality, own, depth }
        })
        .collect()
}

impl OwnSource {
    fn as_earlier(&self) -> Earlier<'_> {
        match self {
            OwnSource::Back(back) => Earlier::Back(*back),
            OwnSource::At(places) => Earlier::At(places),
        }
    }
}

/// Leaves out the values that `keep` leaves out: places are those among the kept values from then on.
fn thin_places(places: &mut Vec<u32>, keep: &[bool]) {
    let mut kept = 0;
    let renumbered: Vec<u32> = keep
        .iter()
        .map(|&keep| {
            kept += u32::from(keep);
            if keep { kept - 1 } else { NO_ROW }
        })
        .collect();
    let mut at = 0;
    places.retain(|_| {
        at += 1;
        keep[at - 1]
    });
    for place in places {
        *place = renumbered.get(*place as usize).copied().unwrap_or(NO_ROW);
    }
}

#[allow(clippy::too_many_arguments)] // The one place where plan, knowledge and coder meet.
fn code_patterns<C: Coder, R: RawBits>(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    coder: &mut C,
    raw: &mut R,
    encoding: bool,
    domain: &Domain,
    predicted: &[u64],
    ranges: &Ranges,
    values: &mut [u64],
) -> Result<(), PlanError> {
    let map = &plan.map;
    let rest = map.rest_class();
    let escape = rest + 1;
    let mut classes = vec![rest; values.len()];
    let mut paths = Vec::with_capacity(values.len());
    if encoding {
        for (class, &value) in classes.iter_mut().zip(values.iter()) {
            match map.split(value) {
                Place::Atom(atom) => *class = u64::from(atom),
                Place::Rest(path) => paths.push(path),
                Place::Escape => *class = escape,
            }
        }
    }
    let mut prepared = prepare(plan, id, known, domain)?;
    let plain = classes.iter().all(|&class| class == rest);
    let likely = if map.atoms.is_empty() { AS_PLANNED } else { 65_536 - AS_PLANNED };
    if coder.code(u32::from(plain), likely) == 0 {
        let bits = map.class_bits();
        let (shape, mut lanes) = (PathShape { bits, modelled: bits }, lanes(&prepared, true));
        let possible = ranges.atoms(map);
        if !possible.is_empty() {
            let cardinality = map.atoms.len() as u32 + 1;
            lanes.insert(0, Lane { given: &possible, cardinality, own: None, depth: 64 });
        }
        if known.deep || known.base.is_some() {
            deep::walk(coder, raw, shape, &lanes, &[], &mut classes);
        } else {
            walk(coder, raw, shape, &lanes, &[], &mut classes);
        }
    }
    if !encoding {
        paths = vec![0; classes.iter().filter(|&&class| class == rest).count()];
    }
    let whole = paths.len() == values.len();
    let keep: Vec<bool> = classes.iter().map(|&class| class == rest).collect();
    if !whole {
        for lane in &mut prepared {
            if !lane.given.is_empty() {
                let mut kept = keep.iter();
                lane.given.retain(|_| kept.next().copied().unwrap_or(false));
            }
            if let Some((OwnSource::At(places), _)) = &mut lane.own {
                thin_places(places, &keep);
            }
        }
    }
    let near = expectations(plan, id, known, domain, predicted, &keep)?;
    let lines = lines_of(plan, known, domain, &keep)?;
    let line = lines.iter().map(|lines| Expectation::Made(lines));
    let near = near.iter().map(|near| match near {
        Near::Paths(paths) => Expectation::Given(paths),
        Near::Own(places) => Expectation::Earlier(Earlier::At(places)),
        Near::Previous => Expectation::Earlier(Earlier::Back(1)),
    });
    let guesses: Vec<Expectation<'_>> = line.chain(near).collect();
    let shape = PathShape { bits: map.bits, modelled: plan.modelled };
    let prepared_network = match &plan.network {
        Some(network) if known.deep && known.base.is_none() => {
            Some(network.prepare(id, known, domain, &keep)?)
        }
        _ => None,
    };
    if known.base.is_some() {
        let mut within = ranges.of_paths(map, &keep);
        let outside =
            |(path, range): (&u64, &(u64, u64))| range.0 <= range.1 && !(range.0..=range.1).contains(path);
        let broken = encoding && paths.iter().zip(&within).any(outside);
        if coder.code(u32::from(broken), 65_536 - AS_PLANNED) == 1 {
            within.clear();
        }
        let lanes = lanes(&prepared, false);
        deep::walk_within(coder, raw, shape, &lanes, &guesses, &within, None, &mut paths);
    } else if known.deep {
        let forecasts = prepared_network.as_ref().and_then(|prepared| prepared.forecasts());
        let lanes = lanes(&prepared, false);
        deep::walk_within(coder, raw, shape, &lanes, &guesses, &[], forecasts, &mut paths);
    } else {
        walk(coder, raw, shape, &lanes(&prepared, false), &guesses, &mut paths);
    }
    let mut next = paths.into_iter();
    for (at, (value, &class)) in values.iter_mut().zip(&classes).enumerate() {
        *value = match class {
            _ if class == rest => map.join(next.next().unwrap_or(0)),
            _ if class == escape => ranges.escape(at, raw, *value, map.scalar),
            _ => {
                map.atoms.get(class as usize).copied().ok_or(PlanError::Corrupt("a class that cannot be"))?
            }
        };
    }
    Ok(())
}

/// What expects the values with a path on lines.
fn lines_of<'m>(
    plan: &'m ColumnPlan,
    known: &Known<'_>,
    domain: &Domain,
    keep: &[bool],
) -> Result<Option<Lines<'m>>, PlanError> {
    let Prediction::Line(across, run) = &plan.prediction else { return Ok(None) };
    let kept = |input: &Input| -> Result<(Scalar, Vec<u64>), PlanError> {
        let values = known.values(input.id)?;
        let all = domain.gather(|row| if row < values.len() { values.raw(row) } else { 0 });
        let kept = all.into_iter().zip(keep).filter_map(|(raw, &keep)| keep.then_some(raw));
        Ok((values.scalar(), kept.collect()))
    };
    let ((scalar, across), (_, run)) = (kept(across)?, kept(run)?);
    let across = across.into_iter().map(|raw| to_number(raw, scalar)).collect();
    Ok(Some(Lines::new(&plan.map, across, run)))
}

/// Where values are expected.
pub enum Near {
    /// A path value for each.
    Paths(Vec<u64>),
    /// The places of earlier values.
    Own(Vec<u32>),
    /// The value before.
    Previous,
}

/// Where the values with a path are expected, one list per source.
pub fn expectations(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
    domain: &Domain,
    predicted: &[u64],
    keep: &[bool],
) -> Result<Vec<Near>, PlanError> {
    let kept = |patterns: Vec<u64>| -> Near {
        let kept = patterns.into_iter().zip(keep).filter(|&(_, &keep)| keep);
        Near::Paths(kept.map(|(pattern, _)| plan.map.nearest(pattern)).collect())
    };
    let mut lists = Vec::new();
    for (fit, inputs) in &plan.fits {
        for patterns in fitted(fit, inputs, id, known, domain)? {
            lists.push(kept(patterns));
        }
    }
    let from_base = |inputs: &[Input]| inputs.iter().any(|input| input.map == RowMap::Base);
    match &plan.prediction {
        Prediction::Expected(formula, inputs) if from_base(inputs) => {
            lists.extend(ends(formula, inputs, id, known, domain)?.map(kept));
        }
        Prediction::Expected(..) => lists.push(kept(predicted.to_vec())),
        _ => {}
    }
    for (formula, inputs) in &plan.further {
        if from_base(inputs) {
            lists.extend(ends(formula, inputs, id, known, domain)?.map(kept));
        } else {
            lists.push(kept(evaluate(formula, inputs, id, known, known.scalar(id), domain)?));
        }
    }
    for input in &plan.near {
        let own_rows = match input.map {
            RowMap::Named(index) if input.id == id => Some(known.named_rows(id.table, index, id.table)?),
            RowMap::Above(above) if input.id == id => {
                Some(Cow::Owned(rows_above(known.rows_of(id.table), above)))
            }
            _ => None,
        };
        if let Some(rows) = own_rows {
            let mut places = domain.places(&rows);
            thin_places(&mut places, keep);
            lists.push(Near::Own(places));
            continue;
        }
        let values = known.values(input.id)?;
        let row_map = known.row_map(input, id.table)?;
        lists.push(kept(domain.gather(|row| {
            let row = row_map.as_ref().map_or(row, |map| map[row] as usize);
            if row < values.len() { values.raw(row) } else { 0 }
        })));
    }
    if plan.near_previous {
        lists.push(Near::Previous);
    }
    Ok(lists)
}

/// Values of the base that are taken to both ends of their pre-images, at most; others are taken as they are.
const MOST_ENDS: usize = 3;

/// The least and the greatest that a formula gives for each coded row, where values of the base may be anything in their pre-images:
/// for formulas that rise or fall with each input, between them lies the value.
fn ends(
    formula: &Formula,
    inputs: &[Input],
    id: ColumnId,
    known: &Known<'_>,
    domain: &Domain,
) -> Result<[Vec<u64>; 2], PlanError> {
    let scalar = known.scalar(id);
    let columns = numbers(inputs, id, known, domain)?;
    let mut open: Vec<(usize, [Vec<f64>; 2])> = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let Some((stored, reducer)) = known.reduced(input.id).filter(|_| input.map == RowMap::Base) else {
            continue;
        };
        if open.len() == MOST_ENDS {
            break;
        }
        let kind = stored.scalar();
        let range = |row: usize| {
            let raw = if row < stored.len() { stored.raw(row) } else { 0 };
            let (low, high) = range_of(reducer, raw).unwrap_or((raw, raw));
            [to_number(low, kind), to_number(high, kind)]
        };
        let ranges = domain.gather(range);
        open.push((at, [0, 1].map(|end| ranges.iter().map(|range| range[end]).collect())));
    }
    let mut row_inputs = vec![0.0; columns.len()];
    let mut found = [Vec::with_capacity(domain.len()), Vec::with_capacity(domain.len())];
    for row in 0..domain.len() {
        row_inputs.iter_mut().zip(&columns).for_each(|(number, column)| *number = column[row]);
        let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        for corner in 0..1usize << open.len() {
            for (bit, (at, ends)) in open.iter().enumerate() {
                row_inputs[*at] = ends[corner >> bit & 1][row];
            }
            let value = formula.predict(&row_inputs);
            if value < least {
                least = value;
            }
            if value > greatest {
                greatest = value;
            }
        }
        for (found, end) in found.iter_mut().zip([least, greatest]) {
            found.push(if end.is_finite() { to_raw(end, scalar).unwrap_or(0) } else { 0 });
        }
    }
    Ok(found)
}

/// What a fit expects for each coded row, once for each sign.
fn fitted(
    fit: &Fit,
    inputs: &[Input],
    id: ColumnId,
    known: &Known<'_>,
    domain: &Domain,
) -> Result<Vec<Vec<u64>>, PlanError> {
    let scalar = known.scalar(id);
    let columns = numbers(inputs, id, known, domain)?;
    let mut of_row = vec![0.0; columns.len()];
    let mut expected = Vec::with_capacity(domain.len());
    for at in 0..domain.len() {
        of_row.iter_mut().zip(&columns).for_each(|(number, column)| *number = column[at]);
        expected.push(fit.expect(&of_row));
    }
    let of_sign = |sign: f64| expected.iter().map(|&e| to_raw(sign * e, scalar).unwrap_or(0)).collect();
    Ok(match (fit.logarithm, fit.signs) {
        (true, [true, true]) => vec![of_sign(1.0), of_sign(-1.0)],
        (true, [false, true]) => vec![of_sign(-1.0)],
        _ => vec![of_sign(1.0)],
    })
}

/// The patterns that the map of a column would see in a sample, for the planner.
pub fn patterns(
    prediction: &Prediction,
    rows: Rows,
    id: ColumnId,
    known: &Known<'_>,
) -> Result<Vec<u64>, PlanError> {
    let scalar = known.scalar(id);
    let truth = known.values(id)?;
    let domain = match rows {
        Rows::All => Domain::new(None, truth.len()),
        Rows::RunsOf(column) => {
            let starts = run_starts(known.values(ColumnId { table: id.table, column })?);
            Domain::new(Some(starts), truth.len())
        }
    };
    let plan = ColumnPlan {
        rows,
        prediction: prediction.clone(),
        further: Vec::new(),
        map: hepz_transforms::path_map::PathMap::plain(scalar),
        modelled: 0,
        lanes: Vec::new(),
        near_previous: false,
        fits: Vec::new(),
        near: Vec::new(),
        network: None,
    };
    let mut values = domain.patterns(truth);
    let predicted = predict(&plan, id, known, scalar, &domain)?;
    to_patterns(prediction, scalar, &predicted, &mut values);
    Ok(values)
}

/// The coded rows of a column that is known, which of them have a path, and those paths.
///
/// # Errors
/// [`PlanError::Corrupt`] if the plan needs what is not known.
pub fn paths_of(
    plan: &ColumnPlan,
    id: ColumnId,
    known: &Known<'_>,
) -> Result<(Domain, Vec<bool>, Vec<u64>), PlanError> {
    let truth = known.values(id)?;
    let runs = runs_of(plan, id, known)?.filter(|starts| repeats_within(starts, truth));
    let domain = Domain::new(runs, truth.len());
    let mut values = domain.patterns(truth);
    let predicted = predict(plan, id, known, known.scalar(id), &domain)?;
    to_patterns(&plan.prediction, known.scalar(id), &predicted, &mut values);
    let mut paths = Vec::with_capacity(values.len());
    let keep = values
        .iter()
        .map(|&value| match plan.map.split(value) {
            Place::Rest(path) => {
                paths.push(path);
                true
            }
            Place::Atom(_) | Place::Escape => false,
        })
        .collect();
    Ok((domain, keep, paths))
}

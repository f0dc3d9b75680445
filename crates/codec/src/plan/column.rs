//! The plan of one column: what predicts it, how its values become paths, which contexts price them.
//!
//! In: decisions of the planner, or bytes. Out: each other.
//! Not here: who decides (`planner`), who obeys (`coding`).
//! Holds: reading checks every index, so that a plan which was read can be obeyed without further checks.

use super::fit::Fit;
use super::forecast::Forecaster;
use super::input::{Input, Link, RowMap, corrupt, put_input, read_id, read_input};
use super::{ColumnId, PlanError};
use hepz_columns::{Scalar, Table};
use hepz_container::wire::{Cursor, WireError, put_bytes, put_varint};
use hepz_models::deep::MOST_LANES;
use hepz_transforms::path_map::{Grid, PathMap};
use hepz_transforms::relations::Formula;
use std::sync::Arc;

/// Fits of one column, at most.
pub const MOST_FITS: usize = 2;

/// Expected values beside the first that formulas may give: an equation of the second degree has two answers.
pub const MOST_FURTHER: usize = 2;

/// Which rows are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All.
    All,
    /// The first of each run of equal values of another column of the table; the others repeat it.
    RunsOf(u32),
}

/// What predicts the value.
#[derive(Clone, Debug, PartialEq)]
pub enum Prediction {
    /// Nothing.
    None,
    /// The previous coded value; the difference in ranks is coded.
    Previous,
    /// The previous coded value plus a count: an offset. The count of row `r - 1` of the input predicts row `r`.
    RunningSum(Input),
    /// A formula; the difference in ranks is coded.
    Residual(Formula, Vec<Input>),
    /// A formula; the value is coded in the light of what it predicts.
    Expected(Formula, Vec<Input>),
    /// A line through earlier points of a run; the value is coded in the light of it. The first column is the abscissa,
    /// the second has the runs.
    Line(Input, Input),
}

/// One context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanePlan {
    /// What it is made of.
    pub kind: LaneKind,
    /// Decisions it takes part in.
    pub depth: u32,
}

/// What a context is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// The decisions so far alone.
    Path,
    /// The top `bits` of the value `back` places before.
    Own {
        /// How many coded values back.
        back: u32,
        /// How many bits.
        bits: u32,
    },
    /// The top `bits` of the value in the row that a column names.
    Earlier {
        /// The column that names the row.
        index: u32,
        /// How many bits.
        bits: u32,
    },
    /// Buckets of another column.
    One(Input),
    /// Buckets of two other columns.
    Two(Input, Input),
    /// Place among the rows of the same owner.
    Position,
}

/// How one column is coded.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnPlan {
    /// Which rows are coded.
    pub rows: Rows,
    /// What predicts them.
    pub prediction: Prediction,
    /// Formulas that give further values near which the value is expected: at most [`MOST_FURTHER`], and none where a
    /// difference is coded.
    pub further: Vec<(Formula, Vec<Input>)>,
    /// How values or residuals become paths.
    pub map: PathMap,
    /// Decisions that are modelled.
    pub modelled: u32,
    /// Contexts.
    pub lanes: Vec<LanePlan>,
    /// The previous coded value is a guess at the value.
    pub near_previous: bool,
    /// Columns whose value is a guess at the value.
    pub near: Vec<Input>,
    /// Fits that give further expected values; none but in [`Engine::Deep`](super::Engine::Deep).
    pub fits: Vec<(Fit, Vec<Input>)>,
    /// A network that forecasts the value; none but in [`Engine::Deep`](super::Engine::Deep). Stored behind all columns.
    pub network: Option<Arc<Forecaster>>,
}

impl ColumnPlan {
    /// Every column that must be known before this one.
    pub fn needs(&self, links: &[Option<Link>], id: ColumnId) -> Vec<ColumnId> {
        let table = id.table;
        let mut needs = Vec::new();
        let offsets_of = |table: u32| match links[table as usize] {
            Some(Link::Offsets { offsets, .. }) => Some(offsets),
            _ => None,
        };
        let mut add = |input: &Input| {
            // Its own earlier values a column knows anyway, and the base is there as a whole.
            needs.extend((input.id != id && input.map != RowMap::Base).then_some(input.id));
            match input.map {
                RowMap::Same | RowMap::Above(_) | RowMap::Below(_) | RowMap::Base => {}
                RowMap::Parent => needs.extend(offsets_of(table)),
                RowMap::Named(column) => {
                    needs.push(ColumnId { table, column });
                    needs.extend(offsets_of(table).into_iter().chain(offsets_of(input.id.table)));
                }
            }
        };
        match &self.prediction {
            Prediction::None | Prediction::Previous => {}
            Prediction::RunningSum(input) => add(input),
            Prediction::Residual(_, inputs) | Prediction::Expected(_, inputs) => {
                inputs.iter().for_each(&mut add)
            }
            Prediction::Line(across, run) => [across, run].into_iter().for_each(&mut add),
        }
        self.further.iter().flat_map(|(_, inputs)| inputs).for_each(&mut add);
        self.near.iter().for_each(&mut add);
        self.fits.iter().flat_map(|(_, inputs)| inputs).for_each(&mut add);
        self.network.iter().flat_map(|network| network.inputs()).for_each(&mut add);
        let mut position = false;
        for lane in &self.lanes {
            match &lane.kind {
                LaneKind::Path => {}
                LaneKind::Own { .. } | LaneKind::Position => position = true,
                LaneKind::Earlier { index, .. } => add(&Input { id, map: RowMap::Named(*index) }),
                LaneKind::One(a) => add(a),
                LaneKind::Two(a, b) => {
                    add(a);
                    add(b);
                }
            }
        }
        if let (true, Some(Link::Offsets { offsets, .. })) = (position, links[table as usize]) {
            needs.push(offsets);
        }
        if let Rows::RunsOf(column) = self.rows {
            needs.push(ColumnId { table, column });
        }
        needs.sort_unstable();
        needs.dedup();
        needs
    }
}

impl Prediction {
    /// True if values are coded, not differences.
    pub fn keeps_values(&self) -> bool {
        matches!(self, Prediction::None | Prediction::Expected(..) | Prediction::Line(..))
    }

    /// The scalar of what the path map sees: the column's own, or the residual's.
    pub fn pattern_scalar(&self, scalar: Scalar) -> Scalar {
        match self {
            Prediction::None | Prediction::Expected(..) | Prediction::Line(..) => scalar,
            _ => residual_scalar(scalar),
        }
    }
}

/// Residuals are differences of ranks, as signed integers of the same width.
pub fn residual_scalar(scalar: Scalar) -> Scalar {
    match scalar.bytes() {
        1 => Scalar::I8,
        2 => Scalar::I16,
        4 => Scalar::I32,
        _ => Scalar::I64,
    }
}

impl From<WireError> for PlanError {
    fn from(error: WireError) -> PlanError {
        PlanError::Corrupt(error.what())
    }
}

fn put_formula(into: &mut Vec<u8>, formula: &Formula, inputs: &[Input], from: ColumnId) {
    let mut bytes = Vec::new();
    formula.write(&mut bytes);
    put_bytes(into, &bytes);
    inputs.iter().for_each(|input| put_input(into, input, from));
}

fn read_formula(
    bytes: &mut Cursor<'_>,
    from: ColumnId,
    tables: &[Table],
    links: &[Option<Link>],
) -> Result<(Formula, Vec<Input>), PlanError> {
    let own = bytes.prefixed()?;
    let formula = match Formula::read(own) {
        Ok((formula, used)) if used == own.len() => formula,
        _ => return corrupt("a formula that no writer writes"),
    };
    let inputs =
        (0..formula.arity()).map(|_| read_input(bytes, from, tables, links)).collect::<Result<_, _>>()?;
    Ok((formula, inputs))
}

impl ColumnPlan {
    /// The stored form of the plan of column `id`.
    pub fn write(&self, into: &mut Vec<u8>, id: ColumnId) {
        let kind = match self.prediction {
            Prediction::None => 0u8,
            Prediction::Previous => 1,
            Prediction::RunningSum(_) => 2,
            Prediction::Residual(..) => 3,
            Prediction::Expected(..) => 4,
            Prediction::Line(..) => 5,
        };
        let runs = u8::from(self.rows != Rows::All);
        let further = u8::from(!self.further.is_empty());
        let near = self.near.len().min(3) as u8;
        into.push(kind | runs << 3 | u8::from(self.near_previous) << 4 | near << 5 | further << 7);
        if let Rows::RunsOf(column) = self.rows {
            put_varint(into, u64::from(column));
        }
        match &self.prediction {
            Prediction::None | Prediction::Previous => {}
            Prediction::RunningSum(input) => {
                put_varint(into, u64::from(input.id.table));
                put_varint(into, u64::from(input.id.column));
            }
            Prediction::Residual(formula, inputs) | Prediction::Expected(formula, inputs) => {
                put_formula(into, formula, inputs, id);
            }
            Prediction::Line(across, run) => {
                [across, run].iter().for_each(|input| put_input(into, input, id))
            }
        }
        if !self.further.is_empty() {
            into.push(self.further.len() as u8);
            self.further.iter().for_each(|(formula, inputs)| put_formula(into, formula, inputs, id));
        }
        self.near.iter().take(3).for_each(|input| put_input(into, input, id));
        write_map(into, &self.map);
        into.push(self.modelled as u8);
        into.push(self.lanes.len() as u8);
        for lane in &self.lanes {
            let kind = match lane.kind {
                LaneKind::Path => 0,
                LaneKind::Own { .. } => 1,
                LaneKind::One(_) => 2,
                LaneKind::Two(..) => 3,
                LaneKind::Position => 4,
                LaneKind::Earlier { .. } => 5,
            };
            // A depth of 31 and more means all decisions.
            into.push(kind << 5 | lane.depth.min(31) as u8);
            match &lane.kind {
                LaneKind::Path | LaneKind::Position => {}
                LaneKind::Own { back, bits } => {
                    put_varint(into, u64::from(*back));
                    into.push(*bits as u8);
                }
                LaneKind::Earlier { index, bits } => {
                    put_input(into, &Input { id, map: RowMap::Named(*index) }, id);
                    into.push(*bits as u8);
                }
                LaneKind::One(a) => put_input(into, a, id),
                LaneKind::Two(a, b) => {
                    put_input(into, a, id);
                    put_input(into, b, id);
                }
            }
        }
        for (fit, inputs) in &self.fits {
            fit.write(into);
            inputs.iter().for_each(|input| put_input(into, input, id));
        }
    }

    /// Reads the plan of column `id`.
    pub fn read(
        bytes: &mut Cursor<'_>,
        id: ColumnId,
        tables: &[Table],
        links: &[Option<Link>],
    ) -> Result<ColumnPlan, PlanError> {
        let scalar = tables[id.table as usize].columns[id.column as usize].scalar;
        let head = bytes.u8()?;
        let rows = if head & 8 == 0 {
            Rows::All
        } else {
            Rows::RunsOf(read_id(u64::from(id.table), bytes.varint()?, tables)?.column)
        };
        let prediction = match head & 7 {
            0 => Prediction::None,
            1 => Prediction::Previous,
            2 => {
                let (t, c) = (bytes.varint()?, bytes.varint()?);
                Prediction::RunningSum(Input { id: read_id(t, c, tables)?, map: RowMap::Same })
            }
            3 => {
                let (formula, inputs) = read_formula(bytes, id, tables, links)?;
                Prediction::Residual(formula, inputs)
            }
            4 => {
                let (formula, inputs) = read_formula(bytes, id, tables, links)?;
                Prediction::Expected(formula, inputs)
            }
            5 => {
                let mut same = || match read_input(bytes, id, tables, links)? {
                    input if input.map == RowMap::Same => Ok(input),
                    _ => corrupt("a line through other rows"),
                };
                Prediction::Line(same()?, same()?)
            }
            _ => return Err(PlanError::TooNew),
        };
        let mut further = Vec::new();
        if head & 128 != 0 {
            let count = usize::from(bytes.u8()?);
            let values = matches!(prediction, Prediction::None | Prediction::Expected(..));
            if !values || !(1..=MOST_FURTHER).contains(&count) {
                return corrupt("more expected values than there can be");
            }
            for _ in 0..count {
                further.push(read_formula(bytes, id, tables, links)?);
            }
        }
        let near = (0..head >> 5 & 3)
            .map(|_| read_input(bytes, id, tables, links))
            .collect::<Result<Vec<_>, _>>()?;
        let mut plan = ColumnPlan {
            rows,
            prediction,
            further,
            map: PathMap::plain(scalar),
            modelled: 0,
            lanes: Vec::new(),
            near_previous: head & 16 != 0,
            near,
            fits: Vec::new(),
            network: None,
        };
        plan.map = read_map(bytes, plan.prediction.pattern_scalar(scalar))?;
        plan.modelled = u32::from(bytes.u8()?);
        let lanes = bytes.u8()?;
        if plan.modelled > plan.map.bits || usize::from(lanes) > MOST_LANES {
            return corrupt("more decisions or contexts than there can be");
        }
        for _ in 0..lanes {
            let head = bytes.u8()?;
            let kind = match head >> 5 {
                0 => LaneKind::Path,
                1 => {
                    let (back, bits) = (bytes.varint()?, bytes.u8()?);
                    if back == 0 || back > 1 << 30 || bits > 16 {
                        return corrupt("an earlier value that cannot be");
                    }
                    LaneKind::Own { back: back as u32, bits: u32::from(bits) }
                }
                2 => LaneKind::One(read_input(bytes, id, tables, links)?),
                3 => LaneKind::Two(
                    read_input(bytes, id, tables, links)?,
                    read_input(bytes, id, tables, links)?,
                ),
                4 => LaneKind::Position,
                5 => match (read_input(bytes, id, tables, links)?, bytes.u8()?) {
                    (Input { id: own, map: RowMap::Named(index) }, bits) if own == id && bits <= 16 => {
                        LaneKind::Earlier { index, bits: u32::from(bits) }
                    }
                    _ => return corrupt("an earlier value that cannot be"),
                },
                _ => return Err(PlanError::TooNew),
            };
            let depth = u32::from(head & 31);
            plan.lanes.push(LanePlan { kind, depth: if depth == 31 { 64 } else { depth } });
        }
        while bytes.remaining() > 0 {
            let fit = Fit::read(bytes)?;
            let mut other = || match read_input(bytes, id, tables, links)? {
                input if input.id != id => Ok(input),
                _ => corrupt("a fit to the column itself"),
            };
            let inputs = fit.terms.iter().map(|_| other()).collect::<Result<_, _>>()?;
            plan.fits.push((fit, inputs));
        }
        if plan.fits.len() > MOST_FITS || !plan.fits.is_empty() && !plan.prediction.keeps_values() {
            return corrupt("more fits than there can be");
        }
        Ok(plan)
    }
}

fn write_map(into: &mut Vec<u8>, map: &PathMap) {
    let (kind, parameter) = match map.grid {
        Grid::ZeroBits(bits) => (0u8, u64::from(bits)),
        Grid::Decimal(digits) => (1, u64::from(digits)),
        Grid::Multiple(factor) => (2, factor),
        Grid::Significant(digits) => (3, u64::from(digits)),
    };
    into.push(map.bits as u8);
    into.push(kind);
    put_varint(into, parameter);
    // Bases of floats end in many zero bits; without them they are short.
    let zeros = map.base.trailing_zeros() % 64;
    into.push(zeros as u8);
    put_varint(into, map.base >> zeros);
    put_varint(into, if map.gap == 0 { 0 } else { map.gap });
    if map.gap != 0 {
        put_varint(into, map.gap_at);
    }
    put_varint(into, map.atoms.len() as u64);
    let mut previous = 0;
    for &atom in &map.atoms {
        let rank = hepz_transforms::order::ordered(atom, map.scalar);
        put_varint(into, rank.wrapping_sub(previous));
        previous = rank;
    }
}

fn read_map(bytes: &mut Cursor<'_>, scalar: Scalar) -> Result<PathMap, PlanError> {
    let bits = u32::from(bytes.u8()?);
    let kind = bytes.u8()?;
    let parameter = bytes.varint()?;
    let mantissa = scalar.mantissa_bits();
    let grid = match (kind, mantissa) {
        (0, Some(mantissa)) if parameter <= u64::from(mantissa) => Grid::ZeroBits(parameter as u32),
        (1, Some(_)) if parameter <= 9 && scalar != Scalar::F16 => Grid::Decimal(parameter as u32),
        (2, None) if parameter > 0 => Grid::Multiple(parameter),
        (3, Some(_)) if (1..=15).contains(&parameter) && scalar != Scalar::F16 => {
            Grid::Significant(parameter as u32)
        }
        _ => return corrupt("a grid that the type cannot have"),
    };
    let zeros = bytes.u8()?;
    let base = bytes.varint()?;
    if bits > 64 || zeros > 63 || base.leading_zeros() < u32::from(zeros) && base != 0 {
        return corrupt("a path that is too long");
    }
    let gap = bytes.varint()?;
    let gap_at = if gap == 0 { u64::MAX } else { bytes.varint()? };
    let mut map = PathMap { scalar, atoms: Vec::new(), grid, base: base << zeros, gap_at, gap, bits };
    let n = bytes.count(1)?;
    let mut rank = 0u64;
    for at in 0..n {
        let step = bytes.varint()?;
        rank = match rank.checked_add(step) {
            Some(next) if (at == 0 || step > 0) && next <= u64::MAX >> (64 - scalar.bits()) => next,
            _ => return corrupt("atoms that do not rise"),
        };
        map.atoms.push(hepz_transforms::order::unordered(rank, scalar));
    }
    Ok(map)
}

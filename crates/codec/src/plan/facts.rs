//! Facts: what a plan knows about each column and table, in words.
//!
//! In: a plan. Out: [`ColumnFacts`], and how rows of tables belong together.
//! Not here: what columns cost (`crate::explain`), the short form for tables of figures (`Plan::describe`).
//! Holds: names of columns as the file has them; a formula is written with them.

use super::column::{LaneKind, Prediction, Rows};
use super::input::{Input, Link, RowMap};
use super::{ColumnId, Plan, formula_name};
use hepz_columns::{Scalar, Table};
use hepz_transforms::path_map::Grid;
use hepz_transforms::relations::{Direction, Formula, Gain};

/// Special values that are named.
const NAMED_VALUES: usize = 4;

/// Something that holds for the values of a column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fact {
    /// All values are this one.
    Constant {
        /// The value.
        value: String,
    },
    /// The value changes only where that of another column does, as those of an event for each of its particles.
    Repeats {
        /// The other column.
        with: String,
    },
    /// All values are those of another column, up to a few.
    Copy {
        /// The other column.
        of: String,
    },
    /// A formula over other columns gives the value.
    Relation {
        /// The formula.
        formula: String,
        /// What is stored is the difference; else the value, in the light of what the formula says.
        exact: bool,
    },
    /// Offsets: a sum over another column.
    RunningSum {
        /// The counts.
        of: String,
    },
    /// Differences from one value to the next are smaller than the values.
    Differences,
    /// Values of a run lie on a line.
    Line {
        /// The abscissa.
        across: String,
        /// The column whose runs are meant.
        run: String,
    },
    /// Some values are so frequent that they are coded apart.
    SpecialValues {
        /// How many.
        count: usize,
        /// The first of them.
        values: Vec<String>,
    },
    /// The lowest bits of the mantissa are zero.
    ZeroBits(u32),
    /// Decimal numbers of so many places.
    Decimals(u32),
    /// Decimal numbers of so many significant digits.
    SignificantDigits(u32),
    /// Multiples of a number.
    Multiples(u64),
}

/// What is known of one column.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ColumnFacts {
    /// What holds for its values.
    pub facts: Vec<Fact>,
    /// Bits in which values differ, once the facts are used.
    pub varying_bits: u32,
    /// Of these, the upper ones that a model predicts; the others are stored as they are.
    pub modelled_bits: u32,
    /// What the model looks at.
    pub contexts: Vec<String>,
}

/// How rows of a table belong to rows of another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableLink {
    /// Index of the table.
    pub table: usize,
    /// Index of the table whose rows own these; the same if that has no columns.
    pub owner: usize,
    /// Rows for each row of the owner, where that is fixed.
    pub rows: Option<u64>,
    /// The column that says where the rows of each owner begin.
    pub offsets: Option<ColumnId>,
}

impl Fact {
    /// The kind of fact, as JSON calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Fact::Constant { .. } => "constant",
            Fact::Repeats { .. } => "repeats",
            Fact::Copy { .. } => "copy",
            Fact::Relation { .. } => "relation",
            Fact::RunningSum { .. } => "running sum",
            Fact::Differences => "differences",
            Fact::Line { .. } => "line",
            Fact::SpecialValues { .. } => "special values",
            Fact::ZeroBits(_) => "zero bits",
            Fact::Decimals(_) => "decimals",
            Fact::SignificantDigits(_) => "significant digits",
            Fact::Multiples(_) => "multiples",
        }
    }
}

impl std::fmt::Display for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fact::Constant { value } => write!(f, "always {value}"),
            Fact::Repeats { with } => write!(f, "changes only where {with} does"),
            Fact::Copy { of } => write!(f, "a copy of {of}"),
            Fact::Relation { formula, exact: true } => write!(f, "= {formula}"),
            Fact::Relation { formula, exact: false } => write!(f, "near {formula}"),
            Fact::RunningSum { of } => write!(f, "the running sum of {of}"),
            Fact::Differences => write!(f, "near the value before"),
            Fact::Line { across, run } => write!(f, "on a line across {across} for each {run}"),
            Fact::SpecialValues { count, values } if values.len() == *count => {
                write!(f, "often {}", values.join(", "))
            }
            Fact::SpecialValues { count, values } => {
                write!(f, "often {} and {} more", values.join(", "), count - values.len())
            }
            Fact::ZeroBits(bits) => write!(f, "the lowest {bits} bits are zero"),
            Fact::Decimals(places) => write!(f, "decimal numbers of {places} places"),
            Fact::SignificantDigits(digits) => write!(f, "decimal numbers of {digits} digits"),
            Fact::Multiples(factor) => write!(f, "multiples of {factor}"),
        }
    }
}

impl Plan {
    /// What is known of a column.
    pub fn facts(&self, tables: &[Table], id: ColumnId) -> ColumnFacts {
        let Some(plan) = self.columns.get(&id) else { return ColumnFacts::default() };
        let own = |column: u32| column_name(tables, ColumnId { table: id.table, column });
        let input = |input: &Input| input_name(tables, id, input);
        let mut facts = Vec::new();
        let map = &plan.map;
        let relation = |formula: &Formula, inputs: &[Input], exact| {
            let names: Vec<String> = inputs.iter().map(input).collect();
            match (formula, &names[..]) {
                (Formula::Copy, [of]) if exact => Fact::Copy { of: of.clone() },
                _ => Fact::Relation { formula: in_words(formula, &names), exact },
            }
        };
        let scalar = tables
            .get(id.table as usize)
            .and_then(|table| table.columns.get(id.column as usize))
            .map(|column| column.scalar);
        let value = |raw: u64| match scalar {
            // The fewest digits, as the column has them.
            Some(Scalar::F32) if map.scalar == Scalar::F32 => f32::from_bits(raw as u32).to_string(),
            Some(scalar) if scalar == map.scalar => {
                hepz_transforms::order::to_number(raw, scalar).to_string()
            }
            _ => "the same".to_owned(),
        };
        let plain = matches!(plan.prediction, Prediction::None | Prediction::Expected(..));
        if map.bits == 0 && map.atoms.len() <= 1 && plain {
            let raw = map.atoms.first().copied().unwrap_or_else(|| map.join(0));
            return ColumnFacts {
                facts: vec![Fact::Constant { value: value(raw) }],
                ..ColumnFacts::default()
            };
        }
        if let Rows::RunsOf(column) = plan.rows {
            facts.push(Fact::Repeats { with: own(column) });
        }
        match &plan.prediction {
            Prediction::None => {}
            Prediction::Previous => facts.push(Fact::Differences),
            Prediction::RunningSum(counts) => facts.push(Fact::RunningSum { of: input(counts) }),
            Prediction::Residual(formula, inputs) => facts.push(relation(formula, inputs, true)),
            Prediction::Expected(formula, inputs) => facts.push(relation(formula, inputs, false)),
            Prediction::Line(across, run) => {
                facts.push(Fact::Line { across: input(across), run: input(run) });
            }
        }
        facts.extend(plan.further.iter().map(|(formula, inputs)| relation(formula, inputs, false)));
        if !map.atoms.is_empty() && plain {
            let values = map.atoms.iter().take(NAMED_VALUES).map(|&raw| value(raw)).collect();
            facts.push(Fact::SpecialValues { count: map.atoms.len(), values });
        }
        facts.extend(match map.grid {
            _ if map.bits == 0 => None,
            Grid::ZeroBits(bits) if bits > 0 => Some(Fact::ZeroBits(bits)),
            Grid::Decimal(places) => Some(Fact::Decimals(places)),
            Grid::Significant(digits) => Some(Fact::SignificantDigits(digits)),
            Grid::Multiple(factor) if factor > 1 => Some(Fact::Multiples(factor)),
            _ => None,
        });
        let mut contexts = Vec::new();
        for lane in &plan.lanes {
            match &lane.kind {
                LaneKind::Path => {}
                LaneKind::Own { back: 1, .. } => contexts.push("the value before".to_owned()),
                LaneKind::Own { back, .. } => contexts.push(format!("the value {back} before")),
                LaneKind::Earlier { index, .. } => contexts.push(format!("the value at {}", own(*index))),
                LaneKind::One(a) => contexts.push(input(a)),
                LaneKind::Two(a, b) => contexts.push(format!("{} with {}", input(a), input(b))),
                LaneKind::Position => contexts.push("the place in its list".to_owned()),
            }
        }
        contexts.extend(plan.near.iter().map(|near| format!("alike: {}", input(near))));
        ColumnFacts { facts, varying_bits: map.bits, modelled_bits: plan.modelled, contexts }
    }

    /// How rows of tables belong together.
    pub fn table_links(&self) -> Vec<TableLink> {
        let links = self.links.iter().enumerate();
        let links = links.filter_map(|(table, link)| match (*link)? {
            Link::Every { parent, rows } => {
                Some(TableLink { table, owner: parent as usize, rows: Some(rows), offsets: None })
            }
            Link::Offsets { parent, offsets } => {
                Some(TableLink { table, owner: parent as usize, rows: None, offsets: Some(offsets) })
            }
        });
        links.collect()
    }
}

fn column_name(tables: &[Table], id: ColumnId) -> String {
    let table = tables.get(id.table as usize);
    table.and_then(|table| table.columns.get(id.column as usize)).map_or("?", |c| c.name.as_str()).to_owned()
}

fn input_name(tables: &[Table], id: ColumnId, input: &Input) -> String {
    let name = column_name(tables, input.id);
    match input.map {
        RowMap::Same => name,
        RowMap::Base => format!("{name} of the base"),
        RowMap::Parent => format!("{name} of its owner"),
        RowMap::Above(rows) => format!("{name} {rows} rows above"),
        RowMap::Below(rows) => format!("{name} {rows} rows below"),
        RowMap::Named(index) => {
            format!(
                "{name} of the row in {}",
                column_name(tables, ColumnId { table: id.table, column: index })
            )
        }
    }
}

fn times(gain: &Gain, what: String) -> String {
    match gain {
        Gain::Times(k) if *k == 1.0 => what,
        Gain::Times(k) => format!("{k} {what}"),
        Gain::Over(k) => format!("{what} / {k}"),
    }
}

fn sum(names: &[String], minus: u8, term: impl Fn(&String) -> String) -> String {
    let mut text = String::new();
    for (at, name) in names.iter().enumerate() {
        let negative = minus >> (at.min(7)) & 1 == 1;
        text += match (at, negative) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        text += &term(name);
    }
    text
}

fn constant(k: f64) -> String {
    if k < 0.0 { format!("- {}", -k) } else { format!("+ {k}") }
}

/// A formula with the names of its columns.
fn in_words(formula: &Formula, names: &[String]) -> String {
    let name = |at: usize| names.get(at).cloned().unwrap_or_default();
    let square = |name: &String| format!("{name}²");
    let function = |function: &dyn std::fmt::Debug| format!("{function:?}").to_lowercase();
    match formula {
        Formula::Copy => name(0),
        Formula::Abs => format!("|{}|", name(0)),
        Formula::Negate => format!("-{}", name(0)),
        Formula::Scale { gain } => times(gain, name(0)),
        Formula::Shift { shift } => format!("{} {}", name(0), constant(*shift)),
        Formula::Affine { gain, shift } => format!("{} {}", times(gain, name(0)), constant(*shift)),
        Formula::Sum { minus, .. } => sum(names, *minus, String::clone),
        Formula::Complement { total, .. } => format!("{total} - {}", names.join(" - ")),
        Formula::Product { gain } => times(gain, format!("{} {}", name(0), name(1))),
        Formula::Quotient { gain } => times(gain, format!("{} / {}", name(0), name(1))),
        Formula::Hypot { gain, minus, .. } => times(gain, format!("sqrt({})", sum(names, *minus, square))),
        Formula::Unary { function: f, gain } => times(gain, format!("{}({})", function(f), name(0))),
        Formula::Times { function: f, gain } => {
            times(gain, format!("{} {}({})", name(0), function(f), name(1)))
        }
        Formula::Per { function: f, gain } => {
            times(gain, format!("{} / {}({})", name(0), function(f), name(1)))
        }
        Formula::Over { function: f, gain } => {
            times(gain, format!("{}({}) / {}", function(f), name(1), name(0)))
        }
        Formula::Shell { mass: false } => format!("sqrt(({} cosh {})² + {}²)", name(0), name(1), name(2)),
        Formula::Shell { mass: true } => format!("sqrt({}² - ({} cosh {})²)", name(2), name(0), name(1)),
        Formula::Direction(Direction::Atan2) => format!("atan2({}, {})", name(0), name(1)),
        Formula::Direction(direction) => format!("{}({} / {})", function(direction), name(0), name(1)),
        Formula::AngleDifference => format!("{} - {}, as an angle", name(0), name(1)),
        Formula::MassShell { square: m, minus, .. } => {
            let rest = sum(names, *minus, square);
            let sign = if rest.starts_with('-') { " " } else { " + " };
            format!("sqrt({m}{sign}{rest})")
        }
        Formula::Rounded { formula, .. } => format!("{}, rounded", in_words(formula, names)),
        Formula::PairMass(_) => format!("the invariant mass of two particles, from {}", names.join(", ")),
        Formula::Component(_) => {
            format!("a momentum, from the mass of its decay and {}", names.join(", "))
        }
        Formula::SmoothFactor(_) if names.len() > 1 => {
            format!("{} times a smooth curve in {}", name(0), name(1))
        }
        Formula::SmoothFactor(_) => format!("a smooth curve in {}", name(0)),
        #[allow(unreachable_patterns, reason = "formulas are added")]
        other => format!("{} of {}", formula_name(other), names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_written_as_physicists_write_them() {
        let names: Vec<String> = ["pt", "eta", "m"].map(String::from).to_vec();
        let words = |formula: &Formula, n: usize| in_words(formula, &names[..n]);
        assert_eq!(words(&Formula::Shell { mass: false }, 3), "sqrt((pt cosh eta)² + m²)");
        assert_eq!(words(&Formula::Sum { inputs: 2, minus: 2 }, 2), "pt - eta");
        assert_eq!(words(&Formula::Scale { gain: Gain::Over(1000.0) }, 1), "pt / 1000");
        assert_eq!(words(&Formula::Shift { shift: -1.5 }, 1), "pt - 1.5");
        let hypot = Formula::Hypot { gain: Gain::ONE, inputs: 2, minus: 0 };
        assert_eq!(words(&hypot, 2), "sqrt(pt² + eta²)");
        let shell = Formula::MassShell { square: 4.0, inputs: 1, minus: 0 };
        assert_eq!(words(&shell, 1), "sqrt(4 + pt²)");
    }
}

//! Formulas as bytes.
//!
//! In: a [`Formula`]. Out: a wire number and its parameters, little-endian; and back.
//! Not here: which columns are the inputs (the plan).
//! Holds: a wire number is written once, in [`Formula::wire_id`], and never changes meaning; hostile bytes give a
//! [`FormulaError`] and no allocation beyond what [`MOST_INTERVALS`] allows.

use super::smooth::{Curve, MOST_INTERVALS, Smooth};
use super::{Decay, Direction, Formula, FormulaError, Function, Gain, MOST_TERMS, Pair};

/// Takes fields off the front of a slice.
struct Fields<'a> {
    bytes: &'a [u8],
}

impl Fields<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], FormulaError> {
        let (head, rest) = self.bytes.split_first_chunk::<N>().ok_or(FormulaError::Truncated)?;
        self.bytes = rest;
        Ok(*head)
    }

    fn byte(&mut self) -> Result<u8, FormulaError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<f64, FormulaError> {
        let x = f64::from_le_bytes(self.array()?);
        if x.is_finite() { Ok(x) } else { Err(FormulaError::Constant) }
    }

    fn flag(&mut self) -> Result<bool, FormulaError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(FormulaError::Shape),
        }
    }

    fn gain(&mut self) -> Result<Gain, FormulaError> {
        Ok(if self.flag()? { Gain::Over(self.number()?) } else { Gain::Times(self.number()?) })
    }

    fn function(&mut self) -> Result<Function, FormulaError> {
        let id = self.byte()?;
        Function::from_id(id).ok_or(FormulaError::UnknownFunction(id))
    }

    /// A number of inputs from `least` to `most`.
    fn inputs(&mut self, least: u8, most: usize) -> Result<u8, FormulaError> {
        let inputs = self.byte()?;
        if inputs >= least && usize::from(inputs) <= most { Ok(inputs) } else { Err(FormulaError::Shape) }
    }

    /// Signs of `inputs` terms.
    fn minus(&mut self, inputs: u8) -> Result<u8, FormulaError> {
        let minus = self.byte()?;
        if minus >> inputs == 0 { Ok(minus) } else { Err(FormulaError::Shape) }
    }

    fn curve(&mut self, wide: bool) -> Result<Curve, FormulaError> {
        let intervals = usize::from(self.byte()?);
        if !(1..=MOST_INTERVALS).contains(&intervals) {
            return Err(FormulaError::Knots);
        }
        let mut numbers = |count: usize| -> Result<Vec<f64>, FormulaError> {
            (0..count)
                .map(|_| {
                    if wide { self.number() } else { self.array().map(|b| f64::from(f32::from_le_bytes(b))) }
                })
                .collect()
        };
        let knots = numbers(intervals + 1)?;
        let coefficients = numbers(intervals + 3)?;
        Curve::new(knots, coefficients)
    }
}

fn put_gain(out: &mut Vec<u8>, gain: Gain) {
    out.push(u8::from(matches!(gain, Gain::Over(_))));
    out.extend_from_slice(&gain.constant().to_le_bytes());
}

fn put_numbers(out: &mut Vec<u8>, numbers: &[f64]) {
    numbers.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes()));
}

fn put_curve(out: &mut Vec<u8>, curve: &Curve, wide: bool) {
    out.push((curve.knots().len() - 1) as u8);
    for &x in curve.knots().iter().chain(curve.coefficients()) {
        if wide {
            out.extend_from_slice(&x.to_le_bytes());
        } else {
            out.extend_from_slice(&(x as f32).to_le_bytes());
        }
    }
}

impl Formula {
    /// The wire number. Rows are appended; a retired row stays.
    fn wire_id(&self) -> u8 {
        match self {
            Formula::Copy => 0,
            Formula::Abs => 1,
            Formula::Negate => 2,
            Formula::Scale { .. } => 3,
            Formula::Shift { .. } => 4,
            Formula::Affine { .. } => 5,
            Formula::Sum { .. } => 6,
            Formula::Complement { .. } => 7,
            Formula::Product { .. } => 8,
            Formula::Quotient { .. } => 9,
            Formula::Hypot { .. } => 10,
            Formula::Unary { .. } => 11,
            Formula::Times { .. } => 12,
            Formula::Per { .. } => 13,
            Formula::Over { .. } => 14,
            Formula::Shell { .. } => 15,
            Formula::Direction(_) => 16,
            Formula::AngleDifference => 17,
            Formula::SmoothFactor(_) => 18,
            Formula::MassShell { .. } => 19,
            Formula::PairMass(_) => 20,
            Formula::Component(_) => 21,
            Formula::Rounded { .. } => 22,
        }
    }

    /// Appends the formula to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(self.wire_id());
        match self {
            Formula::Copy | Formula::Abs | Formula::Negate | Formula::AngleDifference => {}
            Formula::Scale { gain } | Formula::Product { gain } | Formula::Quotient { gain } => {
                put_gain(out, *gain)
            }
            Formula::Shift { shift } => out.extend_from_slice(&shift.to_le_bytes()),
            Formula::Affine { gain, shift } => {
                put_gain(out, *gain);
                out.extend_from_slice(&shift.to_le_bytes());
            }
            Formula::Sum { inputs, minus } => out.extend([*inputs, *minus]),
            Formula::Complement { total, inputs } => {
                out.push(*inputs);
                out.extend_from_slice(&total.to_le_bytes());
            }
            Formula::Hypot { gain, inputs, minus } => {
                out.extend([*inputs, *minus]);
                put_gain(out, *gain);
            }
            Formula::Unary { function, gain }
            | Formula::Times { function, gain }
            | Formula::Per { function, gain }
            | Formula::Over { function, gain } => {
                out.push(function.id());
                put_gain(out, *gain);
            }
            Formula::Shell { mass } => out.push(u8::from(*mass)),
            Formula::Direction(direction) => out.push(*direction as u8),
            Formula::MassShell { square, inputs, minus } => {
                out.extend([*inputs, *minus]);
                out.extend_from_slice(&square.to_le_bytes());
            }
            Formula::PairMass(pair) => match pair {
                Pair::Cartesian => out.push(0),
                Pair::Collider { masses } => {
                    out.push(1);
                    put_numbers(out, masses);
                }
                Pair::Massive => out.push(2),
            },
            Formula::Component(decay) => {
                out.extend([decay.daughters().len() as u8, u8::from(decay.upper())]);
                put_numbers(out, &[decay.mass()]);
                put_numbers(out, decay.daughters());
            }
            Formula::Rounded { kept, formula } => {
                out.push(*kept);
                formula.write(out);
            }
            Formula::SmoothFactor(smooth) => {
                out.push(u8::from(smooth.wide));
                out.push(u8::from(smooth.second.is_some()));
                out.extend_from_slice(&smooth.base.to_le_bytes());
                put_curve(out, &smooth.first, smooth.wide);
                if let Some(second) = &smooth.second {
                    put_curve(out, second, smooth.wide);
                }
            }
        }
    }

    /// The formula at the front of `bytes`, and how many bytes it took.
    ///
    /// # Errors
    /// [`FormulaError`] if no writer of this version produces such bytes.
    pub fn read(bytes: &[u8]) -> Result<(Formula, usize), FormulaError> {
        let mut fields = Fields { bytes };
        let formula = match fields.byte()? {
            0 => Formula::Copy,
            1 => Formula::Abs,
            2 => Formula::Negate,
            3 => Formula::Scale { gain: fields.gain()? },
            4 => Formula::Shift { shift: fields.number()? },
            5 => Formula::Affine { gain: fields.gain()?, shift: fields.number()? },
            6 => {
                let inputs = fields.inputs(2, MOST_TERMS)?;
                Formula::Sum { inputs, minus: fields.minus(inputs)? }
            }
            7 => {
                let inputs = fields.inputs(1, MOST_TERMS)?;
                Formula::Complement { inputs, total: fields.number()? }
            }
            8 => Formula::Product { gain: fields.gain()? },
            9 => Formula::Quotient { gain: fields.gain()? },
            10 => {
                let inputs = fields.inputs(2, 4)?;
                let minus = fields.minus(inputs)?;
                Formula::Hypot { inputs, minus, gain: fields.gain()? }
            }
            11 => Formula::Unary { function: fields.function()?, gain: fields.gain()? },
            12 => Formula::Times { function: fields.function()?, gain: fields.gain()? },
            13 => Formula::Per { function: fields.function()?, gain: fields.gain()? },
            14 => Formula::Over { function: fields.function()?, gain: fields.gain()? },
            15 => Formula::Shell { mass: fields.flag()? },
            16 => {
                let direction = Direction::ALL.get(usize::from(fields.byte()?));
                Formula::Direction(*direction.ok_or(FormulaError::Shape)?)
            }
            17 => Formula::AngleDifference,
            18 => {
                let (wide, two) = (fields.flag()?, fields.flag()?);
                let base = fields.number()?;
                let first = fields.curve(wide)?;
                let second = if two { Some(fields.curve(wide)?) } else { None };
                Formula::SmoothFactor(Box::new(Smooth::new(wide, base, first, second)?))
            }
            19 => {
                let inputs = fields.inputs(1, 4)?;
                let minus = fields.minus(inputs)?;
                Formula::MassShell { inputs, minus, square: fields.number()? }
            }
            20 => Formula::PairMass(match fields.byte()? {
                0 => Pair::Cartesian,
                1 => Pair::Collider { masses: [fields.number()?, fields.number()?] },
                2 => Pair::Massive,
                _ => return Err(FormulaError::Shape),
            }),
            21 => {
                let daughters = fields.inputs(2, 3)?;
                let upper = fields.flag()?;
                let mass = fields.number()?;
                let daughters = (0..daughters).map(|_| fields.number()).collect::<Result<Vec<_>, _>>()?;
                Formula::Component(Decay::new(mass, &daughters, upper)?)
            }
            22 => {
                let kept = fields.byte()?;
                // Formulas of formulas have one level.
                if !(1..=51).contains(&kept) || fields.bytes.first() == Some(&22) {
                    return Err(FormulaError::Shape);
                }
                let (formula, taken) = Formula::read(fields.bytes)?;
                fields.bytes = &fields.bytes[taken..];
                Formula::Rounded { kept, formula: Box::new(formula) }
            }
            id => return Err(FormulaError::UnknownFormula(id)),
        };
        Ok((formula, bytes.len() - fields.bytes.len()))
    }
}

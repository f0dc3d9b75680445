//! Axes: numbers on a linear or a logarithmic scale, and round numbers to write beside them.
//!
//! In: the range of the data. Out: a [`Scale`].
//! Not here: drawing.
//! Holds: a logarithmic scale shows decimal logarithms, so charts have one kind of coordinate; what it cannot show
//! is at its lower end.

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use std::ops::Range;

/// A scale.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    /// From where to where, in chart coordinates.
    pub(crate) range: Range<f64>,
    /// Where numbers stand, in chart coordinates.
    pub(crate) ticks: Vec<f64>,
    logarithmic: bool,
}

/// Ticks on an axis, about.
const TICKS: f64 = 6.0;

impl Scale {
    /// Equal steps.
    pub(crate) fn linear(low: f64, high: f64) -> Scale {
        let high = if high > low { high } else { low + low.abs().max(1.0) };
        let rough = (high - low) / TICKS;
        let decade = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * decade).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(10.0 * decade);
        let multiples = (low / step).ceil() as i64..=(high / step).floor() as i64;
        let ticks = multiples.map(|multiple| multiple as f64 * step).take(20).collect();
        Scale { range: low..high, ticks, logarithmic: false }
    }

    /// Equal factors; both ends positive.
    pub(crate) fn logarithmic(low: f64, high: f64) -> Scale {
        let low = low.max(1e-300);
        let (from, to) = (low.log10(), high.max(low * 1.1).log10());
        let every = (((to - from) / TICKS).ceil() as i32).max(1);
        let decades = (from.floor() as i32..=to.ceil() as i32).filter(|decade| decade.rem_euclid(every) == 0);
        let digits: &[f64] = if to - from < 2.5 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let all =
            decades.flat_map(|decade| digits.iter().map(move |digit| f64::from(decade) + digit.log10()));
        let ticks = all.filter(|tick| (from..=to).contains(tick)).collect();
        Scale { range: from..to, ticks, logarithmic: true }
    }

    /// A number in chart coordinates, kept inside the range.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let place = match self.logarithmic {
            true if value > 0.0 => value.log10(),
            true => self.range.start,
            false => value,
        };
        place.clamp(self.range.start, self.range.end)
    }

    /// What stands beside a chart coordinate.
    pub(crate) fn label(&self, place: f64) -> String {
        if self.logarithmic {
            return number(10f64.powf(place));
        }
        // Multiples of a step that are zero but for rounding.
        let near_zero = place.abs() < 1e-9 * (self.range.end - self.range.start);
        number(if near_zero { 0.0 } else { place })
    }
}

impl Ranged for Scale {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        limit.0 + (part * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// As short as it can be.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e5).contains(&size) {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

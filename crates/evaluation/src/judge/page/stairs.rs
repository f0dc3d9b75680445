//! The staircase: residuals against values, with the bound of each binade.
//!
//! In: a [`Staircase`]. Out: SVG.
//! Not here: bounds (`grid`).
//! Holds: both axes are logarithmic; residuals of zero are left out.

use super::super::Staircase;
use super::axes::Scale;
use crate::page::palette::{GENERAL, GRID, HEPZ, INK, NUMERIC, QUIET};
use crate::page::{ChartError, FONT};
use plotters::prelude::*;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 430;
/// Binades with a smaller share of the values are left out at the ends.
const RARE: f64 = 1e-5;

/// Draws it; `None` if nothing changed.
pub(crate) fn stairs(data: &Staircase, name: &str) -> Result<Option<String>, ChartError> {
    let all: u64 = data.stairs.iter().map(|stair| stair.n).sum();
    let often = |n: u64| n as f64 >= RARE * all as f64;
    let shown: Vec<_> = data.stairs.iter().filter(|stair| often(stair.n) && stair.largest > 0.0).collect();
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else { return Ok(None) };
    let across = Scale::logarithmic(2f64.powi(first.exponent), 2f64.powi(last.exponent + 1));
    let heights = shown.iter().flat_map(|stair| [stair.largest, stair.rms, stair.cutting_bound]);
    let heights: Vec<f64> = heights.filter(|height| *height > 0.0 && height.is_finite()).collect();
    let low = heights.iter().copied().fold(f64::INFINITY, f64::min);
    let high = heights.iter().copied().fold(0.0, f64::max);
    if !low.is_finite() {
        return Ok(None);
    }
    let up = Scale::logarithmic(low / 8.0, high * 2.0);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(46)
            .y_label_area_size(64)
            .build_cartesian_2d(across.clone(), up.clone())?;
        let axis = format!("|{name}|");
        chart
            .configure_mesh()
            .x_desc(axis.as_str())
            .y_desc("|residual|")
            .axis_style(QUIET.colour())
            .bold_line_style(GRID.colour())
            .light_line_style(TRANSPARENT)
            .label_style((FONT, 12).into_font().color(&INK.colour()))
            .axis_desc_style((FONT, 13).into_font().color(&INK.colour()))
            .x_label_formatter(&|place| across.label(*place))
            .y_label_formatter(&|place| up.label(*place))
            .draw()?;
        let inside = data.points.iter().map(|(x, r)| (x.log10(), r.log10()));
        let inside = inside.filter(|(x, r)| across.range.contains(x) && up.range.contains(r));
        chart.draw_series(inside.map(|place| Circle::new(place, 1, GENERAL.colour().mix(0.55).filled())))?;
        let mut line = |height: fn(&super::super::Stair) -> f64, style: ShapeStyle| {
            let steps = shown.iter().filter(|stair| height(stair) > 0.0).flat_map(|stair| {
                let at = up.place(height(stair));
                let place = |exponent: i32| across.place(2f64.powi(exponent));
                [(place(stair.exponent), at), (place(stair.exponent + 1), at)]
            });
            chart.draw_series([PathElement::new(steps.collect::<Vec<_>>(), style)]).map(|_| ())
        };
        line(|stair| stair.cutting_bound, QUIET.colour().stroke_width(2))?;
        line(|stair| stair.rounding_bound, HEPZ.colour().stroke_width(2))?;
        line(|stair| stair.rms, NUMERIC.colour().stroke_width(1))?;
        let tops = shown.iter().map(|stair| {
            let middle = across.place(2f64.powi(stair.exponent) * std::f64::consts::SQRT_2);
            TriangleMarker::new((middle, up.place(stair.largest)), 5, INK.colour().filled())
        });
        chart.draw_series(tops)?;
        root.present()?;
    }
    Ok(Some(svg))
}

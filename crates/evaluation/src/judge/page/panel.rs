//! The ratio panel: two histograms above, their ratio below.
//!
//! In: counts in the same bins. Out: SVG.
//! Not here: where counts come from.
//! Holds: error bars of the ratio are those of paired rows, `sqrt(rows that changed the bin) / rows`; the band is the
//! statistical error of the original, `1 / sqrt(rows)`.

use super::axes::Scale;
use crate::page::palette::{GENERAL, GRID, HEPZ, INK, NUMERIC, QUIET};
use crate::page::{ChartError, FONT};
use plotters::prelude::*;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 430;
/// Height of the histograms.
const ABOVE: u32 = 270;
/// Counts that spread over more than this factor are shown on a logarithmic axis.
const STEEP: f64 = 100.0;
/// Room beside the plots, for numbers.
const LEFT: u32 = 64;

/// What is drawn.
pub(crate) struct Panel<'a> {
    /// Edges of the bins.
    pub(crate) edges: &'a [f64],
    /// True if they grow by factors.
    pub(crate) logarithmic: bool,
    /// Counts of the original.
    pub(crate) original: &'a [f64],
    /// Counts of the other.
    pub(crate) other: &'a [f64],
    /// Rows that left or entered each bin.
    pub(crate) moved: &'a [f64],
    /// A curve over the histograms: expected counts.
    pub(crate) fit: &'a [f64],
    /// What the values are.
    pub(crate) name: &'a str,
}

/// Draws it; `None` if there are no counts.
pub(crate) fn panel(data: &Panel<'_>) -> Result<Option<String>, ChartError> {
    let (Some(&low), Some(&high)) = (data.edges.first(), data.edges.last()) else { return Ok(None) };
    let counts = || data.original.iter().chain(data.other).copied().filter(|count| *count > 0.0);
    let most = counts().fold(0.0, f64::max);
    let least = counts().fold(f64::INFINITY, f64::min);
    if most <= 0.0 || high <= low {
        return Ok(None);
    }
    let across = if data.logarithmic { Scale::logarithmic(low, high) } else { Scale::linear(low, high) };
    let steep = most / least > STEEP;
    let up =
        if steep { Scale::logarithmic(least * 0.6, most * 2.0) } else { Scale::linear(0.0, most * 1.08) };
    let places: Vec<f64> = data.edges.iter().map(|edge| across.place(*edge)).collect();
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        let (above, below) = root.split_vertically(ABOVE);
        let words = (FONT, 12).into_font().color(&INK.colour());
        let mut chart = ChartBuilder::on(&above)
            .margin(10)
            .margin_bottom(2)
            .x_label_area_size(4)
            .y_label_area_size(LEFT)
            .build_cartesian_2d(across.clone(), up.clone())?;
        chart
            .configure_mesh()
            .y_desc("rows in a bin")
            .axis_style(QUIET.colour())
            .bold_line_style(GRID.colour())
            .light_line_style(TRANSPARENT)
            .label_style(words.clone())
            .axis_desc_style((FONT, 13).into_font().color(&INK.colour()))
            .x_label_formatter(&|_| String::new())
            .y_label_formatter(&|place| up.label(*place))
            .draw()?;
        let steps = |counts: &[f64]| -> Vec<(f64, f64)> {
            let bins = places.windows(2).zip(counts);
            bins.flat_map(|(ends, count)| [(ends[0], up.place(*count)), (ends[1], up.place(*count))])
                .collect()
        };
        chart.draw_series([PathElement::new(steps(data.original), GENERAL.colour().stroke_width(2))])?;
        let middles = |at: usize| (places[at] + places[at + 1]) / 2.0;
        if !data.fit.is_empty() {
            let curve = data.fit.iter().enumerate().map(|(at, count)| (middles(at), up.place(*count)));
            chart.draw_series([PathElement::new(
                curve.collect::<Vec<_>>(),
                NUMERIC.colour().stroke_width(1),
            )])?;
        }
        let dots = data.other.iter().enumerate().filter(|(_, count)| **count > 0.0);
        chart.draw_series(
            dots.map(|(at, count)| Circle::new((middles(at), up.place(*count)), 2, HEPZ.colour().filled())),
        )?;
        ratio(data, &below, &across, &places)?;
        root.present()?;
    }
    Ok(Some(svg))
}

/// A bin of the ratio: ratio, its error, the band.
fn ratios(data: &Panel<'_>) -> Vec<Option<[f64; 3]>> {
    let bins = data.original.iter().zip(data.other).zip(data.moved);
    bins.map(|((original, other), moved)| {
        (*original > 0.0).then(|| [other / original, moved.sqrt() / original, 1.0 / original.sqrt()])
    })
    .collect()
}

fn ratio(
    data: &Panel<'_>,
    below: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    across: &Scale,
    places: &[f64],
) -> Result<(), ChartError> {
    let ratios = ratios(data);
    // Bins with few rows say little and would flatten the rest.
    let full = ratios.iter().flatten().filter(|[_, _, band]| *band <= 0.1);
    let away = full.clone().map(|[ratio, error, _]| (ratio - 1.0).abs() + error).fold(0.0, f64::max);
    let mut bands: Vec<f64> = full.map(|[_, _, band]| *band).collect();
    bands.sort_by(f64::total_cmp);
    let band = bands.get(bands.len() / 2).copied().unwrap_or(0.2);
    let half = (1.25 * away).max(1.3 * band).clamp(1e-6, 1.0);
    let up = Scale::linear(1.0 - half, 1.0 + half);
    let mut chart = ChartBuilder::on(below)
        .margin(10)
        .margin_top(2)
        .x_label_area_size(46)
        .y_label_area_size(LEFT)
        .build_cartesian_2d(across.clone(), up.clone())?;
    chart
        .configure_mesh()
        .x_desc(data.name)
        .y_desc("ratio")
        .axis_style(QUIET.colour())
        .bold_line_style(GRID.colour())
        .light_line_style(TRANSPARENT)
        .label_style((FONT, 12).into_font().color(&INK.colour()))
        .axis_desc_style((FONT, 13).into_font().color(&INK.colour()))
        .x_label_formatter(&|place| across.label(*place))
        .y_label_formatter(&|place| up.label(*place))
        .draw()?;
    for (ends, bin) in places.windows(2).zip(&ratios) {
        let Some([_, _, band]) = bin else { continue };
        let corners = [(ends[0], up.place(1.0 - band)), (ends[1], up.place(1.0 + band))];
        chart.draw_series([Rectangle::new(corners, QUIET.colour().mix(0.35).filled())])?;
    }
    let ends = [(across.range.start, 1.0), (across.range.end, 1.0)];
    chart.draw_series([PathElement::new(ends.to_vec(), INK.colour().stroke_width(1))])?;
    for (ends, bin) in places.windows(2).zip(&ratios) {
        let Some([ratio, error, _]) = bin else { continue };
        let middle = (ends[0] + ends[1]) / 2.0;
        let bar = [(middle, up.place(ratio - error)), (middle, up.place(ratio + error))];
        chart.draw_series([PathElement::new(bar.to_vec(), HEPZ.colour())])?;
        if up.range.contains(ratio) {
            chart.draw_series([Circle::new((middle, *ratio), 2, HEPZ.colour().filled())])?;
        }
    }
    Ok(())
}

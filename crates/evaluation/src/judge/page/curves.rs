//! Curves: a figure against the number of kept bits.
//!
//! In: series of points, with errors where there are some. Out: SVG.
//! Not here: which figures (`mod`).
//! Holds: points that a logarithmic axis cannot show are left out.

use super::axes::Scale;
use crate::page::palette::{GRID, INK, Paint, QUIET};
use crate::page::{ChartError, FONT};
use plotters::prelude::*;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 380;

/// A curve.
pub(crate) struct Series {
    /// Its colour.
    pub(crate) paint: &'static Paint,
    /// Kept bits, figure, error of it (zero if there is none).
    pub(crate) points: Vec<(f64, f64, f64)>,
    /// True for a line without marks.
    pub(crate) plain: bool,
}

/// Draws them; `None` if no point can be shown.
pub(crate) fn curves(
    series: &[Series],
    figure: &str,
    logarithmic: bool,
) -> Result<Option<String>, ChartError> {
    let shows = |y: f64| y.is_finite() && (!logarithmic || y > 0.0);
    let all = || series.iter().flat_map(|series| &series.points).filter(|point| shows(point.1));
    let ends = |of: fn(&(f64, f64, f64)) -> f64| {
        let low = all().map(of).fold(f64::INFINITY, f64::min);
        (low, all().map(of).fold(f64::NEG_INFINITY, f64::max))
    };
    let ((left, right), (low, high)) = (ends(|point| point.0), ends(|point| point.1));
    if !(right > left && low.is_finite()) {
        return Ok(None);
    }
    let across = Scale::linear(left - 0.5, right + 0.5);
    let up = if logarithmic {
        Scale::logarithmic(low / 2.0, high * 2.0)
    } else {
        let room = (high - low).max(1e-3) * 0.15;
        Scale::linear(low - room, high + room)
    };
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(46)
            .y_label_area_size(64)
            .build_cartesian_2d(across.clone(), up.clone())?;
        chart
            .configure_mesh()
            .x_desc("kept mantissa bits")
            .y_desc(figure)
            .axis_style(QUIET.colour())
            .bold_line_style(GRID.colour())
            .light_line_style(TRANSPARENT)
            .label_style((FONT, 12).into_font().color(&INK.colour()))
            .axis_desc_style((FONT, 13).into_font().color(&INK.colour()))
            .x_label_formatter(&|place| across.label(*place))
            .y_label_formatter(&|place| up.label(*place))
            .draw()?;
        for series in series {
            let points = || series.points.iter().filter(|point| shows(point.1));
            let places = points().map(|(x, y, _)| (*x, up.place(*y)));
            let colour = series.paint.colour();
            let width = if series.plain { 2 } else { 1 };
            chart.draw_series([PathElement::new(
                places.clone().collect::<Vec<_>>(),
                colour.stroke_width(width),
            )])?;
            if series.plain {
                continue;
            }
            for (x, y, error) in points().filter(|point| point.2 > 0.0) {
                let bar = vec![(*x, up.place(y - error)), (*x, up.place(y + error))];
                chart.draw_series([PathElement::new(bar, colour)])?;
            }
            chart.draw_series(places.map(|place| Circle::new(place, 2, colour.filled())))?;
        }
        root.present()?;
    }
    Ok(Some(svg))
}

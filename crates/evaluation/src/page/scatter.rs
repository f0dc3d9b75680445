//! The scatter chart: ratio against speed, both on logarithmic axes.
//!
//! In: points with names. Out: SVG.
//! Not here: where labels stand (`labels`), what is drawn of which rows (`page`).
//! Holds: each point has its name; points that no other beats in both lie on a line.

use super::labels::{Area, Side, Wanted, place};
use super::palette::{GENERAL, GRID, HEPZ, INK, NUMERIC, Paint, QUIET};
use super::{ChartError, FONT};
use plotters::coord::combinators::{BindKeyPoints, IntoLogRange};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// What a compressor is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// hepz.
    Hepz,
    /// Any bytes.
    General,
    /// Columns of numbers.
    Numeric,
}

impl Family {
    fn paint(self) -> &'static Paint {
        match self {
            Family::Hepz => &HEPZ,
            Family::General => &GENERAL,
            Family::Numeric => &NUMERIC,
        }
    }
}

/// One point.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) family: Family,
    /// MB/s.
    pub(crate) speed: f64,
    /// Ratio.
    pub(crate) ratio: f64,
}

const WIDTH: u32 = 640;
const HEIGHT: u32 = 440;
/// Room around the points, as a factor.
const AROUND: f64 = 1.35;
/// Pixels per letter of a label: an upper bound for most fonts at 11 pixels.
const LETTER: f64 = 6.1;

/// Draws points; `None` if there are none that a logarithmic axis can show.
pub(crate) fn scatter(points: &[Point], axis: &str) -> Result<Option<String>, ChartError> {
    let shown =
        |point: &&Point| point.speed > 0.0 && point.ratio > 0.0 && (point.speed * point.ratio).is_finite();
    let mut points: Vec<&Point> = points.iter().filter(shown).collect();
    let ends = |of: fn(&Point) -> f64, points: &[&Point]| {
        let ends = points.iter().map(|point| of(point));
        ends.fold(None, |ends, x| {
            Some(ends.map_or((x, x), |(low, high): (f64, f64)| (low.min(x), high.max(x))))
        })
    };
    let (Some((slow, fast)), Some((low, high))) =
        (ends(|point| point.speed, &points), ends(|point| point.ratio, &points))
    else {
        return Ok(None);
    };
    let speeds = slow / AROUND..fast * AROUND.powi(2);
    let room = AROUND.sqrt().min((high / low).powf(0.12).max(1.03));
    let ratios = low / room..high * room;
    // hepz chooses the place of its label first, then the small archives.
    points.sort_by(|a, b| {
        (b.family == Family::Hepz).cmp(&(a.family == Family::Hepz)).then(b.ratio.total_cmp(&a.ratio))
    });
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        let (speed_ticks, ratio_ticks) = (ticks(speeds.start, speeds.end), ticks(ratios.start, ratios.end));
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(46)
            .y_label_area_size(58)
            .build_cartesian_2d(
                speeds.log_scale().with_key_points(speed_ticks),
                ratios.log_scale().with_key_points(ratio_ticks),
            )?;
        let words = (FONT, 12).into_font().color(&INK.colour());
        chart
            .configure_mesh()
            .x_desc(axis)
            .y_desc("ratio")
            .axis_style(QUIET.colour())
            .bold_line_style(GRID.colour())
            .light_line_style(TRANSPARENT)
            .label_style(words.clone())
            .axis_desc_style((FONT, 13).into_font().color(&INK.colour()))
            .x_label_formatter(&|value| number(*value))
            .y_label_formatter(&|value| number(*value))
            .draw()?;
        let at = |point: &Point| chart.backend_coord(&(point.speed, point.ratio));
        let front: Vec<(i32, i32)> = front(&points).into_iter().map(at).collect();
        root.draw(&PathElement::new(front.clone(), QUIET.colour()))?;
        let wanted: Vec<Wanted> = points
            .iter()
            .map(|point| {
                let letter = if point.family == Family::Hepz { LETTER * 1.1 } else { LETTER };
                Wanted { at: at(point), width: (point.name.len() as f64 * letter) as i32 + 2 }
            })
            .collect();
        let (x, y) = chart.plotting_area().get_pixel_range();
        let frame = Area { left: x.start, top: y.start, right: x.end, bottom: y.end };
        for (point, label) in points.iter().zip(place(&wanted, frame, &front)) {
            if let Some(line) = label.line {
                root.draw(&PathElement::new(line.to_vec(), QUIET.colour()))?;
            }
            let Area { left, top, right, bottom } = label.area;
            let (at, side) = match label.side {
                Side::Left => (left, HPos::Left),
                Side::Middle => ((left + right) / 2, HPos::Center),
                Side::Right => (right, HPos::Right),
            };
            let style = if point.family == Family::Hepz { FontStyle::Bold } else { FontStyle::Normal };
            let font = (FONT, 11, style).into_font().color(&point.family.paint().colour());
            let font = font.pos(Pos::new(side, VPos::Center));
            root.draw(&Text::new(point.name, (at, (top + bottom) / 2), font))?;
        }
        // Over the lines.
        for (point, want) in points.iter().zip(&wanted) {
            root.draw(&Circle::new(want.at, 4, point.family.paint().colour().filled()))?;
        }
        root.present()?;
    }
    Ok(Some(svg))
}

/// The points that no other beats in both, fastest first.
fn front<'a>(points: &[&'a Point]) -> Vec<&'a Point> {
    let mut by_speed = points.to_vec();
    by_speed.sort_by(|a, b| b.speed.total_cmp(&a.speed).then(b.ratio.total_cmp(&a.ratio)));
    let mut front: Vec<&Point> = Vec::new();
    for point in by_speed {
        if front.last().is_none_or(|last| point.ratio > last.ratio) {
            front.push(point);
        }
    }
    front
}

/// Round numbers between two, few enough to read.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    const FINE: [f64; 19] =
        [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    const MEDIUM: [f64; 8] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];
    const COARSE: [f64; 3] = [1.0, 2.0, 5.0];
    const DECADES: [f64; 1] = [1.0];
    let between = |digits: &[f64]| -> Vec<f64> {
        let decades = low.log10().floor() as i32..=high.log10().floor() as i32;
        let all = decades.flat_map(|exponent| digits.iter().map(move |digit| digit * 10f64.powi(exponent)));
        all.filter(|tick| (low..=high).contains(tick)).collect()
    };
    let sets: [&[f64]; 3] = [&FINE, &MEDIUM, &COARSE];
    let ticks =
        sets.into_iter().map(between).find(|ticks| ticks.len() <= 12).unwrap_or_else(|| between(&DECADES));
    if ticks.len() >= 3 {
        return ticks;
    }
    // Too close together for a logarithm to matter: equal steps.
    let decade = 10f64.powf((high - low).log10().floor());
    let step = if high - low < 2.0 * decade { decade / 5.0 } else { decade / 2.0 };
    let multiples = (low / step).ceil() as i64..=(high / step).floor() as i64;
    multiples
        .map(|multiple| multiple as f64 * step)
        .filter(|tick| (low..=high).contains(tick))
        .take(24)
        .collect()
}

/// As short as it can be.
fn number(value: f64) -> String {
    let rounded = if value < 0.1 { format!("{value:.3}") } else { format!("{value:.2}") };
    rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &'static str, speed: f64, ratio: f64) -> Point {
        Point { name, family: Family::General, speed, ratio }
    }

    #[test]
    fn the_front_holds_what_no_other_beats() {
        let points =
            [point("a", 100.0, 1.0), point("b", 10.0, 2.0), point("c", 9.0, 1.5), point("d", 1.0, 3.0)];
        let names: Vec<_> =
            front(&points.iter().collect::<Vec<_>>()).iter().map(|point| point.name).collect();
        assert_eq!(names, ["a", "b", "d"]);
    }

    #[test]
    fn every_point_has_its_name_and_a_circle() {
        let points = [point("zstd-3", 300.0, 3.5), point("xz-9e", 3.0, 4.0), point("stuck", 0.0, 4.0)];
        let svg = scatter(&points, "MB/s").unwrap().unwrap();
        assert!(svg.contains("zstd-3") && svg.contains("xz-9e") && !svg.contains("stuck"));
        assert_eq!(svg.matches("<circle").count(), 2);
        assert_eq!(scatter(&points[2..], "MB/s").unwrap(), None);
    }

    #[test]
    fn ticks_are_few_and_inside() {
        for (low, high) in [(0.01, 5000.0), (1.1, 1.9), (2.0, 14.0), (3.0, 3.3), (0.9, 1.05), (3.0, 3.001)] {
            let ticks = ticks(low, high);
            assert!((3..=24).contains(&ticks.len()), "{low} {high} {ticks:?}");
            assert!(ticks.iter().all(|tick| (low..=high).contains(tick)));
        }
        assert_eq!([number(1.0), number(1.5), number(0.02), number(200.0)], ["1", "1.5", "0.02", "200"]);
    }
}

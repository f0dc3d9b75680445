//! The page of a judgement: one HTML file with tables and plots, which needs nothing else.
//!
//! In: a [`Judgement`]. Out: HTML with SVG inside.
//! Not here: all figures (`document`), colours and style (`page`).
//! Holds: no script, no network, no date; text from outside is escaped; the page follows the screen, light or dark.

mod axes;
mod curves;
mod panel;
mod stairs;
mod tables;

use super::{
    AblationColumn, AblationRow, ColumnJudgement, Histogram, Judgement, ObservableJudgement, TableJudgement,
};
use crate::page::palette::{self, HEPZ, NUMERIC};
use crate::page::{ChartError, STYLE, escaped};
use curves::{Series, curves};
use panel::{Panel, panel};

/// Columns of a table that are drawn; all are listed.
const DRAWN: usize = 24;
/// Bins of a fit that are one bin of the plot.
const TOGETHER: usize = 4;

const MEANING: &str = "\
     Tables and columns are paired by name, rows by number. <em>Residual</em>: other minus original. <em>Bias in \
     errors</em>: mean residual by its standard error; beyond 3 it is no accident. <em>ln-MSE</em>: mean square \
     of the difference of natural logarithms; <em>by theory</em>: by that of rounding to the grid that was found. \
     <em>p, rows apart</em>: least p-value of all tests that compare the original in some rows with the other in \
     other rows, as two independent samples; <em>p, in pairs</em>: least p-value of those that compare the same \
     rows, where permutations exchange the two values of a row and the smallest systematic change shows, a comb \
     too. Either is multiplied by the number of tests.";

/// The page as HTML. `title` names the two files.
///
/// # Errors
/// If a chart cannot be drawn.
pub fn to_html(judgement: &Judgement, title: &str, command: &str) -> Result<String, ChartError> {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>hepz evaluate</title>\n\
         <style>\n{STYLE}{}</style>\n<body>\n<h1>{}</h1>\n<p class=\"quiet\"><code>{}</code></p>\n<p>{MEANING}</p>\n",
        palette::style_sheet(),
        escaped(title),
        escaped(command)
    );
    for words in &judgement.unpaired {
        html += &format!("<p>{}</p>\n", escaped(words));
    }
    for table in &judgement.tables {
        html += &of_table(table)?;
    }
    Ok(html + "</body>\n</html>\n")
}

fn key(entries: &[(&str, &str)]) -> String {
    let entry = |(paint, words): &(&str, &str)| {
        format!("<span><i style=\"background:var(--{paint})\"></i>{words}</span>")
    };
    format!("<p class=\"key\">{}</p>\n", entries.iter().map(entry).collect::<String>())
}

fn figure(svg: Option<String>) -> String {
    svg.map_or(String::new(), |svg| format!("<figure>{svg}</figure>\n"))
}

fn of_table(table: &TableJudgement) -> Result<String, ChartError> {
    let name = if table.name.is_empty() { "The table" } else { &table.name };
    let mut html = format!("<h2>{}</h2>\n<p>{} rows.</p>\n", escaped(name), table.rows);
    html += &tables::columns(table);
    html += &tables::exact(table);
    for observable in &table.observables {
        html += &of_observable(observable)?;
    }
    if let Some(joint) = &table.joint {
        html += &tables::joint(joint);
    }
    let changed: Vec<&ColumnJudgement> =
        table.columns.iter().filter(|column| column.residuals.n_changed > 0).collect();
    if !changed.is_empty() {
        html += "<h3>Column by column</h3>\n";
        html += &key(&[
            ("general", "original; residuals"),
            ("hepz", "other; bound if rounded to nearest"),
            ("quiet", "statistical error of the original; bound if cut"),
            ("numeric", "root mean square of the residuals"),
        ]);
        html += "<p class=\"quiet\">Error bars of the ratio are those of paired rows. Triangles: largest \
                 residual between \
                 two powers of two.</p>\n";
    }
    for column in changed.iter().take(DRAWN) {
        html += &of_column(column)?;
    }
    if changed.len() > DRAWN {
        html += &format!("<p>{} more columns are in the table only.</p>\n", changed.len() - DRAWN);
    }
    if let Some(ablation) = &table.ablation {
        html += &of_ablation(&ablation.rows)?;
    }
    Ok(html)
}

fn of_column(column: &ColumnJudgement) -> Result<String, ChartError> {
    let mut html = format!("<h3>{}</h3>\n<div class=\"pair\">\n", escaped(&column.name));
    if let Some(histogram) = &column.histogram {
        html += &figure(panel(&of_histogram(histogram, &column.name))?);
    }
    html += &figure(stairs::stairs(&column.staircase, &column.name)?);
    html += "</div>\n";
    html += &tables::tests(column);
    Ok(html)
}

fn of_histogram<'a>(histogram: &'a Histogram, name: &'a str) -> Panel<'a> {
    Panel {
        edges: &histogram.edges,
        logarithmic: histogram.logarithmic,
        original: &histogram.counts[0],
        other: &histogram.counts[1],
        moved: &histogram.moved,
        fit: &[],
        name,
    }
}

fn of_observable(observable: &ObservableJudgement) -> Result<String, ChartError> {
    let mut html = format!("<h3>{}</h3>\n", escaped(&observable.name));
    let Some(peak) = &observable.peak else {
        return Ok(html + "<p>Too few rows are in the window for a fit.</p>\n");
    };
    let together =
        |counts: &[f64]| counts.chunks(TOGETHER).map(|bins| bins.iter().sum()).collect::<Vec<f64>>();
    let (original, other) = (together(&peak.counts[0]), together(&peak.counts[1]));
    let (low, high) = peak.window;
    let edge = |at: usize| low + (high - low) * at as f64 / original.len() as f64;
    let drawn = Panel {
        edges: &(0..=original.len()).map(edge).collect::<Vec<f64>>(),
        logarithmic: false,
        original: &original,
        other: &other,
        moved: &together(&peak.moved),
        fit: &together(&peak.expected),
        name: &observable.name,
    };
    html += "<div class=\"pair\">\n";
    html += &figure(panel(&drawn)?);
    html += &tables::peak(observable, peak);
    Ok(html + "</div>\n")
}

fn of_ablation(rows: &[AblationRow]) -> Result<String, ChartError> {
    let Some(first) = rows.first() else { return Ok(String::new()) };
    let mut html = "<h3>What each number of mantissa bits would do to the original</h3>\n".to_owned();
    html += "<p class=\"quiet\">Every column is rounded to nearest. One curve for each column; the thick line \
             is the theory \
             for log-uniform mantissas, 2<sup>-2k</sup>/12 &middot; 3/(8 ln 2).</p>\n";
    html += &key(&[
        ("numeric", "columns, observables"),
        ("hepz", "theory; forest"),
        ("numeric", "logistic regression"),
    ]);
    let column = |figure: fn(&AblationColumn) -> f64| -> Vec<Series> {
        let of = |at: usize| Series {
            paint: &NUMERIC,
            plain: false,
            points: rows
                .iter()
                .filter_map(|row| Some((f64::from(row.kept), figure(row.columns.get(at)?), 0.0)))
                .collect(),
        };
        (0..first.columns.len()).map(of).collect()
    };
    let mut errors = column(|column| column.ln_mse);
    errors.push(Series {
        paint: &HEPZ,
        plain: true,
        points: rows.iter().map(|row| (f64::from(row.kept), super::ln_mse_theory(row.kept), 0.0)).collect(),
    });
    html += "<div class=\"pair\">\n";
    html += &figure(curves(&errors, "ln-MSE", true)?);
    html += &figure(curves(&column(|column| column.max_relative), "largest relative error", true)?);
    html +=
        &figure(curves(&column(|column| column.kolmogorov_smirnov), "Kolmogorov-Smirnov distance", true)?);
    html += &figure(curves(&column(|column| column.kullback_leibler), "Kullback-Leibler, nats", true)?);
    let accuracy = |at: usize| Series {
        paint: if at == 0 { &NUMERIC } else { &HEPZ },
        plain: false,
        points: rows
            .iter()
            .filter_map(|row| {
                let test = row.classifiers.get(at)?;
                Some((f64::from(row.kept), test.accuracy, test.null_sd))
            })
            .collect(),
    };
    let classifiers: Vec<Series> = (0..first.classifiers.len()).map(accuracy).collect();
    html += &figure(curves(&classifiers, "accuracy of a classifier", false)?);
    for (at, (name, _)) in first.observables.iter().enumerate() {
        let of = |figure: fn(&super::PeakJudgement) -> (f64, f64)| Series {
            paint: &NUMERIC,
            plain: false,
            points: rows
                .iter()
                .filter_map(|row| {
                    let (value, error) = figure(&row.observables.get(at)?.1);
                    Some((f64::from(row.kept), value, error))
                })
                .collect(),
        };
        let shift = of(|peak| (peak.core_shift.abs(), peak.core_shift_error));
        html += &figure(curves(&[shift], &format!("|shift| of {name} in the core"), true)?);
        let growth = of(|peak| (peak.width_growth, 0.0));
        html += &figure(curves(&[growth], &format!("width growth of {name}"), true)?);
    }
    html += "</div>\n";
    Ok(html + &tables::ablation(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_escaped_and_the_page_needs_nothing() {
        let table = TableJudgement {
            name: "t<1>".into(),
            rows: 3,
            columns: Vec::new(),
            joint: None,
            observables: Vec::new(),
            ablation: None,
            n_exact: 0,
            changed_exact: Vec::new(),
            unpaired: vec!["<x> is only in the other".into()],
        };
        let judgement =
            Judgement { formats: Default::default(), tables: vec![table], unpaired: vec!["a<b".into()] };
        let html = to_html(&judgement, "<t>", "hepz evaluate a<b>").unwrap();
        assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
        assert!(html.contains("t&lt;1&gt;") && html.contains("&lt;x&gt;") && html.contains("a&lt;b"));
        for needs in ["<script", "http-equiv", "src=", "href=", "@import", "t<1>"] {
            assert!(!html.contains(needs), "{needs}");
        }
    }
}

//! Tables of the page.
//!
//! In: parts of a judgement. Out: HTML tables.
//! Not here: plots.
//! Holds: text from outside is escaped; a figure that is not known is a dash.

use super::super::table_of_columns::{grid_in_words, least_p};
use super::super::{
    AblationRow, ColumnJudgement, Grid, Joint, ObservableJudgement, PeakJudgement, TableJudgement,
    TestResult, ln_mse_theory,
};
use crate::page::escaped;

/// Cells of a row.
fn row(cells: &[String]) -> String {
    format!("<tr>{}</tr>\n", cells.iter().map(|cell| format!("<td>{cell}</td>")).collect::<String>())
}

fn table(heading: &[&str], rows: &str) -> String {
    let heading: String = heading.iter().map(|cell| format!("<th>{cell}</th>")).collect();
    format!("<div class=\"wide\"><table>\n<tr>{heading}</tr>\n{rows}</table></div>\n")
}

fn short(value: f64) -> String {
    if value.is_finite() { format!("{value:.3e}") } else { "–".to_owned() }
}

fn probability(p: Option<f64>) -> String {
    match p {
        None => "–".to_owned(),
        Some(p) if p < 1e-4 => format!("<strong>{p:.0e}</strong>"),
        Some(p) if p < 0.05 => format!("<strong>{p:.3}</strong>"),
        Some(p) => format!("{p:.3}"),
    }
}

/// One line per column.
pub(super) fn columns(judged: &TableJudgement) -> String {
    let mut rows = String::new();
    for column in &judged.columns {
        let found = &column.residuals;
        if found.n_changed == 0 {
            continue;
        }
        let by_theory = match column.staircase.grid {
            Some(Grid::KeptBits(kept)) => format!("{:.3}", found.ln_mse / ln_mse_theory(kept)),
            _ => "–".to_owned(),
        };
        let tests = column.tests.as_ref();
        rows += &row(&[
            escaped(&column.name),
            format!("{:.2} %", 100.0 * found.n_changed as f64 / found.n.max(1) as f64),
            format!("{} → {}", column.bits[0].live, column.bits[1].live),
            grid_in_words(&column.staircase),
            short(found.bias),
            format!("{:.2}", found.bias_in_errors),
            short(found.rms),
            short(found.max_absolute.value),
            short(found.max_relative.value),
            short(found.ln_mse),
            by_theory,
            probability(tests.and_then(|tests| least_p(&tests.halves))),
            probability(tests.and_then(|tests| least_p(&tests.paired))),
        ]);
    }
    let same = judged.columns.iter().filter(|column| column.residuals.n_changed == 0).count();
    let mut html =
        format!("<p>{same} of {} float columns are the same, bit for bit.</p>\n", judged.columns.len());
    if !rows.is_empty() {
        let heading = [
            "column",
            "changed",
            "live bits",
            "grid",
            "bias",
            "in errors",
            "rms",
            "max abs",
            "max rel",
            "ln-MSE",
            "by theory",
            "p, rows apart",
            "p, in pairs",
        ];
        html += &table(&heading, &rows);
    }
    html
}

/// Columns that should not have changed, and what has no partner.
pub(super) fn exact(judged: &TableJudgement) -> String {
    let mut html = String::new();
    for column in &judged.changed_exact {
        let (name, kind) = (escaped(&column.name), column.scalar.name());
        html +=
            &format!("<p><strong>{name}</strong>: {} values of type {kind} differ.</p>\n", column.n_changed);
    }
    for words in &judged.unpaired {
        html += &format!("<p class=\"quiet\">{}</p>\n", escaped(words));
    }
    html
}

fn test_rows(tests: &[TestResult], kind: &str) -> String {
    let one = |test: &TestResult| {
        row(&[
            test.name.replace('_', " "),
            kind.to_owned(),
            short(test.statistic),
            format!("{} ± {}", short(test.null_mean), short(test.null_sd)),
            probability(Some(test.p_permutation)),
            probability(test.p_asymptotic),
        ])
    };
    tests.iter().map(one).collect()
}

const TESTS: [&str; 6] =
    ["test", "rows", "statistic", "without difference", "p, permutation", "p, limiting law"];

/// All tests of a column, folded.
pub(super) fn tests(column: &ColumnJudgement) -> String {
    let Some(tests) = &column.tests else { return String::new() };
    let [x, y] = tests.n_halves;
    let rows = test_rows(&tests.halves, &format!("apart, {x} and {y}"))
        + &test_rows(&tests.paired, &format!("in pairs, {}", tests.n_paired));
    let quantiles: Vec<String> = column
        .residuals
        .quantiles
        .iter()
        .map(|(share, value)| format!("{:.2} %: {value:.3e}", 100.0 * share))
        .collect();
    let staircase = &column.staircase;
    format!(
        "<details><summary>Quantiles, pulls and tests</summary>\n<p>Quantiles of the residual: {}.</p>\n\
         <p>Entropy of the patterns: {:.3} and {:.3} bits per value; {} and {} different ones. Special values kept: \
         {:.2} %.</p>\n<p>Pulls, residuals by cell/√12: mean {:.3}, standard deviation {:.3}, largest \
         {:.3}.</p>\n{}</details>\n",
        quantiles.join("; "),
        column.bits[0].entropy,
        column.bits[1].entropy,
        column.bits[0].distinct,
        column.bits[1].distinct,
        100.0 * column.residuals.specials.share_kept(),
        staircase.pull_mean,
        staircase.pull_sd,
        staircase.pull_largest,
        table(&TESTS, &rows)
    )
}

/// Tests of columns together.
pub(super) fn joint(joint: &Joint) -> String {
    let names: Vec<String> = joint.columns.iter().map(|name| escaped(name)).collect();
    let mut html = format!(
        "<h3>Columns together</h3>\n<p>{} of {} and {} rows.</p>\n",
        names.join(", "),
        joint.n[0],
        joint.n[1]
    );
    let distance = |name: &str, found: Option<super::super::Distance>| {
        found.map_or(String::new(), |found| {
            format!("<p>{name}: {:.3e} ± {:.1e}.</p>\n", found.value, found.error)
        })
    };
    html += &distance("Fréchet physics distance", joint.frechet);
    html += &distance("Kernel physics distance", joint.kernel);
    html += &table(&TESTS, &test_rows(&joint.tests, "apart"));
    let one = |test: &super::super::ClassifierTest| {
        row(&[
            test.classifier.replace('_', " "),
            format!("{} + {}", test.n_train, test.n_test),
            format!("{:.4}", test.accuracy),
            format!("{:.4} ± {:.4}", test.null_mean, test.null_sd),
            test.area.map_or("–".to_owned(), |area| format!("{area:.4}")),
            probability(Some(test.p)),
        ])
    };
    let heading = ["classifier", "rows", "accuracy", "without difference", "area under curve", "p"];
    html + &table(&heading, &joint.classifiers.iter().map(one).collect::<String>())
}

/// The fits of a peak.
pub(super) fn peak(observable: &ObservableJudgement, peak: &PeakJudgement) -> String {
    let mut rows = String::new();
    for (name, fitted) in ["original", "other"].iter().zip(peak.peaks.iter().flatten()) {
        rows += &row(&[
            (*name).to_owned(),
            format!("{:.5} ± {:.5}", fitted.mean, fitted.mean_error),
            format!("{:.5} ± {:.5}", fitted.width, fitted.width_error),
            format!("{:.4}", fitted.share),
            format!("{:.1} / {}", fitted.chi_square, fitted.freedom),
        ]);
    }
    let fits = table(&["fit", "mean", "width", "share", "χ² / freedom"], &rows);
    let figures = [
        ("shift of the fit", peak.shift, peak.shift_error),
        ("mean difference in the core", peak.core_shift, peak.core_shift_error),
        ("width growth of the fit, %", 100.0 * peak.width_growth, 100.0 * peak.width_growth_error),
        ("width growth by the differences, %", 100.0 * peak.core_width_growth, f64::NAN),
        ("rms of the differences in the core", peak.core_rms, f64::NAN),
        ("mean difference of all rows", observable.residuals.bias, observable.residuals.bias_error),
    ];
    let figure = |(name, value, error): &(&str, f64, f64)| {
        let error = if error.is_finite() { format!(" ± {error:.2e}") } else { String::new() };
        row(&[(*name).to_owned(), format!("{value:.4e}{error}")])
    };
    let rows: String = figures.iter().map(figure).collect();
    let seen = format!(
        "<p class=\"quiet\">{} rows, {} of them in the core; {} bootstrap replicas. Dots: other; line: \
         original, and its \
         fit.</p>\n",
        peak.n_rows, peak.n_core, peak.n_replicas
    );
    format!("<div>{fits}{}{seen}</div>\n", table(&["paired", "value"], &rows))
}

/// Figures of the ablation, folded.
pub(super) fn ablation(found: &[AblationRow]) -> String {
    let mut rows = String::new();
    for kept in found {
        for column in &kept.columns {
            rows += &row(&[
                escaped(&column.name),
                kept.kept.to_string(),
                short(column.ln_mse),
                format!("{:.4}", column.ln_mse / column.ln_mse_theory),
                short(column.max_relative),
                format!("{:.2}", column.bias_in_errors),
                short(column.kolmogorov_smirnov),
                short(column.kullback_leibler),
                short(column.wasserstein),
            ]);
        }
    }
    let heading = [
        "column",
        "kept bits",
        "ln-MSE",
        "by theory",
        "max rel",
        "bias in errors",
        "KS",
        "KL, nats",
        "Wasserstein",
    ];
    let mut html = format!("<details><summary>The figures</summary>{}", table(&heading, &rows));
    let mut rows = String::new();
    for kept in found {
        for (name, peak) in &kept.observables {
            rows += &row(&[
                escaped(name),
                kept.kept.to_string(),
                format!("{} ± {}", short(peak.core_shift), short(peak.core_shift_error)),
                short(peak.shift),
                format!("{:.4} %", 100.0 * peak.width_growth),
            ]);
        }
    }
    if !rows.is_empty() {
        let heading = ["observable", "kept bits", "shift in the core", "shift of the fit", "width growth"];
        html += &table(&heading, &rows);
    }
    html + "</details>\n"
}

//! Table of columns: a judgement to read on a terminal.
//!
//! In: a [`Judgement`]. Out: text.
//! Not here: all figures (`document`), charts (`page`).
//! Holds: one line per column that changed; the others are counted.

use super::{
    Ablation, AblationColumn, Grid, Judgement, Manner, PeakJudgement, Staircase, TableJudgement, TestResult,
};

/// A judgement as aligned text.
pub fn to_text(judgement: &Judgement) -> String {
    let mut text = String::new();
    for table in &judgement.tables {
        text += &of_table(table);
    }
    for words in &judgement.unpaired {
        text += &format!("{words}\n");
    }
    text
}

/// A grid and how values came to it, in words.
pub(crate) fn grid_in_words(staircase: &Staircase) -> String {
    let manner = staircase.manner.map_or("", Manner::name);
    match staircase.grid {
        Some(Grid::KeptBits(kept)) => format!("{kept} bits, {manner}"),
        Some(Grid::Step(exponent)) => format!("steps of 2^{exponent}, {manner}"),
        None => "-".to_owned(),
    }
}

/// The least p-value by permutation, multiplied by the number of tests (Bonferroni); `None` without tests.
pub(crate) fn least_p(tests: &[TestResult]) -> Option<f64> {
    let least = tests.iter().map(|test| test.p_permutation).reduce(f64::min)?;
    Some((least * tests.len() as f64).min(1.0))
}

fn of_peak(name: &str, peak: &PeakJudgement) -> String {
    let Some([original, other]) = &peak.peaks else {
        return format!("  {name}: the fit did not converge\n");
    };
    format!(
        "  {name}: peak {:.5} and {:.5}, width {:.5} and {:.5}\n    shift {:.3e} +- {:.1e} (fits), {:.3e} +- \
         {:.1e} (mean \
         of {} rows in the core)\n    width growth {:.4} % +- {:.4} %\n",
        original.mean,
        other.mean,
        original.width,
        other.width,
        peak.shift,
        peak.shift_error,
        peak.core_shift,
        peak.core_shift_error,
        peak.n_core,
        100.0 * peak.width_growth,
        100.0 * peak.width_growth_error,
    )
}

fn of_table(table: &TableJudgement) -> String {
    let name = if table.name.is_empty() { "the table" } else { &table.name };
    let changed: Vec<_> = table.columns.iter().filter(|column| column.residuals.n_changed > 0).collect();
    let mut text = String::new();
    if table.columns.is_empty() && table.changed_exact.is_empty() {
        return text;
    }
    text += &format!(
        "{name}: {} rows; {} of {} float columns differ\n",
        table.rows,
        changed.len(),
        table.columns.len()
    );
    let heading = [
        "column",
        "changed",
        "bias",
        "in errors",
        "rms",
        "max abs",
        "max rel",
        "ln-MSE",
        "p apart",
        "p pairs",
        "grid",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    for column in changed {
        let found = &column.residuals;
        rows.push([
            column.name.clone(),
            format!("{:.2} %", 100.0 * found.n_changed as f64 / found.n.max(1) as f64),
            format!("{:.3e}", found.bias),
            format!("{:.2}", found.bias_in_errors),
            format!("{:.3e}", found.rms),
            format!("{:.3e}", found.max_absolute.value),
            format!("{:.3e}", found.max_relative.value),
            format!("{:.3e}", found.ln_mse),
            probability(column.tests.as_ref().and_then(|tests| least_p(&tests.halves))),
            probability(column.tests.as_ref().and_then(|tests| least_p(&tests.paired))),
            grid_in_words(&column.staircase),
        ]);
    }
    if rows.len() > 1 {
        text += &aligned(&rows);
    }
    for observable in &table.observables {
        text += &match &observable.peak {
            Some(peak) => of_peak(&observable.name, peak),
            None => format!("  {}: too few rows are in the window for a fit\n", observable.name),
        };
    }
    if let Some(joint) = &table.joint {
        let tests = joint.tests.iter().map(|test| format!("{} p {:.3}", test.name, test.p_permutation));
        let classifiers = joint
            .classifiers
            .iter()
            .map(|test| format!("{} accuracy {:.4} (p {:.3})", test.classifier, test.accuracy, test.p));
        let all: Vec<String> = tests.chain(classifiers).collect();
        text += &format!("  {} columns together: {}\n", joint.columns.len(), all.join(", "));
    }
    if let Some(ablation) = &table.ablation {
        text += &of_ablation(ablation);
    }
    for column in &table.columns {
        let specials = column.residuals.specials;
        if specials.share_kept() < 1.0 || specials.made_special + specials.sign_turned > 0 {
            text += &format!(
                "  {}: special values kept {:.2} %, made NaN or infinite {}, signs turned {}\n",
                column.name,
                100.0 * specials.share_kept(),
                specials.made_special,
                specials.sign_turned
            );
        }
    }
    for column in &table.changed_exact {
        text += &format!(
            "  {}: {} values of type {} differ\n",
            column.name,
            column.n_changed,
            column.scalar.name()
        );
    }
    for words in &table.unpaired {
        text += &format!("  {words}\n");
    }
    text
}

fn probability(p: Option<f64>) -> String {
    p.map_or("-".to_owned(), |p| format!("{p:.3}"))
}

/// The worst of the columns at each number of bits.
fn of_ablation(ablation: &Ablation) -> String {
    let heading = ["kept bits", "ln-MSE / theory", "max rel", "KS", "KL", "classifier", "shift"];
    let mut rows = vec![heading.map(str::to_owned)];
    for row in &ablation.rows {
        let worst =
            |figure: fn(&AblationColumn) -> f64| row.columns.iter().map(figure).fold(f64::NAN, f64::max);
        let accuracy = row.classifiers.iter().map(|test| test.accuracy).reduce(f64::max);
        let shifts = row
            .observables
            .iter()
            .map(|(name, peak)| format!("{name} {:.2e} +- {:.1e}", peak.core_shift, peak.core_shift_error));
        rows.push([
            row.kept.to_string(),
            format!("{:.4}", worst(|column| column.ln_mse / column.ln_mse_theory)),
            format!("{:.3e}", worst(|column| column.max_relative)),
            format!("{:.2e}", worst(|column| column.kolmogorov_smirnov)),
            format!("{:.2e}", worst(|column| column.kullback_leibler)),
            accuracy.map_or("-".to_owned(), |accuracy| format!("{accuracy:.4}")),
            shifts.collect::<Vec<String>>().join(", "),
        ]);
    }
    let what = "the original itself, rounded (largest of the columns)";
    format!("  {what}: {}\n{}", ablation.columns.join(", "), aligned(&rows))
}

/// Cells under each other: the first and the last to the left, the others to the right.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from(" ");
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let (width, last) = (*width, at + 1 == N);
            line += &if at == 0 || last { format!(" {cell:<width$}") } else { format!(" {cell:>width$} ") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

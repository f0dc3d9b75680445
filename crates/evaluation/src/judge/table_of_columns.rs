//! Table of columns: a judgement to read on a terminal.
//!
//! In: a [`Judgement`]. Out: text.
//! Not here: all figures (`document`), charts (`page`).
//! Holds: one line per column that changed; the others are counted.

use super::{Grid, Judgement, Manner, Staircase, TableJudgement};

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
    let heading = ["column", "changed", "bias", "in errors", "rms", "max abs", "max rel", "ln-MSE", "grid"];
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
            grid_in_words(&column.staircase),
        ]);
    }
    if rows.len() > 1 {
        text += &aligned(&rows);
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

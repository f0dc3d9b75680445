//! The document: all figures of a judgement for programs.
//!
//! In: a [`Judgement`]. Out: JSON, and the same numbers as CSV.
//! Not here: tables to read (`table_of_columns`), the page.
//! Holds: the CSV is made from the JSON, so neither knows a figure that the other does not; what is not finite is
//! null.

use super::{
    Ablation, Bits, ClassifierTest, ColumnJudgement, Distance, Grid, Histogram, Joint, Judgement, Kept,
    Manner, ObservableJudgement, Peak, PeakJudgement, Residuals, Staircase, TableJudgement, TestResult,
};
use serde_json::{Map, Value, json};

/// A judgement as JSON, on several lines.
pub fn to_json(judgement: &Judgement) -> String {
    format!("{:#}\n", value(judgement))
}

/// A judgement as CSV: one line per figure with its table, its column (or observable) and its path in the JSON.
pub fn to_csv(judgement: &Judgement) -> String {
    let mut text = "table,column,quantity,value\n".to_owned();
    let document = value(judgement);
    for table in document["tables"].as_array().into_iter().flatten() {
        let name = table["table"].as_str().unwrap_or_default();
        for (part, key) in [("columns", "column"), ("observables", "observable")] {
            for item in table[part].as_array().into_iter().flatten() {
                let column = item[key].as_str().unwrap_or_default();
                flatten(item, String::new(), &mut |path, value| {
                    if path != key {
                        text += &line(name, column, path, value);
                    }
                });
            }
        }
        for (part, item) in table.as_object().into_iter().flatten() {
            if !["table", "columns", "observables"].contains(&part.as_str()) {
                flatten(item, part.clone(), &mut |path, value| text += &line(name, "", path, value));
            }
        }
    }
    text
}

fn line(table: &str, column: &str, path: &str, value: &Value) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let value = match value {
        Value::String(text) => quoted(text),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    format!("{},{},{},{value}\n", quoted(table), quoted(column), quoted(path))
}

/// Every leaf with its path. Members of lists are called by what names them, else by their number.
fn flatten(value: &Value, path: String, take: &mut dyn FnMut(&str, &Value)) {
    let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| flatten(value, inside(name), take)),
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                let names = ["test", "share", "exponent", "kept_bits", "classifier"];
                let name = names.into_iter().find_map(|name| match &item[name] {
                    Value::Null => None,
                    Value::String(text) => Some(text.clone()),
                    other => Some(other.to_string()),
                });
                flatten(item, inside(&name.unwrap_or_else(|| number.to_string())), take);
            }
        }
        leaf => take(&path, leaf),
    }
}

fn value(judgement: &Judgement) -> Value {
    json!({
        "formats": judgement.formats,
        "unpaired": judgement.unpaired,
        "tables": judgement.tables.iter().map(of_table).collect::<Vec<Value>>(),
    })
}

fn of_table(table: &TableJudgement) -> Value {
    let exact = table.changed_exact.iter().map(|column| {
        json!({ "column": column.name, "type": column.scalar.name(), "n_changed": column.n_changed })
    });
    json!({
        "table": table.name,
        "rows": table.rows,
        "columns": table.columns.iter().map(of_column).collect::<Vec<Value>>(),
        "joint": table.joint.as_ref().map(of_joint),
        "observables": table.observables.iter().map(of_observable).collect::<Vec<Value>>(),
        "ablation": table.ablation.as_ref().map(of_ablation),
        "n_exact_columns": table.n_exact,
        "changed_exact_columns": exact.collect::<Vec<Value>>(),
        "unpaired": table.unpaired,
    })
}

fn of_column(column: &ColumnJudgement) -> Value {
    let mut members = Map::new();
    let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
    add("column", json!(column.name));
    add("types", json!(column.scalars.map(|scalar| scalar.name())));
    add("residuals", of_residuals(&column.residuals));
    add("bits", json!({ "original": of_bits(&column.bits[0]), "other": of_bits(&column.bits[1]) }));
    add("staircase", of_staircase(&column.staircase));
    if let Some(found) = &column.tests {
        let [original, other] = found.n_halves;
        add(
            "tests_of_halves",
            json!({ "n_original": original, "n_other": other, "tests": of_tests(&found.halves) }),
        );
        add("tests_of_pairs", json!({ "n": found.n_paired, "tests": of_tests(&found.paired) }));
    }
    if let Some(found) = &column.histogram {
        add("histogram", of_histogram(found));
    }
    Value::Object(members)
}

fn of_tests(tests: &[TestResult]) -> Vec<Value> {
    let one = |test: &TestResult| {
        json!({
            "test": test.name,
            "statistic": test.statistic,
            "null_mean": test.null_mean,
            "null_sd": test.null_sd,
            "p_permutation": test.p_permutation,
            "p_asymptotic": test.p_asymptotic,
        })
    };
    tests.iter().map(one).collect()
}

fn of_histogram(found: &Histogram) -> Value {
    json!({
        "edges": found.edges,
        "logarithmic": found.logarithmic,
        "original": found.counts[0],
        "other": found.counts[1],
        "moved": found.moved,
    })
}

fn of_classifiers(found: &[ClassifierTest]) -> Vec<Value> {
    let one = |test: &ClassifierTest| {
        json!({
            "classifier": test.classifier,
            "n_train": test.n_train,
            "n_test": test.n_test,
            "accuracy": test.accuracy,
            "area_under_curve": test.area,
            "null_mean": test.null_mean,
            "null_sd": test.null_sd,
            "p": test.p,
        })
    };
    found.iter().map(one).collect()
}

fn of_joint(found: &Joint) -> Value {
    let distance = |found: Distance| json!({ "value": found.value, "error": found.error });
    json!({
        "columns": found.columns,
        "n_original": found.n[0],
        "n_other": found.n[1],
        "frechet_physics_distance": found.frechet.map(distance),
        "kernel_physics_distance": found.kernel.map(distance),
        "tests": of_tests(&found.tests),
        "classifiers": of_classifiers(&found.classifiers),
    })
}

fn of_peak(found: &Peak) -> Value {
    json!({
        "mean": found.mean,
        "mean_error": found.mean_error,
        "width": found.width,
        "width_error": found.width_error,
        "share": found.share,
        "chi_square": found.chi_square,
        "degrees_of_freedom": found.freedom,
    })
}

fn of_shift(found: &PeakJudgement) -> Value {
    let peaks = found.peaks.as_ref();
    json!({
        "n_rows": found.n_rows,
        "window": [found.window.0, found.window.1],
        "shape": found.shape.name(),
        "original": peaks.map(|peaks| of_peak(&peaks[0])),
        "other": peaks.map(|peaks| of_peak(&peaks[1])),
        "shift": found.shift,
        "shift_error": found.shift_error,
        "width_growth": found.width_growth,
        "width_growth_error": found.width_growth_error,
        "n_replicas": found.n_replicas,
        "n_core": found.n_core,
        "core_shift": found.core_shift,
        "core_shift_error": found.core_shift_error,
        "core_rms": found.core_rms,
        "core_width_growth": found.core_width_growth,
    })
}

fn of_observable(found: &ObservableJudgement) -> Value {
    let counts = found.peak.as_ref().map(|peak| {
        json!({ "original": peak.counts[0], "other": peak.counts[1], "moved": peak.moved, "fit": peak.expected })
    });
    json!({
        "observable": found.name,
        "residuals": of_residuals(&found.residuals),
        "peak": found.peak.as_ref().map(of_shift),
        "counts": counts,
    })
}

fn of_ablation(found: &Ablation) -> Value {
    let rows = found.rows.iter().map(|row| {
        let columns = row.columns.iter().map(|column| {
            let figures = json!({
                "ln_mse": column.ln_mse,
                "ln_mse_theory": column.ln_mse_theory,
                "max_relative": column.max_relative,
                "bias_in_errors": column.bias_in_errors,
                "kolmogorov_smirnov": column.kolmogorov_smirnov,
                "kullback_leibler": column.kullback_leibler,
                "wasserstein_1": column.wasserstein,
            });
            (column.name.clone(), figures)
        });
        let observables = row.observables.iter().map(|(name, peak)| (name.clone(), of_shift(peak)));
        json!({
            "kept_bits": row.kept,
            "columns": columns.collect::<Map<String, Value>>(),
            "classifiers": of_classifiers(&row.classifiers),
            "observables": observables.collect::<Map<String, Value>>(),
        })
    });
    json!(rows.collect::<Vec<Value>>())
}

fn of_residuals(found: &Residuals) -> Value {
    let kept = |kept: Kept| json!({ "n": kept.n, "kept": kept.kept });
    let quantiles = found.quantiles.iter().map(|(share, value)| json!({ "share": share, "value": value }));
    json!({
        "n": found.n,
        "n_changed": found.n_changed,
        "n_finite": found.n_finite,
        "bias": found.bias,
        "bias_error": found.bias_error,
        "bias_in_errors": found.bias_in_errors,
        "relative_bias": found.relative_bias,
        "rms": found.rms,
        "quantiles": quantiles.collect::<Vec<Value>>(),
        "max_absolute": found.max_absolute.value,
        "max_absolute_row": found.max_absolute.row,
        "max_relative": found.max_relative.value,
        "max_relative_row": found.max_relative.row,
        "ln_mse": found.ln_mse,
        "n_ln": found.n_ln,
        "specials": {
            "nan": kept(found.specials.nan),
            "infinite": kept(found.specials.infinite),
            "zero": kept(found.specials.zero),
            "share_kept": found.specials.share_kept(),
            "made_special": found.specials.made_special,
            "made_zero": found.specials.made_zero,
            "sign_turned": found.specials.sign_turned,
        },
    })
}

fn of_bits(bits: &Bits) -> Value {
    json!({
        "mantissa_bits": bits.mantissa,
        "live_mantissa_bits": bits.live,
        "values_by_live_bits": bits.live_counts,
        "distinct": bits.distinct,
        "entropy_bits_per_value": bits.entropy,
        "step_exponent": bits.step_exponent,
    })
}

fn of_staircase(staircase: &Staircase) -> Value {
    let stairs = staircase.stairs.iter().map(|stair| {
        json!({
            "exponent": stair.exponent,
            "n": stair.n,
            "bias": stair.bias,
            "rms": stair.rms,
            "largest": stair.largest,
            "rounding_bound": stair.rounding_bound,
            "cutting_bound": stair.cutting_bound,
        })
    });
    let (kept_bits, step) = match staircase.grid {
        Some(Grid::KeptBits(kept)) => (Some(kept), None),
        Some(Grid::Step(exponent)) => (None, Some(exponent)),
        None => (None, None),
    };
    json!({
        "kept_bits_of_grid": kept_bits,
        "step_exponent_of_grid": step,
        "manner": staircase.manner.map(Manner::name),
        "pull_mean": staircase.pull_mean,
        "pull_sd": staircase.pull_sd,
        "pull_largest": staircase.pull_largest,
        "stairs": stairs.collect::<Vec<Value>>(),
    })
}

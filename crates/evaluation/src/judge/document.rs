//! The document: all figures of a judgement for programs.
//!
//! In: a [`Judgement`]. Out: JSON, and the same numbers as CSV.
//! Not here: tables to read (`table_of_columns`), the page.
//! Holds: the CSV is made from the JSON, so neither knows a figure that the other does not; what is not finite is null.

use super::{Bits, ColumnJudgement, Grid, Judgement, Kept, Manner, Residuals, Staircase, TableJudgement};
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
    Value::Object(members)
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

//! Reports: rows as an aligned table, CSV or JSON.
//!
//! In: [`Row`]s. Out: text.
//! Not here: measuring.
//! Holds: CSV and JSON have the same fields, and their names stay.

use crate::{Row, View};
use serde_json::json;

/// The columns of the CSV report, in order.
const FIELDS: [&str; 14] = [
    "file",
    "view",
    "codec",
    "settings",
    "view_bytes",
    "packed_bytes",
    "ratio",
    "compress_mb_per_s",
    "decompress_mb_per_s",
    "compress_peak_bytes",
    "decompress_peak_bytes",
    "clock",
    "threads",
    "version",
];

/// A row as one line of JSON.
pub fn to_json(row: &Row) -> String {
    json!({
        "file": row.file,
        "view": row.view.name(),
        "codec": row.rival,
        "settings": row.settings,
        "view_bytes": row.view_bytes,
        "packed_bytes": row.packed_bytes,
        "ratio": row.ratio,
        "compress_mb_per_s": row.compress_mb_per_s,
        "decompress_mb_per_s": row.decompress_mb_per_s,
        "compress_peak_bytes": row.compress_peak_bytes,
        "decompress_peak_bytes": row.decompress_peak_bytes,
        "clock": row.clock,
        "threads": row.threads,
        "version": row.version,
    })
    .to_string()
}

/// Rows as CSV with a heading.
pub fn to_csv(rows: &[Row]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let bytes = |bytes: Option<u64>| bytes.map_or(String::new(), |bytes| bytes.to_string());
    let mut text = FIELDS.join(",") + "\n";
    for row in rows {
        let fields = [
            quoted(&row.file),
            row.view.name().to_owned(),
            row.rival.to_owned(),
            quoted(row.settings),
            row.view_bytes.to_string(),
            row.packed_bytes.to_string(),
            format!("{:.4}", row.ratio),
            format!("{:.3}", row.compress_mb_per_s),
            format!("{:.3}", row.decompress_mb_per_s),
            bytes(row.compress_peak_bytes),
            bytes(row.decompress_peak_bytes),
            row.clock.clone(),
            row.threads.to_string(),
            quoted(&row.version),
        ];
        text += &(fields.join(",") + "\n");
    }
    text
}

/// Rows of one file as an aligned table.
pub fn to_text(rows: &[Row]) -> String {
    let mut text = String::new();
    for view in View::ALL {
        let of_view: Vec<&Row> = rows.iter().filter(|row| row.view == view).collect();
        let Some(first) = of_view.first() else { continue };
        text += &format!("{}: {}, {} bytes\n", first.file, view.description(), first.view_bytes);
        text += &format!(
            "  {:<17}{:>13}{:>9}{:>12}{:>12}{:>10}{:>10}  clock\n",
            "codec", "bytes", "ratio", "comp MB/s", "decomp MB/s", "comp MiB", "dec MiB"
        );
        for row in of_view {
            let memory = |bytes: Option<u64>| {
                bytes.map_or("-".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1048576.0))
            };
            let clock = if row.threads == 1 {
                row.clock.clone()
            } else {
                format!("{}, {} threads", row.clock, row.threads)
            };
            text += &format!(
                "  {:<17}{:>13}{:>9.3}{:>12.2}{:>12.2}{:>10}{:>10}  {clock}\n",
                row.rival,
                row.packed_bytes,
                row.ratio,
                row.compress_mb_per_s,
                row.decompress_mb_per_s,
                memory(row.compress_peak_bytes),
                memory(row.decompress_peak_bytes),
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            file: "a,\"b\"".into(),
            view: View::File,
            rival: "zstd-3",
            settings: "libzstd, level 3",
            version: "zstd-sys 2".into(),
            view_bytes: 1000,
            packed_bytes: 400,
            ratio: 2.5,
            clock: "cpu".into(),
            threads: 1,
            compress_mb_per_s: 100.0,
            decompress_mb_per_s: 1000.0,
            compress_peak_bytes: Some(1 << 20),
            decompress_peak_bytes: None,
        }
    }

    #[test]
    fn csv_and_json_have_the_same_fields() {
        let value: serde_json::Value = serde_json::from_str(&to_json(&row())).unwrap();
        let names: Vec<&String> = value.as_object().unwrap().keys().collect();
        let mut fields = FIELDS;
        fields.sort_unstable();
        assert_eq!(names, fields);
        let what = "\"a,\"\"b\"\"\",file,zstd-3,\"libzstd, level 3\"";
        let figures = "1000,400,2.5000,100.000,1000.000,1048576,,cpu,1,\"zstd-sys 2\"";
        assert!(to_csv(&[row()]).ends_with(&format!("\n{what},{figures}\n")));
    }

    #[test]
    fn the_table_names_size_ratio_speeds_and_memory() {
        let text = to_text(&[row()]);
        let line = text.lines().last().unwrap();
        assert_eq!(
            line.split_whitespace().collect::<Vec<_>>(),
            ["zstd-3", "400", "2.500", "100.00", "1000.00", "1.0", "-", "cpu"]
        );
    }
}

//! Tests of `evaluate`.
//!
//! In: generated tables, one of them rounded here. Out: text, JSON, CSV, a page, exit codes.
//! Not here: statistics themselves (`hepz-evaluation`).
//! Holds: each promise of the help text is looked at from outside.

mod scene;

use scene::{Scene, npy_header};
use serde_json::Value;

const ROWS: u32 = 4000;

/// Two photons per row, whose mass is near 125, and a number of the row. `kept` mantissa bits, rounded half up.
fn photons(rows: u32, kept: Option<u32>) -> Vec<u8> {
    let mut state = 11u64;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f64 / 16777216.0
    };
    let descr = "[('pt1', '<f4'), ('pt2', '<f4'), ('eta1', '<f4'), ('eta2', '<f4'), ('row', '<i4')]";
    let mut file = npy_header(descr, rows);
    for row in 0..rows {
        let (eta1, eta2) = (2.0 * uniform() - 1.0, 2.0 * uniform() - 1.0);
        // A sum of twelve is nearly Gaussian.
        let normal: f64 = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let mass = 125.0 + 1.7 * normal;
        let pt1 = 40.0 + 40.0 * uniform();
        let pt2 = mass * mass / (2.0 * pt1 * ((eta1 - eta2).cosh() + 1.0));
        for number in [pt1, pt2, eta1, eta2] {
            let raw = (number as f32).to_bits();
            let raw = kept.map_or(raw, |kept| (raw + (1 << (22 - kept))) >> (23 - kept) << (23 - kept));
            file.extend_from_slice(&raw.to_le_bytes());
        }
        file.extend_from_slice(&row.to_le_bytes());
    }
    file
}

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("a.npy", &photons(ROWS, None));
    scene.write("b.npy", &photons(ROWS, Some(7)));
    scene
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_rounded_table_and_its_archive_are_judged_alike() {
    let scene = scene();
    scene.run(&["compress", "-q", "b.npy"]).ends_with(0);
    let text =
        scene.run(&["evaluate", "a.npy", "b.npy", "--json", "out.json"]).ends_with(0).says_nothing().text();
    assert!(text.contains("4 of 4 float columns differ") && text.contains("7 bits, rounded"), "{text}");
    scene.run(&["evaluate", "-q", "a.npy", "b.npy.hepz", "--json", "archive.json"]).ends_with(0);
    assert_eq!(scene.read("out.json"), scene.read("archive.json"));
    let found = json(&scene.read("out.json"));
    let pt = &found["tables"][0]["columns"][0];
    assert_eq!((&pt["column"], &pt["residuals"]["n"]), (&Value::from("pt1"), &Value::from(ROWS)));
    assert_eq!(pt["staircase"]["kept_bits_of_grid"], 7);
    assert_eq!(pt["staircase"]["manner"], "rounded");
    assert!(pt["residuals"]["max_relative"].as_f64().unwrap() <= 1.0 / 256.0);
    assert!(pt["residuals"]["bias_in_errors"].as_f64().unwrap().abs() < 4.0);
    assert_eq!(pt["tests_of_halves"]["tests"].as_array().unwrap().len(), 9);
    assert_eq!(pt["tests_of_pairs"]["tests"].as_array().unwrap().len(), 8);
    assert_eq!(found["tables"][0]["joint"]["classifiers"].as_array().unwrap().len(), 2);
    assert_eq!(found["tables"][0]["changed_exact_columns"], Value::from(Vec::<Value>::new()));
}

#[test]
fn a_peak_keeps_its_place_and_the_page_needs_nothing() {
    let scene = scene();
    // Back to back: cos(dphi) is -1.
    let mass = "m<gg> = sqrt(2*pt1*pt2*(cosh(eta1-eta2)+1))";
    scene.run(&["evaluate", "a.npy", "b.npy", "--observable", mass]).ends_with(2).says("character");
    let mass = mass.replace("m<gg>", "m_gg");
    let arguments =
        ["evaluate", "a.npy", "b.npy", "--observable", &mass, "--ablation", "--permutations", "49"];
    let files = ["--report", "out.html", "--csv", "out.csv", "--json", "-"];
    let found = scene.run(&[&arguments[..], &files[..]].concat()).ends_with(0).stdout();
    let table = &json(&found)["tables"][0];
    let peak = &table["observables"][0]["peak"];
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value} of {peak}"));
    assert!((number(&peak["original"]["mean"]) - 125.0).abs() < 0.15);
    assert!((number(&peak["original"]["width"]) - 1.7).abs() < 0.1);
    // The error of the shift is that of pairs: a small part of the error of a fit.
    assert!(number(&peak["shift_error"]) < 0.5 * number(&peak["original"]["mean_error"]));
    assert!(number(&peak["shift"]).abs() < 5.0 * number(&peak["shift_error"]));
    let rows = table["ablation"].as_array().unwrap();
    assert_eq!(
        rows.iter().map(|row| row["kept_bits"].as_u64().unwrap()).collect::<Vec<_>>(),
        (2..=23).collect::<Vec<_>>()
    );
    // Rounding to one bit more divides the mean square by four; what all bits keep is the same.
    let ln_mse = |row: usize| rows[row]["columns"]["eta1"]["ln_mse"].as_f64().unwrap();
    assert!((ln_mse(5) / ln_mse(6) / 4.0 - 1.0).abs() < 0.2);
    assert_eq!(rows[21]["columns"]["eta1"]["max_relative"], 0.0);
    let html = String::from_utf8(scene.read("out.html")).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
    // Of four columns a panel and a staircase, of the peak a panel, and the curves of the ablation.
    assert_eq!(html.matches("<svg").count(), 4 * 2 + 1 + 7);
    for needs in ["<script", "http-equiv", "src=", "href=", "@import"] {
        assert!(!html.contains(needs), "{needs}");
    }
    let csv = String::from_utf8(scene.read("out.csv")).unwrap();
    assert!(csv.starts_with("table,column,quantity,value\n"));
    assert!(csv.contains("\"pt1\",\"residuals.ln_mse\",") && csv.contains("\"m_gg\",\"peak.shift\","));
    assert!(csv.contains("\"ablation.7.columns.eta1.ln_mse\","), "{csv}");
}

#[test]
fn what_cannot_be_paired_is_said() {
    let scene = scene();
    scene.write("short.npy", &photons(ROWS - 1, None));
    scene.write("other.npy", &scene::npy(ROWS));
    scene.write("plain", b"nothing in particular");
    scene.run(&["evaluate", "a.npy", "short.npy"]).ends_with(2).says("4000 rows").says("3999");
    scene.run(&["evaluate", "a.npy", "other.npy"]).ends_with(2).says("same table and name");
    scene.run(&["evaluate", "a.npy", "plain"]).ends_with(2).says("the other holds no tables");
    scene.run(&["evaluate", "plain", "a.npy"]).ends_with(2).says("plain: the original holds no tables");
    scene.run(&["compress", "-q", "a.npy"]).ends_with(0);
    let archive = scene.read("a.npy.hepz");
    scene.write("cut.hepz", &archive[..archive.len() / 2]);
    scene.run(&["evaluate", "cut.hepz", "a.npy"]).ends_with(3).says("cut.hepz");
    scene.run(&["evaluate", "a.npy", "cut.hepz"]).ends_with(3).says("cut.hepz");
    scene.run(&["evaluate", "a.npy", "nowhere"]).ends_with(1).says("nowhere");
    scene.run(&["evaluate", "-", "-"]).ends_with(2).says("standard input");
    scene.run(&["evaluate", "a.npy", "b.npy", "--column", "mass*"]).ends_with(2).says("mass*");
    scene.run(&["evaluate", "a.npy", "b.npy", "--observable", "x = pt1 + pt9"]).ends_with(2).says("pt9");
    scene.run(&["evaluate", "a.npy", "b.npy", "--window", "9..3"]).ends_with(2);
    scene
        .run(&["evaluate", "a.npy", "b.npy", "--json", "-", "--csv", "-"])
        .ends_with(2)
        .says("only one result");
    for rows in [1, 2, 3, 5, 20] {
        scene.write("few.npy", &photons(rows, None));
        scene.write("fewer_bits.npy", &photons(rows, Some(3)));
        let sum = "m = pt1 + pt2";
        let both = [
            "evaluate",
            "few.npy",
            "fewer_bits.npy",
            "--ablation",
            "--observable",
            sum,
            "--report",
            "few.html",
        ];
        scene.run(&both).ends_with(0);
    }
    let text = scene.run(&["evaluate", "a.npy", "a.npy"]).ends_with(0).text();
    assert!(text.contains("0 of 4 float columns differ"), "{text}");
}

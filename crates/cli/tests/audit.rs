//! Tests of `hepz audit`: bit planes, what truncation saves, columns by type.
//!
//! In: files made here. Out: text, JSON, exit codes.
//! Not here: what is found in which table (`hepz`, module `audit`).
//! Holds: nothing is written.

mod scene;

use scene::{Scene, npy};
use serde_json::Value;

const ROWS: usize = 4000;

/// Columns px, py, pt = hypot(px, py), again = px, cents = decimals of 2 places, and n, in an archive of records.
fn scene() -> Scene {
    let scene = Scene::new();
    let mut state = 9u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (state ^ state >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut records = Vec::new();
    for row in 0..ROWS {
        let (x, y) = ((random() * 1400.0 - 701.3) as f32, (random() * 1400.0 - 699.1) as f32);
        let pt = (f64::from(x).powi(2) + f64::from(y).powi(2)).sqrt() as f32;
        let cents = ((random() * 60_000.0).floor() / 100.0) as f32;
        for number in [x, y, pt, x, cents] {
            records.extend_from_slice(&number.to_le_bytes());
        }
        records.extend_from_slice(&(row as u16 % 7).to_le_bytes());
    }
    scene.write("hits.bin", &records);
    let schema = "px:f4,py:f4,pt:f4,again:f4,cents:f4,n:u2";
    scene.run(&["compress", "-q", "--schema", schema, "hits.bin"]).ends_with(0);
    scene
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn column<'a>(audit: &'a Value, name: &str) -> &'a Value {
    audit["columns"].as_array().unwrap().iter().find(|column| column["column"] == name).unwrap()
}

#[test]
fn audit_tells_grids_copies_relations_and_noise() {
    let scene = scene();
    let text = scene.run(&["audit", "hits.bin.hepz"]).ends_with(0).text();
    for part in [
        "cents: decimals of 2 places",
        "a copy of px, exact in 100.0 %; comes back only while px keeps all bits",
        "sqrt(",
        "comes back only while px, py keep all bits",
        "K = 7 saves",
        "K = 13 saves",
        "archived",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let audit = json(&scene.run(&["audit", "--json", "hits.bin.hepz"]).ends_with(0).text());
    assert_eq!(audit["columns"].as_array().unwrap().len(), 5);
    assert_eq!(audit["archive_bytes"], scene.read("hits.bin.hepz").len());
    let noise = column(&audit, "py");
    assert_eq!((&noise["type"], &noise["rows"]), (&Value::from("float32"), &Value::from(ROWS)));
    assert!(noise["pattern"].as_str().unwrap().ends_with("nnnnnnnnnn"), "{noise}");
    assert_eq!(noise["relations"], Value::Array(Vec::new()));
    let copy = column(&audit, "again");
    assert_eq!(copy["relations"][0]["class"], "duplicate");
    assert_eq!(copy["relations"][0]["sources"][0], "px");
    assert_eq!(copy["planes"].as_array().unwrap().len(), 32);
    let dropped = &copy["truncations"][1];
    assert_eq!((&dropped["kept_bits"], &dropped["dropped_bits"]), (&Value::from(10), &Value::from(13.0)));
    assert!(dropped["saved_bytes"].as_f64().unwrap() < 100.0);
    assert_eq!(dropped["recoverable_bits"], 0.0);
    assert!(dropped["recoverable_with_sources_bits"].as_f64().unwrap() > 12.9);
    let saved = column(&audit, "py")["truncations"][1]["saved_bytes"].as_f64().unwrap();
    assert!((saved / (13.0 / 8.0 * ROWS as f64) - 1.0).abs() < 0.03, "{saved}");
    assert_eq!(scene.names(), ["hits.bin", "hits.bin.hepz"]);
}

#[test]
fn audit_takes_columns_and_kept_bits() {
    let scene = scene();
    let words = ["audit", "--json", "--column", "p?,cents", "--kept-bits", "3,12", "hits.bin.hepz"];
    let audit = json(&scene.run(&words).ends_with(0).text());
    let names: Vec<&str> =
        audit["columns"].as_array().unwrap().iter().map(|c| c["column"].as_str().unwrap()).collect();
    assert_eq!(names, ["px", "py", "pt", "cents"]);
    assert_eq!(audit["columns"][0]["truncations"][0]["kept_bits"], 3);
    assert_eq!(audit["columns"][0]["truncations"][1]["kept_bits"], 12);
    scene.run(&["audit", "--column", "eta", "hits.bin.hepz"]).ends_with(2).says("no float column");
    scene.run(&["audit", "--kept-bits", "53", "hits.bin.hepz"]).ends_with(2);
}

#[test]
fn by_type_tells_branches_and_bytes_before_and_after() {
    let scene = scene();
    let text = scene.run(&["audit", "--by-type", "hits.bin.hepz"]).ends_with(0).text();
    assert!(text.contains("float32") && text.contains("uint16"), "{text}");
    assert!(text.contains("10 bits of every mantissa kept") && text.contains("83.3 %"), "{text}");
    let kinds = |words: &[&str]| {
        let words: Vec<&str> = ["audit", "--by-type", "--json"].iter().chain(words).copied().collect();
        let census = json(&scene.run(&words).ends_with(0).text());
        (census["kinds"][0].clone(), census["kinds"][1].clone(), census["changed_values"].as_u64().unwrap())
    };
    let (integers, floats, changed) = kinds(&["--kept-bits", "5", "hits.bin.hepz"]);
    assert_eq!(
        (&floats["type"], &floats["branches"], &floats["columns"]),
        (&"float32".into(), &5.into(), &5.into())
    );
    assert_eq!(floats["plain_bytes"], 5 * 4 * ROWS);
    assert!(floats["after_bytes"].as_f64().unwrap() < 0.6 * floats["before_bytes"].as_f64().unwrap());
    assert_eq!(integers["before_bytes"], integers["after_bytes"]);
    assert!(changed > 4 * ROWS as u64);
    scene.write("rules.toml", b"[[column]]\nmatch = 'cents'\nkept_bits = 2\n");
    let (_, _, changed) = kinds(&["--precision", "rules.toml", "hits.bin.hepz"]);
    assert!((3900..=4000).contains(&changed), "{changed}");
    scene.write("wrong.toml", b"[[column]]\nmatch = 'cents'\nbits = 2\n");
    let words = ["audit", "--by-type", "--precision", "wrong.toml", "hits.bin.hepz"];
    scene.run(&words).ends_with(2).says("line 3");
    scene.run(&["audit", "--by-type", "--precision", "none.toml", "hits.bin.hepz"]).ends_with(1);
    scene.run(&["audit", "--precision", "rules.toml", "hits.bin.hepz"]).ends_with(2);
}

#[test]
fn audit_takes_any_file_and_refuses_what_is_none() {
    let scene = Scene::new();
    scene.write("plain", b"nothing in particular");
    assert!(scene.run(&["audit", "plain"]).ends_with(0).text().contains("no columns of floats"));
    assert!(scene.run(&["audit", "--by-type", "plain"]).ends_with(0).text().contains("no tables"));
    scene.write("empty", b"");
    scene.run(&["audit", "empty"]).ends_with(0);
    scene.run(&["audit", "."]).ends_with(1).says("folder");
    scene.write("jets.npy", &npy(3000));
    let of_file = json(&scene.run(&["audit", "--json", "jets.npy"]).ends_with(0).text());
    scene.run(&["compress", "-q", "jets.npy"]).ends_with(0);
    let of_archive = json(&scene.run(&["audit", "--json", "jets.npy.hepz"]).ends_with(0).text());
    let planes = |audit: &Value| column(audit, "phi")["planes"].clone();
    assert_eq!(planes(&of_file), planes(&of_archive));
    let archive = scene.read("jets.npy.hepz");
    scene.write("cut.hepz", &archive[..archive.len() / 2]);
    scene.run(&["audit", "cut.hepz"]).ends_with(3).says("cut short");
}

//! Tests of everyday comfort: `diff`, `explain`, `completions`, `man`, `decompress --salvage`, `cat --to parquet`.
//!
//! In: files made here. Out: text, JSON, files, exit codes.
//! Not here: what is found and compared (`hepz`), Parquet read by others (`cargo xtask slow parquet`).
//! Holds: each promise of the help texts is looked at from outside.

mod scene;

use scene::{Scene, npy};
use serde_json::Value;

const ROWS: u32 = 3000;

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("jets.npy", &npy(ROWS));
    scene.run(&["compress", "-q", "jets.npy"]).ends_with(0);
    scene
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A table of numbers as text.
fn csv(changed: Option<u32>) -> String {
    let row = |row: u32| {
        let shift = if changed == Some(row) { 0.5 } else { 0.0 };
        format!("{row},{:.3},{}\n", f64::from(row * 7 % 911) / 8.0 + shift, row % 5)
    };
    "id,x,layer\n".to_owned() + &(0..2000).map(row).collect::<String>()
}

#[test]
fn diff_ends_with_0_for_equal_contents_and_with_1_for_others() {
    let scene = scene();
    scene.run(&["diff", "jets.npy", "jets.npy.hepz"]).ends_with(0);
    let text = scene.run(&["diff", "-v", "jets.npy.hepz", "jets.npy"]).ends_with(0).text();
    assert!(text.contains("identical"), "{text}");
    scene.run(&["compress", "-q", "--level", "fast", "-o", "fast.hepz", "jets.npy"]).ends_with(0);
    scene.run(&["diff", "jets.npy.hepz", "fast.hepz"]).ends_with(0);
    // The last record ends with its flag.
    let mut changed = npy(ROWS);
    let last = changed.len() - 1;
    changed[last] ^= 1;
    scene.write("changed.npy", &changed);
    let found = json(&scene.run(&["diff", "--json", "jets.npy.hepz", "changed.npy"]).ends_with(1).text());
    let column = &found["tables"][0]["columns"][0];
    assert_eq!(found["equal"], false);
    assert_eq!((&column["column"], &column["values"]), (&Value::from("good"), &Value::from(1)));
    assert_eq!(column["first_row"], ROWS - 1);
    assert_eq!(found["tables"][0]["columns"].as_array().unwrap().len(), 1);
    let text = scene.run(&["diff", "changed.npy", "jets.npy"]).ends_with(1).text();
    assert!(text.contains("good"), "{text}");
}

#[test]
fn diff_says_how_large_differences_of_text_tables_are() {
    let scene = Scene::new();
    scene.write("a.csv", csv(None).as_bytes());
    scene.write("b.csv", csv(Some(1234)).as_bytes());
    let found = json(&scene.run(&["diff", "--json", "a.csv", "b.csv"]).ends_with(1).text());
    let column = &found["tables"][0]["columns"][0];
    assert_eq!(column["column"], "x");
    assert_eq!((&column["values"], &column["first_row"]), (&Value::from(1), &Value::from(1234)));
    let largest = column["largest_absolute"].as_f64().unwrap();
    assert!((largest - 0.5).abs() < 1e-9, "{largest}");
}

#[test]
fn diff_of_what_cannot_be_read_ends_with_2_and_more() {
    let scene = scene();
    scene.write("empty", b"");
    scene.run(&["diff", "empty", "empty"]).ends_with(0);
    scene.run(&["diff", "empty", "jets.npy"]).ends_with(1);
    scene.run(&["diff", "nowhere", "jets.npy"]).ends_with(2).says("nowhere");
    scene.run(&["diff", ".", "jets.npy"]).ends_with(2).says("folder");
    let archive = scene.read("jets.npy.hepz");
    scene.write("cut.hepz", &archive[..archive.len() / 2]);
    scene.run(&["diff", "jets.npy", "cut.hepz"]).ends_with(3).says("cut.hepz");
}

#[test]
fn explain_says_the_same_of_a_file_and_of_its_archive() {
    let scene = scene();
    let of_file = json(&scene.run(&["explain", "--json", "jets.npy"]).ends_with(0).text());
    let of_archive = json(&scene.run(&["explain", "--json", "jets.npy.hepz"]).ends_with(0).text());
    assert_eq!(of_file["format"], of_archive["format"]);
    for (a, b) in [(&of_file, &of_archive)] {
        let facts = |found: &Value| found["tables"][0]["columns"].as_array().unwrap().clone();
        let (a, b) = (facts(a), facts(b));
        assert_eq!(a.len(), 4);
        for (a, b) in a.iter().zip(&b) {
            assert_eq!((&a["column"], &a["facts"]), (&b["column"], &b["facts"]));
        }
    }
    assert_eq!(of_archive["archive_bytes"], scene.read("jets.npy.hepz").len());
    assert_eq!(of_file["archive_bytes"], Value::Null);
    let text = scene.run(&["explain", "jets.npy.hepz"]).ends_with(0).text();
    assert!(text.contains("What costs most") && text.contains("3000 rows"), "{text}");
    assert_eq!(scene.names(), ["jets.npy", "jets.npy.hepz"]);
}

#[test]
fn explain_takes_any_file_and_refuses_what_is_none() {
    let scene = scene();
    scene.write("plain", b"nothing in particular");
    assert!(scene.run(&["explain", "plain"]).ends_with(0).text().contains("no tables"));
    scene.write("empty", b"");
    scene.run(&["explain", "empty"]).ends_with(0);
    scene.run(&["explain", "."]).ends_with(1).says("folder");
    let archive = scene.read("jets.npy.hepz");
    scene.write("cut.hepz", &archive[..archive.len() / 2]);
    scene.run(&["explain", "cut.hepz"]).ends_with(3).says("cut short");
}

#[test]
fn explain_names_formulas_by_their_columns() {
    let scene = Scene::new();
    let mut state = 9u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / 1e4 - 700.0
    };
    let mut records = Vec::new();
    for _ in 0..4000 {
        let (x, y) = (random(), random());
        for number in [x, y, x, (x * x + y * y).sqrt()] {
            records.extend_from_slice(&number.to_le_bytes());
        }
    }
    scene.write("hits.bin", &records);
    let schema = "px:f4,py:f4,again:f4,pt:f4";
    scene.run(&["compress", "-q", "--schema", schema, "hits.bin"]).ends_with(0);
    let text = scene.run(&["explain", "hits.bin.hepz"]).ends_with(0).text();
    assert!(text.contains("a copy of"), "{text}");
    assert!(text.contains("sqrt("), "{text}");
}

#[test]
fn salvage_gives_back_what_is_left_and_ends_with_10() {
    let scene = scene();
    let archive = scene.read("jets.npy.hepz");
    scene.run(&["decompress", "--salvage", "-f", "-o", "sound.npy", "jets.npy.hepz"]).ends_with(0);
    assert!(scene.read("sound.npy") == scene.read("jets.npy"));
    // Without its end the archive still has every section.
    scene.write("cut.npy.hepz", &archive[..archive.len() - 20]);
    scene.run(&["decompress", "cut.npy.hepz"]).ends_with(3);
    scene.run(&["decompress", "--salvage", "cut.npy.hepz"]).ends_with(0);
    assert!(scene.read("cut.npy") == scene.read("jets.npy"));
    // In the middle lie the values.
    let mut damaged = archive.clone();
    damaged[archive.len() / 2] ^= 1;
    scene.write("damaged.npy.hepz", &damaged);
    scene.run(&["decompress", "damaged.npy.hepz"]).ends_with(4);
    let outcome = scene.run(&["decompress", "--salvage", "--json", "damaged.npy.hepz"]);
    let report = json(&outcome.says("rows 0..3000").ends_with(10).text());
    assert_eq!(report["rows"][0]["to"], ROWS);
    assert_eq!(report["sections"][0]["kind"], "chunk");
    assert_eq!(scene.read("damaged.npy").len(), scene.read("jets.npy").len());
    // Behind the front of the archive lies its header.
    let mut damaged = archive;
    damaged[20] ^= 1;
    scene.write("header.npy.hepz", &damaged);
    scene.run(&["decompress", "--salvage", "header.npy.hepz"]).ends_with(4).says("header");
    scene.run(&["decompress", "--salvage", "jets.npy"]).ends_with(2);
    scene.run(&["decompress", "--salvage", "-f", "-o", "x", "jets.npy"]).ends_with(9);
}

#[test]
fn completions_and_manual_know_every_verb() {
    let scene = Scene::new();
    let verbs = ["compress", "decompress", "cat", "diff", "explain", "completions", "man"];
    for shell in ["bash", "zsh", "fish"] {
        let script = scene.run(&["completions", shell]).ends_with(0).text();
        verbs.iter().for_each(|verb| assert!(script.contains(verb), "{shell} {verb}"));
    }
    scene.run(&["completions", "cobol"]).ends_with(2);
    let page = scene.run(&["man"]).ends_with(0).text();
    assert!(page.contains(".TH") && page.contains("EXIT STATUS"), "{page}");
    scene.run(&["man", "--all", "pages"]).ends_with(0);
    for verb in verbs {
        assert!(scene.read(&format!("pages/hepz-{verb}.1")).len() > 100, "{verb}");
    }
    assert!(scene.read("pages/hepz.1").len() > 100);
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_begins_and_ends_as_it_has_to_and_is_refused_where_it_does_not_fit() {
    let scene = scene();
    let parquet = ["cat", "--to", "parquet", "-o", "jets.parquet", "jets.npy.hepz"];
    scene.run(&parquet).ends_with(0);
    let file = scene.read("jets.parquet");
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    scene.run(&parquet).ends_with(1).says("use -f");
    let rows = ["cat", "--to", "parquet", "-f", "-o", "jets.parquet", "--rows", "10..20", "jets.npy.hepz"];
    scene.run(&rows).ends_with(0);
    assert!(scene.read("jets.parquet").len() < file.len());
    let rows = ["cat", "--to", "parquet", "--rows", "10..4000", "jets.npy.hepz", "-o", "no.parquet"];
    scene.run(&rows).ends_with(2).says("3000");
    assert_eq!(scene.names(), ["jets.npy", "jets.npy.hepz", "jets.parquet"]);
}

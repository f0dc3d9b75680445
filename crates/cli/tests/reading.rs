//! Tests of what is read from archives: `cat`, `list`, `inspect`, and all that is JSON.
//!
//! In: files made here. Out: text, NumPy files, JSON.
//! Not here: round trips and exit codes (`command`).
//! Holds: values are compared with those that were written, not with other output of hepz.

mod scene;

use scene::{Scene, npy, values};
use serde_json::Value;

const ROWS: u32 = 3000;

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("jets.npy", &npy(ROWS));
    scene.run(&["compress", "-q", "jets.npy"]).ends_with(0);
    scene
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn cat_prints_labels_as_words() {
    let scene = Scene::new();
    let kinds = ["electron", "muon", "pi, charged"];
    let lines: Vec<String> =
        (0..4000).map(|at| format!("{at},\"{}\",{}.5", kinds[at * 7 % 3], at % 90)).collect();
    scene.write("k.csv", format!("id,kind,pt\n{}\n", lines.join("\n")).as_bytes());
    scene.run(&["compress", "-q", "k.csv"]).ends_with(0);
    let text =
        scene.run(&["cat", "--rows", "1..3", "--columns", "id,kind", "k.csv.hepz"]).ends_with(0).text();
    let words: Vec<&str> =
        text.lines().map(|line| line.split_once(',').unwrap().1.trim_matches('"')).collect();
    assert_eq!(
        (words[0], words[1].contains("muon"), words[2].contains("pi, charged")),
        ("kind", true, true),
        "{text}"
    );
}

#[test]
fn cat_prints_the_values_that_were_stored() {
    let scene = scene();
    let text = scene.run(&["cat", "jets.npy.hepz"]).ends_with(0).text();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("pt,phi,n,good"));
    for row in 0..ROWS {
        let fields: Vec<&str> = lines.next().unwrap().split(',').collect();
        let (pt, phi, n, good) = values(row);
        assert_eq!(fields[0].parse::<f32>().unwrap().to_bits(), pt.to_bits());
        assert_eq!(fields[1].parse::<f64>().unwrap().to_bits(), phi.to_bits());
        assert_eq!(fields[2].parse::<i16>().unwrap(), n);
        assert_eq!(fields[3], if good { "1" } else { "0" });
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn cat_takes_patterns_ranges_and_an_output_file() {
    let scene = scene();
    let text =
        scene.run(&["cat", "--columns", "n,p*", "--rows", "10..12", "jets.npy.hepz"]).ends_with(0).text();
    let line = |row| format!("{},{:?},{:?}\n", values(row).2, values(row).0, values(row).1);
    assert_eq!(text, format!("n,pt,phi\n{}{}", line(10), line(11)));
    let rows = |rows: &str| scene.run(&["cat", "--columns", "n", "--rows", rows, "jets.npy.hepz"]);
    assert_eq!(rows("2999..").ends_with(0).text(), format!("n\n{}\n", values(2999).2));
    assert_eq!(rows("..1").ends_with(0).text(), "n\n40\n");
    assert_eq!(rows("5..5").ends_with(0).text(), "n\n");
    rows("..3001").ends_with(2).says("3000");
    scene.run(&["cat", "--columns", "eta", "jets.npy.hepz"]).ends_with(2).says("no column eta");
    scene.run(&["cat", "--columns", "n", "-o", "n.csv", "jets.npy.hepz"]).ends_with(0);
    assert_eq!(scene.read("n.csv").split(|&byte| byte == b'\n').count(), ROWS as usize + 2);
    scene.run(&["cat", "-o", "n.csv", "jets.npy.hepz"]).ends_with(1).says("use -f");
}

#[test]
fn npz_holds_the_same_values_as_the_archive() {
    let scene = scene();
    scene.run(&["cat", "--to", "npz", "-o", "some.npz", "--rows", "100..2900", "jets.npy.hepz"]).ends_with(0);
    scene.run(&["compress", "-q", "some.npz"]).ends_with(0);
    let some = scene.run(&["cat", "some.npz.hepz"]).ends_with(0).text();
    let text = scene.run(&["cat", "--rows", "100..2900", "jets.npy.hepz"]).ends_with(0).text();
    assert_eq!(some, text);
    scene.run(&["cat", "--to", "npy", "--columns", "phi", "-o", "phi.npy", "jets.npy.hepz"]).ends_with(0);
    let phi: Vec<u8> = (0..ROWS).flat_map(|row| values(row).1.to_le_bytes()).collect();
    assert!(scene.read("phi.npy").ends_with(&phi));
    assert_eq!(scene.read("phi.npy").len() % 64, phi.len() % 64);
    scene.run(&["cat", "--to", "npy", "jets.npy.hepz"]).ends_with(2).says("one column");
}

#[test]
fn columns_are_named_with_their_table_where_they_need_it() {
    let scene = scene();
    for (name, rows) in [("a", "0..1500"), ("b", "1500..3000")] {
        let output = format!("{name}.npz");
        scene.run(&[
            "cat",
            "--to",
            "npz",
            "--columns",
            "pt,n",
            "--rows",
            rows,
            "-o",
            &output,
            "jets.npy.hepz",
        ]);
        scene.run(&["compress", "-q", &output]).ends_with(0);
    }
    // Arrays of an .npz that are equally long are columns of one table; one alone is a table of its own.
    let head = |columns: &str, archive: &str| {
        scene.run(&["cat", "--columns", columns, "--rows", "..1", archive]).ends_with(0).text()
    };
    let (pt, _, n, _) = values(1500);
    assert_eq!(head("pt,n", "b.npz.hepz"), format!("pt,n\n{pt:?},{n}\n"));
    scene.run(&["cat", "--to", "npz", "--columns", "pt", "-o", "pt.npz", "jets.npy.hepz"]).ends_with(0);
    scene.run(&["compress", "-q", "pt.npz"]).ends_with(0);
    for spelling in ["pt/pt", "pt.pt", "pt"] {
        assert_eq!(head(spelling, "pt.npz.hepz"), format!("pt\n{:?}\n", values(0).0));
    }
}

#[test]
fn list_and_inspect_print_tables() {
    let scene = scene();
    scene.write("plain", b"some plain bytes");
    scene.run(&["compress", "-q", "plain"]).ends_with(0);
    let text = scene.run(&["list", "jets.npy.hepz", "plain.hepz"]).ends_with(0).text();
    assert_eq!(text.lines().count(), 3, "{text}");
    let row: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(&row[..2], ["jets.npy.hepz", "jets.npy"]);
    assert_eq!(row[2], scene.read("jets.npy").len().to_string());
    assert_eq!(row[3], scene.read("jets.npy.hepz").len().to_string());
    assert!(scene.run(&["-l", "-v", "plain.hepz"]).ends_with(0).text().contains("sha256"));
    let text = scene.run(&["inspect", "jets.npy.hepz"]).ends_with(0).text();
    for name in ["pt", "phi", "n", "good", "bits/value", "frame"] {
        assert!(text.contains(name), "{name} not in {text}");
    }
}

#[test]
fn json_says_what_the_tables_say() {
    let scene = scene();
    let bytes = scene.read("jets.npy").len() as u64;
    let archive_bytes = scene.read("jets.npy.hepz").len() as u64;
    for verb in [&["list"][..], &["inspect"], &["test", "-q"], &["compress", "-qf"]] {
        let file = if verb[0] == "compress" { "jets.npy" } else { "jets.npy.hepz" };
        let arguments: Vec<&str> = verb.iter().copied().chain(["--json", file]).collect();
        let lines = json_lines(&scene.run(&arguments).ends_with(0).text());
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["file"], file);
        assert_eq!(lines[0]["original_bytes"], bytes, "{verb:?}");
        assert_eq!(lines[0]["archive_bytes"], archive_bytes, "{verb:?}");
    }
    let decompress = ["decompress", "-qf", "--json", "jets.npy.hepz"];
    assert_eq!(json_lines(&scene.run(&decompress).ends_with(0).text())[0]["output"], "jets.npy");
    let inspection = &json_lines(&scene.run(&["inspect", "--json", "--sort", "jets.npy.hepz"]).text())[0];
    let columns = inspection["columns"].as_array().unwrap();
    assert_eq!(columns.len(), 4);
    let cost = |column: &Value| column["archive_bytes"].as_f64().unwrap();
    assert!(columns.windows(2).all(|pair| cost(&pair[0]) >= cost(&pair[1])));
    let sections = inspection["sections"].as_array().unwrap();
    let sum: u64 = sections.iter().map(|section| section["bytes"].as_u64().unwrap()).sum();
    assert_eq!(sum, archive_bytes);
}

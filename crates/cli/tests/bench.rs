//! Tests of the benchmark: every compressor, once, on a small table.
//!
//! In: a table that the command makes. Out: rows.
//! Not here: figures (`hepz bench FILE`).
//! Holds: each row stands for a proved round trip.

mod scene;

use scene::{Scene, npy};
use serde_json::Value;

#[test]
fn every_compressor_proves_its_round_trip_in_both_views() {
    let scene = Scene::new();
    let text = scene.run(&["bench", "--test", "--json"]).ends_with(0).text();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |view: &str| {
        let of_view = rows.iter().filter(|row| row["view"] == view);
        of_view.map(|row| row["codec"].as_str().unwrap()).collect::<Vec<_>>()
    };
    let bytes = ["hepz", "gzip-9", "bzip2-9", "xz-6", "xz-9e", "xz-lc0lp2pb2", "zstd-3", "zstd-19"];
    assert_eq!(of("file"), bytes);
    assert_eq!(of("columns"), bytes.into_iter().chain(["pco"]).collect::<Vec<_>>());
    for row in &rows {
        assert!(row["ratio"].as_f64().unwrap() > 1.0, "{row}");
        assert!(row["compress_mb_per_s"].as_f64().unwrap() > 0.0, "{row}");
    }
    // 21 bytes a row, without the header of the file.
    assert_eq!(rows.last().unwrap()["view_bytes"], 4000 * 21);
}

#[test]
fn only_some_compressors_on_files_that_are_named() {
    let scene = Scene::new();
    scene.write("jets.npy", &npy(300));
    scene.write("text", &b"no columns here\n".repeat(20));
    let text = scene
        .run(&["bench", "--test", "--only", "zstd,pco", "--csv", "jets.npy", "text"])
        .ends_with(0)
        .text();
    let names: Vec<String> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').take(3).collect::<Vec<_>>().join(" ").replace('"', ""))
        .collect();
    assert_eq!(
        names,
        [
            "jets.npy file zstd-3",
            "jets.npy file zstd-19",
            "jets.npy columns zstd-3",
            "jets.npy columns zstd-19",
            "jets.npy columns pco",
            "text file zstd-3",
            "text file zstd-19",
        ]
    );
    scene.run(&["bench", "--only", "rar", "text"]).ends_with(2).says("there is no compressor rar");
    scene.run(&["bench", "--only", "zstd", "gone"]).ends_with(1);
    scene.run(&["bench"]).ends_with(2);
}

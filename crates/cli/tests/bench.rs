//! Tests of the benchmark: every compressor, once, on a small table.
//!
//! In: a table that the command makes. Out: rows.
//! Not here: figures (`hepz bench FILE`).
//! Holds: each row stands for a proved round trip; packages and programs take part where they are installed.

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
    // Whoever is not installed here is left out.
    let always = |name: &&str| {
        !["blosc2", "zfp", "fpzip", "bsc", "openzl"].iter().any(|other| name.starts_with(other))
    };
    let hepz = hepz::Level::ALL.map(|level| match level.name() {
        "default" => "hepz".to_owned(),
        other => format!("hepz-{other}"),
    });
    let bytes = [
        "gzip-9",
        "zlib-9",
        "bzip2-9",
        "xz-6",
        "xz-9e",
        "xz-lc0lp2pb2",
        "zstd-1",
        "zstd-3",
        "zstd-7",
        "zstd-19",
        "zstd-22-long",
        "lz4",
        "lz4-12",
        "brotli-1",
        "brotli-11",
    ];
    let mut with_hepz: Vec<&str> = hepz.iter().map(String::as_str).chain(bytes).collect();
    assert_eq!(of("file").into_iter().filter(always).collect::<Vec<_>>(), with_hepz);
    assert_eq!(of("rows").into_iter().filter(always).collect::<Vec<_>>(), with_hepz);
    assert!(of("content").is_empty());
    let xz = with_hepz.iter().position(|name| *name == "xz-lc0lp2pb2").unwrap();
    with_hepz.insert(xz + 1, "xz-split");
    with_hepz.push("pco");
    assert_eq!(of("columns").into_iter().filter(always).collect::<Vec<_>>(), with_hepz);
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
        .run(&["bench", "--test", "--only", "zstd-3,zstd-19,pco", "--csv", "jets.npy", "text"])
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
            "jets.npy rows zstd-3",
            "jets.npy rows zstd-19",
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

#[test]
fn the_report_is_one_page_that_needs_nothing_else() {
    let scene = Scene::new();
    scene.write("jets.npy", &npy(300));
    scene
        .run(&["bench", "--test", "--only", "hepz,zstd-3", "--report", "page.html", "jets.npy"])
        .ends_with(0);
    let page = String::from_utf8(std::fs::read(scene.path("page.html")).unwrap()).unwrap();
    assert!(page.contains("<svg") && page.contains("zstd-3") && page.contains("jets.npy"));
    assert!(page.contains("the dearest columns") && page.ends_with("</html>\n"));
    assert!(!page.contains("<script") && !page.contains("href=") && !page.contains("src="));
}

/// Programs that are not installed have no row and are said to be absent; one that lies is reported and has no row.
#[cfg(unix)]
#[test]
fn a_program_that_lies_has_no_row() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    scene.write("text", &b"what went in\n".repeat(20));
    let bench = ["bench", "--test", "--only", "bsc-e2,openzl-serial,zstd-3", "--csv", "text"];
    let programs = scene.path("programs");
    std::fs::create_dir(&programs).unwrap();
    let with = |script: &str| {
        std::fs::write(programs.join("bsc"), format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(programs.join("bsc"), PermissionsExt::from_mode(0o755)).unwrap();
    };
    let run = |code: i32| {
        let done =
            scene::program().args(bench).current_dir(scene.path("")).env("PATH", &programs).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(code), "{said}");
        (String::from_utf8(done.stdout).unwrap(), said)
    };
    with("case $1 in e|d) /bin/cp \"$2\" \"$3\";; esac");
    let honest = run(0).0;
    assert_eq!(
        honest.lines().map(|line| line.split(',').nth(2).unwrap()).collect::<Vec<_>>(),
        ["codec", "zstd-3", "bsc-e2"]
    );
    with("case $1 in e) /bin/cp \"$2\" \"$3\";; d) echo what came out > \"$3\";; esac");
    let (rows, said) = run(8);
    assert!(said.contains("bsc-e2 did not give back what it was given"), "{said}");
    assert!(rows.contains("zstd-3") && !rows.contains("bsc-e2"), "{rows}");
    std::fs::remove_file(programs.join("bsc")).unwrap();
    let (rows, said) = run(0);
    for absent in ["bsc-e2 is left out, not installed: no program bsc", "openzl-serial is left out"] {
        assert!(said.contains(absent), "{said}");
    }
    assert_eq!(rows.lines().count(), 2, "{rows}");
}

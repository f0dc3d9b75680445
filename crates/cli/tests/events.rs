//! Tests of event records at the command line.
//!
//! In: toy showers. Out: text, tables, exit codes.
//! Not here: the codec (`hepz`), outer wrappers.
//! Holds: every way in and out that the help names.

mod scene;
#[path = "../../codec/tests/shower/mod.rs"]
mod shower;

use scene::Scene;
use serde_json::Value;

fn archived() -> (Scene, String) {
    let scene = Scene::new();
    let text = shower::hepmc3(8, 10);
    scene.write("events.hepmc3", text.as_bytes());
    let _ = scene.run(&["compress", "-q", "events.hepmc3"]).ends_with(0);
    (scene, text)
}

#[test]
fn list_counts_events_and_decompress_gives_the_text() {
    let (scene, text) = archived();
    let line = scene.run(&["list", "--json", "events.hepmc3.hepz"]).ends_with(0).text();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["events"], &line["format"]), (&Value::from(10), &Value::from("HepMC3 Asciiv3")));
    let _ = scene.run(&["decompress", "-o", "again", "events.hepmc3.hepz"]).ends_with(0);
    assert!(scene.read("again") == text.as_bytes());
}

#[test]
fn events_by_number_are_a_file_that_compresses_again() {
    let (scene, text) = archived();
    let _ = scene.run(&["cat", "--events", "2..4", "-o", "some.hepmc3", "events.hepmc3.hepz"]).ends_with(0);
    let some = String::from_utf8(scene.read("some.hepmc3")).unwrap();
    assert!(some.starts_with(&text[..text.find("\nE ").unwrap()]) && some.contains("\nE 2 "));
    assert!(!some.contains("\nE 4 ") && some.ends_with("HepMC::Asciiv3-END_EVENT_LISTING\n\n"));
    let _ = scene.run(&["compress", "-q", "some.hepmc3"]).ends_with(0);
    let _ = scene.run(&["cat", "--events", "9..11", "events.hepmc3.hepz"]).ends_with(2).says("which has 10");
    let _ = scene.run(&["cat", "events.hepmc3.hepz"]).ends_with(2).says("--events FROM..TO");
}

#[test]
fn particles_are_a_table() {
    let (scene, text) = archived();
    let table = scene.run(&["cat", "--particles", "events.hepmc3.hepz"]).ends_with(0).text();
    assert!(table.starts_with(
        "event,particle,pdg_id,status,px,py,pz,e,m,production_vertex,end_vertex,flow1,flow2\n0,0,2212,4,"
    ));
    assert_eq!(table.lines().count() - 1, text.matches("\nP ").count());
    let _ = scene
        .run(&["cat", "--particles", "--events", "..3", "--to", "npz", "-o", "p.npz", "events.hepmc3.hepz"])
        .ends_with(0);
    assert!(scene.read("p.npz").starts_with(b"PK"));
}

#[test]
fn laws_are_priced_and_other_files_have_none() {
    let (scene, _) = archived();
    let text = scene.run(&["inspect", "--laws", "events.hepmc3.hepz"]).ends_with(0).text();
    assert!(text.contains("two-body decay") && text.contains("mass shell") && text.contains("10 events"));
    let line = scene.run(&["inspect", "--laws", "--json", "events.hepmc3.hepz"]).ends_with(0).text();
    let line: Value = serde_json::from_str(&line).unwrap();
    let shell = line["laws"].as_array().unwrap().iter().find(|law| law["law"] == "mass shell").unwrap();
    assert!(shell["saved_bytes"].as_f64().unwrap() > 1000.0, "{shell}");
    scene.write("notes", b"no events here");
    let _ = scene.run(&["compress", "-q", "notes"]).ends_with(0);
    let _ = scene.run(&["inspect", "--laws", "notes.hepz"]).ends_with(2).says("event records");
    let _ = scene.run(&["cat", "--events", "0..1", "notes.hepz"]).ends_with(2).says("no event record");
}

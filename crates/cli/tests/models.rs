//! Tests of models from outside: `compress --model`, archives that only name their model, `inspect` of both.
//!
//! In: a file and networks made here. Out: archives, exit codes.
//! Not here: what networks save (`hepz`), trained ones (`hepz-training`).

#[path = "../../codec/tests/knowing/mod.rs"]
mod knowing;
mod scene;

use knowing::{file, knowing};
use scene::Scene;

/// The file as plain bytes at level max.
fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["compress", "-q", "--level", "max", "--as", "bytes"], more, &["data.bin"]].concat()
}

#[test]
fn an_archive_that_names_its_model_is_read_with_that_model_only() {
    let (scene, model) = (Scene::new(), knowing(9));
    let bytes = file(1, &model, 60_000);
    scene.write("data.bin", &bytes);
    scene.write("right.model", &model.to_bytes());
    scene.write("wrong.model", &knowing(10).to_bytes());
    scene.run(&["compress", "-q", "--model", "right.model", "data.bin"]).ends_with(2);
    scene.run(&with(&["--model", "data.bin", "-o", "none.hepz"])).ends_with(2);
    scene.run(&with(&["-o", "plain.hepz"])).ends_with(0);
    scene.run(&with(&["--model", "right.model", "-o", "whole.hepz"])).ends_with(0);
    let named = ["--model", "wrong.model", "--model", "right.model", "--model-ref", "-o", "named.hepz"];
    // The first model of bytes is the one that is asked.
    scene.run(&with(&named)).ends_with(0);
    scene.run(&with(&["--model", "right.model", "--model-ref", "-o", "named.hepz", "-f"])).ends_with(0);
    scene.run(&with(&["--model", "right.model", "--model-only", "-o", "alone.hepz"])).ends_with(0);
    for whole in ["plain.hepz", "whole.hepz", "alone.hepz"] {
        scene.run(&["test", "-q", whole]).ends_with(0);
    }
    let read = ["decompress", "-q", "named.hepz", "-o", "back.bin"];
    scene.run(&read).ends_with(7);
    scene.run(&[&read[..], &["--model", "wrong.model"]].concat()).ends_with(7);
    assert!(!scene.path("back.bin").exists());
    scene.run(&["test", "-q", "named.hepz"]).ends_with(7);
    scene.run(&[&read[..], &["--model", "wrong.model", "--model", "right.model"]].concat()).ends_with(0);
    assert_eq!(std::fs::read(scene.path("back.bin")).unwrap(), bytes);
    let text = scene.run(&["inspect", "named.hepz", "--model", "right.model"]).ends_with(0).text();
    assert!(text.contains("named only") && text.contains("bytes saved"), "{text}");
    let text = scene.run(&["inspect", "right.model"]).ends_with(0).text();
    assert!(text.contains("of bytes") && text.contains("kind = \"bytes\""), "{text}");
    let json = scene.run(&["inspect", "--json", "right.model"]).ends_with(0).text();
    assert!(json.contains(&hepz::networks::id_text(&model.id())), "{json}");
}

//! Tests of `round`, `split`, `merge` and `verify`.
//!
//! In: a generated NumPy file, and files that are none. Out: files, exit codes, who is blamed.
//! Not here: what rounding does to values (`hepz`, `hepz-precision`).
//! Holds: no input is ever written over, and an error names the file that it is about.

mod scene;

use scene::{Scene, npy};
use serde_json::Value;

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("a.npy", &npy(2000));
    scene
}

#[test]
fn split_and_merge_give_the_file_back_and_say_which_layer_is_wrong() {
    let scene = scene();
    let split = scene.run(&["split", "a.npy", "--kept-bits", "8", "--json", "-q"]).ends_with(0);
    let told: Value = serde_json::from_slice(&split.stdout()).unwrap();
    assert_eq!((told["verified"].as_bool(), &told["base"]), (Some(true), &"a.npy.hepz".into()));
    let layers = ["a.npy.hepz", "a.npy.refinement.hepz"];
    scene.run(&["merge", layers[0], layers[1], "-o", "b.npy"]).ends_with(0);
    assert!(scene.read("b.npy") == scene.read("a.npy"));
    scene.run(&["verify", layers[0], "--against", "a.npy"]).ends_with(0).says("keeps its contract");
    scene.run(&["merge", layers[1], layers[0], "-o", "c.npy"]).ends_with(2).says("wrong order");
    scene.run(&["merge", layers[0], layers[0], "-o", "c.npy"]).ends_with(2).says("no refinement");
    scene.write("cut.hepz", &scene.read(layers[1])[..900]);
    scene.run(&["merge", layers[0], "cut.hepz", "-o", "c.npy"]).ends_with(3).says("hepz: cut.hepz:");
    scene.run(&["merge", "cut.hepz", layers[1], "-o", "c.npy"]).ends_with(3).says("hepz: cut.hepz:");
    scene.run(&["merge", layers[0], layers[1], "-f", "-o", layers[1]]).ends_with(2).says("same file");
    // A refinement says nothing alone.
    for verb in ["decompress", "test", "cat", "explain", "audit"] {
        scene.run(&[verb, layers[1]]).ends_with(2).says("hepz merge");
    }
    scene.run(&["verify", layers[1], "--against", "a.npy"]).ends_with(2).says("hepz merge");
    assert_eq!(scene.names(), ["a.npy", layers[0], layers[1], "b.npy", "cut.hepz"]);
}

#[test]
fn the_rounded_file_is_what_the_archive_holds_and_verify_tells_it_from_others() {
    let scene = scene();
    scene.run(&["round", "a.npy", "-o", "r.npy", "--kept-bits", "5"]).ends_with(0);
    scene.run(&["compress", "a.npy", "--kept-bits", "5", "-q"]).ends_with(0);
    scene.run(&["decompress", "a.npy.hepz", "-o", "d.npy"]).ends_with(0);
    assert!(scene.read("d.npy") == scene.read("r.npy") && scene.read("d.npy") != scene.read("a.npy"));
    let mut other = scene.read("a.npy");
    let last = other.len() - 1;
    other[last] ^= 1;
    scene.write("other.npy", &other);
    scene.run(&["verify", "a.npy.hepz", "--against", "other.npy"]).ends_with(8).says("good: BROKEN");
    scene.write("text", b"not an array");
    scene.run(&["verify", "a.npy.hepz", "--against", "text"]).ends_with(8).says("layout differs");
    scene.run(&["verify", "text", "--against", "a.npy"]).ends_with(9);
}

#[test]
fn no_input_is_lost() {
    let scene = scene();
    let file = scene.read("a.npy");
    let ten = ["--kept-bits", "10"];
    let run = |arguments: &[&str]| scene.run(&[arguments, &ten].concat());
    run(&["round", "a.npy", "-o", "a.npy"]).ends_with(1).says("exists");
    run(&["round", "a.npy", "-f", "-o", "./a.npy"]).ends_with(2).says("same file");
    run(&["split", "a.npy", "-f", "--base", "./a.npy"]).ends_with(2).says("same file");
    run(&["split", "a.npy", "-f", "--base", "x", "--refinement", "./x"]).ends_with(2).says("same file");
    run(&["compress", "a.npy", "--rm"]).ends_with(2).says("--rm would lose");
    scene.write("b.npy", &file);
    for to in ["--json", "--csv", "--report"] {
        scene.run(&["evaluate", "a.npy", "b.npy", to, "./b.npy"]).ends_with(2).says("same file");
    }
    let budget =
        ["budget", "a.npy", "--observable", "pt", "--bias", "1", "--width", "1", "-f", "-o", "a.npy"];
    scene.run(&budget).ends_with(2).says("same file");
    assert!(scene.read("a.npy") == file && scene.read("b.npy") == file);
    assert_eq!(scene.names(), ["a.npy", "b.npy"]);
}

#[test]
fn rules_that_make_no_sense_and_files_that_cannot_be_rounded_are_refused_in_one_line() {
    let scene = scene();
    for (rules, part) in [
        ("", "no rule matches"),
        ("[[column]]\nmatch = 'x'\nkept_bits = 3\n", "no rule matches"),
        ("[[column]]\n", "line 1"),
        ("[[column]]\nmatch = '*'\nkept_bits = 'x'\n", "line 3"),
        ("[[colum]]\nmatch = '*'\nkept_bits = 3\n", "colum: unknown key"),
        ("[[column]]\nmatch = '*'\nkept_bits = 3\nabsolute = 1.0\n", "exactly one of"),
    ] {
        scene.write("rules.toml", rules.as_bytes());
        let refused = scene.run(&["round", "a.npy", "-o", "r.npy", "--precision", "rules.toml"]);
        let told = refused.ends_with(2).says(part).stderr();
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    scene.run(&["round", "a.npy", "-o", "r.npy"]).ends_with(2).says("--kept-bits");
    scene.run(&["round", "a.npy", "-o", "r.npy", "--kept-bits", "53"]).ends_with(2).says("0 to 52");
    scene.write("text", b"no numbers\n");
    for verb in [&["round", "text", "-o", "r"][..], &["split", "text"], &["compress", "text"]] {
        scene.run(&[verb, &["--kept-bits", "3"]].concat()).ends_with(2).says("cannot be rounded");
    }
    assert_eq!(scene.names(), ["a.npy", "rules.toml", "text"]);
}

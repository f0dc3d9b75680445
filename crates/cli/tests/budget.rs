//! Tests of `budget`.
//!
//! In: generated photons. Out: tables, JSON, rules, exit codes.
//! Not here: how budgets are found (`hepz-evaluation`).
//! Holds: the rules that it writes are those that other verbs read.

mod scene;

// The generator of `cargo xtask higgs`.
#[allow(dead_code)]
#[path = "../../../xtask/src/higgs.rs"]
mod higgs;
#[path = "../../../xtask/src/random.rs"]
mod random;
#[allow(dead_code)]
#[path = "../../../xtask/src/records.rs"]
mod records;

use scene::Scene;
use serde_json::Value;

const ROWS: u64 = 20_000;
const MASS: &str = "m_gg = mass(pt1,eta1,phi1, pt2,eta2,phi2)";

fn scene() -> Scene {
    let mut random = random::Random(higgs::SEED);
    let mut file = records::header(&higgs::COLUMNS, ROWS);
    for _ in 0..ROWS {
        file.extend(higgs::decay(&mut random).iter().flat_map(|x| x.to_le_bytes()));
    }
    let scene = Scene::new();
    scene.write("photons.npy", &file);
    scene
}

#[test]
fn rules_come_with_what_they_do_to_the_peak() {
    let scene = scene();
    let asks = ["--observable", MASS, "--bias", "0.01", "--width", "0.003", "--within", "115..135"];
    let mut arguments = vec!["budget", "photons.npy"];
    arguments.extend(asks);
    let text = scene.run(&arguments).ends_with(0).text();
    assert!(text.contains("share of variance") && text.contains("m_gg"), "{text}");
    arguments.extend(["-o", "rules.toml", "--json", "-q"]);
    let found: Value = serde_json::from_slice(&scene.run(&arguments).ends_with(0).stdout()).unwrap();
    let peak = &found["observables"][0];
    assert!(peak["bias"].as_f64().unwrap().abs() <= 0.01 && peak["growth"].as_f64().unwrap() <= 0.003);
    assert_eq!(peak["within"], serde_json::json!([115.0, 135.0]));
    let rules = String::from_utf8(scene.read("rules.toml")).unwrap();
    assert_eq!(rules.matches("[[column]]").count(), 6, "{rules}");
    let rules = hepz_precision::RulesFile::parse(&rules).unwrap();
    for column in found["columns"].as_array().unwrap() {
        let contract = rules.contract(column["name"].as_str().unwrap()).unwrap();
        assert_eq!(column["contract"], contract.to_string());
    }
    let compress = ["compress", "-q", "--precision", "rules.toml", "-o", "a.hepz", "photons.npy"];
    scene.run(&compress).ends_with(0);
    scene.run(&["verify", "a.hepz", "--against", "photons.npy"]).ends_with(0);
    // Written once; again only if asked for.
    scene.run(&arguments).ends_with(1).says("use -f to replace it");
    arguments.push("-f");
    scene.run(&arguments).ends_with(0);
}

#[test]
fn what_was_not_understood_is_said() {
    let scene = scene();
    let fails = |observable: &str, bias: &str, part: &str| {
        let asks = ["--observable", observable, "--bias", bias, "--width", "0.1"];
        scene.run(&[&["budget", "photons.npy"][..], &asks].concat()).ends_with(2).says(part);
    };
    fails("m = mass(pt1)", "1", "character 5");
    fails("m = pt1 + pt3", "1", "pt3");
    fails("m = pt1", "0", "positive");
    fails("m = sqrt(-pt1)", "1", "0 rows");
}

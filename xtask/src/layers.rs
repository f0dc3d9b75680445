//! Layers: arrows between the crates of the workspace, held against `layers.toml`.
//!
//! In: `cargo metadata`, `layers.toml`. Out: every arrow that should not be there.
//! Not here: imports between the modules of one crate (`imports`).
//! Holds: dev-dependencies are free; everything else that is not listed is refused.

use crate::repository::{cargo, text};
use crate::steps::output;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What `layers.toml` says.
#[derive(Debug, Default, PartialEq)]
struct Layers {
    /// Floor of each crate.
    floors: BTreeMap<String, u32>,
    /// Crates that each crate may import.
    may_import: BTreeMap<String, BTreeSet<String>>,
    /// Crates whose whole dependency tree is pure Rust.
    pure: BTreeSet<String>,
}

/// Reads the part of TOML that `layers.toml` uses: sections, and keys whose value is a number or a list of strings in one line.
fn parse(text: &str) -> Result<Layers, String> {
    let mut layers = Layers::default();
    let mut section = String::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let refuse = || format!("layers.toml:{}: not understood: {line}", number + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(refuse)?;
        let (key, value) = (key.trim().to_owned(), value.trim());
        let names = || serde_json::from_str::<BTreeSet<String>>(value).map_err(|_| refuse());
        match (section.as_str(), key.as_str()) {
            ("floors", _) => {
                layers.floors.insert(key, value.parse().map_err(|_| refuse())?);
            }
            ("may-import", _) => {
                layers.may_import.insert(key, names()?);
            }
            ("pure-rust", "crates") => layers.pure = names()?,
            _ => return Err(refuse()),
        }
    }
    Ok(layers)
}

/// Strings under `key` of a JSON object; empty if there are none.
fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Every arrow of the workspace that `layers` does not allow, and every foreign language where none may be.
fn violations(layers: &Layers, metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let members: BTreeSet<&str> =
        list(metadata, "workspace_members").iter().filter_map(Value::as_str).collect();
    let packages: BTreeMap<&str, &Value> =
        list(metadata, "packages").iter().map(|package| (string(package, "id"), package)).collect();
    let name =
        |id: &str| packages.get(id).map_or(String::new(), |package| string(package, "name").to_owned());
    let nodes = metadata.get("resolve").map_or(&[][..], |resolve| list(resolve, "nodes"));
    // Arrows that end up in what is built: normal and build dependencies.
    let mut arrows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in nodes {
        for to in list(node, "deps") {
            if list(to, "dep_kinds").iter().any(|kind| string(kind, "kind") != "dev") {
                arrows.entry(string(node, "id")).or_default().push(string(to, "pkg"));
            }
        }
    }
    for &from in &members {
        let from_name = name(from);
        let Some(floor) = layers.floors.get(&from_name) else {
            found.push(format!("{from_name} has no floor in layers.toml"));
            continue;
        };
        for &to in arrows.get(from).into_iter().flatten().filter(|to| members.contains(**to)) {
            let to_name = name(to);
            if !layers.may_import.get(&from_name).is_some_and(|names| names.contains(&to_name)) {
                found.push(format!("{from_name} may not import {to_name}"));
            }
            if layers.floors.get(&to_name).is_some_and(|below| below >= floor) {
                found.push(format!("the arrow from {from_name} to {to_name} does not point down"));
            }
        }
    }
    for pure in &layers.pure {
        let mut seen: BTreeSet<&str> = members.iter().copied().filter(|id| name(id) == *pure).collect();
        let mut open: Vec<&str> = seen.iter().copied().collect();
        while let Some(id) = open.pop() {
            let foreign = packages.get(id).is_some_and(|package| !string(package, "links").is_empty());
            if foreign || name(id) == "cc" {
                found.push(format!("{pure} is to be pure Rust, but depends on {}", name(id)));
            }
            open.extend(arrows.get(id).into_iter().flatten().filter(|to| seen.insert(to)));
        }
    }
    for name in layers.floors.keys() {
        if !members.iter().any(|id| packages.get(id).is_some_and(|package| string(package, "name") == name)) {
            found.push(format!("layers.toml names {name}, which does not exist"));
        }
    }
    found
}

/// Holds the workspace against `layers.toml`.
pub fn check() -> Result<(), String> {
    let layers = parse(&text("layers.toml").ok_or("layers.toml is missing")?)?;
    let metadata = output(cargo().args(["metadata", "--format-version", "1"]))?;
    let metadata = serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let found = violations(&layers, &metadata);
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn metadata(arrows: &[(&str, &str, Option<&str>)]) -> Value {
        let names = ["low", "high", "zlib-sys"];
        let packages: Vec<Value> = names
            .iter()
            .map(|name| json!({"id": name, "name": name, "links": (*name == "zlib-sys").then_some("z")}))
            .collect();
        let nodes: Vec<Value> = names
            .iter()
            .map(|name| {
                let deps: Vec<Value> = arrows
                    .iter()
                    .filter(|arrow| arrow.0 == *name)
                    .map(|arrow| json!({"pkg": arrow.1, "dep_kinds": [{"kind": arrow.2}]}))
                    .collect();
                json!({"id": name, "deps": deps})
            })
            .collect();
        json!({"workspace_members": ["low", "high"], "packages": packages, "resolve": {"nodes": nodes}})
    }

    fn layers() -> Layers {
        parse("[floors]\nlow = 1\nhigh = 2\n[may-import]\n# below it\nhigh = [\"low\"]\n[pure-rust]\ncrates = [\"high\"]\n").unwrap()
    }

    #[test]
    fn an_arrow_down_that_is_listed_is_allowed_and_dev_dependencies_are_free() {
        let sound = metadata(&[("high", "low", None), ("low", "high", Some("dev"))]);
        assert_eq!(violations(&layers(), &sound), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_up_is_found() {
        let found = violations(&layers(), &metadata(&[("low", "high", None)]));
        assert_eq!(found, ["low may not import high", "the arrow from low to high does not point down"]);
    }

    #[test]
    fn a_foreign_library_below_a_pure_crate_is_found() {
        let found = violations(&layers(), &metadata(&[("high", "low", None), ("low", "zlib-sys", None)]));
        assert_eq!(found, ["high is to be pure Rust, but depends on zlib-sys"]);
    }

    #[test]
    fn a_crate_without_a_floor_and_a_floor_without_a_crate_are_found() {
        let mut layers = layers();
        layers.floors.remove("low");
        layers.floors.insert("gone".into(), 1);
        let found = violations(&layers, &metadata(&[]));
        assert_eq!(
            found,
            ["low has no floor in layers.toml", "layers.toml names gone, which does not exist"]
        );
    }
}

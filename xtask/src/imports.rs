//! Imports: circles between the modules of one crate.
//!
//! In: the text of every module. Out: the first circle of each folder of modules.
//! Not here: arrows between crates (`layers`).
//! Holds: reads `crate::` and `super::` paths as text, without macros; what a parent re-exports counts as an import of the
//! child that holds it. A child may use what its parent itself defines. Tests inside a module are not looked at.

use crate::repository;
use std::collections::{BTreeMap, BTreeSet};

/// A module as a path below its crate; the root is empty.
type Module = Vec<String>;

/// The modules of one crate and the text of each, without tests and comments.
type Modules = BTreeMap<Module, String>;

/// The code of a module: no comments, and nothing from the first `#[cfg(test)] mod` on.
fn without_tests_and_comments(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let next_is_module = lines.peek().is_some_and(|next| next.trim_start().starts_with("mod "));
        if line.trim() == "#[cfg(test)]" && next_is_module {
            break;
        }
        code.push_str(line.split("//").next().unwrap_or(""));
        code.push('\n');
    }
    code
}

/// Every path that begins with one of `heads` (`crate::`, `super::`), with braces expanded.
fn paths(code: &str, heads: &[&str]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for head in heads {
        for (at, _) in code.match_indices(head) {
            let before = code[..at].chars().next_back();
            // `super::super::` is found once, at its first `super`.
            if before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == ':')) {
                expand(&code[at..], &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

/// Reads one path, or one list of paths in braces, and returns what follows it.
fn expand<'a>(text: &'a str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let depth = prefix.len();
    let mut rest = text.trim_start();
    loop {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if end > 0 {
            prefix.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        match rest.strip_prefix("::") {
            Some(more) => rest = more.trim_start(),
            None => break,
        }
        if let Some(mut list) = rest.strip_prefix('{') {
            loop {
                list = expand(list, prefix, found).trim_start();
                // A rename does not matter here.
                if let Some(renamed) = list.strip_prefix("as ") {
                    let end = renamed.find([',', '}']).unwrap_or(renamed.len());
                    list = &renamed[end..];
                }
                match list.strip_prefix(',') {
                    Some(more) => list = more.trim_start(),
                    None => break,
                }
                if list.starts_with('}') {
                    break;
                }
            }
            prefix.truncate(depth);
            return list.strip_prefix('}').unwrap_or(list);
        }
    }
    found.push(prefix.clone());
    prefix.truncate(depth);
    rest
}

/// What each parent re-exports: (parent, name) to the child that holds it.
fn re_exports(modules: &Modules) -> BTreeMap<(Module, String), Module> {
    let mut exports = BTreeMap::new();
    for (parent, code) in modules {
        for (at, _) in code.match_indices("use ") {
            let mut found = Vec::new();
            expand(code[at + 4..].trim_start_matches("self::"), &mut Vec::new(), &mut found);
            for path in found {
                let child: Module = parent.iter().chain(path.first()).cloned().collect();
                if let (true, Some(name)) = (path.len() > 1 && modules.contains_key(&child), path.last()) {
                    exports.insert((parent.clone(), name.clone()), child);
                }
            }
        }
    }
    exports
}

/// The module that `path`, written in module `from`, leads to.
fn target(
    from: &Module,
    path: &[String],
    modules: &Modules,
    exports: &BTreeMap<(Module, String), Module>,
) -> Module {
    let mut at: Module =
        if path.first().is_some_and(|first| first == "crate") { Vec::new() } else { from.clone() };
    for part in path {
        match part.as_str() {
            "crate" | "self" => {}
            "super" => {
                at.pop();
            }
            name => {
                let mut child = at.clone();
                child.push(name.to_owned());
                if modules.contains_key(&child) {
                    at = child;
                } else {
                    return exports.get(&(at.clone(), name.to_owned())).cloned().unwrap_or(at);
                }
            }
        }
    }
    at
}

/// Who imports whom among the children of each module.
fn arrows(modules: &Modules) -> BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> {
    let exports = re_exports(modules);
    let mut arrows: BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (from, code) in modules {
        for path in paths(code, &["crate::", "super::"]) {
            let to = target(from, &path, modules, &exports);
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            // Where one holds the other there is no arrow between brothers.
            if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                let brothers = arrows.entry(from[..shared].to_vec()).or_default();
                brothers.entry(a.clone()).or_default().insert(b.clone());
            }
        }
    }
    arrows
}

/// A circle among brothers, as a path that ends where it began.
fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit(
        at: &str,
        arrows: &BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> bool {
        if let Some(from) = path.iter().position(|seen| seen == at) {
            path.drain(..from);
            path.push(at.to_owned());
            return true;
        }
        if !done.insert(at.to_owned()) {
            return false;
        }
        path.push(at.to_owned());
        if arrows.get(at).into_iter().flatten().any(|to| visit(to, arrows, path, done)) {
            return true;
        }
        path.pop();
        false
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|from| {
        let mut path = Vec::new();
        visit(from, arrows, &mut path, &mut done).then_some(path)
    })
}

/// Module path of a file below `src`: `a/b.rs` and `a/b/mod.rs` are a::b.
fn module_of(path: &str) -> Module {
    let stem = path.trim_end_matches(".rs");
    let mut module: Module = stem.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        module.pop();
    }
    module
}

/// Looks at every crate.
pub fn check() -> Result<(), String> {
    let mut crates: BTreeMap<String, Modules> = BTreeMap::new();
    for (path, text) in repository::code() {
        if let Some((root, below)) = path.split_once("/src/") {
            crates
                .entry(root.to_owned())
                .or_default()
                .insert(module_of(below), without_tests_and_comments(&text));
        }
    }
    let mut found = Vec::new();
    for (root, modules) in &crates {
        for (parent, brothers) in arrows(modules) {
            if let Some(path) = circle(&brothers) {
                let place =
                    if parent.is_empty() { root.clone() } else { format!("{root}, {}", parent.join("::")) };
                found.push(format!("{place}: modules import each other in a circle: {}", path.join(" -> ")));
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(files: &[(&str, &str)]) -> Modules {
        files.iter().map(|(path, text)| (module_of(path), without_tests_and_comments(text))).collect()
    }

    #[test]
    fn a_circle_through_a_re_export_is_found() {
        let modules = modules(&[
            ("lib.rs", "mod a; mod b;\npub use b::{Thing, inner::Other as Renamed};"),
            ("a.rs", "use crate::{Renamed, Thing};"),
            ("b.rs", "fn f() { super::a::g(); }"),
        ]);
        assert_eq!(circle(&arrows(&modules)[&vec![]]).unwrap(), ["a", "b", "a"]);
    }

    #[test]
    fn tests_comments_and_parents_make_no_circle() {
        let modules = modules(&[
            ("lib.rs", "mod a; mod b; pub struct Own;"),
            ("a.rs", "use crate::b::{self, X, y::{Z, W}};"),
            ("b/mod.rs", "// crate::a\nuse crate::Own;\n#[cfg(test)]\nmod tests { use crate::a; }"),
            ("b/y.rs", "use super::X;"),
        ]);
        let arrows = arrows(&modules);
        assert_eq!(arrows[&vec![]]["a"], BTreeSet::from(["b".to_owned()]));
        assert!(arrows.values().all(|brothers| circle(brothers).is_none()));
    }

    #[test]
    fn brothers_in_a_folder_are_seen() {
        let modules = modules(&[
            ("lib.rs", "mod m;"),
            ("m.rs", "mod x; mod y;"),
            ("m/x.rs", "use super::y::Y;"),
            ("m/y.rs", "use crate::m::x::{X};"),
        ]);
        assert_eq!(circle(&arrows(&modules)[&vec!["m".to_owned()]]).unwrap(), ["x", "y", "x"]);
    }
}

//! Tests of ROOT files at the command line: trees, branches and entries.
//!
//! In: a small file made here, real files. Out: text, NumPy files, exit codes.
//! Not here: layouts (`hepz-formats`), access to tables (`hepz`), values as another reader finds them (`cargo xtask
//! slow uproot`).
//! Holds: values are compared with those that were written.
#![allow(dead_code)]

#[path = "../../formats/src/root/tree/sample.rs"]
mod sample;
mod scene;

use sample::{Member, T_OBJECT, any, array, basket_key, info, int, key, named, object, text};
use scene::Scene;
use serde_json::Value;

/// Entries of each of three baskets.
const BASKET: usize = 1000;
const ENTRIES: usize = 3 * BASKET;

/// Members of branches that are read, in order.
fn members(more: &[Member]) -> Vec<Member> {
    let numbers = |name| (name, 56, "Long64_t*", "fMaxBaskets");
    let own = [
        ("TNamed", 67, "BASE", ""),
        ("fWriteBasket", 3, "int", ""),
        ("fMaxBaskets", 6, "int", ""),
        ("fEntries", 16, "Long64_t", ""),
        ("fBranches", 61, "TObjArray", ""),
        ("fLeaves", 61, "TObjArray", ""),
        ("fBaskets", 61, "TObjArray", ""),
        numbers("fBasketEntry"),
        numbers("fBasketSeek"),
    ];
    own.iter().chain(more).copied().collect()
}

fn infos() -> Vec<u8> {
    let element = [
        ("fClassName", 65, "TString", ""),
        ("fCheckSum", 13, "unsigned int", ""),
        ("fClassVersion", 2, "short", ""),
        ("fID", 3, "int", ""),
        ("fType", 3, "int", ""),
        ("fStreamerType", 3, "int", ""),
    ];
    let tree =
        [("TNamed", 67, "BASE", ""), ("fEntries", 16, "Long64_t", ""), ("fBranches", 61, "TObjArray", "")];
    let leaf = [("TNamed", 67, "BASE", ""), ("fLen", 3, "int", ""), ("fLeafCount", 64, "TLeaf*", "")];
    let classes = [
        info("TTree", &tree),
        info("TBranch", &members(&[])),
        info("TBranchElement", &members(&element)),
        info("TLeafF", &leaf),
    ];
    let count = int(classes.len() as i32).to_vec();
    object(5, &[&T_OBJECT[..], &text(""), &count, &classes.concat()].concat())
}

/// A branch of three baskets at these places; of floats, or of objects of a class.
fn branch(name: &str, class: &str, floats: i32, seeks: &[usize]) -> Vec<u8> {
    let leaf = object(1, &[named("x", name), int(floats).to_vec(), int(0).to_vec()].concat());
    let is_element = !class.is_empty();
    let long = |values: Vec<i64>| {
        [&[1][..], &values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>()].concat()
    };
    let mut parts = vec![
        named(name, name),
        int(seeks.len() as i32).to_vec(),
        int(seeks.len() as i32).to_vec(),
        (ENTRIES as i64).to_be_bytes().to_vec(),
        array(&[]),
        array(&if is_element { Vec::new() } else { vec![any("TLeafF", &leaf)] }),
        array(&[]),
        long((0..seeks.len()).map(|basket| (basket * BASKET) as i64).collect()),
        long(seeks.iter().map(|&seek| seek as i64).collect()),
    ];
    if is_element {
        let numbers = [int(0).to_vec(), vec![0, 0], int(-1).to_vec(), int(0).to_vec(), int(-1).to_vec()];
        parts.extend([text(class), numbers.concat()]);
    }
    any(if is_element { "TBranchElement" } else { "TBranch" }, &object(1, &parts.concat()))
}

/// What the four branches hold for an entry.
fn x(entry: usize) -> f32 {
    entry as f32 * 0.5
}
fn pair(entry: usize) -> [f32; 2] {
    [x(entry) + 1.0, -x(entry)]
}
fn list(entry: usize) -> Vec<f32> {
    (0..entry % 4).map(|item| (entry * 10 + item) as f32).collect()
}
fn lists(entry: usize) -> Vec<Vec<i32>> {
    (0..entry % 3)
        .map(|list| (0..(entry + list) % 3).map(|item| (entry * 100 + list * 10 + item) as i32).collect())
        .collect()
}

/// An entry of a branch, as ROOT streams it.
fn streamed(branch: usize, entry: usize) -> Vec<u8> {
    let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>();
    let counted = |count: usize, items: Vec<u8>| [&int(count as i32)[..], &items].concat();
    match branch {
        0 => floats(&[x(entry)]),
        1 => floats(&pair(entry)),
        2 => object(9, &counted(list(entry).len(), floats(&list(entry)))),
        _ => {
            let inner =
                |list: &Vec<i32>| counted(list.len(), list.iter().flat_map(|&item| int(item)).collect());
            let lists = lists(entry);
            object(9, &counted(lists.len(), lists.iter().flat_map(inner).collect()))
        }
    }
}

/// A file with a tree `events` in a folder: `x` and `pair` are floats, `v_list` and `w_lists` vectors; nothing is
/// compressed.
fn file() -> Vec<u8> {
    let mut file = [b"root", &int(61_000)[..], &int(100)].concat();
    file.resize(100, 0);
    file.extend([key("TFile", "file", 4, 100, 0, &[]), vec![0; 4]].concat());
    let directory = file.len();
    file.extend(key("TDirectory", "inside", 4, directory, 100, &[]));
    file.extend([0; 4]);
    let described = [
        ("x", "", 1),
        ("pair", "", 2),
        ("v_list", "vector<float>", 0),
        ("w_lists", "vector<vector<int> >", 0),
    ];
    let mut branches = Vec::new();
    for (number, (name, class, floats)) in described.into_iter().enumerate() {
        let mut seeks = Vec::new();
        for basket in 0..3 {
            let (mut data, mut begins) = (Vec::new(), Vec::new());
            for entry in basket * BASKET..(basket + 1) * BASKET {
                begins.push(sample::BASKET_KEY_BYTES + data.len() as i32);
                data.extend(streamed(number, entry));
            }
            let data_bytes = data.len() as i32;
            if !class.is_empty() {
                data.extend(int(BASKET as i32 + 1));
                begins.into_iter().chain([0]).for_each(|at| data.extend(int(at)));
            }
            seeks.push(file.len());
            file.extend(basket_key(file.len(), data.len(), BASKET as i32, 0, data_bytes));
            file.extend(data);
        }
        branches.push(branch(name, class, floats, &seeks));
    }
    // A branch of objects that nobody knows.
    branches.push(branch("secret", "Unknown", 0, &[]));
    let entries = (ENTRIES as i64).to_be_bytes().to_vec();
    let tree = object(1, &[named("events", ""), entries, array(&branches)].concat());
    file.extend(key("TTree", "events", tree.len(), file.len(), directory, &[]));
    file.extend(tree);
    let (info_at, infos) = (file.len(), infos());
    file.extend(key("TList", "StreamerInfo", infos.len(), info_at, 100, &[]));
    file.extend(&infos);
    let end = file.len();
    let header = [end as i32, 0, 0, 1, 0].map(int).concat();
    let rest = [&[4][..], &int(101), &int(info_at as i32), &int((end - info_at) as i32)].concat();
    file.splice(12..12 + header.len() + rest.len(), [header, rest].concat());
    file
}

fn archived() -> Scene {
    let scene = Scene::new();
    scene.write("some.root", &file());
    let _ = scene.run(&["compress", "-q", "some.root"]).ends_with(0);
    scene
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_root_file_comes_back_and_its_trees_are_listed() {
    let scene = archived();
    let _ = scene.run(&["decompress", "-o", "again", "some.root.hepz"]).ends_with(0);
    assert!(scene.read("again") == scene.read("some.root"));
    assert!(scene.run(&["list", "some.root.hepz"]).text().contains("inside/events (3000)"));
    let want = [
        "tree inside/events: 3000 entries, 4 branches",
        "  branch   type",
        "  x        float",
        "  pair     float[2]",
        "  v_list   vector<float>",
        "  w_lists  vector<vector<int32_t>>",
        "",
    ]
    .join("\n");
    for file in ["some.root.hepz", "some.root"] {
        assert_eq!(scene.run(&["list", "--tree", "inside/events", file]).ends_with(0).text(), want);
        let indented = want.replace('\n', "\n  ");
        let text = scene.run(&["list", "-v", file]).ends_with(0).text();
        assert!(text.contains(indented.trim_end()), "{text}");
        let line = json(&scene.run(&["list", "--json", file]).ends_with(0).text());
        assert_eq!(line["trees"][0]["name"], "inside/events");
        assert_eq!(line["trees"][0]["entries"], 3000);
        let v_list = serde_json::json!({"name": "v_list", "type": "vector<float>"});
        assert_eq!(line["trees"][0]["branches"][2], v_list);
        let _ = scene.run(&["list", "--tree", "Events", file]).ends_with(2).says("it has inside/events");
    }
    scene.write("plain", b"no tree in here");
    let _ = scene.run(&["list", "plain"]).ends_with(9);
}

/// An array of a `.npz` file, by way of an archive of it: text of its values.
fn values(scene: &Scene, array: &str) -> Vec<String> {
    // Arrays beside others of their length lie in one table with them; the others are tables of their own.
    let beside = ["x", "w_lists"].contains(&array);
    let pattern = if beside { array.to_owned() } else { format!("{array}.{array}") };
    let text = scene.run(&["cat", "--columns", &pattern, "out.npz.hepz"]).ends_with(0).text();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn entries_are_lines_of_csv_with_lists() {
    let scene = archived();
    let cat = |rows: &str, columns: &str| {
        let arguments =
            ["cat", "--tree", "inside/events", "--columns", columns, "--rows", rows, "some.root.hepz"];
        scene.run(&arguments)
    };
    let text = cat("995..1005", "*").ends_with(0).text();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("x,pair,v_list,w_lists"));
    for entry in 995..1005 {
        let quoted = |field: String| if field.contains(',') { format!("\"{field}\"") } else { field };
        let joined = |fields: &[f32]| quoted(format!("{fields:?}").replace(", ", ","));
        let lists = quoted(format!("{:?}", lists(entry)).replace(", ", ","));
        let want = format!("{:?},{},{},{lists}", x(entry), joined(&pair(entry)), joined(&list(entry)));
        assert_eq!(lines.next(), Some(want.as_str()));
    }
    assert_eq!(lines.next(), None);
    assert_eq!(cat("2999..", "v_*,x").ends_with(0).text().lines().next(), Some("v_list,x"));
    assert_eq!(cat("5..5", "x").ends_with(0).text(), "x\n");
    let _ = cat("2999..3001", "x").ends_with(2).says("has 3000");
    let _ = cat("..", "v_lists").ends_with(2).says("it has v_list");
    let _ =
        scene.run(&["cat", "--tree", "events", "some.root.hepz"]).ends_with(2).says("it has inside/events");
}

#[test]
fn npz_holds_items_and_offsets() {
    let scene = archived();
    let arguments = ["cat", "--tree", "inside/events", "--rows", "10..2500", "--to", "npz", "-o", "out.npz"];
    let _ = scene.run(&[&arguments[..], &["some.root.hepz"]].concat()).ends_with(0);
    let _ = scene.run(&["compress", "-q", "out.npz"]).ends_with(0);
    let entries = || 10..2500;
    let floats = |some: Vec<f32>| some.iter().map(|value| format!("{value:?}")).collect::<Vec<String>>();
    assert_eq!(values(&scene, "x"), floats(entries().map(x).collect()));
    assert_eq!(values(&scene, "pair"), floats(entries().flat_map(pair).collect()));
    assert_eq!(values(&scene, "v_list"), floats(entries().flat_map(list).collect()));
    let items: Vec<String> = entries().flat_map(lists).flatten().map(|item: i32| item.to_string()).collect();
    assert_eq!(values(&scene, "w_lists"), items);
    let offsets = |counts: Vec<usize>| {
        let sums = counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(sum.to_string())
        });
        std::iter::once("0".to_owned()).chain(sums).collect::<Vec<String>>()
    };
    assert_eq!(values(&scene, "v_list.offsets"), offsets(entries().map(|entry| list(entry).len()).collect()));
    assert_eq!(
        values(&scene, "w_lists.offsets"),
        offsets(entries().map(|entry| lists(entry).len()).collect())
    );
    let inner = entries().flat_map(lists).map(|list| list.len());
    assert_eq!(values(&scene, "w_lists.offsets2"), offsets(inner.collect()));
    let npy = ["cat", "--tree", "inside/events", "--to", "npy", "-o", "x.npy", "some.root.hepz", "--columns"];
    let _ = scene.run(&[&npy[..], &["v_list"]].concat()).ends_with(2).says("without lists");
    let _ = scene.run(&[&npy[..], &["x"]].concat()).ends_with(0);
    assert!(scene.read("x.npy").ends_with(&x(ENTRIES - 1).to_le_bytes()));
}

#[test]
fn real_files_have_trees_whose_entries_can_be_printed() {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS") else {
        eprintln!("skipped: HEPZ_CORPUS is not set");
        return;
    };
    let root = std::path::Path::new(&corpus).join("root/cms_nanoaod2015_ttbar_200ev.root");
    let scene = Scene::new();
    let _ = scene.run(&["compress", "-q", "-o", "a.hepz", root.to_str().unwrap()]).ends_with(0);
    let line = json(&scene.run(&["list", "--json", "a.hepz"]).ends_with(0).text());
    assert_eq!((&line["trees"][0]["name"], &line["trees"][0]["entries"]), (&"Events".into(), &200.into()));
    let arguments = ["cat", "--tree", "Events", "--columns", "nJet,Jet_pt,Jet_eta", "a.hepz"];
    let text = scene.run(&arguments).ends_with(0).text();
    assert_eq!(text.lines().count(), 201);
    for line in text.lines().skip(1) {
        let (count, lists) = line.split_once(',').unwrap();
        let numbers = lists.matches([',', '[']).count();
        let jets: usize = count.parse().unwrap();
        // Each list has one opening bracket and a comma less than items; a comma stands between the lists.
        assert_eq!(numbers, 2 * jets.max(1) + 1, "{line}");
    }
}

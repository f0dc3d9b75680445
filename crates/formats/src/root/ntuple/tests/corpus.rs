//! The real RNTuples of the corpus: counts and values as uproot 5.7.7 has them, and counts that must agree among
//! themselves.

use super::super::*;
use super::{Bytes, number, undo};
use hepz_recompression::root::plain;
use std::path::PathBuf;

/// Name, entries, fields, columns, pages, shared pages, elements.
type Counts = (&'static str, u64, usize, usize, usize, usize, u64);

const COUNTS: [Counts; 4] = [
    ("DataHeader", 100, 13, 12, 12, 1, 30_100),
    ("DataHeaderForm", 1, 34, 31, 31, 3, 14_681),
    ("EventData", 100, 2401, 1772, 1749, 835, 1_070_702),
    ("EventTag", 100, 14, 15, 15, 2, 18_000),
];

/// Field, which of its columns, first elements of its first page (bit patterns).
const VALUES: [(&str, usize, [u64; 4]); 6] = [
    ("AnalysisMuonsAuxDyn:pt", 0, [1, 2, 2, 2]),
    ("AnalysisMuonsAuxDyn:pt._0", 0, [1_184_562_515, 1_177_740_472, 1_180_276_699, 1_187_717_562]),
    ("PrimaryVerticesAuxDyn:z._0", 0, [3_245_323_411, 3_240_685_638, 3_259_241_079, 1_105_397_005]),
    ("BornLeptonsAuxDyn:pdgId._0", 0, [13, 0xffff_fff2, 15, 0xffff_fff0]),
    ("PrimaryVerticesAuxDyn:vertexType._0", 0, [1, 3, 3, 3]),
    ("PrimaryVerticesAuxDyn:trackParticleLinks._0", 0, [46, 110, 156, 163]),
];

/// The plain bytes of every `ROOT::RNTuple` object of a file: of keys that say that they are where they are.
fn anchors(file: &[u8]) -> Vec<(String, &[u8])> {
    let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let class = b"\x0dROOT::RNTuple";
    let found = file.windows(class.len()).enumerate().filter(|(_, bytes)| bytes == class);
    let keys = found.map(|(at, _)| at - 26).filter(|&key| number(key + 18) == key);
    keys.map(|key| {
        let name = key + 26 + class.len();
        let text = &file[name + 1..name + 1 + usize::from(file[name])];
        let key_bytes = usize::from(u16::from_be_bytes([file[key + 14], file[key + 15]]));
        (String::from_utf8(text.to_vec()).unwrap(), &file[key + key_bytes..key + number(key)])
    })
    .collect()
}

fn stored<'f>(file: &'f [u8], page: &Page) -> &'f [u8] {
    &file[page.at as usize..(page.at + page.stored_bytes) as usize]
}

/// The elements of a page, by the steps that its encoding names.
fn elements(file: &[u8], column: &Column, page: &Page) -> Vec<u64> {
    let mut bytes = stored(file, page).to_vec();
    if page.stored_bytes < page.plain_bytes {
        bytes = plain(&bytes, page.plain_bytes as usize).unwrap();
    }
    let width = column.encoding.element_bytes().unwrap() as usize;
    let steps = column.encoding.steps().unwrap();
    let elements = undo(&steps, &bytes, page.elements as usize);
    // Shorter ones are not worth a recipe.
    if bytes.len() > 64 {
        let opened = hepz_recompression::open(&steps, &bytes, elements.len());
        let opened = opened.unwrap_or_else(|| panic!("{:?}", column.encoding));
        assert!(opened.plain == elements);
    }
    elements.chunks_exact(width).map(number).collect()
}

#[test]
fn real_ntuples_have_the_counts_and_values_that_uproot_finds() {
    let Some(corpus) = std::env::var_os("HEPZ_CORPUS").map(PathBuf::from) else {
        println!("skipped: HEPZ_CORPUS is not set");
        return;
    };
    let path = corpus.join("root/atlas_physlite_rntuple_100ev.root");
    let Ok(file) = std::fs::read(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let mut counts = Vec::new();
    for (name, anchor) in anchors(&file) {
        let n = read(&Bytes(&file), anchor, &name).unwrap().unwrap();
        assert!(n.notes.is_empty(), "{:?}", n.notes);
        let pages = n.columns.iter().map(|c| c.pages.len()).sum::<usize>();
        let shared = n.columns.iter().flat_map(|c| &c.pages).filter(|p| p.shared).count();
        let all = n.columns.iter().flat_map(|c| &c.pages).map(|p| p.elements).sum::<u64>();
        counts.push((name, n.entries, n.fields.len(), n.columns.len(), pages, shared, all));
        rows_agree(&file, &n);
        for column in &n.columns {
            assert!(column.pages.iter().all(|p| elements(&file, column, p).len() as u64 == p.elements));
        }
        if n.name == "EventData" {
            values_agree(&file, &n);
        }
    }
    counts.sort();
    let counts: Vec<_> = counts.iter().map(|c| (c.0.as_str(), c.1, c.2, c.3, c.4, c.5, c.6)).collect();
    assert_eq!(counts, COUNTS);
}

/// Every index column ends each cluster at the number of elements of the columns that it is the parent of.
fn rows_agree(file: &[u8], n: &Ntuple) {
    let in_cluster = |column: &Column, cluster: u32| {
        column.pages.iter().filter(|p| p.cluster == cluster).map(|p| p.elements).sum::<u64>()
    };
    for column in n.columns.iter().filter(|column| !column.conditional) {
        for (cluster, whole) in (0u32..).zip(&n.clusters) {
            let rows = match column.parent_collection.map(|c| &n.columns[c as usize]) {
                None => whole.entries - column.first_element,
                Some(index) => {
                    let mut last = 0;
                    for page in index.pages.iter().filter(|page| page.cluster == cluster) {
                        last += elements(file, index, page).last().unwrap() - last;
                    }
                    last
                }
            };
            assert_eq!(in_cluster(column, cluster), rows * column.items_per_row);
        }
    }
}

fn values_agree(file: &[u8], n: &Ntuple) {
    for (name, nth, first) in VALUES {
        let of_field = |c: &&Column| n.fields[c.field as usize].name == name;
        let column = n.columns.iter().filter(of_field).nth(nth).unwrap();
        assert_eq!(elements(file, column, &column.pages[0])[..4], first, "{name}");
    }
}

//! A small ROOT file: a tree whose second basket comes after it, in a directory; a gap; an object.
//!
//! In: what is to be odd about it. Out: the bytes of the file.
//! Holds: the classes are described in the file, with the members that are read.

use hepz_recompression::root::write::{Algorithm, payload};

/// Length of the gap.
pub(super) const GAP_BYTES: usize = 40;

/// What the file is like.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    /// Places are numbers of 8 bytes.
    pub(super) large: bool,
    /// Baskets, tree and classes are compressed.
    pub(super) is_compressed: bool,
    /// The gap begins with its length.
    pub(super) gap_is_marked: bool,
    /// The gap is among the free segments.
    pub(super) gap_is_free: bool,
    /// Baskets that the tree names.
    pub(super) n_named: usize,
    /// Added to the place of the last of them.
    pub(super) wrong_seek: i64,
    /// File of the baskets.
    pub(super) file_name: &'static str,
    /// Cycle of the tree in the list of keys.
    pub(super) listed_cycle: u16,
    /// The directory is in the list of keys.
    pub(super) directory_is_listed: bool,
}

impl Default for Sample {
    fn default() -> Sample {
        Sample {
            large: false,
            is_compressed: true,
            gap_is_marked: true,
            gap_is_free: true,
            n_named: 2,
            wrong_seek: 0,
            file_name: "",
            listed_cycle: 1,
            directory_is_listed: true,
        }
    }
}

fn object(version: u16, body: &[u8]) -> Vec<u8> {
    [&(0x4000_0002 + body.len() as u32).to_be_bytes()[..], &version.to_be_bytes(), body].concat()
}

fn any(class: &str, body: &[u8]) -> Vec<u8> {
    let body = [&u32::MAX.to_be_bytes()[..], class.as_bytes(), &[0], body].concat();
    [&(0x4000_0000 + body.len() as u32).to_be_bytes()[..], &body].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}

const T_OBJECT: [u8; 10] = [0, 1, 0, 0, 0, 0, 3, 0, 0, 0];

fn named(name: &str) -> Vec<u8> {
    object(1, &[&T_OBJECT[..], &text(name), &text("")].concat())
}

fn int(value: usize) -> [u8; 4] {
    (value as u32).to_be_bytes()
}

fn long(value: i64) -> [u8; 8] {
    value.to_be_bytes()
}

fn array(objects: &[Vec<u8>]) -> Vec<u8> {
    object(3, &[&T_OBJECT[..], &text(""), &int(objects.len()), &int(0), &objects.concat()].concat())
}

fn info(class: &str, members: &[(&str, usize, &str)]) -> Vec<u8> {
    let elements = members.iter().map(|&(name, kind, type_name)| {
        let numbers = [kind, 8, 0, 0, 0, 0, 0, 0, 0].map(int).concat();
        let element = object(4, &[named(name), numbers, text(type_name)].concat());
        if !(40..=60).contains(&kind) {
            return any("TStreamerElement", &object(1, &element));
        }
        let body = [element, int(1).to_vec(), text("fMaxBaskets"), text(class)].concat();
        any("TStreamerBasicPointer", &object(1, &body))
    });
    let elements = any("TObjArray", &array(&elements.collect::<Vec<_>>()));
    let body = [named(class), int(7).to_vec(), int(1).to_vec(), elements].concat();
    [any("TStreamerInfo", &object(9, &body)), vec![0]].concat()
}

fn infos() -> Vec<u8> {
    let base = ("TNamed", 67, "BASE");
    let tree = [
        base,
        ("fEntries", 16, "Long64_t"),
        ("fTotBytes", 16, "Long64_t"),
        ("fZipBytes", 16, "Long64_t"),
        ("fBranches", 61, "TObjArray"),
    ];
    let branch = [
        base,
        ("fWriteBasket", 3, "int"),
        ("fMaxBaskets", 6, "int"),
        ("fEntries", 16, "Long64_t"),
        ("fZipBytes", 16, "Long64_t"),
        ("fBranches", 61, "TObjArray"),
        ("fLeaves", 61, "TObjArray"),
        ("fBaskets", 61, "TObjArray"),
        ("fBasketBytes", 43, "int*"),
        ("fBasketEntry", 56, "Long64_t*"),
        ("fBasketSeek", 56, "Long64_t*"),
        ("fFileName", 65, "TString"),
    ];
    let classes = [info("TTree", &tree), info("TBranch", &branch)];
    object(5, &[&T_OBJECT[..], &text(""), &int(classes.len()), &classes.concat()].concat())
}

/// Where things are, and how long.
#[derive(Clone, Debug, Default, PartialEq)]
struct Places {
    records: Vec<(usize, usize)>,
    gap: usize,
    end: usize,
}

impl Sample {
    /// A place.
    fn place(self, at: usize) -> Vec<u8> {
        if self.large { long(at as i64).to_vec() } else { int(at).to_vec() }
    }

    /// The version of something that has places.
    fn version(self, version: u16) -> [u8; 2] {
        (version + if self.large { 1_000 } else { 0 }).to_be_bytes()
    }

    /// A key without what is special to baskets.
    fn key(self, names: [&str; 2], lengths: [usize; 3], places: [usize; 2], cycle: u16) -> Vec<u8> {
        let [bytes, object_bytes, key_bytes] = lengths;
        let front = [&int(bytes)[..], &self.version(4), &int(object_bytes), &[9; 4]].concat();
        let more = [(key_bytes as u16).to_be_bytes(), cycle.to_be_bytes()].concat();
        let places = places.map(|at| self.place(at)).concat();
        [front, more, places, names.map(text).concat(), text("")].concat()
    }

    fn key_bytes(self, names: [&str; 2]) -> usize {
        self.key(names, [0; 3], [0; 2], 1).len()
    }
}

/// The file.
pub(super) fn sample(of: Sample) -> Vec<u8> {
    let mut places = Places { records: vec![(100, 0); 9], ..Places::default() };
    // Lengths depend on places, but only a little.
    for _ in 0..20 {
        let (file, found) = write(of, &places);
        if found == places {
            return file;
        }
        places = found;
    }
    panic!("the places do not settle");
}

/// The file by the places that were found before, and the places in it.
fn write(of: Sample, before: &Places) -> (Vec<u8>, Places) {
    let mut found = Places::default();
    let mut file = vec![0; 100];
    let at = |index: usize| before.records[index].0;
    let bytes = |index: usize| before.records[index].1;
    let [inside, first, tree, second, keys, inner, info, free] = [1, 2, 3, 4, 5, 6, 7, 8];
    let directory = |own: usize, parent: usize, list: usize| {
        let dates = [&of.version(5)[..], &[9; 8], &int(bytes(list)), &int(40)].concat();
        [dates, of.place(own), of.place(parent), of.place(at(list)), vec![0; 18]].concat()
    };
    let mut add =
        |file: &mut Vec<u8>, class: &str, name: &str, in_directory: usize, plain: Vec<u8>, more: &[u8]| {
            let compressed = matches!(class, "TTree" | "TBasket" | "TList") && of.is_compressed;
            let stored = if compressed { payload(&plain, Algorithm::Zlib, 6) } else { None };
            let stored = stored.unwrap_or_else(|| plain.clone());
            let key_bytes = of.key_bytes([class, name]) + more.len();
            let lengths = [key_bytes + stored.len(), plain.len(), key_bytes];
            found.records.push((file.len(), lengths[0]));
            file.extend(of.key([class, name], lengths, [file.len(), in_directory], 1));
            file.extend(more);
            file.extend(stored);
        };
    let basket = |data_bytes: usize| {
        let key_bytes = of.key_bytes(["TBasket", "b"]) + 19;
        [&[0, 3][..], &int(32_000), &int(4), &int(data_bytes / 4), &int(key_bytes + data_bytes), &[0]]
            .concat()
    };

    let names = [text("file"), text("")].concat();
    add(&mut file, "TFile", "file", 0, [names, directory(100, 0, keys)].concat(), &[]);
    add(&mut file, "TDirectoryFile", "inside", 100, directory(at(inside), 100, inner), &[]);
    add(&mut file, "TBasket", "b", at(inside), vec![1; 400], &basket(400));
    let seek = |slot: usize, index: usize| if slot < of.n_named { at(index) as i64 } else { 0 };
    let seeks = [long(seek(0, first)), long(seek(1, second) + of.wrong_seek), long(0)].concat();
    let sum = bytes(first) as i64 + if of.n_named > 1 { bytes(second) as i64 } else { 0 };
    let branch = [
        named("b"),
        int(of.n_named).to_vec(),
        int(3).to_vec(),
        long(175).to_vec(),
        long(sum).to_vec(),
        array(&[]),
        array(&[]),
        array(&[]),
        [&[1][..], &int(bytes(first)), &int(bytes(second)), &int(0)].concat(),
        [&[1][..], &long(0), &long(100), &long(0)].concat(),
        [&[1][..], &seeks].concat(),
        text(of.file_name),
    ];
    let branches = array(&[any("TBranch", &object(1, &branch.concat()))]);
    let events = [named("events"), long(175).to_vec(), long(700).to_vec(), long(sum).to_vec(), branches];
    add(&mut file, "TTree", "events", at(inside), object(1, &events.concat()), &[]);
    let gap = file.len();
    file.resize(gap + GAP_BYTES, 3);
    if of.gap_is_marked {
        file[gap..gap + 4].copy_from_slice(&(-(GAP_BYTES as i32)).to_be_bytes());
    }
    add(&mut file, "TBasket", "b", at(inside), vec![2; 300], &basket(300));
    // Behind the baskets the lists of keys: that of the directory names nothing, that of the file both.
    let copy = |index: usize, class: &str, name: &str, directory: usize, cycle: u16| {
        let key_bytes = of.key_bytes([class, name]);
        of.key([class, name], [bytes(index), 0, key_bytes], [at(index), directory], cycle)
    };
    let mut list = vec![copy(tree, "TTree", "events", at(inside), of.listed_cycle)];
    if of.directory_is_listed {
        list.push(copy(inside, "TDirectoryFile", "inside", 100, 1));
    }
    add(&mut file, "TFile", "file", 100, [int(list.len()).to_vec(), list.concat()].concat(), &[]);
    add(&mut file, "TDirectoryFile", "inside", at(inside), int(0).to_vec(), &[]);
    add(&mut file, "TList", "StreamerInfo", 100, infos(), &[]);
    let segment = |from: usize, to: usize| [of.version(1).to_vec(), of.place(from), of.place(to)].concat();
    let mut segments = segment(before.end, 2_000_000_000);
    if of.gap_is_free {
        segments = [segment(before.gap, before.gap + GAP_BYTES - 1), segments].concat();
    }
    add(&mut file, "TFile", "file", 100, segments, &[]);

    (found.gap, found.end) = (gap, file.len());
    let version = if of.large { 1_061_000 } else { 61_000 };
    let numbers =
        [int(version).to_vec(), int(100).to_vec(), of.place(file.len()), of.place(at(free))].concat();
    let more = [int(bytes(free)), int(2), int(40)].concat();
    let info = [&[4][..], &int(101), &of.place(at(info)), &int(bytes(info))].concat();
    let header = [b"root".to_vec(), numbers, more, info].concat();
    file[..header.len()].copy_from_slice(&header);
    (file, found)
}

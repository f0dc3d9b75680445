//! A small ROOT file, written here: classes of few members, a tree in a directory, baskets in and outside of it.
//!
//! In: nothing. Out: the bytes of the file.
//! Not here: files of other branches, which tests of the command make of the same parts.
//! Holds: the classes are described in the file, as those of any version of ROOT are, with the members that are read.

/// An object of a class of this version.
pub(super) fn object(version: u16, body: &[u8]) -> Vec<u8> {
    [&(0x4000_0002 + body.len() as u32).to_be_bytes()[..], &version.to_be_bytes(), body].concat()
}

/// An object where any may stand, with the name of its class.
pub(super) fn any(class: &str, body: &[u8]) -> Vec<u8> {
    let body = [&u32::MAX.to_be_bytes()[..], class.as_bytes(), &[0], body].concat();
    [&(0x4000_0000 + body.len() as u32).to_be_bytes()[..], &body].concat()
}

pub(super) fn text(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}

pub(super) const T_OBJECT: [u8; 10] = [0, 1, 0, 0, 0, 0, 3, 0, 0, 0];

pub(super) fn named(name: &str, title: &str) -> Vec<u8> {
    object(1, &[&T_OBJECT[..], &text(name), &text(title)].concat())
}

pub(super) fn int(value: i32) -> [u8; 4] {
    value.to_be_bytes()
}

pub(super) fn array(objects: &[Vec<u8>]) -> Vec<u8> {
    let body = [&T_OBJECT[..], &text(""), &int(objects.len() as i32), &int(0), &objects.concat()].concat();
    object(3, &body)
}

/// Name, kind, type and, for pointers, the name of the count.
pub(super) type Member = (&'static str, i32, &'static str, &'static str);

pub(super) fn info(class: &str, members: &[Member]) -> Vec<u8> {
    let elements = members.iter().map(|&(name, kind, type_name, count)| {
        let numbers = [kind, 8, 0, 0, 0, 0, 0, 0, 0].map(int).concat();
        let element = object(4, &[named(name, ""), numbers, text(type_name)].concat());
        if count.is_empty() {
            return any("TStreamerElement", &object(1, &element));
        }
        let body = [element, int(1).to_vec(), text(count), text(class)].concat();
        any("TStreamerBasicPointer", &object(1, &body))
    });
    let elements = any("TObjArray", &array(&elements.collect::<Vec<_>>()));
    let body = [named(class, ""), int(7).to_vec(), int(1).to_vec(), elements].concat();
    [any("TStreamerInfo", &object(9, &body)), vec![0]].concat()
}

fn infos() -> Vec<u8> {
    let numbers = |name, count| (name, 56, "Long64_t*", count);
    let classes = [
        info(
            "TTree",
            &[
                ("TNamed", 67, "BASE", ""),
                ("fEntries", 16, "Long64_t", ""),
                ("fBranches", 61, "TObjArray", ""),
            ],
        ),
        info(
            "TBranch",
            &[
                ("TNamed", 67, "BASE", ""),
                ("fWriteBasket", 3, "int", ""),
                ("fMaxBaskets", 6, "int", ""),
                ("fEntries", 16, "Long64_t", ""),
                ("fBranches", 61, "TObjArray", ""),
                ("fLeaves", 61, "TObjArray", ""),
                ("fBaskets", 61, "TObjArray", ""),
                numbers("fBasketEntry", "fMaxBaskets"),
                numbers("fBasketSeek", "fMaxBaskets"),
            ],
        ),
        info(
            "TLeafF",
            &[("TNamed", 67, "BASE", ""), ("fLen", 3, "int", ""), ("fLeafCount", 64, "TLeaf*", "")],
        ),
    ];
    let count = int(classes.len() as i32).to_vec();
    object(5, &[&T_OBJECT[..], &text(""), &count, &classes.concat()].concat())
}

/// A branch of two floats an entry: a basket of `entries` entries in the file if it has a place, one of 2 inside.
fn branch(name: &str, seek: i64, entries: i64) -> Vec<u8> {
    let leaf = object(1, &[named("x", "x[2]"), int(2).to_vec(), int(0).to_vec()].concat());
    let written = i32::from(seek != 0);
    let mut inside = basket_key(0, 0, 2, 12, 16);
    inside.extend(basket_key(0, 0, 2, 0, 16));
    inside.extend([7; 16]);
    let long = |values: [i64; 2]| [&[1], &values.map(i64::to_be_bytes).concat()[..]].concat();
    let parts = [
        named(name, "x[2]/F"),
        int(written).to_vec(),
        int(2).to_vec(),
        (entries * i64::from(written) + 2).to_be_bytes().to_vec(),
        array(&[]),
        array(&[any("TLeafF", &leaf)]),
        array(&[any("TBasket", &inside)]),
        long([0, entries]),
        long([seek, 0]),
    ];
    any("TBranch", &object(1, &parts.concat()))
}

fn tree(entries: i64, branches: &[Vec<u8>]) -> Vec<u8> {
    object(1, &[named("events", ""), entries.to_be_bytes().to_vec(), array(branches)].concat())
}

pub(super) fn key(
    class: &str,
    name: &str,
    bytes: usize,
    at: usize,
    directory: usize,
    more: &[u8],
) -> Vec<u8> {
    let texts = [text(class), text(name), text("")].concat();
    let length = 26 + texts.len() + more.len();
    let mut key = int((bytes + if bytes > 0 { length } else { 0 }) as i32).to_vec();
    key.extend([0, 4]);
    key.extend(int(bytes as i32));
    key.extend([0; 4]);
    key.extend((length as u16).to_be_bytes());
    key.extend([0, 1]);
    key.extend(int(at as i32));
    key.extend(int(directory as i32));
    key.extend(texts);
    key.extend(more);
    key
}

/// Length of the key of a basket.
pub(super) const BASKET_KEY_BYTES: i32 = 26 + 8 + 2 + 1 + 19;

pub(super) fn basket_key(at: usize, bytes: usize, entries: i32, flag: u8, data_bytes: i32) -> Vec<u8> {
    let more =
        [&[0, 3][..], &int(32000), &int(8), &int(entries), &int(BASKET_KEY_BYTES + data_bytes), &[flag]]
            .concat();
    key("TBasket", "b", bytes, at, 100, &more)
}

/// The file, and the place of its basket.
pub(super) fn file() -> (Vec<u8>, usize) {
    let mut file = [b"root", &int(61_000)[..], &int(100)].concat();
    file.resize(100, 0);
    let root = key("TFile", "file", 4, 100, 0, &[]);
    file.extend([root, vec![0; 4]].concat());
    let directory = file.len();
    file.extend(key("TDirectory", "inside", 4, directory, 100, &[]));
    file.extend([0; 4]);
    let basket = file.len();
    file.extend(basket_key(basket, 24, 3, 0, 24));
    file.extend([5; 24]);
    // A gap, and bytes that no key accounts for.
    file.extend(int(-12));
    file.extend([0; 8]);
    file.extend([9; 40]);
    let tree = tree(5, &[branch("a", basket as i64, 3), branch("a", 0, 0)]);
    file.extend(key("TTree", "events", tree.len(), file.len(), directory, &[]));
    file.extend(tree);
    let (info_at, infos) = (file.len(), infos());
    file.extend(key("TList", "StreamerInfo", infos.len(), info_at, 100, &[]));
    file.extend(&infos);
    let end = file.len();
    let header = [end as i32, 0, 0, 1, 0].map(int).concat();
    let rest = [&[4][..], &int(101), &int(info_at as i32), &int((end - info_at) as i32)].concat();
    file.splice(12..12 + header.len() + rest.len(), [header, rest].concat());
    (file, basket)
}

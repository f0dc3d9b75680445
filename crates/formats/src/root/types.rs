//! Types: what the bytes of one entry of a branch are.
//!
//! In: what a branch says about itself, and the classes of the file. Out: grammars of an entry, likeliest first.
//! Not here: whether the bytes obey; classes do not say everything, so a grammar is a claim.
//! Holds: a grammar has at most 512 fields and 16 nestings, whatever the classes say.
//! Source: ROOT, TBufferFile, TStreamerInfoActions and TStreamerElement::GetRange.

mod class_name;
mod objects;
mod packed;

use super::streamer::{Element, Infos, kind};
use class_name::{Item, Type};
use hepz_columns::Scalar;
use objects::Framing;
use std::cell::Cell;

/// Longer entries are not worth columns.
const MOST_FIELDS: usize = 512;

/// Objects in an entry, those without fields included.
const MOST_OBJECTS: u32 = 4096;

/// Vectors in vectors, at most.
const MOST_NESTING: usize = 16;

/// What the bytes of one entry are: nesting from the outside in, then the fields of one innermost item, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// How often the fields are there; once without any.
    pub nesting: Vec<Nesting>,
    /// Big-endian numbers without gaps. An item of a text is one byte.
    pub fields: Vec<Field>,
    /// Field by field: first that of all innermost items, then the next.
    pub by_field: bool,
}

/// Items instead of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// As many items as the branch of counts says.
    Counted {
        /// Framing in front of all items of an entry.
        header_bytes: u8,
    },
    /// Framing, a count of 4 bytes, and as many items.
    Vector {
        /// 6: byte count and version; 0 for inner vectors.
        header_bytes: u8,
    },
    /// Framing, a count of 1 byte (or 255 and 4 bytes), and as many bytes.
    Text {
        /// 6: byte count and version; 0 for most.
        header_bytes: u8,
    },
}

/// A number, or some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What tells it from others; empty if it is alone.
    pub name: String,
    /// Its type.
    pub scalar: Scalar,
    /// Numbers of this type, one after another.
    pub repeat: u32,
    /// Framing, such as byte counts and versions, which hardly changes.
    pub constant: bool,
}

/// A leaf of a branch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf<'a> {
    pub class: &'a str,
    pub name: &'a str,
    pub title: &'a str,
    /// Items of a fixed array, or 1.
    pub length: u32,
    pub unsigned: bool,
    /// It has a number of items elsewhere.
    pub counted: bool,
}

/// What a branch says about itself.
#[derive(Clone, Debug)]
pub(super) struct Description<'a> {
    /// It is of class `TBranchElement`.
    pub is_element: bool,
    /// It is of class `TBranch`.
    pub is_plain: bool,
    pub leaves: Vec<Leaf<'a>>,
    /// The branch with numbers of items is known.
    pub counted: bool,
    /// `fType`.
    pub kind: i32,
    /// `fStreamerType`.
    pub streamer_kind: i32,
    /// Index into the elements of its class.
    pub id: i32,
    pub class: &'a str,
    pub class_version: i32,
    pub class_checksum: u32,
    /// There is another number of items for each item.
    pub second_count: bool,
    pub has_branches: bool,
}

/// Grammars of an entry, likeliest first, and the class of the branch's objects.
pub(super) fn entry(branch: &Description<'_>, infos: &Infos) -> (Vec<Entry>, String) {
    let mut class = String::new();
    let mut entries = Vec::new();
    if branch.is_plain {
        entries.extend(leaf_list(branch));
    } else if branch.is_element {
        let element = element(branch, infos);
        class = match element {
            Some(element) if element.type_name == "BASE" => element.name.to_string(),
            Some(element) => element.type_name.clone(),
            None => branch.class.to_string(),
        };
        for framing in Framing::ALL {
            let budget = Cell::new(MOST_OBJECTS);
            entries.extend(element_entry(branch, element, &Kinds { infos, framing, budget }));
        }
    }
    entries.retain(|entry| entry.fields.len() <= MOST_FIELDS && entry.nesting.len() <= MOST_NESTING);
    let mut distinct: Vec<Entry> = Vec::new();
    for entry in entries {
        if !distinct.contains(&entry) {
            distinct.push(entry);
        }
    }
    (distinct, class)
}

/// Leaves one after another.
fn leaf_list(branch: &Description<'_>) -> Option<Entry> {
    let mut shape = Entry::default();
    let alone = branch.leaves.len() == 1;
    for leaf in &branch.leaves {
        let name = if alone { "" } else { leaf.name };
        if leaf.class == "TLeafC" {
            shape.nesting.push(Nesting::Text { header_bytes: 0 });
            shape.fields.push(Field::number("", Scalar::U8, 1));
        } else {
            shape.fields.extend(leaf_fields(leaf, name)?);
        }
    }
    let counted = branch.leaves.iter().any(|leaf| leaf.counted);
    if counted {
        shape.nesting.insert(0, Nesting::Counted { header_bytes: 0 });
    }
    // Items of several leaves, or several texts, lie leaf by leaf.
    let simple = alone || shape.nesting.is_empty();
    (simple && counted == branch.counted && !shape.fields.is_empty()).then_some(shape)
}

fn leaf_fields(leaf: &Leaf<'_>, name: &str) -> Option<Vec<Field>> {
    let scalar = match (leaf.class, leaf.unsigned) {
        ("TLeafO", _) => Scalar::Bool,
        ("TLeafB", false) => Scalar::I8,
        ("TLeafB", true) => Scalar::U8,
        ("TLeafS", false) => Scalar::I16,
        ("TLeafS", true) => Scalar::U16,
        ("TLeafI", false) => Scalar::I32,
        ("TLeafI", true) => Scalar::U32,
        ("TLeafL" | "TLeafG", false) => Scalar::I64,
        ("TLeafL" | "TLeafG", true) => Scalar::U64,
        ("TLeafF", _) => Scalar::F32,
        ("TLeafD", _) => Scalar::F64,
        ("TLeafD32", _) => return Some(packed::double32(leaf.title, name, leaf.length)),
        ("TLeafF16", _) => return Some(packed::float16(leaf.title, name, leaf.length)),
        _ => return None,
    };
    (leaf.length > 0).then(|| vec![Field::number(name, scalar, leaf.length)])
}

/// The element of its class that a branch holds.
fn element<'a>(branch: &Description<'_>, infos: &'a Infos) -> Option<&'a Element> {
    let id = usize::try_from(branch.id).ok()?;
    let by_checksum = infos.find(branch.class, 0, Some(branch.class_checksum));
    let by_version = || infos.find(branch.class, branch.class_version, None);
    let info = by_checksum.or_else(by_version).or_else(|| infos.newest(branch.class))?;
    info.elements.get(id)
}

/// How classes are looked up.
struct Kinds<'a> {
    infos: &'a Infos,
    framing: Framing,
    /// Objects that may still be looked into.
    budget: Cell<u32>,
}

/// What a branch of objects, or of members of objects, holds.
fn element_entry(branch: &Description<'_>, element: Option<&Element>, kinds: &Kinds<'_>) -> Vec<Entry> {
    let whole = branch.id < 0 || branch.streamer_kind < 0;
    let in_collection = matches!(branch.kind, 31 | 41);
    match branch.kind {
        // The number of items of a split collection.
        3 | 4 => return vec![Entry::of(vec![Field::number("", Scalar::I32, 1)])],
        31 | 41 if !branch.counted || branch.second_count => return Vec::new(),
        _ if branch.has_branches => return Vec::new(),
        _ => {}
    }
    let shapes = match element {
        _ if whole => kinds.whole(branch.class, branch.kind),
        Some(element) => kinds.member(element, branch.leaves.first(), in_collection),
        None => Vec::new(),
    };
    if !in_collection {
        return shapes;
    }
    let collected = shapes.into_iter().map(|mut shape| {
        // A collection in each item of a collection: one framing for the collections of all items.
        let header_bytes = shape.nesting.first_mut().map_or(0, Nesting::take_header);
        shape.nesting.insert(0, Nesting::Counted { header_bytes });
        shape
    });
    collected.collect()
}

impl Kinds<'_> {
    /// An object that is an entry of its own.
    fn whole(&self, class: &str, branch_kind: i32) -> Vec<Entry> {
        let Some(class) = class_name::parse(class) else { return Vec::new() };
        let mut shapes = Vec::new();
        match class.name.as_str() {
            "string" => {
                shapes.push(Entry::text(0));
                shapes.push(Entry::text(6));
            }
            _ if class.is_collection() => shapes.extend(self.collection(&class)),
            _ => {
                // A branch that could have been split writes the members alone.
                let bare = self.members(&class.full, "", MOST_NESTING).filter(|_| branch_kind == 0);
                shapes.extend(bare.filter(|fields| !fields.is_empty()).map(Entry::of));
                shapes.extend(self.item(&class, MOST_NESTING));
                shapes.push(Entry::of(self.collection_without_members()));
            }
        }
        shapes
    }

    /// A collection with framing: item by item, or member by member.
    fn collection(&self, class: &Type) -> Vec<Entry> {
        let mut shapes = Vec::new();
        if let Some(mut shape) = self.item(class, MOST_NESTING) {
            if let Some(Nesting::Vector { header_bytes }) = shape.nesting.first_mut() {
                *header_bytes = 6;
            }
            shapes.push(shape);
        }
        // Byte count and version of the collection, then version and checksum of the items.
        let header_bytes = match self.framing {
            Framing::Checksum => 12,
            Framing::Version => 8,
            Framing::None => return shapes,
        };
        let fields = match class.item() {
            Some(Item::Pair(first, second)) => self.pair(first, second),
            Some(Item::One(item)) => self.member_columns(&item.full, MOST_NESTING),
            None => None,
        };
        if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
            let nesting = vec![Nesting::Vector { header_bytes }];
            shapes.push(Entry { nesting, fields, by_field: true });
        }
        shapes
    }

    /// An item of a collection, without framing of its own except for that of objects.
    fn item(&self, class: &Type, depth: usize) -> Option<Entry> {
        if depth == 0 {
            return None;
        }
        if let Some(fields) = packed::named(&class.name) {
            return Some(Entry::of(fields));
        }
        match class.name.as_str() {
            "string" | "TString" => return Some(Entry::text(0)),
            "bitset" => {
                let nesting = vec![Nesting::Vector { header_bytes: 0 }];
                return Some(Entry { nesting, ..Entry::of(vec![Field::number("", Scalar::Bool, 1)]) });
            }
            _ => {}
        }
        if let Some(item) = class.item() {
            let mut shape = match item {
                Item::One(item) => self.item(item, depth - 1)?,
                Item::Pair(first, second) => Entry::of(self.pair(first, second)?),
            };
            shape.nesting.insert(0, Nesting::Vector { header_bytes: 0 });
            return Some(shape);
        }
        self.object(&class.full, "", MOST_NESTING).map(Entry::of)
    }

    /// A member of an object.
    fn member(&self, element: &Element, leaf: Option<&Leaf<'_>>, in_collection: bool) -> Vec<Entry> {
        let mut shapes = Vec::new();
        match element.kind {
            kind::STRING => shapes.push(Entry::text(0)),
            // ROOT writes the kind of a collection as that of something with a streamer of its own.
            kind::STL | kind::STL_STRING | kind::STREAMER => {
                let Some(class) = class_name::parse(&element.type_name) else { return shapes };
                match class.name.as_str() {
                    "string" => shapes.extend([Entry::text(6), Entry::text(0)]),
                    _ if class.is_collection() => shapes.extend(self.collection(&class)),
                    _ => {}
                }
            }
            15 => {
                shapes.push(Entry::of(vec![Field::number("", Scalar::U32, 1)]));
                // Objects that others refer to have the number of a process behind their bits.
                let process = Field::number("process", Scalar::U16, 1);
                shapes.push(Entry::of(vec![Field::number("bits", Scalar::U32, 1), process]));
            }
            // One byte says whether there are any.
            many if (kind::POINTER..kind::OBJECT).contains(&many) && !in_collection => {
                let fields = packed::of_kind(many - kind::POINTER, &element.title, "", 1);
                let nesting = vec![Nesting::Counted { header_bytes: 1 }];
                shapes.extend(fields.map(|fields| Entry { nesting, ..Entry::of(fields) }));
            }
            _ => {
                // A leaf knows the length of arrays that the element of an old file does not.
                let mut element = element.clone();
                if let Some(leaf) = leaf.filter(|_| element.length == 0) {
                    element.length = leaf.length;
                }
                shapes.extend(self.fields(&element, "", MOST_NESTING).map(Entry::of));
            }
        }
        if in_collection && element.kind == kind::BASE {
            shapes.clear();
        }
        shapes
    }
}

impl Entry {
    /// Fields, once.
    fn of(fields: Vec<Field>) -> Entry {
        Entry { fields, ..Entry::default() }
    }

    /// A text.
    fn text(header_bytes: u8) -> Entry {
        let fields = vec![Field::number("", Scalar::U8, 1)];
        Entry { nesting: vec![Nesting::Text { header_bytes }], fields, by_field: false }
    }
}

impl Nesting {
    /// Takes the framing away.
    fn take_header(&mut self) -> u8 {
        match self {
            Nesting::Counted { header_bytes }
            | Nesting::Vector { header_bytes }
            | Nesting::Text { header_bytes } => std::mem::take(header_bytes),
        }
    }
}

impl Field {
    /// A number that means something.
    fn number(name: &str, scalar: Scalar, repeat: u32) -> Field {
        Field { name: name.into(), scalar, repeat, constant: false }
    }

    /// A number of framing.
    fn framing(name: &str, scalar: Scalar) -> Field {
        Field { name: name.into(), scalar, repeat: 1, constant: true }
    }
}

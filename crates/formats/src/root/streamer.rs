//! Streamer infos: which members the objects of a class have in a file, in order.
//!
//! In: the record that the header names. Out: the elements of each class and version.
//! Not here: reading objects by them (`object`), what branches hold (`types`).
//! Holds: lists that contain each other are followed to a limited depth only.
//! Source: ROOT, TStreamerInfo and TStreamerElement.

pub(super) mod object;

use super::buffer::{Any, Buffer, Classes, Odd};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Kinds of elements, as ROOT numbers them.
pub(super) mod kind {
    pub const BASE: i32 = 0;
    pub const CHAR_STAR: i32 = 7;
    pub const DOUBLE32: i32 = 9;
    pub const COUNTER: i32 = 6;
    pub const FLOAT16: i32 = 19;
    pub const ARRAY: i32 = 20;
    pub const POINTER: i32 = 40;
    pub const OBJECT: i32 = 61;
    pub const ANY: i32 = 62;
    pub const OBJECT_INSIDE: i32 = 63;
    pub const OBJECT_POINTER: i32 = 64;
    pub const STRING: i32 = 65;
    pub const T_OBJECT: i32 = 66;
    pub const T_NAMED: i32 = 67;
    pub const ANY_INSIDE: i32 = 68;
    pub const ANY_POINTER: i32 = 69;
    pub const STL: i32 = 300;
    pub const STL_STRING: i32 = 365;
    pub const STREAMER: i32 = 500;
}

/// Most elements of all classes together.
const MOST_ELEMENTS: usize = 1 << 20;

/// One member, or a base class.
#[derive(Clone, Debug)]
pub(super) struct Element {
    /// Name of the member, or of the base class.
    pub name: Rc<str>,
    /// What its comment says: limits of packed numbers.
    pub title: String,
    /// One of [`kind`], or the number of a scalar, with [`kind::ARRAY`] or [`kind::POINTER`] added for many.
    pub kind: i32,
    /// Number of items of an array, all dimensions together.
    pub length: u32,
    /// Name of its type.
    pub type_name: String,
    /// The member that says how many items there are.
    pub count_name: String,
}

/// One version of a class.
#[derive(Clone, Debug)]
pub(super) struct Info {
    pub version: i32,
    pub checksum: u32,
    pub elements: Vec<Element>,
}

/// All classes of a file.
#[derive(Debug, Default)]
pub(super) struct Infos {
    classes: BTreeMap<String, Vec<Info>>,
}

impl Infos {
    /// The classes that `plain` describes, the payload behind a key of `key_bytes` bytes.
    ///
    /// What is odd ends the list early.
    pub(super) fn read(plain: &[u8], key_bytes: u32) -> Infos {
        let mut reader =
            Reader { buffer: Buffer::new(plain, key_bytes), classes: Classes::new(), elements: 0 };
        let mut infos = Infos::default();
        // What was read before the damage is sound.
        let _damage = reader.list(&mut infos);
        infos
    }

    /// The class as an object of it says: by version, or by checksum.
    pub(super) fn find(&self, class: &str, version: i32, checksum: Option<u32>) -> Option<&Info> {
        let known = self.classes.get(class)?;
        match checksum {
            Some(checksum) => known.iter().find(|info| info.checksum == checksum),
            None => known.iter().find(|info| info.version == version),
        }
    }

    /// The only, or the newest, version of a class.
    pub(super) fn newest(&self, class: &str) -> Option<&Info> {
        self.classes.get(class)?.iter().max_by_key(|info| info.version)
    }
}

struct Reader<'b> {
    buffer: Buffer<'b>,
    classes: Classes,
    elements: usize,
}

impl Reader<'_> {
    /// A `TList` of infos; lists inside hold rules and are passed over.
    fn list(&mut self, infos: &mut Infos) -> Result<(), Odd> {
        let header = self.buffer.header()?;
        if header.version > 3 {
            self.buffer.object()?;
            self.buffer.text()?;
        }
        for _ in 0..self.buffer.count(4)? {
            if let Any::Object { class, end, .. } = self.buffer.any(&mut self.classes)? {
                if &*class == "TStreamerInfo" {
                    let (name, info) = self.info()?;
                    infos.classes.entry(name).or_default().push(info);
                }
                self.buffer.jump(end)?;
            }
            let option_bytes = self.buffer.u8()?;
            self.buffer.take(option_bytes.into())?;
        }
        Ok(())
    }

    fn info(&mut self) -> Result<(String, Info), Odd> {
        self.buffer.header()?;
        let (name, _) = self.buffer.named()?;
        let checksum = self.buffer.u32()?;
        let version = self.buffer.i32()?;
        let mut elements = Vec::new();
        if let Any::Object { end, .. } = self.buffer.any(&mut self.classes)? {
            let count = self.buffer.array()?;
            for _ in 0..count {
                if let Any::Object { class, end, .. } = self.buffer.any(&mut self.classes)? {
                    elements.push(self.element(&class)?);
                    self.buffer.jump(end)?;
                }
            }
            self.buffer.jump(end)?;
        }
        Ok((name, Info { version, checksum, elements }))
    }

    /// An element, up to what its own class adds.
    fn element(&mut self, class: &str) -> Result<Element, Odd> {
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(Odd("the classes of the file have too many members"));
        }
        self.buffer.header()?;
        if class == "TStreamerSTLstring" {
            self.buffer.header()?;
        }
        let header = self.buffer.header()?;
        let (name, title) = self.buffer.named()?;
        let kind = self.buffer.i32()?;
        let _bytes = self.buffer.i32()?;
        let length = self.buffer.i32()?.max(0) as u32;
        let _dimensions = self.buffer.i32()?;
        let lengths = if header.version == 1 { self.buffer.count(4)? } else { 5 };
        self.buffer.take(lengths.saturating_mul(4))?;
        let type_name = self.buffer.text()?;
        self.buffer.jump(header.end.unwrap_or(self.buffer.at()))?;
        let mut count_name = String::new();
        if matches!(class, "TStreamerBasicPointer" | "TStreamerLoop") {
            let _version = self.buffer.i32()?;
            count_name = self.buffer.text()?;
        }
        Ok(Element { name: name.into(), title, kind, length, type_name, count_name })
    }
}

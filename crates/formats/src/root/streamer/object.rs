//! Objects: the members of a tree, its branches and leaves, and where each lies.
//!
//! In: the plain bytes of a record, and the classes of the file. Out: an [`Object`] with the objects in it.
//! Not here: what members mean (`tree`).
//! Holds: an object takes the bytes that its byte count says, or it is [`Value::Unknown`]; nesting is limited.
//! Source: ROOT, TBufferFile and TStreamerInfo::ReadBuffer.

use super::super::buffer::{Any, Buffer, Classes, Odd};
use super::super::file::{BasketKey, Record};
use super::{Element, Infos, kind};
use std::rc::Rc;

/// Branches of branches are objects in arrays in objects.
const MOST_DEPTH: u32 = 96;

/// Members of all objects of a record: those of a hundred thousand branches.
const MOST_MEMBERS: usize = 1 << 23;

/// What a member holds.
#[derive(Debug)]
pub(in crate::root) enum Value {
    /// An integer.
    Int(i64),
    /// A number that is not one.
    Real(f64),
    /// A text.
    Text(String),
    /// Numbers of equal width, not copied; the member's place is that of the first.
    Numbers { count: u64, width: u8 },
    /// An object.
    Object(Box<Object>),
    /// Objects, or their absence.
    Many(Vec<Value>),
    /// A basket that lies inside a tree.
    Basket(Box<Basket>),
    /// An object that is elsewhere, by its tag.
    Reference(u64),
    /// No object.
    Null,
    /// Something that was passed over.
    Unknown,
}

/// A member.
#[derive(Debug)]
pub(in crate::root) struct Member {
    pub name: Rc<str>,
    /// Its first byte in the record's plain bytes.
    pub at: u64,
    pub value: Value,
}

/// An object and its members, those of base classes first.
#[derive(Debug)]
pub(in crate::root) struct Object {
    pub class: Rc<str>,
    /// What refers to it.
    pub tag: u64,
    pub members: Vec<Member>,
}

impl Object {
    /// The first member of that name.
    pub(in crate::root) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| &*member.name == name)
    }

    /// An integer, or a number without a fraction.
    pub(in crate::root) fn int(&self, name: &str) -> Option<i64> {
        match self.member(name)?.value {
            Value::Int(value) => Some(value),
            // Old trees count their entries in floating point.
            Value::Real(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(value as i64),
            _ => None,
        }
    }

    /// A text.
    pub(in crate::root) fn text(&self, name: &str) -> Option<&str> {
        match &self.member(name)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The objects in an array.
    pub(in crate::root) fn many(&self, name: &str) -> &[Value] {
        match self.member(name).map(|member| &member.value) {
            Some(Value::Many(values)) => values,
            _ => &[],
        }
    }
}

/// A basket that lies inside a tree.
#[derive(Debug)]
pub(in crate::root) struct Basket {
    pub key: Record,
    pub basket: BasketKey,
    /// First byte of the data, if they are here.
    pub data_at: Option<u64>,
    /// First byte of the number of entry offsets, which stand before the data; length of offsets and displacements.
    pub offsets: Option<(u64, u64)>,
}

/// Reads objects of one record.
pub(in crate::root) struct Reader<'b> {
    buffer: Buffer<'b>,
    infos: &'b Infos,
    classes: Classes,
    depth: u32,
    /// Members that may still be read.
    budget: usize,
}

impl<'b> Reader<'b> {
    /// A reader of `plain`, the payload behind a key of `key_bytes` bytes.
    pub(in crate::root) fn new(plain: &'b [u8], key_bytes: u32, infos: &'b Infos) -> Reader<'b> {
        let budget = plain.len().saturating_add(1024).min(MOST_MEMBERS);
        Reader { buffer: Buffer::new(plain, key_bytes), infos, classes: Classes::new(), depth: 0, budget }
    }

    /// The object of `class` that begins here.
    pub(in crate::root) fn object(&mut self, class: &str) -> Result<Object, Odd> {
        let mut members = Vec::new();
        self.members(class, &mut members)?;
        Ok(Object { class: class.into(), tag: 0, members })
    }

    fn at(&self) -> u64 {
        self.buffer.at() as u64
    }

    /// The members of `class`, after its header.
    fn members(&mut self, class: &str, into: &mut Vec<Member>) -> Result<(), Odd> {
        self.depth += 1;
        let outcome = if self.depth > MOST_DEPTH {
            Err(Odd("objects are nested too deeply"))
        } else {
            self.members_inside(class, into)
        };
        self.depth -= 1;
        outcome
    }

    fn members_inside(&mut self, class: &str, into: &mut Vec<Member>) -> Result<(), Odd> {
        self.budget = self.budget.checked_sub(1).ok_or(Odd("objects have too many members"))?;
        match class {
            "TObject" => return self.buffer.object(),
            "TNamed" => {
                let at = self.at();
                let (name, title) = self.buffer.named()?;
                into.push(Member { name: "fName".into(), at, value: Value::Text(name) });
                into.push(Member { name: "fTitle".into(), at, value: Value::Text(title) });
                return Ok(());
            }
            _ => {}
        }
        let infos = self.infos;
        let header = self.buffer.header()?;
        let info = infos.find(class, header.version.into(), header.checksum);
        let Some(info) = info else {
            return self.buffer.jump(header.end.ok_or(Odd("a class is not described"))?);
        };
        let first = into.len();
        for element in &info.elements {
            self.element(element, first, into)?;
        }
        match header.end {
            Some(end) if end != self.buffer.at() => Err(Odd("an object is not as long as it says")),
            _ => Ok(()),
        }
    }

    fn element(&mut self, element: &Element, first: usize, into: &mut Vec<Member>) -> Result<(), Odd> {
        if element.kind == kind::BASE || element.type_name == "BASE" {
            return self.members(&element.name, into);
        }
        self.budget = self.budget.checked_sub(1).ok_or(Odd("objects have too many members"))?;
        let mut at = self.at();
        let value = match element.kind {
            kind::STRING => Value::Text(self.buffer.text()?),
            kind::OBJECT
            | kind::ANY
            | kind::OBJECT_INSIDE
            | kind::ANY_INSIDE
            | kind::T_OBJECT
            | kind::T_NAMED => self.inside(element.type_name.trim_end_matches('*'))?,
            kind::OBJECT_POINTER | kind::ANY_POINTER => self.any()?,
            kind::CHAR_STAR => {
                let bytes = self.buffer.count(1)?;
                self.buffer.take(bytes)?;
                Value::Unknown
            }
            kind if kind >= kind::STL => {
                let end = self.buffer.header()?.end;
                self.buffer.jump(end.ok_or(Odd("a member has no length"))?)?;
                Value::Unknown
            }
            kind if (kind::POINTER..kind::OBJECT).contains(&kind) => {
                let there = self.buffer.u8()? != 0;
                let members = into.get(first..).unwrap_or_default();
                let count = members.iter().find(|member| *member.name == *element.count_name);
                let count = match count.map(|member| &member.value) {
                    _ if !there => 0,
                    Some(&Value::Int(count)) if count >= 0 => count as u64,
                    _ => return Err(Odd("a member of many items has no count")),
                };
                at = self.at();
                self.numbers(kind - kind::POINTER, count)?
            }
            kind if (kind::ARRAY..kind::POINTER).contains(&kind) => {
                self.numbers(kind - kind::ARRAY, element.length.into())?
            }
            kind => self.scalar(kind, &element.title)?,
        };
        into.push(Member { name: Rc::clone(&element.name), at, value });
        Ok(())
    }

    fn scalar(&mut self, kind: i32, title: &str) -> Result<Value, Odd> {
        let ranged = title.contains('[');
        Ok(match kind {
            5 => Value::Real(f32::from_bits(self.buffer.u32()?).into()),
            8 => Value::Real(f64::from_bits(self.buffer.uint(8)?)),
            kind::DOUBLE32 if !ranged => Value::Real(f32::from_bits(self.buffer.u32()?).into()),
            kind::DOUBLE32 | kind::FLOAT16 => return Err(Odd("a member is packed")),
            _ => {
                let width = scalar_bytes(kind).ok_or(Odd("a member is of an unknown kind"))?;
                let value = self.buffer.uint(width)?;
                let signed = matches!(kind, 1..=4 | kind::COUNTER | 10 | 16);
                let unused = 64 - 8 * width as u32;
                Value::Int(if signed { (value << unused) as i64 >> unused } else { value as i64 })
            }
        })
    }

    fn numbers(&mut self, kind: i32, count: u64) -> Result<Value, Odd> {
        let width = scalar_bytes(kind).ok_or(Odd("a member is of an unknown kind"))?;
        let bytes = count.checked_mul(width as u64).and_then(|bytes| usize::try_from(bytes).ok());
        self.buffer.take(bytes.ok_or(Odd("a length is too large"))?)?;
        Ok(Value::Numbers { count, width: width as u8 })
    }

    /// An object of a class that is known from its place.
    fn inside(&mut self, class: &str) -> Result<Value, Odd> {
        let items = match class {
            "TArrayC" => 1,
            "TArrayS" => 2,
            "TArrayI" | "TArrayF" => 4,
            "TArrayD" | "TArrayL64" | "TArrayL" => 8,
            "TString" => return Ok(Value::Text(self.buffer.text()?)),
            "TObjArray" => return self.objects(),
            "TList" | "THashList" => return self.list(),
            _ => return self.or_unknown(|reader| Ok(Value::Object(Box::new(reader.object(class)?)))),
        };
        let bytes = self.buffer.count(items)?.saturating_mul(items);
        self.buffer.take(bytes)?;
        Ok(Value::Unknown)
    }

    /// What `read` reads, or, if it is odd but says its length, [`Value::Unknown`].
    fn or_unknown(&mut self, read: impl FnOnce(&mut Self) -> Result<Value, Odd>) -> Result<Value, Odd> {
        let end = self.buffer.clone().header().ok().and_then(|header| header.end);
        match (read(self), end) {
            (Err(_), Some(end)) => {
                self.buffer.jump(end)?;
                Ok(Value::Unknown)
            }
            (outcome, _) => outcome,
        }
    }

    fn objects(&mut self) -> Result<Value, Odd> {
        let count = self.buffer.array()?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.any()?);
        }
        Ok(Value::Many(values))
    }

    fn list(&mut self) -> Result<Value, Odd> {
        let header = self.buffer.header()?;
        self.buffer.jump(header.end.ok_or(Odd("a list has no length"))?)?;
        Ok(Value::Unknown)
    }

    /// An object of any class, if there is one.
    fn any(&mut self) -> Result<Value, Odd> {
        self.budget = self.budget.checked_sub(1).ok_or(Odd("objects have too many members"))?;
        let (class, tag, end) = match self.buffer.any(&mut self.classes)? {
            Any::Null => return Ok(Value::Null),
            Any::Reference(tag) => return Ok(Value::Reference(tag)),
            Any::Object { class, tag, end } => (class, tag, end),
        };
        let read = match &*class {
            "TBasket" => self.basket(),
            _ => self.inside(&class),
        };
        let value = match read {
            Ok(Value::Object(mut object)) if self.buffer.at() == end => {
                object.tag = tag;
                Value::Object(object)
            }
            Ok(value) if self.buffer.at() == end => value,
            _ => Value::Unknown,
        };
        self.buffer.jump(end)?;
        Ok(value)
    }

    fn basket(&mut self) -> Result<Value, Odd> {
        let at = self.at();
        let (key, _) = super::super::file::read_key(&mut self.buffer, at)?;
        let basket = key.basket.ok_or(Odd("a basket is none"))?;
        let mut flag = basket.flag;
        let made_again = flag >= 80;
        if made_again {
            flag -= 80;
        }
        let offsets_at = self.at();
        if !made_again && flag != 0 && flag % 10 != 2 {
            if basket.entries > 0 {
                let bytes = self.buffer.count(4)?.saturating_mul(4);
                self.buffer.take(bytes)?;
            }
            if flag > 40 {
                let bytes = self.buffer.count(4)?.saturating_mul(4);
                self.buffer.take(bytes)?;
            }
        }
        let offsets_end = self.at();
        let offsets = (offsets_end > offsets_at).then_some((offsets_at, offsets_end - offsets_at));
        let mut data_at = None;
        if flag == 1 || flag > 10 {
            // The buffer begins with another key, which says nothing new.
            let bytes = self.buffer.take(basket.last as usize)?;
            let key_bytes = u64::from(key.key_bytes).min(bytes.len() as u64);
            data_at = Some(offsets_end + key_bytes);
        }
        Ok(Value::Basket(Box::new(Basket { key, basket, data_at, offsets })))
    }
}

/// Bytes of a number of this kind, where all have the same.
fn scalar_bytes(kind: i32) -> Option<usize> {
    match kind {
        1 | 10 | 11 | 18 => Some(1),
        2 | 12 => Some(2),
        3 | 5 | 6 | 13 | 15 => Some(4),
        4 | 8 | 14 | 16 | 17 => Some(8),
        _ => None,
    }
}

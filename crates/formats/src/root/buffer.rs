//! Fields of ROOT's objects: big-endian numbers, texts, byte counts and class tags, one after another.
//!
//! In: the plain bytes of a record, or a piece of the file. Out: numbers, and where they lie.
//! Not here: what the fields mean (`streamer`, `tree`).
//! Holds: nothing is read past the end; nothing is allocated that is not there.

use std::collections::BTreeMap;
use std::rc::Rc;

/// Set in a byte count, to tell it from other numbers.
const BYTE_COUNT: u32 = 0x4000_0000;

/// The tag of an object whose class is named here for the first time.
const NEW_CLASS: u32 = 0xffff_ffff;

/// Set in a tag that refers to a class; else it refers to an object.
const CLASS: u32 = 0x8000_0000;

/// Tags count from here, so that 0 can mean no object.
const FIRST_TAG: u64 = 2;

/// Longer names are of no class.
const MOST_NAME_BYTES: usize = 4096;

/// An object has a number of a process at its end.
const IS_REFERENCED: u32 = 1 << 4;

/// Why a part of the file was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Odd(pub &'static str);

/// The first bytes of an object of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// Where the object ends, if it says so.
    pub end: Option<usize>,
    /// Version of the class; 0 for classes that have a checksum instead.
    pub version: u16,
    /// The checksum of such a class.
    pub checksum: Option<u32>,
}

/// What stands where an object of any class may stand.
#[derive(Clone, Debug)]
pub(super) enum Any {
    /// No object.
    Null,
    /// One that was read before.
    Reference(u64),
    /// A new one, whose bytes follow.
    Object { class: Rc<str>, tag: u64, end: usize },
}

/// Classes by the tags that name them.
pub(super) type Classes = BTreeMap<u64, Rc<str>>;

/// A reader of fields.
#[derive(Clone, Debug)]
pub(super) struct Buffer<'b> {
    bytes: &'b [u8],
    at: usize,
    /// Tags count from the beginning of the record, which is a key before these bytes.
    key_bytes: u64,
}

impl<'b> Buffer<'b> {
    /// A reader of `bytes`, which follow a key of `key_bytes` bytes.
    pub(super) fn new(bytes: &'b [u8], key_bytes: u32) -> Buffer<'b> {
        Buffer { bytes, at: 0, key_bytes: key_bytes.into() }
    }

    /// Bytes read so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Bytes left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Goes on at `at`.
    pub(super) fn jump(&mut self, at: usize) -> Result<(), Odd> {
        if at > self.bytes.len() {
            return Err(Odd("an object ends outside its record"));
        }
        self.at = at;
        Ok(())
    }

    /// The next `n` bytes.
    pub(super) fn take(&mut self, n: usize) -> Result<&'b [u8], Odd> {
        let end = self.at.checked_add(n);
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or(Odd("a structure ends early"))?;
        self.at += n;
        Ok(taken)
    }

    /// The next big-endian number of `n` bytes, at most 8.
    pub(super) fn uint(&mut self, n: usize) -> Result<u64, Odd> {
        Ok(self.take(n)?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// The next byte.
    pub(super) fn u8(&mut self) -> Result<u8, Odd> {
        Ok(self.uint(1)? as u8)
    }

    /// The next 2 bytes.
    pub(super) fn u16(&mut self) -> Result<u16, Odd> {
        Ok(self.uint(2)? as u16)
    }

    /// The next 4 bytes.
    pub(super) fn u32(&mut self) -> Result<u32, Odd> {
        Ok(self.uint(4)? as u32)
    }

    /// The next 4 bytes, signed.
    pub(super) fn i32(&mut self) -> Result<i32, Odd> {
        Ok(self.u32()? as i32)
    }

    /// A number of things, each of at least `least_bytes` bytes.
    pub(super) fn count(&mut self, least_bytes: usize) -> Result<usize, Odd> {
        let count = usize::try_from(self.i32()?).map_err(|_| Odd("a number of things is negative"))?;
        let fits = count.checked_mul(least_bytes).is_some_and(|bytes| bytes <= self.left());
        if fits { Ok(count) } else { Err(Odd("there are fewer things than are said to be")) }
    }

    /// A `TString`: its length, and that many bytes.
    pub(super) fn text(&mut self) -> Result<String, Odd> {
        let bytes = match self.u8()? {
            255 => self.count(1)?,
            bytes => bytes.into(),
        };
        Ok(String::from_utf8_lossy(self.take(bytes)?).into_owned())
    }

    /// A name that ends with a byte 0.
    fn name(&mut self) -> Result<Rc<str>, Odd> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let bytes = rest.iter().take(MOST_NAME_BYTES).position(|&byte| byte == 0);
        let name = self.take(bytes.ok_or(Odd("the name of a class has no end"))?)?;
        self.u8()?;
        Ok(String::from_utf8_lossy(name).into())
    }

    /// The beginning of a `TObjArray`: the number of its objects, which follow.
    pub(super) fn array(&mut self) -> Result<usize, Odd> {
        let header = self.header()?;
        if header.version > 2 {
            self.object()?;
        }
        if header.version > 1 {
            self.text()?;
        }
        let count = self.count(4)?;
        let _lower_bound = self.i32()?;
        Ok(count)
    }

    /// Byte count, version and checksum of an object, as far as they are there.
    pub(super) fn header(&mut self) -> Result<Header, Odd> {
        let count = self.clone().u32()?;
        let mut end = None;
        if count & BYTE_COUNT != 0 && count & CLASS == 0 {
            self.u32()?;
            end = Some(self.end_after(count)?);
        }
        let version = self.u16()?;
        let foreign = version == 0 && end.is_some_and(|end| end >= self.at.saturating_add(4));
        let checksum = if foreign { Some(self.u32()?) } else { None };
        Ok(Header { end, version, checksum })
    }

    /// The end of an object of which `count` bytes follow.
    fn end_after(&self, count: u32) -> Result<usize, Odd> {
        let bytes = (count & !BYTE_COUNT) as usize;
        let end = self.at.checked_add(bytes).filter(|&end| end <= self.bytes.len());
        end.ok_or(Odd("an object ends outside its record"))
    }

    /// What stands where an object of any class may stand; the bytes of a new object follow.
    pub(super) fn any(&mut self, classes: &mut Classes) -> Result<Any, Odd> {
        let tag = self.tag();
        let first = self.u32()?;
        if first == 0 {
            return Ok(Any::Null);
        }
        if first & BYTE_COUNT == 0 || first == NEW_CLASS {
            return match first & CLASS {
                0 => Ok(Any::Reference(first.into())),
                _ => Err(Odd("an object has no length")),
            };
        }
        let end = self.end_after(first)?;
        let class_tag = self.tag();
        let class = match self.u32()? {
            NEW_CLASS => {
                let name = self.name()?;
                classes.insert(class_tag, Rc::clone(&name));
                name
            }
            known if known & CLASS != 0 => {
                let known = classes.get(&u64::from(known & !CLASS));
                Rc::clone(known.ok_or(Odd("an object is of a class that was not named"))?)
            }
            _ => return Err(Odd("an object has no class")),
        };
        Ok(Any::Object { class, tag, end })
    }

    /// The tag of what begins here.
    fn tag(&self) -> u64 {
        self.key_bytes + self.at as u64 + FIRST_TAG
    }

    /// Passes over the fields of a `TObject`.
    pub(super) fn object(&mut self) -> Result<(), Odd> {
        self.header()?;
        self.u32()?;
        if self.u32()? & IS_REFERENCED != 0 {
            self.u16()?;
        }
        Ok(())
    }

    /// Name and title of a `TNamed`.
    pub(super) fn named(&mut self) -> Result<(String, String), Odd> {
        let end = self.header()?.end;
        self.object()?;
        let named = (self.text()?, self.text()?);
        self.jump(end.unwrap_or(self.at))?;
        Ok(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_known_by_its_tag_after_it_was_named() {
        // Byte count 12, new class "T"; then byte count 4, that class again; key of 10 bytes.
        let bytes = [&[0x40, 0, 0, 6, 0xff, 0xff, 0xff, 0xff, b'T', 0][..], &[0x40, 0, 0, 4, 0x80, 0, 0, 16]]
            .concat();
        let (mut buffer, mut classes) = (Buffer::new(&bytes, 10), Classes::new());
        let Ok(Any::Object { class, tag: 12, end: 10 }) = buffer.any(&mut classes) else { panic!("first") };
        assert_eq!(&*class, "T");
        let Ok(Any::Object { class, tag: 22, end: 18 }) = buffer.any(&mut classes) else { panic!("second") };
        assert_eq!(&*class, "T");
        assert_eq!(buffer.left(), 0);
    }

    #[test]
    fn a_count_beyond_the_end_is_odd() {
        assert!(Buffer::new(&[0x7f, 0xff, 0xff, 0xff, 0], 0).count(1).is_err());
        assert!(Buffer::new(&[255, 0, 0, 0, 9, 1], 0).text().is_err());
        assert!(Buffer::new(&[0x40, 0, 0, 9, 0, 1], 0).header().is_err());
    }
}

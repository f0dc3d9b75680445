//! Objects of fixed length: their framing and the fields in them.
//!
//! In: a class. Out: the fields of its objects, if all have the same.
//! Not here: members of varying length; a class with such has no grammar.
//! Holds: classes in classes to a limited depth.

use super::class_name::Type;
use super::{Field, Kinds, MOST_FIELDS, MOST_NESTING, packed};
use crate::root::streamer::{Element, kind};
use hepz_columns::Scalar;

/// What stands in front of an object of a class that is not ROOT's own, which its description does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Byte count, version 0, checksum.
    Checksum,
    /// Byte count and version.
    Version,
    /// Nothing.
    None,
}

impl Framing {
    /// All, likeliest first.
    pub(super) const ALL: [Framing; 3] = [Framing::Version, Framing::Checksum, Framing::None];
}

impl Kinds<'_> {
    /// The fields of an object of `class`; their names begin with `prefix`.
    pub(super) fn object(&self, class: &str, prefix: &str, depth: usize) -> Option<Vec<Field>> {
        let name = |name: &str| format!("{prefix}{name}");
        self.budget.set(self.budget.get().checked_sub(1)?);
        if depth == 0 {
            return None;
        }
        let base = |version: Scalar| {
            let fields = [("version", version), ("fUniqueID", Scalar::U32), ("fBits", Scalar::U32)];
            fields.map(|(part, scalar)| Field {
                constant: part == "version",
                ..Field::number(&name(part), scalar, 1)
            })
        };
        match class {
            "TObject" => return Some(base(Scalar::U16).to_vec()),
            "TRef" => {
                let process = Field::number(&name("process"), Scalar::U16, 1);
                return Some(base(Scalar::U16).into_iter().chain([process]).collect());
            }
            _ => {}
        }
        let mut fields = Vec::new();
        let framing = if is_roots_own(class) { Framing::Version } else { self.framing };
        if framing != Framing::None {
            fields.push(Field::framing(&name("bytes"), Scalar::U32));
            fields.push(Field::framing(&name("version"), Scalar::U16));
        }
        if framing == Framing::Checksum {
            fields.push(Field::framing(&name("checksum"), Scalar::U32));
        }
        fields.extend(self.members(class, prefix, depth)?);
        Some(fields)
    }

    /// The fields of an object of `class` without its framing.
    pub(super) fn members(&self, class: &str, prefix: &str, depth: usize) -> Option<Vec<Field>> {
        let mut fields = Vec::new();
        for element in &self.infos.newest(class)?.elements {
            fields.extend(self.fields(element, prefix, depth.checked_sub(1)?)?);
            if fields.len() > MOST_FIELDS {
                return None;
            }
        }
        Some(fields)
    }

    /// The members of `class`, those of its bases in their places, if each is one field.
    pub(super) fn member_columns(&self, class: &str, depth: usize) -> Option<Vec<Field>> {
        self.budget.set(self.budget.get().checked_sub(1)?);
        let mut columns = Vec::new();
        for element in &self.infos.newest(class)?.elements {
            if element.type_name == "BASE" {
                columns.extend(self.member_columns(&element.name, depth.checked_sub(1)?)?);
            } else {
                let fields = self.fields(element, "", MOST_NESTING - 1)?;
                columns.extend(Some(fields).filter(|fields| fields.len() == 1)?);
            }
            if columns.len() > MOST_FIELDS {
                return None;
            }
        }
        Some(columns)
    }

    /// A key and its value, without framing.
    pub(super) fn pair(&self, first: &Type, second: &Type) -> Option<Vec<Field>> {
        let mut fields = Vec::new();
        for (name, class) in [("first", first), ("second", second)] {
            match <[Field; 1]>::try_from(packed::named(&class.name)?) {
                Ok([field]) => fields.push(Field { name: name.into(), ..field }),
                Err(_) => return None,
            }
        }
        Some(fields)
    }

    /// A collection, of items without members, written member by member: all that is left is their number.
    pub(super) fn collection_without_members(&self) -> Vec<Field> {
        let mut fields = vec![
            Field::framing("bytes", Scalar::U32),
            Field::framing("version", Scalar::U16),
            Field::framing("item version", Scalar::U16),
        ];
        if self.framing == Framing::Checksum {
            fields.push(Field::framing("checksum", Scalar::U32));
        }
        fields.push(Field::number("items", Scalar::U32, 1));
        fields
    }

    /// The fields of a member, or of a base class.
    pub(super) fn fields(&self, element: &Element, prefix: &str, depth: usize) -> Option<Vec<Field>> {
        // A member that is the whole entry needs no name.
        let whole = depth == MOST_NESTING;
        let name = if whole { String::new() } else { format!("{prefix}{}", element.name) };
        let inside = if whole { String::new() } else { format!("{name}.") };
        match element.kind {
            _ if element.type_name == "BASE" => self.object(&element.name, prefix, depth.checked_sub(1)?),
            kind::OBJECT | kind::ANY | kind::OBJECT_INSIDE | kind::ANY_INSIDE | kind::T_OBJECT => {
                let class = element.type_name.trim_end_matches('*');
                self.object(class, &inside, depth.checked_sub(1)?)
            }
            kind if kind == kind::OBJECT + kind::ARRAY || kind == kind::ANY + kind::ARRAY => {
                let mut fields = Vec::new();
                for number in 0..element.length {
                    let inside = format!("{name}{number}.");
                    fields.extend(self.object(&element.type_name, &inside, depth.checked_sub(1)?)?);
                    if fields.len() > MOST_FIELDS {
                        return None;
                    }
                }
                Some(fields)
            }
            kind if (kind::ARRAY..kind::POINTER).contains(&kind) => {
                let length = Some(element.length).filter(|&length| length > 0)?;
                packed::of_kind(kind - kind::ARRAY, &element.title, &name, length)
            }
            kind => packed::of_kind(kind, &element.title, &name, 1),
        }
    }
}

/// Classes of ROOT begin with T and a capital letter, and have versions.
fn is_roots_own(class: &str) -> bool {
    let mut letters = class.chars();
    letters.next() == Some('T') && letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
}

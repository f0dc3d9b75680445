//! Attributes: the unit of a dataset, if one says it.
//!
//! In: the messages of a dataset. Out: the text of its attribute `units` or `unit`.
//! Not here: every other attribute; they are skeleton.
//! Holds: an attribute that is damaged or no short text is no unit, never an error.
//! Source: HDF5 File Format Specification, III.E, IV.A.2.m, IV.A.2.v.

use super::access::{Fault, Fields, File};
use super::heap::FractalHeap;
use super::object::{Message, kind};
use super::{btree, message};

/// Units are short; a longer text is a remark.
const LONGEST_UNIT: usize = 64;

/// The unit, empty if there is none.
pub(super) fn unit(file: &File<'_>, messages: &[Message]) -> Result<String, Fault> {
    let mut units = Vec::new();
    for message in messages {
        match message.kind {
            kind::ATTRIBUTE => units.extend(if_sound(unit_in(file, &message.data))?.flatten()),
            kind::ATTRIBUTE_INFO => if_sound(dense(file, &message.data, &mut units))?.unwrap_or(()),
            _ => {}
        }
    }
    // `units` before `unit`, should there be both.
    units.sort_by(|a, b| b.0.cmp(&a.0));
    Ok(units.into_iter().next().map(|(_, unit)| unit).unwrap_or_default())
}

/// Lets only the faults of the medium pass.
fn if_sound<T>(outcome: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Fault::Odd(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Attributes that do not fit the header: a tree of names over a heap of attribute messages.
fn dense(file: &File<'_>, data: &[u8], units: &mut Vec<(String, String)>) -> Result<(), Fault> {
    let mut fields = file.fields(data);
    fields.skip(1)?;
    let flags = fields.u8()?;
    fields.skip(if flags & 1 != 0 { 2 } else { 0 })?;
    let (Some(heap), Some(tree)) = (fields.address()?, fields.address()?) else { return Ok(()) };
    let heap = FractalHeap::open(file, heap)?;
    let records = btree::version_2(file, tree)?;
    // Type 8 is the index by name: the id in the heap comes first.
    for record in records.iter().take_while(|_| records.tree_type == 8) {
        if let Some(attribute) = if_sound(heap.object(file, record))? {
            units.extend(if_sound(unit_in(file, &attribute))?.flatten());
        }
    }
    Ok(())
}

/// Name and text of an attribute, if it says a unit.
fn unit_in(file: &File<'_>, data: &[u8]) -> Result<Option<(String, String)>, Fault> {
    let mut fields = file.fields(data);
    let (version, flags) = (fields.u8()?, fields.u8()?);
    let (name_bytes, type_bytes, space_bytes) = (fields.u16()?, fields.u16()?, fields.u16()?);
    fields.skip(if version == 3 { 1 } else { 0 })?;
    let mut part = |bytes: u16| {
        let start = fields.position();
        let part = fields.take(bytes.into())?;
        if version == 1 {
            fields.pad(start, 8)?;
        }
        Ok::<&[u8], Fault>(part)
    };
    let (name, datatype, space) = (part(name_bytes)?, part(type_bytes)?, part(space_bytes)?);
    let name = match name.split(|&b| b == 0).next() {
        Some(b"units") => "units",
        Some(b"unit") => "unit",
        _ => return Ok(None),
    };
    let described_elsewhere = version > 1 && flags & 3 != 0;
    let single = !described_elsewhere
        && message::shape(file, space)?
            .is_some_and(|shape| shape.elements().is_ok_and(|elements| elements == 1));
    if !single {
        return Ok(None);
    }
    let text = text(file, &mut file.fields(datatype), &mut fields)?;
    let text = text.split(|&b| b == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text).trim().to_string();
    let plain = !text.is_empty() && text.len() <= LONGEST_UNIT && !text.chars().any(char::is_control);
    Ok(plain.then(|| (name.into(), text)))
}

/// The bytes of a text of fixed or of variable length.
fn text(file: &File<'_>, datatype: &mut Fields<'_>, value: &mut Fields<'_>) -> Result<Vec<u8>, Fault> {
    let class = datatype.u8()? & 15;
    let bits = datatype.uint(3)?;
    let bytes = datatype.u32()? as usize;
    match (class, bits & 15) {
        (3, _) => Ok(value.take(bytes)?.to_vec()),
        // Variable length, of kind 1: text.
        (9, 1) => {
            let bytes = value.u32()? as usize;
            let collection = value.address()?.ok_or(Fault::Odd("a text is nowhere"))?;
            let mut object = global_object(file, collection, value.u32()?)?;
            object.truncate(bytes);
            Ok(object)
        }
        _ => Err(Fault::Odd("a unit is not a text")),
    }
}

/// An object of a global heap.
fn global_object(file: &File<'_>, collection: u64, wanted: u32) -> Result<Vec<u8>, Fault> {
    let prefix = file.read(collection, 8 + file.length_bytes() as u64)?;
    let mut fields = file.fields(&prefix);
    fields.expect(b"GCOL")?;
    fields.skip(4)?;
    let bytes = file.read(collection, fields.length()?)?;
    let mut fields = file.fields(&bytes);
    fields.skip(prefix.len())?;
    loop {
        let number = fields.u16()?;
        fields.skip(6)?;
        let bytes = usize::try_from(fields.length()?).unwrap_or(usize::MAX);
        if number == 0 {
            return Err(Fault::Odd("a text is not in its heap"));
        }
        let start = fields.position();
        let object = fields.take(bytes)?;
        if u32::from(number) == wanted {
            return Ok(object.to_vec());
        }
        fields.pad(start, 8)?;
    }
}

//! Salvage: what is left of a damaged archive.
//!
//! In: bytes that may be cut or damaged. Out: every section that is still whole.
//! Not here: what is wrong with the archive (`walk`).
//! Holds: memory is one section and the index, and no more than the file holds.

use crate::frame::{HEADER_BYTES, INDEX, Section};
use crate::walk::{is_whole, section_at};
use crate::{Bytes, Limits, Region, reader};

/// Every section that is still whole, in the order of the file.
///
/// With a sound index, damage costs only the sections it hit. Without one the walk goes from the front: over a section
/// whose payload is damaged it steps by its claimed length, and it ends where no section can begin. The header is not
/// looked at. Sections above the limit and sections that the medium does not give are left out.
///
/// ```
/// use hepz_container::{Limits, Writer, salvage};
/// let mut writer = Writer::new(Vec::new())?;
/// writer.section(1, 0, b"first")?;
/// writer.section(1, 1, b"second")?;
/// let mut cut = writer.finish()?;
/// cut.truncate(40);
/// let saved: Vec<_> = salvage(&cut, Limits::default()).map(|(_, payload)| payload).collect();
/// assert_eq!(saved, [b"first"]);
/// # Ok::<(), hepz_container::WriteError>(())
/// ```
pub fn salvage<B: Bytes>(bytes: B, limits: Limits) -> impl Iterator<Item = (Section, Vec<u8>)> {
    let mut listed = reader::listed(&bytes, limits).ok().map(Vec::into_iter);
    let mut at = HEADER_BYTES;
    std::iter::from_fn(move || {
        loop {
            let section = match &mut listed {
                Some(sections) => sections.next()?,
                None => section_at(&bytes, at, Region::Index).ok()?,
            };
            if listed.is_none() && section.kind == INDEX {
                return None;
            }
            at = section.end();
            let wanted = Section::is_free_kind(section.kind) && section.bytes <= limits.section_bytes;
            if wanted && matches!(is_whole(&bytes, &section), Ok(true)) {
                let mut payload = vec![0; usize::try_from(section.bytes).ok()?];
                if bytes.read_at(section.payload_at(), &mut payload).is_ok() {
                    return Some((section, payload));
                }
            }
        }
    })
}

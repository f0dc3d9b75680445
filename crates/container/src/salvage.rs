//! Salvage: what is left of a damaged archive.
//!
//! In: bytes that may be cut or damaged. Out: every section that is still whole.
//! Not here: what is wrong with the archive (`walk`).
//! Holds: memory is one section and the index, and no more than the file holds.

use crate::frame::{self, HEADER_BYTES, INDEX, Section, VERSION};
use crate::walk::{is_whole, section_at};
use crate::{Bytes, Limits, ReadError, Reader, Region, reader};

/// What of an archive is lost.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Damage {
    /// The first bytes, which name the version: it was taken to be the newest.
    pub front: bool,
    /// The end, which lists the sections: they were found one after the other from the front, as far as that went.
    pub end: Option<ReadError>,
    /// Sections whose checksum does not hold, as the index or their heads describe them.
    pub sections: Vec<Section>,
}

impl Damage {
    /// True if nothing is lost.
    pub fn is_none(&self) -> bool {
        !self.front && self.end.is_none() && self.sections.is_empty()
    }
}

/// A reader of all sections that are whole, and what is lost. Each byte is read once.
///
/// With a sound index, damage costs only the sections it hit. Without one, the walk steps over damaged sections by their
/// claimed lengths, and ends where no section can begin.
///
/// # Errors
/// What is wrong with the front of a file that has no sound end either; versions and limits as [`Reader::open`].
pub fn remains<B: Bytes>(bytes: B, limits: Limits) -> Result<(Reader<B>, Damage), ReadError> {
    let front = frame::check_header(&bytes);
    let listed = reader::listed(&bytes, limits);
    let mut damage = Damage::default();
    let version = match (front, &listed) {
        (Ok(version), _) => version,
        (Err(ReadError::Corrupt { .. } | ReadError::NotAnArchive), Ok(_)) => {
            damage.front = true;
            VERSION
        }
        (Err(error), _) => return Err(error),
    };
    let found = match listed {
        Ok(sections) => sections,
        Err(error @ (ReadError::OverLimit { .. } | ReadError::Io(_))) => return Err(error),
        Err(error) => {
            damage.end = Some(error);
            walked(&bytes, limits)
        }
    };
    let mut whole = Vec::with_capacity(found.len());
    for section in found {
        let sound = Section::is_free_kind(section.kind) && matches!(is_whole(&bytes, &section), Ok(true));
        if sound { whole.push(section) } else { damage.sections.push(section) }
    }
    Ok((Reader::of_sections(bytes, limits, version, whole), damage))
}

/// The sections from the front of the file, as their heads claim.
fn walked(bytes: &impl Bytes, limits: Limits) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut at = HEADER_BYTES;
    while (sections.len() as u64) < limits.sections {
        match section_at(bytes, at, Region::Index) {
            Ok(section) if Section::is_free_kind(section.kind) => {
                at = section.end();
                sections.push(section);
            }
            _ => break,
        }
    }
    sections
}

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

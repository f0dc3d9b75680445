//! NumPy files: `.npy`, one array, and `.npz`, a zip of arrays.
//!
//! In: a file. Out: its [`Layout`]: one table per array; a deflated member of a zip is one block.
//! Not here: joining arrays of one length (`crate::alongside`), zip directories (`crate::zip`), headers and dtypes (`header`, `record`, `literal`).
//! Holds: of array data nothing is read but the front of deflated members, to learn their header.
//! Source: `numpy/lib/format.py` and `numpy.savez`.

mod header;
mod literal;
mod record;

use crate::zip::{self, Member, Method};
use crate::{Block, Content, ContentCheck, Extent, Layout, Part, Place, Source};
use flate2::{Decompress, FlushDecompress};
use header::{Front, Header};
use hepz_recompression::Step;
use std::collections::BTreeSet;
use std::io;

/// The layout of a `.npy` or `.npz` file; `None` if it is neither.
///
/// # Errors
/// Whatever reading says.
pub fn layout(source: &dyn Source) -> io::Result<Option<Layout>> {
    let mut magic = [0; 6];
    if source.len() < magic.len() as u64 {
        return Ok(None);
    }
    source.read_at(0, &mut magic)?;
    if &magic == header::MAGIC {
        return single(source).map(Some);
    }
    if magic.starts_with(zip::MEMBER_MAGIC) {
        return archive(source);
    }
    Ok(None)
}

/// A `.npy` file.
fn single(source: &dyn Source) -> io::Result<Layout> {
    let mut layout = Layout { format: "npy", ..Layout::default() };
    match header_in(source, 0, source.len(), "")? {
        Ok(header) => {
            let data_bytes = source.len().saturating_sub(header.data_at as u64);
            match place(&mut layout, header, data_bytes, Place::File) {
                Ok(0) => {}
                Ok(rest) => layout.notes.push(format!("{rest} bytes follow the array")),
                Err(refusal) => layout.notes.push(format!("read as plain bytes: {refusal}")),
            }
        }
        Err(refusal) => layout.notes.push(format!("read as plain bytes: {refusal}")),
    }
    Ok(layout)
}

/// A zip of `.npy` files; `None` if it holds none.
fn archive(source: &dyn Source) -> io::Result<Option<Layout>> {
    let Some(mut members) = zip::members(source)? else { return Ok(None) };
    members.retain(|member| member.name.ends_with(".npy"));
    if members.is_empty() {
        return Ok(None);
    }
    let mut layout = Layout { format: "npz", ..Layout::default() };
    let mut names = BTreeSet::new();
    let mut free_from = 0;
    let mut data = Vec::new();
    for member in &members {
        let name = member.name.strip_suffix(".npy").unwrap_or(&member.name);
        let Some(data_at) = zip::data_at(source, member)?.filter(|&at| at >= free_from) else {
            layout.notes.push(format!("array {name} stays as it is: its zip entry is odd"));
            continue;
        };
        if !names.insert(name) {
            layout.notes.push(format!("a second array {name} stays as it is"));
            continue;
        }
        match array(source, member, data_at, name, &mut layout)? {
            Ok(rest) => {
                free_from = data_at + member.stored_bytes;
                data.push(data_at..free_from);
                let content = match (member.method, layout.blocks.len().checked_sub(1)) {
                    (Method::Deflated, Some(last)) => Content::Block(last as u32),
                    _ => Content::File { at: data_at, bytes: member.stored_bytes },
                };
                let crc32_at = zip::crc32_at(source, member, data_at)?;
                layout.checks.push(ContentCheck { content, crc32_at });
                if rest > 0 {
                    layout.notes.push(format!("{rest} bytes follow array {name}"));
                }
            }
            Err(refusal) => layout.notes.push(format!("array {name} stays as it is: {refusal}")),
        }
    }
    // In odd files a directory lies in the data of a member; a sum there is content.
    for check in &mut layout.checks {
        check.crc32_at.retain(|&at| {
            let before = data.partition_point(|run| run.start < at.saturating_add(4));
            before == 0 || data[before - 1].end <= at
        });
    }
    Ok(Some(layout))
}

/// Adds the array of one member; gives the number of bytes that follow it.
fn array(
    source: &dyn Source,
    member: &Member,
    data_at: u64,
    name: &str,
    layout: &mut Layout,
) -> io::Result<Result<u64, &'static str>> {
    match member.method {
        Method::Stored => {
            let header = match header_in(source, data_at, member.stored_bytes, name)? {
                Ok(header) => header,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let data_bytes = member.stored_bytes.saturating_sub(header.data_at as u64);
            Ok(place(layout, header, data_bytes, |at| Place::File(data_at + at)))
        }
        Method::Deflated => {
            let header = match header_deflated(source, data_at, member, name)? {
                Ok(header) => header,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let data_bytes = member.plain_bytes.saturating_sub(header.data_at as u64);
            let block = layout.blocks.len() as u32;
            let placed = place(layout, header, data_bytes, |at| Place::Block { block, at });
            if placed.is_ok() {
                layout.blocks.push(Block {
                    at: data_at,
                    bytes: member.stored_bytes,
                    plain_bytes: member.plain_bytes,
                    pipeline: vec![Step::Deflate],
                });
            }
            Ok(placed)
        }
        Method::Other => Ok(Err("its compression is not known")),
    }
}

/// Adds a table whose data lie from `header.data_at` on, `data_bytes` of them; gives the number of bytes left over.
fn place(
    layout: &mut Layout,
    header: Header,
    data_bytes: u64,
    place_of: impl Fn(u64) -> Place,
) -> Result<u64, &'static str> {
    let table = header.table;
    let wanted = table.rows.checked_mul(u64::from(table.row_bytes)).ok_or("its shape is too large")?;
    let rest = data_bytes.checked_sub(wanted).ok_or("its data are cut")?;
    if table.rows > 0 {
        layout.extents.push(Extent {
            place: place_of(header.data_at as u64),
            table: layout.tables.len() as u32,
            part: Part::Records,
            first_row: 0,
            rows: table.rows,
        });
    }
    layout.tables.push(table);
    Ok(rest)
}

/// The header at byte `at` of the file, in a run of `bytes`.
fn header_in(
    source: &dyn Source,
    at: u64,
    bytes: u64,
    name: &str,
) -> io::Result<Result<Header, &'static str>> {
    let mut wanted = 12;
    loop {
        let mut front = vec![0; bytes.min(wanted as u64) as usize];
        source.read_at(at, &mut front)?;
        match header::read(&front, name) {
            Front::Header(header) => return Ok(Ok(header)),
            Front::Odd(refusal) => return Ok(Err(refusal)),
            Front::Needs(more) if more as u64 <= bytes => wanted = more,
            Front::Needs(_) => return Ok(Err("its NumPy header is cut")),
        }
    }
}

/// The header at the front of a deflated member.
fn header_deflated(
    source: &dyn Source,
    data_at: u64,
    member: &Member,
    name: &str,
) -> io::Result<Result<Header, &'static str>> {
    const PIECE_BYTES: u64 = 4_096;
    let mut inflate = Decompress::new(false);
    let (mut front, mut wanted, mut read) = (Vec::new(), 12, 0);
    let mut piece = Vec::new();
    loop {
        match header::read(&front, name) {
            Front::Header(header) => return Ok(Ok(header)),
            Front::Odd(refusal) => return Ok(Err(refusal)),
            Front::Needs(more) => wanted = wanted.max(more),
        }
        if piece.is_empty() {
            piece.resize(PIECE_BYTES.min(member.stored_bytes - read) as usize, 0);
            source.read_at(data_at + read, &mut piece)?;
            read += piece.len() as u64;
        }
        // `wanted` is at most a header, so this stays small whatever the file claims.
        front.reserve_exact(wanted.saturating_sub(front.len()));
        let (taken_before, made_before) = (inflate.total_in(), front.len());
        let inflated = inflate.decompress_vec(&piece, &mut front, FlushDecompress::None);
        let taken = (inflate.total_in() - taken_before) as usize;
        if inflated.is_err() || (taken == 0 && front.len() == made_before) {
            return Ok(Err("its deflate stream is cut or odd"));
        }
        piece.drain(..taken.min(piece.len()));
    }
}

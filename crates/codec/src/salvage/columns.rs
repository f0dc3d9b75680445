//! Salvage of columns: rows of good chunks and bytes of good pieces at their places, zeros between.
//!
//! In: sections that are whole. Out: the file, with what is lost as zeros.
//! Not here: decoding a chunk (`decompress`), plain bytes and events (the modules above and beside).
//! Holds: a compressed block is closed again only if all of its content is there. Of one that is not, the length is
//! known if a key of ROOT stands before it, or if it is the only one; else it is an estimate, and what follows is not in
//! its place.

use super::places::Ranges;
use super::{LostRows, LostSection, Output, Rescue};
use crate::chunks::Shelf;
use crate::decompress::workers;
use crate::frames::Reframing;
use crate::image::Gaps;
use crate::places::{OpenBlock, OpenFrame};
use crate::schema::Schema;
use crate::sections::Kind;
use crate::spool::{Append, Spool};
use crate::sums::STEP_BYTES;
use crate::{ArchiveError, DecompressOptions};
use hepz_container::wire::Cursor;
use hepz_formats::delimited::UnfoldError;
use std::io::Write;
use std::ops::Range;

/// Bytes of a key of ROOT without its names, and the longest that is looked for.
const KEY_BYTES: std::ops::RangeInclusive<u64> = 26..=512;

/// What stands for a block in the file.
enum Closed {
    /// Its bytes: so many, in the spool of closed blocks.
    Bytes(u64),
    /// It is lost; its length, if a key says it.
    Lost(Option<u64>),
}

impl Rescue<'_> {
    /// Writes the file.
    pub(super) fn columns(
        &mut self,
        output: &mut Output<'_>,
        options: &DecompressOptions<'_>,
    ) -> Result<(), ArchiveError> {
        self.require(Kind::Schema)?;
        self.archive.read_schema(None)?;
        let Some(schema) = self.archive.schema.take() else { return Ok(()) };
        let restored = self.restore(&schema, options);
        self.archive.schema = Some(schema.clone());
        let (image, lost) = restored?;
        let table_lost = ["csv", "tsv", "text table"].contains(&self.report.format.as_str());
        if self.has(Kind::TextTable) || self.is_lost(Kind::TextTable) || table_lost {
            self.require(Kind::TextTable)?;
            return self.print(&image, &lost, output);
        }
        self.close(&schema, &image, &lost, output)
    }

    /// The image with everything that is left, and the ranges of it that are not.
    fn restore(
        &mut self,
        schema: &Schema,
        options: &DecompressOptions<'_>,
    ) -> Result<(Spool, Ranges), ArchiveError> {
        let mut image = Spool::new();
        if schema.image_bytes > self.archive.limits.output_bytes.saturating_mul(2) {
            let (wanted, allowed) = (schema.image_bytes, self.archive.limits.output_bytes);
            return Err(ArchiveError::OverLimit { limit: "output bytes", wanted, allowed });
        }
        let mut lost = self.skeleton(schema, &mut image)?;
        if !schema.tables.is_empty() {
            self.require(Kind::Header)?;
            self.require(Kind::Plan)?;
            self.chunks(schema, &mut image, &mut lost, options)?;
        }
        if image.len() < schema.image_bytes {
            image.write_at(schema.image_bytes - 1, &[0]).map_err(ArchiveError::Write)?;
        }
        Ok((image, Ranges::new(lost)))
    }

    /// Puts the pieces of the skeleton to their places.
    fn skeleton(&mut self, schema: &Schema, image: &mut Spool) -> Result<Vec<Range<u64>>, ArchiveError> {
        let gaps = Gaps::new(&schema.runs, &schema.tables, schema.image_bytes);
        let mut missing = Vec::new();
        let first = std::mem::take(&mut self.archive.skeleton);
        let mut put = |from: u64, piece: &[u8]| {
            gaps.visit(from, piece.len(), |at, range| image.write_at(at, &piece[range]))
                .map_err(ArchiveError::Write)
        };
        put(0, &first)?;
        let mut next = first.len() as u64;
        let numbers: Vec<usize> = self.archive.numbers(Kind::Skeleton).collect();
        for number in numbers {
            let from = self.archive.sections().get(number).map_or(0, |section| section.tag);
            let Some(piece) = self.piece(number)? else { continue };
            let end = from + piece.len() as u64;
            if from < next || end > gaps.bytes() {
                return Err(ArchiveError::corrupt(
                    "skeleton",
                    self.archive.at(number),
                    "a piece has no place",
                ));
            }
            missing.push(next..from);
            put(from, &piece)?;
            next = end;
        }
        missing.push(next..gaps.bytes());
        let mut lost = Vec::new();
        for range in missing.into_iter().filter(|range| range.start < range.end) {
            let mut at = range.start;
            while at < range.end {
                let step = (range.end - at).min(1 << 30) as usize;
                let note = |place: u64, part: Range<usize>| {
                    lost.push(place..place + part.len() as u64);
                    Ok::<(), ArchiveError>(())
                };
                gaps.visit(at, step, note)?;
                at += step as u64;
            }
        }
        Ok(lost)
    }

    /// Puts the rows of good chunks to their places.
    fn chunks(
        &mut self,
        schema: &Schema,
        image: &mut Spool,
        lost: &mut Vec<Range<u64>>,
        options: &DecompressOptions<'_>,
    ) -> Result<(), ArchiveError> {
        let (tables, cuts) = (&schema.tables, &schema.cuts);
        // Sections by chunk; one that is not there has a number that no section has.
        let mut numbers = vec![usize::MAX; cuts.chunks as usize];
        for number in self.archive.numbers(Kind::Chunk) {
            let chunk =
                self.archive.sections().get(number).and_then(|section| usize::try_from(section.tag).ok());
            if let Some(place) = chunk.and_then(|chunk| numbers.get_mut(chunk)) {
                *place = number;
            }
        }
        self.archive.chunks = numbers;
        self.archive.schema = Some(schema.clone());
        self.archive.read_plan()?;
        let Some(plan) = self.archive.plan.take() else { return Ok(()) };
        let shelf = Shelf::new(&schema.runs, tables);
        let workers = workers(options)?;
        let known: Vec<u64> = self.lost_numbers(Kind::Chunk);
        for chunk in 0..cuts.chunks {
            let there = self.archive.chunks.get(chunk as usize).is_some_and(|&number| number != usize::MAX);
            if there {
                match workers.run(|| self.archive.decode_chunk(&plan, schema, chunk, None)) {
                    Ok(slice) => {
                        let rows = cuts.chunk(tables, chunk);
                        shelf.scatter(image, tables, &rows, &slice).map_err(ArchiveError::Write)?;
                        continue;
                    }
                    Err(ArchiveError::Corrupt { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            if !known.contains(&chunk) {
                let kind = Kind::Chunk.name();
                self.report.sections.push(LostSection { kind, number: chunk, at: None });
            }
            for (index, table) in tables.iter().enumerate() {
                let rows = cuts.rows(tables, index, chunk);
                lost.extend(places_of(schema, index, &rows));
                match self.report.rows.iter_mut().rev().find(|lost| lost.table == table.name) {
                    Some(last) if last.rows.end == rows.start => last.rows.end = rows.end,
                    _ if rows.start < rows.end => {
                        self.report.rows.push(LostRows { table: table.name.clone(), rows });
                    }
                    _ => {}
                }
            }
        }
        self.archive.plan = Some(plan);
        Ok(())
    }

    fn lost_numbers(&self, kind: Kind) -> Vec<u64> {
        let lost = self.damage.sections.iter().filter(|section| section.kind == kind.id());
        lost.map(|section| section.tag).collect()
    }

    /// Prints a text table; lost rows are printed as zeros.
    fn print(&mut self, image: &Spool, lost: &Ranges, output: &mut Output<'_>) -> Result<(), ArchiveError> {
        self.archive.text_table = self.archive.read_text_table()?;
        let Some(table) = self.archive.text_table.clone() else { return Ok(()) };
        if lost.iter().next().is_some() {
            output.exact = false;
            self.note("lost rows are printed as zeros, so what follows them is not in its place");
        }
        match table.unfold(image, &mut |bytes| output.write(bytes)) {
            Ok(()) => Ok(()),
            Err(UnfoldError::Read(error)) => Err(ArchiveError::Io(error)),
            Err(UnfoldError::Take(error)) => Err(error),
            Err(_) => {
                output.lost(0, false);
                self.note("what says how rows are printed is lost, too; nothing after the last line could be given back");
                Ok(())
            }
        }
    }

    /// Closes the blocks whose content is there, and hands on the file.
    fn close(
        &mut self,
        schema: &Schema,
        image: &Spool,
        lost: &Ranges,
        output: &mut Output<'_>,
    ) -> Result<(), ArchiveError> {
        let framed = &schema.framed;
        let recipes = self.recipes(framed.blocks.len())?;
        let frames = Reframing::new(image, &schema.tables, &schema.runs, framed, self.archive.limits);
        let mut spool = Spool::new();
        let (mut blocks, mut known_bytes, mut lost_plain) = (Vec::new(), 0u64, 0u64);
        let mut closed_plain = 0u64;
        let mut at = 0;
        for (index, (&block, recipe)) in framed.blocks.iter().zip(&recipes).enumerate() {
            known_bytes += block.at - at;
            at = block.at + block.plain_bytes;
            let of_block = |frame: &&OpenFrame| frame.block as usize == index;
            let from = framed.frames.partition_point(|frame| (frame.block as usize) < index);
            let mut own = framed.frames.get(from..).unwrap_or_default().iter().take_while(of_block);
            let tainted = lost.touch(block.at..at) || own.any(|frame| offsets_lost(schema, frame, lost));
            let (wanted, allowed) = (block.plain_bytes.saturating_mul(2), self.archive.limits.memory_bytes);
            if wanted > allowed {
                return Err(ArchiveError::OverLimit { limit: "memory for one block", wanted, allowed });
            }
            let closed = recipe.as_ref().filter(|_| !tainted).and_then(|recipe| {
                let content = frames.content(index, block).ok()?;
                hepz_recompression::close(&content, recipe).ok()
            });
            blocks.push(match closed {
                Some(stored) => {
                    known_bytes += stored.len() as u64;
                    closed_plain += block.plain_bytes;
                    Append(&mut spool).write_all(&stored).map_err(ArchiveError::Write)?;
                    Closed::Bytes(stored.len() as u64)
                }
                None => {
                    let length = key_before(image, lost, block);
                    known_bytes += length.unwrap_or(0);
                    lost_plain += if length.is_none() { block.plain_bytes } else { 0 };
                    Closed::Lost(length)
                }
            });
        }
        let end = schema.image_bytes - framed.structure_bytes;
        known_bytes += end.saturating_sub(at);
        // What the lost blocks of unknown length have together, if that is known.
        let mut left = self.has_sums.then(|| self.archive.sums.bytes.saturating_sub(known_bytes));
        let mut unknown = blocks.iter().filter(|block| matches!(block, Closed::Lost(None))).count();
        // Those that touch are one: where it begins and ends is known.
        let lost_at = |index: usize| matches!(blocks.get(index), Some(Closed::Lost(None)));
        let touches = |index: usize| {
            let before = index.checked_sub(1).filter(|&before| lost_at(before));
            let before = before.and_then(|before| framed.blocks.get(before));
            before.zip(framed.blocks.get(index)).is_some_and(|(a, b)| a.at + a.plain_bytes == b.at)
        };
        let alone = (0..blocks.len()).filter(|&index| lost_at(index) && !touches(index)).count() == 1;
        let (mut at, mut spooled) = (0, 0);
        for (block, closed) in framed.blocks.iter().zip(&blocks) {
            copy(image, at..block.at, lost, output)?;
            at = block.at + block.plain_bytes;
            match *closed {
                Closed::Bytes(bytes) => {
                    copy(&spool, spooled..spooled + bytes, &Ranges::default(), &mut *output)?;
                    spooled += bytes;
                }
                Closed::Lost(Some(bytes)) => output.zeros(bytes, true)?,
                Closed::Lost(None) => {
                    unknown -= 1;
                    let share = |left: u64| {
                        u128::from(left) * u128::from(block.plain_bytes) / u128::from(lost_plain.max(1))
                    };
                    let bytes = match left {
                        Some(left) if unknown == 0 => left,
                        Some(left) => share(left) as u64,
                        // As the blocks that are there.
                        None if closed_plain > 0 => {
                            let stored = u128::from(block.plain_bytes) * u128::from(spool.len());
                            (stored / u128::from(closed_plain)) as u64
                        }
                        None => block.plain_bytes,
                    };
                    lost_plain -= block.plain_bytes.min(lost_plain);
                    left = left.map(|left| left - bytes);
                    output.zeros(bytes, alone && self.has_sums)?;
                    // Behind the last one everything is in its place again.
                    output.exact = (alone || unknown == 0) && self.has_sums;
                }
            }
        }
        if !alone && blocks.iter().any(|block| matches!(block, Closed::Lost(None))) {
            self.note(
                "lengths of lost compressed blocks are estimates: between them bytes may be out of place",
            );
        }
        copy(image, at..end, lost, output)
    }

    /// What it takes to close each block; none where that is lost.
    fn recipes(&mut self, count: usize) -> Result<Vec<Option<Vec<u8>>>, ArchiveError> {
        let mut recipes: Vec<Option<Vec<u8>>> = vec![None; count];
        let numbers: Vec<usize> = self.archive.numbers(Kind::Recipes).collect();
        for number in numbers {
            let first = self.archive.sections().get(number).and_then(|s| usize::try_from(s.tag).ok());
            let together = match self.archive.unpacked(number, self.archive.limits.memory_bytes / 4) {
                Ok(together) => together,
                Err(ArchiveError::Corrupt { .. }) => {
                    self.lose(Kind::Recipes, number);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut cursor = Cursor::new(&together);
            for place in recipes.iter_mut().skip(first.unwrap_or(count)) {
                match cursor.prefixed() {
                    Ok(recipe) => *place = Some(recipe.to_vec()),
                    Err(_) => break,
                }
            }
        }
        Ok(recipes)
    }
}

/// Where rows of a table lie in the image.
fn places_of(schema: &Schema, table: usize, rows: &Range<u64>) -> Vec<Range<u64>> {
    let runs = schema.runs.iter().filter(|run| run.table as usize == table);
    let within = runs.filter_map(|run| {
        let width = run.row_bytes(&schema.tables);
        let (from, to) = (rows.start.max(run.first_row), rows.end.min(run.first_row + run.rows));
        (from < to).then(|| run.at + (from - run.first_row) * width..run.at + (to - run.first_row) * width)
    });
    within.collect()
}

/// True if offsets that a frame is made of are lost.
fn offsets_lost(schema: &Schema, frame: &OpenFrame, lost: &Ranges) -> bool {
    let Some(shape) = schema.framed.shapes.get(frame.shape as usize) else { return true };
    // Deeper ones are found out where they do not fit what the frame holds.
    let Some(&table) = shape.tables().first() else { return false };
    let end = frame.rows.first.saturating_add(frame.rows.count).saturating_add(1);
    let rows = frame.rows.first.min(frame.rows.base)..end;
    places_of(schema, table as usize, &rows).into_iter().any(|place| lost.touch(place))
}

/// The length of a block by the key of ROOT that stands before it: length of key and block, version, length of the
/// object, time, length of the key.
fn key_before(image: &Spool, lost: &Ranges, block: OpenBlock) -> Option<u64> {
    let from = block.at.saturating_sub(*KEY_BYTES.end());
    let mut before = vec![0; (block.at - from) as usize];
    image.read_at(from, &mut before).ok()?;
    let number = |at: usize, bytes: usize| {
        Some(before.get(at..at + bytes)?.iter().fold(0u64, |number, &byte| number << 8 | u64::from(byte)))
    };
    let key = KEY_BYTES.take_while(|&bytes| bytes <= block.at - from).find_map(|key| {
        let at = before.len() - key as usize;
        let version = number(at + 4, 2)?;
        let length = number(at, 4)?.checked_sub(key)?;
        let sound = number(at + 14, 2)? == key && (2..=1005).contains(&version) && length > 0;
        (sound && !lost.touch(block.at - key..block.at)).then_some(length)
    })?;
    (key < 1 << 30).then_some(key)
}

/// Hands on a part of an image; what is lost of it is noted.
fn copy(image: &Spool, part: Range<u64>, lost: &Ranges, output: &mut Output<'_>) -> Result<(), ArchiveError> {
    let mut buffer = vec![0; part.end.saturating_sub(part.start).min(STEP_BYTES as u64) as usize];
    let mut at = part.start;
    let mut write = |range: Range<u64>, output: &mut Output<'_>| {
        let mut at = range.start;
        while at < range.end {
            let step = (range.end - at).min(STEP_BYTES as u64) as usize;
            image.read_at(at, &mut buffer[..step]).map_err(ArchiveError::Io)?;
            output.write(&buffer[..step])?;
            at += step as u64;
        }
        Ok::<(), ArchiveError>(())
    };
    for range in lost.within(part.clone()) {
        write(at..range.start, output)?;
        output.zeros(range.end - range.start, true)?;
        at = range.end;
    }
    write(at..part.end, output)
}

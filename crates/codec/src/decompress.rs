//! Decompressing: an archive to the file it was made of.
//!
//! In: an open [`Archive`]. Out: the file's bytes, in order, checked by length, adler32 and SHA-256.
//! Not here: single columns (`read`), comparing with a source (`verify`).
//! Holds: memory for a few chunks; an image beyond 64 MiB lies in the output file or in a temporary one.

use crate::chunks::Shelf;
use crate::frames::Reframing;
use crate::image::Gaps;
use crate::options::Stage;
use crate::packing::FRAME_BYTES;
use crate::part::PartFile;
use crate::plan::{Plan, Slice};
use crate::schema::Schema;
use crate::sections::Kind;
use crate::spool::Spool;
use crate::sums::{RunningSums, STEP_BYTES, Sums};
use crate::workers::Workers;
use crate::{Archive, ArchiveError, ColumnId, DecompressOptions, streams};
use hepz_container::wire::Cursor;
use rayon::prelude::*;
use std::io::{self, Write};
use std::path::Path;

/// A chunk in work takes about this many times its plain bytes.
const CHUNK_FACTOR: u64 = 4;
/// Plain content of blocks that are closed side by side.
const CLOSE_BYTES: u64 = 32 << 20;

/// Takes the bytes of the file, in order.
pub(crate) type Take<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), ArchiveError>;

/// Takes pieces of the skeleton: number of the first byte, bytes.
type Visit<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), ArchiveError>;

impl Archive<'_> {
    /// Writes the original file, checked by its sums.
    ///
    /// # Errors
    /// On any error what was written so far is to be thrown away.
    pub fn decompress(
        &self,
        sink: &mut dyn Write,
        options: &DecompressOptions<'_>,
    ) -> Result<(), ArchiveError> {
        self.emit(&mut |bytes| sink.write_all(bytes).map_err(ArchiveError::Write), options)?;
        sink.flush().map_err(ArchiveError::Write)
    }

    /// Writes the original file under a name that appears only when it is whole.
    ///
    /// # Errors
    /// On any error nothing is left behind.
    pub fn decompress_to_file(
        &self,
        path: impl AsRef<Path>,
        options: &DecompressOptions<'_>,
    ) -> Result<(), ArchiveError> {
        self.models()?;
        let part = PartFile::beside(path.as_ref()).map_err(ArchiveError::Write)?;
        match &self.schema {
            // Without open blocks the image is the file, so values are written to their places at once.
            Some(schema) if schema.framed.blocks.is_empty() && self.text_table.is_none() => {
                let mut image = Spool::over(part.file().map_err(ArchiveError::Write)?);
                let workers = workers(options)?;
                self.restore(schema, &mut image, &workers, options)?;
                self.close_blocks(schema, &image, &workers, &mut |_| Ok(()), options)?;
            }
            _ => {
                let mut sink = io::BufWriter::new(part.file().map_err(ArchiveError::Write)?);
                self.decompress(&mut sink, options)?;
            }
        }
        part.keep().map_err(ArchiveError::Write)
    }

    /// Decodes everything and checks every sum; writes nothing.
    ///
    /// # Errors
    /// What decompressing would meet.
    pub fn test(&self, options: &DecompressOptions<'_>) -> Result<(), ArchiveError> {
        self.emit(&mut |_| Ok(()), options)
    }

    /// Hands the file's bytes to `take`, in order, and checks their sums at the end.
    pub(crate) fn emit(&self, take: Take<'_>, options: &DecompressOptions<'_>) -> Result<(), ArchiveError> {
        if self.refinement.is_some() {
            return Err(ArchiveError::IsRefinement);
        }
        // A model that is missing is noticed before anything is written.
        self.models()?;
        let workers = workers(options)?;
        if let Some(format) = &self.event_format {
            let mut sums = RunningSums::new();
            let mut hand_on = |bytes: &[u8]| {
                sums.update(bytes);
                take(bytes)
            };
            let mut text = Spool::new();
            let total = match &self.rewrap {
                Some(rewrap) => self.check_wrapper(rewrap)?,
                None => self.sums.bytes,
            };
            let mut done = 0;
            self.event_text(format, &workers, &mut |bytes| {
                done += bytes.len() as u64;
                if let Some(progress) = options.progress {
                    progress.advance(Stage::Code, done, total);
                }
                match &self.rewrap {
                    None => hand_on(bytes),
                    Some(_) if done > total => {
                        Err(ArchiveError::corrupt("wrapper", 0, "the text is longer than it says"))
                    }
                    Some(_) => text.write_at(text.len(), bytes).map_err(ArchiveError::Write),
                }
            })?;
            if let Some(rewrap) = &self.rewrap {
                self.wrap(rewrap, &text, &mut hand_on)?;
            }
            return sums.finish().check(self.sums);
        }
        match &self.schema {
            Some(schema) => {
                let mut image = Spool::of_bytes(schema.image_bytes);
                self.restore(schema, &mut image, &workers, options)?;
                match &self.text_table {
                    Some(table) => self.print_table(table, &image, take, options),
                    None => self.close_blocks(schema, &image, &workers, take, options),
                }
            }
            None => {
                let mut sums = RunningSums::new();
                self.pieces(self.sums.bytes, &workers, &mut |_, bytes| {
                    sums.update(bytes);
                    take(bytes)
                })?;
                sums.finish().check(self.sums)
            }
        }
    }

    /// Writes skeleton and columns to their places in the image.
    fn restore(
        &self,
        schema: &Schema,
        image: &mut Spool,
        workers: &Workers,
        options: &DecompressOptions<'_>,
    ) -> Result<(), ArchiveError> {
        self.restore_with(schema, image, workers, options, &|_, slice| Ok(slice))
    }

    /// The same, where `refine` makes what is written of each chunk.
    pub(crate) fn restore_with(
        &self,
        schema: &Schema,
        image: &mut Spool,
        workers: &Workers,
        options: &DecompressOptions<'_>,
        refine: &(dyn Fn(u64, Slice) -> Result<Slice, ArchiveError> + Sync),
    ) -> Result<(), ArchiveError> {
        // Prices are not needed, but damage there is worth knowing.
        self.numbers(Kind::Prices).try_for_each(|number| self.payload(number).map(drop))?;
        let gaps = Gaps::new(&schema.runs, &schema.tables, schema.image_bytes);
        self.pieces(gaps.bytes(), workers, &mut |from, bytes| {
            gaps.visit(from, bytes.len(), |at, range| image.write_at(at, &bytes[range]))
                .map_err(ArchiveError::Write)
        })?;
        let Some(plan) = &self.plan else { return Ok(()) };
        let (tables, cuts) = (&schema.tables, &schema.cuts);
        let shelf = Shelf::new(&schema.runs, tables);
        let total = crate::chunks::total_bytes(tables);
        let mut done = 0;
        let numbers: Vec<u64> = (0..cuts.chunks).collect();
        for batch in numbers.chunks(self.in_flight(schema, workers)?) {
            let decode = |&chunk: &u64| refine(chunk, self.decode_chunk(plan, schema, chunk, None)?);
            let slices: Vec<Result<Slice, ArchiveError>> =
                workers.run(|| batch.par_iter().map(decode).collect());
            for (&chunk, slice) in batch.iter().zip(slices) {
                shelf
                    .scatter(image, tables, &cuts.chunk(tables, chunk), &slice?)
                    .map_err(ArchiveError::Write)?;
                done += cuts.chunk_bytes(tables, chunk);
            }
            if let Some(progress) = options.progress {
                progress.advance(Stage::Code, done, total);
            }
        }
        Ok(())
    }

    /// Decodes the wanted columns of one chunk (all if `None`).
    pub(crate) fn decode_chunk(
        &self,
        plan: &Plan,
        schema: &Schema,
        chunk: u64,
        wanted: Option<&[ColumnId]>,
    ) -> Result<Slice, ArchiveError> {
        let (tables, cuts) = (&schema.tables, &schema.cuts);
        self.check_chunk(schema, chunk)?;
        let number = self.chunks.get(chunk as usize).copied();
        let number = number.ok_or_else(|| ArchiveError::corrupt("chunk", 0, "a chunk is missing"))?;
        let corrupt = |what: String| ArchiveError::corrupt("chunk", self.at(number), what);
        let rows: Option<Vec<usize>> = (0..tables.len())
            .map(|table| cuts.rows(tables, table, chunk))
            .map(|rows| rows.end.checked_sub(rows.start).and_then(|rows| usize::try_from(rows).ok()))
            .collect();
        let rows = rows.ok_or_else(|| corrupt("a chunk ends before it begins".into()))?;
        let count = plan.stream_count();
        let payload_bytes = self.sections().get(number).map_or(0, |section| section.bytes);
        let decoded = if let Some(wanted) = wanted {
            let front = (count.saturating_mul(streams::ENTRY_MAX_BYTES) as u64).min(payload_bytes);
            let front = self.part(number, 0..front)?;
            let entries =
                streams::directory(&front, count, payload_bytes).map_err(|e| corrupt(e.what().into()))?;
            let mut held: Vec<Option<Vec<u8>>> = vec![None; count];
            for stream in plan.streams_for(wanted) {
                let (Some(entry), Some(place)) = (entries.get(stream), held.get_mut(stream)) else {
                    return Err(corrupt("the plan names a stream that is not there".into()));
                };
                let bytes = self.part(number, entry.range.clone())?;
                if !entry.holds(&bytes) {
                    return Err(corrupt(format!("the check of stream {stream} does not hold")));
                }
                *place = Some(bytes);
            }
            let streams: Vec<Option<&[u8]>> = held.iter().map(Option::as_deref).collect();
            plan.decode(tables, &rows, &streams, Some(wanted))
        } else {
            let payload = self.payload(number)?;
            let entries =
                streams::directory(&payload, count, payload_bytes).map_err(|e| corrupt(e.what().into()))?;
            let stream =
                |entry: &streams::Entry| payload.get(entry.range.start as usize..entry.range.end as usize);
            let streams: Vec<Option<&[u8]>> = entries.iter().map(stream).collect();
            plan.decode(tables, &rows, &streams, None)
        };
        decoded.map_err(|error| match ArchiveError::plan("chunk", error) {
            ArchiveError::Corrupt { what, .. } => corrupt(what),
            other => other,
        })
    }

    /// Refuses a chunk that would need more memory than allowed.
    fn check_chunk(&self, schema: &Schema, chunk: u64) -> Result<u64, ArchiveError> {
        let wanted = schema.cuts.chunk_bytes(&schema.tables, chunk).saturating_mul(CHUNK_FACTOR);
        let allowed = self.limits.memory_bytes;
        if wanted > allowed {
            return Err(ArchiveError::OverLimit { limit: "memory for one chunk", wanted, allowed });
        }
        Ok(wanted)
    }

    /// How many chunks fit into memory and threads at the same time.
    fn in_flight(&self, schema: &Schema, workers: &Workers) -> Result<usize, ArchiveError> {
        let mut largest = 1;
        for chunk in 0..schema.cuts.chunks {
            largest = self.check_chunk(schema, chunk)?.max(largest);
        }
        Ok(((self.limits.memory_bytes / largest) as usize).clamp(1, workers.in_flight()))
    }

    /// Unpacks the pieces of the skeleton, `bytes` in all, and hands them to `visit` in order.
    fn pieces(&self, bytes: u64, workers: &Workers, visit: Visit<'_>) -> Result<(), ArchiveError> {
        let numbers: Vec<usize> = self.numbers(Kind::Skeleton).collect();
        let mut from = self.skeleton.len() as u64;
        if from > bytes {
            return Err(ArchiveError::corrupt("schema", 0, "skeleton bytes have no place"));
        }
        visit(0, &self.skeleton)?;
        for batch in numbers.chunks(workers.in_flight()) {
            let most = (FRAME_BYTES as u64).min(self.limits.memory_bytes);
            let unpack = |&number: &usize| self.unpacked(number, most);
            let unpacked: Vec<Result<Vec<u8>, ArchiveError>> =
                workers.run(|| batch.par_iter().map(unpack).collect());
            for (&number, piece) in batch.iter().zip(unpacked) {
                let piece = piece?;
                let end = from + piece.len() as u64;
                if self.sections().get(number).is_none_or(|s| s.tag != from) || end > bytes {
                    return Err(ArchiveError::corrupt("skeleton", self.at(number), "a piece has no place"));
                }
                visit(from, &piece)?;
                from = end;
            }
        }
        if from == bytes { Ok(()) } else { Err(ArchiveError::corrupt("skeleton", 0, "a piece is missing")) }
    }

    /// Walks the image and hands on the file: blocks closed again, everything else as it is. Checks the sums.
    fn close_blocks(
        &self,
        schema: &Schema,
        image: &Spool,
        workers: &Workers,
        take: Take<'_>,
        options: &DecompressOptions<'_>,
    ) -> Result<(), ArchiveError> {
        let recipes = self.recipes(schema.framed.blocks.len())?;
        self.close_with(schema, image, workers, take, options, &recipes, self.sums)
    }

    /// The same with other recipes, for a file with other sums.
    #[allow(clippy::too_many_arguments)] // What a base archive has and what its refinement has.
    pub(crate) fn close_with(
        &self,
        schema: &Schema,
        image: &Spool,
        workers: &Workers,
        take: Take<'_>,
        options: &DecompressOptions<'_>,
        recipes: &[Vec<u8>],
        stated: Sums,
    ) -> Result<(), ArchiveError> {
        let frames = Reframing::new(image, &schema.tables, &schema.runs, &schema.framed, self.limits);
        let mut sums = RunningSums::new();
        let mut left = stated.bytes;
        let mut hand_on = |bytes: &[u8]| {
            left = left
                .checked_sub(bytes.len() as u64)
                .ok_or_else(|| ArchiveError::corrupt("original", 0, "the file is longer than it says"))?;
            sums.update(bytes);
            take(bytes)
        };
        let mut at = 0;
        let mut next = 0;
        while next < schema.framed.blocks.len() {
            let mut last = next;
            let mut plain = 0u64;
            while last < schema.framed.blocks.len() && (last == next || plain < CLOSE_BYTES) {
                plain += schema.framed.blocks[last].plain_bytes;
                last += 1;
            }
            if plain > self.limits.memory_bytes / 2 {
                let allowed = self.limits.memory_bytes;
                return Err(ArchiveError::OverLimit {
                    limit: "memory for one block",
                    wanted: plain * 2,
                    allowed,
                });
            }
            let close = |index: usize| -> Result<Vec<u8>, ArchiveError> {
                let content = frames.content(index, schema.framed.blocks[index])?;
                hepz_recompression::close(&content, &recipes[index])
                    .map_err(|error| ArchiveError::corrupt("recipes", 0, error.to_string()))
            };
            let closed: Vec<Result<Vec<u8>, ArchiveError>> =
                workers.run(|| (next..last).into_par_iter().map(close).collect());
            for (block, stored) in schema.framed.blocks[next..last].iter().zip(closed) {
                copy(image, at, block.at, &mut hand_on)?;
                hand_on(&stored?)?;
                at = block.at + block.plain_bytes;
            }
            next = last;
            if let Some(progress) = options.progress {
                progress.advance(Stage::Restore, at, schema.image_bytes);
            }
        }
        copy(image, at, schema.image_bytes - schema.framed.structure_bytes, &mut hand_on)?;
        sums.finish().check(stated)
    }

    pub(crate) fn recipes(&self, count: usize) -> Result<Vec<Vec<u8>>, ArchiveError> {
        let mut recipes = Vec::new();
        let mut room = self.limits.memory_bytes / 4;
        for number in self.numbers(Kind::Recipes) {
            let corrupt = |what: &str| Err(ArchiveError::corrupt("recipes", self.at(number), what));
            if self.sections().get(number).is_none_or(|s| s.tag != recipes.len() as u64) {
                return corrupt("recipes are missing");
            }
            let together = self.unpacked(number, room)?;
            room -= together.len() as u64;
            let mut cursor = Cursor::new(&together);
            while cursor.remaining() > 0 {
                match cursor.prefixed() {
                    Ok(recipe) if recipes.len() < count => recipes.push(recipe.to_vec()),
                    Ok(_) => return corrupt("more recipes than blocks"),
                    Err(error) => return corrupt(error.what()),
                }
            }
        }
        if recipes.len() == count {
            Ok(recipes)
        } else {
            Err(ArchiveError::corrupt("recipes", 0, "recipes are missing"))
        }
    }
}

pub(crate) fn workers(options: &DecompressOptions<'_>) -> Result<Workers, ArchiveError> {
    Workers::new(options.threads).map_err(|error| ArchiveError::Io(io::Error::other(error)))
}

/// Hands on a part of the image.
fn copy(image: &Spool, mut at: u64, end: u64, take: Take<'_>) -> Result<(), ArchiveError> {
    let mut buffer = vec![0; end.saturating_sub(at).min(STEP_BYTES as u64) as usize];
    while at < end {
        let step = (end - at).min(STEP_BYTES as u64) as usize;
        image.read_at(at, &mut buffer[..step]).map_err(ArchiveError::Io)?;
        take(&buffer[..step])?;
        at += step as u64;
    }
    Ok(())
}

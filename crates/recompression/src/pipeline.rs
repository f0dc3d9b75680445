//! Pipelines: undoing the steps of a block and running them again.
//!
//! In: stored bytes and the steps that made them. Out: plain bytes and a [`Recipe`], or `None`; and back.
//! Not here: the steps themselves (one module each).
//! Holds: a recipe that [`open`] returns was proved step by step; [`close`] never panics and never trusts a length.

use crate::recipe::{Recipe, RecipeError, RecipeReader, put_number};
use crate::{Step, deflate, fletcher32, root, shuffle, zlib};

/// The version of recipes that this program writes; it reads all up to it.
const VERSION: u8 = 1;

/// Steps that a recipe may have: as many as an HDF5 pipeline.
const MOST_STEPS: usize = 32;

/// Step numbers in recipes, in the low half of a byte. Rows are appended, never changed.
mod step_id {
    pub(super) const SHUFFLE: u8 = 1;
    pub(super) const DEFLATE: u8 = 2;
    pub(super) const ZLIB: u8 = 3;
    pub(super) const FLETCHER32: u8 = 4;
    pub(super) const ROOT_BLOCKS: u8 = 5;
    /// Added to a step number: the stored checksum is not the right one, and follows.
    pub(super) const CHECKSUM_KEPT: u8 = 0x10;
}

/// A block, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The plain bytes.
    pub plain: Vec<u8>,
    /// What it takes to make the stored bytes of them.
    pub recipe: Recipe,
}

/// Undoes `pipeline` on `stored`.
///
/// `None` if the plain bytes are not exactly `plain_bytes` long, if the stored bytes cannot be made again exactly, or
/// if the recipe would be longer than half of them: the block then stays as it is.
pub fn open(pipeline: &[Step], stored: &[u8], plain_bytes: usize) -> Option<Opened> {
    if pipeline.len() > MOST_STEPS {
        return None;
    }
    // Deflating cannot add more than this to what it was given; nested deflate steps are rare and small.
    let steps_of = |wanted: &[Step]| pipeline.iter().filter(|step| wanted.contains(step)).count();
    let slack = if steps_of(&[Step::Deflate, Step::Zlib]) > 1 { plain_bytes / 8 + 1_024 } else { 0 };
    let most_bytes = plain_bytes.checked_add(4 * steps_of(&[Step::Fletcher32]))?.checked_add(slack)?;

    let mut undone = None::<Vec<u8>>;
    let mut recipes = Vec::with_capacity(pipeline.len());
    for step in pipeline.iter().rev() {
        let (inner, recipe) = undo(*step, undone.as_deref().unwrap_or(stored), most_bytes)?;
        recipes.push(recipe);
        undone = Some(inner);
    }
    let plain = undone.unwrap_or_else(|| stored.to_vec());
    let mut recipe = vec![VERSION, pipeline.len() as u8];
    for step in recipes.iter().rev() {
        recipe.extend_from_slice(step);
    }
    (plain.len() == plain_bytes && recipe.len() <= stored.len() / 2).then_some(Opened { plain, recipe })
}

/// Undoes one step and proves that it can be done again.
fn undo(step: Step, stored: &[u8], most_bytes: usize) -> Option<(Vec<u8>, Recipe)> {
    match step {
        Step::Shuffle { element_bytes } => {
            let mut recipe = vec![step_id::SHUFFLE];
            put_number(&mut recipe, u64::from(element_bytes));
            Some((shuffle::inverse(stored, element_bytes), recipe))
        }
        Step::Fletcher32 => {
            let (plain, &checksum) = stored.split_last_chunk()?;
            let mut recipe = vec![step_id::FLETCHER32];
            keep_if_wrong(&mut recipe, checksum, fletcher32::checksum(plain));
            Some((plain.to_vec(), recipe))
        }
        Step::RootBlocks { hint } => {
            let (plain, blocks) = root::blocks::open(stored, most_bytes, hint)?;
            Some((plain, [&[step_id::ROOT_BLOCKS], blocks.as_slice()].concat()))
        }
        Step::Deflate => {
            let inflated = deflate::open(stored, most_bytes, 1..=9)?;
            let recipe = [&[step_id::DEFLATE], inflated.recipe.as_slice()].concat();
            Some((inflated.plain, recipe))
        }
        Step::Zlib => {
            let frame = zlib::take_apart(stored)?;
            let inflated = deflate::open(frame.stream, most_bytes, zlib::levels(frame.header))?;
            let mut recipe = vec![step_id::ZLIB];
            keep_if_wrong(&mut recipe, frame.checksum, zlib::checksum(&inflated.plain));
            recipe.extend_from_slice(&frame.header);
            recipe.extend_from_slice(&inflated.recipe);
            Some((inflated.plain, recipe))
        }
    }
}

/// Marks the step that `recipe` consists of, and appends the stored checksum, unless that is the `right` one.
fn keep_if_wrong(recipe: &mut Recipe, stored: [u8; 4], right: [u8; 4]) {
    if stored != right {
        if let Some(id) = recipe.first_mut() {
            *id |= step_id::CHECKSUM_KEPT;
        }
        recipe.extend_from_slice(&stored);
    }
}

/// Makes the stored bytes of a block again.
///
/// # Errors
/// [`RecipeError`] if the recipe is cut, corrupt, of a later version, or made for other plain bytes. Plain bytes that
/// were changed are not always noticed: that is what checksums of the archive are for.
pub fn close(plain: &[u8], recipe: &[u8]) -> Result<Vec<u8>, RecipeError> {
    let mut reader = RecipeReader::new(recipe);
    let version = reader.byte()?;
    match version {
        0 => return Err(RecipeError::Corrupt { what: "version 0" }),
        VERSION => {}
        _ => return Err(RecipeError::TooNew { version, knows: VERSION }),
    }
    let n_steps = reader.byte()?;
    if usize::from(n_steps) > MOST_STEPS {
        return Err(RecipeError::Corrupt { what: "number of steps" });
    }
    let mut stored = None::<Vec<u8>>;
    for _ in 0..n_steps {
        stored = Some(redo(&mut reader, stored.as_deref().unwrap_or(plain))?);
    }
    reader.finish()?;
    Ok(stored.unwrap_or_else(|| plain.to_vec()))
}

/// Runs the next step of a recipe.
fn redo(reader: &mut RecipeReader<'_>, plain: &[u8]) -> Result<Vec<u8>, RecipeError> {
    let byte = reader.byte()?;
    let id = byte & 0x0f;
    let has_checksum = matches!(id, step_id::ZLIB | step_id::FLETCHER32);
    let kept = match byte & 0xf0 {
        0 => None,
        step_id::CHECKSUM_KEPT if has_checksum => Some(reader.array::<4>()?),
        _ => return Err(RecipeError::Corrupt { what: "step" }),
    };
    match id {
        step_id::SHUFFLE => {
            let element_bytes = reader.number_up_to(u32::MAX, "element size of shuffle")?;
            Ok(shuffle::forward(plain, element_bytes))
        }
        step_id::FLETCHER32 => {
            Ok([plain, kept.unwrap_or_else(|| fletcher32::checksum(plain)).as_slice()].concat())
        }
        step_id::ROOT_BLOCKS => root::blocks::close(plain, reader),
        step_id::DEFLATE => deflated(Vec::new(), plain, reader),
        step_id::ZLIB => {
            let header: [u8; 2] = reader.array()?;
            let mut stored = deflated(header.to_vec(), plain, reader)?;
            stored.extend_from_slice(&kept.unwrap_or_else(|| zlib::checksum(plain)));
            Ok(stored)
        }
        _ => Err(RecipeError::Corrupt { what: "step" }),
    }
}

fn deflated(mut into: Vec<u8>, plain: &[u8], reader: &mut RecipeReader<'_>) -> Result<Vec<u8>, RecipeError> {
    deflate::close(plain, reader, &mut |made| {
        into.extend_from_slice(made);
        true
    })?;
    Ok(into)
}

//! Pipelines: undoing the steps of a block and running them again.
//!
//! In: stored bytes and the steps that made them. Out: plain bytes and a [`Recipe`], or `None`; and back.
//! Not here: the steps themselves (one module each).
//! Holds: a recipe that [`open`] returns was proved step by step; [`close`] never panics and never trusts a length.

use crate::recipe::{Recipe, RecipeError, RecipeReader, put_number};
use crate::{Step, deflate, fletcher32, integers, root, shuffle, xxh3, zlib};

/// The latest version of recipes; this program reads all up to it and writes the lowest that has the steps.
const VERSION: u8 = 3;

/// The version in which padded streams came.
const PADDED_VERSION: u8 = 3;
/// The version in which the steps from [`step_id::ROOT_BLOCKS`] on came.
const BLOCKS_VERSION: u8 = 2;

/// A recipe that blocks of ROOT and padded streams may have, however short they are: files have thousands of blocks
/// whose recipes, packed together, cost next to nothing.
const SHORT_RECIPE_BYTES: usize = 64;

/// Steps that a recipe may have: as many as an HDF5 pipeline.
pub(crate) const MOST_STEPS: usize = 32;

/// Step numbers in recipes, in the low half of a byte. Rows are appended, never changed.
mod step_id {
    pub(super) const SHUFFLE: u8 = 1;
    pub(super) const DEFLATE: u8 = 2;
    pub(super) const ZLIB: u8 = 3;
    pub(super) const FLETCHER32: u8 = 4;
    /// The first step that came with version 2.
    pub(super) const ROOT_BLOCKS: u8 = 5;
    pub(super) const XXH3: u8 = 6;
    pub(super) const ZIGZAG: u8 = 7;
    pub(super) const DELTA: u8 = 8;
    pub(super) const PACKED: u8 = 9;
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
/// if the recipe would be longer than half of them (blocks of ROOT and padded streams: and than 64 bytes): the block
/// then stays as it is.
pub fn open(pipeline: &[Step], stored: &[u8], plain_bytes: usize) -> Option<Opened> {
    if pipeline.len() > MOST_STEPS {
        return None;
    }
    // Deflating cannot add more than this to what it was given; nested deflate steps are rare and small.
    let steps_of = |wanted: &[Step]| pipeline.iter().filter(|step| wanted.contains(step)).count();
    let slack = if steps_of(&[Step::Deflate, Step::Zlib]) > 1 { plain_bytes / 8 + 1_024 } else { 0 };
    let checksum_bytes = 4 * steps_of(&[Step::Fletcher32]) + 8 * steps_of(&[Step::Xxh3]);
    let most_bytes = plain_bytes.checked_add(checksum_bytes)?.checked_add(slack)?;

    let mut undone = None::<Vec<u8>>;
    let mut recipes = Vec::with_capacity(pipeline.len());
    let mut version = 1;
    for step in pipeline.iter().rev() {
        let step = undo(*step, undone.as_deref().unwrap_or(stored), plain_bytes, most_bytes)?;
        version = version.max(step.version());
        recipes.push(step.recipe);
        undone = Some(step.plain);
    }
    let plain = undone.unwrap_or_else(|| stored.to_vec());
    let mut recipe = vec![version, pipeline.len() as u8];
    for step in recipes.iter().rev() {
        recipe.extend_from_slice(step);
    }
    let many =
        version == PADDED_VERSION || pipeline.iter().any(|step| matches!(step, Step::RootBlocks { .. }));
    let most_recipe_bytes = (stored.len() / 2).max(if many { SHORT_RECIPE_BYTES } else { 0 });
    (plain.len() == plain_bytes && recipe.len() <= most_recipe_bytes).then_some(Opened { plain, recipe })
}

/// A step, undone.
struct Undone {
    plain: Vec<u8>,
    /// Begins with the step's number.
    recipe: Recipe,
    /// A stream in it is padded.
    padded: bool,
}

impl Undone {
    /// The first version of recipes that has this.
    fn version(&self) -> u8 {
        let id = self.recipe.first().map_or(0, |id| id & 0x0f);
        match (self.padded, id >= step_id::ROOT_BLOCKS) {
            (true, _) => PADDED_VERSION,
            (false, true) => BLOCKS_VERSION,
            (false, false) => 1,
        }
    }
}

/// Undoes one step and proves that it can be done again.
fn undo(step: Step, stored: &[u8], plain_bytes: usize, most_bytes: usize) -> Option<Undone> {
    let mut padded = false;
    let (plain, recipe) = match step {
        Step::Shuffle { element_bytes } => {
            let mut recipe = vec![step_id::SHUFFLE];
            put_number(&mut recipe, u64::from(element_bytes));
            (shuffle::inverse(stored, element_bytes), recipe)
        }
        Step::Fletcher32 => {
            let (plain, checksum) = stored.split_last_chunk::<4>()?;
            let mut recipe = vec![step_id::FLETCHER32];
            keep_if_wrong(&mut recipe, checksum, &fletcher32::checksum(plain));
            (plain.to_vec(), recipe)
        }
        Step::Xxh3 => {
            let (plain, checksum) = stored.split_last_chunk::<8>()?;
            let mut recipe = vec![step_id::XXH3];
            keep_if_wrong(&mut recipe, checksum, &xxh3::checksum(plain));
            (plain.to_vec(), recipe)
        }
        Step::ZigZag { element_bytes } => {
            let plain = integers::zigzag_inverse(stored, element_bytes)?;
            (plain, vec![step_id::ZIGZAG, u8::try_from(element_bytes).ok()?])
        }
        Step::Delta { element_bytes } => {
            let plain = integers::delta_inverse(stored, element_bytes)?;
            (plain, vec![step_id::DELTA, u8::try_from(element_bytes).ok()?])
        }
        Step::Packed { bits } => {
            let plain = integers::unpack(stored, bits, plain_bytes)?;
            (plain, vec![step_id::PACKED, u8::try_from(bits).ok()?])
        }
        Step::RootBlocks { hint } => {
            let blocks = root::blocks::open(stored, most_bytes, hint)?;
            padded = blocks.padded;
            (blocks.plain, [&[step_id::ROOT_BLOCKS], blocks.recipe.as_slice()].concat())
        }
        Step::Deflate => {
            let inflated = deflate::open(stored, most_bytes, 1..=9)?;
            padded = inflated.padded;
            (inflated.plain, [&[step_id::DEFLATE], inflated.recipe.as_slice()].concat())
        }
        Step::Zlib => {
            let frame = zlib::take_apart(stored)?;
            let inflated = deflate::open(frame.stream, most_bytes, zlib::levels(frame.header))?;
            let mut recipe = vec![step_id::ZLIB];
            keep_if_wrong(&mut recipe, &frame.checksum, &zlib::checksum(&inflated.plain));
            recipe.extend_from_slice(&frame.header);
            recipe.extend_from_slice(&inflated.recipe);
            padded = inflated.padded;
            (inflated.plain, recipe)
        }
    };
    Some(Undone { plain, recipe, padded })
}

/// Marks the step that `recipe` consists of, and appends the stored checksum, unless that is the `right` one.
fn keep_if_wrong(recipe: &mut Recipe, stored: &[u8], right: &[u8]) {
    if stored != right {
        if let Some(id) = recipe.first_mut() {
            *id |= step_id::CHECKSUM_KEPT;
        }
        recipe.extend_from_slice(stored);
    }
}

/// Makes the stored bytes of a block again.
///
/// # Errors
/// [`RecipeError`] if the recipe is cut, corrupt, of a later version, or made for other plain bytes. Plain bytes that
/// were changed are not always noticed: that is what checksums of the archive are for.
pub fn close(plain: &[u8], recipe: &[u8]) -> Result<Vec<u8>, RecipeError> {
    let mut reader = RecipeReader::over(recipe, plain);
    let version = reader.byte()?;
    match version {
        0 => return Err(RecipeError::Corrupt { what: "version 0" }),
        1..=VERSION => {}
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
    let checksum_bytes = match id {
        step_id::ZLIB | step_id::FLETCHER32 => 4,
        step_id::XXH3 => 8,
        _ => 0,
    };
    let kept = match byte & 0xf0 {
        0 => None,
        step_id::CHECKSUM_KEPT if checksum_bytes > 0 => Some(reader.take(checksum_bytes)?),
        _ => return Err(RecipeError::Corrupt { what: "step" }),
    };
    let checked = |mut stored: Vec<u8>, right: &[u8]| {
        stored.extend_from_slice(kept.unwrap_or(right));
        stored
    };
    let integers_corrupt = RecipeError::Corrupt { what: "encoding of integers" };
    match id {
        step_id::SHUFFLE => {
            let element_bytes = reader.number_up_to(u32::MAX, "element size of shuffle")?;
            Ok(shuffle::forward(plain, element_bytes))
        }
        step_id::FLETCHER32 => Ok(checked(plain.to_vec(), &fletcher32::checksum(plain))),
        step_id::XXH3 => Ok(checked(plain.to_vec(), &xxh3::checksum(plain))),
        step_id::ZIGZAG => integers::zigzag(plain, u32::from(reader.byte()?)).ok_or(integers_corrupt),
        step_id::DELTA => integers::delta(plain, u32::from(reader.byte()?)).ok_or(integers_corrupt),
        // Other plain bytes may hold values that the bits cannot.
        step_id::PACKED => integers::pack(plain, u32::from(reader.byte()?)).ok_or(RecipeError::OtherPlain),
        step_id::ROOT_BLOCKS => root::blocks::close(plain, reader),
        step_id::DEFLATE => deflated(Vec::new(), plain, reader),
        step_id::ZLIB => {
            let header: [u8; 2] = reader.array()?;
            Ok(checked(deflated(header.to_vec(), plain, reader)?, &zlib::checksum(plain)))
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

//! Recipes: the bytes that say how to make a block again, and why they can be refused.
//!
//! In: numbers and byte strings. Out: a [`Recipe`]; [`RecipeReader`] takes one apart.
//! Not here: what the numbers mean (`pipeline`, `deflate`, `parameters`).
//! Holds: no panic on any bytes; lengths are checked before anything is copied.

/// What it takes to run a pipeline again to the same bytes; opaque, self-contained.
pub type Recipe = Vec<u8>;

/// Padding that a block may have beyond the length of its plain bytes: small ones have headers and checksums.
pub(crate) const MORE_PADDING_BYTES: usize = 1_024;

/// Why a recipe cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// The recipe ends early.
    #[error("the recipe ends early")]
    Truncated,
    /// A later version of this program wrote it: upgrade.
    #[error("the recipe has version {version}, this program knows version {knows}")]
    TooNew {
        /// The version it has.
        version: u8,
        /// The latest version known.
        knows: u8,
    },
    /// No version of this program writes such a recipe.
    #[error("the recipe is corrupt: {what}")]
    Corrupt {
        /// What is wrong.
        what: &'static str,
    },
    /// The recipe is sound but was made for other plain bytes.
    #[error("the recipe does not fit these plain bytes")]
    OtherPlain,
}

/// Appends a number, 7 bits a byte, least significant first.
pub(crate) fn put_number(into: &mut Recipe, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Appends a byte string with its length in front.
pub(crate) fn put_bytes(into: &mut Recipe, bytes: &[u8]) {
    put_number(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

/// Takes a recipe apart from the front.
#[derive(Clone)]
pub(crate) struct RecipeReader<'a> {
    rest: &'a [u8],
    /// Bytes of padding that streams may still have.
    padding_bytes: usize,
}

impl<'a> RecipeReader<'a> {
    pub(crate) fn new(recipe: &'a [u8]) -> RecipeReader<'a> {
        RecipeReader { rest: recipe, padding_bytes: 0 }
    }

    /// The same for these plain bytes: padding is no longer than they are, and some more.
    pub(crate) fn over(recipe: &'a [u8], plain: &[u8]) -> RecipeReader<'a> {
        RecipeReader { rest: recipe, padding_bytes: plain.len().saturating_add(MORE_PADDING_BYTES) }
    }

    /// Notes padding of a stream; a recipe of a few bytes must not ask for more than its plain bytes are worth.
    pub(crate) fn pad(&mut self, bytes: usize) -> Result<(), RecipeError> {
        self.padding_bytes = self.padding_bytes.checked_sub(bytes).ok_or(RecipeError::OtherPlain)?;
        Ok(())
    }

    pub(crate) fn byte(&mut self) -> Result<u8, RecipeError> {
        let (&first, rest) = self.rest.split_first().ok_or(RecipeError::Truncated)?;
        self.rest = rest;
        Ok(first)
    }

    pub(crate) fn number(&mut self) -> Result<u64, RecipeError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(RecipeError::Corrupt { what: "a number does not fit 64 bits" })
    }

    /// A number that has to lie in `0..=most`.
    pub(crate) fn number_up_to(&mut self, most: u32, what: &'static str) -> Result<u32, RecipeError> {
        match u32::try_from(self.number()?) {
            Ok(number) if number <= most => Ok(number),
            _ => Err(RecipeError::Corrupt { what }),
        }
    }

    pub(crate) fn take(&mut self, bytes: usize) -> Result<&'a [u8], RecipeError> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(RecipeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], RecipeError> {
        let (&taken, rest) = self.rest.split_first_chunk().ok_or(RecipeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], RecipeError> {
        let length = usize::try_from(self.number()?).map_err(|_| RecipeError::Truncated)?;
        self.take(length)
    }

    /// Refuses bytes after the end.
    pub(crate) fn finish(self) -> Result<(), RecipeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(RecipeError::Corrupt { what: "bytes follow its end" }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_reads_back_as_written(number in any::<u64>(), small in 0u64..300) {
            for number in [number, small, u64::MAX] {
                let mut recipe = Recipe::new();
                put_number(&mut recipe, number);
                let mut reader = RecipeReader::new(&recipe);
                prop_assert_eq!(reader.number(), Ok(number));
                prop_assert_eq!(reader.finish(), Ok(()));
            }
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_refused() {
        let mut nine_full_bytes = vec![0xff; 9];
        nine_full_bytes.push(2);
        assert!(matches!(RecipeReader::new(&nine_full_bytes).number(), Err(RecipeError::Corrupt { .. })));
        assert!(matches!(RecipeReader::new(&[0xff; 11]).number(), Err(RecipeError::Corrupt { .. })));
    }

    #[test]
    fn a_length_beyond_the_end_is_truncated() {
        assert_eq!(RecipeReader::new(&[5, 1, 2]).bytes(), Err(RecipeError::Truncated));
    }
}

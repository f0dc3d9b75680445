//! Parameters of a deflate encoder, as preflate-rs models one.
//!
//! In: what preflate-rs estimated. Out: the same parameters for preflate-rs, or as bytes of a recipe.
//! Not here: running the encoder (`deflate`).
//! Holds: fields of hostile recipes are checked, so that no shift, window or chain is out of range.
//! Source: preflate-rs 0.7.6, `TokenPredictorParameters`.

use crate::recipe::{Recipe, RecipeError, RecipeReader, put_number};
use bitcode::{Decode, Encode};
use preflate_rs::TokenPredictorParameters;

/// A mirror of [`TokenPredictorParameters`], field by field, some types of which cannot be named outside preflate-rs.
/// The test `the_mirror_shows_what_preflate_sees` holds it to the original.
#[derive(Clone, Copy, Debug, Decode, Encode, PartialEq, Eq)]
pub(crate) struct Parameters {
    matches_to_start_detected: bool,
    very_far_matches_detected: bool,
    window_bits: u32,
    strategy: Strategy,
    nice_length: u32,
    add_policy: AddPolicy,
    max_token_count: u16,
    zlib_compatible: bool,
    max_dist_3_matches: u32,
    matching_type: Matching,
    max_chain: u32,
    min_len: u32,
    hash_algorithm: Hash,
    block_type_strategy: BlockTypes,
}

#[derive(Clone, Copy, Debug, Decode, Encode, PartialEq, Eq)]
enum Strategy {
    Default,
    RleOnly,
    HuffOnly,
    Store,
}

#[derive(Clone, Copy, Debug, Decode, Encode, PartialEq, Eq)]
enum BlockTypes {
    Dynamic,
    Mixed,
    Static,
    Uncompressed,
}

#[derive(Clone, Copy, Debug, Decode, Encode, PartialEq, Eq)]
enum AddPolicy {
    AddAll,
    AddFirst(u16),
    AddFirstAndLast(u16),
    AddFirstExcept4kBoundary,
    AddFirstWith32KBoundary,
}

#[derive(Clone, Copy, Debug, Decode, Encode, PartialEq, Eq)]
enum Matching {
    Greedy,
    Lazy { good_length: u16, max_lazy: u16 },
}

#[derive(Clone, Copy, Debug, Decode, Encode, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "names as in preflate-rs; a test compares them")]
enum Hash {
    None,
    Zlib { hash_mask: u16, hash_shift: u32 },
    MiniZFast,
    Libdeflate4Fast,
    Libdeflate4,
    ZlibNG,
    RandomVector,
    Crc32cHash,
}

/// What preflate-rs wants in front of the corrections of a stream's first piece.
#[derive(Decode, Encode)]
struct Wrapped {
    parameters: Parameters,
    corrections: Vec<u8>,
}

impl Parameters {
    /// Takes apart what preflate-rs made of a stream's first piece.
    pub(crate) fn unwrap_first(
        parameters: &TokenPredictorParameters,
        wrapped: &[u8],
    ) -> Option<(Parameters, Vec<u8>)> {
        let wrapped: Wrapped = bitcode::decode(wrapped).ok()?;
        // The estimate comes twice; equality guards against a mirror that drifted.
        let same = bitcode::encode(parameters) == bitcode::encode(&wrapped.parameters);
        same.then_some((wrapped.parameters, wrapped.corrections))
    }

    /// The form in which preflate-rs takes parameters and the corrections of a stream's first piece.
    pub(crate) fn wrap_first(&self, corrections: &[u8]) -> Vec<u8> {
        bitcode::encode(&Wrapped { parameters: *self, corrections: corrections.to_vec() })
    }

    /// Appends the parameters to a recipe.
    pub(crate) fn put(&self, into: &mut Recipe) {
        let flags = u64::from(self.matches_to_start_detected)
            | u64::from(self.very_far_matches_detected) << 1
            | u64::from(self.zlib_compatible) << 2;
        let (add, added_length) = match self.add_policy {
            AddPolicy::AddAll => (0, 0),
            AddPolicy::AddFirst(length) => (1, length),
            AddPolicy::AddFirstAndLast(length) => (2, length),
            AddPolicy::AddFirstExcept4kBoundary => (3, 0),
            AddPolicy::AddFirstWith32KBoundary => (4, 0),
        };
        let (lazy, good_length, max_lazy) = match self.matching_type {
            Matching::Greedy => (0, 0, 0),
            Matching::Lazy { good_length, max_lazy } => (1, good_length, max_lazy),
        };
        let (hash, hash_mask, hash_shift) = match self.hash_algorithm {
            Hash::None => (0, 0, 0),
            Hash::Zlib { hash_mask, hash_shift } => (1, hash_mask, hash_shift),
            Hash::MiniZFast => (2, 0, 0),
            Hash::Libdeflate4Fast => (3, 0, 0),
            Hash::Libdeflate4 => (4, 0, 0),
            Hash::ZlibNG => (5, 0, 0),
            Hash::RandomVector => (6, 0, 0),
            Hash::Crc32cHash => (7, 0, 0),
        };
        for number in [
            flags,
            u64::from(self.window_bits),
            self.strategy as u64,
            u64::from(self.nice_length),
            add,
            u64::from(added_length),
            u64::from(self.max_token_count),
            u64::from(self.max_dist_3_matches),
            lazy,
            u64::from(good_length),
            u64::from(max_lazy),
            u64::from(self.max_chain),
            u64::from(self.min_len),
            hash,
            u64::from(hash_mask),
            u64::from(hash_shift),
            self.block_type_strategy as u64,
        ] {
            put_number(into, number);
        }
    }

    /// Reads what [`Parameters::put`] wrote, and refuses what no encoder can have.
    pub(crate) fn read(from: &mut RecipeReader<'_>) -> Result<Parameters, RecipeError> {
        const WIDE: u32 = u16::MAX as u32;
        let mut field = |most: u32, what: &'static str| from.number_up_to(most, what);
        let flags = field(7, "flags of a deflate encoder")?;
        let window_bits = field(15, "window of a deflate encoder")?;
        let strategy = match field(3, "strategy of a deflate encoder")? {
            0 => Strategy::Default,
            1 => Strategy::RleOnly,
            2 => Strategy::HuffOnly,
            _ => Strategy::Store,
        };
        let nice_length = field(258, "match length of a deflate encoder")?;
        let (add, added) = (field(4, "add policy")?, field(WIDE, "add policy")? as u16);
        let add_policy = match add {
            0 => AddPolicy::AddAll,
            1 => AddPolicy::AddFirst(added),
            2 => AddPolicy::AddFirstAndLast(added),
            3 => AddPolicy::AddFirstExcept4kBoundary,
            _ => AddPolicy::AddFirstWith32KBoundary,
        };
        let max_token_count = field(WIDE, "tokens of a deflate block")? as u16;
        let max_dist_3_matches = field(1 << 16, "distance of a deflate encoder")?;
        let (lazy, good_length, max_lazy) = (
            field(1, "matching type")?,
            field(WIDE, "lazy match")? as u16,
            field(WIDE, "lazy match")? as u16,
        );
        let max_chain = field(4_097, "chain of a deflate encoder")?;
        let min_len = field(258, "match length of a deflate encoder")?;
        let (hash, mask, hash_shift) =
            (field(7, "hash")?, field(WIDE, "hash mask")?, field(15, "hash shift")?);
        let hash_algorithm = match hash {
            0 => Hash::None,
            1 => Hash::Zlib { hash_mask: mask as u16, hash_shift },
            2 => Hash::MiniZFast,
            3 => Hash::Libdeflate4Fast,
            4 => Hash::Libdeflate4,
            5 => Hash::ZlibNG,
            6 => Hash::RandomVector,
            _ => Hash::Crc32cHash,
        };
        let block_type_strategy = block_types_from(field(3, "block type")? as u8)?;
        // A block of no tokens would make no progress.
        if max_token_count == 0 {
            return Err(RecipeError::Corrupt { what: "tokens of a deflate block" });
        }
        Ok(Parameters {
            matches_to_start_detected: flags & 1 != 0,
            very_far_matches_detected: flags & 2 != 0,
            window_bits,
            strategy,
            nice_length,
            add_policy,
            max_token_count,
            zlib_compatible: flags & 4 != 0,
            max_dist_3_matches,
            matching_type: if lazy == 1 {
                Matching::Lazy { good_length, max_lazy }
            } else {
                Matching::Greedy
            },
            max_chain,
            min_len,
            hash_algorithm,
            block_type_strategy,
        })
    }
}

fn block_types_from(number: u8) -> Result<BlockTypes, RecipeError> {
    match number {
        0 => Ok(BlockTypes::Dynamic),
        1 => Ok(BlockTypes::Mixed),
        2 => Ok(BlockTypes::Static),
        3 => Ok(BlockTypes::Uncompressed),
        _ => Err(RecipeError::Corrupt { what: "block type" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    type Numbers = ((u8, u16, u16, u16, u32, u32), u8, u8, u8, u8, bool);

    fn any_parameters() -> impl proptest::strategy::Strategy<Value = Numbers> {
        let numbers = (0u8..16, any::<u16>(), any::<u16>(), any::<u16>(), 0u32..4097, 0u32..259);
        (numbers, 0u8..4, 0u8..4, 0u8..5, 0u8..8, any::<bool>())
    }

    fn build(((small, a, b, c, chain, length), strategy, blocks, add, hash, lazy): Numbers) -> Parameters {
        let mut bytes = Recipe::new();
        for number in [
            u64::from(small & 7),
            u64::from(small),
            u64::from(strategy),
            u64::from(length),
            u64::from(add),
            u64::from(if (1..3).contains(&add) { a } else { 0 }),
            u64::from(b.max(1)),
            u64::from(c),
            u64::from(lazy),
            u64::from(if lazy { a } else { 0 }),
            u64::from(if lazy { b } else { 0 }),
            u64::from(chain),
            u64::from(length),
            u64::from(hash),
            u64::from(if hash == 1 { c } else { 0 }),
            u64::from(if hash == 1 { small } else { 0 }),
            u64::from(blocks),
        ] {
            put_number(&mut bytes, number);
        }
        let parameters = Parameters::read(&mut RecipeReader::new(&bytes)).expect("all fields in range");
        let mut again = Recipe::new();
        parameters.put(&mut again);
        assert_eq!(again, bytes, "put writes what read took");
        parameters
    }

    proptest! {
        #[test]
        fn the_mirror_shows_what_preflate_sees(numbers in any_parameters()) {
            let mirror = build(numbers);
            let theirs: TokenPredictorParameters =
                bitcode::decode(&bitcode::encode(&mirror)).expect("same layout");
            prop_assert_eq!(
                format!("{theirs:?}"),
                format!("{mirror:?}").replacen("Parameters", "TokenPredictorParameters", 1)
            );
            prop_assert_eq!(bitcode::encode(&theirs), bitcode::encode(&mirror));
        }
    }

    #[test]
    fn a_block_of_no_tokens_is_refused() {
        let mut bytes = Recipe::new();
        let mut parameters = build(((4, 4, 100, 0, 128, 128), 0, 0, 0, 1, false));
        parameters.max_token_count = 0;
        parameters.put(&mut bytes);
        assert!(matches!(Parameters::read(&mut RecipeReader::new(&bytes)), Err(RecipeError::Corrupt { .. })));
    }
}

//! Mutation: seeds to inputs, the same on every machine.
//!
//! In: a seed and a source of random numbers. Out: an input that is mostly like the seed.
//! Not here: what inputs are for (the targets).
//! Source: random numbers by splitmix64, Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.

/// Random numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

/// Numbers at which readers break: lengths around powers of two, signs, ends.
const EDGES: [u64; 12] =
    [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 40, i64::MAX as u64, u64::MAX];
/// Inputs stay below this, so that one run takes microseconds.
const MAX_INPUT_BYTES: usize = 1 << 16;

impl Random {
    /// Begins at `seed`.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is at least 1; 0 if it is not.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end.max(1) as u64) as usize
    }
}

/// An input made from one of `seeds` by one to eight changes.
pub fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = seeds.get(random.below(seeds.len())).cloned().unwrap_or_default();
    for _ in 0..=random.below(8) {
        change(&mut input, seeds, random);
    }
    input.truncate(MAX_INPUT_BYTES);
    input
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let left = input.len() - at;
    match random.below(9) {
        0 if left > 0 => input[at] ^= 1 << random.below(8),
        1 if left > 0 => input[at] = random.bits() as u8,
        2 => input.truncate(at),
        3 => {
            let junk: Vec<u8> = (0..random.below(12)).map(|_| random.bits() as u8).collect();
            input.splice(at..at, junk);
        }
        4 => drop(input.drain(at..at + random.below(left.min(64) + 1))),
        5 => {
            let width = 1 << random.below(4);
            let edge = EDGES[random.below(EDGES.len())].wrapping_add(random.bits() % 3).wrapping_sub(1);
            let bytes = if random.below(2) == 0 { edge.to_le_bytes() } else { edge.to_be_bytes() };
            let bytes = if random.below(2) == 0 { &bytes[..width] } else { &bytes[8 - width..] };
            input.splice(at..at + width.min(left), bytes.iter().copied());
        }
        6 => {
            let from = random.below(input.len() + 1);
            let run = input[from..].iter().copied().take(random.below(64)).collect::<Vec<u8>>();
            input.splice(at..at, run);
        }
        7 => {
            let Some(other) = seeds.get(random.below(seeds.len())) else { return };
            let from = random.below(other.len() + 1);
            let run = other[from..].iter().copied().take(random.below(256)).collect::<Vec<u8>>();
            input.splice(at..at + run.len().min(left), run);
        }
        _ => {
            let until = at + random.below(left.min(16) + 1);
            let fill = [0, 0xFF, random.bits() as u8][random.below(3)];
            input[at..until].fill(fill);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_inputs() {
        let seeds = vec![b"a seed".to_vec(), vec![0; 300], vec![]];
        let inputs = |seed| {
            let mut random = Random::new(seed);
            (0..500).map(|_| mutated(&seeds, &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }

    #[test]
    fn the_first_random_numbers_are_those_of_the_paper() {
        let mut random = Random::new(0);
        assert_eq!([random.bits(), random.bits()], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    }
}

//! Symbols of level max: the same contexts, pairs of them, and what came before, weighed by several sets of weights.
//!
//! In: contexts, as numbers of any kind. Out: symbols, coded.
//! Not here: the models as their owners see them (`symbol`), how opinions are weighed (`ensemble`).
//! Holds: one walk for both directions; no floating point; a table is made when its model is first used.

use crate::ensemble::{Ensemble, MOST, Slot};
use hepz_entropy::Coder;

/// Groups of slots for each context of a tree.
pub(crate) const TREE_LOG2_GROUPS: u32 = 10;

/// Pairs of contexts are more than contexts: tables have so many times the groups, as a power of two.
const MORE_GROUPS: u32 = 2;

/// Nodes of a symbol that select weights and cells of the final map; deeper ones share them.
const NODES: usize = 256;

/// The model of a symbol.
pub(crate) struct DeepSymbol {
    bits: u32,
    inputs: usize,
    slots: Vec<Slot>,
    mask: usize,
    ensemble: Ensemble,
    last: [u32; 2],
}

impl DeepSymbol {
    /// A model of symbols of `bits` bits under so many contexts.
    pub(crate) fn new(contexts: usize, bits: u32, log2_groups: u32) -> DeepSymbol {
        let pairs = if contexts > 1 { contexts } else { 0 };
        let inputs = contexts + pairs + 3;
        let depths = bits.max(1) as usize;
        DeepSymbol {
            bits,
            inputs,
            slots: vec![Slot::NEW; 16 + (inputs << (log2_groups + MORE_GROUPS + 4))],
            mask: (1 << (log2_groups + MORE_GROUPS)) - 1,
            ensemble: Ensemble::new(inputs, false, depths, [depths, NODES, 32 * 16], 2 * NODES),
            last: [0; 2],
        }
    }

    /// Codes one symbol.
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, contexts: &[u64], truth: u32) -> u32 {
        let n = contexts.len();
        let spread = |number: u64| number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bases = [0u64; MOST];
        for (at, &context) in contexts.iter().enumerate() {
            bases[at] = spread(context);
        }
        let mut inputs = n;
        if n > 1 {
            for at in 0..n {
                bases[inputs] = spread(bases[at].rotate_left(23) ^ bases[(at + 1) % n].wrapping_mul(3));
                inputs += 1;
            }
        }
        let before = u64::from(self.last[0]);
        bases[inputs] = 0;
        bases[inputs + 1] = spread(bases[0].rotate_left(11) ^ spread(before));
        bases[inputs + 2] =
            spread(spread(before << 16 | u64::from(self.last[1])) ^ bases[n - 1].rotate_left(41));
        let mut groups = [0usize; MOST];
        let mut symbol = 0u32;
        let mut nibble = 1usize;
        for depth in 0..self.bits {
            if depth % 4 == 0 {
                nibble = 1;
                let node = u64::from(1 << depth | symbol).wrapping_mul(0xd6e8_feb8_6659_fd93);
                for (input, group) in groups.iter_mut().enumerate().take(self.inputs) {
                    let hash = (bases[input] ^ node).wrapping_mul(0xa076_1d64_78bd_642f);
                    *group = 16 + (input * (self.mask + 1) + ((hash >> 40) as usize & self.mask)) * 16;
                }
            }
            for (slot, group) in self.ensemble.at.iter_mut().zip(groups).take(self.inputs) {
                *slot = group + nibble;
            }
            let node =
                if depth < 8 { (1usize << depth | symbol as usize) % NODES } else { symbol as usize % NODES };
            let chosen = (bases[0] >> 59) as usize * 16 + (depth as usize).min(15);
            let bit = self.ensemble.code(
                &mut self.slots,
                depth as usize,
                [depth as usize, node, chosen],
                node + NODES * usize::from(depth >= 8),
                |p1| coder.code(truth >> (self.bits - 1 - depth) & 1, p1),
            );
            symbol = symbol << 1 | bit;
            nibble = nibble << 1 | bit as usize;
        }
        self.last = [symbol, self.last[0]];
        symbol
    }
}

#[cfg(test)]
mod tests {
    use crate::symbol::{Deep, Symbol, SymbolCoder, Tree};
    use hepz_entropy::{Decoder, Encoder};

    #[test]
    fn symbols_and_trees_come_back_and_pairs_of_contexts_are_learned() {
        let contexts: Vec<[u64; 2]> = (0..3000u64).map(|at| [at * 7 % 13, at * at % 11]).collect();
        let truth = |[a, b]: [u64; 2]| ((a * 31 + b * 17) % 64) as u32;
        let mut coder = Deep(Encoder::default());
        let mut model = Symbol::<2>::new(6, 6);
        let mut tree = Tree::new(4, 2);
        for &at in &contexts {
            assert_eq!(coder.symbol(&mut model, &at, truth(at)), truth(at));
            coder.tree_near(&mut tree, at[0] as usize % 4, at, truth(at) & 3);
        }
        let code = coder.0.finish();
        assert!(code.len() < 700, "{}", code.len());
        let mut coder = Deep(Decoder::new(&code));
        let mut model = Symbol::<2>::new(6, 6);
        let mut tree = Tree::new(4, 2);
        for &at in &contexts {
            assert_eq!(coder.symbol(&mut model, &at, 0), truth(at));
            assert_eq!(coder.tree_near(&mut tree, at[0] as usize % 4, at, 0), truth(at) & 3);
        }
    }
}

//! Huffman codes as zlib builds them: code lengths depend on how its heap breaks ties.
//!
//! In: how often each symbol occurs. Out: [`Code`]: lengths and codes.
//! Not here: the codes of code lengths within a block header (`block` describes them with the same [`Code`]).
//! Holds: lengths never pass the limit; equal frequencies give equal codes on every machine.
//! Source: zlib, `trees.c`: `build_tree`, `gen_bitlen`, `gen_codes`; RFC 1951, section 3.2.2.

/// Most symbols of an alphabet: literals, end of block and lengths.
const MOST_SYMBOLS: usize = 288;

/// Longest code of any alphabet.
const MOST_BITS: usize = 15;

/// Code lengths and codes of an alphabet.
#[derive(Clone, Debug)]
pub(super) struct Code {
    /// Bits of each symbol's code, zero if it does not occur.
    pub(super) lengths: Vec<u8>,
    /// Codes, first bit lowest.
    pub(super) codes: Vec<u16>,
    /// The last symbol that has a code.
    pub(super) last: usize,
}

impl Code {
    /// The code with these lengths.
    pub(super) fn of_lengths(lengths: Vec<u8>) -> Code {
        let mut of_length = [0u16; MOST_BITS + 1];
        for &length in lengths.iter().filter(|&&length| length > 0) {
            of_length[usize::from(length).min(MOST_BITS)] += 1;
        }
        let mut next = [0u16; MOST_BITS + 1];
        for bits in 1..=MOST_BITS {
            next[bits] = (next[bits - 1] + of_length[bits - 1]) << 1;
        }
        let mut codes = vec![0; lengths.len()];
        for (code, &length) in codes.iter_mut().zip(&lengths).filter(|(_, length)| **length > 0) {
            let next = &mut next[usize::from(length).min(MOST_BITS)];
            *code = next.reverse_bits() >> (16 - u32::from(length));
            *next = next.wrapping_add(1);
        }
        let last = lengths.iter().rposition(|&length| length > 0).unwrap_or(0);
        Code { lengths, codes, last }
    }

    /// The code for these frequencies, of at most `most_bits` bits.
    ///
    /// An alphabet of which fewer than two symbols occur gets its first symbols as well, as in zlib.
    pub(super) fn of_frequencies(frequencies: &mut [u32], most_bits: usize) -> Code {
        let mut heap = Heap::new(frequencies);
        let tree = heap.merge();
        Code::of_lengths(lengths(&tree, frequencies.len(), most_bits))
    }

    /// Bits that symbols of these frequencies take, without extra bits.
    pub(super) fn bits(&self, frequencies: &[u32]) -> u64 {
        frequencies.iter().zip(&self.lengths).map(|(&n, &length)| u64::from(n) * u64::from(length)).sum()
    }
}

/// The tree: parents of nodes, and the nodes in the order in which they were merged.
struct Tree {
    /// By node; symbols come first, then inner nodes in the order of their making.
    parents: Vec<u16>,
    /// Nodes from the root down, the reverse of the order in which they left the heap.
    from_root: Vec<u16>,
}

/// zlib's priority queue: least frequent first, of equals the one with the shallower subtree, of those the one that
/// happens to lie first.
struct Heap {
    /// Nodes; index 0 is not used, as in zlib.
    nodes: Vec<u16>,
    /// By node: frequency, then depth of its subtree.
    keys: Vec<(u32, u8)>,
    n_symbols: usize,
}

impl Heap {
    fn new(frequencies: &mut [u32]) -> Heap {
        let n_symbols = frequencies.len().min(MOST_SYMBOLS);
        let mut nodes = vec![0];
        nodes.extend((0..n_symbols as u16).filter(|&symbol| frequencies[usize::from(symbol)] > 0));
        let mut last = nodes.last().copied().filter(|_| nodes.len() > 1);
        while nodes.len() < 3 {
            let forced = match last {
                None => 0,
                Some(symbol) if symbol < 2 => symbol + 1,
                Some(_) => 0,
            };
            if last.is_none_or(|symbol| symbol < 2) {
                last = Some(forced);
            }
            frequencies[usize::from(forced)] = 1;
            nodes.push(forced);
        }
        let mut keys: Vec<(u32, u8)> = frequencies.iter().map(|&n| (n, 0)).collect();
        keys.reserve(n_symbols);
        Heap { nodes, keys, n_symbols }
    }

    /// True if `a` goes before `b` or may.
    fn before(&self, a: u16, b: u16) -> bool {
        self.keys[usize::from(a)] <= self.keys[usize::from(b)]
    }

    /// Moves the node at `at` down to its place.
    fn sink(&mut self, mut at: usize) {
        let moved = self.nodes[at];
        let n = self.nodes.len();
        while 2 * at < n {
            let mut child = 2 * at;
            if child + 1 < n && self.before(self.nodes[child + 1], self.nodes[child]) {
                child += 1;
            }
            if self.before(moved, self.nodes[child]) {
                break;
            }
            self.nodes[at] = self.nodes[child];
            at = child;
        }
        self.nodes[at] = moved;
    }

    fn merge(&mut self) -> Tree {
        for at in (1..=(self.nodes.len() - 1) / 2).rev() {
            self.sink(at);
        }
        let mut parents = vec![0u16; 2 * self.n_symbols];
        let mut left = Vec::with_capacity(2 * self.n_symbols);
        while self.nodes.len() > 2 {
            let first = self.nodes.swap_remove(1);
            self.sink(1);
            let second = self.nodes[1];
            left.extend([first, second]);
            let (a, b) = (self.keys[usize::from(first)], self.keys[usize::from(second)]);
            let node = self.keys.len() as u16;
            self.keys.push((a.0 + b.0, a.1.max(b.1).saturating_add(1)));
            parents[usize::from(first)] = node;
            parents[usize::from(second)] = node;
            self.nodes[1] = node;
            self.sink(1);
        }
        left.push(self.nodes[1]);
        left.reverse();
        Tree { parents, from_root: left }
    }
}

/// Depths of the symbols in the tree, limited to `most_bits`.
fn lengths(tree: &Tree, n_symbols: usize, most_bits: usize) -> Vec<u8> {
    let mut depths = vec![0u8; tree.parents.len()];
    let mut of_length = [0i32; MOST_BITS + 2];
    let mut too_long = 0;
    for &node in tree.from_root.iter().skip(1) {
        let node = usize::from(node);
        let mut depth = usize::from(depths[usize::from(tree.parents[node])]) + 1;
        if depth > most_bits {
            depth = most_bits;
            too_long += 1;
        }
        depths[node] = depth as u8;
        if node < n_symbols {
            of_length[depth] += 1;
        }
    }
    if too_long > 0 {
        while too_long > 0 {
            let bits = (1..most_bits).rev().find(|&bits| of_length[bits] > 0).unwrap_or(1);
            // A leaf moves down, and an overlong one becomes its brother.
            of_length[bits] -= 1;
            of_length[bits + 1] += 2;
            of_length[most_bits] -= 1;
            too_long -= 2;
        }
        let mut symbols =
            tree.from_root.iter().rev().map(|&node| usize::from(node)).filter(|&n| n < n_symbols);
        for bits in (1..=most_bits).rev() {
            for symbol in symbols.by_ref().take(of_length[bits].max(0) as usize) {
                depths[symbol] = bits as u8;
            }
        }
    }
    depths.truncate(n_symbols);
    depths
}

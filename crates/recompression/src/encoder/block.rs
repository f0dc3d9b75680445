//! Blocks of a deflate stream: stored, with fixed codes or with codes of their own, whichever zlib would choose.
//!
//! In: the tokens of a block and the bytes they stand for. Out: bits.
//! Not here: which tokens (`matches`), how codes are built (`huffman`).
//! Holds: sizes are compared in whole bytes, as zlib does; a tie goes to stored, then to fixed codes.
//! Source: RFC 1951, sections 3.2.3 to 3.2.7; zlib, `trees.c`: `_tr_flush_block`, `scan_tree`, `send_tree`.

use super::bits::Bits;
use super::huffman::Code;
use super::{MIN_MATCH, Token};

/// Extra bits and first length (less 3) of the length codes from 257 on.
const LENGTH_CODES: [(u8, u8); 29] = [
    (0, 0),
    (0, 1),
    (0, 2),
    (0, 3),
    (0, 4),
    (0, 5),
    (0, 6),
    (0, 7),
    (1, 8),
    (1, 10),
    (1, 12),
    (1, 14),
    (2, 16),
    (2, 20),
    (2, 24),
    (2, 28),
    (3, 32),
    (3, 40),
    (3, 48),
    (3, 56),
    (4, 64),
    (4, 80),
    (4, 96),
    (4, 112),
    (5, 128),
    (5, 160),
    (5, 192),
    (5, 224),
    (0, 255),
];

const END_OF_BLOCK: usize = 256;
const FIRST_LENGTH: usize = 257;
const N_LITERALS: usize = 286;
const N_DISTANCES: usize = 30;

/// Code lengths and how they repeat: the previous one 3 to 6 times, zero 3 to 10 times, zero 11 to 138 times.
const N_LENGTH_SYMBOLS: usize = 19;
const REPEAT: usize = 16;
const ZEROS: usize = 17;
const MANY_ZEROS: usize = 18;

/// The order in which a block header gives the lengths of the codes for lengths.
const LENGTH_ORDER: [usize; N_LENGTH_SYMBOLS] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The fixed codes.
pub(super) struct FixedCodes {
    literals: Code,
    distances: Code,
}

impl FixedCodes {
    pub(super) fn new() -> FixedCodes {
        let length = |symbol: usize| match symbol {
            0..144 => 8,
            144..256 => 9,
            256..280 => 7,
            _ => 8,
        };
        FixedCodes {
            literals: Code::of_lengths((0..288).map(length).collect()),
            distances: Code::of_lengths(vec![5; N_DISTANCES]),
        }
    }
}

/// Length code (less 257), extra bits and their number.
fn length_code(length: u16) -> (usize, u32, u32) {
    let above = length.saturating_sub(MIN_MATCH as u16) as u8;
    let code = match above {
        0..8 => usize::from(above),
        255 => 28,
        // Four codes for each power of two.
        _ => {
            let power = above.ilog2();
            4 * (power as usize - 1) + usize::from(above >> (power - 2) & 3)
        }
    };
    let (bits, first) = LENGTH_CODES[code];
    (code, u32::from(above - first), u32::from(bits))
}

/// Distance code, extra bits and their number.
fn distance_code(distance: u16) -> (usize, u32, u32) {
    let above = u32::from(distance.wrapping_sub(1));
    if above < 4 {
        return (above as usize, 0, 0);
    }
    // Two codes for each power of two.
    let power = above.ilog2();
    let code = 2 * power + (above >> (power - 1) & 1);
    (code as usize, above & ((1 << (power - 1)) - 1), power - 1)
}

/// Writes one block: `tokens`, which stand for `plain`. zlib cannot store a block that began before its window.
pub(super) fn write(
    bits: &mut Bits,
    tokens: &[Token],
    plain: &[u8],
    in_window: bool,
    last: bool,
    fixed: &FixedCodes,
) {
    let mut literals = [0u32; N_LITERALS];
    let mut distances = [0u32; N_DISTANCES];
    let mut extra_bits = 0u64;
    literals[END_OF_BLOCK] = 1;
    for token in tokens {
        match *token {
            Token::Literal(byte) => literals[usize::from(byte)] += 1,
            Token::Match { length, distance } => {
                let ((code, _, extra), (far, _, far_extra)) = (length_code(length), distance_code(distance));
                literals[FIRST_LENGTH + code] += 1;
                distances[far] += 1;
                extra_bits += u64::from(extra + far_extra);
            }
        }
    }
    let fixed_bits = fixed.literals.bits(&literals) + fixed.distances.bits(&distances) + extra_bits;
    // Symbols that a code must have, though they do not occur, do not count.
    let (mut padded_literals, mut padded_distances) = (literals, distances);
    let own_literals = Code::of_frequencies(&mut padded_literals, 15);
    let own_distances = Code::of_frequencies(&mut padded_distances, 15);
    let header = Header::new(&own_literals, &own_distances);
    let own_bits =
        own_literals.bits(&literals) + own_distances.bits(&distances) + extra_bits + header.counted_bits();

    let whole_bytes = |bits: u64| (bits + 3 + 7) >> 3;
    let (fixed_bytes, own_bytes) = (whole_bytes(fixed_bits), whole_bytes(own_bits));
    let fewest = fixed_bytes.min(own_bytes);
    let stored_length = u16::try_from(plain.len()).ok().filter(|_| in_window);
    match stored_length {
        Some(length) if u64::from(length) + 4 <= fewest => {
            bits.put(u32::from(last), 3);
            bits.align();
            bits.bytes.extend_from_slice(&length.to_le_bytes());
            bits.bytes.extend_from_slice(&(!length).to_le_bytes());
            bits.bytes.extend_from_slice(plain);
        }
        _ if fixed_bytes == fewest => {
            bits.put(1 << 1 | u32::from(last), 3);
            write_tokens(bits, tokens, &fixed.literals, &fixed.distances);
        }
        _ => {
            bits.put(2 << 1 | u32::from(last), 3);
            header.write(bits, &own_literals, &own_distances);
            write_tokens(bits, tokens, &own_literals, &own_distances);
        }
    }
    if last {
        bits.align();
    }
}

fn write_tokens(bits: &mut Bits, tokens: &[Token], literals: &Code, distances: &Code) {
    let put = |bits: &mut Bits, code: &Code, symbol: usize| {
        bits.put(u32::from(code.codes[symbol]), u32::from(code.lengths[symbol]));
    };
    for token in tokens {
        match *token {
            Token::Literal(byte) => put(bits, literals, usize::from(byte)),
            Token::Match { length, distance } => {
                let (code, extra, n_extra) = length_code(length);
                put(bits, literals, FIRST_LENGTH + code);
                bits.put(extra, n_extra);
                let (code, extra, n_extra) = distance_code(distance);
                put(bits, distances, code);
                bits.put(extra, n_extra);
            }
        }
    }
    put(bits, literals, END_OF_BLOCK);
}

/// The header of a block with codes of its own.
struct Header {
    /// Symbols of the run-length coded lengths, with extra bits and their number.
    symbols: Vec<(usize, u32, u32)>,
    frequencies: [u32; N_LENGTH_SYMBOLS],
    lengths: Code,
    /// How many lengths of codes for lengths are given.
    n_given: usize,
}

impl Header {
    fn new(literals: &Code, distances: &Code) -> Header {
        let mut symbols = Vec::new();
        run_lengths(&literals.lengths[..=literals.last], &mut symbols);
        run_lengths(&distances.lengths[..=distances.last], &mut symbols);
        let mut frequencies = [0; N_LENGTH_SYMBOLS];
        for &(symbol, ..) in &symbols {
            frequencies[symbol] += 1;
        }
        let mut padded = frequencies;
        let lengths = Code::of_frequencies(&mut padded, 7);
        let last_given = LENGTH_ORDER.iter().rposition(|&symbol| lengths.lengths[symbol] > 0);
        Header { symbols, frequencies, lengths, n_given: last_given.unwrap_or(0).max(3) + 1 }
    }

    fn counted_bits(&self) -> u64 {
        let extra: u64 = self.symbols.iter().map(|&(_, _, n)| u64::from(n)).sum();
        self.lengths.bits(&self.frequencies) + extra + 3 * self.n_given as u64 + 5 + 5 + 4
    }

    fn write(&self, bits: &mut Bits, literals: &Code, distances: &Code) {
        bits.put((literals.last + 1 - 257) as u32, 5);
        bits.put(distances.last as u32, 5);
        bits.put(self.n_given as u32 - 4, 4);
        for &symbol in LENGTH_ORDER.iter().take(self.n_given) {
            bits.put(u32::from(self.lengths.lengths[symbol]), 3);
        }
        for &(symbol, extra, n_extra) in &self.symbols {
            bits.put(u32::from(self.lengths.codes[symbol]), u32::from(self.lengths.lengths[symbol]));
            bits.put(extra, n_extra);
        }
    }
}

/// Codes lengths by runs. A run of a length that was just given may repeat it at once; runs end where zlib ends them.
fn run_lengths(lengths: &[u8], symbols: &mut Vec<(usize, u32, u32)>) {
    let mut previous = None;
    let mut at = 0;
    while let Some(&length) = lengths.get(at) {
        let (least, most) = match length {
            0 => (3, 138),
            _ if previous == Some(length) => (3, 6),
            _ => (4, 7),
        };
        let run = lengths[at..].iter().take(most).take_while(|&&l| l == length).count();
        let symbol = usize::from(length);
        if run < least {
            symbols.extend(std::iter::repeat_n((symbol, 0, 0), run));
        } else if length > 0 {
            let mut repeats = run;
            if previous != Some(length) {
                symbols.push((symbol, 0, 0));
                repeats -= 1;
            }
            symbols.push((REPEAT, repeats as u32 - 3, 2));
        } else if run <= 10 {
            symbols.push((ZEROS, run as u32 - 3, 3));
        } else {
            symbols.push((MANY_ZEROS, run as u32 - 11, 7));
        }
        previous = Some(length);
        at += run;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_distance_has_the_code_of_the_standard() {
        for length in 3..=258u16 {
            let (code, extra, n_extra) = length_code(length);
            let (bits, first) = LENGTH_CODES[code];
            assert_eq!(u32::from(bits), n_extra);
            assert_eq!(u32::from(length) - 3, u32::from(first) + extra);
            assert!(extra < 1 << n_extra);
        }
        let mut first = 1u32;
        for wanted in 0..30u32 {
            let n = if wanted < 4 { 0 } else { wanted / 2 - 1 };
            for distance in [first, first + (1 << n) - 1] {
                assert_eq!(distance_code(distance as u16), (wanted as usize, distance - first, n));
            }
            first += 1 << n;
        }
        assert_eq!(first, 32_769);
    }
}

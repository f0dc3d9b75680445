//! The sequences of a block: lengths and distances as codes and extra bits, by three tables.
//!
//! In: sequences and the tables before. Out: the sequences section, and the tables for the next block.
//! Not here: tables of entropy (`entropy_table`), literals.
//! Holds: the section decodes to the sequences.
//! Source: RFC 8878, 3.1.1.3.2; zstd 1.4.9, `ZSTD_entropyCompressSequences`, `ZSTD_selectEncodingType`.

use super::bits::Bits;
use super::entropy_table::{Rare, Shares, State, Table, best_log};
use super::parse::Sequence;

/// Lengths of matches are coded less this.
const LEAST_MATCH: usize = 3;

/// Extra bits of codes of literal lengths, and of match lengths.
#[rustfmt::skip]
const LITERAL_BITS: [u32; 36] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
];
#[rustfmt::skip]
const MATCH_BITS: [u32; 53] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
];

/// Shares that need no description.
#[rustfmt::skip]
const USUAL_LITERAL: [i32; 36] = [
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
];
#[rustfmt::skip]
const USUAL_MATCH: [i32; 53] = [
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
];
#[rustfmt::skip]
const USUAL_OFFSET: [i32; 29] = [
    1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
];

/// Kinds of tables, as the section's head names them.
mod kind {
    pub(super) const USUAL: u8 = 0;
    pub(super) const ONE: u8 = 1;
    pub(super) const NEW: u8 = 2;
    pub(super) const SAME: u8 = 3;
}

/// The tables of the block before that may be used again.
#[derive(Clone, Default)]
pub(super) struct Tables {
    literal: Option<Table>,
    offset: Option<Table>,
    match_: Option<Table>,
}

/// One of the three alphabets.
struct Alphabet {
    usual: &'static [i32],
    usual_log: u32,
    most_log: u32,
}

const LITERAL: Alphabet = Alphabet { usual: &USUAL_LITERAL, usual_log: 6, most_log: 9 };
const OFFSET: Alphabet = Alphabet { usual: &USUAL_OFFSET, usual_log: 5, most_log: 8 };
const MATCH: Alphabet = Alphabet { usual: &USUAL_MATCH, usual_log: 6, most_log: 9 };

/// A table that was chosen.
struct Chosen {
    kind: u8,
    table: Table,
    described: Vec<u8>,
}

/// Appends the section of `sequences`; `None` if a decoder before 1.3.5 would not read it.
pub(super) fn put(
    sequences: &[Sequence],
    tables: &mut Tables,
    is_greedy: bool,
    rare: Rare,
    into: &mut Vec<u8>,
) -> Option<()> {
    match sequences.len() {
        n @ ..0x80 => into.push(n as u8),
        n @ ..0x7f00 => into.extend_from_slice(&[(n >> 8) as u8 + 0x80, n as u8]),
        n => {
            into.push(0xff);
            into.extend_from_slice(&((n - 0x7f00) as u16).to_le_bytes());
        }
    }
    if sequences.is_empty() {
        return Some(());
    }
    let literal_codes: Vec<usize> =
        sequences.iter().map(|sequence| literal_code(sequence.n_literals)).collect();
    let offset_codes: Vec<usize> =
        sequences.iter().map(|sequence| offset_code(sequence.offset_code)).collect();
    let match_codes: Vec<usize> =
        sequences.iter().map(|sequence| match_code(sequence.match_length - LEAST_MATCH)).collect();
    let chosen = [
        choose(&LITERAL, &literal_codes, tables.literal.as_ref(), is_greedy, rare)?,
        choose(&OFFSET, &offset_codes, tables.offset.as_ref(), is_greedy, rare)?,
        choose(&MATCH, &match_codes, tables.match_.as_ref(), is_greedy, rare)?,
    ];
    into.push(chosen.iter().fold(0, |head, chosen| head << 2 | chosen.kind) << 2);
    let mut last_new_at = None;
    for table in &chosen {
        if table.kind == kind::NEW {
            last_new_at = Some(into.len());
        }
        into.extend_from_slice(&table.described);
    }
    let [literal, offset, match_] = &chosen;
    let codes = literal_codes.iter().zip(&offset_codes).zip(&match_codes);
    let mut symbols = sequences.iter().zip(codes).rev();
    let mut stream = Bits::default();
    let extra = |sequence: &Sequence, l: usize, o: usize, m: usize, stream: &mut Bits| {
        stream.put(sequence.n_literals as u32, LITERAL_BITS[l]);
        stream.put((sequence.match_length - LEAST_MATCH) as u32, MATCH_BITS[m]);
        stream.put(sequence.offset_code + 1, o as u32);
    };
    let (sequence, ((&l, &o), &m)) = symbols.next()?;
    let mut match_state = State::new(&match_.table, m);
    let mut offset_state = State::new(&offset.table, o);
    let mut literal_state = State::new(&literal.table, l);
    extra(sequence, l, o, m, &mut stream);
    for (sequence, ((&l, &o), &m)) in symbols {
        offset_state.put(o, &mut stream);
        match_state.put(m, &mut stream);
        literal_state.put(l, &mut stream);
        extra(sequence, l, o, m, &mut stream);
    }
    match_state.finish(&mut stream);
    offset_state.finish(&mut stream);
    literal_state.finish(&mut stream);
    into.extend(stream.close());
    if last_new_at.is_some_and(|at| into.len() - at < 4) {
        return None;
    }
    let again = |chosen: Chosen| (chosen.kind >= kind::NEW).then_some(chosen.table);
    let [literal, offset, match_] = chosen.map(again);
    *tables = Tables { literal, offset, match_ };
    Some(())
}

/// Chooses the table of some codes.
fn choose(
    alphabet: &Alphabet,
    codes: &[usize],
    before: Option<&Table>,
    is_greedy: bool,
    rare: Rare,
) -> Option<Chosen> {
    let n = codes.len();
    let mut counts = vec![0u32; codes.iter().max()? + 1];
    for &code in codes {
        counts[code] += 1;
    }
    let most = *counts.iter().max()? as usize;
    let usual_fits = counts.len() <= alphabet.usual.len();
    let usual = || {
        let shares = Shares { shares: alphabet.usual.to_vec(), log: alphabet.usual_log };
        Some(Chosen { kind: kind::USUAL, table: Table::of(&shares), described: Vec::new() })
    };
    if most == n {
        if usual_fits && n <= 2 {
            return usual();
        }
        let symbol = counts.len() - 1;
        return Some(Chosen { kind: kind::ONE, table: Table::of_one(symbol), described: vec![symbol as u8] });
    }
    let log = best_log(alphabet.most_log, n, counts.len() - 1, 2);
    if is_greedy {
        let few = (7 << alphabet.usual_log) >> 3;
        if usual_fits && (n < few || most < n >> (alphabet.usual_log - 1)) {
            return usual();
        }
    } else {
        let usual_cost = if usual_fits { cross_entropy(alphabet, &counts) } else { usize::MAX };
        let same_cost = before.and_then(|table| table.cost(&counts)).unwrap_or(usize::MAX);
        let described = Shares::of(&counts, log, rare)?.to_bytes().len();
        let new_cost = (described << 3) + entropy(&counts, n);
        if usual_cost <= same_cost && usual_cost <= new_cost {
            return usual();
        }
        if same_cost <= new_cost {
            return Some(Chosen { kind: kind::SAME, table: before?.clone(), described: Vec::new() });
        }
    }
    // The last code costs nothing.
    let last = *codes.last()?;
    if counts[last] > 1 {
        counts[last] -= 1;
    }
    let shares = Shares::of(&counts, log, rare)?;
    Some(Chosen { kind: kind::NEW, table: Table::of(&shares), described: shares.to_bytes() })
}

/// Minus the logarithm of 256ths, in 256ths.
fn price(share: usize) -> usize {
    PRICES.get(share).map_or(0, |&price| usize::from(price))
}

/// Bits by the usual shares.
fn cross_entropy(alphabet: &Alphabet, counts: &[u32]) -> usize {
    let shift = 8 - alphabet.usual_log;
    let bits = counts
        .iter()
        .zip(alphabet.usual)
        .map(|(&count, share)| count as usize * price((share.unsigned_abs() as usize) << shift));
    bits.sum::<usize>() >> 8
}

/// Bits by the shares that the counts have.
fn entropy(counts: &[u32], n: usize) -> usize {
    let bits = counts.iter().filter(|&&count| count > 0).map(|&count| {
        let share = 256 * count as usize / n;
        count as usize * price(share.max(1))
    });
    bits.sum::<usize>() >> 8
}

/// Code of a number of literals.
fn literal_code(n: usize) -> usize {
    match n {
        ..16 => n,
        16..24 => 16 + (n - 16) / 2,
        24..32 => 20 + (n - 24) / 4,
        32..48 => 22 + (n - 32) / 8,
        48..64 => 24,
        _ => n.ilog2() as usize + 19,
    }
}

/// Code of a match length, less the least.
fn match_code(n: usize) -> usize {
    match n {
        ..32 => n,
        32..40 => 32 + (n - 32) / 2,
        40..48 => 36 + (n - 40) / 4,
        48..64 => 38 + (n - 48) / 8,
        64..96 => 40 + (n - 64) / 16,
        96..128 => 42,
        _ => n.ilog2() as usize + 36,
    }
}

fn offset_code(offset: u32) -> usize {
    (offset + 1).ilog2() as usize
}

/// [`price`] of each share: 256 times minus the logarithm to base 2 of the share, rounded down.
#[rustfmt::skip]
const PRICES: [u16; 256] = [
    0, 2048, 1792, 1642, 1536, 1453, 1386, 1329, 1280, 1236, 1197, 1162, 1130, 1100, 1073, 1047,
    1024, 1001, 980, 960, 941, 923, 906, 889, 874, 859, 844, 830, 817, 804, 791, 779,
    768, 756, 745, 734, 724, 714, 704, 694, 685, 676, 667, 658, 650, 642, 633, 626,
    618, 610, 603, 595, 588, 581, 574, 567, 561, 554, 548, 542, 535, 529, 523, 517,
    512, 506, 500, 495, 489, 484, 478, 473, 468, 463, 458, 453, 448, 443, 438, 434,
    429, 424, 420, 415, 411, 407, 402, 398, 394, 390, 386, 382, 377, 373, 370, 366,
    362, 358, 354, 350, 347, 343, 339, 336, 332, 329, 325, 322, 318, 315, 311, 308,
    305, 302, 298, 295, 292, 289, 286, 282, 279, 276, 273, 270, 267, 264, 261, 258,
    256, 253, 250, 247, 244, 241, 239, 236, 233, 230, 228, 225, 222, 220, 217, 215,
    212, 209, 207, 204, 202, 199, 197, 194, 192, 190, 187, 185, 182, 180, 178, 175,
    173, 171, 168, 166, 164, 162, 159, 157, 155, 153, 151, 149, 146, 144, 142, 140,
    138, 136, 134, 132, 130, 128, 126, 123, 121, 119, 117, 115, 114, 112, 110, 108,
    106, 104, 102, 100, 98, 96, 94, 93, 91, 89, 87, 85, 83, 82, 80, 78,
    76, 74, 73, 71, 69, 67, 66, 64, 62, 61, 59, 57, 55, 54, 52, 50,
    49, 47, 46, 44, 42, 41, 39, 37, 36, 34, 33, 31, 30, 28, 26, 25,
    23, 22, 20, 19, 17, 16, 14, 13, 11, 10, 8, 7, 5, 4, 2, 1,
];

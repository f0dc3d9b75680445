//! Choice: what the cells of a column are, from some of them.
//!
//! In: cells of one column. Out: [`Cells`].
//! Not here: lines and separators (`sample`), how numbers are printed (`notation`).
//! Holds: a wrong choice costs bytes only: cells that are not as chosen are kept as text.

use super::cell::{Cells, Content, MOST_WORDS};
use super::notation::{Notation, Numeral, numeral, print};
use super::sample::Sample;
use super::table::TextTable;
use crate::layout::Source;
use hepz_columns::Scalar;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Cells that a notation is tried on.
const TRIED: usize = 4096;
/// Digits that any 4-byte float brings back.
const SINGLE_DIGITS: u32 = 6;
/// More different labels than this in a sample are numbered by four bytes.
const SHORT_LABELS: usize = 10_000;

impl TextTable {
    /// The table that a source is, as far as a sample shows; none if it is none, or if most cells are no numbers.
    ///
    /// # Errors
    /// What the source says.
    pub fn recognise(source: &dyn Source) -> io::Result<Option<TextTable>> {
        let Some(sample) = Sample::of(source)? else { return Ok(None) };
        let mut names = BTreeSet::new();
        let cells: Vec<Cells> = (0..sample.columns())
            .map(|at| {
                let given =
                    sample.names.as_ref().and_then(|names| names.get(at)).filter(|name| !name.is_empty());
                let mut name = given.cloned().unwrap_or_else(|| format!("column{}", at + 1));
                if !names.insert(name.clone()) {
                    name = format!("{name}#{}", at + 1);
                    names.insert(name.clone());
                }
                choose(name, &sample.column(at))
            })
            .collect();
        let is_number = |cells: &&Cells| matches!(cells.content, Content::Number(..));
        let constant = |cells: &&Cells| cells.content == Content::Constant;
        let (numbers, constants) =
            (cells.iter().filter(is_number).count(), cells.iter().filter(constant).count());
        if numbers == 0 || numbers * 2 < cells.len() - constants {
            return Ok(None);
        }
        Ok(Some(TextTable {
            dialect: sample.dialect,
            cells,
            rows: 0,
            is_open: false,
            marks_bytes: 0,
            text_bytes: 0,
        }))
    }
}

/// What most of some values are, if nearly all are the same.
fn usual<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    let mut all = 0;
    for value in values {
        *counts.entry(value).or_default() += 1;
        all += 1;
    }
    let (value, count) = counts.into_iter().max_by_key(|&(_, count)| count)?;
    (count * 20 >= all * 19).then_some(value)
}

fn blanks_before(cell: &[u8]) -> usize {
    cell.iter().take_while(|&&byte| byte == b' ').count()
}

fn choose(name: String, sample: &[&[u8]]) -> Cells {
    let mut cells = Cells {
        name,
        content: Content::Free,
        head: Vec::new(),
        tail: Vec::new(),
        width: 0,
        words: Vec::new(),
    };
    if let Some(constant) = usual(sample.iter().copied()).filter(|_| numeral_share(sample) == 0) {
        cells.head = constant.to_vec();
        cells.content = Content::Constant;
        return cells;
    }
    find_affixes(&mut cells, sample);
    let inner: Vec<&[u8]> = sample.iter().filter_map(|cell| cells.inner(cell)).collect();
    let mut words: BTreeMap<&[u8], usize> = BTreeMap::new();
    let mut numbers: Vec<(&[u8], Numeral)> = Vec::new();
    for text in &inner {
        match numeral(text) {
            Some(found) => numbers.push((text, found)),
            None => *words.entry(text).or_default() += 1,
        }
    }
    let n_words = inner.len() - numbers.len();
    if numbers.len() * 2 >= inner.len()
        && (words.len() <= MOST_WORDS / 2 || n_words * 20 < inner.len())
        && let Some((notation, scalar, hits)) = choose_notation(&numbers, n_words > 0)
        && hits * 4 >= 3
    {
        cells.content = Content::Number(notation, scalar);
        let mut kept: Vec<(usize, &[u8])> = words.into_iter().map(|(word, count)| (count, word)).collect();
        kept.sort_by_key(|&(count, word)| (std::cmp::Reverse(count), word));
        kept.truncate(MOST_WORDS);
        cells.set_words(kept.into_iter().map(|(_, word)| word.to_vec()).collect());
        return cells;
    }
    let distinct: BTreeSet<&[u8]> = inner.iter().copied().collect();
    if distinct.len() <= 64 || distinct.len() * 4 <= inner.len() {
        cells.content = Content::Label(match distinct.len() {
            0..=64 => Scalar::U8,
            65..=SHORT_LABELS => Scalar::U16,
            _ => Scalar::U32,
        });
    }
    cells
}

fn numeral_share(sample: &[&[u8]]) -> usize {
    sample.iter().filter(|cell| numeral(cell.trim_ascii()).is_some()).count()
}

/// Quotes, blanks, and the width that numbers are brought to.
fn find_affixes(cells: &mut Cells, sample: &[&[u8]]) {
    let after = |cell: &&[u8]| cell.iter().rev().take_while(|&&byte| byte == b' ').count();
    let tail = usual(sample.iter().map(after)).unwrap_or(0);
    cells.tail = vec![b' '; tail];
    let bare: Vec<&[u8]> =
        sample.iter().filter_map(|cell| cell.get(..cell.len().checked_sub(tail)?)).collect();
    let quoted = |cell: &&[u8]| cell.len() >= 2 && cell.starts_with(b"\"") && cell.ends_with(b"\"");
    if usual(bare.iter().map(quoted)) == Some(true) {
        cells.head.push(b'"');
        cells.tail.insert(0, b'"');
        return;
    }
    match usual(bare.iter().map(|cell| blanks_before(cell))) {
        Some(blanks) => cells.head = vec![b' '; blanks],
        None => {
            let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
            for cell in bare.iter().filter(|cell| cell.first() == Some(&b' ')) {
                *lengths.entry(cell.len()).or_default() += 1;
            }
            let most = lengths.into_iter().max_by_key(|&(_, count)| count);
            cells.width = most.and_then(|(length, _)| u8::try_from(length).ok()).unwrap_or(0);
        }
    }
}

/// The notation in which most of the numbers come back, and in how many of four they do (rounded down).
fn choose_notation(numbers: &[(&[u8], Numeral)], with_words: bool) -> Option<(Notation, Scalar, usize)> {
    let stride = numbers.len().div_ceil(TRIED).max(1);
    let tried: Vec<&(&[u8], Numeral)> = numbers.iter().step_by(stride).collect();
    let mut best: Option<(usize, Notation, Scalar)> = None;
    let mut again = Vec::new();
    for (notation, scalar) in candidates(numbers, with_words) {
        let comes_back = |&&&(text, numeral): &&&(&[u8], Numeral)| {
            again.clear();
            numeral.pattern(text, notation, scalar).is_some_and(|raw| {
                print(notation, scalar, raw, &mut again);
                again == text
            })
        };
        let hits = tried.iter().filter(comes_back).count();
        if best.is_none_or(|(most, ..)| hits > most) {
            best = Some((hits, notation, scalar));
        }
        if hits == tried.len() {
            break;
        }
    }
    best.map(|(hits, notation, scalar)| (notation, scalar, hits * 4 / tried.len().max(1)))
}

/// Notations worth trying, from the narrowest on.
fn candidates(numbers: &[(&[u8], Numeral)], with_words: bool) -> Vec<(Notation, Scalar)> {
    let all = || numbers.iter().map(|(_, numeral)| *numeral);
    let needed = all().map(|numeral| numeral.needed).max().unwrap_or(1).max(1);
    let digits = all().map(|numeral| numeral.digits).max().unwrap_or(1);
    let decimals = |exponents: bool| {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for numeral in all().filter(|numeral| numeral.has_exponent == exponents) {
            *counts.entry(numeral.decimals).or_default() += 1;
        }
        counts
            .into_iter()
            .max_by_key(|&(_, count)| count)
            .and_then(|(decimals, _)| u8::try_from(decimals).ok())
    };
    let mut found = Vec::new();
    if !with_words {
        found.push((Notation::Integer, integer_scalar(numbers)));
    }
    let few = |digits: u32| u8::try_from(digits.min(17)).unwrap_or(17);
    for scalar in [Scalar::F32, Scalar::F64] {
        let fixed = decimals(false).filter(|&n| n < super::notation::MOST_DIGITS);
        // Fixed numbers grow: those of a float of 4 bytes have to fit well.
        if let Some(n) = fixed.filter(|_| scalar == Scalar::F64 || digits <= SINGLE_DIGITS || digits > 7) {
            found.push((Notation::Fixed(n), scalar));
        }
        if let Some(n) = decimals(true).filter(|&n| n < super::notation::MOST_DIGITS) {
            found.push((Notation::Scientific(n), scalar));
        }
        if needed <= SINGLE_DIGITS {
            found.push((Notation::General(SINGLE_DIGITS as u8), scalar));
        }
        found.push((Notation::General(few(needed)), scalar));
        found.push((Notation::Shortest, scalar));
        found.push((Notation::Plain, scalar));
    }
    found
}

/// The narrowest integer that holds twice what was seen.
fn integer_scalar(numbers: &[(&[u8], Numeral)]) -> Scalar {
    let (mut most, mut negative) = (0u64, false);
    for (text, numeral) in numbers {
        let size =
            std::str::from_utf8(text).ok().and_then(|text| text.trim_start_matches('-').parse::<u64>().ok());
        most = most.max(size.unwrap_or(0));
        negative |= numeral.negative;
    }
    let bits = (64 - most.leading_zeros() + 1).min(64);
    match (bits, negative) {
        (..=8, false) => Scalar::U8,
        (..=16, false) => Scalar::U16,
        (..=32, false) => Scalar::U32,
        (_, false) => Scalar::U64,
        (..=7, true) => Scalar::I8,
        (..=15, true) => Scalar::I16,
        (..=31, true) => Scalar::I32,
        (_, true) => Scalar::I64,
    }
}

//! Cells: what one column prints in each row, from text to a bit pattern and back.
//!
//! In: the text of a cell, or a pattern. Out: the other.
//! Not here: numbers alone (`notation`), rows (`reader`, `writer`), which cells a column has (`choice`).
//! Holds: a pattern is given for a text only if it prints that very text.

use super::notation::{MOST_DIGITS, Notation, numeral, print};
use super::wire::{Pen, WireError, Wires};
use hepz_columns::Scalar;
use std::collections::BTreeMap;

/// Words that stand for numbers, at most: `nan`, `inf`, nothing at all.
pub(super) const MOST_WORDS: usize = 32;

/// What the cells of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The same in every row: the affixes.
    Constant,
    /// Text that is kept as it is.
    Free,
    /// One of the labels; the pattern is its number.
    Label(Scalar),
    /// Numbers; words stand for NaN and infinities.
    Number(Notation, Scalar),
}

/// How the cells of a column are printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Name of the column.
    pub name: String,
    /// What they are.
    pub content: Content,
    /// Text in front of each.
    pub head: Vec<u8>,
    /// Text behind each.
    pub tail: Vec<u8>,
    /// Blanks stand in front of shorter ones, head and tail not counted.
    pub width: u8,
    /// Labels in the order of their numbers, or words with the patterns that they stand for.
    pub words: Vec<(Vec<u8>, u64)>,
}

/// Finds the number of a label.
pub(super) struct Labels {
    numbers: BTreeMap<Vec<u8>, u64>,
    /// Bytes that new labels may have.
    room: usize,
    /// Labels of rows that are in the table.
    sure: usize,
}

impl Labels {
    /// For one of so many columns.
    pub(super) fn of(columns: usize) -> Labels {
        Labels { numbers: BTreeMap::new(), room: MOST_LABEL_BYTES / columns.max(1), sure: 0 }
    }

    /// Keeps the labels that a row brought, or forgets them.
    pub(super) fn settle(&mut self, keep: bool, cells: &mut Cells) {
        while !keep && cells.words.len() > self.sure {
            if let Some((word, _)) = cells.words.pop() {
                self.numbers.remove(&word);
            }
        }
        self.sure = cells.words.len();
    }
}

/// Labels that one column may have, bytes of those of all columns, and of one: they are held in memory in both
/// directions.
const MOST_LABELS: u64 = 1 << 17;
const MOST_LABEL_BYTES: usize = 8 << 20;
const LONGEST_LABEL: usize = 255;

impl Cells {
    /// The scalar of the column; none if the cells are no column.
    pub fn scalar(&self) -> Option<Scalar> {
        match self.content {
            Content::Constant | Content::Free => None,
            Content::Label(scalar) | Content::Number(_, scalar) => Some(scalar),
        }
    }

    /// The text of a cell without what stands around it in every row.
    #[inline]
    pub(super) fn inner<'a>(&self, cell: &'a [u8]) -> Option<&'a [u8]> {
        let inner = cell.strip_prefix(&self.head[..])?.strip_suffix(&self.tail[..])?;
        if self.width == 0 {
            return Some(inner);
        }
        let blanks = inner.iter().position(|&byte| byte != b' ').unwrap_or(inner.len());
        Some(&inner[blanks..])
    }

    /// The pattern of a cell; none if no pattern prints this text. New labels get a number.
    #[inline]
    pub(super) fn pattern(&mut self, cell: &[u8], labels: &mut Labels, again: &mut Vec<u8>) -> Option<u64> {
        let inner = self.inner(cell)?;
        let raw = match self.content {
            Content::Constant => 0,
            Content::Free => return None,
            Content::Label(scalar) => self.label(inner, scalar, labels)?,
            Content::Number(notation, scalar) => match numeral(inner) {
                Some(numeral) => {
                    let raw = numeral.pattern(inner, notation, scalar)?;
                    if self.width == 0 && numeral.is_usual(inner, notation, scalar) {
                        return Some(raw);
                    }
                    raw
                }
                None => self.words.iter().find(|(word, _)| word == inner)?.1,
            },
        };
        again.clear();
        self.print(raw, again);
        (again == cell).then_some(raw)
    }

    fn label(&mut self, text: &[u8], scalar: Scalar, labels: &mut Labels) -> Option<u64> {
        if let Some(&number) = labels.numbers.get(text) {
            return Some(number);
        }
        let number = self.words.len() as u64;
        let most = MOST_LABELS.min(u64::MAX >> (64 - scalar.bits()));
        let bytes = text.len() + 2;
        if number >= most || text.len() > LONGEST_LABEL || bytes > labels.room {
            return None;
        }
        labels.room -= bytes;
        labels.numbers.insert(text.to_vec(), number);
        self.words.push((text.to_vec(), number));
        Some(number)
    }

    /// Appends the cell of a pattern; any pattern gives a text.
    #[inline]
    pub(super) fn print(&self, raw: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        let from = out.len();
        match self.content {
            Content::Constant | Content::Free => {}
            Content::Label(_) => {
                let word = usize::try_from(raw).ok().and_then(|number| self.words.get(number));
                out.extend_from_slice(word.map_or(&b""[..], |(word, _)| word));
            }
            Content::Number(notation, scalar) => match self.word(scalar, raw) {
                Some(word) => out.extend_from_slice(word),
                None => print(notation, scalar, raw, out),
            },
        }
        let short = usize::from(self.width).saturating_sub(out.len() - from);
        if short > 0 {
            out.resize(out.len() + short, b' ');
            out[from..].rotate_right(short);
        }
        out.extend_from_slice(&self.tail);
    }

    /// The word that a pattern has instead of digits.
    #[inline]
    fn word(&self, scalar: Scalar, raw: u64) -> Option<&[u8]> {
        let special = match scalar {
            Scalar::F32 => raw & 0x7f80_0000 == 0x7f80_0000,
            Scalar::F64 => raw & 0x7ff0_0000_0000_0000 == 0x7ff0_0000_0000_0000,
            _ => false,
        };
        if !special {
            return None;
        }
        self.words.iter().find(|(_, stands_for)| *stands_for == raw).map(|(word, _)| &word[..])
    }

    /// Gives words the patterns that they stand for: infinities, and NaN with their numbers.
    pub(super) fn set_words(&mut self, words: Vec<Vec<u8>>) {
        let Some(scalar) = self.scalar().filter(|scalar| scalar.is_float()) else { return };
        let (quiet, infinity, sign) = match scalar {
            Scalar::F32 => (0x7fc0_0000, 0x7f80_0000, 1u64 << 31),
            _ => (0x7ff8 << 48, 0x7ff0 << 48, 1u64 << 63),
        };
        for (number, word) in words.into_iter().take(MOST_WORDS).enumerate() {
            let lower = word.to_ascii_lowercase();
            let bare = lower.strip_prefix(b"-").or(lower.strip_prefix(b"+")).unwrap_or(&lower);
            let infinite = matches!(bare, b"inf" | b"infinity");
            let raw = infinity | if lower.starts_with(b"-") { sign } else { 0 };
            let free = infinite && self.words.iter().all(|(_, other)| *other != raw);
            self.words.push((word, if free { raw } else { quiet + number as u64 }));
        }
    }

    pub(super) fn write(&self, pen: &mut Pen) {
        pen.bytes(self.name.as_bytes());
        let (kind, notation, digits, scalar) = match self.content {
            Content::Constant => (0, 0, 0, 0),
            Content::Free => (1, 0, 0, 0),
            Content::Label(scalar) => (2, 0, 0, scalar.id()),
            Content::Number(notation, scalar) => {
                let (kind, digits) = match notation {
                    Notation::Integer => (0, 0),
                    Notation::Fixed(digits) => (1, digits),
                    Notation::Scientific(digits) => (2, digits),
                    Notation::General(digits) => (3, digits),
                    Notation::Shortest => (4, 0),
                    Notation::Plain => (5, 0),
                };
                (3, kind, digits, scalar.id())
            }
        };
        pen.raw(&[kind, notation, digits, scalar, self.width]);
        pen.bytes(&self.head);
        pen.bytes(&self.tail);
        pen.number(self.words.len() as u64);
        for (word, raw) in &self.words {
            pen.bytes(word);
            if kind == 3 {
                pen.number(*raw);
            }
        }
    }

    pub(super) fn read(wires: &mut Wires<'_>) -> Result<Cells, WireError> {
        let name = String::from_utf8_lossy(wires.bytes()?).into_owned();
        let [kind, notation, digits, scalar, width] = wires.array()?;
        let scalar = Scalar::from_id(scalar).ok_or(WireError::Scalar)?;
        let content = match kind {
            0 => Content::Constant,
            1 => Content::Free,
            2 if matches!(scalar, Scalar::U8 | Scalar::U16 | Scalar::U32) => Content::Label(scalar),
            3 => {
                let float = matches!(scalar, Scalar::F32 | Scalar::F64);
                let notation = match notation {
                    0 => Notation::Integer,
                    1 => Notation::Fixed(digits),
                    2 => Notation::Scientific(digits),
                    3 => Notation::General(digits.max(1)),
                    4 => Notation::Shortest,
                    5 => Notation::Plain,
                    _ => return Err(WireError::TooNew),
                };
                let integer = !scalar.is_float() && scalar != Scalar::Bool;
                let fits = if notation == Notation::Integer { integer } else { float };
                if !fits || digits >= MOST_DIGITS {
                    return Err(WireError::Notation);
                }
                Content::Number(notation, scalar)
            }
            2 => return Err(WireError::Scalar),
            _ => return Err(WireError::TooNew),
        };
        let (head, tail) = (wires.bytes()?.to_vec(), wires.bytes()?.to_vec());
        let mut words = Vec::new();
        for number in 0..wires.number()? {
            let word = wires.bytes()?.to_vec();
            words.push((word, if kind == 3 { wires.number()? } else { number }));
        }
        Ok(Cells { name, content, head, tail, width, words })
    }
}

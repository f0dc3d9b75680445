//! Lines, fields and tokens of text, and the lines that stand above.
//!
//! In: bytes. Out: where the next byte stands, and what stands above it.
//! Not here: how that becomes contexts (`contexts`).
//! Holds: a function of earlier bytes alone; a step costs at most a bounded number of bytes.
//! Source: our own: tables that programs print have lines of a few kinds, told apart by their first byte, and the fields of
//! one kind line up by number even where they do not by column.

use super::boxed;
use super::history::History;

/// How far a field above is skipped in one step.
const MAX_SKIP: u32 = 64;

/// What a byte is to text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digit, letter, sign or point: part of a token.
    Token,
    Separator,
    LineEnd,
    Other,
}

static KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Other; 256];
    let mut byte = 0usize;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'-' | b'+' | b'.' => Kind::Token,
            b' ' | b'\t' | b',' | b';' => Kind::Separator,
            b'\n' | b'\r' => Kind::LineEnd,
            _ => Kind::Other,
        };
        byte += 1;
    }
    kinds
};

fn kind(byte: u8) -> Kind {
    KINDS[usize::from(byte)]
}

/// A place in an earlier line, kept in step with this one field by field.
#[derive(Debug, Clone, Copy, Default)]
struct Above {
    at: u32,
    exists: bool,
}

impl Above {
    /// The line after whose first byte `start` points; zero is none.
    fn line(start: u32) -> Above {
        Above { at: start, exists: start != 0 }
    }

    fn byte(self, history: &History) -> Option<u8> {
        self.exists.then(|| history.at(self.at))
    }

    /// Steps on after a byte of kind `here`: a separator leads to the next field, other bytes stop at the field's end.
    fn advance(&mut self, history: &History, here: Kind) {
        if !self.exists {
            return;
        }
        if here == Kind::Separator {
            for _ in 0..MAX_SKIP {
                let over = kind(history.at(self.at));
                if over == Kind::LineEnd {
                    break;
                }
                self.at = self.at.wrapping_add(1);
                if over == Kind::Separator {
                    break;
                }
            }
        } else if !matches!(kind(history.at(self.at)), Kind::Separator | Kind::LineEnd) {
            self.at = self.at.wrapping_add(1);
        }
    }
}

/// Where the next byte stands.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// After the first byte of the last line, and of the one before it, that began with a byte.
    starts: Box<[[u32; 2]; 256]>,
    line_bytes: u32,
    above: [Above; 2],
    /// First byte of the line, 0 before it is known.
    pub(super) class: u8,
    /// Fields before this one in the line.
    pub(super) field: u32,
    /// Bytes of this field.
    pub(super) field_len: u32,
    /// Hash of the bytes of this field.
    pub(super) field_hash: u32,
    /// Hash of the field before.
    pub(super) last_field_hash: u32,
    /// Hash of the token so far; 0 outside of tokens.
    pub(super) token_hash: u32,
    /// Hash of the token before.
    pub(super) last_token_hash: u32,
    /// How the field so far compares with the one above, by the first byte that differs:
    /// 0 equal so far, 1 one more, 2 one less, 3 more, 4 less.
    pub(super) trend: u32,
}

impl Text {
    pub(super) fn new() -> Text {
        Text {
            starts: boxed([0; 2]),
            line_bytes: 0,
            above: [Above::default(); 2],
            class: 0,
            field: 0,
            field_len: 0,
            field_hash: 0,
            last_field_hash: 0,
            token_hash: 0,
            last_token_hash: 0,
            trend: 0,
        }
    }

    /// The byte that stands above the next one, in the last line of this kind and in the one before.
    pub(super) fn above(&self, history: &History) -> [Option<u8>; 2] {
        self.above.map(|above| above.byte(history))
    }

    /// The byte after the one that stands above.
    pub(super) fn after_above(&self, history: &History) -> Option<u8> {
        let [above, _] = self.above;
        Above { at: above.at.wrapping_add(1), ..above }.byte(history)
    }

    /// Moves on by the byte that `history` just took.
    pub(super) fn advance(&mut self, history: &History, byte: u8) {
        let here = kind(byte);
        if self.line_bytes == 0 && here != Kind::LineEnd {
            // The first byte of a line names its kind.
            self.class = byte;
            let starts = &mut self.starts[usize::from(byte)];
            self.above = starts.map(Above::line);
            *starts = [history.len(), starts[0]];
        } else {
            if self.trend == 0 {
                self.trend = match self.above[0].byte(history) {
                    Some(over) if over != byte && byte == over.wrapping_add(1) => 1,
                    Some(over) if over != byte && over == byte.wrapping_add(1) => 2,
                    Some(over) if byte > over => 3,
                    Some(over) if byte < over => 4,
                    _ => 0,
                };
            }
            for above in &mut self.above {
                above.advance(history, here);
            }
        }
        self.line_bytes = self.line_bytes.wrapping_add(1);
        if here == Kind::Token {
            self.token_hash = fold(self.token_hash, byte);
        } else if self.token_hash != 0 {
            self.last_token_hash = self.token_hash;
            self.token_hash = 0;
        }
        match here {
            Kind::Token | Kind::Other => {
                self.field_hash = fold(self.field_hash, byte);
                self.field_len = self.field_len.saturating_add(1);
            }
            Kind::Separator => {
                if self.field_len > 0 {
                    self.field = self.field.saturating_add(1);
                }
                self.end_field();
            }
            Kind::LineEnd => {
                self.end_field();
                self.field = 0;
                self.line_bytes = 0;
                self.class = 0;
                self.above = [Above::default(); 2];
            }
        }
    }

    fn end_field(&mut self) {
        if self.field_len > 0 {
            self.last_field_hash = self.field_hash;
        }
        self.field_hash = 0;
        self.field_len = 0;
        self.trend = 0;
    }
}

/// One more byte of a hash; never 0.
fn fold(hash: u32, byte: u8) -> u32 {
    (hash ^ (u32::from(byte) + 1)).wrapping_mul(0x5bd1_e995).rotate_left(13) | 1
}

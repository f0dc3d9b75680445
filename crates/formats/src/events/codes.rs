//! Barcodes: the names that a file gives particles and vertices, mostly consecutive numbers.
//!
//! In: barcodes in print order. Out: which line has which barcode, and the exceptions as text.
//! Not here: who refers to whom (`graph`).
//! Holds: exceptions written and read give the same barcodes; hostile exceptions give an error.

use super::fields::{Fields, push_integer};
use std::collections::BTreeMap;

/// Barcodes of one event's particles or vertices.
pub(super) struct Codes {
    first: i64,
    step: i64,
    list: Vec<i64>,
    /// Numbers of lines where they are not consecutive; empty where they are.
    usual: Vec<u32>,
    regular: bool,
    /// Where irregular barcodes are; made when one is looked for.
    places: BTreeMap<i64, u32>,
    n_placed: usize,
}

impl Codes {
    /// Barcodes that begin with `first` and go on in steps of `step`, 1 or -1, unless told otherwise.
    pub fn new(first: i64, step: i64) -> Codes {
        Codes {
            first,
            step,
            list: Vec::new(),
            usual: Vec::new(),
            regular: true,
            places: BTreeMap::new(),
            n_placed: 0,
        }
    }

    /// Forgets all, for the next event.
    pub fn clear(&mut self) {
        self.list.clear();
        self.usual.clear();
        self.places.clear();
        (self.regular, self.n_placed) = (true, 0);
    }

    /// Numbers the lines, before any barcode is added.
    pub fn set_usual(&mut self, usual: Vec<u32>) {
        self.usual = usual;
    }

    /// What the next one is expected to be.
    #[inline]
    pub fn expected(&self) -> i64 {
        self.expected_at(self.list.len(), self.list.last().copied())
    }

    /// What the barcode of a line is expected to be: as far from the one before as their numbers are.
    #[inline]
    fn expected_at(&self, at: usize, before: Option<i64>) -> i64 {
        let number = |at: usize| self.usual.get(at).map_or(at as i64, |&number| number.into());
        match before {
            Some(before) if self.usual.is_empty() => before + self.step,
            Some(before) => before + self.step * (number(at) - number(at - 1)),
            None => self.first + self.step * number(0),
        }
    }

    /// Adds one.
    #[inline]
    pub fn push(&mut self, code: i64) {
        self.regular &= code == self.expected();
        self.list.push(code);
    }

    /// The barcode of a line.
    #[inline]
    pub fn get(&self, at: usize) -> i64 {
        self.list.get(at).copied().unwrap_or(0)
    }

    /// The first line that has a barcode; of those for which `shown` is true.
    #[inline]
    pub fn find(&mut self, code: i64, shown: impl Fn(usize) -> bool) -> Option<u32> {
        let guess = (code - self.list.first()?) * self.step;
        if guess >= 0 && self.list.get(guess as usize) == Some(&code) && shown(guess as usize) {
            return Some(guess as u32);
        }
        if self.regular { None } else { self.search(code, shown) }
    }

    fn search(&mut self, code: i64, shown: impl Fn(usize) -> bool) -> Option<u32> {
        for at in (self.n_placed..self.list.len()).filter(|at| shown(*at)) {
            self.places.entry(self.list[at]).or_insert(at as u32);
        }
        self.n_placed = self.list.len();
        self.places.get(&code).copied()
    }

    /// Appends the exceptions, `gap:step` each: how many lines after the last exception, and how far from the expected
    /// barcode. Nothing if there are none.
    pub fn write_exceptions(&self, out: &mut Vec<u8>) {
        if self.regular {
            return;
        }
        let (mut last, mut before) = (0, None);
        for (at, &code) in self.list.iter().enumerate() {
            let step = code - self.expected_at(at, before);
            if step != 0 {
                out.push(b' ');
                push_integer((at - last) as i64, out);
                out.push(b':');
                push_integer(step, out);
                last = at;
            }
            before = Some(code);
        }
    }

    /// Sets `n` barcodes from exceptions; numbers stay.
    pub fn read_exceptions(&mut self, n: usize, exceptions: &[u8]) -> Option<()> {
        self.list.clear();
        let mut fields = Fields::new(exceptions);
        while !fields.rest.is_empty() {
            fields.byte(b' ')?;
            let gap = usize::try_from(fields.integer()?).ok()?;
            fields.byte(b':')?;
            let step = fields.integer()?;
            // The gap is from the last exception, which is the last barcode that there is, if any.
            let at = self.list.len().saturating_sub(1).checked_add(gap).filter(|&at| at < n)?;
            if at < self.list.len() {
                return None;
            }
            self.extend(at);
            let code = self.expected().checked_add(step)?;
            self.push(code);
            // Sums of steps stay far from the ends of i64.
            if code.unsigned_abs() >> 62 != 0 {
                return None;
            }
        }
        self.extend(n);
        Some(())
    }

    /// The same lines with other numbers. Where `known` is false a barcode is as expected.
    pub fn renumber(&mut self, usual: Vec<u32>, known: &[bool]) {
        let list = std::mem::take(&mut self.list);
        self.clear();
        self.usual = usual;
        for (code, known) in list.into_iter().zip(known) {
            self.push(if *known { code } else { self.expected() });
        }
    }

    /// Goes on as expected up to `n`.
    pub fn extend(&mut self, n: usize) {
        while self.list.len() < n {
            self.push(self.expected());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(first: i64, step: i64, usual: &[u32], list: &[i64]) -> Vec<u8> {
        let mut codes = Codes::new(first, step);
        codes.set_usual(usual.into());
        list.iter().for_each(|&code| codes.push(code));
        let mut text = Vec::new();
        codes.write_exceptions(&mut text);
        let mut back = Codes::new(first, step);
        back.set_usual(usual.into());
        back.extend(list.len());
        if !text.is_empty() {
            back.read_exceptions(list.len(), &text).unwrap();
        }
        assert_eq!(back.list, list);
        text
    }

    #[test]
    fn exceptions_give_the_same_barcodes() {
        assert_eq!(there_and_back(10_001, 1, &[], &[10_001, 10_002, 10_003]), b"");
        assert_eq!(there_and_back(1, 1, &[], &[5, 6, 9, 10, 3]), b" 0:4 2:2 2:-8");
        assert_eq!(there_and_back(-1, -1, &[], &[-1, -2, 7, 7]), b" 2:10 1:1");
        assert_eq!(there_and_back(-1, -1, &[0, 2, 1, 3], &[-1, -3, -2, -4]), b"");
        assert_eq!(there_and_back(-1, -1, &[0, 2, 1, 3], &[-1, -3, -9, -11]), b" 2:-7");
    }

    #[test]
    fn hostile_exceptions_are_none() {
        let texts: [&[u8]; 8] = [b" ", b" 1", b" 1:", b" 3:1", b" 0:1 0:1", b" -1:1", b"1:1", b" 0:1  1:1"];
        for text in texts {
            assert_eq!(Codes::new(1, 1).read_exceptions(3, text), None, "{text:?}");
        }
        let far = " 0:999999999999999999 1:999999999999999999".repeat(9);
        assert_eq!(Codes::new(1, 1).read_exceptions(30, far.as_bytes()), None);
    }

    #[test]
    fn the_first_of_equal_barcodes_is_found() {
        let mut codes = Codes::new(1, 1);
        [1, 2, 9, 4, 9, 2].into_iter().for_each(|code| codes.push(code));
        assert_eq!(
            [1, 2, 9, 4, 3, 6].map(|code| codes.find(code, |_| true)),
            [Some(0), Some(1), Some(2), Some(3), None, None]
        );
        let mut codes = Codes::new(1, 1);
        [1, 9, 2, 9].into_iter().for_each(|code| codes.push(code));
        assert_eq!(codes.find(9, |at| at != 1), Some(3));
    }
}

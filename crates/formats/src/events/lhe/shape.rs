//! Shapes: lines of text without their numbers.
//!
//! In: a line, or a shape and numbers. Out: the other; a shape is kept as a label.
//! Not here: which numbers follow from what (`fold`, `unfold`).
//! Holds: the numbers of a line, printed into its shape, give the line.

use super::super::labels::LONGEST_LABEL;
use super::super::number::{NumberFormat, Style};
use super::number::{Dress, Printed};
use hepz_columns::events::Lattice;

/// What a shape's label begins with; labels of particles begin with a blank.
const SHAPE: u8 = 1;
/// What stands for a number in a label; width, kind, dress and digits follow.
const SLOT: u8 = 2;
/// Bytes of text below this one are not kept in shapes.
const LEAST_BYTE: u8 = 16;
/// Longest number, and most blanks before it.
const LONGEST: usize = 40;
/// What lines of recorded clusterings begin with.
const CLUSTERING: &[u8] = b"<clus scale=\"";

/// How a number is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Without a point.
    Whole,
    /// With a point, or an exponent.
    Real(Style),
    /// As no format prints.
    Other,
}

/// The place of a number in a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// Where the text before it ends in the shape's text.
    text_end: usize,
    /// Bytes, blanks before it included.
    width: u8,
    form: Form,
    dress: Dress,
}

/// What a line says that laws know about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing.
    Plain,
    /// A clustering of MadGraph: scale, first and second line number, that of the other beam, and one more number.
    Clustering,
    /// Two numbers, and the scale at which each jet was clustered.
    Scales,
}

/// A line without its numbers.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    text: Vec<u8>,
    pub slots: Vec<Slot>,
    pub role: Role,
}

impl Slot {
    /// True if numbers have a point or an exponent.
    pub fn is_real(&self) -> bool {
        matches!(self.form, Form::Real(_))
    }

    /// Appends a number as this slot prints it; nothing if it prints none.
    pub fn print(&self, value: f64, out: &mut Vec<u8>) {
        if let Form::Real(style) = self.form
            && value.is_finite()
        {
            let format = NumberFormat { style, short_zero: false, lattice: Lattice::Binary64 };
            Printed { dress: self.dress, format }.print(value.to_bits(), out);
        }
    }
}

/// Length of the number that text begins with, and how it is printed.
fn number(text: &[u8], signed: bool) -> Option<(usize, Form, Dress)> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(signed && matches!(text.first(), Some(b'+' | b'-')));
    let before = digits(sign);
    let point = sign + before;
    let has_point = text.get(point) == Some(&b'.');
    let after = if has_point { digits(point + 1) } else { 0 };
    if before + after == 0 {
        return None;
    }
    let mantissa_end = point + usize::from(has_point) + after;
    let mut dress = Dress { plus: sign == 1 && text[0] == b'+', ..Dress::default() };
    let exponent = match text[mantissa_end..] {
        [letter @ (b'e' | b'E'), b'+' | b'-', ref rest @ ..]
            if rest.first().is_some_and(u8::is_ascii_digit) =>
        {
            dress.capital = letter == b'E';
            2 + digits(mantissa_end + 2)
        }
        _ => 0,
    };
    let length = mantissa_end + exponent;
    let form = match (before, has_point, exponent) {
        (_, false, 0) => Form::Whole,
        (1.., true, 0) => Form::Real(Style::Fixed(after as u8)),
        (1, _, 1..) => {
            dress.fraction = text[sign] == b'0' && after > 0 && text[point + 1] != b'0';
            Form::Real(Style::Scientific(after as u8 - u8::from(dress.fraction)))
        }
        _ => Form::Other,
    };
    (length <= LONGEST).then_some((length, form, dress))
}

/// Cuts a line into a shape's label and its numbers, a blank behind each. False if it has no shape.
pub(super) fn cut(line: &[u8], label: &mut Vec<u8>, numbers: &mut Vec<u8>) -> bool {
    label.clear();
    label.push(SHAPE);
    let mut at = 0;
    while at < line.len() {
        let byte = line[at];
        if byte < LEAST_BYTE || label.len() + 5 > LONGEST_LABEL {
            return false;
        }
        let blanks = line[at..].iter().take_while(|byte| **byte == b' ').count();
        let from = at + blanks;
        let begins = |byte: &u8| byte.is_ascii_digit() || b"+-.".contains(byte);
        let found = match line.get(from).filter(|byte| blanks <= LONGEST && begins(byte)) {
            Some(_) => {
                let signed =
                    blanks > 0 || at == 0 || !(line[at - 1].is_ascii_alphanumeric() || line[at - 1] == b'.');
                number(&line[from..], signed)
            }
            None => None,
        };
        let Some((length, form, dress)) = found else {
            // Blanks belong to the number that follows them, if any.
            label.extend_from_slice(&line[at..at + blanks.max(1)]);
            at += blanks.max(1);
            continue;
        };
        let [kind, digits] = match form {
            Form::Whole => [8, 0],
            Form::Real(style) => style.to_bytes(),
            Form::Other => [9, 0],
        };
        label.extend_from_slice(&[SLOT, (blanks + length) as u8, kind, dress.to_byte(), digits]);
        numbers.extend_from_slice(&line[from..from + length]);
        numbers.push(b' ');
        at = from + length;
    }
    label.len() <= LONGEST_LABEL
}

impl Shape {
    /// The shape of a label; `None` if it is none.
    pub fn from_label(label: &[u8]) -> Option<Shape> {
        let (&SHAPE, mut rest) = label.split_first()? else { return None };
        let mut shape = Shape { text: Vec::new(), slots: Vec::new(), role: Role::Plain };
        while let Some((&byte, behind)) = rest.split_first() {
            rest = behind;
            if byte != SLOT {
                shape.text.push(byte);
                continue;
            }
            let (&[width, kind, dress, digits], behind) = rest.split_first_chunk()?;
            rest = behind;
            let form = match kind {
                8 => Form::Whole,
                9 => Form::Other,
                _ => Form::Real(Style::from_bytes([kind, digits])?),
            };
            let dress = Dress::from_byte(dress)?;
            shape.slots.push(Slot { text_end: shape.text.len(), width, form, dress });
        }
        let real = |slots: &[Slot]| slots.iter().all(Slot::is_real);
        shape.role = match shape.slots.as_slice() {
            [scale, rest @ ..]
                if rest.len() == 4
                    && scale.is_real()
                    && rest.iter().all(|slot| slot.form == Form::Whole)
                    && shape.text.starts_with(CLUSTERING) =>
            {
                Role::Clustering
            }
            slots if slots.len() >= 2 && real(slots) && shape.text.starts_with(b"#") => Role::Scales,
            _ => Role::Plain,
        };
        Some(shape)
    }

    /// Prints numbers, a blank behind each, into the shape.
    pub fn print(&self, numbers: &[u8], out: &mut Vec<u8>) {
        const BLANKS: [u8; u8::MAX as usize] = [b' '; u8::MAX as usize];
        let mut from = 0;
        let mut numbers = numbers.split(|&byte| byte == b' ');
        for slot in &self.slots {
            out.extend_from_slice(&self.text[from..slot.text_end]);
            from = slot.text_end;
            let number = numbers.next().unwrap_or(b"");
            out.extend_from_slice(&BLANKS[..usize::from(slot.width).saturating_sub(number.len())]);
            out.extend_from_slice(number);
        }
        out.extend_from_slice(&self.text[from..]);
    }
}

/// The shapes among labels, in their order.
pub(super) fn shapes(labels: &[Vec<u8>]) -> Vec<Shape> {
    labels.iter().filter_map(|label| Shape::from_label(label)).take(super::skeleton::MOST_SHAPES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_printed_into_a_shape_give_the_line() {
        for (line, wanted) in [
            ("<clus scale=\"   23.067\">  2  6  1 -1</clus>", "23.067 2 6 1 -1 "),
            ("#  0.7000000E+04 -0.7000000E+04", "0.7000000E+04 -0.7000000E+04 "),
            ("<wgt id='1001'> +1.0e-02 </wgt>", "1001 +1.0e-02 "),
            ("<asrwt>1 .22E+02</asrwt> 1.2.3-4-x+ .", "1 .22E+02 1.2 .3 4 "),
            ("rwgt_MUR2.0_PDF260001 1e5 1e+5", "2.0 260001 1 5 1e+5 "),
            ("", ""),
            ("   text   ", ""),
        ] {
            let (mut label, mut numbers, mut back) = (Vec::new(), Vec::new(), Vec::new());
            assert!(cut(line.as_bytes(), &mut label, &mut numbers));
            assert_eq!(String::from_utf8_lossy(&numbers), wanted);
            Shape::from_label(&label).expect("a shape").print(&numbers, &mut back);
            assert_eq!(String::from_utf8_lossy(&back), line);
        }
    }

    #[test]
    fn a_value_prints_like_the_number_that_stood_there() {
        for (line, value) in [
            ("0.2306654E+02", 23.06654),
            ("   23.067", 23.0670001),
            ("+2.3067e+01", 23.067),
            ("-2.31E-10", -2.309999e-10),
            ("0.10E+01", 0.9999),
        ] {
            let (mut label, mut numbers, mut printed) = (Vec::new(), Vec::new(), Vec::new());
            assert!(cut(line.as_bytes(), &mut label, &mut numbers));
            Shape::from_label(&label).expect("a shape").slots[0].print(value, &mut printed);
            assert_eq!(String::from_utf8_lossy(&printed), line.trim());
        }
    }
}

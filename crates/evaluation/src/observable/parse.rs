//! Parse: text to formulas.
//!
//! In: `name = expression`, or an expression. Out: the name, the columns, the formula.
//! Not here: what the steps compute (`formula`).
//! Holds: nesting is bounded; every error names a character.
//!
//! Crates for expressions were looked at: `exmex` is well kept, but has functions of one and two arguments only, and
//! a mass takes six or eight; `evalexpr` is AGPL; `fasteval` and `meval` have not moved for years and give no
//! derivatives.

use super::error::ObservableError;
use super::formula::{Binary, Formula, Step, Unary};
use super::four_vectors;

/// Parentheses, signs and powers inside each other: more than anybody writes, and far less than a stack holds.
const DEEPEST: usize = 200;

const OF_ONE: [(&str, Unary); 10] = [
    ("sqrt", Unary::Sqrt),
    ("abs", Unary::Abs),
    ("exp", Unary::Exp),
    ("ln", Unary::Ln),
    ("sin", Unary::Sin),
    ("cos", Unary::Cos),
    ("tan", Unary::Tan),
    ("sinh", Unary::Sinh),
    ("cosh", Unary::Cosh),
    ("tanh", Unary::Tanh),
];

const OF_TWO: [(&str, Binary); 4] =
    [("atan2", Binary::Atan2), ("min", Binary::Min), ("max", Binary::Max), ("hypot", Binary::Hypot)];

struct Parser<'a> {
    text: &'a str,
    /// The next byte; always between characters.
    next: usize,
    depth: usize,
    columns: Vec<String>,
    formula: Formula,
}

/// Reads an observable: its name, its columns, its formula.
pub(super) fn parse(text: &str) -> Result<(String, Vec<String>, Formula), ObservableError> {
    let mut parser = Parser { text, next: 0, depth: 0, columns: Vec::new(), formula: Formula::default() };
    let mut name = text.trim();
    if let Some((left, _)) = text.split_once('=') {
        name = left.trim();
        parser.skip_spaces();
        let fits = !name.is_empty() && parser.word().is_some_and(|word| word == name);
        if !fits {
            parser.next = 0;
            return Err(parser.expected("a name of letters, digits and `_` in front of `=`"));
        }
        parser.next = left.len() + 1;
    }
    parser.skip_spaces();
    let at = parser.at();
    parser.sum()?;
    if parser.peek().is_some() {
        return Err(parser.expected("an operator or the end"));
    }
    if parser.columns.is_empty() {
        return Err(ObservableError::NoColumn { at });
    }
    Ok((name.to_owned(), parser.columns, parser.formula))
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.next..).unwrap_or("")
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.next += rest.len() - rest.trim_start().len();
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        self.skip_spaces();
        self.rest().chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.next += wanted.len_utf8();
        }
        there
    }

    /// The place of the next character, from 1.
    fn at(&self) -> usize {
        1 + self.text.get(..self.next).unwrap_or(self.text).chars().count()
    }

    fn expected(&mut self, wanted: &'static str) -> ObservableError {
        let found = self.peek().map_or("the end".to_owned(), |next| format!("`{next}`"));
        ObservableError::Expected { at: self.at(), wanted, found }
    }

    /// A name of letters, digits and underscores, if one begins here.
    fn word(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let inside = |c: char| c.is_alphanumeric() || c == '_';
        if !rest.starts_with(|c: char| inside(c) && !c.is_numeric()) {
            return None;
        }
        let (word, _) = rest.split_at(rest.find(|c| !inside(c)).unwrap_or(rest.len()));
        self.next += word.len();
        Some(word)
    }

    fn deeper(&mut self) -> Result<(), ObservableError> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(ObservableError::TooDeep { at: self.at() }) } else { Ok(()) }
    }

    /// Products joined by `+` and `-`.
    fn sum(&mut self) -> Result<Step, ObservableError> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                Some('+') => Binary::Plus,
                Some('-') => Binary::Minus,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.product()?;
            left = self.formula.of_two(operator, left, right);
        }
    }

    /// Signed powers joined by `*` and `/`.
    fn product(&mut self) -> Result<Step, ObservableError> {
        let mut left = self.signed()?;
        loop {
            let operator = match self.peek() {
                Some('*') => Binary::Times,
                Some('/') => Binary::Over,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.signed()?;
            left = self.formula.of_two(operator, left, right);
        }
    }

    /// A power with signs in front. Every way round in the grammar comes through here.
    fn signed(&mut self) -> Result<Step, ObservableError> {
        self.deeper()?;
        let step = if self.take('-') {
            let value = self.signed()?;
            self.formula.of(Unary::Negative, value)
        } else if self.take('+') {
            self.signed()?
        } else {
            self.power()?
        };
        self.depth -= 1;
        Ok(step)
    }

    fn power(&mut self) -> Result<Step, ObservableError> {
        let base = self.value()?;
        if !self.take('^') {
            return Ok(base);
        }
        let exponent = self.signed()?;
        Ok(self.formula.of_two(Binary::Power, base, exponent))
    }

    /// A number, a column, a function, or a parenthesis.
    fn value(&mut self) -> Result<Step, ObservableError> {
        let Some(next) = self.peek() else { return Err(self.expected("a value")) };
        let at = self.at();
        match next {
            '(' => {
                self.next += 1;
                let inside = self.sum()?;
                if self.take(')') { Ok(inside) } else { Err(self.expected("`)`")) }
            }
            '`' => {
                let name = self.rest().get(1..).and_then(|rest| rest.split_once('`')).map(|(name, _)| name);
                let name = name.filter(|name| !name.is_empty()).ok_or(ObservableError::Backtick { at })?;
                self.next += name.len() + 2;
                Ok(self.column(name))
            }
            '0'..='9' | '.' => self.number(at),
            _ => match self.word() {
                None => Err(self.expected("a value")),
                Some(word) if self.peek() == Some('(') => self.function(word, at),
                Some("pi") => Ok(self.formula.number(std::f64::consts::PI)),
                Some(word) => Ok(self.column(word)),
            },
        }
    }

    fn number(&mut self, at: usize) -> Result<Step, ObservableError> {
        let rest = self.rest();
        let mut end = 0;
        for (place, c) in rest.char_indices() {
            let after_exponent = rest.get(..place).is_some_and(|done| done.ends_with(['e', 'E']));
            if !(c.is_ascii_alphanumeric()
                || c == '.'
                || c == '_'
                || (matches!(c, '+' | '-') && after_exponent))
            {
                break;
            }
            end = place + c.len_utf8();
        }
        let (digits, _) = rest.split_at(end);
        self.next += end;
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(self.formula.number(value)),
            _ => Err(ObservableError::Number { at, text: digits.to_owned() }),
        }
    }

    fn column(&mut self, name: &str) -> Step {
        let known = self.columns.iter().position(|column| column == name);
        let column = known.unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        });
        self.formula.column(column)
    }

    fn function(&mut self, name: &str, at: usize) -> Result<Step, ObservableError> {
        let mut arguments = Vec::new();
        self.take('(');
        if !self.take(')') {
            loop {
                arguments.push(self.sum()?);
                if self.take(')') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.expected("`,` or `)`"));
                }
            }
        }
        let wrong =
            |takes| ObservableError::Arguments { at, name: name.to_owned(), takes, given: arguments.len() };
        let formula = &mut self.formula;
        if let Some((_, function)) = OF_ONE.iter().find(|(known, _)| *known == name) {
            let [argument] = arguments[..] else { return Err(wrong("1 argument")) };
            return Ok(formula.of(*function, argument));
        }
        if let Some((_, function)) = OF_TWO.iter().find(|(known, _)| *known == name) {
            let [left, right] = arguments[..] else { return Err(wrong("2 arguments")) };
            return Ok(formula.of_two(*function, left, right));
        }
        match (name, &arguments[..]) {
            ("dphi", &[left, right]) => {
                let difference = formula.of_two(Binary::Minus, left, right);
                Ok(formula.of(Unary::Wrapped, difference))
            }
            ("dphi", _) => Err(wrong("2 arguments")),
            ("mass", &[pt1, eta1, phi1, pt2, eta2, phi2]) => {
                Ok(four_vectors::massless(formula, [pt1, eta1, phi1], [pt2, eta2, phi2]))
            }
            ("mass", &[pt1, eta1, phi1, m1, pt2, eta2, phi2, m2]) => {
                Ok(four_vectors::massive(formula, [pt1, eta1, phi1, m1], [pt2, eta2, phi2, m2]))
            }
            ("mass", _) => Err(wrong("6 or 8 arguments (pt, eta, phi of two particles, or pt, eta, phi, m)")),
            _ => {
                let known =
                    OF_ONE.iter().map(|(known, _)| *known).chain(OF_TWO.iter().map(|(known, _)| *known));
                let known: Vec<&str> = known.chain(["dphi", "mass"]).collect();
                let (name, known) = (name.to_owned(), known.join(", "));
                Err(ObservableError::NoSuchFunction { at, name, known })
            }
        }
    }
}

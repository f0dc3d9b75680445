//! Python literals, as far as the header of a NumPy file needs them.
//!
//! In: text such as `{'descr': '<f4', 'shape': (3,), }`. Out: a [`Literal`].
//! Not here: what the entries mean (`header`).
//! Holds: no recursion deeper than [`MOST_DEPTH`]; anything else than a literal is `None`.
//! Source: NumPy, `numpy/lib/format.py`: the header is read with `ast.literal_eval`.

/// Brackets within brackets. NumPy's structures are nested two brackets a level.
const MOST_DEPTH: u32 = 128;

/// A value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    /// A string.
    Text(String),
    /// A number that is not negative.
    Number(u64),
    /// True or False.
    Truth(bool),
    /// A list or tuple.
    Sequence(Vec<Literal>),
    /// A dictionary, in the order of the text.
    Dictionary(Vec<(Literal, Literal)>),
}

impl Literal {
    /// The literal that `text` consists of.
    pub(super) fn parse(text: &str) -> Option<Literal> {
        let mut parser = Parser { rest: text };
        let literal = parser.literal(0)?;
        parser.skip_space();
        parser.rest.is_empty().then_some(literal)
    }

    /// The entry of a dictionary.
    pub(super) fn entry(&self, key: &str) -> Option<&Literal> {
        let Literal::Dictionary(entries) = self else { return None };
        entries.iter().find(|(k, _)| matches!(k, Literal::Text(text) if text == key)).map(|(_, value)| value)
    }

    /// The numbers of a list of numbers.
    pub(super) fn numbers(&self) -> Option<Vec<u64>> {
        let Literal::Sequence(members) = self else { return None };
        members.iter().map(|member| if let Literal::Number(n) = member { Some(*n) } else { None }).collect()
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Consumes `token` if it is next.
    fn accept(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn literal(&mut self, depth: u32) -> Option<Literal> {
        if depth > MOST_DEPTH {
            return None;
        }
        self.skip_space();
        match self.rest.chars().next()? {
            '{' => self.dictionary(depth),
            '[' => self.sequence("[", "]", depth),
            '(' => self.sequence("(", ")", depth),
            '\'' | '"' => self.text().map(Literal::Text),
            '0'..='9' => self.number(),
            _ if self.accept("True") => Some(Literal::Truth(true)),
            _ if self.accept("False") => Some(Literal::Truth(false)),
            _ => None,
        }
    }

    fn dictionary(&mut self, depth: u32) -> Option<Literal> {
        let mut entries = Vec::new();
        self.accept("{");
        while !self.accept("}") {
            let key = self.literal(depth + 1)?;
            if !self.accept(":") {
                return None;
            }
            entries.push((key, self.literal(depth + 1)?));
            if !self.accept(",") {
                return self.accept("}").then_some(Literal::Dictionary(entries));
            }
        }
        Some(Literal::Dictionary(entries))
    }

    fn sequence(&mut self, open: &str, close: &str, depth: u32) -> Option<Literal> {
        let mut members = Vec::new();
        self.accept(open);
        while !self.accept(close) {
            members.push(self.literal(depth + 1)?);
            if !self.accept(",") {
                return self.accept(close).then_some(Literal::Sequence(members));
            }
        }
        Some(Literal::Sequence(members))
    }

    fn number(&mut self) -> Option<Literal> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, after) = self.rest.split_at_checked(end)?;
        // Python 2 marked long integers.
        self.rest = after.strip_prefix('L').unwrap_or(after);
        digits.parse().ok().map(Literal::Number)
    }

    fn text(&mut self) -> Option<String> {
        let mut chars = self.rest.chars();
        let quote = chars.next()?;
        let mut text = String::new();
        loop {
            match chars.next()? {
                c if c == quote => break,
                '\\' => match chars.next()? {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    'x' => text.push(code_point(&mut chars, 2)?),
                    'u' => text.push(code_point(&mut chars, 4)?),
                    'U' => text.push(code_point(&mut chars, 8)?),
                    c @ ('\\' | '\'' | '"') => text.push(c),
                    _ => return None,
                },
                c => text.push(c),
            }
        }
        self.rest = chars.as_str();
        Some(text)
    }
}

/// The character that `digits` hexadecimal digits name.
fn code_point(chars: &mut std::str::Chars<'_>, digits: u32) -> Option<char> {
    let mut code = 0u32;
    for _ in 0..digits {
        code = code.checked_mul(16)?.checked_add(chars.next()?.to_digit(16)?)?;
    }
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_header_of_numpy_is_read() {
        let text = "{'descr': [('x', '<f4', (3,)), (('T\\'s', \"y\"), '|V2')], 'fortran_order': False, 'shape': (10L, 4), }  \n";
        let header = Literal::parse(text).expect("a literal");
        assert_eq!(header.entry("shape").and_then(Literal::numbers), Some(vec![10, 4]));
        assert_eq!(header.entry("fortran_order"), Some(&Literal::Truth(false)));
        let Some(Literal::Sequence(fields)) = header.entry("descr") else { panic!("a list") };
        let Literal::Sequence(field) = &fields[1] else { panic!("a tuple") };
        let title = Literal::Sequence(vec![Literal::Text("T's".into()), Literal::Text("y".into())]);
        assert_eq!(field, &[title, Literal::Text("|V2".into())]);
    }

    #[test]
    fn what_is_no_literal_is_refused() {
        let deep = "(".repeat(100_000);
        for text in
            ["", "{'a' 1}", "{1: 2", "'a", "f(1)", "1 2", "-1", "'\\x4'", "99999999999999999999", &deep]
        {
            assert_eq!(Literal::parse(text), None, "{}", &text[..text.len().min(20)]);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[{}()\\[\\]'\",:0-9a-zL\\\\ ]{0,60}") {
            let _ = Literal::parse(&text);
        }
    }
}

//! Rules file: which contract each column of a file gets, as TOML.
//!
//! In: text. Out: [`RulesFile`], which finds the contract of a column by its name.
//! Not here: what a contract means (`contract`).
//! Holds: the first rule whose pattern matches wins; columns that no rule matches stay exact; errors name line and
//! key.
//! Source: TOML 1.0; in patterns `*` stands for any characters, `?` for one, and everything else for itself, because
//! brackets are part of the names of array members.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use wildmatch::WildMatch;

use hepz_columns::Scalar;

use crate::contract::{Contract, Promise};

/// Why a text is no rules file. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The text is not TOML.
    #[error("line {line}: {what}")]
    Syntax {
        /// Line of the first fault.
        line: usize,
        /// What the parser says.
        what: String,
    },
    /// A key that no rule has.
    #[error(
        "line {line}: {key}: unknown key (known are column, match, type, keep, live_bits_above and one of {PROMISES})"
    )]
    UnknownKey {
        /// Line of the key.
        line: usize,
        /// The key.
        key: String,
    },
    /// A value of the wrong kind, or outside its range.
    #[error("line {line}: {key}: {what}")]
    Value {
        /// Line of the value.
        line: usize,
        /// Its key.
        key: String,
        /// What it should be.
        what: String,
    },
    /// A rule without `match`, without a promise, or with more than one.
    #[error("line {line}: a rule has `match` and exactly one of {PROMISES}")]
    Incomplete {
        /// Line where the rule begins.
        line: usize,
    },
}

/// Types that a rule may be for.
const FLOATS: [(&str, Scalar); 3] =
    [("float16", Scalar::F16), ("float32", Scalar::F32), ("float64", Scalar::F64)];
/// Keys that make a promise.
const PROMISES: &str = "exact, kept_bits, absolute, relative, range_relative, digits, decimals";

/// Contracts for columns.
///
/// ```
/// let rules = hepz_precision::RulesFile::parse(
///     r#"
///     [[column]]
///     match = ["*_pt", "*_mass"]
///     kept_bits = 10
///     keep = [-999.0]
///
///     [[column]]
///     match = "*_phi"
///     absolute = 1e-4
///     "#,
/// )
/// .unwrap();
/// assert_eq!(rules.contract("Electron_phi").unwrap().to_string(), "within 1e-4");
/// assert!(rules.contract("nElectron").is_none());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RulesFile {
    rules: Vec<ColumnRule>,
}

/// A contract, and the columns that it is for.
#[derive(Clone, Debug, PartialEq)]
struct ColumnRule {
    patterns: Vec<WildMatch>,
    /// Only columns of this type.
    scalar: Option<Scalar>,
    choice: Choice,
}

/// What a rules file says about a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What is promised.
    pub contract: Contract,
    /// Only if some value of the column has more live mantissa bits (those above its trailing zeros) than this; other
    /// columns stay exact.
    pub live_bits_above: Option<u32>,
}

/// Turns places into lines.
struct Text<'a>(&'a str);

impl Text<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.0.as_bytes().get(..span.start).unwrap_or(self.0.as_bytes());
        1 + before.iter().filter(|&&byte| byte == b'\n').count()
    }

    fn fault(&self, key: &str, value: &Spanned<DeValue<'_>>, what: impl ToString) -> RulesError {
        RulesError::Value { line: self.line(&value.span()), key: key.to_owned(), what: what.to_string() }
    }

    fn unknown(&self, key: &Spanned<std::borrow::Cow<'_, str>>) -> RulesError {
        RulesError::UnknownKey { line: self.line(&key.span()), key: key.get_ref().to_string() }
    }

    fn number(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<f64, RulesError> {
        let digits = match value.get_ref() {
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            _ => None,
        };
        digits.ok_or_else(|| self.fault(key, value, "a number is expected"))
    }

    fn integer<T: TryFrom<i64>>(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<T, RulesError> {
        let digits = value.get_ref().as_integer();
        let number = digits.and_then(|digits| i64::from_str_radix(digits.as_str(), digits.radix()).ok());
        let fitting = number.and_then(|number| T::try_from(number).ok());
        fitting.ok_or_else(|| self.fault(key, value, "a small integer is expected"))
    }

    fn patterns(&self, value: &Spanned<DeValue<'_>>) -> Result<Vec<WildMatch>, RulesError> {
        let one = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
            DeValue::String(pattern) => Ok(WildMatch::new(pattern)),
            _ => Err(self.fault("match", value, "a pattern or a list of patterns is expected")),
        };
        match value.get_ref() {
            DeValue::Array(patterns) => patterns.iter().map(one).collect(),
            _ => one(value).map(|pattern| vec![pattern]),
        }
    }

    fn promise(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<Option<Promise>, RulesError> {
        Ok(Some(match key {
            "exact" if value.get_ref().as_bool() == Some(true) => Promise::Exact,
            "exact" => return Err(self.fault(key, value, "true is expected; leave the rule out otherwise")),
            "kept_bits" => Promise::KeptBits { kept: self.integer(key, value)? },
            "absolute" => Promise::Absolute { bound: self.number(key, value)? },
            "relative" => Promise::Relative { fraction: self.number(key, value)? },
            "range_relative" => Promise::RangeRelative { fraction: self.number(key, value)?, range: None },
            "digits" => Promise::Digits { digits: self.integer(key, value)? },
            "decimals" => Promise::Decimals { decimals: self.integer(key, value)? },
            _ => return Ok(None),
        }))
    }

    fn scalar(&self, value: &Spanned<DeValue<'_>>) -> Result<Scalar, RulesError> {
        let name = value.get_ref().as_str();
        let found = FLOATS.into_iter().find(|(known, _)| Some(*known) == name);
        let found = found.map(|(_, scalar)| scalar);
        found.ok_or_else(|| self.fault("type", value, "float16, float32 or float64 is expected"))
    }

    fn rule(&self, rule: &Spanned<DeValue<'_>>) -> Result<ColumnRule, RulesError> {
        let line = self.line(&rule.span());
        let table =
            rule.get_ref().as_table().ok_or_else(|| self.fault("column", rule, "a table is expected"))?;
        let mut patterns = Vec::new();
        let mut promised = None;
        let mut specials = Vec::new();
        let (mut scalar, mut live_bits_above) = (None, None);
        for (name, value) in table {
            let key: &str = name.get_ref();
            match key {
                "match" => patterns = self.patterns(value)?,
                "type" => scalar = Some(self.scalar(value)?),
                "live_bits_above" => live_bits_above = Some(self.integer(key, value)?),
                "keep" => {
                    let list = value.get_ref().as_array();
                    let list = list.ok_or_else(|| self.fault(key, value, "a list of numbers is expected"))?;
                    specials = list.iter().map(|one| self.number(key, one)).collect::<Result<_, _>>()?;
                    Contract::new(Promise::Exact, &specials)
                        .map_err(|error| self.fault(key, value, error))?;
                }
                _ => {
                    let promise = self.promise(key, value)?.ok_or_else(|| self.unknown(name))?;
                    Contract::new(promise, &[]).map_err(|error| self.fault(key, value, error))?;
                    if promised.replace(promise).is_some() {
                        return Err(RulesError::Incomplete { line });
                    }
                }
            }
        }
        let promise = promised.filter(|_| !patterns.is_empty()).ok_or(RulesError::Incomplete { line })?;
        let contract =
            Contract::new(promise, &specials).map_err(|error| self.fault("column", rule, error))?;
        Ok(ColumnRule { patterns, scalar, choice: Choice { contract, live_bits_above } })
    }
}

impl RulesFile {
    /// Reads a rules file: `[[column]]` tables with `match`, one promise, and perhaps `keep`.
    ///
    /// # Errors
    /// [`RulesError`] with line and key.
    pub fn parse(text: &str) -> Result<RulesFile, RulesError> {
        let lines = Text(text);
        let syntax = |error: toml::de::Error| RulesError::Syntax {
            line: lines.line(&error.span().unwrap_or(0..0)),
            what: error.message().to_owned(),
        };
        let root = DeTable::parse(text).map_err(syntax)?;
        let mut rules = Vec::new();
        for (key, value) in root.get_ref() {
            if key.get_ref() != "column" {
                return Err(lines.unknown(key));
            }
            let list = value.get_ref().as_array();
            let list =
                list.ok_or_else(|| lines.fault("column", value, "write [[column]], one for each rule"))?;
            for rule in list {
                rules.push(lines.rule(rule)?);
            }
        }
        Ok(RulesFile { rules })
    }

    /// The contract of a column: that of the first rule whose pattern matches the whole name, whatever the type.
    pub fn contract(&self, column: &str) -> Option<&Contract> {
        let rule = self.rules.iter().find(|rule| rule.patterns.iter().any(|one| one.matches(column)));
        rule.map(|rule| &rule.choice.contract)
    }

    /// What the first rule says that matches one of the names of a column and its type.
    pub fn choose(&self, names: &[&str], scalar: Scalar) -> Option<&Choice> {
        let names_fit = |rule: &ColumnRule| {
            rule.patterns.iter().any(|pattern| names.iter().any(|name| pattern.matches(name)))
        };
        let fits = |rule: &&ColumnRule| rule.scalar.is_none_or(|only| only == scalar) && names_fit(rule);
        self.rules.iter().find(fits).map(|rule| &rule.choice)
    }

    /// One rule: `contract` for every column that `pattern` matches.
    pub fn single(pattern: &str, contract: Contract) -> RulesFile {
        let choice = Choice { contract, live_bits_above: None };
        RulesFile {
            rules: vec![ColumnRule { patterns: vec![WildMatch::new(pattern)], scalar: None, choice }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_match_wins() {
        let text = "[[column]]\nmatch = 'jet[?]_*'\nkept_bits = 7\n\
            [[column]]\nmatch = '*'\ndecimals = -1\nkeep = [-9]\n";
        let rules = RulesFile::parse(text).unwrap();
        let promise = |name| rules.contract(name).unwrap().promise();
        assert_eq!(promise("jet[0]_pt"), Promise::KeptBits { kept: 7 });
        assert_eq!(promise("jet0_pt"), Promise::Decimals { decimals: -1 });
        assert_eq!(rules.contract("x").unwrap().specials(), [-9.0]);
    }

    #[test]
    fn rules_may_be_for_one_type_and_for_live_bits() {
        let text = "[[column]]\nmatch = 'jets.*'\ntype = 'float32'\nlive_bits_above = 13\nkept_bits = 10\n\
            [[column]]\nmatch = '*'\nkept_bits = 20\n";
        let rules = RulesFile::parse(text).unwrap();
        let choose = |names: &[&str], scalar| rules.choose(names, scalar).unwrap().clone();
        assert_eq!(choose(&["pt", "jets.pt"], Scalar::F32).live_bits_above, Some(13));
        let other = choose(&["pt", "jets.pt"], Scalar::F64);
        assert_eq!(other.contract.promise(), Promise::KeptBits { kept: 20 });
        let error = RulesFile::parse("[[column]]\nmatch = '*'\ntype = 'i32'\nkept_bits = 3\n").unwrap_err();
        assert_eq!(error.to_string(), "line 3: type: float16, float32 or float64 is expected");
    }

    #[test]
    fn errors_name_line_and_key() {
        let cases = [
            ("[[column]]\nmatch = '*'\nbits = 3\n", "line 3: bits: unknown key"),
            (
                "[[column]]\nmatch = '*'\nkept_bits = 99\n",
                "line 3: kept_bits: kept mantissa bits are 0 to 52",
            ),
            ("[[column]]\nmatch = '*'\nkept_bits = 'ten'\n", "line 3: kept_bits: a small integer"),
            ("[[column]]\nmatch = '*'\nkept_bits = -1\n", "line 3: kept_bits: a small integer"),
            ("[[column]]\nmatch = '*'\nabsolute = -1.0\n", "line 3: absolute: an absolute bound"),
            ("[[column]]\nmatch = '*'\nrelative = nan\n", "line 3: relative: a relative bound"),
            ("[[column]]\nmatch = 3\n", "line 2: match: a pattern"),
            ("[[column]]\nmatch = '*'\nexact = true\nkeep = [inf]\n", "line 4: keep: special values"),
            ("\n[[column]]\nmatch = '*'\n", "line 2: a rule has `match` and exactly one"),
            ("[[column]]\nkept_bits = 3\n", "line 1: a rule has `match` and exactly one"),
            ("[[column]]\nmatch = '*'\nkept_bits = 3\nrelative = 0.1\n", "line 1: a rule has"),
            ("[column]\nmatch = '*'\n", "line 1: column: write [[column]]"),
            ("[[rule]]\n", "line 1: rule: unknown key"),
            ("[[column]]\nmatch = '*\n", "line 2:"),
        ];
        for (text, expected) in cases {
            let error = RulesFile::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error:?} for {text:?}");
        }
    }
}

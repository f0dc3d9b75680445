//! Observables: what a user computes from columns, written as one expression.
//!
//! In: a text such as `m_gg = mass(pt1,eta1,phi1,pt2,eta2,phi2)`. Out: [`Observable`], its values and its gradient.
//! Not here: the grammar (`parse`), the arithmetic (`formula`), what is done with an observable (`budget`).
//! Holds: a value is finite or NaN; derivatives are exact up to the rounding of binary64, not differences.

mod error;
mod formula;
mod four_vectors;
mod parse;

pub use error::ObservableError;

use formula::Formula;

/// A quantity that follows from the columns of one row.
///
/// Numbers, `+ - * / ^`, parentheses, `pi`; `sqrt abs exp ln sin cos tan sinh cosh tanh` of one argument; `atan2 min
/// max hypot dphi` of two (`dphi(a,b)` is `a-b` brought to the range from -pi to pi);
/// `mass(pt1,eta1,phi1, pt2,eta2,phi2)` of two massless particles and `mass(pt1,eta1,phi1,m1, pt2,eta2,phi2,m2)` of
/// two with masses. Every other name is a column; names that hold more than letters, digits and `_` stand in
/// backticks. `^` binds closer than a sign in front: `-2^2` is -4.
///
/// ```
/// let m = hepz_evaluation::Observable::parse("m_ee = sqrt(2*pt1*`el.pt[1]`*(cosh(0.5) - cos(3)))").unwrap();
/// assert_eq!((m.name(), m.columns()), ("m_ee", &["pt1".to_owned(), "el.pt[1]".to_owned()][..]));
/// let masses = m.evaluate(&[&[40.0, -1.0], &[30.0, 30.0]]);
/// assert!((masses[0] - 71.2).abs() < 0.1 && masses[1].is_nan());
/// ```
#[derive(Clone, Debug)]
pub struct Observable {
    name: String,
    columns: Vec<String>,
    formula: Formula,
}

impl Observable {
    /// Reads `name = expression`, or an expression, which is its own name then.
    ///
    /// # Errors
    /// [`ObservableError`], which names the place.
    pub fn parse(text: &str) -> Result<Observable, ObservableError> {
        let (name, columns, formula) = parse::parse(text)?;
        Ok(Observable { name, columns, formula })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns it is made of, in the order in which they first appear; each once.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Its value in every row. `columns` are those of [`Observable::columns`], in that order; the shortest says how
    /// many rows there are. NaN where it is undefined or infinite, or where a column is missing.
    pub fn evaluate(&self, columns: &[&[f64]]) -> Vec<f64> {
        let rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
        let mut row = vec![f64::NAN; self.columns.len()];
        let mut work = Vec::new();
        let mut values = Vec::with_capacity(rows);
        for at in 0..rows {
            for (cell, column) in row.iter_mut().zip(columns) {
                *cell = column.get(at).copied().unwrap_or(f64::NAN);
            }
            values.push(self.formula.value(&row, &mut work));
        }
        values
    }

    /// Its derivative by each column in one row, whose values are given in the order of [`Observable::columns`].
    /// Not finite where it is undefined (the mass of two parallel photons, say). At a kink (`abs` at 0, equal
    /// arguments of `min` and `max`) it is that of the right side or of the first argument.
    pub fn gradient(&self, row: &[f64]) -> Vec<f64> {
        let mut whole = row.to_vec();
        whole.resize(self.columns.len(), f64::NAN);
        self.formula.gradient(&whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, row: &[f64]) -> f64 {
        let columns: Vec<[f64; 1]> = row.iter().map(|&x| [x]).collect();
        let columns: Vec<&[f64]> = columns.iter().map(<[f64; 1]>::as_slice).collect();
        Observable::parse(text).unwrap().evaluate(&columns)[0]
    }

    #[test]
    fn operators_bind_as_in_a_textbook() {
        let x = 3.0;
        for (text, expected) in [
            ("x + 2*x^2", 21.0),
            ("-x^2", -9.0),
            ("2^3^2 + 0*x", 512.0),
            ("(x - 1 - 1)*7/2/x", 7.0 / 6.0),
            ("2^-1*x", 1.5),
            ("- -x", 3.0),
            ("1.5e1 + x*.5", 16.5),
            ("min(x, 2) + max(x, 2)", 5.0),
            ("hypot(x, 4) + abs(-x)", 8.0),
            ("sin(pi*x) + ln(exp(x)) + sqrt(x)^2", 6.0),
            ("atan2(x, x) - pi/4 + tanh(0) + tan(0) + cosh(0)", 1.0),
            ("dphi(x, -3.2)", 6.2 - std::f64::consts::TAU),
        ] {
            assert!((value(text, &[x]) - expected).abs() < 1e-12, "{text}");
        }
    }

    #[test]
    fn what_is_undefined_is_nan() {
        for text in ["sqrt(x)", "ln(x)", "1/(x + 1)", "exp(-1000*x)"] {
            assert!(value(text, &[-1.0]).is_nan(), "{text}");
        }
        assert!(value("x*0", &[f64::NAN]).is_nan());
    }

    #[test]
    fn masses_are_those_of_the_four_vectors() {
        let four = |pt: f64, eta: f64, phi: f64, m: f64| {
            let (px, py, pz) = (pt * phi.cos(), pt * phi.sin(), pt * eta.sinh());
            [(px * px + py * py + pz * pz + m * m).sqrt(), px, py, pz]
        };
        let mass = |a: [f64; 4], b: [f64; 4]| {
            let sum: Vec<f64> = a.iter().zip(b).map(|(a, b)| a + b).collect();
            (sum[0].powi(2) - sum[1].powi(2) - sum[2].powi(2) - sum[3].powi(2)).sqrt()
        };
        let text = "mass(pt1,eta1,phi1,m1, pt2,eta2,phi2,m2)";
        for row in [
            [40.0, 0.3, 1.0, 0.105, 30.0, -1.2, -2.5, 0.105],
            [400.0, 2.3, 3.1, 173.0, 5.0, 2.2, -3.1, 4.18],
            [20.0, -1.0, 0.0, 0.0, 20.0, -1.0, 1.0, 80.4],
        ] {
            let expected = mass(four(row[0], row[1], row[2], row[3]), four(row[4], row[5], row[6], row[7]));
            assert!((value(text, &row) / expected - 1.0).abs() < 1e-9, "{row:?}");
            let massless = mass(four(row[0], row[1], row[2], 0.0), four(row[4], row[5], row[6], 0.0));
            let six = [row[0], row[1], row[2], row[4], row[5], row[6]];
            assert!((value("mass(pt1,eta1,phi1,pt2,eta2,phi2)", &six) / massless - 1.0).abs() < 1e-9);
            let explicit = "sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(phi1-phi2)))";
            let five = [row[0], row[4], row[1], row[5], row[2], row[6]];
            assert!((value(explicit, &five) / massless - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let texts = [
            "x*y + x/y - x^2*y^1.5 + 2^y",
            "sqrt(x)*exp(y) + ln(x + y) + hypot(x, y)",
            "sin(x)*cos(y) + tan(x/4) + sinh(x) + cosh(y) + tanh(x*y)",
            "atan2(x, y) + abs(-x) + min(x, y)*max(x, y)",
            "dphi(x, y + 6)",
            "mass(x, 0.3, y, 0.1, 30*y, -1.2*x, 2, 4.18)",
            "mass(x, 0.3, y, 30*y, -1.2*x, 2)",
        ];
        for text in texts {
            let observable = Observable::parse(text).unwrap();
            for row in [[1.3, 0.7], [0.9, 2.1]] {
                let gradient = observable.gradient(&row);
                for (at, derivative) in gradient.iter().enumerate() {
                    let step = 1e-6;
                    let moved = |sign: f64| {
                        let mut row = row;
                        row[at] += sign * step;
                        value(text, &row)
                    };
                    let difference = (moved(1.0) - moved(-1.0)) / (2.0 * step);
                    let close = (difference - derivative).abs() < 1e-6 * difference.abs().max(1.0);
                    assert!(close, "{text} by column {at}: {derivative}, not {difference}");
                }
            }
        }
    }

    #[test]
    fn errors_name_the_place() {
        for (text, at, part) in [
            ("m = sqrt(pt", 12, "`)`"),
            ("m = 2 ** pt", 8, "a value"),
            ("m = foo(pt)", 5, "no function foo"),
            ("m = sqrt(pt, 2)", 5, "1 argument"),
            ("m = mass(pt)", 5, "6 or 8 arguments"),
            ("m = `pt", 5, "backtick"),
            ("m = pt pt", 8, "operator"),
            ("m = 1.5e*pt", 5, "number"),
            ("m = pt # x", 8, "#"),
            ("m = 2 + 3", 5, "no column"),
            ("1m = pt", 1, "name"),
            ("", 1, "a value"),
        ] {
            let error = Observable::parse(text).unwrap_err();
            assert_eq!(error.at(), at, "{text}: {error}");
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
        let deep = format!("{}x{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(Observable::parse(&deep).is_err());
        assert!(Observable::parse(&format!("{}x", "-".repeat(100_000))).is_err());
        assert!(Observable::parse(&format!("x{}", "^x".repeat(100_000))).is_err());
    }

    #[test]
    fn every_column_is_listed_once() {
        let observable = Observable::parse("a + b*a - `c.d[0]` + `a`").unwrap();
        assert_eq!(observable.columns(), ["a", "b", "c.d[0]"]);
        assert_eq!(observable.name(), "a + b*a - `c.d[0]` + `a`");
        assert_eq!(observable.evaluate(&[&[1.0], &[2.0], &[3.0]]), [1.0]);
    }
}

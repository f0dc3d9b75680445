//! Rivals: who takes part, and with which settings.
//!
//! In: names. Out: the table of rivals, in the order of reports.
//! Not here: calling their libraries (`coders`, `numeric`).
//! Holds: each entry says the settings in full, so that anyone can repeat it.

use crate::EvaluationError;

/// What is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// The file as it is.
    File,
    /// The values of its tables: every column of every table, one after another, little-endian.
    Columns,
}

impl View {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            View::File => "file",
            View::Columns => "columns",
        }
    }

    /// The view of this name.
    pub fn from_name(name: &str) -> Option<View> {
        [View::File, View::Columns].into_iter().find(|view| view.name() == name)
    }
}

/// A compressor and its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rival {
    /// Its name in reports and for `--only`.
    pub name: &'static str,
    /// Library and settings.
    pub settings: &'static str,
    /// Works on bytes, or only on typed columns.
    pub(crate) takes: Takes,
}

/// What a rival is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Any bytes.
    Bytes,
    /// Columns of numbers, each with its type.
    Columns,
    /// A file.
    File,
}

impl Rival {
    /// hepz itself.
    pub const HEPZ: &'static str = "hepz";

    /// All, in the order of reports.
    pub const ALL: [Rival; 9] = [
        Rival { name: Rival::HEPZ, settings: "level default", takes: Takes::File },
        Rival { name: "gzip-9", settings: "zlib-rs, gzip, level 9", takes: Takes::Bytes },
        Rival { name: "bzip2-9", settings: "libbz2-rs, level 9", takes: Takes::Bytes },
        Rival { name: "xz-6", settings: "liblzma, preset 6", takes: Takes::Bytes },
        Rival { name: "xz-9e", settings: "liblzma, preset 9 extreme", takes: Takes::Bytes },
        Rival {
            name: "xz-lc0lp2pb2",
            settings: "liblzma, preset 9 extreme, lc=0 lp=2 pb=2",
            takes: Takes::Bytes,
        },
        Rival { name: "zstd-3", settings: "libzstd, level 3", takes: Takes::Bytes },
        Rival { name: "zstd-19", settings: "libzstd, level 19", takes: Takes::Bytes },
        Rival {
            name: "pco",
            settings: "pco level 12 per column, 1-byte columns by zstd 19; 4 bytes a column for its length",
            takes: Takes::Columns,
        },
    ];

    /// The rival of this name.
    pub fn from_name(name: &str) -> Option<Rival> {
        Rival::ALL.into_iter().find(|rival| rival.name == name)
    }

    /// True if it can be given this view.
    pub fn takes(&self, view: View) -> bool {
        match self.takes {
            Takes::Bytes => true,
            Takes::Columns => view == View::Columns,
            Takes::File => view == View::File,
        }
    }
}

/// The rivals whose names begin with one of `only`, in the order of reports; all if `only` is empty.
///
/// # Errors
/// If an entry of `only` names none.
pub fn chosen(only: &[String]) -> Result<Vec<Rival>, EvaluationError> {
    let names = |entry: &String| Rival::ALL.iter().any(|rival| rival.name.starts_with(entry.as_str()));
    if let Some(wrong) = only.iter().find(|entry| !names(entry)) {
        let known = Rival::ALL.map(|rival| rival.name).join(", ");
        return Err(EvaluationError::NoSuchRival { name: wrong.clone(), known });
    }
    let wanted =
        |rival: &Rival| only.is_empty() || only.iter().any(|entry| rival.name.starts_with(entry.as_str()));
    Ok(Rival::ALL.into_iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_for_all_that_begin_so() {
        let only = |names: &[&str]| chosen(&names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>());
        let names: Vec<_> = only(&["zstd", "hepz"]).unwrap().iter().map(|rival| rival.name).collect();
        assert_eq!(names, ["hepz", "zstd-3", "zstd-19"]);
        assert_eq!(only(&[]).unwrap().len(), Rival::ALL.len());
        assert!(matches!(only(&["rar"]), Err(EvaluationError::NoSuchRival { .. })));
    }
}

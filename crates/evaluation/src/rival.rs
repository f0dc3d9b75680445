//! Rivals: who takes part, and with which settings.
//!
//! In: names. Out: the table of rivals, in the order of reports.
//! Not here: calling them (`coders`, `numeric`, `packages`, `programs`), whether they are here (`presence`).
//! Holds: each entry says the settings in full, so that anyone can repeat it.

use crate::EvaluationError;
use hepz::Level;

/// What is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// The file as it is.
    File,
    /// Of a ROOT file: the same file with its blocks opened.
    Content,
    /// The values of its tables, row after row, little-endian and without gaps.
    Rows,
    /// The values of its tables: every column of every table, one after another, little-endian.
    Columns,
}

impl View {
    /// All, in the order of reports.
    pub const ALL: [View; 4] = [View::File, View::Content, View::Rows, View::Columns];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            View::File => "file",
            View::Content => "content",
            View::Rows => "rows",
            View::Columns => "columns",
        }
    }

    /// What it is, in words.
    pub fn description(self) -> &'static str {
        match self {
            View::File => "the file as it is",
            View::Content => "the ROOT file with its blocks opened",
            View::Rows => "the values of its tables, row after row (hepz: its archive of the whole file)",
            View::Columns => {
                "the values of its tables, column after column (hepz: its archive of the whole file)"
            }
        }
    }

    /// The view of this name.
    pub fn from_name(name: &str) -> Option<View> {
        View::ALL.into_iter().find(|view| view.name() == name)
    }
}

/// A compressor and its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rival {
    /// Its name in reports and for `--only`.
    pub name: &'static str,
    /// Library and settings.
    pub settings: &'static str,
    /// What it is given.
    pub(crate) takes: Takes,
    /// What does the work.
    pub(crate) by: By,
}

/// What a rival is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Any bytes.
    Bytes,
    /// Columns of numbers, each with its type.
    Columns,
    /// Columns of which at least one holds floating-point numbers of 4 or 8 bytes.
    Floats,
    /// A file.
    File,
}

/// What does a rival's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// hepz, at a level.
    Hepz(Level),
    /// A crate of this name in `Cargo.lock`, in this process.
    Crate(&'static str),
    /// A Python package of this name, if `python3` has it.
    Package(&'static str),
    /// A program of this name, if it is on the path.
    Program(&'static str),
}

const fn bytes(name: &'static str, by: &'static str, settings: &'static str) -> Rival {
    Rival { name, settings, takes: Takes::Bytes, by: By::Crate(by) }
}

const fn columns(name: &'static str, takes: Takes, by: By, settings: &'static str) -> Rival {
    Rival { name, settings, takes, by }
}

const fn program(name: &'static str, program: &'static str, settings: &'static str) -> Rival {
    Rival { name, settings, takes: Takes::Bytes, by: By::Program(program) }
}

/// The others, in the order of reports.
const OTHERS: [Rival; 25] = [
    bytes("gzip-9", "zlib-rs", "zlib-rs, gzip, level 9"),
    bytes("zlib-9", "zlib-rs", "zlib-rs, zlib, level 9"),
    bytes("bzip2-9", "libbz2-rs-sys", "libbz2-rs, level 9"),
    bytes("xz-6", "liblzma-sys", "liblzma, preset 6"),
    bytes("xz-9e", "liblzma-sys", "liblzma, preset 9 extreme"),
    bytes("xz-lc0lp2pb2", "liblzma-sys", "liblzma, preset 9 extreme, lc=0 lp=2 pb=2"),
    columns(
        "xz-split",
        Takes::Columns,
        By::Crate("liblzma-sys"),
        "liblzma, 9 extreme, lc=0 lp=2 pb=2, raw LZMA2, each column by itself; 4 bytes a column for its length",
    ),
    bytes("zstd-1", "zstd-sys", "libzstd, level 1"),
    bytes("zstd-3", "zstd-sys", "libzstd, level 3"),
    bytes("zstd-7", "zstd-sys", "libzstd, level 7"),
    bytes("zstd-19", "zstd-sys", "libzstd, level 19"),
    bytes("zstd-22-long", "zstd-sys", "libzstd, level 22, long-distance matching, window 128 MiB"),
    bytes("lz4", "lz4-sys", "liblz4, frame, level 1, blocks of 4 MiB, linked"),
    bytes("lz4-12", "lz4-sys", "liblz4, frame, level 12, blocks of 4 MiB, linked"),
    bytes("brotli-1", "brotli", "brotli (Rust), quality 1, window 16 MiB"),
    bytes("brotli-11", "brotli", "brotli (Rust), quality 11, window 16 MiB"),
    columns(
        "pco",
        Takes::Columns,
        By::Crate("pco"),
        "pco level 12 per column, 1-byte columns by zstd 19; 4 bytes a column for its length",
    ),
    columns(
        "blosc2-shuffle",
        Takes::Columns,
        By::Package("blosc2"),
        "python-blosc2, shuffle, zstd, level 9, each column by itself; 4 bytes a column for its length",
    ),
    columns(
        "blosc2-bytedelta",
        Takes::Columns,
        By::Package("blosc2"),
        "python-blosc2, shuffle, bytedelta, zstd, level 9, each column by itself; 4 bytes a column for its length",
    ),
    columns(
        "zfp",
        Takes::Floats,
        By::Package("zfpy"),
        "zfpy, reversible, each column of f4 or f8 by itself, others by zstd 19; 4 bytes a column for its length",
    ),
    columns(
        "fpzip",
        Takes::Floats,
        By::Package("fpzip"),
        "fpzip, lossless, each column of f4 or f8 by itself, others by zstd 19; 4 bytes a column for its length",
    ),
    program("bsc", "bsc", "bsc -m0 -e1 -b25 -t -T, its defaults on one thread"),
    program("bsc-e2", "bsc", "bsc -m0 -e2 -b64 -t -T"),
    program("openzl-serial", "zli", "zli, profile serial, not trained"),
    program("openzl-csv", "zli", "zli, profile csv, not trained"),
];

impl Rival {
    /// hepz at its default level.
    pub const HEPZ: &'static str = "hepz";

    /// All, in the order of reports: hepz at every level, then the others.
    pub fn all() -> Vec<Rival> {
        let hepz = Level::ALL.into_iter().filter_map(|level| {
            let (name, settings) = match level.name() {
                "fast" => ("hepz-fast", "level fast"),
                "default" => (Rival::HEPZ, "level default"),
                "max" => ("hepz-max", "level max"),
                _ => return None,
            };
            Some(Rival { name, settings, takes: Takes::File, by: By::Hepz(level) })
        });
        hepz.chain(OTHERS).collect()
    }

    /// The rival of this name.
    pub fn from_name(name: &str) -> Option<Rival> {
        Rival::all().into_iter().find(|rival| rival.name == name)
    }

    /// True if it is hepz, at whatever level.
    pub fn is_hepz(&self) -> bool {
        matches!(self.by, By::Hepz(_))
    }

    /// True if it can be given this view.
    pub fn takes(&self, view: View) -> bool {
        match self.takes {
            Takes::Bytes => true,
            Takes::Columns | Takes::Floats => view == View::Columns,
            Takes::File => matches!(view, View::File | View::Content),
        }
    }
}

/// The rivals whose names begin with one of `only`, in the order of reports; all if `only` is empty.
///
/// # Errors
/// If an entry of `only` names none.
pub fn chosen(only: &[String]) -> Result<Vec<Rival>, EvaluationError> {
    let all = Rival::all();
    let names = |entry: &String| all.iter().any(|rival| rival.name.starts_with(entry.as_str()));
    if let Some(wrong) = only.iter().find(|entry| !names(entry)) {
        let known = all.iter().map(|rival| rival.name).collect::<Vec<_>>().join(", ");
        return Err(EvaluationError::NoSuchRival { name: wrong.clone(), known });
    }
    let wanted =
        |rival: &Rival| only.is_empty() || only.iter().any(|entry| rival.name.starts_with(entry.as_str()));
    Ok(all.into_iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_for_all_that_begin_so() {
        let only = |names: &[&str]| chosen(&names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>());
        let names: Vec<_> = only(&["lz4", "bsc", "pco"]).unwrap().iter().map(|rival| rival.name).collect();
        assert_eq!(names, ["lz4", "lz4-12", "pco", "bsc", "bsc-e2"]);
        assert_eq!(only(&[]).unwrap().len(), Rival::all().len());
        assert!(matches!(only(&["rar"]), Err(EvaluationError::NoSuchRival { .. })));
    }

    #[test]
    fn every_level_of_hepz_takes_part_and_every_name_is_once() {
        let all = Rival::all();
        assert_eq!(all.iter().filter(|rival| rival.is_hepz()).count(), Level::ALL.len());
        for (at, rival) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|other| other.name != rival.name), "{}", rival.name);
        }
    }
}

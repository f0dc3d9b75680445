//! Arguments: what can be said to the command.
//!
//! In: the command line, read by clap. Out: one struct per verb.
//! Not here: what the verbs do (`verbs`).
//! Holds: flags mean what they mean to zstd and xz, where those have them.

mod training;

pub use training::{DistillArguments, TrainArguments};

use clap::{Args, Parser, Subcommand, ValueEnum};
use hepz::{Compression, Level};
use hepz_formats::records::Schema;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

/// A compressor for particle-physics data.
#[derive(Parser)]
#[command(name = "hepz", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub struct Command {
    /// What is to be done.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Subcommand)]
pub enum Verb {
    /// Compress files
    #[command(short_flag = 'z', visible_alias = "c")]
    Compress(CompressArguments),
    /// Give the original files back, byte for byte
    #[command(short_flag = 'd', visible_alias = "d")]
    Decompress(DecompressArguments),
    /// Write a file again with coarser values: same layout, same length, a bound on every error
    Round(RoundArguments),
    /// Write a base archive of reduced precision and a refinement that gives the original back
    Split(SplitArguments),
    /// Give the original back from a base archive and its refinement
    Merge(MergeArguments),
    /// Prove an archive against the original: byte for byte, or every value within its contract
    Verify(VerifyArguments),
    /// Decode archives and check every sum; write nothing
    #[command(short_flag = 't', visible_alias = "t")]
    Test(TestArguments),
    /// One line per archive: what it holds and how large it is
    #[command(short_flag = 'l', visible_alias = "ls")]
    List(ListArguments),
    /// What each column of an archive costs, and how it is coded
    Inspect(InspectArguments),
    /// Print some rows of some columns, without decoding the rest
    Cat(CatArguments),
    /// Which tables, columns and events of two files or archives differ
    Diff(DiffArguments),
    /// What was found in a file, in words: relations, grids, copies, what costs most
    Explain(ExplainArguments),
    /// Which bits of float columns are worth their place: grids, copies, relations, noise; what truncation would save
    Audit(AuditArguments),
    /// Judge another version of a file by the original: residuals, tests of distributions, mass peaks
    Evaluate(EvaluateArguments),
    /// How coarse columns may be, if observables are to keep their mean and width
    Budget(BudgetArguments),
    /// Measure hepz beside other compressors
    Bench(BenchArguments),
    /// Fit a network of bytes to files, for `compress --model`
    Train(TrainArguments),
    /// Fit a small network of bytes to what a large one forecasts
    Distill(DistillArguments),
    /// Print what a shell needs to complete the command line
    Completions {
        /// Which shell
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man(ManArguments),
    /// Print help, of a verb or of `exit-codes`
    Help {
        /// A verb, or `exit-codes`
        topic: Option<String>,
    },
}

/// What every verb that talks takes.
#[derive(Args, Clone, Copy)]
pub struct Talk {
    /// Say nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Print results as JSON on standard output, one object per line
    #[arg(long)]
    pub json: bool,
}

/// What every verb that computes takes.
#[derive(Args, Clone, Copy)]
pub struct Work {
    /// Threads; 0 for one per core. Never changes a byte of the result
    #[arg(short = 'T', long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
}

/// What every verb that reads archives takes.
#[derive(Args, Clone, Copy)]
pub struct Memory {
    /// Memory that one chunk of an archive may ask for: 1500000, 64K, 512M, 2G
    #[arg(long = "memory", value_name = "SIZE", value_parser = size, default_value = "1G")]
    pub bytes: u64,
}

/// What every verb takes that reads archives which may only name the models that they need.
#[derive(Args, Clone)]
pub struct Models {
    /// A model that archives may name without carrying it; may be given several times
    #[arg(long = "model", value_name = "MODEL")]
    pub given: Vec<PathBuf>,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReadAs {
    /// As plain bytes, whatever its format
    Bytes,
}

/// Where results go.
#[derive(Args, Clone)]
pub struct Target {
    /// Write to this file (`-` for standard output), or into this folder if it is one
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Write to standard output
    #[arg(short = 'c', long, conflicts_with_all = ["output", "json", "rm"])]
    pub stdout: bool,
    /// Overwrite files; write binary data to a terminal
    #[arg(short, long)]
    pub force: bool,
    /// Keep the input files (the default)
    #[arg(short, long, overrides_with = "rm")]
    pub keep: bool,
    /// Remove each input file after success
    #[arg(long, overrides_with = "keep")]
    pub rm: bool,
}

/// Which values may become coarser, and by how much.
#[derive(Args, Clone)]
#[group(id = "rules", multiple = false)]
pub struct Rules {
    /// Rules for columns (TOML): `[[column]]` with match, kept_bits, absolute, relative, range_relative, digits, decimals or exact
    #[arg(long, value_name = "RULES")]
    pub precision: Option<PathBuf>,
    /// Keep so many mantissa bits of every column of floats
    #[arg(long, value_name = "K")]
    pub kept_bits: Option<u32>,
}

/// `hepz round`
#[derive(Args)]
pub struct RoundArguments {
    /// A ROOT, HDF5 or NumPy file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the rounded file goes
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    #[command(flatten)]
    pub rules: Rules,
    /// Overwrite files
    #[arg(short, long)]
    pub force: bool,
    #[command(flatten)]
    pub work: Work,
    #[command(flatten)]
    pub talk: Talk,
}

/// `hepz split`
#[derive(Args)]
pub struct SplitArguments {
    /// A ROOT, HDF5 or NumPy file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub rules: Rules,
    /// The base archive [default: FILE.hepz]
    #[arg(long, value_name = "BASE")]
    pub base: Option<PathBuf>,
    /// The refinement [default: FILE.refinement.hepz]
    #[arg(long, value_name = "REFINEMENT")]
    pub refinement: Option<PathBuf>,
    /// How much effort goes into each byte: fast, default, max
    #[arg(short, long, value_name = "LEVEL", default_value = "default")]
    pub level: Level,
    /// Do not merge the two again and compare before they get their names
    #[arg(long)]
    pub no_verify: bool,
    /// Overwrite files
    #[arg(short, long)]
    pub force: bool,
    #[command(flatten)]
    pub work: Work,
    #[command(flatten)]
    pub talk: Talk,
}

/// `hepz merge`
#[derive(Args)]
pub struct MergeArguments {
    /// The base archive
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// Its refinement
    #[arg(value_name = "REFINEMENT")]
    pub refinement: PathBuf,
    /// Where the original goes
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// Overwrite files
    #[arg(short, long)]
    pub force: bool,
    #[command(flatten)]
    pub work: Work,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub models: Models,
    #[command(flatten)]
    pub talk: Talk,
}

/// `hepz verify`
#[derive(Args)]
pub struct VerifyArguments {
    /// The archive
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    /// The file that it was made of
    #[arg(long, value_name = "ORIGINAL")]
    pub against: PathBuf,
    #[command(flatten)]
    pub work: Work,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub models: Models,
    #[command(flatten)]
    pub talk: Talk,
}

/// `hepz compress`
#[derive(Args)]
pub struct CompressArguments {
    /// Files; `-` or none for standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub work: Work,
    #[command(flatten)]
    pub talk: Talk,
    #[command(flatten)]
    pub rules: Rules,
    /// How much effort goes into each byte: fast (read back several times faster), default, max (smallest, slow)
    #[arg(short, long, value_name = "LEVEL", default_value = "default")]
    pub level: Level,
    /// Do not read the archive back and compare it before it gets its name
    #[arg(long)]
    pub no_verify: bool,
    /// Keep the content, not the file byte for byte. Of a ROOT file decompressing gives then a valid file with the same objects, in
    /// blocks compressed as asked: none, or zlib, lzma, lz4 or zstd with a level from 1 to 9, as in --content=zstd:5. Of event
    /// records inside gzip, zstd, xz or bzip2 that cannot be made again exactly it gives the text
    #[arg(long, value_name = "COMPRESSION", num_args = 0..=1, require_equals = true, default_missing_value = "zlib:1")]
    pub content: Option<Compression>,
    /// With --level max: fit small networks to the file's own columns for about this long (30s, 10m, 2h). Each is kept where it
    /// saves more than its weights take, and is part of the archive
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub train_budget: Option<Duration>,
    /// The file is raw binary records of these columns: "pt:f4,eta:f4,hits:u2[3],n:>i4,_:u1[2]"
    #[arg(long, value_name = "COLUMNS")]
    pub schema: Option<Schema>,
    /// With --schema: the file holds one column after another, not one record after another
    #[arg(long, requires = "schema")]
    pub columns: bool,
    /// A trained model (hepz train) that is used where it pays, with --level max; may be given several times. The archive carries it
    #[arg(long = "model", value_name = "MODEL")]
    pub models: Vec<PathBuf>,
    /// The archive only names the models that it needs: whoever reads it has to give them with --model
    #[arg(long, requires = "models")]
    pub model_ref: bool,
    /// The file is coded by the model alone, without counters and whatever it costs; for comparison
    #[arg(long, requires = "models", conflicts_with_all = ["schema", "content", "precision", "kept_bits"])]
    pub model_only: bool,
    /// Read the file as: bytes (whatever its format)
    #[arg(long = "as", value_name = "WHAT", conflicts_with_all = ["schema", "content", "precision", "kept_bits"])]
    pub read_as: Option<ReadAs>,
}

/// A time: a number of seconds, or a number with s, m or h behind it.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.as_bytes().last() {
        Some(b's') => (&text[..text.len() - 1], 1.0),
        Some(b'm') => (&text[..text.len() - 1], 60.0),
        Some(b'h') => (&text[..text.len() - 1], 3600.0),
        _ => (text, 1.0),
    };
    let seconds = number.parse::<f64>().ok().filter(|number| (0.0..1e6).contains(number)).map(|n| n * unit);
    seconds.map(Duration::from_secs_f64).ok_or_else(|| format!("`{text}` is no time: write 30s, 10m or 2h"))
}

/// `hepz decompress`
#[derive(Args)]
pub struct DecompressArguments {
    /// Archives; `-` or none for standard input
    #[arg(value_name = "ARCHIVE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub work: Work,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub models: Models,
    #[command(flatten)]
    pub talk: Talk,
    /// Of a damaged or cut archive give back what can be: every part whose checksum holds. Lost stretches are zeros, lost
    /// events are left out; what is lost is listed, and the exit code is 10
    #[arg(long, conflicts_with = "rm")]
    pub salvage: bool,
}

/// `hepz test`
#[derive(Args)]
pub struct TestArguments {
    /// Archives; `-` or none for standard input
    #[arg(value_name = "ARCHIVE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub work: Work,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub models: Models,
    #[command(flatten)]
    pub talk: Talk,
}

/// `hepz list`
#[derive(Args)]
pub struct ListArguments {
    /// Archives; `-` for standard input. Of a ROOT file itself the trees are listed, as an archive would have them
    #[arg(value_name = "ARCHIVE", required = true)]
    pub files: Vec<PathBuf>,
    /// The branches of this tree, RNTuple or table with their types, a line each
    #[arg(long, value_name = "NAME")]
    pub tree: Option<String>,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub models: Models,
    #[command(flatten)]
    pub talk: Talk,
}

/// `hepz inspect`
#[derive(Args)]
pub struct InspectArguments {
    /// Archives or model files; `-` for standard input
    #[arg(value_name = "ARCHIVE", required = true)]
    pub files: Vec<PathBuf>,
    /// Print the largest columns first, not in the order of the file
    #[arg(long)]
    pub sort: bool,
    /// What each law of physics costs in an event record (HepMC, LHE); decodes everything
    #[arg(long)]
    pub laws: bool,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub models: Models,
    #[command(flatten)]
    pub talk: Talk,
}

/// What `cat` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CatFormat {
    /// Text, a line per row; floats with the fewest digits that read back as the same number
    Csv,
    /// A zip of NumPy arrays, one per column, bit for bit
    Npz,
    /// One NumPy array, for a single column
    Npy,
    /// A Parquet file; lists are lists
    #[cfg(feature = "parquet")]
    Parquet,
}

/// `hepz cat`
#[derive(Args)]
pub struct CatArguments {
    /// Archive; `-` for standard input
    #[arg(value_name = "ARCHIVE")]
    pub file: PathBuf,
    /// Entries of this tree or RNTuple (hepz list -v names them): columns are its branches, rows its entries. Lists are
    /// "[1.5,2.0]" in CSV; in npz an array NAME of all items, and one NAME.offsets of where that of each entry begins (of
    /// lists in lists NAME.offsets2)
    #[arg(long, value_name = "NAME", conflicts_with_all = ["events", "particles"])]
    pub tree: Option<String>,
    /// Columns, by name or pattern (`*`, `?`), with their table in front if need be: pt,jets/eta,tracks/* (all if not given)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Rows, counted from 0, the last one not included: 1000..2000, ..10, 500..
    #[arg(long, value_name = "FROM..TO", value_parser = rows)]
    pub rows: Option<Range<Option<u64>>>,
    /// Events of an event record (HepMC, LHE), counted from 0, the last one not included: as a file of the same format, or with
    /// --particles as a table
    #[arg(long, value_name = "FROM..TO", value_parser = rows, conflicts_with_all = ["columns", "rows"])]
    pub events: Option<Range<Option<u64>>>,
    /// The particles of an event record as a table, one row for each
    #[arg(long, conflicts_with_all = ["columns", "rows"])]
    pub particles: bool,
    /// What to write
    #[arg(long, value_enum, default_value_t = CatFormat::Csv)]
    pub to: CatFormat,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Overwrite files; write binary data to a terminal
    #[arg(short, long)]
    pub force: bool,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub models: Models,
}

/// `hepz diff`
#[derive(Args)]
pub struct DiffArguments {
    /// An archive, or any file; `-` for standard input
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// Another
    #[arg(value_name = "B")]
    pub b: PathBuf,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub talk: Talk,
}

/// `hepz explain`
#[derive(Args)]
pub struct ExplainArguments {
    /// Archives, or files, which are looked at as compressing would and not written; `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// For files: the level whose plan is explained
    #[arg(short, long, value_name = "LEVEL", default_value = "default")]
    pub level: Level,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub talk: Talk,
}

/// `hepz audit`
#[derive(Args)]
pub struct AuditArguments {
    /// Archives, or files, which are looked at as compressing would and not written; `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Only these columns, by name or pattern (`*`, `?`), with their table in front if need be
    #[arg(long = "column", value_name = "NAMES", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Bits of the mantissa to be kept, for each of which truncation is judged (7, 10 and 13 if not given); with --by-type the
    /// first counts, and 10 if not given
    #[arg(long, value_name = "K", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(0..=52))]
    pub kept_bits: Vec<u32>,
    /// Columns and bytes of each type, before and after numbers are made coarser
    #[arg(long, conflicts_with = "columns")]
    pub by_type: bool,
    /// With --by-type: make coarser what these rules say (TOML), not every float column
    #[arg(long, value_name = "RULES", requires = "by_type", conflicts_with = "kept_bits")]
    pub precision: Option<PathBuf>,
    /// The level whose planner looks for relations
    #[arg(short, long, value_name = "LEVEL", default_value = "default")]
    pub level: Level,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub talk: Talk,
}

/// `hepz budget`
#[derive(Args)]
pub struct BudgetArguments {
    /// A file of tables, or an archive; `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// An observable: "m_gg = mass(pt1,eta1,phi1, pt2,eta2,phi2)". Numbers, + - * / ^, pi, sqrt abs exp ln sin cos tan sinh cosh tanh
    /// atan2 min max hypot dphi mass, and columns; names with dots or brackets stand in `backticks`. May be given several times
    #[arg(long = "observable", value_name = "EXPRESSION", required = true)]
    pub observables: Vec<String>,
    /// Largest shift of its mean, in its own unit
    #[arg(long, value_name = "SHIFT", required = true)]
    pub bias: Vec<f64>,
    /// Largest change of its width, as a fraction: 0.003 for 0.3 %
    #[arg(long, value_name = "FRACTION", required = true)]
    pub width: Vec<f64>,
    /// The values that count, if not the central 99.73 %: 105..160
    #[arg(long, value_name = "FROM..TO", value_parser = interval, allow_hyphen_values = true)]
    pub within: Vec<(f64, f64)>,
    /// Say what subtractive dither on the same grids would do, too
    #[arg(long)]
    pub dither: bool,
    /// Write the rules that hepz compress --precision takes
    #[arg(short, long, value_name = "RULES")]
    pub output: Option<PathBuf>,
    /// Overwrite the rules
    #[arg(short, long)]
    pub force: bool,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub talk: Talk,
}

/// `hepz man`
#[derive(Args)]
pub struct ManArguments {
    /// Write a page for the command and one for each verb into this folder
    #[arg(long, value_name = "DIR")]
    pub all: Option<PathBuf>,
}

/// `hepz evaluate`
#[derive(Args)]
pub struct EvaluateArguments {
    /// A file or an archive with tables; `-` for standard input
    #[arg(value_name = "ORIGINAL")]
    pub original: PathBuf,
    /// Another version of it, in any format: tables and columns are paired by name, rows by number
    #[arg(value_name = "OTHER")]
    pub other: PathBuf,
    /// Only these columns, by name or pattern (`*`, `?`), with their table in front if need be
    #[arg(long = "column", value_name = "NAME")]
    pub columns: Vec<String>,
    /// A quantity made of columns, whose peak is fitted in both: 'm_gg = mass(pt1,eta1,phi1,pt2,eta2,phi2)'
    #[arg(long = "observable", value_name = "NAME = EXPRESSION")]
    pub observables: Vec<String>,
    /// Where peaks of observables are fitted; around the peak if not given
    #[arg(long, value_name = "LOW..HIGH", value_parser = window, allow_hyphen_values = true)]
    pub window: Option<(f64, f64)>,
    /// Fit a double-sided Crystal Ball instead of a Gaussian
    #[arg(long)]
    pub crystal_ball: bool,
    /// Round the original itself to 2 to 23 mantissa bits, and say what each would do
    #[arg(long)]
    pub ablation: bool,
    /// Rows of each sample that tests look at, at most
    #[arg(long, value_name = "N", default_value_t = 5000)]
    pub sample_rows: usize,
    /// Permutations of each test; 0 for no tests
    #[arg(long, value_name = "N", default_value_t = 499)]
    pub permutations: usize,
    /// Bootstrap replicas of a fit
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub replicas: usize,
    /// Seed of rows, permutations and replicas that are drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write a page with tables and plots to this file: one HTML file that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write all figures as CSV to this file: table, column, quantity, value
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write all figures as JSON to this file (`-` for standard output)
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    pub memory: Memory,
}

/// `hepz bench`
#[derive(Args)]
pub struct BenchArguments {
    /// Files; with --test, none for a small one that is made here
    #[arg(value_name = "FILE", required_unless_present_any = ["test", "one"])]
    pub files: Vec<PathBuf>,
    /// Only these compressors: zstd stands for all that begin so
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Threads of hepz; the others always run on one
    #[arg(short = 'T', long, value_name = "N", default_value_t = 1)]
    pub threads: usize,
    /// Print JSON, one object per line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV
    #[arg(long)]
    pub csv: bool,
    /// Write a page with charts and tables to this file: one HTML file that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Run everything once, however short, and check the answers; for tests, not for figures
    #[arg(long)]
    pub test: bool,
    /// Internal: measure one task, described in JSON, in this process
    #[arg(long, hide = true, value_name = "TASK")]
    pub one: Option<String>,
}

/// Bytes, with a binary multiple.
fn size(text: &str) -> Result<u64, String> {
    let known = "write bytes or a multiple of them: 1500000, 64K, 512M, 2G";
    let lower = text.trim().to_ascii_lowercase();
    let plain = lower.strip_suffix("ib").or(lower.strip_suffix('b')).unwrap_or(&lower);
    let units = [('k', 10), ('m', 20), ('g', 30), ('t', 40)];
    let unit = units.into_iter().find_map(|(letter, shift)| Some((plain.strip_suffix(letter)?, shift)));
    let (digits, shift) = unit.unwrap_or((plain, 0));
    let number: u64 = digits.trim().parse().map_err(|_| known.to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| known.to_owned())
}

/// Two numbers.
fn window(text: &str) -> Result<(f64, f64), String> {
    let known = || "write LOW..HIGH, in the unit of the observable: 105..160".to_owned();
    let (low, high) = text.split_once("..").ok_or_else(known)?;
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| known());
    Ok((number(low)?, number(high)?))
}

/// A range of rows, open at either end.
fn rows(text: &str) -> Result<Range<Option<u64>>, String> {
    let known =
        || "write FROM..TO, counted from 0, the last row not included: 1000..2000, ..10, 500..".to_owned();
    let (from, to) = text.split_once("..").ok_or_else(known)?;
    let number = |text: &str| match text.trim() {
        "" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| known()),
    };
    let (start, end) = (number(from)?, number(to)?);
    match (start, end) {
        (Some(from), Some(to)) if from > to => Err(known()),
        _ => Ok(Range { start, end }),
    }
}

/// Two numbers, the second larger.
fn interval(text: &str) -> Result<(f64, f64), String> {
    let ends = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    ends.filter(|(from, to): &(f64, f64)| from < to).ok_or_else(|| "write FROM..TO: 105..160".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Command::command().debug_assert();
    }

    #[test]
    fn sizes_are_binary_multiples() {
        assert_eq!(size("1500000"), Ok(1_500_000));
        assert_eq!(size("64K"), Ok(64 << 10));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size("3mb"), Ok(3 << 20));
        for wrong in ["", "G", "-1", "1.5G", "99999999T"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rows_may_be_open_at_either_end() {
        assert_eq!(rows("3..9"), Ok(Range { start: Some(3), end: Some(9) }));
        assert_eq!(rows(".."), Ok(Range { start: None, end: None }));
        for wrong in ["7", "9..3", "a..b", "1...2"] {
            assert!(rows(wrong).is_err(), "{wrong}");
        }
    }
}

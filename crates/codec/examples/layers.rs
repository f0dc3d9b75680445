//! What base and refinement cost together, beside one lossless archive, for each file named on the command line: every
//! float32 column with more than 13 live mantissa bits is cut to 10 kept bits.

use hepz::{Archive, CompressOptions, DecompressOptions, FileSource, Limits, Source};
use hepz_precision::RulesFile;
use std::error::Error;

const RULES: &str = "[[column]]\nmatch = '*'\ntype = 'float32'\nlive_bits_above = 13\nkept_bits = 10\n";

fn main() -> Result<(), Box<dyn Error>> {
    let rules = RulesFile::parse(RULES)?;
    let options = CompressOptions::new();
    let (mut lossless_sum, mut split_sum) = (0, 0);
    println!(
        "{:<40} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "file", "lossless", "base", "refinement", "percent", "columns"
    );
    for path in std::env::args().skip(1) {
        let source = FileSource::open(&path)?;
        let mut lossless = Vec::new();
        hepz::compress(&source, &mut lossless, &options)?;
        let (mut base, mut refinement) = (Vec::new(), Vec::new());
        let name = path.rsplit('/').next().unwrap_or(&path);
        let report = match hepz::split(&source, &rules, &mut base, &mut refinement, &options) {
            Ok(report) => report,
            Err(why) => {
                println!("{name:<40} {:>10} {why}", lossless.len());
                continue;
            }
        };
        let archives = (
            Archive::from_bytes(&base, Limits::default())?,
            Archive::from_bytes(&refinement, Limits::default())?,
        );
        let mut back = Vec::new();
        hepz::merge(&archives.0, &archives.1, &mut back, &DecompressOptions::new())?;
        let mut original = vec![0; source.len() as usize];
        source.read_at(0, &mut original)?;
        assert!(original == back, "{name} does not come back");
        let both = base.len() + refinement.len();
        let percent = 100.0 * (both as f64 / lossless.len() as f64 - 1.0);
        println!(
            "{name:<40} {:>10} {:>10} {:>10} {percent:>8.2} {:>8}  {} blocks anew, {} exact",
            lossless.len(),
            base.len(),
            refinement.len(),
            report.rounding.columns.len(),
            report.rounding.rewritten_blocks,
            report.rounding.exact_blocks
        );
        lossless_sum += lossless.len();
        split_sum += both;
    }
    println!("together {:.2} % larger", 100.0 * (split_sum as f64 / lossless_sum.max(1) as f64 - 1.0));
    Ok(())
}

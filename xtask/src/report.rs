//! Report: the figures of `docs/precision/report.md`, in one go.
//!
//! In: nothing but the tree; for the comparison Python with NumPy. Out: tables on standard output.
//! Not here: the measurements (`crates/evaluation/examples/precision_figures.rs`, `precision_rivals.py`).
//! Holds: all files are generated, with fixed seeds; a package that is missing is named, and the rest goes on.

use crate::repository::{cargo, root, target};
use crate::setup::version;
use crate::steps::{self, Tally, step};
use crate::{electrons, higgs};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Enough for a shift of the peak to be known to a tenth of an MeV.
const ROWS: &str = "1000000";
/// Enough to compare bytes, and as much as slow compressors get through in minutes.
const RIVAL_ROWS: &str = "200000";
/// An observable over the columns of `higgs`.
const MASS: &str = "m_gg = mass(pt1,eta1,phi1, pt2,eta2,phi2)";

/// `cargo xtask report`
pub fn run() -> Result<(), String> {
    let (folder, hepz) = (folder()?, build()?);
    let (higgs, electrons) = (generated(&folder, "higgs.npy", ROWS)?, folder.join("electrons.npy"));
    electrons::write(ROWS, &shown(&electrons))?;
    step("rules: bias and ln-MSE of every rule", || {
        steps::run(&mut example("hepz-precision", "rule_errors"), &mut Tally::default())
    })?;
    step("figures: logarithms and the peak", || {
        let mut figures = example("hepz-evaluation", "precision_figures");
        steps::run(figures.arg("--").arg(&higgs).arg(&electrons), &mut Tally::default())
    })?;
    for (bias, width) in [("0.001", "0.003"), ("0.001", "0.0003")] {
        step(&format!("budget: bias {bias} GeV, width {width}"), || {
            let mut budget = Command::new(&hepz);
            budget.arg("budget").arg(&higgs).args(["--observable", MASS, "--bias", bias, "--width", width]);
            steps::run(budget.arg("--dither"), &mut Tally::default())
        })?;
    }
    step("rivals: bytes at the same error", || compare(&hepz, &folder))
}

/// `cargo xtask slow precision`
pub fn rivals() -> Result<(), String> {
    let (folder, hepz) = (folder()?, build()?);
    compare(&hepz, &folder)
}

fn folder() -> Result<PathBuf, String> {
    let folder = target().join("report");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn generated(folder: &Path, name: &str, rows: &str) -> Result<PathBuf, String> {
    let path = folder.join(name);
    higgs::write(rows, &shown(&path)).map(|()| path)
}

fn build() -> Result<PathBuf, String> {
    let mut build = cargo();
    build.args(["build", "--quiet", "--release", "--package", "hepz-cli"]);
    steps::run(&mut build, &mut Tally::default())?;
    Ok(target().join("release").join(format!("hepz{}", std::env::consts::EXE_SUFFIX)))
}

fn example(package: &str, name: &str) -> Command {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--package", package, "--example", name]);
    command
}

fn compare(hepz: &Path, folder: &Path) -> Result<(), String> {
    if version(&["python3", "-c", "import numpy"]).is_none() {
        println!("skipped: numpy is missing (pip install numpy blosc2 zfpy pysz)");
        return Ok(());
    }
    let higgs = generated(folder, "higgs_some.npy", RIVAL_ROWS)?;
    let mut python = Command::new("python3");
    python.arg(root().join("xtask/src/precision_rivals.py")).arg(hepz).arg(folder).arg(higgs);
    steps::run(&mut python, &mut Tally::default())
}

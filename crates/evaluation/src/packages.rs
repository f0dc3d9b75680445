//! Columns by Python packages that are installed: Blosc2, zfp, fpzip.
//!
//! In: columns one after another, and their shapes. Out: one packed run of bytes, and back, and what it took.
//! Not here: whether a package is installed (`presence`), comparing what came back (`measure`).
//! Holds: the clock of Python runs only while the package works; columns that a package does not take are packed by
//! zstd level 19 in this process, and their time counts.
//!
//! None of the three has a crate that builds without cmake and libclang.

use crate::EvaluationError;
use crate::clock::{Clock, Spent, repeated};
use crate::framed;
use crate::numeric::ZSTD_LEVEL;
use crate::rival::{Rival, Takes};
use crate::tables_view::Shape;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What Python does.
const SCRIPT: &str = include_str!("packages.py");
/// The Python that is asked.
pub(crate) const PYTHON: &str = "python3";

/// Compresses columns; `scratch` is a folder for the files of the job.
pub(crate) fn compress(
    rival: Rival,
    columns: &[u8],
    shapes: &[Shape],
    scratch: &Path,
    once: bool,
) -> Result<(Vec<u8>, Spent), EvaluationError> {
    let split = framed::split(rival.name, columns, shapes)?;
    let (taken, others): (Vec<_>, Vec<_>) =
        split.iter().zip(shapes).partition(|(_, shape)| takes(rival, shape));
    let input: Vec<u8> = taken.iter().flat_map(|(column, _)| column.iter().copied()).collect();
    let (by_package, spent) = job(rival, true, &input, shapes, scratch, once)?;
    let (by_zstd, more) = repeated(once, || {
        Clock::for_threads(1).spent(|| {
            others
                .iter()
                .map(|(column, _)| zstd::bulk::compress(column, ZSTD_LEVEL))
                .collect::<Result<Vec<_>, _>>()
        })
    })?;
    let (mut by_package, mut by_zstd) = (&by_package[..], by_zstd.into_iter());
    let mut packed = Vec::new();
    for shape in shapes {
        if takes(rival, shape) {
            framed::push(rival.name, &mut packed, framed::pop(rival.name, &mut by_package)?)?;
        } else {
            framed::push(rival.name, &mut packed, &by_zstd.next().unwrap_or_default())?;
        }
    }
    Ok((packed, sum(spent, more)))
}

/// Gives back what [`compress`] was given.
pub(crate) fn decompress(
    rival: Rival,
    packed: &[u8],
    shapes: &[Shape],
    scratch: &Path,
    once: bool,
) -> Result<(Vec<u8>, Spent), EvaluationError> {
    let (mut input, mut others) = (Vec::new(), Vec::new());
    let mut rest = packed;
    for shape in shapes {
        let one = framed::pop(rival.name, &mut rest)?;
        if takes(rival, shape) {
            framed::push(rival.name, &mut input, one)?;
        } else {
            others.push((one, shape.bytes()));
        }
    }
    let (by_package, spent) = job(rival, false, &input, shapes, scratch, once)?;
    let (by_zstd, more) = repeated(once, || {
        Clock::for_threads(1).spent(|| {
            others
                .iter()
                .map(|&(one, bytes)| zstd::bulk::decompress(one, bytes))
                .collect::<Result<Vec<_>, _>>()
        })
    })?;
    let (mut by_package, mut by_zstd) = (&by_package[..], by_zstd.into_iter());
    let mut columns = Vec::with_capacity(shapes.iter().map(Shape::bytes).sum());
    for shape in shapes {
        if takes(rival, shape) {
            let (column, rest) = by_package
                .split_at_checked(shape.bytes())
                .ok_or_else(|| EvaluationError::RoundTrip { rival: rival.name.to_owned() })?;
            columns.extend_from_slice(column);
            by_package = rest;
        } else {
            columns.extend(by_zstd.next().unwrap_or_default());
        }
    }
    Ok((columns, sum(spent, more)))
}

/// True if the package is given this column.
fn takes(rival: Rival, shape: &Shape) -> bool {
    rival.takes == Takes::Columns || shape.is_float()
}

fn sum(package: Spent, zstd: Spent) -> Spent {
    Spent { seconds: package.seconds + zstd.seconds, peak_bytes: package.peak_bytes }
}

fn job(
    rival: Rival,
    compress: bool,
    input: &[u8],
    shapes: &[Shape],
    scratch: &Path,
    once: bool,
) -> Result<(Vec<u8>, Spent), EvaluationError> {
    let failed = |what: String| EvaluationError::failed(rival.name, what);
    let (input_path, output_path) = (scratch.join("job-input"), scratch.join("job-output"));
    std::fs::write(&input_path, input)?;
    let taken = shapes.iter().filter(|shape| takes(rival, shape));
    let job = json!({
        "rival": rival.name,
        "compress": compress,
        "columns": taken.map(|shape| json!([shape.scalar.name(), shape.rows])).collect::<Vec<_>>(),
        "input": input_path.to_string_lossy(),
        "output": output_path.to_string_lossy(),
        "once": once,
    });
    // In a file: the job of a wide table is longer than an argument may be.
    let mut python = Command::new(PYTHON)
        .args(["-", &job_file(scratch, &job)?])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = python.stdin.take() {
        stdin.write_all(SCRIPT.as_bytes())?;
    }
    let done = python.wait_with_output()?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(failed(said.lines().last().unwrap_or("python3 said nothing").to_owned()));
    }
    let value: Value = serde_json::from_slice(&done.stdout)?;
    let seconds =
        value["seconds"].as_f64().ok_or_else(|| failed("it did not say how long it took".into()))?;
    let output = std::fs::read(&output_path)?;
    std::fs::remove_file(input_path)?;
    std::fs::remove_file(output_path)?;
    Ok((output, Spent { seconds, peak_bytes: value["peak_bytes"].as_u64() }))
}

fn job_file(scratch: &Path, job: &Value) -> Result<String, EvaluationError> {
    let path = scratch.join("job.json");
    std::fs::write(&path, job.to_string())?;
    Ok(path.to_string_lossy().into_owned())
}

//! One training, from arguments to a model file.
//!
//! In: the arguments. Out: a model file, and what it is worth.
//! Not here: training (`hepz-training`), what is drawn meanwhile (`view`).
//! Holds: a model file is written whole or not at all, and none is replaced without `--force`.

use super::Teaching;
use super::view::{View, bytes_text};
use crate::arguments::TrainArguments;
use crate::console::{print, remark};
use crate::exit::{Exit, Failure};
use hepz::networks::{ByteNetwork, Model, Networks, id_text};
use hepz_training::baselines::{Baseline, baselines};
use hepz_training::bytes::export::integer_bits;
use hepz_training::config::Config;
use hepz_training::data::{Corpus, DataError};
use hepz_training::device::{Place, choose};
use hepz_training::estimate::{Estimate, estimate};
use hepz_training::model::model;
use hepz_training::presets::{PRESETS, preset};
use hepz_training::run::{Checkpoint, Run, RunError, Teacher, Trained};
use hepz_training::tensorboard::Board;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

type Failed = (PathBuf, Failure);

fn at(path: &Path, failure: Failure) -> Failed {
    (path.to_owned(), failure)
}

/// The configuration and its name, and the files that are data.
fn configured(arguments: &TrainArguments) -> Result<(Config, String, &[PathBuf]), Failed> {
    let (name, text, data) = match (&arguments.preset, arguments.files.split_first()) {
        (Some(name), _) => (name.clone(), text_of_preset(name)?, arguments.files.as_slice()),
        (None, Some((file, data))) => match preset(&file.to_string_lossy()) {
            Some(text) => (file.to_string_lossy().into_owned(), text.to_owned(), data),
            None => {
                let text = std::fs::read_to_string(file);
                let text = text.map_err(|error| {
                    at(file, Failure::io("no preset, and no file that can be read", &error))
                })?;
                (file.file_stem().unwrap_or_default().to_string_lossy().into_owned(), text, data)
            }
        },
        (None, None) => return Err(at(Path::new("train"), Failure::usage("a configuration is needed"))),
    };
    let mut config =
        Config::from_toml(&text).map_err(|error| at(Path::new(&name), Failure::usage(error.to_string())))?;
    if let Some(device) = &arguments.device {
        config.device.kind =
            device.parse().map_err(|error| at(Path::new("--device"), Failure::usage(error)))?;
    }
    if let Some(minutes) = arguments.minutes {
        config.training.minutes = minutes;
        config.training.steps = 0;
    }
    config.check().map_err(|error| at(Path::new(&name), Failure::usage(error.to_string())))?;
    if data.is_empty() {
        return Err(at(Path::new(&name), Failure::usage("no data were named")));
    }
    Ok((config, name, data))
}

fn text_of_preset(name: &str) -> Result<String, Failed> {
    preset(name).map(str::to_owned).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.0).collect();
        at(Path::new("--preset"), Failure::usage(format!("{name:?} is none of {}", names.join(", "))))
    })
}

fn beside(model: &Path, what: &str) -> PathBuf {
    let mut name = model.as_os_str().to_owned();
    name.push(what);
    PathBuf::from(name)
}

fn of_run(model: &Path) -> impl Fn(RunError) -> Failed + '_ {
    move |error| {
        let exit = match error {
            RunError::Architecture(_) | RunError::Diverged(_) => Exit::Usage,
            _ => Exit::Io,
        };
        at(model, Failure { exit, message: error.to_string() })
    }
}

/// Trains.
///
/// # Errors
/// With the file that it is about.
pub fn train(arguments: &TrainArguments, teaching: Option<Teaching<'_>>) -> Result<(), Failed> {
    let (config, name, data) = configured(arguments)?;
    let teacher = teaching.map(taught).transpose()?;
    let target = arguments.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.model")));
    if target.exists() && !arguments.force && !arguments.estimate {
        return Err(at(&target, Failure::usage("exists already; --force overwrites it")));
    }
    let corpus =
        Corpus::read(data, config.training.validation, config.network.record).map_err(
            |error| match error {
                DataError::Read { path, error } => at(&path, Failure::io("cannot be read", &error)),
                other => at(&data[data.len() - 1], Failure::usage(other.to_string())),
            },
        )?;
    let place =
        choose(config.device).map_err(|error| at(Path::new("train"), Failure::usage(error.to_string())))?;
    if arguments.estimate {
        let found = estimate(&config, corpus, place).map_err(of_run(&target))?;
        return print(&estimated(&found, arguments.talk.json)).map_err(|failure| at(&target, failure));
    }
    fitted(arguments, &config, &name, corpus, place, teacher, &target)
}

fn taught((path, weight, temperature): Teaching<'_>) -> Result<Teacher, Failed> {
    let usage = |message: String| at(path, Failure::usage(message));
    if !(0.0..=1.0).contains(&weight) || !(0.1..=100.0).contains(&temperature) {
        return Err(usage("--weight is 0 to 1, --temperature 0.1 to 100".to_owned()));
    }
    let file = std::fs::read(path).map_err(|error| at(path, Failure::io("cannot be read", &error)))?;
    match Model::read(&file).map_err(|error| usage(error.to_string()))?.networks() {
        Networks::Bytes(network) => Ok(Teacher { network: network.clone(), weight, temperature }),
        _ => Err(usage("a model of values; only one of bytes can teach".to_owned())),
    }
}

/// Bits per byte of the integers, and bytes a second.
fn judged(network: &ByteNetwork, bytes: &[u8], streams: usize) -> (f64, f64) {
    let start = Instant::now();
    let bits = integer_bits(network, bytes, streams);
    (bits, bytes.len() as f64 / start.elapsed().as_secs_f64().max(1e-9))
}

fn fitted(
    arguments: &TrainArguments,
    config: &Config,
    name: &str,
    corpus: Corpus,
    place: Place,
    teacher: Option<Teacher>,
    target: &Path,
) -> Result<(), Failed> {
    let (files, training_bytes) = (corpus.files.clone(), corpus.training_bytes());
    let path = beside(target, ".checkpoint");
    let board = Board::create(&beside(target, ".events"))
        .map_err(|error| at(&beside(target, ".events"), Failure::io("cannot be written", &error)))?;
    let on = place.name.clone();
    let mut run = Run::new(config.clone(), corpus, place).map_err(of_run(target))?;
    if arguments.resume {
        let checkpoint = Checkpoint::load(&path)
            .map_err(|error| at(&path, Failure { exit: Exit::Io, message: error.to_string() }))?;
        run = run.resumed(&checkpoint).map_err(of_run(&path))?;
    }
    run = run.with_checkpoint(path.clone()).with_board(board);
    if let Some(teacher) = &teacher {
        run = run.with_teacher(teacher.clone());
    }
    let (validation, streams) = run.judging();
    let validation = validation.to_vec();
    remark(
        arguments.talk,
        &format!(
            "{name} on {on}: {} to train on, {} that judge; bits per byte of these:",
            bytes_text(training_bytes),
            bytes_text(validation.len() as u64)
        ),
    );
    let rivals = baselines(&validation);
    rivals.iter().for_each(|b| remark(arguments.talk, &format!("  {:<14} {:.4}", b.name, b.bits_per_byte)));
    let mut view = View::new(arguments.talk);
    let trained = run.train(&mut view).map_err(of_run(target))?;
    drop(view);
    let model = model(&trained, config, &files);
    let file = model.to_bytes();
    let part = beside(target, ".part");
    std::fs::write(&part, &file)
        .and_then(|()| std::fs::rename(&part, target))
        .map_err(|error| at(target, Failure::io("cannot be written", &error)))?;
    let compared = teacher.map(|teacher| {
        (judged(&teacher.network, &validation, streams), judged(&trained.network, &validation, streams).1)
    });
    let (id, file_bytes) = (id_text(&model.id()), file.len() as u64);
    let result = Outcome { target, id, trained: &trained, rivals: &rivals, compared, file_bytes };
    let text = if arguments.talk.json {
        result.json(training_bytes, validation.len() as u64)
    } else if arguments.talk.quiet {
        String::new()
    } else {
        result.text()
    };
    print(&text).map_err(|failure| at(target, failure))
}

/// What is said at the end.
struct Outcome<'a> {
    target: &'a Path,
    id: String,
    trained: &'a Trained,
    rivals: &'a [Baseline],
    /// Of a teacher bits per byte and bytes a second, of the student bytes a second.
    compared: Option<((f64, f64), f64)>,
    file_bytes: u64,
}

impl Outcome<'_> {
    fn json(&self, training_bytes: u64, validation_bytes: u64) -> String {
        let rivals: Vec<_> =
            self.rivals.iter().map(|b| json!({ "name": b.name, "bits_per_byte": b.bits_per_byte })).collect();
        let mut value = json!({
            "model": self.target.display().to_string(),
            "id": self.id,
            "steps": self.trained.steps,
            "seconds": self.trained.seconds,
            "training_bytes": training_bytes,
            "validation_bytes": validation_bytes,
            "float_bits_per_byte": self.trained.float_bits,
            "bits_per_byte": self.trained.integer_bits,
            "model_bytes": self.file_bytes,
            "baselines": rivals,
        });
        if let Some(((bits, speed), own)) = self.compared {
            value["teacher_bits_per_byte"] = json!(bits);
            value["teacher_bytes_per_second"] = json!(speed);
            value["bytes_per_second"] = json!(own);
        }
        format!("{value}\n")
    }

    fn text(&self) -> String {
        let mut text = String::from("bits per byte of the validation bytes; weights are not in it\n");
        for rival in self.rivals {
            text.push_str(&format!("  {:<24} {:.4}\n", rival.name, rival.bits_per_byte));
        }
        let trained = self.trained;
        text.push_str(&format!("  {:<24} {:.4}\n", "network, floating point", trained.float_bits));
        text.push_str(&format!("  {:<24} {:.4}\n", "network, integers", trained.integer_bits));
        if let Some(((bits, speed), own)) = self.compared {
            text.push_str(&format!("  {:<24} {bits:.4}\n", "teacher, integers"));
            let lost = 100.0 * (trained.integer_bits / bits - 1.0);
            text.push_str(&format!(
                "the student takes {lost:+.2} % and is {:.1} times as fast: {}/s, the teacher {}/s\n",
                own / speed.max(1e-9),
                bytes_text(own as u64),
                bytes_text(speed as u64)
            ));
        }
        text.push_str(&format!(
            "{}: {}, {} steps in {:.0} s, {}\n",
            self.target.display(),
            trained.network.describe(),
            trained.steps,
            trained.seconds,
            bytes_text(self.file_bytes)
        ));
        text
    }
}

fn estimated(found: &Estimate, as_json: bool) -> String {
    if as_json {
        let value = json!({
            "parameters": found.parameters,
            "weight_bytes": found.weight_bytes,
            "peak_bytes": found.peak_bytes,
            "step_seconds": found.step_seconds,
            "bytes_per_second": found.bytes_per_second,
            "steps": found.steps,
            "minutes": found.minutes,
            "passes": found.passes,
        });
        return format!("{value}\n");
    }
    let peak = found.peak_bytes.map_or_else(|| "not known here".to_owned(), bytes_text);
    format!(
        "{} parameters, {} with gradients and moments; memory with data and a few steps: {peak}\n\
         {:.3} s a step, {}/s: {} steps in {:.0} minutes see the training data {:.2} times\n",
        found.parameters,
        bytes_text(found.weight_bytes),
        found.step_seconds,
        bytes_text(found.bytes_per_second as u64),
        found.steps,
        found.minutes,
        found.passes
    )
}

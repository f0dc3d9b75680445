//! What is seen of a training: a bar on a terminal, lines elsewhere.
//!
//! In: steps and judgements. Out: text on standard error.
//! Not here: curves (event files of `hepz-training`).
//! Holds: nothing is said with `-q`; a line for each judgement, whatever is drawn besides.

use crate::arguments::Talk;
use crate::console::remark;
use hepz_training::run::{Judged, Stepped, Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// A view of one run.
pub struct View {
    bar: Option<ProgressBar>,
    talk: Talk,
    training: f64,
}

/// Parts of the bar.
const PARTS: u64 = 1000;

impl View {
    /// Nothing is drawn yet.
    pub fn new(talk: Talk) -> View {
        let drawn = !talk.quiet && std::io::stderr().is_terminal();
        let bar = drawn.then(|| {
            let bar = ProgressBar::with_draw_target(Some(PARTS), ProgressDrawTarget::stderr_with_hz(4));
            if let Ok(style) = ProgressStyle::with_template("[{bar:30}] {percent} % {msg}") {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        View { bar, talk, training: f64::NAN }
    }
}

impl Watch for View {
    fn stepped(&mut self, stepped: &Stepped) {
        self.training = stepped.bits_per_byte;
        if let Some(bar) = &self.bar {
            bar.set_position((stepped.progress.clamp(0.0, 1.0) * PARTS as f64) as u64);
            bar.set_message(format!(
                "step {}  {:.4} bits per byte  {}/s  {}",
                stepped.steps,
                stepped.bits_per_byte,
                bytes_text(stepped.bytes_per_second as u64),
                clock(stepped.seconds)
            ));
        }
    }

    fn judged(&mut self, judged: &Judged) {
        // Not known yet after a resumption.
        let training =
            if self.training.is_nan() { String::new() } else { format!("  training {:.4}", self.training) };
        let line = format!(
            "{}  step {:>7}{}  validation {:.4}  best {:.4}{}",
            clock(judged.seconds),
            judged.steps,
            training,
            judged.bits_per_byte,
            judged.best,
            if judged.quantised { "  8 bits" } else { "" }
        );
        match &self.bar {
            Some(bar) => bar.suspend(|| remark(self.talk, &line)),
            None => remark(self.talk, &line),
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn clock(seconds: f64) -> String {
    let seconds = seconds as u64;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Bytes for people.
pub fn bytes_text(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
